/* A grid of cells that views draw on. Knows roles, not colours; knows no terminal: term.c shows a canvas on
 * ncurses, `cloudtape screen` prints one as text. UI thread, or any one thread for a private canvas. */
#ifndef CT_CANVAS_H
#define CT_CANVAS_H

#include "db/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Every meaning a cell can have. Themes give each a look; the second column is its name in theme files. */
#define CT_ROLE_LIST(X)                                                                            \
    X(TEXT, "text")                                                                                \
    X(DIM, "dim")                                                                                  \
    X(BORDER, "border")                                                                            \
    X(BORDER_FOCUS, "border.focus")                                                                \
    X(TITLE, "title")                                                                              \
    X(HEADER, "header")                                                                            \
    X(SELECTION, "selection")                                                                      \
    X(STATE_OK, "state.ok")                                                                        \
    X(STATE_MAINT, "state.maint")                                                                  \
    X(STATE_UNKN, "state.unkn")                                                                    \
    X(STATE_DEGR, "state.degr")                                                                    \
    X(STATE_PART, "state.part")                                                                    \
    X(STATE_DOWN, "state.down")                                                                    \
    X(PRICE_LOWER, "price.lower")                                                                  \
    X(PRICE_HIGHER, "price.higher")                                                                \
    X(STALE, "stale")                                                                              \
    X(ERROR, "error")                                                                              \
    X(MATCH, "match")                                                                              \
    X(KEY, "key")                                                                                  \
    X(SERIES_A, "series.a")                                                                        \
    X(SERIES_B, "series.b")                                                                        \
    X(SERIES_C, "series.c")                                                                        \
    X(SERIES_D, "series.d")                                                                        \
    X(SERIES_E, "series.e")                                                                        \
    X(SERIES_F, "series.f")                                                                        \
    X(SERIES_G, "series.g")                                                                        \
    X(SERIES_H, "series.h")                                                                        \
    X(CURSOR, "cursor")                                                                            \
    X(NOT_LIVE, "notlive")                                                                         \
    X(BAR, "bar")

enum ct_role {
#define X(name, word) CT_ROLE_##name,
    CT_ROLE_LIST(X)
#undef X
    CT_N_ROLES
};
extern const char *const ct_role_words[CT_N_ROLES + 1];

/* How lines and charts may be drawn (ux.md 7.3). */
enum ct_charset { CT_CHARSET_ASCII, CT_CHARSET_NARROW /* braille, but ASCII borders and sparklines */, CT_CHARSET_UNICODE };

/* Small, and without padding: cells that look the same are the same bytes. */
struct ct_cell {
    unsigned point : 21;   /* the base character; 0: the right half of a wide one */
    unsigned width : 2;    /* 1 or 2 */
    unsigned selected : 1; /* SELECTION laid over the role */
    unsigned role : 8;     /* enum ct_role */
    uint32_t marks;        /* what stands on the base, by its number in the canvas; 0: nothing */
};
enum { CT_CELL_POINTS = 5, CT_CANVAS_MARKS = 1 << 16 };

/* A line of cells as it was drawn before. */
struct ct_line {
    uint64_t key;
    int cols;
    enum ct_charset charset;
    struct ct_cell *cells;
};
enum { CT_CANVAS_LINES = 256, CT_CANVAS_ROWS = 500 };

struct ct_canvas {
    struct ct_cell *cells; /* row-major */
    int rows, cols;        /* of the whole grid */
    enum ct_charset charset;
    struct ct_marks *marks; /* all that stood on a character yet */
    uint32_t n_marks, marked[256];
    bool touched[CT_CANVAS_ROWS]; /* drawn on, though perhaps as it was; whoever shows the rows takes note */
    struct ct_line lines[CT_CANVAS_LINES]; /* by key */
};

/* A blank canvas (rows, cols >= 1, clipped to 500 x 1000). */
struct ct_canvas *ct_canvas_new(int rows, int cols, enum ct_charset charset);
void ct_canvas_free(struct ct_canvas *c);
void ct_canvas_resize(struct ct_canvas *c, int rows, int cols);
void ct_canvas_clear(struct ct_canvas *c);

/* A rectangle of a canvas that a panel draws in: coordinates are its own, everything outside is clipped.
 * By value; a sub-box of a sub-box is fine, also an empty one. */
struct ct_box {
    struct ct_canvas *canvas;
    int y, x, rows, cols;
};
struct ct_box ct_box_all(struct ct_canvas *c);
struct ct_box ct_box_sub(struct ct_box b, int y, int x, int rows, int cols);

/* Puts TEXT (cleaned again, wide characters whole) at Y, X in at most MAX columns; returns columns used. */
int ct_put(struct ct_box b, int y, int x, enum ct_role role, int max, struct ct_span text);
int ct_puts(struct ct_box b, int y, int x, enum ct_role role, const char *text);
int ct_putf(struct ct_box b, int y, int x, enum ct_role role, const char *fmt, ...) CT_PRINTF(5, 6);
/* In exactly WIDTH columns: too long text ends in "~" (ASCII) or U+2026; ALIGN -1 left, 1 right. */
void ct_put_field(struct ct_box b, int y, int x, int width, int align, enum ct_role role,
                  struct ct_span text);
/* Too long names keep both ends: "aws/us-..-1/bedrock"; words before a place lose its end. */
void ct_put_middle(struct ct_box b, int y, int x, int width, enum ct_role role, struct ct_span text);
/* Cuts from REST what fits WIDTH columns: whole words where possible, ended by a line break. */
struct ct_span ct_wrap(struct ct_span *rest, int width);
void ct_put_point(struct ct_box b, int y, int x, enum ct_role role, uint32_t code_point);
void ct_fill(struct ct_box b, int y, int x, int rows, int cols, enum ct_role role, uint32_t point);
/* Keeps the first row of B as it is drawn now, under a KEY made of everything that it shows. */
void ct_line_keep(struct ct_box b, uint64_t key);
/* Puts what was kept under KEY back into the first row of a box of the same width; false: draw it. */
bool ct_line_put(struct ct_box b, uint64_t key);
/* Lays the selection over cells without changing their role. */
void ct_select(struct ct_box b, int y, int x, int cols);
void ct_deselect(struct ct_box b, int y, int x, int cols); /* takes it away */
/* A frame with TITLE left and NOTE right in its top edge; returns the inside. Of a note that finds no room parts fall
 * away (three blanks lie between two), the first ones first. */
struct ct_box ct_frame(struct ct_box b, bool focus, struct ct_span title, struct ct_span note);

/* The characters of CELL, its base and marks; returns how many, 0 for the right half of a wide one. */
size_t ct_cell_points(const struct ct_canvas *c, const struct ct_cell *cell, uint32_t out[CT_CELL_POINTS]);
/* The same as UTF-8. */
void ct_cell_utf8(const struct ct_canvas *c, const struct ct_cell *cell, struct ct_buf *out);

/* The canvas as lines of UTF-8 text, trailing blanks kept, '\n' after each row. */
void ct_canvas_text(const struct ct_canvas *c, struct ct_buf *out);

#endif
