/* What readers say of alerts beside their state, now and at past moments: when one is told again and to whom, whether
 * it still holds, and what the provider says of it. */
#include "config.h"

#include "alert_ride.h"

static const struct ct_rule_line outage[] = {
    {"outage", "when", "status state>=part", "t:1"},
    {"outage", "remind", "1h", "t:2"},
    {"outage", "severity", "critical", "t:3"},
    {"outage", "notify", "bell", "t:4"},
};

/* The open alert of RULE as of AT_MS, in R's arena. */
static const struct ct_alert_row *alert_at(struct ride *r, const char *rule, int64_t at_ms)
{
    struct ct_query q = {.at_ms = at_ms, .now_ms = r->now};
    struct ct_rows rows = {NULL, 0};
    struct ct_reader *reader = NULL;
    assert_int_equal(ct_reader_open(r->f->path, &reader, &r->f->err), CT_OK);
    assert_int_equal(ct_read_alerts(reader, &q, r->f->arena, &rows, &r->f->err), CT_OK);
    ct_reader_close(reader);
    const struct ct_alert_row *v = rows.v, *found = NULL;
    for (size_t i = 0; i < rows.n; i++)
        if (ct_span_is(v[i].rule, rule))
            found = &v[i];
    assert_non_null(found);
    return found;
}

#define DONE(which) "SELECT " which "(done_ms) FROM alert_delivery"

static void the_next_reminder_is_told_with_its_channels_also_at_past_moments(void **state)
{
    struct ride r = BEGIN(state, outage);
    char id[CT_ALERT_ID_MAX];
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    int64_t first = count_of(&r, DONE("min")), then = r.now;
    const struct ct_alert_row *a = alert_at(&r, "outage", CT_LIVE);
    assert_int_equal(a->remind_ms, CT_HOUR);
    assert_int_equal(a->next_ms, first + CT_HOUR);
    assert_true(ct_span_is(a->next_to, "bell"));
    assert_true(a->escalates);
    char *text = ct_xspandup(a->text); /* what is told of it */
    assert_true(*text && ct_span_is(alert_at(&r, "outage", then)->text, text));
    free(text);
    ride(&r, 62); /* it came */
    expect(r.f, TOLD, "0 1");
    assert_int_equal(alert_at(&r, "outage", CT_LIVE)->next_ms, count_of(&r, DONE("max")) + CT_HOUR);
    assert_int_equal(alert_at(&r, "outage", then)->next_ms, first + CT_HOUR);
    int64_t acked = r.now;
    ct_alert_id(id, count_of(&r, "SELECT id FROM alert WHERE rule='outage'"));
    assert_int_equal(ct_write_ack(r.f->w, ct_span(id), CT_LIT("ann"), CT_LIT("mine"), acked, &r.f->err), CT_OK);
    ride(&r, 1);
    assert_int_equal(alert_at(&r, "outage", CT_LIVE)->next_ms, CT_NONE); /* somebody has it */
    assert_true(alert_at(&r, "outage", CT_LIVE)->acked);
    a = alert_at(&r, "outage", acked - 1); /* nobody had it yet */
    assert_false(a->acked);
    assert_true(a->next_ms != CT_NONE);
    end(&r);
}

static void a_rule_that_is_changed_is_told_as_it_was_then(void **state)
{
    static const struct ct_rule_line never[] = {
        {"outage", "when", "status state>=part", "t:1"}, {"outage", "remind", "0", "t:2"},
        {"outage", "severity", "critical", "t:3"},       {"outage", "notify", "bell", "t:4"},
    };
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    int64_t then = r.now;
    stop(&r);
    set_rules(&r, never, CT_LEN(never));
    r.now += CT_SECOND;
    start(&r);
    ride(&r, 10);
    assert_int_equal(alert_at(&r, "outage", CT_LIVE)->remind_ms, 0);
    assert_int_equal(alert_at(&r, "outage", CT_LIVE)->next_ms, CT_NONE);
    assert_int_equal(alert_at(&r, "outage", then)->remind_ms, CT_HOUR);
    expect(r.f, "SELECT count(*) FROM alert_fact", "2"); /* only what changed is stored */
    end(&r);
}

static void a_reminder_due_in_quiet_hours_waits_for_their_end(void **state)
{
    char quiet[32];
    struct ct_rule_line lines[] = {
        {"outage", "when", "status state>=part", "t:1"}, {"outage", "remind", "1h", "t:2"},
        {"outage", "severity", "warning", "t:3"},        {"outage", "notify", "bell", "t:4"},
        {"outage", "quiet", quiet, "t:5"},
    };
    int minute = ct_local_minute(ct_now_ms()), from = (minute + 30) % 1440, to = (minute + 150) % 1440;
    (void)snprintf(quiet, sizeof quiet, "%02d:%02d-%02d:%02d", from / 60, from % 60, to / 60, to % 60);
    struct ride r = BEGIN(state, lines);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 8);
    int64_t next = alert_at(&r, "outage", CT_LIVE)->next_ms;
    assert_int_equal(ct_local_minute(next), to);
    assert_true(next > count_of(&r, DONE("min")) + CT_HOUR);
    end(&r);
}

static void alerts_without_data_are_counted_apart_also_at_past_moments(void **state)
{
    struct ride r = BEGIN(state, outage);
    struct ct_alert_count count;
    struct ct_reader *reader;
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    int64_t then = r.now, blind;
    r.state = -1;
    ride(&r, 120); /* the page cannot be read: source_stale fires */
    blind = r.now - 1;
    r.state = CT_STATE_MAJOR;
    ride(&r, 10);
    const struct {
        int64_t at_ms, firing, no_data;
    } wanted[] = {{then, 1, 0}, {blind, 1, 1}, {CT_LIVE, 1, 0}};
    for (size_t i = 0; i < CT_LEN(wanted); i++) {
        struct ct_query q = {.at_ms = wanted[i].at_ms, .now_ms = r.now};
        assert_int_equal(ct_reader_open(r.f->path, &reader, &r.f->err), CT_OK);
        assert_int_equal(ct_read_alert_count(reader, &q, r.f->arena, &count, &r.f->err), CT_OK);
        ct_reader_close(reader);
        assert_int_equal(count.no_data, wanted[i].no_data);
        assert_int_equal(count.firing_new, wanted[i].firing);
    }
    end(&r);
}

static void tell(struct ride *r, int open, const char *part)
{
    struct ct_incident *i = incident(r->f, "i1", CT_STATE_MAJOR, open ? CT_PHASE_IDENTIFIED : CT_PHASE_RESOLVED, open);
    struct ct_span *name = ct_arena_alloc(r->f->arena, sizeof *name);
    *name = ct_span(part);
    i->components = (struct ct_list){name, 1};
    i->url = CT_LIT("https://status.example.org/i1");
    component(r->f, "api", CT_STATE_MAJOR);
    fetch(r->f, "stat", r->now);
    ct_engine_committed(r->e, CT_SOURCE_STATUS);
    (void)ct_engine_step(r->e, r->now, r->boot);
    r->now += CT_SECOND;
    r->boot += CT_SECOND;
}

static void an_alert_carries_the_open_incident_that_touches_it(void **state)
{
    static const struct ct_rule_line lines[] = {
        {"whole", "when", "status state>=part", "t:1"},
        {"piece", "when", "components state>=part", "t:2"},
    };
    struct ride r = BEGIN(state, lines);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 3);
    assert_false(alert_at(&r, "piece", CT_LIVE)->incident.n);
    tell(&r, 1, "another");
    tell(&r, 1, "another");
    assert_true(ct_span_is(alert_at(&r, "whole", CT_LIVE)->incident, "Title of i1"));
    assert_false(alert_at(&r, "piece", CT_LIVE)->incident.n); /* it names another part */
    int64_t other = r.now;
    r.now += CT_SECOND;
    tell(&r, 1, "api");
    tell(&r, 1, "api");
    int64_t open = r.now;
    assert_true(ct_span_is(alert_at(&r, "piece", CT_LIVE)->incident, "Title of i1"));
    assert_true(ct_span_is(alert_at(&r, "piece", CT_LIVE)->url, "https://status.example.org/i1"));
    r.now += CT_SECOND;
    tell(&r, 0, "api");
    tell(&r, 0, "api");
    assert_false(alert_at(&r, "piece", CT_LIVE)->incident.n); /* it is over */
    assert_true(ct_span_is(alert_at(&r, "piece", open)->incident, "Title of i1"));
    assert_true(ct_span_is(alert_at(&r, "piece", open)->url, "https://status.example.org/i1"));
    assert_false(alert_at(&r, "piece", other)->incident.n);
    end(&r);
}

/* The alert of RULE as of AT_MS as its JSON, the caller's to free. */
static char *json_at(struct ride *r, const char *rule, int64_t at_ms)
{
    struct ct_buf out = CT_BUF_INIT;
    struct ct_jw w;
    ct_jw_init(&w, &out);
    ct_row_json(&w, &ct_alert_table, alert_at(r, rule, at_ms), NULL);
    return out.p;
}

static void an_open_alert_is_told_as_it_was_each_minute(void **state)
{
    enum { MINUTES = 40 };
    static const int states[] = {CT_STATE_MAJOR, CT_STATE_PARTIAL, CT_STATE_MAJOR, CT_STATE_PARTIAL};
    struct {
        int64_t at_ms;
        char *json;
    } then[MINUTES];
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    for (int i = 0; i < MINUTES; i++) {
        r.state = states[i * 4 / MINUTES];
        ride(&r, 1);
        then[i].at_ms = r.now; /* what is evaluated next is later */
        then[i].json = json_at(&r, "outage", CT_LIVE);
        r.now += CT_SECOND;
        r.boot += CT_SECOND;
    }
    assert_string_not_equal(then[0].json, then[MINUTES / 4 + 5].json);
    ride(&r, 30);
    for (int i = 0; i < MINUTES; i++) {
        char *json = json_at(&r, "outage", then[i].at_ms);
        assert_string_equal(json, then[i].json);
        free(json);
        free(then[i].json);
    }
    end(&r);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(the_next_reminder_is_told_with_its_channels_also_at_past_moments),
        T(a_rule_that_is_changed_is_told_as_it_was_then),
        T(a_reminder_due_in_quiet_hours_waits_for_their_end),
        T(alerts_without_data_are_counted_apart_also_at_past_moments),
        T(an_alert_carries_the_open_incident_that_touches_it),
        T(an_open_alert_is_told_as_it_was_each_minute),
    };
    return cmocka_run_group_tests_name("alert_facts", tests, NULL, NULL);
}
