/* Who rents which GPU, at what price, and is there any: the offers one by one (in groups: read_gpus.c). */
#include "db/base/keyed.h"
#include "db/base/terms.h"
#include "db/columns.h"
#include "db/offer_items.h"
#include "db/risk.h"

#include <stdlib.h>
#include <string.h>

#define ROW struct ct_offer_row
static const struct ct_column offer_columns[] = {
    COL(TEXT, "cloud", offer.cloud, SEARCH, ALIAS("provider")),
    COL(TEXT, "region", offer.region, SEARCH),
    COL(TEXT, "zone", offer.zone),
    COL(TEXT, "sku", offer.sku),
    COL(TEXT, "instance", offer.instance, SEARCH),
    COL(TEXT, "gpu", offer.gpu, SEARCH),
    COL(TEXT, "form", offer.form, SEARCH),
    COL(MILLI, "gpu_mem_gib", offer.gpu_mem_milli, ALIAS("mem vram")),
    COL(MILLI, "gpu_count", offer.gpu_count_milli, ALIAS("count gpus")),
    COL(MILLI, "vcpu", offer.vcpu_milli),
    COL(MILLI, "mem_gib", offer.mem_milli, ALIAS("ram")),
    ENUM("purchase", offer.purchase, ct_purchase_words, SEARCH, ALIAS("type")),
    COL(TEXT, "currency", offer.currency),
    COL(NANO, "price_per_hour", offer.price_per_hour, FLAGS(CT_COL_PRICE)),
    COL(NANO, "price_per_gpu_hour", offer.price_per_gpu_hour, FLAGS(CT_COL_PRICE)),
    COL(BOOL, "host_included", offer.host_included),
    ENUM("stock", offer.stock, ct_stock_words, FLAGS(CT_COL_RANKED), ALIAS("st")),
    COL(INT, "stock_count", offer.stock_count),
    COL(TEXT, "interruption", offer.interruption, ALIAS("risk")),
    COL(TIME, "effective_at", offer.effective_ms),
    COL(NANO, "price_usd_per_gpu_hour", usd_per_gpu_hour, FLAGS(CT_COL_PRICE), ALIAS("price now")),
    COL(MILLI, "change_24h_pct", change_24h_milli, ALIAS("change 24h")),
    COL(BOOL, "low_90d", low_90d, ALIAS("low")),
    COL(NANO, "usd_per_pflop_hour", usd_per_pflop_hour, FLAGS(CT_COL_PRICE), ALIAS("pflop")),
    COL(INT, "age_s", age_s, ALIAS("age")),
    ENUM("evidence", evidence, ct_evidence_words),
    COL(TEXT, "series", series, SEARCH),
    COL(TEXT, "source", source, SEARCH),
    ENUM("freshness", freshness, ct_freshness_words, FLAGS(CT_COL_RANKED)),
    COL(TIME, "seen_at", seen_ms, ALIAS("seen")),
    COL(TIME, "changed_at", changed_ms, ALIAS("changed")),
    COL(BOOL, "quarantined", quarantined),
    COL(BOOL, "gone", gone),
    COL(BOOL, "converted", converted),
    COL(TEXT, "interruption_source", risk_source),
    COL(INT, "interruption_age_s", risk_age_s),
    COL(NANO, "usd_per_gb_hour", usd_per_gb_hour, FLAGS(CT_COL_PRICE), ALIAS("gb")),
    COL(NANO, "price_usd_per_hour", usd_per_hour, FLAGS(CT_COL_PRICE)),
    COL(BOOL, "old", old, FLAGS(CT_COL_HIDDEN)),
    COL(TEXT, "key", key, FLAGS(CT_COL_HIDDEN)),
};
TABLE(ct_offer_table, "offer", ROW, offer_columns);
#undef ROW

/* ---- offers ---- */

struct ct_offer_item *ct_offer_item_new(struct ct_offer_items *out)
{
    if (out->v.n == out->v.cap) {
        out->v.cap = out->v.cap ? 2 * out->v.cap : 64;
        out->v.v = ct_xrealloc(out->v.v, out->v.cap * sizeof *out->v.v);
    }
    return &out->v.v[out->v.n++];
}

void ct_offer_item_keep(void *items, struct ct_offer_item *it)
{
    *ct_offer_item_new(items) = *it;
}

/* What is taken of offers: what is there at the moment, or left after GONE_MS; LEFT: what left alone. */
struct taking {
    struct ct_reader *r;
    int64_t gone_ms;
    bool left;
    ct_take_offer_item *take;
    void *ctx;
    struct ct_span said[256]; /* texts read lately, by their hash: many rows say the same */
};

/* The texts of facts that others have, too, lie once in the arena as long as they are said again soon. */
static void keep_texts(struct taking *t, struct ct_offers *o)
{
    struct ct_reader *r = t->r;
    for (enum ct_fact f = CT_FACT_KEY + 1; f < CT_FACTS; f++) /* the key becomes a name */
        for (size_t i = 0; ct_offers_is_text(f) && i < o->fact[f].n; i++) {
            struct ct_span *text = &o->fact[f].text[i];
            struct ct_span *known = &t->said[ct_hash(*text) % CT_LEN(t->said)];
            if (text->p && !(known->p && ct_span_eq(*known, *text)))
                *known = ct_arena_dup(r->arena, *text);
            *text = text->p ? *known : *text;
        }
}

/* "gpu/KEY": the key is how it ends. */
static struct ct_span name_of(struct ct_reader *r, struct ct_span key)
{
    static const char kind[] = "gpu/";
    size_t n = sizeof kind - 1;
    char *name = ct_arena_alloc(r->arena, n + key.n + 1);
    if (!name)
        return CT_SPAN_NONE;
    memcpy(name, kind, n);
    if (key.n)
        memcpy(name + n, key.p, key.n);
    return (struct ct_span){name, n + key.n};
}

static int enum_of(int64_t v, int last)
{
    return v < 0 || v > last ? -1 : (int)v;
}

static void set_facts(const struct ct_offers *o, size_t i, struct ct_offer *out)
{
#define TEXT(fact) ct_offers_text(o, CT_FACT_##fact, i)
#define NUMBER(fact) ct_offers_number(o, CT_FACT_##fact, i)
    *out = (struct ct_offer){
        .cloud = TEXT(CLOUD),
        .region = TEXT(REGION),
        .zone = TEXT(ZONE),
        .sku = TEXT(SKU),
        .instance = TEXT(INSTANCE),
        .gpu = TEXT(GPU),
        .form = TEXT(FORM),
        .gpu_mem_milli = NUMBER(GPU_MEM),
        .gpu_count_milli = NUMBER(GPU_COUNT),
        .vcpu_milli = NUMBER(VCPU),
        .mem_milli = NUMBER(MEM),
        .purchase = enum_of(NUMBER(PURCHASE), CT_PURCHASE_OTHER),
        .currency = TEXT(CURRENCY),
        .price_per_hour = NUMBER(PRICE_PER_HOUR),
        .price_per_gpu_hour = NUMBER(PRICE_PER_GPU_HOUR),
        .host_included = enum_of(NUMBER(HOST_INCLUDED), 1),
        .stock = enum_of(NUMBER(STOCK), CT_STOCK_AVAILABLE),
        .stock_count = NUMBER(STOCK_COUNT),
        .interruption = TEXT(INTERRUPTION),
        .effective_ms = NUMBER(EFFECTIVE_MS),
    };
#undef TEXT
#undef NUMBER
}

/* What the list said of it then. False: not known, the newest must do. */
static bool read_words(struct ct_reader *r, int64_t series, struct ct_offer *o)
{
    struct ct_span w[CT_WORDS_MOST];
    if (!ct_words_at(r, series, w))
        return false;
    o->zone = w[CT_OFFER_ZONE];
    o->sku = w[CT_OFFER_SKU];
    o->vcpu_milli = ct_words_int(w[CT_OFFER_VCPU_MILLI]);
    o->mem_milli = ct_words_int(w[CT_OFFER_MEM_MILLI]);
    o->host_included = w[CT_OFFER_HOST_INCLUDED].p ? ct_span_is(w[CT_OFFER_HOST_INCLUDED], "1") : -1;
    o->stock_count = ct_words_int(w[CT_OFFER_STOCK_COUNT]);
    o->interruption = w[CT_OFFER_INTERRUPTION];
    o->effective_ms = ct_words_int(w[CT_OFFER_EFFECTIVE_MS]);
    return true;
}

/* What was quoted at the moment: facts hold it only where it is no multiple of the price of one. */
static void set_price(struct ct_offer_item *it)
{
    struct ct_offer *o = &it->row.offer;
    int64_t value = it->now.value;
    if (value == CT_NONE) {
        o->price_per_hour = o->price_per_gpu_hour = CT_NONE;
    } else if (value != o->price_per_gpu_hour) {
        o->price_per_gpu_hour = value;
        if (o->price_per_hour != CT_NONE)
            o->price_per_hour = o->gpu_count_milli == CT_NONE
                                    ? CT_NONE
                                    : ct_whole_price(value, o->gpu_count_milli);
    }
    bool dollars = !o->currency.n || ct_span_is(o->currency, "USD");
    it->row.usd_per_gpu_hour = dollars ? value : CT_NONE;
    if (!it->newest && !it->worded) { /* not recorded over time */
        o->effective_ms = CT_NONE;
        o->interruption = CT_SPAN_NONE;
    }
}

static void set_stock(struct ct_reader *r, int64_t series, struct ct_offer_item *it)
{
    struct ct_offer *o = &it->row.offer;
    if (series == CT_NONE) {
        o->stock = CT_STOCK_UNKNOWN;
        return;
    }
    struct ct_asof v = ct_asof_now(r, series);
    bool newest = ct_is_newest(r, series, v);
    o->stock = v.value >= CT_STOCK_UNKNOWN && v.value <= CT_STOCK_AVAILABLE ? (int)v.value
                                                                            : CT_STOCK_UNKNOWN;
    if ((!newest && !it->worded) || o->stock <= CT_STOCK_NONE)
        o->stock_count = CT_NONE;
}

static void take_item(const struct taking *t, const struct ct_offers *o, size_t i)
{
    struct ct_reader *r = t->r;
    int64_t series = o->series[i];
    if (!ct_there_since(r, series, t->gone_ms) || (t->left && ct_there_since(r, series, INT64_MAX)))
        return;
    struct ct_asof now = ct_asof_now(r, series);
    if (now.at_ms == CT_NONE || (ct_gone(now) && now.at_ms <= t->gone_ms))
        return;
    int64_t source = ct_source_of(r, series);
    if (source == CT_NONE)
        return;
    struct ct_offer_item made = {.series = series, .source = source, .now = now, .usd_7d = CT_NONE}, *it = &made;
    it->newest = ct_is_newest(r, it->series, now);
    it->row.series = name_of(r, ct_offers_text(o, CT_FACT_KEY, i));
    it->row.series_id = it->series;
    it->row.source_id = it->source;
    it->row.key = it->row.series;
    (void)ct_span_cut(&it->row.key, '/');
    it->row.gone = ct_gone(now);
    it->row.quarantined = (now.flags & CT_SAMPLE_QUARANTINED) != 0;
    set_facts(o, i, &it->row.offer);
    it->worded = read_words(r, it->series, &it->row.offer);
    set_price(it);
    set_stock(r, ct_offers_number(o, CT_FACT_STOCK_SERIES, i), it);
    t->take(t->ctx, it);
}

static void take_items(void *ctx, struct ct_offers *o)
{
    struct taking *t = ctx;
    keep_texts(t, o);
    for (size_t i = 0; i < o->n && t->r->status == CT_OK && !ct_arena_full(t->r->arena); i++)
        take_item(t, o, i);
}

void ct_offer_items_read(struct ct_reader *r, struct ct_span name, int64_t gone_ms, ct_take_offer_item *take, void *ctx)
{
    struct taking t = {.r = r, .gone_ms = gone_ms, .take = take, .ctx = ctx};
    if (!name.n) {
        ct_offers_since(r, gone_ms, take_items, &t);
        return;
    }
    sqlite3_stmt *st = ct_use(r, SQL_OFFERS_NAMED, 0);
    ct_bind_text(r, st, 1, name);
    ct_offers_of(r, st, take_items, &t);
}

void ct_offer_items_left(struct ct_reader *r, int64_t gone_ms, ct_take_offer_item *take, void *ctx)
{
    struct taking t = {.r = r, .gone_ms = gone_ms, .left = true, .take = take, .ctx = ctx};
    ct_offers_since(r, gone_ms, take_items, &t);
}

void ct_offer_item_source(struct ct_offer_item *it, const struct ct_source_at *s)
{
    it->row.source = s ? s->name : CT_SPAN_NONE;
    it->row.freshness = s ? s->freshness : CT_DEAD;
    it->row.evidence = s ? s->evidence : -1;
    it->row.seen_ms = it->row.gone ? it->now.at_ms : s ? s->last_success_ms : CT_NONE;
    it->row.age_s = s ? s->age_s : CT_NONE;
    it->row.old = it->row.gone || it->row.quarantined || it->row.freshness > CT_LATE;
}

void ct_offer_item_convert(struct ct_reader *r, const struct ct_source_list *sources,
                    struct ct_rates *rates, struct ct_offer_item *it)
{
    struct ct_offer *o = &it->row.offer;
    if (it->row.usd_per_gpu_hour == CT_NONE && it->now.value != CT_NONE)
        it->row.usd_per_gpu_hour =
            ct_in_dollars(r, sources, rates, o->currency, it->now.value, r->t);
    bool dollars = !o->currency.n || ct_span_is(o->currency, "USD");
    it->row.converted = !dollars && it->row.usd_per_gpu_hour != CT_NONE;
}

/* The last 30 days in one pass, the newest column ending now. */
static void draw_spark(struct ct_reader *r, struct ct_offer_item *it, struct ct_spark_column c[CT_SPARK])
{
    if (it->now.at_ms > r->t - CT_SPARK * CT_DAY) {
        ct_spark(r, it->series, it->now.at_ms, r->t - CT_SPARK * CT_DAY, r->t, CT_SPARK, c);
        return;
    }
    for (int i = 0; i < CT_SPARK; i++)
        c[i].last = ct_gone(it->now) || it->row.quarantined ? CT_NONE : it->now.value;
}

/* How fast the accelerators of offers are, each worked out once. */
struct speeds {
    struct ct_terms gpus, kinds; /* a kind: with its form and memory */
    CT_VEC(int64_t) mtflops;     /* of each kind */
};

static int64_t speed_of(struct ct_reader *r, const struct ct_offer *o, struct speeds *s)
{
    size_t gpu = ct_terms_lasting(&s->gpus, (struct ct_term){o->gpu, {0, 0}});
    size_t kind = ct_terms_lasting(&s->kinds, (struct ct_term){o->form, {(int64_t)gpu, o->gpu_mem_milli}});
    int64_t *place = kind == s->mtflops.n ? CT_VEC_PUSH(r->arena, &s->mtflops) : NULL;
    if (place)
        *place = ct_accelerator_mtflops(r, o);
    return kind < s->mtflops.n ? s->mtflops.v[kind] : CT_NONE;
}

static void set_plain(struct ct_reader *r, struct ct_offer_item *it, struct speeds *speeds)
{
    struct ct_offer_row *row = &it->row;
    int64_t flops = speed_of(r, &row->offer, speeds);
    row->usd_per_pflop_hour =
        flops == CT_NONE ? CT_NONE : ct_muldiv(row->usd_per_gpu_hour, 1000000, flops);
    bool quoted = row->usd_per_gpu_hour != CT_NONE && row->converted != 1 && row->offer.price_per_hour != CT_NONE;
    row->usd_per_hour = quoted ? row->offer.price_per_hour
                               : ct_muldiv(row->usd_per_gpu_hour, row->offer.gpu_count_milli, 1000);
    row->usd_per_gb_hour = row->offer.gpu_mem_milli > 0
                               ? ct_muldiv(row->usd_per_gpu_hour, 1000, row->offer.gpu_mem_milli)
                               : CT_NONE;
    row->changed_ms = it->now.at_ms;
    row->low_90d = -1;
    row->change_24h_milli = CT_NONE;
}

/* What history tells of it; the rest is there. */
static void set_months(struct ct_reader *r, struct ct_offer_item *it, const struct ct_gaps *gaps)
{
    struct ct_offer_row *row = &it->row;
    struct ct_spark_column c[CT_SPARK];
    draw_spark(r, it, c);
    if (it->now.flags & CT_SAMPLE_LIFTED) /* believed since then, changed before */
        row->changed_ms = ct_asof(r, it->series, it->now.at_ms - 1).at_ms;
    if (it->now.value != CT_NONE && !row->gone && !row->quarantined) {
        if (row->seen_ms >= r->t - CT_DAY) /* else nobody looked within the day */
            row->change_24h_milli = ct_pct_change(c[CT_SPARK - 2].last, it->now.value);
        row->low_90d = it->now.at_ms > r->t - 90 * CT_DAY &&
                       ct_low_90d(r, it->series, r->t, it->now.value);
    }
    ct_nusd *days = ct_arena_alloc(r->arena, CT_SPARK * sizeof *days);
    for (int i = 0; days && i < CT_SPARK; i++)
        days[i] = ct_in_gap(gaps, r->t - (CT_SPARK - 1 - i) * CT_DAY) ? CT_NONE : c[i].last;
    row->spark = days;
}

static int64_t nulls_last(int64_t v)
{
    return v == CT_NONE ? INT64_MAX : v;
}

static int by_key(const void *a, const void *b)
{
    const struct ct_offer_row *x = *(const struct ct_offer_row *const *)a, *y = *(const struct ct_offer_row *const *)b;
    return ct_span_cmp(x->key, y->key);
}

/* The rows that may be chosen first, the cheapest of them first, then by their keys. */
static void put_in_order(struct ct_reader *r, struct ct_offer_row **rows, size_t n)
{
    struct ct_keyed *v = ct_xmalloc(2 * (n + 1) * sizeof *v);
    struct ct_offer_row **from = ct_xmalloc((n + 1) * sizeof *from);
    for (size_t i = 0; i < n; i++) {
        from[i] = rows[i];
        v[i] = (struct ct_keyed){ct_key_of(nulls_last(rows[i]->usd_per_gpu_hour)), (uint32_t)i};
    }
    ct_keyed_sort(v, n, v + n);
    size_t place = 0;
    for (int old = 0; old <= 1; old++)
        for (size_t i = 0; i < n; i++)
            if ((from[v[i].i]->old != 0) == old)
                rows[place++] = from[v[i].i];
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && rows[end]->usd_per_gpu_hour == rows[i]->usd_per_gpu_hour && rows[end]->old == rows[i]->old;)
            end++;
        ct_sort(r, rows + i, end - i, sizeof *rows, by_key);
    }
    free(from);
    free(v);
}

/* V[0..N) as ORDER, pointers to them, says: each is moved once. */
static void move_rows(struct ct_offer_row *v, struct ct_offer_row *const *order, size_t n)
{
    struct ct_offer_row spare;
    size_t *from = ct_xmalloc((n + 1) * sizeof *from);
    for (size_t i = 0; i < n; i++)
        from[i] = (size_t)(order[i] - v);
    ct_put_in_order(v, from, n, sizeof *v, &spare);
    free(from);
}

/* Joins ROWS, all of the series NAME, with the risks known in its region. */
static void join_named(struct ct_reader *r, const struct ct_source_list *sources, struct ct_span name,
                       struct ct_offer_row *const *rows, size_t n)
{
    struct ct_offer_items near = {.v = {NULL, 0, 0}};
    struct ct_span rest = name;
    for (int i = 0; i < 3; i++) /* "gpu/CLOUD/REGION/" */
        (void)ct_span_cut(&rest, '/');
    size_t head = rest.p ? (size_t)(rest.p - name.p) : 0;
    if (n && head && rows[0]->offer.purchase == CT_PURCHASE_SPOT) {
        sqlite3_stmt *st = ct_use(r, SQL_SPOT_OFFERS_FROM, 0);
        ct_bind_beginning(r, st, (struct ct_span){name.p, head});
        struct taking t = {.r = r, .gone_ms = INT64_MAX, .take = ct_offer_item_keep, .ctx = &near};
        ct_offers_of(r, st, take_items, &t);
    }
    for (size_t i = 0; i < near.v.n; i++)
        ct_offer_item_source(&near.v.v[i], ct_source_by_id(sources, near.v.v[i].source));
    struct ct_offer_row **givers = ct_xmalloc((near.v.n + 1) * sizeof *givers);
    for (size_t i = 0; i < near.v.n; i++)
        givers[i] = &near.v.v[i].row;
    ct_join_risk(r, rows, n, givers, near.v.n);
    free(givers);
    free(near.v.v);
}

/* When sources were not read in the last 30 days, each worked out once. */
struct month_gaps {
    struct ct_reader *r;
    const struct ct_source_list *sources;
    struct ct_gaps *v;
    bool *told;
};

static struct month_gaps month_gaps(struct ct_reader *r, const struct ct_source_list *sources)
{
    return (struct month_gaps){r, sources, ct_arena_alloc(r->arena, (sources->n + 1) * sizeof(struct ct_gaps)),
                               ct_arena_alloc(r->arena, sources->n + 1)};
}

/* S NULL: of a source that is gone; NULL: no room. */
static const struct ct_gaps *gaps_of(struct month_gaps *g, const struct ct_source_at *s)
{
    size_t k = s ? (size_t)(s - g->sources->v) : g->sources->n;
    if (!g->v || !g->told)
        return NULL;
    if (s && !g->told[k])
        ct_source_gaps(g->r, s, g->r->t - CT_SPARK * CT_DAY, g->r->t, &g->v[k]);
    g->told[k] = true;
    return &g->v[k];
}

/* Offers on their way to be rows of an answer. */
struct rows_making {
    struct ct_reader *r;
    const struct ct_source_list *sources;
    struct ct_rates rates;
    struct speeds speeds;
    struct month_gaps gaps;
    bool plain;
    CT_VEC(struct ct_offer_row) rows;
};

static void make_row(void *ctx, struct ct_offer_item *it)
{
    struct rows_making *m = ctx;
    const struct ct_source_at *s = ct_source_by_id(m->sources, it->source);
    ct_offer_item_source(it, s);
    ct_offer_item_convert(m->r, m->sources, &m->rates, it);
    set_plain(m->r, it, &m->speeds);
    const struct ct_gaps *of = m->plain ? NULL : gaps_of(&m->gaps, s);
    if (of)
        set_months(m->r, it, of);
    struct ct_offer_row *row = CT_VEC_ROOM(m->r->arena, &m->rows);
    if (row)
        *row = it->row;
}

static enum ct_status read_offers(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                  struct ct_rows *out, struct ct_error *err)
{
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    struct rows_making m = {.r = r, .sources = &sources, .rates = {.loaded = false}, .speeds = {.mtflops = {NULL, 0, 0}},
                            .gaps = month_gaps(r, &sources), .plain = q->plain, .rows = {NULL, 0, 0}};
    ct_offer_items_read(r, q->subject, q->gone ? INT64_MIN : INT64_MAX, make_row, &m);
    struct ct_offer_row **rows = ct_xmalloc((m.rows.n + 1) * sizeof *rows);
    for (size_t i = 0; i < m.rows.n; i++)
        rows[i] = &m.rows.v[i];
    if (q->subject.n)
        join_named(r, &sources, q->subject, rows, m.rows.n);
    else
        ct_join_risk(r, rows, m.rows.n, rows, m.rows.n);
    put_in_order(r, rows, m.rows.n);
    move_rows(m.rows.v, rows, m.rows.n);
    *out = (struct ct_rows){m.rows.v, m.rows.n};
    free(rows);
    ct_terms_free(&m.speeds.gpus);
    ct_terms_free(&m.speeds.kinds);
    return ct_load_end(r);
}

enum { WHOLE, PLAIN };

enum ct_status ct_read_offers(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                              struct ct_rows *out, struct ct_error *err)
{
    if (q->subject.n)
        return read_offers(r, q, a, out, err);
    struct ct_query shared = *q;
    shared.plain = q->plain && !(r->shared[0].arena && r->shared[0].variant == WHOLE); /* that serves both */
    return ct_read_shared(r, 0, read_offers, shared.plain ? PLAIN : WHOLE, &shared, a, out, err);
}

enum ct_status ct_read_offer_months(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                    struct ct_offer_row *rows, size_t n, struct ct_error *err)
{
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    struct month_gaps gaps = month_gaps(r, &sources);
    for (size_t i = 0; i < n && r->status == CT_OK; i++) {
        struct ct_offer_item it = {.row = rows[i], .series = rows[i].series_id, .now = ct_asof_now(r, rows[i].series_id)};
        const struct ct_source_at *s = NULL;
        for (size_t k = 0; k < sources.n && !s; k++)
            s = ct_span_eq(sources.v[k].name, rows[i].source) ? &sources.v[k] : NULL;
        const struct ct_gaps *of = gaps_of(&gaps, s);
        if (of)
            set_months(r, &it, of);
        rows[i] = it.row;
    }
    return ct_load_end(r);
}
