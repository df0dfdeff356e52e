/* oci-products: Oracle's list prices by part number (sources/prices.md section 3.9): dollars an
 * hour for one GPU, the same in every region. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

/* Which part a display name means where it misleads, or names a GPU that Oracle has one part of. */
static struct ct_span part_of(struct ct_span name)
{
    static const char *const parts[][2] = {
        {"GPU - E3", "A100 SXM 40GB"}, {"GPU Standard - V2", "V100 16GB"},
        {"GPU Standard - X7", "P100"}, {"A100 - v2", "A100 SXM4 80GB"},
        {"GPU - H100", "H100 SXM"},
    };
    for (size_t i = 0; i < CT_LEN(parts); i++)
        if (ct_span_ihas(name, ct_span(parts[i][0])))
            return ct_span(parts[i][1]);
    return name;
}

static void read_prices(struct ct_batch *out, const json_t *item, const struct ct_offer *common)
{
    const json_t *places = ct_json_array(item, "currencyCodeLocalizations");
    for (size_t i = 0; i < json_array_size(places); i++) {
        const json_t *place = json_array_get(places, i), *prices = ct_json_array(place, "prices");
        for (size_t k = 0; k < json_array_size(prices); k++) {
            const json_t *price = json_array_get(prices, k);
            struct ct_offer row = *common;
            if (!ct_span_is(ct_json_text(price, "model"), "PAY_AS_YOU_GO")) {
                ct_note_about(out, "price model", ct_json_text(price, "model"));
                continue;
            }
            row.price_per_gpu_hour = ct_offer_price(out, price, "value");
            row.currency = ct_clean_id(out->arena, ct_json_text(place, "currencyCode"));
            if (row.price_per_gpu_hour != CT_NONE)
                ct_offer_add(out, &row);
        }
    }
    if (json_array_size(places) == 0)
        ct_note_about(out, "a row without a price", CT_SPAN_NONE);
}

static void read_item(struct ct_batch *out, const json_t *item, const struct ct_parse_hint *hint)
{
    struct ct_span metric = ct_json_text(item, "metricName");
    struct ct_offer row = ct_offer_new();
    if (!ct_span_ieq(metric, CT_LIT("GPU Per Hour"))) {
        ct_note_about(out,
                      ct_span_ihas(metric, CT_LIT("GPU"))
                          ? "a part in another unit than GPU Per Hour"
                          : "a part that is no GPU",
                      CT_SPAN_NONE);
        return;
    }
    row.cloud = ct_offer_cloud(out, hint, "oracle");
    row.sku = ct_clean_id(out->arena, ct_json_text(item, "partNumber"));
    ct_offer_identify(out, &row, part_of(ct_json_text(item, "displayName")), CT_NONE);
    row.gpu_count_milli = 1000; /* the price is that of one, on whatever shape */
    row.purchase = CT_PURCHASE_OD;
    row.stock = CT_STOCK_UNKNOWN;
    read_prices(out, item, &row);
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    return ct_offers_in(out, root, "items", "partNumber", read_item, hint, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_oci_products = {
    .name = "oci-products",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://apexapps.oracle.com/pls/apex/cetools/api/v1/products/?currencyCode=USD",
    .parse = parse,
};
