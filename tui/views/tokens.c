/* Token prices: all of them, one model at every host, and those that are followed. */
#include "config.h"

#include "tui/views/token_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct state {
    struct ct_tstate table; /* first */
};

enum { MOST_TIERS = 24 };

struct model {
    struct ct_tmodel t;
    struct ct_list tiers;
    int64_t seen_ms;
    struct ct_span index; /* of each class of models */
};

#define TOKEN_COLS(in, out, cache)                                                                 \
    {                                                                                              \
        {.column = "model", .header = "MODEL", .min = 18, .max = 44, .middle = true,               \
         .format = token_model},                                                                  \
            {.column = "lab", .header = "LAB", .min = 8, .max = 12, .drop = 5},                    \
            {.column = "host", .header = "HOST", .min = 9, .max = 18, .middle = true},             \
            {.column = "region", .header = "REGION", .min = 6, .max = 16, .drop = 2},              \
            {.column = "input", .header = "IN", .min = 7, .max = 9, .align = 1, .format = in},     \
            {.column = "output", .header = "OUT", .min = 7, .max = 9, .align = 1, .format = out},  \
            {.column = "cache_read", .header = "CACHE", .min = 7, .max = 9, .align = 1, .drop = 4, \
             .format = cache},                                                                     \
            {.column = "blended", .header = "BLEND", .min = 7, .max = 9, .align = 1, .drop = 8,    \
             .format = token_blend},                                                              \
            {.column = "premium_pct", .header = "OVER LAB", .min = 8, .align = 1, .drop = 3,       \
             .format = token_premium},                                                            \
            {.column = "change_30d_pct", .header = "30d", .min = 7, .align = 1, .drop = 3,         \
             .format = token_change},                                                             \
            {.column = "context", .header = "CTX", .min = 5, .align = 1, .drop = 6,                \
             .format = token_context},                                                            \
            {.column = "source", .header = "SOURCE", .min = 10, .max = 22, .drop = 7,              \
             .format = token_source},                                                             \
            {.column = "seen", .header = "SEEN", .min = 7, .align = 1, .drop = 1,                  \
             .format = token_seen},                                                               \
    }

static const struct ct_tcol million_cols[] =
    TOKEN_COLS(token_in_per_million, token_out_per_million, token_cache_per_million);
static const struct ct_tcol thousand_cols[] =
    TOKEN_COLS(token_in_per_thousand, token_out_per_thousand, token_cache_per_thousand);

#define TOKEN_VIEW(columns, compared)                                                              \
    {                                                                                              \
        .table = &token_rows, .cols = columns, .n_cols = CT_LEN(columns), .frozen = 1, .id = "row", \
        .watch = "series", .series = "series", .noun = "models", .notable = token_notable,               \
        .old_last = true, .row_role = token_role, .filters = compared                                \
    }
static const char *const unit_words[] = {"$/1M", "$/1K", NULL};
static const struct ct_tview views[2] = {TOKEN_VIEW(million_cols, NULL),
                                         TOKEN_VIEW(thousand_cols, "$/1M")};

/* ---- panel ---- */

/* The tiers there are, in the order of b: the usual one first. */
static void find_tiers(struct ct_rows prices, struct ct_arena *a, struct model *m)
{
    const struct ct_token_row *t = prices.v;
    m->tiers = (struct ct_list){ct_arena_alloc(a, (MOST_TIERS + 1) * sizeof(struct ct_span)), 0};
    if (!m->tiers.v)
        return;
    m->tiers.v[m->tiers.n++] = CT_LIT("standard");
    for (size_t i = 0; i < prices.n; i++) {
        size_t k = 0;
        while (k < m->tiers.n && !token_in_tier(&t[i], m->tiers.v[k]))
            k++;
        if (k == m->tiers.n && k < MOST_TIERS)
            m->tiers.v[m->tiers.n++] = ct_arena_dup(a, t[i].price.tier);
    }
}

static struct ct_span tier_of(const struct ct_panel_query *q)
{
    return ct_span(q->group[0] ? q->group : "standard");
}

static struct ct_query query_of(const struct ct_panel_query *q, int64_t now_ms)
{
    struct ct_query query = ct_view_query(q, now_ms);
    query.mix_input = q->wants.mix_input;
    query.mix_output = q->wants.mix_output;
    return query;
}

/* "frontier 2.00/10.00  middle 0.60/3.00": input and output. */
static enum ct_status load_index(struct ct_reader *r, const struct ct_query *query, struct ct_arena *a,
                                 struct model *m, struct ct_error *err)
{
    struct ct_rows rows = {NULL, 0};
    struct ct_buf text = CT_BUF_INIT;
    enum ct_status st = ct_read_classes(r, query, a, &rows, err);
    const struct ct_class_row *c = rows.v;
    for (size_t i = 0; st == CT_OK && i + 1 < rows.n; i++) {
        if (!ct_span_eq(c[i].name, c[i + 1].name) || c[i].index == CT_NONE || c[i + 1].index == CT_NONE)
            continue;
        ct_buf_addf(&text, "%s%.*s ", text.n ? "  " : "", CT_FMT(c[i].name));
        ct_format_price(&text, c[i].index);
        ct_buf_addc(&text, '/');
        ct_format_price(&text, c[i + 1].index);
    }
    m->index = ct_arena_dup(a, ct_buf_span(&text));
    ct_buf_free(&text);
    return st;
}

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = query_of(q, now_ms);
    struct ct_rows prices = {NULL, 0}, rows = {NULL, 0};
    struct ct_arena *scratch = ct_arena_new(0);
    enum ct_status st = m ? ct_read_tokens(r, &query, scratch, &prices, err)
                          : ct_fail(err, CT_ERR_LIMIT, "tokens", NULL);
    if (st == CT_OK) {
        find_tiers(prices, a, m);
        st = token_pivot(prices, tier_of(q), scratch, a, &rows, err);
    }
    ct_arena_free(scratch);
    if (st == CT_OK) {
        const struct token_row *row = rows.v;
        m->seen_ms = CT_NONE;
        for (size_t i = 0; i < rows.n; i++)
            m->seen_ms = row[i].seen_ms > m->seen_ms ? row[i].seen_ms : m->seen_ms;
        st = ct_tmodel_load(&views[0], rows, q, now_ms, a, &m->t, err);
    }
    if (st == CT_OK)
        st = load_index(r, &query, a, m, err);
    *model = m;
    return st;
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    struct state *s = state;
    const struct model *m = model;
    ct_buf_adds(note, !d->query->unit ? unit_words[0] : box.cols >= 70 ? "$/1K (filters: $/1M)" : "$/1K");
    if (d->query->group[0])
        ct_buf_addf(note, " %s", d->query->group);
    if (box.cols >= 70)
        ct_buf_adds(note, "   - not published");
    if (m)
        ct_note_seen(note, d, m->seen_ms, 3 * CT_DAY);
    bool foot = m && m->index.n && box.rows >= 10;
    ct_tview_draw(&views[d->query->unit], &s->table, m ? &m->t : NULL, d,
                  ct_box_sub(box, 0, 0, box.rows - foot, box.cols), note, "no model price recorded yet");
    if (!foot)
        return;
    struct ct_buf text = CT_BUF_INIT;
    ct_buf_addf(&text, "index $/1M in/out: %.*s   median of each seller's cheapest", CT_FMT(m->index));
    ct_put_field(box, box.rows - 1, 1, box.cols - 1, -1, CT_ROLE_DIM, ct_buf_span(&text));
    ct_buf_free(&text);
}

/* L on OUT or CACHE opens that price. */
static bool open_price(const struct ct_tview *v, const struct ct_tstate *s, const struct token_row *row,
                       enum ct_action action, struct ct_frame_request *req)
{
    const char *column = v->cols[s->col].column;
    int kind = !column                             ? IN
               : strcmp(column, "output") == 0     ? OUT
               : strcmp(column, "cache_read") == 0 ? CACHE
                                                   : IN;
    if ((action != CT_ACT_HISTORY && action != CT_ACT_COMPARE) || !row || s->n_marks || !row->series[kind].n)
        return false;
    req->kind = action == CT_ACT_HISTORY ? CT_REQ_HISTORY : CT_REQ_COMPARE;
    snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->series[kind]));
    return true;
}

/* Enter and w want the price's series; the row's id is the model. */
static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    struct state *s = state;
    const struct model *m = model;
    const struct token_row *row = m ? ct_tview_row(&s->table, &m->t) : NULL;
    if (action == CT_ACT_UNITS) {
        q->unit = !q->unit;
        return CT_ACT_DRAW;
    }
    if (action == CT_ACT_GROUP && m && m->tiers.n > 1) { /* the next tier */
        size_t k = 0;
        while (k < m->tiers.n && !ct_span_eq(m->tiers.v[k], tier_of(q)))
            k++;
        struct ct_span next = m->tiers.v[k + 1 < m->tiers.n ? k + 1 : 0];
        snprintf(q->group, sizeof(q->group), "%.*s", CT_FMT(next));
        if (ct_span_is(next, "standard"))
            q->group[0] = '\0';
        return CT_ACT_LOAD;
    }
    if (action == CT_ACT_DETAIL && row) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->first_series));
        return CT_ACT_DRAW;
    }
    if (open_price(&views[0], &s->table, row, action, req))
        return CT_ACT_DRAW;
    return ct_tview_act(&views[q->unit], &s->table, m ? &m->t : NULL, action, letter, q,
                        req);
}

const struct ct_panel_ops ct_panel_tokens = {
    .id = "tokens", .title = "Token prices", .keys = CT_KEYS_TABLE, .table = &token_rows, .move = ct_tview_move,
    .state_size = sizeof(struct state), .detail = &ct_panel_detail, .load = load, .draw = draw,
    .units = unit_words,
    .act = act,
};

/* ---- one model at every host ---- */

static const struct ct_tcol quote_cols[] = {
    {.column = "host", .header = "HOST", .min = 9, .max = 18, .middle = true},
    {.column = "region", .header = "REGION", .min = 6, .max = 16},
    {.column = "input", .header = "IN", .min = 7, .max = 9, .align = 1, .format = token_in_per_million},
    {.column = "premium_pct", .header = "OVER LAB", .min = 8, .align = 1, .format = token_premium},
    {.column = "output", .header = "OUT", .min = 7, .max = 9, .align = 1, .format = token_out_per_million},
    {.column = "blended", .header = "BLEND", .min = 7, .max = 9, .align = 1, .drop = 2,
     .format = token_blend},
    {.column = "change_30d_pct", .header = "30d", .min = 7, .align = 1, .drop = 3,
     .format = token_change},
    {.column = "variant", .header = "VARIANT", .min = 7, .max = 12, .drop = 4},
    {.column = "source", .header = "SOURCE", .min = 8, .max = 18, .drop = 6},
    {.column = "lists_differ", .header = "OTHER LIST", .min = 10, .max = 24, .drop = 5, .format = token_lists},
    {.column = "seen", .header = "SEEN", .min = 6, .align = 1, .drop = 1, .format = token_seen},
};
static const struct ct_tview quote_view = {
    .table = &token_rows, .cols = quote_cols, .n_cols = CT_LEN(quote_cols), .frozen = 1, .id = "row",
    .watch = "series", .series = "series", .noun = "hosts", .notable = token_notable, .row_role = token_role,
    .old_last = true,
};

struct quotes {
    struct ct_tmodel t;
    struct ct_span model, tier;
};

/* Cheapest first; what has no price last. */
static int by_input(const void *a, const void *b)
{
    const struct token_row *x = a, *y = b;
    if (x->price[IN] != y->price[IN]) {
        bool later = x->price[IN] == CT_NONE || (y->price[IN] != CT_NONE && x->price[IN] > y->price[IN]);
        return later ? 1 : -1;
    }
    return ct_span_cmp(x->id, y->id);
}

static enum ct_status load_quotes(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                  struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct quotes *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = query_of(q, now_ms);
    struct ct_rows prices = {NULL, 0}, rows = {NULL, 0};
    struct ct_arena *scratch = ct_arena_new(0);
    enum ct_status st = m ? ct_read_tokens(r, &query, scratch, &prices, err)
                          : ct_fail(err, CT_ERR_LIMIT, "quotes", NULL);
    const struct ct_token_row *t = prices.v, *of = NULL;
    for (size_t i = 0; st == CT_OK && i < prices.n && !of; i++)
        of = ct_span_is(t[i].series, q->subject) ? &t[i] : NULL;
    size_t from = 0, n = 0; /* prices of one model stand together */
    while (of && from < prices.n && !(ct_span_eq(t[from].price.lab, of->price.lab) &&
                                      ct_span_eq(t[from].price.model, of->price.model)))
        from++;
    while (of && from + n < prices.n && ct_span_eq(t[from + n].price.lab, of->price.lab) &&
           ct_span_eq(t[from + n].price.model, of->price.model))
        n++;
    if (of) {
        m->tier = ct_arena_dup(a, of->price.tier.n ? of->price.tier : CT_LIT("standard"));
        m->model = ct_arena_dup(a, of->price.model);
        st = token_pivot((struct ct_rows){t + from, n}, m->tier, scratch, a, &rows, err);
    }
    ct_arena_free(scratch);
    if (st == CT_OK && rows.n)
        qsort((void *)(uintptr_t)rows.v, rows.n, sizeof(struct token_row), by_input);
    if (st == CT_OK)
        st = ct_tmodel_load(&quote_view, rows, q, now_ms, a, &m->t, err);
    *model = m;
    return st;
}

static void draw_quotes(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                        struct ct_buf *note)
{
    const struct quotes *m = model;
    if (m && m->model.n)
        ct_buf_addf(note, "%.*s  %.*s  $/1M", CT_FMT(m->model), CT_FMT(m->tier));
    ct_tview_draw(&quote_view, state, m ? &m->t : NULL, d, box, note, "no model selected");
}

static enum ct_act_result act_quotes(void *state, const void *model, enum ct_action action, int letter,
                                     struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct quotes *m = model;
    const struct token_row *row = m ? ct_tview_row(state, &m->t) : NULL;
    if (action == CT_ACT_DETAIL && row) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(row->first_series));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&quote_view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_quotes = {
    .id = "quotes", .title = "At every host", .keys = CT_KEYS_TABLE, .table = &token_rows, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .follows = true,
    .load = load_quotes, .draw = draw_quotes, .act = act_quotes,
};

/* ---- what is followed ---- */

enum { MOST_WATCHED = 40, MODELS_SHOWN = 5, HOSTS_SHOWN = 3 };

struct watched {
    struct token_row row; /* first: it has the columns */
    int64_t spark[CT_SPARK];
};
static const struct ct_table watched_table = {.name = "tokens", .row_size = sizeof(struct watched),
                                              .columns = token_columns, .n_columns = CT_LEN(token_columns)};

static void paint_month(const void *row, const struct ct_draw *d, struct ct_box cell)
{
    const struct watched *w = row;
    (void)d;
    ct_view_paint_spark(cell, w->spark, CT_SPARK, token_stale(&w->row));
}

static const struct ct_tcol watched_cols[] = {
    {.column = "model", .header = "MODEL", .min = 11, .max = 32, .middle = true, .format = token_model},
    {.column = "host", .header = "HOST", .min = 6, .max = 16, .middle = true},
    {.column = "input", .header = "IN", .min = 5, .max = 9, .align = 1, .format = token_in_per_million},
    {.column = "output", .header = "OUT", .min = 5, .max = 9, .align = 1, .format = token_out_per_million},
    {.column = "cache_read", .header = "CACHE", .min = 5, .max = 9, .align = 1, .drop = 2, .format = token_cache_per_million},
    {.header = "30d", .min = 4, .max = 16, .drop = 1, .paint = paint_month},
    {.column = "change_30d_pct", .header = "CHANGE", .min = 7, .align = 1, .drop = 4, .format = token_change},
    {.column = "seen", .header = "SEEN", .min = 6, .align = 1, .drop = 3, .format = token_seen},
};
static const struct ct_tview watched_view = {
    .table = &watched_table, .cols = watched_cols, .n_cols = CT_LEN(watched_cols), .frozen = 1, .id = "row",
    .watch = "series", .series = "series", .noun = "models", .notable = token_notable, .row_role = token_role,
};

struct watched_model {
    struct ct_tmodel t;
    bool standing_in; /* no token price is followed */
    int64_t seen_ms;
};

struct picked {
    const struct token_row *row[MOST_WATCHED];
    struct ct_span series[MOST_WATCHED]; /* the price that is followed; null: the row's first */
    size_t n;
};

static void pick(struct picked *p, const struct token_row *row, struct ct_span series)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->row[i] == row)
            return;
    if (p->n == MOST_WATCHED)
        return;
    p->row[p->n] = row;
    p->series[p->n++] = series;
}

/* In the order of the watchlist. */
static void pick_followed(const struct ct_follows *follows, const struct token_row *rows, size_t n, struct picked *p)
{
    for (size_t f = 0; f < follows->v.n; f++) {
        struct ct_follows one = {.v = {&follows->v.v[f], 1, 1}};
        for (size_t i = 0; i < n; i++)
            for (int k = 0; k < N_KINDS; k++)
                if (rows[i].series[k].n && ct_follows(&one, &rows[i], rows[i].series[k])) {
                    pick(p, &rows[i], rows[i].series[k]);
                    break;
                }
    }
}

/* While none is followed: the models that most places sell, each where it is cheapest. Rows of one model stand
 * together. */
static void pick_broadest(struct token_row *rows, size_t n, struct picked *p)
{
    struct {
        size_t from, n;
    } best[MODELS_SHOWN] = {{0, 0}};
    for (size_t i = 0, end; i < n; i = end) {
        size_t priced = 0, to = MODELS_SHOWN;
        for (end = i; end < n && ct_span_eq(rows[end].lab, rows[i].lab) && ct_span_eq(rows[end].model, rows[i].model);)
            priced += rows[end++].price[IN] != CT_NONE;
        while (to > 0 && best[to - 1].n < priced)
            to--;
        if (to < MODELS_SHOWN) {
            memmove(&best[to + 1], &best[to], (MODELS_SHOWN - to - 1) * sizeof(*best));
            best[to].from = i;
            best[to].n = priced;
        }
    }
    for (size_t b = 0; b < MODELS_SHOWN && best[b].n; b++) {
        size_t at = best[b].from, end = at, shown = 0;
        while (end < n && ct_span_eq(rows[end].lab, rows[at].lab) && ct_span_eq(rows[end].model, rows[at].model))
            end++;
        qsort(rows + at, end - at, sizeof(*rows), by_input);
        for (; at < end && shown < HOSTS_SHOWN; at++)
            if (rows[at].price[IN] != CT_NONE && rows[at].gone != 1 && rows[at].old != 1) {
                pick(p, &rows[at], CT_SPAN_NONE);
                shown++;
            }
    }
}

size_t token_flagship(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms, struct ct_arena *a,
                      struct ct_span *out, size_t most)
{
    struct ct_query query = query_of(q, now_ms);
    struct ct_rows prices = {NULL, 0}, rows = {NULL, 0};
    struct ct_arena *scratch = ct_arena_new(0);
    struct picked p = {.n = 0};
    size_t n = 0;
    if (ct_read_tokens(r, &query, scratch, &prices, NULL) == CT_OK &&
        token_pivot(prices, CT_LIT("standard"), scratch, scratch, &rows, NULL) == CT_OK)
        pick_broadest((struct token_row *)(uintptr_t)rows.v, rows.n, &p);
    for (; n < p.n && n < most && ct_span_eq(p.row[n]->model, p.row[0]->model); n++)
        out[n] = ct_arena_dup(a, p.row[n]->series[IN]);
    ct_arena_free(scratch);
    return n;
}

/* The last 30 days of the price it is about. */
static void read_month(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms, struct watched *w)
{
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows found = {NULL, 0};
    struct ct_arena *scratch = ct_arena_new(0);
    int64_t end = ct_view_end(q, now_ms);
    query.subject = w->row.first_series;
    query.from_ms = end - 30 * CT_DAY;
    query.to_ms = end;
    query.max_points = CT_SPARK * 8;
    bool any = ct_read_history(r, &query, scratch, &found, NULL) == CT_OK && found.n;
    for (int i = 0; i < CT_SPARK; i++)
        w->spark[i] = any ? ct_view_value_at(found.v, end - (CT_SPARK - 1 - i) * CT_DAY - 1) : CT_NONE;
    ct_arena_free(scratch);
}

static enum ct_status keep_picked(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                  const struct picked *p, struct ct_arena *a, struct watched_model *m,
                                  struct ct_error *err)
{
    static const struct token_row none;
    struct watched *kept = ct_arena_alloc(a, (p->n + 1) * sizeof(*kept));
    m->seen_ms = CT_NONE;
    for (size_t i = 0; kept && i < p->n; i++) {
        kept[i].row = *p->row[i];
        kept[i].row.first_series = p->series[i].n ? p->series[i] : kept[i].row.first_series;
        token_keep(a, &kept[i].row, i ? &kept[i - 1].row : &none);
        read_month(r, q, now_ms, &kept[i]);
        m->seen_ms = kept[i].row.seen_ms > m->seen_ms ? kept[i].row.seen_ms : m->seen_ms;
    }
    if (!kept || ct_arena_full(a))
        return ct_fail(err, CT_ERR_LIMIT, "tokens", NULL);
    struct ct_panel_query own = *q;
    own.watch_only = false; /* all of it is followed */
    own.watch[0] = '\0';
    return ct_tmodel_load(&watched_view, (struct ct_rows){kept, p->n}, &own, now_ms, a, &m->t, err);
}

static enum ct_status load_watched(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                   struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct watched_model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = query_of(q, now_ms);
    struct ct_rows prices = {NULL, 0}, rows = {NULL, 0};
    struct ct_follows follows = {.v = {NULL, 0, 0}};
    struct ct_arena *scratch = ct_arena_new(0);
    struct picked p = {.n = 0};
    enum ct_status st = m ? ct_read_tokens(r, &query, scratch, &prices, err)
                          : ct_fail(err, CT_ERR_LIMIT, "tokens", NULL);
    if (st == CT_OK)
        st = token_pivot(prices, CT_LIT("standard"), scratch, scratch, &rows, err);
    if (st == CT_OK && ct_follows_read(&token_rows, q->watch, now_ms, scratch, &follows) != CT_OK)
        st = ct_fail(err, CT_ERR_LIMIT, "tokens", NULL);
    if (st == CT_OK) {
        struct token_row *v = (struct token_row *)(uintptr_t)rows.v;
        pick_followed(&follows, v, rows.n, &p);
        m->standing_in = p.n == 0;
        if (m->standing_in)
            pick_broadest(v, rows.n, &p);
        st = keep_picked(r, q, now_ms, &p, a, m, err);
    }
    ct_arena_free(scratch);
    *model = m;
    return st;
}

static void draw_watched(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                         struct ct_buf *note)
{
    const struct watched_model *m = model;
    ct_buf_adds(note, m && m->standing_in && box.cols >= 44 ? "most sold   $/1M" : "$/1M");
    if (m)
        ct_note_seen(note, d, m->seen_ms, 3 * CT_DAY);
    ct_tview_draw(&watched_view, state, m ? &m->t : NULL, d, box, note, "no model price recorded yet");
}

static enum ct_act_result act_watched(void *state, const void *model, enum ct_action action, int letter,
                                      struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct watched_model *m = model;
    const struct watched *w = m ? ct_tview_row(state, &m->t) : NULL;
    if (action == CT_ACT_DETAIL && w) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(w->row.first_series));
        return CT_ACT_DRAW;
    }
    if (w && open_price(&watched_view, state, &w->row, action, req))
        return CT_ACT_DRAW;
    return ct_tview_act(&watched_view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_tokenwatch = {
    .id = "tokenwatch", .title = "Tokens", .keys = CT_KEYS_TABLE, .table = &watched_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load_watched,
    .draw = draw_watched, .act = act_watched,
};
