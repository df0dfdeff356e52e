/* What the verbs of `alerts` share. Main thread. */
#ifndef CT_FETCHER_ALERT_COMMANDS_H
#define CT_FETCHER_ALERT_COMMANDS_H

#include "db/base/arena.h"
#include "db/base/text.h"

struct ct_alert_call {
    struct ct_buf db;
    struct ct_arena *arena;
    const char *config, *span, *comment, *by, *since, *ca; /* as given; NULL: not */
    bool allow_private;
};

/* fetcher_alert_try.c: rules against what is stored. Each returns an exit code. */
int ct_alerts_test(struct ct_alert_call *c, int argc, char **argv);
int ct_alerts_lint(struct ct_alert_call *c, int argc, char **argv);
int ct_alerts_why(struct ct_alert_call *c, int argc, char **argv);

#endif
