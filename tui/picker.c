#include "config.h"

/* The themes as a list over the screen, which takes on the looks of the one the cursor is on. */
#include "tui/ui.h"

#include "tui/term.h"

enum { PICKER_COLS = 46, PICKER_ROWS = 4 /* beside the themes: frame, a blank, the line for ever */ };

static void wear(struct ct_ui *ui, size_t i)
{
    ui->theme = i;
    if (ui->terminal) {
        ct_term_theme(&ui->themes[i]);
    }
    ui->dirty_all = true;
}

/* Says what was chosen, and how to have it without being asked: state goes when somebody clears it. */
static void keep(struct ct_ui *ui)
{
    const char *name = ui->themes[ui->theme].name;
    ui->theme_changed = true;
    ui_say(ui, false, "theme %s kept; for ever: \"theme = %s\" in config.ini", name, name);
}

void ui_set_theme(struct ct_ui *ui, size_t i)
{
    wear(ui, i);
    keep(ui);
}

void ui_pick_theme(struct ct_ui *ui)
{
    ui->theme_before = ui->theme;
    ui->overlay = OVERLAY_THEMES;
    ui->dirty_all = true;
}

void ui_picker_close(struct ct_ui *ui, bool kept)
{
    if (ui->overlay != OVERLAY_THEMES) {
        return;
    }
    ui->overlay = OVERLAY_NONE;
    ui->dirty_all = true;
    if (kept) {
        keep(ui);
    } else if (ui->theme != ui->theme_before) {
        wear(ui, ui->theme_before);
    }
}

void ui_picker_key(struct ct_ui *ui, int key)
{
    size_t last = ui->n_themes - 1, at = ui->theme;
    enum ct_action action = ct_keymap_find(&ui->keys, CT_KEYS_TABLE, key, 0);
    switch (action) {
    case CT_ACT_THEME: wear(ui, at < last ? at + 1 : 0); break;
    case CT_ACT_ROW_DOWN: wear(ui, at < last ? at + 1 : last); break;
    case CT_ACT_ROW_UP: wear(ui, at > 0 ? at - 1 : 0); break;
    case CT_ACT_TOP: wear(ui, 0); break;
    case CT_ACT_BOTTOM: wear(ui, last); break;
    case CT_ACT_DETAIL: ui_picker_close(ui, true); break;
    case CT_ACT_BACK: ui_picker_close(ui, false); break;
    case CT_ACT_QUIT: ui_leave(ui, CT_UI_QUIT); break;
    case CT_ACT_REDRAW: ui_act(ui, action, key); break;
    default: ui_say(ui, false, "Enter keeps this theme, Esc brings the former one back");
    }
}

void ui_draw_picker(struct ct_ui *ui)
{
    struct ct_box all = ct_box_all(ui->canvas);
    int rows = (int)ui->n_themes + PICKER_ROWS, most = ui->layout.body_rows;
    int cols = all.cols < PICKER_COLS ? all.cols : PICKER_COLS;
    rows = rows < most ? rows : most;
    struct ct_box box = ct_box_sub(all, ui->layout.body_y, all.cols - cols, rows, cols);
    ct_fill(box, 0, 0, box.rows, box.cols, CT_ROLE_TEXT, ' ');
    struct ct_box b = ct_frame(box, true, CT_LIT("Theme"), CT_LIT("Enter keeps  Esc restores"));
    int room = b.rows > (int)ui->n_themes + 1 ? b.rows - 2 : b.rows;
    int top = (int)ui->theme >= room ? (int)ui->theme - room + 1 : 0;
    for (int y = 0; y < room && top + y < (int)ui->n_themes; y++) {
        size_t i = (size_t)(top + y);
        ct_putf(b, y, 0, CT_ROLE_TEXT, "%s%-20s%s", i == ui->theme ? ">" : " ", ui->themes[i].name,
                i == ui->theme_before ? "in use so far" : "");
        if (i == ui->theme) {
            ct_select(b, y, 0, b.cols);
        }
    }
    if (room < b.rows) {
        ct_putf(b, b.rows - 1, 1, CT_ROLE_DIM, "config.ini: theme = %s", ui->themes[ui->theme].name);
    }
}
