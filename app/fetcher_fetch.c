/* fetch: once, or until told to stop; check-sources. */
#include "config.h"

#include "app/fetcher_commands.h"

#include "app/fetcher_alerts.h"
#include "app/fetcher_config.h"
#include "app/watch.h"
#include "db/base/log.h"
#include "db/base/paths.h"
#include "fetchers/fetcher.h"
#include "fetchers/record.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_SPREAD_MS (2 * CT_SECOND)
enum { ALERT_CONCURRENCY = 8 };

struct fetch_args {
    const char *db, *config, *ca, *parent_fd, *seed, *log, *record, *replay, *speed;
    bool once, daemon, allow_private, unsafe_fs;
    const char *const *only; /* NULL: all */
};

/* All that a running fetcher holds, in the order it is opened. */
enum { REST_MS = 500 };

struct running {
    struct ct_registry *reg;
    struct ct_fetch_config config;
    struct ct_writer *writer;
    struct ct_http *http, *alert_http; /* neither queue waits for the other */
    struct ct_record *record;
    struct ct_fetcher *fetcher;
    struct ct_fetcher_alerts *alerts; /* NULL with --once until all is fetched */
    int failed; /* attempts, for fetch --once */
    bool fed;   /* the daemon was answered since memory was given back */
};

static void on_attempt(void *ctx, const struct ct_source *s, const struct ct_fetch *f,
                       const struct ct_commit *c)
{
    ((struct running *)ctx)->failed += f->outcome == CT_OUTCOME_FAILED;
    ct_print_attempt(s, f, c);
}

static enum ct_status check_names(struct ct_registry *reg, const char *const *ids,
                                  struct ct_error *err)
{
    enum ct_status st = CT_OK;
    for (; ids != NULL && *ids != NULL && st == CT_OK; ids++)
        st = ct_source_named(reg, *ids, err);
    return st;
}

/* A named source that lacks its family or its url cannot be fetched: it gets its line all the same. */
static void tell_unfetchable(struct running *r, const char *const *ids)
{
    for (; ids != NULL && *ids != NULL; ids++) {
        const struct ct_source *s = ct_registry_find(r->reg, *ids);
        if (s == NULL || ct_source_whole(s))
            continue;
        r->failed++;
        ct_complain(0, s->id, "not fetched: its %s is missing",
                    s->ops == NULL            ? "family"
                    : ct_source_is_program(s) ? "command"
                                              : "url");
    }
}

static void stop(struct running *r)
{
    ct_http_free(r->http); /* first: their transfers point into the fetcher and the channels */
    ct_http_free(r->alert_http);
    ct_fetcher_free(r->fetcher);
    ct_fetcher_alerts_free(r->alerts);
    ct_record_close(r->record);
    ct_writer_close(r->writer);
    ct_fetch_config_free(&r->config);
    ct_registry_free(r->reg);
}

static void pass_to_alerts(void *ctx, const struct ct_source *s, const struct ct_fetch *f,
                           const struct ct_commit *c)
{
    struct running *r = ctx;
    ct_fetcher_alerts_commit(r->alerts, s, f, c);
    r->fed = true;
}

/* Without alerts fetching goes on. */
static void start_alerts(struct running *r, const struct fetch_args *a, const char *db)
{
    struct ct_error err = {0};
    struct ct_alert_config config;
    ct_alert_config_load(a->config, r->config.allow_private, r->alert_http, &config);
    if (ct_fetcher_alerts_new(&config, db, r->writer, a->once, &r->alerts, &err) != CT_OK) {
        ct_log(CT_LOG_ERROR, "alerts do not run: %s: %s", err.where, err.what);
        ct_complain(0, err.where, "alerts do not run: %s", err.what);
    } else if (!a->once) {
        ct_fetcher_alerts_follow(r->alerts, a->config, r->config.allow_private, r->alert_http);
    }
}

static enum ct_status start(struct running *r, const struct fetch_args *a, struct ct_error *err)
{
    struct ct_buf db = CT_BUF_INIT;
    int64_t seed = ct_now_ms() ^ (int64_t)getpid() << 20;
    enum ct_status st;

    ct_path_database(&db, a->db);
    if (a->seed != NULL && ct_span_int(ct_span(a->seed), &seed) != CT_OK)
        st = ct_fail(err, CT_ERR_USAGE, "--seed", "\"%s\" is not a number", a->seed);
    else if ((st = ct_registry_load(&r->reg, err)) == CT_OK &&
             (st = ct_fetch_config_load(a->config, a->allow_private, r->reg, &r->config, err)) ==
                 CT_OK &&
             (st = check_names(r->reg, a->only, err)) == CT_OK)
        st = ct_writer_open(db.p, CT_OPEN_REAL | (a->unsafe_fs || r->config.unsafe_fs ? CT_OPEN_UNSAFE_FS : 0),
                            &r->writer, err);
    if (st != CT_OK) {
        ct_buf_free(&db);
        return st;
    }

    struct ct_http_options http = ct_fetch_config_http(&r->config, a->ca);
    struct ct_fetcher_options fetcher = {
        .registry = r->reg,
        .writer = r->writer,
        .owner = "fetcher",
        .seed = (uint64_t)seed,
        .jitter_percent = r->config.jitter_percent,
        .spread_ms = a->once ? 0 : START_SPREAD_MS,
        .timeout_ms = r->config.timeout_ms,
        .keep = {r->config.raw_ms, r->config.hourly_ms},
        .once = a->once,
        .only = a->only,
        .after_commit = a->once ? on_attempt : pass_to_alerts,
        .ctx = r,
    };
    st = ct_http_new(&http, &r->http, err);
    http.concurrency = ALERT_CONCURRENCY;
    if (st == CT_OK)
        st = ct_http_new(&http, &r->alert_http, err);
    if (st == CT_OK && a->record != NULL)
        st = ct_record_open(a->record, &r->record, err);
    if (st == CT_OK) {
        fetcher.http = r->http;
        fetcher.record = r->record;
        fetcher.families = ct_families;
        tell_unfetchable(r, a->only);
        st = ct_fetcher_new(&fetcher, &r->fetcher, err);
    }
    if (st == CT_OK && !a->once) /* the lease is ours: so are the alerts */
        start_alerts(r, a, db.p);
    ct_buf_free(&db);
    return st;
}

/* What the fetches of this run brought, told before it ends. */
static void alert_once(struct running *r, const struct fetch_args *a)
{
    struct ct_error err = {0};
    struct ct_buf db = CT_BUF_INIT;
    ct_path_database(&db, a->db);
    start_alerts(r, a, db.p);
    if (r->alerts && ct_fetcher_alerts_finish(r->alerts, r->alert_http, &err) != CT_OK)
        ct_complain_err(0, &err);
    ct_buf_free(&db);
}

/* Are the settings, read anew, without a fault? Those that are not stay unused. */
static bool settings_hold(const struct fetch_args *a)
{
    struct ct_registry *reg = NULL;
    struct ct_error err = {0};
    int wrong = 1;
    if (ct_registry_load(&reg, &err) == CT_OK)
        wrong = ct_fetch_config_check(a->config, reg, true);
    ct_registry_free(reg);
    if (wrong)
        ct_log(CT_LOG_ERROR, "settings stay as they were: %d wrong %s", wrong, err.what);
    return wrong == 0;
}

/* What a list of thousands needed goes back to the system once nobody answers any more: it is idle most of the time. */
static void rest(struct running *r)
{
    if (!r->fed)
        return;
    ct_writer_rest(r->writer);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    r->fed = false;
}

/* Until the end, or until *AGAIN: everything is to be started anew, with settings that changed or on another file. */
static int loop(struct running *r, const struct fetch_args *a, struct ct_watch *w, bool *again)
{
    bool once = a->once;
    struct ct_error err = {0};
    while (!once || !ct_fetcher_done(r->fetcher)) {
        bool woken = false;
        int64_t wait = ct_fetcher_alerts_step(r->alerts, CT_LEASE_BEAT_MS), begun = ct_mono_ms();
        enum ct_status st = ct_fetcher_step(r->fetcher, wait, ct_watch_fd(w), &woken, &err);
        if (st != CT_OK) { /* a file that is no more is made anew, one put in its place is taken */
            *again = st == CT_ERR_NOT_FOUND && !once;
            return ct_complain_err(EXIT_ERROR, &err);
        }
        if (ct_mono_ms() - begun >= REST_MS)
            rest(r);
        enum ct_watch_word word = woken ? ct_watch_read(w, r->fetcher) : CT_WATCH_NOTHING;
        *again = word == CT_WATCH_AGAIN && !once && settings_hold(a);
        if (word == CT_WATCH_LEAVE || *again || (word == CT_WATCH_AGAIN && once))
            return once ? EXIT_ERROR : EXIT_WORKED; /* told to stop */
    }
    if (once)
        alert_once(r, a);
    return r->failed > 0 ? EXIT_ERROR : EXIT_WORKED;
}

static void open_log(const char *flag, bool daemon)
{
    struct ct_buf path = CT_BUF_INIT, dir = CT_BUF_INIT;
    struct ct_error err = {0};
    if (flag != NULL)
        ct_buf_adds(&path, flag);
    else
        ct_path_state(&path, "fetcher.log");
    ct_path_state(&dir, "");
    if ((flag == NULL && ct_mkdirs(dir.p, &err) != CT_OK) ||
        ct_log_open(path.p, CT_LOG_INFO, &err) != CT_OK)
        ct_complain_err(0, &err); /* goes on without one */
    else
        ct_log(CT_LOG_INFO, "start version=%s pid=%d daemon=%d", PACKAGE_VERSION, (int)getpid(),
               daemon);
    ct_buf_free(&path);
    ct_buf_free(&dir);
}

static int fetch_replay(const struct fetch_args *a, int words)
{
    struct ct_fetch_config config = {0};
    struct ct_registry *reg = NULL;
    struct ct_watch *w = NULL;
    struct ct_buf db = CT_BUF_INIT;
    struct ct_error err = {0};
    int64_t speed = 1;
    if (a->once || a->daemon || a->record || words > 0)
        return ct_complain(EXIT_USAGE, "--replay", "goes with --speed, --db and --config alone");
    if (a->speed && strcmp(a->speed, "max") == 0)
        speed = 0;
    else if (a->speed && (ct_span_int(ct_span(a->speed), &speed) != CT_OK || speed < 1))
        return ct_complain(EXIT_USAGE, "--speed", "wanted a whole number, or max");
    enum ct_status st = ct_watch_open(a->parent_fd, &w, &err);
    if (st == CT_OK)
        st = ct_registry_load(&reg, &err);
    if (st == CT_OK)
        st = ct_fetch_config_load(a->config, false, reg, &config, &err);
    ct_path_database(&db, a->db);
    open_log(a->log, false);
    int code = st == CT_OK ? ct_replay_run(a->replay, speed, db.p, reg, w)
                           : ct_complain_err(EXIT_ERROR, &err);
    ct_log_close();
    ct_buf_free(&db);
    ct_watch_close(w);
    ct_fetch_config_free(&config);
    ct_registry_free(reg);
    return code;
}

int ct_cmd_fetch(int argc, char **argv)
{
    struct fetch_args a = {0};
    const struct ct_arg args[] = {
        {"once", NULL, &a.once},
        {"daemon", NULL, &a.daemon},
        {"allow-private", NULL, &a.allow_private},
        {"unsafe-fs", NULL, &a.unsafe_fs},
        {"db", &a.db, NULL},
        {"config", &a.config, NULL},
        {"ca", &a.ca, NULL},
        {"parent-fd", &a.parent_fd, NULL},
        {"seed", &a.seed, NULL},
        {"log", &a.log, NULL},
        {"record", &a.record, NULL},
        {"replay", &a.replay, NULL},
        {"speed", &a.speed, NULL},
        {0},
    };
    struct ct_watch *w = NULL;
    struct ct_error err = {0};
    bool again = false;
    int code;

    if (!ct_args(&argc, argv, args))
        return EXIT_USAGE;
    if (a.replay != NULL)
        return fetch_replay(&a, argc);
    if (a.speed != NULL)
        return ct_complain(EXIT_USAGE, "--speed", "goes with --replay");
    if (a.once == a.daemon)
        return ct_complain(EXIT_USAGE, "fetch", "say --once or --daemon");
    if (a.daemon && argc > 0)
        return ct_complain(EXIT_USAGE, argv[0],
                           "--daemon fetches every source; name sources with --once");
    a.only = argc > 0 ? (const char *const *)argv : NULL;

#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 128 << 10); /* what is large goes back at once */
#endif
    enum ct_status st = ct_watch_open(a.parent_fd, &w, &err);
    open_log(a.log, a.daemon);
    do {
        struct running r = {0};
        if (again)
            ct_log(CT_LOG_INFO, "begins anew");
        again = false;
        if (st == CT_OK)
            st = start(&r, &a, &err);
        code = st == CT_OK          ? loop(&r, &a, w, &again)
               : st == CT_ERR_USAGE ? ct_complain_err(EXIT_USAGE, &err)
                                    : ct_complain_err(EXIT_ERROR, &err);
        stop(&r);
    } while (again);
    ct_watch_close(w);
    ct_log(CT_LOG_INFO, "end code=%d", code);
    ct_log_close();
    return code;
}

/* The part of `config check` that needs to know families and built-in sources. */
int ct_cmd_check_sources(int argc, char **argv)
{
    const char *config = NULL;
    bool problems = false;
    const struct ct_arg args[] = {{"config", &config, NULL}, {"problems", NULL, &problems}, {0}};
    struct ct_registry *reg = NULL;
    struct ct_error err = {0};
    if (!ct_args(&argc, argv, args))
        return EXIT_USAGE;
    if (argc > 0)
        return ct_complain(EXIT_USAGE, argv[0], "check-sources takes no words");
    if (ct_registry_load(&reg, &err) != CT_OK)
        return ct_complain_err(EXIT_ERROR, &err);
    problems |= ct_fetch_config_check(config, reg, false) > 0;
    struct ct_alert_config alerts;
    ct_alert_config_load(config, false, NULL, &alerts);
    problems |= alerts.problems > 0;
    ct_alert_config_free(&alerts);
    ct_registry_free(reg);
    if (!problems)
        puts("ok");
    return problems || fflush(stdout) != 0 ? EXIT_ERROR : EXIT_WORKED;
}
