#include "config.h"

#include "fetchers/ask.h"

#include "fetchers/gunzip.h"
#include "fetchers/schedule.h"
#include "fetchers/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_LIMIT ((size_t)64 << 20) /* of the rows of one answer */
#define DEFAULT_BODY ((size_t)8 << 20)
#define RECORDED_MAX ((size_t)64 << 20)
#define DEFAULT_TIMEOUT_MS (30 * CT_SECOND)
#define KEY_PLACE "{key}"  /* in an address: where the key goes */
#define TIME_PLACE "{now}" /* in a body: where the time goes */

static void ask(struct ct_ask *a, bool plain);

static bool is_post(const struct ct_source *s)
{
    return s->body && s->body[0];
}

/* ---- keys ---- */

enum { KEY_OUTPUT = 64 << 10 };
#define KEY_TIMEOUT_MS (10 * CT_SECOND)

static bool asks_for_key(const struct ct_source *s)
{
    return s->key_command && s->key_command[0];
}

/* But for what a program must be asked for. */
static const char *known_key(const struct ct_source *s)
{
    const char *key = s->key ? s->key : s->key_env && s->key_env[0] ? getenv(s->key_env) : NULL;
    return key && key[0] ? key : NULL;
}

static const char *key_of(const struct ct_ask *a)
{
    return a->key ? a->key : known_key(a->s);
}

static const char *env_of(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

bool ct_source_has_key(const struct ct_source *s)
{
    bool id = !ct_source_signs(s) || env_of(CT_KEY_SIGNS_ID);
    bool key = asks_for_key(s) || known_key(s);
    return id && (!s->key_env || !s->key_env[0] || key);
}

/* All that nobody may see of what is asked with. */
static void secrets_of(const struct ct_ask *a, const char *out[CT_SECRETS_MAX + 1])
{
    const char *all[CT_SECRETS_MAX] = {key_of(a)};
    size_t n = 0;
    if (ct_source_signs(a->s)) {
        all[1] = env_of(CT_KEY_SIGNS_ID);
        all[2] = env_of(CT_KEY_SIGNS_SESSION);
    }
    for (size_t i = 0; i < CT_LEN(all); i++)
        if (all[i])
            out[n++] = all[i];
    out[n] = NULL;
}

/* Overwrites SECRET wherever LINE shows it. */
static void hide(char *line, const char *secret)
{
    size_t n = secret ? strlen(secret) : 0;
    for (char *at = line; n > 3 && (at = strstr(at, secret)) != NULL; at += n)
        memset(at, '*', n);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-._~", c) != NULL;
}

/* URL with the key in its place. True: there was one. */
static bool put_key(struct ct_buf *out, const char *url, const char *key)
{
    const char *at = key ? strstr(url, KEY_PLACE) : NULL;
    ct_buf_clear(out);
    if (!at) {
        ct_buf_adds(out, url);
        return false;
    }
    ct_buf_add(out, (struct ct_span){url, (size_t)(at - url)});
    for (const char *k = key; *k; k++)
        ct_buf_addf(out, is_unreserved(*k) ? "%c" : "%%%02X", (unsigned char)*k);
    ct_buf_adds(out, at + strlen(KEY_PLACE));
    return true;
}

/* ---- recordings ---- */

static void arrived(struct ct_ask *a, const struct ct_http_answer *answer)
{
    a->ended_ms = ct_now_ms();
    struct ct_exchange x = {.s = a->s,
                            .address = a->url.p,
                            .begun_ms = a->begun_ms,
                            .ended_ms = a->ended_ms,
                            .page = a->asked,
                            .answer = answer};
    secrets_of(a, x.secrets);
    if (a->record && !a->stream) /* what is never held whole is not kept */
        ct_record_keep(a->record, &x);
}

/* ---- the end ---- */

static void finish(struct ct_ask *a, enum ct_outcome outcome)
{
    a->outcome = outcome;
    a->done(a->ctx, a);
}

static void fail(struct ct_ask *a, const struct ct_error *err)
{
    snprintf(a->error, sizeof a->error, "%s: %s", err->where, err->what);
    const char *secrets[CT_SECRETS_MAX + 1];
    secrets_of(a, secrets);
    for (size_t i = 0; secrets[i]; i++)
        hide(a->error, secrets[i]);
    finish(a, CT_OUTCOME_FAILED);
}

/* ---- pages ---- */

static size_t body_limit(const struct ct_source *s)
{
    return s->max_bytes ? s->max_bytes : s->ops->max_bytes ? s->ops->max_bytes : DEFAULT_BODY;
}

/* Its own, where somebody gave it one; else that of the settings. */
static int64_t timeout_of(const struct ct_ask *a)
{
    int64_t own = a->s->timeout_ms;
    bool chosen = own > 0 && own != DEFAULT_TIMEOUT_MS;
    return chosen || a->timeout_ms <= 0 ? own : a->timeout_ms;
}

/* HASH with the hash of N further bytes of an answer of S. */
static uint64_t add_hash(const struct ct_source *s, uint64_t hash, uint64_t of_bytes, uint64_t n)
{
    if (hash == 0) {
        const char *parts[] = {PACKAGE_VERSION, s->family, s->provider, s->query, s->body};
        for (size_t i = 0; i < CT_LEN(parts); i++)
            hash = ct_mix(hash, ct_hash(ct_span(parts[i] ? parts[i] : "")), i);
        hash = ct_mix(hash, s->ops ? (uint64_t)s->ops->version : 0, CT_LEN(parts));
    }
    hash = ct_mix(hash, of_bytes, n);
    return hash ? hash : 1; /* 0 says "none" in the database */
}

uint64_t ct_body_hash(const struct ct_source *s, uint64_t hash, struct ct_span body)
{
    return add_hash(s, hash, ct_hash(body), body.n);
}

uint64_t ct_stream_source_hash(const struct ct_source *s, const struct ct_stream *stream)
{
    return add_hash(s, 0, ct_stream_hash(stream), ct_stream_bytes(stream));
}

/* A link of an address, or a further field of what is posted to the same one. */
static enum ct_status next_address(struct ct_ask *a, struct ct_span link, struct ct_buf *out,
                                   struct ct_error *err)
{
    ct_buf_clear(&a->more);
    if (!(is_post(a->s) && link.p[0] == '&'))
        return ct_url_next(a->url.p, link, out, err);
    ct_buf_add(&a->more, link);
    ct_buf_adds(out, a->url.p);
    return CT_OK;
}

/* True: the next page is on its way, or the attempt has failed over it. */
static bool go_on(struct ct_ask *a)
{
    struct ct_error err = {0};
    struct ct_span link = a->batch.next_page;
    struct ct_buf next = CT_BUF_INIT;
    int limit = a->s->max_pages > 1 ? a->s->max_pages : 1;

    if (!link.n)
        return false;
    limit = limit < CT_PAGES_MAX ? limit : CT_PAGES_MAX;
    if (a->pages >= limit && a->s->part_of_list)
        return false; /* asked for no more than the first pages */
    if (a->pages >= limit)
        (void)ct_fail(&err, CT_ERR_LIMIT, a->s->id, "more than %d pages", limit);
    else if (next_address(a, link, &next, &err) == CT_OK) {
        uint64_t hash = ct_mix(ct_hash(ct_buf_span(&next)), ct_hash(ct_buf_span(&a->more)), 0);
        for (int i = 0; i < a->pages; i++)
            if (a->links[i] == hash)
                (void)ct_fail(&err, CT_ERR_SHAPE, a->s->id, "page %d leads back to page %d",
                              a->pages, i + 1);
        a->links[a->pages] = hash;
    }
    if (err.status != CT_OK) {
        ct_buf_free(&next);
        fail(a, &err);
        return true;
    }
    ct_buf_free(&a->url);
    a->url = next;
    a->batch.next_page = CT_SPAN_NONE;
    ask(a, true);
    return true;
}

static void keep_validators(struct ct_ask *a, struct ct_span etag, struct ct_span last_modified)
{
    a->etag = ct_arena_dup(a->arena, ct_header_safe(etag));
    a->last_modified = ct_arena_dup(a->arena, ct_header_safe(last_modified));
}

/* FROM: where it came from in the end; null: from no address. */
static void on_body(struct ct_ask *a, struct ct_span body, struct ct_span from, struct ct_span etag,
                    struct ct_span last_modified)
{
    const struct ct_parse_hint hint = ct_source_hint(a->s);
    struct ct_error err = {0};

    if (ct_is_gzip(body)) { /* packed, and nobody said so */
        size_t left = body_limit(a->s) - (size_t)a->bytes;
        if (ct_gunzip(body, left, &a->unpacked, &err) != CT_OK) {
            fail(a, &err);
            return;
        }
        body = ct_buf_span(&a->unpacked);
    }
    a->pages++;
    a->bytes += (int64_t)body.n;
    a->hash = ct_body_hash(a->s, a->hash, body);
    if (a->pages == 1) {
        keep_validators(a, etag, last_modified);
        if (a->s->max_pages <= 1 && a->hash == a->last.body_hash) {
            finish(a, CT_OUTCOME_NOT_MODIFIED);
            return;
        }
    }
    enum ct_status st = a->s->ops->parse(body, &hint, &a->batch, &err);
    if (st != CT_OK)
        ct_family_suggest(&err, a->families, a->s->ops, body);
    if (st == CT_OK)
        st = ct_source_fits(a->s, &a->batch, &err);
    if (st == CT_OK)
        st = ct_source_all_clear(a->s, from, &a->batch, &err);
    if (st != CT_OK)
        fail(a, &err);
    else if (!go_on(a))
        finish(a, a->hash == a->last.body_hash ? CT_OUTCOME_NOT_MODIFIED : CT_OUTCOME_OK);
}

/* ---- documents too large to hold ---- */

/* What comes of BYTES counts when the transfer is complete; null: an answer begins. */
static enum ct_status on_bytes(void *ctx, struct ct_span bytes, struct ct_error *err)
{
    struct ct_ask *a = ctx;
    if (bytes.p)
        return ct_stream_feed(a->stream, bytes, err);
    const struct ct_parse_hint hint = ct_source_hint(a->s);
    ct_stream_free(a->stream);
    ct_arena_reset(a->arena);
    ct_batch_init(&a->batch, a->arena);
    a->stream = ct_stream_new(a->s->ops, &hint, body_limit(a->s), &a->batch);
    return CT_OK;
}

/* A recording keeps bodies whole: while one is made, those that can be held are. */
static bool is_streamed(const struct ct_ask *a)
{
    return a->s->ops->stream && (!a->record || body_limit(a->s) > RECORDED_MAX);
}

/* Such a source has one page. */
static void on_end(struct ct_ask *a, struct ct_span etag, struct ct_span last_modified)
{
    struct ct_error err = {0};
    a->pages = 1;
    a->bytes = (int64_t)ct_stream_bytes(a->stream);
    if (ct_stream_end(a->stream, &err) != CT_OK || ct_source_fits(a->s, &a->batch, &err) != CT_OK) {
        fail(a, &err);
        return;
    }
    keep_validators(a, etag, last_modified);
    a->hash = ct_stream_source_hash(a->s, a->stream);
    finish(a, a->hash == a->last.body_hash ? CT_OUTCOME_NOT_MODIFIED : CT_OUTCOME_OK);
}

/* ---- probes ---- */

/* Any answer is one more try; none at all is too, as long as an earlier one was answered. */
static void on_try(struct ct_ask *a, const struct ct_http_answer *h)
{
    static const struct ct_tries none = {0};
    const struct ct_tries *earlier = a->tries ? a->tries : &none;
    const struct ct_parse_hint hint = ct_source_hint(a->s);
    struct ct_buf text = CT_BUF_INIT;
    struct ct_error err = {0};
    a->retry_after_ms = h->retry_after_ms;
    if (h->http_status == 0 && !ct_tries_reached(earlier)) {
        fail(a, &h->err);
        return;
    }
    a->pages = 1;
    a->bytes = (int64_t)h->body.n;
    ct_tries_text(earlier, h, &text);
    enum ct_status st = a->s->ops->parse(ct_buf_span(&text), &hint, &a->batch, &err);
    ct_buf_free(&text);
    if (st == CT_OK)
        finish(a, CT_OUTCOME_OK);
    else
        fail(a, &err);
}

/* ---- addresses ---- */

static void on_answer(void *ctx, const struct ct_http_answer *h)
{
    struct ct_ask *a = ctx;
    struct ct_error err = {0};
    int code = h->http_status;

    arrived(a, h);
    a->http_status = code;
    a->ahead_ms = h->ahead_ms;
    a->latency_ms += h->latency_ms;
    if (ct_source_is_probe(a->s)) {
        on_try(a, h);
    } else if (h->status != CT_OK) {
        fail(a, &h->err);
    } else if (code == 200 && a->stream) {
        on_end(a, h->etag, h->last_modified);
    } else if (code == 200) {
        on_body(a, h->body, h->final_url, h->etag, h->last_modified);
    } else if (code == 304 && a->sent_validators && a->last.rows > 0) {
        finish(a, CT_OUTCOME_NOT_MODIFIED);
    } else if (code == 304 && a->sent_validators) {
        ask(a, true);
    } else {
        a->retry_after_ms = h->retry_after_ms;
        (void)ct_fail(&err, CT_ERR_NET, "HTTP", "%d%s", code,
                      code == 304                  ? " to a request without a validator"
                      : code == 429                ? " too many requests"
                      : code == 401 || code == 403 ? " refused"
                      : code == 404 || code == 410 ? " not there"
                      : code >= 500                ? " trouble at the server"
                                                   : " instead of 200");
        fail(a, &err);
    }
}

/* The key's header and those of the settings; *OUT ends with NULL. Their text is in ARENA. */
static void fill_headers(const struct ct_source *s, const char *key, struct ct_arena *arena,
                         const char *out[CT_HEADERS_MAX + 2])
{
    size_t n = 0;
    struct ct_span rest = ct_span(s->headers);
    if (key && ct_source_signs(s)) {
        const char *session = env_of(CT_KEY_SIGNS_SESSION);
        if (session)
            out[n++] = ct_arena_printf(arena, "X-Amz-Security-Token: %s", session).p;
    } else if (key && s->key_header && s->key_header[0]) {
        out[n++] = ct_arena_printf(arena, "%s: %s", s->key_header, key).p;
    } else if (key) {
        out[n++] = ct_arena_printf(arena, "Authorization: Bearer %s", key).p;
    }
    while (rest.n && n <= CT_HEADERS_MAX) {
        struct ct_span line = ct_span_trim(ct_span_cut(&rest, '|'));
        if (line.n)
            out[n++] = ct_arena_dup(arena, line).p;
    }
    out[n] = NULL;
}

/* JSON begins with a bracket, fields of a form with a name. */
static bool is_form(const char *body)
{
    return body[0] != '{' && body[0] != '[' && strchr(body, '=') != NULL;
}

/* The body as it is sent: with the time in its place, and what a further page adds. */
static void fill_body(const struct ct_ask *a, struct ct_buf *out)
{
    char now[CT_TIME_MAX];
    ct_time_format(now, a->begun_ms / CT_SECOND * CT_SECOND);
    for (struct ct_span rest = ct_span(a->s->body); rest.n;) {
        const char *at = memmem(rest.p, rest.n, TIME_PLACE, strlen(TIME_PLACE));
        size_t n = at ? (size_t)(at - rest.p) : rest.n;
        ct_buf_add(out, (struct ct_span){rest.p, n});
        if (at) {
            ct_buf_adds(out, now);
            n += strlen(TIME_PLACE);
        }
        rest = (struct ct_span){rest.p + n, rest.n - n};
    }
    ct_buf_add(out, ct_buf_span(&a->more));
}

static enum ct_status ask_address(struct ct_ask *a, bool plain, struct ct_error *err)
{
    const struct ct_source *s = a->s;
    const char *headers[CT_HEADERS_MAX + 2], *key = key_of(a);
    struct ct_arena *arena = ct_arena_new(0);
    struct ct_buf url = CT_BUF_INIT;
    struct ct_buf body = CT_BUF_INIT;
    bool post = is_post(s), in_url = put_key(&url, a->url.p, key), signs = key && ct_source_signs(s);
    if (post)
        fill_body(a, &body);
    struct ct_http_request req = {
        .url = url.p,
        .method = post ? "POST" : "GET",
        .body = post ? body.p : NULL,
        .content_type = !post                 ? NULL
                        : is_form(s->body) ? "application/x-www-form-urlencoded; charset=utf-8"
                                              : "application/json",
        .sign_id = signs ? env_of(CT_KEY_SIGNS_ID) : NULL,
        .sign_secret = signs ? key : NULL,
        .max_bytes = body_limit(s) - (size_t)a->bytes,
        .total_ms = timeout_of(a),
        .allow_private = s->allow_private,
        .secret_url = in_url,
        .sink = is_streamed(a) ? on_bytes : NULL,
        .keep_headers = a->record != NULL,
        .measure = ct_source_is_probe(s),
        .no_redirects = ct_source_is_probe(s),
    };
    fill_headers(s, in_url ? NULL : key, arena, headers);
    req.headers = headers[0] ? headers : NULL;
    /* A 304 is only worth something while the rows it speaks of are stored, and a list of pages may
     * change behind an unchanged first page. */
    plain |= a->record && !ct_record_knows(a->record, s->id); /* a recording stands by itself */
    a->sent_validators = !plain && s->max_pages <= 1 && a->last.rows > 0 && a->last.body_hash &&
                         (a->last.etag.p || a->last.last_modified.p);
    if (a->sent_validators) {
        req.etag = a->last.etag;
        req.last_modified = a->last.last_modified;
    }
    enum ct_status st = req.max_bytes == 0 ? ct_fail(err, CT_ERR_LIMIT, s->id,
                                                     "body is larger than %zu bytes", body_limit(s))
                                           : ct_http_start(a->http, &req, on_answer, a, err);
    for (size_t i = 0; key && i < url.n; i++)
        url.p[i] = '\0';
    if (key && !in_url && headers[0])
        memset((char *)(uintptr_t)headers[0], 0, strlen(headers[0]));
    ct_buf_free(&url);
    ct_buf_free(&body);
    ct_arena_free(arena);
    return st;
}

/* ---- programs ---- */

static void on_output(void *ctx, const struct ct_exec_answer *x)
{
    struct ct_ask *a = ctx;
    const struct ct_http_answer answer = {.status = x->status,
                                          .body = x->output,
                                          .retry_after_ms = CT_NONE,
                                          .latency_ms = x->latency_ms,
                                          .err = x->err};
    arrived(a, &answer);
    a->latency_ms = x->latency_ms;
    if (x->status != CT_OK)
        fail(a, &x->err);
    else
        on_body(a, x->output, CT_SPAN_NONE, CT_SPAN_NONE, CT_SPAN_NONE);
}

/* Beside PATH, HOME and LANG the program sees whose rows are wanted, and the key it may need. */
static enum ct_status ask_program(struct ct_ask *a, struct ct_error *err)
{
    const struct ct_source *s = a->s;
    const char *key = key_of(a);
    struct ct_arena *arena = ct_arena_new(0);
    char *env[4] = {
        (char *)(uintptr_t)ct_arena_printf(arena, "CT_SOURCE=%s", s->id).p,
        (char *)(uintptr_t)ct_arena_printf(arena, "CT_PROVIDER=%s", s->provider).p,
        key ? (char *)(uintptr_t)ct_arena_printf(
                  arena, "%s=%s", s->key_env && s->key_env[0] ? s->key_env : "CT_KEY", key)
                  .p
            : NULL,
    };
    struct ct_exec_request req = {
        .argv = ct_command_words(arena, ct_span(s->command), err),
        .env = env,
        .max_bytes = body_limit(s),
        .total_ms = timeout_of(a),
    };
    enum ct_status st = req.argv ? ct_exec_start(a->exec, &req, on_output, a, err) : CT_ERR_CONFIG;
    if (env[2])
        memset(env[2], 0, strlen(env[2]));
    ct_arena_free(arena);
    return st;
}

/* ---- the whole ---- */

/* What was recorded, as if it came now. */
static enum ct_status ask_replay(struct ct_ask *a, struct ct_error *err)
{
    struct ct_http_answer h;
    enum ct_status st = ct_replay_page(a->replay, a->replay_attempt, a->asked, &h, err);
    if (st != CT_OK)
        return st;
    a->sent_validators = h.http_status == 304;
    if (ct_source_is_program(a->s)) {
        const struct ct_exec_answer x = {h.status, h.body, h.latency_ms, h.err};
        on_output(a, &x);
    } else {
        on_answer(a, &h);
    }
    return CT_OK;
}

static void on_key(void *ctx, const struct ct_exec_answer *x)
{
    struct ct_ask *a = ctx;
    struct ct_error err = x->err;
    struct ct_span key = x->status == CT_OK ? ct_key_line(x->output) : CT_SPAN_NONE;
    if (x->status == CT_OK && !key.p)
        (void)ct_fail(&err, CT_ERR_CONFIG, "token_cmd", "the first line it prints is no key");
    if (!key.p) {
        fail(a, &err);
        return;
    }
    a->key = ct_xspandup(key);
    ask(a, false);
}

/* Before anything else: the key may be another one than the last time. */
static enum ct_status ask_for_key(struct ct_ask *a, struct ct_error *err)
{
    struct ct_arena *arena = ct_arena_new(0);
    struct ct_exec_request req = {
        .argv = ct_command_words(arena, ct_span(a->s->key_command), err),
        .max_bytes = KEY_OUTPUT,
        .drop_rest = true,
        .secret = true,
        .total_ms = KEY_TIMEOUT_MS,
    };
    enum ct_status st = req.argv ? ct_exec_start(a->exec, &req, on_key, a, err) : CT_ERR_CONFIG;
    if (st != CT_OK)
        ct_error_prefix(err, "token_cmd");
    ct_arena_free(arena);
    return st;
}

static void ask(struct ct_ask *a, bool plain)
{
    struct ct_error err = {0};
    a->asked++;
    enum ct_status st = a->replay                    ? ask_replay(a, &err)
                        : ct_source_is_program(a->s) ? ask_program(a, &err)
                                                     : ask_address(a, plain, &err);
    if (st != CT_OK)
        fail(a, &err);
}

void ct_ask_start(struct ct_ask *a)
{
    a->arena = ct_arena_new(ARENA_LIMIT);
    ct_batch_init(&a->batch, a->arena);
    a->begun_ms = a->ended_ms = ct_now_ms();
    a->retry_after_ms = a->ahead_ms = CT_NONE;
    ct_buf_adds(&a->url, a->s->url ? a->s->url : "");
    a->links[0] = ct_mix(ct_hash(ct_buf_span(&a->url)), ct_hash(CT_SPAN_NONE), 0);
    if (a->replay || !asks_for_key(a->s)) {
        ask(a, false);
        return;
    }
    struct ct_error err = {0};
    if (ask_for_key(a, &err) != CT_OK)
        fail(a, &err);
}

void ct_ask_free(struct ct_ask *a)
{
    ct_stream_free(a->stream);
    a->stream = NULL;
    ct_arena_free(a->arena);
    a->arena = NULL;
    if (a->key)
        explicit_bzero(a->key, strlen(a->key));
    free(a->key);
    a->key = NULL;
    ct_buf_free(&a->url);
    ct_buf_free(&a->unpacked);
    ct_buf_free(&a->more);
}
