/* What is kept of alerts: instances and their lives, changes of state, intents to tell somebody,
 * messages and their delivery, silences and acknowledgements. One transaction an evaluation: a
 * change of state and the intents it causes are stored together or not at all. Owner of all but
 * acks and silences: the holder of the lease. Schema: db/schema.c, step 2. */
#ifndef CT_ALERTS_H
#define CT_ALERTS_H

#include "db/read.h"
#include "db/write.h"

enum ct_alert_state {
    CT_ALERT_INACTIVE,
    CT_ALERT_PENDING,
    CT_ALERT_FIRING,
    CT_ALERT_RESOLVED, /* shown for 15 minutes, then inactive */
};
/* Facts beside the state: none of them changes it. */
enum ct_alert_flags {
    CT_ALERT_UNKNOWN = 1,   /* the last evaluation could not tell */
    CT_ALERT_SILENCED = 2,  /* a silence covers it */
    CT_ALERT_INHIBITED = 4, /* another alert explains it */
    CT_ALERT_FLAPPING = 8,
    CT_ALERT_EVIDENCE = 16, /* the last fresh evaluation said true */
    CT_ALERT_UNTOLD = 32,   /* fires, was silenced or inhibited, and is not told since */
};
enum ct_alert_kind { /* of intents and messages */
    CT_TELL_FIRING,
    CT_TELL_REPEAT,
    CT_TELL_RESOLVED,
    CT_TELL_FLAP_ON,
    CT_TELL_FLAP_OFF,
    CT_TELL_NOTICE, /* of messages only: a word to people, about no change of an alert */
};
enum ct_intent_state {
    CT_INTENT_QUEUED,
    CT_INTENT_SENT, /* in a message: that one's state counts */
    CT_INTENT_SUPERSEDED,
    CT_INTENT_DROPPED, /* the queue was full */
};
enum ct_delivery_state { CT_DELIVERY_QUEUED, CT_DELIVERY_DONE, CT_DELIVERY_FAILED };
extern const char *const ct_alert_state_words[]; /* "inactive", "pending", ... */
/* Pending or firing: what a silence or an ack can still be about. */
bool ct_alert_is_open(int state);
extern const char *const ct_alert_kind_words[];  /* "firing", "repeat", ... */
extern const char *const ct_intent_state_words[];
extern const char *const ct_delivery_state_words[];

#define CT_DAY_MINUTES 1440
#define CT_ALERT_GROUP_MS (5 * CT_MINUTE) /* between messages of one group: reminders keep whole ones */
#define CT_ALERT_WINDOW 21 /* observations that flapping looks at */

/* The life of one instance: all that the next evaluation needs to know. */
struct ct_alert_life {
    int state;
    unsigned flags;
    int64_t episode;    /* counts firings */
    int64_t since_ms;   /* wall clock: when the state began */
    int64_t fired_ms;   /* of the running or last episode; CT_NONE: never */
    int64_t held_ms;    /* observed time of evidence for the next change */
    int64_t unknown_ms; /* observed time without an answer */
    int64_t level;      /* the worst of this episode (a state's rank); 0 */
    int64_t tells;      /* firing messages asked for in this episode: escalations, silences ended */
    int64_t seen_ms;    /* the newest observation counted; CT_NONE */
    uint32_t history;   /* newest lowest: observations in which it fired or resolved */
    int64_t memory;     /* last fresh value of A->B; CT_NONE */
    int latch;          /* the last change of that value was A->B */
};

struct ct_alert_instance {
    int64_t id; /* hash of rule and labels, 48 bits: 12 hex digits for people */
    struct ct_span rule, subject;
    struct ct_span labels; /* "gpu=H100", "provider=aws", ... sorted, separated by 0x1f */
    struct ct_span provider, grp; /* GRP: messages of one group go out together */
    struct ct_span channels;      /* separated by 0x1f */
    int severity;                 /* enum ct_severity */
    struct ct_span text;          /* what is the matter now, one line */
    struct ct_span url, series;   /* null when there is none */
    int64_t remind_ms;            /* of its rule; 0: never */
    int64_t quiet;                /* minutes of the local day, from * 1440 + to, in which nothing is told; from = to: none */
    struct ct_alert_life life;
    int64_t saved_ms;
};

struct ct_alert_change {
    int64_t alert, at_ms, episode;
    struct ct_span rule, subject, text;
    int severity, was, now;
};

struct ct_alert_intent {
    int64_t row; /* 0: new */
    char event_id[17];
    int64_t alert, episode, n, at_ms, delivery;
    int kind, severity, state;
    struct ct_span channel, grp, text;
    int64_t done_ms; /* of its delivery; CT_NONE: queued, or still being tried */
};

/* A message: one or many intents of one group and channel. */
struct ct_alert_delivery {
    int64_t row; /* 0: new */
    char event_id[17];
    struct ct_span channel, grp, title, text /* lines */, json /* alerts/outbox.h */;
    int kind, severity, state;
    int64_t at_ms, attempts, next_ms, done_ms;
    struct ct_span answer; /* of the last attempt: "200", "timeout" */
};

struct ct_silence {
    int64_t id;
    struct ct_span matchers; /* "provider=gcp region=us*": all must hold, globs */
    struct ct_span author, comment;
    int64_t from_ms, to_ms, made_ms;
    int64_t matched_ms; /* last time it covered an open alert; CT_NONE */
    int ended;          /* by hand, or because it matched nothing for an hour */
};

/* ---- writing ---- */

/* What one evaluation or one round of deliveries changed. Arrays are borrowed. */
struct ct_alert_batch {
    const struct ct_alert_instance *keep; /* stored anew or over what is there */
    size_t n_keep;
    const int64_t *forget;
    size_t n_forget;
    const struct ct_alert_change *changes;
    size_t n_changes;
    struct ct_alert_intent *intents; /* row 0: added (ROW is set); else its state and delivery */
    size_t n_intents;
    struct ct_alert_delivery *delivery; /* NULL; row 0: added, and given to intents with delivery -1 */
};
CT_MUST_USE enum ct_status ct_write_alerts(struct ct_writer *w, struct ct_alert_batch *b,
                                           int64_t now_ms, struct ct_error *err);
/* When a rule was first evaluated; WHEN is what it says: a changed rule is a new one. */
CT_MUST_USE enum ct_status ct_write_alert_rule(struct ct_writer *w, struct ct_span rule,
                                               struct ct_span when, int64_t now_ms,
                                               int64_t *first_ms, struct ct_error *err);
/* The last episode that is known of an instance that was forgotten meanwhile, 0: none. The next one
 * counts on: event ids, acknowledgements and intents of another time are not its own. */
CT_MUST_USE enum ct_status ct_write_alert_episode(struct ct_writer *w, int64_t alert, int64_t *episode,
                                                  struct ct_error *err);
/* CT_ERR_NOT_FOUND: no firing alert begins with these hex digits; CT_ERR_USAGE: several do. */
CT_MUST_USE enum ct_status ct_write_ack(struct ct_writer *w, struct ct_span id,
                                        struct ct_span author, struct ct_span comment,
                                        int64_t now_ms, struct ct_error *err);
CT_MUST_USE enum ct_status ct_write_silence(struct ct_writer *w, struct ct_silence *s,
                                            struct ct_error *err);
/* Moves the end of silence ID (to now: it ends). CT_ERR_NOT_FOUND. */
CT_MUST_USE enum ct_status ct_write_silence_end(struct ct_writer *w, int64_t id, int64_t to_ms,
                                                int64_t now_ms, struct ct_error *err);
/* Covered an alert just now. */
CT_MUST_USE enum ct_status ct_write_silence_matched(struct ct_writer *w, int64_t id, int64_t now_ms,
                                                    struct ct_error *err);
/* Changes of more than 400 days, deliveries and intents done for 90 days, silences that ended 5
 * days ago go. */
CT_MUST_USE enum ct_status ct_write_alerts_tidy(struct ct_writer *w, int64_t now_ms,
                                                struct ct_error *err);

struct ct_alert_acked {
    int64_t alert, episode;
};

/* What the holder of the lease starts from; all into A. */
struct ct_alert_memory {
    struct ct_alert_instance *instances;
    size_t n_instances;
    struct ct_alert_intent *intents; /* queued, and those of the present episode of what fires;
                                        oldest first */
    size_t n_intents;
    struct ct_alert_delivery *deliveries; /* queued, and all of the last day; oldest first */
    size_t n_deliveries;
    struct ct_silence *silences; /* not ended */
    size_t n_silences;
    struct ct_alert_acked *acks; /* of what fires */
    size_t n_acks;
};
CT_MUST_USE enum ct_status ct_write_alerts_recall(struct ct_writer *w, int64_t now_ms,
                                                  struct ct_arena *a, struct ct_alert_memory *out,
                                                  struct ct_error *err);
/* Only the silences and acks: people change them while it runs. */
CT_MUST_USE enum ct_status ct_write_alert_people(struct ct_writer *w, int64_t now_ms,
                                                 struct ct_arena *a, struct ct_alert_memory *out,
                                                 struct ct_error *err);

/* ---- reading ---- */

struct ct_alert_row { /* open ones: pending, firing, just resolved */
    struct ct_span id, rule, subject, provider, text, labels, channels, url, series;
    int state, severity;
    int unknown, silenced, inhibited, flapping, acked;
    int64_t since_ms, fired_ms, age_s, episode, held_ms;
    int64_t memory; /* of its life, as is the next */
    int latch;
    struct ct_span acked_by, acked_comment;
    int64_t acked_ms, silenced_until_ms;
    struct ct_rows deliveries; /* struct ct_delivery_row of this episode, newest first */
    struct ct_span sent;       /* "ops ok", "FAILED 2", "-" */
    int64_t failed;            /* deliveries that failed in this episode */
    int64_t remind_ms;         /* how often it is told again while it fires and nobody has it; 0: never; CT_NONE: not recorded */
    int64_t next_ms;           /* when next, if nothing changes; CT_NONE: not before something does */
    struct ct_span next_to;    /* "ops, bell" */
    int escalates;             /* about a state that can get worse: then it is told once more at once */
    struct ct_span incident;   /* title of the worst open one that touches what it is about, URL is its link; null */
};
extern const struct ct_table ct_alert_table;

struct ct_delivery_row {
    int64_t at_ms, done_ms, attempts, next_ms;
    struct ct_span event_id, channel, title, answer;
    int kind, state;
};
extern const struct ct_table ct_delivery_table;

struct ct_silence_row {
    int64_t id, from_ms, to_ms, made_ms, matches;
    struct ct_span matchers, author, comment;
    int active;
};
extern const struct ct_table ct_silence_table;

struct ct_alert_change_row { /* what an alert did */
    int64_t id, at_ms, episode;
    struct ct_span alert, rule, subject, text;
    int severity, was, state;
};
extern const struct ct_table ct_alert_change_table;

ct_load_fn ct_read_alerts /* worst first, then oldest; Q->gone: inactive ones with a memory too */,
    ct_read_silences /* active ones, and those that ended in the last day */,
    ct_read_deliveries /* newest first; subject: a channel or all; limit, 0 = 200 */,
    ct_read_alert_changes /* newest first; subject: 12 hex digits, rule or all; window; limit */;

/* The past of one alert: its subject under its rule. */
struct ct_alert_past {
    int64_t fired;       /* times, in the 90 days before Q's moment */
    int64_t median_ms;   /* of those that ended; CT_NONE */
    int64_t last_ms;     /* the last one that ended began then; CT_NONE */
};
CT_MUST_USE enum ct_status ct_read_alert_past(struct ct_reader *r, const struct ct_query *q,
                                              struct ct_span id, struct ct_alert_past *out,
                                              struct ct_error *err);

/* What line 1 says. */
struct ct_alert_count {
    int64_t firing_new, acked, muted, pending, held /* another alert explains them */,
        no_data /* open, and whether they still hold cannot be told: in none of the others */, failed /* deliveries, last 24 h, open alerts */;
    int64_t next_end_ms; /* of the silence that ends first; CT_NONE */
    int64_t fired_last_ms;
    int64_t rules; /* evaluated at least once */
};
CT_MUST_USE enum ct_status ct_read_alert_count(struct ct_reader *r, const struct ct_query *q,
                                               struct ct_arena *a, struct ct_alert_count *out,
                                               struct ct_error *err);

/* ---- both ---- */

/* The value of label KEY, null when there is none. */
struct ct_span ct_alert_label(struct ct_span labels, struct ct_span key);
/* Do LABELS (as an instance has them) satisfy MATCHERS? CT_ERR_USAGE from the check names the bad
 * one: "KEY=GLOB" separated by blanks, at least one, KEY of [a-z_]. */
bool ct_silence_covers(struct ct_span matchers, struct ct_span labels);
CT_MUST_USE enum ct_status ct_silence_check(struct ct_span matchers, struct ct_error *err);
/* When a channel hears again of what fires: every REMIND_MS (0: never), rounded up to whole CT_ALERT_GROUP_MS,
 * after the last message of this episode that was done there; CT_NONE: none was, or one is on its way. Begin with
 * CT_ALERT_UNTOLD_YET, call ct_alert_told for each of its intents there (enum ct_intent_state, and when its
 * message was done). */
struct ct_alert_told {
    int64_t last_ms;
    bool waits;
};
#define CT_ALERT_UNTOLD_YET {CT_NONE, false}
void ct_alert_told(struct ct_alert_told *t, int intent_state, int64_t done_ms);
int64_t ct_alert_remind_at(const struct ct_alert_told *t, int64_t remind_ms);
#define CT_SILENCE_LONGEST (30 * CT_DAY)
#define CT_ALERT_ID_MAX 13
void ct_alert_id(char out[CT_ALERT_ID_MAX], int64_t id); /* 12 hex digits */

#endif
