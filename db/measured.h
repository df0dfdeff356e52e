/* What is measured at a provider, beside what its own page says: status sources whose evidence is
 * "measured" (uptime monitors), and the states of endpoints that a router of requests observes.
 * For db/ only; inside a load. */
#ifndef CT_MEASURED_H
#define CT_MEASURED_H

#include "db/reader.h"

struct ct_measured_part {
    struct ct_span provider, source;
    int state;
    int64_t seen_ms, uptime_milli; /* of the last half hour, percent; CT_NONE */
    bool monitor;                  /* a monitor's own verdict, not one endpoint of many */
    struct ct_span words; /* of a probe: "5 of 20 probes failed, p95 2.9 s, usual 0.8 s"; else null */
};
struct ct_measured_list {
    CT_VEC(struct ct_measured_part) v;
};
/* Everything measured by readable sources at r->t. */
void ct_measured_at(struct ct_reader *r, const struct ct_source_list *sources,
                    struct ct_measured_list *out);
/* Fills ROW's measured_* fields: the count of all and of the bad ones, never a verdict from a few of
 * many. MEASURED is degraded when a monitor says so, or half of the endpoints are. */
void ct_measured_of(struct ct_reader *r, const struct ct_measured_list *list,
                    struct ct_status_row *row);

#endif
