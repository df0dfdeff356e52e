/* The series of one answer, shared by the files that put it into the database: write_gather.c makes the set,
 * write_series.c stores its samples, write_facts.c what is beside them, write_outlier.c derives flags,
 * write_pair.c the events. Nobody else includes it. */
#ifndef CT_WRITE_SERIES_H
#define CT_WRITE_SERIES_H

#include "db/write_priv.h"

#define CT_CORE_FLAGS (CT_SAMPLE_GONE | CT_SAMPLE_PART)

/* A series of the source, in the answer or only known. There are thousands, each looked at several times a job: what is
 * asked of all of them lies together, and first. */
struct ct_item {
    enum ct_series_kind kind;
    bool listed;
    bool renewed;   /* what is kept of its newest sample is to be written */
    bool borrowed;  /* UNIT is the job's: write_known.c has none like it yet */
    int64_t series; /* 0: not stored yet */
    struct ct_value now, cur;
    int64_t cur_ms;
    int cur_flags;
    uint32_t n_offers;
    struct ct_value prev;
    uint64_t hash, old_hash; /* of the facts */
    uint64_t key_hash;
    int64_t words;     /* series.words */
    int64_t low, high; /* bounds of the numbers of the last seven days, CT_NONE: none */

    struct ct_value next;
    const void *row;
    uint64_t texts; /* their hash, of ROW */
    const char *unit; /* of the stored series or the row */
    struct ct_span key;
    int64_t stock_count;
    uint32_t stock; /* offers: index of their stock item + 1, 0 without */
};

/* A row of an answer but for its price: what it says, of which item. The same row in the same place of the next
 * answer needs no key made nor looked up. */
struct ct_seen_row {
    uint64_t says, texts; /* TEXTS: as in its item */
    uint32_t item;        /* CT_SEEN_NEW: none that was stored before */
};
enum { CT_SEEN_OFFERS, CT_SEEN_TOKENS, CT_SEEN_KINDS };
#define CT_SEEN_NEW UINT32_MAX
struct ct_seen {
    struct ct_seen_row *v;
    size_t n, cap; /* N of the answer before, those of this one in their place */
};

/* Its arrays are no arena's: they stay from one job to the next (write_known.c). */
struct ct_series_set {
    struct {
        struct ct_item *v;
        size_t n, cap;
    } items;
    uint32_t *slot; /* open addressing: index + 1 */
    size_t n_slots;
    struct ct_seen seen[CT_SEEN_KINDS];
    size_t had; /* so many of the items were stored before, by their series; new ones follow */
    bool stock; /* there is stock among them */
    bool borrowed; /* one of them has a unit of the job's */
    /* of the answer, once it is gathered */
    int64_t n_had, n_has;
    uint64_t hash;
    /* the unit last made */
    const char *per, *unit;
    struct ct_span currency;
};

static const struct ct_value ct_value_nothing = {CT_NONE, CT_SAMPLE_GONE};

static inline bool ct_same_value(struct ct_value a, struct ct_value b)
{
    if (a.flags & b.flags & CT_SAMPLE_GONE)
        return true;
    return a.v == b.v && a.flags == b.flags;
}

static inline struct ct_span ct_w_known(struct ct_span s)
{
    return s.p ? s : CT_LIT("");
}

static inline bool ct_item_is_price(const struct ct_item *it)
{
    return it->kind == CT_SERIES_GPU || it->kind == CT_SERIES_TOKEN;
}

/* write_gather.c */
/* What a series is where no answer lists it. */
struct ct_value ct_w_absent(const struct ct_job *j, enum ct_series_kind kind);
/* All series of the source that are stored, into a set. */
void ct_w_load_known(struct ct_job *j);
/* An item of the set as it is before the answer is looked at. */
void ct_w_clean_item(const struct ct_job *j, struct ct_item *it);

/* What was quoted, as far as the price of one does not tell it: HOUR is 0 where it is the multiple of that (CT_NONE:
 * nothing was quoted), else HOUR and EACH are what they were. */
struct ct_quoted {
    int64_t hour, each;
};
struct ct_quoted ct_w_quoted(const struct ct_offer *o);

int ct_w_by_series(const void *a, const void *b); /* of items, by number */
/* Finds places again for all items, which lie in another order. */
void ct_w_place_items(struct ct_series_set *s);

/* Appends the name of a listed item: few are wanted. */
void ct_w_item_name(struct ct_job *j, const struct ct_item *it, struct ct_buf *out);
/* The first part of its key: of an offer or its stock what ct_offer_key says, of a token price the id as the source
 * writes it. */
static inline struct ct_span ct_item_ref(const struct ct_item *it)
{
    struct ct_span rest = it->key;
    return ct_span_cut(&rest, CT_UNIT_SEPARATOR);
}

/* write_newest.c: into the items of the set, which lie by their series, their newest samples; what is missing or
 * damaged there is made anew from the samples. */
void ct_w_load_newest(struct ct_job *j);
/* The newest sample of IT is another one: looks it up. */
void ct_w_tail(struct ct_job *j, struct ct_item *it);

/* write_known.c: the set as the job before left it, which this job works on. False: nobody knows, it is empty. */
bool ct_w_recall_known(struct ct_job *j);

/* write_facts.c */
/* Stores the series of a listed item when it is new, its facts when they changed. True: something changed. */
bool ct_w_store_facts(struct ct_job *j, struct ct_item *it);
/* Puts the words of a listed item where they belong among those of other observations, whatever order they come
 * in: a version holds from its first observation to the next version's, the first one also before. */
void ct_w_store_words(struct ct_job *j, struct ct_item *it);

/* write_outlier.c */
/* Most series are calm: if neither bound of what was in force is far from V, no median of it is either. */
bool ct_w_calm(int64_t low, int64_t high, int64_t v);
/* The flags of a price V that follows WAS, but for the median. */
int ct_w_plain_flags(const struct ct_item *it, int64_t was, int64_t v);
/* V counts among the bounds of IT. */
void ct_w_widen(struct ct_item *it, int64_t v);
/* Derives flags and lifts again for the samples of IT from the one in force at FROM_MS up to the last one
 * that UNTIL_MS can have an effect on. */
void ct_w_derive_flags(struct ct_job *j, struct ct_item *it, int64_t from_ms, int64_t until_ms);

/* Series whose price moved at one moment. */
struct ct_moves {
    int64_t at_ms;
    CT_VEC(int64_t) series;
};

/* write_pair.c: the events between the observation at hand and its neighbours, anew: begun, of each item once its
 * samples are stored, and what is of several items. */
struct ct_pairing {
    bool here, next; /* there is one before; behind */
    struct ct_moves at, after;
};
struct ct_pairing ct_w_pairing(struct ct_job *j);
void ct_w_pair(struct ct_job *j, const struct ct_item *it, struct ct_pairing *p);
void ct_w_pairing_end(struct ct_job *j, struct ct_pairing *p);

#endif
