/* Many transfers at once: which may begin, where they are led, and who is told of their ends. */
#include "config.h"

#include "fetchers/http_priv.h"

#include "db/base/timeutil.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_RUNNING = 16,
    MAX_PER_HOST = 2,
    MAX_REDIRECTS = 3,
    BUSY_WAIT_MS = 20, /* a finished HTTP/2 answer may wait for the next time-out: make that soon */
    IDLE_CONNECTIONS = 64,
};
#define DEFAULT_MAX_BYTES ((size_t)8 << 20)
#define DEFAULT_CONNECT_MS (10 * CT_SECOND)
#define DEFAULT_TOTAL_MS (30 * CT_SECOND)

/* ---- hops ---- */

/* ORIGIN is "https://host:443". */
static bool is_host(const char *origin, const char *host)
{
    struct ct_span rest = ct_span(strstr(origin, "://") + 3);
    rest.n -= strlen(strrchr(rest.p, ':'));
    return ct_span_ieq(rest, ct_span(host));
}

/* Takes URL as T's next hop, if the rules allow it. */
static enum ct_status take_url(struct ct_transfer *t, const char *url, struct ct_error *err)
{
    char *origin = NULL;
    bool secure = false, public_host = false;
    enum ct_status st = ct_http_split_url(url, t->mail, &origin, &secure, &public_host, err);
    if (st != CT_OK)
        return st;
    const char *host = strstr(origin, "://") + 3;
    t->private_ok = t->private_any || is_host(origin, t->private_host);
    if (!secure && !t->private_ok)
        st = ct_fail(err, CT_ERR_NET, host, "http:// is not https://");
    else if (!public_host && !t->private_ok)
        st = ct_fail(err, CT_ERR_NET, host, "private address refused");
    else if (t->url != NULL && t->secure && !secure)
        st = ct_fail(err, CT_ERR_NET, host, "redirect from https to http refused");
    else if (t->origin != NULL && t->has_secret && strcmp(t->origin, origin) != 0)
        st = ct_fail(err, CT_ERR_NET, host,
                     "redirect to another host refused: the request carries a key");
    if (st != CT_OK) {
        free(origin);
        return st;
    }
    char *copy = ct_xstrdup(url);
    free(t->url);
    free(t->origin);
    t->url = copy;
    t->origin = origin;
    t->secure = secure;
    return CT_OK;
}

static void finish(struct ct_transfer *t, enum ct_status status)
{
    t->state = FINISHED;
    t->status = status;
}

static void begin(struct ct_transfer *t)
{
    CURLcode rc = CURLE_FAILED_INIT;
    if (t->started_mono_ms == 0)
        t->started_mono_ms = ct_mono_ms();
    t->stop = STOP_NONE;
    t->refused_address = false;
    t->header_bytes = 0;
    t->ahead_ms = CT_NONE;
    t->words[0] = t->etag[0] = t->modified[0] = t->type[0] = t->retry[0] = '\0';
    ct_buf_clear(&t->in);
    if (t->sink != NULL && t->sink(t->ctx, CT_SPAN_NONE, &t->err) != CT_OK) {
        finish(t, t->err.status);
        return;
    }
    if ((t->easy = curl_easy_init()) != NULL && (rc = ct_hop_prepare(t)) == CURLE_OK &&
        curl_multi_add_handle(t->h->multi, t->easy) == CURLM_OK) {
        t->state = RUNNING;
        t->h->running++;
        return;
    }
    curl_easy_cleanup(t->easy);
    t->easy = NULL;
    finish(t, ct_fail(&t->err, CT_ERR_NET, t->origin, "%s", curl_easy_strerror(rc)));
}

/* Starts what the limits allow, oldest first. */
static void admit(struct ct_http *h)
{
    size_t most = h->o.concurrency > 0 ? (size_t)h->o.concurrency : MAX_RUNNING;
    for (struct ct_transfer *t = h->first; t != NULL && h->running < most; t = t->next) {
        int same = 0;
        if (t->state != QUEUED)
            continue;
        for (struct ct_transfer *o = h->first; o != NULL; o = o->next)
            same += o->state == RUNNING && strcmp(o->origin, t->origin) == 0;
        if (same < MAX_PER_HOST)
            begin(t);
    }
}

/* libcurl itself replaces a kept connection that died in its sleep; a stream that a leaving HTTP/2
 * server drops is worth one more try on a connection of its own. */
static bool worth_retry(const struct ct_transfer *t, CURLcode rc)
{
    return (rc == CURLE_HTTP2 || rc == CURLE_HTTP2_STREAM) && !t->fresh && t->stop == STOP_NONE &&
           t->body == NULL;
}

static bool is_redirect(int code)
{
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

/* CT_OK: T waits for its next hop. */
static enum ct_status follow(struct ct_transfer *t)
{
    const char *host = strstr(t->origin, "://") + 3;
    char *to = NULL;
    if (curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to) != CURLE_OK || to == NULL)
        return ct_fail(&t->err, CT_ERR_NET, host, "redirect %d without a readable target",
                       t->http_status);
    if (t->redirects++ >= MAX_REDIRECTS)
        return ct_fail(&t->err, CT_ERR_NET, host, "more than %d redirects", (int)MAX_REDIRECTS);
    if (t->body != NULL && t->http_status != 307 && t->http_status != 308)
        return ct_fail(&t->err, CT_ERR_NET, host, "redirect %d of a POST refused", t->http_status);
    return take_url(t, to, &t->err);
}

static void hop_ended(struct ct_transfer *t, CURLcode rc)
{
    struct ct_http *h = t->h;
    curl_off_t wire = 0;
    long code = 0, head = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire);
    curl_easy_getinfo(t->easy, CURLINFO_HEADER_SIZE, &head);
    t->wire_bytes += wire + head;
    t->http_status = (int)code;
    t->steps = ct_hop_steps(t->easy);
    curl_multi_remove_handle(h->multi, t->easy);
    h->running--;
    if (rc != CURLE_OK && worth_retry(t, rc)) {
        t->fresh = true;
        t->state = QUEUED;
    } else if (rc != CURLE_OK) {
        finish(t, ct_hop_explain(t, rc));
    } else if (is_redirect(t->http_status) && !t->no_redirects && !t->mail) {
        enum ct_status st = follow(t);
        if (st == CT_OK)
            t->state = QUEUED;
        else
            finish(t, st);
    } else {
        finish(t, CT_OK);
    }
    curl_easy_cleanup(t->easy);
    t->easy = NULL;
}

static void collect(struct ct_http *h)
{
    int left;
    CURLMsg *m;
    while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
        struct ct_transfer *t = NULL;
        CURLcode rc = m->data.result; /* M does not outlive the removal of its handle */
        if (m->msg == CURLMSG_DONE &&
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t) == CURLE_OK &&
            t != NULL)
            hop_ended(t, rc);
    }
}

/* ---- the list ---- */

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void transfer_free(struct ct_transfer *t)
{
    if (t->easy != NULL) {
        curl_multi_remove_handle(t->h->multi, t->easy);
        curl_easy_cleanup(t->easy);
    }
    for (struct curl_slist *l = t->headers; l != NULL; l = l->next)
        explicit_bzero(l->data, strlen(l->data));
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->to);
    wipe(t->url);
    wipe(t->body);
    wipe(t->password);
    free(t->user);
    free(t->from);
    free(t->private_host);
    free(t->origin);
    free(t->sign_id);
    wipe(t->sign_secret);
    ct_buf_free(&t->in);
    ct_buf_free(&t->lines);
    free(t);
}

static struct ct_span text_or_none(const char *text)
{
    return text[0] != '\0' ? ct_span(text) : CT_SPAN_NONE;
}

/* Hands over the oldest finished transfer. One at a time: reading a large body takes a while, and
 * the others' bytes should move in between. */
static bool deliver_one(struct ct_http *h)
{
    struct ct_transfer **at = &h->first;
    while (*at != NULL && (*at)->state != FINISHED)
        at = &(*at)->next;
    struct ct_transfer *t = *at;
    if (t == NULL)
        return false;
    *at = t->next;
    if (t->next == NULL)
        h->last = at;
    h->n--;
    struct ct_http_answer a = {
        .status = t->status,
        .http_status = t->http_status,
        .body = t->in.p != NULL ? ct_buf_span(&t->in) : CT_LIT(""),
        .etag = text_or_none(t->etag),
        .last_modified = text_or_none(t->modified),
        .content_type = text_or_none(t->type),
        .final_url = ct_span(t->url),
        .headers = t->lines.n > 0 ? ct_buf_span(&t->lines) : CT_SPAN_NONE,
        .retry_after_ms =
            t->retry[0] != '\0' ? ct_retry_after(ct_span(t->retry), ct_now_ms()) : CT_NONE,
        .ahead_ms = t->ahead_ms == CT_NONE ? CT_NONE : t->ahead_ms - t->age_ms,
        .latency_ms = t->started_mono_ms != 0 ? ct_mono_ms() - t->started_mono_ms : 0,
        .wire_bytes = t->wire_bytes,
        .steps = t->steps,
        .refused = t->status != CT_OK && t->refused_address,
        .err = t->err,
    };
    t->done(t->ctx, &a);
    transfer_free(t);
    return true;
}

/* ---- public ---- */

enum ct_status ct_http_new(const struct ct_http_options *o, struct ct_http **out,
                           struct ct_error *err)
{
    static bool ready;
    if (!ready && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ct_fail(err, CT_ERR_NET, "libcurl", "cannot be initialised");
    ready = true;
    if (o->ca_file != NULL && access(o->ca_file, R_OK) != 0)
        return ct_fail(err, CT_ERR_IO, o->ca_file, "cannot be read");
    CURLM *multi = curl_multi_init();
    if (multi == NULL)
        return ct_fail(err, CT_ERR_NET, "libcurl", "out of memory");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
    struct ct_http *h = ct_xcalloc(1, sizeof(*h));
    h->o = *o;
    h->ca_file = ct_xspandup(ct_span(o->ca_file));
    h->proxy = o->proxy != NULL && o->proxy[0] != '\0' ? ct_xstrdup(o->proxy) : NULL;
    h->user_agent =
        ct_xstrdup(o->user_agent != NULL ? o->user_agent : PACKAGE_NAME "/" PACKAGE_VERSION);
    h->multi = multi;
    if ((h->share = curl_share_init()) != NULL)
        curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    h->last = &h->first;
    *out = h;
    return CT_OK;
}

void ct_http_free(struct ct_http *h)
{
    if (h == NULL)
        return;
    while (h->first != NULL) {
        struct ct_transfer *t = h->first;
        h->first = t->next;
        transfer_free(t);
    }
    curl_multi_cleanup(h->multi);
    curl_share_cleanup(h->share);
    free(h->ca_file);
    free(h->proxy);
    free(h->user_agent);
    free(h);
}

static void add_header(struct ct_transfer *t, const char *line)
{
    struct curl_slist *more = curl_slist_append(t->headers, line);
    if (more == NULL)
        abort(); /* out of memory, as everywhere outside arenas */
    t->headers = more;
}

static bool header_line_ok(const char *line)
{
    const char *colon = strchr(line, ':');
    return colon != NULL && colon != line && strpbrk(line, "\r\n") == NULL;
}

static enum ct_status fill_headers(struct ct_transfer *t, const struct ct_http_request *req,
                                   struct ct_error *err)
{
    struct ct_span etag = ct_header_safe(req->etag), modified = ct_header_safe(req->last_modified);
    char line[MAX_VALIDATOR + 32];
    if (etag.p != NULL) {
        snprintf(line, sizeof(line), "If-None-Match: %.*s", CT_FMT(etag));
        add_header(t, line);
    }
    if (modified.p != NULL) {
        snprintf(line, sizeof(line), "If-Modified-Since: %.*s", CT_FMT(modified));
        add_header(t, line);
    }
    if (req->content_type != NULL) {
        snprintf(line, sizeof(line), "Content-Type: %s", req->content_type);
        if (!header_line_ok(line))
            return ct_fail(err, CT_ERR_NET, "content type", "not a header value");
        add_header(t, line);
    }
    if (req->sink != NULL)
        add_header(t, "Accept-Encoding: gzip");
    if (req->body != NULL)
        add_header(t, "Expect:");
    for (const char *const *h = req->headers; h != NULL && *h != NULL; h++) {
        if (!header_line_ok(*h))
            return ct_fail(err, CT_ERR_NET, "header", "not of the form NAME: VALUE");
        add_header(t, *h);
    }
    return CT_OK;
}

static void append(struct ct_transfer *t)
{
    *t->h->last = t;
    t->h->last = &t->next;
    t->h->n++;
}

enum ct_status ct_http_start(struct ct_http *h, const struct ct_http_request *req,
                             ct_http_done *done, void *ctx, struct ct_error *err)
{
    struct ct_transfer *t = ct_xcalloc(1, sizeof(*t));
    enum ct_status st;
    t->h = h;
    t->keep_headers = req->keep_headers;
    t->no_redirects = req->no_redirects;
    t->measure = req->measure;
    t->steps = (struct ct_http_steps){CT_NONE, CT_NONE, CT_NONE, CT_NONE, CT_NONE};
    t->private_any = h->o.allow_private || req->allow_private;
    t->private_host = ct_xspandup(ct_span(req->private_host));
    t->has_secret =
        req->headers != NULL || req->body != NULL || req->secret_url || req->sign_id != NULL;
    t->max_bytes = req->max_bytes != 0 ? req->max_bytes : DEFAULT_MAX_BYTES;
    t->connect_ms = req->connect_ms > 0 ? req->connect_ms : DEFAULT_CONNECT_MS;
    t->total_ms = req->total_ms > 0 ? req->total_ms : DEFAULT_TOTAL_MS;
    t->done = done;
    t->sink = req->sink;
    t->ctx = ctx;
    if (req->body != NULL)
        t->body = ct_xstrdup(req->body);
    if (req->sign_id != NULL) {
        t->sign_id = ct_xstrdup(req->sign_id);
        t->sign_secret = ct_xstrdup(req->sign_secret);
    }
    if (req->method != NULL && strcmp(req->method, "GET") != 0 && strcmp(req->method, "POST") != 0)
        st = ct_fail(err, CT_ERR_NET, req->method, "neither GET nor POST");
    else if (req->method != NULL && (strcmp(req->method, "POST") == 0) != (req->body != NULL))
        st = ct_fail(err, CT_ERR_NET, req->method, "POST needs a body and GET takes none");
    else if ((st = take_url(t, req->url, err)) == CT_OK)
        st = fill_headers(t, req, err);
    if (st != CT_OK) {
        transfer_free(t);
        return st;
    }
    append(t);
    return CT_OK;
}

enum ct_status ct_http_mail(struct ct_http *h, const struct ct_mail_request *req,
                            ct_http_done *done, void *ctx, struct ct_error *err)
{
    struct ct_buf text = CT_BUF_INIT;
    struct ct_transfer *t = ct_xcalloc(1, sizeof(*t));
    t->h = h;
    t->mail = true;
    t->private_any = h->o.allow_private;
    t->private_host = ct_xspandup(ct_span(req->private_host));
    t->max_bytes = MAX_HEADER_BYTES;
    t->connect_ms = DEFAULT_CONNECT_MS;
    t->total_ms = req->total_ms > 0 ? req->total_ms : DEFAULT_TOTAL_MS;
    t->done = done;
    t->ctx = ctx;
    t->from = ct_xstrdup(req->from);
    t->user = ct_xspandup(ct_span(req->user));
    t->password = ct_xspandup(ct_span(req->password));
    for (const char *p = req->text; *p != '\0'; p++)
        ct_buf_adds(&text, *p == '\n' ? "\r\n" : (char[]){*p, '\0'});
    ct_buf_adds(&text, "");
    t->body = text.p;
    enum ct_status st = take_url(t, req->server, err);
    for (const char *const *to = req->to; *to != NULL; to++) {
        struct curl_slist *more = curl_slist_append(t->to, *to);
        if (more == NULL)
            abort(); /* out of memory, as everywhere outside arenas */
        t->to = more;
    }
    if (st == CT_OK)
        append(t);
    else
        transfer_free(t);
    return st;
}

static bool any_finished(const struct ct_http *h)
{
    for (const struct ct_transfer *t = h->first; t != NULL; t = t->next)
        if (t->state == FINISHED)
            return true;
    return false;
}

enum ct_status ct_http_poll(struct ct_http *h, int64_t wait_ms, int wake_fd, bool *woken,
                            struct ct_error *err)
{
    struct curl_waitfd wake = {.fd = wake_fd, .events = CURL_WAIT_POLLIN};
    int n;
    CURLMcode rc;

    if (woken != NULL)
        *woken = false;
    admit(h);
    if ((rc = curl_multi_perform(h->multi, &n)) != CURLM_OK)
        return ct_fail(err, CT_ERR_NET, "libcurl", "%s", curl_multi_strerror(rc));
    collect(h);
    if (any_finished(h) || wait_ms < 0)
        wait_ms = 0;
    else if (h->n > 0 && wait_ms > BUSY_WAIT_MS)
        wait_ms = BUSY_WAIT_MS;
    rc = curl_multi_poll(h->multi, &wake, wake_fd >= 0 ? 1 : 0,
                         (int)(wait_ms < INT32_MAX ? wait_ms : INT32_MAX), &n);
    if (rc == CURLM_OK && wait_ms > 0)
        rc = curl_multi_perform(h->multi, &n);
    if (rc != CURLM_OK)
        return ct_fail(err, CT_ERR_NET, "libcurl", "%s", curl_multi_strerror(rc));
    if (woken != NULL)
        *woken = wake_fd >= 0 && wake.revents != 0;
    collect(h);
    deliver_one(h);
    return CT_OK;
}

size_t ct_http_running(const struct ct_http *h)
{
    return h->n;
}
