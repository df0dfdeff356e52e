/* Prices that cannot be believed yet: functions of the samples before. */
#include "db/write_series.h"

#include <stdlib.h>
#include <string.h>

#define AGREEING 3 /* fetches that must agree before an outlier is believed */
#define OUTLIER_FACTOR 5
#define MEDIAN_MS (7 * CT_DAY)
#define NANO INT64_C(1000000000)
#define LAST_MS (INT64_C(1) << 53) /* no instant of ours; a damaged file may hold anything */

struct weight {
    int64_t v, ms;
};

static int by_value(const void *a, const void *b)
{
    const struct weight *x = a, *y = b;
    return (x->v > y->v) - (x->v < y->v);
}

/* Strictly more than FACTOR times apart; from or to zero is further than any factor. */
static bool far_apart(int64_t a, int64_t b, int64_t factor)
{
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    if (low == 0)
        return high > 0;
    return high / factor > low || (high / factor == low && high % factor > 0);
}

bool ct_w_calm(int64_t low, int64_t high, int64_t v)
{
    return low == CT_NONE ||
           (!far_apart(low, v, OUTLIER_FACTOR) && !far_apart(high, v, OUTLIER_FACTOR));
}

/* Median of what was in force in the seven days before P[I], each value by how long; CT_NONE: nothing was. */
static int64_t median_before(struct ct_job *j, const struct ct_sample *p, size_t i)
{
    int64_t from = p[i].at_ms - MEDIAN_MS, total = 0;
    size_t first = i, n = 0;
    while (first > 0 && p[first].at_ms > from)
        first--;
    struct weight *w = ct_arena_alloc(j->w->arena, (i - first + 1) * sizeof *w);
    for (size_t k = first; w && k < i; k++) {
        int64_t start = p[k].at_ms > from ? p[k].at_ms : from;
        if (p[k].value == CT_NONE || p[k + 1].at_ms <= start)
            continue;
        w[n++] = (struct weight){p[k].value, p[k + 1].at_ms - start};
        total += p[k + 1].at_ms - start;
    }
    if (!w || n == 0)
        return CT_NONE;
    qsort(w, n, sizeof *w, by_value);
    int64_t half = 0;
    for (size_t k = 0; k < n; k++) {
        half += w[k].ms;
        if (half * 2 >= total)
            return w[k].v;
    }
    return w[n - 1].v;
}

static bool fenced(enum ct_series_kind kind, const char *unit, int64_t v)
{
    int64_t least = kind == CT_SERIES_GPU ? NANO / 100 : NANO / 10000;
    if ((v >= least && v <= 1000 * NANO) || (v == 0 && kind != CT_SERIES_GPU))
        return false;
    return strncmp(unit, "USD/", 4) == 0 || strncmp(unit, "EUR/", 4) == 0;
}

int ct_w_plain_flags(const struct ct_item *it, int64_t was, int64_t v)
{
    if (!ct_item_is_price(it) || v == CT_NONE)
        return 0;
    int flags = fenced(it->kind, it->unit, v) ? CT_SAMPLE_QUARANTINED : 0;
    bool leap = was != CT_NONE && ct_leap(was, v, CT_LEAP_FACTOR);
    if (leap || (it->kind == CT_SERIES_TOKEN && v > 1000 * NANO))
        flags |= CT_SAMPLE_SUSPECT;
    return flags;
}

static int derived_flags(struct ct_job *j, const struct ct_item *it, const struct ct_sample *p, size_t i)
{
    int flags = ct_w_plain_flags(it, i > 0 ? p[i - 1].value : CT_NONE, p[i].value);
    if (!ct_item_is_price(it) || p[i].value == CT_NONE || ct_w_calm(it->low, it->high, p[i].value))
        return flags;
    int64_t median = median_before(j, p, i);
    if (median != CT_NONE && far_apart(p[i].value, median, OUTLIER_FACTOR))
        flags |= CT_SAMPLE_QUARANTINED;
    return flags;
}

void ct_w_widen(struct ct_item *it, int64_t v)
{
    if (v == CT_NONE)
        return;
    it->low = it->low == CT_NONE || v < it->low ? v : it->low;
    it->high = it->high == CT_NONE || v > it->high ? v : it->high;
}

/* The third successful poll that saw the value of the sample at AT_MS, before END_MS; CT_NONE: not yet. */
static int64_t third_sight(struct ct_job *j, int64_t at_ms, int64_t end_ms)
{
    for (int i = 1; i < AGREEING && at_ms != CT_NONE; i++)
        at_ms = ct_w_next_good(j, at_ms);
    return at_ms != CT_NONE && at_ms < end_ms ? at_ms : CT_NONE;
}

/* When the value in force at T began: the newest sample that is no lift; T without any. */
static int64_t in_force_since(struct ct_samples *s, int64_t series, int64_t t)
{
    struct ct_sample v = {.at_ms = t + 1};
    while (ct_sample_at(s, series, v.at_ms - 1, &v))
        if (!(v.flags & CT_SAMPLE_LIFTED))
            return v.at_ms;
    return t;
}

static void unlift(struct ct_samples *s, int64_t series, int64_t after_ms, int64_t before_ms)
{
    struct ct_sample v = {.at_ms = after_ms};
    while (ct_sample_next(s, series, before_ms - 1, &v))
        if (v.flags & CT_SAMPLE_LIFTED)
            (void)ct_sample_del(s, series, v.at_ms);
}

void ct_w_derive_flags(struct ct_job *j, struct ct_item *it, int64_t from_ms, int64_t until_ms)
{
    struct ct_samples *s = j->w->samples;
    int64_t first = in_force_since(s, it->series, from_ms);
    CT_VEC(struct ct_sample) p = {0};
    struct ct_sample v = {.at_ms = in_force_since(s, it->series, first - MEDIAN_MS) - 1};
    while (ct_sample_next(s, it->series, LAST_MS, &v)) {
        if (v.flags & CT_SAMPLE_LIFTED)
            continue;
        struct ct_sample *q = CT_VEC_PUSH(j->w->arena, &p);
        if (q)
            *q = v;
        if (!q || v.at_ms > until_ms + MEDIAN_MS)
            break;
    }
    /* Bounds of what was loaded serve all its points; those of the newest are kept. */
    struct ct_item all = *it;
    all.low = all.high = CT_NONE;
    size_t end_i = 0;
    for (size_t i = 0; i < p.n; i++) {
        ct_w_widen(&all, p.v[i].value);
        end_i = p.v[i].at_ms <= until_ms + MEDIAN_MS ? i + 1 : end_i;
    }
    ct_w_widen(it, all.low);
    ct_w_widen(it, all.high);
    if (j->append) {
        it->low = all.low;
        it->high = all.high;
    }
    unlift(s, it->series, first, end_i < p.n ? p.v[end_i].at_ms : LAST_MS);
    for (size_t i = 0; i < end_i; i++) {
        if (p.v[i].at_ms < first)
            continue;
        int flags = (p.v[i].flags & CT_CORE_FLAGS) | derived_flags(j, &all, p.v, i);
        if (flags != p.v[i].flags)
            ct_sample_replace(s, it->series, (struct ct_sample){p.v[i].at_ms, p.v[i].value, flags});
        int64_t end = i + 1 < p.n ? p.v[i + 1].at_ms : CT_LIVE;
        int64_t lift = flags & CT_SAMPLE_QUARANTINED ? third_sight(j, p.v[i].at_ms, end) : CT_NONE;
        if (lift != CT_NONE)
            ct_w_put(j, it->series, lift, p.v[i].value, (flags & CT_CORE_FLAGS) | CT_SAMPLE_LIFTED);
    }
}
