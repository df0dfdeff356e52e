/* Rules from the lines of their sections, and the built-in ones. */
#include "config.h"

#include "alerts/rules_priv.h"
#include "db/base/ini.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- built-in rules ---- */

static const struct {
    enum ct_rule_builtin builtin;
    const char *id, *when, *sentence;
    int severity;
    int64_t for_ms;
} builtins[] = {
    {CT_RULE_SOURCE_STALE, "source_stale", "sources stale",
     "when a source has failed three times in a row, or has not answered for four intervals",
     CT_SEV_WARNING, 0},
    {CT_RULE_ALL_FAILING, "all_sources_failing", "",
     "when more than half of the sources cannot be read",
     CT_SEV_CRITICAL, CT_MINUTE},
    {CT_RULE_DISK, "disk_full", "",
     "when the disk of the database has less than 200 MiB or 2 % free", CT_SEV_CRITICAL, 0},
    {CT_RULE_FETCHER_GONE, "fetcher_gone", "",
     "when nothing was fetched for half an hour before the fetcher started", CT_SEV_WARNING, 0},
    {CT_RULE_CLOCK_JUMP, "clock_jump", "",
     "when the wall clock moved by more than a minute against time itself", CT_SEV_WARNING, 0},
};

static struct ct_rule_view defaults(const char *id)
{
    return (struct ct_rule_view){
        .id = id,
        .where = "built in",
        .when = "",
        .policy = {.for_ms = 0, .keep_ms = CT_ALERT_KEEP_MS, .nodata = CT_NODATA_UNKNOWN},
        .severity = CT_SEV_WARNING,
        .group = "provider",
        .remind_ms = CT_REPEAT_MS,
        .quiet_from = -1,
        .quiet_to = -1,
        .channels = "",
        .enabled = true,
    };
}

/* ---- reading a section ---- */

struct reading {
    struct ct_rules *r;
    const struct ct_rule_line *lines;
    size_t n;
    void (*problem)(void *ctx, const char *where, const char *what);
    void *ctx;
    /* of the rule being read */
    struct ct_rule_view view;
    int64_t rearm_milli;
    const char *when_where;
    bool wrong;
};

CT_PRINTF(3, 4)
static void complain(struct reading *k, const char *where, const char *fmt, ...)
{
    char what[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    k->wrong = true;
    if (k->problem)
        k->problem(k->ctx, where, what);
}

static void set_time(struct reading *k, const struct ct_rule_line *l, int64_t most, int64_t *out)
{
    int64_t ms;
    if (ct_duration_parse(ct_span(l->value), &ms) != CT_OK || ms > most)
        complain(k, l->where, "%s: wanted a length of time such as 5m, found \"%s\"", l->key,
                 l->value);
    else
        *out = ms;
}

static int set_word(struct reading *k, const struct ct_rule_line *l, const char *const *words)
{
    int i = ct_word(words, ct_span(l->value));
    const char *near = i < 0 ? ct_nearest(l->value, words) : NULL;
    struct ct_buf list = CT_BUF_INIT;
    for (int w = 0; words[w]; w++)
        ct_buf_addf(&list, "%s%s", w ? ", " : "", words[w]);
    if (i < 0)
        complain(k, l->where, "%s: wanted %s, found \"%s\"%s%s%s", l->key, list.p, l->value,
                 near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    ct_buf_free(&list);
    return i;
}

static void set_quiet(struct reading *k, const struct ct_rule_line *l)
{
    struct ct_span to = ct_span(l->value), from = ct_span_trim(ct_span_cut(&to, '-'));
    k->view.quiet_from = ct_minute_parse(from);
    k->view.quiet_to = ct_minute_parse(ct_span_trim(to));
    if (k->view.quiet_from < 0 || k->view.quiet_to < 0)
        complain(k, l->where, "quiet: wanted hours such as 22:00-07:00, found \"%s\"",
                 l->value);
}

static void set_notify(struct reading *k, const struct ct_rule_line *l)
{
    struct ct_buf b = CT_BUF_INIT;
    struct ct_span rest = ct_span(l->value);
    while (rest.p) {
        struct ct_span name = ct_span_trim(ct_span_cut(&rest, ','));
        if (name.n)
            ct_buf_addf(&b, "%s%.*s", b.n ? "\x1f" : "", CT_FMT(name));
    }
    k->view.channels = ct_arena_printf(k->r->arena, "%s", b.n ? b.p : "").p;
    ct_buf_free(&b);
}

static void set_rearm(struct reading *k, const struct ct_rule_line *l)
{
    struct ct_span s = ct_span(l->value);
    if (s.n < 2 || s.p[s.n - 1] != '%' ||
        ct_milli_parse((struct ct_span){s.p, s.n - 1}, &k->rearm_milli) != CT_OK ||
        k->rearm_milli < 0 || k->rearm_milli > 100000)
        complain(k, l->where, "rearm: wanted a share such as 5%%, found \"%s\"", l->value);
}

static void set_line(struct reading *k, const struct ct_rule_line *l)
{
    static const char *const keys[] = {"when",   "for",    "clear",  "rearm",  "severity", "group",
                                       "remind", "nodata", "quiet",  "notify", "enabled",  NULL};
    static const char *const nodata[] = {"keep", "unknown", "fire", NULL};
    static const char *const bools[] = {"no", "yes", NULL};
    struct ct_rule_view *v = &k->view;
    int key = ct_word(keys, ct_span(l->key)), word;
    const char *near;
    switch (key) {
    case 0:
        v->when = ct_arena_dup(k->r->arena, ct_span(l->value)).p;
        k->when_where = l->where;
        break;
    case 1:
        set_time(k, l, 30 * CT_DAY, &v->policy.for_ms);
        break;
    case 2:
        set_time(k, l, 30 * CT_DAY, &v->policy.keep_ms);
        break;
    case 3:
        set_rearm(k, l);
        break;
    case 4:
        if ((word = set_word(k, l, ct_severity_words)) >= 0)
            v->severity = word;
        break;
    case 5:
        v->group = ct_arena_dup(k->r->arena, ct_span(l->value)).p;
        break;
    case 6:
        set_time(k, l, 30 * CT_DAY, &v->remind_ms);
        break;
    case 7:
        if ((word = set_word(k, l, nodata)) >= 0)
            v->policy.nodata = (enum ct_nodata)word;
        break;
    case 8:
        set_quiet(k, l);
        break;
    case 9:
        set_notify(k, l);
        break;
    case 10:
        if ((word = set_word(k, l, bools)) >= 0)
            v->enabled = word == 1;
        break;
    default:
        near = ct_nearest(l->key, keys);
        complain(k, l->where, "unknown key \"%s\"%s%s%s", l->key, near ? ", did you mean \"" : "",
                 near ? near : "", near ? "\"?" : "");
    }
}

/* All lines of rule NAME, wherever they stand. */
static void read_lines(struct reading *k, const char *name)
{
    k->rearm_milli = 0;
    k->when_where = NULL;
    k->wrong = false;
    for (size_t i = 0; i < k->n; i++)
        if (strcmp(k->lines[i].name, name) == 0)
            set_line(k, &k->lines[i]);
}

static bool good_name(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", name[i]))
            return false;
    return n > 0 && n <= 64;
}

static void add_rule(struct reading *k, const struct ct_when *w)
{
    struct ct_rule *rule = CT_VEC_PUSH(k->r->arena, &k->r->v);
    *rule = (struct ct_rule){.view = k->view, .when = *w};
}

static void read_rule(struct reading *k, const struct ct_rule_line *first)
{
    struct ct_when w;
    struct ct_error err = {0};
    k->view = defaults(ct_arena_dup(k->r->arena, ct_span(first->name)).p);
    k->view.where = ct_arena_dup(k->r->arena, ct_span(first->where)).p;
    read_lines(k, first->name);
    if (!good_name(first->name))
        complain(k, first->where, "a rule's name has up to 64 letters, digits, '-', '_' or '.'");
    else if (!k->when_where)
        complain(k, first->where, "rule \"%s\" has no `when`", first->name);
    else if (ct_when_compile(k->view.when, k->rearm_milli, k->r->arena, &w, &err) != CT_OK)
        complain(k, k->when_where, "when: %s", err.what);
    if (!k->wrong)
        add_rule(k, &w);
}

static void read_builtin(struct reading *k, size_t i)
{
    struct ct_when w = {.target = CT_ON_SOURCES, .scope = (char *)(uintptr_t) ""};
    k->view = defaults(builtins[i].id);
    k->view.builtin = builtins[i].builtin;
    k->view.severity = builtins[i].severity;
    k->view.policy.for_ms = builtins[i].for_ms;
    k->view.group = "";
    read_lines(k, builtins[i].id);
    if (k->when_where)
        complain(k, k->when_where, "%s is built in: its condition stays as it is", builtins[i].id);
    k->view.when = builtins[i].when;
    if (builtins[i].when[0] &&
        ct_when_compile(builtins[i].when, 0, k->r->arena, &w, NULL) != CT_OK)
        return; /* a test compiles them all */
    add_rule(k, &w);
}

static bool is_builtin(const char *name)
{
    for (size_t i = 0; i < CT_LEN(builtins); i++)
        if (strcmp(builtins[i].id, name) == 0)
            return true;
    return false;
}

static struct ct_rules *rules_new(const struct ct_rule_scope *scope)
{
    struct ct_rules *r = ct_xcalloc(1, sizeof *r);
    r->arena = ct_arena_new(0);
    for (size_t i = 0; scope && scope->providers && scope->providers[i]; i++)
        *CT_VEC_PUSH(r->arena, &r->providers) =
            ct_arena_dup(r->arena, ct_span(scope->providers[i])).p;
    for (size_t i = 0; scope && scope->watch && scope->watch[i]; i++)
        *CT_VEC_PUSH(r->arena, &r->watch) = ct_arena_dup(r->arena, ct_span(scope->watch[i])).p;
    if (r->providers.n)
        (void)CT_VEC_PUSH(r->arena, &r->providers); /* NULL at the end */
    (void)CT_VEC_PUSH(r->arena, &r->watch);
    return r;
}

static void own_rules(struct ct_rules *r)
{
    for (size_t i = 0; i < r->v.n; i++)
        r->v.v[i].all = r;
}

void ct_rules_load(const struct ct_rule_line *lines, size_t n, const struct ct_rule_scope *scope,
                   void (*problem)(void *ctx, const char *where, const char *what), void *ctx,
                   struct ct_rules **out)
{
    struct reading k = {
        .r = rules_new(scope), .lines = lines, .n = n, .problem = problem, .ctx = ctx};
    for (size_t i = 0; i < CT_LEN(builtins); i++)
        read_builtin(&k, i);
    for (size_t i = 0; i < n; i++) {
        bool seen = is_builtin(lines[i].name);
        for (size_t j = 0; j < i && !seen; j++)
            seen = strcmp(lines[j].name, lines[i].name) == 0;
        if (!seen)
            read_rule(&k, &lines[i]);
    }
    own_rules(k.r);
    *out = k.r;
}

enum ct_status ct_rule_of_when(const char *when, const struct ct_rule_scope *scope,
                               struct ct_rules **out, struct ct_error *err)
{
    struct ct_rules *r = rules_new(scope);
    struct ct_rule *rule = CT_VEC_PUSH(r->arena, &r->v);
    rule->view = defaults("check");
    rule->view.when = ct_arena_dup(r->arena, ct_span(when)).p;
    enum ct_status st = ct_when_compile(when, 0, r->arena, &rule->when, err);
    own_rules(r);
    if (st == CT_OK)
        *out = r;
    else
        ct_rules_free(r);
    return st;
}

void ct_rules_free(struct ct_rules *r)
{
    if (!r)
        return;
    ct_arena_free(r->arena);
    free(r);
}

size_t ct_rules_count(const struct ct_rules *r)
{
    return r->v.n;
}

const struct ct_rule *ct_rules_at(const struct ct_rules *r, size_t i)
{
    return i < r->v.n ? &r->v.v[i] : NULL;
}

const struct ct_rule *ct_rules_find(const struct ct_rules *r, struct ct_span id)
{
    for (size_t i = 0; i < r->v.n; i++)
        if (ct_span_is(id, r->v.v[i].view.id))
            return &r->v.v[i];
    return NULL;
}

const struct ct_rule_view *ct_rule_view(const struct ct_rule *r)
{
    return &r->view;
}

bool ct_rule_reads(const struct ct_rule *r, enum ct_source_kind kind)
{
    switch (r->when.target) {
    case CT_ON_STATUS:
    case CT_ON_COMPONENTS:
        return kind == CT_SOURCE_STATUS;
    case CT_ON_GPUS:
        return kind == CT_SOURCE_PRICES;
    case CT_ON_TOKENS:
    case CT_ON_MODELS:
        return kind == CT_SOURCE_MODELS;
    case CT_ON_SOURCES:
        break;
    }
    return true;
}

bool ct_rule_watches_nothing(const struct ct_rule *r)
{
    return r->when.watch && ct_targets[r->when.target].series && r->all->watch.n <= 1;
}

/* ---- inhibition ---- */

enum ct_status ct_rules_inhibit(struct ct_rules *r, const struct ct_rule_line *line,
                                struct ct_error *err)
{
    struct ct_inhibit *i = NULL;
    for (size_t k = 0; k < r->inhibits.n && !i; k++)
        if (strcmp(r->inhibits.v[k].name, line->name) == 0)
            i = &r->inhibits.v[k];
    if (!i) {
        i = CT_VEC_PUSH(r->arena, &r->inhibits);
        i->name = ct_arena_dup(r->arena, ct_span(line->name)).p;
    }
    const char **to = strcmp(line->key, "source") == 0   ? &i->source
                      : strcmp(line->key, "target") == 0 ? &i->target
                      : strcmp(line->key, "equal") == 0  ? &i->equal
                                                         : NULL;
    if (!to)
        return ct_fail(err, CT_ERR_CONFIG, line->where, "unknown key \"%s\"", line->key);
    enum ct_status st = to == &i->equal ? CT_OK : ct_silence_check(ct_span(line->value), err);
    if (st == CT_OK)
        *to = ct_arena_dup(r->arena, ct_span(line->value)).p;
    return st;
}

static bool equal_labels(const char *list, struct ct_span a, struct ct_span b)
{
    struct ct_span rest = ct_span(list);
    while (rest.n) {
        struct ct_span key = ct_span_trim(ct_span_cut(&rest, ','));
        if (key.n && !ct_span_eq(ct_alert_label(a, key), ct_alert_label(b, key)))
            return false;
    }
    return true;
}

bool ct_rules_explains(const struct ct_rules *r, struct ct_span source, struct ct_span target)
{
    for (size_t k = 0; k < r->inhibits.n; k++) {
        const struct ct_inhibit *i = &r->inhibits.v[k];
        if (!i->source || !i->target)
            continue;
        struct ct_span s = ct_span(i->source), t = ct_span(i->target);
        if (ct_silence_covers(s, source) && ct_silence_covers(t, target) &&
            !ct_silence_covers(s, target) && equal_labels(i->equal, source, target))
            return true;
    }
    return false;
}

/* ---- in words ---- */

/* In the largest unit that says it whole: 60d, 90m, 45s. */
static void add_span(struct ct_buf *b, const char *before, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{CT_DAY, "d"}, {CT_HOUR, "h"}, {CT_MINUTE, "m"}, {CT_SECOND, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % units[i].ms)
        i++;
    ct_buf_addf(b, "%s%lld%s", before, (long long)(ms / units[i].ms), units[i].unit);
}

static void add_condition(struct ct_buf *b, const struct ct_rule *r)
{
    const struct ct_when *w = &r->when;
    static const char *const ways[] = {"", "", "up ", "down "};
    char percent[CT_DECIMAL_MAX];
    ct_buf_addf(b, "when %s%s", ct_targets[w->target].one,
                w->watch ? (w->target <= CT_ON_COMPONENTS || w->target == CT_ON_SOURCES)
                               ? " of [scope]"
                               : " you watch"
                         : "");
    if (w->full[0])
        ct_buf_addf(b, " matches \"%s\"", w->full + 1);
    const char *and = w->full[0] ? " and" : "";
    if (w->from_column)
        ct_buf_addf(b, "%s changes as %s", and, w->from_text);
    if (w->change) {
        ct_decimal_format(percent, w->change_milli, 3);
        ct_buf_addf(b, "%s moved %sby more than %s %%", and, ways[w->change], percent);
        add_span(b, " within ", w->change_over_ms);
    }
    if (w->low_ms)
        ct_buf_addf(b, "%s is at its lowest of", and), add_span(b, " ", w->low_ms);
    if (w->retires_ms)
        ct_buf_addf(b, "%s retires in less than", and), add_span(b, " ", w->retires_ms);
    if (w->stale)
        ct_buf_addf(b, "%s cannot be read any more", and);
}

struct ct_span ct_rule_sentence(const struct ct_rule *r, struct ct_arena *a)
{
    static const char *const nodata[] = {"waits", "gives up in the end", "fires"};
    const struct ct_rule_view *v = &r->view;
    struct ct_buf b = CT_BUF_INIT;
    if (v->builtin)
        ct_buf_adds(&b, builtins[v->builtin - 1].sentence);
    else
        add_condition(&b, r);
    if (v->policy.for_ms)
        add_span(&b, " for ", v->policy.for_ms);
    ct_buf_addf(&b, ", it is %s", ct_severity_words[v->severity]);
    if (v->policy.keep_ms)
        add_span(&b, "; over after ", v->policy.keep_ms);
    else
        ct_buf_adds(&b, "; over at once");
    ct_buf_addf(&b, "; without data it %s", nodata[v->policy.nodata]);
    if (v->builtin == CT_RULE_ALL_FAILING)
        ct_buf_adds(&b, "; while it fires all others are held back");
    if (v->channels[0]) {
        ct_buf_adds(&b, "; tells ");
        for (const char *p = v->channels; *p; p++)
            ct_buf_adds(&b, *p == '\x1f' ? ", " : (char[]){*p, '\0'});
        ct_buf_addf(&b, ", one message per %s", v->group[0] ? v->group : "rule");
        if (v->remind_ms)
            add_span(&b, ", again every ", v->remind_ms);
        if (v->quiet_from >= 0 && v->severity != CT_SEV_CRITICAL)
            ct_buf_addf(&b, ", but not from %02d:%02d to %02d:%02d local time", v->quiet_from / 60,
                        v->quiet_from % 60, v->quiet_to / 60, v->quiet_to % 60);
    } else {
        ct_buf_adds(&b, "; shown on the screens only");
    }
    struct ct_span out = ct_arena_dup(a, ct_buf_span(&b));
    ct_buf_free(&b);
    return out;
}
