/* Samples as rows, for tests that look at them in SQL: a temporary table `sample` on the test's own
 * connection, filled out of the store, or packed into it. */
#ifndef SAMPLES_FIXTURE_H
#define SAMPLES_FIXTURE_H

#include "db/samples.h"

#include "db/base/money.h"

#define SAMPLE_ROWS                                                                                \
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

#endif
