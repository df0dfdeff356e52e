/* Series over time: what is drawn. Chart above, readout under it, then the series with their
 * figures and the events of the window. */
#include "config.h"

#include "tui/views/history.h"

#include "db/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const ct_look_style_words[] = {"step", "line", "dots", "table", NULL};
const char *const ct_look_mode_words[] = {"abs", "percent", "index", NULL};
/* As the chart draws them, in words. */
static const char *const line_words[CT_CHART_SERIES] = {"solid",   "dotted", "dashed",  "dashdot",
                                                        "sparse",  "long",   "dashdots", "short"};

/* ---- values ---- */

static void add_value(struct ct_buf *out, const struct history_line *l, int64_t value)
{
    char text[CT_DECIMAL_MAX];
    int n;
    const char *const *words = history_words(l->h.unit, &n);
    if (value == CT_NONE) {
        ct_buf_addc(out, '-');
    } else if (words) {
        ct_buf_adds(out, value >= 0 && value < n ? words[value] : "?");
    } else if (l->h.digits == 9) {
        ct_format_price(out, value);
    } else {
        ct_decimal_format(text, value, l->h.digits);
        ct_buf_adds(out, text);
    }
}

/* A difference with its sign: "+0.03". */
static void add_difference(struct ct_buf *out, const struct history_line *l, int64_t by)
{
    int n;
    if (history_words(l->h.unit, &n))
        return;
    ct_buf_adds(out, by > 0 ? "+" : "");
    add_value(out, l, by);
    ct_buf_addc(out, ' ');
}

static void add_time(struct ct_buf *out, int64_t at_ms, int64_t now_ms)
{
    struct ct_civil c, now;
    ct_civil_from_ms(at_ms, &c);
    ct_civil_from_ms(now_ms, &now);
    if (c.year != now.year)
        ct_buf_addf(out, "%04d-", c.year);
    ct_buf_addf(out, "%02d-%02d %02d:%02dZ", c.month, c.day, c.hour, c.minute);
}

static void add_age(struct ct_buf *out, int64_t ms)
{
    char age[CT_TIME_MAX];
    ct_age_format(age, ms);
    ct_buf_adds(out, age);
}

/* The length of a window as its preset is called: "24h", "30d", "1y". */
static void add_span(struct ct_buf *out, int64_t ms)
{
    if (ms <= 2 * CT_DAY)
        ct_buf_addf(out, ms % CT_HOUR ? "%lldm" : "%lldh",
                    (long long)(ms % CT_HOUR ? ms / CT_MINUTE : ms / CT_HOUR));
    else if (ms < 2 * 365 * CT_DAY)
        ct_buf_addf(out, "%lldd", (long long)(ms / CT_DAY));
    else
        ct_buf_addf(out, "%lld.%lldy", (long long)(ms / (365 * CT_DAY)),
                    (long long)(ms % (365 * CT_DAY) * 10 / (365 * CT_DAY)));
}

static enum ct_role role_of(size_t i)
{
    return (enum ct_role)(CT_ROLE_SERIES_A + i);
}

/* ---- readout ---- */

/* What the axis tells of VALUE, where that is no absolute one: " = 65.2", " = -34.8%". */
static void add_relative(struct ct_buf *out, int64_t first, int64_t value, int mode)
{
    int64_t percent = mode == CT_LOOK_ABS ? CT_NONE : ct_pct_change(first, value);
    char text[CT_DECIMAL_MAX];
    if (percent == CT_NONE)
        return;
    ct_buf_adds(out, " = ");
    if (mode == CT_LOOK_PERCENT) {
        ct_format_percent(out, percent);
        return;
    }
    ct_decimal_format_fixed(text, percent + 100 * 1000, 3, 1);
    ct_buf_adds(out, text);
}

/* How much a readout says of each line: all, the reason without words, or the value alone. */
enum wordy { WORDY_ALL, WORDY_LESS, WORDY_VALUE, N_WORDY };

/* "a 2.79 for 3d13h", "b no data: HTTP 429", "c 2.74 last seen 4h before"; with less room "a 2.79", "b - HTTP 429",
 * "c 2.74 4h ago". */
static void add_reading(struct ct_buf *out, const struct history_model *m, size_t i, int64_t at,
                        enum wordy wordy, int mode)
{
    const struct history_line *l = &m->line[i];
    int64_t since, value;
    struct ct_span why;
    value = history_value(m, i, at, &since, &why);
    if (value == CT_NONE) {
        ct_buf_adds(out, wordy == WORDY_ALL ? "no data: " : "-");
        if (wordy != WORDY_VALUE)
            ct_buf_addf(out, "%s%.*s", wordy == WORDY_ALL ? "" : " ", CT_FMT(why));
        return;
    }
    add_value(out, l, value);
    add_relative(out, l->stats.first, value, mode);
    if (l->h.last_seen_ms != CT_NONE && at > l->h.last_seen_ms) {
        ct_buf_adds(out, wordy == WORDY_ALL ? " last seen " : " ");
        add_age(out, at - l->h.last_seen_ms);
        ct_buf_adds(out, wordy == WORDY_ALL ? " before" : " ago");
    } else if (since != CT_NONE && wordy == WORDY_ALL) {
        ct_buf_adds(out, " for ");
        add_age(out, at - since);
    }
}

/* Change from the anchor to the cursor: "+0.03 +1.1%", where room is short "+1.1%". */
static void add_change(struct ct_buf *out, const struct history_model *m, size_t i, int64_t from,
                       int64_t to, enum wordy wordy)
{
    int64_t since, a, b;
    struct ct_span why;
    a = history_value(m, i, from, &since, &why);
    b = history_value(m, i, to, &since, &why);
    if (a == CT_NONE || b == CT_NONE) {
        ct_buf_addc(out, '-');
        return;
    }
    if (wordy == WORDY_ALL)
        add_difference(out, &m->line[i], b - a);
    ct_format_percent(out, ct_pct_change(a, b));
}

/* The reading of line I at TO, or its change since FROM where that is not 0. */
static void add_one(struct ct_buf *out, const struct history_model *m, size_t i, int64_t from,
                    int64_t to, enum wordy wordy, int mode)
{
    ct_buf_clear(out);
    if (from)
        add_change(out, m, i, from, to, wordy);
    else
        add_reading(out, m, i, to, wordy, mode);
}

/* The readings of all lines as one would print them: their width. */
static int readings_width(const struct history_model *m, int64_t from, int64_t to, enum wordy wordy, int mode)
{
    struct ct_buf text = CT_BUF_INIT;
    int width = 0;
    for (size_t i = 0; i < m->n; i++) {
        add_one(&text, m, i, from, to, wordy, mode);
        width += 5 + ct_text_width(ct_buf_span(&text));
    }
    ct_buf_free(&text);
    return width;
}

/* What lies there is not loaded: to say "-" would be to say that there is nothing. */
static bool outside(const struct history_model *m, int64_t at)
{
    return at < m->from_ms || at >= m->to_ms;
}

/* One line of readings, series letters in their colours; as many as fit. */
static void draw_readings(struct ct_box line, const struct history_model *m, const char *head,
                          int64_t from, int64_t to, const struct ct_draw *d)
{
    struct ct_buf text = CT_BUF_INIT;
    const int mode = d->query->look.mode;
    ct_buf_addf(&text, "%s ", head);
    add_time(&text, from ? from : to, d->now_ms);
    if (from) {
        ct_buf_adds(&text, " over ");
        add_age(&text, to > from ? to - from : from - to);
    }
    bool gone = outside(m, from ? from : to), nothing = gone || outside(m, to);
    ct_buf_adds(&text, gone && from ? " is outside this window: = and - widen it"
                       : gone       ? " is outside this window: h and l place it in it"
                       : nothing    ? ": the cursor is outside this window"
                                    : "");
    int x = 1 + ct_put(line, 0, 1, CT_ROLE_TEXT, line.cols - 1, ct_buf_span(&text));
    enum wordy wordy = WORDY_ALL;
    while (wordy + 1 < N_WORDY && x + readings_width(m, from, to, wordy, mode) > line.cols)
        wordy++;
    for (size_t i = 0; i < m->n && !nothing && x + 4 < line.cols; i++) {
        char letter[2] = {(char)('a' + i), '\0'};
        add_one(&text, m, i, from, to, wordy, mode);
        x += 3;
        x += ct_puts(line, 0, x, role_of(i), letter) + 1;
        x += ct_put(line, 0, x, CT_ROLE_TEXT, line.cols - x, ct_buf_span(&text));
    }
    ct_buf_free(&text);
}

/* ---- the series and their figures ---- */

struct figure {
    const char *head;
    int width, drop; /* the highest drop order goes first */
};
enum { F_KEY, F_STYLE, F_NAME, F_LAST, F_CHANGE, F_MIN, F_MED, F_MAX, F_N, F_GAPS, N_FIGURES };
static const struct figure figures[N_FIGURES] = {
    [F_KEY] = {"KEY", 3, 0},    [F_STYLE] = {"STYLE", 8, 6},   [F_NAME] = {"SERIES", 18, 0},
    [F_LAST] = {"LAST", 7, 0},  [F_CHANGE] = {"CHANGE", 7, 0}, [F_MIN] = {"MIN", 7, 3},
    [F_MED] = {"MEDIAN", 7, 4}, [F_MAX] = {"MAX", 7, 3},       [F_N] = {"CHANGES", 7, 5},
    [F_GAPS] = {"GAPS", 10, 2},
};

/* The name of line I: without memory, count and machine where the others still differ. */
static void legend_name(struct ct_buf *out, const struct history_model *m, size_t i)
{
    struct ct_buf other = CT_BUF_INIT;
    bool same = false;
    ct_buf_clear(out);
    ct_view_series_brief(out, m->line[i].h.series);
    for (size_t k = 0; k < m->n && !same; k++) {
        ct_buf_clear(&other);
        ct_view_series_brief(&other, m->line[k].h.series);
        same = k != i && ct_span_eq(ct_buf_span(&other), ct_buf_span(out));
    }
    if (same) {
        ct_buf_clear(out);
        ct_buf_add(out, m->line[i].label);
    }
    ct_buf_free(&other);
}

static void figure_text(struct ct_buf *out, const struct history_line *l, size_t i, int f)
{
    const struct ct_chart_stats *s = &l->stats;
    switch (f) {
    case F_KEY: ct_buf_addf(out, "%c", (int)('a' + i)); break;
    case F_STYLE: ct_buf_adds(out, line_words[i % CT_CHART_SERIES]); break;
    case F_LAST: add_value(out, l, s->last); break;
    case F_CHANGE:
        ct_format_percent(out, ct_pct_change(s->first, s->last));
        break;
    case F_MIN: add_value(out, l, s->min); break;
    case F_MED: add_value(out, l, s->median); break;
    case F_MAX: add_value(out, l, s->max); break;
    case F_N:
        if (l->h.n_changes == CT_NONE)
            ct_buf_adds(out, "-");
        else
            ct_buf_addf(out, "%lld", (long long)l->h.n_changes);
        break;
    case F_GAPS:
        ct_buf_addf(out, "%lld", (long long)l->h.gaps.n);
        if (s->longest_gap_ms > 0) {
            ct_buf_adds(out, " (");
            add_age(out, s->longest_gap_ms);
            ct_buf_adds(out, ")");
        }
        break;
    default: break;
    }
}

/* Which figures fit COLS; the name gets 18 columns or, up to 34, what it needs, then what is left. */
static void fit_figures(const struct history_model *m, int cols, int width[N_FIGURES])
{
    int need = 1, name = figures[F_NAME].width, gaps = 4;
    struct ct_buf text = CT_BUF_INIT;
    for (size_t i = 0; i < m->n; i++) {
        legend_name(&text, m, i);
        int wide = ct_text_width(ct_buf_span(&text));
        name = wide > name ? wide : name;
        ct_buf_clear(&text);
        figure_text(&text, &m->line[i], i, F_GAPS);
        gaps = (int)text.n > gaps ? (int)text.n : gaps;
    }
    ct_buf_free(&text);
    name = name < 34 ? name : 34;
    for (int f = 0; f < N_FIGURES; f++) {
        width[f] = f == F_NAME ? name : f == F_GAPS && gaps > figures[f].width ? gaps : figures[f].width;
        need += width[f] + 1;
    }
    if (cols < 60) { /* a narrow one takes what there is */
        need -= width[F_NAME] - 12;
        width[F_NAME] = 12;
    }
    for (int drop = 9; drop > 0 && need > cols; drop--)
        for (int f = 0; f < N_FIGURES; f++)
            if (figures[f].drop == drop && need > cols) {
                need -= width[f] + 1;
                width[f] = 0;
            }
    width[F_NAME] += cols > need ? cols - need : 0;
}

/* A table of the series; ROWS of the box decide how many. */
static void draw_legend(struct ct_box box, const struct history_model *m,
                        const struct history_state *s, const struct ct_draw *d)
{
    int width[N_FIGURES], x = 1;
    struct ct_buf text = CT_BUF_INIT;
    fit_figures(m, box.cols, width);
    for (int f = 0; f < N_FIGURES; f++) {
        bool right = f >= F_LAST && f != F_GAPS;
        if (!width[f])
            continue;
        ct_put_field(box, 0, x, width[f], right, CT_ROLE_HEADER, ct_span(figures[f].head));
        for (size_t i = 0; i < m->n && (int)i + 1 < box.rows; i++) {
            ct_buf_clear(&text);
            if (f == F_NAME) {
                legend_name(&text, m, i);
                ct_put_middle(box, (int)i + 1, x, width[f], CT_ROLE_TEXT, ct_buf_span(&text));
                continue;
            }
            figure_text(&text, &m->line[i], i, f);
            ct_put_field(box, (int)i + 1, x, width[f], right ? 1 : -1,
                         f <= F_STYLE ? role_of(i) : CT_ROLE_TEXT, ct_buf_span(&text));
        }
        x += width[f] + 1;
    }
    if (d->focus && s->selected < (int)m->n && s->selected + 1 < box.rows) {
        ct_puts(box, s->selected + 1, 0, CT_ROLE_TITLE, ">");
        ct_select(box, s->selected + 1, 0, box.cols);
    }
    int y = (int)m->n + 1;
    if (m->missing.n && y < box.rows)
        ct_put_field(box, y++, 1, box.cols - 1, -1, CT_ROLE_ERROR, m->missing);
    if (y < box.rows)
        ct_put_field(box, y, 1, box.cols - 1, -1, CT_ROLE_DIM,
                     m->left_out ? CT_LIT("more than eight series: the others are left out")
                     : m->n > 4
                         ? CT_LIT("many lines: v shows them as a table")
                         : CT_LIT("figures are of the visible window; gaps are never filled in"));
    ct_buf_free(&text);
}

/* Once the window has left the present: how far back its end is. */
static void add_not_live(struct ct_buf *b, const char *before, const struct history_model *m, const struct ct_draw *d)
{
    int64_t back = m->moving ? 0 : d->now_ms - m->to_ms;
    if (m->moving && d->live)
        return;
    ct_buf_addf(b, "%sNOT LIVE", before);
    if (back >= CT_MINUTE) {
        ct_buf_addc(b, ' ');
        add_age(b, back);
        ct_buf_adds(b, " back");
    }
}

/* One line for small panels: "a H100-SXM od index 2.99 (-9.1%)  b ...". Where no frame has room for it the line begins
 * with what the frame would say. */
static void draw_legend_line(struct ct_box line, const struct history_model *m, const struct ct_draw *d)
{
    struct ct_buf text = CT_BUF_INIT;
    int x = 1;
    if (line.cols < 50)
        add_not_live(&text, "", m, d);
    if (text.n)
        x += ct_puts(line, 0, x, CT_ROLE_NOT_LIVE, text.p) + 2;
    for (size_t i = 0; i < m->n && x + 6 < line.cols; i++) {
        const struct history_line *l = &m->line[i];
        char letter[2] = {(char)('a' + i), '\0'};
        ct_buf_clear(&text);
        ct_view_series_brief(&text, l->h.series);
        ct_buf_addc(&text, ' ');
        add_value(&text, l, l->stats.last);
        ct_buf_adds(&text, " (");
        ct_format_percent(&text, ct_pct_change(l->stats.first, l->stats.last));
        ct_buf_adds(&text, ")");
        x += ct_puts(line, 0, x, role_of(i), letter) + 1;
        int room = line.cols - x, wide = ct_text_width(ct_buf_span(&text));
        ct_put_field(line, 0, x, room < wide ? room : wide, -1, CT_ROLE_TEXT, ct_buf_span(&text));
        x += wide + 2;
    }
    ct_buf_free(&text);
}

/* The event in the first of ROWS rows, for the one at or before the cursor to be in their midst. */
static int event_top(const struct history_model *m, int64_t cursor_ms, int rows)
{
    const struct ct_event_row *e = m->events.v;
    int n = (int)m->events.n, at = n - 1;
    while (cursor_ms && at > 0 && e[at].at_ms > cursor_ms)
        at--;
    int top = at - rows / 2;
    top = top + rows > n ? n - rows : top;
    return top < 0 ? 0 : top;
}

/* Marks those that the cursor is on, and no others. */
static void mark_events(struct ct_box box, const struct history_model *m, const struct history_state *s)
{
    const struct ct_event_row *e = m->events.v;
    for (int y = 0, i = s->drawn.event_top; y < box.rows && i < (int)m->events.n; y++, i++) {
        if (s->cursor_ms && e[i].at_ms == s->cursor_ms)
            ct_select(box, y, 0, box.cols);
        else if (s->drawn.cursor_ms && e[i].at_ms == s->drawn.cursor_ms)
            ct_deselect(box, y, 0, box.cols);
    }
}

/* Events of the window around the cursor, oldest first. */
static void draw_events(struct ct_box box, const struct history_model *m, struct history_state *s,
                        int64_t now_ms)
{
    const struct ct_event_row *e = m->events.v;
    int n = (int)m->events.n, top = event_top(m, s->cursor_ms, box.rows);
    struct ct_buf text = CT_BUF_INIT;
    s->drawn.events = box;
    s->drawn.event_top = top;
    if (!n) {
        ct_put_field(box, 0, 1, box.cols - 1, -1, CT_ROLE_DIM,
                     CT_LIT("none that concern these series"));
        return;
    }
    for (int y = 0; y < box.rows && top + y < n; y++) {
        const struct ct_event_row *one = &e[top + y];
        char sign = ct_view_event_sign(one);
        ct_buf_clear(&text);
        add_time(&text, one->at_ms, now_ms);
        int x = 1 + ct_put(box, y, 1, CT_ROLE_DIM, box.cols - 1, ct_buf_span(&text)) + 1;
        ct_put_point(box, y, x, strchr("$ALN+-n", sign) ? CT_ROLE_TEXT : ct_sign_role(sign),
                     (unsigned char)sign);
        ct_buf_clear(&text);
        ct_view_event_who(&text, one);
        ct_buf_adds(&text, "  ");
        ct_view_event_what(&text, one);
        ct_put_field(box, y, x + 2, box.cols - x - 2, -1, CT_ROLE_TEXT, ct_buf_span(&text));
    }
    mark_events(box, m, s);
    ct_buf_free(&text);
}

/* ---- chart and table of points ---- */

static void draw_points(struct ct_box box, const struct history_model *m, struct history_state *s,
                        int64_t now_ms)
{
    static const char *const heads[] = {"AT", "MIN", "MAX", "LAST", "CHANGES"};
    size_t i = s->selected < (int)m->n ? (size_t)s->selected : 0;
    const struct history_line *l = &m->line[i];
    const struct ct_point *p = l->h.points.v;
    struct ct_buf text = CT_BUF_INIT;
    ct_buf_addf(&text, "%c  %.*s", (int)('a' + i), CT_FMT(l->label));
    ct_put_field(box, 0, 1, box.cols - 1, -1, role_of(i), ct_buf_span(&text));
    for (int c = 0; c < 5; c++)
        ct_put_field(box, 1, c ? 19 + (c - 1) * 12 : 1, c ? 11 : 18, c ? 1 : -1, CT_ROLE_HEADER,
                     ct_span(heads[c]));
    size_t n = l->h.points.n;
    while (n && s->cursor_ms &&
           p[n - 1].at_ms > s->cursor_ms) /* newest first, from the cursor back */
        n--;
    for (int y = 2; y < box.rows && n-- > 0; y++) {
        const int64_t values[] = {p[n].min, p[n].max, p[n].last};
        ct_buf_clear(&text);
        add_time(&text, p[n].at_ms, now_ms);
        ct_put(box, y, 1, CT_ROLE_DIM, 18, ct_buf_span(&text));
        for (int c = 0; c < 3; c++) {
            ct_buf_clear(&text);
            add_value(&text, l, values[c]);
            ct_buf_adds(&text, c == 2 && p[n].suspect == 1 ? "?" : "");
            ct_put_field(box, y, 19 + c * 12, 11, 1, CT_ROLE_TEXT, ct_buf_span(&text));
        }
        ct_buf_clear(&text);
        ct_buf_addf(&text, "%lld", (long long)p[n].n);
        ct_put_field(box, y, 19 + 3 * 12, 11, 1, CT_ROLE_DIM, ct_buf_span(&text));
    }
    if (!l->h.points.n)
        ct_put(box, 2, 1, CT_ROLE_DIM, box.cols - 1, CT_LIT("no change in this window"));
    ct_buf_free(&text);
}

static struct ct_chart chart_of(const struct history_model *m, const struct history_state *s,
                                const struct ct_chart_look *look, bool event_row)
{
    struct ct_chart c = {.series = m->series,
                         .n_series = m->n,
                         .from_ms = m->from_ms,
                         .to_ms = m->to_ms,
                         .log = look->log,
                         .cursor_ms = s->cursor_ms,
                         .anchor_ms = s->anchor_ms,
                         .events = m->marks,
                         .n_events = m->events.n,
                         .event_row = event_row};
    c.style = look->style == CT_LOOK_LINE   ? CT_CHART_LINE
              : look->style == CT_LOOK_DOTS ? CT_CHART_DOTS
                                            : CT_CHART_STEP;
    c.mode = look->mode == CT_LOOK_PERCENT ? CT_CHART_PERCENT
             : look->mode == CT_LOOK_INDEX ? CT_CHART_INDEX
                                           : CT_CHART_ABS;
    c.words = history_words(m->line[0].h.unit, &c.n_words);
    for (size_t i = 1; i < m->n && c.words; i++)
        if (!ct_span_eq(m->line[i].h.unit, m->line[0].h.unit))
            c.words = NULL;
    return c;
}

static void draw_chart(struct ct_box box, const struct history_model *m, struct history_state *s,
                       const struct ct_chart_look *look, bool event_row)
{
    struct ct_chart c = chart_of(m, s, look, event_row);
    struct ct_chart_plot plot = ct_chart_draw(box, &c);
    s->cols = plot.cols > 0 ? plot.cols : s->cols;
    s->left = plot.x;
    s->drawn.chart = box;
    s->drawn.plot = plot;
}

/* What cursor and anchor read, a row each where both are. */
static void draw_readout(struct ct_box box, const struct history_model *m, const struct history_state *s,
                         const struct ct_draw *d)
{
    struct ct_box last = ct_box_sub(box, box.rows - 1, 0, 1, box.cols);
    if (box.rows && s->cursor_ms)
        draw_readings(ct_box_sub(box, 0, 0, 1, box.cols), m, "cursor", 0, s->cursor_ms, d);
    if (box.rows && s->anchor_ms)
        draw_readings(last, m, "anchor", s->anchor_ms, s->cursor_ms ? s->cursor_ms : s->anchor_ms, d);
}

/* When the record of M's series begins, where that is well inside the window; CT_NONE. */
static int64_t recorded_since(const struct history_model *m)
{
    int64_t first = CT_NONE;
    for (size_t i = 0; i < m->n; i++) {
        int64_t one = m->line[i].h.first_ms;
        first = one != CT_NONE && (first == CT_NONE || one < first) ? one : first;
    }
    return first != CT_NONE && first > m->from_ms + (m->to_ms - m->from_ms) / 20 ? first : CT_NONE;
}

static void add_looks(struct ct_buf *note, const struct history_model *m, const struct history_state *s,
                      const struct ct_draw *d, int cols)
{
    ct_buf_addf(note, "%zu series, ", m->n);
    add_span(note, m->to_ms - m->from_ms);
    if (cols < 50)
        return;
    bool began = recorded_since(m) != CT_NONE;
    if (began) {
        ct_buf_adds(note, cols >= 98 ? "   recorded since " : "   since ");
        ct_view_when(note, recorded_since(m), d->now_ms);
    }
    const struct ct_chart_look *look = &d->query->look;
    ct_buf_addf(note, "   %s", ct_look_mode_words[look->mode]);
    ct_buf_adds(note, look->mode == CT_LOOK_INDEX ? " 100" : "");
    if (m->n && look->mode == CT_LOOK_ABS) {
        ct_buf_addc(note, ' ');
        ct_view_unit(note, m->line[0].h.unit);
    }
    if (look->log) /* a change has no logarithm */
        ct_buf_adds(note, look->mode == CT_LOOK_PERCENT ? " (no log of a change)" : " log");
    if (cols < 76 || (began && cols < 98))
        return;
    ct_buf_addf(note, "   %s", ct_look_style_words[look->style]);
    if (m->n > 4 && look->style != CT_LOOK_TABLE && cols >= 150) {
        ct_buf_adds(note, ": a table (v) keeps so many apart");
    }
    if (s->cols > 0 && cols >= 90) {
        ct_buf_adds(note, "   1 col = ");
        add_age(note, (m->to_ms - m->from_ms) / s->cols);
    }
}

/* "3 series, 14d   abs $/GPU.h   step   1 col = 3h14m   NOT LIVE 2d4h back": where the frame has less room than COLS
 * it leaves out what comes first. */
static void make_note(struct ct_buf *note, const struct history_model *m, const struct history_state *s,
                      const struct ct_draw *d, int cols)
{
    add_looks(note, m, s, d, cols);
    add_not_live(note, "   ", m, d);
}

/* ---- the panel ---- */

static void draw_nothing(const struct history_model *m, struct ct_box box)
{
    if (m->missing.n) {
        ct_put_field(box, 0, 1, box.cols - 1, -1, CT_ROLE_ERROR, m->missing);
        ct_put_field(box, 1, 1, box.cols - 1, -1, CT_ROLE_DIM,
                     CT_LIT("d drops it, L on a row of any table opens its history"));
        return;
    }
    ct_put_field(box, 0, 1, box.cols - 1, -1, CT_ROLE_DIM,
                 CT_LIT("no current price on record: history starts with the first answer"));
    ct_put_field(box, 1, 1, box.cols - 1, -1, CT_ROLE_DIM,
                 CT_LIT("L on a row of any table opens its history, c compares"));
}

/* A name that may be several: which one? */
static void draw_choices(const struct history_model *m, struct history_state *s, const struct ct_draw *d,
                         struct ct_box box, struct ct_buf *note)
{
    ct_buf_addf(note, "%.*s: one of %zu series   Enter opens one", CT_FMT(m->subject), m->choices->rows.n);
    ct_tview_draw(&history_choices, &s->choice, m->choices, d, box, note, "nothing of that name");
}

/* Series and events side by side, in frames of their own where there is room. */
static void draw_lower(struct ct_box box, const struct history_model *m, struct history_state *s,
                       const struct ct_draw *d)
{
    bool frames = box.rows >= 6 && box.rows >= (int)m->n + 3; /* never in place of a series */
    int left = box.cols >= 110 ? box.cols * 2 / 3 : box.cols;
    struct ct_box legend = ct_box_sub(box, 0, 0, box.rows, left);
    struct ct_box events = ct_box_sub(box, 0, left, box.rows, box.cols - left);
    if (frames) {
        legend =
            ct_frame(legend, false, CT_LIT("Series"), CT_LIT("d drop  v style  % index"));
        if (events.cols > 0)
            events =
                ct_frame(events, false, CT_LIT("Events in window"), CT_LIT("e next  E previous"));
    }
    draw_legend(legend, m, s, d);
    if (events.cols > 0)
        draw_events(events, m, s, d->now_ms);
}

void history_draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                  struct ct_buf *note)
{
    const struct history_model *m = model;
    struct history_state *s = state;
    s->drawn = (struct history_drawn){.cursor_ms = 0};
    s->choice.body.rows = 0; /* until they are drawn */
    if (!m) {
        ct_draw_waiting(d, box);
        return;
    }
    if (d->load_error) { /* what is drawn is older than what was asked */
        ct_put_field(box, --box.rows, 1, box.cols - 1, -1, CT_ROLE_ERROR, ct_span(d->load_error->what));
        ct_buf_adds(note, "not read again   ");
    }
    s->selected = s->selected < (int)m->n ? s->selected : (int)m->n - 1;
    s->selected = s->selected > 0 ? s->selected : 0; /* also after a move while there was none */
    if (!m->n) {
        if (m->choices) {
            draw_choices(m, s, d, box, note);
            return;
        }
        make_note(note, m, s, d, box.cols);
        draw_nothing(m, box);
        return;
    }
    bool large = box.rows >= 16;
    int n = (int)m->n, lower = !large           ? 1
                               : box.rows >= 28 ? (n + 4 > 7 ? n + 4 : 7)
                                                : n + 1 + (m->missing.n > 0);
    int readout = large || box.rows >= 11 ? (s->cursor_ms != 0) + (s->anchor_ms != 0) : 0;
    int rows = box.rows - lower - readout;
    struct ct_box upper = ct_box_sub(box, 0, 0, rows, box.cols);
    const struct ct_chart_look *look = &d->query->look;
    if (look->style == CT_LOOK_TABLE)
        draw_points(upper, m, s, d->now_ms);
    else
        draw_chart(upper, m, s, look, large || m->events.n);
    s->drawn.readout = ct_box_sub(box, rows, 0, readout, box.cols);
    draw_readout(s->drawn.readout, m, s, d);
    struct ct_box below = ct_box_sub(box, rows + readout, 0, lower, box.cols);
    if (large)
        draw_lower(below, m, s, d);
    else
        draw_legend_line(below, m, d);
    make_note(note, m, s, d, box.cols); /* last: it tells the width of a column */
    s->drawn.cursor_ms = s->cursor_ms;
    s->drawn.anchor_ms = s->anchor_ms;
    s->drawn.selected = s->selected;
}

bool history_move(void *state, const void *model, const struct ct_draw *d)
{
    const struct history_model *m = model;
    struct history_state *s = state;
    struct history_drawn *was = &s->drawn;
    if (!m->n && m->choices)
        return ct_tview_move(&s->choice, m->choices, d);
    if (!was->plot.cols || s->selected != was->selected || !s->cursor_ms != !was->cursor_ms ||
        !s->anchor_ms != !was->anchor_ms)
        return false;
    struct ct_chart c = chart_of(m, s, &d->query->look, false);
    ct_chart_move(was->chart, &c, was->plot, was->cursor_ms, was->anchor_ms);
    ct_fill(was->readout, 0, 0, was->readout.rows, was->readout.cols, CT_ROLE_TEXT, ' ');
    draw_readout(was->readout, m, s, d);
    if (was->events.rows && event_top(m, s->cursor_ms, was->events.rows) != was->event_top) {
        ct_fill(was->events, 0, 0, was->events.rows, was->events.cols, CT_ROLE_TEXT, ' ');
        draw_events(was->events, m, s, d->now_ms);
    } else if (was->events.rows) {
        mark_events(was->events, m, s);
    }
    was->cursor_ms = s->cursor_ms;
    was->anchor_ms = s->anchor_ms;
    return true;
}
