/* alerts ack, silence, unsilence, extend, lint, send-test: what people do about alerts. They write
 * beside the fetcher: each is one small transaction. */
#include "config.h"

#include "app/fetcher_alert_commands.h"
#include "app/fetcher_alerts.h"
#include "app/fetcher_commands.h"
#include "app/fetcher_config.h"
#include "db/alerts.h"
#include "db/base/ini.h"
#include "db/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ct_span author(const struct ct_alert_call *c)
{
    const char *name = c->by ? c->by : getenv("USER");
    const struct passwd *p = name && name[0] ? NULL : getpwuid(getuid());
    char clean[CT_NAME_POINTS];
    size_t n = ct_text_clean(clean, sizeof clean, ct_span(p ? p->pw_name : name), 0);
    return ct_arena_dup(c->arena, n ? (struct ct_span){clean, n} : CT_LIT("somebody"));
}

static struct ct_span comment(const struct ct_alert_call *c)
{
    return ct_clean_name(c->arena, ct_span(c->comment));
}

static int open_writer(struct ct_alert_call *c, struct ct_writer **w)
{
    struct ct_error err = {0};
    return access(c->db.p, F_OK) != 0 ? ct_complain(EXIT_ERROR, c->db.p, "no such database")
           : ct_writer_open(c->db.p, 0, w, &err) != CT_OK ? ct_complain_err(EXIT_ERROR, &err)
                                                          : 0;
}

static int end(enum ct_status st, const struct ct_error *err, struct ct_writer *w)
{
    ct_writer_close(w);
    return st == CT_OK          ? EXIT_WORKED
           : st == CT_ERR_USAGE ? ct_complain_err(EXIT_USAGE, err)
                                : ct_complain_err(EXIT_ERROR, err);
}

/* "; ann had it: mine" when the alert ID is somebody's already: the new acknowledgement replaces that one. */
static struct ct_span holder(const struct ct_alert_call *c, struct ct_span id)
{
    struct ct_reader *r = NULL;
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = ct_now_ms()};
    struct ct_rows rows = {NULL, 0};
    struct ct_span said = {"", 0};
    if (ct_reader_open(c->db.p, &r, NULL) != CT_OK || ct_read_alerts(r, &q, c->arena, &rows, NULL) != CT_OK)
        rows.n = 0;
    const struct ct_alert_row *a = rows.v;
    for (size_t i = 0; i < rows.n; i++)
        if (a[i].acked && id.n <= a[i].id.n && memcmp(a[i].id.p, id.p, id.n) == 0)
            said = ct_arena_printf(c->arena, "; %.*s had it%s%.*s", CT_FMT(a[i].acked_by),
                                   a[i].acked_comment.n ? ": " : "", CT_FMT(a[i].acked_comment));
    ct_reader_close(r);
    return said;
}

static int do_ack(struct ct_alert_call *c, int argc, char **argv)
{
    struct ct_writer *w = NULL;
    struct ct_error err = {0};
    enum ct_status st = CT_OK;
    int code = open_writer(c, &w);
    if (code)
        return code;
    for (int i = 0; i < argc && st == CT_OK; i++) {
        struct ct_span had = holder(c, ct_span(argv[i]));
        if ((st = ct_write_ack(w, ct_span(argv[i]), author(c), comment(c), ct_now_ms(), &err)) == CT_OK)
            printf("%.*s has %s, until it recovers%.*s\n", CT_FMT(author(c)), argv[i], CT_FMT(had));
    }
    return end(st, &err, w);
}

/* Which open alerts a silence would cover: said before it is set. */
static int preview(struct ct_alert_call *c, struct ct_span matchers)
{
    struct ct_reader *r = NULL;
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = ct_now_ms()};
    struct ct_rows rows = {NULL, 0};
    int n = 0;
    if (ct_reader_open(c->db.p, &r, NULL) != CT_OK ||
        ct_read_alerts(r, &q, c->arena, &rows, NULL) != CT_OK)
        rows.n = 0;
    const struct ct_alert_row *a = rows.v;
    for (size_t i = 0; i < rows.n; i++)
        if (ct_alert_is_open(a[i].state) && ct_silence_covers(matchers, a[i].labels)) {
            printf("covers %.*s %s %.*s (%.*s)\n", CT_FMT(a[i].id),
                   ct_alert_state_words[a[i].state], CT_FMT(a[i].subject), CT_FMT(a[i].rule));
            n++;
        }
    if (!n)
        printf("covers no open alert\n");
    ct_reader_close(r);
    return n;
}

static int do_silence(struct ct_alert_call *c, int argc, char **argv)
{
    struct ct_error err = {0};
    struct ct_buf text = CT_BUF_INIT;
    struct ct_writer *w = NULL;
    int64_t span;
    for (int i = 0; i < argc; i++)
        ct_buf_addf(&text, "%s%s", i ? " " : "", argv[i]);
    struct ct_span matchers = ct_clean_name(c->arena, ct_buf_span(&text));
    ct_buf_free(&text);
    if (!c->span || ct_duration_parse(ct_span(c->span), &span) != CT_OK || span <= 0)
        return ct_complain(EXIT_USAGE, "silence", "--for says how long, such as 2h");
    if (!c->comment || !comment(c).n)
        return ct_complain(EXIT_USAGE, "silence", "--comment says why");
    if (ct_silence_check(matchers, &err) != CT_OK)
        return ct_complain_err(EXIT_USAGE, &err);
    int code = open_writer(c, &w);
    if (code)
        return code;
    preview(c, matchers);
    int64_t now = ct_now_ms();
    struct ct_silence s = {.matchers = matchers,
                           .author = author(c),
                           .comment = comment(c),
                           .from_ms = now,
                           .to_ms = now + span,
                           .made_ms = now};
    enum ct_status st = ct_write_silence(w, &s, &err);
    char until[CT_TIME_MAX];
    ct_time_format(until, s.to_ms / CT_SECOND * CT_SECOND);
    if (st == CT_OK)
        printf("silence %" PRId64 " until %s\n", s.id, until);
    return end(st, &err, w);
}

static int move_end(struct ct_alert_call *c, int argc, char **argv, int64_t by_ms)
{
    struct ct_error err = {0};
    struct ct_writer *w = NULL;
    enum ct_status st = CT_OK;
    int64_t id, now = ct_now_ms();
    int code = open_writer(c, &w);
    if (code)
        return code;
    for (int i = 0; i < argc && st == CT_OK; i++)
        st = ct_span_int(ct_span(argv[i]), &id) == CT_OK
                 ? ct_write_silence_end(w, id, now + by_ms, now, &err)
                 : ct_fail(&err, CT_ERR_USAGE, argv[i], "a silence is named by its number");
    char until[CT_TIME_MAX];
    ct_time_format(until, (now + by_ms) / CT_SECOND * CT_SECOND);
    for (int i = 0; i < argc && st == CT_OK; i++)
        printf(by_ms ? "silence %s until %s\n" : "silence %s ended\n", argv[i], until);
    return end(st, &err, w);
}

static int do_unsilence(struct ct_alert_call *c, int argc, char **argv)
{
    return move_end(c, argc, argv, 0);
}

static int do_extend(struct ct_alert_call *c, int argc, char **argv)
{
    int64_t span;
    if (!c->span || ct_duration_parse(ct_span(c->span), &span) != CT_OK || span <= 0)
        return ct_complain(EXIT_USAGE, "extend", "--for says how long from now, such as 2h");
    return move_end(c, argc, argv, span);
}

/* ---- send-test ---- */

struct test_send {
    bool ended;
    enum ct_sent sent;
    char answer[200];
};

static void on_sent(void *ctx, int64_t row, enum ct_sent sent, int64_t retry_after_ms,
                    const char *answer)
{
    struct test_send *t = ctx;
    (void)row, (void)retry_after_ms;
    t->ended = true;
    t->sent = sent;
    (void)snprintf(t->answer, sizeof t->answer, "%s", answer);
}

static void make_test(struct ct_alert_delivery *d, const char *channel, struct ct_arena *a)
{
    char at[CT_TIME_MAX];
    int64_t now = ct_now_ms();
    ct_time_format(at, now);
    *d = (struct ct_alert_delivery){.row = 1,
                                    .channel = ct_span(channel),
                                    .grp = CT_LIT("test"),
                                    .title = CT_LIT("cloudtape: a test message"),
                                    .text = CT_LIT("If you can read this, the channel works.\n"),
                                    .kind = CT_TELL_FIRING,
                                    .at_ms = now,
                                    .next_ms = now,
                                    .done_ms = CT_NONE};
    ct_event_id(d->event_id, 0, now, CT_TELL_FIRING, 0);
    d->json = ct_arena_printf(
        a,
        "{\"schema\":1,\"event_id\":\"%s\",\"kind\":\"firing\",\"severity\":\"info\",\"channel\":"
        "\"test\",\"group\":\"test\",\"title\":\"cloudtape: a test message\",\"at\":\"%s\","
        "\"alerts\":[],\"more\":0}",
        d->event_id, at);
}

/* Sends by the network as the fetcher would: its proxy, its certificates. */
static int send_test(struct ct_alert_call *c, const char *channel, const struct ct_fetch_config *fetch)
{
    struct ct_http_options o = ct_fetch_config_http(fetch, c->ca);
    struct ct_http *http = NULL;
    struct ct_error err = {0};
    struct ct_alert_config config;
    struct ct_alert_delivery d;
    struct test_send t = {.ended = false};
    if (ct_http_new(&o, &http, &err) != CT_OK)
        return ct_complain_err(EXIT_ERROR, &err);
    ct_alert_config_load(c->config, fetch->allow_private, http, &config);
    int code = EXIT_WORKED;
    if (!ct_channels_has(config.channels, ct_span(channel))) {
        code = ct_complain(EXIT_USAGE, channel, "no channel has this name");
    } else {
        make_test(&d, channel, c->arena);
        ct_channels_send(config.channels, &d, on_sent, &t);
        while (!t.ended) {
            bool woken;
            int64_t wait = ct_channels_step(config.channels, 200);
            if (!t.ended && ct_http_poll(http, wait, -1, &woken, &err) != CT_OK)
                break;
        }
        printf("%s\t%s\t%s\n", channel, t.sent == CT_SENT_OK ? "sent" : "failed", t.answer);
        code = t.ended && t.sent == CT_SENT_OK ? EXIT_WORKED : EXIT_ERROR;
    }
    ct_http_free(http);
    ct_alert_config_free(&config);
    return code;
}

static int do_send_test(struct ct_alert_call *c, int argc, char **argv)
{
    struct ct_registry *reg = NULL;
    struct ct_fetch_config fetch = {0};
    struct ct_error err = {0};
    (void)argc;
    enum ct_status st = ct_registry_load(&reg, &err);
    if (st == CT_OK)
        st = ct_fetch_config_load(c->config, c->allow_private, reg, &fetch, &err);
    int code = st == CT_OK ? send_test(c, argv[0], &fetch) : ct_complain_err(EXIT_ERROR, &err);
    ct_fetch_config_free(&fetch);
    ct_registry_free(reg);
    return code;
}

/* ---- rule ---- */

static bool rule_name_ok(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n <= 64 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == n;
}

/* A rule in a file of its own, never over one that is there: what somebody wrote stays his. */
static int do_rule(struct ct_alert_call *c, int argc, char **argv)
{
    struct ct_buf when = CT_BUF_INIT, path = CT_BUF_INIT, text = CT_BUF_INIT;
    struct ct_rules *rules = NULL;
    struct ct_rule_scope scope;
    struct ct_error err = {0};
    int code = EXIT_WORKED;
    for (int i = 1; i < argc; i++)
        ct_buf_addf(&when, "%s%s", i > 1 ? " " : "", argv[i]);
    ct_alert_scope(c->config, c->arena, &scope);
    struct ct_span sentence = CT_SPAN_NONE;
    if (!rule_name_ok(argv[0]))
        code = ct_complain(EXIT_USAGE, argv[0], "a rule's name has letters, digits, '-' and '_'");
    else if (ct_rule_of_when(when.p, &scope, &rules, &err) != CT_OK)
        code = ct_complain_err(EXIT_USAGE, &err);
    else
        sentence = ct_rule_sentence(ct_rules_at(rules, 0), c->arena);
    if (code == EXIT_WORKED) {
        ct_path_config(&path, "alerts.d/");
        code = ct_mkdirs(path.p, &err) == CT_OK ? code : ct_complain_err(EXIT_ERROR, &err);
        ct_buf_addf(&path, "%s.ini", argv[0]);
        ct_buf_addf(&text, "; %.*s\n[alert %s]\nwhen = %s\nnotify = bell\n", CT_FMT(sentence),
                    argv[0], when.p);
    }
    int fd = code == EXIT_WORKED
                 ? open(path.p, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)
                 : -1;
    if (code == EXIT_WORKED && fd < 0)
        code = ct_complain(EXIT_ERROR, path.p, "%s", strerror(errno));
    if (fd >= 0 && (write(fd, text.p, text.n) != (ssize_t)text.n || fsync(fd) != 0))
        code = ct_complain(EXIT_ERROR, path.p, "%s", strerror(errno));
    if (fd >= 0)
        close(fd);
    if (code == EXIT_WORKED)
        printf("wrote %s\n", path.p);
    ct_rules_free(rules);
    ct_buf_free(&when);
    ct_buf_free(&path);
    ct_buf_free(&text);
    return code;
}

/* ---- the command ---- */

static const struct {
    const char *word;
    int (*run)(struct ct_alert_call *c, int argc, char **argv);
    int least, most;
    const char *form;
} verbs[] = {
    {"ack", do_ack, 1, 100, " ID..."},
    {"silence", do_silence, 1, 20, " LABEL=GLOB... --for 2h --comment TEXT"},
    {"unsilence", do_unsilence, 1, 100, " N..."},
    {"extend", do_extend, 1, 100, " N... --for 1h"},
    {"rule", do_rule, 2, 60, " NAME WHEN"},
    {"test", ct_alerts_test, 1, 1, " RULE [--since -30d]"},
    {"lint", ct_alerts_lint, 0, 0, ""},
    {"why", ct_alerts_why, 1, 1, " SUBJECT"},
    {"send-test", do_send_test, 1, 1, " CHANNEL"},
};

int ct_cmd_alert_work(int argc, char **argv)
{
    struct ct_alert_call c = {.db = CT_BUF_INIT};
    const char *db = NULL;
    const struct ct_arg args[] = {{"db", &db, NULL},
                                  {"config", &c.config, NULL},
                                  {"for", &c.span, NULL},
                                  {"comment", &c.comment, NULL},
                                  {"by", &c.by, NULL},
                                  {"since", &c.since, NULL},
                                  {"ca", &c.ca, NULL},
                                  {"allow-private", NULL, &c.allow_private},
                                  {0}};
    const char *words[CT_LEN(verbs) + 1] = {NULL};
    int code = -1;
    if (!ct_args(&argc, argv, args))
        return EXIT_USAGE;
    c.arena = ct_arena_new(0);
    ct_path_database(&c.db, db);
    for (size_t i = 0; i < CT_LEN(verbs); i++) {
        words[i] = verbs[i].word;
        if (argc == 0 || strcmp(argv[0], verbs[i].word) != 0)
            continue;
        code = argc - 1 < verbs[i].least || argc - 1 > verbs[i].most
                   ? ct_complain(EXIT_USAGE, "alerts", "say alerts %s%s", verbs[i].word, verbs[i].form)
                   : verbs[i].run(&c, argc - 1, argv + 1);
    }
    if (code < 0) {
        const char *near = argc ? ct_nearest(argv[0], words) : NULL;
        code = ct_complain(EXIT_USAGE, "alerts", "what to do is missing or unknown%s%s%s",
                           near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    if (fflush(stdout) != 0 && code == EXIT_WORKED)
        code = EXIT_ERROR;
    ct_buf_free(&c.db);
    ct_arena_free(c.arena);
    return code;
}
