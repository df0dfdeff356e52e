/* What is told to whom, and when (the numbers are those of the reliability rules). */
#include "config.h"

#include "alerts/outbox.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0 INT64_C(1760000000000)
#define S CT_SECOND

struct bench {
    struct ct_outbox *o;
    struct ct_alert_instance v[64];
    char text[64][40];
    size_t n;
    struct ct_arena *arena;
    struct ct_alert_delivery d;
    int64_t now, row, intent_row;
    int64_t hold; /* this alert's intents are kept back; 0: none */
};

static struct bench begin(void)
{
    return (struct bench){.o = ct_outbox_new(), .arena = ct_arena_new(0), .now = T0};
}

static void end(struct bench *b)
{
    ct_outbox_free(b->o);
    ct_arena_free(b->arena);
}

static struct ct_alert_instance *alert(struct bench *b, const char *grp, int severity)
{
    struct ct_alert_instance *i = &b->v[b->n];
    (void)snprintf(b->text[b->n], sizeof b->text[0], "thing %zu", b->n);
    *i = (struct ct_alert_instance){
        .id = (int64_t)++b->n,
        .rule = CT_LIT("rule"),
        .subject = ct_span(b->text[b->n - 1]),
        .labels = CT_LIT("provider=aws"),
        .provider = CT_LIT("aws"),
        .grp = ct_span(grp),
        .channels = CT_LIT("ops"),
        .severity = severity,
        .text = CT_LIT("it is bad"),
        .life = {.state = CT_ALERT_FIRING, .episode = 1, .tells = 1},
    };
    return i;
}

static void store(struct bench *b)
{
    size_t n;
    struct ct_alert_intent *v = ct_outbox_changed(b->o, &n);
    for (size_t i = 0; i < n; i++) {
        v[i].row = v[i].row ? v[i].row : ++b->intent_row;
        v[i].delivery = v[i].delivery == -1 ? b->row : v[i].delivery;
    }
    ct_outbox_stored(b->o);
}

static void tell(struct bench *b, struct ct_alert_instance *i, int kind)
{
    ct_outbox_tell(b->o, i, kind, kind == CT_TELL_FIRING ? i->life.tells : 0, b->now);
    store(b);
}

static bool held(void *ctx, const struct ct_alert_intent *i)
{
    return i->alert == ((const struct bench *)ctx)->hold;
}

static const struct ct_alert_instance *of(void *ctx, int64_t id)
{
    return &((const struct bench *)ctx)->v[id - 1];
}

/* The next message, stored and on its way. */
static bool next(struct bench *b)
{
    if (!ct_outbox_next(b->o, b->now, held, of, b, b->arena, &b->d))
        return false;
    b->d.row = ++b->row;
    store(b);
    ct_outbox_begin(b->o, &b->d);
    return true;
}

static void result(struct bench *b, enum ct_sent sent)
{
    const struct ct_alert_delivery *d = ct_outbox_due(b->o, b->now);
    assert_non_null(d);
    assert_non_null(ct_outbox_result(b->o, d->row, sent, CT_NONE, "said", b->now, 7));
}

static bool send(struct bench *b)
{
    bool any = next(b);
    if (any)
        result(b, CT_SENT_OK);
    return any;
}

static void rule_9_a_group_waits_thirty_seconds_and_goes_as_one(void **state)
{
    (void)state;
    struct bench b = begin();
    for (int i = 0; i < 3; i++)
        tell(&b, alert(&b, "provider=aws", CT_SEV_WARNING), CT_TELL_FIRING);
    tell(&b, alert(&b, "provider=gcp", CT_SEV_WARNING), CT_TELL_FIRING);
    b.now += 30 * S - 1;
    assert_false(send(&b));
    b.now += 1;
    assert_true(send(&b));
    assert_string_equal(b.d.title.p, "3 FIRING: provider=aws");
    assert_true(send(&b));
    assert_false(send(&b));
    end(&b);
}

static void rule_9_critical_goes_at_once(void **state)
{
    (void)state;
    struct bench b = begin();
    tell(&b, alert(&b, "g", CT_SEV_CRITICAL), CT_TELL_FIRING);
    assert_true(send(&b));
    assert_string_equal(b.d.title.p, "FIRING critical thing 0: it is bad [rule]");
    end(&b);
}

static void rule_9_the_next_message_of_a_group_waits_five_minutes(void **state)
{
    (void)state;
    struct bench b = begin();
    tell(&b, alert(&b, "g", CT_SEV_CRITICAL), CT_TELL_FIRING);
    assert_true(send(&b));
    tell(&b, alert(&b, "g", CT_SEV_CRITICAL), CT_TELL_FIRING);
    b.now += 5 * CT_MINUTE - 1;
    assert_false(send(&b));
    b.now += 1;
    assert_true(send(&b));
    end(&b);
}

static void rule_9_what_ends_within_the_wait_is_never_told(void **state)
{
    (void)state;
    struct bench b = begin();
    struct ct_alert_instance *i = alert(&b, "g", CT_SEV_WARNING);
    tell(&b, i, CT_TELL_FIRING);
    b.now += 20 * S;
    i->life.state = CT_ALERT_RESOLVED;
    tell(&b, i, CT_TELL_RESOLVED);
    b.now += CT_DAY;
    assert_false(send(&b));
    end(&b);
}

static void rule_9_a_message_lists_twenty_and_counts_the_rest(void **state)
{
    (void)state;
    struct bench b = begin();
    for (int i = 0; i < 27; i++)
        tell(&b, alert(&b, "g", CT_SEV_WARNING), CT_TELL_FIRING);
    b.now += CT_MINUTE;
    assert_true(send(&b));
    assert_non_null(strstr(b.d.text.p, "+7 more"));
    json_t *doc = json_loads(b.d.json.p, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(doc);
    assert_int_equal(json_array_size(json_object_get(doc, "alerts")), 20);
    assert_int_equal(json_integer_value(json_object_get(doc, "more")), 7);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(json_array_get(json_object_get(doc, "alerts"), 0),
                                            "labels"),
                            "provider")),
                        "aws");
    json_decref(doc);
    end(&b);
}

static void rule_10_resolved_goes_only_where_firing_went(void **state)
{
    (void)state;
    struct bench b = begin();
    struct ct_alert_instance *i = alert(&b, "g", CT_SEV_CRITICAL);
    i->channels = CT_LIT("ops\x1fmail");
    tell(&b, i, CT_TELL_FIRING);
    assert_true(next(&b)); /* one of the two */
    result(&b, CT_SENT_OK);
    struct ct_span first = b.d.channel;
    i->life.state = CT_ALERT_RESOLVED;
    tell(&b, i, CT_TELL_RESOLVED);
    b.now += CT_HOUR;
    assert_true(send(&b));
    assert_int_equal(b.d.kind, CT_TELL_RESOLVED);
    assert_true(ct_span_eq(b.d.channel, first));
    assert_false(send(&b));
    end(&b);
}

static void rule_10_repeats_come_in_whole_group_intervals(void **state)
{
    (void)state;
    struct bench b = begin();
    struct ct_alert_instance *i = alert(&b, "g", CT_SEV_CRITICAL);
    tell(&b, i, CT_TELL_FIRING);
    assert_true(send(&b));
    for (int n = 1; n <= 3; n++) {
        b.now += 10 * CT_MINUTE - 1; /* 7 minutes round up to 10 */
        ct_outbox_remind(b.o, i, 7 * CT_MINUTE, b.now);
        store(&b);
        assert_false(send(&b));
        b.now += 1;
        ct_outbox_remind(b.o, i, 7 * CT_MINUTE, b.now);
        ct_outbox_remind(b.o, i, 7 * CT_MINUTE, b.now); /* asked twice, told once */
        store(&b);
        assert_true(send(&b));
        assert_int_equal(b.d.kind, CT_TELL_REPEAT);
    }
    ct_outbox_remind(b.o, i, 0, b.now + CT_DAY);
    assert_false(send(&b));
    end(&b);
}

static void rule_11_what_is_held_waits_and_goes_when_let(void **state)
{
    (void)state;
    struct bench b = begin();
    tell(&b, alert(&b, "g", CT_SEV_CRITICAL), CT_TELL_FIRING);
    b.hold = 1;
    b.now += CT_HOUR;
    assert_false(send(&b));
    b.hold = 0;
    assert_true(send(&b));
    end(&b);
}

static void rule_14_pauses_grow_to_a_minute_and_obey_the_server(void **state)
{
    (void)state;
    for (int64_t n = 0, base = 500; n < 30; n++) {
        for (uint64_t r = 0; r < 200; r += 7)
            assert_in_range(ct_retry_pause(n, CT_NONE, r * 997), base / 2, base + base / 2);
        base = base + base / 2 < 60000 ? base + base / 2 : 60000;
    }
    assert_true(ct_retry_pause(50, CT_NONE, UINT64_MAX) <= CT_MINUTE);
    assert_int_equal(ct_retry_pause(3, 42 * S, 9), 42 * S);
    assert_int_equal(ct_retry_pause(3, CT_DAY, 9), 10 * CT_MINUTE);
}

static void rule_14_failures_are_tried_for_an_hour_and_then_given_up(void **state)
{
    (void)state;
    struct bench b = begin();
    tell(&b, alert(&b, "g", CT_SEV_CRITICAL), CT_TELL_FIRING);
    assert_true(next(&b));
    int attempts = 0;
    const struct ct_alert_delivery *d;
    while (b.now < T0 + 2 * CT_HOUR) {
        while ((d = ct_outbox_due(b.o, b.now))) {
            attempts++;
            d = ct_outbox_result(b.o, d->row, CT_SENT_RETRY, CT_NONE, "500", b.now, 3);
            if (d->state == CT_DELIVERY_FAILED)
                goto given_up;
        }
        b.now += S;
    }
    fail_msg("tried for ever");
given_up:
    assert_in_range(b.now, T0 + CT_HOUR - CT_MINUTE, T0 + CT_HOUR);
    assert_true(attempts > 50);
    assert_string_equal(d->answer.p, "500");
    end(&b);
}

static void rule_14_a_refusal_is_final(void **state)
{
    (void)state;
    struct bench b = begin();
    tell(&b, alert(&b, "g", CT_SEV_CRITICAL), CT_TELL_FIRING);
    assert_true(next(&b));
    result(&b, CT_SENT_REFUSED);
    b.now += CT_HOUR;
    assert_null(ct_outbox_due(b.o, b.now));
    end(&b);
}

static void rule_14_resolved_never_overtakes_firing(void **state)
{
    (void)state;
    struct bench b = begin();
    struct ct_alert_instance *i = alert(&b, "g", CT_SEV_CRITICAL);
    tell(&b, i, CT_TELL_FIRING);
    assert_true(next(&b));
    result(&b, CT_SENT_RETRY);
    i->life.state = CT_ALERT_RESOLVED;
    i->grp = CT_LIT("another group");
    tell(&b, i, CT_TELL_RESOLVED);
    b.now += 10 * CT_MINUTE;
    assert_false(next(&b));
    result(&b, CT_SENT_OK);
    assert_true(send(&b));
    assert_int_equal(b.d.kind, CT_TELL_RESOLVED);
    end(&b);
}

static void rule_14_an_attempt_under_way_is_not_begun_again(void **state)
{
    (void)state;
    struct bench b = begin();
    tell(&b, alert(&b, "g", CT_SEV_CRITICAL), CT_TELL_FIRING);
    assert_true(next(&b));
    assert_non_null(ct_outbox_due(b.o, b.now));
    assert_null(ct_outbox_due(b.o, b.now + CT_HOUR));
    end(&b);
}

static void rule_15_what_was_stored_before_the_end_is_sent_with_the_same_id(void **state)
{
    (void)state;
    struct bench b = begin();
    tell(&b, alert(&b, "g", CT_SEV_CRITICAL), CT_TELL_FIRING);
    assert_true(next(&b));
    struct ct_alert_delivery stored = b.d;
    struct ct_alert_memory m = {.deliveries = &stored, .n_deliveries = 1};
    struct ct_outbox *later = ct_outbox_new(); /* after a kill */
    ct_outbox_recall(later, &m);
    const struct ct_alert_delivery *d = ct_outbox_due(later, b.now);
    assert_non_null(d);
    assert_string_equal(d->event_id, stored.event_id);
    ct_outbox_free(later);
    end(&b);
}

static void rule_16_thirty_messages_an_hour_then_one_digest(void **state)
{
    (void)state;
    struct bench b = begin();
    char grp[64][16];
    int sent = 0;
    for (int i = 0; i < 45; i++) {
        (void)snprintf(grp[i], sizeof grp[i], "g%d", i);
        tell(&b, alert(&b, grp[i], CT_SEV_CRITICAL), CT_TELL_FIRING);
        while (send(&b))
            sent++;
        b.now += S;
    }
    assert_int_equal(sent, 30);
    b.now = T0 + CT_HOUR;
    assert_true(send(&b));
    assert_true(ct_span_is(b.d.grp, "digest"));
    assert_string_equal(b.d.title.p, "15 FIRING: digest");
    assert_false(send(&b));
    end(&b);
}

static void rule_16_a_full_queue_loses_its_oldest_repeats_first(void **state)
{
    (void)state;
    struct bench b = begin();
    struct ct_alert_instance *i = alert(&b, "g", CT_SEV_CRITICAL);
    tell(&b, i, CT_TELL_FIRING);
    assert_true(send(&b));
    b.now += CT_DAY;
    ct_outbox_remind(b.o, i, CT_HOUR, b.now);
    store(&b);
    b.hold = 1;
    struct ct_alert_instance *other = alert(&b, "h", CT_SEV_WARNING);
    size_t n, dropped = 0, repeats = 0;
    for (int64_t k = 0; k < CT_QUEUE_MOST; k++) {
        other->id = 2;
        ct_outbox_tell(b.o, other, CT_TELL_FLAP_ON, 0, b.now);
        other->life.episode++;
    }
    struct ct_alert_intent *v = ct_outbox_changed(b.o, &n);
    for (size_t k = 0; k < n; k++)
        if (v[k].state == CT_INTENT_DROPPED) {
            dropped++;
            repeats += v[k].kind == CT_TELL_REPEAT;
        }
    assert_int_equal(dropped, 1);
    assert_int_equal(repeats, 1);
    end(&b);
}

static void a_subject_is_written_for_people_and_stays_one_word_for_programs(void **state)
{
    (void)state;
    struct bench b = begin();
    struct ct_alert_instance *i = alert(&b, "g", CT_SEV_CRITICAL);
    i->subject = CT_LIT("vastai/Quebec%2C%20CA/100%/%0Ax%1b%zz%");
    tell(&b, i, CT_TELL_FIRING);
    assert_true(send(&b));
    assert_non_null(strstr(b.d.title.p, "FIRING critical vastai/Quebec, CA/100%/%0Ax%1b%zz%: it is bad"));
    assert_non_null(strstr(b.d.json.p, "\"subject\":\"vastai/Quebec%2C%20CA/"));
    end(&b);
}

static void rule_17_what_a_new_rule_finds_is_one_message(void **state)
{
    (void)state;
    struct bench b = begin();
    for (int i = 0; i < 5; i++)
        tell(&b, alert(&b, CT_GROUP_FIRST, i ? CT_SEV_WARNING : CT_SEV_CRITICAL), CT_TELL_FIRING);
    assert_false(send(&b)); /* even with a critical one among them */
    b.now += 30 * S;
    assert_true(send(&b));
    assert_string_equal(b.d.title.p, "5 FIRING: new rules");
    end(&b);
}

static void a_jump_of_the_clock_sends_nothing_early(void **state)
{
    (void)state;
    struct bench b = begin();
    struct ct_alert_instance *i = alert(&b, "g", CT_SEV_WARNING);
    tell(&b, i, CT_TELL_FIRING);
    ct_outbox_shift(b.o, CT_DAY);
    b.now += CT_DAY;
    assert_false(send(&b));
    b.now += 30 * S;
    assert_true(send(&b));
    ct_outbox_shift(b.o, CT_DAY);
    b.now += CT_DAY;
    ct_outbox_remind(b.o, i, CT_HOUR, b.now);
    store(&b);
    assert_false(send(&b));
    end(&b);
}

static void a_message_that_was_not_stored_is_made_again(void **state)
{
    (void)state;
    struct bench b = begin();
    tell(&b, alert(&b, "g", CT_SEV_CRITICAL), CT_TELL_FIRING);
    assert_true(ct_outbox_next(b.o, b.now, held, of, &b, b.arena, &b.d));
    ct_outbox_undo(b.o);
    assert_true(send(&b));
    assert_false(send(&b));
    end(&b);
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        T(rule_9_a_group_waits_thirty_seconds_and_goes_as_one),
        T(rule_9_critical_goes_at_once),
        T(rule_9_the_next_message_of_a_group_waits_five_minutes),
        T(rule_9_what_ends_within_the_wait_is_never_told),
        T(rule_9_a_message_lists_twenty_and_counts_the_rest),
        T(rule_10_resolved_goes_only_where_firing_went),
        T(rule_10_repeats_come_in_whole_group_intervals),
        T(rule_11_what_is_held_waits_and_goes_when_let),
        T(rule_14_pauses_grow_to_a_minute_and_obey_the_server),
        T(rule_14_failures_are_tried_for_an_hour_and_then_given_up),
        T(rule_14_a_refusal_is_final),
        T(rule_14_resolved_never_overtakes_firing),
        T(rule_14_an_attempt_under_way_is_not_begun_again),
        T(rule_15_what_was_stored_before_the_end_is_sent_with_the_same_id),
        T(rule_16_thirty_messages_an_hour_then_one_digest),
        T(rule_16_a_full_queue_loses_its_oldest_repeats_first),
        T(a_subject_is_written_for_people_and_stays_one_word_for_programs),
        T(rule_17_what_a_new_rule_finds_is_one_message),
        T(a_jump_of_the_clock_sends_nothing_early),
        T(a_message_that_was_not_stored_is_made_again),
    };
    return cmocka_run_group_tests_name("alert outbox", tests, NULL, NULL);
}
