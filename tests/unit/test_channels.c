/* Channels against real programs and real servers on loopback. */
#include "config.h"

#include "alerts/channel.h"
#include "tests/server/server.h"
#include "tests/server/smtp.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVIL "-rf $(touch MARK) `touch MARK` ; touch MARK | \" ' <!channel> @all & <b>x</b> [ok](https://evil)"

struct place {
    char folder[512];
    struct ts *server;
    struct ts_smtp *smtp;
    struct ct_http *http;
    struct ct_channels *c;
    struct ct_arena *arena;
    struct ct_alert_delivery d;
    int results;
    enum ct_sent sent;
    int64_t retry_after_ms;
    const char *title; /* of the next messages; NULL: the worst there is */
    char answer[300], said[1000];
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st, (void)type, (void)f;
    return remove(path);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    const char *base = getenv("CT_BUILDDIR");
    struct ct_http_options o = {.allow_private = true};
    (void)snprintf(p->folder, sizeof p->folder, "%s/channels-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(p->folder))
        return -1;
    p->server = ts_new(NULL, NULL);
    p->smtp = ts_smtp_new();
    p->arena = ct_arena_new(0);
    *state = p;
    return ct_http_new(&o, &p->http, NULL) == CT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct place *p = *state;
    ct_http_free(p->http);
    ct_channels_free(p->c);
    ts_free(p->server);
    ts_smtp_free(p->smtp);
    ct_arena_free(p->arena);
    (void)nftw(p->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static void hear(void *ctx, const char *where, const char *what)
{
    struct place *p = ctx;
    size_t n = strlen(p->said);
    (void)snprintf(p->said + n, sizeof p->said - n, "%s: %s\n", where, what);
}

static void configure(struct place *p, const struct ct_channel_line *lines, size_t n)
{
    struct ct_channels_options o = {
        .lines = lines, .n_lines = n, .http = p->http, .problem = hear, .ctx = p};
    ct_channels_free(p->c);
    p->said[0] = '\0';
    ct_channels_new(&o, &p->c);
}
#define CONFIGURE(p, ...)                                                                          \
    do {                                                                                           \
        const struct ct_channel_line lines_[] = {__VA_ARGS__};                                     \
        configure(p, lines_, CT_LEN(lines_));                                                      \
    } while (0)

static void on_done(void *ctx, int64_t row, enum ct_sent sent, int64_t retry_after_ms,
                    const char *answer)
{
    struct place *p = ctx;
    assert_int_equal(row, 7);
    p->results++;
    p->sent = sent;
    p->retry_after_ms = retry_after_ms;
    (void)snprintf(p->answer, sizeof p->answer, "%s", answer);
}

/* A message about two alerts, one of them over, with the worst words there are. */
static struct ct_alert_delivery *message(struct place *p)
{
    json_t *doc = json_pack(
        "{s:i,s:s,s:s,s:s,s:s,s:s,s:[{s:s,s:s,s:s,s:s,s:s,s:s},{s:s,s:s,s:s,s:s,s:s}],s:i}", "schema",
        1, "event_id", "0123456789abcdef", "kind", "firing", "severity", "critical", "group", "g",
        "at", "2026-11-01T00:00:00Z", "alerts", "id", "aaaaaaaaaaaa", "rule", "r", "subject", EVIL,
        "kind", "firing", "severity", "critical", "text", EVIL, "id", "bbbbbbbbbbbb", "subject",
        "b", "kind", "resolved", "severity", "warning", "text", "fine", "more", 0);
    char *json = json_dumps(doc, JSON_COMPACT);
    p->d = (struct ct_alert_delivery){.row = 7,
                                      .channel = CT_LIT("c"),
                                      .grp = CT_LIT("g"),
                                      .title = ct_span(p->title ? p->title : EVIL),
                                      .text = CT_LIT(EVIL "\nline two\n"),
                                      .severity = CT_SEV_CRITICAL,
                                      .kind = CT_TELL_FIRING};
    (void)snprintf(p->d.event_id, sizeof p->d.event_id, "0123456789abcdef");
    p->d.json = ct_arena_dup(p->arena, ct_span(json));
    free(json);
    json_decref(doc);
    return &p->d;
}

static void send(struct place *p)
{
    struct ct_error err;
    p->results = 0;
    ct_channels_send(p->c, message(p), on_done, p);
    int64_t end = ct_mono_ms() + 60 * CT_SECOND;
    while (!p->results && ct_mono_ms() < end) {
        bool woken;
        int64_t wait = ct_channels_step(p->c, 20);
        if (!p->results)
            assert_int_equal(ct_http_poll(p->http, wait, -1, &woken, &err), CT_OK);
    }
    assert_int_equal(p->results, 1);
}

static const char *url(struct place *p, const char *path)
{
    return ct_arena_printf(p->arena, "http://127.0.0.1:%d%s", ts_port(p->server), path).p;
}

static void serve(struct place *p, const char *path, int status, const char *headers)
{
    const struct ts_answer a = {.status = status, .headers = headers, .body = "thanks"};
    ts_set(p->server, path, &a);
}

/* The body of the last request of PATH, read as JSON. */
static json_t *asked(struct place *p, const char *path)
{
    char *request = ts_last(p->server, path), *body = request ? strstr(request, "\n\n") : NULL;
    json_t *doc = body ? json_loads(body + 2, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!doc)
        fail_msg("no JSON was sent to %s: %s", path, request ? request : "nothing");
    free(request);
    return doc;
}

static const char *text(const json_t *doc, const char *key)
{
    const char *s = json_string_value(json_object_get(doc, key));
    return s ? s : "";
}

/* ---- webhooks ---- */

static void formats_are_what_each_service_takes(void **state)
{
    struct place *p = *state;
    static const char *const names[] = {"json",      "slack",    "discord", "mattermost",
                                        "pagerduty", "opsgenie", "alertmanager"};
    serve(p, "/hook", 202, NULL);
    serve(p, "/hook/cloudtape-bbbbbbbbbbbb/close", 202, NULL);
    setenv("CT_TEST_KEY", "sesame", 1);
    for (size_t i = 0; i < CT_LEN(names); i++) {
        CONFIGURE(p, {"c", "kind", "webhook", "f:1"}, {"c", "format", names[i], "f:2"},
                  {"c", "url", url(p, "/hook"), "f:3"}, {"c", "key_env", "CT_TEST_KEY", "f:4"});
        assert_string_equal(p->said, "");
        send(p);
        assert_int_equal(p->sent, CT_SENT_OK);
        json_t *doc = asked(p, "/hook");
        if (i == 0)
            assert_string_equal(text(doc, "event_id"), "0123456789abcdef");
        if (i == 1) {
            assert_null(strstr(text(doc, "text"), "<!channel>"));
            assert_non_null(strstr(text(doc, "text"), "&lt;!channel&gt;"));
        }
        if (i == 2)
            assert_int_equal(
                json_array_size(json_object_get(json_object_get(doc, "allowed_mentions"), "parse")), 0);
        if (i == 3)
            assert_null(strchr(text(doc, "text"), '@'));
        if (i == 2 || i == 3) /* no link whose words lie */
            assert_non_null(strstr(text(doc, i == 2 ? "content" : "text"), "\\[ok\\](https://evil)"));
        if (i == 4) { /* the last of two: the one that is over */
            assert_string_equal(text(doc, "event_action"), "resolve");
            assert_string_equal(text(doc, "dedup_key"), "cloudtape-bbbbbbbbbbbb");
            assert_string_equal(text(doc, "routing_key"), "sesame");
        }
        if (i == 5) {
            assert_string_equal(text(doc, "alias"), "cloudtape-aaaaaaaaaaaa");
            assert_int_equal(ts_hits(p->server, "/hook/cloudtape-bbbbbbbbbbbb/close"), 1);
        }
        if (i == 6) {
            assert_int_equal(json_array_size(doc), 2);
            assert_string_equal(text(json_array_get(doc, 0), "endsAt"), "2026-11-08T00:00:00Z");
            assert_string_equal(text(json_array_get(doc, 1), "endsAt"), "2026-11-01T00:00:00Z");
        }
        json_decref(doc);
    }
}

static void ntfy_gets_plain_text_and_a_title_of_ascii(void **state)
{
    struct place *p = *state;
    serve(p, "/topic", 200, NULL);
    CONFIGURE(p, {"c", "kind", "webhook", "f:1"}, {"c", "format", "ntfy", "f:2"},
              {"c", "url", url(p, "/topic"), "f:3"});
    send(p);
    assert_int_equal(p->sent, CT_SENT_OK);
    char *request = ts_last(p->server, "/topic");
    assert_non_null(strstr(request, "Priority: 5"));
    assert_non_null(strstr(request, "line two"));
    free(request);
}

static void answers_decide_whether_it_is_tried_again(void **state)
{
    struct place *p = *state;
    static const struct {
        int status;
        enum ct_sent sent;
    } cases[] = {
        {200, CT_SENT_OK},      {204, CT_SENT_OK},      {400, CT_SENT_REFUSED},
        {404, CT_SENT_REFUSED}, {408, CT_SENT_RETRY},   {429, CT_SENT_RETRY},
        {500, CT_SENT_RETRY},   {503, CT_SENT_RETRY},   {302, CT_SENT_REFUSED},
        {307, CT_SENT_REFUSED}, {301, CT_SENT_REFUSED},
    };
    CONFIGURE(p, {"c", "kind", "webhook", "f:1"}, {"c", "url", url(p, "/hook"), "f:2"});
    serve(p, "/elsewhere", 200, NULL);
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        char headers[200];
        (void)snprintf(headers, sizeof headers, "Location: %s\nRetry-After: 17", url(p, "/elsewhere"));
        serve(p, "/hook", cases[i].status, headers);
        send(p);
        if (p->sent != cases[i].sent)
            fail_msg("%d: %d (%s)", cases[i].status, (int)p->sent, p->answer);
        if (cases[i].status == 429)
            assert_int_equal(p->retry_after_ms, 17 * CT_SECOND);
    }
    assert_int_equal(ts_hits(p->server, "/elsewhere"), 0);
    char address[80];
    (void)snprintf(address, sizeof address, "http://127.0.0.1:%d/x", ts_closed_port());
    CONFIGURE(p, {"c", "kind", "webhook", "f:1"}, {"c", "url", address, "f:2"});
    send(p);
    assert_int_equal(p->sent, CT_SENT_RETRY);
}

static void secrets_show_in_no_answer_and_files_must_be_ones_own(void **state)
{
    struct place *p = *state;
    char path[600];
    (void)snprintf(path, sizeof path, "%s/url", p->folder);
    FILE *f = fopen(path, "w");
    fprintf(f, "ftp://marker-secret/x\n");
    fclose(f);
    assert_int_equal(chmod(path, 0644), 0);
    CONFIGURE(p, {"c", "kind", "webhook", "f:1"}, {"c", "url_file", path, "f:2"});
    send(p);
    assert_int_equal(p->sent, CT_SENT_REFUSED);
    assert_non_null(strstr(p->answer, "readable by others"));
    assert_int_equal(chmod(path, 0600), 0);
    send(p);
    assert_int_equal(p->sent, CT_SENT_REFUSED);
    assert_null(strstr(p->answer, "marker-secret"));
    CONFIGURE(p, {"c", "kind", "webhook", "f:1"}, {"c", "url_env", "CT_TEST_NOT_SET", "f:2"});
    send(p);
    assert_string_equal(p->answer, "$CT_TEST_NOT_SET is not set");
}

static void a_key_may_come_from_a_program(void **state)
{
    struct place *p = *state;
    serve(p, "/hook", 200, NULL);
    CONFIGURE(p, {"c", "kind", "webhook", "f:1"}, {"c", "url", url(p, "/hook"), "f:2"},
              {"c", "key_cmd", "echo open-sesame", "f:3"});
    send(p);
    assert_int_equal(p->sent, CT_SENT_OK);
    char *request = ts_last(p->server, "/hook");
    assert_non_null(strstr(request, "Authorization: Bearer open-sesame"));
    free(request);
}

/* ---- TLS ---- */

/* One server a certificate; what is sent to it is told or refused with words about the certificate. */
static void certificates_are_checked_whatever_is_sent_where(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *cert;
        enum ct_sent sent;
        const char *words;
    } cases[] = {
        {"good", CT_SENT_OK, ""},
        {"wrong-host", CT_SENT_RETRY, "for another host"},
        {"expired", CT_SENT_RETRY, "expired"},
        {"self-signed", CT_SENT_RETRY, "self-signed"},
        {"unknown-ca", CT_SENT_RETRY, "unknown authority"},
    };
    struct ct_http_options o = {.allow_private = true};
    ts_make_certs(p->folder);
    o.ca_file = ct_arena_printf(p->arena, "%s/ca.pem", p->folder).p;
    ct_http_free(p->http);
    assert_int_equal(ct_http_new(&o, &p->http, NULL), CT_OK);
    setenv("CT_TEST_KEY", "sesame", 1);
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        const char *cert = ct_arena_printf(p->arena, "%s/%s.pem", p->folder, cases[i].cert).p;
        const char *key = ct_arena_printf(p->arena, "%s/%s.key", p->folder, cases[i].cert).p;
        struct ts *server = ts_new(cert, key);
        const struct ts_answer thanks = {.status = 200, .body = "thanks"};
        ts_set(server, "/hook", &thanks);
        const char *ways[] = {
            ct_arena_printf(p->arena, "https://127.0.0.1:%d/hook", ts_port(server)).p,
            ct_arena_printf(p->arena, "smtp://127.0.0.1:%d", ts_smtp_port(p->smtp)).p,
            ct_arena_printf(p->arena, "smtps://127.0.0.1:%d", ts_smtp_port(p->smtp)).p,
        };
        for (size_t way = 0; way < CT_LEN(ways); way++) {
            char *before = ts_smtp_heard(p->smtp);
            ts_smtp_secure(p->smtp, way == 1 ? TS_SMTP_STARTTLS : TS_SMTP_IMPLICIT, cert, key);
            CONFIGURE(p, {"c", "kind", way ? "mail" : "webhook", "f:1"},
                      {"c", way ? "server" : "url", ways[way], "f:2"},
                      {"c", "from", "ct@example.net", "f:3"}, {"c", "to", "a@example.net", "f:4"},
                      {"c", "user", "me", "f:5"}, {"c", "key_env", "CT_TEST_KEY", "f:6"});
            assert_string_equal(p->said, "");
            send(p);
            if (p->sent != cases[i].sent || !strstr(p->answer, cases[i].words))
                fail_msg("%s to %s: %d (%s)", cases[i].cert, ways[way], (int)p->sent, p->answer);
            char *heard = ts_smtp_heard(p->smtp), *now = heard + strlen(before);
            if (way) { /* a password and a mail, by TLS and to the right one only */
                assert_true((strstr(now, "\nTLS AUTH") != NULL) == (i == 0));
                assert_true((strstr(now, "\nTLS MAIL FROM:") != NULL) == (i == 0));
                assert_null(strstr(now, "\nAUTH"));
                assert_null(strstr(now, "\nMAIL FROM:"));
            }
            free(before);
            free(heard);
        }
        assert_int_equal(ts_hits(server, "/hook"), i == 0);
        ts_free(server);
    }
}

/* ---- programs ---- */

/* A script of ours in the test's folder; its path. */
static const char *script(struct place *p, const char *name, const char *lines)
{
    const char *path = ct_arena_printf(p->arena, "%s/%s", p->folder, name).p;
    FILE *f = fopen(path, "w");
    fprintf(f, "#!/bin/sh\ncd \"%s\" || exit 9\n%s\n", p->folder, lines);
    fclose(f);
    assert_int_equal(chmod(path, 0700), 0);
    return path;
}

static bool there(struct place *p, const char *name)
{
    char path[700];
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    return access(path, F_OK) == 0;
}

static void hostile_words_reach_a_hook_as_data_and_run_nothing(void **state)
{
    struct place *p = *state;
    const char *hook = script(p, "hook",
                              "printf '%s\\n' \"$#\" \"$1\" > args\ncat > stdin\n"
                              "printf '%s' \"$CT_TITLE\" > title\nprintf '%s' \"$CT_EVENT_ID\" > id\n"
                              "env > env\n");
    const char *command = ct_arena_printf(p->arena, "%s 'one word'", hook).p;
    CONFIGURE(p, {"c", "kind", "exec", "f:1"}, {"c", "command", command, "f:2"});
    assert_string_equal(p->said, "");
    setenv("CT_TEST_KEY", "sesame", 1);
    send(p);
    assert_int_equal(p->sent, CT_SENT_OK);
    assert_false(there(p, "MARK"));
    char path[700], line[4096] = "";
    (void)snprintf(path, sizeof path, "%s/stdin", p->folder);
    json_t *doc = json_load_file(path, 0, NULL);
    assert_non_null(doc);
    assert_string_equal(text(json_array_get(json_object_get(doc, "alerts"), 0), "subject"), EVIL);
    json_decref(doc);
    (void)snprintf(path, sizeof path, "%s/args", p->folder);
    FILE *f = fopen(path, "r");
    assert_true(fread(line, 1, sizeof line - 1, f) > 0);
    fclose(f);
    assert_string_equal(line, "1\none word\n");
    (void)snprintf(path, sizeof path, "grep -q sesame %s/env", p->folder);
    assert_int_not_equal(system(path), 0); /* no secret goes to hooks */
}

static void a_hook_that_fails_is_tried_again_and_says_why(void **state)
{
    struct place *p = *state;
    const char *hook = script(p, "hook", "echo 'no route to the pager' >&2; exit 3");
    CONFIGURE(p, {"c", "kind", "exec", "f:1"}, {"c", "command", hook, "f:2"});
    send(p);
    assert_int_equal(p->sent, CT_SENT_RETRY);
    assert_non_null(strstr(p->answer, "ended with 3: no route to the pager"));
    CONFIGURE(p, {"c", "kind", "exec", "f:1"}, {"c", "command", "/nowhere/hook", "f:2"});
    send(p);
    assert_int_equal(p->sent, CT_SENT_REFUSED);
}

static void expect_child_gone(struct place *p)
{
    char path[700];
    int child = 0;
    (void)snprintf(path, sizeof path, "%s/child", p->folder);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%d", &child), 1);
    fclose(f);
    for (int i = 0; i < 500 && kill(child, 0) == 0; i++)
        usleep(20000);
    assert_int_not_equal(kill(child, 0), 0);
}

static void a_hook_that_floods_is_heard_a_while_and_ended_in_time(void **state)
{
    struct place *p = *state;
    const char *much = script(p, "much", "echo paged; head -c 1000000 /dev/zero; exit 0");
    CONFIGURE(p, {"c", "kind", "exec", "f:1"}, {"c", "command", much, "f:2"});
    send(p);
    assert_int_equal(p->sent, CT_SENT_OK);
    assert_string_equal(p->answer, "exit 0: paged");
    const char *flood = script(p, "flood", "sleep 600 & echo $! > child\nexec yes");
    CONFIGURE(p, {"c", "kind", "exec", "f:1"}, {"c", "command", flood, "f:2"});
    int64_t began = ct_mono_ms();
    send(p);
    assert_true(ct_mono_ms() - began >= 10 * CT_SECOND);
    assert_int_equal(p->sent, CT_SENT_RETRY);
    assert_non_null(strstr(p->answer, "not finished within 10000 ms"));
    expect_child_gone(p);
}

static void shells_own_failures_are_tried_again_and_named(void **state)
{
    struct place *p = *state;
    static const char *const codes[] = {"126", "127"};
    for (size_t i = 0; i < CT_LEN(codes); i++) {
        char line[40], want[40];
        (void)snprintf(line, sizeof line, "exit %s", codes[i]);
        (void)snprintf(want, sizeof want, "ended with %s", codes[i]);
        CONFIGURE(p, {"c", "kind", "exec", "f:1"}, {"c", "command", script(p, "hook", line), "f:2"});
        send(p);
        assert_int_equal(p->sent, CT_SENT_RETRY);
        assert_non_null(strstr(p->answer, want));
    }
}

static void what_a_hook_leaves_behind_ends_with_it(void **state)
{
    struct place *p = *state;
    const char *fork = script(p, "fork", "(sleep 600; touch MARK) & echo $! > child; exit 0");
    CONFIGURE(p, {"c", "kind", "exec", "f:1"}, {"c", "command", fork, "f:2"});
    send(p);
    assert_int_equal(p->sent, CT_SENT_OK);
    expect_child_gone(p);
}

static void a_mail_is_one_message_whatever_its_title(void **state)
{
    struct place *p = *state;
    const char *fake = script(p, "sendmail", "printf '%s\\n' \"$@\" > args\ncat > mail\n");
    char *path = ct_xstrdup(getenv("PATH")), with[2000], line[8192] = "";
    (void)fake;
    (void)snprintf(with, sizeof with, "%s:%s", p->folder, path);
    setenv("PATH", with, 1);
    CONFIGURE(p, {"c", "kind", "mail", "f:1"}, {"c", "from", "ct@example.net", "f:2"},
              {"c", "to", "a@example.net, b@example.net", "f:3"});
    send(p);
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(p->sent, CT_SENT_OK);
    (void)snprintf(with, sizeof with, "%s/args", p->folder);
    FILE *f = fopen(with, "r");
    assert_true(fread(line, 1, sizeof line - 1, f) > 0);
    fclose(f);
    assert_string_equal(line, "-i\n-f\nct@example.net\n--\na@example.net\nb@example.net\n");
    memset(line, 0, sizeof line);
    (void)snprintf(with, sizeof with, "%s/mail", p->folder);
    f = fopen(with, "r");
    assert_true(fread(line, 1, sizeof line - 1, f) > 0);
    fclose(f);
    assert_non_null(strstr(line, "\nX-Cloudtape-Event: 0123456789abcdef\n"));
    assert_non_null(strstr(line, "\nSubject: -rf $(touch MARK)"));
    assert_false(there(p, "MARK"));
}

static void mail_by_smtp(struct place *p, const char *user)
{
    const char *server = ct_arena_printf(p->arena, "smtp://127.0.0.1:%d", ts_smtp_port(p->smtp)).p;
    CONFIGURE(p, {"c", "kind", "mail", "f:1"}, {"c", "from", "ct@example.net", "f:2"},
              {"c", "to", "a@example.net, b@example.net", "f:3"}, {"c", "server", server, "f:4"},
              {"c", user ? "user" : "from", user ? user : "ct@example.net", "f:5"},
              {"c", "key_env", "CT_TEST_KEY", "f:6"});
    assert_string_equal(p->said, "");
}

static int times(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static void a_mail_goes_to_a_server_whole_and_adds_no_words_to_the_talk(void **state)
{
    struct place *p = *state;
    setenv("CT_TEST_KEY", "sesame", 1);
    mail_by_smtp(p, NULL);
    p->title = "a\r\nBcc: all@example.net\r\n.\r\nMAIL FROM:<b@example.net> \xc3\xbc";
    send(p);
    assert_int_equal(p->sent, CT_SENT_OK);
    assert_string_equal(p->answer, "250");
    char *heard = ts_smtp_heard(p->smtp);
    assert_int_equal(times(heard, "MAIL FROM:<ct@example.net>"), 1);
    assert_int_equal(times(heard, "\nMAIL FROM:"), 1);
    assert_int_equal(times(heard, "\nRCPT TO:<"), 2);
    assert_int_equal(times(heard, "\nBcc:"), 0);
    assert_int_equal(times(heard, "\nDate: "), 1);
    assert_int_equal(times(heard, "\nX-Cloudtape-Event: 0123456789abcdef\n"), 1);
    assert_int_equal(times(heard, "\n.\n"), 1);
    assert_int_equal(times(heard, "sesame"), 0);
    free(heard);
}

static void what_a_mail_server_says_decides_whether_it_is_tried_again(void **state)
{
    struct place *p = *state;
    static const struct {
        enum ts_smtp_way way;
        enum ct_sent sent;
        const char *words;
    } cases[] = {
        {TS_SMTP_NOT_NOW, CT_SENT_RETRY, "451"},
        {TS_SMTP_NEVER, CT_SENT_REFUSED, "550"},
        {TS_SMTP_DIES, CT_SENT_RETRY, ""},
        {TS_SMTP_HANGS, CT_SENT_RETRY, "10000 ms"},
    };
    setenv("CT_TEST_KEY", "sesame", 1);
    mail_by_smtp(p, NULL);
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        ts_smtp_set(p->smtp, cases[i].way);
        send(p);
        if (p->sent != cases[i].sent || !strstr(p->answer, cases[i].words))
            fail_msg("%zu: %d (%s)", i, (int)p->sent, p->answer);
    }
}

static void a_password_is_never_told_without_tls(void **state)
{
    struct place *p = *state;
    setenv("CT_TEST_KEY", "sesame", 1);
    mail_by_smtp(p, "me");
    send(p);
    assert_int_equal(p->sent, CT_SENT_RETRY);
    assert_non_null(strstr(p->answer, "speaks no TLS"));
    char *heard = ts_smtp_heard(p->smtp);
    assert_int_equal(times(heard, "AUTH"), 0);
    assert_int_equal(times(heard, "MAIL FROM"), 0);
    free(heard);
}

static void private_hosts_are_asked_only_by_their_name_in_the_settings(void **state)
{
    struct place *p = *state;
    const struct ct_http_options public_only = {.allow_private = false};
    char smtp[60];
    (void)snprintf(smtp, sizeof smtp, "smtp://127.0.0.1:%d", ts_smtp_port(p->smtp));
    ct_http_free(p->http);
    assert_int_equal(ct_http_new(&public_only, &p->http, NULL), CT_OK);
    serve(p, "/hook", 200, NULL);
    static const char *const hosts[] = {"localhost", "10.0.0.1", "127.0.0.1"};
    for (size_t i = 0; i < CT_LEN(hosts); i++) {
        bool named = i == 2;
        CONFIGURE(p, {"c", "kind", "webhook", "f:1"}, {"c", "url", url(p, "/hook"), "f:2"},
                  {"c", "allow_private", hosts[i], "f:3"});
        send(p);
        assert_int_equal(p->sent, named ? CT_SENT_OK : CT_SENT_REFUSED);
        assert_int_equal(ts_hits(p->server, "/hook"), named);
        CONFIGURE(p, {"c", "kind", "mail", "f:1"}, {"c", "from", "a@example.net", "f:2"},
                  {"c", "to", "a@example.net", "f:3"}, {"c", "server", smtp, "f:4"},
                  {"c", "allow_private", hosts[i], "f:5"});
        send(p);
        assert_int_equal(p->sent, named ? CT_SENT_OK : CT_SENT_REFUSED);
    }
}

static void wrong_settings_are_named_and_refuse_messages(void **state)
{
    struct place *p = *state;
    static const struct {
        struct ct_channel_line lines[3];
        const char *want;
    } cases[] = {
        {{{"c", "kind", "webhok", "f:1"}}, "did you mean webhook"},
        {{{"c", "kind", "webhook", "f:1"}}, "needs url, url_env or url_file"},
        {{{"c", "kind", "webhook", "f:1"}, {"c", "format", "slck", "f:2"}}, "did you mean slack"},
        {{{"c", "kind", "exec", "f:1"}}, "needs a command"},
        {{{"c", "kind", "exec", "f:1"}, {"c", "command", "say {title}", "f:2"}}, "no placeholders"},
        {{{"c", "kind", "exec", "f:1"}, {"c", "command", "say %s", "f:2"}}, "no placeholders"},
        {{{"c", "kind", "exec", "f:1"}, {"c", "command", "say $CT_TITLE", "f:2"}}, "no placeholders"},
        {{{"c", "kind", "exec", "f:1"}, {"c", "command", "say 'x", "f:2"}}, "a quote"},
        {{{"c", "kind", "mail", "f:1"}, {"c", "from", "a@b", "f:2"}, {"c", "to", "-oX@c", "f:3"}},
         "plain addresses"},
        {{{"c", "url", "https://x", "f:1"}}, "kind is missing"},
        {{{"c", "kind", "mail", "f:1"}, {"c", "from", "a@b", "f:2"}, {"c", "to", "a@c, -oX@c", "f:3"}},
         "plain addresses"},
        {{{"c", "kind", "digest", "f:1"}}, "digest needs"},
        {{{"c", "kind", "digest", "f:1"}, {"c", "to", "bell", "f:2"}, {"c", "at", "07:00, 24:00", "f:3"}},
         "times of day"},
        {{{"c", "kind", "digest", "f:1"}, {"c", "to", "nobody", "f:2"}, {"c", "at", "07:00", "f:3"}},
         "f:2: to: no channel \"nobody\""},
        {{{"c", "kind", "webhook", "f:1"}, {"c", "url", "https://x", "f:2"}, {"c", "allow_private", "yes", "f:3"}},
         "f:3: allow_private: wanted the name of the host in url, found \"yes\""},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        size_t n = 0;
        while (n < 3 && cases[i].lines[n].name)
            n++;
        configure(p, cases[i].lines, n);
        if (!strstr(p->said, cases[i].want))
            fail_msg("%zu: \"%s\" has no \"%s\"", i, p->said, cases[i].want);
        send(p);
        assert_int_equal(p->sent, CT_SENT_REFUSED);
    }
}

static void what_viewers_show_needs_no_settings(void **state)
{
    struct place *p = *state;
    const char *kind;
    configure(p, NULL, 0);
    assert_true(ct_channels_has(p->c, CT_LIT("screen")));
    assert_true(ct_channels_has(p->c, CT_LIT("bell")));
    assert_string_equal(ct_channels_at(p->c, 1, &kind), "bell");
    struct ct_alert_delivery *d = message(p);
    d->channel = CT_LIT("bell");
    ct_channels_send(p->c, d, on_done, p);
    assert_int_equal(p->sent, CT_SENT_OK);
}

static void a_digest_waits_for_its_hours_and_goes_through_another_channel(void **state)
{
    struct place *p = *state;
    const int64_t midnight = INT64_C(1793491200000); /* 2026-11-01 */
    serve(p, "/hook", 200, NULL);
    CONFIGURE(p, {"w", "kind", "webhook", "f:1"}, {"w", "url", url(p, "/hook"), "f:2"},
              {"c", "kind", "digest", "f:3"}, {"c", "to", "w", "f:4"},
              {"c", "at", "07:00, 19:30", "f:5"});
    assert_string_equal(p->said, "");
    assert_true(ct_channels_is_digest(p->c, CT_LIT("c")));
    const int64_t seven = midnight + 7 * CT_HOUR;
    struct ct_span name = CT_LIT("c");
    assert_true(ct_channels_waits(p->c, name, midnight, seven - 1));
    assert_false(ct_channels_waits(p->c, name, midnight, seven));
    assert_false(ct_channels_waits(p->c, name, midnight, midnight + 9 * CT_HOUR)); /* slept over it */
    assert_true(ct_channels_waits(p->c, name, seven, midnight + 19 * CT_HOUR));
    assert_false(ct_channels_waits(p->c, name, seven, midnight + 19 * CT_HOUR + 30 * CT_MINUTE));
    assert_true(ct_channels_waits(p->c, name, midnight + 20 * CT_HOUR, midnight + 30 * CT_HOUR));
    assert_false(ct_channels_waits(p->c, name, midnight + 20 * CT_HOUR, midnight + 31 * CT_HOUR));
    assert_false(ct_channels_waits(p->c, CT_LIT("w"), midnight, midnight));
    send(p);
    assert_int_equal(p->sent, CT_SENT_OK);
    assert_int_equal(ts_hits(p->server, "/hook"), 1);
}

static void closing_with_a_request_under_way_calls_nobody(void **state)
{
    struct place *p = *state;
    const struct ts_answer slow = {.status = 200, .body = "late", .delay_ms = 300};
    struct ct_error err;
    bool woken;
    ts_set(p->server, "/slow", &slow);
    CONFIGURE(p, {"c", "kind", "webhook", "f:1"}, {"c", "url", url(p, "/slow"), "f:2"});
    ct_channels_send(p->c, message(p), on_done, p);
    assert_int_equal(ct_http_poll(p->http, 20, -1, &woken, &err), CT_OK);
    ct_channels_close(p->c);
    p->c = NULL;
    int64_t end = ct_mono_ms() + 20 * CT_SECOND;
    while (ct_http_running(p->http) && ct_mono_ms() < end)
        assert_int_equal(ct_http_poll(p->http, 50, -1, &woken, &err), CT_OK);
    assert_int_equal(ct_http_running(p->http), 0);
    assert_int_equal(p->results, 0);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    setenv("TZ", "UTC", 1);
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(formats_are_what_each_service_takes),
        T(ntfy_gets_plain_text_and_a_title_of_ascii),
        T(answers_decide_whether_it_is_tried_again),
        T(secrets_show_in_no_answer_and_files_must_be_ones_own),
        T(a_key_may_come_from_a_program),
        T(certificates_are_checked_whatever_is_sent_where),
        T(hostile_words_reach_a_hook_as_data_and_run_nothing),
        T(a_hook_that_fails_is_tried_again_and_says_why),
        T(a_hook_that_floods_is_heard_a_while_and_ended_in_time),
        T(shells_own_failures_are_tried_again_and_named),
        T(what_a_hook_leaves_behind_ends_with_it),
        T(a_mail_is_one_message_whatever_its_title),
        T(a_mail_goes_to_a_server_whole_and_adds_no_words_to_the_talk),
        T(what_a_mail_server_says_decides_whether_it_is_tried_again),
        T(a_password_is_never_told_without_tls),
        T(private_hosts_are_asked_only_by_their_name_in_the_settings),
        T(wrong_settings_are_named_and_refuse_messages),
        T(what_viewers_show_needs_no_settings),
        T(a_digest_waits_for_its_hours_and_goes_through_another_channel),
        T(closing_with_a_request_under_way_calls_nobody),
    };
    return cmocka_run_group_tests_name("channels", tests, NULL, NULL);
}
