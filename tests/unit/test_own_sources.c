/* Sources of people's own: rows as NDJSON, from an address or from a program. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db/base/timeutil.h"
#include "fetchers/exec.h"
#include "tests/unit/parse_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

/* ---- rows ---- */

static struct run parse_text(const char *text)
{
    return parse_span(ct_family_find("rows"), ct_span(text));
}

static void rows_are_read_as_parse_prints_them(void **state)
{
    (void)state;
    struct run r = parse_fixture(ct_family_find("rows"), "good.ndjson");
    assert_int_equal(r.status, CT_OK);
    assert_int_equal(r.rows.offers.n, 2);
    assert_int_equal(r.rows.notes.n, 1);
    assert_int_equal(r.rows.offers.v[0].price_per_gpu_hour, INT64_C(2500000000)); /* derived */
    assert_int_equal(r.rows.offers.v[1].price_per_hour, CT_NONE);
    assert_null(r.rows.offers.v[1].cloud.p);
    done(&r);
    r = parse_fixture(ct_family_find("rows"), "status.ndjson");
    assert_int_equal(r.status, CT_OK);
    assert_int_equal(r.rows.components.n + r.rows.incidents.n + r.rows.updates.n, 3);
    assert_int_equal(r.rows.data_ms, INT64_C(1788256800000));
    done(&r);
}

static void rows_take_the_cloud_of_their_source_where_they_name_none(void **state)
{
    (void)state;
    struct ct_buf body = CT_BUF_INIT;
    struct ct_parse_hint hint = {CT_LIT("acme"), CT_SPAN_NONE};
    struct ct_arena *arena = ct_arena_new(0);
    struct ct_batch b;
    ct_batch_init(&b, arena);
    read_fixture(ct_family_find("rows"), "good.ndjson", &body);
    assert_int_equal(ct_family_find("rows")->parse(ct_buf_span(&body), &hint, &b, NULL), CT_OK);
    assert_true(ct_span_is(b.offers.v[1].cloud, "acme"));
    ct_buf_free(&body);
    ct_arena_free(arena);
}

static void one_bad_line_refuses_the_answer_by_number_and_reason(void **state)
{
    (void)state;
#define GOOD "{\"row\":\"component\",\"id\":\"a\",\"state\":\"operational\"}\n"
#define OFFER(rest) "{\"row\":\"offer\",\"gpu\":\"H100\",\"purchase\":\"od\"," rest "}"
    static const struct {
        const char *text, *where, *what;
    } cases[] = {
        {GOOD "{\"row\":\"component\",\"id\":\"b\"}", "line 2", "\"state\" is missing"},
        {GOOD "\n{\"row\":\"component\",\"id\":\"\",\"state\":\"unknown\"}", "line 3",
         "\"id\" is missing"},
        {GOOD "{\"row\":\"componnt\"}", "line 2", "nearest: \"component\""},
        {GOOD "{\"row\":\"component\",\"id\":\"b\",\"state\":\"fine\"}", "line 2", "state"},
        {GOOD "{\"row\":\"component\",", "line 2", "not JSON"},
        {GOOD "[1]", "line 2", "one JSON object"},
        {"{\"row\":\"offer\",\"purchase\":\"od\"}", "line 1", "\"gpu\" is missing"},
        {OFFER("\"price_per_hour\":2"), "line 1", "currency"},
        {OFFER("\"currency\":\"USD\",\"price_per_hour\":0"), "line 1", "more than zero"},
        {OFFER("\"currency\":\"USD\",\"price_per_gpu_hour\":-1"), "line 1", "more than zero"},
        {OFFER("\"gpu_count\":0"), "line 1", "more than zero"},
        {OFFER("\"currency\":\"USD\",\"price_per_hour\":1e400"), "line 1", "JSON"},
        {"", "rows", "an empty body"},
        {"<!DOCTYPE html><html></html>", "rows", "an HTML page"},
        {"[]", "rows", "JSON list"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct run r = parse_text(cases[i].text);
        if (r.status == CT_OK || !strstr(r.err.where, cases[i].where) ||
            (!strstr(r.err.what, cases[i].what) && !strstr(r.err.where, cases[i].what)))
            fail_msg("case %zu: %s: %s", i, r.err.where, r.err.what);
        assert_int_equal(ct_batch_rows(&r.rows) + r.rows.notes.n, 0);
        done(&r);
    }
}

/* ---- pages that moved ---- */

static void a_page_that_moved_is_named_by_the_family_that_reads_it(void **state)
{
    (void)state;
    static const struct {
        const char *family, *file, *was; /* WAS: what the source believes it to be */
    } moved[] = {
        {"instatus-summary", "good.json", "statuspage-summary"},
        {"incidentio-compat", "good.json", "instatus-summary"},
        {"statuspage-summary", "good.json", "betterstack-index"},
        {"betterstack-index", "good.json", "statuspage-summary"},
        {"checkly-unresolved", "good.json", "statuspage-summary"},
        {"aws-rss", "good.xml", "azure-rss"},
    };
    for (size_t i = 0; i < CT_LEN(moved); i++) {
        struct ct_buf body = CT_BUF_INIT;
        struct ct_error err = {.status = CT_ERR_SHAPE, .what = "refused"};
        const struct ct_family *was = ct_family_find(moved[i].was);
        read_fixture(ct_family_find(moved[i].family), moved[i].file, &body);
        const struct ct_family *f = ct_family_reading(ct_families, was, ct_buf_span(&body));
        if (!f || strcmp(f->name, moved[i].family) != 0)
            fail_msg("%s, not %s", f ? f->name : "none", moved[i].family);
        ct_family_suggest(&err, ct_families, was, ct_buf_span(&body));
        assert_non_null(strstr(err.what, "refused; family "));
        ct_buf_free(&body);
    }
    static const char *const shells[] = {"<!DOCTYPE html><html><body>Loading</body></html>", "",
                                         "[]", "{\"error\":\"gone\"}"};
    for (size_t i = 0; i < CT_LEN(shells); i++)
        assert_null(
            ct_family_reading(ct_families, ct_family_find("instatus-summary"), ct_span(shells[i])));
}

/* What each family makes of a good answer is of its own kind: the fetcher refuses rows of another. */
static void good_answers_fit_a_source_of_their_family(void **state)
{
    (void)state;
    int tried = 0;
    for (size_t i = 0; ct_families[i]; i++) {
        char folder[512];
        const char *top = getenv("CT_SRCDIR");
        snprintf(folder, sizeof folder, "%s/tests/data/%s", top ? top : ".", ct_families[i]->name);
        DIR *dir = opendir(folder);
        for (struct dirent *d; dir && (d = readdir(dir));) {
            if (strncmp(d->d_name, "good", 4) != 0)
                continue;
            struct run r = parse_fixture(ct_families[i], d->d_name);
            struct ct_source s = {.ops = ct_families[i]};
            struct ct_error e = {0};
            if (r.status == CT_OK && strcmp(ct_families[i]->name, "rows") != 0 && ct_source_fits(&s, &r.rows, &e) != CT_OK)
                fail_msg("%s/%s: %s", ct_families[i]->name, d->d_name, e.what);
            tried += r.status == CT_OK;
            ct_arena_free(r.arena);
        }
        if (dir)
            closedir(dir);
    }
    assert_true(tried > 30);
}

/* ---- programs ---- */

struct end {
    int calls;
    enum ct_status status;
    char output[4096], what[600];
    size_t n;
};

static void on_end(void *ctx, const struct ct_exec_answer *a)
{
    struct end *e = ctx;
    e->calls++;
    e->status = a->status;
    e->n = a->output.n;
    snprintf(e->output, sizeof e->output, "%.*s", CT_FMT(a->output));
    snprintf(e->what, sizeof e->what, "%s: %s", a->err.where, a->err.what);
}

/* SCRIPT through sh, to its end. */
static struct end run_script(const char *script, size_t max_bytes, int64_t total_ms)
{
    char sh[] = "/bin/sh", c[] = "-c", source[] = "CT_SOURCE=acme";
    char *argv[] = {sh, c, (char *)(uintptr_t)script, NULL}, *env[] = {source, NULL};
    struct ct_exec_request req = {
        .argv = argv, .env = env, .max_bytes = max_bytes, .total_ms = total_ms};
    struct ct_exec *x = ct_exec_new();
    struct ct_error err = {0};
    struct end e = {0};
    assert_int_equal(ct_exec_start(x, &req, on_end, &e, &err), CT_OK);
    for (int64_t end = ct_mono_ms() + 30 * CT_SECOND; ct_exec_running(x) && ct_mono_ms() < end;) {
        ct_exec_poll(x);
        usleep(2000);
    }
    assert_int_equal(e.calls, 1);
    ct_exec_free(x);
    return e;
}

static void words_are_split_at_blanks_and_held_by_quotes_and_nothing_else(void **state)
{
    (void)state;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_error err = {0};
    char **v = ct_command_words(a, CT_LIT("/bin/x  --a 'b c'\"d \" $HOME `id` *;"), &err);
    static const char *const want[] = {"/bin/x", "--a", "b cd ", "$HOME", "`id`", "*;"};
    for (size_t i = 0; i < CT_LEN(want); i++)
        assert_string_equal(v[i], want[i]);
    assert_null(v[CT_LEN(want)]);
    v = ct_command_words(a, CT_LIT("/bin/x ''"), &err);
    assert_string_equal(v[1], "");
    assert_null(ct_command_words(a, CT_LIT("/bin/x 'y"), &err));
    assert_null(ct_command_words(a, CT_LIT("  "), &err));
    ct_arena_free(a);
}

static void a_program_gets_a_clean_world_and_no_open_files(void **state)
{
    (void)state;
    setenv("CT_TEST_SECRET", "hush", 1);
    int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, as a careless library opens */
    struct end e = run_script("echo $CT_SOURCE; pwd; ls /proc/self/fd | tr '\\n' ' '; env; cat; "
                              "ps -o pgid= -p $$ 2>/dev/null | tr -d ' '",
                              4000, 20000);
    close(leak);
    unsetenv("CT_TEST_SECRET");
    assert_int_equal(e.status, CT_OK);
    assert_int_equal(strncmp(e.output, "acme\n/\n0 1 2 3 ", 15),
                     0); /* 3 is ls reading the folder */
    assert_null(strstr(e.output, " 4 "));
    assert_null(strstr(e.output, "hush"));
    assert_non_null(strstr(e.output, "PATH="));
    assert_null(strstr(e.output, "CT_SRCDIR="));
}

static void a_program_that_fails_says_so_with_its_last_words(void **state)
{
    (void)state;
    struct end e = run_script("echo half; echo first >&2; printf 'no \\033[2Jroute\\n' >&2; exit 3",
                              4000, 20000);
    assert_int_equal(e.status, CT_ERR_IO);
    assert_non_null(strstr(e.what, "sh: ended with 3: no "));
    assert_null(strchr(e.what, '\033'));
    e = run_script("kill -9 $$", 4000, 20000);
    assert_non_null(strstr(e.what, "signal 9"));
}

static void a_program_is_stopped_at_its_time_with_all_it_started(void **state)
{
    (void)state;
    char path[] = "/tmp/ct-exec-XXXXXX", script[200];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    snprintf(script, sizeof script, "(sleep 2; echo late >%s) & sleep 60", path);
    int64_t start = ct_mono_ms();
    struct end e = run_script(script, 4000, 300);
    assert_int_equal(e.status, CT_ERR_IO);
    assert_non_null(strstr(e.what, "not finished within 300 ms"));
    assert_true(ct_mono_ms() - start < 20000);
    /* A child that holds the pipe does not hold us, and does not outlive its leader. */
    snprintf(script, sizeof script, "(sleep 2; echo late >%s) & echo out", path);
    e = run_script(script, 4000, 20000);
    assert_int_equal(e.status, CT_OK);
    assert_string_equal(e.output, "out\n");
    usleep(2500000);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 0);
    close(fd);
    unlink(path);
}

static void a_program_that_floods_is_stopped_at_the_cap(void **state)
{
    (void)state;
    struct end e = run_script("yes", 100000, 20000);
    assert_int_equal(e.status, CT_ERR_LIMIT);
    assert_non_null(strstr(e.what, "more than 100000 bytes"));
    e = run_script("i=0; while [ $i -lt 20000 ]; do echo $i noise >&2; i=$((i+1)); done; echo ok",
                   4000, 30000);
    assert_int_equal(e.status, CT_OK);
    assert_string_equal(e.output, "ok\n");
}

static void what_cannot_be_started_is_told_at_once(void **state)
{
    (void)state;
    char program[] = "/nowhere/prices", *argv[] = {program, NULL};
    struct ct_exec_request req = {.argv = argv, .max_bytes = 100, .total_ms = 1000};
    struct ct_exec *x = ct_exec_new();
    struct ct_error err = {0};
    struct end e = {0};
    assert_int_equal(ct_exec_start(x, &req, on_end, &e, &err), CT_ERR_IO);
    assert_non_null(strstr(err.what, "No such file"));
    assert_int_equal(ct_exec_running(x), 0);
    ct_exec_free(x);
    assert_int_equal(e.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_as_parse_prints_them),
        cmocka_unit_test(rows_take_the_cloud_of_their_source_where_they_name_none),
        cmocka_unit_test(one_bad_line_refuses_the_answer_by_number_and_reason),
        cmocka_unit_test(a_page_that_moved_is_named_by_the_family_that_reads_it),
        cmocka_unit_test(good_answers_fit_a_source_of_their_family),
        cmocka_unit_test(words_are_split_at_blanks_and_held_by_quotes_and_nothing_else),
        cmocka_unit_test(a_program_gets_a_clean_world_and_no_open_files),
        cmocka_unit_test(a_program_that_fails_says_so_with_its_last_words),
        cmocka_unit_test(a_program_is_stopped_at_its_time_with_all_it_started),
        cmocka_unit_test(a_program_that_floods_is_stopped_at_the_cap),
        cmocka_unit_test(what_cannot_be_started_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
