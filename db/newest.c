#include "config.h"

#include "db/newest.h"

#include "db/base/money.h"
#include "db/base/timeutil.h"
#include "db/model.h"
#include "db/varint.h"

#include <stdlib.h>

/* A blob is: a version byte (none that db/codec.c has); how many; the steps that all moments are apart by and that all
 * numbers are multiples of; then per row how far its series is from the one before, with a bit that says whether its
 * words change; the words (flags, what is missing, the kind); moment and value, each as its distance from the row
 * before; how far the bounds are from the value. A checksum ends it. */
#define FORMAT 34
#define OLD_FORMAT 33 /* the same with another checksum */
#define FLAGS 63
#define NO_NUMBER 64
#define NO_BOUNDS 128
#define NO_MOMENT 256
#define KIND_SHIFT 9
#define HEAD_MOST (1 + 3 * CT_NUMBER_MOST)
#define ROW_MOST (6 * CT_NUMBER_MOST)
#define MEDIAN_MS (7 * CT_DAY)

static uint64_t words_of(const struct ct_newest *v, const struct ct_bounds *b)
{
    bool bounds = b->low != CT_NONE && b->high != CT_NONE;
    return ((uint64_t)v->flags & FLAGS) | (v->value == CT_NONE ? NO_NUMBER : 0) | (bounds ? 0 : NO_BOUNDS) |
           (v->at_ms == CT_NONE ? NO_MOMENT : 0) | (uint64_t)v->kind << KIND_SHIFT;
}

static uint64_t narrow(uint64_t step, int64_t number)
{
    uint64_t size = ct_size_of((uint64_t)number);
    return step && size % step == 0 ? step : ct_common(size, step);
}

struct steps {
    uint64_t moment, number;
};

static struct steps find_steps(const struct ct_newest *v, const struct ct_bounds *b, size_t n)
{
    struct steps s = {0, 0};
    int64_t last = 0; /* moments are counted from there */
    for (size_t i = 0; i < n; i++) {
        if (v[i].at_ms != CT_NONE && v[i].at_ms != last) {
            s.moment = narrow(s.moment, (int64_t)((uint64_t)v[i].at_ms - (uint64_t)last));
            last = v[i].at_ms;
        }
        if (v[i].value != CT_NONE)
            s.number = narrow(s.number, v[i].value);
        if (b[i].low == CT_NONE || b[i].high == CT_NONE)
            continue;
        s.number = b[i].low == v[i].value ? s.number : narrow(s.number, b[i].low);
        s.number = b[i].high == v[i].value ? s.number : narrow(s.number, b[i].high);
    }
    return (struct steps){s.moment + (s.moment == 0), s.number + (s.number == 0)};
}

void ct_newest_pack(struct ct_buf *out, const struct ct_newest *v, const struct ct_bounds *b, size_t n)
{
    char *start = ct_buf_room(out, HEAD_MOST + n * ROW_MOST + CT_SUM_BYTES), *p = start;
    struct steps step = find_steps(v, b, n);
    uint64_t series = 0, moment = 0, value = 0, words = 0;
    *p++ = FORMAT;
    p = ct_number_put(p, n);
    p = ct_number_put(p, step.moment);
    p = ct_number_put(p, step.number);
    for (size_t i = 0; i < n; i++) {
        uint64_t was = words;
        words = words_of(&v[i], &b[i]);
        p = ct_number_put(p, ((uint64_t)v[i].series - series) << 1 | (words != was));
        series = (uint64_t)v[i].series;
        if (words != was)
            p = ct_number_put(p, words);
        if (!(words & NO_MOMENT)) {
            p = ct_number_put(p, ct_fold(ct_in_steps((uint64_t)v[i].at_ms - moment, step.moment)));
            moment = (uint64_t)v[i].at_ms;
        }
        if (!(words & NO_NUMBER)) {
            uint64_t now = ct_in_steps((uint64_t)v[i].value, step.number);
            p = ct_number_put(p, ct_fold(now - value));
            value = now;
        }
        if (words & NO_BOUNDS)
            continue;
        p = ct_number_put(p, ct_fold(value - ct_in_steps((uint64_t)b[i].low, step.number)));
        p = ct_number_put(p, ct_fold(ct_in_steps((uint64_t)b[i].high, step.number) - value));
    }
    p = ct_sum_put(start, p);
    *p = '\0';
    out->n += (size_t)(p - start);
}

int64_t ct_newest_pending(const struct ct_newest *v, size_t n)
{
    int64_t pending = 0;
    for (size_t i = 0; i < n; i++)
        pending += (v[i].flags & CT_SAMPLE_QUARANTINED) != 0;
    return pending;
}

size_t ct_newest_unpack(struct ct_span blob, struct ct_newest v[CT_NEWEST_ROWS],
                        struct ct_bounds b[CT_NEWEST_ROWS])
{
    bool old = blob.n > CT_SUM_BYTES && blob.p[0] == OLD_FORMAT;
    if (blob.n <= CT_SUM_BYTES || (blob.p[0] != FORMAT && !old) || !ct_sum_holds(blob, old))
        return 0;
    struct ct_numbers in = {(const unsigned char *)blob.p + 1,
                       (const unsigned char *)blob.p + blob.n - CT_SUM_BYTES, false};
    uint64_t n = ct_numbers_next(&in);
    struct steps step = {ct_numbers_next(&in), 0};
    step.number = ct_numbers_next(&in);
    uint64_t series = 0, moment = 0, value = 0, words = 0;
    if (n > CT_NEWEST_ROWS)
        return 0;
    for (size_t i = 0; i < n && !in.bad; i++) {
        uint64_t head = ct_numbers_next(&in);
        words = head & 1 ? ct_numbers_next(&in) : words;
        if (head >> 1 == 0 || head >> 1 > (uint64_t)CT_BLOB_KEY_MOST - series || words >> KIND_SHIFT > CT_SERIES_MEASURE)
            return 0;
        series += head >> 1;
        moment += words & NO_MOMENT ? 0 : ct_unfold(ct_numbers_next(&in)) * step.moment;
        value += words & NO_NUMBER ? 0 : ct_unfold(ct_numbers_next(&in));
        v[i] = (struct ct_newest){(int64_t)series, words & NO_MOMENT ? CT_NONE : (int64_t)moment,
                                  words & NO_NUMBER ? CT_NONE : (int64_t)(value * step.number),
                                  (int)(words & FLAGS), (int)(words >> KIND_SHIFT)};
        struct ct_bounds bounds = {CT_NONE, CT_NONE};
        if (!(words & NO_BOUNDS) && b) {
            bounds.low = (int64_t)((value - ct_unfold(ct_numbers_next(&in))) * step.number);
            bounds.high = (int64_t)((value + ct_unfold(ct_numbers_next(&in))) * step.number);
        } else if (!(words & NO_BOUNDS)) {
            ct_numbers_skip(&in);
            ct_numbers_skip(&in);
        }
        if (b)
            b[i] = bounds;
    }
    return in.bad || in.p != in.end ? 0 : n;
}

size_t ct_newest_column(sqlite3_stmt *st, int i, struct ct_newest v[CT_NEWEST_ROWS],
                        struct ct_bounds b[CT_NEWEST_ROWS])
{
    const void *p = sqlite3_column_blob(st, i);
    return p ? ct_newest_unpack((struct ct_span){p, (size_t)sqlite3_column_bytes(st, i)}, v, b) : 0;
}

/* ---- out of the samples ---- */

static void widen(struct ct_bounds *b, int64_t v)
{
    if (v == CT_NONE)
        return;
    b->low = b->low == CT_NONE || v < b->low ? v : b->low;
    b->high = b->high == CT_NONE || v > b->high ? v : b->high;
}

void ct_newest_derive(struct ct_samples *s, struct ct_newest *v, struct ct_bounds *b)
{
    struct ct_sample now, at;
    *b = (struct ct_bounds){CT_NONE, CT_NONE};
    v->at_ms = v->value = CT_NONE;
    v->flags = CT_SAMPLE_GONE;
    if (!ct_sample_at(s, v->series, CT_LIVE - 1, &now))
        return;
    v->at_ms = now.at_ms;
    v->value = now.value;
    v->flags = now.flags & FLAGS;
    if (v->kind != CT_SERIES_GPU && v->kind != CT_SERIES_TOKEN)
        return;
    if (!ct_sample_at(s, v->series, now.at_ms - MEDIAN_MS, &at))
        at = (struct ct_sample){now.at_ms - MEDIAN_MS, CT_NONE, 0};
    do
        widen(b, at.value);
    while (ct_sample_next(s, v->series, CT_LIVE - 1, &at));
}

/* ---- all parts anew ---- */

struct making {
    sqlite3_stmt *put;
    int64_t source, part;
    size_t n;
    struct ct_newest v[CT_NEWEST_ROWS];
    struct ct_bounds b[CT_NEWEST_ROWS];
};

static int put_part(struct making *m, int64_t part, size_t from, size_t n)
{
    struct ct_buf blob = CT_BUF_INIT;
    ct_newest_pack(&blob, m->v + from, m->b + from, n);
    (void)sqlite3_bind_int64(m->put, 1, ct_newest_key(m->source, part));
    (void)sqlite3_bind_int64(m->put, 2, ct_newest_pending(m->v + from, n));
    (void)sqlite3_bind_blob64(m->put, 3, blob.p, blob.n, SQLITE_TRANSIENT);
    ct_buf_free(&blob);
    int rc = sqlite3_step(m->put);
    return rc == SQLITE_DONE ? sqlite3_reset(m->put) : rc;
}

static int put_rest(struct making *m)
{
    int rc = m->n ? put_part(m, m->part++, 0, m->n) : SQLITE_OK;
    m->n = 0;
    return rc;
}

/* One more series of SOURCE; they come by source and id. */
static int add(struct making *m, int64_t source, struct ct_newest v, struct ct_bounds b)
{
    int rc = SQLITE_OK;
    if (source != m->source || m->n == CT_NEWEST_ROWS)
        rc = put_rest(m);
    if (source != m->source)
        m->part = 1;
    m->source = source;
    m->v[m->n] = v;
    m->b[m->n++] = b;
    if (rc == SQLITE_OK && v.kind == CT_SERIES_PROVIDER)
        rc = put_part(m, 0, --m->n, 1);
    return rc;
}

/* Calls ROW for what SQL selects: source, series, kind and whatever it takes. */
static int make_all(sqlite3 *db, const char *sql, int (*row)(struct making *m, sqlite3_stmt *st, void *ctx), void *ctx)
{
    static const char put[] = "INSERT INTO newest (k, rev, pending, b) VALUES (?1, 1, ?2, ?3)";
    struct making *m = ct_xcalloc(1, sizeof *m);
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    rc = rc == SQLITE_OK ? sqlite3_prepare_v2(db, put, -1, &m->put, NULL) : rc;
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
        rc = row(m, st, ctx);
    rc = rc == SQLITE_DONE ? put_rest(m) : rc;
    sqlite3_finalize(st);
    sqlite3_finalize(m->put);
    free(m);
    return rc;
}

static int64_t number(sqlite3_stmt *st, int i)
{
    return sqlite3_column_type(st, i) == SQLITE_NULL ? CT_NONE : sqlite3_column_int64(st, i);
}

static int kind_of(sqlite3_stmt *st)
{
    int kind = sqlite3_column_int(st, 2);
    return kind < 0 || kind > CT_SERIES_MEASURE ? CT_SERIES_MEASURE : kind;
}

static int from_columns(struct making *m, sqlite3_stmt *st, void *ctx)
{
    (void)ctx;
    struct ct_bounds b = {number(st, 6), number(st, 7)};
    if (b.low == CT_NONE || b.high == CT_NONE)
        b.low = b.high = CT_NONE;
    return add(m, sqlite3_column_int64(st, 0),
               (struct ct_newest){sqlite3_column_int64(st, 1), number(st, 3), number(st, 4),
                                  sqlite3_column_int(st, 5) & FLAGS, kind_of(st)}, b);
}

int ct_newest_from_columns(sqlite3 *db)
{
    return make_all(db, "SELECT source_id, id, kind, cur_ms, cur_value, cur_flags, low, high FROM series"
                        " WHERE id>0 ORDER BY source_id, id", from_columns, NULL);
}

/* What the parts said, by series. */
struct said {
    struct ct_newest *v;
    size_t n, cap;
    struct ct_samples *samples;
};

static int by_series(const void *a, const void *b)
{
    const struct ct_newest *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

static int read_parts(sqlite3 *db, struct said *s)
{
    sqlite3_stmt *st = NULL;
    struct ct_newest v[CT_NEWEST_ROWS];
    int rc = sqlite3_prepare_v2(db, "SELECT b FROM newest", -1, &st, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        size_t n = ct_newest_column(st, 0, v, NULL);
        if (s->n + n > s->cap) {
            s->cap = (s->n + n) * 2;
            s->v = ct_xrealloc(s->v, s->cap * sizeof *s->v);
        }
        for (size_t i = 0; i < n; i++)
            s->v[s->n++] = v[i];
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    if (s->n)
        qsort(s->v, s->n, sizeof *s->v, by_series);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int mend_row(struct making *m, sqlite3_stmt *st, void *ctx)
{
    const struct said *s = ctx;
    struct ct_newest v = {.series = sqlite3_column_int64(st, 1), .kind = kind_of(st)};
    struct ct_bounds b;
    ct_newest_derive(s->samples, &v, &b);
    const struct ct_newest *had = s->n ? bsearch(&v, s->v, s->n, sizeof *s->v, by_series) : NULL;
    if (had && had->at_ms != CT_NONE && had->at_ms > v.at_ms) { /* CT_NONE is less than any */
        v = (struct ct_newest){v.series, had->at_ms, had->value, had->flags, v.kind};
        if (v.kind == CT_SERIES_GPU || v.kind == CT_SERIES_TOKEN)
            widen(&b, had->value);
    }
    return add(m, sqlite3_column_int64(st, 0), v, b);
}

int ct_newest_mend(sqlite3 *db)
{
    struct said s = {.samples = ct_samples_new(db)};
    ct_samples_begin(s.samples);
    int rc = read_parts(db, &s);
    /* Before the parts go: what is lost with a tick may stand there. */
    (void)ct_samples_count(s.samples);
    rc = rc == SQLITE_OK ? sqlite3_exec(db, "DELETE FROM newest", NULL, NULL, NULL) : rc;
    rc = rc == SQLITE_OK ? make_all(db, "SELECT source_id, id, kind FROM series WHERE id>0 ORDER BY source_id, id",
                                    mend_row, &s) : rc;
    ct_samples_free(s.samples);
    free(s.v);
    return rc;
}
