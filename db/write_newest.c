/* The newest samples of a source's series, kept beside them (db/newest.h): read when nothing in memory knows them,
 * written at the end of a job, one row a part in which something changed. */
#include "db/write_series.h"

#include <stdlib.h>

static void set_newest(struct ct_item *it, const struct ct_newest *v, struct ct_bounds b)
{
    it->cur_ms = v->at_ms;
    it->cur_flags = v->flags;
    it->cur = (struct ct_value){v->value, v->flags & CT_CORE_FLAGS};
    it->low = b.low;
    it->high = b.high;
}

static void derive(struct ct_job *j, struct ct_item *it)
{
    struct ct_newest v = {.series = it->series, .kind = (int)it->kind};
    struct ct_bounds b;
    ct_newest_derive(j->w->samples, &v, &b);
    set_newest(it, &v, b);
    it->renewed = true;
}

void ct_w_load_newest(struct ct_job *j)
{
    struct ct_series_set *s = j->set;
    struct ct_newest v[CT_NEWEST_ROWS];
    struct ct_bounds b[CT_NEWEST_ROWS];
    size_t next = 0; /* the first item no part has told of */
    int64_t part = 0, parts = (int64_t)((s->items.n + CT_NEWEST_ROWS - 1) / CT_NEWEST_ROWS);
    sqlite3_stmt *st = ASK(j->w, NEWEST_OF, vi(ct_newest_key(j->source, 0)), vi(ct_newest_key(j->source + 1, 0)));
    while (ct_w_row(j->w, st)) {
        part = ct_w_int(st, 0) - ct_newest_key(j->source, 0);
        size_t n = ct_newest_column(st, 1, v, b), first = ((size_t)part - 1) * CT_NEWEST_ROWS;
        for (size_t i = 0; i < n; i++) {
            while (next < s->items.n && s->items.v[next].series < v[i].series)
                derive(j, &s->items.v[next++]);
            if (next == s->items.n || s->items.v[next].series != v[i].series)
                continue;
            set_newest(&s->items.v[next], &v[i], b[i]);
            s->items.v[next].renewed = next != first + i; /* not where it belongs */
            next++;
        }
    }
    while (next < s->items.n)
        derive(j, &s->items.v[next++]);
    if (part > parts) /* series that are there no more */
        RUN(j->w, NEWEST_CUT, vi(ct_newest_key(j->source, parts)), vi(ct_newest_key(j->source + 1, 0)));
}

void ct_w_tail(struct ct_job *j, struct ct_item *it)
{
    struct ct_sample v = {CT_NONE, CT_NONE, CT_SAMPLE_GONE};
    (void)ct_sample_at(j->w->samples, it->series, CT_LIVE - 1, &v);
    set_newest(it, &(struct ct_newest){.at_ms = v.at_ms, .value = v.value, .flags = v.flags & 63},
               (struct ct_bounds){it->low, it->high});
    it->renewed = true;
}

/* ---- writing ---- */

/* A row that is new begins with a REV it never had, should it have been there before. */
static void put_part(struct ct_job *j, int64_t part, const struct ct_newest *v, const struct ct_bounds *b, size_t n)
{
    struct ct_writer *w = j->w;
    struct ct_buf blob = CT_BUF_INIT;
    int64_t pending = ct_newest_pending(v, n), key = ct_newest_key(j->source, part);
    ct_newest_pack(&blob, v, b, n);
    if (RUN(w, NEWEST_SET, vi(key), vi(pending), vb(ct_buf_span(&blob))) == 0)
        RUN(w, NEWEST_ADD, vi(key), vi(j->at_ms), vi(pending), vb(ct_buf_span(&blob)));
    ct_buf_free(&blob);
}

static int by_series(const void *a, const void *b)
{
    const struct ct_item *const *x = a, *const *y = b;
    return ((*x)->series > (*y)->series) - ((*x)->series < (*y)->series);
}

void ct_w_store_newest(struct ct_job *j)
{
    const struct ct_series_set *s = j->set;
    struct ct_newest v[CT_NEWEST_ROWS];
    struct ct_bounds b[CT_NEWEST_ROWS];
    if (!s)
        return;
    size_t n = s->had, cap = s->items.n - s->had + 1;
    const struct ct_item **new = ct_arena_alloc(j->w->arena, cap * sizeof *new);
    for (size_t i = s->had; new && i < s->items.n; i++)
        if (s->items.v[i].series > 0)
            new[n++ - s->had] = &s->items.v[i];
    if (n > s->had) /* those stored before lie in their order */
        qsort(new, n - s->had, sizeof *new, by_series);
    for (size_t first = 0; first < n; first += CT_NEWEST_ROWS) {
        size_t some = n - first < CT_NEWEST_ROWS ? n - first : CT_NEWEST_ROWS;
        bool renewed = first + some > s->had;
        for (size_t i = first; i < first + some && !renewed; i++)
            renewed = s->items.v[i].renewed;
        for (size_t i = 0; i < some && renewed; i++) {
            const struct ct_item *it = first + i < s->had ? &s->items.v[first + i] : new[first + i - s->had];
            v[i] = (struct ct_newest){it->series, it->cur_ms, it->cur.v, it->cur_flags, (int)it->kind};
            b[i] = (struct ct_bounds){it->low, it->high};
        }
        if (renewed)
            put_part(j, 1 + (int64_t)(first / CT_NEWEST_ROWS), v, b, some);
    }
}

void ct_w_store_newest_state(struct ct_job *j, int64_t series)
{
    struct ct_newest v = {.series = series, .kind = CT_SERIES_PROVIDER};
    struct ct_bounds b;
    ct_newest_derive(j->w->samples, &v, &b);
    put_part(j, 0, &v, &b, 1);
}
