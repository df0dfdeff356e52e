#include "config.h"

#include "tui/ui.h"

#include "db/base/text.h"
#include "tui/views/common.h"
#include "tui/widgets/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAPE_EVENTS = 24, WALL_COLS = 180 };

/* ---- the frame's own model ---- */

/* The row line 1 names on a wall, "openai/api DOWN 18m". */
static void name_worst(const struct ct_status_row *row, int64_t now_ms, struct ct_arena *a,
                       struct ct_summary *sum)
{
    char age[CT_TIME_MAX] = "";
    if (row->since_ms != CT_NONE) {
        ct_age_format(age, now_ms > row->since_ms ? now_ms - row->since_ms : 0);
    }
    sum->worst_state = row->state;
    sum->worst = ct_arena_printf(a, "%.*s%s%.*s %s%s%s", CT_FMT(row->provider), row->scope.n ? "/" : "",
                                 CT_FMT(row->scope), ct_state_short(row->state), age[0] ? " " : "", age);
}

/* What line 1 counts can be narrowed to a scope: a filter over the status table, in query.filter, and the regions of
 * Q. */
static enum ct_status count_scope(struct ct_reader *r, const struct ct_query *q, const char *scope,
                                  struct ct_arena *a, struct ct_summary *sum, struct ct_error *err)
{
    struct ct_rows rows;
    struct ct_filter *filter = NULL;
    enum ct_status st = ct_filter_compile(&ct_status_table, ct_span(scope), q->now_ms, a, &filter, err);
    if (st == CT_OK) {
        st = ct_read_status(r, q, a, &rows, err);
    }
    if (st != CT_OK) {
        return st;
    }
    memset(sum->count, 0, sizeof(sum->count));
    sum->worst = CT_SPAN_NONE;
    sum->worst_state = CT_STATE_OPERATIONAL;
    for (size_t i = 0; i < rows.n; i++) {
        const struct ct_status_row *row = ct_row(&ct_status_table, rows, i);
        if (row->state < 0 || row->state >= (int)CT_LEN(sum->count) || (filter && !ct_filter_match(filter, row))) {
            continue;
        }
        sum->count[row->state]++;
        if (row->state > sum->worst_state && row->state >= CT_STATE_UNKNOWN && row->freshness != CT_WAITING) {
            name_worst(row, q->at_ms == CT_LIVE ? q->now_ms : q->at_ms, a, sum);
        }
    }
    return CT_OK;
}

static int by_breadth(const void *a, const void *b)
{
    const struct ct_gpu_row *x = a, *y = b;
    int64_t way = y->clouds != x->clouds ? y->clouds - x->clouds : y->offers - x->offers;
    return way ? (way > 0) - (way < 0) : ct_span_cmp(x->series, y->series);
}

/* What a wall has room for before the tape: what a GPU-hour costs. */
static enum ct_status read_indices(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                   struct ct_rows *out, struct ct_error *err)
{
    struct ct_query all = {.at_ms = q->at_ms, .now_ms = q->now_ms};
    struct ct_arena *work = ct_arena_new(0);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = ct_read_indices(r, &all, work, &rows, err);
    struct ct_gpu_row *v = st == CT_OK ? ct_arena_alloc(a, (rows.n + 1) * sizeof(*v)) : NULL;
    if (st == CT_OK && !v) {
        st = ct_fail(err, CT_ERR_LIMIT, "indices", NULL);
    }
    if (st == CT_OK && rows.n) {
        memcpy(v, rows.v, rows.n * sizeof(*v));
        qsort(v, rows.n, sizeof(*v), by_breadth);
    }
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        ct_row_own(&ct_gpu_table, &v[i], a);
    }
    *out = (struct ct_rows){v, st == CT_OK ? rows.n : 0};
    ct_arena_free(work);
    return st;
}

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct frame_model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query q = {.at_ms = pq->at_ms, .now_ms = now_ms, .limit = TAPE_EVENTS,
                         .believed = pq->believed,
                         .regions = pq->subject[0] ? ct_span(pq->subject) : CT_SPAN_NONE};
    enum ct_status st = m ? ct_read_summary(r, &q, a, &m->sum, err) : CT_ERR_LIMIT;
    if (st == CT_OK && (pq->filter[0] || pq->subject[0])) {
        st = count_scope(r, &q, pq->filter, a, &m->sum, err);
    }
    if (st == CT_OK) {
        st = ct_read_alert_count(r, &q, a, &m->alerts, err);
    }
    if (st == CT_OK && pq->at_ms == CT_LIVE) {
        st = ct_read_alerts(r, &q, a, &m->open, err);
    }
    if (st == CT_OK) {
        struct ct_query bells = {.at_ms = pq->at_ms, .now_ms = now_ms, .subject = CT_LIT("bell"), .limit = 1};
        st = ct_read_deliveries(r, &bells, a, &m->bells, err);
    }
    if (st == CT_OK) {
        st = ct_read_events(r, &q, a, &m->events, err);
        m->events = ct_view_tape(m->events, TAPE_EVENTS, a);
    }
    if (st == CT_OK && pq->cols >= WALL_COLS) {
        st = read_indices(r, &q, a, &m->indices, err);
    }
    if (st == CT_OK) {
        q.now_ms = ct_now_ms(); /* steps of the time machine lead up to the present */
        st = ct_read_event_moments(r, &q, a, &m->before_ms, &m->after_ms, err);
    }
    *model = m;
    return st;
}

const struct ct_panel_ops ui_frame_ops = {.id = "frame", .title = "cloudtape", .made_of = CT_ROWS_INDICES, .load = load};

const struct frame_model *ui_frame_model(const struct ct_ui *ui)
{
    return ui->panels[0]->has_model ? ui->panels[0]->got.model : NULL;
}

enum ct_key_context ui_context(struct ct_ui *ui)
{
    struct panel *p = ui_focused(ui);
    return ui->overlay != OVERLAY_NONE ? CT_KEYS_TABLE : p ? p->ops->keys : CT_KEYS_EVERYWHERE;
}

/* ---- layout ---- */

/* A chart asks for as many points as it has columns, the frame for what a wall shows. */
static void fit_columns(struct ct_ui *ui, struct panel *p, int cols)
{
    if (p->q.cols != cols) {
        p->q.cols = cols;
        ui_reload(ui, p);
    }
}

void ui_layout(struct ct_ui *ui)
{
    int number = ui->screen->number, class = ct_layout_class(ui->canvas->cols);
    int places = ct_layout_places(ui->screen, class);
    if (ui->focus[number] >= places) {
        ui->focus[number] = 0;
    }
    ct_layout_make(ui->screen, ui->canvas->rows, ui->canvas->cols, ui->focus[number],
                   ui->zoom || ui->detail, &ui->layout);
    for (int i = 0; i < ui->layout.n && !ui->detail; i++) {
        const struct ct_slot *slot = &ui->layout.slots[i];
        const struct ct_place *place =
            &ui->screen->layouts[ui->layout.width_class].places[slot->place];
        if (place->panel->keys == CT_KEYS_CHART) {
            fit_columns(ui, ui_panel(ui, ui->screen, place->panel),
                        slot->cols - (ui->layout.framed ? 2 : 0));
        }
    }
    fit_columns(ui, ui->panels[0], ui->canvas->cols >= WALL_COLS ? WALL_COLS : 0);
    struct panel *focused = ui_focused(ui);
    if (focused) {
        ui_follow_selection(ui, focused); /* a detail may just have found room beside it */
    }
    ui->dirty_all = true;
    ui->ask = true;
}

/* ---- panels ---- */

/* One reason stops all panels of a screen: it is told once. */
static bool error_told(struct ct_ui *ui, const struct panel *p)
{
    const struct panel *f = ui_focused(ui);
    return p->failed && f && f != p && f->failed && strcmp(f->error.where, p->error.where) == 0 &&
           strcmp(f->error.what, p->error.what) == 0;
}

/* By whole seconds, the next one: what is drawn within one is the same, and no age is told too short. */
static struct ct_draw draw_of(struct ct_ui *ui, struct panel *p, bool focus)
{
    return (struct ct_draw){.now_ms = (ui_now(ui) + CT_SECOND - 1) / CT_SECOND * CT_SECOND,
                            .live = ui->at_ms == CT_LIVE,
                            .focus = focus,
                            .zoomed = ui->zoom || ui->detail,
                            .fetching = ui->o->refresh != NULL,
                            .simulated = ui->o->demo,
                            .fetcher_said = ui->fetcher_said,
                            .loaded_ms = p->loaded_ms,
                            .load_error = p->failed ? &p->error : NULL,
                            .error_told = error_told(ui, p),
                            .query = &p->q,
                            .oldest = &p->oldest};
}

static void draw_panel(struct ct_ui *ui, struct panel *p, const struct ct_slot *slot, bool focus)
{
    struct ct_box box = ct_box_sub(ct_box_all(ui->canvas), slot->y, slot->x, slot->rows, slot->cols);
    struct ct_box inside = box;
    struct ct_draw d = draw_of(ui, p, focus);
    struct ct_buf note = CT_BUF_INIT, title = CT_BUF_INIT;
    const void *model = p->has_model ? p->got.model : NULL;
    bool framed = ui->layout.framed && !slot->folded;
    if (slot->place == 0 && ui->layout.bar_row < 0 && !ui->detail) {
        ct_buf_addf(&title, "%d ", ui->screen->number);
    }
    ct_buf_adds(&title, p->ops->title);
    ct_fill(box, 0, 0, box.rows, box.cols, CT_ROLE_TEXT, ' ');
    if (framed) {
        inside = ct_box_sub(box, 1, 1, box.rows - 2, box.cols - 2);
    } else if (slot->folded) {
        inside = ct_box_sub(box, 0, 0, 0, 0);
    }
    p->oldest.at_ms = CT_NONE;
    if (p->ops->table) {
        ((struct ct_tstate *)p->state)->body.rows = 0; /* until it is drawn */
    }
    p->ops->draw(p->state, model, &d, inside, &note);
    if (framed) {
        ct_frame(box, focus, ct_buf_span(&title), ct_buf_span(&note));
    } else if (slot->folded) {
        bool unicode = ui->canvas->charset == CT_CHARSET_UNICODE;
        ct_fill(box, 0, 0, 1, box.cols, CT_ROLE_BORDER, unicode ? 0x2500 : '-');
        int used = ct_putf(box, 0, 2, CT_ROLE_DIM, " %s ", title.p);
        if (note.n && used + 6 + (int)note.n < box.cols) {
            ct_putf(box, 0, box.cols - ct_text_width(ct_buf_span(&note)) - 4, CT_ROLE_DIM, " %s ", note.p);
        }
    }
    p->dirty = false;
    ct_buf_free(&note);
    ct_buf_free(&title);
}

/* True: the move of P's cursor is drawn. */
static bool draw_move(struct ct_ui *ui, struct panel *p)
{
    struct ct_draw d = draw_of(ui, p, p == ui_focused(ui));
    return p->has_model && p->ops->move(p->state, p->got.model, &d);
}

/* True: a panel was drawn whole. */
static bool draw_panels(struct ct_ui *ui)
{
    const struct ct_layout *l = &ui->layout;
    bool any = false;
    for (int i = 0; i < l->n; i++) {
        const struct ct_slot *slot = &l->slots[i];
        const struct ct_place *place = &ui->screen->layouts[l->width_class].places[slot->place];
        struct panel *p = ui->detail ? ui->detail : ui_panel(ui, ui->screen, place->panel);
        bool whole = ui->dirty_all || p->dirty;
        if (whole || (p->moved && !draw_move(ui, p))) {
            draw_panel(ui, p, slot, p == ui_focused(ui));
            any = true;
        }
        if (ui->dirty_all && !l->framed && i > 0 && place->strip == 0) {
            bool unicode = ui->canvas->charset == CT_CHARSET_UNICODE;
            ct_fill(ct_box_all(ui->canvas), slot->y - 1, 0, 1, ui->canvas->cols, CT_ROLE_BORDER,
                    unicode ? 0x2500 : '-');
        }
    }
    return any;
}

/* ---- help and messages ---- */

/* All keys of ACTION in CONTEXT, "j, down". */
static void keys_of(const struct ct_keymap *m, enum ct_key_context context, enum ct_action action,
                    struct ct_buf *out)
{
    ct_buf_clear(out);
    for (size_t i = 0; i < m->n; i++) {
        const struct ct_binding *b = &m->v[i];
        char first[16], second[16] = "";
        /* A row of the panel's own hides one that works everywhere. */
        if (b->context != context || b->action != action) {
            continue;
        }
        ct_key_name(first, b->key);
        if (b->second) {
            ct_key_name(second, b->second);
        }
        ct_buf_addf(out, "%s%s%s%s", out->n ? ", " : "", first, b->second ? " " : "", second);
    }
}

static bool works(enum ct_action action)
{
    bool screen = action >= CT_ACT_SCREEN_1 && action <= CT_ACT_SCREEN_8;
    int number = screen ? (int)action - CT_ACT_SCREEN_1 + 1 : 0;
    for (size_t i = 0; number && ct_screens[i]; i++) {
        if (ct_screens[i]->number == number) {
            return true;
        }
    }
    return !number && action != CT_ACT_NONE && action != CT_ACT_GO;
}

/* P: only what it answers to; NULL: all. */
static int help_section(struct ct_ui *ui, enum ct_key_context context, struct panel *p, struct ct_box b, int y)
{
    struct ct_buf keys = CT_BUF_INIT;
    for (int a = 0; a < CT_N_ACTIONS; a++) {
        keys_of(&ui->keys, context, (enum ct_action)a, &keys);
        if (!keys.n || !works((enum ct_action)a) || (p && !ui_answers(ui, p, (enum ct_action)a))) {
            continue;
        }
        ct_put_field(b, y, 1, 18, -1, CT_ROLE_KEY, ct_buf_span(&keys));
        int wide = b.cols >= 70 ? 18 : 0;
        if (wide) {
            ct_put_field(b, y, 20, wide, -1, CT_ROLE_DIM, ct_span(ct_action_words[a]));
        }
        ct_puts(b, y, 20 + wide, CT_ROLE_TEXT, ct_action_helps[a]);
        y++;
    }
    ct_buf_free(&keys);
    return y;
}

/* Draws the help from row TOP of its text into B; returns how many rows all of it has. */
static int draw_help(struct ct_ui *ui, struct ct_box b, int top)
{
    struct panel *p = ui_focused(ui);
    enum ct_key_context context = p ? p->ops->keys : CT_KEYS_EVERYWHERE;
    int y = -top;
    if (context != CT_KEYS_EVERYWHERE) {
        ct_putf(b, y++, 1, CT_ROLE_TITLE, "in this panel (%s)", p->ops->title);
        y = help_section(ui, context, p, b, y) + 1;
    }
    ct_puts(b, y++, 1, CT_ROLE_TITLE, "everywhere");
    y = help_section(ui, CT_KEYS_EVERYWHERE, NULL, b, y) + 1;
    ct_puts(b, y++, 1, CT_ROLE_TITLE, "filter");
    static const char *const lines[] = {
        "h100 lambda            all words must match somewhere in the row",
        "gpu:h100 form:sxm      the field contains",
        "price<2.5 mem>=80      numbers; prices are $/GPU.h and $/1M whatever u shows",
        "region:us* !spot       globs; ! negates a term",
        "state>=degr seen>2h    ordered states, ages",
        "old:no                  what nobody confirms any more, left out",
        "~flux                   letters in that order, only when asked for",
    };
    for (size_t i = 0; i < CT_LEN(lines); i++) {
        ct_puts(b, y++, 1, CT_ROLE_TEXT, lines[i]);
    }
    return y + top;
}

static int draw_messages(struct ct_ui *ui, struct ct_box b, int top)
{
    size_t n = ui->n_messages < MESSAGES_MAX ? ui->n_messages : MESSAGES_MAX;
    if (n == 0) {
        ct_puts(b, 0, 1, CT_ROLE_DIM, "no messages yet");
    }
    for (size_t i = 0; i < n; i++) { /* newest first */
        const struct message *m = &ui->messages[(ui->n_messages - 1 - i) % MESSAGES_MAX];
        char when[64];
        int y = (int)i - top;
        ui_clock(ui, m->at_ms, true, false, when);
        int x = 1 + ct_puts(b, y, 1, CT_ROLE_DIM, when) + 2;
        ct_put_field(b, y, x, b.cols - x, -1, m->error ? CT_ROLE_ERROR : CT_ROLE_TEXT,
                     ct_span(m->text));
    }
    return (int)n;
}

/* Draws TEXT over as many rows from Y as it takes; returns the row behind it. */
static int draw_wrapped(struct ct_box b, int y, enum ct_role role, struct ct_span text)
{
    int room = b.cols > 2 ? b.cols - 2 : 80;
    while (text.n) {
        struct ct_span cluster, line = {text.p, 0};
        size_t pos = 0, end = 0;
        for (int wide = 0; pos < text.n; line.n = pos) {
            wide += ct_text_next(text, &pos, &cluster);
            if (wide > room && line.n) {
                break;
            }
            end = cluster.n == 1 && cluster.p[0] == ' ' ? pos : end;
        }
        if (line.n < text.n && end) { /* at a blank where there is one */
            line.n = end;
        }
        ct_put(b, y++, 1, role, room, line);
        text = (struct ct_span){text.p + line.n, text.n - line.n};
    }
    return y;
}

static int draw_problems(struct ct_ui *ui, struct ct_box b, int top)
{
    int y = -top;
    if (!ui->problems || !ui->problems[0]) {
        ct_puts(b, y++, 1, CT_ROLE_DIM, "nothing is wrong in the settings");
    }
    for (size_t i = 0; ui->problems && ui->problems[i]; i++) {
        y = draw_wrapped(b, y, CT_ROLE_TEXT, ct_span(ui->problems[i]));
    }
    return y + top;
}

static const char *overlay_title(const struct ct_ui *ui)
{
    return ui->overlay == OVERLAY_HELP ? "Help" : ui->overlay == OVERLAY_PROBLEMS ? "Settings" : "Messages";
}

static int draw_overlay_text(struct ct_ui *ui, struct ct_box b, int top)
{
    return ui->overlay == OVERLAY_HELP       ? draw_help(ui, b, top)
           : ui->overlay == OVERLAY_PROBLEMS ? draw_problems(ui, b, top)
                                             : draw_messages(ui, b, top);
}

/* Rows of the overlay beyond those shown. */
int ui_overlay_lines(struct ct_ui *ui)
{
    int frame = ui->layout.framed ? 2 : 0, shown = ui->layout.body_rows - frame;
    struct ct_box none = ct_box_sub(ct_box_all(ui->canvas), 0, 0, 0, ui->canvas->cols - frame);
    int lines = draw_overlay_text(ui, none, 0) - shown;
    return lines > 0 ? lines : 0;
}

static void draw_overlay(struct ct_ui *ui)
{
    struct ct_box all = ct_box_all(ui->canvas);
    struct ct_box b = ct_box_sub(all, ui->layout.body_y, 0, ui->layout.body_rows, all.cols);
    int more = ui_overlay_lines(ui);
    ui->overlay_top = ui->overlay_top > more ? more : ui->overlay_top < 0 ? 0 : ui->overlay_top;
    ct_fill(b, 0, 0, b.rows, b.cols, CT_ROLE_TEXT, ' ');
    if (ui->layout.framed) {
        char note[48] = "";
        if (more) {
            snprintf(note, sizeof(note), "%d%%", 100 * ui->overlay_top / more);
        }
        b = ct_frame(b, true, ct_span(overlay_title(ui)), ct_span(note));
    }
    draw_overlay_text(ui, b, ui->overlay_top);
}

/* ---- prompts ---- */

static void prompt_hint(struct ct_ui *ui, struct ct_box line)
{
    struct ct_buf text = CT_BUF_INIT;
    struct panel *p = ui_focused(ui);
    if (ui->prompt.error[0]) {
        ct_put_field(line, 0, 0, line.cols, -1, CT_ROLE_ERROR, ct_span(ui->prompt.error));
        return;
    }
    static const char silence[] = "silence ";
    bool command = ui->prompt.kind == PROMPT_COMMAND;
    if (ui->prompt.hint[0]) {
        ct_buf_adds(&text, ui->prompt.hint);
    } else if (command && strncmp(ui->prompt.text, silence, sizeof(silence) - 1) == 0) {
        ui_silence_preview(ui, ct_span(ui->prompt.text + sizeof(silence) - 1), &text);
    } else if (ui->prompt.kind == PROMPT_COMMAND) {
        ct_buf_adds(&text, "Enter runs  Tab completes  Up recalls  Esc leaves");
    } else {
        ct_buf_addf(&text, "Esc restores  Tab completes, else %s", p && p->q.highlight ? "hides the others" : "highlights");
        if (p && p->ops->units) { /* whatever u shows */
            ct_buf_addf(&text, "  prices are %s", p->ops->units[0]);
        }
        ct_buf_adds(&text, "  fields:");
        for (size_t i = 0; p && p->ops->table && i < p->ops->table->n_columns; i++) {
            ct_buf_addf(&text, " %s", p->ops->table->columns[i].name);
        }
    }
    ct_put_field(line, 0, 0, line.cols, -1, CT_ROLE_DIM, ct_buf_span(&text));
    ct_buf_free(&text);
}

static void draw_prompt(struct ct_ui *ui)
{
    struct ct_box all = ct_box_all(ui->canvas);
    int y = all.rows > 2 ? all.rows - 2 : all.rows - 1;
    struct ct_box line = ct_box_sub(all, y, 0, 1, all.cols);
    struct prompt *p = &ui->prompt;
    ct_fill(line, 0, 0, 1, line.cols, CT_ROLE_TEXT, ' ');
    ct_puts(line, 0, 0, CT_ROLE_KEY, p->kind == PROMPT_FILTER ? "/" : ":");
    int before = ct_text_width((struct ct_span){p->text, p->at}), room = line.cols - 2;
    int skip = before > room && room > 0 ? before - room : 0;
    struct ct_box typed = ct_box_sub(line, 0, 1, 1, line.cols - 1);
    ct_puts(typed, 0, -skip, CT_ROLE_TEXT, p->text);
    if (p->wrong && p->wrong <= strlen(p->text)) { /* the word the error is about */
        const char *word = p->text + p->wrong - 1;
        int x = ct_text_width((struct ct_span){p->text, p->wrong - 1}) - skip;
        ct_put(typed, 0, x, CT_ROLE_ERROR, typed.cols - x, (struct ct_span){word, strcspn(word, " ")});
    }
    ui->cursor_y = y;
    ui->cursor_x = 1 + before - skip < all.cols ? 1 + before - skip : all.cols - 1;
    if (y + 1 < all.rows) {
        struct ct_box hint = ct_box_sub(all, y + 1, 0, 1, all.cols);
        ct_fill(hint, 0, 0, 1, hint.cols, CT_ROLE_TEXT, ' ');
        prompt_hint(ui, hint);
    }
}

bool ui_dirty(const struct ct_ui *ui)
{
    bool any = ui->dirty_all || ui->dirty_line1 || ui->dirty_status;
    for (size_t i = 1; i < ui->n_panels && !any; i++) {
        any = (ui->panels[i]->dirty || ui->panels[i]->moved) && ui->panels[i]->screen == ui->screen->number;
    }
    return any;
}

void ui_draw(struct ct_ui *ui)
{
    bool whole = false;
    ui->cursor_y = ui->cursor_x = -1;
    if (ui->dirty_all) {
        ct_canvas_clear(ui->canvas);
    }
    if (ui->overlay == OVERLAY_NONE || ui->overlay == OVERLAY_THEMES) {
        whole = draw_panels(ui);
    } else {
        draw_overlay(ui);
    }
    if (ui->dirty_all || ui->dirty_line1 || ui->layout.line1 == CT_LINE1_COUNTS) { /* counts alone lie over all rows */
        ui_draw_line1(ui);
        ui_draw_bar(ui);
        ui_draw_tape(ui);
    }
    if (whole || ui->dirty_all || ui->dirty_line1 || ui->dirty_status) {
        ui_draw_health(ui); /* any panel may have changed it, and the mouse */
    }
    /* Without a row of its own a message lies over a panel, which may just have been painted. */
    if (ui->dirty_all || ui->dirty_status || ui->dirty_line1 || ui->layout.status_row < 0) {
        ui_draw_status(ui);
    }
    if (ui->overlay == OVERLAY_THEMES) {
        ui_draw_picker(ui);
    }
    if (ui->prompt.kind != PROMPT_NONE) {
        draw_prompt(ui);
    }
    ui->dirty_all = ui->dirty_line1 = ui->dirty_status = false;
    for (size_t i = 0; i < ui->n_panels; i++) {
        ui->panels[i]->dirty = ui->panels[i]->moved = false; /* also those that are hidden: they are drawn whole when they appear */
    }
}
