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

/* More than CT_ROWS_MAX: a loop may stop, ct_rows_finish will refuse the answer. */
bool ct_rows_too_many(const struct ct_batch *out);

/* Counts a word nobody knows: note `WHAT "WORD"`. */
void ct_rows_note_word(struct ct_batch *out, const char *what, struct ct_span word);

/* As parsers do: the price of one GPU, where only that of the whole instance is given. */
void ct_rows_derive_prices(struct ct_batch *b);

/* A list with room for N (at most 1000), no elements yet; then one element more (null and repeated
 * ones are left out). */
struct ct_list ct_list_new(struct ct_arena *a, size_t n);
void ct_list_add(struct ct_list *l, struct ct_span text);

/* Updates of one incident in any order and number, their text as the source has it (borrowed): one
 * without an id gets a hash of instant and text, repeated ids are dropped, the newest
 * CT_UPDATES_MAX go into OUT with clean text, newest first (same instant: by id). Returns the
 * newest instant or CT_NONE. Sorts V. */
int64_t ct_rows_updates(struct ct_batch *out, struct ct_update *v, size_t n);
/* The same of an incident's only one, whose clean text (ct_markup_text) is at hand already. */
void ct_rows_update(struct ct_batch *out, struct ct_update *u, struct ct_span text);

/* STATE as an open incident may claim it: never better than degraded (maintenance stays), and at
 * most degraded once somebody only watches the repair. */
int ct_rows_open_state(int state, int phase);

#endif
