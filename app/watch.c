#include "config.h"

#include "app/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Closing the epoll descriptor closes what it watches. */
struct ct_watch {
    int epoll, signals, parent;
};

static bool watch_add(int epoll, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static enum ct_status open_all(struct ct_watch *w, const char *parent, struct ct_error *err)
{
    int64_t fd = -1;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (w->epoll < 0 || w->signals < 0 || !watch_add(w->epoll, w->signals))
        return ct_fail(err, CT_ERR_IO, "signals", "%s", strerror(errno));
    if (parent == NULL)
        return CT_OK;
    if (ct_span_int(ct_span(parent), &fd) != CT_OK || fd < 0 || fd > INT32_MAX ||
        !watch_add(w->epoll, (int)fd))
        return ct_fail(err, CT_ERR_USAGE, "--parent-fd", "\"%s\" is no open pipe or socket",
                       parent);
    w->parent = (int)fd;
    return CT_OK;
}

enum ct_status ct_watch_open(const char *parent, struct ct_watch **out, struct ct_error *err)
{
    struct ct_watch *w = ct_xmalloc(sizeof *w);
    *w = (struct ct_watch){-1, -1, -1};
    enum ct_status st = open_all(w, parent, err);
    if (st != CT_OK) {
        ct_watch_close(w);
        w = NULL;
    }
    *out = w;
    return st;
}

void ct_watch_close(struct ct_watch *w)
{
    if (w == NULL)
        return;
    if (w->signals >= 0)
        close(w->signals);
    if (w->epoll >= 0)
        close(w->epoll);
    free(w);
}

int ct_watch_fd(const struct ct_watch *w)
{
    return w->epoll;
}

enum ct_watch_word ct_watch_read(struct ct_watch *w, struct ct_fetcher *f)
{
    struct signalfd_siginfo info;
    struct epoll_event ev[2];
    bool leave = false, again = false;
    int n = epoll_wait(w->epoll, ev, 2, 0);
    for (int i = 0; i < n; i++) {
        char bytes[256];
        if (ev[i].data.fd == w->parent) {
            ssize_t got = read(w->parent, bytes, sizeof(bytes));
            leave = leave || got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
        } else {
            while (read(w->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
                if (info.ssi_signo == SIGHUP && info.ssi_code <= 0)
                    again = true;
                else if (info.ssi_signo != SIGUSR1)
                    leave = true;
                else if (f != NULL)
                    ct_fetcher_refresh(f);
            }
        }
    }
    return leave ? CT_WATCH_LEAVE : again ? CT_WATCH_AGAIN : CT_WATCH_NOTHING;
}
