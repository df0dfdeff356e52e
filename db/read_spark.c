/* Sparklines: how series went over a window, a column at a time, each in one pass over what lies packed. */
#include "db/columns.h"
#include "db/reader.h"

#define ROW struct ct_spark_column
static const struct ct_column spark_columns[] = {
    SCALED("min", min, digits),
    SCALED("max", max, digits),
    SCALED("last", last, digits),
};
TABLE(ct_spark_column_table, "column", ROW, spark_columns);
#undef ROW

#define ROW struct ct_spark_row
static const struct ct_column spark_row_columns[] = {
    COL(TEXT, "series", series, SEARCH),
    COL(TEXT, "unit", unit, SEARCH),
    COL(ROWS, "columns", columns, .sub = &ct_spark_column_table),
};
TABLE(ct_spark_table, "spark", ROW, spark_row_columns);
#undef ROW

/* What may be shown as a number. */
static int64_t shown(int64_t value, int flags)
{
    return flags & (CT_SAMPLE_GONE | CT_SAMPLE_QUARANTINED) ? CT_NONE : value;
}

/* Where column I of N begins. */
struct grid {
    int64_t from, width, rest, n;
};

static struct grid grid(int64_t from_ms, int64_t to_ms, size_t columns)
{
    int64_t n = (int64_t)columns;
    return (struct grid){from_ms, (to_ms - from_ms) / n, (to_ms - from_ms) % n, n};
}

static int64_t edge(const struct grid *g, size_t i)
{
    int64_t k = (int64_t)i;
    return g->from + k * g->width + (g->rest ? k * g->rest / g->n : 0);
}

static void widen(struct ct_spark_column *c, int64_t value)
{
    c->last = value;
    if (value == CT_NONE)
        return;
    c->min = c->min == CT_NONE || value < c->min ? value : c->min;
    c->max = c->max == CT_NONE || value > c->max ? value : c->max;
}

void ct_spark(struct ct_reader *r, int64_t series, int64_t newest_ms, int64_t from_ms, int64_t to_ms, size_t n,
              struct ct_spark_column *out)
{
    bool still = r->live && newest_ms <= from_ms; /* nothing is to be looked up */
    struct ct_asof open = still ? ct_asof_now(r, series) : ct_asof(r, series, from_ms);
    int64_t held = open.at_ms == CT_NONE ? CT_NONE : shown(open.value, open.flags), at = from_ms;
    struct ct_spark_column c = {.min = held, .max = held, .last = held};
    const struct grid g = grid(from_ms, to_ms, n);
    size_t i = 0, run;
    int64_t end = edge(&g, 1);
    const struct ct_sample *v;
    while (at < to_ms && at < newest_ms && (v = ct_next_samples(r, series, at, &run))) {
        at = v[run - 1].at_ms;
        for (size_t k = 0; k < run && v[k].at_ms <= to_ms; k++) {
            for (; v[k].at_ms > end; end = edge(&g, i + 1)) {
                out[i++] = c;
                c.min = c.max = held;
            }
            held = shown(v[k].value, v[k].flags);
            widen(&c, held);
        }
    }
    while (i < n) {
        out[i++] = c;
        c.min = c.max = held;
    }
}

/* What lies in a gap is not known, whatever is still in force. */
static void hide_gaps(struct ct_spark_row *row, const struct ct_gaps *gaps, int64_t from_ms,
                      int64_t to_ms)
{
    struct ct_spark_column *c = (struct ct_spark_column *)row->columns.v;
    const struct ct_gap *g = gaps->v.v;
    size_t n = row->columns.n;
    const struct grid edges = grid(from_ms, to_ms, n);
    for (size_t i = 0, k = 0; i < n && k < gaps->v.n; i++) {
        int64_t start = edge(&edges, i), end = edge(&edges, i + 1);
        while (k < gaps->v.n && g[k].to_ms < end)
            k++;
        if (k == gaps->v.n || g[k].from_ms >= end)
            continue;
        c[i].last = CT_NONE;
        if (g[k].from_ms <= start)
            c[i].min = c[i].max = CT_NONE;
    }
}

struct sparks {
    struct ct_reader *r;
    struct ct_source_list sources;
    struct ct_gaps *gaps; /* by source */
    bool *told;
    int64_t from, to;
};

/* As ct_spark wants it. */
static int64_t newest_of(const struct sparks *s, const struct ct_series_ref *ref)
{
    return s->r->live && ref->cur_ms != CT_NONE ? ref->cur_ms : CT_LIVE;
}

static void draw_one(struct sparks *s, const struct ct_series_ref *ref, struct ct_spark_row *row)
{
    const struct ct_source_at *source = ct_source_by_id(&s->sources, ref->source);
    size_t k = source ? (size_t)(source - s->sources.v) : s->sources.n;
    struct ct_spark_column *c = (struct ct_spark_column *)row->columns.v;
    ct_spark(s->r, ref->id, newest_of(s, ref), s->from, s->to, row->columns.n, c);
    for (size_t i = 0; i < row->columns.n; i++)
        c[i].digits = ref->digits;
    if (source && !s->told[k])
        ct_source_gaps(s->r, source, s->from, s->to, &s->gaps[k]);
    s->told[k] = true;
    hide_gaps(row, &s->gaps[k], s->from, s->to);
    row->unit = ref->unit;
}

/* Who has just begun may find nothing in memory: what the first lines need is asked for at once. */
static void read_ahead(const struct sparks *s, const struct ct_series_list *found, size_t n)
{
    int64_t *series = ct_arena_alloc(s->r->arena, (n + 1) * sizeof *series);
    size_t n_series = 0;
    for (size_t i = 0; series && i < n; i++)
        if (found[i].v.n && newest_of(s, found[i].v.v) > s->from)
            series[n_series++] = found[i].v.v->id;
    ct_samples_ahead(s->r->samples, series, n_series, s->from, s->to);
    s->r->sparked = true;
}

enum ct_status ct_read_sparks(struct ct_reader *r, const struct ct_query *q,
                              const struct ct_span *names, size_t n_names, struct ct_arena *a,
                              struct ct_rows *out, struct ct_error *err)
{
    size_t n = q->max_points ? q->max_points : CT_SPARK;
    *out = (struct ct_rows){NULL, 0};
    ct_load_begin(r, q, a, err);
    struct sparks s = {.r = r, .sources = ct_sources_at(r)};
    s.to = q->to_ms && q->to_ms < r->t ? q->to_ms : r->t;
    s.from = q->from_ms ? q->from_ms : s.to - CT_SPARK * CT_DAY;
    s.gaps = ct_arena_alloc(a, (s.sources.n + 1) * sizeof *s.gaps);
    s.told = ct_arena_alloc(a, s.sources.n + 1);
    struct ct_spark_row *rows = ct_arena_alloc(a, (n_names + 1) * sizeof *rows);
    if (s.from >= s.to)
        r->status = ct_fail(err, CT_ERR_USAGE, "sparklines", "the window ends before it begins");
    struct ct_series_list *found = ct_arena_alloc(a, (n_names + 1) * sizeof *found);
    bool room = s.gaps && s.told && rows && found;
    for (size_t i = 0; room && i < n_names && r->status == CT_OK; i++)
        ct_series_named(r, names[i], 1, &found[i]);
    if (room && r->status == CT_OK && !r->sparked)
        read_ahead(&s, found, n_names);
    for (size_t i = 0; room && i < n_names && r->status == CT_OK; i++) {
        rows[i] = (struct ct_spark_row){.series = names[i]};
        struct ct_spark_column *c = found[i].v.n ? ct_arena_alloc(a, n * sizeof *c) : NULL;
        if (!c)
            continue;
        rows[i].columns = (struct ct_rows){c, n};
        draw_one(&s, &found[i].v.v[0], &rows[i]);
    }
    if (rows && r->status == CT_OK)
        *out = (struct ct_rows){rows, n_names};
    return ct_load_end(r);
}
