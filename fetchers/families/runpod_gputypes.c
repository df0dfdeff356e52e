/* runpod-gputypes: RunPod's GPU types (sources/prices.md section 5.1). securePrice and
 * communityPrice are for one GPU; lowestPrice is for as many as were asked, which the answer does
 * not repeat. Also the bare list that archives keep. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

#include <stdio.h>

/* The two kinds of machine RunPod rents; they are priced apart. */
static const struct kind {
    const char *name; /* stands as the region */
    const char *sold, *price, *spot;
} kinds[] = {
    {"secure", "secureCloud", "securePrice", "secureSpotPrice"},
    {"community", "communityCloud", "communityPrice", "communitySpotPrice"},
};

/* What lowestPrice was asked for. */
struct asked {
    int64_t count; /* GPUs; 0 when nothing tells */
    int kind;      /* of kinds, -1 either */
    bool told;     /* by the source, not by the prices */
};

static ct_nusd plain_price(const json_t *obj, const char *key)
{
    ct_nusd price;
    return ct_json_decimal(obj, key, 1, 9, &price) == CT_OK && price != CT_NONE && price > 0
               ? price
               : CT_NONE;
}

/* A type that a kind does not sell may still have a price there, the same for many: no offer. */
static ct_nusd kind_price(const json_t *type, const struct kind *kind, const char *key)
{
    return ct_json_flag(type, kind->sold) == 0 ? CT_NONE : plain_price(type, key);
}

/* How many times ONE is in SUM, 0 unless a whole number up to 16 of times (to a thousandth). */
static int64_t times(ct_nusd sum, ct_nusd one)
{
    int64_t n = one == CT_NONE ? CT_NONE : ct_muldiv(sum, 1000, one);
    int64_t whole = n == CT_NONE ? 0 : (n + 500) / 1000;
    return whole >= 1 && whole <= 16 && n >= whole * 1000 - whole && n <= whole * 1000 + whole
               ? whole
               : 0;
}

/* The count that makes every lowestPrice a multiple of one of its type's prices; 0 when there is no
 * such, or prices disagree. */
static int64_t count_from_prices(const json_t *types)
{
    int64_t count = 0;
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *type = json_array_get(types, i);
        const json_t *lowest = ct_json_object(type, "lowestPrice");
        ct_nusd sum = plain_price(lowest, "uninterruptablePrice");
        int64_t n = 0;
        if (sum == CT_NONE)
            continue;
        for (size_t k = CT_LEN(kinds); n == 0 && k-- > 0;)
            n = times(sum, kind_price(type, &kinds[k], kinds[k].price));
        if (n == 0 || (count != 0 && n != count))
            return 0;
        count = n;
    }
    return count;
}

/* A source's query says "secure 8"; without one the prices may tell the count. */
static struct asked what_was_asked(const struct ct_parse_hint *hint, const json_t *types)
{
    struct asked asked = {.kind = -1};
    struct ct_span rest = hint ? hint->query : CT_SPAN_NONE;
    while (rest.n) {
        struct ct_span word = ct_span_cut(&rest, ' ');
        int64_t n;
        for (size_t k = 0; k < CT_LEN(kinds); k++)
            if (ct_span_is(word, kinds[k].name))
                asked.kind = (int)k;
        if (ct_span_int(word, &n) == CT_OK && n >= 1 && n <= 16) {
            asked.count = n;
            asked.told = true;
        }
    }
    if (!asked.told)
        asked.count = count_from_prices(types);
    return asked;
}

static int stock_of(struct ct_batch *out, const json_t *lowest)
{
    struct ct_span word = ct_json_text(lowest, "stockStatus");
    if (!word.p)
        return CT_STOCK_NONE; /* none for what was asked */
    if (ct_span_ieq(word, CT_LIT("High")) || ct_span_ieq(word, CT_LIT("Medium")))
        return CT_STOCK_AVAILABLE;
    if (ct_span_ieq(word, CT_LIT("Low")))
        return CT_STOCK_LOW;
    ct_note_about(out, "stock status", word);
    return CT_STOCK_UNKNOWN;
}

/* Rows of one GPU, a kind at a time. */
static void push_single(struct ct_batch *out, const json_t *type, const struct ct_offer *common,
                        const struct asked *asked, int stock)
{
    const json_t *lowest = ct_json_object(type, "lowestPrice");
    for (size_t k = 0; k < CT_LEN(kinds); k++) {
        struct ct_offer row = *common;
        bool meant = asked->count == 1 && lowest && (asked->kind < 0 || asked->kind == (int)k);
        ct_nusd price = kind_price(type, &kinds[k], kinds[k].price);
        ct_nusd spot = kind_price(type, &kinds[k], kinds[k].spot);
        row.gpu_count_milli = 1000;
        row.region = ct_span(kinds[k].name);
        if (meant && (stock == CT_STOCK_NONE || asked->kind >= 0))
            row.stock = stock; /* "some" of either kind says nothing about this one */
        ct_offer_push(out, &row, CT_PURCHASE_OD, price);
        if (price == CT_NONE)
            ct_note_about(out, "not sold as", row.region);
        if (spot == CT_NONE && meant && asked->kind >= 0)
            spot = plain_price(lowest, "minimumBidPrice");
        ct_offer_push(out, &row, CT_PURCHASE_SPOT, spot);
    }
}

/* Rows of the machine that was asked for, of several GPUs. */
static void push_several(struct ct_batch *out, const json_t *type, const struct ct_offer *common,
                         const struct asked *asked, int stock)
{
    const json_t *lowest = ct_json_object(type, "lowestPrice");
    struct ct_offer row = *common;
    row.gpu_count_milli = asked->count * 1000;
    row.stock = stock;
    row.region = asked->kind < 0 ? CT_SPAN_NONE : ct_span(kinds[asked->kind].name);
    ct_offer_push(out, &row, CT_PURCHASE_OD, plain_price(lowest, "uninterruptablePrice"));
    ct_offer_push(out, &row, CT_PURCHASE_SPOT, plain_price(lowest, "minimumBidPrice"));
}

static void read_type(struct ct_batch *out, const json_t *type, const struct ct_parse_hint *hint,
                      const struct asked *asked)
{
    struct ct_offer row = ct_offer_new();
    struct ct_span id = ct_json_text(type, "id");
    const json_t *lowest = ct_json_object(type, "lowestPrice");
    if (ct_span_is(id, "unknown")) {
        ct_note_about(out, "the type \"unknown\"", CT_SPAN_NONE);
        return;
    }
    row.cloud = ct_offer_cloud(out, hint, "runpod");
    row.sku = ct_clean_id(out->arena, id);
    row.instance = ct_clean_id(out->arena, ct_json_text(type, "displayName"));
    ct_offer_identify(out, &row, id, ct_offer_milli(type, "memoryInGb", 1));
    row.currency = CT_LIT("USD");
    row.host_included = 1;
    row.stock = CT_STOCK_UNKNOWN;
    int stock = lowest ? stock_of(out, lowest) : CT_STOCK_UNKNOWN;
    if (!asked->told || asked->count == 1)
        push_single(out, type, &row, asked, stock);
    if (asked->count > 1 && lowest)
        push_several(out, type, &row, asked, stock);
    else if (asked->count == 0 && plain_price(lowest, "uninterruptablePrice") != CT_NONE)
        ct_note_about(out, "lowestPrice of an unknown number of GPUs", CT_SPAN_NONE);
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    const json_t *types = root, *data;
    const char *path = "$";
    enum ct_status s = CT_OK;
    if (!json_is_array(root)) { /* faults come as 200 with errors and data null */
        path = "$.data.gpuTypes";
        s = ct_json_need(root, "$", "data", CT_WANT_OBJECT, &data, err);
        if (s == CT_OK)
            s = ct_json_need(data, "$.data", "gpuTypes", CT_WANT_ARRAY, &types, err);
        if (s != CT_OK)
            return s;
    }
    struct asked asked = what_was_asked(hint, types);
    struct ct_elements seen = {0};
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *type = json_array_get(types, i);
        bool fits = ct_json_text(type, "id").n && json_object_get(type, "memoryInGb");
        if (ct_element(&seen, path, i, type, fits))
            read_type(out, type, hint, &asked);
    }
    return ct_elements_end(out, &seen, "a GPU type with id and memoryInGb", err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_runpod_gputypes = {
    .name = "runpod-gputypes",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://api.runpod.io/graphql (POST)",
    .parse = parse,
};
