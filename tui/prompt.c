#include "config.h"

/* The line where filters and commands are typed: editing, completion, recall. */
#include "tui/ui.h"

#include "tui/typed.h"

#include "db/base/text.h"

#include <stdio.h>
#include <string.h>

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
        pr->before_highlight = p->q.highlight;
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
    ui->prompt.error[0] = ui->prompt.hint[0] = '\0';
    ui->prompt.wrong = 0;
    memset(ui->prompt.asked, 0, sizeof(ui->prompt.asked));
    if (ui->prompt.kind == PROMPT_FILTER && p) {
        ui_apply_filter(ui, p, ct_span(ui->prompt.text), ui->prompt.error, &ui->prompt.wrong);
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

/* At the cursor; false: there is no room for it. */
static bool insert(struct ct_ui *ui, struct ct_span text)
{
    struct prompt *p = &ui->prompt;
    size_t len = strlen(p->text);
    if (len + text.n > PROMPT_MAX) {
        return false;
    }
    memmove(p->text + p->at + text.n, p->text + p->at, len - p->at + 1);
    memcpy(p->text + p->at, text.p, text.n);
    p->at += text.n;
    changed(ui);
    return true;
}

static void insert_key(struct ct_ui *ui, int key)
{
    char bytes[4];
    insert(ui, (struct ct_span){bytes, ct_utf8_encode(bytes, key)});
}

void ui_prompt_paste(struct ct_ui *ui, struct ct_span text, bool cut)
{
    char clean[CT_PASTE_MAX + 1];
    size_t n = ct_text_clean(clean, sizeof(clean), text, 0);
    if (cut || !insert(ui, (struct ct_span){clean, n})) {
        snprintf(ui->prompt.hint, sizeof(ui->prompt.hint), "the pasted text is longer than this line can be");
    }
    ui->dirty_status = true;
}

static void set_text(struct ct_ui *ui, const char *text)
{
    snprintf(ui->prompt.text, sizeof(ui->prompt.text), "%.*s", PROMPT_MAX, text);
    ui->prompt.at = strlen(ui->prompt.text);
    changed(ui);
}

/* Puts TEXT in place of what stands between FROM and the cursor. */
void ui_prompt_replace(struct ct_ui *ui, size_t from, const char *text)
{
    struct prompt *p = &ui->prompt;
    char tail[sizeof(p->text)];
    snprintf(tail, sizeof(tail), "%s", p->text + p->at);
    if (from + strlen(text) + strlen(tail) <= PROMPT_MAX) {
        p->at = from + (size_t)snprintf(p->text + from, sizeof(p->text) - from, "%s", text);
        snprintf(p->text + p->at, sizeof(p->text) - p->at, "%s", tail);
        changed(ui);
    }
}

/* Tab: completes where there is something to complete; in a filter it else switches between hiding rows and
 * highlighting them. */
static void tab(struct ct_ui *ui)
{
    struct panel *p = ui_focused(ui);
    if (!ui_complete(ui) && ui->prompt.kind == PROMPT_FILTER && p) {
        p->q.highlight = !p->q.highlight;
        ui_reload(ui, p);
    }
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
    char error[ERROR_MAX];
    size_t wrong;
    if (ui->prompt.kind == PROMPT_FILTER && p) {
        p->q.highlight = ui->prompt.before_highlight;
        ui_apply_filter(ui, p, ct_span(ui->prompt.before), error, &wrong);
        ui_reload(ui, p);
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
        tab(ui);
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
            insert_key(ui, key);
        }
    }
    ui->dirty_status = true;
}
