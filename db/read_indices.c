/* What a GPU-hour of each accelerator costs, by its index alone: no row of an offer is read. */
#include "db/market.h"
#include "db/reader.h"

enum { NOW, DAY, WEEK, MONTH, N_MOMENTS };

void ct_indices_of_late(struct ct_reader *r, const struct ct_source_list *sources, struct ct_market_indices *out)
{
    const int64_t moments[N_MOMENTS] = {r->t, r->t - CT_DAY, r->t - 7 * CT_DAY, r->t - 30 * CT_DAY};
    ct_market_indices(r, sources, moments, N_MOMENTS, out);
}

void ct_index_row(const struct ct_market_index *index, struct ct_gpu_row *row)
{
    const int64_t *value = index->value;
    row->index_usd_per_gpu_hour = value[NOW];
    row->change_24h_milli = ct_pct_change(value[DAY], value[NOW]);
    row->change_7d_milli = ct_pct_change(value[WEEK], value[NOW]);
    row->change_30d_milli = ct_pct_change(value[MONTH], value[NOW]);
}

static bool is_there(const struct ct_market_part *p)
{
    return p->now.at_ms != CT_NONE && !(p->now.flags & CT_SAMPLE_GONE);
}

/* Parts of one cloud stand together, and in them those of one offer, which several lists may name. */
static void count_parts(const struct ct_market *m, struct ct_gpu_row *row)
{
    const struct ct_market_part *v = m->v.v, *cloud = NULL, *offer = NULL;
    for (size_t i = 0; i < m->v.n; i++) {
        if (!is_there(&v[i]))
            continue;
        bool again = offer && offer->instance.n && offer->source_id != v[i].source_id && ct_market_same(offer, &v[i]);
        row->clouds += !cloud || !ct_span_eq(cloud->who, v[i].who);
        row->offers += !again;
        cloud = &v[i];
        offer = again ? offer : &v[i];
    }
}

static int by_type(const void *a, const void *b)
{
    const struct ct_gpu_row *x = a, *y = b;
    int way = ct_span_cmp(x->gpu, y->gpu);
    if (!way)
        way = ct_span_cmp(x->form, y->form);
    return way ? way : x->purchase - y->purchase;
}

static enum ct_status read_indices(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                   struct ct_rows *out, struct ct_error *err)
{
    CT_VEC(struct ct_gpu_row) rows = {NULL, 0, 0};
    struct ct_market_indices all = {.v = {NULL, 0, 0}};
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    ct_indices_of_late(r, &sources, &all);
    for (size_t i = 0; i < all.v.n; i++) {
        const struct ct_market_of *of = all.v.v[i].of;
        struct ct_gpu_row *row = all.v.v[i].value[NOW] != CT_NONE ? CT_VEC_PUSH(a, &rows) : NULL;
        if (!row)
            continue;
        *row = (struct ct_gpu_row){.gpu = of->gpu, .form = of->form, .purchase = of->purchase, .series = of->name,
                                   .cheapest_usd_per_gpu_hour = CT_NONE, .dearest_usd_per_gpu_hour = CT_NONE,
                                   .spread_usd_per_gpu_hour = CT_NONE, .index_usd_per_pflop_hour = CT_NONE,
                                   .age_s = CT_NONE};
        ct_index_row(&all.v.v[i], row);
        count_parts(&of->m, row);
    }
    ct_sort(r, rows.v, rows.n, sizeof *rows.v, by_type);
    *out = (struct ct_rows){rows.v, rows.n};
    return ct_load_end(r);
}

enum ct_status ct_read_indices(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_rows *out, struct ct_error *err)
{
    return ct_read_shared(r, 5, read_indices, 0, q, a, out, err);
}
