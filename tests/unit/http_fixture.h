/* Requests made and waited for, for tests of the door to the network. */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include "db/base/timeutil.h"
#include "fetchers/http.h"

#include <stdio.h>
#include <string.h>

/* One answer, copied out of the callback. */
struct got {
    int calls;
    enum ct_status status;
    int http_status;
    struct ct_buf body;
    char etag[600], modified[600], type[200], url[300];
    int64_t retry_after_ms, latency_ms, done_ms;
    struct ct_http_steps steps;
    struct ct_error err;
};

static inline void keep(char *dst, size_t cap, struct ct_span s)
{
    snprintf(dst, cap, "%.*s", CT_FMT(s));
}

static inline void on_done(void *ctx, const struct ct_http_answer *a)
{
    struct got *g = ctx;
    g->calls++;
    g->status = a->status;
    g->http_status = a->http_status;
    ct_buf_clear(&g->body);
    ct_buf_add(&g->body, a->body);
    keep(g->etag, sizeof(g->etag), a->etag);
    keep(g->modified, sizeof(g->modified), a->last_modified);
    keep(g->type, sizeof(g->type), a->content_type);
    keep(g->url, sizeof(g->url), a->final_url);
    g->retry_after_ms = a->retry_after_ms;
    g->latency_ms = a->latency_ms;
    g->steps = a->steps;
    g->done_ms = ct_mono_ms();
    g->err = a->err;
    if (a->status != CT_OK) {
        assert_int_equal(a->err.status, a->status);
        assert_true(a->err.what[0] != '\0');
    }
}

static inline struct ct_http *open_http(bool allow_private, const char *ca)
{
    struct ct_http *h = NULL;
    struct ct_error err = {0};
    struct ct_http_options o = {.allow_private = allow_private, .ca_file = ca};
    if (ct_http_new(&o, &h, &err) != CT_OK)
        fail_msg("%s: %s", err.where, err.what);
    return h;
}

static inline void finish_all(struct ct_http *h)
{
    struct ct_error err = {0};
    int64_t end = ct_mono_ms() + 40 * CT_SECOND;
    while (ct_http_running(h) > 0 && ct_mono_ms() < end)
        assert_int_equal(ct_http_poll(h, 1000, -1, NULL, &err), CT_OK);
    assert_int_equal(ct_http_running(h), 0);
}

/* Asks and waits. Release G->body after use; it starts zeroed. */
static inline void ask(struct ct_http *h, const struct ct_http_request *req, struct got *g)
{
    struct ct_error err = {0};
    *g = (struct got){0};
    if (ct_http_start(h, req, on_done, g, &err) != CT_OK)
        fail_msg("%s: %s", err.where, err.what);
    assert_int_equal(g->calls, 0); /* never from start */
    finish_all(h);
    assert_int_equal(g->calls, 1);
}

static inline void ask_url(struct ct_http *h, const char *url, struct got *g)
{
    ask(h, &(struct ct_http_request){.url = url, .max_bytes = 1 << 20, .total_ms = 8000}, g);
}

static inline void expect_error(const struct got *g, enum ct_status status, const char *part)
{
    if (g->status != status || strstr(g->err.what, part) == NULL)
        fail_msg("status %d, %s: %s; expected \"%s\"", (int)g->status, g->err.where, g->err.what,
                 part);
}

#endif
