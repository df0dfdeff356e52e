/* openrouter-endpoints: who serves one model behind OpenRouter, at what price and in what health
 * (sources/models.md section 2.3). One element a host, region and build. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/openrouter.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

/* A tag is HOST[/WHERE OR BUILD]: "azure/swedencentral", "amazon-bedrock/us-east-1",
 * "deepinfra/fp8".
 */
static bool is_place(struct ct_span host, struct ct_span s)
{
    static const char *const areas[] = {"us", "eu", "europe", "global", "asia", "jp", "apac"};
    static const char *const starts[] = {"us-", "eu-", "ap-", "europe-",       "asia-",  "ca-",
                                         "sa-", "me-", "af-", "northamerica-", "us-gov-"};
    for (size_t i = 0; i < CT_LEN(areas); i++)
        if (ct_span_is(s, areas[i]))
            return true;
    for (size_t i = 0; i < CT_LEN(starts); i++)
        if (ct_span_starts(s, starts[i]))
            return s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '9';
    return ct_span_is(host, "azure") && s.n >= 6; /* eastus2: one word */
}

/* The word of a tag for the name that people see: "Amazon Bedrock" is amazon-bedrock. */
static struct ct_span host_word(struct ct_arena *a, struct ct_span name)
{
    struct ct_buf b = CT_BUF_INIT;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        ct_buf_addc(&b, c == ' ' ? '-' : (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
    }
    struct ct_span word = ct_arena_dup(a, ct_buf_span(&b));
    ct_buf_free(&b);
    return ct_span_is(word, "google") ? CT_LIT("google-vertex") : word;
}

/* 0 is in use; every negative number is out of favour (-2, -3 and -5 were seen). */
static int state_of(struct ct_batch *out, const json_t *e)
{
    int64_t status = ct_json_int(e, "status");
    if (status == 0)
        return CT_STATE_OPERATIONAL;
    if (status != CT_NONE && status < 0)
        return CT_STATE_DEGRADED;
    ct_note_about(out, "an endpoint whose status is not known", CT_SPAN_NONE);
    return CT_STATE_UNKNOWN;
}

static int64_t milli(struct ct_batch *out, const json_t *obj, const char *key)
{
    int64_t v = CT_NONE;
    if (ct_json_decimal(obj, key, 1, 3, &v) != CT_OK || (v != CT_NONE && v < 0)) {
        ct_note_about(out, "a measure that is no number", CT_SPAN_NONE);
        return CT_NONE;
    }
    return v;
}

static void add_variant(struct ct_arena *a, struct ct_token_price *row, struct ct_span word)
{
    if (!word.n || ct_span_is(word, "unknown"))
        return;
    for (struct ct_span rest = row->variant; rest.p;)
        if (ct_span_eq(ct_span_cut(&rest, ','), word))
            return;
    row->variant =
        row->variant.n ? ct_arena_printf(a, "%.*s,%.*s", CT_FMT(row->variant), CT_FMT(word)) : word;
}

static void read_endpoint(struct ct_batch *out, struct ct_span model, const json_t *e)
{
    struct ct_arena *a = out->arena;
    struct ct_span tag = ct_clean_id(a, ct_json_text(e, "tag")), build = tag;
    struct ct_span name = ct_clean_name(a, ct_json_text(e, "provider_name"));
    struct ct_span host = ct_span_cut(&build, '/');
    if (!host.n && !name.n) {
        ct_note_about(out, "an endpoint without a host", CT_SPAN_NONE);
        return;
    }
    if (!host.n)
        host = host_word(a, name);
    struct ct_token_price row = ct_token_begin(out, model, host);
    int64_t context = ct_json_int(e, "context_length");
    bool place = build.p && is_place(host, build);
    if (context > 0)
        row.context = context;
    if (place)
        row.region = build;
    else if (build.p)
        add_variant(a, &row, build);
    add_variant(a, &row, ct_clean_name(a, ct_json_text(e, "quantization")));
    row.source_id =
        ct_arena_printf(a, "%.*s@%.*s", CT_FMT(row.source_id), CT_FMT(tag.n ? tag : host));
    if (row.source_id.n > CT_ID_BYTES)
        row.source_id = ct_clean_id(a, row.source_id);
    ct_openrouter_prices(out, &row, ct_json_object(e, "pricing"));
    struct ct_endpoint *p = CT_VEC_PUSH(a, &out->endpoints);
    if (p)
        *p = (struct ct_endpoint){
            .source_id = row.source_id,
            .host = row.host,
            .region = row.region,
            .state = state_of(out, e),
            .uptime_30m_milli = milli(out, e, "uptime_last_30m"),
            .latency_ms_p50_milli = milli(out, ct_json_object(e, "latency_last_30m"), "p50"),
            .throughput_tps_p50_milli = milli(out, ct_json_object(e, "throughput_last_30m"), "p50"),
        };
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root = NULL;
    const json_t *data = NULL, *list = NULL, *id = NULL;
    (void)hint;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(body, 0, &root, err);
    if (s == CT_OK)
        s = ct_json_need(root, "$", "data", CT_WANT_OBJECT, &data, err);
    if (s == CT_OK)
        s = ct_json_need(data, "$.data", "id", CT_WANT_TEXT, &id, err);
    if (s == CT_OK)
        s = ct_json_need(data, "$.data", "endpoints", CT_WANT_ARRAY, &list, err);
    if (s == CT_ERR_SHAPE && root)
        ct_family_explain(err, body);
    for (size_t i = 0; s == CT_OK && i < json_array_size(list) && !ct_rows_too_many(out); i++) {
        const json_t *e = json_array_get(list, i);
        if (json_is_object(e))
            read_endpoint(out, ct_json_span(id), e);
        else
            ct_note_about(out, "an endpoint that is no object", CT_SPAN_NONE);
    }
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_openrouter_endpoints = {
    .name = "openrouter-endpoints",
    .kind = CT_SOURCE_MODELS,
    .version = 1,
    .url_pattern = "https://openrouter.ai/api/v1/models/{author}/{slug}/endpoints",
    .parse = parse,
};
