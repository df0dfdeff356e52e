/* Rules as written: what is accepted, what is refused and where, what they mean. */
#include "config.h"

#include "alerts/rules.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct heard {
    char text[2000];
};

static void hear(void *ctx, const char *where, const char *what)
{
    struct heard *h = ctx;
    size_t n = strlen(h->text);
    (void)snprintf(h->text + n, sizeof h->text - n, "%s: %s\n", where, what);
}

static struct ct_rules *load(const struct ct_rule_line *lines, size_t n, struct heard *h)
{
    struct ct_rules *r;
    h->text[0] = '\0';
    ct_rules_load(lines, n, NULL, hear, h, &r);
    return r;
}

static void complains(const char *key, const char *value, const char *want)
{
    const struct ct_rule_line lines[] = {{"r", "when", "status state>=part", "a.ini:2"},
                                         {"r", key, value, "a.ini:3"}};
    struct heard h;
    struct ct_rules *r = load(lines, 2, &h);
    if (!strstr(h.text, want) || strncmp(h.text, "a.ini:3: ", 9) != 0)
        fail_msg("%s = %s: \"%s\" has no \"%s\"", key, value, h.text, want);
    assert_null(ct_rules_find(r, CT_LIT("r"))); /* left out whole */
    ct_rules_free(r);
}

static void a_wrong_line_is_named_with_file_and_line_and_the_rule_left_out(void **state)
{
    (void)state;
    complains("for", "3 bananas", "wanted a length of time such as 5m, found \"3 bananas\"");
    complains("clear", "-5m", "wanted a length of time");
    complains("rearm", "5", "wanted a share such as 5%");
    complains("severity", "critcal", "did you mean \"critical\"?");
    complains("nodata", "panic", "wanted keep, unknown, fire");
    complains("quiet", "22-7", "wanted hours such as");
    complains("quiet", "25:00-07:00", "wanted hours such as");
    complains("enabled", "maybe", "wanted no, yes");
    complains("sevrity", "info", "unknown key \"sevrity\", did you mean \"severity\"?");
}

static void refuses(const char *when, const char *want)
{
    struct ct_rules *r = NULL;
    struct ct_error err = {0};
    if (ct_rule_of_when(when, NULL, &r, &err) == CT_OK)
        fail_msg("\"%s\" was accepted", when);
    if (!strstr(err.what, want))
        fail_msg("%s: \"%s\" has no \"%s\"", when, err.what, want);
}

static void a_condition_that_says_nothing_or_nonsense_is_refused(void **state)
{
    (void)state;
    refuses("", "begins with what it is about");
    refuses("gpu:h100", "begins with what it is about");
    refuses("status", "a condition is missing");
    refuses("status watch", "a condition is missing");
    refuses("gpus gpx:h100", "nearest: \"gpu\"");
    refuses("gpus price<cheap", "is a number");
    refuses("gpus stock:N->", "has a word that stock does not know");
    refuses("gpus price:1->2", "is no field with words");
    refuses("gpus N->A", "say whose change");
    refuses("gpus stock:N->A stock:A->N", "one A->B is enough");
    refuses("gpus change>10", "change>10%");
    refuses("gpus change<10%", "change>10%");
    refuses("gpus change>10% over never", "over takes a length of time");
    refuses("status change>10%", "needs prices");
    refuses("gpus retires<60d", "about tokens or models");
    refuses("tokens retires<soon", "retires takes a length of time");
    refuses("gpus low(yesterday)", "low takes a length of time");
    refuses("status low(90d)", "needs prices");
}

static void means(const char *when, const char *want)
{
    struct ct_rules *r = NULL;
    struct ct_error err = {0};
    struct ct_arena *a = ct_arena_new(0);
    if (ct_rule_of_when(when, NULL, &r, &err) != CT_OK)
        fail_msg("%s: %s", when, err.what);
    struct ct_span s = ct_rule_sentence(ct_rules_at(r, 0), a);
    if (!ct_span_starts(s, want))
        fail_msg("%s: \"%s\" is not \"%s\"", when, s.p, want);
    ct_arena_free(a);
    ct_rules_free(r);
}

static void a_rule_is_explained_in_a_sentence(void **state)
{
    (void)state;
    means("status provider:openai,aws state>=part",
          "when a provider matches \"provider:openai,aws state>=part\", it is warning; over after 5m");
    means("gpus gpu:b200 stock: N->A", "when a GPU offer matches \"gpu:b200\" and changes as stock:N->A,");
    means("tokens watch change>10% over 24h", "when a token price you watch moved by more than 10 % within 1d,");
    means("gpus change<-2.5%", "when a GPU offer moved down by more than 2.5 % within 1d,");
    means("models retires<60d", "when a model at a host retires in less than 60d,");
    means("gpus gpu:h100 low(90d)", "when a GPU offer matches \"gpu:h100\" and is at its lowest of 90d,");
    means("sources stale", "when a source cannot be read any more,");
    means("status watch state>=part", "when a provider of [scope] matches");
    const struct ct_rule_line lines[] = {{"a", "when", "sources stale", "f:1"},
                                         {"a", "notify", "bell", "f:2"},
                                         {"a", "quiet", "22:00-7:30", "f:3"}};
    struct heard h;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_rules *r = load(lines, CT_LEN(lines), &h);
    struct ct_span s = ct_rule_sentence(ct_rules_find(r, CT_LIT("a")), a);
    assert_non_null(strstr(s.p, ", but not from 22:00 to 07:30 local time"));
    ct_arena_free(a);
    ct_rules_free(r);
}

static void built_in_rules_are_there_and_take_settings_but_no_condition(void **state)
{
    (void)state;
    static const char *const names[] = {"source_stale", "all_sources_failing", "disk_full",
                                        "fetcher_gone", "clock_jump"};
    const struct ct_rule_line lines[] = {{"source_stale", "severity", "critical", "a.ini:2"},
                                         {"disk_full", "enabled", "no", "a.ini:4"},
                                         {"clock_jump", "when", "status state>=part", "a.ini:6"}};
    struct heard h;
    struct ct_rules *r = load(lines, 3, &h);
    for (size_t i = 0; i < CT_LEN(names); i++)
        assert_non_null(ct_rules_find(r, ct_span(names[i])));
    assert_int_equal(ct_rules_count(r), CT_LEN(names));
    assert_string_equal(h.text, "a.ini:6: clock_jump is built in: its condition stays as it is\n");
    assert_int_equal(ct_rule_view(ct_rules_find(r, CT_LIT("source_stale")))->severity,
                     CT_SEV_CRITICAL);
    assert_false(ct_rule_view(ct_rules_find(r, CT_LIT("disk_full")))->enabled);
    ct_rules_free(r);
}

static void all_that_may_be_set_is_taken(void **state)
{
    (void)state;
    const struct ct_rule_line lines[] = {
        {"a", "when", "status state>=part", "f:1"}, {"a", "for", "2m", "f:2"},
        {"a", "clear", "7m", "f:3"},                {"a", "severity", "critical", "f:4"},
        {"a", "group", "region", "f:5"},            {"a", "remind", "1h", "f:6"},
        {"a", "nodata", "fire", "f:7"},             {"a", "quiet", "22:00-07:30", "f:8"},
        {"a", "notify", "ops, bell", "f:9"},        {"a", "rearm", "2.5%", "f:10"},
    };
    struct heard h;
    struct ct_rules *r = load(lines, CT_LEN(lines), &h);
    assert_string_equal(h.text, "");
    const struct ct_rule_view *v = ct_rule_view(ct_rules_find(r, CT_LIT("a")));
    assert_int_equal(v->policy.for_ms, 2 * CT_MINUTE);
    assert_int_equal(v->policy.keep_ms, 7 * CT_MINUTE);
    assert_int_equal(v->policy.nodata, CT_NODATA_FIRE);
    assert_int_equal(v->severity, CT_SEV_CRITICAL);
    assert_int_equal(v->remind_ms, CT_HOUR);
    assert_int_equal(v->quiet_from, 22 * 60);
    assert_int_equal(v->quiet_to, 7 * 60 + 30);
    assert_string_equal(v->channels, "ops\x1f" "bell");
    assert_string_equal(v->group, "region");
    ct_rules_free(r);
}

static void a_rule_about_what_is_watched_knows_when_nothing_is(void **state)
{
    (void)state;
    static const char *const watch[] = {"gpu/*", NULL};
    const struct ct_rule_scope scope = {.watch = watch};
    struct ct_rules *r;
    assert_int_equal(ct_rule_of_when("gpus watch price<2", NULL, &r, NULL), CT_OK);
    assert_true(ct_rule_watches_nothing(ct_rules_at(r, 0)));
    ct_rules_free(r);
    assert_int_equal(ct_rule_of_when("gpus watch price<2", &scope, &r, NULL), CT_OK);
    assert_false(ct_rule_watches_nothing(ct_rules_at(r, 0)));
    ct_rules_free(r);
}

static void silences_match_labels_by_globs_and_all_of_them(void **state)
{
    (void)state;
    struct ct_span labels = CT_LIT("provider=gcp\x1fregion=us-central1\x1frule=r");
    assert_true(ct_silence_covers(CT_LIT("provider=gcp"), labels));
    assert_true(ct_silence_covers(CT_LIT(" provider=g*  region=us-* "), labels));
    assert_false(ct_silence_covers(CT_LIT("provider=gcp region=eu*"), labels));
    assert_true(ct_silence_covers(CT_LIT("provider=aws,gcp region=eu-1,us-*"), labels)); /* one of several */
    assert_false(ct_silence_covers(CT_LIT("provider=gcp region=eu-1,us-"), labels));
    assert_false(ct_silence_covers(CT_LIT("provider=gcp region=,"), labels));
    assert_true(ct_silence_covers(CT_LIT("region=Montana,?US"), CT_LIT("region=Montana, US")));
    assert_false(ct_silence_covers(CT_LIT("zone=a"), labels));
    assert_false(ct_silence_covers(CT_LIT(""), labels));
    assert_false(ct_silence_covers(CT_LIT("provider"), labels));
    assert_int_equal(ct_silence_check(CT_LIT("provider=gcp x"), NULL), CT_ERR_USAGE);
    assert_int_equal(ct_silence_check(CT_LIT("Provider=gcp"), NULL), CT_ERR_USAGE);
    assert_int_equal(ct_silence_check(CT_LIT("  "), NULL), CT_ERR_USAGE);
}

static void rule_11_inhibition_needs_source_target_and_equal_labels(void **state)
{
    (void)state;
    const struct ct_rule_line lines[] = {{"i", "source", "severity=critical", "f:1"},
                                         {"i", "target", "severity=*", "f:2"},
                                         {"i", "equal", "provider, region", "f:3"}};
    struct heard h;
    struct ct_error err;
    struct ct_rules *r = load(NULL, 0, &h);
    for (size_t i = 0; i < CT_LEN(lines); i++)
        assert_int_equal(ct_rules_inhibit(r, &lines[i], &err), CT_OK);
    struct ct_span source = CT_LIT("provider=aws\x1fseverity=critical");
    assert_true(ct_rules_explains(r, source, CT_LIT("provider=aws\x1fseverity=warning")));
    assert_false(ct_rules_explains(r, source, CT_LIT("provider=gcp\x1fseverity=warning")));
    assert_false(ct_rules_explains(r, source, CT_LIT("provider=aws\x1fregion=x\x1fseverity=info")));
    assert_false(ct_rules_explains(r, source, source)); /* what is both explains nothing */
    const struct ct_rule_line bad[] = {{"j", "source", "nonsense", "f:4"}, {"j", "soruce", "a=b", "f:5"}};
    assert_int_equal(ct_rules_inhibit(r, &bad[0], &err), CT_ERR_USAGE);
    assert_int_equal(ct_rules_inhibit(r, &bad[1], &err), CT_ERR_CONFIG);
    ct_rules_free(r);
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        T(a_wrong_line_is_named_with_file_and_line_and_the_rule_left_out),
        T(a_condition_that_says_nothing_or_nonsense_is_refused),
        T(a_rule_is_explained_in_a_sentence),
        T(built_in_rules_are_there_and_take_settings_but_no_condition),
        T(all_that_may_be_set_is_taken),
        T(a_rule_about_what_is_watched_knows_when_nothing_is),
        T(rule_11_inhibition_needs_source_target_and_equal_labels),
        T(silences_match_labels_by_globs_and_all_of_them),
    };
    return cmocka_run_group_tests_name("alert rules", tests, NULL, NULL);
}
