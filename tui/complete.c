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

/* Fields of P's table, or values of the field that the word names already. */
static void offer_filter(struct completion *c, struct panel *p)
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
    } else if (column && column->type == CT_TYPE_TEXT && p->has_model) {
        const struct ct_tmodel *m = p->got.model;
        struct ct_arena *a = ct_arena_new(0);
        offer_values(c, column, t, m->all, a);
        ct_arena_free(a);
    }
}

/* Names of series in what has been read so far, on any screen. */
static void offer_series(struct ct_ui *ui, struct completion *c)
{
    struct ct_arena *a = ct_arena_new(0);
    for (size_t i = 1; i < ui->n_panels; i++) {
        const struct panel *p = ui->panels[i];
        const struct ct_column *series =
            p->ops->table && p->has_model ? ct_table_column(p->ops->table, CT_LIT("series")) : NULL;
        if (series) {
            const struct ct_tmodel *m = p->got.model;
            offer_values(c, series, p->ops->table, m->all, a);
        }
    }
    ct_arena_free(a);
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
    if (ui->prompt.kind == PROMPT_FILTER || ct_span_is(verb, "filter")) {
        offer_filter(c, ui_focused(ui));
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
        offer(c, ct_span(ct_screens[i]->name), "");
    }
    if (ct_span_is(verb, "sort")) {
        offer_fields(c, ui_focused(ui));
    } else if (ct_span_is(verb, "history") || ct_span_is(verb, "watch")) {
        offer_series(ui, c);
    } else if (s) {
        offer_filter(c, ui_panel(ui, s, s->layouts[ui->layout.width_class].places[0].panel));
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
    ct_buf_free(&c.list);
    return done;
}
