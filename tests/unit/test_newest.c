/* The newest samples of all series, packed: what goes in comes out, nothing damaged is taken for a price, a poll writes
 * the parts it touched, and a reader reads those again. */
#include "config.h"

#include "db/reader.h"
#include "db/upkeep.h"
#include "db/varint.h"
#include "write_fixture.h"

enum { OFFERS = 1300, PARTS = 3 };
#define MIN(n) (T0 + (n) * CT_MINUTE)

static uint64_t rng;
static uint64_t roll(uint64_t n)
{
    rng = rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (rng >> 33) % n;
}

/* ---- the codec ---- */

static int64_t any_number(void)
{
    static const int64_t odd[] = {0, -1, INT64_MAX, INT64_MIN + 1, CT_NONE, INT64_C(1) << 60};
    switch (roll(4)) {
    case 0:
        return odd[roll(CT_LEN(odd))];
    case 1:
        return (int64_t)(rng ^ roll(INT64_MAX) << 20);
    default:
        return (int64_t)roll(5000) * 1000000;
    }
}

static size_t any_rows(struct ct_newest *v, struct ct_bounds *b)
{
    size_t n = 1 + roll(roll(4) ? 40 : CT_NEWEST_ROWS);
    int64_t series = 0;
    for (size_t i = 0; i < n; i++) {
        series += 1 + (int64_t)(roll(5) ? 0 : roll(1000000));
        v[i] = (struct ct_newest){series, roll(3) ? MIN((int64_t)roll(9)) : any_number(), any_number(),
                                  (int)(roll(3) ? 0 : roll(64)), (int)roll(CT_SERIES_MEASURE + 1)};
        b[i] = (struct ct_bounds){any_number(), any_number()};
        if (b[i].low == CT_NONE || b[i].high == CT_NONE)
            b[i].low = b[i].high = CT_NONE;
    }
    return n;
}

static void any_rows_come_out_as_they_went_in(void **state)
{
    static struct ct_newest v[CT_NEWEST_ROWS], w[CT_NEWEST_ROWS];
    static struct ct_bounds b[CT_NEWEST_ROWS], c[CT_NEWEST_ROWS];
    (void)state;
    rng = 5;
    for (int round = 0; round < 500; round++) {
        struct ct_buf blob = CT_BUF_INIT;
        size_t n = any_rows(v, b);
        ct_newest_pack(&blob, v, b, n);
        assert_int_equal(ct_newest_unpack(ct_buf_span(&blob), w, c), n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(v[i].series, w[i].series);
            assert_int_equal(v[i].at_ms, w[i].at_ms);
            assert_int_equal(v[i].value, w[i].value);
            assert_int_equal(v[i].flags, w[i].flags);
            assert_int_equal(v[i].kind, w[i].kind);
            assert_int_equal(b[i].low, c[i].low);
            assert_int_equal(b[i].high, c[i].high);
        }
        memset(w, 0, sizeof w);
        assert_int_equal(ct_newest_unpack(ct_buf_span(&blob), w, NULL), n); /* past the bounds */
        for (size_t i = 0; i < n; i++)
            assert_true(v[i].series == w[i].series && v[i].at_ms == w[i].at_ms && v[i].value == w[i].value);
        ct_buf_free(&blob);
    }
}

static void a_poll_of_prices_takes_few_bytes_a_series(void **state)
{
    static struct ct_newest v[CT_NEWEST_ROWS];
    static struct ct_bounds b[CT_NEWEST_ROWS];
    struct ct_buf blob = CT_BUF_INIT;
    (void)state;
    rng = 7;
    for (int i = 0; i < CT_NEWEST_ROWS; i++) {
        int64_t price = (int64_t)(2000 + roll(500)) * 1000000;
        v[i] = (struct ct_newest){100 + i, MIN(3), price, 0, CT_SERIES_GPU};
        b[i] = (struct ct_bounds){price - (int64_t)roll(60) * 1000000, price};
    }
    ct_newest_pack(&blob, v, b, CT_NEWEST_ROWS);
    assert_in_range(blob.n, 1, 7 * CT_NEWEST_ROWS);
    ct_buf_free(&blob);
}

static void what_was_packed_before_layout_22_is_read(void **state)
{
    (void)state;
    static const unsigned char old[] = {0x21, 0x02, 0x80, 0xb5, 0x18, 0x80, 0xad, 0xe2, 0x04, 0x0e, 0xf0, 0xa1, 0xa2,
                                        0x04, 0x90, 0x03, 0x02, 0x00, 0x05, 0xc8, 0x05, 0x12, 0x73, 0xc4, 0xb6, 0x11};
    struct ct_newest v[CT_NEWEST_ROWS];
    struct ct_bounds b[CT_NEWEST_ROWS];
    assert_int_equal(ct_newest_unpack((struct ct_span){(const char *)old, sizeof old}, v, b), 2);
    assert_int_equal(v[0].series, 7);
    assert_int_equal(v[0].at_ms, INT64_C(1790000000000));
    assert_int_equal(v[0].value, 2000000000);
    assert_int_equal(b[0].low, 1990000000);
    assert_int_equal(v[1].series, 9);
    assert_true(v[1].value == CT_NONE);
    assert_int_equal(v[1].kind, CT_SERIES_STOCK);
}

/* With a checksum that fits or not: no byte of it is believed unchecked. */
static void damage_is_refused_or_gives_rows_in_bounds(void **state)
{
    static struct ct_newest v[CT_NEWEST_ROWS];
    static struct ct_bounds b[CT_NEWEST_ROWS];
    (void)state;
    rng = 9;
    for (int round = 0; round < 20000; round++) {
        struct ct_buf blob = CT_BUF_INIT;
        ct_newest_pack(&blob, v, b, any_rows(v, b));
        size_t n = blob.n;
        if (roll(3) == 0)
            n = roll(n);
        for (uint64_t k = 0; n > 0 && k < 1 + roll(3); k++)
            blob.p[1 + roll(n)] ^= (char)(1 + roll(255));
        bool mended = n > CT_SUM_BYTES && roll(4) > 0;
        if (mended)
            (void)ct_sum_put(blob.p, blob.p + n - CT_SUM_BYTES);
        char *exact = ct_xmalloc(n + 1); /* for the address sanitizer */
        memcpy(exact, blob.p, n);
        (void)ct_newest_unpack((struct ct_span){exact, n}, v, NULL);
        size_t rows = ct_newest_unpack((struct ct_span){exact, n}, v, b);
        assert_true(rows == 0 || mended || memcmp(exact, blob.p, n) == 0);
        for (size_t i = 0; i < rows; i++) {
            assert_true(v[i].series > (i ? v[i - 1].series : 0));
            assert_in_range(v[i].flags, 0, 63);
            assert_in_range(v[i].kind, 0, CT_SERIES_MEASURE);
        }
        free(exact);
        ct_buf_free(&blob);
    }
}

/* ---- in a database ---- */

static int64_t price[2 * OFFERS];

static void poll(struct fixture *f, int64_t at_ms, int n)
{
    char id[16];
    for (int i = 0; i < n; i++) {
        (void)snprintf(id, sizeof id, "i%d", i);
        offer(f, id, price[i], 0);
    }
    fetch(f, "list", at_ms);
}

static int setup(void **state)
{
    int rc = fixture_setup(state);
    for (int i = 0; i < 2 * OFFERS; i++)
        price[i] = 2000 + i;
    if (rc == 0)
        poll(*state, MIN(0), OFFERS);
    return rc;
}

static int64_t number(struct fixture *f, const char *sql)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(f->look, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(f->look));
    int64_t v = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : CT_NONE;
    sqlite3_finalize(st);
    return v;
}

static void sql(struct fixture *f, const char *text)
{
    if (sqlite3_exec(f->look, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(f->look));
}

#define REVISIONS "SELECT sum(rev) FROM newest WHERE k >> 20 = 5"
#define LIST (INT64_C(5) << 20) /* the fifth source */

/* Every series once, by its number, and what is told of it is its newest sample. */
static void expect_true_to_the_samples(struct fixture *f, int n)
{
    struct ct_newest v[CT_NEWEST_ROWS];
    struct ct_samples *s = ct_samples_new(f->look);
    sqlite3_stmt *st;
    int64_t last = 0;
    int seen = 0;
    ct_samples_begin(s);
    assert_int_equal(sqlite3_prepare_v2(f->look, "SELECT b, k FROM newest WHERE k >> 20 = 5 ORDER BY k", -1, &st, NULL),
                     SQLITE_OK);
    for (int part = 0; sqlite3_step(st) == SQLITE_ROW; part++) {
        size_t rows = ct_newest_column(st, 0, v, NULL);
        assert_int_equal(sqlite3_column_int64(st, 1), LIST + 1 + part);
        assert_int_equal(rows, n - seen < CT_NEWEST_ROWS ? n - seen : CT_NEWEST_ROWS);
        for (size_t i = 0; i < rows; i++, seen++) {
            struct ct_sample is;
            assert_true(v[i].series > last);
            last = v[i].series;
            assert_true(ct_sample_at(s, last, CT_LIVE - 1, &is));
            assert_int_equal(v[i].at_ms, is.at_ms);
            assert_int_equal(v[i].value, is.value);
            assert_int_equal(v[i].flags, is.flags);
            assert_int_equal(v[i].kind, CT_SERIES_GPU);
        }
    }
    assert_int_equal(seen, n);
    sqlite3_finalize(st);
    ct_samples_free(s);
}

static void a_poll_writes_the_parts_it_touches(void **state)
{
    struct fixture *f = *state;
    expect_true_to_the_samples(f, OFFERS);
    assert_int_equal(number(f, "SELECT count(*) FROM newest WHERE k >> 20 = 5"), PARTS);
    int64_t before = number(f, REVISIONS);
    poll(f, MIN(1), OFFERS);
    assert_int_equal(number(f, REVISIONS), before); /* nothing moved */
    price[700] += 5;
    poll(f, MIN(2), OFFERS);
    assert_int_equal(number(f, REVISIONS), before + 1);
    price[0] += 5;
    price[OFFERS - 1] += 5;
    poll(f, MIN(3), OFFERS);
    assert_int_equal(number(f, REVISIONS), before + 3);
    expect_true_to_the_samples(f, OFFERS);
    /* More come, some go, and a writer that remembers nothing finds it all. */
    ct_writer_close(f->w);
    assert_int_equal(ct_writer_open(f->path, CT_OPEN_BULK, &f->w, &f->err), CT_OK);
    poll(f, MIN(4), 2 * OFFERS);
    expect_true_to_the_samples(f, 2 * OFFERS);
    for (int i = 0; i < 2 * OFFERS; i += 3)
        price[i] += i % 2 ? 3 : 90000; /* some cannot be believed at once */
    poll(f, MIN(5), 2 * OFFERS - 100);
    expect_true_to_the_samples(f, 2 * OFFERS);
    assert_int_equal(number(f, "SELECT sum(pending) FROM newest"),
                     number(f, "SELECT sum(cur_flags(id) & 1) FROM series"));
    assert_true(number(f, "SELECT sum(pending) FROM newest") > 100);
    for (int64_t k = 6; k < 9; k++) { /* a quarantine ends with polls that repeat */
        struct ct_fetch again = attempt_at(f, "list", MIN(k), CT_OUTCOME_NOT_MODIFIED);
        store(f, again);
        expect_true_to_the_samples(f, 2 * OFFERS);
    }
    assert_int_equal(number(f, "SELECT sum(pending) FROM newest"), 0);
}

/* ---- readers ---- */

static void expect_prices(struct fixture *f, struct ct_reader *r, int n)
{
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = MIN(10)};
    struct ct_arena *a = ct_arena_new(0);
    struct ct_rows rows;
    char id[16];
    int64_t want = 0, is = 0;
    assert_int_equal(ct_read_offers(r, &q, a, &rows, &f->err), CT_OK);
    assert_int_equal(rows.n, n);
    for (int i = 0; i < n; i++) {
        const struct ct_offer_row *row = &((const struct ct_offer_row *)rows.v)[i];
        struct ct_span number = {row->offer.instance.p + 1, row->offer.instance.n - 1};
        int64_t which = -1;
        assert_int_equal(ct_span_int(number, &which), CT_OK);
        (void)snprintf(id, sizeof id, "i%lld", (long long)which);
        assert_in_range(which, 0, n - 1);
        assert_int_equal(row->offer.price_per_gpu_hour, price[which] * 1000000);
        want += i;
        is += which;
    }
    assert_int_equal(want, is);
    ct_arena_free(a);
}

static void a_viewer_reads_what_changed_and_nothing_when_nothing_did(void **state)
{
    struct fixture *f = *state;
    struct ct_reader *r;
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    expect_prices(f, r, OFFERS);
    expect_prices(f, r, OFFERS);
    const struct ct_newest *first = ct_newest_part(r, 0).v;
    assert_int_equal(sqlite3_stmt_status(r->stmts[SQL_NEWEST], SQLITE_STMTSTATUS_RUN, 1), 1);
    price[700] += 5;
    poll(f, MIN(1), OFFERS);
    expect_prices(f, r, OFFERS);
    assert_int_equal(sqlite3_stmt_status(r->stmts[SQL_NEWEST], SQLITE_STMTSTATUS_RUN, 1), 1);
    assert_ptr_equal(ct_newest_part(r, 0).v, first);
    for (int i = OFFERS; i < 2 * OFFERS; i += 50) { /* parts grow, others come behind and between */
        offer(f, "a", 3000 + i, 0);
        fetch(f, "price", MIN(i));
        poll(f, MIN(i), i);
        struct ct_query q = {.at_ms = CT_LIVE, .now_ms = MIN(i)};
        struct ct_arena *a = ct_arena_new(0);
        struct ct_rows rows;
        assert_int_equal(ct_read_offers(r, &q, a, &rows, &f->err), CT_OK);
        assert_int_equal(rows.n, i + 1);
        int64_t sum = 0, want = 3000 + i;
        for (size_t k = 0; k < rows.n; k++)
            sum += ((const struct ct_offer_row *)rows.v)[k].offer.price_per_gpu_hour / 1000000;
        for (int k = 0; k < i; k++)
            want += price[k];
        assert_int_equal(sum, want);
        ct_arena_free(a);
    }
    assert_false(ct_reader_damaged(r));
    ct_reader_close(r);
}

static void a_damaged_part_is_looked_up_told_and_made_anew(void **state)
{
    struct fixture *f = *state;
    struct ct_reader *r;
    struct ct_rows found;
    static const char *const damage[] = {
        "UPDATE newest SET b = zeroblob(40) WHERE k = 5242882", "DELETE FROM newest WHERE k = 5242882",
        "UPDATE newest SET b = (SELECT b FROM newest WHERE k = 5242881) WHERE k = 5242882",
        "UPDATE newest SET b = x'21', rev = 99 WHERE k >> 20 = 5"};
    for (size_t i = 0; i < CT_LEN(damage); i++) {
        price[600] += 3;
        poll(f, MIN((int64_t)i + 1), OFFERS);
        sql(f, damage[i]);
        assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
        expect_prices(f, r, OFFERS);
        assert_int_equal(ct_reader_damaged(r), i == 0 || i == 3);
        assert_int_equal(ct_upkeep_check(f->path, f->arena, &found, &f->err), CT_OK);
        assert_true(found.n > 0);
        assert_true(ct_span_is(((const struct ct_finding_row *)found.v)[0].table, "newest"));
        if (i % 2) { /* remembered or not */
            ct_writer_close(f->w);
            assert_int_equal(ct_writer_open(f->path, CT_OPEN_BULK, &f->w, &f->err), CT_OK);
        }
        poll(f, MIN((int64_t)i + 1) + 1, OFFERS);
        expect_true_to_the_samples(f, OFFERS);
        expect_prices(f, r, OFFERS);
        assert_false(ct_reader_damaged(r));
        assert_int_equal(ct_upkeep_check(f->path, f->arena, &found, &f->err), CT_OK);
        assert_int_equal(found.n, 0);
        ct_reader_close(r);
    }
}

static void repair_makes_lost_ones_anew(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage out;
    struct ct_reader *r;
    component(f, "api", CT_STATE_DEGRADED);
    fetch(f, "stat", MIN(0));
    sql(f, "UPDATE newest SET b = zeroblob(40) WHERE k = 5242882; DELETE FROM newest WHERE k IN (5242881, 1048576)");
    sqlite3_close(f->look);
    ct_writer_close(f->w);
    f->w = NULL;
    assert_int_equal(ct_upkeep_repair(f->path, MIN(1), f->arena, &out, &f->err), CT_OK);
    assert_int_equal(sqlite3_open_v2(f->path, &f->look, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    newest_functions(f->look);
    expect_true_to_the_samples(f, OFFERS);
    assert_int_equal(number(f, "SELECT count(*) FROM newest WHERE k IN (1048576, 1048577)"), 2);
    assert_int_equal(number(f, "SELECT cur_value(id) FROM series WHERE kind = 4"), CT_STATE_DEGRADED);
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    expect_prices(f, r, OFFERS);
    ct_reader_close(r);
}

/* A tick that cannot be read any more: its series' newest values still can, and outlive a repair. */
static void what_a_lost_tick_said_last_is_still_known(void **state)
{
    struct fixture *f = *state;
    struct ct_salvage out;
    struct ct_reader *r;
    for (int i = 0; i < OFFERS; i++)
        price[i] += 11;
    poll(f, MIN(1), OFFERS);
    sql(f, "UPDATE tick SET b = zeroblob(40) WHERE at_ms > 1760000000000");
    for (int repaired = 0; repaired < 2; repaired++) {
        assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
        expect_prices(f, r, OFFERS);
        ct_reader_close(r);
        if (f->w)
            sqlite3_close(f->look);
        ct_writer_close(f->w);
        f->w = NULL;
        f->look = NULL;
        assert_int_equal(ct_upkeep_repair(f->path, MIN(2 + repaired), f->arena, &out, &f->err), CT_OK);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_rows_come_out_as_they_went_in),
        cmocka_unit_test(a_poll_of_prices_takes_few_bytes_a_series),
        cmocka_unit_test(what_was_packed_before_layout_22_is_read),
        cmocka_unit_test(damage_is_refused_or_gives_rows_in_bounds),
        T(a_poll_writes_the_parts_it_touches),
        T(a_viewer_reads_what_changed_and_nothing_when_nothing_did),
        T(a_damaged_part_is_looked_up_told_and_made_anew),
        T(repair_makes_lost_ones_anew),
        T(what_a_lost_tick_said_last_is_still_known),
    };
    return cmocka_run_group_tests_name("newest", tests, NULL, NULL);
}
