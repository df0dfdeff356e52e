/* The formats that come as RSS or Atom: status histories and news, over fixtures of the same shape,
 * their damaged twins, and the recorded answers beside the project when they are there. */
#include "fetchers/families/all.h"
#include "fetchers/feed.h"
#include "fetchers/mend.h"
#include "fetchers/rows.h"

#include "db/base/paths.h"
#include "db/base/text.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/parse_fixture.h"

static const struct ct_family *const statusio = &ct_family_statusio_rss;
static const struct ct_family *const xai = &ct_family_xai_rss;
static const struct ct_family *const atom = &ct_family_statuspage_atom;
static const struct ct_family *const aws = &ct_family_aws_rss;
static const struct ct_family *const oci = &ct_family_oci_rss;
static const struct ct_family *const ibm = &ct_family_ibm_rss;
static const struct ct_family *const any_page = &ct_family_rss_status;
static const struct ct_family *const news = &ct_family_feed;
static const struct ct_family *const ecb = &ct_family_ecb_rates;

/* ---- helpers ---- */

static void incident_is(const struct run *r, const char *id, int open, int state, int phase)
{
    const struct ct_incident *i = incident(r, id);
    if (i->open != open || i->state != state || i->phase != phase)
        print_error("%s: open %d, state %d, phase %d\n", id, i->open, i->state, i->phase);
    assert_int_equal(i->open, open);
    assert_int_equal(i->state, state);
    assert_int_equal(i->phase, phase);
}

/* ---- status.io ---- */

static void statusio_the_newest_message_decides(void **state)
{
    (void)state;
    struct run r = good(statusio, "good.xml");
    const struct ct_incident *i = incident(&r, "000000000000000000000001");
    assert_int_equal(r.rows.incidents.n, 7);
    incident_is(&r, "000000000000000000000001", 1, CT_STATE_DEGRADED, CT_PHASE_INVESTIGATING);
    text_is(i->title, "Slow storage in EAST-1");
    text_is(i->url, "https://status.io/pages/incident/00000000000000000000aaaa/"
                    "000000000000000000000001");
    time_is(i->started_ms, "2026-09-02T02:05:00Z");
    time_is(i->updated_ms, "2026-09-02T12:30:24Z");
    time_is(i->resolved_ms, "(none)");
    assert_int_equal(updates_of(&r, ct_span("000000000000000000000001")), 3);
    text_is(update(&r, ct_span("000000000000000000000001"), 0)->text, "It is back.");
    text_is(update(&r, ct_span("000000000000000000000001"), 2)->text,
            "Reads are slow.\nSecond paragraph, R&D too.");
    time_is(update(&r, ct_span("000000000000000000000001"), 1)->at_ms, "2026-09-02T07:00:00Z");
    assert_int_equal(update(&r, ct_span("000000000000000000000001"), 1)->phase,
                     CT_PHASE_MONITORING);
    incident_is(&r, "000000000000000000000002", 1, CT_STATE_DEGRADED, CT_PHASE_MONITORING);
    incident_is(&r, "000000000000000000000003", 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    time_is(incident(&r, "000000000000000000000003")->resolved_ms, "2026-09-01T01:45:00Z");
    text_is(r.rows.pages.v[0].name, "Example Cloud");
    time_is(r.rows.data_ms, "2026-09-02T17:00:50Z");
    done(&r);
}

static void statusio_planned_work_counts_only_while_it_runs(void **state)
{
    (void)state;
    struct run r = good(statusio, "good.xml");
    incident_is(&r, "000000000000000000000004", 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    incident_is(&r, "000000000000000000000005", 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    incident_is(&r, "000000000000000000000006", 0, CT_STATE_MAINTENANCE, CT_PHASE_COMPLETED);
    done(&r);
}

static void statusio_unknown_words_are_open_and_noted(void **state)
{
    (void)state;
    struct run r = good(statusio, "good.xml");
    incident_is(&r, "000000000000000000000007", 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "unknown update phase \"Pondering\""), 1);
    done(&r);
}

/* ---- xAI ---- */

static void xai_reads_severity_status_scope_and_messages(void **state)
{
    (void)state;
    struct run r = good(xai, "good.xml");
    const struct ct_incident *i = incident(&r, "INC100");
    incident_is(&r, "INC100", 1, CT_STATE_PARTIAL, CT_PHASE_IDENTIFIED);
    text_is(i->title, "[API (us-east-1.api.x.ai)] Elevated errors");
    text_is(i->raw_impact, "partial_outage");
    assert_int_equal(i->components.n, 1);
    text_is(i->components.v[0], "API (us-east-1.api.x.ai)");
    assert_int_equal(i->regions.n, 1);
    text_is(i->regions.v[0], "us-east-1");
    time_is(i->started_ms, "2026-09-02T08:00:00Z");
    time_is(i->updated_ms, "2026-09-02T09:00:00Z");
    assert_int_equal(updates_of(&r, ct_span("INC100")), 2);
    text_is(update(&r, ct_span("INC100"), 0)->text,
            "The gateway is at fault."); /* bold in a text is no date */
    text_is(update(&r, ct_span("INC100"), 1)->text, "We are looking.");
    assert_int_equal(update(&r, ct_span("INC100"), 1)->phase, CT_PHASE_INVESTIGATING);
    done(&r);
}

static void xai_available_after_the_end_is_not_how_bad_it_was(void **state)
{
    (void)state;
    struct run r = good(xai, "good.xml");
    incident_is(&r, "INC099", 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    time_is(incident(&r, "INC099")->resolved_ms, "2026-09-01T09:10:00Z");
    assert_int_equal(incident(&r, "INC099")->regions.n, 0);
    done(&r);
}

static void xai_categories_say_what_the_text_leaves_out(void **state)
{
    (void)state;
    struct run r = good(xai, "good.xml");
    incident_is(&r, "INC098", 1, CT_STATE_MAJOR, CT_PHASE_INVESTIGATING);
    incident_is(&r, "INC097", 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    incident_is(&r, "INC096", 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "unknown severity \"purple\""), 1);
    assert_int_equal(note(&r, "unknown incident phase \"WOBBLING\""), 1);
    done(&r);
}

static void xai_leaves_test_incidents_out_and_refuses_a_feed_without_items(void **state)
{
    (void)state;
    struct run r = good(xai, "good.xml");
    assert_int_equal(r.rows.incidents.n, 5);
    assert_int_equal(note(&r, "a test incident"), 1);
    done(&r);
    refused(xai, "none.xml", CT_ERR_SHAPE, "without any item");
}

/* ---- Statuspage's Atom ---- */

static void ecb_rates_become_dollars_a_unit(void **state)
{
    (void)state;
    struct run r = good(ecb, "good.xml");
    assert_int_equal(r.rows.rates.n, 3); /* of the newest day; the dollar itself is none */
    assert_true(ct_span_is(r.rows.rates.v[0].currency, "JPY"));
    assert_int_equal(r.rows.rates.v[0].usd, 6250000);
    assert_true(ct_span_is(r.rows.rates.v[2].currency, "EUR"));
    assert_int_equal(r.rows.rates.v[2].usd, 1250000000);
    assert_int_equal(r.rows.rates.v[2].day_ms, r.rows.data_ms);
    assert_int_equal(r.rows.data_ms % CT_DAY, 0);
    done(&r);
    refused(ecb, "empty.xml", CT_ERR_SHAPE, "an empty body");
    refused(ecb, "page.html", CT_ERR_SHAPE, "an HTML page");
    refused(ecb, "wrong.xml", CT_ERR_SHAPE, "an RSS feed");
    refused(ecb, "doctype.xml", CT_ERR_SHAPE, "DOCTYPE");
    refused(ecb, "truncated.xml", CT_ERR_SYNTAX, "damaged");
    refused(ecb, "no_dollar.xml", CT_ERR_SHAPE, "no day with a rate of the dollar");
}

static void atom_finds_the_year_of_stamps_that_have_none(void **state)
{
    (void)state;
    struct run r = good(atom, "good.xml");
    const struct ct_incident *i = incident(&r, "open1");
    text_is(i->title, "Errors & delays");
    text_is(i->url, "https://status.example.com/incidents/open1?a=1&b=2");
    incident_is(&r, "open1", 1, CT_STATE_DEGRADED, CT_PHASE_IDENTIFIED); /* "Update" is no phase */
    time_is(i->started_ms, "2025-12-31T22:00:00Z");
    time_is(i->updated_ms, "2026-01-03T00:30:00Z");
    time_is(update(&r, ct_span("done1"), 2)->at_ms, "2025-12-30T11:00:00Z"); /* PST */
    time_is(update(&r, ct_span("work1"), 1)->at_ms,
            "(none)"); /* a zone nobody knows: no time, no guess */
    done(&r);
}

static void atom_ends_with_resolved_not_with_the_report(void **state)
{
    (void)state;
    struct run r = good(atom, "good.xml");
    incident_is(&r, "done1", 0, CT_STATE_UNKNOWN, CT_PHASE_POSTMORTEM);
    time_is(incident(&r, "done1")->resolved_ms, "2025-12-30T12:00:00Z");
    incident_is(&r, "plan1", 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    incident_is(&r, "work1", 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    refused(atom, "rss.xml", CT_ERR_SHAPE, "an RSS feed");
    done(&r);
}

/* ---- AWS ---- */

static void aws_groups_messages_and_takes_the_newest_trouble(void **state)
{
    (void)state;
    struct run r = good(aws, "good.xml");
    const char *id = "http://status.aws.amazon.com/#ec2-us-east-1";
    const struct ct_incident *i = incident(&r, id);
    assert_int_equal(r.rows.incidents.n, 4);
    incident_is(&r, id, 0, CT_STATE_PARTIAL, CT_PHASE_RESOLVED); /* the worst it had */
    text_is(i->title, "Slow starts");
    time_is(i->started_ms, "2026-09-01T08:00:00Z"); /* not the older trouble */
    time_is(i->resolved_ms, "2026-09-01T10:00:00Z");
    text_is(i->components.v[0], "ec2-us-east-1");
    text_is(i->regions.v[0], "us-east-1");
    assert_int_equal(updates_of(&r, i->id), 4);
    text_is(update(&r, i->id, 0)->id, "http://status.aws.amazon.com/#ec2-us-east-1_1788343200");
    done(&r);
}

static void aws_open_messages_with_and_without_prefix(void **state)
{
    (void)state;
    struct run r = good(aws, "good.xml");
    const char *bedrock = "http://status.aws.amazon.com/#bedrock-eu-west-1";
    const char *console = "http://status.aws.amazon.com/#billingconsole";
    const char *s3 = "http://status.aws.amazon.com/#s3-us-gov-west-1";
    incident_is(&r, bedrock, 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    text_is(incident(&r, bedrock)->raw_impact, NULL);
    time_is(incident(&r, bedrock)->started_ms, "2026-02-02T22:19:24Z"); /* PST */
    incident_is(&r, s3, 1, CT_STATE_PARTIAL, CT_PHASE_UNKNOWN);
    text_is(incident(&r, s3)->regions.v[0], "us-gov-west-1");
    text_is(incident(&r, console)->raw_impact, "Performance issue");
    assert_int_equal(incident(&r, console)->regions.n, 0);
    time_is(incident(&r, console)->started_ms, "2026-02-02T22:06:40Z"); /* from the guid */
    done(&r);
}

static void aws_one_quiet_service_is_fine_a_quiet_whole_is_not(void **state)
{
    (void)state;
    struct run r = good(aws, "quiet.xml");
    assert_int_equal(ct_batch_rows(&r.rows), 0);
    assert_true(r.rows.trouble_only);
    done(&r);
    refused(aws, "none.xml", CT_ERR_SHAPE, "without any item");
    refused(aws, "wrong_guid.xml", CT_ERR_SHAPE, "SERVICE_SECONDS");
}

/* ---- Oracle, IBM ---- */

static void oci_reads_service_region_and_the_first_bold_word(void **state)
{
    (void)state;
    struct run r = good(oci, "good.xml");
    const struct ct_incident *i = incident(&r, "ocid1.incident.1");
    incident_is(&r, "ocid1.incident.1", 1, CT_STATE_DEGRADED, CT_PHASE_IDENTIFIED);
    text_is(i->components.v[0], "Compute");
    text_is(i->regions.v[0], "US East (Ashburn)");
    time_is(i->started_ms, "2026-10-04T09:12:00Z");
    incident_is(&r, "ocid1.incident.2", 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    assert_int_equal(incident(&r, "ocid1.incident.2")->regions.n, 0); /* Multiple Regions */
    incident_is(&r, "ocid1.incident.3", 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    time_is(incident(&r, "ocid1.incident.3")->started_ms, "(none)");
    assert_int_equal(note(&r, "an item that does not say its state"), 1);
    text_is(update(&r, ct_span("ocid1.incident.2"), 0)->text, "Resolved: Fixed.");
    time_is(update(&r, ct_span("ocid1.incident.2"), 0)->at_ms, "(none)");
    done(&r);
}

static void ibm_keeps_incidents_and_maintenances_only(void **state)
{
    (void)state;
    struct run r = good(ibm, "good.xml");
    assert_int_equal(r.rows.incidents.n, 5);
    assert_int_equal(note(&r, "an announcement, release or security bulletin"), 1);
    assert_int_equal(note(&r, "unknown type \"picnic\""), 1);
    const struct ct_incident *i = incident(&r, "ibm-1");
    incident_is(&r, "ibm-1", 1, CT_STATE_PARTIAL, CT_PHASE_UNKNOWN);
    assert_int_equal(i->regions.n, 2);
    text_is(i->regions.v[1], "Frankfurt");
    text_is(i->components.v[0], "Databases for PostgreSQL");
    time_is(i->started_ms, "2026-10-06T07:00:00Z");
    time_is(i->updated_ms, "2026-10-06T10:00:00Z");
    time_is(i->resolved_ms, "(none)");
    done(&r);
}

static void ibm_is_over_when_the_outage_ended_or_the_title_says_so(void **state)
{
    (void)state;
    struct run r = good(ibm, "good.xml");
    incident_is(&r, "ibm-2", 0, CT_STATE_PARTIAL, CT_PHASE_RESOLVED);
    time_is(incident(&r, "ibm-2")->resolved_ms, "2026-10-05T09:00:00Z");
    incident_is(&r, "ibm-3", 0, CT_STATE_PARTIAL, CT_PHASE_RESOLVED);
    text_is(incident(&r, "ibm-3")->components.v[0], "Console"); /* labels in one line */
    incident_is(&r, "ibm-4", 1, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED);
    time_is(incident(&r, "ibm-4")->scheduled_until_ms, "2026-10-10T09:00:00Z");
    time_is(incident(&r, "ibm-4")->resolved_ms, "(none)");
    incident_is(&r, "ibm-5", 1, CT_STATE_MAINTENANCE, CT_PHASE_IN_PROGRESS);
    done(&r);
}

/* ---- any other page ---- */

static void any_page_puts_messages_of_one_incident_together(void **state)
{
    (void)state;
    struct run r = good(any_page, "good.xml");
    assert_int_equal(r.rows.incidents.n, 6);
    incident_is(&r, "77", 1, CT_STATE_DEGRADED, CT_PHASE_IDENTIFIED);
    assert_int_equal(updates_of(&r, ct_span("77")), 2);
    text_is(update(&r, ct_span("77"), 0)->id, "77#3");
    time_is(incident(&r, "77")->started_ms, "2026-09-02T10:00:00Z");
    incident_is(&r, "old1", 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    time_is(incident(&r, "old1")->started_ms, "2026-09-01T07:00:00Z");
    incident_is(&r, "zz9", 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    incident_is(&r, "n1", 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    assert_int_equal(note(&r, "an item that does not say its state"), 1);
    done(&r);
    r = good(any_page, "good.atom");
    incident_is(&r, "01ABC", 1, CT_STATE_DEGRADED, CT_PHASE_MONITORING);
    time_is(incident(&r, "01ABC")->started_ms, "2026-09-02T11:00:00Z");
    time_is(incident(&r, "01ABC")->updated_ms, "2026-09-02T11:30:00Z");
    done(&r);
}

static void any_page_a_monitor_that_recovered_is_over(void **state)
{
    (void)state;
    struct run r = good(any_page, "good.xml");
    incident_is(&r, "Image model", 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    time_is(incident(&r, "Image model")->started_ms, "2026-09-02T08:00:00Z");
    time_is(incident(&r, "Image model")->resolved_ms, "2026-09-02T08:30:00Z");
    incident_is(&r, "Chat model", 1, CT_STATE_DEGRADED, CT_PHASE_UNKNOWN);
    text_is(incident(&r, "Chat model")->components.v[0], "Chat model");
    done(&r);
}

/* ---- news ---- */

static const struct ct_article *article(const struct run *r, size_t i)
{
    assert_true(i < r->rows.articles.n);
    return &r->rows.articles.v[i];
}

static void news_bears_what_the_web_does_to_rss(void **state)
{
    (void)state;
    struct run r = good(news, "good.xml");
    assert_int_equal(r.rows.articles.n, 6);
    const struct ct_article *a = article(&r, 0);
    text_is(a->id, "g-1");
    text_is(a->title, "Plain & simple");
    text_is(a->url, "https://news.example.com/1?a=1&b=2"); /* bare & */
    time_is(a->published_ms, "2025-05-30T17:45:01Z");
    text_is(a->summary, "Caf\u00e9 \u2019quoted\u2019 bold R&D"); /* undeclared entities, &#146; */
    a = article(&r, 1);
    text_is(a->title, "A bold word");
    text_is(a->url, "https://news.example.com/two"); /* relative */
    text_is(a->id, "https://news.example.com/two");
    time_is(a->published_ms, "2025-05-29T00:00:00Z"); /* dc:date, only a day */
    text_is(a->summary, "Long text\nmore");
    a = article(&r, 2);
    text_is(a->title, "Twice & more");
    text_is(a->url, "https://news.example.com/3"); /* a10:link */
    time_is(a->published_ms, "2025-05-29T00:00:00Z");
    done(&r);
}

static void news_keys_items_that_lack_guid_link_title_or_date(void **state)
{
    (void)state;
    struct run r = good(news, "good.xml");
    const struct ct_article *a = article(&r, 3);
    text_is(a->title, NULL);
    text_is(a->url, "https://news.example.com/4"); /* the guid is an address */
    time_is(a->published_ms, "(none)");
    assert_int_equal(note(&r, "a date that cannot be read"), 1);
    a = article(&r, 4);
    text_is(a->title, "Only a title");
    assert_int_equal(a->id.n, 17);
    text_is(a->url, NULL);
    text_is(article(&r, 5)->url, NULL); /* javascript: */
    assert_int_equal(note(&r, "an item whose key another one has"), 1);
    assert_int_equal(note(&r, "an item without title, text and link"), 1);
    done(&r);
}

static void news_reads_atom_and_rdf(void **state)
{
    (void)state;
    struct run r = good(news, "good.atom");
    text_is(r.rows.pages.v[0].name, "Atom & Co");
    time_is(r.rows.data_ms, "2026-08-01T08:00:00Z");
    const struct ct_article *a = article(&r, 0);
    text_is(a->id, "urn:1");
    text_is(a->title, "Hello you");
    text_is(a->url, "https://news.example.com/1?a=1&b=2"); /* neither gemini nor the enclosure */
    time_is(a->published_ms, "2026-07-31T10:00:00Z");
    text_is(a->summary, "Short");
    a = article(&r, 1);
    text_is(a->url, "https://news.example.com/sub/x");
    time_is(a->published_ms, "2026-07-30T10:00:00Z");
    text_is(a->summary, "One\nTwo");
    done(&r);
    r = good(news, "good.rdf");
    text_is(article(&r, 0)->title, "Caf\u00e9 \u201cx\u201d"); /* Latin-1 means Windows' set */
    time_is(article(&r, 0)->published_ms, "2022-12-17T00:00:00Z");
    done(&r);
}

static void news_reads_the_encodings_of_the_web(void **state)
{
    (void)state;
    static const struct {
        const char *file, *title;
    } cases[] = {{"koi8.xml", "\u041f\u0440\u0438\u0432\u0435\u0442"},
                 {"gb2312.xml", "\u4f60\u597d"},
                 {"sjis.xml", "\u65e5\u672c"},
                 {"big5.xml", "\u81fa\u5317"},
                 {"euckr.xml", "\uc548\ub155"},
                 {"latin2.xml", "\u0141\u00f3d\u017a"},
                 {"utf16.xml", "\u20acuro"},
                 {"utf16mark.xml", "\u20acuro"},
                 {"utf32.xml", "\u20acuro"},
                 {"bad_bytes.xml", "a\ufffdb"}};
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct run r = good(news, cases[i].file);
        text_is(article(&r, 0)->title, cases[i].title);
        assert_int_equal(note(&r, "bytes that are no text in the feed's encoding"),
                         strcmp(cases[i].file, "bad_bytes.xml") == 0);
        done(&r);
    }
    refused(news, "unnamed.xml", CT_ERR_SYNTAX, "neither UTF-8");
    refused(news, "unknown_encoding.xml", CT_ERR_SYNTAX, "an encoding we do not read");
}

static void news_refuses_what_is_cut_before_the_root_ends(void **state)
{
    (void)state;
    struct ct_buf body = CT_BUF_INIT;
    read_fixture(news, "good.xml", &body);
    struct ct_span whole = ct_span_trim(ct_buf_span(&body));
    for (size_t n = 0; n + strlen("</rss>") <= whole.n; n++) {
        struct run r = parse_span(news, (struct ct_span){whole.p, n});
        assert_int_not_equal(r.status, CT_OK);
        assert_true(is_empty(&r.rows));
        done(&r);
    }
    ct_buf_free(&body);
    struct run r = good(news, "last_byte.xml"); /* nothing is lost with it */
    assert_int_equal(r.rows.articles.n, 6);
    done(&r);
    r = good(news, "quiet.xml");
    assert_int_equal(r.rows.articles.n, 0);
    done(&r);
    refused(news, "wrong_type.xml", CT_ERR_SHAPE, "an XML document");
}

static void news_limits_hold(void **state)
{
    (void)state;
    struct ct_buf b = CT_BUF_INIT;
    ct_buf_adds(&b, "<rss><channel>");
    for (int i = 0; i <= CT_FEED_NEWS; i++)
        ct_buf_addf(&b, "<item><guid>g%d</guid><title>t</title></item>", i);
    ct_buf_adds(&b, "</channel></rss>");
    struct run r = parse_span(news, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    assert_true(is_empty(&r.rows));
    done(&r);
    ct_buf_clear(&b);
    for (int i = 0; i < 70; i++)
        ct_buf_adds(&b, "<rss>");
    r = parse_span(news, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    done(&r);
    ct_buf_free(&b);
}

static void mending_keeps_wholesome_text_as_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"<a b='1&amp;2'>x &lt; y</a>", "<a b='1&amp;2'>x &lt; y</a>"},
        {"<?xml version='1.0'?><!-- & --><a/>", "<a/>"},
        {"<a>&nbsp;&bogus;&#0;&#38;&#x3C;1 < 2</a>",
         "<a>\u00a0&amp;bogus;\ufffd&amp;&lt;1 &lt; 2</a>"},
        {"<a><![CDATA[&nbsp;<b>\x01]]></a>", "<a><![CDATA[&nbsp;<b>]]></a>"},
        {"<a>&#99999999;&#xD800;&#xFFFF;&#;&#x;</a>", "<a>\ufffd\ufffd\ufffd&amp;#;&amp;#x;</a>"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_buf b = CT_BUF_INIT;
        int64_t replaced;
        assert_int_equal(ct_feed_mend(ct_span(cases[i].in), &b, &replaced, NULL), CT_OK);
        text_is(ct_buf_span(&b), cases[i].out);
        ct_buf_free(&b);
    }
}

/* ---- all ---- */

static const struct ct_family *status_families[7];

static int setup(void **state)
{
    (void)state;
    const struct ct_family *list[] = {statusio, xai, atom, aws, oci, ibm, any_page};
    memcpy(status_families, list, sizeof list);
    return 0;
}

static void histories_refuse_everything_else_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(status_families); i++) {
        const struct ct_family *f = status_families[i];
        refused(f, "empty.xml", CT_ERR_SHAPE, "an empty body");
        refused(f, "page.html", CT_ERR_SHAPE, "an HTML page");
        refused(f, "doctype.xml", CT_ERR_SHAPE, "DOCTYPE");
        refused(f, "truncated.xml", CT_ERR_SYNTAX, "damaged");
        refused(f, "wrong_type.xml", CT_ERR_SHAPE, "this is the feed");
    }
    refused(news, "empty.xml", CT_ERR_SHAPE, "an empty body");
    refused(news, "page.html", CT_ERR_SHAPE, "an HTML page");
    refused(news, "doctype.xml", CT_ERR_SHAPE, "DOCTYPE");
    refused(news, "truncated.xml", CT_ERR_SYNTAX, "damaged");
}

static void histories_without_items_are_quiet(void **state)
{
    (void)state;
    const struct ct_family *const may[] = {statusio, atom, oci, ibm, any_page};
    for (size_t i = 0; i < CT_LEN(may); i++) {
        struct run r = good(may[i], "quiet.xml");
        assert_int_equal(ct_batch_rows(&r.rows), 0);
        assert_int_equal(r.rows.pages.n, 1);
        done(&r);
    }
}

/* ---- the recorded answers, when they are there ---- */

static void recorded_histories_say_what_a_reader_sees(void **state)
{
    (void)state;
    struct run r = recorded(statusio, "status/statusio-rss--coreweave--2026-09-02.xml");
    size_t incidents = 0, maintenances = 0;
    for (size_t i = 0; i < r.rows.incidents.n; i++) {
        incidents += r.rows.incidents.v[i].open && r.rows.incidents.v[i].state == CT_STATE_DEGRADED;
        maintenances +=
            r.rows.incidents.v[i].open && r.rows.incidents.v[i].state == CT_STATE_MAINTENANCE;
    }
    assert_int_equal(r.rows.incidents.n, 10);
    assert_int_equal(incidents, 1);
    assert_int_equal(maintenances, 3);
    assert_int_equal(updates_of(&r, ct_span("6a8fb0f16f989604d7b0842f")), 6); /* back and forth */
    incident_is(&r, "6a8fb0f16f989604d7b0842f", 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
    r = recorded(atom, "status/statuspage-atom--github--2025-10-21.xml");
    assert_int_equal(r.rows.incidents.n, 3);
    incident_is(&r, "v61nk2fpysnq", 0, CT_STATE_UNKNOWN, CT_PHASE_RESOLVED);
    time_is(incident(&r, "v61nk2fpysnq")->started_ms, "2025-10-21T16:00:00Z");
    time_is(incident(&r, "9klytnsknx20")->resolved_ms, "2025-10-20T16:40:00Z");
    assert_int_equal(updates_of(&r, ct_span("v61nk2fpysnq")), 6);
    assert_int_equal(r.rows.notes.n, 0);
    done(&r);
    r = recorded(aws, "status/aws-rss--aws--2023-02-13.xml");
    assert_int_equal(r.rows.incidents.n, 2);
    incident_is(&r, "http://status.aws.amazon.com/#rds-us-east-1", 0, CT_STATE_UNKNOWN,
                CT_PHASE_RESOLVED);
    incident_is(&r, "http://status.aws.amazon.com/#billingconsole", 1, CT_STATE_DEGRADED,
                CT_PHASE_UNKNOWN);
    time_is(incident(&r, "http://status.aws.amazon.com/#rds-us-east-1")->resolved_ms,
            "2023-02-10T23:48:00Z");
    done(&r);
}

static void recorded_news_is_read_item_by_item(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t n;
    } cases[] = {{"AmazonWebServicesBlog.xml", 10},
                 {"a10.xml", 5},
                 {"azure-updates-2025-05-30-cut.xml", 3},
                 {"cloudblog.rss", 20},
                 {"google_alerts_atom.xml", 20},
                 {"hackernews.xml", 30},
                 {"macworld.rss", 30},
                 {"olshansk-2026-08-22-feed_anthropic_news.xml", 255},
                 {"olshansk-2026-08-22-feed_mistral.xml", 54},
                 {"openai-news-2026-09-20-cut.xml", 3},
                 {"phpxml.rss", 20},
                 {"rss_0.91_encoding_1.xml", 1},
                 {"rss_1.0_debian.xml", 1},
                 {"rss_2.0_relurl_1.xml", 2},
                 {"youtube_atom.xml", 15},
                 {"encoding/euc-kr-item.xml", 1},
                 {"encoding/bozo_linenoise.xml", 1},
                 {"encoding/utf-32le-bom.xml", 0},
                 {"illformed/rss_item_link_corrupted_ampersands.xml", 1}};
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct run r;
        char path[120];
        snprintf(path, sizeof path, "news/%s", cases[i].file);
        r = recorded(news, path);
        if (r.rows.articles.n != cases[i].n)
            print_error("%s: %zu articles\n", cases[i].file, r.rows.articles.n);
        assert_int_equal(r.rows.articles.n, cases[i].n);
        for (size_t k = 0; k < r.rows.articles.n; k++)
            assert_false(ct_span_ihas(r.rows.articles.v[k].title, CT_LIT("<b>")));
        done(&r);
    }
}

static void every_recorded_news_file_is_read_or_refused_cleanly(void **state)
{
    (void)state;
    static const char *const folders[] = {"news", "news/encoding", "news/illformed"};
    for (size_t i = 0; i < CT_LEN(folders); i++) {
        char path[700], file[1000];
        DIR *d = opendir(recorded_path(path, sizeof path, folders[i]));
        assert_non_null(d);
        for (struct dirent *e; (e = readdir(d));) {
            struct stat is;
            snprintf(file, sizeof file, "%s/%s", path, e->d_name);
            if (stat(file, &is) == 0 && S_ISREG(is.st_mode)) {
                snprintf(file, sizeof file, "%s/%s", folders[i], e->d_name);
                struct run r = recorded_asked(news, file, NULL);
                done(&r);
            }
        }
        closedir(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statusio_the_newest_message_decides),
        cmocka_unit_test(statusio_planned_work_counts_only_while_it_runs),
        cmocka_unit_test(statusio_unknown_words_are_open_and_noted),
        cmocka_unit_test(xai_reads_severity_status_scope_and_messages),
        cmocka_unit_test(xai_available_after_the_end_is_not_how_bad_it_was),
        cmocka_unit_test(xai_categories_say_what_the_text_leaves_out),
        cmocka_unit_test(ecb_rates_become_dollars_a_unit),
        cmocka_unit_test(xai_leaves_test_incidents_out_and_refuses_a_feed_without_items),
        cmocka_unit_test(atom_finds_the_year_of_stamps_that_have_none),
        cmocka_unit_test(atom_ends_with_resolved_not_with_the_report),
        cmocka_unit_test(aws_groups_messages_and_takes_the_newest_trouble),
        cmocka_unit_test(aws_open_messages_with_and_without_prefix),
        cmocka_unit_test(aws_one_quiet_service_is_fine_a_quiet_whole_is_not),
        cmocka_unit_test(oci_reads_service_region_and_the_first_bold_word),
        cmocka_unit_test(ibm_keeps_incidents_and_maintenances_only),
        cmocka_unit_test(ibm_is_over_when_the_outage_ended_or_the_title_says_so),
        cmocka_unit_test(any_page_puts_messages_of_one_incident_together),
        cmocka_unit_test(any_page_a_monitor_that_recovered_is_over),
        cmocka_unit_test(news_bears_what_the_web_does_to_rss),
        cmocka_unit_test(news_keys_items_that_lack_guid_link_title_or_date),
        cmocka_unit_test(news_reads_atom_and_rdf),
        cmocka_unit_test(news_reads_the_encodings_of_the_web),
        cmocka_unit_test(news_refuses_what_is_cut_before_the_root_ends),
        cmocka_unit_test(news_limits_hold),
        cmocka_unit_test(mending_keeps_wholesome_text_as_it_is),
        cmocka_unit_test(histories_refuse_everything_else_by_name),
        cmocka_unit_test(histories_without_items_are_quiet),
        cmocka_unit_test(recorded_histories_say_what_a_reader_sees),
        cmocka_unit_test(recorded_news_is_read_item_by_item),
        cmocka_unit_test(every_recorded_news_file_is_read_or_refused_cleanly),
    };
    recorded_or_left_out();
    return cmocka_run_group_tests(tests, setup, NULL);
}
