/* Which model is sold where. A lab's own interface, neoclouds and resellers are hosts: they are
 * priced, but they end no exclusivity (contract.md section 3). */
#include "db/columns.h"
#include "db/reader.h"

#include <stdlib.h>

const char *const ct_cloud_words[] = {"aws",     "azure",   "gcp",        "oracle", "ibm",
                                      "alibaba", "tencent", "volcengine", NULL};
_Static_assert(CT_LEN(ct_cloud_words) == CT_N_CLOUDS + 1, "a word a cloud");
/* Ids of a host that choose among models instead of being one. */
static const char *const pseudo_models[] = {"container", "model-router", NULL};
/* Families that are not the list that says who bills: priced, but they put no model on a cloud. */
static const char *const opinions[] = {"openrouter-models", "openrouter-endpoints", "modelsdev",
                                       "llmprices",         "genaiprices",          "portkey",
                                       NULL};

#define ROW struct ct_seller
static const struct ct_column seller_columns[] = {
    COL(TEXT, "lab", lab, SEARCH),
    COL(TEXT, "model", model, SEARCH),
    COL(TEXT, "host", host, SEARCH, ALIAS("cloud provider")),
    COL(TEXT, "host_class", host_class, SEARCH, ALIAS("class")),
    COL(INT, "rows", rows),
    COL(NANO, "input", input, ALIAS("in price")),
    COL(NANO, "output", output, ALIAS("out")),
    COL(LIST, "regions", regions, SEARCH, ALIAS("region")),
    COL(TIME, "first_seen_at", first_ms, ALIAS("first")),
    COL(TIME, "retires_at", retires_ms, ALIAS("retires")),
    COL(TIME, "seen_at", seen_ms, ALIAS("seen")),
    ENUM("freshness", freshness, ct_freshness_words, FLAGS(CT_COL_RANKED)),
    COL(TEXT, "series", series, FLAGS(CT_COL_HIDDEN)),
};
TABLE(ct_seller_table, "sellers", ROW, seller_columns);
#undef ROW

#define ROW struct ct_model_row
static const struct ct_column model_columns[] = {
    COL(TEXT, "lab", lab, SEARCH),
    COL(TEXT, "model", model, SEARCH),
    COL(BOOL, "open_weights", open_weights, ALIAS("open")),
    COL(INT, "n_clouds", n_clouds),
    COL(BOOL, "exclusive", exclusive),
    COL(TIME, "exclusive_until", exclusive_until_ms),
    COL(LIST, "clouds", clouds, SEARCH, ALIAS("cloud host provider")),
    COL(INT, "n_hosts", n_hosts, ALIAS("hosts")),
    COL(NANO, "direct", direct_input),
    COL(NANO, "aws", input[0]),
    COL(NANO, "azure", input[1]),
    COL(NANO, "gcp", input[2]),
    COL(NANO, "oracle", input[3]),
    COL(NANO, "ibm", input[4]),
    COL(NANO, "alibaba", input[5]),
    COL(NANO, "tencent", input[6]),
    COL(NANO, "volcengine", input[7]),
    COL(NANO, "cheapest", cheapest_input, FLAGS(CT_COL_PRICE), ALIAS("price input")),
    COL(TEXT, "cheapest_host", cheapest_host, SEARCH),
    COL(TIME, "first_seen_at", first_ms, ALIAS("first")),
    COL(TIME, "retires_at", retires_ms, ALIAS("retires")),
    COL(TIME, "seen_at", seen_ms, ALIAS("seen")),
    ENUM("freshness", freshness, ct_freshness_words, FLAGS(CT_COL_RANKED)),
    COL(LIST, "old_hosts", old_hosts, FLAGS(CT_COL_HIDDEN)),
    COL(BOOL, "old", old, FLAGS(CT_COL_HIDDEN)),
    COL(TEXT, "key", key, FLAGS(CT_COL_HIDDEN)),
    COL(TEXT, "series", series, FLAGS(CT_COL_HIDDEN)),
};
TABLE(ct_model_table, "models", ROW, model_columns);
#undef ROW

#define ROW struct ct_lab_row
static const struct ct_column lab_columns[] = {
    COL(TEXT, "lab", lab, SEARCH),
    COL(INT, "n_clouds", n_clouds),
    COL(LIST, "clouds", clouds, SEARCH, ALIAS("cloud")),
    COL(LIST, "closed_clouds", closed_clouds),
    COL(INT, "n_models", n_models),
    COL(INT, "n_models_on_one_cloud", on_one),
    COL(INT, "n_models_on_two_or_more", on_two),
    COL(INT, "n_models_on_no_cloud", elsewhere),
    COL(MILLI, "one_cloud_pct", one_cloud_milli),
    COL(INT, "n_closed", closed),
    COL(INT, "n_closed_on_one_cloud", closed_on_one),
    COL(TIME, "second_cloud_at", second_ms, ALIAS("second")),
    COL(TIME, "third_cloud_at", third_ms, ALIAS("third")),
    COL(TEXT, "second_cloud", second_cloud),
    COL(TEXT, "third_cloud", third_cloud),
    COL(TEXT, "series", series, FLAGS(CT_COL_HIDDEN)),
};
TABLE(ct_lab_table, "labs", ROW, lab_columns);
#undef ROW

#define ROW struct ct_model_change_row
static const struct ct_column change_columns[] = {
    COL(TIME, "at", at_ms),
    COL(TEXT, "what", what, SEARCH),
    COL(TEXT, "lab", lab, SEARCH),
    COL(TEXT, "model", model, SEARCH),
    COL(TEXT, "host", host, SEARCH, ALIAS("cloud provider")),
    COL(TEXT, "host_class", host_class, SEARCH, ALIAS("class")),
};
TABLE(ct_model_change_table, "model_changes", ROW, change_columns);
#undef ROW

/* What the rows are made from. */
struct market {
    struct ct_arena *arena;   /* of what is given back */
    struct ct_arena *scratch; /* of everything read: of a whole market ten times as much */
    CT_VEC(struct ct_token_row) prices; /* those that count, by lab, model, host, id */
    struct ct_rows series, sources, reach;
    int64_t recording_ms; /* first price of a list that says who bills; CT_NONE */
    bool by_region;       /* a seller is a host's region */
};

/* "token/HOST/REGION/LAB/MODEL[@VARIANT]/KIND" */
struct token_name {
    struct ct_span host, lab, model;
};

bool ct_says_who_bills(struct ct_span family)
{
    return ct_word(opinions, family) < 0;
}

bool ct_puts_on_cloud(struct ct_span host, struct ct_span family, struct ct_span model)
{
    return ct_word(ct_cloud_words, host) >= 0 && ct_says_who_bills(family) && model.n &&
           ct_word(pseudo_models, model) < 0;
}

static bool bills(struct ct_rows sources, struct ct_span name)
{
    const struct ct_source_row *s = sources.v;
    for (size_t i = 0; i < sources.n; i++)
        if (ct_span_eq(s[i].id, name))
            return ct_says_who_bills(s[i].family);
    return true;
}

static int by_spans(const struct ct_span *p, const struct ct_span *q, size_t n)
{
    int way = 0;
    for (size_t i = 0; way == 0 && i < n; i++)
        way = ct_span_cmp(p[i], q[i]);
    return way;
}

static int by_model_and_host(const void *a, const void *b)
{
    const struct ct_token_price *x = &((const struct ct_token_row *)a)->price;
    const struct ct_token_price *y = &((const struct ct_token_row *)b)->price;
    const struct ct_span p[] = {x->lab, x->model, x->host, x->source_id, x->region};
    const struct ct_span q[] = {y->lab, y->model, y->host, y->source_id, y->region};
    return by_spans(p, q, CT_LEN(p));
}

static int by_model_and_region(const void *a, const void *b)
{
    const struct ct_token_price *x = &((const struct ct_token_row *)a)->price;
    const struct ct_token_price *y = &((const struct ct_token_row *)b)->price;
    const struct ct_span p[] = {x->lab, x->model, x->host, x->region, x->source_id};
    const struct ct_span q[] = {y->lab, y->model, y->host, y->region, y->source_id};
    return by_spans(p, q, CT_LEN(p));
}

static bool counts(const struct market *m, const struct ct_token_row *t)
{
    return t->price.lab.n && t->price.model.n && t->price.host.n &&
           ct_word(pseudo_models, t->price.model) < 0 &&
           (ct_word(ct_cloud_words, t->price.host) < 0 || bills(m->sources, t->source));
}

static struct token_name name_parts(struct ct_span series)
{
    struct token_name n;
    (void)ct_span_cut(&series, '/');
    n.host = ct_span_cut(&series, '/');
    (void)ct_span_cut(&series, '/');
    n.lab = ct_span_cut(&series, '/');
    n.model = ct_span_cut(&series, '/');
    n.model = ct_span_cut(&n.model, '@');
    return n;
}

static enum ct_status load_market(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                  struct market *m, struct ct_error *err)
{
    struct ct_rows prices = {NULL, 0};
    struct ct_query all = *q;
    *m = (struct market){
        .arena = a, .scratch = ct_arena_new(0), .recording_ms = CT_NONE, .by_region = m->by_region};
    all.subject = CT_SPAN_NONE;
    enum ct_status status = ct_read_tokens(r, &all, m->scratch, &prices, err);
    if (status == CT_OK)
        status = ct_read_sources(r, &all, m->scratch, &m->sources, err);
    if (status == CT_OK)
        status = ct_read_reach(r, &all, m->scratch, &m->reach, err);
    all.subject = CT_LIT("token/*");
    all.whole = true;
    if (status == CT_OK)
        status = ct_read_series(r, &all, m->scratch, &m->series, err);
    if (status != CT_OK)
        return status;
    const struct ct_token_row *t = prices.v;
    for (size_t i = 0; i < prices.n; i++) {
        struct ct_token_row *kept = counts(m, &t[i]) ? CT_VEC_PUSH(m->scratch, &m->prices) : NULL;
        if (kept)
            *kept = t[i];
    }
    if (m->prices.n)
        qsort(m->prices.v, m->prices.n, sizeof *m->prices.v,
              m->by_region ? by_model_and_region : by_model_and_host);
    const struct ct_series_row *s = m->series.v;
    for (size_t i = 0; i < m->series.n; i++)
        if (bills(m->sources, s[i].source) &&
            (m->recording_ms == CT_NONE || s[i].first_ms < m->recording_ms))
            m->recording_ms = s[i].first_ms;
    return CT_OK;
}

static void lower(ct_nusd *least, ct_nusd price)
{
    if (price != CT_NONE && (*least == CT_NONE || price < *least))
        *least = price;
}

static void start_seller(struct ct_seller *s, const struct ct_token_row *t)
{
    *s = (struct ct_seller){.lab = t->price.lab,
                            .model = t->price.model,
                            .host = t->price.host,
                            .host_class = t->price.host_class,
                            .cloud = ct_word(ct_cloud_words, t->price.host),
                            .input = CT_NONE,
                            .output = CT_NONE,
                            .first_ms = CT_NONE,
                            .retires_ms = t->price.retires_ms,
                            .seen_ms = t->seen_ms,
                            .freshness = t->freshness,
                            .series = t->series};
}

/* Several lists may name the seller. One that is read today counts alone. */
static void add_price(struct ct_arena *a, struct ct_seller *s, const struct ct_token_row *t)
{
    const struct ct_token_price *p = &t->price;
    if (t->freshness <= CT_LATE && s->freshness > CT_LATE)
        s->input = s->output = CT_NONE;
    s->freshness = t->freshness < s->freshness ? t->freshness : s->freshness;
    if (p->retires_ms == CT_NONE || s->retires_ms == CT_NONE)
        s->retires_ms = CT_NONE; /* something of it stays */
    else if (p->retires_ms > s->retires_ms)
        s->retires_ms = p->retires_ms;
    s->seen_ms = t->seen_ms > s->seen_ms ? t->seen_ms : s->seen_ms;
    ct_list_unite(a, &s->regions, p->region);
    if (t->freshness > CT_LATE && s->freshness <= CT_LATE)
        return;
    if (p->tier.n && !ct_span_is(p->tier, "standard"))
        return;
    if (p->kind == CT_KIND_OUTPUT)
        lower(&s->output, p->per_mtok);
    if (p->kind != CT_KIND_INPUT)
        return;
    if (s->input == CT_NONE || (p->per_mtok != CT_NONE && p->per_mtok < s->input))
        s->series = t->series;
    lower(&s->input, p->per_mtok);
}

static int by_cloud_first(const void *a, const void *b)
{
    const struct ct_seller *x = a, *y = b;
    bool cloud = x->cloud >= 0, other = y->cloud >= 0;
    return cloud != other ? (cloud ? -1 : 1) : ct_span_cmp(x->host, y->host);
}

/* N sellers from V, out of the scratch; their texts, and those of ROW, no longer lie there. */
static struct ct_rows keep_sellers(struct ct_arena *a, const struct ct_model_row *row,
                                   const struct ct_seller *v, size_t n)
{
    struct ct_seller *kept = ct_arena_alloc(a, n * sizeof *kept);
    for (size_t i = 0; kept && i < n; i++) {
        kept[i] = v[i];
        kept[i].lab = row->lab;
        kept[i].model = row->model;
        kept[i].host = ct_arena_dup(a, v[i].host);
        kept[i].host_class = ct_arena_dup(a, v[i].host_class);
        kept[i].series = ct_arena_dup(a, v[i].series);
        kept[i].regions = (struct ct_list){NULL, 0};
        for (size_t k = 0; k < v[i].regions.n; k++)
            ct_list_unite(a, &kept[i].regions, ct_arena_dup(a, v[i].regions.v[k]));
    }
    return (struct ct_rows){kept, kept ? n : 0};
}

/* The rows of one model, N of them from T, as its sellers. */
static void find_sellers(struct market *m, struct ct_model_row *row, const struct ct_token_row *t,
                         size_t n)
{
    CT_VEC(struct ct_seller) sellers = {0};
    struct ct_seller *s = NULL;
    for (size_t i = 0; i < n; i++) {
        bool next = !s || !ct_span_eq(s->host, t[i].price.host) ||
                    (m->by_region && !ct_span_eq(t[i].price.region, t[i - 1].price.region));
        if (next) {
            s = CT_VEC_PUSH(m->scratch, &sellers);
            if (!s)
                return;
            start_seller(s, &t[i]);
        }
        s->rows += next || !ct_span_eq(t[i].price.source_id, t[i - 1].price.source_id);
        add_price(m->scratch, s, &t[i]);
        if (t[i].price.open_weights > row->open_weights)
            row->open_weights = t[i].price.open_weights;
    }
    qsort(sellers.v, sellers.n, sizeof *sellers.v, by_cloud_first);
    row->sellers = keep_sellers(m->arena, row, sellers.v, sellers.n);
}

static void sum_up(struct ct_arena *a, struct ct_model_row *row)
{
    const struct ct_seller *s = row->sellers.v;
    for (size_t i = 0; i < row->sellers.n; i++) {
        if (s[i].cloud >= 0) {
            row->on[s[i].cloud] = &s[i];
            row->input[s[i].cloud] = s[i].input;
            row->n_clouds++;
            ct_list_unite(a, &row->clouds, s[i].host);
        } else {
            row->n_hosts++;
        }
        if (ct_span_is(s[i].host_class, "direct") && !row->direct) {
            row->direct = &s[i];
            row->direct_input = s[i].input;
        }
        int old = s[i].freshness > CT_LATE;
        /* What costs nothing is inside a plan or a trial: no price to compare with. */
        if (s[i].input != CT_NONE && s[i].input > 0 &&
            (row->cheapest_input == CT_NONE || old < row->old ||
             (old == row->old && s[i].input < row->cheapest_input))) {
            row->cheapest_input = s[i].input;
            row->cheapest_host = s[i].host;
            row->old = old;
        }
        if (old)
            ct_list_unite(a, &row->old_hosts, s[i].host);
        if (s[i].retires_ms != CT_NONE &&
            (row->retires_ms == CT_NONE || s[i].retires_ms < row->retires_ms))
            row->retires_ms = s[i].retires_ms;
        row->seen_ms = s[i].seen_ms > row->seen_ms ? s[i].seen_ms : row->seen_ms;
        row->freshness = s[i].freshness < row->freshness ? s[i].freshness : row->freshness;
    }
    row->exclusive = row->n_clouds == 1;
    row->series = row->direct ? row->direct->series : row->sellers.n ? s[0].series : CT_SPAN_NONE;
}

static void fill_model(struct market *m, struct ct_model_row *row, const struct ct_token_row *t,
                       size_t n)
{
    *row = (struct ct_model_row){.lab = ct_arena_dup(m->arena, t->price.lab),
                                 .model = ct_arena_dup(m->arena, t->price.model),
                                 .open_weights = -1,
                                 .exclusive_until_ms = CT_NONE,
                                 .direct_input = CT_NONE,
                                 .cheapest_input = CT_NONE,
                                 .first_ms = CT_NONE,
                                 .retires_ms = CT_NONE,
                                 .seen_ms = CT_NONE,
                                 .freshness = CT_WAITING,
                                 .old = 1};
    row->key = ct_arena_printf(m->arena, "%.*s/%.*s", CT_FMT(row->lab), CT_FMT(row->model));
    for (int i = 0; i < CT_N_CLOUDS; i++)
        row->input[i] = CT_NONE;
    find_sellers(m, row, t, n);
    sum_up(m->arena, row);
}

/* ---- when things were first seen ---- */

static void earlier(int64_t *first_ms, int64_t t)
{
    if (t != CT_NONE && (*first_ms == CT_NONE || t < *first_ms))
        *first_ms = t;
}

static int by_lab_and_model(const void *a, const void *b)
{
    const struct ct_model_row *x = a, *y = b;
    int way = ct_span_cmp(x->lab, y->lab);
    return way ? way : ct_span_cmp(x->model, y->model);
}

/* The moment the NTH of FIRST came; CT_NONE where that was when recording began, or never. */
static int64_t nth_seen(const int64_t *first, size_t n, size_t nth, int64_t recording_ms)
{
    int64_t sorted[CT_N_CLOUDS];
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = known;
        if (first[i] == CT_NONE)
            continue;
        for (; at > 0 && sorted[at - 1] > first[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = first[i];
        known++;
    }
    bool seen = known >= nth && sorted[nth - 1] > recording_ms;
    return seen ? sorted[nth - 1] : CT_NONE;
}

static void date_models(const struct market *m, struct ct_model_row *models, size_t n)
{
    const struct ct_series_row *s = m->series.v;
    for (size_t i = 0; i < m->series.n; i++) {
        struct token_name name = name_parts(s[i].series);
        struct ct_model_row key = {.lab = name.lab, .model = name.model};
        struct ct_model_row *row = n ? bsearch(&key, models, n, sizeof key, by_lab_and_model) : NULL;
        if (!row || (ct_word(ct_cloud_words, name.host) >= 0 && !bills(m->sources, s[i].source)))
            continue;
        struct ct_seller *sellers = (struct ct_seller *)(uintptr_t)row->sellers.v;
        for (size_t k = 0; k < row->sellers.n; k++)
            if (ct_span_eq(sellers[k].host, name.host))
                earlier(&sellers[k].first_ms, s[i].first_ms);
        earlier(&row->first_ms, s[i].first_ms);
    }
    for (size_t i = 0; i < n; i++) {
        int64_t first[CT_N_CLOUDS];
        struct ct_seller *sellers = (struct ct_seller *)(uintptr_t)models[i].sellers.v;
        for (size_t k = 0; k < models[i].sellers.n; k++)
            sellers[k].came = sellers[k].first_ms != CT_NONE && sellers[k].first_ms > m->recording_ms;
        for (int c = 0; c < CT_N_CLOUDS; c++)
            first[c] = models[i].on[c] ? models[i].on[c]->first_ms : CT_NONE;
        models[i].exclusive_until_ms = nth_seen(first, CT_N_CLOUDS, 2, m->recording_ms);
    }
}

static struct ct_rows models_of(struct market *m)
{
    CT_VEC(struct ct_model_row) models = {0};
    const struct ct_token_row *t = m->prices.v;
    for (size_t i = 0, n; i < m->prices.n; i += n) {
        for (n = 1; i + n < m->prices.n && ct_span_eq(t[i].price.lab, t[i + n].price.lab) &&
                    ct_span_eq(t[i].price.model, t[i + n].price.model);
             n++)
            ;
        struct ct_model_row *row = CT_VEC_PUSH(m->scratch, &models);
        if (row)
            fill_model(m, row, &t[i], n);
    }
    date_models(m, models.v, models.n);
    struct ct_model_row *kept = ct_arena_alloc(m->arena, models.n * sizeof *kept);
    if (kept && models.n)
        memcpy(kept, models.v, models.n * sizeof *kept);
    return (struct ct_rows){kept, kept ? models.n : 0};
}

/* ---- labs ---- */

static int lab_against_row(const void *key, const void *row)
{
    return ct_span_cmp(*(const struct ct_span *)key, ((const struct ct_lab_row *)row)->lab);
}

/* Every price ever recorded counts: a lab's second cloud may have left again. */
static void date_labs(const struct market *m, struct ct_lab_row *labs, size_t n)
{
    const struct ct_reach_row *c = m->reach.v;
    for (size_t i = 0; n && i < m->reach.n; i++) {
        struct ct_lab_row *lab = bsearch(&c[i].lab, labs, n, sizeof *labs, lab_against_row);
        if (!lab)
            continue;
        lab->series = ct_market_lab_name(m->arena, CT_SERIES_CLOUDS, lab->lab);
        if (c[i].dated && c[i].nth == 2) {
            lab->second_ms = c[i].at_ms;
            lab->second_cloud = ct_arena_dup(m->arena, c[i].cloud);
        } else if (c[i].dated && c[i].nth == 3) {
            lab->third_ms = c[i].at_ms;
            lab->third_cloud = ct_arena_dup(m->arena, c[i].cloud);
        }
    }
}

static struct ct_rows labs_of(struct market *m, struct ct_rows models)
{
    const struct ct_model_row *row = models.v;
    CT_VEC(struct ct_lab_row) labs = {0};
    struct ct_lab_row *lab = NULL;
    for (size_t i = 0; i < models.n; i++) {
        if (!lab || !ct_span_eq(lab->lab, row[i].lab)) {
            lab = CT_VEC_PUSH(m->arena, &labs);
            if (!lab)
                break;
            *lab = (struct ct_lab_row){.lab = row[i].lab, .second_ms = CT_NONE, .third_ms = CT_NONE};
        }
        bool closed = row[i].open_weights == 0 && row[i].n_clouds > 0;
        for (size_t k = 0; k < row[i].clouds.n; k++) {
            ct_list_unite(m->arena, &lab->clouds, row[i].clouds.v[k]);
            if (closed)
                ct_list_unite(m->arena, &lab->closed_clouds, row[i].clouds.v[k]);
        }
        lab->closed += closed;
        lab->closed_on_one += closed && row[i].n_clouds == 1;
        lab->n_clouds = (int64_t)lab->clouds.n;
        lab->n_models += row[i].n_clouds > 0;
        lab->elsewhere += row[i].n_clouds == 0;
        lab->on_one += row[i].n_clouds == 1;
        lab->on_two += row[i].n_clouds >= 2;
        lab->one_cloud_milli = lab->n_models ? lab->on_one * 100000 / lab->n_models : CT_NONE;
    }
    date_labs(m, labs.v, labs.n);
    return (struct ct_rows){labs.v, labs.n};
}

/* ---- what came and went ---- */

static bool is_in(const struct ct_query *q, int64_t at_ms)
{
    return at_ms != CT_NONE && at_ms >= q->from_ms && (q->to_ms == 0 || at_ms <= q->to_ms);
}

struct changes {
    CT_VEC(struct ct_model_change_row) rows;
};

static void add_change(struct ct_arena *a, struct changes *out, struct ct_model_change_row row)
{
    struct ct_model_change_row *kept = CT_VEC_PUSH(a, &out->rows);
    if (kept)
        *kept = row;
}

static int newest_first(const void *a, const void *b)
{
    const struct ct_model_change_row *x = a, *y = b;
    const struct ct_span p[] = {x->what, x->lab, x->model, x->host};
    const struct ct_span q[] = {y->what, y->lab, y->model, y->host};
    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms ? -1 : 1) : by_spans(p, q, CT_LEN(p));
}

/* A host that names none of the model's ids any more, from the moment the last one went. */
static void find_gone(const struct market *m, const struct ct_query *q, struct ct_rows events,
                      struct ct_rows models, struct changes *out)
{
    const struct ct_event_row *e = events.v; /* newest first: the first one of a pair is its end */
    size_t from = out->rows.n;
    for (size_t i = 0; i < events.n; i++) {
        struct token_name name = name_parts(e[i].series);
        struct ct_model_row key = {.lab = name.lab, .model = name.model};
        if (e[i].kind != CT_EVENT_MODEL || !ct_span_is(e[i].field, "left") || !is_in(q, e[i].at_ms) ||
            !name.model.n || ct_span_is(name.lab, "unknown") || !bills(m->sources, e[i].source))
            continue;
        const struct ct_model_row *row =
            models.n ? bsearch(&key, models.v, models.n, sizeof key, by_lab_and_model) : NULL;
        const struct ct_seller *s = row ? row->sellers.v : NULL;
        const struct ct_model_change_row *told = out->rows.v;
        bool known = false;
        for (size_t k = 0; row && k < row->sellers.n; k++)
            known |= ct_span_eq(s[k].host, name.host);
        for (size_t k = from; k < out->rows.n; k++)
            known |= ct_span_eq(told[k].lab, name.lab) && ct_span_eq(told[k].model, name.model) &&
                     ct_span_eq(told[k].host, name.host);
        if (!known)
            add_change(m->arena, out,
                       (struct ct_model_change_row){
                           e[i].at_ms, CT_LIT("gone"), ct_arena_dup(m->arena, name.lab),
                           ct_arena_dup(m->arena, name.model), ct_arena_dup(m->arena, name.host),
                           CT_SPAN_NONE});
    }
}

static void find_new(const struct market *m, const struct ct_query *q, struct ct_rows models,
                     struct changes *out)
{
    const struct ct_model_row *row = models.v;
    for (size_t i = 0; i < models.n; i++) {
        const struct ct_seller *s = row[i].sellers.v;
        for (size_t k = 0; k < row[i].sellers.n; k++)
            if (s[k].first_ms > m->recording_ms && is_in(q, s[k].first_ms))
                add_change(m->arena, out,
                           (struct ct_model_change_row){s[k].first_ms, CT_LIT("new"), row[i].lab,
                                                        row[i].model, s[k].host, s[k].host_class});
    }
}

static void find_firsts(const struct market *m, const struct ct_query *q, struct changes *out)
{
    const struct ct_reach_row *c = m->reach.v;
    for (size_t i = 0; i < m->reach.n; i++)
        if (c[i].nth >= 2 && c[i].dated && is_in(q, c[i].at_ms))
            add_change(m->arena, out,
                       (struct ct_model_change_row){
                           c[i].at_ms,
                           ct_arena_printf(m->arena, "%.*s cloud", CT_FMT(ct_reach_word(c[i].nth))),
                           ct_arena_dup(m->arena, c[i].lab), CT_SPAN_NONE,
                           ct_arena_dup(m->arena, c[i].cloud), CT_LIT("cloud")});
}

/* ---- loaders ---- */

/* What became of it: STATUS, or that the answer was too large. */
static enum ct_status finish(struct market *m, enum ct_status status, struct ct_error *err)
{
    ct_arena_free(m->scratch);
    return status == CT_OK && ct_arena_full(m->arena) ? ct_fail(err, CT_ERR_LIMIT, "models", NULL)
                                                      : status;
}

static enum ct_status read_models(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                  struct ct_rows *out, struct ct_error *err)
{
    struct market m = {.by_region = false};
    enum ct_status status = load_market(r, q, a, &m, err);
    if (status == CT_OK)
        *out = models_of(&m);
    return finish(&m, status, err);
}

enum ct_status ct_read_models(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                              struct ct_rows *out, struct ct_error *err)
{
    return ct_read_shared(r, 3, read_models, 0, q, a, out, err);
}

enum ct_status ct_read_labs(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                            struct ct_rows *out, struct ct_error *err)
{
    struct market m = {.by_region = false};
    enum ct_status status = load_market(r, q, a, &m, err);
    if (status == CT_OK)
        *out = labs_of(&m, models_of(&m));
    return finish(&m, status, err);
}

enum ct_status ct_read_sellers(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_rows *out, struct ct_error *err)
{
    struct ct_rows models = {NULL, 0};
    enum ct_status status = ct_read_models(r, q, a, &models, err);
    const struct ct_model_row *row = models.v;
    *out = (struct ct_rows){NULL, 0};
    for (size_t i = 0; status == CT_OK && i < models.n; i++)
        if (ct_span_eq(row[i].key, q->subject))
            *out = row[i].sellers;
    return status;
}

static struct ct_rows regions_of(struct market *m)
{
    CT_VEC(struct ct_seller) kept = {0};
    struct ct_rows models = models_of(m);
    const struct ct_model_row *row = models.v;
    for (size_t i = 0; i < models.n; i++) {
        const struct ct_seller *s = row[i].sellers.v;
        for (size_t k = 0; k < row[i].sellers.n; k++) {
            struct ct_seller *place = s[k].cloud >= 0 ? CT_VEC_PUSH(m->arena, &kept) : NULL;
            if (place)
                *place = s[k];
        }
    }
    return (struct ct_rows){kept.v, kept.n};
}

enum ct_status ct_read_regions(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_rows *out, struct ct_error *err)
{
    struct market m = {.by_region = true};
    enum ct_status status = load_market(r, q, a, &m, err);
    if (status == CT_OK)
        *out = regions_of(&m);
    return finish(&m, status, err);
}

enum ct_status ct_read_model_changes(struct ct_reader *r, const struct ct_query *q,
                                     struct ct_arena *a, struct ct_rows *out, struct ct_error *err)
{
    struct market m = {.by_region = false};
    struct ct_rows events = {NULL, 0}, models;
    struct ct_query window = *q;
    struct changes found = {.rows = {0}};
    window.subject = CT_SPAN_NONE;
    window.limit = 200000;
    window.no_prices = true;
    enum ct_status status = load_market(r, q, a, &m, err);
    if (status == CT_OK)
        status = ct_read_events(r, &window, m.scratch, &events, err);
    if (status == CT_OK) {
        models = models_of(&m);
        find_new(&m, q, models, &found);
        find_gone(&m, q, events, models, &found);
        find_firsts(&m, q, &found);
        if (found.rows.n)
            qsort(found.rows.v, found.rows.n, sizeof *found.rows.v, newest_first);
        *out = (struct ct_rows){found.rows.v, found.rows.n};
    }
    return finish(&m, status, err);
}
