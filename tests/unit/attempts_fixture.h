/* Attempts as rows, for tests that look at them in SQL: a temporary table `attempt` on the test's own connection. */
#ifndef ATTEMPTS_FIXTURE_H
#define ATTEMPTS_FIXTURE_H

#include "db/attempts.h"

#include "db/base/money.h"

#define ATTEMPT_ROWS                                                                               \
    "PRAGMA temp_store = MEMORY;"                                                                  \
    "CREATE TEMP TABLE IF NOT EXISTS attempt (source_id, at_ms, outcome, http_status, bytes, rows," \
    " changed_rows, latency_ms, next_ms, data_ms, left_out, error); DELETE FROM temp.attempt;"

/* All attempts into temp.attempt. False: SQLite's error is in DB, or a row of attempts cannot be read. */
static inline bool attempts_to_rows(sqlite3 *db)
{
    sqlite3_stmt *st = NULL, *add = NULL;
    struct ct_attempt v[CT_ATTEMPTS_MOST];
    bool fine = sqlite3_exec(db, ATTEMPT_ROWS, NULL, NULL, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(db, "SELECT source_id, from_ms, b, errors FROM attempts ORDER BY 1, 2", -1, &st,
                                   NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(db, "INSERT INTO temp.attempt VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)", -1,
                                   &add, NULL) == SQLITE_OK;
    while (fine && sqlite3_step(st) == SQLITE_ROW) {
        struct ct_span blob = {sqlite3_column_blob(st, 2), (size_t)sqlite3_column_bytes(st, 2)};
        struct ct_span errors = ct_span((const char *)sqlite3_column_text(st, 3));
        size_t n = ct_attempts_unpack(blob, errors, v);
        fine = n > 0 && v[0].at_ms == sqlite3_column_int64(st, 1);
        for (size_t i = 0; fine && i < n; i++) {
            const int64_t cells[] = {v[i].at_ms, v[i].outcome, v[i].http_status, v[i].bytes, v[i].rows,
                                     v[i].changed_rows, v[i].latency_ms, v[i].next_ms, v[i].data_ms, v[i].left_out};
            (void)sqlite3_clear_bindings(add);
            (void)sqlite3_bind_int64(add, 1, sqlite3_column_int64(st, 0));
            for (int c = 0; c < (int)CT_LEN(cells); c++)
                if (cells[c] != CT_NONE)
                    (void)sqlite3_bind_int64(add, c + 2, cells[c]);
            if (v[i].error.n)
                (void)sqlite3_bind_text64(add, 12, v[i].error.p, v[i].error.n, SQLITE_TRANSIENT, SQLITE_UTF8);
            fine = sqlite3_step(add) == SQLITE_DONE && sqlite3_reset(add) == SQLITE_OK;
        }
    }
    sqlite3_finalize(st);
    sqlite3_finalize(add);
    return fine;
}

#endif
