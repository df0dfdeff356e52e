/* Events of neighbouring observations: what moved, came and went between one answer and the next. */
#include "db/write_series.h"

#include <stdlib.h>
#include <string.h>

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

static void price_move(struct ct_job *j, const struct ct_item *it, struct ct_value old,
                       struct ct_value new, struct ct_moves *m)
{
    int64_t *series = CT_VEC_PUSH(j->w->arena, &m->series);
    if (series)
        *series = it->series;
    j->out->events++;
    if (!j->f->saw)
        return;
    struct ct_price_event e = {.kind = it->kind, .unit = ct_span(it->unit), .key = it->key,
                               .at_ms = m->at_ms, .old_value = old.v, .new_value = new.v};
    ct_price_event_name(&e);
    ct_price_event_tell(&e, j->w->arena);
    j->f->saw(j->f->saw_ctx, &(struct ct_seen_event){CT_EVENT_PRICE, CT_SEV_INFO, CT_SPAN_NONE, e.ref, e.field, e.text});
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool ascend(const int64_t *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (v[i - 1] >= v[i])
            return false;
    return true;
}

static void put_moves(struct ct_job *j, struct ct_moves *m)
{
    struct ct_buf blob = CT_BUF_INIT;
    size_t n = m->series.n;
    if (!ascend(m->series.v, n))
        qsort(m->series.v, n, sizeof *m->series.v, by_number);
    for (size_t i = 0; i < n; i += CT_BLOB_MOST) {
        ct_buf_clear(&blob);
        ct_price_moves_pack(&blob, m->series.v + i, n - i < CT_BLOB_MOST ? n - i : CT_BLOB_MOST);
        RUN(j->w, MOVES_PUT, vi(m->at_ms), vi(j->source), vi(m->series.v[i]), vb(ct_buf_span(&blob)));
    }
    ct_buf_free(&blob);
}

/* What the change of IT, no price, from OLD to NEW at AT_MS means to people. */
static void other_event(struct ct_job *j, const struct ct_item *it, struct ct_value old, struct ct_value new, int64_t at_ms)
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

static void pair_event(struct ct_job *j, const struct ct_item *it, struct ct_value old, struct ct_value new,
                       struct ct_moves *m)
{
    if (!ct_item_is_price(it))
        other_event(j, it, old, new, m->at_ms);
    else if (ct_price_moved((struct ct_sample){0, old.v, old.flags}, (struct ct_sample){0, new.v, new.flags}))
        price_move(j, it, old, new, m);
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
                             .seed = ct_item_ref(it),
                             .ref = ct_item_ref(it),
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
    bool any = false; /* came or went */
    for (size_t i = 0; !any && i < s->items.n; i++) {
        const struct ct_item *it = &s->items.v[i];
        int came = it->prev.flags ^ it->now.flags, comes = it->now.flags ^ it->next.flags;
        any = it->kind == CT_SERIES_TOKEN && ((here ? came : 0) | (next ? comes : 0)) & CT_SAMPLE_GONE;
    }
    if (!any)
        return;
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
        struct ct_span ref = ct_item_ref(m[i].it);
        for (end = i; end < n && ct_span_eq(ct_item_ref(m[end].it), ref); end++) {
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

struct ct_pairing ct_w_pairing(struct ct_job *j)
{
    struct ct_writer *w = j->w;
    struct ct_pairing p = {!j->first, j->next_ms != CT_NONE, {.at_ms = j->at_ms}, {.at_ms = j->next_ms}};
    for (int i = j->append; i < (p.next ? 2 : 1); i++) {
        int64_t at_ms = i ? j->next_ms : j->at_ms;
        RUN(w, EVENT_CLEAR, vi(j->source), vi(at_ms), vi(at_ms), ve(CT_ORIGIN_PAIR));
        RUN(w, MOVES_CLEAR, vi(j->source), vi(at_ms));
    }
    return p;
}

void ct_w_pair(struct ct_job *j, const struct ct_item *it, struct ct_pairing *p)
{
    if (!it->series)
        return;
    if (p->here && !ct_same_value(it->prev, it->now))
        pair_event(j, it, it->prev, it->now, &p->at);
    if (p->next && !ct_same_value(it->now, it->next))
        pair_event(j, it, it->now, it->next, &p->after);
}

void ct_w_pairing_end(struct ct_job *j, struct ct_pairing *p)
{
    put_moves(j, &p->at);
    put_moves(j, &p->after);
    model_events(j, p->here, p->next);
}
