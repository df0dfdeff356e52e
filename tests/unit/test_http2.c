/* The door to the network over HTTP/2, which most public sources speak. Loopback only. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_fixture.h"
#include "tests/server/h2.h"
#include "tests/server/server.h"

#include <stdlib.h>

static struct {
    char dir[64], ca[96], cert[96], key[96];
} env;

struct test {
    struct ts_h2 *server;
    struct ct_http *h;
};

static int begin(void **state)
{
    struct test *t = calloc(1, sizeof *t);
    t->server = ts_h2_new(env.cert, env.key);
    t->h = open_http(true, env.ca);
    *state = t;
    return 0;
}

static int end(void **state)
{
    struct test *t = *state;
    ct_http_free(t->h);
    ts_h2_free(t->server);
    free(t);
    return 0;
}

static struct ct_http_request request(const struct test *t, const char *path, char url[300])
{
    snprintf(url, 300, "https://127.0.0.1:%d%s", ts_h2_port(t->server), path);
    return (struct ct_http_request){.url = url, .max_bytes = 1 << 20, .total_ms = 20000};
}

static void get(const struct test *t, const char *path, struct got *g)
{
    char url[300];
    struct ct_http_request r = request(t, path, url);
    ask(t->h, &r, g);
}

/* PATH gives {"a":1}. */
static void works(const struct test *t, const char *path)
{
    struct got g;
    get(t, path, &g);
    if (g.status != CT_OK)
        fail_msg("%s: %s: %s", path, g.err.where, g.err.what);
    assert_int_equal(g.http_status, 200);
    assert_string_equal(g.body.p, "{\"a\":1}");
    ct_buf_free(&g.body);
}

static void answers_arrive_whole_packed_or_not_over_one_connection(void **state)
{
    struct test *t = *state;
    struct got g;
    works(t, "/whole");
    works(t, "/gzip");
    get(t, "/large", &g);
    assert_int_equal(g.status, CT_OK);
    assert_int_equal(g.body.n, 300000);
    ct_buf_free(&g.body);
    get(t, "/nowhere", &g);
    assert_int_equal(g.http_status, 404);
    ct_buf_free(&g.body);
    assert_int_equal(ts_h2_connections(t->server), 1);
}

static void requests_share_at_most_two_connections(void **state)
{
    enum { N = 20 };
    struct test *t = *state;
    static struct got g[N];
    struct ct_error err;
    char url[300];
    struct ct_http_request r = request(t, "/whole", url);
    for (int i = 0; i < N; i++) {
        g[i] = (struct got){0};
        assert_int_equal(ct_http_start(t->h, &r, on_done, &g[i], &err), CT_OK);
    }
    finish_all(t->h);
    for (int i = 0; i < N; i++) {
        assert_true(g[i].calls == 1 && g[i].status == CT_OK && g[i].http_status == 200);
        ct_buf_free(&g[i].body);
    }
    assert_int_equal(ts_h2_hits(t->server, "/whole"), N);
    assert_true(ts_h2_connections(t->server) <= 2);
}

/* libcurl 7.88 can hold a finished answer until its next time-out, about a second. */
static void rounds_without_news_do_not_stall(void **state)
{
    enum { ROUNDS = 20, EACH = 4 };
    struct test *t = *state;
    static struct got g[EACH];
    struct ct_error err;
    char url[300];
    struct ct_http_request r = request(t, "/whole", url);
    int slow = 0;
    r.etag = CT_LIT("\"v1\"");
    for (int round = 0; round < ROUNDS; round++) {
        int64_t from = ct_mono_ms();
        for (int i = 0; i < EACH; i++) {
            g[i] = (struct got){0};
            assert_int_equal(ct_http_start(t->h, &r, on_done, &g[i], &err), CT_OK);
        }
        finish_all(t->h);
        slow += round > 0 && ct_mono_ms() - from > 700;
        for (int i = 0; i < EACH; i++) {
            assert_int_equal(g[i].http_status, 304);
            ct_buf_free(&g[i].body);
        }
    }
    assert_true(slow < ROUNDS / 4); /* a busy machine may hold up a few */
}

static void a_server_that_restarts_is_asked_again_on_a_new_connection(void **state)
{
    struct test *t = *state;
    works(t, "/goaway");
    assert_int_equal(ts_h2_hits(t->server, "/goaway"), 2);
    assert_int_equal(ts_h2_connections(t->server), 2);
    works(t, "/refused");
    assert_int_equal(ts_h2_hits(t->server, "/refused"), 2);
    works(t, "/leaving");
    works(t, "/leaving");
    works(t, "/whole");
}

static void an_answer_broken_off_is_an_error_and_the_next_is_whole(void **state)
{
    struct test *t = *state;
    static const char *const paths[] = {"/short", "/reset", "/drop"};
    for (size_t i = 0; i < CT_LEN(paths); i++) {
        struct got g;
        int64_t from = ct_mono_ms();
        get(t, paths[i], &g);
        if (g.status != CT_ERR_NET || g.body.n)
            fail_msg("%s: status %d, %zu bytes, %s", paths[i], (int)g.status, g.body.n, g.err.what);
        assert_true(ct_mono_ms() - from < 10 * CT_SECOND); /* not by its time running out */
        ct_buf_free(&g.body);
        works(t, "/whole");
    }
}

static void a_stream_that_stalls_ends_in_time_and_holds_up_no_other(void **state)
{
    struct test *t = *state;
    static const char *const paths[] = {"/stall", "/silent"};
    for (size_t i = 0; i < CT_LEN(paths); i++) {
        struct got slow = {0}, quick = {0};
        struct ct_error err;
        char url[2][300];
        struct ct_http_request a = request(t, paths[i], url[0]), b = request(t, "/whole", url[1]);
        int64_t from = ct_mono_ms();
        a.total_ms = 3000;
        assert_int_equal(ct_http_start(t->h, &a, on_done, &slow, &err), CT_OK);
        assert_int_equal(ct_http_start(t->h, &b, on_done, &quick, &err), CT_OK);
        finish_all(t->h);
        assert_int_equal(slow.status, CT_ERR_NET);
        assert_true(slow.done_ms - from >= 2900);
        assert_true(quick.status == CT_OK && quick.done_ms < slow.done_ms);
        ct_buf_free(&slow.body);
        ct_buf_free(&quick.body);
        works(t, "/whole");
    }
}

static void a_body_or_a_head_without_end_stops_at_its_cap(void **state)
{
    struct test *t = *state;
    struct got g;
    int64_t from = ct_mono_ms();
    get(t, "/endless", &g);
    assert_int_equal(g.status, CT_ERR_LIMIT);
    ct_buf_free(&g.body);
    get(t, "/headers", &g);
    assert_true(g.status == CT_ERR_NET || g.status == CT_ERR_LIMIT);
    assert_true(ct_mono_ms() - from < 10 * CT_SECOND);
    ct_buf_free(&g.body);
    works(t, "/whole");
}

static int open_env(void **state)
{
    (void)state;
    snprintf(env.dir, sizeof env.dir, "/tmp/ct-http2-XXXXXX");
    if (mkdtemp(env.dir) == NULL)
        return -1;
    ts_make_certs(env.dir);
    snprintf(env.ca, sizeof env.ca, "%s/ca.pem", env.dir);
    snprintf(env.cert, sizeof env.cert, "%s/good.pem", env.dir);
    snprintf(env.key, sizeof env.key, "%s/good.key", env.dir);
    return 0;
}

static int close_env(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", env.dir);
    return system(command);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(answers_arrive_whole_packed_or_not_over_one_connection),
        T(requests_share_at_most_two_connections),
        T(rounds_without_news_do_not_stall),
        T(a_server_that_restarts_is_asked_again_on_a_new_connection),
        T(an_answer_broken_off_is_an_error_and_the_next_is_whole),
        T(a_stream_that_stalls_ends_in_time_and_holds_up_no_other),
        T(a_body_or_a_head_without_end_stops_at_its_cap),
    };
    return cmocka_run_group_tests(tests, open_env, close_env);
}
