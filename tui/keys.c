#include "config.h"

#include "tui/keys.h"

#include "db/base/ini.h"
#include "db/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *const ct_action_words[CT_N_ACTIONS + 1] = {
#define X(name, word, help) word,
    CT_ACTION_LIST(X)
#undef X
        NULL};
const char *const ct_action_helps[CT_N_ACTIONS] = {
#define X(name, word, help) help,
    CT_ACTION_LIST(X)
#undef X
};
const char *const ct_key_context_words[] = {"everywhere", "table", "chart", NULL};

#define CTRL(c) ((c) & 0x1f)
#define ALL CT_KEYS_EVERYWHERE
#define TABLE CT_KEYS_TABLE
#define CHART CT_KEYS_CHART

/* The first line of an action is the one shown. ux.md section 4; nothing on Ctrl-A, B, S, Q, W or Alt. */
static const struct ct_binding defaults[] = {
    {ALL, '?', 0, CT_ACT_HELP, false},
    {ALL, CT_KEY_F1, 0, CT_ACT_HELP, false},
    {ALL, ':', 0, CT_ACT_COMMAND, false},
    {ALL, '/', 0, CT_ACT_FILTER, false},
    {ALL, '1', 0, CT_ACT_SCREEN_1, false},
    {ALL, '2', 0, CT_ACT_SCREEN_2, false},
    {ALL, '3', 0, CT_ACT_SCREEN_3, false},
    {ALL, '4', 0, CT_ACT_SCREEN_4, false},
    {ALL, '5', 0, CT_ACT_SCREEN_5, false},
    {ALL, '6', 0, CT_ACT_SCREEN_6, false},
    {ALL, '7', 0, CT_ACT_SCREEN_7, false},
    {ALL, '8', 0, CT_ACT_SCREEN_8, false},
    {ALL, 'g', 'o', CT_ACT_SCREEN_1, false},
    {ALL, 'g', 's', CT_ACT_SCREEN_2, false},
    {ALL, 'g', 'p', CT_ACT_SCREEN_3, false},
    {ALL, 'g', 't', CT_ACT_SCREEN_4, false},
    {ALL, 'g', 'm', CT_ACT_SCREEN_5, false},
    {ALL, 'g', 'h', CT_ACT_SCREEN_6, false},
    {ALL, 'g', 'a', CT_ACT_SCREEN_7, false},
    {ALL, 'g', 'd', CT_ACT_SCREEN_8, false},
    {ALL, CT_KEY_TAB, 0, CT_ACT_PANEL_NEXT, false},
    {ALL, CT_KEY_BACKTAB, 0, CT_ACT_PANEL_PREV, false},
    {ALL, 'z', 0, CT_ACT_ZOOM, false},
    {ALL, 'q', 0, CT_ACT_BACK, false},
    {ALL, CT_KEY_ESC, 0, CT_ACT_BACK, false},
    {ALL, 'Q', 0, CT_ACT_QUIT, false},
    {ALL, CT_KEY_F1 + 9, 0, CT_ACT_QUIT, false},
    {ALL, CTRL('c'), 0, CT_ACT_QUIT, false},
    {ALL, 'r', 0, CT_ACT_REFRESH, false},
    {ALL, 'R', 0, CT_ACT_REFRESH, false},
    {ALL, CT_KEY_F1 + 4, 0, CT_ACT_REFRESH, false},
    {ALL, 'p', 0, CT_ACT_PAUSE, false},
    {ALL, 'T', 0, CT_ACT_THEME, false},
    {ALL, 'M', 0, CT_ACT_MOUSE, false},
    {ALL, '!', 0, CT_ACT_SUSPECT, false},
    {ALL, 'm', 0, CT_ACT_SET_MARK, false},
    {ALL, '\'', 0, CT_ACT_JUMP_MARK, false},
    {ALL, CT_KEY_BACKSPACE, 0, CT_ACT_PREVIOUS_SCREEN, false},
    {ALL, CTRL('l'), 0, CT_ACT_REDRAW, false},
    {ALL, CTRL('z'), 0, CT_ACT_SUSPEND, false},
    {ALL, 'D', 0, CT_ACT_DEMO, false},
    {ALL, 'B', 0, CT_ACT_HOUR_BACK, false},
    {ALL, 'F', 0, CT_ACT_HOUR_ON, false},
    {ALL, '{', 0, CT_ACT_DAY_BACK, false},
    {ALL, 'K', 0, CT_ACT_DAY_BACK, false},
    {ALL, '}', 0, CT_ACT_DAY_ON, false},
    {ALL, 'J', 0, CT_ACT_DAY_ON, false},
    {ALL, 'O', 0, CT_ACT_EVENT_BACK, false},
    {ALL, 'I', 0, CT_ACT_EVENT_ON, false},
    {ALL, '.', 0, CT_ACT_LIVE, false},

    {TABLE, 'j', 0, CT_ACT_ROW_DOWN, false},
    {TABLE, CT_KEY_DOWN, 0, CT_ACT_ROW_DOWN, false},
    {TABLE, 'k', 0, CT_ACT_ROW_UP, false},
    {TABLE, CT_KEY_UP, 0, CT_ACT_ROW_UP, false},
    {TABLE, 'h', 0, CT_ACT_COL_LEFT, false},
    {TABLE, CT_KEY_LEFT, 0, CT_ACT_COL_LEFT, false},
    {TABLE, 'l', 0, CT_ACT_COL_RIGHT, false},
    {TABLE, CT_KEY_RIGHT, 0, CT_ACT_COL_RIGHT, false},
    {TABLE, 'g', 'g', CT_ACT_TOP, false},
    {TABLE, CT_KEY_HOME, 0, CT_ACT_TOP, false},
    {TABLE, 'G', 0, CT_ACT_BOTTOM, false},
    {TABLE, CT_KEY_END, 0, CT_ACT_BOTTOM, false},
    {TABLE, CTRL('d'), 0, CT_ACT_HALF_DOWN, false},
    {TABLE, CTRL('u'), 0, CT_ACT_HALF_UP, false},
    {TABLE, CT_KEY_PGDN, 0, CT_ACT_PAGE_DOWN, false},
    {TABLE, CT_KEY_PGUP, 0, CT_ACT_PAGE_UP, false},
    {TABLE, CT_KEY_ENTER, 0, CT_ACT_DETAIL, false},
    {TABLE, 's', 0, CT_ACT_SORT, false},
    {TABLE, 'i', 0, CT_ACT_REVERSE, false},
    {TABLE, ',', 0, CT_ACT_COLUMN_LEFT, false},
    {TABLE, '.', 0, CT_ACT_COLUMN_RIGHT, false},
    {TABLE, 'C', 0, CT_ACT_COLUMNS, false},
    {TABLE, 'n', 0, CT_ACT_NEXT_MATCH, false},
    {TABLE, 'N', 0, CT_ACT_PREV_MATCH, false},
    {TABLE, 'b', 0, CT_ACT_GROUP, false},
    {TABLE, ' ', 0, CT_ACT_MARK, false},
    {TABLE, 'w', 0, CT_ACT_WATCH, false},
    {TABLE, 'W', 0, CT_ACT_WATCH_ONLY, false},
    {TABLE, '<', 0, CT_ACT_WATCH_UP, false},
    {TABLE, '>', 0, CT_ACT_WATCH_DOWN, false},
    {TABLE, 'c', 0, CT_ACT_COMPARE, false},
    {TABLE, 'L', 0, CT_ACT_HISTORY, false},
    {TABLE, 'e', 0, CT_ACT_NEXT_EVENT, false},
    {TABLE, 'E', 0, CT_ACT_PREV_EVENT, false},
    {TABLE, 'a', 0, CT_ACT_ACK, false},
    {TABLE, 'S', 0, CT_ACT_SILENCE, false},
    {TABLE, 'A', 0, CT_ACT_ALERT_RULE, false},
    {TABLE, 't', 0, CT_ACT_SEND_TEST, false},
    {TABLE, '+', 0, CT_ACT_EXTEND, false},
    {TABLE, 'd', 0, CT_ACT_END_SILENCE, false},
    {TABLE, 'x', 0, CT_ACT_EXIT, false},
    {TABLE, 'X', 0, CT_ACT_COST, false},
    {TABLE, 'u', 0, CT_ACT_UNITS, false},
    {TABLE, 'o', 0, CT_ACT_OPEN, false},
    {TABLE, 'y', 0, CT_ACT_COPY, false},
    {TABLE, 'Y', 0, CT_ACT_COPY_JSON, false},

    {CHART, 'h', 0, CT_ACT_COL_LEFT, false},
    {CHART, CT_KEY_LEFT, 0, CT_ACT_COL_LEFT, false},
    {CHART, 'l', 0, CT_ACT_COL_RIGHT, false},
    {CHART, CT_KEY_RIGHT, 0, CT_ACT_COL_RIGHT, false},
    {CHART, 'H', 0, CT_ACT_CURSOR_LEFT_10, false},
    {CHART, CT_KEY_SLEFT, 0, CT_ACT_CURSOR_LEFT_10, false},
    {CHART, 'L', 0, CT_ACT_CURSOR_RIGHT_10, false},
    {CHART, CT_KEY_SRIGHT, 0, CT_ACT_CURSOR_RIGHT_10, false},
    {CHART, '<', 0, CT_ACT_PAN_LEFT, false},
    {CHART, '>', 0, CT_ACT_PAN_RIGHT, false},
    {CHART, '+', 0, CT_ACT_ZOOM_IN, false},
    {CHART, '-', 0, CT_ACT_ZOOM_OUT, false},
    {CHART, '=', 0, CT_ACT_ZOOM_RESET, false},
    {CHART, '[', 0, CT_ACT_SHORTER, false},
    {CHART, '(', 0, CT_ACT_SHORTER, false},
    {CHART, ']', 0, CT_ACT_LONGER, false},
    {CHART, ')', 0, CT_ACT_LONGER, false},
    {CHART, '.', 0, CT_ACT_LIVE, false},
    {CHART, 'x', 0, CT_ACT_ANCHOR, false},
    {CHART, 'e', 0, CT_ACT_NEXT_EVENT, false},
    {CHART, 'E', 0, CT_ACT_PREV_EVENT, false},
    {CHART, 'j', 0, CT_ACT_ROW_DOWN, false},
    {CHART, CT_KEY_DOWN, 0, CT_ACT_ROW_DOWN, false},
    {CHART, 'k', 0, CT_ACT_ROW_UP, false},
    {CHART, CT_KEY_UP, 0, CT_ACT_ROW_UP, false},
    {CHART, CT_KEY_ENTER, 0, CT_ACT_DETAIL, false},
    {CHART, 'd', 0, CT_ACT_DROP, false},
    {CHART, 'v', 0, CT_ACT_STYLE, false},
    {CHART, '%', 0, CT_ACT_PERCENT, false},
    {CHART, 'V', 0, CT_ACT_LOG, false},
    {CHART, 'y', 0, CT_ACT_COPY, false},
};

/* ---- names ---- */

static const struct {
    int key;
    const char *name;
} names[] = {
    {' ', "space"},          {CT_KEY_TAB, "tab"},         {CT_KEY_ENTER, "enter"},
    {CT_KEY_ESC, "esc"},     {CT_KEY_BACKSPACE, "backspace"}, {CT_KEY_UP, "up"},
    {CT_KEY_DOWN, "down"},   {CT_KEY_LEFT, "left"},       {CT_KEY_RIGHT, "right"},
    {CT_KEY_SLEFT, "shift-left"}, {CT_KEY_SRIGHT, "shift-right"}, {CT_KEY_HOME, "home"},
    {CT_KEY_END, "end"},     {CT_KEY_PGUP, "pgup"},       {CT_KEY_PGDN, "pgdn"},
    {CT_KEY_DEL, "del"},     {CT_KEY_BACKTAB, "shift-tab"}, {CT_KEY_MOUSE, "mouse"},
    {';', "semicolon"},      {'=', "equals"},             {'#', "hash"},
    {'[', "bracketleft"},    {']', "bracketright"},       {':', "colon"},
};

void ct_key_name(char out[16], int key)
{
    for (size_t i = 0; i < CT_LEN(names); i++) {
        bool printable = key > ' ' && key < 127; /* those have a second name for INI files only */
        if (names[i].key == key && !printable) {
            snprintf(out, 16, "%s", names[i].name);
            return;
        }
    }
    if (key >= CT_KEY_F1 && key <= CT_KEY_F12) {
        snprintf(out, 16, "f%d", key - CT_KEY_F1 + 1);
    } else if (key > 0 && key < ' ') {
        snprintf(out, 16, "ctrl-%c", key + 'a' - 1);
    } else if (key > ' ' && key < CT_KEY_UP) {
        out[ct_utf8_encode(out, key)] = '\0';
    } else {
        out[0] = '\0';
    }
}

int ct_key_parse(struct ct_span name)
{
    for (size_t i = 0; i < CT_LEN(names); i++) {
        if (ct_span_ieq(name, ct_span(names[i].name))) {
            return names[i].key;
        }
    }
    static const char *const controls[] = {"ctrl-", "C-", "^"};
    for (size_t i = 0; i < CT_LEN(controls); i++) {
        size_t n = strlen(controls[i]);
        if (name.n == n + 1 && ct_span_istarts(name, controls[i])) {
            char c = name.p[n];
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? CTRL(c) : CT_KEY_NONE;
        }
    }
    int64_t f = 0;
    if (name.n > 1 && (name.p[0] == 'f' || name.p[0] == 'F') &&
        ct_span_int((struct ct_span){name.p + 1, name.n - 1}, &f) == CT_OK && f >= 1 && f <= 12) {
        return CT_KEY_F1 + (int)f - 1;
    }
    int32_t point = 0;
    if (name.n > 0 && ct_utf8_decode(name, 0, &point) == name.n && point > ' ') {
        return point;
    }
    return CT_KEY_NONE;
}

/* ---- the map ---- */

void ct_keymap_init(struct ct_keymap *m)
{
    _Static_assert(CT_LEN(defaults) + 64 <= CT_LEN(m->v), "no room for the person's own keys");
    memcpy(m->v, defaults, sizeof(defaults));
    m->n = CT_LEN(defaults);
}

static int word_index(const char *const *words, const char *word)
{
    int i = 0;
    while (words[i] && strcmp(words[i], word) != 0) {
        i++;
    }
    return words[i] ? i : -1;
}

enum ct_status ct_keymap_override(struct ct_keymap *m, const struct ct_key_override *o,
                                  struct ct_error *err)
{
    const char *near;
    int context = o->context && o->context[0] ? word_index(ct_key_context_words, o->context) : 0;
    int key = ct_key_parse(ct_span(o->key)), action = word_index(ct_action_words, o->action);
    if (action < 0 && context == CT_KEYS_CHART && strncmp(o->action, "chart_", 6) == 0) {
        action = word_index(ct_action_words, o->action + 6); /* the context named once more */
    }
    if (context < 0) {
        near = ct_nearest(o->context, ct_key_context_words);
        return ct_fail(err, CT_ERR_CONFIG, o->where, "no keys of \"%s\"%s%s", o->context,
                       near ? ", nearest: " : "", near ? near : "");
    }
    if (key == CT_KEY_NONE) {
        return ct_fail(err, CT_ERR_CONFIG, o->where, "\"%s\" is no key", o->key);
    }
    if (action < 0) {
        near = ct_nearest(o->action, ct_action_words);
        return ct_fail(err, CT_ERR_CONFIG, o->where, "no action \"%s\"%s%s", o->action,
                       near ? ", nearest: " : "", near ? near : "");
    }
    /* The key loses what it had there, also as the start of a pair; what is said of everywhere holds also where the
     * built-in table knows better. */
    size_t kept = 0;
    for (size_t i = 0; i < m->n; i++) {
        bool there = (int)m->v[i].context == context || (context == CT_KEYS_EVERYWHERE && !m->v[i].changed);
        bool same = m->v[i].key == key && there;
        if (!same) {
            m->v[kept++] = m->v[i];
        }
    }
    m->n = kept;
    if (m->n == CT_LEN(m->v)) {
        return ct_fail(err, CT_ERR_CONFIG, o->where, "too many keys");
    }
    /* In front: what the person chose is what help shows. "none" stays as a row that hides the key below. */
    memmove(m->v + 1, m->v, m->n * sizeof(*m->v));
    m->v[0] = (struct ct_binding){(enum ct_key_context)context, key, 0, (enum ct_action)action, true};
    m->n++;
    return CT_OK;
}

enum ct_action ct_keymap_find(const struct ct_keymap *m, enum ct_key_context context, int key,
                              int second)
{
    for (int pass = 0; pass < 2; pass++) {
        enum ct_key_context c = pass == 0 ? context : CT_KEYS_EVERYWHERE;
        for (size_t i = 0; i < m->n; i++) {
            const struct ct_binding *b = &m->v[i];
            if (b->context == c && b->key == key && b->second == second) {
                return b->action;
            }
        }
    }
    return CT_ACT_NONE;
}

bool ct_keymap_prefix(const struct ct_keymap *m, enum ct_key_context context, int key)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct ct_binding *b = &m->v[i];
        if (b->key == key && b->second &&
            (b->context == context || b->context == CT_KEYS_EVERYWHERE)) {
            return true;
        }
    }
    return false;
}

void ct_keymap_label(const struct ct_keymap *m, enum ct_key_context context, enum ct_action action,
                     char out[40])
{
    out[0] = '\0';
    for (int pass = 0; pass < 2 && !out[0]; pass++) {
        enum ct_key_context c = pass == 0 ? context : CT_KEYS_EVERYWHERE;
        for (size_t i = 0; i < m->n && !out[0]; i++) {
            const struct ct_binding *b = &m->v[i];
            char first[16], second[16] = "";
            if (b->context != c || b->action != action) {
                continue;
            }
            ct_key_name(first, b->key);
            if (b->second) {
                ct_key_name(second, b->second);
            }
            snprintf(out, 40, "%s%s%s", first, b->second ? " " : "", second);
        }
    }
}
