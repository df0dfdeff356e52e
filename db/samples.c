#include "config.h"

#include "db/samples_priv.h"

#include <stdlib.h>

const char *const ct_samples_sql[] = {
    [CT_S_CHUNK_AT] = "SELECT k, b FROM chunk WHERE k<=?1 AND k>=?2 ORDER BY k DESC LIMIT 1",
    [CT_S_CHUNK_AFTER] = "SELECT k, b FROM chunk WHERE k>=?1 AND k<=?2 ORDER BY k LIMIT 1",
    [CT_S_CHUNKS_BACK] = "SELECT k, b FROM chunk WHERE k<=?1 AND k>=?2 ORDER BY k DESC",
    [CT_S_CHUNK_PUT] = "INSERT OR REPLACE INTO chunk (k, b) VALUES (?1, ?2)",
    [CT_S_CHUNK_DEL] = "DELETE FROM chunk WHERE k=?1",
    [CT_S_TAILS] = "SELECT from_ms, b FROM tails WHERE k=?1",
    [CT_S_TAILS_NEXT] = "SELECT k FROM tails WHERE k>?1 ORDER BY k LIMIT 1",
    [CT_S_TAILS_PUT] = "INSERT OR REPLACE INTO tails (k, from_ms, b) VALUES (?1, ?2, ?3)",
    [CT_S_TAILS_DEL] = "DELETE FROM tails WHERE k=?1",
    [CT_S_SERIES] = "SELECT id FROM series WHERE id>=?1 AND id<?2",
    [CT_S_TICKS] = "SELECT n, at_ms, net, b, source_id FROM tick WHERE n>?1 ORDER BY n",
    [CT_S_TICK_PUT] = "INSERT INTO tick (n, at_ms, source_id, net, b) VALUES (?1, ?2, ?3, ?4, ?5)",
    [CT_S_TICK_DEL] = "DELETE FROM tick WHERE n>=?1 AND n<=?2",
    [CT_S_NEWEST] = "SELECT b FROM newest WHERE k>=?1 AND k<?2",
    [CT_S_META] = "SELECT value FROM meta WHERE key=iif(?1, 'sealed', 'samples')",
    [CT_S_META_PUT] = "INSERT OR REPLACE INTO meta (key, value) VALUES (iif(?1, 'sealed', 'samples'), ?2)",
    [CT_S_DATA_VERSION] = "PRAGMA data_version",
};
const size_t ct_n_samples_sql = CT_S_N_SQL;

struct ct_samples *ct_samples_new(sqlite3 *db)
{
    struct ct_samples *s = ct_xcalloc(1, sizeof *s);
    s->db = db;
    s->earliest = INT64_MAX;
    return s;
}

void ct_samples_free(struct ct_samples *s)
{
    if (!s)
        return;
    ct_s_clear(s);
    for (int i = 0; i < CT_S_N_SQL; i++)
        sqlite3_finalize(s->st[i]);
    free(s->fresh);
    free(s->slot);
    free(s->bad);
    free(s->at.v);
    free(s->dirty);
    free(s->order);
    free(s->ends);
    free(s->merged);
    free(s->span);
    ct_buf_free(&s->blob);
    ct_buf_free(&s->tails.row);
    for (int i = 0; i < CT_TAILS; i++)
        ct_buf_free(&s->tails.own[i]);
    free(s);
}

void ct_samples_begin(struct ct_samples *s)
{
    s->rc = SQLITE_OK;
    s->sure = false;
}

void ct_samples_forget(struct ct_samples *s)
{
    ct_s_clear(s);
    s->sure = false;
}

static void *without(void *v, size_t *cap)
{
    free(v);
    *cap = 0;
    return NULL;
}

void ct_samples_rest(struct ct_samples *s)
{
    ct_s_forget_window(s);
    ct_s_forget_tails(s);
    s->at.v = without(s->at.v, &s->at.cap);
    s->dirty = without(s->dirty, &s->cap_dirty);
    s->merged = without(s->merged, &s->cap_merged);
    ct_buf_free(&s->blob);
}

int ct_samples_rc(const struct ct_samples *s)
{
    return s->rc;
}

/* ---- statements ---- */

void *ct_s_grown(void *v, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    *cap = *cap ? *cap * 2 : 16;
    return ct_xrealloc(v, *cap * size);
}

void ct_s_keep(struct ct_samples *s, int rc)
{
    if (s->rc == SQLITE_OK)
        s->rc = rc;
}

sqlite3_stmt *ct_s_use(struct ct_samples *s, int id, int64_t a, int64_t b)
{
    if (s->rc == SQLITE_OK && !s->st[id])
        ct_s_keep(s, sqlite3_prepare_v3(s->db, ct_samples_sql[id], -1, SQLITE_PREPARE_PERSISTENT,
                                   &s->st[id], NULL));
    if (s->rc != SQLITE_OK)
        return NULL;
    (void)sqlite3_bind_int64(s->st[id], 1, a);
    (void)sqlite3_bind_int64(s->st[id], 2, b);
    return s->st[id];
}

bool ct_s_step(struct ct_samples *s, sqlite3_stmt *st)
{
    int rc = st ? sqlite3_step(st) : SQLITE_DONE;
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        ct_s_keep(s, rc);
    if (st)
        sqlite3_reset(st);
    return false;
}

void ct_s_end(sqlite3_stmt *st)
{
    if (st)
        sqlite3_reset(st);
}

void ct_s_run(struct ct_samples *s, sqlite3_stmt *st)
{
    while (ct_s_step(s, st))
        continue;
}

int64_t ct_s_ask(struct ct_samples *s, sqlite3_stmt *st)
{
    int64_t value = ct_s_step(s, st) ? sqlite3_column_int64(st, 0) : 0;
    ct_s_end(st);
    return value;
}

struct ct_span ct_s_blob(sqlite3_stmt *st, int column)
{
    const void *p = sqlite3_column_blob(st, column);
    return (struct ct_span){p, p ? (size_t)sqlite3_column_bytes(st, column) : 0};
}

void ct_s_put_blob(struct ct_samples *s, int id, int64_t a, int64_t b, int column)
{
    sqlite3_stmt *st = ct_s_use(s, id, a, b);
    if (!st)
        return;
    (void)sqlite3_bind_blob64(st, column, s->blob.p, s->blob.n, SQLITE_STATIC);
    ct_s_run(s, st);
    (void)sqlite3_clear_bindings(st);
}

/* ---- what is sealed and what is not ---- */

bool ct_sample_at(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out)
{
    if (!ct_s_look(s) || series <= 0 || series >= CT_MOST_SERIES)
        return false;
    const struct ct_fresh *f = ct_s_fresh(s, series);
    for (;;) {
        struct ct_sample sealed;
        size_t i = f ? ct_s_until(f->v, f->n, t) : 0;
        bool there = ct_s_sealed_at(s, series, t, &sealed);
        if (i == 0 || (there && sealed.at_ms > f->v[i - 1].at_ms)) {
            if (there)
                *out = sealed;
            return there && s->rc == SQLITE_OK;
        }
        const struct ct_sample *v = &f->v[i - 1];
        if (!(v->flags & CT_GONE_AGAIN)) {
            *out = *v;
            return s->rc == SQLITE_OK;
        }
        t = v->at_ms - 1;
    }
}

/* How many of the unsealed V[0..N), the first of which stays, come before T and stay. */
static size_t stretch(const struct ct_sample *v, size_t n, int64_t t)
{
    size_t i = 1;
    while (i < n && v[i].at_ms < t && !(v[i].flags & CT_GONE_AGAIN))
        i++;
    return i;
}

const struct ct_sample *ct_samples_after(struct ct_samples *s, int64_t series, int64_t t, size_t *n)
{
    if (!ct_s_look(s) || series <= 0 || series >= CT_MOST_SERIES)
        return NULL;
    const struct ct_fresh *f = ct_s_fresh(s, series);
    for (;;) {
        const struct ct_sample *sealed = ct_s_sealed_after(s, series, t, n);
        size_t i = f ? ct_s_until(f->v, f->n, t) : 0;
        if (s->rc != SQLITE_OK)
            return NULL;
        if (!f || i == f->n)
            return sealed;
        const struct ct_sample *v = &f->v[i];
        if (sealed && sealed->at_ms < v->at_ms) {
            *n = ct_s_until(sealed, *n, v->at_ms - 1);
            return sealed;
        }
        if (!(v->flags & CT_GONE_AGAIN)) {
            *n = stretch(v, f->n - i, sealed ? sealed->at_ms : INT64_MAX);
            return v;
        }
        t = v->at_ms;
    }
}

bool ct_sample_after(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out)
{
    size_t n;
    const struct ct_sample *v = ct_samples_after(s, series, t, &n);
    if (v)
        *out = *v;
    return v != NULL;
}

bool ct_sample_next(struct ct_samples *s, int64_t series, int64_t to_ms, struct ct_sample *v)
{
    return ct_sample_after(s, series, v->at_ms, v) && v->at_ms <= to_ms;
}

int64_t ct_samples_count(struct ct_samples *s)
{
    return ct_s_look(s) ? ct_s_ask(s, ct_s_use(s, CT_S_META, false, 0)) + s->net : CT_NONE;
}

int64_t ct_samples_damaged_ticks(struct ct_samples *s)
{
    return ct_s_look(s) ? (int64_t)s->n_bad : CT_NONE;
}
