/* Figures made of many series, over time: at every moment one of their parts changed, or, where there are more of those
 * than the asker has columns for, at as many moments as he has. */
#include "db/index_past.h"
#include "db/market_figure.h"
#include "db/price_event.h"

#include <stdlib.h>

enum {
    MOST_TURNS = 1 << 16,       /* changes of parts in memory at a time */
    MOST_TURNS_WHOLE = 1 << 18, /* for who wants all: each time all histories are looked into once more */
    FEWEST_TELLING = 256,       /* parts that tell how much others change */
    MOST_LOOKS = 1 << 20, /* at parts, for somebody who has a screen to fill */
    FEWEST_MOMENTS = 16,
};

/* A sample of a part. */
struct turn {
    int64_t at_ms, value;
    uint32_t part;
    int flags;
};

/* A stretch in which a source was heard; without a source: worth a look. */
struct hearing {
    int64_t at_ms, to_ms;
    size_t source; /* SIZE_MAX: none */
    bool imported;
};

struct walk {
    struct ct_reader *r;
    struct ct_market *m;
    const struct ct_source_list *sources;
    struct ct_figuring s;
    struct ct_heard *heard;
    struct hearing *run; /* of each source, the last one that began */
    CT_VEC(struct hearing) hearings;
    size_t next; /* of HEARINGS */
    struct turn *turn;
    size_t n_turns, most_turns;
    size_t n_valued; /* parts whose value at the beginning is known */
    struct ct_leaps *leaps; /* large moves that are come by; NULL: nobody asks */
    size_t *order;          /* of parts, as their samples lie in the file */
    struct ct_market_steps *out;
};

/* ---- who was heard, and when ---- */

static void add_hearing(struct walk *w, struct hearing h)
{
    struct hearing *place = CT_VEC_PUSH(w->r->arena, &w->hearings);
    if (place)
        *place = h;
}

static void add_look(struct walk *w, int64_t at_ms)
{
    add_hearing(w, (struct hearing){.at_ms = at_ms, .source = SIZE_MAX});
}

/* The stretches in which source K was heard from the one in force at FROM on, those a few intervals
 * apart as one; and the moments at which its silence may begin to count. */
static void add_heard(struct walk *w, size_t k, int64_t from_ms, int64_t to_ms)
{
    const struct ct_source_at *s = &w->sources->v[k];
    int64_t four = 4 * s->interval_ms;
    struct ct_polls polls = ct_polls_between(w->r, s->id, from_ms, to_ms);
    struct hearing run = {.at_ms = CT_NONE, .source = k};
    for (size_t i = 0; i <= polls.n; i++) {
        const struct ct_poll *p = i < polls.n ? &polls.v[i] : NULL;
        if (p && !p->good)
            continue;
        bool goes_on = p && run.at_ms != CT_NONE && p->from_ms - run.to_ms <= four &&
                       p->imported == run.imported;
        if (!goes_on && run.at_ms != CT_NONE) {
            add_hearing(w, run);
            add_look(w, run.to_ms + four + 1);
            add_look(w, run.to_ms + ct_figure_silence(s) + 1);
        }
        if (p && !goes_on)
            run.at_ms = p->from_ms;
        if (p) {
            run.to_ms = p->to_ms;
            run.imported = p->imported;
        }
    }
}

/* The rate of another currency moved: worth a look. */
static void add_rates(struct walk *w, struct ct_span currency, int64_t from_ms, int64_t to_ms)
{
    struct ct_rates *rates = &w->s.rates;
    (void)ct_in_dollars(w->r, w->sources, rates, currency, 1, from_ms); /* finds the rates */
    for (size_t i = 0; i < rates->v.n; i++) {
        struct ct_sample v = {.at_ms = from_ms};
        while (ct_span_eq(rates->v.v[i].currency, currency) &&
               ct_next_sample(w->r, rates->v.v[i].series, to_ms, &v))
            add_look(w, v.at_ms);
    }
}

static int by_moment(const void *a, const void *b)
{
    const struct hearing *x = a, *y = b;
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

/* False: out of memory, or a failure before. */
static bool begin(struct walk *w, int64_t from_ms, int64_t to_ms)
{
    struct ct_market *m = w->m;
    size_t n = w->sources->n;
    struct ct_arena *a = w->r->arena;
    w->heard = ct_arena_alloc(a, (n + 1) * sizeof *w->heard);
    w->run = ct_arena_alloc(a, (n + 1) * sizeof *w->run);
    if (!ct_figure_begin(w->r, m, w->sources, &w->s) || !w->heard || !w->run)
        return false;
    w->s.heard = w->heard;
    for (size_t k = 0; k <= n; k++)
        w->run[k] = (struct hearing){.at_ms = CT_NONE};
    struct ct_span other = CT_SPAN_NONE;
    for (size_t i = 0; i < m->v.n; i++) {
        struct ct_span currency = m->v.v[i].currency;
        if (currency.n && !ct_span_is(currency, "USD") && !ct_span_eq(currency, other))
            add_rates(w, other = currency, from_ms, to_ms);
    }
    for (size_t k = 0; k < n; k++)
        if (w->s.used[k])
            add_heard(w, k, from_ms, to_ms);
    ct_sort(w->r, w->hearings.v, w->hearings.n, sizeof *w->hearings.v, by_moment);
    return w->r->status == CT_OK;
}

/* ---- a step ---- */

/* The figure at AT_MS, of which the values are known. */
static void take_step(struct walk *w, int64_t at_ms)
{
    for (; w->next < w->hearings.n && w->hearings.v[w->next].at_ms <= at_ms; w->next++) {
        const struct hearing *h = &w->hearings.v[w->next];
        if (h->source != SIZE_MAX)
            w->run[h->source] = *h;
    }
    for (size_t k = 0; k < w->sources->n; k++) {
        const struct hearing *run = &w->run[k];
        bool over = run->at_ms == CT_NONE || run->to_ms < at_ms;
        w->heard[k].last_ms = run->at_ms == CT_NONE ? CT_NONE : over ? run->to_ms : at_ms;
        w->heard[k].imported = run->imported;
    }
    w->s.at_ms = at_ms;
    int64_t value = ct_figure(&w->s, w->m);
    bool same = w->out->v.n && w->out->v.v[w->out->v.n - 1].value == value;
    struct ct_market_step *step = same ? NULL : CT_VEC_PUSH(w->r->arena, &w->out->v);
    if (step)
        *step = (struct ct_market_step){at_ms, value};
}

/* ---- the samples of a part ---- */

struct placed {
    int64_t series;
    size_t part;
};

static int by_series(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

/* What lies side by side is unpacked once. False: out of memory. */
static bool find_order(struct walk *w)
{
    size_t n = w->m->v.n;
    struct placed *v = ct_arena_alloc(w->r->arena, (n + 1) * sizeof *v);
    w->order = ct_arena_alloc(w->r->arena, (n + 1) * sizeof *w->order);
    if (!v || !w->order)
        return false;
    for (size_t i = 0; i < n; i++)
        v[i] = (struct placed){w->m->v.v[i].series, i};
    ct_sort(w->r, v, n, sizeof *v, by_series);
    for (size_t i = 0; i < n; i++)
        w->order[i] = v[i].part;
    return true;
}

static void begin_leaps(struct walk *w, int64_t from, int64_t to)
{
    if (!w->leaps)
        return;
    w->leaps->from_ms = from;
    w->leaps->to_ms = to;
    w->leaps->whole = true;
    w->leaps->v.n = 0;
}

/* Keeps the large moves of P, the samples of which are V[0..N) from the one in force at the beginning on. */
static void keep_leaps(struct walk *w, const struct ct_market_part *p, const struct ct_sample *v, size_t n)
{
    enum { MOST = 1 << 16 };
    struct ct_leaps *l = w->leaps;
    struct ct_sample was = {.at_ms = CT_NONE};
    if (n && v[0].at_ms == l->from_ms) {
        struct ct_asof before = ct_asof(w->r, p->series, l->from_ms - 1);
        was = (struct ct_sample){before.at_ms, before.value, before.flags};
    }
    for (size_t i = 0; i < n && l->whole; was = v[i++]) {
        if (!ct_price_leaps(was, v[i], l->large_milli))
            continue;
        struct ct_leap *one = l->v.n < MOST ? CT_VEC_PUSH(l->arena, &l->v) : NULL;
        l->whole = one != NULL;
        if (one)
            *one = (struct ct_leap){p->series, v[i].at_ms};
    }
}

/* The samples of part I from the one in force at FROM up to TO; false: look them up. */
static bool span_of(struct walk *w, size_t i, int64_t from, int64_t to, const struct ct_sample **v, size_t *n)
{
    const struct ct_market_part *p = &w->m->v.v[i];
    if (p->now.at_ms <= from && (!w->leaps || p->now.at_ms < w->leaps->from_ms)) /* one look does */
        return false;
    bool whole = ct_span_samples(w->r, p->series, from, to, v, n);
    if (w->leaps && whole)
        keep_leaps(w, p, *v, *n);
    else if (w->leaps)
        w->leaps->whole = false;
    return whole;
}

/* ---- at every change ---- */

static int by_turn(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

/* Those of V[0..N), samples of part I, that come after AFTER up to TO; where sellers are counted a price that merely moves
 * is none. GONE: whether it was before; false: more than there is room for. */
static bool add_turns(struct walk *w, size_t i, int64_t after, int64_t to, const struct ct_sample *v, size_t n, bool *gone)
{
    bool prices = ct_figure_of_prices(w->m->kind);
    for (size_t k = 0; k < n && v[k].at_ms <= to; k++) {
        bool same = *gone == ((v[k].flags & CT_SAMPLE_GONE) != 0);
        if (v[k].at_ms <= after)
            continue;
        *gone = (v[k].flags & CT_SAMPLE_GONE) != 0;
        if (same && !prices)
            continue;
        if (w->n_turns == w->most_turns)
            return false;
        w->turn[w->n_turns++] = (struct turn){v[k].at_ms, v[k].value, (uint32_t)i, v[k].flags};
    }
    return true;
}

/* The changes of part I after AFTER up to TO, the FIRST time with what it is then. False: more than there is room for. */
static bool gather_part(struct walk *w, size_t i, int64_t after, int64_t to, bool first)
{
    const struct ct_market_part *p = &w->m->v.v[i];
    const struct ct_sample *v;
    size_t n;
    if (first && span_of(w, i, after, to, &v, &n)) {
        bool plain = n && v[0].at_ms <= after && !(v[0].flags & CT_SAMPLE_SUSPECT);
        w->s.value[i] = plain ? (struct ct_asof){v[0].at_ms, v[0].value, v[0].flags} : ct_figure_value(w->r, p, after);
        bool gone = ct_gone(w->s.value[i]);
        return add_turns(w, i, after, to, v, n, &gone);
    }
    if (first)
        w->s.value[i] = ct_figure_value(w->r, p, after);
    bool gone = ct_gone(w->s.value[i]);
    if (p->now.at_ms <= after)
        return true;
    for (int64_t at = after; at < to && (v = ct_next_samples(w->r, p->series, at, &n));) {
        at = v[n - 1].at_ms;
        if (!add_turns(w, i, after, to, v, n, &gone))
            return false;
    }
    return true;
}

/* Whether the first N parts, an eighth or more, changed so often that all of them do more than there is room for. */
static bool too_often(const struct walk *w, size_t n)
{
    return n >= FEWEST_TELLING && n >= w->m->v.n / 8 && w->n_turns / n > 2 * (w->most_turns / w->m->v.n);
}

static bool gather(struct walk *w, int64_t after, int64_t to)
{
    w->n_turns = 0;
    for (size_t k = 0; k < w->m->v.n; k++) {
        bool first = k == w->n_valued;
        w->n_valued += first;
        if (!gather_part(w, w->order[k], after, to, first) || too_often(w, k + 1))
            return false;
    }
    qsort(w->turn, w->n_turns, sizeof *w->turn, by_turn);
    return true;
}

/* What was gathered happens, up to TO. */
static void play(struct walk *w, int64_t to)
{
    for (size_t i = 0; w->r->status == CT_OK;) {
        int64_t at = i < w->n_turns ? w->turn[i].at_ms : CT_LIVE;
        if (w->next < w->hearings.n && w->hearings.v[w->next].at_ms < at)
            at = w->hearings.v[w->next].at_ms;
        if (at > to)
            return;
        for (; i < w->n_turns && w->turn[i].at_ms == at; i++) {
            const struct turn *t = &w->turn[i];
            struct ct_asof *v = &w->s.value[t->part];
            *v = ct_figure_believed((struct ct_asof){at, t->value, t->flags}, v->flags);
        }
        take_step(w, at);
    }
}

/* GATHERED: all of it lies there already. Else as much at a time as there is room for. */
static void walk_all(struct walk *w, int64_t from, int64_t to, bool gathered)
{
    bool begun = false;
    for (int64_t at = from, end = to; w->r->status == CT_OK;) {
        if (!gathered) {
            end = at + (end - at) / 2; /* there is room for one moment */
        } else {
            int64_t span = end - at;
            if (!begun)
                take_step(w, from);
            begun = true;
            play(w, end);
            if (end == to)
                return;
            at = end;
            end = to - at > span ? at + span : to;
        }
        gathered = gather(w, at, end);
    }
}

/* ---- at the moments of a grid ---- */

#define NOT_SOLD CT_NONE
#define NO_PRICE 0

/* A value as far as figures look at it. */
static int64_t cell_of(struct ct_asof v)
{
    bool bad = (v.flags & (CT_SAMPLE_QUARANTINED | CT_SAMPLE_SUSPECT)) != 0;
    return ct_gone(v) ? NOT_SOLD : bad || v.value <= 0 ? NO_PRICE : v.value;
}

/* Part I at the moments T[0..N), the samples from the first to the last of which are RUN[0..N_RUN). */
static void fill_from(struct walk *w, size_t i, const int64_t *t, size_t n, const struct ct_sample *run, size_t n_run,
                      int64_t *cell)
{
    struct ct_asof v = {CT_NONE, CT_NONE, 0};
    size_t next = n_run && run[0].at_ms <= t[0];
    if (next)
        v = run[0].flags & CT_SAMPLE_SUSPECT ? ct_figure_value(w->r, &w->m->v.v[i], t[0])
                                             : (struct ct_asof){run[0].at_ms, run[0].value, run[0].flags};
    for (size_t k = 0; k < n; k++) {
        for (; next < n_run && run[next].at_ms <= t[k]; next++)
            v = ct_figure_believed((struct ct_asof){run[next].at_ms, run[next].value, run[next].flags}, v.flags);
        cell[i * n + k] = cell_of(v);
    }
}

/* The same, each at a look or two at most, whatever lies between them. */
static void fill_cells(struct walk *w, size_t i, const int64_t *t, size_t n, int64_t *cell)
{
    const struct ct_market_part *p = &w->m->v.v[i];
    struct ct_asof v = ct_figure_value(w->r, p, t[0]);
    const struct ct_sample *run = NULL;
    size_t n_run = 0, next = 0;
    bool last = p->now.at_ms <= t[0];
    for (size_t k = 0; k < n; k++) {
        for (; next < n_run && run[next].at_ms <= t[k]; next++)
            v = ct_figure_believed((struct ct_asof){run[next].at_ms, run[next].value, run[next].flags}, v.flags);
        if (next == n_run && !last) {
            v = ct_figure_value(w->r, p, t[k]);
            run = p->now.at_ms <= t[k] ? NULL : ct_next_samples(w->r, p->series, t[k], &n_run);
            last = !run;
            n_run = run ? n_run : 0;
            next = 0;
        }
        cell[i * n + k] = cell_of(v);
    }
}

static void fill_part(struct walk *w, size_t i, const int64_t *t, size_t n, int64_t *cell)
{
    const struct ct_sample *run;
    size_t n_run;
    if (span_of(w, i, t[0], t[n - 1], &run, &n_run))
        fill_from(w, i, t, n, run, n_run, cell);
    else
        fill_cells(w, i, t, n, cell);
}

/* The steps at T[FIRST..), as many as a line of the cache holds of a part's CELLs, of which there are N a part. */
enum { TILE = 8 };

static void take_tile(struct walk *w, const int64_t *t, const int64_t *cell, size_t first, size_t n)
{
    size_t parts = w->m->v.n, most = n - first < TILE ? n - first : TILE;
    int64_t *tile = ct_xcalloc(TILE * parts, sizeof *tile);
    for (size_t i = 0; i < parts; i++)
        for (size_t k = 0; k < most; k++)
            tile[k * parts + i] = cell[i * n + first + k];
    for (size_t k = 0; k < most && w->r->status == CT_OK; k++) {
        for (size_t i = 0; i < parts; i++) {
            int64_t value = tile[k * parts + i];
            w->s.value[i] = (struct ct_asof){value == NOT_SOLD ? CT_NONE : t[first + k], value, 0};
        }
        take_step(w, t[first + k]);
    }
    free(tile);
}

/* At the beginning of each of N columns, and at the end: right before it, as charts show it, and there. */
static void walk_grid(struct walk *w, int64_t from, int64_t to, size_t n)
{
    size_t parts = w->m->v.n, n_moments = 0;
    int64_t *t = ct_xcalloc(n + 2, sizeof *t), *cell = ct_xcalloc((n + 2) * parts, sizeof *cell);
    for (size_t k = 0; k < n + 2; k++) {
        int64_t at = k < n ? from + ct_muldiv(to - from, (int64_t)k, (int64_t)n) : k == n ? to - 1 : to;
        if (n_moments == 0 || at > t[n_moments - 1])
            t[n_moments++] = at;
    }
    for (size_t i = 0; i < parts; i++)
        fill_part(w, w->order[i], t, n_moments, cell);
    for (size_t k = 0; k < n_moments && w->r->status == CT_OK; k += TILE)
        take_tile(w, t, cell, k, n_moments);
    free(t);
    free(cell);
}

/* How many moments after AFTER are worth a look. */
static size_t moments(const struct walk *w, int64_t after)
{
    size_t n = 0;
    for (size_t i = 0; i < w->hearings.n; i++)
        n += w->hearings.v[i].at_ms > after;
    for (size_t i = 0; i < w->n_turns; i++)
        n += i == 0 || w->turn[i].at_ms != w->turn[i - 1].at_ms;
    return n;
}

/* ---- what is kept ready ---- */

#define KEPT_MS (32 * CT_DAY)  /* what screens show unasked, and a while more */
#define PIECE_MS (8 * CT_DAY)  /* made at a time */
#define LEAST_MS (CT_HOUR / 2) /* less is not worth writing it all again */

/* A row of table index_past, unpacked. */
struct past {
    int64_t from_ms, until_ms, upto_ms, mark;
    struct ct_sample *steps, *leaps;
    size_t n_steps, n_leaps;
};

static uint64_t mixed(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* What figures from FROM to UPTO depend on besides the parts and their samples. Of stretches in which somebody was heard
 * only what lies within counts, whatever followed. */
static int64_t mark_of(const struct walk *w, int64_t from, int64_t upto)
{
    uint64_t sum = CT_LARGE_MILLI;
    for (size_t k = 0; k < w->sources->n; k++) {
        const struct ct_source_at *s = &w->sources->v[k];
        if (w->s.used[k])
            sum += mixed(mixed(mixed((uint64_t)s->id, (uint64_t)s->interval_ms), (uint64_t)s->evidence), ct_hash(s->provider));
    }
    for (size_t i = 0; i < w->hearings.n && w->hearings.v[i].at_ms <= upto; i++) {
        const struct hearing *h = &w->hearings.v[i];
        uint64_t at = (uint64_t)(h->at_ms > from ? h->at_ms : from), to = (uint64_t)(h->to_ms < upto ? h->to_ms : upto);
        if (h->source != SIZE_MAX)
            sum += mixed(mixed(mixed((uint64_t)w->sources->v[h->source].id, at), to), h->imported);
    }
    for (size_t i = 0; i < w->s.rates.v.n; i++) {
        const struct ct_rate_series *s = &w->s.rates.v.v[i];
        sum += mixed(mixed(mixed(i, (uint64_t)s->series), (uint64_t)s->source->data_ms), ct_readable(s->source));
    }
    return (int64_t)sum;
}

/* What is packed in column I; NULL: nothing, or it is damaged. */
static struct ct_sample *unpack(struct ct_reader *r, sqlite3_stmt *st, int i, size_t *n)
{
    const void *p = sqlite3_column_blob(st, i);
    struct ct_span blob = {p, p ? (size_t)sqlite3_column_bytes(st, i) : 0};
    *n = ct_blob_rows(blob);
    struct ct_sample *v = *n ? ct_arena_alloc(r->arena, *n * sizeof *v) : NULL;
    return v && ct_blob_decode(blob, v) ? v : NULL;
}

static bool read_past(struct ct_reader *r, const struct ct_market *m, struct past *p)
{
    sqlite3_stmt *st = ct_use(r, SQL_INDEX_PAST, 0);
    ct_bind_text(r, st, 1, m->gpu);
    ct_bind_text(r, st, 2, m->form);
    if (!st || sqlite3_bind_int64(st, 3, m->purchase) != SQLITE_OK || !ct_step(r, st))
        return false;
    *p = (struct past){.from_ms = ct_col_must(st, 0), .until_ms = ct_col_must(st, 1), .upto_ms = ct_col_must(st, 2),
                       .mark = sqlite3_column_int64(st, 3)};
    bool none = sqlite3_column_type(st, 5) == SQLITE_NULL;
    p->steps = unpack(r, st, 4, &p->n_steps);
    p->leaps = none ? NULL : unpack(r, st, 5, &p->n_leaps);
    sqlite3_reset(st);
    return p->steps && p->steps[0].at_ms == p->from_ms && (none || p->leaps) && p->until_ms <= p->upto_ms;
}

/* Ready to walk from where P begins; true: all that it is so still, as far as that shows
 * before any price is looked up. */
static bool begin_past(struct walk *w, const struct past *p, int64_t to_ms)
{
    return begin(w, p->from_ms, to_ms) && p->mark == mark_of(w, p->from_ms, p->upto_ms);
}

/* The steps of P from FROM on as if it began there. */
static void take_past(struct walk *w, const struct past *p, int64_t from)
{
    for (size_t i = 0; i < p->n_steps && p->steps[i].at_ms <= p->until_ms; i++) {
        bool before = p->steps[i].at_ms <= from;
        struct ct_market_step *step = before && w->out->v.n ? &w->out->v.v[0] : CT_VEC_PUSH(w->r->arena, &w->out->v);
        if (step)
            *step = (struct ct_market_step){before ? from : p->steps[i].at_ms, p->steps[i].value};
    }
}

static void take_past_leaps(struct ct_leaps *l, const struct past *p, int64_t from)
{
    for (size_t i = 0; i + 1 < p->n_leaps; i += 2) {
        struct ct_leap leap = {p->leaps[i].value, p->leaps[i + 1].value};
        bool in = leap.at_ms >= from && leap.at_ms <= p->until_ms;
        struct ct_leap *one = in ? CT_VEC_PUSH(l->arena, &l->v) : NULL;
        if (one)
            *one = leap;
        l->whole = l->whole && (one || !in);
    }
}

/* Goes on with the steps there are, to TO, by what was GATHERed from AT on. False: at AT the figure was another one. */
static bool go_on(struct walk *w, int64_t at, int64_t to)
{
    size_t n = w->out->v.n;
    take_step(w, at);
    if (n && w->out->v.n > n)
        return false;
    play(w, to);
    return w->r->status == CT_OK;
}

/* The walk from FROM to TO by what is kept ready; false: there is nothing that could be believed, or too much to do. */
static bool walk_past(struct walk *w, int64_t from, int64_t to, size_t most)
{
    struct past p;
    struct ct_leaps *l = w->leaps;
    if (!w->r->live || w->m->kind != CT_SERIES_INDEX || !read_past(w->r, w->m, &p) || p.from_ms > from ||
        p.until_ms < from || p.until_ms > to || !begin_past(w, &p, to) || !find_order(w))
        return false;
    take_past(w, &p, from);
    begin_leaps(w, p.until_ms + 1, to);
    if (!gather(w, p.until_ms, to) || moments(w, p.until_ms) > most || !go_on(w, p.until_ms, to))
        return false;
    if (l) {
        l->from_ms = from;
        l->whole = l->whole && l->large_milli == CT_LARGE_MILLI;
        take_past_leaps(l, &p, from);
    }
    return true;
}

/* All of it, or at moments of a grid: then false. */
static bool walk_parts(struct walk *w, int64_t from_ms, int64_t to_ms, size_t max_steps, size_t most)
{
    struct ct_leaps *leaps = w->leaps;
    if (!begin(w, from_ms, to_ms) || !find_order(w))
        return true;
    begin_leaps(w, from_ms, to_ms);
    bool few = gather(w, from_ms, to_ms), all = !max_steps || (few && moments(w, INT64_MIN) <= most);
    most = most < FEWEST_MOMENTS ? FEWEST_MOMENTS : most;
    if (all) {
        w->leaps = NULL;
        walk_all(w, from_ms, to_ms, few);
    } else {
        begin_leaps(w, from_ms, to_ms);
        walk_grid(w, from_ms, to_ms, max_steps < most ? max_steps : most);
    }
    if (leaps)
        leaps->whole = leaps->whole && (few || !all) && w->r->status == CT_OK;
    return all;
}

/* A walk of M with room for turns, which the caller frees. */
static struct walk new_walk(struct ct_reader *r, struct ct_market *m, const struct ct_source_list *sources,
                            size_t most_turns, struct ct_leaps *leaps, struct ct_market_steps *out)
{
    most_turns = m->v.n > most_turns ? m->v.n : most_turns;
    return (struct walk){.r = r, .m = m, .sources = sources, .leaps = leaps, .out = out, .most_turns = most_turns,
                         .turn = ct_xmalloc((most_turns + 1) * sizeof(struct turn))};
}

bool ct_market_walk(struct ct_reader *r, struct ct_market *m, const struct ct_source_list *sources,
                    int64_t from_ms, int64_t to_ms, size_t max_steps, struct ct_leaps *leaps, struct ct_market_steps *out)
{
    size_t most = m->v.n ? MOST_LOOKS / m->v.n : 0;
    struct walk blank = new_walk(r, m, sources, max_steps ? MOST_TURNS : MOST_TURNS_WHOLE, leaps, out), w = blank;
    bool all = walk_past(&w, from_ms, to_ms, max_steps ? most : SIZE_MAX);
    if (!all) {
        w = blank;
        out->v.n = 0;
        all = walk_parts(&w, from_ms, to_ms, max_steps, most);
    }
    free(blank.turn);
    return all;
}

/* ---- what is to be kept ---- */

/* Up to when no later answer of a source can tell that it was heard. */
static int64_t settled(const struct walk *w)
{
    int64_t to = w->r->t;
    for (size_t k = 0; k < w->sources->n; k++) {
        int64_t last = CT_NONE;
        for (size_t i = 0; i < w->hearings.n && w->s.used[k]; i++)
            last = w->hearings.v[i].source == k ? w->hearings.v[i].to_ms : last;
        if (last != CT_NONE && last < to && w->r->t - last <= 4 * w->sources->v[k].interval_ms)
            to = last;
    }
    return to;
}

/* Gathers a piece from AT on, up to *TO or less; the moves in it from LEAPS_FROM on. */
static bool gather_piece(struct walk *w, int64_t at, int64_t leaps_from, int64_t *to)
{
    for (*to = *to - at > PIECE_MS ? at + PIECE_MS : *to; w->r->status == CT_OK; *to = at + (*to - at) / 2) {
        w->n_valued = 0;
        begin_leaps(w, leaps_from, *to);
        if (gather(w, at, *to) && w->leaps->whole)
            return true;
        if (*to - at < CT_HOUR)
            break;
    }
    return false;
}

static bool pack_past(const struct walk *w, struct ct_index_past *past)
{
    const struct ct_market_step *s = w->out->v.v;
    const struct ct_leap *l = w->leaps->v.v;
    size_t n = w->out->v.n, n_leaps = 2 * w->leaps->v.n, most = n > n_leaps ? n : n_leaps;
    if (n == 0 || most > CT_BLOB_MOST || w->r->status != CT_OK)
        return false;
    struct ct_sample *v = ct_xcalloc(most, sizeof *v);
    for (size_t i = 0; i < n; i++)
        v[i] = (struct ct_sample){s[i].at_ms, s[i].value, 0};
    ct_blob_encode(&past->steps, v, n);
    for (size_t i = 0; i < n_leaps; i++)
        v[i] = (struct ct_sample){(int64_t)i, i % 2 ? l[i / 2].at_ms : l[i / 2].series, 0};
    if (n_leaps)
        ct_blob_encode(&past->leaps, v, n_leaps);
    free(v);
    return true;
}

/* What is to be kept of W's index, which goes on from what is kept, or (ANEW) leaves that alone. */
static bool make_past(struct walk *w, bool anew, struct ct_index_past *past, bool *unfinished)
{
    struct past p;
    struct walk was = *w;
    int64_t from = w->r->t > KEPT_MS ? w->r->t - KEPT_MS : 0;
    bool there = !anew && read_past(w->r, w->m, &p) && p.until_ms >= from && p.until_ms >= p.from_ms &&
                 begin_past(&was, &p, w->r->t);
    from = there && p.from_ms > from ? p.from_ms : from;
    if (!begin(w, from, w->r->t) || !find_order(w))
        return false;
    int64_t at = there ? p.until_ms : from, end = settled(w), to = end;
    if (end - at < LEAST_MS || !gather_piece(w, at, at + there, &to))
        return false;
    if (there) {
        take_past(w, &p, from);
        take_past_leaps(w->leaps, &p, from);
    }
    if (!go_on(w, at, to) && there) {
        w->out->v.n = 0;
        was.hearings.v = NULL;
        was.hearings.n = was.hearings.cap = was.next = 0;
        return make_past(&was, true, past, unfinished);
    }
    past->from_ms = from;
    past->until_ms = to;
    past->mark = mark_of(w, from, to);
    bool packed = w->leaps->whole && pack_past(w, past);
    *unfinished = *unfinished || (packed && end - to >= LEAST_MS);
    return packed;
}

enum ct_status ct_read_index_past(struct ct_reader *r, int64_t now_ms, size_t *next, struct ct_arena *a,
                                  struct ct_index_past *past, bool *more, bool *unfinished, struct ct_error *err)
{
    const struct ct_query q = {.at_ms = CT_LIVE, .now_ms = now_ms};
    *past = (struct ct_index_past){.steps = CT_BUF_INIT, .leaps = CT_BUF_INIT};
    ct_load_begin(r, &q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    const struct ct_market_all *all = ct_market_all_parts(r, r->t - 30 * CT_DAY);
    while (*next < all->v.n && all->v.v[*next].clouds < CT_MARKET_CLOUDS)
        ++*next;
    *more = *next < all->v.n;
    if (*more) {
        const struct ct_market_of *of = &all->v.v[(*next)++];
        struct ct_series_ref s = {.kind = CT_SERIES_INDEX, .of = {of->gpu, of->form}, .purchase = of->purchase};
        struct ct_market m = {.v = {NULL, 0, 0}};
        struct ct_market_steps steps = {.v = {NULL, 0, 0}};
        struct ct_leaps leaps = {.arena = a, .large_milli = CT_LARGE_MILLI};
        ct_market_read(r, &s, r->t - 30 * CT_DAY, &m);
        struct walk w = new_walk(r, &m, &sources, MOST_TURNS, &leaps, &steps);
        past->gpu = ct_arena_dup(a, of->gpu);
        past->form = ct_arena_dup(a, of->form);
        past->purchase = of->purchase;
        if (!make_past(&w, false, past, unfinished))
            past->steps.n = 0;
        free(w.turn);
    }
    enum ct_status st = ct_load_end(r);
    if (st != CT_OK)
        past->steps.n = 0;
    return st;
}

/* ---- when nobody was heard ---- */

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
