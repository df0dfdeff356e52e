/* ovh-catalog: OVHcloud's public order catalogue (sources/prices.md section 5). Plan codes say it
 * all: "h100-380.consumption" is a machine of an H100 family with 380 GB, by the hour, and
 * "ai-training.h100-1-gpu.minute.consumption" one GPU, by the minute. Prices are in hundred-millionths
 * of the currency, without tax. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

enum { NANO_A_UNIT = 10, MOST_GPUS = 64 };

/* What a plan code is made of. */
struct plan {
    struct ct_span gpu, flavor;
    int64_t gpus; /* CT_NONE: the code does not say */
    int minutes;  /* 1 or 60 of these are an hour */
};

/* Cuts the part behind the last SEPARATOR off *TEXT; null when there is none. */
static struct ct_span cut_last(struct ct_span *text, char separator)
{
    for (size_t i = text->n; i-- > 0;)
        if (text->p[i] == separator) {
            struct ct_span part = {text->p + i + 1, text->n - i - 1};
            text->n = i;
            return part;
        }
    return CT_SPAN_NONE;
}

/* False: a plan that is not paid by the hour or minute of use. */
static bool read_code(struct ct_span code, struct plan *out)
{
    struct ct_span rest = code, part = cut_last(&rest, '.'), before = rest;
    *out = (struct plan){.gpus = CT_NONE, .minutes = 1};
    if (!ct_span_is(part, "consumption"))
        return false;
    part = cut_last(&rest, '.');
    if (ct_span_is(part, "minute") || ct_span_is(part, "hour")) {
        out->minutes = ct_span_is(part, "minute") ? 60 : 1;
        part = cut_last(&rest, '.');
        if (!part.p)
            part = rest;
    } else if (!part.p) {
        part = before;
    }
    out->flavor = out->gpu = part;
    struct ct_span last = cut_last(&out->gpu, '-');
    int64_t n;
    if (ct_span_is(last, "gpu")) {
        last = cut_last(&out->gpu, '-');
        if (ct_span_int(last, &n) == CT_OK && n >= 1 && n <= MOST_GPUS)
            out->gpus = n;
    }
    return true;
}

/* The first price of use above zero, in nano units an hour; CT_NONE when there is none. */
static ct_nusd price_of(const json_t *addon, int minutes)
{
    const json_t *pricings = ct_json_array(addon, "pricings");
    for (size_t i = 0; i < json_array_size(pricings); i++) {
        int64_t nano = CT_NONE;
        if (ct_json_decimal(json_array_get(pricings, i), "price", (int64_t)NANO_A_UNIT * minutes, 0,
                            &nano) == CT_OK &&
            nano != CT_NONE && nano > 0)
            return nano;
    }
    return CT_NONE;
}

static void read_addon(struct ct_batch *out, const json_t *addon, struct ct_span currency)
{
    struct plan plan;
    struct ct_gpu gpu;
    struct ct_span code = ct_json_text(addon, "planCode");
    const json_t *technical = ct_json_object(ct_json_object(addon, "blobs"), "technical");
    int64_t told = ct_json_int(ct_json_object(technical, "gpu"), "number");
    bool by_use = read_code(code, &plan);
    bool known = by_use && ct_gpu_identify(plan.gpu, CT_NONE, &gpu);
    if (by_use && plan.gpus == CT_NONE && told >= 1 && told <= MOST_GPUS)
        plan.gpus = told;
    ct_nusd price = known ? price_of(addon, plan.minutes) : CT_NONE;
    const char *why = !code.n                ? "a plan without a code"
                      : !by_use               ? "a plan that is not paid by use"
                      : !known                ? "a plan without a known GPU"
                      : plan.gpus == CT_NONE ? "a plan that does not tell how many GPUs"
                      : price == CT_NONE     ? "a row without a price"
                                              : NULL;
    if (why) {
        ct_note_about(out, why, CT_SPAN_NONE);
        return;
    }
    struct ct_offer row = ct_offer_new();
    row.cloud = CT_LIT("ovhcloud");
    row.sku = ct_clean_id(out->arena, code);
    row.instance = ct_clean_id(out->arena, plan.flavor);
    ct_offer_set_gpu(&row, &gpu);
    row.gpu_count_milli = plan.gpus * 1000;
    row.currency = currency;
    row.host_included = 1;
    row.stock = CT_STOCK_UNKNOWN; /* a price list */
    ct_offer_push(out, &row, CT_PURCHASE_OD, price);
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    const json_t *addons, *locale;
    (void)hint;
    enum ct_status s = ct_json_need(root, "$", "locale", CT_WANT_OBJECT, &locale, err);
    if (s == CT_OK)
        s = ct_json_need(root, "$", "addons", CT_WANT_ARRAY, &addons, err);
    if (s != CT_OK)
        return s;
    struct ct_span currency = ct_clean_id(out->arena, ct_json_text(locale, "currencyCode"));
    if (currency.n != 3)
        return ct_fail(err, CT_ERR_SHAPE, "$.locale", "no currencyCode");
    for (size_t i = 0; i < json_array_size(addons); i++)
        read_addon(out, json_array_get(addons, i), currency);
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_ovh_catalog = {
    .name = "ovh-catalog",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://eu.api.ovh.com/v1/order/catalog/public/cloud?ovhSubsidiary=FR",
    .max_bytes = 32u << 20,
    .parse = parse,
    .unproven = true,
};
