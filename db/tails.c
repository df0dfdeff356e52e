#include "db/tails.h"

#include "db/varint.h"

#include <string.h>

/* A row is: a version byte (none that db/codec.c and db/newest.c have); how many; for each of them which of the series
 * it is, how far its second is from that of the one before, and its length; a checksum; the blobs. */
#define FORMAT 66
#define OLD_FORMAT 65 /* the same with another checksum */
#define HEAD_MOST (2 + CT_TAILS * 3 * CT_NUMBER_MOST + CT_SUM_BYTES)
#define SECONDS ((UINT64_C(1) << CT_SECOND_BITS) - 1)

void ct_tails_pack(struct ct_buf *out, const struct ct_tail v[CT_TAILS])
{
    char head[HEAD_MOST], *p = head + 2;
    uint64_t second = 0;
    head[0] = FORMAT;
    head[1] = 0;
    for (int i = 0; i < CT_TAILS; i++) {
        if (!v[i].key)
            continue;
        uint64_t now = (uint64_t)v[i].key & SECONDS;
        head[1]++;
        *p++ = (char)i;
        p = ct_number_put(p, ct_fold(now - second));
        p = ct_number_put(p, v[i].blob.n);
        second = now;
    }
    p = ct_sum_put(head, p);
    ct_buf_add(out, (struct ct_span){head, (size_t)(p - head)});
    for (int i = 0; i < CT_TAILS; i++)
        if (v[i].key)
            ct_buf_add(out, v[i].blob);
}

/* Where each is and how long; their blobs begin anywhere. Returns where they begin; NULL: damaged. */
static const char *read_head(struct ct_span row, int64_t k, struct ct_tail v[CT_TAILS])
{
    if (row.n < 2 || (row.p[0] != FORMAT && row.p[0] != OLD_FORMAT))
        return NULL;
    struct ct_numbers in = {(const unsigned char *)row.p + 2, (const unsigned char *)row.p + row.n, false};
    uint64_t second = 0, least = 0;
    for (int n = row.p[1]; n > 0 && !in.bad; n--) {
        uint64_t i = ct_numbers_next(&in);
        second += ct_unfold(ct_numbers_next(&in));
        uint64_t bytes = ct_numbers_next(&in);
        if (i < least || i >= CT_TAILS || second > SECONDS || bytes == 0 || bytes > row.n)
            return NULL;
        v[i].key = (int64_t)(((uint64_t)k << CT_TAILS_BITS | i) << CT_SECOND_BITS | second);
        v[i].blob.n = (size_t)bytes;
        least = i + 1;
    }
    if (in.bad || least == 0 || in.end - in.p < CT_SUM_BYTES)
        return NULL;
    struct ct_span head = {row.p, (size_t)((const char *)in.p - row.p) + CT_SUM_BYTES};
    return ct_sum_holds(head, row.p[0] == OLD_FORMAT) ? row.p + head.n : NULL;
}

bool ct_tails_unpack(struct ct_span row, int64_t k, struct ct_tail v[CT_TAILS])
{
    memset(v, 0, CT_TAILS * sizeof *v);
    const char *p = read_head(row, k, v);
    for (int i = 0; p && i < CT_TAILS; i++) {
        if (v[i].blob.n > (size_t)(row.p + row.n - p)) {
            p = NULL;
            break;
        }
        v[i].blob.p = p;
        p += v[i].blob.n;
    }
    if (p != row.p + row.n)
        p = NULL;
    if (!p)
        memset(v, 0, CT_TAILS * sizeof *v);
    return p != NULL;
}

bool ct_tails_sound(struct ct_span row)
{
    struct ct_tail v[CT_TAILS];
    bool sound = ct_tails_unpack(row, 1, v);
    for (int i = 0; sound && i < CT_TAILS; i++)
        sound = !v[i].key || ct_blob_sound(v[i].blob);
    return sound;
}
