/* Retention: detail goes, what was true at the end of every hour stays; prices lose nothing. */
#include "config.h"

#include "db/samples.h"
#include "write_fixture.h"

#define START (T0 - T0 % CT_DAY) /* midnight */
enum { HOURS = 30 };

static const struct ct_retention keep = {2 * CT_DAY, 20 * CT_DAY};

/* Thirty hours of a component that flaps every few minutes beside a price that moves as often, one short
 * outage in the calm that follows, and a few more days. */
static int setup(void **state)
{
    int rc = fixture_setup(state);
    struct fixture *f = *state;
    if (rc)
        return rc;
    for (int64_t t = START; t < START + HOURS * CT_HOUR; t += 2 * CT_MINUTE) {
        int64_t k = (t - START) / CT_MINUTE / 2;
        component(f, "flaps", k % 3 == 0 ? CT_STATE_DEGRADED : CT_STATE_OPERATIONAL);
        component(f, "once", t == START + 5 * CT_HOUR ? CT_STATE_MAJOR : CT_STATE_OPERATIONAL);
        fetch(f, "stat", t);
        offer(f, "i1", 1000 + k % 7, k % 2 ? CT_STOCK_AVAILABLE : CT_STOCK_NONE);
        fetch(f, "price", t);
    }
    for (int day = 2; day < 8; day++) {
        component(f, "flaps", CT_STATE_OPERATIONAL);
        component(f, "once", CT_STATE_OPERATIONAL);
        fetch(f, "stat", START + day * CT_DAY);
    }
    return 0;
}

static size_t thin_all(struct fixture *f, const struct ct_retention *how, int64_t now_ms)
{
    bool more = true;
    size_t slices = 0;
    for (; more; slices++)
        if (ct_write_retain(f->w, how, now_ms, &more, &f->err) != CT_OK)
            fail_msg("%s: %s", f->err.where, f->err.what);
    return slices;
}

static int64_t one(struct fixture *f, const char *sql)
{
    char *text = table(f, sql);
    int64_t n = strtoll(text, NULL, 10);
    free(text);
    return n;
}

/* All samples of the series whose SQL condition is WHERE, as text, up to UNTIL. */
static char *samples(struct fixture *f, const char *where, int64_t until, size_t *n)
{
    struct ct_buf b = CT_BUF_INIT, sql = CT_BUF_INIT;
    struct ct_samples *s = ct_samples_new(f->look);
    struct ct_sample v = {.at_ms = 0};
    ct_buf_addf(&sql, "SELECT id FROM series WHERE %s", where);
    int64_t series = one(f, sql.p);
    assert_int_equal(sqlite3_exec(f->look, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    ct_samples_begin(s);
    ct_buf_adds(&b, "");
    for (*n = 0; ct_sample_next(s, series, until, &v); ++*n)
        ct_buf_addf(&b, "%lld=%lld/%d ", (long long)v.at_ms, (long long)v.value, v.flags);
    assert_int_equal(ct_samples_rc(s), SQLITE_OK);
    ct_samples_free(s);
    assert_int_equal(sqlite3_exec(f->look, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    ct_buf_free(&sql);
    return b.p;
}

/* What held at the end of each hour, of one series. */
static char *hours(struct fixture *f, const char *where, int64_t step)
{
    struct ct_buf b = CT_BUF_INIT, sql = CT_BUF_INIT;
    struct ct_samples *s = ct_samples_new(f->look);
    ct_buf_addf(&sql, "SELECT id FROM series WHERE %s", where);
    int64_t series = one(f, sql.p);
    assert_int_equal(sqlite3_exec(f->look, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    ct_samples_begin(s);
    for (int64_t t = START + step; t < START + 9 * CT_DAY; t += step) {
        struct ct_sample v = {.value = -9};
        (void)ct_sample_at(s, series, t - 1, &v);
        ct_buf_addf(&b, "%lld/%d ", (long long)v.value, v.flags);
    }
    ct_samples_free(s);
    assert_int_equal(sqlite3_exec(f->look, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    ct_buf_free(&sql);
    return b.p;
}

#define FLAPS "ext_key='flaps'"
#define ONCE "ext_key='once'"

static void detail_goes_but_every_hour_ends_as_it_did(void **state)
{
    struct fixture *f = *state;
    static const char *const series[] = {FLAPS, ONCE, "kind=1", "kind=4"};
    char *was[CT_LEN(series)];
    size_t before, after;
    for (size_t i = 0; i < CT_LEN(series); i++)
        was[i] = hours(f, series[i], CT_HOUR);
    free(samples(f, FLAPS, INT64_MAX, &before));
    int64_t events = one(f, "SELECT count(*) FROM event WHERE kind=1");
    (void)thin_all(f, &keep, START + 7 * CT_DAY);
    for (size_t i = 0; i < CT_LEN(series); i++) {
        char *is = hours(f, series[i], CT_HOUR);
        assert_string_equal(is, was[i]);
        free(is);
        free(was[i]);
    }
    free(samples(f, FLAPS, INT64_MAX, &after));
    assert_true(before > 200 && after <= 3 * HOURS + 1);
    assert_true(one(f, "SELECT count(*) FROM event WHERE kind=1") < events);
    /* events tell of what is still there */
    assert_int_equal(one(f, "SELECT count(*) FROM event WHERE kind=1 AND series_id="
                            "(SELECT id FROM series WHERE " FLAPS ")"), (int64_t)after - 1);
    expect(f, "PRAGMA integrity_check", "ok");
}

static void a_short_outage_is_remembered_by_the_hour_and_by_the_day(void **state)
{
    struct fixture *f = *state;
    static const struct ct_retention days = {2 * CT_DAY, 3 * CT_DAY};
    char *was = hours(f, FLAPS, CT_DAY);
    size_t n;
    (void)thin_all(f, &days, START + 7 * CT_DAY);
    char *is = samples(f, ONCE, INT64_MAX, &n), *ends = hours(f, FLAPS, CT_DAY);
    assert_non_null(strstr(is, "=5/"));
    assert_string_equal(ends, was);
    free(is);
    free(was);
    free(ends);
    free(samples(f, FLAPS, INT64_MAX, &n));
    assert_true(n <= 3 * 2 + 1);
}

static void prices_keep_every_change(void **state)
{
    struct fixture *f = *state;
    size_t n, m;
    char *was = samples(f, "kind=0", INT64_MAX, &n);
    int64_t events = one(f, "SELECT count(*) FROM event WHERE kind=2");
    (void)thin_all(f, &keep, START + 7 * CT_DAY);
    char *is = samples(f, "kind=0", INT64_MAX, &m);
    assert_string_equal(is, was);
    assert_int_equal(one(f, "SELECT count(*) FROM event WHERE kind=2"), events);
    free(is);
    free(was);
}

static void what_is_young_keeps_all_of_it(void **state)
{
    struct fixture *f = *state;
    size_t n, m;
    char *was = samples(f, FLAPS, INT64_MAX, &n);
    (void)thin_all(f, &(struct ct_retention){30 * CT_DAY, 60 * CT_DAY}, START + 7 * CT_DAY);
    char *is = samples(f, FLAPS, INT64_MAX, &m);
    assert_string_equal(is, was);
    free(is);
    free(was);
}

static void a_clock_that_is_wrong_by_years_deletes_nothing(void **state)
{
    struct fixture *f = *state;
    static const int64_t clocks[] = {0, CT_DAY, INT64_C(4102444800000)}; /* 1970, 2100 */
    size_t n, m;
    char *was = samples(f, FLAPS, INT64_MAX, &n);
    int64_t polls = one(f, "SELECT count(*) FROM poll");
    for (size_t i = 0; i < CT_LEN(clocks); i++) {
        ct_writer_close(f->w); /* one that looks once more */
        assert_int_equal(ct_writer_open(f->path, 0, &f->w, &f->err), CT_OK);
        component(f, "flaps", CT_STATE_OPERATIONAL);
        component(f, "once", CT_STATE_OPERATIONAL);
        fetch(f, "stat", clocks[i]); /* and what is stored meanwhile has that time */
        (void)thin_all(f, &(struct ct_retention){9 * CT_DAY, 40 * CT_DAY}, clocks[i]);
    }
    char *is = samples(f, FLAPS, START + 2 * CT_DAY, &m);
    assert_memory_equal(is, was, strlen(is));
    assert_true(m + 1 >= n);
    assert_true(one(f, "SELECT count(*) FROM poll") >= polls);
    free(is);
    free(was);
}

static void good_polls_become_runs_and_failures_stay(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        failed(f, "token", START + 8 * CT_DAY + i * 7 * CT_MINUTE);
    int64_t packs = one(f, "SELECT count(*) FROM attempts");
    int64_t attempts = one(f, "SELECT sum(n) FROM poll"), rows = one(f, "SELECT count(*) FROM poll"),
            bad = one(f, "SELECT count(*) FROM poll WHERE outcome=2");
    (void)thin_all(f, &keep, START + 12 * CT_DAY);
    assert_int_equal(one(f, "SELECT sum(n) FROM poll"), attempts);
    assert_int_equal(one(f, "SELECT count(*) FROM poll WHERE outcome=2"), bad);
    assert_true(one(f, "SELECT count(*) FROM poll") < rows / 5);
    /* single attempts go with the detail */
    assert_true(one(f, "SELECT count(*) FROM attempts") < packs);
    expect(f, "SELECT count(*) FROM poll a JOIN poll b ON a.source_id=b.source_id AND"
              " a.from_ms<b.from_ms AND a.to_ms>=b.from_ms", "0"); /* disjoint */
}

static void attempts_older_than_the_detail_go_but_never_the_last_ten(void **state)
{
    struct fixture *f = *state;
    static const struct ct_retention half = {6 * CT_DAY + 4 * CT_HOUR, 20 * CT_DAY}; /* of 30 hours */
    int64_t cut = START + 20 * CT_HOUR;
    char *young = table(f, "SELECT count(*) FROM attempt WHERE at_ms >= 1760000000000 - 1760000000000 % 86400000"
                           " + 20 * 3600000");
    (void)thin_all(f, &half, START + 7 * CT_DAY);
    /* what is young is all there, of the rest some neighbours in the same row */
    expect(f, "SELECT count(*) FROM attempt WHERE at_ms >= 1760000000000 - 1760000000000 % 86400000 + 20 * 3600000",
           young);
    char *oldest = table(f, "SELECT min(at_ms) FROM attempt");
    int64_t first = strtoll(oldest, NULL, 10);
    assert_true(first > START && first <= cut && first > cut - 2 * CT_ATTEMPTS_MOST * CT_MINUTE);
    (void)thin_all(f, &(struct ct_retention){CT_HOUR, 2 * CT_HOUR}, START + 30 * CT_DAY);
    ct_writer_close(f->w); /* one that looks once more */
    assert_int_equal(ct_writer_open(f->path, 0, &f->w, &f->err), CT_OK);
    (void)thin_all(f, &(struct ct_retention){CT_HOUR, 2 * CT_HOUR}, START + 30 * CT_DAY);
    expect(f, "SELECT count(*) > 0, min(n) >= 10, max(n) <= 2 * 64 FROM (SELECT count(*) AS n FROM attempt"
              " GROUP BY source_id HAVING n > 3)", "1|1|1");
    expect(f, "SELECT max(n) FROM (SELECT count(*) AS n FROM attempts GROUP BY source_id)", "2");
    free(oldest);
    free(young);
}

static void a_second_pass_has_nothing_to_do(void **state)
{
    struct fixture *f = *state;
    (void)thin_all(f, &keep, START + 7 * CT_DAY);
    int64_t version = one(f, "PRAGMA data_version");
    assert_int_equal(thin_all(f, &keep, START + 7 * CT_DAY), 1);
    ct_writer_close(f->w); /* and after a restart neither */
    assert_int_equal(ct_writer_open(f->path, 0, &f->w, &f->err), CT_OK);
    assert_int_equal(thin_all(f, &keep, START + 7 * CT_DAY), 1);
    assert_int_equal(one(f, "PRAGMA data_version"), version);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(detail_goes_but_every_hour_ends_as_it_did),
        T(a_short_outage_is_remembered_by_the_hour_and_by_the_day),
        T(prices_keep_every_change),
        T(what_is_young_keeps_all_of_it),
        T(a_clock_that_is_wrong_by_years_deletes_nothing),
        T(good_polls_become_runs_and_failures_stay),
        T(attempts_older_than_the_detail_go_but_never_the_last_ten),
        T(a_second_pass_has_nothing_to_do),
    };
    return cmocka_run_group_tests_name("retain", tests, NULL, NULL);
}
