/* vast-bundles: offers of the Vast.ai market, one machine or a share of one each (sources/prices.md
 * section 5.2). Also the archive of several such answers, where they stand by GPU name. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"
#include "fetchers/jsonx.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

#include <stdio.h>

/* Capacity as the market says it: an offer that is let, or not to be had, is sold out. */
static int stock(const json_t *offer)
{
    int rentable = ct_json_flag(offer, "rentable"), rented = ct_json_flag(offer, "rented");
    if (rented == 1 || rentable == 0)
        return CT_STOCK_NONE;
    return rentable == 1 && rented == 0 ? CT_STOCK_AVAILABLE : CT_STOCK_UNKNOWN;
}

/* Cores and memory are the offer's share already: both grow with gpu_frac on one machine. */
static void read_offer(struct ct_batch *out, const json_t *offer, const struct ct_parse_hint *hint)
{
    struct ct_arena *a = out->arena;
    bool bid = hint && ct_span_is(hint->query, "bid");
    struct ct_offer row = ct_offer_new();
    row.price_per_hour = ct_offer_price(out, offer, bid ? "min_bid" : "dph_total");
    if (row.price_per_hour == CT_NONE)
        return;
    row.cloud = ct_offer_cloud(out, hint, "vastai");
    row.region = ct_clean_name(a, ct_json_text(offer, "geolocation"));
    row.sku = ct_clean_id(a, ct_json_word(offer, "id", a));
    row.instance = ct_clean_id(a, ct_json_word(offer, "machine_id", a));
    ct_offer_identify(out, &row, ct_json_text(offer, "gpu_name"),
                      ct_offer_milli(offer, "gpu_ram", 1024));
    row.gpu_count_milli = ct_offer_milli(offer, "num_gpus", 1);
    row.vcpu_milli = ct_offer_milli(offer, "cpu_cores_effective", 1);
    row.mem_milli = ct_offer_milli(offer, "cpu_ram", 1024);
    row.purchase = bid ? CT_PURCHASE_SPOT : CT_PURCHASE_OD;
    row.currency = CT_LIT("USD");
    row.host_included = 1;
    row.stock = stock(offer);
    ct_offer_derive(&row);
    ct_offer_add(out, &row);
}

static enum ct_status read_offers(struct ct_batch *out, const json_t *offers, const char *path,
                                  const struct ct_parse_hint *hint, struct ct_error *err)
{
    struct ct_elements seen = {0};
    for (size_t i = 0; i < json_array_size(offers); i++) {
        const json_t *offer = json_array_get(offers, i);
        if (ct_element(&seen, path, i, offer, ct_json_get(offer, "gpu_name") != NULL))
            read_offer(out, offer, hint);
    }
    return ct_elements_end(out, &seen, "an offer with a gpu_name", err);
}

static enum ct_status read_archive(struct ct_batch *out, json_t *models,
                                   const struct ct_parse_hint *hint, struct ct_error *err)
{
    const char *name;
    json_t *offers;
    json_object_foreach (models, name, offers) {
        if (!json_is_array(offers))
            return ct_fail(err, CT_ERR_SHAPE, "$.offers_by_model",
                           "wanted lists of offers, found %s", ct_json_kind(offers));
        enum ct_status s = read_offers(out, offers, "$.offers_by_model.*", hint, err);
        if (s != CT_OK)
            return s;
    }
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root = NULL;
    const json_t *offers = NULL;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(body, 0, &root, err);
    if (s == CT_OK && ct_json_object(root, "offers_by_model")) {
        out->data_ms = ct_json_time(root, "collected_utc");
        s = read_archive(out, json_object_get(root, "offers_by_model"), hint, err);
    } else if (s == CT_OK && json_is_object(root) && json_object_get(root, "offers")) {
        s = ct_json_need(root, "$", "offers", CT_WANT_ARRAY, &offers, err);
        if (s == CT_OK)
            s = read_offers(out, offers, "$.offers", hint, err);
    } else if (s == CT_OK) {
        s = ct_fail(err, CT_ERR_SHAPE, "$", "no list of offers; this looks like %s",
                    ct_family_guess(body));
    }
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_vast_bundles = {
    .name = "vast-bundles",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://console.vast.ai/api/v0/bundles/ (POST)",
    .parse = parse,
};
