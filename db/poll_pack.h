/* The timeline of a source packed: a row of table poll_pack repeats up to CT_POLLS_MOST neighbours of table poll, which
 * a chart of a year would have to read one by one. What is stored of a moment that one covers takes it away (triggers);
 * where there is none, or a damaged one, readers look into table poll itself. For db/ only. */
#ifndef CT_POLL_PACK_H
#define CT_POLL_PACK_H

#include "db/codec.h"

struct ct_poll {
    int64_t from_ms, to_ms;
    bool good, imported;
    struct ct_span reason; /* of a failure */
};
enum { CT_POLLS_MOST = 256, CT_POLLS_NEWEST = 16 /* stay unpacked: they still change */ };

/* Keys: the source and the moment of the last one. No source of a higher number has any. */
enum { CT_POLL_PACK_BITS = 48, CT_POLL_PACK_SOURCES = 1 << 15 };
static inline int64_t ct_poll_pack_key(int64_t source, int64_t last_ms)
{
    return source * (INT64_C(1) << CT_POLL_PACK_BITS) + last_ms;
}
static inline int64_t ct_poll_pack_last_ms(int64_t key)
{
    return key & ((INT64_C(1) << CT_POLL_PACK_BITS) - 1);
}

/* A row's columns b and reasons of V[0..N), N of 1 to CT_POLLS_MOST, moments ascending. */
void ct_polls_pack(struct ct_buf *blob, struct ct_buf *reasons, const struct ct_poll *v, size_t n);
/* The other way round, into V of CT_POLLS_MOST; how many there are, 0: damaged. Texts are parts of REASONS. */
size_t ct_polls_unpack(struct ct_span blob, struct ct_span reasons, struct ct_poll *v);

#endif
