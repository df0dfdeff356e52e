/* Retention: what is older than [history] says loses detail, in slices between two polls.
 *
 * A stretch (an hour, later a day) keeps at most three changes of a series: its lowest and its
 * highest value and its last, so that an outage of ten minutes is never forgotten and every later
 * moment stays as it was. Prices keep every change. Runs of good polls become one a stretch where
 * nothing was missed between them; failures stay, single attempts go (but the last ten). Imports that arrive later keep their detail.
 *
 * Age is counted in days on which something was recorded as well as by the clock: one that is wrong
 * by a century makes nothing old. */
#include "config.h"

#include "db/write_priv.h"

#include <stdlib.h>

enum { SLICE_MS = 15, LEAST_MORE = 3, POLLS_AT_ONCE = 500 };
#define AGAIN_MS CT_HOUR

enum phase { HOURLY_SAMPLES, DAILY_SAMPLES, HOURLY_POLLS, DAILY_POLLS, DONE };

static bool is_daily(int phase)
{
    return phase == DAILY_SAMPLES || phase == DAILY_POLLS;
}

static int64_t stretch_of(int phase)
{
    return is_daily(phase) ? CT_DAY : CT_HOUR;
}

/* ---- samples ---- */

struct stretch {
    CT_VEC(struct ct_sample) v;
    int64_t number;
};

static int64_t rank(const struct ct_sample *s)
{
    return s->value == CT_NONE ? -1 : s->value;
}

#define NOTHING (-2) /* before the series began; its first sample says when that was */

/* Drops all but the last of the lowest, the last of the highest and the last. */
static void thin(struct ct_writer *w, int64_t series, struct stretch *s, int64_t before)
{
    size_t low = 0, high = 0, last = s->v.n - 1;
    for (size_t i = 0; i < s->v.n; i++) {
        low = rank(&s->v.v[i]) <= rank(&s->v.v[low]) ? i : low;
        high = rank(&s->v.v[i]) >= rank(&s->v.v[high]) ? i : high;
    }
    size_t first = low < high ? low : high;
    for (size_t i = 0; s->v.n > LEAST_MORE && i < s->v.n; i++) {
        bool keep = i == low || i == high || i == last || (i == 0 && before == NOTHING);
        if (keep && (i != first || i == last || rank(&s->v.v[i]) != before))
            continue;
        (void)ct_sample_del(w->samples, series, s->v.v[i].at_ms);
        RUN(w, RETAIN_EVENTS, vi(series), vi(s->v.v[i].at_ms));
    }
    s->v.n = 0;
}

/* SERIES from the cursor on. False: the time is up, the cursor says where. */
static bool thin_series(struct ct_writer *w, int64_t series, int64_t until_ms, int64_t end_ms)
{
    struct ct_retain_state *r = &w->retain;
    struct stretch s = {.number = -1};
    struct ct_sample v = {.at_ms = r->from_ms};
    int64_t step = stretch_of(r->phase), before = NOTHING;
    if (ct_sample_at(w->samples, series, r->from_ms, &v))
        before = rank(&v);
    v.at_ms = r->from_ms;
    while (ct_sample_next(w->samples, series, until_ms - 1, &v)) {
        if (v.at_ms / step != s.number && s.v.n) {
            int64_t value = rank(&s.v.v[s.v.n - 1]);
            thin(w, series, &s, before);
            before = value;
            r->from_ms = v.at_ms - 1;
            if (ct_mono_ms() >= end_ms)
                return false;
        }
        s.number = v.at_ms / step;
        struct ct_sample *one = CT_VEC_PUSH(w->arena, &s.v);
        if (!one)
            return false; /* the commit says so */
        *one = v;
    }
    if (s.v.n)
        thin(w, series, &s, before);
    return true;
}

/* The samples of the next series; false: there is none. */
static bool next_series(struct ct_writer *w, int64_t from_ms, int64_t until_ms, int64_t end_ms)
{
    struct ct_retain_state *r = &w->retain;
    sqlite3_stmt *st = ASK(w, RETAIN_SERIES, vi(r->id));
    if (!ct_w_row(w, st))
        return false;
    int64_t series = ct_w_int(st, 0), source = ct_w_int(st, 1);
    ct_w_end(st);
    if (thin_series(w, series, until_ms, end_ms)) {
        r->id = series;
        r->from_ms = from_ms;
    }
    ct_samples_flush(w->samples, source);
    return true;
}

/* ---- polls ---- */

struct run {
    int64_t from_ms, to_ms, n, outcome, imported, rows, hash;
};

static bool joins(const struct run *a, const struct run *b, int64_t step, int64_t interval_ms)
{
    return a->outcome == CT_POLL_OK && b->outcome == CT_POLL_OK && !a->imported && !b->imported &&
           a->from_ms / step == b->from_ms / step &&
           b->from_ms - a->to_ms <= 2 * interval_ms + CT_MINUTE;
}

static void store_run(struct ct_writer *w, int64_t source, const struct run *r)
{
    RUN(w, POLL_ADD, vi(source), vi(r->from_ms), vi(r->to_ms), vi(r->n), vi(r->outcome),
        vi(r->imported), vi(r->rows), vi(r->hash), vt(CT_SPAN_NONE));
}

/* The runs of the next source; false: there is none. */
static bool next_source(struct ct_writer *w, int64_t from_ms, int64_t until_ms)
{
    struct ct_retain_state *r = &w->retain;
    struct run runs[POLLS_AT_ONCE];
    int n = 0;
    int64_t source = ct_w_one(w, ASK(w, RETAIN_SOURCE, vi(r->id)));
    if (source == CT_NONE)
        return false;
    int64_t interval_ms = ct_w_one(w, ASK(w, SOURCE_INTERVAL, vi(source)));
    sqlite3_stmt *st = ASK(w, RETAIN_POLLS, vi(source), vi(r->from_ms), vi(until_ms),
                           vi(POLLS_AT_ONCE));
    while (n < POLLS_AT_ONCE && ct_w_row(w, st)) {
        runs[n++] = (struct run){ct_w_int(st, 0), ct_w_int(st, 1), ct_w_int(st, 2),
                                 ct_w_int(st, 3), ct_w_int(st, 4), ct_w_int(st, 5),
                                 ct_w_int(st, 6)};
    }
    ct_w_end(st);
    int kept = 0;
    bool grew = false;
    for (int i = 1; i < n; i++) {
        struct run *a = &runs[kept], *b = &runs[i];
        if (joins(a, b, stretch_of(r->phase), interval_ms)) {
            RUN(w, POLL_DEL, vi(source), vi(b->from_ms));
            a->to_ms = b->to_ms;
            a->n += b->n;
            a->rows = b->rows;
            a->hash = b->hash;
            grew = true;
            continue;
        }
        if (grew)
            store_run(w, source, a);
        grew = false;
        runs[++kept] = *b;
    }
    if (grew)
        store_run(w, source, &runs[kept]);
    if (n < POLLS_AT_ONCE) {
        RUN(w, ATTEMPTS_TRIM, vi(source), vi(r->until_ms[0]));
        r->id = source;
        r->from_ms = from_ms;
    } else {
        r->from_ms = kept > 0 ? runs[kept].from_ms : runs[kept].to_ms; /* the last may grow on */
    }
    return true;
}

/* ---- the plan ---- */

/* What is older than AGE_MS by the clock, and has that many recorded days after it; 0: nothing. */
static int64_t cutoff(struct ct_writer *w, int64_t age_ms, int64_t now_ms, int64_t step)
{
    int64_t days = age_ms / CT_DAY, by_clock = now_ms - age_ms;
    if (age_ms <= 0)
        return 0;
    int64_t day = ct_w_one(w, ASK(w, RETAIN_DAY, vi(days > 0 ? days - 1 : 0)));
    if (day == CT_NONE || by_clock <= 0)
        return 0;
    int64_t at = day * CT_DAY < by_clock ? day * CT_DAY : by_clock;
    return at - at % step;
}

static bool plan(struct ct_writer *w, const struct ct_retention *keep, int64_t now_ms)
{
    static const char *const names[] = {"hourly_ms", "daily_ms"};
    struct ct_retain_state *r = &w->retain;
    int64_t ages[] = {keep->raw_ms, keep->hourly_ms};
    bool any = false;
    for (int i = 0; i < 2; i++) {
        int64_t done = ct_w_one(w, ASK(w, META_GET, vs(names[i])));
        r->done_ms[i] = done == CT_NONE ? 0 : done;
        r->until_ms[i] = cutoff(w, ages[i], now_ms, i ? CT_DAY : CT_HOUR);
        any = any || r->until_ms[i] > r->done_ms[i];
    }
    r->phase = HOURLY_SAMPLES;
    r->id = 0;
    r->from_ms = r->done_ms[0];
    return any;
}

static void next_phase(struct ct_retain_state *r)
{
    r->phase++;
    r->id = 0;
    r->from_ms = r->done_ms[is_daily(r->phase)];
}

static void finish(struct ct_writer *w)
{
    struct ct_retain_state *r = &w->retain;
    if (r->until_ms[0] > r->done_ms[0])
        RUN(w, META_PUT, vs("hourly_ms"), vi(r->until_ms[0]));
    if (r->until_ms[1] > r->done_ms[1])
        RUN(w, META_PUT, vs("daily_ms"), vi(r->until_ms[1]));
}

static void slice(struct ct_writer *w)
{
    struct ct_retain_state *r = &w->retain;
    int64_t end = ct_mono_ms() + SLICE_MS;
    while (r->phase != DONE && w->rc == SQLITE_OK && ct_mono_ms() < end) {
        bool daily = is_daily(r->phase);
        int64_t from = r->done_ms[daily], until = r->until_ms[daily];
        bool more = until > from && (r->phase <= DAILY_SAMPLES ? next_series(w, from, until, end)
                                                               : next_source(w, from, until));
        if (!more)
            next_phase(r);
    }
    if (r->phase == DONE)
        finish(w);
}

enum ct_status ct_write_retain(struct ct_writer *w, const struct ct_retention *keep, int64_t now_ms,
                               bool *more, struct ct_error *err)
{
    struct ct_retain_state *r = &w->retain;
    *more = false;
    if (!r->on && ct_boot_ms() < r->next_boot_ms)
        return CT_OK;
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    if (!r->on)
        r->on = plan(w, keep, now_ms);
    if (r->on)
        slice(w);
    status = ct_w_commit(w, "retention", err);
    ct_w_seal_many(w);
    /* after a failure the next pass begins where the last whole one ended */
    if (status != CT_OK || !r->on || r->phase == DONE) {
        r->on = false;
        r->next_boot_ms = ct_boot_ms() + AGAIN_MS;
    }
    *more = r->on;
    return status;
}
