/* ecb-rates: the European Central Bank's reference rates of a day (sources/prices.md section 2):
 * how many units of a currency a euro buys. What counts here is the dollars that a unit is worth.
 */
#include "fetchers/families/all.h"
#include "fetchers/rows.h"

#include "db/base/text.h"
#include "db/base/timeutil.h"

#include <limits.h>
#include <string.h>

#include <libxml/parser.h>

enum { MOST_RATES = 200, MOST_DEPTH = 8 };

struct reader {
    struct ct_batch *out;
    xmlParserCtxtPtr ctxt;
    int depth;
    int64_t day_ms, dollars; /* dollars a euro, nano; CT_NONE until read */
    bool envelope, doctype;
};

static struct ct_span attribute(const xmlChar **a, int n, const char *name)
{
    for (int i = 0; i < n; i++, a += 5)
        if (strcmp((const char *)a[0], name) == 0)
            return ct_span_trim((struct ct_span){(const char *)a[3], (size_t)(a[4] - a[3])});
    return CT_SPAN_NONE;
}

static bool is_code(struct ct_span s)
{
    bool good = s.n == 3;
    for (size_t i = 0; good && i < s.n; i++)
        good = s.p[i] >= 'A' && s.p[i] <= 'Z';
    return good;
}

/* Units a euro for now; on_end of the document turns them over. */
static void take_rate(struct reader *r, struct ct_span code, struct ct_span text)
{
    ct_nusd units;
    if (!is_code(code) || ct_nusd_parse(text, 1, &units) != CT_OK || units == CT_NONE ||
        units <= 0) {
        ct_batch_note(r->out, CT_LIT("a rate that is none"));
        return;
    }
    if (ct_span_is(code, "USD"))
        r->dollars = units;
    struct ct_rate *rate =
        r->out->rates.n < MOST_RATES ? CT_VEC_PUSH(r->out->arena, &r->out->rates) : NULL;
    if (rate)
        *rate = (struct ct_rate){ct_arena_dup(r->out->arena, code), units, r->day_ms};
}

/* Only the first day counts: the daily file has one, the historical ones begin with the newest. */
static void on_start(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
                     int n_namespaces, const xmlChar **namespaces, int n_attributes,
                     int n_defaulted, const xmlChar **attributes)
{
    struct reader *r = ctx;
    const char *name = (const char *)local;
    (void)prefix, (void)uri, (void)n_namespaces, (void)namespaces, (void)n_defaulted;
    if (++r->depth > MOST_DEPTH) {
        xmlStopParser(r->ctxt);
        return;
    }
    if (r->depth == 1)
        r->envelope = strcmp(name, "Envelope") == 0;
    if (!r->envelope || strcmp(name, "Cube") != 0)
        return;
    struct ct_span day = attribute(attributes, n_attributes, "time"),
                   code = attribute(attributes, n_attributes, "currency");
    int64_t ms;
    if (day.n && ct_time_parse(day, &ms) == CT_OK) {
        if (r->day_ms == CT_NONE)
            r->day_ms = ms;
        else
            r->envelope = false; /* an older day */
    } else if (code.n && r->day_ms != CT_NONE) {
        take_rate(r, code, attribute(attributes, n_attributes, "rate"));
    }
}

static void on_end(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
    (void)local, (void)prefix, (void)uri;
    ((struct reader *)ctx)->depth--;
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
    struct reader *r = ctx;
    (void)name, (void)external, (void)system;
    r->doctype = true;
    xmlStopParser(r->ctxt);
}

/* Units a euro become dollars a unit; the euro itself is added. */
static void turn_over(struct reader *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->out->rates.n; i++) {
        struct ct_rate rate = r->out->rates.v[i];
        rate.usd = ct_muldiv(r->dollars, 1000000000, rate.usd);
        if (rate.usd != CT_NONE && rate.usd > 0 && !ct_span_is(rate.currency, "USD"))
            r->out->rates.v[kept++] = rate;
    }
    r->out->rates.n = kept;
    struct ct_rate *euro = CT_VEC_PUSH(r->out->arena, &r->out->rates);
    if (euro)
        *euro = (struct ct_rate){CT_LIT("EUR"), r->dollars, r->day_ms};
    r->out->data_ms = r->day_ms;
}

static enum ct_status read_envelope(struct reader *r, struct ct_span body, struct ct_error *err)
{
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                         .internalSubset = on_doctype,
                         .startElementNs = on_start,
                         .endElementNs = on_end};
    bool seen = false, whole = false;
    if (body.n > 0 && body.n <= INT_MAX)
        r->ctxt = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
    if (r->ctxt) {
        xmlCtxtUseOptions(r->ctxt, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
        (void)xmlParseChunk(r->ctxt, body.p, (int)body.n, 1);
        whole = r->ctxt->wellFormed && r->depth == 0;
        seen = r->envelope || r->day_ms != CT_NONE;
        if (r->ctxt->myDoc)
            xmlFreeDoc(r->ctxt->myDoc);
        xmlFreeParserCtxt(r->ctxt);
    }
    if (!seen || r->doctype)
        return ct_fail(err, CT_ERR_SHAPE, "body", "wanted an Envelope of rates, this looks like %s",
                       ct_family_guess(body));
    if (!whole)
        return ct_fail(err, CT_ERR_SYNTAX, "body", "damaged: not well-formed XML");
    if (r->day_ms == CT_NONE || r->dollars == CT_NONE)
        return ct_fail(err, CT_ERR_SHAPE, "Envelope/Cube", "no day with a rate of the dollar");
    turn_over(r);
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    struct reader r = {.out = out, .day_ms = CT_NONE, .dollars = CT_NONE};
    (void)hint;
    return ct_rows_finish(out, read_envelope(&r, ct_span_trim(body), err), err);
}

const struct ct_family ct_family_ecb_rates = {
    .name = "ecb-rates",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml",
    .parse = parse,
    .unproven = true,
};
