#include "config.h"

/* The command line's commands. */
#include "tui/ui.h"

#include "db/base/ini.h"
#include "tui/term.h"
#include "db/base/text.h"
#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>

static void run_at(struct ct_ui *ui, struct ct_span args)
{
    int64_t at;
    struct ct_error e = {0};
    if (!args.n || ct_span_is(args, "now") || ct_span_is(args, "live")) {
        ui_go_to_moment(ui, CT_LIVE);
    } else if (ui_parse_time(ui, args, ct_now_ms(), &at, &e) != CT_OK) {
        ui_say(ui, true, "%s", e.what);
    } else if (at >= ct_now_ms()) {
        ui_say(ui, true, "%.*s lies ahead: nothing is known of it", CT_FMT(args));
    } else {
        ui_go_to_moment(ui, at);
    }
}

bool ui_apply_filter(struct ct_ui *ui, struct panel *p, struct ct_span text, char error[ERROR_MAX],
                     size_t *wrong)
{
    int64_t column = 0;
    struct ct_error e = {0};
    struct ct_filter *f = NULL;
    struct ct_arena *a = ct_arena_new(0);
    enum ct_status st = CT_ERR_USAGE;
    text = ct_span_trim(text);
    if (!p->ops->table) {
        ct_fail(&e, st, "", "nothing to filter in %s", p->ops->title);
    } else if (text.n >= sizeof(p->q.filter)) {
        ct_fail(&e, st, "", "longer than %zu bytes", sizeof(p->q.filter) - 1);
    } else {
        st = ct_filter_compile(p->ops->table, text, ui_now(ui), a, &f, &e);
    }
    ct_arena_free(a);
    if (st != CT_OK) {
        bool word = strncmp(e.where, "column ", 7) == 0 && ct_span_int(ct_span(e.where + 7), &column) == CT_OK;
        *wrong = word && column > 0 ? (size_t)column : 0;
        snprintf(error, ERROR_MAX, "%.*s%s%s", word ? 0 : (int)sizeof(e.where), e.where,
                 e.where[0] && !word ? ": " : "", e.what);
        return false;
    }
    char before[sizeof(p->q.filter)];
    memcpy(before, p->q.filter, sizeof(before));
    snprintf(p->q.filter, sizeof(p->q.filter), "%.*s", CT_FMT(text));
    if (strcmp(before, p->q.filter) != 0) {
        ui_reload(ui, p);
    }
    return true;
}

static void run_filter(struct ct_ui *ui, struct ct_span args)
{
    char error[ERROR_MAX];
    size_t wrong = 0;
    struct panel *p = ui_focused(ui);
    if (p && !ui_apply_filter(ui, p, args, error, &wrong)) {
        struct ct_span rest = wrong ? (struct ct_span){args.p + wrong - 1, args.n - wrong + 1} : CT_SPAN_NONE;
        struct ct_span word = ct_span_cut(&rest, ' ');
        ui_say(ui, true, "%.*s%s%s", CT_FMT(word), word.n ? ": " : "", error);
    }
}

static void run_sort(struct ct_ui *ui, struct ct_span args)
{
    struct panel *p = ui_focused(ui);
    struct ct_span order = args, name = ct_span_cut(&order, ':');
    if (!p || !p->ops->table) {
        ui_say(ui, true, "nothing to sort here");
        return;
    }
    const struct ct_column *c = ct_table_column(p->ops->table, ct_span_trim(name));
    if (args.n && !c) {
        ui_say(ui, true, "no column \"%.*s\" in %s", CT_FMT(name), p->ops->title);
    } else if (order.p && !ct_span_is(order, "desc") && !ct_span_is(order, "asc")) {
        ui_say(ui, true, "order is asc or desc, not \"%.*s\"", CT_FMT(order));
    } else {
        snprintf(p->q.sort, sizeof(p->q.sort), "%s%s", c ? c->name : "",
                 ct_span_is(order, "desc") ? ":desc" : "");
        ui_reload(ui, p);
    }
}

static void run_theme(struct ct_ui *ui, struct ct_span args)
{
    for (size_t i = 0; i < ui->n_themes; i++) {
        if (ct_span_is(args, ui->themes[i].name)) {
            ui_set_theme(ui, i);
            return;
        }
    }
    struct ct_buf names = CT_BUF_INIT;
    for (size_t i = 0; i < ui->n_themes; i++) {
        ct_buf_addf(&names, " %s", ui->themes[i].name);
    }
    ui_say(ui, true, "no theme \"%.*s\" loaded:%s", CT_FMT(args), names.p ? names.p : "");
    ct_buf_free(&names);
}

static void run_charset(struct ct_ui *ui, struct ct_span args)
{
    char name[32];
    struct ct_error e = {0};
    snprintf(name, sizeof(name), "%.*s", CT_FMT(args));
    if (ct_charset_choose(name, &ui->canvas->charset, &e) != CT_OK) {
        ui_say(ui, true, "%s: %s", e.where, e.what);
    }
    ui->dirty_all = true;
}

static void run_tz(struct ct_ui *ui, struct ct_span args)
{
    if (ct_span_is(args, "utc") || ct_span_is(args, "local") || ct_span_is(args, "both")) {
        ui->tz = args.p[0];
        ui->dirty_all = true;
    } else {
        ui_say(ui, true, "tz is utc, local or both");
    }
}

static void run_set(struct ct_ui *ui, struct ct_span args)
{
    struct ct_span rest = args, name = ct_span_cut(&rest, ' '), value = ct_span_trim(rest);
    if (ct_span_is(name, "gone") && (ct_span_is(value, "on") || ct_span_is(value, "off"))) {
        ui_set_gone(ui, ct_span_is(value, "on"));
        ui_say(ui, false, "offers and models that are gone: %s", ui->gone ? "shown" : "hidden");
    } else if (ct_span_is(name, "suspect") && (ct_span_is(value, "on") || ct_span_is(value, "off"))) {
        ui_set_believed(ui, ct_span_is(value, "off"));
    } else if (ct_span_is(name, "tz")) {
        run_tz(ui, value);
    } else if (ct_span_is(name, "theme")) {
        run_theme(ui, value);
    } else if (ct_span_is(name, "charset")) {
        run_charset(ui, value);
    } else {
        ui_say(ui, true, "set what: gone on|off, suspect on|off, tz utc|local|both, theme NAME, charset NAME");
    }
}

static void run_watch(struct ct_ui *ui, struct ct_span args)
{
    if (args.n) {
        ui_toggle_watch(ui, args);
    } else {
        ui_act(ui, CT_ACT_WATCH, 0);
    }
}

static void run_refresh(struct ct_ui *ui, struct ct_span args)
{
    char source[128];
    snprintf(source, sizeof(source), "%.*s", CT_FMT(args));
    const char *said = ui->o->refresh ? ui->o->refresh(ui->o->ctx, source) : NULL;
    ui_say(ui, !said, "%s", said ? said : "no fetcher of this viewer to ask");
}

static void run_help(struct ct_ui *ui, struct ct_span args)
{
    (void)args;
    ui_act(ui, CT_ACT_HELP, 0);
}

static void run_messages(struct ct_ui *ui, struct ct_span args)
{
    (void)args;
    ui->overlay = OVERLAY_MESSAGES;
    ui->overlay_top = 0;
    ui->message_until_mono_ms = 0;
    ui->dirty_all = true;
}

static void run_config_errors(struct ct_ui *ui, struct ct_span args)
{
    run_messages(ui, args);
    ui->overlay = OVERLAY_PROBLEMS;
}

static void run_pause(struct ct_ui *ui, struct ct_span args)
{
    (void)args;
    ui_act(ui, CT_ACT_PAUSE, 0);
}

static void run_demo(struct ct_ui *ui, struct ct_span args)
{
    (void)args;
    ui_act(ui, CT_ACT_DEMO, 0);
}

static const char *const group_words[] = {"gpu", "cloud", "region", "od", "spot", NULL};

static void run_group(struct ct_ui *ui, struct ct_span args)
{
    struct panel *p = ui_focused(ui);
    struct ct_error e = {0};
    char wanted[sizeof(p->q.group)];
    snprintf(wanted, sizeof(wanted), "%.*s", CT_FMT(args));
    if (p && ui_group(ui, p, wanted, &e) != CT_OK) {
        ui_say(ui, true, "%s %s", e.where[0] == '-' ? "group:" : p->ops->title, e.what);
    }
}

static void run_quit(struct ct_ui *ui, struct ct_span args)
{
    (void)args;
    ui_leave(ui, CT_UI_QUIT);
}

static const char *const set_words[] = {"gone on", "gone off", "suspect on", "suspect off", "tz utc",  "tz local",
                                        "tz both", "theme",    "charset", NULL};
static const char *const charset_words[] = {"auto", "unicode", "narrow", "ascii", NULL};

static const char *const range_words[] = {"1h", "6h", "24h", "7d", "30d", "90d", "1y", "all", NULL};
static const char *const view_words[] = {"save", "drop", NULL};
static const char *const cost_words[] = {"gpus=", "hours=", "input=", "output=", NULL};
static const char *const mix_words[] = {"input=", "output=", NULL};
static const char *const scale_words[] = {"linear", "log", NULL};

/* Panels that have a shell command of their name, open over the screen with what follows as their filter. */
static void open_with(struct ct_ui *ui, const struct ct_panel_ops *ops, struct ct_span args)
{
    ui_open_panel(ui, ops);
    run_filter(ui, args);
}

#define OPENS(name)                                                                                \
    static void run_##name(struct ct_ui *ui, struct ct_span args)                                  \
    {                                                                                              \
        open_with(ui, &ct_panel_##name, args);                                                     \
    }
OPENS(tape)
OPENS(incidents)
OPENS(components)
OPENS(news)
OPENS(scores)
OPENS(labs)

static void run_prices(struct ct_ui *ui, struct ct_span args)
{
    ui_goto(ui, ui_screen(CT_LIT("gpus")));
    run_filter(ui, args);
}

static void run_reload(struct ct_ui *ui, struct ct_span args)
{
    (void)args;
    ui_read_settings(ui);
}

/* Words of the shell that answer there only. */
static const char *const shell_words[] = {"check",  "config", "db",   "doctor",    "figures", "import", "init",
                                          "movers", "parse",  "screen", "series", "version", NULL};

const struct ui_command ui_commands[] = {
    {"ack", "[ID]", "an alert, else that of the row: I have it", ui_run_ack, NULL},
    {"at", "TIME | now", "every screen as of that moment", run_at, NULL},
    {"copy-command", "", "this panel as a shell command", ui_run_copy_command, NULL},
    {"components", "[FILTER]", "parts of services and their states", run_components, NULL},
    {"cost", "[gpus=N] [hours=N] [input=N] [output=N]", "what such a job on the row would cost",
     ui_run_cost, cost_words},
    {"charset", "auto | unicode | narrow | ascii", "how lines are drawn", run_charset, charset_words},
    {"demo", "", "open the simulated market", run_demo, NULL},
    {"events", "[FILTER]", "every recorded change, newest first", run_tape, NULL},
    {"export", "[csv | tsv | ndjson] [FILE]", "the rows shown, or those marked, into a new file", ui_run_export,
     ui_export_words},
    {"extend", "N [SPAN]", "silence N ends that long from now", ui_run_extend, NULL},
    {"exit", "", "where else the row's GPU or model is sold by a healthy place", ui_run_exit, NULL},
    {"fetch", "[SOURCE]", "ask the fetcher to fetch again", run_refresh, NULL},
    {"filter", "TEXT", "filter this panel", run_filter, NULL},
    {"group", "gpu | cloud | region | od | spot", "group this panel so", run_group, group_words},
    {"help", "", "keys that work here", run_help, NULL},
    {"from", "TIME", "screen 6 from there", ui_run_from, NULL},
    {"history", "SERIES [RANGE]", "history of a series", ui_run_history, NULL},
    {"incidents", "[FILTER]", "reported incidents", run_incidents, NULL},
    {"keys", "", "keys that work here", run_help, NULL},
    {"labs", "[FILTER]", "who makes models, and on how many clouds", run_labs, NULL},
    {"messages", "", "all messages", run_messages, NULL},
    {"config errors", "", "what is wrong in the settings", run_config_errors, NULL},
    {"mix", "input=N output=N", "parts of a blended token price", ui_run_mix, mix_words},
    {"mode", "abs | percent | index", "what charts measure", ui_run_mode, ct_look_mode_words},
    {"news", "[FILTER]", "what feeds of vendors and the press tell", run_news, NULL},
    {"pause", "", "stop and resume painting", run_pause, NULL},
    {"prices", "[FILTER]", "GPU offers", run_prices, NULL},
    {"q", "", "quit", run_quit, NULL},
    {"quit", "", "quit", run_quit, NULL},
    {"range", "SPAN | all", "screen 6 over that long", ui_run_range, range_words},
    {"refresh", "[SOURCE]", "ask the fetcher to fetch again", run_refresh, NULL},
    {"reload", "", "read the settings again", run_reload, NULL},
    {"rule", "[NAME WHEN]", "a new alert rule in a file of its own, else one from the row", ui_run_rule, NULL},
    {"scorecard", "[FILTER]", "providers in figures", run_scores, NULL},
    {"set", "NAME VALUE", "gone, suspect, tz, theme, charset", run_set, set_words},
    {"silence", "LABEL=GLOB... SPAN WHY", "tell nobody of what matches, that long", ui_run_silence, NULL},
    {"sort", "COLUMN[:desc]", "sort this panel", run_sort, NULL},
    {"style", "step | line | dots | table", "how charts are drawn", ui_run_style, ct_look_style_words},
    {"theme", "NAME", "another theme", run_theme, NULL},
    {"to", "TIME", "screen 6 up to there", ui_run_to, NULL},
    {"unsilence", "N", "end a silence", ui_run_unsilence, NULL},
    {"view", "[save | drop] NAME", "open, keep or drop a view: all but the moment (:at) and the chart's cursor", ui_run_view, view_words},
    {"watch", "[ID]", "follow the row, or stop", run_watch, NULL},
    {"yscale", "linear | log", "the value axis of charts", ui_run_yscale, scale_words},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct ct_panel_ops *ui_command_panel(struct ct_span name)
{
    static const struct {
        const char *name;
        const struct ct_panel_ops *ops;
    } opened[] = {
        {"components", &ct_panel_components}, {"events", &ct_panel_tape}, {"incidents", &ct_panel_incidents},
        {"labs", &ct_panel_labs},             {"news", &ct_panel_news},   {"scorecard", &ct_panel_scores},
    };
    for (size_t i = 0; i < CT_LEN(opened); i++) {
        if (ct_span_is(name, opened[i].name)) {
            return opened[i].ops;
        }
    }
    return NULL;
}

static const char *nearest_command(const char *word)
{
    const char *names[CT_LEN(ui_commands) + 16];
    size_t n = 0;
    for (size_t i = 0; i < CT_LEN(ui_commands) - 1; i++) {
        names[n++] = ui_commands[i].name;
    }
    for (size_t i = 0; ct_screens[i] && n + 1 < CT_LEN(names); i++) {
        names[n++] = ct_screens[i]->name;
    }
    names[n] = NULL;
    return ct_nearest(word, names);
}

void ui_command(struct ct_ui *ui, struct ct_span line)
{
    line = ct_span_trim(line);
    for (size_t i = 0; i < CT_LEN(ui_commands) - 1; i++) {
        size_t n = strlen(ui_commands[i].name);
        if (ct_span_starts(line, ui_commands[i].name) && (line.n == n || line.p[n] == ' ')) {
            ui_commands[i].run(ui, ct_span_trim((struct ct_span){line.p + n, line.n - n}));
            return;
        }
    }
    struct ct_span rest = line, word = ct_span_cut(&rest, ' ');
    const struct ct_screen *s = word.n ? ui_screen(word) : NULL;
    if (s) {
        ui_goto(ui, s);
        rest = ct_span_trim(rest);
        if (rest.n) { /* :gpus h100 price<2.5, :status all */
            run_filter(ui, ct_span_is(rest, "all") ? CT_LIT("") : rest);
        }
        return;
    }
    char name[64];
    snprintf(name, sizeof(name), "%.*s", CT_FMT(word));
    if (ct_word(shell_words, word) >= 0) {
        ui_say(ui, false, "%s answers in the shell: cloudtape %.*s", name, CT_FMT(line));
        return;
    }
    const char *near = nearest_command(name);
    ui_say(ui, true, "no command \"%s\"%s%s", name, near ? ", nearest: " : "; Tab lists them",
           near ? near : "");
}
