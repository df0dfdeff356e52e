/* litellm: the model price list of the LiteLLM project, one object keyed by model id
 * (sources/models.md sections 2.1 and 8). Dollars per token become dollars per million tokens. */
#include "fetchers/families/all.h"
#include "fetchers/families/tokens.h"
#include "fetchers/jsonx.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

#include <string.h>

/* ---- names of price fields ---- */

static const struct field {
    const char *name;
    int kind;
} fields[] = {
    {"input_cost_per_token", CT_KIND_INPUT},
    {"output_cost_per_token", CT_KIND_OUTPUT},
    {"cache_read_input_token_cost", CT_KIND_CACHE_READ},
    {"cache_creation_input_token_cost", CT_KIND_CACHE_WRITE},
    {"output_cost_per_reasoning_token", CT_KIND_REASONING},
    {"input_cost_per_audio_token", CT_KIND_AUDIO_INPUT},
    {"output_cost_per_audio_token", CT_KIND_AUDIO_OUTPUT},
};

static size_t word_at(struct ct_span s)
{
    size_t n = 0;
    while (n < s.n && ((s.p[n] >= '0' && s.p[n] <= '9') || (s.p[n] >= 'a' && s.p[n] <= 'z')))
        n++;
    return n;
}

static bool take(struct ct_span *s, const char *word)
{
    if (!ct_span_starts(*s, word))
        return false;
    s->p += strlen(word);
    s->n -= strlen(word);
    return true;
}

/* "_above_200k_tokens_priority" is the tier "above_200k_priority": sizes and services are patterns,
 * because new ones come without notice. False when SUFFIX says something else: another unit. */
static bool read_tier(struct ct_span suffix, char tier[CT_TIER_BYTES])
{
    size_t n = 0;
    while (suffix.n) {
        char part[CT_TIER_BYTES] = "";
        if (take(&suffix, "_above_")) {
            size_t w = word_at(suffix), digits = 0;
            while (digits < w && suffix.p[digits] >= '0' && suffix.p[digits] <= '9')
                digits++;
            struct ct_span size = {suffix.p, w}, unit = {suffix.p + digits, w - digits};
            suffix = (struct ct_span){suffix.p + w, suffix.n - w};
            if (digits == 0 || w > 12)
                return false;
            if (ct_span_is(unit, "hr"))
                size.n--; /* 1hr is 1h */
            else if (!take(&suffix, "_tokens"))
                return false;
            memcpy(part, "above_", 6);
            memcpy(part + 6, size.p, size.n);
        } else if (take(&suffix, "_batches")) {
            memcpy(part, "batch", 5);
        } else if (take(&suffix, "_flex")) {
            memcpy(part, "flex", 4);
        } else if (take(&suffix, "_priority")) {
            memcpy(part, "priority", 8);
        } else {
            return false;
        }
        size_t len = strlen(part);
        if (n + 1 + len >= CT_TIER_BYTES)
            return false;
        if (n)
            tier[n++] = '_';
        memcpy(tier + n, part, len);
        n += len;
    }
    tier[n] = '\0';
    return true;
}

/* The kind that KEY prices, or -1; TIER is "" for the standard one. */
static int read_field(struct ct_span key, char tier[CT_TIER_BYTES])
{
    for (size_t i = 0; i < CT_LEN(fields); i++) {
        struct ct_span rest = key;
        if (key.n && key.p[0] == fields[i].name[0] && take(&rest, fields[i].name))
            return read_tier(rest, tier) ? fields[i].kind : -1;
    }
    return -1;
}

static bool is_price_word(struct ct_span key)
{
    /* "regional_processing_uplift_multiplier_eu": what a lab's own data residency adds is no price of its own */
    return ct_span_ihas(key, CT_LIT("cost")) || ct_span_ihas(key, CT_LIT("pric")) ||
           ct_span_ihas(key, CT_LIT("uplift"));
}

/* ---- rows ---- */

/* "input_cost_per_token_cache_hit", an old name of the cache's price beside the new one, is left
 * out too: a price that moved between two fields is not a price that moved. */
static bool push_prices(struct ct_batch *out, const struct ct_token_price *common, json_t *entry)
{
    const char *key;
    json_t *value;
    bool any = false;
    json_object_foreach (entry, key, value) {
        char tier[CT_TIER_BYTES] = "";
        struct ct_span name = ct_span(key);
        if (json_is_null(value) || json_is_boolean(value)) /* most members are capabilities */
            continue;
        int kind = read_field(name, tier);
        if (kind >= 0)
            any = ct_token_push(out, common, entry, key, CT_PER_TOKEN, kind, tier) || any;
        else if (is_price_word(name))
            ct_note_about(out, "price field", name);
    }
    return any;
}

static void read_dates(struct ct_batch *out, const json_t *entry, struct ct_token_price *row)
{
    int64_t context = ct_json_int(entry, "max_input_tokens");
    if (context > 0)
        row->context = context;
    row->retires_ms = ct_json_time(entry, "deprecation_date");
    if (row->retires_ms == CT_NONE && ct_json_get(entry, "deprecation_date"))
        ct_note_about(out, "a deprecation_date that is no date", CT_SPAN_NONE);
}

static void read_model(struct ct_batch *out, struct ct_span id, json_t *entry)
{
    struct ct_token_price row = ct_token_begin(out, id, ct_json_text(entry, "litellm_provider"));
    read_dates(out, entry, &row);
    if (!push_prices(out, &row, entry))
        ct_token_listed(out, &row);
}

static bool is_no_model(struct ct_span id)
{
    return ct_span_is(id, "sample_spec") || ct_span_is(id, "fallback_generalizations") ||
           ct_span_is(id, "last_updated");
}

/* Nothing on the outside says what this is: at least one value must name who bills. */
static bool is_price_list(json_t *root)
{
    const char *key;
    json_t *value;
    json_object_foreach (root, key, value)
        if (ct_json_text(value, "litellm_provider").p)
            return true;
    return false;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root = NULL, *value;
    const char *key;
    (void)hint;
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = ct_json_parse(body, 0, &root, err); /* of names that occur twice the last counts */
    if (s == CT_OK && !is_price_list(root))
        s = ct_fail(err, CT_ERR_SHAPE, "$", "no model with a litellm_provider; this looks like %s",
                    ct_family_guess(body));
    if (s == CT_OK) {
        json_object_foreach (root, key, value) {
            struct ct_span id = ct_span(key), mode = ct_json_text(value, "mode");
            if (is_no_model(id))
                ct_note_about(out, "no model:", id);
            else if (!json_is_object(value))
                ct_note_about(out, "a model that is no object", CT_SPAN_NONE);
            else if (!ct_span_is(mode, "chat") && !ct_span_is(mode, "responses") &&
                     !ct_span_is(mode, "completion"))
                ct_note_about(out, "mode", mode.n ? mode : CT_LIT("not given"));
            else
                read_model(out, id, value);
        }
    }
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_litellm = {
    .name = "litellm",
    .kind = CT_SOURCE_MODELS,
    .version = 1,
    .url_pattern = "https://raw.githubusercontent.com/BerriAI/litellm/main/"
                   "model_prices_and_context_window.json",
    .parse = parse,
};
