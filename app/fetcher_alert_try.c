/* Rules against what is stored: alerts test, lint, why; check. Nothing is written. */
#include "config.h"

#include "app/fetcher_alert_commands.h"
#include "app/fetcher_alerts.h"
#include "app/fetcher_commands.h"
#include "db/alerts.h"
#include "db/base/ini.h"
#include "db/base/paths.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CHANGES 400000 /* of one replay: the newest */
#define BETWEEN_MS CT_HOUR
#define TICK_MS CT_MINUTE
#define DEFAULT_SPAN_MS (30 * CT_DAY)

static const struct ct_rule *rule_named(const struct ct_rules *rules, const char *name)
{
    const char **names = ct_xcalloc(ct_rules_count(rules) + 1, sizeof *names);
    const struct ct_rule *rule = ct_rules_find(rules, ct_span(name));
    for (size_t i = 0; i < ct_rules_count(rules); i++)
        names[i] = ct_rule_view(ct_rules_at(rules, i))->id;
    const char *near = rule ? NULL : ct_nearest(name, names);
    if (!rule)
        ct_complain(0, name, "no rule has this name%s%s%s", near ? ", did you mean \"" : "",
                    near ? near : "", near ? "\"?" : "");
    free(names);
    return rule;
}

/* ---- test: the past once more ---- */

struct actor {
    int64_t id, last_ms;
    char *subject, *text;
    struct ct_alert_life life;
    struct ct_alert_fact fact;
    bool judged, warm;
};

struct replay {
    const struct ct_rule *rule;
    struct actor *v;
    size_t n, cap;
    int64_t fired, resolved, told, looks, changes;
    int64_t first_ms; /* of all that was read; CT_NONE: nothing */
};

static struct actor *find_actor(struct replay *p, int64_t id)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].id == id)
            return &p->v[i];
    return NULL;
}

static void recall(void *ctx, int64_t id, int64_t *value, int *latch)
{
    const struct actor *a = find_actor(ctx, id);
    if (a) {
        *value = a->life.memory;
        *latch = a->life.latch;
    }
}

static void set_text(char **have, struct ct_span s)
{
    free(*have);
    *have = ct_xspandup(s.p ? s : CT_LIT(""));
}

static void take(struct replay *p, const struct ct_judged *j, int64_t now_ms)
{
    struct actor *a = find_actor(p, j->id);
    if (!a && j->fact.truth != CT_TRUTH_TRUE && j->tracked == CT_NONE)
        return;
    if (!a) {
        if (p->n == p->cap) {
            p->cap = p->cap ? 2 * p->cap : 64;
            p->v = ct_xrealloc(p->v, p->cap * sizeof *p->v);
        }
        a = &p->v[p->n++];
        *a = (struct actor){.id = j->id,
                            .last_ms = CT_NONE,
                            .life = ct_alert_born(now_ms),
                            .warm = p->looks > 0};
        set_text(&a->subject, j->subject);
    }
    a->fact = j->fact;
    a->judged = true;
    set_text(&a->text, j->text);
    if (j->tracked != CT_NONE) {
        a->life.latch = ct_rule_latch(p->rule, a->life.memory, a->life.latch, j->tracked);
        a->life.memory = j->tracked;
    }
}

static enum ct_status look(struct replay *p, struct ct_reader *r, int64_t at_ms, int64_t now_ms,
                           struct ct_error *err)
{
    struct ct_look *l = ct_look_new(r, at_ms, now_ms);
    struct ct_judged *v = NULL;
    size_t n = 0;
    enum ct_status st = ct_rule_judge(p->rule, l, recall, p, &v, &n, err);
    for (size_t i = 0; i < p->n; i++)
        p->v[i].judged = false;
    for (size_t i = 0; st == CT_OK && i < n; i++)
        take(p, &v[i], at_ms);
    for (size_t i = 0; i < p->n; i++)
        if (!p->v[i].judged)
            p->v[i].fact = (struct ct_alert_fact){
                .truth = CT_TRUTH_UNKNOWN, .hold = CT_TRUTH_UNKNOWN, .seen_ms = CT_NONE};
    ct_look_free(l);
    p->looks++;
    return st;
}

static void say(struct replay *p, const struct actor *a, int64_t at_ms, const struct ct_alert_step *s)
{
    char at[CT_TIME_MAX], age[CT_TIME_MAX];
    ct_time_format(at, at_ms / CT_SECOND * CT_SECOND);
    for (size_t i = 0; i < s->n_changes; i++) {
        if (s->change[i].now == CT_ALERT_FIRING) {
            p->fired++;
            printf("%s\tfiring\t%s\t%s\n", at, a->subject, a->text);
        } else if (s->change[i].was == CT_ALERT_FIRING) {
            p->resolved++;
            ct_age_format(age, at_ms - a->life.fired_ms);
            printf("%s\tresolved\t%s\tafter %s\n", at, a->subject, age);
        }
    }
    for (int kind = 0; kind <= CT_TELL_FLAP_OFF; kind++)
        p->told += s->tell[kind];
}

static void tick(struct replay *p, int64_t at_ms)
{
    for (size_t i = 0; i < p->n; i++) {
        struct actor *a = &p->v[i];
        struct ct_alert_step out;
        struct ct_alert_clock c = {
            .now_ms = at_ms, .boot_ms = at_ms, .last_boot_ms = a->last_ms, .warm = a->warm};
        ct_alert_step(&a->life, &ct_rule_view(p->rule)->policy, &a->fact, &c, &out);
        a->last_ms = at_ms;
        a->warm = a->warm || a->fact.truth != CT_TRUTH_UNKNOWN;
        say(p, a, at_ms, &out);
    }
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Can what happened change what RULE says? */
static bool concerns(const struct ct_rule *rule, const struct ct_event_row *e)
{
    switch (e->kind) {
    case CT_EVENT_INCIDENT:
    case CT_EVENT_STATE:
        return ct_rule_reads(rule, CT_SOURCE_STATUS);
    case CT_EVENT_PRICE:
    case CT_EVENT_STOCK:
        return ct_rule_reads(rule, CT_SOURCE_PRICES) || ct_rule_reads(rule, CT_SOURCE_MODELS);
    case CT_EVENT_MODEL:
        return ct_rule_reads(rule, CT_SOURCE_MODELS);
    default:
        return e->kind != CT_EVENT_ALERT;
    }
}

/* Each moment at which something changed that concerns RULE, and one an hour in between, for what only
 * time brings. */
static int64_t *moments(struct replay *p, const struct ct_event_row *e, size_t n_events, int64_t from_ms,
                        int64_t to_ms, size_t *n)
{
    int64_t *v = ct_xcalloc(n_events + (size_t)((to_ms - from_ms) / BETWEEN_MS) + 2, sizeof *v);
    size_t all = 0;
    for (size_t i = 0; i < n_events; i++)
        if (concerns(p->rule, &e[i]))
            v[all++] = e[i].at_ms;
    p->changes = (int64_t)all;
    for (int64_t t = from_ms; t < to_ms; t += BETWEEN_MS)
        v[all++] = t;
    v[all++] = to_ms;
    qsort(v, all, sizeof *v, by_number);
    *n = 0;
    for (size_t i = 0; i < all; i++)
        if (*n == 0 || v[i] != v[*n - 1])
            v[(*n)++] = v[i];
    return v;
}

static enum ct_status replay(struct replay *p, struct ct_reader *r, int64_t from_ms, int64_t to_ms,
                             struct ct_error *err)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_query q = {
        .at_ms = CT_LIVE, .now_ms = to_ms, .from_ms = from_ms, .to_ms = to_ms, .limit = MOST_CHANGES};
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = ct_read_events(r, &q, a, &rows, err);
    const struct ct_event_row *e = rows.v; /* newest first */
    size_t n = 0;
    p->first_ms = rows.n ? e[rows.n - 1].at_ms : CT_NONE;
    if (rows.n == MOST_CHANGES)
        from_ms = p->first_ms; /* what was before is not looked at, and that is said */
    int64_t *at = st == CT_OK ? moments(p, e, rows.n, from_ms, to_ms, &n) : NULL;
    for (size_t i = 0; st == CT_OK && i < n; i++) {
        st = look(p, r, at[i], to_ms, err);
        int64_t next = i + 1 < n ? at[i + 1] : to_ms;
        for (int64_t t = at[i]; st == CT_OK && t < next; t += TICK_MS)
            tick(p, t);
    }
    free(at);
    ct_arena_free(a);
    return st;
}

/* What it would have done, and what that was found from. */
static void say_covered(const struct replay *p, const char *name, int64_t from_ms, int64_t now_ms)
{
    char first[CT_TIME_MAX];
    bool late = p->first_ms != CT_NONE && p->first_ms - from_ms > CT_DAY;
    ct_time_format(first, p->first_ms == CT_NONE ? now_ms : p->first_ms / CT_SECOND * CT_SECOND);
    fprintf(stderr,
            "cloudtape: %s: fired %" PRId64 " times, resolved %" PRId64 ", %" PRId64 " messages; looked at"
            " each of %" PRId64 " changes it is about, and every hour: %" PRId64 " looks%s%s\n",
            name, p->fired, p->resolved, p->told, p->changes, p->looks,
            p->first_ms == CT_NONE ? "; nothing is stored of that time"
            : late                 ? "; nothing was looked at before "
                                   : "",
            late ? first : "");
}

int ct_alerts_test(struct ct_alert_call *c, int argc, char **argv)
{
    struct ct_alert_config config;
    struct ct_reader *r = NULL;
    struct ct_error err = {0};
    int64_t now = ct_now_ms(), from = now - DEFAULT_SPAN_MS;
    (void)argc;
    if (c->since && ct_time_parse_user(ct_span(c->since), now, &from, &err) != CT_OK)
        return ct_complain(EXIT_USAGE, "--since", "%s", err.what);
    ct_alert_config_load(c->config, false, NULL, &config);
    struct replay p = {.rule = rule_named(config.rules, argv[0])};
    int code = EXIT_USAGE;
    bool builtin = p.rule && ct_rule_view(p.rule)->builtin > CT_RULE_SOURCE_STALE;
    if (builtin)
        ct_complain(0, argv[0], "it watches this machine; there is no past of it to replay");
    else if (p.rule && ct_reader_open(c->db.p, &r, &err) == CT_OK &&
             replay(&p, r, from, now, &err) == CT_OK)
        code = EXIT_WORKED;
    else if (p.rule)
        code = ct_complain_err(EXIT_ERROR, &err);
    if (code == EXIT_WORKED)
        say_covered(&p, argv[0], from, now);
    for (size_t i = 0; i < p.n; i++) {
        free(p.v[i].subject);
        free(p.v[i].text);
    }
    free(p.v);
    ct_reader_close(r);
    ct_alert_config_free(&config);
    return code;
}

/* ---- lint ---- */

/* Why RULE can never fire, as far as can be told; NULL: it can. Into OUT. */
static bool never_fires(const struct ct_rule *rule, struct ct_reader *r, char *out, size_t cap)
{
    const struct ct_rule_view *v = ct_rule_view(rule);
    struct ct_judged *rows = NULL;
    size_t n = 0;
    struct ct_look *l = NULL;
    out[0] = '\0';
    if (!v->enabled)
        (void)snprintf(out, cap, "it is switched off");
    else if (ct_rule_watches_nothing(rule))
        (void)snprintf(out, cap, "it speaks of what you watch, and nothing is watched");
    else if (r && v->builtin <= CT_RULE_SOURCE_STALE) {
        l = ct_look_new(r, CT_LIVE, ct_now_ms());
        if (ct_rule_judge(rule, l, NULL, NULL, &rows, &n, NULL) == CT_OK && n == 0)
            (void)snprintf(out, cap, "nothing recorded so far is what it speaks of");
        ct_look_free(l);
    }
    return out[0] != '\0';
}

static int missing_channels(const struct ct_alert_config *config, const struct ct_rule_view *v)
{
    struct ct_span rest = ct_span(v->channels);
    int missing = 0;
    while (rest.n) {
        struct ct_span name = ct_span_cut(&rest, '\x1f');
        if (name.n && !ct_channels_has(config->channels, name)) {
            printf("  no channel \"%.*s\": there is no [notify %.*s]\n", CT_FMT(name), CT_FMT(name));
            missing++;
        }
    }
    return missing;
}

int ct_alerts_lint(struct ct_alert_call *c, int argc, char **argv)
{
    struct ct_alert_config config;
    struct ct_reader *r = NULL;
    (void)argc, (void)argv;
    ct_alert_config_load(c->config, false, NULL, &config);
    int wrong = config.problems;
    if (ct_reader_open(c->db.p, &r, NULL) != CT_OK)
        r = NULL; /* then rules are judged by what they say */
    for (size_t i = 0; i < ct_rules_count(config.rules); i++) {
        const struct ct_rule *rule = ct_rules_at(config.rules, i);
        const struct ct_rule_view *v = ct_rule_view(rule);
        char why[160];
        struct ct_span words = ct_rule_sentence(rule, c->arena);
        printf("%s (%s): %.*s\n", v->id, v->where, CT_FMT(words));
        if (never_fires(rule, r, why, sizeof why)) {
            printf("  can never fire: %s\n", why);
            wrong += v->enabled;
        }
        wrong += missing_channels(&config, v);
    }
    ct_reader_close(r);
    ct_alert_config_free(&config);
    return wrong ? EXIT_ERROR : EXIT_WORKED;
}

/* ---- why ---- */

static bool about(struct ct_span subject, const char *wanted)
{
    return ct_glob(ct_span(wanted), subject) || ct_span_ihas(subject, ct_span(wanted));
}

static const struct ct_alert_row *open_alert(struct ct_rows rows, int64_t id)
{
    char text[CT_ALERT_ID_MAX];
    const struct ct_alert_row *a = rows.v;
    ct_alert_id(text, id);
    for (size_t i = 0; i < rows.n; i++)
        if (ct_span_is(a[i].id, text))
            return &a[i];
    return NULL;
}

static void say_held(const struct ct_alert_row *a, const struct ct_rule_view *v)
{
    char held[CT_TIME_MAX], wanted[CT_TIME_MAX];
    if (!a)
        return;
    ct_age_format(held, a->held_ms);
    ct_age_format(wanted, a->state == CT_ALERT_FIRING ? v->policy.keep_ms : v->policy.for_ms);
    printf("  %s", ct_alert_state_words[a->state]);
    if (a->state == CT_ALERT_PENDING)
        printf(", true for %s of %s", held, wanted);
    if (a->state == CT_ALERT_FIRING && a->held_ms)
        printf(", over for %s of %s", held, wanted);
    printf("%s%s%s%s%s; sent: %.*s\n", a->silenced ? ", silenced" : "",
           a->inhibited ? ", held back by another alert" : "", a->flapping ? ", flapping" : "",
           a->unknown ? ", without data" : "", a->acked ? ", acknowledged" : "",
           CT_FMT(a->sent.n ? a->sent : CT_LIT("nothing")));
}

static void recall_stored(void *ctx, int64_t id, int64_t *value, int *latch)
{
    const struct ct_rows *open = ctx;
    const struct ct_alert_row *a = open_alert(*open, id);
    if (a) {
        *value = a->memory;
        *latch = a->latch;
    }
}

int ct_alerts_why(struct ct_alert_call *c, int argc, char **argv)
{
    static const char *const words[] = {"no", "yes", "cannot tell"};
    struct ct_alert_config config;
    struct ct_reader *r = NULL;
    struct ct_error err = {0};
    struct ct_rows open = {NULL, 0};
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = ct_now_ms(), .gone = true};
    int found = 0;
    (void)argc;
    if (ct_reader_open(c->db.p, &r, &err) != CT_OK ||
        ct_read_alerts(r, &q, c->arena, &open, &err) != CT_OK) {
        ct_reader_close(r);
        return ct_complain_err(EXIT_ERROR, &err);
    }
    ct_alert_config_load(c->config, false, NULL, &config);
    struct ct_look *l = ct_look_new(r, CT_LIVE, q.now_ms);
    for (size_t i = 0; i < ct_rules_count(config.rules); i++) {
        const struct ct_rule *rule = ct_rules_at(config.rules, i);
        const struct ct_rule_view *v = ct_rule_view(rule);
        struct ct_judged *j = NULL;
        size_t n = 0;
        if (v->builtin > CT_RULE_SOURCE_STALE ||
            ct_rule_judge(rule, l, recall_stored, &open, &j, &n, NULL) != CT_OK)
            continue;
        for (size_t k = 0; k < n; k++) {
            if (!about(j[k].subject, argv[0]))
                continue;
            found++;
            printf("%s\t%.*s\t%s\t%.*s\n", v->id, CT_FMT(j[k].subject), words[j[k].fact.truth],
                   CT_FMT(j[k].text));
            say_held(open_alert(open, j[k].id), v);
        }
    }
    if (!found)
        printf("no rule speaks of \"%s\"\n", argv[0]);
    ct_look_free(l);
    ct_reader_close(r);
    ct_alert_config_free(&config);
    return EXIT_WORKED;
}

/* ---- check ---- */

enum { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

static int say_check(int code, const char *fmt, ...) CT_PRINTF(2, 3);
static int say_check(int code, const char *fmt, ...)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    char text[600];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    for (char *p = text; *p; p++) /* '|' begins the performance data */
        *p = *p == '|' || *p == '\n' ? '/' : *p;
    printf("CLOUDTAPE %s - %s", words[code], text);
    return code;
}

static void add_value(struct ct_buf *perf, const struct ct_judged *j)
{
    char value[CT_DECIMAL_MAX];
    if (j->value == CT_NONE || perf->n > 2000)
        return;
    ct_decimal_format(value, j->value, j->value_digits);
    ct_buf_adds(perf, " '");
    for (size_t i = 0; i < j->subject.n; i++)
        ct_buf_addc(perf, strchr("'=|\n", j->subject.p[i]) ? '_' : j->subject.p[i]);
    ct_buf_addf(perf, "'=%s", value);
}

static int judge_check(const struct ct_judged *j, size_t n, bool warning)
{
    size_t count[3] = {0, 0, 0};
    struct ct_buf perf = CT_BUF_INIT, names = CT_BUF_INIT;
    int code;
    for (size_t i = 0; i < n; i++) {
        enum ct_truth t = j[i].fact.truth;
        if (t == CT_TRUTH_TRUE && count[t] < 5)
            ct_buf_addf(&names, "%s%.*s (%.*s)", names.n ? ", " : "", CT_FMT(j[i].subject),
                        CT_FMT(j[i].text));
        count[t]++;
        if (i < 20)
            add_value(&perf, &j[i]);
    }
    if (count[CT_TRUTH_TRUE])
        code = say_check(warning ? CHECK_WARNING : CHECK_CRITICAL, "%zu of %zu: %s",
                         count[CT_TRUTH_TRUE], n, names.p);
    else if (!n)
        code = say_check(CHECK_UNKNOWN, "nothing recorded is what this speaks of");
    else if (count[CT_TRUTH_UNKNOWN])
        code = say_check(CHECK_UNKNOWN, "%zu of %zu cannot be told", count[CT_TRUTH_UNKNOWN], n);
    else
        code = say_check(CHECK_OK, "none of %zu", n);
    printf(" | matches=%zu;;;0;%zu unknown=%zu;;;0;%zu%s\n", count[CT_TRUTH_TRUE], n,
           count[CT_TRUTH_UNKNOWN], n, perf.n ? perf.p : "");
    ct_buf_free(&perf);
    ct_buf_free(&names);
    return code;
}

int ct_cmd_check(int argc, char **argv)
{
    const char *db = NULL, *config = NULL;
    bool warning = false;
    const struct ct_arg args[] = {
        {"db", &db, NULL}, {"config", &config, NULL}, {"warning", NULL, &warning}, {0}};
    struct ct_buf path = CT_BUF_INIT, when = CT_BUF_INIT;
    struct ct_reader *r = NULL;
    struct ct_rules *rules = NULL;
    struct ct_error err = {0};
    struct ct_judged *j = NULL;
    size_t n = 0;
    int code;
    if (!ct_args(&argc, argv, args))
        return CHECK_UNKNOWN;
    for (int i = 0; i < argc; i++)
        ct_buf_addf(&when, "%s%s", i ? " " : "", argv[i]);
    ct_path_database(&path, db);
    struct ct_look *l = NULL;
    struct ct_rule_scope scope;
    struct ct_arena *a = ct_arena_new(0);
    ct_alert_scope(config, a, &scope);
    enum ct_status st = ct_rule_of_when(when.n ? when.p : "", &scope, &rules, &err);
    if (st == CT_OK)
        st = ct_reader_open(path.p, &r, &err);
    if (st == CT_OK) {
        l = ct_look_new(r, CT_LIVE, ct_now_ms());
        st = ct_rule_judge(ct_rules_at(rules, 0), l, NULL, NULL, &j, &n, &err);
    }
    if (st == CT_OK) {
        code = judge_check(j, n, warning);
    } else {
        code = say_check(CHECK_UNKNOWN, "%s: %s", err.where, err.what);
        printf("\n");
    }
    ct_look_free(l);
    ct_reader_close(r);
    ct_rules_free(rules);
    ct_arena_free(a);
    ct_buf_free(&path);
    ct_buf_free(&when);
    return fflush(stdout) == 0 ? code : CHECK_UNKNOWN;
}
