/* A probe's last tries, read back from what they became: samples of two series where the value
 * changed, and a run of polls where it did not. */
#include "db/write_priv.h"

/* CT_NONE: nothing is in force then. */
static int64_t value_at(struct ct_writer *w, int64_t series, int64_t at_ms)
{
    struct ct_sample v;
    return series != CT_NONE && ct_sample_at(w->samples, series, at_ms, &v) ? v.value : CT_NONE;
}

static int64_t series_of(struct ct_writer *w, int64_t source, const char *name)
{
    return ct_w_one(w, ASK(w, SERIES_ONE, vi(source), ve(CT_SERIES_MEASURE), vs(name)));
}

static void turn_round(struct ct_tries *t)
{
    for (size_t i = 0; i < t->n / 2; i++) {
        struct ct_try last = t->v[t->n - 1 - i];
        t->v[t->n - 1 - i] = t->v[i];
        t->v[i] = last;
    }
}

/* Newest first. An attempt that failed or was held back is none: it measured nothing. */
static void read_tries(struct ct_writer *w, int64_t source, struct ct_tries *out)
{
    int64_t success = series_of(w, source, CT_MEASURE_SUCCESS);
    int64_t latency = series_of(w, source, CT_MEASURE_LATENCY);
    if (success == CT_NONE)
        return;
    sqlite3_stmt *st = ASK(w, POLL_BACK, vi(source), vi(CT_LIVE));
    while (out->n < CT_TRIES_MAX && ct_w_row(w, st)) {
        int64_t at_ms = ct_w_int(st, 2), good = value_at(w, success, at_ms);
        if (ct_w_int(st, 1) != CT_POLL_OK || good == CT_NONE)
            continue;
        for (int64_t n = ct_w_int(st, 0); n > 0 && out->n < CT_TRIES_MAX; n--)
            out->v[out->n++] = (struct ct_try){good > 0, value_at(w, latency, at_ms)};
    }
    ct_w_end(st);
}

enum ct_status ct_write_tries(struct ct_writer *w, const char *source_id, struct ct_tries *out,
                              struct ct_error *err)
{
    out->n = 0;
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    sqlite3_stmt *st = ASK(w, SOURCE_GET, vs(source_id));
    int64_t source = ct_w_row(w, st) ? ct_w_int(st, 0) : CT_NONE;
    ct_w_end(st);
    if (source != CT_NONE)
        read_tries(w, source, out);
    turn_round(out);
    return ct_w_commit(w, source_id, err);
}
