/* Ninety simulated days (a few here) with storms, flaps, lies and hours offline, through the real
 * engine: the simulated market knows what was true, so each message can be judged. A real event is an
 * outage that three honest answers in a row showed. */
#include "config.h"

#include "alerts/engine.h"
#include "demo/backlog.h"
#include "demo/wire.h"
#include "fetchers/family.h"
#include "fetchers/reference.h"
#include "tests/figure.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ftw.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define END INT64_C(1793491200000) /* 2026-11-01 */
#define POLL_MS (10 * CT_MINUTE)
#define REPEAT_MS (4 * CT_HOUR)

enum { DAYS = 8, MOST_DAYS = 90, MOST_POLLS = MOST_DAYS * 144 + 1 };
/* Bounds this program keeps. Of one event: its beginning, one word more when it gets worse, after a
 * silence of the data or a storm, its end, and a reminder each four hours; in the mean of all events
 * with what repeats left out: */
enum { MOST_OF_ONE = 6, MOST_IN_MEAN_X10 = 35 };

static char folder[512];

/* What an honest answer of a page would have shown at a poll. */
enum seen { LIES, FINE, BAD };
static enum seen seen[WORLD_PAGES][MOST_POLLS];
static bool down[WORLD_PAGES][MOST_POLLS]; /* and what was so, whatever the answer: half a lie is half true */
static int n_polls;

struct told {
    int64_t at_ms; /* when its message went */
    int page, kind;
};

struct figures {
    int events, missed, after_end, false_end, messages, most, reminders;
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st, (void)type, (void)f;
    return remove(path);
}

/* ---- the world, and what is done to it ---- */

static void write_sources(struct ct_writer *w, int64_t start)
{
    struct ct_source_conf confs[WORLD_SOURCES];
    struct ct_error err = {0};
    for (int i = 0; i < WORLD_SOURCES; i++) {
        const struct wire_source *s = &wire_sources[i];
        confs[i] = (struct ct_source_conf){.id = s->id,
                                           .family = s->family,
                                           .kind = ct_family_find(s->family)->kind,
                                           .provider = s->provider,
                                           .scope = s->scope,
                                           .title = s->title,
                                           .url = "http://127.0.0.1:9",
                                           .terms = "",
                                           .evidence = CT_EVIDENCE_OFFICIAL,
                                           .interval_ms = s->backlog_ms,
                                           .enabled = true,
                                           .off_reason = ""};
    }
    assert_int_equal(ct_write_sources(w, confs, WORLD_SOURCES, start, &err), CT_OK);
}

static void begin_incident(struct ct_world *w, int page, int severity, int64_t lasts_ms)
{
    struct world_page *p = &w->pages[page];
    if (p->n_incidents == WORLD_MAX_INCIDENTS)
        p->n_incidents--;
    memmove(p->incidents + 1, p->incidents, (size_t)p->n_incidents * sizeof p->incidents[0]);
    p->n_incidents++;
    p->incidents[0] = (struct world_incident){.number = w->next_number++,
                                              .component = page % p->n_components,
                                              .severity = severity,
                                              .phase = WORLD_MONITORING,
                                              .left_ms = lasts_ms,
                                              .started_ms = w->now_ms,
                                              .resolved_ms = CT_NONE,
                                              .n_updates = 1};
    p->incidents[0].updates[0].at_ms = w->now_ms;
    p->incidents[0].updates[0].phase = WORLD_INVESTIGATING;
}

/* By the hour of a week: a storm over all pages, a page that flaps for four hours, three hours without
 * a network. What the world does by itself goes on all the time. */
static void make_trouble(struct ct_world *w, int poll)
{
    int day = poll / 144 % 7, slot = poll % 144;
    for (int i = 0; day == 1 && slot == 60 && i < WORLD_PAGES; i++)
        begin_incident(w, i, 3, (40 + 20 * i) * CT_MINUTE);
    if (day == 3 && slot >= 30 && slot < 54 && slot % 2 == 0)
        begin_incident(w, (poll / 144 / 7) % WORLD_PAGES, 2, POLL_MS);
    for (int i = 0; day == 5 && slot == 90 && i < WORLD_SOURCES; i++) {
        w->lies[i] = WORLD_BROKEN;
        w->lie_left_ms[i] = 3 * CT_HOUR;
    }
    if (day == 5 && slot == 100) /* two begin and one ends while nobody can see it */
        for (int i = 0; i < 2; i++)
            begin_incident(w, i, 3, (i ? 20 : 400) * CT_MINUTE);
}

static void note_truth(const struct ct_world *w)
{
    for (int i = 0; i < WORLD_PAGES; i++) {
        bool open = false;
        for (int k = 0; k < w->pages[i].n_incidents; k++)
            open = open || w->pages[i].incidents[k].phase != WORLD_RESOLVED;
        down[i][n_polls] = open;
        bool asked = w->now_ms % wire_sources[i].backlog_ms == 0; /* else the last answer stands */
        seen[i][n_polls] = !asked                           ? n_polls ? seen[i][n_polls - 1] : LIES
                           : w->lies[i] != WORLD_HONEST ? LIES
                           : open                           ? BAD
                                                            : FINE;
    }
    n_polls++;
}

/* ---- the ride ---- */

static void on_problem(void *ctx, const char *where, const char *what)
{
    (void)ctx;
    fail_msg("%s: %s", where, what);
}

static void live(const char *path, uint64_t seed, int days)
{
    static const struct ct_rule_line lines[] = {
        {"outage", "when", "status state>=degr", "t:1"}, {"outage", "for", "5m", "t:2"},
        {"outage", "severity", "critical", "t:3"},       {"outage", "notify", "bell", "t:4"},
        {"outage", "group", "provider", "t:5"},
    };
    int64_t start = END - days * CT_DAY;
    char now[CT_TIME_MAX];
    struct ct_error err = {0};
    struct ct_world world;
    struct ct_engine_options o = {.db_path = path, .seed = seed};
    struct ct_rules *rules;
    struct ct_channels *channels;
    struct ct_engine *e;
    const struct ct_channels_options none = {.http = NULL};
    ct_time_format(now, start);
    setenv("CLOUDTAPE_NOW", now, 1);
    assert_int_equal(ct_writer_open(path, CT_OPEN_BULK, &o.writer, &err), CT_OK);
    write_sources(o.writer, start);
    ct_world_init(&world, seed, start);
    struct ct_backlog *backlog = demo_backlog_new(o.writer, &world);
    ct_rules_load(lines, CT_LEN(lines), NULL, on_problem, NULL, &rules);
    ct_channels_new(&none, &channels);
    o.rules = rules;
    o.channels = channels;
    assert_int_equal(ct_engine_new(&o, &e, &err), CT_OK);
    n_polls = 0;
    for (int64_t t = start; t < END; t += CT_MINUTE) {
        if ((t - start) % POLL_MS == 0) {
            make_trouble(&world, n_polls);
            world.now_ms = t - POLL_MS;
            if (demo_backlog_step(backlog, &err) != CT_OK)
                fail_msg("%s: %s", err.where, err.what);
            note_truth(&world);
            ct_engine_committed(e, CT_SOURCE_STATUS);
        }
        (void)ct_engine_step(e, t, t - start + CT_HOUR);
    }
    ct_engine_free(e);
    ct_channels_free(channels);
    ct_rules_free(rules);
    demo_backlog_free(backlog);
    ct_writer_close(o.writer);
    unsetenv("CLOUDTAPE_NOW");
}

/* ---- what was told, against what was true ---- */

static sqlite3_stmt *ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    return st;
}

static int page_of(const char *subject)
{
    for (int i = 0; i < WORLD_PAGES; i++)
        if (strncmp(subject, wire_sources[i].provider, strlen(wire_sources[i].provider)) == 0)
            return i;
    fail_msg("no page \"%s\"", subject);
    return -1;
}

static struct told *read_told(sqlite3 *db, size_t *n)
{
    struct told *v = NULL;
    sqlite3_stmt *st = ask(db, "SELECT d.at_ms, i.kind, (SELECT subject FROM alert_change c WHERE c.alert = i.alert"
                               " LIMIT 1) FROM alert_intent i JOIN alert_delivery d ON d.id = i.delivery WHERE"
                               " i.alert IN (SELECT alert FROM alert_change WHERE rule = 'outage') ORDER BY d.id, i.id");
    *n = 0;
    while (sqlite3_step(st) == SQLITE_ROW) {
        v = ct_xrealloc(v, (*n + 1) * sizeof *v);
        v[(*n)++] = (struct told){.at_ms = sqlite3_column_int64(st, 0),
                                  .kind = sqlite3_column_int(st, 1),
                                  .page = page_of((const char *)sqlite3_column_text(st, 2))};
    }
    sqlite3_finalize(st);
    return v;
}

/* The last honest answer at AT_MS: BAD or FINE, and the first of those that said the same, lies between
 * them aside; LIES: there is none. */
static enum seen last_seen(int page, int64_t start, int64_t at_ms, int64_t *since_ms)
{
    int poll = (int)((at_ms - start) / POLL_MS);
    while (poll >= 0 && seen[page][poll] == LIES)
        poll--;
    enum seen s = poll < 0 ? LIES : seen[page][poll];
    for (int i = poll; i >= 0 && (seen[page][i] == s || seen[page][i] == LIES); i--)
        poll = seen[page][i] == s ? i : poll;
    *since_ms = start + poll * POLL_MS;
    return s;
}

/* Said between FROM and TO, or before and not taken back until then. */
static bool speaks_of(const struct told *v, size_t n, int page, int64_t from_ms, int64_t to_ms)
{
    bool flapping = false, open = false;
    for (size_t i = 0; i < n && v[i].at_ms <= to_ms; i++) {
        if (v[i].page != page)
            continue;
        if (v[i].kind == CT_TELL_FLAP_ON || v[i].kind == CT_TELL_FLAP_OFF)
            flapping = v[i].kind == CT_TELL_FLAP_ON;
        if (v[i].at_ms >= from_ms && (v[i].kind == CT_TELL_FIRING || v[i].kind == CT_TELL_FLAP_ON))
            return true;
        open = v[i].kind == CT_TELL_FIRING || (open && v[i].kind != CT_TELL_RESOLVED);
    }
    return flapping || open;
}

/* One after the other: the events of a page, whether each was told in time, and by how many words. */
static void judge_events(int page, int64_t start, const struct told *v, size_t n, struct figures *f)
{
    for (int from = 0; from < n_polls; from++) {
        int to = from;
        while (to < n_polls && seen[page][to] == BAD)
            to++;
        if (to - from >= 6 && to < n_polls) { /* three answers */
            int64_t begins = start + from * POLL_MS, ends = start + to * POLL_MS;
            int words = 0, reminders = 0;
            f->events++;
            bool told_before = from > 0 && seen[page][from - 1] == LIES; /* it may have been known */
            if (!told_before && !speaks_of(v, n, page, begins, begins + 26 * CT_MINUTE)) {
                print_message("# page %d: not told from minute %" PRId64 " to %" PRId64 "\n", page,
                              (begins - start) / CT_MINUTE, (ends - start) / CT_MINUTE);
                f->missed++;
            }
            for (size_t i = 0; i < n; i++)
                if (v[i].page == page && v[i].at_ms >= begins && v[i].at_ms < ends + 10 * CT_MINUTE) {
                    reminders += v[i].kind == CT_TELL_REPEAT;
                    words += v[i].kind != CT_TELL_REPEAT;
                }
            f->most = words > f->most ? words : f->most;
            f->reminders += reminders;
            assert_true(reminders <= (ends - begins) / REPEAT_MS + 1);
        }
        from = to > from ? to : from;
    }
}

static void judge_words(int64_t start, const struct told *v, size_t n, struct figures *f)
{
    for (size_t i = 0; i < n; i++) {
        int64_t since;
        enum seen s = last_seen(v[i].page, start, v[i].at_ms, &since);
        bool is_down = down[v[i].page][(v[i].at_ms - start) / POLL_MS];
        bool begins = v[i].kind == CT_TELL_FIRING || v[i].kind == CT_TELL_REPEAT;
        if (begins && s == FINE && !is_down && v[i].at_ms - since > 6 * CT_MINUTE) {
            print_message("# page %d: kind %d told %" PRId64 " min after its end, minute %" PRId64 "\n", v[i].page,
                          v[i].kind, (v[i].at_ms - since) / CT_MINUTE, (v[i].at_ms - start) / CT_MINUTE);
            f->after_end++;
        }
        if (v[i].kind == CT_TELL_RESOLVED && s == BAD && is_down) {
            print_message("# page %d: its end told in the middle, minute %" PRId64 "\n", v[i].page,
                          (v[i].at_ms - start) / CT_MINUTE);
            f->false_end++;
        }
    }
}

/* All that was told in one text: the same seed must give the same. */
static char *transcript(sqlite3 *db)
{
    struct ct_buf b = CT_BUF_INIT;
    sqlite3_stmt *st = ask(db, "SELECT event_id, at_ms, channel, title, text, kind FROM alert_delivery ORDER BY id");
    ct_buf_adds(&b, "");
    while (sqlite3_step(st) == SQLITE_ROW)
        for (int i = 0; i < 6; i++)
            ct_buf_addf(&b, "%s\t", (const char *)sqlite3_column_text(st, i));
    sqlite3_finalize(st);
    return b.p;
}

static void messages_follow_the_truth_and_the_seed(void **state)
{
    int days = figure("CT_ALERT_DAYS", DAYS, MOST_DAYS), seed = figure("CT_ALERT_SEED", 1, 1000000);
    char *first = NULL;
    (void)state;
    for (int twin = 0; twin < 2; twin++) {
        char path[600];
        sqlite3 *db;
        struct figures f = {0};
        size_t n;
        int64_t start = END - days * CT_DAY;
        (void)snprintf(path, sizeof path, "%s/%d.db", folder, twin);
        live(path, (uint64_t)seed, days);
        assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
        struct told *v = read_told(db, &n);
        char *text = transcript(db);
        sqlite3_stmt *st = ask(db, "SELECT count(*) FROM alert_delivery WHERE grp LIKE 'provider=%' AND kind <> 1");
        assert_int_equal(sqlite3_step(st), SQLITE_ROW);
        f.messages = sqlite3_column_int(st, 0);
        sqlite3_finalize(st);
        for (int page = 0; page < WORLD_PAGES; page++)
            judge_events(page, start, v, n, &f);
        judge_words(start, v, n, &f);
        print_message("# seed %d, %d days: %d events, %d messages and %d reminders about them, at most %d words of"
                      " one; missed %d, after the all-clear %d, false all-clears %d\n",
                      seed, days, f.events, f.messages, f.reminders, f.most, f.missed, f.after_end, f.false_end);
        assert_true(f.events >= days / 2);
        assert_int_equal(f.missed, 0);
        assert_int_equal(f.after_end, 0);
        assert_int_equal(f.false_end, 0);
        assert_true(f.most <= MOST_OF_ONE);
        assert_true(f.messages * 10 <= f.events * MOST_IN_MEAN_X10);
        if (first)
            assert_string_equal(first, text);
        free(first);
        first = text;
        free(v);
        sqlite3_close(db);
    }
    free(first);
}

static int setup(void **state)
{
    const char *base = getenv("CT_BUILDDIR");
    struct ct_error err = {0};
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/market-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder) || ct_reference_load(&err) != CT_OK)
        fail_msg("%s: %s", err.where, err.what);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ct_reference_free();
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_follow_the_truth_and_the_seed, setup, teardown),
    };
    return cmocka_run_group_tests_name("alert market", tests, NULL, NULL);
}
