#include "fetchers/probe.h"

#include <inttypes.h>

bool ct_tries_reached(const struct ct_tries *t)
{
    size_t from = t->n > CT_TRIES_RECENT ? t->n - CT_TRIES_RECENT : 0;
    for (size_t i = from; i < t->n; i++)
        if (t->v[i].latency_ms != CT_NONE)
            return true;
    return false;
}

static void add_ms(struct ct_buf *out, int64_t ms)
{
    if (ms == CT_NONE)
        ct_buf_adds(out, " -");
    else
        ct_buf_addf(out, " %" PRId64, ms);
}

static void add_us(struct ct_buf *out, int64_t us)
{
    add_ms(out, us == CT_NONE ? CT_NONE : (us + 500) / 1000);
}

void ct_tries_text(const struct ct_tries *earlier, const struct ct_http_answer *answer,
                   struct ct_buf *out)
{
    const struct ct_http_steps *s = &answer->steps;
    bool whole = answer->status == CT_OK || answer->status == CT_ERR_LIMIT; /* or more than we read */
    bool came = whole && answer->http_status != 0;
    ct_buf_clear(out);
    ct_buf_adds(out, CT_PROBE_FIRST_LINE "\n");
    for (size_t i = 0; i < earlier->n; i++) {
        ct_buf_adds(out, earlier->v[i].good ? "good" : "bad");
        add_ms(out, earlier->v[i].latency_ms);
        ct_buf_addc(out, '\n');
    }
    ct_buf_addf(out, "now %d", came ? answer->http_status : 0);
    add_us(out, s->lookup_us);
    add_us(out, s->connect_us);
    add_us(out, s->tls_us);
    add_us(out, came ? s->first_byte_us : CT_NONE);
    if (came && s->total_us == CT_NONE) /* of a recording that tells no steps */
        add_ms(out, answer->latency_ms);
    else
        add_us(out, came ? s->total_us : CT_NONE);
    ct_buf_addc(out, '\n');
}
