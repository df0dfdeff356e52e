/* What a person follows, or a useful stand-in while nothing is followed. Offers bring their month
 * along; other series are read one by one. */
#include "config.h"

#include "tui/views/token_rows.h"

#include "db/base/terms.h"

#include <stdio.h>
#include <string.h>

struct row {
    struct ct_span item, brief, series, unit, line; /* brief: beside an editor; line: of the watchlist */
    int64_t value;
    int64_t change_milli; /* over 24 hours */
    int64_t spark[CT_SPARK], seen_ms;
    int stock; /* -1: has none */
    bool gone;
    int freshness, quarantined, digits;
    const struct ct_offer_row *offer; /* it is one, and has yet to learn its month; NULL */
};

#define COL(column_name, column_type, field, ...)                                                  \
    {                                                                                              \
        .name = column_name, .type = column_type, .off = offsetof(struct row, field), __VA_ARGS__  \
    }
static const struct ct_column row_columns[] = {
    COL("item", CT_TYPE_TEXT, item, .flags = CT_COL_SEARCH),
    COL("series", CT_TYPE_TEXT, series, .flags = CT_COL_SEARCH),
    COL("value", CT_TYPE_NANO, value, .aliases = "price now"),
    COL("unit", CT_TYPE_TEXT, unit),
    COL("change_24h_pct", CT_TYPE_MILLI, change_milli, .aliases = "change"),
    COL("stock", CT_TYPE_ENUM, stock, .words = ct_stock_words, .aliases = "st"),
    COL("seen", CT_TYPE_TIME, seen_ms),
    COL("line", CT_TYPE_TEXT, line, .flags = CT_COL_HIDDEN),
};
static const struct ct_table row_table = {.name = "watchlist", .row_size = sizeof(struct row),
                                          .columns = row_columns, .n_columns = CT_LEN(row_columns)};

struct model {
    struct ct_tmodel t;
    bool standing_in; /* nothing is followed */
    size_t missing;   /* followed, but not on record */
    bool same_unit;   /* all rows have it: it is said once */
    struct ct_span unit;
    int64_t seen_ms;
};

struct state {
    struct ct_tstate table;       /* first: shared with the table widget */
    const struct ct_tview *drawn; /* last; its letters sort */
};

typedef CT_VEC(struct row) row_vec;

/* ---- rows ---- */

/* "H100S spot vastai": the form as its first letter where there are several, no region. */
static struct ct_span brief_name(const struct ct_offer *o, struct ct_arena *a)
{
    bool form = o->form.n > 0 && !ct_span_is(o->form, "OAM");
    return ct_arena_printf(a, "%.*s%.*s %s %.*s", CT_FMT(o->gpu), form, form ? o->form.p : "",
                           ct_view_purchase(o->purchase), CT_FMT(o->cloud));
}

static struct row *add_offer(row_vec *rows, const struct ct_offer_row *o, struct ct_arena *a)
{
    struct row *r = CT_VEC_PUSH(a, rows);
    struct ct_buf text = CT_BUF_INIT;
    if (!r)
        return NULL;
    ct_buf_add(&text, o->offer.gpu);
    if (o->offer.form.n)
        ct_buf_addf(&text, "-%.*s", CT_FMT(o->offer.form));
    ct_buf_addf(&text, " %s %.*s", ct_view_purchase(o->offer.purchase), CT_FMT(o->offer.cloud));
    if (o->offer.region.n)
        ct_buf_addf(&text, "/%.*s", CT_FMT(o->offer.region));
    ct_nusd price = o->usd_per_gpu_hour;
    *r = (struct row){.item = ct_arena_dup(a, ct_buf_span(&text)), .brief = brief_name(&o->offer, a),
                      .series = ct_arena_dup(a, o->series),
                      .unit = CT_LIT("$/GPU.h"), .value = price, .digits = 9,
                      .change_milli = CT_NONE, .offer = o, .seen_ms = o->seen_ms,
                      .stock = o->offer.stock, .gone = o->gone == 1, .freshness = o->freshness,
                      .quarantined = o->quarantined};
    ct_buf_free(&text);
    return r;
}

/* What the offers in ROWS cost over the last month: of thousands only these are shown. */
static enum ct_status add_months(row_vec *rows, struct ct_reader *reader, const struct ct_query *query,
                                 struct ct_arena *a, struct ct_error *err)
{
    struct ct_offer_row *v = ct_arena_alloc(a, (rows->n + 1) * sizeof(*v));
    size_t n = 0;
    for (size_t i = 0; v && i < rows->n; i++)
        if (rows->v[i].offer)
            v[n++] = *rows->v[i].offer;
    enum ct_status st = v ? ct_read_offer_months(reader, query, a, v, n, err)
                          : ct_fail(err, CT_ERR_LIMIT, "watchlist", NULL);
    n = 0;
    for (size_t i = 0; v && i < rows->n; i++) {
        struct row *r = &rows->v[i];
        if (!r->offer)
            continue;
        r->change_milli = v[n].change_24h_milli;
        for (int k = 0; k < CT_SPARK; k++)
            r->spark[k] = v[n].spark ? v[n].spark[k] : CT_NONE;
        n++;
        r->offer = NULL; /* it does not stay */
    }
    return st;
}

/* The last value known by END: while a source is silent it stays, with its age; what is no longer
 * offered has none. */
static int64_t last_known(const struct ct_history *h, int64_t end)
{
    const struct ct_gap *g = h->gaps.v;
    const struct ct_point *p = h->points.v;
    const struct ct_gap *last = h->gaps.n ? &g[h->gaps.n - 1] : NULL;
    if (h->points.n && p[h->points.n - 1].at_ms == end)
        return p[h->points.n - 1].last;
    bool silent = last && last->from_ms < end && end <= last->to_ms;
    if (!silent || ct_span_is(last->reason, "not offered"))
        return ct_view_value_at(h, end - 1);
    return h->points.n ? p[h->points.n - 1].last : h->open_value;
}

/* "claude-sonnet-4.5 in aws" of "claude-sonnet-4.5@20250929 input aws/us". */
static struct ct_span brief_price(struct ct_span series, struct ct_span item, struct ct_arena *a)
{
    struct ct_span rest = item, words = ct_span_cut(&rest, ' '), model = ct_span_cut(&words, '@');
    struct ct_span kind = ct_span_cut(&rest, ' '), host = ct_span_cut(&rest, '/');
    if (!ct_span_starts(series, "token/") || !host.n)
        return item;
    bool in = ct_span_is(kind, "input"), out = ct_span_is(kind, "output");
    return ct_arena_printf(a, "%.*s %.*s %.*s", CT_FMT(model), in ? 2 : out ? 3 : (int)kind.n, kind.p, CT_FMT(host));
}

/* Adds a followed series of any kind by reading its last month. False: not on record. */
static bool add_series(row_vec *rows, struct ct_reader *reader, struct ct_span name,
                       const struct ct_panel_query *q, int64_t now_ms, struct ct_arena *a)
{
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows found = {NULL, 0};
    int64_t end = ct_view_end(q, now_ms);
    query.subject = name;
    query.from_ms = end - 30 * CT_DAY;
    query.to_ms = end + 1; /* what changed this very moment counts */
    query.max_points = CT_SPARK * 8;
    if (ct_read_history(reader, &query, a, &found, NULL) != CT_OK || !found.n)
        return false; /* counted by the caller */
    const struct ct_history *h = found.v;
    struct row *r = CT_VEC_PUSH(a, rows);
    if (!r)
        return false;
    struct ct_buf text = CT_BUF_INIT, unit = CT_BUF_INIT;
    ct_view_series(&text, h->series);
    ct_view_unit(&unit, h->unit);
    int64_t value = last_known(h, end);
    struct ct_span item = ct_arena_dup(a, ct_buf_span(&text));
    *r = (struct row){.item = item, .brief = brief_price(h->series, item, a), .series = ct_arena_dup(a, h->series),
                      .unit = ct_arena_dup(a, ct_buf_span(&unit)), .value = value,
                      .digits = h->digits, .seen_ms = h->last_seen_ms, .stock = -1,
                      .freshness = h->last_seen_ms == CT_NONE || end - h->last_seen_ms > 2 * CT_DAY
                                       ? CT_STALE : CT_FRESH,
                      .change_milli = ct_pct_change(ct_view_value_at(h, end - CT_DAY), value)};
    for (int i = 0; i < CT_SPARK; i++)
        r->spark[i] = ct_view_value_at(h, end - (CT_SPARK - 1 - i) * CT_DAY - 1);
    ct_buf_free(&text);
    ct_buf_free(&unit);
    return true;
}

/* The cheapest offer of each big accelerator, on demand and spot. */
static void stand_in(row_vec *rows, struct ct_rows offers, struct ct_arena *a)
{
    static const char *const big[] = {"H100", "H200",   "B200", "B300",     "GB200",    "A100",
                                      "MI300X", "L40S", "L4",   "RTX-5090", "RTX-4090"};
    static const int types[] = {CT_PURCHASE_OD, CT_PURCHASE_SPOT};
    const struct ct_offer_row *o = offers.v, *best[CT_LEN(big)][CT_LEN(types)] = {{NULL}};
    struct ct_terms gpus = {.v = NULL};
    CT_VEC(size_t) which = {NULL, 0, 0}; /* of each GPU: the big one it is */
    for (size_t i = 0; i < offers.n; i++) {
        size_t gpu = ct_terms_lasting(&gpus, (struct ct_term){o[i].offer.gpu, {0, 0}});
        size_t *place = gpu == which.n ? CT_VEC_PUSH(a, &which) : NULL;
        while (place && *place < CT_LEN(big) && !ct_span_ieq(o[i].offer.gpu, ct_span(big[*place])))
            ++*place;
        for (size_t t = 0; t < CT_LEN(types); t++)
            if (o[i].offer.purchase == types[t] && gpu < which.n && which.v[gpu] < CT_LEN(big))
                ct_view_choose(&best[which.v[gpu]][t], &o[i]);
    }
    for (size_t i = 0; i < CT_LEN(big) * CT_LEN(types); i++)
        if (best[i / CT_LEN(types)][i % CT_LEN(types)])
            add_offer(rows, best[i / CT_LEN(types)][i % CT_LEN(types)], a);
    ct_terms_free(&gpus);
}

/* Behind the first of them what the model costs that most places sell: one sees that tokens have prices too. */
static void stand_in_tokens(row_vec *rows, struct ct_reader *reader, const struct ct_panel_query *q, int64_t now_ms,
                            struct ct_arena *a, struct ct_arena *work)
{
    enum { MODELS = 2, BEFORE = 3 };
    struct ct_span names[MODELS];
    size_t gpus = rows->n, n = token_flagship(reader, q, now_ms, work, names, MODELS);
    for (size_t i = 0; i < n; i++) {
        size_t to = BEFORE + i;
        if (!names[i].n || !add_series(rows, reader, names[i], q, now_ms, a) || gpus <= BEFORE)
            continue;
        struct row added = rows->v[rows->n - 1];
        memmove(&rows->v[to + 1], &rows->v[to], (rows->n - 1 - to) * sizeof(added));
        rows->v[to] = added;
    }
}

/* One line of the watchlist: a series, a glob of series, or a filter of offers (its cheapest). */
static bool add_followed(row_vec *rows, struct ct_reader *reader, struct ct_span item,
                         struct ct_rows offers, const struct ct_panel_query *q, int64_t now_ms,
                         struct ct_arena *a)
{
    const struct ct_offer_row *o = offers.v;
    size_t before = rows->n;
    if (memchr(item.p, ':', item.n)) {
        const struct ct_offer_row *best = ct_view_followed(offers, item, now_ms, a);
        return best && add_offer(rows, best, a);
    }
    for (size_t i = 0; i < offers.n && rows->n < before + 50; i++)
        if (ct_span_eq(o[i].series, item) || ct_glob(item, o[i].series))
            add_offer(rows, &o[i], a);
    return rows->n > before || add_series(rows, reader, item, q, now_ms, a);
}

/* ---- cells ---- */

static bool stale(const struct row *r)
{
    return r->freshness > CT_FRESH && r->freshness <= CT_DEAD;
}

static enum ct_role format_value(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct row *r = row;
    char text[CT_DECIMAL_MAX];
    (void)d;
    if (r->digits == 9 || r->value == CT_NONE) {
        ct_format_price(out, r->value);
    } else {
        ct_decimal_format(text, r->value, r->digits);
        ct_buf_adds(out, text);
    }
    ct_buf_adds(out, r->quarantined == 1 ? "?" : "");
    bool none = r->value == CT_NONE || r->stock == CT_STOCK_NONE;
    return none ? CT_ROLE_DIM : stale(r) ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role format_change(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return ct_view_change(out, ((const struct row *)row)->change_milli);
}

static void paint_spark(const void *row, const struct ct_draw *d, struct ct_box cell)
{
    const struct row *r = row;
    (void)d;
    ct_view_paint_spark(cell, r->spark, CT_SPARK, stale(r));
}

static enum ct_role format_stock(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct row *r = row;
    (void)d;
    if (r->stock < 0) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    if (r->gone) {
        ct_buf_adds(out, "gone");
        return CT_ROLE_DIM;
    }
    enum ct_role role = ct_view_stock(out, r->stock);
    if (stale(r) && r->stock != CT_STOCK_UNKNOWN)
        ct_buf_addc(out, '*');
    return role;
}

static enum ct_role format_seen(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct row *r = row;
    return ct_format_age(out, d, r->seen_ms, r->freshness);
}

static enum ct_role format_brief(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_buf_add(out, ((const struct row *)row)->brief);
    return CT_ROLE_TEXT;
}

static bool notable(const void *row)
{
    const struct row *r = row;
    return r->change_milli != CT_NONE && r->change_milli != 0;
}

#define ITEM                                                                                       \
    {.column = "item", .header = "ITEM", .min = 18, .max = 60, .middle = true},                    \
        {.column = "value", .header = "NOW", .min = 7, .align = 1, .format = format_value}
#define REST                                                                                       \
    {.column = "change_24h_pct", .header = "24h", .min = 7, .align = 1, .format = format_change},  \
        {.header = "30d", .min = 6, .max = 16, .drop = 3, .paint = paint_spark},                   \
        {.column = "stock", .header = "ST", .min = 4, .drop = 1, .format = format_stock},          \
        {.column = "seen", .header = "SEEN", .min = 7, .align = 1, .drop = 2, .format = format_seen}
static const struct ct_tcol cols[] = {
    ITEM, {.column = "unit", .header = "UNIT", .min = 7, .drop = 4}, REST};
static const struct ct_tcol plain_cols[] = {ITEM, REST};
static const struct ct_tcol strip_cols[] = {
    {.column = "item", .header = "ITEM", .min = 10, .max = 18, .middle = true, .format = format_brief},
    {.column = "value", .header = "NOW", .min = 5, .align = 1, .format = format_value},
    {.column = "change_24h_pct", .header = "24h", .min = 6, .align = 1, .format = format_change},
    {.header = "30d", .min = 6, .max = 14, .paint = paint_spark},
    {.column = "stock", .header = "ST", .min = 2, .drop = 1, .format = format_stock},
};

#define VIEW(columns)                                                                              \
    {                                                                                              \
        .table = &row_table, .cols = columns, .n_cols = CT_LEN(columns), .frozen = 1,              \
        .id = "series", .id2 = "line", .watch = "line", .series = "series", .noun = "items", .notable = notable \
    }
static const struct ct_tview view = VIEW(cols);
static const struct ct_tview plain_view = VIEW(plain_cols); /* where all have one unit */

static const struct ct_tview strip_view = VIEW(strip_cols); /* beside an editor */

static const struct ct_tview *view_of(const struct state *s, const struct model *m)
{
    return s->drawn ? s->drawn : m && m->same_unit ? &plain_view : &view;
}

/* ---- panel ---- */

/* What is followed, else what stands in for it. BESIDE: token prices have a panel of their own. The whole table, in WORK,
 * is read for a few rows. */
static enum ct_status take_rows(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms, bool beside,
                                struct ct_arena *a, struct ct_arena *work, struct model *m, row_vec *out,
                                struct ct_error *err)
{
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows offers = {NULL, 0};
    row_vec rows = {0};
    query.plain = !strchr(q->watch, ':'); /* a filter may ask for what costs more */
    enum ct_status st = ct_read_offers(r, &query, work, &offers, err);
    if (st != CT_OK)
        return st;
    struct ct_span rest = ct_span(q->watch);
    m->standing_in = true;
    while (rest.p) {
        struct ct_span item = ct_span_trim(ct_span_cut(&rest, '\n'));
        if (!item.n || (beside && ct_span_starts(item, "token/")))
            continue;
        m->standing_in = false;
        size_t from = rows.n;
        struct ct_span line = ct_arena_dup(a, item);
        m->missing += !add_followed(&rows, r, item, offers, q, now_ms, a);
        for (; from < rows.n; from++)
            rows.v[from].line = line;
    }
    if (m->standing_in)
        stand_in(&rows, offers, a);
    if (m->standing_in && !beside)
        stand_in_tokens(&rows, r, q, now_ms, a, work);
    for (size_t i = 0; m->standing_in && i < rows.n; i++)
        rows.v[i].line = rows.v[i].series;
    st = add_months(&rows, r, &query, a, err);
    *out = rows;
    return st;
}

static enum ct_status load_rows(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms, bool beside,
                                struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_arena *work = ct_arena_new(0);
    row_vec rows = {0};
    enum ct_status st = m ? take_rows(r, q, now_ms, beside, a, work, m, &rows, err)
                          : ct_fail(err, CT_ERR_LIMIT, "watchlist", NULL);
    ct_arena_free(work);
    if (st != CT_OK)
        return st;
    m->seen_ms = CT_NONE;
    m->same_unit = rows.n > 0;
    for (size_t i = 1; i < rows.n; i++)
        m->same_unit = m->same_unit && ct_span_eq(rows.v[i].unit, rows.v[0].unit);
    m->unit = rows.n ? rows.v[0].unit : CT_SPAN_NONE;
    for (size_t i = 0; i < rows.n; i++)
        m->seen_ms = rows.v[i].seen_ms > m->seen_ms ? rows.v[i].seen_ms : m->seen_ms;
    struct ct_panel_query own = *q;
    own.watch_only = false; /* all of it is followed */
    own.watch[0] = '\0';
    *model = m;
    st = ct_tmodel_load(&view, (struct ct_rows){rows.v, rows.n}, &own, now_ms, a, &m->t, err);
    return st == CT_OK && ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, "watchlist", NULL) : st;
}

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    return load_rows(r, q, now_ms, false, a, model, err);
}

static enum ct_status load_beside(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                  struct ct_arena *a, const void **model, struct ct_error *err)
{
    return load_rows(r, q, now_ms, true, a, model, err);
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    const struct model *m = model;
    if (m && m->standing_in)
        ct_buf_adds(note, m->same_unit ? "GPU index: w follows a row" : "GPUs and tokens: w follows a row");
    else if (m && m->missing)
        ct_buf_addf(note, "%zu of %zu", m->t.total, m->t.total + m->missing);
    if (m && m->same_unit)
        ct_buf_addf(note, "%s%.*s", note->n ? "   " : "", CT_FMT(m->unit));
    if (m)
        ct_note_seen(note, d, m->seen_ms, CT_HOUR);
    struct state *s = state;
    s->drawn = !m ? NULL : box.cols < 58 && !d->zoomed ? &strip_view : m->same_unit ? &plain_view : &view;
    ct_tview_draw(view_of(s, m), &s->table, m ? &m->t : NULL, d, box, note,
                  m && m->missing ? "nothing of what you follow is on record"
                                  : "no GPU price recorded yet: the first lists bring them");
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct model *m = model;
    struct state *s = state;
    const struct row *row = m ? ct_tview_row(&s->table, &m->t) : NULL;
    if ((action == CT_ACT_WATCH_UP || action == CT_ACT_WATCH_DOWN) && row) {
        if (q->sort[0]) {
            req->kind = CT_REQ_MESSAGE;
            snprintf(req->text, sizeof(req->text), "sorted by %s now: s 0 brings your own order back", q->sort);
        } else {
            req->kind = action == CT_ACT_WATCH_UP ? CT_REQ_WATCH_UP : CT_REQ_WATCH_DOWN;
            snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->line));
            struct ct_tstate *t = &s->table; /* the selection goes along, also that of the first row */
            snprintf(t->selected, sizeof(t->selected), "%.*s/%.*s", CT_FMT(row->series), CT_FMT(row->line));
        }
        return CT_ACT_DRAW;
    }
    if (action == CT_ACT_DETAIL && row) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->series));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(view_of(s, m), &s->table, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_watchlist = {
    .id = "watchlist", .title = "Watchlist", .keys = CT_KEYS_TABLE, .table = &row_table, .move = ct_tview_move,
    .state_size = sizeof(struct state), .detail = &ct_panel_detail, .made_of = CT_ROWS_OFFERS, .load = load, .draw = draw,
    .act = act,
};

/* The same where token prices stand beside it. */
const struct ct_panel_ops ct_panel_watched = {
    .id = "watched", .title = "Watchlist", .keys = CT_KEYS_TABLE, .table = &row_table, .move = ct_tview_move,
    .state_size = sizeof(struct state), .detail = &ct_panel_detail, .made_of = CT_ROWS_OFFERS, .load = load_beside,
    .draw = draw, .act = act,
};
