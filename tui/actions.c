#include "config.h"

/* What keys and commands do. */
#include "tui/ui.h"

#include "tui/term.h"
#include "tui/views/common.h"
#include "tui/views/views.h"
#include "tui/widgets/chart.h"
#include "tui/widgets/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MS = 4000 };

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

void ui_hide_message(struct ct_ui *ui)
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
    ui_picker_close(ui, false); /* what was only looked at is not kept */
    ui->end = end;
    ui->quit = true;
}

/* ---- screens, series, the watchlist ---- */

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
    ui_close_detail(ui);
    ui->overlay = OVERLAY_NONE;
    ui_drop_models(ui);
    ui_layout(ui);
}

void ui_set_at(struct ct_ui *ui, int64_t at_ms)
{
    ui->at_ms = at_ms;
    ui_refill(ui, 0);
    ui->dirty_all = true;
}

void ui_set_gone(struct ct_ui *ui, bool gone)
{
    ui->gone = gone;
    ui_refill(ui, 0);
}

void ui_set_believed(struct ct_ui *ui, bool believed)
{
    ui->believed = believed;
    ui_refill(ui, 0);
    ui_say(ui, false, "suspect corrections: %s", believed ? "hidden" : "shown and marked");
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

bool ui_add_line(char *list, size_t cap, struct ct_span line)
{
    size_t n = strlen(list);
    if (n + line.n + 2 > cap) {
        return false;
    }
    snprintf(list + n, cap - n, "%s%.*s", n ? "\n" : "", CT_FMT(line));
    return true;
}

static int count_lines(const char *list)
{
    int n = *list != '\0';
    for (; *list; list++) {
        n += *list == '\n';
    }
    return n;
}

/* Says "VERB: NAME" with the name people read, not the one stored. */
static void say_of(struct ct_ui *ui, const char *verb, struct ct_span id, const char *more)
{
    struct ct_buf words = CT_BUF_INIT;
    ct_view_series(&words, id);
    ui_say(ui, false, "%s: %s%s", verb, words.n ? words.p : "", more);
    ct_buf_free(&words);
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
        say_of(ui, "no longer followed", id, "");
    } else if (ui_add_line(ui->watch, sizeof(ui->watch), id)) {
        say_of(ui, "followed", id, "");
    } else {
        ui_say(ui, true, "the watchlist is full");
        return;
    }
    ui->watch_changed = true;
    ui_refill(ui, 0);
}

/* The line ID of the watchlist changes places with the one before (BY -1) or behind it. */
static void move_watched(struct ct_ui *ui, struct ct_span id, int by)
{
    char before[sizeof(ui->watch)];
    struct ct_span lines[sizeof(ui->watch) / 2], rest;
    int n = 0, at = -1;
    memcpy(before, ui->watch, sizeof(before));
    rest = ct_span(before);
    while (rest.p && rest.n) {
        lines[n] = ct_span_cut(&rest, '\n');
        at = ct_span_eq(lines[n], id) ? n : at;
        n++;
    }
    if (at < 0 || at + by < 0 || at + by >= n) {
        ui_say(ui, false, at < 0 ? "w follows the row; what you follow has your order" : "it cannot go further");
        return;
    }
    struct ct_span moved = lines[at];
    lines[at] = lines[at + by];
    lines[at + by] = moved;
    ui->watch[0] = '\0';
    for (int i = 0; i < n; i++) {
        ui_add_line(ui->watch, sizeof(ui->watch), lines[i]);
    }
    ui->order_changed = true;
    char place[40];
    snprintf(place, sizeof(place), "place %d of %d", at + by + 1, n);
    say_of(ui, place, id, "");
    ui_refill(ui, 0);
}

void ui_set_history(struct ct_ui *ui, struct ct_span series, bool add)
{
    if (!add) {
        ui->series[0] = '\0';
    } else if (find_line(ui->series, series)) {
        say_of(ui, "compared already", series, "");
        return;
    }
    int had = count_lines(ui->series);
    if (had >= CT_CHART_SERIES || !ui_add_line(ui->series, sizeof(ui->series), series)) {
        ui_say(ui, true, "%d series are compared, no more fit; d on screen 6 drops one", had);
        return;
    }
    if (add) {
        char more[48];
        snprintf(more, sizeof(more), "  (%d of %d, 6 shows them)", had + 1, CT_CHART_SERIES);
        say_of(ui, "compared", series, more);
    }
    ui_refill(ui, HISTORY_SCREEN);
}

/* Shows the panel OPS over the others, about ID. */
static void show_over(struct ct_ui *ui, const struct ct_panel_ops *ops, const char *id)
{
    char subject[sizeof(ui->detail->q.subject)]; /* ID may be that of the panel itself */
    snprintf(subject, sizeof(subject), "%.*s", (int)sizeof(subject) - 1, id);
    ui->detail = ui_panel(ui, ui->screen, ops);
    if (strcmp(ui->detail->q.subject, subject) != 0) {
        memcpy(ui->detail->q.subject, subject, sizeof(subject));
        ui_free_answer(ui, &ui->detail->got); /* never the last row's text under this one's name */
        ui->detail->has_model = ui->detail->failed = false;
        ui->detail->n_early = 0;
        ui_reload(ui, ui->detail);
    }
    ui_layout(ui);
}

/* The same, and `back` returns to what was open before; of very many the first is forgotten. */
static void open_over(struct ct_ui *ui, const struct ct_panel_ops *ops, const char *id)
{
    if (ui->detail && ui->n_under == CT_LEN(ui->under)) {
        memmove(ui->under, ui->under + 1, sizeof(ui->under) - sizeof(*ui->under));
        ui->n_under--;
    }
    if (ui->detail) {
        struct over *o = &ui->under[ui->n_under++];
        o->ops = ui->detail->ops;
        memcpy(o->subject, ui->detail->q.subject, sizeof(o->subject));
    }
    show_over(ui, ops, id);
}

void ui_close_detail(struct ct_ui *ui)
{
    ui->detail = NULL;
    ui->n_under = 0;
}

static void open_detail(struct ct_ui *ui, struct panel *p, const char *id)
{
    if (p->ops->detail) {
        open_over(ui, p->ops->detail, id);
    } else {
        ui_say(ui, false, "no detail of this row");
    }
}

void ui_open_panel(struct ct_ui *ui, const struct ct_panel_ops *ops)
{
    open_over(ui, ops, "");
}

/* Whether P still waits for its rows: ACTION is kept for them. Of more than anybody types ahead the rest is lost. */
static bool too_early(struct panel *p, enum ct_action action, int letter)
{
    if (!p || p->has_model || p->failed || !p->ops->load || !p->ops->act) {
        return false;
    }
    if (p->n_early < CT_LEN(p->early)) {
        p->early[p->n_early++] = (struct early){action, letter};
    }
    return true;
}

void ui_open_about(struct ct_ui *ui, const struct ct_panel_ops *ops)
{
    struct panel *p = ui_focused(ui);
    struct ct_frame_request req = {0};
    struct ct_panel_query q;
    if (too_early(p, ops == &ct_panel_exit ? CT_ACT_EXIT : CT_ACT_COST, 0)) {
        return;
    }
    if (p && p->ops->act && p->has_model) {
        q = p->q;
        p->ops->act(p->state, p->got.model, CT_ACT_DETAIL, 0, &q, &req);
    }
    if (req.kind == CT_REQ_DETAIL) {
        open_over(ui, ops, req.text);
    } else if (p && p == ui->detail && p->q.subject[0]) {
        open_over(ui, ops, p->q.subject);
    } else {
        ui_say(ui, false, "no row to ask about");
    }
}

static void open_link(struct ct_ui *ui, const char *url)
{
    struct ct_error err = {0};
    if (!ui->o->open || !ui->o->opener || !*ui->o->opener)
        ui_say(ui, false, "%s", url);
    else if (ui->o->open(ui->o->ctx, ui->o->opener, url, &err) == CT_OK)
        ui_say(ui, false, "opened: %s", url);
    else
        ui_say(ui, true, "%s: %s", err.where, err.what);
}

/* Of several lines the first stands for all. */
static void say_copied(struct ct_ui *ui, struct ct_span text, bool copied)
{
    struct ct_span rest = text, first = ct_span_cut(&rest, '\n');
    size_t more = 0;
    while (rest.p) {
        ct_span_cut(&rest, '\n');
        more++;
    }
    const char *head = copied ? "copied: " : "";
    if (more) {
        ui_say(ui, false, "%s%zu rows, %.*s ...", head, more + 1, CT_FMT(first));
    } else {
        ui_say(ui, false, "%s%.*s", head, CT_FMT(first));
    }
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
    case CT_REQ_WATCH_UP:
    case CT_REQ_WATCH_DOWN:
        move_watched(ui, rest, req->kind == CT_REQ_WATCH_UP ? -1 : 1);
        break;
    case CT_REQ_DETAIL:
        open_detail(ui, p, req->text);
        break;
    case CT_REQ_MESSAGE:
        ui_say(ui, false, "%s", req->text);
        break;
    case CT_REQ_COMMAND:
        ui_prompt_open(ui, PROMPT_COMMAND);
        ui_prompt_replace(ui, 0, req->text);
        break;
    case CT_REQ_OPEN:
        open_link(ui, req->text);
        break;
    case CT_REQ_WORK:
        ui_work(ui, req->text);
        break;
    case CT_REQ_COPY:
        say_copied(ui, rest, ui->terminal && ct_term_copy(rest));
        break;
    }
}

/* A chart's window, series and look belong to all panels of its screen; a new window or other SERIES are loaded. */
static void share_chart(struct ct_ui *ui, const struct panel *p, bool series)
{
    if (p->screen != HISTORY_SCREEN || p->ops->keys != CT_KEYS_CHART) {
        return;
    }
    memcpy(ui->series, p->q.subject, sizeof(ui->series));
    ui->from_ms = p->q.from_ms;
    ui->to_ms = p->q.to_ms;
    ui->look = p->q.look;
    for (size_t i = 1; i < ui->n_panels && series; i++) {
        struct panel *other = ui->panels[i];
        if (other != p && other->screen == p->screen) {
            ui_fill_query(ui, other);
            ui_reload(ui, other);
        }
    }
}

/* The table whose row the detail shows, when that still is its row; NULL. */
static struct panel *table_under(struct ct_ui *ui)
{
    const struct ct_panel_ops *ops = ui_places(ui)[ui->focus[ui->screen->number]].panel;
    struct panel *p = ui->detail && ui->n_under == 0 && ops ? ui_panel(ui, ui->screen, ops) : NULL;
    struct ct_frame_request req = {0};
    if (!p || !p->ops->act || !p->has_model) {
        return NULL;
    }
    struct ct_panel_query q = p->q;
    p->ops->act(p->state, p->got.model, CT_ACT_DETAIL, 0, &q, &req);
    return req.kind == CT_REQ_DETAIL && strcmp(req.text, ui->detail->q.subject) == 0 ? p : NULL;
}

/* What one does to a row can be done where all of it is told: the detail leaves to its table what it cannot do itself.
 * It shows one row: what is marked is not meant. */
static enum ct_act_result act_on_row_under(struct ct_ui *ui, enum ct_action action, struct ct_frame_request *req)
{
    static const enum ct_action of_rows[] = {CT_ACT_WATCH, CT_ACT_COMPARE, CT_ACT_HISTORY, CT_ACT_ACK,
                                             CT_ACT_SILENCE, CT_ACT_ALERT_RULE, CT_ACT_OPEN, CT_ACT_COPY_JSON};
    struct panel *p = NULL;
    for (size_t i = 0; i < CT_LEN(of_rows) && !p; i++) {
        p = of_rows[i] == action ? table_under(ui) : NULL;
    }
    if (!p) {
        return CT_ACT_IGNORED;
    }
    struct ct_tstate *table = p->ops->table ? p->state : NULL;
    size_t marks = table ? table->n_marks : 0;
    struct ct_panel_query q = p->q;
    if (table) {
        table->n_marks = 0;
    }
    enum ct_act_result did = p->ops->act(p->state, p->got.model, action, 0, &q, req);
    if (table) {
        table->n_marks = marks;
    }
    return did;
}

/* Offers ACTION to P, and to the row it is about; what it asks for is left in REQ. */
static enum ct_act_result offer(struct ct_ui *ui, struct panel *p, enum ct_action action, int letter, void *state,
                                struct ct_panel_query *q, struct ct_frame_request *req)
{
    enum ct_act_result did = p->ops->act(state, p->has_model ? p->got.model : NULL, action, letter, q, req);
    return did == CT_ACT_IGNORED && req->kind == CT_REQ_NONE && p == ui->detail ? act_on_row_under(ui, action, req) : did;
}

bool ui_answers(struct ct_ui *ui, struct panel *p, enum ct_action action)
{
    struct ct_frame_request req = {0};
    struct ct_panel_query q = p->q;
    if (!p->ops->act || !p->has_model) {
        return true; /* it may, once it knows its rows */
    }
    if (action == CT_ACT_EXIT || action == CT_ACT_COST) {
        p->ops->act(p->state, p->got.model, CT_ACT_DETAIL, 0, &q, &req);
        return req.kind == CT_REQ_DETAIL || p == ui->detail;
    }
    void *state = ct_xcalloc(1, p->ops->state_size + 1); /* only asked: nothing moves */
    memcpy(state, p->state, p->ops->state_size);
    enum ct_act_result did = offer(ui, p, action, 0, state, &q, &req);
    free(state);
    return did != CT_ACT_IGNORED || req.kind != CT_REQ_NONE;
}

/* Does ACTION, when all it changes is to be drawn, move no more than the cursor of a panel of OPS? */
static bool moves_cursor(const struct ct_panel_ops *ops, enum ct_action action)
{
    bool rows = action == CT_ACT_ROW_DOWN || action == CT_ACT_ROW_UP || action == CT_ACT_TOP ||
                action == CT_ACT_BOTTOM || (action >= CT_ACT_HALF_DOWN && action <= CT_ACT_PAGE_UP) ||
                action == CT_ACT_NEXT_EVENT || action == CT_ACT_PREV_EVENT;
    bool columns = action == CT_ACT_COL_LEFT || action == CT_ACT_COL_RIGHT || action == CT_ACT_CURSOR_LEFT_10 ||
                   action == CT_ACT_CURSOR_RIGHT_10 || action == CT_ACT_ANCHOR;
    return ops->move && (rows || (columns && ops->keys == CT_KEYS_CHART)); /* sideways a table scrolls */
}

/* Offers ACTION to the focused panel. False: it has no use for it. */
bool ui_act_in_panel(struct ct_ui *ui, enum ct_action action, int letter)
{
    struct panel *p = ui_focused(ui);
    struct ct_frame_request req = {0};
    if (!p || !p->ops->act) {
        return false;
    }
    if (too_early(p, action, letter)) {
        return true;
    }
    enum ct_act_result did = offer(ui, p, action, letter, p->state, &p->q, &req);
    bool moved = did == CT_ACT_DRAW && moves_cursor(p->ops, action);
    p->moved = p->moved || moved;
    p->dirty = p->dirty || (did != CT_ACT_IGNORED && !moved);
    if (did == CT_ACT_LOAD) {
        ui_reload(ui, p);
    }
    if (did != CT_ACT_IGNORED) {
        share_chart(ui, p, did == CT_ACT_LOAD);
    }
    do_request(ui, p, &req);
    if (did != CT_ACT_IGNORED) {
        ui_follow_selection(ui, p);
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
        ui_follow_selection(ui, p);
    }
}

/* One level back; KEY tells q from Esc. */
static void back(struct ct_ui *ui, int key)
{
    struct panel *p = ui_focused(ui);
    if (ui->overlay != OVERLAY_NONE) {
        ui->overlay = OVERLAY_NONE;
    } else if (ui->detail && ui->n_under > 0) {
        const struct over *o = &ui->under[--ui->n_under];
        show_over(ui, o->ops, o->subject);
        return;
    } else if (ui->detail) {
        ui_close_detail(ui);
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
        ui_end_pause(ui);
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

void ui_show_help(struct ct_ui *ui)
{
    ui->overlay = ui->overlay == OVERLAY_HELP ? OVERLAY_NONE : OVERLAY_HELP;
    ui->overlay_top = 0;
    ui->dirty_all = true;
}

/* No key is silent, nor a command that stands for one: what does nothing says so. */
static void say_nothing(struct ct_ui *ui, enum ct_action action, int key)
{
    char name[16], helps[40];
    const struct panel *p = ui_focused(ui);
    if (ui->overlay != OVERLAY_NONE || (p && !p->has_model && action != CT_ACT_NONE)) {
        return; /* a panel that is still loading answers when it can */
    }
    ct_key_name(name, key);
    ct_keymap_label(&ui->keys, ui_context(ui), CT_ACT_HELP, helps);
    if (action == CT_ACT_NONE) {
        ui_say(ui, false, "%s: no such key; %s lists those that work here", name, helps);
    } else {
        bool typed = key == 0; /* as a command */
        ui_say(ui, false, "%s%s%s%s does nothing in %s; %s lists what does", typed ? "" : name, typed ? "" : " (",
               ct_action_words[action], typed ? "" : ")", p ? p->ops->title : "this panel", helps);
    }
}

/* Where somebody went on to something else meanwhile, only the rows move: nothing opens over it. */
void ui_catch_up(struct ct_ui *ui, struct panel *p)
{
    struct early early[CT_LEN(p->early)];
    size_t n = p->failed ? 0 : p->n_early;
    bool here = ui_focused(ui) == p && ui->prompt.kind == PROMPT_NONE && ui->overlay == OVERLAY_NONE;
    memcpy(early, p->early, n * sizeof(early[0]));
    p->n_early = 0;
    for (size_t i = 0; i < n && (!here || ui->prompt.kind == PROMPT_NONE); i++) {
        struct ct_frame_request req = {0};
        if (!here) {
            bool load = p->ops->act(p->state, p->got.model, early[i].action, early[i].letter, &p->q, &req) == CT_ACT_LOAD;
            if (load) {
                ui_reload(ui, p);
            }
        } else if (early[i].action == CT_ACT_EXIT || early[i].action == CT_ACT_COST) {
            ui_act(ui, early[i].action, early[i].letter);
        } else if (!ui_act_in_panel(ui, early[i].action, early[i].letter) && early[i].action != CT_ACT_LIVE) {
            say_nothing(ui, early[i].action, early[i].letter);
        }
    }
}

/* Actions of the frame itself; LETTER is the key where it matters. */
void ui_act(struct ct_ui *ui, enum ct_action action, int letter)
{
    switch (action) {
    case CT_ACT_HELP:
        ui_show_help(ui);
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
        ui_pick_theme(ui);
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
    case CT_ACT_HOUR_BACK:
    case CT_ACT_HOUR_ON:
    case CT_ACT_DAY_BACK:
    case CT_ACT_DAY_ON:
    case CT_ACT_EVENT_BACK:
    case CT_ACT_EVENT_ON:
        ui_step_moment(ui, action);
        break;
    case CT_ACT_LIVE: /* of the chart's window, and of everything */
        ui_act_in_panel(ui, action, letter);
        if (ui->at_ms != CT_LIVE) {
            ui_go_to_moment(ui, CT_LIVE);
        }
        break;
    case CT_ACT_DEMO:
        open_demo(ui, letter);
        break;
    case CT_ACT_EXIT:
        ui_open_about(ui, &ct_panel_exit);
        break;
    case CT_ACT_COST:
        ui_open_about(ui, &ct_panel_cost);
        break;
    case CT_ACT_SORT:
    case CT_ACT_COLUMNS:
        ui->letter_for = ui_act_in_panel(ui, action, 0) ? action : CT_ACT_NONE;
        break;
    case CT_ACT_SET_MARK:
    case CT_ACT_JUMP_MARK:
        ui->letter_for = action;
        break;
    case CT_ACT_SUSPECT:
        ui_set_believed(ui, !ui->believed);
        break;
    case CT_ACT_MOUSE:
        ui->mouse = !ui->mouse;
        ct_term_set_mouse(ui->mouse);
        ui_say(ui, false, ui->mouse ? "mouse on, Shift-drag selects" : "mouse off");
        break;
    default:
        if (!ui_act_in_panel(ui, action, letter)) {
            say_nothing(ui, action, letter);
        }
    }
}
