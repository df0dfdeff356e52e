/* Offers while rows are made of them: one by one, or of a group (db/read_offers.c, db/read_gpus.c). For db/ only. */
#ifndef CT_OFFER_ITEMS_H
#define CT_OFFER_ITEMS_H

#include "db/reader.h"

/* A row while it is made. */
struct ct_offer_item {
    struct ct_offer_row row;
    int64_t series, source;
    struct ct_asof now;
    int64_t usd_7d; /* CT_NONE: was not there, or not in dollars */
    bool worded;    /* the facts are of the moment */
    bool newest;    /* the sample in force is the series' last: the facts are of its time */
};
/* Is given one after the other; IT is good until it returns. */
typedef void ct_take_offer_item(void *ctx, struct ct_offer_item *it);

/* All at the moment of R's load, also those that left after GONE_MS; with a NAME those of that series. */
void ct_offer_items_read(struct ct_reader *r, struct ct_span name, int64_t gone_ms, ct_take_offer_item *take, void *ctx);
/* Those alone that left after GONE_MS. */
void ct_offer_items_left(struct ct_reader *r, int64_t gone_ms, ct_take_offer_item *take, void *ctx);

/* A list of them, which outlives no load and is larger than what is told of it: of the heap, not of the answer. Whoever
 * reads frees v.v in the end. */
struct ct_offer_items {
    struct {
        struct ct_offer_item *v;
        size_t n, cap;
    } v;
};
/* A further one, not set yet; valid until the next. */
struct ct_offer_item *ct_offer_item_new(struct ct_offer_items *out);
void ct_offer_item_keep(void *items, struct ct_offer_item *it); /* a ct_take_offer_item */
/* How fresh and sure it is as S tells; NULL: the source is gone. */
void ct_offer_item_source(struct ct_offer_item *it, const struct ct_source_at *s);
/* Dollars of a price in another currency, where a fresh rate is known. */
void ct_offer_item_convert(struct ct_reader *r, const struct ct_source_list *sources, struct ct_rates *rates,
                           struct ct_offer_item *it);

#endif
