/* What the writer's tests share: a database in a folder of its own, sources of each kind, and rows. */
#ifndef WRITE_FIXTURE_H
#define WRITE_FIXTURE_H

#include "db/write.h"
#include "attempts_fixture.h"
#include "events_fixture.h"
#include "tests/figure.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define T0 INT64_C(1760000000000)

struct fixture {
    char folder[512], path[560];
    struct ct_writer *w;
    struct ct_arena *arena;
    struct ct_batch batch;
    struct ct_commit commit;
    struct ct_error err;
    sqlite3 *look; /* a reader of its own */
};

static inline int fixture_remove(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st, (void)type, (void)f;
    return remove(path);
}

/* How often a campaign goes round. */
static inline int fixture_times(const char *name, int usual)
{
    return figure(name, usual, 1000000);
}

static inline struct ct_source_conf fixture_conf(const char *id, enum ct_source_kind kind)
{
    return (struct ct_source_conf){.id = id,
                                   .family = "test",
                                   .kind = kind,
                                   .provider = kind == CT_SOURCE_STATUS ? "openai" : "",
                                   .scope = "",
                                   .title = id,
                                   .url = "https://example.org",
                                   .terms = "",
                                   .evidence = CT_EVIDENCE_OFFICIAL,
                                   .interval_ms = CT_MINUTE,
                                   .enabled = true,
                                   .off_reason = ""};
}

static inline void fixture_open(struct fixture *f)
{
    assert_int_equal(ct_writer_open(f->path, CT_OPEN_BULK, &f->w, &f->err), CT_OK);
    const struct ct_source_conf confs[] = {
        fixture_conf("stat", CT_SOURCE_STATUS), fixture_conf("price", CT_SOURCE_PRICES),
        fixture_conf("token", CT_SOURCE_MODELS), fixture_conf("part", CT_SOURCE_PRICES),
        fixture_conf("list", CT_SOURCE_PRICES)};
    struct ct_source_conf all[5];
    memcpy(all, confs, sizeof all);
    all[1].evidence = all[3].evidence = CT_EVIDENCE_STOCK;
    all[3].part_of_list = true;
    all[4].evidence = CT_EVIDENCE_LISTED;
    assert_int_equal(ct_write_sources(f->w, all, 5, T0, &f->err), CT_OK);
    assert_int_equal(sqlite3_open_v2(f->path, &f->look, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    newest_functions(f->look);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const char *base = getenv("CT_BUILDDIR");
    (void)snprintf(f->folder, sizeof f->folder, "%s/write-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(f->folder))
        return -1;
    (void)snprintf(f->path, sizeof f->path, "%s/t.db", f->folder);
    f->arena = ct_arena_new(0);
    ct_batch_init(&f->batch, f->arena);
    fixture_open(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    sqlite3_close(f->look);
    ct_writer_close(f->w);
    ct_arena_free(f->arena);
    (void)nftw(f->folder, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

/* ---- rows ---- */

static inline void clear(struct fixture *f)
{
    ct_batch_init(&f->batch, f->arena);
}

static inline struct ct_offer *offer(struct fixture *f, const char *instance, int64_t milli_usd, int stock)
{
    struct ct_offer *o = CT_VEC_PUSH(f->arena, &f->batch.offers);
    *o = ct_offer_new();
    o->cloud = CT_LIT("aws");
    o->region = CT_LIT("us-east-1");
    o->gpu = CT_LIT("H100");
    o->form = CT_LIT("SXM");
    o->gpu_mem_milli = 80000;
    o->gpu_count_milli = 8000;
    o->purchase = CT_PURCHASE_OD;
    o->instance = ct_arena_dup(f->arena, ct_span(instance));
    o->price_per_gpu_hour = milli_usd < 0 ? CT_NONE : milli_usd * 1000000;
    o->stock = stock;
    return o;
}

static inline struct ct_token_price *token(struct fixture *f, const char *id, int kind, int64_t milli_usd)
{
    struct ct_token_price *t = CT_VEC_PUSH(f->arena, &f->batch.token_prices);
    *t = ct_token_price_new();
    t->source_id = t->model = ct_arena_dup(f->arena, ct_span(id));
    t->lab = CT_LIT("openai");
    t->host = CT_LIT("openai");
    t->kind = kind;
    t->per_mtok = milli_usd < 0 ? CT_NONE : milli_usd * 1000000;
    return t;
}

static inline struct ct_component *component(struct fixture *f, const char *id, int state)
{
    struct ct_component *c = CT_VEC_PUSH(f->arena, &f->batch.components);
    *c = ct_component_new();
    c->id = c->name = ct_arena_dup(f->arena, ct_span(id));
    c->state = state;
    return c;
}

static inline struct ct_incident *incident(struct fixture *f, const char *id, int state, int phase, int open)
{
    struct ct_incident *i = CT_VEC_PUSH(f->arena, &f->batch.incidents);
    *i = ct_incident_new();
    i->id = ct_arena_dup(f->arena, ct_span(id));
    i->title = ct_arena_printf(f->arena, "Title of %s", id);
    i->state = state;
    i->phase = phase;
    i->open = open;
    return i;
}

/* ---- attempts ---- */

static inline struct ct_fetch attempt_at(struct fixture *f, const char *source, int64_t at_ms,
                                         enum ct_outcome outcome)
{
    return (struct ct_fetch){.source_id = source,
                             .outcome = outcome,
                             .at_ms = at_ms,
                             .next_attempt_ms = CT_NONE,
                             .http_status = outcome == CT_OUTCOME_OK ? 200 : 0,
                             .bytes = CT_NONE,
                             .latency_ms = CT_NONE,
                             .batch = &f->batch,
                             .error = outcome == CT_OUTCOME_FAILED ? "HTTP 500" : NULL};
}

static inline void store(struct fixture *f, struct ct_fetch fetch)
{
    enum ct_status status = ct_write_fetch(f->w, &fetch, &f->commit, &f->err);
    if (status != CT_OK)
        print_message("# %s: %s\n", f->err.where, f->err.what);
    assert_int_equal(status, CT_OK);
}

/* Stores the rows gathered since the last call and forgets them. */
static inline void fetch(struct fixture *f, const char *source, int64_t at_ms)
{
    store(f, attempt_at(f, source, at_ms, CT_OUTCOME_OK));
    clear(f);
}

static inline void import(struct fixture *f, const char *source, int64_t at_ms)
{
    struct ct_fetch a = attempt_at(f, source, at_ms, CT_OUTCOME_OK);
    a.import = true;
    store(f, a);
    clear(f);
}

static inline void repeat(struct fixture *f, const char *source, int64_t at_ms)
{
    store(f, attempt_at(f, source, at_ms, CT_OUTCOME_NOT_MODIFIED));
}

static inline void failed(struct fixture *f, const char *source, int64_t at_ms)
{
    store(f, attempt_at(f, source, at_ms, CT_OUTCOME_FAILED));
}

/* ---- looking ---- */

/* All rows of SQL, columns by '|', rows by '\n'. Freed by the caller. */
static inline char *table(struct fixture *f, const char *sql)
{
    struct ct_buf b = CT_BUF_INIT;
    sqlite3_stmt *st;
    if (strstr(sql, "FROM sample") && !samples_to_rows(f->look))
        fail_msg("%s", sqlite3_errmsg(f->look));
    if (strstr(sql, "FROM attempt") && !attempts_to_rows(f->look))
        fail_msg("attempts: %s", sqlite3_errmsg(f->look));
    if (strstr(sql, "FROM event") && !events_to_rows(f->look))
        fail_msg("events: %s", sqlite3_errmsg(f->look));
    if (sqlite3_prepare_v2(f->look, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(f->look));
    ct_buf_adds(&b, "");
    while (sqlite3_step(st) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            const char *text = (const char *)sqlite3_column_text(st, i);
            ct_buf_addf(&b, "%s%s", i ? "|" : b.n ? "\n" : "", text ? text : "-");
        }
    }
    sqlite3_finalize(st);
    return b.p ? b.p : ct_xstrdup("");
}

static inline void expect(struct fixture *f, const char *sql, const char *want)
{
    char *is = table(f, sql);
    assert_string_equal(is, want);
    free(is);
}

/* Samples of kind KIND as "minutes after T0, value (money in milli), flags". */
#define SAMPLES(kind, scale)                                                                       \
    "SELECT (m.at_ms - 1760000000000) / 60000, m.value / " #scale                                  \
    ", m.flags FROM sample m JOIN series s ON s.id = m.series_id WHERE s.kind = " #kind            \
    " ORDER BY s.ext_key, m.at_ms"

#endif
