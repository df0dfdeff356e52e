/* How far a campaign of the tests goes. */
#ifndef TESTS_FIGURE_H
#define TESTS_FIGURE_H

#include "db/base/str.h"

#include <stdint.h>
#include <stdlib.h>

/* What the environment's NAME says (tests/soak.sh); else USUAL, of which one in CT_SAMPLE where each costs several times
 * as much (the sanitizers of `./dev check`). From 1 to MOST. */
static inline int figure(const char *name, int usual, int most)
{
    int64_t n;
    const char *said = getenv(name), *sample = getenv("CT_SAMPLE");
    if (said && ct_span_int(ct_span(said), &n) == CT_OK && n > 0 && n <= most)
        return (int)n;
    if (sample && ct_span_int(ct_span(sample), &n) == CT_OK && n > 0 && n < usual)
        return (usual + (int)n - 1) / (int)n;
    return usual;
}
#endif
