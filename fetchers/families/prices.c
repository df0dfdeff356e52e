#include "fetchers/families/prices.h"

#include "db/base/text.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

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

void ct_note_count(struct ct_batch *out, const char *what, int64_t count)
{
    struct ct_note *note = count > 0 ? CT_VEC_PUSH(out->arena, &out->notes) : NULL;
    if (note)
        *note = (struct ct_note){ct_span(what), count};
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

void ct_offer_set_free(struct ct_offer *offer, int64_t n)
{
    offer->stock = n < 0 ? CT_STOCK_UNKNOWN : n > 0 ? CT_STOCK_AVAILABLE : CT_STOCK_NONE; /* so is CT_NONE */
    offer->stock_count = n >= 0 ? n : CT_NONE;
}

void ct_offer_derive(struct ct_offer *offer)
{
    if (offer->price_per_hour != CT_NONE && offer->gpu_count_milli > 0)
        offer->price_per_gpu_hour = ct_muldiv(offer->price_per_hour, 1000, offer->gpu_count_milli);
}

/* PRICE as read with status S, if it is one. */
static ct_nusd price_or_note(struct ct_batch *out, enum ct_status s, ct_nusd price,
                             const char *missing)
{
    const char *why = s == CT_ERR_RANGE  ? "a price that is too large"
                      : s != CT_OK       ? "a price that is no number"
                      : price == CT_NONE ? missing
                      : price == 0       ? "a price of zero"
                      : price < 0        ? "a negative price"
                                         : NULL;
    if (why)
        ct_note_about(out, why, CT_SPAN_NONE);
    return s == CT_OK && price != CT_NONE && price > 0 ? price : CT_NONE;
}

ct_nusd ct_offer_price(struct ct_batch *out, const json_t *obj, const char *key)
{
    ct_nusd price = CT_NONE;
    enum ct_status s = ct_json_decimal(obj, key, 1, 9, &price);
    return price_or_note(out, s, price, "a row without a price");
}

ct_nusd ct_offer_price_text(struct ct_batch *out, struct ct_span text, const char *missing)
{
    ct_nusd price = CT_NONE;
    enum ct_status s = text.n ? ct_nusd_parse(text, 1, &price) : CT_OK;
    return price_or_note(out, s, price, missing);
}

ct_nusd ct_offer_price_maybe(struct ct_batch *out, const json_t *obj, const char *key)
{
    return ct_json_get(obj, key) ? ct_offer_price(out, obj, key) : CT_NONE;
}

ct_nusd ct_from_cents(ct_nusd cents)
{
    return ct_muldiv(cents, 1, 100);
}

int64_t ct_offer_milli(const json_t *obj, const char *key, int64_t divisor)
{
    int64_t value;
    if (ct_json_decimal(obj, key, 1, 3, &value) != CT_OK || value == CT_NONE || value <= 0)
        return CT_NONE;
    return ct_muldiv(value, 1, divisor);
}

struct ct_span ct_offer_cloud(struct ct_batch *out, const struct ct_parse_hint *hint,
                              const char *name)
{
    return ct_clean_id(out->arena, hint && hint->provider.n ? hint->provider : ct_span(name));
}

struct ct_span ct_offer_cloud_behind(struct ct_batch *out, struct ct_span name)
{
    static const char *const renamed[][2] = {{"lambdalabs", "lambda"}, {"datacrunch", "verda"}};
    for (size_t i = 0; i < CT_LEN(renamed); i++)
        if (ct_span_ieq(name, ct_span(renamed[i][0])))
            return ct_span(renamed[i][1]);
    return ct_clean_id(out->arena, name);
}

void ct_offer_set_slice(struct ct_batch *out, struct ct_offer *row)
{
    if (row->gpu.n && !ct_span_ends(row->gpu, "-slice"))
        row->gpu = ct_arena_printf(out->arena, "%.*s-slice", CT_FMT(row->gpu));
    row->form = CT_SPAN_NONE;
}

bool ct_offer_identify(struct ct_batch *out, struct ct_offer *row, struct ct_span text,
                       int64_t mem_milli)
{
    struct ct_gpu gpu;
    if (!ct_gpu_identify(text, mem_milli, &gpu)) {
        ct_note_about(out, "unknown GPU", text);
        return false;
    }
    if (gpu.odd_memory || gpu.slice)
        ct_note_about(out, gpu.slice ? "a part of a GPU" : "unusual memory of", text);
    ct_offer_set_gpu(row, &gpu);
    if (gpu.slice)
        ct_offer_set_slice(out, row);
    return true;
}

void ct_offer_add(struct ct_batch *out, const struct ct_offer *row)
{
    struct ct_offer *pushed = CT_VEC_PUSH(out->arena, &out->offers);
    if (pushed)
        *pushed = *row;
}

void ct_offer_push(struct ct_batch *out, const struct ct_offer *common, int purchase, ct_nusd price)
{
    struct ct_offer row = *common;
    if (price == CT_NONE)
        return;
    row.purchase = purchase;
    row.price_per_hour = price;
    ct_offer_derive(&row);
    ct_offer_add(out, &row);
}

bool ct_element(struct ct_elements *e, const char *path, size_t i, const json_t *item, bool fits)
{
    e->n++;
    if (!fits && e->odd++ == 0) {
        snprintf(e->where, sizeof e->where, "%s", path);
        if (i != SIZE_MAX)
            snprintf(e->where, sizeof e->where, "%s[%zu]", path, i);
        snprintf(e->found, sizeof e->found, "%s", ct_json_kind(item));
    }
    return fits;
}

enum ct_status ct_elements_end(struct ct_batch *out, const struct ct_elements *e,
                               const char *wanted, struct ct_error *err)
{
    if (e->odd * 2 >= e->n && e->odd > 0)
        return ct_fail(err, CT_ERR_SHAPE, e->where, "wanted %s, found %s", wanted, e->found);
    ct_note_count(out, "an element that is no offer", (int64_t)e->odd);
    return CT_OK;
}

enum ct_status ct_offers_each(struct ct_batch *out, const json_t *list, const char *path,
                              const char *key, ct_offer_reader *read,
                              const struct ct_parse_hint *hint, struct ct_error *err)
{
    struct ct_elements seen = {0};
    char wanted[64];
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (ct_element(&seen, path, i, item, json_object_get(item, key) != NULL))
            read(out, item, hint);
    }
    snprintf(wanted, sizeof wanted, "an object with %s", key);
    return ct_elements_end(out, &seen, wanted, err);
}

enum ct_status ct_offers_in(struct ct_batch *out, const json_t *root, const char *name, const char *key,
                            ct_offer_reader *read, const struct ct_parse_hint *hint,
                            struct ct_error *err)
{
    const json_t *list;
    char path[64];
    enum ct_status s = ct_json_need(root, "$", name, CT_WANT_ARRAY, &list, err);
    snprintf(path, sizeof path, "$.%s", name);
    return s == CT_OK ? ct_offers_each(out, list, path, key, read, hint, err) : s;
}

enum ct_status ct_offers_parse(struct ct_span body, const struct ct_parse_hint *hint,
                               struct ct_batch *out, ct_offers_root *read, struct ct_error *err)
{
    json_t *root = NULL;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(body, 0, &root, err);
    if (s == CT_OK) {
        s = read(out, root, hint, err);
        if (s == CT_ERR_SHAPE)
            ct_family_explain(err, body);
    }
    json_decref(root);
    return ct_rows_finish(out, s, err);
}
