/* llmprices: the labs' own list prices, kept by hand with their true dates (sources/models.md
 * section 2.5): current-v1, historical-v1 and the per-vendor files they are made of. Dollars per
 * million tokens. */
#include "db/base/text.h"
#include "db/base/timeutil.h"
#include "fetchers/families/all.h"
#include "fetchers/families/tokens.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

static const struct ct_token_field fields[] = {
    {"input", CT_KIND_INPUT, NULL},
    {"output", CT_KIND_OUTPUT, NULL},
    {"input_cached", CT_KIND_CACHE_READ, NULL},
};

/* from_date is the first day, to_date the first day no longer valid; null is since ever, still. A
 * price of another time than the list's own stands in a tier that says so. False: unreadable. */
static bool read_dates(struct ct_batch *out, const json_t *price, char tier[CT_TIER_BYTES])
{
    int64_t from = ct_json_time(price, "from_date"), to = ct_json_time(price, "to_date");
    int64_t now = out->data_ms;
    tier[0] = '\0';
    if ((from == CT_NONE && ct_json_get(price, "from_date")) ||
        (to == CT_NONE && ct_json_get(price, "to_date"))) {
        ct_note_about(out, "a price with a date that is none", CT_SPAN_NONE);
        return false;
    }
    if (to != CT_NONE && (now == CT_NONE || to <= now))
        return ct_token_dated(tier, "until", ct_json_text(price, "to_date"));
    if (from != CT_NONE && now != CT_NONE && from > now)
        return ct_token_dated(tier, "from", ct_json_text(price, "from_date"));
    return true;
}

/* Long prompts are models of their own here: "gpt-5.6-luna-272k". */
static void read_price(struct ct_batch *out, struct ct_span id, struct ct_span vendor,
                       const json_t *price)
{
    char size[CT_TIER_BYTES] = "", dated[CT_TIER_BYTES];
    struct ct_span base = id;
    size_t before = out->token_prices.n;
    if (!id.n || !vendor.n) {
        ct_note_about(out, "a price without model or vendor", CT_SPAN_NONE);
        return;
    }
    if (!read_dates(out, price, dated))
        return;
    ct_token_take_size(&base, "-", size);
    struct ct_token_price row = ct_token_begin(out, base, vendor);
    row.source_id = ct_clean_id(out->arena, id);
    if (size[0])
        row.tier = ct_arena_dup(out->arena, ct_span(size));
    if (ct_token_push_fields(out, &row, price, CT_PER_MTOK, fields, CT_LEN(fields),
                             dated[0] ? dated : NULL) == before)
        ct_note_about(out, "an id without a token price", CT_SPAN_NONE);
}

static void read_list(struct ct_batch *out, const json_t *prices)
{
    for (size_t i = 0; i < json_array_size(prices) && !ct_rows_too_many(out); i++) {
        const json_t *p = json_array_get(prices, i);
        read_price(out, ct_json_text(p, "id"), ct_json_text(p, "vendor"), p);
    }
}

static void read_vendor(struct ct_batch *out, struct ct_span vendor, const json_t *models)
{
    for (size_t i = 0; i < json_array_size(models) && !ct_rows_too_many(out); i++) {
        const json_t *m = json_array_get(models, i), *history = ct_json_array(m, "price_history");
        if (json_array_size(history) == 0)
            ct_note_about(out, "a model without a price_history", CT_SPAN_NONE);
        for (size_t k = 0; k < json_array_size(history) && !ct_rows_too_many(out); k++)
            read_price(out, ct_json_text(m, "id"), vendor, json_array_get(history, k));
    }
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root = NULL;
    (void)hint;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(body, 0, &root, err);
    if (s == CT_OK) {
        const json_t *prices = ct_json_array(root, "prices"),
                     *models = ct_json_array(root, "models");
        out->data_ms = ct_json_time(root, "updated_at");
        if (prices && ct_json_text(root, "updated_at").n)
            read_list(out, prices);
        else if (models && ct_json_text(root, "vendor").n)
            read_vendor(out, ct_json_text(root, "vendor"), models);
        else
            s = ct_fail(
                err, CT_ERR_SHAPE, "$",
                "neither prices with an updated_at nor a vendor's models; this looks like %s",
                ct_family_guess(body));
    }
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_llmprices = {
    .name = "llmprices",
    .kind = CT_SOURCE_MODELS,
    .version = 1,
    .url_pattern = "https://www.llm-prices.com/current-v1.json",
    .parse = parse,
};
