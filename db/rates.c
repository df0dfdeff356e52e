/* What money in other currencies was worth in dollars. */
#include "db/reader.h"

#define NANO 1000000000

/* Midnight of the working day before AT's: a rate of then or later may be used
 * (sources/prices.md section 2). */
static int64_t last_working_day(int64_t at_ms)
{
    int64_t day = at_ms / CT_DAY - 1;
    while ((day + 4) % 7 == 0 || (day + 4) % 7 == 6) /* 1970-01-01 was a Thursday */
        day--;
    return day * CT_DAY;
}

static void load(struct ct_reader *r, const struct ct_source_list *sources, struct ct_rates *rates)
{
    rates->loaded = true;
    for (size_t i = 0; i < sources->n; i++) {
        sqlite3_stmt *st = ct_use(r, SQL_RATES, 2, sources->v[i].id, (int64_t)CT_SERIES_RATE);
        while (ct_step(r, st)) {
            struct ct_rate_series *s = CT_VEC_PUSH(r->arena, &rates->v);
            if (s)
                *s = (struct ct_rate_series){ct_col_text(r, st, 1), ct_col_int(st, 0),
                                             &sources->v[i], CT_NONE, {CT_NONE, CT_NONE, 0}};
        }
    }
}

/* A rate that did not move makes no sample, but its source says of which day it is. */
static bool is_fresh(struct ct_asof v, const struct ct_source_at *s, int64_t at_ms)
{
    int64_t since = last_working_day(at_ms);
    bool stated = s->data_ms != CT_NONE && s->data_ms <= at_ms && s->data_ms >= since;
    return v.at_ms >= since || stated;
}

int64_t ct_in_dollars(struct ct_reader *r, const struct ct_source_list *sources,
                      struct ct_rates *rates, struct ct_span currency, int64_t value, int64_t at_ms)
{
    if (!currency.n || ct_span_is(currency, "USD") || value == CT_NONE)
        return value;
    if (!rates->loaded)
        load(r, sources, rates);
    for (size_t i = 0; i < rates->v.n; i++) {
        struct ct_rate_series *s = &rates->v.v[i];
        if (!ct_span_eq(s->currency, currency) || !ct_readable(s->source))
            continue;
        if (s->at_ms != at_ms) { /* of a figure many parts ask for the same moment */
            s->at_ms = at_ms;
            s->then = ct_asof(r, s->series, at_ms);
        }
        const struct ct_asof v = s->then;
        if (!ct_gone(v) && v.value > 0 && is_fresh(v, s->source, at_ms))
            return ct_muldiv(value, v.value, NANO);
    }
    return CT_NONE;
}
