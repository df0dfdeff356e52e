/* Alerts at work: asks the rules after commits and every 15 s, moves the lives, stores what changed
 * with what is to be told, and hands messages to the channels. Runs in the holder of the lease, in
 * its one thread; app/ plugs it into the fetcher's loop. */
#ifndef CT_ENGINE_H
#define CT_ENGINE_H

#include "alerts/channel.h"
#include "alerts/rules.h"

#define CT_EVALUATE_MS (15 * CT_SECOND)
#define CT_ONCE_GAP_MS (16 * CT_MINUTE) /* a timer of 15 minutes, and what it is late */

struct ct_engine;

struct ct_engine_options {
    const char *db_path;
    struct ct_writer *writer;     /* borrowed, as are the next two */
    const struct ct_rules *rules;
    struct ct_channels *channels; /* NULL: messages stay queued */
    uint64_t seed;                /* of retry pauses */
    bool once; /* a process that lives for one evaluation, right behind a fetch of all: what it finds
                  counts at once and goes at once, and time between two such that are less than
                  CT_ONCE_GAP_MS apart counts as watched */
};
/* Takes up what was stored. */
CT_MUST_USE enum ct_status ct_engine_new(const struct ct_engine_options *o, struct ct_engine **out,
                                         struct ct_error *err);
void ct_engine_free(struct ct_engine *e); /* NULL is fine */
/* A source of KIND was committed: rules about its rows are asked again at the next step. */
void ct_engine_committed(struct ct_engine *e, enum ct_source_kind kind);
/* Evaluates when it is time, sends what is due. NOW_MS is the wall clock, BOOT_MS CLOCK_BOOTTIME.
 * Returns the milliseconds until it wants to be called again, at most 15 s. Trouble with the database
 * is logged and tried again. */
int64_t ct_engine_step(struct ct_engine *e, int64_t now_ms, int64_t boot_ms);

/* Is a message under way, or due within WITHIN_MS? */
bool ct_engine_busy(const struct ct_engine *e, int64_t within_ms);

#endif
