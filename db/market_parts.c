/* The offers that all indices are made of. Which there are, and which of them are the same machine, hardly ever changes:
 * that is kept from load to load until the file says that it did. What they ask is looked up anew. */
#include "db/base/keyed.h"
#include "db/base/terms.h"
#include "db/market_figure.h"

#include <stdlib.h>
#include <string.h>

#define LATE_MS (31 * CT_DAY) /* what screens show of indices unasked, and a day */

struct ct_market_kept {
    struct ct_market_all all;
    struct ct_figuring *ready; /* of each of ALL, but for what is of a load; NULL: not yet */
    uint64_t sources;          /* those it was made for */
    struct ct_arena *texts;    /* names: answers keep them alive */
    struct ct_arena *parts, *figures; /* what ALL and READY consist of */
    int64_t offers;  /* meta.offers of what is here; CT_NONE: good until the next commit */
    int64_t gone_ms; /* what was gone for good by then is left out, */
    uint64_t left;   /* which is this */
    int64_t looked;  /* r->version when all that was still so */
};

void ct_market_forget(struct ct_reader *r, bool late_too)
{
    for (size_t i = late_too ? 0 : 1; i < CT_LEN(r->market); i++) {
        struct ct_market_kept *k = r->market[i];
        if (k) {
            ct_arena_free(k->texts);
            ct_arena_free(k->parts);
            ct_arena_free(k->figures);
        }
        free(k);
        r->market[i] = NULL;
    }
}

/* ---- which there are ---- */

/* An index, what becomes a part of it, and that with its places in the order of indices and of parts. */
struct named {
    struct ct_span name, gpu, form;
    int purchase;
    size_t number;
};
struct offered {
    int64_t series, source, count, mem_milli;
    uint32_t who, region, instance, currency; /* numbers of terms */
    bool rentable;
};
struct listed {
    uint32_t index, who, region, instance; /* at first numbers of terms */
    const struct offered *part;
};
struct listing {
    struct ct_terms who, region, instance, word, index;
    CT_VEC(struct named) named; /* the indices, as they are numbered */
    struct offered *part; /* as they come; of the heap, as LISTED is */
    struct listed *listed;
    size_t n, cap;
};

static int by_index(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int way = ct_span_cmp(x->name, y->name);
    if (!way)
        way = ct_span_cmp(x->gpu, y->gpu);
    if (!way)
        way = ct_span_cmp(x->form, y->form);
    return way ? way : x->purchase - y->purchase;
}

static int by_text(const void *a, const void *b)
{
    return ct_span_cmp(((const struct ct_term *)a)->text, ((const struct ct_term *)b)->text);
}

static int by_instance(const void *a, const void *b)
{
    return ct_cmp_instance(((const struct ct_term *)a)->text, ((const struct ct_term *)b)->text);
}

static bool same_place(const struct listed *x, const struct listed *y)
{
    return x->index == y->index && x->who == y->who && x->region == y->region && x->instance == y->instance;
}

/* Of those that have the same: with the order of these that of ct_market_order. */
static int by_count(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    if (x->part->count != y->part->count)
        return x->part->count < y->part->count ? -1 : 1;
    return (x->part->source > y->part->source) - (x->part->source < y->part->source);
}

/* Offers whose texts are turned into numbers, each once. */
struct numbering {
    struct ct_reader *r;
    struct ct_arena *texts;
    struct listing *l;
    int64_t gone_ms;
    const struct ct_offers *o;
    uint32_t number[CT_FACTS][CT_OFFERS_MOST]; /* + 1; 0: not asked for yet */
    struct {
        uint32_t gpu, form, index; /* numbers, + 1 */
        int purchase;
    } known[64];
};

/* The number of the text that is offer I's FACT, which T then has for itself. */
static uint32_t number_of(struct numbering *m, struct ct_terms *t, enum ct_fact fact, size_t i)
{
    uint16_t at = m->o->fact[fact].at[i];
    uint32_t *number = &m->number[fact][at];
    if (*number)
        return *number - 1;
    struct ct_span text = m->o->fact[fact].text[at];
    if (fact == CT_FACT_FORM && !text.p)
        text = CT_LIT("");
    size_t n = t->n;
    *number = (uint32_t)ct_terms_number(t, (struct ct_term){text, {0, 0}}) + 1;
    if (*number - 1 == n)
        t->v[n].text = ct_arena_dup(m->texts, text);
    return *number - 1;
}

static int purchase_of(const struct ct_offers *o, size_t i)
{
    int64_t v = ct_offers_number(o, CT_FACT_PURCHASE, i);
    return v < 0 || v > CT_PURCHASE_OTHER ? CT_PURCHASE_OTHER : (int)v;
}

/* The number of the index that offer I is of. */
static uint32_t index_of(struct numbering *m, size_t i)
{
    struct listing *l = m->l;
    uint32_t gpu = number_of(m, &l->word, CT_FACT_GPU, i), form = number_of(m, &l->word, CT_FACT_FORM, i);
    struct named v = {.gpu = l->word.v[gpu].text, .form = l->word.v[form].text, .purchase = purchase_of(m->o, i),
                      .number = l->named.n};
    size_t place = (gpu * 7 + form * 3 + (uint32_t)v.purchase) % CT_LEN(m->known);
    if (m->known[place].index && m->known[place].gpu == gpu && m->known[place].form == form &&
        m->known[place].purchase == v.purchase)
        return m->known[place].index - 1;
    size_t n = l->index.n, number = ct_terms_number(&l->index, (struct ct_term){v.gpu, {form, v.purchase}});
    struct named *named = number == n ? CT_VEC_PUSH(m->r->arena, &l->named) : NULL;
    if (named) {
        v.name = ct_market_index_name(m->texts, v.gpu, v.form, v.purchase);
        *named = v;
    }
    m->known[place].gpu = gpu;
    m->known[place].form = form;
    m->known[place].purchase = v.purchase;
    m->known[place].index = (uint32_t)number + 1;
    return (uint32_t)number;
}

static void list_part(struct numbering *m, size_t i)
{
    struct listing *l = m->l;
    int64_t series = m->o->series[i], source = ct_source_of(m->r, series);
    if (source == CT_NONE)
        return;
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : CT_OFFERS_MOST;
        l->part = ct_xrealloc(l->part, l->cap * sizeof *l->part);
        l->listed = ct_xrealloc(l->listed, l->cap * sizeof *l->listed);
    }
    struct listed v = {.index = index_of(m, i), .who = number_of(m, &l->who, CT_FACT_CLOUD, i),
                       .region = number_of(m, &l->region, CT_FACT_REGION, i),
                       .instance = number_of(m, &l->instance, CT_FACT_INSTANCE, i)};
    uint32_t currency = number_of(m, &l->word, CT_FACT_CURRENCY, i);
    l->listed[l->n] = v;
    l->part[l->n++] = (struct offered){
        .series = series,
        .source = source,
        .count = ct_offers_number(m->o, CT_FACT_GPU_COUNT, i),
        .mem_milli = ct_offers_number(m->o, CT_FACT_GPU_MEM, i),
        .who = v.who,
        .region = v.region,
        .instance = v.instance,
        .currency = currency,
        .rentable = ct_offers_number(m->o, CT_FACT_HOST_INCLUDED, i) != 0,
    };
}

static void list_parts(void *ctx, struct ct_offers *o)
{
    struct numbering *m = ctx;
    m->o = o;
    for (enum ct_fact f = 0; f < CT_FACTS; f++)
        memset(m->number[f], 0, o->fact[f].n * sizeof m->number[f][0]);
    for (size_t i = 0; i < o->n; i++)
        if (ct_offers_text(o, CT_FACT_GPU, i).n && ct_there_since(m->r, o->series[i], m->gone_ms))
            list_part(m, i);
}

/* The place of each term in the order of COMPARE; equal ones stand in one. */
static uint32_t *places(struct ct_reader *r, const struct ct_terms *t, int (*compare)(const void *, const void *))
{
    struct ct_term *sorted = ct_arena_alloc(r->arena, (t->n + 1) * sizeof *sorted);
    uint32_t *place = ct_arena_alloc(r->arena, (t->n + 1) * sizeof *place), n = 0;
    for (size_t i = 0; i < t->n; i++)
        sorted[i] = (struct ct_term){t->v[i].text, {(int64_t)i, 0}};
    ct_sort(r, sorted, t->n, sizeof *sorted, compare);
    for (size_t i = 0; i < t->n; i++) {
        n += i > 0 && compare(&sorted[i - 1], &sorted[i]) != 0;
        place[sorted[i].with[0]] = n;
    }
    return place;
}

/* Those of one place, of which there are few, by count and source. */
static void order_alike(struct ct_reader *r, struct listing *l)
{
    for (size_t i = 0, end; i < l->n; i = end) {
        for (end = i + 1; end < l->n && same_place(&l->listed[i], &l->listed[end]);)
            end++;
        ct_sort(r, l->listed + i, end - i, sizeof *l->listed, by_count);
    }
}

/* By index, seller, region and instance: numbers all of them. */
static void order_listed(struct ct_reader *r, struct listing *l)
{
    struct ct_keyed *v = ct_xmalloc(2 * (l->n + 1) * sizeof *v);
    struct listed *from = ct_xmalloc((l->n + 1) * sizeof *from);
    for (size_t i = 0; i < l->n; i++) {
        from[i] = l->listed[i];
        v[i] = (struct ct_keyed){(uint64_t)from[i].region << 32 | from[i].instance, (uint32_t)i};
    }
    ct_keyed_sort(v, l->n, v + l->n);
    for (size_t i = 0; i < l->n; i++)
        v[i].key = (uint64_t)from[v[i].i].index << 32 | from[v[i].i].who;
    ct_keyed_sort(v, l->n, v + l->n);
    for (size_t i = 0; i < l->n; i++)
        l->listed[i] = from[v[i].i];
    free(from);
    free(v);
    order_alike(r, l);
}

/* The parts in their order, and the indices. */
static void put_in_order(struct ct_reader *r, struct listing *l)
{
    const uint32_t *who = places(r, &l->who, by_text), *region = places(r, &l->region, by_text),
                   *instance = places(r, &l->instance, by_instance);
    uint32_t *index = ct_arena_alloc(r->arena, (l->named.n + 1) * sizeof *index);
    ct_sort(r, l->named.v, l->named.n, sizeof *l->named.v, by_index);
    for (size_t i = 0; i < l->named.n; i++)
        index[l->named.v[i].number] = (uint32_t)i;
    for (size_t i = 0; i < l->n; i++) {
        struct listed *v = &l->listed[i];
        *v = (struct listed){index[v->index], who[v->who], region[v->region], instance[v->instance], &l->part[i]};
    }
    order_listed(r, l);
}

static struct ct_market_part part_of(const struct listing *l, const struct offered *o)
{
    return (struct ct_market_part){
        .series = o->series,
        .source_id = o->source,
        .who = l->who.v[o->who].text,
        .region = l->region.v[o->region].text,
        .instance = l->instance.v[o->instance].text,
        .count = o->count,
        .currency = l->word.v[o->currency].text,
        .rentable = o->rentable,
        .mem_milli = o->mem_milli,
    };
}

/* Those of L from FIRST on up to END, in their order, as the next index. */
static void add_index(struct ct_market_kept *k, const struct listing *l, size_t first, size_t end)
{
    const struct listed *v = l->listed + first;
    const struct named *index = &l->named.v[v->index];
    size_t n = end - first;
    struct ct_market_of *of = CT_VEC_PUSH(k->parts, &k->all.v);
    struct ct_market_part *parts = of ? ct_arena_room(k->parts, n * sizeof *parts) : NULL;
    if (!parts)
        return;
    *of = (struct ct_market_of){.name = index->name, .gpu = index->gpu, .form = index->form, .purchase = index->purchase,
                                .dollars = true, .version = CT_NONE};
    for (size_t i = 0; i < n; i++) {
        parts[i] = part_of(l, v[i].part);
        of->clouds += parts[i].who.p && (i == 0 || v[i].who != v[i - 1].who);
        of->dollars = of->dollars && (!parts[i].currency.n || ct_span_is(parts[i].currency, "USD"));
    }
    of->m.kind = CT_SERIES_INDEX;
    of->m.v.v = parts;
    of->m.v.n = of->m.v.cap = n;
}

static void read_all(struct ct_reader *r, struct ct_market_kept *k)
{
    struct ct_arena *answer = r->arena;
    struct listing l = {.n = 0};
    struct ct_terms *terms[] = {&l.who, &l.region, &l.instance, &l.word, &l.index};
    struct numbering *m = ct_xcalloc(1, sizeof *m);
    r->arena = ct_arena_new(0);
    m->r = r;
    m->texts = k->texts;
    m->l = &l;
    m->gone_ms = k->gone_ms;
    ct_offers_since(r, k->gone_ms, list_parts, m);
    free(m);
    put_in_order(r, &l);
    for (size_t i = 0, end; i < l.n; i = end) {
        for (end = i + 1; end < l.n && l.listed[end].index == l.listed[i].index;)
            end++;
        add_index(k, &l, i, end);
    }
    free(l.part);
    free(l.listed);
    for (size_t i = 0; i < CT_LEN(terms); i++)
        ct_terms_free(terms[i]);
    ct_arena_free(r->arena);
    r->arena = answer;
}

/* ---- whether these are still all ---- */

static uint64_t mixed(uint64_t h)
{
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Whether anything was recorded by MS, so that it may have been gone by then. */
static bool recorded_by(struct ct_reader *r, int64_t ms)
{
    return ct_meta(r, "first_ms") <= ms; /* CT_NONE: not known */
}

/* Which prices were gone for good by MS: one that comes back may change nothing but its newest sample. */
static uint64_t left_out(struct ct_reader *r, int64_t ms)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < ct_newest_parts(r); i++) {
        struct ct_newest_part part = ct_newest_part(r, i);
        for (size_t k = 0; k < part.n; k++) {
            const struct ct_newest *v = &part.v[k];
            if (v->kind == CT_SERIES_GPU && (v->flags & CT_SAMPLE_GONE) && v->at_ms <= ms)
                sum += mixed((uint64_t)v->series);
        }
    }
    return sum;
}

static bool is_current(struct ct_reader *r, struct ct_market_kept *k)
{
    if (k->looked == r->version || r->version == CT_NONE)
        return r->version != CT_NONE;
    if (k->offers == CT_NONE || ct_meta(r, "offers") != k->offers || left_out(r, k->gone_ms) != k->left)
        return false;
    k->looked = r->version;
    return true;
}

/* What is kept but for those gone for good by GONE_MS, or by an earlier moment. */
static struct ct_market_kept *kept(struct ct_reader *r, struct ct_market_kept **place, int64_t gone_ms)
{
    if (*place && (*place)->gone_ms <= gone_ms && is_current(r, *place))
        return *place;
    ct_market_forget(r, place == r->market);
    struct ct_market_kept *k = *place = ct_xcalloc(1, sizeof *k);
    k->texts = ct_arena_new(0);
    k->parts = ct_arena_new(0);
    k->gone_ms = gone_ms;
    k->left = left_out(r, gone_ms);
    k->looked = r->version;
    k->offers = ct_meta(r, "offers");
    read_all(r, k);
    if (r->status != CT_OK) /* cut short, perhaps */
        k->looked = CT_NONE;
    if (r->status != CT_OK || ct_reader_damaged(r)) /* nobody knows all that is left out */
        k->offers = CT_NONE;
    return k;
}

static struct ct_market_kept *kept_from(struct ct_reader *r, int64_t from_ms)
{
    int64_t late = r->t - LATE_MS;
    bool ever = from_ms < late && recorded_by(r, late);
    struct ct_market_kept *k = kept(r, &r->market[ever], ever ? INT64_MIN : late);
    return ct_arena_keep(r->arena, k->texts) ? k : NULL;
}

const struct ct_market_all *ct_market_all_parts(struct ct_reader *r, int64_t from_ms)
{
    static const struct ct_market_all none = {.v = {NULL, 0, 0}};
    const struct ct_market_kept *k = kept_from(r, from_ms);
    return k ? &k->all : &none;
}

/* What its parts ask as of this load. */
static void look_up(struct ct_reader *r, struct ct_market_of *of)
{
    if (of->version == r->version && of->version != CT_NONE && of->at == r->at)
        return;
    of->newest_ms = CT_NONE;
    for (size_t i = 0; i < of->m.v.n; i++) {
        struct ct_market_part *p = &of->m.v.v[i];
        struct ct_asof now = ct_asof_now(r, p->series);
        of->changes += now.at_ms != p->now.at_ms || now.value != p->now.value || now.flags != p->now.flags;
        of->newest_ms = now.at_ms > of->newest_ms ? now.at_ms : of->newest_ms;
        p->now = now;
    }
    of->version = r->status == CT_OK ? r->version : CT_NONE;
    of->at = r->at;
}

/* Where those of NAME begin. */
static size_t place_of(const struct ct_market_all *all, struct ct_span name)
{
    size_t low = 0, high = all->v.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ct_span_cmp(all->v.v[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct ct_market_of *ct_market_find(struct ct_reader *r, int64_t from_ms, struct ct_span gpu, struct ct_span form,
                                          int purchase)
{
    struct ct_span name = ct_market_index_name(r->arena, gpu, form, purchase);
    struct ct_market_kept *k = kept_from(r, from_ms);
    for (size_t i = k ? place_of(&k->all, name) : 0; k && i < k->all.v.n; i++) {
        struct ct_market_of *of = &k->all.v.v[i];
        if (!ct_span_eq(of->name, name))
            break;
        if (ct_span_eq(of->gpu, gpu) && ct_span_eq(of->form, form) && of->purchase == purchase) {
            look_up(r, of);
            return of;
        }
    }
    return NULL;
}

/* ---- all indices ---- */

/* What of SOURCES is part of what is kept ready. */
static uint64_t mark_of(const struct ct_source_list *sources)
{
    uint64_t h = sources->n;
    for (size_t i = 0; i < sources->n; i++) {
        const struct ct_source_at *s = &sources->v[i];
        h = mixed(h ^ mixed((uint64_t)s->id ^ (uint64_t)s->evidence << 32) ^ ct_hash(s->provider));
    }
    return h;
}

/* False: out of memory, or a failure before. */
static bool make_ready(struct ct_reader *r, const struct ct_source_list *sources, struct ct_market_kept *k)
{
    struct ct_arena *answer = r->arena;
    uint64_t mark = mark_of(sources);
    if (k->ready && k->sources == mark)
        return true;
    ct_arena_free(k->figures);
    r->arena = k->figures = ct_arena_new(0);
    for (size_t i = 0; i < k->all.v.n; i++) /* told of other sources */
        memset(k->all.v.v[i].told, 0, sizeof k->all.v.v[i].told);
    k->ready = ct_arena_alloc(k->figures, (k->all.v.n + 1) * sizeof *k->ready);
    for (size_t i = 0; k->ready && i < k->all.v.n; i++)
        if (!ct_figure_prepare(r, &k->all.v.v[i].m, sources, &k->ready[i]))
            k->ready = NULL;
    r->arena = answer;
    k->sources = mark;
    return k->ready != NULL;
}

/* What the figure of OF depends on at a moment, but for its parts: what they ask (now, or what is kept ready of that
 * moment) and what the words of their sources are worth. 0: on more. */
static uint64_t mark_of_figure(struct ct_figuring *s, const struct ct_market_of *of)
{
    const struct ct_reference *f = &s->r->reference;
    bool now = of->newest_ms <= s->at_ms;
    if (!of->dollars || (!now && (f->at_ms != s->at_ms || !f->n)))
        return 0;
    uint64_t h = mixed(mixed(ct_figure_words(s) ^ of->changes) ^ (now ? 0 : mixed(f->serial ^ (uint64_t)f->back_ms)));
    return h ? h : 1;
}

/* What P asked at AT_MS; true: no more was needed for that than what is kept. */
static bool value_of(struct ct_reader *r, struct ct_market_part *p, int64_t at_ms, struct ct_asof *out)
{
    struct ct_sample v = {p->now.at_ms, p->now.value, p->now.flags};
    bool kept = v.at_ms <= at_ms;
    if (!kept) {
        r->reference.next = p->place;
        kept = ct_reference_find(r, p->series, at_ms, &v);
        p->place = kept ? r->reference.next - 1 : 0;
    }
    kept = kept && !(v.flags & CT_SAMPLE_SUSPECT);
    *out = kept ? (struct ct_asof){v.at_ms, v.value, v.flags} : ct_figure_value(r, p, at_ms);
    return kept;
}

/* A moment that is asked for. */
struct moment {
    int64_t at_ms;
    struct ct_reference reference; /* what is kept ready of it */
    const struct ct_heard *heard;
    struct ct_asof *values;
    uint64_t mark;
    bool known, kept;
};

static void look_at(struct ct_figuring *s, const struct moment *v)
{
    s->r->reference = v->reference;
    s->heard = v->heard;
    s->at_ms = v->at_ms;
}

/* The figures of OF, the parts of which S is made of, at each moment. */
static void set_figures(struct ct_figuring *s, struct ct_market_of *of, struct moment *v, size_t n, int64_t *out)
{
    bool all = true;
    for (size_t k = 0; k < n; k++) {
        look_at(s, &v[k]);
        v[k].mark = mark_of_figure(s, of);
        v[k].known = v[k].kept = false;
        for (size_t i = 0; v[k].mark && i < CT_LEN(of->told) && !v[k].known; i++)
            if ((v[k].known = of->told[i].mark == v[k].mark))
                out[k] = of->told[i].value;
        v[k].kept = v[k].mark != 0;
        all = all && v[k].known;
    }
    for (size_t i = 0; i < of->m.v.n && !all; i++) /* one after the other, which costs one look into the history of each */
        for (size_t k = 0; k < n; k++) {
            if (v[k].known)
                continue;
            s->r->reference = v[k].reference;
            if (!value_of(s->r, &of->m.v.v[i], v[k].at_ms, &v[k].values[i]))
                v[k].kept = false;
        }
    for (size_t k = 0; k < n; k++) {
        if (v[k].known)
            continue;
        look_at(s, &v[k]);
        s->value = v[k].values;
        out[k] = s->r->status == CT_OK ? ct_figure(s, &of->m) : CT_NONE;
        if (v[k].kept && s->r->status == CT_OK)
            of->told[of->next++ % CT_LEN(of->told)] = (struct ct_market_told){v[k].mark, out[k]};
    }
}

static int64_t earliest(const int64_t *at_ms, size_t n)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < n; i++)
        first = at_ms[i] < first ? at_ms[i] : first;
    return first;
}

static size_t most_parts(const struct ct_market_all *all)
{
    size_t most = 0;
    for (size_t i = 0; i < all->v.n; i++)
        most = all->v.v[i].m.v.n > most ? all->v.v[i].m.v.n : most;
    return most;
}

/* Room for what all parts of an index asked at N moments. */
static bool begin_moments(struct ct_reader *r, const struct ct_source_list *sources, const struct ct_market_all *all,
                          const int64_t *at_ms, size_t n, struct moment *v)
{
    for (size_t i = 0; i < n; i++) {
        v[i].at_ms = at_ms[i];
        v[i].heard = ct_market_heard(r, sources, at_ms[i]);
        v[i].values = ct_arena_alloc(r->arena, (most_parts(all) + 1) * sizeof *v[i].values);
        if (!v[i].heard || !v[i].values)
            return false;
        ct_reference_use(r, at_ms[i]);
        v[i].reference = r->reference;
    }
    for (size_t i = 0; i < n; i++) { /* two of them may be of one stretch that is kept */
        ct_reference_return(r, v[i].reference);
        v[i].reference = r->reference;
    }
    return true;
}

void ct_market_indices(struct ct_reader *r, const struct ct_source_list *sources,
                       const int64_t *at_ms, size_t n_moments, struct ct_market_indices *out)
{
    struct ct_market_kept *k = kept_from(r, earliest(at_ms, n_moments));
    struct moment *v = ct_arena_alloc(r->arena, (n_moments + 1) * sizeof *v);
    struct ct_rates rates = {.loaded = false};
    const struct ct_reference before = r->reference;
    bool ready = k && v && make_ready(r, sources, k) && begin_moments(r, sources, &k->all, at_ms, n_moments, v);
    for (size_t i = 0; ready && i < k->all.v.n && r->status == CT_OK; i++) {
        struct ct_market_of *of = &k->all.v.v[i];
        struct ct_figuring *s = &k->ready[i];
        struct ct_market_index *place = CT_VEC_PUSH(r->arena, &out->v);
        int64_t *value = ct_arena_alloc(r->arena, (n_moments + 1) * sizeof *value);
        if (!place || !value)
            break;
        look_up(r, of);
        s->r = r;
        s->sources = sources;
        s->rates = rates;
        set_figures(s, of, v, n_moments, value);
        rates = s->rates;
        *place = (struct ct_market_index){of, value};
    }
    ct_reference_return(r, before);
}
