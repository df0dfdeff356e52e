/* Timelines packed: what is packed reads as its rows do, whatever came late, was extended, thinned out or damaged. */
#include "config.h"

#include "db/reader.h"
#include "db/upkeep.h"
#include "write_fixture.h"

enum { SOURCES = 3, ROWS = 2000, ROUNDS = 60, ASKED = 20 };
#define WIDTH (ROWS * CT_HOUR)

static uint64_t seed;
static int64_t roll(int64_t most)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)(seed >> 33) % most;
}

CT_PRINTF(2, 3) static void sql(struct fixture *f, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (sqlite3_exec(f->look, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(f->look));
}

static int64_t number(struct fixture *f, const char *text)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(f->look, text, -1, &st, NULL), SQLITE_OK);
    int64_t v = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : CT_NONE;
    sqlite3_finalize(st);
    return v;
}

static void add(struct fixture *f, int64_t source, int64_t at_ms)
{
    static const char *const reasons[] = {"'HTTP 500'", "'timed out'", "''", "NULL"};
    int64_t outcome = roll(4) ? 0 : roll(4);
    sql(f, "INSERT OR REPLACE INTO poll VALUES (%lld, %lld, %lld, %lld, %lld, %lld, 1, %lld, %s)", (long long)source,
        (long long)at_ms, (long long)(at_ms + roll(3) * roll(CT_HOUR)), (long long)(1 + roll(5)), (long long)outcome,
        (long long)roll(2), (long long)roll(1000000), outcome > 1 ? reasons[roll(4)] : "NULL");
}

static int64_t somewhen(void)
{
    return T0 + roll(WIDTH);
}

static void fill(struct fixture *f)
{
    seed = 5;
    sql(f, "BEGIN");
    for (int64_t source = 1; source <= SOURCES; source++)
        for (int64_t i = 0; i < ROWS; i++)
            add(f, source, T0 + i * CT_HOUR + (source == 1 ? 0 : roll(CT_MINUTE)));
    sql(f, "COMMIT");
}

static void pack(struct fixture *f, int64_t now_ms)
{
    for (bool more = true; more;)
        assert_int_equal(ct_write_references(f->w, now_ms, &more, &f->err), CT_OK);
}

/* The same as ct_polls_between says, by rows. */
static const char naive[] =
    "SELECT from_ms, to_ms, outcome <= 1, imported, iif(outcome <= 1, '', reason) FROM poll"
    " WHERE source_id = ?1 AND from_ms <= ?3 AND from_ms >= ifnull((SELECT max(from_ms) FROM poll"
    " WHERE source_id = ?1 AND from_ms <= ?2 AND outcome <= 1), 0) ORDER BY from_ms";

static void polls_are_the_rows(struct fixture *f, struct ct_reader *r, int64_t source, int64_t from_ms, int64_t to_ms)
{
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = T0 + 2 * WIDTH};
    sqlite3_stmt *st;
    ct_arena_reset(f->arena);
    ct_load_begin(r, &q, f->arena, &f->err);
    struct ct_polls polls = ct_polls_between(r, source, from_ms, to_ms);
    assert_int_equal(sqlite3_prepare_v2(f->look, naive, -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_int64(st, 1, source);
    sqlite3_bind_int64(st, 2, from_ms);
    sqlite3_bind_int64(st, 3, to_ms);
    size_t n = 0;
    for (; sqlite3_step(st) == SQLITE_ROW; n++) {
        if (n == polls.n)
            fail_msg("there are more polls than %zu", polls.n);
        const struct ct_poll *p = &polls.v[n];
        assert_int_equal(p->from_ms, sqlite3_column_int64(st, 0));
        assert_int_equal(p->to_ms, sqlite3_column_int64(st, 1));
        assert_int_equal(p->good, sqlite3_column_int(st, 2));
        assert_int_equal(p->imported, sqlite3_column_int(st, 3));
        struct ct_span reason = ct_span((const char *)sqlite3_column_text(st, 4));
        assert_true(ct_span_eq(p->reason, reason.n ? reason : CT_SPAN_NONE));
    }
    assert_int_equal(n, polls.n);
    sqlite3_finalize(st);
    assert_int_equal(ct_load_end(r), CT_OK);
}

static void all_windows(struct fixture *f)
{
    struct ct_reader *r;
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    for (int64_t source = 1; source <= SOURCES; source++)
        polls_are_the_rows(f, r, source, 0, CT_LIVE);
    for (int i = 0; i < ASKED; i++) {
        int64_t from = somewhen();
        ct_reader_close(r); /* it keeps what it has read */
        assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
        polls_are_the_rows(f, r, 1 + roll(SOURCES), from, from + roll(WIDTH));
    }
    ct_reader_close(r);
}

static void change(struct fixture *f)
{
    int64_t source = 1 + roll(SOURCES), at = somewhen(), n = 1 + roll(roll(4) ? 3 : 400);
    sql(f, "BEGIN");
    switch (roll(5)) {
    case 0: /* something comes late */
        for (int64_t i = 0; i < n; i++)
            add(f, source, at + i * roll(CT_MINUTE));
        break;
    case 1: /* as retention does */
        sql(f, "DELETE FROM poll WHERE source_id=%lld AND from_ms IN (SELECT from_ms FROM poll WHERE source_id=%lld"
               " AND from_ms>=%lld ORDER BY from_ms LIMIT %lld)", (long long)source, (long long)source, (long long)at,
            (long long)n);
        break;
    case 2:
        sql(f, "UPDATE poll SET to_ms=to_ms+1, n=n+1 WHERE source_id=%lld AND from_ms=(SELECT min(from_ms) FROM poll"
               " WHERE source_id=%lld AND from_ms>=%lld)", (long long)source, (long long)source, (long long)at);
        break;
    case 3:
        sql(f, "UPDATE poll SET outcome=2, reason='gone' WHERE source_id=%lld AND from_ms BETWEEN %lld AND %lld",
            (long long)source, (long long)at, (long long)(at + n * CT_HOUR));
        break;
    default:
        for (int64_t i = 0; i < n; i++)
            add(f, source, T0 + WIDTH + roll(WIDTH));
    }
    sql(f, "COMMIT");
}

static void packed_polls_read_as_their_rows(void **state)
{
    struct fixture *f = *state;
    fill(f);
    all_windows(f);
    for (int i = 0; i < ROUNDS; i++) {
        if (roll(3))
            pack(f, T0 + 3 * WIDTH + i * CT_HOUR);
        all_windows(f);
        for (int64_t k = roll(4); k >= 0; k--)
            change(f);
    }
    pack(f, T0 + 4 * WIDTH);
    all_windows(f);
    assert_true(number(f, "SELECT sum(n) FROM poll_pack") > ROWS * SOURCES / 2);
}

static void a_new_poll_leaves_what_is_packed(void **state)
{
    struct fixture *f = *state;
    fill(f);
    pack(f, T0 + 3 * WIDTH);
    int64_t rows = number(f, "SELECT count(*) FROM poll_pack");
    assert_int_equal(rows, SOURCES * ((ROWS - CT_POLLS_NEWEST + CT_POLLS_MOST - 1) / CT_POLLS_MOST));
    assert_int_equal(number(f, "SELECT sum(n) FROM poll_pack"), SOURCES * (ROWS - CT_POLLS_NEWEST));
    add(f, 1, T0 + WIDTH + CT_DAY);
    sql(f, "UPDATE poll SET to_ms=to_ms+5 WHERE source_id=1 AND from_ms=%lld", (long long)(T0 + WIDTH + CT_DAY));
    assert_int_equal(number(f, "SELECT count(*) FROM poll_pack"), rows);
    add(f, 1, T0 + CT_HOUR + 1); /* of late only that row it lies in is worth nothing now */
    assert_int_equal(number(f, "SELECT count(*) FROM poll_pack"), rows - 1);
    pack(f, T0 + 4 * WIDTH);
    all_windows(f);
}

/* A reader finds few polls unpacked at any time, and a row of packed ones is not made anew for each of them. */
static void the_newest_row_grows_by_many(void **state)
{
    enum { NEWER = 600 };
    struct fixture *f = *state;
    int64_t made = 0, before = 0;
    fill(f);
    for (int64_t i = 0; i < NEWER; i++) {
        pack(f, T0 + 3 * WIDTH + i * CT_HOUR);
        int64_t packed = number(f, "SELECT sum(n) FROM poll_pack WHERE k>>48=1");
        assert_true(ROWS + i - packed < 2 * CT_POLLS_NEWEST + 64);
        made += packed != before;
        before = packed;
        add(f, 1, T0 + WIDTH + i * CT_MINUTE);
    }
    assert_in_range(made, NEWER / CT_POLLS_MOST, NEWER / 40);
    all_windows(f);
}

/* Every hour the polls of the next day that is old enough become one. */
static void thinning_leaves_few_packs(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (int64_t day = 0; day < 60; day++) {
        pack(f, T0 + 3 * WIDTH + day * CT_HOUR);
        sql(f, "DELETE FROM poll WHERE from_ms > %lld AND from_ms < %lld", (long long)(T0 + day * CT_DAY),
            (long long)(T0 + (day + 1) * CT_DAY - CT_MINUTE));
    }
    pack(f, T0 + 4 * WIDTH);
    all_windows(f);
    assert_in_range(number(f, "SELECT max(n) FROM (SELECT count(*) AS n FROM poll_pack GROUP BY k>>48)"), 1, 5);
    assert_int_equal(number(f, "SELECT sum(n) FROM poll_pack"),
                     number(f, "SELECT count(*) FROM poll JOIN (SELECT k>>48 AS s, max(k & 0xffffffffffff) AS last"
                               " FROM poll_pack GROUP BY 1) ON source_id=s AND from_ms<=last"));
}

static void a_damaged_pack_costs_nothing_and_is_found(void **state)
{
    struct fixture *f = *state;
    struct ct_rows found;
    fill(f);
    pack(f, T0 + 3 * WIDTH);
    assert_int_equal(ct_upkeep_check(f->path, f->arena, &found, &f->err), CT_OK);
    assert_int_equal(found.n, 0);
    sql(f, "UPDATE poll_pack SET b=CAST(substr(b, 1, 20) || x'5a' || substr(b, 22) AS BLOB) WHERE rowid %% 2 = (SELECT min(rowid) %% 2"
           " FROM poll_pack)");
    assert_true(sqlite3_changes(f->look) > 0);
    all_windows(f);
    assert_int_equal(ct_upkeep_check(f->path, f->arena, &found, &f->err), CT_OK);
    assert_int_equal(found.n, 1);
    assert_true(ct_span_is(((const struct ct_finding_row *)found.v)[0].table, "poll_pack"));
    sql(f, "UPDATE poll_pack SET b=x'00', reasons=''");
    all_windows(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(packed_polls_read_as_their_rows),
        T(a_new_poll_leaves_what_is_packed),
        T(the_newest_row_grows_by_many),
        T(thinning_leaves_few_packs),
        T(a_damaged_pack_costs_nothing_and_is_found),
    };
    return cmocka_run_group_tests_name("poll_pack", tests, NULL, NULL);
}
