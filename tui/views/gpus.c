/* GPU offers, one by one and by type. */
#include "config.h"

#include "tui/views/common.h"

#include <stdio.h>
#include <string.h>

/* ---- offers ---- */

struct offers_state {
    struct ct_tstate table; /* first: shared with the table widget */
    bool strip;             /* drawn narrow: its letters sort */
};

struct offers_model {
    struct ct_tmodel t;
    int64_t seen_ms;
    size_t clouds, fresh_clouds;
};

enum { PER_GPU, PER_INSTANCE, PER_PFLOP, PER_GB, N_UNITS };
static const char *const unit_words[N_UNITS + 1] = {"$/GPU.h", "$/instance.h", "$/PFLOP.h", "$/GB.h", NULL};
static const char *const unit_fields[N_UNITS] = {"price", "price_usd_per_hour", "pflop", "gb"}; /* in filters */

static bool stale(const struct ct_offer_row *r)
{
    return r->freshness > CT_FRESH && r->freshness <= CT_DEAD;
}

static enum ct_role format_gpu(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_view_gpu(out, &((const struct ct_offer_row *)row)->offer);
    return CT_ROLE_TEXT;
}

/* "H100S 80G" in a narrow pane: the form is part of what it is. */
static enum ct_role format_gpu_brief(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    struct ct_offer o = ((const struct ct_offer_row *)row)->offer;
    struct ct_buf gpu = CT_BUF_INIT;
    (void)d;
    ct_buf_addf(&gpu, "%.*s%.*s", CT_FMT(o.gpu), (int)(o.form.n > 0), o.form.n ? o.form.p : "");
    o.gpu = ct_buf_span(&gpu);
    ct_view_gpu(out, &o);
    ct_buf_free(&gpu);
    return CT_ROLE_TEXT;
}

static enum ct_role format_place(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_offer *o = &((const struct ct_offer_row *)row)->offer;
    (void)d;
    ct_buf_add(out, o->cloud);
    ct_buf_addc(out, '/');
    bool townless = ct_span_starts(o->region, ", ");
    ct_buf_add(out, townless      ? (struct ct_span){o->region.p + 2, o->region.n - 2}
                    : o->region.n ? o->region
                                  : CT_LIT("any"));
    return CT_ROLE_TEXT;
}

static enum ct_role format_type(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_buf_adds(out, ct_view_purchase(((const struct ct_offer_row *)row)->offer.purchase));
    return CT_ROLE_TEXT;
}

static enum ct_role format_count(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_offer *o = &((const struct ct_offer_row *)row)->offer;
    (void)d;
    ct_view_milli(out, o->gpu_count_milli);
    if (o->gpu_count_milli != CT_NONE)
        ct_buf_addc(out, 'x');
    return CT_ROLE_TEXT;
}

/* A price as a cell: dim when old or not to be had, "?" behind it while it is held back as suspicious. */
static enum ct_role format_price(const struct ct_offer_row *r, ct_nusd price, struct ct_buf *out)
{
    bool computed = r->converted == 1 && (price == r->usd_per_gpu_hour || price == r->usd_per_hour);
    if (computed)
        ct_buf_addc(out, '~');
    ct_format_price(out, price);
    if (price != CT_NONE && !computed && !ct_span_is(r->offer.currency, "USD") && r->offer.currency.n)
        ct_buf_addf(out, " %.*s", CT_FMT(r->offer.currency));
    ct_buf_adds(out, r->quarantined == 1 ? "?" : "");
    bool none = price == CT_NONE || r->offer.stock == CT_STOCK_NONE;
    return none || r->quarantined == 1 ? CT_ROLE_DIM : stale(r) ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role format_gpu_price(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_offer_row *r = row;
    (void)d;
    ct_nusd own = r->offer.price_per_gpu_hour;
    return format_price(r, r->usd_per_gpu_hour != CT_NONE ? r->usd_per_gpu_hour : own, out);
}

static enum ct_role format_instance_price(const void *row, const struct ct_draw *d,
                                          struct ct_buf *out)
{
    const struct ct_offer_row *r = row;
    const struct ct_offer *o = &r->offer;
    ct_nusd price = o->price_per_hour;
    (void)d;
    if (r->usd_per_hour != CT_NONE)
        price = r->usd_per_hour;
    else if (price == CT_NONE && o->price_per_gpu_hour != CT_NONE)
        price = ct_muldiv(o->price_per_gpu_hour, o->gpu_count_milli, 1000);
    return format_price(r, price, out);
}

static enum ct_role format_pflop_price(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_offer_row *r = row;
    (void)d;
    return format_price(r, r->usd_per_pflop_hour, out);
}

static enum ct_role format_gb_price(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_offer_row *r = row;
    (void)d;
    return format_price(r, r->usd_per_gb_hour, out);
}

static enum ct_role format_change(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return ct_view_change(out, ((const struct ct_offer_row *)row)->change_24h_milli);
}

static void paint_spark(const void *row, const struct ct_draw *d, struct ct_box cell)
{
    const struct ct_offer_row *r = row;
    (void)d;
    ct_view_paint_spark(cell, r->spark, r->spark ? CT_SPARK : 0, stale(r));
}

static enum ct_role format_stock(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_offer_row *r = row;
    (void)d;
    if (r->gone == 1) {
        ct_buf_adds(out, "gone");
        return CT_ROLE_DIM;
    }
    enum ct_role role = ct_view_stock(out, r->offer.stock);
    if (stale(r) && r->offer.stock != CT_STOCK_UNKNOWN)
        ct_buf_addc(out, '*'); /* that was then */
    if (r->offer.stock_count != CT_NONE && r->offer.stock_count > 0 &&
        r->offer.stock != CT_STOCK_NONE)
        ct_buf_addf(out, " %lld", (long long)r->offer.stock_count);
    return role;
}

static enum ct_role format_stock_letter(const void *row, const struct ct_draw *d,
                                        struct ct_buf *out)
{
    const struct ct_offer_row *r = row;
    (void)d;
    if (r->gone == 1) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    enum ct_role role = ct_view_stock(out, r->offer.stock);
    if (stale(r) && r->offer.stock != CT_STOCK_UNKNOWN)
        ct_buf_addc(out, '*');
    return role;
}

static enum ct_role format_seen(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_offer_row *r = row;
    return ct_format_age(out, d, r->seen_ms, r->freshness);
}

/* What another source says of the machine may be older than the price beside it. */
static enum ct_role format_risk(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_offer_row *r = row;
    (void)d;
    if (!r->offer.interruption.n) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    ct_buf_addf(out, "%.*s%s", CT_FMT(r->offer.interruption), r->risk_freshness > CT_FRESH ? "*" : "");
    return r->risk_freshness > CT_FRESH ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role row_role(const void *row, const struct ct_draw *d)
{
    (void)d;
    return ((const struct ct_offer_row *)row)->gone == 1 ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

static bool notable(const void *row)
{
    const struct ct_offer_row *r = row;
    return r->low_90d == 1 || r->quarantined == 1 ||
           (r->change_24h_milli != CT_NONE && r->change_24h_milli != 0);
}

#define OFFER_COLS(price_column, price_cell)                                                       \
    {                                                                                              \
        {.column = "gpu", .header = "GPU", .min = 9, .max = 16, .middle = true,                    \
         .format = format_gpu},                                                                    \
            {.column = "form", .header = "FORM", .min = 4},                                        \
            {.column = "cloud", .header = "CLOUD/REGION", .min = 13, .max = 30, .middle = true,    \
             .format = format_place},                                                              \
            {.column = "purchase", .header = "TYPE", .min = 4, .max = 5, .drop = 2,                   \
             .format = format_type},  \
            {.column = "gpu_count", .header = "N", .min = 3, .align = 1, .drop = 6,                \
             .format = format_count},                                                              \
            {.column = price_column, .header = "NOW", .min = 7, .max = 9, .align = 1,              \
             .format = price_cell},                                                                \
            {.column = "change_24h_pct", .header = "24h", .min = 7, .align = 1, .drop = 3,         \
             .format = format_change},                                                             \
            {.header = "30d", .min = 8, .max = 30, .drop = 5, .paint = paint_spark},               \
            {.column = "stock", .header = "ST", .min = 4, .max = 6, .format = format_stock},       \
            {.column = "seen", .header = "SEEN", .min = 7, .align = 1, .drop = 1,        \
             .format = format_seen},                                                               \
            {.column = "instance", .header = "INSTANCE", .min = 16, .max = 28, .drop = 7},         \
            {.column = "interruption", .header = "RISK", .min = 6, .max = 10, .drop = 8,           \
             .format = format_risk},                                                               \
    }

/* In a narrow pane the age goes before the count of what is in stock. */
#define STRIP_COLS(price_column, price_cell)                                                       \
    {                                                                                              \
        {.column = "gpu", .header = "GPU", .min = 12, .max = 13, .format = format_gpu_brief},      \
            {.column = "cloud", .header = "CLOUD/REGION", .min = 10, .max = 20, .middle = true,    \
             .format = format_place},                                                              \
            {.column = price_column, .header = "NOW", .min = 6, .max = 8, .align = 1,              \
             .format = price_cell},                                                                \
            {.column = "stock", .header = "ST", .min = 2, .format = format_stock_letter},          \
            {.column = "seen", .header = "SEEN", .min = 6, .align = 1, .drop = 1,                  \
             .format = format_seen},                                                               \
    }

static const struct ct_tcol gpu_cols[] = OFFER_COLS("price_usd_per_gpu_hour", format_gpu_price);
static const struct ct_tcol instance_cols[] = OFFER_COLS("price_usd_per_hour", format_instance_price);
static const struct ct_tcol pflop_cols[] = OFFER_COLS("usd_per_pflop_hour", format_pflop_price);
static const struct ct_tcol gb_cols[] = OFFER_COLS("usd_per_gb_hour", format_gb_price);
static const struct ct_tcol gpu_strip[] = STRIP_COLS("price_usd_per_gpu_hour", format_gpu_price);
static const struct ct_tcol instance_strip[] = STRIP_COLS("price_usd_per_hour", format_instance_price);
static const struct ct_tcol pflop_strip[] = STRIP_COLS("usd_per_pflop_hour", format_pflop_price);
static const struct ct_tcol gb_strip[] = STRIP_COLS("usd_per_gb_hour", format_gb_price);

#define OFFER_VIEW(columns, compared)                                                              \
    {                                                                                              \
        .table = &ct_offer_table, .cols = columns, .n_cols = CT_LEN(columns), .frozen = 1,         \
        .id = "series", .watch = "series", .series = "series", .noun = "offers",                   \
        .old_last = true, .notable = notable, .row_role = row_role, .filters = compared            \
    }
/* What "price" means in a filter whatever is shown. */
#define PRICE_MEANS "$/GPU.h"
/* By unit; the strips are for narrow panes. */
static const struct ct_tview offer_views[N_UNITS] = {
    OFFER_VIEW(gpu_cols, NULL), OFFER_VIEW(instance_cols, PRICE_MEANS),
    OFFER_VIEW(pflop_cols, PRICE_MEANS), OFFER_VIEW(gb_cols, PRICE_MEANS)};
static const struct ct_tview offer_strips[N_UNITS] = {
    OFFER_VIEW(gpu_strip, NULL), OFFER_VIEW(instance_strip, PRICE_MEANS),
    OFFER_VIEW(pflop_strip, PRICE_MEANS), OFFER_VIEW(gb_strip, PRICE_MEANS)};

static const struct ct_tview *offer_view(const struct offers_state *s, const struct ct_panel_query *q)
{
    return s->strip ? &offer_strips[q->unit] : &offer_views[q->unit];
}

/* Newest answer, and of how many clouds the answer is fresh. */
static void count_clouds(struct ct_rows rows, struct ct_arena *a, struct offers_model *m)
{
    CT_VEC(struct ct_span) seen = {0};
    const struct ct_offer_row *r = rows.v;
    m->seen_ms = CT_NONE;
    for (size_t i = 0; i < rows.n; i++) {
        m->seen_ms = r[i].seen_ms > m->seen_ms ? r[i].seen_ms : m->seen_ms;
        size_t k = 0;
        while (k < seen.n && !ct_span_eq(seen.v[k], r[i].offer.cloud))
            k++;
        struct ct_span *one = k == seen.n ? CT_VEC_PUSH(a, &seen) : NULL;
        if (one) {
            *one = r[i].offer.cloud;
            m->fresh_clouds += !stale(&r[i]);
        }
    }
    m->clouds = seen.n;
}

static enum ct_status load_offers(struct ct_reader *r, const struct ct_panel_query *q,
                                  int64_t now_ms, struct ct_arena *a, const void **model,
                                  struct ct_error *err)
{
    struct offers_model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = m ? ct_read_offers(r, &query, a, &rows, err)
                          : ct_fail(err, CT_ERR_LIMIT, "offers", NULL);
    if (st == CT_OK) {
        count_clouds(rows, a, m);
        st = ct_tmodel_load(&offer_views[0], rows, q, now_ms, a, &m->t, err);
    }
    *model = m;
    return st;
}

static void draw_offers(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                        struct ct_buf *note)
{
    struct offers_state *s = state;
    const struct offers_model *m = model;
    if (m && m->fresh_clouds < m->clouds)
        ct_buf_addf(note, "%zu of %zu clouds   ", m->fresh_clouds, m->clouds);
    int unit = d->query->unit;
    ct_buf_adds(note, unit_words[unit]);
    if (unit != PER_GPU && box.cols >= 70) /* a filter means the same whatever is shown */
        ct_buf_addf(note, " (filters: %s)", unit_fields[unit]);
    if (m)
        ct_note_seen(note, d, m->seen_ms, CT_HOUR);
    s->strip = box.cols < 58;
    ct_tview_draw(offer_view(s, d->query), &s->table, m ? &m->t : NULL, d, box, note,
                  "no GPU offer recorded yet: price lists are read within minutes of the start");
}

static enum ct_act_result act_offers(void *state, const void *model, enum ct_action action,
                                     int letter, struct ct_panel_query *q,
                                     struct ct_frame_request *req)
{
    struct offers_state *s = state;
    const struct offers_model *m = model;
    if (action == CT_ACT_UNITS) {
        q->unit = (q->unit + 1) % N_UNITS;
        return CT_ACT_DRAW;
    }
    return ct_tview_act(offer_view(s, q), &s->table, m ? &m->t : NULL, action, letter,
                        q, req);
}

const struct ct_panel_ops ct_panel_offers = {
    .id = "offers", .title = "GPU offers", .keys = CT_KEYS_TABLE, .table = &ct_offer_table, .move = ct_tview_move,
    .state_size = sizeof(struct offers_state), .detail = &ct_panel_detail, .load = load_offers,
    .units = unit_words,
    .draw = draw_offers, .act = act_offers,
};

/* ---- by type ---- */

static enum ct_role format_group_gpu(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_gpu_row *r = row;
    (void)d;
    ct_buf_add(out, r->gpu);
    if (r->form.n)
        ct_buf_addf(out, " %.*s", CT_FMT(r->form));
    return CT_ROLE_TEXT;
}

static enum ct_role format_group_type(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_buf_adds(out, ct_view_purchase(((const struct ct_gpu_row *)row)->purchase));
    return CT_ROLE_TEXT;
}

static enum ct_role format_group_change(const void *row, const struct ct_draw *d,
                                        struct ct_buf *out)
{
    (void)d;
    return ct_view_change(out, ((const struct ct_gpu_row *)row)->change_7d_milli);
}

static enum ct_role format_group_pflop(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    ct_nusd price = ((const struct ct_gpu_row *)row)->index_usd_per_pflop_hour;
    (void)d;
    ct_format_price(out, price);
    return price == CT_NONE ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

/* "~": computed from another currency, as in the list of offers; "*": of offers nobody confirms any more. */
static enum ct_role group_price(struct ct_buf *out, ct_nusd price, bool computed, bool old)
{
    ct_buf_adds(out, computed && price != CT_NONE ? "~" : "");
    ct_format_price(out, price);
    ct_buf_adds(out, old && price != CT_NONE ? "*" : "");
    return price == CT_NONE ? CT_ROLE_DIM : old ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role format_group_low(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_gpu_row *r = row;
    (void)d;
    return group_price(out, r->cheapest_usd_per_gpu_hour, r->converted == 1, r->old == 1);
}

/* By place it is the cheapest price there. */
static enum ct_role format_group_index(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_gpu_row *r = row;
    (void)d;
    return group_price(out, r->index_usd_per_gpu_hour, r->converted == 1 && r->cloud.n, r->old == 1);
}

static bool group_notable(const void *row)
{
    const struct ct_gpu_row *r = row;
    return r->change_7d_milli != CT_NONE && r->change_7d_milli != 0;
}

static enum ct_role format_group_place(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_gpu_row *r = row;
    (void)d;
    ct_buf_add(out, r->cloud);
    if (r->region.n)
        ct_buf_addf(out, "/%.*s", CT_FMT(r->region));
    return CT_ROLE_TEXT;
}

#define GROUP_HEAD                                                                                 \
    {.column = "gpu", .header = "GPU", .min = 11, .max = 20, .format = format_group_gpu},          \
        {.column = "purchase", .header = "TYPE", .min = 5, .format = format_group_type}
#define GROUP_PRICES                                                                               \
    {.column = "index_usd_per_gpu_hour", .header = "INDEX", .min = 7, .align = 1,                  \
     .format = format_group_index},                                                                \
        {.column = "change_7d_pct", .header = "7d", .min = 7, .align = 1, .drop = 2,               \
         .format = format_group_change},                                                           \
        {.column = "cheapest_usd_per_gpu_hour", .header = "LOW", .min = 7, .align = 1, .drop = 3,        \
         .format = format_group_low}
#define GROUP_TAIL                                                                                 \
    {.column = "dearest_usd_per_gpu_hour", .header = "HIGH", .min = 7, .align = 1, .drop = 6},     \
        {.column = "offers", .header = "OFFERS", .min = 6, .align = 1, .drop = 7},                 \
        {.column = "available", .header = "AVAIL", .min = 5, .align = 1, .drop = 1}

static const struct ct_tcol group_cols[] = {
    GROUP_HEAD, GROUP_PRICES,
    {.column = "cheapest_cloud", .header = "AT", .min = 8, .max = 14, .drop = 4},
    {.column = "index_usd_per_pflop_hour", .header = "$/PFLOP.h", .min = 9, .align = 1, .drop = 8,
     .format = format_group_pflop},
    {.column = "clouds", .header = "CLOUDS", .min = 6, .align = 1, .drop = 5},
    GROUP_TAIL};
static const struct ct_tcol place_cols[] = {
    GROUP_HEAD,
    {.column = "cloud", .header = "CLOUD", .min = 8, .max = 30, .middle = true,
     .format = format_group_place},
    GROUP_PRICES, GROUP_TAIL};

#define GROUP_VIEW(columns)                                                                        \
    {                                                                                              \
        .table = &ct_gpu_table, .cols = columns, .n_cols = CT_LEN(columns), .frozen = 1,           \
        .id = "gpu", .id2 = "form", .noun = "types", .old_last = true, .notable = group_notable    \
    }
/* What b goes through: one row a type, a type in a cloud, a type in a region. */
static const struct grouping {
    const char *word, *says;
    struct ct_tview view;
} groupings[] = {
    {"gpu", "index: median of 3+ clouds' cheapest, $/GPU.h", GROUP_VIEW(group_cols)},
    {"cloud", "by cloud, $/GPU.h", GROUP_VIEW(place_cols)},
    {"region", "by region, $/GPU.h", GROUP_VIEW(place_cols)},
};

static const struct grouping *grouping_of(const struct ct_panel_query *q)
{
    size_t i = CT_LEN(groupings);
    while (--i > 0 && strcmp(groupings[i].word, q->group) != 0) {
    }
    return &groupings[i];
}

static enum ct_status load_groups(struct ct_reader *r, const struct ct_panel_query *q,
                                  int64_t now_ms, struct ct_arena *a, const void **model,
                                  struct ct_error *err)
{
    struct ct_tmodel *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    const struct grouping *by = grouping_of(q);
    query.group = by->word;
    enum ct_status st = m ? ct_read_gpus(r, &query, a, &rows, err)
                          : ct_fail(err, CT_ERR_LIMIT, "gpus", NULL);
    if (st == CT_OK)
        st = ct_tmodel_load(&by->view, rows, q, now_ms, a, m, err);
    if (st == CT_OK) /* a type is bought in several ways and places: its id has five parts */
        for (size_t i = 0; i < m->rows.n; i++) {
            const struct ct_gpu_row *g = m->rows.v[i];
            m->ids[i] = ct_arena_printf(a, "%.*s/%s/%.*s/%.*s", CT_FMT(m->ids[i]),
                                        ct_view_purchase(g->purchase), CT_FMT(g->cloud), CT_FMT(g->region));
        }
    *model = m;
    return st == CT_OK && ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, "gpus", NULL) : st;
}

static void draw_groups(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                        struct ct_buf *note)
{
    const struct grouping *by = grouping_of(d->query);
    ct_buf_adds(note, box.cols >= 70 || by != groupings ? by->says : "$/GPU.h");
    ct_tview_draw(&by->view, state, model, d, box, note, "no GPU offer recorded yet");
}

/* L: the index of the type; without one what the cheapest cloud sells of it. Types are made of
 * offers: none to watch or open. */
static enum ct_act_result act_groups(void *state, const void *model, enum ct_action action,
                                     int letter, struct ct_panel_query *q,
                                     struct ct_frame_request *req)
{
    const struct grouping *by = grouping_of(q);
    const struct ct_gpu_row *row = ct_tview_row(state, model);
    bool history = action == CT_ACT_HISTORY || action == CT_ACT_COMPARE;
    if (history && row && row->series.n && row->index_usd_per_gpu_hour != CT_NONE) {
        req->kind = action == CT_ACT_HISTORY ? CT_REQ_HISTORY : CT_REQ_COMPARE;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->series));
        return CT_ACT_DRAW;
    }
    if (history && row && row->gpu.n && row->cheapest_cloud.n && row->purchase >= 0) {
        req->kind = action == CT_ACT_HISTORY ? CT_REQ_HISTORY : CT_REQ_COMPARE;
        snprintf(req->text, sizeof(req->text), "gpu/%.*s/*/%.*s%s%.*s*x*/%s*",
                 CT_FMT(row->cheapest_cloud), CT_FMT(row->gpu), row->form.n ? "-" : "",
                 CT_FMT(row->form), ct_purchase_words[row->purchase]);
        return CT_ACT_DRAW;
    }
    if (action == CT_ACT_GROUP) {
        size_t next = (size_t)(by - groupings + 1) % CT_LEN(groupings);
        snprintf(q->group, sizeof(q->group), "%s", groupings[next].word);
        return CT_ACT_LOAD;
    }
    if (action == CT_ACT_WATCH)
        return CT_ACT_IGNORED;
    return ct_tview_act(&by->view, state, model, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_gpus = {
    .id = "gpus", .title = "GPU types", .keys = CT_KEYS_TABLE, .table = &ct_gpu_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .load = load_groups, .draw = draw_groups,
    .act = act_groups,
};
