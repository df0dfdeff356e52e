/* primeintellect-availability: offers of many clouds at Prime Intellect (sources/prices.md section
 * 4.4), as a list of items, or as the older map of lists by GPU. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

static int stock_of(struct ct_batch *out, struct ct_span word)
{
    static const struct {
        const char *word;
        int stock;
    } words[] = {
        {"Available", CT_STOCK_AVAILABLE}, {"High", CT_STOCK_AVAILABLE},
        {"Medium", CT_STOCK_AVAILABLE},    {"Low", CT_STOCK_LOW},
        {"Unavailable", CT_STOCK_NONE},
    };
    for (size_t i = 0; i < CT_LEN(words); i++)
        if (ct_span_ieq(word, ct_span(words[i].word)))
            return words[i].stock;
    if (word.n)
        ct_note_about(out, "stock status", word);
    return CT_STOCK_UNKNOWN;
}

static void read_item(struct ct_batch *out, const json_t *item, const struct ct_parse_hint *hint)
{
    const json_t *prices = ct_json_object(item, "prices");
    struct ct_arena *a = out->arena;
    struct ct_offer row = ct_offer_new();
    struct ct_span gpu = ct_json_text(item, "gpuType"), socket = ct_json_text(item, "socket");
    struct ct_span currency = ct_json_text(prices, "currency");
    (void)hint; /* the cloud is in the answer, not the shop */
    row.cloud = ct_offer_cloud_behind(out, ct_json_text(item, "provider"));
    row.region = ct_clean_name(a, ct_json_text(item, "region"));
    row.zone = ct_clean_name(a, ct_json_text(item, "dataCenter"));
    row.sku = row.instance = ct_clean_id(a, ct_json_word(item, "cloudId", a));
    row.gpu_count_milli = ct_offer_milli(item, "gpuCount", 1);
    /* The type's name holds the memory of one; gpuMemory is not told to be of one or of all. */
    ct_offer_identify(out, &row, ct_arena_printf(a, "%.*s %.*s", CT_FMT(gpu), CT_FMT(socket)),
                      CT_NONE);
    row.currency = currency.n ? ct_clean_id(a, currency) : CT_LIT("USD");
    row.host_included = 1;
    row.stock = stock_of(out, ct_json_text(item, "stockStatus"));
    ct_nusd price = ct_offer_price_maybe(out, prices, "onDemand");
    if (price == CT_NONE)
        price = ct_offer_price(out, prices, "communityPrice");
    ct_offer_push(out, &row, ct_json_flag(item, "isSpot") == 1 ? CT_PURCHASE_SPOT : CT_PURCHASE_OD,
                  price);
}

static enum ct_status read_map(struct ct_batch *out, json_t *root, const struct ct_parse_hint *hint,
                               struct ct_error *err)
{
    const char *gpu;
    json_t *list;
    size_t n = 0;
    json_object_foreach (root, gpu, list) {
        if (!json_is_array(list))
            return ct_fail(err, CT_ERR_SHAPE, "$.*", "wanted lists of offers by GPU, found %s",
                           ct_json_kind(list));
        enum ct_status s = ct_offers_each(out, list, "$.*", "cloudId", read_item, hint, err);
        if (s != CT_OK)
            return s;
        n += json_array_size(list);
    }
    return n ? CT_OK : ct_fail(err, CT_ERR_SHAPE, "$", "neither items nor lists of offers by GPU");
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    if (!json_is_object(root))
        return ct_fail(err, CT_ERR_SHAPE, "$", "wanted an object, found %s", ct_json_kind(root));
    if (!json_object_get(root, "items"))
        return read_map(out, root, hint, err);
    return ct_offers_in(out, root, "items", "cloudId", read_item, hint, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_primeintellect_availability = {
    .name = "primeintellect-availability",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://api.primeintellect.ai/api/v1/availability/gpus",
    .parse = parse,
    .unproven = true,
};
