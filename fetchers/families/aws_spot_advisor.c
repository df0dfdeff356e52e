/* aws-spot-advisor: how often AWS took spot machines back in the last month, by region and type
 * (sources/prices.md section 3.3). No prices: a saving in percent is none. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

#include <stdio.h>

enum { RANGES_MAX = 32 };

struct bands {
    struct ct_span label[RANGES_MAX]; /* by index; null where the list has none */
};

static enum ct_status read_bands(struct ct_batch *out, const json_t *root, struct bands *bands,
                                 struct ct_error *err)
{
    const json_t *ranges, *label;
    enum ct_status s = ct_json_need(root, "$", "ranges", CT_WANT_ARRAY, &ranges, err);
    for (size_t i = 0; s == CT_OK && i < json_array_size(ranges); i++) {
        const json_t *range = json_array_get(ranges, i);
        char where[48];
        snprintf(where, sizeof where, "$.ranges[%zu]", i);
        int64_t index = ct_json_int(range, "index");
        s = ct_json_need(range, where, "label", CT_WANT_TEXT, &label, err);
        if (s == CT_OK && (index < 0 || index >= RANGES_MAX))
            s = ct_fail(err, CT_ERR_SHAPE, where, "wanted an index of a few ranges");
        if (s == CT_OK)
            bands->label[index] = ct_clean_id(out->arena, ct_json_span(label));
    }
    return s;
}

static void read_type(struct ct_batch *out, const char *name, const json_t *entry,
                      struct ct_span region, const struct bands *bands)
{
    struct ct_instance_type type;
    if (!ct_instance_find(CT_LIT("aws"), ct_span(name), &type)) {
        ct_note_about(out, "an instance without a known accelerator", CT_SPAN_NONE);
        return;
    }
    struct ct_offer row = ct_offer_new();
    int64_t r = ct_json_int(entry, "r"); /* an index, no percentage */
    if (r >= 0 && r < RANGES_MAX)
        row.interruption = bands->label[r];
    if (!row.interruption.p)
        ct_note_about(out, "an index outside ranges", CT_SPAN_NONE);
    row.cloud = CT_LIT("aws");
    row.region = region;
    row.sku = row.instance = ct_clean_id(out->arena, ct_span(name));
    ct_offer_set_instance(&row, &type);
    row.purchase = CT_PURCHASE_SPOT;
    row.host_included = 1;
    row.stock = CT_STOCK_UNKNOWN;
    ct_offer_add(out, &row);
}

static enum ct_status read_regions(struct ct_batch *out, json_t *regions, const struct bands *bands,
                                   struct ct_error *err)
{
    const char *name, *type;
    json_t *systems, *entry;
    size_t others = 0;
    json_object_foreach (regions, name, systems) {
        struct ct_span region = ct_clean_name(out->arena, ct_span(name));
        json_t *types = json_object_get(systems, "Linux");
        if (ct_region_is_sovereign(CT_LIT("aws"), region)) {
            ct_note_about(out, "a region not for sale to everybody:", region);
            continue;
        }
        if (!json_is_object(systems) || (types && !json_is_object(types)))
            return ct_fail(err, CT_ERR_SHAPE, "$.spot_advisor.*",
                           "wanted machines by operating system, found %s", ct_json_kind(systems));
        json_object_foreach (types, type, entry) {
            if (ct_rows_too_many(out))
                return CT_OK;
            read_type(out, type, entry, ct_region_canonical(CT_LIT("aws"), region), bands);
        }
        json_object_foreach (systems, type, entry)
            others += entry == types ? 0 : json_object_size(entry);
    }
    ct_note_count(out, "a machine with another system than Linux", (int64_t)others);
    return CT_OK;
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    const json_t *regions;
    struct bands bands = {0};
    (void)hint;
    enum ct_status s = ct_json_need(root, "$", "spot_advisor", CT_WANT_OBJECT, &regions, err);
    if (s == CT_OK)
        s = read_bands(out, root, &bands, err);
    return s == CT_OK ? read_regions(out, json_object_get(root, "spot_advisor"), &bands, err) : s;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_aws_spot_advisor = {
    .name = "aws-spot-advisor",
    .kind = CT_SOURCE_PRICES,
    .version = 2,
    .url_pattern = "https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json",
    .parse = parse,
};
