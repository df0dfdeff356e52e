/* Any bytes as a blob of samples, of the newest ones, of attempts, of polls and of tails; what decodes comes out again after
 * packing it anew. Bytes whose checksum does not fit get it, so that the rows behind it are reached as well. */
#include "db/attempts.h"
#include "db/newest.h"
#include "db/offer_pack.h"
#include "db/poll_pack.h"
#include "db/tails.h"
#include "db/varint.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct ct_sample *a, const struct ct_sample *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i].at_ms != b[i].at_ms || a[i].value != b[i].value || a[i].flags != b[i].flags)
            return false;
    return true;
}

static void once_newest(struct ct_span blob)
{
    struct ct_newest v[CT_NEWEST_ROWS], w[CT_NEWEST_ROWS];
    struct ct_bounds b[CT_NEWEST_ROWS], c[CT_NEWEST_ROWS];
    struct ct_buf packed = CT_BUF_INIT;
    size_t n = ct_newest_unpack(blob, v, b);
    if (n > 0)
        ct_newest_pack(&packed, v, b, n);
    if (n > 0 && ct_newest_unpack(ct_buf_span(&packed), w, c) != n)
        abort();
    for (size_t i = 0; i < n; i++) {
        bool bounds = b[i].low != INT64_MIN && b[i].high != INT64_MIN;
        if (v[i].series != w[i].series || v[i].at_ms != w[i].at_ms || v[i].value != w[i].value ||
            v[i].flags != w[i].flags || v[i].kind != w[i].kind ||
            (bounds && (b[i].low != c[i].low || b[i].high != c[i].high)))
            abort();
    }
    ct_buf_free(&packed);
}

static bool alike(const struct ct_attempt *a, const struct ct_attempt *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i].at_ms != b[i].at_ms || a[i].outcome != b[i].outcome || a[i].http_status != b[i].http_status ||
            a[i].bytes != b[i].bytes || a[i].rows != b[i].rows || a[i].changed_rows != b[i].changed_rows ||
            a[i].latency_ms != b[i].latency_ms || a[i].next_ms != b[i].next_ms || a[i].data_ms != b[i].data_ms ||
            a[i].left_out != b[i].left_out || a[i].error.n != b[i].error.n || !ct_span_eq(a[i].error, b[i].error))
            return false;
    return true;
}

static void as_attempts(struct ct_span blob)
{
    struct ct_attempt v[CT_ATTEMPTS_MOST], again[CT_ATTEMPTS_MOST];
    struct ct_buf packed = CT_BUF_INIT, errors = CT_BUF_INIT;
    size_t n = ct_attempts_unpack(blob, CT_LIT("one\x1f\x1ftwo\x1fone"), v);
    for (size_t i = 1; i < n; i++)
        if (v[i].at_ms <= v[i - 1].at_ms)
            abort();
    if (n > 0) {
        ct_attempts_pack(&packed, &errors, v, n);
        if (ct_attempts_unpack(ct_buf_span(&packed), ct_buf_span(&errors), again) != n || !alike(v, again, n))
            abort();
    }
    ct_buf_free(&packed);
    ct_buf_free(&errors);
}

static void as_polls(struct ct_span blob)
{
    struct ct_poll v[CT_POLLS_MOST], again[CT_POLLS_MOST];
    struct ct_buf packed = CT_BUF_INIT, reasons = CT_BUF_INIT;
    size_t n = ct_polls_unpack(blob, CT_LIT("one\x1f\x1ftwo\x1fone"), v);
    if (n > 0) {
        ct_polls_pack(&packed, &reasons, v, n);
        if (ct_polls_unpack(ct_buf_span(&packed), ct_buf_span(&reasons), again) != n)
            abort();
    }
    for (size_t i = 0; i < n; i++)
        if (again[i].from_ms != v[i].from_ms || again[i].to_ms != v[i].to_ms || v[i].to_ms < v[i].from_ms ||
            again[i].good != v[i].good || again[i].imported != v[i].imported ||
            !ct_span_eq(again[i].reason, v[i].reason))
            abort();
    ct_buf_free(&packed);
    ct_buf_free(&reasons);
}

/* V of BLOB, cut in two and put together again, and BLOB with one more row behind it. */
static void appended(struct ct_span blob, const struct ct_sample *v, size_t n)
{
    struct ct_buf half = CT_BUF_INIT, whole = CT_BUF_INIT, longer = CT_BUF_INIT;
    struct ct_sample *again = ct_xcalloc(n + 1, sizeof *again);
    size_t cut = (n + 1) / 2;
    ct_blob_encode(&half, v, cut);
    struct ct_blob_end half_end = ct_blob_end(ct_buf_span(&half), v, cut), end = ct_blob_end(blob, v, n);
    if (cut < n && ct_blob_append(&whole, ct_buf_span(&half), &half_end, v + cut, n - cut) &&
        (ct_blob_rows(ct_buf_span(&whole)) != n || !ct_blob_decode(ct_buf_span(&whole), again) ||
         !same(v, again, n)))
        abort();
    struct ct_sample next = {v[n - 1].at_ms + (n > 1 ? v[n - 1].at_ms - v[n - 2].at_ms : 1), v[n - 1].value, 0};
    if (n < CT_BLOB_MOST && next.at_ms <= CT_BLOB_KEY_MOST && ct_blob_append(&longer, blob, &end, &next, 1) &&
        (ct_blob_rows(ct_buf_span(&longer)) != n + 1 || !ct_blob_decode(ct_buf_span(&longer), again) ||
         !same(v, again, n) || !same(&next, again + n, 1)))
        abort();
    ct_buf_free(&half);
    ct_buf_free(&whole);
    ct_buf_free(&longer);
    free(again);
}

static void as_tails(struct ct_span row)
{
    struct ct_tail v[CT_TAILS], again[CT_TAILS];
    struct ct_buf packed = CT_BUF_INIT;
    if (ct_tails_unpack(row, 7, v)) {
        ct_tails_pack(&packed, v);
        if (!ct_tails_unpack(ct_buf_span(&packed), 7, again))
            abort();
        for (int i = 0; i < CT_TAILS; i++)
            if (v[i].key != again[i].key || !ct_span_eq(v[i].blob, again[i].blob))
                abort();
    }
    (void)ct_tails_sound(row);
    ct_buf_free(&packed);
}

static bool same_facts(const struct ct_offers *a, const struct ct_offers *b)
{
    bool same = a->n == b->n && !memcmp(a->series, b->series, a->n * sizeof a->series[0]);
    for (enum ct_fact f = 0; f < CT_FACTS; f++)
        for (size_t i = 0; i < a->n && same; i++)
            same = ct_offers_is_text(f) ? ct_span_eq(ct_offers_text(a, f, i), ct_offers_text(b, f, i))
                                        : ct_offers_number(a, f, i) == ct_offers_number(b, f, i);
    return same;
}

static bool offers_unpacked(struct ct_span blob, struct ct_offers *o)
{
    struct ct_numbers rest;
    return ct_offers_unpack_series(blob, o, &rest) && ct_offers_unpack_facts(&rest, o);
}

static void as_offers(struct ct_span blob)
{
    struct ct_offers *o = ct_xmalloc(sizeof *o), *again = ct_xmalloc(sizeof *again);
    struct ct_buf packed = CT_BUF_INIT;
    if (offers_unpacked(blob, o)) {
        ct_offers_pack(&packed, o);
        if (!offers_unpacked(ct_buf_span(&packed), again) || !same_facts(o, again))
            abort();
    }
    ct_buf_free(&packed);
    free(o);
    free(again);
}

static void once(struct ct_span blob)
{
    as_offers(blob);
    as_tails(blob);
    once_newest(blob);
    as_attempts(blob);
    as_polls(blob);
    size_t n = ct_blob_rows(blob);
    struct ct_sample *v = ct_xcalloc(n + 1, sizeof *v), *again = ct_xcalloc(n + 1, sizeof *v);
    if (ct_blob_decode(blob, v)) {
        struct ct_buf packed = CT_BUF_INIT;
        ct_blob_encode(&packed, v, n);
        if (ct_blob_rows(ct_buf_span(&packed)) != n || !ct_blob_decode(ct_buf_span(&packed), again) ||
            !same(v, again, n))
            abort();
        ct_buf_free(&packed);
        appended(blob, v, n);
    }
    free(v);
    free(again);
}

static void add_summed(struct ct_buf *b, struct ct_span bytes, bool old)
{
    uint32_t sum = old ? ct_old_sum_of(bytes) : ct_sum_of(bytes);
    ct_buf_add(b, bytes);
    for (int i = 0; i < CT_SUM_BYTES; i++)
        ct_buf_addc(b, (char)(sum >> 8 * i));
}

/* As those of layouts before 22 if OLD. */
static void summed(struct ct_span data, bool old)
{
    struct ct_buf b = CT_BUF_INIT;
    add_summed(&b, data, old);
    once(ct_buf_span(&b));
    if (data.n > 0) { /* of tails, what stands before them has a sum */
        size_t head = (unsigned char)data.p[data.n - 1] % data.n;
        ct_buf_clear(&b);
        add_summed(&b, (struct ct_span){data.p, head}, old);
        ct_buf_add(&b, (struct ct_span){data.p + head, data.n - head});
        as_tails(ct_buf_span(&b));
    }
    ct_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ct_span bytes = {(const char *)data, size};
    once(bytes);
    summed(bytes, false);
    summed(bytes, true);
    return 0;
}
