#include "config.h"

#include "db/base/keyed.h"

#include <string.h>

/* Byte by byte, the low ones first; those that all keys have in common are passed over. */
void ct_keyed_sort(struct ct_keyed *v, size_t n, struct ct_keyed *spare)
{
    struct ct_keyed *from = v, *to = spare;
    uint64_t differ = 0;
    for (size_t i = 1; i < n; i++)
        differ |= v[i].key ^ v[0].key;
    for (int shift = 0; shift < 64; shift += 8) {
        size_t place[256] = {0}, next = 0;
        if (!(differ >> shift & 255))
            continue;
        for (size_t i = 0; i < n; i++)
            place[from[i].key >> shift & 255]++;
        for (size_t byte = 0; byte < 256; byte++) {
            size_t many = place[byte];
            place[byte] = next;
            next += many;
        }
        for (size_t i = 0; i < n; i++)
            to[place[from[i].key >> shift & 255]++] = from[i];
        struct ct_keyed *swap = from;
        from = to;
        to = swap;
    }
    if (from != v)
        memcpy(v, from, n * sizeof *v);
}
