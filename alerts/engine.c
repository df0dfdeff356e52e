#include "config.h"

#include "alerts/engine_priv.h"
#include "db/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#define ASK_MS CT_MINUTE              /* nothing committed: rules are asked again all the same */
#define SAVE_MS (5 * CT_MINUTE)       /* an unchanged life is stored again: its age matters */
#define SHORT_EVENT_MS (2 * CT_MINUTE) /* a clock jump, a start after a long pause */
#define JUMP_MS CT_MINUTE
#define GONE_MS (30 * CT_MINUTE)
#define TIDY_MS CT_DAY
#define LEAST_FREE_BYTES (INT64_C(200) << 20)

/* ---- instances ---- */

static struct ct_span own(struct ct_span s)
{
    return ct_span(ct_xspandup(s));
}

static void drop_span(struct ct_span s)
{
    free((char *)(uintptr_t)s.p);
}

static void replace(struct ct_span *have, struct ct_span s)
{
    if (ct_span_eq(*have, s))
        return;
    struct ct_span copy = own(s);
    drop_span(*have);
    *have = copy;
}

static void free_live(struct live *l)
{
    struct ct_alert_instance *i = &l->i;
    const struct ct_span texts[] = {i->rule, i->subject,  i->labels, i->provider, i->grp,
                                    i->channels, i->text, i->url,    i->series};
    for (size_t k = 0; k < CT_LEN(texts); k++)
        drop_span(texts[k]);
    free(l);
}

static size_t place_of(const struct ct_engine *e, int64_t id)
{
    size_t low = 0, high = e->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (e->v[middle]->i.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct live *find(const struct ct_engine *e, int64_t id)
{
    size_t at = place_of(e, id);
    return at < e->n && e->v[at]->i.id == id ? e->v[at] : NULL;
}

static struct live *insert(struct ct_engine *e, int64_t id)
{
    size_t at = place_of(e, id);
    if (e->n == e->cap) {
        e->cap = e->cap ? 2 * e->cap : 64;
        e->v = ct_xrealloc(e->v, e->cap * sizeof(*e->v));
    }
    memmove(e->v + at + 1, e->v + at, (e->n - at) * sizeof(*e->v));
    e->n++;
    struct live *l = e->v[at] = ct_xcalloc(1, sizeof *l);
    l->i.id = id;
    l->last_boot_ms = CT_NONE;
    return l;
}

static size_t index_of(const struct ct_engine *e, const struct ct_rule *rule)
{
    size_t i = 0;
    while (ct_rules_at(e->o.rules, i) != rule)
        i++;
    return i;
}

static void set_group(struct ct_alert_instance *i, const struct ct_rule_view *v)
{
    struct ct_buf b = CT_BUF_INIT;
    struct ct_span value = v->group[0] ? ct_alert_label(i->labels, ct_span(v->group)) : CT_SPAN_NONE;
    if (!value.n && strcmp(v->group, "provider") == 0)
        value = i->provider;
    if (value.n)
        ct_buf_addf(&b, "%s=%.*s", v->group, CT_FMT(value));
    else
        ct_buf_adds(&b, v->id);
    replace(&i->grp, ct_buf_span(&b));
    ct_buf_free(&b);
}

/* Labels as stored: those of the row, the rule and the severity, sorted as they are looked up. */
static void set_labels(struct ct_alert_instance *i, const struct ct_rule_view *v,
                       struct ct_span labels)
{
    struct ct_buf b = CT_BUF_INIT;
    ct_buf_addf(&b, "%.*s%srule=%s\x1fseverity=%s\x1fsubject=%.*s", CT_FMT(labels),
                labels.n ? "\x1f" : "", v->id, ct_severity_words[v->severity], CT_FMT(i->subject));
    replace(&i->labels, ct_buf_span(&b));
    ct_buf_free(&b);
}

/* When it is told again, for those who look at it. */
static void set_plan(struct ct_alert_instance *i, const struct ct_rule_view *v)
{
    bool quiet = v->quiet_from >= 0 && v->severity != CT_SEV_CRITICAL;
    i->remind_ms = v->remind_ms;
    i->quiet = quiet ? (int64_t)v->quiet_from * CT_DAY_MINUTES + v->quiet_to : 0;
}

static void describe(struct live *l, const struct ct_judged *j)
{
    const struct ct_rule_view *v = ct_rule_view(l->rule);
    struct ct_alert_instance *i = &l->i;
    bool told = j->fact.truth != CT_TRUTH_UNKNOWN || !i->text.n;
    replace(&i->rule, ct_span(v->id));
    replace(&i->subject, j->subject);
    set_labels(i, v, j->labels);
    replace(&i->provider, j->provider);
    replace(&i->channels, ct_span(v->channels));
    i->severity = v->severity;
    set_plan(i, v);
    set_group(i, v);
    if (told && !ct_span_eq(i->text, j->text)) {
        replace(&i->text, j->text);
        l->changed = l->changed || i->life.state != CT_ALERT_INACTIVE;
    }
    replace(&i->url, j->url);
    replace(&i->series, j->series);
}

/* ---- what holds a word back ---- */

/* Another alert explains this one: by an [inhibit], or because more than half of the sources cannot be
 * read and what the rest say may be our own trouble. That holds from the first moment on: the others need
 * no minute to fire. */
static bool inhibited(const struct ct_engine *e, const struct live *l)
{
    if (ct_rule_view(l->rule)->builtin == CT_RULE_ALL_FAILING)
        return false;
    for (size_t k = 0; k < e->n; k++) {
        const struct live *s = e->v[k];
        bool us = ct_rule_view(s->rule)->builtin == CT_RULE_ALL_FAILING;
        bool firing = s->i.life.state == CT_ALERT_FIRING;
        if (s == l || !(firing || (us && s->i.life.state == CT_ALERT_PENDING)))
            continue;
        if (us || ct_rules_explains(e->o.rules, s->i.labels, l->i.labels))
            return true;
    }
    return false;
}

static bool quiet_now(const struct ct_engine *e, const struct ct_rule_view *v)
{
    return v->quiet_from >= 0 && v->severity != CT_SEV_CRITICAL &&
           ct_local_outside(e->now_ms, v->quiet_from, v->quiet_to) > e->now_ms;
}

static bool is_held(void *ctx, const struct ct_alert_intent *i)
{
    struct ct_engine *e = ctx;
    const struct live *l = find(e, i->alert);
    if (e->o.channels && ct_channels_waits(e->o.channels, i->channel, i->at_ms, e->now_ms))
        return true;
    if (!l)
        return false;
    bool hidden = l->i.life.flags & (CT_ALERT_SILENCED | CT_ALERT_INHIBITED | CT_ALERT_UNTOLD);
    return hidden || ct_engine_acked(e, &l->i) || quiet_now(e, ct_rule_view(l->rule));
}

static bool is_digest(void *ctx, struct ct_span channel)
{
    const struct ct_engine *e = ctx;
    return e->o.channels && ct_channels_is_digest(e->o.channels, channel);
}

static const struct ct_alert_instance *instance_of(void *ctx, int64_t alert)
{
    const struct live *l = find(ctx, alert);
    return l ? &l->i : NULL;
}

/* ---- one life, one step ---- */

static void note_change(struct ct_engine *e, const struct live *l, int was, int now, const char *why)
{
    if (was == CT_ALERT_RESOLVED && now == CT_ALERT_INACTIVE)
        return; /* nothing happened: it was shown long enough */
    if (e->n_changes == e->cap_changes) {
        e->cap_changes = e->cap_changes ? 2 * e->cap_changes : 32;
        e->changes = ct_xrealloc(e->changes, e->cap_changes * sizeof *e->changes);
    }
    struct ct_buf text = CT_BUF_INIT;
    ct_buf_addf(&text, "%s%s%.*s", why, l->i.text.n ? ": " : "", CT_FMT(l->i.text));
    e->changes[e->n_changes++] = (struct ct_alert_change){
        .alert = l->i.id,
        .at_ms = e->now_ms,
        .episode = l->i.life.episode,
        .rule = own(l->i.rule),
        .subject = own(l->i.subject),
        .text = own(ct_buf_span(&text)),
        .severity = l->i.severity,
        .was = was,
        .now = now,
    };
    ct_buf_free(&text);
}

static void tell(struct ct_engine *e, const struct live *l, int kind)
{
    const struct rule_run *run = &e->runs[index_of(e, l->rule)];
    struct ct_alert_instance i = l->i;
    int64_t n = kind == CT_TELL_FIRING ? i.life.tells : 0;
    int64_t first = run->first_ms + ct_rule_view(l->rule)->policy.for_ms + 2 * CT_MINUTE;
    if (kind == CT_TELL_FIRING && n == 1 && e->now_ms <= first)
        i.grp = CT_LIT(CT_GROUP_FIRST);
    if (quiet_now(e, ct_rule_view(l->rule)))
        i.grp = CT_LIT(CT_GROUP_QUIET);
    ct_outbox_tell(e->outbox, &i, kind, n, e->now_ms);
}

static bool same_life(const struct ct_alert_life *a, const struct ct_alert_life *b)
{
    return a->state == b->state && a->flags == b->flags && a->episode == b->episode &&
           a->since_ms == b->since_ms && a->held_ms == b->held_ms && a->level == b->level &&
           a->tells == b->tells && a->history == b->history && a->memory == b->memory &&
           a->latch == b->latch;
}

static void step_live(struct ct_engine *e, struct live *l)
{
    struct ct_alert_life before = l->i.life;
    struct ct_alert_step out;
    if (e->o.once && l->stored && l->last_boot_ms == CT_NONE)
        l->last_boot_ms = e->boot_ms - (e->now_ms - l->i.saved_ms);
    struct ct_alert_clock clock = {.now_ms = e->now_ms,
                                   .boot_ms = e->boot_ms,
                                   .last_boot_ms = l->last_boot_ms,
                                   .gap_ms = e->o.once ? CT_ONCE_GAP_MS : 0,
                                   .warm = l->warm};
    l->fact.silenced = ct_engine_silenced(e, &l->i);
    l->fact.inhibited = inhibited(e, l);
    ct_alert_step(&l->i.life, &ct_rule_view(l->rule)->policy, &l->fact, &clock, &out);
    l->last_boot_ms = e->boot_ms;
    l->warm = l->warm || l->fact.truth != CT_TRUTH_UNKNOWN ||
              ct_rule_view(l->rule)->policy.nodata == CT_NODATA_FIRE;
    for (size_t i = 0; i < out.n_changes; i++)
        note_change(e, l, out.change[i].was, out.change[i].now, out.change[i].why);
    for (int kind = 0; kind <= CT_TELL_FLAP_OFF; kind++)
        if (out.tell[kind])
            tell(e, l, kind);
    if (l->i.life.state == CT_ALERT_FIRING &&
        !(l->i.life.flags & (CT_ALERT_SILENCED | CT_ALERT_INHIBITED | CT_ALERT_FLAPPING)) &&
        !ct_engine_acked(e, &l->i) && !quiet_now(e, ct_rule_view(l->rule)))
        ct_outbox_remind(e->outbox, &l->i, ct_rule_view(l->rule)->remind_ms, e->now_ms);
    l->changed = l->changed || !same_life(&before, &l->i.life) ||
                 e->now_ms - l->i.saved_ms > SAVE_MS || e->o.once;
}

/* ---- facts ---- */

static void recall_value(void *ctx, int64_t id, int64_t *value, int *latch)
{
    const struct live *l = find(ctx, id);
    if (l) {
        *value = l->i.life.memory;
        *latch = l->i.life.latch;
    }
}

static void take(struct ct_engine *e, const struct ct_rule *rule, const struct ct_judged *j)
{
    struct ct_error err = {0};
    struct live *l = find(e, j->id);
    bool fires_blind = ct_rule_view(rule)->policy.nodata == CT_NODATA_FIRE;
    bool worth = j->fact.truth == CT_TRUTH_TRUE || j->tracked != CT_NONE ||
                 (j->fact.truth == CT_TRUTH_UNKNOWN && fires_blind);
    if (!l && !worth)
        return;
    if (!l) {
        l = insert(e, j->id);
        l->i.life = ct_alert_born(e->now_ms);
        if (ct_write_alert_episode(e->o.writer, j->id, &l->i.life.episode, &err) != CT_OK)
            ct_log(CT_LOG_ERROR, "alerts: %s: %s", err.where, err.what);
        l->warm = e->runs[index_of(e, rule)].asked || e->o.once;
    }
    l->rule = rule;
    l->fact = j->fact;
    l->judged = true;
    describe(l, j);
    if (j->tracked != CT_NONE) {
        l->i.life.latch = ct_rule_latch(rule, l->i.life.memory, l->i.life.latch, j->tracked);
        l->i.life.memory = j->tracked;
    }
}

static void take_builtin(struct ct_engine *e, const struct ct_rule *rule, enum ct_truth truth,
                         const char *subject, const char *text)
{
    char head[128];
    int n = snprintf(head, sizeof head, "%s\x1e%s", ct_rule_view(rule)->id, subject);
    struct ct_judged j = {
        .id = (int64_t)(ct_hash((struct ct_span){head, (size_t)n}) & UINT64_C(0xffffffffffff)),
        .subject = ct_span(subject),
        .labels = CT_LIT(""),
        .provider = CT_LIT("cloudtape"),
        .text = ct_span(text),
        .fact = {.truth = truth, .hold = truth, .seen_ms = e->now_ms},
        .tracked = CT_NONE,
    };
    take(e, rule, &j);
}

static enum ct_status judge_failing(struct ct_engine *e, const struct ct_rule *rule,
                                    struct ct_error *err)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = e->now_ms};
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = ct_read_sources(e->reader, &q, a, &rows, err);
    const struct ct_source_row *s = rows.v;
    size_t all = 0, bad = 0;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        if (s[i].state == CT_OFF || s[i].state == CT_WAITING)
            continue;
        all++;
        bad += s[i].failures > 0 || s[i].state >= CT_STALE;
    }
    char text[80];
    (void)snprintf(text, sizeof text, "%zu of %zu sources cannot be read", bad, all);
    ct_arena_free(a);
    if (st == CT_OK)
        take_builtin(e, rule, all >= 3 && 2 * bad > all ? CT_TRUTH_TRUE : CT_TRUTH_FALSE, "sources",
                     text);
    return st;
}

static void judge_disk(struct ct_engine *e, const struct ct_rule *rule)
{
    struct statvfs fs;
    char *path = ct_xstrdup(e->o.db_path), *slash = strrchr(path, '/'), text[96];
    if (slash)
        *slash = '\0';
    bool known = statvfs(!slash ? "." : path[0] ? path : "/", &fs) == 0;
    int64_t free_bytes = known ? (int64_t)(fs.f_bavail * fs.f_frsize) : 0;
    int64_t bytes = known ? (int64_t)(fs.f_blocks * fs.f_frsize) : 0;
    bool full = free_bytes < LEAST_FREE_BYTES || free_bytes < bytes / 50;
    (void)snprintf(text, sizeof text, "%" PRId64 " MiB free", free_bytes >> 20);
    take_builtin(e, rule, !known ? CT_TRUTH_UNKNOWN : full ? CT_TRUTH_TRUE : CT_TRUTH_FALSE,
                 "disk", text);
    free(path);
}

static enum ct_truth just_now(const struct ct_engine *e, int64_t boot_ms)
{
    return boot_ms != CT_NONE && e->boot_ms - boot_ms < SHORT_EVENT_MS ? CT_TRUTH_TRUE
                                                                       : CT_TRUTH_FALSE;
}

static enum ct_status judge_rule(struct ct_engine *e, const struct ct_rule *rule, struct ct_look *look,
                                 struct ct_error *err)
{
    struct ct_judged *v = NULL;
    size_t n = 0;
    enum ct_status st;
    switch (ct_rule_view(rule)->builtin) {
    case CT_RULE_ALL_FAILING:
        return judge_failing(e, rule, err);
    case CT_RULE_DISK:
        judge_disk(e, rule);
        return CT_OK;
    case CT_RULE_FETCHER_GONE:
        take_builtin(e, rule, just_now(e, e->gone_boot_ms), "fetcher",
                     "nothing was fetched for a while before this start");
        return CT_OK;
    case CT_RULE_CLOCK_JUMP:
        take_builtin(e, rule, just_now(e, e->jumped_boot_ms), "clock", "the wall clock was moved");
        return CT_OK;
    case CT_RULE_OF_USER:
    case CT_RULE_SOURCE_STALE:
        break;
    }
    st = ct_rule_judge(rule, look, recall_value, e, &v, &n, err);
    for (size_t i = 0; st == CT_OK && i < n; i++)
        take(e, rule, &v[i]);
    return st;
}

/* Instances of RULE that no row spoke of. */
static void miss(struct ct_engine *e, const struct ct_rule *rule)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->v[i]->rule == rule && !e->v[i]->judged)
            e->v[i]->fact = (struct ct_alert_fact){
                .truth = CT_TRUTH_UNKNOWN, .hold = CT_TRUTH_UNKNOWN, .seen_ms = CT_NONE};
}

static void ask_rules(struct ct_engine *e)
{
    struct ct_look *look = ct_look_new(e->reader, CT_LIVE, e->now_ms);
    for (size_t i = 0; i < ct_rules_count(e->o.rules); i++) {
        const struct ct_rule *rule = ct_rules_at(e->o.rules, i);
        struct rule_run *run = &e->runs[i];
        struct ct_error err = {0};
        bool idle = run->asked && !run->dirty && e->boot_ms - run->asked_boot_ms < ASK_MS;
        if (idle || !ct_rule_view(rule)->enabled)
            continue;
        for (size_t k = 0; k < e->n; k++)
            e->v[k]->judged = e->v[k]->rule != rule;
        if (judge_rule(e, rule, look, &err) != CT_OK) {
            ct_log(CT_LOG_ERROR, "alerts: rule %s: %s: %s", ct_rule_view(rule)->id, err.where,
                   err.what);
            for (size_t k = 0; k < e->n; k++)
                e->v[k]->judged = false;
        }
        miss(e, rule);
        run->asked = true;
        run->dirty = false;
        run->asked_boot_ms = e->boot_ms;
    }
    ct_look_free(look);
}

/* ---- storing and sending ---- */

static void forget_changes(struct ct_engine *e)
{
    for (size_t i = 0; i < e->n_changes; i++) {
        drop_span(e->changes[i].rule);
        drop_span(e->changes[i].subject);
        drop_span(e->changes[i].text);
    }
    e->n_changes = 0;
}

static void drop_idle(struct ct_engine *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->n; i++)
        if (ct_alert_idle(&e->v[i]->i.life) && !ct_outbox_needs(e->outbox, e->v[i]->i.id))
            free_live(e->v[i]);
        else
            e->v[kept++] = e->v[i];
    e->n = kept;
}

/* The changes of state and what they ask to tell: one transaction. */
static void store(struct ct_engine *e)
{
    struct ct_error err = {0};
    struct ct_alert_instance *keep = ct_xcalloc(e->n + 1, sizeof *keep);
    int64_t *forget = ct_xcalloc(e->n + 1, sizeof *forget);
    struct ct_alert_batch b = {.keep = keep,
                               .forget = forget,
                               .changes = e->changes,
                               .n_changes = e->n_changes};
    b.intents = ct_outbox_changed(e->outbox, &b.n_intents);
    for (size_t i = 0; i < e->n; i++) {
        const struct live *l = e->v[i];
        if (ct_alert_idle(&l->i.life) && l->stored && !ct_outbox_needs(e->outbox, l->i.id))
            forget[b.n_forget++] = l->i.id;
        else if (l->changed && !ct_alert_idle(&l->i.life))
            keep[b.n_keep++] = l->i;
    }
    bool any = b.n_keep || b.n_forget || b.n_changes || b.n_intents;
    enum ct_status st = any ? ct_write_alerts(e->o.writer, &b, e->now_ms, &err) : CT_OK;
    if (st != CT_OK)
        ct_log(CT_LOG_ERROR, "alerts: %s: %s", err.where, err.what);
    if (any && st == CT_OK) {
        for (size_t i = 0; i < e->n; i++)
            if (e->v[i]->changed) {
                e->v[i]->changed = false;
                e->v[i]->stored = !ct_alert_idle(&e->v[i]->i.life);
                e->v[i]->i.saved_ms = e->now_ms;
            }
        ct_outbox_stored(e->outbox);
        forget_changes(e);
        drop_idle(e);
    }
    free(keep);
    free(forget);
}

static void on_sent(void *ctx, int64_t row, enum ct_sent sent, int64_t retry_after_ms,
                    const char *answer)
{
    struct ct_engine *e = ctx;
    struct ct_error err = {0};
    e->random = e->random * UINT64_C(6364136223846793005) + 1;
    const struct ct_alert_delivery *d = ct_outbox_result(e->outbox, row, sent, retry_after_ms, answer,
                                                         e->now_ms, e->random >> 33);
    if (!d)
        return;
    struct ct_alert_delivery copy = *d;
    struct ct_alert_batch b = {.delivery = &copy};
    ct_log(CT_LOG_INFO, "alert %s channel=%.*s attempt=%" PRId64 " answer=%s", d->event_id,
           CT_FMT(d->channel), d->attempts, answer);
    if (ct_write_alerts(e->o.writer, &b, e->now_ms, &err) != CT_OK)
        ct_log(CT_LOG_ERROR, "alerts: %s: %s", err.where, err.what);
}

static void send(struct ct_engine *e)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_alert_delivery d;
    const struct ct_alert_delivery *due;
    while (ct_outbox_next(e->outbox, e->now_ms, is_held, instance_of, e, a, &d)) {
        struct ct_error err = {0};
        struct ct_alert_batch b = {.delivery = &d};
        b.intents = ct_outbox_changed(e->outbox, &b.n_intents);
        if (ct_write_alerts(e->o.writer, &b, e->now_ms, &err) != CT_OK) {
            ct_log(CT_LOG_ERROR, "alerts: %s: %s", err.where, err.what);
            ct_outbox_undo(e->outbox);
            break;
        }
        ct_outbox_begin(e->outbox, &d);
        ct_outbox_stored(e->outbox);
    }
    while (e->o.channels && (due = ct_outbox_due(e->outbox, e->now_ms)))
        ct_channels_send(e->o.channels, due, on_sent, e);
    ct_arena_free(a);
}

/* ---- public ---- */

/* Nothing came in for a while before this process: nobody watched. */
static void look_back(struct ct_engine *e)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = e->now_ms};
    struct ct_summary s;
    if (ct_read_summary(e->reader, &q, a, &s, NULL) == CT_OK && s.newest_ms != CT_NONE &&
        e->now_ms - s.newest_ms > GONE_MS)
        e->gone_boot_ms = e->boot_ms;
    ct_arena_free(a);
}

static void take_up(struct ct_engine *e, const struct ct_alert_memory *m)
{
    for (size_t k = 0; k < m->n_instances; k++) {
        const struct ct_alert_instance *i = &m->instances[k];
        const struct ct_rule *rule = ct_rules_find(e->o.rules, i->rule);
        struct live *l = insert(e, i->id);
        struct ct_alert_instance copy = *i;
        if (!rule || !ct_rule_view(rule)->enabled)
            rule = NULL;
        copy.rule = own(i->rule);
        copy.subject = own(i->subject);
        copy.labels = own(i->labels);
        copy.provider = own(i->provider);
        copy.grp = own(i->grp);
        copy.channels = own(i->channels);
        copy.text = own(i->text);
        copy.url = own(i->url);
        copy.series = own(i->series);
        if (rule)
            set_plan(&copy, ct_rule_view(rule));
        l->i = copy;
        l->rule = rule;
        l->stored = true;
        l->fact = (struct ct_alert_fact){
            .truth = CT_TRUTH_UNKNOWN, .hold = CT_TRUTH_UNKNOWN, .seen_ms = CT_NONE};
        l->changed = !ct_alert_wake(&l->i.life, i->saved_ms, e->now_ms);
        l->warm = e->o.once;
    }
}

/* Instances of rules that are no more: closed, and said so in the history. */
static void close_orphans(struct ct_engine *e)
{
    size_t kept = 0;
    int64_t *forget = ct_xcalloc(e->n + 1, sizeof *forget);
    struct ct_alert_batch b = {.forget = forget};
    struct ct_error err = {0};
    for (size_t i = 0; i < e->n; i++) {
        struct live *l = e->v[i];
        if (l->rule) {
            e->v[kept++] = l;
            continue;
        }
        if (l->i.life.state == CT_ALERT_FIRING || l->i.life.state == CT_ALERT_PENDING)
            note_change(e, l, l->i.life.state, CT_ALERT_INACTIVE, "the rule is gone");
        forget[b.n_forget++] = l->i.id;
        free_live(l);
    }
    e->n = kept;
    b.changes = e->changes;
    b.n_changes = e->n_changes;
    if (b.n_forget && ct_write_alerts(e->o.writer, &b, e->now_ms, &err) != CT_OK)
        ct_log(CT_LOG_ERROR, "alerts: %s: %s", err.where, err.what);
    forget_changes(e);
    free(forget);
}

enum ct_status ct_engine_new(const struct ct_engine_options *o, struct ct_engine **out,
                             struct ct_error *err)
{
    struct ct_engine *e = ct_xcalloc(1, sizeof *e);
    struct ct_arena *a = ct_arena_new(0);
    struct ct_alert_memory m;
    e->o = *o;
    e->random = o->seed;
    e->now_ms = ct_now_ms();
    e->boot_ms = ct_boot_ms();
    e->last_now_ms = e->last_boot_ms = e->jumped_boot_ms = e->gone_boot_ms = CT_NONE;
    e->tidy_boot_ms = e->boot_ms;
    e->outbox = ct_outbox_new();
    ct_outbox_digests(e->outbox, is_digest, e);
    if (o->once)
        ct_outbox_at_once(e->outbox);
    e->runs = ct_xcalloc(ct_rules_count(o->rules) + 1, sizeof *e->runs);
    enum ct_status st = ct_reader_open(o->db_path, &e->reader, err);
    for (size_t i = 0; st == CT_OK && i < ct_rules_count(o->rules); i++) {
        const struct ct_rule_view *v = ct_rule_view(ct_rules_at(o->rules, i));
        st = ct_write_alert_rule(o->writer, ct_span(v->id), ct_span(v->when), e->now_ms,
                                 &e->runs[i].first_ms, err);
    }
    if (st == CT_OK)
        st = ct_write_alerts_recall(o->writer, e->now_ms, a, &m, err);
    if (st == CT_OK) {
        ct_outbox_recall(e->outbox, &m);
        take_up(e, &m);
        close_orphans(e);
        look_back(e);
        *out = e;
    } else {
        ct_engine_free(e);
    }
    ct_arena_free(a);
    return st;
}

void ct_engine_free(struct ct_engine *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->n; i++)
        free_live(e->v[i]);
    forget_changes(e);
    ct_outbox_free(e->outbox);
    ct_reader_close(e->reader);
    ct_arena_free(e->people);
    free(e->changes);
    free(e->runs);
    free(e->v);
    free(e);
}

void ct_engine_committed(struct ct_engine *e, enum ct_source_kind kind)
{
    for (size_t i = 0; i < ct_rules_count(e->o.rules); i++)
        if (ct_rule_reads(ct_rules_at(e->o.rules, i), kind))
            e->runs[i].dirty = true;
}

static void watch_clock(struct ct_engine *e)
{
    if (e->last_now_ms != CT_NONE) {
        int64_t drift = (e->now_ms - e->last_now_ms) - (e->boot_ms - e->last_boot_ms);
        if (drift > JUMP_MS || drift < -JUMP_MS) {
            ct_log(CT_LOG_WARN, "alerts: the wall clock moved by %" PRId64 " s", drift / CT_SECOND);
            ct_outbox_shift(e->outbox, drift);
            e->jumped_boot_ms = e->boot_ms;
        }
    }
    e->last_now_ms = e->now_ms;
    e->last_boot_ms = e->boot_ms;
}

static bool any_dirty(const struct ct_engine *e)
{
    for (size_t i = 0; i < ct_rules_count(e->o.rules); i++)
        if (e->runs[i].dirty || !e->runs[i].asked)
            return true;
    return false;
}

bool ct_engine_busy(const struct ct_engine *e, int64_t within_ms)
{
    return ct_outbox_busy(e->outbox, e->now_ms + within_ms);
}

int64_t ct_engine_step(struct ct_engine *e, int64_t now_ms, int64_t boot_ms)
{
    int64_t since = e->last_boot_ms == CT_NONE ? CT_EVALUATE_MS : boot_ms - e->last_boot_ms;
    bool due = since >= CT_EVALUATE_MS || (since >= CT_SECOND && any_dirty(e));
    e->now_ms = now_ms;
    e->boot_ms = boot_ms;
    if (due) {
        watch_clock(e);
        ct_engine_people(e);
        ask_rules(e);
        for (size_t i = 0; i < e->n; i++)
            step_live(e, e->v[i]);
        store(e);
        ct_engine_warn(e);
        if (boot_ms - e->tidy_boot_ms > TIDY_MS) {
            e->tidy_boot_ms = boot_ms;
            if (ct_write_alerts_tidy(e->o.writer, now_ms, NULL) != CT_OK)
                ct_log(CT_LOG_ERROR, "alerts: old rows stay");
        }
    }
    send(e);
    int64_t wait = e->last_boot_ms + (any_dirty(e) ? CT_SECOND : CT_EVALUATE_MS) - boot_ms;
    wait = ct_outbox_wait(e->outbox, now_ms, wait > 0 ? wait : 0);
    return e->o.channels ? ct_channels_step(e->o.channels, wait) : wait;
}
