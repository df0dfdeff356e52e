#include "db/poll_pack.h"

#include "db/schema.h"

/* In the blob (db/codec.h) the key is when it began, the value how long it lasted. */
enum { GOOD = 1, IMPORTED = 2, SAID = 4 /* the next of the reasons; else a failure said what the one before it did */ };
#define MOST_MS (INT64_C(1) << CT_POLL_PACK_BITS)

void ct_polls_pack(struct ct_buf *blob, struct ct_buf *reasons, const struct ct_poll *v, size_t n)
{
    struct ct_sample rows[CT_POLLS_MOST];
    struct ct_span last = CT_SPAN_NONE;
    for (size_t i = 0; i < n; i++) {
        struct ct_span rest = v[i].reason, reason = ct_span_cut(&rest, CT_UNIT_SEPARATOR);
        bool said = !v[i].good && !ct_span_eq(reason, last);
        rows[i] = (struct ct_sample){v[i].from_ms, v[i].to_ms - v[i].from_ms,
                                     (v[i].good ? GOOD : 0) | (v[i].imported ? IMPORTED : 0) | (said ? SAID : 0)};
        if (!said)
            continue;
        ct_buf_add(reasons, reason);
        ct_buf_addc(reasons, CT_UNIT_SEPARATOR);
        last = reason;
    }
    ct_blob_encode(blob, rows, n);
}

size_t ct_polls_unpack(struct ct_span blob, struct ct_span reasons, struct ct_poll *v)
{
    struct ct_sample rows[CT_POLLS_MOST];
    struct ct_span reason = CT_SPAN_NONE;
    size_t n = ct_blob_rows(blob);
    if (n == 0 || n > CT_LEN(rows) || !ct_blob_decode(blob, rows))
        return 0;
    for (size_t i = 0; i < n; i++) {
        const struct ct_sample *row = &rows[i];
        bool good = row->flags & GOOD, said = row->flags & SAID;
        if (row->at_ms < 0 || row->at_ms >= MOST_MS || row->value < 0 || row->value >= MOST_MS ||
            row->flags > (GOOD | IMPORTED | SAID) || (said && (good || !reasons.n)))
            return 0;
        if (said)
            reason = ct_span_cut(&reasons, CT_UNIT_SEPARATOR);
        v[i] = (struct ct_poll){row->at_ms, row->at_ms + row->value, good, row->flags & IMPORTED,
                                good ? CT_SPAN_NONE : reason};
    }
    return n;
}
