/* A stretch of one series, read from its end back to its beginning: what is not sealed yet, the tail, the chunks. */
#include "db/ahead.h"
#include "db/samples_priv.h"

#include <stdlib.h>
#include <string.h>

/* What is being read: SPAN[AT..CT_SPAN_MOST) is there; SEALED: some of what is sealed by its end. */
struct reading {
    struct ct_samples *s;
    size_t at;
    bool sealed;
};

static bool add_fresh(struct reading *in, const struct ct_fresh *f, int64_t to)
{
    size_t n = f ? ct_s_until(f->v, f->n, to) : 0;
    if (n > in->at)
        return false;
    for (size_t i = 0; i < n; i++)
        if (f->v[i].flags & CT_GONE_AGAIN)
            return false;
    if (n)
        memcpy(in->s->span + in->at - n, f->v, n * sizeof *f->v);
    in->at -= n;
    return true;
}

/* What begins at KEY and is packed in BLOB. */
static bool add_packed(struct reading *in, int64_t key, struct ct_span blob)
{
    size_t n = ct_blob_rows(blob);
    struct ct_sample *end = in->s->span + in->at, *v = n <= in->at ? end - n : NULL;
    if (n == 0 || !v || !ct_blob_decode(blob, v) || v[0].at_ms < ct_chunk_from_ms(key) || v[n - 1].at_ms >= CT_MOST_MS ||
        (in->at < CT_SPAN_MOST && v[n - 1].at_ms >= end->at_ms))
        return false;
    in->at -= n;
    in->sealed = true;
    return true;
}

/* Nothing older is needed. What is not sealed may have come late: then something sealed lies behind it. */
static bool reaches(const struct reading *in, int64_t from)
{
    return in->sealed && in->s->span[in->at].at_ms <= from;
}

static bool add_chunks(struct reading *in, int64_t series, int64_t from, int64_t to)
{
    struct ct_samples *s = in->s;
    sqlite3_stmt *st = ct_s_use(s, CT_S_CHUNKS_BACK, ct_s_key(series, to), ct_s_key(series, 0));
    bool fine = true;
    while (fine && !reaches(in, from) && ct_s_step(s, st))
        fine = add_packed(in, sqlite3_column_int64(st, 0), ct_s_blob(st, 1));
    ct_s_end(st);
    return fine;
}

bool ct_samples_span(struct ct_samples *s, int64_t series, int64_t from, int64_t to, const struct ct_sample **v, size_t *n)
{
    struct reading in = {s, CT_SPAN_MOST, false};
    if (!ct_s_look(s) || series <= 0 || series >= CT_MOST_SERIES || from < 0 || to < from)
        return false;
    if (!s->span)
        s->span = ct_xcalloc(CT_SPAN_MOST, sizeof *s->span);
    const struct ct_tail *tail = ct_s_tail(s, series);
    bool late = !tail || tail->key > ct_s_key(series, to);
    if (!add_fresh(&in, ct_s_fresh(s, series), to) || (!late && !add_packed(&in, tail->key, tail->blob)) ||
        (!reaches(&in, from) && !add_chunks(&in, series, from, to)) || s->rc != SQLITE_OK)
        return false;
    struct ct_sample *all = s->span + in.at;
    size_t end = ct_s_until(all, CT_SPAN_MOST - in.at, to), begin = ct_s_until(all, end, from);
    begin -= begin > 0;
    *v = all + begin;
    *n = end - begin;
    return true;
}

static int by_key(const void *a, const void *b)
{
    const struct ct_keys *x = a, *y = b;
    return (x->low > y->low) - (x->low < y->low);
}

void ct_samples_ahead(struct ct_samples *s, const int64_t *series, size_t n, int64_t from, int64_t to)
{
    struct ct_keys *chunks = ct_xcalloc(2 * n + 1, sizeof *chunks), *tails = chunks + n;
    for (size_t i = 0; i < n; i++) {
        chunks[i] = (struct ct_keys){ct_s_key(series[i], from), ct_s_key(series[i], to)};
        tails[i] = (struct ct_keys){series[i] >> CT_TAILS_BITS, series[i] >> CT_TAILS_BITS};
    }
    if (n) {
        qsort(chunks, n, sizeof *chunks, by_key);
        qsort(tails, n, sizeof *tails, by_key);
        ct_read_ahead(s->db, "tails", tails, n);
        ct_read_ahead(s->db, "chunk", chunks, n);
    }
    free(chunks);
}
