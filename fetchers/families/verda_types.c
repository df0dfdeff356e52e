/* verda-types: list prices of Verda, once DataCrunch (sources/prices.md section 5): text dollars an
 * hour for the machine, memory of all its GPUs together. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

/* "usd" as ISO writes it. */
static struct ct_span currency_of(struct ct_batch *out, struct ct_span code)
{
    if (!code.n || ct_span_ieq(code, CT_LIT("USD")))
        return CT_LIT("USD");
    if (ct_span_ieq(code, CT_LIT("EUR")))
        return CT_LIT("EUR");
    ct_note_about(out, "currency", code);
    return ct_clean_id(out->arena, code);
}

static void read_type(struct ct_batch *out, const json_t *type, const struct ct_parse_hint *hint)
{
    const json_t *gpu = ct_json_object(type, "gpu");
    int64_t count = ct_offer_milli(gpu, "number_of_gpus", 1);
    struct ct_span text = ct_json_text(gpu, "description");
    struct ct_offer row = ct_offer_new();
    if (count == CT_NONE && !text.n) {
        ct_note_about(out, "a machine without a GPU", CT_SPAN_NONE);
        return;
    }
    int64_t memory = ct_offer_milli(ct_json_object(type, "gpu_memory"), "size_in_gigabytes", 1);
    row.cloud = ct_offer_cloud(out, hint, "verda");
    row.sku = row.instance = ct_clean_id(out->arena, ct_json_text(type, "instance_type"));
    row.gpu_count_milli = count;
    ct_offer_identify(out, &row, text.n ? text : ct_json_text(type, "model"),
                      count == CT_NONE ? CT_NONE : ct_muldiv(memory, 1000, count));
    row.vcpu_milli = ct_offer_milli(ct_json_object(type, "cpu"), "number_of_cores", 1);
    row.mem_milli = ct_offer_milli(ct_json_object(type, "memory"), "size_in_gigabytes", 1);
    row.currency = currency_of(out, ct_json_text(type, "currency"));
    row.host_included = 1;
    row.stock = CT_STOCK_UNKNOWN; /* a price list */
    ct_offer_push(out, &row, CT_PURCHASE_OD, ct_offer_price(out, type, "price_per_hour"));
    ct_offer_push(out, &row, CT_PURCHASE_SPOT, ct_offer_price_maybe(out, type, "spot_price"));
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    if (json_is_array(root)) {
        struct ct_elements seen = {0};
        for (size_t i = 0; i < json_array_size(root); i++) {
            const json_t *type = json_array_get(root, i);
            bool fits = json_object_get(type, "instance_type") && json_object_get(type, "price_per_hour");
            if (ct_element(&seen, "$", i, type, fits))
                read_type(out, type, hint);
        }
        return ct_elements_end(out, &seen, "a machine with a price_per_hour", err);
    }
    /* One machine alone, as `instance-types/{id}` gives it. */
    if (!ct_json_text(root, "instance_type").n || !json_object_get(root, "price_per_hour"))
        return ct_fail(err, CT_ERR_SHAPE, "$", "wanted a list of machines, found %s",
                       ct_json_kind(root));
    read_type(out, root, hint);
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_verda_types = {
    .name = "verda-types",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://api.datacrunch.io/v1/instance-types",
    .parse = parse,
};
