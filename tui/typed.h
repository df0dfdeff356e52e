/* Between what a terminal sends and the keys it means: answers that nobody asked for, focus, pastes, and function keys
 * that its description does not know. Knows no terminal: term.c feeds it what ncurses made of the bytes. UI thread. */
#ifndef CT_TYPED_H
#define CT_TYPED_H

#include "tui/keys.h"

enum { CT_PASTE_MAX = 1024 }; /* bytes of a paste that are kept */

struct ct_typed {
    enum ct_typed_state {
        CT_TYPED_KEYS,
        CT_TYPED_ESCAPE,     /* after ESC */
        CT_TYPED_INTRODUCED, /* after ESC and what begins a sequence of the kind INTRO; perhaps two keys */
        CT_TYPED_CONTROL,    /* within ESC [ ... */
        CT_TYPED_STRING,     /* within ESC ] ... and its like, up to their end */
        CT_TYPED_ENDING,     /* after an ESC in one: half of what ends it */
        CT_TYPED_SKIP,       /* SKIP more characters belong to it */
    } state;
    int intro, skip;
    int64_t at_mono_ms; /* of what came last */
    char prefix;        /* of a control sequence: '?' and the like, 0: none */
    int params[4], n_params;
    bool odd;           /* it has what no key's has */
    bool pasting, cut;
    char paste[CT_PASTE_MAX + 4];
    size_t n_paste;
    int out[6], n_out;  /* keys made out, in order */
};

/* Takes in KEY (of enum ct_key) as it came at MONO_MS. Take all that ct_typed_next gives before the next. */
void ct_typed_feed(struct ct_typed *t, int key, int64_t mono_ms);
/* Whether what came last may be keys or the beginning of a sequence: then the rest is there at once, or never. */
bool ct_typed_open(const struct ct_typed *t);
/* It never came: they were keys. */
void ct_typed_close(struct ct_typed *t);
/* The next key; CT_KEY_NONE: no more yet. CT_KEY_PASTE: what was pasted lies in PASTE, N_PASTE bytes as they came (CUT:
 * the first of them). */
int ct_typed_next(struct ct_typed *t);

#endif
