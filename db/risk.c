#include "db/risk.h"

#include "db/twins.h"

static int cmp_machines(const struct ct_offer *x, const struct ct_offer *y)
{
    int way = ct_span_cmp(x->cloud, y->cloud);
    if (!way)
        way = ct_span_cmp(x->region, y->region);
    return way ? way : ct_cmp_instance(x->instance, y->instance);
}

/* Of one machine the word heard last comes first. */
static int by_machine(const void *a, const void *b)
{
    const struct ct_offer_row *x = *(const struct ct_offer_row *const *)a;
    const struct ct_offer_row *y = *(const struct ct_offer_row *const *)b;
    int way = cmp_machines(&x->offer, &y->offer);
    if (!way)
        way = (x->seen_ms < y->seen_ms) - (x->seen_ms > y->seen_ms);
    return way ? way : ct_span_cmp(x->source, y->source);
}

static bool is_spot(const struct ct_offer *o)
{
    return o->purchase == CT_PURCHASE_SPOT && o->instance.n > 0;
}

static const struct ct_offer_row *find(const struct ct_offer_row *const *v, size_t n, const struct ct_offer *o)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cmp_machines(&v[middle]->offer, o) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && cmp_machines(&v[low]->offer, o) == 0 ? v[low] : NULL;
}

static void take(struct ct_offer_row *row, const struct ct_offer_row *from)
{
    row->offer.interruption = from->offer.interruption;
    row->risk_source = from->source;
    row->risk_age_s = from->age_s;
    row->risk_freshness = from->freshness;
}

void ct_join_risk(struct ct_reader *r, struct ct_offer_row *const *rows, size_t n, struct ct_offer_row *const *givers,
                  size_t n_givers)
{
    const struct ct_offer_row **known = ct_arena_alloc(r->arena, (n_givers + 1) * sizeof *known);
    size_t n_known = 0;
    for (size_t i = 0; known && i < n_givers; i++)
        if (givers[i]->offer.interruption.n && !givers[i]->gone && is_spot(&givers[i]->offer))
            known[n_known++] = givers[i];
    if (n_known > 1)
        ct_sort(r, known, n_known, sizeof *known, by_machine);
    for (size_t i = 0; i < n; i++) {
        struct ct_offer_row *row = rows[i];
        const struct ct_offer_row *from = row->offer.interruption.n ? row
                                          : row->gone || !is_spot(&row->offer) ? NULL
                                                                               : find(known, n_known, &row->offer);
        row->risk_age_s = CT_NONE;
        row->risk_freshness = -1;
        if (from)
            take(row, from);
    }
}
