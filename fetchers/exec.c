/* The program's group is killed when its leader ends, fails or is late, so that nothing it started
 * outlives the answer. */
#include "config.h"

#include "fetchers/exec.h"

#include "db/base/text.h"
#include "db/base/timeutil.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WORDS = 64, WORDS_KEPT = 4096, ENV_MAX = 16, CHUNK = 16384, CHUNKS_AT_ONCE = 256 };

struct run {
    struct run *next;
    pid_t pid; /* 0: has been waited for */
    int out, err;
    int wait_status; /* 1 << 8 until it is known */
    size_t max_bytes;
    int64_t started_mono_ms, total_ms;
    struct ct_buf output, words; /* WORDS: the end of what it wrote to standard error */
    char *program;
    bool drop_rest, secret, too_much;
    ct_exec_done *done;
    void *ctx;
};

struct ct_exec {
    struct run *first;
    size_t n;
};

/* ---- words ---- */

char **ct_command_words(struct ct_arena *a, struct ct_span text, struct ct_error *err)
{
    char **argv = ct_arena_alloc(a, (MAX_WORDS + 1) * sizeof *argv);
    char *at = ct_arena_alloc(a, text.n + 1); /* all words, one behind the other */
    size_t n = 0, i = 0;
    while (i < text.n) {
        char quote = '\0';
        if (text.p[i] == ' ' || text.p[i] == '\t') {
            i++;
            continue;
        }
        if (n == MAX_WORDS) {
            (void)ct_fail(err, CT_ERR_LIMIT, "command", "more than %d words", (int)MAX_WORDS);
            return NULL;
        }
        argv[n++] = at;
        for (; i < text.n && (quote || (text.p[i] != ' ' && text.p[i] != '\t')); i++) {
            char c = text.p[i];
            if (!quote && (c == '"' || c == '\''))
                quote = c;
            else if (c == quote)
                quote = '\0';
            else
                *at++ = c;
        }
        if (quote) {
            (void)ct_fail(err, CT_ERR_SYNTAX, "command", "a quote that does not end");
            return NULL;
        }
        *at++ = '\0';
    }
    argv[n] = NULL;
    if (n == 0)
        (void)ct_fail(err, CT_ERR_SYNTAX, "command", "is empty");
    return n ? argv : NULL;
}

/* ---- one program ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void wipe(struct ct_buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->n);
}

static void run_free(struct run *r)
{
    if (r->pid > 0) {
        kill(-r->pid, SIGKILL);
        while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close_fd(&r->out);
    close_fd(&r->err);
    if (r->secret) {
        wipe(&r->output);
        wipe(&r->words);
    }
    ct_buf_free(&r->output);
    ct_buf_free(&r->words);
    free(r->program);
    free(r);
}

static void limit_child(pid_t pid, int64_t total_ms)
{
    rlim_t seconds = (rlim_t)(total_ms / CT_SECOND) + 1;
    const struct rlimit no_core = {0, 0}, cpu = {seconds, seconds + 1}, files = {256, 256};
    prlimit(pid, RLIMIT_CORE, &no_core, NULL);
    prlimit(pid, RLIMIT_CPU, &cpu, NULL);
    prlimit(pid, RLIMIT_NOFILE, &files, NULL);
}

/* INPUT as a file without a name, to be read from its start: a pipe might fill up while nobody reads.
 * -1 with errno. */
static int input_file(struct ct_span input)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    for (size_t at = 0; fd >= 0 && at < input.n;) {
        ssize_t n = write(fd, input.p + at, input.n - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            close(fd);
            return -1;
        }
        at += (size_t)n;
    }
    if (fd >= 0)
        (void)lseek(fd, 0, SEEK_SET);
    return fd;
}

/* 0 or an errno. IN is its standard input (-1: none), OUT and ERR are its ends of the pipes. */
static int spawn(struct run *r, char *const *argv, char **env, int in, int out, int err)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    if (in >= 0)
        posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    else
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawn_file_actions_addchdir_np(&files, "/");
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                        POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    int code = posix_spawn(&r->pid, argv[0], &files, &attr, argv, env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    if (code != 0)
        r->pid = 0;
    return code;
}

/* PATH, HOME, LANG and what is added. *TEXT holds the first three. */
static void fill_env(char **env, struct ct_buf text[3], char *const *added)
{
    static const char *const kept[3] = {"PATH", "HOME", "LANG"};
    static const char *const fallback[3] = {"/usr/local/bin:/usr/bin:/bin", "/", "C.UTF-8"};
    size_t n = 0;
    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(kept[i]);
        text[i] = CT_BUF_INIT;
        ct_buf_addf(&text[i], "%s=%s", kept[i], value && value[0] ? value : fallback[i]);
        env[n++] = text[i].p;
    }
    for (; added && *added && n < ENV_MAX; added++)
        env[n++] = *added;
    env[n] = NULL;
}

static int start_child(struct run *r, const struct ct_exec_request *req)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1}, in = -1, code;
    char *env[ENV_MAX + 1];
    struct ct_buf text[3];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0 ||
        (req->input.p && (in = input_file(req->input)) < 0)) {
        code = errno;
    } else {
        fill_env(env, text, req->env);
        code = spawn(r, req->argv, env, in, out[1], err[1]);
        for (size_t i = 0; i < CT_LEN(text); i++)
            ct_buf_free(&text[i]);
    }
    close_fd(&in);
    close_fd(&out[1]);
    close_fd(&err[1]);
    r->out = out[0];
    r->err = err[0];
    if (code == 0 &&
        (fcntl(r->out, F_SETFL, O_NONBLOCK) != 0 || fcntl(r->err, F_SETFL, O_NONBLOCK) != 0))
        code = errno;
    return code;
}

enum ct_status ct_exec_start(struct ct_exec *x, const struct ct_exec_request *req,
                             ct_exec_done *done, void *ctx, struct ct_error *err)
{
    const char *slash = strrchr(req->argv[0], '/');
    struct run *r = ct_xcalloc(1, sizeof *r);
    r->program = ct_xstrdup(slash ? slash + 1 : req->argv[0]);
    r->max_bytes = req->max_bytes;
    r->drop_rest = req->drop_rest;
    r->secret = req->secret;
    r->total_ms = req->total_ms;
    r->wait_status = 1 << 8;
    r->started_mono_ms = ct_mono_ms();
    r->done = done;
    r->ctx = ctx;
    int code = start_child(r, req);
    if (code != 0) {
        enum ct_status st =
            ct_fail(err, CT_ERR_IO, req->argv[0], "cannot be started: %s", strerror(code));
        run_free(r);
        return st;
    }
    limit_child(r->pid, r->total_ms);
    r->next = x->first;
    x->first = r;
    x->n++;
    return CT_OK;
}

/* ---- what arrives ---- */

static void keep_words(struct run *r, struct ct_span text)
{
    ct_buf_add(&r->words, text);
    if (r->words.n > WORDS_KEPT) { /* the last ones say what went wrong */
        memmove(r->words.p, r->words.p + r->words.n - WORDS_KEPT / 2, WORDS_KEPT / 2);
        r->words.n = WORDS_KEPT / 2;
        r->words.p[r->words.n] = '\0';
    }
}

/* Reads what is there of *FD, but not for ever; closes it at its end. */
static void drain(struct run *r, int *fd)
{
    char chunk[CHUNK];
    ssize_t n = 1;
    for (int i = 0; i < CHUNKS_AT_ONCE && *fd >= 0 && !r->too_much && n > 0; i++) {
        n = read(*fd, chunk, sizeof chunk);
        struct ct_span text = {chunk, n > 0 ? (size_t)n : 0};
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            close_fd(fd);
        else if (fd == &r->err)
            keep_words(r, text);
        else if (text.n <= r->max_bytes - r->output.n)
            ct_buf_add(&r->output, text);
        else if (r->drop_rest)
            ct_buf_add(&r->output, (struct ct_span){chunk, r->max_bytes - r->output.n});
        else
            r->too_much = true;
    }
}

static void last_words(struct run *r, char *out, size_t cap)
{
    struct ct_span text = r->secret ? CT_SPAN_NONE : ct_span_trim(ct_buf_span(&r->words));
    const char *line = text.n ? memrchr(text.p, '\n', text.n) : NULL;
    if (line)
        text = (struct ct_span){line + 1, (size_t)(text.p + text.n - line - 1)};
    out[0] = '\0';
    if (text.n && cap > 3) {
        size_t n = ct_text_clean(out + 2, cap - 2, text, 0);
        memcpy(out, n ? ": " : "", n ? 2 : 1);
    }
}

static enum ct_status judge(struct run *r, bool late, struct ct_error *err)
{
    char words[200];
    int status = r->wait_status;
    last_words(r, words, sizeof words);
    if (r->too_much)
        return ct_fail(err, CT_ERR_LIMIT, r->program, "printed more than %zu bytes", r->max_bytes);
    if (late)
        return ct_fail(err, CT_ERR_IO, r->program, "not finished within %lld ms%s",
                       (long long)r->total_ms, words);
    if (WIFSIGNALED(status))
        return ct_fail(err, CT_ERR_IO, r->program, "ended by signal %d%s", WTERMSIG(status), words);
    if (WEXITSTATUS(status) != 0)
        return ct_fail(err, CT_ERR_IO, r->program, "ended with %d%s", WEXITSTATUS(status), words);
    return CT_OK;
}

/* Whether the pipe held anything more of its output. */
static bool more(struct run *r)
{
    size_t before = r->output.n;
    drain(r, &r->out);
    return r->output.n > before;
}

/* True: R has ended, one way or another, and LATE says whether it was made to. */
static bool ended(struct run *r, bool *late)
{
    siginfo_t info = {0};
    drain(r, &r->err);
    drain(r, &r->out);
    /* Left a zombie for now: its number, and with it that of its group, stays taken. */
    bool gone = waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0;
    bool exited = gone || info.si_pid == r->pid;
    *late = !exited && ct_mono_ms() - r->started_mono_ms >= r->total_ms;
    if (!exited && !*late && !r->too_much)
        return false;
    if (!gone) {
        kill(-r->pid, SIGKILL); /* also what a leader that is gone has left behind */
        while (waitpid(r->pid, &r->wait_status, 0) < 0 && errno == EINTR)
            ;
    }
    r->pid = 0;
    drain(r, &r->err);
    while (r->out >= 0 && !r->too_much && more(r))
        ;
    return true;
}

void ct_exec_poll(struct ct_exec *x)
{
    for (struct run **at = &x->first; *at;) {
        struct run *r = *at;
        bool late = false;
        if (!ended(r, &late)) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        x->n--;
        struct ct_exec_answer a = {.latency_ms = ct_mono_ms() - r->started_mono_ms};
        a.status = judge(r, late, &a.err);
        a.output = r->output.p ? ct_buf_span(&r->output) : CT_LIT("");
        r->done(r->ctx, &a); /* may start another one, at the front of the list */
        run_free(r);
        at = &x->first;
    }
}

size_t ct_exec_running(const struct ct_exec *x)
{
    return x->n;
}

struct ct_exec *ct_exec_new(void)
{
    signal(SIGCHLD, SIG_DFL); /* an ignored one, as inherited, would lose how children end */
    return ct_xcalloc(1, sizeof(struct ct_exec));
}

void ct_exec_free(struct ct_exec *x)
{
    while (x && x->first) {
        struct run *r = x->first;
        x->first = r->next;
        run_free(r);
    }
    free(x);
}
