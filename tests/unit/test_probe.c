/* Probes from the attempt to the line that people read: a server on loopback, the text, the parser,
 * the writer and the reader. */
#include "config.h"

#include "db/read.h"
#include "fetchers/ask.h"
#include "fetchers/families/all.h"
#include "fetchers/probe.h"

#include "tests/server/server.h"
#include "tests/unit/write_fixture.h"

#define MIN(n) (T0 + (int64_t)(n)*CT_MINUTE)

static struct ct_http_answer answered(int status, int64_t ms)
{
    struct ct_http_answer a = {.status = CT_OK, .http_status = status};
    a.steps = (struct ct_http_steps){1000, 9000, 20000, (ms - 40) * 1000, ms * 1000};
    return a;
}

static struct ct_http_answer unanswered(void)
{
    struct ct_http_answer a = {.status = CT_ERR_NET};
    a.steps = (struct ct_http_steps){1000, CT_NONE, CT_NONE, CT_NONE, CT_NONE};
    return a;
}

/* The rows of EARLIER and of A into B. */
static enum ct_status read_try(const struct ct_tries *earlier, const struct ct_http_answer *a,
                               const char *expect, struct ct_batch *b)
{
    struct ct_buf text = CT_BUF_INIT;
    struct ct_parse_hint hint = {CT_LIT("openai"), ct_span(expect)};
    ct_tries_text(earlier, a, &text);
    enum ct_status st = ct_family_probe.parse(ct_buf_span(&text), &hint, b, NULL);
    ct_buf_free(&text);
    return st;
}

/* ---- what tries say ---- */

static void tries_are_judged_by_status_share_and_latency(void **state)
{
    (void)state;
    static const struct {
        const char *expect;
        int good, bad, bad_status; /* so many tries of each, the bad ones last */
        int slow;                  /* so many good ones take ten times as long */
        int want;
        const char *words;
    } cases[] = {
        {"401", 2, 0, 0, 0, CT_STATE_UNKNOWN, "0 of 2 probes failed, p95 0.2 s"},
        {"401", 20, 0, 0, 0, CT_STATE_OPERATIONAL, "0 of 20 probes failed, p95 0.2 s"},
        {"401", 15, 5, 503, 0, CT_STATE_DEGRADED, "5 of 20 probes failed, p95 0.2 s"},
        {"401", 19, 1, 503, 0, CT_STATE_OPERATIONAL, "1 of 20 probes failed, p95 0.2 s"},
        {"401", 10, 10, 200, 0, CT_STATE_PARTIAL, "10 of 20 probes failed, p95 0.2 s"},
        {"401", 5, 20, 0, 0, CT_STATE_MAJOR, "20 of 20 probes failed"},
        {"", 10, 10, 404, 0, CT_STATE_OPERATIONAL, "0 of 20 probes failed, p95 0.2 s"},
        {"401", 40, 0, 0, 20, CT_STATE_DEGRADED, "0 of 20 probes failed, p95 2.0 s, usual 0.2 s"},
        {"401", 40, 5, 503, 20, CT_STATE_DEGRADED, "5 of 20 probes failed, p95 2.0 s, usual 2.0 s"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_tries t = {0};
        struct ct_arena *a = ct_arena_new(0);
        struct ct_batch b;
        int n = cases[i].good + cases[i].bad;
        for (int k = 0; k < n - 1; k++) {
            bool good = k < cases[i].good || cases[i].bad_status == 404;
            bool slow = k < cases[i].good && k >= cases[i].good - cases[i].slow;
            bool came = good || cases[i].bad_status != 0;
            t.v[t.n++] = (struct ct_try){good, !came ? CT_NONE : slow ? 2000 : 200};
        }
        struct ct_http_answer last = cases[i].bad == 0            ? answered(401, cases[i].slow ? 2000 : 200)
                                     : cases[i].bad_status != 0 ? answered(cases[i].bad_status, 200)
                                                                : unanswered();
        ct_batch_init(&b, a);
        assert_int_equal(read_try(&t, &last, cases[i].expect, &b), CT_OK);
        assert_int_equal(b.components.n, 1);
        const struct ct_component *c = &b.components.v[0];
        if (c->state != cases[i].want || !ct_span_is(c->raw_state, cases[i].words))
            fail_msg("case %zu: %d, %.*s", i, c->state, CT_FMT(c->raw_state));
        ct_arena_free(a);
    }
}

static void a_try_measures_every_step_and_nothing_where_no_answer_came(void **state)
{
    (void)state;
    struct ct_tries none = {0};
    struct ct_arena *a = ct_arena_new(0);
    struct ct_batch b;
    struct ct_http_answer last = answered(401, 240);
    struct ct_buf out = CT_BUF_INIT;
    ct_batch_init(&b, a);
    assert_int_equal(read_try(&none, &last, "401", &b), CT_OK);
    for (size_t i = 0; i < b.measures.n; i++)
        ct_buf_addf(&out, "%.*s %lld %.*s\n", CT_FMT(b.measures.v[i].name),
                    (long long)b.measures.v[i].value_milli, CT_FMT(b.measures.v[i].unit));
    assert_string_equal(out.p, "success 1000 success\nlookup 1 s\nconnect 9 s\ntls 20 s\n"
                               "first_byte 200 s\nlatency 240 s\n");
    last = unanswered();
    ct_batch_init(&b, a);
    assert_int_equal(read_try(&none, &last, "401", &b), CT_OK);
    assert_int_equal(b.measures.v[0].value_milli, 0);
    assert_int_equal(b.measures.v[1].value_milli, 1); /* its name was found */
    for (size_t i = 2; i < b.measures.n; i++)
        assert_true(b.measures.v[i].value_milli == CT_NONE);
    last = answered(200, 9000);
    last.status = CT_ERR_NET; /* cut off in the middle */
    ct_batch_init(&b, a);
    assert_int_equal(read_try(&none, &last, "", &b), CT_OK);
    assert_int_equal(b.measures.v[0].value_milli, 0);
    ct_buf_free(&out);
    ct_arena_free(a);
}

static void tries_of_long_ago_are_forgotten_and_a_lost_line_is_known(void **state)
{
    (void)state;
    struct ct_tries *t = ct_xcalloc(1, sizeof *t);
    struct ct_arena *a = ct_arena_new(0);
    struct ct_batch b;
    struct ct_http_answer last = answered(401, 200);
    assert_false(ct_tries_reached(t));
    for (t->n = 0; t->n < CT_TRIES_MAX; t->n++)
        t->v[t->n] = (struct ct_try){true, t->n < CT_TRIES_MAX - CT_TRIES_RECENT ? 100 : CT_NONE};
    assert_false(ct_tries_reached(t)); /* of the recent ones none */
    t->v[CT_TRIES_MAX - 1].latency_ms = 100;
    assert_true(ct_tries_reached(t));
    ct_batch_init(&b, a);
    assert_int_equal(read_try(t, &last, "401", &b), CT_OK); /* one more than are kept */
    ct_arena_free(a);
    free(t);
}

/* ---- kept ---- */

/* A probe of openai beside the fixture's page of it. */
static void add_probe(struct fixture *f)
{
    struct ct_source_conf confs[] = {fixture_conf("stat", CT_SOURCE_STATUS),
                                     fixture_conf("probe_api", CT_SOURCE_STATUS)};
    confs[1].family = "probe";
    confs[1].scope = "probe";
    confs[1].evidence = CT_EVIDENCE_MEASURED;
    assert_int_equal(ct_write_sources(f->w, confs, CT_LEN(confs), T0, &f->err), CT_OK);
}

static void try_at(struct fixture *f, int minute, struct ct_http_answer last)
{
    struct ct_tries *t = ct_xcalloc(1, sizeof *t);
    assert_int_equal(ct_write_tries(f->w, "probe_api", t, &f->err), CT_OK);
    assert_int_equal(read_try(t, &last, "401", &f->batch), CT_OK);
    fetch(f, "probe_api", MIN(minute));
    free(t);
}

static void reopen(struct fixture *f)
{
    ct_writer_close(f->w);
    assert_int_equal(ct_writer_open(f->path, CT_OPEN_BULK, &f->w, &f->err), CT_OK);
}

static void tries_outlive_a_restart(void **state)
{
    struct fixture *f = *state;
    struct ct_tries t;
    static const int64_t ms[] = {200, 200, 200, 0, 0, 900, 200}; /* 0: no answer */
    add_probe(f);
    for (size_t i = 0; i < CT_LEN(ms); i++)
        try_at(f, (int)i, ms[i] ? answered(ms[i] == 900 ? 503 : 401, ms[i]) : unanswered());
    store(f, attempt_at(f, "probe_api", MIN(8), CT_OUTCOME_FAILED)); /* measured nothing */
    reopen(f);
    assert_int_equal(ct_write_tries(f->w, "probe_api", &t, &f->err), CT_OK);
    assert_int_equal(t.n, CT_LEN(ms));
    for (size_t i = 0; i < t.n; i++) {
        assert_int_equal(t.v[i].good, ms[i] == 200);
        assert_true(t.v[i].latency_ms == (ms[i] ? ms[i] : CT_NONE));
    }
    assert_int_equal(ct_write_tries(f->w, "stat", &t, &f->err), CT_OK);
    assert_int_equal(t.n, 0);
}

static struct ct_rows load(struct fixture *f, struct ct_reader *r, ct_load_fn *fn,
                           const char *subject, int64_t now_ms)
{
    struct ct_rows rows = {NULL, 0};
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = now_ms, .subject = ct_span(subject)};
    if (fn(r, &q, f->arena, &rows, &f->err) != CT_OK)
        fail_msg("%s: %s", f->err.where, f->err.what);
    return rows;
}

static const struct ct_status_row *scope_of(struct ct_rows rows, const char *source)
{
    const struct ct_status_row *row = rows.v;
    for (size_t i = 0; i < rows.n; i++)
        if (ct_span_is(row[i].source, source))
            return &row[i];
    fail_msg("no %s", source);
    return NULL;
}

static void the_page_and_the_probe_are_told_in_one_line(void **state)
{
    struct fixture *f = *state;
    struct ct_reader *r;
    add_probe(f);
    for (int i = 0; i < 55; i++)
        try_at(f, i, answered(401, i < 40 ? 800 : 2900));
    for (int i = 55; i < 60; i++)
        try_at(f, i, answered(503, 90));
    component(f, "api", CT_STATE_OPERATIONAL);
    fetch(f, "stat", MIN(60));
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    struct ct_rows rows = load(f, r, ct_read_status, "", MIN(60));
    const struct ct_status_row *page = scope_of(rows, "stat"), *own = scope_of(rows, "probe_api");
    assert_int_equal(page->state, CT_STATE_OPERATIONAL); /* beside the official word, never instead */
    assert_int_equal(page->evidence, CT_EVIDENCE_OFFICIAL);
    assert_int_equal(page->measured_state, CT_STATE_DEGRADED);
    if (!ct_span_is(page->reason, "page says operational; 5 of 20 probes failed, p95 2.9 s, "
                                  "usual 0.8 s (probe_api)"))
        fail_msg("%.*s", CT_FMT(page->reason));
    assert_int_equal(own->evidence, CT_EVIDENCE_MEASURED);
    assert_true(ct_span_is(own->reason, "5 of 20 probes failed, p95 2.9 s, usual 0.8 s"));
    ct_reader_close(r);
}

static void latency_and_success_are_series(void **state)
{
    struct fixture *f = *state;
    struct ct_reader *r;
    struct ct_buf out = CT_BUF_INIT;
    add_probe(f);
    try_at(f, 0, answered(401, 250));
    try_at(f, 1, answered(401, 5250)); /* no price: no outlier, and no leap */
    try_at(f, 2, unanswered());
    try_at(f, 3, answered(503, 250));
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    struct ct_rows rows = load(f, r, ct_read_history, "probe/api/latency", MIN(4));
    assert_int_equal(rows.n, 1);
    const struct ct_history *h = rows.v;
    assert_true(ct_span_is(h->unit, "s"));
    assert_int_equal(h->digits, 3);
    const struct ct_point *p = h->points.v;
    for (size_t i = 0; i < h->points.n; i++)
        ct_buf_addf(&out, "%lld %lld%s\n", (long long)((p[i].at_ms - T0) / CT_MINUTE),
                    (long long)p[i].last, p[i].suspect == 1 ? " suspect" : "");
    assert_string_equal(out.p, "0 250\n1 5250\n3 250\n");
    assert_int_equal(h->gaps.n, 1);
    assert_true(ct_span_is(((const struct ct_gap *)h->gaps.v)->reason, "no answer"));
    h = load(f, r, ct_read_history, "probe/api/success", MIN(4)).v;
    assert_int_equal(h->points.n, 2); /* 1, then 0 for two tries */
    assert_int_equal(((const struct ct_point *)h->points.v)[1].last, 0);
    rows = load(f, r, ct_read_history, "probe/api/*", MIN(4));
    assert_int_equal(rows.n, 6);
    ct_reader_close(r);
    ct_buf_free(&out);
}

/* ---- over the network ---- */

static void ended(void *ctx, struct ct_ask *a)
{
    (void)a;
    *(bool *)ctx = true;
}

static void steps_are_timed_anew_for_every_try(void **state)
{
    (void)state;
    struct ts *web = ts_new(NULL, NULL);
    struct ct_http *http;
    struct ct_error err;
    char url[64];
    ts_set(web, "/api", &(struct ts_answer){401, .body = "no", .delay_ms = 60});
    ts_set(web, "/moved", &(struct ts_answer){302, .headers = "Location: /api"});
    struct ct_source s = {.id = "probe_api", .family = "probe", .url = url, .method = "GET",
                          .query = "401", .ops = &ct_family_probe, .allow_private = true};
    assert_int_equal(ct_http_new(&(struct ct_http_options){.allow_private = true}, &http, &err),
                     CT_OK);
    for (int i = 0; i < 3; i++) {
        bool done = false;
        struct ct_ask a = {.s = &s, .http = http, .done = ended, .ctx = &done};
        snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", ts_port(web), i < 2 ? "api" : "moved");
        ct_ask_start(&a);
        while (!done)
            assert_int_equal(ct_http_poll(http, 50, -1, NULL, &err), CT_OK);
        assert_int_equal(a.outcome, CT_OUTCOME_OK);
        assert_int_equal(a.http_status, i < 2 ? 401 : 302); /* what it leads to was not asked for */
        const struct ct_measure *m = a.batch.measures.v;
        assert_int_equal(a.batch.measures.n, 6);
        assert_int_equal(m[0].value_milli, i < 2 ? 1000 : 0);
        assert_true(m[1].value_milli >= 0); /* the name, and the connection: the second time as well */
        assert_true(m[2].value_milli >= 0);
        assert_true(m[3].value_milli == CT_NONE); /* plain http */
        assert_true(i == 2 || m[4].value_milli >= 50);
        assert_true(m[5].value_milli >= m[4].value_milli);
        ct_ask_free(&a);
    }
    ct_http_free(http);
    ts_free(web);
}

#define STORED(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_are_judged_by_status_share_and_latency),
        cmocka_unit_test(a_try_measures_every_step_and_nothing_where_no_answer_came),
        cmocka_unit_test(tries_of_long_ago_are_forgotten_and_a_lost_line_is_known),
        STORED(tries_outlive_a_restart),
        STORED(the_page_and_the_probe_are_told_in_one_line),
        STORED(latency_and_success_are_series),
        cmocka_unit_test(steps_are_timed_anew_for_every_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
