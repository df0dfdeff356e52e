/* The risk that a spot machine is taken back. Who knows it (aws-spot-advisor) has no prices, and who has prices does
 * not know it: an offer without a word on it takes that of its cloud, region and instance. For db/ only. */
#ifndef CT_RISK_H
#define CT_RISK_H

#include "db/reader.h"

/* Says in each of ROWS whose word its interruption band is, and gives spot offers that have none the newest one among
 * GIVERS (which may be ROWS). Done once all of a row but this is set. */
void ct_join_risk(struct ct_reader *r, struct ct_offer_row *const *rows, size_t n, struct ct_offer_row *const *givers,
                  size_t n_givers);

#endif
