/* The one door to the network: only http*.c know curl. Many transfers at once, one thread. Limits of reliability.md section 3 and the rules of section 7.5 (address filter, https
 * only, our own byte count, no cookies, no netrc, no proxy unless set) hold for every transfer. */
#ifndef CT_HTTP_H
#define CT_HTTP_H

#include "db/base/str.h"

#include "db/base/money.h"

#include <stdbool.h>
#include <stdint.h>

struct ct_http;

struct ct_http_options {
    bool allow_private;     /* loopback and private addresses, and plain http, for tests and inner
                               mirrors */
    const char *ca_file;    /* NULL: the system's */
    const char *proxy;      /* NULL: none, also not from the environment */
    const char *user_agent; /* NULL: cloudtape/VERSION */
    int concurrency;        /* transfers under way at a time, two of them a host; 0: 16 */
};

CT_MUST_USE enum ct_status ct_http_new(const struct ct_http_options *o, struct ct_http **out,
                                       struct ct_error *err);
void ct_http_free(struct ct_http *h); /* ends running transfers without calling back */

/* Takes the body of an answer 200 while it arrives, as it was sent: still packed when the server
 * packed it. Null bytes: an answer begins, what was given before counts for nothing. Anything but
 * CT_OK ends the transfer with ERR. */
typedef enum ct_status ct_http_sink(void *ctx, struct ct_span bytes, struct ct_error *err);

struct ct_http_request {
    const char *url, *method /* "GET", "POST" */, *body /* or NULL */, *content_type;
    const char *sign_id, *sign_secret; /* not NULL: the request is signed for AWS (SigV4); the host's
                                          name tells service and region */
    const char *const *headers;         /* "Name: value", NULL-terminated, or NULL; never logged */
    struct ct_span etag, last_modified; /* validators to send; null: none */
    size_t max_bytes;                   /* decoded body; more ends the transfer with CT_ERR_LIMIT */
    int64_t connect_ms, total_ms;       /* 0: 10 s, 30 s */
    bool allow_private;
    const char *private_host; /* NULL, or the one host that may be private and speak plain http */
    bool no_redirects; /* one is an answer like any other */
    bool keep_headers; /* hand them over with the answer */
    bool measure; /* the name is looked up and the host connected to anew, so that the answer's steps
                     are all of them */
    bool secret_url; /* the address itself holds a key: it follows no redirect to another host */
    ct_http_sink *sink; /* NULL: the answer brings the body. Else it has none, and MAX_BYTES is of
                           bytes on the wire; called with the context of DONE */
};

/* How long each step of the last hop took, in microseconds; CT_NONE: it did not come to that. */
struct ct_http_steps {
    int64_t lookup_us, connect_us, tls_us, first_byte_us /* from the request on */;
    int64_t total_us; /* from the beginning to the end of the answer */
};

struct ct_http_answer {
    enum ct_status
        status; /* CT_OK: an answer arrived whole (any HTTP status); else ERR says why not */
    int http_status;
    struct ct_span body; /* decoded; borrowed for the callback; empty behind a sink */
    struct ct_span etag, last_modified, content_type, final_url; /* borrowed; null when absent */
    struct ct_span headers; /* of the last hop, a line each, as they came; null unless asked for */
    int64_t retry_after_ms; /* CT_NONE: not said; a date is already made relative */
    int64_t ahead_ms; /* this machine's clock before the server's, to a second and the way; CT_NONE: it named no time */
    int64_t latency_ms, wire_bytes;
    struct ct_http_steps steps;
    bool refused; /* the host's address is one that may not be asked: trying again is no use */
    struct ct_error err;
};

/* Called once per request from ct_http_poll, never from ct_http_start. May start further requests.
 */
typedef void ct_http_done(void *ctx, const struct ct_http_answer *answer);

/* Queues REQ (everything is copied). Fails at once for a URL that may not be asked. */
CT_MUST_USE enum ct_status ct_http_start(struct ct_http *h, const struct ct_http_request *req,
                                         ct_http_done *done, void *ctx, struct ct_error *err);
/* A mail by SMTP. Its answer has CT_OK when the server took it for all receivers; http_status is the
 * server's last reply: from 500 on it will not take it later either. */
struct ct_mail_request {
    const char *server; /* "smtps://HOST", or "smtp://HOST": TLS after a greeting in clear. No TLS is
                           fine only at the PRIVATE_HOST, and never with a password */
    const char *user, *password; /* NULL: none */
    const char *from, *const *to; /* plain addresses; NULL-terminated */
    const char *text;             /* headers and body, lines ended by '\n' */
    int64_t total_ms;             /* 0: 30 s */
    const char *private_host;     /* as above */
};
CT_MUST_USE enum ct_status ct_http_mail(struct ct_http *h, const struct ct_mail_request *req,
                                        ct_http_done *done, void *ctx, struct ct_error *err);
/* Moves all transfers, sleeping at most WAIT_MS in one place until something happens on them or on
 * WAKE_FD
 * (-1: none); WOKEN says whether that fd became readable. */
CT_MUST_USE enum ct_status ct_http_poll(struct ct_http *h, int64_t wait_ms, int wake_fd,
                                        bool *woken, struct ct_error *err);
size_t ct_http_running(const struct ct_http *h); /* requests whose callback is still to come */

/* ---- pure helpers, any thread ---- */

/* LINK, as a feed gives it, made absolute against BASE into OUT (cleared first). CT_ERR_NET unless
 * scheme, host and port stay those of BASE and nothing odd (user names, controls) is in it. */
CT_MUST_USE enum ct_status ct_url_next(const char *base, struct ct_span link, struct ct_buf *out,
                                       struct ct_error *err);
/* What a Retry-After header says, relative to NOW_MS, 0 to 7 days; CT_NONE for anything unreadable.
 */
int64_t ct_retry_after(struct ct_span value, int64_t now_ms);
enum { CT_HEADERS_MAX = 8 }; /* further ones of one request */
/* Letters, digits and '-', '_': what a header may be called. */
bool ct_header_name_ok(struct ct_span name);
/* TEXT as it may be sent back in a header: printable ASCII, at most 512 bytes; otherwise null. */
struct ct_span ct_header_safe(struct ct_span text);

#endif
