#include "config.h"

#include "app/fetcher_alerts.h"

#include "alerts/engine.h"
#include "app/fetcher_commands.h"
#include "app/settings.h"
#include "db/base/log.h"
#include "db/base/paths.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_MS = 20 }; /* how often requests under way are moved */

struct ct_fetcher_alerts {
    struct ct_alert_config config;
    struct ct_engine *engine;
    char *db, *file; /* FILE: NULL is the usual settings */
    struct ct_writer *writer;
    struct ct_http *http; /* NULL: settings are not read again */
    bool allow_private, once;
    uint64_t mark; /* of the settings' files */
    int64_t looked_boot_ms;
};

/* ---- settings ---- */

static void on_problem(void *ctx, const char *where, const char *what)
{
    struct ct_alert_config *c = ctx;
    c->problems++;
    ct_complain(0, where, "%s", what);
}

static const char *const *list_of(const char *text, struct ct_arena *a)
{
    CT_VEC(const char *) v = {NULL, 0, 0};
    struct ct_span rest = ct_span(text);
    while (rest.p) {
        struct ct_span item = ct_span_trim(ct_span_cut(&rest, ','));
        if (item.n)
            *CT_VEC_PUSH(a, &v) = ct_arena_dup(a, item).p;
    }
    *CT_VEC_PUSH(a, &v) = NULL;
    return v.v;
}

/* What is followed, and the models and GPUs of [scope]: globs of their series and filters of their offers. */
static const char *const *watched(const struct ct_settings *s, struct ct_arena *a)
{
    CT_VEC(const char *) v = {NULL, 0, 0};
    const char *models = ct_setting(s, "scope", "models"), *gpus = ct_setting(s, "scope", "gpus");
    const char *const *items = ct_watch_items(s, a);
    const char *const *model = list_of(models ? models : "", a), *const *gpu = list_of(gpus ? gpus : "", a);
    for (; *items; items++)
        *CT_VEC_PUSH(a, &v) = *items;
    for (; *model; model++) {
        *CT_VEC_PUSH(a, &v) = ct_arena_printf(a, "token/*/%s/*", *model).p;
        *CT_VEC_PUSH(a, &v) = ct_arena_printf(a, "token/*/%s@*", *model).p;
    }
    for (; *gpu; gpu++)
        *CT_VEC_PUSH(a, &v) = ct_arena_printf(a, "gpu:%s", *gpu).p;
    *CT_VEC_PUSH(a, &v) = NULL;
    return v.v;
}

static struct ct_rule_scope scope_of(const struct ct_settings *s, struct ct_arena *a)
{
    const char *providers = ct_setting(s, "scope", "providers");
    return (struct ct_rule_scope){.providers = providers ? list_of(providers, a) : NULL,
                                  .watch = watched(s, a)};
}

void ct_alert_scope(const char *file, struct ct_arena *a, struct ct_rule_scope *out)
{
    struct ct_settings *s = NULL;
    if (ct_settings_load(file, &s, NULL) != CT_OK)
        ct_complain(0, file ? file : "settings", "cannot be read; their defaults count");
    *out = scope_of(s, a);
    /* [watch] items are the settings' own text */
    CT_VEC(const char *) kept = {NULL, 0, 0};
    for (size_t i = 0; out->watch[i]; i++)
        *CT_VEC_PUSH(a, &kept) = ct_arena_dup(a, ct_span(out->watch[i])).p;
    *CT_VEC_PUSH(a, &kept) = NULL;
    out->watch = kept.v;
    ct_settings_free(s);
}

/* This program's file: the desktop channel starts it again. */
static const char *own_path(struct ct_arena *a)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    const char *installed = CT_PKGLIBEXECDIR "/cloudtape-fetcher"; /* replaced while it runs */
    return n > 0 && access(path, X_OK) == 0 ? ct_arena_dup(a, ct_span(path)).p : installed;
}

void ct_alert_config_load(const char *file, bool allow_private, struct ct_http *http,
                          struct ct_alert_config *out)
{
    struct ct_settings *s = NULL;
    struct ct_error err = {0};
    struct ct_arena *a = ct_arena_new(0);
    CT_VEC(struct ct_rule_line) rules = {NULL, 0, 0};
    CT_VEC(struct ct_channel_line) channels = {NULL, 0, 0};
    const struct ct_setting_line *l;
    *out = (struct ct_alert_config){.problems = 0};
    if (ct_settings_load(file, &s, &err) != CT_OK)
        err = (struct ct_error){0}; /* the command that loads them for itself says so */
    for (size_t i = 0; (l = ct_settings_at(s, i)); i++) {
        if (strcmp(l->section, "alert") == 0)
            *CT_VEC_PUSH(a, &rules) = (struct ct_rule_line){l->name, l->key, l->value, l->where};
        if (strcmp(l->section, "notify") == 0)
            *CT_VEC_PUSH(a, &channels) =
                (struct ct_channel_line){l->name, l->key, l->value, l->where};
    }
    struct ct_rule_scope scope = scope_of(s, a);
    ct_rules_load(rules.v, rules.n, &scope, on_problem, out, &out->rules);
    for (size_t i = 0; (l = ct_settings_at(s, i)); i++) {
        const struct ct_rule_line line = {l->name, l->key, l->value, l->where};
        if (strcmp(l->section, "inhibit") == 0 &&
            ct_rules_inhibit(out->rules, &line, &err) != CT_OK)
            on_problem(out, l->where, err.what);
    }
    struct ct_channels_options o = {.lines = channels.v,
                                    .n_lines = channels.n,
                                    .http = http,
                                    .allow_private = allow_private,
                                    .desktop = own_path(a),
                                    .problem = on_problem,
                                    .ctx = out};
    ct_channels_new(&o, &out->channels);
    ct_settings_free(s);
    ct_arena_free(a);
}

void ct_alert_config_demo(struct ct_alert_config *out)
{
    static const struct ct_rule_line lines[] = {
        {"outage", "when", "status state>=part", "demo"},
        {"outage", "severity", "critical", "demo"},
        {"outage", "for", "30s", "demo"},
        {"outage", "notify", "bell", "demo"},
        {"degraded", "when", "status state:degr", "demo"},
        {"degraded", "for", "1m", "demo"},
        {"h100-in-stock", "when", "gpus gpu:h100 stock:N->A", "demo"},
        {"h100-in-stock", "severity", "info", "demo"},
        {"spot-moved", "when", "gpus purchase:spot change>10% over 24h", "demo"},
        {"spot-moved", "severity", "info", "demo"},
        {"spot-moved", "rearm", "20%", "demo"},
    };
    const struct ct_channels_options o = {.http = NULL};
    *out = (struct ct_alert_config){.problems = 0};
    ct_rules_load(lines, CT_LEN(lines), NULL, on_problem, out, &out->rules);
    ct_channels_new(&o, &out->channels);
}

void ct_alert_config_free(struct ct_alert_config *c)
{
    ct_channels_free(c->channels);
    ct_rules_free(c->rules);
}

enum ct_status ct_alert_config_record(const struct ct_alert_config *c, struct ct_writer *w, int64_t at_ms,
                                      struct ct_error *err)
{
    enum ct_status st = CT_OK;
    for (size_t i = 0; st == CT_OK && i < ct_rules_count(c->rules); i++) {
        const struct ct_rule_view *v = ct_rule_view(ct_rules_at(c->rules, i));
        int64_t first_ms;
        st = ct_write_alert_rule(w, ct_span(v->id), ct_span(v->when), at_ms, &first_ms, err);
    }
    return st;
}

/* ---- in the loop ---- */

/* A hash of names, sizes and times of the files that rules may stand in. */
static uint64_t settings_mark(const char *config)
{
    static const char *const parts[] = {"config.ini", "conf.d", "alerts.d"};
    struct ct_buf text = CT_BUF_INIT, path = CT_BUF_INIT;
    for (size_t i = 0; i < (config ? 1 : CT_LEN(parts)); i++) {
        glob_t found = {.gl_pathc = 0};
        ct_buf_clear(&path);
        if (config)
            ct_buf_adds(&path, config);
        else
            ct_path_config(&path, parts[i]);
        if (i > 0)
            ct_buf_adds(&path, "/*.ini");
        if (glob(path.p, 0, NULL, &found) == 0)
            for (size_t k = 0; k < found.gl_pathc; k++) {
                struct stat st = {.st_size = -1};
                (void)!stat(found.gl_pathv[k], &st);
                ct_buf_addf(&text, "%s %lld %lld.%ld\n", found.gl_pathv[k], (long long)st.st_size,
                            (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
            }
        globfree(&found);
    }
    uint64_t mark = ct_hash(ct_buf_span(&text));
    ct_buf_free(&text);
    ct_buf_free(&path);
    return mark;
}

static struct ct_engine_options engine_options(const struct ct_fetcher_alerts *a,
                                               const struct ct_alert_config *config)
{
    return (struct ct_engine_options){
        .db_path = a->db,
        .writer = a->writer,
        .rules = config->rules,
        .channels = config->channels,
        .seed = (uint64_t)ct_now_ms() ^ (uint64_t)getpid() << 20,
        .once = a->once,
    };
}

enum ct_status ct_fetcher_alerts_new(const struct ct_alert_config *config, const char *db,
                                     struct ct_writer *w, bool once, struct ct_fetcher_alerts **out,
                                     struct ct_error *err)
{
    struct ct_fetcher_alerts *a = ct_xcalloc(1, sizeof *a);
    a->config = *config;
    a->once = once;
    a->db = ct_xstrdup(db);
    a->writer = w;
    struct ct_engine_options o = engine_options(a, &a->config);
    enum ct_status st = ct_engine_new(&o, &a->engine, err);
    if (st == CT_OK)
        *out = a;
    else
        ct_fetcher_alerts_free(a);
    return st;
}

void ct_fetcher_alerts_free(struct ct_fetcher_alerts *a)
{
    if (!a)
        return;
    ct_alert_config_free(&a->config);
    ct_engine_free(a->engine);
    free(a->db);
    free(a->file);
    free(a);
}

void ct_fetcher_alerts_follow(struct ct_fetcher_alerts *a, const char *file, bool allow_private,
                              struct ct_http *http)
{
    a->file = file ? ct_xstrdup(file) : NULL;
    a->allow_private = allow_private;
    a->http = http;
    a->mark = settings_mark(file);
    a->looked_boot_ms = ct_boot_ms();
}

void ct_fetcher_alerts_commit(void *ctx, const struct ct_source *s, const struct ct_fetch *f,
                              const struct ct_commit *commit)
{
    struct ct_fetcher_alerts *a = ctx;
    (void)f;
    if (a && commit)
        ct_engine_committed(a->engine, ct_source_kind(s));
}

/* Rules and channels may change while we run: what is stored goes on under the new ones. */
static void reload(struct ct_fetcher_alerts *a)
{
    struct ct_error err = {0};
    struct ct_alert_config config;
    struct ct_engine *engine = NULL;
    ct_alert_config_load(a->file, a->allow_private, a->http, &config);
    struct ct_engine_options o = engine_options(a, &config);
    if (ct_engine_new(&o, &engine, &err) != CT_OK) {
        ct_log(CT_LOG_ERROR, "alerts: the old rules stay: %s: %s", err.where, err.what);
        ct_alert_config_free(&config);
        return;
    }
    ct_log(CT_LOG_INFO, "alerts: rules read again rules=%zu problems=%d",
           ct_rules_count(config.rules), config.problems);
    ct_channels_close(a->config.channels); /* what was under way is sent again, under the same id */
    a->config.channels = NULL;
    ct_engine_free(a->engine);
    ct_alert_config_free(&a->config);
    a->engine = engine;
    a->config = config;
}

/* Messages have a network of their own: the caller sleeps in the fetching one. True: some are on
 * their way. */
static bool move_requests(struct ct_fetcher_alerts *a)
{
    struct ct_error err = {0};
    bool woken;
    for (size_t left = a->http ? ct_http_running(a->http) : 0, before; left > 0;) {
        before = left;
        if (ct_http_poll(a->http, 0, -1, &woken, &err) != CT_OK)
            ct_log(CT_LOG_ERROR, "alerts: %s: %s", err.where, err.what);
        left = ct_http_running(a->http);
        if (left >= before) /* one answer is handed over at a time */
            return true;
    }
    return false;
}

int64_t ct_fetcher_alerts_step(struct ct_fetcher_alerts *a, int64_t most_ms)
{
    if (a && a->http && ct_boot_ms() - a->looked_boot_ms > CT_EVALUATE_MS) {
        uint64_t mark = settings_mark(a->file);
        a->looked_boot_ms = ct_boot_ms();
        if (mark != a->mark)
            reload(a);
        a->mark = mark;
    }
    if (!a)
        return most_ms;
    int64_t wait = ct_engine_step(a->engine, ct_now_ms(), ct_boot_ms());
    if (move_requests(a))
        wait = wait < LOOK_MS ? wait : LOOK_MS;
    return wait < most_ms ? wait : most_ms;
}

enum ct_status ct_fetcher_alerts_finish(struct ct_fetcher_alerts *a, struct ct_http *http,
                                        struct ct_error *err)
{
    enum { MOST_MS = 12 * 1000, SOON_MS = 5 * 1000 }; /* an attempt has ten seconds */
    enum ct_status st = CT_OK;
    for (int64_t end_ms = ct_mono_ms() + MOST_MS; st == CT_OK && ct_mono_ms() < end_ms;) {
        bool woken;
        int64_t wait = ct_engine_step(a->engine, ct_now_ms(), ct_boot_ms());
        if (!ct_engine_busy(a->engine, SOON_MS))
            break;
        st = ct_http_poll(http, wait < LOOK_MS ? wait : LOOK_MS, -1, &woken, err);
    }
    return st;
}
