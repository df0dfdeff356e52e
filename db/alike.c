/* Events that one row tells of together: what they have in common, and the list of them. */
#include "db/reader.h"

#include <stdlib.h>

/* "H100-SXM-80x8" without memory, COUNT "x8" by itself and none for one. A trailing number of up to three digits is
 * memory: RTX-4090. */
static struct ct_span short_gpu(struct ct_span gpu, struct ct_span *count)
{
    size_t n = gpu.n;
    while (n && gpu.p[n - 1] != 'x')
        n--;
    *count = n > 1 ? (struct ct_span){gpu.p + n - 1, gpu.n - n + 1} : CT_SPAN_NONE;
    if (ct_span_is(*count, "x1"))
        *count = CT_SPAN_NONE;
    gpu.n = n > 1 ? n - 1 : gpu.n;
    n = gpu.n;
    while (n && gpu.p[n - 1] >= '0' && gpu.p[n - 1] <= '9')
        n--;
    if (n > 1 && gpu.p[n - 1] == '-' && gpu.n - n >= 1 && gpu.n - n <= 3)
        gpu.n = n - 1;
    return gpu;
}

enum { MOST_KEPT = 256 };

/* False: it is among them. */
static bool add_new(struct ct_spans *all, struct ct_span one, struct ct_arena *a)
{
    for (size_t i = 0; i < all->v.n; i++)
        if (ct_span_eq(all->v.v[i], one))
            return false;
    struct ct_span *slot = all->v.n < MOST_KEPT ? CT_VEC_PUSH(a, &all->v) : NULL;
    if (slot)
        *slot = one;
    return true;
}

bool ct_alike_offer(struct ct_span series, struct ct_arena *a, struct ct_alike *out)
{
    *out = (struct ct_alike){.kind = CT_EVENT_PRICE, .n = 1};
    if (!ct_span_starts(series, "gpu/") && !ct_span_starts(series, "stock/"))
        return false;
    out->gpu = short_gpu(ct_name_part(series, 3, a), &out->count);
    out->cloud = ct_name_part(series, 1, a);
    out->purchase = ct_name_part(series, 4, a);
    (void)add_new(&out->regions, ct_name_part(series, 2, a), a);
    (void)add_new(&out->series, series, a);
    return out->gpu.n && out->cloud.n;
}

static bool is_stock(int64_t v)
{
    return v >= CT_STOCK_UNKNOWN && v <= CT_STOCK_AVAILABLE;
}

bool ct_alike_of(const struct ct_event_row *e, struct ct_arena *a, struct ct_alike *out)
{
    static const char *const stocks[] = {"unknown", "none", "low", "available"};
    bool may_be = false;
    *out = (struct ct_alike){.kind = e->kind, .n = 1};
    if (e->kind == CT_EVENT_MODEL && ct_span_starts(e->series, "token/") && e->field.n) {
        out->cloud = ct_name_part(e->series, 1, a);
        out->way = e->field;
        (void)add_new(&out->series, e->series, a);
        may_be = out->cloud.n > 0;
    } else if (e->kind == CT_EVENT_PRICE && e->old_value != CT_NONE && e->new_value != CT_NONE &&
               e->pct_milli != CT_NONE && e->pct_milli != 0) {
        may_be = ct_alike_offer(e->series, a, out);
        out->way = e->pct_milli < 0 ? CT_LIT("down") : CT_LIT("up");
    } else if (e->kind == CT_EVENT_STOCK && is_stock(e->old_value) && is_stock(e->new_value)) {
        may_be = ct_alike_offer(e->series, a, out);
        out->way = ct_arena_printf(a, "%s-%s", stocks[e->old_value], stocks[e->new_value]);
    }
    out->kind = e->kind;
    out->suspect = e->suspect == 1;
    out->newest_ms = e->at_ms;
    out->unit = e->unit;
    out->least = out->most = e->new_value;
    out->least_pct = out->most_pct = e->pct_milli;
    return may_be && !ct_arena_full(a);
}

bool ct_alike_same(const struct ct_alike *x, const struct ct_alike *y)
{
    return x->kind == y->kind && x->suspect == y->suspect && ct_span_eq(x->way, y->way) && ct_span_eq(x->gpu, y->gpu) &&
           ct_span_eq(x->cloud, y->cloud) && ct_span_eq(x->unit, y->unit);
}

bool ct_alike_join(struct ct_alike *g, const struct ct_alike *one, struct ct_arena *a)
{
    bool full = g->series.v.n == MOST_KEPT; /* the list is; the count goes on */
    if (!one->series.v.n || (!full && !add_new(&g->series, one->series.v.v[0], a)))
        return false;
    if (one->regions.v.n)
        (void)add_new(&g->regions, one->regions.v.v[0], a);
    g->n++;
    g->counts = g->counts || !ct_span_eq(g->count, one->count);
    g->purchases = g->purchases || !ct_span_eq(g->purchase, one->purchase);
    g->newest_ms = one->newest_ms > g->newest_ms ? one->newest_ms : g->newest_ms;
    g->least = one->least < g->least ? one->least : g->least;
    g->most = one->most > g->most ? one->most : g->most;
    g->least_pct = llabs(one->least_pct) < llabs(g->least_pct) ? one->least_pct : g->least_pct;
    g->most_pct = llabs(one->most_pct) > llabs(g->most_pct) ? one->most_pct : g->most_pct;
    return true;
}

struct ct_span ct_alike_where(const struct ct_alike *g, struct ct_arena *a)
{
    struct ct_span region = g->regions.v.n == 1 ? g->regions.v.v[0] : CT_SPAN_NONE;
    struct ct_span count = g->counts ? CT_SPAN_NONE : g->count, purchase = g->purchases ? CT_SPAN_NONE : g->purchase;
    if (!g->gpu.n)
        return g->cloud;
    struct ct_span what = ct_arena_printf(a, "%.*s%s%.*s%s%.*s %.*s", CT_FMT(g->gpu), count.n ? " " : "", CT_FMT(count),
                                          purchase.n ? " " : "", CT_FMT(purchase), CT_FMT(g->cloud));
    if (g->regions.v.n > 1)
        return ct_arena_printf(a, "%.*s %zu%s regions", CT_FMT(what), g->regions.v.n,
                               g->regions.v.n == MOST_KEPT ? "+" : "");
    return ct_span_is(region, "any") || !region.n ? what
                                                  : ct_arena_printf(a, "%.*s/%.*s", CT_FMT(what), CT_FMT(region));
}

struct ct_span ct_alike_subject(const struct ct_alike *g, int64_t from_ms, int64_t to_ms, int64_t least_milli,
                                struct ct_arena *a)
{
    if (g->series.v.n < 2)
        return CT_SPAN_NONE;
    return ct_arena_printf(a, "alike/%lld/%lld/%lld/%.*s/%.*s", (long long)from_ms, (long long)to_ms,
                           (long long)least_milli, CT_FMT(g->way), CT_FMT(g->series.v.v[0]));
}

static bool take_number(struct ct_span *rest, int64_t *out)
{
    return ct_span_int(ct_span_cut(rest, '/'), out) == CT_OK && *out >= 0 && rest->p;
}

enum ct_status ct_read_alike(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a, struct ct_rows *out,
                             struct ct_error *err)
{
    enum { MOST = 5000 };
    struct ct_arena *work = NULL; /* others may have moved by the thousand */
    struct ct_event_list events = {.v = {NULL, 0, 0}}, found = {.v = {NULL, 0, 0}};
    struct ct_event_window w = {.limit = MOST};
    struct ct_span rest = q->subject, kind = ct_span_cut(&rest, '/'), way;
    struct ct_alike g, one;
    int64_t least = 0;
    bool known = false;
    *out = (struct ct_rows){NULL, 0};
    if (!ct_span_is(kind, "alike") || !take_number(&rest, &w.from_ms) || !take_number(&rest, &w.to_ms) ||
        !take_number(&rest, &least))
        return CT_OK;
    way = ct_span_cut(&rest, '/');
    work = ct_arena_new(CT_MOST_WORK);
    ct_load_begin(r, q, work, err);
    struct ct_source_list sources = ct_sources_at(r);
    w.to_ms = w.to_ms < r->at ? w.to_ms : r->at;
    ct_events_read(r, &sources, w, &events);
    for (size_t i = 0; i < events.v.n && !known; i++)
        known = ct_span_eq(events.v.v[i].series, rest) && ct_alike_of(&events.v.v[i], work, &g) && ct_span_eq(g.way, way);
    for (size_t i = 0; i < events.v.n && known; i++) {
        const struct ct_event_row *e = &events.v.v[i];
        bool more = ct_alike_of(e, work, &one) && ct_alike_same(&g, &one) &&
                    (e->kind != CT_EVENT_PRICE || llabs(e->pct_milli) >= least);
        struct ct_event_row *row = more ? CT_VEC_PUSH(work, &found.v) : NULL;
        if (row)
            *row = *e;
    }
    enum ct_status st = ct_load_end(r);
    st = st == CT_OK ? ct_events_own(&found, a, out, err) : st;
    ct_arena_free(work);
    return st;
}
