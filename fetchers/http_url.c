/* Addresses and header values: what may be asked, and what is read of an answer's. */
#include "config.h"

#include "fetchers/http_priv.h"

#include "db/base/timeutil.h"
#include "fetchers/address.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_URL = 4096 };
#define MAX_RETRY_AFTER_MS (7 * CT_DAY)

static bool plain_url(struct ct_span url)
{
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= ' ' || (unsigned char)url.p[i] >= 0x7f)
            return false;
    return url.n > 0 && url.n <= MAX_URL;
}

enum ct_status ct_http_split_url(const char *url, bool mail, char **origin, bool *secure,
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
    if ((st = ct_http_split_url(base, false, &was, &secure, &public_host, err)) != CT_OK)
        return st;
    text = ct_xspandup(link);
    u = curl_url();
    if (u == NULL || curl_url_set(u, CURLUPART_URL, base, 0) != CURLUE_OK ||
        curl_url_set(u, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_URL, &absolute, 0) != CURLUE_OK)
        st = ct_fail(err, CT_ERR_NET, "next page", "the link is no URL");
    else if ((st = ct_http_split_url(absolute, false, &is, &secure, &public_host, err)) == CT_OK &&
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
