/* What a chart shows while nobody has chosen: what is followed, else what big accelerators cost in the market, else
 * the cheapest of them one could rent, else the models most people compare. */
#include "config.h"

#include "tui/views/history.h"

#include <string.h>

enum { MOST_FOLLOWED = 4, MOST_OFFERS = 4, MOST_MODELS = 3, ENOUGH_DAYS = 5 };

static void add_name(struct ct_buf *names, struct ct_span series)
{
    ct_buf_addf(names, "%s%.*s", names->n ? "\n" : "", CT_FMT(series));
}

/* Confirmed lately; in the past, where price lists are as old as their last recording, since SINCE_MS. */
static bool current(int freshness, int64_t seen_ms, int64_t since_ms)
{
    return freshness == CT_FRESH || freshness == CT_LATE || seen_ms >= since_ms;
}

static int days_known(const struct ct_offer_row *o)
{
    int n = 0;
    for (int i = 0; o->spark && i < CT_SPARK; i++)
        n += o->spark[i] != CT_NONE;
    return n;
}

/* Whether A tells more than B: one with some history, then one not sold out, then the cheaper one. */
static bool better_offer(const struct ct_offer_row *a, const struct ct_offer_row *b)
{
    bool long_a = days_known(a) >= ENOUGH_DAYS, long_b = days_known(b) >= ENOUGH_DAYS;
    bool none_a = a->offer.stock == CT_STOCK_NONE, none_b = b->offer.stock == CT_STOCK_NONE;
    if (long_a != long_b)
        return long_a;
    if (none_a != none_b)
        return none_b;
    return a->usd_per_gpu_hour < b->usd_per_gpu_hour;
}

/* Accelerators and terms in the order of interest. */
static const struct {
    const char *gpu;
    int purchase;
} wanted[] = {{"H100", CT_PURCHASE_OD},   {"H100", CT_PURCHASE_SPOT}, {"H200", CT_PURCHASE_OD},
              {"B200", CT_PURCHASE_OD},   {"H200", CT_PURCHASE_SPOT}, {"B200", CT_PURCHASE_SPOT},
              {"A100", CT_PURCHASE_OD},   {"A100", CT_PURCHASE_SPOT}, {"L40S", CT_PURCHASE_OD},
              {"L40S", CT_PURCHASE_SPOT}, {"T4", CT_PURCHASE_OD},     {"T4", CT_PURCHASE_SPOT}};

/* Indices that most clouds make, as long as their sources are read. */
static void pick_indices(struct ct_rows rows, struct ct_buf *names)
{
    const struct ct_gpu_row *g = rows.v;
    int taken = 0;
    for (size_t w = 0; w < CT_LEN(wanted) && taken < MOST_OFFERS; w++) {
        const struct ct_gpu_row *best = NULL;
        for (size_t i = 0; i < rows.n; i++) {
            bool fits = ct_span_ieq(g[i].gpu, ct_span(wanted[w].gpu)) &&
                        g[i].purchase == wanted[w].purchase && g[i].series.n &&
                        g[i].index_usd_per_gpu_hour != CT_NONE;
            if (fits && (!best || g[i].clouds > best->clouds))
                best = &g[i];
        }
        if (best) {
            add_name(names, best->series);
            taken++;
        }
    }
}

static void pick_offers(struct ct_rows rows, int64_t since_ms, struct ct_buf *names)
{
    const struct ct_offer_row *o = rows.v;
    int taken = 0;
    for (size_t w = 0; w < CT_LEN(wanted) && taken < MOST_OFFERS; w++) {
        const struct ct_offer_row *best = NULL;
        for (size_t i = 0; i < rows.n; i++) {
            bool fits = ct_span_ieq(o[i].offer.gpu, ct_span(wanted[w].gpu)) &&
                        o[i].offer.purchase == wanted[w].purchase && o[i].gone != 1 &&
                        o[i].quarantined != 1 && o[i].usd_per_gpu_hour != CT_NONE &&
                        current(o[i].freshness, o[i].seen_ms, since_ms);
            if (fits && (!best || better_offer(&o[i], best)))
                best = &o[i];
        }
        if (best) {
            add_name(names, best->series);
            taken++;
        }
    }
}

/* Of each lab the price that changed last. */
static void pick_models(struct ct_rows rows, int64_t since_ms, struct ct_buf *names)
{
    static const char *const labs[] = {"openai", "anthropic", "google", "meta", "deepseek", "mistral"};
    const struct ct_token_row *t = rows.v;
    int taken = 0;
    for (size_t l = 0; l < CT_LEN(labs) && taken < MOST_MODELS; l++) {
        const struct ct_token_row *best = NULL;
        for (size_t i = 0; i < rows.n; i++) {
            bool fits = ct_span_is(t[i].price.lab, labs[l]) && t[i].price.kind == CT_KIND_OUTPUT &&
                        t[i].gone != 1 && t[i].suspect != 1 && t[i].price.per_mtok != CT_NONE &&
                        current(t[i].freshness, t[i].seen_ms, since_ms);
            if (fits && (!best || t[i].changed_ms > best->changed_ms))
                best = &t[i];
        }
        if (best) {
            add_name(names, best->series);
            taken++;
        }
    }
}

/* Series by name; of a filter the offer that the watchlist shows for it. */
static enum ct_status pick_followed(struct ct_reader *r, const char *watch, const struct ct_query *all,
                                    struct ct_arena *a, struct ct_buf *names, struct ct_error *err)
{
    struct ct_span rest = ct_span(watch);
    struct ct_rows offers = {NULL, 0};
    enum ct_status st = CT_OK;
    for (int n = 0; rest.p && n < MOST_FOLLOWED && st == CT_OK;) {
        struct ct_span item = ct_span_trim(ct_span_cut(&rest, '\n'));
        bool filter = item.n && memchr(item.p, ':', item.n);
        if (filter && !offers.v)
            st = ct_read_offers(r, all, a, &offers, err);
        const struct ct_offer_row *o = filter && st == CT_OK ? ct_view_followed(offers, item, all->now_ms, a) : NULL;
        struct ct_span series = filter ? o ? o->series : CT_SPAN_NONE : item;
        if (series.n) {
            add_name(names, series);
            n++;
        }
    }
    return st;
}

enum ct_status history_pick(struct ct_reader *r, const struct ct_panel_query *q,
                            const struct ct_query *query, struct ct_arena *a, struct ct_span *out,
                            struct ct_error *err)
{
    struct ct_buf names = CT_BUF_INIT;
    /* Whole tables are read for a few names: they do not stay in the model. */
    struct ct_arena *scratch = ct_arena_new(0);
    struct ct_query all = {.at_ms = query->at_ms, .now_ms = query->now_ms};
    struct ct_rows rows = {NULL, 0};
    int64_t since_ms = q->at_ms == CT_LIVE ? INT64_MAX : query->from_ms;
    enum ct_status st = pick_followed(r, q->watch, &all, scratch, &names, err);
    if (!names.n && st == CT_OK)
        st = ct_read_indices(r, &all, scratch, &rows, err);
    if (!names.n && st == CT_OK)
        pick_indices(rows, &names);
    if (!names.n && st == CT_OK) {
        rows = (struct ct_rows){NULL, 0};
        st = ct_read_offers(r, &all, scratch, &rows, err);
        pick_offers(rows, since_ms, &names);
    }
    if (st == CT_OK && !names.n) {
        rows = (struct ct_rows){NULL, 0};
        st = ct_read_tokens(r, &all, scratch, &rows, err);
        pick_models(rows, since_ms, &names);
    }
    ct_arena_free(scratch);
    *out = ct_arena_dup(a, ct_buf_span(&names));
    ct_buf_free(&names);
    return st;
}
