#include "config.h"

#include "tui/views/common.h"

#include <stdio.h>
#include <string.h>

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

static bool notable(const void *row)
{
    const struct ct_event_row *e = row;
    return e->severity >= CT_SEV_WARNING || e->kind == CT_EVENT_STOCK || e->kind == CT_EVENT_MODEL;
}

static const struct ct_tcol cols[] = {
    {.column = "at", .header = "AT", .min = 6, .format = format_at},
    {.column = "kind", .header = "", .min = 1, .format = format_sign},
    {.column = "subject", .header = "SUBJECT", .min = 12, .max = 40, .middle = true,
     .format = format_who},
    {.column = "text", .header = "WHAT", .min = 18, .max = 200, .format = format_what},
};

static const struct ct_tview view = {
    .table = &ct_event_table, .cols = cols, .n_cols = CT_LEN(cols), .id = "at", .watch = "series",
    .series = "series", .noun = "events", .notable = notable,
};

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
    query.limit = 500;
    enum ct_status st = m ? ct_read_events(r, &query, a, &rows, err)
                          : ct_fail(err, CT_ERR_LIMIT, "tape", NULL);
    if (st == CT_OK)
        st = ct_tmodel_load(&view, rows, q, now_ms, a, m, err);
    for (size_t i = 0; st == CT_OK && m->ids && i < m->rows.n;
         i++) /* no column names an event alone */
        m->ids[i] = ct_arena_printf(
            a, "%lld",
            (long long)((const struct ct_event_row *)ct_row(&ct_event_table, m->rows, i))->id);
    *model = m;
    return st;
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    const struct ct_tmodel *m = model;
    if (m && m->rows.n && !d->query->sort[0])
        ct_buf_adds(note, "newest first");
    ct_tview_draw(&view, state, m, d, box, note,
                  "no change recorded yet: history starts with the second answer");
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct ct_tmodel *m = model;
    const struct ct_event_row *row = ct_tview_row(&view, state, m);
    if (action == CT_ACT_DETAIL && row) {
        req->kind = CT_REQ_DETAIL;
        if (row->series.n) {
            snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->series));
        } else { /* "openai/api": whose state it is */
            struct ct_span rest = row->subject, provider = ct_span_cut(&rest, '/');
            snprintf(req->text, sizeof(req->text), "status/%.*s", CT_FMT(provider));
        }
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&view, state, m, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_tape = {
    .id = "tape", .title = "Tape", .keys = CT_KEYS_TABLE, .table = &ct_event_table,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load, .draw = draw,
    .act = act,
};
