/* What parsers share on the way from a document to rows. Any thread; pure. */
#ifndef CT_ROWS_H
#define CT_ROWS_H

#include "db/base/text.h"
#include "db/model.h"

#define CT_ROWS_MAX 20000 /* of one answer; more is CT_ERR_LIMIT */
#define CT_UPDATES_MAX 50 /* newest updates kept of one incident; the rest is one note */

/* The last line of every parser: an answer with more than CT_ROWS_MAX rows or a full arena turns OK
 * into CT_ERR_LIMIT, and whatever failed leaves OUT empty. */
CT_MUST_USE enum ct_status ct_rows_finish(struct ct_batch *out, enum ct_status s,
                                          struct ct_error *err);

/* Counts a word nobody knows: note `WHAT "WORD"`. */
void ct_rows_note_word(struct ct_batch *out, const char *what, struct ct_span word);

/* A list with room for N (at most 1000), no elements yet; then one element more (null and repeated
 * ones are left out). */
struct ct_list ct_list_new(struct ct_arena *a, size_t n);
void ct_list_add(struct ct_list *l, struct ct_span text);

/* Updates of one incident in any order and number: repeated ids are dropped, the newest
 * CT_UPDATES_MAX go into OUT, newest first (same instant: by id). Returns the newest instant or
 * CT_NONE. */
int64_t ct_rows_updates(struct ct_batch *out, struct ct_update *v, size_t n);

/* An id for an update that has none: the same for the same instant and text. */
struct ct_span ct_rows_update_id(struct ct_arena *a, int64_t at_ms, struct ct_span text);

/* STATE as an open incident may claim it: never better than degraded (maintenance stays), and at
 * most degraded once somebody only watches the repair. */
int ct_rows_open_state(int state, int phase);

#endif
