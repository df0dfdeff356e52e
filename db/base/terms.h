/* Numbers for what many rows have in common: each text (with two numbers beside it) gets the next one, from 0 on, when
 * it is first seen. Rows are then compared, counted and put in order by numbers. */
#ifndef CT_TERMS_H
#define CT_TERMS_H

#include "db/base/str.h"

#include <stddef.h>
#include <stdint.h>

struct ct_term {
    struct ct_span text; /* borrowed; null and "" are two terms */
    int64_t with[2];
};

/* Starts zeroed. */
struct ct_terms {
    struct ct_term *v;
    size_t n, cap;
    uint32_t *slot; /* open addressing: number + 1 */
    size_t n_slots;
    struct ct_term_asked *asked; /* NULL: nothing yet */
};

size_t ct_terms_number(struct ct_terms *t, struct ct_term term);
/* The same of a text that stays where and as it is: asked again soon it is known by where it lies. */
size_t ct_terms_lasting(struct ct_terms *t, struct ct_term term);
void ct_terms_free(struct ct_terms *t);

#endif
