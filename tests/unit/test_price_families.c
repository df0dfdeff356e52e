/* The four price formats over fixtures of the same shape, their damaged twins, and the recorded
 * answers beside the project when they are there. */
#include "config.h"

#include "db/base/paths.h"
#include "db/base/text.h"
#include "db/table.h"
#include "fetchers/families/all.h"
#include "fetchers/gunzip.h"
#include "fetchers/reference.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/parse_fixture.h"

static const struct ct_family *const azure = &ct_family_azure_retail,
                                     *const aws = &ct_family_aws_spot_feed,
                                     *const vast = &ct_family_vast_bundles,
                                     *const litellm = &ct_family_litellm;
static const struct ct_family *const all[] = {&ct_family_azure_retail, &ct_family_aws_spot_feed,
                                              &ct_family_vast_bundles, &ct_family_litellm};

/* ---- helpers ---- */

/* A nano price as people write it: "0.2". */
static void price_is(ct_nusd got, const char *want)
{
    char text[CT_DECIMAL_MAX] = "(none)";
    if (got != CT_NONE)
        ct_decimal_format(text, got, 9);
    assert_string_equal(text, want);
}

static const struct ct_offer *offer(const struct run *r, const char *sku, int purchase)
{
    for (size_t i = 0; i < r->rows.offers.n; i++)
        if (ct_span_is(r->rows.offers.v[i].sku, sku) && r->rows.offers.v[i].purchase == purchase)
            return &r->rows.offers.v[i];
    fail_msg("no offer %s %s", sku, ct_purchase_words[purchase]);
    return NULL;
}

/* The price of ID's KIND[.TIER]; fails when there is not exactly one such row. */
static const struct ct_token_price *token(const struct run *r, const char *id, const char *field)
{
    const struct ct_token_price *found = NULL;
    for (size_t i = 0; i < r->rows.token_prices.n; i++) {
        const struct ct_token_price *t = &r->rows.token_prices.v[i];
        if (ct_span_is(t->source_id, id) && ct_span_is(ct_token_field(r->arena, t), field)) {
            assert_null(found);
            found = t;
        }
    }
    if (!found)
        fail_msg("no %s of %s", field, id);
    return found;
}

static size_t tokens_of(const struct run *r, const char *id)
{
    size_t n = 0;
    for (size_t i = 0; i < r->rows.token_prices.n; i++)
        n += ct_span_is(r->rows.token_prices.v[i].source_id, id);
    return n;
}

/* ---- azure-retail ---- */

static void azure_prices_are_those_of_the_whole_machine(void **state)
{
    (void)state;
    struct run r = good(azure, "good.json");
    const struct ct_offer *o = offer(&r, "P1/0001", CT_PURCHASE_OD);
    text_is(o->cloud, "azure");
    text_is(o->region, "eastus");
    text_is(o->zone, NULL);
    text_is(o->instance, "Standard_ND96isr_H100_v5");
    text_is(o->gpu, "H100");
    text_is(o->form, "SXM");
    assert_int_equal(o->gpu_mem_milli, 80000);
    assert_int_equal(o->gpu_count_milli, 8000);
    assert_int_equal(o->vcpu_milli, 96000);
    assert_int_equal(o->mem_milli, CT_NONE);
    text_is(o->currency, "USD");
    price_is(o->price_per_hour, "98.32");
    price_is(o->price_per_gpu_hour, "12.29");
    assert_int_equal(o->host_included, 1);
    assert_int_equal(o->stock, CT_STOCK_UNKNOWN);
    assert_int_equal(o->stock_count, CT_NONE);
    text_is(o->interruption, NULL);
    assert_int_equal(o->effective_ms, INT64_C(1709251200000));
    done(&r);
}

static void azure_reservations_cost_their_term_not_an_hour(void **state)
{
    (void)state;
    struct run r = good(azure, "good.json");
    price_is(offer(&r, "P1/0003", CT_PURCHASE_RESERVED_1Y)->price_per_hour,
             "62.924771689"); /* / 8760 */
    price_is(offer(&r, "P1/0004", CT_PURCHASE_RESERVED_3Y)->price_per_hour,
             "43.162480974"); /* / 26280 */
    price_is(offer(&r, "P1/0001", CT_PURCHASE_SAVINGS_1Y)->price_per_hour, "75.5");
    price_is(offer(&r, "P1/0001", CT_PURCHASE_SAVINGS_3Y)->price_per_hour, "50.25");
    assert_int_equal(note(&r, "reservation term 5 Years"), 1);
    assert_int_equal(note(&r, "savings plan term 5 Years"), 1);
    price_is(offer(&r, "P1/0002", CT_PURCHASE_SPOT)->price_per_hour, "19.5");
    done(&r);
}

static void azure_rows_that_are_no_offer_are_counted(void **state)
{
    static const struct {
        const char *what;
        int64_t count;
    } left_out[] = {
        {"Windows", 2},
        {"Low Priority", 1},
        {"Dedicated Host", 1},
        {"DevTest", 1},
        {"a copy for another meter region", 1},
        {"a tier above zero", 1},
        {"a price of zero", 1},
        {"a unit other than 1 Hour", 1},
        {"no armSkuName", 1},
        {"a region not for sale to everybody", 1},
        {"a size without a GPU", 1},
        {"a row without a price", 1},
        {"reservation term 5 Years", 1},
        {"savings plan term 5 Years", 1},
        {"unknown GPU size Standard_NC7_NEW_v9", 1},
    };
    (void)state;
    struct run r = good(azure, "good.json");
    for (size_t i = 0; i < CT_LEN(left_out); i++)
        assert_int_equal(note(&r, left_out[i].what), left_out[i].count);
    assert_int_equal(r.rows.notes.n, CT_LEN(left_out));
    assert_int_equal(r.rows.offers.n, 8);
    done(&r);
}

static void azure_sizes_are_found_in_any_case_and_unknown_ones_kept(void **state)
{
    (void)state;
    struct run r = good(azure, "good.json");
    const struct ct_offer *o = offer(&r, "P2/0001", CT_PURCHASE_OD);
    text_is(o->gpu, "A10");
    assert_int_equal(o->gpu_count_milli, 167);
    text_is(o->currency, "EUR");
    price_is(o->price_per_gpu_hour, "3.592814371");
    o = offer(&r, "P3/0001", CT_PURCHASE_OD);
    text_is(o->gpu, NULL);
    assert_int_equal(o->gpu_count_milli, CT_NONE);
    assert_int_equal(o->price_per_gpu_hour, CT_NONE);
    price_is(o->price_per_hour, "7.77");
    text_is(o->currency, "USD"); /* the page's */
    done(&r);
}

static void azure_gives_out_the_next_page(void **state)
{
    (void)state;
    struct run r = good(azure, "good.json");
    text_is(r.rows.next_page, "https://prices.azure.com:443/api/retail/prices?$skip=1000");
    done(&r);
    r = good(azure, "empty.json");
    text_is(r.rows.next_page, NULL);
    assert_true(is_empty(&r.rows));
    done(&r);
    r = parse_span(azure,
                   CT_LIT("{\"Items\":[],\"NextPageLink\":\"javascript:alert(1)\",\"Count\":3}"));
    assert_int_equal(r.status, CT_OK);
    text_is(r.rows.next_page, NULL);
    assert_int_equal(note(&r, "Count differs from the number of items"), 1);
    done(&r);
}

/* ---- aws-spot-feed ---- */

static void aws_spot_prices_are_by_region_and_instance(void **state)
{
    (void)state;
    struct run r = good(aws, "good.json");
    assert_int_equal(r.rows.offers.n, 3);
    const struct ct_offer *o = offer(&r, "p3.8xlarge", CT_PURCHASE_SPOT);
    text_is(o->cloud, "aws");
    text_is(o->region, "us-east-1"); /* the feed says us-east */
    text_is(o->instance, "p3.8xlarge");
    text_is(o->gpu, "V100");
    text_is(o->form, NULL);
    assert_int_equal(o->gpu_mem_milli, 16000);
    assert_int_equal(o->gpu_count_milli, 4000);
    assert_int_equal(o->vcpu_milli, 32000);
    assert_int_equal(o->mem_milli, 244000);
    price_is(o->price_per_hour, "3.672"); /* Linux, though Windows stands first */
    price_is(o->price_per_gpu_hour, "0.918");
    text_is(o->currency, "USD");
    assert_int_equal(o->host_included, 1);
    assert_int_equal(o->stock, CT_STOCK_UNKNOWN);
    assert_int_equal(o->effective_ms, CT_NONE);
    o = offer(&r, "g6f.large", CT_PURCHASE_SPOT);
    assert_int_equal(o->gpu_count_milli, 125);
    price_is(o->price_per_gpu_hour, "0.5");
    text_is(offer(&r, "trn1.32xlarge", CT_PURCHASE_SPOT)->region, "eu-south-9");
    assert_int_equal(r.rows.data_ms, CT_NONE);
    done(&r);
}

static void aws_rows_that_are_no_offer_are_counted(void **state)
{
    (void)state;
    struct run r = good(aws, "good.json");
    assert_int_equal(note(&r, "an instance without a known accelerator"), 1);
    assert_int_equal(note(&r, "an instance not on offer here"), 2); /* N/A* and -1 */
    assert_int_equal(note(&r, "an instance without a Linux price"), 1);
    assert_int_equal(note(&r, "a price that is no number"), 1);
    assert_int_equal(note(&r, "a region not for sale to everybody: us-gov-west-1"), 1);
    assert_int_equal(note(&r, "a price with another system than Linux"), 3); /* of machines with a GPU */
    assert_int_equal(r.rows.notes.n, 6);
    done(&r);
}

static void aws_feed_may_be_wrapped_as_a_callback(void **state)
{
    static const char *const wraps[][2] = {
        {"callback(", ")"}, {"\n callback( \n", "\n)\n;\n"}, {"cb.x_1$(", ");"}, {"callback(", ""}};
    struct ct_buf plain = CT_BUF_INIT;
    (void)state;
    struct run want = good(aws, "good.json"), r = good(aws, "jsonp.js");
    assert_int_equal(r.rows.offers.n, want.rows.offers.n);
    done(&r);
    read_fixture(aws, "good.json", &plain);
    for (size_t i = 0; i < CT_LEN(wraps); i++) {
        struct ct_buf b = CT_BUF_INIT;
        ct_buf_adds(&b, wraps[i][0]);
        ct_buf_add(&b, ct_buf_span(&plain));
        ct_buf_adds(&b, wraps[i][1]);
        r = parse_span(aws, ct_buf_span(&b));
        assert_int_equal(r.status, CT_OK);
        assert_int_equal(r.rows.offers.n, want.rows.offers.n);
        done(&r);
        ct_buf_free(&b);
    }
    static const char *const bad[] = {"callback(", "callback(\"", "callback()", "(",
                                      "callback",  "();",         "a(;"};
    for (size_t i = 0; i < CT_LEN(bad); i++) {
        r = parse_span(aws, ct_span(bad[i]));
        assert_int_not_equal(r.status, CT_OK);
        done(&r);
    }
    ct_buf_free(&plain);
    done(&want);
}

static void aws_feed_of_another_rate_is_refused(void **state)
{
    (void)state;
    struct run r = parse_span(aws, CT_LIT("{\"config\":{\"rate\":\"permonth\",\"regions\":[]}}"));
    assert_int_equal(r.status, CT_ERR_SHAPE);
    assert_string_equal(r.err.where, "$.config.rate");
    done(&r);
}

/* ---- vast-bundles ---- */

static void vast_offers_are_whole_machines_or_shares(void **state)
{
    (void)state;
    struct run r = good(vast, "good.json");
    const struct ct_offer *o = offer(&r, "5001", CT_PURCHASE_OD);
    text_is(o->cloud, "vastai");
    text_is(o->region, "Montana, US");
    text_is(o->instance, "900");
    text_is(o->gpu, "H100");
    text_is(o->form, "SXM");
    assert_int_equal(o->gpu_mem_milli, 80000);
    assert_int_equal(o->gpu_count_milli, 2000);
    assert_int_equal(o->vcpu_milli, 48000);
    assert_int_equal(o->mem_milli, 503737);
    text_is(o->currency, "USD");
    price_is(o->price_per_hour, "3.266666667");
    price_is(o->price_per_gpu_hour, "1.633333334");
    assert_int_equal(o->host_included, 1);
    assert_int_equal(o->stock, CT_STOCK_AVAILABLE);
    o = offer(&r, "5002", CT_PURCHASE_OD);
    text_is(o->region, NULL);
    text_is(o->form, "PCIe");
    assert_int_equal(o->gpu_mem_milli, 40000);
    assert_int_equal(o->vcpu_milli, CT_NONE); /* 0.0 where the cores are null */
    assert_int_equal(o->stock, CT_STOCK_NONE);
    o = offer(&r, "5003", CT_PURCHASE_OD);
    assert_int_equal(o->gpu_mem_milli, 80000);
    price_is(o->price_per_hour, "8.4");
    assert_int_equal(o->stock, CT_STOCK_UNKNOWN); /* rented is not said */
    assert_int_equal(offer(&r, "5004", CT_PURCHASE_OD)->stock, CT_STOCK_NONE);
    assert_int_equal(offer(&r, "5004", CT_PURCHASE_OD)->gpu_mem_milli, 48000);
    done(&r);
}

static void vast_unknown_parts_are_kept_without_a_name(void **state)
{
    (void)state;
    struct run r = good(vast, "good.json");
    const struct ct_offer *o = offer(&r, "5005", CT_PURCHASE_OD);
    text_is(o->gpu, NULL);
    assert_int_equal(o->gpu_mem_milli, CT_NONE);
    assert_int_equal(o->gpu_count_milli, 4000);
    assert_int_equal(note(&r, "unknown GPU Matrix 9000X"), 1);
    assert_int_equal(offer(&r, "5006", CT_PURCHASE_OD)->gpu_mem_milli, 24000);
    assert_int_equal(note(&r, "a part of a GPU RTX PRO 6000 S"), 1);
    assert_int_equal(note(&r, "a price of zero"), 1); /* 5007 */
    assert_int_equal(r.rows.offers.n, 6);
    done(&r);
}

static void vast_bids_are_known_by_what_was_asked(void **state)
{
    (void)state;
    struct run r = good_asked(vast, "good.json", NULL, "bid");
    price_is(offer(&r, "5001", CT_PURCHASE_SPOT)->price_per_hour, "1.5");
    price_is(offer(&r, "5001", CT_PURCHASE_SPOT)->price_per_gpu_hour, "0.75");
    assert_int_equal(note(&r, "a row without a price"), 1); /* 5003: min_bid null */
    assert_int_equal(note(&r, "a negative price"), 1);      /* 5007 */
    assert_int_equal(r.rows.offers.n, 5);
    done(&r);
}

static void vast_archives_are_read_like_answers(void **state)
{
    (void)state;
    struct run r = good(vast, "archive.json");
    assert_int_equal(r.rows.offers.n, 1);
    const struct ct_offer *o = offer(&r, "7001", CT_PURCHASE_OD);
    text_is(o->gpu, "H200");
    text_is(o->form, "NVL");
    price_is(o->price_per_gpu_hour, "2.25");
    assert_int_equal(r.rows.data_ms, INT64_C(1772205766407));
    done(&r);
}

static void vast_addresses_of_hosts_reach_no_row(void **state)
{
    struct ct_buf out = CT_BUF_INIT;
    (void)state;
    struct run r = good(vast, "good.json");
    ct_batch_ndjson(&r.rows, &out);
    assert_non_null(strstr(out.p, "5001"));
    assert_null(strstr(out.p, "192.0.2."));
    ct_buf_free(&out);
    done(&r);
}

/* ---- litellm ---- */

static void litellm_rows_say_who_sells_what(void **state)
{
    (void)state;
    struct run r = good(litellm, "good.json");
    const struct ct_token_price *t = token(&r, "azure/eu/gpt-4o-2024-08-06", "input");
    text_is(t->lab, "openai");
    text_is(t->model, "gpt-4o");
    text_is(t->variant, "2024-08-06");
    text_is(t->host, "azure");
    text_is(t->host_class, "cloud");
    text_is(t->region, "eu");
    text_is(t->currency, "USD");
    price_is(t->per_mtok, "2.75");
    assert_int_equal(t->context, 128000);
    assert_int_equal(t->retires_ms, INT64_C(1772150400000));
    assert_int_equal(t->open_weights, 0);
    assert_int_equal(token(&r, "openai.gpt-oss-120b-1:0", "input")->open_weights, 1);
    t = token(&r, "gpt-4o", "input");
    text_is(t->region, NULL);
    text_is(t->variant, NULL);
    text_is(t->host_class, "direct");
    assert_int_equal(t->retires_ms, CT_NONE);
    done(&r);
}

static void litellm_every_token_price_is_a_kind_and_a_tier(void **state)
{
    static const struct {
        const char *id, *field, *price;
    } rows[] = {
        {"gpt-4o", "input", "2.5"},
        {"gpt-4o", "output", "10"},
        {"gpt-4o", "input.batch", "1.25"},
        {"gpt-4o", "output.batch", "5"},
        {"gpt-4o", "cache_read", "1.25"},
        {"gpt-4o", "input.priority", "4.25"},
        {"vertex_ai/claude-sonnet-4-5@20250929", "input.above_200k", "6"},
        {"vertex_ai/claude-sonnet-4-5@20250929", "output.above_200k", "22.5"},
        {"vertex_ai/claude-sonnet-4-5@20250929", "cache_write", "3.75"},
        {"vertex_ai/claude-sonnet-4-5@20250929", "cache_write.above_1h", "6"},
        {"vertex_ai/claude-sonnet-4-5@20250929", "cache_write.above_1h_above_200k", "12"},
        {"vertex_ai/claude-sonnet-4-5@20250929", "input.above_200k_priority", "10.8"},
        {"o-mini-think", "reasoning", "4.4"},
        {"o-mini-think", "output.flex", "2.2"},
        {"o-mini-think", "audio_input", "40"},
        {"o-mini-think", "audio_output", "80"},
        {"odd-thousand/tail", "input", "0.2"}, /* 0.19999999999999998e-6 in the file */
        {"odd-thousand/tail", "output", "0"},  /* free, not missing */
        {"text/price", "input", "1.5"},
    };
    (void)state;
    struct run r = good(litellm, "good.json");
    for (size_t i = 0; i < CT_LEN(rows); i++)
        price_is(token(&r, rows[i].id, rows[i].field)->per_mtok, rows[i].price);
    assert_int_equal(tokens_of(&r, "gpt-4o"), 6);
    assert_int_equal(tokens_of(&r, "text/price"), 1); /* text that is no number, and -1, are none */
    assert_int_equal(tokens_of(&r, "free/model"),
                     1); /* the old name of the cache's price is left out */
    assert_int_equal(r.rows.token_prices.n, 31);
    done(&r);
}

static void litellm_new_thresholds_need_no_new_code(void **state)
{
    static const struct {
        const char *field, *want; /* NULL: no token price */
    } fields[] = {
        {"input_cost_per_token_above_999k_tokens", "input.above_999k"},
        {"input_cost_per_token_above_2m_tokens_flex", "input.above_2m_flex"},
        {"cache_creation_input_token_cost_above_24hr", "cache_write.above_24h"},
        {"output_cost_per_token_batches_above_32k_tokens", "output.batch_above_32k"},
        {"output_cost_per_reasoning_token_priority", "reasoning.priority"},
        {"input_cost_per_token_above_tokens", NULL},
        {"input_cost_per_token_above_k_tokens", NULL},
        {"input_cost_per_token_above_128k", NULL},
        {"input_cost_per_token_moonlight", NULL},
        {"input_cost_per_tokens", NULL},
        {"input_cost_per_second", NULL},
        {"output_cost_per_image", NULL},
        {"input_cost_per_character_above_128k_tokens", NULL},
    };
    (void)state;
    for (size_t i = 0; i < CT_LEN(fields); i++) {
        struct ct_buf b = CT_BUF_INIT;
        char what[128];
        ct_buf_addf(&b, "{\"m\":{\"litellm_provider\":\"openai\",\"mode\":\"chat\",\"%s\":3e-6}}",
                    fields[i].field);
        struct run r = parse_span(litellm, ct_buf_span(&b));
        assert_int_equal(r.status, CT_OK);
        assert_int_equal(r.rows.token_prices.n, 1);
        snprintf(what, sizeof what, "price field %s", fields[i].field);
        assert_int_equal(note(&r, what), fields[i].want ? 0 : 1);
        price_is(token(&r, "m", fields[i].want ? fields[i].want : "input")->per_mtok,
                 fields[i].want ? "3" : "(none)");
        done(&r);
        ct_buf_free(&b);
    }
}

static void litellm_ids_without_a_price_keep_one_row(void **state)
{
    (void)state;
    struct run r = good(litellm, "good.json");
    const char *id = "bedrock/eu-central-1/6-month-commitment/anthropic.claude-instant-v1";
    const struct ct_token_price *t = token(&r, id, "input.6-month-commitment");
    assert_int_equal(t->per_mtok, CT_NONE);
    text_is(t->region, "eu-central-1");
    t = token(&r, "openrouter/openrouter/auto", "input");
    assert_int_equal(t->per_mtok, CT_NONE);
    text_is(t->model, NULL);
    text_is(t->lab, NULL);
    assert_int_equal(note(&r, "an id without a token price"), 2);
    done(&r);
}

static void litellm_rows_that_are_left_out_are_counted(void **state)
{
    (void)state;
    struct run r = good(litellm, "good.json");
    assert_int_equal(note(&r, "mode embedding"), 2);
    assert_int_equal(note(&r, "mode not given"), 1);
    assert_int_equal(note(&r, "no model: sample_spec"), 1);
    assert_int_equal(note(&r, "no model: fallback_generalizations"), 1);
    assert_int_equal(note(&r, "no model: last_updated"), 1);
    assert_int_equal(note(&r, "a model that is no object"), 1);
    assert_int_equal(note(&r, "a negative price"), 3);
    assert_int_equal(note(&r, "a price that is no number"), 1);
    assert_int_equal(note(&r, "a deprecation_date that is no date"), 1);
    assert_int_equal(note(&r, "price field input_cost_per_second"), 1);
    assert_int_equal(note(&r, "price field search_context_cost_per_query"), 1);
    assert_int_equal(note(&r, "price field input_cost_per_token_cache_hit"), 1);
    assert_int_equal(note(&r, "an id that is not a model"), 1);
    assert_int_equal(note(&r, "provider nobody_knows"), 1);
    assert_int_equal(tokens_of(&r, "text-embedding-3-small"), 0);
    done(&r);
}

static void litellm_of_a_name_that_occurs_twice_the_last_counts(void **state)
{
    (void)state;
    struct run r = good(litellm, "good.json");
    assert_int_equal(tokens_of(&r, "twice"), 1);
    price_is(token(&r, "twice", "input")->per_mtok, "2");
    done(&r);
}

static void litellm_contexts_may_be_real_or_text(void **state)
{
    (void)state;
    struct run r = good(litellm, "good.json");
    assert_int_equal(token(&r, "odd-thousand/tail", "input")->context, 8192);
    assert_int_equal(token(&r, "text/price", "input")->context, 4096);
    assert_int_equal(token(&r, "o-mini-think", "input")->context, CT_NONE);
    done(&r);
}

static void a_price_beyond_all_reason_is_a_note(void **state)
{
    (void)state;
    struct run r = parse_span(
        litellm, CT_LIT("{\"m\":{\"litellm_provider\":\"openai\",\"mode\":\"chat\","
                        "\"input_cost_per_token\":1e300,\"output_cost_per_token\":{}}}"));
    assert_int_equal(r.status, CT_OK);
    assert_int_equal(note(&r, "a price that is too large"), 1);
    assert_int_equal(note(&r, "a price that is no number"), 1);
    assert_int_equal(token(&r, "m", "input")->per_mtok, CT_NONE);
    done(&r);
}

/* ---- all four ---- */

static void damaged_answers_are_refused_with_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(all); i++) {
        refused_at(all[i], "cut.json", CT_ERR_SYNTAX, "line ", "cut off");
        refused_at(all[i], "page.html", CT_ERR_SHAPE, "body", "HTML page");
        struct run r = parse_span(all[i], CT_LIT(""));
        assert_int_equal(r.status, CT_ERR_SHAPE);
        assert_true(is_empty(&r.rows));
        done(&r);
    }
    refused_at(azure, "wrong.json", CT_ERR_SHAPE, "$.Items[1]", "wanted an object, found a number");
    refused_at(aws, "wrong.json", CT_ERR_SHAPE, "$.config.regions[0]", "wanted a region with instanceTypes");
    refused_at(vast, "wrong.json", CT_ERR_SHAPE, "$.offers", "wanted an array, found an object");
    refused_at(litellm, "wrong.json", CT_ERR_SHAPE, "$", "no model with a litellm_provider");
    struct run r = parse_span(litellm, CT_LIT("{\n \"a\": {\"litellm_provider\": \"x\"},\n}"));
    assert_int_equal(r.status, CT_ERR_SYNTAX);
    assert_string_equal(r.err.where, "line 3 column 1");
    done(&r);
}

static void empty_answers_are_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(all); i++) {
        struct run r = good(all[i], "empty.json");
        assert_int_equal(ct_batch_rows(&r.rows), 0);
        done(&r);
    }
}

static void hostile_text_reaches_rows_clean(void **state)
{
    (void)state;
    struct run r = parse_span(
        vast, CT_LIT("{\"offers\":[{\"id\":\"\\u001b]0;x\\u0007 1\",\"machine_id\":[1],"
                     "\"gpu_name\":\"\\u202eH100\\u001b[2J\",\"num_gpus\":1,\"dph_total\":1,"
                     "\"geolocation\":\"a\\u009b\\u0000\\nb\"}]}"));
    assert_int_equal(r.status, CT_OK);
    assert_int_equal(r.rows.offers.n, 1);
    check_rows(&r);
    text_is(r.rows.offers.v[0].region, "a b");
    done(&r);
}

static void an_answer_without_end_meets_a_limit(void **state)
{
    struct ct_buf b = CT_BUF_INIT;
    (void)state;
    ct_buf_adds(&b, "{\"offers\":[");
    for (int i = 0; i < 20001; i++)
        ct_buf_addf(&b, "%s{\"id\":%d,\"gpu_name\":\"T4\",\"dph_total\":1}", i ? "," : "", i);
    ct_buf_adds(&b, "]}");
    struct run r = parse_span(vast, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    assert_true(is_empty(&r.rows));
    done(&r);
    /* Many unknown words are not many notes. */
    ct_buf_clear(&b);
    ct_buf_adds(&b, "{");
    for (int i = 0; i < 3000; i++)
        ct_buf_addf(&b, "%s\"m%d\":{\"litellm_provider\":\"x\",\"mode\":\"mode%d\"}", i ? "," : "",
                    i, i);
    ct_buf_adds(&b, "}");
    r = parse_span(litellm, ct_buf_span(&b));
    assert_int_equal(r.status, CT_OK);
    assert_true(r.rows.notes.n <= 201);
    assert_int_equal(note(&r, "mode"), 2800);
    done(&r);
    ct_buf_free(&b);
}

static void without_tables_nothing_is_guessed(void **state)
{
    struct ct_error err;
    (void)state;
    ct_reference_free();
    for (size_t i = 0; i < CT_LEN(all); i++)
        refused_at(all[i], "good.json", CT_ERR_CONFIG, "reference", "not loaded");
    assert_int_equal(ct_reference_load(&err), CT_OK);
}

/* ---- recorded answers ---- */

static void recorded_price_answers_say_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(azure, "prices/azure_retail_page_westeurope_2026-08_trimmed.json");
    assert_int_equal(r.rows.offers.n, 5);
    price_is(r.rows.offers.v[0].price_per_gpu_hour, "16.529");
    done(&r);
    r = recorded(aws, "prices/aws_spot_price_feed_2021-04.json");
    assert_int_equal(r.rows.offers.n, 117);
    price_is(offer(&r, "p3.2xlarge", CT_PURCHASE_SPOT)->price_per_hour, "0.918");
    price_is(offer(&r, "g4dn.xlarge", CT_PURCHASE_SPOT)->price_per_hour, "0.1578");
    text_is(offer(&r, "p3dn.24xlarge", CT_PURCHASE_SPOT)->region, "us-east-1");
    done(&r);
    r = recorded(vast, "prices/vast_bundles_2026-08.json");
    assert_int_equal(r.rows.offers.n, 48);
    assert_int_equal(r.rows.notes.n, 0);
    price_is(offer(&r, "44075906", CT_PURCHASE_OD)->price_per_gpu_hour,
             "1.311777778"); /* the cheapest */
    for (size_t i = 0; i < r.rows.offers.n; i++) {
        text_is(r.rows.offers.v[i].gpu, "H100");
        assert_true(r.rows.offers.v[i].price_per_gpu_hour >= 1311777778);
    }
    done(&r);
}

static void recorded_vast_archives_are_known_to_the_last_offer(void **state)
{
    static const struct {
        const char *file;
        size_t offers;
    } days[] = {{"2026-02-27", 248},
                {"2026-03-01", 239},
                {"2026-03-02", 233},
                {"2026-03-04", 244},
                {"2026-03-05", 255}};
    (void)state;
    for (size_t i = 0; i < CT_LEN(days); i++) {
        char name[80], at[CT_TIME_MAX];
        struct run r;
        snprintf(name, sizeof name, "prices/history/vast_offers_%s.json.gz", days[i].file);
        r = recorded(vast, name);
        assert_int_equal(r.rows.offers.n, days[i].offers);
        assert_int_equal(r.rows.notes.n, 0);
        ct_time_format(at, r.rows.data_ms);
        assert_int_equal(strncmp(at, days[i].file, 10), 0);
        done(&r);
    }
}

/* The clouds of LAB's models, a bit each, and how many models stand on one cloud only. */
static void count_clouds(const struct run *r, const char *lab, int *clouds, size_t *models,
                         size_t *alone)
{
    static const char *const names[] = {"aws", "azure",   "gcp",     "oracle",
                                        "ibm", "alibaba", "tencent", "volcengine"};
    static struct {
        struct ct_span model;
        unsigned bits;
    } seen[512];
    unsigned of_lab = 0;
    *models = *alone = 0;
    *clouds = 0;
    for (size_t i = 0; i < r->rows.token_prices.n; i++) {
        const struct ct_token_price *t = &r->rows.token_prices.v[i];
        unsigned bit = 0;
        size_t m = 0;
        for (size_t c = 0; c < CT_LEN(names); c++)
            bit |= ct_span_is(t->host, names[c]) ? 1u << c : 0;
        if (!bit || !ct_span_is(t->lab, lab) || !t->model.p)
            continue;
        while (m < *models && !ct_span_eq(seen[m].model, t->model))
            m++;
        if (m == *models) {
            assert_true(*models < CT_LEN(seen));
            seen[m].model = t->model;
            seen[m].bits = 0;
            ++*models;
        }
        seen[m].bits |= bit;
        of_lab |= bit;
    }
    for (size_t m = 0; m < *models; m++)
        *alone += (seen[m].bits & (seen[m].bits - 1)) == 0;
    for (; of_lab; of_lab &= of_lab - 1)
        ++*clouds;
}

static void recorded_litellm_says_on_how_many_clouds_a_lab_is(void **state)
{
    static const struct {
        const char *lab;
        int clouds;
    } labs[] = {{"openai", 5},  {"meta", 5},     {"deepseek", 5},  {"xai", 4},    {"google", 4},
                {"mistral", 4}, {"moonshot", 4}, {"anthropic", 3}, {"cohere", 3}, {"alibaba", 3},
                {"zhipu", 3},   {"amazon", 1},   {"microsoft", 1}};
    struct run r;
    int clouds;
    size_t models, alone;
    (void)state;
    r = recorded(litellm, "models/litellm/litellm-2026-07-24.json.gz");
    for (size_t i = 0; i < CT_LEN(labs); i++) {
        count_clouds(&r, labs[i].lab, &clouds, &models, &alone);
        assert_int_equal(clouds, labs[i].clouds);
    }
    count_clouds(&r, "openai", &clouds, &models, &alone);
    assert_int_equal(models, 58);
    assert_int_equal(alone, 48);
    count_clouds(&r, "anthropic", &clouds, &models, &alone);
    assert_int_equal(models, 23);
    assert_int_equal(alone, 4);
    assert_int_equal(r.rows.token_prices.n, 6883);
    done(&r);
    r = recorded(litellm, "models/litellm/litellm-2025-06-14.json.gz");
    count_clouds(&r, "openai", &clouds, &models, &alone);
    assert_int_equal(models, 24);
    assert_int_equal(alone, 24);
    done(&r);
}

static void recorded_litellm_files_are_read_and_broken_ones_refused(void **state)
{
    char name[700];
    struct run r;
    struct dirent *e;
    size_t files = 0;
    (void)state;
    DIR *d = opendir(recorded_path(name, sizeof name, "models/litellm"));
    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "models/litellm/%s", e->d_name);
        r = recorded(litellm, name);
        assert_int_equal(r.status, CT_OK);
        assert_true(r.rows.token_prices.n > 100);
        done(&r);
        files++;
    }
    closedir(d);
    assert_int_equal(files, 40);
    r = recorded_asked(litellm, "models/litellm-broken/litellm-2024-11-05-4debf4ec.json.gz", NULL);
    assert_int_equal(r.status, CT_ERR_SYNTAX);
    assert_int_equal(strncmp(r.err.where, "line ", 5), 0);
    done(&r);
    r = recorded(litellm, "models/litellm-dupkeys/litellm-2026-02-09-fa4b06f7.json.gz");
    assert_int_equal(r.status, CT_OK);
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(azure_prices_are_those_of_the_whole_machine),
        cmocka_unit_test(azure_reservations_cost_their_term_not_an_hour),
        cmocka_unit_test(azure_rows_that_are_no_offer_are_counted),
        cmocka_unit_test(azure_sizes_are_found_in_any_case_and_unknown_ones_kept),
        cmocka_unit_test(azure_gives_out_the_next_page),
        cmocka_unit_test(aws_spot_prices_are_by_region_and_instance),
        cmocka_unit_test(aws_rows_that_are_no_offer_are_counted),
        cmocka_unit_test(aws_feed_may_be_wrapped_as_a_callback),
        cmocka_unit_test(aws_feed_of_another_rate_is_refused),
        cmocka_unit_test(vast_offers_are_whole_machines_or_shares),
        cmocka_unit_test(vast_unknown_parts_are_kept_without_a_name),
        cmocka_unit_test(vast_bids_are_known_by_what_was_asked),
        cmocka_unit_test(vast_archives_are_read_like_answers),
        cmocka_unit_test(vast_addresses_of_hosts_reach_no_row),
        cmocka_unit_test(litellm_rows_say_who_sells_what),
        cmocka_unit_test(litellm_every_token_price_is_a_kind_and_a_tier),
        cmocka_unit_test(litellm_new_thresholds_need_no_new_code),
        cmocka_unit_test(litellm_ids_without_a_price_keep_one_row),
        cmocka_unit_test(litellm_rows_that_are_left_out_are_counted),
        cmocka_unit_test(litellm_of_a_name_that_occurs_twice_the_last_counts),
        cmocka_unit_test(litellm_contexts_may_be_real_or_text),
        cmocka_unit_test(a_price_beyond_all_reason_is_a_note),
        cmocka_unit_test(damaged_answers_are_refused_with_the_place),
        cmocka_unit_test(empty_answers_are_answers),
        cmocka_unit_test(hostile_text_reaches_rows_clean),
        cmocka_unit_test(an_answer_without_end_meets_a_limit),
        cmocka_unit_test(without_tables_nothing_is_guessed),
        cmocka_unit_test(recorded_price_answers_say_what_a_reader_sees),
        cmocka_unit_test(recorded_vast_archives_are_known_to_the_last_offer),
        cmocka_unit_test(recorded_litellm_says_on_how_many_clouds_a_lab_is),
        cmocka_unit_test(recorded_litellm_files_are_read_and_broken_ones_refused),
    };
    recorded_or_left_out();
    return cmocka_run_group_tests(tests, load_tables, unload_tables);
}
