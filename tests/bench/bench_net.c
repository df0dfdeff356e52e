/* Fifty sources on loopback: the fetcher's first round against curl, and a round of 304s against
 * one of 200s.
 *
 *   bench_net FETCHER FOLDER
 *
 * The server is a process of its own, so that CPU counted here is the fetcher's alone. Counts
 * answers and rows: a round in which something failed is no round. */
#include "config.h"

#include "fetchers/fetcher.h"
#include "tests/server/server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { SOURCES = 50, COMPONENTS = 60, ROUNDS = 9 };

static struct ct_error err;
static pid_t server;

static void stop_server(void)
{
    if (server > 0) {
        kill(server, SIGTERM);
        waitpid(server, NULL, 0);
    }
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_net: %s %s\n", what, err.what);
    exit(1);
}

static void check(enum ct_status st, const char *what)
{
    if (st != CT_OK) {
        die(what);
    }
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof v[0], by_value);
    return v[n / 2];
}

/* ---- the server ---- */

/* A status page; VERSION moves one component. */
static void page(struct ct_buf *out, int source, int version)
{
    ct_buf_clear(out);
    ct_buf_addf(
        out,
        "{\"page\":{\"id\":\"page%d\",\"name\":\"Cloud %d\",\"url\":\"https://status.example.org\","
        "\"updated_at\":\"2026-09-01T01:40:%02dZ\"},\"components\":[",
        source, source, version % 60);
    for (int i = 0; i < COMPONENTS; i++) {
        ct_buf_addf(out,
                    "%s{\"id\":\"c%d-%d\",\"name\":\"Service %d\",\"status\":\"%s\",\"created_at\":"
                    "\"2024-01-05T10:00:00.000Z\",\"updated_at\":\"2026-09-01T08:30:00.250Z\","
                    "\"position\":%d,"
                    "\"description\":null,\"showcase\":true,\"start_date\":null,\"group_id\":null,"
                    "\"page_id\":"
                    "\"page%d\",\"group\":false,\"only_show_if_degraded\":false}",
                    i ? "," : "", source, i, i,
                    i == version % COMPONENTS ? "partial_outage" : "operational", i, source);
    }
    ct_buf_adds(
        out, "],\"incidents\":[],\"scheduled_maintenances\":[],\"status\":{\"indicator\":\"minor\","
             "\"description\":\"Some trouble\"}}");
}

static size_t gzip(struct ct_buf *body, char *out, size_t room)
{
    z_stream z = {.next_in = (Bytef *)body->p,
                  .avail_in = (uInt)body->n,
                  .next_out = (Bytef *)out,
                  .avail_out = (uInt)room};
    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END) {
        die("no gzip");
    }
    deflateEnd(&z);
    return room - z.avail_out;
}

static void set_pages(struct ts *web, int version)
{
    static char packed[1 << 16];
    struct ct_buf body = CT_BUF_INIT;
    for (int i = 0; i < SOURCES; i++) {
        char path[32], etag[32];
        page(&body, i, version);
        snprintf(path, sizeof path, "/%d.json", i);
        snprintf(etag, sizeof etag, "\"v%d\"", version);
        ts_set(
            web, path,
            &(struct ts_answer){.status = 200,
                                .headers = "Content-Encoding: gzip\nContent-Type: application/json",
                                .body = packed,
                                .length = gzip(&body, packed, sizeof packed),
                                .etag = etag});
    }
    ct_buf_free(&body);
}

/* Serves until killed; each int that comes in is the version served from then on, and goes back. */
static void serve(int in, int out)
{
    struct ts *web = ts_new(NULL, NULL);
    int port = ts_port(web), version;
    if (write(out, &port, sizeof port) != sizeof port) {
        _exit(1);
    }
    while (read(in, &version, sizeof version) == sizeof version) {
        set_pages(web, version);
        if (write(out, &version, sizeof version) != sizeof version) {
            break;
        }
    }
    _exit(0);
}

static int to_server, from_server;

static int start_server(void)
{
    int a[2], b[2], port;
    if (pipe(a) != 0 || pipe(b) != 0 || (server = fork()) < 0) {
        die("no server");
    }
    if (server == 0) {
        close(a[1]);
        close(b[0]);
        serve(a[0], b[1]);
    }
    close(a[0]);
    close(b[1]);
    fcntl(a[1], F_SETFD, FD_CLOEXEC);
    fcntl(b[0], F_SETFD, FD_CLOEXEC);
    to_server = a[1];
    from_server = b[0];
    atexit(stop_server);
    if (read(from_server, &port, sizeof port) != sizeof port) {
        die("the server did not start");
    }
    return port;
}

static void show(int version)
{
    int back;
    if (write(to_server, &version, sizeof version) != sizeof version ||
        read(from_server, &back, sizeof back) != sizeof back) {
        die("the server has gone");
    }
}

/* ---- first round: processes ---- */

/* Runs ARGV with its output in FILE; the seconds it took. */
static double run(char *const *argv, const char *file)
{
    double begin = seconds(CLOCK_MONOTONIC);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, 1);
        execvp(argv[0], argv);
        _exit(127);
    }
    int status;
    waitpid(pid, &status, 0);
    double took = seconds(CLOCK_MONOTONIC) - begin;
    if (status != 0) {
        die(argv[0]);
    }
    return took;
}

static FILE *create(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f) {
        die(path);
    }
    return f;
}

static void must_be_answered(const char *path)
{
    char line[512];
    int ok = 0;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        ok += strstr(line, "\tok\t200\t60\t") != NULL;
    }
    if (f) {
        fclose(f);
    }
    if (ok != SOURCES) {
        fprintf(stderr, "bench_net: %d of %d sources answered\n", ok, SOURCES);
        exit(1);
    }
}

static void must_be_loaded(const char *folder, const char *wanted)
{
    for (int i = 0; i < SOURCES; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/curl-%d", folder, i);
        FILE *f = fopen(path, "r");
        if (!f || fseek(f, 0, SEEK_END) != 0 || ftell(f) < (long)strlen(wanted) - 400) {
            die("curl loaded something else");
        }
        fclose(f);
    }
}

static void first_round(const char *fetcher, const char *folder, int port)
{
    char config[512], list[512], db[512], out[512], names[SOURCES][8];
    char *ours[SOURCES + 9] = {(char *)(uintptr_t)fetcher,
                               (char[]){"fetch"},
                               (char[]){"--once"},
                               (char[]){"--config"},
                               config,
                               (char[]){"--db"},
                               db};
    char *theirs[] = {(char[]){"curl"},
                      (char[]){"--parallel"},
                      (char[]){"--parallel-max"},
                      (char[]){"50"},
                      (char[]){"--compressed"},
                      (char[]){"--no-progress-meter"},
                      (char[]){"--fail"},
                      (char[]){"--config"},
                      list,
                      NULL};
    snprintf(config, sizeof config, "%s/net.ini", folder);
    snprintf(list, sizeof list, "%s/curl.list", folder);
    snprintf(out, sizeof out, "%s/net.out", folder);
    FILE *ini = create(config), *urls = create(list);
    fputs("[fetch]\nallow_private = yes\n", ini);
    for (int i = 0; i < SOURCES; i++) {
        snprintf(names[i], sizeof names[i], "s%d", i);
        ours[7 + i] = names[i];
        fprintf(ini,
                "[source s%d]\nallow_private = yes\nfamily = statuspage-summary\nprovider = p%d\n"
                "url = http://s%d.localhost:%d/%d.json\n",
                i, i, i, port, i);
        fprintf(urls, "url = http://s%d.localhost:%d/%d.json\noutput = %s/curl-%d\n", i, port, i,
                folder, i);
    }
    if (fclose(ini) != 0 || fclose(urls) != 0) {
        die("cannot write");
    }
    double mine[ROUNDS], curl[ROUNDS];
    struct ct_buf body = CT_BUF_INIT;
    page(&body, 0, 0);
    show(0);
    for (int r = 0; r < ROUNDS; r++) {
        snprintf(db, sizeof db, "%s/net-%d.db", folder, r);
        unlink(db);
        mine[r] = run(ours, out);
        must_be_answered(out);
        curl[r] = run(theirs, "/dev/null");
        must_be_loaded(folder, body.p);
    }
    ct_buf_free(&body);
    double a = median(mine, ROUNDS) * 1e3, b = median(curl, ROUNDS) * 1e3;
    printf("bench\tnet-50-sources-first-round-against-curl\t%.1f ms\t%.1f ms\t%.2f\t<=1.3\t%s\n", a,
           b, a / b, a <= 1.3 * b ? "ok" : "over");
}

/* ---- rounds of 200 and of 304: CPU of this process ---- */

struct seen {
    int ok, not_modified;
    int64_t samples;
};

static void after(void *ctx, const struct ct_source *s, const struct ct_fetch *f,
                  const struct ct_commit *c)
{
    struct seen *seen = ctx;
    (void)s;
    seen->ok += f->http_status == 200 && f->outcome == CT_OUTCOME_OK && c;
    seen->not_modified += f->http_status == 304 && f->outcome == CT_OUTCOME_NOT_MODIFIED && c;
    seen->samples += c ? c->samples : 0;
}

static double round_of(struct ct_fetcher_options *o, struct seen *seen)
{
    static char names[SOURCES][8];
    static const char *only[SOURCES + 1];
    for (int i = 0; i < SOURCES; i++) {
        snprintf(names[i], sizeof names[i], "s%d", i);
        only[i] = names[i];
    }
    struct ct_fetcher *f;
    *seen = (struct seen){0};
    o->only = only;
    o->ctx = seen;
    check(ct_fetcher_new(o, &f, &err), "fetcher");
    double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
    while (!ct_fetcher_done(f)) {
        bool woken;
        check(ct_fetcher_step(f, 1000, -1, &woken, &err), "round");
    }
    double took = seconds(CLOCK_PROCESS_CPUTIME_ID) - begin;
    ct_fetcher_free(f);
    return took;
}

static void rounds(const char *folder, int port)
{
    char db[512];
    struct ct_registry *reg;
    struct ct_http_options options = {.allow_private = true};
    struct ct_fetcher_options o = {
        .owner = "bench", .seed = 1, .once = true, .after_commit = after};
    check(ct_registry_empty(&reg, &err), "registry");
    for (int i = 0; i < SOURCES; i++) {
        char id[8], url[64];
        snprintf(id, sizeof id, "s%d", i);
        snprintf(url, sizeof url, "http://s%d.localhost:%d/%d.json", i, port, i);
        const char *const set[][2] = {{"allow_private", "yes"},
                                      {"family", "statuspage-summary"},
                                      {"provider", id},
                                      {"url", url}};
        for (size_t k = 0; k < CT_LEN(set); k++) {
            check(ct_registry_set(reg, id, set[k][0], set[k][1], &err), "source");
        }
    }
    snprintf(db, sizeof db, "%s/rounds.db", folder);
    unlink(db);
    check(ct_writer_open(db, 0, &o.writer, &err), db);
    check(ct_http_new(&options, &o.http, &err), "http");
    o.registry = reg;
    double full[ROUNDS], empty[ROUNDS];
    struct seen seen;
    for (int r = 0; r <= ROUNDS; r++) { /* the first one opens the connections */
        show(r + 1);
        double a = round_of(&o, &seen);
        if (seen.ok != SOURCES || seen.samples == 0) {
            die("a round of 200s was none");
        }
        double b = round_of(&o, &seen);
        if (seen.not_modified != SOURCES || seen.samples != 0) {
            die("a round of 304s was none");
        }
        if (r > 0) {
            full[r - 1] = a;
            empty[r - 1] = b;
        }
    }
    ct_http_free(o.http);
    ct_writer_close(o.writer);
    ct_registry_free(reg);
    double a = median(empty, ROUNDS) * 1e3, b = median(full, ROUNDS) * 1e3;
    printf("bench\tnet-round-of-304s-cpu-against-200s\t%.2f ms\t%.2f ms\t%.2f\t<=0.3\t%s\n", a, b,
           a / b, a <= 0.3 * b ? "ok" : "over");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: bench_net FETCHER FOLDER\n", stderr);
        return 2;
    }
    int port = start_server();
    first_round(argv[1], argv[2], port);
    fflush(stdout);
    rounds(argv[2], port);
    return 0;
}
