/* Each source is one small machine: waiting, or under way with its pages. All of them share one
 * network handle and one writer; every attempt ends in exactly one stored row of health. */
#include "config.h"

#include "fetchers/fetcher.h"

#include "db/base/log.h"
#include "fetchers/gunzip.h"
#include "fetchers/schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_LIMIT ((size_t)64 << 20) /* of the rows of one answer */
#define DEFAULT_BODY ((size_t)8 << 20)
#define NEVER INT64_MAX
#define IDLE_EVERY_MS (5 * CT_SECOND)
#define ASLEEP_MS CT_MINUTE /* a gap this long between two steps: the machine was suspended */
#define WAKE_SPREAD_MS (20 * CT_SECOND)

enum { MAX_PAGES = 50 };

struct entry {
    struct ct_fetcher *f;
    const struct ct_source *s;
    struct ct_arena *memory_arena;
    struct ct_source_memory memory;
    uint64_t random_count;
    int64_t due_boot_ms;          /* NEVER: off, or done with `once` */
    int64_t last_attempt_boot_ms; /* CT_NONE: not yet in this process */

    /* one attempt */
    bool active, sent_validators;
    struct ct_arena *arena;
    struct ct_batch batch;
    struct ct_buf url, unpacked;
    uint64_t links[MAX_PAGES], hash;
    int pages, http_status;
    int64_t bytes, latency_ms;
    struct ct_span etag, last_modified; /* of the first page, in the arena */
};

struct ct_fetcher {
    struct ct_fetcher_options o;
    struct entry *v;
    size_t n, active;
    struct ct_lease *lease;
    int64_t beat_boot_ms, idle_boot_ms, step_boot_ms;
    bool lost;
    struct ct_error lost_err;
};

static uint64_t random_of(struct entry *e)
{
    return ct_mix(e->f->o.seed, ct_hash(ct_span(e->s->id)), e->random_count++);
}

static const char *key_of(const struct ct_source *s)
{
    return s->key_env != NULL && s->key_env[0] != '\0' ? getenv(s->key_env) : NULL;
}

static bool lacks_key(const struct ct_source *s)
{
    return s->key_env != NULL && s->key_env[0] != '\0' && (key_of(s) == NULL || *key_of(s) == '\0');
}

static bool is_whole(const struct ct_source *s)
{
    return s->ops != NULL && s->url != NULL && s->url[0] != '\0';
}

static bool can_run(const struct ct_source *s)
{
    return is_whole(s) && s->enabled && !lacks_key(s);
}

struct ct_source_conf ct_source_conf_of(const struct ct_source *s, struct ct_arena *a)
{
    bool on = can_run(s);
    return (struct ct_source_conf){
        .id = s->id,
        .family = s->family,
        .kind = s->ops != NULL ? s->ops->kind : CT_SOURCE_STATUS,
        .provider = s->provider,
        .scope = s->scope,
        .title = s->title,
        .url = s->url,
        .terms = s->terms,
        .evidence = s->evidence,
        .interval_ms = s->interval_ms,
        .enabled = on,
        .off_reason = on             ? ""
                      : !is_whole(s) ? "has no family or no url"
                      : lacks_key(s) ? ct_arena_printf(a, "needs %s", s->key_env).p
                                     : "switched off",
        .part_of_list = s->part_of_list,
    };
}

uint64_t ct_body_hash(const struct ct_source *s, uint64_t hash, struct ct_span body)
{
    if (hash == 0) {
        const char *parts[] = {PACKAGE_VERSION, s->family, s->provider, s->query, s->body};
        for (size_t i = 0; i < CT_LEN(parts); i++)
            hash = ct_mix(hash, ct_hash(ct_span(parts[i] != NULL ? parts[i] : "")), i);
    }
    hash = ct_mix(hash, ct_hash(body), body.n);
    return hash != 0 ? hash : 1; /* 0 says "none" in the database */
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
    enum ct_status st = ct_lease_beat(f->lease, ct_now_ms(), &err);
    f->beat_boot_ms = now;
    if (st == CT_ERR_BUSY) {
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

static int64_t delay_after(struct entry *e, enum ct_outcome outcome, int64_t retry_after_ms)
{
    int64_t failures = outcome == CT_OUTCOME_FAILED ? e->memory.failures + 1 : 0;
    return ct_next_delay(&(struct ct_attempt){
        .interval_ms = e->s->interval_ms,
        .least_ms = least_interval(e->s),
        .failures = failures,
        .answered = e->http_status != 0,
        .retry_after_ms = retry_after_ms,
        .jitter_percent = e->f->o.jitter_percent,
        .random = random_of(e),
    });
}

static void log_attempt(const struct entry *e, const struct ct_fetch *f, const struct ct_commit *c,
                        int64_t delay_ms)
{
    static const char *const words[] = {"ok", "not-modified", "failed"};
    ct_log(f->outcome == CT_OUTCOME_FAILED ? CT_LOG_WARN : CT_LOG_INFO,
           "source=%s outcome=%s http=%d pages=%d bytes=%" PRId64 " latency_ms=%" PRId64
           " rows=%" PRId64 " changed=%" PRId64 " next_s=%" PRId64 "%s%s%s%s",
           e->s->id, words[f->outcome], f->http_status, e->pages, f->bytes, f->latency_ms, c->rows,
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
    ct_arena_free(e->arena);
    e->arena = NULL;
    ct_buf_free(&e->url);
    ct_buf_free(&e->unpacked);
    e->active = false;
    e->f->active--;
}

static void finish(struct entry *e, enum ct_outcome outcome, const char *error, int64_t retry_ms)
{
    struct ct_fetcher *f = e->f;
    struct ct_commit commit = {0};
    char line[sizeof(((struct ct_error *)0)->what) + 32];
    int64_t delay = delay_after(e, outcome, retry_ms), now = ct_now_ms();
    struct ct_fetch fetch = {
        .source_id = e->s->id,
        .outcome = outcome,
        .at_ms = now,
        .next_attempt_ms = now + delay,
        .http_status = e->http_status,
        .bytes = e->pages > 0 ? e->bytes : CT_NONE,
        .latency_ms = e->latency_ms,
        .etag = e->pages > 0 ? e->etag : e->memory.etag,
        .last_modified = e->pages > 0 ? e->last_modified : e->memory.last_modified,
        .body_hash = outcome == CT_OUTCOME_OK ? e->hash : e->memory.body_hash,
        .batch = outcome == CT_OUTCOME_OK ? &e->batch : NULL,
        .error = error,
    };
    if (may_write(f)) {
        bool stored = store(e, &fetch, &commit, line, sizeof(line));
        log_attempt(e, &fetch, &commit, delay);
        if (f->o.after_commit != NULL)
            f->o.after_commit(f->o.ctx, e->s, &fetch, stored ? &commit : NULL);
        recall(e);
        if (!stored)
            e->memory.failures++;
    }
    e->last_attempt_boot_ms = ct_boot_ms();
    e->due_boot_ms = f->o.once ? NEVER : e->last_attempt_boot_ms + delay;
    close_attempt(e);
}

static void fail(struct entry *e, const struct ct_error *err, int64_t retry_ms)
{
    char line[sizeof(err->where) + sizeof(err->what) + 4];
    snprintf(line, sizeof(line), "%s: %s", err->where, err->what);
    finish(e, CT_OUTCOME_FAILED, line, retry_ms);
}

/* ---- pages ---- */

static void on_answer(void *ctx, const struct ct_http_answer *a);

static size_t body_limit(const struct ct_source *s)
{
    return s->max_bytes != 0        ? s->max_bytes
           : s->ops->max_bytes != 0 ? s->ops->max_bytes
                                    : DEFAULT_BODY;
}

/* Its own, where somebody gave it one; else that of the settings. */
static int64_t timeout_of(const struct entry *e)
{
    bool own = e->s->timeout_ms > 0 && e->s->timeout_ms != CT_DEFAULT_TIMEOUT_MS;
    return own || e->f->o.timeout_ms <= 0 ? e->s->timeout_ms : e->f->o.timeout_ms;
}

/* Asks for the page at E->url. */
static void ask(struct entry *e, bool plain)
{
    const struct ct_source *s = e->s;
    struct ct_error err = {0};
    char auth[512];
    const char *headers[] = {NULL, NULL};
    const char *key = key_of(s);
    bool post = s->body != NULL && s->body[0] != '\0';
    struct ct_http_request req = {
        .url = e->url.p,
        .method = post ? "POST" : "GET",
        .body = post ? s->body : NULL,
        .content_type = post ? "application/json" : NULL,
        .max_bytes = body_limit(s) - (size_t)e->bytes,
        .total_ms = timeout_of(e),
        .allow_private = s->allow_private,
    };
    if (key != NULL &&
        snprintf(auth, sizeof(auth), "Authorization: Bearer %s", key) < (int)sizeof(auth)) {
        headers[0] = auth;
        req.headers = headers;
    }
    /* A 304 is only worth something while the rows it speaks of are stored, and a list of pages may
     * change behind an unchanged first page. */
    e->sent_validators = !plain && s->max_pages <= 1 && e->memory.rows > 0 &&
                         e->memory.body_hash != 0 &&
                         (e->memory.etag.p != NULL || e->memory.last_modified.p != NULL);
    if (e->sent_validators) {
        req.etag = e->memory.etag;
        req.last_modified = e->memory.last_modified;
    }
    enum ct_status st = req.max_bytes == 0 ? ct_fail(&err, CT_ERR_LIMIT, s->id,
                                                     "body is larger than %zu bytes", body_limit(s))
                                           : ct_http_start(e->f->o.http, &req, on_answer, e, &err);
    memset(auth, 0, sizeof(auth));
    if (st != CT_OK)
        fail(e, &err, CT_NONE);
}

/* True: the next page is on its way, or the attempt has failed over it. */
static bool go_on(struct entry *e)
{
    struct ct_error err = {0};
    struct ct_span link = e->batch.next_page;
    struct ct_buf next = CT_BUF_INIT;
    int limit = e->s->max_pages > 1 ? e->s->max_pages : 1;

    if (link.p == NULL || link.n == 0)
        return false;
    limit = limit < MAX_PAGES ? limit : MAX_PAGES;
    if (e->pages >= limit && e->s->part_of_list)
        return false; /* asked for no more than the first pages */
    if (e->pages >= limit)
        (void)ct_fail(&err, CT_ERR_LIMIT, e->s->id, "more than %d pages", limit);
    else if (ct_url_next(e->url.p, link, &next, &err) == CT_OK) {
        uint64_t hash = ct_hash(ct_buf_span(&next));
        for (int i = 0; i < e->pages; i++)
            if (e->links[i] == hash)
                (void)ct_fail(&err, CT_ERR_SHAPE, e->s->id, "page %d leads back to page %d",
                              e->pages, i + 1);
        e->links[e->pages] = hash;
    }
    if (err.status != CT_OK) {
        ct_buf_free(&next);
        fail(e, &err, CT_NONE);
        return true;
    }
    ct_buf_free(&e->url);
    e->url = next;
    e->batch.next_page = CT_SPAN_NONE;
    ask(e, true);
    return true;
}

static void on_body(struct entry *e, const struct ct_http_answer *a)
{
    const struct ct_family *family = e->s->ops;
    struct ct_error err = {0};
    struct ct_span body = a->body;
    struct ct_parse_hint hint = {ct_span(e->s->provider), ct_span(e->s->query)};

    if (ct_is_gzip(body)) { /* packed, and nobody said so */
        size_t left = body_limit(e->s) - (size_t)e->bytes;
        if (ct_gunzip(body, left, &e->unpacked, &err) != CT_OK) {
            fail(e, &err, CT_NONE);
            return;
        }
        body = ct_buf_span(&e->unpacked);
    }
    e->pages++;
    e->bytes += (int64_t)body.n;
    e->hash = ct_body_hash(e->s, e->hash, body);
    if (e->pages == 1) {
        e->etag = ct_arena_dup(e->arena, ct_header_safe(a->etag));
        e->last_modified = ct_arena_dup(e->arena, ct_header_safe(a->last_modified));
        if (e->s->max_pages <= 1 && e->hash == e->memory.body_hash) {
            finish(e, CT_OUTCOME_NOT_MODIFIED, NULL, CT_NONE);
            return;
        }
    }
    if (family->parse(body, &hint, &e->batch, &err) != CT_OK) {
        fail(e, &err, CT_NONE);
        return;
    }
    if (!go_on(e))
        finish(e, e->hash == e->memory.body_hash ? CT_OUTCOME_NOT_MODIFIED : CT_OUTCOME_OK, NULL,
               CT_NONE);
}

static void on_answer(void *ctx, const struct ct_http_answer *a)
{
    struct entry *e = ctx;
    struct ct_error err = {0};

    e->http_status = a->http_status;
    e->latency_ms += a->latency_ms;
    if (a->status != CT_OK) {
        fail(e, &a->err, CT_NONE);
    } else if (a->http_status == 200) {
        on_body(e, a);
    } else if (a->http_status == 304 && e->sent_validators && e->memory.rows > 0) {
        finish(e, CT_OUTCOME_NOT_MODIFIED, NULL, CT_NONE);
    } else if (a->http_status == 304 && e->sent_validators) {
        ask(e, true);
    } else {
        (void)ct_fail(&err, CT_ERR_NET, "HTTP", "%d%s", a->http_status,
                      a->http_status == 304   ? " to a request without a validator"
                      : a->http_status == 429 ? " too many requests"
                      : a->http_status == 401 || a->http_status == 403 ? " refused"
                      : a->http_status == 404 || a->http_status == 410 ? " not there"
                      : a->http_status >= 500                          ? " trouble at the server"
                                                                       : " instead of 200");
        fail(e, &err, a->retry_after_ms);
    }
}

static void begin(struct entry *e)
{
    e->active = true;
    e->f->active++;
    e->arena = ct_arena_new(ARENA_LIMIT);
    ct_batch_init(&e->batch, e->arena);
    e->url = e->unpacked = CT_BUF_INIT;
    ct_buf_adds(&e->url, e->s->url);
    e->links[0] = ct_hash(ct_buf_span(&e->url));
    e->hash = 0;
    e->pages = e->http_status = 0;
    e->bytes = e->latency_ms = 0;
    e->etag = e->last_modified = CT_SPAN_NONE;
    ask(e, false);
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
        e->due_boot_ms = is_whole(e->s) && is_named(o->only, e->s->id) ? boot_ms : NEVER;
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
    f->v = ct_xcalloc(f->n + 1, sizeof(*f->v));
    f->beat_boot_ms = f->idle_boot_ms = f->step_boot_ms = boot;
    struct ct_source_conf *confs = ct_xcalloc(f->n + 1, sizeof(*confs));
    struct ct_arena *arena = ct_arena_new(0);
    for (size_t i = 0; i < f->n; i++) {
        f->v[i].f = f;
        f->v[i].s = ct_registry_at(o->registry, i);
        f->v[i].memory_arena = ct_arena_new(0);
        f->v[i].last_attempt_boot_ms = CT_NONE;
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
    for (size_t i = 0; i < f->n; i++) {
        if (f->v[i].active)
            close_attempt(&f->v[i]);
        ct_arena_free(f->v[i].memory_arena);
    }
    ct_lease_drop(f->lease);
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

enum ct_status ct_fetcher_step(struct ct_fetcher *f, int64_t max_wait_ms, int wake_fd, bool *woken,
                               struct ct_error *err)
{
    int64_t now = ct_boot_ms(), wait = max_wait_ms;
    if (now - f->step_boot_ms > ASLEEP_MS + max_wait_ms)
        spread_overdue(f, now);
    f->step_boot_ms = now;
    if (may_write(f)) {
        for (size_t i = 0; i < f->n; i++)
            if (!f->v[i].active && f->v[i].due_boot_ms <= now)
                begin(&f->v[i]);
        for (size_t i = 0; i < f->n; i++)
            if (!f->v[i].active && f->v[i].due_boot_ms != NEVER && f->v[i].due_boot_ms - now < wait)
                wait = f->v[i].due_boot_ms - now;
    }
    if (f->beat_boot_ms + CT_LEASE_BEAT_MS - now < wait)
        wait = f->beat_boot_ms + CT_LEASE_BEAT_MS - now;
    if (f->active == 0 && now - f->idle_boot_ms >= IDLE_EVERY_MS && !f->lost) {
        f->idle_boot_ms = now;
        ct_write_idle(f->o.writer);
    }
    if (f->lost) {
        if (err != NULL)
            *err = f->lost_err;
        return CT_ERR_BUSY;
    }
    enum ct_status st = ct_http_poll(f->o.http, wait > 0 ? wait : 0, wake_fd, woken, err);
    if (f->lost && err != NULL)
        *err = f->lost_err;
    return f->lost ? CT_ERR_BUSY : st;
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
