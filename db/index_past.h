/* Indices over the last month, kept ready: every change of the figure and the large moves of its parts, so that a panel
 * draws them without walking the histories of all these. The writer has them made, hour by hour (write_index.c); readers
 * go on from where that ends (market_walk.c).
 *
 * A row of table index_past is so from FROM_MS to UNTIL_MS. It depends on nothing but
 * - the samples by then: what is stored of such a moment sets UNTIL_MS back to before it (a trigger);
 * - the facts of its offers: a change of one that had a series when it was made (up to SERIES) takes it away (a trigger);
 *   what became an offer later asked nothing by then, and who asks nothing counts for nothing;
 * - what its sources are, when they were heard, and whose rates other money counts by: MARK says that of the stretch up
 *   to UPTO_MS, which is over before the next answer of any of them could be told from the last one.
 * And who reads it works out the figure at UNTIL_MS anew: when that is another one the row is left alone. So a row that
 * is out of date costs the time it would have saved, and is made anew by the writer. */
#ifndef CT_INDEX_PAST_H
#define CT_INDEX_PAST_H

#include "db/read.h"

struct ct_index_past {
    struct ct_span gpu, form; /* with PURCHASE: which index */
    int purchase;
    int64_t from_ms, until_ms, mark;
    struct ct_buf steps; /* db/codec.h; keys are moments */
    struct ct_buf leaps; /* the same; of each large move the series, then its moment; keys count. Empty: there are none */
};

/* What is to be kept of the *NEXT-th index from now on, in PAST (STEPS empty: what is kept will do, or nothing can be);
 * texts live in A, the caller frees the buffers. Counts *NEXT up, until there is *MORE no longer. *UNFINISHED is set when
 * more of it could be kept at once. */
enum ct_status ct_read_index_past(struct ct_reader *r, int64_t now_ms, size_t *next, struct ct_arena *a,
                                  struct ct_index_past *past, bool *more, bool *unfinished, struct ct_error *err);

#endif
