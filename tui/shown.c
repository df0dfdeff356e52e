#include "config.h"

/* What a panel shows, as rows: for :export, and for the shell, where no screen is drawn. */
#include "tui/ui.h"

#include "db/base/ini.h"
#include "tui/widgets/table.h"

#include <stdio.h>
#include <string.h>

bool ui_has_rows(const struct ct_panel_ops *ops)
{
    return ops->table || ops->rows;
}

struct ct_rows ui_rows_of(const struct panel *p, struct ct_arena *a, const struct ct_table **table, size_t *total)
{
    struct ct_rows rows;
    if (p->ops->rows) {
        *table = p->ops->exported;
        rows = p->ops->rows(p->got.model, a);
        *total = rows.n;
    } else {
        const struct ct_tmodel *m = p->got.model;
        size_t size = p->ops->table->row_size;
        char *copy = ct_arena_alloc(a, m->rows.n * size + 1); /* no limit */
        for (size_t i = 0; i < m->rows.n; i++) {
            memcpy(copy + i * size, m->rows.v[i], size);
        }
        *table = p->ops->table;
        rows = (struct ct_rows){copy, m->rows.n};
        *total = m->total;
    }
    return rows;
}

/* ---- by name ---- */

const struct ct_panel_ops *ui_find_panel(const struct ct_screen *s, struct ct_span id)
{
    for (int w = 0; id.n && w < CT_N_WIDTHS; w++) {
        const struct ct_place *places = s->layouts[w].places;
        for (int i = 0; i < CT_MAX_PLACES && places[i].panel; i++) {
            if (ct_span_is(id, places[i].panel->id)) {
                return places[i].panel;
            }
        }
    }
    return NULL;
}

/* The panel "PANEL", on the screen of its name before others, or "SCREEN/PANEL"; NULL: there is none with rows. */
static const struct ct_panel_ops *named_panel(struct ct_span name, const struct ct_screen **screen)
{
    struct ct_span id = name, on = ct_span_cut(&id, '/');
    const struct ct_panel_ops *found = NULL;
    bool whole = id.p != NULL;
    if (!whole) {
        id = on;
    }
    for (int i = 0; ct_screens[i]; i++) {
        const struct ct_screen *s = ct_screens[i];
        bool namesake = ct_span_is(on, s->name);
        const struct ct_panel_ops *ops = namesake || (!whole && !found) ? ui_find_panel(s, id) : NULL;
        if (ops && ui_has_rows(ops)) {
            found = ops;
            *screen = s;
        }
    }
    return found;
}

static bool is_view(const struct ct_ui_options *o, struct ct_span name)
{
    for (size_t i = 0; i < o->n_views; i++) {
        if (ct_span_ieq(name, ct_span(o->views[i].name))) {
            return true;
        }
    }
    return false;
}

bool ct_ui_shows(const struct ct_ui_options *o, const char *name)
{
    const struct ct_screen *s;
    return is_view(o, ct_span(name)) || named_panel(ct_span(name), &s);
}

static void add_name(const char **names, size_t *n, size_t cap, const char *name)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(names[i], name) == 0) {
            return;
        }
    }
    if (*n < cap) {
        names[(*n)++] = name;
    }
}

size_t ct_ui_panels(const char **names, size_t cap)
{
    size_t n = 0;
    for (int i = 0; ct_screens[i]; i++) {
        for (int w = 0; w < CT_N_WIDTHS; w++) {
            const struct ct_place *places = ct_screens[i]->layouts[w].places;
            for (int k = 0; k < CT_MAX_PLACES && places[k].panel; k++) {
                if (ui_has_rows(places[k].panel)) {
                    add_name(names, &n, cap, places[k].panel->id);
                }
            }
        }
    }
    return n;
}

/* ---- without a screen ---- */

static enum ct_status load(struct ct_ui *ui, struct ct_reader *r, struct panel *p, struct ct_error *err)
{
    struct ct_load_item item = {p->slot, p->generation, 0, p->ops, p->q};
    struct ct_load_answer a;
    ct_load_one(r, &item, ct_now_ms(), &a);
    ui_take_answer(ui, &a);
    if (p->failed) {
        *err = p->error;
    }
    return p->failed ? p->error.status : CT_OK;
}

/* Opens what NAME means; its panel has the focus, or stands beside the one that has. */
static enum ct_status open_named(struct ct_ui *ui, const char *name, struct panel **out, struct ct_error *err)
{
    const struct ct_screen *s = NULL;
    const struct ct_panel_ops *ops = NULL;
    size_t said = ui->n_messages;
    if (ui_open_view(ui, ct_span(name))) {
        for (; said < ui->n_messages; said++) { /* what a person would be told is wrong with it */
            const struct message *m = &ui->messages[said % MESSAGES_MAX];
            if (m->error) {
                return ct_fail(err, CT_ERR_CONFIG, "", "%s", m->text);
            }
        }
        *out = ui_focused(ui);
    } else if ((ops = named_panel(ct_span(name), &s)) != NULL) {
        ui_goto(ui, s);
        *out = ui_panel(ui, s, ops);
    } else {
        return ct_fail(err, CT_ERR_USAGE, name, "no such panel or view");
    }
    ui_layout(ui);
    return *out && ui_has_rows((*out)->ops) ? CT_OK : ct_fail(err, CT_ERR_USAGE, name, "shows no rows");
}

static enum ct_status ask(struct ct_ui *ui, struct panel *p, const struct ct_ui_ask *q, struct ct_error *err)
{
    char error[ERROR_MAX];
    size_t wrong = 0;
    if ((q->filter || q->sort) && !p->ops->table) {
        return ct_fail(err, CT_ERR_USAGE, p->ops->id, "takes no filter and no order: it is drawn, not listed");
    }
    if (q->from_ms && p->ops->keys != CT_KEYS_CHART) {
        return ct_fail(err, CT_ERR_USAGE, p->ops->id, "shows one moment: --at, not a window");
    }
    if (q->filter && !ui_apply_filter(ui, p, ct_span(q->filter), error, &wrong)) {
        return ct_fail(err, CT_ERR_USAGE, "filter", "%s", error);
    }
    if (q->sort && strlen(q->sort) >= sizeof(p->q.sort)) {
        return ct_fail(err, CT_ERR_USAGE, p->ops->id, "no column \"%.40s\"", q->sort);
    }
    if (q->sort) {
        snprintf(p->q.sort, sizeof(p->q.sort), "%s", q->sort);
    }
    if (q->from_ms) {
        p->q.from_ms = q->from_ms;
        p->q.to_ms = q->to_ms;
    }
    p->q.gone = p->q.gone || q->gone;
    p->q.believed = p->q.believed || q->believed;
    ui_reload(ui, p);
    return CT_OK;
}

enum ct_status ct_ui_show(const struct ct_ui_options *o, struct ct_reader *r, const char *name, const struct ct_ui_ask *q,
                          enum ct_status (*put)(void *ctx, const struct ct_ui_shown *shown), void *ctx,
                          struct ct_error *err)
{
    struct ct_ui *ui = NULL;
    struct panel *p = NULL;
    enum ct_status st = ui_new(o, NULL, q->rows, q->cols, &ui, err);
    if (st != CT_OK) {
        return st;
    }
    struct ct_arena *a = ct_arena_new(0);
    st = open_named(ui, name, &p, err);
    struct panel *leader = st == CT_OK ? ui_focused(ui) : NULL;
    bool led = leader && leader != p && (p->ops->follows || leader->ops->detail == p->ops);
    if (st == CT_OK && led) { /* what is shown is of the row selected there */
        st = load(ui, r, leader, err);
    }
    st = st == CT_OK ? ask(ui, p, q, err) : st;
    st = st == CT_OK ? load(ui, r, p, err) : st;
    if (st == CT_OK && q->group && (st = ui_group(ui, p, q->group, err)) == CT_OK) {
        st = load(ui, r, p, err);
    }
    if (st == CT_OK) {
        struct ct_ui_shown shown = {.panel = p->ops->id};
        shown.rows = ui_rows_of(p, a, &shown.table, &shown.total);
        shown.unread = p->ops->rows ? 0 : ((const struct ct_tmodel *)p->got.model)->unread;
        st = put(ctx, &shown);
    }
    ct_arena_free(a);
    ui_free(ui);
    return st;
}
