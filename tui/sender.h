/* Small changes as escape sequences, made here: of a key that moves a cursor ncurses would work through whole lines,
 * twice, and ask terminfo anew for each move. What is large or scrolls is left to it. Knows no terminal: term.c says
 * what this one takes. UI thread. */
#ifndef CT_SENDER_H
#define CT_SENDER_H

#include "tui/canvas.h"

enum { CT_SEQUENCE_MAX = 64 };

struct ct_sender {
    bool able;   /* the terminal takes ANSI addresses and attributes */
    bool column; /* and one within its line (CHA) */
    char plain[CT_SEQUENCE_MAX]; /* to no attributes */
    char looks[CT_N_ROLES][2][CT_SEQUENCE_MAX]; /* to each, plain and selected, from any other */
};

/* Joins PART, a capability that sets attributes, to LOOK: one sequence for all of them. LOOK "": from nothing. False:
 * it is not of that kind, and LOOK is as it was. */
CT_MUST_USE bool ct_look_join(char look[CT_SEQUENCE_MAX], const char *part);

/* Whether ncurses and we agree on how many columns CELL takes. */
bool ct_cell_agreed(const struct ct_cell *cell);

/* Adds to OUT what turns SHOWN, as large as C, into C, and makes it so; rows that had to change are marked in CHANGED.
 * The cursor and the look are left anywhere. False: not with this terminal, or too much; then nothing is done. */
CT_MUST_USE bool ct_send_changes(const struct ct_sender *s, struct ct_canvas *c, struct ct_cell *shown,
                                 bool changed[CT_CANVAS_ROWS], struct ct_buf *out);

#endif
