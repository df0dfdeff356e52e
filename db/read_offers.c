/* Who rents which GPU, at what price, and is there any; and the indices made of it. */
#include "db/base/keyed.h"
#include "db/base/terms.h"
#include "db/columns.h"
#include "db/market.h"
#include "db/reader.h"
#include "db/risk.h"
#include "db/twins.h"

#include <stdlib.h>
#include <string.h>

/* ---- tables ---- */

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

#define ROW struct ct_gpu_row
static const struct ct_column gpu_columns[] = {
    COL(TEXT, "gpu", gpu, SEARCH),
    COL(TEXT, "form", form, SEARCH),
    ENUM("purchase", purchase, ct_purchase_words, SEARCH, ALIAS("type")),
    COL(NANO, "index_usd_per_gpu_hour", index_usd_per_gpu_hour, ALIAS("index price")),
    COL(NANO, "cheapest_usd_per_gpu_hour", cheapest_usd_per_gpu_hour, FLAGS(CT_COL_PRICE), ALIAS("cheapest")),
    COL(TEXT, "cheapest_cloud", cheapest_cloud, SEARCH),
    COL(NANO, "dearest_usd_per_gpu_hour", dearest_usd_per_gpu_hour, FLAGS(CT_COL_PRICE), ALIAS("dearest")),
    COL(INT, "clouds", clouds),
    COL(INT, "offers", offers),
    COL(INT, "available", available),
    COL(MILLI, "change_7d_pct", change_7d_milli, ALIAS("change 7d")),
    COL(MILLI, "change_24h_pct", change_24h_milli, ALIAS("24h")),
    COL(MILLI, "change_30d_pct", change_30d_milli, ALIAS("30d")),
    COL(NANO, "index_usd_per_pflop_hour", index_usd_per_pflop_hour, ALIAS("pflop")),
    COL(NANO, "spread_usd_per_gpu_hour", spread_usd_per_gpu_hour, ALIAS("spread")),
    COL(TEXT, "cloud", cloud, SEARCH, ALIAS("provider")),
    COL(TEXT, "region", region, SEARCH),
    COL(INT, "age_s", age_s, ALIAS("age")),
    ENUM("freshness", freshness, ct_freshness_words, FLAGS(CT_COL_RANKED)),
    COL(TEXT, "series", series),
    COL(BOOL, "converted", converted),
    COL(BOOL, "old", old, FLAGS(CT_COL_HIDDEN)),
};
TABLE(ct_gpu_table, "gpu", ROW, gpu_columns);
#undef ROW

/* ---- offers ---- */

/* A row while it is made. */
struct item {
    struct ct_offer_row row;
    int64_t series, source;
    struct ct_asof now;
    int64_t usd_7d; /* CT_NONE: was not there, or not in dollars */
    bool worded;    /* the facts are of the moment */
    bool newest;    /* the sample in force is the series' last: the facts are of its time */
};
/* They outlive no load and are larger than what is told of them: of the heap, not of the answer. */
struct items {
    struct {
        struct item *v;
        size_t n, cap;
    } v;
    struct ct_span said[256]; /* texts read lately, by their hash: many rows say the same */
};

static struct item *push_item(struct items *out)
{
    if (out->v.n == out->v.cap) {
        out->v.cap = out->v.cap ? 2 * out->v.cap : 64;
        out->v.v = ct_xrealloc(out->v.v, out->v.cap * sizeof *out->v.v);
    }
    struct item *it = &out->v.v[out->v.n++];
    memset(it, 0, sizeof *it);
    return it;
}

/* The texts of facts that others have, too, lie once in the arena as long as they are said again soon. */
static void keep_texts(struct ct_reader *r, struct ct_offers *o, struct items *out)
{
    for (enum ct_fact f = CT_FACT_KEY + 1; f < CT_FACTS; f++) /* the key becomes a name */
        for (size_t i = 0; ct_offers_is_text(f) && i < o->fact[f].n; i++) {
            struct ct_span *t = &o->fact[f].text[i];
            struct ct_span *known = &out->said[ct_hash(*t) % CT_LEN(out->said)];
            if (t->p && !(known->p && ct_span_eq(*known, *t)))
                *known = ct_arena_dup(r->arena, *t);
            *t = t->p ? *known : *t;
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
static void set_price(struct item *it)
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

static void set_stock(struct ct_reader *r, int64_t series, struct item *it)
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

/* What is taken of offers: what is there at the moment, or left after GONE_MS; LEFT: what left alone. */
struct taking {
    struct ct_reader *r;
    int64_t gone_ms;
    bool left;
    struct items *out;
};

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
    struct item *it = push_item(t->out);
    it->series = series;
    it->source = source;
    it->now = now;
    it->newest = ct_is_newest(r, it->series, now);
    it->usd_7d = CT_NONE;
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
}

static void take_items(void *ctx, struct ct_offers *o)
{
    const struct taking *t = ctx;
    keep_texts(t->r, o, t->out);
    for (size_t i = 0; i < o->n && t->r->status == CT_OK && !ct_arena_full(t->r->arena); i++)
        take_item(t, o, i);
}

/* All of them, with a NAME those of that series. */
static void read_items(struct ct_reader *r, struct ct_span name, int64_t gone_ms, struct items *out)
{
    struct taking t = {r, gone_ms, false, out};
    if (!name.n) {
        ct_offers_since(r, gone_ms, take_items, &t);
        return;
    }
    sqlite3_stmt *st = ct_use(r, SQL_OFFERS_NAMED, 0);
    ct_bind_text(r, st, 1, name);
    ct_offers_of(r, st, take_items, &t);
}

static void set_source(struct item *it, const struct ct_source_at *s)
{
    it->row.source = s ? s->name : CT_SPAN_NONE;
    it->row.freshness = s ? s->freshness : CT_DEAD;
    it->row.evidence = s ? s->evidence : -1;
    it->row.seen_ms = it->row.gone ? it->now.at_ms : s ? s->last_success_ms : CT_NONE;
    it->row.age_s = s ? s->age_s : CT_NONE;
    it->row.old = it->row.gone || it->row.quarantined || it->row.freshness > CT_LATE;
}

/* Dollars of a price in another currency, where a fresh rate is known. */
static void convert(struct ct_reader *r, const struct ct_source_list *sources,
                    struct ct_rates *rates, struct item *it)
{
    struct ct_offer *o = &it->row.offer;
    if (it->row.usd_per_gpu_hour == CT_NONE && it->now.value != CT_NONE)
        it->row.usd_per_gpu_hour =
            ct_in_dollars(r, sources, rates, o->currency, it->now.value, r->t);
    bool dollars = !o->currency.n || ct_span_is(o->currency, "USD");
    it->row.converted = !dollars && it->row.usd_per_gpu_hour != CT_NONE;
}

static int64_t price_then(struct ct_reader *r, const struct item *it, int64_t at_ms)
{
    if (it->now.at_ms <= at_ms)
        return ct_gone(it->now) ? CT_NONE : it->now.value;
    struct ct_asof v = ct_asof(r, it->series, at_ms);
    return ct_gone(v) || (v.flags & CT_SAMPLE_QUARANTINED) ? CT_NONE : v.value;
}

/* The last 30 days in one pass, the newest column ending now. */
static void draw_spark(struct ct_reader *r, struct item *it, struct ct_spark_column c[CT_SPARK])
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

static void set_plain(struct ct_reader *r, struct item *it, struct speeds *speeds)
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
static void set_months(struct ct_reader *r, struct item *it, const struct ct_gaps *gaps)
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

/* ROWS as an answer: each is moved once. */
static struct ct_rows copies(struct ct_reader *r, struct ct_offer_row *const *rows, size_t n)
{
    struct ct_offer_row *out = ct_arena_room(r->arena, (n + 1) * sizeof *out);
    for (size_t i = 0; out && i < n; i++)
        out[i] = *rows[i];
    return (struct ct_rows){out, out ? n : 0};
}

/* Pointers to their rows. */
static struct ct_offer_row **rows_of(struct items *items)
{
    struct ct_offer_row **rows = ct_xmalloc((items->v.n + 1) * sizeof *rows);
    for (size_t i = 0; i < items->v.n; i++)
        rows[i] = &items->v.v[i].row;
    return rows;
}

/* Joins ROWS, all of the series NAME, with the risks known in its region. */
static void join_named(struct ct_reader *r, const struct ct_source_list *sources, struct ct_span name,
                       struct ct_offer_row *const *rows, size_t n)
{
    struct items near = {.v = {NULL, 0, 0}};
    struct ct_span rest = name;
    for (int i = 0; i < 3; i++) /* "gpu/CLOUD/REGION/" */
        (void)ct_span_cut(&rest, '/');
    size_t head = rest.p ? (size_t)(rest.p - name.p) : 0;
    if (n && head && rows[0]->offer.purchase == CT_PURCHASE_SPOT) {
        sqlite3_stmt *st = ct_use(r, SQL_SPOT_OFFERS_FROM, 0);
        ct_bind_beginning(r, st, (struct ct_span){name.p, head});
        ct_offers_of(r, st, take_items, &(struct taking){r, INT64_MAX, false, &near});
    }
    for (size_t i = 0; i < near.v.n; i++)
        set_source(&near.v.v[i], ct_source_by_id(sources, near.v.v[i].source));
    struct ct_offer_row **givers = rows_of(&near);
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

static enum ct_status read_offers(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                  struct ct_rows *out, struct ct_error *err)
{
    struct items items = {.v = {NULL, 0, 0}};
    struct ct_rates rates = {.loaded = false};
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    struct month_gaps gaps = month_gaps(r, &sources);
    struct speeds speeds = {.mtflops = {NULL, 0, 0}};
    read_items(r, q->subject, q->gone ? INT64_MIN : INT64_MAX, &items);
    for (size_t i = 0; i < items.v.n && r->status == CT_OK; i++) {
        struct item *it = &items.v.v[i];
        const struct ct_source_at *s = ct_source_by_id(&sources, it->source);
        set_source(it, s);
        convert(r, &sources, &rates, it);
        set_plain(r, it, &speeds);
        const struct ct_gaps *of = q->plain ? NULL : gaps_of(&gaps, s);
        if (of)
            set_months(r, it, of);
    }
    struct ct_offer_row **rows = rows_of(&items);
    if (q->subject.n)
        join_named(r, &sources, q->subject, rows, items.v.n);
    else
        ct_join_risk(r, rows, items.v.n, rows, items.v.n);
    put_in_order(r, rows, items.v.n);
    *out = copies(r, rows, items.v.n);
    free(rows);
    ct_terms_free(&speeds.gpus);
    ct_terms_free(&speeds.kinds);
    free(items.v.v);
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
        struct item it = {.row = rows[i], .series = rows[i].series_id, .now = ct_asof_now(r, rows[i].series_id)};
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

/* ---- groups ---- */

enum group { BY_GPU, BY_CLOUD, BY_REGION };

static int by_words(const void *a, const void *b, bool cloud, bool region)
{
    const struct ct_offer *x = &((const struct item *)a)->row.offer;
    const struct ct_offer *y = &((const struct item *)b)->row.offer;
    int way = ct_span_cmp(x->gpu, y->gpu);
    if (!way)
        way = ct_span_cmp(x->form, y->form);
    if (!way)
        way = x->purchase - y->purchase;
    if (!way && cloud)
        way = ct_span_cmp(x->cloud, y->cloud);
    if (!way && region)
        way = ct_span_cmp(x->region, y->region);
    return way;
}

/* The finer order serves the coarser groups too: all of a group stand together, clouds inside it as
 * well. */
static int by_all(const void *a, const void *b)
{
    return by_words(a, b, true, true);
}

static bool counts(const struct item *it)
{
    return !it->row.gone && !it->row.quarantined && it->row.usd_per_gpu_hour != CT_NONE &&
           it->row.offer.host_included != 0;
}

/* The cheapest of V[0..n) seven days before. */
static int64_t cheapest_then(const struct item *v, size_t n)
{
    int64_t best = CT_NONE;
    for (size_t i = 0; i < n; i++)
        if (v[i].usd_7d != CT_NONE && (best == CT_NONE || v[i].usd_7d < best))
            best = v[i].usd_7d;
    return best;
}

static int64_t count_clouds(const struct item *v, size_t n)
{
    int64_t clouds = 0;
    for (size_t i = 0; i < n;) {
        struct ct_span cloud = v[i].row.offer.cloud;
        bool here = false;
        for (; i < n && ct_span_eq(v[i].row.offer.cloud, cloud); i++)
            here = here || !v[i].row.gone;
        clouds += here;
    }
    return clouds;
}

static struct ct_gpu_row gpu_row(const struct item *v, size_t n, enum group g)
{
    const struct ct_offer *o = &v[0].row.offer;
    struct ct_gpu_row row = {
        .gpu = o->gpu,
        .form = o->form,
        .purchase = o->purchase,
        .cloud = g >= BY_CLOUD ? o->cloud : CT_SPAN_NONE,
        .region = g == BY_REGION ? o->region : CT_SPAN_NONE,
        .index_usd_per_gpu_hour = CT_NONE,
        .cheapest_usd_per_gpu_hour = CT_NONE,
        .dearest_usd_per_gpu_hour = CT_NONE,
        .spread_usd_per_gpu_hour = CT_NONE,
        .change_24h_milli = CT_NONE,
        .change_30d_milli = CT_NONE,
        .index_usd_per_pflop_hour = CT_NONE,
        .clouds = count_clouds(v, n),
        .age_s = CT_NONE,
        .freshness = CT_FRESH,
        .old = 1,
    };
    for (size_t i = 0; i < n; i++)
        row.old &= !counts(&v[i]) || v[i].row.old;
    for (size_t i = 0; i < n; i++) {
        int64_t price = v[i].row.usd_per_gpu_hour;
        if (v[i].row.gone)
            continue;
        row.offers++;
        row.available += v[i].row.offer.stock >= CT_STOCK_LOW && v[i].row.freshness <= CT_LATE;
        if (v[i].row.age_s > row.age_s)
            row.age_s = v[i].row.age_s;
        if (v[i].row.freshness > row.freshness)
            row.freshness = v[i].row.freshness;
        if (!counts(&v[i]) || (v[i].row.old && !row.old))
            continue;
        if (row.cheapest_usd_per_gpu_hour == CT_NONE || price < row.cheapest_usd_per_gpu_hour) {
            row.cheapest_usd_per_gpu_hour = price;
            row.cheapest_cloud = v[i].row.offer.cloud;
            row.converted = v[i].row.converted;
        }
        if (price > row.dearest_usd_per_gpu_hour)
            row.dearest_usd_per_gpu_hour = price;
    }
    if (row.cheapest_usd_per_gpu_hour != CT_NONE)
        row.spread_usd_per_gpu_hour = row.dearest_usd_per_gpu_hour - row.cheapest_usd_per_gpu_hour;
    row.index_usd_per_gpu_hour = row.cheapest_usd_per_gpu_hour; /* by GPU: set_index() */
    row.change_7d_milli = ct_pct_change(cheapest_then(v, n), row.cheapest_usd_per_gpu_hour);
    return row;
}

/* ---- indices of groups by GPU ---- */

/* Fills in the figures of the index that ROW's offers make. */
static void set_index(struct ct_reader *r, const struct ct_market_indices *all,
                      struct ct_gpu_row *row)
{
    size_t low = 0, high = all->v.n;
    row->index_usd_per_gpu_hour = row->change_7d_milli = CT_NONE;
    row->series = ct_market_index_name(r->arena, row->gpu, row->form, row->purchase);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ct_span_cmp(all->v.v[middle].of->name, row->series) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < all->v.n && ct_span_eq(all->v.v[low].of->name, row->series) &&
           !ct_span_eq(all->v.v[low].of->gpu, row->gpu)) /* another one called alike */
        low++;
    if (low == all->v.n || !ct_span_eq(all->v.v[low].of->name, row->series))
        return;
    ct_index_row(&all->v.v[low], row);
}

/* PRICE by what the N offers at V compute; CT_NONE when they are not all alike. */
static ct_nusd per_pflop(struct ct_reader *r, const struct item *v, size_t n, ct_nusd price)
{
    int64_t flops = ct_accelerator_mtflops(r, &v[0].row.offer);
    for (size_t i = 1; i < n && flops != CT_NONE; i++)
        if (v[i].row.offer.gpu_mem_milli != v[i - 1].row.offer.gpu_mem_milli &&
            ct_accelerator_mtflops(r, &v[i].row.offer) != flops)
            flops = CT_NONE;
    return flops == CT_NONE || price == CT_NONE ? CT_NONE : ct_muldiv(price, 1000000, flops);
}

/* ---- one offer that several sources list (db/twins.h) ---- */

static int by_offer(const void *a, const void *b)
{
    const struct ct_offer *x = &((const struct item *)a)->row.offer;
    const struct ct_offer *y = &((const struct item *)b)->row.offer;
    int way = ct_span_cmp(x->cloud, y->cloud);
    if (!way)
        way = ct_span_cmp(x->region, y->region);
    if (!way)
        way = ct_cmp_instance(x->instance, y->instance);
    if (!way)
        way = (x->gpu_count_milli > y->gpu_count_milli) - (x->gpu_count_milli < y->gpu_count_milli);
    return way ? way : x->purchase - y->purchase;
}

/* What its word is worth: there at all, from a source that lives, and how close to the machine. */
static int worth(const struct item *it)
{
    return (it->row.gone ? 0 : 20) + (it->row.freshness <= CT_LATE ? 10 : 0) +
           ct_word_worth(it->row.evidence);
}

static int best_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int way = by_offer(a, b);
    if (!way)
        way = worth(y) - worth(x);
    return way ? way : (x->source > y->source) - (x->source < y->source);
}

/* Leaves the rows of the best source of each offer in ITEMS. Without an instance's name nothing
 * says that two are the same. */
static void drop_doubles(struct ct_reader *r, struct items *items)
{
    struct item *v = items->v.v;
    size_t kept = 0;
    ct_sort(r, v, items->v.n, sizeof *v, best_first);
    for (size_t i = 0, first = 0; i < items->v.n; i++) {
        bool same = i && v[i].row.offer.instance.n && by_offer(&v[first], &v[i]) == 0;
        if (!same)
            first = kept;
        else if (v[i].source != v[first].source) {
            if (v[first].usd_7d == CT_NONE) /* the better source came within the week */
                v[first].usd_7d = v[i].usd_7d;
            continue;
        }
        v[kept++] = v[i];
    }
    items->v.n = kept;
}

/* The price of D is one that a person would be told for what IT is. */
static bool stands_for(const struct item *d, const struct ct_listing *listing, const struct item *it)
{
    return listing->direct && counts(d) && d->row.freshness <= CT_LATE &&
           ct_same_memory(d->row.offer.gpu_mem_milli, it->row.offer.gpu_mem_milli);
}

/* Drops from V[0..n), all of one cloud and type, what a catalogue calls by names of its own and the
 * cloud itself sells. How many are left. */
static size_t drop_aliens(struct item *v, struct ct_listing *listing, size_t n)
{
    size_t kept = 0;
    ct_find_aliens(listing, n);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < n && listing[i].alien && !stands_for(&v[k], &listing[k], &v[i]))
            k++;
        listing[i].alien = listing[i].alien && k < n;
        if (listing[i].alien && v[k].usd_7d == CT_NONE) /* the cloud's own source came within the week */
            v[k].usd_7d = v[i].usd_7d;
    }
    for (size_t i = 0; i < n; i++)
        if (!listing[i].alien)
            v[kept++] = v[i];
    return kept;
}

/* ITEMS in the order of groups. */
static void drop_twins(struct ct_reader *r, const struct ct_source_list *sources, struct items *items)
{
    struct item *v = items->v.v;
    struct ct_listing *listing = ct_arena_alloc(r->arena, (items->v.n + 1) * sizeof *listing);
    size_t kept = 0;
    for (size_t i = 0; listing && i < items->v.n; i++)
        listing[i] = (struct ct_listing){
            v[i].row.offer.instance, v[i].source,
            ct_is_direct(ct_source_by_id(sources, v[i].source), v[i].row.offer.cloud), false};
    for (size_t i = 0, end; listing && i < items->v.n; i = end) {
        for (end = i + 1; end < items->v.n && by_words(&v[i], &v[end], true, false) == 0;)
            end++;
        size_t n = drop_aliens(v + i, listing + i, end - i);
        for (size_t k = 0; k < n; k++)
            v[kept++] = v[i + k];
    }
    if (listing)
        items->v.n = kept;
}

static enum group group_of(const struct ct_query *q)
{
    struct ct_span by = ct_span(q->group);
    return ct_span_is(by, "region") ? BY_REGION : ct_span_is(by, "cloud") ? BY_CLOUD : BY_GPU;
}

static int by_series(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

/* OFFERS, the list that other panels show, and those that left after GONE_MS. */
static void take_list(struct ct_reader *r, struct ct_rows offers, int64_t gone_ms, struct items *out)
{
    const struct ct_offer_row *v = offers.v;
    for (size_t i = 0; i < offers.n; i++) {
        struct item *it = push_item(out);
        it->row = v[i];
        it->series = v[i].series_id;
        it->source = v[i].source_id;
        it->now = ct_asof_now(r, it->series);
        it->usd_7d = CT_NONE;
    }
    ct_offers_since(r, gone_ms, take_items, &(struct taking){r, gone_ms, true, out});
    ct_sort(r, out->v.v, out->v.n, sizeof *out->v.v, by_series);
}

/* Into A the groups; WORK, which may go then, has the offers they are made of. */
static enum ct_status group_offers(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                   struct ct_arena *work, struct ct_rows *out, struct ct_error *err)
{
    CT_VEC(struct ct_gpu_row) rows = {NULL, 0, 0};
    struct items items = {.v = {NULL, 0, 0}};
    struct ct_rates rates = {.loaded = false};
    struct ct_query list = {.at_ms = q->at_ms, .now_ms = q->now_ms, .plain = true};
    struct ct_rows offers = {NULL, 0};
    enum group g = group_of(q);
    enum ct_status st = q->at_ms == CT_LIVE ? ct_read_offers(r, &list, work, &offers, err) : CT_OK;
    if (st != CT_OK)
        return st;
    ct_load_begin(r, q, work, err);
    struct ct_source_list sources = ct_sources_at(r);
    /* What left within the week belongs to the index of then. */
    if (r->live)
        take_list(r, offers, r->t - 7 * CT_DAY, &items);
    else
        read_items(r, CT_SPAN_NONE, r->t - 7 * CT_DAY, &items);
    ct_reference_use(r, r->t - 7 * CT_DAY);
    for (size_t i = 0; i < items.v.n; i++) {
        struct item *it = &items.v.v[i];
        int64_t then = r->t - 7 * CT_DAY;
        set_source(it, ct_source_by_id(&sources, it->source));
        convert(r, &sources, &rates, it);
        if (it->row.offer.host_included != 0)
            it->usd_7d = ct_in_dollars(r, &sources, &rates, it->row.offer.currency,
                                       price_then(r, it, then), then);
    }
    struct ct_market_indices indices = {.v = {NULL, 0, 0}};
    if (g == BY_GPU)
        ct_indices_of_late(r, &sources, &indices);
    drop_doubles(r, &items);
    ct_sort(r, items.v.v, items.v.n, sizeof *items.v.v, by_all);
    drop_twins(r, &sources, &items);
    for (size_t i = 0, end; i < items.v.n; i = end) {
        const struct item *v = items.v.v;
        for (end = i;
             end < items.v.n && by_words(&v[i], &v[end], g >= BY_CLOUD, g == BY_REGION) == 0;)
            end++;
        struct ct_gpu_row row = gpu_row(v + i, end - i, g);
        if (g == BY_GPU)
            set_index(r, &indices, &row);
        row.index_usd_per_pflop_hour = per_pflop(r, v + i, end - i, row.index_usd_per_gpu_hour);
        struct ct_gpu_row *place = row.offers ? CT_VEC_PUSH(work, &rows) : NULL;
        if (place)
            *place = row;
    }
    struct ct_gpu_row *own = ct_arena_alloc(a, (rows.n + 1) * sizeof *own);
    for (size_t i = 0; own && i < rows.n; i++) {
        own[i] = rows.v[i];
        ct_row_own(&ct_gpu_table, &own[i], a);
    }
    *out = (struct ct_rows){own, own ? rows.n : 0};
    free(items.v.v);
    return ct_load_end(r);
}

static enum ct_status read_gpus(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                struct ct_rows *out, struct ct_error *err)
{
    struct ct_arena *work = ct_arena_new(CT_MOST_WORK);
    enum ct_status st = group_offers(r, q, a, work, out, err);
    ct_arena_free(work);
    return st == CT_OK && ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, NULL, "the answer is too large") : st;
}

enum ct_status ct_read_gpus(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                            struct ct_rows *out, struct ct_error *err)
{
    bool whole = r->whole;
    if (!whole)
        ct_reader_begin(r); /* the list of offers and what becomes of it are of one moment */
    enum ct_status st = ct_read_shared(r, 1, read_gpus, group_of(q), q, a, out, err);
    if (!whole)
        ct_reader_end(r);
    return st;
}
