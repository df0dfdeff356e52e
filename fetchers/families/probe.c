/* probe: what the last tries of an address say (fetchers/probe.h), as one component beside the word
 * of the provider's own page. The hint's query is the status that was expected; without one, any
 * answer below 500 is a good one. */
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

static enum ct_status read_tries(struct ct_span body, struct ct_tries *out, struct ct_error *err)
{
    struct ct_span line = ct_span_cut(&body, '\n');
    if (!ct_span_is(line, CT_PROBE_FIRST_LINE))
        return ct_fail(err, CT_ERR_SHAPE, "body", "wanted the tries of a probe");
    for (int number = 2; body.n > 0; number++) {
        char where[32];
        int64_t status, ms;
        snprintf(where, sizeof where, "line %d", number);
        line = ct_span_cut(&body, '\n');
        struct ct_span word = ct_span_cut(&line, ' ');
        if (ct_span_int(word, &status) != CT_OK || ct_span_int(line, &ms) != CT_OK || status < 0 ||
            status > 999 || ms < 0)
            return ct_fail(err, CT_ERR_SYNTAX, where, "wanted a status and milliseconds");
        ct_tries_add(out, (int)status, ms < MOST_LATENCY_MS ? ms : MOST_LATENCY_MS);
    }
    return CT_OK;
}

static bool is_good(const struct ct_try *t, struct ct_span expected)
{
    int64_t status;
    if (expected.n && ct_span_int(expected, &status) == CT_OK)
        return t->status == status;
    return t->status > 0 && t->status < 500;
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
        if (t->v[i].status != 0)
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

static void add_row(const struct ct_tries *t, struct ct_span expected, struct ct_batch *out)
{
    size_t from = t->n > CT_TRIES_RECENT ? t->n - CT_TRIES_RECENT : 0, n = t->n - from, bad = 0;
    for (size_t i = from; i < t->n; i++)
        bad += !is_good(&t->v[i], expected);
    int64_t now = p95(t, from, t->n);
    int64_t usual = from >= CT_TRIES_RECENT ? p95(t, 0, from) : CT_NONE;
    bool slow = now != CT_NONE && usual != CT_NONE && now > 2 * usual && now - usual > SLOWER_BY_MS;
    struct ct_buf words = CT_BUF_INIT;
    ct_buf_addf(&words, "%zu of %zu probes failed", bad, n);
    if (now != CT_NONE)
        ct_buf_addf(&words, ", p95 %lld.%lld s", (long long)(now / 1000), (long long)(now / 100 % 10));
    if (now != CT_NONE && usual != CT_NONE)
        ct_buf_addf(&words, " (usual %lld.%lld s)", (long long)(usual / 1000),
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

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    struct ct_tries *tries = ct_xcalloc(1, sizeof *tries);
    enum ct_status s = read_tries(body, tries, err);
    if (s == CT_OK && tries->n == 0)
        s = ct_fail(err, CT_ERR_SHAPE, "body", "no try yet");
    if (s == CT_OK)
        add_row(tries, hint ? hint->query : CT_SPAN_NONE, out);
    free(tries);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_probe = {
    .name = "probe",
    .kind = CT_SOURCE_STATUS,
    .url_pattern = "any https address, tried and timed: [probe NAME]",
    .max_bytes = 1u << 20,
    .parse = parse,
};
