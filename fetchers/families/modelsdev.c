/* modelsdev: models.dev's list, an object of providers that each have an object of models
 * (sources/models.md section 2.4). Dollars per million tokens. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/tokens.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

#include <string.h>

static const struct ct_token_field fields[] = {
    {"input", CT_KIND_INPUT, NULL},
    {"output", CT_KIND_OUTPUT, NULL},
    {"cache_read", CT_KIND_CACHE_READ, NULL},
    {"cache_write", CT_KIND_CACHE_WRITE, NULL},
    {"reasoning", CT_KIND_REASONING, NULL},
    {"input_audio", CT_KIND_AUDIO_INPUT, NULL},
    {"output_audio", CT_KIND_AUDIO_OUTPUT, NULL},
};

static bool is_field(struct ct_span key)
{
    for (size_t i = 0; i < CT_LEN(fields); i++)
        if (ct_span_is(key, fields[i].name))
            return true;
    return false;
}

/* "context_over_200k" is the tier above_200k: other sizes may come. */
static bool read_size(struct ct_span key, char tier[CT_TIER_BYTES])
{
    static const char start[] = "context_over_";
    int64_t size;
    if (!ct_span_starts(key, start) || key.n < sizeof start + 1 || key.p[key.n - 1] != 'k')
        return false;
    struct ct_span digits = {key.p + sizeof start - 1, key.n - sizeof start};
    return ct_span_int(digits, &size) == CT_OK && size > 0 && size <= 100000 &&
           ct_token_above(tier, size * 1000);
}

/* Rows of one price object; nested ones are tiers, one level deep. */
static void push_prices(struct ct_batch *out, const struct ct_token_price *common,
                        const json_t *cost, const char *tier)
{
    const char *key;
    json_t *value;
    ct_token_push_fields(out, common, cost, CT_PER_MTOK, fields, CT_LEN(fields), tier);
    json_object_foreach ((json_t *)(uintptr_t)cost, key, value) {
        char size[CT_TIER_BYTES];
        if (json_is_null(value) || is_field(ct_span(key)))
            continue;
        if (!tier && json_is_object(value) && read_size(ct_span(key), size))
            push_prices(out, common, value, size);
        else
            ct_note_about(out, "price field", ct_span(key));
    }
}

/* A row that does not say what it makes counts as text. */
static bool makes_text(const json_t *model)
{
    const json_t *made = ct_json_array(ct_json_object(model, "modalities"), "output");
    for (size_t i = 0; i < json_array_size(made); i++)
        if (ct_span_is(ct_json_span(json_array_get(made, i)), "text"))
            return true;
    return json_array_size(made) == 0;
}

static void read_model(struct ct_batch *out, struct ct_span seller, struct ct_span id,
                       const json_t *model)
{
    if (!makes_text(model)) {
        ct_note_about(out, "a model that makes no text", CT_SPAN_NONE);
        return;
    }
    struct ct_token_price row = ct_token_begin(out, id, seller);
    int64_t context = ct_json_int(ct_json_object(model, "limit"), "context");
    int open = ct_json_flag(model, "open_weights");
    size_t before = out->token_prices.n;
    row.seller = ct_clean_id(out->arena, seller);
    if (context > 0)
        row.context = context;
    if (open >= 0)
        row.open_weights = open;
    if (!row.region.p && ct_span_ends(seller, "-cn"))
        row.region = CT_LIT("cn");
    if (ct_json_text(model, "status").n)
        ct_note_about(out, "status", ct_json_text(model, "status"));
    push_prices(out, &row, ct_json_object(model, "cost"), NULL);
    if (out->token_prices.n == before)
        ct_token_listed(out, &row);
}

static void read_provider(struct ct_batch *out, struct ct_span seller, const json_t *provider)
{
    const char *key;
    json_t *model;
    const json_t *models = ct_json_object(provider, "models");
    if (!models) {
        ct_note_about(out, "a provider without models", CT_SPAN_NONE);
        return;
    }
    json_object_foreach ((json_t *)(uintptr_t)models, key, model) {
        if (ct_rows_too_many(out))
            return;
        if (json_is_object(model))
            read_model(out, seller, ct_span(key), model);
        else
            ct_note_about(out, "a model that is no object", CT_SPAN_NONE);
    }
}

/* Nothing on the outside says what this is: one provider at least has models with limit or cost. */
static bool is_list(json_t *root)
{
    const char *key;
    json_t *provider, *model;
    void *at;
    json_object_foreach (root, key, provider) {
        const json_t *models = ct_json_object(provider, "models");
        if (!models || !ct_json_text(provider, "id").n)
            continue;
        at = json_object_iter((json_t *)(uintptr_t)models);
        model = at ? json_object_iter_value(at) : NULL;
        if (!model || ct_json_object(model, "limit") || ct_json_object(model, "cost"))
            return true;
    }
    return false;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root = NULL, *provider;
    const char *key;
    (void)hint;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(body, 0, &root, err);
    if (s == CT_OK && !is_list(root))
        s = ct_fail(err, CT_ERR_SHAPE, "$", "no provider with models; this looks like %s",
                    ct_family_guess(body));
    if (s == CT_OK)
        json_object_foreach (root, key, provider)
            read_provider(out, ct_span(key), provider);
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_modelsdev = {
    .name = "modelsdev",
    .kind = CT_SOURCE_MODELS,
    .version = 1,
    .url_pattern = "https://models.dev/api.json",
    .parse = parse,
};
