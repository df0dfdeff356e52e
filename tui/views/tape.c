#include "config.h"

#include "tui/views/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* At first what any screen has room for, also when many become one row; then as far as somebody goes. */
static const size_t most_events[] = {250, 1000, 8000, 32000};
enum { FURTHEST = CT_LEN(most_events) - 1 };

static enum ct_role format_at(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    int64_t at = ((const struct ct_event_row *)row)->at_ms;
    struct ct_civil c;
    ct_civil_from_ms(at, &c);
    if (at <= d->now_ms && d->now_ms - at < CT_DAY)
        ct_buf_addf(out, "%02d:%02dZ", c.hour, c.minute);
    else if (d->now_ms - at < 300 * CT_DAY)
        ct_buf_addf(out, "%02d-%02d", c.month, c.day);
    else
        ct_buf_addf(out, "%04d-%02d", c.year, c.month);
    return CT_ROLE_DIM;
}

static enum ct_role format_sign(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    char sign = ct_view_event_sign(row);
    (void)d;
    ct_buf_addc(out, sign);
    return strchr("$ALN+-", sign) ? CT_ROLE_TEXT : ct_sign_role(sign);
}

static enum ct_role format_who(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_view_event_who(out, row);
    return CT_ROLE_TEXT;
}

static enum ct_role format_what(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_view_event_what(out, row);
    return ((const struct ct_event_row *)row)->suspect == 1 ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

static enum ct_role format_brief(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_view_event_brief(out, row);
    return ((const struct ct_event_row *)row)->suspect == 1 ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

/* ---- one row for what belongs together ---- */

struct group {
    struct ct_event_row *row; /* as shown */
    size_t n;
    struct ct_buf text;     /* prices of one model */
    bool alike;
    struct ct_alike common; /* else: what offers or models have in common */
};

/* "token/HOST/REGION/LAB/MODEL" of a price's series. */
static struct ct_span model_of(struct ct_span series)
{
    size_t n = series.n;
    while (n && series.p[n - 1] != '/')
        n--;
    return (struct ct_span){series.p, n ? n - 1 : 0};
}

/* Whether B tells another price of the model that A tells one of. */
static bool of_one_model(const struct ct_event_row *a, const struct ct_event_row *b)
{
    return a->kind == CT_EVENT_PRICE && b->kind == CT_EVENT_PRICE && (a->suspect == 1) == (b->suspect == 1) &&
           ct_span_starts(a->series, "token/") && ct_span_eq(model_of(a->series), model_of(b->series)) &&
           a->old_value != CT_NONE && b->old_value != CT_NONE && a->new_value != CT_NONE && b->new_value != CT_NONE;
}

static void add_price_text(struct ct_buf *out, const struct ct_event_row *e)
{
    ct_buf_addf(out, "%s%.*s ", out->n ? ", " : "", CT_FMT(e->field));
    ct_format_price(out, e->old_value);
    ct_buf_adds(out, " -> ");
    ct_format_price(out, e->new_value);
}

/* "+3.0% to +4.1%, 6 offers, now 1.30 to 2.16 $/GPU.h" */
static void tell_prices(const struct ct_alike *g, struct ct_buf *out)
{
    struct ct_buf most = CT_BUF_INIT;
    ct_format_percent(out, g->least_pct);
    ct_format_percent(&most, g->most_pct);
    if (!ct_span_eq(ct_buf_span(out), ct_buf_span(&most)))
        ct_buf_addf(out, " to %s", most.p);
    ct_buf_clear(&most);
    ct_buf_addf(out, ", %zu offers, now ", g->n);
    ct_format_price(out, g->least);
    if (g->most != g->least) {
        ct_buf_adds(out, " to ");
        ct_format_price(out, g->most);
    }
    ct_buf_addc(out, ' ');
    ct_view_unit(out, g->unit);
    ct_buf_free(&most);
}

/* Puts what group G is made of into its row. CUT: more of its moment was not read. */
static void tell_group(struct group *g, bool cut, struct ct_arena *work, struct ct_arena *a)
{
    static const char *const stocks[] = {"unknown", "none", "low", "available"};
    struct ct_event_row *e = g->row;
    if (!g->alike) {
        ct_buf_addc(&g->text, ' ');
        ct_view_unit(&g->text, e->unit);
    } else if (e->kind == CT_EVENT_PRICE) {
        tell_prices(&g->common, &g->text);
    } else if (e->kind == CT_EVENT_STOCK) {
        ct_buf_addf(&g->text, "%s -> %s, %zu%s offers", stocks[e->old_value], stocks[e->new_value], g->n, cut ? "+" : "");
    } else {
        ct_buf_addf(&g->text, ct_view_event_sign(e) == '+' ? "%zu%s new models" : "%zu%s models gone", g->n, cut ? "+" : "");
        e->series = CT_SPAN_NONE; /* no one of them is meant */
    }
    e->text = ct_arena_dup(a, ct_buf_span(&g->text));
    if (g->alike) {
        e->subject = ct_arena_dup(a, ct_alike_where(&g->common, work));
        e->alike = ct_alike_subject(&g->common, e->at_ms, e->at_ms, 0, a);
        e->pct_milli = g->common.least_pct == g->common.most_pct ? e->pct_milli : CT_NONE;
    }
    if (e->kind == CT_EVENT_PRICE)
        e->old_value = e->new_value = CT_NONE;
}

static bool join(struct group *g, const struct ct_event_row *e, bool alike, const struct ct_alike *one, struct ct_arena *a)
{
    return alike ? g->alike && ct_alike_same(&g->common, one) && ct_alike_join(&g->common, one, a)
                 : !g->alike && of_one_model(g->row, e);
}

struct ct_rows ct_view_tape(struct ct_rows events, size_t most, struct ct_arena *a)
{
    const struct ct_event_row *e = events.v;
    struct ct_event_row *out = ct_arena_alloc(a, (events.n + 1) * sizeof(*out));
    struct ct_arena *work = ct_arena_new(0);
    struct group *g = ct_xcalloc(events.n + 1, sizeof(*g));
    size_t n = 0, moment = 0; /* the first row of this moment */
    for (size_t i = 0; out && i < events.n; i++) {
        struct ct_alike one;
        bool alike = ct_alike_of(&e[i], work, &one);
        if (n && out[n - 1].at_ms != e[i].at_ms)
            moment = n;
        size_t k = moment;
        while (k < n && !join(&g[k], &e[i], alike, &one, work))
            k++;
        if (k == n) {
            out[n] = e[i];
            g[n].row = &out[n];
            g[n].alike = alike;
            g[n].common = one;
            n++;
        }
        g[k].n++;
        if (!alike && g[k].n <= 6 && e[i].kind == CT_EVENT_PRICE)
            add_price_text(&g[k].text, &e[i]);
    }
    for (size_t k = 0; k < n; k++) {
        if (g[k].n > 1)
            tell_group(&g[k], events.n == most && out[k].at_ms == e[events.n - 1].at_ms, work, a);
        ct_buf_free(&g[k].text);
    }
    free(g);
    ct_arena_free(work);
    return (struct ct_rows){out, out ? n : 0};
}

static bool notable(const void *row)
{
    const struct ct_event_row *e = row;
    return e->severity >= CT_SEV_WARNING || e->kind == CT_EVENT_STOCK || e->kind == CT_EVENT_MODEL;
}

#define COLS(what)                                                                                  \
    {                                                                                              \
        {.column = "at", .header = "AT", .min = 6, .format = format_at},                           \
            {.column = "kind", .header = "", .min = 1, .format = format_sign},                     \
            {.column = "subject", .header = "SUBJECT", .min = 12, .max = 40, .middle = true,       \
             .format = format_who},                                                                \
            {.column = "text", .header = "WHAT", .min = 18, .max = 200, .format = what},           \
    }
static const struct ct_tcol cols[] = COLS(format_what), narrow_cols[] = COLS(format_brief);

static struct ct_span name_row(const void *row, struct ct_arena *a)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = (uint64_t)((const struct ct_event_row *)row)->id;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    return ct_arena_dup(a, (struct ct_span){digits + at, sizeof digits - at});
}

#define TAPE_VIEW(columns)                                                                          \
    {                                                                                              \
        .table = &ct_event_table, .cols = columns, .n_cols = CT_LEN(columns), .id = "at", .name_row = name_row, \
        .watch = "series", .series = "series", .noun = "rows", .order = "newest first", .notable = notable \
    }
static const struct ct_tview view = TAPE_VIEW(cols), narrow = TAPE_VIEW(narrow_cols);

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct ct_tmodel *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    if (q->to_ms > 0) { /* beside a chart: what happened in its window */
        query.from_ms = q->from_ms;
        query.to_ms = q->to_ms;
    }
    size_t most = most_events[q->used < FURTHEST && q->filter[0] ? q->used + 1 : q->used];
    query.limit = most;
    enum ct_status st = m ? ct_read_events(r, &query, a, &rows, err)
                          : ct_fail(err, CT_ERR_LIMIT, "tape", NULL);
    if (st == CT_OK) /* a filter looks for single events */
        st = ct_tmodel_load(&view, q->filter[0] ? rows : ct_view_tape(rows, most, a), q, now_ms, a, m, err);
    if (st == CT_OK)
        m->more = rows.n == most;
    *model = m;
    return st;
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    const struct ct_tmodel *m = model;
    if (m && m->rows.n && !d->query->sort[0])
        ct_buf_adds(note, d->query->believed ? "newest first, suspect hidden" : "newest first");
    ct_tview_draw(box.cols < 70 ? &narrow : &view, state, m, d, box, note,
                  "no change recorded yet: history starts with the second answer");
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct ct_tmodel *m = model;
    const struct ct_event_row *row = ct_tview_row(state, m);
    if (action == CT_ACT_DETAIL && row) {
        req->kind = CT_REQ_DETAIL;
        if (row->alike.n) {
            snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->alike));
        } else if (row->series.n) {
            snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->series));
        } else { /* "openai/api": whose state it is */
            struct ct_span rest = row->subject, provider = ct_span_cut(&rest, '/');
            snprintf(req->text, sizeof(req->text), "status/%.*s", CT_FMT(provider));
        }
        return CT_ACT_DRAW;
    }
    bool end = action == CT_ACT_BOTTOM && ct_tview_reads_on(state, m, action, CT_ACT_DRAW, FURTHEST, q);
    enum ct_act_result did = end ? CT_ACT_LOAD : ct_tview_act(&view, state, m, action, letter, q, req);
    return end || ct_tview_reads_on(state, m, action, did, FURTHEST, q) ? CT_ACT_LOAD : did;
}

const struct ct_panel_ops ct_panel_tape = {
    .id = "tape", .title = "Tape", .keys = CT_KEYS_TABLE, .table = &ct_event_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load, .draw = draw,
    .act = act,
};
