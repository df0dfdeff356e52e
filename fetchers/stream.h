/* A document read while it arrives: any size, the same memory. Around a family's reader it unpacks
 * gzip (told or not), counts and hashes the bytes, keeps the limits, and explains refusals. */
#ifndef CT_STREAM_H
#define CT_STREAM_H

#include "fetchers/family.h"

struct ct_stream;

/* Begins to read a document of FAMILY, one with a `stream`, into OUT (just initialised). More than
 * MAX_BYTES when unpacked is CT_ERR_LIMIT; 0: as many as come. FAMILY, OUT and the texts of HINT
 * (may be NULL) must outlive it. */
struct ct_stream *ct_stream_new(const struct ct_family *family, const struct ct_parse_hint *hint,
                                uint64_t max_bytes, struct ct_batch *out);
/* The next bytes. After an error, which leaves OUT empty, every call returns it again. */
CT_MUST_USE enum ct_status ct_stream_feed(struct ct_stream *s, struct ct_span bytes,
                                          struct ct_error *err);
/* That was all: only now it shows whether the document is whole, and only then OUT has its rows. */
CT_MUST_USE enum ct_status ct_stream_end(struct ct_stream *s, struct ct_error *err);
void ct_stream_free(struct ct_stream *s); /* at any time; NULL is fine */

uint64_t ct_stream_bytes(const struct ct_stream *s); /* unpacked, so far */
uint64_t ct_stream_hash(const struct ct_stream *s);  /* of them, however they were cut */

/* `parse` of a family that streams: BODY in one go. */
CT_MUST_USE enum ct_status ct_stream_whole(const struct ct_family *family, struct ct_span body,
                                           const struct ct_parse_hint *hint, struct ct_batch *out,
                                           struct ct_error *err);

#endif
