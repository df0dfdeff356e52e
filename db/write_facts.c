/* What is beside the numbers of a series: its facts as its source gave them last, and the words of every time. */
#include "db/write_series.h"

#include <stdio.h>

/* ---- facts ---- */

static void put_facts(struct ct_job *j, struct ct_item *it)
{
    struct ct_writer *w = j->w;
    if (it->kind == CT_SERIES_GPU) {
        const struct ct_offer *o = it->row;
        const struct ct_quoted quoted = ct_w_quoted(o);
        const struct ct_item *stock = it->stock ? &j->set->items.v[it->stock - 1] : NULL;
        RUN(w, OFFER_PUT, vi(it->series), vi(stock ? stock->series : CT_NONE), vt(ct_item_ref(it)), vt(o->cloud),
            vt(o->region), vt(o->zone), vt(o->sku), vt(o->instance), vt(o->gpu), vt(o->form),
            vi(o->gpu_mem_milli), vi(o->gpu_count_milli), vi(o->vcpu_milli), vi(o->mem_milli),
            ve(o->purchase), vt(o->currency), vi(quoted.hour), vi(quoted.each),
            ve(o->host_included), vi(CT_NONE), vi(it->stock_count),
            vt(o->interruption), vi(o->effective_ms), vi(it->n_offers));
    } else if (it->kind == CT_SERIES_TOKEN) {
        const struct ct_token_price *t = it->row;
        RUN(w, TOKEN_PUT, vi(it->series), vt(ct_item_ref(it)), vt(t->lab), vt(t->model), vt(t->variant),
            vt(t->host), vt(t->host_class), vt(t->region), ve(t->kind), vt(t->tier),
            vt(ct_w_known(ct_token_field(w->arena, t))), vt(t->currency), vi(t->context),
            vi(t->retires_ms), ve(t->open_weights));
    } else if (it->kind == CT_SERIES_COMPONENT) {
        const struct ct_component *c = it->row;
        RUN(w, COMPONENT_PUT, vi(it->series), vt(it->key), vt(c->name), vt(c->group), vt(c->region),
            vt(c->raw_state), vi(c->updated_ms));
    } else if (it->kind == CT_SERIES_ENDPOINT) {
        const struct ct_endpoint *e = it->row;
        RUN(w, ENDPOINT_PUT, vi(it->series), vt(ct_w_known(e->source_id)),
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
static bool words_of(const struct ct_item *it, struct ct_buf *b)
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
static int64_t listed_next(struct ct_job *j, const struct ct_item *it)
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

static void put_words(struct ct_job *j, struct ct_item *it, struct ct_span text)
{
    struct ct_writer *w = j->w;
    int64_t hash = (int64_t)(ct_hash(text) >> 1 | 1);
    int64_t from = j->at_ms, was = it->words;
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

void ct_w_store_words(struct ct_job *j, struct ct_item *it)
{
    struct ct_buf b = CT_BUF_INIT;
    if (words_of(it, &b))
        put_words(j, it, ct_buf_span(&b));
    ct_buf_free(&b);
}

/* Facts are those of the newest observation that lists the row: an older one must not overwrite them. */
static bool facts_are_newest(struct ct_job *j, const struct ct_item *it)
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

static int digits_of(enum ct_series_kind kind)
{
    bool price = kind == CT_SERIES_GPU || kind == CT_SERIES_TOKEN || kind == CT_SERIES_RATE;
    return price ? 9 : kind == CT_SERIES_MEASURE ? 3 : 0;
}

bool ct_w_store_facts(struct ct_job *j, struct ct_item *it)
{
    struct ct_writer *w = j->w;
    struct ct_buf name = CT_BUF_INIT;
    if (it->series && (it->hash == it->old_hash || !facts_are_newest(j, it)))
        return false;
    ct_w_item_name(j, it, &name);
    if (it->series) {
        RUN(w, SERIES_FACTS, vi(it->series), vt(ct_buf_span(&name)), vs(it->unit), vi((int64_t)it->hash));
    } else {
        RUN(w, SERIES_ADD, vi(j->source), ve((int)it->kind), vt(it->key), vt(ct_buf_span(&name)), vs(it->unit),
            vi(digits_of(it->kind)), vi((int64_t)it->hash));
        it->series = sqlite3_last_insert_rowid(w->db);
    }
    ct_buf_free(&name);
    it->old_hash = it->hash;
    put_facts(j, it);
    return true;
}
