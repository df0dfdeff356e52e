/* Care for the file: sizes, check, backup, compaction, and salvage of damaged ones. */
#include "config.h"

#include "db/base/paths.h"
#include "db/read.h"
#include "db/schema.h"
#include "db/upkeep.h"
#include "events_fixture.h"
#include "write_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { OFFERS = 60, POLLS = 20 };

static void fill(struct fixture *f)
{
    char id[16];
    for (int k = 0; k < POLLS; k++) {
        for (int i = 0; i < OFFERS; i++) {
            (void)snprintf(id, sizeof id, "i%d", i);
            offer(f, id, 1000 + k, k % 2 ? CT_STOCK_AVAILABLE : CT_STOCK_LOW); /* an event that is a row */
        }
        fetch(f, "price", T0 + k * CT_MINUTE);
    }
    incident(f, "one", CT_STATE_DEGRADED, CT_PHASE_MONITORING, 1);
    component(f, "api", CT_STATE_OPERATIONAL);
    fetch(f, "stat", T0 + CT_MINUTE);
}

static int setup(void **state)
{
    int rc = fixture_setup(state);
    if (rc == 0)
        fill(*state);
    return rc;
}

/* Nobody has the file open any more, its log is in it. */
static void let_go(struct fixture *f)
{
    sqlite3_close(f->look);
    f->look = NULL;
    ct_writer_close(f->w);
    f->w = NULL;
}

static int64_t one(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static const struct ct_stat_row *stat_of(struct ct_rows rows, const char *name)
{
    const struct ct_stat_row *r = rows.v;
    for (size_t i = 0; i < rows.n; i++)
        if (ct_span_is(r[i].name, name))
            return &r[i];
    fail_msg("no row of %s", name);
    return NULL;
}

static struct ct_rows findings(struct fixture *f, const char *path)
{
    struct ct_rows rows;
    if (ct_upkeep_check(path, f->arena, &rows, &f->err) != CT_OK)
        fail_msg("%s: %s", f->err.where, f->err.what);
    return rows;
}

/* Packed history that was lost may stand marked in its place. */
static void expect_sound(struct fixture *f, const char *path)
{
    struct ct_rows rows = findings(f, path);
    const struct ct_finding_row *r = rows.v;
    for (; rows.n && ct_span_is(r->column, "b"); rows.n--)
        r++;
    if (rows.n)
        fail_msg("%.*s.%.*s: %.*s", CT_FMT(r->table), CT_FMT(r->column), CT_FMT(r->what));
}

/* ---- sizes and integrity ---- */

static void stats_count_rows_bytes_and_samples(void **state)
{
    struct fixture *f = *state;
    struct ct_rows rows;
    int64_t sum = 0;
    assert_int_equal(ct_upkeep_stats(f->path, f->arena, &rows, &f->err), CT_OK);
    assert_int_equal(stat_of(rows, "event")->rows, one(f->path, "SELECT count(*) FROM event"));
    assert_int_equal(stat_of(rows, "event")->newest_ms, one(f->path, "SELECT max(at_ms) FROM event"));
    assert_true(stat_of(rows, "samples")->rows >= OFFERS * POLLS);
    assert_int_equal(stat_of(rows, "samples")->oldest_ms, T0);
    const struct ct_stat_row *all = rows.v;
    assert_true(ct_span_is(all[0].what, "file"));
    for (size_t i = 0; i < rows.n; i++)
        if (ct_span_is(all[i].what, "table") && all[i].bytes != CT_NONE)
            sum += all[i].bytes;
    assert_true(sum <= all[0].bytes);
    /* The library may lack the module that knows them; where it has it, they add up. */
    if (stat_of(rows, "event")->bytes != CT_NONE)
        assert_true(sum > all[0].bytes / 2);
}

static void check_finds_nothing_in_what_the_writer_wrote(void **state)
{
    struct fixture *f = *state;
    expect_sound(f, f->path);
}

static void check_names_impossible_values_with_an_example(void **state)
{
    struct fixture *f = *state;
    run_sql(f->path, "UPDATE event SET at_ms=-at_ms WHERE kind=1;"
                     "UPDATE poll SET reason=CAST(x'6162ff' AS TEXT) WHERE source_id=2");
    struct ct_rows rows = findings(f, f->path);
    const struct ct_finding_row *r = rows.v;
    int seen = 0;
    for (size_t i = 0; i < rows.n; i++) {
        if (ct_span_is(r[i].table, "poll") && ct_span_is(r[i].column, "reason")) {
            assert_true(ct_span_starts(r[i].example, "2/"));
            seen |= 1;
        }
        if (ct_span_is(r[i].table, "event") && ct_span_is(r[i].column, "at_ms"))
            seen |= r[i].n == one(f->path, "SELECT count(*) FROM event WHERE kind=1") ? 2 : 0;
    }
    /* kind 1 is a state event: there may be none in a calm world, then nothing is to be found */
    assert_int_equal(seen | (one(f->path, "SELECT count(*) FROM event WHERE kind=1") ? 0 : 2), 3);
}

static void check_finds_a_page_that_is_torn(void **state)
{
    struct fixture *f = *state;
    let_go(f);
    int64_t root = one(f->path, "SELECT rootpage FROM sqlite_schema WHERE name='poll'");
    int fd = open(f->path, O_RDWR);
    static const char noise[200] = "torn";
    assert_true(fd >= 0 && pwrite(fd, noise, sizeof noise, (root - 1) * 4096 + 3900) == 200);
    (void)close(fd);
    assert_true(findings(f, f->path).n > 0);
}

/* ---- who writes ---- */

/* From the lock under which a file was made to the lease under which it is fetched into, nobody else gets either. */
static void a_lock_handed_over_is_never_free_between(void **state)
{
    struct fixture *f = *state;
    struct ct_lease *lease = NULL;
    struct ct_error other = {0};
    int lock = ct_lock_file(f->path, &f->err);
    assert_true(lock >= 0);
    assert_int_equal(ct_lease_take(f->w, "demo", T0, &lease, &other), CT_ERR_BUSY); /* not even oneself */
    ct_write_hand_lock(f->w, lock);
    assert_int_equal(ct_lock_file(f->path, &other), -1);
    assert_int_equal(ct_lease_take(f->w, "demo", T0, &lease, &f->err), CT_OK);
    assert_int_equal(ct_lock_file(f->path, &other), -1);
    assert_int_equal(other.status, CT_ERR_BUSY);
    ct_lease_drop(lease);
    lock = ct_lock_file(f->path, &f->err);
    assert_true(lock >= 0);
    ct_write_hand_lock(f->w, lock); /* and never taken: it goes with its writer */
    ct_writer_close(f->w);
    f->w = NULL;
    lock = ct_lock_file(f->path, &f->err);
    assert_true(lock >= 0);
    (void)close(lock);
}

/* ---- backup and compaction ---- */

static void backup_beside_a_writer_is_whole_private_and_one_file(void **state)
{
    struct fixture *f = *state;
    struct ct_lease *lease;
    struct stat st;
    char to[600], log[640];
    int64_t bytes;
    (void)snprintf(to, sizeof to, "%s/copy.db", f->folder);
    (void)snprintf(log, sizeof log, "%s-wal", to);
    assert_int_equal(ct_lease_take(f->w, "fetcher", T0, &lease, &f->err), CT_OK);
    assert_int_equal(sqlite3_exec(f->look, "BEGIN IMMEDIATE; DELETE FROM event", NULL, NULL, NULL),
                     SQLITE_OK); /* somebody is in the middle of a commit */
    mode_t old = umask(0);
    if (ct_upkeep_backup(f->path, to, &bytes, &f->err) != CT_OK)
        fail_msg("%s: %s", f->err.where, f->err.what);
    umask(old);
    assert_int_equal(sqlite3_exec(f->look, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(stat(to, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, bytes);
    assert_int_equal(access(log, F_OK), -1);
    assert_int_equal(one(to, "SELECT count(*) FROM event"), one(f->path, "SELECT count(*) FROM event"));
    assert_int_equal(one(to, "SELECT count(*) FROM lease"), 0);
    expect_sound(f, to);
    ct_lease_drop(lease);
}

static void backup_writes_over_nothing(void **state)
{
    struct fixture *f = *state;
    char to[600];
    int64_t bytes;
    (void)snprintf(to, sizeof to, "%s/there", f->folder);
    FILE *there = fopen(to, "w");
    fputs("mine", there);
    (void)fclose(there);
    assert_int_equal(ct_upkeep_backup(f->path, to, &bytes, &f->err), CT_ERR_USAGE);
    (void)unlink(to);
    assert_int_equal(symlink("/nowhere/at/all", to), 0);
    assert_int_equal(ct_upkeep_backup(f->path, to, &bytes, &f->err), CT_ERR_USAGE);
    assert_int_equal(ct_upkeep_backup("/nowhere.db", to, &bytes, &f->err), CT_ERR_USAGE);
    (void)unlink(to);
    assert_int_equal(ct_upkeep_backup("/nowhere.db", to, &bytes, &f->err), CT_ERR_NOT_FOUND);
    assert_int_equal(access(to, F_OK), -1);
}

static void compact_gives_pages_back_but_not_under_a_fetcher(void **state)
{
    struct fixture *f = *state;
    struct ct_lease *lease;
    int64_t before, after, polls = one(f->path, "SELECT count(*) FROM poll");
    assert_int_equal(ct_lease_take(f->w, "fetcher", T0, &lease, &f->err), CT_OK);
    assert_int_equal(ct_upkeep_compact(f->path, T0, &before, &after, &f->err), CT_ERR_BUSY);
    assert_non_null(strstr(f->err.what, "fetcher pid"));
    ct_lease_drop(lease);
    let_go(f);
    run_sql(f->path, "DELETE FROM event");
    if (ct_upkeep_compact(f->path, T0, &before, &after, &f->err) != CT_OK)
        fail_msg("%s: %s", f->err.where, f->err.what);
    assert_true(after < before);
    assert_int_equal(one(f->path, "PRAGMA freelist_count"), 0);
    assert_int_equal(one(f->path, "SELECT count(*) FROM poll"), polls);
    expect_sound(f, f->path);
}

static void a_database_no_source_has_answered_yet_is_sound(void **state)
{
    struct fixture *f = *state;
    failed(f, "stat", T0);
    let_go(f);
    assert_int_equal(findings(f, f->path).n, 0);
}

/* ---- salvage ---- */

static void repair(struct fixture *f, struct ct_salvage *s)
{
    if (ct_upkeep_repair(f->path, T0, f->arena, s, &f->err) != CT_OK)
        fail_msg("%s: %s", f->err.where, f->err.what);
}

static const struct ct_salvage_row *salvaged(const struct ct_salvage *s, const char *name)
{
    const struct ct_salvage_row *r = s->rows.v;
    for (size_t i = 0; i < s->rows.n; i++)
        if (ct_span_is(r[i].table, name))
            return &r[i];
    fail_msg("no row of %s", name);
    return NULL;
}

/* Writer and reader take the file as if nothing had happened. */
static void expect_usable(struct fixture *f)
{
    struct ct_reader *r;
    struct ct_writer *w;
    if (ct_writer_open(f->path, 0, &w, &f->err) != CT_OK)
        fail_msg("%s: %s", f->err.where, f->err.what);
    ct_writer_close(w);
    if (ct_reader_open(f->path, &r, &f->err) != CT_OK)
        fail_msg("%s: %s", f->err.where, f->err.what);
    ct_reader_close(r);
    expect_sound(f, f->path);
}

static void smash(const char *path, int64_t page, int64_t at, size_t n)
{
    unsigned char noise[4096];
    memset(noise, 0xa5, sizeof noise);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && pwrite(fd, noise, n, (page - 1) * 4096 + at) == (ssize_t)n);
    (void)close(fd);
}

static void repair_of_a_sound_database_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    let_go(f);
    int64_t events = one(f->path, "SELECT sum(at_ms % 1000003 + id % 1000003) FROM event");
    int64_t series = one(f->path, "SELECT count(*) FROM series");
    repair(f, &s);
    assert_int_equal(s.damaged, 0);
    assert_int_equal(one(f->path, "SELECT sum(at_ms % 1000003 + id % 1000003) FROM event"), events);
    assert_int_equal(one(f->path, "SELECT count(*) FROM series"), series);
    assert_int_equal(salvaged(&s, "series")->kept, series);
    const struct ct_salvage_row *r = s.rows.v;
    for (size_t i = 0; i < s.rows.n; i++)
        if (r[i].lost + r[i].strays)
            fail_msg("%.*s: %lld lost, %lld strays", CT_FMT(r[i].table), (long long)r[i].lost,
                     (long long)r[i].strays);
    assert_int_equal(one(s.aside, "SELECT count(*) FROM series"), series);
    expect_usable(f);
}

static void repair_loses_only_what_stood_on_the_damaged_page(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    let_go(f);
    int64_t before = one(f->path, "SELECT count(*) FROM event"),
            series = one(f->path, "SELECT count(*) FROM series"),
            leaf = one(f->path, "SELECT coalesce((SELECT pageno FROM dbstat WHERE name='event'"
                                " AND pagetype='leaf' LIMIT 1 OFFSET 2), 0)");
    assert_true(leaf > 0);
    smash(f->path, leaf, 0, 4096);
    repair(f, &s);
    int64_t after = one(f->path, "SELECT count(*) FROM event");
    assert_true(after < before && after > before / 2);
    assert_int_equal(salvaged(&s, "event")->kept, after);
    assert_int_equal(s.damaged, 1);
    assert_int_equal(one(f->path, "SELECT count(*) FROM series"), series);
    expect_usable(f);
}

/* One bit of one packed row, in a file that is sound to SQLite. */
static void spoil_history(struct fixture *f)
{
    int64_t n = one(f->path, "SELECT (SELECT count(*) FROM tick) + (SELECT count(*) FROM tails)");
    assert_true(n > 0);
    run_sql(f->path, "UPDATE tails SET b = CAST(substr(b, 1, length(b) - 2) || x'7f7f' AS BLOB) WHERE k ="
                     " (SELECT max(k) FROM tails);" /* of the last in it */
                     "UPDATE tick SET b = CAST(substr(b, 1, 3) || x'7f' || substr(b, 5) AS BLOB) WHERE n ="
                     " (SELECT max(n) FROM tick) AND NOT EXISTS (SELECT 1 FROM tails)");
}

static void packed_history_that_is_spoilt_is_found_and_stays_marked(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    let_go(f);
    spoil_history(f);
    struct ct_rows rows = findings(f, f->path);
    const struct ct_finding_row *r = rows.v;
    assert_int_equal(rows.n, 1);
    assert_true(ct_span_is(r->column, "b"));
    repair(f, &s);
    assert_int_equal(salvaged(&s, "tick")->lost + salvaged(&s, "tails")->lost, 1);
    assert_int_equal(one(f->path, "SELECT (SELECT count(*) FROM tick WHERE b = x'') + (SELECT count(*) FROM tails WHERE b = x'')"), 1);
    assert_int_equal(findings(f, f->path).n, 0); /* what was lost is known now */
    repair(f, &s);
    assert_int_equal(salvaged(&s, "tick")->lost + salvaged(&s, "tails")->lost, 0);
}

#define MOVES "SELECT at_ms, source_id, first, hex(b) FROM price_move ORDER BY 1, 2, 3"

static char *all_of(const char *path, const char *sql)
{
    struct fixture look = {0};
    assert_int_equal(sqlite3_open_v2(path, &look.look, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    char *text = table(&look, sql);
    sqlite3_close(look.look);
    return text;
}

/* The moves that are named are those of the samples, and all of them. */
static void expect_moves_of_samples(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (!events_to_rows(db))
        fail_msg("price_move is not what the samples tell: %s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void repair_makes_moves_of_prices_anew(void **state)
{
    static const char *const damages[] = {
        "DELETE FROM price_move WHERE at_ms % 120000 = 0",
        "UPDATE price_move SET b = x'0102'",
        "INSERT OR REPLACE INTO price_move SELECT at_ms + 7, source_id, first, b FROM price_move",
        NULL, /* a page */
        "DELETE FROM price_move"};
    struct fixture *f = *state;
    let_go(f);
    char *was = all_of(f->path, MOVES);
    int64_t n = one(f->path, "SELECT count(*) FROM price_move");
    assert_true(n >= POLLS - 1);
    for (size_t i = 0; i < CT_LEN(damages); i++) {
        struct ct_salvage s;
        if (damages[i])
            run_sql(f->path, damages[i]);
        else
            smash(f->path, one(f->path, "SELECT rootpage FROM sqlite_schema WHERE name='price_move'"), 0, 4096);
        repair(f, &s);
        char *is = all_of(f->path, MOVES);
        assert_string_equal(is, was);
        assert_int_equal(salvaged(&s, "price_move")->remade, n);
        assert_int_equal(salvaged(&s, "price_move")->kept, 0);
        expect_moves_of_samples(f->path);
        free(is);
    }
    free(was);
    expect_usable(f);
}

/* All that waits is sealed. */
static void seal(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct ct_samples *s = ct_samples_new(db);
    ct_samples_begin(s);
    while (ct_samples_seal(s, CT_MINUTE))
        continue;
    assert_int_equal(ct_samples_rc(s), SQLITE_OK);
    ct_samples_free(s);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void moves_follow_the_samples_that_are_left(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    let_go(f);
    seal(f->path);
    int64_t leaf = one(f->path, "SELECT coalesce((SELECT pageno FROM dbstat WHERE name='tails'"
                                " AND pagetype='leaf' LIMIT 1), 0)"),
            tails = one(f->path, "SELECT count(*) FROM tails");
    assert_true(leaf > 0);
    smash(f->path, leaf, 0, 4096);
    repair(f, &s);
    assert_true(salvaged(&s, "tails")->kept < tails);
    assert_true(one(f->path, "SELECT count(*) FROM chunk") > 0);
    expect_moves_of_samples(f->path);
    assert_int_equal(salvaged(&s, "price_move")->remade, one(f->path, "SELECT count(*) FROM price_move"));
    expect_usable(f);
}

/* Every series has some samples more. */
static void put_more(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_true(samples_from_rows(db, "SELECT id, 1900000000000 + column1 * 1000, 5, 0 FROM series, (VALUES (1), (2), (3))"));
    sqlite3_close(db);
}

/* As of a page that was used before: its samples lie in a chunk by now, and others behind them. */
static void a_tail_that_has_become_a_chunk_hides_nothing(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    let_go(f);
    seal(f->path);
    run_sql(f->path, "CREATE TABLE was AS SELECT * FROM tails");
    put_more(f->path);
    seal(f->path);
    assert_int_equal(sqlite3_open_v2(f->path, &f->look, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_true(samples_to_rows(f->look));
    char *samples = table(f, "SELECT * FROM temp.sample ORDER BY 1, 2");
    let_go(f);
    assert_int_equal(sqlite3_open_v2(f->path, &f->look, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_true(tails_to_chunks(f->look));
    let_go(f);
    run_sql(f->path, "INSERT INTO tails SELECT * FROM was; DROP TABLE was");
    assert_true(one(f->path, "SELECT count(*) FROM tails") > 0);
    repair(f, &s);
    assert_int_equal(sqlite3_open_v2(f->path, &f->look, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_true(samples_to_rows(f->look));
    expect(f, "SELECT * FROM temp.sample ORDER BY 1, 2", samples);
    let_go(f);
    free(samples);
    expect_usable(f);
}

static void a_new_series_inherits_nothing_of_a_lost_one(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    let_go(f);
    run_sql(f->path, "PRAGMA foreign_keys=OFF; DELETE FROM series WHERE id > 5");
    repair(f, &s);
    assert_true(s.orphans > 0);
    assert_int_equal(one(f->path, "SELECT max(id) FROM series"), 5);
    assert_int_equal(ct_writer_open(f->path, 0, &f->w, &f->err), CT_OK);
    assert_int_equal(sqlite3_open_v2(f->path, &f->look, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    offer(f, "another", 77, CT_STOCK_LOW);
    fetch(f, "price", T0 + CT_DAY);
    assert_true(samples_to_rows(f->look));
    expect(f, "SELECT count(*) > 1, min(at_ms) = max(at_ms) FROM temp.sample m"
              " JOIN series s ON s.id = m.series_id WHERE s.id > 5", "1|1");
    let_go(f);
    expect_usable(f);
}

static void repair_recalls_days_that_were_recorded(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    let_go(f);
    int64_t days = one(f->path, "SELECT count(*) FROM recorded_day");
    assert_true(days > 0);
    run_sql(f->path, "DELETE FROM recorded_day");
    repair(f, &s);
    assert_int_equal(one(f->path, "SELECT count(*) FROM recorded_day"), days);
}

static void repair_counts_samples_anew_when_the_count_is_lost(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    struct ct_rows rows;
    let_go(f);
    assert_int_equal(ct_upkeep_stats(f->path, f->arena, &rows, &f->err), CT_OK);
    int64_t samples = stat_of(rows, "samples")->rows;
    smash(f->path, one(f->path, "SELECT rootpage FROM sqlite_schema WHERE name='meta'"), 0, 4096);
    repair(f, &s);
    assert_int_equal(ct_upkeep_stats(f->path, f->arena, &rows, &f->err), CT_OK);
    assert_int_equal(stat_of(rows, "samples")->rows, samples);
    assert_int_equal(stat_of(rows, "samples")->oldest_ms, T0);
    expect_usable(f);
}

static void repair_finds_rows_whose_index_is_lost(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    let_go(f);
    int64_t before = one(f->path, "SELECT count(*) FROM event"),
            root = one(f->path, "SELECT rootpage FROM sqlite_schema WHERE name='event'");
    smash(f->path, root, 0, 4096);
    repair(f, &s);
    assert_true(salvaged(&s, "event")->strays > before / 2);
    assert_true(one(f->path, "SELECT count(*) FROM event") > before / 2);
    expect_usable(f);
}

static void repair_survives_a_lost_head(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    let_go(f);
    int64_t before = one(f->path, "SELECT count(*) FROM event");
    smash(f->path, 1, 0, 4096);
    struct ct_reader *r;
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_ERR_DB);
    assert_non_null(strstr(f->err.what, "cloudtape db repair"));
    repair(f, &s);
    assert_int_equal(one(f->path, "SELECT count(*) FROM event"), before);
    expect_usable(f);
}

static void repair_keeps_history_of_a_source_it_cannot_name(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    let_go(f);
    int64_t before = one(f->path, "SELECT count(*) FROM event"),
            root = one(f->path, "SELECT rootpage FROM sqlite_schema WHERE name='source'");
    smash(f->path, root, 0, 4096);
    repair(f, &s);
    assert_int_equal(one(f->path, "SELECT count(*) FROM event"), before);
    assert_true(one(f->path, "SELECT count(*) FROM source WHERE name LIKE 'lost-%'") > 0);
    expect_usable(f);
}

static void repair_reads_what_is_only_in_the_log(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    char to[560], from[700];
    int64_t before = one(f->path, "SELECT count(*) FROM event");
    /* As a kill leaves them: the file is old, the log holds the rest. */
    (void)snprintf(to, sizeof to, "%s/killed.db", f->folder);
    for (int i = 0; i < 2; i++) {
        struct ct_buf bytes = CT_BUF_INIT;
        (void)snprintf(from, sizeof from, "%s%s", f->path, i ? "-wal" : "");
        assert_int_equal(ct_read_file(from, 64 << 20, &bytes, &f->err), CT_OK);
        assert_true(i == 0 || bytes.n > 4096);
        (void)snprintf(from, sizeof from, "%s%s", to, i ? "-wal" : "");
        assert_int_equal(ct_write_file(from, ct_buf_span(&bytes), &f->err), CT_OK);
        ct_buf_free(&bytes);
    }
    let_go(f);
    memcpy(f->path, to, sizeof to);
    smash(f->path, 1, 0, 100);
    repair(f, &s);
    assert_int_equal(one(f->path, "SELECT count(*) FROM event"), before);
    expect_usable(f);
}

static void repair_leaves_alone_what_is_not_ours(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    char letter[600];
    (void)snprintf(letter, sizeof letter, "%s/letter", f->folder);
    struct ct_buf text = CT_BUF_INIT, after = CT_BUF_INIT;
    for (int i = 0; i < 2000; i++)
        ct_buf_adds(&text, "this is a letter, not a database\n");
    assert_int_equal(ct_write_file(letter, ct_buf_span(&text), &f->err), CT_OK);
    assert_int_equal(ct_upkeep_repair(letter, T0, f->arena, &s, &f->err), CT_ERR_NOT_FOUND);
    assert_int_equal(ct_read_file(letter, 1 << 20, &after, &f->err), CT_OK);
    assert_true(ct_span_eq(ct_buf_span(&text), ct_buf_span(&after)));
    ct_buf_free(&text);
    ct_buf_free(&after);
    (void)unlink(letter);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(letter, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (x); PRAGMA application_id=42", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(ct_upkeep_repair(letter, T0, f->arena, &s, &f->err), CT_ERR_DB);
    assert_int_equal(one(letter, "SELECT count(*) FROM t"), 0);
}

static void repair_refuses_beside_a_fetcher(void **state)
{
    struct fixture *f = *state;
    struct ct_lease *lease;
    struct ct_salvage s;
    assert_int_equal(ct_lease_take(f->w, "fetcher", T0, &lease, &f->err), CT_OK);
    assert_int_equal(ct_upkeep_repair(f->path, T0, f->arena, &s, &f->err), CT_ERR_BUSY);
    ct_lease_drop(lease);
}

static void an_empty_file_with_a_log_is_not_taken_for_a_new_one(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage s;
    struct ct_writer *w = NULL;
    char log[600];
    let_go(f);
    (void)snprintf(log, sizeof log, "%s-wal", f->path);
    assert_int_equal(truncate(f->path, 0), 0);
    assert_int_equal(ct_write_file(log, CT_LIT("something"), &f->err), CT_OK);
    assert_int_equal(ct_writer_open(f->path, 0, &w, &f->err), CT_ERR_DB);
    assert_non_null(strstr(f->err.what, "cloudtape db repair"));
    repair(f, &s);
    expect_usable(f);
    (void)snprintf(log, sizeof log, "%.480s-wal", s.aside);
    assert_int_equal(access(log, F_OK), 0);
}

/* Byte flips, lost ends, stretches of zeros, a log of somebody else: whatever it is, the program
 * lives, the original stays, and what comes out is sound. */
static void no_damage_ends_the_program_or_the_original(void **state)
{
    struct fixture *f = *state;
    struct ct_buf whole = CT_BUF_INIT, kept = CT_BUF_INIT;
    int rounds = fixture_times("CT_DAMAGES", 40);
    let_go(f);
    assert_int_equal(ct_read_file(f->path, 64 << 20, &whole, &f->err), CT_OK);
    srand(11);
    for (int i = 0; i < rounds; i++) {
        struct ct_salvage s = {.pages = 0};
        struct ct_reader *r = NULL;
        struct ct_writer *w = NULL;
        char *copy = ct_xspandup(ct_buf_span(&whole));
        size_t n = whole.n;
        switch (i % 4) {
        case 0:
            for (int k = 0; k < 1 + i; k++)
                copy[(size_t)rand() % n] ^= (char)(1 << rand() % 8);
            break;
        case 1:
            n = (size_t)rand() % n;
            break;
        case 2:
            memset(copy + (size_t)rand() % (n - 5000), 0, 5000);
            break;
        default:
            for (int k = 0; k < 20; k++) /* lengths and pointers, where it hurts most */
                copy[(size_t)rand() % (n / 4096) * 4096 + (size_t)rand() % 16] = (char)rand();
        }
        assert_int_equal(ct_write_file(f->path, (struct ct_span){copy, n}, &f->err), CT_OK);
        if (ct_reader_open(f->path, &r, &f->err) == CT_OK) { /* it may or may not notice */
            struct ct_query q = {.at_ms = CT_LIVE, .now_ms = T0};
            struct ct_summary summary;
            (void)!ct_read_summary(r, &q, f->arena, &summary, &f->err);
        }
        ct_reader_close(r);
        (void)!ct_writer_open(f->path, 0, &w, &f->err);
        ct_writer_close(w);
        assert_int_equal(ct_write_file(f->path, (struct ct_span){copy, n}, &f->err), CT_OK);
        enum ct_status status = ct_upkeep_repair(f->path, T0 + i * CT_SECOND, f->arena, &s, &f->err);
        if (status == CT_OK)
            expect_usable(f);
        else if (status != CT_ERR_NOT_FOUND && status != CT_ERR_DB && status != CT_ERR_NEWER)
            fail_msg("%s: %s", f->err.where, f->err.what);
        assert_int_equal(ct_read_file(status == CT_OK ? s.aside : f->path, 64 << 20, &kept, &f->err),
                         CT_OK);
        assert_true(ct_span_eq(ct_buf_span(&kept), (struct ct_span){copy, n}));
        free(copy);
        ct_arena_reset(f->arena);
        clear(f);
    }
    ct_buf_free(&whole);
    ct_buf_free(&kept);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(stats_count_rows_bytes_and_samples),
        T(check_finds_nothing_in_what_the_writer_wrote),
        T(check_names_impossible_values_with_an_example),
        T(check_finds_a_page_that_is_torn),
        T(a_lock_handed_over_is_never_free_between),
        T(backup_beside_a_writer_is_whole_private_and_one_file),
        T(backup_writes_over_nothing),
        T(compact_gives_pages_back_but_not_under_a_fetcher),
        cmocka_unit_test_setup_teardown(a_database_no_source_has_answered_yet_is_sound, fixture_setup, fixture_teardown),
        T(repair_of_a_sound_database_loses_nothing),
        T(repair_loses_only_what_stood_on_the_damaged_page),
        T(packed_history_that_is_spoilt_is_found_and_stays_marked),
        T(repair_makes_moves_of_prices_anew),
        T(moves_follow_the_samples_that_are_left),
        T(a_tail_that_has_become_a_chunk_hides_nothing),
        T(a_new_series_inherits_nothing_of_a_lost_one),
        T(repair_recalls_days_that_were_recorded),
        T(repair_counts_samples_anew_when_the_count_is_lost),
        T(repair_finds_rows_whose_index_is_lost),
        T(repair_survives_a_lost_head),
        T(repair_keeps_history_of_a_source_it_cannot_name),
        T(repair_reads_what_is_only_in_the_log),
        T(repair_leaves_alone_what_is_not_ours),
        T(repair_refuses_beside_a_fetcher),
        T(an_empty_file_with_a_log_is_not_taken_for_a_new_one),
        T(no_damage_ends_the_program_or_the_original),
    };
    return cmocka_run_group_tests_name("upkeep", tests, NULL, NULL);
}
