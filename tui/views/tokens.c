/* Token prices: one row a model and host, the kinds of price side by side. */
#include "config.h"

#include "tui/views/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kinds that have a column; others are in the detail. */
enum { IN, OUT, CACHE, N_KINDS };
static const int kind_of[N_KINDS] = {CT_KIND_INPUT, CT_KIND_OUTPUT, CT_KIND_CACHE_READ};

struct row {
    struct ct_span key; /* HOST/REGION/LAB/MODEL[@VARIANT] */
    struct ct_span source; /* two lists that disagree are two rows */
    struct ct_span id;     /* key and source */
    struct ct_span lab, model, variant, host, region, series[N_KINDS], first_series, source_id;
    ct_nusd price[N_KINDS];
    ct_nusd blended;
    ct_nusd other_price; /* of the input price in another list */
    struct ct_span other_list;
    int lists_differ; /* any of its prices */
    int64_t premium_milli; /* of the input price over the lab's own */
    int64_t change_milli; /* of the input price, else the output price */
    int64_t context, retires_ms, seen_ms, kinds;
    int open_weights, suspect, gone, freshness, old;
    bool priced; /* in the tier looked at */
};

#define COL(column_name, column_type, field, ...)                                                  \
    {                                                                                              \
        .name = column_name, .type = column_type, .off = offsetof(struct row, field), __VA_ARGS__  \
    }
static const struct ct_column row_columns[] = {
    COL("model", CT_TYPE_TEXT, model, .flags = CT_COL_SEARCH),
    COL("variant", CT_TYPE_TEXT, variant, .flags = CT_COL_SEARCH),
    COL("lab", CT_TYPE_TEXT, lab, .flags = CT_COL_SEARCH),
    COL("host", CT_TYPE_TEXT, host, .flags = CT_COL_SEARCH, .aliases = "provider cloud"),
    COL("region", CT_TYPE_TEXT, region, .flags = CT_COL_SEARCH),
    COL("input", CT_TYPE_NANO, price[IN], .flags = CT_COL_PRICE, .aliases = "in price"),
    COL("output", CT_TYPE_NANO, price[OUT], .flags = CT_COL_PRICE, .aliases = "out"),
    COL("cache_read", CT_TYPE_NANO, price[CACHE], .flags = CT_COL_PRICE, .aliases = "cache"),
    COL("blended", CT_TYPE_NANO, blended, .flags = CT_COL_PRICE, .aliases = "blend"),
    COL("premium_pct", CT_TYPE_MILLI, premium_milli, .aliases = "premium"),
    COL("lists_differ", CT_TYPE_BOOL, lists_differ, .aliases = "differ"),
    COL("other_list", CT_TYPE_TEXT, other_list),
    COL("other_price", CT_TYPE_NANO, other_price),
    COL("change_30d_pct", CT_TYPE_MILLI, change_milli, .aliases = "change"),
    COL("context", CT_TYPE_INT, context),
    COL("retires_at", CT_TYPE_TIME, retires_ms, .aliases = "retires"),
    COL("open_weights", CT_TYPE_BOOL, open_weights, .aliases = "open"),
    COL("source_id", CT_TYPE_TEXT, source_id, .aliases = "id"),
    COL("source", CT_TYPE_TEXT, source, .flags = CT_COL_SEARCH),
    COL("seen", CT_TYPE_TIME, seen_ms),
    COL("series", CT_TYPE_TEXT, first_series, .flags = CT_COL_HIDDEN),
    COL("old", CT_TYPE_BOOL, old, .flags = CT_COL_HIDDEN),
    COL("key", CT_TYPE_TEXT, key, .flags = CT_COL_HIDDEN),
    COL("row", CT_TYPE_TEXT, id, .flags = CT_COL_HIDDEN),
};
static const struct ct_table row_table = {.name = "tokens", .row_size = sizeof(struct row),
                                          .columns = row_columns, .n_columns = CT_LEN(row_columns)};

struct state {
    struct ct_tstate table; /* first */
};

enum { MOST_TIERS = 24 };

struct model {
    struct ct_tmodel t;
    struct ct_list tiers;
    int64_t seen_ms;
    struct ct_span index; /* of each class of models */
};

/* ---- pivot ---- */

/* The model's part of a price's key: all but the kind. */
static struct ct_span model_key(struct ct_span key)
{
    while (key.n && key.p[key.n - 1] != '/')
        key.n--;
    return (struct ct_span){key.p, key.n ? key.n - 1 : 0};
}

static void start_row(struct row *r, const struct ct_token_row *t, struct ct_span key)
{
    *r = (struct row){.key = key, .source = t->source, .lab = t->price.lab, .model = t->price.model,
                      .variant = t->price.variant, .host = t->price.host,
                      .region = t->price.region, .source_id = t->price.source_id,
                      .context = t->price.context, .retires_ms = t->price.retires_ms,
                      .open_weights = t->price.open_weights, .change_milli = CT_NONE,
                      .blended = CT_NONE, .premium_milli = CT_NONE, .other_price = CT_NONE,
                      .lists_differ = -1,
                      .seen_ms = t->seen_ms, .freshness = t->freshness, .gone = t->gone,
                      .old = t->old};
    for (int k = 0; k < N_KINDS; k++)
        r->price[k] = CT_NONE;
}

/* The tier a person looks at: one at a time. */
static bool in_tier(const struct ct_token_row *t, struct ct_span tier)
{
    return ct_span_eq(t->price.tier.n ? t->price.tier : CT_LIT("standard"), tier);
}

static void add_price(struct row *r, const struct ct_token_row *t, struct ct_span tier)
{
    r->kinds++;
    r->suspect |= t->suspect == 1;
    r->gone &= t->gone;
    r->old &= t->old;
    if (t->seen_ms > r->seen_ms) {
        r->seen_ms = t->seen_ms;
        r->freshness = t->freshness;
    }
    if (!r->first_series.p)
        r->first_series = t->series;
    if (!in_tier(t, tier))
        return;
    r->priced = true;
    for (int k = 0; k < N_KINDS; k++) {
        if (t->price.kind != kind_of[k] || r->price[k] != CT_NONE)
            continue;
        r->price[k] = t->price.per_mtok;
        r->series[k] = t->series;
        if (t->lists_differ > r->lists_differ || (k == IN && t->lists_differ == r->lists_differ)) {
            r->lists_differ = t->lists_differ;
            r->other_list = t->other_list;
            r->other_price = k == IN ? t->other_price : CT_NONE;
        }
        if (t->blended != CT_NONE)
            r->blended = t->blended;
        if (k == IN) {
            r->first_series = t->series;
            r->premium_milli = t->premium_milli;
            r->change_milli = t->change_30d_milli;
        } else if (k == OUT && r->change_milli == CT_NONE) {
            r->change_milli = t->change_30d_milli;
        }
    }
}

/* Finds KEY's row by an open hash over the rows made so far, or makes it. SLOTS: a power of two. */
static struct row *row_for(struct row *rows, size_t *n, uint32_t *slot, size_t slots,
                           const struct ct_token_row *t)
{
    struct ct_span key = model_key(t->key);
    size_t at = (size_t)ct_hash(key) & (slots - 1);
    while (slot[at] && !(ct_span_eq(rows[slot[at] - 1].key, key) &&
                         ct_span_eq(rows[slot[at] - 1].source, t->source)))
        at = (at + 1) & (slots - 1);
    if (!slot[at]) {
        start_row(&rows[*n], t, key);
        slot[at] = (uint32_t)++*n;
    }
    return &rows[slot[at] - 1];
}

/* TEXT in A's memory, the row before it having it mostly too. */
static struct ct_span keep_text(struct ct_arena *a, struct ct_span text, struct ct_span before)
{
    return text.p && ct_span_eq(text, before) ? before : ct_arena_dup(a, text);
}

/* Moves what R points at into A. */
static void keep_row(struct ct_arena *a, struct row *r, const struct row *before)
{
    r->id = ct_arena_printf(a, "%.*s %.*s", CT_FMT(r->key), CT_FMT(r->source));
    r->key.p = r->id.p;
    r->source = keep_text(a, r->source, before->source);
    r->lab = keep_text(a, r->lab, before->lab);
    r->model = keep_text(a, r->model, before->model);
    r->variant = keep_text(a, r->variant, before->variant);
    r->host = keep_text(a, r->host, before->host);
    r->region = keep_text(a, r->region, before->region);
    r->source_id = keep_text(a, r->source_id, before->source_id);
    r->other_list = keep_text(a, r->other_list, before->other_list);
    r->first_series = ct_arena_dup(a, r->first_series);
    for (int k = 0; k < N_KINDS; k++)
        r->series[k] = keep_text(a, r->series[k], r->first_series);
}

/* Rows of prices IN, all their own in A: the prices are read into other memory, of which they need a quarter. */
static enum ct_status pivot(struct ct_rows in, struct ct_span tier, struct ct_arena *scratch,
                            struct ct_arena *a, struct ct_rows *out, struct ct_error *err)
{
    const struct ct_token_row *t = in.v;
    size_t slots = 16, n = 0;
    while (slots < in.n * 2)
        slots *= 2;
    struct row *made = ct_arena_alloc(scratch, (in.n + 1) * sizeof(*made));
    uint32_t *slot = made ? ct_arena_alloc(scratch, slots * sizeof(*slot)) : NULL;
    if (!slot)
        return ct_fail(err, CT_ERR_LIMIT, "tokens", NULL);
    for (size_t i = 0; i < in.n; i++)
        add_price(row_for(made, &n, slot, slots, &t[i]), &t[i], tier);
    size_t kept = 0; /* the usual tier has all; another one what it prices */
    for (size_t i = 0; i < n; i++)
        if (made[i].priced || ct_span_is(tier, "standard"))
            made[kept++] = made[i];
    n = kept;
    struct row *rows = ct_arena_alloc(a, (n + 1) * sizeof(*rows));
    static const struct row none;
    for (size_t i = 0; rows && i < n; i++) {
        rows[i] = made[i];
        keep_row(a, &rows[i], i ? &rows[i - 1] : &none);
    }
    if (!rows || ct_arena_full(a))
        return ct_fail(err, CT_ERR_LIMIT, "tokens", NULL);
    *out = (struct ct_rows){rows, n};
    return CT_OK;
}

/* ---- cells ---- */

static bool stale(const struct row *r)
{
    return r->freshness > CT_FRESH && r->freshness <= CT_DEAD;
}

static enum ct_role format_model(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct row *r = row;
    (void)d;
    ct_buf_add(out, r->model);
    if (r->variant.n)
        ct_buf_addf(out, "@%.*s", CT_FMT(r->variant));
    return r->suspect ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

static enum ct_role price_cell(const struct row *r, int kind, int64_t divide, struct ct_buf *out)
{
    ct_nusd price = r->price[kind];
    if (price == 0)
        ct_buf_adds(out, "free");
    else
        ct_format_price(out, price == CT_NONE ? price : price / divide);
    return price == CT_NONE ? CT_ROLE_DIM : stale(r) ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

#define PRICE_CELL(name, kind, divide)                                                             \
    static enum ct_role name(const void *row, const struct ct_draw *d, struct ct_buf *out)         \
    {                                                                                              \
        (void)d;                                                                                   \
        return price_cell(row, kind, divide, out);                                                 \
    }
PRICE_CELL(in_per_million, IN, 1)
PRICE_CELL(out_per_million, OUT, 1)
PRICE_CELL(cache_per_million, CACHE, 1)
PRICE_CELL(in_per_thousand, IN, 1000)
PRICE_CELL(out_per_thousand, OUT, 1000)
PRICE_CELL(cache_per_thousand, CACHE, 1000)

static enum ct_role format_blend(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct row *r = row;
    (void)d;
    ct_format_price(out, r->blended);
    return r->blended == CT_NONE ? CT_ROLE_DIM : stale(r) ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role format_premium(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return ct_view_change(out, ((const struct row *)row)->premium_milli);
}

/* "0.20 portkey": what another list asks for the same where the two disagree. Neither is taken for the truth. */
static enum ct_role format_lists(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct row *r = row;
    (void)d;
    if (r->lists_differ != 1) {
        ct_buf_adds(out, r->lists_differ == 0 ? "agrees" : "-");
        return CT_ROLE_DIM;
    }
    if (r->other_price != CT_NONE)
        ct_format_price(out, r->other_price);
    else
        ct_buf_adds(out, "differs");
    ct_buf_addf(out, " %.*s", CT_FMT(r->other_list));
    return CT_ROLE_STATE_DEGR;
}

static enum ct_role format_source(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct row *r = row;
    (void)d;
    ct_buf_addf(out, "%s%.*s", r->lists_differ == 1 ? "differs: " : "", CT_FMT(r->source));
    return r->lists_differ == 1 ? CT_ROLE_STATE_DEGR : CT_ROLE_TEXT;
}

static enum ct_role format_change(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return ct_view_change(out, ((const struct row *)row)->change_milli);
}

static enum ct_role format_context(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    int64_t n = ((const struct row *)row)->context;
    (void)d;
    if (n == CT_NONE || n <= 0)
        ct_buf_addc(out, '-');
    else if (n >= 1000000)
        ct_buf_addf(out, "%lld.%lldM", (long long)(n / 1000000), (long long)(n / 100000 % 10));
    else
        ct_buf_addf(out, "%lldk", (long long)(n / 1000));
    return CT_ROLE_DIM;
}

static enum ct_role format_seen(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct row *r = row;
    return ct_format_age(out, d, r->seen_ms, r->freshness);
}

static enum ct_role row_role(const void *row, const struct ct_draw *d)
{
    (void)d;
    return ((const struct row *)row)->gone == 1 ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

static bool notable(const void *row)
{
    const struct row *r = row;
    return r->suspect || r->lists_differ == 1 || r->retires_ms != CT_NONE ||
           (r->change_milli != CT_NONE && r->change_milli != 0);
}

#define TOKEN_COLS(in, out, cache)                                                                 \
    {                                                                                              \
        {.column = "model", .header = "MODEL", .min = 18, .max = 44, .middle = true,               \
         .format = format_model},                                                                  \
            {.column = "lab", .header = "LAB", .min = 8, .max = 12, .drop = 5},                    \
            {.column = "host", .header = "HOST", .min = 9, .max = 18, .middle = true},             \
            {.column = "region", .header = "REGION", .min = 6, .max = 16, .drop = 2},              \
            {.column = "input", .header = "IN", .min = 7, .max = 9, .align = 1, .format = in},     \
            {.column = "output", .header = "OUT", .min = 7, .max = 9, .align = 1, .format = out},  \
            {.column = "cache_read", .header = "CACHE", .min = 7, .max = 9, .align = 1, .drop = 4, \
             .format = cache},                                                                     \
            {.column = "blended", .header = "BLEND", .min = 7, .max = 9, .align = 1, .drop = 8,    \
             .format = format_blend},                                                              \
            {.column = "premium_pct", .header = "OVER LAB", .min = 8, .align = 1, .drop = 3,       \
             .format = format_premium},                                                            \
            {.column = "change_30d_pct", .header = "30d", .min = 7, .align = 1, .drop = 3,         \
             .format = format_change},                                                             \
            {.column = "context", .header = "CTX", .min = 5, .align = 1, .drop = 6,                \
             .format = format_context},                                                            \
            {.column = "source", .header = "SOURCE", .min = 10, .max = 22, .drop = 7,              \
             .format = format_source},                                                             \
            {.column = "seen", .header = "SEEN", .min = 7, .align = 1, .drop = 1,                  \
             .format = format_seen},                                                               \
    }

static const struct ct_tcol million_cols[] =
    TOKEN_COLS(in_per_million, out_per_million, cache_per_million);
static const struct ct_tcol thousand_cols[] =
    TOKEN_COLS(in_per_thousand, out_per_thousand, cache_per_thousand);

#define TOKEN_VIEW(columns, compared)                                                              \
    {                                                                                              \
        .table = &row_table, .cols = columns, .n_cols = CT_LEN(columns), .frozen = 1, .id = "row", \
        .watch = "series", .series = "series", .noun = "models", .notable = notable,               \
        .old_last = true, .row_role = row_role, .filters = compared                                \
    }
static const char *const unit_words[] = {"$/1M", "$/1K", NULL};
static const struct ct_tview views[2] = {TOKEN_VIEW(million_cols, NULL),
                                         TOKEN_VIEW(thousand_cols, "$/1M")};

/* ---- panel ---- */

/* The tiers there are, in the order of b: the usual one first. */
static void find_tiers(struct ct_rows prices, struct ct_arena *a, struct model *m)
{
    const struct ct_token_row *t = prices.v;
    m->tiers = (struct ct_list){ct_arena_alloc(a, (MOST_TIERS + 1) * sizeof(struct ct_span)), 0};
    if (!m->tiers.v)
        return;
    m->tiers.v[m->tiers.n++] = CT_LIT("standard");
    for (size_t i = 0; i < prices.n; i++) {
        size_t k = 0;
        while (k < m->tiers.n && !in_tier(&t[i], m->tiers.v[k]))
            k++;
        if (k == m->tiers.n && k < MOST_TIERS)
            m->tiers.v[m->tiers.n++] = ct_arena_dup(a, t[i].price.tier);
    }
}

static struct ct_span tier_of(const struct ct_panel_query *q)
{
    return ct_span(q->group[0] ? q->group : "standard");
}

static struct ct_query query_of(const struct ct_panel_query *q, int64_t now_ms)
{
    struct ct_query query = ct_view_query(q, now_ms);
    query.mix_input = q->wants.mix_input;
    query.mix_output = q->wants.mix_output;
    return query;
}

/* "frontier 2.00/10.00  middle 0.60/3.00": input and output. */
static enum ct_status load_index(struct ct_reader *r, const struct ct_query *query, struct ct_arena *a,
                                 struct model *m, struct ct_error *err)
{
    struct ct_rows rows = {NULL, 0};
    struct ct_buf text = CT_BUF_INIT;
    enum ct_status st = ct_read_classes(r, query, a, &rows, err);
    const struct ct_class_row *c = rows.v;
    for (size_t i = 0; st == CT_OK && i + 1 < rows.n; i++) {
        if (!ct_span_eq(c[i].name, c[i + 1].name) || c[i].index == CT_NONE || c[i + 1].index == CT_NONE)
            continue;
        ct_buf_addf(&text, "%s%.*s ", text.n ? "  " : "", CT_FMT(c[i].name));
        ct_format_price(&text, c[i].index);
        ct_buf_addc(&text, '/');
        ct_format_price(&text, c[i + 1].index);
    }
    m->index = ct_arena_dup(a, ct_buf_span(&text));
    ct_buf_free(&text);
    return st;
}

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = query_of(q, now_ms);
    struct ct_rows prices = {NULL, 0}, rows = {NULL, 0};
    struct ct_arena *scratch = ct_arena_new(0);
    enum ct_status st = m ? ct_read_tokens(r, &query, scratch, &prices, err)
                          : ct_fail(err, CT_ERR_LIMIT, "tokens", NULL);
    if (st == CT_OK) {
        find_tiers(prices, a, m);
        st = pivot(prices, tier_of(q), scratch, a, &rows, err);
    }
    ct_arena_free(scratch);
    if (st == CT_OK) {
        const struct row *row = rows.v;
        m->seen_ms = CT_NONE;
        for (size_t i = 0; i < rows.n; i++)
            m->seen_ms = row[i].seen_ms > m->seen_ms ? row[i].seen_ms : m->seen_ms;
        st = ct_tmodel_load(&views[0], rows, q, now_ms, a, &m->t, err);
    }
    if (st == CT_OK)
        st = load_index(r, &query, a, m, err);
    *model = m;
    return st;
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    struct state *s = state;
    const struct model *m = model;
    ct_buf_adds(note, !d->query->unit ? unit_words[0] : box.cols >= 70 ? "$/1K (filters: $/1M)" : "$/1K");
    if (d->query->group[0])
        ct_buf_addf(note, " %s", d->query->group);
    if (box.cols >= 70)
        ct_buf_adds(note, "   - not published");
    if (m)
        ct_note_seen(note, d, m->seen_ms, 3 * CT_DAY);
    bool foot = m && m->index.n && box.rows >= 10;
    ct_tview_draw(&views[d->query->unit], &s->table, m ? &m->t : NULL, d,
                  ct_box_sub(box, 0, 0, box.rows - foot, box.cols), note, "no model price recorded yet");
    if (!foot)
        return;
    struct ct_buf text = CT_BUF_INIT;
    ct_buf_addf(&text, "index $/1M in/out: %.*s   median of each seller's cheapest", CT_FMT(m->index));
    ct_put_field(box, box.rows - 1, 1, box.cols - 1, -1, CT_ROLE_DIM, ct_buf_span(&text));
    ct_buf_free(&text);
}

/* Enter and w want the price's series; the row's id is the model. */
static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    struct state *s = state;
    const struct model *m = model;
    const struct row *row = m ? ct_tview_row(&views[0], &s->table, &m->t) : NULL;
    if (action == CT_ACT_UNITS) {
        q->unit = !q->unit;
        return CT_ACT_DRAW;
    }
    if (action == CT_ACT_GROUP && m && m->tiers.n) { /* the next tier */
        size_t k = 0;
        while (k < m->tiers.n && !ct_span_eq(m->tiers.v[k], tier_of(q)))
            k++;
        struct ct_span next = m->tiers.v[k + 1 < m->tiers.n ? k + 1 : 0];
        snprintf(q->group, sizeof(q->group), "%.*s", CT_FMT(next));
        if (ct_span_is(next, "standard"))
            q->group[0] = '\0';
        return CT_ACT_LOAD;
    }
    if (action == CT_ACT_DETAIL && row) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->first_series));
        return CT_ACT_DRAW;
    }
    /* L on OUT or CACHE opens that price. */
    const char *column = views[0].cols[s->table.col].column;
    int kind = !column                             ? IN
               : strcmp(column, "output") == 0     ? OUT
               : strcmp(column, "cache_read") == 0 ? CACHE
                                                   : IN;
    if ((action == CT_ACT_HISTORY || action == CT_ACT_COMPARE) && row && !s->table.n_marks &&
        row->series[kind].n) {
        req->kind = action == CT_ACT_HISTORY ? CT_REQ_HISTORY : CT_REQ_COMPARE;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->series[kind]));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&views[q->unit], &s->table, m ? &m->t : NULL, action, letter, q,
                        req);
}

const struct ct_panel_ops ct_panel_tokens = {
    .id = "tokens", .title = "Token prices", .keys = CT_KEYS_TABLE, .table = &row_table,
    .state_size = sizeof(struct state), .detail = &ct_panel_detail, .load = load, .draw = draw,
    .units = unit_words,
    .act = act,
};

/* ---- one model at every host ---- */

static const struct ct_tcol quote_cols[] = {
    {.column = "host", .header = "HOST", .min = 9, .max = 18, .middle = true},
    {.column = "region", .header = "REGION", .min = 6, .max = 16},
    {.column = "input", .header = "IN", .min = 7, .max = 9, .align = 1, .format = in_per_million},
    {.column = "premium_pct", .header = "OVER LAB", .min = 8, .align = 1, .format = format_premium},
    {.column = "output", .header = "OUT", .min = 7, .max = 9, .align = 1, .format = out_per_million},
    {.column = "blended", .header = "BLEND", .min = 7, .max = 9, .align = 1, .drop = 2,
     .format = format_blend},
    {.column = "change_30d_pct", .header = "30d", .min = 7, .align = 1, .drop = 3,
     .format = format_change},
    {.column = "variant", .header = "VARIANT", .min = 7, .max = 12, .drop = 4},
    {.column = "source", .header = "SOURCE", .min = 8, .max = 18, .drop = 6},
    {.column = "lists_differ", .header = "OTHER LIST", .min = 10, .max = 24, .drop = 5, .format = format_lists},
    {.column = "seen", .header = "SEEN", .min = 6, .align = 1, .drop = 1, .format = format_seen},
};
static const struct ct_tview quote_view = {
    .table = &row_table, .cols = quote_cols, .n_cols = CT_LEN(quote_cols), .frozen = 1, .id = "row",
    .watch = "series", .series = "series", .noun = "hosts", .notable = notable, .row_role = row_role,
    .old_last = true,
};

struct quotes {
    struct ct_tmodel t;
    struct ct_span model, tier;
};

/* Cheapest first; what has no price last. */
static int by_input(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->price[IN] != y->price[IN]) {
        bool later = x->price[IN] == CT_NONE || (y->price[IN] != CT_NONE && x->price[IN] > y->price[IN]);
        return later ? 1 : -1;
    }
    return ct_span_cmp(x->id, y->id);
}

static enum ct_status load_quotes(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                  struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct quotes *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = query_of(q, now_ms);
    struct ct_rows prices = {NULL, 0}, rows = {NULL, 0};
    struct ct_arena *scratch = ct_arena_new(0);
    enum ct_status st = m ? ct_read_tokens(r, &query, scratch, &prices, err)
                          : ct_fail(err, CT_ERR_LIMIT, "quotes", NULL);
    const struct ct_token_row *t = prices.v, *of = NULL;
    for (size_t i = 0; st == CT_OK && i < prices.n && !of; i++)
        of = ct_span_is(t[i].series, q->subject) ? &t[i] : NULL;
    size_t from = 0, n = 0; /* prices of one model stand together */
    while (of && from < prices.n && !(ct_span_eq(t[from].price.lab, of->price.lab) &&
                                      ct_span_eq(t[from].price.model, of->price.model)))
        from++;
    while (of && from + n < prices.n && ct_span_eq(t[from + n].price.lab, of->price.lab) &&
           ct_span_eq(t[from + n].price.model, of->price.model))
        n++;
    if (of) {
        m->tier = ct_arena_dup(a, of->price.tier.n ? of->price.tier : CT_LIT("standard"));
        m->model = ct_arena_dup(a, of->price.model);
        st = pivot((struct ct_rows){t + from, n}, m->tier, scratch, a, &rows, err);
    }
    ct_arena_free(scratch);
    if (st == CT_OK && rows.n)
        qsort((void *)(uintptr_t)rows.v, rows.n, sizeof(struct row), by_input);
    if (st == CT_OK)
        st = ct_tmodel_load(&quote_view, rows, q, now_ms, a, &m->t, err);
    *model = m;
    return st;
}

static void draw_quotes(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                        struct ct_buf *note)
{
    const struct quotes *m = model;
    if (m && m->model.n)
        ct_buf_addf(note, "%.*s  %.*s  $/1M", CT_FMT(m->model), CT_FMT(m->tier));
    ct_tview_draw(&quote_view, state, m ? &m->t : NULL, d, box, note, "no model selected");
}

static enum ct_act_result act_quotes(void *state, const void *model, enum ct_action action, int letter,
                                     struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct quotes *m = model;
    const struct row *row = m ? ct_tview_row(&quote_view, state, &m->t) : NULL;
    if (action == CT_ACT_DETAIL && row) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->first_series));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&quote_view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_quotes = {
    .id = "quotes", .title = "At every host", .keys = CT_KEYS_TABLE, .table = &row_table,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .follows = true,
    .load = load_quotes, .draw = draw_quotes, .act = act_quotes,
};
