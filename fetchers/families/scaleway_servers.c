/* scaleway-servers: instance types of one Scaleway zone by name (sources/prices.md section 5). Euro
 * an hour for the machine. The zone is only in the request: the source's query says it. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

#define GIB (INT64_C(1) << 30)

/* "fr-par" of "fr-par-2". */
static struct ct_span region_of(struct ct_span zone)
{
    size_t n = zone.n;
    while (n > 0 && zone.p[n - 1] >= '0' && zone.p[n - 1] <= '9')
        n--;
    return n > 1 && n < zone.n && zone.p[n - 1] == '-' ? (struct ct_span){zone.p, n - 1} : zone;
}

/* Bytes at KEY in thousandths of a GiB. */
static int64_t gib(const json_t *obj, const char *key)
{
    int64_t bytes = ct_json_int(obj, key);
    return bytes > 0 ? ct_muldiv(bytes, 1000, GIB) : CT_NONE;
}

static void read_type(struct ct_batch *out, const char *name, const json_t *type,
                      const struct ct_parse_hint *hint)
{
    struct ct_offer row = ct_offer_new();
    const json_t *info = ct_json_object(type, "gpu_info");
    struct ct_gpu gpu;
    int64_t memory = gib(info, "gpu_memory");
    row.gpu_count_milli = ct_offer_milli(type, "gpu", 1);
    if (row.gpu_count_milli == CT_NONE) {
        ct_note_about(out, "a machine without a GPU", CT_SPAN_NONE);
        return;
    }
    row.cloud = ct_offer_cloud(out, hint, "scaleway");
    if (hint && hint->query.n) {
        row.zone = ct_clean_id(out->arena, hint->query);
        row.region = region_of(row.zone);
    }
    row.sku = row.instance = ct_clean_id(out->arena, ct_span(name));
    /* The type's name says more (H100-SXM-2-80G) than gpu_name, where it holds a GPU's at all. */
    bool by_type = ct_gpu_identify(ct_span(name), memory, &gpu);
    ct_offer_identify(out, &row, by_type ? ct_span(name) : ct_json_text(info, "gpu_name"), memory);
    if (ct_json_text(type, "mig_profile").n) {
        ct_note_about(out, "a part of a GPU", ct_span(name));
        ct_offer_set_slice(out, &row);
    }
    row.vcpu_milli = ct_offer_milli(type, "ncpus", 1);
    row.mem_milli = gib(type, "ram");
    row.currency = CT_LIT("EUR");
    row.host_included = 1;
    row.stock = CT_STOCK_UNKNOWN;
    ct_offer_push(out, &row, CT_PURCHASE_OD, ct_offer_price(out, type, "hourly_price"));
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    const json_t *servers;
    const char *name;
    json_t *type;
    enum ct_status s = ct_json_need(root, "$", "servers", CT_WANT_OBJECT, &servers, err);
    if (s != CT_OK)
        return s;
    struct ct_elements seen = {0};
    json_object_foreach (json_object_get(root, "servers"), name, type) {
        bool fits = json_object_get(type, "hourly_price") != NULL;
        if (ct_element(&seen, "$.servers.*", SIZE_MAX, type, fits))
            read_type(out, name, type, hint);
    }
    return ct_elements_end(out, &seen, "a machine with an hourly_price", err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_scaleway_servers = {
    .name = "scaleway-servers",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern =
        "https://api.scaleway.com/instance/v1/zones/{zone}/products/servers?per_page=100",
    .parse = parse,
};
