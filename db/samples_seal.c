/* Sealing: ticks come into the tail of their series, and what fills a chunk there becomes one, a series at a time. All
 * tails lie side by side and are written together; a chunk is written once, but for what comes late. */
#include "db/samples_priv.h"

#include <stdlib.h>
#include <string.h>

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
    ct_buf_clear(&s->blob);
    ct_blob_encode(&s->blob, v, n);
    ct_s_put_blob(s, CT_S_CHUNK_PUT, key, 0, 2);
}

/* Puts F[0..N) behind the tail of SERIES that E is the end of, where that is all there is to do. */
static bool grow_tail(struct ct_samples *s, int64_t series, struct ct_tail_end *e, const struct ct_sample *f, size_t n)
{
    const struct ct_tail *t = ct_s_tail(s, series);
    if (!t || t->key != e->key || e->end.rows + n > CT_CHUNK_ROWS || f[0].at_ms <= (int64_t)e->end.key)
        return false;
    for (size_t i = 0; i < n; i++)
        if (f[i].flags & (CT_SAMPLE_DAMAGED | CT_GONE_AGAIN))
            return false;
    ct_buf_clear(&s->blob);
    if (!ct_blob_append(&s->blob, t->blob, &e->end, f, n))
        return false;
    ct_s_set_tail(s, series, e->key, ct_buf_span(&s->blob));
    ct_s_forget_window(s);
    return true;
}

/* How many of V[0..N) a chunk of about SIZE takes: chunks begin at different seconds. */
static size_t piece(const struct ct_sample *v, size_t n, size_t size)
{
    size_t to = n < size ? n : size;
    while (to < n && v[to].at_ms / 1000 == v[to - 1].at_ms / 1000)
        to++;
    return to;
}

/* Writes the samples of one stretch of a series, the first chunk under KEY. At the end of a series
 * (LAST) chunks are filled one by one, elsewhere shared out, to leave room for more. */
static void put_chunks(struct ct_samples *s, int64_t key, const struct ct_sample *v, size_t n,
                       bool last)
{
    size_t pieces = (n + CT_CHUNK_ROWS - 1) / CT_CHUNK_ROWS;
    size_t size = last ? CT_CHUNK_ROWS : (n + pieces - 1) / pieces;
    for (size_t i = 0, many; i < n; i += many) {
        many = piece(v + i, n - i, size);
        put_chunk(s, i ? ct_s_key(ct_chunk_series(key), v[i].at_ms) : key, v + i, many);
    }
}

/* V[0..N) with the changes of F[0..M) done to it, into s->merged. Returns how many are left. */
static size_t merge(struct ct_samples *s, const struct ct_sample *v, size_t n, const struct ct_sample *f, size_t m)
{
    size_t k = 0;
    if (n + m > s->cap_merged) {
        s->cap_merged = 2 * (n + m);
        s->merged = ct_xrealloc(s->merged, s->cap_merged * sizeof *s->merged);
    }
    struct ct_sample *out = s->merged;
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

/* Of F[0..N) those that came before the tail, or what is to become it: what lies last. The others are sealed. E is the
 * end of the tail, as far as it is known, and comes to be that of the new one. */
static size_t seal_tail(struct ct_samples *s, int64_t series, struct ct_tail_end *e, const struct ct_sample *f, size_t n)
{
    struct ct_window *w = &s->at;
    ct_s_bury_tails(s, series);
    if (grow_tail(s, series, e, f, n))
        return 0;
    bool there = ct_s_open_to(s, ct_s_key(series, CT_MOST_MS)), old = there && !w->damaged;
    int64_t key = there ? w->key : 0;
    size_t late = 0, i = 0, many;
    while (late < n && ct_s_key(series, f[late].at_ms) < key)
        late++;
    if (late == n)
        return late;
    if (old && w->tail)
        *e = (struct ct_tail_end){key, ct_blob_end(ct_s_tail(s, series)->blob, w->v, w->n)};
    if (old && w->tail && grow_tail(s, series, e, f + late, n - late))
        return late;
    size_t left = merge(s, w->v, old ? w->n : 0, f + late, n - late);
    /* What is damaged stays for salvage, as a chunk; the new samples begin behind it. */
    bool behind = there && w->damaged && (left == 0 || ct_s_key(series, s->merged[0].at_ms) > key);
    if (behind && w->tail)
        ct_s_copy_chunk(s, key, ct_s_tail(s, series)->blob);
    else if (there && !behind && !w->tail)
        ct_s_run(s, ct_s_use(s, CT_S_CHUNK_DEL, key, 0));
    for (; left - i > CT_CHUNK_ROWS; i += many) {
        many = piece(s->merged + i, left - i, CT_CHUNK_ROWS);
        if (i + many == left)
            break;
        put_chunk(s, ct_s_key(series, s->merged[i].at_ms), s->merged + i, many);
    }
    ct_buf_clear(&s->blob);
    *e = (struct ct_tail_end){0};
    if (i < left) {
        ct_blob_encode(&s->blob, s->merged + i, left - i);
        e->key = ct_s_key(series, s->merged[i].at_ms);
        e->end = ct_blob_end(ct_buf_span(&s->blob), s->merged + i, left - i);
    }
    ct_s_set_tail(s, series, e->key, ct_buf_span(&s->blob));
    ct_s_forget_window(s);
    return late;
}

/* Seals the first samples of F[0..N) that belong into one chunk; returns how many that were. */
static size_t seal_stretch(struct ct_samples *s, int64_t series, const struct ct_sample *f, size_t n)
{
    struct ct_window *w = &s->at;
    int64_t low = ct_s_key(series, 0), high = ct_s_key(series, CT_MOST_MS), first = ct_s_key(series, f->at_ms);
    bool there = ct_s_open_chunk(s, CT_S_CHUNK_AT, first, low) || ct_s_open_chunk(s, CT_S_CHUNK_AFTER, low, high);
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
    size_t left = merge(s, w->v, had, f, m);
    const struct ct_sample *all = s->merged;
    int64_t start = left ? ct_s_key(series, all[0].at_ms) : 0;
    if (old && (left == 0 || start < key))
        ct_s_run(s, ct_s_use(s, CT_S_CHUNK_DEL, key, 0));
    if (left)
        put_chunks(s, old && key < start ? key : start, all, left, next == 0);
    ct_s_forget_window(s);
    return m;
}

static void seal_series(struct ct_samples *s, const struct ct_fresh *f, struct ct_tail_end *e)
{
    size_t late = s->tailed && f->n ? seal_tail(s, f->series, e, f->v, f->n) : f->n;
    for (size_t i = 0; i < late && s->rc == SQLITE_OK;)
        i += seal_stretch(s, f->series, f->v + i, late - i);
}

/* Where one of FRESH is and whose. */
struct turn {
    int64_t series;
    size_t at;
};

static int by_series(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

/* The series are mostly those of last time. */
static void put_in_order(struct ct_samples *s)
{
    if (s->n_order == s->n_fresh)
        return;
    struct turn *t = ct_xcalloc(s->n_fresh + 1, sizeof *t);
    for (size_t i = 0; i < s->n_fresh; i++)
        t[i] = (struct turn){s->fresh[i].series, i};
    qsort(t, s->n_fresh, sizeof *t, by_series);
    s->order = ct_xrealloc(s->order, (s->n_fresh + 1) * sizeof *s->order);
    for (size_t i = 0; i < s->n_fresh; i++)
        s->order[i] = t[i].at;
    free(t);
    s->n_order = s->n_fresh;
    s->ends = ct_xrealloc(s->ends, (s->n_fresh + 1) * sizeof *s->ends);
    memset(s->ends + s->n_ends, 0, (s->n_fresh - s->n_ends) * sizeof *s->ends);
    s->n_ends = s->n_fresh;
}

static void begin_sealing(struct ct_samples *s)
{
    put_in_order(s);
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
    ct_s_empty(s);
    s->sure = false;
}

bool ct_samples_seal(struct ct_samples *s, int64_t ms)
{
    int64_t until_ms = ct_mono_ms() + ms;
    if (!ct_s_look(s))
        return false;
    if (s->next >= s->n_order) {
        if (s->n_rows == 0)
            return false;
        begin_sealing(s);
    }
    while (s->next < s->n_order && s->rc == SQLITE_OK) {
        size_t i = s->order[s->next++];
        seal_series(s, &s->fresh[i], &s->ends[i]);
        if (s->next % 16 == 0 && ct_mono_ms() >= until_ms)
            break;
    }
    ct_s_write_tails(s);
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
