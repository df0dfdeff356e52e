/* When to ask again: pure arithmetic, so that a thousand polls can be tested in a millisecond. */
#ifndef CT_SCHEDULE_H
#define CT_SCHEDULE_H

#include "db/base/timeutil.h"

#include <stdbool.h>

#define CT_MIN_INTERVAL_MS (30 * CT_SECOND)
#define CT_MAX_BACKOFF_MS CT_HOUR
#define CT_MAX_RETRY_AFTER_MS CT_DAY
#define CT_RETRY_UNREACHED_MS CT_MINUTE

struct ct_attempt {
    int64_t interval_ms;    /* of the source */
    int64_t least_ms;       /* no delay is shorter: CT_MIN_INTERVAL_MS, except for inner mirrors */
    int64_t failures;       /* in a row, this attempt included; 0: it worked */
    bool answered;          /* some HTTP answer came */
    int64_t retry_after_ms; /* CT_NONE: not said */
    int jitter_percent;     /* 0 to 50 */
    uint64_t random;        /* 64 random bits: same bits, same delay */
};

/* Milliseconds from the end of this attempt to the next. Success: the interval. Failures double it,
 * up to an hour (or the interval, when that is longer). A server that was not even reached (no
 * route, no DNS, cable out) is asked again after a minute, then 2, 4, ... minutes, never later than
 * a failure that was answered. Retry-After counts between the interval and 24 h. Jitter spreads
 * around the interval and the back-off, but only ever lengthens a Retry-After. */
int64_t ct_next_delay(const struct ct_attempt *a);

/* Delay before the first attempt of this process, at NOW_MS, of a source with this memory (CT_NONE:
 * never tried). SPREAD_MS is the window over which what is due at once is spread. Stored plans that
 * a changed clock or interval made senseless are not trusted. */
int64_t ct_first_delay(int64_t now_ms, int64_t last_attempt_ms, int64_t next_attempt_ms,
                       int64_t interval_ms, int64_t least_ms, int64_t spread_ms, uint64_t random);

/* A well-mixed 64-bit number from SEED, a source's HASH and a COUNT. */
uint64_t ct_mix(uint64_t seed, uint64_t hash, uint64_t count);

#endif
