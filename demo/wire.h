/* The simulated market in the wire formats of the real sources. One thread at a time. */
#ifndef CT_WIRE_H
#define CT_WIRE_H

#include "db/base/str.h"
#include "demo/world.h"

/* How a simulated source is listed: the columns of fetchers/reference/sources.tsv that matter. */
struct wire_source {
    const char *id, *family, *provider, *scope, *title, *path, *query;
    int64_t backlog_ms; /* between two answers, of the backlog and as listed */
};
extern const struct wire_source wire_sources[WORLD_SOURCES];

/* The last honest answers, for a source that freezes. Zero it; free with ct_wire_memory_free. */
struct wire_memory {
    struct ct_buf last[WORLD_SOURCES];
};
void ct_wire_memory_free(struct wire_memory *m);

/* What SOURCE answers now: the body into OUT (cleared first), the HTTP status returned. Lies
 * included. */
int ct_wire_answer(const struct ct_world *w, int source, struct wire_memory *m, struct ct_buf *out);

#endif
