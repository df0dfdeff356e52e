#include "config.h"

#include "tests/server/smtp.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct ts_smtp {
    int fd, port;
    atomic_int way;
    atomic_int tls; /* enum ts_smtp_tls */
    atomic_bool stop;
    _Atomic(gnutls_certificate_credentials_t) creds; /* NULL: none */
    gnutls_certificate_credentials_t all[16];        /* a connection may still use one given before */
    size_t n_all;
    pthread_t thread;
    pthread_mutex_t lock;
    char heard[65536];
    size_t n;
};

static _Noreturn void die(const char *what)
{
    perror(what);
    abort();
}

/* One connection. */
struct talk {
    struct ts_smtp *s;
    int fd;
    gnutls_session_t tls; /* NULL: in clear */
    bool data, secret;    /* the next line is of a mail, or a password */
};

static void hear(struct ts_smtp *s, const char *how, const char *line)
{
    pthread_mutex_lock(&s->lock);
    int put = snprintf(s->heard + s->n, sizeof s->heard - s->n, "%s%s\n", how, line);
    if (put > 0 && (size_t)put < sizeof s->heard - s->n)
        s->n += (size_t)put;
    pthread_mutex_unlock(&s->lock);
}

static bool read_byte(struct talk *t, char *c)
{
    while (!atomic_load(&t->s->stop)) {
        struct pollfd pf = {.fd = t->fd, .events = POLLIN};
        bool waiting = t->tls && gnutls_record_check_pending(t->tls) > 0;
        if (!waiting && poll(&pf, 1, 50) <= 0)
            continue;
        ssize_t n = t->tls ? gnutls_record_recv(t->tls, c, 1) : read(t->fd, c, 1);
        if (n == 1)
            return true;
        if (!t->tls || (n != GNUTLS_E_AGAIN && n != GNUTLS_E_INTERRUPTED))
            return false;
    }
    return false;
}

/* False: the client is gone, or the test is over. */
static bool read_line(struct talk *t, char *line, size_t cap)
{
    size_t n = 0;
    for (char c; read_byte(t, &c);) {
        if (c == '\n' || n + 2 > cap) {
            line[n] = '\0';
            hear(t->s, t->tls ? "TLS " : "", line);
            return true;
        }
        if (c != '\r')
            line[n++] = c;
    }
    return false;
}

/* When the client is gone, the next read tells. */
static void say(struct talk *t, const char *reply)
{
    size_t n = strlen(reply);
    if (n == 0)
        return;
    ssize_t put = t->tls ? gnutls_record_send(t->tls, reply, n) : write(t->fd, reply, n);
    (void)put;
}

static bool secure(struct talk *t)
{
    if (gnutls_init(&t->tls, GNUTLS_SERVER) != 0 || gnutls_set_default_priority(t->tls) != 0 ||
        gnutls_credentials_set(t->tls, GNUTLS_CRD_CERTIFICATE, atomic_load(&t->s->creds)) != 0)
        die("gnutls");
    gnutls_transport_set_int(t->tls, t->fd);
    gnutls_handshake_set_timeout(t->tls, 20000);
    int rc;
    do
        rc = gnutls_handshake(t->tls);
    while (rc < 0 && !gnutls_error_is_fatal(rc));
    return rc == 0;
}

/* The reply to LINE; NULL hangs up. */
static const char *reply_to(struct talk *t, const char *line, int way)
{
    if (t->data && strcmp(line, ".") == 0) {
        t->data = false;
        return way == TS_SMTP_DIES ? NULL : "250 taken\r\n";
    }
    if (t->data)
        return "";
    if (t->secret) {
        t->secret = false;
        return "235 welcome\r\n";
    }
    if (strncmp(line, "EHLO", 4) == 0)
        return atomic_load(&t->s->tls) == TS_SMTP_STARTTLS && !t->tls
                   ? "250-here\r\n250 STARTTLS\r\n"
                   : "250-here\r\n250 AUTH PLAIN LOGIN\r\n";
    if (strncmp(line, "AUTH", 4) == 0) {
        t->secret = true;
        return "334 \r\n";
    }
    if (strncmp(line, "RCPT", 4) == 0 && way == TS_SMTP_NOT_NOW)
        return "451 later\r\n";
    if (strncmp(line, "RCPT", 4) == 0 && way == TS_SMTP_NEVER)
        return "550 never\r\n";
    if (strncmp(line, "QUIT", 4) == 0)
        return NULL;
    t->data = strncmp(line, "DATA", 4) == 0;
    return t->data ? "354 go on\r\n" : "250 fine\r\n";
}

static void converse(struct talk *t, int way)
{
    char line[4096];
    const char *reply = way == TS_SMTP_HANGS ? "" : "220 here\r\n";
    do {
        say(t, reply);
        if (!read_line(t, line, sizeof line))
            return;
        if (strncmp(line, "STARTTLS", 8) == 0 && atomic_load(&t->s->creds) && !t->tls) {
            say(t, "220 go on\r\n");
            if (!secure(t))
                return;
            reply = "";
        } else {
            reply = reply_to(t, line, way);
        }
    } while (reply);
}

static void talk(struct ts_smtp *s, int fd)
{
    struct talk t = {.s = s, .fd = fd};
    if (atomic_load(&s->tls) != TS_SMTP_IMPLICIT || secure(&t))
        converse(&t, atomic_load(&s->way));
    if (t.tls)
        gnutls_deinit(t.tls);
    close(fd);
}

static void *serve(void *ctx)
{
    struct ts_smtp *s = ctx;
    while (!atomic_load(&s->stop)) {
        struct pollfd pf = {.fd = s->fd, .events = POLLIN};
        if (poll(&pf, 1, 50) > 0) {
            int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
            if (fd >= 0)
                talk(s, fd);
        }
    }
    return NULL;
}

struct ts_smtp *ts_smtp_new(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    struct ts_smtp *s = calloc(1, sizeof *s);
    if (s == NULL)
        die("calloc");
    signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&s->lock, NULL);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(s->fd, 16) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&a, &n) != 0)
        die("mail server");
    s->port = ntohs(a.sin_port);
    if (pthread_create(&s->thread, NULL, serve, s) != 0)
        die("pthread_create");
    return s;
}

void ts_smtp_free(struct ts_smtp *s)
{
    if (s == NULL)
        return;
    atomic_store(&s->stop, true);
    pthread_join(s->thread, NULL);
    pthread_mutex_destroy(&s->lock);
    while (s->n_all)
        gnutls_certificate_free_credentials(s->all[--s->n_all]);
    close(s->fd);
    free(s);
}

int ts_smtp_port(const struct ts_smtp *s)
{
    return s->port;
}

void ts_smtp_set(struct ts_smtp *s, enum ts_smtp_way way)
{
    atomic_store(&s->way, (int)way);
}

void ts_smtp_secure(struct ts_smtp *s, enum ts_smtp_tls tls, const char *cert, const char *key)
{
    gnutls_certificate_credentials_t creds = NULL;
    if (cert && (s->n_all == sizeof s->all / sizeof s->all[0] ||
                 gnutls_certificate_allocate_credentials(&creds) != 0 ||
                 gnutls_certificate_set_x509_key_file(creds, cert, key, GNUTLS_X509_FMT_PEM) != 0))
        die(cert);
    if (creds)
        s->all[s->n_all++] = creds;
    atomic_store(&s->creds, creds);
    atomic_store(&s->tls, (int)tls);
}

char *ts_smtp_heard(struct ts_smtp *s)
{
    pthread_mutex_lock(&s->lock);
    char *out = strdup(s->heard);
    pthread_mutex_unlock(&s->lock);
    if (out == NULL)
        die("strdup");
    return out;
}
