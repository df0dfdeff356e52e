/* Instants are int64 Unix milliseconds, UTC. Parsing ignores locale and TZ. Any thread. */
#ifndef CT_TIMEUTIL_H
#define CT_TIMEUTIL_H

#include "db/base/money.h"
#include "db/base/str.h"

#include <stdint.h>

#define CT_SECOND INT64_C(1000)
#define CT_MINUTE (60 * CT_SECOND)
#define CT_HOUR (60 * CT_MINUTE)
#define CT_DAY (24 * CT_HOUR)
/* "As of now": later than any stored instant. */
#define CT_LIVE INT64_MAX

int64_t
ct_now_ms(void); /* CLOCK_REALTIME; $CLOUDTAPE_NOW (RFC 3339) replaces it, for tests and demos */
/* From now on ct_now_ms says MS (CT_LIVE: the clock again): for a replay, whose clock is its own. */
void ct_now_set(int64_t ms);
int64_t ct_wall_ms(void); /* CLOCK_REALTIME whatever replaces it: to judge the machine's clock by */
int64_t ct_mono_ms(void); /* CLOCK_MONOTONIC: intervals inside one process */
int64_t ct_boot_ms(void); /* CLOCK_BOOTTIME: goes on through suspend; ages and timers */

/* Any form in which a source writes an instant (sources/status.md section 6): RFC 3339 with or
 * without fraction, offset or T; RFC 822 with Z, GMT, UTC, PST, PDT, EST, EDT or +hhmm;
 * JavaScript's "Tue Sep 01 2026 00:00:00 GMT+0000 (...)"; "September 2, 2026 2:05AM UTC"; epoch
 * seconds or milliseconds (above 10^11). A form without zone is UTC. Years 1970 to 2200.
 * CT_ERR_SYNTAX or CT_ERR_RANGE leave *OUT untouched. */
CT_MUST_USE enum ct_status ct_time_parse(struct ct_span text, int64_t *out);

/* What a person types: RFC 3339, YYYY-MM-DD (midnight UTC), "YYYY-MM-DD hh:mm", "now", relative to
 * NOW_MS ("-2h", "-30d", "-90m", "-1w", "3h ago"), or a moment as screens write it, the last such one:
 * "14:30", "11-22", "11-22 14:30Z", "today", "yesterday 14:30". All UTC but what names its zone.
 * CT_ERR_SYNTAX otherwise, with the accepted forms in ERR. */
CT_MUST_USE enum ct_status ct_time_parse_user(struct ct_span text, int64_t now_ms, int64_t *out,
                                              struct ct_error *err);
/* A length of time: "15s", "5m", "2h", "30d", "1w", "1y" (365 days), "250ms", "1.5h", "1h30m", a
 * bare number of seconds. >= 0. CT_ERR_SYNTAX, CT_ERR_RANGE. */
CT_MUST_USE enum ct_status ct_duration_parse(struct ct_span text, int64_t *out_ms);

#define CT_TIME_MAX 40
/* "2026-11-22T14:32:10Z", with ".123" when the milliseconds are not zero. Returns the length. */
int ct_time_format(char out[CT_TIME_MAX], int64_t ms);
/* strftime-like parts in UTC; no locale. */
struct ct_civil {
    int year, month /* 1..12 */, day, hour, minute, second, ms, weekday /* 0 = Sunday */;
};
/* Parts beyond their range carry over (month 13, day 0, hour -1); weekday is not read. */
int64_t ct_ms_from_civil(const struct ct_civil *c);
void ct_civil_from_ms(int64_t ms, struct ct_civil *out);
/* ---- the wall clock of where people are: $TZ, else the machine's; the C library knows its summers ---- */

/* "22:00", "7:30": minutes of a day. -1: not so. */
int ct_minute_parse(struct ct_span text);
/* The minute of the day (0 to 1439) that a clock on the wall shows at MS. */
int ct_local_minute(int64_t ms);
/* When that clock last showed MINUTE, at or before NOW_MS. An hour that comes twice counts once, the first
 * time; a minute that the clock skips comes an hour later by it. */
int64_t ct_local_last(int64_t now_ms, int minute);
/* ct_time_parse_user where what names no zone is what that clock shows, or showed. */
CT_MUST_USE enum ct_status ct_time_parse_local(struct ct_span text, int64_t now_ms, int64_t *out, struct ct_error *err);
/* The first moment from MS on when that clock is outside the hours from minute FROM to minute TO, which may
 * reach over midnight; FROM = TO: there are none. */
int64_t ct_local_outside(int64_t ms, int from, int to);
/* The zone of this process from now on: NAME of a zone of this machine ("Europe/Berlin", "UTC") or rules as
 * POSIX writes them. False: neither. For the start, before there are threads. */
bool ct_zone_known(const char *name);
void ct_zone_set(const char *name);

/* A short age for people: "40s", "18m", "1h12m", "6d4h", "5w", never negative ("0s"). Returns the
 * length. */
int ct_age_format(char out[CT_TIME_MAX], int64_t ms);

#endif
