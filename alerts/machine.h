/* The life of an alert as a pure machine: facts and time in, transitions and things to tell out
 * (reliability.md section 6). No database, no clock, no memory beyond the life it is given. Any
 * thread. */
#ifndef CT_MACHINE_H
#define CT_MACHINE_H

#include "db/alerts.h"

enum ct_truth { CT_TRUTH_FALSE, CT_TRUTH_TRUE, CT_TRUTH_UNKNOWN };
enum ct_nodata { CT_NODATA_KEEP, CT_NODATA_UNKNOWN, CT_NODATA_FIRE };

struct ct_alert_policy {
    int64_t for_ms, keep_ms; /* keep: fresh false this long before resolved */
    enum ct_nodata nodata;
};

/* One evaluation of one instance. NODATA: keep waits however long the silence of the data lasts;
 * unknown gives up in the end; fire takes it for true. */
struct ct_alert_fact {
    enum ct_truth truth; /* unknown: stale source, missing row, quarantined value */
    enum ct_truth hold;  /* the same against the easier limit that ends a firing alert (rearm) */
    int64_t level;       /* how bad: above the worst so far it is told once more */
    int64_t seen_ms;     /* the observation it rests on; CT_NONE when unknown */
    bool silenced, inhibited;
};

struct ct_alert_clock {
    int64_t now_ms;  /* wall clock: for people only */
    int64_t boot_ms; /* this evaluation; and the one before in this process, CT_NONE: none */
    int64_t last_boot_ms;
    bool warm; /* this instance had a fresh evaluation since the process started */
    int64_t gap_ms; /* the longest pause between two evaluations that was watched; 0: CT_ALERT_GAP_MS */
};

struct ct_alert_step {
    struct {
        int was, now;
        const char *why; /* for people */
    } change[2];
    size_t n_changes;
    bool tell[CT_TELL_FLAP_OFF + 1]; /* what is worth an intent, at most two of them; no repeats */
};

#define CT_ALERT_GAP_MS (60 * CT_SECOND)         /* a longer pause was not watched: it counts 0 */
#define CT_ALERT_SHOWN_MS (15 * CT_MINUTE)       /* resolved stays */
#define CT_ALERT_PENDING_UNKNOWN_MS CT_HOUR      /* then inactive */
#define CT_ALERT_FIRING_UNKNOWN_MS CT_DAY        /* then closed, recovery not seen */
#define CT_ALERT_KEEP_MS (5 * CT_MINUTE)         /* default of `clear` */
#define CT_REPEAT_MS (4 * CT_HOUR)               /* default of `remind` */
#define CT_ALERT_OLD_MS CT_DAY                   /* older state is not trusted at a start */

/* A life that has not begun. */
struct ct_alert_life ct_alert_born(int64_t now_ms);
/* What a life becomes when it is loaded at a start, SAVED_MS being when it was last stored: too old
 * a pending one is dropped (false), a firing one is kept as unknown. */
bool ct_alert_wake(struct ct_alert_life *l, int64_t saved_ms, int64_t now_ms);
void ct_alert_step(struct ct_alert_life *l, const struct ct_alert_policy *p,
                   const struct ct_alert_fact *f, const struct ct_alert_clock *c,
                   struct ct_alert_step *out);
/* Nothing worth keeping: inactive, no flapping in sight, no memory. */
bool ct_alert_idle(const struct ct_alert_life *l);
/* hash(instance, episode, kind, number) in 16 hex digits: receivers can drop doubles. */
void ct_event_id(char out[17], int64_t alert, int64_t episode, int kind, int64_t n);

#endif
