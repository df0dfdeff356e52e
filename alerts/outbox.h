/* What is told to whom, and when (reliability.md section 6, rules 8 to 17): intents queue, group,
 * wait, cancel each other, repeat; a message is tried until it is delivered or given up. Pure: time
 * and facts in, rows to store out; engine.c stores them and hands messages to channel.h. One
 * thread. */
#ifndef CT_OUTBOX_H
#define CT_OUTBOX_H

#include "alerts/machine.h"

#define CT_GROUP_WAIT_MS (30 * CT_SECOND) /* 0 for critical */
#define CT_GROUP_INTERVAL_MS CT_ALERT_GROUP_MS
#define CT_MESSAGE_LINES 20   /* then "+N more" */
#define CT_MESSAGES_PER_HOUR 30 /* and channel; then one digest */
#define CT_QUEUE_MOST 10000
#define CT_GIVE_UP_MS CT_HOUR
#define CT_GROUP_FIRST "new rules" /* what a new rule finds at once: one message per channel */
#define CT_GROUP_QUIET "quiet hours" /* what happened in them: one message per channel at their end */

struct ct_outbox;
struct ct_outbox *ct_outbox_new(void); /* never NULL */
void ct_outbox_free(struct ct_outbox *o);
/* What was stored before: intents and deliveries of M. */
void ct_outbox_recall(struct ct_outbox *o, const struct ct_alert_memory *m);
/* The wall clock jumped by this much: what waits goes on waiting as long as it would have. */
void ct_outbox_shift(struct ct_outbox *o, int64_t by_ms);

/* Is CHANNEL a digest? Then what is told there is one group, and critical alerts are not told there. */
typedef bool ct_channel_digests(void *ctx, struct ct_span channel);
void ct_outbox_digests(struct ct_outbox *o, ct_channel_digests *digests, void *ctx);
/* Nothing waits for others of its group. */
void ct_outbox_at_once(struct ct_outbox *o);
/* I has something to tell (KIND, number N) on each of its channels. Undelivered contradictions are
 * superseded. Call before storing; then ct_outbox_changed has the rows. */
void ct_outbox_tell(struct ct_outbox *o, const struct ct_alert_instance *i, int kind, int64_t n,
                    int64_t now_ms);
/* Adds repeats that are due for I, firing and not held, every REMIND_MS (0: never), rounded up to
 * whole group intervals, since the last message about it on a channel. */
void ct_outbox_remind(struct ct_outbox *o, const struct ct_alert_instance *i, int64_t remind_ms,
                      int64_t now_ms);
/* Intents that are new or changed since the last call, for ct_write_alerts; *N of them. They stay
 * the outbox's; rows it sets are remembered by ct_outbox_stored. */
struct ct_alert_intent *ct_outbox_changed(struct ct_outbox *o, size_t *n);
void ct_outbox_stored(struct ct_outbox *o);

/* Is the intent kept back just now: silenced, inhibited, acknowledged, quiet hours, offline? */
typedef bool ct_intent_held(void *ctx, const struct ct_alert_intent *i);
/* The instance, for its words; NULL: forgotten meanwhile. */
typedef const struct ct_alert_instance *ct_intent_of(void *ctx, int64_t alert);

/* Makes the next message whose time has come: *OUT is filled (row 0, text in A), its intents count
 * as sent with it. False: nothing is due. Store both with ct_write_alerts, then ct_outbox_begin. */
bool ct_outbox_next(struct ct_outbox *o, int64_t now_ms, ct_intent_held *held, ct_intent_of *of,
                    void *ctx, struct ct_arena *a, struct ct_alert_delivery *out);
/* A message about no alert of its own, with EVENT_ID: *OUT is filled (row 0, text in A), to be stored
 * and begun like any other. LINES are whole lines. False: the channel got one with this id before. */
struct ct_notice {
    struct ct_span channel, title, lines;
    char event_id[17];
    int severity;
};
bool ct_outbox_notice(struct ct_outbox *o, const struct ct_notice *n, int64_t now_ms,
                      struct ct_arena *a, struct ct_alert_delivery *out);
/* The message just made could not be stored: its intents wait as before. */
void ct_outbox_undo(struct ct_outbox *o);
/* Is anything about this alert still waiting? */
bool ct_outbox_needs(const struct ct_outbox *o, int64_t alert);
/* A stored message (row known) is on its way from now on. */
void ct_outbox_begin(struct ct_outbox *o, const struct ct_alert_delivery *d);
/* A message whose next attempt is due, or NULL. It is not offered again before its result. */
const struct ct_alert_delivery *ct_outbox_due(struct ct_outbox *o, int64_t now_ms);

enum ct_sent {
    CT_SENT_OK,
    CT_SENT_RETRY,   /* network, 408, 429, 5xx, a hook that failed */
    CT_SENT_REFUSED, /* any other 4xx, a redirect, a channel that does not exist: no use */
};
/* What became of an attempt. RETRY_AFTER_MS: CT_NONE when not said. RANDOM spreads the retry. The
 * returned row is to be stored. NULL: unknown message. */
const struct ct_alert_delivery *ct_outbox_result(struct ct_outbox *o, int64_t row, enum ct_sent sent,
                                                 int64_t retry_after_ms, const char *answer,
                                                 int64_t now_ms, uint64_t random);
/* Is a message under way, or due until UNTIL_MS? */
bool ct_outbox_busy(const struct ct_outbox *o, int64_t until_ms);
/* Milliseconds until something may be due, at most MOST. */
int64_t ct_outbox_wait(const struct ct_outbox *o, int64_t now_ms, int64_t most);

/* The pause before attempt N + 1 (N failed): 0.5 s x 1.5^N, half to one and a half of it, at most
 * 60 s; RETRY_AFTER_MS wins, at most 10 min. */
int64_t ct_retry_pause(int64_t n, int64_t retry_after_ms, uint64_t random);

#endif
