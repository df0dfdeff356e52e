/* History in seconds: the simulated market's answers, parsed and committed as fetches of the past.
 */
#ifndef CT_BACKLOG_H
#define CT_BACKLOG_H

#include "db/write.h"
#include "demo/world.h"

/* Moves W from where it is to END_MS in steps of ten minutes and commits what its sources answer on
 * the way, each commit one transaction. The writer belongs to the caller's thread. */
CT_MUST_USE enum ct_status demo_backlog(struct ct_writer *w, struct ct_world *world, int64_t end_ms,
                                        struct ct_error *err);

#endif
