#include "config.h"

#include "db/samples.h"

#include "db/model.h"

#include <stdlib.h>

#define MOST_MS (INT64_C(1) << 60) /* a file is input: no sum of two moments may overflow */

enum { AT, AFTER, PUT, DEL, N_SQL };
const char *const ct_samples_sql[] = {
    [AT] = "SELECT at_ms, value, flags FROM sample WHERE series_id=?1 AND at_ms<=?2"
           " ORDER BY at_ms DESC LIMIT 1",
    [AFTER] = "SELECT at_ms, value, flags FROM sample WHERE series_id=?1 AND at_ms>?2"
              " ORDER BY at_ms LIMIT 1",
    [PUT] = "INSERT OR REPLACE INTO sample (series_id, at_ms, value, flags) VALUES (?1,?2,?3,?4)",
    [DEL] = "DELETE FROM sample WHERE series_id=?1 AND at_ms=?2",
};
const size_t ct_n_samples_sql = N_SQL;

struct ct_samples {
    sqlite3 *db;
    sqlite3_stmt *st[N_SQL];
    int rc;
};

struct ct_samples *ct_samples_new(sqlite3 *db)
{
    struct ct_samples *s = ct_xcalloc(1, sizeof *s);
    s->db = db;
    return s;
}

void ct_samples_free(struct ct_samples *s)
{
    if (!s)
        return;
    for (int i = 0; i < N_SQL; i++)
        sqlite3_finalize(s->st[i]);
    free(s);
}

void ct_samples_begin(struct ct_samples *s)
{
    s->rc = SQLITE_OK;
}

int ct_samples_rc(const struct ct_samples *s)
{
    return s->rc;
}

static void keep(struct ct_samples *s, int rc)
{
    if (s->rc == SQLITE_OK)
        s->rc = rc;
}

/* Statement ID with A and B bound; NULL after a failure. */
static sqlite3_stmt *use(struct ct_samples *s, int id, int64_t a, int64_t b)
{
    if (s->rc != SQLITE_OK)
        return NULL;
    if (!s->st[id])
        keep(s, sqlite3_prepare_v3(s->db, ct_samples_sql[id], -1, SQLITE_PREPARE_PERSISTENT,
                                   &s->st[id], NULL));
    if (s->rc != SQLITE_OK)
        return NULL;
    sqlite3_bind_int64(s->st[id], 1, a);
    sqlite3_bind_int64(s->st[id], 2, b);
    return s->st[id];
}

static bool step(struct ct_samples *s, sqlite3_stmt *st)
{
    int rc = st ? sqlite3_step(st) : SQLITE_DONE;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        keep(s, rc);
    return rc == SQLITE_ROW;
}

static int64_t number(sqlite3_stmt *st, int i)
{
    int64_t v = sqlite3_column_int64(st, i);
    if (sqlite3_column_type(st, i) != SQLITE_INTEGER)
        return CT_NONE;
    return v > MOST_MS ? MOST_MS : v < -MOST_MS ? -MOST_MS : v;
}

static bool one(struct ct_samples *s, sqlite3_stmt *st, struct ct_sample *out)
{
    bool found = step(s, st);
    if (found) {
        int64_t at_ms = number(st, 0);
        *out = (struct ct_sample){at_ms == CT_NONE ? 0 : at_ms, number(st, 1),
                                  sqlite3_column_int(st, 2)};
    }
    if (st)
        sqlite3_reset(st);
    return found;
}

bool ct_sample_at(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out)
{
    return one(s, use(s, AT, series, t), out);
}

bool ct_sample_after(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out)
{
    return one(s, use(s, AFTER, series, t), out);
}

bool ct_sample_next(struct ct_samples *s, int64_t series, int64_t to_ms, struct ct_sample *v)
{
    return ct_sample_after(s, series, v->at_ms, v) && v->at_ms <= to_ms;
}

void ct_sample_put(struct ct_samples *s, int64_t series, struct ct_sample v)
{
    sqlite3_stmt *st = use(s, PUT, series, v.at_ms);
    if (!st)
        return;
    if (v.value == CT_NONE)
        sqlite3_bind_null(st, 3);
    else
        sqlite3_bind_int64(st, 3, v.value);
    sqlite3_bind_int(st, 4, v.flags);
    (void)step(s, st);
    sqlite3_reset(st);
}

bool ct_sample_del(struct ct_samples *s, int64_t series, int64_t at_ms)
{
    sqlite3_stmt *st = use(s, DEL, series, at_ms);
    (void)step(s, st);
    if (st)
        sqlite3_reset(st);
    return st && s->rc == SQLITE_OK && sqlite3_changes64(s->db) > 0;
}

void ct_samples_flush(struct ct_samples *s, int64_t source, int64_t at_ms)
{
    (void)s, (void)source, (void)at_ms;
}
