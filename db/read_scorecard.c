/* Providers in figures, side by side: how well they ran, what they charge against the index, how much they sell, and
 * how old what we know of them is. No grade: whoever needs one weighs the columns. */
#include "db/columns.h"
#include "db/reader.h"

#include <stdlib.h>

#define ROW struct ct_score_row
static const struct ct_column score_columns[] = {
    COL(TEXT, "provider", provider, SEARCH, ALIAS("cloud host")),
    ENUM("state", state, ct_state_words, FLAGS(CT_COL_RANKED)),
    COL(MILLI, "uptime_90d", uptime_milli, ALIAS("uptime")),
    COL(INT, "incidents_90d", incidents, ALIAS("incidents")),
    COL(INT, "median_repair_s", repair_s, ALIAS("mttr repair")),
    COL(BOOL, "repair_observed", repair_observed),
    COL(INT, "page_age_s", page_age_s, ALIAS("page_age")),
    ENUM("page_freshness", page_freshness, ct_freshness_words, FLAGS(CT_COL_RANKED)),
    COL(MILLI, "price_level_pct", level_milli, ALIAS("level")),
    COL(INT, "priced_types", priced_types),
    COL(INT, "gpu_types", gpu_types, ALIAS("gpus")),
    COL(INT, "gpu_regions", regions, ALIAS("regions")),
    COL(INT, "models", models),
    COL(INT, "labs", labs),
};
TABLE(ct_score_table, "scorecard", ROW, score_columns);
#undef ROW

struct score {
    struct ct_score_row row;
    CT_VEC(int64_t) repairs, observed /* likewise, by what we saw */, levels;
    CT_VEC(struct ct_span) regions;
    struct ct_span last_model, last_lab; /* prices come in the order of lab and model */
};

struct scores {
    struct ct_arena *arena;
    CT_VEC(struct score) v;
};

static struct score *score_of(struct scores *s, struct ct_span provider)
{
    if (!provider.n)
        return NULL;
    for (size_t i = 0; i < s->v.n; i++)
        if (ct_same_provider(s->v.v[i].row.provider, provider))
            return &s->v.v[i];
    struct score *made = CT_VEC_PUSH(s->arena, &s->v);
    if (made)
        *made = (struct score){.row = {.provider = provider, .state = -1, .page_freshness = -1,
                                       .uptime_milli = CT_NONE, .incidents = CT_NONE,
                                       .repair_s = CT_NONE, .repair_observed = -1, .page_age_s = CT_NONE,
                                       .level_milli = CT_NONE}};
    return made;
}

static int by_value(const void *a, const void *b)
{
    return ct_by_number(*(const int64_t *)a, *(const int64_t *)b);
}

/* The middle one, of two the mean; CT_NONE of none. */
static int64_t median(int64_t *v, size_t n)
{
    if (!n)
        return CT_NONE;
    qsort(v, n, sizeof *v, by_value);
    return n % 2 ? v[n / 2] : v[n / 2 - 1] / 2 + v[n / 2] / 2 + (v[n / 2 - 1] % 2 + v[n / 2] % 2) / 2;
}

/* ---- how well it runs: the worst of its pages ---- */

static void take_page(struct scores *s, const struct ct_status_row *p)
{
    struct score *to = score_of(s, p->provider);
    if (!to)
        return;
    int state = p->freshness > CT_LATE ? CT_STATE_UNKNOWN : p->state;
    to->row.state = state > to->row.state ? state : to->row.state;
    if (p->uptime_90d_milli != CT_NONE &&
        (to->row.uptime_milli == CT_NONE || p->uptime_90d_milli < to->row.uptime_milli))
        to->row.uptime_milli = p->uptime_90d_milli;
    if (p->age_s != CT_NONE && p->age_s > to->row.page_age_s)
        to->row.page_age_s = p->age_s;
    to->row.page_freshness = p->freshness > to->row.page_freshness ? p->freshness : to->row.page_freshness;
    if (to->row.incidents == CT_NONE)
        to->row.incidents = 0; /* its page is read: none is none */
}

/* RESOLVED_MS is what the page says, CLOSED_MS what we saw. */
static void take_incident(struct scores *s, struct ct_span provider, int64_t began_ms, int64_t resolved_ms,
                          int64_t closed_ms, bool open)
{
    struct score *to = score_of(s, provider);
    if (!to)
        return;
    to->row.incidents = to->row.incidents == CT_NONE ? 1 : to->row.incidents + 1;
    bool stated = resolved_ms != CT_NONE;
    int64_t ended = stated ? resolved_ms : closed_ms;
    if (open || ended == CT_NONE || ended < began_ms)
        return;
    int64_t *kept = stated ? CT_VEC_PUSH(s->arena, &to->repairs) : CT_VEC_PUSH(s->arena, &to->observed);
    if (kept)
        *kept = (ended - began_ms) / CT_SECOND;
}

/* Those that began in the last 90 days, but for planned work. */
static enum ct_status read_incidents(struct ct_reader *r, const struct ct_query *q, struct scores *s,
                                     struct ct_error *err)
{
    ct_load_begin(r, q, s->arena, err);
    struct ct_source_list list = ct_sources_at(r);
    sqlite3_stmt *st = ct_use(r, SQL_INCIDENTS_BEGAN, 4, r->at, r->t - 90 * CT_DAY, r->t, (int64_t)CT_STATE_MAINTENANCE);
    while (ct_step(r, st)) {
        const struct ct_source_at *of = ct_source_by_id(&list, ct_col_int(st, 0));
        if (of && of->kind == CT_SOURCE_STATUS)
            take_incident(s, of->provider, ct_col_int(st, 1), ct_col_int(st, 2), ct_col_int(st, 3), ct_col_int(st, 4) == 1);
    }
    return ct_load_end(r);
}

/* ---- what it sells ---- */

static bool same_type(const struct ct_gpu_row *x, const struct ct_gpu_row *y)
{
    return x->purchase == y->purchase && ct_span_eq(x->gpu, y->gpu) && ct_span_eq(x->form, y->form);
}

/* G is what one cloud asks of a type; INDICES the types of the market. */
static void take_type(struct scores *s, const struct ct_gpu_row *g, struct ct_rows indices)
{
    struct score *to = score_of(s, g->cloud);
    const struct ct_gpu_row *type = indices.v;
    if (!to || !g->gpu.n)
        return;
    to->row.gpu_types += g->purchase == CT_PURCHASE_OD || g->purchase == CT_PURCHASE_SPOT;
    for (size_t i = 0; i < indices.n; i++) {
        if (!same_type(&type[i], g) || type[i].index_usd_per_gpu_hour == CT_NONE ||
            type[i].index_usd_per_gpu_hour == 0 || g->cheapest_usd_per_gpu_hour == CT_NONE ||
            g->freshness > CT_LATE)
            continue;
        int64_t *kept = CT_VEC_PUSH(s->arena, &to->levels);
        if (kept)
            *kept = ct_pct_change(type[i].index_usd_per_gpu_hour, g->cheapest_usd_per_gpu_hour);
    }
}

static void take_region(struct scores *s, const struct ct_gpu_row *g)
{
    struct score *to = score_of(s, g->cloud);
    if (!to || !g->region.n)
        return;
    for (size_t i = 0; i < to->regions.n; i++)
        if (ct_span_eq(to->regions.v[i], g->region))
            return;
    struct ct_span *kept = CT_VEC_PUSH(s->arena, &to->regions);
    if (kept)
        *kept = g->region;
}

static void take_price(struct scores *s, const struct ct_token_row *t)
{
    struct score *to = t->gone == 1 || !t->price.lab.n ? NULL : score_of(s, t->price.host);
    if (!to)
        return;
    bool lab = !ct_span_eq(to->last_lab, t->price.lab);
    to->row.labs += lab;
    to->row.models += lab || !ct_span_eq(to->last_model, t->price.model);
    to->last_lab = t->price.lab;
    to->last_model = t->price.model;
}

static int by_name(const void *a, const void *b)
{
    return ct_span_cmp(((const struct ct_score_row *)a)->provider,
                       ((const struct ct_score_row *)b)->provider);
}

static enum ct_status finish(struct scores *s, struct ct_arena *a, struct ct_rows *out, struct ct_error *err)
{
    struct ct_score_row *rows = ct_arena_alloc(a, (s->v.n + 1) * sizeof *rows);
    if (!rows || ct_arena_full(s->arena))
        return ct_fail(err, CT_ERR_LIMIT, "scorecard", NULL);
    for (size_t i = 0; i < s->v.n; i++) {
        struct score *x = &s->v.v[i];
        x->row.priced_types = (int64_t)x->levels.n;
        x->row.regions = (int64_t)x->regions.n;
        bool stated = x->repairs.n > 0;
        x->row.repair_s = stated ? median(x->repairs.v, x->repairs.n) : median(x->observed.v, x->observed.n);
        x->row.repair_observed = x->row.repair_s == CT_NONE ? -1 : !stated;
        x->row.level_milli = median(x->levels.v, x->levels.n);
        rows[i] = x->row;
        ct_row_own(&ct_score_table, &rows[i], a);
    }
    if (s->v.n)
        qsort(rows, s->v.n, sizeof *rows, by_name);
    *out = (struct ct_rows){rows, s->v.n};
    return ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, "scorecard", NULL) : CT_OK;
}

/* The whole market, in S, is read for a row a provider, which are in A. */
static enum ct_status count_all(struct scores *s, struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                struct ct_rows *out, struct ct_error *err)
{
    struct ct_query all = {.at_ms = q->at_ms, .now_ms = q->now_ms}, by_cloud = all, by_region = all, by_type = all;
    struct ct_rows pages, types, clouds, regions, prices;
    by_type.group = "gpu";
    by_cloud.group = "cloud";
    by_region.group = "region";
    pages = types = clouds = regions = prices = (struct ct_rows){NULL, 0};
    enum ct_status st = ct_read_status(r, &all, s->arena, &pages, err);
    st = st == CT_OK ? ct_read_gpus(r, &by_type, s->arena, &types, err) : st;
    st = st == CT_OK ? ct_read_gpus(r, &by_cloud, s->arena, &clouds, err) : st;
    st = st == CT_OK ? ct_read_gpus(r, &by_region, s->arena, &regions, err) : st;
    st = st == CT_OK ? ct_read_tokens(r, &all, s->arena, &prices, err) : st;
    if (st != CT_OK)
        return st;
    for (size_t i = 0; i < pages.n; i++)
        take_page(s, &((const struct ct_status_row *)pages.v)[i]);
    st = read_incidents(r, &all, s, err);
    for (size_t i = 0; i < clouds.n; i++)
        take_type(s, &((const struct ct_gpu_row *)clouds.v)[i], types);
    for (size_t i = 0; i < regions.n; i++)
        take_region(s, &((const struct ct_gpu_row *)regions.v)[i]);
    for (size_t i = 0; i < prices.n; i++)
        take_price(s, &((const struct ct_token_row *)prices.v)[i]);
    return st == CT_OK ? finish(s, a, out, err) : st;
}

enum ct_status ct_read_scorecard(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                 struct ct_rows *out, struct ct_error *err)
{
    struct scores s = {.arena = ct_arena_new(CT_MOST_WORK)};
    enum ct_status st = count_all(&s, r, q, a, out, err);
    ct_arena_free(s.arena);
    return st;
}
