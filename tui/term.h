/* The terminal: the one place that knows ncurses. Shows a canvas, reads keys. ncurses keeps global state, so this
 * does too; UI thread only, except ct_term_rescue. */
#ifndef CT_TERM_H
#define CT_TERM_H

#include "tui/canvas.h"
#include "tui/keys.h"
#include "tui/theme.h"

/* CHOICE "auto" (or NULL), "unicode", "narrow", "ascii" into *OUT; auto asks the locale (which the caller has set)
 * whether it is UTF-8 and how wide it takes lines, blocks and braille. CT_ERR_USAGE. No terminal needed. */
CT_MUST_USE enum ct_status ct_charset_choose(const char *choice, enum ct_charset *out,
                                             struct ct_error *err);

/* Takes the terminal over. COLOR: "auto" (or NULL; NO_COLOR and terminfo decide), "always", "never".
 * CT_ERR_USAGE: standard input or output is no terminal, or TERM is unknown or cannot place the cursor. */
CT_MUST_USE enum ct_status ct_term_open(const char *color, bool mouse, struct ct_error *err);
/* Gives the terminal back as it was; also when never opened, and more than once. */
void ct_term_close(void);
/* The same in a signal handler, when the terminal may not be reading: modes only, no output. */
void ct_term_rescue(void);

/* 0, 8, 16 or 256. */
int ct_term_colors(void);
/* COLOR as for ct_term_open, from now on; the theme is to be given again. */
void ct_term_set_color(const char *color);
void ct_term_theme(const struct ct_theme *t);

/* The terminal's size now; at least 1 x 1. */
void ct_term_size(int *rows, int *cols);
/* Follows a change of size. */
void ct_term_resize(int rows, int cols);

/* Sends the cells that differ from what was shown last. The cursor stands at CURSOR_Y, CURSOR_X, hidden when
 * negative. Sends nothing when nothing differs. */
void ct_term_show(struct ct_canvas *c, int cursor_y, int cursor_x);
/* The next ct_term_show sends everything. */
void ct_term_redraw(void);

/* The next key that has arrived, CT_KEY_NONE when there is none. Never waits longer than the time a terminal takes to
 * send the rest of a function key (25 ms). */
int ct_term_key(void);
/* What CT_KEY_PASTE brought, as it came, until the next key is read; *CUT: there was more than is kept. */
struct ct_span ct_term_pasted(bool *cut);
/* Whether the terminal reports the mouse: while it does, its own text selection is off. */
void ct_term_set_mouse(bool on);
/* Where and what CT_KEY_MOUSE was: button 1 pressed or let go, 4 and 5 for the wheel, 0 for what nobody wants. One key
 * may stand for several, oldest first; false: that was all. */
enum { CT_MOUSE_UP = -1 };
bool ct_term_mouse(int *y, int *x, int *button);

/* Stops this process as Ctrl-Z does, and comes back. */
void ct_term_suspend(void);
/* BEL, and TEXT as a notification (OSC 9), through tmux when inside one. TEXT is masked once more here. */
void ct_term_ring(struct ct_span text);
/* Into the clipboard, when terminfo says how (Ms). */
bool ct_term_copy(struct ct_span text);

#endif
