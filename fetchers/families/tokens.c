#include "fetchers/families/tokens.h"

#include "db/base/text.h"
#include "db/base/timeutil.h"
#include "fetchers/modelid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "gpt-oss-120b:batch" is the batch tier of its model. */
static bool is_batch(struct ct_span variant)
{
    while (variant.p)
        if (ct_span_is(ct_span_cut(&variant, ','), "batch"))
            return true;
    return false;
}

struct ct_token_price ct_token_begin(struct ct_batch *out, struct ct_span id,
                                     struct ct_span provider)
{
    struct ct_arena *a = out->arena;
    struct ct_span name = ct_clean_name(a, id);
    struct ct_model_id known;
    ct_model_identify(a, name, ct_clean_name(a, provider), &known);
    struct ct_token_price row = ct_token_price_new();
    row.source_id = name.n > CT_ID_BYTES ? ct_clean_id(a, id) : name;
    row.lab = known.lab;
    row.model = known.model;
    row.variant = known.variant;
    row.host = known.host;
    row.host_class = known.host_class;
    row.region = known.region;
    row.open_weights = known.open_weights;
    row.tier = known.commitment.p        ? known.commitment
               : is_batch(known.variant) ? CT_LIT("batch")
                                         : CT_LIT("standard");
    row.currency = CT_LIT("USD");
    if (known.pseudo)
        ct_note_about(out, "an id that is not a model", CT_SPAN_NONE);
    if (!known.host_class.p)
        ct_note_about(out, "provider", ct_clean_name(a, provider));
    return row;
}

static struct ct_span joined_tier(struct ct_arena *a, struct ct_span own, const char *tier)
{
    if (!tier || !tier[0])
        return own;
    if (ct_span_is(own, "standard"))
        return ct_arena_dup(a, ct_span(tier));
    return ct_arena_printf(a, "%.*s_%s", CT_FMT(own), tier);
}

bool ct_token_push(struct ct_batch *out, const struct ct_token_price *common, const json_t *obj,
                   const char *key, int64_t scale, int kind, const char *tier)
{
    ct_nusd price;
    if (!ct_json_get(obj, key))
        return false;
    if (!common->source_id.n) {
        ct_note_about(out, "a price without an id", CT_SPAN_NONE);
        return false;
    }
    enum ct_status s = ct_json_decimal(obj, key, scale, 9, &price);
    if (s != CT_OK || price == CT_NONE || price < 0) {
        ct_note_about(out,
                      s == CT_ERR_RANGE  ? "a price that is too large"
                      : s != CT_OK       ? "a price that is no number"
                      : price == CT_NONE ? "an empty price"
                                         : "a negative price",
                      CT_SPAN_NONE);
        return false;
    }
    struct ct_token_price *row = CT_VEC_PUSH(out->arena, &out->token_prices);
    if (!row)
        return false;
    *row = *common;
    row->kind = kind;
    row->per_mtok = price;
    row->tier = joined_tier(out->arena, common->tier, tier);
    return true;
}

size_t ct_token_push_fields(struct ct_batch *out, const struct ct_token_price *common,
                            const json_t *obj, int64_t scale, const struct ct_token_field *fields,
                            size_t n, const char *tier)
{
    for (size_t i = 0; i < n; i++) {
        char both[CT_TIER_BYTES * 2];
        const char *own = fields[i].tier;
        snprintf(both, sizeof both, "%s%s%s", own ? own : "", own && tier ? "_" : "",
                 tier ? tier : "");
        ct_token_push(out, common, obj, fields[i].name, scale, fields[i].kind, both);
    }
    return out->token_prices.n;
}

void ct_token_listed(struct ct_batch *out, const struct ct_token_price *common)
{
    struct ct_token_price *row =
        common->source_id.n ? CT_VEC_PUSH(out->arena, &out->token_prices) : NULL;
    if (row) {
        *row = *common;
        row->kind = CT_KIND_INPUT;
    }
    ct_note_about(out, "an id without a token price", CT_SPAN_NONE);
}

bool ct_token_above(char tier[CT_TIER_BYTES], int64_t tokens)
{
    if (tokens <= 0)
        return false;
    if (tokens % 1000 == 0)
        snprintf(tier, CT_TIER_BYTES, "above_%" PRId64 "k", tokens / 1000);
    else
        snprintf(tier, CT_TIER_BYTES, "above_%" PRId64, tokens);
    return true;
}

bool ct_token_dated(char tier[CT_TIER_BYTES], const char *word, struct ct_span day)
{
    char text[CT_TIME_MAX];
    int64_t ms;
    if (ct_time_parse(day, &ms) != CT_OK)
        return false;
    ct_time_format(text, ms);
    snprintf(tier, CT_TIER_BYTES, "%s_%.10s", word, text);
    return true;
}

bool ct_token_take_size(struct ct_span *id, const char *mark, char tier[CT_TIER_BYTES])
{
    size_t n = id->n, m = strlen(mark);
    int64_t size = 0;
    if (n < 6 || id->p[n - 1] != 'k')
        return false;
    while (n > 1 && id->p[n - 2] >= '0' && id->p[n - 2] <= '9')
        n--;
    struct ct_span digits = {id->p + n - 1, id->n - n};
    if (n - 1 <= m || ct_span_int(digits, &size) != CT_OK || size < 128 || size > 100000 ||
        memcmp(id->p + n - 1 - m, mark, m) != 0)
        return false;
    id->n = n - 1 - m;
    return ct_token_above(tier, size * 1000);
}
