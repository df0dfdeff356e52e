#include "config.h"

/* The row the cursor will most likely stand on next: what a detail shows of it is loaded while nobody waits, so that the
 * next key finds it there. */
#include "tui/ui.h"

#include "tui/widgets/table.h"

#include <stdio.h>
#include <string.h>

void ui_drop_ahead(struct ct_ui *ui, struct panel *p)
{
    ui_free_answer(ui, &p->ahead);
    p->ahead_subject[0] = '\0';
}

/* The row behind the cursor's, in the direction it moved last, as P would name it to its detail. */
static bool next_subject(struct panel *p, char *out, size_t cap)
{
    const struct ct_tmodel *m = p->got.model;
    struct ct_tstate *s = p->state;
    struct ct_frame_request req = {0};
    struct ct_panel_query q = p->q;
    size_t at = s->at;
    if (at != p->was_at) {
        p->moves_up = at < p->was_at;
        p->was_at = at;
    }
    if (p->moves_up ? at == 0 : at + 1 >= m->rows.n) {
        return false;
    }
    s->at += p->moves_up ? -(size_t)1 : 1;
    p->ops->act(p->state, p->got.model, CT_ACT_DETAIL, 0, &q, &req); /* does nothing but to name it */
    s->at = at;
    snprintf(out, cap, "%.*s", (int)cap - 1, req.text);
    return req.kind == CT_REQ_DETAIL && req.text[0];
}

void ui_look_ahead(struct ct_ui *ui, struct panel *p, struct panel *detail)
{
    char subject[sizeof(detail->ahead_subject)];
    if (!p->ops->table || ui->paused || !next_subject(p, subject, sizeof(subject)) ||
        strcmp(subject, detail->ahead_subject) == 0) {
        return;
    }
    ui_drop_ahead(ui, detail);
    memcpy(detail->ahead_subject, subject, sizeof(subject));
    detail->ahead_generation++;
    ui->ask = true;
}

bool ui_use_ahead(struct ct_ui *ui, struct panel *p)
{
    struct ct_load_answer a = p->ahead;
    bool here = a.arena && strcmp(p->ahead_subject, p->q.subject) == 0;
    if (!here) {
        return false;
    }
    memset(&p->ahead, 0, sizeof(p->ahead));
    ui_reload(ui, p); /* another question, which is answered already */
    a.slot = p->slot;
    a.generation = p->generation;
    ui_take_answer(ui, &a);
    return true;
}

bool ui_want_ahead(const struct panel *p, struct ct_load_item *out)
{
    if (!p->ahead_subject[0]) {
        return false;
    }
    *out = (struct ct_load_item){p->slot + CT_LOAD_AHEAD, p->ahead_generation, 0, p->ops, p->q};
    _Static_assert(sizeof(out->query.subject) == sizeof(p->ahead_subject), "both hold a subject");
    memcpy(out->query.subject, p->ahead_subject, sizeof(out->query.subject));
    return true;
}

void ui_take_ahead(struct ct_ui *ui, struct ct_load_answer *a)
{
    size_t slot = (size_t)(a->slot - CT_LOAD_AHEAD);
    struct panel *p = slot < ui->n_panels ? ui->panels[slot] : NULL;
    if (!p || !p->ahead_subject[0] || p->ahead_generation != a->generation || a->status != CT_OK) {
        ct_loader_free(ui->loader, a->arena);
        return;
    }
    ui_free_answer(ui, &p->ahead);
    p->ahead = *a;
}
