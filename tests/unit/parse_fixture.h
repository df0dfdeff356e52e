/* Parsers over fixtures: what came out of tests/data/FAMILY/FILE, of a damaged body, and of the
 * recorded answers beside the project when they are there. For the tests of status formats. */
#ifndef CT_PARSE_FIXTURE_H
#define CT_PARSE_FIXTURE_H

#include "fetchers/family.h"

#include "db/base/paths.h"
#include "db/base/text.h"
#include "tests/unit/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
    struct ct_arena *arena;
    struct ct_buf body;
    struct ct_batch rows;
    enum ct_status status;
    struct ct_error err;
};

static inline struct run parse_span(const struct ct_family *f, struct ct_span body)
{
    struct run r = {.arena = ct_arena_new(64u << 20), .body = CT_BUF_INIT};
    struct ct_parse_hint hint = {CT_SPAN_NONE, CT_SPAN_NONE};
    ct_batch_init(&r.rows, r.arena);
    /* A block of exactly the body's size: the sanitizer sees any read behind it. */
    char *copy = malloc(body.n ? body.n : 1);
    assert_non_null(copy);
    if (body.n)
        memcpy(copy, body.p, body.n);
    r.status = f->parse((struct ct_span){copy, body.n}, &hint, &r.rows, &r.err);
    memset(copy, 'x', body.n); /* rows must not borrow from the body */
    free(copy);
    return r;
}

static inline void read_fixture(const char *family, const char *file, struct ct_buf *out)
{
    char path[512];
    const char *top = getenv("CT_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/data/%s/%s", top ? top : ".", family, file);
    assert_int_equal(ct_read_file(path, 16u << 20, out, NULL), CT_OK);
}

static inline struct run parse_fixture(const struct ct_family *f, const char *file)
{
    struct ct_buf body = CT_BUF_INIT;
    read_fixture(f->name, file, &body);
    struct run r = parse_span(f, ct_buf_span(&body));
    r.body = body;
    return r;
}

static inline void done(struct run *r)
{
    ct_buf_free(&r->body);
    ct_arena_free(r->arena);
}

static inline struct run good(const struct ct_family *f, const char *file)
{
    struct run r = parse_fixture(f, file);
    if (r.status != CT_OK)
        print_error("%s/%s: %s: %s\n", f->name, file, r.err.where, r.err.what);
    assert_int_equal(r.status, CT_OK);
    return r;
}

static inline bool is_empty(const struct ct_batch *b)
{
    return ct_batch_rows(b) == 0 && b->pages.n == 0 && b->notes.n == 0 && !b->next_page.p &&
           b->data_ms == CT_NONE;
}

static inline void refused(const struct ct_family *f, const char *file, enum ct_status status,
                           const char *words)
{
    struct run r = parse_fixture(f, file);
    if (r.status != status || !strstr(r.err.what, words))
        print_error("%s/%s: status %d, %s: %s\n", f->name, file, (int)r.status, r.err.where,
                    r.err.what);
    assert_int_equal(r.status, status);
    assert_non_null(strstr(r.err.what, words));
    assert_true(is_empty(&r.rows));
    done(&r);
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

static inline void check_damaged(const struct ct_family *f, struct ct_span body)
{
    struct run r = parse_span(f, body);
    if (r.status != CT_OK) {
        assert_true(is_empty(&r.rows));
        assert_true(r.err.what[0] != '\0');
    }
    for (size_t i = 0; i < r.rows.incidents.n; i++) {
        assert_true(ct_utf8_valid(r.rows.incidents.v[i].title));
        assert_true(r.rows.incidents.v[i].state >= 0);
        if (r.rows.incidents.v[i].open && r.rows.incidents.v[i].phase != CT_PHASE_SCHEDULED)
            assert_true(r.rows.incidents.v[i].state != CT_STATE_OPERATIONAL);
    }
    done(&r);
}

static inline bool recorded(const struct ct_family *f, const char *file, struct run *r)
{
    char path[600];
    struct ct_buf body = CT_BUF_INIT;
    char rest[300];
    snprintf(rest, sizeof rest, "status/%s", file);
    recorded_path(path, sizeof path, rest);
    assert_int_equal(ct_read_file(path, 16u << 20, &body, NULL), CT_OK);
    *r = parse_span(f, ct_buf_span(&body));
    r->body = body;
    if (r->status != CT_OK)
        print_error("%s: %s: %s\n", file, r->err.where, r->err.what);
    assert_int_equal(r->status, CT_OK);
    return true;
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
