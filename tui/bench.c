#include "config.h"

/* The analyst's commands: windows and looks. */
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

bool ui_take_range(struct ct_ui *ui, struct ct_span text)
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

enum ct_status ui_parse_time(const struct ct_ui *ui, struct ct_span text, int64_t now_ms, int64_t *out, struct ct_error *err)
{
    return ui->tz == 'l' ? ct_time_parse_local(text, now_ms, out, err) : ct_time_parse_user(text, now_ms, out, err);
}

bool ui_take_time(struct ct_ui *ui, struct ct_span text, int64_t *out)
{
    struct ct_error e = {0};
    if (ui_parse_time(ui, text, ui_now(ui), out, &e) != CT_OK) {
        ui_say(ui, true, "%s", e.what);
        return false;
    }
    return true;
}

void ui_run_range(struct ct_ui *ui, struct ct_span args)
{
    if (ui_take_range(ui, args)) {
        ui_goto(ui, ui_screen(CT_LIT("history")));
    } else {
        ui_say(ui, true, "range %.*s: wanted a length such as 6h, 30d or 1y, or all (:from and :to take moments)", CT_FMT(args));
    }
}

void ui_run_from(struct ct_ui *ui, struct ct_span args)
{
    int64_t from;
    if (!ui_take_time(ui, args, &from)) {
        return;
    }
    if (from < 1 || from >= (ui->to_ms > 0 ? ui->to_ms : ui_now(ui))) {
        ui_say(ui, true, "from %.*s: the window would end before it begins", CT_FMT(args));
        return;
    }
    set_window(ui, from, ui->to_ms > 0 ? ui->to_ms : 0);
    ui_goto(ui, ui_screen(CT_LIT("history")));
}

/* With the same beginning; a window that moved along keeps its length, and what ends now moves along. */
void ui_run_to(struct ct_ui *ui, struct ct_span args)
{
    int64_t to;
    if (!ui_take_time(ui, args, &to)) {
        return;
    }
    int64_t length = ui->from_ms < 0 ? -ui->from_ms : HISTORY_STANDARD;
    int64_t from = ui->from_ms > 0 ? ui->from_ms : to > length ? to - length : 1;
    if (to <= from || to > ui_now(ui)) {
        ui_say(ui, true, "to %.*s: %s", CT_FMT(args),
               to <= from ? "the window would end before it begins" : "lies ahead");
        return;
    }
    bool live = ui->at_ms == CT_LIVE && to == ui_now(ui);
    set_window(ui, live ? ui->from_ms : from, live ? 0 : to);
    ui_goto(ui, ui_screen(CT_LIT("history")));
}

/* ---- the look ---- */

const char *const ui_scale_words[] = {"linear", "log", NULL};

bool ui_take_word(struct ct_ui *ui, const char *const *words, struct ct_span text, int *out)
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
    ui_take_word(ui, ui_scale_words, args, &log);
    ui->look.log = log;
    ui_refill(ui, HISTORY_SCREEN);
}

void ui_run_style(struct ct_ui *ui, struct ct_span args)
{
    ui_take_word(ui, ct_look_style_words, args, &ui->look.style);
}

void ui_run_mode(struct ct_ui *ui, struct ct_span args)
{
    ui_take_word(ui, ct_look_mode_words, args, &ui->look.mode);
}

/* "SERIES... [RANGE]": a word that is a length of time ends it, as in `:history h100-sxm spot 90d`. */
void ui_run_history(struct ct_ui *ui, struct ct_span args)
{
    size_t at = args.n;
    while (at > 0 && args.p[at - 1] != ' ') {
        at--;
    }
    struct ct_span last = {args.p + at, args.n - at};
    bool range = last.n > 1 && (last.p[last.n - 1] > '9' || ct_span_is(last, "all")) && ui_take_range(ui, last);
    struct ct_span series = range ? ct_span_trim((struct ct_span){args.p, at}) : args;
    if (series.n) {
        ui_set_history(ui, series, false);
    }
    ui_goto(ui, ui_screen(CT_LIT("history")));
}
