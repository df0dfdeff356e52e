#include "config.h"

/* The analyst's commands: windows, looks and saved views. */
#include "tui/ui.h"

#include "tui/views/history.h"

#include <stdio.h>
#include <string.h>

/* ---- the window ---- */

static void set_window(struct ct_ui *ui, int64_t from_ms, int64_t to_ms)
{
    ui->from_ms = from_ms;
    ui->to_ms = to_ms;
    ui_refill(ui, HISTORY_SCREEN);
}

/* "30d", "all". False: it is no length of time. */
static bool take_range(struct ct_ui *ui, struct ct_span text)
{
    int64_t length;
    if (ct_span_ieq(text, CT_LIT("all"))) {
        set_window(ui, HISTORY_ALL, 0);
        return true;
    }
    if (ct_duration_parse(text, &length) != CT_OK || length < CT_MINUTE || length > -HISTORY_ALL) {
        return false;
    }
    set_window(ui, -length, 0);
    return true;
}

static bool take_time(struct ct_ui *ui, struct ct_span text, int64_t *out)
{
    struct ct_error e = {0};
    if (ct_time_parse_user(text, ui_now(ui), out, &e) != CT_OK) {
        ui_say(ui, true, "%.*s: %s", CT_FMT(text), e.what);
        return false;
    }
    return true;
}

void ui_run_range(struct ct_ui *ui, struct ct_span args)
{
    if (take_range(ui, args)) {
        ui_goto(ui, ui_screen(CT_LIT("history")));
    } else {
        ui_say(ui, true, "range %.*s: wanted a length such as 6h, 30d or 1y, or all", CT_FMT(args));
    }
}

void ui_run_from(struct ct_ui *ui, struct ct_span args)
{
    int64_t from;
    if (!take_time(ui, args, &from)) {
        return;
    }
    if (from < 1 || from >= (ui->to_ms > 0 ? ui->to_ms : ui_now(ui))) {
        ui_say(ui, true, "from %.*s: the window would end before it begins", CT_FMT(args));
        return;
    }
    set_window(ui, from, ui->to_ms > 0 ? ui->to_ms : 0);
    ui_goto(ui, ui_screen(CT_LIT("history")));
}

/* With the same beginning; a window that moved along keeps its length. */
void ui_run_to(struct ct_ui *ui, struct ct_span args)
{
    int64_t to;
    if (!take_time(ui, args, &to)) {
        return;
    }
    int64_t length = ui->from_ms < 0 ? -ui->from_ms : HISTORY_STANDARD;
    int64_t from = ui->from_ms > 0 ? ui->from_ms : to > length ? to - length : 1;
    if (to <= from || to > ui_now(ui)) {
        ui_say(ui, true, "to %.*s: %s", CT_FMT(args),
               to <= from ? "the window would end before it begins" : "lies ahead");
        return;
    }
    set_window(ui, from, to);
    ui_goto(ui, ui_screen(CT_LIT("history")));
}

/* ---- the look ---- */

static const char *const scale_words[] = {"linear", "log", NULL};

static bool take_word(struct ct_ui *ui, const char *const *words, struct ct_span text, int *out)
{
    struct ct_buf all = CT_BUF_INIT;
    int i = ct_word(words, text);
    if (i >= 0) {
        *out = i;
        ui_refill(ui, HISTORY_SCREEN);
        return true;
    }
    for (i = 0; words[i]; i++) {
        ct_buf_addf(&all, "%s%s", i ? ", " : "", words[i]);
    }
    ui_say(ui, true, "\"%.*s\": wanted one of %s", CT_FMT(text), all.p);
    ct_buf_free(&all);
    return false;
}

void ui_run_yscale(struct ct_ui *ui, struct ct_span args)
{
    int log = ui->look.log;
    take_word(ui, scale_words, args, &log);
    ui->look.log = log;
    ui_refill(ui, HISTORY_SCREEN);
}

void ui_run_style(struct ct_ui *ui, struct ct_span args)
{
    take_word(ui, ct_look_style_words, args, &ui->look.style);
}

void ui_run_mode(struct ct_ui *ui, struct ct_span args)
{
    take_word(ui, ct_look_mode_words, args, &ui->look.mode);
}

/* "SERIES... [RANGE]": a word that is a length of time ends it, as in `:history h100-sxm spot 90d`. */
void ui_run_history(struct ct_ui *ui, struct ct_span args)
{
    size_t at = args.n;
    while (at > 0 && args.p[at - 1] != ' ') {
        at--;
    }
    struct ct_span last = {args.p + at, args.n - at};
    bool range = last.n > 1 && (last.p[last.n - 1] > '9' || ct_span_is(last, "all")) && take_range(ui, last);
    struct ct_span series = range ? ct_span_trim((struct ct_span){args.p, at}) : args;
    if (series.n) {
        ui_set_history(ui, series, false);
    }
    ui_goto(ui, ui_screen(CT_LIT("history")));
}

/* ---- saved views: "key = value" lines, as in [view NAME] of the settings ---- */

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

static void take_series(struct ct_ui *ui, struct ct_span list)
{
    ui->series[0] = '\0';
    while (list.p) {
        struct ct_span one = ct_span_trim(ct_span_cut(&list, ','));
        if (one.n && !ui_add_line(ui->series, sizeof(ui->series), one)) {
            ui_say(ui, true, "no more series fit");
            return;
        }
    }
}

/* One line of a view; those of the table with the focus wait until its screen is there. */
static void take_line(struct ct_ui *ui, struct ct_span key, struct ct_span value)
{
    int log = ui->look.log;
    if (ct_span_is(key, "series")) {
        take_series(ui, value);
    } else if (ct_span_is(key, "range")) {
        if (!take_range(ui, value)) {
            ui_say(ui, true, "range = %.*s: no length of time", CT_FMT(value));
        }
    } else if (ct_span_is(key, "from")) {
        take_time(ui, value, &ui->from_ms);
    } else if (ct_span_is(key, "to")) {
        take_time(ui, value, &ui->to_ms);
    } else if (ct_span_is(key, "mode")) {
        take_word(ui, ct_look_mode_words, value, &ui->look.mode);
    } else if (ct_span_is(key, "style")) {
        take_word(ui, ct_look_style_words, value, &ui->look.style);
    } else if (ct_span_is(key, "scale")) {
        take_word(ui, scale_words, value, &log);
        ui->look.log = log;
    }
}

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

bool ui_open_view(struct ct_ui *ui, struct ct_span name)
{
    const struct ui_view *v = find_view(ui, name);
    struct ct_span text = v ? ct_span(v->text) : CT_SPAN_NONE, rest = text;
    if (!v) {
        return false;
    }
    struct ct_span wanted = line_of(text, "screen");
    const struct ct_screen *s = ui_screen(wanted.n ? wanted : CT_LIT("history"));
    if (!s) {
        ui_say(ui, true, "view %s: no screen \"%.*s\"", v->name, CT_FMT(wanted));
        return true;
    }
    if (s->number == HISTORY_SCREEN) {
        ui->from_ms = ui->to_ms = 0;
        ui->look = (struct ct_chart_look){0};
    }
    while (rest.p) {
        struct ct_span value = ct_span_cut(&rest, '\n'), key = ct_span_trim(ct_span_cut(&value, '='));
        take_line(ui, key, ct_span_trim(value));
    }
    ui_refill(ui, HISTORY_SCREEN);
    ui_goto(ui, s);
    struct panel *p = ui_focused(ui);
    struct ct_span filter = line_of(text, "filter"), sort = line_of(text, "sort");
    char error[ERROR_MAX];
    size_t wrong;
    if (p && filter.p && !ui_apply_filter(ui, p, filter, error, &wrong)) {
        ui_say(ui, true, "view %s: %s", v->name, error);
    }
    if (p && sort.p) {
        snprintf(p->q.sort, sizeof(p->q.sort), "%.*s", CT_FMT(sort));
        ui_reload(ui, p);
    }
    return true;
}

static void add_length(struct ct_buf *out, int64_t ms)
{
    int64_t unit = ms % CT_DAY == 0 ? CT_DAY : ms % CT_HOUR == 0 ? CT_HOUR : CT_SECOND;
    ct_buf_addf(out, "%lld%c", (long long)(ms / unit), unit == CT_DAY ? 'd' : unit == CT_HOUR ? 'h' : 's');
}

static void write_window(const struct ct_ui *ui, struct ct_buf *out)
{
    char at[CT_TIME_MAX];
    if (ui->from_ms > 0) {
        ct_time_format(at, ui->from_ms);
        ct_buf_addf(out, "from = %s\n", at);
    } else {
        ct_buf_adds(out, "range = ");
        if (ui->from_ms <= HISTORY_ALL) {
            ct_buf_adds(out, "all");
        } else {
            add_length(out, ui->from_ms ? -ui->from_ms : HISTORY_STANDARD);
        }
        ct_buf_addc(out, '\n');
    }
    if (ui->to_ms > 0) {
        ct_time_format(at, ui->to_ms);
        ct_buf_addf(out, "to = %s\n", at);
    }
}

static void write_view(struct ct_ui *ui, struct ct_buf *out)
{
    struct panel *p = ui_focused(ui);
    struct ct_span rest = ct_span(ui->series);
    ct_buf_addf(out, "screen = %s\n", ui->screen->name);
    if (ui->screen->number == HISTORY_SCREEN) {
        for (bool first = true; rest.n; first = false) {
            struct ct_span one = ct_span_cut(&rest, '\n');
            ct_buf_addf(out, "%s%.*s", first ? "series = " : ", ", CT_FMT(one));
        }
        ct_buf_adds(out, ui->series[0] ? "\n" : "");
        write_window(ui, out);
        ct_buf_addf(out, "mode = %s\nstyle = %s\nscale = %s\n", ct_look_mode_words[ui->look.mode],
                    ct_look_style_words[ui->look.style], scale_words[ui->look.log]);
    } else if (p) {
        ct_buf_addf(out, p->q.filter[0] ? "filter = %s\n" : "%s", p->q.filter);
        ct_buf_addf(out, p->q.sort[0] ? "sort = %s\n" : "%s", p->q.sort);
    }
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
        ui_say(ui, false, "view %.*s saved; :view %.*s opens it", CT_FMT(name), CT_FMT(name));
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

/* Lists go on in lines of their own: names of series are long, and lines of such files are not. */
void ui_write_views(const struct ct_ui *ui, struct ct_buf *out)
{
    for (size_t i = 0; i < ui->n_views; i++) {
        if (!ui->views[i].own) {
            continue;
        }
        ct_buf_addf(out, "[view %s]\n", ui->views[i].name);
        for (const char *c = ui->views[i].text; *c; c++) {
            ct_buf_addc(out, *c);
            ct_buf_adds(out, *c == ',' ? "\n   " : "");
        }
    }
}
