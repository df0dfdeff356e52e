/* The five status formats over fixtures of the same shape, their damaged twins, and the recorded
 * answers beside the project when they are there. */
#include "fetchers/families/all.h"
#include "fetchers/feed.h"
#include "fetchers/markup.h"
#include "fetchers/rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/parse_fixture.h"

/* ---- Statuspage ---- */

static const struct ct_family *const statuspage = &ct_family_statuspage_summary;

static void statuspage_reads_page_and_components(void **state)
{
    (void)state;
    struct run r = good(statuspage, "good.json");
    assert_int_equal(r.rows.pages.n, 1);
    text_is(r.rows.pages.v[0].id, "page00000001");
    text_is(r.rows.pages.v[0].name, "Example Cloud");
    text_is(r.rows.pages.v[0].url, "https://status.example.com");
    text_is(r.rows.pages.v[0].indicator, "critical");
    time_is(r.rows.pages.v[0].updated_ms, "2026-09-01T08:40:00.500Z");
    assert_int_equal(r.rows.data_ms, r.rows.pages.v[0].updated_ms);

    assert_int_equal(r.rows.components.n, 6);
    const struct ct_component *api = component(&r, "c-api");
    text_is(api->name, "Inference API");
    text_is(api->group, "Core services");
    text_is(api->region, NULL);
    text_is(api->raw_state, "major_outage");
    assert_int_equal(api->state, CT_STATE_MAJOR);
    time_is(api->updated_ms, "2026-09-01T08:30:00.250Z");
    text_is(component(&r, "c-bill")->name, "Billing");
    text_is(component(&r, "c-bill")->group, NULL);
    assert_int_equal(component(&r, "c-bill")->state, CT_STATE_OPERATIONAL);
    assert_int_equal(component(&r, "c-con")->state, CT_STATE_DEGRADED);
    assert_int_equal(component(&r, "c-part")->state, CT_STATE_PARTIAL);
    assert_int_equal(component(&r, "c-mnt")->state, CT_STATE_MAINTENANCE);
    done(&r);
}

static void statuspage_keeps_headings_and_link_texts_out_of_components(void **state)
{
    (void)state;
    struct run r = good(statuspage, "good.json");
    for (size_t i = 0; i < r.rows.components.n; i++) {
        assert_false(ct_span_is(r.rows.components.v[i].id, "g-core"));
        assert_false(ct_span_is(r.rows.components.v[i].id, "c-ghost"));
    }
    assert_int_equal(note(&r, "a component that is only a link to the page"), 1);
    assert_true(list_is(incident(&r, "i-crit")->components, "c-api,c-con"));
    done(&r);
}

static void statuspage_ranks_unknown_words_as_unknown_and_open_trouble_as_degraded(void **state)
{
    (void)state;
    struct run r = good(statuspage, "good.json");
    assert_int_equal(component(&r, "c-odd")->state, CT_STATE_UNKNOWN);
    text_is(component(&r, "c-odd")->raw_state, "on_fire");
    assert_int_equal(note(&r, "unknown component state \"on_fire\""), 1);
    const struct ct_incident *odd = incident(&r, "i-word");
    assert_int_equal(odd->state, CT_STATE_DEGRADED);
    assert_int_equal(odd->phase, CT_PHASE_UNKNOWN);
    assert_int_equal(odd->open, 1);
    text_is(odd->raw_impact, "cosmic");
    assert_int_equal(note(&r, "unknown impact \"cosmic\""), 1);
    assert_int_equal(note(&r, "unknown incident phase \"pondering\""), 1);
    done(&r);
}

static void statuspage_reads_an_open_incident_field_by_field(void **state)
{
    (void)state;
    struct run r = good(statuspage, "good.json");
    const struct ct_incident *i = incident(&r, "i-crit");
    text_is(i->title, "Elevated errors & timeouts");
    text_is(i->raw_impact, "critical");
    assert_int_equal(i->state, CT_STATE_MAJOR);
    assert_int_equal(i->phase, CT_PHASE_IDENTIFIED);
    assert_int_equal(i->open, 1);
    time_is(i->started_ms, "2026-09-01T08:00:00Z");
    time_is(i->updated_ms, "2026-09-01T08:20:00Z");
    time_is(i->resolved_ms, "(none)");
    time_is(i->scheduled_for_ms, "(none)");
    text_is(i->url, "https://stspg.example/abc");
    assert_int_equal(i->regions.n, 0);
    assert_int_equal(updates_of(&r, i->id), 3);
    text_is(update(&r, i->id, 0)->id, "u3");
    assert_int_equal(update(&r, i->id, 0)->phase, CT_PHASE_IDENTIFIED);
    time_is(update(&r, i->id, 0)->at_ms, "2026-09-01T08:20:00Z");
    text_is(update(&r, i->id, 0)->text, "Cause found.\n- restart\n- wait <5 min");
    text_is(update(&r, i->id, 1)->text,
            "Still looking, see the page (https://status.example.com/x).\n\nMore soon.");
    text_is(update(&r, i->id, 2)->id, "u1");
    done(&r);
}

static void statuspage_open_incidents_are_never_green_and_watched_ones_only_degraded(void **state)
{
    (void)state;
    struct run r = good(statuspage, "good.json");
    const struct ct_incident *none = incident(&r, "i-none");
    assert_int_equal(none->state, CT_STATE_DEGRADED);
    assert_int_equal(none->phase, CT_PHASE_MONITORING);
    time_is(none->started_ms, "2026-09-01T07:00:00Z"); /* created_at: started_at is null */
    text_is(none->url, NULL);                          /* not http */
    text_is(update(&r, none->id, 0)->text, NULL);
    assert_int_equal(incident(&r, "i-mon")->state,
                     CT_STATE_DEGRADED); /* critical, but monitoring */
    time_is(incident(&r, "i-mon")->updated_ms, "2026-09-01T06:30:00Z");
    done(&r);
}

static void statuspage_closed_incidents_keep_the_impact_the_page_states(void **state)
{
    (void)state;
    struct run r = good(statuspage, "good.json");
    const struct ct_incident *i = incident(&r, "i-done");
    assert_int_equal(i->open, 0);
    assert_int_equal(i->state, CT_STATE_PARTIAL);
    assert_int_equal(i->phase, CT_PHASE_RESOLVED);
    time_is(i->resolved_ms, "2026-08-31T09:00:00Z");
    done(&r);
}

static void statuspage_planned_work_counts_only_while_it_runs(void **state)
{
    (void)state;
    struct run r = good(statuspage, "good.json");
    const struct ct_incident *next = incident(&r, "m-next"), *now = incident(&r, "m-now");
    assert_int_equal(next->state, CT_STATE_OPERATIONAL);
    assert_int_equal(next->phase, CT_PHASE_SCHEDULED);
    assert_int_equal(next->open, 1);
    time_is(next->scheduled_for_ms, "2026-09-05T20:00:00Z");
    time_is(next->scheduled_until_ms, "2026-09-06T00:00:00Z");
    assert_int_equal(now->state, CT_STATE_MAINTENANCE); /* although its impact says minor */
    assert_int_equal(now->phase, CT_PHASE_IN_PROGRESS);
    const struct ct_incident *old = incident(&r, "m-old");
    assert_int_equal(old->open, 0);
    assert_int_equal(old->phase, CT_PHASE_COMPLETED);
    time_is(old->resolved_ms, "2026-08-26T07:45:00Z");
    done(&r);
}

static void statuspage_gives_updates_without_id_one_and_drops_repeated_ones(void **state)
{
    (void)state;
    struct run r = good(statuspage, "good.json");
    struct ct_span id = incident(&r, "i-word")->id;
    assert_int_equal(updates_of(&r, id), 1);
    assert_int_equal(update(&r, id, 0)->id.n, 17);
    assert_int_equal(update(&r, id, 0)->id.p[0], '#');
    done(&r);
}

static void statuspage_keeps_the_newest_50_updates_of_a_flood(void **state)
{
    (void)state;
    struct run r = good(statuspage, "flood.json");
    struct ct_span id = incident(&r, "m-flood")->id;
    assert_int_equal(updates_of(&r, id), 50);
    text_is(update(&r, id, 0)->id, "f119");
    text_is(update(&r, id, 49)->id, "f070");
    assert_int_equal(note(&r, "updates older than the newest 50 of their incident"), 70);
    done(&r);
}

static void statuspage_reads_a_quiet_page(void **state)
{
    (void)state;
    struct run r = good(statuspage, "quiet.json");
    assert_int_equal(r.rows.pages.n, 1);
    assert_int_equal(r.rows.components.n, 1);
    assert_int_equal(r.rows.incidents.n + r.rows.updates.n + r.rows.notes.n, 0);
    done(&r);
}

static void statuspage_refuses_everything_else_by_name(void **state)
{
    (void)state;
    refused(statuspage, "truncated.json", CT_ERR_SYNTAX, "cut off");
    refused(statuspage, "page.html", CT_ERR_SHAPE, "an HTML page");
    refused(statuspage, "empty.json", CT_ERR_SHAPE, "an empty body");
    refused(statuspage, "wrong_type.json", CT_ERR_SHAPE, "wanted an object, found a string");
    refused(statuspage, "wrong_list.json", CT_ERR_SHAPE, "wanted an array, found an object");
    refused(statuspage, "no_incidents.json", CT_ERR_SHAPE, "wanted an array, found nothing");
    refused(statuspage, "status_only.json", CT_ERR_SHAPE, "a Statuspage status without components");
    refused(statuspage, "instatus.json", CT_ERR_SHAPE, "an Instatus page");
    refused(statuspage, "oracle.json", CT_ERR_SHAPE, "an Oracle status answer");
}

/* ---- incident.io ---- */

static const struct ct_family *const incidentio = &ct_family_incidentio_compat;

static void incidentio_shows_the_incident_although_every_component_is_fine(void **state)
{
    (void)state;
    struct run r = good(incidentio, "good.json");
    text_is(r.rows.pages.v[0].indicator, "minor");
    time_is(r.rows.data_ms, "2026-07-22T14:48:46Z");
    assert_int_equal(r.rows.components.n, 3); /* two of them of one name: ids are the keys */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(r.rows.components.v[i].state, CT_STATE_OPERATIONAL);
    assert_int_equal(r.rows.incidents.n, 1);
    const struct ct_incident *i = &r.rows.incidents.v[0];
    assert_int_equal(i->id.n, 26);
    text_is(i->title, "Elevated errors for agents \xE2\x80\x94 \xE2\x80\x9C"
                      "beta\xE2\x80\x9D \xF0\x9F\x9A\xA7");
    assert_int_equal(i->state, CT_STATE_DEGRADED);
    assert_int_equal(i->phase, CT_PHASE_INVESTIGATING);
    assert_int_equal(i->open, 1);
    time_is(i->started_ms, "2026-07-22T14:48:46Z");
    text_is(i->url, NULL);
    assert_int_equal(i->components.n, 0);
    assert_int_equal(r.rows.updates.n, 1);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
}

static void incidentio_says_when_a_page_has_moved_to_the_other_vendor(void **state)
{
    (void)state;
    struct run r = good(incidentio, "vendor_moved.json");
    assert_int_equal(note(&r, "served by Statuspage, not incident.io"), 1);
    done(&r);
}

static void incidentio_refuses_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = good(incidentio, "quiet.json");
    assert_int_equal(r.rows.incidents.n, 0);
    done(&r);
    refused(incidentio, "truncated.json", CT_ERR_SYNTAX, "cut off");
    refused(incidentio, "page.html", CT_ERR_SHAPE, "an HTML page");
    refused(incidentio, "empty.json", CT_ERR_SHAPE, "an empty body");
    refused(incidentio, "wrong_type.json", CT_ERR_SHAPE, "wanted an object, found a string");
    refused(incidentio, "checkly.json", CT_ERR_SHAPE, "Checkly");
}

/* ---- Azure ---- */

static const struct ct_family *const azure = &ct_family_azure_rss;

static void azure_reads_items_as_open_incidents(void **state)
{
    (void)state;
    struct run r = good(azure, "good.xml");
    text_is(r.rows.pages.v[0].name, "Azure Status");
    text_is(r.rows.pages.v[0].url, NULL);
    time_is(r.rows.data_ms, "2026-09-03T10:00:00Z");
    assert_int_equal(r.rows.incidents.n, 2);
    const struct ct_incident *i = incident(&r, "front-door-issues@2026-09-02T16:10:40Z");
    text_is(i->title, "Front Door - connectivity issues");
    assert_int_equal(i->state, CT_STATE_PARTIAL);
    assert_int_equal(i->phase, CT_PHASE_UNKNOWN);
    assert_int_equal(i->open, 1);
    time_is(i->started_ms, "2026-09-02T16:10:40Z");
    text_is(i->url, NULL); /* a generic or internal page: never shown */
    assert_true(list_is(i->regions, "West US,West US 2"));
    assert_true(list_is(i->components, "Azure Front Door,API Management"));
    assert_int_equal(updates_of(&r, i->id), 1);
    text_is(update(&r, i->id, 0)->text,
            "Impact statement: Requests fail. See the page.\nRetry & wait.");
    time_is(update(&r, i->id, 0)->at_ms, "(none)");
    assert_int_equal(r.rows.components.n, 0);
    done(&r);
}

static void azure_planned_work_is_maintenance(void **state)
{
    (void)state;
    struct run r = good(azure, "good.xml");
    const struct ct_incident *i = incident(&r, "network-maintenance@2026-09-02T18:00:00Z");
    text_is(i->title, "Planned maintenance: network");
    assert_int_equal(i->state, CT_STATE_MAINTENANCE);
    assert_true(list_is(i->regions, "UK South"));
    done(&r);
}

static void azure_tells_incidents_of_one_reused_guid_apart(void **state)
{
    (void)state;
    struct run r = good(azure, "reused_guid.xml");
    assert_int_equal(r.rows.incidents.n, 2);
    (void)incident(&r, "front-door-issues@2026-09-02T16:10:40Z");
    (void)incident(&r, "front-door-issues@2022-09-07T16:10:40Z");
    done(&r);
}

static void azure_empty_channel_is_the_all_clear(void **state)
{
    (void)state;
    struct run r = good(azure, "quiet.xml");
    assert_int_equal(r.rows.pages.n, 1);
    assert_true(r.rows.trouble_only);
    assert_int_equal(ct_batch_rows(&r.rows), 0);
    done(&r);
}

static void azure_refuses_everything_else_by_name(void **state)
{
    (void)state;
    refused(azure, "truncated.xml", CT_ERR_SYNTAX, "not well-formed");
    refused(azure, "page.html", CT_ERR_SHAPE, "an HTML page");
    refused(azure, "empty.xml", CT_ERR_SHAPE, "an empty body");
    refused(azure, "wrong_type.xml", CT_ERR_SHAPE, "Some Other Feed");
    refused(azure, "doctype.xml", CT_ERR_SHAPE, "DOCTYPE");
    refused(azure, "doctype_plain.xml", CT_ERR_SHAPE, "DOCTYPE");
    refused(azure, "denied.xml", CT_ERR_SHAPE, "an XML error answer");
    refused(azure, "atom.xml", CT_ERR_SHAPE, "an Atom feed");
}

/* ---- Google Cloud ---- */

static const struct ct_family *const gcp = &ct_family_gcp_incidents;

static void gcp_reads_open_incidents(void **state)
{
    (void)state;
    struct run r = good(gcp, "good.json");
    assert_int_equal(r.rows.pages.n, 0);
    assert_int_equal(r.rows.incidents.n, 3);
    const struct ct_incident *i = incident(&r, "openA");
    text_is(i->title, "Vertex Gemini API: elevated errors");
    text_is(i->raw_impact, "SERVICE_OUTAGE");
    assert_int_equal(i->state, CT_STATE_MAJOR);
    assert_int_equal(i->open, 1);
    assert_int_equal(i->phase, CT_PHASE_UNKNOWN);
    time_is(i->started_ms, "2026-08-01T10:00:00Z");
    time_is(i->updated_ms, "2026-08-01T11:00:00Z");
    text_is(i->url, "https://status.cloud.google.com/incidents/openA");
    assert_true(list_is(i->regions, "us-central1,global"));
    assert_true(list_is(i->components, "Z0FZ,L3gg"));
    text_is(update(&r, i->id, 0)->text, "Mitigation is under way.\n## Next\nMore at status "
                                        "(https://status.cloud.google.com).");
    assert_int_equal(update(&r, i->id, 0)->phase, CT_PHASE_UNKNOWN);
    done(&r);
}

static void gcp_a_late_report_does_not_reopen_an_incident(void **state)
{
    (void)state;
    struct run r = good(gcp, "good.json");
    const struct ct_incident *i = incident(&r, "doneB");
    assert_int_equal(i->open, 0);
    assert_int_equal(i->phase, CT_PHASE_RESOLVED);
    assert_int_equal(i->state, CT_STATE_PARTIAL);
    time_is(i->resolved_ms, "2026-07-01T12:00:00Z");
    time_is(i->updated_ms, "2026-07-10T09:00:00Z"); /* not "modified" */
    assert_true(list_is(i->regions, "europe-west4-a,europe-west4"));
    assert_int_equal(updates_of(&r, i->id), 3);
    text_is(update(&r, i->id, 0)->text, "Incident Report\nThe report.");
    assert_int_equal(update(&r, i->id, 0)->phase, CT_PHASE_RESOLVED);
    done(&r);
}

static void gcp_unknown_impact_of_an_open_incident_is_degraded(void **state)
{
    (void)state;
    struct run r = good(gcp, "good.json");
    const struct ct_incident *i = incident(&r, "openC");
    assert_int_equal(i->state, CT_STATE_DEGRADED);
    text_is(i->url, NULL); /* not below the dashboard */
    assert_int_equal(note(&r, "unknown impact \"SERVICE_GALACTIC\""), 1);
    done(&r);
}

static void gcp_products_are_as_bad_as_the_worst_open_incident(void **state)
{
    (void)state;
    struct run r = good(gcp, "good.json");
    assert_int_equal(r.rows.components.n, 3);
    text_is(component(&r, "Z0FZ")->name, "Agent Platform Gemini API"); /* the current title */
    assert_int_equal(component(&r, "Z0FZ")->state, CT_STATE_MAJOR);
    text_is(component(&r, "Z0FZ")->raw_state, "SERVICE_OUTAGE");
    assert_int_equal(component(&r, "L3gg")->state, CT_STATE_MAJOR); /* also in a closed one */
    assert_int_equal(component(&r, "9D7d")->state, CT_STATE_DEGRADED);
    done(&r);
    r = good(gcp, "quiet.json");
    assert_int_equal(component(&r, "9D7d")->state, CT_STATE_OPERATIONAL);
    text_is(component(&r, "9D7d")->raw_state, NULL);
    done(&r);
}

static void gcp_refuses_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = good(gcp, "none.json");
    assert_false(r.rows.trouble_only); /* a list without history is suspicious */
    assert_int_equal(ct_batch_rows(&r.rows), 0);
    assert_int_equal(note(&r, "a list without any incident"), 1);
    done(&r);
    refused(gcp, "truncated.json", CT_ERR_SYNTAX, "cut off");
    refused(gcp, "page.html", CT_ERR_SHAPE, "an HTML page");
    refused(gcp, "empty.json", CT_ERR_SHAPE, "an empty body");
    refused(gcp, "wrong_type.json", CT_ERR_SHAPE, "wanted a string, found a number");
    refused(gcp, "wrong_element.json", CT_ERR_SHAPE, "wanted an object, found an array");
}

/* ---- AWS ---- */

static const struct ct_family *const aws = &ct_family_aws_currentevents;

static void aws_reads_an_open_event(void **state)
{
    (void)state;
    struct run r = good(aws, "good.json");
    assert_int_equal(r.rows.incidents.n, 4);
    const struct ct_incident *i =
        incident(&r, "arn:aws:health:us-east-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/E1");
    text_is(i->title, "Increased Error Rates");
    text_is(i->raw_impact, "3");
    assert_int_equal(i->state, CT_STATE_MAJOR);
    assert_int_equal(i->open, 1);
    time_is(i->started_ms, "2026-03-01T12:51:25Z");
    time_is(i->updated_ms, "2026-03-01T13:51:25Z");
    assert_true(list_is(i->regions, "us-east-1"));
    assert_true(list_is(i->components, "ec2-us-east-1,iam-us-east-1,s3-us-east-1"));
    text_is(update(&r, i->id, 0)->text, "Later word.");
    text_is(update(&r, i->id, 1)->text, "First \xC3\xBC \xF0\x9F\x94\xA5 word.");
    done(&r);
}

static void aws_services_carry_their_own_state_region_and_time(void **state)
{
    (void)state;
    struct run r = good(aws, "good.json");
    assert_int_equal(r.rows.components.n, 4);
    const struct ct_component *s3 = component(&r, "s3-us-east-1");
    text_is(s3->name, "Amazon S3");
    text_is(s3->region, "us-east-1");
    text_is(s3->raw_state, "3");
    assert_int_equal(s3->state, CT_STATE_MAJOR);
    time_is(s3->updated_ms, "2026-03-01T12:51:25Z"); /* milliseconds here, seconds in the log */
    assert_int_equal(component(&r, "ec2-us-east-1")->state, CT_STATE_OPERATIONAL);
    time_is(component(&r, "ec2-us-east-1")->updated_ms, "2026-03-01T14:51:25Z");
    assert_int_equal(component(&r, "iam-us-east-1")->state, CT_STATE_DEGRADED); /* a number */
    text_is(component(&r, "iam")->region, "global");
    done(&r);
}

static void aws_disruption_of_one_service_is_a_part_of_the_provider(void **state)
{
    (void)state;
    struct run r = good(aws, "good.json");
    const struct ct_incident *i =
        incident(&r, "arn:aws:health:global::event/IAM/AWS_IAM_OPERATIONAL_ISSUE/E2");
    assert_int_equal(i->state, CT_STATE_PARTIAL);
    assert_true(list_is(i->regions, "global"));
    done(&r);
}

static void aws_status_zero_is_over_and_unknown_codes_are_degraded(void **state)
{
    (void)state;
    struct run r = good(aws, "good.json");
    const struct ct_incident *over =
        incident(&r, "arn:aws:health:::event/S3/AWS_S3_OPERATIONAL_ISSUE/E3");
    assert_int_equal(over->open, 0);
    assert_int_equal(over->phase, CT_PHASE_RESOLVED);
    assert_int_equal(over->state, CT_STATE_DEGRADED); /* the worst its log says */
    time_is(over->resolved_ms, "2026-03-01T11:13:20Z");
    assert_int_equal(update(&r, over->id, 0)->phase, CT_PHASE_RESOLVED);
    assert_true(list_is(over->regions, "global"));
    const struct ct_incident *odd =
        incident(&r, "arn:aws:health:eu-west-1::event/S3/AWS_S3_OPERATIONAL_ISSUE/E4");
    assert_int_equal(odd->state, CT_STATE_DEGRADED);
    assert_int_equal(odd->open, 1);
    assert_int_equal(note(&r, "unknown event state \"7\""), 1);
    done(&r);
}

static void aws_reads_every_encoding_alike(void **state)
{
    (void)state;
    static const char *const files[] = {"little.json", "no_mark.json", "utf8.json"};
    struct run want = good(aws, "good.json");
    for (size_t f = 0; f < CT_LEN(files); f++) {
        struct run got = good(aws, files[f]);
        assert_int_equal(got.rows.updates.n, want.rows.updates.n);
        for (size_t i = 0; i < want.rows.updates.n; i++)
            assert_true(ct_span_eq(got.rows.updates.v[i].text, want.rows.updates.v[i].text));
        assert_int_equal(got.rows.components.n, want.rows.components.n);
        done(&got);
    }
    done(&want);
}

static void aws_half_a_surrogate_pair_becomes_a_replacement(void **state)
{
    (void)state;
    struct run r = good(aws, "lone_surrogate.json");
    struct ct_span id =
        incident(&r, "arn:aws:health:us-east-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/E1")->id;
    text_is(update(&r, id, 1)->text, "First \xEF\xBF\xBD \xC3\xBC \xF0\x9F\x94\xA5 word.");
    done(&r);
}

static void aws_keeps_zombies_with_their_last_sign_of_life_under_their_whole_arn(void **state)
{
    (void)state;
    struct run r = good(aws, "zombie.json");
    assert_int_equal(r.rows.incidents.n, 1);
    assert_int_equal(r.rows.incidents.v[0].id.n, 151);
    assert_int_equal(r.rows.incidents.v[0].open, 1);
    time_is(r.rows.incidents.v[0].updated_ms, "2026-04-30T07:25:54Z");
    assert_true(ct_span_eq(r.rows.updates.v[0].incident, r.rows.incidents.v[0].id));
    done(&r);
}

static void aws_refuses_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = good(aws, "quiet.json");
    assert_true(r.rows.trouble_only); /* nothing listed is the all-clear */
    assert_int_equal(ct_batch_rows(&r.rows), 0);
    done(&r);
    refused(aws, "truncated.json", CT_ERR_SYNTAX, "odd length");
    refused(aws, "cut_even.json", CT_ERR_SYNTAX, "cut off");
    refused(aws, "wrong_type.json", CT_ERR_SHAPE, "wanted a string, found a number");
    refused(aws, "page.html", CT_ERR_SHAPE, "an HTML page");
    refused(aws, "page16.html", CT_ERR_SHAPE, "an HTML page");
    refused(aws, "empty.json", CT_ERR_SHAPE, "an empty body");
}

/* ---- shared ---- */

static void json_limits_hold_before_the_document_is_built(void **state)
{
    (void)state;
    struct ct_buf b = CT_BUF_INIT;
    struct run r;
    for (int depth = 65; depth <= 5000; depth += 4935) {
        ct_buf_clear(&b);
        for (int i = 0; i < depth; i++)
            ct_buf_addc(&b, '[');
        r = parse_span(gcp, ct_buf_span(&b));
        assert_int_equal(r.status, CT_ERR_LIMIT);
        done(&r);
    }
    ct_buf_clear(&b);
    ct_buf_addc(&b, '[');
    for (int i = 0; i < 250001; i++)
        ct_buf_adds(&b, i ? ",{}" : "{}");
    ct_buf_addc(&b, ']');
    r = parse_span(gcp, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    done(&r);
    ct_buf_clear(&b);
    ct_buf_addc(&b, '[');
    for (int i = 0; i < 1000002; i++)
        ct_buf_adds(&b, i ? ",1" : "1");
    ct_buf_addc(&b, ']');
    r = parse_span(gcp, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    done(&r);
    ct_buf_clear(&b);
    ct_buf_addc(&b, '[');
    for (int i = 0; i < 20001; i++)
        ct_buf_addf(&b, "%s{\"id\":\"i%d\",\"begin\":\"2026-01-01T00:00:00Z\"}", i ? "," : "", i);
    ct_buf_addc(&b, ']');
    r = parse_span(gcp, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    assert_true(is_empty(&r.rows));
    done(&r);
    ct_buf_free(&b);
}

static void feed_limits_hold(void **state)
{
    (void)state;
    struct ct_buf b = CT_BUF_INIT;
    ct_buf_adds(&b, "<rss><channel><title>Azure Status</title>");
    for (int i = 0; i < 501; i++)
        ct_buf_addf(&b, "<item><guid>g%d</guid></item>", i);
    ct_buf_adds(&b, "</channel></rss>");
    struct run r = parse_span(azure, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    done(&r);
    ct_buf_clear(&b);
    ct_buf_adds(&b, "<rss><channel>");
    for (int i = 0; i < 70; i++)
        ct_buf_adds(&b, "<a>");
    r = parse_span(azure, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    done(&r);
    ct_buf_clear(&b);
    ct_buf_adds(&b, "<rss");
    for (int i = 0; i < 70; i++)
        ct_buf_addf(&b, " a%d='1'", i);
    ct_buf_adds(&b, "><channel><title>Azure Status</title></channel></rss>");
    r = parse_span(azure, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    done(&r);
    ct_buf_free(&b);
}

static void controls_and_escapes_never_reach_a_row(void **state)
{
    (void)state;
    static const char body[] = "\xEF\xBB\xBF{\"page\":{\"id\":\"p\",\"name\":\"a\\u001b["
                               "2Jb\\u202e\"},\"status\":{\"indicator\":\"none\"},"
                               "\"components\":[{\"id\":\"c\",\"name\":\"x\\u009b31m\\ny\\u0000z\","
                               "\"status\":\"operational\"}],"
                               "\"incidents\":[{\"id\":\"i\",\"name\":\"<b>t</"
                               "b>\\u200b&#27;]0;x&#7;\",\"status\":\"resolved\","
                               "\"impact\":\"none\"}]}";
    struct run r = parse_span(statuspage, (struct ct_span){body, sizeof body - 1});
    assert_int_equal(r.status, CT_OK);
    struct ct_span texts[] = {r.rows.pages.v[0].name, r.rows.components.v[0].name,
                              r.rows.incidents.v[0].title};
    for (size_t i = 0; i < CT_LEN(texts); i++) {
        assert_true(ct_utf8_valid(texts[i]));
        for (size_t at = 0; at < texts[i].n;) {
            int32_t point;
            at += ct_utf8_decode(texts[i], at, &point);
            assert_true(point >= 0x20 && !(point >= 0x7f && point < 0xa0));
            assert_true(point != 0x202e && point != 0x200b);
        }
    }
    assert_int_equal(r.rows.incidents.v[0].state, CT_STATE_UNKNOWN); /* closed, impact not said */
    done(&r);
}

static void markup_becomes_lines_of_text(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain a < b & c", "plain a < b & c"},
        {"one<br/>two<br>three", "one\ntwo\nthree"},
        {"<p>a</p>\n<p>b  c</p>", "a\nb c"},
        {"<b>two</b> <i>words</i>", "two words"},
        {"keep\nlines and <b>bold</b> <i>text</i>", "keep\nlines and bold text"},
        {"R&amp;D &nbsp;x", "R&D x"},
        /* what is simple and what is not (an attribute, an end too many) reads alike */
        {"<p>a <a href=\"https://a.example/?b=1&amp;c\">b</a></p><ul><li>c<li>d</ul>e",
         "a b\n- c\n- d\ne"},
        {"<p>a <a href=\"https://a.example/\">b</a></p><ul><li>c</li><li>d</li></ul>e",
         "a b\n- c\n- d\ne"},
        {"<p class=\"x\">a</p></b><p>b", "a\nb"},
        {"<p>a</p><p>b</p>", "a\nb"},
        {"a<br><unknown>b</unknown>", "a\nb"},
        {"<p>1 &lt; 2</p", "1 < 2"},
        {"#1 problem\n# Heading\n\\# no heading", "#1 problem\nHeading\n# no heading"},
        {"[https://a.example](https://a.example) [x](javascript:y) [z",
         "https://a.example [x](javascript:y) [z"},
        {"<style>p{}</style><script>x</script>", NULL},
        {"<!-- hidden -->seen", "seen"},
        {"", NULL},
    };
    struct ct_arena *a = ct_arena_new(0);
    for (size_t i = 0; i < CT_LEN(cases); i++)
        text_is(ct_markup_text(a, ct_span(cases[i].in)), cases[i].out);
    text_is(ct_markup_text(a, CT_SPAN_NONE), NULL);
    text_is(ct_markup_name(a, ct_span("<p>one</p><p>line</p>")), "one line");
    struct ct_buf deep = CT_BUF_INIT;
    for (int i = 0; i < 9000; i++)
        ct_buf_adds(&deep, i % 2 ? "<div>[" : "[");
    (void)ct_markup_text(a, ct_buf_span(&deep));
    ct_buf_free(&deep);
    ct_arena_free(a);
}

static void guesses_name_what_a_body_looks_like(void **state)
{
    (void)state;
    static const struct {
        const char *body, *words;
    } cases[] = {
        {" \n", "an empty body"},
        {"<?xml version='1.0'?><!-- x --><rss/>", "an RSS feed"},
        {"<HTML>", "an HTML page"},
        {"{\"data\":{\"type\":\"status_page\"}}", "a Better Stack page"},
        {"{\"result\":{\"status_overall\":{}}}", "a status.io answer"},
        {"{\"Items\":[],\"NextPageLink\":\"x\"}", "an Azure price page"},
        {"{\"error\":\"rate limited\"}", "a JSON error answer"},
        {"{}", "an empty JSON object"},
        {"[]", "an empty JSON list"},
        {"[{\"arn\":\"a\"}]", "an AWS event list"},
        {"{\"a\":", "damaged JSON"},
        {"callback({})", "JSONP"},
        {"upstream connect error", "plain text"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++)
        assert_string_equal(ct_family_guess(ct_span(cases[i].body)), cases[i].words);
    assert_string_equal(ct_family_guess((struct ct_span){"\x1f\x8b\x08", 3}), "gzip data");
}

/* ---- the recorded answers, when they are there ---- */

static void recorded_statuspage_answers_say_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(statuspage, "status/statuspage-summary--anthropic--2026-07-29.json");
    assert_int_equal(r.rows.components.n, 6);
    assert_int_equal(count_state(&r, CT_STATE_MAJOR), 4);
    assert_int_equal(component(&r, "k8w3r06qmzrp")->state, CT_STATE_MAJOR);
    assert_int_equal(component(&r, "0qbwn08sd68x")->state, CT_STATE_OPERATIONAL);
    assert_int_equal(component(&r, "0scnb50nvy53")->state, CT_STATE_OPERATIONAL);
    assert_int_equal(r.rows.incidents.n, 1);
    const struct ct_incident *i = incident(&r, "q2kg8n613kr3");
    text_is(i->title, "Elevated errors across all models");
    assert_int_equal(i->state, CT_STATE_MAJOR);
    assert_int_equal(i->phase, CT_PHASE_INVESTIGATING);
    assert_int_equal(i->components.n, 4);
    time_is(i->started_ms, "2026-07-29T19:49:45.378Z");
    text_is(i->url, "https://stspg.io/p7pqqb00414c");
    assert_int_equal(r.rows.updates.n, 1);
    text_is(r.rows.updates.v[0].text, "We are currently investigating this issue.");
    text_is(r.rows.pages.v[0].indicator, "major");
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
    r = recorded(statuspage, "status/statuspage-summary--bitbucket--2026-07-31.json");
    assert_int_equal(count_state(&r, CT_STATE_OPERATIONAL), 13);
    assert_int_equal(incident(&r, "0y9sqyfyl262")->state, CT_STATE_DEGRADED);
    assert_int_equal(incident(&r, "0y9sqyfyl262")->open, 1);
    text_is(incident(&r, "0y9sqyfyl262")->raw_impact, "none");
    knows_every_word(&r);
    done(&r);
    r = recorded(statuspage, "status/statuspage-summary--github--2026-08-17.json");
    assert_int_equal(r.rows.components.n, 11); /* 12 less the link text */
    assert_int_equal(count_state(&r, CT_STATE_MAJOR), 1);
    text_is(component(&r, "pjmpxvq2cmr2")->name, "Copilot");
    assert_int_equal(updates_of(&r, ct_span("zkxwbgr0cnmx")), 35);
    time_is(incident(&r, "zkxwbgr0cnmx")->updated_ms, "2026-08-17T20:45:28.856Z");
    assert_int_equal(note(&r, "a component that is only a link to the page"), 1);
    knows_every_word(&r);
    done(&r);
}

static void recorded_large_statuspage_answers_say_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(statuspage, "status/statuspage-summary--digitalocean--2023-08-09.json");
    assert_int_equal(r.rows.components.n, 171); /* 185 less 14 headings */
    text_is(component(&r, "glhj9rkw3mp8")->name, "AMS3");
    assert_true(component(&r, "glhj9rkw3mp8")->group.n > 0);
    const struct ct_incident *i = incident(&r, "q4b09b022nmh");
    assert_int_equal(i->state, CT_STATE_DEGRADED);
    assert_int_equal(i->phase, CT_PHASE_MONITORING);
    assert_int_equal(updates_of(&r, i->id), 8);
    assert_int_equal(incident(&r, "k65k44vxwr9j")->state, CT_STATE_OPERATIONAL);
    time_is(incident(&r, "k65k44vxwr9j")->scheduled_for_ms, "2023-08-09T20:00:00Z");
    knows_every_word(&r);
    done(&r);
    r = recorded(statuspage, "status/statuspage-summary--cloudflare--2026-04-14.json");
    assert_int_equal(r.rows.components.n, 467); /* 475 less 8 headings */
    assert_int_equal(r.rows.incidents.n, 12);
    assert_int_equal(incident(&r, "03hlhwx1rhvg")->state, CT_STATE_DEGRADED);
    assert_int_equal(incident(&r, "213v4v7s7m97")->state, CT_STATE_DEGRADED); /* monitoring */
    assert_int_equal(incident(&r, "h3mhqkfy2j1s")->state, CT_STATE_MAINTENANCE);
    assert_int_equal(incident(&r, "sjltlxdys8b6")->state, CT_STATE_OPERATIONAL);
    assert_int_equal(updates_of(&r, ct_span("sjltlxdys8b6")), 50);
    assert_int_equal(updates_of(&r, ct_span("v72ynkdwxmr8")), 49);
    assert_int_equal(updates_of(&r, ct_span("h3mhqkfy2j1s")), 41);
    assert_int_equal(note(&r, "updates older than the newest 50 of their incident"), 795);
    knows_every_word(&r);
    done(&r);
}

static void recorded_openai_answer_says_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(incidentio, "status/incidentio-compat--openai--2026-07-22.json");
    text_is(r.rows.pages.v[0].indicator, "minor");
    assert_int_equal(count_state(&r, CT_STATE_OPERATIONAL), 25);
    assert_int_equal(r.rows.components.n, 25);
    assert_int_equal(r.rows.incidents.n, 1);
    const struct ct_incident *i = incident(&r, "01KY54SWGRK806N6TJ495MYPDD");
    text_is(i->title, "Elevated errors for Workspace Agent");
    assert_int_equal(i->state, CT_STATE_DEGRADED);
    assert_int_equal(i->open, 1);
    time_is(i->started_ms, "2026-07-22T14:48:46Z");
    assert_int_equal(r.rows.updates.n, 1);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
}

static void recorded_azure_answers_say_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(azure, "status/azure-rss--azure--2026-07-23.xml");
    assert_int_equal(r.rows.incidents.n, 1);
    const struct ct_incident *i = &r.rows.incidents.v[0];
    text_is(i->title, "Issues connecting to resources in West US");
    assert_true(list_is(i->regions, "West US"));
    assert_int_equal(i->components.n, 14);
    assert_int_equal(i->state, CT_STATE_PARTIAL);
    time_is(i->started_ms, "2026-07-23T16:29:09Z");
    assert_true(ct_span_starts(r.rows.updates.v[0].text, "Starting at approximately 14:44 UTC"));
    assert_false(ct_span_ihas(r.rows.updates.v[0].text, CT_LIT("nbsp")));
    done(&r);
    r = recorded(azure, "status/azure-rss--azure--2022-09-07.xml");
    i = incident(&r, "azure-front-door-connectivity-issues@2022-09-07T16:10:40Z");
    assert_int_equal(i->regions.n, 33);
    assert_true(list_is(i->components, "Content Delivery Network,Microsoft Azure portal"));
    done(&r);
    r = recorded(azure, "status/azure-rss--azure--2026-08-01.xml");
    assert_int_equal(ct_batch_rows(&r.rows), 0);
    time_is(r.rows.data_ms, "2026-08-01T23:02:00Z");
    done(&r);
}

static void recorded_google_answers_say_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(gcp, "status/gcp-incidents--gcp--2025-06-12.json");
    size_t open = 0;
    for (size_t i = 0; i < r.rows.incidents.n; i++)
        open += r.rows.incidents.v[i].open == 1;
    assert_int_equal(r.rows.incidents.n, 111);
    assert_int_equal(open, 1);
    const struct ct_incident *i = incident(&r, "ow5i3PPK96RduMcb1SsW");
    text_is(i->title, "Multiple GCP products are experiencing Service issues");
    assert_int_equal(i->state, CT_STATE_MAJOR);
    assert_int_equal(i->components.n, 52);
    assert_int_equal(updates_of(&r, i->id), 7);
    time_is(i->started_ms, "2025-06-12T17:51:00Z");
    assert_int_equal(count_state(&r, CT_STATE_MAJOR), 52);
    knows_every_word(&r);
    done(&r);
    r = recorded(gcp, "status/gcp-incidents--gcp--2026-07-30.json");
    assert_int_equal(r.rows.incidents.n, 4);
    for (size_t k = 0; k < 4; k++)
        assert_int_equal(r.rows.incidents.v[k].open, 0);
    assert_int_equal(r.rows.updates.n, 35);
    assert_int_equal(count_state(&r, CT_STATE_OPERATIONAL), r.rows.components.n);
    time_is(incident(&r, "41E5S3mkTGDfkZuJZH5k")->resolved_ms, "2026-02-27T14:35:00Z");
    knows_every_word(&r);
    done(&r);
}

static void recorded_aws_answer_says_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(aws, "status/aws-currentevents--aws--2026-08-01.json");
    assert_int_equal(r.rows.incidents.n, 2);
    const struct ct_incident *uae = &r.rows.incidents.v[0], *bahrain = &r.rows.incidents.v[1];
    assert_true(list_is(uae->regions, "me-central-1"));
    assert_true(list_is(bahrain->regions, "me-south-1"));
    for (size_t i = 0; i < 2; i++) {
        text_is(r.rows.incidents.v[i].title, "Increased Error Rates");
        assert_int_equal(r.rows.incidents.v[i].open, 1);
        assert_int_equal(r.rows.incidents.v[i].state, CT_STATE_MAJOR);
    }
    assert_int_equal(uae->components.n, 140);
    assert_int_equal(bahrain->components.n, 149);
    assert_int_equal(updates_of(&r, uae->id), 23);
    assert_int_equal(updates_of(&r, bahrain->id), 13);
    time_is(uae->updated_ms, "2026-04-30T07:25:54Z");
    assert_int_equal(r.rows.components.n, 284); /* five global services are in both */
    assert_int_equal(count_state(&r, CT_STATE_OPERATIONAL), 5);
    assert_int_equal(count_state(&r, CT_STATE_MAJOR), 279);
    text_is(component(&r, "cloudfront")->region, "global");
    text_is(component(&r, "s3-me-south-1")->region, "me-south-1");
    knows_every_word(&r);
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuspage_reads_page_and_components),
        cmocka_unit_test(statuspage_keeps_headings_and_link_texts_out_of_components),
        cmocka_unit_test(statuspage_ranks_unknown_words_as_unknown_and_open_trouble_as_degraded),
        cmocka_unit_test(statuspage_reads_an_open_incident_field_by_field),
        cmocka_unit_test(statuspage_open_incidents_are_never_green_and_watched_ones_only_degraded),
        cmocka_unit_test(statuspage_closed_incidents_keep_the_impact_the_page_states),
        cmocka_unit_test(statuspage_planned_work_counts_only_while_it_runs),
        cmocka_unit_test(statuspage_gives_updates_without_id_one_and_drops_repeated_ones),
        cmocka_unit_test(statuspage_keeps_the_newest_50_updates_of_a_flood),
        cmocka_unit_test(statuspage_reads_a_quiet_page),
        cmocka_unit_test(statuspage_refuses_everything_else_by_name),
        cmocka_unit_test(incidentio_shows_the_incident_although_every_component_is_fine),
        cmocka_unit_test(incidentio_says_when_a_page_has_moved_to_the_other_vendor),
        cmocka_unit_test(incidentio_refuses_everything_else_by_name),
        cmocka_unit_test(azure_reads_items_as_open_incidents),
        cmocka_unit_test(azure_planned_work_is_maintenance),
        cmocka_unit_test(azure_tells_incidents_of_one_reused_guid_apart),
        cmocka_unit_test(azure_empty_channel_is_the_all_clear),
        cmocka_unit_test(azure_refuses_everything_else_by_name),
        cmocka_unit_test(gcp_reads_open_incidents),
        cmocka_unit_test(gcp_a_late_report_does_not_reopen_an_incident),
        cmocka_unit_test(gcp_unknown_impact_of_an_open_incident_is_degraded),
        cmocka_unit_test(gcp_products_are_as_bad_as_the_worst_open_incident),
        cmocka_unit_test(gcp_refuses_everything_else_by_name),
        cmocka_unit_test(aws_reads_an_open_event),
        cmocka_unit_test(aws_services_carry_their_own_state_region_and_time),
        cmocka_unit_test(aws_disruption_of_one_service_is_a_part_of_the_provider),
        cmocka_unit_test(aws_status_zero_is_over_and_unknown_codes_are_degraded),
        cmocka_unit_test(aws_reads_every_encoding_alike),
        cmocka_unit_test(aws_half_a_surrogate_pair_becomes_a_replacement),
        cmocka_unit_test(aws_keeps_zombies_with_their_last_sign_of_life_under_their_whole_arn),
        cmocka_unit_test(aws_refuses_everything_else_by_name),
        cmocka_unit_test(json_limits_hold_before_the_document_is_built),
        cmocka_unit_test(feed_limits_hold),
        cmocka_unit_test(controls_and_escapes_never_reach_a_row),
        cmocka_unit_test(markup_becomes_lines_of_text),
        cmocka_unit_test(guesses_name_what_a_body_looks_like),
        cmocka_unit_test(recorded_statuspage_answers_say_what_a_reader_sees),
        cmocka_unit_test(recorded_large_statuspage_answers_say_what_a_reader_sees),
        cmocka_unit_test(recorded_openai_answer_says_what_a_reader_sees),
        cmocka_unit_test(recorded_azure_answers_say_what_a_reader_sees),
        cmocka_unit_test(recorded_google_answers_say_what_a_reader_sees),
        cmocka_unit_test(recorded_aws_answer_says_what_a_reader_sees),
    };
    recorded_or_left_out();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
