/* Status pages in JSON, family by family, over fixtures of the same shape, their damaged twins, and
 * the recorded answers beside the project when they are there. */
#include "fetchers/families/all.h"
#include "fetchers/rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/parse_fixture.h"

/* Every folder has these. */
static void refuses_the_usual(const struct ct_family *f, const char *wrong_type)
{
    refused(f, "truncated.json", CT_ERR_SYNTAX, "cut off");
    refused(f, "page.html", CT_ERR_SHAPE, "an HTML page");
    refused(f, "empty.json", CT_ERR_SHAPE, "an empty body");
    refused(f, "wrong_type.json", CT_ERR_SHAPE, wrong_type);
}

/* Quiet: read, no trouble, nothing left out. */
static struct run quiet(const struct ct_family *f, size_t components)
{
    struct run r = good(f, "quiet.json");
    assert_int_equal(r.rows.components.n, components);
    assert_int_equal(r.rows.incidents.n + r.rows.updates.n + r.rows.notes.n, 0);
    return r;
}

static void is(const struct ct_incident *i, int open, int state, int phase)
{
    if (i->open != open || i->state != state || i->phase != phase)
        print_error("%.*s: open %d, state %d, phase %d\n", CT_FMT(i->id), i->open, i->state,
                    i->phase);
    assert_int_equal(i->open, open);
    assert_int_equal(i->state, state);
    assert_int_equal(i->phase, phase);
}

/* ---- Better Stack ---- */

static const struct ct_family *const betterstack = &ct_family_betterstack_index;

static void betterstack_reads_page_and_resources(void **state)
{
    (void)state;
    struct run r = good(betterstack, "good.json");
    text_is(r.rows.pages.v[0].id, "7001");
    text_is(r.rows.pages.v[0].name, "Example GPU");
    text_is(r.rows.pages.v[0].url, "https://status.example.com");
    text_is(r.rows.pages.v[0].indicator, "downtime");
    time_is(r.rows.data_ms, "2026-09-10T12:00:00.250Z");
    assert_int_equal(r.rows.components.n, 6);
    text_is(component(&r, "401")->name, "US-MO-1"); /* the page has a blank behind it */
    text_is(component(&r, "401")->group, "Regions");
    text_is(component(&r, "401")->raw_state, "downtime");
    assert_int_equal(component(&r, "401")->state, CT_STATE_MAJOR);
    assert_int_equal(component(&r, "402")->state, CT_STATE_OPERATIONAL);
    assert_int_equal(component(&r, "403")->state, CT_STATE_DEGRADED);
    assert_int_equal(component(&r, "404")->state, CT_STATE_MAINTENANCE);
    text_is(component(&r, "404")->group, NULL); /* its section is not in the document */
    assert_int_equal(component(&r, "405")->state, CT_STATE_UNKNOWN);
    assert_int_equal(component(&r, "406")->state, CT_STATE_UNKNOWN);
    assert_int_equal(note(&r, "unknown component state \"sleepy\""), 1);
    assert_int_equal(note(&r, "unknown component state \"not_monitored\""), 0);
    assert_int_equal(note(&r, "unknown kind of entry \"status_page_banner\""), 1);
    assert_false(r.rows.trouble_only);
    done(&r);
}

static void betterstack_joins_reports_with_their_messages(void **state)
{
    (void)state;
    struct run r = good(betterstack, "good.json");
    const struct ct_incident *i = incident(&r, "9001");
    is(i, 1, CT_STATE_MAJOR, CT_PHASE_UNKNOWN);
    text_is(i->title, "Pods & volumes unreachable");
    text_is(i->raw_impact, "downtime");
    assert_true(list_is(i->components, "401,403"));
    time_is(i->started_ms, "2026-09-10T10:00:00Z");
    time_is(i->updated_ms, "2026-09-10T10:30:00Z");
    time_is(i->resolved_ms, "(none)");
    time_is(i->scheduled_for_ms, "(none)");
    assert_int_equal(updates_of(&r, i->id), 2);
    text_is(update(&r, i->id, 0)->id, "u2");
    text_is(update(&r, i->id, 1)->text, "We look into it.");
    assert_int_equal(update(&r, i->id, 1)->phase, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "an update that is not in the document"), 1);
    done(&r);
}

static void betterstack_resolved_reports_have_no_end_but_a_last_message(void **state)
{
    (void)state;
    struct run r = good(betterstack, "good.json");
    const struct ct_incident *i = incident(&r, "9002");
    is(i, 0, CT_STATE_DEGRADED, CT_PHASE_RESOLVED); /* the worst of its messages */
    time_is(i->resolved_ms, "2026-09-08T02:00:00Z");
    assert_int_equal(update(&r, i->id, 0)->phase, CT_PHASE_RESOLVED);
    is(incident(&r, "9008"), 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    time_is(incident(&r, "9008")->resolved_ms, "(none)");
    is(incident(&r, "9007"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "unknown report state \"wobbling\""), 1);
    done(&r);
}

static void betterstack_planned_work_counts_once_it_has_begun(void **state)
{
    (void)state;
    struct run r = good(betterstack, "good.json");
    is(incident(&r, "9003"), 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    time_is(incident(&r, "9003")->scheduled_for_ms, "2026-09-12T08:00:00Z");
    time_is(incident(&r, "9003")->scheduled_until_ms, "2026-09-12T09:00:00Z");
    is(incident(&r, "9004"), 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    is(incident(&r, "9005"), 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS); /* its part says so */
    is(incident(&r, "9006"), 0, CT_STATE_MAINTENANCE, CT_PHASE_COMPLETED);
    time_is(incident(&r, "9006")->resolved_ms, "2026-09-01T09:00:00Z");
    done(&r);
}

static void betterstack_refuses_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = quiet(betterstack, 1);
    done(&r);
    refuses_the_usual(betterstack, "wanted an array, found an object");
    refused(betterstack, "wrong_kind.json", CT_ERR_SHAPE, "wanted \"status_page\"");
    refused(betterstack, "no_included.json", CT_ERR_SHAPE, "wanted an array, found nothing");
    refused(betterstack, "wrong_element.json", CT_ERR_SHAPE, "wanted an object, found a string");
}

/* ---- Instatus ---- */

static const struct ct_family *const instatus = &ct_family_instatus_summary;
static const struct ct_family *const notices = &ct_family_instatus_notices;

static void instatus_reads_open_incidents(void **state)
{
    (void)state;
    struct run r = good(instatus, "good.json");
    text_is(r.rows.pages.v[0].name, "Example Search");
    text_is(r.rows.pages.v[0].indicator, "ONEMAJOROUTAGE");
    const struct ct_incident *i = incident(&r, "ckone");
    is(i, 1, CT_STATE_MAJOR, CT_PHASE_IDENTIFIED);
    text_is(i->title, "Answers fail");
    text_is(i->raw_impact, "MAJOROUTAGE");
    text_is(i->url, "https://status.example.com/ckone");
    time_is(i->started_ms, "2026-07-23T17:48:28.028Z");
    time_is(i->updated_ms, "2026-07-23T17:50:11.838Z");
    is(incident(&r, "cktwo"), 1, CT_STATE_DEGRADED, CT_PHASE_MONITORING);
    time_is(incident(&r, "cktwo")->started_ms, "2026-07-23T16:00:00Z"); /* a JavaScript date */
    text_is(incident(&r, "cktwo")->url, NULL);
    is(incident(&r, "ckthree"), 1, CT_STATE_DEGRADED, CT_PHASE_INVESTIGATING);
    is(incident(&r, "ckfour"), 1, CT_STATE_DEGRADED, CT_PHASE_INVESTIGATING);
    is(incident(&r, "ckfive"), 1, CT_STATE_PARTIAL, CT_PHASE_INVESTIGATING);
    is(incident(&r, "cksix"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "unknown impact \"COSMIC\""), 1);
    assert_int_equal(note(&r, "unknown incident phase \"PONDERING\""), 1);
    assert_true(r.rows.trouble_only);
    done(&r);
}

static void instatus_maintenance_ends_minutes_after_its_start(void **state)
{
    (void)state;
    struct run r = good(instatus, "good.json");
    is(incident(&r, "ckm1"), 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    time_is(incident(&r, "ckm1")->scheduled_for_ms, "2026-07-24T10:00:00Z");
    time_is(incident(&r, "ckm1")->scheduled_until_ms, "2026-07-24T11:30:00Z"); /* "90" */
    is(incident(&r, "ckm2"), 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    time_is(incident(&r, "ckm2")->scheduled_until_ms, "2026-07-23T17:30:00Z");
    is(incident(&r, "ckm3"), 0, CT_STATE_MAINTENANCE, CT_PHASE_COMPLETED);
    time_is(incident(&r, "ckm3")->scheduled_until_ms, "(none)");
    assert_int_equal(note(&r, "unknown impact \"\""), 0);
    done(&r);
}

static void instatus_page_that_only_complains_is_no_all_clear(void **state)
{
    (void)state;
    struct run r = good(instatus, "complains.json");
    assert_int_equal(r.rows.incidents.n, 0);
    assert_int_equal(component(&r, "page")->state, CT_STATE_DEGRADED);
    text_is(component(&r, "page")->raw_state, "HASISSUES");
    done(&r);
    r = good(instatus, "good.json"); /* incidents say it better */
    assert_int_equal(r.rows.components.n, 0);
    done(&r);
}

static void instatus_refuses_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = quiet(instatus, 0);
    text_is(r.rows.pages.v[0].indicator, "UP");
    done(&r);
    refuses_the_usual(instatus, "wanted an array, found an object");
    refused(instatus, "statuspage.json", CT_ERR_SHAPE, "a Statuspage summary");
    refused(instatus, "wrong_element.json", CT_ERR_SHAPE, "wanted an object, found a string");
}

static void instatus_notices_are_history(void **state)
{
    (void)state;
    struct run r = good(notices, "good.json");
    const struct ct_incident *i = incident(&r, "n1");
    is(i, 0, CT_STATE_PARTIAL, CT_PHASE_RESOLVED);
    text_is(i->title, "Nodes lost");
    assert_true(list_is(i->components, "c1,c2"));
    time_is(i->resolved_ms, "2026-09-03T12:00:00Z");
    assert_int_equal(updates_of(&r, i->id), 2);
    text_is(update(&r, i->id, 0)->text, "Fixed.");
    is(incident(&r, "n2"), 0, CT_STATE_MAINTENANCE, CT_PHASE_COMPLETED);
    time_is(incident(&r, "n2")->scheduled_until_ms, "2026-09-05T11:00:00Z");
    is(incident(&r, "n3"), 1, CT_STATE_DEGRADED, CT_PHASE_INVESTIGATING);
    assert_int_equal(note(&r, "a further page of this month"), 1);
    done(&r);
    r = quiet(notices, 0);
    done(&r);
    refuses_the_usual(notices, "wanted an array, found an object");
    refused(notices, "no_last_page.json", CT_ERR_SHAPE, "wanted a boolean, found nothing");
}

/* ---- Checkly ---- */

static const struct ct_family *const checkly = &ct_family_checkly_unresolved;

static void checkly_reads_open_incidents_and_their_services(void **state)
{
    (void)state;
    struct run r = good(checkly, "good.json");
    const struct ct_incident *i = incident(&r, "b3e1");
    is(i, 1, CT_STATE_DEGRADED, CT_PHASE_INVESTIGATING);
    text_is(i->title, "Audio API degraded");
    text_is(i->raw_impact, "MEDIUM");
    assert_true(list_is(i->components, "s1,s2"));
    time_is(i->started_ms, "2026-07-27T14:32:53.607Z");
    time_is(i->updated_ms, "2026-07-27T14:50:00Z");
    text_is(update(&r, i->id, 0)->id, "cu2"); /* listed oldest first */
    is(incident(&r, "b3e2"), 1, CT_STATE_MAJOR, CT_PHASE_IDENTIFIED);
    time_is(incident(&r, "b3e2")->updated_ms, "2026-07-27T15:00:00Z");
    is(incident(&r, "b3e3"), 1, CT_STATE_DEGRADED, CT_PHASE_MONITORING);
    is(incident(&r, "b3e4"), 1, CT_STATE_MAINTENANCE, CT_PHASE_INVESTIGATING);
    is(incident(&r, "b3e5"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "unknown impact \"HUGE\""), 1);
    is(incident(&r, "b3e6"), 0, CT_STATE_MAJOR, CT_PHASE_RESOLVED);
    time_is(incident(&r, "b3e6")->resolved_ms, "2026-07-27T13:00:00Z");
    assert_int_equal(r.rows.components.n, 3); /* of the open ones, each once */
    assert_int_equal(component(&r, "s1")->state, CT_STATE_DEGRADED);
    assert_int_equal(component(&r, "s2")->state, CT_STATE_MAJOR); /* the worse of two */
    text_is(component(&r, "s2")->name, "Chat API");
    assert_true(r.rows.trouble_only);
    done(&r);
}

static void checkly_refuses_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = quiet(checkly, 0);
    assert_true(r.rows.trouble_only); /* nothing listed is the all-clear */
    done(&r);
    refuses_the_usual(checkly, "wanted an array, found an object");
    refused(checkly, "statuspage.json", CT_ERR_SHAPE, "wanted nothing but a list of incidents");
    refused(checkly, "native.json", CT_ERR_SHAPE, "wanted an array, found nothing");
}

/* ---- status.io ---- */

static const struct ct_family *const statusio = &ct_family_statusio_api;

static void statusio_component_is_as_bad_as_its_worst_place(void **state)
{
    (void)state;
    struct run r = good(statusio, "good.json");
    text_is(r.rows.pages.v[0].indicator, "500");
    time_is(r.rows.data_ms, "2026-07-01T14:04:32.481Z");
    assert_int_equal(component(&r, "a1")->state, CT_STATE_PARTIAL);
    text_is(component(&r, "a1")->raw_state, "100");
    time_is(component(&r, "a1")->updated_ms, "2026-07-01T10:00:00.500Z");
    assert_int_equal(component(&r, "a2")->state, CT_STATE_DEGRADED);
    assert_int_equal(component(&r, "a3")->state, CT_STATE_MAJOR);
    assert_int_equal(component(&r, "a4")->state, CT_STATE_MAINTENANCE);
    assert_int_equal(component(&r, "a5")->state, CT_STATE_UNKNOWN);
    assert_int_equal(component(&r, "a6")->state, CT_STATE_UNKNOWN);
    assert_int_equal(component(&r, "a7")->state, CT_STATE_OPERATIONAL);
    assert_int_equal(note(&r, "unknown status code \"777\""), 1);
    assert_int_equal(note(&r, "unknown status code \"600\""), 0);
    done(&r);
}

static void statusio_newest_message_decides(void **state)
{
    (void)state;
    struct run r = good(statusio, "good.json");
    const struct ct_incident *i = incident(&r, "i1");
    is(i, 1, CT_STATE_MAJOR, CT_PHASE_IDENTIFIED);
    text_is(i->title, "Logins fail");
    text_is(i->raw_impact, "500");
    assert_true(list_is(i->components, "a1,a2"));
    assert_true(list_is(i->regions, "Virginia,Ireland"));
    time_is(i->started_ms, "2026-07-01T09:00:00Z");
    time_is(i->updated_ms, "2026-07-01T09:30:00Z");
    assert_int_equal(update(&r, i->id, 1)->phase, CT_PHASE_INVESTIGATING);
    text_is(update(&r, i->id, 1)->text, "Looking.");
    is(incident(&r, "i2"), 1, CT_STATE_DEGRADED, CT_PHASE_MONITORING);
    is(incident(&r, "i3"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    is(incident(&r, "i4"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "unknown impact \"900\""), 1);
    is(incident(&r, "m1"), 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    time_is(incident(&r, "m1")->scheduled_for_ms, "2026-07-01T13:00:00Z");
    time_is(incident(&r, "m1")->scheduled_until_ms, "2026-07-01T15:00:00Z");
    is(incident(&r, "m2"), 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    done(&r);
}

static void statusio_refuses_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = quiet(statusio, 1);
    done(&r);
    refuses_the_usual(statusio, "wanted an array, found an object");
    refused(statusio, "no_code.json", CT_ERR_SHAPE, "wanted a number, found nothing");
}

/* ---- Oracle ---- */

static const struct ct_family *const oci = &ct_family_oci_components;
static const struct ct_family *const oci_status = &ct_family_oci_status;

static void oci_reads_services_by_region(void **state)
{
    (void)state;
    struct run r = good(oci, "good.json");
    assert_int_equal(r.rows.components.n, 5);
    const struct ct_component *c = component(&r, "us-ashburn-1/genai");
    text_is(c->name, "Generative AI");
    text_is(c->group, "AI");
    text_is(c->region, "us-ashburn-1");
    text_is(c->raw_state, "ServiceDisruption");
    assert_int_equal(c->state, CT_STATE_PARTIAL);
    assert_int_equal(component(&r, "us-ashburn-1/compute")->state, CT_STATE_OPERATIONAL);
    assert_int_equal(component(&r, "us-ashburn-1/block")->state,
                     CT_STATE_MAJOR);                                          /* a blank inside */
    assert_int_equal(component(&r, "eu01/compute")->state, CT_STATE_DEGRADED); /* lower case */
    text_is(component(&r, "eu01/compute")->region, "eu-frankfurt-1");
    assert_int_equal(component(&r, "eu01/new")->state, CT_STATE_UNKNOWN);
    assert_int_equal(note(&r, "unknown component state \"Glowing\""), 1);
    done(&r);
}

static void oci_gathers_an_incident_from_all_its_services(void **state)
{
    (void)state;
    struct run r = good(oci, "good.json");
    assert_int_equal(r.rows.incidents.n, 3);
    const struct ct_incident *i = incident(&r, "inc-1");
    is(i, 1, CT_STATE_PARTIAL, CT_PHASE_UNKNOWN);
    text_is(i->raw_impact, "ServiceDisruption"); /* the worst of three */
    text_is(i->title, "Generative AI, Block Volume, Compute");
    assert_true(list_is(i->components, "us-ashburn-1/genai,us-ashburn-1/block,eu01/compute"));
    assert_true(list_is(i->regions, "us-ashburn-1,eu-frankfurt-1"));
    time_is(i->started_ms, "(none)");
    is(incident(&r, "inc-2"), 1, CT_STATE_MAJOR, CT_PHASE_UNKNOWN);
    is(incident(&r, "inc-3"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "unknown impact \"Glowing\""), 1);
    done(&r);
}

static void oci_refuses_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = quiet(oci, 1);
    done(&r);
    refuses_the_usual(oci, "wanted an array, found a string");
    refused(oci, "no_regions.json", CT_ERR_SHAPE, "wanted regions, found none");
    refused(oci, "wrong_element.json", CT_ERR_SHAPE, "wanted an id, found nothing");
}

static void oci_status_is_one_word(void **state)
{
    (void)state;
    struct run r = good(oci_status, "good.json");
    assert_int_equal(ct_batch_rows(&r.rows), 1);
    text_is(component(&r, "page")->raw_state, "minor"); /* all that is known of the provider */
    assert_int_equal(component(&r, "page")->state, CT_STATE_DEGRADED);
    text_is(r.rows.pages.v[0].name, "Example Infrastructure");
    text_is(r.rows.pages.v[0].indicator, "minor");
    time_is(r.rows.pages.v[0].updated_ms, "2021-09-18T19:55:47.204Z"); /* no zone: UTC */
    done(&r);
    r = good(oci_status, "odd.json");
    text_is(r.rows.pages.v[0].indicator, "purple");
    assert_int_equal(component(&r, "page")->state, CT_STATE_UNKNOWN);
    assert_int_equal(note(&r, "unknown indicator \"purple\""), 1);
    done(&r);
    r = quiet(oci_status, 1);
    text_is(r.rows.pages.v[0].indicator, "none");
    assert_int_equal(component(&r, "page")->state, CT_STATE_OPERATIONAL);
    done(&r);
    refuses_the_usual(oci_status, "wanted a string, found a number");
    refused(oci_status, "statuspage.json", CT_ERR_SHAPE, "without components");
}

/* ---- Vultr ---- */

static const struct ct_family *const vultr = &ct_family_vultr_status;
static const struct ct_family *const vultr_alerts = &ct_family_vultr_alerts;

static void vultr_reads_alerts_by_their_words(void **state)
{
    (void)state;
    struct run r = good(vultr_alerts, "good.json");
    assert_int_equal(r.rows.incidents.n, 9);
    const struct ct_incident *i = incident(&r, "v-power");
    is(i, 1, CT_STATE_PARTIAL, CT_PHASE_UNKNOWN);
    text_is(i->title, "Chicago - Intermittent Power Loss");
    assert_true(list_is(i->regions, "ord"));
    time_is(i->started_ms, "2026-08-07T23:58:00Z");
    time_is(i->updated_ms, "2026-08-08T03:00:00Z");
    text_is(update(&r, i->id, 0)->text, "Still looking.");
    assert_int_equal(update(&r, i->id, 0)->id.p[0], '#');
    is(incident(&r, "v-slow"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    is(incident(&r, "v-lat"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    is(incident(&r, "v-done"), 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    time_is(incident(&r, "v-done")->resolved_ms, "2026-08-11T23:04:00Z");
    is(incident(&r, "v-odd"), 1, CT_STATE_PARTIAL, CT_PHASE_UNKNOWN);
    time_is(incident(&r, "v-odd")->updated_ms, "2026-08-12T00:00:00Z");
    assert_int_equal(note(&r, "unknown alert status \"simmering\""), 1);
    assert_true(r.rows.trouble_only);
    done(&r);
}

static void vultr_planned_work_has_its_hours_in_the_text(void **state)
{
    (void)state;
    struct run r = good(vultr_alerts, "good.json");
    const struct ct_incident *i = incident(&r, "v-next");
    is(i, 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED); /* "ongoing", two days ahead */
    time_is(i->scheduled_for_ms, "2026-08-24T14:00:00Z");
    time_is(i->scheduled_until_ms, "2026-08-24T18:00:00Z");
    assert_null(memchr(update(&r, i->id, 0)->text.p, '\r', update(&r, i->id, 0)->text.n));
    is(incident(&r, "v-now"), 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    is(incident(&r, "v-dark"), 1, CT_STATE_MAINTENANCE, CT_PHASE_UNKNOWN);
    is(incident(&r, "v-told"), 0, CT_STATE_MAINTENANCE, CT_PHASE_COMPLETED);
    time_is(incident(&r, "v-told")->resolved_ms, "(none)"); /* only announced: when, nobody says */
    done(&r);
}

static void vultr_regions_are_as_bad_as_their_alerts(void **state)
{
    (void)state;
    struct run r = good(vultr, "good.json");
    assert_int_equal(r.rows.components.n, 5);
    text_is(component(&r, "sao")->name, "S\xC3\xA3o Paulo");
    text_is(component(&r, "sao")->group, "Brazil");
    text_is(component(&r, "sao")->region, "sao");
    assert_int_equal(component(&r, "sao")->state, CT_STATE_OPERATIONAL);
    assert_int_equal(component(&r, "nrt")->state, CT_STATE_DEGRADED);
    assert_int_equal(component(&r, "ord")->state, CT_STATE_PARTIAL);
    assert_int_equal(component(&r, "syd")->state, CT_STATE_OPERATIONAL); /* work lies ahead */
    assert_int_equal(component(&r, "cdg")->state, CT_STATE_MAINTENANCE);
    assert_int_equal(r.rows.incidents.n, 7);
    assert_true(list_is(incident(&r, "v-done")->regions, "nrt,syd")); /* once, in two regions */
    assert_int_equal(updates_of(&r, ct_span("v-done")), 2);
    assert_false(r.rows.trouble_only);
    done(&r);
}

static void vultr_refuses_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = quiet(vultr, 1);
    done(&r);
    r = quiet(vultr_alerts, 0);
    done(&r);
    refuses_the_usual(vultr, "wanted an array, found a string");
    refuses_the_usual(vultr_alerts, "wanted an array, found an object");
    refused(vultr, "no_regions.json", CT_ERR_SHAPE, "wanted regions, found none");
    refused(vultr, "alerts.json", CT_ERR_SHAPE, "a Vultr alert list");
    refused(vultr_alerts, "status.json", CT_ERR_SHAPE, "a Vultr status answer");
}

/* ---- Statuspage lists ---- */

static const struct ct_family *const incidents = &ct_family_statuspage_incidents;

static void statuspage_lists_are_history(void **state)
{
    (void)state;
    struct run r = good(incidents, "good.json");
    text_is(r.rows.pages.v[0].name, "Example Cloud");
    text_is(r.rows.pages.v[0].indicator, NULL);
    time_is(r.rows.data_ms, "2026-09-01T09:00:00Z"); /* the page's own offset */
    is(incident(&r, "i1"), 1, CT_STATE_DEGRADED, CT_PHASE_MONITORING);
    text_is(incident(&r, "i1")->raw_impact, "critical");
    time_is(incident(&r, "i1")->started_ms, "2026-09-01T07:55:00Z");
    assert_true(list_is(incident(&r, "i1")->components, "c1"));
    is(incident(&r, "i2"), 0, CT_STATE_PARTIAL, CT_PHASE_POSTMORTEM);
    time_is(incident(&r, "i2")->resolved_ms, "2026-08-01T08:20:00Z");
    is(incident(&r, "i3"), 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    assert_int_equal(r.rows.components.n, 0);
    assert_true(r.rows.trouble_only);
    done(&r);
    r = good(incidents, "planned.json");
    is(incident(&r, "m2"), 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    is(incident(&r, "m1"), 0, CT_STATE_MAINTENANCE, CT_PHASE_COMPLETED);
    done(&r);
}

static void statuspage_incident_alone_is_read_too(void **state)
{
    (void)state;
    struct run r = good(incidents, "single.json");
    assert_int_equal(r.rows.incidents.n, 1);
    assert_int_equal(r.rows.pages.n, 0);
    const struct ct_incident *i = incident(&r, "m1");
    is(i, 0, CT_STATE_MAINTENANCE, CT_PHASE_COMPLETED);
    time_is(i->scheduled_for_ms, "2026-09-02T00:00:00Z");
    time_is(i->scheduled_until_ms, "2026-09-02T00:05:00Z");
    time_is(i->resolved_ms, "2026-09-02T00:32:07.208Z");
    text_is(update(&r, i->id, 0)->text, "Did not take place."); /* what "completed" means here */
    done(&r);
}

static void statuspage_lists_refuse_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = quiet(incidents, 0);
    done(&r);
    refuses_the_usual(incidents, "wanted an array, found an object");
    refused(incidents, "summary.json", CT_ERR_SHAPE, "a Statuspage summary");
    refused(incidents, "components.json", CT_ERR_SHAPE, "a Statuspage component list");
    refused(incidents, "no_id.json", CT_ERR_SHAPE, "wanted a string, found nothing");
}

/* ---- incident.io's own ---- */

static const struct ct_family *const native = &ct_family_incidentio_native;

static void native_lists_only_components_in_trouble(void **state)
{
    (void)state;
    struct run r = good(native, "good.json");
    text_is(r.rows.pages.v[0].id, "01PAGE");
    text_is(r.rows.pages.v[0].name, "Example AI");
    text_is(r.rows.pages.v[0].url, "https://status.example.com");
    assert_int_equal(r.rows.components.n, 4);
    assert_int_equal(component(&r, "k1")->state, CT_STATE_MAJOR);
    text_is(component(&r, "k1")->raw_state, "full_outage");
    text_is(component(&r, "k1")->group, "Products");
    assert_int_equal(component(&r, "k2")->state, CT_STATE_DEGRADED);
    assert_int_equal(component(&r, "k3")->state, CT_STATE_OPERATIONAL);
    text_is(component(&r, "k3")->raw_state, NULL);
    text_is(component(&r, "k3")->group, NULL);
    assert_int_equal(component(&r, "k4")->state, CT_STATE_UNKNOWN);
    assert_int_equal(note(&r, "unknown component state \"fuzzy\""), 1);
    assert_false(r.rows.trouble_only);
    done(&r);
}

static void native_incidents_have_windows_of_impact(void **state)
{
    (void)state;
    struct run r = good(native, "good.json");
    const struct ct_incident *i = incident(&r, "N1");
    is(i, 1, CT_STATE_MAJOR, CT_PHASE_IDENTIFIED); /* "fixing" */
    text_is(i->raw_impact, "full_outage");
    time_is(i->started_ms, "2026-09-01T07:50:00Z");
    time_is(i->updated_ms, "2026-09-01T08:20:00Z");
    time_is(i->resolved_ms, "(none)");
    assert_true(list_is(i->components, "k1,k2"));
    text_is(update(&r, i->id, 0)->text, "Fixing it.");
    is(incident(&r, "N2"), 1, CT_STATE_PARTIAL, CT_PHASE_INVESTIGATING);
    time_is(incident(&r, "N2")->started_ms, "2026-09-01T08:00:00Z"); /* published */
    is(incident(&r, "M1"), 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    time_is(incident(&r, "M1")->scheduled_until_ms, "2026-09-01T10:00:00Z");
    time_is(incident(&r, "M1")->resolved_ms, "(none)");
    is(incident(&r, "M2"), 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    time_is(incident(&r, "M2")->scheduled_for_ms, "2026-09-03T08:00:00Z");
    done(&r);
    r = good(native, "incidents.json");
    is(incident(&r, "N3"), 0, CT_STATE_PARTIAL, CT_PHASE_RESOLVED);
    time_is(incident(&r, "N3")->started_ms, "2026-08-20T08:00:00Z");
    time_is(incident(&r, "N3")->resolved_ms, "2026-08-20T09:30:00Z");
    is(incident(&r, "M3"), 0, CT_STATE_MAINTENANCE, CT_PHASE_COMPLETED);
    time_is(incident(&r, "M3")->resolved_ms, "2026-08-10T10:00:00Z");
    is(incident(&r, "N4"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "unknown incident phase \"dreaming\""), 1);
    assert_int_equal(note(&r, "unknown impact \"fuzzy\""), 1);
    is(incident(&r, "N5"), 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    assert_true(r.rows.trouble_only);
    done(&r);
}

static void native_refuses_everything_else_by_name(void **state)
{
    (void)state;
    struct run r = quiet(native, 1);
    done(&r);
    refuses_the_usual(native, "wanted an array, found a string");
    refused(native, "checkly.json", CT_ERR_SHAPE, "wanted a string, found nothing");
    refused(native, "statuspage.json", CT_ERR_SHAPE, "a Statuspage incident list");
}

/* ---- Uptime Kuma ---- */

static const struct ct_family *const kuma = &ct_family_uptimekuma_page;
static const struct ct_family *const beats = &ct_family_uptimekuma_heartbeat;

static void kuma_page_knows_monitors_but_not_how_they_are(void **state)
{
    (void)state;
    struct run r = good(kuma, "good.json");
    text_is(r.rows.pages.v[0].id, "main");
    text_is(r.rows.pages.v[0].name, "Our machines");
    assert_int_equal(r.rows.components.n, 2);
    text_is(component(&r, "7")->name, "Gateway");
    text_is(component(&r, "7")->group, "Services");
    assert_int_equal(component(&r, "7")->state, CT_STATE_UNKNOWN);
    is(incident(&r, "3"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    text_is(incident(&r, "3")->raw_impact, "danger");
    time_is(incident(&r, "3")->started_ms, "2026-09-30T10:00:00Z");
    text_is(update(&r, ct_span("3"), 0)->text, "We clean up.");
    is(incident(&r, "4"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    time_is(incident(&r, "4")->updated_ms, "2026-09-30T12:00:00Z");
    assert_int_equal(note(&r, "unknown impact \"sparkling\""), 1);
    is(incident(&r, "5"), 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    is(incident(&r, "maintenance-4"), 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    time_is(incident(&r, "maintenance-4")->scheduled_until_ms, "2026-10-01T03:00:00Z");
    is(incident(&r, "maintenance-5"), 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    done(&r);
    r = quiet(kuma, 0);
    done(&r);
    refuses_the_usual(kuma, "wanted an array, found a string");
    refused(kuma, "no_groups.json", CT_ERR_SHAPE, "wanted an array, found nothing");
}

static void kuma_newest_beat_is_the_state(void **state)
{
    (void)state;
    struct run r = good(beats, "good.json");
    assert_int_equal(r.rows.components.n, 7);
    assert_int_equal(component(&r, "7")->state, CT_STATE_MAJOR);
    text_is(component(&r, "7")->raw_state, "0");
    time_is(component(&r, "7")->updated_ms, "2026-09-30T20:15:16.689Z");
    assert_int_equal(component(&r, "8")->state, CT_STATE_OPERATIONAL);
    assert_int_equal(component(&r, "9")->state, CT_STATE_MAINTENANCE);
    assert_int_equal(component(&r, "10")->state, CT_STATE_UNKNOWN);
    assert_int_equal(component(&r, "11")->state, CT_STATE_UNKNOWN); /* no beat at all */
    assert_int_equal(component(&r, "12")->state, CT_STATE_UNKNOWN);
    assert_int_equal(note(&r, "unknown component state \"9\""), 1);
    assert_int_equal(component(&r, "13")->state, CT_STATE_OPERATIONAL); /* whatever the order */
    time_is(r.rows.data_ms, "2026-09-30T20:16:00Z");
    done(&r);
}

static void kuma_outage_lasts_since_the_first_beat_without_answer(void **state)
{
    (void)state;
    struct run r = good(beats, "good.json");
    assert_int_equal(r.rows.incidents.n, 1);
    const struct ct_incident *i = incident(&r, "monitor-7");
    is(i, 1, CT_STATE_PARTIAL, CT_PHASE_UNKNOWN); /* one of several */
    time_is(i->started_ms, "2026-09-30T20:10:16.566Z");
    time_is(i->updated_ms, "2026-09-30T20:15:16.689Z");
    assert_true(list_is(i->components, "7"));
    done(&r);
    r = good(beats, "all_down.json");
    i = incident(&r, "monitor-7");
    is(i, 1, CT_STATE_MAJOR, CT_PHASE_UNKNOWN);
    time_is(i->started_ms, "(none)"); /* before the hundred beats that are kept */
    done(&r);
    r = quiet(beats, 0);
    done(&r);
    refuses_the_usual(beats, "wanted an array, found a string");
    refused(beats, "wrong_beat.json", CT_ERR_SHAPE, "wanted beats, found a number");
}

/* ---- the old AWS page ---- */

static const struct ct_family *const legacy = &ct_family_aws_legacy_data;

static void legacy_reads_current_events(void **state)
{
    (void)state;
    struct run r = good(legacy, "good.json");
    const struct ct_incident *i = incident(&r, "kinesis-us-east-1_1606314960");
    is(i, 1, CT_STATE_PARTIAL, CT_PHASE_UNKNOWN);
    text_is(i->title, "Increased API error rates");
    text_is(i->raw_impact, "3");
    time_is(i->started_ms, "2020-11-25T14:36:00Z");
    assert_true(list_is(i->regions, "us-east-1"));
    assert_true(list_is(i->components, "kinesis-us-east-1"));
    is(incident(&r, "ec2-us-east-1_1606316820"), 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    text_is(incident(&r, "ec2-us-east-1_1606316820")->title, "Launch errors");
    is(incident(&r, "sns-us-east-1_1606316820"), 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "unknown event state \"9\""), 1);
    assert_int_equal(r.rows.components.n, 4);
    assert_int_equal(component(&r, "kinesis-us-east-1")->state, CT_STATE_MAJOR);
    text_is(component(&r, "kinesis-us-east-1")->name, "Amazon Kinesis (N. Virginia)");
    text_is(component(&r, "kinesis-us-east-1")->region, "us-east-1");
    assert_int_equal(component(&r, "ec2-us-east-1")->state, CT_STATE_OPERATIONAL);
    assert_int_equal(component(&r, "cognito-us-east-1")->state, CT_STATE_MAJOR); /* worse of two */
    assert_int_equal(component(&r, "sns-us-east-1")->state, CT_STATE_UNKNOWN);
    done(&r);
}

static void legacy_messages_get_their_day_from_the_event(void **state)
{
    (void)state;
    struct run r = good(legacy, "good.json");
    struct ct_span id = ct_span("kinesis-us-east-1_1606314960");
    assert_int_equal(updates_of(&r, id), 3);
    time_is(update(&r, id, 0)->at_ms, "2020-11-26T09:12:00Z"); /* past midnight in Seattle */
    time_is(update(&r, id, 1)->at_ms, "2020-11-26T07:50:00Z");
    time_is(update(&r, id, 2)->at_ms, "2020-11-25T14:36:00Z");
    text_is(update(&r, id, 2)->text, "We look.");
    id = ct_span("sqs-ap-northeast-1_1546300000"); /* over the turn of the year, by UTC */
    time_is(update(&r, id, 1)->at_ms, "2018-12-31T23:46:00Z");
    time_is(update(&r, id, 0)->at_ms, "2019-01-01T08:10:00Z");
    id = ct_span("route53_1571760600");
    assert_int_equal(updates_of(&r, id), 3);
    time_is(update(&r, id, 1)->at_ms, "2019-10-22T16:10:00Z");
    time_is(update(&r, id, 0)->at_ms, "2019-10-23T08:00:00Z");
    time_is(update(&r, id, 2)->at_ms, "(none)");
    assert_int_equal(note(&r, "a message without a readable time"), 1);
    done(&r);
}

static void legacy_archive_is_over_whatever_it_says(void **state)
{
    (void)state;
    struct run r = good(legacy, "good.json");
    const struct ct_incident *i = incident(&r, "sqs-ap-northeast-1_1546300000");
    is(i, 0, CT_STATE_DEGRADED, CT_PHASE_RESOLVED);
    time_is(i->resolved_ms, "2019-01-01T08:10:00Z");
    assert_true(list_is(incident(&r, "route53_1571760600")->regions, "global"));
    text_is(incident(&r, "route53_1571760600")->title, "Lookups");
    is(incident(&r, "ec2-us-gov-west-1_1571760600"), 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    assert_true(list_is(incident(&r, "ec2-us-gov-west-1_1571760600")->regions, "us-gov-west-1"));
    assert_true(r.rows.trouble_only);
    done(&r);
    r = quiet(legacy, 0);
    done(&r);
    refuses_the_usual(legacy, "wanted an id, found an array");
    refused(legacy, "no_current.json", CT_ERR_SHAPE, "wanted an array, found nothing");
}

/* ---- the recorded answers, when they are there ---- */

static void recorded_betterstack_answer_says_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(betterstack, "status/betterstack-index--huggingface--2026-07-19.json");
    assert_int_equal(r.rows.components.n, 8);
    assert_int_equal(count_state(&r, CT_STATE_OPERATIONAL), 7);
    assert_int_equal(component(&r, "306621")->state, CT_STATE_MAJOR);
    text_is(component(&r, "306621")->group, "Spaces");
    assert_int_equal(r.rows.incidents.n, 5);
    is(incident(&r, "965809"), 0, CT_STATE_MAJOR, CT_PHASE_RESOLVED);
    time_is(incident(&r, "965809")->resolved_ms, "2026-07-16T10:07:00Z");
    is(incident(&r, "961899"), 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    is(incident(&r, "946090"), 0, CT_STATE_MAINTENANCE, CT_PHASE_COMPLETED);
    assert_int_equal(r.rows.updates.n, 10);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
}

static void recorded_small_answers_say_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(instatus, "status/instatus-summary--perplexity--2026-07-23.json");
    is(incident(&r, "cmrxt1rlu000f0zlcv4dzmdlr"), 1, CT_STATE_DEGRADED, CT_PHASE_MONITORING);
    text_is(r.rows.pages.v[0].indicator, "ONEMAJOROUTAGE");
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
    r = recorded(notices, "status/instatus-notices--mithril--2026-09.json");
    assert_int_equal(ct_batch_rows(&r.rows) + r.rows.notes.n, 0);
    done(&r);
    r = recorded(checkly, "status/checkly-unresolved--mistral--2026-07-27.json");
    is(incident(&r, "b3e1006c-c3a7-4b1b-8628-3e364b2e3c71"), 1, CT_STATE_DEGRADED,
       CT_PHASE_INVESTIGATING);
    text_is(component(&r, "d8e1e02e-48a4-4d97-8168-a8aabc1c51fb")->name, "Audio API");
    assert_int_equal(r.rows.updates.n, 1);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
    r = recorded(kuma, "status/uptimekuma-page--selfhosted--2026-09-30.json");
    text_is(component(&r, "1")->name, "Unraid");
    assert_int_equal(ct_batch_rows(&r.rows), 1);
    done(&r);
    r = recorded(beats, "status/uptimekuma-heartbeat--selfhosted--2026-09-30.json");
    assert_int_equal(component(&r, "1")->state, CT_STATE_OPERATIONAL);
    time_is(r.rows.data_ms, "2026-09-30T20:15:16.689Z");
    done(&r);
    r = recorded(incidents, "status/statuspage-incident--crusoe--2026-09-29.json");
    is(incident(&r, "36nsx98m5dvb"), 0, CT_STATE_MAINTENANCE, CT_PHASE_COMPLETED);
    assert_int_equal(r.rows.updates.n, 8);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
}

static void recorded_statusio_answers_say_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(statusio, "status/statusio-api--gitlab--2026-07-01.json");
    assert_int_equal(count_state(&r, CT_STATE_OPERATIONAL), r.rows.components.n);
    assert_true(r.rows.components.n > 10);
    assert_int_equal(r.rows.incidents.n + r.rows.notes.n, 0);
    done(&r);
    r = recorded(statusio, "status/statusio-api--docsample--2021-12-06.json");
    assert_int_equal(count_state(&r, CT_STATE_MAINTENANCE), 2);
    is(incident(&r, "61ae3daa9c768905d9f0f6fd"), 1, CT_STATE_DEGRADED, CT_PHASE_IDENTIFIED);
    is(incident(&r, "61ae3ef0a163f805d867f0b6"), 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    is(incident(&r, "61ae3e9ee3e33c05d23d524f"), 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
}

static void recorded_vultr_answers_say_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(vultr, "status/vultr-status--vultr--2025-08-13.json");
    size_t open = 0;
    for (size_t i = 0; i < r.rows.incidents.n; i++)
        open += r.rows.incidents.v[i].open == 1;
    assert_int_equal(r.rows.components.n, 32);
    assert_int_equal(count_state(&r, CT_STATE_OPERATIONAL), 32); /* all open work lies ahead */
    assert_int_equal(r.rows.incidents.n, 26);
    assert_int_equal(open, 3);
    assert_int_equal(incident(&r, "63e8faac-7744-4329-8b29-7a49f7fd9134")->regions.n, 7);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
    r = recorded(vultr_alerts, "status/vultr-alerts--vultr--2026-08-22.json");
    is(incident(&r, "96c1106d-dd16-4549-9ed4-05cac09ca1bf"), 1, CT_STATE_DEGRADED,
       CT_PHASE_UNKNOWN);
    is(incident(&r, "b63c3a48-1f83-4ad1-83de-ceaeab935935"), 1, CT_STATE_OPERATIONAL,
       CT_PHASE_SCHEDULED);
    is(incident(&r, "d2aa6f4a-5693-4336-833d-4c61339ccd53"), 1, CT_STATE_PARTIAL, CT_PHASE_UNKNOWN);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
}

static void recorded_legacy_answer_says_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(legacy, "status/aws-legacy-data--aws--2020-11-25.json");
    size_t open = 0;
    assert_int_equal(r.rows.incidents.n, 338);
    for (size_t i = 0; i < r.rows.incidents.n; i++) {
        const struct ct_incident *inc = &r.rows.incidents.v[i];
        open += inc->open == 1;
        assert_true(inc->updated_ms > inc->started_ms - CT_DAY);
        assert_true(inc->updated_ms < inc->started_ms + 30 * CT_DAY);
    }
    assert_int_equal(open, 4);
    assert_int_equal(r.rows.components.n, 4);
    const struct ct_incident *i = incident(&r, "kinesis-us-east-1_1606314960");
    is(i, 1, CT_STATE_PARTIAL, CT_PHASE_UNKNOWN);
    time_is(i->updated_ms, "2020-11-25T17:32:00Z");
    assert_int_equal(updates_of(&r, i->id), 5);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(betterstack_reads_page_and_resources),
        cmocka_unit_test(betterstack_joins_reports_with_their_messages),
        cmocka_unit_test(betterstack_resolved_reports_have_no_end_but_a_last_message),
        cmocka_unit_test(betterstack_planned_work_counts_once_it_has_begun),
        cmocka_unit_test(betterstack_refuses_everything_else_by_name),
        cmocka_unit_test(instatus_reads_open_incidents),
        cmocka_unit_test(instatus_maintenance_ends_minutes_after_its_start),
        cmocka_unit_test(instatus_page_that_only_complains_is_no_all_clear),
        cmocka_unit_test(instatus_refuses_everything_else_by_name),
        cmocka_unit_test(instatus_notices_are_history),
        cmocka_unit_test(checkly_reads_open_incidents_and_their_services),
        cmocka_unit_test(checkly_refuses_everything_else_by_name),
        cmocka_unit_test(statusio_component_is_as_bad_as_its_worst_place),
        cmocka_unit_test(statusio_newest_message_decides),
        cmocka_unit_test(statusio_refuses_everything_else_by_name),
        cmocka_unit_test(oci_reads_services_by_region),
        cmocka_unit_test(oci_gathers_an_incident_from_all_its_services),
        cmocka_unit_test(oci_refuses_everything_else_by_name),
        cmocka_unit_test(oci_status_is_one_word),
        cmocka_unit_test(vultr_reads_alerts_by_their_words),
        cmocka_unit_test(vultr_planned_work_has_its_hours_in_the_text),
        cmocka_unit_test(vultr_regions_are_as_bad_as_their_alerts),
        cmocka_unit_test(vultr_refuses_everything_else_by_name),
        cmocka_unit_test(statuspage_lists_are_history),
        cmocka_unit_test(statuspage_incident_alone_is_read_too),
        cmocka_unit_test(statuspage_lists_refuse_everything_else_by_name),
        cmocka_unit_test(native_lists_only_components_in_trouble),
        cmocka_unit_test(native_incidents_have_windows_of_impact),
        cmocka_unit_test(native_refuses_everything_else_by_name),
        cmocka_unit_test(kuma_page_knows_monitors_but_not_how_they_are),
        cmocka_unit_test(kuma_newest_beat_is_the_state),
        cmocka_unit_test(kuma_outage_lasts_since_the_first_beat_without_answer),
        cmocka_unit_test(legacy_reads_current_events),
        cmocka_unit_test(legacy_messages_get_their_day_from_the_event),
        cmocka_unit_test(legacy_archive_is_over_whatever_it_says),
        cmocka_unit_test(recorded_betterstack_answer_says_what_a_reader_sees),
        cmocka_unit_test(recorded_small_answers_say_what_a_reader_sees),
        cmocka_unit_test(recorded_statusio_answers_say_what_a_reader_sees),
        cmocka_unit_test(recorded_vultr_answers_say_what_a_reader_sees),
        cmocka_unit_test(recorded_legacy_answer_says_what_a_reader_sees),
    };
    recorded_or_left_out();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
