/* Each source is one small machine: waiting, or under way with its pages. All of them share one
 * network handle and one writer; every attempt ends in exactly one stored row of health. */
#include "config.h"

#include "fetchers/fetcher.h"

#include "db/base/log.h"
#include "fetchers/ask.h"
#include "fetchers/schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXEC_WAIT_MS 50 /* how soon the end of a program is noticed */
#define NEVER INT64_MAX
#define IDLE_EVERY_MS (5 * CT_SECOND)
#define RETAIN_PAUSE_MS 50 /* between slices, for whoever waits for the writer */
#define ASLEEP_MS CT_MINUTE /* a gap this long between two steps: the machine was suspended */
#define WAKE_SPREAD_MS (20 * CT_SECOND)

enum { MOST_PROGRAMS = 4 }; /* that run at once */

/* Answers that come this soon after one another share a commit: waiting for the disk is most of what
 * storing one costs. Not more of them than memory has room for. */
enum { TOGETHER_MS = 20, TOGETHER_MOST = 32 };
#define TOGETHER_BYTES (4 << 20)

struct entry {
    struct ct_fetcher *f;
    const struct ct_source *s;
    struct ct_arena *memory_arena;
    struct ct_source_memory memory;
    uint64_t random_count;
    int64_t due_boot_ms;          /* NEVER: off, or done with `once` */
    int64_t last_attempt_boot_ms; /* CT_NONE: not yet in this process */
    int64_t ahead_ms, ahead_boot_ms; /* our clock before its server's, and when that was said; CT_NONE: not yet */

    struct ct_tries *tries; /* of a probe, while active; else NULL */
    bool active;
    struct ct_ask ask; /* while active */

    /* asked and read, not yet stored */
    struct ct_fetch fetch;
    struct ct_commit commit;
    int64_t delay_ms;
};

struct ct_fetcher {
    struct ct_fetcher_options o;
    struct entry *v;
    size_t n, active;
    struct entry **ready; /* to be stored, in the order they came */
    size_t n_ready;
    int64_t ready_bytes;
    struct ct_lease *lease;
    struct ct_exec *exec;
    int64_t beat_boot_ms, idle_boot_ms, step_boot_ms;
    bool thinning, preparing; /* retention, references have more to do */
    bool lost;
    struct ct_error lost_err;
};

static uint64_t random_of(struct entry *e)
{
    return ct_mix(e->f->o.seed, ct_hash(ct_span(e->s->id)), e->random_count++);
}

static bool can_run(const struct ct_source *s)
{
    return ct_source_whole(s) && s->enabled && ct_source_has_key(s);
}

/* Its words may be nobody's business; which program it is may be. */
static const char *program_of(const struct ct_source *s, struct ct_arena *a)
{
    char **argv = ct_command_words(a, ct_span(s->command), NULL);
    return ct_arena_printf(a, "exec:%s", argv ? argv[0] : "").p;
}

/* What to do about a source that is off by itself. */
static const char *opt_in_words(const struct ct_source *s)
{
    return s->ops->max_bytes == CT_STREAM_MAX ? "opt-in, very large: enabled = yes turns it on"
                                              : "opt-in: enabled = yes turns it on";
}

struct ct_source_conf ct_source_conf_of(const struct ct_source *s, struct ct_arena *a)
{
    bool on = can_run(s);
    return (struct ct_source_conf){
        .id = s->id,
        .family = s->family,
        .kind = ct_source_kind(s),
        .provider = s->provider,
        .scope = s->scope,
        .title = s->title,
        .url = ct_source_is_program(s) ? program_of(s, a) : s->url,
        .terms = s->terms,
        .evidence = s->evidence,
        .interval_ms = s->interval_ms,
        .enabled = on,
        .off_reason = on             ? ""
                      : !ct_source_whole(s) ? "has no family, or nothing to ask"
                      : !ct_source_has_key(s) ? ct_arena_printf(a, "needs %s%s", ct_source_signs(s) ? CT_KEY_SIGNS_ID " and " : "",
                                                      s->key_env).p
                      : s->opt_in             ? opt_in_words(s)
                                     : "switched off",
        .part_of_list = s->part_of_list,
        .unproven = s->ops != NULL && s->ops->unproven,
        .parser = s->ops != NULL ? s->ops->version : 0,
    };
}

/* ---- the clock ---- */

enum { CLOCK_SOURCES = 3 }; /* so many must say it: one server may be wrong itself */
#define CLOCK_FOR CT_HOUR   /* a word of the time is good that long */

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* How far this machine's clock is ahead of the servers': the median over the sources. CT_NONE: too few said. */
static int64_t clock_ahead(const struct ct_fetcher *f, int64_t boot_ms)
{
    int64_t *said = ct_xcalloc(f->n + 1, sizeof(*said)), ahead = CT_NONE;
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].ahead_ms != CT_NONE && boot_ms - f->v[i].ahead_boot_ms < CLOCK_FOR)
            said[n++] = f->v[i].ahead_ms;
    qsort(said, n, sizeof(*said), by_size);
    if (n >= CLOCK_SOURCES)
        ahead = said[n / 2];
    free(said);
    return ahead;
}

/* ---- lease ---- */

/* True while this process may write. A beat that is late is made up for first: after a long sleep
 * the database may have another fetcher. */
static bool may_write(struct ct_fetcher *f)
{
    struct ct_error err = {0};
    int64_t now = ct_boot_ms();
    if (f->lost || now - f->beat_boot_ms < CT_LEASE_BEAT_MS)
        return !f->lost;
    ct_lease_clock(f->lease, clock_ahead(f, now));
    enum ct_status st = ct_lease_beat(f->lease, ct_now_ms(), &err);
    f->beat_boot_ms = now;
    if (st == CT_ERR_BUSY || st == CT_ERR_NOT_FOUND) { /* another has it, or it is no more */
        f->lost = true;
        f->lost_err = err;
    } else if (st != CT_OK) { /* a full disk is no reason to leave: the lock is still ours */
        ct_log(CT_LOG_WARN, "lease %s: %s", err.where, err.what);
    }
    return !f->lost;
}

/* ---- the end of an attempt ---- */

static void recall(struct entry *e)
{
    struct ct_error err = {0};
    ct_arena_reset(e->memory_arena);
    struct ct_source_memory m;
    if (ct_write_recall(e->f->o.writer, e->s->id, e->memory_arena, &m, &err) == CT_OK) {
        e->memory = m;
        return;
    }
    /* What the old spans pointed to is gone. */
    e->memory.etag = e->memory.last_modified = CT_SPAN_NONE;
    e->memory.body_hash = 0;
    ct_log(CT_LOG_WARN, "source=%s recall: %s", e->s->id, err.what);
}

/* Only an inner mirror may be asked more often than every 30 s. */
static int64_t least_interval(const struct ct_source *s)
{
    return s->allow_private ? CT_SECOND : CT_MIN_INTERVAL_MS;
}

static int64_t delay_after(struct entry *e)
{
    const struct ct_ask *a = &e->ask;
    int64_t failures = a->outcome == CT_OUTCOME_FAILED ? e->memory.failures + 1 : 0;
    return ct_next_delay(&(struct ct_attempt){
        .interval_ms = e->s->interval_ms,
        .least_ms = least_interval(e->s),
        .failures = failures,
        .answered = a->http_status != 0 || ct_source_is_program(e->s),
        .retry_after_ms = a->retry_after_ms,
        .jitter_percent = e->f->o.jitter_percent,
        .random = random_of(e),
    });
}

static void log_attempt(const struct entry *e, const struct ct_fetch *f, const struct ct_commit *c,
                        int64_t delay_ms)
{
    static const char *const words[] = {"ok", "not-modified", "failed"};
    char bytes[24] = "-"; /* nothing came: that is not zero bytes */
    if (f->bytes != CT_NONE)
        snprintf(bytes, sizeof(bytes), "%" PRId64, f->bytes);
    ct_log(f->outcome == CT_OUTCOME_FAILED ? CT_LOG_WARN : CT_LOG_INFO,
           "source=%s outcome=%s http=%d pages=%d bytes=%s latency_ms=%" PRId64
           " rows=%" PRId64 " changed=%" PRId64 " next_s=%" PRId64 "%s%s%s%s",
           e->s->id, words[f->outcome], f->http_status, e->ask.pages, bytes, f->latency_ms, c->rows,
           c->changed_rows, delay_ms / CT_SECOND, c->suspicious ? " held-back: " : "",
           c->suspicious ? c->remark : "", f->error != NULL ? " error: " : "",
           f->error != NULL ? f->error : "");
}

/* Commits F; what cannot be stored as it is, is stored as a failure. False when even that fails. */
static bool store(struct entry *e, struct ct_fetch *f, struct ct_commit *c, char *line, size_t cap)
{
    struct ct_error err = {0};
    if (ct_write_fetch(e->f->o.writer, f, c, &err) == CT_OK)
        return true;
    ct_log(CT_LOG_ERROR, "source=%s not stored: %s: %s", e->s->id, err.where, err.what);
    snprintf(line, cap, "could not be stored: %s", err.what);
    bool failed_before = f->outcome == CT_OUTCOME_FAILED;
    f->outcome = CT_OUTCOME_FAILED;
    f->error = line;
    f->batch = NULL;
    *c = (struct ct_commit){0};
    return !failed_before && ct_write_fetch(e->f->o.writer, f, c, &err) == CT_OK;
}

static void close_attempt(struct entry *e)
{
    ct_ask_free(&e->ask);
    free(e->tries);
    e->tries = NULL;
    e->active = false;
    e->f->active--;
}

/* Nobody is told before it is on the disk. */
static void acknowledge(struct entry *e, bool stored)
{
    struct ct_fetcher *f = e->f;
    log_attempt(e, &e->fetch, &e->commit, e->delay_ms);
    if (f->o.after_commit != NULL)
        f->o.after_commit(f->o.ctx, e->s, &e->fetch, stored ? &e->commit : NULL);
    recall(e);
    if (!stored)
        e->memory.failures++;
}

/* All that is ready in one commit; false, with nothing stored: they go one by one, each with its own
 * error. */
static bool store_together(struct ct_fetcher *f)
{
    struct ct_error err = {0};
    bool good = f->n_ready > 1 && may_write(f) && ct_write_hold(f->o.writer, &err) == CT_OK;
    if (!good)
        return false;
    for (size_t i = 0; i < f->n_ready && good; i++) {
        struct entry *e = f->ready[i];
        good = ct_write_fetch(f->o.writer, &e->fetch, &e->commit, &err) == CT_OK;
    }
    return ct_write_release(f->o.writer, good, &err) == CT_OK;
}

static void store_ready(struct ct_fetcher *f)
{
    bool together = store_together(f);
    for (size_t i = 0; i < f->n_ready; i++) {
        struct entry *e = f->ready[i];
        char line[sizeof(((struct ct_error *)0)->what) + 32];
        if (together || may_write(f))
            acknowledge(e, together || store(e, &e->fetch, &e->commit, line, sizeof(line)));
        e->last_attempt_boot_ms = ct_boot_ms();
        e->due_boot_ms = f->o.once ? NEVER : e->last_attempt_boot_ms + e->delay_ms;
        close_attempt(e);
    }
    f->n_ready = 0;
    f->ready_bytes = 0;
}

static void finish(struct entry *e)
{
    struct ct_fetcher *f = e->f;
    const struct ct_ask *a = &e->ask;
    bool ok = a->outcome == CT_OUTCOME_OK;
    e->delay_ms = delay_after(e);
    if (a->ahead_ms != CT_NONE) {
        e->ahead_ms = a->ahead_ms;
        e->ahead_boot_ms = ct_boot_ms();
    }
    e->commit = (struct ct_commit){0};
    e->fetch = (struct ct_fetch){
        .source_id = e->s->id,
        .outcome = a->outcome,
        .at_ms = a->ended_ms,
        .next_attempt_ms = ct_now_ms() + e->delay_ms,
        .http_status = a->http_status,
        .bytes = a->pages > 0 ? a->bytes : CT_NONE,
        .latency_ms = a->latency_ms,
        .etag = a->pages > 0 ? a->etag : e->memory.etag,
        .last_modified = a->pages > 0 ? a->last_modified : e->memory.last_modified,
        .body_hash = ok ? a->hash : e->memory.body_hash,
        .batch = ok ? &a->batch : NULL,
        .error = a->outcome == CT_OUTCOME_FAILED ? a->error : NULL,
    };
    f->ready[f->n_ready++] = e;
    f->ready_bytes += a->bytes;
}

static void on_asked(void *ctx, struct ct_ask *a)
{
    (void)a;
    finish(ctx);
}

/* What a probe's earlier tries were is in the database: they outlive this process. */
static void recall_tries(struct entry *e)
{
    struct ct_error err = {0};
    if (!ct_source_is_probe(e->s))
        return;
    e->tries = ct_xcalloc(1, sizeof(*e->tries));
    if (ct_write_tries(e->f->o.writer, e->s->id, e->tries, &err) != CT_OK)
        ct_log(CT_LOG_WARN, "source=%s earlier tries: %s", e->s->id, err.what);
}

static void begin(struct entry *e)
{
    recall_tries(e);
    e->active = true;
    e->f->active++;
    e->ask = (struct ct_ask){
        .s = e->s,
        .http = e->f->o.http,
        .exec = e->f->exec,
        .record = e->f->o.record,
        .families = e->f->o.families,
        .timeout_ms = e->f->o.timeout_ms,
        .last = e->memory,
        .tries = e->tries,
        .done = on_asked,
        .ctx = e,
    };
    ct_ask_start(&e->ask);
}

/* ---- public ---- */

static bool is_named(const char *const *ids, const char *id)
{
    for (; *ids != NULL; ids++)
        if (strcmp(*ids, id) == 0)
            return true;
    return false;
}

static void plan_first(struct entry *e, int64_t now_ms, int64_t boot_ms)
{
    const struct ct_fetcher_options *o = &e->f->o;
    const struct ct_source_memory *m = &e->memory;
    if (o->only != NULL) {
        e->due_boot_ms = ct_source_whole(e->s) && is_named(o->only, e->s->id) ? boot_ms : NEVER;
        return;
    }
    int64_t delay =
        ct_first_delay(now_ms, m->last_attempt_ms, m->next_attempt_ms, e->s->interval_ms,
                       least_interval(e->s), o->spread_ms, random_of(e));
    e->due_boot_ms = !can_run(e->s) || (o->once && delay > o->spread_ms) ? NEVER : boot_ms + delay;
}

enum ct_status ct_fetcher_new(const struct ct_fetcher_options *o, struct ct_fetcher **out,
                              struct ct_error *err)
{
    struct ct_fetcher *f = ct_xcalloc(1, sizeof(*f));
    int64_t now = ct_now_ms(), boot = ct_boot_ms();
    f->o = *o;
    f->n = ct_registry_count(o->registry);
    f->exec = ct_exec_new();
    f->v = ct_xcalloc(f->n + 1, sizeof(*f->v));
    f->ready = ct_xcalloc(f->n + 1, sizeof(struct entry *));
    f->beat_boot_ms = f->idle_boot_ms = f->step_boot_ms = boot;
    struct ct_source_conf *confs = ct_xcalloc(f->n + 1, sizeof(*confs));
    struct ct_arena *arena = ct_arena_new(0);
    for (size_t i = 0; i < f->n; i++) {
        f->v[i].f = f;
        f->v[i].s = ct_registry_at(o->registry, i);
        f->v[i].memory_arena = ct_arena_new(0);
        f->v[i].last_attempt_boot_ms = f->v[i].ahead_ms = CT_NONE;
        confs[i] = ct_source_conf_of(f->v[i].s, arena);
    }
    enum ct_status st = ct_lease_take(o->writer, o->owner, now, &f->lease, err);
    if (st == CT_OK)
        st = ct_write_sources(o->writer, confs, f->n, now, err);
    free(confs);
    ct_arena_free(arena);
    for (size_t i = 0; st == CT_OK && i < f->n; i++) {
        st = ct_write_recall(o->writer, f->v[i].s->id, f->v[i].memory_arena, &f->v[i].memory, err);
        if (st == CT_OK)
            plan_first(&f->v[i], now, boot);
    }
    if (st != CT_OK) {
        ct_fetcher_free(f);
        return st;
    }
    *out = f;
    return CT_OK;
}

void ct_fetcher_free(struct ct_fetcher *f)
{
    if (f == NULL)
        return;
    ct_exec_free(f->exec);
    for (size_t i = 0; i < f->n; i++) {
        if (f->v[i].active)
            close_attempt(&f->v[i]);
        ct_arena_free(f->v[i].memory_arena);
    }
    ct_lease_drop(f->lease);
    free(f->ready);
    free(f->v);
    free(f);
}

/* After a suspend everything is overdue at once: no storm on resume. */
static void spread_overdue(struct ct_fetcher *f, int64_t now)
{
    for (size_t i = 0; i < f->n; i++) {
        struct entry *e = &f->v[i];
        if (!e->active && e->due_boot_ms < now)
            e->due_boot_ms =
                now + (int64_t)(random_of(e) % (uint64_t)(WAKE_SPREAD_MS + e->f->o.spread_ms));
    }
}

/* The network queues by itself; programs would all run at once. */
static bool has_room(const struct ct_fetcher *f, const struct ct_source *s)
{
    return !ct_source_is_program(s) || ct_exec_running(f->exec) < MOST_PROGRAMS;
}

/* Moves the network, for at most WAIT_MS until the first answer is read; stores what came. */
static enum ct_status take_answers(struct ct_fetcher *f, int64_t wait_ms, int wake_fd, bool *woken,
                                   struct ct_error *err)
{
    enum ct_status st = ct_http_poll(f->o.http, f->n_ready > 0 ? 0 : wait_ms, wake_fd, woken, err);
    int64_t until = ct_boot_ms() + TOGETHER_MS, left;
    while (st == CT_OK && !*woken && f->n_ready > 0 && f->n_ready < TOGETHER_MOST &&
           f->ready_bytes < TOGETHER_BYTES && ct_http_running(f->o.http) > 0 &&
           (left = until - ct_boot_ms()) > 0)
        st = ct_http_poll(f->o.http, left, wake_fd, woken, err);
    store_ready(f);
    return st;
}

enum ct_status ct_fetcher_step(struct ct_fetcher *f, int64_t max_wait_ms, int wake_fd, bool *woken,
                               struct ct_error *err)
{
    int64_t now = ct_boot_ms(), wait = max_wait_ms;
    ct_exec_poll(f->exec);
    if (now - f->step_boot_ms > ASLEEP_MS + max_wait_ms)
        spread_overdue(f, now);
    f->step_boot_ms = now;
    if (may_write(f)) {
        for (size_t i = 0; i < f->n; i++)
            if (!f->v[i].active && f->v[i].due_boot_ms <= now && has_room(f, f->v[i].s))
                begin(&f->v[i]);
        for (size_t i = 0; i < f->n; i++)
            if (!f->v[i].active && f->v[i].due_boot_ms != NEVER &&
                f->v[i].due_boot_ms - now < wait && has_room(f, f->v[i].s))
                wait = f->v[i].due_boot_ms - now;
    }
    if (ct_exec_running(f->exec) > 0 && wait > EXEC_WAIT_MS)
        wait = EXEC_WAIT_MS;
    if (f->beat_boot_ms + CT_LEASE_BEAT_MS - now < wait)
        wait = f->beat_boot_ms + CT_LEASE_BEAT_MS - now;
    if (f->active == 0 && now - f->idle_boot_ms >= IDLE_EVERY_MS && !f->lost) {
        f->idle_boot_ms = now;
        ct_write_idle(f->o.writer);
        f->thinning = f->preparing = true;
    }
    if (f->thinning && f->active == 0 && may_write(f)) {
        struct ct_error ignored; /* the next pass comes in an hour; a full disk shows elsewhere */
        if (ct_write_retain(f->o.writer, &f->o.keep, ct_now_ms(), &f->thinning, &ignored) != CT_OK)
            ct_log(CT_LOG_WARN, "retention: %s: %s", ignored.where, ignored.what);
        if (f->thinning && wait > RETAIN_PAUSE_MS)
            wait = RETAIN_PAUSE_MS;
    }
    if (f->preparing && f->active == 0 && may_write(f)) {
        struct ct_error ignored; /* movers take longer without */
        if (ct_write_references(f->o.writer, ct_now_ms(), &f->preparing, &ignored) != CT_OK)
            ct_log(CT_LOG_WARN, "references: %s: %s", ignored.where, ignored.what);
        if (f->preparing && wait > RETAIN_PAUSE_MS)
            wait = RETAIN_PAUSE_MS;
    }
    if (f->lost) {
        if (err != NULL)
            *err = f->lost_err;
        return f->lost_err.status;
    }
    bool ignored_wake;
    enum ct_status st = take_answers(f, wait > 0 ? wait : 0, wake_fd, woken ? woken : &ignored_wake, err);
    if (f->lost && err != NULL)
        *err = f->lost_err;
    return f->lost ? f->lost_err.status : st;
}

void ct_fetcher_refresh(struct ct_fetcher *f)
{
    int64_t now = ct_boot_ms(), now_ms = ct_now_ms();
    for (size_t i = 0; i < f->n; i++) {
        struct entry *e = &f->v[i];
        int64_t due = now, last = e->memory.last_attempt_ms, gap = least_interval(e->s);
        if (e->active || e->due_boot_ms == NEVER)
            continue;
        if (e->last_attempt_boot_ms != CT_NONE) /* by the clock that nobody can set */
            due = e->last_attempt_boot_ms + gap;
        else if (last != CT_NONE && last <= now_ms && now_ms - last < gap)
            due = now + gap - (now_ms - last);
        if (due < now)
            due = now;
        if (due < e->due_boot_ms)
            e->due_boot_ms = due;
    }
}

size_t ct_fetcher_active(const struct ct_fetcher *f)
{
    return f->active;
}

bool ct_fetcher_done(const struct ct_fetcher *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].active || f->v[i].due_boot_ms != NEVER)
            return false;
    return true;
}
