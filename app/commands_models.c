/* `models`: which model is sold on which cloud (contract.md section 3). A lab's own interface,
 * neoclouds and resellers are hosts: they are priced, but they end no exclusivity. */
#include "config.h"

#include "app/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN(text, kind, field, bits)                                                            \
    {                                                                                              \
        .name = (text), .type = CT_TYPE_##kind, .off = offsetof(ROW, field), .flags = (bits)       \
    }

/* An id that names no known lab, or no model at all. */
struct unresolved {
    struct ct_span source_id,
        model; /* model: what was made of the id; null: it chooses among models */
    struct ct_list hosts, sources;
    int64_t n_prices;
};
#define ROW struct unresolved
static const struct ct_column unresolved_columns[] = {
    COLUMN("source_id", TEXT, source_id, CT_COL_SEARCH),
    COLUMN("model", TEXT, model, CT_COL_SEARCH),
    COLUMN("hosts", LIST, hosts, CT_COL_SEARCH),
    COLUMN("sources", LIST, sources, CT_COL_SEARCH),
    COLUMN("n_prices", INT, n_prices, 0),
};
static const struct ct_table unresolved_table = {"unresolved", sizeof(ROW), unresolved_columns,
                                                 CT_LEN(unresolved_columns)};
#undef ROW

static int cmp_ids(const void *a, const void *b)
{
    const struct ct_token_row *x = a, *y = b;
    int c = ct_span_cmp(x->price.source_id, y->price.source_id);
    if (c == 0)
        c = ct_span_cmp(x->price.host, y->price.host);
    return c ? c : ct_span_cmp(x->source, y->source);
}

/* Rows whose id names no lab, one an id. */
static enum ct_status load_unresolved(struct ct_call *c, struct ct_reader *r, struct ct_rows *out)
{
    struct ct_query q = ct_call_query(c);
    struct ct_rows rows = {NULL, 0};
    CT_VEC(struct ct_token_row) kept = {0};
    CT_VEC(struct unresolved) ids = {0};
    enum ct_status status = ct_read_tokens(r, &q, c->arena, &rows, &c->err);
    const struct ct_token_row *t = rows.v;
    for (size_t i = 0; status == CT_OK && i < rows.n; i++)
        if (!t[i].price.lab.n || !t[i].price.model.n)
            *CT_VEC_PUSH(c->arena, &kept) = t[i];
    if (kept.n)
        qsort(kept.v, kept.n, sizeof *kept.v, cmp_ids);
    for (size_t i = 0; i < kept.n; i++) {
        t = &kept.v[i];
        if (i == 0 || !ct_span_eq(t->price.source_id, t[-1].price.source_id))
            *CT_VEC_PUSH(c->arena, &ids) =
                (struct unresolved){.source_id = t->price.source_id, .model = t->price.model};
        struct unresolved *u = &ids.v[ids.n - 1];
        ct_list_unite(c->arena, &u->hosts, t->price.host);
        ct_list_unite(c->arena, &u->sources, t->source);
        u->n_prices += t->price.per_mtok != CT_NONE;
    }
    *out = (struct ct_rows){ids.v, ids.n};
    return status;
}

/* ---- JSON: the clouds of a model are an object ---- */

static void seller_json(struct ct_jw *w, const struct ct_seller *s)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", CT_FMT(s->host));
    ct_jw_key(w, name);
    ct_jw_object(w);
    ct_jw_key(w, "rows");
    ct_jw_int(w, s->rows);
    ct_jw_key(w, "input_usd_per_mtok");
    ct_jw_decimal(w, s->input, 9);
    ct_jw_key(w, "output_usd_per_mtok");
    ct_jw_decimal(w, s->output, 9);
    ct_jw_key(w, "regions");
    ct_jw_array(w);
    for (size_t i = 0; i < s->regions.n; i++)
        ct_jw_text(w, s->regions.v[i]);
    ct_jw_end_array(w);
    ct_jw_key(w, "first_seen_at");
    ct_jw_time(w, s->first_ms);
    ct_jw_key(w, "retires_at");
    ct_jw_time(w, s->retires_ms);
    ct_jw_end_object(w);
}

/* The clouds of a model, or its other hosts, by name. */
static void sellers_json(struct ct_jw *w, const char *key, const struct ct_model_row *m, bool clouds)
{
    const struct ct_seller *s = m->sellers.v;
    ct_jw_key(w, key);
    ct_jw_object(w);
    for (size_t i = 0; i < m->sellers.n; i++)
        if ((s[i].cloud >= 0) == clouds)
            seller_json(w, &s[i]);
    ct_jw_end_object(w);
}

static void model_json(struct ct_jw *w, const struct ct_model_row *m)
{
    ct_jw_object(w);
    ct_jw_key(w, "lab");
    ct_jw_text(w, m->lab);
    ct_jw_key(w, "model");
    ct_jw_text(w, m->model);
    ct_jw_key(w, "open_weights");
    if (m->open_weights < 0)
        ct_jw_null(w);
    else
        ct_jw_bool(w, m->open_weights == 1);
    ct_jw_key(w, "n_clouds");
    ct_jw_int(w, m->n_clouds);
    ct_jw_key(w, "exclusive");
    ct_jw_bool(w, m->exclusive == 1);
    ct_jw_key(w, "exclusive_until");
    ct_jw_time(w, m->exclusive_until_ms);
    sellers_json(w, "clouds", m, true);
    sellers_json(w, "hosts", m, false);
    ct_jw_end_object(w);
}

static int print_models_json(struct ct_call *c, struct ct_rows rows, const struct ct_envelope *e)
{
    struct ct_buf out = CT_BUF_INIT;
    struct ct_jw w;
    size_t matched = 0;
    bool object = c->output.format == CT_FORMAT_JSON;
    bool any = rows.n > 0;
    if (c->flag[CT_FLAG_COLUMNS])
        return ct_usage("models", "--columns goes with text, --csv and --tsv");
    if (ct_call_select(c, &ct_model_table, &rows, "", 0, &matched) != CT_OK)
        return ct_report(&c->err);
    ct_jw_init(&w, &out);
    if (object)
        ct_output_open(&w, e);
    for (size_t i = 0; i < rows.n; i++)
        model_json(&w, (const struct ct_model_row *)rows.v + i);
    if (object)
        ct_output_close(&w);
    if (out.n)
        ct_buf_addc(&out, '\n');
    int code = ct_output_flush(&out);
    ct_buf_free(&out);
    if (code)
        return code;
    if (!any)
        return ct_no_data(c);
    return c->flag[CT_FLAG_FAIL_EMPTY] && matched == 0 ? 4 : 0;
}

/* The ways to look at the market, one a call. */
static const struct way {
    enum ct_flag flag;
    ct_load_fn *load;
    const struct ct_table *table;
    const char *columns;
} ways[] = {
    {CT_FLAG_LABS, ct_read_labs, &ct_lab_table, NULL},
    {CT_FLAG_BY, ct_read_regions, &ct_seller_table,
     "lab model host regions rows input output first_seen_at retires_at"},
    {CT_FLAG_CHANGES, ct_read_model_changes, &ct_model_change_table, NULL},
    {CT_FLAG_UNRESOLVED, NULL, &unresolved_table, NULL},
};

/* The way C asks for; NULL: model by model. */
static enum ct_status find_way(struct ct_call *c, const struct way **out, struct ct_query *q)
{
    int64_t span = 0;
    *out = NULL;
    for (size_t i = 0; i < CT_LEN(ways); i++) {
        if (!c->flag[ways[i].flag])
            continue;
        if (*out)
            return ct_fail(&c->err, CT_ERR_USAGE, "models", "--%s goes without --%s",
                           ct_flag_defs[ways[i].flag].word, ct_flag_defs[(*out)->flag].word);
        *out = &ways[i];
    }
    const char *by = c->flag[CT_FLAG_BY];
    if (by && strcmp(by, "cloud") == 0)
        *out = NULL; /* as usual */
    else if (by && strcmp(by, "region") != 0)
        return ct_fail(&c->err, CT_ERR_USAGE, "models", "--by: cloud or region, not \"%s\"", by);
    if (!c->flag[CT_FLAG_CHANGES])
        return CT_OK;
    enum ct_status status = ct_call_span(c, CT_FLAG_CHANGES, &span);
    q->from_ms = (c->at_ms == CT_LIVE ? c->now_ms : c->at_ms) - span;
    q->to_ms = c->at_ms == CT_LIVE ? c->now_ms : c->at_ms;
    return status;
}

int ct_cmd_models(struct ct_call *c)
{
    struct ct_reader *r = NULL;
    struct ct_envelope e;
    struct ct_rows rows = {NULL, 0};
    struct ct_query q = ct_call_query(c);
    const struct way *way;
    enum ct_status status = find_way(c, &way, &q);
    if (status != CT_OK)
        return ct_report(&c->err);
    ct_load_fn *load = way ? way->load : ct_read_models;
    status = ct_call_reader(c, &r);
    if (status == CT_OK)
        status = load ? load(r, &q, c->arena, &rows, &c->err) : load_unresolved(c, r, &rows);
    else if (status == CT_ERR_NOT_FOUND)
        status = CT_OK;
    if (status == CT_OK)
        status = ct_call_envelope(c, r, 1u << CT_SOURCE_MODELS, &e);
    ct_call_reader_close(c, r);
    if (status != CT_OK)
        return ct_report(&c->err);
    if (way)
        return ct_print_rows(c, way->table, rows, way->columns, load ? "" : "n_prices:desc", 0, &e);
    if (c->output.format == CT_FORMAT_JSON || c->output.format == CT_FORMAT_NDJSON)
        return print_models_json(c, rows, &e);
    return ct_print_rows(c, &ct_model_table, rows, NULL, "", 0, &e);
}
