/* One hop of a transfer: what curl is told, what its callbacks count and refuse, and what its end
 * means to people. */
#include "config.h"

#include "fetchers/http_priv.h"

#include "db/base/timeutil.h"
#include "fetchers/address.h"

#include <string.h>
#include <sys/socket.h>

enum { STREAM_BUFFER = 128 * 1024, LOW_SPEED_BYTES = 64, LOW_SPEED_S = 15 };

/* ---- callbacks of curl ---- */

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct ct_transfer *t = ctx;
    /* Behind a proxy the address is the proxy's, which the user chose. */
    if (purpose != CURLSOCKTYPE_IPCXN ||
        (!t->private_ok && t->h->proxy == NULL && !ct_address_public(&a->addr, a->addrlen))) {
        t->refused_address = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* A streamed body goes on as it comes; what stands in an answer other than 200 is of no use. */
static size_t pass_on(struct ct_transfer *t, struct ct_span bytes)
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
    struct ct_transfer *t = ctx;
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

/* The whole second that VALUE names began half a second ago on average. */
static int64_t ahead_of(struct ct_span value)
{
    int64_t theirs;
    return ct_time_parse(ct_span_trim(value), &theirs) == CT_OK ? ct_wall_ms() - theirs - CT_SECOND / 2 : CT_NONE;
}

static size_t on_header(char *p, size_t size, size_t count, void *ctx)
{
    struct ct_transfer *t = ctx;
    size_t n = size * count;
    int64_t seconds = 0;
    t->header_bytes += n;
    if (t->header_bytes > MAX_HEADER_BYTES) {
        t->stop = STOP_HEADERS;
        return 0;
    }
    struct ct_span value = {p, n}, name;
    if (ct_span_starts(value, "HTTP/")) { /* a new answer: what a 1xx or a proxy said is over */
        t->etag[0] = t->modified[0] = t->type[0] = t->retry[0] = '\0';
        t->ahead_ms = CT_NONE;
        t->age_ms = 0;
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
    else if (ct_span_ieq(name, CT_LIT("date")))
        t->ahead_ms = ahead_of(value);
    else if (ct_span_ieq(name, CT_LIT("age")) && ct_span_int(ct_span_trim(value), &seconds) == CT_OK &&
             seconds > 0 && seconds < CT_DAY / CT_SECOND * 366)
        t->age_ms = seconds * CT_SECOND;
    return n;
}

/* Compressed bytes that decode to nothing never reach on_body: bound them too. */
static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up)
{
    struct ct_transfer *t = ctx;
    (void)total;
    (void)up_total;
    (void)up;
    if ((uint64_t)now <= (uint64_t)t->max_bytes + MAX_HEADER_BYTES)
        return 0;
    t->stop = STOP_WIRE;
    return 1;
}

/* ---- what is asked, and the rules ---- */

static CURLcode set_limits(struct ct_transfer *t)
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

static CURLcode set_rules(struct ct_transfer *t)
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
    struct ct_transfer *t = ctx;
    size_t left = strlen(t->body + t->read_pos), n = size * count < left ? size * count : left;
    memcpy(to, t->body + t->read_pos, n);
    t->read_pos += n;
    return n;
}

/* Without TLS a mail goes to a server of one's own only, and never with a password. */
static CURLcode set_mail(struct ct_transfer *t)
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

static CURLcode set_http(struct ct_transfer *t)
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

static CURLcode set_request(struct ct_transfer *t)
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

CURLcode ct_hop_prepare(struct ct_transfer *t)
{
    CURLcode rc = set_limits(t);
    if (rc == CURLE_OK)
        rc = set_rules(t);
    return rc == CURLE_OK ? set_request(t) : rc;
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

static enum ct_status time_out(struct ct_transfer *t, const char *host)
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

enum ct_status ct_hop_explain(struct ct_transfer *t, CURLcode rc)
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

/* From FROM to TO, both since the beginning; 0 is libcurl's word for "did not come to that". */
static int64_t step(curl_off_t from, curl_off_t to)
{
    return to > 0 && to >= from ? to - from : CT_NONE;
}

struct ct_http_steps ct_hop_steps(CURL *easy)
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
