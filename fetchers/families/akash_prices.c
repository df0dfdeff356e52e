/* akash-prices: the Akash market by GPU model (sources/prices.md section 5): the lowest of the
 * providers' prices, dollars an hour for one GPU, and how many are free. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

/* "80Gi" in thousandths. */
static int64_t memory_of(struct ct_span ram)
{
    int64_t milli = CT_NONE;
    if (ct_span_ends(ram, "Gi"))
        ram.n -= 2;
    return ct_milli_parse(ram, &milli) == CT_OK && milli > 0 ? milli : CT_NONE;
}

static void read_model(struct ct_batch *out, const json_t *model, const struct ct_parse_hint *hint)
{
    const json_t *price = ct_json_object(model, "price");
    int64_t available = ct_json_int(ct_json_object(model, "availability"), "available");
    struct ct_span name = ct_json_text(model, "model"), link = ct_json_text(model, "interface");
    struct ct_span currency = ct_json_text(price, "currency");
    struct ct_offer row = ct_offer_new();
    row.cloud = ct_offer_cloud(out, hint, "akash");
    row.sku = ct_clean_id(out->arena, name);
    row.gpu_count_milli = 1000;
    if (!ct_offer_identify(out, &row,
                           ct_arena_printf(out->arena, "%.*s %.*s", CT_FMT(name), CT_FMT(link)),
                           memory_of(ct_json_text(model, "ram"))))
        return;
    row.purchase = CT_PURCHASE_OD;
    row.currency = currency.n ? ct_clean_id(out->arena, currency) : CT_LIT("USD");
    row.price_per_gpu_hour = ct_offer_price_maybe(out, price, "min"); /* null: nobody offers it */
    ct_offer_set_free(&row, available);
    ct_offer_add(out, &row);
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    return ct_offers_in(out, root, "models", "availability", read_model, hint, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_akash_prices = {
    .name = "akash-prices",
    .kind = CT_SOURCE_PRICES,
    .version = 2,
    .url_pattern = "https://console-api.akash.network/v1/gpu-prices",
    .parse = parse,
    .unproven = true,
};
