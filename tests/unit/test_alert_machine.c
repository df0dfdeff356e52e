/* The life of an alert, rule by rule (the numbers are those of the reliability rules). */
#include "config.h"

#include "alerts/machine.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#define WALL INT64_C(1760000000000)
#define TICK (15 * CT_SECOND)

struct run {
    struct ct_alert_life l;
    struct ct_alert_policy p;
    struct ct_alert_fact f;
    struct ct_alert_step out;
    int64_t boot, last, wall;
    bool warm;
    int told[CT_TELL_FLAP_OFF + 1];
};

static struct run begin(int64_t for_ms, int64_t keep_ms)
{
    struct run r = {.p = {for_ms, keep_ms, CT_NODATA_UNKNOWN}, .boot = 1000, .last = CT_NONE};
    r.wall = WALL;
    r.l = ct_alert_born(r.wall);
    r.warm = true;
    r.f.seen_ms = 1;
    return r;
}

static void step(struct run *r, enum ct_truth truth, int64_t after_ms)
{
    r->boot += after_ms;
    r->wall += after_ms;
    r->f.truth = r->f.hold = truth;
    struct ct_alert_clock c = {
        .now_ms = r->wall, .boot_ms = r->boot, .last_boot_ms = r->last, .warm = r->warm};
    ct_alert_step(&r->l, &r->p, &r->f, &c, &r->out);
    r->last = r->boot;
    r->warm = r->warm || truth != CT_TRUTH_UNKNOWN;
    for (int i = 0; i <= CT_TELL_FLAP_OFF; i++)
        r->told[i] += r->out.tell[i];
}

static void steps(struct run *r, enum ct_truth truth, int n)
{
    while (n-- > 0)
        step(r, truth, TICK);
}

#define YES CT_TRUTH_TRUE
#define NO CT_TRUTH_FALSE
#define BLIND CT_TRUTH_UNKNOWN

static void rule_1_resolved_is_shown_for_fifteen_minutes_and_then_inactive(void **state)
{
    (void)state;
    struct run r = begin(0, 0);
    steps(&r, YES, 1);
    steps(&r, NO, 1);
    assert_int_equal(r.l.state, CT_ALERT_RESOLVED);
    steps(&r, NO, 59);
    assert_int_equal(r.l.state, CT_ALERT_RESOLVED);
    steps(&r, NO, 1);
    assert_int_equal(r.l.state, CT_ALERT_INACTIVE);
}

static void rule_2_true_goes_pending_and_fires_when_held(void **state)
{
    (void)state;
    struct run r = begin(CT_MINUTE, 0);
    steps(&r, YES, 1);
    assert_int_equal(r.l.state, CT_ALERT_PENDING);
    steps(&r, YES, 3);
    assert_int_equal(r.l.state, CT_ALERT_PENDING);
    steps(&r, YES, 1);
    assert_int_equal(r.l.state, CT_ALERT_FIRING);
    assert_int_equal(r.told[CT_TELL_FIRING], 1);
    struct run now = begin(0, 0);
    steps(&now, YES, 1);
    assert_int_equal(now.l.state, CT_ALERT_FIRING);
}

static void rule_3_one_false_ends_pending_without_a_word(void **state)
{
    (void)state;
    struct run r = begin(CT_MINUTE, 0);
    steps(&r, YES, 4);
    steps(&r, NO, 1);
    assert_int_equal(r.l.state, CT_ALERT_INACTIVE);
    assert_int_equal(r.l.held_ms, 0);
    steps(&r, YES, 4);
    assert_int_equal(r.l.state, CT_ALERT_PENDING);
    assert_int_equal(r.told[CT_TELL_FIRING] + r.told[CT_TELL_RESOLVED], 0);
}

static void rule_4_firing_ends_when_false_was_held(void **state)
{
    (void)state;
    struct run r = begin(0, CT_ALERT_KEEP_MS);
    steps(&r, YES, 2);
    steps(&r, NO, 20);
    assert_int_equal(r.l.state, CT_ALERT_FIRING);
    steps(&r, YES, 1); /* begins again */
    steps(&r, NO, 20);
    assert_int_equal(r.l.state, CT_ALERT_FIRING);
    steps(&r, NO, 1);
    assert_int_equal(r.l.state, CT_ALERT_RESOLVED);
    assert_int_equal(r.told[CT_TELL_RESOLVED], 1);
}

static void rule_4_an_easier_limit_ends_it(void **state)
{
    (void)state;
    struct run r = begin(0, 0);
    steps(&r, YES, 1);
    for (int i = 0; i < 5; i++) { /* over the limit, not yet back far enough */
        r.boot += TICK;
        r.f.truth = NO;
        r.f.hold = YES;
        struct ct_alert_clock c = {
        .now_ms = r.wall, .boot_ms = r.boot, .last_boot_ms = r.last, .warm = true};
        ct_alert_step(&r.l, &r.p, &r.f, &c, &r.out);
        r.last = r.boot;
    }
    assert_int_equal(r.l.state, CT_ALERT_FIRING);
    steps(&r, NO, 1);
    assert_int_equal(r.l.state, CT_ALERT_RESOLVED);
}

static void rule_5_unknown_neither_advances_nor_resets(void **state)
{
    (void)state;
    struct run r = begin(CT_MINUTE, 0);
    steps(&r, YES, 4); /* 45 s held */
    steps(&r, BLIND, 10);
    assert_int_equal(r.l.state, CT_ALERT_PENDING);
    assert_int_equal(r.l.held_ms, 45 * CT_SECOND);
    assert_true(r.l.flags & CT_ALERT_UNKNOWN);
    steps(&r, YES, 1); /* what lay between was not observed */
    assert_int_equal(r.l.held_ms, 45 * CT_SECOND);
    steps(&r, YES, 1);
    assert_int_equal(r.l.state, CT_ALERT_FIRING);
}

static void rule_5_unknown_never_resolves_and_gives_up_in_the_end(void **state)
{
    (void)state;
    struct run r = begin(0, 0);
    steps(&r, YES, 1);
    steps(&r, BLIND, 4 * 60 * 24);
    assert_int_equal(r.l.state, CT_ALERT_FIRING);
    assert_int_equal(r.told[CT_TELL_RESOLVED], 0);
    steps(&r, BLIND, 1);
    assert_int_equal(r.l.state, CT_ALERT_INACTIVE);
    assert_string_equal(r.out.change[0].why, "expired, recovery not seen");
    struct run p = begin(CT_DAY, 0);
    steps(&p, YES, 1);
    steps(&p, BLIND, 4 * 60);
    assert_int_equal(p.l.state, CT_ALERT_PENDING);
    steps(&p, BLIND, 1);
    assert_int_equal(p.l.state, CT_ALERT_INACTIVE);
}

static void rule_5_nodata_fires_or_waits_where_the_rule_says_so(void **state)
{
    (void)state;
    struct run r = begin(CT_MINUTE, 0);
    r.p.nodata = CT_NODATA_FIRE;
    steps(&r, BLIND, 4);
    assert_int_equal(r.l.state, CT_ALERT_PENDING);
    steps(&r, BLIND, 1);
    assert_int_equal(r.l.state, CT_ALERT_FIRING);
    struct run k = begin(0, 0);
    k.p.nodata = CT_NODATA_KEEP;
    steps(&k, YES, 1);
    steps(&k, BLIND, 4 * 60 * 30);
    assert_int_equal(k.l.state, CT_ALERT_FIRING);
}

static void rule_6_a_pause_of_the_program_counts_nothing(void **state)
{
    (void)state;
    struct run r = begin(2 * CT_MINUTE, 0);
    steps(&r, YES, 2);
    step(&r, YES, CT_HOUR); /* stopped, or asleep */
    assert_int_equal(r.l.state, CT_ALERT_PENDING);
    assert_int_equal(r.l.held_ms, TICK);
    step(&r, YES, -CT_HOUR); /* another boot */
    assert_int_equal(r.l.held_ms, TICK);
}

static void rule_6_a_restart_needs_one_fresh_evaluation_first(void **state)
{
    (void)state;
    struct run r = begin(0, 0);
    steps(&r, YES, 1);
    r.last = CT_NONE;
    r.warm = false;
    steps(&r, BLIND, 3);
    steps(&r, NO, 1);
    assert_int_equal(r.l.state, CT_ALERT_FIRING);
    steps(&r, NO, 1);
    assert_int_equal(r.l.state, CT_ALERT_RESOLVED);
}

static void rule_6_old_state_is_dropped_or_kept_as_unknown(void **state)
{
    (void)state;
    struct ct_alert_life pending = {.state = CT_ALERT_PENDING}, firing = {.state = CT_ALERT_FIRING};
    assert_true(ct_alert_wake(&pending, WALL, WALL + CT_DAY));
    assert_false(ct_alert_wake(&pending, WALL, WALL + CT_DAY + 1));
    assert_int_equal(pending.state, CT_ALERT_INACTIVE);
    assert_true(ct_alert_wake(&firing, WALL, WALL + 5 * CT_DAY));
    assert_int_equal(firing.state, CT_ALERT_FIRING);
    assert_true(firing.flags & CT_ALERT_UNKNOWN);
}

static void rule_11_an_alert_whose_silence_ends_is_told_as_new(void **state)
{
    (void)state;
    struct run r = begin(0, 0);
    steps(&r, YES, 1);
    r.f.silenced = true;
    steps(&r, YES, 3);
    assert_int_equal(r.told[CT_TELL_FIRING], 1);
    r.f.silenced = false;
    steps(&r, YES, 2);
    assert_int_equal(r.told[CT_TELL_FIRING], 2);
    assert_int_equal(r.l.episode, 1);
}

static void rule_13_flapping_is_told_once_and_its_end_once(void **state)
{
    (void)state;
    struct run r = begin(0, 0);
    for (int i = 0; i < 30; i++) {
        r.f.seen_ms++;
        steps(&r, i % 2 ? NO : YES, 1);
    }
    assert_true(r.l.flags & CT_ALERT_FLAPPING);
    assert_int_equal(r.told[CT_TELL_FLAP_ON], 1);
    assert_int_equal(r.told[CT_TELL_FIRING] + r.told[CT_TELL_RESOLVED], 6);
    for (int i = 0; i < 21; i++) {
        r.f.seen_ms++;
        steps(&r, NO, 1);
    }
    assert_false(r.l.flags & CT_ALERT_FLAPPING);
    assert_int_equal(r.told[CT_TELL_FLAP_OFF], 1);
}

static void rule_13_the_same_observation_is_counted_once(void **state)
{
    (void)state;
    struct run r = begin(0, 0);
    for (int i = 0; i < 5; i++) {
        steps(&r, YES, 1);
        steps(&r, NO, 1);
    }
    assert_false(r.l.flags & CT_ALERT_FLAPPING);
}

static void rule_15_event_ids_tell_episodes_kinds_and_numbers_apart(void **state)
{
    (void)state;
    char a[17], b[17];
    ct_event_id(a, 1, 2, CT_TELL_FIRING, 1);
    ct_event_id(b, 1, 2, CT_TELL_FIRING, 1);
    assert_string_equal(a, b);
    const int64_t other[][4] = {{2, 2, 0, 1}, {1, 3, 0, 1}, {1, 2, 1, 1}, {1, 2, 0, 2}};
    for (size_t i = 0; i < CT_LEN(other); i++) {
        ct_event_id(b, other[i][0], other[i][1], (int)other[i][2], other[i][3]);
        assert_string_not_equal(a, b);
    }
}

static void what_gets_worse_is_told_once_more(void **state)
{
    (void)state;
    struct run r = begin(0, 0);
    r.f.level = CT_STATE_PARTIAL;
    steps(&r, YES, 3);
    r.f.level = CT_STATE_MAJOR;
    steps(&r, YES, 3);
    r.f.level = CT_STATE_PARTIAL;
    steps(&r, YES, 1);
    r.f.level = CT_STATE_MAJOR;
    steps(&r, YES, 1);
    assert_int_equal(r.told[CT_TELL_FIRING], 2);
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        T(rule_1_resolved_is_shown_for_fifteen_minutes_and_then_inactive),
        T(rule_2_true_goes_pending_and_fires_when_held),
        T(rule_3_one_false_ends_pending_without_a_word),
        T(rule_4_firing_ends_when_false_was_held),
        T(rule_4_an_easier_limit_ends_it),
        T(rule_5_unknown_neither_advances_nor_resets),
        T(rule_5_unknown_never_resolves_and_gives_up_in_the_end),
        T(rule_5_nodata_fires_or_waits_where_the_rule_says_so),
        T(rule_6_a_pause_of_the_program_counts_nothing),
        T(rule_6_a_restart_needs_one_fresh_evaluation_first),
        T(rule_6_old_state_is_dropped_or_kept_as_unknown),
        T(rule_11_an_alert_whose_silence_ends_is_told_as_new),
        T(rule_13_flapping_is_told_once_and_its_end_once),
        T(rule_13_the_same_observation_is_counted_once),
        T(rule_15_event_ids_tell_episodes_kinds_and_numbers_apart),
        T(what_gets_worse_is_told_once_more),
    };
    return cmocka_run_group_tests_name("alert machine", tests, NULL, NULL);
}
