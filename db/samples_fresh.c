/* What is not sealed yet: the ticks, by series in memory. */
#include "db/newest.h"
#include "db/samples_priv.h"

#include <stdlib.h>
#include <string.h>

/* ---- in memory ---- */

static size_t slot_of(const struct ct_samples *s, int64_t series)
{
    size_t at = (size_t)((uint64_t)series * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (s->n_slots - 1);
    while (s->slot[at] && s->fresh[s->slot[at] - 1].series != series)
        at = (at + 1) & (s->n_slots - 1);
    return at;
}

static struct ct_fresh *find(const struct ct_samples *s, int64_t series)
{
    size_t at = s->n_fresh ? slot_of(s, series) : 0;
    return s->n_fresh && s->slot[at] ? &s->fresh[s->slot[at] - 1] : NULL;
}

/* The one behind F, if it is that of SERIES: a poll puts its series in the same order each time. What comes soon is
 * fetched into the cache of the processor meanwhile, where so many lie far apart. */
static struct ct_fresh *next_one(struct ct_samples *s, int64_t series)
{
    enum { SOON = 8 };
    size_t i = s->put_last + 1;
    if (i >= s->n_fresh || s->fresh[i].series != series)
        return NULL;
    const struct ct_fresh *soon = i + SOON < s->n_fresh ? &s->fresh[i + SOON] : NULL;
    if (soon && soon->n)
        __builtin_prefetch(&soon->v[soon->n - 1], 1);
    return &s->fresh[i];
}

struct ct_fresh *ct_s_fresh(const struct ct_samples *s, int64_t series)
{
    struct ct_fresh *f = find(s, series);
    return f && f->n ? f : NULL;
}

static struct ct_fresh *add_fresh(struct ct_samples *s, int64_t series)
{
    struct ct_fresh *f = find(s, series);
    if (f)
        return f;
    s->fresh = ct_s_grown(s->fresh, s->n_fresh, &s->cap_fresh, sizeof *s->fresh);
    s->fresh[s->n_fresh++] = (struct ct_fresh){.series = series};
    if (s->n_fresh * 2 > s->n_slots) {
        s->n_slots = s->n_slots ? s->n_slots * 2 : 64;
        s->slot = ct_xrealloc(s->slot, s->n_slots * sizeof *s->slot);
        memset(s->slot, 0, s->n_slots * sizeof *s->slot);
        for (size_t i = 0; i + 1 < s->n_fresh; i++)
            s->slot[slot_of(s, s->fresh[i].series)] = (uint32_t)i + 1;
    }
    s->slot[slot_of(s, series)] = (uint32_t)s->n_fresh;
    return &s->fresh[s->n_fresh - 1];
}

static void set_fresh(struct ct_samples *s, int64_t series, struct ct_sample v)
{
    struct ct_fresh *f = next_one(s, series);
    f = f ? f : add_fresh(s, series);
    s->put_last = (size_t)(f - s->fresh);
    size_t i = ct_s_until(f->v, f->n, v.at_ms);
    if (i > 0 && f->v[i - 1].at_ms == v.at_ms) {
        f->v[i - 1] = v;
        return;
    }
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 4;
        f->v = ct_xrealloc(f->v, f->cap * sizeof *f->v);
    }
    memmove(f->v + i + 1, f->v + i, (f->n - i) * sizeof *f->v);
    f->v[i] = v;
    f->n++;
    s->n_rows++;
}

void ct_s_empty(struct ct_samples *s)
{
    for (size_t i = 0; i < s->n_fresh; i++)
        s->fresh[i].n = 0;
    s->n_rows = s->n_bad = s->told = s->n_dirty = 0;
    s->n_ticks = s->net = s->dirty_net = s->last = 0;
    s->next = s->n_order;
    s->loaded = false;
    ct_s_forget_window(s);
    ct_s_forget_tails(s);
}

void ct_s_clear(struct ct_samples *s)
{
    ct_s_empty(s);
    for (size_t i = 0; i < s->n_fresh; i++)
        free(s->fresh[i].v);
    if (s->n_slots)
        memset(s->slot, 0, s->n_slots * sizeof *s->slot);
    s->n_fresh = s->n_ends = 0;
    s->next = s->n_order = 0;
}

/* ---- from the file ---- */

static void load_tick(struct ct_samples *s, sqlite3_stmt *st)
{
    struct ct_span blob = ct_s_blob(st, 3);
    int64_t at_ms = sqlite3_column_int64(st, 1);
    size_t n = ct_blob_rows(blob);
    struct ct_sample *v = ct_xcalloc(n + 1, sizeof *v);
    bool fine = ct_blob_decode(blob, v);
    for (size_t i = 0; fine && i < n; i++)
        fine = ct_s_usable(v[i].at_ms, at_ms);
    for (size_t i = 0; fine && i < n; i++)
        set_fresh(s, v[i].at_ms, (struct ct_sample){at_ms, v[i].value, v[i].flags});
    free(v);
    int64_t tick = sqlite3_column_int64(st, 0);
    s->last = tick > s->last ? tick : s->last;
    if (fine) {
        s->net += sqlite3_column_int64(st, 2);
        s->n_ticks++;
        return;
    }
    s->bad = ct_s_grown(s->bad, s->n_bad, &s->cap_bad, sizeof *s->bad);
    s->bad[s->n_bad++] = (struct ct_bad_tick){tick, sqlite3_column_int64(st, 4), at_ms};
}

/* A damaged tick may have held every series of its source that has changed since. Those that changed
 * last at that moment are known from what is kept of the newest; of the others nobody knows until their
 * next sample. That much is said by marks, which are made anew whenever the ticks are read. */
static void mark_series(struct ct_samples *s, const struct ct_bad_tick *b, const struct ct_newest *v)
{
    bool last = v->at_ms == b->at_ms;
    struct ct_sample there, mark = {b->at_ms, last ? v->value : CT_NONE, last ? v->flags : CT_SAMPLE_DAMAGED};
    if (v->at_ms < b->at_ms || !ct_s_usable(v->series, b->at_ms))
        return;
    const struct ct_fresh *f = ct_s_fresh(s, v->series);
    size_t i = f ? ct_s_until(f->v, f->n, b->at_ms) : 0;
    bool known = (i > 0 && f->v[i - 1].at_ms == b->at_ms) ||
                 (ct_s_sealed_at(s, v->series, b->at_ms, &there) && there.at_ms == b->at_ms);
    if (!known)
        set_fresh(s, v->series, mark);
}

static void mark_bad(struct ct_samples *s, const struct ct_bad_tick *b)
{
    const int64_t most_source = INT64_C(1) << 40;
    struct ct_newest v[CT_NEWEST_ROWS];
    bool kept = sqlite3_table_column_metadata(s->db, NULL, "newest", "b", NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
    if (!kept || !ct_s_usable(1, b->at_ms) || b->source < 0 || b->source > most_source) /* an earlier layout; nonsense */
        return;
    sqlite3_stmt *st = ct_s_use(s, CT_S_NEWEST, ct_newest_key(b->source, 0), ct_newest_key(b->source + 1, 0));
    while (ct_s_step(s, st)) {
        size_t n = ct_newest_column(st, 0, v, NULL);
        for (size_t i = 0; i < n; i++)
            mark_series(s, b, &v[i]);
    }
}

bool ct_s_look(struct ct_samples *s)
{
    if (s->sure || s->rc != SQLITE_OK)
        return s->rc == SQLITE_OK;
    int64_t version = ct_s_ask(s, ct_s_use(s, CT_S_DATA_VERSION, 0, 0));
    if (!s->loaded || version != s->version) {
        int64_t sealed = ct_s_ask(s, ct_s_use(s, CT_S_META, true, 0));
        if (!s->loaded)
            ct_s_empty(s);
        else if (sealed != s->sealed)
            ct_s_clear(s);
        s->sealed = sealed;
        s->version = version;
        s->tailed = sqlite3_table_column_metadata(s->db, NULL, "tails", "b", NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
        ct_s_forget_window(s);
        ct_s_forget_tails(s);
        if (s->last < sealed)
            s->last = sealed;
        sqlite3_stmt *st = ct_s_use(s, CT_S_TICKS, s->loaded ? s->last : -1, 0);
        while (ct_s_step(s, st))
            load_tick(s, st);
        while (s->told < s->n_bad)
            mark_bad(s, &s->bad[s->told++]);
        s->loaded = s->rc == SQLITE_OK;
    }
    s->sure = s->loaded;
    return s->sure;
}

/* ---- writing ---- */

static void set(struct ct_samples *s, int64_t series, struct ct_sample v, int net)
{
    if (!ct_s_look(s))
        return;
    if (!ct_s_usable(series, v.at_ms)) {
        ct_s_keep(s, SQLITE_RANGE);
        return;
    }
    set_fresh(s, series, v);
    s->dirty = ct_s_grown(s->dirty, s->n_dirty, &s->cap_dirty, sizeof *s->dirty);
    s->dirty[s->n_dirty++] = (struct ct_put){series, v};
    s->dirty_net += net;
}

void ct_sample_put(struct ct_samples *s, int64_t series, struct ct_sample v)
{
    set(s, series, v, 1);
}

void ct_sample_replace(struct ct_samples *s, int64_t series, struct ct_sample v)
{
    set(s, series, v, 0);
}

bool ct_sample_del(struct ct_samples *s, int64_t series, int64_t at_ms)
{
    struct ct_sample v;
    if (!ct_sample_at(s, series, at_ms, &v) || v.at_ms != at_ms)
        return false;
    set(s, series, (struct ct_sample){at_ms, CT_NONE, CT_GONE_AGAIN}, -1);
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct ct_put *x = a, *y = b;
    if (x->v.at_ms != y->v.at_ms)
        return x->v.at_ms < y->v.at_ms ? -1 : 1;
    return (x->series > y->series) - (x->series < y->series);
}

/* By place, once each, as they are now: most came that way. */
static void settle_dirty(struct ct_samples *s)
{
    size_t n = 1;
    while (n < s->n_dirty && by_place(&s->dirty[n - 1], &s->dirty[n]) < 0)
        n++;
    if (n == s->n_dirty)
        return;
    qsort(s->dirty, s->n_dirty, sizeof *s->dirty, by_place);
    n = 0;
    for (size_t i = 0; i < s->n_dirty; i++) {
        struct ct_put p = s->dirty[i];
        const struct ct_fresh *f = ct_s_fresh(s, p.series);
        p.v = f->v[ct_s_until(f->v, f->n, p.v.at_ms) - 1];
        if (n == 0 || by_place(&s->dirty[n - 1], &p) != 0)
            s->dirty[n++] = p;
    }
    s->n_dirty = n;
}

static void put_tick(struct ct_samples *s, int64_t source, int64_t at_ms, const struct ct_buf *blob)
{
    sqlite3_stmt *st = ct_s_use(s, CT_S_TICK_PUT, s->last + 1, at_ms);
    if (!st)
        return;
    (void)sqlite3_bind_int64(st, 3, source);
    (void)sqlite3_bind_int64(st, 4, s->dirty_net);
    (void)sqlite3_bind_blob64(st, 5, blob->p, blob->n, SQLITE_STATIC);
    ct_s_run(s, st);
    (void)sqlite3_clear_bindings(st);
    s->last++;
    s->n_ticks++;
    s->net += s->dirty_net;
    s->dirty_net = 0;
}

void ct_samples_flush(struct ct_samples *s, int64_t source)
{
    if (s->rc != SQLITE_OK || s->n_dirty == 0)
        return;
    settle_dirty(s);
    s->earliest = s->dirty[0].v.at_ms < s->earliest ? s->dirty[0].v.at_ms : s->earliest;
    struct ct_sample *rows = ct_xmalloc(s->n_dirty * sizeof *rows); /* a series each */
    struct ct_buf blob = CT_BUF_INIT;
    size_t n = 0;
    for (size_t i = 0; i < s->n_dirty; i++) {
        const struct ct_put *p = &s->dirty[i];
        rows[n++] = (struct ct_sample){p->series, p->v.value, p->v.flags};
        if (i + 1 < s->n_dirty && p[1].v.at_ms == p->v.at_ms)
            continue;
        for (size_t k = 0; k < n; k += CT_BLOB_MOST) {
            ct_buf_clear(&blob);
            ct_blob_encode(&blob, rows + k, n - k < CT_BLOB_MOST ? n - k : CT_BLOB_MOST);
            put_tick(s, source, p->v.at_ms, &blob);
        }
        n = 0;
    }
    s->n_dirty = 0;
    ct_buf_free(&blob);
    free(rows);
}

int64_t ct_samples_earliest(struct ct_samples *s)
{
    int64_t earliest = s->earliest;
    s->earliest = INT64_MAX;
    return earliest;
}
