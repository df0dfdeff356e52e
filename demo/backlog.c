#include "demo/backlog.h"

#include "demo/wire.h"
#include "fetchers/family.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEP_MS = 10 * 60 * 1000 };

struct ct_backlog {
    struct ct_writer *writer;
    struct ct_world *world;
    struct wire_memory memory;
    struct ct_buf body;
    struct ct_arena *arena;
    uint64_t hash[WORLD_SOURCES]; /* of the last good answer */
};

/* One answer of SOURCE, committed as the fetcher would. */
static enum ct_status fetch(struct ct_backlog *s, int source, struct ct_error *err)
{
    const struct wire_source *ws = &wire_sources[source];
    int64_t now = s->world->now_ms;
    int status = ct_wire_answer(s->world, source, &s->memory, &s->body);
    uint64_t hash = ct_hash(ct_buf_span(&s->body));
    bool same = status == 200 && hash == s->hash[source];
    struct ct_batch batch;
    ct_arena_reset(s->arena);
    ct_batch_init(&batch, s->arena);
    struct ct_error why = {0};
    char line[600];
    struct ct_fetch f = {
        .source_id = ws->id,
        .outcome = same ? CT_OUTCOME_NOT_MODIFIED : CT_OUTCOME_OK,
        .at_ms = now,
        .next_attempt_ms = now + ws->backlog_ms,
        .http_status = status,
        .bytes = (int64_t)s->body.n,
        .latency_ms = 40 + (int64_t)(hash % 200),
        .body_hash = hash,
    };
    if (status != 200) {
        f.outcome = CT_OUTCOME_FAILED;
        snprintf(line, sizeof line, "HTTP %d", status);
        f.error = line;
    } else if (!same) {
        struct ct_parse_hint hint = {.provider = ct_span(ws->provider),
                                     .query = ct_span(ws->query)};
        if (ct_family_find(ws->family)->parse(ct_buf_span(&s->body), &hint, &batch, &why) !=
            CT_OK) {
            f.outcome = CT_OUTCOME_FAILED;
            f.body_hash = 0;
            snprintf(line, sizeof line, "%s: %s", why.where, why.what);
            f.error = line;
        } else {
            f.batch = &batch;
        }
    }
    struct ct_commit done;
    enum ct_status st = ct_write_fetch(s->writer, &f, &done, err);
    if (st == CT_OK && f.batch && !done.suspicious) /* one that is held back is not known */
        s->hash[source] = hash;
    return st;
}

struct ct_backlog *demo_backlog_new(struct ct_writer *w, struct ct_world *world)
{
    struct ct_backlog *b = ct_xcalloc(1, sizeof *b);
    b->writer = w;
    b->world = world;
    b->arena = ct_arena_new(0);
    return b;
}

enum ct_status demo_backlog_step(struct ct_backlog *b, struct ct_error *err)
{
    int64_t t = b->world->now_ms + STEP_MS;
    enum ct_status status = CT_OK;
    ct_world_step(b->world, t, STEP_MS);
    for (int i = 0; i < WORLD_SOURCES && status == CT_OK; i++) {
        if (t % wire_sources[i].backlog_ms == 0) {
            status = fetch(b, i, err);
        }
    }
    return status;
}

void demo_backlog_free(struct ct_backlog *b)
{
    ct_arena_free(b->arena);
    ct_buf_free(&b->body);
    ct_wire_memory_free(&b->memory);
    free(b);
}

enum ct_status demo_backlog(struct ct_writer *w, struct ct_world *world, int64_t end_ms,
                            struct ct_error *err)
{
    struct ct_backlog *b = demo_backlog_new(w, world);
    enum ct_status status = CT_OK;
    while (world->now_ms + STEP_MS <= end_ms && status == CT_OK) {
        status = demo_backlog_step(b, err);
    }
    demo_backlog_free(b);
    return status;
}
