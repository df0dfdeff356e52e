/* Disks that are full, broken or lose power: what was acknowledged stays, nothing is half there, and when the disk
 * works again so does the program. */
#include "config.h"

#include "db/base/paths.h"
#include "db/read.h"
#include "db/schema.h"
#include "db/upkeep.h"
#include "fault_vfs.h"
#include "write_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { OFFERS = 12, FAULTS = 30, IMAGES = 100, COMMITS = 30 };

static void rows_of(struct fixture *f, int64_t k)
{
    char id[16];
    clear(f);
    for (int i = 0; i < OFFERS; i++) {
        (void)snprintf(id, sizeof id, "i%d", i);
        offer(f, id, 1000 + k, CT_STOCK_AVAILABLE);
    }
}

static enum ct_status commit(struct fixture *f, struct ct_writer *w, int64_t k)
{
    rows_of(f, k);
    struct ct_fetch a = attempt_at(f, "price", T0 + k * CT_MINUTE, CT_OUTCOME_OK);
    enum ct_status status = ct_write_fetch(w, &a, &f->commit, &f->err);
    ct_arena_reset(f->arena);
    return status;
}

static int setup(void **state)
{
    fault_install();
    return fixture_setup(state);
}

static int teardown(void **state)
{
    fault_disarm();
    fault_forget();
    return fixture_teardown(state);
}

static int64_t one(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

/* Polls are whole: each changed every price, and nothing else happened. */
static void expect_whole(sqlite3 *db)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(st, 0), "ok");
    sqlite3_finalize(st);
    assert_true(events_to_rows(db));
    assert_int_equal(one(db, "SELECT count(*) FROM temp.event"),
                     (one(db, "SELECT count(*) FROM poll WHERE outcome = 0") - 1) * OFFERS);
    assert_int_equal(one(db, "SELECT count(*) FROM series WHERE kind = 0 AND cur_ms(id) IS NOT"
                             " (SELECT max(to_ms) FROM poll WHERE outcome = 0)"), 0);
}

/* ---- failing ---- */

/* Commits go on while the N-th of OPS and LASTS after it fail; then the disk is well again. */
static int live_through(struct fixture *f, int64_t *k, int ops, int64_t n, int lasts, int rc)
{
    int64_t acknowledged = *k - 1;
    int failures = 0;
    fault_arm(ops, n, lasts, rc);
    for (int i = 0; i < 4; i++) {
        if (commit(f, f->w, *k) == CT_OK)
            acknowledged = *k;
        else
            failures += f->err.what[0] != '\0';
        ++*k;
        ct_write_idle(f->w); /* checkpoints meet the fault as well */
    }
    fault_disarm();
    if (commit(f, f->w, *k) != CT_OK)
        fail_msg("op %lld: does not recover: %s", (long long)n, f->err.what);
    assert_true(acknowledged < *k);
    ++*k;
    assert_true(one(f->look, "SELECT max(to_ms) FROM poll") == T0 + (*k - 1) * CT_MINUTE);
    expect_whole(f->look);
    return failures;
}

/* The operation that fails next: in a campaign each, in a sample fewer of the later ones. */
static int after_fault(int n)
{
    return n + 1 + (getenv("CT_FAULTS") ? 0 : n / 4);
}

static void every_fault(struct fixture *f, int ops, int lasts, int rc)
{
    int64_t k = 1;
    int rounds = fixture_times("CT_FAULTS", FAULTS), failures = 0;
    ct_writer_close(f->w); /* one that syncs each commit */
    assert_int_equal(ct_writer_open(f->path, 0, &f->w, &f->err), CT_OK);
    assert_int_equal(commit(f, f->w, 0), CT_OK);
    for (int n = 1; n <= rounds; n = after_fault(n)) {
        if (ops == FAULT_READ) { /* one that has read nothing yet */
            ct_writer_close(f->w);
            assert_int_equal(ct_writer_open(f->path, 0, &f->w, &f->err), CT_OK);
        }
        failures += live_through(f, &k, ops, n, lasts, rc);
    }
    assert_true(failures > 0); /* it did happen */
    /* all that was said to be safe is there for a newcomer */
    ct_writer_close(f->w);
    f->w = NULL;
    assert_int_equal(ct_writer_open(f->path, 0, &f->w, &f->err), CT_OK);
    expect_whole(f->look);
}

static void a_full_disk_stops_commits_and_nothing_else(void **state)
{
    every_fault(*state, FAULT_WRITE, 3, SQLITE_FULL);
}

static void a_write_that_fails_half_way_leaves_nothing_half(void **state)
{
    every_fault(*state, FAULT_WRITE, 1, SQLITE_IOERR_WRITE);
}

static void a_sync_that_fails_makes_nothing_safe(void **state)
{
    every_fault(*state, FAULT_SYNC, 1, SQLITE_IOERR_FSYNC);
}

static void a_read_that_fails_is_no_answer(void **state)
{
    every_fault(*state, FAULT_READ, 1, SQLITE_IOERR_READ);
}

/* Three polls in one commit while the N-th of OPS and LASTS after it fail. True: they are there. */
static bool three_at_once(struct fixture *f, int64_t *k, int ops, int64_t n, int lasts, int rc)
{
    const char *const polls = "SELECT count(*) FROM poll";
    int64_t before = one(f->look, polls);
    fault_arm(ops, n, lasts, rc);
    bool good = ct_write_hold(f->w, &f->err) == CT_OK;
    if (good) {
        for (int i = 0; i < 3 && good; i++)
            good = commit(f, f->w, *k + i) == CT_OK;
        assert_int_equal(one(f->look, polls), before); /* nobody sees them before it is done */
        good = ct_write_release(f->w, good, &f->err) == CT_OK;
    }
    fault_disarm();
    assert_int_equal(one(f->look, polls), before + (good ? 3 : 0));
    for (int i = 0; i < 3 && !good; i++)
        assert_int_equal(commit(f, f->w, *k + i), CT_OK); /* each by itself */
    *k += 3;
    expect_whole(f->look);
    return good;
}

static void answers_that_share_a_commit_are_all_there_or_none_is(void **state)
{
    struct fixture *f = *state;
    int64_t k = 1;
    int good = 0, tried = 0, rounds = fixture_times("CT_FAULTS", FAULTS);
    ct_writer_close(f->w); /* one that syncs each commit */
    assert_int_equal(ct_writer_open(f->path, 0, &f->w, &f->err), CT_OK);
    assert_int_equal(commit(f, f->w, 0), CT_OK);
    assert_true(three_at_once(f, &k, FAULT_WRITE, 1000000, 1, SQLITE_FULL));
    for (int n = 1; n <= rounds; n = after_fault(n)) {
        good += three_at_once(f, &k, FAULT_WRITE, n, 3, SQLITE_FULL);
        good += three_at_once(f, &k, FAULT_WRITE, n, 1, SQLITE_IOERR_WRITE);
        good += three_at_once(f, &k, FAULT_SYNC, n, 1, SQLITE_IOERR_FSYNC);
        tried += 3;
    }
    assert_true(good < tried);
}

static void a_full_disk_at_the_start_is_one_line_and_leaves_no_ruin(void **state)
{
    struct fixture *f = *state;
    char path[560];
    (void)snprintf(path, sizeof path, "%.500s/new.db", f->folder);
    for (int n = 1; n < 30; n++) {
        struct ct_writer *w = NULL;
        fault_arm(FAULT_WRITE, n, 1000, SQLITE_FULL);
        enum ct_status status = ct_writer_open(path, 0, &w, &f->err);
        fault_disarm();
        assert_true(status == CT_OK || (f->err.where[0] && f->err.what[0]));
        ct_writer_close(w);
        w = NULL;
        if (ct_writer_open(path, 0, &w, &f->err) != CT_OK)
            fail_msg("write %d: %s", n, f->err.what);
        ct_writer_close(w);
        (void)unlink(path);
    }
}

static void a_backup_or_compaction_on_a_full_disk_changes_nothing(void **state)
{
    struct fixture *f = *state;
    char to[560];
    int64_t bytes, before, after;
    for (int k = 0; k < 8; k++)
        assert_int_equal(commit(f, f->w, k), CT_OK);
    ct_writer_close(f->w);
    f->w = NULL;
    (void)snprintf(to, sizeof to, "%.500s/copy.db", f->folder);
    for (int n = 1; n < 12; n++) {
        fault_arm(FAULT_WRITE, n, 10000, SQLITE_FULL);
        enum ct_status status = ct_upkeep_backup(f->path, to, &bytes, &f->err);
        fault_disarm();
        assert_int_not_equal(status, CT_OK);
        assert_int_equal(access(to, F_OK), -1);
        fault_arm(FAULT_WRITE, n, 10000, SQLITE_FULL);
        assert_int_not_equal(ct_upkeep_compact(f->path, T0, &before, &after, &f->err), CT_OK);
        fault_disarm();
        expect_whole(f->look);
    }
    assert_int_equal(ct_upkeep_backup(f->path, to, &bytes, &f->err), CT_OK);
}

static void trouble_is_told_to_viewers_until_it_is_over(void **state)
{
    struct fixture *f = *state;
    struct ct_reader *r;
    struct ct_lease *lease;
    struct ct_summary s;
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = T0};
    assert_int_equal(ct_lease_take(f->w, "fetcher", T0, &lease, &f->err), CT_OK);
    assert_int_equal(commit(f, f->w, 0), CT_OK);
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    assert_int_equal(ct_read_summary(r, &q, f->arena, &s, &f->err), CT_OK);
    assert_int_equal(s.trouble.n, 0);
    int64_t version = ct_reader_version(r);
    fault_arm(FAULT_WRITE, 1, 1000, SQLITE_FULL);
    assert_int_not_equal(commit(f, f->w, 1), CT_OK);
    fault_disarm();
    assert_int_not_equal(ct_reader_version(r), version); /* a reason to look again */
    assert_int_equal(ct_read_summary(r, &q, f->arena, &s, &f->err), CT_OK);
    assert_true(ct_span_ihas(s.trouble, CT_LIT("full")));
    assert_true(s.trouble_since_ms > 0);
    assert_int_equal(commit(f, f->w, 2), CT_OK);
    assert_int_equal(ct_read_summary(r, &q, f->arena, &s, &f->err), CT_OK);
    assert_int_equal(s.trouble.n, 0);
    ct_reader_close(r);
    ct_lease_drop(lease);
}

static void a_file_system_without_shared_memory_is_one_line_of_advice(void **state)
{
    struct fixture *f = *state;
    struct ct_writer *w = NULL;
    char path[560];
    (void)snprintf(path, sizeof path, "%.500s/far.db", f->folder);
    fault_arm(FAULT_SHM, 1, 100, SQLITE_IOERR_SHMMAP);
    assert_int_not_equal(ct_writer_open(path, 0, &w, &f->err), CT_OK);
    fault_disarm();
    assert_non_null(strstr(f->err.what, "--unsafe-fs"));
}

static void on_request_a_network_file_system_is_used_without_shared_memory(void **state)
{
    struct fixture *f = *state;
    struct ct_writer *w = NULL;
    struct ct_reader *r = NULL;
    char path[560], shm[600];
    assert_string_equal(ct_fs_word(0x6969), "NFS");
    assert_string_equal(ct_fs_word(0xff534d42), "SMB");
    assert_string_equal(ct_fs_word(0x65735546), "FUSE");
    assert_null(ct_fs_word(0xef53)); /* ext4 */
    (void)snprintf(path, sizeof path, "%.500s/far.db", f->folder);
    (void)snprintf(shm, sizeof shm, "%s-shm", path);
    fault_arm(FAULT_SHM, 1, 1000, SQLITE_IOERR_SHMMAP); /* any use of it fails */
    if (ct_writer_open(path, CT_OPEN_UNSAFE_FS, &w, &f->err) != CT_OK)
        fail_msg("%s", f->err.what);
    struct ct_source_conf conf = fixture_conf("price", CT_SOURCE_PRICES);
    assert_int_equal(ct_write_sources(w, &conf, 1, T0, &f->err), CT_OK);
    for (int k = 0; k < 5; k++)
        assert_int_equal(commit(f, w, k), CT_OK);
    if (ct_reader_open(path, &r, &f->err) != CT_OK)
        fail_msg("%s", f->err.what);
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = T0 + 5 * CT_MINUTE};
    struct ct_summary s;
    assert_int_equal(ct_read_summary(r, &q, f->arena, &s, &f->err), CT_OK);
    assert_true(s.series > 0);
    fault_disarm();
    assert_int_equal(access(shm, F_OK), -1);
    ct_reader_close(r);
    ct_writer_close(w);
}

/* ---- power ---- */

struct image {
    unsigned char *bytes;
    size_t n;
    bool there;
};

static void put(struct image *m, int64_t at, const unsigned char *p, size_t n)
{
    size_t end = (size_t)at + n;
    if (end > m->n) {
        m->bytes = ct_xrealloc(m->bytes, end);
        memset(m->bytes + m->n, 0, end - m->n);
        m->n = end;
    }
    memcpy(m->bytes + at, p, n);
    m->there = true;
}

/* What the disk may hold of the file NAME after a loss of power behind record CUT: all that was synced, and of the rest
 * each write, whole, torn at a sector, or not at all. */
static void make_image(struct image *m, const char *name, size_t cut)
{
    size_t synced = 0;
    for (size_t i = 0; i < cut; i++)
        if (disk.log[i].op == FAULT_SYNC && strcmp(disk.log[i].name, name) == 0)
            synced = i + 1;
    for (size_t i = 0; i < cut; i++) {
        const struct fault_record *r = &disk.log[i];
        if (strcmp(r->name, name) != 0)
            continue;
        int luck = i < synced ? 0 : rand() % 3;
        size_t n = luck == 2 && r->n > 512 ? (size_t)(rand() % (int)(r->n / 512)) * 512 : r->n;
        if (r->op == FAULT_WRITE && luck != 1)
            put(m, r->at, r->bytes, n);
        if (r->op == FAULT_CUT && luck != 1 && (size_t)r->at < m->n)
            m->n = (size_t)r->at;
        if (r->op == FAULT_DELETE && (r->at || luck != 1)) {
            m->n = 0;
            m->there = false;
        }
    }
}

static void write_image(const char *path, const char *end, const struct image *m, struct ct_error *err)
{
    char name[700];
    (void)snprintf(name, sizeof name, "%.*s%s", (int)(strlen(path) - 3), path, end);
    (void)unlink(name);
    if (m->there)
        assert_int_equal(ct_write_file(name, (struct ct_span){(const char *)m->bytes, m->n}, err), CT_OK);
}

/* The session of a fetcher, every write of it recorded, as a loss of power would have left it at any point. */
static void a_loss_of_power_costs_nothing_that_was_acknowledged(void **state)
{
    struct fixture *f = *state;
    static const char *const ends[] = {".db", ".db-wal", ".db-journal"};
    int images = fixture_times("CT_IMAGES", IMAGES);
    char path[560];
    struct ct_writer *w;
    (void)snprintf(path, sizeof path, "%.500s/live.db", f->folder);
    disk.record = true;
    assert_int_equal(ct_writer_open(path, 0, &w, &f->err), CT_OK);
    struct ct_source_conf conf = fixture_conf("price", CT_SOURCE_PRICES);
    conf.evidence = CT_EVIDENCE_STOCK;
    assert_int_equal(ct_write_sources(w, &conf, 1, T0, &f->err), CT_OK);
    for (int k = 0; k < COMMITS; k++) {
        assert_int_equal(commit(f, w, k), CT_OK);
        fault_acknowledge(k + 1);
        if (k % 7 == 6)
            ct_write_idle(w);
    }
    ct_writer_close(w);
    disk.record = false;
    (void)snprintf(path, sizeof path, "%.500s/dead.db", f->folder);
    srand(3);
    for (int i = 0; i < images; i++) {
        size_t cut = (size_t)rand() % (disk.n_log + 1);
        int64_t acknowledged = 0;
        for (size_t r = 0; r < cut; r++)
            acknowledged = disk.log[r].op == 0 ? disk.log[r].ack : acknowledged;
        for (size_t e = 0; e < CT_LEN(ends); e++) {
            struct image m = {NULL, 0, false};
            make_image(&m, ends[e], cut);
            write_image(path, ends[e], &m, &f->err);
            free(m.bytes);
        }
        char shm[600];
        (void)snprintf(shm, sizeof shm, "%s-shm", path);
        (void)unlink(shm); /* memory, not disk */
        sqlite3 *db;
        enum ct_status status = ct_writer_open(path, 0, &w, &f->err);
        if (status != CT_OK)
            fail_msg("image %d (cut %zu of %zu): %s", i, cut, disk.n_log, f->err.what);
        ct_writer_close(w);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        newest_functions(db);
        int64_t there = one(db, "SELECT count(*) FROM poll");
        if (there < acknowledged)
            fail_msg("image %d: %lld commits of %lld that were acknowledged", i, (long long)there,
                     (long long)acknowledged);
        if (there > 0)
            expect_whole(db);
        sqlite3_close(db);
        (void)unlink(path);
    }
}

/* ---- migrations ---- */

static int64_t countdown;

/* Statements that only read leave the file as the one before them did. */
static int count_statement(unsigned what, void *ctx, void *p, void *x)
{
    (void)what, (void)ctx, (void)x;
    if (!sqlite3_stmt_readonly(p) && --countdown == 0)
        (void)raise(SIGKILL);
    return 0;
}

static void open_and_migrate(const char *path, int64_t statement, int64_t op)
{
    sqlite3 *db;
    struct ct_error err;
    countdown = statement;
    if (sqlite3_open(path, &db) != SQLITE_OK)
        _exit(3);
    if (op > 0)
        fault_arm(FAULT_WRITE | FAULT_SYNC | FAULT_CUT | FAULT_DELETE, op, 1, -1);
    (void)sqlite3_trace_v2(db, SQLITE_TRACE_STMT, statement > 0 ? count_statement : NULL, NULL);
    enum ct_status status = ct_schema_open(db, path, &err);
    fault_disarm();
    sqlite3_close(db);
    _exit(status == CT_OK ? 0 : 4);
}

static char *layout_of(sqlite3 *db)
{
    struct ct_buf b = CT_BUF_INIT;
    sqlite3_stmt *st;
    ct_buf_adds(&b, "");
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2", -1, &st, NULL),
                     SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        ct_buf_addf(&b, "%s %s %s\n", (const char *)sqlite3_column_text(st, 0),
                    (const char *)sqlite3_column_text(st, 1), (const char *)sqlite3_column_text(st, 2));
    sqlite3_finalize(st);
    return b.p;
}

static char *layouts[CT_SCHEMA_VERSION + 1]; /* as far as they were asked for */

static const char *layout(int version)
{
    sqlite3 *db;
    struct ct_error err;
    if (layouts[version])
        return layouts[version];
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(ct_schema_make(db, ":memory:", version, &err), CT_OK);
    layouts[version] = layout_of(db);
    sqlite3_close(db);
    return layouts[version];
}

/* A database of layout 1 with a source in it, its attempts, and the move of a price. */
static void make_old(const char *path)
{
    sqlite3 *db;
    struct ct_error err;
    (void)unlink(path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
    assert_int_equal(ct_schema_make(db, path, 1, &err), CT_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode=WAL; INSERT INTO source (name, family, kind, provider, scope,"
                                      " title, url, terms, evidence, interval_ms, enabled, off_reason, part_of_list)"
                                      " VALUES ('old', 'x', 1, '', '', '', '', '', 1, 60000, 1, '', 0);"
                                      "INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits, cur_ms,"
                                      " cur_value, cur_flags, low, high) VALUES"
                                      " (1, 1, 0, 'a/b/c/od/d', 'gpu/a/b/c/od/d', 'USD/gpu.h', 9, 2000, 7, 0, 5, 7);"
                                      "INSERT INTO sample VALUES (1, 1000, 5, 0), (1, 2000, 7, 0);"
                                      "INSERT INTO attempt VALUES (1, 1500, 2, 503, 9, 0, 0, 42, 'HTTP 503'),"
                                      " (1, 2000, 0, 200, 90, 1, 1, 43, NULL);"
                                      "INSERT INTO event VALUES (2000, 77, 0, 2, 0, 1, 1, NULL, 'd', 'od', '5 -> 7',"
                                      " 'USD/gpu.h', 5, 7, 40000, 0)",
                                  NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Migrates in a child that dies at that point. True: it got to the end instead. */
static bool killed_at(struct fixture *f, const char *path, int64_t statement, int64_t op)
{
    int status;
    sqlite3 *db;
    char backup[600];
    make_old(path);
    (void)snprintf(backup, sizeof backup, "%s.bak-v1", path);
    (void)unlink(backup);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        open_and_migrate(path, statement, op);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail_msg("the migration failed with %d", WEXITSTATUS(status));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    int version = (int)one(db, "PRAGMA user_version");
    assert_in_range(version, 1, CT_SCHEMA_VERSION);
    char *is = layout_of(db);
    assert_string_equal(is, layout(version)); /* one layout or the next, never between */
    assert_int_equal(one(db, "SELECT count(*) FROM source WHERE name = 'old'"), 1);
    if (version > 1)
        assert_int_equal(access(backup, F_OK), 0);
    assert_int_equal(ct_schema_open(db, path, &f->err), CT_OK); /* and the next start ends it */
    assert_int_equal(one(db, "PRAGMA user_version"), CT_SCHEMA_VERSION);
    assert_int_equal(one(db, "SELECT count(*) FROM source WHERE name = 'old'"), 1);
    assert_int_equal(one(db, "SELECT count(*) FROM event"), 0);
    assert_true(events_to_rows(db));
    assert_int_equal(one(db, "SELECT count(*) FROM temp.event WHERE at_ms = 2000 AND old = 5 AND new = 7"), 1);
    assert_true(attempts_to_rows(db));
    assert_int_equal(one(db, "SELECT sum(latency_ms * (error IS NULL)) * 1000 + sum(http_status) FROM temp.attempt"),
                     43703);
    newest_functions(db);
    assert_int_equal(one(db, "SELECT cur_ms(1) = 2000 AND cur_value(1) = 7 AND cur_flags(1) = 0"), 1);
    sqlite3_close(db);
    free(is);
    return WIFEXITED(status);
}

static void a_migration_killed_at_any_statement_or_write_is_whole_or_was_not(void **state)
{
    struct fixture *f = *state;
    char path[560];
    ct_writer_close(f->w); /* no handle of SQLite's crosses a fork */
    f->w = NULL;
    sqlite3_close(f->look);
    f->look = NULL;
    (void)snprintf(path, sizeof path, "%.500s/old.db", f->folder);
    int64_t n = 1;
    while (!killed_at(f, path, n, 0))
        n += figure_sample();
    assert_true(n > 20);
    for (n = 1; !killed_at(f, path, 0, n);)
        n += figure_sample() + n / 12; /* all of the first, then fewer */
    assert_true(n > 20);
    for (n = 0; n <= CT_SCHEMA_VERSION; n++)
        free(layouts[n]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_full_disk_stops_commits_and_nothing_else),
        T(a_write_that_fails_half_way_leaves_nothing_half),
        T(a_sync_that_fails_makes_nothing_safe),
        T(a_read_that_fails_is_no_answer),
        T(answers_that_share_a_commit_are_all_there_or_none_is),
        T(a_full_disk_at_the_start_is_one_line_and_leaves_no_ruin),
        T(a_backup_or_compaction_on_a_full_disk_changes_nothing),
        T(trouble_is_told_to_viewers_until_it_is_over),
        T(a_file_system_without_shared_memory_is_one_line_of_advice),
        T(on_request_a_network_file_system_is_used_without_shared_memory),
        T(a_loss_of_power_costs_nothing_that_was_acknowledged),
        T(a_migration_killed_at_any_statement_or_write_is_whole_or_was_not),
    };
    return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
