#include "config.h"

#include "tests/server/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { MAX_ROUTES = 128, MAX_HITS = 512, MAX_KEPT = 64 };

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "test server: %s: %s\n", what, strerror(errno));
    abort();
}

static int64_t mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void nap_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

static char *copy(const char *p, size_t n)
{
    char *out = malloc(n + 1);
    if (out == NULL)
        die("malloc");
    if (n > 0)
        memcpy(out, p, n);
    out[n] = '\0';
    return out;
}

/* ---- the polite server ---- */

struct route {
    char *path, *headers, *body, *etag;
    char *kept[MAX_KEPT]; /* the last requests, in turn */
    size_t length;
    int status, delay_ms, hits, hits_304;
    int64_t hit_ms[MAX_HITS];
};

struct ts {
    struct MHD_Daemon *daemon;
    char *cert, *key;
    int port;
    pthread_mutex_t lock;
    struct route routes[MAX_ROUTES];
    int n;
};

/* What one request has sent so far. */
struct request {
    char text[16384];
    size_t n;
};

static void note(struct request *q, const char *a, const char *b, const char *c)
{
    int n = snprintf(q->text + q->n, sizeof(q->text) - q->n, "%s%s%s", a, b, c);
    if (n > 0 && (size_t)n < sizeof(q->text) - q->n)
        q->n += (size_t)n;
}

static enum MHD_Result note_value(void *ctx, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    struct request *q = ctx;
    if (kind == MHD_GET_ARGUMENT_KIND) {
        note(q, memchr(q->text, '?', q->n) != NULL ? "&" : "?", key, "=");
        note(q, value != NULL ? value : "", "", "");
    } else {
        note(q, key, ": ", value);
        note(q, "\n", "", "");
    }
    return MHD_YES;
}

static struct route *find(struct ts *s, const char *path)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->routes[i].path, path) == 0)
            return &s->routes[i];
    return NULL;
}

static void add_headers(struct MHD_Response *r, const char *lines)
{
    while (lines != NULL && *lines != '\0') {
        size_t n = strcspn(lines, "\n"), colon = strcspn(lines, ":");
        char *name = copy(lines, colon), *value = copy(lines + colon + 2, n - colon - 2);
        MHD_add_response_header(r, name, value);
        free(name);
        free(value);
        lines += n + (lines[n] == '\n');
    }
}

/* Writes N over every "%HIT%" of BODY: both are five wide. */
static void count_in(char *body, int n)
{
    char digits[16];
    snprintf(digits, sizeof(digits), "%05d", n % 100000);
    for (char *at = body; (at = strstr(at, "%HIT%")) != NULL; at += 5)
        memcpy(at, digits, 5);
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *body_n, void **state)
{
    struct ts *s = ctx;
    struct request *q = *state;
    (void)version;
    if (q == NULL) {
        if ((q = *state = calloc(1, sizeof(*q))) == NULL)
            return MHD_NO;
        note(q, method, " ", url);
        MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, note_value, q);
        note(q, "\n", "", "");
        MHD_get_connection_values(c, MHD_HEADER_KIND, note_value, q);
        note(q, "\n", "", "");
        return MHD_YES;
    }
    if (*body_n > 0) {
        char *part = copy(body, *body_n);
        note(q, part, "", "");
        free(part);
        *body_n = 0;
        return MHD_YES;
    }
    const char *match = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-None-Match");
    int status = 404, delay = 0;
    struct MHD_Response *r;
    pthread_mutex_lock(&s->lock);
    struct route *route = find(s, url);
    if (route != NULL) {
        bool same = route->etag != NULL && match != NULL && strcmp(match, route->etag) == 0;
        route->hit_ms[route->hits % MAX_HITS] = mono_ms();
        char **kept = &route->kept[route->hits++ % MAX_KEPT];
        route->hits_304 += same;
        free(*kept);
        *kept = copy(q->text, q->n);
        status = same ? 304 : route->status;
        delay = route->delay_ms;
        char *text = copy(route->body, route->length);
        count_in(text, route->hits);
        r = MHD_create_response_from_buffer(same ? 0 : route->length, text, MHD_RESPMEM_MUST_COPY);
        free(text);
        if (route->etag != NULL)
            MHD_add_response_header(r, "ETag", route->etag);
        add_headers(r, route->headers);
    } else {
        r = MHD_create_response_from_buffer(9, (void *)(uintptr_t) "not here\n",
                                            MHD_RESPMEM_PERSISTENT);
    }
    pthread_mutex_unlock(&s->lock);
    if (delay > 0)
        nap_ms(delay);
    enum MHD_Result ok = MHD_queue_response(c, (unsigned)status, r);
    MHD_destroy_response(r);
    return ok;
}

static void completed(void *ctx, struct MHD_Connection *c, void **state,
                      enum MHD_RequestTerminationCode why)
{
    (void)ctx;
    (void)c;
    (void)why;
    free(*state);
    *state = NULL;
}

static char *slurp(const char *path)
{
    char text[16384];
    FILE *f = fopen(path, "r");
    if (f == NULL)
        die(path);
    size_t n = fread(text, 1, sizeof(text), f);
    fclose(f);
    return copy(text, n);
}

/* TLS refusals are what some tests are about: not worth words. */
static void quiet(void *ctx, const char *fmt, va_list ap)
{
    (void)ctx;
    (void)fmt;
    (void)ap;
}

struct ts *ts_new(const char *cert, const char *key)
{
    struct ts *s = calloc(1, sizeof(*s));
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (s == NULL)
        die("calloc");
    signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&s->lock, NULL);
    unsigned flags =
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ERROR_LOG;
    if (cert != NULL) {
        s->cert = slurp(cert);
        s->key = slurp(key);
        s->daemon = MHD_start_daemon(
            flags | MHD_USE_TLS, 0, NULL, NULL, handle, s, MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL,
            MHD_OPTION_SOCK_ADDR, &a, MHD_OPTION_HTTPS_MEM_CERT, s->cert, MHD_OPTION_HTTPS_MEM_KEY,
            s->key, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    } else {
        s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, s, MHD_OPTION_EXTERNAL_LOGGER,
                                     quiet, NULL, MHD_OPTION_SOCK_ADDR, &a,
                                     MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    }
    if (s->daemon == NULL)
        die("libmicrohttpd");
    s->port = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return s;
}

void ts_free(struct ts *s)
{
    if (s == NULL)
        return;
    MHD_stop_daemon(s->daemon);
    for (int i = 0; i < s->n; i++) {
        free(s->routes[i].path);
        free(s->routes[i].headers);
        free(s->routes[i].body);
        free(s->routes[i].etag);
        for (int k = 0; k < MAX_KEPT; k++)
            free(s->routes[i].kept[k]);
    }
    pthread_mutex_destroy(&s->lock);
    free(s->cert);
    free(s->key);
    free(s);
}

int ts_port(const struct ts *s)
{
    return s->port;
}

void ts_set(struct ts *s, const char *path, const struct ts_answer *a)
{
    pthread_mutex_lock(&s->lock);
    struct route *r = find(s, path);
    if (r == NULL) {
        if (s->n == MAX_ROUTES)
            abort();
        r = &s->routes[s->n++];
        r->path = copy(path, strlen(path));
    }
    free(r->headers);
    free(r->body);
    free(r->etag);
    r->headers = a->headers != NULL ? copy(a->headers, strlen(a->headers)) : NULL;
    r->length = a->body == NULL ? 0 : a->length != 0 ? a->length : strlen(a->body);
    r->body = copy(a->body, r->length);
    r->etag = a->etag != NULL ? copy(a->etag, strlen(a->etag)) : NULL;
    r->status = a->status;
    r->delay_ms = a->delay_ms;
    pthread_mutex_unlock(&s->lock);
}

int ts_hits(struct ts *s, const char *path)
{
    pthread_mutex_lock(&s->lock);
    const struct route *r = find(s, path);
    int n = r != NULL ? r->hits : 0;
    pthread_mutex_unlock(&s->lock);
    return n;
}

int ts_hits_304(struct ts *s, const char *path)
{
    pthread_mutex_lock(&s->lock);
    const struct route *r = find(s, path);
    int n = r != NULL ? r->hits_304 : 0;
    pthread_mutex_unlock(&s->lock);
    return n;
}

int64_t ts_hit_ms(struct ts *s, const char *path, int i)
{
    pthread_mutex_lock(&s->lock);
    const struct route *r = find(s, path);
    int64_t ms = r != NULL && i < r->hits ? r->hit_ms[i % MAX_HITS] : -1;
    pthread_mutex_unlock(&s->lock);
    return ms;
}

char *ts_request(struct ts *s, const char *path, int i)
{
    pthread_mutex_lock(&s->lock);
    const struct route *r = find(s, path);
    bool there = r != NULL && i >= 0 && i < r->hits && i >= r->hits - MAX_KEPT;
    const char *kept = there ? r->kept[i % MAX_KEPT] : "";
    char *text = copy(kept, strlen(kept));
    pthread_mutex_unlock(&s->lock);
    return text;
}

char *ts_last(struct ts *s, const char *path)
{
    return ts_request(s, path, ts_hits(s, path) - 1);
}

/* ---- the raw server ---- */

struct ts_raw {
    int fd, port;
    pthread_t thread;
    atomic_bool stop;
    atomic_int connections, alive;
};

struct visit {
    struct ts_raw *r;
    int fd;
    int requests; /* on this connection, this one included */
};

/* False when the client is gone or the server stops. */
static bool say(struct visit *v, const void *p, size_t n)
{
    while (n > 0 && !atomic_load(&v->r->stop)) {
        struct pollfd pf = {.fd = v->fd, .events = POLLOUT};
        if (poll(&pf, 1, 50) == 0)
            continue;
        ssize_t k = send(v->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (k < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (k <= 0)
            return false;
        p = (const char *)p + k;
        n -= (size_t)k;
    }
    return n == 0;
}

static bool says(struct visit *v, const char *text)
{
    return say(v, text, strlen(text));
}

/* True while nobody hung up. */
static bool linger(struct visit *v, int ms)
{
    char c;
    int64_t end = mono_ms() + ms;
    do {
        if (atomic_load(&v->r->stop))
            return false;
        ssize_t k = recv(v->fd, &c, 1, MSG_DONTWAIT);
        if (k == 0 || (k < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        nap_ms(ms < 20 ? ms : 20);
    } while (mono_ms() < end);
    return true;
}

#define OK_CLOSE "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"

static bool ok(struct visit *v)
{
    return says(v, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
}

static bool slow(struct visit *v)
{
    says(v, OK_CLOSE "Content-Length: 1000\r\n\r\n");
    while (says(v, "x") && linger(v, 700))
        ;
    return false;
}

static bool silent(struct visit *v)
{
    while (linger(v, 500))
        ;
    return false;
}

static bool close_now(struct visit *v)
{
    (void)v;
    return false;
}

static bool garbage(struct visit *v)
{
    says(v, "SSH-2.0-Hello\r\n\r\n");
    return false;
}

static bool for_ever(struct visit *v, const char *head, const char *part)
{
    static const char filler[65536];
    for (bool going = says(v, head); going;)
        going = part != NULL ? says(v, part) : say(v, filler, sizeof(filler));
    return false;
}

static bool endless(struct visit *v)
{
    return for_ever(v, OK_CLOSE "\r\n", NULL);
}

static bool chunks(struct visit *v)
{
    return for_ever(v, OK_CLOSE "Transfer-Encoding: chunked\r\n\r\n", "10\r\n0123456789abcdef\r\n");
}

static bool headers(struct visit *v)
{
    return for_ever(v, "HTTP/1.1 200 OK\r\n", "X-More: abcdefghijklmnopqrstuvwxyz\r\n");
}

static bool long_header(struct visit *v)
{
    return for_ever(v, "HTTP/1.1 200 OK\r\nX-Long: ", "abcdefghijklmnopqrstuvwxyz");
}

static bool continues(struct visit *v)
{
    for (int i = 0; i < 5000; i++)
        if (!says(v, "HTTP/1.1 100 Continue\r\n\r\n"))
            return false;
    return ok(v);
}

static bool short_body(struct visit *v)
{
    says(v, OK_CLOSE "Content-Length: 1000\r\n\r\n{\"half\":");
    return false;
}

static bool reset(struct visit *v)
{
    says(v, OK_CLOSE "Content-Length: 1000\r\n\r\n{\"half\":");
    nap_ms(50);
    setsockopt(v->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    return false;
}

/* Two lengths: which one holds is anybody's guess. */
static bool twice(struct visit *v)
{
    says(v, OK_CLOSE "Content-Length: 2\r\nContent-Length: 1000\r\n\r\n{}");
    return false;
}

/* 64 MiB of zeros, or a short text, as gzip; made once. */
static size_t packed(unsigned char *out, size_t cap, size_t zeros)
{
    static unsigned char zero[65536];
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        die("deflate");
    z.next_out = out;
    z.avail_out = (uInt)cap;
    for (size_t left = zeros; left > 0;) {
        size_t n = left < sizeof(zero) ? left : sizeof(zero);
        z.next_in = zero;
        z.avail_in = (uInt)n;
        left -= n;
        deflate(&z, left > 0 ? Z_NO_FLUSH : Z_FINISH);
    }
    size_t n = cap - z.avail_out;
    deflateEnd(&z);
    return n;
}

static bool gzip(struct visit *v, size_t zeros, size_t cut, bool flip)
{
    static const size_t cap = 128 * 1024;
    unsigned char *p = malloc(cap);
    char head[200];
    size_t n = packed(p, cap, zeros);
    if (flip)
        p[n - 6] ^= 0xff; /* in the checksum */
    snprintf(head, sizeof(head), OK_CLOSE "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
             n - cut);
    if (says(v, head))
        say(v, p, n - cut);
    free(p);
    return false;
}

static bool cut_gzip(struct visit *v)
{
    return gzip(v, 1 << 20, 400, false);
}

static bool bad_gzip(struct visit *v)
{
    return gzip(v, 1 << 20, 0, true);
}

static bool bomb(struct visit *v)
{
    return gzip(v, 64 << 20, 0, false);
}

/* Empty stored blocks: compressed bytes without end that decode to nothing. */
static bool no_output(struct visit *v)
{
    static unsigned char block[50000];
    for (size_t i = 0; i < sizeof(block); i += 5)
        memcpy(block + i, "\0\0\0\xff\xff", 5);
    says(v, OK_CLOSE "Content-Encoding: gzip\r\n\r\n");
    for (bool going = say(v, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10); going;)
        going = say(v, block, sizeof(block));
    return false;
}

/* Keeps the connection, and drops it at the next request: what a kept connection looks like after a
 * nap. */
static bool stale(struct visit *v)
{
    return v->requests == 1 && ok(v);
}

static const struct {
    const char *path;
    bool (*run)(struct visit *v); /* true: read another request */
} behaviours[] = {
    {"/ok", ok},
    {"/slow", slow},
    {"/silent", silent},
    {"/close", close_now},
    {"/garbage", garbage},
    {"/endless", endless},
    {"/chunks", chunks},
    {"/headers", headers},
    {"/continue", continues},
    {"/long-header", long_header},
    {"/short", short_body},
    {"/rst", reset},
    {"/twice", twice},
    {"/cut-gzip", cut_gzip},
    {"/bad-gzip", bad_gzip},
    {"/bomb", bomb},
    {"/no-output", no_output},
    {"/stale", stale},
};

/* Reads one request head; false at the end of the connection. */
static bool hear(struct visit *v, char *head, size_t cap)
{
    size_t n = 0;
    while (n + 1 < cap && !atomic_load(&v->r->stop)) {
        struct pollfd pf = {.fd = v->fd, .events = POLLIN};
        if (poll(&pf, 1, 50) <= 0)
            continue;
        ssize_t k = recv(v->fd, head + n, cap - 1 - n, 0);
        if (k <= 0)
            return false;
        n += (size_t)k;
        head[n] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL)
            return true;
    }
    return false;
}

static void *serve(void *ctx)
{
    struct visit *v = ctx;
    char head[8192];
    bool more = true;
    while (more && hear(v, head, sizeof(head))) {
        char *path = strchr(head, ' ');
        more = false;
        v->requests++;
        if (path == NULL)
            break;
        path[1 + strcspn(path + 1, " ?")] = '\0';
        for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
            if (strcmp(path + 1, behaviours[i].path) == 0)
                more = behaviours[i].run(v);
    }
    close(v->fd);
    atomic_fetch_sub(&v->r->alive, 1);
    free(v);
    return NULL;
}

static void *accept_all(void *ctx)
{
    struct ts_raw *r = ctx;
    while (!atomic_load(&r->stop)) {
        struct pollfd pf = {.fd = r->fd, .events = POLLIN};
        pthread_t t;
        if (poll(&pf, 1, 50) <= 0)
            continue;
        struct visit *v = calloc(1, sizeof(*v));
        if (v == NULL)
            die("calloc");
        *v = (struct visit){.r = r, .fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC)};
        atomic_fetch_add(&r->connections, 1);
        atomic_fetch_add(&r->alive, 1);
        if (v->fd < 0 || pthread_create(&t, NULL, serve, v) != 0)
            die("accept");
        pthread_detach(t);
    }
    return NULL;
}

static int listener(int *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        die("bind");
    *port = ntohs(a.sin_port);
    return fd;
}

struct ts_raw *ts_raw_new(void)
{
    struct ts_raw *r = calloc(1, sizeof(*r));
    if (r == NULL)
        die("calloc");
    signal(SIGPIPE, SIG_IGN);
    r->fd = listener(&r->port);
    if (listen(r->fd, 128) != 0 || pthread_create(&r->thread, NULL, accept_all, r) != 0)
        die("listen");
    return r;
}

void ts_raw_free(struct ts_raw *r)
{
    if (r == NULL)
        return;
    atomic_store(&r->stop, true);
    pthread_join(r->thread, NULL);
    while (atomic_load(&r->alive) > 0)
        nap_ms(5);
    close(r->fd);
    free(r);
}

int ts_raw_port(const struct ts_raw *r)
{
    return r->port;
}

int ts_raw_connections(struct ts_raw *r)
{
    return atomic_load(&r->connections);
}

int ts_closed_port(void)
{
    int port;
    close(listener(&port));
    return port;
}

void ts_make_certs(const char *dir)
{
    const char *top = getenv("CT_SRCDIR");
    char script[4096];
    int status = -1;
    snprintf(script, sizeof(script), "%s/tests/server/certs.sh", top != NULL ? top : ".");
    pid_t pid = fork();
    if (pid == 0) {
        execlp("sh", "sh", script, dir, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        die("certs.sh");
}
