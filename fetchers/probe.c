#include "fetchers/probe.h"

#include <inttypes.h>
#include <string.h>

void ct_tries_add(struct ct_tries *t, int status, int64_t latency_ms)
{
    if (t->n == CT_TRIES_MAX)
        memmove(&t->v[0], &t->v[1], --t->n * sizeof t->v[0]);
    t->v[t->n++] = (struct ct_try){status, latency_ms};
}

bool ct_tries_reached(const struct ct_tries *t)
{
    size_t from = t->n > CT_TRIES_RECENT ? t->n - CT_TRIES_RECENT : 0;
    for (size_t i = from; i < t->n; i++)
        if (t->v[i].status != 0)
            return true;
    return false;
}

void ct_tries_text(const struct ct_tries *t, struct ct_buf *out)
{
    ct_buf_clear(out);
    ct_buf_adds(out, CT_PROBE_FIRST_LINE "\n");
    for (size_t i = 0; i < t->n; i++)
        ct_buf_addf(out, "%d %" PRId64 "\n", t->v[i].status, t->v[i].latency_ms);
}
