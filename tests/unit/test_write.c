/* The truth rules of the writer, one behaviour a test, on a real database. */
#include "config.h"

#include "db/write_priv.h"
#include "write_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define M(n) (T0 + (n) * CT_MINUTE)
#define EVENTS                                                                                     \
    "SELECT (e.at_ms - 1760000000000) / 60000, e.kind, coalesce(e.subject, s.name), e.ref, e.field, " \
    "e.text FROM event e LEFT JOIN series s ON s.id = e.series_id WHERE e.kind "
#define POLLS                                                                                      \
    "SELECT (from_ms - 1760000000000) / 60000, (to_ms - 1760000000000) / 60000, n, outcome, reason " \
    "FROM poll ORDER BY source_id, from_ms"
#define HEALTH                                                                                     \
    "SELECT (last_attempt_ms - 1760000000000) / 60000, (last_success_ms - 1760000000000) / 60000," \
    " failures, error FROM source WHERE name = "

/* ---- samples and events of prices ---- */

static void a_first_snapshot_makes_samples_but_no_events(void **state)
{
    struct fixture *f = *state;
    offer(f, "p5", 2500, CT_STOCK_AVAILABLE);
    fetch(f, "price", M(0));
    assert_int_equal(f->commit.rows, 1);
    assert_int_equal(f->commit.changed_rows, 1);
    assert_int_equal(f->commit.samples, 2);
    assert_int_equal(f->commit.events, 0);
    expect(f, "SELECT name, unit, digits FROM series ORDER BY kind",
           "gpu/aws/us-east-1/H100-SXM-80x8/od/p5|USD/gpu.h|9\n"
           "stock/aws/us-east-1/H100-SXM-80x8/od/p5|stock|0");
}

static void a_move_is_told_in_digits_people_read(void **state)
{
    static const int64_t prices[] = {1634222222, 1922222222, 1922222311, 335555556, 12345678, 0};
    struct fixture *f = *state;
    for (size_t i = 0; i < CT_LEN(prices); i++) {
        offer(f, "p5", 1000, CT_STOCK_UNKNOWN)->price_per_gpu_hour = prices[i];
        fetch(f, "price", M((int64_t)i));
    }
    expect(f, "SELECT group_concat(substr(text, 4, instr(text, ' USD') - 4), '; ') FROM event WHERE kind = 2",
           "1.634 -> 1.922; 1.922 -> 0.336; 0.336 -> 0.0123; 0.0123 -> 0");
    expect(f, "SELECT min(old), max(new) FROM event WHERE kind = 2", "12345678|1922222222");
}

static void only_changes_are_stored_and_told(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        offer(f, "p5", i < 3 ? 2500 : 2000, CT_STOCK_LOW);
        fetch(f, "price", M(i));
    }
    expect(f, SAMPLES(0, 1000000), "0|2500|0\n3|2000|0");
    expect(f, EVENTS "= 2", "3|2|gpu/aws/us-east-1/H100-SXM-80x8/od/p5|p5|od|"
                            "od 2.5 -> 2 USD/gpu.h (-20.0%)");
    expect(f, "SELECT old, new, pct, suspect, unit FROM event", "2500000000|2000000000|-20000|0|USD/gpu.h");
    expect(f, POLLS, "0|2|3|0|-\n3|4|2|0|-");
}

static void the_cheapest_of_one_kind_describes_a_marketplace(void **state)
{
    struct fixture *f = *state;
    offer(f, "x", 3000, CT_STOCK_LOW)->stock_count = 2;
    offer(f, "x", -1, CT_STOCK_UNKNOWN)->stock_count = CT_NONE;
    offer(f, "x", 2000, CT_STOCK_NONE)->stock_count = 5;
    fetch(f, "price", M(0));
    expect(f, SAMPLES(0, 1000000), "0|2000|0");
    expect(f, SAMPLES(1, 1), "0|2|0");
    expect(f, "SELECT stock_count, n_offers FROM offer", "7|3");
}

/* What samples tell is not told twice: a price or a stock that changes rewrites no facts. */
static void a_price_alone_changes_no_facts(void **state)
{
    struct fixture *f = *state;
    for (int k = 0; k < 4; k++) {
        struct ct_offer *o = offer(f, "p5", 12290 + k * 1000, k % 2 ? CT_STOCK_LOW : CT_STOCK_AVAILABLE);
        o->price_per_hour = o->price_per_gpu_hour * 8;
        token(f, "m", CT_KIND_INPUT, 1000 + k);
        fetch(f, "price", M(k));
        if (k == 0)
            assert_int_equal(sqlite3_exec(f->look,
                                          "CREATE TRIGGER a BEFORE INSERT ON offer BEGIN SELECT raise(ABORT, 'a'); END;"
                                          "CREATE TRIGGER b BEFORE INSERT ON token BEGIN SELECT raise(ABORT, 'b'); END;"
                                          "CREATE TRIGGER c BEFORE INSERT ON words BEGIN SELECT raise(ABORT, 'c'); END;"
                                          "CREATE TRIGGER d BEFORE UPDATE OF facts_hash ON series"
                                          " BEGIN SELECT raise(ABORT, 'd'); END",
                                          NULL, NULL, NULL), SQLITE_OK);
    }
    expect(f, "SELECT max(cur_value(id)) FROM series", "15290000000");
}

/* What is remembered of the rows of one answer is no excuse in the next. */
static void rows_are_known_by_what_they_say_and_not_by_their_place(void **state)
{
    struct fixture *f = *state;
    static const char *const order[][3] = {{"a", "b", "c"}, {"a", "b", "c"}, {"a", "b", "c"}, {"c", "a", "b"},
                                           {"c", "a", "d"}, {"c", "a", "d"}, {"a", "d", "d"}};
    for (size_t k = 0; k < CT_LEN(order); k++) {
        for (size_t i = 0; i < 3; i++) {
            int64_t price = 1000 + 100 * (order[k][i][0] - 'a') + (int64_t)k;
            offer(f, order[k][i], price, CT_STOCK_LOW)->vcpu_milli = k < 2 ? 4000 : 8000;
            token(f, order[k][i], k < 6 || i ? CT_KIND_INPUT : CT_KIND_OUTPUT, price);
        }
        fetch(f, "price", M((int64_t)k));
    }
    expect(f, "SELECT name, cur_value(id) / 1000000, cur_flags(id) & 8 FROM series WHERE kind <> 1 ORDER BY name",
           "gpu/aws/us-east-1/H100-SXM-80x8/od/a|1006|0\ngpu/aws/us-east-1/H100-SXM-80x8/od/b|-|8\n"
           "gpu/aws/us-east-1/H100-SXM-80x8/od/c|-|8\ngpu/aws/us-east-1/H100-SXM-80x8/od/d|1306|0\n"
           "token/openai/any/openai/a/input|-|8\ntoken/openai/any/openai/a/output|1006|0\ntoken/openai/any/openai/b/input|-|8\n"
           "token/openai/any/openai/c/input|-|8\ntoken/openai/any/openai/d/input|1306|0");
    expect(f, "SELECT group_concat(key, ' '), group_concat(vcpu_milli, ' '), group_concat(n_offers, ' ') FROM"
              " (SELECT replace(key, 'aws/us-east-1/H100-SXM-80x8/od/', '') AS key, vcpu_milli, n_offers FROM offer ORDER BY 1)",
           "a b c d|8000 8000 8000 8000|1 1 1 2");
    expect(f, "SELECT count(*) FROM series WHERE kind = 1 AND name LIKE 'stock/aws/us-east-1/H100-SXM-80x8/od/_'", "4");
}

static void other_currencies_are_other_series(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        offer(f, "x", i ? 3000 : 2500, 0)->currency = i ? CT_LIT("EUR") : CT_LIT("USD");
        fetch(f, "list", M(i));
    }
    expect(f, EVENTS "= 2", "");
    expect(f, "SELECT unit, cur_value(id), cur_flags(id) FROM series ORDER BY unit",
           "EUR/gpu.h|3000000000|0\nUSD/gpu.h|-|8");
}

static void a_vanished_offer_is_gone_and_out_of_stock_and_comes_back(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        offer(f, "a", 2500, CT_STOCK_AVAILABLE);
        if (i != 1)
            offer(f, "b", 2500, CT_STOCK_AVAILABLE);
        fetch(f, "price", M(i));
    }
    expect(f, SAMPLES(0, 1000000), "0|2500|0\n0|2500|0\n1|-|8\n2|2500|0");
    expect(f, SAMPLES(1, 1), "0|3|0\n0|3|0\n1|1|8\n2|3|0");
    expect(f, EVENTS "= 3", "1|3|stock/aws/us-east-1/H100-SXM-80x8/od/b|-|-|A -> N\n"
                            "2|3|stock/aws/us-east-1/H100-SXM-80x8/od/b|-|-|N -> A");
    expect(f, EVENTS "= 2", "");
}

static void what_a_part_of_a_list_does_not_show_is_unknown(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        offer(f, "a", 2500, CT_STOCK_AVAILABLE);
        if (i != 1)
            offer(f, "b", 2500, CT_STOCK_AVAILABLE);
        fetch(f, "part", M(i));
    }
    expect(f, SAMPLES(1, 1), "0|3|0\n0|3|0\n1|0|8\n2|3|0");
    expect(f, EVENTS "> 0", "");
}

static void token_prices_keep_id_and_field_apart(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        token(f, "gpt", CT_KIND_INPUT, i ? 220 : 1100);
        token(f, "gpt", CT_KIND_INPUT, i ? 110 : 550)->tier = CT_LIT("batch");
        token(f, "o1", CT_KIND_INPUT, i ? 0 : 5);
        if (i)
            token(f, "gpt", CT_KIND_OUTPUT, 7); /* a field that appears is no event */
        fetch(f, "token", M(i));
    }
    char *is = table(f, EVENTS "> 0 ORDER BY e.ref, e.field");
    assert_string_equal(is, "1|2|token/openai/any/openai/gpt/input|gpt|input|"
                            "input 1.1 -> 0.22 USD/Mtok (-80.0%)\n"
                            "1|2|token/openai/any/openai/gpt/input.batch|gpt|input.batch|"
                            "input.batch 0.55 -> 0.11 USD/Mtok (-80.0%)\n"
                            "1|2|token/openai/any/openai/o1/input|o1|input|"
                            "input 0.005 -> 0 USD/Mtok (-100.0%)");
    free(is);
}

static void ids_that_come_and_go_are_model_events_once_each(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        token(f, "old", CT_KIND_INPUT, 5);
        if (i == 1) {
            token(f, "new", CT_KIND_INPUT, 5);
            token(f, "new", CT_KIND_OUTPUT, 9);
        }
        fetch(f, "token", M(i));
    }
    expect(f, "SELECT (at_ms - 1760000000000) / 60000, kind, ref, field FROM event ORDER BY at_ms",
           "1|4|new|appeared\n2|4|new|left");
}

static void a_move_within_a_millionth_is_no_event(void **state)
{
    struct fixture *f = *state;
    static const int64_t nano[] = {2000000, 2000001, 2000004};
    for (int i = 0; i < 3; i++) {
        token(f, "gpt", CT_KIND_INPUT, 1)->per_mtok = nano[i];
        fetch(f, "token", M(i));
    }
    expect(f, SAMPLES(2, 1), "0|2000000|0\n1|2000001|0\n2|2000004|0");
    expect(f, "SELECT (at_ms - 1760000000000) / 60000 FROM event", "2");
}

static void a_leap_or_an_absurd_price_is_told_as_suspect(void **state)
{
    struct fixture *f = *state;
    static const int64_t milli[][2] = {{100, 2000}, {100, 1999}, {1000001, 900000}, {100, 0}};
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 4; k++) {
            char id[16];
            (void)snprintf(id, sizeof id, "m%d", k);
            token(f, id, CT_KIND_INPUT, milli[k][i]);
        }
        fetch(f, "token", M(i));
    }
    expect(f, "SELECT ref, suspect FROM event ORDER BY ref", "m0|1\nm1|0\nm2|1\nm3|0");
}

static void percentages_round_once(void **state)
{
    (void)state;
    char text[CT_DECIMAL_MAX];
    static const struct {
        int64_t old_value, new_value;
        const char *want;
    } cases[] = {
        {80000, 90000, "12.5"},                 /* exact */
        {1000, 1122500 / 1000 * 1, "12.2"},     /* 12.2 */
        {100000000, 112250001, "12.3"},         /* just above the tie 12.25 */
        {100000000, 112249999, "12.2"},         /* just below */
        {100000, 112250, "12.2"},               /* the tie itself: half to even */
        {100000, 112350, "12.4"},               /* and the other way */
        {100000000, 87750001, "-12.2"},         /* -12.249999 */
        {100000000, 87749999, "-12.3"},         /* -12.250001 */
        {3, 1, "-66.7"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        ct_decimal_format_fixed(text, ct_event_pct(cases[i].old_value, cases[i].new_value), 3, 1);
        assert_string_equal(text, cases[i].want);
    }
    assert_true(ct_event_pct(0, 5) == CT_NONE);
}

/* ---- quarantine ---- */

static void an_outlier_stays_in_quarantine_until_three_fetches_agree(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 8; i++) {
        offer(f, "p5", i < 3 ? 2500 : 200, 0);
        fetch(f, "list", M(i));
    }
    expect(f, SAMPLES(0, 1000000), "0|2500|0\n3|200|1\n5|200|4");
    expect(f, "SELECT cur_flags(id) FROM series", "4");
    expect(f, "SELECT (at_ms - 1760000000000) / 60000 FROM event WHERE kind = 2", "3");
}

static void not_modified_agrees_as_well(void **state)
{
    struct fixture *f = *state;
    offer(f, "p5", 2500, 0);
    fetch(f, "list", M(0));
    offer(f, "p5", 200, 0);
    fetch(f, "list", M(1));
    repeat(f, "list", M(2));
    expect(f, SAMPLES(0, 1000000), "0|2500|0\n1|200|1");
    repeat(f, "list", M(3));
    expect(f, SAMPLES(0, 1000000), "0|2500|0\n1|200|1\n3|200|4");
    expect(f, POLLS, "0|0|1|0|-\n1|2|2|0|-\n3|3|1|0|-");
}

static void not_modified_after_a_failure_still_counts_the_rows(void **state)
{
    struct fixture *f = *state;
    offer(f, "p5", 2500, 0);
    fetch(f, "list", M(0));
    struct ct_fetch a = attempt_at(f, "list", M(1), CT_OUTCOME_FAILED);
    a.error = "HTTP 503";
    assert_int_equal(ct_write_fetch(f->w, &a, &f->commit, &f->err), CT_OK);
    repeat(f, "list", M(2));
    expect(f, "SELECT outcome, rows FROM poll ORDER BY from_ms", "0|1\n2|0\n0|1");
}

static void one_bad_fetch_does_not_become_the_measure(void **state)
{
    struct fixture *f = *state;
    static const int64_t milli[] = {2500, 2500, 400, 2500, 2600};
    for (int i = 0; i < 5; i++) {
        offer(f, "p5", milli[i], 0);
        fetch(f, "list", M(i));
    }
    expect(f, SAMPLES(0, 1000000), "0|2500|0\n2|400|1\n3|2500|0\n4|2600|0");
}

static void exactly_five_times_is_no_outlier(void **state)
{
    struct fixture *f = *state;
    static const int64_t milli[][2] = {{1000, 5000}, {1000, 5001}, {1000, 200}, {1000, 199}};
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 4; k++) {
            char id[16];
            (void)snprintf(id, sizeof id, "i%d", k);
            offer(f, id, milli[k][i], 0);
        }
        fetch(f, "list", M(i));
    }
    expect(f, "SELECT cur_value(id) / 1000000, cur_flags(id) FROM series ORDER BY ext_key",
           "5000|0\n5001|1\n200|0\n199|1");
}

static void the_fence_holds_for_first_prices_and_free_is_allowed_for_tokens_only(void **state)
{
    struct fixture *f = *state;
    offer(f, "free", 0, 0);
    offer(f, "dear", 1000001, 0);
    offer(f, "edge", 10, 0);
    fetch(f, "list", M(0));
    token(f, "free", CT_KIND_INPUT, 0);
    token(f, "tiny", CT_KIND_INPUT, 0)->per_mtok = 99999;
    token(f, "vast", CT_KIND_INPUT, 1000001);
    fetch(f, "token", M(0));
    expect(f, "SELECT cur_value(id), cur_flags(id) FROM series WHERE kind = 0 ORDER BY 1",
           "0|1\n10000000|0\n1000001000000|1");
    expect(f, "SELECT cur_value(id), cur_flags(id) FROM series WHERE kind = 2 ORDER BY 1",
           "0|0\n99999|1\n1000001000000|3");
}

/* ---- polls and health ---- */

static void failures_keep_facts_and_the_third_makes_a_provider_unknown(void **state)
{
    struct fixture *f = *state;
    component(f, "api", CT_STATE_OPERATIONAL);
    fetch(f, "stat", M(0));
    for (int i = 1; i < 6; i++)
        failed(f, "stat", M(i));
    expect(f, SAMPLES(4, 1), "0|0|0\n3|2|0");
    expect(f, SAMPLES(3, 1), "0|0|0");
    expect(f, HEALTH "'stat'", "5|0|5|HTTP 500");
    expect(f, POLLS, "0|0|1|0|-\n1|2|2|2|HTTP 500\n3|5|3|2|HTTP 500");
    repeat(f, "stat", M(6));
    expect(f, SAMPLES(4, 1), "0|0|0\n3|2|0\n6|0|0");
    expect(f, HEALTH "'stat'", "6|6|0|-");
    expect(f, EVENTS "> 0 ORDER BY 1, 2", "3|1|state/openai|-|-|unknown, was operational\n"
                             "3|5|stat|-|failing|not readable, three attempts in a row failed\n"
                             "6|1|state/openai|-|-|operational, was unknown\n"
                             "6|5|stat|-|recovered|readable again");
}

static void not_modified_without_known_rows_is_a_failure_and_drops_validators(void **state)
{
    struct fixture *f = *state;
    struct ct_source_memory m;
    repeat(f, "stat", M(0));
    assert_non_null(strstr(f->commit.remark, "nothing is known"));
    expect(f, POLLS, "0|0|1|2|not modified, but nothing is known");

    component(f, "api", CT_STATE_OPERATIONAL);
    struct ct_fetch a = attempt_at(f, "stat", M(1), CT_OUTCOME_OK);
    a.etag = CT_LIT("\"v1\"");
    a.body_hash = UINT64_C(0xfedcba9876543210);
    store(f, a);
    assert_int_equal(ct_write_recall(f->w, "stat", f->arena, &m, &f->err), CT_OK);
    assert_true(ct_span_is(m.etag, "\"v1\"") && m.body_hash == a.body_hash && m.rows == 1);
    assert_true(m.last_success_ms == M(1) && m.failures == 0);
    repeat(f, "stat", M(2));
    expect(f, POLLS, "0|0|1|2|not modified, but nothing is known\n1|2|2|0|-");

    /* What the network said last is no longer what is stored: ask plainly. */
    clear(f);
    component(f, "api", CT_STATE_MAJOR);
    import(f, "stat", M(3));
    assert_int_equal(ct_write_recall(f->w, "stat", f->arena, &m, &f->err), CT_OK);
    assert_true(!m.etag.p && m.body_hash == 0);
    repeat(f, "stat", M(4));
    expect(f, HEALTH "'stat'", "4|3|1|not modified, but nothing is known: asking plainly next");
}

static void what_reads_a_source_anew_is_not_told_that_nothing_changed(void **state)
{
    struct fixture *f = *state;
    struct ct_source_conf conf = fixture_conf("stat", CT_SOURCE_STATUS);
    struct ct_source_memory m;
    for (int i = 0; i < 5; i++) {
        conf.parser = i == 0 ? 1 : conf.parser;
        assert_int_equal(ct_write_sources(f->w, &conf, 1, M(2 * i), &f->err), CT_OK);
        component(f, "api", CT_STATE_OPERATIONAL);
        struct ct_fetch a = attempt_at(f, "stat", M(2 * i + 1), CT_OUTCOME_OK);
        a.etag = CT_LIT("\"v1\"");
        a.last_modified = CT_LIT("Sun, 01 Nov 2026 00:00:00 GMT");
        a.body_hash = 7;
        store(f, a);
        conf.title = "another title"; /* reads nothing otherwise */
        if (i == 1)
            conf.parser = 2;
        else if (i == 2)
            conf.family = "other";
        else if (i == 3)
            conf.url = "https://example.net";
        assert_int_equal(ct_write_sources(f->w, &conf, 1, M(2 * i + 1), &f->err), CT_OK);
        assert_int_equal(ct_write_recall(f->w, "stat", f->arena, &m, &f->err), CT_OK);
        bool same = i == 0 || i == 4;
        assert_int_equal(m.etag.p != NULL, same);
        assert_int_equal(m.last_modified.p != NULL, same);
        assert_int_equal(m.body_hash, same ? 7 : 0);
    }
    expect(f, "SELECT parser FROM source WHERE name='stat'", "2");
}

static void attempts_are_kept_with_what_was_planned_next(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 14; i++) {
        struct ct_fetch a = attempt_at(f, "price", M(i), CT_OUTCOME_FAILED);
        a.next_attempt_ms = M(i + 1);
        store(f, a);
    }
    expect(f, "SELECT count(*), count(DISTINCT next_ms - at_ms) FROM attempt", "14|1");
}

/* Three observations that word one price differently, in every order. */
static void words_of_every_moment_do_not_depend_on_the_order(void **state)
{
    struct fixture *f = *state;
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const int64_t contexts[2][3] = {{8000, 16000, 32000}, {8000, 16000, 8000}};
    for (int c = 0; c < 2; c++) {
        for (int o = 0; o < 6; o++) {
            char id[16], sql[300];
            (void)snprintf(id, sizeof id, "m%d%d", c, o);
            for (int i = 0; i < 3; i++) {
                int k = orders[o][i];
                token(f, id, CT_KIND_INPUT, 1000)->context = contexts[c][k];
                struct ct_fetch a = attempt_at(f, "token", M(100 * (6 * c + o) + k), CT_OUTCOME_OK);
                a.import = true;
                store(f, a);
                clear(f);
            }
            (void)snprintf(sql, sizeof sql,
                           "SELECT group_concat(CASE WHEN instr(text, '16000') THEN 'b' WHEN instr(text, '32000')"
                           " THEN 'c' ELSE 'a' END, '') FROM words WHERE series_id ="
                           " (SELECT series_id FROM token WHERE ref = '%s') ORDER BY from_ms", id);
            expect(f, sql, c == 0 ? "abc" : "aba");
        }
    }
}

static void a_clock_set_back_does_not_hide_what_is_newer(void **state)
{
    struct fixture *f = *state;
    offer(f, "p5", 2500, 0);
    fetch(f, "list", M(600));
    offer(f, "p5", 2600, 0);
    fetch(f, "list", M(0));
    expect(f, "SELECT cur_value(id), cur_ms(id) - 1760000000000 FROM series", "2600000000|36000001");
}

static void an_unconfigured_source_is_off_and_keeps_its_history(void **state)
{
    struct fixture *f = *state;
    struct ct_source_conf only = fixture_conf("stat", CT_SOURCE_STATUS);
    offer(f, "p5", 2500, 0);
    fetch(f, "list", M(0));
    assert_int_equal(ct_write_sources(f->w, &only, 1, T0, &f->err), CT_OK);
    expect(f, "SELECT name, enabled, off_reason FROM source WHERE name IN ('list', 'stat') ORDER BY 1",
           "list|0|not configured\nstat|1|");
    expect(f, "SELECT count(*) FROM sample", "1");
    struct ct_fetch a = attempt_at(f, "nobody", M(1), CT_OUTCOME_FAILED);
    assert_int_equal(ct_write_fetch(f->w, &a, &f->commit, &f->err), CT_ERR_NOT_FOUND);
}

/* ---- held back ---- */

static void offers(struct fixture *f, int n, int64_t milli)
{
    char id[16];
    for (int i = 0; i < n; i++) {
        (void)snprintf(id, sizeof id, "i%d", i);
        offer(f, id, milli, 0);
    }
}

static void half_a_list_is_held_back_until_three_answers_agree(void **state)
{
    struct fixture *f = *state;
    offers(f, 10, 1000);
    fetch(f, "list", M(0));
    for (int i = 1; i <= 3; i++) {
        expect(f, "SELECT count(*) FROM series WHERE NOT cur_flags(id) & 8", "10");
        offers(f, 4, 1100);
        fetch(f, "list", M(i));
        assert_int_equal(f->commit.suspicious, i < 3);
    }
    expect(f, "SELECT count(*) FROM series WHERE NOT cur_flags(id) & 8", "4");
    expect(f, POLLS, "0|0|1|0|-\n1|2|2|3|rows fell by more than half\n3|3|1|0|-");
    expect(f, EVENTS "= 5", "1|5|list|-|held back|answer held back: rows fell from 10 to 4");
    expect(f, "SELECT pending_n FROM source WHERE name = 'list'", "0");
}

static void a_good_answer_between_starts_the_count_again(void **state)
{
    struct fixture *f = *state;
    static const int n[] = {10, 4, 4, 10, 4, 4};
    for (int i = 0; i < 6; i++) {
        offers(f, n[i], 1000);
        fetch(f, "list", M(i));
    }
    assert_true(f->commit.suspicious);
    expect(f, "SELECT count(*) FROM series WHERE NOT cur_flags(id) & 8", "10");
    expect(f, HEALTH "'list'", "5|3|0|held back (2): rows fell from 10 to 4");
}

static void an_empty_answer_needs_six_hours_as_well(void **state)
{
    struct fixture *f = *state;
    offers(f, 2, 1000);
    fetch(f, "list", M(0));
    for (int i = 1; i < 5; i++) {
        fetch(f, "list", M(i));
        assert_true(f->commit.suspicious);
    }
    fetch(f, "list", M(361));
    assert_false(f->commit.suspicious);
    expect(f, "SELECT count(*) FROM series WHERE NOT cur_flags(id) & 8", "0");
}

static void a_list_of_trouble_may_shrink_and_end_at_once(void **state)
{
    struct fixture *f = *state;
    static const char *const ids[] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < 3; i++) {
        for (int n = 0; n < (i == 0 ? 5 : i == 1 ? 1 : 0); n++)
            component(f, ids[n], CT_STATE_MAJOR);
        f->batch.trouble_only = true;
        fetch(f, "stat", M(i));
        assert_false(f->commit.suspicious);
    }
    expect(f, "SELECT count(*) FROM component JOIN series ON id = series_id WHERE NOT cur_flags(id) & 8", "0");
}

/* Google's list keeps closed incidents for months: "[]" may be a failure (sources/status.md table 5). */
static void a_list_that_is_hardly_ever_empty_is_believed_to_be_when_asked_again(void **state)
{
    struct fixture *f = *state;
    static const struct {
        bool empty, held;
    } polls[] = {{true, true}, {true, false}, {true, false}, {false, false},
                 {true, true}, {false, false}, {true, true}, {true, false}};
    for (size_t i = 0; i < CT_LEN(polls); i++) {
        if (!polls[i].empty)
            component(f, "vertex", CT_STATE_MAJOR);
        f->batch.empty_list = polls[i].empty;
        fetch(f, "stat", M((int)i));
        if (f->commit.suspicious != polls[i].held)
            fail_msg("poll %zu: %s", i, f->commit.remark);
        if (i == 0) /* nothing is known yet, least of all that all is well */
            expect(f, "SELECT count(*) FROM series", "0");
    }
    expect(f, POLLS, "0|0|1|3|an empty list\n1|2|2|0|-\n3|3|1|0|-\n4|4|1|3|an empty list\n"
                     "5|5|1|0|-\n6|6|1|3|an empty list\n7|7|1|0|-");
}

static void trust_takes_the_next_answer_as_it_is(void **state)
{
    struct fixture *f = *state;
    offers(f, 10, 1000);
    fetch(f, "list", M(0));
    fetch(f, "list", M(1));
    assert_true(f->commit.suspicious);
    assert_int_equal(ct_write_trust(f->w, "list", &f->err), CT_OK);
    assert_int_equal(ct_write_trust(f->w, "nobody", &f->err), CT_ERR_NOT_FOUND);
    fetch(f, "list", M(2));
    assert_false(f->commit.suspicious);
    offers(f, 10, 1000);
    fetch(f, "list", M(3));
    fetch(f, "list", M(4));
    assert_true(f->commit.suspicious); /* trust was for one answer */
}

static void page_with(struct fixture *f, const char *id, int64_t data_ms)
{
    struct ct_page *p = CT_VEC_PUSH(f->arena, &f->batch.pages);
    *p = (struct ct_page){.id = ct_span(id), .indicator = CT_LIT("minor"), .updated_ms = CT_NONE};
    f->batch.data_ms = data_ms;
    component(f, "api", CT_STATE_OPERATIONAL);
}

static void another_page_or_older_data_is_held_back(void **state)
{
    struct fixture *f = *state;
    page_with(f, "abc", M(0));
    fetch(f, "stat", M(0));
    page_with(f, "xyz", M(1));
    fetch(f, "stat", M(1));
    assert_true(f->commit.suspicious);
    page_with(f, "abc", M(-1));
    fetch(f, "stat", M(2));
    assert_true(f->commit.suspicious);
    page_with(f, "abc", M(3));
    fetch(f, "stat", M(3));
    assert_false(f->commit.suspicious);
    page_with(f, "abc", M(3) + 2 * CT_DAY); /* a clock that is wrong says nothing about order */
    fetch(f, "stat", M(4));
    page_with(f, "abc", M(4));
    fetch(f, "stat", M(5));
    assert_false(f->commit.suspicious);
    expect(f, SAMPLES(5, 1), "0|3|0"); /* the page's own word beside our state */
    expect(f, SAMPLES(4, 1), "0|0|0");
}

/* ---- status ---- */

static void a_provider_is_as_bad_as_its_worst_part(void **state)
{
    struct fixture *f = *state;
    component(f, "api", CT_STATE_OPERATIONAL);
    component(f, "web", CT_STATE_OPERATIONAL);
    fetch(f, "stat", M(0));
    component(f, "api", CT_STATE_PARTIAL);
    component(f, "web", CT_STATE_UNKNOWN);
    fetch(f, "stat", M(1));
    expect(f, SAMPLES(4, 1), "0|0|0\n1|4|0");
    expect(f, EVENTS "= 1 ORDER BY 3", "1|1|state/openai|-|-|partial_outage, was operational\n"
                          "1|1|state/openai/api|-|-|partial_outage, was operational\n"
                          "1|1|state/openai/web|-|-|unknown, was operational");
}

static void an_incident_lives_from_opened_to_closed(void **state)
{
    struct fixture *f = *state;
    fetch(f, "stat", M(0));
    incident(f, "i1", CT_STATE_PARTIAL, CT_PHASE_INVESTIGATING, 1);
    fetch(f, "stat", M(1));
    incident(f, "i1", CT_STATE_PARTIAL, CT_PHASE_MONITORING, 1);
    fetch(f, "stat", M(2));
    incident(f, "i1", CT_STATE_UNKNOWN, CT_PHASE_RESOLVED, 0);
    fetch(f, "stat", M(3));
    fetch(f, "stat", M(4));
    fetch(f, "stat", M(5));
    expect(f, EVENTS "= 0", "1|0|openai|i1|opened|Title of i1: investigating\n"
                            "2|0|openai|i1|phase|Title of i1: monitoring\n"
                            "3|0|openai|i1|closed|Title of i1: resolved");
    expect(f, SAMPLES(4, 1), "0|0|0\n1|4|0\n2|3|0\n3|0|0");
    expect(f, "SELECT (from_ms - 1760000000000) / 60000, open, phase FROM incident"
              " WHERE from_ms IS NOT NULL ORDER BY at_ms", "1|1|0\n2|1|2\n3|0|3");
}

static void what_is_open_at_the_first_look_is_shown_but_no_event(void **state)
{
    struct fixture *f = *state;
    incident(f, "i1", CT_STATE_MAJOR, CT_PHASE_IDENTIFIED, 1);
    fetch(f, "stat", M(0));
    expect(f, SAMPLES(4, 1), "0|5|0");
    expect(f, EVENTS ">= 0", "");
    incident(f, "i1", CT_STATE_MAJOR, CT_PHASE_IDENTIFIED, 1);
    incident(f, "i2", CT_STATE_MAJOR, CT_PHASE_RESOLVED, 0); /* came and went between two looks */
    import(f, "stat", M(-1)); /* now the first look is this one, and saw it as well */
    expect(f, EVENTS ">= 0", "");
    import(f, "stat", M(-2)); /* but this one did not */
    expect(f, EVENTS "= 0", "-1|0|openai|i1|opened|Title of i1: identified");
}

static void repeating_nothing_says_nothing(void **state)
{
    struct fixture *f = *state;
    struct ct_fetch a = attempt_at(f, "stat", M(0), CT_OUTCOME_NOT_MODIFIED);
    a.import = true;
    store(f, a);
    expect(f, "SELECT count(*) FROM sample", "0");
}

static void an_incident_that_vanishes_is_closed_by_the_second_poll_without_it(void **state)
{
    struct fixture *f = *state;
    fetch(f, "stat", M(0));
    incident(f, "i1", CT_STATE_MAJOR, CT_PHASE_IDENTIFIED, 1);
    fetch(f, "stat", M(1));
    fetch(f, "stat", M(2));
    expect(f, SAMPLES(4, 1), "0|0|0\n1|5|0"); /* one cache may be behind */
    incident(f, "i1", CT_STATE_MAJOR, CT_PHASE_IDENTIFIED, 1);
    fetch(f, "stat", M(3));
    fetch(f, "stat", M(4));
    repeat(f, "stat", M(5));
    expect(f, SAMPLES(4, 1), "0|0|0\n1|5|0\n5|0|0");
    expect(f, EVENTS "= 0", "1|0|openai|i1|opened|Title of i1: identified\n"
                            "5|0|openai|i1|closed|Title of i1: no longer listed");
    expect(f, "SELECT open, gone, phase, state, title FROM incident"
              " WHERE to_ms = 9223372036854775807", "0|1|9|2|Title of i1");
}

static void a_forgotten_incident_stops_counting_after_a_fortnight(void **state)
{
    struct fixture *f = *state;
    incident(f, "i1", CT_STATE_MAJOR, CT_PHASE_IDENTIFIED, 1)->updated_ms = M(0);
    fetch(f, "stat", M(0));
    repeat(f, "stat", M(0) + 14 * CT_DAY);
    repeat(f, "stat", M(0) + 14 * CT_DAY + CT_MINUTE);
    expect(f, SAMPLES(4, 1), "0|5|0\n20161|0|0");
}

/* AWS lists a service of a region only while an event touches it. */
static void a_touched_service_of_a_region_counts_as_its_incident_says(void **state)
{
    struct fixture *f = *state;
    for (int days = 0; days <= 15; days += 15) {
        struct ct_incident *row = incident(f, "i1", CT_STATE_PARTIAL, CT_PHASE_IDENTIFIED, 1);
        component(f, "ec2", CT_STATE_MAJOR)->region = CT_LIT("us-west-2");
        row->updated_ms = M(0);
        ct_list_unite(f->arena, &row->components, CT_LIT("ec2"));
        f->batch.trouble_only = true;
        fetch(f, "stat", M(0) + days * CT_DAY);
    }
    expect(f, SAMPLES(4, 1), "0|4|0\n21600|0|0");
}

static int rolled(int n_places, int bad, int core, struct ct_rollup_incident *i, size_t n)
{
    struct ct_rollup_component c[200] = {{.state = core}};
    for (int k = 1; k <= n_places; k++)
        c[k] = (struct ct_rollup_component){k <= bad ? CT_STATE_PARTIAL : 0, CT_SAMPLE_LOCATION};
    return ct_rollup(c, (size_t)n_places + 1, i, n, M(0));
}

static void a_few_places_of_many_do_not_colour_a_provider(void **state)
{
    (void)state;
    struct ct_rollup_incident minor = {CT_STATE_DEGRADED, CT_PHASE_IDENTIFIED, M(0)};
    struct ct_rollup_incident major = {CT_STATE_PARTIAL, CT_PHASE_MONITORING, M(0)};
    struct ct_rollup_incident ahead = {CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED, M(0)};
    struct ct_rollup_incident unclear = {-1, CT_PHASE_UNKNOWN, CT_NONE};
    struct ct_rollup_component heading = {CT_STATE_MAJOR, CT_SAMPLE_HEADING};
    struct ct_rollup_component odd = {-1, 0};
    assert_int_equal(rolled(150, 14, 0, NULL, 0), CT_STATE_OPERATIONAL);
    assert_int_equal(rolled(150, 15, 0, NULL, 0), CT_STATE_PARTIAL);
    assert_int_equal(rolled(150, 1, CT_STATE_DEGRADED, NULL, 0), CT_STATE_DEGRADED);
    assert_int_equal(rolled(99, 1, 0, NULL, 0), CT_STATE_PARTIAL);
    assert_int_equal(rolled(150, 1, 0, &minor, 1), CT_STATE_DEGRADED);
    assert_int_equal(rolled(150, 1, 0, &major, 1), CT_STATE_PARTIAL);
    assert_int_equal(ct_rollup(NULL, 0, &major, 1, M(0)), CT_STATE_DEGRADED);
    assert_int_equal(ct_rollup(NULL, 0, &ahead, 1, M(0)), CT_STATE_OPERATIONAL);
    assert_int_equal(ct_rollup(NULL, 0, &unclear, 1, M(0)), CT_STATE_DEGRADED);
    assert_int_equal(ct_rollup(&heading, 1, NULL, 0, M(0)), CT_STATE_OPERATIONAL);
    assert_int_equal(ct_rollup(&odd, 1, NULL, 0, M(0)), CT_STATE_UNKNOWN);
    assert_int_equal(ct_indicator_state(CT_LIT("PARTIALMAJOROUTAGE")), CT_STATE_MAJOR);
    assert_int_equal(ct_indicator_state(CT_LIT("blue")), CT_STATE_UNKNOWN);
    assert_int_equal(ct_indicator_state(CT_SPAN_NONE), -1);
}

static void headings_and_doubles_count_as_they_should(void **state)
{
    struct fixture *f = *state;
    component(f, "group", CT_STATE_MAJOR);
    component(f, "api", CT_STATE_OPERATIONAL)->group = CT_LIT("group");
    component(f, "api", CT_STATE_DEGRADED);
    component(f, "api", CT_STATE_OPERATIONAL);
    fetch(f, "stat", M(0));
    expect(f, SAMPLES(4, 1), "0|3|0"); /* the heading does not count, the worse double does */
    component(f, "group", CT_STATE_MAJOR);
    fetch(f, "stat", M(1));
    expect(f, SAMPLES(4, 1), "0|3|0\n1|5|0"); /* nothing is in the group any more: it is a part itself */
}

/* ---- imports among live polls ---- */

static void an_import_inside_a_live_run_changes_only_its_own_moment(void **state)
{
    struct fixture *f = *state;
    struct ct_source_conf slow = fixture_conf("list", CT_SOURCE_PRICES);
    slow.interval_ms = 10 * CT_MINUTE; /* so that its answers are no pauses but one run */
    assert_int_equal(ct_write_sources(f->w, &slow, 1, T0, &f->err), CT_OK);
    for (int i = 0; i < 5; i++) {
        offer(f, "p5", 2500, 0);
        fetch(f, "list", M(10 * i));
    }
    expect(f, POLLS, "0|40|5|0|-");
    offer(f, "p5", 2600, 0);
    import(f, "list", M(15));
    expect(f, SAMPLES(0, 1000000), "0|2500|0\n15|2600|0\n40|2500|0");
    expect(f, HEALTH "'list'", "40|40|0|-");
    offer(f, "p5", 2700, 0);
    import(f, "list", M(40)); /* the live answer of that moment is better known */
    assert_true(f->commit.already_stored);
    offer(f, "p5", 2500, 0);
    fetch(f, "list", M(50));
    expect(f, SAMPLES(0, 1000000), "0|2500|0\n15|2600|0\n40|2500|0");
}

static void an_older_import_keeps_the_newest_facts(void **state)
{
    struct fixture *f = *state;
    offer(f, "p5", 2500, 0)->sku = CT_LIT("new");
    import(f, "list", M(10));
    offer(f, "p5", 2500, 0)->sku = CT_LIT("old");
    import(f, "list", M(0));
    expect(f, "SELECT sku FROM offer", "new");
    expect(f, SAMPLES(0, 1000000), "0|2500|0");
    expect(f, "SELECT (value - 1760000000000) / 60000 FROM meta WHERE key = 'first_ms'", "0");
}

static void imports_are_taken_as_they_are(void **state)
{
    struct fixture *f = *state;
    offers(f, 10, 1000);
    import(f, "fresh_source", M(0));
    import(f, "fresh_source", M(1));
    assert_false(f->commit.suspicious);
    expect(f, "SELECT count(*) FROM series WHERE cur_flags(id) & 8", "10");
    expect(f, "SELECT kind, enabled, off_reason FROM source WHERE name = 'fresh_source'",
           "1|0|imported");
}

/* ---- transactions ---- */

static void a_commit_that_fails_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    offer(f, "p5", 2500, 0);
    fetch(f, "list", M(0));
    assert_int_equal(sqlite3_exec(f->look, "CREATE TRIGGER no BEFORE INSERT ON price_move BEGIN"
                                           " SELECT raise(ABORT, 'disk is full'); END",
                                  NULL, NULL, NULL), SQLITE_OK);
    offer(f, "p5", 2600, 0);
    struct ct_fetch a = attempt_at(f, "list", M(1), CT_OUTCOME_OK);
    assert_int_equal(ct_write_fetch(f->w, &a, &f->commit, &f->err), CT_ERR_DB);
    assert_non_null(strstr(f->err.what, "disk is full"));
    assert_int_equal(f->commit.samples, 0);
    expect(f, SAMPLES(0, 1000000), "0|2500|0");
    expect(f, POLLS, "0|0|1|0|-");
    assert_int_equal(sqlite3_exec(f->look, "DROP TRIGGER no", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(ct_write_fetch(f->w, &a, &f->commit, &f->err), CT_OK);
    expect(f, SAMPLES(0, 1000000), "0|2500|0\n1|2600|0");
}

static int64_t pragma(struct ct_writer *w, const char *sql)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(w->db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

static void the_connection_is_durable_and_guarded(void **state)
{
    struct fixture *f = *state;
    struct ct_writer *w;
    assert_int_equal(pragma(f->w, "PRAGMA synchronous"), 1); /* bulk */
    assert_int_equal(ct_writer_open(f->path, 0, &w, &f->err), CT_OK);
    assert_int_equal(pragma(w, "PRAGMA synchronous"), 2); /* full */
    assert_int_equal(pragma(w, "PRAGMA foreign_keys"), 1);
    assert_int_equal(pragma(w, "PRAGMA trusted_schema"), 0);
    assert_int_equal(pragma(w, "PRAGMA cell_size_check"), 1);
    assert_int_equal(pragma(w, "PRAGMA journal_size_limit"), 64 << 20);
    assert_int_equal(pragma(w, "PRAGMA page_size"), 4096);
    expect(f, "PRAGMA journal_mode", "wal");
    /* Idle after a commit: what was written is in the file itself. */
    offer(f, "p5", 2500, 0);
    fetch(f, "list", M(0));
    ct_write_idle(f->w);
    assert_false(f->w->dirty);
    ct_writer_close(w);
}

static void numbers_of_a_damaged_file_are_no_index(void **state)
{
    struct fixture *f = *state;
    component(f, "api", CT_STATE_OPERATIONAL);
    fetch(f, "stat", M(0));
    assert_true(samples_from_rows(f->look, "SELECT id, cur_ms(id), 4611686018427387904, cur_flags(id) FROM series"));
    assert_true(newest_from_rows(f->look, 1, "SELECT id, cur_ms(id), 4611686018427387904, cur_flags(id) FROM series"
                                             " WHERE kind = 3"));
    component(f, "api", CT_STATE_MAJOR);
    fetch(f, "stat", M(1));
    expect(f, EVENTS "= 1 ORDER BY 3", "1|1|state/openai|-|-|major_outage, was ?\n"
                                      "1|1|state/openai/api|-|-|major_outage, was ?");
}

/* A limit on the size of files stands in for a disk that is full: real write calls fail in SQLite. */
static void a_full_disk_costs_one_answer_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct rlimit old, tight;
    offers(f, 10, 1000);
    fetch(f, "list", M(0));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    int failures = 0;
    for (rlim_t room = 4096; room < 400000; room += 65536) {
        tight = (struct rlimit){room, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        offers(f, 300, 1000 + (int64_t)room);
        struct ct_fetch a = attempt_at(f, "list", M(1), CT_OUTCOME_OK);
        enum ct_status status = ct_write_fetch(f->w, &a, &f->commit, &f->err);
        clear(f);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        failures += status == CT_ERR_DB;
        assert_true(status == CT_OK || status == CT_ERR_DB);
        if (status == CT_OK)
            break;
        expect(f, "SELECT count(*) FROM series", "10");
    }
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_true(failures > 0);
    offers(f, 300, 7);
    fetch(f, "list", M(9)); /* space is back, and so is the writer */
    expect(f, "SELECT count(*) FROM series", "300");
    expect(f, "PRAGMA integrity_check", "ok");
}

static void a_handle_that_met_an_io_error_is_opened_again(void **state)
{
    struct fixture *f = *state;
    offer(f, "p5", 2500, 0);
    fetch(f, "list", M(0));
    f->w->reopen = true;
    offer(f, "p5", 2600, 0);
    fetch(f, "list", M(1));
    assert_false(f->w->reopen);
    expect(f, SAMPLES(0, 1000000), "0|2500|0\n1|2600|0");
}

static void a_removed_database_is_noticed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(unlink(f->path), 0);
    struct ct_fetch a = attempt_at(f, "list", M(1), CT_OUTCOME_OK);
    assert_int_equal(ct_write_fetch(f->w, &a, &f->commit, &f->err), CT_ERR_NOT_FOUND);
    assert_non_null(strstr(f->err.what, "removed"));
}

static void ten_thousand_rows_are_one_quick_commit(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 3; round++) {
        int64_t start = ct_mono_ms();
        for (int i = 0; i < 10000; i++) {
            char id[16];
            (void)snprintf(id, sizeof id, "i%d", i);
            offer(f, id, 1000 + (round == 2 ? i % 7 : 0), 0);
        }
        fetch(f, "list", M(round));
        int64_t took = ct_mono_ms() - start;
        print_message("# round %d: %d ms\n", round, (int)took);
        assert_in_range(took, 0, 20000); /* what grows faster than the rows; no stopwatch */
        assert_int_equal(f->commit.rows, 10000);
    }
    expect(f, "SELECT count(*) FROM series", "10000");
}

static void no_statement_scans_what_grows(void **state)
{
    struct fixture *f = *state;
    static const char *const grows[] = {"SCAN sample", "SCAN m", "SCAN event",   "SCAN poll",
                                        "SCAN series", "SCAN s", "SCAN incident", "SCAN attempt"};
    for (size_t i = 0; i < CT_N_SQL + ct_n_samples_sql; i++) {
        struct ct_buf sql = CT_BUF_INIT;
        sqlite3_stmt *st;
        const char *text = i < CT_N_SQL ? ct_write_sql[i] : ct_samples_sql[i - CT_N_SQL];
        ct_buf_addf(&sql, "EXPLAIN QUERY PLAN %s", text);
        assert_int_equal(sqlite3_prepare_v2(f->look, sql.p, -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW) {
            const char *line = (const char *)sqlite3_column_text(st, 3);
            for (size_t k = 0; k < CT_LEN(grows); k++) {
                size_t n = strlen(grows[k]);
                if (strncmp(line, grows[k], n) == 0 && (line[n] == ' ' || !line[n]))
                    fail_msg("%s: %s", text, line);
            }
        }
        sqlite3_finalize(st);
        ct_buf_free(&sql);
    }
}

/* ---- lease ---- */

/* A process that takes the lease, says so, and stays until it is killed. */
static pid_t holder(struct fixture *f)
{
    int fd[2];
    char byte;
    assert_int_equal(pipe(fd), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct ct_writer *w;
        struct ct_lease *l;
        if (ct_writer_open(f->path, 0, &w, &f->err) != CT_OK ||
            ct_lease_take(w, "fetcher", T0, &l, &f->err) != CT_OK || write(fd[1], "x", 1) != 1)
            _exit(3);
        for (;;)
            pause();
    }
    assert_int_equal(read(fd[0], &byte, 1), 1);
    (void)close(fd[0]);
    (void)close(fd[1]);
    return child;
}

static void one_fetcher_at_a_time_and_a_dead_one_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct ct_lease *l = NULL, *second = NULL;
    char pid[48];
    pid_t child = holder(f);
    (void)snprintf(pid, sizeof pid, "in use by fetcher pid %d on ", (int)child);
    int64_t start = ct_mono_ms();
    assert_int_equal(ct_lease_take(f->w, "me", T0 + 12 * CT_SECOND, &l, &f->err), CT_ERR_BUSY);
    assert_in_range(ct_mono_ms() - start, 0, 1000);
    if (strncmp(f->err.what, pid, strlen(pid)) != 0 || !strstr(f->err.what, ", 12s ago"))
        fail_msg("%s", f->err.what);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);

    assert_int_equal(ct_lease_take(f->w, "me", T0 + 13 * CT_SECOND, &l, &f->err), CT_OK);
    assert_int_equal(ct_lease_take(f->w, "me too", T0, &second, &f->err), CT_ERR_BUSY);
    assert_int_equal(ct_lease_beat(l, T0 + CT_MINUTE, &f->err), CT_OK);
    expect(f, "SELECT owner, beat_ms - 1760000000000 FROM lease", "me|60000");
    assert_int_equal(sqlite3_exec(f->look, "UPDATE lease SET pid = 1", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(ct_lease_beat(l, T0 + CT_MINUTE, &f->err), CT_ERR_BUSY);
    ct_lease_drop(l);
    assert_int_equal(ct_lease_take(f->w, "me", T0, &l, &f->err), CT_OK);
    ct_lease_drop(l);
    expect(f, "SELECT count(*) FROM lease", "0");
}

/* The lease must end with its holder even if a process it forked (for hooks, say) lives on. */
static void a_forked_child_does_not_keep_the_lease(void **state)
{
    struct fixture *f = *state;
    struct ct_lease *l = NULL;
    int fd[2];
    pid_t grandchild = 0;
    assert_int_equal(pipe(fd), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct ct_writer *w;
        if (ct_writer_open(f->path, 0, &w, &f->err) != CT_OK ||
            ct_lease_take(w, "fetcher", T0, &l, &f->err) != CT_OK)
            _exit(3);
        if (fork() == 0) {
            pid_t me = getpid();
            if (write(fd[1], &me, sizeof me) != (ssize_t)sizeof me)
                _exit(4);
        }
        for (;;)
            pause();
    }
    assert_int_equal(read(fd[0], &grandchild, sizeof grandchild), sizeof grandchild);
    (void)close(fd[0]);
    (void)close(fd[1]);
    assert_int_equal(ct_lease_take(f->w, "me", T0, &l, &f->err), CT_ERR_BUSY);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    enum ct_status taken = ct_lease_take(f->w, "me", T0, &l, &f->err);
    assert_int_equal(kill(grandchild, SIGKILL), 0);
    assert_int_equal(taken, CT_OK);
    ct_lease_drop(l);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_first_snapshot_makes_samples_but_no_events),
        T(a_move_is_told_in_digits_people_read),
        T(only_changes_are_stored_and_told),
        T(the_cheapest_of_one_kind_describes_a_marketplace),
        T(a_price_alone_changes_no_facts),
        T(rows_are_known_by_what_they_say_and_not_by_their_place),
        T(other_currencies_are_other_series),
        T(a_vanished_offer_is_gone_and_out_of_stock_and_comes_back),
        T(what_a_part_of_a_list_does_not_show_is_unknown),
        T(token_prices_keep_id_and_field_apart),
        T(ids_that_come_and_go_are_model_events_once_each),
        T(a_move_within_a_millionth_is_no_event),
        T(a_leap_or_an_absurd_price_is_told_as_suspect),
        T(percentages_round_once),
        T(an_outlier_stays_in_quarantine_until_three_fetches_agree),
        T(not_modified_agrees_as_well),
        T(not_modified_after_a_failure_still_counts_the_rows),
        T(one_bad_fetch_does_not_become_the_measure),
        T(exactly_five_times_is_no_outlier),
        T(the_fence_holds_for_first_prices_and_free_is_allowed_for_tokens_only),
        T(failures_keep_facts_and_the_third_makes_a_provider_unknown),
        T(not_modified_without_known_rows_is_a_failure_and_drops_validators),
        T(what_reads_a_source_anew_is_not_told_that_nothing_changed),
        T(attempts_are_kept_with_what_was_planned_next),
        T(words_of_every_moment_do_not_depend_on_the_order),
        T(a_clock_set_back_does_not_hide_what_is_newer),
        T(an_unconfigured_source_is_off_and_keeps_its_history),
        T(half_a_list_is_held_back_until_three_answers_agree),
        T(a_list_of_trouble_may_shrink_and_end_at_once),
        T(a_good_answer_between_starts_the_count_again),
        T(an_empty_answer_needs_six_hours_as_well),
        T(a_list_that_is_hardly_ever_empty_is_believed_to_be_when_asked_again),
        T(trust_takes_the_next_answer_as_it_is),
        T(another_page_or_older_data_is_held_back),
        T(a_provider_is_as_bad_as_its_worst_part),
        T(an_incident_lives_from_opened_to_closed),
        T(what_is_open_at_the_first_look_is_shown_but_no_event),
        T(repeating_nothing_says_nothing),
        T(an_incident_that_vanishes_is_closed_by_the_second_poll_without_it),
        T(a_forgotten_incident_stops_counting_after_a_fortnight),
        T(a_touched_service_of_a_region_counts_as_its_incident_says),
        T(a_few_places_of_many_do_not_colour_a_provider),
        T(headings_and_doubles_count_as_they_should),
        T(an_import_inside_a_live_run_changes_only_its_own_moment),
        T(an_older_import_keeps_the_newest_facts),
        T(imports_are_taken_as_they_are),
        T(a_commit_that_fails_leaves_nothing),
        T(the_connection_is_durable_and_guarded),
        T(numbers_of_a_damaged_file_are_no_index),
        T(a_full_disk_costs_one_answer_and_nothing_else),
        T(a_handle_that_met_an_io_error_is_opened_again),
        T(a_removed_database_is_noticed),
        T(ten_thousand_rows_are_one_quick_commit),
        T(no_statement_scans_what_grows),
        T(one_fetcher_at_a_time_and_a_dead_one_is_replaced),
        T(a_forked_child_does_not_keep_the_lease),
    };
    return cmocka_run_group_tests_name("write", tests, NULL, NULL);
}
