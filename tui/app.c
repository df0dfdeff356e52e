#include "config.h"

#include "tui/app.h"

#include "db/base/ini.h"
#include "tui/term.h"
#include "tui/ui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- start and end ---- */

static void theme_problem(void *ctx, const char *where, const char *what)
{
    ui_say(ctx, true, "%s: %s", where, what);
}

/* All themes are read now: the loop touches no files. */
enum ct_status ui_load_themes(struct ct_ui *ui, const char *name, struct ct_error *err)
{
    name = name ? name : "terminal";
    ui->n_themes = 0;
    for (size_t i = 0; ct_theme_names[i]; i++) {
        struct ct_error ignored = {0};
        bool chosen = strcmp(name, ct_theme_names[i]) == 0;
        if (ct_theme_load(ct_theme_names[i], &ui->themes[ui->n_themes], theme_problem, ui,
                          chosen ? err : &ignored) == CT_OK) {
            ui->theme = chosen ? ui->n_themes : ui->theme;
            ui->n_themes++;
        } else if (chosen) {
            return err ? err->status : CT_ERR_NOT_FOUND;
        }
    }
    for (size_t i = 0; i < ui->n_themes; i++) {
        if (strcmp(ui->themes[i].name, name) == 0) {
            return CT_OK;
        }
    }
    enum ct_status st = ct_theme_load(name, &ui->themes[ui->n_themes], theme_problem, ui, err);
    if (st == CT_OK) {
        ui->theme = ui->n_themes++;
    }
    return st;
}

static enum ct_status take_options(struct ct_ui *ui, struct ct_error *err)
{
    const struct ct_ui_options *o = ui->o;
    ui->mouse = o->mouse;
    ui->tz = o->tz ? o->tz[0] : 'u';
    ui->wants = o->wants.gpus ? o->wants : ct_wants_usual;
    ui->at_ms = o->at_ms ? o->at_ms : CT_LIVE;
    if (o->tz && strcmp(o->tz, "utc") != 0 && strcmp(o->tz, "local") != 0 && strcmp(o->tz, "both") != 0) {
        return ct_fail(err, CT_ERR_USAGE, o->tz, "tz is utc, local or both");
    }
    for (size_t i = 0; o->watch && o->watch[i]; i++) {
        ui_add_line(ui->watch, sizeof(ui->watch), ct_span(o->watch[i]));
    }
    for (size_t i = 0; i < o->n_views; i++) {
        if (!ui_add_view(ui, ct_span(o->views[i].name), ct_span(o->views[i].text), o->views[i].own)) {
            ui_say(ui, true, "view %s: no room for it", o->views[i].name);
        }
    }
    if (o->history) {
        snprintf(ui->series, sizeof(ui->series), "%.*s", (int)sizeof(ui->series) - 1, o->history);
    }
    ui_take_keys(ui);
    for (size_t i = 0; o->problems && o->problems[i]; i++) {
        ui_say(ui, true, "%s", o->problems[i]);
    }
    ui->problems = o->problems;
    return ui_load_themes(ui, o->theme, err);
}

void ui_free(struct ct_ui *ui)
{
    for (size_t i = 0; i < ui->n_panels; i++) {
        ui_free_answer(ui, &ui->panels[i]->got);
        ui_free_answer(ui, &ui->panels[i]->held);
        ui_drop_ahead(ui, ui->panels[i]);
        free(ui->panels[i]->state);
        free(ui->panels[i]);
    }
    ct_canvas_free(ui->canvas);
    if (ui->exported[0] > 0) {
        close(ui->exported[0]); /* the other end is its writers' for as long as they last */
    }
    free(ui);
}

/* A dashboard of ROWS x COLS on the screen NAME, nothing loaded yet. */
enum ct_status ui_new(const struct ct_ui_options *o, const char *name, int rows, int cols,
                             struct ct_ui **out, struct ct_error *err)
{
    enum ct_charset charset;
    enum ct_status st = ct_charset_choose(o->charset, &charset, err);
    if (st != CT_OK) {
        return st;
    }
    struct ct_ui *ui = ct_xcalloc(1, sizeof(*ui));
    ui->work_fd = -1;
    ui->o = o;
    ui->canvas = ct_canvas_new(rows, cols, charset);
    ui->screen = name ? ui_screen(ct_span(name)) : ct_screens[0];
    ui_add_panel(ui, 0, &ui_frame_ops);
    st = take_options(ui, err);
    bool view = st == CT_OK && !ui->screen;
    if (view) { /* a view brings its screen */
        ui->screen = ct_screens[0];
        view = ui_open_view(ui, ct_span(name));
        ui->screen = view ? ui->screen : NULL;
    }
    if (st == CT_OK && !ui->screen) {
        const char *names[16];
        size_t n = 0;
        for (; ct_screens[n] && n + 1 < CT_LEN(names); n++) {
            names[n] = ct_screens[n]->name;
        }
        names[n] = NULL;
        const char *near = ct_nearest(name, names);
        st = ct_fail(err, CT_ERR_USAGE, name, "no such screen%s%s", near ? ", nearest: " : "",
                     near ? near : "");
    }
    if (st != CT_OK) {
        ui_free(ui);
        return st;
    }
    ui_refill(ui, 0); /* the frame was added before the options were read */
    ui_take_scope(ui);
    ui_layout(ui);
    *out = ui;
    return CT_OK;
}

void ct_ui_result_done(struct ct_ui_result *r)
{
    ct_buf_free(&r->watch);
    ct_buf_free(&r->views);
    ct_buf_free(&r->compared);
}

/* ---- one screen without a terminal ---- */

/* Loads until nothing is asked for: an answer may move a detail panel's subject. */
void ui_load_now(struct ct_ui *ui, struct ct_reader *r, const struct ct_error *trouble)
{
    struct ct_load_request *request = ct_xmalloc(sizeof(*request));
    int64_t clock_ms = ct_now_ms();
    for (int round = 0; round < 4; round++) {
        bool any = false;
        ui_make_request(ui, request);
        for (size_t i = 0; i < request->n; i++) {
            const struct ct_load_item *item = &request->items[i];
            struct ct_load_answer a = {.slot = item->slot,
                                       .generation = item->generation,
                                       .status = trouble->status,
                                       .error = *trouble};
            const struct panel *p = ui->panels[item->slot % CT_LOAD_AHEAD];
            if (item->slot >= CT_LOAD_AHEAD ? p->ahead.arena != NULL : p->answered == item->generation) {
                continue;
            }
            if (r) {
                ct_load_one(r, item, clock_ms, &a);
            }
            ui_take_answer(ui, &a);
            any = any || item->slot < CT_LOAD_AHEAD;
        }
        if (!any) {
            break;
        }
    }
    free(request);
}

enum ct_status ct_ui_screen_once(const struct ct_ui_options *o, const char *name, int rows, int cols,
                                 const char *keys, struct ct_canvas **out, struct ct_error *err)
{
    struct ct_ui *ui = NULL;
    struct ct_reader *r = NULL;
    struct ct_error trouble = {0};
    bool help = name && (strcmp(name, "help") == 0 || strcmp(name, "keys") == 0);
    enum ct_status st = ui_new(o, help ? NULL : name, rows, cols, &ui, err);
    if (st != CT_OK) {
        return st;
    }
    if (ct_reader_open(o->db_path, &r, &trouble) != CT_OK) {
        r = NULL;
    }
    ui_load_now(ui, r, &trouble);
    ui_draw(ui); /* tables learn their pages by being drawn */
    if (help) {
        ui_show_help(ui);
    }
    for (const char *k = keys; k && *k; k++) {
        ui_press(ui, *k == '\n' ? CT_KEY_ENTER : (unsigned char)*k);
        ui_load_now(ui, r, &trouble);
        ui_draw(ui);
    }
    ui->dirty_all = true;
    ui_draw(ui);
    ct_reader_close(r);
    *out = ui->canvas;
    ui->canvas = NULL;
    ui_free(ui);
    return CT_OK;
}
