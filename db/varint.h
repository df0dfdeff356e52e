/* What packed rows are made of (codec.c, newest.c): numbers of seven bits a byte, the low ones first; differences that
 * wrap around, so that any two numbers have one; the largest step all of them are multiples of; a checksum. For db/
 * only. */
#ifndef CT_VARINT_H
#define CT_VARINT_H

#include "db/base/str.h"

#include <endian.h>
#include <string.h>

#define CT_NUMBER_MOST 10 /* bytes of one */
#define CT_SUM_BYTES 4

static inline char *ct_number_put(char *p, uint64_t v)
{
    for (; v > 127; v >>= 7)
        *p++ = (char)(v | 128);
    *p++ = (char)v;
    return p;
}

/* A number and where the next one stands; NULL: there is none, or it has too many bits. */
struct ct_number {
    const unsigned char *next;
    uint64_t v;
};

static inline struct ct_number ct_long_number(const unsigned char *p, const unsigned char *end)
{
    uint64_t v = 0;
    for (int shift = 0; p < end && shift < 64; shift += 7) {
        uint64_t byte = *p++;
        if (shift == 63 && byte > 1)
            break;
        v |= (byte & 127) << shift;
        if (byte < 128)
            return (struct ct_number){p, v};
    }
    return (struct ct_number){NULL, 0};
}

/* Most have one byte, or two; moments that lie anyhow have four. */
static inline struct ct_number ct_number_get(const unsigned char *p, const unsigned char *end)
{
    if (p < end && *p < 128)
        return (struct ct_number){p + 1, *p};
    if (end - p >= 2 && p[1] < 128)
        return (struct ct_number){p + 2, (uint64_t)(p[0] & 127) | (uint64_t)p[1] << 7};
    if (end - p < 4 || !(p[0] & p[1] & p[2] & 128) || p[3] > 127)
        return ct_long_number(p, end);
    uint64_t v = (uint64_t)(p[0] & 127) | (uint64_t)(p[1] & 127) << 7 | (uint64_t)(p[2] & 127) << 14 | (uint64_t)p[3] << 21;
    return (struct ct_number){p + 4, v};
}

/* One after the other. */
struct ct_numbers {
    const unsigned char *p, *end;
    bool bad; /* what follows is nothing */
};

static inline uint64_t ct_numbers_next(struct ct_numbers *in)
{
    struct ct_number n = ct_number_get(in->p, in->end);
    in->bad = in->bad || !n.next;
    in->p = n.next ? n.next : in->end;
    return n.v;
}

/* Past one that nobody wants to know. */
static inline void ct_numbers_skip(struct ct_numbers *in)
{
    while (in->p < in->end && *in->p > 127)
        in->p++;
    in->bad = in->bad || in->p == in->end;
    in->p += in->p < in->end;
}

/* Small differences of either sign are small numbers. */
static inline uint64_t ct_fold(uint64_t v)
{
    return v << 1 ^ (v >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t ct_unfold(uint64_t v)
{
    return v >> 1 ^ (v & 1 ? UINT64_MAX : 0);
}

static inline uint64_t ct_size_of(uint64_t difference)
{
    return difference >> 63 ? 0 - difference : difference;
}

static inline uint64_t ct_in_steps(uint64_t difference, uint64_t step)
{
    return difference >> 63 ? 0 - (0 - difference) / step : difference / step;
}

/* The largest number both are multiples of; 0 is one of any. */
static inline uint64_t ct_common(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Eight bytes at a time, the low ones first on any machine. */
static inline uint32_t ct_sum_of(struct ct_span bytes)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t h = bytes.n * odd, word;
    for (; bytes.n > 0; bytes.p += sizeof word) {
        size_t n = bytes.n < sizeof word ? bytes.n : sizeof word;
        word = 0;
        if (n == sizeof word)
            memcpy(&word, bytes.p, sizeof word);
        else
            memcpy(&word, bytes.p, n);
        h = (h ^ le64toh(word)) * odd;
        h ^= h >> 32;
        bytes.n -= n;
    }
    return (uint32_t)h;
}

/* Of layouts before 22. */
static inline uint32_t ct_old_sum_of(struct ct_span bytes)
{
    uint64_t h = ct_hash(bytes);
    return (uint32_t)(h ^ h >> 32);
}

/* The sum of what lies from START to P, behind it; returns the end. */
static inline char *ct_sum_put(const char *start, char *p)
{
    uint32_t sum = ct_sum_of((struct ct_span){start, (size_t)(p - start)});
    for (int i = 0; i < CT_SUM_BYTES; i++)
        *p++ = (char)(sum >> 8 * i);
    return p;
}

/* BLOB, longer than a sum, ends in its sum; OLD: in that of before. */
static inline bool ct_sum_holds(struct ct_span blob, bool old)
{
    const unsigned char *end = (const unsigned char *)blob.p + blob.n - CT_SUM_BYTES;
    const struct ct_span bytes = {blob.p, blob.n - CT_SUM_BYTES};
    uint32_t sum = 0;
    for (int i = 0; i < CT_SUM_BYTES; i++)
        sum |= (uint32_t)end[i] << 8 * i;
    return sum == (old ? ct_old_sum_of(bytes) : ct_sum_of(bytes));
}

#endif
