/* The summary of a status page in Atlassian's shape, which incident.io serves too. */
#ifndef CT_STATUSPAGE_H
#define CT_STATUSPAGE_H

#include "fetchers/family.h"
#include "fetchers/jsonx.h"

/* parse() of statuspage-summary and incidentio-compat: the answer of the other vendor is read as
 * well, since pages move between the two under one address, but then a note says so. */
CT_MUST_USE enum ct_status ct_statuspage_parse(struct ct_span body, bool incidentio,
                                               struct ct_batch *out, struct ct_error *err);

/* One incident of its lists, PLANNED: one of the list of maintenances, with its updates. */
void ct_statuspage_incident(const json_t *incident, bool planned, struct ct_batch *out);

#endif
