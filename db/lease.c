/* One fetcher per database. The lock file decides (the kernel drops the lock with its holder, however it
 * ends); the row only names who holds it. */
#include "config.h"

#include "db/write_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct ct_lease {
    struct ct_writer *w;
    int fd;
    int64_t pid, since_ms;
    int64_t ahead_ms, told_ms; /* the clock: what is known, and what the database says of it */
    char host[80];
};

/* flock belongs to the open file, which a forked child would share and keep alive. */
static int held_fd = -1;

static void close_in_child(void)
{
    if (held_fd >= 0)
        (void)close(held_fd);
    held_fd = -1;
}

static void watch_forks(void)
{
    static bool watching;
    if (!watching && pthread_atfork(NULL, NULL, close_in_child) == 0)
        watching = true;
}

/* "in use by fetcher pid 4121 on HOST, 12s ago" */
static enum ct_status busy(struct ct_writer *w, int64_t now_ms, struct ct_error *err)
{
    w->rc = SQLITE_OK;
    ct_arena_reset(w->arena);
    sqlite3_stmt *st = ct_w_bind(w, Q_LEASE_GET, NULL, 0);
    enum ct_status status = CT_ERR_BUSY;
    if (ct_w_row(w, st)) {
        char age[CT_TIME_MAX];
        ct_age_format(age, now_ms - ct_w_int(st, 3));
        struct ct_span owner = ct_w_text(w, st, 0), host = ct_w_text(w, st, 2);
        status = ct_fail(err, CT_ERR_BUSY, w->path, "in use by %.*s pid %lld on %.*s, %s ago", CT_FMT(owner),
                         (long long)ct_w_int(st, 1), CT_FMT(host), age);
    } else {
        status = ct_fail(err, CT_ERR_BUSY, w->path, "another fetcher is just starting or ending");
    }
    ct_w_end(st);
    return status;
}

int ct_lock_file(const char *database, struct ct_error *err)
{
    struct ct_buf path = CT_BUF_INIT;
    ct_buf_addf(&path, "%s.lock", database);
    int fd = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (fd >= 0 && errno == EWOULDBLOCK)
            (void)ct_fail(err, CT_ERR_BUSY, database, "a fetcher or a demo runs on it: end that first");
        else
            (void)ct_fail(err, CT_ERR_IO, path.p, "%s", strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        fd = -1;
    }
    ct_buf_free(&path);
    return fd;
}

void ct_note_trouble(struct ct_writer *w, const char *why)
{
    char line[CT_NOTE_BYTES] = "";
    if (w->note_fd < 0 || (!why && w->noted_ms == CT_NONE))
        return;
    if (why && w->noted_ms == CT_NONE)
        w->noted_ms = ct_now_ms();
    if (why)
        (void)snprintf(line, sizeof line, "%lld %lld %s", (long long)w->noted_ms, (long long)getpid(), why);
    else
        w->noted_ms = CT_NONE;
    /* one that cannot be written is told of by the silence that follows */
    if (pwrite(w->note_fd, line, sizeof line, 0) != (ssize_t)sizeof line)
        errno = 0;
}

void ct_write_hand_lock(struct ct_writer *w, int lock)
{
    w->lock_fd = lock;
}

enum ct_status ct_lease_take(struct ct_writer *w, const char *owner, int64_t now_ms,
                             struct ct_lease **out, struct ct_error *err)
{
    struct ct_lease *l = ct_xcalloc(1, sizeof *l);
    enum ct_status status;
    l->w = w;
    l->fd = w->lock_fd >= 0 ? w->lock_fd : ct_lock_file(w->path, err);
    w->lock_fd = -1;
    if (l->fd < 0) {
        status = err->status == CT_ERR_BUSY ? busy(w, now_ms, err) : err->status;
        goto out;
    }
    l->pid = getpid();
    l->since_ms = now_ms;
    if (gethostname(l->host, sizeof l->host - 1) != 0)
        l->host[0] = '\0';
    status = ct_w_begin(w, err);
    if (status != CT_OK)
        goto out;
    RUN(w, LEASE_PUT, vs(owner), vi(l->pid), vs(l->host), vi(now_ms));
    RUN(w, META_PUT, vs("ahead_ms"), vi(CT_NONE)); /* what another one knew of the clock */
    l->ahead_ms = l->told_ms = CT_NONE;
    status = ct_w_commit(w, "lease", err);
out:
    if (status != CT_OK) {
        if (l->fd >= 0)
            (void)close(l->fd);
        free(l);
        return status;
    }
    watch_forks();
    held_fd = w->note_fd = l->fd;
    w->noted_ms = 0; /* whatever another one noted is over */
    ct_note_trouble(w, NULL);
    *out = l;
    return CT_OK;
}

enum ct_status ct_lease_beat(struct ct_lease *l, int64_t now_ms, struct ct_error *err)
{
    if (getpid() != l->pid)
        return ct_fail(err, CT_ERR_BUSY, l->w->path, "the lease belongs to the parent process");
    enum ct_status status = ct_w_begin(l->w, err);
    if (status != CT_OK)
        return status;
    int64_t n = RUN(l->w, LEASE_BEAT, vi(l->pid), vs(l->host), vi(l->since_ms), vi(now_ms));
    bool tell = l->ahead_ms / CT_SECOND != l->told_ms / CT_SECOND;
    if (tell)
        RUN(l->w, META_PUT, vs("ahead_ms"), vi(l->ahead_ms));
    status = ct_w_commit(l->w, "lease", err);
    if (tell && status == CT_OK)
        l->told_ms = l->ahead_ms;
    return status == CT_OK && n == 0 ? busy(l->w, now_ms, err) : status;
}

void ct_lease_clock(struct ct_lease *l, int64_t ahead_ms)
{
    l->ahead_ms = ahead_ms;
}

void ct_lease_drop(struct ct_lease *l)
{
    if (!l)
        return;
    if (getpid() == l->pid) {
        struct ct_error ignored;
        if (ct_w_begin(l->w, &ignored) == CT_OK) {
            RUN(l->w, LEASE_DEL, vi(l->pid), vs(l->host), vi(l->since_ms));
            /* A row that stays only names somebody whose lock is gone: harmless. */
            enum ct_status status = ct_w_commit(l->w, "lease", &ignored);
            (void)status;
        }
        ct_note_trouble(l->w, NULL);
        l->w->note_fd = -1;
        (void)flock(l->fd, LOCK_UN); /* at once, also for a child that has not closed its copy yet */
        (void)close(l->fd);
        if (held_fd == l->fd)
            held_fd = -1;
    }
    free(l);
}
