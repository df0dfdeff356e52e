/* Messages of the whole engine to real servers on loopback: who answers what, and when it is tried
 * again. The alerts' clock is the test's; only the network's time passes. */
#include "config.h"

#include "alert_ride.h"
#include "tests/server/server.h"

#include <jansson.h>
#include <signal.h>
#include <sys/stat.h>

static const struct ct_rule_line outage[] = {
    {"outage", "when", "components state>=part", "t:1"},
    {"outage", "for", "1m", "t:2"},
    {"outage", "severity", "critical", "t:3"},
    {"outage", "notify", "ops", "t:4"},
};

/* What came to a path, request by request, and what the next ones are answered. */
struct desk {
    struct ct_arena *arena;
    struct ts *server;
    const struct ts_answer *plan; /* of request I; the last one goes on */
    int n_plan, seen;
    int64_t at_ms[200];
    char event[200][17];
    const char *kind[200];
};

static const char *field(struct desk *d, const char *body, const char *key)
{
    json_t *doc = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    if (!doc)
        fail_msg("no JSON: %s", body);
    const char *value = json_string_value(json_object_get(doc, key));
    const char *copy = ct_arena_dup(d->arena, ct_span(value ? value : "")).p;
    json_decref(doc);
    return copy;
}

static void look_at_desk(struct ride *r)
{
    struct desk *d = r->ctx;
    int hits = ts_hits(d->server, "/hook");
    if (hits == d->seen)
        return;
    assert_int_equal(hits, d->seen + 1);
    assert_true(hits < 200);
    char *request = ts_last(d->server, "/hook");
    const char *body = strstr(request, "\n\n"), *header = strstr(request, "X-Cloudtape-Event: ");
    assert_non_null(body);
    assert_non_null(header);
    (void)snprintf(d->event[d->seen], 17, "%s", header + strlen("X-Cloudtape-Event: "));
    assert_string_equal(d->event[d->seen], field(d, body + 2, "event_id"));
    d->kind[d->seen] = field(d, body + 2, "kind");
    d->at_ms[d->seen++] = r->now;
    free(request);
    int next = d->seen < d->n_plan ? d->seen : d->n_plan - 1;
    ts_set(d->server, "/hook", &d->plan[next]);
}

static struct ride begin_at(void **state, struct desk *d)
{
    struct ct_http_options o = {.allow_private = true};
    struct ride r = BEGIN(state, outage);
    d->arena = r.f->arena;
    d->server = ts_new(NULL, NULL);
    ts_set(d->server, "/hook", &d->plan[0]);
    assert_int_equal(ct_http_new(&o, &r.http, NULL), CT_OK);
    const char *url = ct_arena_printf(d->arena, "http://127.0.0.1:%d/hook", ts_port(d->server)).p;
    const struct ct_channel_line ops[] = {{"ops", "kind", "webhook", "t:5"}, {"ops", "url", url, "t:6"}};
    stop(&r);
    set_channels(&r, ops, CT_LEN(ops));
    start(&r);
    r.watch = look_at_desk;
    r.ctx = d;
    return r;
}
#define BEGIN_AT(state, d, answers)                                                                \
    ((d)->plan = (answers), (d)->n_plan = (int)CT_LEN(answers), begin_at(state, d))

static void end_at(struct ride *r, struct desk *d)
{
    end(r);
    ts_free(d->server);
}

static void fail_for(struct ride *r, int minutes)
{
    ride(r, 2);
    r->state = CT_STATE_MAJOR;
    ride(r, minutes);
}

static void five_failures_then_success_are_one_message_under_one_id(void **state)
{
    static const struct ts_answer answers[] = {
        {.status = 500}, {.status = 500}, {.status = 500}, {.status = 500}, {.status = 500}, {.status = 200}};
    struct desk d = {.seen = 0};
    struct ride r = BEGIN_AT(state, &d, answers);
    fail_for(&r, 20);
    assert_int_equal(d.seen, 6);
    for (int i = 1; i < d.seen; i++) {
        assert_string_equal(d.event[i], d.event[0]);
        assert_true(d.at_ms[i] - d.at_ms[i - 1] >= 250);
    }
    assert_true(d.at_ms[5] - d.at_ms[0] < 20 * CT_SECOND);
    expect(r.f, "SELECT state, attempts, answer FROM alert_delivery", "1|6|200");
    end_at(&r, &d);
}

static void a_server_that_never_takes_it_is_given_up_after_an_hour_and_seen(void **state)
{
    static const struct ts_answer down[] = {{.status = 500}}, up[] = {{.status = 200}};
    struct desk d = {.seen = 0};
    struct ride r = BEGIN_AT(state, &d, down);
    struct ct_query q = {.at_ms = CT_LIVE};
    struct ct_alert_count count;
    struct ct_reader *reader;
    fail_for(&r, 90);
    assert_in_range(d.seen, 40, 150);
    assert_true(d.at_ms[d.seen - 1] - d.at_ms[0] <= CT_HOUR);
    assert_true(d.at_ms[d.seen - 1] - d.at_ms[0] > 58 * CT_MINUTE);
    expect(r.f, "SELECT state, answer FROM alert_delivery", "2|500");
    assert_int_equal(ct_reader_open(r.f->path, &reader, &r.f->err), CT_OK);
    q.now_ms = r.now;
    assert_int_equal(ct_read_alert_count(reader, &q, r.f->arena, &count, &r.f->err), CT_OK);
    assert_int_equal(count.failed, 1);
    ct_reader_close(reader);
    d.plan = up; /* it may have heard of the outage: its end is told */
    ts_set(d.server, "/hook", &up[0]);
    r.state = CT_STATE_OPERATIONAL;
    ride(&r, 15);
    assert_string_equal(d.kind[d.seen - 1], "resolved");
    expect(r.f, "SELECT group_concat(state, ' ') FROM alert_delivery", "2 1");
    end_at(&r, &d);
}

static void a_server_that_names_a_time_is_asked_then_and_not_before(void **state)
{
    static const struct ts_answer answers[] = {
        {.status = 429, .headers = "Retry-After: 120"},
        {.status = 408, .headers = "Retry-After: 40"},
        {.status = 503, .headers = "Retry-After: 99999"}, /* ten minutes at most */
        {.status = 200},
    };
    static const int64_t want_s[] = {120, 40, 600};
    struct desk d = {.seen = 0};
    struct ride r = BEGIN_AT(state, &d, answers);
    fail_for(&r, 30);
    assert_int_equal(d.seen, 4);
    for (size_t i = 0; i < CT_LEN(want_s); i++)
        assert_in_range(d.at_ms[i + 1] - d.at_ms[i], want_s[i] * CT_SECOND, want_s[i] * CT_SECOND + 1000);
    end_at(&r, &d);
}

static void a_refusal_or_a_redirect_is_final(void **state)
{
    static const struct ts_answer answers[][1] = {
        {{.status = 400}}, {{.status = 401}}, {{.status = 404}}, {{.status = 410}},
        {{.status = 302, .headers = "Location: /elsewhere"}},
        {{.status = 308, .headers = "Location: /elsewhere"}},
    };
    struct desk d = {.seen = 0};
    struct ride r = BEGIN_AT(state, &d, answers[0]);
    for (size_t i = 0; i < CT_LEN(answers); i++) {
        char want[40];
        d.plan = answers[i];
        ts_set(d.server, "/hook", answers[i]);
        r.state = CT_STATE_MAJOR;
        ride(&r, 10);
        assert_int_equal(d.seen, 2 * i + 1); /* once, and once about the end before */
        (void)snprintf(want, sizeof want, "2|1|%d", answers[i]->status);
        expect(r.f, "SELECT state, attempts, answer FROM alert_delivery ORDER BY id DESC LIMIT 1", want);
        r.state = CT_STATE_OPERATIONAL;
        ride(&r, 12);
    }
    assert_int_equal(ts_hits(d.server, "/elsewhere"), 0);
    end_at(&r, &d);
}

static void a_server_that_hangs_is_left_after_ten_seconds_and_asked_again(void **state)
{
    static const struct ts_answer answers[] = {{.status = 200, .delay_ms = 10800}, {.status = 200}};
    struct desk d = {.seen = 0};
    struct ride r = BEGIN_AT(state, &d, answers);
    fail_for(&r, 10);
    assert_int_equal(d.seen, 2);
    assert_string_equal(d.event[0], d.event[1]); /* it had taken the first one: a receiver can tell */
    expect(r.f, "SELECT state, attempts, answer FROM alert_delivery", "1|2|200");
    end_at(&r, &d);
}

static void a_slow_channel_holds_up_no_other(void **state)
{
    static const struct ct_rule_line two[] = {
        {"outage", "when", "components state>=part", "t:1"},
        {"outage", "severity", "critical", "t:2"},
        {"outage", "notify", "slow, ops", "t:3"},
    };
    static const struct ts_answer late[] = {{.status = 200, .delay_ms = 2500}}, ok = {.status = 200};
    struct desk d = {.seen = 0};
    struct ride r = BEGIN_AT(state, &d, late);
    const char *slow = ct_arena_printf(d.arena, "http://127.0.0.1:%d/hook", ts_port(d.server)).p;
    const char *fast = ct_arena_printf(d.arena, "http://localhost:%d/fast", ts_port(d.server)).p;
    const struct ct_channel_line lines[] = {{"ops", "kind", "webhook", "t:4"}, {"ops", "url", fast, "t:5"},
                                            {"slow", "kind", "webhook", "t:6"}, {"slow", "url", slow, "t:7"}};
    ts_set(d.server, "/fast", &ok);
    stop(&r);
    set_rules(&r, two, CT_LEN(two));
    set_channels(&r, lines, CT_LEN(lines));
    start(&r);
    fail_for(&r, 5);
    assert_int_equal(ts_hits(d.server, "/fast"), 1);
    assert_int_equal(ts_hits(d.server, "/hook"), 1);
    assert_true(ts_hit_ms(d.server, "/fast", 0) - ts_hit_ms(d.server, "/hook", 0) < 2000);
    end_at(&r, &d);
}

/* ---- hostile words, from the page's bytes to the receiver's ---- */

#define EVIL "-rf $(touch MARK) `touch MARK` ; touch MARK | \" ' <!channel> @all &\x1b]0;x\x07\xe2\x80\xae"

static void hostile_names_pass_the_whole_engine_as_words(void **state)
{
    static const struct ct_rule_line rules[] = {
        {"outage", "when", "components state>=part", "t:1"},
        {"outage", "severity", "warning", "t:2"},
        {"outage", "notify", "hook, ops, shift", "t:3"},
    };
    static const struct ts_answer ok[] = {{.status = 200}};
    struct desk d = {.seen = 0};
    struct ride r = BEGIN_AT(state, &d, ok);
    char path[600];
    (void)snprintf(path, sizeof path, "%s/hook", r.f->folder);
    FILE *file = fopen(path, "w");
    fprintf(file, "#!/bin/sh\ncd \"%s\" || exit 9\ncat >> heard\necho \"$CT_TITLE\" >> titles\n", r.f->folder);
    fclose(file);
    assert_int_equal(chmod(path, 0700), 0);
    const char *url = ct_arena_printf(d.arena, "http://127.0.0.1:%d/hook", ts_port(d.server)).p;
    const struct ct_channel_line lines[] = {
        {"ops", "kind", "webhook", "t:4"},  {"ops", "url", url, "t:5"},
        {"hook", "kind", "exec", "t:6"},    {"hook", "command", path, "t:7"},
        {"shift", "kind", "digest", "t:8"}, {"shift", "to", "hook", "t:9"},
        {"shift", "at", "00:00, 03:00, 06:00, 09:00, 12:00, 15:00, 18:00, 21:00", "t:10"},
    };
    stop(&r);
    set_rules(&r, rules, CT_LEN(rules));
    set_channels(&r, lines, CT_LEN(lines));
    start(&r);
    for (int minute = 0; minute < 240; minute++) {
        struct ct_component *c = component(r.f, "evil", minute > 2 ? CT_STATE_MAJOR : CT_STATE_OPERATIONAL);
        c->name = ct_arena_dup(r.f->arena, CT_LIT(EVIL));
        ride(&r, 1);
    }
    assert_int_equal(d.seen, 1);
    (void)snprintf(path, sizeof path, "%s/MARK", r.f->folder);
    assert_int_not_equal(access(path, F_OK), 0);
    (void)snprintf(path, sizeof path, "%s/heard", r.f->folder);
    file = fopen(path, "r");
    assert_non_null(file);
    for (int message = 0; message < 2; message++) { /* the hook's own, and the digest through it */
        json_t *doc = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(doc);
        const char *subject = json_string_value(
            json_object_get(json_array_get(json_object_get(doc, "alerts"), 0), "subject"));
        assert_non_null(strstr(subject, "$(touch MARK)"));
        for (const char *p = subject; *p; p++)
            assert_true((unsigned char)*p >= ' ' && *p != 0x7f);
        assert_null(strstr(subject, "\xe2\x80\xae"));
        json_decref(doc);
    }
    fclose(file);
    end_at(&r, &d);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    setenv("TZ", "UTC", 1);
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(five_failures_then_success_are_one_message_under_one_id),
        T(a_server_that_never_takes_it_is_given_up_after_an_hour_and_seen),
        T(a_server_that_names_a_time_is_asked_then_and_not_before),
        T(a_refusal_or_a_redirect_is_final),
        T(a_server_that_hangs_is_left_after_ten_seconds_and_asked_again),
        T(a_slow_channel_holds_up_no_other),
        T(hostile_names_pass_the_whole_engine_as_words),
    };
    return cmocka_run_group_tests_name("deliveries", tests, NULL, NULL);
}
