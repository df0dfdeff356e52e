/* Plugs the alerts into the fetcher's loop, and their settings into the alerts: [alert NAME],
 * [notify NAME], [scope], [watch]. Main thread. */
#ifndef CT_FETCHER_ALERTS_H
#define CT_FETCHER_ALERTS_H

#include "alerts/channel.h"
#include "alerts/rules.h"
#include "fetchers/fetcher.h"

/* Rules and channels as configured. */
struct ct_alert_config {
    struct ct_rules *rules;
    struct ct_channels *channels;
    int problems;
};
/* From FILE, or the usual settings. What is wrong is said on stderr, a line each. HTTP may be NULL. */
void ct_alert_config_load(const char *file, bool allow_private, struct ct_http *http,
                          struct ct_alert_config *out);
/* What rules mean by "watch", in A. */
void ct_alert_scope(const char *file, struct ct_arena *a, struct ct_rule_scope *out);
/* A few rules for the simulated market, which tells nobody outside. */
void ct_alert_config_demo(struct ct_alert_config *out);
void ct_alert_config_free(struct ct_alert_config *c);
/* Puts the rules on record as known since AT_MS, as what asks them does when it starts. */
CT_MUST_USE enum ct_status ct_alert_config_record(const struct ct_alert_config *c, struct ct_writer *w, int64_t at_ms,
                                                  struct ct_error *err);

struct ct_fetcher_alerts;
/* CT_OK and *OUT, or why alerts cannot run (the fetcher goes on without). CONFIG becomes its own,
 * also when it fails. */
CT_MUST_USE enum ct_status ct_fetcher_alerts_new(const struct ct_alert_config *config,
                                                 const char *db, struct ct_writer *w, bool once,
                                                 struct ct_fetcher_alerts **out,
                                                 struct ct_error *err);
/* From now on FILE (NULL: the usual settings) is looked at every 15 s and read again when it changed.
 * HTTP (borrowed) is for the alerts alone: fetching has another, so that neither waits for the other;
 * ct_fetcher_alerts_step moves it. */
void ct_fetcher_alerts_follow(struct ct_fetcher_alerts *a, const char *file, bool allow_private,
                              struct ct_http *http);
/* For fetch --once, behind the fetches (A made with ONCE): asks all rules and gives the messages ten
 * seconds or so to go by HTTP or otherwise. What is left stays queued for the next fetcher. */
CT_MUST_USE enum ct_status ct_fetcher_alerts_finish(struct ct_fetcher_alerts *a, struct ct_http *http,
                                                    struct ct_error *err);
void ct_fetcher_alerts_free(struct ct_fetcher_alerts *a); /* NULL is fine */
/* For ct_fetcher_options.after_commit; CTX may be NULL. */
void ct_fetcher_alerts_commit(void *ctx, const struct ct_source *s, const struct ct_fetch *f,
                              const struct ct_commit *commit);
/* Does what is due; returns how long the loop may sleep, at most MOST_MS. NULL: MOST_MS. */
int64_t ct_fetcher_alerts_step(struct ct_fetcher_alerts *a, int64_t most_ms);

#endif
