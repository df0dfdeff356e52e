/* The desktop channel against a real message bus of the test's own and a small notification service
 * on it: what arrives, and what never shows on a command line. */
#include "config.h"

#include "alerts/channel.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dbus/dbus.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVIL "-rf $(touch MARK) <b>x</b> & \" '"
#define JSON "{\"schema\":1,\"alerts\":[],\"more\":0}"

enum way { PLAIN, MARKUP, REFUSES, HANGS };

struct desktop {
    char folder[512], address[600];
    pid_t bus;
    pthread_t thread;
    DBusConnection *service;
    atomic_int way;
    atomic_bool stop;
    pthread_mutex_t lock;
    char summary[3000], body[3000], app[100]; /* of the last notice */
    int urgency, notices;
    char cmdline[4096]; /* of the process that asked */
    struct ct_channels *c;
    int results;
    enum ct_sent sent;
    char answer[300];
};

/* ---- the service ---- */

static void note_cmdline(struct desktop *d, const char *sender)
{
    char path[64];
    dbus_uint32_t pid = 0;
    DBusMessage *reply = NULL, *m = dbus_message_new_method_call(
        DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "GetConnectionUnixProcessID");
    if (dbus_message_append_args(m, DBUS_TYPE_STRING, &sender, DBUS_TYPE_INVALID))
        reply = dbus_connection_send_with_reply_and_block(d->service, m, 5000, NULL);
    if (reply && dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &pid, DBUS_TYPE_INVALID)) {
        (void)snprintf(path, sizeof path, "/proc/%u/cmdline", pid);
        FILE *f = fopen(path, "r");
        size_t n = f ? fread(d->cmdline, 1, sizeof d->cmdline - 1, f) : 0;
        for (size_t i = 0; i < n; i++)
            d->cmdline[i] = d->cmdline[i] ? d->cmdline[i] : ' ';
        d->cmdline[n] = '\0';
        if (f)
            fclose(f);
    }
    if (reply)
        dbus_message_unref(reply);
    dbus_message_unref(m);
}

static void note_notice(struct desktop *d, DBusMessage *m)
{
    DBusMessageIter args, list, entry, value;
    const char *text[5] = {"", "", "", "", ""};
    unsigned char urgency = 9;
    assert_string_equal(dbus_message_get_signature(m), "susssasa{sv}i");
    dbus_message_iter_init(m, &args);
    for (int i = 0; i < 5; i++, dbus_message_iter_next(&args))
        if (i != 1)
            dbus_message_iter_get_basic(&args, &text[i]);
    dbus_message_iter_next(&args); /* no actions */
    dbus_message_iter_recurse(&args, &list);
    dbus_message_iter_recurse(&list, &entry);
    dbus_message_iter_next(&entry);
    dbus_message_iter_recurse(&entry, &value);
    dbus_message_iter_get_basic(&value, &urgency);
    pthread_mutex_lock(&d->lock);
    (void)snprintf(d->app, sizeof d->app, "%s", text[0]);
    (void)snprintf(d->summary, sizeof d->summary, "%s", text[3]);
    (void)snprintf(d->body, sizeof d->body, "%s", text[4]);
    d->urgency = urgency;
    d->notices++;
    pthread_mutex_unlock(&d->lock);
}

static DBusMessage *answer_to(struct desktop *d, DBusMessage *m)
{
    const char *with[] = {"body", "body-markup"}, **words = with;
    dbus_uint32_t id = 7;
    DBusMessage *r;
    if (atomic_load(&d->way) == HANGS)
        return NULL;
    if (dbus_message_is_method_call(m, "org.freedesktop.Notifications", "GetCapabilities")) {
        r = dbus_message_new_method_return(m);
        dbus_message_append_args(r, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &words,
                                 atomic_load(&d->way) == MARKUP ? 2 : 1, DBUS_TYPE_INVALID);
        return r;
    }
    if (!dbus_message_is_method_call(m, "org.freedesktop.Notifications", "Notify"))
        return NULL;
    if (atomic_load(&d->way) == REFUSES)
        return dbus_message_new_error(m, "org.example.No", "no room on the screen");
    note_cmdline(d, dbus_message_get_sender(m));
    note_notice(d, m);
    r = dbus_message_new_method_return(m);
    dbus_message_append_args(r, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID);
    return r;
}

static void *serve(void *ctx)
{
    struct desktop *d = ctx;
    while (!atomic_load(&d->stop)) {
        DBusMessage *m;
        dbus_connection_read_write(d->service, 50);
        while ((m = dbus_connection_pop_message(d->service))) {
            DBusMessage *r = answer_to(d, m);
            if (r) {
                dbus_connection_send(d->service, r, NULL);
                dbus_message_unref(r);
            }
            dbus_message_unref(m);
        }
    }
    return NULL;
}

/* ---- a session ---- */

static void start_bus(struct desktop *d)
{
    int fd[2];
    char number[40], address[560];
    assert_int_equal(pipe(fd), 0);
    (void)snprintf(number, sizeof number, "--print-address=%d", fd[1]);
    (void)snprintf(address, sizeof address, "--address=unix:path=%s/bus", d->folder);
    d->bus = fork();
    if (d->bus == 0) {
        (void)close(fd[0]);
        if (!freopen("/dev/null", "w", stderr)) /* it complains of limits that do not matter here */
            _exit(126);
        execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--nopidfile", number, address,
               (char *)NULL);
        _exit(127);
    }
    (void)close(fd[1]);
    ssize_t n = read(fd[0], d->address, sizeof d->address - 1);
    (void)close(fd[0]);
    assert_true(n > 0);
    d->address[strcspn(d->address, "\n")] = '\0';
}

static int setup(void **state)
{
    struct desktop *d = calloc(1, sizeof *d);
    char program[600];
    DBusError err = DBUS_ERROR_INIT;
    const char *base = getenv("CT_BUILDDIR");
    const struct ct_channel_line lines[] = {{"desk", "kind", "desktop", "t:1"}};
    struct ct_channels_options o = {.lines = lines, .n_lines = 1, .desktop = program};
    dbus_threads_init_default();
    (void)snprintf(d->folder, sizeof d->folder, "%s/desktop-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(d->folder))
        return -1;
    start_bus(d);
    d->service = dbus_connection_open_private(d->address, &err);
    if (!d->service || !dbus_bus_register(d->service, &err))
        fail_msg("%s", err.message);
    dbus_connection_set_exit_on_disconnect(d->service, FALSE);
    assert_int_equal(dbus_bus_request_name(d->service, "org.freedesktop.Notifications", 0, &err),
                     DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER);
    pthread_mutex_init(&d->lock, NULL);
    pthread_create(&d->thread, NULL, serve, d);
    (void)snprintf(program, sizeof program, "%s/cloudtape-fetcher", base ? base : ".");
    ct_channels_new(&o, &d->c);
    setenv("DBUS_SESSION_BUS_ADDRESS", d->address, 1);
    *state = d;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st, (void)type, (void)f;
    return remove(path);
}

static int teardown(void **state)
{
    struct desktop *d = *state;
    atomic_store(&d->stop, true);
    pthread_join(d->thread, NULL);
    dbus_connection_close(d->service);
    dbus_connection_unref(d->service);
    (void)kill(d->bus, SIGTERM);
    (void)waitpid(d->bus, NULL, 0);
    ct_channels_free(d->c);
    pthread_mutex_destroy(&d->lock);
    (void)nftw(d->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(d);
    return 0;
}

static void on_done(void *ctx, int64_t row, enum ct_sent sent, int64_t retry_after_ms, const char *answer)
{
    struct desktop *d = ctx;
    (void)row, (void)retry_after_ms;
    d->results++;
    d->sent = sent;
    (void)snprintf(d->answer, sizeof d->answer, "%s", answer);
}

static void send_aged(struct desktop *d, int64_t age_ms)
{
    struct ct_alert_delivery m = {.row = 1,
                                  .channel = CT_LIT("desk"),
                                  .title = CT_LIT(EVIL),
                                  .text = CT_LIT(EVIL "\nline two\n"),
                                  .json = CT_LIT(JSON),
                                  .severity = CT_SEV_CRITICAL,
                                  .kind = CT_TELL_FIRING,
                                  .at_ms = ct_now_ms() - age_ms};
    d->results = 0;
    ct_channels_send(d->c, &m, on_done, d);
    for (int64_t end = ct_mono_ms() + CT_MINUTE; !d->results && ct_mono_ms() < end; usleep(5000))
        (void)ct_channels_step(d->c, 10);
    assert_int_equal(d->results, 1);
}

static void words_arrive_as_words_and_on_no_command_line(void **state)
{
    struct desktop *d = *state;
    send_aged(d, 0);
    if (d->sent != CT_SENT_OK)
        fail_msg("%s", d->answer);
    assert_int_equal(d->notices, 1);
    assert_string_equal(d->app, "cloudtape");
    assert_string_equal(d->summary, EVIL);
    assert_string_equal(d->body, EVIL "\nline two");
    assert_int_equal(d->urgency, 2);
    assert_non_null(strstr(d->cmdline, "cloudtape-fetcher desktop"));
    assert_null(strstr(d->cmdline, "touch"));
}

static void a_service_that_reads_markup_gets_none_from_feeds(void **state)
{
    struct desktop *d = *state;
    atomic_store(&d->way, MARKUP);
    send_aged(d, 0);
    assert_int_equal(d->sent, CT_SENT_OK);
    assert_string_equal(d->summary, EVIL); /* never markup */
    assert_non_null(strstr(d->body, "&lt;b&gt;x&lt;/b&gt; &amp; \" '"));
}

static void a_desktop_that_refuses_hangs_or_is_gone_is_tried_again_and_named(void **state)
{
    struct desktop *d = *state;
    atomic_store(&d->way, REFUSES);
    send_aged(d, 0);
    assert_int_equal(d->sent, CT_SENT_RETRY);
    assert_non_null(strstr(d->answer, "no room on the screen"));
    setenv("DBUS_SESSION_BUS_ADDRESS", "autolaunch:", 1);
    send_aged(d, 0);
    assert_int_equal(d->sent, CT_SENT_RETRY);
    assert_non_null(strstr(d->answer, "no socket of this machine"));
    unsetenv("DBUS_SESSION_BUS_ADDRESS");
    setenv("XDG_RUNTIME_DIR", d->folder, 1); /* the bus is found there, as on a usual desktop */
    atomic_store(&d->way, PLAIN);
    send_aged(d, 0);
    assert_int_equal(d->sent, CT_SENT_OK);
    unsetenv("XDG_RUNTIME_DIR");
    send_aged(d, 0);
    assert_int_equal(d->sent, CT_SENT_RETRY);
    assert_non_null(strstr(d->answer, "no desktop session"));
    setenv("DBUS_SESSION_BUS_ADDRESS", d->address, 1);
    atomic_store(&d->way, HANGS);
    int64_t began = ct_mono_ms();
    send_aged(d, 0);
    assert_int_equal(d->sent, CT_SENT_RETRY);
    assert_true(ct_mono_ms() - began >= 7 * CT_SECOND);
    assert_int_equal(d->notices, 1);
}

static void rule_16_an_old_event_pops_up_no_more(void **state)
{
    struct desktop *d = *state;
    send_aged(d, 6 * CT_MINUTE);
    assert_int_equal(d->sent, CT_SENT_REFUSED);
    assert_string_equal(d->answer, "older than five minutes");
    assert_int_equal(d->notices, 0);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(words_arrive_as_words_and_on_no_command_line),
        T(a_service_that_reads_markup_gets_none_from_feeds),
        T(a_desktop_that_refuses_hangs_or_is_gone_is_tried_again_and_named),
        T(rule_16_an_old_event_pops_up_no_more),
    };
    return cmocka_run_group_tests_name("desktop", tests, NULL, NULL);
}
