#include "config.h"

#include "tests/server/h2.h"

#include "db/base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum ending {
    WHOLE, /* the stream ends behind the body */
    RESET,
    STALL,
    ENDLESS,
    SILENT, /* not even headers */
    DROP,
    REFUSE, /* the first time; WHOLE after it */
    AWAY,   /* the same */
    LEAVE,
};

static const char small[] = "{\"a\":1}";
static const unsigned char packed[] = {0x1f, 0x8b, 8,    0,    0,    0,    0, 0, 2,    3,    0xab, 0x56, 0x4a, 0x54,
                                       0xb2, 0x32, 0xac, 0x05, 0x00, 0xaf, 0xac, 0x1b, 0x56, 7,    0,    0,    0};

static const struct page {
    const char *path;
    enum ending ending;
    const void *body; /* NULL: that many 'x' */
    size_t n, said;   /* bytes sent; what content-length says, 0: nothing */
    bool valid;       /* has an ETag */
    bool packed;
    int fill; /* headers of 4000 bytes */
} pages[] = {
    {.path = "/whole", .body = small, .n = sizeof small - 1, .said = sizeof small - 1, .valid = true},
    {.path = "/large", .n = 300000, .said = 300000},
    {.path = "/gzip", .body = packed, .n = sizeof packed, .said = sizeof packed, .packed = true},
    {.path = "/headers", .body = small, .n = sizeof small - 1, .fill = 50},
    {.path = "/short", .n = 10, .said = 1000},
    {.path = "/endless", .ending = ENDLESS},
    {.path = "/reset", .ending = RESET, .n = 10, .said = 1000},
    {.path = "/stall", .ending = STALL, .n = 10, .said = 1000},
    {.path = "/silent", .ending = SILENT},
    {.path = "/drop", .ending = DROP},
    {.path = "/refused", .ending = REFUSE, .body = small, .n = sizeof small - 1},
    {.path = "/goaway", .ending = AWAY, .body = small, .n = sizeof small - 1},
    {.path = "/leaving", .ending = LEAVE, .body = small, .n = sizeof small - 1},
};

struct ts_h2 {
    int fd, port;
    pthread_t thread;
    gnutls_certificate_credentials_t keys;
    atomic_int stop, alive, connections, hits[CT_LEN(pages)];
};

struct visit {
    struct ts_h2 *s;
    int fd;
    bool dropped;
    gnutls_session_t tls;
    struct stream *streams; /* all there were */
};

struct stream {
    struct stream *next;
    const struct page *page; /* NULL: another path */
    enum ending ending;
    bool known; /* the request names our ETag */
    size_t sent;
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "test server: %s: %s\n", what, strerror(errno));
    abort();
}

/* ---- answers ---- */

static ssize_t fill(nghttp2_session *h, int32_t id, uint8_t *to, size_t room, uint32_t *flags,
                    nghttp2_data_source *source, void *ctx)
{
    struct stream *t = source->ptr;
    const struct page *p = t->page;
    (void)ctx;
    size_t left = t->ending == ENDLESS ? room : p->n - t->sent, n = left < room ? left : room;
    if (n == 0 && t->ending == STALL)
        return NGHTTP2_ERR_DEFERRED;
    if (n == 0 && t->ending == RESET) {
        (void)nghttp2_submit_rst_stream(h, NGHTTP2_FLAG_NONE, id, NGHTTP2_INTERNAL_ERROR);
        return NGHTTP2_ERR_DEFERRED;
    }
    if (p->body)
        memcpy(to, (const char *)p->body + t->sent, n);
    else
        memset(to, 'x', n);
    t->sent += n;
    if (t->ending != ENDLESS && t->ending != STALL && t->ending != RESET && t->sent == p->n)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

static nghttp2_nv header(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static void answer(nghttp2_session *h, int32_t id, struct stream *t)
{
    enum { MOST = 64 };
    static char filling[4001];
    const struct page *p = t->page;
    nghttp2_nv nv[MOST];
    size_t n = 0;
    char length[32];
    nghttp2_data_provider body = {{.ptr = t}, fill};
    bool has_body = p && !(p->valid && t->known);
    nv[n++] = header(":status", !p ? "404" : has_body ? "200" : "304");
    nv[n++] = header("content-type", "application/json");
    if (p && p->valid)
        nv[n++] = header("etag", "\"v1\"");
    if (p && p->packed)
        nv[n++] = header("content-encoding", "gzip");
    if (has_body && p->said) {
        snprintf(length, sizeof length, "%zu", p->said);
        nv[n++] = header("content-length", length);
    }
    memset(filling, 'f', sizeof filling - 1);
    for (int i = 0; p && i < p->fill; i++)
        nv[n++] = header("x-filling", filling);
    if (nghttp2_submit_response(h, id, nv, n, has_body ? &body : NULL) != 0)
        die("nghttp2_submit_response");
}

static int on_request(nghttp2_session *h, int32_t id, struct visit *v)
{
    struct stream *t = nghttp2_session_get_stream_user_data(h, id);
    const struct page *p = t->page;
    int hit = p ? atomic_fetch_add(&v->s->hits[p - pages], 1) : 0;
    t->ending = !p || (hit > 0 && (p->ending == REFUSE || p->ending == AWAY)) ? WHOLE : p->ending;
    switch (t->ending) {
    case SILENT:
        return 0;
    case DROP:
        v->dropped = true;
        return 0;
    case REFUSE:
        return nghttp2_submit_rst_stream(h, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    case AWAY:
        return nghttp2_submit_goaway(h, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, NULL, 0);
    case LEAVE:
        answer(h, id, t);
        return nghttp2_submit_goaway(h, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR, NULL, 0);
    default:
        answer(h, id, t);
        return 0;
    }
}

/* ---- nghttp2's side ---- */

static int on_begin(nghttp2_session *h, const nghttp2_frame *f, void *ctx)
{
    struct visit *v = ctx;
    struct stream *t = calloc(1, sizeof *t);
    if (!t)
        die("calloc");
    t->next = v->streams;
    v->streams = t;
    return nghttp2_session_set_stream_user_data(h, f->hd.stream_id, t);
}

static int on_header(nghttp2_session *h, const nghttp2_frame *f, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *ctx)
{
    struct stream *t = nghttp2_session_get_stream_user_data(h, f->hd.stream_id);
    struct ct_span key = {(const char *)name, name_n}, is = {(const char *)value, value_n};
    (void)flags, (void)ctx;
    if (t && ct_span_is(key, ":path"))
        for (size_t i = 0; i < CT_LEN(pages); i++)
            if (ct_span_is(is, pages[i].path))
                t->page = &pages[i];
    if (t && ct_span_is(key, "if-none-match"))
        t->known = ct_span_is(is, "\"v1\"");
    return 0;
}

static int on_frame(nghttp2_session *h, const nghttp2_frame *f, void *ctx)
{
    if (f->hd.type != NGHTTP2_HEADERS || !(f->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
    return on_request(h, f->hd.stream_id, ctx);
}

static ssize_t on_send(nghttp2_session *h, const uint8_t *p, size_t n, int flags, void *ctx)
{
    struct visit *v = ctx;
    (void)h, (void)flags;
    ssize_t k = gnutls_record_send(v->tls, p, n);
    return k >= 0                                               ? k
           : k == GNUTLS_E_AGAIN || k == GNUTLS_E_INTERRUPTED ? NGHTTP2_ERR_WOULDBLOCK
                                                                : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static nghttp2_session *speak(struct visit *v)
{
    nghttp2_session *h;
    nghttp2_session_callbacks *c;
    nghttp2_settings_entry most = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100};
    if (nghttp2_session_callbacks_new(&c) != 0)
        die("nghttp2");
    nghttp2_session_callbacks_set_send_callback(c, on_send);
    nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
    nghttp2_option *o;
    if (nghttp2_option_new(&o) != 0)
        die("nghttp2");
    nghttp2_option_set_max_send_header_block_length(o, 1 << 20); /* or it keeps long ones back */
    if (nghttp2_session_server_new2(&h, c, v, o) != 0 || nghttp2_submit_settings(h, NGHTTP2_FLAG_NONE, &most, 1) != 0)
        die("nghttp2_session_server_new");
    nghttp2_option_del(o);
    nghttp2_session_callbacks_del(c);
    return h;
}

/* ---- HTTP/1.1, to which libcurl goes back where a stream failed ---- */

static void talk_plainly(struct visit *v)
{
    char head[4096], path[64] = "";
    ssize_t n = gnutls_record_recv(v->tls, head, sizeof head - 1);
    head[n > 0 ? n : 0] = '\0';
    (void)sscanf(head, "GET %63s", path);
    for (size_t i = 0; i < CT_LEN(pages); i++) {
        const struct page *p = &pages[i];
        if (strcmp(p->path, path) != 0)
            continue;
        atomic_fetch_add(&v->s->hits[i], 1);
        if (!p->body)
            return;
        n = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", p->n);
        (void)gnutls_record_send(v->tls, head, (size_t)n);
        (void)gnutls_record_send(v->tls, p->body, p->n);
        (void)gnutls_bye(v->tls, GNUTLS_SHUT_WR);
    }
}

/* ---- connections ---- */

static bool greet(struct visit *v)
{
    static const gnutls_datum_t known[] = {{(unsigned char *)"h2", 2}, {(unsigned char *)"http/1.1", 8}};
    int rc;
    if (gnutls_init(&v->tls, GNUTLS_SERVER) != 0 || gnutls_set_default_priority(v->tls) != 0 ||
        gnutls_credentials_set(v->tls, GNUTLS_CRD_CERTIFICATE, v->s->keys) != 0 ||
        gnutls_alpn_set_protocols(v->tls, known, 2, GNUTLS_ALPN_SERVER_PRECEDENCE) != 0)
        die("gnutls");
    gnutls_transport_set_int(v->tls, v->fd);
    gnutls_handshake_set_timeout(v->tls, 10000);
    do
        rc = gnutls_handshake(v->tls);
    while (rc < 0 && gnutls_error_is_fatal(rc) == 0);
    return rc == 0;
}

static bool speaks_h2(const struct visit *v)
{
    gnutls_datum_t is = {NULL, 0};
    return gnutls_alpn_get_selected_protocol(v->tls, &is) == 0 && is.size == 2;
}

/* What came, taken in; false at the end. */
static bool hear(struct visit *v, nghttp2_session *h)
{
    uint8_t bytes[16384];
    ssize_t n;
    while ((n = gnutls_record_recv(v->tls, bytes, sizeof bytes)) > 0)
        if (nghttp2_session_mem_recv(h, bytes, (size_t)n) != n || v->dropped)
            return false;
    return n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED;
}

/* Bytes that nobody read would make the kernel reset the connection, and that can overtake what was sent last. */
static void part(struct visit *v)
{
    char bytes[4096];
    struct pollfd pf = {.fd = v->fd, .events = POLLIN};
    (void)gnutls_bye(v->tls, GNUTLS_SHUT_WR);
    (void)shutdown(v->fd, SHUT_WR);
    for (int i = 0; i < 100 && !atomic_load(&v->s->stop); i++) {
        ssize_t n = poll(&pf, 1, 50) > 0 ? read(v->fd, bytes, sizeof bytes) : 1;
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            break;
    }
}

static void talk(struct visit *v)
{
    nghttp2_session *h = speak(v);
    if (fcntl(v->fd, F_SETFL, O_NONBLOCK) != 0)
        die("fcntl");
    while (!atomic_load(&v->s->stop) && nghttp2_session_send(h) == 0) {
        bool write = nghttp2_session_want_write(h) != 0;
        if (!write && !nghttp2_session_want_read(h))
            break;
        struct pollfd pf = {.fd = v->fd, .events = (short)(POLLIN | (write ? POLLOUT : 0))};
        (void)poll(&pf, 1, 50);
        if (!hear(v, h))
            break;
    }
    if (!v->dropped)
        part(v);
    nghttp2_session_del(h);
    for (struct stream *t; (t = v->streams); free(t))
        v->streams = t->next;
}

static void *serve(void *ctx)
{
    struct visit *v = ctx;
    if (greet(v)) {
        if (speaks_h2(v))
            talk(v);
        else
            talk_plainly(v);
    }
    gnutls_deinit(v->tls);
    close(v->fd);
    atomic_fetch_sub(&v->s->alive, 1);
    free(v);
    return NULL;
}

static void *accept_all(void *ctx)
{
    struct ts_h2 *s = ctx;
    while (!atomic_load(&s->stop)) {
        struct pollfd pf = {.fd = s->fd, .events = POLLIN};
        pthread_t t;
        if (poll(&pf, 1, 50) <= 0)
            continue;
        struct visit *v = calloc(1, sizeof *v);
        if (!v)
            die("calloc");
        *v = (struct visit){.s = s, .fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)};
        atomic_fetch_add(&s->connections, 1);
        atomic_fetch_add(&s->alive, 1);
        if (v->fd < 0 || pthread_create(&t, NULL, serve, v) != 0)
            die("accept");
        pthread_detach(t);
    }
    return NULL;
}

struct ts_h2 *ts_h2_new(const char *cert, const char *key)
{
    struct ts_h2 *s = calloc(1, sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    if (!s || gnutls_certificate_allocate_credentials(&s->keys) != 0 ||
        gnutls_certificate_set_x509_key_file(s->keys, cert, key, GNUTLS_X509_FMT_PEM) < 0)
        die(cert);
    signal(SIGPIPE, SIG_IGN);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(s->fd, 128) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&a, &n) != 0 || pthread_create(&s->thread, NULL, accept_all, s) != 0)
        die("listen");
    s->port = ntohs(a.sin_port);
    return s;
}

void ts_h2_free(struct ts_h2 *s)
{
    if (!s)
        return;
    atomic_store(&s->stop, 1);
    pthread_join(s->thread, NULL);
    while (atomic_load(&s->alive) > 0)
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    gnutls_certificate_free_credentials(s->keys);
    close(s->fd);
    free(s);
}

int ts_h2_port(const struct ts_h2 *s)
{
    return s->port;
}

int ts_h2_connections(struct ts_h2 *s)
{
    return atomic_load(&s->connections);
}

int ts_h2_hits(struct ts_h2 *s, const char *path)
{
    for (size_t i = 0; i < CT_LEN(pages); i++)
        if (strcmp(pages[i].path, path) == 0)
            return atomic_load(&s->hits[i]);
    die(path);
}
