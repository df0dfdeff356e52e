/* Rows of (key, value, flags) with ascending keys, packed: how samples lie in the file. Keys are
 * moments (the samples of one series) or series (the samples of one moment).
 *
 * A blob is: a version byte; how many; the step all keys and the step all values are multiples of,
 * counted from the first; then per row the steps of the key since the row before, a bit that says
 * whether flags or having a number change there, and the steps of the value. So an hourly price
 * that moves by cents costs two bytes, and one that moves by few of its steps one. A checksum ends it. */
#ifndef CT_CODEC_H
#define CT_CODEC_H

#include "db/base/str.h"

struct ct_sample {
    int64_t at_ms, value; /* CT_NONE: no number, FLAGS say why */
    int flags;            /* 0..127: enum ct_sample_flags */
};

#define CT_BLOB_MOST 65536 /* rows a blob may have */

#define CT_BLOB_KEY_MOST (INT64_C(1) << 60) /* keys are at most this far from 0 */

/* Appends the blob of V[0..N), N >= 1, keys strictly ascending; any values. */
void ct_blob_encode(struct ct_buf *out, const struct ct_sample *v, size_t n);
/* The same of WAS[0..N), which BLOB holds, and V[0..M) behind it, without doing all of it again. False: that cannot be
 * (V's steps are others); nothing is appended then. */
CT_MUST_USE bool ct_blob_append(struct ct_buf *out, struct ct_span blob, const struct ct_sample *was, size_t n,
                                const struct ct_sample *v, size_t m);

/* How many rows BLOB claims to have; 0: it is none of ours, or damaged. At most CT_BLOB_MOST, and
 * at most one a byte: safe to allocate. */
size_t ct_blob_rows(struct ct_span blob);
/* Writes them to V, which has room for ct_blob_rows. False: damaged; V holds nothing then. */
CT_MUST_USE bool ct_blob_decode(struct ct_span blob, struct ct_sample *v);
/* It can be decoded. */
bool ct_blob_sound(struct ct_span blob);

#endif
