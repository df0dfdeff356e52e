/* Offers in groups: by accelerator with its index, by cloud, by region. */
#include "db/columns.h"
#include "db/market.h"
#include "db/offer_items.h"
#include "db/twins.h"

#include <stdlib.h>

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

/* ---- groups ---- */

enum group { BY_GPU, BY_CLOUD, BY_REGION };

static int by_words(const void *a, const void *b, bool cloud, bool region)
{
    const struct ct_offer *x = &((const struct ct_offer_item *)a)->row.offer;
    const struct ct_offer *y = &((const struct ct_offer_item *)b)->row.offer;
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

static bool counts(const struct ct_offer_item *it)
{
    return !it->row.gone && !it->row.quarantined && it->row.usd_per_gpu_hour != CT_NONE &&
           it->row.offer.host_included != 0;
}

static int64_t price_then(struct ct_reader *r, const struct ct_offer_item *it, int64_t at_ms)
{
    if (it->now.at_ms <= at_ms)
        return ct_gone(it->now) ? CT_NONE : it->now.value;
    struct ct_asof v = ct_asof(r, it->series, at_ms);
    return ct_gone(v) || (v.flags & CT_SAMPLE_QUARANTINED) ? CT_NONE : v.value;
}

/* The cheapest of V[0..n) seven days before. */
static int64_t cheapest_then(const struct ct_offer_item *v, size_t n)
{
    int64_t best = CT_NONE;
    for (size_t i = 0; i < n; i++)
        if (v[i].usd_7d != CT_NONE && (best == CT_NONE || v[i].usd_7d < best))
            best = v[i].usd_7d;
    return best;
}

static int64_t count_clouds(const struct ct_offer_item *v, size_t n)
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

static struct ct_gpu_row gpu_row(const struct ct_offer_item *v, size_t n, enum group g)
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
static ct_nusd per_pflop(struct ct_reader *r, const struct ct_offer_item *v, size_t n, ct_nusd price)
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
    const struct ct_offer *x = &((const struct ct_offer_item *)a)->row.offer;
    const struct ct_offer *y = &((const struct ct_offer_item *)b)->row.offer;
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
static int worth(const struct ct_offer_item *it)
{
    return (it->row.gone ? 0 : 20) + (it->row.freshness <= CT_LATE ? 10 : 0) +
           ct_word_worth(it->row.evidence);
}

static int best_first(const void *a, const void *b)
{
    const struct ct_offer_item *x = a, *y = b;
    int way = by_offer(a, b);
    if (!way)
        way = worth(y) - worth(x);
    return way ? way : (x->source > y->source) - (x->source < y->source);
}

/* Leaves the rows of the best source of each offer in ITEMS. Without an instance's name nothing
 * says that two are the same. */
static void drop_doubles(struct ct_reader *r, struct ct_offer_items *items)
{
    struct ct_offer_item *v = items->v.v;
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
static bool stands_for(const struct ct_offer_item *d, const struct ct_listing *listing, const struct ct_offer_item *it)
{
    return listing->direct && counts(d) && d->row.freshness <= CT_LATE &&
           ct_same_memory(d->row.offer.gpu_mem_milli, it->row.offer.gpu_mem_milli);
}

/* Drops from V[0..n), all of one cloud and type, what a catalogue calls by names of its own and the
 * cloud itself sells. How many are left. */
static size_t drop_aliens(struct ct_offer_item *v, struct ct_listing *listing, size_t n)
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
static void drop_twins(struct ct_reader *r, const struct ct_source_list *sources, struct ct_offer_items *items)
{
    struct ct_offer_item *v = items->v.v;
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
    const struct ct_offer_item *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

/* OFFERS, the list that other panels show, and those that left after GONE_MS. */
static void take_list(struct ct_reader *r, struct ct_rows offers, int64_t gone_ms, struct ct_offer_items *out)
{
    const struct ct_offer_row *v = offers.v;
    for (size_t i = 0; i < offers.n; i++) {
        struct ct_offer_item *it = ct_offer_item_new(out);
        *it = (struct ct_offer_item){.row = v[i], .series = v[i].series_id, .source = v[i].source_id,
                                     .now = ct_asof_now(r, v[i].series_id), .usd_7d = CT_NONE};
    }
    ct_offer_items_left(r, gone_ms, ct_offer_item_keep, out);
    ct_sort(r, out->v.v, out->v.n, sizeof *out->v.v, by_series);
}

/* Into A the groups; WORK, which may go then, has the offers they are made of. */
static enum ct_status group_offers(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                   struct ct_arena *work, struct ct_rows *out, struct ct_error *err)
{
    CT_VEC(struct ct_gpu_row) rows = {NULL, 0, 0};
    struct ct_offer_items items = {.v = {NULL, 0, 0}};
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
        ct_offer_items_read(r, CT_SPAN_NONE, r->t - 7 * CT_DAY, ct_offer_item_keep, &items);
    ct_reference_use(r, r->t - 7 * CT_DAY);
    for (size_t i = 0; i < items.v.n; i++) {
        struct ct_offer_item *it = &items.v.v[i];
        int64_t then = r->t - 7 * CT_DAY;
        ct_offer_item_source(it, ct_source_by_id(&sources, it->source));
        ct_offer_item_convert(r, &sources, &rates, it);
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
        const struct ct_offer_item *v = items.v.v;
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
