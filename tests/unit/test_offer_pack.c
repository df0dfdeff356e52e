/* Facts of offers packed: what is packed reads as the rows do, whatever was added, changed, removed or damaged. */
#include "config.h"

#include "db/reader.h"
#include "db/upkeep.h"
#include "write_fixture.h"

enum { OFFERS = 3000, ROUNDS = 60, PACKS = OFFERS / CT_OFFERS_MOST + 1 };

static uint64_t seed;
static int64_t roll(int64_t most)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)(seed >> 33) % most;
}

CT_PRINTF(2, 3) static void sql(struct fixture *f, const char *format, ...)
{
    char text[1000];
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

/* One of N texts, or nothing; with ODD now and then one that nobody else has. */
static const char *text(char out[80], const char *of, int64_t n, bool odd)
{
    int64_t which = roll(n + 2);
    if (which == n)
        return "NULL";
    if (odd && !roll(9))
        snprintf(out, 80, "'%s-%lld \xc3\xa9%0*d'", of, (long long)roll(1 << 30), (int)roll(40) + 1, 1);
    else
        snprintf(out, 80, which > n ? "''" : "'%s%lld'", of, (long long)which);
    return out;
}

static const char *amount(char out[80], int64_t n)
{
    static const char *const rare[] = {"0", "-1", "9223372036854775807", "-9223372036854775808", "1152921504606846977"};
    int64_t which = roll(n + 2);
    snprintf(out, 80, "%lld", (long long)(which * which * 1000));
    return which == n ? "NULL" : which > n ? rare[roll(CT_LEN(rare))] : out;
}

static void add(struct fixture *f, int64_t series)
{
    char a[20][80];
    sql(f, "INSERT OR REPLACE INTO offer VALUES (%lld, %s, 'aws/r%lld/%lld', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
           " %s, %s, %s, %s, %s, %s, %s, 1)", (long long)series, amount(a[0], 1000), (long long)roll(20), (long long)series,
        text(a[1], "cloud", 7, false), text(a[2], "region", 30, true), text(a[3], "zone", 1, false),
        text(a[4], "sku", 900, true), text(a[5], "instance", 200, true), text(a[6], "H", 12, false),
        text(a[7], "form", 3, false), amount(a[8], 9), amount(a[9], 4), amount(a[10], 30), amount(a[11], 30),
        roll(9) ? "0" : "1", text(a[12], "USD", 1, false), amount(a[13], 500), amount(a[14], 500), roll(3) ? "1" : "NULL",
        roll(9) ? "NULL" : "3", amount(a[15], 5), text(a[16], "risk", 5, false), amount(a[17], 50));
}

static void fill(struct fixture *f)
{
    seed = 7;
    sql(f, "BEGIN");
    for (int64_t i = 0; i < OFFERS; i++)
        add(f, 1 + i);
    sql(f, "COMMIT");
}

static void pack(struct fixture *f, int64_t now_ms)
{
    for (bool more = true; more;)
        assert_int_equal(ct_write_references(f->w, now_ms, &more, &f->err), CT_OK);
}

static void fact_is_the_column(const struct ct_offers *o, enum ct_fact fact, size_t i, sqlite3_stmt *st)
{
    int column = (int)fact + 1;
    bool null = sqlite3_column_type(st, column) == SQLITE_NULL;
    if (!ct_offers_is_text(fact)) {
        assert_int_equal(ct_offers_number(o, fact, i), ct_cut(null ? CT_NONE : sqlite3_column_int64(st, column)));
        return;
    }
    struct ct_span t = ct_offers_text(o, fact, i);
    assert_true(ct_span_eq(t, ct_span((const char *)sqlite3_column_text(st, column))));
}

static void offers_are_the_rows(void *ctx, struct ct_offers *o)
{
    sqlite3_stmt *st = ctx;
    assert_in_range(o->n, 1, CT_OFFERS_MOST);
    for (size_t i = 0; i < o->n; i++) {
        assert_int_equal(sqlite3_step(st), SQLITE_ROW);
        assert_int_equal(o->series[i], sqlite3_column_int64(st, 0));
        for (enum ct_fact fact = 0; fact < CT_FACTS; fact++)
            fact_is_the_column(o, fact, i, st);
    }
}

static void all_are_the_rows(struct fixture *f)
{
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = T0};
    struct ct_reader *r;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(f->look, "SELECT o.series_id," CT_FACT_COLUMNS " FROM offer o ORDER BY 1", -1, &st, NULL),
                     SQLITE_OK);
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    ct_arena_reset(f->arena);
    ct_load_begin(r, &q, f->arena, &f->err);
    ct_offers_since(r, INT64_MIN, offers_are_the_rows, st);
    assert_int_equal(ct_load_end(r), CT_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    ct_reader_close(r);
    sqlite3_finalize(st);
}

static void change(struct fixture *f)
{
    long long series = 1 + roll(OFFERS + 600), n = 1 + roll(roll(4) ? 3 : 700);
    sql(f, "BEGIN");
    switch (roll(5)) {
    case 0:
        for (long long i = 0; i < n; i++)
            add(f, (int64_t)(series + i));
        break;
    case 1:
        sql(f, "DELETE FROM offer WHERE series_id BETWEEN %lld AND %lld", series, series + n);
        break;
    case 2:
        sql(f, "UPDATE offer SET price_per_hour=ifnull(price_per_hour, 0)/2+1, zone='moved' WHERE series_id BETWEEN %lld AND %lld",
            series, series + n);
        break;
    case 3: /* nothing does that */
        sql(f, "UPDATE offer SET series_id=%lld WHERE series_id=%lld", (long long)(20000 + roll(20000)), series);
        break;
    default:
        add(f, INT64_C(1) << (roll(2) ? 50 : 39));
        add(f, -(int64_t)series);
    }
    sql(f, "COMMIT");
}

static void packed_offers_read_as_their_rows(void **state)
{
    struct fixture *f = *state;
    fill(f);
    all_are_the_rows(f);
    for (int i = 0; i < ROUNDS; i++) {
        if (roll(3))
            pack(f, T0 + i * CT_HOUR);
        all_are_the_rows(f);
        for (int64_t k = roll(4); k >= 0; k--)
            change(f);
    }
    pack(f, T0 + ROUNDS * CT_HOUR);
    all_are_the_rows(f);
    assert_int_equal(number(f, "SELECT count(*) FROM offer_pack"),
                     number(f, "SELECT count(DISTINCT series_id>>9) FROM offer WHERE series_id BETWEEN 0 AND 1<<40"));
}

static void a_change_takes_away_what_it_lies_in(void **state)
{
    struct fixture *f = *state;
    fill(f);
    pack(f, T0);
    assert_int_equal(number(f, "SELECT count(*) FROM offer_pack"), PACKS);
    sql(f, "UPDATE offer SET zone='z' WHERE series_id=1000");
    assert_int_equal(number(f, "SELECT group_concat(k, '') FROM offer_pack"), 2345);
    add(f, 2048);
    sql(f, "DELETE FROM offer WHERE series_id=2047");
    assert_int_equal(number(f, "SELECT group_concat(k, '') FROM offer_pack WHERE k > 0"), 25);
    sql(f, "UPDATE offer SET series_id=%d WHERE series_id=1024", OFFERS + 1);
    assert_int_equal(number(f, "SELECT group_concat(k, '') FROM offer_pack"), 0);
    all_are_the_rows(f);
    pack(f, T0 + CT_HOUR);
    assert_int_equal(number(f, "SELECT count(*) FROM offer_pack"), PACKS);
    all_are_the_rows(f);
}

static void a_damaged_pack_costs_nothing_and_is_found(void **state)
{
    struct fixture *f = *state;
    struct ct_rows found;
    fill(f);
    sql(f, "DELETE FROM offer WHERE series_id IN (1600, 1700)");
    pack(f, T0);
    sql(f, "CREATE TEMP TABLE packed AS SELECT * FROM offer_pack");
    sql(f, "UPDATE offer_pack SET b=CAST(substr(b, 1, 200) || x'5a01' || substr(b, 203) AS BLOB) WHERE k IN (0, 3, 4)");
    all_are_the_rows(f);
    assert_int_equal(ct_upkeep_check(f->path, f->arena, &found, &f->err), CT_OK);
    bool told = false;
    for (size_t i = 0; i < found.n; i++)
        told |= ct_span_is(((const struct ct_finding_row *)found.v)[i].table, "offer_pack");
    assert_true(told);
    sql(f, "UPDATE offer_pack SET b=x'00'");
    all_are_the_rows(f);
    sql(f, "UPDATE offer_pack SET b=(SELECT b FROM packed p WHERE p.k=2) WHERE k=1"); /* of others */
    all_are_the_rows(f);
    sql(f, "DELETE FROM offer_pack; INSERT INTO offer_pack SELECT k, b FROM packed WHERE k <> 2;"
           "INSERT INTO offer_pack VALUES (-1, x'61'), (9000000000000000000, x'61')");
    all_are_the_rows(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(packed_offers_read_as_their_rows),
        T(a_change_takes_away_what_it_lies_in),
        T(a_damaged_pack_costs_nothing_and_is_found),
    };
    return cmocka_run_group_tests_name("offer_pack", tests, NULL, NULL);
}
