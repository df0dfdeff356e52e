/* Shared by outbox.c, which decides what goes when, and compose.c, which finds the words. Nobody else
 * includes it. */
#ifndef CT_OUTBOX_PRIV_H
#define CT_OUTBOX_PRIV_H

#include "alerts/outbox.h"

struct entry {
    struct ct_alert_intent i; /* text is owned */
    bool changed;
    bool over; /* told, and its end was told */
};

struct message {
    struct ct_alert_delivery d; /* text is owned */
    bool flying;
};

struct ct_outbox {
    struct entry *v;
    size_t n, cap;
    struct message *m;
    size_t n_m, cap_m;
    struct ct_alert_intent *changed; /* copies handed out */
    size_t *changed_at, n_changed;
    ct_channel_digests *digests;
    void *digests_ctx;
    char **throttled; /* channels over their limit */
    size_t n_throttled;
    bool at_once;
};

/* What a message is made of. */
struct parts {
    struct entry **v;
    size_t n, count[CT_TELL_FLAP_OFF + 1];
    int severity;
};

/* What P says: title, text and JSON of D, into ARENA. Puts the worst first. */
void ct_outbox_compose(const struct parts *p, ct_intent_of *of, void *ctx, struct ct_arena *arena,
                       struct ct_alert_delivery *d);

#endif
