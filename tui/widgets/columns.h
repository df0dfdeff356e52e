/* Which columns of a table stand where: order and choice of the person, least widths, drop order. For the table
 * widget alone. */
#ifndef CT_WIDGETS_COLUMNS_H
#define CT_WIDGETS_COLUMNS_H

#include "tui/widgets/table.h"

struct ct_fit {
    int n;
    int index[CT_T_COLS], x[CT_T_COLS], width[CT_T_COLS];
};

/* Makes the arrangement of S that of V: another layout than the last begins in its own order. */
void ct_columns_of(const struct ct_tview *v, struct ct_tstate *s);
int ct_columns_n(const struct ct_tview *v);
/* Lays the columns out in COLS. */
void ct_columns_fit(const struct ct_tview *v, const struct ct_tstate *s, int cols, struct ct_fit *f);
/* Moves the current column by BY places; the frozen ones stay in front. */
void ct_columns_move(const struct ct_tview *v, struct ct_tstate *s, int by);
/* Hides column I if it is shown in COLS, else shows it whatever its drop order. */
void ct_columns_toggle(const struct ct_tview *v, struct ct_tstate *s, int i, int cols);
/* The letter that sorts by column I: the first of its header that is free; s and 0 have other meanings. 0: none. */
int ct_column_letter(const struct ct_tview *v, size_t i);
/* The same for choosing columns: all have one, also those that nothing sorts by. */
int ct_column_choice(const struct ct_tview *v, size_t i);

#endif
