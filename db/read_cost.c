/* What a job would cost, place by place. */
#include "db/columns.h"
#include "db/reader.h"

#include <stdlib.h>

#define ROW struct ct_cost_row
static const struct ct_column cost_columns[] = {
    COL(TEXT, "what", what, SEARCH, ALIAS("gpu model")),
    COL(TEXT, "cloud", cloud, SEARCH, ALIAS("host provider")),
    COL(TEXT, "region", region, SEARCH),
    COL(TEXT, "instance", instance, SEARCH),
    ENUM("purchase", purchase, ct_purchase_words, SEARCH),
    COL(INT, "units", units),
    COL(INT, "gpus", gpus),
    COL(NANO, "total_usd", total, FLAGS(CT_COL_PRICE), ALIAS("total cost")),
    COL(NANO, "price", price, FLAGS(CT_COL_PRICE), ALIAS("input")),
    COL(NANO, "output", output, FLAGS(CT_COL_PRICE)),
    ENUM("stock", stock, ct_stock_words),
    ENUM("evidence", evidence, ct_evidence_words),
    ENUM("freshness", freshness, ct_freshness_words, FLAGS(CT_COL_RANKED)),
    COL(INT, "age_s", age_s, ALIAS("age")),
    COL(TEXT, "series", series),
    COL(BOOL, "old", old, FLAGS(CT_COL_HIDDEN)),
};
TABLE(ct_cost_table, "cost", ROW, cost_columns);
#undef ROW

struct costs {
    struct ct_arena *arena;
    CT_VEC(struct ct_cost_row) rows;
};

/* A x B, CT_NONE when it is more than a number holds. */
static int64_t times(int64_t a, int64_t b)
{
    int64_t product;
    return a == CT_NONE || b == CT_NONE || __builtin_mul_overflow(a, b, &product) ? CT_NONE : product;
}

static int by_total(const void *a, const void *b)
{
    const struct ct_cost_row *x = a, *y = b;
    int way = x->old - y->old;
    if (way == 0)
        way = ct_by_number(x->total, y->total);
    if (way == 0)
        way = ct_span_cmp(x->cloud, y->cloud);
    if (way == 0)
        way = ct_span_cmp(x->region, y->region);
    return way ? way : ct_span_cmp(x->series, y->series);
}

/* ---- GPUs: whole instances ---- */

static void cost_offer(struct costs *c, const struct ct_cost_job *job, const struct ct_offer_row *o)
{
    int64_t each = o->offer.gpu_count_milli;
    struct ct_span what = ct_gpu_name(c->arena, &o->offer);
    if (!o->offer.gpu.n || o->gone == 1 || o->quarantined == 1 || o->usd_per_gpu_hour == CT_NONE ||
        each < 1000 || each % 1000 || !ct_names_gpu(job->gpu, what) ||
        (job->purchase >= 0 && o->offer.purchase != job->purchase))
        return;
    each /= 1000;
    int64_t units = job->gpus / each + (job->gpus % each != 0);
    struct ct_cost_row row = {.what = what,
                              .cloud = o->offer.cloud,
                              .region = o->offer.region,
                              .instance = o->offer.instance,
                              .purchase = o->offer.purchase,
                              .units = units,
                              .gpus = times(units, each),
                              .price = o->usd_per_gpu_hour,
                              .output = CT_NONE,
                              .stock = o->offer.stock < 0 ? CT_STOCK_UNKNOWN : o->offer.stock,
                              .evidence = o->evidence,
                              .freshness = o->freshness,
                              .old = o->old,
                              .age_s = o->age_s,
                              .series = o->series};
    row.total = times(times(row.price, row.gpus), job->hours);
    struct ct_cost_row *kept = row.total == CT_NONE ? NULL : CT_VEC_PUSH(c->arena, &c->rows);
    if (kept)
        *kept = row;
}

/* ---- models: input and output of one id at one host ---- */

static int by_id(const void *a, const void *b)
{
    const struct ct_token_row *x = a, *y = b;
    const struct ct_span p[] = {x->source, x->price.source_id, x->price.host, x->price.region};
    const struct ct_span q[] = {y->source, y->price.source_id, y->price.host, y->price.region};
    for (size_t i = 0; i < CT_LEN(p); i++) {
        int way = ct_span_cmp(p[i], q[i]);
        if (way)
            return way;
    }
    return ct_span_cmp(x->series, y->series);
}

static bool same_id(const struct ct_token_row *x, const struct ct_token_row *y)
{
    return ct_span_eq(x->source, y->source) && ct_span_eq(x->price.source_id, y->price.source_id) &&
           ct_span_eq(x->price.host, y->price.host) && ct_span_eq(x->price.region, y->price.region);
}

static bool counts(const struct ct_cost_job *job, const struct ct_token_row *t)
{
    const struct ct_token_price *p = &t->price;
    return p->host.n && t->gone != 1 && t->suspect != 1 && p->per_mtok != CT_NONE &&
           (p->kind == CT_KIND_INPUT || p->kind == CT_KIND_OUTPUT) &&
           (!p->tier.n || ct_span_is(p->tier, "standard")) && ct_names_model(job->model, p);
}

/* TOKENS at PRICE a million; none cost nothing, whatever the price. */
static ct_nusd cost_tokens(int64_t tokens, ct_nusd price)
{
    if (tokens == 0)
        return 0;
    return price == CT_NONE ? CT_NONE : ct_muldiv(price, tokens, 1000000);
}

/* The prices of one id, N of them from T. */
static void cost_id(struct costs *c, const struct ct_cost_job *job, const struct ct_token_row *t, size_t n)
{
    struct ct_cost_row row = {
        .what = ct_arena_printf(c->arena, "%.*s/%.*s", CT_FMT(t->price.lab), CT_FMT(t->price.model)),
        .cloud = t->price.host,
        .region = t->price.region,
        .instance = t->price.source_id,
        .purchase = -1,
        .units = CT_NONE,
        .gpus = CT_NONE,
        .price = CT_NONE,
        .output = CT_NONE,
        .stock = -1,
        .evidence = t->evidence,
        .freshness = t->freshness,
        .old = t->old,
        .age_s = t->age_s,
        .series = t->series};
    for (size_t i = 0; i < n; i++)
        *(t[i].price.kind == CT_KIND_INPUT ? &row.price : &row.output) = t[i].price.per_mtok;
    ct_nusd in = cost_tokens(job->input_tokens, row.price);
    ct_nusd out = cost_tokens(job->output_tokens, row.output);
    if (in == CT_NONE || out == CT_NONE || __builtin_add_overflow(in, out, &row.total))
        return;
    struct ct_cost_row *kept = CT_VEC_PUSH(c->arena, &c->rows);
    if (kept)
        *kept = row;
}

static void cost_models(struct costs *c, const struct ct_cost_job *job, struct ct_rows prices)
{
    const struct ct_token_row *t = prices.v;
    CT_VEC(struct ct_token_row) kept = {0};
    for (size_t i = 0; i < prices.n; i++) {
        struct ct_token_row *row = counts(job, &t[i]) ? CT_VEC_PUSH(c->arena, &kept) : NULL;
        if (row)
            *row = t[i];
    }
    if (kept.n)
        qsort(kept.v, kept.n, sizeof *kept.v, by_id);
    for (size_t i = 0, n; i < kept.n; i += n) {
        for (n = 1; i + n < kept.n && same_id(&kept.v[i], &kept.v[i + n]); n++)
            ;
        cost_id(c, job, &kept.v[i], n);
    }
}

enum ct_status ct_read_cost(struct ct_reader *r, const struct ct_query *q, const struct ct_cost_job *job,
                            struct ct_arena *a, struct ct_rows *out, struct ct_error *err)
{
    struct costs c = {.arena = a};
    struct ct_query all = {.at_ms = q->at_ms, .now_ms = q->now_ms};
    struct ct_rows rows = {NULL, 0};
    enum ct_status status = job->gpu.n ? ct_read_offers(r, &all, a, &rows, err)
                                       : ct_read_tokens(r, &all, a, &rows, err);
    if (status != CT_OK)
        return status;
    for (size_t i = 0; job->gpu.n && i < rows.n; i++)
        cost_offer(&c, job, &((const struct ct_offer_row *)rows.v)[i]);
    if (!job->gpu.n)
        cost_models(&c, job, rows);
    if (c.rows.n)
        qsort(c.rows.v, c.rows.n, sizeof *c.rows.v, by_total);
    *out = (struct ct_rows){c.rows.v, c.rows.n};
    return ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, "cost", NULL) : CT_OK;
}
