/* Times a terminal program from outside, as a person would see it: in a pseudo terminal, by its bytes.
 *
 *   pty_bench paint TEXT RUNS COLSxROWS COMMAND...   median ms from the start until TEXT was written, bytes by then
 *   pty_bench settle TEXT RUNS COLSxROWS COMMAND...  the same until the last byte before 100 ms of silence after that;
 *                                                    '&' in TEXT separates parts that are all waited for
 *   pty_bench key COLSxROWS KEYS COMMAND... [--vs KEYS COMMAND...]... [--calm KEYS COMMAND...]
 *                                                    of each COMMAND a line: p50 and p99 ms from a key to the end of
 *                                                    its frame, mean bytes a frame, and those that the cells which
 *                                                    changed would need. All run at once and get a key in turn, as
 *                                                    many as the shortest KEYS has. KEYS: what is before a ':' is
 *                                                    typed untimed first; '^' and 'v' are the arrows, "~" waits for
 *                                                    what the program does by itself. One that shows nothing lasts
 *                                                    until anything else does: none should stand at an end. With
 *                                                    CT_BENCH_KEYS set each key's ms, bytes, ms in line for a
 *                                                    processor and ms taken by the host go to stderr; with
 *                                                    CT_BENCH_ALL the ms that count are added to the file of that
 *                                                    name, behind which COMMAND they are of: 1, 2, ...
 *                                                    What stands after --calm does nothing but answer: where a key of
 *                                                    its takes more than 16 ms, or one of any while the host of this
 *                                                    machine took 10 ms of processors away, the machine stood still,
 *                                                    and eight keys of all are pressed again, which is told, and at
 *                                                    most as often as there are eight; p50 is of that half of the keys
 *                                                    in which it was quickest. KEYS end where they began after eight
 *   pty_bench idle SECONDS COLSxROWS COMMAND...      six seconds after the start: CPU us a second, bytes written,
 *                                                    wake-ups a second, RSS in MB
 *   pty_bench rss KEYS COLSxROWS COMMAND...          RSS in MB six seconds after the start, the most it was four seconds
 *                                                    after any of KEYS, typed one by one, and that after the last
 *
 *   pty_bench tick SECONDS COLSxROWS TEXT COMMAND... [--vs COMMAND...]...
 *                                                    all at once, six seconds after the start: of each COMMAND a line,
 *                                                    CPU us a second, bytes a second, and in how many of the seconds
 *                                                    the first amount behind TEXT on its screen became another
 *
 *   pty_bench of PID SECONDS                         of a program that runs elsewhere: CPU us a second, bytes it wrote
 *                                                    to anywhere a second, wake-ups a second
 *
 * A frame has ended when nothing was written for 12 ms. Prints numbers separated by blanks, exits 1 with a word on
 * stderr when the program did not do what was waited for: a benchmark that saw nothing proves nothing. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <vterm.h>

enum { QUIET_MS = 12, SETTLED_MS = 100, GIVE_UP_MS = 8000, START_MS = 6000, MAX_SAMPLES = 1000, LONG_MS = 16 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "pty_bench: %s\n", what);
    exit(1);
}

struct program {
    pid_t pid;
    int fd;
    double read_ms;        /* when the newest byte came: what is then made of it here does not count */
    size_t bytes, counted; /* read so far, and when last looked */
    char tail[65536];
    size_t n_tail;
    VTerm *vt; /* NULL: nobody looks at the cells */
    VTermScreen *screen;
    int rows, cols;
};

static struct program start(const char *size, char **argv)
{
    struct winsize w = {0};
    int cols, rows;
    if (sscanf(size, "%dx%d", &cols, &rows) != 2) {
        fail("a size is COLSxROWS");
    }
    w.ws_col = (unsigned short)cols;
    w.ws_row = (unsigned short)rows;
    struct program p = {.rows = rows, .cols = cols};
    p.pid = forkpty(&p.fd, NULL, NULL, &w);
    if (p.pid < 0) {
        fail("no pseudo terminal");
    }
    if (p.pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        execvp(argv[0], argv);
        _exit(127);
    }
    return p;
}

/* Reads what is there within WAIT_MS; false when nothing came. Keeps the newest bytes for a search.
 */
static int pump(struct program *p, double wait)
{
    struct pollfd f = {p->fd, POLLIN, 0};
    if (wait < 0) {
        wait = 0;
    }
    struct timespec t = {(time_t)(wait / 1e3),
                         (long)((wait - (double)(time_t)(wait / 1e3) * 1e3) * 1e6)};
    if (ppoll(&f, 1, &t, NULL) <= 0) {
        return 0;
    }
    char buf[16384];
    ssize_t n = read(p->fd, buf, sizeof buf);
    if (n <= 0) {
        return -1;
    }
    p->bytes += (size_t)n;
    p->read_ms = now_ms();
    if (p->vt) {
        vterm_input_write(p->vt, buf, (size_t)n);
    }
    if (p->n_tail + (size_t)n > sizeof p->tail) {
        size_t keep = sizeof p->tail - (size_t)n;
        memmove(p->tail, p->tail + p->n_tail - keep, keep);
        p->n_tail = keep;
    }
    memcpy(p->tail + p->n_tail, buf, (size_t)n);
    p->n_tail += (size_t)n;
    return 1;
}

/* Reads until QUIET ms of silence behind a byte; when the last one came, or -1 when none came in GIVE_UP_MS. */
static double until_quiet(struct program *p, double quiet)
{
    double begin = now_ms(), last = -1;
    for (;;) {
        double limit = last < 0 ? GIVE_UP_MS - (now_ms() - begin) : quiet - (now_ms() - last);
        if (limit <= 0) {
            return last;
        }
        int got = pump(p, limit);
        if (got < 0) {
            return last;
        }
        if (got > 0) {
            last = p->read_ms;
        } else if (last >= 0 || now_ms() - begin >= GIVE_UP_MS) {
            return last;
        }
    }
}

/* Reads until MS of silence, from now on; when the last byte came, -1: none. */
static double last_byte(struct program *p, double ms)
{
    double begin = now_ms(), last = -1;
    while (now_ms() - begin < ms && pump(p, ms - (now_ms() - begin)) >= 0) {
        if (p->bytes != p->counted) {
            p->counted = p->bytes;
            begin = last = now_ms();
        }
    }
    return last;
}

static void end(struct program *p)
{
    kill(p->pid, SIGTERM);
    double begin = now_ms();
    int status;
    while (waitpid(p->pid, &status, WNOHANG) == 0) {
        pump(p, 10);
        if (now_ms() - begin > 3000) {
            kill(p->pid, SIGKILL);
        }
    }
    close(p->fd);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* All of the texts in TEXT, which '&' separates. */
static bool wrote(const struct program *p, const char *text)
{
    for (size_t n;; text += n + 1) {
        n = strcspn(text, "&");
        if (!memmem(p->tail, p->n_tail, text, n)) {
            return false;
        }
        if (!text[n]) {
            return true;
        }
    }
}

static void paint(const char *text, bool settle, int runs, const char *size, char **argv)
{
    static double ms[MAX_SAMPLES];
    size_t bytes = 0;
    for (int i = 0; i < runs; i++) {
        double begin = now_ms(), last = 0;
        struct program p = start(size, argv);
        while (!wrote(&p, text)) {
            if (pump(&p, GIVE_UP_MS - (now_ms() - begin)) <= 0) {
                end(&p);
                fail("the text never came");
            }
        }
        last = now_ms();
        bytes = p.counted = p.bytes;
        double quiet = last_byte(&p, SETTLED_MS);
        if (settle && quiet >= 0) {
            last = quiet;
            bytes = p.bytes;
        }
        end(&p);
        ms[i] = last - begin;
    }
    qsort(ms, (size_t)runs, sizeof ms[0], by_value);
    printf("%.3f %zu\n", ms[runs / 2], bytes);
}

/* ---- what a frame needs ---- */

static void look_at_cells(struct program *p)
{
    p->vt = vterm_new(p->rows, p->cols);
    vterm_set_utf8(p->vt, 1);
    p->screen = vterm_obtain_screen(p->vt);
    vterm_screen_enable_altscreen(p->screen, 1);
    vterm_screen_reset(p->screen, 1);
}

static void copy_cells(const struct program *p, VTermScreenCell *out)
{
    for (int y = 0; y < p->rows; y++) {
        for (int x = 0; x < p->cols; x++) {
            vterm_screen_get_cell(p->screen, (VTermPos){.row = y, .col = x}, out + y * p->cols + x);
        }
    }
}

static bool same_look(const VTermScreenCell *a, const VTermScreenCell *b)
{
    return a->attrs.bold == b->attrs.bold && a->attrs.underline == b->attrs.underline &&
           a->attrs.italic == b->attrs.italic && a->attrs.reverse == b->attrs.reverse &&
           vterm_color_is_equal(&a->fg, &b->fg) && vterm_color_is_equal(&a->bg, &b->bg);
}

static bool same_cell(const VTermScreenCell *a, const VTermScreenCell *b)
{
    return memcmp(a->chars, b->chars, sizeof(a->chars)) == 0 && same_look(a, b);
}

static size_t bytes_of(const VTermScreenCell *c)
{
    size_t n = 0;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && c->chars[i]; i++) {
        n += c->chars[i] < 0x80 ? 1 : c->chars[i] < 0x800 ? 2 : c->chars[i] < 0x10000 ? 3 : 4;
    }
    return n ? n : c->width > 0;
}

/* The bytes a terminal needs to turn WAS into IS, each run of changed cells by a cursor address, a change of look and
 * its text; up to four cells between two runs are cheaper sent again. */
static size_t needed(const struct program *p, const VTermScreenCell *was, const VTermScreenCell *is)
{
    enum { ADDRESS = 7, LOOK = 6, NEAR = 4 };
    size_t n = 0;
    const VTermScreenCell *look = NULL;
    for (int y = 0; y < p->rows; y++) {
        int last = -1 - NEAR - 1;
        for (int x = 0; x < p->cols; x++) {
            const VTermScreenCell *c = is + y * p->cols + x;
            if (same_cell(was + y * p->cols + x, c)) {
                continue;
            }
            n += x - last > NEAR + 1 ? ADDRESS : 0;
            for (int k = x - last > NEAR + 1 ? x : last + 1; k <= x; k++) {
                const VTermScreenCell *one = is + y * p->cols + k;
                n += (!look || !same_look(look, one) ? LOOK : 0) + bytes_of(one);
                look = one;
            }
            last = x;
        }
    }
    return n;
}

static void type(struct program *p, char key)
{
    const char *sent = key == '^' ? "\033OA" : key == 'v' ? "\033OB" : (const char[]){key, 0};
    size_t n = strlen(sent);
    if (write(p->fd, sent, n) != (ssize_t)n) {
        fail("the key could not be typed");
    }
}

/* A program under test and what its keys cost. */
struct runner {
    struct program p;
    const char *name, *timed; /* timed: the keys that count */
    VTermScreenCell *was, *is;
    double ms[MAX_SAMPLES];
    double waited[MAX_SAMPLES]; /* in line for a processor, it or this program */
    double stolen[MAX_SAMPLES]; /* taken away by the host of this machine, of all processors */
    size_t need[MAX_SAMPLES], bytes[MAX_SAMPLES];
};

/* Starts ARGV and types what stands before the ':' in KEYS. */
static struct runner *start_runner(const char *keys, const char *size, char **argv)
{
    struct runner *r = calloc(1, sizeof *r);
    if (!r) {
        fail("no memory");
    }
    r->p = start(size, argv);
    r->name = argv[0];
    size_t cells = (size_t)r->p.rows * (size_t)r->p.cols;
    r->was = calloc(cells, sizeof *r->was);
    r->is = calloc(cells, sizeof *r->is);
    if (!r->was || !r->is) {
        fail("no memory");
    }
    look_at_cells(&r->p);
    until_quiet(&r->p, 400);
    r->timed = strchr(keys, ':');
    for (r->timed = r->timed ? r->timed + 1 : keys; keys + 1 < r->timed; keys++) {
        if (*keys != '~') {
            type(&r->p, *keys);
        }
        until_quiet(&r->p, 400);
    }
    return r;
}

/* Milliseconds for which the first thread of PID (0: of this program) was ready and did not run. */
static double waited_ms(pid_t pid)
{
    char path[64] = "/proc/self/schedstat";
    double ran = 0, waited = 0;
    if (pid) {
        snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
    }
    FILE *f = fopen(path, "r");
    bool told = f && fscanf(f, "%lf %lf", &ran, &waited) == 2;
    if (f) {
        fclose(f);
    }
    return told ? waited / 1e6 : 0;
}

/* Milliseconds for which the host of a virtual machine let a processor of it wait, in whole ticks; 0 where it does not
 * tell. */
static double stolen_ms(void)
{
    double ticks = 0;
    FILE *f = fopen("/proc/stat", "r"); /* user, nice, system, idle, waiting for disks, two kinds of interrupts, steal */
    bool told = f && fscanf(f, "cpu %*s %*s %*s %*s %*s %*s %*s %lf", &ticks) == 1;
    if (f) {
        fclose(f);
    }
    return told ? ticks * 1e3 / (double)sysconf(_SC_CLK_TCK) : 0;
}

static void time_key(struct runner *r, int i)
{
    while (pump(&r->p, 0) > 0) { /* what it did by itself meanwhile is no answer */
    }
    copy_cells(&r->p, r->was);
    double stolen = stolen_ms(), waited = waited_ms(r->p.pid) + waited_ms(0), begin = now_ms();
    size_t sent = r->p.bytes;
    type(&r->p, r->timed[i]);
    double last = until_quiet(&r->p, QUIET_MS);
    if (last < 0) {
        end(&r->p);
        fail("a key changed nothing");
    }
    r->ms[i] = last - begin;
    r->waited[i] = waited_ms(r->p.pid) + waited_ms(0) - waited;
    r->stolen[i] = stolen_ms() - stolen;
    r->bytes[i] = r->p.bytes - sent;
    if (getenv("CT_BENCH_KEYS")) {
        fprintf(stderr, "%d %c %.3f %zu %.3f %.0f\n", (int)r->p.pid, r->timed[i], r->ms[i], r->bytes[i], r->waited[i],
                r->stolen[i]); /* by process */
    }
    copy_cells(&r->p, r->is);
    r->need[i] = needed(&r->p, r->was, r->is);
}

/* ---- blocks of keys ---- */

enum { BLOCK = 8, MOST_BLOCKS = (MAX_SAMPLES + BLOCK - 1) / BLOCK };

struct block {
    int first, n;
    double calm_ms; /* what its keys took the program that does nothing */
};

static int by_calm(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    double way = x->calm_ms / x->n - y->calm_ms / y->n;
    return way > 0 || way < 0 ? (way > 0) - (way < 0) : x->first - y->first;
}

/* BLOCKS: the calmest first. */
static double median(const struct runner *r, const struct block *blocks, int n_blocks, bool calm)
{
    static double ms[MAX_SAMPLES];
    int n = 0;
    for (int i = 0; i < (calm ? (n_blocks + 1) / 2 : n_blocks); i++) {
        memcpy(ms + n, r->ms + blocks[i].first, (size_t)blocks[i].n * sizeof ms[0]);
        n += blocks[i].n;
    }
    qsort(ms, (size_t)n, sizeof ms[0], by_value);
    return ms[n / 2];
}

/* For whoever puts the keys of several runs together. */
static void add_all(const struct runner *r, int n, int which)
{
    const char *name = getenv("CT_BENCH_ALL");
    FILE *f = name ? fopen(name, "a") : NULL;
    if (name && !f) {
        fail("no file for all keys");
    }
    for (int i = 0; f && i < n; i++) {
        fprintf(f, "%d %.3f\n", which, r->ms[i]);
    }
    if (f && fclose(f) != 0) {
        fail("no room for all keys");
    }
}

static void tell_runner(struct runner *r, int n, double p50)
{
    size_t bytes = 0, need = 0;
    int slowest = 0;
    end(&r->p);
    for (int i = 0; i < n; i++) {
        bytes += r->bytes[i];
        need += r->need[i];
        slowest = r->ms[i] > r->ms[slowest] ? i : slowest;
    }
    if (r->ms[slowest] > LONG_MS) {
        fprintf(stderr, "pty_bench: %s: the slowest key took %.1f ms, %.1f of them in line for a processor, %.0f taken by the host\n",
                r->name, r->ms[slowest], r->waited[slowest], r->stolen[slowest]);
    }
    qsort(r->ms, (size_t)n, sizeof r->ms[0], by_value);
    printf("%.3f %.3f %zu %zu\n", p50, r->ms[(n * 99 + 99) / 100 - 1], bytes / (size_t)n, need / (size_t)n);
    vterm_free(r->p.vt);
    free(r->was);
    free(r->is);
    free(r);
}

/* A key to each of R in turn; true: CALM (or none) had no slow one, and none was slow while the host took time. */
static bool time_block(struct runner **r, int n, const struct runner *calm, struct block *b)
{
    bool good = true;
    b->calm_ms = 0;
    for (int i = b->first; i < b->first + b->n; i++) {
        for (int k = 0; k < n; k++) {
            time_key(r[k], i);
            good = good && !(calm && r[k]->ms[i] > LONG_MS && r[k]->stolen[i] > 0);
        }
        b->calm_ms += calm ? calm->ms[i] : 0;
        good = good && (!calm || calm->ms[i] <= LONG_MS);
    }
    return good;
}

/* All programs of ARGV at once, a key to each in turn: whatever else the machine does slows all of them. */
static void key(const char *size, char **argv)
{
    enum { MOST = 8 };
    struct runner *r[MOST], *calm = NULL;
    struct block blocks[MOST_BLOCKS];
    int n = 0, n_keys = MAX_SAMPLES, n_blocks = 0, again = 0;
    for (bool more = true, last_is_calm = false; more; n++) {
        char **next = argv + 1;
        while (*next && strcmp(*next, "--vs") != 0 && strcmp(*next, "--calm") != 0) {
            next++;
        }
        more = *next != NULL;
        bool next_is_calm = more && strcmp(*next, "--calm") == 0;
        *next = NULL;
        if (n == MOST || next < argv + 2) {
            fail("up to eight times KEYS and a COMMAND, with --vs or --calm between them");
        }
        r[n] = start_runner(argv[0], size, argv + 1);
        calm = last_is_calm ? r[n] : calm;
        last_is_calm = next_is_calm;
        int keys = (int)strlen(r[n]->timed);
        n_keys = keys < n_keys ? keys : n_keys;
        argv = next + 1;
    }
    if (n_keys == 0) {
        fail("no keys");
    }
    for (int most = n_keys / BLOCK; n_blocks * BLOCK < n_keys; n_blocks++) {
        struct block *b = &blocks[n_blocks];
        b->first = n_blocks * BLOCK;
        b->n = n_keys - b->first < BLOCK ? n_keys - b->first : BLOCK;
        while (!time_block(r, n, calm, b) && b->n == BLOCK && again < most) {
            again++;
        }
    }
    if (again > 0) {
        fprintf(stderr, "pty_bench: the machine stood still: %d times eight keys of %d were pressed again\n", again,
                n_blocks);
    }
    qsort(blocks, (size_t)n_blocks, sizeof blocks[0], by_calm);
    for (int k = 0; k < n; k++) {
        add_all(r[k], n_keys, k + 1);
        tell_runner(r[k], n_keys, median(r[k], blocks, n_blocks, calm != NULL));
    }
}

/* Resident memory of PID now. */
static double rss_mb(pid_t pid)
{
    char path[64], line[256];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f) && sscanf(line, "VmRSS: %lf", &kb) != 1) {
    }
    if (f) {
        fclose(f);
    }
    return kb / 1024;
}

/* CPU ns of PID, of threads that have ended too, and voluntary switches of those that have not. */
static void usage_of(pid_t pid, double *cpu_ns, double *switches)
{
    char path[320], line[256];
    clockid_t clock;
    struct timespec t;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    *switches = 0;
    if (!d || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0) {
        fail("the program has ended");
    }
    *cpu_ns = (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)pid, e->d_name);
        FILE *f = fopen(path, "r");
        while (f && fgets(line, sizeof line, f)) {
            double v;
            if (sscanf(line, "voluntary_ctxt_switches: %lf", &v) == 1) {
                *switches += v;
            }
        }
        if (f) {
            fclose(f);
        }
    }
    closedir(d);
}

/* Looks on for MS. */
static void stay(struct program *p, double ms)
{
    double begin = now_ms();
    while (now_ms() - begin < ms) {
        if (pump(p, ms - (now_ms() - begin)) < 0) {
            fail("the program has ended");
        }
    }
}

static void idle(double seconds, const char *size, char **argv)
{
    struct program p = start(size, argv);
    double cpu0, cpu1, sw0, sw1;
    stay(&p, START_MS);
    size_t before = p.bytes;
    usage_of(p.pid, &cpu0, &sw0);
    stay(&p, seconds * 1e3);
    usage_of(p.pid, &cpu1, &sw1);
    double rss = rss_mb(p.pid);
    size_t bytes = p.bytes - before;
    end(&p);
    printf("%.1f %zu %.2f %.1f\n", (cpu1 - cpu0) / 1e3 / seconds, bytes, (sw1 - sw0) / seconds,
           rss);
}

/* ---- programs that show what changes by itself ---- */

/* The first amount (digits with a point in them) behind TEXT on the screen of P; false: there is none. */
static bool amount_behind(const struct program *p, const char *text, char *out, size_t cap)
{
    char row[1024];
    for (int y = 0; y < p->rows; y++) {
        int n = p->cols < (int)sizeof row - 1 ? p->cols : (int)sizeof row - 1;
        for (int x = 0; x < n; x++) {
            VTermScreenCell c;
            vterm_screen_get_cell(p->screen, (VTermPos){.row = y, .col = x}, &c);
            row[x] = c.chars[0] > ' ' && c.chars[0] < 0x7f ? (char)c.chars[0] : ' ';
        }
        row[n] = '\0';
        const char *at = strstr(row, text);
        for (at = at ? at + strlen(text) : NULL; at && *at; at++) {
            size_t digits = strspn(at, "0123456789");
            if (digits && at[digits] == '.') {
                snprintf(out, cap, "%.*s", (int)strcspn(at, " "), at);
                return true;
            }
            at += digits ? digits - 1 : 0;
        }
    }
    return false;
}

struct ticker {
    struct program p;
    char amount[32];
    double cpu0;
    size_t bytes0;
    int changes;
};

static void look_on(struct ticker *t, int n, double ms)
{
    enum { A_LOOK_MS = 20 };
    for (double begin = now_ms(); now_ms() - begin < ms;) {
        for (int i = 0; i < n; i++) {
            if (pump(&t[i].p, A_LOOK_MS / n) < 0) {
                fail("the program has ended");
            }
        }
    }
}

static void tick(int seconds, const char *size, const char *text, char **argv)
{
    enum { MOST = 4 };
    static struct ticker t[MOST];
    int n = 0;
    for (bool more = true; more && n < MOST; n++) {
        char **next = argv;
        while (*next && strcmp(*next, "--vs") != 0) {
            next++;
        }
        more = *next != NULL;
        *next = NULL;
        t[n].p = start(size, argv);
        look_at_cells(&t[n].p);
        argv = next + 1;
    }
    look_on(t, n, START_MS);
    double switches, cpu;
    for (int i = 0; i < n; i++) {
        usage_of(t[i].p.pid, &t[i].cpu0, &switches);
        t[i].bytes0 = t[i].p.bytes;
        (void)amount_behind(&t[i].p, text, t[i].amount, sizeof t[i].amount);
    }
    for (int s = 0; s < seconds; s++) {
        char was[sizeof t->amount];
        look_on(t, n, 1e3);
        for (int i = 0; i < n; i++) {
            memcpy(was, t[i].amount, sizeof was);
            t[i].changes += amount_behind(&t[i].p, text, t[i].amount, sizeof t[i].amount) && strcmp(was, t[i].amount) != 0;
        }
    }
    for (int i = 0; i < n; i++) {
        usage_of(t[i].p.pid, &cpu, &switches);
        printf("%.1f %.0f %d\n", (cpu - t[i].cpu0) / 1e3 / seconds, (double)(t[i].p.bytes - t[i].bytes0) / seconds,
               t[i].changes);
    }
    for (int i = 0; i < n; i++) {
        end(&t[i].p);
    }
}

static void rss(const char *keys, const char *size, char **argv)
{
    enum { A_KEY_MS = 4000 }; /* a load, and a rest long enough to give back what only that needed */
    struct program p = start(size, argv);
    stay(&p, START_MS);
    double first = rss_mb(p.pid), last = first, most = first;
    for (; *keys; keys++) {
        type(&p, *keys);
        stay(&p, A_KEY_MS);
        last = rss_mb(p.pid);
        most = last > most ? last : most;
    }
    end(&p);
    if (first <= 0 || last <= 0) {
        fail("the program has ended");
    }
    printf("%.1f %.1f %.1f\n", first, most, last);
}

static double written_by(pid_t pid)
{
    char path[64], line[256];
    double bytes = -1;
    snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f) && sscanf(line, "wchar: %lf", &bytes) != 1) {
    }
    if (f) {
        fclose(f);
    }
    if (bytes < 0) {
        fail("the program has ended");
    }
    return bytes;
}

static void of(pid_t pid, double seconds)
{
    double cpu0, cpu1, sw0, sw1, wrote = written_by(pid);
    usage_of(pid, &cpu0, &sw0);
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds}, NULL);
    usage_of(pid, &cpu1, &sw1);
    printf("%.1f %.0f %.2f\n", (cpu1 - cpu0) / 1e3 / seconds, (written_by(pid) - wrote) / seconds, (sw1 - sw0) / seconds);
}

int main(int argc, char **argv)
{
    bool settle = argc > 1 && !strcmp(argv[1], "settle");
    if (argc > 5 && (settle || !strcmp(argv[1], "paint"))) {
        int runs = atoi(argv[3]);
        paint(argv[2], settle,
              runs < 1             ? 1
              : runs > MAX_SAMPLES ? MAX_SAMPLES
                                   : runs,
              argv[4], argv + 5);
    } else if (argc > 4 && !strcmp(argv[1], "key")) {
        key(argv[2], argv + 3);
    } else if (argc > 4 && !strcmp(argv[1], "idle")) {
        idle(atof(argv[2]), argv[3], argv + 4);
    } else if (argc > 5 && !strcmp(argv[1], "tick")) {
        tick(atoi(argv[2]), argv[3], argv[4], argv + 5);
    } else if (argc > 4 && !strcmp(argv[1], "rss")) {
        rss(argv[2], argv[3], argv + 4);
    } else if (argc == 4 && !strcmp(argv[1], "of")) {
        of((pid_t)atoi(argv[2]), atof(argv[3]));
    } else {
        fail("usage: pty_bench paint|settle TEXT RUNS SIZE CMD | key SIZE KEYS CMD [--vs|--calm KEYS CMD]... | "
             "idle SECONDS SIZE CMD | tick SECONDS SIZE TEXT CMD [--vs CMD]... | rss KEYS SIZE CMD | of PID SECONDS");
    }
    return 0;
}
