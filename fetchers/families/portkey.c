/* portkey: Portkey's files, one a provider (sources/models.md section 2.7): "pricing", in US cents
 * per token, and "general", which only lists. Neither says whose it is; the source does. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/tokens.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

static const struct ct_token_field fields[] = {
    {"request_token", CT_KIND_INPUT, NULL},
    {"response_token", CT_KIND_OUTPUT, NULL},
    {"cache_read_input_token", CT_KIND_CACHE_READ, NULL},
    {"cache_write_input_token", CT_KIND_CACHE_WRITE, NULL},
    {"reasoning_token", CT_KIND_REASONING, NULL},
    {"request_audio_token", CT_KIND_AUDIO_INPUT, NULL},
    {"response_audio_token", CT_KIND_AUDIO_OUTPUT, NULL},
};

static const struct ct_token_field *field_of(struct ct_span key)
{
    for (size_t i = 0; i < CT_LEN(fields); i++)
        if (ct_span_is(key, fields[i].name))
            return &fields[i];
    return NULL;
}

static bool is_zero(const json_t *unit)
{
    ct_nusd price;
    return ct_json_decimal(unit, "price", CT_CENTS_PER_TOKEN, 9, &price) == CT_OK && price == 0;
}

static void push_units(struct ct_batch *out, const struct ct_token_price *common,
                       const json_t *units, const char *tier)
{
    const char *key;
    json_t *unit;
    json_object_foreach ((json_t *)(uintptr_t)units, key, unit) {
        const struct ct_token_field *f = field_of(ct_span(key));
        if (f)
            ct_token_push(out, common, unit, "price", CT_CENTS_PER_TOKEN, f->kind, tier);
        else if (!ct_span_is(ct_span(key), "additional_units"))
            ct_note_about(out, "price field", ct_span(key));
    }
    json_object_foreach ((json_t *)(uintptr_t)ct_json_object(units, "additional_units"), key,
                         unit) {
        if (ct_span_is(ct_span(key), "cache_write_1h"))
            ct_token_push(out, common, unit, "price", CT_CENTS_PER_TOKEN, CT_KIND_CACHE_WRITE,
                          tier ? "above_1h_batch" : "above_1h");
        else
            ct_note_about(out, "price field", ct_span(key));
    }
}

/* A picture's model has tokens for 0 beside its real price by the piece: that is no free model. */
static bool sold_by_the_piece(const json_t *units)
{
    const char *key;
    json_t *unit;
    bool pieces = false;
    json_object_foreach ((json_t *)(uintptr_t)units, key, unit) {
        if (!field_of(ct_span(key)))
            pieces = pieces || !ct_span_is(ct_span(key), "additional_units") ||
                     json_object_size(unit) > 0;
        else if (!is_zero(unit))
            return false;
    }
    return pieces;
}

static void read_priced(struct ct_batch *out, struct ct_span id, struct ct_span provider,
                        const json_t *config)
{
    struct ct_span base = id, currency = ct_json_text(config, "currency");
    const json_t *units = ct_json_object(config, "pay_as_you_go");
    char size[CT_TIER_BYTES], rest[CT_TIER_BYTES];
    bool above = ct_token_take_size(&base, "-gt-", size);
    size_t before = out->token_prices.n;
    if (units && sold_by_the_piece(units)) {
        ct_note_about(out, "a model that is sold by the piece", CT_SPAN_NONE);
        return;
    }
    if (!above)
        ct_token_take_size(&base, "-lte-", rest);
    struct ct_token_price row = ct_token_begin(out, base, provider);
    row.source_id = ct_clean_id(out->arena, id);
    if (currency.n)
        row.currency = ct_clean_id(out->arena, currency);
    if (above)
        row.tier = ct_arena_dup(out->arena, ct_span(size));
    push_units(out, &row, units, NULL);
    push_units(out, &row, ct_json_object(config, "batch_config"), "batch");
    if (ct_json_get(config, "finetune_config"))
        ct_note_about(out, "the price of a fine-tuning", CT_SPAN_NONE);
    if (out->token_prices.n == before)
        ct_token_listed(out, &row);
}

static void read_listed(struct ct_batch *out, struct ct_span id, struct ct_span provider,
                        const json_t *model)
{
    struct ct_span made = ct_json_text(ct_json_object(model, "type"), "primary");
    if (!ct_span_is(made, "chat") && !ct_span_is(made, "text") && !ct_span_is(made, "responses") &&
        !ct_span_is(made, "messages")) {
        ct_note_about(out, "type", made.n ? made : CT_LIT("not given"));
        return;
    }
    struct ct_token_price row = ct_token_begin(out, id, provider);
    ct_token_listed(out, &row);
}

/* "default" holds what the others leave out: no model. */
static bool is_model(struct ct_span id, const json_t *value)
{
    return json_is_object(value) && !ct_span_is(id, "default");
}

/* At least one model has prices, or a type. */
static bool is_list(json_t *root, const char *member)
{
    const char *key;
    json_t *model;
    json_object_foreach (root, key, model)
        if (json_is_object(model) && ct_json_object(model, member))
            return true;
    return false;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root = NULL, *model;
    const char *key;
    bool pricing = false;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(body, 0, &root, err);
    if (s == CT_OK) {
        pricing = is_list(root, "pricing_config");
        if (!pricing && !(is_list(root, "type") && ct_json_text(root, "name").n))
            s = ct_fail(err, CT_ERR_SHAPE, "$",
                        "no model with a pricing_config; this looks like %s",
                        ct_family_guess(body));
    }
    if (s == CT_OK) {
        struct ct_span provider = ct_json_text(root, "name");
        if (!provider.n && hint)
            provider = hint->provider;
        json_object_foreach (root, key, model) {
            struct ct_span id = ct_span(key);
            if (ct_rows_too_many(out))
                break;
            if (!is_model(id, model))
                ct_note_about(out, "no model:", id);
            else if (!pricing)
                read_listed(out, id, provider, model);
            else if (ct_json_object(model, "pricing_config"))
                read_priced(out, id, provider, ct_json_object(model, "pricing_config"));
            else
                ct_note_about(out, "a model without pricing_config", CT_SPAN_NONE);
        }
    }
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_portkey = {
    .name = "portkey",
    .kind = CT_SOURCE_MODELS,
    .version = 1,
    .url_pattern = "https://configs.portkey.ai/pricing/{provider}.json",
    .parse = parse,
};
