/* How far a campaign of the tests goes. */
#ifndef TESTS_FIGURE_H
#define TESTS_FIGURE_H

#include "db/base/str.h"

#include <stdint.h>
#include <stdlib.h>

/* What the environment's NAME says, from 1 to MOST; else USUAL. */
static inline int figure_said(const char *name, int usual, int most)
{
    int64_t n;
    const char *said = getenv(name);
    return said && ct_span_int(ct_span(said), &n) == CT_OK && n > 0 && n <= most ? (int)n : usual;
}

/* Where each costs several times as much (the sanitizers of `./dev check`), one in so many is tried. */
static inline int figure_sample(void)
{
    return figure_said("CT_SAMPLE", 1, 1000);
}

/* The rounds of a campaign: as NAME says (tests/soak.sh), else a sample of USUAL. */
static inline int figure(const char *name, int usual, int most)
{
    return figure_said(name, (usual + figure_sample() - 1) / figure_sample(), most);
}
#endif
