/* Movers and sparklines against a plain table that holds the same: random prices, whatever the writer keeps ready,
 * whatever comes late, at any moment. */
#include "config.h"

#include "db/read.h"
#include "write_fixture.h"

enum { N_SERIES = 40, HOURS = 40 * 24, ASKED = 60 };
#define START T0
#define END (START + HOURS * CT_HOUR)

static uint64_t rng;
static uint64_t roll(uint64_t n)
{
    rng = rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (rng >> 33) % n;
}

struct world {
    struct fixture *f;
    struct ct_samples *s;
    struct ct_reader *r;
};

CT_PRINTF(2, 3) static void sql(struct world *t, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (sqlite3_exec(t->f->look, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(t->f->look));
}

CT_PRINTF(2, 3) static int64_t number(struct world *t, const char *format, ...)
{
    char text[600];
    sqlite3_stmt *st;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_int_equal(sqlite3_prepare_v2(t->f->look, text, -1, &st, NULL), SQLITE_OK);
    int64_t v = sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_INTEGER
                    ? sqlite3_column_int64(st, 0)
                    : CT_NONE;
    sqlite3_finalize(st);
    return v;
}

static void put(struct world *t, int64_t series, int64_t at_ms)
{
    bool gone = roll(9) == 0, none = !gone && roll(30) == 0;
    int64_t value = gone || none ? CT_NONE : (int64_t)(1 + roll(400)) * 10000000;
    int flags = gone ? CT_SAMPLE_GONE : !none && roll(25) == 0 ? CT_SAMPLE_QUARANTINED : 0;
    struct ct_sample was;
    bool there = ct_sample_at(t->s, series, at_ms, &was) && was.at_ms == at_ms;
    (there ? ct_sample_replace : ct_sample_put)(t->s, series, (struct ct_sample){at_ms, value, flags});
    if (value == CT_NONE)
        sql(t, "INSERT OR REPLACE INTO naive VALUES (%lld, %lld, NULL, %d)", (long long)series,
            (long long)at_ms, flags);
    else
        sql(t, "INSERT OR REPLACE INTO naive VALUES (%lld, %lld, %lld, %d)", (long long)series,
            (long long)at_ms, (long long)value, flags);
}

/* What the writer keeps beside the samples. */
static void set_newest(struct world *t)
{
    assert_true(newest_from_rows(t->f->look, 2, "SELECT series_id, max(at_ms), value, flags FROM naive"
                                                " GROUP BY series_id ORDER BY series_id"));
}

static void seal(struct world *t)
{
    while (ct_samples_seal(t->s, 1000))
        continue;
}

static struct world make(void **state)
{
    struct world t = {.f = *state};
    struct ct_error err;
    rng = 11;
    sql(&t, "PRAGMA synchronous=OFF; PRAGMA temp_store = MEMORY; CREATE TEMP TABLE naive (series_id INTEGER, at_ms INTEGER,"
            " value INTEGER, flags INTEGER, PRIMARY KEY (series_id, at_ms)) WITHOUT ROWID");
    sql(&t, "INSERT INTO poll VALUES (2, %lld, %lld, %d, 0, 0, 1, 1, NULL)", (long long)START,
        (long long)(END + CT_DAY), 1000 * HOURS);
    for (int i = 1; i <= N_SERIES; i++)
        sql(&t, "INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits)"
                " VALUES (%d, 2, %d, 'k%d', 'gpu/s%d', 'USD/gpu.h', 9)", i, i % 2 ? 0 : 2, i, i);
    t.s = ct_samples_new(t.f->look);
    sql(&t, "BEGIN IMMEDIATE");
    ct_samples_begin(t.s);
    for (int64_t hour = 0; hour < HOURS; hour++) {
        for (int i = 1; i <= N_SERIES - 1; i++) { /* the last one begins later */
            if (roll(100) < (i < 5 ? 1 : 15))
                put(&t, i, START + hour * CT_HOUR + (i % 3 ? 0 : (int64_t)roll(CT_HOUR)));
        }
        ct_samples_flush(t.s, 2);
    }
    seal(&t);
    set_newest(&t);
    sql(&t, "COMMIT");
    assert_int_equal(ct_reader_open(t.f->path, &t.r, &err), CT_OK);
    return t;
}

static void end(struct world *t)
{
    ct_reader_close(t->r);
    ct_samples_free(t->s);
}

/* The changes of all series between two moments, the largest first, as SQL finds them. */
static const char naive_movers[] =
    "WITH a AS (SELECT id, (SELECT at_ms FROM naive WHERE series_id=id AND at_ms<=%lld ORDER BY at_ms DESC LIMIT 1) AS t,"
    " (SELECT max(at_ms) FROM naive WHERE series_id=id AND at_ms<=%lld) AS u FROM series),"
    " b AS (SELECT a.id, x.value AS v, y.value AS w FROM a JOIN naive x ON x.series_id=a.id AND x.at_ms=t"
    " JOIN naive y ON y.series_id=a.id AND y.at_ms=u WHERE u>t AND (x.flags|y.flags)&9=0)"
    " SELECT sum(v * id) + sum(w) * 1000 + count(*) FROM b WHERE v IS NOT NULL AND w IS NOT NULL AND v<>w";

static void movers_are_those_of_the_table(struct world *t, int64_t now_ms, int64_t at_ms, int64_t from_ms)
{
    struct ct_query q = {.now_ms = now_ms, .at_ms = at_ms, .from_ms = from_ms, .limit = 1000};
    struct ct_rows rows;
    struct ct_error err;
    int64_t to = at_ms == CT_LIVE ? CT_LIVE - 1 : at_ms;
    int64_t want = number(t, naive_movers, (long long)from_ms, (long long)to), got = 0;
    ct_arena_reset(t->f->arena);
    assert_int_equal(ct_read_movers(t->r, &q, t->f->arena, &rows, &err), CT_OK);
    const struct ct_mover_row *v = rows.v;
    for (size_t i = 0; i < rows.n; i++) {
        int64_t id;
        struct ct_span name = v[i].series;
        name.p += 5, name.n -= 5;
        assert_int_equal(ct_span_int(name, &id), CT_OK);
        got += v[i].then_value * id + v[i].now_value * 1000 + 1;
        if (i > 0 && v[i - 1].suspect == v[i].suspect)
            assert_true(llabs(v[i - 1].pct_milli) >= llabs(v[i].pct_milli));
        else
            assert_true(i == 0 || v[i].suspect);
    }
    if (got != (want == CT_NONE ? 0 : want))
        fail_msg("movers from %lld at %lld (now %lld) differ: %lld, %lld", (long long)from_ms,
                 (long long)at_ms, (long long)now_ms, (long long)got, (long long)want);
    q.limit = 5; /* the largest few are the first of all */
    struct ct_rows few;
    assert_int_equal(ct_read_movers(t->r, &q, t->f->arena, &few, &err), CT_OK);
    assert_int_equal(few.n, rows.n < 5 ? rows.n : 5);
    for (size_t i = 0; i < few.n; i++)
        assert_true(ct_span_eq(((const struct ct_mover_row *)few.v)[i].series, v[i].series));
}

static const int64_t backs[] = {CT_HOUR, CT_DAY, 7 * CT_DAY, 30 * CT_DAY};

static void all_windows(struct world *t, int64_t now_ms)
{
    for (size_t w = 0; w < CT_LEN(backs); w++)
        movers_are_those_of_the_table(t, now_ms, CT_LIVE, now_ms - backs[w]);
}

static void prepare(struct world *t, int64_t now_ms)
{
    struct ct_error err;
    for (bool more = true; more;)
        assert_int_equal(ct_write_references(t->f->w, now_ms, &more, &err), CT_OK);
}

static void movers_equal_a_plain_table_at_any_moment(void **state)
{
    struct world t = make(state);
    for (int i = 0; i < ASKED; i++) { /* nothing is kept ready */
        int64_t at = START + (int64_t)roll(HOURS * CT_HOUR), from = at - backs[roll(4)];
        movers_are_those_of_the_table(&t, END, roll(3) ? at : CT_LIVE, from > START ? from : START + 1);
    }
    for (int i = 0; i < ASKED; i++) {
        int64_t now = END - (int64_t)roll(4 * CT_DAY);
        prepare(&t, now);
        all_windows(&t, now);
        all_windows(&t, now + (int64_t)roll(CT_HOUR));
        all_windows(&t, now / CT_HOUR * CT_HOUR);
        all_windows(&t, now - CT_MINUTE * (int64_t)roll(200));
    }
    end(&t);
}

static void what_comes_late_is_in_the_movers(void **state)
{
    struct world t = make(state);
    for (int i = 0; i < ASKED; i++) {
        int64_t now = END + CT_HOUR - (int64_t)roll(CT_HOUR);
        bool more;
        prepare(&t, now);
        if (i % 3 == 0) { /* while the next are being made */
            sql(&t, "DELETE FROM reference WHERE back_ms=%lld", (long long)backs[roll(4)]);
            assert_int_equal(ct_write_references(t.f->w, now, &more, &t.f->err), CT_OK);
        }
        sql(&t, "BEGIN IMMEDIATE");
        ct_samples_begin(t.s);
        for (int k = 0; k < 4; k++)
            put(&t, 1 + (int64_t)roll(N_SERIES), now - backs[roll(4)] + (int64_t)roll(3 * CT_HOUR) - CT_HOUR);
        ct_samples_flush(t.s, 2);
        if (roll(2))
            seal(&t);
        set_newest(&t);
        sql(&t, "COMMIT");
        all_windows(&t, now);
        prepare(&t, now);
        all_windows(&t, now);
    }
    end(&t);
}

static void movers_look_into_no_series_where_prices_lie_ready(void **state)
{
    struct world t = make(state);
    prepare(&t, END);
    assert_int_equal(number(&t, "SELECT count(*) FROM reference"), 4);
    sql(&t, "DELETE FROM chunk; DELETE FROM tails");
    all_windows(&t, END + 6 * CT_MINUTE);
    prepare(&t, END + 11 * CT_MINUTE); /* nothing is due twice in an hour */
    all_windows(&t, END + 6 * CT_MINUTE);
    end(&t);
}

/* ---- sparklines ---- */

static void same_columns(struct world *t, const struct ct_spark_row *row, int64_t id, int64_t from, int64_t to)
{
    const struct ct_spark_column *c = row->columns.v;
    int64_t n = (int64_t)row->columns.n;
    for (int64_t i = 0; i < n; i++) {
        long long a = (long long)(from + (to - from) * i / n), b = (long long)(from + (to - from) * (i + 1) / n);
        char in[300];
        (void)snprintf(in, sizeof in,
                       "FROM naive WHERE series_id=%lld AND flags&9=0 AND ((at_ms>%lld AND at_ms<=%lld) OR at_ms="
                       "(SELECT max(at_ms) FROM naive WHERE series_id=%lld AND at_ms<=%lld))",
                       (long long)id, a, b, (long long)id, a);
        assert_int_equal(c[i].min, number(t, "SELECT min(value) %s", in));
        assert_int_equal(c[i].max, number(t, "SELECT max(value) %s", in));
        assert_int_equal(c[i].last, number(t, "SELECT iif(flags&9, NULL, value) FROM naive WHERE series_id=%lld"
                                              " AND at_ms<=%lld ORDER BY at_ms DESC LIMIT 1",
                                           (long long)id, b));
    }
}

static void sparklines_equal_a_plain_table(void **state)
{
    struct world t = make(state);
    const struct ct_span names[] = {CT_LIT("gpu/s1"), CT_LIT("gpu/none"), CT_LIT("gpu/s7"),
                                    CT_LIT("gpu/s12"), CT_LIT("gpu/s40")};
    static const int64_t ids[] = {1, 0, 7, 12, 40};
    for (int round = 0; round < 12; round++) {
        int64_t to = END - (int64_t)roll(20 * CT_DAY), from = to - CT_HOUR - (int64_t)roll(19 * CT_DAY);
        struct ct_query q = {.at_ms = CT_LIVE, .now_ms = END, .from_ms = from, .to_ms = to,
                             .max_points = 1 + roll(60)};
        struct ct_rows rows;
        if (round == 6) { /* some of it is not sealed yet */
            sql(&t, "BEGIN IMMEDIATE");
            ct_samples_begin(t.s);
            for (int k = 0; k < 200; k++)
                put(&t, ids[roll(2) * 2], END - (int64_t)roll(20 * CT_DAY));
            ct_samples_flush(t.s, 2);
            set_newest(&t);
            sql(&t, "COMMIT");
        }
        ct_arena_reset(t.f->arena);
        assert_int_equal(ct_read_sparks(t.r, &q, names, CT_LEN(names), t.f->arena, &rows, &t.f->err), CT_OK);
        assert_int_equal(rows.n, CT_LEN(names));
        for (size_t i = 0; i < rows.n; i++) {
            const struct ct_spark_row *row = &((const struct ct_spark_row *)rows.v)[i];
            assert_int_equal(row->columns.n, ids[i] ? q.max_points : 0);
            same_columns(&t, row, ids[i], from, to);
        }
    }
    end(&t);
}

static void what_stayed_as_it_is_is_drawn_without_a_look_into_its_past(void **state)
{
    struct world t = make(state);
    int64_t from = END + CT_HOUR, to = END + 20 * CT_HOUR;
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = to, .from_ms = from, .to_ms = to, .max_points = 5};
    struct ct_rows rows;
    sql(&t, "DELETE FROM chunk; DELETE FROM tails");
    for (int id = 1; id <= N_SERIES; id++) { /* the last one has nothing yet */
        struct ct_span name = ct_arena_printf(t.f->arena, "gpu/s%d", id);
        assert_int_equal(ct_read_sparks(t.r, &q, &name, 1, t.f->arena, &rows, &t.f->err), CT_OK);
        assert_int_equal(((const struct ct_spark_row *)rows.v)->columns.n, 5);
        same_columns(&t, rows.v, id, from, to);
    }
    end(&t);
}

static void a_sparkline_has_nothing_where_nobody_looked(void **state)
{
    struct world t = make(state);
    const struct ct_span name = CT_LIT("gpu/s7");
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = END, .from_ms = END - 10 * CT_DAY, .to_ms = END,
                         .max_points = 10};
    struct ct_rows rows;
    sql(&t, "UPDATE poll SET to_ms=%lld WHERE source_id=2", (long long)(END - 6 * CT_DAY - CT_HOUR));
    sql(&t, "INSERT INTO poll VALUES (2, %lld, %lld, 9, 0, 0, 1, 1, NULL)",
        (long long)(END - 3 * CT_DAY + CT_HOUR), (long long)END);
    assert_int_equal(ct_read_sparks(t.r, &q, &name, 1, t.f->arena, &rows, &t.f->err), CT_OK);
    const struct ct_spark_column *c = ((const struct ct_spark_row *)rows.v)->columns.v;
    for (int i = 0; i < 10; i++) {
        bool whole = i >= 4 && i <= 6, part = i == 3;
        if (whole)
            assert_true(c[i].min == CT_NONE && c[i].max == CT_NONE && c[i].last == CT_NONE);
        if (part)
            assert_true(c[i].last == CT_NONE && c[i].max != CT_NONE);
        if (!whole && !part)
            assert_true(c[i].max != CT_NONE);
    }
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(movers_equal_a_plain_table_at_any_moment),
        T(what_comes_late_is_in_the_movers),
        T(movers_look_into_no_series_where_prices_lie_ready),
        T(sparklines_equal_a_plain_table),
        T(what_stayed_as_it_is_is_drawn_without_a_look_into_its_past),
        T(a_sparkline_has_nothing_where_nobody_looked),
    };
    return cmocka_run_group_tests_name("movers", tests, NULL, NULL);
}
