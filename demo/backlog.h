/* History in seconds: the simulated market's answers, parsed and committed as fetches of the past.
 */
#ifndef CT_BACKLOG_H
#define CT_BACKLOG_H

#include "db/write.h"
#include "demo/world.h"

/* The same a step at a time, for who does something in between: demo_backlog_step moves WORLD on by ten
 * minutes and commits what its sources answer then. WORLD may be changed between two steps. */
struct ct_backlog;
struct ct_backlog *demo_backlog_new(struct ct_writer *w, struct ct_world *world);
CT_MUST_USE enum ct_status demo_backlog_step(struct ct_backlog *b, struct ct_error *err);
void demo_backlog_free(struct ct_backlog *b);

/* Moves W from where it is to END_MS in steps of ten minutes and commits what its sources answer on
 * the way, each commit one transaction. The writer belongs to the caller's thread. */
CT_MUST_USE enum ct_status demo_backlog(struct ct_writer *w, struct ct_world *world, int64_t end_ms,
                                        struct ct_error *err);

#endif
