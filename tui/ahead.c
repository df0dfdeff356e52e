#include "config.h"

/* The row the cursor will most likely stand on next: what a detail shows of it is loaded while nobody waits, so that the
 * next key finds it there. What it showed of the last rows is kept for when the cursor turns round. */
#include "tui/ui.h"

#include "tui/widgets/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void forget_next(struct ct_ui *ui, struct panel *p)
{
    ui_free_answer(ui, &p->ahead);
    p->ahead_subject[0] = '\0';
}

void ui_drop_ahead(struct ct_ui *ui, struct panel *p)
{
    forget_next(ui, p);
    for (size_t i = 0; p->kept && i < UI_KEPT; i++) {
        ui_free_answer(ui, &p->kept[i].answer);
    }
    free(p->kept);
    p->kept = NULL;
    p->got_subject[0] = '\0'; /* what is shown answers it no more either */
}

void ui_keep(struct ct_ui *ui, struct panel *p)
{
    bool another = p->got_subject[0] && strcmp(p->got_subject, p->q.subject) != 0;
    if (!another || !p->got.arena || p->got.epoch != p->epoch) {
        ui_free_answer(ui, &p->got);
    } else {
        p->kept = p->kept ? p->kept : ct_xcalloc(UI_KEPT, sizeof(*p->kept));
        struct ui_kept *k = &p->kept[p->n_kept++ % UI_KEPT];
        ui_free_answer(ui, &k->answer);
        k->answer = p->got;
        memcpy(k->subject, p->got_subject, sizeof(k->subject));
    }
    memcpy(p->got_subject, p->q.subject, sizeof(p->got_subject));
}

/* What is at hand of SUBJECT and of the same data as the rest; NULL: nothing. */
static struct ct_load_answer *find_kept(struct panel *p, const char *subject)
{
    for (size_t i = 0; p->kept && i < UI_KEPT; i++) {
        struct ui_kept *k = &p->kept[i];
        if (k->answer.arena && k->answer.epoch == p->epoch && strcmp(k->subject, subject) == 0) {
            return &k->answer;
        }
    }
    return NULL;
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
    forget_next(ui, detail);
    if (find_kept(detail, subject)) {
        return;
    }
    memcpy(detail->ahead_subject, subject, sizeof(subject));
    detail->ahead_generation++;
    ui->ask = true;
}

void ui_change_subject(struct ct_ui *ui, struct panel *p, const char *subject)
{
    bool next = p->ahead.arena && strcmp(p->ahead_subject, subject) == 0;
    struct ct_load_answer *at_hand = next ? &p->ahead : find_kept(p, subject), a = {0};
    if (at_hand) {
        a = *at_hand;
        memset(at_hand, 0, sizeof(*at_hand));
    }
    forget_next(ui, p);
    snprintf(p->q.subject, sizeof(p->q.subject), "%.*s", (int)sizeof(p->q.subject) - 1, subject);
    p->generation++;
    p->dirty = true;
    ui->ask = true;
    if (a.arena) { /* another question, which is answered already */
        a.slot = p->slot;
        a.generation = p->generation;
        ui_take_answer(ui, &a);
    }
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
