/* `history`: series as points and gaps. CSV, TSV and text have a line for each of both; JSON nests
 * them. */
#include "config.h"

#include "app/command.h"
#include "tui/term.h"
#include "tui/widgets/chart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What charts and figures are made of. */
static struct ct_chart_series chart_series(struct ct_call *c, const struct ct_history *h)
{
    const struct ct_point *p = h->points.v;
    const struct ct_gap *g = h->gaps.v;
    struct ct_chart_point *points = ct_arena_alloc(c->arena, (h->points.n + 1) * sizeof *points);
    struct ct_chart_gap *gaps = ct_arena_alloc(c->arena, (h->gaps.n + 1) * sizeof *gaps);
    for (size_t i = 0; i < h->points.n; i++)
        points[i] =
            (struct ct_chart_point){p[i].at_ms, p[i].min, p[i].max, p[i].last, p[i].suspect == 1};
    for (size_t i = 0; i < h->gaps.n; i++)
        gaps[i] = (struct ct_chart_gap){g[i].from_ms, g[i].to_ms};
    return (struct ct_chart_series){points,        h->points.n,     gaps,      h->gaps.n,
                                    h->open_value, h->last_seen_ms, h->digits, h->unit};
}

/* ---- JSON ---- */

/* The figures that the screen has under its chart, over the window or all there is. */
static void stats_json(struct ct_jw *w, struct ct_call *c, const struct ct_history *h,
                       const struct ct_query *q)
{
    struct ct_chart_series series = chart_series(c, h);
    struct ct_chart_stats s;
    int64_t to = q->to_ms ? q->to_ms : c->at_ms == CT_LIVE ? c->now_ms : c->at_ms;
    int64_t from = q->from_ms ? q->from_ms : h->first_ms;
    if (from == CT_NONE || from >= to)
        from = to - 1;
    ct_chart_measure(&series, from, to, &s);
    static const char *const keys[] = {"first", "last", "min", "median", "max"};
    const int64_t values[] = {s.first, s.last, s.min, s.median, s.max};
    ct_jw_key(w, "stats");
    ct_jw_object(w);
    for (size_t i = 0; i < CT_LEN(keys); i++) {
        ct_jw_key(w, keys[i]);
        ct_jw_decimal(w, ct_value_nano(values[i], h->digits), 9);
    }
    ct_jw_key(w, "change_pct");
    ct_jw_decimal(w, ct_pct_change(s.first, s.last), 3);
    ct_jw_key(w, "longest_gap_s");
    ct_jw_int(w, s.longest_gap_ms / CT_SECOND);
    ct_jw_end_object(w);
}

static void item_json(struct ct_jw *w, struct ct_call *c, const struct ct_query *q,
                      const struct ct_history *h, size_t index, struct ct_rows lines)
{
    const struct ct_history_line *l = lines.v;
    ct_jw_object(w);
    ct_jw_key(w, "series");
    ct_jw_text(w, h->series);
    ct_jw_key(w, "unit");
    ct_jw_text(w, h->unit);
    ct_jw_key(w, "source_id");
    ct_jw_text(w, h->source_id);
    ct_jw_key(w, "source");
    ct_jw_text(w, h->source);
    ct_jw_key(w, "first_at");
    ct_jw_time(w, h->first_ms);
    ct_jw_key(w, "last_seen_at");
    ct_jw_time(w, h->last_seen_ms);
    ct_jw_key(w, "changes");
    ct_jw_int(w, h->n_changes);
    stats_json(w, c, h, q);
    ct_jw_key(w, "points");
    ct_jw_array(w);
    for (size_t i = 0; i < lines.n; i++) {
        static const char *const keys[] = {"min", "max", "last"};
        const int64_t values[] = {l[i].min, l[i].max, l[i].last};
        if (l[i].history != index || l[i].gap.p)
            continue;
        ct_jw_object(w);
        ct_jw_key(w, "at");
        ct_jw_time(w, l[i].at_ms);
        for (size_t k = 0; k < CT_LEN(keys); k++) {
            ct_jw_key(w, keys[k]);
            ct_jw_decimal(w, values[k], 9);
        }
        ct_jw_key(w, "n");
        ct_jw_int(w, l[i].n);
        if (l[i].word.p) {
            ct_jw_key(w, "word");
            ct_jw_text(w, l[i].word);
        }
        ct_jw_end_object(w);
    }
    ct_jw_end_array(w);
    ct_jw_key(w, "gaps");
    ct_jw_array(w);
    for (size_t i = 0; i < lines.n; i++) {
        if (l[i].history != index || !l[i].gap.p)
            continue;
        ct_jw_object(w);
        ct_jw_key(w, "from");
        ct_jw_time(w, l[i].at_ms);
        ct_jw_key(w, "to");
        ct_jw_time(w, l[i].until_ms);
        ct_jw_key(w, "reason");
        ct_jw_text(w, l[i].gap);
        ct_jw_end_object(w);
    }
    ct_jw_end_array(w);
    ct_jw_end_object(w);
}

static int print_json(struct ct_call *c, const struct ct_query *q, const struct ct_history *h,
                      size_t n, struct ct_rows lines, const struct ct_envelope *e)
{
    struct ct_buf out = CT_BUF_INIT;
    struct ct_jw w;
    bool object = c->output.format == CT_FORMAT_JSON;
    ct_jw_init(&w, &out);
    if (object)
        ct_output_open(&w, e);
    for (size_t i = 0; i < n; i++)
        item_json(&w, c, q, &h[i], i, lines);
    if (object)
        ct_output_close(&w);
    if (out.n)
        ct_buf_addc(&out, '\n');
    int code = ct_output_flush(&out);
    ct_buf_free(&out);
    return code;
}

/* ---- chart ---- */

static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        return size.ws_col > 200 ? 200 : size.ws_col;
    return 80;
}

/* The window of the chart when none was given: all there is. */
static void whole_window(const struct ct_history *h, size_t n, struct ct_query *q, int64_t now_ms)
{
    q->from_ms = q->to_ms = q->at_ms == CT_LIVE ? now_ms : q->at_ms;
    for (size_t i = 0; i < n; i++)
        if (h[i].first_ms != CT_NONE && h[i].first_ms < q->from_ms)
            q->from_ms = h[i].first_ms;
    if (q->from_ms >= q->to_ms)
        q->from_ms = q->to_ms - CT_HOUR;
}

static int print_chart(struct ct_call *c, const struct ct_history *h, size_t n, struct ct_query q)
{
    enum { ROWS = 18 };
    struct ct_chart_series series[CT_CHART_SERIES];
    struct ct_chart chart = {.series = series, .n_series = n, .style = CT_CHART_STEP};
    enum ct_charset charset;
    struct ct_error e = {0};
    struct ct_buf out = CT_BUF_INIT;
    if (ct_charset_choose(ct_setting(c->settings, "", "charset"), &charset, &e) != CT_OK)
        return ct_report(&e);
    if (n > CT_CHART_SERIES)
        return ct_usage("history", "--chart draws at most %d series, found %zu", CT_CHART_SERIES,
                        n);
    if (q.from_ms == 0 && q.to_ms == 0)
        whole_window(h, n, &q, c->now_ms);
    for (size_t i = 0; i < n; i++)
        series[i] = chart_series(c, &h[i]);
    chart.from_ms = q.from_ms;
    chart.to_ms = q.to_ms;
    if (n && (ct_span_is(h[0].unit, "state") || ct_span_is(h[0].unit, "stock"))) {
        bool state = ct_span_is(h[0].unit, "state");
        chart.words = state ? ct_state_words : ct_stock_words;
        chart.n_words = state ? CT_STATE_MAJOR + 1 : CT_STOCK_AVAILABLE + 1;
    }
    if (ct_chart_units_differ(&chart))
        chart.mode = CT_CHART_INDEX; /* different units have no common axis */
    struct ct_canvas *canvas =
        ct_canvas_new(ROWS, terminal_columns(), charset);
    ct_chart_draw(ct_box_all(canvas), &chart);
    ct_canvas_text(canvas, &out);
    ct_canvas_free(canvas);
    for (size_t i = 0; i < n; i++)
        ct_buf_addf(&out, "%c  %.*s  %.*s\n", (int)('a' + i), CT_FMT(h[i].series),
                    CT_FMT(h[i].unit));
    int code = ct_output_flush(&out);
    ct_buf_free(&out);
    return code;
}

/* ---- the command ---- */

/* One point per --every (or --step): a grid from the start of the window on. */
static enum ct_status take_every(struct ct_call *c, struct ct_query *q)
{
    int64_t every, step;
    enum ct_status status = ct_call_span(c, CT_FLAG_EVERY, &every);
    if (status == CT_OK)
        status = ct_call_span(c, CT_FLAG_STEP, &step);
    if (status != CT_OK)
        return status;
    if (every != CT_NONE && step != CT_NONE)
        return ct_fail(&c->err, CT_ERR_USAGE, "history", "--every or --step, not both");
    q->step_ms = every != CT_NONE ? every : step != CT_NONE ? step : 0;
    if (c->flag[CT_FLAG_EVERY] || c->flag[CT_FLAG_STEP])
        if (q->step_ms < CT_SECOND)
            return ct_fail(&c->err, CT_ERR_USAGE, "history", "wanted a step of 1s at least");
    return CT_OK;
}

static enum ct_status load_all(struct ct_call *c, struct ct_reader *r, struct ct_query *q,
                               struct ct_history **out, size_t *n)
{
    CT_VEC(struct ct_history) all = {0};
    enum ct_status status = CT_OK;
    for (size_t w = 0; status == CT_OK && w < c->n_words; w++) {
        struct ct_rows rows = {NULL, 0};
        q->subject = ct_span(c->words[w]);
        status = ct_read_history(r, q, c->arena, &rows, &c->err);
        for (size_t i = 0; status == CT_OK && i < rows.n; i++)
            *CT_VEC_PUSH(c->arena, &all) = ((const struct ct_history *)rows.v)[i];
    }
    *out = all.v;
    *n = all.n;
    return status;
}

static int nothing_yet(struct ct_call *c)
{
    struct ct_rows none = {NULL, 0};
    struct ct_envelope e = {c->now_ms, c->at_ms == CT_LIVE ? c->now_ms : c->at_ms, CT_NONE, none};
    int code = c->output.format == CT_FORMAT_JSON ? print_json(c, NULL, NULL, 0, none, &e) : 0;
    return code ? code : ct_no_data(c);
}

/* A series that does not exist is a slip of the fingers, unless nothing is recorded at all. */
static int no_such_series(struct ct_call *c, struct ct_reader *r)
{
    struct ct_query q = ct_call_query(c);
    struct ct_error before = c->err;
    struct ct_summary s;
    if (ct_read_summary(r, &q, c->arena, &s, &c->err) == CT_OK && s.recording_since_ms == CT_NONE)
        return nothing_yet(c);
    before.status = CT_ERR_USAGE;
    return ct_report(&before);
}

static bool too_old(struct ct_call *c, const struct ct_history *h, size_t n, int64_t max_age_s)
{
    int64_t now = c->at_ms == CT_LIVE ? c->now_ms : c->at_ms;
    if (max_age_s == CT_NONE)
        return false;
    for (size_t i = 0; i < n; i++)
        if (h[i].last_seen_ms != CT_NONE && now - h[i].last_seen_ms <= max_age_s * CT_SECOND)
            return false;
    return true;
}

static int print_history(struct ct_call *c, struct ct_reader *r, struct ct_query *q)
{
    struct ct_history *h = NULL;
    struct ct_envelope e;
    size_t n = 0, matched = 0;
    enum ct_status status = load_all(c, r, q, &h, &n);
    if (status == CT_ERR_NOT_FOUND)
        return no_such_series(c, r);
    if (status == CT_OK)
        status = ct_call_envelope(c, r, CT_KINDS_ALL, &e);
    if (status != CT_OK)
        return ct_report(&c->err);
    if (c->flag[CT_FLAG_CHART] && c->flag[CT_FLAG_TZ] && c->output.zone != CT_ZONE_UTC)
        return ct_usage("history", "--chart has its axis in UTC");
    if (c->flag[CT_FLAG_CHART])
        return print_chart(c, h, n, *q);
    struct ct_rows lines = ct_history_lines(h, n, c->arena);
    int code;
    if (c->output.format == CT_FORMAT_JSON || c->output.format == CT_FORMAT_NDJSON) {
        if (c->flag[CT_FLAG_COLUMNS])
            return ct_usage("history", "--columns goes with text, --csv and --tsv");
        if (ct_call_select(c, &ct_history_line_table, &lines, "", c->n_words, &matched) != CT_OK)
            return ct_report(&c->err);
        code = print_json(c, q, h, n, lines, &e);
        if (code == 0 && c->flag[CT_FLAG_FAIL_EMPTY] && matched == 0)
            code = 4;
    } else {
        code = ct_print_rows(c, &ct_history_line_table, lines, "series at last word unit until gap", "",
                             c->n_words, NULL);
    }
    return code == 0 && too_old(c, h, n, e.max_age_s) ? 3 : code;
}

int ct_cmd_history(struct ct_call *c)
{
    struct ct_reader *r = NULL;
    struct ct_query q = ct_call_query(c);
    q.max_series = SIZE_MAX; /* a glob means all it matches: nothing is left out in silence */
    if (ct_call_window(c, &q) != CT_OK || take_every(c, &q) != CT_OK)
        return ct_report(&c->err);
    enum ct_status status = ct_call_reader(c, &r);
    if (status == CT_ERR_NOT_FOUND)
        return nothing_yet(c);
    int code = status == CT_OK ? print_history(c, r, &q) : ct_report(&c->err);
    ct_call_reader_close(c, r);
    return code;
}
