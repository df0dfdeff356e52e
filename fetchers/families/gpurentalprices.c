/* gpurentalprices: what many clouds list on their pages, collected once a day (sources/prices.md
 * section 4.5): dollars an hour for one GPU, no stock. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

static void read_offer(struct ct_batch *out, const json_t *offer, const struct ct_parse_hint *hint)
{
    static const char *const od[] = {"on-demand", "secure", "community", NULL};
    struct ct_span kind = ct_json_text(offer, "kind");
    struct ct_offer row = ct_offer_new();
    (void)hint; /* the cloud is in the answer */
    bool spot = ct_span_is(kind, "spot");
    if (!spot && ct_word(od, kind) < 0) { /* seconds of a serverless worker are no rented GPU */
        ct_note_about(out, "an offer of kind", kind);
        return;
    }
    row.cloud = ct_offer_cloud_behind(out, ct_json_text(offer, "provider"));
    row.sku = ct_clean_id(out->arena, kind);
    if (!ct_offer_identify(out, &row, ct_json_text(offer, "gpu"),
                           ct_offer_milli(offer, "vram_gb", 1)))
        return;
    row.purchase = spot ? CT_PURCHASE_SPOT : CT_PURCHASE_OD;
    row.gpu_count_milli = ct_offer_milli(offer, "min_gpus", 1); /* said of a few */
    if (row.gpu_count_milli == CT_NONE)
        row.gpu_count_milli = 1000;
    row.currency = CT_LIT("USD");
    row.stock = CT_STOCK_UNKNOWN;
    row.price_per_gpu_hour = ct_offer_price(out, offer, "usd_hr");
    row.effective_ms = ct_json_time(offer, "fetched_at");
    if (row.price_per_gpu_hour != CT_NONE)
        ct_offer_add(out, &row);
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    out->data_ms = ct_json_time(root, "generated_at");
    return ct_offers_in(out, root, "offers", "usd_hr", read_offer, hint, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_gpurentalprices = {
    .name = "gpurentalprices",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://raw.githubusercontent.com/adriannutiu/gpu-rental-prices/main/data/"
                   "latest.json",
    .parse = parse,
};
