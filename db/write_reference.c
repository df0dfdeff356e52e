/* What prices were an hour, a day, a week and thirty days ago, kept ready for movers: of every price series what was
 * in force at a full hour, and its changes in the seventy minutes after that, so that the very moment is known until
 * the next hour is made ready. Made in slices between polls. Whatever is stored of a moment before or within such a
 * stretch takes it away (a trigger of table tick): then, and at all other moments, readers look into the history itself.
 * When all that is done the timelines of sources are packed (write_polls.c) and the facts of offers (write_offers.c), then
 * what is kept of indices is made (write_index.c). */
#include "db/write_priv.h"

#include <stdlib.h>

enum { SLICE_MS = 15, ROWS_A_BLOB = 50000 };
#define AFTER_MS (70 * CT_MINUTE) /* what follows the full hour, until the next one is ready */
#define SETTLE_MS (5 * CT_MINUTE) /* answers on their way when the hour closes */

static const int64_t backs[] = {CT_HOUR, CT_DAY, 7 * CT_DAY, 30 * CT_DAY};

static void add(struct ct_reference_making *m, int64_t series, size_t nth, struct ct_sample v)
{
    if (m->n == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 1024;
        m->value = ct_xrealloc(m->value, m->cap * sizeof *m->value);
        m->moment = ct_xrealloc(m->moment, m->cap * sizeof *m->moment);
    }
    int64_t key = series * CT_REFERENCE_NTH + (int64_t)nth;
    m->value[m->n] = (struct ct_sample){key, v.value, v.flags};
    m->moment[m->n++] = (struct ct_sample){key, v.at_ms, 0};
}

/* SERIES, whose newest sample is NOW. One that changes too often is left to the readers. */
static void take(struct ct_writer *w, struct ct_reference_making *m, int64_t series, struct ct_sample now)
{
    struct ct_sample v;
    size_t first = m->n, nth = 0;
    if (now.at_ms <= m->at_ms) {
        add(m, series, 0, now);
        return;
    }
    if (ct_sample_at(w->samples, series, m->at_ms, &v))
        add(m, series, nth++, v);
    for (v.at_ms = m->at_ms; ct_sample_next(w->samples, series, m->until_ms, &v); nth++) {
        if (nth == CT_REFERENCE_NTH || (v.flags & CT_SAMPLE_DAMAGED)) {
            m->n = first;
            return;
        }
        add(m, series, nth, v);
    }
}

static int by_key(const void *a, const void *b)
{
    const struct ct_sample *x = a, *y = b;
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

/* They came source by source. */
static void put(struct ct_writer *w, const struct ct_reference_making *m)
{
    struct ct_buf value = CT_BUF_INIT, moment = CT_BUF_INIT;
    size_t n = 0, part = 0;
    RUN(w, REFERENCE_DEL, vi(m->back_ms));
    if (m->n) {
        qsort(m->value, m->n, sizeof *m->value, by_key);
        qsort(m->moment, m->n, sizeof *m->moment, by_key);
    }
    do {
        size_t some = m->n - n < ROWS_A_BLOB ? m->n - n : ROWS_A_BLOB;
        ct_buf_clear(&value);
        ct_buf_clear(&moment);
        if (some) {
            ct_blob_encode(&value, m->value + n, some);
            ct_blob_encode(&moment, m->moment + n, some);
        }
        sqlite3_stmt *st = ASK(w, REFERENCE_PUT, vi(m->back_ms), vi((int64_t)part++), vi(m->at_ms),
                               vi(m->until_ms));
        if (st && some) {
            (void)sqlite3_bind_blob64(st, 5, value.p, value.n, SQLITE_TRANSIENT);
            (void)sqlite3_bind_blob64(st, 6, moment.p, moment.n, SQLITE_TRANSIENT);
        }
        (void)ct_w_run(w, st);
        n += some;
    } while (n < m->n);
    ct_buf_free(&value);
    ct_buf_free(&moment);
}

void ct_w_reference_drop(struct ct_writer *w)
{
    free(w->reference.value);
    free(w->reference.moment);
    w->reference = (struct ct_reference_making){.done_ms = w->reference.done_ms};
}

/* What is due when HOUR is the last full one; false: nothing. */
static bool begin(struct ct_writer *w, int64_t hour)
{
    for (size_t i = 0; i < CT_LEN(backs); i++) {
        int64_t at = hour - backs[i], until = at + AFTER_MS < hour ? at + AFTER_MS : hour;
        if (at <= 0 || ct_w_one(w, ASK(w, REFERENCE_AT, vi(backs[i]))) == at)
            continue;
        ct_w_reference_drop(w);
        w->reference.back_ms = backs[i];
        w->reference.at_ms = at;
        w->reference.until_ms = until;
        return true;
    }
    w->reference.done_ms = hour;
    return false;
}

/* The next series, those of one row of table newest at most; false: there are no more. */
static bool take_some(struct ct_writer *w, int64_t end_ms)
{
    struct ct_reference_making *m = &w->reference;
    struct ct_newest v[CT_NEWEST_ROWS];
    sqlite3_stmt *st = ASK(w, NEWEST_FROM, vi(m->key));
    if (!ct_w_row(w, st))
        return false;
    int64_t key = ct_w_int(st, 0);
    size_t n = ct_newest_column(st, 1, v, NULL);
    ct_w_end(st);
    if (key != m->key) /* else where it stopped */
        m->series = 0;
    m->key = key;
    for (size_t i = 0; i < n; i++) {
        bool price = v[i].kind == CT_SERIES_GPU || v[i].kind == CT_SERIES_TOKEN;
        if (!price || v[i].at_ms == CT_NONE || v[i].series < m->series)
            continue;
        if (ct_mono_ms() >= end_ms) {
            m->series = v[i].series;
            return true;
        }
        take(w, m, v[i].series, (struct ct_sample){v[i].at_ms, v[i].value, v[i].flags});
    }
    m->key++;
    m->series = 0;
    return true;
}

enum ct_status ct_write_references(struct ct_writer *w, int64_t now_ms, bool *more, struct ct_error *err)
{
    struct ct_reference_making *m = &w->reference;
    int64_t end = ct_mono_ms() + SLICE_MS, hour = (now_ms - SETTLE_MS) / CT_HOUR * CT_HOUR;
    *more = false;
    if (!w->db || w->reopen)
        return CT_OK; /* not now */
    int64_t touched = ct_samples_earliest(w->samples);
    bool due = m->done_ms != hour;
    if (!m->back_ms && !w->packing && !w->offers_from && !w->indices.due && !due && touched > hour)
        return CT_OK;
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    if (m->back_ms && touched <= m->until_ms)
        ct_w_reference_drop(w); /* something came in between */
    bool making = m->back_ms || begin(w, hour), some = making;
    while (some && w->rc == SQLITE_OK && ct_mono_ms() < end)
        some = take_some(w, end);
    if (making && !some && w->rc == SQLITE_OK && ct_samples_rc(w->samples) == SQLITE_OK)
        put(w, m);
    w->indices.due = w->indices.due || due;
    bool packing = !making && ct_w_pack_polls(w, end);
    packing = packing || (!making && ct_w_pack_offers(w, end));
    bool keeping = !making && !packing && ct_w_keep_indices(w, now_ms, end);
    status = ct_w_commit(w, "references", err);
    if (status != CT_OK || !some)
        ct_w_reference_drop(w);
    *more = (making || packing || keeping) && status == CT_OK;
    return status;
}
