/* Keys: one table of {context, key, action}. Help, status bar, `cloudtape keys` and the manual come from it.
 * Knows no terminal: term.c turns what arrives into these codes. UI thread or a one-shot command. */
#ifndef CT_KEYS_H
#define CT_KEYS_H

#include "tui/view.h"

/* Keys that are no character; a character is its code point (Ctrl-X is 1..26). */
enum ct_key {
    CT_KEY_NONE = 0,
    CT_KEY_TAB = 9,
    CT_KEY_ENTER = 13,
    CT_KEY_ESC = 27,
    CT_KEY_BACKSPACE = 127,
    CT_KEY_UP = 0x110000,
    CT_KEY_DOWN,
    CT_KEY_LEFT,
    CT_KEY_RIGHT,
    CT_KEY_SLEFT,
    CT_KEY_SRIGHT,
    CT_KEY_HOME,
    CT_KEY_END,
    CT_KEY_PGUP,
    CT_KEY_PGDN,
    CT_KEY_DEL,
    CT_KEY_BACKTAB,
    CT_KEY_F1,
    CT_KEY_F12 = CT_KEY_F1 + 11,
    CT_KEY_MOUSE,
    CT_KEY_PASTE, /* text, not keys: ct_term_pasted */
    CT_KEY_FOCUS_IN, /* no key: the terminal's window, or the pane of tmux, has the keyboard from now on */
    CT_KEY_FOCUS_OUT,
    CT_KEY_LAST,
};

/* KEY's name: "j", "space", "ctrl-l", "pgdn", "f1". OUT holds 16 bytes. */
void ct_key_name(char out[16], int key);
/* The key NAME means ("ctrl-n", "x", "semicolon"), or CT_KEY_NONE. Also the forms "C-n" and "^N". */
int ct_key_parse(struct ct_span name);

struct ct_binding {
    enum ct_key_context context;
    int key, second; /* second != 0: typed after KEY ("g" "g") */
    enum ct_action action;
    bool changed;    /* by the config */
};

/* One line of [keys] or [keys chart] in the config: NAME = ACTION. */
struct ct_key_override {
    const char *context; /* "", "table", "chart" */
    const char *key, *action;
    const char *where;   /* "config.ini:12" */
};

struct ct_keymap {
    struct ct_binding v[256];
    size_t n;
};

/* The built-in table. */
void ct_keymap_init(struct ct_keymap *m);
/* Applies O; CT_ERR_CONFIG with O->where and the nearest name, the map as it was. */
CT_MUST_USE enum ct_status ct_keymap_override(struct ct_keymap *m, const struct ct_key_override *o,
                                              struct ct_error *err);
/* The action of KEY in CONTEXT (its own rows win over those that work everywhere). SECOND is the key after a
 * prefix, 0 for none. */
enum ct_action ct_keymap_find(const struct ct_keymap *m, enum ct_key_context context, int key,
                              int second);
/* Whether KEY starts a pair in CONTEXT, such as g. */
bool ct_keymap_prefix(const struct ct_keymap *m, enum ct_key_context context, int key);
/* The first key bound to ACTION in CONTEXT as people read it ("j", "g g"), "" when none. OUT: 40 bytes. */
void ct_keymap_label(const struct ct_keymap *m, enum ct_key_context context, enum ct_action action,
                     char out[40]);

extern const char *const ct_action_words[CT_N_ACTIONS + 1];
extern const char *const ct_action_helps[CT_N_ACTIONS];
extern const char *const ct_key_context_words[4]; /* "everywhere", "table", "chart", NULL */

#endif
