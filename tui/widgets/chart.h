/* Step charts of up to eight series over one time axis: braille (2 x 4 dots a cell) or letters
 * (ASCII). Draws what it is given and keeps no state. Values are integers; only their place on the
 * screen rounds. */
#ifndef CT_CHART_H
#define CT_CHART_H

#include "tui/canvas.h"
#include "tui/widgets/axis.h"

enum { CT_CHART_SERIES = 8 };

enum ct_chart_style { CT_CHART_STEP, CT_CHART_LINE, CT_CHART_DOTS };
enum ct_chart_mode { CT_CHART_ABS, CT_CHART_PERCENT, CT_CHART_INDEX };

/* What happened at AT_MS, or in the bucket that starts there. LAST holds until the next point or
 * gap. */
struct ct_chart_point {
    int64_t at_ms, min, max, last;
    bool suspect; /* drawn with a hollow mark; out of the scale once something else followed */
};
struct ct_chart_gap {
    int64_t from_ms, to_ms;
};
struct ct_chart_series {
    const struct ct_chart_point *points; /* oldest first */
    size_t n_points;
    const struct ct_chart_gap *gaps; /* oldest first, disjoint */
    size_t n_gaps;
    int64_t open_value; /* in force at the window's start; CT_NONE */
    int64_t end_ms;     /* last confirmed: nothing is drawn from here on; CT_NONE: no end */
    int digits;         /* values are 10^-digits of the unit */
    struct ct_span unit;
};
struct ct_chart_event {
    int64_t at_ms;
    char sign; /* $ A + - ? X ! ~ m n . */
};

struct ct_chart {
    const struct ct_chart_series *series;
    size_t n_series; /* at most CT_CHART_SERIES */
    int64_t from_ms, to_ms;
    enum ct_chart_style style;
    enum ct_chart_mode mode;
    bool log;
    int64_t cursor_ms, anchor_ms; /* 0: none */
    const struct ct_chart_event *events;
    size_t n_events;
    bool event_row;           /* keep a row for events even when there is none */
    const char *const *words; /* values are indices into these (states, stock); NULL: numbers */
    int n_words;
};

/* The plot inside the box it was drawn in; cols 0: nothing fitted, or the units differ. */
struct ct_chart_plot {
    int y, x, rows, cols;
};
struct ct_chart_plot ct_chart_draw(struct ct_box b, const struct ct_chart *c);
/* C was drawn in B, its plot at AT, and stands there as it was but for where cursor and anchor were: moves these to
 * where C has them. */
void ct_chart_move(struct ct_box b, const struct ct_chart *c, struct ct_chart_plot at, int64_t cursor_was,
                   int64_t anchor_was);

/* Shown series of different units have no common axis: only percent and index may be drawn. */
bool ct_chart_units_differ(const struct ct_chart *c);

/* What a column of the screen knows of a series: the value it begins with, and the extremes and the
 * last one of the changes inside. */
struct ct_chart_column {
    bool present, changed;
    bool doubted;                  /* what is in force at its end is suspect */
    int64_t enter, min, max, last; /* enter: CT_NONE at the start of the series and behind a gap;
                                    * min, max: CT_NONE when nothing but suspect values is in it */
    int64_t odd;                   /* a suspect value that came up here; CT_NONE */
};
/* Column I of N over [from, to): points with I = floor((at - from) * N / (to - from)). Keeps every
 * minimum, maximum and edge; gaps blank each column that they fill by half and in which nothing
 * changed. */
void ct_chart_columns(const struct ct_chart_series *s, int64_t from_ms, int64_t to_ms, int n,
                      struct ct_chart_column *out);
/* Figures of a window; values in the series' unit, CT_NONE where there is none. */
struct ct_chart_stats {
    int64_t first, last, min, median /* by time */, max, longest_gap_ms;
};
void ct_chart_measure(const struct ct_chart_series *s, int64_t from_ms, int64_t to_ms,
                      struct ct_chart_stats *out);
/* The value a change is measured from: in force at from_ms, else the first one after; CT_NONE. */
int64_t ct_chart_base(const struct ct_chart_series *s, int64_t from_ms);

#endif
