/* What the record says of an offer's stock. Loader thread. */
#ifndef CT_VIEWS_RECORD_H
#define CT_VIEWS_RECORD_H

#include "db/read.h"

enum { CT_STOCK_STRIP = 45, CT_STOCK_DAYS = 30 };

struct ct_stock_record {
    int64_t known_ms, gone_ms, longest_ms;
    int64_t times_gone, times_back;
    char strip[CT_STOCK_STRIP + 1]; /* oldest first: A L N, the worst of its time; ' ' not recorded */
};

/* The 30 days before END of the offer KEY (what follows "gpu/" in its series). Not on record: all zero. */
CT_MUST_USE enum ct_status ct_read_stock_record(struct ct_reader *r, struct ct_query q, struct ct_span key,
                                                int64_t end, struct ct_arena *a, struct ct_stock_record *out,
                                                struct ct_error *err);
/* "gone 2d4h (31 %), at most 1d; came back 5 times; of 30d recorded" */
void ct_stock_record_words(const struct ct_stock_record *s, struct ct_buf *out);

#endif
