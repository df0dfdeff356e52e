/* The newest samples of a database as rows, for peers that read with plain SQL and for SQL that makes more of them:
 * table newest_row, its columns by name, a series a row.
 *
 *   newest_rows DATABASE unpack    makes that table
 *   newest_rows DATABASE pack      makes of it what the program reads, and drops it */
#include "config.h"

#include "db/newest.h"

#include <stdio.h>
#include <string.h>

static sqlite3 *db;

static int fail(const char *what)
{
    fprintf(stderr, "newest_rows: %s: %s\n", what, sqlite3_errmsg(db));
    return 1;
}

static void bind(sqlite3_stmt *st, int i, int64_t v)
{
    if (v == INT64_MIN)
        (void)sqlite3_bind_null(st, i);
    else
        (void)sqlite3_bind_int64(st, i, v);
}

static int64_t column(sqlite3_stmt *st, int i)
{
    return sqlite3_column_type(st, i) == SQLITE_NULL ? INT64_MIN : sqlite3_column_int64(st, i);
}

static int unpack(void)
{
    struct ct_newest v[CT_NEWEST_ROWS];
    struct ct_bounds b[CT_NEWEST_ROWS];
    sqlite3_stmt *st = NULL, *put = NULL;
    if (sqlite3_exec(db, "BEGIN; CREATE TABLE newest_row (series_id INTEGER PRIMARY KEY, source_id INTEGER, kind INTEGER,"
                         " at_ms INTEGER, value INTEGER, flags INTEGER, low INTEGER, high INTEGER)",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT k, b FROM newest", -1, &st, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO newest_row VALUES (?1,?2,?3,?4,?5,?6,?7,?8)", -1, &put, NULL) != SQLITE_OK)
        return fail("unpack");
    while (sqlite3_step(st) == SQLITE_ROW) {
        size_t n = ct_newest_column(st, 1, v, b);
        for (size_t i = 0; i < n; i++) {
            const int64_t cell[] = {v[i].series, ct_newest_source(sqlite3_column_int64(st, 0)), v[i].kind, v[i].at_ms,
                                    v[i].value,  v[i].flags, b[i].low, b[i].high};
            for (int k = 0; k < 8; k++)
                bind(put, k + 1, cell[k]);
            if (sqlite3_step(put) != SQLITE_DONE || sqlite3_reset(put) != SQLITE_OK)
                return fail("a row");
        }
    }
    sqlite3_finalize(st);
    sqlite3_finalize(put);
    return sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? 0 : fail("commit");
}

static int put_part(sqlite3_stmt *put, int64_t key, const struct ct_newest *v, const struct ct_bounds *b, size_t n)
{
    struct ct_buf blob = CT_BUF_INIT;
    if (n == 0)
        return SQLITE_OK;
    ct_newest_pack(&blob, v, b, n);
    (void)sqlite3_bind_int64(put, 1, key);
    (void)sqlite3_bind_blob64(put, 2, blob.p, blob.n, SQLITE_TRANSIENT);
    ct_buf_free(&blob);
    int rc = sqlite3_step(put);
    return rc == SQLITE_DONE ? sqlite3_reset(put) : rc;
}

static int pack(void)
{
    struct ct_newest v[CT_NEWEST_ROWS];
    struct ct_bounds b[CT_NEWEST_ROWS];
    sqlite3_stmt *st = NULL, *put = NULL;
    int64_t source = 0, part = 1, group = -1;
    size_t n = 0;
    int rc = SQLITE_OK;
    if (sqlite3_exec(db, "BEGIN; DELETE FROM newest", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT series_id, source_id, kind, at_ms, value, flags, low, high, kind<>4 FROM newest_row"
                               " ORDER BY source_id, kind<>4, series_id", -1, &st, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO newest (k, rev, pending, b) VALUES (?1, 1, 0, ?2)", -1, &put, NULL) !=
            SQLITE_OK)
        return fail("pack");
    while (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        bool other = sqlite3_column_int64(st, 1) != source || sqlite3_column_int64(st, 8) != group;
        if (other || n == CT_NEWEST_ROWS) {
            rc = put_part(put, ct_newest_key(source, part), v, b, n);
            source = sqlite3_column_int64(st, 1);
            group = sqlite3_column_int64(st, 8);
            part = other ? group : part + 1;
            n = 0;
        }
        v[n] = (struct ct_newest){column(st, 0), column(st, 3), column(st, 4), sqlite3_column_int(st, 5),
                                  sqlite3_column_int(st, 2)};
        b[n++] = (struct ct_bounds){column(st, 6), column(st, 7)};
    }
    if (rc == SQLITE_OK)
        rc = put_part(put, ct_newest_key(source, part), v, b, n);
    sqlite3_finalize(st);
    sqlite3_finalize(put);
    if (rc != SQLITE_OK || sqlite3_exec(db, "DROP TABLE newest_row; COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return fail("pack");
    return 0;
}

int main(int argc, char **argv)
{
    bool packs = argc == 3 && !strcmp(argv[2], "pack");
    if (argc != 3 || (!packs && strcmp(argv[2], "unpack") != 0)) {
        fputs("usage: newest_rows DATABASE unpack|pack\n", stderr);
        return 2;
    }
    if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return fail(argv[1]);
    int code = packs ? pack() : unpack();
    sqlite3_close(db);
    return code;
}
