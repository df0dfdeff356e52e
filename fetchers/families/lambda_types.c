/* lambda-types: instance types of Lambda by name (sources/prices.md section 5): cents an hour for
 * the machine, and the regions that have one free. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

static void push_regions(struct ct_batch *out, const json_t *entry, const struct ct_offer *common,
                         ct_nusd price)
{
    const json_t *regions = ct_json_array(entry, "regions_with_capacity_available");
    size_t n = json_array_size(regions);
    for (size_t i = 0; i < (n ? n : 1); i++) {
        struct ct_offer row = *common;
        row.region = ct_clean_name(out->arena, ct_json_text(json_array_get(regions, i), "name"));
        row.stock = n ? CT_STOCK_AVAILABLE : regions ? CT_STOCK_NONE : CT_STOCK_UNKNOWN;
        ct_offer_push(out, &row, CT_PURCHASE_OD, price);
    }
}

static void read_type(struct ct_batch *out, const char *key, const json_t *entry,
                      const struct ct_parse_hint *hint)
{
    const json_t *type = ct_json_object(entry, "instance_type");
    const json_t *specs = ct_json_object(type, "specs");
    struct ct_arena *a = out->arena;
    struct ct_offer row = ct_offer_new();
    struct ct_span name = ct_json_text(type, "name"), gpu = ct_json_text(type, "gpu_description");
    row.gpu_count_milli = ct_offer_milli(specs, "gpus", 1);
    if (row.gpu_count_milli == CT_NONE && (!gpu.n || ct_json_int(specs, "gpus") == 0)) {
        ct_note_about(out, "a machine without a GPU", CT_SPAN_NONE);
        return;
    }
    name = name.n ? name : ct_span(key);
    row.cloud = ct_offer_cloud(out, hint, "lambda");
    row.sku = row.instance = ct_clean_id(a, name);
    ct_offer_identify(out, &row, gpu.n ? gpu : name, CT_NONE);
    row.vcpu_milli = ct_offer_milli(specs, "vcpus", 1);
    row.mem_milli = ct_offer_milli(specs, "memory_gib", 1);
    row.currency = CT_LIT("USD");
    row.host_included = 1;
    push_regions(out, entry, &row,
                 ct_from_cents(ct_offer_price(out, type, "price_cents_per_hour")));
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    const json_t *data;
    const char *key;
    json_t *entry;
    enum ct_status s = ct_json_need(root, "$", "data", CT_WANT_OBJECT, &data, err);
    if (s != CT_OK)
        return s;
    struct ct_elements seen = {0};
    json_object_foreach (json_object_get(root, "data"), key, entry) {
        bool fits = ct_json_object(entry, "instance_type") != NULL;
        if (ct_element(&seen, "$.data.*", SIZE_MAX, entry, fits))
            read_type(out, key, entry, hint);
    }
    return ct_elements_end(out, &seen, "an object with an instance_type", err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_lambda_types = {
    .name = "lambda-types",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://cloud.lambda.ai/api/v1/instance-types",
    .parse = parse,
    .unproven = true,
};
