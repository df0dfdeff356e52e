/* Rows of one answer against the series of their source: a set of items, by kind and key. */
#include "db/write_series.h"

#include <stdlib.h>
#include <string.h>

/* What a series is where no answer lists it. For stock that says "none" only if the source states capacity
 * (then every offer has a stock series) and shows all there is. */
struct ct_value ct_w_absent(const struct ct_job *j, enum ct_series_kind kind)
{
    if (kind != CT_SERIES_STOCK)
        return ct_value_nothing;
    return (struct ct_value){j->states_stock && !j->part_of_list ? CT_STOCK_NONE : CT_STOCK_UNKNOWN,
                             CT_SAMPLE_GONE};
}

/* ---- the set ---- */

#define ITEMS_MOST ((size_t)1 << 20) /* of one source: some 200 MB */

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
    const struct ct_item *it = &s->items.v[i];
    size_t at = (size_t)mix((uint64_t)it->kind, it->key_hash) & (s->n_slots - 1);
    while (s->slot[at])
        at = (at + 1) & (s->n_slots - 1);
    s->slot[at] = (uint32_t)i + 1;
}

/* Room for one item more. */
static void spread(struct ct_series_set *s)
{
    size_t n = s->n_slots ? s->n_slots : 256;
    while (s->items.n * 2 >= n)
        n *= 2;
    if (n == s->n_slots)
        return;
    free(s->slot);
    s->slot = ct_xcalloc(n, sizeof *s->slot);
    s->n_slots = n;
    for (size_t i = 0; i < s->items.n; i++)
        place(s, i);
}

void ct_w_place_items(struct ct_series_set *s)
{
    if (s->n_slots)
        memset(s->slot, 0, s->n_slots * sizeof *s->slot);
    for (size_t i = 0; i < s->items.n; i++)
        place(s, i);
}

/* One more item, to be filled; NULL: the job needs more memory than it may have. */
static struct ct_item *push(struct ct_job *j)
{
    struct ct_series_set *s = j->set;
    if (s->items.n == ITEMS_MOST)
        return ct_arena_alloc(j->w->arena, SIZE_MAX);
    if (s->items.n == s->items.cap) {
        s->items.cap = s->items.cap ? s->items.cap * 2 : 64;
        s->items.v = ct_xrealloc(s->items.v, s->items.cap * sizeof *s->items.v);
    }
    return &s->items.v[s->items.n++];
}

/* The item of (KIND, KEY), made when missing; NULL when there is no memory for it. */
static struct ct_item *item_of(struct ct_job *j, enum ct_series_kind kind, struct ct_span key)
{
    struct ct_series_set *s = j->set;
    spread(s);
    uint64_t key_hash = ct_hash(key);
    size_t at = (size_t)mix((uint64_t)kind, key_hash) & (s->n_slots - 1);
    for (; s->slot[at]; at = (at + 1) & (s->n_slots - 1)) {
        struct ct_item *it = &s->items.v[s->slot[at] - 1];
        if (it->kind == kind && it->key_hash == key_hash && ct_span_eq(it->key, key))
            return it;
    }
    struct ct_item *it = push(j);
    if (!it)
        return NULL;
    *it = (struct ct_item){.kind = kind,
                        .key = key,
                        .key_hash = key_hash,
                        .cur = ct_value_nothing,
                        .now = ct_value_nothing,
                        .next = ct_value_nothing,
                        .cur_ms = CT_NONE,
                        .low = CT_NONE,
                        .high = CT_NONE,
                        .unit = ""};
    place(s, s->items.n - 1);
    return it;
}

/* ---- rows to items ---- */

/* "USD" may be left out; a price below zero is none. */
static const char *unit_of(struct ct_job *j, struct ct_span currency, const char *per)
{
    struct ct_series_set *s = j->set;
    if (!currency.n)
        currency = CT_LIT("USD");
    if (s->per == per && ct_span_eq(s->currency, currency))
        return s->unit;
    struct ct_span unit = ct_arena_printf(j->w->arena, "%.*s/%s", CT_FMT(currency), per);
    s->per = per;
    s->currency = currency;
    s->unit = unit.p ? unit.p : "";
    return s->unit;
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

struct ct_quoted ct_w_quoted(const struct ct_offer *o)
{
    int64_t each = price_of(o->price_per_gpu_hour), hour = o->price_per_hour;
    if (hour == CT_NONE || each == CT_NONE)
        return (struct ct_quoted){hour == CT_NONE ? CT_NONE : 0, CT_NONE};
    bool multiple = ct_whole_price(each, o->gpu_count_milli) == hour;
    return (struct ct_quoted){multiple ? 0 : hour, multiple ? CT_NONE : each};
}

static uint64_t texts_of(const struct ct_span *text, size_t n)
{
    uint64_t h = 1;
    for (size_t i = 0; i < n; i++)
        h = mix_text(h, text[i]);
    return h;
}

/* What table offer holds, so that a price alone changes nothing there. */
static uint64_t offer_facts(const struct ct_offer *o, uint64_t texts, bool states_stock, int64_t n_offers,
                            int64_t stock_count)
{
    struct ct_quoted quoted = ct_w_quoted(o);
    const int64_t number[] = {o->gpu_mem_milli, o->gpu_count_milli,    o->vcpu_milli,
                              o->mem_milli,     quoted.hour,           quoted.each,
                              o->purchase,      o->host_included,      states_stock,
                              stock_count,      o->effective_ms,       n_offers};
    for (size_t i = 0; i < CT_LEN(number); i++)
        texts = mix(texts, (uint64_t)number[i]);
    return texts;
}

/* ---- rows that were there before ---- */

/* As mix_text, eight bytes at a time; the last ones may be some of those before. */
static uint64_t mix_words(uint64_t h, struct ct_span t)
{
    const uint64_t length = UINT64_C(0xc2b2ae3d27d4eb4f);
    uint64_t word = 0;
    uint32_t low, high;
    if (t.n > sizeof word) {
        for (size_t i = 0; i < t.n - sizeof word; i += sizeof word) {
            memcpy(&word, t.p + i, sizeof word);
            h = mix(h, word);
        }
        memcpy(&word, t.p + t.n - sizeof word, sizeof word);
    } else if (t.n >= sizeof low) {
        memcpy(&low, t.p, sizeof low);
        memcpy(&high, t.p + t.n - sizeof high, sizeof high);
        word = (uint64_t)high << 32 | low;
    } else if (t.n) {
        word = (uint64_t)(unsigned char)t.p[0] << 16 | (uint64_t)(unsigned char)t.p[t.n / 2] << 8 |
               (unsigned char)t.p[t.n - 1];
    }
    return mix(h + length * (t.p ? t.n + 1 : 0), word);
}

static uint64_t says(const struct ct_span *text, size_t n, const int64_t *number, size_t n_numbers)
{
    uint64_t h = 1;
    for (size_t i = 0; i < n; i++)
        h = mix_words(h, text[i]);
    for (size_t i = 0; i < n_numbers; i++)
        h = mix(h, (uint64_t)number[i]);
    return h;
}

/* The item of row I, which SAYS that, where the answer before had the same row; NULL: it is to be looked up. *ROW is
 * what is to be known of it next time. */
static struct ct_item *seen(struct ct_job *j, int kind, size_t i, uint64_t says, struct ct_seen_row **row)
{
    struct ct_series_set *s = j->set;
    const struct ct_seen *was = &s->seen[kind];
    *row = &was->v[i];
    if (i < was->n && (*row)->says == says && (*row)->item < s->had)
        return &s->items.v[(*row)->item];
    **row = (struct ct_seen_row){says, 0, CT_SEEN_NEW};
    return NULL;
}

static void remember(struct ct_job *j, struct ct_seen_row *row, const struct ct_item *it, uint64_t texts)
{
    size_t i = (size_t)(it - j->set->items.v);
    row->texts = texts;
    row->item = i < j->set->had ? (uint32_t)i : CT_SEEN_NEW;
}

/* There is room for N rows of KIND. */
static void expect_rows(struct ct_job *j, int kind, size_t n)
{
    struct ct_seen *s = &j->set->seen[kind];
    if (n <= s->cap)
        return;
    s->v = ct_xrealloc(s->v, n * sizeof *s->v);
    s->cap = n;
}

/* So many rows of KIND were there. An answer without any says nothing of them. */
static void had_rows(struct ct_job *j, int kind, size_t n)
{
    j->set->seen[kind].n = n ? n : j->set->seen[kind].n;
}

static void set_unit(struct ct_job *j, struct ct_item *it, const char *unit)
{
    if (it->unit == unit || strcmp(it->unit, unit) == 0)
        return;
    it->unit = unit;
    it->borrowed = j->set->borrowed = true;
}

/* Prices in different currencies are different series: they are never compared. */
static struct ct_span in_currency(struct ct_job *j, struct ct_span key, struct ct_span currency)
{
    if (!currency.n || ct_span_is(currency, "USD"))
        return key;
    return ct_arena_printf(j->w->arena, "%.*s%c%.*s", CT_FMT(key), CT_UNIT_SEPARATOR,
                           CT_FMT(currency));
}

/* The stock of the offers that item GPU is of; returns that item, which may have moved. NULL: no memory. */
static struct ct_item *gather_stock(struct ct_job *j, size_t gpu, const struct ct_offer *o, int64_t stated)
{
    struct ct_item *stock = item_of(j, CT_SERIES_STOCK, j->set->items.v[gpu].key);
    if (!stock)
        return NULL;
    struct ct_item *it = &j->set->items.v[gpu];
    int64_t had = stock->listed ? stock->now.v : CT_STOCK_UNKNOWN;
    it->stock = (uint32_t)(stock - j->set->items.v) + 1;
    stock->listed = true;
    stock->row = o;
    set_unit(j, stock, "stock");
    stock->now = (struct ct_value){stated > had ? stated : had, 0};
    return it;
}

static void gather_offer(struct ct_job *j, size_t i, const struct ct_offer *o)
{
    const struct ct_span text[] = {o->cloud, o->region,   o->zone,     o->sku,         o->instance,
                                   o->gpu,   o->form,     o->currency, o->interruption};
    const int64_t number[] = {o->gpu_mem_milli, o->gpu_count_milli, o->purchase};
    struct ct_seen_row *row;
    struct ct_item *it = seen(j, CT_SEEN_OFFERS, i, says(text, CT_LEN(text), number, CT_LEN(number)), &row);
    if (!it) {
        struct ct_span name = ct_offer_key(j->w->arena, o);
        if (!name.p)
            return; /* not for rent by the accelerator: counted in the rows, kept nowhere */
        it = item_of(j, CT_SERIES_GPU, in_currency(j, name, o->currency));
        if (!it)
            return;
        remember(j, row, it, texts_of(text, CT_LEN(text)));
        set_unit(j, it, unit_of(j, o->currency, "gpu.h"));
    }
    const struct ct_offer *best = it->row && !cheaper(o, it->row) ? it->row : o;
    if (!it->listed)
        it->stock_count = CT_NONE;
    it->listed = true;
    it->row = best;
    it->texts = best == o ? row->texts : it->texts;
    it->now = (struct ct_value){price_of(best->price_per_gpu_hour), 0};
    it->n_offers++;
    if (o->stock_count != CT_NONE && o->stock_count >= 0 && o->stock_count < INT64_MAX / 2)
        it->stock_count = (it->stock_count == CT_NONE ? 0 : it->stock_count) + o->stock_count;
    bool stated = o->stock > CT_STOCK_UNKNOWN && o->stock <= CT_STOCK_AVAILABLE;
    if (stated || j->states_stock || it->stock)
        it = gather_stock(j, (size_t)(it - j->set->items.v), o, stated ? o->stock : CT_STOCK_UNKNOWN);
    if (it)
        it->hash = offer_facts(best, it->texts, it->stock != 0, it->n_offers, it->stock_count);
}

static struct ct_item *token_item(struct ct_job *j, const struct ct_token_price *t)
{
    struct ct_arena *a = j->w->arena;
    struct ct_span ref = ct_w_known(t->source_id), field = ct_w_known(ct_token_field(a, t));
    struct ct_span key =
        ct_arena_printf(a, "%.*s%c%.*s", CT_FMT(ref), CT_UNIT_SEPARATOR, CT_FMT(field));
    if (t->seller.n)
        key = ct_arena_printf(a, "%.*s%c%.*s", CT_FMT(key), CT_UNIT_SEPARATOR, CT_FMT(t->seller));
    return item_of(j, CT_SERIES_TOKEN, in_currency(j, key, t->currency));
}

static void gather_token(struct ct_job *j, size_t i, const struct ct_token_price *t)
{
    enum { FACTS = 8 };
    const struct ct_span text[] = {t->lab,        t->model,  t->variant, t->host,     t->host_class,
                                   t->region,     t->tier,   t->currency, t->source_id, t->seller};
    const int64_t number[] = {t->kind};
    struct ct_seen_row *row;
    struct ct_item *it = seen(j, CT_SEEN_TOKENS, i, says(text, CT_LEN(text), number, CT_LEN(number)), &row);
    if (!it) {
        it = token_item(j, t);
        if (!it)
            return;
        remember(j, row, it, texts_of(text, FACTS));
        set_unit(j, it, unit_of(j, t->currency, "Mtok"));
    }
    it->listed = true;
    it->row = t;
    it->now = (struct ct_value){price_of(t->per_mtok), 0};
    it->hash = mix(mix(mix(row->texts, (uint64_t)t->context), (uint64_t)t->retires_ms),
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

static bool is_touched(const struct ct_batch *b, const struct ct_component *c)
{
    for (size_t i = 0; i < b->incidents.n; i++)
        for (size_t k = 0; b->incidents.v[i].open == 1 && k < b->incidents.v[i].components.n; k++)
            if (ct_span_eq(b->incidents.v[i].components.v[k], c->id))
                return true;
    return false;
}

static int part_of_provider(const struct ct_batch *b, const struct ct_component *c)
{
    if (names_group(b, c))
        return CT_SAMPLE_HEADING;
    if (!c->region.n)
        return 0;
    return b->trouble_only && is_touched(b, c) ? CT_SAMPLE_TOUCHED : CT_SAMPLE_LOCATION;
}

static int state_or_unknown(int state)
{
    return state < CT_STATE_OPERATIONAL || state > CT_STATE_MAJOR ? CT_STATE_UNKNOWN : state;
}

static void gather_component(struct ct_job *j, const struct ct_batch *b,
                             const struct ct_component *c)
{
    struct ct_span id = c->id.n ? c->id : ct_w_known(c->name);
    struct ct_item *it = item_of(j, CT_SERIES_COMPONENT, id);
    int state = state_or_unknown(c->state);
    if (!it || (it->listed && it->now.v >= state))
        return; /* one id twice: the worse one counts */
    it->listed = true;
    it->row = c;
    set_unit(j, it, "state");
    it->now = (struct ct_value){state, part_of_provider(b, c)};
    it->hash = mix(mix_text(mix_text(mix_text(mix_text(1, c->name), c->group), c->region), c->raw_state),
                   (uint64_t)c->updated_ms);
}

static void gather_endpoint(struct ct_job *j, const struct ct_endpoint *e)
{
    struct ct_arena *a = j->w->arena;
    struct ct_span ref = ct_w_known(e->source_id), host = ct_w_known(e->host), region = ct_w_known(e->region);
    struct ct_item *it = item_of(j, CT_SERIES_ENDPOINT,
                              ct_arena_printf(a, "%.*s%c%.*s%c%.*s", CT_FMT(ref),
                                              CT_UNIT_SEPARATOR, CT_FMT(host), CT_UNIT_SEPARATOR,
                                              CT_FMT(region)));
    if (!it)
        return;
    it->listed = true;
    it->row = e;
    set_unit(j, it, "state");
    it->now = (struct ct_value){e->state < 0 ? CT_NONE : state_or_unknown(e->state), 0};
    it->hash = mix(mix(mix(1, (uint64_t)e->uptime_30m_milli), (uint64_t)e->latency_ms_p50_milli),
                   (uint64_t)e->throughput_tps_p50_milli);
}

static void gather_rate(struct ct_job *j, const struct ct_rate *rate)
{
    struct ct_item *it =
        rate->currency.n && rate->usd > 0 ? item_of(j, CT_SERIES_RATE, rate->currency) : NULL;
    if (!it)
        return;
    struct ct_span unit = ct_arena_printf(j->w->arena, "USD/%.*s", CT_FMT(rate->currency));
    it->listed = true;
    it->row = rate;
    set_unit(j, it, unit.p ? unit.p : "");
    it->now = (struct ct_value){rate->usd, 0};
    it->hash = 1;
}

static void gather_measure(struct ct_job *j, const struct ct_measure *m)
{
    struct ct_span unit = ct_arena_dup(j->w->arena, m->unit);
    struct ct_item *it = m->name.n ? item_of(j, CT_SERIES_MEASURE, m->name) : NULL;
    if (!it)
        return;
    it->listed = true;
    it->row = m;
    set_unit(j, it, unit.p ? unit.p : "");
    it->now = (struct ct_value){price_of(m->value_milli), 0};
    it->hash = 1;
}

static void gather_page(struct ct_job *j, const struct ct_batch *b)
{
    for (size_t i = 0; i < b->pages.n; i++) {
        int state = ct_indicator_state(b->pages.v[i].indicator);
        struct ct_item *it = state < 0 ? NULL : item_of(j, CT_SERIES_PAGE, CT_LIT(""));
        if (!it)
            continue;
        it->listed = true;
        set_unit(j, it, "state");
        it->now = (struct ct_value){state, 0};
        return;
    }
}

/* ---- names ---- */

/* "probe/NAME/latency": what [probe NAME] measures comes from the source probe_NAME. */
static struct ct_span probe_of(const struct ct_job *j)
{
    struct ct_span who = ct_span(j->f->source_id);
    const size_t n = strlen("probe_");
    return ct_span_starts(who, "probe_") && who.n > n ? (struct ct_span){who.p + n, who.n - n} : who;
}

static void add_names(struct ct_buf *out, const char *kind, struct ct_span name, struct ct_span part)
{
    ct_buf_adds(out, kind);
    ct_key_segment(out, name);
    if (!part.n)
        return;
    ct_buf_addc(out, '/');
    ct_key_segment(out, part);
}

void ct_w_item_name(struct ct_job *j, const struct ct_item *it, struct ct_buf *out)
{
    const struct ct_component *c = it->row;
    const struct ct_endpoint *e = it->row;
    switch (it->kind) {
    case CT_SERIES_GPU:
    case CT_SERIES_STOCK:
        ct_buf_adds(out, it->kind == CT_SERIES_STOCK ? "stock/" : "gpu/");
        ct_buf_add(out, ct_item_ref(it));
        break;
    case CT_SERIES_TOKEN: {
        struct ct_span name = ct_token_key(j->w->arena, it->row);
        ct_buf_adds(out, name.p ? "token/" : "");
        ct_buf_add(out, ct_w_known(name));
        break;
    }
    case CT_SERIES_COMPONENT:
        add_names(out, "state/", j->provider, c->name.n ? c->name : it->key);
        break;
    case CT_SERIES_PAGE:
        add_names(out, "page/", j->provider, CT_SPAN_NONE);
        break;
    case CT_SERIES_ENDPOINT:
        add_names(out, "endpoint/", ct_w_known(e->host), e->region.n ? e->region : CT_LIT("any"));
        ct_buf_addc(out, '/');
        ct_key_segment(out, ct_w_known(e->source_id));
        break;
    case CT_SERIES_RATE:
        ct_buf_adds(out, "fx/");
        ct_buf_add(out, it->key);
        break;
    default:
        add_names(out, "probe/", probe_of(j), it->key);
    }
}

/* ---- what is stored ---- */

int ct_w_by_series(const void *a, const void *b)
{
    const struct ct_item *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

static void look_up_known(struct ct_job *j)
{
    struct ct_writer *w = j->w;
    struct ct_series_set *s = j->set;
    sqlite3_stmt *st = ASK(w, SERIES_ALL, vi(j->source));
    const char *unit = "";
    while (ct_w_row(w, st)) {
        struct ct_item *it = push(j);
        const char *is = (const char *)sqlite3_column_text(st, 3);
        if (!it) {
            ct_w_end(st);
            return;
        }
        if (is && strcmp(is, unit) != 0) {
            struct ct_span copy = ct_w_text(w, st, 3);
            unit = copy.p ? copy.p : "";
        }
        *it = (struct ct_item){.kind = (enum ct_series_kind)ct_w_word(st, 1),
                               .key = ct_w_text(w, st, 2),
                               .unit = unit,
                               .series = ct_w_int(st, 0),
                               .cur_ms = CT_NONE,
                               .cur_flags = CT_SAMPLE_GONE,
                               .cur = ct_value_nothing,
                               .low = CT_NONE,
                               .high = CT_NONE,
                               .old_hash = (uint64_t)ct_w_int(st, 4),
                               .words = ct_w_int(st, 5)};
    }
    if (s->items.n)
        qsort(s->items.v, s->items.n, sizeof *s->items.v, ct_w_by_series);
    for (size_t i = 0; i < s->items.n; i++) {
        s->items.v[i].key_hash = ct_hash(s->items.v[i].key);
        ct_w_clean_item(j, &s->items.v[i]);
    }
    ct_w_load_newest(j);
    spread(s);
}

void ct_w_clean_item(const struct ct_job *j, struct ct_item *it)
{
    it->listed = it->renewed = false;
    it->now = ct_w_absent(j, it->kind);
    it->next = ct_value_nothing;
    it->row = NULL;
    it->hash = it->texts = 0;
    it->n_offers = it->stock = 0;
    it->stock_count = 0;
}

void ct_w_load_known(struct ct_job *j)
{
    if (!ct_w_recall_known(j))
        look_up_known(j);
    j->set->had = j->set->items.n;
}

/* What the answer is judged by, and its hash: one of hashes, as the order of rows does not matter. */
static void sum_up(struct ct_series_set *s)
{
    for (size_t i = 0; i < s->items.n; i++) {
        const struct ct_item *it = &s->items.v[i];
        bool counts = it->kind != CT_SERIES_STOCK && it->kind != CT_SERIES_PAGE;
        s->stock |= it->kind == CT_SERIES_STOCK;
        s->n_had += counts && it->cur_ms != CT_NONE && !(it->cur.flags & CT_SAMPLE_GONE);
        s->n_has += counts && it->listed;
        if (it->listed)
            s->hash += mix(mix(mix((uint64_t)it->kind + 1, it->key_hash), (uint64_t)it->now.v),
                           it->hash + (uint64_t)it->now.flags);
    }
}

void ct_w_gather(struct ct_job *j, const struct ct_batch *b)
{
    ct_w_load_known(j);
    expect_rows(j, CT_SEEN_OFFERS, b->offers.n);
    expect_rows(j, CT_SEEN_TOKENS, b->token_prices.n);
    for (size_t i = 0; i < b->offers.n; i++)
        gather_offer(j, i, &b->offers.v[i]);
    for (size_t i = 0; i < b->token_prices.n; i++)
        gather_token(j, i, &b->token_prices.v[i]);
    had_rows(j, CT_SEEN_OFFERS, b->offers.n);
    had_rows(j, CT_SEEN_TOKENS, b->token_prices.n);
    for (size_t i = 0; i < b->components.n; i++)
        gather_component(j, b, &b->components.v[i]);
    for (size_t i = 0; i < b->endpoints.n; i++)
        gather_endpoint(j, &b->endpoints.v[i]);
    for (size_t i = 0; i < b->rates.n; i++)
        gather_rate(j, &b->rates.v[i]);
    for (size_t i = 0; i < b->measures.n; i++)
        gather_measure(j, &b->measures.v[i]);
    gather_page(j, b);
    sum_up(j->set);
}

uint64_t ct_w_hash(const struct ct_job *j)
{
    return j->set ? j->set->hash : 0;
}

void ct_w_count(const struct ct_job *j, int64_t *had, int64_t *has)
{
    *had = j->set ? j->set->n_had : 0;
    *has = j->set ? j->set->n_has : 0;
}
