/* How a figure of db/market.h is worked out from the values in force of its parts: what the looks at one moment and
 * over time share. */
#ifndef CT_MARKET_FIGURE_H
#define CT_MARKET_FIGURE_H

#include "db/market.h"
#include "db/twins.h"

enum ct_money { CT_MONEY_NONE /* never counts */, CT_MONEY_DOLLARS, CT_MONEY_OTHER };

/* What an evaluation looks at, in the order of the parts. */
struct ct_figuring {
    struct ct_reader *r;
    struct ct_rates rates;
    struct ct_asof *value;   /* of each part */
    size_t *source;          /* index of its source; sources->n: unknown */
    unsigned char *money;    /* of each part: which it asks, enum ct_money */
    bool *direct, directs;   /* said by its cloud itself (db/twins.h); any is */
    size_t *name;            /* of its instance: equal ones are the same number; 0: none, or nothing to compare with */
    size_t *named, *matched; /* by name and by source: the last seller of whom it was said */
    size_t seller_n;         /* how many sellers that were */
    size_t *offer, *seller; /* where the run of parts that are one offer, of one seller, ends */
    const struct ct_source_list *sources;
    const struct ct_heard *heard;
    int64_t at_ms;
    int *word;                /* of each source, at AT_MS: what it is worth; below 0: it is silent */
    bool *used;               /* a source of these parts */
    int64_t *best;            /* of each cloud; scratch */
    struct ct_market_range range; /* of the last index */
};

/* Sorts M's parts. False: out of memory, or a failure before. The caller sets VALUE, HEARD and AT_MS. */
bool ct_figure_begin(struct ct_reader *r, struct ct_market *m, const struct ct_source_list *sources,
                     struct ct_figuring *s);
/* The same of parts that are in their order; without room for values. */
bool ct_figure_prepare(struct ct_reader *r, const struct ct_market *m, const struct ct_source_list *sources,
                       struct ct_figuring *s);
int64_t ct_figure(struct ct_figuring *s, const struct ct_market *m); /* CT_NONE: too few */
/* A mark of what the words of all sources are worth then: of HEARD and AT_MS nothing else counts for the figure, where
 * nobody asks other money. */
uint64_t ct_figure_words(struct ct_figuring *s);

/* Whether such a figure is one of prices; else their being there is all that counts. */
bool ct_figure_of_prices(int kind);
/* How long a source may be silent while others are heard. */
int64_t ct_figure_silence(const struct ct_source_at *s);
/* What part P asked at AT_MS. */
struct ct_asof ct_figure_value(struct ct_reader *r, const struct ct_market_part *p, int64_t at_ms);
/* A leap is suspect; a leap back from a price that nobody believed is not: it ends the lie. */
struct ct_asof ct_figure_believed(struct ct_asof v, int flags_before);

#endif
