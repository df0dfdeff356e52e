/* Inside the network door: one transfer, over all its hops. The only file that includes curl's
 * header, for http*.c alone.
 *
 * libcurl 7.85 and later. Three habits of it shape these files: a cut gzip body ends with CURLE_OK
 * (parsers must read to the end), MAXFILESIZE counts bytes on the wire only (so we count decoded
 * ones), and time in its own queue counts against the time-out (so requests wait in ours). */
#ifndef CT_HTTP_PRIV_H
#define CT_HTTP_PRIV_H

#include "fetchers/http.h"

#include <curl/curl.h>

enum {
    MAX_HEADER_BYTES = 64 * 1024,
    MAX_VALIDATOR = 512,
};

enum state { QUEUED, RUNNING, FINISHED };
/* Why one of our own callbacks ended a transfer. */
enum stop { STOP_NONE, STOP_BODY, STOP_WIRE, STOP_HEADERS, STOP_SINK };

struct ct_transfer {
    struct ct_transfer *next;
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
    int64_t ahead_ms, age_ms; /* as in the answer; how long a cache has kept it */
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
    struct ct_transfer *first, **last;
    size_t n, running;
};

/* ---- addresses (http_url.c) ---- */

/* Splits an absolute URL. *ORIGIN is to be freed. */
CT_MUST_USE enum ct_status ct_http_split_url(const char *url, bool mail, char **origin,
                                             bool *secure, bool *public_host,
                                             struct ct_error *err);

/* ---- one hop (http_hop.c) ---- */

/* Tells T's easy handle all that is to be asked, and all that holds for every transfer. */
CURLcode ct_hop_prepare(struct ct_transfer *t);
/* What RC of a hop means to people; fills T's error. */
enum ct_status ct_hop_explain(struct ct_transfer *t, CURLcode rc);
struct ct_http_steps ct_hop_steps(CURL *easy);

#endif
