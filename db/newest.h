/* The newest sample of every series, packed: what screens show first, and what a poll is compared with. They repeat
 * what the samples say and can be made anew from those, which only takes long.
 *
 * A row of table newest is one part of a source: CT_NEWEST_ROWS of its series (fewer in the last part) by their ids,
 * each once. Part 0 holds the provider's own series, which follows from the others, and nothing else. REV grows with
 * every change of a row and PENDING counts its quarantined prices, so that who looks reads what it needs. */
#ifndef CT_NEWEST_H
#define CT_NEWEST_H

#include "db/samples.h"

struct ct_newest {
    int64_t series, at_ms, value; /* at_ms CT_NONE: it has no sample yet */
    int flags, kind;              /* enum ct_sample_flags, enum ct_series_kind */
};

/* Bounds, not tight ones, of the values of the last seven days: the writer's short cut past the median. CT_NONE, both
 * of them: there was no number. */
struct ct_bounds {
    int64_t low, high;
};

enum { CT_NEWEST_ROWS = 512, CT_NEWEST_PART_BITS = 20 };

static inline int64_t ct_newest_key(int64_t source, int64_t part)
{
    return source << CT_NEWEST_PART_BITS | part;
}

static inline int64_t ct_newest_source(int64_t key)
{
    return key >> CT_NEWEST_PART_BITS;
}

/* How many of V[0..N) are quarantined. */
int64_t ct_newest_pending(const struct ct_newest *v, size_t n);
/* Appends the blob of V[0..N) with their bounds, 1 <= N <= CT_NEWEST_ROWS, series ascending; any numbers. */
void ct_newest_pack(struct ct_buf *out, const struct ct_newest *v, const struct ct_bounds *b, size_t n);
/* Back into V and B (NULL: not wanted); returns how many, 0 when BLOB is damaged or none of ours: then V and B hold
 * nothing. Series ascend from 1 up, kinds and flags are such. */
size_t ct_newest_unpack(struct ct_span blob, struct ct_newest v[CT_NEWEST_ROWS],
                        struct ct_bounds b[CT_NEWEST_ROWS]);
/* The blob in column I of the row ST is at. */
size_t ct_newest_column(sqlite3_stmt *st, int i, struct ct_newest v[CT_NEWEST_ROWS],
                        struct ct_bounds b[CT_NEWEST_ROWS]);

/* The newest sample of V's series, whose kind is set, and its bounds, out of the samples. What is damaged there is no
 * number. */
void ct_newest_derive(struct ct_samples *s, struct ct_newest *v, struct ct_bounds *b);

/* All parts anew from the parts that can be read and the samples, the later of which counts. SQLite's result code. */
int ct_newest_mend(sqlite3 *db);

/* From layout 12, where columns of table series held this. SQLite's result code. */
int ct_newest_from_columns(sqlite3 *db);

#endif
