#include "fetchers/families/prices.h"

#include "db/base/text.h"

#include <stdio.h>

#define MAX_DISTINCT_NOTES 200

void ct_note_about(struct ct_batch *out, const char *what, struct ct_span text)
{
    char clean[64], line[128];
    size_t n = ct_text_clean(clean, sizeof clean, text, 0);
    bool many = out->notes.n >= MAX_DISTINCT_NOTES;
    int len = snprintf(line, sizeof line, many || n == 0 ? "%s" : "%s %s", what, clean);
    if (len > 0)
        ct_batch_note(
            out, (struct ct_span){line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1});
}

void ct_offer_set_gpu(struct ct_offer *offer, const struct ct_gpu *gpu)
{
    offer->gpu = gpu->gpu;
    offer->form = gpu->form;
    offer->gpu_mem_milli = gpu->mem_milli;
}

void ct_offer_set_instance(struct ct_offer *offer, const struct ct_instance_type *type)
{
    ct_offer_set_gpu(offer, &type->gpu);
    offer->gpu_count_milli = type->gpu_count_milli;
    offer->vcpu_milli = type->vcpu_milli;
    offer->mem_milli = type->mem_milli;
}

void ct_offer_derive(struct ct_offer *offer)
{
    if (offer->price_per_hour != CT_NONE && offer->gpu_count_milli > 0)
        offer->price_per_gpu_hour = ct_muldiv(offer->price_per_hour, 1000, offer->gpu_count_milli);
}

ct_nusd ct_offer_price(struct ct_batch *out, const json_t *obj, const char *key)
{
    ct_nusd price = CT_NONE;
    enum ct_status s = ct_json_decimal(obj, key, 1, 9, &price);
    const char *why = s == CT_ERR_RANGE  ? "a price that is too large"
                      : s != CT_OK       ? "a price that is no number"
                      : price == CT_NONE ? "a row without a price"
                      : price == 0       ? "a price of zero"
                      : price < 0        ? "a negative price"
                                         : NULL;
    if (!why)
        return price;
    ct_note_about(out, why, CT_SPAN_NONE);
    return CT_NONE;
}
