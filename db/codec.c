#include "db/codec.h"

#include "db/base/money.h"

#define VERSION 1
#define SUM_BYTES 4
#define NO_NUMBER 128 /* beside the flags */

/* ---- numbers of seven bits a byte, the low ones first ---- */

#define NUMBER_MOST 10
#define HEAD_MOST (1 + 5 * NUMBER_MOST)
#define ROW_MOST (2 * NUMBER_MOST + 1)

static char *put(char *p, uint64_t v)
{
    for (; v > 127; v >>= 7)
        *p++ = (char)(v | 128);
    *p++ = (char)v;
    return p;
}

struct input {
    const unsigned char *p, *end;
    bool bad;
};

static uint64_t get(struct input *in)
{
    uint64_t v = 0;
    for (int shift = 0; in->p < in->end && shift < 64; shift += 7) {
        uint64_t byte = *in->p++;
        if (shift == 63 && byte > 1)
            break;
        v |= (byte & 127) << shift;
        if (byte < 128)
            return v;
    }
    in->bad = true;
    return 0;
}

/* Differences wrap around, so that any two numbers have one; small ones of either sign are small. */
static uint64_t fold(uint64_t v)
{
    return v << 1 ^ (v >> 63 ? UINT64_MAX : 0);
}

static uint64_t unfold(uint64_t v)
{
    return v >> 1 ^ (v & 1 ? UINT64_MAX : 0);
}

static uint64_t size_of(uint64_t difference)
{
    return difference >> 63 ? 0 - difference : difference;
}

static uint64_t in_steps(uint64_t difference, uint64_t step)
{
    return difference >> 63 ? 0 - (0 - difference) / step : difference / step;
}

static uint64_t common(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint32_t sum_of(struct ct_span bytes)
{
    uint64_t h = ct_hash(bytes);
    return (uint32_t)(h ^ h >> 32);
}

/* ---- the blob ---- */

static int words(const struct ct_sample *v)
{
    return (v->flags & 127) | (v->value == CT_NONE ? NO_NUMBER : 0);
}

/* The steps all keys and all values of V are apart by. */
static void find_steps(const struct ct_sample *v, size_t n, uint64_t *keys, uint64_t *values)
{
    const struct ct_sample *last = NULL; /* with a number */
    *keys = *values = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            *keys = common((uint64_t)v[i].at_ms - (uint64_t)v[i - 1].at_ms, *keys);
        if (v[i].value == CT_NONE)
            continue;
        if (last)
            *values = common(size_of((uint64_t)v[i].value - (uint64_t)last->value), *values);
        last = &v[i];
    }
    *keys += *keys == 0;
    *values += *values == 0;
}

void ct_blob_encode(struct ct_buf *out, const struct ct_sample *v, size_t n)
{
    char *start = ct_buf_room(out, HEAD_MOST + n * ROW_MOST + SUM_BYTES), *p = start;
    uint64_t key = (uint64_t)v[0].at_ms, value = 0, key_step, value_step;
    for (size_t i = n; i-- > 0;)
        value = v[i].value == CT_NONE ? value : (uint64_t)v[i].value;
    find_steps(v, n, &key_step, &value_step);
    *p++ = VERSION;
    p = put(p, n);
    p = put(p, fold(key));
    p = put(p, key_step);
    p = put(p, fold(value));
    p = put(p, value_step);
    int now = 0;
    for (size_t i = 0; i < n; i++) {
        bool turn = words(&v[i]) != now;
        now = words(&v[i]);
        p = put(p, ((uint64_t)v[i].at_ms - key) / key_step << 1 | turn);
        key = (uint64_t)v[i].at_ms;
        if (turn)
            *p++ = (char)now;
        if (now & NO_NUMBER)
            continue;
        p = put(p, fold(in_steps((uint64_t)v[i].value - value, value_step)));
        value = (uint64_t)v[i].value;
    }
    uint32_t sum = sum_of((struct ct_span){start, (size_t)(p - start)});
    for (int i = 0; i < SUM_BYTES; i++)
        *p++ = (char)(sum >> 8 * i);
    *p = '\0';
    out->n += (size_t)(p - start);
}

/* What stands before the rows; N is 0 when that makes no sense. */
struct head {
    struct input in;
    uint64_t n, key, key_step, value, value_step;
};

static struct head read_head(struct ct_span blob)
{
    struct head h = {.n = 0};
    if (blob.n <= SUM_BYTES || blob.p[0] != VERSION)
        return h;
    h.in.p = (const unsigned char *)blob.p + 1;
    h.in.end = (const unsigned char *)blob.p + blob.n - SUM_BYTES;
    uint64_t n = get(&h.in);
    h.key = unfold(get(&h.in));
    h.key_step = get(&h.in);
    h.value = unfold(get(&h.in));
    h.value_step = get(&h.in);
    bool fine = !h.in.bad && h.key_step > 0 && n <= CT_BLOB_MOST && n <= (uint64_t)(h.in.end - h.in.p);
    h.n = fine ? n : 0;
    return h;
}

size_t ct_blob_rows(struct ct_span blob)
{
    return (size_t)read_head(blob).n;
}

/* A key behind the one before it, in bounds; false: no. */
static bool next_key(int64_t *key, uint64_t steps, uint64_t step, bool first)
{
    uint64_t room = (uint64_t)CT_BLOB_KEY_MOST - (uint64_t)*key;
    if ((steps == 0) != first || (steps && step > room / steps))
        return false;
    *key = (int64_t)((uint64_t)*key + steps * step);
    return true;
}

bool ct_blob_decode(struct ct_span blob, struct ct_sample *v)
{
    struct head h = read_head(blob);
    struct input *in = &h.in;
    int64_t key = (int64_t)h.key;
    if (h.n == 0 || key < -CT_BLOB_KEY_MOST || key > CT_BLOB_KEY_MOST)
        return false;
    uint32_t sum = 0;
    for (int i = 0; i < SUM_BYTES; i++)
        sum |= (uint32_t)in->end[i] << 8 * i;
    if (sum != sum_of((struct ct_span){blob.p, blob.n - SUM_BYTES}))
        return false;
    int now = 0;
    for (size_t i = 0; i < h.n && !in->bad; i++) {
        uint64_t steps = get(in);
        if (!next_key(&key, steps >> 1, h.key_step, i == 0))
            return false;
        if (steps & 1)
            now = in->p < in->end ? *in->p++ : 0;
        if (!(now & NO_NUMBER))
            h.value += unfold(get(in)) * h.value_step;
        v[i] = (struct ct_sample){key, now & NO_NUMBER ? CT_NONE : (int64_t)h.value, now & 127};
    }
    return !in->bad && in->p == in->end;
}
