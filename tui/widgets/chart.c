#include "tui/widgets/chart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what each column knows ---- */

/* What is carried from column to column while walking a series. */
struct walk {
    const struct ct_chart_series *s;
    size_t point, gap;
    int64_t value;
    bool doubted;
};

/* True when gaps fill at least half of [t0, t1); *OPENS: one holds at t0. A gap as long as a column
 * thus always shows, and a failed fetch of a minute does not blank a day. */
static bool in_gap(struct walk *w, int64_t t0, int64_t t1, bool *opens)
{
    const struct ct_chart_gap *g = w->s->gaps;
    int64_t filled = 0;
    while (w->gap < w->s->n_gaps && g[w->gap].to_ms <= t0)
        w->gap++;
    *opens = w->gap < w->s->n_gaps && g[w->gap].from_ms <= t0;
    for (size_t i = w->gap; i < w->s->n_gaps && g[i].from_ms < t1; i++)
        filled += (g[i].to_ms < t1 ? g[i].to_ms : t1) - (g[i].from_ms > t0 ? g[i].from_ms : t0);
    return filled > 0 && filled >= t1 - t0 - filled;
}

#define CT_COLUMN_NONE                                                                             \
    .enter = CT_NONE, .min = CT_NONE, .max = CT_NONE, .last = CT_NONE, .odd = CT_NONE

static void take_points(struct walk *w, int64_t before, struct ct_chart_column *c)
{
    for (; w->point < w->s->n_points && w->s->points[w->point].at_ms < before; w->point++) {
        const struct ct_chart_point *p = &w->s->points[w->point];
        if (p->last == CT_NONE)
            continue;
        if (p->suspect) {
            c->odd = p->last;
        } else {
            c->min = c->min == CT_NONE || p->min < c->min ? p->min : c->min;
            c->max = c->max == CT_NONE || p->max > c->max ? p->max : c->max;
        }
        c->last = w->value = p->last;
        w->doubted = p->suspect;
        c->changed = true;
    }
}

void ct_chart_columns(const struct ct_chart_series *s, int64_t from_ms, int64_t to_ms, int n,
                      struct ct_chart_column *out)
{
    struct walk w = {.s = s, .value = s->open_value};
    struct ct_chart_column before = {CT_COLUMN_NONE};
    take_points(&w, from_ms, &before);
    for (int i = 0; i < n; i++) {
        int64_t t0 = ct_column_start(i, from_ms, to_ms, n);
        int64_t t1 = ct_column_start(i + 1, from_ms, to_ms, n);
        bool opens = false, gap = in_gap(&w, t0, t1, &opens);
        bool over = s->end_ms != CT_NONE && t0 >= s->end_ms;
        struct ct_chart_column *c = &out[i];
        *c = (struct ct_chart_column){CT_COLUMN_NONE};
        c->enter = opens || over || w.doubted ? CT_NONE : w.value;
        c->last = over ? CT_NONE : w.value;
        take_points(&w, t1, c);
        if (!c->changed && !w.doubted)
            c->min = c->max = c->last;
        c->doubted = w.doubted;
        c->present = c->changed || (w.value != CT_NONE && !gap && !over);
    }
}

int64_t ct_chart_base(const struct ct_chart_series *s, int64_t from_ms)
{
    int64_t value = s->open_value;
    for (size_t i = 0; i < s->n_points; i++) {
        if (s->points[i].last == CT_NONE)
            continue;
        if (s->points[i].at_ms > from_ms && value != CT_NONE)
            return value;
        value = s->points[i].last;
        if (s->points[i].at_ms > from_ms)
            return value;
    }
    return value;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* From the columns a chart would show: equal stretches of time, so the median is by time. */
void ct_chart_measure(const struct ct_chart_series *s, int64_t from_ms, int64_t to_ms,
                      struct ct_chart_stats *st)
{
    enum { PARTS = 512 };
    struct ct_chart_column col[PARTS];
    int64_t values[PARTS];
    size_t n = 0;
    *st = (struct ct_chart_stats){CT_NONE, CT_NONE, CT_NONE, CT_NONE, CT_NONE, 0};
    ct_chart_columns(s, from_ms, to_ms, PARTS, col);
    for (int i = 0; i < PARTS; i++) {
        if (!col[i].present)
            continue;
        values[n++] = st->last = col[i].last;
        int64_t enter =
            st->first == CT_NONE && col[i].enter != CT_NONE ? col[i].enter : col[i].last;
        st->first = st->first == CT_NONE ? enter : st->first;
        if (col[i].min != CT_NONE) {
            st->min = st->min == CT_NONE || col[i].min < st->min ? col[i].min : st->min;
            st->max = st->max == CT_NONE || col[i].max > st->max ? col[i].max : st->max;
        }
    }
    int64_t base = ct_chart_base(s, from_ms);
    st->first = base != CT_NONE ? base : st->first;
    if (n) {
        qsort(values, n, sizeof(*values), by_value);
        st->median = values[n / 2];
    }
    for (size_t i = 0; i < s->n_gaps; i++) {
        int64_t a = s->gaps[i].from_ms > from_ms ? s->gaps[i].from_ms : from_ms;
        int64_t b = s->gaps[i].to_ms < to_ms ? s->gaps[i].to_ms : to_ms;
        st->longest_gap_ms = b - a > st->longest_gap_ms ? b - a : st->longest_gap_ms;
    }
}

bool ct_chart_units_differ(const struct ct_chart *c)
{
    for (size_t i = 1; i < c->n_series; i++)
        if (!ct_span_ieq(c->series[i].unit, c->series[0].unit) ||
            c->series[i].digits != c->series[0].digits)
            return true;
    return false;
}

/* ---- a plot being made ---- */

/* Series are told apart without colour: which dots of a line are set, over and over along it. */
static const char *const patterns[CT_CHART_SERIES] = {
    "#", "#.", "####..", "####..#.", "#...", "########....", "######..#.#.", "##..",
};

struct plot {
    const struct ct_chart *c;
    struct ct_box b;
    struct ct_chart_plot at;
    struct ct_scale scale;
    int n;                             /* columns a series is sampled in: dots or letters */
    struct ct_chart_column *columns;   /* n per series */
    uint8_t *dots, *owner;             /* a cell's braille dots, or a bit a series; its last series + 1 */
    bool letters;                      /* ASCII */
};

static struct ct_chart_column *columns_of(const struct plot *p, size_t series)
{
    return p->columns + series * (size_t)p->n;
}

/* V in the shown mode, measured from BASE. */
static int64_t shown(enum ct_chart_mode mode, int64_t base, int64_t v)
{
    if (v == CT_NONE || mode == CT_CHART_ABS)
        return v;
    return mode == CT_CHART_PERCENT ? ct_pct_change(base, v) : ct_muldiv(v, 100000, base);
}

/* Samples every series and turns values into the shown mode. */
static void sample(struct plot *p)
{
    for (size_t i = 0; i < p->c->n_series; i++) {
        struct ct_chart_column *col = columns_of(p, i);
        ct_chart_columns(&p->c->series[i], p->c->from_ms, p->c->to_ms, p->n, col);
        int64_t base = ct_chart_base(&p->c->series[i], p->c->from_ms);
        for (int x = 0; x < p->n; x++) {
            col[x].enter = shown(p->c->mode, base, col[x].enter);
            col[x].min = shown(p->c->mode, base, col[x].min);
            col[x].max = shown(p->c->mode, base, col[x].max);
            col[x].last = shown(p->c->mode, base, col[x].last);
            col[x].odd = shown(p->c->mode, base, col[x].odd);
            col[x].present &= col[x].last != CT_NONE;
        }
    }
}

static void widen(int64_t *low, int64_t *high, int64_t v)
{
    if (v == CT_NONE)
        return;
    *low = *low == CT_NONE || v < *low ? v : *low;
    *high = *high == CT_NONE || v > *high ? v : *high;
}

/* Widens LOW..HIGH by a series. A suspect value counts only while nothing else has followed it: an
 * outlier that was taken back shall not flatten everything else. */
static void widen_by(const struct ct_chart_column *col, int n, int64_t *low, int64_t *high)
{
    int last = n - 1;
    while (last >= 0 && !col[last].present)
        last--;
    for (int x = 0; x <= last; x++) {
        if (!col[x].present)
            continue;
        widen(low, high, col[x].min);
        widen(low, high, col[x].max);
        widen(low, high, col[x].enter);
    }
    if (last >= 0 && col[last].doubted)
        widen(low, high, col[last].last);
}

static bool make_scale(struct plot *p)
{
    int64_t low = CT_NONE, high = CT_NONE;
    int digits = p->c->mode == CT_CHART_ABS && p->c->n_series ? p->c->series[0].digits : 3;
    if (p->c->words && p->c->mode == CT_CHART_ABS) {
        p->scale = (struct ct_scale){.low = 0, .high = p->c->n_words - 1};
        return true;
    }
    for (size_t i = 0; i < p->c->n_series; i++)
        widen_by(columns_of(p, i), p->n, &low, &high);
    p->scale = ct_scale_of(low == CT_NONE ? 0 : low, high == CT_NONE ? 0 : high, digits,
                           p->c->log && p->c->mode != CT_CHART_PERCENT);
    return low != CT_NONE;
}

/* ---- lines ---- */

static int steps(const struct plot *p)
{
    return p->letters ? p->at.rows : p->at.rows * 4;
}

/* Sets the dot (or letter) at X, Y, counted from the left and the bottom. */
static void dot(struct plot *p, size_t series, int x, int y)
{
    static const uint8_t bits[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};
    int row = p->letters ? y : y / 4, col = p->letters ? x : x / 2;
    if (x < 0 || y < 0 || row >= p->at.rows || col >= p->at.cols)
        return;
    size_t cell = (size_t)(p->at.rows - 1 - row) * (size_t)p->at.cols + (size_t)col;
    if (p->letters)
        p->dots[cell] |= (uint8_t)(1U << series);
    else
        p->dots[cell] |= bits[x % 2][y % 4];
    p->owner[cell] = (uint8_t)(series + 1);
}

static bool patterned(size_t series, int x)
{
    const char *pattern = patterns[series % CT_CHART_SERIES];
    return pattern[(size_t)x % strlen(pattern)] == '#';
}

static void draw_steps(struct plot *p, size_t series)
{
    const struct ct_chart_column *col = columns_of(p, series);
    for (int x = 0; x < p->n; x++) {
        if (!col[x].present)
            continue;
        if (!col[x].changed) {
            if (p->letters || patterned(series, x))
                dot(p, series, x, ct_scale_step(&p->scale, col[x].last, steps(p)));
            continue;
        }
        if (col[x].min == CT_NONE) /* nothing but suspect: a mark comes on top */
            continue;
        int low = ct_scale_step(&p->scale, col[x].min, steps(p));
        int high = ct_scale_step(&p->scale, col[x].max, steps(p));
        if (p->letters) { /* both ends of what happened here; edges show by themselves */
            dot(p, series, x, low);
            dot(p, series, x, high);
            continue;
        }
        if (col[x].enter != CT_NONE) {
            int enter = ct_scale_step(&p->scale, col[x].enter, steps(p));
            low = enter < low ? enter : low;
            high = enter > high ? enter : high;
        }
        for (int y = low; y <= high; y++)
            dot(p, series, x, y);
    }
}

/* Straight lines between changes, only inside runs without a gap. */
static void draw_line(struct plot *p, size_t series)
{
    const struct ct_chart_column *col = columns_of(p, series);
    int from = -1;
    for (int x = 0; x < p->n; x++) {
        bool ends = col[x].present && (x + 1 == p->n || !col[x + 1].present);
        if (!col[x].present) {
            from = -1;
            continue;
        }
        if (from >= 0 && !col[x].changed && !ends)
            continue;
        int to_y = ct_scale_step(&p->scale, col[x].last, steps(p));
        int from_y = from < 0 ? to_y : ct_scale_step(&p->scale, col[from].last, steps(p));
        for (int i = from < 0 ? x : from; i <= x; i++)
            if (i == x || patterned(series, i) || p->letters)
                dot(p, series, i,
                    from < 0 ? to_y : from_y + (to_y - from_y) * (i - from) / (x - from));
        if (col[x].min != CT_NONE && !p->letters) { /* extremes inside the column stay visible */
            dot(p, series, x, ct_scale_step(&p->scale, col[x].min, steps(p)));
            dot(p, series, x, ct_scale_step(&p->scale, col[x].max, steps(p)));
        }
        from = x;
    }
}

static void draw_dots(struct plot *p, size_t series)
{
    const struct ct_chart_column *col = columns_of(p, series);
    bool seen = false;
    for (int x = 0; x < p->n; x++) {
        if (!col[x].present || (!col[x].changed && seen))
            continue;
        seen = true; /* a series without a change still shows where it begins */
        if (col[x].min == CT_NONE)
            continue;
        dot(p, series, x, ct_scale_step(&p->scale, col[x].min, steps(p)));
        dot(p, series, x, ct_scale_step(&p->scale, col[x].max, steps(p)));
    }
}

/* ---- on the canvas ---- */

/* The letter of a cell: series that meet in it take turns from column to column, so that none
 * hides another. */
static int turn(uint8_t series, int col)
{
    int n = 0, which[CT_CHART_SERIES] = {0};
    for (int i = 0; i < CT_CHART_SERIES; i++)
        if (series & 1U << i)
            which[n++] = i;
    return n ? which[col % n] : 0;
}

static void put_cells(const struct plot *p)
{
    for (int row = 0; row < p->at.rows; row++)
        for (int col = 0; col < p->at.cols; col++) {
            size_t cell = (size_t)row * (size_t)p->at.cols + (size_t)col;
            if (!p->owner[cell])
                continue;
            int series = p->letters ? turn(p->dots[cell], col) : p->owner[cell] - 1;
            ct_put_point(p->b, p->at.y + row, p->at.x + col,
                         (enum ct_role)(CT_ROLE_SERIES_A + series),
                         p->letters ? (uint32_t)('a' + series) : 0x2800U + p->dots[cell]);
        }
}

/* A hollow mark over each suspect value. */
static void put_suspects(const struct plot *p)
{
    for (size_t i = 0; i < p->c->n_series; i++) {
        const struct ct_chart_column *col = columns_of(p, i);
        for (int x = 0; x < p->n; x++)
            if (col[x].odd != CT_NONE) {
                int up = ct_scale_step(&p->scale, col[x].odd, p->at.rows);
                ct_put_point(p->b, p->at.y + p->at.rows - 1 - up, p->at.x + x * p->at.cols / p->n,
                             (enum ct_role)(CT_ROLE_SERIES_A + i), 'o');
            }
    }
}

/* Each line ends with its letter, in the nearest free cell behind its last value. */
static void put_letters(const struct plot *p)
{
    char *taken = ct_xcalloc((size_t)p->at.rows, CT_CHART_SERIES);
    for (size_t i = 0; i < p->c->n_series; i++) {
        const struct ct_chart_column *col = columns_of(p, i);
        int x = p->n - 1;
        while (x >= 0 && !col[x].present)
            x--;
        if (x < 0)
            continue;
        int row = p->at.rows - 1 - ct_scale_step(&p->scale, col[x].last, p->at.rows);
        int end = p->at.x + x * p->at.cols / p->n + 2, slot = 0;
        while (slot < 2 && taken[row * CT_CHART_SERIES + slot])
            slot++;
        for (int away = 1; slot == 2 && away < 2 * p->at.rows; away++) {
            int other = row + (away % 2 ? 1 : -1) * ((away + 1) / 2);
            if (other >= 0 && other < p->at.rows && !taken[other * CT_CHART_SERIES]) {
                row = other;
                slot = 0;
            }
        }
        slot = slot == 2 ? 1 : slot;
        taken[row * CT_CHART_SERIES + slot] = 1;
        ct_put_point(p->b, p->at.y + row, end + slot, (enum ct_role)(CT_ROLE_SERIES_A + i),
                     (uint32_t)('a' + i));
    }
    free(taken);
}

static void label(const struct plot *p, int row, int gutter, int64_t value)
{
    char text[CT_DECIMAL_MAX + 2];
    uint32_t tick = p->b.canvas->charset == CT_CHARSET_UNICODE ? 0x2524 : '|';
    int tick_x = p->letters ? gutter - 1 : gutter - 2;
    int n = ct_decimal_format_fixed(text, value, p->scale.digits, p->scale.places);
    if (p->c->mode == CT_CHART_PERCENT)
        snprintf(text + n, sizeof(text) - (size_t)n, "%%");
    struct ct_span s = ct_span(text);
    if (p->c->words && p->c->mode == CT_CHART_ABS)
        s = value >= 0 && value < p->c->n_words ? ct_span(p->c->words[value]) : CT_SPAN_NONE;
    ct_put_field(p->b, p->at.y + row, 1, tick_x - 2, 1, CT_ROLE_DIM, s);
    ct_put_point(p->b, p->at.y + row, tick_x, CT_ROLE_DIM, tick);
}

static void put_value_axis(const struct plot *p, int gutter)
{
    int rows = p->at.rows;
    if (p->letters)
        for (int row = 0; row < rows; row++)
            ct_put_point(p->b, p->at.y + row, gutter - 1, CT_ROLE_DIM, '|');
    if (p->c->words && p->c->mode == CT_CHART_ABS) {
        for (int v = 0; v < p->c->n_words; v++)
            label(p, rows - 1 - ct_scale_step(&p->scale, v, rows), gutter, v);
        return;
    }
    label(p, 0, gutter, p->scale.high);
    if (rows >= 5)
        label(p, rows / 2, gutter, ct_scale_middle(&p->scale));
    if (rows >= 2)
        label(p, rows - 1, gutter, p->scale.low);
}

static void put_time_axis(const struct plot *p, int line_y, int label_y, int gutter)
{
    struct ct_tick ticks[CT_AXIS_TICKS];
    int n = ct_ticks(p->c->from_ms, p->c->to_ms, p->at.cols, ticks);
    bool lines = p->b.canvas->charset == CT_CHARSET_UNICODE;
    if (line_y >= 0) {
        ct_fill(p->b, line_y, p->at.x, 1, p->at.cols, CT_ROLE_DIM, lines ? 0x2500 : '-');
        if (p->letters)
            ct_put_point(p->b, line_y, gutter - 1, CT_ROLE_DIM, '+');
    }
    for (int i = 0; i < n; i++) {
        int x = p->at.x + ticks[i].col, width = (int)strlen(ticks[i].label);
        if (line_y >= 0)
            ct_put_point(p->b, line_y, x, CT_ROLE_DIM, lines ? 0x252C : '+');
        if (label_y >= 0 && x + width <= p->b.cols)
            ct_puts(p->b, label_y, x, CT_ROLE_DIM, ticks[i].label);
    }
}

/* Of several events in a column the one that matters most is shown. */
static int event_rank(char sign)
{
    static const char order[] = ".n?m-+NLA$~!X";
    const char *at = sign ? strchr(order, sign) : NULL;
    return at ? (int)(at - order) : 0;
}

static enum ct_role event_role(char sign)
{
    switch (sign) {
    case 'X': return CT_ROLE_STATE_DOWN;
    case '!': return CT_ROLE_STATE_PART;
    case '~': return CT_ROLE_STATE_DEGR;
    case 'm': return CT_ROLE_STATE_MAINT;
    case '?': return CT_ROLE_STATE_UNKN;
    default: return CT_ROLE_TEXT;
    }
}

static void put_events(const struct plot *p, int y)
{
    char *row = ct_xcalloc((size_t)p->at.cols, 1);
    ct_put(p->b, y, 1, CT_ROLE_DIM, p->at.x - 2, CT_LIT("events"));
    for (size_t i = 0; i < p->c->n_events; i++) {
        const struct ct_chart_event *e = &p->c->events[i];
        int col = ct_time_column(e->at_ms, p->c->from_ms, p->c->to_ms, p->at.cols);
        if (col < 0 || col >= p->at.cols ||
            (row[col] && event_rank(row[col]) >= event_rank(e->sign)))
            continue;
        row[col] = e->sign;
        ct_put_point(p->b, y, p->at.x + col, event_role(e->sign), (unsigned char)e->sign);
    }
    free(row);
}

/* Columns left of the plot: room for the widest label, or for "events". */
static int gutter_width(const struct plot *p)
{
    int width = 4;
    if (p->c->words && p->c->mode == CT_CHART_ABS) {
        for (int v = 0; v < p->c->n_words; v++) {
            int w = (int)strlen(p->c->words[v]);
            width = w > width ? w : width;
        }
    } else {
        const int64_t values[] = {p->scale.low, ct_scale_middle(&p->scale), p->scale.high};
        char text[CT_DECIMAL_MAX];
        for (size_t i = 0; i < CT_LEN(values); i++) {
            int w = ct_decimal_format_fixed(text, values[i], p->scale.digits, p->scale.places) +
                    (p->c->mode == CT_CHART_PERCENT);
            width = w > width ? w : width;
        }
    }
    return width + 4;
}

/* Puts POINT into the cells of the column of AT_MS that nothing is drawn in, but for a cursor; 0: of none. */
static void put_column(struct ct_box b, const struct ct_chart *c, struct ct_chart_plot at, int64_t at_ms,
                       enum ct_role role, uint32_t point)
{
    int col = at_ms ? ct_time_column(at_ms, c->from_ms, c->to_ms, at.cols) : -1;
    if (col < 0 || col >= at.cols)
        return;
    for (int y = at.y, x = at.x + col; y < at.y + at.rows; y++) {
        const struct ct_cell *cell = &b.canvas->cells[(b.y + y) * b.canvas->cols + b.x + x];
        if (cell->point == ' ' || cell->role == CT_ROLE_CURSOR)
            ct_put_point(b, y, x, role, point);
    }
}

/* Last, and only where there is room: taken away they leave a plot as it was. */
static void put_cursors(struct ct_box b, const struct ct_chart *c, struct ct_chart_plot at)
{
    bool lines = b.canvas->charset == CT_CHARSET_UNICODE;
    put_column(b, c, at, c->anchor_ms, CT_ROLE_CURSOR, lines ? 0x2506 : ':');
    put_column(b, c, at, c->cursor_ms, CT_ROLE_CURSOR, lines ? 0x2502 : '|');
}

void ct_chart_move(struct ct_box b, const struct ct_chart *c, struct ct_chart_plot at, int64_t cursor_was,
                   int64_t anchor_was)
{
    put_column(b, c, at, cursor_was, CT_ROLE_TEXT, ' ');
    put_column(b, c, at, anchor_was, CT_ROLE_TEXT, ' ');
    put_cursors(b, c, at);
}

static void draw_all(struct plot *p)
{
    for (size_t i = 0; i < p->c->n_series; i++)
        switch (p->c->style) {
        case CT_CHART_STEP: draw_steps(p, i); break;
        case CT_CHART_LINE: draw_line(p, i); break;
        case CT_CHART_DOTS: draw_dots(p, i); break;
        }
    put_cells(p);
    put_suspects(p);
    if (!p->letters)
        put_letters(p);
    put_cursors(p->b, p->c, p->at);
}

static struct ct_chart_plot nothing(struct ct_box b, const char *why)
{
    ct_put(b, b.rows / 2, 1, CT_ROLE_DIM, b.cols - 1, ct_span(why));
    return (struct ct_chart_plot){0};
}

struct ct_chart_plot ct_chart_draw(struct ct_box b, const struct ct_chart *c)
{
    bool axis = b.rows >= 8, labels = b.rows >= 4;
    int events = c->event_row && b.rows >= 7;
    struct plot p = {.c = c, .b = b, .letters = b.canvas->charset == CT_CHARSET_ASCII};
    if (b.rows < 2 || b.cols < 20)
        return (struct ct_chart_plot){0};
    if (c->mode == CT_CHART_ABS && ct_chart_units_differ(c))
        return nothing(b, "different units have no common axis: % compares changes");
    p.at.rows = b.rows - axis - labels - events;
    /* The width of the labels depends on the scale, and the scale on what the columns hold: sampled
     * twice. */
    for (int pass = 0, gutter = 10; pass < 2; pass++, gutter = gutter_width(&p)) {
        free(p.columns);
        p.at.x = gutter;
        p.at.cols = b.cols - gutter - (p.letters ? 1 : 4);
        if (p.at.cols < 4)
            return (struct ct_chart_plot){0};
        p.n = p.letters ? p.at.cols : p.at.cols * 2;
        p.columns = ct_xcalloc((c->n_series + 1) * (size_t)p.n, sizeof(*p.columns));
        sample(&p);
        if (!make_scale(&p)) {
            free(p.columns);
            return nothing(b, "no value in this window");
        }
    }
    size_t cells = (size_t)p.at.rows * (size_t)p.at.cols;
    p.dots = ct_xcalloc(cells, 1);
    p.owner = ct_xcalloc(cells, 1);
    draw_all(&p);
    put_value_axis(&p, p.at.x);
    put_time_axis(&p, axis ? p.at.rows : -1, labels ? p.at.rows + axis : -1, p.at.x);
    if (events)
        put_events(&p, p.at.rows + axis + labels);
    free(p.columns);
    free(p.dots);
    free(p.owner);
    return p.at;
}
