/* shadeform-types: machines of many clouds (sources/prices.md section 4.3): cents an hour for the
 * machine, and a true yes or no for each region. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

static void push_regions(struct ct_batch *out, const json_t *type, const struct ct_offer *common,
                         ct_nusd price)
{
    const json_t *places = ct_json_array(type, "availability");
    for (size_t i = 0; i < json_array_size(places); i++) {
        const json_t *place = json_array_get(places, i);
        struct ct_offer row = *common;
        int available = ct_json_flag(place, "available");
        row.region = ct_clean_name(out->arena, ct_json_text(place, "region"));
        row.stock = available == 1   ? CT_STOCK_AVAILABLE
                    : available == 0 ? CT_STOCK_NONE
                                     : CT_STOCK_UNKNOWN;
        ct_offer_push(out, &row, CT_PURCHASE_OD, price);
    }
    if (json_array_size(places) == 0)
        ct_offer_push(out, common, CT_PURCHASE_OD, price);
}

static void read_type(struct ct_batch *out, const json_t *type, const struct ct_parse_hint *hint)
{
    const json_t *conf = ct_json_object(type, "configuration");
    struct ct_arena *a = out->arena;
    struct ct_offer row = ct_offer_new();
    (void)hint; /* the cloud is in the answer, not the shop */
    struct ct_span gpu = ct_json_text(conf, "gpu_type"), link = ct_json_text(conf, "interconnect");
    row.gpu_count_milli = ct_offer_milli(conf, "num_gpus", 1);
    if (row.gpu_count_milli == CT_NONE && (!gpu.n || ct_json_int(conf, "num_gpus") == 0)) {
        ct_note_about(out, "a machine without a GPU", CT_SPAN_NONE);
        return;
    }
    row.cloud = ct_offer_cloud_behind(out, ct_json_text(type, "cloud"));
    row.sku = ct_clean_id(a, ct_json_text(type, "shade_instance_type"));
    row.instance = ct_clean_id(a, ct_json_text(type, "cloud_instance_type"));
    ct_offer_identify(out, &row, ct_arena_printf(a, "%.*s %.*s", CT_FMT(gpu), CT_FMT(link)),
                      ct_offer_milli(conf, "vram_per_gpu_in_gb", 1));
    row.vcpu_milli = ct_offer_milli(conf, "vcpus", 1);
    row.mem_milli = ct_offer_milli(conf, "memory_in_gb", 1);
    row.currency = CT_LIT("USD");
    row.host_included = 1;
    row.stock = CT_STOCK_UNKNOWN;
    push_regions(out, type, &row, ct_from_cents(ct_offer_price(out, type, "hourly_price")));
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    return ct_offers_in(out, root, "instance_types", "shade_instance_type", read_type, hint, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_shadeform_types = {
    .name = "shadeform-types",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://api.shadeform.ai/v1/instances/types",
    .parse = parse,
    .unproven = true,
};
