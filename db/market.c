/* Figures made of many series, at a moment and over time. */
#include "db/market.h"

#include "db/twins.h"

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

static int by_offer_and_source(const void *a, const void *b)
{
    const struct ct_market_part *x = a, *y = b;
    int way = by_offer(a, b);
    return way ? way : (x->source_id > y->source_id) - (x->source_id < y->source_id);
}

/* ---- the figure at a moment ---- */

/* What an evaluation looks at, in the order of the parts. */
struct state {
    struct ct_reader *r;
    struct ct_rates rates;
    struct ct_asof *value;   /* of each part */
    size_t *source;          /* index of its source; sources->n: unknown */
    struct ct_listing *listing;
    const struct ct_source_list *sources;
    const struct ct_heard *heard;
    int64_t at_ms, newest_ms; /* newest: last good answer of any source of these parts */
    int64_t *best;            /* of each cloud; scratch */
    struct ct_market_range range; /* of the last index */
};

static int64_t limit_of(const struct ct_source_at *s)
{
    int64_t four = 4 * (s->interval_ms > 0 ? s->interval_ms : 1);
    return four > CT_DAY ? four : CT_DAY;
}

/* It has spoken, and not fallen silent while others were heard. */
static bool lives(const struct state *s, size_t i)
{
    size_t k = s->source[i];
    if (k == s->sources->n || s->heard[k].last_ms == CT_NONE)
        return false;
    return s->heard[k].imported ||
           s->newest_ms - s->heard[k].last_ms <= limit_of(&s->sources->v[k]);
}

/* How much the word of part I is worth: there at all, lately confirmed, close to the machine. */
static int worth(const struct state *s, const struct ct_market_part *p, size_t i)
{
    const struct ct_source_at *from = &s->sources->v[s->source[i]];
    bool fresh = s->at_ms - s->heard[s->source[i]].last_ms <= 4 * from->interval_ms;
    return (ct_gone(s->value[i]) ? 0 : 20) + (fresh ? 10 : 0) + ct_word_worth(p->evidence);
}

/* Part I's price in dollars, if it may count. */
static int64_t price(struct state *s, const struct ct_market_part *p, size_t i)
{
    const int64_t absurd = INT64_C(1000000000000); /* in the unit: no GPU-hour and no million tokens costs 1000 dollars */
    const int bad = CT_SAMPLE_QUARANTINED | CT_SAMPLE_SUSPECT;
    if (!p->rentable || ct_gone(s->value[i]) || s->value[i].value <= 0 || s->value[i].value > absurd || (s->value[i].flags & bad))
        return CT_NONE;
    return ct_in_dollars(s->r, s->sources, &s->rates, p->currency, s->value[i].value, s->at_ms);
}

/* The end of the run of parts from I that are one offer. Without an instance's name nothing says
 * that two are the same. */
static size_t end_of_offer(const struct ct_market *m, size_t i)
{
    size_t end = i + 1;
    while (end < m->v.n && m->v.v[i].instance.n && by_offer(&m->v.v[i], &m->v.v[end]) == 0)
        end++;
    return end;
}

/* The cheapest price of the offer in [from, to): that of the source with the best word. */
static int64_t offer_price(struct state *s, const struct ct_market *m, size_t from, size_t to)
{
    int most = -1;
    size_t source = 0;
    int64_t best = CT_NONE;
    for (size_t i = from; i < to; i++) {
        int w = lives(s, i) ? worth(s, &m->v.v[i], i) : -1;
        if (w > most) {
            most = w;
            source = s->source[i];
        }
    }
    for (size_t i = from; i < to && most >= 0; i++) {
        int64_t p = s->source[i] == source ? price(s, &m->v.v[i], i) : CT_NONE;
        best = p != CT_NONE && (best == CT_NONE || p < best) ? p : best;
    }
    return best;
}

/* Whether part I, which nothing names as its cloud does, is sold by that cloud itself: one of the
 * other parts of it, in [from, to). */
static bool is_twin(struct state *s, const struct ct_market *m, size_t from, size_t to, size_t i)
{
    const struct ct_market_part *v = m->v.v;
    for (size_t k = from; k < to && s->listing[i].alien; k++)
        if (s->listing[k].direct && ct_same_memory(v[i].mem_milli, v[k].mem_milli) && lives(s, k) &&
            price(s, &v[k], k) != CT_NONE)
            return true;
    return false;
}

static int64_t cheapest(struct state *s, const struct ct_market *m, size_t from, size_t to)
{
    int64_t best = CT_NONE;
    for (size_t i = from, end; i < to; i = end) {
        end = end_of_offer(m, i);
        if (is_twin(s, m, from, to, i))
            continue;
        int64_t p = offer_price(s, m, i, end);
        best = p != CT_NONE && (best == CT_NONE || p < best) ? p : best;
    }
    return best;
}

/* Whether the seller of [from, to) has it, as far as a living source says. */
static bool sells(const struct state *s, size_t from, size_t to)
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

static size_t end_of_seller(const struct ct_market *m, size_t i)
{
    const struct ct_market_part *v = m->v.v;
    size_t end = i + 1;
    while (end < m->v.n && ct_span_eq(v[i].who, v[end].who) && ct_span_eq(v[i].model, v[end].model))
        end++;
    return end;
}

/* How many of the sellers in [from, to) sell it. */
static int64_t count_sellers(const struct state *s, const struct ct_market *m, size_t from, size_t to)
{
    int64_t n = 0;
    for (size_t i = from, end; i < to; i = end) {
        end = end_of_seller(m, i);
        n += sells(s, i, end);
    }
    return n;
}

/* Percent of the models that have one seller alone, in thousandths. */
static int64_t exclusive_share(const struct state *s, const struct ct_market *m)
{
    int64_t sold = 0, alone = 0;
    for (size_t i = 0, end; i < m->v.n; i = end) {
        for (end = i + 1; end < m->v.n && ct_span_eq(m->v.v[i].model, m->v.v[end].model);)
            end++;
        int64_t n = count_sellers(s, m, i, end);
        sold += n > 0;
        alone += n == 1;
    }
    return sold ? alone * 100000 / sold : CT_NONE;
}

static int64_t median_price(struct state *s, const struct ct_market *m)
{
    size_t n = 0;
    s->range = (struct ct_market_range){.low = CT_NONE, .high = CT_NONE};
    for (size_t i = 0, end; i < m->v.n; i = end) {
        end = end_of_seller(m, i);
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

static bool is_index(int kind)
{
    return kind == CT_SERIES_INDEX || kind == CT_SERIES_CLASS;
}

static int64_t figure(struct state *s, const struct ct_market *m)
{
    if (is_index(m->kind))
        return median_price(s, m);
    if (m->kind == CT_SERIES_EXCLUSIVE)
        return exclusive_share(s, m);
    int64_t n = count_sellers(s, m, 0, m->v.n);
    return n ? n : CT_NONE;
}

/* False: out of memory, or a failure before. */
static bool begin(struct ct_reader *r, struct ct_market *m, const struct ct_source_list *sources,
                  struct state *s)
{
    ct_sort(r, m->v.v, m->v.n, sizeof *m->v.v, by_offer_and_source);
    *s = (struct state){.r = r, .sources = sources, .newest_ms = CT_NONE};
    s->value = ct_arena_alloc(r->arena, (m->v.n + 1) * sizeof *s->value);
    s->source = ct_arena_alloc(r->arena, (m->v.n + 1) * sizeof *s->source);
    s->best = ct_arena_alloc(r->arena, (m->v.n + 1) * sizeof *s->best);
    s->listing = ct_arena_alloc(r->arena, (m->v.n + 1) * sizeof *s->listing);
    if (!s->value || !s->source || !s->best || !s->listing)
        return false;
    for (size_t i = 0; i < m->v.n; i++) {
        const struct ct_market_part *p = &m->v.v[i];
        const struct ct_source_at *from = ct_source_by_id(sources, p->source_id);
        s->source[i] = from ? (size_t)(from - sources->v) : sources->n;
        s->listing[i] = (struct ct_listing){p->instance, p->source_id, ct_is_direct(from, p->who), false};
    }
    for (size_t i = 0, end; i < m->v.n && m->kind == CT_SERIES_INDEX; i = end) {
        end = end_of_seller(m, i);
        ct_find_aliens(s->listing + i, end - i);
    }
    return r->status == CT_OK;
}

static void set_newest(struct state *s, size_t n_parts)
{
    s->newest_ms = CT_NONE;
    for (size_t i = 0; i < n_parts; i++) {
        size_t k = s->source[i];
        if (k < s->sources->n && s->heard[k].last_ms > s->newest_ms)
            s->newest_ms = s->heard[k].last_ms;
    }
}

/* A leap is suspect; a leap back from a price that nobody believed is not: it ends the lie. */
static struct ct_asof believed(struct ct_asof v, int flags_before)
{
    if (flags_before & CT_SAMPLE_QUARANTINED)
        v.flags &= ~CT_SAMPLE_SUSPECT;
    return v;
}

static struct ct_asof value_at(struct ct_reader *r, const struct ct_market_part *p, int64_t at_ms)
{
    struct ct_asof v = p->now.at_ms <= at_ms ? p->now : ct_asof(r, p->series, at_ms);
    if (v.flags & CT_SAMPLE_SUSPECT)
        v = believed(v, ct_asof(r, p->series, v.at_ms - 1).flags);
    return v;
}

int64_t ct_market_at(struct ct_reader *r, struct ct_market *m, const struct ct_source_list *sources,
                     const struct ct_heard *heard, int64_t at_ms, struct ct_market_range *range)
{
    struct state s;
    if (range)
        *range = (struct ct_market_range){.low = CT_NONE, .high = CT_NONE};
    if (!begin(r, m, sources, &s) || !heard)
        return CT_NONE;
    s.heard = heard;
    s.at_ms = at_ms;
    for (size_t i = 0; i < m->v.n; i++)
        s.value[i] = value_at(r, &m->v.v[i], at_ms);
    set_newest(&s, m->v.n);
    int64_t value = figure(&s, m);
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

/* ---- over time ---- */

/* What may change the figure: a sample of a part, or a stretch in which a source was heard. */
struct turn {
    int64_t at_ms, to_ms; /* heard from AT_MS to TO_MS */
    size_t part, source;  /* SIZE_MAX: not about one */
    struct ct_asof value;
    bool imported;
};
typedef CT_VEC(struct turn) turn_vec;

static int by_moment(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

static void add_turn(struct ct_reader *r, turn_vec *turns, struct turn t)
{
    struct turn *place = CT_VEC_PUSH(r->arena, turns);
    if (place)
        *place = t;
}

/* The stretches in which source K was heard from the one in force at FROM on, those a few intervals
 * apart as one; and the moments at which its silence may begin to count. */
static void add_heard(struct ct_reader *r, const struct ct_source_list *sources, size_t k,
                      int64_t from_ms, int64_t to_ms, turn_vec *turns)
{
    const struct ct_source_at *s = &sources->v[k];
    int64_t four = 4 * s->interval_ms;
    struct ct_polls polls = ct_polls_between(r, s->id, from_ms, to_ms);
    struct turn run = {.at_ms = CT_NONE, .part = SIZE_MAX, .source = k};
    for (size_t i = 0; i <= polls.n; i++) {
        const struct ct_poll *p = i < polls.n ? &polls.v[i] : NULL;
        if (p && !p->good)
            continue;
        bool goes_on = p && run.at_ms != CT_NONE && p->from_ms - run.to_ms <= four &&
                       p->imported == run.imported;
        if (!goes_on && run.at_ms != CT_NONE) {
            const int64_t checks[] = {run.to_ms + four + 1, run.to_ms + limit_of(s) + 1};
            add_turn(r, turns, run);
            for (size_t c = 0; c < CT_LEN(checks); c++)
                add_turn(r, turns, (struct turn){.at_ms = checks[c], .part = SIZE_MAX,
                                                 .source = SIZE_MAX});
        }
        if (p && !goes_on)
            run.at_ms = p->from_ms;
        if (p) {
            run.to_ms = p->to_ms;
            run.imported = p->imported;
        }
    }
}

/* Where sellers are counted a price that merely moves is no turn. WAS: the value in force at FROM_MS. */
static void add_samples(struct ct_reader *r, const struct ct_market *m, size_t i, struct ct_asof was,
                        int64_t from_ms, int64_t to_ms, turn_vec *turns)
{
    struct ct_sample v = {.at_ms = from_ms};
    bool gone = ct_gone(was);
    while (ct_next_sample(r, m->v.v[i].series, to_ms, &v)) {
        bool same = gone == ((v.flags & CT_SAMPLE_GONE) != 0);
        if (same && !is_index(m->kind))
            continue;
        gone = (v.flags & CT_SAMPLE_GONE) != 0;
        add_turn(r, turns, (struct turn){.at_ms = v.at_ms, .part = i, .source = SIZE_MAX,
                                         .value = {v.at_ms, v.value, v.flags}});
    }
}

/* The rate of another currency moved: worth a look. */
static void add_rates(struct state *s, struct ct_span currency, int64_t from_ms, int64_t to_ms,
                      turn_vec *turns)
{
    (void)ct_in_dollars(s->r, s->sources, &s->rates, currency, 1, from_ms); /* finds the rates */
    for (size_t i = 0; i < s->rates.v.n; i++) {
        struct ct_sample v = {.at_ms = from_ms};
        while (ct_span_eq(s->rates.v.v[i].currency, currency) &&
               ct_next_sample(s->r, s->rates.v.v[i].series, to_ms, &v))
            add_turn(s->r, turns,
                     (struct turn){.at_ms = v.at_ms, .part = SIZE_MAX, .source = SIZE_MAX});
    }
}

/* Where each source stands while the walk goes on. */
struct run {
    int64_t from_ms, to_ms;
    bool imported;
};

static void hear(struct ct_heard *heard, const struct run *runs, size_t n, int64_t at_ms)
{
    for (size_t k = 0; k < n; k++) {
        heard[k].last_ms = runs[k].from_ms == CT_NONE ? CT_NONE
                           : runs[k].to_ms < at_ms    ? runs[k].to_ms
                                                      : at_ms;
        heard[k].imported = runs[k].imported;
    }
}

void ct_market_walk(struct ct_reader *r, struct ct_market *m, const struct ct_source_list *sources,
                    int64_t from_ms, int64_t to_ms, struct ct_market_steps *out)
{
    struct state s;
    turn_vec turns = {NULL, 0, 0};
    struct ct_heard *heard = ct_arena_alloc(r->arena, (sources->n + 1) * sizeof *heard);
    struct run *runs = ct_arena_alloc(r->arena, (sources->n + 1) * sizeof *runs);
    bool *used = ct_arena_alloc(r->arena, sources->n + 1);
    if (!begin(r, m, sources, &s) || !heard || !runs || !used)
        return;
    s.heard = heard;
    for (size_t k = 0; k <= sources->n; k++)
        runs[k] = (struct run){.from_ms = CT_NONE};
    struct ct_span other = CT_SPAN_NONE;
    for (size_t i = 0; i < m->v.n; i++) {
        struct ct_span currency = m->v.v[i].currency;
        if (currency.n && !ct_span_is(currency, "USD") && !ct_span_eq(currency, other))
            add_rates(&s, other = currency, from_ms, to_ms, &turns);
        s.value[i] = value_at(r, &m->v.v[i], from_ms);
        add_samples(r, m, i, s.value[i], from_ms, to_ms, &turns);
        used[s.source[i]] = true;
    }
    for (size_t k = 0; k < sources->n; k++)
        if (used[k])
            add_heard(r, sources, k, from_ms, to_ms, &turns);
    ct_sort(r, turns.v, turns.n, sizeof *turns.v, by_moment);
    size_t i = 0;
    for (int64_t at = from_ms; at <= to_ms && r->status == CT_OK; at = turns.v[i].at_ms) {
        for (; i < turns.n && turns.v[i].at_ms <= at; i++) {
            const struct turn *t = &turns.v[i];
            if (t->part != SIZE_MAX)
                s.value[t->part] = believed(t->value, s.value[t->part].flags);
            if (t->source != SIZE_MAX)
                runs[t->source] = (struct run){t->at_ms, t->to_ms, t->imported};
        }
        hear(heard, runs, sources->n, at);
        s.at_ms = at;
        set_newest(&s, m->v.n);
        int64_t value = figure(&s, m);
        bool same = out->v.n && out->v.v[out->v.n - 1].value == value;
        struct ct_market_step *step = same ? NULL : CT_VEC_PUSH(r->arena, &out->v);
        if (step)
            *step = (struct ct_market_step){at, value};
        if (i == turns.n)
            break;
    }
}

void ct_market_gaps(struct ct_reader *r, const struct ct_market *m,
                    const struct ct_source_list *sources, int64_t from_ms, int64_t to_ms,
                    struct ct_gaps *out)
{
    bool *used = ct_arena_alloc(r->arena, sources->n + 1);
    CT_VEC(struct ct_gap) all = {NULL, 0, 0};
    bool first = true;
    for (size_t i = 0; used && i < m->v.n; i++) {
        const struct ct_source_at *s = ct_source_by_id(sources, m->v.v[i].source_id);
        struct ct_gaps own = {.v = {NULL, 0, 0}};
        if (!s || used[s - sources->v])
            continue;
        used[s - sources->v] = true;
        ct_source_gaps(r, s, from_ms, to_ms, &own);
        CT_VEC(struct ct_gap) both = {NULL, 0, 0};
        for (size_t k = 0; k < own.v.n; k++)
            for (size_t j = 0; j < (first ? 1 : all.n); j++) {
                struct ct_gap g = {own.v.v[k].from_ms, own.v.v[k].to_ms, CT_LIT("not recorded")};
                if (!first && all.v[j].from_ms > g.from_ms)
                    g.from_ms = all.v[j].from_ms;
                if (!first && all.v[j].to_ms < g.to_ms)
                    g.to_ms = all.v[j].to_ms;
                struct ct_gap *place =
                    g.from_ms < g.to_ms ? CT_VEC_PUSH(r->arena, &both) : NULL;
                if (place)
                    *place = g;
            }
        all.v = both.v;
        all.n = both.n;
        all.cap = both.cap;
        first = false;
    }
    for (size_t i = 0; i < all.n; i++) { /* neighbours had reasons of their own */
        struct ct_gap *last = out->v.n ? &out->v.v[out->v.n - 1] : NULL;
        if (last && last->to_ms >= all.v[i].from_ms) {
            last->to_ms = all.v[i].to_ms > last->to_ms ? all.v[i].to_ms : last->to_ms;
            continue;
        }
        struct ct_gap *place = CT_VEC_PUSH(r->arena, &out->v);
        if (place)
            *place = all.v[i];
    }
}

/* ---- all indices ---- */

static int by_group(const void *a, const void *b)
{
    return ct_span_cmp(((const struct ct_market_named *)a)->name, ((const struct ct_market_named *)b)->name);
}

void ct_market_indices(struct ct_reader *r, const struct ct_source_list *sources,
                       const int64_t *at_ms, size_t n_moments, struct ct_market_indices *out)
{
    struct ct_market_all parts = {.v = {NULL, 0, 0}};
    struct ct_heard **heard = ct_arena_alloc(r->arena, (n_moments + 1) * sizeof *heard);
    ct_market_read_indices(r, &parts);
    const struct ct_market_named *all = parts.v.v;
    size_t n = parts.v.n;
    ct_sort(r, parts.v.v, n, sizeof *all, by_group);
    for (size_t i = 0; heard && i < n_moments; i++)
        heard[i] = ct_market_heard(r, sources, at_ms[i]);
    for (size_t i = 0, end; heard && i < n && r->status == CT_OK; i = end) {
        struct ct_market m = {.kind = CT_SERIES_INDEX};
        for (end = i; end < n && ct_span_eq(all[i].name, all[end].name); end++) {
            struct ct_market_part *p = CT_VEC_PUSH(r->arena, &m.v);
            if (p)
                *p = all[end].part;
        }
        struct ct_market_index *place = CT_VEC_PUSH(r->arena, &out->v);
        int64_t *values = ct_arena_alloc(r->arena, (n_moments + 1) * sizeof *values);
        if (!place || !values)
            return;
        for (size_t k = 0; k < n_moments; k++)
            values[k] = ct_market_at(r, &m, sources, heard[k], at_ms[k], NULL);
        *place = (struct ct_market_index){all[i].name, values};
    }
}
