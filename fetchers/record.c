#include "config.h"

#include "fetchers/record.h"

#include "db/base/log.h"
#include "db/base/paths.h"
#include "db/base/text.h"
#include "fetchers/gunzip.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX = 256 << 10, BODY_MAX = 64 << 20, SOURCES_MAX = 1024 };
#define FIRST_LINE "cloudtape-recording: 1"
#define HEAD_END ".head"
#define BODY_END ".body.gz"

/* ---- keeping ---- */

struct ct_record {
    char *dir;
    struct ct_arena *arena;
    CT_VEC(const char *) known; /* ids with a kept answer */
    int64_t bytes;
    bool over;
};

enum ct_status ct_record_open(const char *dir, struct ct_record **out, struct ct_error *err)
{
    enum ct_status st = ct_mkdirs(dir, err);
    *out = NULL;
    if (st != CT_OK)
        return st;
    struct ct_record *r = ct_xcalloc(1, sizeof *r);
    r->dir = ct_xstrdup(dir);
    r->arena = ct_arena_new(0);
    *out = r;
    return CT_OK;
}

void ct_record_close(struct ct_record *r)
{
    if (!r)
        return;
    ct_arena_free(r->arena);
    free(r->dir);
    free(r);
}

bool ct_record_knows(const struct ct_record *r, const char *id)
{
    for (size_t i = 0; i < r->known.n; i++)
        if (strcmp(r->known.v[i], id) == 0)
            return true;
    return false;
}

/* KEY in TEXT becomes stars; also as it stands in an address, percent-encoded or not. */
static void hide(struct ct_buf *text, const char *key)
{
    size_t n = key ? strlen(key) : 0;
    char *at = text->p;
    while (n > 3 && at && (at = memmem(at, (size_t)(text->p + text->n - at), key, n)) != NULL) {
        memset(at, '*', n);
        at += n;
    }
}

static void add_line(struct ct_buf *out, const char *name, struct ct_span value)
{
    char clean[2100];
    ct_text_clean(clean, sizeof clean, value, 0);
    if (value.p)
        ct_buf_addf(out, "%s: %s\n", name, clean);
}

static void add_number(struct ct_buf *out, const char *name, int64_t value)
{
    ct_buf_addf(out, "%s: %" PRId64 "\n", name, value);
}

static void add_time(struct ct_buf *out, const char *name, int64_t ms)
{
    char text[CT_TIME_MAX];
    ct_time_format(text, ms);
    add_line(out, name, ct_span(text));
}

/* The lines of a probe's head. */
static const struct step {
    const char *name;
    size_t off;
} steps[] = {
    {"lookup_us", offsetof(struct ct_http_steps, lookup_us)},
    {"connect_us", offsetof(struct ct_http_steps, connect_us)},
    {"tls_us", offsetof(struct ct_http_steps, tls_us)},
    {"first_byte_us", offsetof(struct ct_http_steps, first_byte_us)},
    {"total_us", offsetof(struct ct_http_steps, total_us)},
};

static int64_t *step_at(struct ct_http_steps *s, const struct step *step)
{
    return (int64_t *)(void *)((char *)s + step->off);
}

static void add_steps(struct ct_buf *out, struct ct_http_steps s)
{
    for (size_t i = 0; i < CT_LEN(steps); i++)
        if (*step_at(&s, &steps[i]) != CT_NONE)
            add_number(out, steps[i].name, *step_at(&s, &steps[i]));
}

/* The answer's own headers, without what could be a session. */
static void add_headers(struct ct_buf *out, struct ct_span headers)
{
    while (headers.n) {
        struct ct_span line = ct_span_trim(ct_span_cut(&headers, '\n'));
        if (line.n && !ct_span_istarts(line, "set-cookie"))
            add_line(out, "header", line);
    }
}

static void fill_head(struct ct_buf *out, const struct ct_exchange *x)
{
    const struct ct_source *s = x->s;
    const struct ct_http_answer *a = x->answer;
    const char *method = s->body && s->body[0] ? "POST" : "GET";
    ct_buf_adds(out, FIRST_LINE "\n");
    add_line(out, "source", ct_span(s->id));
    add_line(out, "family", ct_span(s->family));
    add_line(out, "kind", ct_span(ct_source_kind_words[ct_source_kind(s)]));
    add_line(out, "provider", ct_span(s->provider));
    add_line(out, "scope", ct_span(s->scope));
    add_line(out, "query", ct_span(s->query));
    add_line(out, "evidence", ct_span(ct_evidence_words[s->evidence]));
    add_line(out, "part_of_list", ct_span(s->part_of_list ? "yes" : "no"));
    add_number(out, "max_pages", s->max_pages);
    add_number(out, "interval_s", s->interval_ms / CT_SECOND);
    add_time(out, "begun", x->begun_ms);
    add_time(out, "ended", x->ended_ms);
    add_number(out, "page", x->page);
    add_line(out, "method", ct_span(ct_source_is_program(s) ? "exec" : method));
    add_line(out, "address", ct_span(x->address));
    if (!x->secrets[0] && !ct_span_eq(a->final_url, ct_span(x->address)))
        add_line(out, "final-address", a->final_url);
    if (s->body && s->body[0])
        add_line(out, "request-body", ct_span(s->body));
    if (s->headers && s->headers[0])
        add_line(out, "request-headers", ct_span(s->headers));
    if (x->secrets[0])
        add_line(out, "key", CT_LIT("sent, not kept"));
    add_number(out, "status", a->http_status);
    add_number(out, "latency_ms", a->latency_ms);
    if (ct_source_is_probe(s) && a->steps.total_us != CT_NONE)
        add_steps(out, a->steps);
    if (a->retry_after_ms != CT_NONE)
        add_number(out, "retry_after_ms", a->retry_after_ms);
    add_line(out, "etag", a->etag);
    add_line(out, "last-modified", a->last_modified);
    add_line(out, "content-type", a->content_type);
    if (a->status != CT_OK) {
        add_line(out, "error-where", ct_span(a->err.where));
        add_line(out, "error", ct_span(a->err.what));
    }
    add_number(out, "bytes", (int64_t)a->body.n);
    add_headers(out, a->headers);
}

static enum ct_status write_part(struct ct_record *r, const struct ct_exchange *x, const char *end,
                                 struct ct_span bytes, struct ct_error *err)
{
    struct ct_buf path = CT_BUF_INIT;
    char at[CT_TIME_MAX];
    /* Always with milliseconds, and no colon: some file systems know none. */
    struct ct_civil c;
    ct_civil_from_ms(x->begun_ms, &c);
    snprintf(at, sizeof at, "%04d-%02d-%02dT%02d-%02d-%02d.%03dZ", c.year % 10000, c.month % 100,
             c.day % 100, c.hour % 100, c.minute % 100, c.second % 100, c.ms % 1000);
    ct_buf_addf(&path, "%s/%s", r->dir, x->s->id);
    enum ct_status st = ct_mkdirs(path.p, err);
    ct_buf_addf(&path, "/%s.%02d%s", at, x->page, end);
    if (st == CT_OK)
        st = ct_write_file(path.p, bytes, err);
    ct_buf_free(&path);
    r->bytes += (int64_t)bytes.n;
    return st;
}

void ct_record_keep(struct ct_record *r, const struct ct_exchange *x)
{
    struct ct_buf head = CT_BUF_INIT, body = CT_BUF_INIT, packed = CT_BUF_INIT;
    struct ct_error err = {0};
    enum ct_status st = CT_OK;
    if (r->over)
        return;
    fill_head(&head, x);
    ct_buf_add(&body, x->answer->body);
    for (const char *const *secret = x->secrets; *secret; secret++) {
        hide(&head, *secret);
        hide(&body, *secret);
    }
    /* The body first: a head says that all of it is there. */
    if (body.n > 0 && (st = ct_gzip(ct_buf_span(&body), &packed, &err)) == CT_OK)
        st = write_part(r, x, BODY_END, ct_buf_span(&packed), &err);
    if (st == CT_OK)
        st = write_part(r, x, HEAD_END, ct_buf_span(&head), &err);
    if (st == CT_OK && x->answer->http_status != 304 && !ct_record_knows(r, x->s->id))
        *CT_VEC_PUSH(r->arena, &r->known) = ct_arena_dup(r->arena, ct_span(x->s->id)).p;
    if (st == CT_OK && r->bytes > CT_RECORD_BYTES)
        st = ct_fail(&err, CT_ERR_LIMIT, r->dir, "the recording is full");
    if (st != CT_OK) {
        r->over = true;
        ct_log(CT_LOG_ERROR, "recording ends: %s: %s", err.where, err.what);
        fprintf(stderr, "cloudtape: recording ends: %s: %s\n", err.where, err.what);
    }
    ct_buf_free(&head);
    ct_buf_free(&body);
    ct_buf_free(&packed);
}

/* ---- giving back ---- */

struct page {
    const char *path; /* without its ending */
    struct ct_span head;
    struct ct_span id;
    int64_t begun_ms, ended_ms, page;
};

struct ct_replay {
    struct ct_arena *arena;
    CT_VEC(struct page) pages;
    CT_VEC(struct ct_replay_attempt) attempts;
    CT_VEC(size_t) first; /* of each attempt's pages */
    size_t *order;        /* of attempts, by their ends */
    struct ct_buf body;
};

/* The value of NAME in a head; null when it has none. */
static struct ct_span value_of(struct ct_span head, const char *name)
{
    size_t n = strlen(name);
    while (head.n) {
        struct ct_span line = ct_span_cut(&head, '\n');
        if (line.n > n + 1 && memcmp(line.p, name, n) == 0 && line.p[n] == ':')
            return ct_span_trim((struct ct_span){line.p + n + 1, line.n - n - 1});
    }
    return CT_SPAN_NONE;
}

static int64_t number_of(struct ct_span head, const char *name, int64_t fallback)
{
    int64_t n;
    return ct_span_int(value_of(head, name), &n) == CT_OK ? n : fallback;
}

static enum ct_status read_head(struct ct_replay *r, const char *path, struct ct_error *err)
{
    struct ct_buf text = CT_BUF_INIT;
    struct page p = {0};
    enum ct_status st = ct_read_file(path, HEAD_MAX, &text, err);
    p.head = ct_arena_dup(r->arena, text.p ? ct_buf_span(&text) : CT_LIT(""));
    p.path = ct_arena_printf(r->arena, "%.*s", (int)(strlen(path) - strlen(HEAD_END)), path).p;
    p.id = value_of(p.head, "source");
    p.page = number_of(p.head, "page", 0);
    if (st == CT_OK &&
        (!ct_span_starts(p.head, FIRST_LINE "\n") || !p.id.n || p.page < 1 || p.page > 50 ||
         ct_time_parse(value_of(p.head, "begun"), &p.begun_ms) != CT_OK ||
         ct_time_parse(value_of(p.head, "ended"), &p.ended_ms) != CT_OK))
        st = ct_fail(err, CT_ERR_SHAPE, path, "not the head of a recorded answer");
    if (st == CT_OK)
        *CT_VEC_PUSH(r->arena, &r->pages) = p;
    ct_buf_free(&text);
    return st;
}

static int is_head(const struct dirent *e)
{
    return e->d_name[0] != '.' && ct_span_ends(ct_span(e->d_name), HEAD_END);
}

static int is_source(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static enum ct_status read_source(struct ct_replay *r, const char *dir, struct ct_error *err)
{
    struct dirent **names = NULL;
    struct ct_buf path = CT_BUF_INIT;
    enum ct_status st = CT_OK;
    int n = scandir(dir, &names, is_head, alphasort);
    for (int i = 0; i < n; i++) {
        ct_buf_clear(&path);
        ct_buf_addf(&path, "%s/%s", dir, names[i]->d_name);
        if (st == CT_OK)
            st = read_head(r, path.p, err);
        free(names[i]);
    }
    free(names);
    ct_buf_free(&path);
    return st;
}

static int by_attempt(const void *a, const void *b)
{
    const struct page *x = a, *y = b;
    int c = ct_span_cmp(x->id, y->id);
    if (c == 0)
        c = (x->begun_ms > y->begun_ms) - (x->begun_ms < y->begun_ms);
    return c ? c : (x->page > y->page) - (x->page < y->page);
}

static int by_end(const void *a, const void *b, void *ctx)
{
    const struct ct_replay *r = ctx;
    const struct ct_replay_attempt *x = &r->attempts.v[*(const size_t *)a],
                                   *y = &r->attempts.v[*(const size_t *)b];
    int c = (x->ended_ms > y->ended_ms) - (x->ended_ms < y->ended_ms);
    return c ? c : strcmp(x->id, y->id);
}

/* Pages to attempts, attempts to the order of their ends. */
static void sort_out(struct ct_replay *r)
{
    qsort(r->pages.v, r->pages.n, sizeof *r->pages.v, by_attempt);
    for (size_t i = 0; i < r->pages.n; i++) {
        const struct page *p = &r->pages.v[i], *before = i ? p - 1 : NULL;
        if (before && ct_span_eq(before->id, p->id) && before->begun_ms == p->begun_ms) {
            struct ct_replay_attempt *a = &r->attempts.v[r->attempts.n - 1];
            a->pages++;
            a->ended_ms = p->ended_ms;
            continue;
        }
        *CT_VEC_PUSH(r->arena, &r->attempts) = (struct ct_replay_attempt){
            ct_arena_dup(r->arena, p->id).p, p->begun_ms, p->ended_ms, 1};
        *CT_VEC_PUSH(r->arena, &r->first) = i;
    }
    r->order = ct_arena_alloc(r->arena, (r->attempts.n + 1) * sizeof *r->order);
    for (size_t i = 0; i < r->attempts.n; i++)
        r->order[i] = i;
    qsort_r(r->order, r->attempts.n, sizeof *r->order, by_end, r);
}

enum ct_status ct_replay_open(const char *dir, struct ct_replay **out, struct ct_error *err)
{
    struct ct_replay *r = ct_xcalloc(1, sizeof *r);
    struct ct_buf path = CT_BUF_INIT;
    struct dirent **names = NULL;
    enum ct_status st = CT_OK;
    int n = scandir(dir, &names, is_source, alphasort);
    *out = NULL;
    r->arena = ct_arena_new(0);
    if (n < 0)
        st = ct_fail(err, errno == ENOENT ? CT_ERR_NOT_FOUND : CT_ERR_IO, dir, "%s",
                     strerror(errno));
    for (int i = 0; i < n; i++) {
        ct_buf_clear(&path);
        ct_buf_addf(&path, "%s/%s", dir, names[i]->d_name);
        if (st == CT_OK && i < SOURCES_MAX)
            st = read_source(r, path.p, err);
        free(names[i]);
    }
    free(names);
    ct_buf_free(&path);
    if (st == CT_OK && r->pages.n == 0)
        st = ct_fail(err, CT_ERR_SHAPE, dir, "no recorded answer in it");
    if (st != CT_OK) {
        ct_replay_close(r);
        return st;
    }
    sort_out(r);
    *out = r;
    return CT_OK;
}

void ct_replay_close(struct ct_replay *r)
{
    if (!r)
        return;
    ct_buf_free(&r->body);
    ct_arena_free(r->arena);
    free(r);
}

size_t ct_replay_count(const struct ct_replay *r)
{
    return r->attempts.n;
}

const struct ct_replay_attempt *ct_replay_at(const struct ct_replay *r, size_t i)
{
    return i < r->attempts.n ? &r->attempts.v[r->order[i]] : NULL;
}

enum ct_status ct_replay_page(struct ct_replay *r, size_t i, int page, struct ct_http_answer *out,
                              struct ct_error *err)
{
    const struct ct_replay_attempt *a = ct_replay_at(r, i);
    if (page < 1 || page > a->pages)
        return ct_fail(err, CT_ERR_NOT_FOUND, a->id, "page %d was not recorded", page);
    const struct page *p = &r->pages.v[r->first.v[r->order[i]] + (size_t)page - 1];
    struct ct_span head = p->head, error = value_of(head, "error");
    struct ct_buf packed = CT_BUF_INIT, path = CT_BUF_INIT;
    enum ct_status st = CT_OK;
    *out = (struct ct_http_answer){
        .status = error.p ? CT_ERR_NET : CT_OK,
        .http_status = (int)number_of(head, "status", 0),
        .etag = value_of(head, "etag"),
        .last_modified = value_of(head, "last-modified"),
        .content_type = value_of(head, "content-type"),
        .final_url = value_of(head, value_of(head, "final-address").p ? "final-address" : "address"),
        .ahead_ms = CT_NONE,
        .retry_after_ms = number_of(head, "retry_after_ms", CT_NONE),
        .latency_ms = number_of(head, "latency_ms", 0),
    };
    for (size_t k = 0; k < CT_LEN(steps); k++)
        *step_at(&out->steps, &steps[k]) = number_of(head, steps[k].name, CT_NONE);
    snprintf(out->err.where, sizeof out->err.where, "%.*s", CT_FMT(value_of(head, "error-where")));
    snprintf(out->err.what, sizeof out->err.what, "%.*s", CT_FMT(error));
    ct_buf_clear(&r->body);
    ct_buf_addf(&path, "%s" BODY_END, p->path);
    if (number_of(head, "bytes", 0) > 0 &&
        (st = ct_read_file(path.p, BODY_MAX, &packed, err)) == CT_OK)
        st = ct_gunzip(ct_buf_span(&packed), BODY_MAX, &r->body, err);
    out->body = r->body.p ? ct_buf_span(&r->body) : CT_LIT("");
    ct_buf_free(&packed);
    ct_buf_free(&path);
    return st;
}

struct ct_span ct_replay_value(const struct ct_replay *r, size_t i, const char *name)
{
    return value_of(r->pages.v[r->first.v[r->order[i]]].head, name);
}
