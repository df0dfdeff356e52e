/* Token prices, one row a model and host: made of single prices, and their cells. */
#include "config.h"

#include "tui/views/token_rows.h"

#include <string.h>

static const int kind_of[N_KINDS] = {CT_KIND_INPUT, CT_KIND_OUTPUT, CT_KIND_CACHE_READ};

#define COL(column_name, column_type, field, ...)                                                  \
    {                                                                                              \
        .name = column_name, .type = column_type, .off = offsetof(struct token_row, field), __VA_ARGS__  \
    }
const struct ct_column token_columns[TOKEN_N_COLUMNS] = {
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
const struct ct_table token_rows = {.name = "tokens", .row_size = sizeof(struct token_row),
                                          .columns = token_columns, .n_columns = CT_LEN(token_columns)};

/* ---- token_pivot ---- */

/* The model's part of a price's key: all but the kind. */
static struct ct_span model_key(struct ct_span key)
{
    while (key.n && key.p[key.n - 1] != '/')
        key.n--;
    return (struct ct_span){key.p, key.n ? key.n - 1 : 0};
}

static void start_row(struct token_row *r, const struct ct_token_row *t, struct ct_span key)
{
    *r = (struct token_row){.key = key, .source = t->source, .lab = t->price.lab, .model = t->price.model,
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
bool token_in_tier(const struct ct_token_row *t, struct ct_span tier)
{
    return ct_span_eq(t->price.tier.n ? t->price.tier : CT_LIT("standard"), tier);
}

static void add_price(struct token_row *r, const struct ct_token_row *t, struct ct_span tier)
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
    if (!token_in_tier(t, tier))
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
static struct token_row *row_for(struct token_row *rows, size_t *n, uint32_t *slot, size_t slots,
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
void token_keep(struct ct_arena *a, struct token_row *r, const struct token_row *before)
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
enum ct_status token_pivot(struct ct_rows in, struct ct_span tier, struct ct_arena *scratch,
                            struct ct_arena *a, struct ct_rows *out, struct ct_error *err)
{
    const struct ct_token_row *t = in.v;
    size_t slots = 16, n = 0;
    while (slots < in.n * 2)
        slots *= 2;
    struct token_row *made = ct_arena_alloc(scratch, (in.n + 1) * sizeof(*made));
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
    struct token_row *rows = ct_arena_alloc(a, (n + 1) * sizeof(*rows));
    static const struct token_row none;
    for (size_t i = 0; rows && i < n; i++) {
        rows[i] = made[i];
        token_keep(a, &rows[i], i ? &rows[i - 1] : &none);
    }
    if (!rows || ct_arena_full(a))
        return ct_fail(err, CT_ERR_LIMIT, "tokens", NULL);
    *out = (struct ct_rows){rows, n};
    return CT_OK;
}

/* ---- cells ---- */

bool token_stale(const struct token_row *r)
{
    return r->freshness > CT_FRESH && r->freshness <= CT_DEAD;
}

enum ct_role token_model(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct token_row *r = row;
    (void)d;
    ct_buf_add(out, r->model);
    if (r->variant.n)
        ct_buf_addf(out, "@%.*s", CT_FMT(r->variant));
    return r->suspect ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

static enum ct_role price_cell(const struct token_row *r, int kind, int64_t divide, struct ct_buf *out)
{
    ct_nusd price = r->price[kind];
    if (price == 0)
        ct_buf_adds(out, "free");
    else
        ct_format_price(out, price == CT_NONE ? price : price / divide);
    return price == CT_NONE ? CT_ROLE_DIM : token_stale(r) ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

#define PRICE_CELL(name, kind, divide)                                                             \
    enum ct_role name(const void *row, const struct ct_draw *d, struct ct_buf *out)                \
    {                                                                                              \
        (void)d;                                                                                   \
        return price_cell(row, kind, divide, out);                                                 \
    }
PRICE_CELL(token_in_per_million, IN, 1)
PRICE_CELL(token_out_per_million, OUT, 1)
PRICE_CELL(token_cache_per_million, CACHE, 1)
PRICE_CELL(token_in_per_thousand, IN, 1000)
PRICE_CELL(token_out_per_thousand, OUT, 1000)
PRICE_CELL(token_cache_per_thousand, CACHE, 1000)

enum ct_role token_blend(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct token_row *r = row;
    (void)d;
    ct_format_price(out, r->blended);
    return r->blended == CT_NONE ? CT_ROLE_DIM : token_stale(r) ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

enum ct_role token_premium(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return ct_view_change(out, ((const struct token_row *)row)->premium_milli);
}

/* "0.20 portkey": what another list asks for the same where the two disagree. Neither is taken for the truth. */
enum ct_role token_lists(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct token_row *r = row;
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

enum ct_role token_source(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct token_row *r = row;
    (void)d;
    ct_buf_addf(out, "%s%.*s", r->lists_differ == 1 ? "differs: " : "", CT_FMT(r->source));
    return r->lists_differ == 1 ? CT_ROLE_STATE_DEGR : CT_ROLE_TEXT;
}

enum ct_role token_change(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return ct_view_change(out, ((const struct token_row *)row)->change_milli);
}

enum ct_role token_context(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    int64_t n = ((const struct token_row *)row)->context;
    (void)d;
    if (n == CT_NONE || n <= 0)
        ct_buf_addc(out, '-');
    else if (n >= 1000000)
        ct_buf_addf(out, "%lld.%lldM", (long long)(n / 1000000), (long long)(n / 100000 % 10));
    else
        ct_buf_addf(out, "%lldk", (long long)(n / 1000));
    return CT_ROLE_DIM;
}

enum ct_role token_seen(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct token_row *r = row;
    return ct_format_age(out, d, r->seen_ms, r->freshness);
}

enum ct_role token_role(const void *row, const struct ct_draw *d)
{
    (void)d;
    return ((const struct token_row *)row)->gone == 1 ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

bool token_notable(const void *row)
{
    const struct token_row *r = row;
    return r->suspect || r->lists_differ == 1 || r->retires_ms != CT_NONE ||
           (r->change_milli != CT_NONE && r->change_milli != 0);
}
