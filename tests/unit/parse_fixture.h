/* Parsers over fixtures: what came out of tests/data/FAMILY/FILE, of a damaged body, and of the
 * recorded answers beside the project when they are there. For the tests of parsers. */
#ifndef CT_PARSE_FIXTURE_H
#define CT_PARSE_FIXTURE_H

#include "db/base/paths.h"
#include "db/base/text.h"
#include "fetchers/family.h"
#include "fetchers/gunzip.h"
#include "fetchers/reference.h"
#include "tests/unit/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
    struct ct_arena *arena;
    struct ct_batch rows;
    enum ct_status status;
    struct ct_error err;
};

/* BODY through F, told the source's PROVIDER and QUERY (NULL: not told). Rows may borrow from none
 * of them: all three are gone on return, in blocks of exactly their size. */
static inline struct run parse_asked(const struct ct_family *f, struct ct_span body,
                                     const char *provider, const char *query)
{
    struct run r = {.arena = ct_arena_new(64u << 20)};
    char *hints[] = {provider ? ct_xstrdup(provider) : NULL, query ? ct_xstrdup(query) : NULL};
    struct ct_parse_hint hint = {ct_span(hints[0]), ct_span(hints[1])};
    char *copy = ct_xmalloc(body.n ? body.n : 1);
    if (body.n)
        memcpy(copy, body.p, body.n);
    ct_batch_init(&r.rows, r.arena);
    r.status = f->parse((struct ct_span){copy, body.n}, &hint, &r.rows, &r.err);
    memset(copy, 'x', body.n);
    for (size_t i = 0; i < CT_LEN(hints); i++) {
        if (hints[i])
            memset(hints[i], 'x', strlen(hints[i]));
        free(hints[i]);
    }
    free(copy);
    return r;
}

static inline struct run parse_span(const struct ct_family *f, struct ct_span body)
{
    return parse_asked(f, body, NULL, NULL);
}

static inline void read_fixture(const struct ct_family *f, const char *file, struct ct_buf *out)
{
    char path[512];
    const char *top = getenv("CT_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/data/%s/%s", top ? top : ".", f->name, file);
    assert_int_equal(ct_read_file(path, 16u << 20, out, NULL), CT_OK);
}

static inline struct run fixture_asked(const struct ct_family *f, const char *file,
                                       const char *provider, const char *query)
{
    struct ct_buf body = CT_BUF_INIT;
    read_fixture(f, file, &body);
    struct run r = parse_asked(f, ct_buf_span(&body), provider, query);
    ct_buf_free(&body);
    return r;
}

static inline struct run parse_fixture(const struct ct_family *f, const char *file)
{
    return fixture_asked(f, file, NULL, NULL);
}

static inline void done(struct run *r)
{
    ct_arena_free(r->arena);
}

static inline struct run good_asked(const struct ct_family *f, const char *file,
                                    const char *provider, const char *query)
{
    struct run r = fixture_asked(f, file, provider, query);
    if (r.status != CT_OK)
        print_error("%s/%s: %s: %s\n", f->name, file, r.err.where, r.err.what);
    assert_int_equal(r.status, CT_OK);
    return r;
}

static inline struct run good(const struct ct_family *f, const char *file)
{
    return good_asked(f, file, NULL, NULL);
}

static inline bool is_empty(const struct ct_batch *b)
{
    return ct_batch_rows(b) == 0 && b->pages.n == 0 && b->notes.n == 0 && !b->next_page.p &&
           b->data_ms == CT_NONE;
}

static inline void refused_at(const struct ct_family *f, const char *file, enum ct_status status,
                              const char *where, const char *words)
{
    struct run r = parse_fixture(f, file);
    if (r.status != status || !strstr(r.err.where, where) || !strstr(r.err.what, words))
        print_error("%s/%s: status %d, %s: %s\n", f->name, file, (int)r.status, r.err.where,
                    r.err.what);
    assert_int_equal(r.status, status);
    assert_non_null(strstr(r.err.where, where));
    assert_non_null(strstr(r.err.what, words));
    assert_true(is_empty(&r.rows));
    done(&r);
}

static inline void refused(const struct ct_family *f, const char *file, enum ct_status status,
                           const char *words)
{
    refused_at(f, file, status, "", words);
}

static inline void text_is(struct ct_span got, const char *want)
{
    if (want ? !ct_span_is(got, want) : got.p != NULL)
        print_error("got \"%.*s\", wanted \"%s\"\n", CT_FMT(got), want ? want : "(null)");
    assert_true(want ? ct_span_is(got, want) : got.p == NULL);
}

static inline void time_is(int64_t ms, const char *want)
{
    char got[CT_TIME_MAX] = "(none)";
    if (ms != CT_NONE)
        ct_time_format(got, ms);
    assert_string_equal(got, want);
}

static inline const struct ct_incident *incident(const struct run *r, const char *id)
{
    for (size_t i = 0; i < r->rows.incidents.n; i++)
        if (ct_span_is(r->rows.incidents.v[i].id, id))
            return &r->rows.incidents.v[i];
    fail_msg("no incident %s", id);
    return NULL;
}

static inline const struct ct_component *component(const struct run *r, const char *id)
{
    for (size_t i = 0; i < r->rows.components.n; i++)
        if (ct_span_is(r->rows.components.v[i].id, id))
            return &r->rows.components.v[i];
    fail_msg("no component %s", id);
    return NULL;
}

/* The N-th update of an incident as listed: newest first. */
static inline const struct ct_update *update(const struct run *r, struct ct_span id, size_t n)
{
    for (size_t i = 0; i < r->rows.updates.n; i++)
        if (ct_span_eq(r->rows.updates.v[i].incident, id) && n-- == 0)
            return &r->rows.updates.v[i];
    return NULL;
}

static inline size_t updates_of(const struct run *r, struct ct_span id)
{
    size_t n = 0;
    while (update(r, id, n))
        n++;
    return n;
}

static inline int64_t note(const struct run *r, const char *what)
{
    for (size_t i = 0; i < r->rows.notes.n; i++)
        if (ct_span_is(r->rows.notes.v[i].what, what))
            return r->rows.notes.v[i].count;
    return 0;
}

static inline bool list_is(struct ct_list l, const char *joined)
{
    struct ct_buf b = CT_BUF_INIT;
    for (size_t i = 0; i < l.n; i++) {
        if (i)
            ct_buf_addc(&b, ',');
        ct_buf_add(&b, l.v[i]);
    }
    bool same = ct_span_is(ct_buf_span(&b), joined);
    if (!same)
        print_error("list is \"%.*s\", wanted \"%s\"\n", CT_FMT(ct_buf_span(&b)), joined);
    ct_buf_free(&b);
    return same;
}

static inline bool is_clean(struct ct_span text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20)
            return false;
    return ct_utf8_valid(text);
}

static inline void check_offer(const struct ct_offer *o)
{
    const struct ct_span texts[] = {o->cloud,    o->region, o->zone,     o->sku,
                                    o->instance, o->gpu,    o->currency, o->interruption};
    const int64_t figures[] = {o->price_per_hour, o->price_per_gpu_hour, o->gpu_count_milli,
                               o->gpu_mem_milli,  o->vcpu_milli,         o->mem_milli};
    assert_true(o->stock >= -1 && o->stock <= CT_STOCK_AVAILABLE); /* -1: not said */
    assert_in_range(o->purchase, CT_PURCHASE_OD, CT_PURCHASE_OTHER);
    for (size_t i = 0; i < CT_LEN(figures); i++)
        assert_true(figures[i] == CT_NONE || figures[i] >= 0);
    for (size_t i = 0; i < CT_LEN(texts); i++)
        assert_true(is_clean(texts[i]));
}

static inline void check_token(const struct ct_token_price *t)
{
    const struct ct_span texts[] = {t->source_id, t->seller, t->model,   t->host,
                                    t->region,    t->tier,   t->variant, t->currency};
    assert_true(t->per_mtok == CT_NONE || t->per_mtok >= 0);
    assert_true(t->kind >= 0 && t->tier.n > 0);
    assert_true(t->source_id.n > 0 && t->source_id.n <= CT_ID_BYTES);
    for (size_t i = 0; i < CT_LEN(texts); i++)
        assert_true(is_clean(texts[i]));
}

static inline void check_incident(const struct ct_incident *i)
{
    assert_true(i->id.n > 0 && is_clean(i->title) && i->state >= 0);
    if (i->open && i->phase != CT_PHASE_SCHEDULED)
        assert_true(i->state != CT_STATE_OPERATIONAL);
    assert_true(!i->open || i->resolved_ms == CT_NONE);
}

/* Whatever came in: a refusal that says why, without rows; or rows that are clean and within their
 * enums. */
static inline void check_rows(const struct run *r)
{
    const struct ct_batch *b = &r->rows;
    if (r->status != CT_OK) {
        assert_true(is_empty(b));
        assert_true(r->err.what[0] != '\0');
    }
    for (size_t i = 0; i < b->offers.n; i++)
        check_offer(&b->offers.v[i]);
    for (size_t i = 0; i < b->token_prices.n; i++)
        check_token(&b->token_prices.v[i]);
    for (size_t i = 0; i < b->incidents.n; i++)
        check_incident(&b->incidents.v[i]);
    for (size_t i = 0; i < b->components.n; i++)
        assert_true(is_clean(b->components.v[i].name) && b->components.v[i].state >= 0);
    for (size_t i = 0; i < b->endpoints.n; i++)
        assert_true(b->endpoints.v[i].state >= 0 && b->endpoints.v[i].host.n > 0);
    for (size_t i = 0; i < b->articles.n; i++)
        assert_true(b->articles.v[i].id.n > 0 && is_clean(b->articles.v[i].title));
}

/* The recorded answer data/REST, unpacked where it is packed. It may be a refusal. */
static inline struct run recorded_asked(const struct ct_family *f, const char *rest,
                                        const char *provider)
{
    char path[800];
    struct ct_buf body = CT_BUF_INIT, plain = CT_BUF_INIT;
    recorded_path(path, sizeof path, rest);
    assert_int_equal(ct_read_file(path, 16u << 20, &body, NULL), CT_OK);
    bool packed = ct_is_gzip(ct_buf_span(&body));
    if (packed)
        assert_int_equal(ct_gunzip(ct_buf_span(&body), 16u << 20, &plain, NULL), CT_OK);
    struct run r = parse_asked(f, ct_buf_span(packed ? &plain : &body), provider, NULL);
    if (r.status != CT_OK)
        print_message("# %s: %s: %s\n", rest, r.err.where, r.err.what);
    ct_buf_free(&body);
    ct_buf_free(&plain);
    check_rows(&r);
    return r;
}

/* One that is read. */
static inline struct run recorded(const struct ct_family *f, const char *rest)
{
    struct run r = recorded_asked(f, rest, NULL);
    assert_int_equal(r.status, CT_OK);
    return r;
}

/* Group set-up and tear-down of tests whose parsers look things up. */
static inline int load_tables(void **state)
{
    struct ct_error err = {0};
    (void)state;
    if (ct_reference_load(&err) == CT_OK)
        return 0;
    print_error("%s: %s\n", err.where, err.what);
    return -1;
}

static inline int unload_tables(void **state)
{
    (void)state;
    ct_reference_free();
    return 0;
}

/* Notes name words nobody knew: in a recorded answer there are none. */
static inline void knows_every_word(const struct run *r)
{
    for (size_t i = 0; i < r->rows.notes.n; i++)
        assert_false(ct_span_starts(r->rows.notes.v[i].what, "unknown"));
}

static inline size_t count_state(const struct run *r, int state)
{
    size_t n = 0;
    for (size_t i = 0; i < r->rows.components.n; i++)
        n += r->rows.components.v[i].state == state;
    return n;
}

#endif
