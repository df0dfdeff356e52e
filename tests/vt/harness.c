#include "config.h"

#include "tests/vt/harness.h"

#include "db/base/timeutil.h"

#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include <cmocka.h>

enum { KEY_PAUSE_MS = 15, QUIET_MS = 120, PATIENCE_MS = 10000, ROW_BYTES = 8192, STREAM_MAX = 1 << 20 };

struct vt {
    VTerm *term;
    VTermScreen *screen;
    int fd, rows, cols;
    pid_t pid;
    int status; /* -1 while it runs */
    int bells, titles, unknown;
    size_t bytes;
    struct ct_buf stream; /* the first of them */
    char cut[4];          /* the beginning of a character whose rest has not come yet */
    size_t n_cut;
    bool alternate, cursor;
    char row[ROW_BYTES];
};

/* ---- what the emulator tells ---- */

static int on_bell(void *ctx)
{
    ((struct vt *)ctx)->bells++;
    return 1;
}

static int on_property(VTermProp prop, VTermValue *value, void *ctx)
{
    struct vt *v = ctx;
    if (prop == VTERM_PROP_TITLE || prop == VTERM_PROP_ICONNAME) {
        v->titles++;
    } else if (prop == VTERM_PROP_ALTSCREEN) {
        v->alternate = value->boolean;
    } else if (prop == VTERM_PROP_CURSORVISIBLE) {
        v->cursor = value->boolean;
    }
    return 1;
}

static int on_osc(const char *command, size_t n, void *ctx)
{
    (void)command, (void)n;
    ((struct vt *)ctx)->unknown++;
    return 1;
}

static const VTermScreenCallbacks screen_callbacks = {.settermprop = on_property, .bell = on_bell};
static const VTermParserCallbacks parser_callbacks = {.osc = on_osc, .dcs = on_osc};

/* ---- start and end ---- */

static void child(const char *const *argv, const char *const *env)
{
    static const char *const kept[] = {"PATH", "HOME", "CLOUDTAPE_DATADIR", "CT_SRCDIR", "CT_BUILDDIR",
                                       "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"};
    char values[CT_LEN(kept)][1024];
    for (size_t i = 0; i < CT_LEN(kept); i++) {
        const char *value = getenv(kept[i]);
        snprintf(values[i], sizeof(values[i]), "%s", value ? value : "");
    }
    clearenv();
    for (size_t i = 0; i < CT_LEN(kept); i++) {
        if (values[i][0]) {
            setenv(kept[i], values[i], 1);
        }
    }
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; env && env[i]; i++) {
        char *copy = ct_xstrdup(env[i]), *value = strchr(copy, '=');
        if (value) {
            *value = '\0';
            setenv(copy, value + 1, 1);
        } else {
            unsetenv(copy);
        }
        free(copy);
    }
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

struct vt *vt_start(int rows, int cols, const char *const *argv, const char *const *env)
{
    struct vt *v = ct_xcalloc(1, sizeof(*v));
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    v->rows = rows;
    v->cols = cols;
    v->status = -1;
    v->cursor = true;
    v->term = vterm_new(rows, cols);
    vterm_set_utf8(v->term, 1);
    v->screen = vterm_obtain_screen(v->term);
    vterm_screen_enable_altscreen(v->screen, 1);
    vterm_screen_set_callbacks(v->screen, &screen_callbacks, v);
    vterm_screen_set_unrecognised_fallbacks(v->screen, &parser_callbacks, v);
    vterm_screen_reset(v->screen, 1);
    v->pid = forkpty(&v->fd, NULL, NULL, &size);
    assert_true(v->pid >= 0);
    if (v->pid == 0) {
        child(argv, env);
    }
    return v;
}

static void hang_up(struct vt *v)
{
    if (v->fd >= 0) {
        close(v->fd);
        v->fd = -1;
    }
}

void vt_hang_up(struct vt *v)
{
    hang_up(v);
}

void vt_free(struct vt *v)
{
    if (v->status < 0) {
        kill(v->pid, SIGKILL);
        waitpid(v->pid, NULL, 0);
    }
    hang_up(v);
    vterm_free(v->term);
    ct_buf_free(&v->stream);
    free(v);
}

void vt_signal(struct vt *v, int sig)
{
    kill(v->pid, sig);
}

/* ---- reading ---- */

/* How many of the N BYTES at their end begin a character that goes on behind them. */
static size_t cut_off(const char *bytes, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char c = (unsigned char)bytes[n - back];
        if ((c & 0xc0) != 0x80) {
            return c >= (back == 1 ? 0xc0 : back == 2 ? 0xe0 : 0xf0) ? back : 0;
        }
    }
    return 0;
}

/* Gives N BYTES to the emulator, which takes half a character for a whole one. */
static void show(struct vt *v, const char *bytes, size_t n)
{
    struct ct_buf whole = CT_BUF_INIT;
    ct_buf_add(&whole, (struct ct_span){v->cut, v->n_cut});
    ct_buf_add(&whole, (struct ct_span){bytes, n});
    v->n_cut = cut_off(whole.p, whole.n);
    memcpy(v->cut, whole.p + whole.n - v->n_cut, v->n_cut);
    vterm_input_write(v->term, whole.p, whole.n - v->n_cut);
    ct_buf_free(&whole);
}

/* Takes in what comes within MS; false: nothing came. */
static bool read_some(struct vt *v, int ms)
{
    char bytes[16384];
    struct pollfd p = {.fd = v->fd, .events = POLLIN};
    if (v->fd < 0 || poll(&p, 1, ms) <= 0) {
        return false;
    }
    ssize_t n = read(v->fd, bytes, sizeof(bytes));
    if (n <= 0) {
        if (n < 0 && errno == EINTR) {
            return true;
        }
        usleep(1000);
        return false;
    }
    v->bytes += (size_t)n;
    if (v->stream.n < STREAM_MAX) {
        ct_buf_add(&v->stream, (struct ct_span){bytes, (size_t)n});
    }
    show(v, bytes, (size_t)n);
    n = (ssize_t)vterm_output_read(v->term, bytes, sizeof(bytes)); /* its answers to questions */
    if (n > 0 && write(v->fd, bytes, (size_t)n) < 0) {
        return false;
    }
    return true;
}

void vt_settle(struct vt *v, int quiet_ms)
{
    int64_t end = ct_mono_ms() + PATIENCE_MS;
    while (read_some(v, quiet_ms) && ct_mono_ms() < end) {
    }
}

/* Whether no thread of the program runs or would like to. */
static bool all_sleep(const struct vt *v)
{
    char path[64], line[512];
    bool asleep = true;
    glob_t tasks;
    (void)snprintf(path, sizeof(path), "/proc/%d/task/*/stat", (int)v->pid);
    assert_int_equal(glob(path, 0, NULL, &tasks), 0);
    for (size_t i = 0; i < tasks.gl_pathc; i++) {
        FILE *f = fopen(tasks.gl_pathv[i], "r");
        const char *name_end = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
        asleep = asleep && (!name_end || name_end[2] == 'S'); /* one that has ended meanwhile does nothing */
        if (f) {
            fclose(f);
        }
    }
    globfree(&tasks);
    return asleep;
}

int64_t vt_resident_kb(const struct vt *v)
{
    char path[64], line[256];
    long kb = -1;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)v->pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f) && sscanf(line, "VmRSS: %ld", &kb) != 1) {
    }
    if (f) {
        fclose(f);
    }
    return kb;
}

void vt_rest(struct vt *v, int quiet_ms)
{
    int64_t now = ct_mono_ms(), end = now + PATIENCE_MS;
    for (int64_t since = now; now - since < quiet_ms && now < end; now = ct_mono_ms()) {
        if (read_some(v, 20) || !all_sleep(v)) {
            since = ct_mono_ms();
        }
    }
}

static void wait_for(struct vt *v, const char *text, bool there)
{
    int64_t end = ct_mono_ms() + PATIENCE_MS;
    while (vt_has(v, text) != there) {
        read_some(v, 50);
        if (ct_mono_ms() > end) {
            vt_print(v);
            fail_msg("\"%s\" %s on the screen", text, there ? "never came" : "stayed");
        }
    }
    vt_settle(v, QUIET_MS);
}

void vt_wait(struct vt *v, const char *text)
{
    wait_for(v, text, true);
}

void vt_wait_gone(struct vt *v, const char *text)
{
    wait_for(v, text, false);
}

int vt_end(struct vt *v, int ms)
{
    int64_t end = ct_mono_ms() + ms;
    while (v->status < 0) {
        int status;
        read_some(v, 10);
        if (waitpid(v->pid, &status, WNOHANG) == v->pid) {
            v->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        } else if (ct_mono_ms() > end) {
            return -1;
        } else if (v->fd < 0) {
            usleep(10000);
        }
    }
    while (read_some(v, 10)) {
    }
    return v->status;
}

/* ---- typing ---- */

void vt_paste(struct vt *v, const char *bytes)
{
    assert_int_equal(write(v->fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

void vt_type(struct vt *v, const char *keys)
{
    for (const char *k = keys; *k;) {
        char one[5] = {*k++};
        for (size_t n = 1; ((unsigned char)*k & 0xc0) == 0x80 && n < 4; n++) {
            one[n] = *k++;
        }
        vt_paste(v, one);
        read_some(v, KEY_PAUSE_MS);
    }
    vt_settle(v, QUIET_MS);
}

void vt_resize(struct vt *v, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    v->rows = rows;
    v->cols = cols;
    vterm_set_size(v->term, rows, cols);
    ioctl(v->fd, TIOCSWINSZ, &size);
}

/* ---- looking ---- */

static int color_of(const VTermColor *c, bool plain)
{
    return plain                         ? -1
           : VTERM_COLOR_IS_INDEXED(c) ? c->indexed.idx
                                         : 0x1000000 + (c->rgb.red << 16) + (c->rgb.green << 8) + c->rgb.blue;
}

struct vt_look vt_cell(struct vt *v, int y, int x)
{
    VTermScreenCell cell;
    VTermPos pos = {.row = y, .col = x};
    vterm_screen_get_cell(v->screen, pos, &cell);
    return (struct vt_look){.point = cell.chars[0] ? cell.chars[0] : ' ',
                            .bold = cell.attrs.bold,
                            .reverse = cell.attrs.reverse,
                            .underline = cell.attrs.underline != 0,
                            .colored = !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg),
                            .fg = color_of(&cell.fg, VTERM_COLOR_IS_DEFAULT_FG(&cell.fg)),
                            .bg = color_of(&cell.bg, VTERM_COLOR_IS_DEFAULT_BG(&cell.bg))};
}

const char *vt_row(struct vt *v, int y)
{
    VTermRect rect = {.start_row = y, .end_row = y + 1, .start_col = 0, .end_col = v->cols};
    size_t n = vterm_screen_get_text(v->screen, v->row, sizeof(v->row) - 1, rect);
    while (n > 0 && (v->row[n - 1] == ' ' || v->row[n - 1] == '\n')) {
        n--;
    }
    v->row[n] = '\0';
    return v->row;
}

int vt_find(struct vt *v, const char *text, int *col)
{
    for (int y = 0; y < v->rows; y++) {
        const char *row = vt_row(v, y), *at = strstr(row, text);
        if (at) {
            int x = 0;
            for (const char *c = row; c < at; c++) {
                x += ((unsigned char)*c & 0xc0) != 0x80;
            }
            if (col) {
                *col = x; /* as long as no wide character stands before it */
            }
            return y;
        }
    }
    return -1;
}

bool vt_has(struct vt *v, const char *text)
{
    return vt_find(v, text, NULL) >= 0;
}

void vt_print(struct vt *v)
{
    for (int y = 0; y < v->rows; y++) {
        printf("# |%s\n", vt_row(v, y));
    }
    fflush(stdout);
}

/* "bold reverse 3 on 0"; nothing for plain text. */
static void tell_look(const VTermScreenCell *cell, char out[64])
{
    snprintf(out, 64, "%s%s%s%s", cell->attrs.bold ? " bold" : "", cell->attrs.underline ? " underline" : "",
             cell->attrs.italic ? " italic" : "", cell->attrs.reverse ? " reverse" : "");
    const VTermColor *colors[] = {&cell->fg, &cell->bg};
    for (int i = 0; i < 2; i++) {
        bool plain = i ? VTERM_COLOR_IS_DEFAULT_BG(colors[i]) : VTERM_COLOR_IS_DEFAULT_FG(colors[i]);
        size_t n = strlen(out);
        if (!plain) {
            snprintf(out + n, 64 - n, i ? " on %d" : " colour %d",
                     VTERM_COLOR_IS_INDEXED(colors[i]) ? colors[i]->indexed.idx : -1);
        }
    }
}

static void add_looks(struct vt *v, struct ct_buf *out)
{
    char known[26][64];
    int n = 0;
    for (int y = 0; y < v->rows; y++) {
        size_t end = out->n;
        for (int x = 0; x < v->cols; x++) {
            VTermScreenCell cell;
            char look[64];
            int i = 0;
            vterm_screen_get_cell(v->screen, (VTermPos){.row = y, .col = x}, &cell);
            tell_look(&cell, look);
            while (i < n && strcmp(known[i], look) != 0) {
                i++;
            }
            assert_true(i < (int)CT_LEN(known));
            if (i == n && look[0]) {
                snprintf(known[n++], sizeof(known[0]), "%s", look);
            }
            ct_buf_addc(out, look[0] ? (char)('a' + i) : '.');
            end = look[0] ? out->n : end;
        }
        out->n = end; /* plain to the right */
        ct_buf_addc(out, '\n');
    }
    for (int i = 0; i < n; i++) {
        ct_buf_addf(out, "%c:%s\n", 'a' + i, known[i]);
    }
}

void vt_text(struct vt *v, bool looks, struct ct_buf *out)
{
    for (int y = 0; y < v->rows; y++) {
        ct_buf_addf(out, "%s\n", vt_row(v, y));
    }
    if (looks) {
        add_looks(v, out);
    }
}

int vt_bells(const struct vt *v)
{
    return v->bells;
}

int vt_titles(const struct vt *v)
{
    return v->titles;
}

int vt_unknown(const struct vt *v)
{
    return v->unknown;
}

size_t vt_bytes(const struct vt *v)
{
    return v->bytes;
}

bool vt_received(const struct vt *v, const char *bytes)
{
    return v->stream.n && memmem(v->stream.p, v->stream.n, bytes, strlen(bytes));
}

bool vt_alternate(const struct vt *v)
{
    return v->alternate;
}

bool vt_cursor_shown(const struct vt *v)
{
    return v->cursor;
}
