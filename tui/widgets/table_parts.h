/* What the files of the table widget share. For them alone. */
#ifndef CT_WIDGETS_TABLE_PARTS_H
#define CT_WIDGETS_TABLE_PARTS_H

#include "tui/widgets/columns.h"

/* Puts the cursor on row AT, or on the last. */
void ct_table_select(struct ct_tstate *s, const struct ct_tmodel *m, size_t at);
/* Before M is drawn or acted on: the row selected in the model before is looked up in it. */
/* Marks the row of that id, or no longer. */
void ct_table_mark(struct ct_tstate *s, struct ct_span id);
/* Whether SORT ("price:desc") names COLUMN; *DESC says which way. */
bool ct_table_sorted(const char *sort, const char *column, bool *desc);
/* The text of a cell without PAINT into OUT, and its role. */
enum ct_role ct_table_cell(const struct ct_tview *v, const struct ct_tcol *c, const void *row,
                           const struct ct_draw *d, struct ct_buf *out);

#endif
