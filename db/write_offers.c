/* The facts of offers packed, those of hundreds of neighbouring series at a time, between polls (db/offer_pack.h). */
#include "db/write_priv.h"

#include <stdlib.h>

static void pack(struct ct_writer *w, int64_t k)
{
    struct ct_buf blob = CT_BUF_INIT;
    struct ct_offers_making m = {.out = ct_xmalloc(sizeof *m.out), .texts = ct_arena_new(0)};
    sqlite3_stmt *st = ASK(w, OFFER_FACTS, vi(k * CT_OFFERS_MOST), vi((k + 1) * CT_OFFERS_MOST));
    ct_offers_clear(&m);
    while (ct_w_row(w, st))
        ct_offers_add(&m, st);
    ct_w_end(st);
    if (m.out->n && w->rc == SQLITE_OK) {
        ct_offers_pack(&blob, m.out);
        RUN(w, OFFER_PACK_PUT, vi(k), vb(ct_buf_span(&blob)));
    }
    ct_buf_free(&blob);
    ct_offers_clear(&m);
    ct_arena_free(m.texts);
    free(m.out);
}

bool ct_w_pack_offers(struct ct_writer *w, int64_t end_ms)
{
    do {
        int64_t series = ct_w_one(w, ASK(w, OFFER_AFTER, vi(w->offers_from > 0 ? w->offers_from : 0)));
        int64_t k = series / CT_OFFERS_MOST;
        if (series == CT_NONE || series >= (int64_t)CT_OFFERS_SERIES_MOST) {
            w->offers_from = 0;
            break;
        }
        if (ct_w_one(w, ASK(w, OFFER_PACK_OF, vi(k))) == CT_NONE)
            pack(w, k);
        w->offers_from = (k + 1) * CT_OFFERS_MOST;
    } while (w->rc == SQLITE_OK && ct_mono_ms() < end_ms);
    return w->offers_from != 0;
}
