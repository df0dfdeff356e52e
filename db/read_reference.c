/* Prices of a moment that the writer has kept ready. */
#include "db/reader.h"

#include <stdlib.h>
#include <string.h>

static struct ct_span blob(sqlite3_stmt *st, int i)
{
    const void *p = sqlite3_column_blob(st, i);
    return (struct ct_span){p, p ? (size_t)sqlite3_column_bytes(st, i) : 0};
}

/* V[0..N) and their MOMENTS to what was in force at the moment, one a series, behind what is there. */
static size_t settle(struct ct_reference *f, size_t used, const struct ct_sample *v,
                     const struct ct_sample *moments, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t series = v[i].at_ms / CT_REFERENCE_NTH, at = moments[i].value;
        bool same = used && f->v[used - 1].series == series;
        if (!same)
            f->v[used++] = (struct ct_priced){series, {CT_NONE, CT_NONE, 0}};
        if (at <= f->at_ms)
            f->v[used - 1].v = (struct ct_sample){at, v[i].value, v[i].flags};
    }
    return used;
}

void ct_reference_use(struct ct_reader *r, int64_t at_ms)
{
    struct ct_reference *f = &r->reference;
    sqlite3_stmt *st = ct_use(r, SQL_REFERENCES, 1, at_ms);
    int64_t back = CT_NONE;
    *f = (struct ct_reference){.at_ms = at_ms};
    while (ct_step(r, st) && (back == CT_NONE || back == ct_col_int(st, 0))) {
        size_t n = ct_blob_rows(blob(st, 1)), had = f->n;
        bool whole = n > 0 && ct_blob_rows(blob(st, 2)) == n;
        struct ct_sample *v = whole ? ct_arena_alloc(r->arena, 2 * n * sizeof *v) : NULL;
        struct ct_priced *all = v ? ct_arena_alloc(r->arena, (had + n) * sizeof *all) : NULL;
        back = ct_col_int(st, 0);
        if (!all || !ct_blob_decode(blob(st, 1), v) || !ct_blob_decode(blob(st, 2), v + n))
            continue; /* those series are looked up */
        if (had)
            memcpy(all, f->v, had * sizeof *all);
        f->v = all;
        f->n = settle(f, had, v, v + n, n);
    }
    if (st)
        sqlite3_reset(st);
}

bool ct_reference_find(struct ct_reader *r, int64_t series, int64_t at_ms, struct ct_sample *out)
{
    struct ct_reference *f = &r->reference;
    size_t low = 0, high = f->n;
    if (at_ms != f->at_ms || !f->n)
        return false;
    if (f->next < f->n && f->v[f->next].series == series) /* asked for in their order */
        low = high = f->next;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->v[middle].series < series)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == f->n || f->v[low].series != series)
        return false;
    f->next = low + 1;
    *out = f->v[low].v;
    return true;
}
