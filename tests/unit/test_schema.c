/* Opening, migrating and refusing databases. */
#include "config.h"

#include "db/read.h"
#include "db/schema.h"
#include "db/upkeep.h"
#include "write_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

struct place {
    char folder[512], path[600];
    struct ct_error err;
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    const char *base = getenv("CT_BUILDDIR");
    (void)snprintf(p->folder, sizeof p->folder, "%s/schema-XXXXXX", base ? base : "/tmp");
    *state = p;
    if (!mkdtemp(p->folder))
        return -1;
    (void)snprintf(p->path, sizeof p->path, "%s/t.db", p->folder);
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    (void)nftw(p->folder, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static uint64_t file_hash(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct ct_buf b = CT_BUF_INIT;
    assert_non_null(f);
    for (int c; (c = getc(f)) != EOF;)
        ct_buf_addc(&b, (char)c);
    (void)fclose(f);
    uint64_t h = ct_hash(ct_buf_span(&b));
    ct_buf_free(&b);
    return h;
}

static sqlite3 *raw(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    return db;
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

static void opens_a_new_file_with_modes_that_keep_others_out(void **state)
{
    struct place *p = *state;
    struct ct_writer *w;
    struct stat st;
    char path[640], folder[560];
    mode_t old = umask(0);
    (void)snprintf(folder, sizeof folder, "%s/a/b", p->folder);
    (void)snprintf(path, sizeof path, "%s/t.db", folder);
    assert_int_equal(ct_writer_open(path, 0, &w, &p->err), CT_OK);
    umask(old);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    sqlite3 *db = raw(path, "");
    assert_int_equal(number(db, "PRAGMA application_id"), CT_APPLICATION_ID);
    assert_int_equal(number(db, "PRAGMA user_version"), CT_SCHEMA_VERSION);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE type='table'"
                                " AND sql NOT LIKE '%STRICT%'"), 0);
    sqlite3_close(db);
    ct_writer_close(w);
}

static void takes_an_empty_file_for_a_new_database(void **state)
{
    struct place *p = *state;
    struct ct_writer *w;
    (void)fclose(fopen(p->path, "w"));
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_OK);
    ct_writer_close(w);
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_OK);
    ct_writer_close(w);
}

static void refuse(struct place *p, enum ct_status want, const char *words)
{
    struct ct_writer *w = NULL;
    uint64_t before = file_hash(p->path);
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), want);
    assert_null(w);
    assert_string_equal(p->err.where, p->path);
    if (!strstr(p->err.what, words))
        fail_msg("\"%s\" has no \"%s\"", p->err.what, words);
    assert_true(file_hash(p->path) == before);
}

static void refuses_a_newer_database_and_leaves_every_byte(void **state)
{
    struct place *p = *state;
    struct ct_writer *w;
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_OK);
    ct_writer_close(w);
    sqlite3_close(raw(p->path, "PRAGMA user_version=99"));
    refuse(p, CT_ERR_NEWER, "newer");
}

static void refuses_a_newer_database_whose_last_pages_are_still_in_the_wal(void **state)
{
    struct place *p = *state;
    struct ct_writer *w;
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_OK);
    ct_writer_close(w);
    sqlite3 *db = raw(p->path, "PRAGMA wal_autocheckpoint=0");
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    refuse(p, CT_ERR_NEWER, "newer");
}

static void refuses_another_programs_database(void **state)
{
    struct place *p = *state;
    sqlite3_close(raw(p->path, "CREATE TABLE t (x); PRAGMA application_id=42"));
    refuse(p, CT_ERR_DB, "another program");
}

static void refuses_a_database_without_any_id(void **state)
{
    struct place *p = *state;
    sqlite3_close(raw(p->path, "CREATE TABLE t (x)"));
    refuse(p, CT_ERR_DB, "another program");
}

static void refuses_a_file_that_is_no_database(void **state)
{
    struct place *p = *state;
    FILE *f = fopen(p->path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is a letter, not a database\n", f);
    (void)fclose(f);
    refuse(p, CT_ERR_DB, "this is no database");
}

static void refuses_folders_and_links_that_lead_nowhere(void **state)
{
    struct place *p = *state;
    struct ct_writer *w = NULL;
    assert_int_equal(ct_writer_open(p->folder, 0, &w, &p->err), CT_ERR_IO);
    assert_int_equal(symlink("/nowhere/at/all", p->path), 0);
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_ERR_IO);
    assert_null(w);
}

static const struct ct_schema_step two_steps[] = {
    {.sql = "CREATE TABLE one (x INTEGER) STRICT"},
    {.sql = "CREATE TABLE two (x INTEGER) STRICT; INSERT INTO two SELECT 7"},
};
static const struct ct_schema_step broken_step[] = {
    {.sql = "CREATE TABLE one (x INTEGER) STRICT; INSERT INTO one VALUES (5)"},
    {.sql = "CREATE TABLE two (x INTEGER) STRICT; INSERT INTO two VALUES (1); INSERT INTO three"
            " VALUES (1)"},
};

static void migrates_step_by_step_after_a_backup(void **state)
{
    struct place *p = *state;
    char backup[640];
    (void)snprintf(backup, sizeof backup, "%s.bak-v1", p->path);
    sqlite3 *db = raw(p->path, "");
    assert_int_equal(ct_schema_migrate(db, p->path, broken_step, 1, &p->err), CT_OK);
    assert_int_equal(access(backup, F_OK), -1); /* nothing to lose in a new one */

    assert_int_equal(ct_schema_migrate(db, p->path, broken_step, 2, &p->err), CT_ERR_DB);
    assert_int_equal(number(db, "PRAGMA user_version"), 1); /* all or nothing */
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name='two'"), 0);

    const struct ct_schema_step good[] = {broken_step[0], two_steps[1]};
    assert_int_equal(ct_schema_migrate(db, p->path, good, 2, &p->err), CT_OK);
    assert_int_equal(number(db, "PRAGMA user_version"), 2);
    assert_int_equal(number(db, "SELECT x FROM two"), 7);
    sqlite3_close(db);

    sqlite3 *old = raw(backup, "");
    assert_int_equal(number(old, "PRAGMA user_version"), 1);
    assert_int_equal(number(old, "SELECT x FROM one"), 5);
    assert_int_equal(number(old, "SELECT count(*) FROM sqlite_schema WHERE name='two'"), 0);
    sqlite3_close(old);
}

static void series_are_counted_as_they_come(void **state)
{
    struct place *p = *state;
    struct ct_reader *r;
    struct ct_summary sum;
    const struct ct_query q = {.at_ms = CT_LIVE, .now_ms = INT64_C(1760000000000)};
    char *failed = NULL;
    struct ct_writer *w;
    sqlite3 *db = raw(p->path, "PRAGMA foreign_keys=OFF");
    assert_int_equal(ct_schema_make(db, p->path, 11, &p->err), CT_OK);
    const char *add = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5) INSERT INTO series"
                      " (source_id, kind, ext_key, name, unit, digits) SELECT 1, 0, i || %s, 'a', '', 9 FROM n;";
    char *before = sqlite3_mprintf(add, "'x'"), *after = sqlite3_mprintf(add, "'y'");
    (void)sqlite3_exec(db, "INSERT INTO source (id, name, family, kind, provider, scope, title, url, terms, evidence,"
                           " interval_ms, enabled, off_reason, part_of_list) VALUES"
                           " (1, 's', '', 1, '', '', '', '', '', 0, 1, 1, '', 0)", NULL, NULL, &failed);
    if (failed || sqlite3_exec(db, before, NULL, NULL, &failed) != SQLITE_OK)
        fail_msg("%s", failed);
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_OK);
    ct_writer_close(w);
    (void)sqlite3_exec(db, after, NULL, NULL, &failed);
    if (failed || sqlite3_exec(db, "DELETE FROM series WHERE ext_key = '2y'", NULL, NULL, &failed) != SQLITE_OK)
        fail_msg("%s", failed);
    struct ct_arena *a = ct_arena_new(0);
    assert_int_equal(ct_reader_open(p->path, &r, &p->err), CT_OK);
    assert_int_equal(ct_read_summary(r, &q, a, &sum, &p->err), CT_OK);
    assert_int_equal(sum.series, 9);
    assert_int_equal(sum.series, number(db, "SELECT count(*) FROM series"));
    ct_arena_free(a);
    ct_reader_close(r);
    sqlite3_free(before);
    sqlite3_free(after);
    sqlite3_close(db);
}

/* A database of layout 6 with samples as rows: what is read of it afterwards is the same. */
static void packs_the_samples_of_an_earlier_layout(void **state)
{
    struct place *p = *state;
    char backup[640], *failed = NULL;
    struct ct_writer *w;
    (void)snprintf(backup, sizeof backup, "%s.bak-v6", p->path);
    sqlite3 *db = raw(p->path, "PRAGMA foreign_keys=OFF");
    assert_int_equal(ct_schema_make(db, p->path, 6, &p->err), CT_OK);
    (void)sqlite3_exec(
        db,
        "INSERT INTO source (id, name, family, kind, provider, scope, title, url, terms,"
        " evidence, interval_ms, enabled, off_reason, part_of_list) VALUES"
        " (1, 's', '', 1, '', '', '', '', '', 0, 1, 1, '', 0);"
        "INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits) VALUES"
        " (1, 1, 0, 'a', 'a', '', 9), (2, 1, 0, 'b', 'b', '', 9), (7, 1, 0, 'c', 'c', '', 9);"
        "WITH RECURSIVE h(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM h WHERE i<2999)"
        " INSERT INTO sample SELECT 1+6*(i%2), 1760000000000 + i*i, nullif(i%37, 5), i%64 FROM h;"
        "INSERT INTO sample VALUES (2, 1760000000000, 5, 0);"
        "CREATE TABLE kept AS SELECT * FROM sample;"
        "ALTER TABLE sample RENAME TO away; CREATE VIEW sample AS SELECT * FROM away",
        NULL, NULL, &failed);
    if (failed)
        fail_msg("%s", failed);
    /* Not even half of it when the last statement fails (a view is no table to drop). */
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_ERR_DB);
    assert_int_equal(number(db, "PRAGMA user_version"), 6);
    assert_int_equal(
        number(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('tick', 'chunk')"), 0);
    (void)sqlite3_exec(db, "DROP VIEW sample; ALTER TABLE away RENAME TO sample", NULL, NULL,
                       &failed);
    if (failed)
        fail_msg("%s", failed);

    struct ct_reader *r; /* which never writes */
    assert_int_equal(ct_reader_open(p->path, &r, &p->err), CT_ERR_DB);
    assert_non_null(strstr(p->err.what, "brings it up to date"));
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_OK);
    ct_writer_close(w);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name='sample'"), 0);
    assert_true(samples_to_rows(db));
    assert_int_equal(number(db, "SELECT count(*) FROM temp.sample"), 3001);
    assert_int_equal(
        number(db, "SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM temp.sample)"), 0);
    assert_int_equal(number(db, "SELECT value FROM meta WHERE key='samples'"), 3001);
    sqlite3_close(db);
    assert_int_equal(access(backup, F_OK), 0);
}

/* A database of layout 7 with moves of prices as rows: those that the samples tell go, and are read as before. */
static void keeps_the_price_events_of_an_earlier_layout(void **state)
{
    struct place *p = *state;
    char *failed = NULL;
    struct ct_writer *w;
    sqlite3 *db = raw(p->path, "PRAGMA foreign_keys=OFF");
    assert_int_equal(ct_schema_make(db, p->path, 7, &p->err), CT_OK);
    assert_true(samples_from_rows(db, "VALUES (1, 1000, 50, 0), (1, 2000, 70, 0), (1, 3000, NULL, 8), (1, 4000, 20, 0),"
                                      " (1, 5000, 1000, 2), (4, 1000, 7, 0), (4, 2000, 6, 0), (4, 5000, 5, 0),"
                                      " (5, 1000, 1, 0), (5, 2000, 2, 0)"));
    (void)sqlite3_exec(
        db,
        "INSERT INTO source (id, name, family, kind, provider, scope, title, url, terms,"
        " evidence, interval_ms, enabled, off_reason, part_of_list) VALUES"
        " (1, 's', '', 1, '', '', '', '', '', 0, 1, 1, '', 0), (2, 't', '', 1, '', '', '', '', '', 0, 1, 1, '', 0);"
        "INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits) VALUES"
        " (1, 1, 0, 'a/b/c/od/d', 'x', 'USD/gpu.h', 9), (4, 2, 2, 'm\x1finput', 'y', 'USD/Mtok', 9),"
        " (5, 1, 1, 'a/b/c/od/d', 'z', 'stock', 0);"
        "INSERT INTO event (at_ms, id, origin, kind, severity, source_id, series_id, text, old, new) VALUES"
        " (2000, 1, 0, 2, 0, 1, 1, '', 50, 70), (5000, 2, 0, 2, 0, 1, 1, '', 20, 1000),"
        " (2000, 3, 0, 2, 0, 2, 4, '', 7, 6), (5000, 4, 0, 2, 0, 2, 4, '', 6, 5),"
        " (2000, 5, 0, 3, 0, 1, 5, '', 1, 2)," /* a stock event */
        " (2500, 6, 0, 2, 0, 1, 1, 'of a sample that was lost', 70, 60),"
        " (4000, 7, 0, 2, 0, 1, 1, 'of other prices', 71, 21);",
        NULL, NULL, &failed);
    if (failed)
        fail_msg("%s", failed);
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_OK);
    ct_writer_close(w);
    assert_int_equal(number(db, "SELECT sum(id * id) FROM event"), 25 + 36 + 49);
    assert_int_equal(number(db, "SELECT sum(id * id) FROM event WHERE origin = 3"), 36 + 49);
    assert_true(events_to_rows(db));
    assert_int_equal(number(db, "SELECT group_concat((at_ms / 1000) || series_id, '') = '21245154' FROM (SELECT * FROM"
                                " temp.event WHERE kind = 2 AND origin = 0 ORDER BY at_ms, series_id)"), 1);
    assert_int_equal(number(db, "SELECT sum(new * at_ms) FROM temp.event WHERE kind = 2 AND origin = 0"),
                     70 * 2000 + 1000 * 5000 + 6 * 2000 + 5 * 5000);
    sqlite3_close(db);
}

/* A database of layout 10 with attempts as rows: all of them are there afterwards, in order, as they were. */
static void packs_the_attempts_of_an_earlier_layout(void **state)
{
    struct place *p = *state;
    char *failed = NULL;
    struct ct_writer *w;
    sqlite3 *db = raw(p->path, "PRAGMA foreign_keys=OFF");
    assert_int_equal(ct_schema_make(db, p->path, 10, &p->err), CT_OK);
    (void)sqlite3_exec(
        db,
        "INSERT INTO source (id, name, family, kind, provider, scope, title, url, terms,"
        " evidence, interval_ms, enabled, off_reason, part_of_list) VALUES"
        " (1, 's', '', 1, '', '', '', '', '', 0, 1, 1, '', 0), (2, 't', '', 1, '', '', '', '', '', 0, 1, 1, '', 0),"
        " (3, 'u', '', 1, '', '', '', '', '', 0, 1, 1, '', 0);"
        "WITH RECURSIVE h(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM h WHERE i<399)"
        " INSERT INTO attempt (source_id, at_ms, outcome, http_status, bytes, rows, changed_rows, latency_ms, next_ms,"
        " data_ms, left_out, error) SELECT 1 + i % 2, 1760000000000 + i * i, i % 4, nullif(i % 9, 4), i * i * i,"
        " nullif(i % 3, 1), i % 7, nullif(i % 11, 7), 1760000900000 + i * i, nullif(1759000000000 + i % 5,"
        " 1759000000003), nullif(i % 6, 2), CASE i % 8 WHEN 0 THEN 'HTTP 500' WHEN 5 THEN 'late' END FROM h;"
        "CREATE TABLE kept AS SELECT source_id, at_ms, outcome, http_status, bytes, rows, changed_rows, latency_ms,"
        " next_ms, data_ms, left_out, error FROM attempt",
        NULL, NULL, &failed);
    if (failed)
        fail_msg("%s", failed);
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_OK);
    ct_writer_close(w);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name='attempt'"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM attempts"), 8);
    assert_true(attempts_to_rows(db));
    assert_int_equal(number(db, "SELECT count(*) FROM temp.attempt"), 400);
    assert_int_equal(number(db, "SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM temp.attempt)"), 0);
    sqlite3_close(db);
}

static void put_blob(sqlite3 *db, const char *sql, int64_t a, int64_t b, const struct ct_sample *v, size_t n)
{
    sqlite3_stmt *st;
    struct ct_buf blob = CT_BUF_INIT;
    ct_blob_encode(&blob, v, n);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_int64(st, 1, a);
    sqlite3_bind_int64(st, 2, b);
    sqlite3_bind_blob64(st, 3, blob.p, blob.n, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    sqlite3_finalize(st);
    ct_buf_free(&blob);
}

/* A database of layout 18, where each series had a row of its own for the unfinished end; of one it is out of date. */
static void make_tails(struct place *p, int n)
{
    static const char chunk[] = "INSERT INTO chunk VALUES ((?1 << 38) + ?2 / 1000, ?3)",
                      tail[] = "INSERT INTO tail VALUES (?1, ?2, ?3)";
    const int64_t from = INT64_C(1760000000000);
    struct ct_sample v[20];
    char *failed = NULL;
    sqlite3 *db = raw(p->path, "PRAGMA foreign_keys=OFF");
    assert_int_equal(ct_schema_make(db, p->path, 18, &p->err), CT_OK);
    (void)sqlite3_exec(db, "INSERT INTO source (id, name, family, kind, provider, scope, title, url, terms, evidence,"
                           " interval_ms, enabled, off_reason, part_of_list) VALUES"
                           " (1, 's', '', 1, '', '', '', '', '', 0, 1, 1, '', 0)", NULL, NULL, &failed);
    for (int series = 1; series <= n && !failed; series++) {
        char *add = sqlite3_mprintf("INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits) VALUES"
                                    " (%d, 1, 0, 'k%d', 'n', '', 9)", series, series);
        (void)sqlite3_exec(db, add, NULL, NULL, &failed);
        sqlite3_free(add);
        for (int i = 0; i < 20; i++)
            v[i] = (struct ct_sample){from + i * INT64_C(3600000), series * 1000 + i, 0};
        put_blob(db, chunk, series, v[0].at_ms, v, 10);
        put_blob(db, tail, series, v[10].at_ms, v + 10, series == n ? 5 : 10);
        if (series == n)
            put_blob(db, chunk, series, v[10].at_ms, v + 10, 10);
    }
    if (failed)
        fail_msg("%s", failed);
    sqlite3_close(db);
}

static void keeps_the_tails_of_an_earlier_layout(void **state)
{
    struct place *p = *state;
    enum { SERIES = 40 };
    for (int repaired = 0; repaired < 2; repaired++) {
        struct ct_arena *a = ct_arena_new(0);
        struct ct_salvage salvage;
        struct ct_writer *w;
        (void)unlink(p->path);
        make_tails(p, SERIES);
        if (repaired)
            assert_int_equal(ct_upkeep_repair(p->path, INT64_C(1770000000000), a, &salvage, &p->err), CT_OK);
        assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_OK);
        ct_writer_close(w);
        sqlite3 *db = raw(p->path, "SELECT * FROM tails");
        struct ct_samples *s = ct_samples_new(db);
        ct_samples_begin(s);
        for (int series = 1; series <= SERIES; series++) {
            struct ct_sample v = {.at_ms = 0};
            for (int i = 0; i < 20; i++)
                assert_true(ct_sample_next(s, series, CT_LIVE, &v) && v.value == series * 1000 + i);
            assert_false(ct_sample_next(s, series, CT_LIVE, &v));
        }
        assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'tail'"), 0);
        ct_samples_free(s);
        sqlite3_close(db);
        ct_arena_free(a);
    }
}

/* A database of layout 12, where each series had its newest sample in its row. */
static void packs_the_newest_samples_of_an_earlier_layout(void **state)
{
    struct place *p = *state;
    char *failed = NULL;
    struct ct_writer *w;
    sqlite3 *db = raw(p->path, "PRAGMA foreign_keys=OFF");
    assert_int_equal(ct_schema_make(db, p->path, 12, &p->err), CT_OK);
    (void)sqlite3_exec(
        db,
        "INSERT INTO source (id, name, family, kind, provider, scope, title, url, terms,"
        " evidence, interval_ms, enabled, off_reason, part_of_list) VALUES"
        " (1, 's', '', 0, '', '', '', '', '', 0, 1, 1, '', 0), (2, 't', '', 1, '', '', '', '', '', 0, 1, 1, '', 0);"
        "WITH RECURSIVE h(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM h WHERE i<1100)"
        " INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits, cur_ms, cur_value, cur_flags, low, high)"
        " SELECT i, 1 + i%2, i%9, 'k' || i, 'n', '', 9, 1760000000000 + i * 1000, nullif(i * i, 49) * 500, i%64,"
        " iif(i%3, i, NULL), i + 7 FROM h WHERE i%9 <> 4;"
        "INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits) VALUES (2000, 1, 4, '', 'never', '', 0),"
        " (2001, 2, 0, 'new', 'new', '', 9);"
        "CREATE TABLE kept AS SELECT id, cur_ms, cur_value, cur_flags FROM series;"
        "ALTER TABLE series RENAME COLUMN high TO away", NULL, NULL, &failed);
    if (failed)
        fail_msg("%s", failed);
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_ERR_DB); /* all or nothing */
    assert_int_equal(number(db, "PRAGMA user_version"), 12);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'newest'"), 0);
    (void)sqlite3_exec(db, "ALTER TABLE series RENAME COLUMN away TO high", NULL, NULL, &failed);
    if (failed)
        fail_msg("%s", failed);
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_OK);
    ct_writer_close(w);
    newest_functions(db);
    assert_int_equal(number(db, "SELECT count(*) FROM kept"), 980);
    assert_int_equal(number(db, "SELECT count(*) FROM kept WHERE cur_ms(id) IS NOT cur_ms OR cur_value(id) IS NOT"
                                " cur_value OR cur_flags(id) IS NOT cur_flags"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM newest WHERE k IN (1048576, 1048577, 2097153)"), 3);
    assert_int_equal(number(db, "SELECT count(*) FROM newest"), 3);
    assert_int_equal(number(db, "SELECT sum(pending) FROM newest"),
                     number(db, "SELECT sum(cur_flags & 1) FROM kept"));
    assert_int_equal(number(db, "SELECT count(*) FROM pragma_table_info('series')"), 9);
    sqlite3_close(db);
}

static void says_so_when_the_disk_is_read_only(void **state)
{
    struct place *p = *state;
    struct ct_writer *w = NULL;
    sqlite3 *db = raw(p->path, "");
    assert_int_equal(ct_schema_open(db, p->path, &p->err), CT_OK);
    sqlite3_close(db);
    /* Root may write anywhere, so the file system's "no" comes from SQLite's own read-only open. */
    assert_int_equal(sqlite3_open_v2(p->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    struct ct_schema_step steps[CT_SCHEMA_VERSION + 1]; /* all but the last are taken already */
    for (int i = 0; i < CT_SCHEMA_VERSION; i++)
        steps[i] = (struct ct_schema_step){.sql = ""};
    steps[CT_SCHEMA_VERSION] = two_steps[0];
    assert_int_equal(ct_schema_migrate(db, p->path, steps, CT_SCHEMA_VERSION + 1, &p->err),
                     CT_ERR_DB);
    if (!strstr(p->err.what, "readonly"))
        fail_msg("%s", p->err.what);
    sqlite3_close(db);
    if (geteuid() == 0)
        return;
    assert_int_equal(chmod(p->path, 0400), 0);
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_ERR_DB);
    assert_int_equal(chmod(p->folder, 0500), 0);
    (void)strcat(p->path, "2");
    assert_int_equal(ct_writer_open(p->path, 0, &w, &p->err), CT_ERR_IO);
    assert_int_equal(chmod(p->folder, 0700), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(opens_a_new_file_with_modes_that_keep_others_out),
        T(takes_an_empty_file_for_a_new_database),
        T(refuses_a_newer_database_and_leaves_every_byte),
        T(refuses_a_newer_database_whose_last_pages_are_still_in_the_wal),
        T(refuses_another_programs_database),
        T(refuses_a_database_without_any_id),
        T(refuses_a_file_that_is_no_database),
        T(refuses_folders_and_links_that_lead_nowhere),
        T(migrates_step_by_step_after_a_backup),
        T(series_are_counted_as_they_come),
        T(packs_the_samples_of_an_earlier_layout),
        T(keeps_the_price_events_of_an_earlier_layout),
        T(packs_the_attempts_of_an_earlier_layout),
        T(packs_the_newest_samples_of_an_earlier_layout),
        T(keeps_the_tails_of_an_earlier_layout),
        T(says_so_when_the_disk_is_read_only),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
