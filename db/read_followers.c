/* Who moved a model's price first, who followed and after how long, and who has not. A date here is when a list
 * showed it: lists lag. */
#include "db/columns.h"
#include "db/reader.h"

#include <stdlib.h>

enum { FOLLOW_DAYS = 90 };

#define ROW struct ct_move_row
static const struct ct_column move_columns[] = {
    COL(TIME, "at", at_ms, ALIAS("when")),
    COL(TEXT, "role", role, SEARCH, ALIAS("what")),
    COL(INT, "after_days", after_days, ALIAS("days")),
    COL(TEXT, "lab", lab, SEARCH),
    COL(TEXT, "model", model, SEARCH),
    COL(TEXT, "variant", variant, SEARCH),
    COL(TEXT, "host", host, SEARCH, ALIAS("cloud provider")),
    COL(TEXT, "region", region, SEARCH),
    ENUM("kind", kind, ct_token_kind_words, SEARCH),
    COL(TEXT, "tier", tier, SEARCH),
    COL(NANO, "old", old_price),
    COL(NANO, "new", new_price, ALIAS("price now")),
    COL(MILLI, "change_pct", pct_milli, ALIAS("change")),
    COL(BOOL, "suspect", suspect),
    COL(TEXT, "source", source, SEARCH),
    COL(TEXT, "series", series),
};
TABLE(ct_move_table, "price_move", ROW, move_columns);
#undef ROW

static const char first[] = "first", follows[] = "follows", again[] = "other list", not_yet[] = "not yet",
                  disputed[] = "lists differ", corrected[] = "suspect";

struct moves {
    struct ct_reader *r;
    struct ct_query q;
    struct ct_arena *arena;
    CT_VEC(struct ct_move_row) v;
    CT_VEC(const struct ct_token_row *) sellers; /* all series asked for */
};

static bool was_away(const struct ct_history *h, int64_t from_ms, int64_t to_ms)
{
    const struct ct_gap *g = h->gaps.v;
    for (size_t i = 0; i < h->gaps.n; i++)
        if (g[i].from_ms >= from_ms && g[i].from_ms <= to_ms && ct_span_is(g[i].reason, "not offered"))
            return true;
    return false;
}

static bool is_suspect(const struct ct_point *from, const struct ct_point *to)
{
    return to->suspect || from->suspect || ct_is_correction(from->last, to->last, true);
}

static void add_move(struct moves *m, const struct ct_token_row *t, struct ct_span source,
                     const struct ct_point *from, const struct ct_point *to)
{
    struct ct_move_row *row = CT_VEC_PUSH(m->arena, &m->v);
    if (!row)
        return;
    *row = (struct ct_move_row){.at_ms = to->at_ms, .after_days = CT_NONE, .lab = t->price.lab,
                                .model = t->price.model, .variant = t->price.variant,
                                .host = t->price.host, .region = t->price.region,
                                .kind = t->price.kind, .tier = t->price.tier, .old_price = from->last,
                                .new_price = to->last, .suspect = is_suspect(from, to),
                                .source = source, .series = t->series,
                                .pct_milli = from->last ? ct_pct_change(from->last, to->last) : CT_NONE};
}

/* The changes of one price. What was gone between two prices came back: that is no move. */
static enum ct_status take_series(struct moves *m, const struct ct_token_row *t, struct ct_error *err)
{
    struct ct_rows all = {NULL, 0};
    struct ct_query q = m->q;
    q.subject = t->series;
    enum ct_status st = ct_read_history(m->r, &q, m->arena, &all, err);
    const struct ct_history *h = all.v;
    for (size_t i = 0; st == CT_OK && i < all.n; i++) {
        const struct ct_point *p = h[i].points.v;
        if (!ct_span_eq(h[i].series, t->series))
            continue;
        for (size_t k = 1; k < h[i].points.n; k++)
            if (!(m->q.believed && is_suspect(&p[k - 1], &p[k])) && p[k].last != p[k - 1].last && p[k].last != CT_NONE && p[k - 1].last != CT_NONE &&
                !was_away(&h[i], p[k - 1].at_ms, p[k].at_ms))
                add_move(m, t, h[i].source, &p[k - 1], &p[k]);
    }
    return st == CT_ERR_NOT_FOUND ? CT_OK : st;
}

static int by_time(const void *a, const void *b)
{
    const struct ct_move_row *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms > y->at_ms ? -1 : 1;
    int way = ct_span_cmp(x->host, y->host);
    return way ? way : ct_span_cmp(x->series, y->series);
}

static bool down(const struct ct_move_row *x)
{
    return x->new_price < x->old_price;
}

/* Whether the move X answers the move of Y before it: the same way, of one kind and tier, soon enough. */
static bool answers(const struct ct_move_row *x, const struct ct_move_row *y)
{
    return y->role.p == first && !y->suspect && x->at_ms >= y->at_ms && x->kind == y->kind &&
           ct_span_eq(x->tier, y->tier) && down(x) == down(y) &&
           x->at_ms - y->at_ms <= FOLLOW_DAYS * CT_DAY;
}

static bool same_place(const struct ct_move_row *x, const struct ct_move_row *y)
{
    return ct_span_eq(x->host, y->host) && ct_span_ieq(ct_geography(x->region), ct_geography(y->region));
}

/* Row I of the N at ROWS (newest first): what those before it in time make of it. */
static void give_role(struct ct_move_row *rows, size_t n, size_t i)
{
    struct ct_move_row *x = &rows[i];
    x->role = ct_span(x->suspect ? corrected : first);
    for (size_t k = i + 1; k < n && !x->suspect; k++) {
        const struct ct_move_row *y = &rows[k];
        bool repeat = same_place(x, y) && x->kind == y->kind && ct_span_eq(x->tier, y->tier) &&
                      x->new_price == y->new_price && !ct_span_eq(x->source, y->source);
        if (repeat && x->at_ms - y->at_ms <= FOLLOW_DAYS * CT_DAY) {
            x->role = ct_span(again);
            return;
        }
        if (ct_span_eq(x->host, y->host) && ct_span_eq(x->region, y->region) && answers(x, y))
            return; /* it leads a second time */
        if (!ct_span_eq(x->host, y->host) && answers(x, y)) {
            x->role = ct_span(follows);
            x->after_days = (x->at_ms - y->at_ms) / CT_DAY;
            return;
        }
    }
}

/* Who sells at the old price still, of those the newest move leaves behind; or may, where lists disagree. */
static void add_waiting(struct moves *m, int64_t t)
{
    struct ct_move_row lead = {.at_ms = CT_NONE};
    size_t n = m->v.n;
    for (size_t i = 0; i < n && lead.at_ms == CT_NONE; i++)
        if (m->v.v[i].role.p == first)
            lead = m->v.v[i];
    for (size_t s = 0; s < m->sellers.n && lead.at_ms != CT_NONE; s++) {
        const struct ct_token_row *p = m->sellers.v[s];
        bool moved = p->price.kind != lead.kind || !ct_span_eq(p->price.tier, lead.tier) ||
                     ct_span_eq(p->price.host, lead.host) || p->price.per_mtok == CT_NONE ||
                     p->gone == 1 || p->changed_ms >= lead.at_ms;
        struct ct_move_row *row = moved ? NULL : CT_VEC_PUSH(m->arena, &m->v);
        if (row)
            *row = (struct ct_move_row){.at_ms = CT_NONE, .role = ct_span(p->lists_differ == 1 ? disputed : not_yet),
                                        .after_days = (t - lead.at_ms) / CT_DAY, .lab = p->price.lab,
                                        .model = p->price.model, .variant = p->price.variant,
                                        .host = p->price.host, .region = p->price.region,
                                        .kind = p->price.kind, .tier = p->price.tier,
                                        .old_price = p->price.per_mtok, .new_price = p->price.per_mtok,
                                        .pct_milli = 0, .suspect = p->suspect, .source = p->source,
                                        .series = p->series};
    }
}

static bool is_asked(const struct ct_query *q, const struct ct_token_row *t)
{
    struct ct_span tier = q->group ? ct_span(q->group) : CT_LIT("standard");
    return (t->price.kind == CT_KIND_INPUT || t->price.kind == CT_KIND_OUTPUT) &&
           (t->price.tier.n ? ct_span_eq(t->price.tier, tier) : ct_span_is(tier, "standard")) &&
           ct_names_model(q->subject, &t->price);
}

enum ct_status ct_read_moves(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                             struct ct_rows *out, struct ct_error *err)
{
    struct moves m = {.r = r, .arena = a};
    struct ct_rows prices = {NULL, 0};
    m.q = (struct ct_query){.at_ms = q->at_ms, .now_ms = q->now_ms, .gone = true,
                            .from_ms = q->from_ms, .to_ms = q->to_ms, .whole = true};
    bool believed = q->believed;
    *out = (struct ct_rows){NULL, 0};
    enum ct_status st = ct_read_tokens(r, &m.q, a, &prices, err);
    const struct ct_token_row *t = prices.v;
    m.q.believed = believed; /* who sells is asked of all */
    for (size_t i = 0; st == CT_OK && i < prices.n; i++) {
        if (!is_asked(q, &t[i]))
            continue;
        const struct ct_token_row **kept = CT_VEC_PUSH(a, &m.sellers);
        if (kept)
            *kept = &t[i];
        st = take_series(&m, &t[i], err);
    }
    if (st != CT_OK)
        return st;
    if (m.v.n)
        qsort(m.v.v, m.v.n, sizeof *m.v.v, by_time);
    for (size_t i = m.v.n; i-- > 0;)
        give_role(m.v.v, m.v.n, i);
    add_waiting(&m, q->at_ms == CT_LIVE ? q->now_ms : q->at_ms);
    *out = (struct ct_rows){m.v.v, m.v.n};
    return ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, "moves", NULL) : CT_OK;
}
