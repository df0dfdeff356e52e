/* The rows parsers make, described once, written as NDJSON and read back from NDJSON and CSV. */
#include "db/base/ini.h"
#include "db/base/text.h"
#include "db/columns.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define ROW struct ct_page
static const struct ct_column page_columns[] = {
    COL(TEXT, "name", name),
    COL(TEXT, "url", url),
    COL(TEXT, "indicator", indicator),
    COL(TIME, "updated_at", updated_ms),
    COL(TEXT, "id", id),
};
static TABLE(page_table, "page", ROW, page_columns);
#undef ROW

#define ROW struct ct_component
static const struct ct_column component_columns[] = {
    COL(TEXT, "id", id),
    COL(TEXT, "name", name, SEARCH),
    COL(TEXT, "group", group, SEARCH),
    COL(TEXT, "region", region, SEARCH),
    ENUM("state", state, ct_state_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    COL(TEXT, "raw_state", raw_state),
    COL(TIME, "updated_at", updated_ms),
};
static TABLE(component_table, "component", ROW, component_columns);
#undef ROW

#define ROW struct ct_incident
static const struct ct_column incident_columns[] = {
    COL(TEXT, "id", id),
    COL(TEXT, "title", title, SEARCH),
    ENUM("state", state, ct_state_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    COL(TEXT, "raw_impact", raw_impact),
    ENUM("phase", phase, ct_phase_words, SEARCH),
    COL(BOOL, "open", open),
    COL(TIME, "started_at", started_ms),
    COL(TIME, "updated_at", updated_ms),
    COL(TIME, "resolved_at", resolved_ms),
    COL(TIME, "scheduled_for", scheduled_for_ms),
    COL(TIME, "scheduled_until", scheduled_until_ms),
    COL(TEXT, "url", url),
    COL(LIST, "components", components),
    COL(LIST, "regions", regions, SEARCH),
};
static TABLE(incident_table, "incident", ROW, incident_columns);
#undef ROW

#define ROW struct ct_update
static const struct ct_column update_columns[] = {
    COL(TEXT, "incident", incident), COL(TEXT, "id", id),
    COL(TIME, "at", at_ms),          ENUM("phase", phase, ct_phase_words, SEARCH),
    COL(TEXT, "text", text, SEARCH),
};
static TABLE(update_table, "update", ROW, update_columns);
#undef ROW

#define ROW struct ct_offer
static const struct ct_column offer_columns[] = {
    COL(TEXT, "cloud", cloud, SEARCH),
    COL(TEXT, "region", region, SEARCH),
    COL(TEXT, "zone", zone),
    COL(TEXT, "sku", sku),
    COL(TEXT, "instance", instance, SEARCH),
    COL(TEXT, "gpu", gpu, SEARCH),
    COL(TEXT, "form", form, SEARCH),
    COL(MILLI, "gpu_mem_gib", gpu_mem_milli),
    COL(MILLI, "gpu_count", gpu_count_milli),
    COL(MILLI, "vcpu", vcpu_milli),
    COL(MILLI, "mem_gib", mem_milli),
    ENUM("purchase", purchase, ct_purchase_words, SEARCH),
    COL(TEXT, "currency", currency),
    COL(NANO, "price_per_hour", price_per_hour),
    COL(NANO, "price_per_gpu_hour", price_per_gpu_hour),
    COL(BOOL, "host_included", host_included),
    ENUM("stock", stock, ct_stock_words, FLAGS(CT_COL_RANKED)),
    COL(INT, "stock_count", stock_count),
    COL(TEXT, "interruption", interruption),
    COL(TIME, "effective_at", effective_ms),
};
static TABLE(offer_table, "offer", ROW, offer_columns);
#undef ROW

#define ROW struct ct_token_price
static const struct ct_column token_price_columns[] = {
    COL(TEXT, "source_id", source_id, SEARCH),
    COL(TEXT, "lab", lab, SEARCH),
    COL(TEXT, "model", model, SEARCH),
    COL(TEXT, "variant", variant, SEARCH),
    COL(TEXT, "host", host, SEARCH),
    COL(TEXT, "host_class", host_class),
    COL(TEXT, "region", region, SEARCH),
    ENUM("kind", kind, ct_token_kind_words, SEARCH),
    COL(TEXT, "tier", tier),
    COL(TEXT, "currency", currency),
    COL(NANO, "usd_per_mtok", per_mtok),
    COL(INT, "context", context),
    COL(TIME, "retires_at", retires_ms),
    COL(BOOL, "open_weights", open_weights),
    COL(TEXT, "seller", seller),
};
static TABLE(token_price_table, "token_price", ROW, token_price_columns);
#undef ROW

#define ROW struct ct_endpoint
static const struct ct_column endpoint_columns[] = {
    COL(TEXT, "source_id", source_id, SEARCH),
    COL(TEXT, "host", host, SEARCH),
    COL(TEXT, "region", region, SEARCH),
    ENUM("state", state, ct_state_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    COL(MILLI, "uptime_30m", uptime_30m_milli),
    COL(MILLI, "latency_ms_p50", latency_ms_p50_milli),
    COL(MILLI, "throughput_tps_p50", throughput_tps_p50_milli),
};
static TABLE(endpoint_table, "endpoint", ROW, endpoint_columns);
#undef ROW

#define ROW struct ct_article
static const struct ct_column article_columns[] = {
    COL(TEXT, "id", id),
    COL(TEXT, "title", title, SEARCH),
    COL(TEXT, "url", url),
    COL(TIME, "published_at", published_ms),
    COL(TEXT, "summary", summary, SEARCH),
};
static TABLE(article_table, "article", ROW, article_columns);
#undef ROW

#define ROW struct ct_note
static const struct ct_column note_columns[] = {
    COL(TEXT, "what", what, SEARCH),
    COL(INT, "count", count),
};
static TABLE(note_table, "note", ROW, note_columns);
#undef ROW

#define ROW struct ct_rate
static const struct ct_column rate_columns[] = {
    COL(TEXT, "currency", currency, SEARCH),
    COL(NANO, "usd", usd),
    COL(TIME, "at", day_ms),
};
static TABLE(rate_table, "rate", ROW, rate_columns);
#undef ROW

#define ROW struct ct_measure
static const struct ct_column measure_columns[] = {
    COL(TEXT, "name", name, SEARCH),
    COL(TEXT, "unit", unit),
    COL(MILLI, "value", value_milli),
};
static TABLE(measure_table, "measure", ROW, measure_columns);
#undef ROW

const struct ct_table *const ct_row_tables[CT_N_ROW_TABLES] = {
    [CT_ROW_PAGE] = &page_table,         [CT_ROW_COMPONENT] = &component_table,
    [CT_ROW_INCIDENT] = &incident_table, [CT_ROW_UPDATE] = &update_table,
    [CT_ROW_OFFER] = &offer_table,       [CT_ROW_TOKEN_PRICE] = &token_price_table,
    [CT_ROW_ENDPOINT] = &endpoint_table, [CT_ROW_ARTICLE] = &article_table,
    [CT_ROW_RATE] = &rate_table,         [CT_ROW_MEASURE] = &measure_table,
    [CT_ROW_NOTE] = &note_table,
};

/* One row of any kind. */
union any_row {
    struct ct_page page;
    struct ct_component component;
    struct ct_incident incident;
    struct ct_update update;
    struct ct_offer offer;
    struct ct_token_price token_price;
    struct ct_endpoint endpoint;
    struct ct_article article;
    struct ct_note note;
    struct ct_rate rate;
    struct ct_measure measure;
};

/* ---- out ---- */

struct ct_rows ct_batch_table(const struct ct_batch *b, enum ct_row_kind kind)
{
    const struct ct_rows all[CT_N_ROW_TABLES] = {
        [CT_ROW_PAGE] = {b->pages.v, b->pages.n},
        [CT_ROW_COMPONENT] = {b->components.v, b->components.n},
        [CT_ROW_INCIDENT] = {b->incidents.v, b->incidents.n},
        [CT_ROW_UPDATE] = {b->updates.v, b->updates.n},
        [CT_ROW_OFFER] = {b->offers.v, b->offers.n},
        [CT_ROW_TOKEN_PRICE] = {b->token_prices.v, b->token_prices.n},
        [CT_ROW_ENDPOINT] = {b->endpoints.v, b->endpoints.n},
        [CT_ROW_ARTICLE] = {b->articles.v, b->articles.n},
        [CT_ROW_RATE] = {b->rates.v, b->rates.n},
        [CT_ROW_MEASURE] = {b->measures.v, b->measures.n},
        [CT_ROW_NOTE] = {b->notes.v, b->notes.n},
    };
    return all[kind];
}

void ct_batch_ndjson(const struct ct_batch *b, struct ct_buf *out)
{
    for (int k = 0; k < CT_N_ROW_TABLES; k++) {
        const struct ct_table *t = ct_row_tables[k];
        struct ct_rows rows = ct_batch_table(b, (enum ct_row_kind)k);
        for (size_t i = 0; i < rows.n; i++) {
            struct ct_jw w;
            ct_jw_init(&w, out);
            ct_row_json(&w, t, ct_row(t, rows, i), t->name);
            ct_buf_addc(out, '\n');
        }
    }
}

/* ---- in ---- */

static void *push_row(struct ct_batch *b, const struct ct_table *t)
{
    if (t == &page_table)
        return CT_VEC_PUSH(b->arena, &b->pages);
    if (t == &component_table)
        return CT_VEC_PUSH(b->arena, &b->components);
    if (t == &incident_table)
        return CT_VEC_PUSH(b->arena, &b->incidents);
    if (t == &update_table)
        return CT_VEC_PUSH(b->arena, &b->updates);
    if (t == &offer_table)
        return CT_VEC_PUSH(b->arena, &b->offers);
    if (t == &token_price_table)
        return CT_VEC_PUSH(b->arena, &b->token_prices);
    if (t == &endpoint_table)
        return CT_VEC_PUSH(b->arena, &b->endpoints);
    if (t == &article_table)
        return CT_VEC_PUSH(b->arena, &b->articles);
    if (t == &rate_table)
        return CT_VEC_PUSH(b->arena, &b->rates);
    if (t == &measure_table)
        return CT_VEC_PUSH(b->arena, &b->measures);
    return CT_VEC_PUSH(b->arena, &b->notes);
}

static void set_int64(void *row, const struct ct_column *c, int64_t v)
{
    memcpy((char *)row + c->off, &v, sizeof v);
}

static void set_int(void *row, const struct ct_column *c, int v)
{
    memcpy((char *)row + c->off, &v, sizeof v);
}

static void set_span(void *row, const struct ct_column *c, struct ct_span v)
{
    memcpy((char *)row + c->off, &v, sizeof v);
}

/* Every field absent; tables of parser rows describe all fields, so this is the whole row. */
static void set_nulls(const struct ct_table *t, void *row)
{
    memset(row, 0, t->row_size);
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct ct_column *c = &t->columns[i];
        if (c->type == CT_TYPE_BOOL || c->type == CT_TYPE_ENUM)
            set_int(row, c, -1);
        else if (c->type != CT_TYPE_TEXT && c->type != CT_TYPE_LIST)
            set_int64(row, c, CT_NONE);
    }
}

/* What a person may have typed is as foreign as what a server sent. */
static struct ct_span clean(struct ct_arena *a, const struct ct_column *c, struct ct_span text)
{
    struct ct_span name = ct_span(c->name);
    if (ct_span_is(name, "url"))
        return ct_clean_url(a, text);
    if (ct_span_is(name, "text") || ct_span_is(name, "summary"))
        return ct_clean_body(a, text);
    if (ct_span_is(name, "id") || ct_span_ends(name, "_id") || ct_span_is(name, "incident") ||
        ct_span_is(name, "components"))
        return ct_clean_id(a, text);
    return ct_clean_name(a, text);
}

static enum ct_status bad_cell(struct ct_error *err, enum ct_status st, const struct ct_column *c,
                               struct ct_span text, const char *wanted)
{
    size_t n = text.n > 60 ? 60 : text.n;
    return ct_fail(err, st, c->name, "\"%.*s\" is not %s", (int)n, text.p ? text.p : "", wanted);
}

static enum ct_status set_list(struct ct_arena *a, const struct ct_column *c, void *row,
                               const struct ct_span *items, size_t n, struct ct_error *err)
{
    struct ct_list list = {ct_arena_alloc(a, (n ? n : 1) * sizeof *list.v), n};
    if (!list.v)
        return ct_fail(err, CT_ERR_LIMIT, c->name, NULL);
    for (size_t i = 0; i < n; i++)
        list.v[i] = clean(a, c, items[i]);
    memcpy((char *)row + c->off, &list, sizeof list);
    return CT_OK;
}

static enum ct_status set_list_text(struct ct_arena *a, const struct ct_column *c, void *row,
                                    struct ct_span text, struct ct_error *err)
{
    CT_VEC(struct ct_span) items = {NULL, 0, 0};
    while (text.p) {
        struct ct_span *item = CT_VEC_PUSH(a, &items);
        if (!item)
            return ct_fail(err, CT_ERR_LIMIT, c->name, NULL);
        *item = ct_span_cut(&text, ';');
    }
    return set_list(a, c, row, items.v, items.n, err);
}

static enum ct_status set_bool_text(const struct ct_column *c, void *row, struct ct_span text,
                                    struct ct_error *err)
{
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1", NULL};
    int i = ct_word(words, text);
    if (i < 0)
        return bad_cell(err, CT_ERR_SYNTAX, c, text, "true or false");
    set_int(row, c, i % 2);
    return CT_OK;
}

/* A number or time in its own words, as CSV has it and NDJSON for times. */
static enum ct_status set_text(struct ct_arena *a, const struct ct_column *c, void *row,
                               struct ct_span text, struct ct_error *err)
{
    int64_t v = 0;
    enum ct_status st = CT_OK;
    switch (c->type) {
    case CT_TYPE_TEXT:
        set_span(row, c, clean(a, c, text));
        return CT_OK;
    case CT_TYPE_BOOL:
        return set_bool_text(c, row, text, err);
    case CT_TYPE_ENUM: {
        int i = ct_word(c->words, text);
        if (i < 0)
            return bad_cell(err, CT_ERR_SYNTAX, c, text, "one of the words of this field");
        set_int(row, c, i);
        return CT_OK;
    }
    case CT_TYPE_LIST:
        return set_list_text(a, c, row, text, err);
    case CT_TYPE_INT:
        st = ct_span_int(text, &v);
        break;
    case CT_TYPE_TIME:
        st = ct_time_parse(text, &v);
        break;
    case CT_TYPE_NANO:
        st = ct_nusd_parse(text, 1, &v);
        break;
    case CT_TYPE_MILLI:
        st = ct_milli_parse(text, &v);
        break;
    case CT_TYPE_ROWS:
    case CT_TYPE_SCALED:
        return ct_fail(err, CT_ERR_SHAPE, c->name, "such a field cannot be read back");
    }
    if (st != CT_OK)
        return bad_cell(err, st, c, text,
                        c->type == CT_TYPE_TIME ? "a time" : "a number that fits");
    set_int64(row, c, v);
    return CT_OK;
}

static enum ct_status set_json_list(struct ct_arena *a, const struct ct_column *c, void *row,
                                    const json_t *value, struct ct_error *err)
{
    size_t n = json_array_size(value);
    struct ct_span *items = ct_arena_alloc(a, (n ? n : 1) * sizeof *items);
    if (!items)
        return ct_fail(err, CT_ERR_LIMIT, c->name, NULL);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_string(item))
            return ct_fail(err, CT_ERR_SHAPE, c->name, "item %zu is not text", i);
        items[i] = (struct ct_span){json_string_value(item), json_string_length(item)};
    }
    return set_list(a, c, row, items, n, err);
}

static enum ct_status set_json(struct ct_arena *a, const struct ct_column *c, void *row,
                               const json_t *value, struct ct_error *err)
{
    bool number = c->type == CT_TYPE_INT || c->type == CT_TYPE_NANO || c->type == CT_TYPE_MILLI;
    if (json_is_null(value))
        return CT_OK;
    if (c->type == CT_TYPE_LIST && json_is_array(value))
        return set_json_list(a, c, row, value, err);
    if (c->type == CT_TYPE_BOOL && json_is_boolean(value)) {
        set_int(row, c, json_is_true(value));
        return CT_OK;
    }
    if (number && json_is_integer(value)) { /* by its digits: a double would round above 2^53 */
        char digits[32];
        int n = snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return set_text(a, c, row, (struct ct_span){digits, (size_t)n}, err);
    }
    if (number && json_is_real(value) && c->type != CT_TYPE_INT) {
        int64_t v = 0;
        enum ct_status st =
            ct_decimal_from_double(json_real_value(value), 1, c->type == CT_TYPE_NANO ? 9 : 3, &v);
        if (st != CT_OK)
            return ct_fail(err, st, c->name, "a number that does not fit");
        set_int64(row, c, v);
        return CT_OK;
    }
    bool texty = c->type == CT_TYPE_TEXT || c->type == CT_TYPE_TIME || c->type == CT_TYPE_ENUM;
    if (texty && json_is_string(value))
        return set_text(a, c, row,
                        (struct ct_span){json_string_value(value), json_string_length(value)}, err);
    return ct_fail(err, CT_ERR_SHAPE, c->name, "a value of the wrong type");
}

static const struct ct_table *table_named(struct ct_span name)
{
    for (size_t i = 0; i < CT_N_ROW_TABLES; i++)
        if (ct_span_is(name, ct_row_tables[i]->name))
            return ct_row_tables[i];
    return NULL;
}

static enum ct_status unknown_table(struct ct_error *err, struct ct_span name)
{
    const char *names[CT_N_ROW_TABLES + 1];
    for (size_t i = 0; i < CT_N_ROW_TABLES; i++)
        names[i] = ct_row_tables[i]->name;
    names[CT_N_ROW_TABLES] = NULL;
    char word[64];
    snprintf(word, sizeof word, "%.*s", CT_FMT(name));
    const char *near = ct_nearest(word, names);
    return ct_fail(err, CT_ERR_SHAPE, "row", "no kind of row is called \"%s\"%s%s%s", word,
                   near ? "; nearest: \"" : "", near ? near : "", near ? "\"" : "");
}

static enum ct_status unknown_key(struct ct_error *err, const struct ct_table *t,
                                  struct ct_span key)
{
    enum { MOST = 32 };
    const char *names[MOST + 1];
    size_t n = 0;
    for (; n < t->n_columns && n < MOST; n++)
        names[n] = t->columns[n].name;
    names[n] = NULL;
    char word[64];
    snprintf(word, sizeof word, "%.*s", CT_FMT(key));
    const char *near = ct_nearest(word, names);
    return ct_fail(err, CT_ERR_SHAPE, t->name, "unknown key \"%s\"%s%s%s", word,
                   near ? "; nearest: \"" : "", near ? near : "", near ? "\"" : "");
}

/* The exact key; aliases are for people's filters only. */
static const struct ct_column *column_named(const struct ct_table *t, struct ct_span key)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (ct_span_is(key, t->columns[i].name))
            return &t->columns[i];
    return NULL;
}

static enum ct_status set_at(struct ct_span text, int64_t *at_ms, struct ct_error *err)
{
    if (ct_time_parse(text, at_ms) != CT_OK)
        return ct_fail(err, CT_ERR_SYNTAX, "at", "\"%.*s\" is not a time",
                       (int)(text.n > 60 ? 60 : text.n), text.p ? text.p : "");
    return CT_OK;
}

static enum ct_status add_row(struct ct_batch *b, const struct ct_table *t,
                              const union any_row *row, struct ct_error *err)
{
    void *place = ct_arena_full(b->arena) ? NULL : push_row(b, t);
    if (!place)
        return ct_fail(err, CT_ERR_LIMIT, t->name, "too many rows");
    memcpy(place, row, t->row_size);
    return CT_OK;
}

static enum ct_status read_object(struct ct_batch *b, json_t *object, int64_t *at_ms,
                                  struct ct_error *err)
{
    const json_t *kind = json_object_get(object, "row");
    if (!json_is_string(kind))
        return ct_fail(err, CT_ERR_SHAPE, "row", "the key \"row\" is missing or no text");
    struct ct_span kind_name = {json_string_value(kind), json_string_length(kind)};
    const struct ct_table *t = table_named(kind_name);
    if (!t)
        return unknown_table(err, kind_name);

    union any_row row;
    set_nulls(t, &row);
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        enum ct_status st = CT_OK;
        if (!strcmp(key, "row"))
            continue;
        const struct ct_column *c = column_named(t, ct_span(key));
        bool at = !strcmp(key, "at");
        if (!c && !at)
            return unknown_key(err, t, ct_span(key));
        if (at && json_is_string(value))
            st = set_at((struct ct_span){json_string_value(value), json_string_length(value)},
                        at_ms, err);
        else if (at && !json_is_null(value))
            st = ct_fail(err, CT_ERR_SHAPE, "at", "a value of the wrong type");
        if (st == CT_OK && c)
            st = set_json(b->arena, c, &row, value, err);
        if (st != CT_OK)
            return st;
    }
    return add_row(b, t, &row, err);
}

enum ct_status ct_batch_add_json(struct ct_batch *b, struct ct_span line, int64_t *at_ms,
                                 struct ct_error *err)
{
    json_error_t wrong;
    *at_ms = CT_NONE;
    json_t *object = json_loadb(line.p ? line.p : "", line.n, JSON_REJECT_DUPLICATES, &wrong);
    if (!object)
        return ct_fail(err, CT_ERR_SYNTAX, NULL, "not JSON: %s", wrong.text);
    enum ct_status st = json_is_object(object)
                            ? read_object(b, object, at_ms, err)
                            : ct_fail(err, CT_ERR_SHAPE, NULL, "a line must be one JSON object");
    json_decref(object);
    return st;
}

static struct ct_span csv_value(const struct ct_list *header, const struct ct_list *cells,
                                const char *name)
{
    for (size_t i = 0; i < header->n && i < cells->n; i++)
        if (ct_span_is(header->v[i], name))
            return cells->v[i];
    return CT_SPAN_NONE;
}

enum ct_status ct_batch_add_csv(struct ct_batch *b, const struct ct_list *header,
                                const struct ct_list *cells, int64_t *at_ms, struct ct_error *err)
{
    *at_ms = CT_NONE;
    if (cells->n != header->n)
        return ct_fail(err, CT_ERR_SHAPE, NULL, "%zu cells under a header of %zu", cells->n,
                       header->n);
    struct ct_span kind = csv_value(header, cells, "row");
    if (!kind.n)
        return ct_fail(err, CT_ERR_SHAPE, "row", "the column \"row\" is missing or empty");
    const struct ct_table *t = table_named(kind);
    if (!t)
        return unknown_table(err, kind);

    union any_row row;
    set_nulls(t, &row);
    for (size_t i = 0; i < header->n; i++) {
        const struct ct_column *c = column_named(t, header->v[i]);
        bool at = ct_span_is(header->v[i], "at");
        /* One header serves rows of several kinds: a foreign column is an error only where it says
         * something. */
        if (ct_span_is(header->v[i], "row") || !cells->v[i].n)
            continue;
        if (!c && !at)
            return unknown_key(err, t, header->v[i]);
        enum ct_status st = at ? set_at(cells->v[i], at_ms, err) : CT_OK;
        if (st == CT_OK && c)
            st = set_text(b->arena, c, &row, cells->v[i], err);
        if (st != CT_OK)
            return st;
    }
    return add_row(b, t, &row, err);
}
