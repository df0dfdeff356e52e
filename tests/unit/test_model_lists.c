/* The lists of models beside litellm: fixtures field by field, their damaged twins, and the
 * recorded answers beside the project when they are there. */
#include "config.h"

#include "db/base/paths.h"
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/gunzip.h"
#include "fetchers/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/parse_fixture.h"

static const struct ct_family
    *const models = &ct_family_openrouter_models,
           *const endpoints = &ct_family_openrouter_endpoints,
           *const modelsdev = &ct_family_modelsdev, *const llm = &ct_family_llmprices,
           *const genai = &ct_family_genaiprices, *const portkey = &ct_family_portkey;
static const struct ct_family *const all[] = {
    &ct_family_openrouter_models, &ct_family_openrouter_endpoints, &ct_family_modelsdev,
    &ct_family_llmprices,         &ct_family_genaiprices,          &ct_family_portkey};

/* ---- helpers ---- */

/* The row of ID's KIND[.TIER], of SELLER when that is not NULL; there is exactly one. */
static const struct ct_token_price *sold(const struct run *r, const char *seller, const char *id,
                                         const char *field)
{
    const struct ct_token_price *found = NULL;
    for (size_t i = 0; i < r->rows.token_prices.n; i++) {
        const struct ct_token_price *t = &r->rows.token_prices.v[i];
        if (ct_span_is(t->source_id, id) && ct_span_is(ct_token_field(r->arena, t), field) &&
            (!seller || ct_span_is(t->seller, seller))) {
            assert_null(found);
            found = t;
        }
    }
    if (!found)
        fail_msg("no %s of %s", field, id);
    return found;
}

static const struct ct_token_price *token(const struct run *r, const char *id, const char *field)
{
    return sold(r, NULL, id, field);
}

static void costs(const struct run *r, const char *id, const char *field, const char *want)
{
    char text[CT_DECIMAL_MAX] = "(none)";
    ct_nusd price = token(r, id, field)->per_mtok;
    if (price != CT_NONE)
        ct_decimal_format(text, price, 9);
    assert_string_equal(text, want);
}

static size_t rows_of(const struct run *r, const char *id)
{
    size_t n = 0;
    for (size_t i = 0; i < r->rows.token_prices.n; i++)
        n += ct_span_is(r->rows.token_prices.v[i].source_id, id);
    return n;
}

static void is_row(const struct ct_token_price *t, const char *lab, const char *model,
                   const char *variant, const char *host, const char *host_class,
                   const char *region)
{
    text_is(t->lab, lab);
    text_is(t->model, model);
    text_is(t->variant, variant);
    text_is(t->host, host);
    text_is(t->host_class, host_class);
    text_is(t->region, region);
    text_is(t->currency, "USD");
}

/* ---- openrouter-models ---- */

static void openrouter_prices_are_text_per_token(void **state)
{
    struct run r = good(models, "good.json");
    const struct ct_token_price *t = token(&r, "openai/gpt-5.6-luna", "input");
    (void)state;
    is_row(t, "openai", "gpt-5.6-luna", NULL, "openrouter", "reseller", NULL);
    text_is(t->seller, NULL);
    assert_int_equal(t->context, 131072);
    assert_int_equal(t->open_weights, 0);
    assert_int_equal(t->retires_ms, CT_NONE);
    costs(&r, "openai/gpt-5.6-luna", "input", "0.1");
    costs(&r, "openai/gpt-5.6-luna", "output", "0.6");
    costs(&r, "openai/gpt-5.6-luna", "cache_read", "0.01");
    costs(&r, "openai/gpt-5.6-luna", "cache_write.above_1h", "0.2");
    t = token(&r, "anthropic/claude-4.5-sonnet-20250929", "input");
    is_row(t, "anthropic", "claude-sonnet-4.5", "20250929", "openrouter", "reseller", NULL);
    assert_int_equal(t->retires_ms, INT64_C(1803859200000));
    t = token(&r, "google/gemini-3.7-flash:batch", "output.batch");
    is_row(t, "google", "gemini-3.7-flash", "batch", "openrouter", "reseller", NULL);
    costs(&r, "google/gemini-3.7-flash:batch", "output.batch", "1.25"); /* a number, too */
    costs(&r, "google/gemini-3.7-flash:batch", "audio_input.batch", "0.5");
    costs(&r, "google/gemini-3.7-flash:batch", "audio_output.batch", "2");
    costs(&r, "google/gemini-3.7-flash:batch", "reasoning.batch", "1.25");
    t = token(&r, "sao10k/l3-lunaris-8b", "input");
    is_row(t, "sao10k", "l3-lunaris-8b", NULL, "openrouter", "reseller", NULL);
    done(&r);
}

static void openrouter_overrides_are_tiers_by_prompt_size(void **state)
{
    struct run r = good(models, "good.json");
    (void)state;
    costs(&r, "openai/gpt-5.6-luna", "input.above_272k", "0.2");
    costs(&r, "openai/gpt-5.6-luna", "output.above_272k", "0.9");
    assert_int_equal(rows_of(&r, "openai/gpt-5.6-luna"), 6);
    assert_int_equal(note(&r, "price condition min_images"), 1);
    assert_int_equal(note(&r, "a price condition that says no size"), 1);
    done(&r);
}

static void openrouter_free_absent_and_no_price_are_three_things(void **state)
{
    struct run r = good(models, "good.json");
    (void)state;
    costs(&r, "openai/gpt-oss-120b:free", "input", "0");
    costs(&r, "openai/gpt-oss-120b:free", "output", "0");
    assert_int_equal(token(&r, "openai/gpt-oss-120b:free", "input")->context, CT_NONE);
    /* "0" of a price that need not be there was another way to leave it out */
    assert_int_equal(rows_of(&r, "anthropic/claude-4.5-sonnet-20250929"), 3);
    const struct ct_token_price *t = token(&r, "openrouter/auto", "input");
    assert_int_equal(t->per_mtok, CT_NONE);
    text_is(t->model, NULL);
    assert_int_equal(rows_of(&r, "openrouter/auto"), 1);
    assert_int_equal(note(&r, "a negative price"), 2);
    assert_int_equal(note(&r, "an id that is not a model"), 1);
    assert_int_equal(rows_of(&r, "sao10k/l3-lunaris-8b"), 1);
    assert_int_equal(note(&r, "a price that is no number"), 1);
    assert_int_equal(note(&r, "an empty price"), 1);
    done(&r);
}

static void openrouter_rows_that_are_left_out_are_counted(void **state)
{
    struct run r = good(models, "good.json");
    (void)state;
    assert_int_equal(rows_of(&r, "acme/pictures"), 0);
    assert_int_equal(note(&r, "a model that makes no text"), 1);
    assert_int_equal(note(&r, "a model without id or pricing"), 1);
    assert_int_equal(note(&r, "a model that is no object"), 1);
    assert_int_equal(note(&r, "price field web_search"), 1);
    assert_int_equal(note(&r, "price field image"), 1);
    assert_int_equal(note(&r, "price field request"), 0); /* zero */
    done(&r);
}

static void openrouter_aliases_say_what_they_stand_for(void **state)
{
    struct run r = good(models, "good.json");
    (void)state;
    is_row(token(&r, "~anthropic/claude-haiku-latest", "input"), "anthropic", "claude-haiku",
           "latest", "openrouter", "reseller", NULL);
    assert_int_equal(note(&r, "an alias that now stands for anthropic/claude-haiku-4.5"), 1);
    done(&r);
}

static void openrouter_wrappings_are_one_list(void **state)
{
    static const char *const files[] = {"bare.json", "line.json", "sorted.json"};
    struct run r = good(models, "good.json");
    (void)state;
    for (size_t i = 0; i < CT_LEN(files); i++) {
        struct run other = good(models, files[i]);
        assert_int_equal(other.rows.token_prices.n, r.rows.token_prices.n);
        for (size_t k = 0; k < r.rows.token_prices.n; k++) {
            const struct ct_token_price *t = &r.rows.token_prices.v[k];
            char id[64], field[64];
            snprintf(id, sizeof id, "%.*s", CT_FMT(t->source_id));
            snprintf(field, sizeof field, "%.*s", CT_FMT(ct_token_field(r.arena, t)));
            assert_int_equal(token(&other, id, field)->per_mtok, t->per_mtok);
        }
        done(&other);
    }
    done(&r);
}

/* ---- openrouter-endpoints ---- */

static const struct ct_endpoint *endpoint(const struct run *r, const char *id)
{
    for (size_t i = 0; i < r->rows.endpoints.n; i++)
        if (ct_span_is(r->rows.endpoints.v[i].source_id, id))
            return &r->rows.endpoints.v[i];
    fail_msg("no endpoint %s", id);
    return NULL;
}

static void endpoints_say_host_place_and_health(void **state)
{
    struct run r = good(endpoints, "good.json");
    const struct ct_endpoint *e = endpoint(&r, "openai/gpt-oss-120b@azure/eu");
    (void)state;
    text_is(e->host, "azure");
    text_is(e->region, "eu");
    assert_int_equal(e->state, CT_STATE_DEGRADED);
    assert_int_equal(e->uptime_30m_milli, 91127);
    assert_int_equal(e->latency_ms_p50_milli, CT_NONE);
    assert_int_equal(e->throughput_tps_p50_milli, CT_NONE);
    e = endpoint(&r, "openai/gpt-oss-120b@amazon-bedrock/us-east-1");
    text_is(e->host, "aws");
    text_is(e->region, "us-east-1");
    assert_int_equal(e->state, CT_STATE_OPERATIONAL);
    assert_int_equal(e->latency_ms_p50_milli, 2229500); /* milliseconds */
    assert_int_equal(e->throughput_tps_p50_milli, 61250);
    e = endpoint(&r, "openai/gpt-oss-120b@google-vertex"); /* by its name: no tag */
    text_is(e->host, "gcp");
    assert_int_equal(e->state, CT_STATE_DEGRADED);
    assert_int_equal(e->uptime_30m_milli, CT_NONE);
    e = endpoint(&r, "openai/gpt-oss-120b@newhost");
    text_is(e->host, "newhost");
    assert_int_equal(e->state, CT_STATE_UNKNOWN);
    assert_int_equal(e->uptime_30m_milli, CT_NONE);
    assert_int_equal(r.rows.endpoints.n, 6);
    assert_int_equal(note(&r, "an endpoint whose status is not known"), 1);
    assert_int_equal(note(&r, "a measure that is no number"), 1);
    assert_int_equal(note(&r, "an endpoint without a host"), 1);
    assert_int_equal(note(&r, "an endpoint that is no object"), 1);
    assert_int_equal(note(&r, "provider newhost"), 1);
    done(&r);
}

static void endpoints_of_one_host_are_told_apart_by_build(void **state)
{
    struct run r = good(endpoints, "good.json");
    (void)state;
    is_row(token(&r, "openai/gpt-oss-120b@azure/eu", "input"), "openai", "gpt-oss-120b", NULL,
           "azure", "cloud", "eu");
    is_row(token(&r, "openai/gpt-oss-120b@deepinfra/fp4", "input"), "openai", "gpt-oss-120b", "fp4",
           "deepinfra", "inference", NULL);
    is_row(token(&r, "openai/gpt-oss-120b@deepinfra/turbo", "input"), "openai", "gpt-oss-120b",
           "turbo,fp4", "deepinfra", "inference", NULL);
    costs(&r, "openai/gpt-oss-120b@deepinfra/fp4", "input", "0.04");
    costs(&r, "openai/gpt-oss-120b@deepinfra/fp4", "cache_read", "0.01");
    costs(&r, "openai/gpt-oss-120b@deepinfra/turbo", "output", "0.6");
    costs(&r, "openai/gpt-oss-120b@newhost", "input", "(none)");
    assert_int_equal(note(&r, "price field discount"), 0); /* the price is already reduced */
    assert_int_equal(token(&r, "openai/gpt-oss-120b@azure/eu", "input")->open_weights, 1);
    done(&r);
    r = good(endpoints, "quiet.json");
    assert_int_equal(ct_batch_rows(&r.rows), 0);
    done(&r);
}

/* ---- modelsdev ---- */

static void modelsdev_ids_are_unique_within_a_provider_only(void **state)
{
    struct run r = good(modelsdev, "good.json");
    (void)state;
    is_row(sold(&r, "azure", "gpt-4o", "input"), "openai", "gpt-4o", NULL, "azure", "cloud", NULL);
    is_row(sold(&r, "openai", "gpt-4o", "input"), "openai", "gpt-4o", NULL, "openai", "direct",
           NULL);
    is_row(sold(&r, "amazon-bedrock", "anthropic.claude-3-7-sonnet-20250219-v1:0", "cache_write"),
           "anthropic", "claude-sonnet-3.7", "20250219", "aws", "cloud", NULL);
    is_row(token(&r, "claude-sonnet-4-5@20250929", "input"), "anthropic", "claude-sonnet-4.5",
           "20250929", "gcp", "cloud", NULL);
    is_row(token(&r, "cohere-command-r-plus-08-2024", "output"), "cohere", "command-r-plus",
           "08-2024", "azure", "cloud", NULL);
    is_row(token(&r, "qwen3-max", "input"), "alibaba", "qwen3-max", NULL, "alibaba", "cloud", "cn");
    is_row(token(&r, "glm-4.7", "input"), "zhipu", "glm-4.7", NULL, "somebody", NULL, NULL);
    done(&r);
}

static void modelsdev_prices_are_per_million(void **state)
{
    struct run r = good(modelsdev, "good.json");
    (void)state;
    costs(&r, "openai.gpt-oss-120b-1:0", "input", "0.15");
    assert_int_equal(token(&r, "openai.gpt-oss-120b-1:0", "input")->open_weights, 1);
    costs(&r, "claude-sonnet-4-5@20250929", "output.above_200k", "22.5");
    costs(&r, "claude-sonnet-4-5@20250929", "cache_read.above_200k", "0.6");
    assert_int_equal(token(&r, "claude-sonnet-4-5@20250929", "input")->context, 200000);
    assert_int_equal(sold(&r, "azure", "gpt-4o", "reasoning")->per_mtok, INT64_C(10000000000));
    assert_int_equal(sold(&r, "azure", "gpt-4o", "audio_input")->per_mtok, INT64_C(40000000000));
    assert_int_equal(sold(&r, "azure", "gpt-4o", "audio_output")->per_mtok, INT64_C(80000000000));
    costs(&r, "gpt-old", "input", "(none)");
    costs(&r, "glm-4.7", "input", "0"); /* inside a plan, often */
    assert_int_equal(token(&r, "glm-4.7", "input")->context, CT_NONE);
    assert_int_equal(rows_of(&r, "text-embedding-9"), 0);
    assert_int_equal(note(&r, "a model that makes no text"), 1);
    assert_int_equal(note(&r, "a model that is no object"), 1);
    assert_int_equal(note(&r, "a provider without models"), 1);
    assert_int_equal(note(&r, "an id without a token price"), 1);
    assert_int_equal(note(&r, "status deprecated"), 1);
    assert_int_equal(note(&r, "price field per_image"), 1);
    assert_int_equal(note(&r, "price field context_over_lots"), 1);
    assert_int_equal(note(&r, "provider somebody"), 1);
    done(&r);
}

/* ---- llmprices ---- */

static void llmprices_current_list_is_what_the_labs_ask(void **state)
{
    struct run r = good(llm, "current.json");
    (void)state;
    assert_int_equal(r.rows.data_ms, INT64_C(1785888000000));
    is_row(token(&r, "gpt-5.6-luna", "input"), "openai", "gpt-5.6-luna", NULL, "openai", "direct",
           NULL);
    costs(&r, "gpt-5.6-luna", "input", "0.2");
    costs(&r, "gpt-5.6-luna", "output", "1.2");
    costs(&r, "gpt-5.6-luna", "cache_read", "0.02");
    /* a long prompt is a model of its own there, here a tier; a window of 32k is part of a name */
    is_row(token(&r, "gpt-5.6-luna-272k", "input.above_272k"), "openai", "gpt-5.6-luna", NULL,
           "openai", "direct", NULL);
    assert_int_equal(rows_of(&r, "gpt-5.6-luna-272k"), 2);
    text_is(token(&r, "gpt-4-32k", "input")->model, "gpt-4-32k");
    is_row(token(&r, "nova-pro", "input"), "amazon", "nova-pro", NULL, "aws", "cloud", NULL);
    costs(&r, "nova-pro", "input", "0.8");
    assert_int_equal(rows_of(&r, "odd"), 0);
    assert_int_equal(note(&r, "an id without a token price"), 1);
    assert_int_equal(note(&r, "a negative price"), 1);
    assert_int_equal(note(&r, "a price that is no number"), 1);
    assert_int_equal(note(&r, "a price without model or vendor"), 1);
    done(&r);
}

static void llmprices_of_other_days_say_their_day(void **state)
{
    struct run r = good(llm, "good.json");
    (void)state;
    costs(&r, "gpt-5.6-luna", "input", "0.2");
    costs(&r, "gpt-5.6-luna", "input.until_2026-07-30", "1");
    costs(&r, "gpt-5.6-luna-272k", "output.above_272k", "1.8");
    costs(&r, "gpt-5.6-luna-272k", "output.above_272k_until_2026-07-30", "9");
    costs(&r, "claude-sonnet-5", "input", "2"); /* on the list's own day */
    costs(&r, "claude-sonnet-5", "input.from_2026-09-01", "3");
    assert_int_equal(rows_of(&r, "kimi-k2.5"), 0);
    assert_int_equal(note(&r, "a price with a date that is none"), 1);
    done(&r);
    r = good(llm, "vendor.json"); /* no day of its own: what has no end counts */
    assert_int_equal(r.rows.data_ms, CT_NONE);
    costs(&r, "gpt-5.6-luna", "input", "0.2");
    costs(&r, "gpt-5.6-luna", "input.until_2026-07-30", "1");
    assert_int_equal(note(&r, "a model without a price_history"), 1);
    done(&r);
    r = good(llm, "quiet.json");
    assert_int_equal(ct_batch_rows(&r.rows), 0);
    done(&r);
}

/* ---- genaiprices ---- */

static void genai_prices_are_numbers_or_tiers(void **state)
{
    struct run r = good(genai, "good.json");
    (void)state;
    const struct ct_token_price *t = sold(&r, "anthropic", "claude-sonnet-4-5", "input");
    is_row(t, "anthropic", "claude-sonnet-4.5", NULL, "anthropic", "direct", NULL);
    assert_int_equal(t->per_mtok, INT64_C(3000000000));
    assert_int_equal(sold(&r, "anthropic", "claude-sonnet-4-5", "input.above_200k")->per_mtok,
                     INT64_C(6000000000));
    assert_int_equal(sold(&r, "anthropic", "claude-sonnet-4-5", "cache_write.above_1h")->per_mtok,
                     INT64_C(6000000000));
    is_row(sold(&r, "openrouter", "claude-sonnet-4-5", "reasoning"), "anthropic",
           "claude-sonnet-4.5", NULL, "openrouter", "reseller", NULL);
    sold(&r, "openrouter", "claude-sonnet-4-5", "audio_input");
    sold(&r, "openrouter", "claude-sonnet-4-5", "audio_output");
    is_row(token(&r, "regional.anthropic.claude-sonnet-5-v1:0", "output"), "anthropic",
           "claude-sonnet-5", NULL, "aws", "cloud", "regional");
    costs(&r, "deepseek-free", "input", "(none)");
    assert_int_equal(note(&r, "price field web_searches_kcount"), 1);
    assert_int_equal(note(&r, "price field requests_kcount"), 0);
    assert_int_equal(note(&r, "a price tier without a start"), 1);
    assert_int_equal(note(&r, "a model without an id"), 1);
    assert_int_equal(note(&r, "a provider without models"), 1);
    done(&r);
}

static void genai_prices_bound_to_a_day_never_pass_for_todays(void **state)
{
    struct run r = good(genai, "good.json");
    (void)state;
    costs(&r, "openai.gpt-5.6-luna", "input.until_2026-07-30", "1.1");
    costs(&r, "openai.gpt-5.6-luna", "input.from_2026-07-30", "0.22");
    costs(&r, "openai.gpt-5.6-luna", "input.above_272k_from_2026-07-30", "0.44");
    assert_int_equal(rows_of(&r, "openai.gpt-5.6-luna"), 5);
    assert_int_equal(token(&r, "openai.gpt-5.6-luna", "input.from_2026-07-30")->context, 1000000);
    costs(&r, "deepseek-chat", "input", "0.135");
    costs(&r, "deepseek-chat", "input.hours_0030_1630", "0.27");
    assert_int_equal(note(&r, "a price condition that is not known"), 1);
    done(&r);
}

/* ---- portkey ---- */

static void portkey_prices_are_cents_per_token(void **state)
{
    static const char id[] = "anthropic.claude-3-5-sonnet-20241022-v2:0";
    struct run r = good_asked(portkey, "good.json", "bedrock", NULL);
    (void)state;
    is_row(token(&r, id, "input"), "anthropic", "claude-sonnet-3.5", "20241022", "aws", "cloud",
           NULL);
    costs(&r, id, "input", "3");
    costs(&r, id, "output", "15");
    costs(&r, id, "cache_read", "0.3");
    costs(&r, id, "cache_write", "3.75");
    costs(&r, id, "cache_write.above_1h", "6");
    costs(&r, id, "input.batch", "1.5");
    costs(&r, id, "output.batch", "7.5");
    text_is(token(&r, "amazon.nova-micro-v1:0", "input")->currency, "EUR");
    costs(&r, "amazon.nova-micro-v1:0", "input", "0.035");
    costs(&r, "gemini-1.5-flash-gt-128k", "input.above_128k", "0.15");
    costs(&r, "gemini-1.5-flash-gt-128k", "reasoning.above_128k", "0.7");
    costs(&r, "gemini-1.5-flash-gt-128k", "audio_input.above_128k", "1");
    costs(&r, "gemini-1.5-flash-gt-128k", "audio_output.above_128k", "2");
    costs(&r, "gemini-1.5-flash-lte-128k", "input", "0.075");
    text_is(token(&r, "gemini-1.5-flash-lte-128k", "input")->model, "gemini-1.5-flash");
    costs(&r, "nothing", "input", "(none)");
    done(&r);
}

static void portkey_rows_that_are_no_model_are_counted(void **state)
{
    struct run r = good(portkey, "good.json"); /* nobody says whose: no host, but a lab */
    (void)state;
    is_row(token(&r, "anthropic.claude-3-5-sonnet-20241022-v2:0", "input"), "anthropic",
           "claude-sonnet-3.5", "20241022", NULL, NULL, NULL);
    assert_int_equal(rows_of(&r, "default"), 0);
    assert_int_equal(rows_of(&r, "stability.pictures"), 0);
    assert_int_equal(note(&r, "no model: default"), 1);
    assert_int_equal(note(&r, "no model: broken"), 1);
    assert_int_equal(note(&r, "a model that is sold by the piece"), 1);
    assert_int_equal(note(&r, "a model without pricing_config"), 1);
    assert_int_equal(note(&r, "the price of a fine-tuning"), 1);
    assert_int_equal(note(&r, "price field web_search"), 1);
    done(&r);
}

static void portkey_general_files_list_without_a_price(void **state)
{
    struct run r = good(portkey, "general.json");
    (void)state;
    assert_int_equal(r.rows.token_prices.n, 2);
    is_row(token(&r, "gpt-4o", "input"), "openai", "gpt-4o", NULL, "azure", "cloud", NULL);
    text_is(token(&r, "gpt-35-turbo-instruct", "input")->model, "gpt-3.5-turbo");
    costs(&r, "gpt-4o", "input", "(none)");
    assert_int_equal(note(&r, "type image"), 1);
    assert_int_equal(note(&r, "type not given"), 1);
    done(&r);
}

/* ---- all ---- */

static void other_shapes_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(all); i++) {
        refused(all[i], "page.html", CT_ERR_SHAPE, "an HTML page");
        refused(all[i], "cut.json", CT_ERR_SYNTAX, "cut off");
        refused(all[i], "wrong.json", CT_ERR_SHAPE, "looks like");
    }
    refused(models, "empty.json", CT_ERR_SHAPE, "no list of models");
    refused(endpoints, "denied.json", CT_ERR_SHAPE, "a JSON error answer");
    refused(modelsdev, "empty.json", CT_ERR_SHAPE, "an empty JSON object");
    refused(modelsdev, "openrouter.json", CT_ERR_SHAPE, "an OpenRouter model list");
    refused(genai, "empty.json", CT_ERR_SHAPE, "an empty JSON list");
    refused(portkey, "empty.json", CT_ERR_SHAPE, "an empty JSON object");
}

static void hostile_text_reaches_rows_clean(void **state)
{
    static const char *const ids[] = {"\\u001b]0;x\\u0007 1", "\\u202ea\\u009b\\u0000\\nb", ""};
    (void)state;
    for (size_t i = 0; i < CT_LEN(ids); i++) {
        char body[512];
        snprintf(body, sizeof body,
                 "[{\"id\":\"%s\",\"canonical_slug\":\"x\",\"pricing\":{\"prompt\":\"1e-6\","
                 "\"\\u001b[2J\":\"1\"}}]",
                 ids[i]);
        struct run r = parse_span(models, ct_span(body));
        check_rows(&r);
        done(&r);
        snprintf(body, sizeof body,
                 "{\"%s\":{\"id\":\"a\",\"models\":{\"%s\":{\"cost\":{\"input\":1}}}}}", ids[i],
                 ids[i]);
        r = parse_span(modelsdev, ct_span(body));
        check_rows(&r);
        done(&r);
        snprintf(body, sizeof body,
                 "{\"data\":{\"id\":\"%s\",\"endpoints\":[{\"tag\":\"%s\",\"provider_name\":\"%s\","
                 "\"quantization\":\"%s\"}]}}",
                 ids[i], ids[i], ids[i], ids[i]);
        r = parse_span(endpoints, ct_span(body));
        check_rows(&r);
        done(&r);
    }
}

static void a_list_without_end_meets_a_limit(void **state)
{
    struct ct_buf b = CT_BUF_INIT;
    (void)state;
    ct_buf_adds(&b, "{\"updated_at\":\"2026-01-01\",\"prices\":[");
    for (int i = 0; i < 20001; i++)
        ct_buf_addf(&b, "%s{\"id\":\"m%d\",\"vendor\":\"openai\",\"input\":1}", i ? "," : "", i);
    ct_buf_adds(&b, "]}");
    struct run r = parse_span(llm, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    check_rows(&r);
    done(&r);
    ct_buf_free(&b);
}

static void without_tables_nothing_is_guessed(void **state)
{
    struct ct_error err;
    (void)state;
    ct_reference_free();
    for (size_t i = 0; i < CT_LEN(all); i++)
        refused(all[i], "good.json", CT_ERR_CONFIG, "not loaded");
    assert_int_equal(ct_reference_load(&err), CT_OK);
}

/* ---- recorded answers ---- */

static void recorded_lists_are_read_to_the_last_model(void **state)
{
    static const struct {
        const struct ct_family *const *family;
        const char *file;
        size_t rows;
    } files[] = {
        {&models, "models/openrouter/models-2025-06-17.json.gz", 723},  /* envelope */
        {&models, "models/openrouter/models-2026-02-27.json.gz", 853},  /* bare */
        {&models, "models/openrouter/models-2026-05-22.json.gz", 951},  /* sorted */
        {&models, "models/openrouter/models-2026-08-01.json.gz", 1134}, /* one line */
        {&models, "models/modelsdev/repo-models-2026-05-15.json.gz",
         966}, /* in models.dev's keeping */
        {&modelsdev, "models/modelsdev/api-2025-11-07.json.gz", 2489},
        {&modelsdev, "models/modelsdev/api-2026-04-16.json.gz", 10158},
        {&genai, "models/genaiprices/data-2026-08-21.json.gz", 3288},
        {&genai, "models/genaiprices/v2-data-2026-08-21.json.gz", 3421},
    };
    (void)state;
    for (size_t i = 0; i < CT_LEN(files); i++) {
        struct run r;
        r = recorded(*files[i].family, files[i].file);
        if (r.rows.token_prices.n != files[i].rows)
            print_error("%s: %zu rows\n", files[i].file, r.rows.token_prices.n);
        assert_int_equal(r.status, CT_OK);
        assert_int_equal(r.rows.token_prices.n, files[i].rows);
        done(&r);
    }
}

/* models.md section 4, in the lists that saw it. */
static void recorded_price_move_is_seen_by_every_list(void **state)
{
    (void)state;
    struct run r = recorded(llm, "models/llmprices/2026-08-05/openai.json");
    costs(&r, "gpt-5.6-luna", "input", "0.2");
    costs(&r, "gpt-5.6-luna", "input.until_2026-07-30", "1");
    done(&r);
    r = recorded(models, "models/openrouter/models-2026-08-01.json.gz");
    costs(&r, "openai/gpt-5.6-luna", "input", "0.1"); /* a discounted row */
    done(&r);
    r = recorded_asked(portkey, "models/portkey/pricing/openai-2026-08-21.json.gz", "openai");
    costs(&r, "gpt-5.6-luna", "input", "0.2");
    done(&r);
    r = recorded_asked(portkey, "models/portkey/pricing/azure-openai-2026-08-21.json.gz",
                       "azure-openai");
    costs(&r, "gpt-5.6-luna", "input", "0.2");
    done(&r);
    r = recorded(endpoints, "models/openrouter/endpoints-openai-gpt-4o-2026-09.json");
    assert_int_equal(r.rows.endpoints.n, 2);
    assert_int_equal(endpoint(&r, "openai/gpt-4o@azure")->state, CT_STATE_DEGRADED);
    assert_int_equal(endpoint(&r, "openai/gpt-4o@openai")->uptime_30m_milli, 99883);
    done(&r);
}

/* Labs that the tables name: others are the organisation in the id, a fine-tune. */
static bool is_known_lab(const struct ct_tsv *orgs, const struct ct_tsv *prefixes,
                         struct ct_span lab)
{
    for (size_t i = 0; lab.n && i < orgs->rows; i++)
        if (ct_span_eq(ct_tsv_cell(orgs, i, 0), lab))
            return true;
    for (size_t i = 0; lab.n && i < prefixes->rows; i++)
        if (ct_span_eq(ct_tsv_cell(prefixes, i, 0), lab))
            return true;
    return false;
}

/* models.md section 3 says what the rules were measured to resolve; no less may they do now. */
static void recorded_ids_find_their_labs(void **state)
{
    static const char *const column[] = {"lab", NULL};
    static const struct ct_family *const litellm = &ct_family_litellm;
    static const struct {
        const struct ct_family *const *family;
        const char *file;
        size_t tenths; /* of a percent */
    } lists[] = {
        {&litellm, "models/litellm/litellm-2026-07-24.json.gz", 980},
        {&models, "models/openrouter/models-bare-2026-08-08.json.gz", 950},
        {&models, "models/openrouter/models-2026-08-01.json.gz", 950},
        {&modelsdev, "models/modelsdev/api-2026-04-16.json.gz", 940},
    };
    struct ct_tsv orgs, prefixes;
    size_t on_cloud = 0, known_on_cloud = 0;
    (void)state;
    assert_int_equal(ct_tsv_load(&orgs, "model_lab_orgs.tsv", column, NULL), CT_OK);
    assert_int_equal(ct_tsv_load(&prefixes, "model_lab_prefixes.tsv", column, NULL), CT_OK);
    for (size_t l = 0; l < CT_LEN(lists); l++) {
        struct run r;
        size_t n = 0, known = 0;
        struct ct_span last = CT_SPAN_NONE;
        r = recorded(*lists[l].family, lists[l].file);
        for (size_t i = 0; i < r.rows.token_prices.n; i++) {
            const struct ct_token_price *t = &r.rows.token_prices.v[i];
            if (ct_span_eq(t->source_id, last)) /* the rows of an id stand together */
                continue;
            last = t->source_id;
            bool good = t->model.n && is_known_lab(&orgs, &prefixes, t->lab);
            n++;
            known += good;
            if (l == 0 && ct_span_is(t->host_class, "cloud")) {
                on_cloud++;
                known_on_cloud += good;
            }
        }
        if (known * 1000 < n * lists[l].tenths)
            print_error("%s: %zu of %zu\n", lists[l].file, known, n);
        assert_true(n > 300 && known * 1000 >= n * lists[l].tenths);
        done(&r);
    }
    assert_true(on_cloud > 800 && known_on_cloud * 1000 >= on_cloud * 995);
    ct_tsv_free(&orgs);
    ct_tsv_free(&prefixes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openrouter_prices_are_text_per_token),
        cmocka_unit_test(openrouter_overrides_are_tiers_by_prompt_size),
        cmocka_unit_test(openrouter_free_absent_and_no_price_are_three_things),
        cmocka_unit_test(openrouter_rows_that_are_left_out_are_counted),
        cmocka_unit_test(openrouter_aliases_say_what_they_stand_for),
        cmocka_unit_test(openrouter_wrappings_are_one_list),
        cmocka_unit_test(endpoints_say_host_place_and_health),
        cmocka_unit_test(endpoints_of_one_host_are_told_apart_by_build),
        cmocka_unit_test(modelsdev_ids_are_unique_within_a_provider_only),
        cmocka_unit_test(modelsdev_prices_are_per_million),
        cmocka_unit_test(llmprices_current_list_is_what_the_labs_ask),
        cmocka_unit_test(llmprices_of_other_days_say_their_day),
        cmocka_unit_test(genai_prices_are_numbers_or_tiers),
        cmocka_unit_test(genai_prices_bound_to_a_day_never_pass_for_todays),
        cmocka_unit_test(portkey_prices_are_cents_per_token),
        cmocka_unit_test(portkey_rows_that_are_no_model_are_counted),
        cmocka_unit_test(portkey_general_files_list_without_a_price),
        cmocka_unit_test(other_shapes_are_refused_by_name),
        cmocka_unit_test(hostile_text_reaches_rows_clean),
        cmocka_unit_test(a_list_without_end_meets_a_limit),
        cmocka_unit_test(without_tables_nothing_is_guessed),
        cmocka_unit_test(recorded_lists_are_read_to_the_last_model),
        cmocka_unit_test(recorded_price_move_is_seen_by_every_list),
        cmocka_unit_test(recorded_ids_find_their_labs),
    };
    recorded_or_left_out();
    return cmocka_run_group_tests(tests, load_tables, unload_tables);
}
