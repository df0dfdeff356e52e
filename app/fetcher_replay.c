/* fetch --replay: the recorded answers of a folder through parsers and writer, each at the time at
 * which it came, on a clock of our own. */
#include "config.h"

#include "app/fetcher_commands.h"

#include "app/watch.h"
#include "fetchers/ask.h"
#include "fetchers/fetcher.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct replay {
    struct ct_replay *tape;
    struct ct_registry *reg;
    struct ct_writer *writer;
    struct ct_lease *lease;
    int64_t beat_mono_ms, failed;
};

static void on_end(void *ctx, struct ct_ask *a)
{
    (void)a;
    *(bool *)ctx = true;
}

/* What is there already came later: replayed rows would pretend to be newer still. */
static enum ct_status check_empty(struct replay *r, struct ct_error *err)
{
    enum ct_status st = CT_OK;
    struct ct_arena *arena = ct_arena_new(0);
    for (size_t i = 0; st == CT_OK && i < ct_replay_count(r->tape); i++) {
        const struct ct_replay_attempt *a = ct_replay_at(r->tape, i);
        struct ct_source_memory m;
        ct_arena_reset(arena);
        st = ct_write_recall(r->writer, a->id, arena, &m, err);
        if (st == CT_OK && m.last_attempt_ms != CT_NONE && m.last_attempt_ms >= a->ended_ms)
            st = ct_fail(err, CT_ERR_DB, a->id,
                         "the database holds this or newer already: replay into one of its own "
                         "(--db FILE)");
    }
    ct_arena_free(arena);
    return st;
}

/* A source that the settings do not name, as it was when it was recorded. */
static enum ct_status add_source(struct replay *r, size_t i, struct ct_error *err)
{
    static const char *const keys[] = {"family",       "kind",      "provider",
                                       "scope",        "query",     "evidence",
                                       "part_of_list", "max_pages", "interval_s"};
    const char *id = ct_replay_at(r->tape, i)->id;
    bool program = ct_span_is(ct_replay_value(r->tape, i, "family"), "exec");
    enum ct_status st = ct_registry_set(r->reg, id, "allow_private", "yes", err); /* never asked */
    for (size_t k = 0; k < CT_LEN(keys) && st == CT_OK; k++) {
        char *value = ct_xspandup(ct_replay_value(r->tape, i, keys[k]));
        if (value)
            st = ct_registry_set(r->reg, id, keys[k], value, err);
        free(value);
    }
    if (st == CT_OK)
        st = ct_registry_set(r->reg, id, program ? "command" : "url",
                             program ? "/recorded" : "https://recorded.invalid/", err);
    return st;
}

static enum ct_status add_sources(struct replay *r, struct ct_error *err)
{
    enum ct_status st = CT_OK;
    for (size_t i = 0; st == CT_OK && i < ct_replay_count(r->tape); i++)
        if (!ct_registry_find(r->reg, ct_replay_at(r->tape, i)->id))
            st = add_source(r, i, err);
    return st;
}

static enum ct_status write_sources(struct replay *r, struct ct_error *err)
{
    size_t n = ct_registry_count(r->reg);
    struct ct_arena *arena = ct_arena_new(0);
    struct ct_source_conf *confs = ct_xcalloc(n + 1, sizeof(*confs));
    for (size_t i = 0; i < n; i++)
        confs[i] = ct_source_conf_of(ct_registry_at(r->reg, i), arena);
    enum ct_status st = ct_write_sources(r->writer, confs, n, ct_now_ms(), err);
    free(confs);
    ct_arena_free(arena);
    return st;
}

/* Attempt I, as if it had just happened. */
static enum ct_status play(struct replay *r, size_t i, struct ct_error *err)
{
    const struct ct_replay_attempt *at = ct_replay_at(r->tape, i);
    const struct ct_source *s = ct_registry_find(r->reg, at->id);
    struct ct_arena *arena = ct_arena_new(0);
    struct ct_commit commit = {0};
    struct ct_tries *tries = ct_xcalloc(1, sizeof *tries);
    bool ended = false;
    struct ct_ask a = {
        .s = s, .tries = tries, .replay = r->tape, .replay_attempt = i, .done = on_end, .ctx = &ended};
    ct_now_set(at->begun_ms);
    enum ct_status st = ct_write_recall(r->writer, s->id, arena, &a.last, err);
    if (st == CT_OK && ct_source_is_probe(s))
        st = ct_write_tries(r->writer, s->id, tries, err);
    if (st == CT_OK)
        ct_ask_start(&a); /* ends before it returns */
    ct_now_set(at->ended_ms);
    struct ct_fetch f = {
        .source_id = s->id,
        .outcome = a.outcome,
        .at_ms = at->ended_ms,
        .next_attempt_ms = at->ended_ms + s->interval_ms,
        .http_status = a.http_status,
        .bytes = a.pages > 0 ? a.bytes : CT_NONE,
        .latency_ms = a.latency_ms,
        .etag = a.pages > 0 ? a.etag : a.last.etag,
        .last_modified = a.pages > 0 ? a.last_modified : a.last.last_modified,
        .body_hash = a.outcome == CT_OUTCOME_OK ? a.hash : a.last.body_hash,
        .batch = a.outcome == CT_OUTCOME_OK ? &a.batch : NULL,
        .error = a.outcome == CT_OUTCOME_FAILED ? a.error : NULL,
    };
    if (st == CT_OK && ended)
        st = ct_write_fetch(r->writer, &f, &commit, err);
    if (st == CT_OK && ended)
        ct_print_attempt(s, &f, &commit);
    r->failed += a.outcome == CT_OUTCOME_FAILED;
    ct_ask_free(&a);
    free(tries);
    ct_arena_free(arena);
    return st;
}

/* The lease is kept by the real clock: others look at it. */
static enum ct_status beat(struct replay *r, struct ct_error *err)
{
    if (ct_mono_ms() - r->beat_mono_ms < CT_LEASE_BEAT_MS)
        return CT_OK;
    r->beat_mono_ms = ct_mono_ms();
    ct_now_set(CT_LIVE);
    return ct_lease_beat(r->lease, ct_now_ms(), err);
}

/* Sleeps until DUE_MONO_MS. True: told to stop. */
static bool wait_until(struct replay *r, int64_t due_mono_ms, struct ct_watch *w,
                       struct ct_error *err)
{
    struct pollfd p = {.fd = ct_watch_fd(w), .events = POLLIN};
    int64_t left = due_mono_ms - ct_mono_ms();
    do {
        int64_t wait = left < 0 ? 0 : left < CT_LEASE_BEAT_MS ? left : CT_LEASE_BEAT_MS;
        if (poll(&p, 1, (int)wait) > 0 && ct_watch_read(w, NULL))
            return true;
        if (beat(r, err) != CT_OK)
            return true;
        left = due_mono_ms - ct_mono_ms();
    } while (left > 0);
    return false;
}

static enum ct_status play_all(struct replay *r, int64_t speed, struct ct_watch *w,
                               struct ct_error *err)
{
    int64_t start = ct_mono_ms(), first = ct_replay_at(r->tape, 0)->ended_ms;
    enum ct_status st = CT_OK;
    for (size_t i = 0; st == CT_OK && i < ct_replay_count(r->tape); i++) {
        int64_t after = ct_replay_at(r->tape, i)->ended_ms - first;
        if (wait_until(r, speed > 0 ? start + after / speed : 0, w, err))
            return err->status != CT_OK ? err->status : CT_ERR_CANCELLED;
        st = play(r, i, err);
    }
    return st;
}

int ct_replay_run(const char *dir, int64_t speed, const char *db, struct ct_registry *reg,
                  struct ct_watch *w)
{
    struct replay r = {.reg = reg, .beat_mono_ms = ct_mono_ms()};
    struct ct_error err = {0};
    enum ct_status st = ct_replay_open(dir, &r.tape, &err);
    if (st == CT_OK)
        st = add_sources(&r, &err);
    if (st == CT_OK)
        st = ct_writer_open(db, CT_OPEN_REAL, &r.writer, &err);
    if (st == CT_OK)
        st = ct_lease_take(r.writer, "replay", ct_now_ms(), &r.lease, &err);
    if (st == CT_OK)
        st = write_sources(&r, &err);
    if (st == CT_OK)
        st = check_empty(&r, &err);
    if (st == CT_OK)
        st = play_all(&r, speed, w, &err);
    ct_now_set(CT_LIVE);
    ct_lease_drop(r.lease);
    ct_writer_close(r.writer);
    ct_replay_close(r.tape);
    if (st == CT_ERR_CANCELLED)
        return EXIT_WORKED; /* somebody had seen enough */
    return st != CT_OK ? ct_complain_err(EXIT_ERROR, &err) : r.failed ? EXIT_ERROR : EXIT_WORKED;
}
