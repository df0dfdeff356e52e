#include "tui/widgets/chart.h"
#include "tui/widgets/sparkline.h"
#include "tui/widgets/statebar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/golden.h"

#define T0 INT64_C(1793491200000) /* 2026-11-01T00:00:00Z */
#define USD INT64_C(1000000000)

/* ---- sparkline and state bar ---- */

/* The first row of a fresh canvas of COLS after a sparkline of N values. */
static void expect_spark(enum ct_charset charset, int cols, const int64_t *v, size_t n,
                         const char *text)
{
    struct ct_canvas *c = ct_canvas_new(1, cols, charset);
    struct ct_buf out = CT_BUF_INIT;
    ct_sparkline(ct_box_all(c), 0, 0, cols, CT_ROLE_TEXT, v, n);
    ct_canvas_text(c, &out);
    assert_int_equal(out.p[out.n - 1], '\n');
    out.p[out.n - 1] = '\0';
    assert_string_equal(out.p, text);
    ct_buf_free(&out);
    ct_canvas_free(c);
}

static void sparkline_spans_its_own_minimum_to_maximum(void **state)
{
    (void)state;
    const int64_t v[] = {100, 101, 102, 103, 104, 105, 106, 107};
    expect_spark(CT_CHARSET_UNICODE, 8, v, 8, "▁▂▃▄▅▆▇█");
    const int64_t w[] = {-200, -100, 0, 100, 200};
    expect_spark(CT_CHARSET_ASCII, 5, w, 5, "_.-=^");
    expect_spark(CT_CHARSET_NARROW, 5, w, 5, "_.-=^");
    const int64_t far[] = {INT64_MIN + 1, INT64_MAX};
    expect_spark(CT_CHARSET_ASCII, 2, far, 2, "_^");
}

static void sparkline_of_a_flat_series_is_at_mid_height(void **state)
{
    (void)state;
    const int64_t v[] = {0, 0, 0};
    expect_spark(CT_CHARSET_UNICODE, 3, v, 3, "▄▄▄");
    expect_spark(CT_CHARSET_ASCII, 6, v, 3, "------");
}

static void sparkline_leaves_missing_samples_blank(void **state)
{
    (void)state;
    const int64_t v[] = {CT_NONE, 5, CT_NONE, 9};
    expect_spark(CT_CHARSET_ASCII, 4, v, 4, " _ ^");
    const int64_t none[] = {CT_NONE, CT_NONE};
    expect_spark(CT_CHARSET_ASCII, 8, none, 2, "no data ");
    expect_spark(CT_CHARSET_ASCII, 4, none, 2, "    ");
    expect_spark(CT_CHARSET_ASCII, 4, NULL, 0, "    ");
}

static void sparkline_keeps_a_spike_and_the_last_value_when_it_shrinks(void **state)
{
    (void)state;
    int64_t v[30];
    for (int i = 0; i < 30; i++)
        v[i] = i == 13 ? 90 : 10;
    v[29] = 50;
    expect_spark(CT_CHARSET_ASCII, 10, v, 30, "____^____-");
}

static void statebar_shows_the_worst_day_of_a_column(void **state)
{
    (void)state;
    struct ct_canvas *c = ct_canvas_new(2, 5, CT_CHARSET_ASCII);
    struct ct_buf out = CT_BUF_INIT;
    ct_statebar(ct_box_all(c), 0, 0, 5, CT_LIT("  . ..~.X?"));
    ct_statebar(ct_box_all(c), 1, 0, 5, CT_LIT("X!."));
    ct_canvas_text(c, &out);
    assert_string_equal(out.p, " ..~X\n  X!.\n");
    assert_int_equal(c->cells[4].role, CT_ROLE_STATE_DOWN);
    assert_int_equal(c->cells[3].role, CT_ROLE_STATE_DEGR);
    ct_buf_free(&out);
    ct_canvas_free(c);
}

/* ---- columns ---- */

static struct ct_chart_point point(int64_t at, int64_t v)
{
    return (struct ct_chart_point){.at_ms = at, .min = v, .max = v, .last = v};
}

static struct ct_chart_series series(const struct ct_chart_point *p, size_t n, int64_t open)
{
    return (struct ct_chart_series){.points = p, .n_points = n, .open_value = open,
                                    .end_ms = CT_NONE, .digits = 9, .unit = CT_LIT("USD/gpu.h")};
}

static void columns_hold_a_value_until_the_next_change(void **state)
{
    (void)state;
    struct ct_chart_point p[] = {point(T0 - CT_HOUR, 7), point(T0 + 5 * CT_HOUR, 9)};
    struct ct_chart_series s = series(p, 2, 3);
    struct ct_chart_column col[10];
    ct_chart_columns(&s, T0, T0 + 10 * CT_HOUR, 10, col);
    for (int i = 0; i < 10; i++) {
        assert_true(col[i].present);
        assert_int_equal(col[i].last, i < 5 ? 7 : 9);
        assert_int_equal(col[i].enter, i < 6 ? 7 : 9);
        assert_int_equal(col[i].changed, i == 5);
    }
}

static void columns_are_absent_before_the_first_value_and_after_the_last_confirmation(void **state)
{
    (void)state;
    struct ct_chart_point p[] = {point(T0 + 3 * CT_HOUR, 7)};
    struct ct_chart_series s = series(p, 1, CT_NONE);
    s.end_ms = T0 + 6 * CT_HOUR;
    struct ct_chart_column col[10];
    ct_chart_columns(&s, T0, T0 + 10 * CT_HOUR, 10, col);
    for (int i = 0; i < 10; i++)
        assert_int_equal(col[i].present, i >= 3 && i < 6);
}

static void a_gap_blanks_the_columns_it_fills_by_half(void **state)
{
    (void)state;
    struct ct_chart_gap g[] = {{T0 + CT_MINUTE, T0 + 2 * CT_MINUTE}, /* one failed fetch */
                               {T0 + 2 * CT_HOUR + CT_MINUTE, T0 + 2 * CT_HOUR + 20 * CT_MINUTE},
                               {T0 + 2 * CT_HOUR + 40 * CT_MINUTE, T0 + 3 * CT_HOUR + CT_MINUTE},
                               {T0 + 5 * CT_HOUR, T0 + 7 * CT_HOUR}};
    struct ct_chart_point p[] = {point(T0 + 7 * CT_HOUR, 8)};
    struct ct_chart_series s = series(p, 1, 5);
    s.gaps = g;
    s.n_gaps = 4;
    struct ct_chart_column col[10];
    ct_chart_columns(&s, T0, T0 + 10 * CT_HOUR, 10, col);
    for (int i = 0; i < 10; i++)
        assert_int_equal(col[i].present, i != 2 && i != 5 && i != 6);
    assert_int_equal(col[6].enter, CT_NONE); /* nothing joins the two sides */
    assert_int_equal(col[8].last, 8);
}

static void a_spike_of_one_hour_in_a_year_survives_in_80_columns(void **state)
{
    (void)state;
    enum { HOURS = 8760 };
    struct ct_chart_point *p = ct_xcalloc(HOURS, sizeof(*p));
    for (int i = 0; i < HOURS; i++)
        p[i] = point(T0 + i * CT_HOUR, i == 4321 ? 99 : i == 6000 ? 1 : 10);
    struct ct_chart_series s = series(p, HOURS, CT_NONE);
    struct ct_chart_column col[80];
    ct_chart_columns(&s, T0, T0 + HOURS * CT_HOUR, 80, col);
    int64_t low = 10, high = 10;
    for (int i = 0; i < 80; i++) {
        low = col[i].min < low ? col[i].min : low;
        high = col[i].max > high ? col[i].max : high;
        assert_int_equal(col[i].last, 10);
    }
    assert_int_equal(low, 1);
    assert_int_equal(high, 99);
    free(p);
}

static void a_change_is_measured_from_the_value_the_window_begins_with(void **state)
{
    (void)state;
    struct ct_chart_point p[] = {point(T0 + CT_HOUR, 7), point(T0 + 2 * CT_HOUR, 9)};
    struct ct_chart_series s = series(p, 2, 5);
    assert_int_equal(ct_chart_base(&s, T0), 5);
    assert_int_equal(ct_chart_base(&s, T0 + CT_HOUR), 7);
    s.open_value = CT_NONE;
    assert_int_equal(ct_chart_base(&s, T0), 7);
    s.n_points = 0;
    assert_int_equal(ct_chart_base(&s, T0), CT_NONE);
}

/* ---- axes ---- */

static void a_scale_is_round_and_encloses_its_values(void **state)
{
    (void)state;
    struct ct_scale s = ct_scale_of(1512345678, 3389000000, 9, false);
    assert_int_equal(s.low, 1510000000);
    assert_int_equal(s.high, 3390000000);
    assert_int_equal((s.high - s.low) / 10000000 % 2, 0);
    assert_int_equal(s.places, 2);
    s = ct_scale_of(600000, 2100000, 9, false); /* 0.0006 .. 0.0021 dollars */
    assert_true(s.low <= 600000 && s.high >= 2100000 && s.places >= 4);
    assert_int_equal(ct_scale_step(&s, s.low - 1, 40), 0);
    assert_int_equal(ct_scale_step(&s, s.high + 1, 40), 39);
}

static void a_flat_series_stands_at_mid_height(void **state)
{
    (void)state;
    const int64_t values[] = {0, 1, 2 * USD, -5, INT64_MAX};
    for (size_t i = 0; i < CT_LEN(values); i++) {
        struct ct_scale s = ct_scale_of(values[i], values[i], 9, false);
        assert_true(s.low < s.high);
        if (values[i] == INT64_MAX)
            continue;
        int step = ct_scale_step(&s, values[i], 41);
        assert_in_range(step, 15, 25);
    }
}

static void a_log_scale_gives_equal_factors_equal_room(void **state)
{
    (void)state;
    struct ct_scale s = ct_scale_of(1 * USD, 100 * USD, 9, true);
    assert_true(s.log);
    s.low = 1 * USD;
    s.high = 100 * USD;
    assert_int_equal(ct_scale_step(&s, 10 * USD, 101), 50);
    assert_in_range(ct_scale_middle(&s), 10 * USD - USD / 100, 10 * USD + USD / 100);
    assert_false(ct_scale_of(0, 5, 9, true).log);
}

static void columns_and_times_agree(void **state)
{
    (void)state;
    const int64_t spans[] = {CT_MINUTE, CT_HOUR + 7, 14 * CT_DAY + 3, 3652 * CT_DAY};
    for (size_t i = 0; i < CT_LEN(spans); i++)
        for (int col = 0; col < 113; col++) {
            int64_t start = ct_column_start(col, T0, T0 + spans[i], 113);
            assert_int_equal(ct_time_column(start, T0, T0 + spans[i], 113), col);
            if (col)
                assert_int_equal(ct_time_column(start - 1, T0, T0 + spans[i], 113), col - 1);
        }
    assert_int_equal(ct_time_column(T0 - 1, T0, T0 + 10, 5), -1);
    assert_int_equal(ct_time_column(T0 + 10, T0, T0 + 10, 5), 5);
}

/* Labels of the ticks of a window, joined with blanks, checked for room. */
static void expect_ticks(int64_t from, int64_t span, int cols, const char *text)
{
    struct ct_tick t[CT_AXIS_TICKS];
    struct ct_buf out = CT_BUF_INIT;
    int n = ct_ticks(from, from + span, cols, t);
    ct_buf_adds(&out, "");
    for (int i = 0; i < n; i++) {
        ct_buf_addf(&out, "%s%s", i ? " " : "", t[i].label);
        if (i)
            assert_true(t[i].col - t[i - 1].col > (int)strlen(t[i - 1].label));
    }
    assert_string_equal(out.p, text);
    ct_buf_free(&out);
}

static void ticks_are_round_moments_with_room_for_their_labels(void **state)
{
    (void)state;
    expect_ticks(T0, CT_HOUR, 50, "11-01 00:10 00:20 00:30 00:40 00:50");
    expect_ticks(T0 - 5 * CT_HOUR, CT_DAY, 40, "11-01 06:00 12:00 18:00");
    expect_ticks(T0 + CT_HOUR, 14 * CT_DAY, 60, "11-03 11-05 11-07 11-09 11-11 11-13 11-15");
    expect_ticks(T0, 365 * CT_DAY, 80, "2026-11 2027-01 2027-03 2027-05 2027-07 2027-09");
    expect_ticks(T0, 3652 * CT_DAY, 40, "2028 2030 2032 2034 2036");
    expect_ticks(T0, 0, 40, "");
}

/* ---- whole charts ---- */

struct scene {
    struct ct_chart_point a[2], b[60], c[3];
    struct ct_chart_gap gap;
    struct ct_chart_series series[3];
    struct ct_chart_event events[4];
    struct ct_chart chart;
};

static void scene_make(struct scene *s)
{
    memset(s, 0, sizeof(*s));
    s->a[0] = point(T0 + 3 * CT_DAY, 2790 * USD / 1000);
    s->a[1] = point(T0 + 9 * CT_DAY, 2990 * USD / 1000);
    for (int i = 0; i < 60; i++)
        s->b[i] = point(T0 + i * 14 * CT_DAY / 60, (2250 - i * 5 + i * 37 % 60) * USD / 1000);
    s->c[0] = point(T0 + CT_DAY, 2500 * USD / 1000);
    s->c[1] = point(T0 + 6 * CT_DAY, 25 * USD);
    s->c[1].suspect = true;
    s->c[2] = point(T0 + 7 * CT_DAY, 2600 * USD / 1000);
    s->gap = (struct ct_chart_gap){T0 + 4 * CT_DAY, T0 + 5 * CT_DAY};
    s->series[0] = series(s->a, 2, 2990 * USD / 1000);
    s->series[1] = series(s->b, 60, CT_NONE);
    s->series[1].gaps = &s->gap;
    s->series[1].n_gaps = 1;
    s->series[2] = series(s->c, 3, CT_NONE);
    s->series[2].end_ms = T0 + 12 * CT_DAY;
    s->events[0] = (struct ct_chart_event){T0 + 2 * CT_DAY, 'X'};
    s->events[1] = (struct ct_chart_event){T0 + 2 * CT_DAY + 1, '$'};
    s->events[2] = (struct ct_chart_event){T0 + 9 * CT_DAY, '$'};
    s->events[3] = (struct ct_chart_event){T0 + 15 * CT_DAY, '!'};
    s->chart = (struct ct_chart){.series = s->series, .n_series = 3, .from_ms = T0,
                                 .to_ms = T0 + 14 * CT_DAY, .events = s->events, .n_events = 4,
                                 .event_row = true, .cursor_ms = T0 + 8 * CT_DAY,
                                 .anchor_ms = T0 + 4 * CT_DAY + CT_HOUR};
}

static int differing;

static void expect_chart(const struct ct_chart *chart, enum ct_charset charset, int rows, int cols,
                         const char *name)
{
    struct ct_canvas *c = ct_canvas_new(rows, cols, charset);
    ct_chart_draw(ct_box_all(c), chart);
    golden_compare(c, name, &differing);
    ct_canvas_free(c);
}

static void charts_look_as_accepted(void **state)
{
    (void)state;
    struct scene s;
    scene_make(&s);
    differing = 0;
    expect_chart(&s.chart, CT_CHARSET_UNICODE, 18, 100, "chart-unicode");
    expect_chart(&s.chart, CT_CHARSET_NARROW, 10, 70, "chart-narrow");
    expect_chart(&s.chart, CT_CHARSET_ASCII, 14, 70, "chart-ascii");
    s.chart.style = CT_CHART_LINE;
    expect_chart(&s.chart, CT_CHARSET_UNICODE, 14, 80, "chart-line");
    s.chart.style = CT_CHART_DOTS;
    expect_chart(&s.chart, CT_CHARSET_UNICODE, 14, 80, "chart-dots");
    s.chart.style = CT_CHART_STEP;
    s.chart.mode = CT_CHART_PERCENT;
    expect_chart(&s.chart, CT_CHARSET_UNICODE, 12, 80, "chart-percent");
    s.chart.mode = CT_CHART_INDEX;
    expect_chart(&s.chart, CT_CHARSET_ASCII, 12, 80, "chart-index");
    assert_int_equal(differing, 0);
}

static void a_chart_of_states_has_words_on_its_axis(void **state)
{
    (void)state;
    static const char *const words[] = {"ok", "MAINT", "UNKN", "DEGR", "PART", "DOWN"};
    struct ct_chart_point p[] = {point(T0 + CT_HOUR, 3), point(T0 + 2 * CT_HOUR, 5),
                                 point(T0 + 4 * CT_HOUR, 0)};
    struct ct_chart_series s = series(p, 3, 0);
    s.digits = 0;
    struct ct_chart c = {.series = &s, .n_series = 1, .from_ms = T0, .to_ms = T0 + 6 * CT_HOUR,
                         .words = words, .n_words = 6};
    differing = 0;
    expect_chart(&c, CT_CHARSET_UNICODE, 13, 60, "chart-state");
    assert_int_equal(differing, 0);
}

static void different_units_are_refused_unless_relative(void **state)
{
    (void)state;
    struct scene s;
    scene_make(&s);
    s.series[1].unit = CT_LIT("USD/Mtok");
    struct ct_canvas *c = ct_canvas_new(12, 80, CT_CHARSET_UNICODE);
    assert_int_equal(ct_chart_draw(ct_box_all(c), &s.chart).cols, 0);
    struct ct_buf out = CT_BUF_INIT;
    ct_canvas_text(c, &out);
    assert_non_null(strstr(out.p, "different units have no common axis"));
    s.chart.mode = CT_CHART_PERCENT;
    assert_true(ct_chart_draw(ct_box_all(c), &s.chart).cols > 60);
    ct_buf_free(&out);
    ct_canvas_free(c);
}

/* Whether any cell of series A is in ROW. */
static bool series_in_row(const struct ct_canvas *c, int row)
{
    for (int x = 0; x < c->cols; x++)
        if (c->cells[row * c->cols + x].role == CT_ROLE_SERIES_A)
            return true;
    return false;
}

static void a_spike_is_drawn_and_an_outlier_taken_back_does_not_flatten_the_rest(void **state)
{
    (void)state;
    struct ct_chart_point p[] = {point(T0 + 100 * CT_DAY, 90 * USD),
                                 point(T0 + 100 * CT_DAY + 1, 10 * USD)};
    struct ct_chart_series s = series(p, 2, 10 * USD);
    struct ct_chart chart = {.series = &s, .n_series = 1, .from_ms = T0,
                             .to_ms = T0 + 365 * CT_DAY};
    struct ct_canvas *c = ct_canvas_new(12, 80, CT_CHARSET_UNICODE);
    struct ct_chart_plot plot = ct_chart_draw(ct_box_all(c), &chart);
    for (int row = 0; row < plot.rows; row++)
        assert_true(series_in_row(c, row)); /* a line from bottom to top */
    p[0].suspect = true;
    ct_canvas_clear(c);
    plot = ct_chart_draw(ct_box_all(c), &chart);
    assert_true(series_in_row(c, 0)); /* the hollow mark */
    assert_true(series_in_row(c, plot.rows / 2));
    assert_false(series_in_row(c, 2));
    s.n_points = 1; /* not taken back: it is the price now, and inside the scale */
    ct_canvas_clear(c);
    plot = ct_chart_draw(ct_box_all(c), &chart);
    struct ct_buf out = CT_BUF_INIT;
    ct_canvas_text(c, &out);
    assert_non_null(strstr(out.p, "90"));
    ct_buf_free(&out);
    ct_canvas_free(c);
}

static void eight_lines_are_told_apart_without_colour(void **state)
{
    (void)state;
    char rows[CT_CHART_SERIES][256];
    for (int i = 0; i < CT_CHART_SERIES; i++) {
        struct ct_chart_series s[CT_CHART_SERIES];
        for (int k = 0; k < CT_CHART_SERIES; k++)
            s[k] = series(NULL, 0, k == i ? USD : CT_NONE);
        struct ct_chart chart = {.series = s, .n_series = CT_CHART_SERIES, .from_ms = T0,
                                 .to_ms = T0 + CT_DAY};
        struct ct_canvas *c = ct_canvas_new(2, 60, CT_CHARSET_UNICODE);
        struct ct_chart_plot plot = ct_chart_draw(ct_box_all(c), &chart);
        assert_true(plot.cols > 30);
        struct ct_buf out = CT_BUF_INIT;
        for (int x = plot.x; x < plot.x + 24; x++)
            for (int y = 0; y < plot.rows; y++)
                ct_buf_addf(&out, "%x.", (unsigned)c->cells[y * 60 + x].point);
        assert_true(out.n > 40);
        snprintf(rows[i], sizeof(rows[i]), "%.250s", out.p);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(rows[i], rows[k]);
        ct_buf_free(&out);
        ct_canvas_free(c);
    }
}

static void charts_survive_any_size(void **state)
{
    (void)state;
    struct scene s;
    scene_make(&s);
    for (int rows = 1; rows <= 20; rows++)
        for (int cols = 1; cols <= 90; cols += 7)
            for (int charset = 0; charset < 3; charset++) {
                struct ct_canvas *c = ct_canvas_new(rows, cols, (enum ct_charset)charset);
                struct ct_chart_plot plot = ct_chart_draw(ct_box_all(c), &s.chart);
                assert_true(plot.x + plot.cols <= cols && plot.y + plot.rows <= rows);
                ct_canvas_free(c);
            }
}

static uint32_t dice(uint32_t n)
{
    static uint64_t seed = 88172645463325252;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16) % n;
}

/* Nowhere, in the window of C, or outside of it. */
static int64_t any_moment(const struct ct_chart *c)
{
    int64_t part = (c->to_ms - c->from_ms) / 40;
    return dice(6) == 0 ? 0 : c->from_ms + part * (int64_t)dice(44) - 2 * part;
}

static void a_moved_cursor_leaves_what_a_chart_drawn_anew_shows(void **state)
{
    (void)state;
    struct scene s;
    scene_make(&s);
    for (int run = 0; run < 54; run++) {
        struct ct_chart *c = &s.chart;
        struct ct_canvas *moved = ct_canvas_new(16, 70, (enum ct_charset)(run % 3));
        struct ct_canvas *anew = ct_canvas_new(16, 70, (enum ct_charset)(run % 3));
        c->style = (enum ct_chart_style)(run / 3 % 3);
        c->mode = (enum ct_chart_mode)(run / 9 % 3);
        c->log = run >= 27;
        struct ct_chart_plot plot = ct_chart_draw(ct_box_all(moved), c);
        assert_true(plot.cols > 40);
        for (int i = 0; i < 40; i++) {
            int64_t cursor_was = c->cursor_ms, anchor_was = c->anchor_ms;
            c->cursor_ms = any_moment(c);
            c->anchor_ms = dice(3) ? c->anchor_ms : any_moment(c);
            ct_chart_move(ct_box_all(moved), c, plot, cursor_was, anchor_was);
            ct_canvas_clear(anew);
            ct_chart_draw(ct_box_all(anew), c);
            assert_memory_equal(moved->cells, anew->cells, 16 * 70 * sizeof(*anew->cells));
        }
        ct_canvas_free(moved);
        ct_canvas_free(anew);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moved_cursor_leaves_what_a_chart_drawn_anew_shows),
        cmocka_unit_test(sparkline_spans_its_own_minimum_to_maximum),
        cmocka_unit_test(sparkline_of_a_flat_series_is_at_mid_height),
        cmocka_unit_test(sparkline_leaves_missing_samples_blank),
        cmocka_unit_test(sparkline_keeps_a_spike_and_the_last_value_when_it_shrinks),
        cmocka_unit_test(statebar_shows_the_worst_day_of_a_column),
        cmocka_unit_test(columns_hold_a_value_until_the_next_change),
        cmocka_unit_test(columns_are_absent_before_the_first_value_and_after_the_last_confirmation),
        cmocka_unit_test(a_gap_blanks_the_columns_it_fills_by_half),
        cmocka_unit_test(a_spike_of_one_hour_in_a_year_survives_in_80_columns),
        cmocka_unit_test(a_change_is_measured_from_the_value_the_window_begins_with),
        cmocka_unit_test(a_scale_is_round_and_encloses_its_values),
        cmocka_unit_test(a_flat_series_stands_at_mid_height),
        cmocka_unit_test(a_log_scale_gives_equal_factors_equal_room),
        cmocka_unit_test(columns_and_times_agree),
        cmocka_unit_test(ticks_are_round_moments_with_room_for_their_labels),
        cmocka_unit_test(charts_look_as_accepted),
        cmocka_unit_test(a_chart_of_states_has_words_on_its_axis),
        cmocka_unit_test(different_units_are_refused_unless_relative),
        cmocka_unit_test(a_spike_is_drawn_and_an_outlier_taken_back_does_not_flatten_the_rest),
        cmocka_unit_test(eight_lines_are_told_apart_without_colour),
        cmocka_unit_test(charts_survive_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
