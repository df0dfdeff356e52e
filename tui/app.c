#include "config.h"

#include "tui/app.h"

#include "db/base/ini.h"
#include "db/base/log.h"
#include "tui/term.h"
#include "tui/ui.h"
#include "tui/views/views.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MS = 50, BURST_MS = 200, ANSWERS_MS = 30, MESSAGE_MS = 4000, LEAVE_S = 1, HISTORY_SCREEN = 6 };

/* ---- small things ---- */

int64_t ui_now(const struct ct_ui *ui)
{
    return ui->at_ms == CT_LIVE ? ct_now_ms() : ui->at_ms;
}

void ui_say(struct ct_ui *ui, bool error, const char *fmt, ...)
{
    struct message *m = &ui->messages[ui->n_messages++ % MESSAGES_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(m->text, sizeof(m->text), fmt, ap);
    va_end(ap);
    m->at_ms = ct_now_ms();
    m->error = error;
    ui->message_until_mono_ms = error ? INT64_MAX : ct_mono_ms() + MESSAGE_MS;
    ui->dirty_status = true;
}

static void hide_message(struct ct_ui *ui)
{
    ui->message_until_mono_ms = 0;
    ui->dirty_status = true;
    ui->dirty_all = ui->dirty_all || ui->layout.status_row < 0; /* it lay over a panel */
}

const struct ct_screen *ui_screen(struct ct_span name)
{
    int64_t number = 0;
    for (size_t i = 0; ct_screens[i]; i++) {
        if (ct_span_ieq(name, ct_span(ct_screens[i]->name)) ||
            (ct_span_int(name, &number) == CT_OK && number == ct_screens[i]->number)) {
            return ct_screens[i];
        }
    }
    return NULL;
}

void ui_leave(struct ct_ui *ui, enum ct_ui_end end)
{
    ui->end = end;
    ui->quit = true;
}

/* ---- panels ---- */

void ui_reload(struct ct_ui *ui, struct panel *p)
{
    p->generation++;
    p->dirty = true;
    ui->ask = true;
}

/* What all queries share. */
static void fill_query(struct ct_ui *ui, struct panel *p)
{
    p->q.at_ms = ui->at_ms;
    p->q.gone = ui->gone;
    memcpy(p->q.watch, ui->watch, sizeof(p->q.watch));
    if (p->screen == HISTORY_SCREEN) {
        memcpy(p->q.subject, ui->series, sizeof(p->q.subject));
        p->q.from_ms = ui->from_ms;
        p->q.to_ms = ui->to_ms;
    }
}

static void refill_queries(struct ct_ui *ui, int screen)
{
    for (size_t i = 0; i < ui->n_panels; i++) {
        if (screen == 0 || ui->panels[i]->screen == screen) {
            fill_query(ui, ui->panels[i]);
            ui_reload(ui, ui->panels[i]);
        }
    }
}

static struct panel *add_panel(struct ct_ui *ui, int screen, const struct ct_panel_ops *ops)
{
    if (ui->n_panels == CT_LEN(ui->panels)) {
        return ui->panels[0];
    }
    struct panel *p = ct_xcalloc(1, sizeof(*p));
    p->ops = ops;
    p->screen = screen;
    p->slot = (int)ui->n_panels;
    p->state = ct_xcalloc(1, ops->state_size + 1);
    p->generation = 1;
    p->dirty = true;
    ui->panels[ui->n_panels++] = p;
    fill_query(ui, p);
    return p;
}

struct panel *ui_panel(struct ct_ui *ui, const struct ct_screen *s, const struct ct_panel_ops *ops)
{
    for (size_t i = 1; i < ui->n_panels; i++) {
        if (ui->panels[i]->screen == s->number && ui->panels[i]->ops == ops) {
            return ui->panels[i];
        }
    }
    return add_panel(ui, s->number, ops);
}

static const struct ct_place *places(const struct ct_ui *ui)
{
    return ui->screen->layouts[ui->layout.width_class].places;
}

struct panel *ui_focused(struct ct_ui *ui)
{
    if (ui->detail) {
        return ui->detail;
    }
    const struct ct_panel_ops *ops = places(ui)[ui->focus[ui->screen->number]].panel;
    return ops ? ui_panel(ui, ui->screen, ops) : NULL;
}

static void free_answer(struct ct_load_answer *a)
{
    ct_arena_free(a->arena);
    memset(a, 0, sizeof(*a));
}

/* A detail panel that stands beside its table follows the table's selection, and so do those made for it. */
static void follow_selection(struct ct_ui *ui, struct panel *p)
{
    struct ct_frame_request req = {0};
    struct ct_panel_query q = p->q;
    if (!p->ops->detail || p->ops->follows || ui->detail || p != ui_focused(ui) || !p->has_model) {
        return;
    }
    for (int i = 0; i < ui->layout.n; i++) {
        const struct ct_panel_ops *ops = places(ui)[ui->layout.slots[i].place].panel;
        if ((ops != p->ops->detail && !ops->follows) || ops == p->ops) {
            continue;
        }
        if (req.kind == CT_REQ_NONE) {
            p->ops->act(p->state, p->got.model, CT_ACT_DETAIL, 0, &q, &req);
        }
        struct panel *other = ui_panel(ui, ui->screen, ops);
        if (req.kind == CT_REQ_DETAIL && strcmp(req.text, other->q.subject) != 0) {
            snprintf(other->q.subject, sizeof(other->q.subject), "%.*s", (int)sizeof(other->q.subject) - 1,
                     req.text);
            ui_reload(ui, other);
        }
    }
}

/* A young database says since when it remembers; once. */
static void tell_recording(struct ct_ui *ui)
{
    const struct ct_summary *s = &ui_frame_model(ui)->sum;
    char since[64];
    if (ui->terminal && !ui->said_recording && s->recording_since_ms != CT_NONE) {
        ui->said_recording = true;
        if (ui->at_ms == CT_LIVE && ct_now_ms() - s->recording_since_ms < CT_DAY &&
            ui->layout.status_row >= 0 && ui->message_until_mono_ms != INT64_MAX) {
            ui_clock(ui, s->recording_since_ms, false, false, since);
            ui_say(ui, false, "w follows a row, / filters, ? helps   recording since %s", since);
        }
    }
}

/* Puts an answer on the screen. After a failure the last good model stays, with the error beside it. */
static void install(struct ct_ui *ui, struct panel *p, struct ct_load_answer *a)
{
    p->failed = a->status != CT_OK;
    p->error = a->error;
    p->dirty = true;
    if (!p->failed) {
        free_answer(&p->got);
        p->got = *a;
        p->has_model = true;
        p->loaded_ms = a->loaded_ms;
    }
    if (p->slot == 0) {
        ui->dirty_line1 = ui->dirty_status = true;
        if (!p->failed) {
            tell_recording(ui);
        }
        if (!p->failed && ui->o->on_summary) {
            ui->o->on_summary(ui->o->ctx, &ui_frame_model(ui)->sum);
        }
    }
    if (a->newer && !ui->said_newer) {
        ui->said_newer = true;
        ui_say(ui, true, "this database was made by a newer cloudtape: reading what can be read");
    }
    follow_selection(ui, p);
}

static void take_answer(struct ct_ui *ui, struct ct_load_answer *a)
{
    struct panel *p = a->slot >= 0 && (size_t)a->slot < ui->n_panels ? ui->panels[a->slot] : NULL;
    if (!p || p->generation != a->generation) {
        ct_arena_free(a->arena); /* answers a question that nobody asks any more */
        return;
    }
    p->answered = a->generation;
    bool same_question = p->got.generation == a->generation || p->failed;
    if (ui->paused && p->slot != 0 && p->has_model && same_question) {
        free_answer(&p->held);
        p->held = *a;
        p->is_held = true;
        ui->waiting++;
        ui->dirty_line1 = true;
        return;
    }
    install(ui, p, a);
}

static void end_pause(struct ct_ui *ui)
{
    for (size_t i = 0; i < ui->n_panels; i++) {
        struct panel *p = ui->panels[i];
        if (p->is_held) {
            struct ct_load_answer a = p->held;
            memset(&p->held, 0, sizeof(p->held));
            p->is_held = false;
            if (a.generation == p->generation) {
                install(ui, p, &a);
            } else {
                ct_arena_free(a.arena);
            }
        }
    }
    ui->waiting = 0;
}

static void want(struct ct_load_request *r, const struct panel *p)
{
    if (r->n < CT_LOAD_ITEMS && p->ops->load) {
        r->items[r->n++] = (struct ct_load_item){p->slot, p->generation, p->ops, p->q};
    }
}

/* What is on screen now: line 1, then the focused panel, then the others. */
static void make_request(struct ct_ui *ui, struct ct_load_request *r)
{
    struct panel *focused = ui_focused(ui);
    r->n = 0;
    want(r, ui->panels[0]);
    if (focused) {
        want(r, focused);
    }
    for (int i = 0; i < ui->layout.n && !ui->detail; i++) {
        struct panel *p = ui_panel(ui, ui->screen, places(ui)[ui->layout.slots[i].place].panel);
        if (p != focused) {
            want(r, p);
        }
    }
    ui->ask = false;
}

/* ---- what keys and commands do ---- */

/* Models of screens left behind are dropped, except those that Backspace returns to: memory stays that of what is
 * looked at. */
static void drop_models(struct ct_ui *ui)
{
    for (size_t i = 1; i < ui->n_panels; i++) {
        struct panel *p = ui->panels[i];
        bool near = p->screen == ui->screen->number || (ui->previous && p->screen == ui->previous->number);
        if (!near && p->has_model) {
            free_answer(&p->got);
            free_answer(&p->held);
            p->has_model = p->is_held = p->failed = false;
            p->generation++; /* loads again when it is shown */
        }
    }
}

void ui_goto(struct ct_ui *ui, const struct ct_screen *s)
{
    if (!s) {
        return;
    }
    if (s != ui->screen) {
        ui->previous = ui->screen;
    }
    ui->screen = s;
    ui->zoom = false;
    ui->detail = NULL;
    ui->overlay = OVERLAY_NONE;
    drop_models(ui);
    ui_layout(ui);
}

void ui_set_at(struct ct_ui *ui, int64_t at_ms)
{
    ui->at_ms = at_ms;
    refill_queries(ui, 0);
    ui->dirty_all = true;
}

void ui_set_gone(struct ct_ui *ui, bool gone)
{
    ui->gone = gone;
    refill_queries(ui, 0);
}

/* Line LINE of the '\n'-separated LIST is ID. */
static char *find_line(char *list, struct ct_span id)
{
    for (char *at = list; *at;) {
        size_t n = strcspn(at, "\n");
        if (ct_span_eq((struct ct_span){at, n}, id)) {
            return at;
        }
        at += n + (at[n] == '\n');
    }
    return NULL;
}

static bool add_line(char *list, size_t cap, struct ct_span line)
{
    size_t n = strlen(list);
    if (n + line.n + 2 > cap) {
        return false;
    }
    snprintf(list + n, cap - n, "%s%.*s", n ? "\n" : "", CT_FMT(line));
    return true;
}

void ui_toggle_watch(struct ct_ui *ui, struct ct_span id)
{
    char *at = find_line(ui->watch, id);
    if (at) {
        size_t n = id.n + (at[id.n] == '\n');
        memmove(at, at + n, strlen(at + n) + 1);
        size_t len = strlen(ui->watch);
        if (len && ui->watch[len - 1] == '\n') {
            ui->watch[len - 1] = '\0';
        }
        ui_say(ui, false, "no longer followed: %.*s", CT_FMT(id));
    } else if (add_line(ui->watch, sizeof(ui->watch), id)) {
        ui_say(ui, false, "followed: %.*s", CT_FMT(id));
    } else {
        ui_say(ui, true, "the watchlist is full");
        return;
    }
    ui->watch_changed = true;
    refill_queries(ui, 0);
}

void ui_set_history(struct ct_ui *ui, struct ct_span series, bool add)
{
    if (!add) {
        ui->series[0] = '\0';
    } else if (find_line(ui->series, series)) {
        ui_say(ui, false, "compared already: %.*s", CT_FMT(series));
        return;
    }
    if (!add_line(ui->series, sizeof(ui->series), series)) {
        ui_say(ui, true, "no more series fit");
        return;
    }
    if (add) {
        ui_say(ui, false, "compared: %.*s  (6 shows them)", CT_FMT(series));
    }
    refill_queries(ui, HISTORY_SCREEN);
}

void ui_set_theme(struct ct_ui *ui, size_t i)
{
    ui->theme = i;
    ui->theme_changed = true;
    if (ui->terminal) {
        ct_term_theme(&ui->themes[i]);
    }
    ui_say(ui, false, "theme %s", ui->themes[i].name);
    ui->dirty_all = true;
}

static void open_detail(struct ct_ui *ui, struct panel *p, const char *id)
{
    if (!p->ops->detail) {
        ui_say(ui, false, "no detail of this row");
        return;
    }
    ui->detail = ui_panel(ui, ui->screen, p->ops->detail);
    if (strcmp(ui->detail->q.subject, id) != 0) {
        snprintf(ui->detail->q.subject, sizeof(ui->detail->q.subject), "%.*s",
                 (int)sizeof(ui->detail->q.subject) - 1, id);
        free_answer(&ui->detail->got); /* never the last row's text under this one's name */
        ui->detail->has_model = ui->detail->failed = false;
        ui_reload(ui, ui->detail);
    }
    ui_layout(ui);
}

static void do_request(struct ct_ui *ui, struct panel *p, const struct ct_frame_request *req)
{
    struct ct_span rest = ct_span(req->text), line;
    switch (req->kind) {
    case CT_REQ_NONE:
        break;
    case CT_REQ_SCREEN:
        ui_act(ui, (enum ct_action)(CT_ACT_SCREEN_1 + req->screen - 1), 0);
        break;
    case CT_REQ_HISTORY:
        ui_set_history(ui, rest, false);
        ui_goto(ui, ui_screen(CT_LIT("history")));
        break;
    case CT_REQ_COMPARE:
    case CT_REQ_WATCH:
        while ((line = ct_span_cut(&rest, '\n')).n) {
            if (req->kind == CT_REQ_WATCH) {
                ui_toggle_watch(ui, line);
            } else {
                ui_set_history(ui, line, true);
            }
        }
        break;
    case CT_REQ_DETAIL:
        open_detail(ui, p, req->text);
        break;
    case CT_REQ_MESSAGE:
        ui_say(ui, false, "%s", req->text);
        break;
    case CT_REQ_COPY:
        if (ui->terminal && ct_term_copy(rest)) {
            ui_say(ui, false, "copied: %s", req->text);
        } else {
            ui_say(ui, false, "%s", req->text);
        }
        break;
    }
}

/* A chart's window and series belong to all panels of its screen. */
static void share_window(struct ct_ui *ui, const struct panel *p)
{
    if (p->screen != HISTORY_SCREEN || p->ops->keys != CT_KEYS_CHART) {
        return;
    }
    memcpy(ui->series, p->q.subject, sizeof(ui->series));
    ui->from_ms = p->q.from_ms;
    ui->to_ms = p->q.to_ms;
    for (size_t i = 1; i < ui->n_panels; i++) {
        struct panel *other = ui->panels[i];
        if (other != p && other->screen == p->screen) {
            fill_query(ui, other);
            ui_reload(ui, other);
        }
    }
}

/* Offers ACTION to the focused panel. False: it has no use for it. */
static bool act_in_panel(struct ct_ui *ui, enum ct_action action, int letter)
{
    struct panel *p = ui_focused(ui);
    struct ct_frame_request req = {0};
    if (!p || !p->ops->act) {
        return false;
    }
    enum ct_act_result did = p->ops->act(p->state, p->has_model ? p->got.model : NULL, action, letter,
                                         &p->q, &req);
    p->dirty = p->dirty || did != CT_ACT_IGNORED;
    if (did == CT_ACT_LOAD) {
        ui_reload(ui, p);
        share_window(ui, p);
    }
    do_request(ui, p, &req);
    if (did != CT_ACT_IGNORED) {
        follow_selection(ui, p);
    }
    return did != CT_ACT_IGNORED || req.kind != CT_REQ_NONE;
}

static void move_focus(struct ct_ui *ui, int by)
{
    int n = ct_layout_places(ui->screen, ui->layout.width_class);
    int *focus = &ui->focus[ui->screen->number];
    if (ui->detail || n < 2) {
        return;
    }
    *focus = (*focus + by + n) % n;
    ui_layout(ui);
    struct panel *p = ui_focused(ui);
    if (p) {
        follow_selection(ui, p);
    }
}

/* One level back; KEY tells q from Esc. */
static void back(struct ct_ui *ui, int key)
{
    struct panel *p = ui_focused(ui);
    if (ui->overlay != OVERLAY_NONE) {
        ui->overlay = OVERLAY_NONE;
    } else if (ui->detail) {
        ui->detail = NULL;
    } else if (key == CT_KEY_ESC && p && p->q.filter[0]) {
        p->q.filter[0] = '\0';
        ui_reload(ui, p);
    } else if (ui->zoom) {
        ui->zoom = false;
    } else if (ui->screen != ct_screens[0]) {
        ui_goto(ui, ct_screens[0]);
    } else if (key != CT_KEY_ESC && (ui->asked_quit || ui->o->no_confirm_quit)) {
        ui_leave(ui, CT_UI_QUIT);
    } else if (key != CT_KEY_ESC) {
        ui->asked_quit = true;
        ui_say(ui, true, "q again quits");
        return;
    }
    ui_layout(ui);
}

static void refresh_sources(struct ct_ui *ui, int key)
{
    struct panel *p = ui_focused(ui);
    struct ct_frame_request req = {0};
    struct ct_panel_query q;
    if (key != 'R' && p && p->ops == &ct_panel_sources && p->has_model) {
        q = p->q;
        p->ops->act(p->state, p->got.model, CT_ACT_DETAIL, 0, &q, &req);
    }
    const char *said =
        ui->o->refresh ? ui->o->refresh(ui->o->ctx, req.kind == CT_REQ_DETAIL ? req.text : "") : NULL;
    ui_say(ui, !said, "%s", said ? said : "no fetcher of this viewer to ask");
}

static void go_screen(struct ct_ui *ui, int number)
{
    static const char *const later[] = {"", "", "", "", "tokens", "models", "", "alerts", ""};
    char name[4];
    snprintf(name, sizeof(name), "%d", number);
    const struct ct_screen *s = ui_screen(ct_span(name));
    if (s) {
        ui_goto(ui, s);
    } else {
        ui_say(ui, false, "screen %d comes with %s", number, later[number]);
    }
}

static void suspend(struct ct_ui *ui)
{
    int rows, cols;
    if (ui->terminal) {
        ct_term_suspend();
        ct_term_size(&rows, &cols);
        ct_term_resize(rows, cols);
        ct_canvas_resize(ui->canvas, rows, cols);
        ui_layout(ui);
    }
}

static void pause_painting(struct ct_ui *ui)
{
    ui->paused = !ui->paused;
    if (!ui->paused) {
        end_pause(ui);
    }
    ui->dirty_line1 = true;
}

/* The key only helps where there is nothing to see; :demo always works. */
static void open_demo(struct ct_ui *ui, int key)
{
    const struct frame_model *m = ui_frame_model(ui);
    bool nothing = !m || m->sum.newest_ms == CT_NONE || m->sum.offline_since_ms != CT_NONE;
    if (key && !nothing) {
        ui_say(ui, false, "data is arriving; :demo opens the simulated market all the same");
    } else {
        ui_leave(ui, CT_UI_DEMO);
    }
}

static void show_help(struct ct_ui *ui)
{
    ui->overlay = ui->overlay == OVERLAY_HELP ? OVERLAY_NONE : OVERLAY_HELP;
    ui->overlay_top = 0;
    ui->dirty_all = true;
}

/* Actions of the frame itself; LETTER is the key where it matters. */
void ui_act(struct ct_ui *ui, enum ct_action action, int letter)
{
    switch (action) {
    case CT_ACT_HELP:
        show_help(ui);
        break;
    case CT_ACT_COMMAND:
        ui_prompt_open(ui, PROMPT_COMMAND);
        break;
    case CT_ACT_FILTER:
        ui_prompt_open(ui, PROMPT_FILTER);
        break;
    case CT_ACT_SCREEN_1:
    case CT_ACT_SCREEN_2:
    case CT_ACT_SCREEN_3:
    case CT_ACT_SCREEN_4:
    case CT_ACT_SCREEN_5:
    case CT_ACT_SCREEN_6:
    case CT_ACT_SCREEN_7:
    case CT_ACT_SCREEN_8:
        go_screen(ui, (int)action - CT_ACT_SCREEN_1 + 1);
        break;
    case CT_ACT_PANEL_NEXT:
        move_focus(ui, 1);
        break;
    case CT_ACT_PANEL_PREV:
        move_focus(ui, -1);
        break;
    case CT_ACT_ZOOM:
        ui->zoom = !ui->zoom;
        ui_layout(ui);
        break;
    case CT_ACT_BACK:
        back(ui, letter);
        break;
    case CT_ACT_QUIT:
        ui_leave(ui, CT_UI_QUIT);
        break;
    case CT_ACT_REFRESH:
        refresh_sources(ui, letter);
        break;
    case CT_ACT_PAUSE:
        pause_painting(ui);
        break;
    case CT_ACT_THEME:
        ui_set_theme(ui, (ui->theme + 1) % ui->n_themes);
        break;
    case CT_ACT_PREVIOUS_SCREEN:
        ui_goto(ui, ui->previous);
        break;
    case CT_ACT_REDRAW:
        ct_term_redraw();
        ui->dirty_all = true;
        break;
    case CT_ACT_SUSPEND:
        suspend(ui);
        break;
    case CT_ACT_DEMO:
        open_demo(ui, letter);
        break;
    case CT_ACT_SORT:
        ui->sorting = act_in_panel(ui, action, letter) && letter == 0;
        break;
    default:
        act_in_panel(ui, action, letter);
    }
}

/* ---- keys ---- */

/* Help and messages scroll; true: the key was theirs. */
static bool overlay_key(struct ct_ui *ui, enum ct_action action)
{
    int page = ui->layout.body_rows > 3 ? ui->layout.body_rows - 3 : 1, by = 0;
    switch (action) {
    case CT_ACT_ROW_DOWN: by = 1; break;
    case CT_ACT_ROW_UP: by = -1; break;
    case CT_ACT_HALF_DOWN:
    case CT_ACT_PAGE_DOWN: by = page; break;
    case CT_ACT_HALF_UP:
    case CT_ACT_PAGE_UP: by = -page; break;
    case CT_ACT_TOP: by = -ui->overlay_top; break;
    case CT_ACT_BOTTOM: by = ui_overlay_lines(ui); break;
    default: return false;
    }
    int top = ui->overlay_top + by, last = ui_overlay_lines(ui);
    ui->overlay_top = top < 0 ? 0 : top > last ? last : top;
    return true;
}

static void mouse(struct ct_ui *ui)
{
    int y, x, button;
    if (!ct_term_mouse(&y, &x, &button) || ui->detail) {
        return;
    }
    for (int i = 0; i < ui->layout.n; i++) {
        const struct ct_slot *s = &ui->layout.slots[i];
        bool hit = y >= s->y && y < s->y + s->rows && x >= s->x && x < s->x + s->cols;
        if (hit && s->place != ui->focus[ui->screen->number]) {
            ui->focus[ui->screen->number] = s->place;
            ui_layout(ui);
            return;
        }
    }
    for (int i = 0; i < 3 && button > 1; i++) {
        act_in_panel(ui, button == 4 ? CT_ACT_ROW_UP : CT_ACT_ROW_DOWN, 0);
    }
}

static void plain_key(struct ct_ui *ui, int key)
{
    enum ct_key_context context = ui_context(ui);
    int first = ui->prefix ? ui->prefix : key, second = ui->prefix ? key : 0;
    enum ct_action action = ct_keymap_find(&ui->keys, context, first, second);
    if (!ui->prefix && action == CT_ACT_NONE && ct_keymap_prefix(&ui->keys, context, key)) {
        ui->prefix = key;
        return;
    }
    ui->prefix = 0;
    if (ui->overlay != OVERLAY_NONE) {
        if (overlay_key(ui, action)) {
            return;
        }
        bool stays = action == CT_ACT_HELP || action == CT_ACT_BACK || action == CT_ACT_QUIT ||
                     action == CT_ACT_NONE || action == CT_ACT_REDRAW || action == CT_ACT_THEME;
        ui->overlay = stays ? ui->overlay : OVERLAY_NONE;
        ui->dirty_all = true;
    }
    ui_act(ui, action, action == CT_ACT_SORT ? 0 : key);
}

static void press(struct ct_ui *ui, int key)
{
    bool asked = ui->asked_quit;
    if (ui->message_until_mono_ms == INT64_MAX) {
        hide_message(ui);
    }
    if (key == ('c' & 0x1f)) { /* whatever is open, whatever is bound */
        ui_leave(ui, CT_UI_QUIT);
    } else if (key == CT_KEY_MOUSE) {
        mouse(ui);
    } else if (ui->prompt.kind != PROMPT_NONE) {
        ui_prompt_key(ui, key);
    } else if (ui->sorting) {
        ui->sorting = false;
        ui_act(ui, CT_ACT_SORT, key == CT_KEY_ESC || key == 0 ? -1 : key);
        ui->sorting = false;
    } else {
        plain_key(ui, key);
    }
    if (asked) {
        ui->asked_quit = false; /* the question holds for one key */
    }
}

/* ---- start and end ---- */

static void theme_problem(void *ctx, const char *where, const char *what)
{
    ui_say(ctx, true, "%s: %s", where, what);
}

/* All themes are read now: the loop touches no files. */
static enum ct_status load_themes(struct ct_ui *ui, const char *name, struct ct_error *err)
{
    name = name ? name : "terminal";
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
    ui->tz = o->tz ? o->tz[0] : 'u';
    ui->at_ms = o->at_ms ? o->at_ms : CT_LIVE;
    if (o->tz && strcmp(o->tz, "utc") != 0 && strcmp(o->tz, "local") != 0 && strcmp(o->tz, "both") != 0) {
        return ct_fail(err, CT_ERR_USAGE, o->tz, "tz is utc, local or both");
    }
    for (size_t i = 0; o->watch && o->watch[i]; i++) {
        add_line(ui->watch, sizeof(ui->watch), ct_span(o->watch[i]));
    }
    if (o->history) {
        snprintf(ui->series, sizeof(ui->series), "%.*s", (int)sizeof(ui->series) - 1, o->history);
    }
    ct_keymap_init(&ui->keys);
    for (size_t i = 0; i < o->n_keys; i++) {
        struct ct_error e = {0};
        if (ct_keymap_override(&ui->keys, &o->keys[i], &e) != CT_OK) {
            ui_say(ui, true, "%s: %s", e.where, e.what);
        }
    }
    for (size_t i = 0; o->problems && o->problems[i]; i++) {
        ui_say(ui, true, "%s", o->problems[i]);
    }
    return load_themes(ui, o->theme, err);
}

static void free_ui(struct ct_ui *ui)
{
    for (size_t i = 0; i < ui->n_panels; i++) {
        free_answer(&ui->panels[i]->got);
        free_answer(&ui->panels[i]->held);
        free(ui->panels[i]->state);
        free(ui->panels[i]);
    }
    ct_canvas_free(ui->canvas);
    free(ui);
}

/* A dashboard of ROWS x COLS on the screen NAME, nothing loaded yet. */
static enum ct_status new_ui(const struct ct_ui_options *o, const char *name, int rows, int cols,
                             struct ct_ui **out, struct ct_error *err)
{
    enum ct_charset charset;
    enum ct_status st = ct_charset_choose(o->charset, &charset, err);
    if (st != CT_OK) {
        return st;
    }
    struct ct_ui *ui = ct_xcalloc(1, sizeof(*ui));
    ui->o = o;
    ui->canvas = ct_canvas_new(rows, cols, charset);
    ui->screen = name ? ui_screen(ct_span(name)) : ct_screens[0];
    add_panel(ui, 0, &ui_frame_ops);
    st = take_options(ui, err);
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
        free_ui(ui);
        return st;
    }
    refill_queries(ui, 0); /* the frame was added before the options were read */
    snprintf(ui->panels[0]->q.filter, sizeof(ui->panels[0]->q.filter), "%s", o->scope ? o->scope : "");
    ui_layout(ui);
    *out = ui;
    return CT_OK;
}

void ct_ui_result_done(struct ct_ui_result *r)
{
    ct_buf_free(&r->watch);
}

/* ---- one screen without a terminal ---- */

/* Loads until nothing is asked for: an answer may move a detail panel's subject. */
static void load_all(struct ct_ui *ui, struct ct_reader *r, const struct ct_error *trouble)
{
    struct ct_load_request *request = ct_xmalloc(sizeof(*request));
    uint64_t done[CT_LOAD_SLOTS] = {0};
    for (int round = 0; round < 4; round++) {
        bool any = false;
        make_request(ui, request);
        for (size_t i = 0; i < request->n; i++) {
            const struct ct_load_item *item = &request->items[i];
            struct ct_load_answer a = {.slot = item->slot,
                                       .generation = item->generation,
                                       .status = trouble->status,
                                       .error = *trouble};
            if (done[item->slot] == item->generation) {
                continue;
            }
            done[item->slot] = item->generation;
            if (r) {
                ct_load_one(r, item, &a);
            }
            take_answer(ui, &a);
            any = true;
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
    enum ct_status st = new_ui(o, help ? NULL : name, rows, cols, &ui, err);
    if (st != CT_OK) {
        return st;
    }
    if (ct_reader_open(o->db_path, &r, &trouble) != CT_OK) {
        r = NULL;
    }
    load_all(ui, r, &trouble);
    ui_draw(ui); /* tables learn their pages by being drawn */
    if (help) {
        show_help(ui);
    }
    for (const char *k = keys; k && *k; k++) {
        press(ui, *k == '\n' ? CT_KEY_ENTER : (unsigned char)*k);
        load_all(ui, r, &trouble);
        ui_draw(ui);
    }
    ui->dirty_all = true;
    ui_draw(ui);
    ct_reader_close(r);
    *out = ui->canvas;
    ui->canvas = NULL;
    free_ui(ui);
    return CT_OK;
}

/* ---- signals ---- */

static int signal_pipe[2] = {-1, -1};
static volatile sig_atomic_t last_signal;

/* A byte for the loop. Should that be stuck in a write to a terminal that reads no more, the alarm ends it. */
static void on_signal(int sig)
{
    int saved = errno;
    if (sig == SIGALRM) {
        ct_term_rescue();
        _exit(128 + (last_signal ? last_signal : sig));
    }
    if (sig != SIGWINCH && sig != SIGCONT) {
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

static enum ct_status catch_signals(struct ct_error *err)
{
    struct sigaction sa = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        return ct_fail(err, CT_ERR_IO, "signals", "%s", strerror(errno));
    }
    last_signal = 0;
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
    int fd;               /* the main program's */
    /* Data is painted 20 times a second at most: a frame costs FRAME_MS of what time gives, up to BURST_MS. A key never
     * waits for that, nor do the answers to what it asked: but they share a frame when they come within ANSWERS_MS. */
    int64_t credit_ms, counted_mono_ms, asked_mono_ms;
    bool at_once;
    int64_t tick;         /* the minute or second shown */
    int silent_reads;     /* readable, yet nothing to read: the terminal is gone */
};

static bool dirty(const struct ct_ui *ui)
{
    bool any = ui->dirty_all || ui->dirty_line1 || ui->dirty_status;
    for (size_t i = 1; i < ui->n_panels && !any; i++) {
        any = ui->panels[i]->dirty && ui->panels[i]->screen == ui->screen->number;
    }
    return any;
}

/* What the clock on screen shows, as a number; it moves by minutes, on a wall by seconds. */
static int64_t clock_unit(const struct ct_ui *ui)
{
    return ui->canvas->cols >= 180 && ui->at_ms == CT_LIVE ? CT_SECOND : CT_MINUTE;
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
        const struct panel *p = l->ui->panels[l->request.items[i].slot];
        any = p->generation == l->request.items[i].generation && p->answered != p->generation;
    }
    return any;
}

/* Milliseconds until something is due without anybody calling. */
static int next_due(const struct loop *l)
{
    const struct ct_ui *ui = l->ui;
    int64_t mono = ct_mono_ms(), now = ct_now_ms(), unit = clock_unit(ui);
    int64_t due = unit - now % unit + 1;
    if (ui->message_until_mono_ms > 0 && ui->message_until_mono_ms < INT64_MAX) {
        due = earlier(due, ui->message_until_mono_ms - mono);
    }
    if (dirty(ui) && l->at_once) {
        due = 0;
    } else if (dirty(ui)) {
        int64_t paid = l->counted_mono_ms + FRAME_MS - l->credit_ms;
        int64_t told = answers_due(l) ? l->asked_mono_ms + ANSWERS_MS : paid;
        due = earlier(due, (told > paid ? told : paid) - mono);
    }
    return due < 0 ? 0 : due > INT_MAX ? INT_MAX : (int)due;
}

static void tick(struct loop *l)
{
    struct ct_ui *ui = l->ui;
    int64_t now = ct_now_ms(), unit = clock_unit(ui);
    if (now / unit != l->tick) {
        bool minute = now / CT_MINUTE != l->tick * unit / CT_MINUTE || unit == CT_MINUTE;
        l->tick = now / unit;
        ui->dirty_line1 = true;
        for (size_t i = 1; i < ui->n_panels && minute && !ui->paused; i++) {
            ui->panels[i]->dirty = true; /* ages */
        }
    }
    if (ui->message_until_mono_ms > 0 && ct_mono_ms() >= ui->message_until_mono_ms) {
        hide_message(ui);
    }
}

static void read_signals(struct loop *l)
{
    char byte;
    bool resized = false;
    while (read(signal_pipe[0], &byte, 1) == 1) {
        resized = resized || byte == SIGWINCH || byte == SIGCONT;
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
}

/* All keys that have come. Readable without bringing any, again and again, is the end of input. */
static void read_keys(struct loop *l, short revents)
{
    int key, n = 0, ready = 0;
    while (!l->ui->quit && (key = ct_term_key()) != CT_KEY_NONE) {
        press(l->ui, key);
        n++;
    }
    l->at_once = l->at_once || n > 0;
    if (n == 0 && ioctl(STDIN_FILENO, FIONREAD, &ready) == 0 && ready == 0) {
        l->silent_reads++;
    } else if (n > 0) {
        l->silent_reads = 0;
    }
    if (revents & (POLLHUP | POLLERR | POLLNVAL) || l->silent_reads > 2) {
        ui_leave(l->ui, CT_UI_EOF);
    }
}

static void read_answers(struct loop *l)
{
    struct ct_load_answer a;
    bool waiting = answers_due(l);
    while (ct_loader_take(l->loader, &a)) {
        take_answer(l->ui, &a);
    }
    l->at_once = l->at_once || (waiting && !answers_due(l));
}

static void paint(struct loop *l)
{
    struct ct_ui *ui = l->ui;
    int64_t mono = ct_mono_ms();
    l->credit_ms = earlier(l->credit_ms + mono - l->counted_mono_ms, BURST_MS);
    l->counted_mono_ms = mono;
    bool due = l->credit_ms >= FRAME_MS && (!answers_due(l) || mono >= l->asked_mono_ms + ANSWERS_MS);
    if (dirty(ui) && (l->at_once || due)) {
        ui_draw(ui);
        ct_term_show(ui->canvas, ui->cursor_y, ui->cursor_x);
        l->credit_ms = l->credit_ms > FRAME_MS ? l->credit_ms - FRAME_MS : 0;
        l->at_once = false;
    }
}

static void run(struct loop *l)
{
    struct ct_ui *ui = l->ui;
    l->tick = ct_now_ms() / clock_unit(ui);
    l->credit_ms = BURST_MS;
    l->counted_mono_ms = ct_mono_ms();
    while (!ui->quit) {
        if (ui->ask) {
            make_request(ui, &l->request);
            ct_loader_post(l->loader, &l->request);
            l->asked_mono_ms = ct_mono_ms();
        }
        paint(l);
        struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = ct_loader_fd(l->loader), .events = POLLIN},
                             {.fd = signal_pipe[0], .events = POLLIN},
                             {.fd = l->fd, .events = POLLIN}};
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
        if (p[3].revents && ui->o->on_fd) {
            const char *said = ui->o->on_fd(ui->o->ctx, &l->fd);
            if (said) {
                ui_say(ui, false, "%s", said);
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
    out->theme_changed = ui->theme_changed;
    snprintf(out->theme, sizeof(out->theme), "%s", ui->themes[ui->theme].name);
    ct_buf_adds(&out->watch, ui->watch);
}

enum ct_status ct_ui_run(const struct ct_ui_options *o, struct ct_ui_result *out, struct ct_error *err)
{
    struct loop *l = ct_xcalloc(1, sizeof(*l));
    int rows, cols;
    enum ct_status st = new_ui(o, o->start, 24, 80, &l->ui, err);
    bool caught_them = st == CT_OK;
    l->fd = o->fd > 0 ? o->fd : -1;
    if (st == CT_OK) {
        st = catch_signals(err);
        caught_them = st == CT_OK;
    }
    if (st == CT_OK) {
        st = ct_term_open(o->color, o->mouse, err);
    }
    if (st == CT_OK) {
        st = ct_loader_start(o->db_path, &l->loader, err);
    }
    if (st == CT_OK) {
        l->ui->terminal = true;
        ct_term_theme(&l->ui->themes[l->ui->theme]);
        ct_term_size(&rows, &cols);
        ct_canvas_resize(l->ui->canvas, rows, cols);
        ui_layout(l->ui);
        if (l->ui->n_messages == 0 && l->ui->layout.status_row >= 0) {
            ui_say(l->ui, false, "w follows a row, / filters, ? helps");
        }
        run(l);
        fill_result(l->ui, out);
    }
    ct_term_close();
    ct_loader_stop(l->loader);
    if (caught_them) {
        release_signals();
    }
    if (l->ui) {
        free_ui(l->ui);
    }
    free(l);
    return st;
}
