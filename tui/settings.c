#include "config.h"

/* The settings, read again while the dashboard runs: what changed in the files takes effect, what was chosen here and
 * where everybody is stays. */
#include "tui/ui.h"

#include "tui/term.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAVE_MS = 200 };

static bool differ(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

static bool holds(const char *const *list, struct ct_span line)
{
    for (size_t i = 0; list && list[i]; i++) {
        if (ct_span_is(line, list[i])) {
            return true;
        }
    }
    return false;
}

/* What the files name no longer goes, what they name now comes behind the others. */
static void take_watch(struct ct_ui *ui, const char *const *was, const char *const *now)
{
    char list[sizeof(ui->watch)] = "";
    struct ct_span rest = ct_span(ui->watch);
    while (rest.p) {
        struct ct_span line = ct_span_cut(&rest, '\n');
        if (line.n && (!holds(was, line) || holds(now, line))) {
            ui_add_line(list, sizeof(list), line);
        }
    }
    for (size_t i = 0; now && now[i]; i++) {
        if (!holds(was, ct_span(now[i]))) {
            ui_add_line(list, sizeof(list), ct_span(now[i]));
        }
    }
    snprintf(ui->watch, sizeof(ui->watch), "%s", list);
}

/* Those saved here stay, those of the files are the files'. */
static void take_views(struct ct_ui *ui, const struct ct_ui_options *o)
{
    size_t n = 0;
    for (size_t i = 0; i < ui->n_views; i++) {
        if (ui->views[i].own) {
            ui->views[n++] = ui->views[i];
        }
    }
    ui->n_views = n;
    for (size_t i = 0; i < o->n_views; i++) {
        const struct ct_ui_view *v = &o->views[i];
        if (!v->own && !ui_add_view(ui, ct_span(v->name), ct_span(v->text), false)) {
            ui_say(ui, true, "view %s: no room for it", v->name);
        }
    }
}

/* The files of the themes may have changed as well. */
static void take_theme(struct ct_ui *ui, const struct ct_ui_options *was, const struct ct_ui_options *o)
{
    char worn[sizeof(ui->themes[0].name)];
    struct ct_error err = {0};
    ui_picker_close(ui, false);
    snprintf(worn, sizeof(worn), "%s", ui->themes[ui->theme].name);
    const char *name = differ(was->theme, o->theme) ? o->theme : worn;
    bool listed = name && ct_word(ct_theme_names, ct_span(name)) >= 0;
    if (ui_load_themes(ui, listed ? name : o->theme, &err) != CT_OK) {
        ui_say(ui, true, "%s: %s", err.where, err.what);
        ui->theme = 0;
    }
    if (ui->terminal) {
        ct_term_theme(&ui->themes[ui->theme]);
    }
}

void ui_take_keys(struct ct_ui *ui)
{
    ct_keymap_init(&ui->keys);
    for (size_t i = 0; i < ui->o->n_keys; i++) {
        struct ct_error e = {0};
        if (ct_keymap_override(&ui->keys, &ui->o->keys[i], &e) != CT_OK) {
            ui_say(ui, true, "%s: %s", e.where, e.what);
        }
    }
    ui->prefix = 0;
}

void ui_take_scope(struct ct_ui *ui)
{
    struct ct_panel_query *q = &ui->panels[0]->q;
    snprintf(q->filter, sizeof(q->filter), "%s", ui->o->scope ? ui->o->scope : "");
    snprintf(q->subject, sizeof(q->subject), "%s", ui->o->regions ? ui->o->regions : "");
}

static void take(struct ct_ui *ui, const struct ct_ui_options *o)
{
    const struct ct_ui_options *was = ui->o;
    struct ct_error err = {0};
    ui->o = o;
    if (differ(was->color, o->color)) {
        ct_term_set_color(o->color);
    }
    take_theme(ui, was, o);
    ui_take_keys(ui);
    take_watch(ui, was->watch, o->watch);
    take_views(ui, o);
    if (differ(was->tz, o->tz)) {
        ui->tz = o->tz ? o->tz[0] : 'u';
    }
    if (differ(was->charset, o->charset) &&
        ct_charset_choose(o->charset, &ui->canvas->charset, &err) != CT_OK) {
        ui_say(ui, true, "%s: %s", err.where, err.what);
    }
    if (was->mouse != o->mouse) {
        ui->mouse = o->mouse;
        ct_term_set_mouse(ui->mouse);
    }
    if (memcmp(&was->wants, &o->wants, sizeof(o->wants)) != 0) {
        ui->wants = o->wants;
    }
    ui_refill(ui, 0);
    ui_take_scope(ui);
    ui_layout(ui);
}

static void take_read(struct ct_ui *ui, void *read)
{
    const char *const *problems = NULL;
    const struct ct_ui_options *o = ui->o->reload(ui->o->ctx, read, &problems);
    size_t n = 0;
    while (problems && problems[n]) {
        n++;
    }
    ui->problems = problems;
    if (!o) {
        ui_say(ui, true, "the settings stay as they were, %zu %s wrong: :config errors", n,
               n == 1 ? "line is" : "lines are");
        return;
    }
    take(ui, o);
    ui_say(ui, false, "settings read again");
}

/* ---- their files, which may lie where nobody answers ---- */

/* Its thread's until the pipe tells; of one that never does nothing is freed. */
struct reading {
    pthread_t thread;
    void *(*read_settings)(void *begun);
    void *begun, *read;
    int fds[2];
};

static void *read_them(void *arg)
{
    struct reading *r = arg;
    r->read = r->read_settings(r->begun);
    if (write(r->fds[1], "", 1) != 1) {
        /* it has room for one byte, and its reader is there until that came */
    }
    return NULL;
}

/* Signals stay with the loop. */
static bool begin_reading(struct reading *r)
{
    sigset_t all, before;
    if (pipe2(r->fds, O_CLOEXEC) != 0) {
        return false;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool begun = pthread_create(&r->thread, NULL, read_them, r) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!begun) {
        close(r->fds[0]);
        close(r->fds[1]);
    }
    return begun;
}

void ui_read_settings(struct ct_ui *ui)
{
    if (!ui->o->reload) {
        ui_say(ui, true, "there are no settings to read here");
        return;
    }
    if (ui->reading) {
        ui->read_again = true;
        ui_say(ui, false, "the settings are still being read");
        return;
    }
    struct reading *r = ct_xcalloc(1, sizeof(*r));
    r->read_settings = ui->o->read_settings;
    r->begun = ui->o->begin_settings(ui->o->ctx);
    if (ui->terminal && begin_reading(r)) {
        ui->reading = r;
        return;
    }
    take_read(ui, r->read_settings(r->begun));
    free(r);
}

int ui_settings_fd(const struct ct_ui *ui)
{
    return ui->reading ? ui->reading->fds[0] : -1;
}

void ui_take_settings(struct ct_ui *ui)
{
    struct reading *r = ui->reading;
    ui->reading = NULL;
    pthread_join(r->thread, NULL);
    close(r->fds[0]);
    close(r->fds[1]);
    take_read(ui, r->read);
    free(r);
    if (ui->read_again) {
        ui->read_again = false;
        ui_read_settings(ui);
    }
}

void ui_leave_settings(struct ct_ui *ui)
{
    if (!ui->reading) {
        return;
    }
    struct pollfd p = {.fd = ui->reading->fds[0], .events = POLLIN};
    ui->read_again = false;
    if (poll(&p, 1, LEAVE_MS) == 1) {
        ui->terminal = false; /* it is given back already */
        ui_take_settings(ui); /* what was read belongs to somebody */
    } else {
        pthread_detach(ui->reading->thread);
    }
}
