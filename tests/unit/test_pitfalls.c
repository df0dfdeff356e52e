/* The pitfalls of the documents about sources, each a row named after it: what a body that falls into it
 * becomes. P1 to P25 are those of status.md section 7, T1 to T13 the traps of prices.md section 8;
 * those that are no matter of a parser or of the built-in addresses stand with what they are about
 * (the writer's quarantine and roll-up, redirects, detection of families). */
#include "config.h"

#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE(indicator, components, incidents)                                                     \
    "{\"page\":{\"id\":\"p\",\"name\":\"P\"},\"status\":{\"indicator\":\"" indicator               \
    "\"},\"components\":[" components "],\"incidents\":[" incidents "]}"
#define PART(id, status) "{\"id\":\"" id "\",\"name\":\"N " id "\",\"status\":\"" status "\"}"
#define TROUBLE(id, impact, status, more)                                                          \
    "{\"id\":\"" id "\",\"name\":\"T\",\"impact\":\"" impact "\",\"status\":\"" status "\"" more "}"
#define RSS(title, items)                                                                          \
    "<?xml version=\"1.0\"?>\r\n<rss version=\"2.0\"><channel><title>" title "</title>" items      \
    "</channel></rss>"
#define AWS(status, log)                                                                           \
    "[{\"arn\":\"arn:aws:health:us-east-1::event/EC2/X/1\",\"date\":\"1772369485\",\"status\":"    \
    "\"" status "\",\"service\":\"ec2-us-east-1\",\"summary\":\"S\",\"event_log\":[" log           \
    "],\"impacted_services\":{}}]"
#define AZURE_PRICE(more)                                                                          \
    "{\"BillingCurrency\":\"USD\",\"Items\":[{\"armSkuName\":\"Standard_ND96isr_H100_v5\","        \
    "\"armRegionName\":\"eastus\",\"currencyCode\":\"USD\",\"unitOfMeasure\":\"1 Hour\","          \
    "\"productName\":\"ND\",\"meterName\":\"ND96\",\"skuName\":\"ND96\"," more                     \
    "}],\"NextPageLink\":null,\"Count\":1}"
#define VAST(more)                                                                                 \
    "{\"offers\":[{\"id\":1,\"gpu_name\":\"" more ",\"num_gpus\":1,\"dph_total\":1.5}]}"

static const struct pitfall {
    const char *name, *body, *want; /* WANT: a line a row, see describe */
    const struct ct_family *family;
} pitfalls[] = {
    {"P1_an_indicator_is_no_state_of_a_component", PAGE("minor", PART("a", "operational"), ""),
     "page minor\ncomponent a operational", &ct_family_statuspage_summary},
    {"P2_indicator_none_hides_no_incident",
     PAGE("none", PART("a", "operational"), TROUBLE("i", "none", "investigating", "")),
     "page none\ncomponent a operational\nincident i open degraded investigating",
     &ct_family_statuspage_summary},
    {"P3_an_incident_counts_though_it_names_no_component",
     PAGE("minor", PART("a", "operational"), TROUBLE("i", "minor", "identified", "")),
     "page minor\ncomponent a operational\nincident i open degraded identified\n"
     "note served by Statuspage, not incident.io",
     &ct_family_incidentio_compat},
    {"P5_an_html_shell_is_no_good_news", "<!DOCTYPE html><html><body>app</body></html>",
     "refused: this looks like an HTML page", &ct_family_checkly_unresolved},
    {"P5_an_error_document_is_no_good_news",
     "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "refused: wanted an RSS feed",
     &ct_family_azure_rss},
    {"P5_zero_bytes_are_no_good_news", "", "refused: an empty body", &ct_family_aws_currentevents},
    {"P9_a_reused_guid_is_another_incident",
     RSS("Azure Status",
         "<item><guid\r\n isPermaLink=\"false\">same</guid><title>Old</title><pubDate>Wed, 07 Sep 2022 "
         "16:10:00 Z</pubDate></item><item><guid>same</guid><title>New</title><pubDate>Wed, 29 Oct "
         "2025 16:00:00 Z</pubDate></item>"),
     "page -\nincident same@2022-09-07T16:10:00Z open partial_outage unknown\n"
     "incident same@2025-10-29T16:00:00Z open partial_outage unknown",
     &ct_family_azure_rss},
    {"P10_codes_are_text_and_numbers",
     AWS("2", "{\"status\":\"2\",\"timestamp\":\"1772369485\",\"message\":\"m\"}"),
     "incident arn:aws:health:us-east-1::event/EC2/X/1 open degraded unknown\n1 updates "
     "2026-03-01T12:51:25Z",
     &ct_family_aws_currentevents},
    {"P11_seconds_and_milliseconds_are_one_time",
     AWS("3", "{\"status\":3,\"timestamp\":1772369485000,\"message\":\"m\"}"),
     "incident arn:aws:health:us-east-1::event/EC2/X/1 open partial_outage unknown\n1 updates "
     "2026-03-01T12:51:25Z",
     &ct_family_aws_currentevents},
    {"P12_the_newest_update_comes_first_whatever_the_order",
     AWS("1", "{\"status\":1,\"timestamp\":1772369485,\"message\":\"old\"},"
              "{\"status\":1,\"timestamp\":1772373085,\"message\":\"new\"}"),
     "incident arn:aws:health:us-east-1::event/EC2/X/1 open degraded unknown\n2 updates "
     "2026-03-01T13:51:25Z",
     &ct_family_aws_currentevents},
    {"P14_an_end_set_by_a_timer_is_an_end",
     "{\"id\":\"i\",\"name\":\"T\",\"impact\":\"maintenance\",\"status\":\"completed\","
     "\"incident_updates\":[{\"id\":\"u\",\"status\":\"completed\",\"body\":\"It never took place.\","
     "\"created_at\":\"2026-09-29T10:00:00Z\"}]}",
     "incident i closed maintenance completed\n1 updates 2026-09-29T10:00:00Z",
     &ct_family_statuspage_incidents},
    {"P16_work_that_lies_ahead_is_no_trouble",
     PAGE("none", PART("a", "operational"), TROUBLE("i", "maintenance", "scheduled", "")),
     "page none\ncomponent a operational\nincident i open operational scheduled",
     &ct_family_statuspage_summary},
    {"P17_a_late_report_opens_nothing",
     "[{\"id\":\"i\",\"begin\":\"2026-07-01T00:00:00+00:00\",\"end\":\"2026-07-01T02:00:00+00:00\","
     "\"modified\":\"2026-07-10T00:00:00+00:00\",\"status_impact\":\"SERVICE_OUTAGE\",\"updates\":"
     "[{\"when\":\"2026-07-10T00:00:00+00:00\",\"status\":\"AVAILABLE\",\"text\":\"report\"}]}]",
     "incident i closed major_outage resolved\n1 updates 2026-07-10T00:00:00Z",
     &ct_family_gcp_incidents},
    {"P18_an_old_stamp_does_not_make_a_component_well",
     PAGE("major", "{\"id\":\"a\",\"name\":\"A\",\"status\":\"partial_outage\",\"updated_at\":"
                   "\"2025-12-01T00:00:00Z\"}", ""),
     "page major\ncomponent a partial_outage\nnote served by Statuspage, not incident.io",
     &ct_family_incidentio_compat},
    {"P19_blanks_around_a_name_are_none",
     PAGE("none", "{\"id\":\"US-MO-1 \",\"name\":\"US-MO-1\xC2\xA0\",\"status\":\"operational\"}", ""),
     "page none\ncomponent US-MO-1 operational", &ct_family_statuspage_summary},
    {"P20_a_renamed_product_is_known_by_its_id",
     "[{\"id\":\"i\",\"begin\":\"2026-07-01T00:00:00+00:00\",\"status_impact\":\"SERVICE_DISRUPTION\","
     "\"affected_products\":[{\"id\":\"pp\",\"title\":\"Vertex AI\",\"current_title\":\"Agent\"}],"
     "\"updates\":[]}]",
     "component pp partial_outage\nincident i open partial_outage unknown",
     &ct_family_gcp_incidents},
    {"P21_headings_and_links_are_no_components",
     PAGE("none", PART("a", "operational") ",{\"id\":\"g\",\"name\":\"G\",\"status\":\"major_outage\","
                  "\"group\":true},{\"id\":\"v\",\"name\":\"Visit www.x.com for more information\","
                  "\"status\":\"operational\"}", ""),
     "page none\ncomponent a operational\nnote a component that is only a link to the page",
     &ct_family_statuspage_summary},
    {"P22_an_old_build_date_of_a_feed_is_no_fault",
     RSS("xAI Status", "<link>https://status.x.ai/</link><lastBuildDate>Tue, 21 Jul 2026 10:00:00 "
                       "GMT</lastBuildDate><item><title>[API] Down</title><guid>I1</guid><pubDate>Tue, "
                       "21 Jul 2026 08:00:00 GMT</pubDate><category>resolved</category><description>"
                       "&lt;h3&gt;Status: RESOLVED&lt;/h3&gt;</description></item>"),
     "page -\nincident I1 closed unknown resolved", &ct_family_xai_rss},
    {"P25_a_vendor_that_moved_is_named", "{\"page\":{\"name\":\"P\",\"url\":\"u\",\"status\":\"UP\"}}",
     "refused: an Instatus page", &ct_family_statuspage_summary},

    {"T1_a_reservation_costs_its_term",
     AZURE_PRICE("\"type\":\"Reservation\",\"reservationTerm\":\"1 Year\",\"retailPrice\":551221.0"),
     "offer H100 x8 reserved_1y USD 7.865596461", &ct_family_azure_retail},
    {"T4_an_empty_page_is_an_answer_without_offers",
     "{\"BillingCurrency\":\"USD\",\"Items\":[],\"NextPageLink\":null,\"Count\":0}", "",
     &ct_family_azure_retail},
    {"T5_cents_are_no_dollars",
     "{\"data\":{\"x\":{\"instance_type\":{\"name\":\"gpu_1x_a10\",\"price_cents_per_hour\":75,"
     "\"gpu_description\":\"A10 (24 GB PCIe)\",\"specs\":{\"gpus\":1}},"
     "\"regions_with_capacity_available\":[]}}}",
     "offer A10 x1 od USD 0.75", &ct_family_lambda_types},
    {"T6_a_machine_s_price_is_divided_by_its_gpus",
     AZURE_PRICE("\"type\":\"Consumption\",\"retailPrice\":80"), "offer H100 x8 od USD 10",
     &ct_family_azure_retail},
    {"T8_text_that_is_no_price_is_no_offer",
     "{\"config\":{\"rate\":\"perhr\",\"regions\":[{\"region\":\"us-east\",\"instanceTypes\":[{\"sizes\":"
     "[{\"size\":\"p3.2xlarge\",\"valueColumns\":[{\"name\":\"linux\",\"prices\":{\"USD\":\"N/A*\"}}]},"
     "{\"size\":\"p3.8xlarge\",\"valueColumns\":[{\"name\":\"linux\",\"prices\":{\"USD\":\"-1\"}}]},"
     "{\"size\":\"p3.16xlarge\",\"valueColumns\":[{\"name\":\"linux\",\"prices\":{\"USD\":\"8\"}}]}]}]}]}}",
     "offer V100 x8 spot USD 1\nnote an instance not on offer here", &ct_family_aws_spot_feed},
    {"T9_memory_tells_parts_of_one_name_apart", VAST("A100 PCIE\",\"gpu_ram\":40960"),
     "offer A100 x1 od USD 1.5 40G", &ct_family_vast_bundles},
    {"T9_a_slice_is_not_the_whole", VAST("A100 PCIE\",\"gpu_ram\":10240"),
     "offer A100-slice x1 od USD 1.5 10G\nnote a part of a GPU A100 PCIE", &ct_family_vast_bundles},
    {"T10_a_licence_is_no_gpu",
     "{\"skus\":[{\"skuId\":\"s\",\"description\":\"Licensing Fee for H100 80GB GPU\",\"category\":{"
     "\"resourceGroup\":\"GPU\",\"usageType\":\"OnDemand\"},\"pricingInfo\":[]}]}",
     "note Licensing Fee", &ct_family_gcp_skus},
    {"T11_euro_stay_euro",
     "{\"servers\":{\"H100-1-80G\":{\"gpu\":1,\"hourly_price\":2.5,\"gpu_info\":{\"gpu_name\":\"H100-PCIe\","
     "\"gpu_memory\":85899345920}}}}",
     "offer H100 x1 od EUR 2.5 80G", &ct_family_scaleway_servers},
    {"T12_a_callback_around_the_feed_is_taken_off",
     "callback(\n{\"config\":{\"rate\":\"perhr\",\"regions\":[]}}\n);", "",
     &ct_family_aws_spot_feed},
    {"T13_a_public_form_that_was_lost_is_a_refusal", "{\"detail\":\"Not authenticated\"}",
     "refused: ", &ct_family_primeintellect_availability},
};

static struct ct_span word_of(const char *const *words, int i)
{
    return i < 0 ? CT_LIT("-") : ct_span(words[i]);
}

static void add_offer(struct ct_buf *out, const struct ct_offer *o)
{
    char count[CT_DECIMAL_MAX], price[CT_DECIMAL_MAX];
    ct_decimal_format(count, o->gpu_count_milli, 3);
    ct_decimal_format(price, o->price_per_gpu_hour, 9);
    ct_buf_addf(out, "offer %.*s x%s %.*s %.*s %s", CT_FMT(o->gpu), count,
                CT_FMT(word_of(ct_purchase_words, o->purchase)), CT_FMT(o->currency), price);
}

/* A line a row with what the pitfalls are about; memory follows an offer where WANT asks for it. */
static void describe(const struct ct_batch *b, const char *want, struct ct_buf *out)
{
    for (size_t i = 0; i < b->pages.n; i++)
        ct_buf_addf(out, "page %.*s\n",
                    CT_FMT(b->pages.v[i].indicator.n ? b->pages.v[i].indicator : CT_LIT("-")));
    for (size_t i = 0; i < b->components.n; i++)
        ct_buf_addf(out, "component %.*s %.*s\n", CT_FMT(b->components.v[i].id),
                    CT_FMT(word_of(ct_state_words, b->components.v[i].state)));
    for (size_t i = 0; i < b->incidents.n; i++) {
        const struct ct_incident *n = &b->incidents.v[i];
        ct_buf_addf(out, "incident %.*s %s %.*s %.*s\n", CT_FMT(n->id), n->open ? "open" : "closed",
                    CT_FMT(word_of(ct_state_words, n->state)),
                    CT_FMT(word_of(ct_phase_words, n->phase)));
    }
    if (b->updates.n) {
        char at[CT_TIME_MAX] = "";
        if (b->updates.v[0].at_ms != CT_NONE)
            ct_time_format(at, b->updates.v[0].at_ms);
        ct_buf_addf(out, "%zu updates%s%s\n", b->updates.n, at[0] ? " " : "", at);
    }
    for (size_t i = 0; i < b->offers.n; i++) {
        add_offer(out, &b->offers.v[i]);
        if (b->offers.v[i].gpu_mem_milli != CT_NONE && strstr(want, "0G"))
            ct_buf_addf(out, " %lldG", (long long)b->offers.v[i].gpu_mem_milli / 1000);
        ct_buf_addc(out, '\n');
    }
    for (size_t i = 0; i < b->notes.n; i++)
        ct_buf_addf(out, "note %.*s\n", CT_FMT(b->notes.v[i].what));
    if (out->n)
        out->p[--out->n] = '\0';
}

static void falls_into_no_pitfall(void **state)
{
    const struct pitfall *p = *state;
    struct ct_batch batch;
    struct ct_error err = {0};
    struct ct_parse_hint hint = {CT_SPAN_NONE, CT_SPAN_NONE};
    struct ct_buf out = CT_BUF_INIT;
    struct ct_arena *arena = ct_arena_new(16u << 20);
    ct_batch_init(&batch, arena);
    ct_buf_adds(&out, "");
    if (p->family->parse(ct_span(p->body), &hint, &batch, &err) == CT_OK) {
        describe(&batch, p->want, &out);
        assert_string_equal(out.p, p->want);
    } else {
        ct_buf_addf(&out, "refused: %s", err.what);
        assert_int_equal(ct_batch_rows(&batch), 0);
        size_t n = strlen("refused: ");
        if (strncmp(p->want, out.p, n) != 0 || !strstr(out.p + n, p->want + n))
            fail_msg("%s, wanted %s", out.p, p->want);
    }
    ct_buf_free(&out);
    ct_arena_free(arena);
}

/* ---- addresses: what is built in avoids them ---- */

/* Answers 200 with something old, empty or of one region, or only leads elsewhere. */
static const struct trap {
    const char *name, *address;
} traps[] = {
    {"P6_a_mirror_left_behind_is_not_asked", "//deepseek.statuspage.io"},
    {"P7_a_feed_routed_to_a_region_is_not_asked", "//status.azure.com/"},
    {"P23_a_page_is_asked_where_it_moved_to", "//status.anthropic.com"},
    {"P23_a_redirect_that_drops_the_question_is_not_used", "//status.akamai.com"},
    {"T3_the_file_frozen_in_2024_is_not_asked", "//spot-price.s3.amazonaws.com"},
};

static struct ct_registry *sources;

static void no_source_asks_there(void **state)
{
    const struct trap *trap = *state;
    assert_true(ct_registry_count(sources) > 100);
    for (size_t i = 0; i < ct_registry_count(sources); i++)
        if (strstr(ct_registry_at(sources, i)->url, trap->address))
            fail_msg("%s", ct_registry_at(sources, i)->id);
}

static void T2_a_capped_list_never_stands_for_the_whole_market(void **state)
{
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < ct_registry_count(sources); i++) {
        const struct ct_source *s = ct_registry_at(sources, i);
        if (s->ops != &ct_family_vast_bundles)
            continue;
        assert_true(s->part_of_list);
        n++;
    }
    assert_true(n > 0);
}

/* A source of the user may ask such a host, or be led there. Trouble is believed from anywhere. */
static void P7_nothing_listed_by_a_routed_host_is_no_all_clear(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool trouble, good;
    } cases[] = {
        {"https://rssfeed.azure.status.microsoft/en-us/status/feed/", false, true},
        {"https://status.azure.com/en-us/status/feed/", false, false},
        {"https://Status.Azure.com:443/en-us/status/feed/", false, false},
        {"https://status.azure.com/en-us/status/feed/", true, true},
        {"https://status.azure.com.example.org/", false, true},
        {"", false, true},
    };
    const struct ct_source s = {.id = "mine", .family = "azure-rss", .ops = &ct_family_azure_rss};
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_error err = {0};
        struct ct_arena *arena = ct_arena_new(0);
        struct ct_batch b;
        ct_batch_init(&b, arena);
        const char *body = cases[i].trouble ? RSS("Azure Status", "<item><guid>g</guid><title>T</title></item>")
                                            : RSS("Azure Status", "");
        assert_int_equal(s.ops->parse(ct_span(body), NULL, &b, &err), CT_OK);
        enum ct_status st = ct_source_all_clear(&s, ct_span(cases[i].url), &b, &err);
        if ((st == CT_OK) != cases[i].good || (st != CT_OK && !strstr(err.what, "in one region alone")))
            fail_msg("%s: %s", cases[i].url, err.what);
        ct_arena_free(arena);
    }
}

static int load(void **state)
{
    struct ct_error err = {0};
    (void)state;
    return ct_registry_load(&sources, &err) == CT_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    ct_registry_free(sources);
    ct_reference_free();
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[CT_LEN(pitfalls) + CT_LEN(traps) + 2];
    size_t n = CT_LEN(pitfalls);
    for (size_t i = 0; i < CT_LEN(pitfalls); i++)
        tests[i] = (struct CMUnitTest){pitfalls[i].name, falls_into_no_pitfall, NULL, NULL,
                                       (void *)(uintptr_t)&pitfalls[i]};
    for (size_t i = 0; i < CT_LEN(traps); i++)
        tests[n++] = (struct CMUnitTest){traps[i].name, no_source_asks_there, NULL, NULL,
                                         (void *)(uintptr_t)&traps[i]};
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(
        T2_a_capped_list_never_stands_for_the_whole_market);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(
        P7_nothing_listed_by_a_routed_host_is_no_all_clear);
    return cmocka_run_group_tests_name("pitfalls", tests, load, unload);
}
