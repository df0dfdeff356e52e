/* `models`: which model is sold on which cloud (contract.md section 3). A lab's own interface,
 * neoclouds and resellers are hosts: they are priced, but they end no exclusivity. */
#include "config.h"

#include "app/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const clouds[] = {"aws",     "azure",   "gcp",        "oracle", "ibm",
                                     "alibaba", "tencent", "volcengine", NULL};
/* Ids of a host that choose among models instead of being one. */
static const char *const pseudo_models[] = {"container", "model-router", NULL};

enum { MOST_CLOUDS = 8 };

/* One model on one cloud. */
struct cell {
    struct ct_span cloud;
    int64_t rows; /* distinct source ids */
    ct_nusd input, output;
    struct ct_list regions;
    int64_t first_ms; /* first seen there; CT_NONE */
};

struct model {
    struct ct_span lab, model;
    int open_weights, exclusive;
    int64_t n_clouds, exclusive_until_ms;
    struct ct_list names; /* of its clouds */
    struct ct_rows cells; /* struct cell */
};
#define ROW struct model
#define COLUMN(text, kind, field, bits)                                                            \
    {                                                                                              \
        .name = (text), .type = CT_TYPE_##kind, .off = offsetof(ROW, field), .flags = (bits)       \
    }
static const struct ct_column model_columns[] = {
    COLUMN("lab", TEXT, lab, CT_COL_SEARCH),
    COLUMN("model", TEXT, model, CT_COL_SEARCH),
    COLUMN("open_weights", BOOL, open_weights, 0),
    COLUMN("n_clouds", INT, n_clouds, 0),
    COLUMN("exclusive", BOOL, exclusive, 0),
    COLUMN("exclusive_until", TIME, exclusive_until_ms, 0),
    COLUMN("clouds", LIST, names, CT_COL_SEARCH),
};
static const struct ct_table model_table = {"models", sizeof(ROW), model_columns,
                                            CT_LEN(model_columns)};
const struct ct_table *const ct_model_table = &model_table;
#undef ROW

struct lab {
    struct ct_span lab;
    struct ct_list clouds;
    int64_t n_clouds, n_models /* on one cloud at least */, on_one, on_two, elsewhere;
};
#define ROW struct lab
static const struct ct_column lab_columns[] = {
    COLUMN("lab", TEXT, lab, CT_COL_SEARCH),
    COLUMN("n_clouds", INT, n_clouds, 0),
    COLUMN("clouds", LIST, clouds, CT_COL_SEARCH),
    COLUMN("n_models", INT, n_models, 0),
    COLUMN("n_models_on_one_cloud", INT, on_one, 0),
    COLUMN("n_models_on_two_or_more", INT, on_two, 0),
    COLUMN("n_models_on_no_cloud", INT, elsewhere, 0),
};
static const struct ct_table lab_table = {"labs", sizeof(ROW), lab_columns, CT_LEN(lab_columns)};
#undef ROW

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

/* ---- which sources count ---- */

/* The rules of the matrix are written for the list that says who bills (sources/models.md section
 * 8); resellers' and second opinions' lists are priced, but they put no model on a cloud. */
static const char *const opinions[] = {"openrouter-models",
                                       "openrouter-endpoints",
                                       "modelsdev",
                                       "llmprices",
                                       "genaiprices",
                                       "portkey",
                                       NULL};

static bool counts_in_matrix(struct ct_rows sources, struct ct_span name)
{
    const struct ct_source_row *s = sources.v;
    for (size_t i = 0; i < sources.n; i++)
        if (ct_span_eq(s[i].id, name))
            return ct_word(opinions, s[i].family) < 0;
    return true;
}

/* ---- from token rows to models ---- */

static int cmp_tokens(const void *a, const void *b)
{
    const struct ct_token_row *x = a, *y = b;
    int c = ct_span_cmp(x->price.lab, y->price.lab);
    if (c == 0)
        c = ct_span_cmp(x->price.model, y->price.model);
    if (c == 0)
        c = ct_span_cmp(x->price.host, y->price.host);
    return c ? c : ct_span_cmp(x->price.source_id, y->price.source_id);
}

static bool same_model(const struct ct_token_row *a, const struct ct_token_row *b)
{
    return ct_span_eq(a->price.lab, b->price.lab) && ct_span_eq(a->price.model, b->price.model);
}

static bool counts(const struct ct_token_row *t)
{
    return t->price.lab.n && t->price.model.n && ct_word(pseudo_models, t->price.model) < 0;
}

static void add_name(struct ct_arena *a, struct ct_list *list, struct ct_span name)
{
    if (!name.n)
        return;
    for (size_t i = 0; i < list->n; i++)
        if (ct_span_eq(list->v[i], name))
            return;
    struct ct_span *v = ct_arena_alloc(a, (list->n + 1) * sizeof *v);
    if (list->n)
        memcpy(v, list->v, list->n * sizeof *v);
    v[list->n] = name;
    *list = (struct ct_list){v, list->n + 1};
}

/* The list price: the lowest of the plain tier and of no variant of its own. */
static void take_price(struct cell *cell, const struct ct_token_price *p)
{
    ct_nusd *price = p->kind == CT_KIND_INPUT    ? &cell->input
                     : p->kind == CT_KIND_OUTPUT ? &cell->output
                                                 : NULL;
    if (!price || !ct_span_is(p->tier, "standard") || p->per_mtok == CT_NONE)
        return;
    if (*price == CT_NONE || p->per_mtok < *price)
        *price = p->per_mtok;
}

/* N token rows of one model, sorted by host and id. */
static void fill_model(struct ct_arena *a, struct model *m, const struct ct_token_row *t, size_t n)
{
    struct cell *cells = ct_arena_alloc(a, MOST_CLOUDS * sizeof *cells), *cell = NULL;
    *m = (struct model){.lab = t->price.lab,
                        .model = t->price.model,
                        .open_weights = -1,
                        .exclusive_until_ms = CT_NONE};
    for (size_t i = 0; i < n; i++) {
        if (t[i].price.open_weights > m->open_weights)
            m->open_weights = t[i].price.open_weights;
        if (ct_word(clouds, t[i].price.host) < 0)
            continue;
        if (!cell || !ct_span_eq(cell->cloud, t[i].price.host)) {
            cell = &cells[m->n_clouds++];
            *cell = (struct cell){
                .cloud = t[i].price.host, .input = CT_NONE, .output = CT_NONE, .first_ms = CT_NONE};
            add_name(a, &m->names, cell->cloud);
        }
        if (i == 0 || !ct_span_eq(t[i].price.source_id, t[i - 1].price.source_id) ||
            !ct_span_eq(t[i].price.host, t[i - 1].price.host))
            cell->rows++;
        take_price(cell, &t[i].price);
        add_name(a, &cell->regions, t[i].price.region);
    }
    m->cells = (struct ct_rows){cells, (size_t)m->n_clouds};
    m->exclusive = m->n_clouds == 1;
}

/* ---- when a second cloud came ---- */

/* "token/HOST/REGION/LAB/MODEL[@VARIANT]/KIND": the cells it speaks of. */
static void take_series(const struct ct_series_row *s, struct model *m)
{
    struct ct_span rest = s->series, host, lab, model;
    struct cell *cells = (struct cell *)(uintptr_t)m->cells.v;
    (void)ct_span_cut(&rest, '/');
    host = ct_span_cut(&rest, '/');
    (void)ct_span_cut(&rest, '/');
    lab = ct_span_cut(&rest, '/');
    model = ct_span_cut(&rest, '/');
    model = ct_span_cut(&model, '@');
    if (!ct_span_eq(lab, m->lab) || !ct_span_eq(model, m->model))
        return;
    for (size_t i = 0; i < m->cells.n; i++)
        if (ct_span_eq(cells[i].cloud, host) &&
            (cells[i].first_ms == CT_NONE || s->first_ms < cells[i].first_ms))
            cells[i].first_ms = s->first_ms;
}

/* What was on two clouds when recording began was never seen to be exclusive: no date then. */
static void date_exclusivity(struct model *m, int64_t recording_ms)
{
    const struct cell *cells = m->cells.v;
    int64_t first = CT_NONE, second = CT_NONE;
    for (size_t i = 0; i < m->cells.n; i++) {
        int64_t t = cells[i].first_ms;
        if (t == CT_NONE)
            continue;
        if (first == CT_NONE || t < first) {
            second = first;
            first = t;
        } else if (second == CT_NONE || t < second) {
            second = t;
        }
    }
    m->exclusive_until_ms = second != CT_NONE && second > recording_ms ? second : CT_NONE;
}

static int cmp_models(const void *a, const void *b)
{
    const struct model *x = a, *y = b;
    int c = ct_span_cmp(x->lab, y->lab);
    return c ? c : ct_span_cmp(x->model, y->model);
}

static void date_models(struct model *models, size_t n, struct ct_rows series,
                        struct ct_rows sources)
{
    const struct ct_series_row *s = series.v;
    int64_t recording = CT_NONE;
    for (size_t i = 0; i < series.n; i++)
        if (ct_span_starts(s[i].series, "token/") && counts_in_matrix(sources, s[i].source) &&
            (recording == CT_NONE || s[i].first_ms < recording))
            recording = s[i].first_ms;
    for (size_t i = 0; i < series.n; i++) {
        struct model key = {.n_clouds = 0};
        struct ct_span rest = s[i].series;
        if (!ct_span_starts(rest, "token/") || !counts_in_matrix(sources, s[i].source))
            continue;
        for (int skip = 0; skip < 3; skip++)
            (void)ct_span_cut(&rest, '/');
        key.lab = ct_span_cut(&rest, '/');
        key.model = ct_span_cut(&rest, '/');
        key.model = ct_span_cut(&key.model, '@');
        struct model *m = bsearch(&key, models, n, sizeof *models, cmp_models);
        if (m)
            take_series(&s[i], m);
    }
    for (size_t i = 0; i < n; i++)
        date_exclusivity(&models[i], recording);
}

static enum ct_status load_models(struct ct_call *c, struct ct_reader *r, struct ct_rows *out)
{
    struct ct_query q = ct_call_query(c);
    struct ct_rows rows = {NULL, 0}, series = {NULL, 0}, sources = {NULL, 0};
    CT_VEC(struct model) models = {0};
    CT_VEC(struct ct_token_row) kept = {0};
    enum ct_status status = ct_read_tokens(r, &q, c->arena, &rows, &c->err);
    if (status == CT_OK)
        status = ct_read_series(r, &q, c->arena, &series, &c->err);
    if (status == CT_OK)
        status = ct_read_sources(r, &q, c->arena, &sources, &c->err);
    const struct ct_token_row *t = rows.v;
    for (size_t i = 0; status == CT_OK && i < rows.n; i++)
        if (counts(&t[i]) && counts_in_matrix(sources, t[i].source))
            *CT_VEC_PUSH(c->arena, &kept) = t[i];
    if (kept.n)
        qsort(kept.v, kept.n, sizeof *kept.v, cmp_tokens);
    for (size_t i = 0, n; i < kept.n; i += n) {
        for (n = 1; i + n < kept.n && same_model(&kept.v[i], &kept.v[i + n]); n++)
            ;
        fill_model(c->arena, CT_VEC_PUSH(c->arena, &models), &kept.v[i], n);
    }
    date_models(models.v, models.n, series, sources);
    *out = (struct ct_rows){models.v, models.n};
    return status;
}

static struct ct_rows labs_of(struct ct_arena *a, struct ct_rows rows)
{
    const struct model *m = rows.v;
    CT_VEC(struct lab) labs = {0};
    for (size_t i = 0; i < rows.n; i++) {
        if (labs.n == 0 || !ct_span_eq(labs.v[labs.n - 1].lab, m[i].lab))
            *CT_VEC_PUSH(a, &labs) = (struct lab){.lab = m[i].lab};
        struct lab *l = &labs.v[labs.n - 1];
        for (size_t k = 0; k < m[i].names.n; k++)
            add_name(a, &l->clouds, m[i].names.v[k]);
        l->n_clouds = (int64_t)l->clouds.n;
        l->n_models += m[i].n_clouds > 0;
        l->elsewhere += m[i].n_clouds == 0;
        l->on_one += m[i].n_clouds == 1;
        l->on_two += m[i].n_clouds >= 2;
    }
    return (struct ct_rows){labs.v, labs.n};
}

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
        add_name(c->arena, &u->hosts, t->price.host);
        add_name(c->arena, &u->sources, t->source);
        u->n_prices += t->price.per_mtok != CT_NONE;
    }
    *out = (struct ct_rows){ids.v, ids.n};
    return status;
}

/* ---- JSON: the clouds of a model are an object ---- */

static void cell_json(struct ct_jw *w, const struct cell *cell)
{
    char name[32];
    snprintf(name, sizeof name, "%.*s", CT_FMT(cell->cloud));
    ct_jw_key(w, name);
    ct_jw_object(w);
    ct_jw_key(w, "rows");
    ct_jw_int(w, cell->rows);
    ct_jw_key(w, "input_usd_per_mtok");
    ct_jw_decimal(w, cell->input, 9);
    ct_jw_key(w, "output_usd_per_mtok");
    ct_jw_decimal(w, cell->output, 9);
    ct_jw_key(w, "regions");
    ct_jw_array(w);
    for (size_t i = 0; i < cell->regions.n; i++)
        ct_jw_text(w, cell->regions.v[i]);
    ct_jw_end_array(w);
    ct_jw_end_object(w);
}

static void model_json(struct ct_jw *w, const struct model *m)
{
    const struct cell *cells = m->cells.v;
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
    ct_jw_key(w, "clouds");
    ct_jw_object(w);
    for (size_t i = 0; i < m->cells.n; i++)
        cell_json(w, &cells[i]);
    ct_jw_end_object(w);
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
    if (ct_call_select(c, &model_table, &rows, "", 0, &matched) != CT_OK)
        return ct_report(&c->err);
    ct_jw_init(&w, &out);
    if (object)
        ct_output_open(&w, e);
    for (size_t i = 0; i < rows.n; i++)
        model_json(&w, (const struct model *)rows.v + i);
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

enum ct_status ct_call_models(struct ct_call *c, struct ct_reader *r, const struct ct_table **t,
                              struct ct_rows *out)
{
    *t = &model_table;
    return load_models(c, r, out);
}

int ct_cmd_models(struct ct_call *c)
{
    struct ct_reader *r = NULL;
    struct ct_envelope e;
    struct ct_rows rows = {NULL, 0};
    enum ct_status status = ct_call_reader(c, &r);
    bool unresolved = c->flag[CT_FLAG_UNRESOLVED] != NULL;
    if (unresolved && c->flag[CT_FLAG_LABS])
        return ct_usage("models", "--unresolved goes without --labs");
    if (status == CT_OK)
        status = unresolved ? load_unresolved(c, r, &rows) : load_models(c, r, &rows);
    else if (status == CT_ERR_NOT_FOUND)
        status = CT_OK;
    if (status == CT_OK)
        status = ct_call_envelope(c, r, 1u << CT_SOURCE_MODELS, &e);
    ct_reader_close(r);
    if (status != CT_OK)
        return ct_report(&c->err);
    if (unresolved)
        return ct_print_rows(c, &unresolved_table, rows, NULL, "n_prices:desc", 0, &e);
    if (c->flag[CT_FLAG_LABS])
        return ct_print_rows(c, &lab_table, labs_of(c->arena, rows), NULL, "", 0, &e);
    if (c->output.format == CT_FORMAT_JSON || c->output.format == CT_FORMAT_NDJSON)
        return print_models_json(c, rows, &e);
    return ct_print_rows(c, &model_table, rows, NULL, "", 0, &e);
}
