#include "tui/widgets/axis.h"

#include <stdio.h>
#include <string.h>

/* Binary logarithm of V >= 1 in 1/65536: squaring a mantissa brings out one bit at a time. */
static int64_t log2_q16(int64_t v)
{
    int top = 0;
    while (v >> top > 1)
        top++;
    uint64_t m = ((uint64_t)v << (63 - top)) >> 32; /* in [2^31, 2^32) */
    int64_t result = (int64_t)top << 16;
    for (int bit = 15; bit >= 0; bit--) {
        m = (m * m) >> 31;
        if (m >> 32) {
            m >>= 1;
            result |= INT64_C(1) << bit;
        }
    }
    return result;
}

static int64_t floor_to(int64_t v, int64_t unit)
{
    int64_t rest = v % unit;
    return v - rest - (rest < 0 ? unit : 0);
}

static int64_t ten_to(int n)
{
    int64_t v = 1;
    while (n-- > 0)
        v *= 10;
    return v;
}

/* The largest power of ten of which SPAN holds at least 20, so that rounding to it costs little
 * room. */
static int64_t round_unit(int64_t span, int digits, int *places)
{
    int64_t unit = 1;
    *places = digits;
    while (span / 20 >= unit * 10) {
        unit *= 10;
        --*places;
    }
    if (*places < 0)
        *places = 0;
    return unit;
}

struct ct_scale ct_scale_of(int64_t min, int64_t max, int digits, bool log)
{
    struct ct_scale s = {min, max, digits, digits, log && min > 0};
    const int64_t limit = INT64_MAX / 4; /* far beyond any price; keeps the sums below safe */
    min = min < -limit ? -limit : min > limit ? limit : min;
    max = max < -limit ? -limit : max > limit ? limit : max;
    if (min >= max) { /* a flat line stands at mid height of an axis of a tenth of its value */
        int64_t pad = (max < 0 ? -max : max) / 20;
        max = min + (pad ? pad : 1);
        min -= pad ? pad : 1;
    }
    int64_t unit = round_unit(max - min, digits, &s.places);
    s.low = floor_to(min, unit);
    s.high = -floor_to(-max, unit);
    if ((s.high - s.low) / unit % 2) /* an even number of units: the middle is round as well */
        s.high += unit;
    if (s.log && s.low <= 0)
        s.low = min > 0 ? min : 1;
    if (s.places < 2 && digits >= 6 && s.high / 1000 < ten_to(digits))
        s.places = 2; /* prices look like prices: 2.50, not 2.5 */
    return s;
}

int ct_scale_step(const struct ct_scale *s, int64_t value, int n)
{
    int64_t low = s->low, high = s->high;
    if (n < 2 || value <= low)
        return 0;
    if (value >= high)
        return n - 1;
    if (s->log) {
        low = log2_q16(low);
        high = log2_q16(high);
        value = log2_q16(value);
    }
    return high > low ? (int)ct_muldiv(value - low, n - 1, high - low) : 0;
}

int64_t ct_scale_middle(const struct ct_scale *s)
{
    if (!s->log)
        return s->low + (s->high - s->low) / 2;
    int64_t want = (log2_q16(s->low) + log2_q16(s->high)) / 2, low = s->low, high = s->high;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        if (log2_q16(mid) < want)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int ct_time_column(int64_t at_ms, int64_t from_ms, int64_t to_ms, int cols)
{
    if (to_ms <= from_ms || at_ms < from_ms)
        return -1;
    if (at_ms >= to_ms)
        return cols;
    return (int)((__int128)(at_ms - from_ms) * cols / (to_ms - from_ms));
}

int64_t ct_column_start(int col, int64_t from_ms, int64_t to_ms, int cols)
{
    if (cols < 1)
        return from_ms;
    return from_ms + (int64_t)(((__int128)(to_ms - from_ms) * col + cols - 1) / cols);
}

/* Steps below a month in ms, then in months. */
static const int64_t steps_ms[] = {CT_MINUTE,    2 * CT_MINUTE,  5 * CT_MINUTE, 10 * CT_MINUTE,
                                   15 * CT_MINUTE, 30 * CT_MINUTE, CT_HOUR,       2 * CT_HOUR,
                                   3 * CT_HOUR,  6 * CT_HOUR,    12 * CT_HOUR,  CT_DAY,
                                   2 * CT_DAY,   4 * CT_DAY,     7 * CT_DAY,    14 * CT_DAY};
static const int steps_months[] = {1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200};

/* True when a step of STEP_MS leaves room for LABEL columns and a gap. */
static bool roomy(int64_t step_ms, int label, int64_t span_ms, int cols)
{
    return (__int128)step_ms * cols >= (__int128)(label + 3) * span_ms;
}

static void label_of(struct ct_tick *t, int64_t step_ms, int months)
{
    struct ct_civil c;
    ct_civil_from_ms(t->at_ms, &c);
    if (months >= 12)
        snprintf(t->label, sizeof(t->label), "%04d", c.year);
    else if (months)
        snprintf(t->label, sizeof(t->label), "%04d-%02d", c.year, c.month);
    else if (step_ms >= CT_DAY || (c.hour == 0 && c.minute == 0))
        snprintf(t->label, sizeof(t->label), "%02d-%02d", c.month, c.day);
    else
        snprintf(t->label, sizeof(t->label), "%02d:%02d", c.hour, c.minute);
}

static int64_t month_start(int64_t months_since_0)
{
    struct ct_civil c = {
        .year = (int)(months_since_0 / 12), .month = (int)(months_since_0 % 12) + 1, .day = 1};
    return ct_ms_from_civil(&c);
}

int ct_ticks(int64_t from_ms, int64_t to_ms, int cols, struct ct_tick out[CT_AXIS_TICKS])
{
    int64_t span = to_ms - from_ms, step = 0;
    int n = 0, months = 0;
    if (span <= 0 || cols < 1)
        return 0;
    for (size_t i = 0; i < CT_LEN(steps_ms) && !step; i++)
        step = roomy(steps_ms[i], 5, span, cols) ? steps_ms[i] : 0;
    for (size_t i = 0; i < CT_LEN(steps_months) && !step && !months; i++)
        if (roomy(steps_months[i] * 28 * CT_DAY, steps_months[i] >= 12 ? 4 : 7, span, cols))
            months = steps_months[i];
    if (!step && !months)
        return 0;
    struct ct_civil c;
    ct_civil_from_ms(from_ms, &c);
    int64_t month = ((int64_t)c.year * 12 + c.month - 1) / (months ? months : 1) * months;
    /* Weeks begin on Mondays: day 4 of the epoch was one. */
    int64_t origin = step % (7 * CT_DAY) == 0 ? 4 * CT_DAY : 0;
    int64_t at = months ? month_start(month) : origin + floor_to(from_ms - origin, step);
    while (at < to_ms && n < CT_AXIS_TICKS) {
        if (at >= from_ms) {
            struct ct_tick *t = &out[n++];
            *t = (struct ct_tick){.at_ms = at, .col = ct_time_column(at, from_ms, to_ms, cols)};
            label_of(t, step, months);
        }
        month += months;
        at = months ? month_start(month) : at + step;
    }
    return n;
}
