/* What happened: the tape, newest first. */
#include "db/columns.h"
#include "db/market.h"
#include "db/reader.h"

#define ROW struct ct_event_row
static const struct ct_column event_columns[] = {
    COL(TIME, "at", at_ms, ALIAS("seen age")),
    ENUM("kind", kind, ct_event_kind_words, SEARCH),
    ENUM("severity", severity, ct_severity_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    COL(TEXT, "subject", subject, SEARCH),
    COL(TEXT, "text", text, SEARCH),
    COL(TEXT, "source_id", source_id, SEARCH, ALIAS("id")),
    COL(TEXT, "field", field, SEARCH),
    SCALED("old", old_value, digits),
    SCALED("new", new_value, digits, ALIAS("price")),
    COL(TEXT, "unit", unit),
    COL(MILLI, "pct", pct_milli, ALIAS("change")),
    COL(BOOL, "suspect", suspect),
    COL(TEXT, "series", series),
    COL(TEXT, "source", source, SEARCH),
};
TABLE(ct_event_table, "event", ROW, event_columns);
#undef ROW

static struct ct_event_row event_row(struct ct_reader *r, sqlite3_stmt *st,
                                     const struct ct_source_list *sources)
{
    const struct ct_source_at *s = ct_source_by_id(sources, ct_col_int(st, 4));
    int64_t digits = ct_col_int(st, 16);
    struct ct_event_row row = {
        .at_ms = ct_col_must(st, 0),
        .id = sqlite3_column_int64(st, 1),
        .kind = ct_col_enum(st, 2, CT_EVENT_ALERT),
        .severity = ct_col_enum(st, 3, CT_SEV_CRITICAL),
        .series_id = ct_col_int(st, 5),
        .subject = ct_col_text(r, st, 6),
        .source_id = ct_col_text(r, st, 7),
        .field = ct_col_text(r, st, 8),
        .text = ct_col_text(r, st, 9),
        .unit = ct_col_text(r, st, 10),
        .old_value = ct_col_int(st, 11),
        .new_value = ct_col_int(st, 12),
        .pct_milli = ct_col_int(st, 13),
        .suspect = ct_col_enum(st, 14, 1),
        .series = ct_col_text(r, st, 15),
        .digits = digits > 0 && digits <= 9 ? (int)digits : 0,
        .source = s ? s->name : CT_SPAN_NONE,
    };
    if (!row.subject.p)
        row.subject = row.series;
    return row;
}

int ct_newer_event(const void *a, const void *b)
{
    const struct ct_event_row *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? 1 : -1;
    return (x->id < y->id) - (x->id > y->id);
}

static sqlite3_stmt *use_events(struct ct_reader *r, const struct ct_event_window *w)
{
    if (w->critical)
        return ct_use(r, SQL_EVENTS_CRITICAL, 5, w->from_ms, w->to_ms, w->limit,
                      (int64_t)CT_EVENT_INCIDENT, (int64_t)CT_SEV_CRITICAL);
    if (w->series || w->source)
        return ct_use(r, w->series ? SQL_EVENTS_OF_SERIES : SQL_EVENTS_OF_SOURCE, 4, w->from_ms, w->to_ms,
                      w->limit, w->series ? w->series : w->source);
    return ct_use(r, SQL_EVENTS, 3, w->from_ms, w->to_ms, w->limit);
}

/* Rows of the table, newest first; with COUNT only until there are enough, moves of prices included. True: older ones
 * were left out. */
static bool read_rows(struct ct_reader *r, const struct ct_source_list *sources, const struct ct_event_window *w,
                      bool count, struct ct_event_list *out)
{
    int64_t n = 0, last = INT64_MAX;
    struct ct_move_count moves = {.n = 0};
    sqlite3_stmt *st = use_events(r, w);
    while (ct_step(r, st)) {
        int64_t at = ct_col_must(st, 0);
        if (count && n > 0 && at < last && n + ct_moves_since(r, w, last, &moves) >= w->limit) {
            sqlite3_reset(st);
            return true;
        }
        struct ct_event_row *row = CT_VEC_PUSH(r->arena, &out->v);
        if (!row)
            break;
        *row = event_row(r, st, sources);
        last = at;
        n++;
    }
    return n > 0 && n == w->limit;
}

static void read_window(struct ct_reader *r, const struct ct_source_list *sources, struct ct_event_window w,
                        struct ct_event_list *out)
{
    size_t first = out->v.n, n;
    const int64_t from_ms = w.from_ms;
    bool prices = !w.no_prices && !w.critical, count = prices && !w.series, cut, again;
    do {
        out->v.n = first;
        w.from_ms = from_ms;
        cut = read_rows(r, sources, &w, count, out);
        if (cut) /* older ones would not count */
            w.from_ms = out->v.v[out->v.n - 1].at_ms;
        if (prices)
            ct_price_events(r, sources, &w, out);
        n = out->v.n - first;
        again = cut && count && (int64_t)n < w.limit && r->status == CT_OK; /* some of a damaged file are none */
        count = false;
    } while (again);
    if (prices && n)
        ct_sort(r, out->v.v + first, n, sizeof *out->v.v, ct_newer_event);
    out->v.n = first + (n < (size_t)w.limit ? n : (size_t)w.limit);
}

enum ct_status ct_events_own(const struct ct_event_list *list, struct ct_arena *a, struct ct_rows *out,
                             struct ct_error *err)
{
    struct ct_event_row *own = ct_arena_alloc(a, (list->v.n + 1) * sizeof *own);
    for (size_t i = 0; own && i < list->v.n; i++) {
        own[i] = list->v.v[i];
        ct_row_own(&ct_event_table, &own[i], a);
    }
    if (!own || ct_arena_full(a))
        return ct_fail(err, CT_ERR_LIMIT, NULL, "the answer is too large");
    *out = (struct ct_rows){own, list->v.n};
    return CT_OK;
}

/* The newest of all, read once for the panels that are loaded together; NULL: cut short. */
enum { NEWEST_EVENTS = 256 };

static const struct ct_rows *newest_events(struct ct_reader *r, const struct ct_source_list *sources,
                                                 struct ct_moment *m)
{
    struct ct_arena *answer = r->arena, *work = m->events ? NULL : ct_arena_new(CT_MOST_WORK);
    struct ct_rows *all = work ? ct_arena_alloc(m->arena, sizeof *all) : NULL;
    struct ct_event_list read = {.v = {NULL, 0, 0}};
    if (all) {
        r->arena = work;
        read_window(r, sources, (struct ct_event_window){.to_ms = r->at, .limit = NEWEST_EVENTS}, &read);
        r->arena = answer;
        if (r->status == CT_OK && ct_arena_full(work))
            r->status = ct_fail(r->err, CT_ERR_LIMIT, NULL, "the answer is too large");
        if (r->status == CT_OK && ct_events_own(&read, m->arena, all, r->err) == CT_OK)
            m->events = all;
    }
    ct_arena_free(work);
    return m->events;
}

/* Answers *W with those, and leaves in it what they do not reach; false: nothing is left. Who wants a few reads no more
 * for it. */
static bool take_newest(struct ct_reader *r, const struct ct_source_list *sources, struct ct_event_window *w,
                        struct ct_event_list *out)
{
    enum { FEW = 32 };
    bool of_all = !w->source && !w->series && !w->no_prices && !w->critical && !w->large_milli && w->to_ms == r->at;
    bool may_do = w->limit <= NEWEST_EVENTS || w->from_ms > 0;
    struct ct_moment *m = of_all && may_do ? ct_kept_moment(r) : NULL;
    const struct ct_rows *all = m && (m->events || w->limit > FEW) ? newest_events(r, sources, m) : NULL;
    const struct ct_event_row *v = all ? all->v : NULL;
    size_t n = 0;
    if (!all)
        return true;
    while (n < all->n && n < (size_t)w->limit && v[n].at_ms >= w->from_ms)
        n++;
    bool more = n == all->n && n < (size_t)w->limit && n >= NEWEST_EVENTS;
    if (more) /* of its last moment there may be more as well */
        for (w->to_ms = v[n - 1].at_ms; n && v[n - 1].at_ms == w->to_ms;)
            n--;
    for (size_t i = 0; i < n; i++) {
        struct ct_event_row *row = CT_VEC_PUSH(r->arena, &out->v);
        if (row)
            *row = v[i];
    }
    w->limit -= (int64_t)n;
    return more;
}

void ct_events_read(struct ct_reader *r, const struct ct_source_list *sources, struct ct_event_window w,
                    struct ct_event_list *out)
{
    if (take_newest(r, sources, &w, out))
        read_window(r, sources, w, out);
}

static bool means(struct ct_reader *r, const struct ct_source_at *s, struct ct_span subject)
{
    return ct_span_ieq(subject, s->name) || (s->provider.n && ct_span_ieq(subject, s->provider)) ||
           ct_span_ieq(subject, ct_source_where(r, s));
}

static int by_series(const void *a, const void *b)
{
    const struct ct_market_part *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

/* Moves of the prices that index S is made of, one after the other as they lie in the file. */
static void read_parts(struct ct_reader *r, const struct ct_source_list *sources, const struct ct_series_ref *s,
                       struct ct_event_window w, struct ct_event_list *out)
{
    struct ct_market m = {.v = {NULL, 0, 0}};
    struct ct_moment *moment = ct_kept_moment(r);
    const struct ct_leaps *leaps = moment ? moment->leaps : NULL;
    while (leaps && !(leaps->whole && leaps->large_milli == w.large_milli && leaps->from_ms <= w.from_ms &&
                      leaps->to_ms >= w.to_ms && ct_span_eq(leaps->index, s->name)))
        leaps = leaps->next;
    if (leaps) {
        ct_leap_events(r, sources, leaps, &w, out);
        return;
    }
    ct_market_read(r, s, w.from_ms, &m);
    ct_sort(r, m.v.v, m.v.n, sizeof *m.v.v, by_series);
    for (size_t i = 0; i < m.v.n; i++) {
        w.series = m.v.v[i].series;
        ct_price_events(r, sources, &w, out);
    }
}

/* Events of the sources a subject names (a provider, PROVIDER/SCOPE, a source id), else of its
 * series. */
static void read_about(struct ct_reader *r, const struct ct_query *q,
                       const struct ct_source_list *sources, struct ct_event_window w,
                       struct ct_event_list *out)
{
    bool any = false;
    for (size_t i = 0; i < sources->n; i++) {
        if (!means(r, &sources->v[i], q->subject))
            continue;
        any = true;
        w.source = sources->v[i].id;
        ct_events_read(r, sources, w, out);
    }
    if (any)
        return;
    struct ct_series_list series = {.v = {NULL, 0, 0}};
    if (q->whole && !ct_market_means(q->subject))
        ct_series_named(r, q->subject, CT_SERIES_MOST, &series);
    else
        (void)ct_series_find(r, q->subject, CT_SERIES_MOST, &series);
    for (size_t i = 0; i < series.v.n; i++) {
        w.series = series.v.v[i].id;
        if (w.series > 0)
            ct_events_read(r, sources, w, out);
        else if (series.v.v[i].kind == CT_SERIES_INDEX)
            read_parts(r, sources, &series.v.v[i], w, out);
    }
}

static void drop_suspect(struct ct_event_list *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->v.n; i++)
        if (rows->v.v[i].suspect != 1)
            rows->v.v[n++] = rows->v.v[i];
    rows->v.n = n;
}

/* The newest ones, of those that are believed where that is asked. */
static void read_newest(struct ct_reader *r, const struct ct_query *q,
                        const struct ct_source_list *sources, struct ct_event_window w,
                        struct ct_event_list *out)
{
    for (int64_t limit = w.limit;; w.limit *= 2) {
        out->v.n = 0;
        if (q->subject.n)
            read_about(r, q, sources, w, out);
        else
            ct_events_read(r, sources, w, out);
        bool all = (int64_t)out->v.n < w.limit;
        if (q->believed)
            drop_suspect(out);
        if (all || !q->believed || (int64_t)out->v.n >= limit || w.limit > 1000000)
            return;
    }
}

enum ct_status ct_read_events(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                              struct ct_rows *out, struct ct_error *err)
{
    struct ct_event_list rows = {.v = {NULL, 0, 0}};
    size_t limit = q->limit ? q->limit : 10000;
    struct ct_arena *work = ct_arena_new(CT_MOST_WORK); /* a moment can have any number of them */
    ct_load_begin(r, q, work, err);
    struct ct_source_list sources = ct_sources_at(r);
    struct ct_event_window w = {.from_ms = q->from_ms,
                                .to_ms = q->to_ms && q->to_ms <= r->at ? q->to_ms - 1 : r->at,
                                .limit = (int64_t)limit,
                                .no_prices = q->no_prices,
                                .critical = q->critical,
                                .large_milli = q->large_milli};
    read_newest(r, q, &sources, w, &rows);
    if (!q->subject.n && !q->critical)
        ct_alert_events(r, w.from_ms, w.to_ms, limit, &rows);
    if (!q->critical)
        ct_reach_events(r, &sources, q->subject, w.from_ms, w.to_ms, &rows);
    ct_sort(r, rows.v.v, rows.v.n, sizeof *rows.v.v, ct_newer_event);
    rows.v.n = rows.v.n < limit ? rows.v.n : limit;
    enum ct_status st = ct_load_end(r);
    st = st == CT_OK ? ct_events_own(&rows, a, out, err) : st;
    ct_arena_free(work);
    return st;
}

static int64_t moment(struct ct_reader *r, sqlite3_stmt *st)
{
    int64_t at = ct_step(r, st) ? ct_col_int(st, 0) : CT_NONE;
    if (st)
        sqlite3_reset(st);
    return at;
}

enum ct_status ct_read_event_moments(struct ct_reader *r, const struct ct_query *q,
                                     struct ct_arena *a, int64_t *before_ms, int64_t *after_ms,
                                     struct ct_error *err)
{
    ct_load_begin(r, q, a, err);
    int64_t before = moment(r, ct_use(r, SQL_EVENT_BEFORE, 1, r->t)),
            moved = moment(r, ct_use(r, SQL_MOVE_BEFORE, 1, r->t));
    *before_ms = moved > before ? moved : before; /* CT_NONE is less than any */
    int64_t after = moment(r, ct_use(r, SQL_EVENT_AFTER, 2, r->t, q->now_ms));
    moved = moment(r, ct_use(r, SQL_MOVE_AFTER, 2, r->t, q->now_ms));
    *after_ms = after == CT_NONE || (moved != CT_NONE && moved < after) ? moved : after;
    return ct_load_end(r);
}
