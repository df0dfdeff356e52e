/* Measurements of one's own: the last tries of an address, and the text that family `probe` reads:
 *
 *   cloudtape-probe 1
 *   STATUS LATENCY_MS       a line a try, oldest first; status 0: no answer came at all
 */
#ifndef CT_PROBE_H
#define CT_PROBE_H

#include "db/base/str.h"

enum { CT_TRIES_MAX = 240, CT_TRIES_RECENT = 20 };
#define CT_PROBE_FIRST_LINE "cloudtape-probe 1"

struct ct_tries {
    size_t n; /* at most CT_TRIES_MAX, oldest first */
    struct ct_try {
        int status;
        int64_t latency_ms;
    } v[CT_TRIES_MAX];
};

/* Forgets the oldest when there are many. */
void ct_tries_add(struct ct_tries *t, int status, int64_t latency_ms);
/* One of the recent tries was answered, by whatever status. When none was, it may as well be our own
 * line that is down. */
bool ct_tries_reached(const struct ct_tries *t);
void ct_tries_text(const struct ct_tries *t, struct ct_buf *out);

#endif
