/* kill -9 at every step of a delivery: the process dies at the n-th call that moves bytes, to disk or
 * to the server, and another takes over. What the receiver got: everything at least once, doubles
 * under the same event id, no end before its beginning. A sample here; every call with
 * CT_DELIVERY_KILLS=all (`./dev soak`). */
#include "config.h"

#include "alert_ride.h"
#include "tests/server/server.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* What the processes of one run share. */
struct shared {
    int64_t now, boot, calls, kill_at; /* 0: nobody dies */
    bool counting;
};
static struct shared *shared;
static bool riding; /* this process delivers */

static void step_taken(void)
{
    if (riding && shared->counting && ++shared->calls == shared->kill_at)
        (void)kill(getpid(), SIGKILL);
}

/* The calls themselves, in front of the C library's: SQLite's and libcurl's go through here. */
#define REAL(type, name, ...)                                                                      \
    static type (*real)(__VA_ARGS__);                                                              \
    if (!real)                                                                                     \
        *(void **)&real = dlsym(RTLD_NEXT, name);                                                  \
    step_taken()

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return real(fd, p, n, at);
}

int fdatasync(int fd)
{
    REAL(int, "fdatasync", int);
    return real(fd);
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
    REAL(ssize_t, "send", int, const void *, size_t, int);
    return real(fd, p, n, flags);
}

ssize_t recv(int fd, void *p, size_t n, int flags)
{
    REAL(ssize_t, "recv", int, void *, size_t, int);
    return real(fd, p, n, flags);
}

int connect(int fd, const struct sockaddr *a, socklen_t n)
{
    REAL(int, "connect", int, const struct sockaddr *, socklen_t);
    return real(fd, a, n);
}

/* ---- a process that rides ---- */

enum { FIRES = 2, HEALS = 5, ENDS = 18 }; /* minutes */

static const struct ct_rule_line outage[] = {
    {"outage", "when", "components state>=part", "t:1"},
    {"outage", "for", "30s", "t:2"},
    {"outage", "severity", "critical", "t:3"},
    {"outage", "notify", "ops", "t:4"},
};

static void keep_time(struct ride *r)
{
    shared->now = r->now;
    shared->boot = r->boot;
}

static _Noreturn void be_fetcher(struct fixture *f, const char *url, int64_t began)
{
    struct ct_http_options o = {.allow_private = true};
    const struct ct_channel_line ops[] = {{"ops", "kind", "webhook", "t:5"}, {"ops", "url", url, "t:6"}};
    struct ride r = {.f = f, .now = shared->now, .boot = shared->boot, .watch = keep_time};
    shared->counting = false;
    fixture_open(f);
    if (ct_http_new(&o, &r.http, NULL) != CT_OK)
        _exit(3);
    set_rules(&r, outage, CT_LEN(outage));
    set_channels(&r, ops, CT_LEN(ops));
    start(&r);
    shared->counting = true;
    for (int64_t minute; (minute = (r.now - began) / CT_MINUTE) < ENDS;) {
        r.state = minute >= FIRES && minute < HEALS ? CT_STATE_MAJOR : CT_STATE_OPERATIONAL;
        ride(&r, 1);
    }
    _exit(r.problems ? 4 : 0);
}

static bool share(const char *db)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s.shared", db);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool large = fd >= 0 && ftruncate(fd, sizeof *shared) == 0;
    shared = large ? mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        (void)close(fd);
    return shared != MAP_FAILED;
}

/* What a new process does that was started to ride. */
static int ride_alone(char **argv)
{
    struct fixture f = {.arena = ct_arena_new(0)};
    (void)snprintf(f.path, sizeof f.path, "%s", argv[2]);
    ct_batch_init(&f.batch, f.arena);
    if (!share(f.path))
        return 5;
    riding = true;
    be_fetcher(&f, argv[3], strtoll(argv[4], NULL, 10));
}

/* Rides in a process of its own; its wait status. It is this program anew: a mere fork of one with threads, and the
 * server is one, may find locks that nobody will ever open. */
static int run(struct fixture *f, const char *url, int64_t began)
{
    char since[24];
    int status = 0;
    (void)snprintf(since, sizeof since, "%" PRId64, began);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execl("/proc/self/exe", "test_delivery_kills", "ride", f->path, url, since, (char *)NULL);
        _exit(6);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void start_over(struct fixture *f, int64_t began, int64_t kill_at)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
    for (size_t i = 0; i < CT_LEN(ends); i++) {
        char path[600];
        (void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
        (void)unlink(path);
    }
    *shared = (struct shared){.now = began, .boot = CT_HOUR, .kill_at = kill_at};
}

static bool says(const char *request, const char *kind)
{
    char want[40];
    (void)snprintf(want, sizeof want, "\"kind\":\"%s\"", kind);
    return strstr(request, want) != NULL;
}

static const char *event_of(const char *request)
{
    const char *at = strstr(request, "X-Cloudtape-Event: ");
    assert_non_null(at);
    return at;
}

/* Requests FROM and later: firing, perhaps again, then resolved, perhaps again. True: nothing twice. */
static bool expect_whole(struct ts *server, int from, int64_t kill_at)
{
    int n = ts_hits(server, "/hook"), firing = 0, resolved = 0;
    char *first[2] = {NULL, NULL};
    for (int i = from; i < n; i++) {
        char *request = ts_request(server, "/hook", i);
        int ends = says(request, "resolved");
        if (!ends && !says(request, "firing"))
            fail_msg("killed at %" PRId64 ": %s", kill_at, request);
        if (!ends && resolved)
            fail_msg("killed at %" PRId64 ": firing behind its end", kill_at);
        firing += !ends;
        resolved += ends;
        if (first[ends] && strncmp(event_of(first[ends]), event_of(request), 35) != 0)
            fail_msg("killed at %" PRId64 ": the same under two ids", kill_at);
        if (first[ends])
            free(request);
        else
            first[ends] = request;
    }
    free(first[0]);
    free(first[1]);
    if (!firing || !resolved || firing > 2 || resolved > 2)
        fail_msg("killed at %" PRId64 ": %d firing, %d resolved", kill_at, firing, resolved);
    return firing + resolved == 2;
}

static void nothing_is_lost_wherever_the_process_dies(void **state)
{
    struct fixture *f = *state;
    static const struct ts_answer ok = {.status = 200};
    const char *how = getenv("CT_DELIVERY_KILLS");
    bool every = how && strcmp(how, "all") == 0;
    int64_t began = ct_now_ms() / CT_MINUTE * CT_MINUTE, all;
    int doubles = 0, runs = 0;
    struct ts *server = ts_new(NULL, NULL);
    const char *url = ct_arena_printf(f->arena, "http://127.0.0.1:%d/hook", ts_port(server)).p;
    ct_writer_close(f->w); /* only the children write */
    f->w = NULL;
    sqlite3_close(f->look);
    f->look = NULL;
    ts_set(server, "/hook", &ok);
    start_over(f, began, 0);
    assert_int_equal(run(f, url, began), 0);
    assert_true(expect_whole(server, 0, 0));
    all = shared->calls;
    assert_true(all > 100);
    for (int64_t at = 1; at <= all; at += every ? 1 : all / 40 + 1, runs++) {
        int from = ts_hits(server, "/hook");
        start_over(f, began, at);
        int status = run(f, url, began);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        shared->kill_at = 0;
        assert_int_equal(run(f, url, began), 0);
        doubles += !expect_whole(server, from, at);
        assert_int_equal(sqlite3_open_v2(f->path, &f->look, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
        expect(f, "PRAGMA integrity_check", "ok");
        expect(f, "SELECT group_concat(kind || ' ' || state, ', ') FROM alert_delivery", "0 1, 2 1");
        sqlite3_close(f->look);
        f->look = NULL;
    }
    print_message("# %d of %" PRId64 " steps, %d with a message twice\n", runs, all, doubles);
    ts_free(server);
}

static int setup(void **state)
{
    if (fixture_setup(state) != 0)
        return -1;
    return share(((struct fixture *)*state)->path) ? 0 : -1;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 5 && strcmp(argv[1], "ride") == 0)
        return ride_alone(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_lost_wherever_the_process_dies, setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("delivery kills", tests, NULL, NULL);
}
