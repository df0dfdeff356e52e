#include "config.h"

/* Keys and the mouse: who gets them. */
#include "tui/ui.h"

#include "tui/term.h"
#include "tui/widgets/table.h"

#include <stdio.h>

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
    ui->dirty_all = true;
    return true;
}

/* The wheel scrolls a table and zooms a chart. */
static void wheel(struct ct_ui *ui, bool up)
{
    const struct panel *p = ui_focused(ui);
    if (p && p->ops->keys == CT_KEYS_CHART) {
        ui_act_in_panel(ui, up ? CT_ACT_ZOOM_IN : CT_ACT_ZOOM_OUT, 0);
        return;
    }
    for (int i = 0; i < 3; i++) {
        ui_act_in_panel(ui, up ? CT_ACT_ROW_UP : CT_ACT_ROW_DOWN, 0);
    }
}

/* What the mouse did in P is to be drawn: of a CURSOR that moved no more than that, where the panel knows how. */
static void pointed(struct panel *p, bool cursor)
{
    p->moved = p->moved || cursor;
    p->dirty = p->dirty || !cursor || !p->ops->move;
}

/* On what was pressed; a chart is told of both ends of a drag. */
static void click(struct ct_ui *ui, const struct ct_slot *s, int y, int x, bool up)
{
    int edge = ui->layout.framed && !s->folded ? 1 : 0;
    if (s->place != ui->focus[ui->screen->number]) {
        if (up) {
            return; /* a drag ends on the panel it began on */
        }
        ui->focus[ui->screen->number] = s->place;
        ui_layout(ui);
    }
    struct panel *p = ui_focused(ui);
    if (p && p->ops->point && p->has_model && !s->folded) {
        p->ops->point(p->state, p->got.model, x - s->x - edge, up);
        pointed(p, true);
    }
    if (up || !p || !p->ops->table || !p->has_model || s->folded) {
        return;
    }
    bool sorts = ct_tview_click(p->state, p->got.model, y - s->y - edge, x - s->x - edge, &p->q) == CT_ACT_LOAD;
    if (sorts) {
        ui_reload(ui, p);
    }
    pointed(p, !sorts);
    ui_follow_selection(ui, p);
}

static void mouse_event(struct ct_ui *ui, int y, int x, int button)
{
    if (button > 1) {
        wheel(ui, button == 4);
        return;
    }
    if (y == ui->layout.bar_row) {
        ui_goto(ui, button == CT_MOUSE_UP ? NULL : ui_bar_screen(ui, x));
        return;
    }
    for (int i = 0; i < ui->layout.n && !ui->detail; i++) {
        const struct ct_slot s = ui->layout.slots[i];
        if (y >= s.y && y < s.y + s.rows && x >= s.x && x < s.x + s.cols) {
            click(ui, &s, y, x, button == CT_MOUSE_UP);
            return;
        }
    }
}

static void mouse(struct ct_ui *ui)
{
    int y, x, button;
    while (ct_term_mouse(&y, &x, &button)) {
        if (button && ui->overlay == OVERLAY_NONE) {
            mouse_event(ui, y, x, button);
        }
    }
}

/* Text goes where text is typed; anywhere else its letters would be keys. */
static void paste(struct ct_ui *ui)
{
    bool cut;
    struct ct_span text = ct_term_pasted(&cut);
    if (ui->prompt.kind != PROMPT_NONE) {
        ui_prompt_paste(ui, text, cut);
    } else {
        ui_say(ui, false, "pasted text is not taken for keys: / or : first, then paste");
    }
}

static void plain_key(struct ct_ui *ui, int key)
{
    enum ct_key_context context = ui_context(ui);
    int first = ui->prefix ? ui->prefix : key, second = ui->prefix ? key : 0;
    enum ct_action action = ct_keymap_find(&ui->keys, context, first, second);
    /* In the past the way back is the same on every panel, whatever else the key does there. */
    if (ui->at_ms != CT_LIVE &&
        ct_keymap_find(&ui->keys, CT_KEYS_EVERYWHERE, first, second) == CT_ACT_LIVE) {
        action = CT_ACT_LIVE;
    }
    if (!ui->prefix && action == CT_ACT_NONE && ct_keymap_prefix(&ui->keys, context, key)) {
        ui->prefix = key;
        return;
    }
    ui->prefix = 0;
    /* On a past moment the key that returns does so everywhere, also where tables use it otherwise. */
    if (ui->at_ms != CT_LIVE && action == CT_ACT_COLUMN_RIGHT &&
        ct_keymap_find(&ui->keys, CT_KEYS_EVERYWHERE, first, second) == CT_ACT_LIVE) {
        action = CT_ACT_LIVE;
    }
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

/* The key after s, C, m or '. Choosing columns goes on until Esc. */
static void letter_key(struct ct_ui *ui, int key)
{
    enum ct_action action = ui->letter_for;
    bool ends = key == CT_KEY_ESC || key == CT_KEY_ENTER;
    ui->letter_for = action == CT_ACT_COLUMNS && !ends ? action : CT_ACT_NONE;
    if (action == CT_ACT_SET_MARK) {
        ui_set_mark(ui, key);
    } else if (action == CT_ACT_JUMP_MARK) {
        ui_jump_mark(ui, key);
    } else {
        ui_act_in_panel(ui, action, ends || key == 0 ? -1 : key);
    }
}

void ui_press(struct ct_ui *ui, int key)
{
    bool asked = ui->asked_quit;
    if (ui->message_until_mono_ms == INT64_MAX) {
        ui_hide_message(ui);
    }
    if (key == ('c' & 0x1f)) { /* whatever is open, whatever is bound */
        ui_leave(ui, CT_UI_QUIT);
    } else if (key == CT_KEY_MOUSE) {
        mouse(ui);
    } else if (key == CT_KEY_PASTE) {
        paste(ui);
    } else if (ui->prompt.kind != PROMPT_NONE) {
        ui_prompt_key(ui, key);
    } else if (ui->overlay == OVERLAY_THEMES) {
        ui_picker_key(ui, key);
    } else if (ui->letter_for != CT_ACT_NONE) {
        letter_key(ui, key);
    } else {
        plain_key(ui, key);
    }
    if (asked) {
        ui->asked_quit = false; /* the question holds for one key */
    }
}
