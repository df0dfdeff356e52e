/* genaiprices: pydantic's genai-prices, an array of providers with models whose prices are numbers
 * or tiers, at times bound to a day or an hour (sources/models.md section 2.6). Dollars per million
 * tokens; version 2 only has more fields. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/tokens.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

#include <stdio.h>

static const struct ct_token_field fields[] = {
    {"input_mtok", CT_KIND_INPUT, NULL},
    {"output_mtok", CT_KIND_OUTPUT, NULL},
    {"cache_read_mtok", CT_KIND_CACHE_READ, NULL},
    {"cache_write_mtok", CT_KIND_CACHE_WRITE, NULL},
    {"cache_write_1h_mtok", CT_KIND_CACHE_WRITE, "above_1h"},
    {"output_reasoning_mtok", CT_KIND_REASONING, NULL},
    {"input_audio_mtok", CT_KIND_AUDIO_INPUT, NULL},
    {"output_audio_mtok", CT_KIND_AUDIO_OUTPUT, NULL},
};

static const struct ct_token_field *field_of(struct ct_span key)
{
    for (size_t i = 0; i < CT_LEN(fields); i++)
        if (ct_span_is(key, fields[i].name))
            return &fields[i];
    return NULL;
}

/* A price: a number, or {base, tiers: [{start, price}]}. TIER (may be "") is when it holds. */
static void push_price(struct ct_batch *out, const struct ct_token_price *common,
                       const json_t *prices, const struct ct_token_field *f, const char *tier)
{
    const json_t *value = ct_json_get(prices, f->name), *step;
    char both[CT_TIER_BYTES * 2], all[CT_TIER_BYTES * 3 + 4];
    size_t i;
    snprintf(both, sizeof both, "%s%s%s", f->tier ? f->tier : "", f->tier && tier[0] ? "_" : "",
             tier);
    if (!json_is_object(value)) {
        ct_token_push(out, common, prices, f->name, CT_PER_MTOK, f->kind, both);
        return;
    }
    ct_token_push(out, common, value, "base", CT_PER_MTOK, f->kind, both);
    json_array_foreach (ct_json_array(value, "tiers"), i, step) {
        char size[CT_TIER_BYTES];
        if (ct_token_above(size, ct_json_int(step, "start"))) {
            snprintf(all, sizeof all, "%s%s%s", size, both[0] ? "_" : "", both);
            ct_token_push(out, common, step, "price", CT_PER_MTOK, f->kind, all);
        } else {
            ct_note_about(out, "a price tier without a start", CT_SPAN_NONE);
        }
    }
}

static void push_prices(struct ct_batch *out, const struct ct_token_price *common,
                        const json_t *prices, const char *tier)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)prices, key, value) {
        const struct ct_token_field *f = field_of(ct_span(key));
        if (f)
            push_price(out, common, prices, f, tier);
        else if (!json_is_null(value)) /* by the request, by the image, ... */
            ct_note_about(out, "price field", ct_span(key));
    }
}

/* "hours_0030_1630": each day from 00:30 to 16:30 UTC. */
static bool read_hours(const json_t *constraint, char tier[CT_TIER_BYTES])
{
    struct ct_span from = ct_json_text(constraint, "start_time");
    struct ct_span to = ct_json_text(constraint, "end_time");
    if (from.n < 5 || to.n < 5 || from.p[2] != ':' || to.p[2] != ':')
        return false;
    for (size_t i = 0; i < 5; i++)
        if (i != 2 && (from.p[i] < '0' || from.p[i] > '9' || to.p[i] < '0' || to.p[i] > '9'))
            return false;
    snprintf(tier, CT_TIER_BYTES, "hours_%.2s%.2s_%.2s%.2s", from.p, from.p + 3, to.p, to.p + 3);
    return true;
}

static struct ct_span start_of(const json_t *choice)
{
    return ct_json_text(ct_json_object(choice, "constraint"), "start_date");
}

/* The list has no date of its own, so which of its days have come nobody can read from it: prices
 * that change on a day say so in their tier, and none of them is called the standard one. */
static void push_choices(struct ct_batch *out, const struct ct_token_price *common,
                         const json_t *choices)
{
    for (size_t i = 0; i < json_array_size(choices); i++) {
        const json_t *c = json_array_get(choices, i), *constraint = ct_json_get(c, "constraint");
        struct ct_span next = CT_SPAN_NONE;
        char tier[CT_TIER_BYTES] = "";
        bool good = true;
        for (size_t k = i + 1; k < json_array_size(choices) && !next.n; k++)
            next = start_of(json_array_get(choices, k));
        if (start_of(c).n)
            good = ct_token_dated(tier, "from", start_of(c));
        else if (constraint)
            good = read_hours(constraint, tier);
        else if (next.n)
            good = ct_token_dated(tier, "until", next);
        if (good)
            push_prices(out, common, ct_json_object(c, "prices"), tier);
        else
            ct_note_about(out, "a price condition that is not known", CT_SPAN_NONE);
    }
}

static void read_model(struct ct_batch *out, struct ct_span seller, const json_t *model)
{
    struct ct_span id = ct_json_text(model, "id");
    const json_t *prices = ct_json_get(model, "prices");
    if (!id.n) {
        ct_note_about(out, "a model without an id", CT_SPAN_NONE);
        return;
    }
    struct ct_token_price row = ct_token_begin(out, id, seller);
    int64_t context = ct_json_int(model, "context_window");
    size_t before = out->token_prices.n;
    row.seller = ct_clean_id(out->arena, seller);
    if (context > 0)
        row.context = context;
    if (json_is_array(prices))
        push_choices(out, &row, prices);
    else if (json_is_object(prices))
        push_prices(out, &row, prices, "");
    if (out->token_prices.n == before)
        ct_token_listed(out, &row);
}

/* Every element is a provider; one at least has models with a rule and prices. */
static bool is_list(const json_t *root)
{
    for (size_t i = 0; i < json_array_size(root); i++) {
        const json_t *p = json_array_get(root, i);
        const json_t *first = json_array_get(ct_json_array(p, "models"), 0);
        if (ct_json_text(p, "id").n && ct_json_get(first, "prices") && ct_json_get(first, "match"))
            return true;
    }
    return false;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root = NULL;
    (void)hint;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(body, 0, &root, err);
    if (s == CT_OK && !is_list(root))
        s = ct_fail(err, CT_ERR_SHAPE, "$",
                    "no provider with models and prices; this looks like %s",
                    ct_family_guess(body));
    for (size_t i = 0; s == CT_OK && i < json_array_size(root); i++) {
        const json_t *p = json_array_get(root, i), *models = ct_json_array(p, "models");
        if (!models || !ct_json_text(p, "id").n)
            ct_note_about(out, "a provider without models", CT_SPAN_NONE);
        for (size_t k = 0; k < json_array_size(models) && !ct_rows_too_many(out); k++)
            read_model(out, ct_json_text(p, "id"), json_array_get(models, k));
    }
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_genaiprices = {
    .name = "genaiprices",
    .kind = CT_SOURCE_MODELS,
    .version = 1,
    .url_pattern = "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/data.json",
    .parse = parse,
};
