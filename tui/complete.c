#include "config.h"

/* What Tab offers in the prompt: commands and their words, fields of filters, and values from the rows on record. */
#include "tui/ui.h"

#include "db/base/text.h"
#include "tui/widgets/table.h"

#include <stdio.h>
#include <string.h>

enum { MOST_LISTED = 40 };

/* Adds what all words that begin with START have in common; more than one is listed in LIST. */
struct completion {
    struct ct_span start;
    char common[128];
    int n;
    struct ct_buf list;
};

/* TAIL is what follows a finished word, such as ':'. */
static void offer(struct completion *c, struct ct_span word, const char *tail)
{
    char text[sizeof(c->common)];
    if (word.n < c->start.n || !ct_span_ieq((struct ct_span){word.p, c->start.n}, c->start) ||
        word.n + strlen(tail) >= sizeof(text)) {
        return;
    }
    snprintf(text, sizeof(text), "%.*s%s", CT_FMT(word), tail);
    if (c->n++ == 0) {
        snprintf(c->common, sizeof(c->common), "%s", text);
    }
    size_t same = 0;
    while (c->common[same] && c->common[same] == text[same]) {
        same++;
    }
    c->common[same] = '\0';
    if (c->n <= MOST_LISTED) {
        ct_buf_addf(&c->list, " %s", text);
    }
}

static void offer_all(struct completion *c, const char *const *words)
{
    for (size_t i = 0; words && words[i]; i++) {
        offer(c, ct_span(words[i]), "");
    }
}

/* Values of COLUMN, each once, as a filter takes them: one with a blank or a comma stands in quotes. */
static void offer_values(struct completion *c, const struct ct_column *column,
                         const struct ct_table *t, struct ct_rows rows, struct ct_arena *a)
{
    CT_VEC(struct ct_span) seen = {0};
    for (size_t i = 0; i < rows.n && seen.n < 1000; i++) {
        struct ct_span text = ct_cell_text(column, ct_row(t, rows, i), a);
        size_t k = 0;
        while (k < seen.n && !ct_span_ieq(seen.v[k], text)) {
            k++;
        }
        struct ct_span *one = text.n && k == seen.n ? CT_VEC_PUSH(a, &seen) : NULL;
        if (!one) {
            continue;
        }
        *one = text;
        bool quote = memchr(text.p, ' ', text.n) || memchr(text.p, ',', text.n);
        offer(c, quote ? ct_arena_printf(a, "\"%.*s\"", CT_FMT(text)) : text, "");
    }
}

/* The rows of P are wanted for their values: read, should they not be at hand, and completed when they come. */
static const struct ct_tmodel *model_of(struct ct_ui *ui, struct panel *p)
{
    if (p->has_model) {
        return p->got.model;
    }
    for (size_t i = 0; i < CT_LEN(ui->prompt.asked) && ui->loader && !p->failed; i++) {
        if (!ui->prompt.asked[i] || ui->prompt.asked[i] == p) {
            ui->ask = ui->ask || !ui->prompt.asked[i];
            ui->prompt.asked[i] = p;
            break;
        }
    }
    return NULL;
}

/* Fields of P's table, or values of the field that the word names already. */
static void offer_filter(struct ct_ui *ui, struct completion *c, struct panel *p)
{
    const struct ct_table *t = p ? p->ops->table : NULL;
    struct ct_span word = c->start;
    size_t at = 0;
    if (!t) {
        return;
    }
    while (word.n && word.p[0] == '!') {
        word = (struct ct_span){word.p + 1, word.n - 1};
    }
    while (at < word.n && !memchr(":=<>", word.p[at], 4)) {
        at++;
    }
    const struct ct_column *column =
        at < word.n ? ct_table_column(t, (struct ct_span){word.p, at}) : NULL;
    c->start = word;
    if (at == word.n) {
        for (size_t i = 0; i < t->n_columns; i++) {
            const struct ct_column *one = &t->columns[i];
            bool text = one->type == CT_TYPE_TEXT || one->type == CT_TYPE_ENUM || one->type == CT_TYPE_LIST;
            offer(c, ct_span(one->name), text ? ":" : "");
        }
        return;
    }
    size_t start = word.n; /* the last value of a list */
    while (start > at + 1 && word.p[start - 1] != ',' && word.p[start - 1] != '=') {
        start--;
    }
    c->start = (struct ct_span){word.p + start, word.n - start};
    if (column && column->type == CT_TYPE_ENUM) {
        offer_all(c, column->words);
    } else if (column && column->type == CT_TYPE_TEXT) {
        const struct ct_tmodel *m = model_of(ui, p);
        struct ct_arena *a = ct_arena_new(0);
        if (m) {
            offer_values(c, column, t, m->all, a);
        }
        ct_arena_free(a);
    }
}

/* The table a screen is about. */
static struct panel *main_panel(struct ct_ui *ui, const struct ct_screen *s)
{
    return ui_panel(ui, s, s->layouts[ui->layout.width_class].places[0].panel);
}

/* Names of series that have rows on the screens of offers and of token prices. */
static void offer_series(struct ct_ui *ui, struct completion *c)
{
    static const char *const screens[] = {"gpus", "tokens"};
    struct ct_arena *a = ct_arena_new(0);
    for (size_t i = 0; i < CT_LEN(screens); i++) {
        struct panel *p = main_panel(ui, ui_screen(ct_span(screens[i])));
        const struct ct_column *series = ct_table_column(p->ops->table, CT_LIT("series"));
        const struct ct_tmodel *m = series ? model_of(ui, p) : NULL;
        if (m) {
            offer_values(c, series, p->ops->table, m->all, a);
        }
    }
    ct_arena_free(a);
}

static void offer_names(struct ct_ui *ui, struct completion *c, bool views)
{
    for (size_t i = 0; i < (views ? ui->n_views : ui->n_themes); i++) {
        offer(c, ct_span(views ? ui->views[i].name : ui->themes[i].name), "");
    }
}

static void offer_fields(struct completion *c, const struct panel *p)
{
    for (size_t i = 0; p && p->ops->table && i < p->ops->table->n_columns; i++) {
        offer(c, ct_span(p->ops->table->columns[i].name), "");
    }
}

/* Candidates for the last word: commands and screens at first, then what the command takes. */
static void candidates(struct ct_ui *ui, struct ct_span head, struct completion *c)
{
    struct ct_span rest = head, verb = ct_span_cut(&rest, ' ');
    const struct ct_screen *s = verb.n ? ui_screen(verb) : NULL;
    const struct ct_panel_ops *opens = verb.n ? ui_command_panel(verb) : NULL;
    if (ui->prompt.kind == PROMPT_FILTER || ct_span_is(verb, "filter")) {
        offer_filter(ui, c, ui_focused(ui));
        return;
    }
    for (size_t i = 0; ui_commands[i].name; i++) {
        if (head.n == 0) {
            offer(c, ct_span(ui_commands[i].name), "");
        } else if (ct_span_is(head, ui_commands[i].name)) {
            offer_all(c, ui_commands[i].words);
        }
    }
    for (size_t i = 0; ct_screens[i] && head.n == 0; i++) {
        if (!ct_span_is(CT_LIT("history"), ct_screens[i]->name)) { /* a command as well */
            offer(c, ct_span(ct_screens[i]->name), "");
        }
    }
    if (ct_span_is(verb, "sort")) {
        offer_fields(c, ui_focused(ui));
    } else if (ct_span_is(verb, "history") || ct_span_is(verb, "watch")) {
        offer_series(ui, c);
    } else if (ct_span_is(verb, "view")) {
        offer_names(ui, c, true);
    } else if (ct_span_is(head, "theme") || ct_span_is(head, "set theme")) {
        offer_names(ui, c, false);
    } else if (s || opens) {
        offer_filter(ui, c, s ? main_panel(ui, s) : ui_panel(ui, ui->screen, opens));
    }
}

bool ui_complete(struct ct_ui *ui)
{
    struct prompt *p = &ui->prompt;
    size_t start = 0;
    bool quoted = false;
    for (size_t i = 0; i < p->at; i++) { /* a blank in quotes parts no words */
        quoted = quoted != (p->text[i] == '"');
        start = p->text[i] == ' ' && !quoted ? i + 1 : start;
    }
    struct completion c = {.start = {p->text + start, p->at - start}, .list = CT_BUF_INIT};
    bool filtering = p->kind == PROMPT_FILTER, done = false;
    if (!filtering || c.start.n) {
        candidates(ui, ct_span_trim((struct ct_span){p->text, start}), &c);
    }
    size_t typed = c.start.n;
    bool same = typed == 0 || strncmp(c.common, c.start.p, typed) == 0;
    if (c.n > 0 && (strlen(c.common) > typed || !same)) {
        char common[sizeof(c.common)];
        memcpy(common, c.common, sizeof(common));
        ui_prompt_replace(ui, p->at - typed, common);
        done = true;
    }
    if (c.n > 1) {
        snprintf(p->hint, sizeof(p->hint), "%s", c.list.p + 1);
        done = true;
    }
    if (p->asked[0]) {
        snprintf(p->hint, sizeof(p->hint), "reading what there is");
        done = true;
    }
    ct_buf_free(&c.list);
    return done;
}

void ui_complete_with(struct ct_ui *ui, struct panel *p)
{
    struct panel **asked = ui->prompt.asked;
    if (ui->prompt.kind == PROMPT_NONE || (asked[0] != p && asked[1] != p)) {
        return;
    }
    asked[asked[1] == p] = NULL;
    if (!asked[0]) {
        asked[0] = asked[1];
        asked[1] = NULL;
    }
    if (!asked[0]) {
        ui->prompt.hint[0] = '\0';
        ui_complete(ui);
        ui->dirty_status = true;
    }
}
