/* All events as rows, for tests that look at them in SQL: a temporary table `event` on the test's own connection,
 * which hides the stored one. Moves of prices are made of each series' samples here, one after the other, and must
 * be those that table price_move names. */
#ifndef EVENTS_FIXTURE_H
#define EVENTS_FIXTURE_H

#include "db/price_event.h"
#include "samples_fixture.h"

#include <stdlib.h>

#define EVENT_ROWS                                                                                 \
    "PRAGMA temp_store = MEMORY;"                                                                  \
    "DROP TABLE IF EXISTS temp.event; CREATE TEMP TABLE event AS SELECT * FROM main.event;"        \
    "CREATE TEMP TABLE IF NOT EXISTS named (at_ms INTEGER, source_id INTEGER, series_id INTEGER);" \
    "DELETE FROM temp.named"
#define EVENT_PAIRS                                                                                \
    "SELECT s.id, s.source_id, s.kind, s.ext_key, s.unit, w.name, m.at_ms, ifnull(m.value, ?1), m.flags," \
    " ifnull(lag(m.value) OVER one, ?1), ifnull(lag(m.flags) OVER one, 8)"                         \
    " FROM temp.sample m JOIN series s ON s.id = m.series_id JOIN source w ON w.id = s.source_id"  \
    " WHERE s.kind IN (0, 2) WINDOW one AS (PARTITION BY m.series_id ORDER BY m.at_ms)"
#define EVENT_ADD                                                                                  \
    "INSERT INTO temp.event VALUES (?1, ?2, 0, 2, 0, ?3, ?4, NULL, ?5, ?6, ?7, ?8, ?9, ?10, nullif(?11, ?13), ?12)"
#define EVENT_DIFFERENCES                                                                          \
    "SELECT count(*) FROM (SELECT at_ms, source_id, series_id FROM temp.event WHERE kind = 2 AND origin = 0" \
    " EXCEPT SELECT * FROM temp.named) UNION ALL SELECT count(*) - count(DISTINCT at_ms || '/' || series_id)" \
    " FROM temp.named UNION ALL SELECT count(*) FROM (SELECT * FROM temp.named EXCEPT"             \
    " SELECT at_ms, source_id, series_id FROM temp.event WHERE kind = 2 AND origin = 0)"

static inline struct ct_span event_cell(sqlite3_stmt *st, int i)
{
    const char *text = (const char *)sqlite3_column_text(st, i);
    return ct_span(text ? text : "");
}

static inline void event_bind(sqlite3_stmt *st, int i, struct ct_span t)
{
    if (t.p)
        (void)sqlite3_bind_text64(st, i, t.p, t.n, SQLITE_TRANSIENT, SQLITE_UTF8);
    else
        (void)sqlite3_bind_null(st, i);
}

static inline bool events_of_samples(sqlite3 *db)
{
    sqlite3_stmt *pairs = NULL, *add = NULL;
    bool fine = sqlite3_prepare_v2(db, EVENT_PAIRS, -1, &pairs, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(db, EVENT_ADD, -1, &add, NULL) == SQLITE_OK;
    if (fine)
        (void)sqlite3_bind_int64(pairs, 1, CT_NONE);
    while (fine && sqlite3_step(pairs) == SQLITE_ROW) {
        struct ct_arena *a = ct_arena_new(0);
        struct ct_sample is = {1, sqlite3_column_int64(pairs, 7), sqlite3_column_int(pairs, 8)},
                         was = {0, sqlite3_column_int64(pairs, 9), sqlite3_column_int(pairs, 10)};
        struct ct_price_event e = {.kind = (enum ct_series_kind)sqlite3_column_int(pairs, 2),
                                   .key = event_cell(pairs, 3),
                                   .unit = event_cell(pairs, 4),
                                   .at_ms = sqlite3_column_int64(pairs, 6),
                                   .old_value = was.value,
                                   .new_value = is.value};
        if (ct_price_moved(was, is)) {
            ct_price_event_name(&e);
            ct_price_event_tell(&e, a);
            (void)sqlite3_bind_int64(add, 1, e.at_ms);
            (void)sqlite3_bind_int64(add, 2, ct_event_hash(event_cell(pairs, 5), e.at_ms, CT_ORIGIN_PAIR,
                                                         CT_EVENT_PRICE, e.key, e.ref, e.field));
            (void)sqlite3_bind_int64(add, 3, sqlite3_column_int64(pairs, 1));
            (void)sqlite3_bind_int64(add, 4, sqlite3_column_int64(pairs, 0));
            event_bind(add, 5, e.ref);
            event_bind(add, 6, e.field);
            event_bind(add, 7, e.text);
            event_bind(add, 8, e.unit);
            (void)sqlite3_bind_int64(add, 9, e.old_value);
            (void)sqlite3_bind_int64(add, 10, e.new_value);
            (void)sqlite3_bind_int64(add, 11, e.pct);
            (void)sqlite3_bind_int(add, 12, e.suspect);
            (void)sqlite3_bind_int64(add, 13, CT_NONE);
            fine = sqlite3_step(add) == SQLITE_DONE && sqlite3_reset(add) == SQLITE_OK;
        }
        ct_arena_free(a);
    }
    sqlite3_finalize(pairs);
    sqlite3_finalize(add);
    return fine;
}

static inline bool events_named(sqlite3 *db)
{
    sqlite3_stmt *rows = NULL, *add = NULL;
    bool fine = sqlite3_prepare_v2(db, "SELECT at_ms, source_id, first, b FROM price_move", -1, &rows, NULL) ==
                    SQLITE_OK &&
                sqlite3_prepare_v2(db, "INSERT INTO temp.named VALUES (?1, ?2, ?3)", -1, &add, NULL) == SQLITE_OK;
    while (fine && sqlite3_step(rows) == SQLITE_ROW) {
        struct ct_span blob = {sqlite3_column_blob(rows, 3), (size_t)sqlite3_column_bytes(rows, 3)};
        size_t n = ct_blob_rows(blob);
        struct ct_sample *v = ct_xcalloc(n + 1, sizeof *v);
        fine = ct_blob_decode(blob, v) && v[0].at_ms == sqlite3_column_int64(rows, 2);
        for (size_t i = 0; fine && i < n; i++) {
            (void)sqlite3_bind_int64(add, 1, sqlite3_column_int64(rows, 0));
            (void)sqlite3_bind_int64(add, 2, sqlite3_column_int64(rows, 1));
            (void)sqlite3_bind_int64(add, 3, v[i].at_ms);
            fine = sqlite3_step(add) == SQLITE_DONE && sqlite3_reset(add) == SQLITE_OK;
        }
        free(v);
    }
    sqlite3_finalize(rows);
    sqlite3_finalize(add);
    return fine;
}

/* Fills temp.event. False: SQLite's error is in DB, or price_move names others than moved. */
static inline bool events_to_rows(sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    bool fine = samples_to_rows(db) && sqlite3_exec(db, EVENT_ROWS, NULL, NULL, NULL) == SQLITE_OK &&
                events_of_samples(db) && events_named(db) &&
                sqlite3_prepare_v2(db, EVENT_DIFFERENCES, -1, &st, NULL) == SQLITE_OK;
    while (fine && sqlite3_step(st) == SQLITE_ROW)
        fine = sqlite3_column_int64(st, 0) == 0;
    sqlite3_finalize(st);
    return fine;
}

#endif
