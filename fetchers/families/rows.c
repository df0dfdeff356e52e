/* Rows as `cloudtape parse` prints them, one JSON object a line: what people's own programs and
 * pages speak. One bad line refuses the whole answer, by its number: half a list would look like a
 * market that shrank. */
#include "fetchers/families/all.h"

#include "db/table.h"
#include "fetchers/rows.h"

#include <stdio.h>

enum { LINE_MAX_BYTES = 64 << 10, LINES_MAX = 100000, OBJECTS_MAX = 4096 };

static const struct ct_table *const *const tables = ct_row_tables; /* in contract order */

/* Without these a row says nothing, or cannot be told from another. */
static const char *const needed[CT_N_ROW_TABLES] = {
    [CT_ROW_PAGE] = "",
    [CT_ROW_COMPONENT] = "id state",
    [CT_ROW_INCIDENT] = "id open",
    [CT_ROW_UPDATE] = "incident",
    [CT_ROW_OFFER] = "purchase",
    [CT_ROW_TOKEN_PRICE] = "source_id kind",
    [CT_ROW_ENDPOINT] = "source_id",
    [CT_ROW_ARTICLE] = "id",
    [CT_ROW_RATE] = "currency usd",
    [CT_ROW_MEASURE] = "name unit",
    [CT_ROW_NOTE] = "what",
};

static enum ct_status missing(const struct ct_table *t, const void *row, const char *names,
                              struct ct_error *err)
{
    struct ct_span rest = ct_span(names);
    while (rest.n) {
        struct ct_span name = ct_span_cut(&rest, ' ');
        const struct ct_column *c = ct_table_column(t, name);
        bool text = c->type == CT_TYPE_TEXT;
        if (ct_cell_null(c, row) ||
            (text && ((const struct ct_span *)(const void *)((const char *)row + c->off))->n == 0))
            return ct_fail(err, CT_ERR_SHAPE, t->name, "\"%s\" is missing", c->name);
    }
    return CT_OK;
}

/* NULL, or what is wrong with the numbers of an offer. */
static const char *bad_offer(const struct ct_offer *o)
{
    bool priced = o->price_per_hour != CT_NONE || o->price_per_gpu_hour != CT_NONE;
    if (!o->gpu.n && !o->instance.n && !o->sku.n)
        return "\"gpu\" is missing, and so are \"instance\" and \"sku\"";
    if (o->gpu_count_milli != CT_NONE && o->gpu_count_milli <= 0)
        return "\"gpu_count\" must be more than zero";
    if (o->price_per_hour != CT_NONE && o->price_per_hour <= 0)
        return "\"price_per_hour\" must be more than zero";
    if (o->price_per_gpu_hour != CT_NONE && o->price_per_gpu_hour <= 0)
        return "\"price_per_gpu_hour\" must be more than zero";
    if (priced && o->currency.n != 3)
        return "a price needs its \"currency\", such as USD";
    if (o->stock_count != CT_NONE && o->stock_count < 0)
        return "\"stock_count\" is negative";
    return NULL;
}

static enum ct_status check_numbers(int kind, const void *row, struct ct_error *err)
{
    const struct ct_token_price *p = row;
    const char *wrong = kind == CT_ROW_OFFER ? bad_offer(row)
                        : kind == CT_ROW_TOKEN_PRICE && p->per_mtok != CT_NONE && p->per_mtok < 0
                            ? "\"usd_per_mtok\" is negative"
                            : NULL;
    return wrong ? ct_fail(err, CT_ERR_RANGE, tables[kind]->name, "%s", wrong) : CT_OK;
}

/* jansson takes hundreds of bytes for an empty object. */
static bool too_nested(struct ct_span line)
{
    size_t n = 0;
    for (size_t i = 0; i < line.n; i++)
        n += line.p[i] == '{' || line.p[i] == '[';
    return n > OBJECTS_MAX;
}

static enum ct_status add_line(struct ct_batch *out, struct ct_span line, struct ct_error *err)
{
    size_t before[CT_N_ROW_TABLES];
    struct ct_rows now;
    const void *row;
    int64_t at_ms;
    int kind = 0;
    if (line.n > LINE_MAX_BYTES || too_nested(line))
        return ct_fail(err, CT_ERR_LIMIT, "row", "more than one row can hold");
    for (int k = 0; k < CT_N_ROW_TABLES; k++)
        before[k] = ct_batch_table(out, (enum ct_row_kind)k).n;
    enum ct_status st = ct_batch_add_json(out, line, &at_ms, err);
    if (st != CT_OK)
        return st;
    while ((now = ct_batch_table(out, (enum ct_row_kind)kind)).n == before[kind])
        kind++;
    row = ct_row(tables[kind], now, now.n - 1);
    st = missing(tables[kind], row, needed[kind], err);
    if (st == CT_OK)
        st = check_numbers(kind, row, err);
    if (at_ms != CT_NONE && (out->data_ms == CT_NONE || at_ms > out->data_ms))
        out->data_ms = at_ms;
    return st;
}

void ct_rows_derive_prices(struct ct_batch *b)
{
    for (size_t i = 0; i < b->offers.n; i++) {
        struct ct_offer *o = &b->offers.v[i];
        if (o->price_per_gpu_hour == CT_NONE && o->price_per_hour != CT_NONE &&
            o->gpu_count_milli > 0)
            o->price_per_gpu_hour = ct_muldiv(o->price_per_hour, 1000, o->gpu_count_milli);
    }
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    enum ct_status st = CT_OK;
    size_t number = 0, rows = 0;
    if (ct_span_starts(body, "\xEF\xBB\xBF"))
        body = (struct ct_span){body.p + 3, body.n - 3};
    struct ct_span rest = body;
    if (body.n == 0 || ct_span_trim(body).n == 0 || ct_span_trim(body).p[0] != '{')
        st = ct_fail(err, CT_ERR_SHAPE, "rows", "wanted a JSON object on every line, found %s",
                     ct_family_guess(body));
    while (st == CT_OK && rest.p) {
        struct ct_span line = ct_span_trim(ct_span_cut(&rest, '\n'));
        number++;
        if (line.n == 0)
            continue;
        st = ++rows > LINES_MAX ? ct_fail(err, CT_ERR_LIMIT, "rows", "more than %d", LINES_MAX)
                                : add_line(out, line, err);
        if (st == CT_OK)
            continue;
        char where[48];
        snprintf(where, sizeof where, "line %zu", number);
        ct_error_prefix(err, where);
    }
    ct_rows_derive_prices(out);
    for (size_t i = 0; st == CT_OK && hint && hint->provider.n && i < out->offers.n; i++)
        if (!out->offers.v[i].cloud.n)
            out->offers.v[i].cloud = ct_arena_dup(out->arena, hint->provider);
    return ct_rows_finish(out, st, err);
}

const struct ct_family ct_family_rows = {
    .name = "rows",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://HOST/FILE.ndjson",
    .parse = parse,
};

const struct ct_family ct_family_exec = {
    .name = "exec",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "what a program of yours prints: command = /PATH/PROGRAM WORDS",
    .parse = parse,
};
