/* Moves of prices, made of the samples on both sides of them. */
#include "db/price_event.h"
#include "db/reader.h"

#include <stdlib.h>

/* A move by its names; its prices are looked up once it is known to be among the newest. */
struct move {
    int64_t at_ms, id, series, digits;
    const struct ct_source_at *source;
    struct ct_span name;
    struct ct_price_event e;
};
struct moves {
    CT_VEC(struct move) v;
};

/* False: the series is gone from a damaged file, or has no price. */
static bool name_move(struct ct_reader *r, const struct ct_source_list *sources, struct move *m)
{
    sqlite3_stmt *st = ct_use(r, SQL_MOVED, 1, m->series);
    if (!ct_step(r, st))
        return false;
    int kind = ct_col_enum(st, 0, CT_SERIES_TOKEN);
    m->source = ct_source_by_id(sources, ct_col_int(st, 1));
    m->digits = ct_col_int(st, 4);
    m->name = ct_col_text(r, st, 5);
    m->e = (struct ct_price_event){.kind = (enum ct_series_kind)kind,
                                   .at_ms = m->at_ms,
                                   .key = ct_col_text(r, st, 2),
                                   .unit = ct_col_text(r, st, 3)};
    sqlite3_reset(st);
    if ((kind != CT_SERIES_GPU && kind != CT_SERIES_TOKEN) || !m->source)
        return false;
    ct_price_event_name(&m->e);
    m->id = ct_event_hash(m->source->name, m->at_ms, CT_ORIGIN_PAIR, CT_EVENT_PRICE, m->e.key, m->e.ref, m->e.field);
    return true;
}

static void add_move(struct ct_reader *r, const struct ct_source_list *sources, int64_t series, int64_t at_ms,
                     struct moves *out)
{
    struct move m = {.series = series, .at_ms = at_ms};
    struct move *one = name_move(r, sources, &m) ? CT_VEC_PUSH(r->arena, &out->v) : NULL;
    if (one)
        *one = m;
}

/* The series packed in column 1 of ST. */
static void unpack(struct ct_reader *r, const struct ct_source_list *sources, sqlite3_stmt *st, struct moves *out)
{
    const void *p = sqlite3_column_blob(st, 1);
    struct ct_span blob = {p, p ? (size_t)sqlite3_column_bytes(st, 1) : 0};
    size_t n = ct_blob_rows(blob);
    int64_t at_ms = ct_col_must(st, 0);
    struct ct_sample *v = ct_xcalloc(n + 1, sizeof *v);
    bool fine = ct_blob_decode(blob, v);
    for (size_t i = 0; fine && i < n; i++)
        add_move(r, sources, v[i].at_ms, at_ms, out);
    free(v);
}

/* Whole moments, newest first, until there are enough. */
static void walk_moments(struct ct_reader *r, const struct ct_source_list *sources,
                         const struct ct_event_window *w, struct moves *out)
{
    sqlite3_stmt *st = w->source ? ct_use(r, SQL_MOVES_OF_SOURCE, 3, w->from_ms, w->to_ms, w->source)
                                 : ct_use(r, SQL_MOVES, 2, w->from_ms, w->to_ms);
    while (ct_step(r, st)) {
        if ((int64_t)out->v.n >= w->limit && out->v.n && out->v.v[out->v.n - 1].at_ms != ct_col_must(st, 0)) {
            sqlite3_reset(st);
            return;
        }
        unpack(r, sources, st, out);
    }
}

static bool moved(struct ct_asof was, struct ct_asof is)
{
    return was.at_ms != CT_NONE && ct_price_moved((struct ct_sample){was.at_ms, was.value, was.flags},
                                                  (struct ct_sample){is.at_ms, is.value, is.flags});
}

/* The samples of one series, newest first. */
static void walk_series(struct ct_reader *r, const struct ct_source_list *sources,
                        const struct ct_event_window *w, struct moves *out)
{
    struct move m = {.series = w->series};
    if (!name_move(r, sources, &m))
        return;
    struct ct_asof is = ct_asof(r, w->series, w->to_ms), was;
    for (; is.at_ms != CT_NONE && is.at_ms >= w->from_ms && (int64_t)out->v.n < w->limit; is = was) {
        was = ct_asof(r, w->series, is.at_ms - 1);
        int64_t pct = moved(was, is) ? ct_event_pct(was.value, is.value) : CT_NONE;
        bool wanted = !w->large_milli || (pct != CT_NONE && (pct >= w->large_milli || pct <= -w->large_milli));
        if (wanted && moved(was, is))
            add_move(r, sources, w->series, is.at_ms, out);
    }
}

/* Both prices of M, and the row that tells them. */
static void tell(struct ct_reader *r, struct move *m, struct ct_event_list *out)
{
    struct ct_asof is = ct_asof(r, m->series, m->at_ms), was = ct_asof(r, m->series, m->at_ms - 1);
    struct ct_event_row *row =
        is.at_ms == m->at_ms && moved(was, is) ? CT_VEC_PUSH(r->arena, &out->v) : NULL;
    if (!row)
        return;
    m->e.old_value = was.value;
    m->e.new_value = is.value;
    ct_price_event_tell(&m->e, r->arena);
    *row = (struct ct_event_row){
        .at_ms = m->at_ms,
        .id = m->id,
        .kind = CT_EVENT_PRICE,
        .severity = CT_SEV_INFO,
        .series_id = m->series,
        .subject = m->name,
        .source_id = m->e.ref,
        .field = m->e.field,
        .text = m->e.text,
        .unit = m->e.unit,
        .old_value = was.value,
        .new_value = is.value,
        .pct_milli = m->e.pct,
        .suspect = m->e.suspect,
        .series = m->name,
        .digits = m->digits > 0 && m->digits <= 9 ? (int)m->digits : 0,
        .source = m->source->name,
    };
}

static int newer(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? 1 : -1;
    return (x->id < y->id) - (x->id > y->id);
}

static int by_place(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    if (x->series != y->series)
        return x->series < y->series ? -1 : 1;
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

void ct_price_events(struct ct_reader *r, const struct ct_source_list *sources, const struct ct_event_window *w,
                     struct ct_event_list *out)
{
    struct moves found = {.v = {NULL, 0, 0}};
    if (w->series)
        walk_series(r, sources, w, &found);
    else
        walk_moments(r, sources, w, &found);
    size_t n = found.v.n;
    ct_sort(r, found.v.v, n, sizeof *found.v.v, newer);
    n = n < (size_t)w->limit ? n : (size_t)w->limit;
    ct_sort(r, found.v.v, n, sizeof *found.v.v, by_place); /* what lies together is unpacked once */
    for (size_t i = 0; i < n; i++)
        tell(r, &found.v.v[i], out);
}
