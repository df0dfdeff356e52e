/* Series over time: what is loaded, and the keys. */
#include "config.h"

#include "tui/views/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

const char *const *history_words(struct ct_span unit, int *n)
{
    static const char *const states[] = {"ok", "MAINT", "UNKN", "DEGR", "PART", "DOWN"};
    static const char *const stocks[] = {"?", "N", "L", "A"};
    bool state = ct_span_is(unit, "state"), stock = ct_span_is(unit, "stock");
    *n = state ? (int)CT_LEN(states) : stock ? (int)CT_LEN(stocks) : 0;
    return state ? states : stock ? stocks : NULL;
}

int64_t history_value(const struct history_model *m, size_t i, int64_t at, int64_t *since,
                      struct ct_span *why)
{
    const struct ct_history *h = &m->line[i].h;
    const struct ct_gap *g = h->gaps.v;
    const struct ct_point *p = h->points.v;
    int64_t value = h->open_value;
    *since = CT_NONE;
    *why = CT_SPAN_NONE;
    if (at < m->from_ms || at >= m->to_ms) {
        *why = CT_LIT("outside this window");
        return CT_NONE;
    }
    for (size_t k = 0; k < h->points.n && p[k].at_ms <= at; k++) {
        value = p[k].last;
        *since = p[k].n ? p[k].at_ms : CT_NONE; /* n 0: in force before the window already */
    }
    for (size_t k = 0; k < h->gaps.n; k++)
        if (g[k].from_ms <= at && at < g[k].to_ms &&
            (*since == CT_NONE || *since <= g[k].from_ms)) {
            *why = g[k].reason.n ? g[k].reason : CT_LIT("no data");
            return CT_NONE;
        }
    if (value == CT_NONE)
        *why = h->first_ms != CT_NONE && at < h->first_ms ? CT_LIT("not recorded yet")
                                                          : CT_LIT("no data");
    return value;
}

/* ---- loading ---- */

/* History as a chart wants it. */
static bool chart_series(const struct ct_history *h, struct ct_arena *a, struct ct_chart_series *s)
{
    const struct ct_point *p = h->points.v;
    const struct ct_gap *g = h->gaps.v;
    struct ct_chart_point *points = ct_arena_alloc(a, (h->points.n + 1) * sizeof(*points));
    struct ct_chart_gap *gaps = ct_arena_alloc(a, (h->gaps.n + 1) * sizeof(*gaps));
    if (!points || !gaps)
        return false;
    for (size_t i = 0; i < h->points.n; i++)
        points[i] = (struct ct_chart_point){.at_ms = p[i].at_ms, .min = p[i].min, .max = p[i].max,
                                            .last = p[i].last, .suspect = p[i].suspect == 1};
    for (size_t i = 0; i < h->gaps.n; i++)
        gaps[i] = (struct ct_chart_gap){g[i].from_ms, g[i].to_ms};
    *s = (struct ct_chart_series){.points = points, .n_points = h->points.n, .gaps = gaps,
                                  .n_gaps = h->gaps.n, .open_value = h->open_value,
                                  .end_ms = h->last_seen_ms, .digits = h->digits, .unit = h->unit};
    return true;
}

static enum ct_role format_choice(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_view_series(out, ((const struct ct_series_row *)row)->series);
    return CT_ROLE_TEXT;
}

static enum ct_role format_choice_unit(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_view_unit(out, ((const struct ct_series_row *)row)->unit);
    return CT_ROLE_TEXT;
}

static const struct ct_tcol choice_cols[] = {
    {.column = "series", .header = "WHICH ONE?", .min = 20, .max = 60, .middle = true, .format = format_choice},
    {.column = "unit", .header = "UNIT", .min = 7, .drop = 2, .format = format_choice_unit},
    {.column = "first_at", .header = "SINCE", .min = 6, .align = 1, .drop = 3},
    {.column = "last_at", .header = "CHANGED", .min = 7, .align = 1},
    {.column = "changes", .header = "CHANGES", .min = 7, .align = 1, .drop = 1},
    {.column = "source", .header = "SOURCE", .min = 10, .max = 24, .drop = 4},
};
const struct ct_tview history_choices = {
    .table = &ct_series_table, .cols = choice_cols, .n_cols = CT_LEN(choice_cols), .frozen = 1,
    .id = "series", .series = "series", .noun = "series",
};

/* What changed last comes first: it is there still, most likely. */
static int by_change(const void *a, const void *b)
{
    const struct ct_series_row *x = a, *y = b;
    bool market = x->last_ms == CT_NONE, other = y->last_ms == CT_NONE; /* worked out: of all sellers */
    if (market != other)
        return market ? -1 : 1;
    if (x->last_ms != y->last_ms)
        return x->last_ms > y->last_ms ? -1 : 1;
    return ct_span_cmp(x->series, y->series);
}

static bool has_words(struct ct_span name, struct ct_span words)
{
    bool all = true;
    while (words.p && all) {
        struct ct_span word = ct_span_cut(&words, ' ');
        all = !word.n || ct_span_ihas(name, word);
    }
    return all;
}

/* The series that Q's subject may mean: indices with its words, and those recorded; no stock unless it says so. */
static enum ct_status list_choices(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                   struct history_model *m, struct ct_error *err)
{
    struct ct_rows rows = {NULL, 0};
    const struct ct_panel_query plain = {.at_ms = q->at_ms};
    bool stock = ct_span_ihas(q->subject, CT_LIT("stock"));
    struct ct_query of_market = *q;
    struct ct_rows market = {NULL, 0};
    of_market.subject = CT_LIT("index/*");
    enum ct_status st = ct_read_series(r, q, a, &rows, err);
    if (st == CT_OK)
        st = ct_read_series(r, &of_market, a, &market, err);
    const struct ct_series_row *v = rows.v, *index = market.v;
    struct ct_series_row *kept = ct_arena_alloc(a, (rows.n + market.n + 1) * sizeof(*kept));
    size_t n = 0;
    m->choices = ct_arena_alloc(a, sizeof(*m->choices));
    if (!kept || !m->choices)
        return ct_fail(err, CT_ERR_LIMIT, "history", NULL);
    for (size_t i = 0; st == CT_OK && i < market.n; i++)
        if (has_words(index[i].series, q->subject))
            kept[n++] = index[i];
    for (size_t i = 0; st == CT_OK && i < rows.n; i++)
        if (stock || !ct_span_starts(v[i].series, "stock/"))
            kept[n++] = v[i];
    if (n)
        qsort(kept, n, sizeof(*kept), by_change);
    return st == CT_OK ? ct_tmodel_load(&history_choices, (struct ct_rows){kept, n}, &plain, q->now_ms, a,
                                        m->choices, err)
                       : st;
}

/* Adds the series of one name (or glob). A name that means none or several is remembered, not an error. */
static enum ct_status add_name(struct ct_reader *r, const struct ct_query *query,
                               struct ct_span name, struct ct_arena *a, struct history_model *m,
                               struct ct_error *err)
{
    struct ct_query q = *query;
    struct ct_rows found = {NULL, 0};
    struct ct_error why = {0};
    q.subject = name;
    q.large_milli = CT_LARGE_MILLI;
    enum ct_status st = ct_read_history(r, &q, a, &found, &why);
    if (st == CT_ERR_NOT_FOUND || st == CT_ERR_USAGE || (st == CT_OK && !found.n)) {
        m->missing = ct_arena_printf(a, "%.*s: %s", CT_FMT(name),
                                     why.what[0] ? why.what : "nothing recorded");
        return st == CT_ERR_USAGE && !m->choices ? list_choices(r, &q, a, m, err) : CT_OK;
    }
    if (st != CT_OK) {
        if (err)
            *err = why;
        return st;
    }
    const struct ct_history *h = found.v;
    for (size_t i = 0; i < found.n; i++) {
        if (m->n == CT_CHART_SERIES) {
            m->left_out += found.n - i;
            break;
        }
        struct ct_buf label = CT_BUF_INIT;
        ct_view_series(&label, h[i].series);
        m->line[m->n] =
            (struct history_line){.h = h[i], .label = ct_arena_dup(a, ct_buf_span(&label))};
        ct_buf_free(&label);
        if (!chart_series(&h[i], a, &m->series[m->n]))
            return ct_fail(err, CT_ERR_LIMIT, "history", NULL);
        m->n++;
    }
    return CT_OK;
}

/* The provider that a series belongs to: a service of a cloud counts for the cloud. */
static bool of_lab(struct ct_span series)
{
    return ct_span_starts(series, "clouds/") || ct_span_starts(series, "exclusive/") ||
           ct_span_starts(series, "hosts/");
}

static struct ct_span provider_of(struct ct_span series)
{
    static const char *const services[][2] = {
        {"bedrock", "aws"}, {"sagemaker", "aws"}, {"vertex", "gcp"}, {"vertex_ai", "gcp"}};
    struct ct_span rest = series, kind = ct_span_cut(&rest, '/'), who = ct_span_cut(&rest, '/');
    (void)kind;
    for (size_t i = 0; i < CT_LEN(services); i++)
        if (ct_span_is(who, services[i][0]))
            return ct_span(services[i][1]);
    return who;
}

/* "gpu/aws/x" and "stock/aws/x" speak of the same offer. */
static bool same_thing(struct ct_span a, struct ct_span b)
{
    ct_span_cut(&a, '/');
    ct_span_cut(&b, '/');
    return a.n && ct_span_eq(a, b);
}

/* Whether the offer of SERIES is one that the index INDEX ("index/H100-SXM/od") is made of, by its name. */
static bool in_index(struct ct_span series, struct ct_span index)
{
    struct ct_span part[5] = {{NULL, 0}}, rest = series, gpu = index;
    for (size_t n = 0; rest.p && n < CT_LEN(part); n++)
        part[n] = ct_span_cut(&rest, '/');
    ct_span_cut(&gpu, '/');
    struct ct_span terms = gpu, name = ct_span_cut(&terms, '/');
    bool starts = part[3].n > name.n && memcmp(part[3].p, name.p, name.n) == 0;
    /* what follows is its memory or its count: no other form */
    const char *next = starts ? part[3].p + name.n : "";
    bool ends = starts && (*next == 'x' || (*next == '-' && next[1] >= '0' && next[1] <= '9'));
    return ends && ct_span_eq(part[4], terms);
}

/* Of what moves a market only large moves and large failures are marked. */
static bool moves_market(const struct ct_event_row *e, struct ct_span index)
{
    if (e->kind == CT_EVENT_PRICE)
        return e->pct_milli != CT_NONE && (e->pct_milli >= CT_LARGE_MILLI || e->pct_milli <= -CT_LARGE_MILLI) &&
               in_index(e->series, index);
    return e->kind == CT_EVENT_INCIDENT && e->severity == CT_SEV_CRITICAL;
}

/* Whether E concerns line L: its own changes, trouble at its provider, its source. */
static bool concerns(const struct ct_event_row *e, const struct history_line *l)
{
    struct ct_span rest = e->subject, whose = ct_span_cut(&rest, '/');
    if (ct_span_starts(l->h.series, "index/"))
        return moves_market(e, l->h.series);
    if (ct_span_starts(e->series, "state/")) { /* of the provider as a whole */
        struct ct_span part = e->series, kind = ct_span_cut(&part, '/');
        (void)kind;
        return same_thing(e->series, l->h.series) || ct_span_ieq(part, provider_of(l->h.series));
    }
    if (e->series.n)
        return same_thing(e->series, l->h.series);
    if (e->kind == CT_EVENT_SOURCE)
        return ct_span_eq(e->subject, l->h.source);
    return ct_span_ieq(whose, provider_of(l->h.series));
}

static int by_time(const void *a, const void *b)
{
    const struct ct_event_row *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

typedef CT_VEC(struct ct_event_row) event_vec;

/* Adds what happened to SUBJECT in the window and concerns line L. */
static enum ct_status add_events(struct ct_reader *r, const struct ct_query *query,
                                 struct ct_span subject, const struct history_line *l,
                                 struct ct_arena *a, event_vec *out, struct ct_error *err)
{
    struct ct_query q = *query;
    struct ct_rows rows = {NULL, 0};
    q.subject = subject;
    q.whole = true;
    q.limit = query->limit ? query->limit : 500;
    enum ct_status st = ct_read_events(r, &q, a, &rows, err);
    const struct ct_event_row *e = rows.v;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        struct ct_event_row *one = concerns(&e[i], l) ? CT_VEC_PUSH(a, out) : NULL;
        if (one)
            *one = e[i];
    }
    return st;
}

/* Adds large moves of what the indices are made of, and the failures that move a market. */
static enum ct_status add_market_events(struct ct_reader *r, const struct ct_query *query,
                                        const struct history_model *m, struct ct_arena *a,
                                        event_vec *out, struct ct_error *err)
{
    struct ct_query q = *query;
    enum ct_status st = CT_OK;
    const struct history_line *index = NULL;
    q.large_milli = CT_LARGE_MILLI;
    for (size_t i = 0; st == CT_OK && i < m->n; i++) {
        if (!ct_span_starts(m->line[i].h.series, "index/"))
            continue;
        index = &m->line[i];
        st = add_events(r, &q, index->h.series, index, a, out, err);
    }
    q = *query;
    q.critical = true;
    return st == CT_OK && index ? add_events(r, &q, CT_SPAN_NONE, index, a, out, err) : st;
}

/* Adds the articles of the window about PROVIDER. */
static enum ct_status add_articles(struct ct_reader *r, const struct ct_query *query,
                                   struct ct_span provider, struct ct_arena *a, event_vec *out,
                                   struct ct_error *err)
{
    struct ct_query q = {.at_ms = query->at_ms, .now_ms = query->now_ms, .subject = provider,
                         .limit = 200};
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = ct_read_articles(r, &q, a, &rows, err);
    const struct ct_article_row *n = rows.v;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        bool in = n[i].at_ms >= query->from_ms && n[i].at_ms < query->to_ms;
        struct ct_event_row *e = in ? CT_VEC_PUSH(a, out) : NULL;
        if (e) /* the moment and a number of its own tell two apart */
            *e = (struct ct_event_row){.at_ms = n[i].at_ms, .id = (int64_t)ct_hash(n[i].id),
                                       .kind = CT_VIEW_ARTICLE, .severity = CT_SEV_INFO,
                                       .subject = n[i].source, .text = n[i].title, .suspect = -1,
                                       .series_id = CT_NONE, .pct_milli = CT_NONE};
    }
    return st;
}

/* A series' lab, where it names one; articles of whoever makes the model matter as well. */
static struct ct_span lab_of(struct ct_span series)
{
    struct ct_span part = CT_SPAN_NONE, rest = series, kind = ct_span_cut(&rest, '/');
    for (int i = 0; i < (ct_span_is(kind, "token") ? 3 : 1) && rest.p; i++)
        part = ct_span_cut(&rest, '/');
    return ct_span_is(kind, "token") || of_lab(series) ? part : CT_SPAN_NONE;
}

/* The events of every line and of its provider, oldest first, each once. */
static enum ct_status load_events(struct ct_reader *r, const struct ct_query *query,
                                  struct ct_arena *a, struct history_model *m, struct ct_error *err)
{
    event_vec all = {0};
    enum ct_status st = CT_OK;
    bool indices = false;
    for (size_t i = 0; st == CT_OK && i < m->n; i++) {
        struct ct_span series = m->line[i].h.series, rest = series, kind = ct_span_cut(&rest, '/');
        if (ct_span_is(kind, "index")) {
            indices = true;
            continue;
        }
        st = add_events(r, query, series, &m->line[i], a, &all, err);
        if (st == CT_OK && ct_span_is(kind, "gpu"))
            st = add_events(r, query, ct_arena_printf(a, "stock/%.*s", CT_FMT(rest)), &m->line[i],
                            a, &all, err);
        if (st == CT_OK && !of_lab(series)) /* how its own interface runs says nothing of these */
            st = add_events(r, query, provider_of(series), &m->line[i], a, &all, err);
        if (st == CT_OK && !of_lab(series))
            st = add_articles(r, query, provider_of(series), a, &all, err);
        if (st == CT_OK && lab_of(series).n)
            st = add_articles(r, query, lab_of(series), a, &all, err);
    }
    if (st == CT_OK && indices)
        st = add_market_events(r, query, m, a, &all, err);
    if (all.n)
        qsort(all.v, all.n, sizeof(*all.v), by_time);
    m->marks = ct_arena_alloc(a, (all.n + 1) * sizeof(*m->marks));
    if (!m->marks)
        return ct_fail(err, CT_ERR_LIMIT, "history", NULL);
    size_t n = 0;
    for (size_t i = 0; i < all.n; i++) {
        if (n && all.v[n - 1].id == all.v[i].id && all.v[n - 1].at_ms == all.v[i].at_ms)
            continue;
        all.v[n] = all.v[i];
        m->marks[n] = (struct ct_chart_event){all.v[n].at_ms, ct_view_event_sign(&all.v[n])};
        n++;
    }
    m->events = (struct ct_rows){all.v, n};
    return st;
}

/* "all" begins with the oldest of the series. */
static enum ct_status find_start(struct ct_reader *r, const struct ct_query *query,
                                 struct ct_arena *a, struct history_model *m, struct ct_error *err)
{
    struct ct_span rest = m->subject;
    int64_t first = m->to_ms - CT_DAY;
    while (rest.p) {
        struct ct_query q = *query;
        struct ct_rows rows = {NULL, 0};
        struct ct_error none = {0};
        q.subject = ct_span_cut(&rest, '\n');
        enum ct_status st = ct_read_series(r, &q, a, &rows, &none);
        if (st != CT_OK && st != CT_ERR_NOT_FOUND) {
            if (err)
                *err = none;
            return st;
        }
        const struct ct_series_row *s = rows.v;
        for (size_t i = 0; st == CT_OK && i < rows.n; i++)
            if (s[i].first_ms != CT_NONE && s[i].first_ms < first)
                first = s[i].first_ms;
    }
    m->from_ms = first;
    return CT_OK;
}

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct history_model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    if (!m)
        return ct_fail(err, CT_ERR_LIMIT, "history", NULL);
    *model = m;
    m->end_ms = ct_view_end(q, now_ms);
    m->subject = ct_arena_dup(a, ct_span(q->subject));
    m->standing_in = !m->subject.n;
    ct_view_window(q, m->end_ms, HISTORY_STANDARD, &m->from_ms, &m->to_ms, &m->moving);
    query.from_ms = m->from_ms;
    query.to_ms = m->to_ms;
    enum ct_status st = m->standing_in ? history_pick(r, q, &query, a, &m->subject, err) : CT_OK;
    if (st == CT_OK && m->moving && q->from_ms <= HISTORY_ALL)
        st = find_start(r, &query, a, m, err);
    query.from_ms = m->from_ms;
    query.window_only = true;
    query.max_points = q->cols > 0 ? (size_t)q->cols * 2 : 400;
    struct ct_span rest = m->subject;
    while (st == CT_OK && rest.p) {
        struct ct_span name = ct_span_trim(ct_span_cut(&rest, '\n'));
        if (name.n)
            st = add_name(r, &query, name, a, m, err);
    }
    for (size_t i = 0; i < m->n; i++)
        ct_chart_measure(&m->series[i], m->from_ms, m->to_ms, &m->line[i].stats);
    if (st == CT_OK && m->n)
        st = load_events(r, &query, a, m, err);
    return st == CT_OK && ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, "history", NULL) : st;
}

/* ---- keys ---- */

static const int64_t presets[] = {CT_HOUR,     6 * CT_HOUR, CT_DAY,      7 * CT_DAY,
                                  30 * CT_DAY, 90 * CT_DAY, 365 * CT_DAY};
enum { SHORTEST = 10 * 60 * 1000 };

/* Asks for [from, to); what reaches the present moves with it. */
static enum ct_act_result set_window(struct ct_panel_query *q, const struct history_model *m,
                                     int64_t from, int64_t to)
{
    if (to >= m->end_ms) {
        q->from_ms = -(to - from);
        q->to_ms = 0;
    } else {
        q->from_ms = from;
        q->to_ms = to;
    }
    return CT_ACT_LOAD;
}

static enum ct_act_result zoom(struct ct_panel_query *q, const struct history_model *m,
                               const struct history_state *s, int64_t from, int64_t to, bool in)
{
    int64_t span = to - from, about = s->cursor_ms >= from && s->cursor_ms < to ? s->cursor_ms : to;
    int64_t wanted = in ? span / 2 : span * 2;
    if (wanted < SHORTEST || wanted > 40 * 365 * CT_DAY)
        return CT_ACT_DRAW;
    int64_t start = about - ct_muldiv(about - from, wanted, span);
    if (start + wanted > m->end_ms)
        start = m->end_ms - wanted;
    return set_window(q, m, start, start + wanted);
}

static enum ct_act_result preset(struct ct_panel_query *q, const struct history_model *m,
                                 int64_t from, int64_t to, bool longer)
{
    int64_t span = to - from, wanted = 0;
    for (size_t i = 0; i < CT_LEN(presets); i++) {
        if (longer && presets[i] > span + CT_MINUTE && !wanted)
            wanted = presets[i];
        if (!longer && presets[i] < span - CT_MINUTE)
            wanted = presets[i];
    }
    if (wanted)
        return set_window(q, m, to - wanted, to);
    if (!longer)
        return CT_ACT_DRAW;
    q->from_ms = HISTORY_ALL;
    q->to_ms = 0;
    return CT_ACT_LOAD;
}

static enum ct_act_result pan(struct ct_panel_query *q, const struct history_model *m, int64_t from,
                              int64_t to, bool back)
{
    int64_t half = (to - from) / 2, by = back ? -half : half;
    if (to + by > m->end_ms)
        by = m->end_ms - to;
    if (from + by < 0 || (!back && by <= 0))
        return CT_ACT_DRAW;
    return set_window(q, m, from + by, to + by);
}

/* The end of a column belongs to it: the readout shows all that is drawn there. */
static enum ct_act_result move_cursor(struct history_state *s, const struct history_model *m,
                                      int by)
{
    int cols = s->cols > 0 ? s->cols : 100, last = cols - 1;
    int at = s->cursor_ms ? ct_time_column(s->cursor_ms, m->from_ms, m->to_ms, cols) : -1;
    if (!s->cursor_ms || at < 0 || at > last)
        at = last;
    else
        at = at + by < 0 ? 0 : at + by > last ? last : at + by;
    s->cursor_ms = ct_column_start(at + 1, m->from_ms, m->to_ms, cols) - 1;
    return CT_ACT_DRAW;
}

static enum ct_act_result jump(struct history_state *s, const struct history_model *m, bool back,
                               struct ct_frame_request *req)
{
    const struct ct_event_row *e = m->events.v, *found = NULL;
    int64_t from = s->cursor_ms ? s->cursor_ms : back ? m->to_ms : m->from_ms - 1;
    for (size_t i = 0; i < m->events.n; i++) {
        if (!back && e[i].at_ms > from && !found)
            found = &e[i];
        if (back && e[i].at_ms < from)
            found = &e[i];
    }
    req->kind = CT_REQ_MESSAGE;
    if (!found) {
        snprintf(req->text, sizeof(req->text), "no %s event in this window",
                 back ? "earlier" : "later");
        return CT_ACT_DRAW;
    }
    s->cursor_ms = found->at_ms;
    struct ct_buf text = CT_BUF_INIT;
    ct_view_event_who(&text, found);
    ct_buf_adds(&text, "  ");
    ct_view_event_what(&text, found);
    snprintf(req->text, sizeof(req->text), "%c %.*s", ct_view_event_sign(found),
             CT_FMT(ct_buf_span(&text)));
    ct_buf_free(&text);
    return CT_ACT_DRAW;
}

static enum ct_act_result drop(struct history_state *s, const struct history_model *m,
                               struct ct_panel_query *q)
{
    size_t used = 0;
    bool nothing = m->n == 0 && m->missing.n; /* names of none: back to what stands here at first */
    if (m->n < 2 && !nothing)
        return CT_ACT_DRAW;
    q->subject[0] = '\0';
    for (size_t i = 0; i < m->n; i++)
        if ((int)i != s->selected && used + m->line[i].h.series.n + 2 < sizeof(q->subject))
            used += (size_t)snprintf(q->subject + used, sizeof(q->subject) - used, "%s%.*s",
                                     used ? "\n" : "", CT_FMT(m->line[i].h.series));
    return CT_ACT_LOAD;
}

static enum ct_act_result on_line(const struct history_state *s, const struct history_model *m,
                                  int kind, struct ct_frame_request *req)
{
    if (s->selected < 0 || (size_t)s->selected >= m->n)
        return CT_ACT_IGNORED;
    req->kind = (__typeof__(req->kind))kind;
    snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(m->line[s->selected].h.series));
    return CT_ACT_DRAW;
}

static enum ct_act_result act_look(struct history_state *s, const struct history_model *m,
                                   enum ct_action action, struct ct_panel_query *q,
                                   struct ct_frame_request *req)
{
    int last = (int)m->n - 1;
    switch (action) {
    case CT_ACT_ROW_DOWN: s->selected = s->selected < last ? s->selected + 1 : last; break;
    case CT_ACT_ROW_UP: s->selected = s->selected > 0 ? s->selected - 1 : 0; break;
    case CT_ACT_STYLE: q->look.style = (q->look.style + 1) % CT_LOOK_N_STYLES; break;
    case CT_ACT_PERCENT: q->look.mode = (q->look.mode + 1) % CT_LOOK_N_MODES; break;
    case CT_ACT_LOG: q->look.log = !q->look.log; break;
    case CT_ACT_ANCHOR:
        if (!s->cursor_ms)
            move_cursor(s, m, 0);
        s->anchor_ms = s->anchor_ms == s->cursor_ms ? 0 : s->cursor_ms;
        break;
    case CT_ACT_DROP: return drop(s, m, q);
    case CT_ACT_DETAIL: return on_line(s, m, CT_REQ_DETAIL, req);
    case CT_ACT_WATCH: return on_line(s, m, CT_REQ_WATCH, req);
    case CT_ACT_HISTORY: return on_line(s, m, CT_REQ_HISTORY, req);
    case CT_ACT_COPY: return on_line(s, m, CT_REQ_COPY, req);
    default: return CT_ACT_IGNORED;
    }
    return CT_ACT_DRAW;
}

/* The keys of a list while there is one to choose from; what widens or moves the window works all the same. */
static enum ct_act_result choose(struct history_state *s, const struct history_model *m, enum ct_action action,
                                 int letter, struct ct_panel_query *q, struct ct_frame_request *req)
{
    if (action == CT_ACT_DETAIL)
        action = CT_ACT_HISTORY;
    if (action != CT_ACT_HISTORY && action != CT_ACT_ROW_DOWN && action != CT_ACT_ROW_UP &&
        action != CT_ACT_COPY)
        return CT_ACT_IGNORED;
    return ct_tview_act(&history_choices, &s->choice, m->choices, action, letter, q, req);
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    struct history_state *s = state;
    const struct history_model *m = model;
    int64_t from, to;
    bool moving;
    if (!m)
        return CT_ACT_IGNORED;
    if (m->choices && !m->n)
        return choose(s, m, action, letter, q, req);
    /* From what was asked last, which may be ahead of what is loaded. */
    ct_view_window(q, m->end_ms, HISTORY_STANDARD, &from, &to, &moving);
    if (moving && q->from_ms <= HISTORY_ALL)
        from = m->from_ms;
    switch (action) {
    case CT_ACT_COL_LEFT: return move_cursor(s, m, -1);
    case CT_ACT_COL_RIGHT: return move_cursor(s, m, 1);
    case CT_ACT_CURSOR_LEFT_10: return move_cursor(s, m, -10);
    case CT_ACT_CURSOR_RIGHT_10: return move_cursor(s, m, 10);
    case CT_ACT_NEXT_EVENT: return jump(s, m, false, req);
    case CT_ACT_PREV_EVENT: return jump(s, m, true, req);
    case CT_ACT_PAN_LEFT: return pan(q, m, from, to, true);
    case CT_ACT_PAN_RIGHT: return pan(q, m, from, to, false);
    case CT_ACT_ZOOM_IN: return zoom(q, m, s, from, to, true);
    case CT_ACT_ZOOM_OUT: return zoom(q, m, s, from, to, false);
    case CT_ACT_SHORTER: return preset(q, m, from, to, false);
    case CT_ACT_LONGER: return preset(q, m, from, to, true);
    case CT_ACT_LIVE: return set_window(q, m, m->end_ms - (to - from), m->end_ms);
    case CT_ACT_ZOOM_RESET:
        q->from_ms = q->to_ms = 0;
        return CT_ACT_LOAD;
    default: return act_look(s, m, action, q, req);
    }
}

/* A click places the cursor; a drag measures from where it began. */
static void point(void *state, const void *model, int x, bool up)
{
    struct history_state *s = state;
    const struct history_model *m = model;
    int at = x - s->left, last = s->cols - 1;
    if (!m || s->cols <= 0)
        return;
    at = at < 0 ? 0 : at > last ? last : at;
    int64_t there = ct_column_start(at + 1, m->from_ms, m->to_ms, s->cols) - 1;
    if (!up)
        s->pressed_ms = there;
    else if (s->pressed_ms && s->pressed_ms != there)
        s->anchor_ms = s->pressed_ms;
    if (!up || s->pressed_ms)
        s->cursor_ms = there;
    if (up)
        s->pressed_ms = 0;
}

/* The points that are drawn, and the gaps: every extreme and step edge of the window, each as it was recorded. */
static struct ct_rows rows(const void *model, struct ct_arena *a)
{
    const struct history_model *m = model;
    struct ct_history h[CT_CHART_SERIES];
    for (size_t i = 0; i < m->n; i++)
        h[i] = m->line[i].h;
    return ct_history_lines(h, m->n, a);
}

const struct ct_panel_ops ct_panel_history = {
    .id = "history", .title = "History", .keys = CT_KEYS_CHART,
    .state_size = sizeof(struct history_state), .detail = &ct_panel_detail, .made_of = CT_ROWS_INDICES, .load = load,
    .draw = history_draw, .move = history_move, .act = act, .point = point, .rows = rows, .exported = &ct_history_line_table,
};
