/* Attempts packed and unpacked. */
#include "config.h"

#include "db/attempts.h"
#include "db/base/money.h"
#include "db/base/timeutil.h"
#include "db/upkeep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0 INT64_C(1760000000000)

static uint64_t seed = 7;
static int64_t roll(int64_t most)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)(seed >> 33) % most;
}

/* A number that may be absent, stay as it was, or be anything. */
static int64_t any(int64_t was)
{
    static const int64_t extremes[] = {CT_NONE, 0, 1, INT64_MAX, INT64_MIN + 1, -1, INT64_C(1) << 53};
    switch (roll(4)) {
    case 0:
        return extremes[roll((int64_t)CT_LEN(extremes))];
    case 1:
        return roll(100000);
    default:
        return was;
    }
}

static size_t make(struct ct_attempt *v)
{
    static const char *const errors[] = {NULL, "HTTP 500", "timed out after 30 s", "no route", "x"};
    size_t n = (size_t)roll(CT_ATTEMPTS_MOST) + 1;
    struct ct_attempt a = {.at_ms = roll(2) ? T0 : roll(3)};
    for (size_t i = 0; i < n; i++) {
        a.at_ms += i ? 1 + roll(roll(2) ? 5 : 4000000) : 0;
        a.outcome = roll(4);
        a.http_status = any(a.http_status);
        a.bytes = any(a.bytes);
        a.rows = any(a.rows);
        a.changed_rows = any(a.changed_rows);
        a.latency_ms = any(a.latency_ms);
        a.next_ms = roll(3) ? a.at_ms + roll(CT_HOUR) - CT_MINUTE : CT_NONE;
        a.data_ms = roll(3) ? a.at_ms - roll(CT_DAY) : CT_NONE;
        a.left_out = any(a.left_out);
        a.error = ct_span(errors[roll((int64_t)CT_LEN(errors))]);
        v[i] = a;
    }
    return n;
}

static void expect_equal(const struct ct_attempt *a, const struct ct_attempt *b)
{
    assert_true(a->at_ms == b->at_ms && a->outcome == b->outcome && a->http_status == b->http_status);
    assert_true(a->bytes == b->bytes && a->rows == b->rows && a->changed_rows == b->changed_rows);
    assert_true(a->latency_ms == b->latency_ms && a->next_ms == b->next_ms && a->data_ms == b->data_ms);
    assert_true(a->left_out == b->left_out && ct_span_cmp(a->error, b->error) == 0);
}

static void what_was_packed_comes_back_whatever_it_was(void **state)
{
    struct ct_attempt v[CT_ATTEMPTS_MOST], back[CT_ATTEMPTS_MOST];
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct ct_buf blob = CT_BUF_INIT, errors = CT_BUF_INIT;
        size_t n = make(v);
        ct_attempts_pack(&blob, &errors, v, n);
        assert_true(ct_upkeep_blob(ct_buf_span(&blob)) && ct_upkeep_clean(ct_buf_span(&errors)));
        assert_int_equal(ct_attempts_unpack(ct_buf_span(&blob), ct_buf_span(&errors), back), n);
        for (size_t i = 0; i < n; i++)
            expect_equal(&v[i], &back[i]);
        ct_buf_free(&blob);
        ct_buf_free(&errors);
    }
}

static void damage_is_nothing_or_attempts_in_order(void **state)
{
    struct ct_attempt v[CT_ATTEMPTS_MOST], back[CT_ATTEMPTS_MOST];
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct ct_buf blob = CT_BUF_INIT, errors = CT_BUF_INIT, wrong = CT_BUF_INIT;
        struct ct_sample rows[40];
        ct_attempts_pack(&blob, &errors, v, make(v));
        blob.p[roll((int64_t)blob.n)] ^= (char)(1 << roll(8));
        assert_int_equal(ct_attempts_unpack(ct_buf_span(&blob), ct_buf_span(&errors), back), 0);
        /* a sound blob of something else */
        int64_t key = roll(2) ? 0 : roll(500);
        for (size_t i = 0; i < CT_LEN(rows); i++, key += 1 + roll(60))
            rows[i] = (struct ct_sample){key, any(roll(80)), 0};
        ct_blob_encode(&wrong, rows, CT_LEN(rows));
        size_t n = ct_attempts_unpack(ct_buf_span(&wrong), CT_LIT("one\x1f" "two"), back);
        assert_true(n <= CT_ATTEMPTS_MOST);
        for (size_t i = 1; i < n; i++)
            assert_true(back[i - 1].at_ms < back[i].at_ms);
        ct_buf_free(&blob);
        ct_buf_free(&errors);
        ct_buf_free(&wrong);
    }
    assert_int_equal(ct_attempts_unpack(CT_SPAN_NONE, CT_SPAN_NONE, back), 0);
}

/* A source that is asked every ten minutes or so: the plain numbers of an attempt are forty bytes and more. */
static void an_attempt_of_a_live_source_takes_few_bytes(void **state)
{
    struct ct_attempt v[CT_ATTEMPTS_MOST];
    struct ct_buf blob = CT_BUF_INIT, errors = CT_BUF_INIT;
    (void)state;
    int64_t due = T0;
    for (size_t i = 0; i < CT_ATTEMPTS_MOST; i++) {
        int64_t at_ms = due + roll(200);
        due = at_ms + 9 * CT_MINUTE + roll(2 * CT_MINUTE);
        v[i] = (struct ct_attempt){at_ms, 0, 200, 40000 + roll(300), 120, roll(4), 300 + roll(200), due,
                                   at_ms - roll(CT_MINUTE), CT_NONE, CT_SPAN_NONE};
    }
    ct_attempts_pack(&blob, &errors, v, CT_ATTEMPTS_MOST);
    assert_true(blob.n + errors.n <= 19 * CT_ATTEMPTS_MOST);
    ct_buf_free(&blob);
    ct_buf_free(&errors);
}

static void equal_errors_are_kept_once(void **state)
{
    struct ct_attempt v[CT_ATTEMPTS_MOST], back[CT_ATTEMPTS_MOST];
    struct ct_buf blob = CT_BUF_INIT, errors = CT_BUF_INIT;
    (void)state;
    for (size_t i = 0; i < CT_ATTEMPTS_MOST; i++)
        v[i] = (struct ct_attempt){.at_ms = T0 + (int64_t)i * CT_HOUR, .outcome = CT_POLL_FAILED, .next_ms = CT_NONE,
                                   .error = i % 9 ? CT_LIT("HTTP 503") : CT_LIT("cut\x1fhere")};
    ct_attempts_pack(&blob, &errors, v, CT_ATTEMPTS_MOST);
    assert_string_equal(errors.p, "cut\x1fHTTP 503\x1f");
    assert_int_equal(ct_attempts_unpack(ct_buf_span(&blob), ct_buf_span(&errors), back), CT_ATTEMPTS_MOST);
    assert_true(ct_span_is(back[9].error, "cut") && ct_span_is(back[63].error, "cut"));
    assert_true(ct_span_is(back[62].error, "HTTP 503"));
    ct_buf_free(&blob);
    ct_buf_free(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_back_whatever_it_was),
        cmocka_unit_test(damage_is_nothing_or_attempts_in_order),
        cmocka_unit_test(an_attempt_of_a_live_source_takes_few_bytes),
        cmocka_unit_test(equal_errors_are_kept_once),
    };
    return cmocka_run_group_tests_name("attempts", tests, NULL, NULL);
}
