#include "config.h"

#include "tui/views/common.h"

#include <stdio.h>
#include <string.h>

struct state {
    struct ct_tstate table;       /* first: shared with the table widget */
    const struct ct_tview *drawn; /* last; its letters sort */
};

struct model {
    struct ct_tmodel t;
    struct ct_summary summary;
    bool alerts; /* some row is about one */
};

static void paint_state(const void *row, const struct ct_draw *d, struct ct_box cell)
{
    const struct ct_now_row *r = row;
    char word[16];
    (void)d;
    snprintf(word, sizeof(word), "%.*s", CT_FMT(r->word));
    ct_view_paint_state(cell, r->sign.n ? r->sign.p[0] : '?', word);
}

static enum ct_role format_since(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_now_row *r = row;
    char age[CT_TIME_MAX];
    if (r->since_ms != CT_NONE && r->since_ms > d->now_ms) { /* planned */
        int64_t away = r->since_ms - d->now_ms; /* of days the hours are too much for the column */
        ct_age_format(age, away < 2 * CT_DAY ? away : away / CT_DAY * CT_DAY);
        ct_buf_addf(out, "in %s", age);
        return CT_ROLE_TEXT;
    }
    return ct_format_age(out, d, r->since_ms, CT_FRESH);
}

/* What this row offers next: its history, its text, or the source that failed. */
static enum ct_role format_next(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_now_row *r = row;
    (void)d;
    bool fires = ct_span_is(r->alert, "NEW");
    ct_buf_adds(out, fires && r->kind == CT_EVENT_ALERT ? "a ack"
                     : r->alike.n                    ? "Enter"
                     : r->series.n                   ? "L see"
                     : r->state == CT_STATE_UNKNOWN  ? "8 src"
                     : fires                         ? "a ack"
                     : r->incident.n                 ? "Enter"
                                                     : "-");
    return CT_ROLE_DIM;
}

static enum ct_role format_alert(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_now_row *r = row;
    (void)d;
    ct_buf_add(out, r->alert.n ? r->alert : CT_LIT("-"));
    return !r->alert.n ? CT_ROLE_DIM : ct_span_is(r->alert, "NEW") ? CT_ROLE_TITLE : CT_ROLE_TEXT;
}

/* A long WHAT without its unit: by how much a price moved says more. */
enum { LONG_WHAT = 30 };

static enum ct_role format_what(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    static const char *const units[] = {" $/GPU.h", " $/1M"};
    const struct ct_now_row *r = row;
    (void)d;
    for (size_t i = 0; i < CT_LEN(units) && r->series.n && r->what.n > LONG_WHAT; i++) {
        size_t n = strlen(units[i]);
        const char *at = memmem(r->what.p, r->what.n, units[i], n);
        if (at) {
            ct_buf_add(out, (struct ct_span){r->what.p, (size_t)(at - r->what.p)});
            at += n;
            ct_buf_add(out, (struct ct_span){at, (size_t)(r->what.p + r->what.n - at)});
            return CT_ROLE_TEXT;
        }
    }
    ct_buf_add(out, r->what);
    return CT_ROLE_TEXT;
}

/* "H100S spot vastai" of an offer, without its region; anything else as it is. */
static enum ct_role format_brief(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    static const char *const forms[] = {"-SXM", "-PCIe", "-NVL", "-OAM"};
    const struct ct_now_row *r = row;
    struct ct_span rest = r->where, place = rest;
    (void)d;
    if (!ct_span_starts(r->series, "gpu/") && !ct_span_starts(r->series, "stock/")) {
        ct_buf_add(out, r->where);
        return CT_ROLE_TEXT;
    }
    struct ct_span gpu = ct_span_cut(&rest, ' ');
    for (size_t i = 0; i < CT_LEN(forms); i++)
        if (ct_span_ends(gpu, forms[i])) {
            size_t n = strlen(forms[i]);
            ct_buf_addf(out, "%.*s%.*s", (int)(gpu.n - n), gpu.p, forms[i][1] != 'O', &forms[i][1]);
            gpu = CT_SPAN_NONE;
        }
    place = ct_span_cut(&rest, '/');
    ct_buf_addf(out, "%.*s %.*s", CT_FMT(gpu), CT_FMT(place));
    return CT_ROLE_TEXT;
}

/* What is now and by how much it moved: "6.86 -27.0%", "available after 1d16h". */
static enum ct_role format_outcome(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    static const char arrow[] = " -> ";
    const struct ct_now_row *r = row;
    const char *at = r->series.n && r->kind != CT_EVENT_ALERT ? memmem(r->what.p, r->what.n, arrow, sizeof(arrow) - 1) : NULL;
    if (!at)
        return format_what(row, d, out);
    struct ct_span rest = {at + 4, (size_t)(r->what.p + r->what.n - at - 4)}, word = ct_span_cut(&rest, ' ');
    ct_buf_add(out, word);
    if (r->kind != CT_EVENT_PRICE) {
        ct_buf_addf(out, "%s%.*s", rest.n ? " " : "", CT_FMT(rest));
        return CT_ROLE_TEXT;
    }
    while (rest.p) {
        word = ct_span_cut(&rest, ' ');
        if (word.n && (word.p[0] == '+' || word.p[0] == '-')) {
            struct ct_span percent = ct_span_cut(&word, ',');
            ct_buf_addf(out, " %.*s", CT_FMT(percent));
            break;
        }
    }
    return CT_ROLE_TEXT;
}

static bool notable(const void *row)
{
    const struct ct_now_row *r = row;
    return r->state >= CT_STATE_DEGRADED || r->series.n;
}

#define COLS(where_max, what)                                                                            \
    {                                                                                              \
        {.column = "state", .header = "  STATE", .min = 7, .paint = paint_state},                  \
            {.column = "where", .header = "WHERE", .min = 9, .max = (where_max), .middle = true},  \
            {.column = "what", .header = "WHAT", .min = 12, .max = 200, .drop = 1, .format = what}, \
            {.column = "since", .header = "SINCE", .min = 6, .max = 8, .align = 1,                 \
             .format = format_since},                                                              \
            {.column = "alert", .header = "ALERT", .min = 5, .max = 9, .drop = 2,                  \
             .format = format_alert},                                                              \
            {.column = "evidence", .header = "SOURCE", .min = 8, .drop = 3},                       \
            {.header = "NEXT", .min = 5, .drop = 4, .hint = true, .format = format_next},         \
    }
static const struct ct_tcol cols[] = COLS(36, NULL);
/* Of 80 columns what happened needs more than where. */
static const struct ct_tcol narrow_cols[] = COLS(26, format_what);

/* Beside an editor the sign alone says the state, and who has it says more than what it is. */
#define STRIP(what_min)                                                                             \
    {.column = "state", .header = "", .min = 1, .paint = paint_state},                             \
        {.column = "where", .header = "WHERE", .min = 9, .max = 24, .middle = true, .format = format_brief}, \
        {.column = "what", .header = "WHAT", .min = (what_min), .max = 40, .drop = 2, .format = format_outcome}, \
        {.column = "since", .header = "SINCE", .min = 6, .max = 8, .align = 1, .format = format_since}
static const struct ct_tcol strip_cols[] = {STRIP(12)};
static const struct ct_tcol strip_alert_cols[] = {
    STRIP(20), {.column = "alert", .header = "ALERT", .min = 7, .max = 9, .drop = 1, .format = format_alert}};

#define NOW_VIEW(columns, n)                                                                       \
    {                                                                                              \
        .table = &ct_now_table, .cols = columns, .n_cols = (n), .frozen = 1, .id = "where",        \
        .id2 = "what", .watch = "series", .series = "series", .url = "url", .noun = "rows",        \
        .order = "worst, then newest",                                                              \
        .notable = notable                                                                         \
    }
static const struct ct_tview view = NOW_VIEW(cols, CT_LEN(cols));
/* Where little room is left, what happened says more than who says so. */
static const struct ct_tview narrow = NOW_VIEW(narrow_cols, 5);
static const struct ct_tview strip = NOW_VIEW(strip_cols, CT_LEN(strip_cols));
static const struct ct_tview strip_alert = NOW_VIEW(strip_alert_cols, CT_LEN(strip_alert_cols));

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    query.scope = q->scope;
    query.regions = q->regions;
    if (!m)
        return ct_fail(err, CT_ERR_LIMIT, "now", NULL);
    enum ct_status st = ct_read_summary(r, &query, a, &m->summary, err);
    if (st == CT_OK)
        st = ct_read_now(r, &query, a, &rows, err);
    if (st == CT_OK)
        st = ct_tmodel_load(&view, rows, q, now_ms, a, &m->t, err);
    for (size_t i = 0; st == CT_OK && i < rows.n; i++)
        m->alerts |= ((const struct ct_now_row *)ct_row(&ct_now_table, rows, i))->alert.n > 0;
    *model = m;
    return st;
}

/* The line when there is nothing to show: quiet and unread are different things. */
static void empty_line(const struct ct_summary *s, const struct ct_draw *d, struct ct_buf *out)
{
    int64_t watched = 0;
    char age[CT_TIME_MAX];
    for (size_t i = 0; i < CT_LEN(s->count); i++)
        watched += s->count[i];
    if (s->newest_ms == CT_NONE && !d->live) {
        ct_buf_adds(out, "nothing recorded by then");
        if (s->recording_since_ms != CT_NONE) {
            ct_time_format(age, s->recording_since_ms);
            ct_buf_addf(out, ": the record begins %s", age);
        }
        return;
    }
    if (s->newest_ms == CT_NONE) {
        long long asked = (long long)(s->sources - s->sources_waiting), all = (long long)s->sources;
        if (ct_view_is_fetched(s, d->fetching, d->now_ms))
            ct_buf_addf(out, "reading %lld of %lld sources: the first answers are on their way", asked, all);
        else
            ct_buf_addf(out, "%lld of %lld sources asked, and no fetcher runs: `cloudtape fetch` asks the others", asked, all);
        return;
    }
    ct_age_format(age, d->now_ms > s->oldest_ms ? d->now_ms - s->oldest_ms : 0);
    ct_buf_addf(out, "all quiet: %lld watched, oldest check %s", (long long)watched, age);
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    const struct model *m = model;
    struct ct_buf text = CT_BUF_INIT;
    if (!m) {
        ct_tview_draw(&view, state, NULL, d, box, note, "");
        return;
    }
    const struct ct_summary *s = &m->summary;
    int64_t heard = s->sources - s->sources_waiting - s->sources_failing;
    if (heard < s->sources && box.cols >= 60)
        ct_buf_addf(note, "%lld of %lld sources", (long long)heard, (long long)s->sources);
    else if (box.cols >= 100 && !d->query->sort[0])
        ct_buf_adds(note, "worst first, then newest");
    ct_note_seen(note, d, s->newest_ms, 10 * CT_MINUTE);
    empty_line(s, d, &text);
    ((struct state *)state)->drawn = box.cols >= 100 ? &view : box.cols >= 58 ? &narrow : m->alerts ? &strip_alert : &strip;
    ct_tview_draw(((struct state *)state)->drawn, state, &m->t, d, box, note, text.p);
    ct_buf_free(&text);
}

static struct ct_span alert_of(const void *row)
{
    return ((const struct ct_now_row *)row)->alert_id;
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct model *m = model;
    const struct ct_now_row *row = m ? ct_tview_row(state, &m->t) : NULL;
    if (action == CT_ACT_DETAIL && row) {
        req->kind = CT_REQ_DETAIL;
        if (row->kind == CT_EVENT_ALERT && row->alert_id.n)
            snprintf(req->text, sizeof(req->text), "alert/%.*s", CT_FMT(row->alert_id));
        else if (row->alike.n)
            snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->alike));
        else if (row->series.n)
            snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->series));
        else if (row->incident.n)
            snprintf(req->text, sizeof(req->text), "incident/%.*s/%.*s", CT_FMT(row->provider),
                     CT_FMT(row->incident));
        else
            snprintf(req->text, sizeof(req->text), "status/%.*s", CT_FMT(row->provider));
        return CT_ACT_DRAW;
    }
    if (action == CT_ACT_ACK && row)
        return ct_tview_ack(state, &m->t, alert_of, "no alert is about this row", req);
    bool history = action == CT_ACT_HISTORY || action == CT_ACT_COMPARE;
    if (history && row && !row->series.n && row->provider.n) { /* how its state moved */
        req->kind = action == CT_ACT_HISTORY ? CT_REQ_HISTORY : CT_REQ_COMPARE;
        snprintf(req->text, sizeof(req->text), "state/%.*s", CT_FMT(row->provider));
        return CT_ACT_DRAW;
    }
    const struct ct_tview *drawn = ((const struct state *)state)->drawn;
    return ct_tview_act(drawn ? drawn : &view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_now = {
    .id = "now", .title = "Now", .keys = CT_KEYS_TABLE, .table = &ct_now_table, .move = ct_tview_move,
    .state_size = sizeof(struct state), .detail = &ct_panel_detail, .load = load, .draw = draw,
    .act = act,
};
