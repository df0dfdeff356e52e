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

/* A number and where the next one stands; NULL: there is none, or it has too many bits. */
struct number {
    const unsigned char *next;
    uint64_t v;
};

static struct number long_number(const unsigned char *p, const unsigned char *end)
{
    uint64_t v = 0;
    for (int shift = 0; p < end && shift < 64; shift += 7) {
        uint64_t byte = *p++;
        if (shift == 63 && byte > 1)
            break;
        v |= (byte & 127) << shift;
        if (byte < 128)
            return (struct number){p, v};
    }
    return (struct number){NULL, 0};
}

/* Most have one byte. */
static inline struct number get(const unsigned char *p, const unsigned char *end)
{
    return p < end && *p < 128 ? (struct number){p + 1, *p} : long_number(p, end);
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
    const unsigned char *p, *end; /* of the rows */
    uint64_t n, key, key_step, value, value_step;
};

static struct head read_head(struct ct_span blob)
{
    struct head h = {.n = 0};
    uint64_t *const fields[] = {&h.n, &h.key, &h.key_step, &h.value, &h.value_step};
    if (blob.n <= SUM_BYTES || blob.p[0] != VERSION)
        return h;
    h.end = (const unsigned char *)blob.p + blob.n - SUM_BYTES;
    h.p = (const unsigned char *)blob.p + 1;
    for (size_t i = 0; i < CT_LEN(fields); i++) {
        struct number next = get(h.p, h.end);
        if (!next.next)
            return (struct head){.n = 0};
        *fields[i] = next.v;
        h.p = next.next;
    }
    h.key = unfold(h.key);
    h.value = unfold(h.value);
    if (h.key_step == 0 || h.n > CT_BLOB_MOST || h.n > (uint64_t)(h.end - h.p))
        h.n = 0;
    return h;
}

size_t ct_blob_rows(struct ct_span blob)
{
    return (size_t)read_head(blob).n;
}

static bool sum_fits(struct ct_span blob)
{
    const unsigned char *p = (const unsigned char *)blob.p + blob.n - SUM_BYTES;
    uint32_t sum = 0;
    for (int i = 0; i < SUM_BYTES; i++)
        sum |= (uint32_t)p[i] << 8 * i;
    return sum == sum_of((struct ct_span){blob.p, blob.n - SUM_BYTES});
}

/* What goes on from row to row. */
struct rows {
    const unsigned char *p, *end;
    struct ct_sample *v, *last; /* the next one to fill; behind the last one */
    uint64_t key, value, key_step, value_step;
    uint64_t room; /* how many steps the key may still go */
    int words;
};

static void add_row(struct rows *r, uint64_t steps, uint64_t change)
{
    r->room -= steps;
    r->key += steps * r->key_step;
    r->value += unfold(change) * r->value_step;
    r->v->at_ms = (int64_t)r->key;
    r->v->value = r->words & NO_NUMBER ? CT_NONE : (int64_t)r->value;
    r->v++->flags = r->words & 127;
}

/* Any row; only the FIRST stands at the first key. False: damaged. */
static bool read_row(struct rows *r, bool first)
{
    struct number key = get(r->p, r->end), change = {key.next, 0};
    if (!key.next || (key.v >> 1 == 0) != first || key.v >> 1 > r->room)
        return false;
    if (key.v & 1)
        r->words = change.next < r->end ? *change.next++ : 0;
    if (!(r->words & NO_NUMBER))
        change = get(change.next, r->end);
    if (!change.next)
        return false;
    r->p = change.next;
    add_row(r, key.v >> 1, change.v);
    return true;
}

/* The usual rows from here on: a few steps and a small change, a byte each, and nothing else. */
static void read_usual(struct rows *rest)
{
    enum { MOST_STEPS = 63 };
    struct rows r = *rest;
    size_t n = (size_t)(r.last - r.v), by_bytes = (size_t)(r.end - r.p) / 2;
    n = by_bytes < n ? by_bytes : n;
    n = r.room / MOST_STEPS < n ? (size_t)(r.room / MOST_STEPS) : n;
    if (r.words & NO_NUMBER)
        return;
    for (; n > 0 && r.p[0] && !(r.p[0] & 129) && r.p[1] < 128; n--, r.p += 2)
        add_row(&r, r.p[0] >> 1, r.p[1]);
    *rest = r;
}

bool ct_blob_decode(struct ct_span blob, struct ct_sample *v)
{
    const struct head h = read_head(blob);
    int64_t first = (int64_t)h.key;
    if (h.n == 0 || first < -CT_BLOB_KEY_MOST || first > CT_BLOB_KEY_MOST || !sum_fits(blob))
        return false;
    struct rows r = {.p = h.p, .end = h.end, .v = v, .last = v + h.n, .key = h.key, .value = h.value,
                     .key_step = h.key_step, .value_step = h.value_step,
                     .room = ((uint64_t)CT_BLOB_KEY_MOST - h.key) / h.key_step};
    while (r.v < r.last) {
        if (!read_row(&r, r.v == v))
            return false;
        read_usual(&r);
    }
    return r.p == r.end;
}
