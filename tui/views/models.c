/* Models by clouds: who sells what, at which input price; what is new there and what is to go. Beside it the sellers
 * of one model and the labs. That a list does not name a model on a cloud does not prove that it is not sold there. */
#include "config.h"

#include "tui/views/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEW_DAYS = 7, RETIRING_DAYS = 60 };

struct model {
    struct ct_tmodel t;
    int64_t seen_ms;
};

static bool stale(int freshness)
{
    return freshness > CT_FRESH && freshness <= CT_DEAD;
}

static bool is_new(const struct ct_seller *s, const struct ct_draw *d)
{
    return s->came && s->first_ms > d->now_ms - NEW_DAYS * CT_DAY;
}

static bool retires(int64_t at_ms, const struct ct_draw *d)
{
    return at_ms != CT_NONE && at_ms < d->now_ms + RETIRING_DAYS * CT_DAY;
}

/* "3.00", "1.25+" new there, "2.50!" about to go, "1.25*" old, "2.50!*" both; "yes" sold without a published price;
 * "-" not. */
static enum ct_role seller_cell(const struct ct_seller *s, const struct ct_draw *d,
                                struct ct_buf *out)
{
    if (!s) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    if (s->input == CT_NONE)
        ct_buf_adds(out, "yes");
    else if (s->input == 0)
        ct_buf_adds(out, "free");
    else
        ct_format_price(out, s->input);
    bool goes = retires(s->retires_ms, d), came = is_new(s, d);
    bool old = stale(s->freshness);
    ct_buf_adds(out, goes && old ? "!*" : goes ? "!" : old ? "*" : came ? "+" : " ");
    if (old)
        return CT_ROLE_STALE;
    return goes ? CT_ROLE_STATE_PART : came ? CT_ROLE_TITLE : CT_ROLE_TEXT;
}

static enum ct_role format_direct(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    return seller_cell(((const struct ct_model_row *)row)->direct, d, out);
}

#define CLOUD_CELL(name, n)                                                                        \
    static enum ct_role name(const void *row, const struct ct_draw *d, struct ct_buf *out)         \
    {                                                                                              \
        return seller_cell(((const struct ct_model_row *)row)->on[n], d, out);                     \
    }
CLOUD_CELL(format_aws, 0)
CLOUD_CELL(format_azure, 1)
CLOUD_CELL(format_gcp, 2)
CLOUD_CELL(format_oracle, 3)
CLOUD_CELL(format_ibm, 4)
CLOUD_CELL(format_alibaba, 5)
CLOUD_CELL(format_tencent, 6)
CLOUD_CELL(format_volcengine, 7)

static enum ct_role format_seen(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_model_row *r = row;
    return ct_format_age(out, d, r->seen_ms, r->freshness);
}

/* How many sellers that are no cloud; "3*" where one of them is old. */
static enum ct_role format_hosts(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_model_row *r = row;
    const struct ct_seller *s = r->sellers.v;
    bool old = false;
    (void)d;
    for (size_t i = 0; i < r->sellers.n; i++)
        old = old || (s[i].cloud < 0 && stale(s[i].freshness));
    ct_buf_addf(out, "%lld%s", (long long)r->n_hosts, old ? "*" : " ");
    return old ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role format_open(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    int open = ((const struct ct_model_row *)row)->open_weights;
    (void)d;
    ct_buf_adds(out, open < 0 ? "?" : open ? "open" : "closed");
    return CT_ROLE_DIM;
}

static bool notable(const void *row)
{
    const struct ct_model_row *r = row;
    return r->retires_ms != CT_NONE || r->exclusive_until_ms != CT_NONE;
}

#define PRICE(name, head, cell, goes)                                                              \
    {.column = name, .header = head, .min = 7, .max = 9, .align = 1, .drop = goes, .format = cell}
static const struct ct_tcol model_cols[] = {
    {.column = "model", .header = "MODEL", .min = 14, .max = 32, .middle = true},
    {.column = "lab", .header = "LAB", .min = 9, .max = 12, .drop = 6},
    {.column = "n_clouds", .header = "CL", .min = 2, .align = 1, .drop = 1},
    PRICE("direct", "LAB API", format_direct, 3),
    PRICE("aws", "AWS", format_aws, 0),
    PRICE("azure", "AZURE", format_azure, 0),
    PRICE("gcp", "GCP", format_gcp, 0),
    PRICE("oracle", "ORACLE", format_oracle, 4),
    PRICE("ibm", "IBM", format_ibm, 8),
    PRICE("alibaba", "ALIBABA", format_alibaba, 9),
    PRICE("tencent", "TENCENT", format_tencent, 11),
    PRICE("volcengine", "VOLCENG", format_volcengine, 12),
    {.column = "n_hosts", .header = "HOSTS", .min = 5, .align = 1, .drop = 5, .format = format_hosts},
    {.column = "cheapest_host", .header = "CHEAPEST", .min = 8, .max = 14, .drop = 10, .middle = true},
    {.column = "open_weights", .header = "WEIGHTS", .min = 7, .drop = 7, .format = format_open},
    {.column = "seen_at", .header = "SEEN", .min = 6, .align = 1, .drop = 2, .format = format_seen},
};

static const struct ct_tview model_view = {
    .table = &ct_model_table, .cols = model_cols, .n_cols = CT_LEN(model_cols), .frozen = 1,
    .id = "key", .watch = "series", .series = "series", .noun = "models", .notable = notable,
};

/* What is widely sold comes first, what no cloud sells last. */
static int by_breadth(const void *a, const void *b)
{
    const struct ct_model_row *x = a, *y = b;
    if (x->n_clouds != y->n_clouds)
        return x->n_clouds > y->n_clouds ? -1 : 1;
    if (x->n_hosts != y->n_hosts)
        return x->n_hosts > y->n_hosts ? -1 : 1;
    return ct_span_cmp(x->key, y->key);
}

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows read = {NULL, 0};
    enum ct_status st = m ? ct_read_models(r, &query, a, &read, err)
                          : ct_fail(err, CT_ERR_LIMIT, "models", NULL);
    struct ct_model_row *rows = st == CT_OK ? ct_arena_alloc(a, (read.n + 1) * sizeof(*rows)) : NULL;
    if (st == CT_OK && !rows)
        st = ct_fail(err, CT_ERR_LIMIT, "models", NULL);
    if (st == CT_OK) {
        if (read.n)
            memcpy(rows, read.v, read.n * sizeof(*rows));
        qsort(rows, read.n, sizeof(*rows), by_breadth);
        m->seen_ms = CT_NONE;
        for (size_t i = 0; i < read.n; i++)
            m->seen_ms = rows[i].seen_ms > m->seen_ms ? rows[i].seen_ms : m->seen_ms;
        st = ct_tmodel_load(&model_view, (struct ct_rows){rows, read.n}, q, now_ms, a, &m->t, err);
    }
    *model = m;
    return st;
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    static const char wide[] = "$/1M input  + new in 7 days  ! retires in 60 days  - not listed there  * old";
    static const char brief[] = "+ new in 7d  ! retires in 60d  - not listed  * old";
    const struct model *m = model;
    bool foot = m && box.rows >= 8;
    if (box.cols < 80 || !foot)
        ct_buf_adds(note, "$/1M input");
    if (m)
        ct_note_seen(note, d, m->seen_ms, 3 * CT_DAY);
    ct_tview_draw(&model_view, state, m ? &m->t : NULL, d,
                  ct_box_sub(box, 0, 0, box.rows - foot, box.cols), note,
                  "no model price recorded yet");
    if (foot)
        ct_put_field(box, box.rows - 1, 1, box.cols - 1, -1, CT_ROLE_DIM, ct_span(box.cols < 80 ? brief : wide));
}

/* The price under the column cursor: a cloud's, the lab's own, else the row's. */
static struct ct_span series_at(const struct ct_model_row *row, const char *column)
{
    int cloud = column ? ct_word(ct_cloud_words, ct_span(column)) : -1;
    const struct ct_seller *s = cloud >= 0 ? row->on[cloud] : NULL;
    return s ? s->series : row->series;
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    struct ct_tstate *s = state;
    const struct model *m = model;
    const struct ct_model_row *row = m ? ct_tview_row(s, &m->t) : NULL;
    if ((action == CT_ACT_HISTORY || action == CT_ACT_COMPARE) && row && !s->n_marks) {
        struct ct_span series = series_at(row, model_cols[s->col].column);
        req->kind = action == CT_ACT_HISTORY ? CT_REQ_HISTORY : CT_REQ_COMPARE;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(series));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&model_view, s, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_models = {
    .id = "models", .title = "Models x clouds", .keys = CT_KEYS_TABLE, .table = &ct_model_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_sellers, .load = load, .draw = draw,
    .act = act,
};

/* ---- who sells one model ---- */

static enum ct_role format_input(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    return seller_cell(row, d, out);
}

static enum ct_role format_output(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_seller *s = row;
    (void)d;
    ct_format_price(out, s->output);
    return stale(s->freshness) ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role add_day(int64_t at_ms, struct ct_buf *out)
{
    char text[CT_TIME_MAX];
    if (at_ms == CT_NONE) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    ct_time_format(text, at_ms);
    ct_buf_addf(out, "%.10s", text);
    return CT_ROLE_TEXT;
}

static enum ct_role format_first(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return add_day(((const struct ct_seller *)row)->first_ms, out);
}

static enum ct_role format_retires(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_seller *s = row;
    enum ct_role role = add_day(s->retires_ms, out);
    return retires(s->retires_ms, d) ? CT_ROLE_STATE_PART : role;
}

static enum ct_role format_regions(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_list *regions = &((const struct ct_seller *)row)->regions;
    (void)d;
    for (size_t i = 0; i < regions->n; i++)
        ct_buf_addf(out, "%s%.*s", i ? " " : "", CT_FMT(regions->v[i]));
    if (!regions->n)
        ct_buf_addc(out, '?');
    return regions->n ? CT_ROLE_TEXT : CT_ROLE_DIM;
}

static enum ct_role format_seller_seen(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_seller *s = row;
    return ct_format_age(out, d, s->seen_ms, s->freshness);
}

static const struct ct_tcol seller_cols[] = {
    {.column = "host", .header = "HOST", .min = 8, .max = 18, .middle = true},
    {.column = "host_class", .header = "CLASS", .min = 6, .max = 10, .drop = 4},
    {.column = "input", .header = "IN", .min = 7, .max = 9, .align = 1, .format = format_input},
    {.column = "output", .header = "OUT", .min = 7, .max = 9, .align = 1, .format = format_output},
    {.column = "rows", .header = "IDS", .min = 3, .align = 1, .drop = 6},
    {.column = "first_seen_at", .header = "SINCE", .min = 10, .drop = 3, .format = format_first},
    {.column = "retires_at", .header = "RETIRES", .min = 10, .drop = 2, .format = format_retires},
    {.column = "regions", .header = "REGIONS", .min = 8, .max = 40, .drop = 5, .format = format_regions},
    {.column = "seen_at", .header = "SEEN", .min = 6, .align = 1, .drop = 1,
     .format = format_seller_seen},
};

static const struct ct_tview seller_view = {
    .table = &ct_seller_table, .cols = seller_cols, .n_cols = CT_LEN(seller_cols), .frozen = 1,
    .id = "host", .watch = "series", .series = "series", .noun = "hosts",
};

static enum ct_status load_sellers(struct ct_reader *r, const struct ct_panel_query *q,
                                   int64_t now_ms, struct ct_arena *a, const void **model,
                                   struct ct_error *err)
{
    struct ct_tmodel *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = m ? CT_OK : ct_fail(err, CT_ERR_LIMIT, "sellers", NULL);
    query.subject = ct_span(q->subject);
    if (st == CT_OK)
        st = ct_read_sellers(r, &query, a, &rows, err);
    if (st == CT_OK)
        st = ct_tmodel_load(&seller_view, rows, q, now_ms, a, m, err);
    *model = m;
    return st;
}

static void draw_sellers(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                         struct ct_buf *note)
{
    ct_buf_adds(note, d->query->subject);
    ct_tview_draw(&seller_view, state, model, d, box, note,
                  d->query->subject[0] ? "nobody sells it" : "no model selected");
}

static enum ct_act_result act_sellers(void *state, const void *model, enum ct_action action,
                                      int letter, struct ct_panel_query *q,
                                      struct ct_frame_request *req)
{
    const struct ct_seller *row = ct_tview_row(state, model);
    if (action == CT_ACT_DETAIL && row && row->series.n) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->series));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&seller_view, state, model, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_sellers = {
    .id = "sellers", .title = "Who sells it", .keys = CT_KEYS_TABLE, .table = &ct_seller_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load_sellers,
    .draw = draw_sellers, .act = act_sellers,
};

/* ---- labs ---- */

static enum ct_role format_clouds(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_lab_row *r = row;
    (void)d;
    for (size_t i = 0; i < r->clouds.n; i++)
        ct_buf_addf(out, "%s%.*s", i ? " " : "", CT_FMT(r->clouds.v[i]));
    if (!r->clouds.n)
        ct_buf_addc(out, '-');
    return r->clouds.n ? CT_ROLE_TEXT : CT_ROLE_DIM;
}

static enum ct_role format_share(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    int64_t milli = ((const struct ct_lab_row *)row)->one_cloud_milli;
    (void)d;
    if (milli == CT_NONE)
        ct_buf_addc(out, '-');
    else
        ct_buf_addf(out, "%lld%%", (long long)((milli + 500) / 1000));
    return milli == CT_NONE ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

static enum ct_role format_second(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return add_day(((const struct ct_lab_row *)row)->second_ms, out);
}

static enum ct_role format_third(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return add_day(((const struct ct_lab_row *)row)->third_ms, out);
}

/* How many clouds have models that are not to be had as weights: what locks in. */
static enum ct_role format_closed(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_lab_row *r = row;
    (void)d;
    if (!r->closed)
        ct_buf_addc(out, '-');
    else
        ct_buf_addf(out, "%zu", r->closed_clouds.n);
    return r->closed ? CT_ROLE_TEXT : CT_ROLE_DIM;
}

static const struct ct_tcol lab_cols[] = {
    {.column = "lab", .header = "LAB", .min = 9, .max = 16, .middle = true},
    {.column = "n_clouds", .header = "CLOUDS", .min = 6, .align = 1},
    {.column = "closed_clouds", .header = "CLOSED", .min = 6, .align = 1, .drop = 5, .format = format_closed},
    {.column = "n_models", .header = "MODELS", .min = 6, .align = 1, .drop = 2},
    {.column = "n_models_on_one_cloud", .header = "ON ONE", .min = 6, .align = 1},
    {.column = "one_cloud_pct", .header = "SHARE", .min = 5, .align = 1, .drop = 3, .format = format_share},
    {.column = "second_cloud_at", .header = "2ND CLOUD", .min = 10, .format = format_second},
    {.column = "third_cloud_at", .header = "3RD CLOUD", .min = 10, .drop = 4, .format = format_third},
    {.column = "clouds", .header = "WHICH", .min = 10, .max = 44, .drop = 1, .format = format_clouds},
};

static const struct ct_tview lab_view = {
    .table = &ct_lab_table, .cols = lab_cols, .n_cols = CT_LEN(lab_cols), .frozen = 1, .id = "lab",
    .watch = "series", .series = "series", .noun = "labs",
};

static int by_clouds(const void *a, const void *b)
{
    const struct ct_lab_row *x = a, *y = b;
    if (x->n_clouds != y->n_clouds)
        return x->n_clouds > y->n_clouds ? -1 : 1;
    if (x->n_models != y->n_models)
        return x->n_models > y->n_models ? -1 : 1;
    return ct_span_cmp(x->lab, y->lab);
}

static enum ct_status load_labs(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct ct_tmodel *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = m ? ct_read_labs(r, &query, a, &rows, err)
                          : ct_fail(err, CT_ERR_LIMIT, "labs", NULL);
    if (st == CT_OK && rows.n)
        qsort((void *)(uintptr_t)rows.v, rows.n, sizeof(struct ct_lab_row), by_clouds);
    if (st == CT_OK)
        st = ct_tmodel_load(&lab_view, rows, q, now_ms, a, m, err);
    *model = m;
    return st;
}

static void draw_labs(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                      struct ct_buf *note)
{
    ct_buf_adds(note, box.cols >= 70 ? "of 8 clouds; not listed is not yet exclusive" : "of 8 clouds");
    ct_tview_draw(&lab_view, state, model, d, box, note, "no model price recorded yet");
}

static enum ct_act_result act_labs(void *state, const void *model, enum ct_action action,
                                   int letter, struct ct_panel_query *q,
                                   struct ct_frame_request *req)
{
    const struct ct_lab_row *row = ct_tview_row(state, model);
    if (action == CT_ACT_DETAIL && row && row->series.n) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->series));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&lab_view, state, model, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_labs = {
    .id = "labs", .title = "Labs", .keys = CT_KEYS_TABLE, .table = &ct_lab_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load_labs, .draw = draw_labs, .act = act_labs,
};
