#include "config.h"

/* m and a letter remember a place: screen, panel, row and filter; ' and the letter go back there. */
#include "tui/ui.h"

#include "tui/widgets/table.h"

#include <stdio.h>
#include <string.h>

static struct place_mark *mark_of(struct ct_ui *ui, int letter)
{
    if (letter >= 'a' && letter < 'a' + MARKS_MAX) {
        return &ui->marks[letter - 'a'];
    }
    ui_say(ui, true, "a mark is a letter from a to z");
    return NULL;
}

void ui_set_mark(struct ct_ui *ui, int letter)
{
    struct panel *p = ui_focused(ui);
    struct place_mark *m = mark_of(ui, letter);
    if (!m || !p) {
        return;
    }
    *m = (struct place_mark){.screen = ui->screen, .panel = p->ops, .highlight = p->q.highlight};
    memcpy(m->filter, p->q.filter, sizeof(m->filter));
    if (p->ops->table) {
        memcpy(m->id, ((const struct ct_tstate *)p->state)->selected, sizeof(m->id));
    }
    ui_say(ui, false, "mark %c set: ' %c returns here", letter, letter);
}

/* The place of PANEL on the screen at this width; 0 when it stands only on wider ones. */
static int place_of(const struct ct_ui *ui, const struct ct_panel_ops *panel)
{
    const struct ct_place *places = ui_places(ui);
    for (int i = 0; i < CT_MAX_PLACES && places[i].panel; i++) {
        if (places[i].panel == panel) {
            return i;
        }
    }
    return 0;
}

void ui_jump_mark(struct ct_ui *ui, int letter)
{
    struct place_mark *m = mark_of(ui, letter);
    if (!m) {
        return;
    }
    if (!m->screen) {
        ui_say(ui, true, "no mark %c: m %c sets it", letter, letter);
        return;
    }
    if (m->screen != ui->screen) {
        ui_goto(ui, m->screen);
    }
    ui_close_detail(ui);
    ui->focus[ui->screen->number] = place_of(ui, m->panel);
    ui_layout(ui);
    struct panel *p = ui_focused(ui);
    if (p && p->ops == m->panel && p->ops->table) {
        struct ct_tstate *s = p->state;
        memcpy(s->selected, m->id, sizeof(s->selected));
        s->seen = 0; /* looked up when drawn */
        memcpy(p->q.filter, m->filter, sizeof(p->q.filter));
        p->q.highlight = m->highlight;
        ui_reload(ui, p);
    }
}
