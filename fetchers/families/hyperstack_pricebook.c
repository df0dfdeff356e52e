/* hyperstack-pricebook: what Hyperstack sells by the hour (sources/prices.md section 5): a bare
 * list of names, those of GPUs with a price for one. Disks and addresses are in it too. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

static void read_entry(struct ct_batch *out, const json_t *entry, const struct ct_parse_hint *hint)
{
    struct ct_offer row = ct_offer_new();
    row.cloud = ct_offer_cloud(out, hint, "hyperstack");
    row.sku = ct_clean_id(out->arena, ct_json_text(entry, "name"));
    row.gpu_count_milli = 1000;
    if (!ct_offer_identify(out, &row, row.sku, CT_NONE))
        return;
    row.purchase = CT_PURCHASE_OD;
    row.currency = CT_LIT("USD");
    row.stock = CT_STOCK_UNKNOWN; /* a price list */
    row.price_per_gpu_hour = ct_offer_price(out, entry, "value");
    if (row.price_per_gpu_hour != CT_NONE)
        ct_offer_add(out, &row);
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    if (!json_is_array(root))
        return ct_fail(err, CT_ERR_SHAPE, "$", "wanted a list of prices, found %s",
                       ct_json_kind(root));
    struct ct_elements seen = {0};
    for (size_t i = 0; i < json_array_size(root); i++) {
        const json_t *entry = json_array_get(root, i);
        if (ct_element(&seen, "$", i, entry, json_object_get(entry, "name") && ct_json_get(entry, "value")))
            read_entry(out, entry, hint);
    }
    return ct_elements_end(out, &seen, "a name with a value", err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_hyperstack_pricebook = {
    .name = "hyperstack-pricebook",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://infrahub-api.nexgencloud.com/v1/pricebook",
    .parse = parse,
    .unproven = true,
};
