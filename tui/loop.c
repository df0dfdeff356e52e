#include "config.h"

/* The dashboard on a terminal: one poll loop over keys, the loader and signals. */
#include "tui/ui.h"

#include "db/base/log.h"
#include "tui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { FRAME_MS = 50, BURST_MS = 200, AWAY_MS = 1000, ANSWERS_MS = 30, LEAVE_S = 1, SETTLED_MS = 200, LATER_MS = 4 };

/* ---- signals ---- */

static int signal_pipe[2] = {-1, -1};
static volatile sig_atomic_t last_signal, can_reload;

/* A byte for the loop. Should that be stuck in a write to a terminal that reads no more, the alarm ends it. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    bool asked = sig == SIGHUP && can_reload && info->si_code <= 0; /* by somebody; a terminal that goes has the kernel's */
    (void)context;
    if (sig == SIGALRM) {
        ct_term_rescue();
        _exit(128 + (last_signal ? last_signal : sig));
    }
    if (sig != SIGWINCH && sig != SIGCONT && !asked) {
        last_signal = sig;
        alarm(LEAVE_S);
    }
    char byte = (char)sig;
    if (write(signal_pipe[1], &byte, 1) < 0) {
        /* full: the loop is woken anyway */
    }
    errno = saved;
}

static const int caught[] = {SIGWINCH, SIGCONT, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGALRM};
static struct sigaction before[CT_LEN(caught)], before_pipe;

static enum ct_status catch_signals(bool reload, struct ct_error *err)
{
    struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO}, ignore = {.sa_handler = SIG_IGN};
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        return ct_fail(err, CT_ERR_IO, "signals", "%s", strerror(errno));
    }
    last_signal = 0;
    can_reload = reload;
    for (size_t i = 0; i < CT_LEN(caught); i++) {
        sigaction(caught[i], &sa, &before[i]);
    }
    sigaction(SIGPIPE, &ignore, &before_pipe);
    return CT_OK;
}

static void release_signals(void)
{
    alarm(0);
    for (size_t i = 0; i < CT_LEN(caught); i++) {
        sigaction(caught[i], &before[i], NULL);
    }
    sigaction(SIGPIPE, &before_pipe, NULL);
    close(signal_pipe[0]);
    close(signal_pipe[1]);
    signal_pipe[0] = signal_pipe[1] = -1;
}

/* ---- the loop ---- */

struct loop {
    struct ct_ui *ui;
    struct ct_loader *loader;
    struct ct_load_request request;
    int64_t post_mono_ms; /* when the loader is told of the request, 0: it was */
    int fd;               /* the main program's */
    /* Data is painted 20 times a second at most: a frame costs FRAME_MS of what time gives, up to BURST_MS; while the focus
     * is elsewhere, in a pane that may be hidden or merely beside, once a second and the clock by minutes. A key never
     * waits for that, nor do the answers to what it asked: but they share a frame when they come within ANSWERS_MS. */
    int64_t credit_ms, counted_mono_ms, asked_mono_ms;
    bool at_once;
    int64_t ticked_ms;    /* what the clock shows */
    int64_t reload_mono_ms; /* when settings that moved are read, 0: none did */
    int silent_reads;     /* readable, yet nothing to read: the terminal is gone */
};

/* What the clock on screen shows, as a number; it moves by minutes, on a wall by seconds. */
static int64_t clock_unit(const struct loop *l)
{
    return l->ui->canvas->cols >= 180 && l->ui->at_ms == CT_LIVE && !l->ui->away ? CT_SECOND : CT_MINUTE;
}

static int64_t frame_ms(const struct loop *l)
{
    return l->ui->away ? AWAY_MS : FRAME_MS;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Was something asked that the loader has not answered yet? */
static bool answers_due(const struct loop *l)
{
    bool any = l->ui->ask;
    for (size_t i = 0; i < l->request.n && !any; i++) {
        if (l->request.items[i].slot >= CT_LOAD_AHEAD) {
            continue;
        }
        const struct panel *p = l->ui->panels[l->request.items[i].slot];
        any = p->generation == l->request.items[i].generation && p->answered != p->generation;
    }
    return any;
}

/* Milliseconds until something is due without anybody calling. */
static int next_due(const struct loop *l)
{
    const struct ct_ui *ui = l->ui;
    int64_t mono = ct_mono_ms(), now = ct_now_ms(), unit = clock_unit(l);
    int64_t due = unit - now % unit + 1;
    if (ui->message_until_mono_ms > 0 && ui->message_until_mono_ms < INT64_MAX) {
        due = earlier(due, ui->message_until_mono_ms - mono);
    }
    if (l->reload_mono_ms) {
        due = earlier(due, l->reload_mono_ms - mono);
    }
    if (l->post_mono_ms) {
        due = earlier(due, l->post_mono_ms - mono);
    }
    if (ui_dirty(ui) && l->at_once) {
        due = 0;
    } else if (ui_dirty(ui)) {
        int64_t paid = l->counted_mono_ms + frame_ms(l) - l->credit_ms;
        int64_t told = answers_due(l) ? l->asked_mono_ms + ANSWERS_MS : paid;
        due = earlier(due, (told > paid ? told : paid) - mono);
    }
    return due < 0 ? 0 : due > INT_MAX ? INT_MAX : (int)due;
}

static void tick(struct loop *l)
{
    struct ct_ui *ui = l->ui;
    int64_t now = ct_now_ms(), unit = clock_unit(l);
    if (now / unit != l->ticked_ms / unit) {
        bool minute = now / CT_MINUTE != l->ticked_ms / CT_MINUTE;
        l->ticked_ms = now;
        ui->dirty_line1 = true;
        for (size_t i = 1; i < ui->n_panels && minute && !ui->paused; i++) {
            ui->panels[i]->dirty = true; /* ages */
        }
        if (minute && ui->panels[0]->failed && ui->o->on_summary) {
            ui->o->on_summary(ui->o->ctx, NULL);
        }
    }
    if (ui->message_until_mono_ms > 0 && ct_mono_ms() >= ui->message_until_mono_ms) {
        ui_hide_message(ui);
    }
    if (l->reload_mono_ms && ct_mono_ms() >= l->reload_mono_ms) {
        l->reload_mono_ms = 0;
        ui_read_settings(ui);
    }
}

static void read_signals(struct loop *l)
{
    char byte;
    bool resized = false, reload = false;
    while (read(signal_pipe[0], &byte, 1) == 1) {
        resized = resized || byte == SIGWINCH || byte == SIGCONT;
        reload = reload || byte == SIGHUP;
    }
    if (last_signal) {
        ui_leave(l->ui, CT_UI_SIGNAL);
    } else if (resized) { /* of many only the last size counts */
        int rows, cols;
        ct_term_size(&rows, &cols);
        ct_term_resize(rows, cols);
        ct_canvas_resize(l->ui->canvas, rows, cols);
        ui_layout(l->ui);
    }
    if (reload && !l->ui->quit) {
        ui_read_settings(l->ui);
    }
}

/* Whoever comes back sees at once what waited. */
static void take_focus(struct loop *l, bool there)
{
    if (there == l->ui->away) {
        l->ui->away = !there;
        l->ui->dirty_line1 = l->at_once = true; /* the clock with its seconds, or without */
    }
}

/* All keys that have come. Readable without bringing any, again and again, is the end of input. */
static void read_keys(struct loop *l, short revents)
{
    int key, n = 0, ready = 0;
    bool silent = ioctl(STDIN_FILENO, FIONREAD, &ready) == 0 && ready == 0; /* what came may be no key */
    while (!l->ui->quit && (key = ct_term_key()) != CT_KEY_NONE) {
        take_focus(l, key != CT_KEY_FOCUS_OUT); /* who types is there, whatever was told */
        if (key != CT_KEY_FOCUS_IN && key != CT_KEY_FOCUS_OUT) {
            ui_press(l->ui, key);
            n++;
        }
    }
    l->at_once = l->at_once || n > 0;
    l->silent_reads = silent && n == 0 ? l->silent_reads + 1 : 0;
    if (revents & (POLLHUP | POLLERR | POLLNVAL) || l->silent_reads > 2) {
        ui_leave(l->ui, CT_UI_EOF);
    }
}

static void read_answers(struct loop *l)
{
    struct ct_load_answer a;
    bool waiting = answers_due(l);
    while (ct_loader_take(l->loader, &a)) {
        ui_take_answer(l->ui, &a);
    }
    l->at_once = l->at_once || (waiting && !answers_due(l));
}

static void paint(struct loop *l)
{
    struct ct_ui *ui = l->ui;
    int64_t mono = ct_mono_ms();
    l->credit_ms = earlier(l->credit_ms + mono - l->counted_mono_ms, l->ui->away ? AWAY_MS : BURST_MS);
    l->counted_mono_ms = mono;
    bool due = l->credit_ms >= frame_ms(l) && (!answers_due(l) || mono >= l->asked_mono_ms + ANSWERS_MS);
    if (ui_dirty(ui) && (l->at_once || due)) {
        ui_draw(ui);
        ct_term_show(ui->canvas, ui->cursor_y, ui->cursor_x);
        l->credit_ms = l->credit_ms > frame_ms(l) ? l->credit_ms - frame_ms(l) : 0;
        l->at_once = false;
    }
}

static void post_when_due(struct loop *l)
{
    if (l->post_mono_ms && ct_mono_ms() >= l->post_mono_ms) {
        l->post_mono_ms = 0;
        ct_loader_post(l->loader, &l->request);
    }
}

/* What nobody waits for yet is told the loader a moment later: until then the terminal has the processor, to show the
 * frame. */
static void ask(struct loop *l)
{
    ui_make_request(l->ui, &l->request);
    l->asked_mono_ms = ct_mono_ms();
    l->post_mono_ms = l->asked_mono_ms + (answers_due(l) ? 0 : LATER_MS);
    post_when_due(l);
}

static void fit_terminal(struct ct_ui *ui)
{
    int rows, cols;
    ct_term_size(&rows, &cols);
    ct_canvas_resize(ui->canvas, rows, cols);
    ui_layout(ui);
}

static void run(struct loop *l)
{
    struct ct_ui *ui = l->ui;
    l->ticked_ms = ct_now_ms();
    l->credit_ms = BURST_MS;
    l->counted_mono_ms = ct_mono_ms();
    while (!ui->quit) {
        if (ui->ask && !l->at_once) {
            ask(l);
        }
        paint(l);
        if (ui->ask) { /* what a key changed is seen first: the loader would only compete for the processor */
            ask(l);
        }
        post_when_due(l);
        struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = ct_loader_fd(l->loader), .events = POLLIN},
                             {.fd = signal_pipe[0], .events = POLLIN},
                             {.fd = l->fd, .events = POLLIN},
                             {.fd = ui->work_fd, .events = POLLIN},
                             {.fd = ui->exported[0] > 0 ? ui->exported[0] : -1, .events = POLLIN},
                             {.fd = ui_settings_fd(ui), .events = POLLIN},
                             {.fd = ui->o->config_fd > 0 ? ui->o->config_fd : -1, .events = POLLIN}};
        if (poll(p, CT_LEN(p), next_due(l)) < 0 && errno != EINTR) {
            ct_log(CT_LOG_ERROR, "poll: %s", strerror(errno));
            ui_leave(ui, CT_UI_EOF);
        }
        tick(l);
        if (p[2].revents) {
            read_signals(l);
        }
        if (p[1].revents) {
            read_answers(l);
        }
        if (p[0].revents) {
            read_keys(l, p[0].revents);
        }
        if (p[4].revents) {
            ui_work_ready(ui);
        }
        if (p[5].revents) {
            ui_take_export(ui);
        }
        if (p[6].revents) {
            ui_take_settings(ui);
        }
        if (p[7].revents && ui->o->config_moved(ui->o->ctx)) { /* an editor may write several files */
            l->reload_mono_ms = ct_mono_ms() + SETTLED_MS;
        }
        if (p[3].revents && ui->o->on_fd) {
            const char *said = ui->o->on_fd(ui->o->ctx, &l->fd);
            if (said) {
                ui_say(ui, false, "%s", said);
                ui->fetcher_said = said;
                ui->dirty_all = true;
            }
        }
    }
}

static void fill_result(const struct ct_ui *ui, struct ct_ui_result *out)
{
    memset(out, 0, sizeof(*out));
    out->end = ui->end;
    out->signal = last_signal;
    out->watch_changed = ui->watch_changed;
    out->order_changed = ui->order_changed;
    out->theme_changed = ui->theme_changed;
    snprintf(out->theme, sizeof(out->theme), "%s", ui->themes[ui->theme].name);
    ct_buf_adds(&out->watch, ui->watch);
    ct_buf_adds(&out->compared, ui->series);
    out->compared_changed = strcmp(ui->series, ui->o->history ? ui->o->history : "") != 0;
    out->views_changed = ui->views_changed;
    out->hinted = ui->hinted;
    ui_write_views(ui, &out->views);
}

enum ct_status ct_ui_run(const struct ct_ui_options *o, struct ct_ui_result *out, struct ct_error *err)
{
    struct loop *l = ct_xcalloc(1, sizeof(*l));
    enum ct_status st = ct_loader_start(o->db_path, &l->loader, err); /* opens the database meanwhile */
    bool caught_them = false;
    l->fd = o->fd > 0 ? o->fd : -1;
    if (st == CT_OK) {
        st = ui_new(o, o->start, 24, 80, &l->ui, err);
    }
    if (st == CT_OK) {
        st = catch_signals(o->reload != NULL, err);
        caught_them = st == CT_OK;
    }
    if (st == CT_OK) {
        l->ui->loader = l->loader;
        fit_terminal(l->ui);
        ask(l); /* and reads what the first frame shows while the terminal is prepared */
        st = ct_term_open(o->color, o->mouse, err);
    }
    if (st == CT_OK) {
        l->ui->terminal = true;
        ct_term_theme(&l->ui->themes[l->ui->theme]);
        fit_terminal(l->ui); /* it may have changed before anybody listened */
        if (l->ui->n_messages == 0) {
            ui_hint(l->ui, "");
        }
        run(l);
        fill_result(l->ui, out);
    }
    ct_term_close();
    if (l->ui) {
        ui_leave_settings(l->ui);
        ui_free(l->ui);
    }
    ct_loader_stop(l->loader);
    if (caught_them) {
        release_signals();
    }
    free(l);
    return st;
}
