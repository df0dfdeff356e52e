#include "config.h"

/* Panels: what they ask the loader, what they got, which rows follow which. */
#include "tui/ui.h"

#include "tui/views/views.h"
#include "tui/widgets/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ui_reload(struct ct_ui *ui, struct panel *p)
{
    p->generation++;
    p->dirty = true;
    ui->ask = true;
    ui_drop_ahead(ui, p);
}

/* What all queries share. */
void ui_fill_query(struct ct_ui *ui, struct panel *p)
{
    p->q.at_ms = ui->at_ms;
    p->q.gone = ui->gone;
    p->q.believed = ui->believed;
    p->q.wants = ui->wants;
    p->q.scope = (struct ct_scope){ct_span(ui->o->providers), ct_span(ui->o->models), ct_span(ui->o->gpus)};
    p->q.regions = ct_span(ui->o->regions);
    memcpy(p->q.watch, ui->watch, sizeof(p->q.watch));
    if (p->screen == HISTORY_SCREEN) {
        memcpy(p->q.subject, ui->series, sizeof(p->q.subject));
        p->q.from_ms = ui->from_ms;
        p->q.to_ms = ui->to_ms;
        p->q.look = ui->look;
    }
}

void ui_refill(struct ct_ui *ui, int screen)
{
    for (size_t i = 0; i < ui->n_panels; i++) {
        if (screen == 0 || ui->panels[i]->screen == screen) {
            ui_fill_query(ui, ui->panels[i]);
            ui_reload(ui, ui->panels[i]);
        }
    }
}

struct panel *ui_add_panel(struct ct_ui *ui, int screen, const struct ct_panel_ops *ops)
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
    ui_fill_query(ui, p);
    return p;
}

struct panel *ui_panel(struct ct_ui *ui, const struct ct_screen *s, const struct ct_panel_ops *ops)
{
    for (size_t i = 1; i < ui->n_panels; i++) {
        if (ui->panels[i]->screen == s->number && ui->panels[i]->ops == ops) {
            return ui->panels[i];
        }
    }
    return ui_add_panel(ui, s->number, ops);
}

const struct ct_place *ui_places(const struct ct_ui *ui)
{
    return ui->screen->layouts[ui->layout.width_class].places;
}

struct panel *ui_focused(struct ct_ui *ui)
{
    if (ui->detail) {
        return ui->detail;
    }
    const struct ct_panel_ops *ops = ui_places(ui)[ui->focus[ui->screen->number]].panel;
    return ops ? ui_panel(ui, ui->screen, ops) : NULL;
}

void ui_free_answer(struct ct_ui *ui, struct ct_load_answer *a)
{
    ct_loader_free(ui->loader, a->arena);
    memset(a, 0, sizeof(*a));
}

/* A detail panel that stands beside its table follows the table's selection, and so do those made for it. */
void ui_follow_selection(struct ct_ui *ui, struct panel *p)
{
    struct ct_frame_request req = {0};
    struct ct_panel_query q = p->q;
    if (!p->ops->detail || p->ops->follows || ui->detail || p != ui_focused(ui) || !p->has_model) {
        return;
    }
    for (int i = 0; i < ui->layout.n; i++) {
        const struct ct_panel_ops *ops = ui_places(ui)[ui->layout.slots[i].place].panel;
        if ((ops != p->ops->detail && !ops->follows) || ops == p->ops) {
            continue;
        }
        if (req.kind == CT_REQ_NONE) {
            p->ops->act(p->state, p->got.model, CT_ACT_DETAIL, 0, &q, &req);
        }
        struct panel *other = ui_panel(ui, ui->screen, ops);
        if (p->ops->table && ((const struct ct_tmodel *)p->got.model)->rows.n == 0) { /* a filter hides all */
            req.kind = CT_REQ_DETAIL;
            req.text[0] = '\0';
        }
        if (req.kind == CT_REQ_DETAIL && strcmp(req.text, other->q.subject) != 0) {
            ui_change_subject(ui, other, req.text);
        }
        ui_look_ahead(ui, p, other);
    }
}

void ui_hint(struct ct_ui *ui, const char *more)
{
    bool first = !ui->o->hinted;
    if (ui->layout.status_row >= 0 && (first || more[0])) {
        ui_say(ui, false, "%s%s%s", first ? "w follows a row, / filters, ? helps" : "", first && more[0] ? "   " : "",
               more);
        ui->hinted = ui->hinted || first;
    }
}

/* A young database says since when it remembers; once. */
static void tell_recording(struct ct_ui *ui)
{
    const struct ct_summary *s = &ui_frame_model(ui)->sum;
    char since[64], more[96];
    if (ui->terminal && !ui->said_recording && s->recording_since_ms != CT_NONE && s->newest_ms != CT_NONE) {
        ui->said_recording = true;
        if (ui->at_ms == CT_LIVE && ct_now_ms() - s->recording_since_ms < CT_DAY &&
            ui->message_until_mono_ms != INT64_MAX) {
            ui_clock(ui, s->recording_since_ms, false, false, since);
            snprintf(more, sizeof(more), "recording since %s", since);
            ui_hint(ui, more);
        }
    }
}

/* Ages are counted from it: that it is wrong is said once, and again after it was right. */
static void tell_clock(struct ct_ui *ui)
{
    char off[CT_TIME_MAX];
    bool wrong = ct_clock_off(&ui_frame_model(ui)->sum, off);
    if (wrong && !ui->said_clock) {
        ui_say(ui, true, "this machine's clock is %s by what servers say: ages are wrong", off);
    }
    ui->said_clock = wrong;
}

/* Puts an answer on the screen. After a failure the last good model stays, with the error beside it. */
static void install(struct ct_ui *ui, struct panel *p, struct ct_load_answer *a)
{
    p->failed = a->status != CT_OK;
    p->error = a->error;
    p->dirty = true;
    ui->dirty_status = ui->dirty_status || p == ui->detail; /* which keys do something is known now */
    if (!p->failed) {
        ui_keep(ui, p);
        p->got = *a;
        p->has_model = true;
        p->loaded_ms = a->loaded_ms;
        if (p->ops->table) { /* what is asked of the row under the cursor means the same row as before */
            ct_table_follow(p->state, p->got.model);
        }
    }
    if (p->slot == 0) {
        ui->dirty_line1 = ui->dirty_status = true;
        if (!p->failed) {
            tell_recording(ui);
            tell_clock(ui);
            ui_ring(ui);
        }
        if (!p->failed && ui->o->on_summary) {
            ui->o->on_summary(ui->o->ctx, &ui_frame_model(ui)->sum);
        }
    }
    if (a->newer && !ui->said_newer) {
        ui->said_newer = true;
        ui_say(ui, true, "this database was made by a newer cloudtape: reading what can be read");
    }
    if (a->damaged && !ui->said_damaged)
        ui_say(ui, true, "newest values are damaged in the file, looked up in the history; `cloudtape db repair` mends");
    ui->said_damaged = a->damaged;
    ui_follow_selection(ui, p);
    ui_catch_up(ui, p);
    ui_complete_with(ui, p);
}

void ui_take_answer(struct ct_ui *ui, struct ct_load_answer *a)
{
    if (a->slot >= CT_LOAD_AHEAD) {
        ui_take_ahead(ui, a);
        return;
    }
    struct panel *p = a->slot >= 0 && (size_t)a->slot < ui->n_panels ? ui->panels[a->slot] : NULL;
    if (!p || p->generation != a->generation) {
        ct_loader_free(ui->loader, a->arena); /* answers a question that nobody asks any more */
        return;
    }
    p->answered = a->generation;
    p->epoch = a->epoch;
    bool same_question = p->got.generation == a->generation || p->failed;
    if (ui->paused && p->slot != 0 && p->has_model && same_question) {
        ui_free_answer(ui, &p->held);
        p->held = *a;
        p->is_held = true;
        ui->waiting++;
        ui->dirty_line1 = true;
        return;
    }
    install(ui, p, a);
}

void ui_end_pause(struct ct_ui *ui)
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
                ct_loader_free(ui->loader, a.arena);
            }
        }
    }
    ui->waiting = 0;
}

static void want(struct ct_load_request *r, const struct panel *p)
{
    if (r->n < CT_LOAD_ITEMS && p->ops->load) {
        uint64_t epoch = p->answered == p->generation ? p->epoch : 0;
        r->items[r->n++] = (struct ct_load_item){p->slot, p->generation, epoch, p->ops, p->q};
    }
}

/* What is on screen now: line 1, then the focused panel, then the others; at last what may be there soon. */
void ui_make_request(struct ct_ui *ui, struct ct_load_request *r)
{
    struct panel *focused = ui_focused(ui);
    r->n = 0;
    want(r, ui->panels[0]);
    if (focused) {
        want(r, focused);
    }
    for (int i = 0; i < ui->layout.n && !ui->detail; i++) {
        struct panel *p = ui_panel(ui, ui->screen, ui_places(ui)[ui->layout.slots[i].place].panel);
        if (p != focused) {
            want(r, p);
        }
    }
    for (size_t i = 0; i < CT_LEN(ui->prompt.asked) && ui->prompt.kind != PROMPT_NONE; i++) {
        if (ui->prompt.asked[i]) {
            want(r, ui->prompt.asked[i]);
        }
    }
    for (int i = 0; i < ui->layout.n && !ui->detail && r->n < CT_LOAD_ITEMS; i++) {
        struct panel *p = ui_panel(ui, ui->screen, ui_places(ui)[ui->layout.slots[i].place].panel);
        r->n += ui_want_ahead(p, &r->items[r->n]);
    }
    ui->ask = false;
}

/* Models of screens left behind are dropped, except those that Backspace returns to: memory stays that of what is
 * looked at. */
void ui_drop_models(struct ct_ui *ui)
{
    for (size_t i = 1; i < ui->n_panels; i++) {
        struct panel *p = ui->panels[i];
        bool near = p->screen == ui->screen->number || (ui->previous && p->screen == ui->previous->number);
        if (!near && p->has_model) {
            ui_drop_ahead(ui, p);
            ui_free_answer(ui, &p->got);
            ui_free_answer(ui, &p->held);
            p->has_model = p->is_held = p->failed = false;
            p->n_early = 0;
            p->generation++; /* loads again when it is shown */
        }
    }
}

/* Goes through the groups as a person does who presses the key, until it is WANTED. */
enum ct_status ui_group(struct ct_ui *ui, struct panel *p, const char *wanted, struct ct_error *err)
{
    enum { MOST = 64 };
    const char *seen = "";
    char list[sizeof(err->what)] = "", before[sizeof(p->q.group)], first[sizeof(p->q.group)] = "";
    struct ct_frame_request req = {0};
    memcpy(before, p->q.group, sizeof(before));
    for (int i = 0; i < MOST; i++) {
        if (!p->ops->act || !p->has_model ||
            p->ops->act(p->state, p->got.model, CT_ACT_GROUP, 0, &p->q, &req) == CT_ACT_IGNORED) {
            return ct_fail(err, CT_ERR_USAGE, p->ops->id, "has no groups");
        }
        if (strcmp(p->q.group, wanted) == 0) {
            ui_reload(ui, p);
            return CT_OK;
        }
        if (i > 0 && strcmp(p->q.group, first) == 0) {
            break;
        }
        size_t n = strlen(list);
        snprintf(list + n, sizeof(list) - n, "%s%s", seen, p->q.group);
        seen = p->q.group[0] ? ", " : seen;
        if (i == 0) {
            memcpy(first, p->q.group, sizeof(first));
        }
    }
    memcpy(p->q.group, before, sizeof(before));
    return ct_fail(err, CT_ERR_USAGE, "--group", "%s knows %s, not \"%.40s\"", p->ops->id,
                   list[0] ? list : "no other group here", wanted);
}
