#include "config.h"

#include "tests/server/smtp.h"

#include <arpa/inet.h>
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
    atomic_bool stop;
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

/* False: the client is gone, or the test is over. */
static bool read_line(struct ts_smtp *s, int fd, char *line, size_t cap)
{
    size_t n = 0;
    while (!atomic_load(&s->stop)) {
        struct pollfd pf = {.fd = fd, .events = POLLIN};
        char c;
        if (poll(&pf, 1, 50) <= 0)
            continue;
        if (read(fd, &c, 1) != 1)
            return false;
        if (c == '\n' || n + 2 > cap) {
            line[n] = '\0';
            pthread_mutex_lock(&s->lock);
            int put = snprintf(s->heard + s->n, sizeof s->heard - s->n, "%s\n", line);
            if (put > 0 && (size_t)put < sizeof s->heard - s->n)
                s->n += (size_t)put;
            pthread_mutex_unlock(&s->lock);
            return true;
        }
        if (c != '\r')
            line[n++] = c;
    }
    return false;
}

static void say(int fd, const char *reply)
{
    if (write(fd, reply, strlen(reply)) < 0)
        return; /* the client is gone: the next read tells */
}

/* The reply to LINE; NULL hangs up. */
static const char *reply_to(const char *line, int way, bool *data)
{
    if (*data && strcmp(line, ".") == 0) {
        *data = false;
        return way == TS_SMTP_DIES ? NULL : "250 taken\r\n";
    }
    if (*data)
        return "";
    if (strncmp(line, "EHLO", 4) == 0)
        return "250-here\r\n250 AUTH PLAIN LOGIN\r\n";
    if (strncmp(line, "RCPT", 4) == 0 && way == TS_SMTP_NOT_NOW)
        return "451 later\r\n";
    if (strncmp(line, "RCPT", 4) == 0 && way == TS_SMTP_NEVER)
        return "550 never\r\n";
    if (strncmp(line, "QUIT", 4) == 0)
        return NULL;
    *data = strncmp(line, "DATA", 4) == 0;
    return *data ? "354 go on\r\n" : "250 fine\r\n";
}

static void talk(struct ts_smtp *s, int fd)
{
    char line[4096];
    bool data = false;
    const char *reply = "220 here\r\n";
    int way = atomic_load(&s->way);
    if (way == TS_SMTP_HANGS)
        reply = "";
    do
        say(fd, reply);
    while (read_line(s, fd, line, sizeof line) && (reply = reply_to(line, way, &data)) != NULL);
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

char *ts_smtp_heard(struct ts_smtp *s)
{
    pthread_mutex_lock(&s->lock);
    char *out = strdup(s->heard);
    pthread_mutex_unlock(&s->lock);
    if (out == NULL)
        die("strdup");
    return out;
}
