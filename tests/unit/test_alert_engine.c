/* Alerts from stored rows to stored messages, with a clock of our own. */
#include "config.h"

#include "alert_ride.h"

#include <sys/statvfs.h>

/* The disk as the engine is told of it; -1: empty, -2: it cannot be asked. */
static int64_t disk_free_mib = -1, disk_mib;

int statvfs(const char *restrict path, struct statvfs *restrict fs)
{
    if (disk_free_mib == -2)
        return -1;
    memset(fs, 0, sizeof *fs);
    fs->f_frsize = 4096;
    fs->f_blocks = (fsblkcnt_t)(disk_free_mib < 0 ? 1 << 20 : disk_mib) * 256;
    fs->f_bavail = (fsblkcnt_t)(disk_free_mib < 0 ? 1 << 20 : disk_free_mib) * 256;
    return *path ? 0 : -1;
}

static const struct ct_rule_line outage[] = {
    {"outage", "when", "status state>=part", "t:1"},
    {"outage", "for", "2m", "t:2"},
    {"outage", "severity", "critical", "t:3"},
    {"outage", "notify", "bell", "t:4"},
};
static void an_outage_is_told_once_and_so_is_its_end(void **state)
{
    struct ride r = BEGIN(state, outage);
    ride(&r, 3);
    r.state = CT_STATE_MAJOR;
    ride(&r, 20);
    expect(r.f, TOLD, "0");
    r.state = CT_STATE_OPERATIONAL;
    ride(&r, 30);
    expect(r.f, CHANGES, "0>1 1>2 2>3");
    expect(r.f, TOLD, "0 2");
    expect(r.f, "SELECT count(*) FROM alert", "0"); /* nothing is left to remember */
    end(&r);
}

static void rule_6_what_was_held_survives_a_restart_and_the_pause_counts_nothing(void **state)
{
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 1); /* 45 s held */
    stop(&r);    /* as kill -9 would: nothing is written at the end */
    r.now += CT_HOUR;
    r.boot = 5000;
    start(&r);
    ride(&r, 1);
    expect(r.f, CHANGES, "0>1");
    ride(&r, 1);
    expect(r.f, CHANGES, "0>1 1>2");
    stop(&r);
    start(&r);
    ride(&r, 5);
    expect(r.f, TOLD, "0"); /* not again */
    end(&r);
}

static void rule_8_a_change_and_what_it_tells_are_stored_together_or_not_at_all(void **state)
{
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 1);
    assert_int_equal(sqlite3_exec(r.f->look,
                                  "CREATE TRIGGER no BEFORE INSERT ON alert_intent BEGIN SELECT"
                                  " RAISE(ABORT, 'no'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    ride(&r, 3);
    expect(r.f, CHANGES, "0>1");
    expect(r.f, "SELECT state FROM alert", "1");
    assert_int_equal(sqlite3_exec(r.f->look, "DROP TRIGGER no", NULL, NULL, NULL), SQLITE_OK);
    ride(&r, 1);
    expect(r.f, CHANGES, "0>1 1>2");
    expect(r.f, TOLD, "0");
    end(&r);
}

static int64_t the_alert(struct ride *r)
{
    char *text = table(r->f, "SELECT id FROM alert WHERE rule='outage'");
    int64_t id = strtoll(text, NULL, 10);
    free(text);
    return id;
}

static void rule_12_an_acknowledgement_ends_with_the_recovery(void **state)
{
    struct ride r = BEGIN(state, outage);
    char id[CT_ALERT_ID_MAX];
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    ct_alert_id(id, the_alert(&r));
    assert_int_equal(ct_write_ack(r.f->w, ct_span(id), CT_LIT("ann"), CT_LIT("mine"), r.now,
                                  &r.f->err),
                     CT_OK);
    ride(&r, 6 * 60); /* reminders would have come */
    expect(r.f, TOLD, "0");
    r.state = CT_STATE_OPERATIONAL;
    ride(&r, 10);
    expect(r.f, TOLD, "0 2");
    r.state = CT_STATE_MAJOR;
    ride(&r, 10);
    expect(r.f, TOLD, "0 2 0");
    assert_int_equal(ct_write_ack(r.f->w, CT_LIT("nothex"), CT_LIT("x"), CT_LIT(""), r.now,
                                  &r.f->err),
                     CT_ERR_USAGE);
    end(&r);
}

/* One `fetch --once`: fetched, asked, told, gone. */
static void once(struct ride *r)
{
    struct ct_engine_options o = {
        .db_path = r->f->path, .writer = r->f->w, .rules = r->rules, .channels = r->channels, .once = true};
    fetch_all(r);
    stop(r);
    assert_int_equal(ct_engine_new(&o, &r->e, &r->f->err), CT_OK);
    (void)ct_engine_step(r->e, r->now, r->boot);
    settle(r);
    assert_false(ct_engine_busy(r->e, CT_MINUTE));
}

static void a_disk_that_fills_is_told_and_so_is_room_again(void **state)
{
    static const struct {
        int64_t free_mib, mib;
        const char *firing;
    } runs[] = {
        {201, 2000, "0"}, {199, 2000, "1: 199 MiB free"}, {5000, 300000, "1: 5000 MiB free"} /* not 2 % */,
        {-2, 0, "1: 5000 MiB free"} /* nothing says it is over */, {7000, 300000, "0"},
    };
    struct ride r = begin(state, NULL, 0);
    for (size_t i = 0; i < CT_LEN(runs); i++) {
        disk_free_mib = runs[i].free_mib;
        disk_mib = runs[i].mib;
        ride(&r, 15);
        expect(r.f, "SELECT count(*) || coalesce(': ' || max(text), '') FROM alert WHERE rule='disk_full'"
                    " AND subject='disk' AND state=2 AND severity=2", runs[i].firing);
    }
    disk_free_mib = -1;
    end(&r);
}

static void a_timer_that_fetches_once_fires_and_ends_alerts(void **state)
{
    static const struct ct_rule_line lines[] = {
        {"now", "when", "components state>=part", "t:1"}, {"now", "notify", "bell", "t:2"},
        {"held", "when", "status state>=part", "t:3"},    {"held", "for", "8m", "t:4"},
        {"held", "notify", "bell", "t:5"},
    };
    struct ride r = BEGIN(state, lines);
    const struct {
        int state;
        int64_t pause_ms;
        const char *told;
    } runs[] = {
        {CT_STATE_OPERATIONAL, 5 * CT_MINUTE, "-"}, {CT_STATE_MAJOR, 5 * CT_MINUTE, "now 0"},
        {CT_STATE_MAJOR, 5 * CT_MINUTE, "now 0"},   {CT_STATE_MAJOR, 5 * CT_MINUTE, "now 0, held 0"},
        {CT_STATE_OPERATIONAL, 5 * CT_MINUTE, "now 0, held 0"},
        {CT_STATE_OPERATIONAL, 5 * CT_MINUTE, "now 0, held 0, held 2, now 2"},
        {CT_STATE_MAJOR, CT_HOUR, "now 0, held 0, held 2, now 2, now 0"},
        {CT_STATE_MAJOR, CT_HOUR, "now 0, held 0, held 2, now 2, now 0"}, /* an hour nobody watched */
    };
    for (size_t i = 0; i < CT_LEN(runs); i++) {
        r.state = runs[i].state;
        once(&r);
        char *told = table(r.f, "SELECT group_concat(rule || ' ' || kind, ', ') FROM (SELECT a.rule, i.kind FROM"
                                " alert_intent i JOIN alert_delivery d ON d.id = i.delivery JOIN alert a ON"
                                " a.id = i.alert WHERE d.state = 1 AND rule IN ('now', 'held') ORDER BY d.id, rule)");
        if (strcmp(told, runs[i].told) != 0)
            fail_msg("run %zu: told \"%s\", not \"%s\"", i, told, runs[i].told);
        free(told);
        r.now += runs[i].pause_ms;
        r.boot += runs[i].pause_ms;
    }
    end(&r);
}

static void rule_15_an_alert_that_was_forgotten_comes_back_under_new_ids_and_unacknowledged(void **state)
{
    struct ride r = BEGIN(state, outage);
    char id[CT_ALERT_ID_MAX];
    ride(&r, 2);
    for (int i = 0; i < 2; i++) {
        r.state = CT_STATE_MAJOR;
        ride(&r, 6);
        expect(r.f, TOLD, i ? "0 2 0" : "0");
        if (i)
            break;
        ct_alert_id(id, the_alert(&r));
        assert_int_equal(ct_write_ack(r.f->w, ct_span(id), CT_LIT("ann"), CT_LIT(""), r.now, &r.f->err), CT_OK);
        r.state = CT_STATE_OPERATIONAL;
        ride(&r, 60);
        expect(r.f, "SELECT count(*) FROM alert", "0");
    }
    ride(&r, 5 * 60); /* reminders: nobody has this one */
    expect(r.f, TOLD, "0 2 0 1");
    expect(r.f, "SELECT count(*), count(DISTINCT event_id), max(episode) FROM alert_intent", "4|4|2");
    expect(r.f, "SELECT count(DISTINCT event_id) FROM alert_delivery", "4");
    end(&r);
}

static void rule_10_reminders_come_while_nobody_has_it(void **state)
{
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 9 * 60);
    expect(r.f, TOLD, "0 1 1");
    end(&r);
}

static void rule_11_and_12_a_silence_mutes_and_its_end_tells_what_still_fires(void **state)
{
    struct ride r = BEGIN(state, outage);
    struct ct_silence s = {.matchers = CT_LIT("provider=open* severity=critical"),
                           .author = CT_LIT("ann"),
                           .comment = CT_LIT("known"),
                           .from_ms = r.now,
                           .to_ms = r.now + 30 * CT_MINUTE,
                           .made_ms = r.now};
    assert_int_equal(ct_write_silence(r.f->w, &s, &r.f->err), CT_OK);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 25);
    expect(r.f, "SELECT count(*) FROM alert_delivery WHERE kind < 5", "0");
    expect(r.f, "SELECT state FROM alert WHERE rule='outage'", "2"); /* state goes on */
    ride(&r, 8);
    expect(r.f, TOLD, "0");
    end(&r);
}

static int64_t silence_for(struct ride *r, int64_t ms)
{
    struct ct_silence s = {.matchers = CT_LIT("provider=open*"),
                           .author = CT_LIT("ann"),
                           .comment = CT_LIT("known"),
                           .from_ms = r->now,
                           .to_ms = r->now + ms,
                           .made_ms = r->now};
    assert_int_equal(ct_write_silence(r->f->w, &s, &r->f->err), CT_OK);
    return s.id;
}

static int64_t open_under(struct ride *r)
{
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = r->now};
    struct ct_rows rows = {NULL, 0};
    struct ct_reader *reader = NULL;
    assert_int_equal(ct_reader_open(r->f->path, &reader, &r->f->err), CT_OK);
    assert_int_equal(ct_read_silences(reader, &q, r->f->arena, &rows, &r->f->err), CT_OK);
    ct_reader_close(reader);
    assert_int_equal(rows.n, 1);
    return ((const struct ct_silence_row *)rows.v)->matches;
}

static void what_is_over_is_not_counted_under_a_silence(void **state)
{
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    (void)silence_for(&r, CT_HOUR);
    assert_int_equal(open_under(&r), 1);
    r.state = CT_STATE_OPERATIONAL;
    ride(&r, 8);
    expect(r.f, "SELECT state FROM alert WHERE rule='outage'", "3"); /* still listed */
    assert_int_equal(open_under(&r), 0);
    end(&r);
}

static void what_was_sent_is_said_of_a_channel_that_may_fail_not_of_the_bell(void **state)
{
    static const struct ct_rule_line lines[] = {
        {"outage", "when", "status state>=part", "t:1"},
        {"outage", "notify", "hook, bell", "t:2"},
    };
    static const struct ct_channel_line hook[] = {{"hook", "kind", "exec", "t:3"},
                                                  {"hook", "command", "/bin/sleep 0.1", "t:4"}};
    struct ride r = BEGIN(state, lines);
    struct ct_query q = {.at_ms = CT_LIVE};
    struct ct_rows rows = {NULL, 0};
    struct ct_reader *reader = NULL;
    stop(&r);
    set_channels(&r, hook, CT_LEN(hook));
    start(&r);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    expect(r.f, "SELECT count(*) FROM alert_delivery WHERE state = 1", "2");
    q.now_ms = r.now;
    assert_int_equal(ct_reader_open(r.f->path, &reader, &r.f->err), CT_OK);
    assert_int_equal(ct_read_alerts(reader, &q, r.f->arena, &rows, &r.f->err), CT_OK);
    ct_reader_close(reader);
    assert_int_equal(rows.n, 1);
    assert_true(ct_span_is(((const struct ct_alert_row *)rows.v)->sent, "hook ok"));
    end(&r);
}

/* "SIGN WORD WHERE: WHAT (ALERT)" of screen 1, a line each. */
static void expect_now(struct ride *r, const char *want)
{
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = r->now};
    struct ct_rows rows = {NULL, 0};
    struct ct_reader *reader = NULL;
    struct ct_buf b = CT_BUF_INIT;
    assert_int_equal(ct_reader_open(r->f->path, &reader, &r->f->err), CT_OK);
    assert_int_equal(ct_read_now(reader, &q, r->f->arena, &rows, &r->f->err), CT_OK);
    for (size_t i = 0; i < rows.n; i++) {
        const struct ct_now_row *n = (const struct ct_now_row *)rows.v + i;
        ct_buf_addf(&b, "%.*s %.*s %.*s: %.*s (%.*s)\n", CT_FMT(n->sign), CT_FMT(n->word), CT_FMT(n->where),
                    CT_FMT(n->what), CT_FMT(n->alert.n ? n->alert : CT_LIT("-")));
    }
    ct_reader_close(reader);
    assert_string_equal(b.n ? b.p : "", want);
    ct_buf_free(&b);
}

static void screen_1_has_a_row_for_whatever_fires(void **state)
{
    static const struct ct_rule_line lines[] = {
        {"slow", "when", "components state>=degr", "t:1"}, {"cheap", "when", "gpus price<2.00", "t:2"},
        {"cheap", "clear", "0", "t:3"},                    {"deaf", "when", "sources state:stale", "t:4"},
    };
    struct ride r = BEGIN(state, lines);
    r.price = 1900;
    r.state = CT_STATE_MAJOR;
    ride(&r, 3);
    expect_now(&r, "X DOWN openai: 1 of 1 components down: api (NEW)\n" /* its component's alert */
                   "! ALERT H100-SXM x8 od aws/us-east-1: 1.90 $/GPU.h, stock unknown [cheap] (NEW)\n");
    struct ct_silence s = {.matchers = CT_LIT("rule=cheap"), .author = CT_LIT("ann"), .comment = CT_LIT("known"),
                           .from_ms = r.now, .to_ms = r.now + CT_HOUR, .made_ms = r.now};
    assert_int_equal(ct_write_silence(r.f->w, &s, &r.f->err), CT_OK);
    r.price = 0;
    ride(&r, 1);
    expect_now(&r, "X DOWN openai: 1 of 1 components down: api (NEW)\n");
    r.state = -1; /* its page cannot be read: that row has the alert about it */
    ride(&r, 30);
    expect_now(&r, "? UNKN openai: page unreadable: HTTP 500; last known DOWN (NEW)\n"
                   "? UNKN price: source not read: no answer for 32m (NEW)\n");
    end(&r);
}

#define NOTICES "SELECT group_concat(channel || ' ' || title, ' / ') FROM alert_delivery WHERE kind = 5"

static void rule_12_five_minutes_before_its_end_a_silence_says_so_once(void **state)
{
    struct ride r = BEGIN(state, outage);
    int64_t id = silence_for(&r, 40 * CT_MINUTE);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 32);
    expect(r.f, NOTICES, "-");
    ride(&r, 2);
    expect(r.f, NOTICES, "bell silence 1 of ann ends in 5m, 1 alert firing under it: provider=open*");
    expect(r.f, "SELECT text FROM alert_delivery WHERE kind = 5", "still firing under it: openai [outage]");
    stop(&r);
    start(&r);
    ride(&r, 1);
    expect(r.f, "SELECT count(*) FROM alert_delivery WHERE kind = 5", "1");
    assert_int_equal(ct_write_silence_end(r.f->w, id, r.now + 20 * CT_MINUTE, r.now, &r.f->err), CT_OK);
    ride(&r, 18); /* another end, another word */
    expect(r.f, "SELECT count(*), sum(state = 1) FROM alert_delivery WHERE kind = 5", "2|2");
    ride(&r, 5);
    expect(r.f, "SELECT group_concat(kind, ' ') FROM alert_delivery", "5 5 0");
    (void)silence_for(&r, 4 * CT_MINUTE); /* too short to be surprised by its end */
    ride(&r, 6);
    expect(r.f, "SELECT count(*) FROM alert_delivery WHERE kind = 5", "2");
    end(&r);
}

/* Rules as POSIX writes them need no files of the machine. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static void quiet_hours_end_by_the_clock_on_the_wall_also_when_it_was_set_back(void **state)
{
    static const struct ct_rule_line lines[] = {{"slow", "when", "components state>=degr", "t:1"},
                                                {"slow", "quiet", "22:00-07:00", "t:2"},
                                                {"slow", "notify", "bell", "t:3"}};
    static const char *const mornings[] = { /* 20 minutes before seven */
        "2026-10-24T04:40:00Z", "2026-10-25T05:40:00Z",  /* an hour more of night */
        "2026-03-28T05:40:00Z", "2026-03-29T04:40:00Z"}; /* an hour less */
    for (size_t i = 0; i < CT_LEN(mornings); i++) {
        struct ride r = BEGIN(state, lines);
        ct_zone_set(BERLIN);
        char *before = table(r.f, "SELECT count(*) FROM alert_delivery");
        assert_int_equal(ct_time_parse(ct_span(mornings[i]), &r.now), CT_OK);
        r.state = CT_STATE_DEGRADED;
        ride(&r, 18);
        expect(r.f, "SELECT count(*) FROM alert_delivery", before);
        ride(&r, 8);
        expect(r.f, "SELECT count(*) FROM alert_delivery", ct_arena_printf(r.f->arena, "%d", atoi(before) + 1).p);
        free(before);
        ct_zone_set("UTC");
        end(&r);
        fixture_teardown(state);
        fixture_setup(state);
    }
}

/* "HH:MM-HH:MM", AFTER and LASTS from now. */
static const char *quiet_in(struct ride *r, int64_t after_ms, int64_t lasts_ms)
{
    int64_t from = (r->now + after_ms) / CT_MINUTE % 1440, to = (r->now + after_ms + lasts_ms) / CT_MINUTE % 1440;
    return ct_arena_printf(r->f->arena, "%02d:%02d-%02d:%02d", (int)(from / 60), (int)(from % 60),
                           (int)(to / 60), (int)(to % 60)).p;
}

static void quiet_hours_end_in_one_message_and_critical_alerts_do_not_wait(void **state)
{
    struct ride r = BEGIN(state, outage);
    const char *quiet = quiet_in(&r, 5 * CT_MINUTE, 2 * CT_HOUR);
    const struct ct_rule_line lines[] = {
        {"outage", "when", "status state>=part", "t:1"},   {"outage", "severity", "critical", "t:2"},
        {"outage", "notify", "bell", "t:3"},               {"outage", "quiet", quiet, "t:4"},
        {"slow", "when", "components state>=degr", "t:5"}, {"slow", "quiet", quiet, "t:6"},
        {"slow", "notify", "bell", "t:7"},                 {"cheap", "when", "gpus price<2.00", "t:8"},
        {"cheap", "quiet", quiet, "t:9"},                  {"cheap", "notify", "bell", "t:10"},
        {"cheap", "severity", "info", "t:11"},             {"cheap", "clear", "0", "t:12"},
    };
    stop(&r);
    set_rules(&r, lines, CT_LEN(lines));
    start(&r);
    r.price = 2100;
    ride(&r, 10); /* five of them quiet */
    for (int i = 0; i < 2; i++) {
        r.state = CT_STATE_DEGRADED;
        r.price = 1900;
        ride(&r, 10);
        r.state = CT_STATE_OPERATIONAL;
        r.price = 2100;
        ride(&r, 20);
    }
    r.price = 1900;
    ride(&r, 5);
    expect(r.f, "SELECT count(*) FROM alert_delivery", "0");
    stop(&r); /* what waits survives */
    start(&r);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    expect(r.f, "SELECT group_concat(kind || severity, ' ') FROM alert_delivery", "02");
    ride(&r, 60);
    char *text = table(r.f, "SELECT text FROM alert_delivery WHERE severity < 2");
    expect(r.f, "SELECT count(*) FROM alert_delivery WHERE severity < 2", "1");
    static const char *const wanted[] = {"FIRING warning openai/api", "RESOLVED warning openai/api",
                                         "FIRING info", "RESOLVED info"};
    for (size_t i = 0; i < CT_LEN(wanted); i++)
        if (!strstr(text, wanted[i]))
            fail_msg("no \"%s\" in:\n%s", wanted[i], text);
    free(text);
    expect(r.f, "SELECT count(*) FROM alert_intent WHERE severity < 2 AND state <> 1", "0"); /* all that was */
    end(&r);
}

static void rule_12_silences_need_a_reason_and_end(void **state)
{
    struct ride r = BEGIN(state, outage);
    struct ct_silence s = {.matchers = CT_LIT("provider=x"),
                           .author = CT_LIT("ann"),
                           .comment = CT_LIT(""),
                           .from_ms = r.now,
                           .to_ms = r.now + CT_HOUR,
                           .made_ms = r.now};
    assert_int_equal(ct_write_silence(r.f->w, &s, &r.f->err), CT_ERR_USAGE);
    s.comment = CT_LIT("because");
    s.to_ms = r.now + 31 * CT_DAY;
    assert_int_equal(ct_write_silence(r.f->w, &s, &r.f->err), CT_ERR_USAGE);
    s.to_ms = r.now + 9 * CT_HOUR;
    s.matchers = CT_LIT("nothing");
    assert_int_equal(ct_write_silence(r.f->w, &s, &r.f->err), CT_ERR_USAGE);
    s.matchers = CT_LIT("provider=x");
    assert_int_equal(ct_write_silence(r.f->w, &s, &r.f->err), CT_OK);
    ride(&r, 62); /* covered nothing for an hour */
    expect(r.f, "SELECT ended FROM alert_silence", "1");
    end(&r);
}

static void rule_5_a_page_that_cannot_be_read_never_ends_an_alert(void **state)
{
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    r.state = -1;
    ride(&r, 120);
    expect(r.f, "SELECT state, flags & 1 FROM alert WHERE rule='outage'", "2|1");
    expect(r.f, "SELECT state FROM alert WHERE rule='source_stale'", "2");
    r.state = CT_STATE_OPERATIONAL;
    ride(&r, 10);
    expect(r.f, "SELECT state FROM alert WHERE rule='outage'", "3");
    end(&r);
}

static void a_source_that_never_answered_is_stale_at_its_third_failure(void **state)
{
    struct ride r = BEGIN(state, outage);
    static const char stale[] = "SELECT count(*) FROM alert WHERE rule='source_stale' AND state=2";
    ride(&r, 2);
    for (int second = 3; second > 0; second--) {
        expect(r.f, stale, "0");
        failed(r.f, "token", r.now - second * CT_SECOND);
        ride(&r, 1);
    }
    expect(r.f, stale, "1");
    end(&r);
}

static const struct ct_rule_line cheap[] = {
    {"cheap", "when", "gpus gpu:h100 price<2.00", "t:1"},
    {"cheap", "rearm", "5%", "t:2"},
    {"cheap", "clear", "0", "t:3"},
};

static void prices_end_only_when_they_moved_back_far_enough(void **state)
{
    struct ride r = BEGIN(state, cheap);
    r.price = 2100;
    ride(&r, 3);
    r.price = 1990;
    ride(&r, 3);
    r.price = 2050; /* above the limit, not by 5 % */
    ride(&r, 3);
    r.price = 1980;
    ride(&r, 3);
    expect(r.f, CHANGES, "0>2");
    r.price = 2110;
    ride(&r, 3);
    expect(r.f, CHANGES, "0>2 2>3");
    end(&r);
}

static void a_quarantined_price_fires_nothing(void **state)
{
    struct ride r = BEGIN(state, cheap);
    r.price = 20000;
    ride(&r, 10);
    r.price = 1500; /* a thirteenth: held back until seen three times */
    ride(&r, 2);
    expect(r.f, "SELECT count(*) FROM alert_change", "0");
    ride(&r, 4);
    expect(r.f, CHANGES, "0>2");
    end(&r);
}

/* 400 was a wrong unit: that it became 3 is neither a fall nor a low, however long it is believed. */
static void a_suspect_correction_fires_nothing(void **state)
{
    static const struct ct_rule_line lines[] = {
        {"moved", "when", "gpus gpu:h100 change>10% over 10m", "t:1"},
        {"moved", "clear", "0", "t:2"},
        {"low", "when", "gpus gpu:h100 low(90d)", "t:3"},
        {"low", "clear", "0", "t:4"},
    };
    struct ride r = BEGIN(state, lines);
    r.price = 400000;
    r.stock = CT_STOCK_AVAILABLE;
    ride(&r, 12);
    r.price = 3000;
    ride(&r, 20); /* held back at first, then believed */
    r.price = 2950;
    ride(&r, 12);
    expect(r.f, "SELECT count(*) FROM alert_change", "0");
    r.price = 2500; /* the market moves: both are told */
    ride(&r, 3);
    expect(r.f, "SELECT group_concat(rule || ' ' || was || '>' || now, ', ') FROM"
                " (SELECT * FROM alert_change ORDER BY rule)", "low 0>2, moved 0>2");
    end(&r);
}

static void stock_that_comes_back_is_told_when_it_comes(void **state)
{
    static const struct ct_rule_line lines[] = {
        {"back", "when", "gpus gpu:h100 stock: N->A,L", "t:1"},
        {"back", "clear", "0", "t:2"},
    };
    struct ride r = BEGIN(state, lines);
    r.price = 3000;
    r.stock = CT_STOCK_AVAILABLE;
    ride(&r, 3);
    expect(r.f, "SELECT count(*) FROM alert_change", "0"); /* it did not come: it was there */
    r.stock = CT_STOCK_NONE;
    ride(&r, 2);
    stop(&r);
    start(&r); /* remembers that there was none */
    ride(&r, 2);
    r.stock = CT_STOCK_LOW;
    ride(&r, 3);
    expect(r.f, CHANGES, "0>2");
    r.stock = CT_STOCK_NONE;
    ride(&r, 3);
    expect(r.f, CHANGES, "0>2 2>3");
    end(&r);
}

static void rule_7_when_most_sources_fail_it_is_us_and_all_else_is_held(void **state)
{
    static const char *const others[] = {"price", "token", "part"};
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    for (int second = 1; second <= 3; second++) /* three times at once: stale before the minute is over */
        for (size_t i = 0; i < CT_LEN(others); i++)
            failed(r.f, others[i], r.now - 10 * CT_SECOND + second * CT_SECOND);
    ride(&r, 1);
    expect(r.f, "SELECT state FROM alert WHERE rule='all_sources_failing'", "1");
    expect(r.f, "SELECT count(*), sum(flags & 4 <> 0) FROM alert WHERE rule='source_stale'", "3|3");
    r.state = CT_STATE_MAJOR;
    for (int minute = 0; minute < 10; minute++) {
        for (size_t i = 0; i < CT_LEN(others); i++)
            failed(r.f, others[i], r.now);
        ride(&r, 1);
    }
    expect(r.f, "SELECT state FROM alert WHERE rule='all_sources_failing'", "2");
    expect(r.f, "SELECT count(*) FROM alert WHERE rule<>'all_sources_failing' AND NOT flags & 4", "0");
    struct ct_reader *reader;
    struct ct_alert_count count;
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = r.now};
    assert_int_equal(ct_reader_open(r.f->path, &reader, &r.f->err), CT_OK);
    assert_int_equal(ct_read_alert_count(reader, &q, r.f->arena, &count, &r.f->err), CT_OK);
    assert_int_equal(count.firing_new, 1); /* line 1 shows one thing that needs somebody */
    ct_reader_close(reader);
    end(&r);
}

/* ---- time that jumps, sleeps or passes without us ---- */

#define STATE "SELECT state FROM alert WHERE rule='outage'"

static void rule_6_a_clock_that_jumps_begins_and_ends_nothing(void **state)
{
    static const int64_t jumps[] = {CT_DAY, -CT_DAY, 40 * CT_DAY, -7 * CT_HOUR, 2 * CT_MINUTE};
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    for (size_t i = 0; i < CT_LEN(jumps); i++) {
        r.now += jumps[i]; /* the boot clock goes on as if nothing were */
        ride(&r, 10);
        expect(r.f, STATE, "2");
        expect(r.f, "SELECT count(*) FROM alert_change WHERE rule='outage'", "2");
        expect(r.f, "SELECT count(*) FROM alert_delivery WHERE kind=2 AND title LIKE '%outage%'", "0");
    }
    expect(r.f, "SELECT count(*) > 0 FROM alert_change WHERE rule='clock_jump'", "1");
    assert_true(count_of(&r, "SELECT count(*) FROM alert_delivery WHERE channel='bell'") <= 1 + 5);
    r.state = CT_STATE_OPERATIONAL;
    ride(&r, 10);
    expect(r.f, "SELECT count(*) FROM alert_delivery WHERE kind=2 AND title LIKE '%outage%'", "1");
    end(&r);
}

static void rule_6_a_machine_that_slept_counts_none_of_it(void **state)
{
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 1); /* pending, a minute of two */
    expect(r.f, STATE, "1");
    r.now += 8 * CT_HOUR; /* suspended, or stopped: both clocks went on */
    r.boot += 8 * CT_HOUR;
    (void)ct_engine_step(r.e, r.now, r.boot); /* before anything is fetched again */
    expect(r.f, STATE, "1");
    ride(&r, 1);
    expect(r.f, STATE, "1");
    ride(&r, 2);
    expect(r.f, STATE, "2");
    r.now += 8 * CT_HOUR;
    r.boot += 8 * CT_HOUR;
    r.state = CT_STATE_OPERATIONAL;
    (void)ct_engine_step(r.e, r.now, r.boot);
    ride(&r, 3); /* five minutes of fine must be seen */
    expect(r.f, STATE, "2");
    expect(r.f, "SELECT count(*) FROM alert_delivery WHERE kind=2 AND title LIKE '%outage%'", "0");
    ride(&r, 4);
    expect(r.f, "SELECT count(*) FROM alert_delivery WHERE kind=2 AND title LIKE '%outage%'", "1");
    end(&r);
}

static void rule_6_a_fetcher_that_was_dead_for_a_day_starts_no_storm(void **state)
{
    for (int fine = 0; fine < 2; fine++) {
        struct ride r = BEGIN(state, outage);
        r.price = 3000;
        ride(&r, 2);
        r.state = CT_STATE_MAJOR;
        ride(&r, 5);
        int64_t before = count_of(&r, "SELECT count(*) FROM alert_delivery");
        stop(&r);
        r.now += 25 * CT_HOUR;
        r.boot = 5000;
        start(&r);
        for (int i = 0; i < 8; i++, r.now += 15 * CT_SECOND, r.boot += 15 * CT_SECOND)
            (void)ct_engine_step(r.e, r.now, r.boot); /* all it has is a day old */
        expect(r.f, STATE, "2");
        expect(r.f, "SELECT flags & 1 FROM alert WHERE rule='outage'", "1");
        expect(r.f, "SELECT count(*) FROM alert_delivery WHERE kind=2 AND title LIKE '%outage%'", "0");
        r.state = fine ? CT_STATE_OPERATIONAL : CT_STATE_MAJOR;
        ride(&r, 4);
        expect(r.f, STATE, "2");
        ride(&r, 6);
        expect(r.f, STATE, fine ? "3" : "2");
        /* the fetcher that was gone, pages that are old until they are fetched, a reminder or the end */
        assert_true(count_of(&r, "SELECT count(*) FROM alert_delivery") - before <= 4);
        expect(r.f, "SELECT count(*) FROM alert_delivery WHERE kind=0 AND title LIKE '%outage%'", "1");
        end(&r);
        fixture_teardown(state);
        assert_int_equal(fixture_setup(state), 0);
    }
}

static void alerts_of_a_rule_that_is_gone_are_closed(void **state)
{
    struct ride r = BEGIN(state, outage);
    ride(&r, 2);
    r.state = CT_STATE_MAJOR;
    ride(&r, 5);
    stop(&r);
    set_rules(&r, outage, 0);
    start(&r);
    ride(&r, 1);
    expect(r.f, CHANGES, "0>1 1>2 2>0");
    expect(r.f, "SELECT count(*) FROM alert", "0");
    end(&r);
}

static void the_reader_tells_what_fires_and_its_past(void **state)
{
    struct ride r = BEGIN(state, outage);
    struct ct_reader *reader;
    struct ct_rows rows;
    struct ct_alert_past past;
    struct ct_alert_count count;
    for (int i = 0; i < 3; i++) {
        r.state = CT_STATE_OPERATIONAL;
        ride(&r, 40);
        r.state = CT_STATE_MAJOR;
        ride(&r, 10);
    }
    assert_int_equal(ct_reader_open(r.f->path, &reader, &r.f->err), CT_OK);
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = r.now};
    assert_int_equal(ct_read_alerts(reader, &q, r.f->arena, &rows, &r.f->err), CT_OK);
    assert_int_equal(rows.n, 1);
    const struct ct_alert_row *a = rows.v;
    assert_int_equal(a->state, CT_ALERT_FIRING);
    assert_true(ct_span_is(a->subject, "openai"));
    assert_true(ct_span_is(a->sent, "bell ok"));
    assert_int_equal(ct_read_alert_past(reader, &q, a->id, &past, &r.f->err), CT_OK);
    assert_int_equal(past.fired, 3);
    assert_in_range(past.median_ms, 12 * CT_MINUTE, 14 * CT_MINUTE);
    assert_int_equal(ct_read_alert_count(reader, &q, r.f->arena, &count, &r.f->err), CT_OK);
    assert_int_equal(count.firing_new, 1);
    q.at_ms = r.now - 12 * CT_MINUTE; /* the time machine: it was fine then */
    assert_int_equal(ct_read_alerts(reader, &q, r.f->arena, &rows, &r.f->err), CT_OK);
    assert_int_equal(rows.n, 0);
    ct_reader_close(reader);
    end(&r);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(an_outage_is_told_once_and_so_is_its_end),
        T(rule_5_a_page_that_cannot_be_read_never_ends_an_alert),
        T(a_source_that_never_answered_is_stale_at_its_third_failure),
        T(rule_6_what_was_held_survives_a_restart_and_the_pause_counts_nothing),
        T(rule_7_when_most_sources_fail_it_is_us_and_all_else_is_held),
        T(rule_8_a_change_and_what_it_tells_are_stored_together_or_not_at_all),
        T(a_disk_that_fills_is_told_and_so_is_room_again),
        T(a_timer_that_fetches_once_fires_and_ends_alerts),
        T(rule_15_an_alert_that_was_forgotten_comes_back_under_new_ids_and_unacknowledged),
        T(rule_10_reminders_come_while_nobody_has_it),
        T(rule_11_and_12_a_silence_mutes_and_its_end_tells_what_still_fires),
        T(rule_12_an_acknowledgement_ends_with_the_recovery),
        T(what_is_over_is_not_counted_under_a_silence),
        T(what_was_sent_is_said_of_a_channel_that_may_fail_not_of_the_bell),
        T(screen_1_has_a_row_for_whatever_fires),
        T(rule_12_five_minutes_before_its_end_a_silence_says_so_once),
        T(quiet_hours_end_by_the_clock_on_the_wall_also_when_it_was_set_back),
        T(quiet_hours_end_in_one_message_and_critical_alerts_do_not_wait),
        T(rule_12_silences_need_a_reason_and_end),
        T(prices_end_only_when_they_moved_back_far_enough),
        T(a_quarantined_price_fires_nothing),
        T(a_suspect_correction_fires_nothing),
        T(stock_that_comes_back_is_told_when_it_comes),
        T(rule_6_a_clock_that_jumps_begins_and_ends_nothing),
        T(rule_6_a_machine_that_slept_counts_none_of_it),
        T(rule_6_a_fetcher_that_was_dead_for_a_day_starts_no_storm),
        T(alerts_of_a_rule_that_is_gone_are_closed),
        T(the_reader_tells_what_fires_and_its_past),
    };
    return cmocka_run_group_tests_name("alert engine", tests, NULL, NULL);
}
