/* What to do about a row: where else the same is sold by a place that is well (x), and what a job would cost at
 * every place that sells it (X). The subject is what Enter would open. */
#include "config.h"

#include "tui/views/common.h"

#include <stdio.h>
#include <string.h>

struct thing {
    struct ct_span place, gpu, model; /* null: none */
    int purchase;                     /* of an offer; -1 */
};

struct model {
    struct ct_tmodel t;
    struct thing thing;
    struct ct_exit found;
};

/* ---- what a subject is about ---- */

static enum ct_status of_offer(struct ct_reader *r, const struct ct_query *q, struct ct_span series,
                               struct ct_arena *a, struct thing *t, struct ct_error *err)
{
    struct ct_rows rows = {NULL, 0};
    struct ct_query one = {.at_ms = q->at_ms, .now_ms = q->now_ms, .subject = series, .gone = true};
    enum ct_status st = ct_read_offers(r, &one, a, &rows, err);
    const struct ct_offer_row *o = rows.v;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        if (!ct_span_eq(o[i].series, series))
            continue;
        t->gpu = ct_arena_printf(a, "%.*s%s%.*s", CT_FMT(o[i].offer.gpu), o[i].offer.form.n ? "-" : "",
                                 CT_FMT(o[i].offer.form));
        t->place = ct_arena_printf(a, "%.*s%s%.*s", CT_FMT(o[i].offer.cloud),
                                   o[i].offer.region.n ? "/" : "", CT_FMT(o[i].offer.region));
        t->purchase = o[i].offer.purchase;
        return st;
    }
    return st;
}

static enum ct_status of_price(struct ct_reader *r, const struct ct_query *q, struct ct_span series,
                               struct ct_arena *a, struct thing *t, struct ct_error *err)
{
    struct ct_rows rows = {NULL, 0};
    struct ct_query all = {.at_ms = q->at_ms, .now_ms = q->now_ms, .gone = true};
    enum ct_status st = ct_read_tokens(r, &all, a, &rows, err);
    const struct ct_token_row *p = rows.v;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        if (!ct_span_eq(p[i].series, series))
            continue;
        t->model = ct_arena_printf(a, "%.*s/%.*s", CT_FMT(p[i].price.lab), CT_FMT(p[i].price.model));
        t->place = p[i].price.host;
        return st;
    }
    return st;
}

/* "PROVIDER/ID": the regions that it troubles are left, of an unknown number all of the provider. */
static enum ct_status of_incident(struct ct_reader *r, const struct ct_query *q, struct ct_span subject,
                                  struct ct_arena *a, struct thing *t, struct ct_error *err)
{
    struct ct_span id = subject, provider = ct_span_cut(&id, '/');
    struct ct_rows rows = {NULL, 0};
    struct ct_query one = {.at_ms = q->at_ms, .now_ms = q->now_ms, .subject = provider, .incident = id};
    enum ct_status st = ct_read_incidents(r, &one, a, &rows, err);
    const struct ct_incident_row *i = rows.v;
    t->place = ct_arena_dup(a, provider);
    for (size_t k = 0; st == CT_OK && k < rows.n; k++)
        for (size_t n = 0; ct_span_eq(i[k].id, id) && ct_span_eq(i[k].provider, provider) && n < i[k].regions.n; n++)
            t->place = ct_arena_printf(a, "%.*s%c%.*s", CT_FMT(t->place), n ? ';' : '/', CT_FMT(i[k].regions.v[n]));
    return st;
}

/* A row of GPU types is named "H100 SXM/od/CLOUD/REGION", a model "LAB/MODEL". */
static void of_name(struct ct_arena *a, struct ct_span name, struct thing *t)
{
    struct ct_span rest = name, first = ct_span_cut(&rest, '/');
    bool type = memchr(first.p, ' ', first.n) || memchr(rest.n ? rest.p : "", '/', rest.n);
    if (type)
        t->gpu = ct_arena_dup(a, ct_span_trim(first));
    else if (rest.n)
        t->model = ct_arena_dup(a, name);
}

static enum ct_status find_thing(struct ct_reader *r, const struct ct_query *q, struct ct_span subject,
                                 struct ct_arena *a, struct thing *t, struct ct_error *err)
{
    struct ct_span rest = subject, kind = ct_span_cut(&rest, '/');
    *t = (struct thing){.purchase = -1};
    if (ct_span_is(kind, "alike")) { /* of several offers or models: of all of the first one's place */
        for (int i = 0; i < 4; i++)
            (void)ct_span_cut(&rest, '/');
        enum ct_status st = find_thing(r, q, rest, a, t, err);
        t->place = ct_span_cut(&t->place, '/');
        return st;
    }
    if (ct_span_is(kind, "incident"))
        return of_incident(r, q, rest, a, t, err);
    if (ct_span_is(kind, "status") || ct_span_is(kind, "state"))
        t->place = ct_arena_dup(a, ct_span_is(kind, "status") ? rest : ct_span_cut(&rest, '/')); /* a row may be of a region */
    else if (ct_span_is(kind, "gpu"))
        return of_offer(r, q, subject, a, t, err);
    else if (ct_span_is(kind, "stock"))
        return of_offer(r, q, ct_arena_printf(a, "gpu/%.*s", CT_FMT(rest)), a, t, err);
    else if (ct_span_is(kind, "token"))
        return of_price(r, q, subject, a, t, err);
    else if (ct_span_is(kind, "index"))
        t->gpu = ct_arena_dup(a, ct_span_cut(&rest, '/'));
    else if (ct_span_is(kind, "hosts"))
        t->model = ct_arena_dup(a, rest);
    else if (!ct_span_is(kind, "article"))
        of_name(a, subject, t);
    return CT_OK;
}

/* ---- the exit ---- */

static enum ct_role format_place(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_exit_row *r = row;
    (void)d;
    ct_buf_addf(out, "%.*s%s%.*s", CT_FMT(r->cloud), r->region.n ? "/" : "", CT_FMT(r->region));
    return CT_ROLE_TEXT;
}

static enum ct_role format_price(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    ct_nusd price = ((const struct ct_exit_row *)row)->price;
    (void)d;
    if (price == 0)
        ct_buf_adds(out, "free");
    else
        ct_format_price(out, price);
    return price == CT_NONE ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

static enum ct_role format_terms(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    int purchase = ((const struct ct_exit_row *)row)->purchase;
    (void)d;
    ct_buf_adds(out, purchase < 0 ? "-" : ct_view_purchase(purchase));
    return CT_ROLE_DIM;
}

static enum ct_role format_difference(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return ct_view_change(out, ((const struct ct_exit_row *)row)->diff_milli);
}

static enum ct_role format_stock(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_exit_row *r = row;
    (void)d;
    if (r->stock >= 0)
        return ct_view_stock(out, r->stock);
    ct_buf_addc(out, '-'); /* models have none */
    return CT_ROLE_DIM;
}

static enum ct_role age_cell(int64_t age_s, struct ct_buf *out)
{
    char text[CT_TIME_MAX] = "-";
    if (age_s != CT_NONE)
        ct_age_format(text, age_s * CT_SECOND);
    ct_buf_adds(out, text);
    return age_s == CT_NONE ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

static enum ct_role format_age(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return age_cell(((const struct ct_exit_row *)row)->age_s, out);
}

static enum ct_role format_checked(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return age_cell(((const struct ct_exit_row *)row)->state_age_s, out);
}

static const struct ct_tcol exit_cols[] = {
    {.column = "what", .header = "WHAT", .min = 10, .max = 30, .middle = true},
    {.column = "cloud", .header = "WHERE", .min = 10, .max = 30, .middle = true, .format = format_place},
    {.column = "purchase", .header = "TERMS", .min = 5, .drop = 3, .format = format_terms},
    {.column = "price", .header = "PRICE", .min = 7, .max = 9, .align = 1, .format = format_price},
    {.column = "output", .header = "OUT", .min = 7, .max = 9, .align = 1, .drop = 4},
    {.column = "difference_pct", .header = "DIFF", .min = 7, .align = 1, .format = format_difference},
    {.column = "stock", .header = "ST", .min = 2, .format = format_stock},
    {.column = "age_s", .header = "AGE", .min = 6, .align = 1, .format = format_age},
    {.column = "state_age_s", .header = "CHECKED", .min = 7, .align = 1, .drop = 5,
     .format = format_checked},
    {.column = "uptime_90d", .header = "UP 90d", .min = 6, .align = 1, .drop = 2},
    {.column = "incidents_90d", .header = "INC", .min = 3, .align = 1, .drop = 1},
    {.column = "instance", .header = "MACHINE", .min = 8, .max = 24, .drop = 6, .middle = true},
};

static const struct ct_tview exit_view = {
    .table = &ct_exit_table, .cols = exit_cols, .n_cols = CT_LEN(exit_cols), .frozen = 1,
    .id = "series", .id2 = "cloud", .watch = "series", .series = "series", .noun = "places",
};

/* b: also the places whose state nobody knows. */
static bool with_unknown(const struct ct_panel_query *q)
{
    return strcmp(q->group, "unknown") == 0;
}

static enum ct_status load_exit(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    enum ct_status st = m ? find_thing(r, &query, ct_span(q->subject), a, &m->thing, err)
                          : ct_fail(err, CT_ERR_LIMIT, "exit", NULL);
    struct thing *t = st == CT_OK ? &m->thing : NULL;
    if (t && (t->place.n || t->gpu.n || t->model.n))
        st = ct_read_exit(r, &query, t->place, t->gpu, t->model, with_unknown(q), a, &m->found,
                          err);
    if (st == CT_OK)
        st = ct_tmodel_load(&exit_view, m->found.rows, q, now_ms, a, &m->t, err);
    *model = m;
    return st;
}

/* "from aws/us-east-1: H100-SXM". */
static void say_thing(struct ct_buf *out, const struct thing *t)
{
    struct ct_span what = t->gpu.n ? t->gpu : t->model;
    ct_buf_addf(out, "%s%.*s%s%.*s", t->place.n ? "from " : "", CT_FMT(t->place),
                t->place.n && what.n ? ": " : "", CT_FMT(what));
}

/* A short list must not look like all there is. */
static void say_left_out(struct ct_buf *out, const struct ct_exit *e, bool unknown)
{
    const struct {
        size_t n;
        const char *why;
    } parts[] = {{e->unwell, "not well"}, {unknown ? 0 : e->unknown, "state unknown (b shows them)"},
                 {e->out, "sold out"}, {e->old, "old facts only"}};
    for (size_t i = 0; i < CT_LEN(parts); i++)
        if (parts[i].n)
            ct_buf_addf(out, "%s%zu %s", out->n ? ", " : "left out: ", parts[i].n, parts[i].why);
}

static const char *why_empty(const struct model *m)
{
    if (!m || (!m->thing.place.n && !m->thing.gpu.n && !m->thing.model.n))
        return "nothing in this row is sold";
    if (!m->found.things && !m->thing.gpu.n && !m->thing.model.n)
        return "nothing recorded that this place sells";
    return "no exit: no place that is known to be well sells the same now";
}

/* What the numbers are per: rows of GPUs and of models can stand in one list. */
static void say_units(struct ct_buf *note, const struct ct_tmodel *t)
{
    bool gpus = false, models = false;
    for (size_t i = 0; i < t->rows.n; i++) {
        bool gpu = ct_span_is(((const struct ct_exit_row *)t->rows.v[i])->kind, "gpu");
        gpus = gpus || gpu;
        models = models || !gpu;
    }
    if (gpus || models)
        ct_buf_addf(note, "   %s", !models ? "$/GPU.h" : gpus ? "$/GPU.h, models $/1M" : "$/1M");
}

static void draw_exit(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                      struct ct_buf *note)
{
    const struct model *m = model;
    struct ct_buf left = CT_BUF_INIT;
    if (m) {
        say_thing(note, &m->thing);
        say_units(note, &m->t);
        if (m->found.things || m->thing.gpu.n || m->thing.model.n)
            say_left_out(&left, &m->found, with_unknown(d->query));
    }
    int foot = left.n && box.rows > 5;
    ct_tview_draw(&exit_view, state, m ? &m->t : NULL, d,
                  ct_box_sub(box, 0, 0, box.rows - foot, box.cols), note, why_empty(m));
    if (foot)
        ct_put_field(box, box.rows - 1, 1, box.cols - 1, -1, CT_ROLE_DIM, ct_buf_span(&left));
    ct_buf_free(&left);
}

/* Enter opens the price, as it does elsewhere. */
static enum ct_act_result detail(struct ct_span series, struct ct_frame_request *req)
{
    req->kind = CT_REQ_DETAIL;
    snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(series));
    return CT_ACT_DRAW;
}

static enum ct_act_result act_exit(void *state, const void *model, enum ct_action action, int letter,
                                   struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct model *m = model;
    const struct ct_exit_row *row = m ? ct_tview_row(state, &m->t) : NULL;
    if (action == CT_ACT_DETAIL && row)
        return detail(row->series, req);
    if (action == CT_ACT_GROUP) {
        snprintf(q->group, sizeof(q->group), "%s", with_unknown(q) ? "" : "unknown");
        return CT_ACT_LOAD;
    }
    return ct_tview_act(&exit_view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_exit = {
    .id = "exit", .title = "The exit", .keys = CT_KEYS_TABLE, .table = &ct_exit_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load_exit,
    .draw = draw_exit, .act = act_exit,
};

/* ---- what it would cost ---- */

static enum ct_role format_total(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_cost_row *r = row;
    (void)d;
    ct_format_price(out, r->total);
    return r->freshness > CT_FRESH ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role format_cost_terms(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    int purchase = ((const struct ct_cost_row *)row)->purchase;
    (void)d;
    ct_buf_adds(out, purchase < 0 ? "-" : ct_view_purchase(purchase));
    return CT_ROLE_DIM;
}

static enum ct_role format_cost_stock(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_cost_row *r = row;
    (void)d;
    if (r->stock >= 0)
        return ct_view_stock(out, r->stock);
    ct_buf_addc(out, '-');
    return CT_ROLE_DIM;
}

static enum ct_role format_cost_age(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_cost_row *r = row;
    (void)d;
    age_cell(r->age_s, out);
    if (r->freshness > CT_FRESH)
        ct_buf_addc(out, '*');
    return r->freshness > CT_FRESH ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role format_cost_price(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_format_price(out, ((const struct ct_cost_row *)row)->price);
    return CT_ROLE_TEXT;
}

static enum ct_role format_cost_output(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_format_price(out, ((const struct ct_cost_row *)row)->output);
    return CT_ROLE_TEXT;
}

static const struct ct_tcol cost_cols[] = {
    {.column = "what", .header = "WHAT", .min = 10, .max = 28, .middle = true, .drop = 6},
    {.column = "cloud", .header = "CLOUD", .min = 8, .max = 18, .middle = true},
    {.column = "region", .header = "REGION", .min = 6, .max = 16, .drop = 3},
    {.column = "total_usd", .header = "TOTAL $", .min = 10, .max = 16, .align = 1,
     .format = format_total},
    {.column = "purchase", .header = "TERMS", .min = 5, .drop = 2, .format = format_cost_terms},
    {.column = "price", .header = "PRICE", .min = 7, .max = 9, .align = 1,
     .format = format_cost_price},
    {.column = "output", .header = "OUT", .min = 7, .max = 9, .align = 1, .drop = 5,
     .format = format_cost_output},
    {.column = "units", .header = "UNITS", .min = 5, .align = 1, .drop = 4},
    {.column = "gpus", .header = "GPUS", .min = 4, .align = 1, .drop = 4},
    {.column = "stock", .header = "ST", .min = 2, .format = format_cost_stock},
    {.column = "evidence", .header = "EVIDENCE", .min = 8, .drop = 5},
    {.column = "age_s", .header = "AGE", .min = 5, .align = 1, .format = format_cost_age},
    {.column = "instance", .header = "ID", .min = 10, .max = 30, .drop = 7, .middle = true},
};

static const struct ct_tview cost_view = {
    .table = &ct_cost_table, .cols = cost_cols, .n_cols = CT_LEN(cost_cols), .frozen = 2,
    .id = "series", .id2 = "instance", .watch = "series", .series = "series", .noun = "places",
    .old_last = true,
};

static enum ct_status load_cost(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = m ? find_thing(r, &query, ct_span(q->subject), a, &m->thing, err)
                          : ct_fail(err, CT_ERR_LIMIT, "cost", NULL);
    if (st == CT_OK && (m->thing.gpu.n || m->thing.model.n)) {
        struct ct_cost_job job = {.gpu = m->thing.gpu, .model = m->thing.model, .purchase = -1,
                                  .gpus = q->wants.gpus, .hours = q->wants.hours,
                                  .input_tokens = q->wants.input_tokens,
                                  .output_tokens = q->wants.output_tokens};
        st = ct_read_cost(r, &query, &job, a, &rows, err);
    }
    if (st == CT_OK)
        st = ct_tmodel_load(&cost_view, rows, q, now_ms, a, &m->t, err);
    *model = m;
    return st;
}

static void say_tokens(struct ct_buf *out, int64_t n)
{
    if (n >= 1000000 && n % 1000000 == 0)
        ct_buf_addf(out, "%lldM", (long long)(n / 1000000));
    else if (n >= 1000 && n % 1000 == 0)
        ct_buf_addf(out, "%lldk", (long long)(n / 1000));
    else
        ct_buf_addf(out, "%lld", (long long)n);
}

static void draw_cost(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                      struct ct_buf *note)
{
    const struct model *m = model;
    const struct ct_wants *w = &d->query->wants;
    bool gpu = m && m->thing.gpu.n, any = m && (gpu || m->thing.model.n);
    if (gpu) {
        ct_buf_addf(note, "%lld x %.*s for %lld h   $/GPU.h", (long long)w->gpus, CT_FMT(m->thing.gpu),
                    (long long)w->hours);
    } else if (any) {
        ct_buf_addf(note, "%.*s: ", CT_FMT(m->thing.model));
        say_tokens(note, w->input_tokens);
        ct_buf_adds(note, " in, ");
        say_tokens(note, w->output_tokens);
        ct_buf_adds(note, " out   $/1M");
    }
    ct_tview_draw(&cost_view, state, m ? &m->t : NULL, d, box, note,
                  any ? "no place known that sells it at a published price"
                      : "a cost needs a GPU or a model: choose an offer, a type or a model");
}

static enum ct_act_result act_cost(void *state, const void *model, enum ct_action action, int letter,
                                   struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct model *m = model;
    const struct ct_cost_row *row = m ? ct_tview_row(state, &m->t) : NULL;
    if (action == CT_ACT_DETAIL && row)
        return detail(row->series, req);
    return ct_tview_act(&cost_view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_cost = {
    .id = "cost", .title = "What it would cost", .keys = CT_KEYS_TABLE, .table = &ct_cost_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load_cost,
    .draw = draw_cost, .act = act_cost,
};
