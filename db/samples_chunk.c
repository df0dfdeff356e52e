/* What is sealed: chunks of one series and its tail, one of them unpacked at a time. */
#include "db/samples_priv.h"

_Static_assert(CT_SECOND_BITS == 38, "CT_CHUNK_SERIES says the same");

int64_t ct_s_key(int64_t series, int64_t at_ms)
{
    int64_t second = at_ms < 0 ? 0 : at_ms >= CT_MOST_MS ? CT_MOST_MS / 1000 - 1 : at_ms / 1000;
    return series << CT_SECOND_BITS | second;
}

int64_t ct_chunk_series(int64_t key)
{
    return key >> CT_SECOND_BITS;
}

int64_t ct_chunk_from_ms(int64_t key)
{
    return (key & ((INT64_C(1) << CT_SECOND_BITS) - 1)) * 1000;
}

/* Every sample of a chunk is of its second or later. */
static bool unpack(struct ct_window *w, struct ct_span blob)
{
    size_t n = ct_blob_rows(blob);
    if (n + 1 > w->cap) {
        w->cap = n + 1;
        w->v = ct_xrealloc(w->v, w->cap * sizeof *w->v);
    }
    w->n = n;
    return ct_blob_decode(blob, w->v) && w->v[0].at_ms >= ct_chunk_from_ms(w->key) &&
           w->v[n - 1].at_ms < CT_MOST_MS;
}

static void take(struct ct_window *w, bool tail, int64_t key, struct ct_span blob)
{
    if (w->valid && w->key == key && w->tail == tail)
        return;
    w->tail = tail;
    w->key = key;
    w->upto = key;
    w->damaged = !unpack(w, blob);
    w->valid = true;
    if (w->damaged) {
        w->v[0] = (struct ct_sample){ct_chunk_from_ms(key), CT_NONE, CT_SAMPLE_DAMAGED};
        w->n = 1;
    }
}

bool ct_s_open_chunk(struct ct_samples *s, int id, int64_t a, int64_t b)
{
    sqlite3_stmt *st = ct_s_use(s, id, a, b);
    bool found = ct_s_step(s, st);
    if (found)
        take(&s->at, false, sqlite3_column_int64(st, 0), ct_s_blob(st, 1));
    ct_s_end(st);
    return found;
}

void ct_s_copy_chunk(struct ct_samples *s, int64_t key, struct ct_span blob)
{
    ct_buf_clear(&s->blob);
    ct_buf_add(&s->blob, blob);
    ct_s_put_blob(s, CT_S_CHUNK_PUT, key, 0, 2);
}

/* The tail of a series becomes the window, if it begins at a key from LOW to HIGH. */
static bool open_tail(struct ct_samples *s, int64_t low, int64_t high)
{
    const struct ct_tail *t = ct_s_tail(s, ct_chunk_series(low));
    bool found = t && t->key >= low && t->key <= high;
    if (found)
        take(&s->at, true, t->key, t->blob);
    return found;
}

bool ct_s_open_to(struct ct_samples *s, int64_t key)
{
    int64_t low = ct_s_key(ct_chunk_series(key), 0);
    return open_tail(s, low, key) || ct_s_open_chunk(s, CT_S_CHUNK_AT, key, low);
}

bool ct_s_open_from(struct ct_samples *s, int64_t key)
{
    int64_t high = ct_s_key(ct_chunk_series(key), CT_MOST_MS);
    return ct_s_open_chunk(s, CT_S_CHUNK_AFTER, key, high) || open_tail(s, key, high);
}

void ct_s_forget_window(struct ct_samples *s)
{
    s->at.valid = false;
    s->at.none = 0;
}

/* The window holds the newest sealed sample of SERIES at or before T. */
static bool inside(const struct ct_samples *s, int64_t series, int64_t t)
{
    const struct ct_window *w = &s->at;
    return w->valid && ct_chunk_series(w->key) == series && w->v[0].at_ms <= t &&
           (t < w->v[w->n - 1].at_ms || ct_s_key(series, t) <= w->upto);
}

/* The last one of SERIES up to KEY becomes the window; false: there is none. */
static bool open_last(struct ct_samples *s, int64_t series, int64_t key)
{
    struct ct_window *w = &s->at;
    if (key <= w->none && ct_chunk_series(w->none) == series)
        return false;
    bool found = ct_s_open_to(s, key);
    if (found && key > w->upto)
        w->upto = key;
    if (!found && s->rc == SQLITE_OK)
        w->none = key;
    return found;
}

/* The one behind the window, or (BEHIND false) the first of SERIES becomes the window; false: there is none. */
static bool open_next(struct ct_samples *s, int64_t series, bool behind)
{
    struct ct_window *w = &s->at;
    int64_t most = ct_s_key(series, CT_MOST_MS), *known = behind ? &w->upto : &w->none;
    if (*known == most)
        return false;
    bool found = ct_s_open_from(s, behind ? w->key + 1 : ct_s_key(series, 0));
    if (!found && s->rc == SQLITE_OK)
        *known = most;
    return found;
}

bool ct_s_sealed_at(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out)
{
    const struct ct_window *w = &s->at;
    if (t < 0)
        return false;
    if (!inside(s, series, t)) {
        int64_t key = ct_s_key(series, t);
        do
            if (!open_last(s, series, key))
                return false;
        while (w->v[0].at_ms > t && (key = w->key - 1, true));
    }
    *out = w->v[ct_s_until(w->v, w->n, t) - 1];
    return true;
}

const struct ct_sample *ct_s_sealed_after(struct ct_samples *s, int64_t series, int64_t t, size_t *n)
{
    const struct ct_window *w = &s->at;
    bool walked = w->valid && ct_chunk_series(w->key) == series && w->v[w->n - 1].at_ms == t;
    bool found = walked || inside(s, series, t) || (t >= 0 && open_last(s, series, ct_s_key(series, t)));
    if ((!found || w->v[w->n - 1].at_ms <= t) && !open_next(s, series, found))
        return NULL;
    size_t i = ct_s_until(w->v, w->n, t);
    *n = w->n - i;
    return i < w->n ? w->v + i : NULL;
}
