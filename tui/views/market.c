/* Who moved a model's price first and who followed; providers in figures. */
#include "config.h"

#include "tui/views/common.h"

#include <stdio.h>

/* ---- moves ---- */

struct moves {
    struct ct_tmodel t;
    struct ct_span model;
};

static enum ct_role format_at(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_move_row *r = row;
    char text[CT_TIME_MAX];
    (void)d;
    if (r->at_ms == CT_NONE) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    ct_time_format(text, r->at_ms);
    ct_buf_addf(out, "%.10s", text);
    return CT_ROLE_TEXT;
}

/* "follows +2d", "not yet 8d": days behind the first. */
static enum ct_role format_role(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_move_row *r = row;
    (void)d;
    ct_buf_add(out, r->role);
    if (r->after_days != CT_NONE)
        ct_buf_addf(out, " %s%lldd", r->at_ms == CT_NONE ? "" : "+", (long long)r->after_days);
    return ct_span_is(r->role, "first")     ? CT_ROLE_TITLE
           : r->at_ms == CT_NONE            ? CT_ROLE_STATE_DEGR
           : ct_span_is(r->role, "follows") ? CT_ROLE_TEXT
                                            : CT_ROLE_DIM;
}

static enum ct_role format_kind(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_buf_adds(out, ((const struct ct_move_row *)row)->kind == CT_KIND_INPUT ? "in" : "out");
    return CT_ROLE_DIM;
}

static enum ct_role format_old(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_format_price(out, ((const struct ct_move_row *)row)->old_price);
    return CT_ROLE_DIM;
}

static enum ct_role format_new(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_format_price(out, ((const struct ct_move_row *)row)->new_price);
    return CT_ROLE_TEXT;
}

static enum ct_role format_change(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return ct_view_change(out, ((const struct ct_move_row *)row)->pct_milli);
}

static const struct ct_tcol move_cols[] = {
    {.column = "at", .header = "SEEN FIRST", .min = 10, .format = format_at},
    {.column = "role", .header = "WHO MOVED", .min = 12, .max = 16, .format = format_role},
    {.column = "host", .header = "HOST", .min = 8, .max = 18, .middle = true},
    {.column = "region", .header = "REGION", .min = 6, .max = 14, .drop = 3},
    {.column = "kind", .header = "OF", .min = 3, .drop = 1, .format = format_kind},
    {.column = "old", .header = "FROM", .min = 7, .align = 1, .drop = 2, .format = format_old},
    {.column = "new", .header = "TO", .min = 7, .align = 1, .format = format_new},
    {.column = "change_pct", .header = "CHANGE", .min = 7, .align = 1, .format = format_change},
    {.column = "source", .header = "SOURCE", .min = 8, .max = 18, .drop = 4},
};
static const struct ct_tview move_view = {
    .table = &ct_move_table, .cols = move_cols, .n_cols = CT_LEN(move_cols), .id = "series",
    .id2 = "at", .watch = "series", .series = "series", .noun = "moves",
};

static enum ct_status load_moves(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                 struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct moves *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows prices = {NULL, 0}, rows = {NULL, 0};
    enum ct_status st = m ? ct_read_tokens(r, &query, a, &prices, err)
                          : ct_fail(err, CT_ERR_LIMIT, "moves", NULL);
    const struct ct_token_row *t = prices.v, *of = NULL;
    for (size_t i = 0; st == CT_OK && i < prices.n && !of; i++)
        of = ct_span_is(t[i].series, q->subject) ? &t[i] : NULL;
    if (of) {
        m->model = ct_arena_printf(a, "%.*s/%.*s", CT_FMT(of->price.lab), CT_FMT(of->price.model));
        query.subject = m->model;
        query.group = of->price.tier.n ? ct_arena_dup(a, of->price.tier).p : NULL;
        st = ct_read_moves(r, &query, a, &rows, err);
    }
    if (st == CT_OK)
        st = ct_tmodel_load(&move_view, rows, q, now_ms, a, &m->t, err);
    *model = m;
    return st;
}

static void draw_moves(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                       struct ct_buf *note)
{
    const struct moves *m = model;
    if (m && m->model.n)
        ct_buf_addf(note, "%s%.*s", d->query->believed ? "suspect hidden  " : "", CT_FMT(m->model));
    ct_tview_draw(&move_view, state, m ? &m->t : NULL, d, box, note,
                  m && !m->model.n ? "no model selected" : "no price of it moved in the record");
}

static enum ct_act_result act_moves(void *state, const void *model, enum ct_action action, int letter,
                                    struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct moves *m = model;
    const struct ct_move_row *row = m ? ct_tview_row(state, &m->t) : NULL;
    if (action == CT_ACT_DETAIL && row) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->series));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&move_view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_moves = {
    .id = "moves", .title = "Who moved first", .keys = CT_KEYS_TABLE, .table = &ct_move_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .follows = true,
    .load = load_moves, .draw = draw_moves, .act = act_moves,
};

/* ---- scorecard ---- */

static enum ct_role format_state(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    int state = ((const struct ct_score_row *)row)->state;
    (void)d;
    if (state < 0) {
        ct_buf_adds(out, "no page");
        return CT_ROLE_DIM;
    }
    ct_buf_addf(out, "%c %s", ct_state_sign(state), ct_state_words[state]);
    return ct_role_of_state(state);
}

static enum ct_role span_cell(int64_t seconds, struct ct_buf *out)
{
    char text[CT_TIME_MAX] = "-";
    if (seconds != CT_NONE)
        ct_age_format(text, seconds * CT_SECOND);
    ct_buf_adds(out, text);
    return seconds == CT_NONE ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

/* "2h20m"; "2h20m o" where we saw the end ourselves. */
static enum ct_role format_repair(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_score_row *r = row;
    (void)d;
    enum ct_role role = span_cell(r->repair_s, out);
    ct_buf_adds(out, r->repair_observed == 1 ? " o" : "");
    return role;
}

static enum ct_role format_page(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_score_row *r = row;
    (void)d;
    span_cell(r->page_age_s, out);
    bool old = r->page_freshness > CT_FRESH;
    if (old)
        ct_buf_addc(out, '*');
    return old ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role format_level(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return ct_view_change(out, ((const struct ct_score_row *)row)->level_milli);
}

static const struct ct_tcol score_cols[] = {
    {.column = "provider", .header = "PROVIDER", .min = 9, .max = 18, .middle = true},
    {.column = "state", .header = "STATE", .min = 7, .max = 16, .drop = 5, .format = format_state},
    {.column = "uptime_90d", .header = "UP 90d", .min = 6, .align = 1},
    {.column = "incidents_90d", .header = "INC", .min = 3, .align = 1},
    {.column = "median_repair_s", .header = "REPAIR", .min = 6, .max = 10, .align = 1, .format = format_repair},
    {.column = "price_level_pct", .header = "VS INDEX", .min = 8, .align = 1, .format = format_level},
    {.column = "gpu_types", .header = "GPUS", .min = 4, .align = 1, .drop = 2},
    {.column = "gpu_regions", .header = "REGIONS", .min = 7, .align = 1, .drop = 4},
    {.column = "models", .header = "MODELS", .min = 6, .align = 1, .drop = 1},
    {.column = "labs", .header = "LABS", .min = 4, .align = 1, .drop = 6},
    {.column = "page_age_s", .header = "PAGE", .min = 6, .align = 1, .drop = 3, .format = format_page},
};
static const struct ct_tview score_view = {
    .table = &ct_score_table, .cols = score_cols, .n_cols = CT_LEN(score_cols), .frozen = 1,
    .id = "provider", .noun = "providers",
};

static enum ct_status load_scores(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                  struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct ct_tmodel *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = m ? ct_read_scorecard(r, &query, a, &rows, err)
                          : ct_fail(err, CT_ERR_LIMIT, "scorecard", NULL);
    if (st == CT_OK)
        st = ct_tmodel_load(&score_view, rows, q, now_ms, a, m, err);
    *model = m;
    return st;
}

static void draw_scores(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                        struct ct_buf *note)
{
    ct_buf_adds(note, box.cols >= 60 ? "over 90 days; o end as observed; - not known" : "90 days");
    ct_tview_draw(&score_view, state, model, d, box, note, "no provider recorded yet");
}

static enum ct_act_result act_scores(void *state, const void *model, enum ct_action action, int letter,
                                     struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct ct_score_row *row = ct_tview_row(state, model);
    if (action == CT_ACT_DETAIL && row) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "status/%.*s", CT_FMT(row->provider));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&score_view, state, model, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_scores = {
    .id = "scorecard", .title = "Scorecard", .keys = CT_KEYS_TABLE, .table = &ct_score_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load_scores,
    .draw = draw_scores, .act = act_scores,
};
