/* Things in the order of numbers that are worked out for them once, where comparing the things themselves would take
 * longer. */
#ifndef CT_KEYED_H
#define CT_KEYED_H

#include <stddef.h>
#include <stdint.h>

struct ct_keyed {
    uint64_t key;
    uint32_t i; /* which one it is */
};

/* The key of a number that may be below 0. */
static inline uint64_t ct_key_of(int64_t v)
{
    return (uint64_t)v ^ UINT64_C(1) << 63;
}

/* Sorts V by keys, equal ones as they stand. SPARE: room for as many. */
void ct_keyed_sort(struct ct_keyed *v, size_t n, struct ct_keyed *spare);

#endif
