/* azure-retail: pages of the Azure Retail Prices list (sources/prices.md section 3.1). A price is
 * that of the machine; of a reservation that of the whole term, though the unit is an hour. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"
#include "fetchers/jsonx.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

#include <stdio.h>

#define HOURS_A_YEAR 8760

/* Why an item is left out, or NULL. */
static const char *not_wanted(const json_t *item)
{
    struct ct_span product = ct_json_text(item, "productName"),
                   meter = ct_json_text(item, "meterName"), sku = ct_json_text(item, "skuName"),
                   service = ct_json_text(item, "serviceName"),
                   region = ct_json_text(item, "armRegionName");
    int64_t tier = CT_NONE;
    if (service.n && !ct_span_is(service, "Virtual Machines"))
        return "a service other than virtual machines";
    if (ct_span_ihas(product, CT_LIT("windows")) || ct_span_ends(product, " Win"))
        return "Windows";
    if (ct_span_ihas(meter, CT_LIT("low priority")) || ct_span_ihas(sku, CT_LIT("low priority")))
        return "Low Priority";
    if (ct_span_ihas(product, CT_LIT("dedicated host")))
        return "Dedicated Host";
    if (ct_span_is(ct_json_text(item, "type"), "DevTestConsumption"))
        return "DevTest";
    if (ct_json_flag(item, "isPrimaryMeterRegion") == 0)
        return "a copy for another meter region";
    if (!ct_json_text(item, "armSkuName").n)
        return "no armSkuName";
    if (!region.n)
        return "no armRegionName";
    if (ct_region_is_sovereign(CT_LIT("azure"), region))
        return "a region not for sale to everybody";
    if (ct_json_decimal(item, "tierMinimumUnits", 1, 3, &tier) != CT_OK || tier > 0)
        return "a tier above zero";
    if (!ct_span_ieq(ct_json_text(item, "unitOfMeasure"), CT_LIT("1 Hour")))
        return "a unit other than 1 Hour";
    return NULL;
}

/* Years of TERM ("1 Year", "3 Years"), 0 when it is another. */
static int years(struct ct_span term)
{
    return ct_span_is(term, "1 Year") ? 1 : ct_span_is(term, "3 Years") ? 3 : 0;
}

static void push(struct ct_batch *out, const struct ct_offer *common, int purchase, ct_nusd price)
{
    struct ct_offer *row = CT_VEC_PUSH(out->arena, &out->offers);
    if (!row)
        return;
    *row = *common;
    row->purchase = purchase;
    row->price_per_hour = price;
    ct_offer_derive(row);
}

/* Savings plans hang on the consumption row; their price is by the hour. */
static void push_savings(struct ct_batch *out, const json_t *item, const struct ct_offer *common)
{
    const json_t *plans = ct_json_array(item, "savingsPlan");
    for (size_t i = 0; i < json_array_size(plans); i++) {
        const json_t *plan = json_array_get(plans, i);
        int n = years(ct_json_text(plan, "term"));
        if (n == 0) {
            ct_note_about(out, "savings plan term", ct_json_text(plan, "term"));
            continue;
        }
        ct_nusd price = ct_offer_price(out, plan, "retailPrice");
        if (price != CT_NONE)
            push(out, common, n == 1 ? CT_PURCHASE_SAVINGS_1Y : CT_PURCHASE_SAVINGS_3Y, price);
    }
}

static void push_offers(struct ct_batch *out, const json_t *item, const struct ct_offer *common)
{
    struct ct_span type = ct_json_text(item, "type"), term = ct_json_text(item, "reservationTerm");
    ct_nusd price = ct_offer_price(out, item, "retailPrice");
    if (price == CT_NONE)
        return;
    if (ct_span_is(type, "Reservation")) {
        int n = years(term);
        if (n == 0)
            ct_note_about(out, "reservation term", term);
        else
            push(out, common, n == 1 ? CT_PURCHASE_RESERVED_1Y : CT_PURCHASE_RESERVED_3Y,
                 ct_muldiv(price, 1, n * HOURS_A_YEAR));
    } else if (!ct_span_is(type, "Consumption")) {
        ct_note_about(out, "price type", type);
    } else if (ct_span_ihas(ct_json_text(item, "meterName"), CT_LIT("spot")) ||
               ct_span_ihas(ct_json_text(item, "skuName"), CT_LIT("spot"))) {
        push(out, common, CT_PURCHASE_SPOT, price);
    } else {
        push(out, common, CT_PURCHASE_OD, price);
        push_savings(out, item, common);
    }
}

/* The families of sizes with a GPU: NC, ND, NV, NG. */
static bool is_gpu_size(struct ct_span name)
{
    return ct_span_istarts(name, "Standard_NC") || ct_span_istarts(name, "Standard_ND") ||
           ct_span_istarts(name, "Standard_NV") || ct_span_istarts(name, "Standard_NG");
}

static void read_item(struct ct_batch *out, const json_t *item, struct ct_span currency)
{
    struct ct_arena *a = out->arena;
    struct ct_instance_type type;
    struct ct_span size = ct_json_text(item, "armSkuName");
    const char *why = not_wanted(item);
    bool known = !why && ct_instance_find(CT_LIT("azure"), size, &type);
    if (!why && !known && !is_gpu_size(size))
        why = "a size without a GPU";
    if (why) {
        ct_note_about(out, why, CT_SPAN_NONE);
        return;
    }
    struct ct_offer row = ct_offer_new();
    struct ct_span own = ct_json_text(item, "currencyCode");
    row.cloud = CT_LIT("azure");
    row.region = ct_clean_name(a, ct_json_text(item, "armRegionName"));
    row.region = ct_region_canonical(row.cloud, row.region);
    row.sku = ct_clean_id(a, ct_json_text(item, "skuId"));
    row.instance = ct_clean_id(a, size);
    if (known)
        ct_offer_set_instance(&row, &type);
    else
        ct_note_about(out, "unknown GPU size", size);
    row.currency = ct_clean_id(a, own.n ? own : currency);
    row.host_included = 1;
    row.stock = CT_STOCK_UNKNOWN; /* a price list: says nothing about capacity */
    row.effective_ms = ct_json_time(item, "effectiveStartDate");
    push_offers(out, item, &row);
}

static enum ct_status read_page(struct ct_batch *out, const json_t *root, struct ct_span body,
                                struct ct_error *err)
{
    const json_t *items;
    if (!json_object_get(root, "Items") ||
        (!json_object_get(root, "NextPageLink") && !json_object_get(root, "BillingCurrency")))
        return ct_fail(err, CT_ERR_SHAPE, "$", "no Items with a NextPageLink; this looks like %s",
                       ct_family_guess(body));
    enum ct_status s = ct_json_need(root, "$", "Items", CT_WANT_ARRAY, &items, err);
    if (s != CT_OK)
        return s;
    struct ct_span currency = ct_json_text(root, "BillingCurrency");
    struct ct_elements seen = {0};
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        if (ct_element(&seen, "$.Items", i, item, json_is_object(item)))
            read_item(out, item, currency);
    }
    if ((s = ct_elements_end(out, &seen, "an object", err)) != CT_OK)
        return s;
    int64_t count = ct_json_int(root, "Count");
    if (count != CT_NONE && count != (int64_t)json_array_size(items))
        ct_note_about(out, "Count differs from the number of items", CT_SPAN_NONE);
    /* Whether it may be followed is for whoever knows where this page came from. */
    struct ct_span next = ct_json_text(root, "NextPageLink");
    out->next_page = next.n ? ct_clean_url(out->arena, next) : CT_SPAN_NONE;
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root = NULL;
    (void)hint;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(body, 0, &root, err);
    if (s == CT_OK)
        s = read_page(out, root, body, err);
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_azure_retail = {
    .name = "azure-retail",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://prices.azure.com/api/retail/prices?$filter=...",
    .parse = parse,
};
