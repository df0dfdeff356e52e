/* Between history.c (load, keys) and history_draw.c. */
#ifndef CT_VIEWS_HISTORY_H
#define CT_VIEWS_HISTORY_H

#include "tui/views/common.h"
#include "tui/widgets/chart.h"

#define HISTORY_STANDARD (30 * CT_DAY)
#define HISTORY_ALL INT64_C(-4000000000000) /* from_ms of "all": longer than anything recorded */

struct history_line {
    struct ct_history h;
    struct ct_span label;
    struct ct_chart_stats stats; /* of the visible window */
};

struct history_model {
    struct history_line line[CT_CHART_SERIES];
    struct ct_chart_series series[CT_CHART_SERIES];
    size_t n;
    size_t left_out;         /* series beyond the eighth */
    struct ct_span subject;  /* names shown, separated by '\n' */
    struct ct_span missing;  /* why a name has no line; null when all have */
    struct ct_tmodel *choices; /* what an unclear name may mean, while there is nothing else to show; NULL: none */
    bool standing_in;        /* nobody chose these series */
    int64_t from_ms, to_ms, end_ms; /* END: now, or the time machine's moment */
    bool moving;             /* the window ends there and moves along */
    struct ct_rows events;   /* struct ct_event_row that concern the series, oldest first */
    struct ct_chart_event *marks; /* one an event */
};

extern const struct ct_tview history_choices; /* rows: struct ct_series_row */

/* Where what follows the cursor was drawn last, and for which one. */
struct history_drawn {
    struct ct_box chart, readout, events; /* without rows: not drawn */
    struct ct_chart_plot plot;            /* in CHART; without columns: all must be drawn anew */
    int64_t cursor_ms, anchor_ms;
    int selected, event_top;
};

struct history_state {
    struct ct_tstate choice;
    int64_t cursor_ms, anchor_ms; /* 0: none */
    int selected;
    int cols, left;               /* of the plot, as last drawn; 0: none yet */
    int64_t pressed_ms;           /* where the mouse went down; 0: it is up */
    struct history_drawn drawn;
};

/* The value of line I in force at AT (its last change at or before). *SINCE gets when it began
 * (CT_NONE: before the window), *WHY the reason when there is none. CT_NONE then. */
int64_t history_value(const struct history_model *m, size_t i, int64_t at, int64_t *since,
                      struct ct_span *why);
/* Words of a unit whose values are none of numbers ("state", "stock"), or NULL. */
const char *const *history_words(struct ct_span unit, int *n);

/* Names of series to show while nobody chose any, separated by '\n'; empty: none has a current value. */
enum ct_status history_pick(struct ct_reader *r, const struct ct_panel_query *q,
                            const struct ct_query *query, struct ct_arena *a, struct ct_span *out,
                            struct ct_error *err);

void history_draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                  struct ct_buf *note);
bool history_move(void *state, const void *model, const struct ct_draw *d);

#endif
