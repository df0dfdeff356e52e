/* libcurl 7.85 and later. Three habits of it shape this file: a cut gzip body ends with CURLE_OK
 * (parsers must read to the end), MAXFILESIZE counts bytes on the wire only (so we count decoded
 * ones), and time in its own queue counts against the time-out (so requests wait in ours). */
#include "config.h"

#include "fetchers/http.h"

#include "db/base/timeutil.h"
#include "fetchers/address.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_RUNNING = 16,
    MAX_PER_HOST = 2,
    MAX_REDIRECTS = 3,
    MAX_HEADER_BYTES = 64 * 1024,
    MAX_URL = 4096,
    MAX_VALIDATOR = 512,
    BUSY_WAIT_MS = 20, /* a finished HTTP/2 answer may wait for the next time-out: make that soon */
    IDLE_CONNECTIONS = 64,
    STREAM_BUFFER = 128 * 1024,
    LOW_SPEED_BYTES = 64,
    LOW_SPEED_S = 15,
};
#define DEFAULT_MAX_BYTES ((size_t)8 << 20)
#define DEFAULT_CONNECT_MS (10 * CT_SECOND)
#define DEFAULT_TOTAL_MS (30 * CT_SECOND)
#define MAX_RETRY_AFTER_MS (7 * CT_DAY)

enum state { QUEUED, RUNNING, FINISHED };
/* Why one of our own callbacks ended a transfer. */
enum stop { STOP_NONE, STOP_BODY, STOP_WIRE, STOP_HEADERS, STOP_SINK };

struct transfer {
    struct transfer *next;
    struct ct_http *h;
    enum state state;
    CURL *easy;
    struct curl_slist *headers;
    ct_http_done *done;
    ct_http_sink *sink;
    void *ctx;

    char *url, *body;
    char *sign_id, *sign_secret; /* or NULL */
    char *origin; /* "https://host:443": connections are counted by it, and redirects compared */
    char *private_host; /* the one host that may be private; or NULL */
    bool secure, private_any, private_ok /* of this hop */, has_secret, fresh;
    int redirects;
    size_t max_bytes;
    int64_t connect_ms, total_ms,
        started_mono_ms; /* started: 0 until the first connection is tried */

    enum stop stop;
    bool refused_address;
    size_t header_bytes;
    struct ct_buf in, lines; /* LINES: the headers, where they are wanted */
    bool keep_headers, no_redirects, measure;
    struct ct_http_steps steps;
    bool mail; /* the body goes to TO by SMTP; the status is the server's last reply */
    char *from, *user, *password;
    struct curl_slist *to;
    size_t read_pos; /* in the body of a mail */
    char etag[MAX_VALIDATOR + 1], modified[MAX_VALIDATOR + 1], type[129], retry[64];
    int64_t wire_bytes;
    int http_status;
    enum ct_status status;
    struct ct_error err;
    char words[CURL_ERROR_SIZE];
};

struct ct_http {
    struct ct_http_options o;
    char *ca_file, *proxy, *user_agent;
    CURLM *multi;
    CURLSH *share; /* TLS sessions: resumed handshakes are cheap ones */
    struct transfer *first, **last;
    size_t n, running;
};

/* ---- what may be asked ---- */

static bool plain_url(struct ct_span url)
{
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= ' ' || (unsigned char)url.p[i] >= 0x7f)
            return false;
    return url.n > 0 && url.n <= MAX_URL;
}

/* Splits an absolute URL. *ORIGIN is to be freed. */
static enum ct_status split_url(const char *url, bool mail, char **origin, bool *secure,
                                bool *public_host, struct ct_error *err)
{
    const char *safe = mail ? "smtps" : "https", *plain = mail ? "smtp" : "http";
    enum ct_status st = CT_OK;
    char *scheme = NULL, *host = NULL, *port = NULL;
    CURLU *u = NULL;

    if (!plain_url(ct_span(url)))
        return ct_fail(err, CT_ERR_NET, "url",
                       "blank, control or non-ASCII byte, empty or too long");
    if ((u = curl_url()) == NULL)
        return ct_fail(err, CT_ERR_NET, "url", "out of memory");
    if (curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) {
        st = ct_fail(err, CT_ERR_NET, "url", "%s: not a URL that can be asked", url);
    } else if (strcmp(scheme, safe) != 0 && strcmp(scheme, plain) != 0) {
        st = ct_fail(err, CT_ERR_NET, "url", "%s:// is not %s://", scheme, safe);
    } else if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
               curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) {
        st = ct_fail(err, CT_ERR_NET, "url", "%s: no host in it", url);
    } else {
        struct ct_buf b = CT_BUF_INIT;
        ct_buf_addf(&b, "%s://%s:%s", scheme, host, port);
        for (char *p = b.p; *p != '\0'; p++) /* host names know no case */
            *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
        *origin = b.p;
        *secure = mail || strcmp(scheme, safe) == 0; /* smtp:// turns to TLS, or set_mail says why not */
        *public_host = ct_host_public(host);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(u);
    return st;
}

/* ORIGIN is "https://host:443". */
static bool is_host(const char *origin, const char *host)
{
    struct ct_span rest = ct_span(strstr(origin, "://") + 3);
    rest.n -= strlen(strrchr(rest.p, ':'));
    return ct_span_ieq(rest, ct_span(host));
}

/* Takes URL as T's next hop, if the rules allow it. */
static enum ct_status take_url(struct transfer *t, const char *url, struct ct_error *err)
{
    char *origin = NULL;
    bool secure = false, public_host = false;
    enum ct_status st = split_url(url, t->mail, &origin, &secure, &public_host, err);
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

enum ct_status ct_url_next(const char *base, struct ct_span link, struct ct_buf *out,
                           struct ct_error *err)
{
    enum ct_status st = CT_OK;
    char *was = NULL, *is = NULL, *absolute = NULL, *text = NULL;
    bool secure, public_host;
    CURLU *u = NULL;

    ct_buf_clear(out);
    if (!plain_url(link))
        return ct_fail(err, CT_ERR_NET, "next page", "the link is no URL");
    if ((st = split_url(base, false, &was, &secure, &public_host, err)) != CT_OK)
        return st;
    text = ct_xspandup(link);
    u = curl_url();
    if (u == NULL || curl_url_set(u, CURLUPART_URL, base, 0) != CURLUE_OK ||
        curl_url_set(u, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_URL, &absolute, 0) != CURLUE_OK)
        st = ct_fail(err, CT_ERR_NET, "next page", "the link is no URL");
    else if ((st = split_url(absolute, false, &is, &secure, &public_host, err)) == CT_OK &&
             strcmp(was, is) != 0)
        st = ct_fail(err, CT_ERR_NET, "next page", "the link leads from %s to %s", was, is);
    else if (st == CT_OK)
        ct_buf_adds(out, absolute);
    curl_free(absolute);
    curl_url_cleanup(u);
    free(text);
    free(was);
    free(is);
    return st;
}

int64_t ct_retry_after(struct ct_span value, int64_t now_ms)
{
    int64_t n = 0, at = 0;
    value = ct_span_trim(value);
    bool digits = value.n > 0;
    for (size_t i = 0; i < value.n; i++)
        digits = digits && value.p[i] >= '0' && value.p[i] <= '9';
    if (digits)
        n = ct_span_int(value, &n) == CT_OK && n < MAX_RETRY_AFTER_MS / CT_SECOND
                ? n * CT_SECOND
                : MAX_RETRY_AFTER_MS;
    else if (memchr(value.n > 0 ? value.p : "", ':', value.n) != NULL &&
             ct_time_parse(value, &at) == CT_OK)
        n = at - now_ms;
    else
        return CT_NONE;
    return n < 0 ? 0 : n > MAX_RETRY_AFTER_MS ? MAX_RETRY_AFTER_MS : n;
}

bool ct_header_name_ok(struct ct_span name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i], low = (char)(c | 0x20);
        if (!(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return name.n > 0 && name.n <= 64;
}

struct ct_span ct_header_safe(struct ct_span text)
{
    text = ct_span_trim(text);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < ' ' || text.p[i] > '~')
            return CT_SPAN_NONE;
    return text.n > 0 && text.n <= MAX_VALIDATOR ? text : CT_SPAN_NONE;
}

/* ---- callbacks of curl ---- */

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct transfer *t = ctx;
    /* Behind a proxy the address is the proxy's, which the user chose. */
    if (purpose != CURLSOCKTYPE_IPCXN ||
        (!t->private_ok && t->h->proxy == NULL && !ct_address_public(&a->addr, a->addrlen))) {
        t->refused_address = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* A streamed body goes on as it comes; what stands in an answer other than 200 is of no use. */
static size_t pass_on(struct transfer *t, struct ct_span bytes)
{
    long code = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
    if (code == 200 && t->sink(t->ctx, bytes, &t->err) != CT_OK) {
        t->stop = STOP_SINK;
        return 0;
    }
    return bytes.n;
}

static size_t on_body(char *p, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t n = size * count;
    if (t->sink != NULL)
        return pass_on(t, (struct ct_span){p, n});
    if (n > t->max_bytes - t->in.n) {
        t->stop = STOP_BODY;
        return 0;
    }
    ct_buf_add(&t->in, (struct ct_span){p, n});
    return n;
}

static void keep_header(char *dst, size_t cap, struct ct_span value)
{
    value = ct_header_safe(value);
    size_t n = value.n < cap ? value.n : 0; /* too long: as if it were absent */
    if (n > 0)
        memcpy(dst, value.p, n);
    dst[n] = '\0';
}

static size_t on_header(char *p, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t n = size * count;
    t->header_bytes += n;
    if (t->header_bytes > MAX_HEADER_BYTES) {
        t->stop = STOP_HEADERS;
        return 0;
    }
    struct ct_span value = {p, n}, name;
    if (ct_span_starts(value, "HTTP/")) { /* a new answer: what a 1xx or a proxy said is over */
        t->etag[0] = t->modified[0] = t->type[0] = t->retry[0] = '\0';
        ct_buf_clear(&t->lines);
    }
    if (t->keep_headers)
        ct_buf_add(&t->lines, value);
    name = ct_span_cut(&value, ':');
    if (ct_span_ieq(name, CT_LIT("etag")))
        keep_header(t->etag, sizeof(t->etag), value);
    else if (ct_span_ieq(name, CT_LIT("last-modified")))
        keep_header(t->modified, sizeof(t->modified), value);
    else if (ct_span_ieq(name, CT_LIT("content-type")))
        keep_header(t->type, sizeof(t->type), value);
    else if (ct_span_ieq(name, CT_LIT("retry-after")))
        keep_header(t->retry, sizeof(t->retry), value);
    return n;
}

/* Compressed bytes that decode to nothing never reach on_body: bound them too. */
static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up)
{
    struct transfer *t = ctx;
    (void)total;
    (void)up_total;
    (void)up;
    if ((uint64_t)now <= (uint64_t)t->max_bytes + MAX_HEADER_BYTES)
        return 0;
    t->stop = STOP_WIRE;
    return 1;
}

/* ---- one hop ---- */

static void add_header(struct transfer *t, const char *line)
{
    struct curl_slist *more = curl_slist_append(t->headers, line);
    if (more == NULL)
        abort(); /* out of memory, as everywhere outside arenas */
    t->headers = more;
}

static CURLcode set_limits(struct transfer *t)
{
    CURL *e = t->easy;
    int64_t left_ms = t->total_ms - (ct_mono_ms() - t->started_mono_ms);
    left_ms = left_ms < 1 ? 1 : left_ms;
    CURLcode rc = curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)left_ms);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)LOW_SPEED_S);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_bytes);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
    return rc == CURLE_OK ? curl_easy_setopt(e, CURLOPT_XFERINFODATA, t) : rc;
}

static CURLcode set_rules(struct transfer *t)
{
    CURL *e = t->easy;
    const struct ct_http *h = t->h;
    bool only_ours =
        t->fresh || t->mail || t->measure || (t->private_ok && !h->o.allow_private);
    CURLcode rc = curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR,
                                   t->mail         ? "smtps,smtp"
                                   : t->private_ok ? "https,http"
                                                   : "https");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_PROXY, h->proxy != NULL ? h->proxy : "");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_NOPROXY, "");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 0L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (rc == CURLE_OK && h->ca_file != NULL)
        rc = curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_file);
    if (rc == CURLE_OK && h->share != NULL && !t->measure) /* a resumed handshake is half a one */
        rc = curl_easy_setopt(e, CURLOPT_SHARE, h->share);
    if (rc == CURLE_OK && t->measure)
        rc = curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
#if LIBCURL_VERSION_NUM >= 0x075700
    if (rc == CURLE_OK) /* a name server that hangs must not hang us at the end of a transfer */
        rc = curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
#endif
    /* A connection that the filter let through for one request is not lent to another that it would
     * stop. */
    if (rc == CURLE_OK && only_ours)
        rc = curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
    if (rc == CURLE_OK && only_ours)
        rc = curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
    if (rc == CURLE_OK && only_ours)
        rc = curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    return rc;
}

static size_t read_mail(char *to, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t left = strlen(t->body + t->read_pos), n = size * count < left ? size * count : left;
    memcpy(to, t->body + t->read_pos, n);
    t->read_pos += n;
    return n;
}

/* Without TLS a mail goes to a server of one's own only, and never with a password. */
static CURLcode set_mail(struct transfer *t)
{
    CURL *e = t->easy;
    bool plain_ok = t->private_ok && t->user == NULL;
    CURLcode rc = curl_easy_setopt(e, CURLOPT_MAIL_FROM, t->from);
    t->read_pos = 0;
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_MAIL_RCPT, t->to);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_USE_SSL, (long)(plain_ok ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_USERNAME, t->user);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_PASSWORD, t->password);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_READFUNCTION, read_mail);
    return rc == CURLE_OK ? curl_easy_setopt(e, CURLOPT_READDATA, t) : rc;
}

static CURLcode set_http(struct transfer *t)
{
    CURL *e = t->easy;
    CURLcode rc = curl_easy_setopt(e, CURLOPT_USERAGENT, t->h->user_agent);
    /* curl takes a cut gzip body for a whole one: who reads a stream unpacks it, and knows. */
    if (rc == CURLE_OK)
        rc = t->sink == NULL ? curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip, deflate")
                             : curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)STREAM_BUFFER);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
    if (rc == CURLE_OK && t->body != NULL)
        rc = curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(t->body));
    if (rc == CURLE_OK && t->body != NULL)
        rc = curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body);
    if (rc == CURLE_OK && t->sign_id != NULL)
        rc = curl_easy_setopt(e, CURLOPT_AWS_SIGV4, "aws:amz");
    if (rc == CURLE_OK && t->sign_id != NULL)
        rc = curl_easy_setopt(e, CURLOPT_USERNAME, t->sign_id);
    if (rc == CURLE_OK && t->sign_id != NULL)
        rc = curl_easy_setopt(e, CURLOPT_PASSWORD, t->sign_secret);
    return rc;
}

static CURLcode set_request(struct transfer *t)
{
    CURL *e = t->easy;
    CURLcode rc = curl_easy_setopt(e, CURLOPT_URL, t->url);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->words);
    if (rc == CURLE_OK)
        rc = t->mail ? set_mail(t) : set_http(t);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    return rc == CURLE_OK ? curl_easy_setopt(e, CURLOPT_HEADERDATA, t) : rc;
}

static void finish(struct transfer *t, enum ct_status status)
{
    t->state = FINISHED;
    t->status = status;
}

static void begin(struct transfer *t)
{
    CURLcode rc = CURLE_FAILED_INIT;
    if (t->started_mono_ms == 0)
        t->started_mono_ms = ct_mono_ms();
    t->stop = STOP_NONE;
    t->refused_address = false;
    t->header_bytes = 0;
    t->words[0] = t->etag[0] = t->modified[0] = t->type[0] = t->retry[0] = '\0';
    ct_buf_clear(&t->in);
    if (t->sink != NULL && t->sink(t->ctx, CT_SPAN_NONE, &t->err) != CT_OK) {
        finish(t, t->err.status);
        return;
    }
    if ((t->easy = curl_easy_init()) != NULL && (rc = set_limits(t)) == CURLE_OK &&
        (rc = set_rules(t)) == CURLE_OK && (rc = set_request(t)) == CURLE_OK &&
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
    for (struct transfer *t = h->first; t != NULL && h->running < most; t = t->next) {
        int same = 0;
        if (t->state != QUEUED)
            continue;
        for (struct transfer *o = h->first; o != NULL; o = o->next)
            same += o->state == RUNNING && strcmp(o->origin, t->origin) == 0;
        if (same < MAX_PER_HOST)
            begin(t);
    }
}

/* ---- how a hop ended ---- */

/* OpenSSL, GnuTLS and NSS word it differently; people need to know which of four things it is. */
static const char *tls_words(const char *text)
{
    static const struct {
        const char *part, *words;
    } known[] = {
        {"expired", "certificate has expired"},
        {"not yet valid", "certificate is not yet valid"},
        {"does not match", "certificate is for another host"},
        {"no alternative certificate subject name", "certificate is for another host"},
        {"self-signed", "self-signed certificate"},
        {"self signed", "self-signed certificate"},
        {"local issuer", "certificate of an unknown authority"},
        {"issuer certificate", "certificate of an unknown authority"},
        {"unknown authority", "certificate of an unknown authority"},
        {"revoked", "certificate was revoked"},
    };
    for (size_t i = 0; i < CT_LEN(known); i++)
        if (ct_span_ihas(ct_span(text), ct_span(known[i].part)))
            return known[i].words;
    return "certificate not trusted";
}

static enum ct_status time_out(struct transfer *t, const char *host)
{
    curl_off_t connected = 0;
    curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connected);
    if (strncmp(t->words, "Operation too slow", 18) == 0)
        return ct_fail(&t->err, CT_ERR_NET, host, "stalled: fewer than %d bytes a second for %d s",
                       LOW_SPEED_BYTES, LOW_SPEED_S);
    if (strncmp(t->words, "Resolving", 9) == 0)
        return ct_fail(&t->err, CT_ERR_NET, host, "host name not found in time");
    if (connected == 0 && t->in.n == 0 && t->header_bytes == 0)
        return ct_fail(&t->err, CT_ERR_NET, host, "no connection in time");
    return ct_fail(&t->err, CT_ERR_NET, host, "not finished within %lld ms (%zu bytes so far)",
                   (long long)t->total_ms, t->in.n);
}

static enum ct_status explain(struct transfer *t, CURLcode rc)
{
    const char *host = strstr(t->origin, "://") + 3, *words = NULL;
    long os_errno = 0;
    if (t->stop == STOP_SINK)
        return t->err.status;
    if (t->stop == STOP_BODY || rc == CURLE_FILESIZE_EXCEEDED)
        return ct_fail(&t->err, CT_ERR_LIMIT, host, "body is larger than %zu bytes", t->max_bytes);
    if (t->stop == STOP_WIRE)
        return ct_fail(&t->err, CT_ERR_LIMIT, host, "more than %zu compressed bytes", t->max_bytes);
    if (t->stop == STOP_HEADERS)
        return ct_fail(&t->err, CT_ERR_LIMIT, host, "headers are larger than %d bytes",
                       (int)MAX_HEADER_BYTES);
    if (t->refused_address && rc == CURLE_COULDNT_CONNECT)
        return ct_fail(&t->err, CT_ERR_NET, host, "private address refused");
    if (t->mail && t->http_status >= 400)
        return ct_fail(&t->err, CT_ERR_NET, host, "the mail server says %d", t->http_status);
    switch (rc) {
    case CURLE_OPERATION_TIMEDOUT:
        return time_out(t, host);
    case CURLE_PEER_FAILED_VERIFICATION:
        return ct_fail(&t->err, CT_ERR_NET, host, "TLS: %s", tls_words(t->words));
    case CURLE_COULDNT_CONNECT:
        curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_errno);
        return ct_fail(&t->err, CT_ERR_NET, host, "no connection%s%s", os_errno != 0 ? ": " : "",
                       os_errno != 0 ? strerror((int)os_errno) : "");
    case CURLE_COULDNT_RESOLVE_HOST:
        words = "host name not found";
        break;
    case CURLE_COULDNT_RESOLVE_PROXY:
        words = "name of the proxy not found";
        break;
    case CURLE_PARTIAL_FILE:
        words = "answer was cut short";
        break;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        words = "connection broke";
        break;
    case CURLE_GOT_NOTHING:
        words = "connection closed without an answer";
        break;
    case CURLE_BAD_CONTENT_ENCODING:
        words = "damaged or unknown compression";
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        words = "the answer is not HTTP";
        break;
    case CURLE_USE_SSL_FAILED:
        words = "the mail server speaks no TLS";
        break;
    case CURLE_SSL_CONNECT_ERROR:
        words = "TLS: handshake failed";
        break;
    default:
        words = t->words[0] != '\0' ? t->words : curl_easy_strerror(rc);
    }
    return ct_fail(&t->err, CT_ERR_NET, host, "%s", words);
}

/* libcurl itself replaces a kept connection that died in its sleep; a stream that a leaving HTTP/2
 * server drops is worth one more try on a connection of its own. */
static bool worth_retry(const struct transfer *t, CURLcode rc)
{
    return (rc == CURLE_HTTP2 || rc == CURLE_HTTP2_STREAM) && !t->fresh && t->stop == STOP_NONE &&
           t->body == NULL;
}

static bool is_redirect(int code)
{
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

/* CT_OK: T waits for its next hop. */
static enum ct_status follow(struct transfer *t)
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

/* From FROM to TO, both since the beginning; 0 is libcurl's word for "did not come to that". */
static int64_t step(curl_off_t from, curl_off_t to)
{
    return to > 0 && to >= from ? to - from : CT_NONE;
}

static struct ct_http_steps steps_of(CURL *easy)
{
    curl_off_t name = 0, connected = 0, tls = 0, ready = 0, first = 0, total = 0;
    curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &name);
    curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &tls);
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
    curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &first);
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &total);
    return (struct ct_http_steps){step(0, name), step(name, connected), step(connected, tls),
                                  step(ready, first), first > 0 ? step(0, total) : CT_NONE};
}

static void hop_ended(struct transfer *t, CURLcode rc)
{
    struct ct_http *h = t->h;
    curl_off_t wire = 0;
    long code = 0, head = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire);
    curl_easy_getinfo(t->easy, CURLINFO_HEADER_SIZE, &head);
    t->wire_bytes += wire + head;
    t->http_status = (int)code;
    t->steps = steps_of(t->easy);
    curl_multi_remove_handle(h->multi, t->easy);
    h->running--;
    if (rc != CURLE_OK && worth_retry(t, rc)) {
        t->fresh = true;
        t->state = QUEUED;
    } else if (rc != CURLE_OK) {
        finish(t, explain(t, rc));
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
        struct transfer *t = NULL;
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

static void transfer_free(struct transfer *t)
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
    struct transfer **at = &h->first;
    while (*at != NULL && (*at)->state != FINISHED)
        at = &(*at)->next;
    struct transfer *t = *at;
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
        struct transfer *t = h->first;
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

static bool header_line_ok(const char *line)
{
    const char *colon = strchr(line, ':');
    return colon != NULL && colon != line && strpbrk(line, "\r\n") == NULL;
}

static enum ct_status fill_headers(struct transfer *t, const struct ct_http_request *req,
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

static void append(struct transfer *t)
{
    *t->h->last = t;
    t->h->last = &t->next;
    t->h->n++;
}

enum ct_status ct_http_start(struct ct_http *h, const struct ct_http_request *req,
                             ct_http_done *done, void *ctx, struct ct_error *err)
{
    struct transfer *t = ct_xcalloc(1, sizeof(*t));
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
    struct transfer *t = ct_xcalloc(1, sizeof(*t));
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
    for (const struct transfer *t = h->first; t != NULL; t = t->next)
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
