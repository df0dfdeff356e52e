/* History as rows of one table: what `history` prints and the chart exports. */
#include "db/columns.h"
#include "db/read.h"

#include <stdlib.h>

#define ROW struct ct_history_line
static const struct ct_column line_columns[] = {
    COL(TEXT, "series", series, SEARCH),
    COL(TEXT, "unit", unit),
    COL(TIME, "at", at_ms),
    COL(NANO, "min", min),
    COL(NANO, "max", max),
    COL(NANO, "last", last),
    COL(INT, "n", n),
    COL(TEXT, "word", word, SEARCH),
    COL(TIME, "until", until_ms),
    COL(TEXT, "gap", gap, SEARCH),
};
TABLE(ct_history_line_table, "history", ROW, line_columns);
#undef ROW

int64_t ct_value_nano(int64_t value, int digits)
{
    for (; value != CT_NONE && digits < 9; digits++)
        value = ct_muldiv(value, 10, 1);
    return value;
}

/* States and stock are numbers by rank; their words are easier to read. */
struct ct_span ct_value_word(struct ct_span unit, int64_t value)
{
    if (ct_span_is(unit, "state") && value >= 0 && value <= CT_STATE_MAJOR)
        return ct_span(ct_state_words[value]);
    if (ct_span_is(unit, "stock") && value >= 0 && value <= CT_STOCK_AVAILABLE)
        return ct_span(ct_stock_words[value]);
    return CT_SPAN_NONE;
}

static int by_time(const void *a, const void *b)
{
    const struct ct_history_line *x = a, *y = b;
    if (x->history != y->history)
        return x->history < y->history ? -1 : 1;
    return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

struct ct_rows ct_history_lines(const struct ct_history *h, size_t n, struct ct_arena *a)
{
    size_t all = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        all += h[i].points.n + h[i].gaps.n;
    struct ct_history_line *lines = ct_arena_alloc(a, all * sizeof *lines);
    for (size_t i = 0; lines && i < n; i++) {
        const struct ct_point *p = h[i].points.v;
        const struct ct_gap *g = h[i].gaps.v;
        for (size_t k = 0; k < h[i].points.n; k++)
            lines[at++] = (struct ct_history_line){.series = h[i].series,
                                                   .unit = h[i].unit,
                                                   .history = i,
                                                   .at_ms = p[k].at_ms,
                                                   .until_ms = CT_NONE,
                                                   .n = p[k].n,
                                                   .min = ct_value_nano(p[k].min, h[i].digits),
                                                   .max = ct_value_nano(p[k].max, h[i].digits),
                                                   .last = ct_value_nano(p[k].last, h[i].digits),
                                                   .word = ct_value_word(h[i].unit, p[k].last)};
        for (size_t k = 0; k < h[i].gaps.n; k++)
            lines[at++] = (struct ct_history_line){.series = h[i].series,
                                                   .unit = h[i].unit,
                                                   .history = i,
                                                   .at_ms = g[k].from_ms,
                                                   .until_ms = g[k].to_ms,
                                                   .n = CT_NONE,
                                                   .min = CT_NONE,
                                                   .max = CT_NONE,
                                                   .last = CT_NONE,
                                                   .gap = g[k].reason.p ? g[k].reason
                                                                        : CT_LIT("no data")};
    }
    if (at)
        qsort(lines, at, sizeof *lines, by_time);
    return (struct ct_rows){lines, at};
}
