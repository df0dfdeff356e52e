/* Pages asked for ahead: those that are read afterwards and no others, whatever the file holds. SQLite's own file says
 * what is read of it and asked for. */
#include "config.h"

#include "db/ahead.h"
#include "db/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 60000, WANTED = 40, PAGE = 4096, MOST_PAGES = 20000, APART = 1 << 20, TEXTS = 400 };

static struct {
    sqlite3_io_methods real, watched;
    bool asked[MOST_PAGES], read[MOST_PAGES];
    bool spoils; /* what is read has some other bytes in it */
} disk;

static uint64_t rng = 3;
static uint64_t roll(uint64_t n)
{
    rng = rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (rng >> 33) % n;
}

static int watched_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    int rc = disk.real.xRead(f, p, n, at);
    assert_in_range(at / PAGE, 0, MOST_PAGES - 1);
    disk.read[at / PAGE] = true;
    for (uint64_t k = 0, most = 1 + roll(6); disk.spoils && n == PAGE && k < most; k++)
        ((unsigned char *)p)[roll(k % 2 ? PAGE : 16)] = (unsigned char)roll(256);
    return rc;
}

static int watched_fetch(sqlite3_file *f, sqlite3_int64 at, int n, void **p)
{
    assert_in_range(at / PAGE, 0, MOST_PAGES - 1);
    assert_int_equal(at % PAGE, 0);
    disk.asked[at / PAGE] = true;
    return disk.real.xFetch(f, at, n, p);
}

struct fixture {
    char path[64];
    sqlite3 *db;
};

static void sql(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
}

static int setup(void **state)
{
    struct fixture *f = ct_xcalloc(1, sizeof *f);
    strcpy(f->path, "/tmp/ct-ahead-XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(sqlite3_open(f->path, &f->db), SQLITE_OK);
    char text[300];
    (void)snprintf(text, sizeof text, "PRAGMA page_size=%d; PRAGMA journal_mode=WAL; CREATE TABLE t (k INTEGER PRIMARY KEY, b BLOB);"
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d)"
                   " INSERT INTO t SELECT i * %d, zeroblob(100) FROM n", PAGE, ROWS, APART);
    sql(f->db, text);
    sqlite3_close(f->db);
    assert_int_equal(sqlite3_open_v2(f->path, &f->db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sql(f->db, "PRAGMA mmap_size=0; SELECT count(*) FROM sqlite_schema; BEGIN");
    sqlite3_file *file = NULL;
    assert_int_equal(sqlite3_file_control(f->db, NULL, SQLITE_FCNTL_FILE_POINTER, &file), SQLITE_OK);
    memset(&disk, 0, sizeof disk);
    disk.real = disk.watched = *file->pMethods;
    disk.watched.xRead = watched_read;
    if (disk.real.iVersion >= 3 && disk.real.xFetch)
        disk.watched.xFetch = watched_fetch;
    file->pMethods = &disk.watched;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char beside[80];
    sqlite3_close(f->db);
    (void)unlink(f->path);
    (void)snprintf(beside, sizeof beside, "%s-wal", f->path);
    (void)unlink(beside);
    (void)snprintf(beside, sizeof beside, "%s-shm", f->path);
    (void)unlink(beside);
    free(f);
    return 0;
}

static int64_t root(sqlite3 *db)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name='t'", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t page = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return page;
}

static size_t count(const bool *pages)
{
    size_t n = 0;
    for (size_t i = 0; i < MOST_PAGES; i++)
        n += pages[i];
    return n;
}

static int by_low(const void *a, const void *b)
{
    const struct ct_keys *x = a, *y = b;
    return (x->low > y->low) - (x->low < y->low);
}

/* Some rows each, here and there: those at the end of a page as well as others. */
static void choose(struct ct_keys v[WANTED])
{
    for (int i = 0; i < WANTED; i++) {
        int64_t row = 1 + (int64_t)roll(ROWS - 4);
        v[i] = (struct ct_keys){row * APART, (row + (int64_t)roll(4)) * APART};
    }
    qsort(v, WANTED, sizeof *v, by_low);
}

static void read_rows(sqlite3 *db, const struct ct_keys *v, size_t n)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT k, b FROM t WHERE k>=?1 AND k<=?2", -1, &st, NULL), SQLITE_OK);
    for (size_t i = 0; i < n; i++) {
        int64_t rows = 0;
        sqlite3_bind_int64(st, 1, v[i].low);
        sqlite3_bind_int64(st, 2, v[i].high);
        while (sqlite3_step(st) == SQLITE_ROW)
            rows++;
        assert_int_equal(rows, (v[i].high - v[i].low) / APART + 1);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
}

/* SQLite looks at the row behind a stretch, too, which may lie on the next page. */
static void what_is_read_is_asked_for_and_little_else(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 20; round++) {
        struct ct_keys v[WANTED];
        choose(v);
        int64_t first = root(f->db) - 1;
        sqlite3_db_release_memory(f->db);
        memset(disk.asked, 0, sizeof disk.asked);
        ct_read_ahead(f->db, "t", v, WANTED);
        memset(disk.read, 0, sizeof disk.read);
        read_rows(f->db, v, WANTED);
        size_t missed = 0;
        for (int64_t i = 1; i < MOST_PAGES; i++) {
            missed += disk.read[i] && !disk.asked[i] && i != first;
            assert_true(disk.read[i] || !disk.asked[i]);
        }
        assert_in_range(count(disk.asked), WANTED / 2, 3 * WANTED);
        assert_in_range(missed, 0, 4);
    }
}

static void a_whole_table_is_asked_for(void **state)
{
    struct fixture *f = *state;
    sqlite3_stmt *st;
    struct ct_keys all = {INT64_MIN, 1000 * INT64_C(4) * APART};
    ct_read_ahead(f->db, "t", &all, 1);
    memset(disk.read, 0, sizeof disk.read);
    assert_int_equal(sqlite3_prepare_v2(f->db, "SELECT k, b FROM t WHERE k<=4000*1048576", -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        continue;
    sqlite3_finalize(st);
    assert_true(count(disk.asked) > 100);
    for (int64_t i = 1; i < MOST_PAGES; i++)
        assert_true(disk.read[i] || !disk.asked[i]);
}

static void a_file_of_nonsense_asks_for_pages_it_has(void **state)
{
    struct fixture *f = *state;
    int64_t bytes = 0;
    sqlite3_file *file = NULL;
    assert_int_equal(sqlite3_file_control(f->db, NULL, SQLITE_FCNTL_FILE_POINTER, &file), SQLITE_OK);
    assert_int_equal(file->pMethods->xFileSize(file, (sqlite3_int64 *)&bytes), SQLITE_OK);
    (void)root(f->db); /* the schema is in memory */
    for (int round = 0; round < TEXTS; round++) {
        struct ct_keys v[WANTED];
        choose(v);
        memset(disk.asked, 0, sizeof disk.asked);
        disk.spoils = true;
        ct_read_ahead(f->db, "t", v, WANTED);
        disk.spoils = false;
        for (int64_t i = bytes / PAGE; i < MOST_PAGES; i++)
            assert_false(disk.asked[i]);
    }
}

static void nothing_is_asked_where_there_is_nothing_to_ask(void **state)
{
    struct fixture *f = *state;
    struct ct_keys all = {INT64_MIN, INT64_MAX}, beyond = {INT64_MAX - 1, INT64_MAX};
    ct_read_ahead(f->db, "another", &all, 1);
    ct_read_ahead(f->db, "t", NULL, 0);
    assert_int_equal(count(disk.asked), 0);
    ct_read_ahead(f->db, "t", &beyond, 1); /* the page new rows would come into, and the one above */
    assert_in_range(count(disk.asked), 0, 2);
    disk.watched.iVersion = 2;
    memset(disk.asked, 0, sizeof disk.asked);
    ct_read_ahead(f->db, "t", &all, 1);
    assert_int_equal(count(disk.asked), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_read_is_asked_for_and_little_else, setup, teardown),
        cmocka_unit_test_setup_teardown(a_whole_table_is_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_of_nonsense_asks_for_pages_it_has, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_asked_where_there_is_nothing_to_ask, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
