/* How a series moved, and where nothing is known of it. */
#include "db/base/ini.h"
#include "db/columns.h"
#include "db/market.h"
#include "db/reader.h"

#include <stdio.h>

#define ROW struct ct_point
static const struct ct_column point_columns[] = {
    COL(TIME, "at", at_ms),       SCALED("min", min, digits), SCALED("max", max, digits),
    SCALED("last", last, digits), COL(INT, "n", n),           COL(BOOL, "suspect", suspect),
};
TABLE(ct_point_table, "point", ROW, point_columns);
#undef ROW

#define ROW struct ct_gap
static const struct ct_column gap_columns[] = {
    COL(TIME, "from", from_ms),
    COL(TIME, "to", to_ms),
    COL(TEXT, "reason", reason, SEARCH),
};
TABLE(ct_gap_table, "gap", ROW, gap_columns);
#undef ROW

#define ROW struct ct_history
static const struct ct_column history_columns[] = {
    COL(TEXT, "series", series, SEARCH),
    COL(TEXT, "unit", unit, SEARCH),
    COL(ROWS, "points", points, .sub = &ct_point_table),
    COL(ROWS, "gaps", gaps, FLAGS(CT_COL_SEARCH), .sub = &ct_gap_table),
    COL(TEXT, "source", source, SEARCH),
    COL(TEXT, "source_id", source_id, SEARCH),
    COL(TIME, "first_at", first_ms),
    COL(TIME, "last_seen_at", last_seen_ms, ALIAS("seen")),
    COL(INT, "n_changes", n_changes, ALIAS("changes")),
    SCALED("open", open_value, digits),
};
TABLE(ct_history_table, "history", ROW, history_columns);
#undef ROW

#define ROW struct ct_series_row
static const struct ct_column series_columns[] = {
    COL(TEXT, "series", series, SEARCH),
    COL(TEXT, "unit", unit, SEARCH),
    COL(TEXT, "source", source, SEARCH),
    COL(TIME, "first_at", first_ms),
    COL(TIME, "last_at", last_ms, ALIAS("changed")),
    COL(INT, "changes", changes),
};
TABLE(ct_series_table, "series", ROW, series_columns);
#undef ROW

/* ---- names ---- */

static bool ends_at_slash(struct ct_span name, struct ct_span ending)
{
    if (name.n <= ending.n || name.p[name.n - ending.n - 1] != '/')
        return false;
    return ct_span_ieq((struct ct_span){name.p + name.n - ending.n, ending.n}, ending);
}

/* Between slashes, or behind the last one. */
static bool has_segment(struct ct_span name, struct ct_span wanted)
{
    while (name.p)
        if (ct_span_ieq(ct_span_cut(&name, '/'), wanted))
            return true;
    return false;
}

/* A segment that is the accelerator and its form, as "h100-sxm5" says it, and what follows them. */
static bool has_gpu(struct ct_span name, struct ct_span word)
{
    struct ct_span gpu, form;
    if (!ct_gpu_split(word, &gpu, &form))
        return false;
    while (name.p) {
        struct ct_span part = ct_span_cut(&name, '/');
        size_t whole = gpu.n + 1 + form.n;
        if (part.n >= whole && part.p[gpu.n] == '-' && ct_span_ieq((struct ct_span){part.p, gpu.n}, gpu) &&
            ct_span_ieq((struct ct_span){part.p + gpu.n + 1, form.n}, form))
            return true;
    }
    return false;
}

static bool has_words(struct ct_span name, struct ct_span subject)
{
    while (subject.n) {
        size_t n = 0;
        while (n < subject.n && subject.p[n] != ' ' && subject.p[n] != '/')
            n++;
        struct ct_span word = {subject.p, n}, meant = ct_word_meant(NULL, word);
        bool any = ct_span_is(word, "any") && subject.n > n; /* of a region: whichever */
        if (n && !any && !ct_span_ihas(name, word) && !(meant.n && has_segment(name, meant)) && !has_gpu(name, word))
            return false;
        n += n < subject.n;
        subject = (struct ct_span){subject.p + n, subject.n - n};
    }
    return true;
}

static bool named(struct ct_span name, struct ct_span subject, int how)
{
    switch (how) {
    case CT_NAMED_GLOB:
        return ct_glob(subject, name);
    case CT_NAMED_ENDING:
        return ends_at_slash(name, subject);
    case CT_NAMED_WORDS:
        return has_words(name, subject);
    default: /* where the statement did not choose already */
        return !subject.n || ct_span_eq(name, subject);
    }
}

static void find(struct ct_reader *r, sqlite3_stmt *st, struct ct_span subject, enum ct_named how,
                 size_t most, struct ct_series_list *out)
{
    while (out->v.n < most && ct_step(r, st)) {
        const char *p = (const char *)sqlite3_column_text(st, 1);
        struct ct_span name = {p, p ? (size_t)sqlite3_column_bytes(st, 1) : 0};
        if (!named(name, subject, (int)how))
            continue;
        struct ct_series_ref *ref = CT_VEC_PUSH(r->arena, &out->v);
        if (!ref)
            break;
        int64_t digits = ct_col_int(st, 3);
        const struct ct_newest *newest = ct_newest_of(r, ct_col_int(st, 0));
        *ref = (struct ct_series_ref){
            .id = ct_col_int(st, 0),
            .name = ct_arena_dup(r->arena, name),
            .unit = ct_col_text(r, st, 2),
            .digits = digits > 0 && digits <= 9 ? (int)digits : 0,
            .source = ct_col_int(st, 4),
            .kind = ct_col_enum(st, 5, CT_SERIES_MEASURE),
            .cur_ms = newest ? newest->at_ms : CT_NONE,
            .gone = newest && (newest->flags & CT_SAMPLE_GONE),
        };
    }
    if (st)
        sqlite3_reset(st);
}

void ct_series_named(struct ct_reader *r, struct ct_span name, size_t most,
                     struct ct_series_list *out)
{
    sqlite3_stmt *st = ct_use(r, SQL_SERIES_NAMED, 0);
    ct_bind_text(r, st, 1, name);
    find(r, st, name, CT_NAMED_EXACT, most, out);
}

enum ct_named ct_series_find(struct ct_reader *r, struct ct_span subject, size_t most,
                             struct ct_series_list *out)
{
    bool glob = false;
    for (size_t i = 0; i < subject.n; i++)
        glob = glob || subject.p[i] == '*' || subject.p[i] == '?';
    if (subject.n)
        ct_series_named(r, subject, most, out);
    else
        find(r, ct_use(r, SQL_SERIES_ALL, 0), subject, CT_NAMED_EXACT, most, out);
    if (!subject.n || (!out->v.n && ct_market_means(subject)))
        ct_market_names(r, subject, subject.n > 0, named, CT_NAMED_EXACT, most, out);
    if (out->v.n || !subject.n)
        return CT_NAMED_EXACT;
    for (enum ct_named how = glob ? CT_NAMED_GLOB : CT_NAMED_ENDING;
         how <= (glob ? CT_NAMED_GLOB : CT_NAMED_WORDS); how++) {
        find(r, ct_use(r, SQL_SERIES_ALL, 0), subject, how, most, out);
        if (glob ? ct_market_means(subject) : !out->v.n)
            ct_market_names(r, subject, false, named, (int)how, most, out);
        if (out->v.n)
            return how;
    }
    return CT_NAMED_NOTHING;
}

/* Series of the whole name SUBJECT, or those that the glob SUBJECT means. */
static void find_whole(struct ct_reader *r, struct ct_span subject, size_t most, struct ct_series_list *out)
{
    size_t n = 0;
    while (n < subject.n && subject.p[n] != '*' && subject.p[n] != '?')
        n++;
    if (n == 0) {
        find(r, ct_use(r, SQL_SERIES_ALL, 0), subject, CT_NAMED_GLOB, most, out);
        return;
    }
    if (n == subject.n) {
        ct_series_named(r, subject, most, out);
        if (!out->v.n && ct_market_means(subject))
            ct_market_names(r, subject, true, named, CT_NAMED_EXACT, most, out);
        return;
    }
    sqlite3_stmt *st = ct_use(r, SQL_SERIES_FROM, 0);
    ct_bind_beginning(r, st, (struct ct_span){subject.p, n});
    find(r, st, subject, CT_NAMED_GLOB, most, out);
}

/* Looking for the nearest takes long: only where there is somebody to tell. */
static enum ct_status not_found(struct ct_reader *r, struct ct_span subject)
{
    struct ct_series_list all = {.v = {NULL, 0, 0}};
    if (!r->err)
        return r->status = CT_ERR_NOT_FOUND;
    find(r, ct_use(r, SQL_SERIES_ALL, 0), CT_SPAN_NONE, CT_NAMED_EXACT, 20000, &all);
    ct_market_names(r, CT_SPAN_NONE, false, named, CT_NAMED_EXACT, 25000, &all);
    const char **names = ct_arena_alloc(r->arena, (all.v.n + 1) * sizeof *names);
    for (size_t i = 0; names && i < all.v.n; i++)
        names[i] = all.v.v[i].name.p;
    char word[160];
    snprintf(word, sizeof word, "%.*s", (int)(subject.n > 150 ? 150 : subject.n), subject.p);
    const char *near = names ? ct_nearest(word, names) : NULL;
    if (r->status != CT_OK)
        return r->status;
    return r->status =
               ct_fail(r->err, CT_ERR_NOT_FOUND, "series", "no series is called \"%s\"%s%s%s", word,
                       near ? "; nearest: \"" : "", near ? near : "", near ? "\"" : "");
}

/* A glob that matches all of LIST: segment by segment what they have in common. */
static void common_glob(const struct ct_series_list *list, struct ct_buf *out)
{
    struct ct_span first = list->v.v[0].name;
    for (size_t at = 0; first.p; at++) {
        struct ct_span segment = ct_span_cut(&first, '/');
        size_t same = segment.n;
        bool equal = true, ends = false;
        for (size_t i = 1; i < list->v.n; i++) {
            struct ct_span rest = list->v.v[i].name, other = ct_span_cut(&rest, '/');
            for (size_t k = 0; k < at; k++)
                other = ct_span_cut(&rest, '/');
            ends = ends || !rest.p != !first.p; /* some are longer */
            equal = equal && ct_span_eq(other, segment);
            size_t n = 0;
            while (n < same && n < other.n && other.p[n] == segment.p[n])
                n++;
            same = n;
        }
        ct_buf_addf(out, "%s%.*s%s", at ? "/" : "", (int)same, segment.p, equal && !ends ? "" : "*");
        if (ends)
            return;
    }
}

/* An ending or a few words must mean one series; a glob may mean many. */
static enum ct_status ambiguous(struct ct_reader *r, struct ct_span subject,
                                const struct ct_series_list *list)
{
    const struct ct_series_ref *v = list->v.v;
    const struct ct_series_ref *other = &v[1];
    for (size_t i = 1; i < list->v.n && ct_span_eq(other->name, v[0].name); i++)
        other = &v[i];
    struct ct_buf glob = CT_BUF_INIT;
    common_glob(list, &glob);
    bool says = list->v.n < CT_SERIES_MOST && glob.n < 80 && !ct_span_starts(ct_buf_span(&glob), "*");
    r->status = ct_fail(r->err, CT_ERR_USAGE, "series",
                        "\"%.*s\" may be %s%zu series, among them %.*s and %.*s%s%s%s",
                        (int)(subject.n > 60 ? 60 : subject.n), subject.p,
                        list->v.n == CT_SERIES_MOST ? "at least " : "", list->v.n,
                        CT_FMT(v[0].name), CT_FMT(other->name), says ? "; a glob of all: \"" : "",
                        says ? glob.p : "", says ? "\"" : "");
    ct_buf_free(&glob);
    return r->status;
}

static bool one_name(const struct ct_series_list *list)
{
    for (size_t i = 1; i < list->v.n; i++)
        if (!ct_span_eq(list->v.v[i].name, list->v.v[0].name))
            return false;
    return true;
}

/* An offer's price and its stock end alike; who does not say "stock" means the price. */
static void prefer_prices(struct ct_span subject, struct ct_series_list *list)
{
    size_t n = 0;
    if (one_name(list) || ct_span_ihas(subject, CT_LIT("stock")))
        return;
    for (size_t i = 0; i < list->v.n; i++)
        if (list->v.v[i].kind != CT_SERIES_STOCK)
            list->v.v[n++] = list->v.v[i];
    if (n)
        list->v.n = n;
}

/* Of several that words or an ending mean: the one index among them ("h100-sxm spot" names no place, so the market
 * is meant), else the one that is still there. LIST stays when neither says which. */
static void choose_meant(struct ct_reader *r, struct ct_span subject, struct ct_series_list *list)
{
    struct ct_series_list market = {.v = {NULL, 0, 0}};
    size_t indices = 0, present = 0;
    struct ct_series_ref index = {.id = 0}, one = {.id = 0};
    ct_market_names(r, subject, false, named, CT_NAMED_WORDS, CT_SERIES_MOST, &market);
    for (size_t i = 0; i < market.v.n; i++) {
        indices += market.v.v[i].kind == CT_SERIES_INDEX;
        index = market.v.v[i].kind == CT_SERIES_INDEX ? market.v.v[i] : index;
    }
    for (size_t i = 0; i < list->v.n && list->v.n < CT_SERIES_MOST; i++) {
        bool gone = list->v.v[i].kind < CT_SERIES_INDEX && ct_gone(ct_asof(r, list->v.v[i].id, r->at));
        present += !gone;
        one = gone ? one : list->v.v[i];
    }
    if (indices != 1 && present != 1)
        return;
    list->v.v[0] = indices == 1 ? index : one;
    list->v.n = 1;
}

/* ---- points ---- */

enum { MOST_STEPS = 100000 };

struct drawing {
    struct ct_reader *r;
    struct ct_history *h;
    int64_t from, to, width; /* width 0: every change */
    int64_t step;            /* not 0: a point for each width, changed or not */
    bool measured;           /* not for sale: where it has no number nothing answered */
    CT_VEC(struct ct_point) points;
    struct ct_gaps own; /* without a number */
    int64_t null_since; /* CT_NONE: it has one */
    int64_t known;      /* the last number; CT_NONE */
    struct ct_span null_reason;
};

static void add_point(struct drawing *d, int64_t at, int64_t value, int flags, int64_t n)
{
    int64_t start = d->width ? d->from + (at - d->from) / d->width * d->width : at;
    struct ct_point *last = d->points.n ? &d->points.v[d->points.n - 1] : NULL;
    int suspect = (flags & (CT_SAMPLE_QUARANTINED | CT_SAMPLE_SUSPECT)) != 0;
    if (d->width && last && last->at_ms == start) {
        last->min = value < last->min ? value : last->min;
        last->max = value > last->max ? value : last->max;
        last->last = value;
        last->n += n;
        last->suspect |= suspect;
        return;
    }
    struct ct_point *p = CT_VEC_PUSH(d->r->arena, &d->points);
    if (p)
        *p = (struct ct_point){start, value, value, value, n, suspect, d->h->digits};
}

static void end_null(struct drawing *d, int64_t at)
{
    if (d->null_since == CT_NONE)
        return;
    struct ct_gap *gap = at > d->null_since ? CT_VEC_PUSH(d->r->arena, &d->own.v) : NULL;
    if (gap)
        *gap = (struct ct_gap){d->null_since, at, d->null_reason};
    d->null_since = CT_NONE;
}

static void take_sample(struct drawing *d, int64_t at, int64_t value, int flags, int64_t n)
{
    if (flags & CT_SAMPLE_LIFTED) /* believed now, not changed */
        return;
    if (value != CT_NONE) {
        end_null(d, at);
        add_point(d, at, value, flags, n);
    } else {
        bool gone = (flags & CT_SAMPLE_GONE) != 0;
        end_null(d, at);
        d->null_since = at;
        d->null_reason = (flags & CT_SAMPLE_DAMAGED) ? CT_LIT("damaged in the file")
                         : d->measured               ? CT_LIT("no answer")
                         : gone                      ? CT_LIT("not offered")
                                                     : CT_LIT("no price");
    }
    d->h->n_changes += ct_sample_changes(&d->known, value, flags);
}

/* How often the value in force at FROM_MS was another one up to TO_MS. */
static int64_t changes(struct ct_reader *r, int64_t series, int64_t from_ms, int64_t to_ms)
{
    struct ct_sample v = {.at_ms = from_ms};
    int64_t n = 0, known = ct_asof(r, series, from_ms).value;
    while (ct_next_sample(r, series, to_ms, &v))
        n += ct_sample_changes(&known, v.value, v.flags);
    return n;
}

/* Values after FROM_MS up to TO_MS; counts no further than MOST. */
static size_t values(struct ct_reader *r, int64_t series, int64_t from_ms, int64_t to_ms,
                     size_t most)
{
    size_t n = 0;
    struct ct_sample v = {.at_ms = from_ms};
    while (n < most && ct_next_sample(r, series, to_ms, &v))
        n += v.value != CT_NONE && !(v.flags & CT_SAMPLE_LIFTED);
    return n;
}

static void read_points(struct drawing *d, const struct ct_series_ref *s, size_t max_points)
{
    struct ct_reader *r = d->r;
    struct ct_asof open = ct_asof(r, s->id, d->from);
    if (open.flags & CT_SAMPLE_LIFTED)
        open = ct_asof(r, s->id, open.at_ms - 1);
    d->h->open_value = open.value;
    if (!d->width && max_points && values(r, s->id, d->from, d->to, max_points + 1) > max_points)
        d->width = (d->to - d->from) / (int64_t)max_points + 1;
    d->null_since = d->known = CT_NONE;
    if (open.at_ms == CT_NONE) {
        d->null_since = d->from; /* not there yet; where nobody looked the source's gaps say so */
        d->null_reason = d->measured ? CT_LIT("not measured yet") : CT_LIT("not offered");
    } else {
        bool starts = open.at_ms == d->from;
        take_sample(d, d->from, open.value, open.flags & ~CT_SAMPLE_LIFTED, starts);
    }
    struct ct_sample v = {.at_ms = d->from};
    while (ct_next_sample(r, s->id, d->to, &v))
        take_sample(d, v.at_ms, v.value, v.flags, 1);
    end_null(d, d->to);
}

static int by_start(const void *a, const void *b)
{
    const struct ct_gap *x = a, *y = b;
    return (x->from_ms > y->from_ms) - (x->from_ms < y->from_ms);
}

/* Joins both kinds of gaps: where nothing was recorded, nobody knows whether it was offered. */
void ct_join_gaps(struct ct_reader *r, const struct ct_gaps *own, struct ct_gaps *all)
{
    size_t n = all->v.n;
    for (size_t i = 0; i < own->v.n; i++) {
        int64_t from = own->v.v[i].from_ms, to = own->v.v[i].to_ms;
        for (size_t k = 0; k <= n && from < to; k++) {
            if (k < n && all->v.v[k].to_ms <= from)
                continue;
            int64_t end = k < n && all->v.v[k].from_ms < to ? all->v.v[k].from_ms : to;
            struct ct_gap *gap = end > from ? CT_VEC_PUSH(r->arena, &all->v) : NULL;
            if (gap)
                *gap = (struct ct_gap){from, end, own->v.v[i].reason};
            from = end < to ? all->v.v[k].to_ms : to;
        }
    }
    ct_sort(r, all->v.v, all->v.n, sizeof *all->v.v, by_start);
}

static struct ct_span source_ref(struct ct_reader *r, const struct ct_series_ref *s)
{
    if (s->kind != CT_SERIES_TOKEN)
        return CT_SPAN_NONE;
    sqlite3_stmt *st = ct_use(r, SQL_TOKEN_REF, 1, s->id);
    struct ct_span ref = ct_step(r, st) ? ct_col_text(r, st, 0) : CT_SPAN_NONE;
    if (st)
        sqlite3_reset(st);
    return ref;
}

int64_t ct_first_sample(struct ct_reader *r, int64_t series)
{
    struct ct_sample v = {.at_ms = INT64_MIN};
    return ct_next_sample(r, series, CT_LIVE, &v) ? v.at_ms : CT_NONE;
}

/* When the oldest of what M is made of began; one that began by ENOUGH will do. None is older than the record. */
static int64_t market_first(struct ct_reader *r, const struct ct_market *m, int64_t enough)
{
    int64_t first = CT_NONE, recorded_ms = ct_meta(r, "first_ms");
    enough = recorded_ms > enough ? recorded_ms : enough;
    for (size_t i = 0; i < m->v.n && (first == CT_NONE || first > enough); i++) {
        int64_t at = ct_first_sample(r, m->v.v[i].series);
        first = at != CT_NONE && (first == CT_NONE || at < first) ? at : first;
    }
    return first;
}

int64_t ct_series_begins(struct ct_reader *r, const struct ct_series_ref *s)
{
    struct ct_market m = {.v = {NULL, 0, 0}};
    if (s->kind < CT_SERIES_INDEX)
        return ct_first_sample(r, s->id);
    ct_market_read(r, s, CT_NONE, &m);
    return market_first(r, &m, CT_NONE);
}

/* A point that holds into a gap from the window's start is none: nothing was known there. */
static void drop_unknown_start(struct drawing *d, const struct ct_gaps *gaps)
{
    bool none = d->points.n && d->points.v[0].n == 0 && d->points.v[0].at_ms == d->from &&
                gaps->v.n && gaps->v.v[0].from_ms <= d->from;
    if (none) {
        d->points.v++;
        d->points.n--;
    }
}

/* [d->from, d->to] as Q asks of H, at most up to the moment. False: nothing of it. */
static bool set_window(struct drawing *d, const struct ct_query *q)
{
    d->to = q->to_ms && q->to_ms < d->r->t ? q->to_ms : d->r->t;
    d->from = q->from_ms ? q->from_ms : d->h->first_ms;
    d->width = d->step = q->step_ms > 0 ? q->step_ms : 0;
    return d->h->first_ms != CT_NONE && d->from <= d->to;
}

/* A point for each step: where nothing changed the value in force, where nothing was known none. */
static void fill_steps(struct drawing *d, const struct ct_gaps *gaps)
{
    struct ct_reader *r = d->r;
    const struct ct_point *p = d->points.v;
    size_t n = d->points.n, at = 0, gap = 0;
    struct ct_point held = {.last = CT_NONE};
    CT_VEC(struct ct_point) all = {NULL, 0, 0};
    if ((d->to - d->from) / d->step > MOST_STEPS) {
        r->status = ct_fail(r->err, CT_ERR_LIMIT, "history", "more than %d steps in the window",
                            MOST_STEPS);
        return;
    }
    for (int64_t t = d->from; t < d->to || (t == d->to && at < n); t += d->step) {
        int64_t end = t + d->step < d->to ? t + d->step : d->to;
        while (gap < gaps->v.n && gaps->v.v[gap].to_ms < end)
            gap++;
        bool changed = at < n && p[at].at_ms == t;
        bool unknown = gap < gaps->v.n && gaps->v.v[gap].from_ms <= t;
        if (changed)
            held = p[at++];
        struct ct_point *place = changed || (held.last != CT_NONE && !unknown)
                                     ? CT_VEC_PUSH(r->arena, &all)
                                     : NULL;
        if (place)
            *place = changed ? held
                             : (struct ct_point){t, held.last, held.last, held.last, 0,
                                                 held.suspect, held.digits};
    }
    d->points.v = all.v;
    d->points.n = all.n;
}

static void finish(struct drawing *d, struct ct_gaps *gaps)
{
    ct_join_gaps(d->r, &d->own, gaps);
    drop_unknown_start(d, gaps);
    if (d->step)
        fill_steps(d, gaps);
    d->h->points = (struct ct_rows){d->points.v, d->points.n};
    d->h->gaps = (struct ct_rows){gaps->v.v, gaps->v.n};
}

/* The steps of a figure as the samples of a series would be drawn; when those are not all, how often and since when is
 * not known. */
static void draw_steps(struct drawing *d, const struct ct_market_steps *steps, bool all, size_t max_points,
                       struct ct_span too_few)
{
    const struct ct_market_step *v = steps->v.v;
    size_t n = steps->v.n;
    d->null_since = d->known = CT_NONE;
    if (all && !d->width && max_points && n > max_points + 1)
        d->width = (d->to - d->from) / (int64_t)max_points + 1;
    d->h->open_value = n ? v[0].value : CT_NONE;
    for (size_t i = 0; i < n; i++) {
        bool opens = i == 0 && v[i].at_ms == d->from && d->from > d->h->first_ms;
        take_sample(d, v[i].at_ms, v[i].value, 0, all && !opens);
        if (v[i].value == CT_NONE)
            d->null_reason = too_few;
    }
    end_null(d, d->to);
    if (!all)
        d->h->n_changes = CT_NONE;
}

/* Where the walk leaves large moves of what index S is made of, as events of these are asked next; NULL: nowhere. */
static struct ct_leaps *keep_leaps(struct ct_reader *r, const struct ct_query *q, const struct ct_series_ref *s)
{
    enum { MOST_INDICES = 8 };
    struct ct_moment *m = q->large_milli && s->kind == CT_SERIES_INDEX ? ct_kept_moment(r) : NULL;
    size_t n = 0;
    struct ct_leaps *one = m ? m->leaps : NULL;
    for (; one && !ct_span_eq(one->index, s->name); one = one->next)
        n++;
    if (!m || (!one && n == MOST_INDICES))
        return NULL;
    struct ct_leaps *next = one ? one->next : m->leaps;
    if (!one && !(one = m->leaps = ct_arena_alloc(m->arena, sizeof *one)))
        return NULL;
    *one = (struct ct_leaps){.index = ct_arena_dup(m->arena, s->name), .arena = m->arena, .large_milli = q->large_milli,
                             .next = next};
    return one;
}

static void read_market(struct ct_reader *r, const struct ct_query *q,
                        const struct ct_series_ref *s, const struct ct_source_list *sources,
                        struct ct_history *h)
{
    struct drawing d = {.r = r, .h = h};
    struct ct_market m = {.v = {NULL, 0, 0}};
    struct ct_market_steps steps = {.v = {NULL, 0, 0}};
    struct ct_gaps gaps = {.v = {NULL, 0, 0}};
    int64_t since = q->window_only && q->from_ms ? q->from_ms : CT_NONE;
    struct ct_arena *answer = r->arena, *work = r->arena = ct_arena_new(CT_MOST_WORK); /* parts, of which nothing is shown */
    ct_market_read(r, s, since, &m);
    int64_t first = market_first(r, &m, since);
    if (since != CT_NONE && (first == CT_NONE || first > since)) { /* what left before may have begun before */
        size_t n = m.v.n;
        m.v.n = 0;
        ct_market_read(r, s, CT_NONE, &m);
        first = m.v.n == n ? first : market_first(r, &m, since);
    }
    *h = (struct ct_history){.series = s->name, .unit = s->unit, .digits = s->digits, .first_ms = first,
                             .last_seen_ms = CT_NONE, .open_value = CT_NONE};
    for (size_t i = 0; i < m.v.n; i++) {
        const struct ct_source_at *from = ct_source_by_id(sources, m.v.v[i].source_id);
        if (from && from->last_success_ms > h->last_seen_ms)
            h->last_seen_ms = from->last_success_ms;
    }
    if (set_window(&d, q)) {
        bool all = ct_market_walk(r, &m, sources, d.from, d.to, d.width ? 0 : q->max_points, keep_leaps(r, q, s), &steps);
        r->arena = answer;
        draw_steps(&d, &steps, all, q->max_points, ct_market_too_few(s->kind));
        ct_market_gaps(r, &m, sources, d.from, d.to, &gaps);
        finish(&d, &gaps);
    }
    r->arena = answer;
    if (r->status == CT_OK && ct_arena_full(work))
        r->status = ct_fail(r->err, CT_ERR_LIMIT, NULL, "the answer is too large");
    ct_arena_free(work);
}

static void read_one(struct ct_reader *r, const struct ct_query *q, const struct ct_series_ref *s,
                     const struct ct_source_at *source, struct ct_history *h)
{
    struct drawing d = {.r = r, .h = h, .measured = s->kind == CT_SERIES_MEASURE};
    struct ct_gaps gaps = {.v = {NULL, 0, 0}};
    struct ct_asof now = r->live ? (struct ct_asof){s->cur_ms, 0, s->gone ? CT_SAMPLE_GONE : 0}
                                 : ct_asof(r, s->id, r->at);
    *h = (struct ct_history){
        .series = s->name,
        .unit = s->unit,
        .digits = s->digits,
        .source = source ? source->name : CT_SPAN_NONE,
        .source_id = source_ref(r, s),
        .first_ms = ct_first_sample(r, s->id),
        .last_seen_ms = ct_gone(now) || !source ? now.at_ms : source->last_success_ms,
        .open_value = CT_NONE,
    };
    if (!set_window(&d, q))
        return;
    read_points(&d, s, q->max_points);
    if (source)
        ct_source_gaps(r, source, d.from, d.to, &gaps);
    finish(&d, &gaps);
}

/* A pattern asks what there was: series that began after the moment were not. */
static void drop_later(struct ct_reader *r, struct ct_series_list *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->v.n; i++) {
        int64_t first = ct_series_begins(r, &list->v.v[i]);
        if (first == CT_NONE || first <= r->at)
            list->v.v[n++] = list->v.v[i];
    }
    list->v.n = n;
}

static void read_list(struct ct_reader *r, const struct ct_query *q, const struct ct_series_list *list,
                      const struct ct_source_list *sources, struct ct_rows *out)
{
    const struct ct_series_ref *s = list->v.v;
    struct ct_history *rows = ct_arena_alloc(r->arena, (list->v.n + 1) * sizeof *rows);
    for (size_t i = 0; rows && i < list->v.n && r->status == CT_OK; i++)
        if (s[i].kind >= CT_SERIES_INDEX)
            read_market(r, q, &s[i], sources, &rows[i]);
        else
            read_one(r, q, &s[i], ct_source_by_id(sources, s[i].source), &rows[i]);
    if (rows && r->status == CT_OK)
        *out = (struct ct_rows){rows, list->v.n};
}

enum ct_status ct_read_histories(struct ct_reader *r, const struct ct_query *q,
                                 const struct ct_span *names, size_t n_names, struct ct_arena *a,
                                 struct ct_rows *out, struct ct_error *err)
{
    struct ct_series_list list = {.v = {NULL, 0, 0}};
    *out = (struct ct_rows){NULL, 0};
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    for (size_t i = 0; i < n_names; i++) {
        size_t before = list.v.n;
        ct_series_named(r, names[i], SIZE_MAX, &list);
        if (list.v.n == before && ct_market_means(names[i]))
            ct_market_names(r, names[i], true, named, CT_NAMED_EXACT, SIZE_MAX, &list);
    }
    if (!r->live)
        drop_later(r, &list);
    read_list(r, q, &list, &sources, out);
    return ct_load_end(r);
}

enum ct_status ct_read_history(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_rows *out, struct ct_error *err)
{
    struct ct_series_list list = {.v = {NULL, 0, 0}};
    *out = (struct ct_rows){NULL, 0};
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    size_t most = q->max_series ? q->max_series : CT_SERIES_MOST;
    enum ct_named how = CT_NAMED_GLOB;
    if (q->whole)
        find_whole(r, q->subject, most, &list);
    else
        how = ct_series_find(r, q->subject, most, &list);
    if (how == CT_NAMED_GLOB && !r->live)
        drop_later(r, &list);
    if (how == CT_NAMED_ENDING || how == CT_NAMED_WORDS)
        prefer_prices(q->subject, &list);
    if (how >= CT_NAMED_ENDING && !one_name(&list))
        choose_meant(r, q->subject, &list);
    if (r->status == CT_OK && !q->whole && (how == CT_NAMED_NOTHING || list.v.n == 0))
        (void)not_found(r, q->subject);
    else if (r->status == CT_OK && how >= CT_NAMED_ENDING && !one_name(&list))
        (void)ambiguous(r, q->subject, &list);
    read_list(r, q, &list, &sources, out);
    return ct_load_end(r);
}

enum ct_status ct_read_series(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                              struct ct_rows *out, struct ct_error *err)
{
    struct ct_series_list list = {.v = {NULL, 0, 0}};
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    if (q->whole)
        find_whole(r, q->subject, SIZE_MAX, &list);
    else
        (void)ct_series_find(r, q->subject, SIZE_MAX, &list);
    struct ct_series_row *rows = ct_arena_alloc(a, (list.v.n + 1) * sizeof *rows);
    size_t n = 0;
    for (size_t i = 0; rows && i < list.v.n && r->status == CT_OK; i++) {
        const struct ct_series_ref *s = &list.v.v[i];
        const struct ct_source_at *source = ct_source_by_id(&sources, s->source);
        struct ct_series_row row = {
            .series = s->name,
            .unit = s->unit,
            .source = source ? source->name : CT_SPAN_NONE,
            .first_ms = CT_NONE,
            .last_ms = CT_NONE,
            .changes = CT_NONE,
        };
        if (s->kind >= CT_SERIES_INDEX) { /* of many only the names: working them out takes long */
            row.first_ms = list.v.n <= CT_SERIES_MOST ? ct_series_begins(r, s) : CT_NONE;
            if (row.first_ms == CT_NONE || row.first_ms <= r->at)
                rows[n++] = row;
            continue;
        }
        row.first_ms = ct_first_sample(r, s->id);
        row.last_ms = r->live ? s->cur_ms : ct_asof(r, s->id, r->at).at_ms;
        if (row.first_ms == CT_NONE || row.first_ms > r->at)
            continue;
        if (list.v.n <=
            CT_SERIES_MOST) { /* counting all samples of all series would not stay cheap */
            row.changes = changes(r, s->id, row.first_ms, r->at);
        }
        rows[n++] = row;
    }
    *out = (struct ct_rows){rows, n};
    return ct_load_end(r);
}
