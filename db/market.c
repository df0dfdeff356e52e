/* Figures made of many series, at a moment. */
#include "db/market_figure.h"

/* ---- one offer that several sources list ---- */

static int by_offer(const void *a, const void *b)
{
    const struct ct_market_part *x = a, *y = b;
    int way = ct_span_cmp(x->model, y->model);
    if (!way)
        way = ct_span_cmp(x->who, y->who);
    if (!way)
        way = ct_span_cmp(x->region, y->region);
    if (!way)
        way = ct_cmp_instance(x->instance, y->instance);
    return way ? way : (x->count > y->count) - (x->count < y->count);
}

int ct_market_order(const struct ct_market_part *x, const struct ct_market_part *y)
{
    int way = by_offer(x, y);
    return way ? way : (x->source_id > y->source_id) - (x->source_id < y->source_id);
}

bool ct_market_same(const struct ct_market_part *x, const struct ct_market_part *y)
{
    return by_offer(x, y) == 0;
}

static int by_offer_and_source(const void *a, const void *b)
{
    return ct_market_order(a, b);
}

/* ---- the figure at a moment ---- */

/* How much the word of part I is worth: there at all, lately confirmed, close to the machine. Below 0: nothing. */
static int worth(const struct ct_figuring *s, size_t i)
{
    int word = s->word[s->source[i]];
    return word < 0 ? word : word + (ct_gone(s->value[i]) ? 0 : 20);
}

static bool lives(const struct ct_figuring *s, size_t i)
{
    return s->word[s->source[i]] >= 0;
}

/* Part I's price in dollars, if it may count. */
static int64_t price(struct ct_figuring *s, const struct ct_market *m, size_t i)
{
    const int64_t absurd = INT64_C(1000000000000); /* in the unit: no GPU-hour and no million tokens costs 1000 dollars */
    const int bad = CT_SAMPLE_QUARANTINED | CT_SAMPLE_SUSPECT;
    const struct ct_asof *v = &s->value[i];
    if (s->money[i] == CT_MONEY_NONE || ct_gone(*v) || v->value <= 0 || v->value > absurd || (v->flags & bad))
        return CT_NONE;
    return s->money[i] == CT_MONEY_DOLLARS ? v->value : ct_in_dollars(s->r, s->sources, &s->rates, m->v.v[i].currency, v->value, s->at_ms);
}

/* Which sources call a machine of the seller of [from, to) as the seller does, of what both list; false: the seller
 * says nothing. */
static bool match_names(struct ct_figuring *s, size_t from, size_t to)
{
    bool any = false;
    s->seller_n++;
    for (size_t i = from; i < to && s->directs; i++)
        if (s->direct[i] && !ct_gone(s->value[i])) {
            any = true;
            s->named[s->name[i]] = s->seller_n;
        }
    for (size_t i = from; i < to && any; i++)
        if (s->name[i] && !ct_gone(s->value[i]) && s->named[s->name[i]] == s->seller_n)
            s->matched[s->source[i]] = s->seller_n;
    return any;
}

/* Whether part I, which nothing names as its cloud does, is sold by that cloud itself: one of the
 * other parts of it, in [from, to). */
static bool is_twin(struct ct_figuring *s, const struct ct_market *m, size_t from, size_t to, size_t i)
{
    const struct ct_market_part *v = m->v.v;
    bool alien = !s->direct[i] && s->matched[s->source[i]] != s->seller_n;
    for (size_t k = from; k < to && alien; k++)
        if (s->direct[k] && ct_same_memory(v[i].mem_milli, v[k].mem_milli) && lives(s, k) &&
            price(s, m, k) != CT_NONE)
            return true;
    return false;
}

static int64_t lower(int64_t a, int64_t b)
{
    return a == CT_NONE || (b != CT_NONE && b < a) ? b : a;
}

/* The cheapest price of the seller of [from, to): of each offer that of the source with the best word, the parts of
 * which stand together. */
static int64_t cheapest(struct ct_figuring *s, const struct ct_market *m, size_t from, size_t to)
{
    int64_t least = CT_NONE;
    bool any_direct = match_names(s, from, to);
    for (size_t i = from, end; i < to; i = end) {
        int64_t best = CT_NONE;
        int most = -1;
        end = s->offer[i];
        if (end == i + 1 && !any_direct) { /* as most are */
            least = lower(least, lives(s, i) ? price(s, m, i) : CT_NONE);
            continue;
        }
        for (size_t k = i, source = SIZE_MAX; k < end; k++) {
            int w = worth(s, k);
            if (w < 0 || (w <= most && s->source[k] != source) || (any_direct && is_twin(s, m, from, to, k)))
                continue;
            best = lower(s->source[k] == source ? best : CT_NONE, price(s, m, k));
            source = s->source[k];
            most = w > most ? w : most;
        }
        least = lower(least, best);
    }
    return least;
}

/* Whether the seller of [from, to) has it, as far as a living source says. */
static bool sells(const struct ct_figuring *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (lives(s, i) && !ct_gone(s->value[i]))
            return true;
    return false;
}

static void put_in_order(int64_t *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && v[k] < v[k - 1]; k--) {
            int64_t swap = v[k];
            v[k] = v[k - 1];
            v[k - 1] = swap;
        }
}

/* How many of the sellers in [from, to) sell it. */
static int64_t count_sellers(const struct ct_figuring *s, size_t from, size_t to)
{
    int64_t n = 0;
    for (size_t i = from, end; i < to; i = end) {
        end = s->seller[i];
        n += sells(s, i, end);
    }
    return n;
}

/* Percent of the models that have one seller alone, in thousandths. */
static int64_t exclusive_share(const struct ct_figuring *s, const struct ct_market *m)
{
    int64_t sold = 0, alone = 0;
    for (size_t i = 0, end; i < m->v.n; i = end) {
        for (end = i + 1; end < m->v.n && ct_span_eq(m->v.v[i].model, m->v.v[end].model);)
            end++;
        int64_t n = count_sellers(s, i, end);
        sold += n > 0;
        alone += n == 1;
    }
    return sold ? alone * 100000 / sold : CT_NONE;
}

static int64_t median_price(struct ct_figuring *s, const struct ct_market *m)
{
    size_t n = 0;
    s->range = (struct ct_market_range){.low = CT_NONE, .high = CT_NONE};
    for (size_t i = 0, end; i < m->v.n; i = end) {
        end = s->seller[i];
        int64_t least = cheapest(s, m, i, end);
        if (least == CT_NONE)
            continue;
        s->best[n++] = least;
        if (s->range.low == CT_NONE || least < s->range.low) {
            s->range.low = least;
            s->range.low_who = m->v.v[i].who;
        }
        s->range.high = least > s->range.high ? least : s->range.high;
    }
    s->range.n = (int64_t)n;
    if (n < CT_MARKET_CLOUDS)
        return CT_NONE;
    put_in_order(s->best, n);
    int64_t low = s->best[(n - 1) / 2], high = s->best[n / 2];
    return low + ct_muldiv(high - low, 1, 2);
}

bool ct_figure_of_prices(int kind)
{
    return kind == CT_SERIES_INDEX || kind == CT_SERIES_CLASS;
}

int64_t ct_figure_silence(const struct ct_source_at *s)
{
    int64_t four = 4 * (s->interval_ms > 0 ? s->interval_ms : 1);
    return four > CT_DAY ? four : CT_DAY;
}

/* Where the runs of parts end that are one offer, and that are of one seller. Without an instance's name nothing says
 * that two are the same. */
static void find_ends(struct ct_figuring *s, const struct ct_market *m)
{
    const struct ct_market_part *v = m->v.v;
    for (size_t i = m->v.n; i-- > 0;) {
        bool more = i + 1 < m->v.n;
        bool offer = more && v[i].instance.n && by_offer(&v[i], &v[i + 1]) == 0;
        bool seller = more && ct_span_eq(v[i].who, v[i + 1].who) && ct_span_eq(v[i].model, v[i + 1].model);
        s->offer[i] = offer ? s->offer[i + 1] : i + 1;
        s->seller[i] = seller ? s->seller[i + 1] : i + 1;
    }
}

struct named {
    struct ct_span name;
    size_t part;
};

static int by_instance(const void *a, const void *b)
{
    return ct_cmp_instance(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* Numbers for the names of instances; false: out of memory. */
static bool number_names(struct ct_reader *r, const struct ct_market *m, struct ct_figuring *s)
{
    size_t n = 0, number = 0;
    struct named *v = ct_arena_alloc(r->arena, (m->v.n + 1) * sizeof *v);
    s->named = ct_arena_alloc(r->arena, (m->v.n + 1) * sizeof *s->named);
    if (!v || !s->named)
        return false;
    for (size_t i = 0; i < m->v.n; i++)
        if (m->v.v[i].instance.n)
            v[n++] = (struct named){m->v.v[i].instance, i};
    ct_sort(r, v, n, sizeof *v, by_instance);
    for (size_t i = 0; i < n; i++) {
        number += i == 0 || by_instance(&v[i - 1], &v[i]) != 0;
        s->name[v[i].part] = number;
    }
    return true;
}

bool ct_figure_prepare(struct ct_reader *r, const struct ct_market *m, const struct ct_source_list *sources,
                       struct ct_figuring *s)
{
    size_t n = m->v.n + 1, n_sources = sources->n + 1;
    *s = (struct ct_figuring){.r = r, .sources = sources};
    s->source = ct_arena_alloc(r->arena, n * sizeof *s->source);
    s->best = ct_arena_alloc(r->arena, n * sizeof *s->best);
    s->direct = ct_arena_alloc(r->arena, n * sizeof *s->direct);
    s->money = ct_arena_alloc(r->arena, n);
    s->name = ct_arena_alloc(r->arena, n * sizeof *s->name);
    s->matched = ct_arena_alloc(r->arena, n_sources * sizeof *s->matched);
    s->offer = ct_arena_alloc(r->arena, n * sizeof *s->offer);
    s->seller = ct_arena_alloc(r->arena, n * sizeof *s->seller);
    s->word = ct_arena_alloc(r->arena, n_sources * sizeof *s->word);
    s->used = ct_arena_alloc(r->arena, n_sources * sizeof *s->used);
    if (!s->source || !s->best || !s->direct || !s->money || !s->name || !s->matched || !s->offer || !s->seller || !s->word || !s->used)
        return false;
    find_ends(s, m);
    for (size_t i = 0; i < m->v.n; i++) {
        const struct ct_market_part *p = &m->v.v[i];
        const struct ct_source_at *from = ct_source_by_id(sources, p->source_id);
        s->source[i] = from ? (size_t)(from - sources->v) : sources->n;
        s->used[s->source[i]] = true;
        s->money[i] = !p->rentable ? CT_MONEY_NONE
                      : !p->currency.n || ct_span_is(p->currency, "USD") ? CT_MONEY_DOLLARS : CT_MONEY_OTHER;
        s->direct[i] = m->kind == CT_SERIES_INDEX && ct_is_direct(from, p->who);
        s->directs = s->directs || s->direct[i];
    }
    return (!s->directs || number_names(r, m, s)) && r->status == CT_OK;
}

bool ct_figure_begin(struct ct_reader *r, struct ct_market *m, const struct ct_source_list *sources,
                     struct ct_figuring *s)
{
    ct_sort(r, m->v.v, m->v.n, sizeof *m->v.v, by_offer_and_source);
    bool ready = ct_figure_prepare(r, m, sources, s);
    s->value = ct_arena_alloc(r->arena, (m->v.n + 1) * sizeof *s->value);
    return ready && s->value;
}

/* What each source's word is worth now: nothing if it has not spoken, or fell silent while others were heard. */
static void weigh_words(struct ct_figuring *s)
{
    const struct ct_source_list *all = s->sources;
    int64_t newest = CT_NONE;
    for (size_t k = 0; k < all->n; k++)
        if (s->used[k] && s->heard[k].last_ms > newest)
            newest = s->heard[k].last_ms;
    for (size_t k = 0; k < all->n; k++) {
        const struct ct_heard *h = &s->heard[k];
        bool lives = s->used[k] && h->last_ms != CT_NONE && /* else there may be no newest */
                     (h->imported || newest - h->last_ms <= ct_figure_silence(&all->v[k]));
        bool fresh = lives && s->at_ms - h->last_ms <= 4 * all->v[k].interval_ms;
        s->word[k] = !lives ? -1 : (fresh ? 10 : 0) + ct_word_worth(all->v[k].evidence);
    }
    s->word[all->n] = -1;
}

uint64_t ct_figure_words(struct ct_figuring *s)
{
    uint64_t h = 0;
    weigh_words(s);
    for (size_t k = 0; k < s->sources->n; k++)
        h = (h ^ (uint64_t)(s->word[k] + 1)) * UINT64_C(0x100000001b3);
    return h;
}

int64_t ct_figure(struct ct_figuring *s, const struct ct_market *m)
{
    weigh_words(s);
    if (ct_figure_of_prices(m->kind))
        return median_price(s, m);
    if (m->kind == CT_SERIES_EXCLUSIVE)
        return exclusive_share(s, m);
    int64_t n = count_sellers(s, 0, m->v.n);
    return n ? n : CT_NONE;
}

struct ct_asof ct_figure_believed(struct ct_asof v, int flags_before)
{
    if (flags_before & CT_SAMPLE_QUARANTINED)
        v.flags &= ~CT_SAMPLE_SUSPECT;
    return v;
}

struct ct_asof ct_figure_value(struct ct_reader *r, const struct ct_market_part *p, int64_t at_ms)
{
    struct ct_asof v = p->now.at_ms <= at_ms ? p->now : ct_asof(r, p->series, at_ms);
    if (v.flags & CT_SAMPLE_SUSPECT)
        v = ct_figure_believed(v, ct_asof(r, p->series, v.at_ms - 1).flags);
    return v;
}

int64_t ct_market_at(struct ct_reader *r, struct ct_market *m, const struct ct_source_list *sources,
                     const struct ct_heard *heard, int64_t at_ms, struct ct_market_range *range)
{
    struct ct_figuring s;
    if (range)
        *range = (struct ct_market_range){.low = CT_NONE, .high = CT_NONE};
    if (!ct_figure_begin(r, m, sources, &s) || !heard)
        return CT_NONE;
    s.heard = heard;
    s.at_ms = at_ms;
    for (size_t i = 0; i < m->v.n; i++)
        s.value[i] = ct_figure_value(r, &m->v.v[i], at_ms);
    int64_t value = ct_figure(&s, m);
    if (range)
        *range = s.range;
    return value;
}

struct ct_heard *ct_market_heard(struct ct_reader *r, const struct ct_source_list *sources,
                                 int64_t at_ms)
{
    struct ct_heard *out = ct_arena_alloc(r->arena, (sources->n + 1) * sizeof *out);
    for (size_t i = 0; out && i < sources->n; i++) {
        out[i] = (struct ct_heard){.last_ms = CT_NONE};
        sqlite3_stmt *st = ct_use(r, SQL_POLLS_BACK, 2, sources->v[i].id, at_ms);
        while (ct_step(r, st)) {
            int64_t to = ct_col_must(st, 1);
            if (sqlite3_column_int(st, 3) > CT_POLL_CARRY)
                continue;
            out[i].last_ms = to < at_ms ? to : at_ms;
            out[i].imported = sqlite3_column_int(st, 4) != 0;
            break;
        }
        if (st)
            sqlite3_reset(st);
    }
    return out;
}
