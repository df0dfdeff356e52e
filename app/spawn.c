#include "config.h"

#include "app/spawn.h"
#include "db/base/paths.h"
#include "db/base/timeutil.h"
#include "db/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "cloudtape-fetcher"
#define CHILD_FD 3 /* the child's end of the socket, in the child */
#define SETTLED_MS                                                                                 \
    (60 * CT_SECOND) /* a child that lived so long starts a new count of failures                  \
                      */
#define LONGEST_PAUSE_MS (5 * CT_MINUTE)
#define PATIENCE_MS 2000
#define LAST_WORDS CT_WHY_BYTES /* of a child that ended: no more of them is told */
#define LARGEST_OUTPUT (1 << 20) /* of stray output; the fetcher's own log turns itself over */

extern char **environ;

enum ct_status ct_fetcher_exec(char **argv, struct ct_error *err)
{
    struct ct_buf path = CT_BUF_INIT;
    enum ct_status status = ct_path_program(&path, PROGRAM, err);
    if (status == CT_OK) {
        argv[0] = path.p;
        execv(path.p, argv);
        status = ct_fail(err, CT_ERR_IO, path.p, "can not be started: %s", strerror(errno));
    }
    ct_buf_free(&path);
    return status;
}

/* Both ends above the descriptors the child gets: dup2 onto itself would keep CLOEXEC set. */
static int make_pair(int pair[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return errno;
    for (int i = 0; i < 2; i++) {
        int high = fcntl(pair[i], F_DUPFD_CLOEXEC, CHILD_FD + 1);
        int code = errno;
        close(pair[i]);
        pair[i] = high;
        if (high < 0) {
            close(pair[1 - i]);
            return code;
        }
    }
    return 0;
}

static int open_socket(struct ct_keeper *k)
{
    int pair[2], code = make_pair(pair);
    k->fd = code ? -1 : pair[0];
    k->child_fd = code ? -1 : pair[1];
    return code;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

enum ct_status ct_keeper_init(struct ct_keeper *k, const char *const *args, const char *log_path,
                              struct ct_error *err)
{
    struct ct_buf path = CT_BUF_INIT;
    *k = (struct ct_keeper){.args = args, .log_path = log_path, .fd = -1, .child_fd = -1};
    enum ct_status status = ct_path_program(&path, PROGRAM, err);
    if (status == CT_OK && path.n >= sizeof k->program)
        status = ct_fail(err, CT_ERR_LIMIT, PROGRAM, "its path is too long");
    if (status == CT_OK)
        memcpy(k->program, path.p, path.n + 1);
    int code = status == CT_OK ? open_socket(k) : 0;
    if (code)
        status = ct_fail(err, CT_ERR_IO, PROGRAM, "no socket: %s", strerror(code));
    ct_buf_free(&path);
    return status;
}

static int open_log(const char *path)
{
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(path, flags, 0600);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > LARGEST_OUTPUT && ftruncate(fd, 0) != 0) {
        close(fd);
        fd = -1;
    }
    return fd >= 0 ? fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
}

/* Starts the program with CHILD as its descriptor 3 and its words in the log. 0 or an errno. */
static int spawn(struct ct_keeper *k, int child, char **argv)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    int log_fd = open_log(k->log_path);
    struct stat log;
    k->log_from = log_fd >= 0 && fstat(log_fd, &log) == 0 && S_ISREG(log.st_mode) ? log.st_size : 0;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, log_fd, 1);
    posix_spawn_file_actions_adddup2(&files, log_fd, 2);
    posix_spawn_file_actions_adddup2(&files, child, CHILD_FD);
    /* A group of its own: a Ctrl-C at the terminal is the viewer's to handle. */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                        POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    int code = log_fd < 0 ? EBADF : posix_spawn(&k->pid, k->program, &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    if (log_fd >= 0)
        close(log_fd);
    return code;
}

enum ct_status ct_keeper_start(struct ct_keeper *k, struct ct_error *err)
{
    enum { MOST_ARGS = 16 };
    char *argv[MOST_ARGS + 4], number[] = {'0' + CHILD_FD, '\0'};
    char flag[] = "--parent-fd";
    size_t n = 0;
    if (k->pid || k->child_fd < 0 || ct_mono_ms() < k->retry_mono_ms)
        return CT_OK;
    argv[n++] = k->program;
    for (size_t i = 0; k->args[i] && n < MOST_ARGS; i++)
        argv[n++] = (char *)(uintptr_t)k->args[i]; /* posix_spawn does not write to them */
    argv[n++] = flag;
    argv[n++] = number;
    argv[n] = NULL;
    k->started_mono_ms = ct_mono_ms();
    int code = spawn(k, k->child_fd, argv);
    if (code) {
        k->pid = 0;
        k->retry_mono_ms = ct_mono_ms() + LONGEST_PAUSE_MS;
        return ct_fail(err, CT_ERR_IO, k->program, "can not be started: %s", strerror(code));
    }
    close_fd(&k->child_fd);
    return CT_OK;
}

/* The last line of what the child wrote. Where it could write nothing: why. */
static void last_words(const struct ct_keeper *k, char out[LAST_WORDS])
{
    static const char own[] = "cloudtape: ";
    struct ct_error e = {0};
    struct stat log;
    char tail[LAST_WORDS];
    int fd = open(k->log_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int64_t end = fd >= 0 && fstat(fd, &log) == 0 && S_ISREG(log.st_mode) ? log.st_size : 0;
    int64_t from = end - k->log_from > LAST_WORDS ? end - LAST_WORDS : k->log_from;
    ssize_t n = end > from ? pread(fd, tail, (size_t)(end - from), from) : 0;
    close_fd(&fd);
    struct ct_span text = ct_span_trim((struct ct_span){tail, n > 0 ? (size_t)n : 0});
    for (size_t i = text.n; i-- > 0;)
        if (text.p[i] == '\n') {
            text = (struct ct_span){text.p + i + 1, text.n - i - 1};
            break;
        }
    if (ct_span_starts(text, own))
        text = (struct ct_span){text.p + sizeof own - 1, text.n - sizeof own + 1};
    if (!text.n && ct_db_writable(k->log_path, &e) != CT_OK)
        text = ct_span(e.what);
    (void)snprintf(out, LAST_WORDS, "%s%.*s", text.n ? ": " : "", CT_FMT(text));
}

static void plan_next(struct ct_keeper *k, int how)
{
    char said[LAST_WORDS];
    last_words(k, said);
    int64_t now = ct_mono_ms(), pause = 0;
    k->failures = now - k->started_mono_ms > SETTLED_MS ? 1 : k->failures + 1;
    for (int i = 1; i < k->failures && pause < LONGEST_PAUSE_MS; i++)
        pause = pause ? pause * 2 : CT_SECOND;
    pause = pause > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : pause;
    k->retry_mono_ms = now + pause;
    if (WIFSIGNALED(how))
        snprintf(k->message, sizeof k->message, "the fetcher ended by signal %d%s; log: %s",
                 WTERMSIG(how), said, k->log_path);
    else
        snprintf(k->message, sizeof k->message, "the fetcher ended with code %d%s; log: %s",
                 WEXITSTATUS(how), said, k->log_path);
}

/* The socket is at its end a moment before the process can be waited for: WAIT bridges that. */
static bool reap(struct ct_keeper *k, int flags)
{
    int how = 0;
    pid_t got;
    do {
        got = waitpid(k->pid, &how, flags);
    } while (got < 0 && errno == EINTR);
    if (got == 0)
        return false;
    close_fd(&k->fd);
    (void)open_socket(k); /* without one no other child is started */
    k->pid = 0;
    plan_next(k, got > 0 ? how : 0);
    return true;
}

bool ct_keeper_check(struct ct_keeper *k)
{
    char bytes[64];
    if (!k->pid)
        return false;
    if (k->fd >= 0) {
        ssize_t n = recv(k->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            close_fd(&k->fd); /* whatever it does now, it no longer listens to us */
            kill(k->pid, SIGTERM);
        }
    }
    return reap(k, WNOHANG);
}

static void end_child(struct ct_keeper *k)
{
    kill(k->pid, SIGTERM);
    int64_t end = ct_mono_ms() + PATIENCE_MS;
    while (!reap(k, WNOHANG)) {
        int64_t left = end - ct_mono_ms();
        if (left <= 0) {
            kill(k->pid, SIGKILL);
            reap(k, 0);
            break;
        }
        /* Its end of the socket closes when it ends; after that only the reaping is left. */
        struct pollfd p = {.fd = k->fd, .events = POLLIN};
        char bytes[64];
        if (poll(&p, k->fd >= 0, left < 20 ? (int)left : 20) > 0 &&
            recv(k->fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0)
            close_fd(&k->fd);
    }
}

/* ---- links ---- */

static bool in_address(char c)
{
    static const char marks[] = "-._~:/?#[]@!$&'()*+,;=%";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(marks, c));
}

static enum ct_status clean_link(struct ct_span url, struct ct_buf *out, struct ct_error *err)
{
    size_t host = ct_span_istarts(url, "https://") ? 8 : ct_span_istarts(url, "http://") ? 7 : 0;
    bool named = host && url.n > host && (in_address(url.p[host]) && !strchr("/?#@:-", url.p[host]));
    if (!named || url.n > 2000)
        return ct_fail(err, CT_ERR_SYNTAX, "link", "not opened: only http and https links are");
    for (size_t i = 0; i < url.n; i++) {
        unsigned char c = (unsigned char)url.p[i];
        if (c < 0x20 || c == 0x7f)
            return ct_fail(err, CT_ERR_SYNTAX, "link", "not opened: it has control characters");
        if (in_address((char)c))
            ct_buf_addc(out, (char)c);
        else
            ct_buf_addf(out, "%%%02X", c);
    }
    return CT_OK;
}

/* The child of a child that ends at once: init waits for it, and it cannot touch our terminal. */
static bool start_apart(const char *program, char *const *argv)
{
    int failed[2], how = 1;
    char byte;
    if (pipe2(failed, O_CLOEXEC) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        if (fork() != 0)
            _exit(0);
        int null_fd = open("/dev/null", O_RDWR);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        setsid();
        for (int fd = 0; fd <= 2; fd++)
            dup2(null_fd, fd);
        execvp(program, argv);
        byte = 1;
        (void)!write(failed[1], &byte, 1);
        _exit(127);
    }
    close(failed[1]);
    while (child > 0 && waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    /* closed by exec, or a byte: at once in both cases */
    bool fine = child > 0 && read(failed[0], &byte, 1) == 0;
    close(failed[0]);
    return fine;
}

enum ct_status ct_link_open(const char *opener, struct ct_span url, struct ct_error *err)
{
    struct ct_buf link = CT_BUF_INIT;
    enum ct_status status = clean_link(url, &link, err);
    char *argv[] = {(char *)(uintptr_t)opener, link.p, NULL};
    if (status == CT_OK && !start_apart(opener, argv))
        status = ct_fail(err, CT_ERR_NOT_FOUND, "opener", "%s cannot be started", opener);
    ct_buf_free(&link);
    return status;
}

enum ct_status ct_fetcher_wait(const char *const *args, bool quiet, struct ct_error *err)
{
    struct ct_buf path = CT_BUF_INIT;
    char *argv[16] = {NULL};
    int how = 0;
    enum ct_status st = ct_path_program(&path, PROGRAM, err);
    if (st != CT_OK) {
        err->status = CT_ERR_IO; /* what is not there is no database */
        ct_buf_free(&path);
        return err->status;
    }
    argv[0] = path.p;
    for (size_t i = 0; args[i] && i + 2 < CT_LEN(argv); i++)
        argv[i + 1] = (char *)(uintptr_t)args[i]; /* exec does not write to them */
    pid_t child = fork();
    if (child == 0) {
        int null_fd = open("/dev/null", O_RDWR);
        dup2(null_fd, 0);
        dup2(null_fd, 1);
        if (quiet)
            dup2(null_fd, 2);
        execv(path.p, argv);
        _exit(127);
    }
    while (child > 0 && waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    if (child < 0 || !WIFEXITED(how) || WEXITSTATUS(how) == 127)
        st = ct_fail(err, CT_ERR_IO, path.p, child < 0 ? "can not be started" : "did not run to its end");
    ct_buf_free(&path);
    return st;
}

int ct_fetcher_start(const char *const *args)
{
    struct ct_buf path = CT_BUF_INIT;
    char *argv[48] = {NULL};
    size_t n = 0;
    int pipe_fd[2];
    if (ct_path_program(&path, PROGRAM, NULL) != CT_OK || pipe2(pipe_fd, O_CLOEXEC) != 0) {
        ct_buf_free(&path);
        return -1;
    }
    argv[n++] = path.p;
    for (size_t i = 0; args[i] && n + 1 < CT_LEN(argv); i++)
        argv[n++] = (char *)(uintptr_t)args[i]; /* exec does not write to them */
    /* A child that starts it and ends at once: init waits for the rest. */
    pid_t child = fork();
    if (child == 0) {
        pid_t own = fork();
        if (own == 0) {
            int null_fd = open("/dev/null", O_RDONLY);
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
            signal(SIGPIPE, SIG_DFL);
            setpgid(0, 0);
            dup2(null_fd, 0);
            dup2(pipe_fd[1], 1);
            dup2(pipe_fd[1], 2);
            execv(path.p, argv);
            _exit(127);
        }
        _exit(own < 0 ? 1 : 0);
    }
    int how = 1;
    while (child > 0 && waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    close(pipe_fd[1]);
    ct_buf_free(&path);
    if (child > 0 && how == 0)
        return pipe_fd[0];
    close(pipe_fd[0]);
    return -1;
}

void ct_keeper_stop(struct ct_keeper *k)
{
    if (k->pid)
        end_child(k);
    close_fd(&k->fd);
    close_fd(&k->child_fd);
}
