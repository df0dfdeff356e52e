/* The facts of offers, those of hundreds of neighbouring series at a time: as the writer has packed them, or row by row. */
#include "db/reader.h"

#include <stdlib.h>

struct facts {
    struct ct_reader *r;
    ct_take_offers *take;
    void *ctx;
    struct ct_offers *offers;
};

bool ct_there_since(struct ct_reader *r, int64_t series, int64_t ms)
{
    const struct ct_newest *v = ct_newest_of(r, series);
    return !v || !(v->flags & CT_SAMPLE_GONE) || v->at_ms > r->at || v->at_ms > ms;
}

/* A file is input. */
static void give(struct facts *f)
{
    struct ct_offers *o = f->offers;
    for (enum ct_fact fact = 0; fact < CT_FACTS; fact++)
        for (size_t i = 0; !ct_offers_is_text(fact) && i < o->fact[fact].n; i++)
            o->fact[fact].number[i] = ct_cut(o->fact[fact].number[i]);
    f->take(f->ctx, o);
}

static void give_rows(struct facts *f, sqlite3_stmt *st)
{
    struct ct_arena *texts = ct_arena_new(0);
    struct ct_offers_making m = {.out = f->offers, .texts = texts};
    ct_offers_clear(&m);
    while (ct_step(f->r, st)) {
        ct_offers_add(&m, st);
        if (f->offers->n < CT_OFFERS_MOST)
            continue;
        give(f);
        ct_offers_clear(&m);
        ct_arena_reset(texts);
    }
    if (f->offers->n && f->r->status == CT_OK)
        give(f);
    if (st)
        sqlite3_reset(st);
    ct_offers_clear(&m);
    ct_arena_free(texts);
}

/* The row of SQL_OFFER_PACKS that ST is at; false: it cannot be read. */
static bool give_pack(struct facts *f, sqlite3_stmt *st, int64_t k, int64_t ms)
{
    const void *b = sqlite3_column_blob(st, 1);
    struct ct_numbers rest;
    bool any = false;
    if (!b || !ct_offers_unpack_series((struct ct_span){b, (size_t)sqlite3_column_bytes(st, 1)}, f->offers, &rest) ||
        f->offers->series[0] / CT_OFFERS_MOST != k)
        return false;
    for (size_t i = 0; i < f->offers->n && !any; i++)
        any = ct_there_since(f->r, f->offers->series[i], ms);
    if (!any)
        return true;
    if (!ct_offers_unpack_facts(&rest, f->offers))
        return false;
    give(f);
    return true;
}

void ct_offers_since(struct ct_reader *r, int64_t ms, ct_take_offers *take, void *ctx)
{
    const int64_t most = (int64_t)CT_OFFERS_SERIES_MOST / CT_OFFERS_MOST;
    struct facts f = {r, take, ctx, ct_xmalloc(sizeof *f.offers)};
    int64_t next = INT64_MIN; /* the first series that was not given yet */
    sqlite3_stmt *st = ct_use(r, SQL_OFFER_PACKS, 0);
    while (ct_step(r, st)) {
        int64_t k = sqlite3_column_int64(st, 0);
        if (k < 0 || k >= most)
            continue;
        if (next < k * CT_OFFERS_MOST)
            give_rows(&f, ct_use(r, SQL_OFFERS_BETWEEN, 3, next, k * CT_OFFERS_MOST, ms));
        next = k * CT_OFFERS_MOST;
        if (give_pack(&f, st, k, ms))
            next += CT_OFFERS_MOST;
    }
    if (st)
        sqlite3_reset(st);
    give_rows(&f, ct_use(r, SQL_OFFERS_BETWEEN, 3, next, INT64_MAX, ms));
    free(f.offers);
}

void ct_offers_of(struct ct_reader *r, sqlite3_stmt *st, ct_take_offers *take, void *ctx)
{
    struct facts f = {r, take, ctx, ct_xmalloc(sizeof *f.offers)};
    give_rows(&f, st);
    free(f.offers);
}
