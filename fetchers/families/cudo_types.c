/* cudo-types: Cudo's machine types by data centre (sources/prices.md section 5). Machines are put
 * together from parts with a price each; the GPU's is told, the host is extra. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

static void read_type(struct ct_batch *out, const json_t *type, const struct ct_parse_hint *hint)
{
    int64_t available = ct_json_int(type, "totalGpuFree");
    struct ct_span gpu = ct_json_text(type, "gpuModel");
    struct ct_offer row = ct_offer_new();
    if (!gpu.n) {
        ct_note_about(out, "a machine without a GPU", CT_SPAN_NONE);
        return;
    }
    row.cloud = ct_offer_cloud(out, hint, "cudo");
    row.region = ct_clean_name(out->arena, ct_json_text(type, "dataCenterId"));
    row.instance = ct_clean_id(out->arena, ct_json_text(type, "machineType"));
    row.gpu_count_milli = 1000;
    if (!ct_offer_identify(out, &row, gpu, CT_NONE))
        return;
    row.purchase = CT_PURCHASE_OD;
    row.currency = CT_LIT("USD");
    row.price_per_gpu_hour = ct_offer_price_maybe(out, ct_json_object(type, "gpuPriceHr"), "value");
    row.host_included = 0;
    ct_offer_set_free(&row, available);
    ct_offer_add(out, &row);
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    return ct_offers_in(out, root, "machineTypes", "machineType", read_type, hint, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_cudo_types = {
    .name = "cudo-types",
    .kind = CT_SOURCE_PRICES,
    .version = 2,
    .url_pattern = "https://rest.compute.cudo.org/v1/vms/machine-types",
    .parse = parse,
    .unproven = true,
};
