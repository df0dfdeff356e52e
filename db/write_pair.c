/* Events of neighbouring observations: what moved, came and went between one answer and the next. */
#include "db/write_series.h"

#include <stdlib.h>
#include <string.h>

#define NANO INT64_C(1000000000)

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

static void price_event(struct ct_job *j, const struct ct_item *it, struct ct_new_event *e)
{
    char was[CT_DECIMAL_MAX], is[CT_DECIMAL_MAX], pct[CT_DECIMAL_MAX];
    readable_move(was, is, e);
    e->kind = CT_EVENT_PRICE;
    e->unit = it->unit;
    e->pct = ct_w_pct(e->old_value, e->new_value);
    e->suspect = ct_w_leap(e->old_value, e->new_value, CT_LEAP_FACTOR);
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
static void pair_event(struct ct_job *j, const struct ct_item *it, struct ct_value old,
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
        int64_t none = ct_w_absent(j, it->kind).v;
        e.old_value = old.flags & CT_SAMPLE_GONE ? none : old.v;
        e.new_value = new.flags & CT_SAMPLE_GONE ? none : new.v;
        if (e.old_value <= CT_STOCK_UNKNOWN || e.new_value <= CT_STOCK_UNKNOWN ||
            e.old_value == e.new_value)
            return;
        stock_event(j, &e);
        break;
    }
    case CT_SERIES_COMPONENT:
        if (!numbers || old.v == new.v || (new.flags & CT_SAMPLE_PART) == CT_SAMPLE_HEADING)
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
    const struct ct_item *it;
};

static int by_key(const void *a, const void *b)
{
    const struct model *x = a, *y = b;
    return ct_span_cmp(x->it->key, y->it->key);
}

static void model_event(struct ct_job *j, const struct ct_item *it, int64_t at_ms, bool appeared)
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
        const struct ct_item *first[3] = {NULL, NULL, NULL}; /* of those present before, at, after */
        for (end = i; end < n && ct_span_eq(m[end].it->ref, m[i].it->ref); end++) {
            const struct ct_item *it = m[end].it;
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

void ct_w_pair_events(struct ct_job *j)
{
    struct ct_writer *w = j->w;
    bool here = !j->first, next = j->next_ms != CT_NONE;
    if (!j->append)
        RUN(w, EVENT_CLEAR, vi(j->source), vi(j->at_ms), vi(j->at_ms), ve(CT_ORIGIN_PAIR));
    if (next)
        RUN(w, EVENT_CLEAR, vi(j->source), vi(j->next_ms), vi(j->next_ms), ve(CT_ORIGIN_PAIR));
    for (size_t i = 0; i < j->set->items.n; i++) {
        const struct ct_item *it = &j->set->items.v[i];
        if (!it->series)
            continue;
        if (here && !ct_same_value(it->prev, it->now))
            pair_event(j, it, it->prev, it->now, j->at_ms);
        if (next && !ct_same_value(it->now, it->next))
            pair_event(j, it, it->now, it->next, j->next_ms);
    }
    model_events(j, here, next);
}
