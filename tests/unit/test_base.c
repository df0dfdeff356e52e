/* The foundation: what everything else takes for granted, fed with what nobody would write on
 * purpose. */
#include "config.h"

#include "db/base/arena.h"
#include "db/base/ini.h"
#include "db/base/jsonw.h"
#include "db/base/keyed.h"
#include "db/base/log.h"
#include "db/base/money.h"
#include "db/base/paths.h"
#include "db/base/terms.h"
#include "db/base/text.h"
#include "db/base/timeutil.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW "2026-11-22T14:32:10.250Z"

static char scratch[512]; /* this run's own folder */

/* xorshift: the same numbers on every machine. */
static uint64_t seed = 88172645463325252u;

static uint64_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static size_t below(size_t n)
{
    return (size_t)(any() % n);
}

/* A path in the run's own folder, one at a time. */
static const char *in_scratch(const char *name)
{
    static char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", scratch, name);
    return path;
}

#define assert_span(span, text) assert_span_at((span), (text), __LINE__)
static void assert_span_at(struct ct_span span, const char *text, int line)
{
    if (!ct_span_is(span, text)) {
        fail_msg("line %d: \"%.*s\" is not \"%s\"", line, CT_FMT(span), text ? text : "(null)");
    }
}

/* ---- err ---- */

static void an_error_is_one_line_and_never_overflows(void **state)
{
    (void)state;
    struct ct_error err;
    char text[1000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(ct_fail(&err, CT_ERR_IO, "a\nb",
                             "%s\x1b[2J\xc2\x9b"
                             "c%s",
                             "p", text),
                     CT_ERR_IO);
    assert_int_equal(err.status, CT_ERR_IO);
    assert_string_equal(err.where, "a?b");
    assert_int_equal(strlen(err.what), sizeof(err.what) - 1);
    assert_memory_equal(err.what, "p?[2J??cxxx", 11);
    for (int i = 0; i < 100; i++) {
        ct_error_prefix(&err, "config.ini:12");
    }
    assert_int_equal(strlen(err.where), sizeof(err.where) - 1);
    assert_memory_equal(err.where, "config.ini:12: config.ini:12", 28);
    assert_int_equal(ct_fail(NULL, CT_ERR_DB, "x", "y"), CT_ERR_DB);
}

static void an_error_is_not_cut_inside_a_character(void **state)
{
    (void)state;
    struct ct_error err;
    struct ct_buf text = CT_BUF_INIT;
    for (int lead = 0; lead < 4; lead++) {
        ct_buf_clear(&text);
        ct_buf_adds(&text, &"xxx"[lead]);
        while (text.n < sizeof(err.what)) {
            ct_buf_adds(&text, "\xf0\x9f\x98\x80");
        }
        (void)ct_fail(&err, CT_ERR_IO, text.p, "%s", text.p);
        assert_true(ct_utf8_valid(ct_span(err.what)));
        assert_true(ct_utf8_valid(ct_span(err.where)));
        assert_true(strlen(err.what) > sizeof(err.what) - 5);
    }
    ct_buf_free(&text);
}

static void an_error_may_quote_itself(void **state)
{
    (void)state;
    struct ct_error err;
    (void)ct_fail(&err, CT_ERR_SYNTAX, "here", NULL);
    assert_string_equal(err.what, ct_status_words(CT_ERR_SYNTAX));
    (void)ct_fail(&err, CT_ERR_CONFIG, err.where, "wrapped (%s)", err.what);
    assert_string_equal(err.where, "here");
    assert_string_equal(err.what, "wrapped (not readable as what it should be)");
    assert_string_equal(ct_status_words((enum ct_status)999), "unknown status");
}

/* ---- str ---- */

static void null_is_not_the_empty_text(void **state)
{
    (void)state;
    assert_false(ct_span_eq(CT_SPAN_NONE, CT_LIT("")));
    assert_true(ct_span_eq(CT_SPAN_NONE, ct_span(NULL)));
    assert_false(ct_span_ieq(CT_SPAN_NONE, CT_LIT("")));
    assert_true(ct_span_cmp(CT_SPAN_NONE, CT_LIT("")) < 0);
    assert_int_equal(ct_span_cmp(CT_SPAN_NONE, CT_SPAN_NONE), 0);
    assert_false(ct_span_ihas(CT_SPAN_NONE, CT_LIT("")));
    assert_false(ct_span_starts(CT_SPAN_NONE, ""));
    assert_null(ct_span_trim(CT_SPAN_NONE).p);
    assert_null(ct_xspandup(CT_SPAN_NONE));
    assert_null(ct_xstrdup(NULL));
}

static void spans_compare_and_search(void **state)
{
    (void)state;
    assert_true(ct_span_ieq(CT_LIT("H100-SXM"), CT_LIT("h100-sxm")));
    assert_false(ct_span_ieq(CT_LIT("[x"), CT_LIT("{x"))); /* 32 apart, but no letters */
    assert_true(ct_span_istarts(CT_LIT("HTTPS://x"), "https://"));
    assert_true(ct_span_starts(CT_LIT("abc"), "ab"));
    assert_false(ct_span_starts((struct ct_span){"abc", 2}, "abc"));
    assert_true(ct_span_ends(CT_LIT("a.ini"), ".ini"));
    assert_false(ct_span_ends(CT_LIT("ini"), ".ini"));
    assert_true(ct_span_ihas(CT_LIT("us-EAST-1"), CT_LIT("east")));
    assert_false(ct_span_ihas(CT_LIT("eas"), CT_LIT("east")));
    assert_true(ct_span_cmp(CT_LIT("a\xff"), CT_LIT("ab")) > 0);
    assert_true(ct_span_cmp(CT_LIT("a"), CT_LIT("ab")) < 0);
    assert_span(ct_span_trim(CT_LIT(" \t\r\n x y \v\f")), "x y");
    assert_span(ct_span_trim(CT_LIT("  ")), "");
    assert_true(ct_hash(CT_LIT("")) == UINT64_C(0xcbf29ce484222325));
    assert_true(ct_hash(CT_LIT("a")) == UINT64_C(0xaf63dc4c8601ec8c));
}

static void cut_tells_an_empty_last_field_from_none(void **state)
{
    (void)state;
    struct ct_span rest = CT_LIT("a,,b,");
    assert_span(ct_span_cut(&rest, ','), "a");
    assert_span(ct_span_cut(&rest, ','), "");
    assert_span(ct_span_cut(&rest, ','), "b");
    assert_span(rest, "");
    assert_span(ct_span_cut(&rest, ','), "");
    assert_null(rest.p);
    assert_null(ct_span_cut(&rest, ',').p);
}

/* The obvious way, exponential but right. */
static bool slow_glob(const char *p, const char *t)
{
    if (*p == '\0') {
        return *t == '\0';
    }
    if (*p == '*') {
        return slow_glob(p + 1, t) || (*t && slow_glob(p, t + 1));
    }
    return *t && (*p == '?' || *p == *t) && slow_glob(p + 1, t + 1);
}

static void glob_agrees_with_its_definition(void **state)
{
    (void)state;
    assert_true(ct_glob(CT_LIT("US-*-1"), CT_LIT("us-east-1")));
    assert_true(ct_glob(CT_LIT("*"), CT_LIT("")));
    assert_false(ct_glob(CT_LIT("?"), CT_LIT("")));
    for (int i = 0; i < 20000; i++) {
        char p[9] = "", t[9] = "";
        for (size_t n = below(8), j = 0; j < n; j++) {
            p[j] = "ab*?"[below(4)];
        }
        for (size_t n = below(8), j = 0; j < n; j++) {
            t[j] = "ab"[below(2)];
        }
        assert_int_equal(ct_glob(ct_span(p), ct_span(t)), slow_glob(p, t));
    }
}

static void glob_of_many_stars_ends_soon(void **state)
{
    (void)state;
    struct ct_buf p = CT_BUF_INIT, t = CT_BUF_INIT;
    for (int i = 0; i < 2000; i++) {
        ct_buf_adds(&p, "*a");
        ct_buf_addc(&t, 'a');
    }
    ct_buf_adds(&p, "b");
    assert_false(ct_glob(ct_buf_span(&p), ct_buf_span(&t)));
    ct_buf_free(&p);
    ct_buf_free(&t);
}

static void integers_are_whole_and_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ct_status status;
        int64_t value;
    } rows[] = {
        {"0", CT_OK, 0},
        {"-0", CT_OK, 0},
        {"+42", CT_OK, 42},
        {"000000000000000000000000000000000000007", CT_OK, 7},
        {"9223372036854775807", CT_OK, INT64_MAX},
        {"-9223372036854775808", CT_OK, INT64_MIN},
        {"9223372036854775808", CT_ERR_RANGE, 0},
        {"-9223372036854775809", CT_ERR_RANGE, 0},
        {"99999999999999999999999999", CT_ERR_RANGE, 0},
        {"99999999999999999999999999x", CT_ERR_SYNTAX, 0},
        {"", CT_ERR_SYNTAX, 0},
        {"-", CT_ERR_SYNTAX, 0},
        {"12abc", CT_ERR_SYNTAX, 0},
        {" 1", CT_ERR_SYNTAX, 0},
        {"1.0", CT_ERR_SYNTAX, 0},
        {"0x10", CT_ERR_SYNTAX, 0},
    };
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        int64_t value = 0;
        assert_int_equal(ct_span_int(ct_span(rows[i].text), &value), rows[i].status);
        assert_true(value == rows[i].value);
    }
}

static void a_buffer_grows_and_stays_terminated(void **state)
{
    (void)state;
    struct ct_buf b = CT_BUF_INIT;
    assert_span(ct_buf_span(&b), "");
    for (int i = 0; i < 1000; i++) {
        ct_buf_addf(&b, "%d,", i);
        assert_int_equal(b.p[b.n], 0);
    }
    assert_int_equal(b.n, 10 * 2 + 90 * 3 + 900 * 4);
    ct_buf_clear(&b);
    ct_buf_add(&b, CT_SPAN_NONE);
    ct_buf_add(&b, (struct ct_span){"a\0b", 3});
    ct_buf_addc(&b, 'c');
    assert_int_equal(b.n, 4);
    assert_memory_equal(b.p, "a\0bc", 5);
    ct_buf_free(&b);
    assert_null(b.p);
}

static int fatal_pipe[2];

static void tell_the_pipe(void)
{
    ssize_t n = write(fatal_pipe[1], "restored", 8);
    (void)n;
}

static void running_out_of_memory_restores_the_terminal_first(void **state)
{
    (void)state;
    assert_int_equal(pipe(fatal_pipe), 0);
    pid_t child = fork();
    if (child == 0) {
        struct ct_buf b = CT_BUF_INIT;
        close(STDERR_FILENO);
        ct_on_fatal(tell_the_pipe);
        (void)ct_buf_room(&b, SIZE_MAX - 8);
        _exit(77);
    }
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child);
    close(fatal_pipe[1]);
    char words[16] = "";
    assert_int_equal(read(fatal_pipe[0], words, sizeof(words)), 8);
    close(fatal_pipe[0]);
    assert_string_equal(words, "restored");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

/* ---- arena ---- */

static void an_arena_lives_as_long_as_whoever_keeps_it(void **state)
{
    (void)state;
    struct ct_arena *kept = ct_arena_new(0), *a = ct_arena_new(0), *b = ct_arena_new(0);
    struct ct_arena *small = ct_arena_new(3);
    struct ct_span text = ct_arena_dup(kept, CT_LIT("still here"));
    assert_true(ct_arena_keep(a, kept));
    assert_true(ct_arena_keep(b, kept));
    assert_false(ct_arena_keep(small, kept));
    assert_true(ct_arena_full(small));
    ct_arena_free(kept);
    ct_arena_reset(a);
    ct_arena_free(a);
    assert_true(ct_span_is(text, "still here"));
    assert_true(ct_arena_used(b) >= 10);
    ct_arena_free(b);
    ct_arena_free(small);
}

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct ct_arena *a = ct_arena_new(0);
    for (int round = 0; round < 3; round++) {
        unsigned char *seen[300];
        size_t sizes[300];
        for (size_t i = 0; i < CT_LEN(seen); i++) {
            sizes[i] = i % 50 == 49 ? 70000 : below(200);
            seen[i] = ct_arena_alloc(a, sizes[i]);
            assert_non_null(seen[i]);
            assert_int_equal((uintptr_t)seen[i] % _Alignof(max_align_t), 0);
            for (size_t j = 0; j < sizes[i]; j++) {
                assert_int_equal(seen[i][j], 0);
            }
            memset(seen[i], (int)(i % 255) + 1, sizes[i]);
        }
        for (size_t i = 0; i < CT_LEN(seen); i++) {
            for (size_t j = 0; j < sizes[i]; j++) {
                assert_int_equal(seen[i][j], i % 255 + 1);
            }
        }
        assert_true(ct_arena_used(a) > 6 * 70000);
        ct_arena_reset(a);
        assert_int_equal(ct_arena_used(a), 0);
    }
    ct_arena_free(a);
    ct_arena_free(NULL);
}

static void an_arena_refuses_past_its_limit_and_remembers(void **state)
{
    (void)state;
    struct ct_arena *a = ct_arena_new(1000);
    assert_non_null(ct_arena_alloc(a, 900));
    assert_false(ct_arena_full(a));
    assert_null(ct_arena_alloc(a, 200));
    assert_true(ct_arena_full(a));
    assert_null(ct_arena_dup(a, (struct ct_span){scratch, 500}).p);
    assert_null(ct_arena_printf(a, "%0*d", 500, 1).p);
    assert_null(ct_arena_alloc(a, SIZE_MAX));
    assert_null(ct_arena_alloc(a, SIZE_MAX - 5));
    ct_arena_reset(a);
    assert_false(ct_arena_full(a));
    assert_non_null(ct_arena_alloc(a, 1000));
    ct_arena_free(a);

    a = ct_arena_new(0);
    assert_null(ct_arena_alloc(a, SIZE_MAX));
    assert_true(ct_arena_full(a));
    ct_arena_free(a);
}

static void arena_text_is_copied_and_terminated(void **state)
{
    (void)state;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_span s = ct_arena_dup(a, (struct ct_span){"abcdef", 3});
    assert_span(s, "abc");
    assert_int_equal(s.p[3], 0);
    assert_null(ct_arena_dup(a, CT_SPAN_NONE).p);
    assert_span(ct_arena_dup(a, CT_LIT("")), "");
    assert_span(ct_arena_printf(a, "%s-%d", "x", 7), "x-7");
    ct_arena_free(a);
}

/* Two that grow by turns, with texts in between, and one whose arena has no more room. */
static void large_vectors_grow_where_they_are(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    struct ct_arena *a = ct_arena_new(0), *small = ct_arena_new(1 << 20);
    CT_VEC(int64_t) x = {NULL, 0, 0}, y = {NULL, 0, 0}, z = {NULL, 0, 0}, w = {NULL, 0, 0};
    struct ct_span text = CT_SPAN_NONE;
    for (int64_t i = 0; i < MANY; i++) {
        int64_t *one = CT_VEC_PUSH(a, &x), *two = i % 2 ? CT_VEC_PUSH(a, &y) : NULL;
        assert_int_equal(*one, 0);
        *one = i;
        if (two) {
            assert_int_equal(*two, 0);
            *two = -i;
            *CT_VEC_ROOM(a, &w) = 2 * i;
        }
        if (i % 1000 == 0)
            text = ct_arena_printf(a, "%d", (int)i);
    }
    for (int64_t i = 0; i < MANY; i++) {
        assert_int_equal(x.v[i], i);
        assert_int_equal(y.v[i / 2], -(i / 2 * 2 + 1));
        assert_int_equal(w.v[i / 2], -2 * y.v[i / 2]);
    }
    assert_span(text, "199000");
    size_t bytes = (x.n + y.n + w.n) * sizeof *x.v;
    assert_true(ct_arena_used(a) >= bytes && ct_arena_used(a) < bytes + bytes / 2); /* what they were before is gone */
    while (CT_VEC_PUSH(small, &z))
        z.v[z.n - 1] = (int64_t)z.n;
    assert_true(ct_arena_full(small) && z.n > 50000 && z.n * sizeof *z.v <= 1 << 20);
    assert_int_equal(z.v[z.n - 1], z.n);
    ct_arena_reset(a);
    assert_int_equal(ct_arena_used(a), 0);
    ct_arena_free(a);
    ct_arena_free(small);
}

static void a_vector_keeps_its_elements_and_stops_at_the_limit(void **state)
{
    (void)state;
    struct ct_arena *a = ct_arena_new(100000);
    CT_VEC(int64_t) v = {NULL, 0, 0};
    int64_t *slot;
    while ((slot = CT_VEC_PUSH(a, &v))) {
        assert_int_equal(*slot, 0);
        *slot = (int64_t)v.n;
    }
    assert_true(ct_arena_full(a));
    assert_true(v.n >= 4096);
    for (size_t i = 0; i < v.n; i++) {
        assert_int_equal(v.v[i], i + 1);
    }
    ct_arena_free(a);
}

/* ---- money ---- */

static void decimals_are_exact_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t scale;
        int digits;
        enum ct_status status;
        int64_t value;
    } rows[] = {
        {"0.0116", 1, 9, CT_OK, 11600000},
        {"1.5e-7", 1000000, 9, CT_OK, 150000000},
        {"0.0000166667", 1, 9, CT_OK, 16667},
        {"-1", 1, 9, CT_OK, -1000000000},
        {"-0", 1, 9, CT_OK, 0},
        {"+2.50", 1, 3, CT_OK, 2500},
        {".5", 1, 3, CT_OK, 500},
        {"5.", 1, 3, CT_OK, 5000},
        {"1E+2", 1, 0, CT_OK, 100},
        {"0e999999999999999999999999999", 1, 9, CT_OK, 0},
        {"1e-999999999999999999999999999", 1, 9, CT_OK, 0},
        {"1e-9223372036854775807", INT64_MAX, 18, CT_OK, 0},
        {"0.5", 1, 0, CT_OK, 0},
        {"1.5", 1, 0, CT_OK, 2},
        {"2.5", 1, 0, CT_OK, 2},
        {"-2.5", 1, 0, CT_OK, -2},
        {"2.50000000000000000000000000000000000000000001", 1, 0, CT_OK, 3},
        {"2.49999999999999999999999999999999999999999999", 1, 0, CT_OK, 2},
        {"0.05", 1, 0, CT_OK, 0},
        {"0.0000005", 1000000, 0, CT_OK, 0},
        {"0.0000015", 1000000, 0, CT_OK, 2},
        {"9223372036.854775807", 1, 9, CT_OK, INT64_MAX},
        {"-9223372036.854775807", 1, 9, CT_OK, -INT64_MAX},
        {"9223372036.8547758074", 1, 9, CT_OK, INT64_MAX},
        {"9223372036.8547758075", 1, 9, CT_ERR_RANGE, 0},
        {"-9223372036.854775808", 1, 9, CT_ERR_RANGE, 0}, /* that is CT_NONE */
        {"9223372036854775807", 1000000, 9, CT_ERR_RANGE, 0},
        {"1e400", 1, 9, CT_ERR_RANGE, 0},
        {"1e9999999999999999999999999", 1, 0, CT_ERR_RANGE, 0},
        {"", 1, 9, CT_ERR_SYNTAX, 0},
        {".", 1, 9, CT_ERR_SYNTAX, 0},
        {"-", 1, 9, CT_ERR_SYNTAX, 0},
        {"--1", 1, 9, CT_ERR_SYNTAX, 0},
        {"1e", 1, 9, CT_ERR_SYNTAX, 0},
        {"1e+", 1, 9, CT_ERR_SYNTAX, 0},
        {"e5", 1, 9, CT_ERR_SYNTAX, 0},
        {"1.2.3", 1, 9, CT_ERR_SYNTAX, 0},
        {"1,25", 1, 9, CT_ERR_SYNTAX, 0},
        {"12abc", 1, 9, CT_ERR_SYNTAX, 0},
        {"NaN", 1, 9, CT_ERR_SYNTAX, 0},
        {"Infinity", 1, 9, CT_ERR_SYNTAX, 0},
        {"-inf", 1, 9, CT_ERR_SYNTAX, 0},
        {"0x1p3", 1, 9, CT_ERR_SYNTAX, 0},
        {" 1", 1, 9, CT_ERR_SYNTAX, 0},
        {"1 ", 1, 9, CT_ERR_SYNTAX, 0},
        {"$1", 1, 9, CT_ERR_SYNTAX, 0},
    };
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        int64_t out = 0;
        enum ct_status status =
            ct_decimal_parse(ct_span(rows[i].text), rows[i].scale, rows[i].digits, &out);
        if (status != rows[i].status || out != rows[i].value) {
            fail_msg("%s: %s, %lld", rows[i].text, ct_status_words(status), (long long)out);
        }
    }
    int64_t out = 5;
    assert_int_equal(ct_nusd_parse(CT_SPAN_NONE, 1, &out), CT_ERR_SYNTAX);
    assert_int_equal(ct_milli_parse((struct ct_span){"1\0", 2}, &out), CT_ERR_SYNTAX);
    assert_int_equal(out, 5);
}

/* A reference that shares no idea with the code: multiply all digits out, then move the point.
 * DIGITS are numbers 0 to 9, least first. */
#define REF_DIGITS 512
struct reference {
    int n, digit[REF_DIGITS];
};

static void ref_multiply_add(struct reference *r, uint64_t factor, int add)
{
    __extension__ unsigned __int128 carry = (unsigned)add;
    for (int i = 0; i < r->n || carry; i++) {
        assert_true(i < REF_DIGITS);
        if (i == r->n) {
            r->digit[r->n++] = 0;
        }
        __extension__ unsigned __int128 t =
            (__extension__(unsigned __int128) r->digit[i]) * factor + carry;
        r->digit[i] = (int)(t % 10);
        carry = t / 10;
    }
}

/* Rounds R * 10^shift; false when the magnitude is over INT64_MAX. */
static bool ref_result(struct reference *r, int shift, uint64_t *out)
{
    struct reference kept = {.n = 0};
    for (int i = r->n - 1; i >= 0 && i >= -shift; i--) {
        ref_multiply_add(&kept, 10, r->digit[i]);
    }
    for (int i = 0; i < shift && kept.n < 100; i++) {
        ref_multiply_add(&kept, 10, 0);
    }
    int half = -shift - 1; /* the first place that is cut off */
    bool rest = false;
    for (int i = 0; i < half && i < r->n; i++) {
        rest = rest || r->digit[i];
    }
    int first = half >= 0 && half < r->n ? r->digit[half] : 0;
    bool odd = kept.n > 0 && kept.digit[0] % 2;
    if (first > 5 || (first == 5 && (rest || odd))) {
        ref_multiply_add(&kept, 1, 1);
    }
    __extension__ unsigned __int128 value = 0;
    for (int i = kept.n - 1; i >= 0; i--) {
        value = value * 10 + (unsigned)kept.digit[i];
        if (value > (unsigned long long)INT64_MAX) {
            return false;
        }
    }
    *out = (uint64_t)value;
    return true;
}

static void decimals_agree_with_long_hand_arithmetic(void **state)
{
    (void)state;
    int fitted = 0;
    for (int round = 0; round < 40000; round++) {
        char text[128];
        size_t n = 0, whole = below(25), fraction = below(45);
        int exponent = (int)below(81) - 40, digits = (int)below(19);
        bool negative = below(2), has_exponent = below(2);
        uint64_t scale = below(3) ? 1 : below(2) ? 1000000 : (any() >> (1 + below(62))) | 1;
        struct reference r = {.n = 0};
        if (whole + fraction == 0) {
            whole = 1;
        }
        if (negative) {
            text[n++] = '-';
        }
        for (size_t i = 0; i < whole + fraction; i++) {
            if (i == whole) {
                text[n++] = '.';
            }
            /* Zeros, fives and nines are where rounding goes wrong. */
            int digit = below(2) ? (int)below(10) : "\0\0\5\11"[below(4)];
            text[n++] = (char)('0' + digit);
            ref_multiply_add(&r, 10, digit);
        }
        text[n] = '\0';
        if (has_exponent) {
            n += (size_t)snprintf(text + n, sizeof(text) - n, "e%d", exponent);
        }
        ref_multiply_add(&r, scale, 0);
        uint64_t expected = 0;
        int shift = (has_exponent ? exponent : 0) + digits - (int)fraction;
        bool fits = ref_result(&r, shift, &expected);
        int64_t out = 0;
        enum ct_status status =
            ct_decimal_parse((struct ct_span){text, n}, (int64_t)scale, digits, &out);
        int64_t signed_expected = negative ? -(int64_t)expected : (int64_t)expected;
        if (status != (fits ? CT_OK : CT_ERR_RANGE) || (fits && out != signed_expected)) {
            fail_msg("%s x %llu at %d: %s, %lld, not %lld", text, (unsigned long long)scale, digits,
                     ct_status_words(status), (long long)out, (long long)signed_expected);
        }
        fitted += fits && expected;
    }
    assert_true(fitted > 10000); /* else the test looks at nothing */
}

static void a_megabyte_of_digits_is_exact_and_quick(void **state)
{
    (void)state;
    size_t n = 1000000;
    char *text = ct_xmalloc(n + 9);
    int64_t out = 0, started = ct_mono_ms();
    memset(text, '0', n);
    memcpy(text, "1.5", 3);
    assert_int_equal(ct_decimal_parse((struct ct_span){text, n}, 1, 0, &out), CT_OK);
    assert_int_equal(out, 2);
    memcpy(text, "2.5", 3);
    text[n - 1] = '1'; /* a million places behind the half */
    assert_int_equal(ct_decimal_parse((struct ct_span){text, n}, 1, 0, &out), CT_OK);
    assert_int_equal(out, 3);
    memset(text, '9', n);
    assert_int_equal(ct_decimal_parse((struct ct_span){text, n}, 1, 0, &out), CT_ERR_RANGE);
    memset(text, '0', n);
    text[n - 1] = '7';
    assert_int_equal(ct_decimal_parse((struct ct_span){text, n}, 1, 0, &out), CT_OK);
    assert_int_equal(out, 7);
    memset(text, '1', n);
    memcpy(text + n, "e-1000000", 9);
    assert_int_equal(ct_decimal_parse((struct ct_span){text, n + 9}, INT64_MAX, 0, &out), CT_OK);
    assert_true(out == INT64_C(1024819115206086201)); /* 0.11... x (2^63 - 1) */
    assert_true(ct_mono_ms() - started < 5000);
    free(text);
}

static void doubles_become_the_decimal_people_wrote(void **state)
{
    (void)state;
    int64_t out = 0;
    assert_int_equal(ct_decimal_from_double(0.1 + 0.2, 1, 18, &out), CT_OK);
    assert_true(out == INT64_C(300000000000000000));
    assert_int_equal(ct_decimal_from_double(1.5e-7, 1000000, 9, &out), CT_OK);
    assert_int_equal(out, 150000000);
    assert_int_equal(ct_decimal_from_double(-2.49, 1, 9, &out), CT_OK);
    assert_int_equal(out, -2490000000);
    assert_int_equal(ct_decimal_from_double(0.0, 1, 9, &out), CT_OK);
    assert_int_equal(out, 0);
    assert_int_equal(ct_decimal_from_double(1e300, 1, 9, &out), CT_ERR_RANGE);
    assert_int_equal(ct_decimal_from_double((double)INFINITY, 1, 9, &out), CT_ERR_RANGE);
    assert_int_equal(ct_decimal_from_double((double)NAN, 1, 9, &out), CT_ERR_RANGE);
    /* any decimal of up to fifteen digits: what its double gives is what its text gives */
    uint64_t state_of = 5;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        int64_t want = 0;
        state_of = state_of * 6364136223846793005u + 1442695040888963407u;
        uint64_t digits = (state_of >> 14) % (i % 2 ? 1000000000000000u : 10000000u);
        snprintf(text, sizeof(text), "%s%llue-%d", i % 5 ? "" : "-", (unsigned long long)digits,
                 (int)(state_of % 18));
        int64_t scale = i % 3 ? 1 : 1000000;
        enum ct_status st = ct_decimal_parse(ct_span(text), scale, 9, &want);
        assert_int_equal(ct_decimal_from_double(strtod(text, NULL), scale, 9, &out), st);
        if (st == CT_OK)
            assert_true(out == want);
    }
}

static void decimals_print_plain_and_read_back(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        int digits;
        const char *text;
    } rows[] = {
        {1250000000, 9, "1.25"}, {-3, 9, "-0.000000003"},
        {7000, 3, "7"},          {0, 9, "0"},
        {100, 0, "100"},         {INT64_MAX, 18, "9.223372036854775807"},
        {CT_NONE, 9, "-"},
    };
    char text[CT_DECIMAL_MAX];
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        int n = ct_decimal_format(text, rows[i].value, rows[i].digits);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(n, strlen(text));
    }
    for (int i = 0; i < 20000; i++) {
        int64_t value = (int64_t)(any() >> below(64)), back = 0;
        int digits = (int)below(19);
        value = value == CT_NONE ? 0 : value;
        int n = ct_decimal_format(text, value, digits);
        assert_null(strpbrk(text, "eE+"));
        assert_int_equal(ct_decimal_parse((struct ct_span){text, (size_t)n}, 1, digits, &back),
                         CT_OK);
        assert_true(back == value);
    }
}

static void decimals_for_people_round_half_to_even(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        int digits, places;
        const char *text;
    } rows[] = {
        {2485, 3, 2, "2.48"},      {2495, 3, 2, "2.50"},
        {-2485, 3, 2, "-2.48"},    {-1, 3, 2, "0.00"},
        {-5, 3, 2, "0.00"},        {-15, 3, 2, "-0.02"},
        {999995, 3, 2, "1000.00"}, {7, 0, 2, "7.00"},
        {1250, 3, 5, "1.25000"},   {1999, 3, 0, "2"},
        {INT64_MAX, 18, 0, "9"},   {INT64_MAX, 0, 18, "9223372036854775807.000000000000000000"},
        {CT_NONE, 3, 2, "-"},
    };
    char text[CT_DECIMAL_MAX];
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        int n = ct_decimal_format_fixed(text, rows[i].value, rows[i].digits, rows[i].places);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(n, strlen(text));
    }
}

static void ratios_are_exact_and_unknown_stays_unknown(void **state)
{
    (void)state;
    assert_int_equal(ct_muldiv(7, 3, 2), 10); /* 10.5 */
    assert_int_equal(ct_muldiv(5, 3, 2), 8);  /* 7.5 */
    assert_int_equal(ct_muldiv(-5, 3, 2), -8);
    assert_int_equal(ct_muldiv(5, 3, -2), -8);
    assert_true(ct_muldiv(INT64_MAX, INT64_MAX, INT64_MAX) == INT64_MAX);
    assert_true(ct_muldiv(INT64_MAX, 2, 1) == CT_NONE);
    assert_true(ct_muldiv(1, 1, 0) == CT_NONE);
    assert_true(ct_muldiv(CT_NONE, 1, 1) == CT_NONE);
    assert_true(ct_muldiv(1, CT_NONE, 1) == CT_NONE);
    assert_true(ct_muldiv(1, 1, CT_NONE) == CT_NONE);
    assert_int_equal(ct_pct_change(200, 150), -25000);
    assert_int_equal(ct_pct_change(3, 4), 33333);
    assert_int_equal(ct_pct_change(-100, -50), 50000);
    assert_true(ct_pct_change(0, 5) == CT_NONE);
    assert_true(ct_pct_change(CT_NONE, 5) == CT_NONE);
    assert_true(ct_pct_change(5, CT_NONE) == CT_NONE);
    assert_true(ct_pct_change(1, INT64_MAX) == CT_NONE);
    assert_true(ct_pct_change(INT64_MAX, -INT64_MAX) == -200000);
}

/* ---- time ---- */

static void every_form_of_time_a_source_writes_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *utc; /* NULL: refused as SYNTAX; "": RANGE */
    } rows[] = {
        {"2026-07-29T20:24:35.022Z", "2026-07-29T20:24:35.022Z"},
        {"2026-07-29T20:24:35Z", "2026-07-29T20:24:35Z"},
        {"2026-07-29T20:24:35+00:00", "2026-07-29T20:24:35Z"},
        {"2026-07-29T20:24:35-07:00", "2026-07-30T03:24:35Z"},
        {"2026-07-29T20:24:35+0530", "2026-07-29T14:54:35Z"},
        {"2026-07-29 20:24:35+00", "2026-07-29T20:24:35Z"},
        {"2026-07-29T20:24:35", "2026-07-29T20:24:35Z"},
        {"2026-07-29t20:24:35.1z", "2026-07-29T20:24:35.100Z"},
        {"2026-07-29T20:24:35.123456789Z", "2026-07-29T20:24:35.123Z"},
        {"2026-07-29T20:24Z", "2026-07-29T20:24:00Z"},
        {"2026-07-29", "2026-07-29T00:00:00Z"},
        {" 2026-09-30 20:15:16.689 ", "2026-09-30T20:15:16.689Z"},
        {"2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"},
        {"Wed, 29 Oct 2025 16:00:00 Z", "2025-10-29T16:00:00Z"},
        {"Wed, 29 Oct 2025 16:00:00 GMT", "2025-10-29T16:00:00Z"},
        {"Wed, 29 Oct 2025 16:00:00 UTC", "2025-10-29T16:00:00Z"},
        {"Wed, 29 Oct 2025 16:00:00 PST", "2025-10-30T00:00:00Z"},
        {"Wed, 29 Oct 2025 16:00:00 PDT", "2025-10-29T23:00:00Z"},
        {"Wed, 29 Oct 2025 16:00:00 EST", "2025-10-29T21:00:00Z"},
        {"Wed, 29 Oct 2025 16:00:00 EDT", "2025-10-29T20:00:00Z"},
        {"Wed, 29 Oct 2025 16:00:00 +0000", "2025-10-29T16:00:00Z"},
        {"Wed, 29 Oct 2025 16:00:00 -0330", "2025-10-29T19:30:00Z"},
        {"29 Oct 2025 16:00 GMT", "2025-10-29T16:00:00Z"},
        {"Wed, 1 Oct 25 06:07:08 GMT", "2025-10-01T06:07:08Z"},
        {"Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},
        {"Tue Sep 01 2026 00:00:00 GMT+0000 (Coordinated Universal Time)", "2026-09-01T00:00:00Z"},
        {"Tue Sep 01 2026 02:00:00 GMT+0200 (CEST)", "2026-09-01T00:00:00Z"},
        {"September 2, 2026 2:05AM UTC", "2026-09-02T02:05:00Z"},
        {"September 2, 2026 2:05 PM UTC", "2026-09-02T14:05:00Z"},
        {"September 2, 2026, 12:05am", "2026-09-02T00:05:00Z"},
        {"Sep 2, 2026 12:05PM PDT", "2026-09-02T19:05:00Z"},
        {"1772369485", "2026-03-01T12:51:25Z"},
        {"1772369485000", "2026-03-01T12:51:25Z"},
        {"1772369485.25", "2026-03-01T12:51:25.250Z"},
        {"0", "1970-01-01T00:00:00Z"},
        {"100000000000", ""}, /* seconds: the year 5138 */
        {"100000000001", "1973-03-03T09:46:40.001Z"},
        {"7289654399", "2200-12-31T23:59:59Z"},
        {"7289654400", ""},
        {"7289654400000", ""},
        {"99999999999999999999999999999", ""},
        {"1969-12-31T23:59:59Z", ""},
        {"1970-01-01T00:30:00+01:00", ""},
        {"2201-01-01T00:00:00Z", ""},
        {"0001-01-01T00:00:00Z", ""},
        {"2024-02-29", "2024-02-29T00:00:00Z"},
        {"2026-02-29", NULL},
        {"2100-02-29", NULL},
        {"2026-13-01", NULL},
        {"2026-00-10", NULL},
        {"2026-04-31T00:00:00Z", NULL},
        {"2026-07-29T24:00:00Z", NULL},
        {"2026-07-29T20:60:00Z", NULL},
        {"2026-07-29T20:24:61Z", NULL},
        {"2026-07-29T20:24:35Q", NULL},
        {"2026-07-29T20:24:35CST", NULL}, /* Chicago or Shanghai? */
        {"2026-07-29T20:24:35+24:00", NULL},
        {"2026-07-29T20:24:35+5", NULL},
        {"2026-07-29T20:24:35PST-0800", NULL},
        {"2026-07-29T20:24:35Z garbage", NULL},
        {"2026-07-29X20:24:35Z", NULL},
        {"2026-07-29T", NULL},
        {"2026-7-9", NULL},
        {"Wed, 29 Oct 2025", NULL},
        {"29 Oct 16:00:00 GMT", NULL},
        {"29 Oct Nov 2025 16:00:00 GMT", NULL},
        {"32 Oct 2025 16:00:00 GMT", NULL},
        {"September 2, 2026 13:05PM UTC", NULL},
        {"September 2, 2026 0:05AM UTC", NULL},
        {"Oct 29 2025 16:00:00 16:00:00 GMT", NULL},
        {"Oct 29 20255 16:00:00 GMT", NULL},
        {"today", NULL},
        {"-5", NULL},
        {"1e9", NULL},
        {"12:00", NULL},
        {"", NULL},
        {",,,", NULL},
    };
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        int64_t ms = -1;
        char text[CT_TIME_MAX] = "";
        enum ct_status status = ct_time_parse(ct_span(rows[i].text), &ms);
        enum ct_status wanted = !rows[i].utc     ? CT_ERR_SYNTAX
                                : rows[i].utc[0] ? CT_OK
                                                 : CT_ERR_RANGE;
        if (status == CT_OK) {
            ct_time_format(text, ms);
        }
        if (status != wanted || strcmp(text, rows[i].utc ? rows[i].utc : "") != 0 ||
            (status != CT_OK && ms != -1)) {
            fail_msg("\"%s\": %s \"%s\"", rows[i].text, ct_status_words(status), text);
        }
    }
    int64_t ms = -1;
    assert_int_equal(ct_time_parse(CT_SPAN_NONE, &ms), CT_ERR_SYNTAX);
}

static void no_bytes_break_the_time_parser(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "Sep", "2",     "2026", "12:30", "AM", "GMT", "+0100", ":", "2026-", "09-", "T",
        "Z",   "99999", " ",    ",",     "(",  ")",   "-",     ".", "\xff",  "Tue", "00"};
    for (int i = 0; i < 50000; i++) {
        struct ct_buf b = CT_BUF_INIT;
        for (size_t n = below(9); n > 0; n--) {
            ct_buf_adds(&b, parts[below(CT_LEN(parts))]);
            if (below(2)) {
                ct_buf_addc(&b, ' ');
            }
        }
        char *exact = ct_xspandup(ct_buf_span(&b)); /* so that a read past the end is seen */
        int64_t ms = -1, length = -1;
        if (ct_time_parse((struct ct_span){exact, b.n}, &ms) == CT_OK) {
            assert_true(ms >= 0 && ms < INT64_C(7289654400000) + CT_DAY);
        } else {
            assert_true(ms == -1);
        }
        if (ct_duration_parse((struct ct_span){exact, b.n}, &length) == CT_OK) {
            assert_true(length >= 0);
        }
        free(exact);
        ct_buf_free(&b);
    }
}

static void the_calendar_agrees_with_the_system(void **state)
{
    (void)state;
    for (int i = 0; i < 50000; i++) {
        int64_t ms =
            (int64_t)(any() % UINT64_C(20000000000000000)) - INT64_C(10000000000000000) / 4;
        time_t seconds = (time_t)((ms - ((ms % 1000) + 1000) % 1000) / 1000);
        struct tm tm;
        struct ct_civil c;
        assert_non_null(gmtime_r(&seconds, &tm));
        ct_civil_from_ms(ms, &c);
        assert_int_equal(c.year, tm.tm_year + 1900);
        assert_int_equal(c.month, tm.tm_mon + 1);
        assert_int_equal(c.day, tm.tm_mday);
        assert_int_equal(c.hour, tm.tm_hour);
        assert_int_equal(c.minute, tm.tm_min);
        assert_int_equal(c.second, tm.tm_sec);
        assert_int_equal(c.weekday, tm.tm_wday);
        assert_true(ct_ms_from_civil(&c) == ms);
    }
    struct ct_civil c;
    char text[CT_TIME_MAX];
    ct_civil_from_ms(INT64_MAX, &c);
    assert_int_equal(c.year, 292278994);
    ct_civil_from_ms(INT64_MIN, &c);
    assert_true(ct_time_format(text, INT64_MIN) < CT_TIME_MAX);
    assert_true(ct_time_format(text, CT_LIVE) < CT_TIME_MAX);
    c = (struct ct_civil){.year = 2026, .month = 14, .day = 0, .hour = -1};
    ct_time_format(text, ct_ms_from_civil(&c));
    assert_string_equal(text, "2027-01-30T23:00:00Z");
}

static void what_people_type_is_a_time(void **state)
{
    (void)state;
    static const struct {
        const char *text, *utc;
    } rows[] = {
        {"now", "2026-11-22T14:32:10.250Z"},
        {"-2h", "2026-11-22T12:32:10.250Z"},
        {"-90m", "2026-11-22T13:02:10.250Z"},
        {"-30d", "2026-10-23T14:32:10.250Z"},
        {"-1w", "2026-11-15T14:32:10.250Z"},
        {"2026-11-22", "2026-11-22T00:00:00Z"},
        {"2026-11-22 14:30", "2026-11-22T14:30:00Z"},
        {"2026-11-22T14:30:00+01:00", "2026-11-22T13:30:00Z"},
        {"3h ago", "2026-11-22T11:32:10.250Z"},
        {"14:30", "2026-11-22T14:30:00Z"},
        {"14:30Z", "2026-11-22T14:30:00Z"},
        {"14:33", "2026-11-21T14:33:00Z"}, /* not yet: it was yesterday */
        {"11-20", "2026-11-20T00:00:00Z"},
        {"11-20 09:15Z", "2026-11-20T09:15:00Z"},
        {"12-31 23:59", "2025-12-31T23:59:00Z"},
        {"today", "2026-11-22T00:00:00Z"},
        {"yesterday", "2026-11-21T00:00:00Z"},
        {"yesterday 14:30", "2026-11-21T14:30:00Z"},
        {"02-29", NULL}, /* neither this year nor the last had one */
        {"13-01", NULL},
        {"24:30", NULL},
        {"14:30 tomorrow", NULL},
        {"tomorrow", NULL},
        {"ago", NULL},
        {" ago", NULL},
        {"-3h ago", NULL},
        {"-2", NULL},
        {"2h", NULL},
        {"-", NULL},
        {"-1x", NULL},
        {"-9999y", NULL},
        {"1772369485", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        struct ct_error err = {.status = CT_OK};
        int64_t ms = -1;
        char text[CT_TIME_MAX];
        enum ct_status status = ct_time_parse_user(ct_span(rows[i].text), ct_now_ms(), &ms, &err);
        if (rows[i].utc) {
            assert_int_equal(status, CT_OK);
            ct_time_format(text, ms);
            assert_string_equal(text, rows[i].utc);
        } else {
            assert_int_equal(status, CT_ERR_SYNTAX);
            assert_int_equal(ms, -1);
            assert_non_null(strstr(err.what, "-30d"));
        }
    }
}

static void lengths_of_time_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: SYNTAX, -2: RANGE */
    } rows[] = {
        {"15s", 15000},     {"5m", 300000},
        {"2h", 7200000},    {"30d", 2592000000},
        {"1w", 604800000},  {"250ms", 250},
        {"15", 15000},      {"1.5", 1500},
        {"1.5h", 5400000},  {"1h30m", 5400000},
        {" 0s ", 0},        {"1y", 365 * CT_DAY},
        {"-5s", -1},        {"5 s", -1},
        {"s", -1},          {"5x", -1},
        {"", -1},           {"1h30", -1},
        {"1e3s", -1},       {"1..5h", -1},
        {"5S", -1},         {"99999999999999999999s", -2},
        {"300000000y", -2}, {"290000000y290000000y", -2},
    };
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        int64_t ms = -7;
        enum ct_status status = ct_duration_parse(ct_span(rows[i].text), &ms);
        enum ct_status wanted = rows[i].ms == -1   ? CT_ERR_SYNTAX
                                : rows[i].ms == -2 ? CT_ERR_RANGE
                                                   : CT_OK;
        if (status != wanted || ms != (rows[i].ms < 0 ? -7 : rows[i].ms)) {
            fail_msg("\"%s\": %s %lld", rows[i].text, ct_status_words(status), (long long)ms);
        }
    }
}

static void ages_are_short(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {-5, "0s"},
        {CT_NONE, "0s"},
        {999, "0s"},
        {40 * CT_SECOND, "40s"},
        {CT_MINUTE - 1, "59s"},
        {18 * CT_MINUTE, "18m"},
        {CT_HOUR, "1h"},
        {72 * CT_MINUTE, "1h12m"},
        {CT_DAY - 1, "23h59m"},
        {6 * CT_DAY + 4 * CT_HOUR + CT_MINUTE, "6d4h"},
        {27 * CT_DAY, "27d"},
        {36 * CT_DAY, "5w"},
        {INT64_MAX, "15250284452w"},
    };
    char text[CT_TIME_MAX];
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        int n = ct_age_format(text, rows[i].ms);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(n, strlen(text));
    }
}

static void the_environment_can_hold_the_clock_still(void **state)
{
    (void)state;
    char text[CT_TIME_MAX];
    ct_time_format(text, ct_now_ms());
    assert_string_equal(text, NOW);
    assert_true(setenv("CLOUDTAPE_NOW", "2030-01-01T00:00:00Z", 1) == 0);
    ct_time_format(text, ct_now_ms()); /* read once */
    assert_string_equal(text, NOW);
    int64_t mono = ct_mono_ms(), boot = ct_boot_ms();
    assert_true(mono > 0 && boot >= mono);
    assert_true(ct_mono_ms() >= mono);
}

/* ---- text ---- */

/* Every rule of reliability.md section 7.1 in one place, for whatever came out of cleaning. */
static void assert_clean(struct ct_span s)
{
    int marks = 0;
    int32_t before = 0, c;
    for (size_t pos = 0; pos < s.n; before = c) {
        pos += ct_utf8_decode(s, pos, &c);
        assert_true(c >= 0);
        assert_false(c < 0x20 && c != '\n');
        assert_false(c >= 0x7f && c < 0xa0);
        assert_false(c >= 0x200b && c <= 0x200f && c != 0x200d);
        assert_false(c >= 0x2028 && c <= 0x202e);
        assert_false(c >= 0x2060 && c <= 0x206f);
        assert_false(c == 0xad || c == 0xfeff || c == 0x115f || c == 0x3164 || c == 0x34f);
        assert_false(c >= 0xe000 && c <= 0xf8ff);
        assert_false((c >= 0xe0000 && c <= 0xe0fff) || c >= 0xf0000);
        assert_false(c >= 0xfdd0 && c <= 0xfdef);
        assert_false((c & 0xfffe) == 0xfffe);
        if (c == 0x200d) {
            assert_true(before > 0xa8 && pos < s.n);
        }
        marks = c >= 0x300 && c <= 0x36f ? marks + 1 : 0;
        assert_true(marks <= 4);
    }
    if (s.n > 0) {
        assert_span(ct_span_trim(s), s.p);
    }
}

static void hostile_text_is_cleaned(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } rows[] = {
        /* T1: sequences lose what makes them sequences. */
        {"a\x1b[2Jb", "a[2Jb"},
        {"\x1b]0;title\x07x", "]0;titlex"},
        {"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "]8;;http://x\\link]8;;\\"},
        {"\x1b]52;c;AAAA\x07", "]52;c;AAAA"},
        {"bell\x07\x7f\x08!", "bell!"},
        /* T2: C1 as a character and as a stray byte. */
        {"a\xc2\x9b"
         "2Jb",
         "a2Jb"},
        {"a\x9b"
         "2Jb",
         "a\xef\xbf\xbd"
         "2Jb"},
        {"a\xc2\x85"
         "b",
         "a b"},
        /* T3: direction, zero width, tags. */
        {"a\xe2\x80\xae"
         "b\xe2\x81\xa6"
         "c\xe2\x81\xa9",
         "abc"},
        {"a\xe2\x80\x8b"
         "b\xef\xbb\xbf"
         "c\xc2\xad"
         "d\xe2\x80\x8d"
         "e",
         "abcde"},
        {"x\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf"
         "y",
         "xy"},
        {"x\xee\x80\x80\xf4\x80\x80\x80"
         "y",
         "xy"},
        {"x\xef\xb7\x90\xef\xbf\xbe\xef\xbf\xbf\xf0\x9f\xbf\xbf"
         "y",
         "xy"},
        {"x\xe1\x85\x9f\xe3\x85\xa4"
         "y",
         "xy"},
        /* T5: one substitute per maximal subpart. */
        {"\xff", "\xef\xbf\xbd"},
        {"a\xc0\xaf"
         "b",
         "a\xef\xbf\xbd\xef\xbf\xbd"
         "b"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x98"
         "b",
         "\xef\xbf\xbd"
         "b"},
        {"b\xe2\x82", "b\xef\xbf\xbd"},
        {"\xf1\x80\x80\xe1\x80\xc2\x62", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                                         "b"},
        /* T7: one line. */
        {"a\nb\tc\rd\r\ne\vf", "a b c d e f"},
        {"  US-MO-1 \n", "US-MO-1"},
        {"a\xc2\xa0\xe3\x80\x80\xe2\x80\xa8 b", "a b"},
        {"", ""},
        {" \t\n", ""},
        /* Marks need a base; emoji keep their glue, other text does not. */
        {"\xcc\x81"
         "a\xcc\x81 \xcc\x81"
         "b",
         "a\xcc\x81 b"},
        {"\xe2\x9d\xa4\xef\xb8\x8f!", "\xe2\x9d\xa4\xef\xb8\x8f!"},
        {"\xe2\x9d\xa4\xef\xb8\x8f\xef\xb8\x8f!", "\xe2\x9d\xa4\xef\xb8\x8f!"},
        {"a\xef\xb8\x8f"
         "b",
         "ab"},
        {"1\xef\xb8\x8f\xe2\x83\xa3", "1\xef\xb8\x8f\xe2\x83\xa3"},
        {"1\xef\xb8\x8f"
         "2",
         "12"},
        {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
         "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"},
        {"\xf0\x9f\x91\xa9\xe2\x80\x8dx", "\xf0\x9f\x91\xa9x"},
        {"\xf0\x9f\x91\xa9\xe2\x80\x8d", "\xf0\x9f\x91\xa9"},
        {"\xe6\x97\xa5\xe6\x9c\xac \xd0\x9f", "\xe6\x97\xa5\xe6\x9c\xac \xd0\x9f"},
    };
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        char out[256];
        size_t n = ct_text_clean(out, sizeof(out), ct_span(rows[i].from), 0);
        if (strcmp(out, rows[i].to) != 0 || n != strlen(out)) {
            fail_msg("row %zu: \"%s\" is not \"%s\"", i, out, rows[i].to);
        }
        assert_clean((struct ct_span){out, n});
    }
    char out[16];
    assert_int_equal(ct_text_clean(out, sizeof(out), (struct ct_span){"a\0b", 3}, 0), 2);
    assert_string_equal(out, "ab");
    assert_int_equal(ct_text_clean(out, 0, CT_LIT("a"), 0), 0);
}

static void bodies_keep_their_lines(void **state)
{
    (void)state;
    char out[64];
    ct_text_clean(out, sizeof(out), CT_LIT("\r\n a  b \r\n\tc\rd\n \n\n\n\ne\n"), CT_TEXT_LINES);
    assert_string_equal(out, "a b\nc\nd\n\ne");
}

static void one_base_never_carries_many_marks(void **state)
{
    (void)state;
    struct ct_buf zalgo = CT_BUF_INIT, family = CT_BUF_INIT, tones = CT_BUF_INIT;
    ct_buf_adds(&zalgo, "a");
    ct_buf_adds(&tones, "\xf0\x9f\x91\x8b");
    for (int i = 0; i < 10000; i++) {
        ct_buf_adds(&zalgo, "\xcc\x81");
        ct_buf_adds(&tones, "\xf0\x9f\x8f\xbf");
        ct_buf_adds(&family, "\xf0\x9f\x91\xa9\xe2\x80\x8d");
    }
    char out[CT_TEXT_BYTES];
    assert_int_equal(ct_text_clean(out, sizeof(out), ct_buf_span(&zalgo), 0), 1 + 4 * 2);
    assert_int_equal(ct_text_width(ct_span(out)), 1);
    assert_int_equal(ct_text_clean(out, sizeof(out), ct_buf_span(&tones), 0), 4 + 4 * 4);
    size_t n = ct_text_clean(out, sizeof(out), ct_buf_span(&family), 0), pos = 0;
    struct ct_span cluster;
    while (ct_text_next((struct ct_span){out, n}, &pos, &cluster) >= 0) {
        assert_true(cluster.n <= 5 * 4 + 4 * 3);
    }
    /* The screen's own guard holds for text that was never cleaned. */
    for (pos = 0; ct_text_next(ct_buf_span(&family), &pos, &cluster) >= 0;) {
        assert_true(cluster.n > 0 && cluster.n <= 64);
    }
    for (pos = 0; ct_text_next(ct_buf_span(&zalgo), &pos, &cluster) >= 0;) {
        assert_true(cluster.n > 0 && cluster.n <= 64);
    }
    ct_buf_free(&zalgo);
    ct_buf_free(&family);
    ct_buf_free(&tones);
}

/* Random text out of what breaks programs: controls, marks, joiners, pictures, halves of
 * characters. */
static struct ct_span nasty_text(char *out, size_t room)
{
    static const int32_t points[] = {
        'a',     ' ',     '\n',    '\r',   '\t',     0x1b,   0x7f,   0x9b,   0x301,   0x20e3,
        0x200d,  0xfe0f,  0xfe0e,  0x200b, 0x202e,   '1',    '#',    0x2764, 0x1f469, 0x1f4bb,
        0x1f3fb, 0x1f1e9, 0x1f1ea, 0x65e5, 0x1100,   0x1161, 0x11a8, 0xac00, 0x93e,   0xd4e,
        0xe0067, 0x3000,  0xfffe,  0xe000, 0x10ffff, 0x2028, 0x115f, 0x34f,  0xa9,    0xfdfd};
    size_t n = 0, want = below(room - 4);
    while (n < want) {
        size_t kind = below(8);
        if (kind == 0) {
            out[n++] = (char)any();
        } else if (kind == 1) {
            int32_t c = (int32_t)below(0x110000);
            n += ct_utf8_encode(out + n, c >= 0xd800 && c < 0xe000 ? 'x' : c);
        } else {
            n += ct_utf8_encode(out + n, points[below(CT_LEN(points))]);
        }
    }
    return (struct ct_span){out, n};
}

static void cleaning_any_bytes_is_clean_and_done_once(void **state)
{
    (void)state;
    char from[204], once[400], twice[400];
    for (int i = 0; i < 40000; i++) {
        struct ct_span src = nasty_text(from, sizeof(from));
        unsigned flags = below(2) ? CT_TEXT_LINES : 0;
        size_t cap = below(3) ? sizeof(once) : below(40) + 1;
        size_t n = ct_text_clean(once, cap, src, flags);
        assert_true(n < cap);
        assert_int_equal(once[n], 0);
        assert_int_equal(strlen(once), n);
        assert_clean((struct ct_span){once, n});
        assert_true(flags || !strchr(once, '\n'));
        assert_null(strstr(once, "\n\n\n"));
        assert_int_equal(ct_text_clean(twice, cap, (struct ct_span){once, n}, flags), n);
        assert_string_equal(once, twice);
    }
}

static void clusters_cover_any_bytes_in_order(void **state)
{
    (void)state;
    char from[204];
    for (int i = 0; i < 20000; i++) {
        struct ct_span src = nasty_text(from, sizeof(from)), cluster;
        char *exact = ct_xspandup(src);
        size_t pos = 0, expect = 0;
        int width, sum = 0;
        src.p = exact;
        while ((width = ct_text_next(src, &pos, &cluster)) >= 0) {
            assert_true(width <= 2);
            assert_ptr_equal(cluster.p, exact + expect);
            assert_true(cluster.n > 0 && cluster.n <= 64);
            expect += cluster.n;
            assert_int_equal(pos, expect);
            sum += width;
        }
        assert_int_equal(expect, src.n);
        assert_int_equal(ct_text_width(src), sum);
        free(exact);
    }
}

static void widths_are_those_of_our_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int width;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"e\xcc\x81", 1},
        {"\xe6\x97\xa5\xe6\x9c\xac", 4},             /* wide */
        {"\xef\xbc\xa1", 2},                         /* fullwidth A */
        {"\xef\xbd\xb1", 1},                         /* halfwidth katakana */
        {"\xc2\xa7\xe2\x94\x82\xce\xb1", 3},         /* ambiguous is narrow */
        {"\xe2\xa0\x81", 1},                         /* braille */
        {"\xe2\x96\x88", 1},                         /* block */
        {"\xc2\xad", 0},                             /* soft hyphen */
        {"\xe1\x85\x9f", 0},                         /* Hangul filler */
        {"\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", 2}, /* one syllable of three letters */
        {"\xea\xb0\x80", 2},
        {"\x1b[", 1},
        {"\xc2\x9b", 0},
        {"\xe2\x80\xa8", 0},
        {"\xf0\x9f\x98\x80", 2},
        {"\xe2\x9d\xa4\xef\xb8\x8f", 2},         /* asked to be a picture */
        {"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", 2}, /* a flag */
        {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 2},
        {"\xff\xfe", 2}, /* two substitutes */
    };
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        if (ct_text_width(ct_span(rows[i].text)) != rows[i].width) {
            fail_msg("row %zu: %d, not %d", i, ct_text_width(ct_span(rows[i].text)), rows[i].width);
        }
    }
}

static void names_bodies_and_ids_have_limits(void **state)
{
    (void)state;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_buf text = CT_BUF_INIT;
    for (int i = 0; i < 4000; i++) {
        ct_buf_adds(&text, "\xe6\x97\xa5");
    }
    assert_int_equal(ct_clean_name(a, ct_buf_span(&text)).n, CT_NAME_POINTS * 3);
    assert_int_equal(ct_clean_body(a, ct_buf_span(&text)).n, CT_TEXT_BYTES / 3 * 3);
    assert_null(ct_clean_name(a, CT_SPAN_NONE).p);
    assert_null(ct_clean_body(a, CT_SPAN_NONE).p);
    assert_null(ct_clean_id(a, CT_SPAN_NONE).p);
    assert_span(ct_clean_name(a, CT_LIT("\x1b")), "");
    assert_span(ct_clean_id(a, CT_LIT(" us-east-1\n")), "us-east-1");
    for (size_t n = 120; n < 140; n++) {
        struct ct_span raw = {text.p, n / 3 * 3};
        struct ct_span id = ct_clean_id(a, raw);
        if (raw.n <= CT_ID_BYTES) {
            assert_true(ct_span_eq(id, raw));
        } else {
            assert_int_equal(id.n, 17);
            assert_int_equal(id.p[0], '#');
            assert_true(ct_span_eq(ct_clean_id(a, id), id));
        }
    }
    struct ct_span one = ct_clean_id(a, (struct ct_span){text.p, 600});
    assert_false(ct_span_eq(one, ct_clean_id(a, (struct ct_span){text.p, 603})));
    assert_true(ct_span_eq(one, ct_clean_id(a, (struct ct_span){text.p, 600})));
    ct_buf_free(&text);
    ct_arena_free(a);

    a = ct_arena_new(8);
    assert_null(ct_clean_name(a, CT_LIT("too long for the arena")).p);
    assert_true(ct_arena_full(a));
    ct_arena_free(a);
}

static void only_plain_web_addresses_pass(void **state)
{
    (void)state;
    struct ct_arena *a = ct_arena_new(0);
    static const char *const good[] = {"https://x.example/a?b=c#d", "HTTP://X",
                                       "https://1.2.3.4:80/", "https://\xc3\xa4.example/"};
    static const char *const bad[] = {"",
                                      "ftp://x",
                                      "javascript:alert(1)",
                                      "file:///etc/passwd",
                                      "//x",
                                      "https://",
                                      "https:///etc",
                                      "https://?",
                                      "-https://x",
                                      "https://x/a b",
                                      "https://x/\"",
                                      "https://x/'",
                                      "https://x/\x1b[2J",
                                      "https://x/a\nb",
                                      "https://x/\x7f",
                                      "https://x/\xff",
                                      "https://x/\xe2\x80\xae",
                                      "https://x/<b>",
                                      "https://x\\y"};
    for (size_t i = 0; i < CT_LEN(good); i++) {
        assert_span(ct_clean_url(a, ct_span(good[i])), good[i]);
    }
    for (size_t i = 0; i < CT_LEN(bad); i++) {
        if (ct_clean_url(a, ct_span(bad[i])).p) {
            fail_msg("%s passed", bad[i]);
        }
    }
    assert_null(ct_clean_url(a, CT_SPAN_NONE).p);
    assert_null(ct_clean_url(a, (struct ct_span){"https://x/\0y", 12}).p);
    char *large = ct_xmalloc(3000);
    memset(large, 'x', 3000);
    memcpy(large, "https://", 8);
    assert_null(ct_clean_url(a, (struct ct_span){large, 3000}).p);
    assert_int_equal(ct_clean_url(a, (struct ct_span){large, 2048}).n, 2048);
    free(large);
    ct_arena_free(a);
}

static void masked_text_is_one_visible_line(void **state)
{
    (void)state;
    char text[] = "a\x1b[2J\nb\tc\xc2\x9b"
                  "d\xe2\x80\xae"
                  "e\xff"
                  "f \xc3\xa4";
    ct_text_mask(text);
    assert_string_equal(text, "a?[2J?b?c?d?e?f \xc3\xa4");
}

/* ---- JSON and CSV ---- */

static void json_reads_back_as_it_was_written(void **state)
{
    (void)state;
    struct ct_buf out = CT_BUF_INIT;
    struct ct_jw w;
    ct_jw_init(&w, &out);
    ct_jw_object(&w);
    ct_jw_key(&w, "text \"\\\n\x01");
    ct_jw_text(
        &w,
        CT_LIT(
            "q\" b\\ n\n t\t e\x1b c1\xc2\x9b ls\xe2\x80\xa8 \xf0\x9f\x98\x80 bad\xff\xe2\x82."));
    ct_jw_key(&w, "null");
    ct_jw_text(&w, CT_SPAN_NONE);
    ct_jw_key(&w, "empty");
    ct_jw_text(&w, CT_LIT(""));
    ct_jw_key(&w, "list");
    ct_jw_array(&w);
    ct_jw_int(&w, INT64_MAX);
    ct_jw_int(&w, CT_NONE);
    ct_jw_int(&w, -7);
    ct_jw_decimal(&w, 1250000000, 9);
    ct_jw_decimal(&w, CT_NONE, 9);
    ct_jw_decimal(&w, -3, 9);
    ct_jw_bool(&w, true);
    ct_jw_bool(&w, false);
    ct_jw_null(&w);
    ct_jw_time(&w, ct_now_ms());
    ct_jw_time(&w, CT_NONE);
    ct_jw_time(&w, CT_LIVE);
    ct_jw_object(&w);
    ct_jw_end_object(&w);
    ct_jw_array(&w);
    ct_jw_end_array(&w);
    ct_jw_end_array(&w);
    ct_jw_key(&w, "last");
    ct_jw_int(&w, 0);
    ct_jw_end_object(&w);

    for (size_t i = 0; i < out.n; i++) {
        assert_true((unsigned char)out.p[i] >= 0x20);
    }
    assert_null(strstr(out.p, "\xc2\x9b"));
    assert_null(strstr(out.p, "\xe2\x80\xa8"));
    assert_non_null(strstr(out.p, ",1.25,null,-0.000000003,true,"));
    json_error_t e;
    json_t *root = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, &e);
    assert_non_null(root);
    assert_int_equal(json_object_size(root), 5);
    assert_string_equal(json_string_value(json_object_get(root, "text \"\\\n\x01")),
                        "q\" b\\ n\n t\t e\x1b c1\xc2\x9b ls\xe2\x80\xa8 \xf0\x9f\x98\x80 "
                        "bad\xef\xbf\xbd\xef\xbf\xbd.");
    assert_true(json_is_null(json_object_get(root, "null")));
    assert_string_equal(json_string_value(json_object_get(root, "empty")), "");
    json_t *list = json_object_get(root, "list");
    assert_int_equal(json_array_size(list), 14);
    assert_true(json_integer_value(json_array_get(list, 0)) == INT64_MAX);
    assert_true(json_is_null(json_array_get(list, 1)));
    assert_true(json_is_true(json_array_get(list, 6)));
    assert_true(json_is_false(json_array_get(list, 7)));
    assert_string_equal(json_string_value(json_array_get(list, 9)), NOW);
    assert_true(json_is_null(json_array_get(list, 11)));
    json_decref(root);
    ct_buf_free(&out);
}

static void json_of_any_bytes_is_json(void **state)
{
    (void)state;
    char from[204];
    struct ct_buf out = CT_BUF_INIT;
    for (int i = 0; i < 5000; i++) {
        struct ct_span src = nasty_text(from, sizeof(from));
        struct ct_jw w;
        ct_buf_clear(&out);
        ct_jw_init(&w, &out);
        ct_jw_array(&w);
        ct_jw_text(&w, src);
        ct_jw_end_array(&w);
        json_t *root = json_loadb(out.p, out.n, JSON_ALLOW_NUL, NULL);
        assert_non_null(root);
        json_t *text = json_array_get(root, 0);
        if (ct_utf8_valid(src)) {
            struct ct_span back = {json_string_value(text), json_string_length(text)};
            assert_true(ct_span_eq(back, src));
        }
        json_decref(root);
    }
    ct_buf_free(&out);
}

static void json_rows_at_the_top_are_lines(void **state)
{
    (void)state;
    struct ct_buf out = CT_BUF_INIT;
    struct ct_jw w;
    ct_jw_init(&w, &out);
    ct_jw_int(&w, 1);
    ct_jw_array(&w);
    ct_jw_end_array(&w);
    ct_buf_addc(&out, '\n');
    ct_jw_null(&w);
    assert_span(ct_buf_span(&out), "1\n[]\nnull");
    ct_buf_free(&out);
}

static void csv_cells_are_quoted_and_never_formulas(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cell;
    } rows[] = {
        {NULL, ""},
        {"", "\"\""},
        {"plain", "plain"},
        {"a,b", "\"a,b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {" blank ", "\" blank \""},
        {"=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""},
        {"+1", "\"'+1\""},
        {"@x", "\"'@x\""},
        {"-cmd", "\"'-cmd\""},
        {"\t=1", "\"'\t=1\""},
        {"\rx", "\"'\rx\""},
        {"  =1+1", "\"'  =1+1\""},
        {"\n@SUM(A1)", "\"'\n@SUM(A1)\""},
        {"-1.25", "-1.25"},
        {"-0.000000003", "-0.000000003"},
        {"-1+1", "\"'-1+1\""},
        {"-1.2.3", "\"'-1.2.3\""},
        {"-", "\"'-\""},
        {"--1", "\"'--1\""},
        {" -1", "\"' -1\""},
        {"1e5", "1e5"},
        {"a=b", "a=b"},
    };
    struct ct_buf out = CT_BUF_INIT;
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        ct_buf_clear(&out);
        ct_csv_cell(&out, ct_span(rows[i].text), ',', true);
        assert_span(ct_buf_span(&out), rows[i].cell);
    }
    ct_buf_clear(&out);
    ct_csv_cell(&out, CT_LIT("a,b"), '\t', true);
    ct_csv_cell(&out, CT_SPAN_NONE, '\t', false);
    ct_csv_cell(&out, CT_LIT("c\td"), '\t', false);
    assert_span(ct_buf_span(&out), "a,b\t\t\"c\td\"");
    ct_buf_free(&out);
}

/* ---- log ---- */

static void assert_mode(const char *path, mode_t mode)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, mode);
}

static void a_log_record_is_one_private_line(void **state)
{
    (void)state;
    struct ct_error err;
    struct ct_buf text = CT_BUF_INIT;
    char large[6000];
    assert_int_equal(ct_write_file(in_scratch("log"), CT_LIT(""), &err), CT_OK);
    assert_int_equal(chmod(in_scratch("log"), 0644), 0); /* left by somebody careless */
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    ct_log(CT_LOG_ERROR, "before the log is open");
    mode_t mask = umask(0);
    assert_int_equal(ct_log_open(in_scratch("log"), CT_LOG_INFO, &err), CT_OK);
    umask(mask);
    ct_log(CT_LOG_DEBUG, "too small to note");
    ct_log(CT_LOG_WARN, "evil %s", "a\nERROR forged\x1b[2J\xc2\x9b\xff\xe2\x80\xae");
    ct_log(CT_LOG_ERROR, "%s", large);
    ct_log_close();
    ct_log(CT_LOG_ERROR, "after it was closed");
    assert_mode(in_scratch("log"), 0600);
    assert_int_equal(ct_read_file(in_scratch("log"), 100000, &text, &err), CT_OK);
    struct ct_span rest = ct_buf_span(&text);
    assert_span(ct_span_cut(&rest, '\n'), NOW " WARN  evil a?ERROR forged?[2J???");
    assert_true(ct_span_cut(&rest, '\n').n > 4000);
    assert_span(rest, "");
    ct_buf_free(&text);
}

static void a_full_log_is_turned_over_and_three_are_kept(void **state)
{
    (void)state;
    struct ct_error err;
    struct stat st;
    assert_int_equal(ct_log_open(in_scratch("turn"), CT_LOG_DEBUG, &err), CT_OK);
    for (int i = 0; i < 5; i++) {
        ct_log(CT_LOG_INFO, "record %d", i);
        assert_int_equal(truncate(in_scratch("turn"), 10 << 20), 0);
    }
    ct_log(CT_LOG_INFO, "record 5");
    ct_log_close();
    assert_int_equal(stat(in_scratch("turn"), &st), 0);
    assert_true(st.st_size < 200);
    assert_int_equal(stat(in_scratch("turn.1"), &st), 0);
    assert_int_equal(stat(in_scratch("turn.2"), &st), 0);
    assert_int_equal(stat(in_scratch("turn.3"), &st), -1);
    struct ct_buf text = CT_BUF_INIT;
    assert_int_equal(ct_read_file(in_scratch("turn.2"), 20 << 20, &text, &err), CT_OK);
    assert_non_null(strstr(text.p, "record 3\n"));
    ct_buf_free(&text);
}

static void the_log_follows_no_link(void **state)
{
    (void)state;
    struct ct_error err;
    char link[1024];
    (void)snprintf(link, sizeof(link), "%s", in_scratch("planted"));
    assert_int_equal(symlink(in_scratch("victim"), link), 0);
    assert_int_equal(ct_log_open(link, CT_LOG_INFO, &err), CT_ERR_IO);
    assert_non_null(strstr(err.what, "symbolic link"));
    assert_int_equal(access(in_scratch("victim"), F_OK), -1);
    assert_int_equal(ct_log_open(scratch, CT_LOG_INFO, &err), CT_ERR_IO);
}

/* ---- ini ---- */

static enum ct_status note_setting(void *ctx, const char *section, const char *key,
                                   const char *value, int line, struct ct_error *err)
{
    ct_buf_addf(ctx, "%d [%s] %s = %s\n", line, section, key, value);
    if (strcmp(key, "bad") == 0) {
        return ct_fail(err, CT_ERR_CONFIG, "", "no such key");
    }
    return strcmp(key, "mute") == 0 ? CT_ERR_RANGE : CT_OK;
}

static void note_problem(void *ctx, const char *where, const char *what)
{
    ct_buf_addf(ctx, "! %s: %s\n", where, what);
}

static void assert_ini(const char *text, const char *expected)
{
    struct ct_buf seen = CT_BUF_INIT;
    char *exact = ct_xstrdup(text);
    ct_ini_parse((struct ct_span){exact, strlen(exact)}, "f", note_setting, note_problem, &seen);
    free(exact);
    assert_span(ct_buf_span(&seen), expected);
    ct_buf_free(&seen);
}

static void settings_arrive_with_their_line(void **state)
{
    (void)state;
    assert_ini("", "");
    assert_ini("tz = utc\n\n# note\n[scope]\nproviders = aws, gcp ; inline\r\nempty =\n"
               "[source a b]\nx : 1=2",
               "1 [] tz = utc\n5 [scope] providers = aws, gcp\n6 [scope] empty = \n"
               "8 [source a b] x = 1=2\n");
    assert_ini("\xef\xbb\xbf"
               "a = 1\n",
               "1 [] a = 1\n");
    assert_ini("a = x;y\n", "1 [] a = x;y\n");
}

static void continuation_lines_are_joined_by_a_blank(void **state)
{
    (void)state;
    assert_ini("[s]\na = one,\n   two, ; note\n\n\t# comment\n\tthree\nb = 2\n",
               "2 [s] a = one, two, three\n7 [s] b = 2\n");
    assert_ini("a =\n  x\n  y=z\n", "1 [] a = x y=z\n");
    assert_ini("a = 1\n[s]\n  b = 2\n  c\n", "1 [] a = 1\n3 [s] b = 2 c\n");
}

static void each_wrong_line_is_named_and_the_rest_is_read(void **state)
{
    (void)state;
    assert_ini("a = 1\nwhat is this\n   more of it\nb = 2\nnor this",
               "1 [] a = 1\n! f:2: neither [section] nor key = value\n4 [] b = 2\n"
               "! f:5: neither [section] nor key = value\n");
    assert_ini("what\n  x = 1\nb = 2\n", "! f:1: neither [section] nor key = value\n3 [] b = 2\n");
    assert_ini("a = \xff\n  more\nb = 2\n", "! f:1: not valid UTF-8\n3 [] b = 2\n");
    assert_ini("bad = 1\nmute = 2\nok = 3\n",
               "1 [] bad = 1\n! f:1: no such key\n2 [] mute = 2\n"
               "! f:2: outside the range that can be held\n3 [] ok = 3\n");
    assert_ini("a = \xff\nb = \x1b[2J\nc = 3\n",
               "! f:1: not valid UTF-8\n! f:2: control character in the line\n3 [] c = 3\n");
}

static void a_broken_header_takes_its_settings_with_it(void **state)
{
    (void)state;
    assert_ini("[a]\nx = 1\n[broken\ny = 2\n  more\nz = 3\n[c]\nw = 4\n",
               "2 [a] x = 1\n! f:3: section header without ]\n8 [c] w = 4\n");
    assert_ini("[1234567890123456789012345678901234567890123456789]\ny = 2\n",
               "! f:1: section name is longer than 48 bytes\n");
    assert_ini("[123456789012345678901234567890123456789012345678]\ny = 2\n",
               "2 [123456789012345678901234567890123456789012345678] y = 2\n");
}

static void a_line_too_long_is_an_error_not_a_cut_value(void **state)
{
    (void)state;
    char text[600], expected[600];
    (void)snprintf(text, sizeof(text), "a = %0194d\r\nb = 1\n", 7); /* 198 bytes: fits */
    (void)snprintf(expected, sizeof(expected), "1 [] a = %0194d\n2 [] b = 1\n", 7);
    assert_ini(text, expected);
    const char *problem = "line is longer than 198 bytes: go on in an indented line";
    (void)snprintf(text, sizeof(text), "z = 0\na = %0195d\n  7\nb = 1\n", 7);
    (void)snprintf(expected, sizeof(expected), "1 [] z = 0\n! f:2: %s\n4 [] b = 1\n", problem);
    assert_ini(text, expected);
    /* In the middle of a list: the whole list is refused, not shortened. */
    (void)snprintf(text, sizeof(text), "a = 1,\n  %0300d,\n  3\nb = 1\n", 2);
    (void)snprintf(expected, sizeof(expected), "! f:2: %s\n4 [] b = 1\n", problem);
    assert_ini(text, expected);
}

static void no_bytes_break_the_ini_reader(void **state)
{
    (void)state;
    static const char *const parts[] = {"[", "]",    "a",    "=",     ";",       " ;",
                                        "#", "\n",   "\n",   "\n ",   "\r\n",    "\t",
                                        ":", "\xff", "\x1b", "[s]\n", "k = v\n", "  more\n"};
    for (int i = 0; i < 20000; i++) {
        struct ct_buf b = CT_BUF_INIT, seen = CT_BUF_INIT;
        for (size_t n = below(30); n > 0; n--) {
            ct_buf_adds(&b, parts[below(CT_LEN(parts))]);
        }
        ct_buf_addc(&b, '\0');
        ct_ini_parse(ct_buf_span(&b), "f", note_setting, note_problem, &seen);
        assert_true(ct_utf8_valid(ct_buf_span(&seen)));
        assert_null(strchr(ct_buf_span(&seen).p, '\x1b'));
        assert_non_null(strstr(seen.p, "! f:")); /* the NUL at the end, at least */
        ct_buf_free(&b);
        ct_buf_free(&seen);
    }
}

static void ini_files_are_read_within_limits(void **state)
{
    (void)state;
    struct ct_buf seen = CT_BUF_INIT;
    struct ct_error err;
    char *large = ct_xmalloc((1 << 20) + 1);
    memset(large, '\n', (1 << 20) + 1);
    assert_int_equal(ct_write_file(in_scratch("c.ini"), CT_LIT("k = v\n"), &err), CT_OK);
    assert_int_equal(ct_ini_read(in_scratch("c.ini"), note_setting, note_problem, &seen, &err),
                     CT_OK);
    assert_span(ct_buf_span(&seen), "1 [] k = v\n");
    assert_int_equal(ct_ini_read(in_scratch("none.ini"), note_setting, note_problem, &seen, &err),
                     CT_ERR_NOT_FOUND);
    assert_int_equal(ct_ini_read(scratch, note_setting, note_problem, &seen, &err), CT_ERR_IO);
    assert_int_equal(
        ct_write_file(in_scratch("l.ini"), (struct ct_span){large, (1 << 20) + 1}, &err), CT_OK);
    ct_buf_clear(&seen);
    assert_int_equal(ct_ini_read(in_scratch("l.ini"), note_setting, note_problem, &seen, &err),
                     CT_OK);
    assert_non_null(strstr(seen.p, "l.ini:1: file is larger than 1 MiB"));
    free(large);
    ct_buf_free(&seen);
}

static void a_typo_finds_the_word_that_was_meant(void **state)
{
    (void)state;
    static const char *const words[] = {"timeout", "every", "enabled", "token_env", "tz", NULL};
    assert_string_equal(ct_nearest("timeuot", words), "timeout");
    assert_string_equal(ct_nearest("Enable", words), "enabled");
    assert_string_equal(ct_nearest("tokenenv", words), "token_env");
    assert_string_equal(ct_nearest("zt", words), "tz");
    assert_string_equal(ct_nearest("every", words), "every");
    assert_null(ct_nearest("colour", words));
    assert_null(ct_nearest("", words));
    char large[200] = "";
    memset(large, 'e', sizeof(large) - 1);
    assert_null(ct_nearest(large, words));
}

/* ---- paths ---- */

static void xdg_folders_follow_the_rules(void **state)
{
    (void)state;
    struct ct_buf out = CT_BUF_INIT;
    assert_true(setenv("HOME", "/home/x", 1) == 0 && unsetenv("XDG_CONFIG_HOME") == 0);
    assert_true(setenv("XDG_STATE_HOME", "/var/state", 1) == 0);
    assert_true(setenv("XDG_DATA_HOME", "not/absolute", 1) == 0);
    ct_path_config(&out, "config.ini");
    assert_span(ct_buf_span(&out), "/home/x/.config/cloudtape/config.ini");
    ct_path_state(&out, "");
    assert_span(ct_buf_span(&out), "/var/state/cloudtape");
    ct_path_data(&out, "cloudtape.db");
    assert_span(ct_buf_span(&out), "/home/x/.local/share/cloudtape/cloudtape.db");
    ct_buf_free(&out);
}

static void resources_are_found_and_nothing_outside(void **state)
{
    (void)state;
    struct ct_buf out = CT_BUF_INIT;
    struct ct_error err;
    assert_int_equal(ct_mkdirs(in_scratch("data/themes"), &err), CT_OK);
    assert_int_equal(ct_write_file(in_scratch("data/themes/x.theme"), CT_LIT(""), &err), CT_OK);
    assert_int_equal(ct_write_file(in_scratch("secret"), CT_LIT(""), &err), CT_OK);
    assert_int_equal(setenv("CLOUDTAPE_DATADIR", in_scratch("data"), 1), 0);
    assert_int_equal(ct_path_resource(&out, "themes/x.theme", &err), CT_OK);
    assert_span(ct_buf_span(&out), in_scratch("data/themes/x.theme"));
    assert_int_equal(ct_path_resource(&out, "themes/y.theme", &err), CT_ERR_NOT_FOUND);
    assert_non_null(strstr(err.what, "data/themes/y.theme, "));
    static const char *const bad[] = {"", "../secret", "themes/../../secret", "/etc/passwd",
                                      "themes"};
    for (size_t i = 0; i < CT_LEN(bad); i++) {
        assert_int_equal(ct_path_resource(&out, bad[i], &err), CT_ERR_NOT_FOUND);
        assert_int_equal(out.n, 0);
    }
    ct_buf_free(&out);
}

static void programs_are_found_in_their_order(void **state)
{
    (void)state;
    struct ct_buf out = CT_BUF_INIT;
    struct ct_error err;
    assert_int_equal(ct_mkdirs(in_scratch("bin"), &err), CT_OK);
    assert_int_equal(ct_write_file(in_scratch("bin/ct-test-tool"), CT_LIT("#!"), &err), CT_OK);
    assert_int_equal(setenv("PATH", in_scratch("bin"), 1), 0);
    assert_int_equal(ct_path_program(&out, "ct-test-tool", &err), CT_ERR_NOT_FOUND);
    assert_int_equal(chmod(in_scratch("bin/ct-test-tool"), 0700), 0);
    assert_int_equal(ct_path_program(&out, "ct-test-tool", &err), CT_OK);
    assert_span(ct_buf_span(&out), in_scratch("bin/ct-test-tool"));
    assert_int_equal(setenv("CLOUDTAPE_FETCHER", in_scratch("bin/ct-test-tool"), 1), 0);
    assert_int_equal(ct_path_program(&out, "cloudtape-fetcher", &err), CT_OK);
    assert_span(ct_buf_span(&out), in_scratch("bin/ct-test-tool"));
    assert_int_equal(setenv("CLOUDTAPE_FETCHER", in_scratch("none"), 1), 0);
    assert_int_equal(ct_path_program(&out, "cloudtape-fetcher", &err), CT_ERR_NOT_FOUND);
    assert_int_equal(unsetenv("CLOUDTAPE_FETCHER"), 0);
    assert_int_equal(ct_path_program(&out, "test_base", &err), CT_OK); /* beside ourselves */
    ct_buf_free(&out);
}

static void folders_are_made_private(void **state)
{
    (void)state;
    struct ct_error err;
    mode_t mask = umask(0);
    assert_int_equal(ct_mkdirs(in_scratch("p//q/r/"), &err), CT_OK);
    umask(mask);
    assert_mode(in_scratch("p"), 0700);
    assert_mode(in_scratch("p/q/r"), 0700);
    assert_int_equal(ct_mkdirs(in_scratch("p/q/r"), &err), CT_OK);
    assert_int_equal(ct_write_file(in_scratch("p/file"), CT_LIT("x"), &err), CT_OK);
    assert_int_not_equal(ct_mkdirs(in_scratch("p/file"), &err), CT_OK);
    assert_int_not_equal(ct_mkdirs(in_scratch("p/file/x"), &err), CT_OK);
}

static void files_are_replaced_whole_and_private(void **state)
{
    (void)state;
    struct ct_error err;
    struct ct_buf out = CT_BUF_INIT;
    char link[1024], victim[1024];
    (void)snprintf(victim, sizeof(victim), "%s", in_scratch("kept"));
    (void)snprintf(link, sizeof(link), "%s", in_scratch("w"));
    assert_int_equal(ct_write_file(victim, CT_LIT("old"), &err), CT_OK);
    assert_int_equal(symlink(victim, link), 0);
    mode_t mask = umask(0);
    assert_int_equal(ct_write_file(link, (struct ct_span){"n\0w", 3}, &err), CT_OK);
    umask(mask);
    assert_mode(link, 0600);
    assert_int_equal(ct_read_file(link, 3, &out, &err), CT_OK);
    assert_int_equal(out.n, 3);
    assert_memory_equal(out.p, "n\0w", 4);
    assert_int_equal(ct_read_file(link, 2, &out, &err), CT_ERR_LIMIT);
    assert_int_equal(out.n, 0);
    assert_int_equal(ct_read_file(victim, 10, &out, &err), CT_OK);
    assert_span(ct_buf_span(&out), "old"); /* the link was replaced, not followed */
    assert_int_equal(ct_write_file(in_scratch("no/such/folder"), CT_LIT("x"), &err),
                     CT_ERR_NOT_FOUND);
    assert_int_equal(ct_read_file(in_scratch("missing"), 10, &out, &err), CT_ERR_NOT_FOUND);
    assert_int_equal(ct_read_file(scratch, 10, &out, &err), CT_ERR_IO);
    assert_int_equal(ct_write_file(in_scratch("empty"), CT_LIT(""), &err), CT_OK);
    assert_int_equal(ct_read_file(in_scratch("empty"), 0, &out, &err), CT_OK);
    ct_buf_free(&out);
}

/* ---- the program ---- */

static int make_scratch(void **state)
{
    (void)state;
    const char *build = getenv("CT_BUILDDIR");
    (void)snprintf(scratch, sizeof(scratch), "%s/base.XXXXXX", build ? build : "/tmp");
    return mkdtemp(scratch) && setenv("CLOUDTAPE_NOW", NOW, 1) == 0 ? 0 : -1;
}

static int drop_scratch(void **state)
{
    (void)state;
    static const char *const names[] = {"log",         "turn",   "turn.1", "turn.2",
                                        "planted",     "c.ini",  "l.ini",  "data/themes/x.theme",
                                        "data/themes", "data",   "secret", "bin/ct-test-tool",
                                        "bin",         "p/file", "p/q/r",  "p/q",
                                        "p",           "w",      "kept",   "empty"};
    for (size_t i = 0; i < CT_LEN(names); i++) {
        (void)remove(in_scratch(names[i]));
    }
    return rmdir(scratch); /* fails when a test left something behind */
}

/* Berlin, in rules that need no files of the machine: set forward on 29 March 2026 at 01:00Z, back on
 * 25 October at 01:00Z. */
static void the_wall_clock_knows_its_summers(void **state)
{
    (void)state;
    static const struct {
        const char *now;
        int minute; /* on the wall */
        const char *two_thirty, *seven; /* when they last came */
    } rows[] = {
        {"2026-01-15T12:00:00Z", 13 * 60, "2026-01-15T01:30:00Z", "2026-01-15T06:00:00Z"},
        {"2026-07-15T12:00:00Z", 14 * 60, "2026-07-15T00:30:00Z", "2026-07-15T05:00:00Z"},
        {"2026-03-29T00:59:59Z", 119, "2026-03-28T01:30:00Z", "2026-03-28T06:00:00Z"},
        {"2026-03-29T01:00:00Z", 180, "2026-03-28T01:30:00Z", "2026-03-28T06:00:00Z"},
        {"2026-03-29T01:30:00Z", 210, "2026-03-29T01:30:00Z", "2026-03-28T06:00:00Z"},
        {"2026-03-29T05:00:00Z", 420, "2026-03-29T01:30:00Z", "2026-03-29T05:00:00Z"},
        {"2026-10-25T00:45:00Z", 165, "2026-10-25T00:30:00Z", "2026-10-24T05:00:00Z"},
        {"2026-10-25T01:45:00Z", 165, "2026-10-25T00:30:00Z", "2026-10-24T05:00:00Z"}, /* not again */
        {"2026-10-25T05:59:59Z", 419, "2026-10-25T00:30:00Z", "2026-10-24T05:00:00Z"},
        {"2026-10-25T06:00:00Z", 420, "2026-10-25T00:30:00Z", "2026-10-25T06:00:00Z"},
        {"1969-12-31T23:30:00Z", 30, "1969-12-31T01:30:00Z", "1969-12-31T06:00:00Z"},
    };
    ct_zone_set("CET-1CEST,M3.5.0,M10.5.0/3");
    for (size_t i = 0; i < CT_LEN(rows); i++) {
        char at[CT_TIME_MAX];
        int64_t now = -CT_MINUTE * 30;
        if (i + 1 < CT_LEN(rows))
            assert_int_equal(ct_time_parse(ct_span(rows[i].now), &now), CT_OK);
        assert_int_equal(ct_local_minute(now), rows[i].minute);
        ct_time_format(at, ct_local_last(now, 150));
        assert_string_equal(at, rows[i].two_thirty);
        ct_time_format(at, ct_local_last(now, 420));
        assert_string_equal(at, rows[i].seven);
    }
    /* what a person types by that clock */
    static const char *const typed[][2] = {
        {"14:30", "2026-07-15T12:30:00Z"},       {"14:30Z", "2026-07-14T14:30:00Z"}, {"03-29 03:30", "2026-03-29T01:30:00Z"},
        {"01-10", "2026-01-09T23:00:00Z"},       {"-2h", "2026-07-15T11:00:00Z"},    {"2026-01-10 01:00", "2026-01-10T00:00:00Z"},
        {"3h ago", "2026-07-15T10:00:00Z"},      {"now", "2026-07-15T13:00:00Z"},    {"2026-01-10T01:00:00+05:00", "2026-01-09T20:00:00Z"},
        {"2026-01-10T01:00:00-05:00", "2026-01-10T06:00:00Z"},
    };
    for (size_t i = 0; i < CT_LEN(typed); i++) {
        char at[CT_TIME_MAX];
        int64_t now = 0, ms = 0;
        assert_int_equal(ct_time_parse(CT_LIT("2026-07-15T13:00:00Z"), &now), CT_OK);
        assert_int_equal(ct_time_parse_local(ct_span(typed[i][0]), now, &ms, NULL), CT_OK);
        ct_time_format(at, ms);
        assert_string_equal(at, typed[i][1]);
    }
    /* quiet hours: they end by the clock on the wall, also in the night it is put forward or back */
    static const struct {
        const char *now;
        int from, to;
        const char *until;
    } quiet[] = {
        {"2026-11-02T20:59:59Z", 22 * 60, 7 * 60, "2026-11-02T20:59:59Z"},
        {"2026-11-02T21:00:10Z", 22 * 60, 7 * 60, "2026-11-03T06:00:00Z"},
        {"2026-11-03T05:59:59Z", 22 * 60, 7 * 60, "2026-11-03T06:00:00Z"},
        {"2026-11-03T06:00:00Z", 22 * 60, 7 * 60, "2026-11-03T06:00:00Z"},
        {"2026-11-03T06:00:00Z", 7 * 60, 8 * 60, "2026-11-03T07:00:00Z"},
        {"2026-11-03T06:00:00Z", 0, 0, "2026-11-03T06:00:00Z"},
        {"2026-03-28T22:00:00Z", 22 * 60, 7 * 60, "2026-03-29T05:00:00Z"},
        {"2026-10-24T22:00:00Z", 22 * 60, 7 * 60, "2026-10-25T06:00:00Z"},
        {"2026-10-25T01:40:00Z", 2 * 60, 2 * 60 + 45, "2026-10-25T01:45:00Z"}, /* 2:40 for the second time */
    };
    for (size_t i = 0; i < CT_LEN(quiet); i++) {
        char at[CT_TIME_MAX];
        int64_t now = 0;
        assert_int_equal(ct_time_parse(ct_span(quiet[i].now), &now), CT_OK);
        ct_time_format(at, ct_local_outside(now, quiet[i].from, quiet[i].to));
        assert_string_equal(at, quiet[i].until);
    }
    ct_zone_set("UTC");
    assert_int_equal(ct_local_minute(INT64_C(1793491200000)), 0);
    static const char *const no[] = {"", "Nowhere/Land", "../etc/passwd", "/etc/passwd", "Europe/Berlin;x", "."};
    for (size_t i = 0; i < CT_LEN(no); i++)
        assert_false(ct_zone_known(no[i]));
    assert_true(ct_zone_known("UTC"));
    assert_true(ct_zone_known("CET-1CEST,M3.5.0,M10.5.0/3"));
    static const char *const times[] = {"24:00", "7", "07:60", "7:5", ":30", "-1:00", "007:00", ""};
    for (size_t i = 0; i < CT_LEN(times); i++)
        assert_int_equal(ct_minute_parse(ct_span(times[i])), -1);
    assert_int_equal(ct_minute_parse(CT_LIT("7:05")), 425);
}

static int by_key_and_place(const void *a, const void *b)
{
    const struct ct_keyed *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : (x->i > y->i) - (x->i < y->i);
}

static void keyed_things_stand_in_order_and_equal_ones_as_they_came(void **state)
{
    enum { MOST = 700 };
    static struct ct_keyed v[MOST], spare[MOST], want[MOST];
    uint64_t roll = 5;
    (void)state;
    for (size_t n = 0; n < MOST; n += 1 + n / 3) {
        for (int bits = 0; bits <= 64; bits += 8) {
            for (size_t i = 0; i < n; i++) {
                roll = roll * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                uint64_t key = bits == 0 ? 7 : roll >> (64 - bits);
                v[i] = want[i] = (struct ct_keyed){i % 3 ? key : key << 9, (uint32_t)i};
            }
            ct_keyed_sort(v, n, spare);
            qsort(want, n, sizeof *want, by_key_and_place);
            for (size_t i = 0; i < n; i++) {
                assert_true(v[i].key == want[i].key);
                assert_int_equal(v[i].i, want[i].i);
            }
        }
    }
    assert_true(ct_key_of(INT64_MIN) < ct_key_of(-1) && ct_key_of(-1) < ct_key_of(0) && ct_key_of(0) < ct_key_of(INT64_MAX));
}

static void texts_that_last_have_the_numbers_of_others(void **state)
{
    static const char text[] = "aabaabbbaabab";
    struct ct_terms lasting = {.v = NULL}, others = {.v = NULL};
    (void)state;
    for (int round = 0; round < 3; round++)
        for (size_t from = 0; from < sizeof text; from++)
            for (size_t n = 0; n < sizeof text - from; n++)
                for (int64_t with = 0; with < 3; with++) {
                    struct ct_term term = {{n == 9 ? NULL : text + from, n == 9 ? 0 : n}, {with, -with}};
                    assert_int_equal(ct_terms_lasting(&lasting, term), ct_terms_number(&others, term));
                }
    ct_terms_free(&lasting);
    ct_terms_free(&others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keyed_things_stand_in_order_and_equal_ones_as_they_came),
        cmocka_unit_test(texts_that_last_have_the_numbers_of_others),
        cmocka_unit_test(an_error_is_one_line_and_never_overflows),
        cmocka_unit_test(the_wall_clock_knows_its_summers),
        cmocka_unit_test(an_error_is_not_cut_inside_a_character),
        cmocka_unit_test(an_error_may_quote_itself),
        cmocka_unit_test(null_is_not_the_empty_text),
        cmocka_unit_test(spans_compare_and_search),
        cmocka_unit_test(cut_tells_an_empty_last_field_from_none),
        cmocka_unit_test(glob_agrees_with_its_definition),
        cmocka_unit_test(glob_of_many_stars_ends_soon),
        cmocka_unit_test(integers_are_whole_and_checked),
        cmocka_unit_test(a_buffer_grows_and_stays_terminated),
        cmocka_unit_test(running_out_of_memory_restores_the_terminal_first),
        cmocka_unit_test(an_arena_lives_as_long_as_whoever_keeps_it),
        cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(an_arena_refuses_past_its_limit_and_remembers),
        cmocka_unit_test(large_vectors_grow_where_they_are),
        cmocka_unit_test(arena_text_is_copied_and_terminated),
        cmocka_unit_test(a_vector_keeps_its_elements_and_stops_at_the_limit),
        cmocka_unit_test(decimals_are_exact_or_refused),
        cmocka_unit_test(decimals_agree_with_long_hand_arithmetic),
        cmocka_unit_test(a_megabyte_of_digits_is_exact_and_quick),
        cmocka_unit_test(doubles_become_the_decimal_people_wrote),
        cmocka_unit_test(decimals_print_plain_and_read_back),
        cmocka_unit_test(decimals_for_people_round_half_to_even),
        cmocka_unit_test(ratios_are_exact_and_unknown_stays_unknown),
        cmocka_unit_test(every_form_of_time_a_source_writes_is_read),
        cmocka_unit_test(no_bytes_break_the_time_parser),
        cmocka_unit_test(the_calendar_agrees_with_the_system),
        cmocka_unit_test(what_people_type_is_a_time),
        cmocka_unit_test(lengths_of_time_are_read),
        cmocka_unit_test(ages_are_short),
        cmocka_unit_test(the_environment_can_hold_the_clock_still),
        cmocka_unit_test(hostile_text_is_cleaned),
        cmocka_unit_test(bodies_keep_their_lines),
        cmocka_unit_test(one_base_never_carries_many_marks),
        cmocka_unit_test(cleaning_any_bytes_is_clean_and_done_once),
        cmocka_unit_test(clusters_cover_any_bytes_in_order),
        cmocka_unit_test(widths_are_those_of_our_table),
        cmocka_unit_test(names_bodies_and_ids_have_limits),
        cmocka_unit_test(only_plain_web_addresses_pass),
        cmocka_unit_test(masked_text_is_one_visible_line),
        cmocka_unit_test(json_reads_back_as_it_was_written),
        cmocka_unit_test(json_of_any_bytes_is_json),
        cmocka_unit_test(json_rows_at_the_top_are_lines),
        cmocka_unit_test(csv_cells_are_quoted_and_never_formulas),
        cmocka_unit_test(a_log_record_is_one_private_line),
        cmocka_unit_test(a_full_log_is_turned_over_and_three_are_kept),
        cmocka_unit_test(the_log_follows_no_link),
        cmocka_unit_test(settings_arrive_with_their_line),
        cmocka_unit_test(continuation_lines_are_joined_by_a_blank),
        cmocka_unit_test(each_wrong_line_is_named_and_the_rest_is_read),
        cmocka_unit_test(a_broken_header_takes_its_settings_with_it),
        cmocka_unit_test(a_line_too_long_is_an_error_not_a_cut_value),
        cmocka_unit_test(no_bytes_break_the_ini_reader),
        cmocka_unit_test(ini_files_are_read_within_limits),
        cmocka_unit_test(a_typo_finds_the_word_that_was_meant),
        cmocka_unit_test(xdg_folders_follow_the_rules),
        cmocka_unit_test(resources_are_found_and_nothing_outside),
        cmocka_unit_test(programs_are_found_in_their_order),
        cmocka_unit_test(folders_are_made_private),
        cmocka_unit_test(files_are_replaced_whole_and_private),
    };
    return cmocka_run_group_tests_name("base", tests, make_scratch, drop_scratch);
}
