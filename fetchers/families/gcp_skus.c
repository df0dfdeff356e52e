/* gcp-skus: GPU SKUs of Google's billing catalogue (sources/prices.md section 3.8): the price of
 * one GPU attached, without processor and memory. Which GPU and where is only said in the
 * description. Also the bare list of SKUs that archives keep. */
#include "config.h"

#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

#include <stdio.h>
#include <string.h>

/* Why SKU is no price of a GPU that anybody can rent by the hour; NULL when it is one. */
static const char *not_wanted(struct ct_span text, const json_t *category)
{
    static const char *const words[] = {"Commitment",    "Reserved", "DWS",
                                        "Licensing Fee", "vGPU",     "Sole Tenancy"};
    struct ct_span group = ct_json_text(category, "resourceGroup");
    for (size_t i = 0; i < CT_LEN(words); i++)
        if (ct_span_ihas(text, ct_span(words[i])))
            return words[i];
    if ((group.n && !ct_span_is(group, "GPU")) || !ct_span_ihas(text, CT_LIT("GPU")))
        return "no GPU";
    return NULL;
}

static int purchase_of(struct ct_span usage, struct ct_span text)
{
    if (ct_span_is(usage, "OnDemand"))
        return CT_PURCHASE_OD;
    if (ct_span_is(usage, "Preemptible"))
        return CT_PURCHASE_SPOT;
    if (ct_span_is(usage, "Commit1Yr"))
        return CT_PURCHASE_RESERVED_1Y;
    if (ct_span_is(usage, "Commit3Yr"))
        return CT_PURCHASE_RESERVED_3Y;
    if (usage.n)
        return -1;
    return ct_span_ihas(text, CT_LIT("Preemptible")) ? CT_PURCHASE_SPOT : CT_PURCHASE_OD;
}

/* The last rate: units as text and billionths beside them. */
static ct_nusd rate_of(struct ct_batch *out, const json_t *expression, struct ct_span *currency)
{
    const json_t *rates = ct_json_array(expression, "tieredRates");
    size_t n = json_array_size(rates);
    const json_t *price = ct_json_object(json_array_get(rates, n ? n - 1 : 0), "unitPrice");
    int64_t units = ct_json_int(price, "units"), nanos = ct_json_int(price, "nanos");
    *currency = ct_json_text(price, "currencyCode");
    if (!price || (units == CT_NONE && nanos == CT_NONE)) {
        ct_note_about(out, "a row without a price", CT_SPAN_NONE);
        return CT_NONE;
    }
    units = units == CT_NONE ? 0 : units;
    nanos = nanos == CT_NONE ? 0 : nanos;
    if (units < 0 || units > 1000000 || nanos < 0 || nanos >= 1000000000) {
        ct_note_about(out, "a price that is no number", CT_SPAN_NONE);
        return CT_NONE;
    }
    ct_nusd nano = units * 1000000000 + nanos;
    if (nano == 0)
        ct_note_about(out, "a price of zero", CT_SPAN_NONE);
    return nano ? nano : CT_NONE;
}

/* What stands before " GPU" is the part, what stands behind " in " the place. */
static void read_text(struct ct_batch *out, struct ct_offer *row, struct ct_span text)
{
    const char *end = memmem(text.p, text.n, " GPU", strlen(" GPU"));
    struct ct_span part = {text.p, end ? (size_t)(end - text.p) : text.n};
    ct_offer_identify(out, row, part, CT_NONE);
    /* Google rents the SXM part only; its mega type has the same GPU with more network. */
    if (ct_span_is(row->gpu, "H100"))
        ct_offer_identify(out, row, CT_LIT("H100 SXM"), CT_NONE);
    if (ct_span_ihas(part, CT_LIT("mega")) || ct_span_ihas(part, CT_LIT("plus")))
        row->instance = CT_LIT("mega");
    const char *in = memmem(text.p, text.n, " in ", strlen(" in "));
    if (in)
        row->region =
            ct_clean_name(out->arena, (struct ct_span){in + 4, (size_t)(text.p + text.n - in) - 4});
}

static void read_sku(struct ct_batch *out, const json_t *sku, const struct ct_parse_hint *hint)
{
    const json_t *category = ct_json_object(sku, "category");
    const json_t *info = json_array_get(ct_json_array(sku, "pricingInfo"), 0);
    const json_t *expression = ct_json_object(info, "pricingExpression");
    const json_t *regions = ct_json_array(sku, "serviceRegions");
    struct ct_span text = ct_json_text(sku, "description"), currency;
    const char *why = not_wanted(text, category);
    struct ct_offer row = ct_offer_new();
    row.purchase = purchase_of(ct_json_text(category, "usageType"), text);
    if (!why && row.purchase < 0)
        why = "another usage type";
    if (!why && !ct_span_is(ct_json_text(expression, "usageUnit"), "h"))
        why = "a unit other than h";
    if (why) {
        ct_note_about(out, why, CT_SPAN_NONE);
        return;
    }
    row.cloud = ct_offer_cloud(out, hint, "gcp");
    row.sku = ct_clean_id(out->arena, ct_json_text(sku, "skuId"));
    read_text(out, &row, text);
    row.gpu_count_milli = 1000;
    row.price_per_gpu_hour = rate_of(out, expression, &currency);
    row.currency = ct_clean_id(out->arena, currency);
    row.host_included = 0;
    row.stock = CT_STOCK_UNKNOWN;
    row.effective_ms = ct_json_time(info, "effectiveTime");
    size_t n = json_array_size(regions);
    for (size_t i = 0; row.price_per_gpu_hour != CT_NONE && i < (n ? n : 1); i++) {
        if (n)
            row.region = ct_clean_id(out->arena, ct_json_span(json_array_get(regions, i)));
        ct_offer_add(out, &row);
    }
}

/* The same question with the token; {key} is where the key belongs (fetchers/ask.c). */
static struct ct_span next_page(struct ct_arena *a, struct ct_span token)
{
    struct ct_buf link = CT_BUF_INIT;
    if (!token.n)
        return CT_SPAN_NONE;
    ct_buf_adds(&link, "?key={key}&pageSize=5000&pageToken=");
    for (size_t i = 0; i < token.n; i++)
        ct_buf_addf(&link, "%%%02X", (unsigned char)token.p[i]);
    struct ct_span text = ct_arena_dup(a, ct_buf_span(&link));
    ct_buf_free(&link);
    return text;
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    const json_t *skus = root;
    const char *path = "$";
    if (!json_is_array(root)) {
        path = "$.skus";
        enum ct_status s = ct_json_need(root, "$", "skus", CT_WANT_ARRAY, &skus, err);
        if (s != CT_OK)
            return s;
        out->next_page = next_page(out->arena, ct_json_text(root, "nextPageToken"));
    }
    return ct_offers_each(out, skus, path, "skuId", read_sku, hint, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_gcp_skus = {
    .name = "gcp-skus",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus?key=KEY",
    .max_bytes = 32u << 20,
    .parse = parse,
};
