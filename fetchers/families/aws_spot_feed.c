/* aws-spot-feed: spot prices of EC2 by region and instance type (sources/prices.md section 3.2).
 * Plain JSON today, JSONP in older copies. One figure a region; nothing in it says when it was
 * made. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"
#include "fetchers/jsonx.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

#include <stdio.h>

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || c == '.';
}

/* What stands between "callback(" and ");", or BODY itself. */
static struct ct_span unwrap(struct ct_span body)
{
    struct ct_span s = ct_span_trim(body);
    size_t n = 0;
    while (n < s.n && is_name(s.p[n]))
        n++;
    if (n == 0 || n >= s.n || s.p[n] != '(')
        return body;
    if (s.p[s.n - 1] == ';')
        s = ct_span_trim((struct ct_span){s.p, s.n - 1});
    if (s.p[s.n - 1] == ')')
        s.n--;
    return (struct ct_span){s.p + n + 1, s.n - n - 1};
}

/* The Linux price in dollars; CT_NONE with a note when it is none. Others are counted. */
static ct_nusd linux_price(struct ct_batch *out, const json_t *size)
{
    const json_t *columns = ct_json_array(size, "valueColumns"), *linux_column = NULL;
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const json_t *column = json_array_get(columns, i);
        if (!linux_column && ct_span_is(ct_json_text(column, "name"), "linux"))
            linux_column = column;
        else
            ct_note_about(out, "a price with another system than Linux", CT_SPAN_NONE);
    }
    const json_t *prices = ct_json_object(linux_column, "prices");
    struct ct_span text = ct_json_text(prices, "USD");
    bool none = ct_span_istarts(text, "N/A") || ct_span_is(text, "-1");
    if (linux_column && !none)
        return ct_offer_price(out, prices, "USD");
    ct_note_about(out, none ? "an instance not on offer here" : "an instance without a Linux price",
                  CT_SPAN_NONE);
    return CT_NONE;
}

static void read_size(struct ct_batch *out, const json_t *size, struct ct_span region)
{
    struct ct_instance_type type;
    struct ct_span name = ct_json_text(size, "size");
    if (!ct_instance_find(CT_LIT("aws"), name, &type)) {
        ct_note_about(
            out, name.n ? "an instance without a known accelerator" : "an instance without a name",
            CT_SPAN_NONE);
        return;
    }
    ct_nusd price = linux_price(out, size);
    if (price == CT_NONE)
        return;
    struct ct_offer *row = CT_VEC_PUSH(out->arena, &out->offers);
    if (!row)
        return;
    *row = ct_offer_new();
    row->cloud = CT_LIT("aws");
    row->region = region;
    row->sku = row->instance = ct_clean_id(out->arena, name);
    ct_offer_set_instance(row, &type);
    row->purchase = CT_PURCHASE_SPOT;
    row->currency = CT_LIT("USD");
    row->price_per_hour = price;
    row->host_included = 1;
    row->stock = CT_STOCK_UNKNOWN;
    ct_offer_derive(row);
}

static enum ct_status read_region(struct ct_batch *out, const json_t *entry, const char *path,
                                  struct ct_error *err)
{
    const json_t *types = ct_json_array(entry, "instanceTypes");
    struct ct_span text = ct_clean_name(out->arena, ct_json_text(entry, "region"));
    if (ct_region_is_sovereign(CT_LIT("aws"), text)) {
        ct_note_about(out, "a region not for sale to everybody:", text);
        return CT_OK;
    }
    struct ct_span region = ct_region_canonical(CT_LIT("aws"), text);
    struct ct_elements seen = {0};
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *type = json_array_get(types, i), *sizes = ct_json_array(type, "sizes");
        if (ct_element(&seen, path, i, type, sizes != NULL))
            for (size_t k = 0; k < json_array_size(sizes); k++)
                read_size(out, json_array_get(sizes, k), region);
    }
    return ct_elements_end(out, &seen, "an object with sizes", err);
}

static enum ct_status read_feed(struct ct_batch *out, const json_t *root, struct ct_error *err)
{
    const json_t *config, *regions;
    enum ct_status s = ct_json_need(root, "$", "config", CT_WANT_OBJECT, &config, err);
    if (s == CT_OK)
        s = ct_json_need(config, "$.config", "regions", CT_WANT_ARRAY, &regions, err);
    if (s != CT_OK)
        return s;
    struct ct_span rate = ct_json_text(config, "rate");
    if (!ct_span_is(rate, "perhr")) /* any other would make every price wrong */
        return ct_fail(err, CT_ERR_SHAPE, "$.config.rate", "wanted \"perhr\", found \"%.*s\"",
                       rate.n > 40 ? 40 : (int)rate.n, rate.p ? rate.p : "");
    struct ct_elements seen = {0};
    for (size_t i = 0; s == CT_OK && i < json_array_size(regions); i++) {
        const json_t *region = json_array_get(regions, i);
        char where[64];
        snprintf(where, sizeof where, "$.config.regions[%zu].instanceTypes", i);
        bool fits = ct_json_text(region, "region").n && ct_json_array(region, "instanceTypes");
        if (ct_element(&seen, "$.config.regions", i, region, fits))
            s = read_region(out, region, where, err);
    }
    return s == CT_OK ? ct_elements_end(out, &seen, "a region with instanceTypes", err) : s;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root = NULL;
    (void)hint;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(unwrap(body), 0, &root, err);
    if (s == CT_OK)
        s = read_feed(out, root, err);
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_aws_spot_feed = {
    .name = "aws-spot-feed",
    .kind = CT_SOURCE_PRICES,
    .version = 2,
    .url_pattern = "https://website.spot.ec2.aws.a2z.com/spot.json",
    .parse = parse,
};
