/* Prices of a moment that the writer has kept ready. */
#include "db/reader.h"

#include <stdlib.h>

/* What a row of table reference says, unpacked. */
struct row {
    struct ct_buf b, moments; /* as they lie there */
    struct ct_sample *v;      /* at_ms is the key */
    int64_t *at_ms;
    size_t n;
};

/* The rows of one of the times back, kept from load to load as long as they say the same, and what was in force at a
 * moment: the same from FROM_MS until before TO_MS, as nothing happens in between. */
struct ct_references {
    struct ct_references *next;
    int64_t back_ms;
    struct row *rows;
    size_t n_rows, cap_rows;
    struct ct_priced *v;
    size_t n, cap;
    int64_t from_ms, to_ms;
    uint64_t serial;
};

static struct ct_span blob(sqlite3_stmt *st, int i)
{
    const void *p = sqlite3_column_blob(st, i);
    return (struct ct_span){p, p ? (size_t)sqlite3_column_bytes(st, i) : 0};
}

static void free_row(struct row *row)
{
    ct_buf_free(&row->b);
    ct_buf_free(&row->moments);
    free(row->v);
    free(row->at_ms);
    *row = (struct row){.n = 0};
}

static void keep_rows(struct ct_references *k, size_t n)
{
    while (k->n_rows > n)
        free_row(&k->rows[--k->n_rows]);
}

void ct_reference_forget(struct ct_reader *r)
{
    for (struct ct_references *k = r->references, *next; k; k = next) {
        next = k->next;
        keep_rows(k, 0);
        free(k->rows);
        free(k->v);
        free(k);
    }
    r->references = NULL;
}

/* Row I as ST has it; those of series that cannot be unpacked are looked up. True: it is another than before. */
static bool read_row(struct ct_references *k, size_t i, sqlite3_stmt *st)
{
    struct ct_span b = blob(st, 1), moments = blob(st, 2);
    if (i == k->cap_rows) {
        k->cap_rows = k->cap_rows ? k->cap_rows * 2 : 4;
        k->rows = ct_xrealloc(k->rows, k->cap_rows * sizeof *k->rows);
    }
    struct row *row = &k->rows[i];
    if (i == k->n_rows) {
        k->n_rows++;
        *row = (struct row){.n = 0};
    } else if (ct_span_eq(ct_buf_span(&row->b), b) && ct_span_eq(ct_buf_span(&row->moments), moments)) {
        return false;
    }
    free_row(row);
    size_t n = ct_blob_rows(b);
    struct ct_sample *v = n > 0 && ct_blob_rows(moments) == n ? ct_xmalloc(2 * n * sizeof *v) : NULL;
    ct_buf_add(&row->b, b);
    ct_buf_add(&row->moments, moments);
    if (v && ct_blob_decode(moments, v)) {
        row->at_ms = ct_xmalloc(n * sizeof *row->at_ms);
        for (size_t j = 0; j < n; j++)
            row->at_ms[j] = v[j].value;
    }
    if (row->at_ms && ct_blob_decode(b, v)) {
        row->v = ct_xrealloc(v, n * sizeof *v);
        row->n = n;
        return true;
    }
    free(v);
    return true;
}

/* What was in force at AT_MS of the series in ROW, behind what is there. */
static void settle_row(struct ct_references *k, const struct row *row, int64_t at_ms)
{
    if (k->n + row->n > k->cap) {
        k->cap = k->n + row->n;
        k->v = ct_xrealloc(k->v, k->cap * sizeof *k->v);
    }
    for (size_t i = 0; i < row->n; i++) {
        int64_t series = row->v[i].at_ms / CT_REFERENCE_NTH, at = row->at_ms[i];
        bool same = k->n && k->v[k->n - 1].series == series;
        if (!same)
            k->v[k->n++] = (struct ct_priced){series, {CT_NONE, CT_NONE, 0}};
        if (at <= at_ms) {
            k->v[k->n - 1].v = (struct ct_sample){at, row->v[i].value, row->v[i].flags};
            k->from_ms = at > k->from_ms ? at : k->from_ms;
        } else {
            k->to_ms = at < k->to_ms ? at : k->to_ms;
        }
    }
}

static void settle(struct ct_references *k, int64_t at_ms)
{
    k->n = 0;
    k->serial++;
    k->from_ms = INT64_MIN;
    k->to_ms = INT64_MAX;
    for (size_t i = 0; i < k->n_rows; i++)
        settle_row(k, &k->rows[i], at_ms);
}

/* The hour, the day, the week and the month: no more times back are kept. */
static struct ct_references *of_back(struct ct_reader *r, int64_t back_ms)
{
    enum { MOST = 4 };
    struct ct_references **at = &r->references;
    for (size_t n = 1; *at && (*at)->back_ms != back_ms && n < MOST; n++)
        at = &(*at)->next;
    if (!*at)
        *at = ct_xcalloc(1, sizeof **at);
    if ((*at)->back_ms != back_ms) {
        keep_rows(*at, 0);
        (*at)->back_ms = back_ms;
    }
    return *at;
}

void ct_reference_use(struct ct_reader *r, int64_t at_ms)
{
    sqlite3_stmt *st = ct_use(r, SQL_REFERENCES, 1, at_ms);
    struct ct_references *k = NULL;
    size_t n = 0;
    bool changed = false;
    for (; ct_step(r, st) && (!k || k->back_ms == ct_col_int(st, 0)); n++) {
        k = k ? k : of_back(r, ct_col_int(st, 0));
        changed = read_row(k, n, st) || changed;
    }
    if (st)
        sqlite3_reset(st);
    r->reference = (struct ct_reference){.at_ms = at_ms};
    if (!k)
        return;
    changed = changed || n != k->n_rows;
    keep_rows(k, n);
    if (changed || at_ms < k->from_ms || at_ms >= k->to_ms)
        settle(k, at_ms);
    r->reference = (struct ct_reference){.at_ms = at_ms, .v = k->v, .n = k->n, .back_ms = k->back_ms, .serial = k->serial};
}

void ct_reference_return(struct ct_reader *r, struct ct_reference f)
{
    const struct ct_references *k = r->references;
    while (k && k->back_ms != f.back_ms)
        k = k->next;
    if (f.n && (!k || k->serial != f.serial))
        f.n = 0;
    r->reference = f;
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
