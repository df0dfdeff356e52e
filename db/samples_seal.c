/* Sealing: ticks become chunks, a series at a time. */
#include "db/samples_priv.h"

#include <stdlib.h>

/* Waiting to be sealed: enough that a chunk is not rewritten for every sample, few enough to be
 * read and kept by everybody who looks. */
#define SOME_TICKS 512
#define SOME_ROWS 65536
#define MANY_TICKS 2048
#define MANY_ROWS 196608

enum ct_unsealed ct_samples_unsealed(const struct ct_samples *s)
{
    if (s->n_ticks >= MANY_TICKS || s->n_rows >= MANY_ROWS)
        return CT_UNSEALED_MANY;
    bool begun = s->next < s->n_order;
    return begun || s->n_ticks >= SOME_TICKS || s->n_rows >= SOME_ROWS ? CT_UNSEALED_SOME
                                                                       : CT_UNSEALED_FEW;
}

static void put_chunk(struct ct_samples *s, int64_t key, const struct ct_sample *v, size_t n)
{
    struct ct_buf blob = CT_BUF_INIT;
    ct_blob_encode(&blob, v, n);
    sqlite3_stmt *st = ct_s_use(s, CT_S_CHUNK_PUT, key, 0);
    if (st) {
        (void)sqlite3_bind_blob64(st, 2, blob.p, blob.n, SQLITE_STATIC);
        ct_s_run(s, st);
        (void)sqlite3_clear_bindings(st);
    }
    ct_buf_free(&blob);
}

/* Writes the samples of one stretch of a series, the first chunk under KEY. At the end of a series
 * (LAST) chunks are filled one by one, elsewhere shared out, to leave room for more. */
static void put_chunks(struct ct_samples *s, int64_t key, const struct ct_sample *v, size_t n,
                       bool last)
{
    size_t pieces = (n + CT_CHUNK_ROWS - 1) / CT_CHUNK_ROWS;
    size_t size = last ? CT_CHUNK_ROWS : (n + pieces - 1) / pieces;
    for (size_t i = 0; i < n;) {
        size_t to = n - i < size ? n : i + size;
        while (to < n && v[to].at_ms / 1000 == v[to - 1].at_ms / 1000)
            to++; /* chunks begin at different seconds */
        put_chunk(s, i ? ct_s_key(ct_chunk_series(key), v[i].at_ms) : key, v + i, to - i);
        i = to;
    }
}

/* V[0..N) with the changes of F[0..M) done to it, into OUT. Returns how many are left. */
static size_t merge(struct ct_sample *out, const struct ct_sample *v, size_t n,
                    const struct ct_sample *f, size_t m)
{
    size_t k = 0;
    for (size_t i = 0, j = 0; i < n || j < m;) {
        if (j == m || (i < n && v[i].at_ms < f[j].at_ms)) {
            out[k++] = v[i++];
            continue;
        }
        bool mark = (f[j].flags & CT_SAMPLE_DAMAGED) != 0;
        i += i < n && v[i].at_ms == f[j].at_ms && !mark;
        if (!mark && !(f[j].flags & CT_GONE_AGAIN))
            out[k++] = f[j];
        j++;
    }
    return k;
}

/* Seals the first samples of F[0..N) that belong into one chunk; returns how many that were. */
static size_t seal_stretch(struct ct_samples *s, int64_t series, const struct ct_sample *f, size_t n)
{
    struct ct_window *w = &s->at;
    int64_t low = ct_s_key(series, 0), high = ct_s_key(series, CT_MOST_MS), first = ct_s_key(series, f->at_ms);
    bool there = ct_s_open(s, ct_s_use(s, CT_S_CHUNK_AT, first, low)) ||
                 ct_s_open(s, ct_s_use(s, CT_S_CHUNK_AFTER, low, high));
    int64_t key = there ? w->key : first;
    sqlite3_stmt *st = ct_s_use(s, CT_S_CHUNK_AFTER, key + 1, high);
    int64_t next = there && ct_s_step(s, st) ? sqlite3_column_int64(st, 0) : 0;
    ct_s_end(st);
    if (there && w->damaged && first < key)
        next = key;
    size_t m = 0;
    while (m < n && (!next || ct_s_key(series, f[m].at_ms) < next))
        m++;
    /* What is damaged stays for salvage; the new samples begin a chunk behind it. */
    bool old = there && !w->damaged;
    size_t had = old ? w->n : 0;
    struct ct_sample *all = ct_xcalloc(had + m + 1, sizeof *all);
    size_t left = merge(all, w->v, had, f, m);
    int64_t start = left ? ct_s_key(series, all[0].at_ms) : 0;
    if (old && (left == 0 || start < key))
        ct_s_run(s, ct_s_use(s, CT_S_CHUNK_DEL, key, 0));
    if (left)
        put_chunks(s, old && key < start ? key : start, all, left, next == 0);
    free(all);
    ct_s_forget_window(s);
    return m;
}

static int by_series(const void *a, const void *b)
{
    const struct ct_place *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

static void begin_sealing(struct ct_samples *s)
{
    struct ct_place *p = ct_xcalloc(s->n_fresh + 1, sizeof *p);
    for (size_t i = 0; i < s->n_fresh; i++)
        p[i] = (struct ct_place){s->fresh[i].series, (int64_t)i};
    qsort(p, s->n_fresh, sizeof *p, by_series);
    s->order = ct_xrealloc(s->order, (s->n_fresh + 1) * sizeof *s->order);
    for (size_t i = 0; i < s->n_fresh; i++)
        s->order[i] = (size_t)p[i].at_ms;
    free(p);
    s->n_order = s->n_fresh;
    s->next = 0;
    s->upto = s->last;
    s->upto_net = s->net;
}

/* All series are done: the ticks may go, but for those nobody could read. */
static void end_sealing(struct ct_samples *s)
{
    int64_t from = 0;
    int64_t sealed = ct_s_ask(s, ct_s_use(s, CT_S_META, false, 0));
    for (size_t i = 0; i <= s->n_bad; i++) {
        int64_t to = i < s->n_bad && s->bad[i].n <= s->upto ? s->bad[i].n - 1 : s->upto;
        ct_s_run(s, ct_s_use(s, CT_S_TICK_DEL, from, to));
        from = to + 2;
    }
    ct_s_run(s, ct_s_use(s, CT_S_META_PUT, false, sealed + s->upto_net));
    ct_s_run(s, ct_s_use(s, CT_S_META_PUT, true, s->upto));
    ct_samples_forget(s);
}

bool ct_samples_seal(struct ct_samples *s, int64_t ms)
{
    int64_t until_ms = ct_mono_ms() + ms;
    if (!ct_s_look(s))
        return false;
    if (s->next >= s->n_order) {
        if (s->n_fresh == 0)
            return false;
        begin_sealing(s);
    }
    while (s->next < s->n_order && s->rc == SQLITE_OK) {
        const struct ct_fresh *f = &s->fresh[s->order[s->next++]];
        for (size_t i = 0; i < f->n && s->rc == SQLITE_OK;)
            i += seal_stretch(s, f->series, f->v + i, f->n - i);
        if (s->next % 16 == 0 && ct_mono_ms() >= until_ms)
            break;
    }
    if (s->next < s->n_order)
        return true;
    end_sealing(s);
    return false;
}

/* ---- from layout 1 ---- */

int ct_samples_from_rows(sqlite3 *db)
{
    struct ct_samples *s = ct_samples_new(db);
    struct ct_sample v[CT_CHUNK_ROWS + 1024]; /* one more second at most */
    size_t n = 0;
    int64_t series = 0, total = 0;
    sqlite3_stmt *st = NULL;
    ct_s_keep(s, sqlite3_prepare_v2(db, "SELECT series_id, at_ms, value, flags FROM sample"
                               " ORDER BY series_id, at_ms", -1, &st, NULL));
    for (bool more = true; more && s->rc == SQLITE_OK;) {
        more = ct_s_step(s, st);
        int64_t next = more ? sqlite3_column_int64(st, 0) : 0;
        int64_t at_ms = more ? sqlite3_column_int64(st, 1) : 0;
        bool full = n >= CT_CHUNK_ROWS && at_ms / 1000 > v[n - 1].at_ms / 1000;
        if (n && (!more || next != series || full)) {
            put_chunk(s, ct_s_key(series, v[0].at_ms), v, n);
            total += (int64_t)n;
            n = 0;
        }
        series = next;
        if (!more)
            break;
        if (ct_s_usable(series, at_ms) && n < CT_LEN(v))
            v[n++] = (struct ct_sample){at_ms,
                                        sqlite3_column_type(st, 2) == SQLITE_NULL
                                            ? CT_NONE
                                            : sqlite3_column_int64(st, 2),
                                        sqlite3_column_int(st, 3) & 63};
    }
    if (total)
        ct_s_run(s, ct_s_use(s, CT_S_META_PUT, false, total));
    int rc = s->rc;
    sqlite3_finalize(st);
    ct_samples_free(s);
    return rc;
}
