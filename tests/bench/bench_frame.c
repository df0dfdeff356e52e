/* What a frame of scattered cells, twenty or CELLS, costs us and ncurses alone.
 *
 *   bench_frame time FRAMES [CELLS]     CPU us and bytes a frame, ours and those of ncurses: four numbers
 *   bench_frame count FRAMES [CELLS]    instructions a frame under valgrind, ours and those of ncurses: two numbers
 *   bench_frame draw WHO FRAMES CELLS   what both start in a pseudo terminal: "ours" or "ncurses" paints a full screen, at a
 *                                  key the frames, tells its CPU ns on descriptor 3 and ends with the next key
 *
 * Both paint the same cells, and the screens they leave behind are compared: exits 1 with a word on stderr when they
 * differ or are not what was to be painted. */
#include "config.h"

#include "tui/term.h"

#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <vterm.h>

enum { ROWS = 50, COLS_ = 200, A_ROUND = 200, MOST_CELLS = 2000, RUNS = 7, TOLD = 3, PATIENCE_MS = 60000, QUIET_MS = 150 };

static int cells = 20; /* a frame */

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench_frame: %s\n", what);
    exit(1);
}

/* The cell of frame F with number I: no two of a frame are the same, nor near each other unless there are many. */
static void cell_of(int f, int i, int *y, int *x, char *c)
{
    *y = (i * 17 + f * 3) % ROWS;
    *x = (i * 73 + i / A_ROUND * 5 + f * 29) % COLS_;
    *c = (char)('A' + (f + i) % 26);
}

/* ---- the two programs ---- */

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void wait_for_key(void)
{
    char key;
    if (read(STDIN_FILENO, &key, 1) != 1) {
        exit(1);
    }
}

static void draw_ours(int frames, double *ns)
{
    struct ct_error err = {0};
    if (ct_term_open("never", false, &err) != CT_OK) {
        fail(err.what);
    }
    struct ct_canvas *c = ct_canvas_new(ROWS, COLS_, CT_CHARSET_UNICODE);
    struct ct_box all = ct_box_all(c);
    ct_fill(all, 0, 0, ROWS, COLS_, CT_ROLE_TEXT, 'a');
    ct_term_show(c, -1, -1);
    wait_for_key();
    double begin = cpu_ns();
    for (int f = 0; f < frames; f++) {
        for (int i = 0, y, x; i < cells; i++) {
            char what;
            cell_of(f, i, &y, &x, &what);
            ct_put_point(all, y, x, CT_ROLE_TEXT, (uint32_t)what);
        }
        ct_term_show(c, -1, -1);
    }
    *ns = cpu_ns() - begin;
}

static void draw_ncurses(int frames, double *ns)
{
    initscr();
    raw();
    noecho();
    curs_set(0);
    for (int y = 0; y < ROWS; y++) {
        for (int x = 0; x < COLS_; x++) {
            mvaddch(y, x, 'a');
        }
    }
    move(ROWS - 1, 0);
    refresh();
    wait_for_key();
    double begin = cpu_ns();
    for (int f = 0; f < frames; f++) {
        for (int i = 0, y, x; i < cells; i++) {
            char what;
            cell_of(f, i, &y, &x, &what);
            mvaddch(y, x, (chtype)what);
        }
        move(ROWS - 1, 0);
        refresh();
    }
    *ns = cpu_ns() - begin;
}

static void draw(const char *who, int frames)
{
    double ns = 0;
    setlocale(LC_CTYPE, "");
    (strcmp(who, "ours") == 0 ? draw_ours : draw_ncurses)(frames, &ns);
    dprintf(TOLD, "%.0f\n", ns);
    wait_for_key();
}

/* ---- what watches them ---- */

struct run {
    pid_t pid;
    int fd, told;
    size_t bytes;
    VTerm *vt;
    VTermScreen *screen;
};

static struct run start(const char *const *argv)
{
    struct winsize w = {.ws_row = ROWS, .ws_col = COLS_};
    struct run r = {0};
    int told[2];
    if (pipe(told) != 0 || (r.pid = forkpty(&r.fd, NULL, NULL, &w)) < 0) {
        fail("no pseudo terminal");
    }
    if (r.pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        dup2(told[1], TOLD);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(told[1]);
    r.told = told[0];
    r.vt = vterm_new(ROWS, COLS_);
    vterm_set_utf8(r.vt, 1);
    r.screen = vterm_obtain_screen(r.vt);
    vterm_screen_enable_altscreen(r.screen, 1);
    vterm_screen_reset(r.screen, 1);
    return r;
}

/* Reads until MS pass without a byte; false: none came. */
static bool read_until_quiet(struct run *r, int ms)
{
    size_t before = r->bytes;
    struct pollfd f = {.fd = r->fd, .events = POLLIN};
    char buf[16384];
    ssize_t n;
    while (poll(&f, 1, r->bytes == before ? PATIENCE_MS : ms) > 0 && (n = read(r->fd, buf, sizeof buf)) > 0) {
        vterm_input_write(r->vt, buf, (size_t)n);
        r->bytes += (size_t)n;
    }
    return r->bytes > before;
}

static uint32_t shown(const struct run *r, int y, int x)
{
    VTermScreenCell cell;
    vterm_screen_get_cell(r->screen, (VTermPos){.row = y, .col = x}, &cell);
    return cell.chars[0];
}

/* Is every cell of R that of the last of FRAMES that changed it? */
static void check(const struct run *r, int frames)
{
    static char want[ROWS][COLS_];
    memset(want, 'a', sizeof want);
    for (int f = 0; f < frames; f++) {
        for (int i = 0, y, x; i < cells; i++) {
            char what;
            cell_of(f, i, &y, &x, &what);
            want[y][x] = what;
        }
    }
    for (int y = 0; y < ROWS; y++) {
        for (int x = 0; x < COLS_; x++) {
            if (shown(r, y, x) != (uint32_t)want[y][x]) {
                fail("the screen is not what was painted");
            }
        }
    }
}

/* Runs ARGV, which draws FRAMES: its CPU ns and the bytes of those frames. */
static void watch(const char *const *argv, int frames, double *ns, size_t *bytes)
{
    struct run r = start(argv);
    char text[64] = "";
    int status;
    if (!read_until_quiet(&r, 10 * QUIET_MS)) {
        fail("nothing was painted");
    }
    size_t before = r.bytes;
    if (write(r.fd, "g", 1) != 1 || !read_until_quiet(&r, 10 * QUIET_MS)) {
        fail("no frames were painted");
    }
    if (read(r.told, text, sizeof text - 1) <= 0) {
        fail("no time was told");
    }
    check(&r, frames);
    *bytes = r.bytes - before;
    *ns = strtod(text, NULL);
    if (write(r.fd, "q", 1) != 1) {
        kill(r.pid, SIGTERM);
    }
    while (read_until_quiet(&r, QUIET_MS)) {
    }
    waitpid(r.pid, &status, 0);
    close(r.fd);
    close(r.told);
    vterm_free(r.vt);
}

static void time_both(const char *self, const char *frames, const char *many)
{
    static const char *const who[] = {"ours", "ncurses"};
    double best[2] = {0, 0}, ns;
    size_t bytes[2];
    for (int run = 0; run < RUNS; run++) {
        for (int i = 0; i < 2; i++) {
            const char *argv[] = {self, "draw", who[i], frames, many, NULL};
            watch(argv, atoi(frames), &ns, &bytes[i]);
            best[i] = run == 0 || ns < best[i] ? ns : best[i];
        }
    }
    double n = atof(frames);
    printf("%.2f %.2f %.0f %.0f\n", best[0] / 1e3 / n, best[1] / 1e3 / n, (double)bytes[0] / n, (double)bytes[1] / n);
}

/* Instructions of WHO drawing FRAMES, by valgrind. */
static double counted(const char *self, const char *who, int frames, const char *many)
{
    char log[] = "/tmp/bench_frame-XXXXXX", to[64], n[16], line[256];
    int fd = mkstemp(log);
    double ns, instructions = -1;
    size_t bytes;
    if (fd < 0) {
        fail("no file for the count");
    }
    snprintf(to, sizeof to, "--log-file=%s", log);
    snprintf(n, sizeof n, "%d", frames);
    const char *argv[] = {"valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", to, self, "draw", who, n, many, NULL};
    watch(argv, frames, &ns, &bytes);
    FILE *f = fdopen(fd, "r");
    while (f && fgets(line, sizeof line, f)) {
        const char *at = strstr(line, "Collected : ");
        instructions = at ? strtod(at + strlen("Collected : "), NULL) : instructions;
    }
    unlink(log);
    if (f) {
        fclose(f);
    }
    if (instructions <= 0) {
        fail("nothing was counted");
    }
    return instructions;
}

int main(int argc, char **argv)
{
    bool draws = argc == 5 && strcmp(argv[1], "draw") == 0;
    int frames = argc > 2 ? atoi(argv[draws ? 3 : 2]) : 0;
    char many[16];
    cells = draws ? atoi(argv[4]) : argc == 4 ? atoi(argv[3]) : cells;
    snprintf(many, sizeof many, "%d", cells);
    if (cells < 1 || cells > MOST_CELLS || frames < 1 || argc > 4 + draws) {
        fail("usage: bench_frame time FRAMES [CELLS] | count FRAMES [CELLS] | draw ours|ncurses FRAMES CELLS");
    } else if (draws) {
        draw(argv[2], frames);
    } else if (strcmp(argv[1], "time") == 0) {
        time_both(argv[0], argv[2], many);
    } else if (strcmp(argv[1], "count") == 0) {
        double ours = counted(argv[0], "ours", 2 * frames, many) - counted(argv[0], "ours", frames, many);
        double floor = counted(argv[0], "ncurses", 2 * frames, many) - counted(argv[0], "ncurses", frames, many);
        printf("%.0f %.0f\n", ours / frames, floor / frames);
    } else {
        fail("time, count or draw");
    }
    return 0;
}
