/* digitalocean-sizes: droplet sizes (sources/prices.md section 5): dollars an hour for the machine,
 * memory of all its GPUs together. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

static int64_t one_memory(const json_t *gpu, int64_t count)
{
    const json_t *vram = ct_json_object(gpu, "vram");
    struct ct_span unit = ct_json_text(vram, "unit");
    if (count == CT_NONE || !(ct_span_ieq(unit, CT_LIT("gib")) || ct_span_ieq(unit, CT_LIT("gb"))))
        return CT_NONE;
    return ct_muldiv(ct_offer_milli(vram, "amount", 1), 1000, count);
}

static void read_size(struct ct_batch *out, const json_t *size, const struct ct_parse_hint *hint)
{
    const json_t *gpu = ct_json_object(size, "gpu_info"), *regions = ct_json_array(size, "regions");
    size_t n = json_array_size(regions);
    int available = ct_json_flag(size, "available");
    struct ct_offer row = ct_offer_new();
    if (!gpu) {
        ct_note_about(out, "a machine without a GPU", CT_SPAN_NONE);
        return;
    }
    row.cloud = ct_offer_cloud(out, hint, "digitalocean");
    row.sku = row.instance = ct_clean_id(out->arena, ct_json_text(size, "slug"));
    row.gpu_count_milli = ct_offer_milli(gpu, "count", 1);
    ct_offer_identify(out, &row, ct_json_text(gpu, "model"), one_memory(gpu, row.gpu_count_milli));
    row.vcpu_milli = ct_offer_milli(size, "vcpus", 1);
    row.mem_milli = ct_offer_milli(size, "memory", 1024);
    row.currency = CT_LIT("USD");
    row.host_included = 1;
    ct_nusd price = ct_offer_price(out, size, "price_hourly");
    /* Sold nowhere is sold out; without the flag a place is only a place. */
    row.stock = available == 0 || (regions && n == 0) ? CT_STOCK_NONE
                : available == 1 && n > 0             ? CT_STOCK_AVAILABLE
                                                      : CT_STOCK_UNKNOWN;
    for (size_t i = 0; i < (n ? n : 1); i++) {
        row.region = ct_clean_id(out->arena, ct_json_span(json_array_get(regions, i)));
        ct_offer_push(out, &row, CT_PURCHASE_OD, price);
    }
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    enum ct_status s = ct_offers_in(out, root, "sizes", "slug", read_size, hint, err);
    if (s != CT_OK)
        return s;
    const json_t *pages = ct_json_object(ct_json_object(root, "links"), "pages");
    struct ct_span next = ct_json_text(pages, "next");
    out->next_page = next.n ? ct_clean_url(out->arena, next) : CT_SPAN_NONE;
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_digitalocean_sizes = {
    .name = "digitalocean-sizes",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://api.digitalocean.com/v2/sizes?per_page=500",
    .parse = parse,
};
