#include "config.h"

/* Saved views: what a person looks at, as "key = value" lines of [view NAME], in the settings or in the state folder. */
#include "tui/ui.h"

#include "tui/views/history.h"
#include "tui/widgets/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ui_view *find_view(struct ct_ui *ui, struct ct_span name)
{
    for (size_t i = 0; i < ui->n_views; i++) {
        if (ct_span_ieq(name, ct_span(ui->views[i].name))) {
            return &ui->views[i];
        }
    }
    return NULL;
}

bool ui_add_view(struct ct_ui *ui, struct ct_span name, struct ct_span text, bool own)
{
    struct ui_view *v = find_view(ui, name);
    if (!v && ui->n_views == CT_LEN(ui->views)) {
        return false;
    }
    if (name.n >= sizeof(v->name) || text.n >= sizeof(v->text)) {
        return false;
    }
    v = v ? v : &ui->views[ui->n_views++];
    snprintf(v->name, sizeof(v->name), "%.*s", CT_FMT(name));
    snprintf(v->text, sizeof(v->text), "%.*s", CT_FMT(text));
    v->own = own;
    return true;
}

/* ---- what belongs to a view ---- */

/* Where a field belongs: to the chart, to the panel that has the focus, or to all screens. */
enum field_of { OF_CHART, OF_PANEL, OF_ALL };

/* PUT adds the value, or nothing where it is as at a start. TAKE gets it back; "" is what it is at a start. It tells
 * why a value cannot be had and returns false, or is silent about it and returns false. */
struct field {
    const char *key;
    enum field_of of;
    void (*put)(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out);
    bool (*take)(struct ct_ui *ui, struct panel *p, struct ct_span value);
};

static bool take_flag(struct ct_span value, bool *out)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1", NULL};
    int i = value.n ? ct_word(words, value) : 0;
    *out = i % 2 == 1;
    return i >= 0;
}

static bool take_text(struct ct_span value, char *out, size_t cap)
{
    if (value.n < cap) {
        snprintf(out, cap, "%.*s", CT_FMT(value));
    }
    return value.n < cap;
}

static void put_series(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)p;
    for (struct ct_span rest = ct_span(ui->series); rest.n;) {
        struct ct_span one = ct_span_cut(&rest, '\n');
        ct_buf_addf(out, "%s%.*s", out->n ? ", " : "", CT_FMT(one));
    }
}

static bool take_series(struct ct_ui *ui, struct panel *p, struct ct_span list)
{
    bool fits = true;
    (void)p;
    if (list.n) { /* without any the set stays what it is */
        ui->series[0] = '\0';
    }
    while (list.n && fits) {
        struct ct_span one = ct_span_trim(ct_span_cut(&list, ','));
        fits = !one.n || ui_add_line(ui->series, sizeof(ui->series), one);
    }
    return fits;
}

static void put_range(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    int64_t ms = ui->from_ms ? -ui->from_ms : HISTORY_STANDARD;
    int64_t unit = ms % CT_DAY == 0 ? CT_DAY : ms % CT_HOUR == 0 ? CT_HOUR : CT_SECOND;
    (void)p;
    if (ui->from_ms <= HISTORY_ALL) {
        ct_buf_adds(out, "all");
    } else if (ui->from_ms <= 0) {
        ct_buf_addf(out, "%lld%c", (long long)(ms / unit), unit == CT_DAY ? 'd' : unit == CT_HOUR ? 'h' : 's');
    }
}

static bool take_range(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)p;
    ui->from_ms = ui->to_ms = 0;
    return !value.n || ui_take_range(ui, value);
}

static void put_moment(int64_t ms, struct ct_buf *out)
{
    char at[CT_TIME_MAX];
    if (ms > 0) {
        ct_time_format(at, ms);
        ct_buf_adds(out, at);
    }
}

static void put_from(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)p;
    put_moment(ui->from_ms, out);
}

static bool take_from(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)p;
    return !value.n || ui_take_time(ui, value, &ui->from_ms);
}

static void put_to(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)p;
    put_moment(ui->to_ms, out);
}

static bool take_to(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)p;
    return !value.n || ui_take_time(ui, value, &ui->to_ms);
}

/* The look's words: the first is the one of a start. */
static bool take_look(struct ct_ui *ui, const char *const *words, struct ct_span value, int *out)
{
    *out = 0;
    return !value.n || ui_take_word(ui, words, value, out);
}

static void put_mode(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)p;
    ct_buf_adds(out, ct_look_mode_words[ui->look.mode]);
}

static bool take_mode(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)p;
    return take_look(ui, ct_look_mode_words, value, &ui->look.mode);
}

static void put_style(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)p;
    ct_buf_adds(out, ct_look_style_words[ui->look.style]);
}

static bool take_style(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)p;
    return take_look(ui, ct_look_style_words, value, &ui->look.style);
}

static void put_scale(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)p;
    ct_buf_adds(out, ui_scale_words[ui->look.log]);
}

static bool take_scale(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    int log = 0;
    (void)p;
    bool taken = take_look(ui, ui_scale_words, value, &log);
    ui->look.log = log;
    return taken;
}

static void put_zoom(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)p;
    ct_buf_adds(out, ui->zoom ? "yes" : "");
}

static bool take_zoom(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)p;
    return take_flag(value, &ui->zoom);
}

static void put_unit(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)ui;
    ct_buf_adds(out, p->ops->units && p->q.unit ? p->ops->units[p->q.unit] : "");
}

static bool take_unit(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    p->q.unit = 0;
    return !value.n || (p->ops->units && ui_take_word(ui, p->ops->units, value, &p->q.unit));
}

static void put_group(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)ui;
    ct_buf_adds(out, p->q.group);
}

static bool take_group(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)ui;
    return take_text(value, p->q.group, sizeof(p->q.group));
}

static void put_filter(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)ui;
    ct_buf_adds(out, p->q.filter);
}

static bool take_filter(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    char error[ERROR_MAX];
    size_t wrong;
    p->q.filter[0] = '\0';
    if (!value.n || ui_apply_filter(ui, p, value, error, &wrong)) {
        return true;
    }
    ui_say(ui, true, "filter = %.*s: %s", CT_FMT(value), error);
    return true;
}

static void put_highlight(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)ui;
    ct_buf_adds(out, p->q.highlight ? "yes" : "");
}

static bool take_highlight(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)ui;
    return take_flag(value, &p->q.highlight);
}

static void put_followed(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)ui;
    ct_buf_adds(out, p->q.watch_only ? "yes" : "");
}

static bool take_followed(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)ui;
    return take_flag(value, &p->q.watch_only);
}

static void put_sort(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)ui;
    ct_buf_adds(out, p->q.sort);
}

static bool take_sort(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    struct ct_span column = value;
    (void)ui;
    p->q.sort[0] = '\0';
    bool known = p->ops->table && ct_table_column(p->ops->table, ct_span_cut(&column, ':'));
    return !value.n || (known && take_text(value, p->q.sort, sizeof(p->q.sort)));
}

static void put_columns(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)ui;
    if (p->ops->table) {
        ct_tview_put_columns(p->state, out);
    }
}

static bool take_columns(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)ui;
    return p->ops->table ? ct_tview_take_columns(p->state, value) : !value.n;
}

static void put_row(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)ui;
    ct_buf_adds(out, p->ops->table ? ((const struct ct_tstate *)p->state)->selected : "");
}

/* Without one the cursor stays where it is. */
static bool take_row(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)ui;
    if (!value.n || !p->ops->table) {
        return !value.n;
    }
    struct ct_tstate *s = p->state;
    s->seen = 0; /* looked up when drawn */
    return take_text(value, s->selected, sizeof(s->selected));
}

static void put_gone(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)p;
    ct_buf_adds(out, ui->gone ? "yes" : "no");
}

static bool take_gone(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    (void)p;
    return !value.n || take_flag(value, &ui->gone);
}

static void put_suspect(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    (void)p;
    ct_buf_adds(out, ui->believed ? "no" : "yes");
}

static bool take_suspect(struct ct_ui *ui, struct panel *p, struct ct_span value)
{
    bool shown = true;
    (void)p;
    bool taken = take_flag(value, &shown);
    ui->believed = value.n ? !shown : ui->believed;
    return taken;
}

static const struct field fields[] = {
    {"series", OF_CHART, put_series, take_series},
    {"range", OF_CHART, put_range, take_range}, /* before the two that take its place */
    {"from", OF_CHART, put_from, take_from},
    {"to", OF_CHART, put_to, take_to},
    {"mode", OF_CHART, put_mode, take_mode},
    {"style", OF_CHART, put_style, take_style},
    {"scale", OF_CHART, put_scale, take_scale},
    {"gone", OF_ALL, put_gone, take_gone},
    {"suspect", OF_ALL, put_suspect, take_suspect},
    {"zoom", OF_PANEL, put_zoom, take_zoom},
    {"unit", OF_PANEL, put_unit, take_unit},
    {"group", OF_PANEL, put_group, take_group},
    {"filter", OF_PANEL, put_filter, take_filter},
    {"highlight", OF_PANEL, put_highlight, take_highlight},
    {"followed", OF_PANEL, put_followed, take_followed},
    {"sort", OF_PANEL, put_sort, take_sort},
    {"columns", OF_PANEL, put_columns, take_columns},
    {"row", OF_PANEL, put_row, take_row},
};

/* ---- opening ---- */

static struct ct_span line_of(struct ct_span text, const char *wanted)
{
    while (text.p) {
        struct ct_span value = ct_span_cut(&text, '\n'), key = ct_span_trim(ct_span_cut(&value, '='));
        if (ct_span_is(key, wanted)) {
            return ct_span_trim(value);
        }
    }
    return CT_SPAN_NONE;
}

static void take_fields(struct ct_ui *ui, const struct ui_view *v, enum field_of of, struct panel *p)
{
    for (size_t i = 0; i < CT_LEN(fields); i++) {
        struct ct_span value = line_of(ct_span(v->text), fields[i].key);
        if (fields[i].of == of && !fields[i].take(ui, p, value)) {
            ui_say(ui, true, "view %s: %s = %.*s means nothing here", v->name, fields[i].key, CT_FMT(value));
        }
    }
}

/* Gives PANEL the focus where it stands at this width. */
static void focus(struct ct_ui *ui, const struct ct_panel_ops *panel)
{
    const struct ct_place *places = ui_places(ui);
    for (int i = 0; i < CT_MAX_PLACES && places[i].panel; i++) {
        if (places[i].panel == panel) {
            ui->focus[ui->screen->number] = i;
            return;
        }
    }
    ui_say(ui, false, "%s stands on this screen in wider terminals only", panel->title);
}

bool ui_open_view(struct ct_ui *ui, struct ct_span name)
{
    const struct ui_view *v = find_view(ui, name);
    if (!v) {
        return false;
    }
    struct ct_span text = ct_span(v->text), screen = line_of(text, "screen"), id = line_of(text, "panel");
    const struct ct_screen *s = ui_screen(screen.n ? screen : CT_LIT("history"));
    if (!s) {
        ui_say(ui, true, "view %s: no screen \"%.*s\"", v->name, CT_FMT(screen));
        return true;
    }
    const struct ct_panel_ops *ops = ui_find_panel(s, id);
    if (id.n && !ops) {
        ui_say(ui, true, "view %s: no panel \"%.*s\" on screen %s", v->name, CT_FMT(id), s->name);
    }
    if (s->number == HISTORY_SCREEN) {
        take_fields(ui, v, OF_CHART, NULL);
    }
    take_fields(ui, v, OF_ALL, NULL);
    ui_goto(ui, s);
    if (ops) {
        focus(ui, ops);
    }
    struct panel *p = ops ? ui_panel(ui, s, ops) : ui_focused(ui);
    if (p) {
        take_fields(ui, v, OF_PANEL, p);
    }
    ui_refill(ui, 0);
    ui_layout(ui);
    ui->dirty_all = true;
    return true;
}

/* ---- saving ---- */

static void write_view(struct ct_ui *ui, struct ct_buf *out)
{
    const struct ct_panel_ops *ops = ui_places(ui)[ui->focus[ui->screen->number]].panel; /* not what covers it */
    const struct panel *p = ops ? ui_panel(ui, ui->screen, ops) : NULL;
    struct ct_buf value = CT_BUF_INIT;
    ct_buf_addf(out, "screen = %s\n", ui->screen->name);
    ct_buf_addf(out, ops ? "panel = %s\n" : "%s", ops ? ops->id : "");
    for (size_t i = 0; i < CT_LEN(fields); i++) {
        bool here = fields[i].of == OF_ALL || (fields[i].of == OF_PANEL ? p != NULL : ui->screen->number == HISTORY_SCREEN);
        ct_buf_clear(&value);
        if (here) {
            fields[i].put(ui, p, &value);
        }
        if (value.n) {
            ct_buf_addf(out, "%s = %s\n", fields[i].key, value.p);
        }
    }
    ct_buf_free(&value);
}

/* A name stands in brackets in a file and in one word on the command line. */
static bool good_name(struct ct_span name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '_') {
            return false;
        }
    }
    return name.n > 0 && name.n < 32 && !ct_span_is(name, "save") && !ct_span_is(name, "drop");
}

static void save_view(struct ct_ui *ui, struct ct_span name)
{
    struct ct_buf text = CT_BUF_INIT;
    const struct ui_view *v = find_view(ui, name);
    write_view(ui, &text);
    if (!good_name(name)) {
        ui_say(ui, true, "a view's name is up to 31 letters, digits, - and _");
    } else if (v && !v->own) {
        ui_say(ui, true, "view %.*s stands in your settings: save under another name", CT_FMT(name));
    } else if (!ui_add_view(ui, name, ct_buf_span(&text), true)) {
        ui_say(ui, true, "no more views fit");
    } else {
        ui->views_changed = true;
        ui_say(ui, false, "view %.*s saved; :view %.*s opens it%s", CT_FMT(name), CT_FMT(name),
               ui->at_ms == CT_LIVE ? "" : ", at whatever moment is shown then");
    }
    ct_buf_free(&text);
}

static void drop_view(struct ct_ui *ui, struct ct_span name)
{
    struct ui_view *v = find_view(ui, name);
    if (!v || !v->own) {
        ui_say(ui, true, v ? "view %.*s stands in your settings" : "no view \"%.*s\"", CT_FMT(name));
        return;
    }
    memmove(v, v + 1, (size_t)(ui->views + --ui->n_views - v) * sizeof(*v));
    ui->views_changed = true;
    ui_say(ui, false, "view %.*s is gone", CT_FMT(name));
}

void ui_run_view(struct ct_ui *ui, struct ct_span args)
{
    struct ct_span rest = args, word = ct_span_cut(&rest, ' '), name = ct_span_trim(rest);
    if (ct_span_is(word, "save")) {
        save_view(ui, name);
    } else if (ct_span_is(word, "drop")) {
        drop_view(ui, name);
    } else if (!args.n || !ui_open_view(ui, args)) {
        struct ct_buf names = CT_BUF_INIT;
        for (size_t i = 0; i < ui->n_views; i++) {
            ct_buf_addf(&names, " %s", ui->views[i].name);
        }
        ui_say(ui, args.n > 0, "%s%.*s%s%s", args.n ? "no view " : "", CT_FMT(args),
               args.n ? "; views:" : "views:", names.n ? names.p : " none; :view save NAME keeps this screen");
        ct_buf_free(&names);
    }
}

/* Lines of such files are short: a long value goes on in the next, where it has a blank. */
static void write_text(const char *text, struct ct_buf *out)
{
    enum { LINE = 150 };
    size_t line = 0;
    for (const char *c = text; *c; c++) {
        bool cut = *c == ' ' && line + strcspn(c + 1, " \n") > LINE && !strchr(" ;#[\n", c[1]);
        ct_buf_adds(out, cut ? "\n   " : "");
        ct_buf_addc(out, *c);
        line = *c == '\n' || cut ? 0 : line + 1;
    }
}

void ui_write_views(const struct ct_ui *ui, struct ct_buf *out)
{
    for (size_t i = 0; i < ui->n_views; i++) {
        if (ui->views[i].own) {
            ct_buf_addf(out, "[view %s]\n", ui->views[i].name);
            write_text(ui->views[i].text, out);
        }
    }
}
