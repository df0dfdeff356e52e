/* The two axes of a chart as arithmetic: no drawing, no state, no floating point. */
#ifndef CT_AXIS_H
#define CT_AXIS_H

#include "db/base/timeutil.h"

#include <stdbool.h>

enum { CT_AXIS_LABEL = 32, CT_AXIS_TICKS = 200 };

/* The scale of an axis: LOW and HIGH are round in PLACES and enclose the values, also when they are
 * equal. */
struct ct_scale {
    int64_t low, high;
    int digits, places;
    bool log;
};
/* LOG is refused (false in the result) when MIN is not positive. */
struct ct_scale ct_scale_of(int64_t min, int64_t max, int digits, bool log);
/* VALUE's place among N steps from the bottom (0) to the top (n - 1), clamped. */
int ct_scale_step(const struct ct_scale *s, int64_t value, int n);
/* The value in the middle of the axis. */
int64_t ct_scale_middle(const struct ct_scale *s);

/* Between times and columns: column I holds the times t with I = floor((t - from) * cols / (to -
 * from)). */
int ct_time_column(int64_t at_ms, int64_t from_ms, int64_t to_ms, int cols);
int64_t ct_column_start(int col, int64_t from_ms, int64_t to_ms, int cols);

/* Round moments of a time axis, each with a label that has room before the next. */
struct ct_tick {
    int64_t at_ms;
    int col;
    char label[CT_AXIS_LABEL]; /* "14:30", "11-07", "2026-11", "2026" */
};
int ct_ticks(int64_t from_ms, int64_t to_ms, int cols, struct ct_tick out[CT_AXIS_TICKS]);

#endif
