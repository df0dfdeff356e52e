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
/* Which blob it is and where it ends: enough to put rows behind it without reading it again. */
struct ct_blob_end {
    size_t rows, bytes; /* ROWS 0: nothing can be put behind it */
    uint32_t sum;
    int words;
    uint64_t key, value, key_step, value_step;
};
/* That of BLOB, which holds WAS[0..N). */
struct ct_blob_end ct_blob_end(struct ct_span blob, const struct ct_sample *was, size_t n);
/* Appends the blob of what BLOB holds and of V[0..M) behind it, without doing all of it again; END moves there. False:
 * BLOB is not the one END is of, is damaged, or V's steps are others; nothing is appended then. */
CT_MUST_USE bool ct_blob_append(struct ct_buf *out, struct ct_span blob, struct ct_blob_end *end,
                                const struct ct_sample *v, size_t m);

/* How many rows BLOB claims to have; 0: it is none of ours, or damaged. At most CT_BLOB_MOST, and
 * at most one a byte: safe to allocate. */
size_t ct_blob_rows(struct ct_span blob);
/* Writes them to V, which has room for ct_blob_rows. False: damaged; V holds nothing then. */
CT_MUST_USE bool ct_blob_decode(struct ct_span blob, struct ct_sample *v);
/* It can be decoded. */
bool ct_blob_sound(struct ct_span blob);

#endif
