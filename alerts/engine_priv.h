/* Shared by engine.c and people.c. Nobody else includes it. */
#ifndef CT_ENGINE_PRIV_H
#define CT_ENGINE_PRIV_H

#include "alerts/engine.h"

struct live {
    struct ct_alert_instance i; /* text is owned */
    const struct ct_rule *rule;
    struct ct_alert_fact fact;
    int64_t last_boot_ms; /* of its last evaluation; CT_NONE: none in this process */
    bool warm, changed, judged, stored;
};

/* What is known of a rule while it runs. */
struct rule_run {
    int64_t first_ms, asked_boot_ms;
    bool asked, dirty;
};

struct ct_engine {
    struct ct_engine_options o;
    struct ct_reader *reader;
    struct live **v; /* by id */
    size_t n, cap;
    struct rule_run *runs;
    struct ct_outbox *outbox;
    struct ct_arena *people; /* silences and acks */
    struct ct_alert_memory memory;
    struct ct_alert_change *changes; /* not stored yet; text is owned */
    size_t n_changes, cap_changes;
    int64_t last_now_ms, last_boot_ms, tidy_boot_ms, jumped_boot_ms, gone_boot_ms;
    uint64_t random;
    int64_t now_ms, boot_ms;
};

/* Reads silences and acks again, ends silences that cover nothing. */
void ct_engine_people(struct ct_engine *e);
/* Does a silence cover it? Remembers that it was of use. */
bool ct_engine_silenced(struct ct_engine *e, const struct ct_alert_instance *i);
bool ct_engine_acked(const struct ct_engine *e, const struct ct_alert_instance *i);
/* A word about each silence that ends soon, to whom its end will concern: stored and on its way. */
void ct_engine_warn(struct ct_engine *e);

#endif
