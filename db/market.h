/* Figures made of many series: the index of an accelerator or of a class of models, how many hosts sell a model, on how many
 * clouds a lab is and how exclusive its models are there; at one moment or over time, by the same
 * rules. For db/ only; inside a load.
 *
 * The index is the median over clouds of each cloud's cheapest price a GPU-hour, of at least three
 * clouds: a cloud with a hundred regions weighs as much as one with two, and one dear or cheap
 * outlier moves nothing. Other currencies count by the rate of the day, where there is one. Left out
 * is what is gone, quarantined, suspect or without the machine around the GPU, and what comes from a
 * source that fell silent (for a day and four of its intervals) while others were still heard: a
 * stop of the whole fetcher leaves the figure as it was, as old as it is. A recorded answer holds
 * until the next one. Of an offer that several sources list, the one with the best word counts
 * (db/twins.h).
 *
 * The index of a class of models (input and output apart) is made in the same way, of the sellers' plain
 * prices of its members: labs, clouds, platforms and inference hosts; what is free is no price.
 *
 * A lab's clouds are those that sell one of its models at least, by the lists that say who bills
 * (ct_says_who_bills); its exclusive models those that one cloud alone sells, as a share of those
 * that any does. What no list names may be sold all the same. */
#ifndef CT_MARKET_H
#define CT_MARKET_H

#include "db/reader.h"

#define CT_MARKET_CLOUDS 3 /* fewer make no index */

struct ct_market_part { /* one offer, or one price of a model */
    struct ct_span model; /* where models are counted, else null */
    struct ct_span who;   /* cloud or host */
    struct ct_span region, instance, currency;
    int64_t count, series, source_id;
    int64_t mem_milli; /* of the accelerator */
    bool rentable;      /* the machine is in the price */
    struct ct_asof now; /* in force at r->t */
    size_t place;       /* where it was found last in what is kept ready of a moment */
};

struct ct_market {
    int kind; /* CT_SERIES_INDEX ... */
    struct ct_span gpu, form; /* of an index of these, with PURCHASE */
    int purchase;
    CT_VEC(struct ct_market_part) v;
};

/* "index/H100-SXM/od". */
struct ct_span ct_market_index_name(struct ct_arena *a, struct ct_span gpu, struct ct_span form,
                                    int purchase);

/* What was heard of each source (in the order of SOURCES) by the moment AT_MS. */
struct ct_heard {
    int64_t last_ms; /* last good answer; CT_NONE */
    bool imported;
};
struct ct_heard *ct_market_heard(struct ct_reader *r, const struct ct_source_list *sources,
                                 int64_t at_ms);

/* The figure at AT_MS (r->t or before), HEARD being of that moment; CT_NONE: too few. Sorts M's parts. Of an index
 * RANGE says what lies behind it (NULL: not asked). */
struct ct_market_range {
    int64_t n, low, high; /* who asks a price, and the least and most of what each asks at the least; CT_NONE */
    struct ct_span low_who;
};
int64_t ct_market_at(struct ct_reader *r, struct ct_market *m, const struct ct_source_list *sources,
                     const struct ct_heard *heard, int64_t at_ms, struct ct_market_range *range);

/* Every change of the figure in [from_ms, to_ms], the first one at from_ms; value CT_NONE: too few. An asker who has
 * room for MAX_STEPS (0: for all) gets no more than that where working out all would take long: then it returns false,
 * each step is what the figure was at its moment, and of what it was in between nobody knows. Into LEAPS (NULL: nowhere)
 * go the large moves of its parts from FROM_MS to TO_MS, if all of them are come by. */
struct ct_market_step {
    int64_t at_ms, value;
};
struct ct_market_steps {
    CT_VEC(struct ct_market_step) v;
};
bool ct_market_walk(struct ct_reader *r, struct ct_market *m, const struct ct_source_list *sources,
                    int64_t from_ms, int64_t to_ms, size_t max_steps, struct ct_leaps *leaps,
                    struct ct_market_steps *out);

/* "index/frontier/input", "hosts/openai/gpt-5". */
struct ct_span ct_market_name(struct ct_arena *a, const struct ct_series_ref *s);
/* Why there is no figure of such a series: "fewer than three clouds". */
struct ct_span ct_market_too_few(int kind);
/* Whether SUBJECT speaks of series that are made of others: "hosts/...". */
bool ct_market_means(struct ct_span subject);
/* The parts behind the series S (kind CT_SERIES_INDEX or beyond) that figures from FROM_MS on are made of; CT_NONE: all
 * there ever were. */
void ct_market_read(struct ct_reader *r, const struct ct_series_ref *s, int64_t from_ms, struct ct_market *out);
/* All indices, in the order of names, with their parts as ct_figure_begin sorts them, without what these ask now; to be
 * left as they are, good until this is asked again. Parts that were gone for good by FROM_MS may be left out: most of a
 * long record are, and screens do not ask for them. */
struct ct_market_of {
    struct ct_span name, gpu, form; /* another GPU and form may be called alike */
    int purchase;
    size_t clouds; /* that have it */
    bool dollars;  /* nobody asks other money */
    struct ct_market m;
    int64_t version, at; /* r->version and r->at of what its parts ask now; the newest of these, */
    int64_t newest_ms;
    uint64_t changes; /* and how many there were */
    struct ct_market_told { /* figures that were worked out */
        uint64_t mark;      /* of all they depend on; 0: none yet */
        int64_t value;
    } told[8];
    size_t next;
};
struct ct_market_all {
    CT_VEC(struct ct_market_of) v;
};
const struct ct_market_all *ct_market_all_parts(struct ct_reader *r, int64_t from_ms);
/* One of them, with what its parts ask now; NULL: there is none. */
const struct ct_market_of *ct_market_find(struct ct_reader *r, int64_t from_ms, struct ct_span gpu, struct ct_span form,
                                          int purchase);
/* The order of parts within an index. */
int ct_market_order(const struct ct_market_part *x, const struct ct_market_part *y);
/* One machine of one cloud, whoever lists it. */
bool ct_market_same(const struct ct_market_part *x, const struct ct_market_part *y);
/* Adds the names of all such series that MATCHES says yes to, at most MOST in all; of indices those
 * that ever had enough clouds, with EXACT all. */
void ct_market_names(struct ct_reader *r, struct ct_span subject, bool exact,
                     bool (*matches)(struct ct_span name, struct ct_span subject, int how), int how,
                     size_t most, struct ct_series_list *out);
/* Stretches in which none of the sources of M was heard. */
void ct_market_gaps(struct ct_reader *r, const struct ct_market *m,
                    const struct ct_source_list *sources, int64_t from_ms, int64_t to_ms,
                    struct ct_gaps *out);

/* All indices at N moments (r->t or before), in the order of names. */
struct ct_market_index {
    const struct ct_market_of *of;
    int64_t *value; /* at each moment; CT_NONE: none */
};
struct ct_market_indices {
    CT_VEC(struct ct_market_index) v;
};
void ct_market_indices(struct ct_reader *r, const struct ct_source_list *sources,
                       const int64_t *at_ms, size_t n_moments, struct ct_market_indices *out);
/* read_indices.c: all of them at r->t and a day, a week and a month before; what one then was and is, into ROW. */
void ct_indices_of_late(struct ct_reader *r, const struct ct_source_list *sources, struct ct_market_indices *out);
void ct_index_row(const struct ct_market_index *index, struct ct_gpu_row *row);

#endif
