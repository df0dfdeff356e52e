#include "config.h"

#include "tui/ui.h"

#include "db/base/ini.h"
#include "db/base/text.h"
#include "tui/term.h"

#include <stdio.h>
#include <string.h>

/* ---- commands ---- */

struct command {
    const char *name, *args, *help;
    void (*run)(struct ct_ui *ui, struct ct_span args);
    const char *const *words; /* completions of the argument, NULL-terminated; or NULL */
};

static void run_at(struct ct_ui *ui, struct ct_span args)
{
    int64_t at;
    struct ct_error e = {0};
    if (!args.n || ct_span_is(args, "now")) {
        ui_set_at(ui, CT_LIVE);
        ui_say(ui, false, "live again");
    } else if (ct_time_parse_user(args, ct_now_ms(), &at, &e) != CT_OK) {
        ui_say(ui, true, "%.*s: %s", CT_FMT(args), e.what);
    } else if (at >= ct_now_ms()) {
        ui_say(ui, true, "%.*s lies ahead: nothing is known of it", CT_FMT(args));
    } else {
        char text[CT_TIME_MAX];
        ct_time_format(text, at);
        ui_set_at(ui, at);
        ui_say(ui, false, "as of %s; :at now returns", text);
    }
}

/* Applies TEXT as the panel's filter, if it is one. False: ERROR says why not. */
static bool apply_filter(struct ct_ui *ui, struct panel *p, struct ct_span text, char *error, size_t cap)
{
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
        snprintf(error, cap, "%.60s%s%.160s", e.where, e.where[0] ? ": " : "", e.what);
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
    char error[256];
    struct panel *p = ui_focused(ui);
    if (p && !apply_filter(ui, p, args, error, sizeof(error))) {
        ui_say(ui, true, "%s", error);
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
    } else if (ct_span_is(name, "tz")) {
        run_tz(ui, value);
    } else if (ct_span_is(name, "theme")) {
        run_theme(ui, value);
    } else if (ct_span_is(name, "charset")) {
        run_charset(ui, value);
    } else {
        ui_say(ui, true, "set what: gone on|off, tz utc|local|both, theme NAME, charset NAME");
    }
}

static void run_history(struct ct_ui *ui, struct ct_span args)
{
    if (args.n) {
        ui_set_history(ui, args, false);
    }
    ui_goto(ui, ui_screen(CT_LIT("history")));
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

static void run_quit(struct ct_ui *ui, struct ct_span args)
{
    (void)args;
    ui_leave(ui, CT_UI_QUIT);
}

static const char *const set_words[] = {"gone on", "gone off", "tz utc",  "tz local",
                                        "tz both", "theme",    "charset", NULL};
static const char *const charset_words[] = {"auto", "unicode", "narrow", "ascii", NULL};

static const struct command commands[] = {
    {"at", "TIME | now", "every screen as of that moment", run_at, NULL},
    {"charset", "auto | unicode | narrow | ascii", "how lines are drawn", run_charset, charset_words},
    {"demo", "", "open the simulated market", run_demo, NULL},
    {"filter", "TEXT", "filter this panel", run_filter, NULL},
    {"help", "", "keys that work here", run_help, NULL},
    {"history", "SERIES", "history of a series", run_history, NULL},
    {"keys", "", "keys that work here", run_help, NULL},
    {"messages", "", "all messages", run_messages, NULL},
    {"config errors", "", "all messages", run_messages, NULL},
    {"pause", "", "stop and resume painting", run_pause, NULL},
    {"q", "", "quit", run_quit, NULL},
    {"quit", "", "quit", run_quit, NULL},
    {"refresh", "[SOURCE]", "ask the fetcher to fetch again", run_refresh, NULL},
    {"set", "NAME VALUE", "gone, tz, theme, charset", run_set, set_words},
    {"sort", "COLUMN[:desc]", "sort this panel", run_sort, NULL},
    {"theme", "NAME", "another theme", run_theme, ct_theme_names},
    {"watch", "[ID]", "follow the row, or stop", run_watch, NULL},
};

static const char *nearest_command(const char *word)
{
    const char *names[CT_LEN(commands) + 16];
    size_t n = 0;
    for (size_t i = 0; i < CT_LEN(commands); i++) {
        names[n++] = commands[i].name;
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
    for (size_t i = 0; i < CT_LEN(commands); i++) {
        size_t n = strlen(commands[i].name);
        if (ct_span_starts(line, commands[i].name) && (line.n == n || line.p[n] == ' ')) {
            commands[i].run(ui, ct_span_trim((struct ct_span){line.p + n, line.n - n}));
            return;
        }
    }
    struct ct_span rest = line, word = ct_span_cut(&rest, ' ');
    const struct ct_screen *s = word.n ? ui_screen(word) : NULL;
    if (s) {
        ui_goto(ui, s);
        if (ct_span_trim(rest).n) { /* :gpus h100 price<2.5 */
            run_filter(ui, rest);
        }
        return;
    }
    char name[64];
    snprintf(name, sizeof(name), "%.*s", CT_FMT(word));
    const char *near = nearest_command(name);
    ui_say(ui, true, "no command \"%s\"%s%s", name, near ? ", nearest: " : "; Tab lists them",
           near ? near : "");
}

/* ---- the prompt ---- */

void ui_prompt_open(struct ct_ui *ui, enum prompt_kind kind)
{
    struct panel *p = ui_focused(ui);
    struct prompt *pr = &ui->prompt;
    if (kind == PROMPT_FILTER && (!p || !p->ops->table)) {
        ui_say(ui, true, "nothing to filter here");
        return;
    }
    memset(pr, 0, sizeof(*pr));
    pr->kind = kind;
    ui->overlay = OVERLAY_NONE;
    if (kind == PROMPT_FILTER) {
        snprintf(pr->text, sizeof(pr->text), "%.*s", PROMPT_MAX, p->q.filter);
        snprintf(pr->before, sizeof(pr->before), "%s", pr->text);
        pr->at = strlen(pr->text);
    }
    ui->dirty_all = true;
}

static void close_prompt(struct ct_ui *ui)
{
    ui->prompt.kind = PROMPT_NONE;
    ui->dirty_all = true;
}

/* A change of the text: a filter applies while it is typed, as long as it is one. */
static void changed(struct ct_ui *ui)
{
    struct panel *p = ui_focused(ui);
    ui->prompt.error[0] = '\0';
    if (ui->prompt.kind == PROMPT_FILTER && p) {
        apply_filter(ui, p, ct_span(ui->prompt.text), ui->prompt.error, sizeof(ui->prompt.error));
    }
    ui->dirty_status = true;
}

static size_t step_left(const char *text, size_t at)
{
    while (at > 0 && ((unsigned char)text[--at] & 0xc0) == 0x80) {
    }
    return at;
}

static size_t step_right(const char *text, size_t at)
{
    if (text[at]) {
        at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80) {
            at++;
        }
    }
    return at;
}

static void erase(struct ct_ui *ui, size_t from, size_t to)
{
    struct prompt *p = &ui->prompt;
    memmove(p->text + from, p->text + to, strlen(p->text + to) + 1);
    p->at = from;
    changed(ui);
}

static void insert(struct ct_ui *ui, int key)
{
    struct prompt *p = &ui->prompt;
    char bytes[4];
    size_t n = ct_utf8_encode(bytes, key), len = strlen(p->text);
    if (len + n > PROMPT_MAX) {
        return;
    }
    memmove(p->text + p->at + n, p->text + p->at, len - p->at + 1);
    memcpy(p->text + p->at, bytes, n);
    p->at += n;
    changed(ui);
}

static void set_text(struct ct_ui *ui, const char *text)
{
    snprintf(ui->prompt.text, sizeof(ui->prompt.text), "%.*s", PROMPT_MAX, text);
    ui->prompt.at = strlen(ui->prompt.text);
    changed(ui);
}

/* Adds what all of WORDS that begin with START have in common; more than one is listed in LIST. */
struct completion {
    struct ct_span start;
    char common[128];
    int n;
    struct ct_buf list;
};

static void complete_with(struct completion *c, const char *word)
{
    if (!word || !ct_span_istarts(ct_span(word), "") || strlen(word) < c->start.n ||
        strncmp(word, c->start.p, c->start.n) != 0) {
        return;
    }
    if (c->n++ == 0) {
        snprintf(c->common, sizeof(c->common), "%s", word);
    }
    size_t same = 0;
    while (c->common[same] && c->common[same] == word[same]) {
        same++;
    }
    c->common[same] = '\0';
    ct_buf_addf(&c->list, " %s", word);
}

/* Candidates for the last word: commands and screens at first, then what the command takes; fields in a filter. */
static void candidates(struct ct_ui *ui, struct ct_span head, struct completion *c)
{
    struct panel *p = ui_focused(ui);
    if (ui->prompt.kind == PROMPT_FILTER) {
        for (size_t i = 0; p && p->ops->table && i < p->ops->table->n_columns; i++) {
            complete_with(c, p->ops->table->columns[i].name);
        }
        return;
    }
    if (head.n == 0) {
        for (size_t i = 0; i < CT_LEN(commands); i++) {
            complete_with(c, commands[i].name);
        }
        for (size_t i = 0; ct_screens[i]; i++) {
            complete_with(c, ct_screens[i]->name);
        }
        return;
    }
    for (size_t i = 0; i < CT_LEN(commands); i++) {
        for (size_t w = 0; ct_span_is(head, commands[i].name) && commands[i].words && commands[i].words[w];
             w++) {
            complete_with(c, commands[i].words[w]);
        }
    }
    if (ct_span_is(head, "sort") || ct_span_is(head, "filter")) {
        for (size_t i = 0; p && p->ops->table && i < p->ops->table->n_columns; i++) {
            complete_with(c, p->ops->table->columns[i].name);
        }
    }
}

static void complete(struct ct_ui *ui)
{
    struct prompt *p = &ui->prompt;
    struct ct_span all = {p->text, p->at};
    size_t start = p->at;
    while (start > 0 && all.p[start - 1] != ' ') {
        start--;
    }
    struct completion c = {.start = {p->text + start, p->at - start}, .list = CT_BUF_INIT};
    candidates(ui, ct_span_trim((struct ct_span){p->text, start}), &c);
    if (c.n > 0 && strlen(c.common) > c.start.n) {
        for (const char *s = c.common + c.start.n; *s; s++) {
            insert(ui, (unsigned char)*s);
        }
    }
    if (c.n > 1) {
        snprintf(p->error, sizeof(p->error), "%s", c.list.p + 1);
    }
    ct_buf_free(&c.list);
}

static void recall(struct ct_ui *ui, int by)
{
    struct prompt *p = &ui->prompt;
    int to = p->recall + by;
    if (p->kind == PROMPT_COMMAND && to >= 0 && to <= ui->n_history) {
        p->recall = to;
        set_text(ui, to == 0 ? "" : ui->history[ui->n_history - to]);
    }
}

static void remember(struct ct_ui *ui, const char *line)
{
    if (!line[0] || (ui->n_history && strcmp(ui->history[ui->n_history - 1], line) == 0)) {
        return;
    }
    if (ui->n_history == HISTORY_MAX) {
        memmove(ui->history[0], ui->history[1], sizeof(ui->history) - sizeof(ui->history[0]));
        ui->n_history--;
    }
    snprintf(ui->history[ui->n_history++], sizeof(ui->history[0]), "%s", line);
}

static void enter(struct ct_ui *ui)
{
    struct prompt *p = &ui->prompt;
    if (p->kind == PROMPT_FILTER) {
        if (!p->error[0]) {
            close_prompt(ui);
        }
        return;
    }
    char line[sizeof(p->text)];
    memcpy(line, p->text, sizeof(line));
    remember(ui, line);
    close_prompt(ui);
    if (ct_span_trim(ct_span(line)).n) {
        ui_command(ui, ct_span(line));
    }
}

static void leave(struct ct_ui *ui)
{
    struct panel *p = ui_focused(ui);
    char error[256];
    if (ui->prompt.kind == PROMPT_FILTER && p) {
        apply_filter(ui, p, ct_span(ui->prompt.before), error, sizeof(error));
    }
    close_prompt(ui);
}

void ui_prompt_key(struct ct_ui *ui, int key)
{
    struct prompt *p = &ui->prompt;
    size_t word;
    switch (key) {
    case CT_KEY_ENTER:
        enter(ui);
        return;
    case CT_KEY_ESC:
    case 7: /* Ctrl-G */
        leave(ui);
        return;
    case CT_KEY_TAB:
        complete(ui);
        break;
    case CT_KEY_UP:
        recall(ui, 1);
        break;
    case CT_KEY_DOWN:
        recall(ui, -1);
        break;
    case CT_KEY_LEFT:
        p->at = step_left(p->text, p->at);
        break;
    case CT_KEY_RIGHT:
        p->at = step_right(p->text, p->at);
        break;
    case CT_KEY_HOME:
        p->at = 0;
        break;
    case CT_KEY_END:
        p->at = strlen(p->text);
        break;
    case CT_KEY_BACKSPACE:
        if (!p->text[0] && p->kind == PROMPT_COMMAND) {
            leave(ui);
            return;
        }
        erase(ui, step_left(p->text, p->at), p->at);
        break;
    case CT_KEY_DEL:
        erase(ui, p->at, step_right(p->text, p->at));
        break;
    case 21: /* Ctrl-U */
        erase(ui, 0, p->at);
        break;
    case 23: /* Ctrl-W: the word before the cursor */
        for (word = p->at; word > 0 && p->text[word - 1] == ' '; word--) {
        }
        for (; word > 0 && p->text[word - 1] != ' '; word--) {
        }
        erase(ui, word, p->at);
        break;
    default:
        if (key >= ' ' && key < CT_KEY_UP) {
            insert(ui, key);
        }
    }
    ui->dirty_status = true;
}
