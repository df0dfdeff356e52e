/* Where everything stands at a size (ux.md section 9), from 1 x 1 up: never refuses. Pure. */
#ifndef CT_LAYOUT_H
#define CT_LAYOUT_H

#include "tui/view.h"

/* A place in a screen's layout with this column spans all columns, above the others. */
enum { CT_COLUMN_ALL = -1 };

enum ct_line1 {
    CT_LINE1_FULL,    /* "X 1 DOWN  ! 1 PART", clock */
    CT_LINE1_SHORT,   /* "X1 !1 ~2", clock */
    CT_LINE1_COUNTS,  /* "X1 !1", over as many lines as there are */
};

struct ct_slot {
    int place;  /* index in the layout's places */
    int y, x, rows, cols;
    bool folded; /* one row: the title */
};

struct ct_layout {
    int width_class;  /* index in the screen's layouts */
    enum ct_line1 line1;
    int bar_row, tape_row, health_row, status_row; /* -1: no room */
    int body_y, body_rows;
    bool framed;      /* panels have borders; else a line stands between them */
    int n;
    struct ct_slot slots[CT_MAX_PLACES];
};

/* Lays S out. FOCUS is the index of the focused place, which is never folded; ZOOM shows it alone. */
void ct_layout_make(const struct ct_screen *s, int rows, int cols, int focus, bool zoom,
                    struct ct_layout *out);
/* Places of the layout that is used at COLS columns. */
int ct_layout_class(int cols);
int ct_layout_places(const struct ct_screen *s, int width_class);

#endif
