/* demo: the simulated market, written as history (--headless) or served and fetched while somebody
 * watches. */
#include "config.h"

#include "app/fetcher_commands.h"
#include "app/fetcher_alerts.h"
#include "app/watch.h"
#include "db/base/paths.h"
#include "db/read.h"
#include "demo/backlog.h"
#include "demo/server.h"
#include "demo/wire.h"
#include "fetchers/fetcher.h"
#include "fetchers/registry.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DEFAULT_DAYS = 30,
    MAX_DAYS = 3660,
    SPEED = 120,                /* market time in a live demo: an hour in half a minute */
    FETCH_EVERY_MS = 31 * 1000, /* the fetcher's floor is 30 s a source */
};
/* A headless run ends at the same moment whenever it runs: the same seed gives the same rows. */
#define HEADLESS_END "2026-11-01T00:00:00Z"

struct demo {
    struct ct_world world;
    struct ct_registry *registry;
    struct demo_server *server;
    struct ct_writer *writer;
    struct ct_http *http;
    struct ct_fetcher *fetcher;
    struct ct_fetcher_alerts *alerts;
    int lock; /* of its file, until the writer has it; -1: none */
};

static void stop(struct demo *d)
{
    ct_http_free(d->http); /* first: its transfers point into the fetcher */
    ct_fetcher_free(d->fetcher);
    ct_fetcher_alerts_free(d->alerts);
    demo_server_stop(d->server);
    ct_writer_close(d->writer);
    if (d->lock >= 0) {
        close(d->lock); /* its file stays: a lock on one that was removed holds nobody off */
    }
    ct_registry_free(d->registry);
}

static enum ct_status set_source(struct ct_registry *reg, int i, const char *base,
                                 struct ct_error *err)
{
    const struct wire_source *s = &wire_sources[i];
    char url[256], every[32];
    snprintf(url, sizeof url, "%s%s", base, s->path);
    snprintf(every, sizeof every, "%llds", (long long)(s->backlog_ms / CT_SECOND));
    const char *const settings[][2] = {
        {"allow_private", "yes"},
        {"family", s->family},
        {"provider", s->provider},
        {"scope", s->scope},
        {"title", s->title},
        {"url", url},
        {"query", s->query},
        {"every", every},
        {"terms", "simulated"},
        {"evidence", i < WORLD_PAGES       ? "official"
                     : s->family[0] == 'v' || s->family[0] == 's' ? "stock"
                                           : "listed"},
    };
    for (size_t k = 0; k < CT_LEN(settings); k++) {
        enum ct_status st = ct_registry_set(reg, s->id, settings[k][0], settings[k][1], err);
        if (st != CT_OK) {
            return st;
        }
    }
    return CT_OK;
}

/* A registry of the simulated sources alone, at addresses under BASE. */
static enum ct_status make_registry(const char *base, struct ct_registry **out,
                                    struct ct_error *err)
{
    enum ct_status st = ct_registry_empty(out, err);
    for (int i = 0; i < WORLD_SOURCES && st == CT_OK; i++) {
        st = set_source(*out, i, base, err);
    }
    return st;
}

/* Only an empty place or an earlier demo may be written: anything else is somebody's history. */
static enum ct_status check_place(const char *path, struct ct_error *err)
{
    struct ct_reader *r;
    enum ct_status st = ct_reader_open(path, &r, err);
    if (st == CT_ERR_NOT_FOUND) {
        return CT_OK;
    }
    if (st != CT_OK) {
        return st;
    }
    struct ct_arena *a = ct_arena_new(0);
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = ct_now_ms()};
    struct ct_rows rows;
    st = ct_read_sources(r, &q, a, &rows, err);
    for (size_t i = 0; i < rows.n && st == CT_OK; i++) {
        const struct ct_source_row *row = ct_row(&ct_source_table, rows, i);
        if (!ct_span_starts(row->id, "demo_")) {
            st = ct_fail(err, CT_ERR_USAGE, path,
                         "holds real data; the demo writes only its own file");
        }
    }
    ct_arena_free(a);
    ct_reader_close(r);
    return st;
}

static void clear_place(const char *path)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < CT_LEN(parts); i++) {
        struct ct_buf name = CT_BUF_INIT;
        ct_buf_addf(&name, "%s%s", path, parts[i]);
        unlink(name.p);
        ct_buf_free(&name);
    }
}

static enum ct_status write_sources(struct demo *d, int64_t now_ms, struct ct_error *err)
{
    struct ct_source_conf confs[WORLD_SOURCES];
    struct ct_arena *a = ct_arena_new(0);
    for (size_t i = 0; i < WORLD_SOURCES; i++) {
        confs[i] = ct_source_conf_of(ct_registry_at(d->registry, i), a);
    }
    enum ct_status st = ct_write_sources(d->writer, confs, WORLD_SOURCES, now_ms, err);
    ct_arena_free(a);
    return st;
}

/* The lock of PATH: who fetches into it, or prepares a file for its place, has it. */
static enum ct_status lock_place(const char *path, int *lock, struct ct_error *err)
{
    enum ct_status st = ct_mkdirs_of(path, err);
    if (st != CT_OK) {
        return st;
    }
    *lock = ct_lock_file(path, err);
    return *lock < 0 ? err->status : CT_OK;
}

/* Whether a request to end is met at once: nobody looks for one while the past is written, and what is written of it is
 * worth nothing. Only of this thread: those that serve never take one. */
static void end_at_once(bool yes)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(yes ? SIG_UNBLOCK : SIG_BLOCK, &ends, NULL);
}

/* Everything up to END_MS, written beside PATH and put there when it is whole: a viewer that waits
 * never sees half a history. A headless run serves nothing: its addresses lead nowhere. */
static enum ct_status prepare(struct demo *d, const char *path, uint64_t seed, int64_t days,
                              int64_t end_ms, bool serve, struct ct_error *err)
{
    char base[64] = "http://127.0.0.1:9";
    int64_t start_ms = (end_ms - days * CT_DAY) / CT_HOUR * CT_HOUR;
    struct ct_buf part = CT_BUF_INIT;
    ct_buf_addf(&part, "%s.part", path);
    ct_world_init(&d->world, seed, start_ms);
    enum ct_status st = check_place(path, err);
    if (st == CT_OK && (st = check_place(part.p, err)) == CT_OK &&
        (st = lock_place(path, &d->lock, err)) == CT_OK) {
        clear_place(part.p);
    }
    if (st == CT_OK && serve &&
        (st = demo_server_start(&d->world, SPEED, &d->server, err)) == CT_OK) {
        snprintf(base, sizeof base, "http://127.0.0.1:%d", demo_server_port(d->server));
    }
    if (st == CT_OK && (st = make_registry(base, &d->registry, err)) == CT_OK &&
        (st = ct_writer_open(part.p, CT_OPEN_BULK | CT_OPEN_SIMULATED, &d->writer, err)) == CT_OK &&
        (st = write_sources(d, start_ms, err)) == CT_OK) {
        if (serve) {
            end_at_once(true);
        }
        st = demo_backlog(d->writer, &d->world, end_ms, err);
        if (serve) {
            end_at_once(false);
        }
    }
    if (st == CT_OK) { /* who only looks at the world sees its rules too */
        struct ct_alert_config alerts;
        ct_alert_config_demo(&alerts);
        st = ct_alert_config_record(&alerts, d->writer, end_ms, err);
        ct_alert_config_free(&alerts);
    }
    if (st == CT_OK) {
        st = ct_write_settle(d->writer, end_ms, err); /* what is read is as a fetcher leaves it */
    }
    ct_writer_close(d->writer); /* the last connection: nothing stays in a log beside the file */
    d->writer = NULL;
    if (st == CT_OK) {
        clear_place(path); /* not sooner: who watches keeps the earlier one while its fetcher is started again */
    }
    if (st == CT_OK && rename(part.p, path) != 0) {
        st = ct_fail(err, CT_ERR_IO, path, "%s", strerror(errno));
    }
    ct_buf_free(&part);
    return st;
}

static void pass_to_alerts(void *ctx, const struct ct_source *s, const struct ct_fetch *f,
                           const struct ct_commit *c)
{
    struct demo *d = ctx;
    ct_fetcher_alerts_commit(d->alerts, s, f, c);
}

static enum ct_status watch_and_fetch(struct demo *d, const char *path, struct ct_watch *w,
                                      struct ct_error *err)
{
    struct ct_http_options http = {.allow_private = true};
    struct ct_alert_config alerts;
    enum ct_status st = ct_writer_open(path, 0, &d->writer, err);
    if (st == CT_OK) {
        ct_write_hand_lock(d->writer, d->lock); /* it was never free since the file was begun */
        d->lock = -1;
        st = ct_http_new(&http, &d->http, err);
    }
    struct ct_fetcher_options o = {
        .registry = d->registry, .writer = d->writer, .http = d->http, .owner = "demo", .seed = 1,
        .after_commit = pass_to_alerts, .ctx = d};
    if (st == CT_OK) {
        st = ct_fetcher_new(&o, &d->fetcher, err);
    }
    if (st == CT_OK) {
        ct_fetcher_refresh(d->fetcher); /* the backlog ends up to an hour ago */
        ct_alert_config_demo(&alerts);
        st = ct_fetcher_alerts_new(&alerts, path, d->writer, false, &d->alerts, err);
    }
    int64_t last = ct_mono_ms();
    while (st == CT_OK) {
        bool woken = false;
        st = ct_fetcher_step(d->fetcher, ct_fetcher_alerts_step(d->alerts, CT_SECOND), ct_watch_fd(w), &woken, err);
        if (woken && ct_watch_read(w, d->fetcher)) {
            return CT_OK;
        }
        if (ct_mono_ms() - last >= FETCH_EVERY_MS) {
            ct_fetcher_refresh(d->fetcher);
            last = ct_mono_ms();
        }
    }
    return st;
}

int ct_cmd_demo(int argc, char **argv)
{
    const char *db = NULL, *seed_text = "1", *days_text = NULL, *parent_fd = NULL;
    bool headless = false, serve = false;
    const struct ct_arg args[] = {{"headless", NULL, &headless},
                                  {"serve", NULL, &serve},
                                  {"db", &db, NULL},
                                  {"seed", &seed_text, NULL},
                                  {"days", &days_text, NULL},
                                  {"parent-fd", &parent_fd, NULL},
                                  {0}};
    struct ct_error err = {0};
    int64_t seed = 0, days = DEFAULT_DAYS, end_ms = ct_now_ms();
    if (!ct_args(&argc, argv, args)) {
        return EXIT_USAGE;
    }
    if (argc > 0) {
        return ct_complain(EXIT_USAGE, argv[0], "demo takes options only");
    }
    if (ct_span_int(ct_span(seed_text), &seed) != CT_OK) {
        return ct_complain(EXIT_USAGE, "--seed", "\"%s\" is not a number", seed_text);
    }
    if (days_text &&
        (ct_span_int(ct_span(days_text), &days) != CT_OK || days < 0 || days > MAX_DAYS)) {
        return ct_complain(EXIT_USAGE, "--days", "\"%s\" is not 0 to %d", days_text, MAX_DAYS);
    }
    if (headless == serve || !db) {
        return ct_complain(EXIT_USAGE, "demo",
                           headless == serve ? "say --headless or --serve"
                                             : "--db FILE says where to");
    }
    if (headless && ct_time_parse(CT_LIT(HEADLESS_END), &end_ms) != CT_OK) {
        return EXIT_ERROR;
    }
    struct demo d = {.lock = -1};
    struct ct_watch *w = NULL;
    enum ct_status st = serve ? ct_watch_open(parent_fd, &w, &err) : CT_OK;
    if (st == CT_OK && (st = prepare(&d, db, (uint64_t)seed, days, end_ms, serve, &err)) == CT_OK &&
        serve) {
        st = watch_and_fetch(&d, db, w, &err);
    }
    stop(&d);
    ct_watch_close(w);
    if (st == CT_OK && headless) {
        fprintf(stderr, "cloudtape: %s: %lld simulated days, seed %lld, until %s\n", db,
                (long long)days, (long long)seed, HEADLESS_END);
    }
    return st == CT_OK ? EXIT_WORKED
                       : ct_complain_err(st == CT_ERR_USAGE ? EXIT_USAGE : EXIT_ERROR, &err);
}
