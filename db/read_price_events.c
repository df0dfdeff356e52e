/* Moves of prices, made of the samples on both sides of them. */
#include "db/price_event.h"
#include "db/reader.h"

#include <stdlib.h>

/* A series that moved, as its moves are told; read once for all of them. */
struct kept_moved {
    int64_t series, source, digits;
    struct ct_span name;
    struct ct_price_event e; /* its names */
};

/* A move; its prices are looked up once it is known to be among the newest. */
struct move {
    int64_t at_ms, id;
    const struct kept_moved *of;
    const struct ct_source_at *source;
};
struct moves {
    CT_VEC(struct move) v;
};

/* Where SERIES is among the N kept, or belongs. */
static const struct kept_moved **place_of(const struct kept_moved **v, size_t n, int64_t series)
{
    size_t at = (size_t)((uint64_t)series * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (n - 1);
    while (v[at] && v[at]->series != series)
        at = (at + 1) & (n - 1);
    return &v[at];
}

/* The same with room for it; NULL: no memory. */
static const struct kept_moved **place(struct ct_reader *r, int64_t series)
{
    struct ct_kept *k = &r->kept;
    if (2 * (k->n_moved + 1) > k->moved_places) {
        size_t n = k->moved_places ? 2 * k->moved_places : 256;
        const struct kept_moved **v = ct_arena_alloc(ct_kept_arena(r), n * sizeof *v);
        if (!v)
            return NULL;
        for (size_t i = 0; i < k->moved_places; i++)
            if (k->moved[i])
                *place_of(v, n, k->moved[i]->series) = k->moved[i];
        k->moved = v;
        k->moved_places = n;
    }
    return place_of(k->moved, k->moved_places, series);
}

/* NULL: the series is gone from a damaged file. */
static const struct kept_moved *read_moved(struct ct_reader *r, int64_t series)
{
    sqlite3_stmt *st = ct_use(r, SQL_MOVED, 1, series);
    struct ct_arena *answer = r->arena;
    struct kept_moved *m = ct_step(r, st) ? ct_arena_alloc(ct_kept_arena(r), sizeof *m) : NULL;
    if (!m)
        return NULL;
    r->arena = ct_kept_arena(r);
    *m = (struct kept_moved){.series = series,
                             .source = ct_col_int(st, 1),
                             .digits = ct_col_int(st, 4),
                             .name = ct_col_text(r, st, 5),
                             .e = {.kind = (enum ct_series_kind)ct_col_enum(st, 0, CT_SERIES_TOKEN),
                                   .key = ct_col_text(r, st, 2),
                                   .unit = ct_col_text(r, st, 3)}};
    r->arena = answer;
    sqlite3_reset(st);
    ct_price_event_name(&m->e);
    return m;
}

/* NULL also for one without a price. */
static const struct kept_moved *moved_series(struct ct_reader *r, int64_t series)
{
    const struct kept_moved **at = place(r, series);
    if (at && !*at && (*at = read_moved(r, series)))
        r->kept.n_moved++;
    bool price = at && *at && ((*at)->e.kind == CT_SERIES_GPU || (*at)->e.kind == CT_SERIES_TOKEN);
    return price ? *at : NULL;
}

static void add_move(struct ct_reader *r, const struct ct_source_list *sources, int64_t series, int64_t at_ms,
                     struct moves *out)
{
    const struct kept_moved *of = moved_series(r, series);
    const struct ct_source_at *source = of ? ct_source_by_id(sources, of->source) : NULL;
    struct move *one = source ? CT_VEC_PUSH(r->arena, &out->v) : NULL;
    if (one)
        *one = (struct move){at_ms, ct_event_hash(source->name, at_ms, CT_ORIGIN_PAIR, CT_EVENT_PRICE, of->e.key,
                                                  of->e.ref, of->e.field), of, source};
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

static sqlite3_stmt *use_moments(struct ct_reader *r, const struct ct_event_window *w)
{
    return w->source ? ct_use(r, SQL_MOVES_OF_SOURCE, 3, w->from_ms, w->to_ms, w->source)
                     : ct_use(r, SQL_MOVES, 2, w->from_ms, w->to_ms);
}

int64_t ct_moves_since(struct ct_reader *r, const struct ct_event_window *w, int64_t at_ms, struct ct_move_count *c)
{
    if (!c->st && !c->over) {
        c->st = use_moments(r, w);
        c->at_ms = INT64_MAX;
    }
    while (!c->over && c->at_ms >= at_ms) {
        c->n += c->n_there;
        c->n_there = 0;
        c->over = !ct_step(r, c->st);
        if (c->over)
            break;
        const void *p = sqlite3_column_blob(c->st, 1);
        c->at_ms = ct_col_must(c->st, 0);
        c->n_there = (int64_t)ct_blob_rows((struct ct_span){p, p ? (size_t)sqlite3_column_bytes(c->st, 1) : 0});
    }
    return c->n;
}

/* Whole moments, newest first, until there are enough: then true. */
static bool walk_moments(struct ct_reader *r, const struct ct_source_list *sources,
                         const struct ct_event_window *w, struct moves *out)
{
    sqlite3_stmt *st = use_moments(r, w);
    while (ct_step(r, st)) {
        if ((int64_t)out->v.n >= w->limit && out->v.n && out->v.v[out->v.n - 1].at_ms != ct_col_must(st, 0)) {
            sqlite3_reset(st);
            return true;
        }
        unpack(r, sources, st, out);
    }
    return false;
}

static bool moved(struct ct_asof was, struct ct_asof is)
{
    return was.at_ms != CT_NONE && ct_price_moved((struct ct_sample){was.at_ms, was.value, was.flags},
                                                  (struct ct_sample){is.at_ms, is.value, is.flags});
}

/* Large moves of a series, the newest; they are few, so that all samples are looked at in their order. */
static void walk_leaps(struct ct_reader *r, const struct ct_source_list *sources, const struct ct_event_window *w,
                       struct moves *out)
{
    struct ct_asof then = ct_asof(r, w->series, w->from_ms - 1);
    struct ct_sample was = {then.at_ms, then.value, then.flags};
    CT_VEC(int64_t) at = {NULL, 0, 0};
    const struct ct_sample *v;
    size_t n, most = (size_t)w->limit;
    for (int64_t t = w->from_ms - 1; t < w->to_ms && (v = ct_next_samples(r, w->series, t, &n)); t = was.at_ms) {
        for (size_t i = 0; i < n; was = v[i++]) {
            bool large = v[i].at_ms <= w->to_ms && ct_price_leaps(was, v[i], w->large_milli);
            int64_t *place = large ? CT_VEC_PUSH(r->arena, &at) : NULL;
            if (place)
                *place = v[i].at_ms;
        }
    }
    for (size_t i = at.n > most ? at.n - most : 0; i < at.n; i++)
        add_move(r, sources, w->series, at.v[i], out);
}

/* The samples of one series, newest first. */
static void walk_series(struct ct_reader *r, const struct ct_source_list *sources,
                        const struct ct_event_window *w, struct moves *out)
{
    if (!moved_series(r, w->series))
        return;
    struct ct_asof is = ct_asof(r, w->series, w->to_ms), was;
    for (; is.at_ms != CT_NONE && is.at_ms >= w->from_ms && (int64_t)out->v.n < w->limit; is = was) {
        was = ct_asof(r, w->series, is.at_ms - 1);
        if (moved(was, is))
            add_move(r, sources, w->series, is.at_ms, out);
    }
}

/* Both prices of M, and the row that tells them. */
static void tell(struct ct_reader *r, const struct move *m, struct ct_event_list *out)
{
    const struct kept_moved *of = m->of;
    struct ct_asof is = ct_asof(r, of->series, m->at_ms), was = ct_asof(r, of->series, m->at_ms - 1);
    struct ct_event_row *row =
        is.at_ms == m->at_ms && moved(was, is) ? CT_VEC_PUSH(r->arena, &out->v) : NULL;
    if (!row)
        return;
    struct ct_price_event e = of->e;
    e.at_ms = m->at_ms;
    e.old_value = was.value;
    e.new_value = is.value;
    ct_price_event_tell(&e, r->arena);
    struct ct_span name = ct_arena_dup(r->arena, of->name);
    *row = (struct ct_event_row){
        .at_ms = m->at_ms,
        .id = m->id,
        .kind = CT_EVENT_PRICE,
        .severity = CT_SEV_INFO,
        .series_id = of->series,
        .subject = name,
        .source_id = ct_arena_dup(r->arena, e.ref),
        .field = ct_arena_dup(r->arena, e.field),
        .text = e.text,
        .unit = ct_arena_dup(r->arena, e.unit),
        .old_value = was.value,
        .new_value = is.value,
        .pct_milli = e.pct,
        .suspect = e.suspect,
        .series = name,
        .digits = of->digits > 0 && of->digits <= 9 ? (int)of->digits : 0,
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

/* What lies in one chunk together: it is unpacked once. */
static int by_place(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    if (x->of->series != y->of->series)
        return x->of->series < y->of->series ? -1 : 1;
    return newer(a, b);
}

/* The newest of FOUND, as many as are wanted. */
static void tell_all(struct ct_reader *r, struct moves *found, int64_t limit, struct ct_event_list *out)
{
    size_t n = found->v.n;
    ct_sort(r, found->v.v, n, sizeof *found->v.v, newer);
    n = n < (size_t)limit ? n : (size_t)limit;
    ct_sort(r, found->v.v, n, sizeof *found->v.v, by_place);
    for (size_t i = 0; i < n; i++)
        tell(r, &found->v.v[i], out);
}

void ct_price_events(struct ct_reader *r, const struct ct_source_list *sources, const struct ct_event_window *w,
                     struct ct_event_list *out)
{
    struct ct_event_window wider = *w;
    struct moves found = {.v = {NULL, 0, 0}};
    size_t first = out->v.n;
    if (w->series) {
        (w->large_milli ? walk_leaps : walk_series)(r, sources, w, &found);
        tell_all(r, &found, w->limit, out);
        return;
    }
    for (bool cut = true; cut; wider.limit *= 2) { /* some may be none in a damaged file: then older ones count */
        found.v.n = 0;
        out->v.n = first;
        cut = walk_moments(r, sources, &wider, &found) || (int64_t)found.v.n > wider.limit;
        tell_all(r, &found, wider.limit, out);
        if ((int64_t)(out->v.n - first) >= w->limit || wider.limit > 1000000 || r->status != CT_OK)
            return;
    }
}

static int latest_leap(const void *a, const void *b)
{
    const struct ct_leap *x = a, *y = b;
    return (x->at_ms < y->at_ms) - (x->at_ms > y->at_ms);
}

void ct_leap_events(struct ct_reader *r, const struct ct_source_list *sources, const struct ct_leaps *leaps,
                    const struct ct_event_window *w, struct ct_event_list *out)
{
    struct moves found = {.v = {NULL, 0, 0}};
    struct ct_leap *v = ct_arena_alloc(r->arena, (leaps->v.n + 1) * sizeof *v);
    size_t n = 0, most = (size_t)w->limit;
    for (size_t i = 0; v && i < leaps->v.n; i++)
        if (leaps->v.v[i].at_ms >= w->from_ms && leaps->v.v[i].at_ms <= w->to_ms)
            v[n++] = leaps->v.v[i];
    ct_sort(r, v, n, sizeof *v, latest_leap);
    for (size_t i = 0; i < n && (i < most || v[i].at_ms == v[most - 1].at_ms); i++) /* whole moments: ids order these */
        add_move(r, sources, v[i].series, v[i].at_ms, &found);
    tell_all(r, &found, w->limit, out);
}
