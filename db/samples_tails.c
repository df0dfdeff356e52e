/* Tails, a row of them at a time in memory: read once for all the series that lie in it, written once after whatever
 * changes of them. */
#include "db/samples_priv.h"

#include <stdlib.h>
#include <string.h>

void ct_s_forget_tails(struct ct_samples *s)
{
    s->tails.valid = s->tails.changed = false;
}

void ct_s_write_tails(struct ct_samples *s)
{
    struct ct_tails *t = &s->tails;
    int64_t from_ms = INT64_MAX;
    if (!t->changed)
        return;
    for (int i = 0; i < CT_TAILS; i++) {
        int64_t at_ms = t->of[i].key ? ct_chunk_from_ms(t->of[i].key) : INT64_MAX;
        from_ms = at_ms < from_ms ? at_ms : from_ms;
    }
    t->changed = false;
    ct_buf_clear(&s->blob);
    if (from_ms == INT64_MAX) {
        ct_s_run(s, ct_s_use(s, CT_S_TAILS_DEL, t->k, 0));
        return;
    }
    ct_tails_pack(&s->blob, t->of);
    ct_s_put_blob(s, CT_S_TAILS_PUT, t->k, from_ms, 3);
}

/* The second behind the chunks of SERIES; that of FROM_MS where it has none. */
static int64_t behind_chunks(struct ct_samples *s, int64_t series, int64_t from_ms)
{
    struct ct_window was = s->at;
    s->at = (struct ct_window){0};
    if (ct_s_open_chunk(s, CT_S_CHUNK_AT, ct_s_key(series, CT_MOST_MS), ct_s_key(series, 0)))
        from_ms = s->at.v[s->at.n - 1].at_ms + CT_SECOND;
    free(s->at.v);
    s->at = was;
    return ct_s_key(series, from_ms);
}

/* The row with the tail of SERIES comes into memory. Where nobody can read it, any of its series may have had one. */
static struct ct_tails *load(struct ct_samples *s, int64_t series)
{
    struct ct_tails *t = &s->tails;
    int64_t k = series >> CT_TAILS_BITS;
    if (t->valid && t->k == k)
        return t;
    ct_s_write_tails(s);
    sqlite3_stmt *st = ct_s_use(s, CT_S_TAILS, k, 0);
    bool found = ct_s_step(s, st);
    int64_t from_ms = found ? sqlite3_column_int64(st, 0) : 0;
    memset(t->of, 0, sizeof t->of);
    ct_buf_clear(&t->row);
    if (found)
        ct_buf_add(&t->row, ct_s_blob(st, 1));
    ct_s_end(st);
    t->k = k;
    t->damaged = found && !ct_tails_unpack(ct_buf_span(&t->row), k, t->of);
    for (int i = 0; t->damaged && i < CT_TAILS; i++)
        t->of[i].key = behind_chunks(s, k << CT_TAILS_BITS | i, from_ms);
    t->valid = s->rc == SQLITE_OK;
    return t;
}

const struct ct_tail *ct_s_tail(struct ct_samples *s, int64_t series)
{
    if (!s->tailed)
        return NULL;
    const struct ct_tail *t = &load(s, series)->of[series % CT_TAILS];
    return t->key && s->rc == SQLITE_OK ? t : NULL;
}

void ct_s_set_tail(struct ct_samples *s, int64_t series, int64_t key, struct ct_span blob)
{
    struct ct_tails *t = load(s, series);
    struct ct_buf *own = &t->own[series % CT_TAILS];
    ct_buf_clear(own);
    ct_buf_add(own, blob);
    t->of[series % CT_TAILS] = (struct ct_tail){key, ct_buf_span(own)};
    t->changed = true;
}

void ct_s_bury_tails(struct ct_samples *s, int64_t series)
{
    struct ct_tails *t = load(s, series);
    if (!t->damaged)
        return;
    sqlite3_stmt *st = ct_s_use(s, CT_S_SERIES, t->k << CT_TAILS_BITS, (t->k + 1) << CT_TAILS_BITS);
    while (ct_s_step(s, st))
        ct_s_copy_chunk(s, t->of[sqlite3_column_int64(st, 0) % CT_TAILS].key, CT_LIT(""));
    memset(t->of, 0, sizeof t->of);
    t->damaged = false;
    t->changed = true;
    ct_s_forget_window(s);
}

/* A chunk behind a tail was made of it since: the tail comes out of a page that was no longer in use. */
static void to_chunk(struct ct_samples *s, const struct ct_tail *t)
{
    sqlite3_stmt *st = ct_s_use(s, CT_S_CHUNK_AFTER, t->key, ct_s_key(ct_chunk_series(t->key), CT_MOST_MS));
    bool made = ct_s_step(s, st);
    ct_s_end(st);
    if (!made)
        ct_s_copy_chunk(s, t->key, t->blob);
}

void ct_samples_chunks_of_tails(struct ct_samples *s)
{
    if (!ct_s_look(s) || !s->tailed)
        return;
    for (int64_t k = -1;;) {
        sqlite3_stmt *st = ct_s_use(s, CT_S_TAILS_NEXT, k, 0);
        bool more = ct_s_step(s, st);
        k = more ? sqlite3_column_int64(st, 0) : 0;
        ct_s_end(st);
        if (!more || k < 0 || k >= CT_MOST_SERIES / CT_TAILS)
            break;
        ct_s_bury_tails(s, k << CT_TAILS_BITS);
        struct ct_tails *t = load(s, k << CT_TAILS_BITS);
        for (int i = 0; i < CT_TAILS; i++)
            if (t->of[i].key)
                to_chunk(s, &t->of[i]);
        memset(t->of, 0, sizeof t->of);
        t->changed = true;
        ct_s_write_tails(s);
    }
    ct_s_forget_window(s);
    ct_s_forget_tails(s);
}
