/* Rows of one answer against the series of their source: samples at the changes, facts beside them, and the
 * events of neighbouring observations.
 *
 * A sample stands at an observation whose value differs from the observation before. So storing one between
 * two others touches exactly two places: itself, and the next observation, whose value may now need a sample
 * of its own or no longer need one. Everything else that is stored about a series (quarantine, events) is
 * derived from the samples and the polls, and derived again where they changed: the order in which
 * observations arrive leaves no trace. */
#include "db/write_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORE_FLAGS (CT_SAMPLE_GONE | CT_SAMPLE_HEADING | CT_SAMPLE_LOCATION)
#define AGREEING 3 /* fetches that must agree before an outlier is believed */
#define OUTLIER_FACTOR 5
#define LEAP_FACTOR 20
#define MEDIAN_MS (7 * CT_DAY)
#define NANO INT64_C(1000000000)
#define LAST_MS (INT64_C(1) << 53) /* no instant of ours; a damaged file may hold anything */

/* A series of the source, in the answer or only known. */
struct item {
    enum ct_series_kind kind;
    struct ct_span key, name;
    const char *unit; /* of the stored series or the row; lives in the arena */
    int64_t series;   /* 0: not stored yet */
    int64_t cur_ms, cur_flags;
    struct ct_value cur, prev, now, next;
    bool listed;
    int64_t low, high;       /* bounds of the numbers of the last seven days, CT_NONE: none */
    uint64_t hash, old_hash; /* of the facts */
    int64_t words;           /* series.words */
    const void *row;
    int64_t n_offers, stock_count;
    size_t stock;     /* offers: index of their stock item + 1, 0 without */
    struct ct_span ref; /* tokens: the id as the source writes it */
};

struct ct_series_set {
    CT_VEC(struct item) items;
    uint32_t *slot; /* open addressing: index + 1 */
    size_t n_slots;
};

static const struct ct_value nothing = {CT_NONE, CT_SAMPLE_GONE};

/* What a series is where no answer lists it. For stock that says "none" only if the source states capacity
 * (then every offer has a stock series) and shows all there is. */
static struct ct_value absent(const struct ct_job *j, enum ct_series_kind kind)
{
    if (kind != CT_SERIES_STOCK)
        return nothing;
    return (struct ct_value){j->states_stock && !j->part_of_list ? CT_STOCK_NONE : CT_STOCK_UNKNOWN,
                             CT_SAMPLE_GONE};
}

static bool same_value(struct ct_value a, struct ct_value b)
{
    if (a.flags & b.flags & CT_SAMPLE_GONE)
        return true;
    return a.v == b.v && a.flags == b.flags;
}

/* ---- the set ---- */

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

static uint64_t mix_text(uint64_t h, struct ct_span t)
{
    return mix(h, t.p ? ct_hash(t) : 1);
}

static void place(struct ct_series_set *s, size_t i)
{
    const struct item *it = &s->items.v[i];
    size_t at = (size_t)mix_text((uint64_t)it->kind, it->key) & (s->n_slots - 1);
    while (s->slot[at])
        at = (at + 1) & (s->n_slots - 1);
    s->slot[at] = (uint32_t)i + 1;
}

/* The item of (KIND, KEY), made when missing; NULL when the arena is full. */
static struct item *item_of(struct ct_job *j, enum ct_series_kind kind, struct ct_span key)
{
    struct ct_series_set *s = j->set;
    if (s->items.n * 2 >= s->n_slots) {
        size_t n = s->n_slots ? s->n_slots * 2 : 256;
        uint32_t *slot = ct_arena_alloc(j->w->arena, n * sizeof *slot);
        if (!slot)
            return NULL;
        s->slot = slot;
        s->n_slots = n;
        for (size_t i = 0; i < s->items.n; i++)
            place(s, i);
    }
    size_t at = (size_t)mix_text((uint64_t)kind, key) & (s->n_slots - 1);
    for (; s->slot[at]; at = (at + 1) & (s->n_slots - 1)) {
        struct item *it = &s->items.v[s->slot[at] - 1];
        if (it->kind == kind && ct_span_eq(it->key, key))
            return it;
    }
    struct item *it = CT_VEC_PUSH(j->w->arena, &s->items);
    if (!it)
        return NULL;
    *it = (struct item){.kind = kind,
                        .key = key,
                        .cur = nothing,
                        .now = nothing,
                        .cur_ms = CT_NONE,
                        .low = CT_NONE,
                        .high = CT_NONE,
                        .unit = ""};
    place(s, s->items.n - 1);
    return it;
}

static struct ct_span known(struct ct_span s)
{
    return s.p ? s : CT_LIT("");
}

/* ---- rows to items ---- */

/* "USD" may be left out; a price below zero is none. */
static const char *unit_of(struct ct_job *j, struct ct_span currency, const char *per)
{
    if (!currency.n)
        currency = CT_LIT("USD");
    struct ct_span unit = ct_arena_printf(j->w->arena, "%.*s/%s", CT_FMT(currency), per);
    return unit.p ? unit.p : "";
}

static int64_t price_of(int64_t nano)
{
    return nano < 0 ? CT_NONE : nano; /* CT_NONE is below zero as well */
}

static bool cheaper(const struct ct_offer *a, const struct ct_offer *b)
{
    int64_t x = price_of(a->price_per_gpu_hour), y = price_of(b->price_per_gpu_hour);
    return x != CT_NONE && (y == CT_NONE || x < y);
}

static uint64_t offer_facts(const struct ct_offer *o, int64_t n_offers, int64_t stock_count)
{
    const struct ct_span text[] = {o->cloud, o->region,   o->zone,     o->sku,         o->instance,
                                   o->gpu,   o->form,     o->currency, o->interruption};
    const int64_t number[] = {o->gpu_mem_milli, o->gpu_count_milli,    o->vcpu_milli,
                              o->mem_milli,     o->price_per_hour,     o->price_per_gpu_hour,
                              o->purchase,      o->host_included,      o->stock,
                              stock_count,      o->effective_ms,       n_offers};
    uint64_t h = 1;
    for (size_t i = 0; i < CT_LEN(text); i++)
        h = mix_text(h, text[i]);
    for (size_t i = 0; i < CT_LEN(number); i++)
        h = mix(h, (uint64_t)number[i]);
    return h;
}

static struct ct_span prefixed(struct ct_job *j, const char *prefix, struct ct_span key)
{
    return ct_arena_printf(j->w->arena, "%s%.*s", prefix, CT_FMT(key));
}

/* Prices in different currencies are different series: they are never compared. */
static struct ct_span in_currency(struct ct_job *j, struct ct_span key, struct ct_span currency)
{
    if (!currency.n || ct_span_is(currency, "USD"))
        return key;
    return ct_arena_printf(j->w->arena, "%.*s%c%.*s", CT_FMT(key), CT_UNIT_SEPARATOR,
                           CT_FMT(currency));
}

static void gather_offer(struct ct_job *j, const struct ct_offer *o)
{
    struct ct_span name = ct_offer_key(j->w->arena, o);
    if (!name.p)
        return; /* not for rent by the accelerator: counted in the rows, kept nowhere */
    struct ct_span key = in_currency(j, name, o->currency);
    struct item *it = item_of(j, CT_SERIES_GPU, key);
    if (!it)
        return;
    const struct ct_offer *best = it->row && !cheaper(o, it->row) ? it->row : o;
    if (!it->listed)
        it->stock_count = CT_NONE;
    it->listed = true;
    it->row = best;
    it->name = prefixed(j, "gpu/", name);
    it->unit = unit_of(j, o->currency, "gpu.h");
    it->now = (struct ct_value){price_of(best->price_per_gpu_hour), 0};
    it->n_offers++;
    if (o->stock_count != CT_NONE && o->stock_count >= 0 && o->stock_count < INT64_MAX / 2)
        it->stock_count = (it->stock_count == CT_NONE ? 0 : it->stock_count) + o->stock_count;
    it->hash = offer_facts(best, it->n_offers, it->stock_count);
    bool stated = o->stock > CT_STOCK_UNKNOWN && o->stock <= CT_STOCK_AVAILABLE;
    if (!stated && !j->states_stock)
        return;
    size_t gpu = (size_t)(it - j->set->items.v);
    struct item *stock = item_of(j, CT_SERIES_STOCK, key);
    if (!stock)
        return;
    j->set->items.v[gpu].stock = (size_t)(stock - j->set->items.v) + 1;
    int64_t had = stock->listed ? stock->now.v : CT_STOCK_UNKNOWN;
    int64_t is = stated ? o->stock : CT_STOCK_UNKNOWN;
    stock->listed = true;
    stock->name = prefixed(j, "stock/", name);
    stock->unit = "stock";
    stock->now = (struct ct_value){is > had ? is : had, 0};
}

static void gather_token(struct ct_job *j, const struct ct_token_price *t)
{
    struct ct_arena *a = j->w->arena;
    struct ct_span ref = known(t->source_id), field = known(ct_token_field(a, t));
    struct ct_span key =
        ct_arena_printf(a, "%.*s%c%.*s", CT_FMT(ref), CT_UNIT_SEPARATOR, CT_FMT(field));
    if (t->seller.n)
        key = ct_arena_printf(a, "%.*s%c%.*s", CT_FMT(key), CT_UNIT_SEPARATOR, CT_FMT(t->seller));
    struct item *it = item_of(j, CT_SERIES_TOKEN, in_currency(j, key, t->currency));
    if (!it)
        return;
    struct ct_span name = ct_token_key(a, t);
    it->listed = true;
    it->row = t;
    it->ref = ref;
    it->name = name.p ? prefixed(j, "token/", name) : CT_LIT("");
    it->unit = unit_of(j, t->currency, "Mtok");
    it->now = (struct ct_value){price_of(t->per_mtok), 0};
    const struct ct_span text[] = {t->lab,        t->model,  t->variant, t->host,
                                   t->host_class, t->region, t->tier,    t->currency};
    uint64_t h = 1;
    for (size_t i = 0; i < CT_LEN(text); i++)
        h = mix_text(h, text[i]);
    it->hash = mix(mix(mix(h, (uint64_t)t->context), (uint64_t)t->retires_ms),
                   (uint64_t)t->open_weights);
}

static bool names_group(const struct ct_batch *b, const struct ct_component *c)
{
    for (size_t i = 0; i < b->components.n; i++) {
        struct ct_span group = b->components.v[i].group;
        if (&b->components.v[i] != c && group.n &&
            (ct_span_eq(group, c->id) || ct_span_eq(group, c->name)))
            return true;
    }
    return false;
}

static int state_or_unknown(int state)
{
    return state < CT_STATE_OPERATIONAL || state > CT_STATE_MAJOR ? CT_STATE_UNKNOWN : state;
}

static struct ct_span state_name(struct ct_job *j, const char *kind, struct ct_span part)
{
    struct ct_buf b = CT_BUF_INIT;
    ct_buf_adds(&b, kind);
    ct_key_segment(&b, j->provider);
    if (part.n) {
        ct_buf_addc(&b, '/');
        ct_key_segment(&b, part);
    }
    struct ct_span name = ct_arena_dup(j->w->arena, ct_buf_span(&b));
    ct_buf_free(&b);
    return name;
}

static void gather_component(struct ct_job *j, const struct ct_batch *b,
                             const struct ct_component *c)
{
    struct ct_span id = c->id.n ? c->id : known(c->name);
    struct item *it = item_of(j, CT_SERIES_COMPONENT, id);
    int state = state_or_unknown(c->state);
    if (!it || (it->listed && it->now.v >= state))
        return; /* one id twice: the worse one counts */
    int flags = (names_group(b, c) ? CT_SAMPLE_HEADING : 0) | (c->region.n ? CT_SAMPLE_LOCATION : 0);
    it->listed = true;
    it->row = c;
    it->unit = "state";
    it->name = state_name(j, "state/", c->name.n ? c->name : id);
    it->now = (struct ct_value){state, flags};
    it->hash = mix(mix_text(mix_text(mix_text(mix_text(1, c->name), c->group), c->region), c->raw_state),
                   (uint64_t)c->updated_ms);
}

static void gather_endpoint(struct ct_job *j, const struct ct_endpoint *e)
{
    struct ct_arena *a = j->w->arena;
    struct ct_span ref = known(e->source_id), host = known(e->host), region = known(e->region);
    struct item *it = item_of(j, CT_SERIES_ENDPOINT,
                              ct_arena_printf(a, "%.*s%c%.*s%c%.*s", CT_FMT(ref),
                                              CT_UNIT_SEPARATOR, CT_FMT(host), CT_UNIT_SEPARATOR,
                                              CT_FMT(region)));
    if (!it)
        return;
    struct ct_buf name = CT_BUF_INIT;
    ct_buf_adds(&name, "endpoint/");
    ct_key_segment(&name, host);
    ct_buf_addc(&name, '/');
    ct_key_segment(&name, region.n ? region : CT_LIT("any"));
    ct_buf_addc(&name, '/');
    ct_key_segment(&name, ref);
    it->listed = true;
    it->row = e;
    it->unit = "state";
    it->name = ct_arena_dup(a, ct_buf_span(&name));
    it->now = (struct ct_value){e->state < 0 ? CT_NONE : state_or_unknown(e->state), 0};
    it->hash = mix(mix(mix(1, (uint64_t)e->uptime_30m_milli), (uint64_t)e->latency_ms_p50_milli),
                   (uint64_t)e->throughput_tps_p50_milli);
    ct_buf_free(&name);
}

static void gather_rate(struct ct_job *j, const struct ct_rate *rate)
{
    struct item *it =
        rate->currency.n && rate->usd > 0 ? item_of(j, CT_SERIES_RATE, rate->currency) : NULL;
    if (!it)
        return;
    struct ct_span unit = ct_arena_printf(j->w->arena, "USD/%.*s", CT_FMT(rate->currency));
    it->listed = true;
    it->row = rate;
    it->name = prefixed(j, "fx/", rate->currency);
    it->unit = unit.p ? unit.p : "";
    it->now = (struct ct_value){rate->usd, 0};
    it->hash = 1;
}

static void gather_page(struct ct_job *j, const struct ct_batch *b)
{
    for (size_t i = 0; i < b->pages.n; i++) {
        int state = ct_indicator_state(b->pages.v[i].indicator);
        struct item *it = state < 0 ? NULL : item_of(j, CT_SERIES_PAGE, CT_LIT(""));
        if (!it)
            continue;
        it->listed = true;
        it->unit = "state";
        it->name = state_name(j, "page/", CT_SPAN_NONE);
        it->now = (struct ct_value){state, 0};
        return;
    }
}

static void load_known(struct ct_job *j)
{
    struct ct_writer *w = j->w;
    sqlite3_stmt *st = ASK(w, SERIES_ALL, vi(j->source));
    while (ct_w_row(w, st)) {
        enum ct_series_kind kind = (enum ct_series_kind)ct_w_word(st, 1);
        struct item *it = item_of(j, kind, ct_w_text(w, st, 2));
        if (!it) {
            ct_w_end(st);
            return;
        }
        struct ct_span unit = ct_w_text(w, st, 3);
        it->series = ct_w_int(st, 0);
        it->unit = unit.p ? unit.p : "";
        it->cur_ms = ct_w_int(st, 4);
        it->cur_flags = ct_w_int(st, 6);
        it->cur = (struct ct_value){ct_w_int(st, 5), (int)it->cur_flags & CORE_FLAGS};
        it->old_hash = (uint64_t)ct_w_int(st, 7);
        it->words = ct_w_int(st, 10);
        it->low = ct_w_int(st, 8);
        it->high = ct_w_int(st, 9);
        if (kind == CT_SERIES_TOKEN) {
            struct ct_span rest = it->key;
            it->ref = ct_span_cut(&rest, CT_UNIT_SEPARATOR);
        }
    }
}

void ct_w_gather(struct ct_job *j, const struct ct_batch *b)
{
    j->set = ct_arena_alloc(j->w->arena, sizeof *j->set);
    if (!j->set)
        return;
    load_known(j);
    for (size_t i = 0; i < b->offers.n; i++)
        gather_offer(j, &b->offers.v[i]);
    for (size_t i = 0; i < b->token_prices.n; i++)
        gather_token(j, &b->token_prices.v[i]);
    for (size_t i = 0; i < b->components.n; i++)
        gather_component(j, b, &b->components.v[i]);
    for (size_t i = 0; i < b->endpoints.n; i++)
        gather_endpoint(j, &b->endpoints.v[i]);
    for (size_t i = 0; i < b->rates.n; i++)
        gather_rate(j, &b->rates.v[i]);
    gather_page(j, b);
    for (size_t i = 0; i < j->set->items.n; i++) {
        struct item *it = &j->set->items.v[i];
        if (!it->listed)
            it->now = absent(j, it->kind);
    }
}

uint64_t ct_w_hash(const struct ct_job *j)
{
    uint64_t sum = 0; /* of hashes: the order of rows does not matter */
    for (size_t i = 0; j->set && i < j->set->items.n; i++) {
        const struct item *it = &j->set->items.v[i];
        if (it->listed)
            sum += mix(mix(mix_text((uint64_t)it->kind + 1, it->key), (uint64_t)it->now.v),
                       it->hash + (uint64_t)it->now.flags);
    }
    return sum;
}

void ct_w_count(const struct ct_job *j, int64_t *had, int64_t *has)
{
    *had = *has = 0;
    for (size_t i = 0; j->set && i < j->set->items.n; i++) {
        const struct item *it = &j->set->items.v[i];
        if (it->kind == CT_SERIES_STOCK || it->kind == CT_SERIES_PAGE)
            continue;
        *had += it->cur_ms != CT_NONE && !(it->cur.flags & CT_SAMPLE_GONE);
        *has += it->listed;
    }
}

/* ---- facts ---- */

static void put_facts(struct ct_job *j, struct item *it)
{
    struct ct_writer *w = j->w;
    if (it->kind == CT_SERIES_GPU) {
        const struct ct_offer *o = it->row;
        struct ct_span key = it->name;
        (void)ct_span_cut(&key, '/');
        const struct item *stock = it->stock ? &j->set->items.v[it->stock - 1] : NULL;
        RUN(w, OFFER_PUT, vi(it->series), vi(stock ? stock->series : CT_NONE), vt(key), vt(o->cloud),
            vt(o->region), vt(o->zone), vt(o->sku), vt(o->instance), vt(o->gpu), vt(o->form),
            vi(o->gpu_mem_milli), vi(o->gpu_count_milli), vi(o->vcpu_milli), vi(o->mem_milli),
            ve(o->purchase), vt(o->currency), vi(o->price_per_hour), vi(o->price_per_gpu_hour),
            ve(o->host_included), ve(stock ? (int)stock->now.v : o->stock), vi(it->stock_count),
            vt(o->interruption), vi(o->effective_ms), vi(it->n_offers));
    } else if (it->kind == CT_SERIES_TOKEN) {
        const struct ct_token_price *t = it->row;
        RUN(w, TOKEN_PUT, vi(it->series), vt(it->ref), vt(t->lab), vt(t->model), vt(t->variant),
            vt(t->host), vt(t->host_class), vt(t->region), ve(t->kind), vt(t->tier),
            vt(known(ct_token_field(w->arena, t))), vt(t->currency), vi(t->context),
            vi(t->retires_ms), ve(t->open_weights));
    } else if (it->kind == CT_SERIES_COMPONENT) {
        const struct ct_component *c = it->row;
        RUN(w, COMPONENT_PUT, vi(it->series), vt(it->key), vt(c->name), vt(c->group), vt(c->region),
            vt(c->raw_state), vi(c->updated_ms));
    } else if (it->kind == CT_SERIES_ENDPOINT) {
        const struct ct_endpoint *e = it->row;
        RUN(w, ENDPOINT_PUT, vi(it->series), vt(it->ref.p ? it->ref : known(e->source_id)),
            vt(e->host), vt(e->region), vi(e->uptime_30m_milli), vi(e->latency_ms_p50_milli),
            vi(e->throughput_tps_p50_milli));
    }
}

/* ---- words: the facts that no sample tells, as they were at each moment ---- */

static void add_text(struct ct_buf *b, struct ct_span t)
{
    ct_buf_add(b, t.p ? t : CT_LIT(CT_WORDS_NULL));
    ct_buf_addc(b, CT_UNIT_SEPARATOR);
}

static void add_number(struct ct_buf *b, int64_t n)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)n);
    add_text(b, n == CT_NONE ? CT_SPAN_NONE : ct_span(text));
}

/* In the order of enum ct_offer_words and its like (schema.h); false: the series has none. */
static bool words_of(const struct item *it, struct ct_buf *b)
{
    if (it->kind == CT_SERIES_GPU) {
        const struct ct_offer *o = it->row;
        add_text(b, o->zone);
        add_text(b, o->sku);
        add_number(b, o->vcpu_milli);
        add_number(b, o->mem_milli);
        add_number(b, o->host_included < 0 ? CT_NONE : o->host_included);
        add_number(b, it->stock_count);
        add_text(b, o->interruption);
        add_number(b, o->effective_ms);
        return true;
    }
    if (it->kind == CT_SERIES_TOKEN) {
        const struct ct_token_price *t = it->row;
        add_text(b, t->lab);
        add_text(b, t->model);
        add_text(b, t->variant);
        add_text(b, t->host);
        add_text(b, t->host_class);
        add_text(b, t->region);
        add_number(b, t->context);
        add_number(b, t->retires_ms);
        add_number(b, t->open_weights < 0 ? CT_NONE : t->open_weights);
        return true;
    }
    if (it->kind == CT_SERIES_COMPONENT) {
        const struct ct_component *c = it->row;
        add_text(b, c->name);
        add_text(b, c->group);
        add_text(b, c->region);
        add_text(b, c->raw_state);
        return true;
    }
    return false;
}

/* When the series was listed again after the observation at hand; CT_NONE: that is the newest to list it. */
static int64_t listed_next(struct ct_job *j, const struct item *it)
{
    if (j->append || j->next_ms == CT_NONE)
        return CT_NONE;
    if (!(it->next.flags & CT_SAMPLE_GONE))
        return j->next_ms;
    struct ct_sample v = {.at_ms = j->next_ms - 1};
    while (ct_sample_next(j->w->samples, it->series, CT_LIVE, &v))
        if (!(v.flags & CT_SAMPLE_GONE))
            return v.at_ms;
    return CT_NONE;
}

struct version {
    int64_t from_ms, hash; /* CT_NONE: there is none */
};

static struct version version(struct ct_writer *w, sqlite3_stmt *st)
{
    struct version v = {CT_NONE, 0};
    if (ct_w_row(w, st))
        v = (struct version){ct_w_int(st, 0), ct_w_int(st, 1)};
    ct_w_end(st);
    return v;
}

/* Puts the words of a listed item where they belong among those of other observations, whatever order they come
 * in: a version holds from its first observation to the next version's, the first one also before. */
static void store_words(struct ct_job *j, struct item *it)
{
    struct ct_writer *w = j->w;
    struct ct_buf b = CT_BUF_INIT;
    if (!words_of(it, &b))
        return;
    int64_t hash = (int64_t)(ct_hash(ct_buf_span(&b)) >> 1 | 1);
    struct ct_span text = ct_arena_dup(w->arena, ct_buf_span(&b));
    int64_t from = j->at_ms, was = it->words;
    ct_buf_free(&b);
    if (was == hash)
        return;
    if (was == CT_WORDS_NONE) {
        RUN(w, WORDS_PUT, vi(it->series), vi(0), vi(hash), vt(text));
        it->words = hash;
    } else {
        struct version now = version(w, ASK(w, WORDS_AT, vi(it->series), vi(from)));
        if (now.from_ms == CT_NONE || now.hash == hash)
            return;
        struct version next = version(w, ASK(w, WORDS_AFTER, vi(it->series), vi(from)));
        int64_t again = listed_next(j, it);
        if (again != CT_NONE && (next.from_ms == CT_NONE || next.from_ms > again)) {
            RUN(w, WORDS_COPY, vi(it->series), vi(now.from_ms), vi(again));
            next = (struct version){again, now.hash};
        }
        struct ct_sample before;
        if (now.from_ms == 0 && !ct_sample_at(w->samples, it->series, from - 1, &before))
            from = 0;
        if (next.from_ms != CT_NONE && next.hash == hash)
            RUN(w, WORDS_DEL, vi(it->series), vi(next.from_ms));
        RUN(w, WORDS_PUT, vi(it->series), vi(from), vi(hash), vt(text));
        it->words = CT_WORDS_MANY;
    }
    if (it->words != was)
        RUN(w, SERIES_WORDS, vi(it->series), vi(it->words));
}

/* Facts are those of the newest observation that lists the row: an older one must not overwrite them. */
static bool facts_are_newest(struct ct_job *j, const struct item *it)
{
    if (j->append || it->cur_ms == CT_NONE)
        return true;
    if (j->next_ms == CT_NONE)
        return true;
    if (!(it->next.flags & CT_SAMPLE_GONE))
        return false;
    struct ct_sample v = {.at_ms = j->next_ms - 1};
    while (ct_sample_next(j->w->samples, it->series, CT_LIVE, &v))
        if (!(v.flags & CT_SAMPLE_GONE))
            return false;
    return true;
}

/* Stores the series of a listed item when it is new, its facts when they changed. True: something changed. */
static bool store_facts(struct ct_job *j, struct item *it)
{
    struct ct_writer *w = j->w;
    if (!it->series) {
        bool price = it->kind == CT_SERIES_GPU || it->kind == CT_SERIES_TOKEN ||
                     it->kind == CT_SERIES_RATE;
        RUN(w, SERIES_ADD, vi(j->source), ve((int)it->kind), vt(it->key), vt(known(it->name)),
            vs(it->unit), vi(price ? 9 : 0), vi((int64_t)it->hash));
        it->series = sqlite3_last_insert_rowid(w->db);
    } else if (it->hash == it->old_hash || !facts_are_newest(j, it)) {
        return false;
    } else {
        RUN(w, SERIES_FACTS, vi(it->series), vt(known(it->name)), vs(it->unit),
            vi((int64_t)it->hash));
    }
    put_facts(j, it);
    return true;
}

/* ---- quarantine and suspicion: functions of the samples before ---- */

struct weight {
    int64_t v, ms;
};

static int by_value(const void *a, const void *b)
{
    const struct weight *x = a, *y = b;
    return (x->v > y->v) - (x->v < y->v);
}

bool ct_w_leap(int64_t a, int64_t b, int64_t factor)
{
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    return low > 0 && high / factor >= low;
}

/* Strictly more than FACTOR times apart; from or to zero is further than any factor. */
static bool far_apart(int64_t a, int64_t b, int64_t factor)
{
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    if (low == 0)
        return high > 0;
    return high / factor > low || (high / factor == low && high % factor > 0);
}

/* Most series are calm: if neither bound of what was in force is far from V, no median of it is either. */
static bool calm(int64_t low, int64_t high, int64_t v)
{
    return low == CT_NONE ||
           (!far_apart(low, v, OUTLIER_FACTOR) && !far_apart(high, v, OUTLIER_FACTOR));
}

/* Median of what was in force in the seven days before P[I], each value by how long; CT_NONE: nothing was. */
static int64_t median_before(struct ct_job *j, const struct ct_sample *p, size_t i)
{
    int64_t from = p[i].at_ms - MEDIAN_MS, total = 0;
    size_t first = i, n = 0;
    while (first > 0 && p[first].at_ms > from)
        first--;
    struct weight *w = ct_arena_alloc(j->w->arena, (i - first + 1) * sizeof *w);
    for (size_t k = first; w && k < i; k++) {
        int64_t start = p[k].at_ms > from ? p[k].at_ms : from;
        if (p[k].value == CT_NONE || p[k + 1].at_ms <= start)
            continue;
        w[n++] = (struct weight){p[k].value, p[k + 1].at_ms - start};
        total += p[k + 1].at_ms - start;
    }
    if (!w || n == 0)
        return CT_NONE;
    qsort(w, n, sizeof *w, by_value);
    int64_t half = 0;
    for (size_t k = 0; k < n; k++) {
        half += w[k].ms;
        if (half * 2 >= total)
            return w[k].v;
    }
    return w[n - 1].v;
}

static bool fenced(enum ct_series_kind kind, const char *unit, int64_t v)
{
    if (strncmp(unit, "USD/", 4) != 0 && strncmp(unit, "EUR/", 4) != 0)
        return false;
    if (kind == CT_SERIES_GPU)
        return v < NANO / 100 || v > 1000 * NANO;
    return v != 0 && (v < NANO / 10000 || v > 1000 * NANO);
}

static bool is_price(const struct item *it)
{
    return it->kind == CT_SERIES_GPU || it->kind == CT_SERIES_TOKEN;
}

/* The flags of a price V that follows WAS, but for the median. */
static int plain_flags(const struct item *it, int64_t was, int64_t v)
{
    if (!is_price(it) || v == CT_NONE)
        return 0;
    int flags = fenced(it->kind, it->unit, v) ? CT_SAMPLE_QUARANTINED : 0;
    bool leap = was != CT_NONE && ct_w_leap(was, v, LEAP_FACTOR);
    if (leap || (it->kind == CT_SERIES_TOKEN && v > 1000 * NANO))
        flags |= CT_SAMPLE_SUSPECT;
    return flags;
}

static int derived_flags(struct ct_job *j, const struct item *it, const struct ct_sample *p, size_t i)
{
    int flags = plain_flags(it, i > 0 ? p[i - 1].value : CT_NONE, p[i].value);
    if (!is_price(it) || p[i].value == CT_NONE || calm(it->low, it->high, p[i].value))
        return flags;
    int64_t median = median_before(j, p, i);
    if (median != CT_NONE && far_apart(p[i].value, median, OUTLIER_FACTOR))
        flags |= CT_SAMPLE_QUARANTINED;
    return flags;
}

static void widen(struct item *it, int64_t v)
{
    if (v == CT_NONE)
        return;
    it->low = it->low == CT_NONE || v < it->low ? v : it->low;
    it->high = it->high == CT_NONE || v > it->high ? v : it->high;
}

/* The third successful poll that saw the value of the sample at AT_MS, before END_MS; CT_NONE: not yet. */
static int64_t third_sight(struct ct_job *j, int64_t at_ms, int64_t end_ms)
{
    for (int i = 1; i < AGREEING && at_ms != CT_NONE; i++)
        at_ms = ct_w_next_good(j, at_ms);
    return at_ms != CT_NONE && at_ms < end_ms ? at_ms : CT_NONE;
}

/* When the value in force at T began: the newest sample that is no lift; T without any. */
static int64_t in_force_since(struct ct_samples *s, int64_t series, int64_t t)
{
    struct ct_sample v = {.at_ms = t + 1};
    while (ct_sample_at(s, series, v.at_ms - 1, &v))
        if (!(v.flags & CT_SAMPLE_LIFTED))
            return v.at_ms;
    return t;
}

static void unlift(struct ct_samples *s, int64_t series, int64_t after_ms, int64_t before_ms)
{
    struct ct_sample v = {.at_ms = after_ms};
    while (ct_sample_next(s, series, before_ms - 1, &v))
        if (v.flags & CT_SAMPLE_LIFTED)
            (void)ct_sample_del(s, series, v.at_ms);
}

/* Derives flags and lifts again for the samples of IT from the one in force at FROM_MS up to the last one
 * that UNTIL_MS can have an effect on. */
static void derive_flags(struct ct_job *j, struct item *it, int64_t from_ms, int64_t until_ms)
{
    struct ct_samples *s = j->w->samples;
    int64_t first = in_force_since(s, it->series, from_ms);
    CT_VEC(struct ct_sample) p = {0};
    struct ct_sample v = {.at_ms = in_force_since(s, it->series, first - MEDIAN_MS) - 1};
    while (ct_sample_next(s, it->series, LAST_MS, &v)) {
        if (v.flags & CT_SAMPLE_LIFTED)
            continue;
        struct ct_sample *q = CT_VEC_PUSH(j->w->arena, &p);
        if (q)
            *q = v;
        if (!q || v.at_ms > until_ms + MEDIAN_MS)
            break;
    }
    /* Bounds of what was loaded serve all its points; those of the newest are kept. */
    struct item all = *it;
    all.low = all.high = CT_NONE;
    size_t end_i = 0;
    for (size_t i = 0; i < p.n; i++) {
        widen(&all, p.v[i].value);
        end_i = p.v[i].at_ms <= until_ms + MEDIAN_MS ? i + 1 : end_i;
    }
    widen(it, all.low);
    widen(it, all.high);
    if (j->append) {
        it->low = all.low;
        it->high = all.high;
    }
    unlift(s, it->series, first, end_i < p.n ? p.v[end_i].at_ms : LAST_MS);
    for (size_t i = 0; i < end_i; i++) {
        if (p.v[i].at_ms < first)
            continue;
        int flags = (p.v[i].flags & CORE_FLAGS) | derived_flags(j, &all, p.v, i);
        if (flags != p.v[i].flags)
            ct_sample_replace(s, it->series, (struct ct_sample){p.v[i].at_ms, p.v[i].value, flags});
        int64_t end = i + 1 < p.n ? p.v[i + 1].at_ms : CT_LIVE;
        int64_t lift = flags & CT_SAMPLE_QUARANTINED ? third_sight(j, p.v[i].at_ms, end) : CT_NONE;
        if (lift != CT_NONE)
            ct_w_put(j, it->series, lift, p.v[i].value, (flags & CORE_FLAGS) | CT_SAMPLE_LIFTED);
    }
}

/* ---- samples ---- */

void ct_w_put(struct ct_job *j, int64_t series, int64_t at_ms, int64_t value, int flags)
{
    ct_sample_put(j->w->samples, series, (struct ct_sample){at_ms, value, flags});
    j->out->samples++;
}

void ct_w_tail(struct ct_job *j, int64_t series, int64_t low, int64_t high)
{
    struct ct_sample v = {CT_NONE, CT_NONE, CT_SAMPLE_GONE};
    (void)ct_sample_at(j->w->samples, series, CT_LIVE - 1, &v);
    RUN(j->w, SERIES_NEWEST, vi(series), vi(v.at_ms), vi(v.value), vi(v.flags), vi(low), vi(high));
}

static struct ct_value value_until(struct ct_job *j, const struct item *it, int64_t before_ms,
                                   int64_t *at_ms, int *flags)
{
    struct ct_sample v = {CT_NONE, CT_NONE, CT_SAMPLE_GONE};
    bool found = ct_sample_at(j->w->samples, it->series, before_ms - 1, &v);
    *at_ms = v.at_ms;
    *flags = v.flags;
    return found ? (struct ct_value){v.value, v.flags & CORE_FLAGS} : absent(j, it->kind);
}

/* The common case: nothing is later, and nothing about the value needs the samples before. */
static void put_newest(struct ct_job *j, struct item *it)
{
    int flags = it->now.flags | plain_flags(it, it->prev.v, it->now.v);
    ct_w_put(j, it->series, j->at_ms, it->now.v, flags);
    widen(it, it->now.v);
    RUN(j->w, SERIES_NEWEST, vi(it->series), vi(j->at_ms), vi(it->now.v), vi(flags), vi(it->low),
        vi(it->high));
}

/* The samples of one series around the new observation. True when they changed. */
static bool store_samples(struct ct_job *j, struct item *it)
{
    struct ct_samples *s = j->w->samples;
    bool touched = false, watch = it->cur_flags & CT_SAMPLE_QUARANTINED;
    it->prev = it->cur;
    if (!j->append && it->series) {
        int64_t at;
        int flags;
        struct ct_value here = value_until(j, it, j->at_ms + 1, &at, &flags);
        watch = flags & (CT_SAMPLE_QUARANTINED | CT_SAMPLE_LIFTED);
        it->prev = at == j->at_ms ? value_until(j, it, j->at_ms, &at, &flags) : here;
        if (j->next_ms != CT_NONE) {
            it->next = value_until(j, it, j->next_ms + 1, &at, &flags);
            bool there = at == j->next_ms && !(flags & CT_SAMPLE_LIFTED);
            if (!same_value(it->next, it->now) && !there) {
                (void)ct_sample_del(s, it->series, j->next_ms); /* a lift may stand there */
                ct_sample_put(s, it->series, (struct ct_sample){j->next_ms, it->next.v, it->next.flags});
                touched = true;
            } else if (same_value(it->next, it->now) && there) {
                touched = ct_sample_del(s, it->series, j->next_ms);
            }
        }
        touched |= ct_sample_del(s, it->series, j->at_ms);
    }
    if (!same_value(it->now, it->prev)) {
        if (j->append && !watch && (!is_price(it) || calm(it->low, it->high, it->now.v))) {
            put_newest(j, it);
            return true;
        }
        ct_w_put(j, it->series, j->at_ms, it->now.v, it->now.flags);
        widen(it, it->now.v);
        touched = true;
    }
    if (touched || watch) {
        int64_t samples = j->out->samples;
        derive_flags(j, it, j->at_ms, j->next_ms == CT_NONE ? j->at_ms : j->next_ms);
        ct_w_tail(j, it->series, it->low, it->high);
        j->changed |= j->out->samples > samples; /* a lifted quarantine is written, too */
    }
    return touched;
}

/* ---- events of neighbouring observations ---- */

int64_t ct_w_pct(int64_t old_value, int64_t new_value)
{
    int64_t pct = ct_pct_change(old_value, new_value);
    if (pct == CT_NONE || pct % 50 != 0 || pct % 100 == 0)
        return pct;
    /* A tie at the first place: let it lean to the side where the exact value is. */
    __extension__ typedef __int128 wide;
    wide base = old_value < 0 ? -(wide)old_value : old_value;
    wide exact = ((wide)new_value - old_value) * 100000, rounded = (wide)pct * base;
    return pct + (exact > rounded) - (exact < rounded);
}

/* More than a millionth of the larger apart, or one of them is zero. */
static bool moved(int64_t a, int64_t b)
{
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    return a != b && (low <= 0 || high - low > high / 1000000);
}

/* A price as people read it: three decimals, below one as many as three significant digits need. */
static void readable_price(char out[CT_DECIMAL_MAX], int64_t value)
{
    int places = 3;
    for (int64_t one = NANO / 10; value > 0 && value < one && places < 9; one /= 10)
        places++;
    int n = ct_decimal_format_fixed(out, value, 9, places);
    while (n > 1 && out[n - 1] == '0')
        n--;
    out[out[n - 1] == '.' ? n - 1 : n] = '\0';
}

/* Both ends of a move, whole where they would read alike. The exact ones are in old and new. */
static void readable_move(char was[CT_DECIMAL_MAX], char is[CT_DECIMAL_MAX], const struct ct_new_event *e)
{
    readable_price(was, e->old_value);
    readable_price(is, e->new_value);
    if (strcmp(was, is) == 0) {
        ct_decimal_format(was, e->old_value, 9);
        ct_decimal_format(is, e->new_value, 9);
    }
}

static void price_event(struct ct_job *j, const struct item *it, struct ct_new_event *e)
{
    char was[CT_DECIMAL_MAX], is[CT_DECIMAL_MAX], pct[CT_DECIMAL_MAX];
    readable_move(was, is, e);
    e->kind = CT_EVENT_PRICE;
    e->unit = it->unit;
    e->pct = ct_w_pct(e->old_value, e->new_value);
    e->suspect = ct_w_leap(e->old_value, e->new_value, LEAP_FACTOR);
    struct ct_span rest = it->key;
    if (it->kind == CT_SERIES_TOKEN) {
        e->suspect |= e->old_value > 1000 * NANO || e->new_value > 1000 * NANO;
        e->ref = ct_span_cut(&rest, CT_UNIT_SEPARATOR);
        e->field = ct_span_cut(&rest, CT_UNIT_SEPARATOR);
    } else {
        struct ct_span key = ct_span_cut(&rest, CT_UNIT_SEPARATOR);
        for (int i = 0; i < 3; i++)
            (void)ct_span_cut(&key, '/'); /* cloud, region, accelerator */
        e->field = ct_span_cut(&key, '/');
        rest = it->key;
        e->ref = key.n ? key : ct_span_cut(&rest, CT_UNIT_SEPARATOR);
    }
    int n = e->pct == CT_NONE ? 0 : ct_decimal_format_fixed(pct, e->pct, 3, 1);
    e->text = ct_arena_printf(j->w->arena, "%.*s %s -> %s %s%s%s%.*s%s", CT_FMT(e->field), was, is,
                              it->unit, n ? " (" : "", n && pct[0] != '-' ? "+" : "", n,
                              n ? pct : "", n ? "%)" : "");
}

static void stock_event(struct ct_job *j, struct ct_new_event *e)
{
    e->kind = CT_EVENT_STOCK;
    e->unit = "stock";
    e->severity = CT_SEV_INFO;
    e->text = ct_arena_printf(j->w->arena, "%s -> %s", ct_w_name(ct_stock_words, e->old_value),
                              ct_w_name(ct_stock_words, e->new_value));
}

enum ct_severity ct_w_state_severity(int64_t state)
{
    if (state == CT_STATE_MAJOR)
        return CT_SEV_CRITICAL;
    return state >= CT_STATE_UNKNOWN ? CT_SEV_WARNING : CT_SEV_INFO;
}

/* What the change of IT from OLD to NEW at AT_MS means to people. */
static void pair_event(struct ct_job *j, const struct item *it, struct ct_value old,
                       struct ct_value new, int64_t at_ms)
{
    bool lasting = !(old.flags & CT_SAMPLE_GONE) && !(new.flags & CT_SAMPLE_GONE);
    bool numbers = lasting && old.v != CT_NONE && new.v != CT_NONE;
    struct ct_new_event e = {.at_ms = at_ms,
                             .series = it->series,
                             .origin = CT_ORIGIN_PAIR,
                             .seed = it->key,
                             .old_value = old.v,
                             .new_value = new.v,
                             .pct = CT_NONE,
                             .suspect = -1};
    switch (it->kind) {
    case CT_SERIES_GPU:
    case CT_SERIES_TOKEN:
        if (!numbers || !moved(old.v, new.v))
            return;
        price_event(j, it, &e);
        break;
    case CT_SERIES_STOCK: {
        int64_t none = absent(j, it->kind).v;
        e.old_value = old.flags & CT_SAMPLE_GONE ? none : old.v;
        e.new_value = new.flags & CT_SAMPLE_GONE ? none : new.v;
        if (e.old_value <= CT_STOCK_UNKNOWN || e.new_value <= CT_STOCK_UNKNOWN ||
            e.old_value == e.new_value)
            return;
        stock_event(j, &e);
        break;
    }
    case CT_SERIES_COMPONENT:
        if (!numbers || old.v == new.v || new.flags & CT_SAMPLE_HEADING)
            return;
        e.kind = CT_EVENT_STATE;
        e.unit = "state";
        e.severity = ct_w_state_severity(new.v);
        e.text = ct_arena_printf(j->w->arena, "%s, was %s", ct_w_name(ct_state_words, new.v),
                                 ct_w_name(ct_state_words, old.v));
        break;
    default:
        return;
    }
    ct_w_event(j, &e);
}

struct model {
    const struct item *it;
};

static int by_key(const void *a, const void *b)
{
    const struct model *x = a, *y = b;
    return ct_span_cmp(x->it->key, y->it->key);
}

static void model_event(struct ct_job *j, const struct item *it, int64_t at_ms, bool appeared)
{
    struct ct_new_event e = {.at_ms = at_ms,
                             .series = it->series,
                             .origin = CT_ORIGIN_PAIR,
                             .kind = CT_EVENT_MODEL,
                             .seed = it->ref,
                             .ref = it->ref,
                             .field = appeared ? CT_LIT("appeared") : CT_LIT("left"),
                             .text = appeared ? CT_LIT("now listed") : CT_LIT("no longer listed"),
                             .old_value = CT_NONE,
                             .new_value = CT_NONE,
                             .pct = CT_NONE,
                             .suspect = -1};
    ct_w_event(j, &e);
}

/* One event an id, however many prices it has: it came when no price of it was there and one is now. */
static void model_events(struct ct_job *j, bool here, bool next)
{
    const struct ct_series_set *s = j->set;
    struct model *m = ct_arena_alloc(j->w->arena, (s->items.n + 1) * sizeof *m);
    size_t n = 0;
    for (size_t i = 0; m && i < s->items.n; i++)
        if (s->items.v[i].kind == CT_SERIES_TOKEN && s->items.v[i].series)
            m[n++].it = &s->items.v[i];
    if (n == 0)
        return;
    qsort(m, n, sizeof *m, by_key);
    for (size_t i = 0, end; i < n; i = end) {
        const struct item *first[3] = {NULL, NULL, NULL}; /* of those present before, at, after */
        for (end = i; end < n && ct_span_eq(m[end].it->ref, m[i].it->ref); end++) {
            const struct item *it = m[end].it;
            const struct ct_value v[3] = {it->prev, it->now, it->next};
            for (int k = 0; k < 3; k++)
                if (!first[k] && !(v[k].flags & CT_SAMPLE_GONE))
                    first[k] = it;
        }
        if (here && !first[0] != !first[1])
            model_event(j, first[1] ? first[1] : first[0], j->at_ms, first[1] != NULL);
        if (next && !first[1] != !first[2])
            model_event(j, first[2] ? first[2] : first[1], j->next_ms, first[2] != NULL);
    }
}

static void pair_events(struct ct_job *j)
{
    struct ct_writer *w = j->w;
    bool here = !j->first, next = j->next_ms != CT_NONE;
    if (!j->append)
        RUN(w, EVENT_CLEAR, vi(j->source), vi(j->at_ms), vi(j->at_ms), ve(CT_ORIGIN_PAIR));
    if (next)
        RUN(w, EVENT_CLEAR, vi(j->source), vi(j->next_ms), vi(j->next_ms), ve(CT_ORIGIN_PAIR));
    for (size_t i = 0; i < j->set->items.n; i++) {
        const struct item *it = &j->set->items.v[i];
        if (!it->series)
            continue;
        if (here && !same_value(it->prev, it->now))
            pair_event(j, it, it->prev, it->now, j->at_ms);
        if (next && !same_value(it->now, it->next))
            pair_event(j, it, it->now, it->next, j->next_ms);
    }
    model_events(j, here, next);
}

void ct_w_apply_series(struct ct_job *j)
{
    if (!j->set)
        return;
    /* Stock items follow the offers that refer to them: their ids must exist first. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < j->set->items.n; i++) {
            struct item *it = &j->set->items.v[i];
            if ((it->kind == CT_SERIES_STOCK) != (pass == 0))
                continue;
            it->next = nothing;
            bool changed = false;
            if (it->series || it->listed) {
                bool known_before = it->series != 0;
                if (!known_before)
                    changed = store_facts(j, it);
                changed |= store_samples(j, it);
                if (known_before && it->listed)
                    changed |= store_facts(j, it);
                if (it->listed && (changed || !j->append || it->words == CT_WORDS_NONE))
                    store_words(j, it);
            }
            j->out->changed_rows += changed && it->kind != CT_SERIES_STOCK;
            j->changed |= changed;
        }
    }
    pair_events(j);
}

void ct_w_repeat_series(struct ct_job *j)
{
    struct ct_writer *w = j->w;
    j->set = ct_arena_alloc(w->arena, sizeof *j->set);
    if (!j->set)
        return;
    int64_t samples = j->out->samples;
    if (!j->append) {
        load_known(j);
        for (size_t i = 0; i < j->set->items.n; i++) {
            struct item *it = &j->set->items.v[i];
            int64_t at;
            int flags;
            (void)value_until(j, it, j->at_ms + 1, &at, &flags);
            if (flags & (CT_SAMPLE_QUARANTINED | CT_SAMPLE_LIFTED)) {
                derive_flags(j, it, j->at_ms, j->at_ms);
                ct_w_tail(j, it->series, it->low, it->high);
            }
        }
        j->out->samples = samples;
        return;
    }
    CT_VEC(struct item) pending = {0};
    sqlite3_stmt *st = ASK(w, SERIES_PENDING, vi(j->source));
    while (ct_w_row(w, st)) {
        struct item *it = CT_VEC_PUSH(w->arena, &pending);
        if (!it)
            break;
        struct ct_span unit = ct_w_text(w, st, 2);
        *it = (struct item){.series = ct_w_int(st, 0),
                            .kind = (enum ct_series_kind)ct_w_word(st, 1),
                            .unit = unit.p ? unit.p : ""};
    }
    ct_w_end(st);
    for (size_t i = 0; i < pending.n; i++) {
        struct item *it = &pending.v[i];
        derive_flags(j, it, j->at_ms, j->at_ms);
        ct_w_tail(j, it->series, it->low, it->high);
    }
    j->changed |= j->out->samples > samples;
}
