/* openrouter-models: the models OpenRouter resells, with what it asks for them (sources/models.md
 * section 2.2). Prices are text, dollars a token. People keep the list with and without its
 * envelope. */
#include "fetchers/families/all.h"
#include "fetchers/families/openrouter.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

static const struct ct_token_field fields[] = {
    {"prompt", CT_KIND_INPUT, NULL},
    {"completion", CT_KIND_OUTPUT, NULL},
    {"input_cache_read", CT_KIND_CACHE_READ, NULL},
    {"input_cache_write", CT_KIND_CACHE_WRITE, NULL},
    {"input_cache_write_1h", CT_KIND_CACHE_WRITE, "above_1h"},
    {"internal_reasoning", CT_KIND_REASONING, NULL},
    {"audio", CT_KIND_AUDIO_INPUT, NULL},
    {"audio_output", CT_KIND_AUDIO_OUTPUT, NULL},
};
enum { ALWAYS = 2 }; /* prompt and completion: a zero means free */

static const struct ct_token_field *field_of(struct ct_span key)
{
    for (size_t i = 0; i < CT_LEN(fields); i++)
        if (ct_span_is(key, fields[i].name))
            return &fields[i];
    return NULL;
}

static bool is_zero(const json_t *obj, const char *key)
{
    ct_nusd price;
    return ct_json_decimal(obj, key, CT_PER_TOKEN, 9, &price) == CT_OK && price == 0;
}

/* Until 2026 members that do not apply were "0"; since then they are left out. Both are no price.
 */
static size_t push_prices(struct ct_batch *out, const struct ct_token_price *common,
                          const json_t *pricing, const char *tier)
{
    const char *key;
    json_t *value;
    size_t before = out->token_prices.n;
    json_object_foreach ((json_t *)(uintptr_t)pricing, key, value) {
        struct ct_span name = ct_span(key);
        const struct ct_token_field *f = field_of(name);
        if (json_is_null(value) || json_is_array(value) || ct_span_is(name, "discount") ||
            ct_span_is(name, "min_prompt_tokens"))
            continue;
        if (f && (f < fields + ALWAYS || !is_zero(pricing, key)))
            ct_token_push_fields(out, common, pricing, CT_PER_TOKEN, f, 1, tier);
        else if (!f && !is_zero(pricing, key)) /* by the piece, or of a kind we have no word for */
            ct_note_about(out, "price field", name);
    }
    return out->token_prices.n - before;
}

/* Only the size of the prompt is a condition we can say; others are counted. */
static bool read_condition(struct ct_batch *out, const json_t *override, char tier[CT_TIER_BYTES])
{
    const char *key;
    json_t *value;
    bool known = ct_token_above(tier, ct_json_int(override, "min_prompt_tokens"));
    json_object_foreach ((json_t *)(uintptr_t) override, key, value) {
        bool condition = ct_span_starts(ct_span(key), "min_") || !json_is_string(value);
        if (!condition || ct_span_is(ct_span(key), "min_prompt_tokens"))
            continue;
        ct_note_about(out, "price condition", ct_span(key));
        return false;
    }
    if (!known)
        ct_note_about(out, "a price condition that says no size", CT_SPAN_NONE);
    return known;
}

void ct_openrouter_prices(struct ct_batch *out, const struct ct_token_price *common,
                          const json_t *pricing)
{
    const json_t *overrides = ct_json_array(pricing, "overrides"), *override;
    size_t i, n = push_prices(out, common, pricing, NULL);
    json_array_foreach (overrides, i, override) {
        char tier[CT_TIER_BYTES];
        if (json_is_object(override) && read_condition(out, override, tier))
            n += push_prices(out, common, override, tier);
    }
    if (n == 0)
        ct_token_listed(out, common);
}

/* Images and films are sold by the piece. A row that does not say counts as text. */
static bool makes_text(const json_t *model)
{
    const json_t *out = ct_json_array(ct_json_object(model, "architecture"), "output_modalities");
    for (size_t i = 0; i < json_array_size(out); i++)
        if (ct_span_is(ct_json_span(json_array_get(out, i)), "text"))
            return true;
    return json_array_size(out) == 0;
}

static void read_model(struct ct_batch *out, const json_t *model)
{
    struct ct_span id = ct_json_text(model, "id");
    struct ct_span target = ct_json_text(ct_json_object(model, "alias_target"), "slug");
    if (!id.n || !ct_json_object(model, "pricing")) {
        ct_note_about(out, "a model without id or pricing", CT_SPAN_NONE);
        return;
    }
    if (!makes_text(model)) {
        ct_note_about(out, "a model that makes no text", CT_SPAN_NONE);
        return;
    }
    struct ct_token_price row = ct_token_begin(out, id, CT_LIT("openrouter"));
    int64_t context = ct_json_int(model, "context_length");
    if (target.n)
        ct_note_about(out, "an alias that now stands for", target);
    if (context > 0)
        row.context = context;
    row.retires_ms = ct_json_time(model, "expiration_date");
    ct_openrouter_prices(out, &row, ct_json_object(model, "pricing"));
}

/* The list: the document itself or its "data"; every element has an id, some a price. */
static enum ct_status find_list(struct ct_span body, const json_t *root, const json_t **list,
                                struct ct_error *err)
{
    bool priced = false;
    *list = json_is_array(root) ? root : ct_json_array(root, "data");
    for (size_t i = 0; i < json_array_size(*list); i++) {
        const json_t *m = json_array_get(*list, i);
        priced = priced || (ct_json_object(m, "pricing") && (ct_json_object(m, "architecture") ||
                                                             ct_json_text(m, "canonical_slug").n));
    }
    if (priced)
        return CT_OK;
    return ct_fail(err, CT_ERR_SHAPE, json_is_array(root) ? "$" : "$.data",
                   "no list of models with a pricing; this looks like %s", ct_family_guess(body));
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root = NULL;
    const json_t *list = NULL;
    (void)hint;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(body, 0, &root, err);
    if (s == CT_OK)
        s = find_list(body, root, &list, err);
    for (size_t i = 0; s == CT_OK && i < json_array_size(list) && !ct_rows_too_many(out); i++) {
        const json_t *model = json_array_get(list, i);
        if (json_is_object(model))
            read_model(out, model);
        else
            ct_note_about(out, "a model that is no object", CT_SPAN_NONE);
    }
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_openrouter_models = {
    .name = "openrouter-models",
    .kind = CT_SOURCE_MODELS,
    .version = 1,
    .url_pattern = "https://openrouter.ai/api/v1/models",
    .parse = parse,
};
