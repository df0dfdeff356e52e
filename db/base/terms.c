#include "config.h"

#include "db/base/terms.h"

#include <stdlib.h>

static uint64_t mixed(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static size_t place_of(const struct ct_terms *t, const struct ct_term *term)
{
    uint64_t h = mixed(ct_hash(term->text), (uint64_t)term->with[0]);
    size_t at = (size_t)(mixed(h, (uint64_t)term->with[1]) >> 20) & (t->n_slots - 1);
    for (; t->slot[at]; at = (at + 1) & (t->n_slots - 1)) {
        const struct ct_term *v = &t->v[t->slot[at] - 1];
        if (v->with[0] == term->with[0] && v->with[1] == term->with[1] && ct_span_eq(v->text, term->text))
            break;
    }
    return at;
}

static void grow(struct ct_terms *t)
{
    t->cap = t->cap ? t->cap * 2 : 32;
    t->v = ct_xrealloc(t->v, t->cap * sizeof *t->v);
    free(t->slot);
    t->n_slots = t->cap * 2;
    t->slot = ct_xcalloc(t->n_slots, sizeof *t->slot);
    for (size_t i = 0; i < t->n; i++)
        t->slot[place_of(t, &t->v[i])] = (uint32_t)i + 1;
}

size_t ct_terms_number(struct ct_terms *t, struct ct_term term)
{
    if (t->n == t->cap)
        grow(t);
    size_t at = place_of(t, &term);
    if (!t->slot[at]) {
        t->v[t->n++] = term;
        t->slot[at] = (uint32_t)t->n;
    }
    return t->slot[at] - 1;
}

/* The last ones, by where their texts lie. */
enum { ASKED = 64 };
struct ct_term_asked {
    struct ct_term term;
    size_t number; /* + 1; 0: none */
};

size_t ct_terms_lasting(struct ct_terms *t, struct ct_term term)
{
    if (!t->asked)
        t->asked = ct_xcalloc(ASKED, sizeof *t->asked);
    uint64_t h = mixed((uint64_t)(uintptr_t)term.text.p ^ (uint64_t)term.with[0] << 40, (uint64_t)term.with[1]);
    struct ct_term_asked *a = &t->asked[h >> 32 & (ASKED - 1)];
    bool again = a->number && a->term.text.p == term.text.p && a->term.text.n == term.text.n &&
                 a->term.with[0] == term.with[0] && a->term.with[1] == term.with[1];
    if (!again)
        *a = (struct ct_term_asked){term, ct_terms_number(t, term) + 1};
    return a->number - 1;
}

void ct_terms_free(struct ct_terms *t)
{
    free(t->asked);
    free(t->v);
    free(t->slot);
    *t = (struct ct_terms){.v = NULL};
}
