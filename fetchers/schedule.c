#include "fetchers/schedule.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

uint64_t ct_mix(uint64_t seed, uint64_t hash, uint64_t count)
{
    uint64_t x = seed ^ (hash + count * UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64's finish */
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* START doubled N times, at most LIMIT. */
static int64_t doubled(int64_t start, int64_t n, int64_t limit)
{
    while (n-- > 0 && start < limit)
        start *= 2;
    return least(start, limit);
}

/* A part of SPAN_MS in [0, 1), from the upper bits of RANDOM. */
static int64_t part_of(int64_t span_ms, uint64_t random)
{
    return (int64_t)((double)span_ms * ((double)(random >> 11) / 9007199254740992.0));
}

int64_t ct_next_delay(const struct ct_attempt *a)
{
    int64_t interval = most(a->interval_ms, a->least_ms), delay = interval;
    if (a->failures > 0) {
        delay = doubled(interval, a->failures - 1, most(interval, CT_MAX_BACKOFF_MS));
        if (!a->answered)
            delay =
                least(delay, doubled(CT_RETRY_UNREACHED_MS, a->failures - 1, CT_MAX_BACKOFF_MS));
    }
    int64_t amount = delay / 100 * a->jitter_percent;
    delay += part_of(2 * amount, a->random) - amount;
    if (a->retry_after_ms != CT_NONE) {
        int64_t told = most(least(a->retry_after_ms, CT_MAX_RETRY_AFTER_MS), interval);
        told += part_of(told / 100 * a->jitter_percent, a->random);
        delay = most(delay, told);
    }
    return most(delay, a->least_ms);
}

int64_t ct_first_delay(int64_t now_ms, int64_t last_attempt_ms, int64_t next_attempt_ms,
                       int64_t interval_ms, int64_t least_ms, int64_t spread_ms, uint64_t random)
{
    int64_t soon = part_of(spread_ms, random), delay;
    int64_t interval = most(interval_ms, least_ms);
    bool sane_last = last_attempt_ms != CT_NONE && last_attempt_ms <= now_ms;
    if (next_attempt_ms == CT_NONE || last_attempt_ms == CT_NONE)
        return soon;
    delay = most(next_attempt_ms - now_ms, soon);
    /* No plan reaches further than the longest Retry-After; one that does is of another clock. */
    if (delay > most(interval + interval / 2, CT_MAX_RETRY_AFTER_MS + CT_MAX_RETRY_AFTER_MS / 2))
        delay = soon;
    if (sane_last)
        delay = most(delay, last_attempt_ms + least_ms - now_ms);
    return delay;
}
