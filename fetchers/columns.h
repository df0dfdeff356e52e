/* Other people's tables as our rows: which of their columns fills which field is data, a table of its own
 * (reference/columns.tsv, or a person's file of the same form), not a parser each. */
#ifndef CT_COLUMNS_H
#define CT_COLUMNS_H

#include "db/model.h"

struct ct_columns;

/* The lines of reference/columns.tsv called NAME; with a '/' or a '.' in it NAME is a file. After ct_reference_load.
 * CT_ERR_NOT_FOUND tells the names there are; CT_ERR_CONFIG says which line is wrong. */
CT_MUST_USE enum ct_status ct_columns_load(const char *name, struct ct_columns **out, struct ct_error *err);
void ct_columns_free(struct ct_columns *c); /* NULL is fine */

/* The rows one record tells of into B, none where nothing was observed: of CELLS under HEADER, or, HEADER being NULL,
 * of the JSON object TEXT. *AT_MS gets its time or CT_NONE. */
CT_MUST_USE enum ct_status ct_columns_add(const struct ct_columns *c, struct ct_batch *b, const struct ct_list *header,
                                          const struct ct_list *cells, struct ct_span text, int64_t *at_ms,
                                          struct ct_error *err);

#endif
