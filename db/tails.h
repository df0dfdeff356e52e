/* A row of table tails: the unfinished ends of CT_TAILS neighbouring series, each packed for itself (db/codec.h), so
 * that one of them can be read, or be damaged, alone. Before them stands where each begins and how long it is, with a
 * checksum of its own. */
#ifndef CT_TAILS_H
#define CT_TAILS_H

#include "db/samples.h"

enum { CT_TAILS_BITS = 4, CT_TAILS = 1 << CT_TAILS_BITS };

struct ct_tail {
    int64_t key;         /* as of a chunk: the series and the second it begins in; 0: that series has none */
    struct ct_span blob; /* borrowed; null: nobody can read it */
};

/* Appends V, one of them at least there; the I-th is of a series that is I in its last CT_TAILS_BITS. */
void ct_tails_pack(struct ct_buf *out, const struct ct_tail v[CT_TAILS]);
/* Back into V, whose blobs are looked into by nobody yet: those of row K, the series from K * CT_TAILS on. False:
 * damaged, or none of ours; V holds nothing then. */
CT_MUST_USE bool ct_tails_unpack(struct ct_span row, int64_t k, struct ct_tail v[CT_TAILS]);

#endif
