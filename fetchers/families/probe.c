/* probe: what the last tries of an address say (fetchers/probe.h), as one component beside the word
 * of the provider's own page, and what the newest one measured. The hint's query is the status that
 * was expected; without one, any answer below 500 is a good one. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/probe.h"
#include "fetchers/rows.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    LEAST_TRIES = 3, /* fewer say nothing */
    SLOWER_BY_MS = 500,
    MOST_LATENCY_MS = 600000
};
enum step { LOOKUP, CONNECT, TLS, FIRST_BYTE, LATENCY, N_STEPS };
static const char *const step_names[N_STEPS] = {"lookup", "connect", "tls", "first_byte",
                                                CT_MEASURE_LATENCY};

struct readings {
    struct ct_tries tries; /* the newest one is the last */
    int64_t step_ms[N_STEPS];
};

static bool is_good(int64_t status, struct ct_span expected)
{
    int64_t wanted;
    if (expected.n && ct_span_int(expected, &wanted) == CT_OK)
        return status == wanted;
    return status > 0 && status < 500;
}

static bool read_ms(struct ct_span word, int64_t *out)
{
    *out = CT_NONE;
    if (ct_span_is(word, "-"))
        return true;
    if (ct_span_int(word, out) != CT_OK || *out < 0)
        return false;
    *out = *out < MOST_LATENCY_MS ? *out : MOST_LATENCY_MS;
    return true;
}

static bool add_try(struct ct_tries *t, bool good, int64_t latency_ms)
{
    if (t->n == CT_LEN(t->v)) { /* the oldest is forgotten */
        for (size_t i = 1; i < t->n; i++)
            t->v[i - 1] = t->v[i];
        t->n--;
    }
    t->v[t->n++] = (struct ct_try){good, latency_ms};
    return true;
}

static bool read_newest(struct ct_span line, struct ct_span expected, struct readings *out)
{
    int64_t status;
    if (ct_span_int(ct_span_cut(&line, ' '), &status) != CT_OK || status < 0 || status > 999)
        return false;
    for (int i = 0; i < N_STEPS; i++)
        if (!read_ms(ct_span_cut(&line, ' '), &out->step_ms[i]))
            return false;
    return line.n == 0 && (status != 0) == (out->step_ms[LATENCY] != CT_NONE) &&
           add_try(&out->tries, is_good(status, expected), out->step_ms[LATENCY]);
}

static bool read_line(struct ct_span line, bool last, struct ct_span expected,
                      struct readings *out)
{
    struct ct_span word = ct_span_cut(&line, ' ');
    int64_t ms;
    if (last)
        return ct_span_is(word, "now") && read_newest(line, expected, out);
    return (ct_span_is(word, "good") || ct_span_is(word, "bad")) && read_ms(line, &ms) &&
           add_try(&out->tries, ct_span_is(word, "good"), ms);
}

static enum ct_status read_tries(struct ct_span body, struct ct_span expected,
                                 struct readings *out, struct ct_error *err)
{
    struct ct_span line = ct_span_cut(&body, '\n');
    if (!ct_span_is(line, CT_PROBE_FIRST_LINE))
        return ct_fail(err, CT_ERR_SHAPE, "body", "wanted the tries of a probe");
    if (body.n == 0)
        return ct_fail(err, CT_ERR_SHAPE, "body", "no try yet");
    for (int number = 2; body.n > 0; number++) {
        char where[32];
        snprintf(where, sizeof where, "line %d", number);
        line = ct_span_cut(&body, '\n');
        if (!read_line(line, body.n == 0, expected, out))
            return ct_fail(err, CT_ERR_SYNTAX, where, "not a try: %.*s",
                           (int)(line.n < 60 ? line.n : 60), line.p);
    }
    return CT_OK;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The latency that 19 of 20 answered tries in [FROM, TO) stay within; CT_NONE for none. */
static int64_t p95(const struct ct_tries *t, size_t from, size_t to)
{
    int64_t v[CT_TRIES_MAX];
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        if (t->v[i].latency_ms != CT_NONE)
            v[n++] = t->v[i].latency_ms;
    if (n == 0)
        return CT_NONE;
    qsort(v, n, sizeof v[0], by_number);
    return v[(n * 95 + 99) / 100 - 1];
}

static int state_of(size_t bad, size_t n, bool slow)
{
    if (n < LEAST_TRIES)
        return CT_STATE_UNKNOWN;
    return bad == n                   ? CT_STATE_MAJOR
           : 2 * bad >= n             ? CT_STATE_PARTIAL
           : bad >= 2 && 10 * bad >= n ? CT_STATE_DEGRADED
           : slow                     ? CT_STATE_DEGRADED
                                      : CT_STATE_OPERATIONAL;
}

static void add_component(const struct ct_tries *t, struct ct_batch *out)
{
    size_t from = t->n > CT_TRIES_RECENT ? t->n - CT_TRIES_RECENT : 0, n = t->n - from, bad = 0;
    for (size_t i = from; i < t->n; i++)
        bad += !t->v[i].good;
    int64_t now = p95(t, from, t->n);
    int64_t usual = from >= CT_TRIES_RECENT ? p95(t, 0, from) : CT_NONE;
    bool slow = now != CT_NONE && usual != CT_NONE && now > 2 * usual && now - usual > SLOWER_BY_MS;
    struct ct_buf words = CT_BUF_INIT;
    ct_buf_addf(&words, "%zu of %zu probes failed", bad, n);
    if (now != CT_NONE)
        ct_buf_addf(&words, ", p95 %lld.%lld s", (long long)(now / 1000), (long long)(now / 100 % 10));
    if (now != CT_NONE && usual != CT_NONE)
        ct_buf_addf(&words, ", usual %lld.%lld s", (long long)(usual / 1000),
                    (long long)(usual / 100 % 10));
    struct ct_component *c = CT_VEC_PUSH(out->arena, &out->components);
    if (c)
        *c = (struct ct_component){.id = CT_LIT("probe"),
                                   .name = CT_LIT("own probe"),
                                   .raw_state = ct_arena_dup(out->arena, ct_buf_span(&words)),
                                   .state = state_of(bad, n, slow),
                                   .updated_ms = CT_NONE};
    ct_buf_free(&words);
}

static void add_measure(struct ct_batch *out, const char *name, const char *unit, int64_t milli)
{
    struct ct_measure *m = CT_VEC_PUSH(out->arena, &out->measures);
    if (m)
        *m = (struct ct_measure){ct_span(name), ct_span(unit), milli};
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    struct readings *r = ct_xcalloc(1, sizeof *r);
    enum ct_status s = ct_utf8_valid(body)
                           ? read_tries(body, hint ? hint->query : CT_SPAN_NONE, r, err)
                           : ct_fail(err, CT_ERR_SHAPE, "body", "wanted the record of a probe, this is no UTF-8");
    if (s == CT_OK) {
        bool good = r->tries.v[r->tries.n - 1].good;
        add_component(&r->tries, out);
        add_measure(out, CT_MEASURE_SUCCESS, "success", good ? 1000 : 0);
        for (int i = 0; i < N_STEPS; i++)
            add_measure(out, step_names[i], "s", r->step_ms[i]);
    }
    free(r);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_probe = {
    .name = "probe",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "any https address, tried and timed: [probe NAME]",
    .max_bytes = 1u << 20,
    .parse = parse,
};
