/* Rows of one answer against the series of their source: samples at the changes, facts beside them, and the
 * events of neighbouring observations.
 *
 * A sample stands at an observation whose value differs from the observation before. So storing one between
 * two others touches exactly two places: itself, and the next observation, whose value may now need a sample
 * of its own or no longer need one. Everything else that is stored about a series (quarantine, events) is
 * derived from the samples and the polls, and derived again where they changed: the order in which
 * observations arrive leaves no trace. */
#include "db/write_series.h"

void ct_w_put(struct ct_job *j, int64_t series, int64_t at_ms, int64_t value, int flags)
{
    ct_sample_put(j->w->samples, series, (struct ct_sample){at_ms, value, flags});
    j->out->samples++;
}

static struct ct_value value_until(struct ct_job *j, const struct ct_item *it, int64_t before_ms,
                                   int64_t *at_ms, int *flags)
{
    struct ct_sample v = {CT_NONE, CT_NONE, CT_SAMPLE_GONE};
    bool found = ct_sample_at(j->w->samples, it->series, before_ms - 1, &v);
    *at_ms = v.at_ms;
    *flags = v.flags;
    return found ? (struct ct_value){v.value, v.flags & CT_CORE_FLAGS} : ct_w_absent(j, it->kind);
}

bool ct_w_add_to_moment(struct ct_job *j)
{
    bool more = false;
    j->set->hash = 0;
    j->set->n_has = 0;
    for (size_t i = 0; i < j->set->items.n; i++) {
        struct ct_item *it = &j->set->items.v[i];
        struct ct_value here = ct_value_nothing;
        int64_t at;
        int flags;
        if (it->series)
            here = value_until(j, it, j->at_ms + 1, &at, &flags);
        if (!(here.flags & CT_SAMPLE_GONE) && (!it->listed || here.v > it->now.v))
            it->now = here;
        more |= !ct_same_value(it->now, here);
        if (it->now.flags & CT_SAMPLE_GONE)
            continue;
        j->set->n_has += it->kind != CT_SERIES_STOCK && it->kind != CT_SERIES_PAGE;
        j->set->hash += ct_w_mix(ct_w_mix((uint64_t)it->kind + 1, it->key_hash), (uint64_t)it->now.v);
    }
    return more;
}

/* The common case: nothing is later, and nothing about the value needs the samples before. */
static void put_newest(struct ct_job *j, struct ct_item *it)
{
    int flags = it->now.flags | ct_w_plain_flags(it, it->prev.v, it->now.v);
    ct_w_put(j, it->series, j->at_ms, it->now.v, flags);
    ct_w_widen(it, it->now.v);
    it->cur_ms = j->at_ms;
    it->cur_flags = flags;
    it->cur = it->now;
    it->renewed = true;
}

/* The samples of one series around the new observation. True when they changed. */
static bool store_samples(struct ct_job *j, struct ct_item *it)
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
            if (!ct_same_value(it->next, it->now) && !there) {
                (void)ct_sample_del(s, it->series, j->next_ms); /* a lift may stand there */
                ct_sample_put(s, it->series, (struct ct_sample){j->next_ms, it->next.v, it->next.flags});
                touched = true;
            } else if (ct_same_value(it->next, it->now) && there) {
                touched = ct_sample_del(s, it->series, j->next_ms);
            }
        }
        touched |= ct_sample_del(s, it->series, j->at_ms);
    }
    if (!ct_same_value(it->now, it->prev)) {
        if (j->append && !watch && (!ct_item_is_price(it) || ct_w_calm(it->low, it->high, it->now.v))) {
            put_newest(j, it);
            return true;
        }
        ct_w_put(j, it->series, j->at_ms, it->now.v, it->now.flags);
        ct_w_widen(it, it->now.v);
        touched = true;
    }
    if (touched || watch) {
        int64_t samples = j->out->samples;
        ct_w_derive_flags(j, it, j->at_ms, j->next_ms == CT_NONE ? j->at_ms : j->next_ms);
        ct_w_tail(j, it);
        j->changed |= j->out->samples > samples; /* a lifted quarantine is written, too */
    }
    return touched;
}

/* The common case of all: neither a value nor facts changed, and nothing waits to be believed. */
static bool as_before(const struct ct_job *j, const struct ct_item *it)
{
    return j->append && it->series && ct_same_value(it->now, it->cur) && !(it->cur_flags & CT_SAMPLE_QUARANTINED) &&
           (!it->listed || (it->hash == it->old_hash && it->words != CT_WORDS_NONE));
}

static void store_item(struct ct_job *j, struct ct_item *it)
{
    bool known_before = it->series != 0, facts = false;
    if (!known_before)
        facts = ct_w_store_facts(j, it);
    bool changed = store_samples(j, it);
    if (known_before && it->listed)
        facts = ct_w_store_facts(j, it);
    if (it->listed && (facts || !j->append || it->words == CT_WORDS_NONE))
        ct_w_store_words(j, it);
    changed |= facts;
    j->out->changed_rows += changed && it->kind != CT_SERIES_STOCK;
    j->changed |= changed;
}

void ct_w_apply_series(struct ct_job *j)
{
    if (!j->set)
        return;
    struct ct_pairing pairing = ct_w_pairing(j);
    /* Stock items follow the offers that refer to them: their ids must exist first. */
    for (int pass = j->set->stock ? 0 : 1; pass < 2; pass++) {
        for (size_t i = 0; i < j->set->items.n; i++) {
            struct ct_item *it = &j->set->items.v[i];
            if ((it->kind == CT_SERIES_STOCK) != (pass == 0))
                continue;
            if (as_before(j, it))
                it->prev = it->cur;
            else if (it->series || it->listed)
                store_item(j, it);
            ct_w_pair(j, it, &pairing);
        }
    }
    ct_w_pairing_end(j, &pairing);
}

/* A price of the source is in quarantine. */
static bool any_pending(struct ct_job *j)
{
    return ct_w_one(j->w, ASK(j->w, NEWEST_PENDING, vi(ct_newest_key(j->source, 0)),
                              vi(ct_newest_key(j->source + 1, 0)))) != CT_NONE;
}

void ct_w_repeat_series(struct ct_job *j)
{
    if (j->append && !any_pending(j))
        return;
    int64_t samples = j->out->samples;
    ct_w_load_known(j);
    for (size_t i = 0; i < j->set->items.n; i++) {
        struct ct_item *it = &j->set->items.v[i];
        int64_t at;
        int flags = it->cur_flags & CT_SAMPLE_QUARANTINED;
        if (!j->append)
            (void)value_until(j, it, j->at_ms + 1, &at, &flags);
        if (flags & (CT_SAMPLE_QUARANTINED | CT_SAMPLE_LIFTED)) {
            ct_w_derive_flags(j, it, j->at_ms, j->at_ms);
            ct_w_tail(j, it);
        }
    }
    if (j->append)
        j->changed |= j->out->samples > samples;
    else
        j->out->samples = samples;
}
