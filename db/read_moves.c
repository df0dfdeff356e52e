/* What moved most, and what a series was over a window: in numbers, each read of a bounded part of
 * the file. */
#include "db/columns.h"
#include "db/market.h"
#include "db/reader.h"

#define MOST_MOVERS 50
#define MOST_LARGEST 1000000

#define ROW struct ct_mover_row
static const struct ct_column mover_columns[] = {
    COL(TEXT, "series", series, SEARCH),
    SCALED("then", then_value, digits),
    SCALED("now", now_value, digits, ALIAS("price")),
    COL(TEXT, "unit", unit, SEARCH),
    COL(MILLI, "pct", pct_milli, ALIAS("change")),
    COL(TIME, "changed_at", changed_ms, ALIAS("changed")),
    COL(BOOL, "suspect", suspect),
    COL(TEXT, "source", source, SEARCH),
};
TABLE(ct_mover_table, "mover", ROW, mover_columns);
#undef ROW

#define ROW struct ct_figures_row
static const struct ct_column figures_columns[] = {
    COL(TEXT, "series", series, SEARCH),
    COL(TEXT, "unit", unit, SEARCH),
    SCALED("min", min, digits),
    SCALED("median", median, digits),
    SCALED("max", max, digits),
    SCALED("last", last, digits),
    COL(INT, "changes", changes),
    COL(TIME, "first_change_at", first_change_ms),
    COL(TIME, "last_change_at", last_change_ms),
    COL(INT, "known_s", known_s),
    COL(INT, "gap_s", gap_s),
    COL(INT, "longest_gap_s", longest_gap_s),
    COL(TIME, "longest_gap_at", longest_gap_ms),
    COL(TEXT, "longest_gap_reason", longest_gap_reason),
    COL(INT, "times_gone", times_gone, ALIAS("gone")),
    COL(INT, "times_back", times_back, ALIAS("back")),
    COL(INT, "gone_s", gone_s),
    COL(INT, "longest_gone_s", longest_gone_s),
    COL(INT, "median_gone_s", median_gone_s),
    COL(MILLI, "uptime_pct", uptime_milli, ALIAS("uptime")),
    COL(TIME, "from", from_ms),
    COL(TIME, "to", to_ms),
    COL(TEXT, "source", source, SEARCH),
};
TABLE(ct_figures_table, "figures", ROW, figures_columns);
#undef ROW

/* ---- movers ---- */

struct move {
    int64_t series;
    struct ct_mover_row row; /* without its name and unit */
};

struct moves {
    struct ct_reader *r;
    struct ct_source_list sources;
    int64_t from;
    bool only_believed;
    int *known;       /* by source: was it read at FROM? -1: not asked yet */
    int64_t *largest; /* ranks of the LIMIT first moves so far; a heap when there are as many */
    size_t limit, n_largest;
    CT_VEC(struct move) v;
    CT_VEC(struct ct_mover_row) rows;
};

/* A price of a moment nobody looked at is no price of that moment. */
static bool read_then(struct moves *m, const struct ct_source_at *s)
{
    int *known = &m->known[s - m->sources.v];
    if (*known < 0) {
        struct ct_gaps gaps = {.v = {NULL, 0, 0}};
        ct_source_gaps(m->r, s, m->from - 1, m->from + 1, &gaps);
        *known = !ct_in_gap(&gaps, m->from);
    }
    return *known;
}

static bool believed(struct ct_asof v)
{
    return !ct_gone(v) && v.value > 0 && !(v.flags & CT_SAMPLE_QUARANTINED);
}

static int64_t size_of(int64_t pct)
{
    return pct < 0 ? -pct : pct;
}

/* The larger, the earlier a move stands; a unit put right says nothing of the market. */
static int64_t rank(int64_t pct, int suspect)
{
    const int64_t most = INT64_C(1) << 60;
    return (size_of(pct) < most ? size_of(pct) : most - 1) + (suspect ? 0 : most);
}

/* The smallest of the largest moves comes first: V[0..N) is a heap. */
static void sink(int64_t *v, size_t n, size_t i)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && v[child + 1] < v[child];
        if (v[i] <= v[child])
            return;
        int64_t swap = v[i];
        v[i] = v[child];
        v[child] = swap;
    }
}

/* A move of that rank may be one of the largest; equal ones all may. */
static bool is_large(struct moves *m, int64_t rank)
{
    if (m->n_largest < m->limit) {
        m->largest[m->n_largest++] = rank;
        for (size_t i = m->n_largest == m->limit ? m->limit / 2 : 0; i-- > 0;)
            sink(m->largest, m->limit, i);
        return true;
    }
    if (rank > m->largest[0]) {
        m->largest[0] = rank;
        sink(m->largest, m->limit, 0);
        return true;
    }
    return rank == m->largest[0];
}

/* A move from THEN to NOW that cannot be one of the largest, whatever it turns out to be; most are, and need no division. */
static bool is_small(const struct moves *m, int64_t then, int64_t now)
{
    const int64_t most = INT64_C(1) << 60, far = INT64_MAX / 100000;
    int64_t by = now > then ? now - then : then - now, least = m->n_largest == m->limit ? m->largest[0] - most : 0;
    return least > 1 && by < far && then < INT64_MAX / least && by * 100000 < (least - 1) * then;
}

/* The unit matters for few. */
static bool is_correction(struct ct_reader *r, int64_t series, int64_t then, int64_t now)
{
    bool any = ct_is_correction(then, now, false);
    if (any || !ct_is_correction(then, now, true))
        return any;
    sqlite3_stmt *st = ct_use(r, SQL_NAME_OF, 1, series);
    bool tokens = ct_step(r, st) && ct_span_is(ct_col_text(r, st, 1), "USD/Mtok");
    if (st)
        sqlite3_reset(st);
    return tokens;
}

static int digits_of(sqlite3_stmt *st)
{
    int64_t digits = ct_col_int(st, 2);
    return digits > 0 && digits <= 9 ? (int)digits : 0;
}

static void take_mover(struct moves *m, const struct ct_source_at *s, const struct ct_newest *v)
{
    struct ct_reader *r = m->r;
    int64_t series = v->series;
    struct ct_asof now = r->live ? (struct ct_asof){v->at_ms, v->value, v->flags} : ct_asof(r, series, r->at);
    if (!believed(now) || now.at_ms <= m->from)
        return;
    struct ct_asof then = ct_asof(r, series, m->from);
    if (!believed(then) || is_small(m, then.value, now.value))
        return;
    int64_t pct = ct_pct_change(then.value, now.value);
    bool suspect = pct != CT_NONE && pct != 0 && is_correction(r, series, then.value, now.value);
    bool told = pct != CT_NONE && pct != 0 && !(suspect && m->only_believed);
    struct move *move = told && is_large(m, rank(pct, suspect)) ? CT_VEC_PUSH(r->arena, &m->v) : NULL;
    if (move)
        *move = (struct move){series, {.source = s->name, .then_value = then.value,
                                       .now_value = now.value, .pct_milli = pct,
                                       .changed_ms = now.at_ms, .suspect = suspect}};
}

/* The prices of part I of the newest samples. */
static void take_part(struct moves *m, size_t i)
{
    struct ct_newest_part part = ct_newest_part(m->r, i);
    const struct ct_source_at *s = ct_source_by_id(&m->sources, part.source);
    if (!s || s->last_success_ms <= m->from || !read_then(m, s))
        return;
    for (size_t k = 0; k < part.n && m->r->status == CT_OK; k++) {
        const struct ct_newest *v = &part.v[k];
        if ((v->kind == CT_SERIES_GPU || v->kind == CT_SERIES_TOKEN) && v->at_ms > m->from)
            take_mover(m, s, v);
    }
}

/* The names of those that are left. */
static void name_movers(struct moves *m)
{
    for (size_t i = 0; i < m->v.n; i++) {
        const struct ct_mover_row *move = &m->v.v[i].row;
        if (m->n_largest == m->limit && rank(move->pct_milli, move->suspect) < m->largest[0])
            continue;
        struct ct_mover_row *row = CT_VEC_PUSH(m->r->arena, &m->rows);
        sqlite3_stmt *st = ct_use(m->r, SQL_NAME_OF, 1, m->v.v[i].series);
        if (!row || !ct_step(m->r, st))
            return;
        *row = *move;
        row->series = ct_col_text(m->r, st, 0);
        row->unit = ct_col_text(m->r, st, 1);
        row->digits = digits_of(st);
        sqlite3_reset(st);
    }
}

/* What a GPU-hour costs moves as well, whoever moved it. */
static void take_indices(struct moves *m)
{
    const int64_t moments[] = {m->from, m->r->t};
    struct ct_market_indices all = {.v = {NULL, 0, 0}};
    ct_market_indices(m->r, &m->sources, moments, CT_LEN(moments), &all);
    for (size_t i = 0; i < all.v.n; i++) {
        const int64_t *value = all.v.v[i].value;
        int64_t pct = ct_pct_change(value[0], value[1]);
        struct ct_mover_row *row =
            pct == CT_NONE || pct == 0 ? NULL : CT_VEC_PUSH(m->r->arena, &m->rows);
        if (row)
            *row = (struct ct_mover_row){.series = all.v.v[i].of->name, .unit = CT_LIT("USD/gpu.h"),
                                         .then_value = value[0], .now_value = value[1],
                                         .pct_milli = pct, .changed_ms = CT_NONE, .digits = 9};
    }
}

static int by_move(const void *a, const void *b)
{
    const struct ct_mover_row *x = a, *y = b;
    int64_t m = rank(x->pct_milli, x->suspect), n = rank(y->pct_milli, y->suspect);
    return m != n ? (m < n) - (m > n) : ct_span_cmp(x->series, y->series);
}

enum ct_status ct_read_movers(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                              struct ct_rows *out, struct ct_error *err)
{
    size_t limit = q->limit ? q->limit : MOST_MOVERS;
    ct_load_begin(r, q, a, err);
    struct moves m = {.r = r, .sources = ct_sources_at(r)};
    m.only_believed = q->believed;
    m.from = q->from_ms ? q->from_ms : r->t - CT_DAY;
    m.limit = limit < MOST_LARGEST ? limit : MOST_LARGEST;
    m.largest = ct_arena_alloc(a, m.limit * sizeof *m.largest);
    m.known = ct_arena_alloc(a, (m.sources.n + 1) * sizeof *m.known);
    for (size_t i = 0; m.known && i < m.sources.n; i++)
        m.known[i] = -1;
    ct_reference_use(r, m.from);
    for (size_t i = 0; m.known && m.largest && i < ct_newest_parts(r) && r->status == CT_OK; i++)
        take_part(&m, i);
    name_movers(&m);
    take_indices(&m);
    ct_sort(r, m.rows.v, m.rows.n, sizeof *m.rows.v, by_move);
    *out = (struct ct_rows){m.rows.v, m.rows.n < limit ? m.rows.n : limit};
    return ct_load_end(r);
}

/* ---- figures ---- */

struct weight {
    int64_t value, ms;
};

struct fold {
    struct ct_reader *r;
    struct ct_figures_row *row;
    struct ct_gaps gaps;
    size_t gap; /* the first that ends after what is folded */
    bool stock, state;
    CT_VEC(struct weight) values; /* each by how long it was in force */
    CT_VEC(struct weight) gone;   /* absences by their length */
    bool away, seen;              /* in an absence; anything known so far */
    int64_t good_ms, gone_ms, known_ms;
};

/* Gone: no longer listed, or none to be had. */
static bool is_gone(const struct fold *f, const struct ct_sample *v)
{
    return (v->flags & CT_SAMPLE_GONE) || (f->stock && v->value == CT_STOCK_NONE);
}

/* V was in force from FROM to TO, and that is known. */
static void fold_known(struct fold *f, const struct ct_sample *v, int64_t from, int64_t to)
{
    struct ct_figures_row *row = f->row;
    bool gone = is_gone(f, v);
    bool unknown = v->value == CT_NONE || (f->stock && v->value <= CT_STOCK_UNKNOWN) ||
                   (f->state && v->value == CT_STATE_UNKNOWN);
    if (unknown && !gone)
        return;
    f->known_ms += to - from;
    row->times_back += f->away && !gone;
    if (gone && !f->away) {
        row->times_gone += f->seen;
        (void)CT_VEC_PUSH(f->r->arena, &f->gone);
    }
    if (gone && f->gone.n)
        f->gone.v[f->gone.n - 1].value += to - from;
    f->gone_ms += gone ? to - from : 0;
    f->away = gone;
    f->seen = true;
    if (gone || (v->flags & CT_SAMPLE_QUARANTINED))
        return;
    f->good_ms += v->value < CT_STATE_DEGRADED ? to - from : 0;
    row->min = row->min == CT_NONE || v->value < row->min ? v->value : row->min;
    row->max = row->max == CT_NONE || v->value > row->max ? v->value : row->max;
    struct weight *w = CT_VEC_PUSH(f->r->arena, &f->values);
    if (w)
        *w = (struct weight){v->value, to - from};
}

/* The same where parts of it may not be known. */
static void fold_stretch(struct fold *f, const struct ct_sample *v, int64_t from, int64_t to)
{
    const struct ct_gap *g = f->gaps.v.v;
    while (from < to) {
        while (f->gap < f->gaps.v.n && g[f->gap].to_ms <= from)
            f->gap++;
        bool in = f->gap < f->gaps.v.n && g[f->gap].from_ms <= from;
        int64_t end = in ? g[f->gap].to_ms : f->gap < f->gaps.v.n ? g[f->gap].from_ms : to;
        end = end < to ? end : to;
        if (!in && !(v->flags & CT_SAMPLE_DAMAGED))
            fold_known(f, v, from, end);
        from = end;
    }
}

static int by_value(const void *a, const void *b)
{
    const struct weight *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* Half of the weight lies at or below it. */
static int64_t median_of(struct ct_reader *r, struct weight *v, size_t n)
{
    int64_t total = 0, half = 0;
    ct_sort(r, v, n, sizeof *v, by_value);
    for (size_t i = 0; i < n; i++)
        total += v[i].ms;
    for (size_t i = 0; i < n; i++) {
        half += v[i].ms;
        if (half * 2 >= total)
            return v[i].value;
    }
    return CT_NONE;
}

static void fold_gaps(struct fold *f)
{
    struct ct_figures_row *row = f->row;
    row->gap_s = row->longest_gap_s = 0;
    for (size_t i = 0; i < f->gaps.v.n; i++) {
        const struct ct_gap *g = &f->gaps.v.v[i];
        int64_t s = (g->to_ms - g->from_ms) / CT_SECOND;
        row->gap_s += s;
        if (s <= row->longest_gap_s)
            continue;
        row->longest_gap_s = s;
        row->longest_gap_ms = g->from_ms;
        row->longest_gap_reason = g->reason;
    }
}

static void finish(struct fold *f)
{
    struct ct_figures_row *row = f->row;
    row->known_s = f->known_ms / CT_SECOND;
    row->gone_s = f->gone_ms / CT_SECOND;
    row->longest_gone_s = 0;
    for (size_t i = 0; i < f->gone.n; i++) {
        struct weight *w = &f->gone.v[i];
        w->value /= CT_SECOND;
        w->ms = 1;
        row->longest_gone_s = w->value > row->longest_gone_s ? w->value : row->longest_gone_s;
    }
    row->median_gone_s = median_of(f->r, f->gone.v, f->gone.n);
    row->median = median_of(f->r, f->values.v, f->values.n);
    if (f->state && f->known_ms > 0)
        row->uptime_milli = ct_muldiv(f->good_ms, 100000, f->known_ms);
}

static void read_made_figures(struct ct_reader *r, const struct ct_query *q, const struct ct_series_ref *s,
                              const struct ct_source_list *sources, struct ct_figures_row *row);

static void read_figures(struct ct_reader *r, const struct ct_query *q,
                         const struct ct_series_ref *s, const struct ct_source_list *sources,
                         struct ct_figures_row *row)
{
    const struct ct_source_at *source = ct_source_by_id(sources, s->source);
    struct fold f = {.r = r, .row = row, .stock = s->kind == CT_SERIES_STOCK};
    f.state = ct_span_is(s->unit, "state");
    *row = (struct ct_figures_row){
        .series = s->name, .unit = s->unit, .digits = s->digits,
        .source = source ? source->name : CT_SPAN_NONE,
        .min = CT_NONE, .max = CT_NONE, .median = CT_NONE, .last = CT_NONE,
        .first_change_ms = CT_NONE, .last_change_ms = CT_NONE, .longest_gap_ms = CT_NONE,
        .median_gone_s = CT_NONE, .uptime_milli = CT_NONE,
    };
    struct ct_sample v = {.at_ms = INT64_MIN}, next;
    row->to_ms = q->to_ms && q->to_ms < r->t ? q->to_ms : r->t;
    row->from_ms = row->to_ms;
    if (s->kind >= CT_SERIES_INDEX) {
        read_made_figures(r, q, s, sources, row);
        return;
    }
    if (!ct_next_sample(r, s->id, row->to_ms, &v))
        return;
    row->from_ms = v.at_ms > q->from_ms ? v.at_ms : q->from_ms;
    if (source)
        ct_source_gaps(r, source, row->from_ms, row->to_ms, &f.gaps);
    struct ct_asof open = ct_asof(r, s->id, row->from_ms);
    int64_t known = open.value;
    v = (struct ct_sample){row->from_ms, open.value, open.flags};
    for (next = v; ct_next_sample(r, s->id, row->to_ms, &next); v = next) {
        fold_stretch(&f, &v, v.at_ms, next.at_ms);
        if (!ct_sample_changes(&known, next.value, next.flags))
            continue;
        row->changes++;
        row->first_change_ms = row->changes == 1 ? next.at_ms : row->first_change_ms;
        row->last_change_ms = next.at_ms;
    }
    fold_stretch(&f, &v, v.at_ms, row->to_ms);
    row->last = v.value;
    fold_gaps(&f);
    finish(&f);
}

/* Of what is made of other series (an index): its steps in place of samples. Nothing of it is listed, so nothing is
 * gone; where too few ask a price there is no figure, and that is a gap. */
static void read_made_figures(struct ct_reader *r, const struct ct_query *q, const struct ct_series_ref *s,
                              const struct ct_source_list *sources, struct ct_figures_row *row)
{
    struct fold f = {.r = r, .row = row};
    struct ct_market m = {.v = {NULL, 0, 0}};
    struct ct_market_steps steps = {.v = {NULL, 0, 0}};
    struct ct_gaps few = {.v = {NULL, 0, 0}};
    int64_t first = ct_series_begins(r, s), known = CT_NONE;
    row->times_gone = row->times_back = row->gone_s = row->longest_gone_s = CT_NONE;
    if (first == CT_NONE || first > row->to_ms)
        return;
    row->from_ms = first > q->from_ms ? first : q->from_ms;
    ct_market_read(r, s, row->from_ms, &m);
    (void)ct_market_walk(r, &m, sources, row->from_ms, row->to_ms, 0, NULL, &steps);
    ct_market_gaps(r, &m, sources, row->from_ms, row->to_ms, &f.gaps);
    const struct ct_market_step *v = steps.v.v;
    for (size_t i = 0; i < steps.v.n; i++) {
        int64_t end = i + 1 < steps.v.n ? v[i + 1].at_ms : row->to_ms;
        struct ct_gap *gap = v[i].value == CT_NONE && v[i].at_ms < end ? CT_VEC_PUSH(r->arena, &few.v) : NULL;
        if (gap)
            *gap = (struct ct_gap){v[i].at_ms, end, ct_market_too_few(s->kind)};
    }
    ct_join_gaps(r, &few, &f.gaps);
    for (size_t i = 0; i < steps.v.n; i++) {
        struct ct_sample is = {v[i].at_ms, v[i].value, 0};
        fold_stretch(&f, &is, v[i].at_ms, i + 1 < steps.v.n ? v[i + 1].at_ms : row->to_ms);
        if (ct_sample_changes(&known, v[i].value, 0)) {
            row->changes++;
            row->first_change_ms = row->changes == 1 ? v[i].at_ms : row->first_change_ms;
            row->last_change_ms = v[i].at_ms;
        }
        row->last = v[i].value;
    }
    fold_gaps(&f);
    finish(&f);
    row->gone_s = row->longest_gone_s = CT_NONE;
}

enum ct_status ct_read_figures(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_rows *out, struct ct_error *err)
{
    struct ct_series_list list = {.v = {NULL, 0, 0}};
    *out = (struct ct_rows){NULL, 0};
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    (void)ct_series_find(r, q->subject, q->max_series ? q->max_series : CT_SERIES_MOST, &list);
    struct ct_figures_row *rows = ct_arena_alloc(a, (list.v.n + 1) * sizeof *rows);
    for (size_t i = 0; rows && i < list.v.n && r->status == CT_OK; i++)
        read_figures(r, q, &list.v.v[i], &sources, &rows[i]);
    if (rows && r->status == CT_OK)
        *out = (struct ct_rows){rows, list.v.n};
    return ct_load_end(r);
}
