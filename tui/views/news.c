/* News of vendors and the press, newest first. Enter reads one. */
#include "config.h"

#include "tui/views/common.h"

#include <stdio.h>

static enum ct_role format_at(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_article_row *r = row;
    ct_view_when(out, r->at_ms, d->now_ms);
    ct_buf_adds(out, r->dated == 1 ? "" : "?"); /* no date of its own: when it was first seen */
    return CT_ROLE_DIM;
}

static const struct ct_tcol cols[] = {
    {.column = "at", .header = "AT", .min = 12, .max = 13, .drop = 1, .format = format_at},
    {.column = "provider", .header = "FROM", .min = 6, .max = 14, .drop = 2},
    {.column = "title", .header = "TITLE", .min = 20, .max = 200},
    {.column = "source", .header = "SOURCE", .min = 10, .max = 20, .drop = 3},
};
static const struct ct_tview view = {
    .table = &ct_article_table, .cols = cols, .n_cols = CT_LEN(cols), .id = "source", .id2 = "id",
    .url = "url", .noun = "articles", .order = "newest first",
};

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct ct_tmodel *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st =
        m ? ct_read_articles(r, &query, a, &rows, err) : ct_fail(err, CT_ERR_LIMIT, "news", NULL);
    if (st == CT_OK)
        st = ct_tmodel_load(&view, rows, q, now_ms, a, m, err);
    *model = m;
    return st;
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    const struct ct_tmodel *m = model;
    if (m && m->rows.n && !d->query->sort[0])
        ct_buf_adds(note, "newest first");
    ct_tview_draw(&view, state, m, d, box, note, "no article recorded yet");
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct ct_article_row *row = ct_tview_row(state, model);
    if (row && action == CT_ACT_DETAIL) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "article/%.*s/%.*s", CT_FMT(row->source), CT_FMT(row->id));
        return CT_ACT_DRAW;
    }
    if (action == CT_ACT_WATCH)
        return CT_ACT_IGNORED;
    return ct_tview_act(&view, state, model, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_news = {
    .id = "news", .title = "News", .keys = CT_KEYS_TABLE, .table = &ct_article_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load, .draw = draw,
    .act = act,
};
