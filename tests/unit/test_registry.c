/* The table of families and the list of sources: as shipped, from text, and as a config changes it.
 */
#include "fetchers/registry.h"

#include "db/base/text.h"
#include "fetchers/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                                       \
    "# a comment\n"                                                                                \
    "id\tfamily\tprovider\tscope\ttitle\turl\tmethod\tbody\tquery\tkey_env\tinterval_s\ttimeout_"  \
    "s\t"                                                                                          \
    "max_bytes\tmax_pages\tevidence\tpart_of_list\tenabled\tterms\n"

/* A good row; the tests replace one cell each. */
static const char *const good_cells[18] = {"acme_status",
                                           "statuspage-summary",
                                           "acme",
                                           "api",
                                           "Acme",
                                           "https://status.acme.example/s.json",
                                           "GET",
                                           "",
                                           "",
                                           "",
                                           "60",
                                           "",
                                           "",
                                           "",
                                           "official",
                                           "no",
                                           "yes",
                                           "free"};

static struct ct_registry *read_row(int column, const char *value, struct ct_error *err)
{
    struct ct_buf b = CT_BUF_INIT;
    struct ct_registry *reg = NULL;
    ct_buf_adds(&b, HEAD);
    for (int i = 0; i < 18; i++)
        ct_buf_addf(&b, "%s%s", i ? "\t" : "", i == column ? value : good_cells[i]);
    ct_buf_adds(&b, "\n");
    enum ct_status s = ct_registry_read(ct_buf_span(&b), "sources.tsv", &reg, err);
    assert_int_equal(s == CT_OK, reg != NULL);
    ct_buf_free(&b);
    return reg;
}

static void shipped_sources_load_and_can_be_asked(void **state)
{
    (void)state;
    struct ct_registry *reg;
    struct ct_error err = {0};
    if (ct_registry_load(&reg, &err) != CT_OK)
        fail_msg("%s: %s", err.where, err.what);
    assert_true(ct_registry_count(reg) >= 60);
    for (size_t i = 0; i < ct_registry_count(reg); i++) {
        const struct ct_source *s = ct_registry_at(reg, i);
        assert_non_null(s->ops);
        assert_ptr_equal(s->ops, ct_family_find(s->family));
        assert_true(s->interval_ms >= 60 * CT_SECOND);
        assert_true(s->max_bytes >= 1 << 20 && s->max_pages >= 1);
        assert_true(strncmp(s->url, "https://", 8) == 0);
        assert_true(s->title[0] && s->terms[0]);
        /* off without being asked: what needs a key, lists that repeat others, and large ones */
        assert_true(s->enabled || s->key_env[0] || s->ops->kind == CT_SOURCE_MODELS ||
                    s->max_bytes == CT_STREAM_MAX);
        assert_false(s->allow_private);
        assert_ptr_equal(ct_registry_find(reg, s->id), s);
    }
    assert_null(ct_registry_at(reg, ct_registry_count(reg)));
    assert_null(ct_registry_find(reg, "nobody"));
    assert_int_equal(ct_registry_check(reg, &err), CT_OK);
    ct_registry_free(reg);
    ct_reference_free();
}

static void shipped_sources_are_those_of_the_documents(void **state)
{
    (void)state;
    static const struct {
        const char *id, *family, *provider, *url;
    } want[] = {
        {"openai_status", "incidentio-compat", "openai",
         "https://status.openai.com/api/v2/summary.json"},
        {"anthropic_status", "statuspage-summary", "anthropic",
         "https://status.claude.com/api/v2/summary.json"},
        {"aws_status", "aws-currentevents", "aws",
         "https://health.aws.amazon.com/public/currentevents"},
        {"azure_status", "azure-rss", "azure",
         "https://rssfeed.azure.status.microsoft/en-us/status/feed/"},
        {"gcp_status", "gcp-incidents", "gcp", "https://status.cloud.google.com/incidents.json"},
        {"groq_status", "incidentio-compat", "groq", "https://groqstatus.com/api/v2/summary.json"},
        {"aws_spot_prices", "aws-spot-feed", "aws",
         "https://website.spot.ec2.aws.a2z.com/spot.json"},
        {"aws_spot_advisor", "aws-spot-advisor", "aws",
         "https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json"},
        {"runpod_x8", "runpod-gputypes", "runpod", "https://api.runpod.io/graphql"},
        {"verda_prices", "verda-types", "verda", "https://api.datacrunch.io/v1/instance-types"},
        {"skypilot_oracle", "skypilot-csv", "oracle",
         "https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/catalogs/v8/oci/"
         "vms.csv"},
        {"litellm_prices", "litellm", "",
         "https://raw.githubusercontent.com/BerriAI/litellm/main/"
         "model_prices_and_context_window.json"},
        {"openrouter_models", "openrouter-models", "", "https://openrouter.ai/api/v1/models"},
        {"llm_prices", "llmprices", "", "https://www.llm-prices.com/current-v1.json"},
        {"portkey_bedrock", "portkey", "bedrock",
         "https://configs.portkey.ai/pricing/bedrock.json"},
    };
    struct ct_registry *reg;
    assert_int_equal(ct_registry_read(CT_SPAN_NONE, "sources.tsv", &reg, NULL), CT_OK);
    for (size_t i = 0; i < CT_LEN(want); i++) {
        const struct ct_source *s = ct_registry_find(reg, want[i].id);
        assert_non_null(s);
        assert_string_equal(s->family, want[i].family);
        assert_string_equal(s->provider, want[i].provider);
        assert_string_equal(s->url, want[i].url);
    }
    assert_true(ct_registry_find(reg, "cloudflare_status")->max_bytes ==
                16 << 20); /* 2 MB is normal */
    /* What the answer does not say is in the query, and agrees with what is asked. */
    const struct ct_source *eight = ct_registry_find(reg, "runpod_x8");
    assert_string_equal(eight->query, "secure 8");
    assert_non_null(strstr(eight->body, "gpuCount:8, secureCloud:true"));
    assert_non_null(strstr(ct_registry_find(reg, "runpod_x1")->body, "gpuCount:1,"));
    const struct ct_source *paris = ct_registry_find(reg, "scaleway_prices_fr_par_2");
    assert_string_equal(paris->query, "fr-par-2");
    assert_non_null(strstr(paris->url, "/zones/fr-par-2/"));
    assert_string_equal(ct_registry_find(reg, "lambda_prices")->key_env, "LAMBDA_API_KEY");
    const struct ct_source *bid = ct_registry_find(reg, "vast_h100_spot");
    assert_string_equal(bid->method, "POST");
    assert_string_equal(bid->query, "bid");
    assert_non_null(strstr(bid->body, "\"type\":\"bid\""));
    assert_non_null(strstr(bid->body, "\"H100 SXM\""));
    assert_true(bid->part_of_list);
    assert_int_equal(bid->evidence, CT_EVIDENCE_STOCK);
    const struct ct_source *azure = ct_registry_find(reg, "azure_prices_westeurope");
    assert_non_null(strstr(azure->url, "armRegionName%20eq%20%27westeurope%27"));
    assert_null(strchr(azure->url, ' '));
    assert_int_equal(azure->evidence, CT_EVIDENCE_LISTED);
    ct_registry_free(reg);
}

/* Every name of the contract, in its order. */
static const char *const contract[] = {
    "statuspage-summary", "statuspage-incidents", "statuspage-atom", "incidentio-compat",
    "incidentio-native", "betterstack-index", "instatus-summary", "instatus-notices",
    "checkly-unresolved", "statusio-api", "statusio-rss", "aws-currentevents", "aws-legacy-data",
    "aws-rss", "azure-rss", "gcp-incidents", "oci-components", "oci-status", "oci-rss", "ibm-rss",
    "vultr-status", "vultr-alerts", "xai-rss", "uptimekuma-page", "uptimekuma-heartbeat",
    "rss-status", "azure-retail", "aws-spot-advisor", "aws-spot-feed", "aws-offer",
    "aws-offer-csv", "aws-spot-history", "aws-capacity-blocks", "gcp-skus", "oci-products", "lambda-types", "runpod-gputypes",
    "vast-bundles", "vultr-plans", "digitalocean-sizes", "verda-types", "scaleway-servers",
    "shadeform-types", "primeintellect-availability", "skypilot-csv", "ecb-rates",
    "gpurentalprices", "akash-prices", "cudo-types", "hyperstack-pricebook", "ovh-catalog", "litellm",
    "openrouter-models", "openrouter-endpoints", "modelsdev", "llmprices", "genaiprices",
    "portkey", "feed", "exec", "rows", "probe"};

static void families_are_found_by_name_and_stand_once_in_order(void **state)
{
    (void)state;
    size_t n = 0, next = 0;
    assert_ptr_equal(ct_family_find("statuspage-incident"), ct_family_find("statuspage-incidents"));
    assert_null(ct_family_find("statuspage"));
    for (; ct_families[n]; n++) {
        const char *name = ct_families[n]->name;
        assert_ptr_equal(ct_family_find(name), ct_families[n]);
        assert_non_null(ct_families[n]->parse);
        assert_true(ct_families[n]->version >= 1);
        assert_non_null(ct_families[n]->url_pattern);
        while (next < CT_LEN(contract) && strcmp(contract[next], name) != 0)
            next++;
        if (next == CT_LEN(contract))
            print_error("%s is none of the contract's, there twice or out of order\n", name);
        assert_true(next < CT_LEN(contract));
        next++;
    }
    assert_true(n >= 41);
    assert_null(ct_family_find("statuspage"));
    assert_null(ct_family_find(""));
}

static void a_row_fills_a_source_and_empty_cells_are_defaults(void **state)
{
    (void)state;
    struct ct_registry *reg = read_row(-1, NULL, NULL);
    const struct ct_source *s = ct_registry_find(reg, "acme_status");
    assert_string_equal(s->provider, "acme");
    assert_string_equal(s->title, "Acme");
    assert_string_equal(s->terms, "free");
    assert_int_equal(s->interval_ms, 60 * CT_SECOND);
    assert_int_equal(s->timeout_ms, 30 * CT_SECOND);
    assert_int_equal(s->max_pages, 1);
    assert_true(s->max_bytes == s->ops->max_bytes);
    assert_true(s->enabled && !s->part_of_list);
    ct_registry_free(reg);
    reg = read_row(12, "1000", NULL);
    assert_true(ct_registry_at(reg, 0)->max_bytes == 1000);
    ct_registry_free(reg);
}

static void a_bad_row_is_named_by_file_line_and_column(void **state)
{
    (void)state;
    static const struct {
        int column;
        const char *value, *words;
    } cases[] = {
        {0, "Acme Status", "id: wanted"},
        {0, "", "id: is empty"},
        {1, "statuspage-sumary", "did you mean \"statuspage-summary\"?"},
        {1, "statuspage", "did you mean \"statuspage-summary\"?"},
        {1, "", "family: is empty"},
        {2, "Acme Inc", "provider: wanted"},
        {4, "", "title: is empty"},
        {5, "http://status.acme.example/", "url: wanted an https address"},
        {5, "https://", "url: wanted"},
        {5, "file:///etc/passwd", "url: wanted"},
        {6, "PUT", "method: wanted GET or POST"},
        {7, "{}", "body: only a POST has one"},
        {9, "key in clear", "key_env: wanted"},
        {10, "5", "interval_s: wanted 30s to 30d"},
        {10, "often", "interval_s: wanted"},
        {10, "", "interval_s: is empty"},
        {11, "0", "timeout_s: wanted 1s to 120s"},
        {12, "99999999999", "max_bytes: wanted"},
        {13, "51", "max_pages: wanted"},
        {14, "rumour", "evidence: wanted"},
        {15, "maybe", "part_of_list: wanted yes or no"},
        {16, "2", "enabled: wanted yes or no"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_error err = {0};
        struct ct_registry *reg = read_row(cases[i].column, cases[i].value, &err);
        if (reg || !strstr(err.what, cases[i].words))
            print_error("case %zu: %s: %s\n", i, err.where, err.what);
        assert_null(reg);
        assert_int_equal(err.status, CT_ERR_CONFIG);
        assert_string_equal(err.where, "sources.tsv:3");
        assert_non_null(strstr(err.what, cases[i].words));
    }
}

static void two_rows_of_one_id_are_refused(void **state)
{
    (void)state;
    static const char row[] =
        "a\tazure-rss\t\t\tA\thttps://a.example/\tGET\t\t\t\t60\t\t\t\tofficial\tno\tyes\t\n";
    struct ct_buf b = CT_BUF_INIT;
    struct ct_registry *reg;
    struct ct_error err = {0};
    ct_buf_addf(&b, "%s%s\n%s", HEAD, row, row);
    assert_int_equal(ct_registry_read(ct_buf_span(&b), "x.tsv", &reg, &err), CT_ERR_CONFIG);
    assert_null(reg);
    assert_string_equal(err.where, "x.tsv:5");
    assert_non_null(strstr(err.what, "is there twice"));
    ct_buf_free(&b);
}

static void a_config_changes_a_built_in_source(void **state)
{
    (void)state;
    struct ct_registry *reg = read_row(-1, NULL, NULL);
    struct ct_source *s = ct_registry_at(reg, 0);
    assert_int_equal(ct_registry_set(reg, "acme_status", "every", "5m", NULL), CT_OK);
    assert_int_equal(ct_registry_set(reg, "acme_status", "enabled", "No", NULL), CT_OK);
    assert_int_equal(ct_registry_set(reg, "acme_status", "title", "  Mine ", NULL), CT_OK);
    assert_int_equal(s->interval_ms, 5 * CT_MINUTE);
    assert_false(s->enabled);
    assert_string_equal(s->title, "Mine");
    assert_int_equal(ct_registry_count(reg), 1);
    assert_int_equal(ct_registry_check(reg, NULL), CT_OK);
    ct_registry_free(reg);
}

static void a_config_adds_a_source_of_its_own(void **state)
{
    (void)state;
    struct ct_registry *reg = read_row(-1, NULL, NULL);
    struct ct_error err = {0};
    assert_int_equal(ct_registry_set(reg, "inner", "allow_private", "yes", &err), CT_OK);
    assert_int_equal(ct_registry_set(reg, "inner", "every", "2s", &err), CT_OK);
    assert_int_equal(ct_registry_check(reg, &err), CT_ERR_CONFIG);
    assert_string_equal(err.where, "source inner");
    assert_non_null(strstr(err.what, "family is missing"));
    assert_false(ct_registry_find(reg, "inner")->enabled); /* half a source is never asked */
    assert_int_equal(ct_registry_set(reg, "inner", "family", "azure-rss", &err), CT_OK);
    assert_int_equal(ct_registry_set(reg, "inner", "url", "http://127.0.0.1:8080/feed", &err),
                     CT_OK);
    assert_int_equal(ct_registry_set(reg, "inner", "enabled", "yes", &err), CT_OK);
    assert_int_equal(ct_registry_check(reg, &err), CT_OK);
    const struct ct_source *s = ct_registry_find(reg, "inner");
    assert_true(s->enabled && s->allow_private);
    assert_string_equal(s->title, "inner");
    assert_string_equal(s->method, "GET");
    assert_int_equal(s->interval_ms, 2 * CT_SECOND);
    assert_int_equal(s->timeout_ms, 30 * CT_SECOND);
    ct_registry_free(reg);
}

static void a_program_is_a_source_with_a_command_and_no_address(void **state)
{
    (void)state;
    struct ct_registry *reg = read_row(-1, NULL, NULL);
    struct ct_error err = {0};
    assert_int_equal(ct_registry_set(reg, "own", "family", "exec", &err), CT_OK);
    assert_int_equal(ct_registry_check(reg, &err), CT_ERR_CONFIG);
    assert_non_null(strstr(err.what, "command is missing"));
    assert_int_equal(ct_registry_set(reg, "own", "command", "/bin/prices --gpu 'H 100'", &err), CT_OK);
    assert_int_equal(ct_registry_check(reg, &err), CT_OK);
    const struct ct_source *s = ct_registry_find(reg, "own");
    assert_int_equal(ct_source_kind(s), CT_SOURCE_PRICES);
    assert_int_equal(ct_registry_set(reg, "own", "kind", "status", &err), CT_OK);
    assert_int_equal(ct_source_kind(s), CT_SOURCE_STATUS);
    assert_int_equal(ct_registry_set(reg, "acme_status", "command", "/bin/true", &err), CT_OK);
    assert_int_equal(ct_registry_check(reg, &err), CT_ERR_CONFIG);
    assert_non_null(strstr(err.what, "a command needs family = exec"));
    ct_registry_free(reg);
}

static void a_key_may_name_the_header_that_carries_it(void **state)
{
    (void)state;
    struct ct_registry *reg = read_row(9, "api_key:ACME_KEY", NULL);
    const struct ct_source *s = ct_registry_at(reg, 0);
    assert_string_equal(s->key_env, "ACME_KEY");
    assert_string_equal(s->key_header, "api_key");
    ct_registry_free(reg);
    struct ct_error err = {0};
    assert_null(read_row(9, "api key:ACME_KEY", &err));
    assert_non_null(strstr(err.what, "HEADER:NAME"));
    assert_null(read_row(9, "api_key:acme", &err));
}

static void a_wrong_setting_changes_nothing_and_says_the_nearest_name(void **state)
{
    (void)state;
    static const struct {
        const char *id, *key, *value, *words;
    } cases[] = {
        {"acme_status", "evry", "5m", "did you mean \"every\"?"},
        {"acme_status", "id", "other", "unknown setting \"id\""},
        {"acme_status", "every", "1s", "wanted 30s to 30d"},
        {"acme_status", "every", "", "wanted"},
        {"acme_status", "url", "http://127.0.0.1/", "allow_private"},
        {"acme_status", "enabled", "perhaps", "wanted yes or no"},
        {"acme_status", "title", "a\nb", "one clean line"},
        {"new_one", "command", "ls /tmp", "whole path"},
        {"new_one", "command", "/bin/ls 'x", "whole path"},
        {"new_one", "kind", "weather", "status, prices, models or news"},
        {"new_one", "headers", "X-A: 1|Authorization: Bearer k", "key_env"},
        {"new_one", "headers", "nonsense", "Name: value"},
        {"new_one", "key_header", "X-Key: ", "name of a header"},
        {"new_one", "family", "gcp-incident", "did you mean \"gcp-incidents\"?"},
        {"New One", "every", "5m", "id: wanted"},
        {"", "every", "5m", "id: wanted"},
    };
    struct ct_registry *reg = read_row(-1, NULL, NULL);
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_error err = {0};
        assert_int_equal(ct_registry_set(reg, cases[i].id, cases[i].key, cases[i].value, &err),
                         CT_ERR_CONFIG);
        if (!strstr(err.what, cases[i].words))
            print_error("case %zu: %s\n", i, err.what);
        assert_non_null(strstr(err.what, cases[i].words));
    }
    assert_int_equal(ct_registry_count(reg), 1);
    assert_int_equal(ct_registry_at(reg, 0)->interval_ms, 60 * CT_SECOND);
    ct_registry_free(reg);
}

static void a_mistyped_source_name_is_told_from_a_new_source(void **state)
{
    (void)state;
    struct ct_registry *reg = read_row(-1, NULL, NULL);
    struct ct_error err = {0};
    assert_int_equal(ct_registry_set(reg, "acme_statsu", "every", "5m", &err), CT_OK);
    assert_int_equal(ct_registry_check(reg, &err), CT_ERR_CONFIG);
    assert_non_null(strstr(err.what, "did you mean the source \"acme_status\"?"));
    ct_registry_free(reg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_sources_load_and_can_be_asked),
        cmocka_unit_test(shipped_sources_are_those_of_the_documents),
        cmocka_unit_test(families_are_found_by_name_and_stand_once_in_order),
        cmocka_unit_test(a_row_fills_a_source_and_empty_cells_are_defaults),
        cmocka_unit_test(a_bad_row_is_named_by_file_line_and_column),
        cmocka_unit_test(two_rows_of_one_id_are_refused),
        cmocka_unit_test(a_config_changes_a_built_in_source),
        cmocka_unit_test(a_config_adds_a_source_of_its_own),
        cmocka_unit_test(a_program_is_a_source_with_a_command_and_no_address),
        cmocka_unit_test(a_key_may_name_the_header_that_carries_it),
        cmocka_unit_test(a_wrong_setting_changes_nothing_and_says_the_nearest_name),
        cmocka_unit_test(a_mistyped_source_name_is_told_from_a_new_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
