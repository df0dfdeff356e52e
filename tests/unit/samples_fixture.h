/* Samples as rows, for tests that look at them in SQL: a temporary table `sample` on the test's own
 * connection, filled out of the store, or packed into it. */
#ifndef SAMPLES_FIXTURE_H
#define SAMPLES_FIXTURE_H

#include "db/newest.h"

#include "db/base/money.h"

/* In memory, as all such tables of tests are: each row added is a commit of its own. */
#define SAMPLE_ROWS                                                                                \
    "PRAGMA temp_store = MEMORY;"                                                                  \
    "CREATE TEMP TABLE IF NOT EXISTS sample (series_id INTEGER, at_ms INTEGER, value INTEGER,"     \
    " flags INTEGER, PRIMARY KEY (series_id, at_ms)) WITHOUT ROWID; DELETE FROM temp.sample;"

/* The samples of all series into temp.sample. False: SQLite's error is in DB. */
static inline bool samples_to_rows(sqlite3 *db)
{
    sqlite3_stmt *ids = NULL, *add = NULL;
    struct ct_samples *s = ct_samples_new(db);
    bool fine = sqlite3_exec(db, SAMPLE_ROWS, NULL, NULL, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(db, "SELECT id FROM series", -1, &ids, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(db, "INSERT INTO temp.sample VALUES (?1,?2,?3,?4)", -1, &add,
                                   NULL) == SQLITE_OK;
    ct_samples_begin(s);
    while (fine && sqlite3_step(ids) == SQLITE_ROW) {
        struct ct_sample v = {.at_ms = INT64_MIN};
        while (ct_sample_next(s, sqlite3_column_int64(ids, 0), INT64_MAX, &v)) {
            sqlite3_bind_int64(add, 1, sqlite3_column_int64(ids, 0));
            sqlite3_bind_int64(add, 2, v.at_ms);
            if (v.value == CT_NONE)
                sqlite3_bind_null(add, 3);
            else
                sqlite3_bind_int64(add, 3, v.value);
            sqlite3_bind_int(add, 4, v.flags);
            (void)sqlite3_step(add);
            sqlite3_reset(add);
        }
    }
    fine = fine && ct_samples_rc(s) == SQLITE_OK;
    sqlite3_finalize(ids);
    sqlite3_finalize(add);
    ct_samples_free(s);
    return fine;
}

/* A row a series again of what lies unfinished. */
static inline bool tails_to_chunks(sqlite3 *db)
{
    struct ct_samples *s = ct_samples_new(db);
    bool fine = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
    ct_samples_begin(s);
    ct_samples_chunks_of_tails(s);
    fine = fine && ct_samples_rc(s) == SQLITE_OK && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    ct_samples_free(s);
    return fine;
}

/* Puts what SQL selects (series, moment, value, flags) into the store and seals it. */
static inline bool samples_from_rows(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    struct ct_samples *s = ct_samples_new(db);
    bool fine = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK;
    ct_samples_begin(s);
    while (fine && sqlite3_step(st) == SQLITE_ROW)
        ct_sample_put(s, sqlite3_column_int64(st, 0),
                      (struct ct_sample){sqlite3_column_int64(st, 1),
                                         sqlite3_column_type(st, 2) == SQLITE_NULL
                                             ? CT_NONE
                                             : sqlite3_column_int64(st, 2),
                                         sqlite3_column_int(st, 3)});
    ct_samples_flush(s, 1);
    while (fine && ct_samples_seal(s, 1000))
        continue;
    fine = fine && ct_samples_rc(s) == SQLITE_OK;
    sqlite3_finalize(st);
    ct_samples_free(s);
    return sqlite3_exec(db, fine ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK && fine;
}

/* ---- the newest samples ---- */

static inline void newest_column(sqlite3_context *c, int n_args, sqlite3_value **args)
{
    struct ct_newest v[CT_NEWEST_ROWS];
    sqlite3_stmt *st = NULL;
    const char *what = sqlite3_user_data(c);
    int64_t out = CT_NONE;
    (void)n_args;
    (void)sqlite3_prepare_v2(sqlite3_context_db_handle(c), "SELECT b FROM newest ORDER BY k", -1, &st, NULL);
    while (sqlite3_step(st) == SQLITE_ROW) {
        size_t n = ct_newest_column(st, 0, v, NULL);
        for (size_t i = 0; i < n; i++)
            if (v[i].series == sqlite3_value_int64(args[0]))
                out = *what == 'm' ? v[i].at_ms : *what == 'v' ? v[i].value : v[i].flags;
    }
    sqlite3_finalize(st);
    if (out != CT_NONE)
        sqlite3_result_int64(c, out);
}

/* Functions cur_ms, cur_value and cur_flags of the number of a series: what is kept of its newest sample. */
static inline void newest_functions(sqlite3 *db)
{
    static char ms[] = "ms", value[] = "value", flags[] = "flags";
    (void)sqlite3_create_function(db, "cur_ms", 1, SQLITE_UTF8, ms, newest_column, NULL, NULL);
    (void)sqlite3_create_function(db, "cur_value", 1, SQLITE_UTF8, value, newest_column, NULL, NULL);
    (void)sqlite3_create_function(db, "cur_flags", 1, SQLITE_UTF8, flags, newest_column, NULL, NULL);
}

/* Makes what SQL selects (series, moment, value, flags), by series and all of one source, its newest samples. */
static inline bool newest_from_rows(sqlite3 *db, int64_t source, const char *sql)
{
    struct ct_newest v[CT_NEWEST_ROWS];
    struct ct_bounds b[CT_NEWEST_ROWS];
    sqlite3_stmt *st = NULL, *put = NULL;
    struct ct_buf blob = CT_BUF_INIT;
    size_t n = 0;
    bool fine = sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(db, "INSERT INTO newest VALUES (?1, 1, 0, ?2) ON CONFLICT (k)"
                                       " DO UPDATE SET rev=rev+1, b=excluded.b", -1, &put, NULL) == SQLITE_OK;
    for (; fine && n < CT_NEWEST_ROWS && sqlite3_step(st) == SQLITE_ROW; n++) {
        sqlite3_stmt *kind = NULL;
        b[n] = (struct ct_bounds){CT_NONE, CT_NONE};
        v[n] = (struct ct_newest){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
                                  sqlite3_column_type(st, 2) == SQLITE_NULL ? CT_NONE : sqlite3_column_int64(st, 2),
                                  sqlite3_column_int(st, 3), 0};
        (void)sqlite3_prepare_v2(db, "SELECT kind FROM series WHERE id=?1", -1, &kind, NULL);
        (void)sqlite3_bind_int64(kind, 1, v[n].series);
        v[n].kind = sqlite3_step(kind) == SQLITE_ROW ? sqlite3_column_int(kind, 0) : 0;
        sqlite3_finalize(kind);
    }
    if (n)
        ct_newest_pack(&blob, v, b, n);
    (void)sqlite3_bind_int64(put, 1, ct_newest_key(source, 1));
    (void)sqlite3_bind_blob64(put, 2, blob.p, blob.n, SQLITE_TRANSIENT);
    fine = fine && n > 0 && sqlite3_step(put) == SQLITE_DONE;
    sqlite3_finalize(put);
    sqlite3_finalize(st);
    ct_buf_free(&blob);
    return fine;
}

#endif
