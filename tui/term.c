#include "config.h"

#include "tui/term.h"

#include "tui/sender.h"
#include "tui/typed.h"

#include "db/base/ini.h"
#include "db/base/text.h"
#include "db/base/timeutil.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <term.h>

enum { MOST_PAIRS = 256, ESCAPE_MS = 25 };

/* Cells as sent last; width 0: unknown, so that anything differs. */
static struct {
    SCREEN *screen;
    WINDOW *input; /* a pad: reading keys from it does not paint stdscr */
    struct ct_typed typed;
    bool mouse;
    int tty, frame; /* standard output, and the file that gathers a frame; -1: not gathered */
    struct ct_cell *shown;
    int rows, cols, colors;
    int cursor_y, cursor_x;
    bool direct, defaults;
    bool anew; /* nothing is known of what is shown */
    struct ct_sender sender;
    struct ct_buf small;          /* a frame that was made without ncurses */
    bool behind[CT_CANVAS_ROWS];  /* rows as ncurses does not know them since */
    struct ct_theme theme;
    cchar_t looks[CT_N_ROLES][2]; /* a blank in each, plain and selected */
    int n_pairs;
    int pair_fg[MOST_PAIRS], pair_bg[MOST_PAIRS];
} term;

/* For the signal handlers: what was there before. */
static struct termios saved_modes;
static volatile sig_atomic_t modes_saved;

/* ---- characters ---- */

/* Chinese, Japanese or Korean: terminals there often draw lines and blocks two columns wide, whatever wcwidth says
 * (glibc's says one). */
static bool cjk_locale(void)
{
    static const char *const languages[] = {"ja", "ko", "zh"};
    const char *name = setlocale(LC_CTYPE, NULL);
    bool is = false;
    for (size_t i = 0; name && i < CT_LEN(languages); i++) {
        is |= strncmp(name, languages[i], 2) == 0 && strchr("_.@", name[2]);
    }
    return is;
}

enum ct_status ct_charset_choose(const char *choice, enum ct_charset *out, struct ct_error *err)
{
    static const char *const words[] = {"ascii", "narrow", "unicode", "auto", NULL};
    int i = 3;
    if (choice) {
        for (i = 0; words[i] && strcmp(words[i], choice) != 0; i++) {
        }
    }
    if (!words[i]) {
        const char *near = ct_nearest(choice, words);
        return ct_fail(err, CT_ERR_USAGE, choice, "no such charset: %s",
                       near ? near : "auto, unicode, narrow, ascii");
    }
    if (i < 3) {
        *out = (enum ct_charset)i;
        return CT_OK;
    }
    const char *name = getenv("TERM");
    /* The fonts of the Linux console have 256 or 512 signs: no braille, of blocks only a few. */
    bool poor = name && (strcmp(name, "dumb") == 0 || strcmp(name, "linux") == 0 || strncmp(name, "linux-", 6) == 0);
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || poor || wcwidth(0x28ff) != 1) {
        *out = CT_CHARSET_ASCII;
    } else if (wcwidth(0x2500) != 1 || wcwidth(0x2588) != 1 || cjk_locale()) {
        *out = CT_CHARSET_NARROW; /* ambiguous ones are wide here; braille never is */
    } else {
        *out = CT_CHARSET_UNICODE;
    }
    return CT_OK;
}

/* ---- open and close ---- */

/* Pasted text comes between marks, and the focus is told of. Terminals that know neither pass over this. */
static const char reports_on[] = "\033[?2004h\033[?1004h", reports_off[] = "\033[?1004l\033[?2004l";

static void ask_reports(bool on)
{
    fputs(on ? reports_on : reports_off, stdout);
    fflush(stdout);
}

/* A crash leaves a usable terminal behind and then goes on as it would have. */
static void on_crash(int sig)
{
    static const char *const names[] = {"rmkx", "sgr0", "cnorm", "rmcup"};
    if (term.screen && write(STDOUT_FILENO, reports_off, sizeof(reports_off) - 1) < 0) {
        /* nothing more to be done */
    }
    for (size_t i = 0; term.screen && i < CT_LEN(names); i++) {
        const char *s = tigetstr(names[i]); /* a look-up in memory */
        if (s && s != (char *)-1 && write(STDOUT_FILENO, s, strlen(s)) < 0) {
            break;
        }
    }
    ct_term_rescue();
    signal(sig, SIG_DFL);
    raise(sig);
}

static void catch_crashes(void)
{
    static const int signals[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
    for (size_t i = 0; i < CT_LEN(signals); i++) {
        struct sigaction old, sa = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
            sigaction(signals[i], &sa, NULL);
        }
    }
}

void ct_term_set_color(const char *color)
{
    const char *no = getenv("NO_COLOR");
    bool never = color && strcmp(color, "never") == 0, always = color && strcmp(color, "always") == 0;
    term.colors = 0;
    term.direct = term.defaults = false;
    if (!term.screen || never || (no && no[0] && !always) || !has_colors() || start_color() == ERR) {
        return;
    }
    term.direct = COLORS > 256;
    term.colors = COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : 8;
    term.defaults = use_default_colors() == OK;
}

/* ncurses writes at every move of the cursor: dozens of calls a frame, and a terminal that shows halves of it. So it
 * writes into memory, and the whole goes out at once. */
static void open_frame(void)
{
    term.tty = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    term.frame = memfd_create("frame", MFD_CLOEXEC);
}

static void close_frame(void)
{
    if (term.tty >= 0) {
        close(term.tty);
    }
    if (term.frame >= 0) {
        close(term.frame);
    }
    term.tty = term.frame = -1;
}

/* Takes PART out of the capability NAME, which ncurses hands out where it keeps it. */
static void cut_capability(const char *name, const char *part)
{
    char *s = tigetstr(name), *at = s && s != (char *)-1 ? strstr(s, part) : NULL;
    if (at) {
        memmove(at, at + strlen(part), strlen(at + strlen(part)) + 1);
    }
}

/* Many terminals' attributes also say "not the line-drawing character set", which nothing here ever enters: a third of
 * the bytes of a change of attributes. Nothing blinks or hides either: those parts are only worked through. */
static void shorten_attributes(void)
{
    cut_capability("sgr", "%?%p9%t\033(0%e\033(B%;");
    cut_capability("sgr", "%?%p9%t\016%e\017%;");
    cut_capability("sgr", "%?%p4%t;5%;");
    cut_capability("sgr", "%?%p7%t;8%;");
    cut_capability("sgr0", "\033(B");
    cut_capability("sgr0", "\017");
}

enum ct_status ct_term_open(const char *color, bool mouse, struct ct_error *err)
{
    const char *name = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return ct_fail(err, CT_ERR_USAGE, "terminal",
                       "the dashboard needs one: standard input and output must be it");
    }
    /* Asked first by the low-level interface: newterm keeps memory when it fails. */
    int found = 0;
    if (setupterm(NULL, STDOUT_FILENO, &found) == ERR) {
        return ct_fail(err, CT_ERR_USAGE, "TERM",
                       name && name[0] ? "no description of terminal \"%s\"; try TERM=xterm-256color cloudtape"
                                       : "not set%s; try TERM=xterm-256color cloudtape", name ? name : "");
    }
    const char *cup = tigetstr("cup");
    bool places = cup && cup != (char *)-1;
    del_curterm(cur_term);
    if (!places) {
        return ct_fail(err, CT_ERR_USAGE, "TERM",
                       "a \"%s\" terminal cannot place its cursor; `cloudtape status` works there",
                       name ? name : "");
    }
    modes_saved = tcgetattr(STDIN_FILENO, &saved_modes) == 0;
    term.screen = newterm(NULL, stdout, stdin);
    if (!term.screen) {
        return ct_fail(err, CT_ERR_USAGE, "TERM", "ncurses cannot use terminal \"%s\"", name ? name : "");
    }
    ct_on_fatal(ct_term_close);
    catch_crashes();
    shorten_attributes();
    open_frame();
    set_escdelay(ESCAPE_MS);
    raw();
    noecho();
    nonl();
    idlok(stdscr, TRUE);
    leaveok(stdscr, FALSE);
    typeahead(-1); /* a frame is whole; keys that came meanwhile get the next */
    term.input = newpad(1, 1);
    keypad(term.input, TRUE);
    nodelay(term.input, TRUE);
    define_key("\033[I", 0); /* newer descriptions call them keys, with numbers of their own */
    define_key("\033[O", 0);
    ct_term_set_color(color);
    mouseinterval(0);
    ct_term_set_mouse(mouse);
    ask_reports(true);
    term.cursor_y = -2;
    struct ct_theme t;
    ct_theme_builtin(&t);
    ct_term_theme(&t);
    return CT_OK;
}

void ct_term_close(void)
{
    if (!term.screen) {
        return;
    }
    SCREEN *screen = term.screen;
    term.screen = NULL;
    ask_reports(false);
    if (!isendwin()) {
        curs_set(1);
        endwin();
        const char *back = tigetstr("rmcup");
        if (!back || back == (char *)-1) { /* the picture stays: what comes next begins below it */
            fputs("\r\n", stdout);
            fflush(stdout);
        }
    }
    if (term.input) {
        delwin(term.input);
    }
    term.input = NULL;
    delscreen(screen);
    close_frame();
    ct_buf_free(&term.small);
    free(term.shown);
    term.shown = NULL;
    ct_term_rescue();
}

void ct_term_rescue(void)
{
    if (modes_saved) {
        tcsetattr(STDIN_FILENO, TCSANOW, &saved_modes);
    }
}

/* ---- colours ---- */

int ct_term_colors(void)
{
    return term.colors;
}

/* Direct-colour terminals take RGB beyond the first eight. */
static int terminal_color(int color, bool back)
{
    if (color < 0) {
        return term.defaults ? -1 : back ? 0 : 7;
    }
    return term.direct && color >= 8 ? ct_color_rgb(color) : color;
}

static short pair_for(int fg, int bg)
{
    int most = COLOR_PAIRS < MOST_PAIRS ? COLOR_PAIRS : MOST_PAIRS;
    if (term.colors == 0 || (fg < 0 && bg < 0)) {
        return 0;
    }
    for (int i = 1; i < term.n_pairs; i++) {
        if (term.pair_fg[i] == fg && term.pair_bg[i] == bg) {
            return (short)i;
        }
    }
    if (term.n_pairs >= most) {
        return 0;
    }
    int pair = term.n_pairs++;
    term.pair_fg[pair] = fg;
    term.pair_bg[pair] = bg;
    init_extended_pair(pair, terminal_color(fg, false), terminal_color(bg, true));
    return (short)pair;
}

/* ---- what needs no ncurses ---- */

static bool join(char look[CT_SEQUENCE_MAX], const char *capability)
{
    return capability && capability != (char *)-1 && ct_look_join(look, capability);
}

/* The sequence for ATTRS in the colours of PAIR, as ncurses would wear them: without what the terminal shows as a
 * colour, and without what it has no sequence for. */
static bool look_sequence(char look[CT_SEQUENCE_MAX], attr_t attrs, int pair)
{
    static const struct {
        attr_t attr;
        const char *name;
        int no_color; /* its bit in "ncv" */
    } all[] = {{A_BOLD, "bold", 32}, {A_DIM, "dim", 16}, {A_UNDERLINE, "smul", 2}, {A_REVERSE, "rev", 4},
               {A_ITALIC, "sitm", 1 << 15}};
    int without = pair ? tigetnum("ncv") : 0;
    look[0] = '\0';
    bool fine = join(look, tigetstr("sgr0"));
    for (size_t i = 0; i < CT_LEN(all) && fine; i++) {
        const char *s = attrs & all[i].attr && (without <= 0 || !(without & all[i].no_color)) ? tigetstr(all[i].name) : NULL;
        fine = !s || s == (char *)-1 || join(look, s);
    }
    for (int back = 0; back < 2 && pair && fine; back++) {
        int color = terminal_color(back ? term.pair_bg[pair] : term.pair_fg[pair], back);
        char *set = tigetstr(back ? "setab" : "setaf");
        fine = color < 0 || (set && set != (char *)-1 && join(look, tparm(set, color)));
    }
    return fine;
}

/* Of terminals that are not quite like that, ncurses knows how to treat them. */
static bool takes_ansi(void)
{
    const char *cup = tigetstr("cup"), *cha = tigetstr("hpa");
    bool wraps = tigetflag("am") > 0 && tigetflag("xenl") <= 0, glitch = tigetnum("xmc") > 0;
    term.sender.column = cha && cha != (char *)-1 && strcmp(cha, "\033[%i%p1%dG") == 0;
    return cup && cup != (char *)-1 && strcmp(cup, "\033[%i%p1%d;%p2%dH") == 0 && !wraps && !glitch &&
           strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void ct_term_theme(const struct ct_theme *t)
{
    static const attr_t bits[] = {A_BOLD, A_DIM, A_UNDERLINE, A_REVERSE, A_ITALIC}; /* enum ct_attr */
    term.theme = *t;
    term.n_pairs = 1;
    term.sender.able = takes_ansi() && look_sequence(term.sender.plain, 0, 0);
    for (int role = 0; role < CT_N_ROLES; role++) {
        for (int selected = 0; selected < 2; selected++) {
            struct ct_look look =
                ct_theme_look(t, (enum ct_role)role, selected == 1, term.colors);
            attr_t attrs = 0;
            for (size_t i = 0; i < CT_LEN(bits); i++) {
                attrs |= look.attrs & 1u << i ? bits[i] : 0;
            }
            short pair = pair_for(look.fg, look.bg);
            setcchar(&term.looks[role][selected], L" ", attrs, pair, NULL);
            term.sender.able &= look_sequence(term.sender.looks[role][selected], attrs, pair);
        }
    }
    ct_term_redraw();
}

/* ---- output ---- */

void ct_term_size(int *rows, int *cols)
{
    struct winsize w;
    *rows = *cols = 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0) {
        *rows = w.ws_row;
        *cols = w.ws_col;
    }
    *rows = *rows > 0 ? *rows : LINES > 0 ? LINES : 24;
    *cols = *cols > 0 ? *cols : COLS > 0 ? COLS : 80;
}

void ct_term_resize(int rows, int cols)
{
    resize_term(rows, cols);
    ct_term_redraw();
}

void ct_term_redraw(void)
{
    size_t n = (size_t)term.rows * (size_t)term.cols;
    for (size_t i = 0; term.shown && i < n; i++) {
        term.shown[i].width = 0;
    }
    term.anew = true;
    if (term.screen && curscr) {
        clearok(curscr, TRUE);
    }
}

/* CELL of C as ncurses takes it, with BASE for its first character. */
static cchar_t curses_cell(const struct ct_canvas *c, const struct ct_cell *cell, wchar_t base)
{
    const cchar_t *look = &term.looks[cell->role][cell->selected];
    wchar_t text[CCHARW_MAX + 1] = {base}, blank[CCHARW_MAX + 1];
    uint32_t points[CT_CELL_POINTS];
    cchar_t cc = *look;
    attr_t attrs;
    short pair;
    cc.chars[0] = base; /* as setcchar does, which asks for widths and lengths that are known here */
    if (!cell->marks || (uint32_t)base != cell->point) {
        return cc;
    }
    size_t n_points = ct_cell_points(c, cell, points);
    for (size_t i = 1, n = 1; i < n_points && n < CCHARW_MAX; i++) {
        if (wcwidth((wchar_t)points[i]) == 0) {
            text[n++] = (wchar_t)points[i];
        }
    }
    if (getcchar(look, blank, &attrs, &pair, NULL) == OK) {
        setcchar(&cc, text, attrs, pair, NULL);
    }
    return cc;
}

static bool same_cell(const struct ct_cell *a, const struct ct_cell *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* A run of at most so many cells goes to ncurses at once. */
enum { MOST_CELLS = 128 };

/* The N cells at CELLS, which stand in row Y of C from X on, to WIN. */
static void put_run(WINDOW *win, const struct ct_canvas *c, int y, int x, const struct ct_cell *cells, int n)
{
    cchar_t run[MOST_CELLS];
    int n_run = 0, begin = x;
    for (int i = 0; i < n; i++) {
        bool half = !cells[i].point, whole = half && x + i > 0 && ct_cell_agreed(&cells[i - 1]);
        if (!whole) { /* the right half of a wide one comes with its left */
            begin = n_run > 0 ? begin : x + i;
            run[n_run++] = curses_cell(c, &cells[i], half ? ' ' : ct_cell_agreed(&cells[i]) ? (wchar_t)cells[i].point : '?');
        }
    }
    if (n_run > 0) {
        mvwadd_wchnstr(win, y, begin, run, n_run);
    }
}

/* The run of cells of row Y from X on that differ from what is shown, to ncurses; where it ends. */
static int send_run(const struct ct_canvas *c, int y, int x, struct ct_cell *shown)
{
    const struct ct_cell *now = &c->cells[(size_t)y * (size_t)c->cols];
    int n = 0;
    for (; x + n < c->cols && n < MOST_CELLS && !same_cell(&now[x + n], &shown[x + n]); n++) {
        shown[x + n] = now[x + n];
    }
    put_run(stdscr, c, y, x, &now[x], n);
    return x + n;
}

/* Tells ncurses of the rows that it did not send: they are on the terminal, and wanted there. */
static void catch_up(const struct ct_canvas *c)
{
    for (int y = 0; y < c->rows; y++) {
        const struct ct_cell *row = &term.shown[(size_t)y * (size_t)c->cols];
        for (int x = 0; term.behind[y] && !term.anew && x < c->cols; x += MOST_CELLS) {
            int n = c->cols - x < MOST_CELLS ? c->cols - x : MOST_CELLS;
            put_run(curscr, c, y, x, row + x, n);
            put_run(stdscr, c, y, x, row + x, n);
        }
        term.behind[y] = false;
    }
}

/* Cells of C that differ from what is shown; true when there was one. */
static bool send_changes(struct ct_canvas *c)
{
    bool any = false;
    catch_up(c);
    for (int y = 0; y < c->rows; y++) {
        const struct ct_cell *now = &c->cells[(size_t)y * (size_t)c->cols];
        struct ct_cell *shown = &term.shown[(size_t)y * (size_t)c->cols];
        if (!c->touched[y] && !term.anew) {
            continue;
        }
        c->touched[y] = false;
        if (memcmp(now, shown, (size_t)c->cols * sizeof(*now)) == 0) {
            continue;
        }
        for (int x = 0; x < c->cols;) {
            bool same = same_cell(&now[x], &shown[x]);
            x = same ? x + 1 : send_run(c, y, x, shown);
        }
        any = true;
    }
    term.anew = false;
    return any;
}

/* False: the terminal is gone, as reading keys will tell. */
static bool send_bytes(const char *bytes, size_t n)
{
    for (ssize_t m; n > 0; bytes += m > 0 ? m : 0, n -= m > 0 ? (size_t)m : 0) {
        m = write(term.tty, bytes, n);
        if (m < 0 && errno != EINTR && errno != EAGAIN) {
            return false;
        }
    }
    return true;
}

/* Sends what was gathered. */
static void send_frame(void)
{
    char bytes[16384];
    off_t size = lseek(term.frame, 0, SEEK_CUR), at = 0;
    while (at < size) {
        size_t most = size - at < (off_t)sizeof(bytes) ? (size_t)(size - at) : sizeof(bytes); /* older frames lie behind */
        ssize_t n = pread(term.frame, bytes, most, at);
        if (n <= 0 || !send_bytes(bytes, (size_t)n)) {
            return;
        }
        at += n;
    }
}

static void show_frame(void)
{
    /* Coming back from the shell it asks the terminal for its modes. */
    bool gather = !isendwin() && term.tty >= 0 && term.frame >= 0 && lseek(term.frame, 0, SEEK_SET) == 0 &&
                  dup2(term.frame, STDOUT_FILENO) >= 0;
    refresh();
    if (gather) {
        dup2(term.tty, STDOUT_FILENO);
        send_frame();
    }
}

/* A small change while the cursor is hidden, past ncurses; it finds the cursor and the look where it left them. */
static bool show_small(struct ct_canvas *c)
{
    bool changed[CT_CANVAS_ROWS], any = false;
    ct_buf_clear(&term.small);
    if (term.anew || term.tty < 0 || isendwin() || !ct_send_changes(&term.sender, c, term.shown, changed, &term.small)) {
        return false;
    }
    for (int y = 0; y < c->rows; y++) {
        any |= changed[y];
        term.behind[y] |= changed[y];
    }
    if (any) {
        ct_buf_addf(&term.small, "%s\033[%d;1H", term.sender.plain, c->rows);
        send_bytes(term.small.p, term.small.n);
    }
    return true;
}

void ct_term_show(struct ct_canvas *c, int cursor_y, int cursor_x)
{
    if (!term.screen) {
        return;
    }
    if (!term.shown || term.rows != c->rows || term.cols != c->cols) {
        size_t n = (size_t)c->rows * (size_t)c->cols;
        free(term.shown);
        term.shown = ct_xcalloc(n, sizeof(*term.shown));
        term.rows = c->rows;
        term.cols = c->cols;
        ct_term_redraw();
    }
    bool moved = cursor_y != term.cursor_y || cursor_x != term.cursor_x;
    if ((!moved && cursor_y < 0 && show_small(c)) || (!send_changes(c) && !moved)) {
        return;
    }
    if (moved && (cursor_y < 0) != (term.cursor_y < 0)) {
        curs_set(cursor_y < 0 ? 0 : 1);
    } else if (term.cursor_y == -2) {
        curs_set(cursor_y < 0 ? 0 : 1);
    }
    term.cursor_y = cursor_y;
    term.cursor_x = cursor_x;
    wmove(stdscr, cursor_y < 0 ? c->rows - 1 : cursor_y, cursor_y < 0 ? 0 : cursor_x);
    show_frame();
}

/* ---- keys ---- */

static int function_key(wint_t k)
{
    static const struct {
        wint_t from;
        int to;
    } map[] = {
        {KEY_UP, CT_KEY_UP},       {KEY_DOWN, CT_KEY_DOWN},     {KEY_LEFT, CT_KEY_LEFT},
        {KEY_RIGHT, CT_KEY_RIGHT}, {KEY_SLEFT, CT_KEY_SLEFT},   {KEY_SRIGHT, CT_KEY_SRIGHT},
        {KEY_HOME, CT_KEY_HOME},   {KEY_END, CT_KEY_END},       {KEY_PPAGE, CT_KEY_PGUP},
        {KEY_NPAGE, CT_KEY_PGDN},  {KEY_DC, CT_KEY_DEL},        {KEY_BTAB, CT_KEY_BACKTAB},
        {KEY_ENTER, CT_KEY_ENTER}, {KEY_BACKSPACE, CT_KEY_BACKSPACE}, {KEY_MOUSE, CT_KEY_MOUSE},
        {KEY_FIND, CT_KEY_HOME},   {KEY_SELECT, CT_KEY_END},
    };
    for (size_t i = 0; i < CT_LEN(map); i++) {
        if (map[i].from == k) {
            return map[i].to;
        }
    }
    return k >= KEY_F(1) && k <= KEY_F(12) ? CT_KEY_F1 + (int)(k - KEY_F(1)) : CT_KEY_LAST;
}

/* What ncurses makes of the bytes. */
static int read_key(void)
{
    wint_t k = 0;
    int got = term.input ? wget_wch(term.input, &k) : ERR;
    if (got == ERR) {
        return CT_KEY_NONE;
    }
    if (got == KEY_CODE_YES) {
        return function_key(k);
    }
    switch (k) {
    case 0:
        return CT_KEY_LAST; /* Ctrl-Space: a key, but nobody's */
    case '\n':
    case '\r':
        return CT_KEY_ENTER;
    case '\b':
        return CT_KEY_BACKSPACE;
    default:
        return (int)k;
    }
}

int ct_term_key(void)
{
    struct ct_typed *t = &term.typed;
    for (;;) {
        int key = ct_typed_next(t);
        if (key != CT_KEY_NONE || !term.input) {
            return key;
        }
        /* After ESC alone ncurses has waited already. */
        wtimeout(term.input, t->state == CT_TYPED_INTRODUCED ? ESCAPE_MS : 0);
        key = read_key();
        if (key == CT_KEY_MOUSE && !term.mouse) { /* whose place ncurses leaves unread then */
            const char *begin = tigetstr("kmous");
            for (; begin && begin != (char *)-1 && *begin; begin++) {
                ct_typed_feed(t, (unsigned char)*begin, ct_mono_ms());
            }
        } else if (key != CT_KEY_NONE) {
            ct_typed_feed(t, key, ct_mono_ms());
        } else if (ct_typed_open(t)) {
            ct_typed_close(t);
        } else {
            return CT_KEY_NONE;
        }
    }
}

struct ct_span ct_term_pasted(bool *cut)
{
    *cut = term.typed.cut;
    return (struct ct_span){term.typed.paste, term.typed.n_paste};
}

void ct_term_set_mouse(bool on)
{
    term.mouse = on;
    if (term.screen) {
        mousemask(on ? BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
    }
}

bool ct_term_mouse(int *y, int *x, int *button)
{
    static MEVENT waiting[8]; /* one key may stand for several events; ncurses gives the newest first */
    static size_t n;
    while (n < CT_LEN(waiting) && getmouse(&waiting[n]) == OK) {
        n++;
    }
    if (n == 0) {
        return false;
    }
    MEVENT e = waiting[--n];
    *y = e.y;
    *x = e.x;
    *button = e.bstate & BUTTON1_PRESSED ? 1 : e.bstate & BUTTON1_RELEASED ? CT_MOUSE_UP
              : e.bstate & BUTTON4_PRESSED ? 4 : e.bstate & BUTTON5_PRESSED ? 5 : 0;
    return true;
}

/* ---- the rest ---- */

void ct_term_suspend(void)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL}, old;
    curs_set(1);
    ask_reports(false);
    endwin();
    sigaction(SIGTSTP, &dfl, &old);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &old, NULL);
    ask_reports(true);
    term.cursor_y = -2;
    ct_term_redraw();
}

void ct_term_ring(struct ct_span text)
{
    char words[200];
    bool tmux = getenv("TMUX") && getenv("TMUX")[0];
    snprintf(words, sizeof(words), "%.*s", CT_FMT(text));
    ct_text_mask(words);
    fputs("\a", stdout);
    /* tmux takes a notification only when it is handed through, each escape doubled. */
    printf(tmux ? "\033Ptmux;\033\033]9;%s\a\033\\" : "\033]9;%s\a", words);
    fflush(stdout);
}

bool ct_term_copy(struct ct_span text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *ms = tigetstr("Ms");
    const char *tmux = getenv("TMUX");
    bool known = ms && ms != (char *)-1;
    if (!known && !(tmux && tmux[0])) {
        return false;
    }
    struct ct_buf b = CT_BUF_INIT;
    for (size_t i = 0; i < text.n; i += 3) {
        uint32_t v = 0;
        for (size_t j = 0; j < 3; j++) {
            v = v << 8 | (i + j < text.n ? (uint8_t)text.p[i + j] : 0);
        }
        for (size_t j = 0; j < 4; j++) {
            ct_buf_addc(&b, i + j > text.n ? '=' : digits[v >> (18 - 6 * j) & 63]);
        }
    }
    char clipboard[] = "c";
    if (known) {
        putp(tparm(ms, clipboard, b.p ? b.p : ""));
    }
    /* tmux takes its own only with set-clipboard on; through allow-passthrough it reaches the terminal outside. */
    if (tmux && tmux[0]) {
        printf("\033Ptmux;\033\033]52;c;%s\a\033\\", b.p ? b.p : "");
    }
    fflush(stdout);
    ct_buf_free(&b);
    return true;
}
