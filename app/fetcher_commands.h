/* The commands of cloudtape-fetcher. Each takes the arguments behind its name and returns an exit
 * code of contract.md section 1. Main thread. */
#ifndef CT_FETCHER_COMMANDS_H
#define CT_FETCHER_COMMANDS_H

#include "db/write.h"
#include "fetchers/family.h"

enum { EXIT_WORKED = 0, EXIT_ERROR = 1, EXIT_USAGE = 2 };

int ct_cmd_fetch(int argc, char **argv);
/* A line about one attempt on standard output, its trouble on standard error. */
void ct_print_attempt(const struct ct_source *s, const struct ct_fetch *f,
                      const struct ct_commit *c);
struct ct_watch;
/* `fetch --replay DIR`: every recorded attempt into the database DB at its own time, SPEED times as
 * fast as it was (0: without waiting). Stops when W says so. Returns an exit code. */
int ct_replay_run(const char *dir, int64_t speed, const char *db, struct ct_registry *reg,
                  struct ct_watch *w);
int ct_cmd_check_sources(int argc, char **argv);
int ct_cmd_test_source(int argc, char **argv);
int ct_cmd_parse(int argc, char **argv);
int ct_cmd_import(int argc, char **argv);
int ct_cmd_alert_work(int argc, char **argv); /* alerts ack, silence, test, lint, ... */
int ct_cmd_check(int argc, char **argv);
/* app/fetcher_desktop.c: what the desktop channel starts; not for people. */
int ct_cmd_desktop(int argc, char **argv);
int ct_cmd_demo(int argc, char **argv); /* demo/demo.c */

/* ---- what they share (fetcher_args.c) ---- */

/* One option "--NAME": TEXT takes a value ("--name value" or "--name=value"), FLAG none. */
struct ct_arg {
    const char *name; /* NULL ends a table */
    const char **text;
    bool *flag;
};
/* Reads options anywhere in ARGV; what is left moves to its front, *ARGC counts it. "--" ends the
 * options. False after a line of complaint. */
bool ct_args(int *argc, char **argv, const struct ct_arg *args);

/* "cloudtape: WHERE: WHAT" on stderr, on one line. The first two return CODE. */
int ct_complain(int code, const char *where, const char *fmt, ...) CT_PRINTF(3, 4);
int ct_complain_err(int code, const struct ct_error *err);

/* CT_OK, or CT_ERR_USAGE with the nearest name. */
CT_MUST_USE enum ct_status ct_source_named(struct ct_registry *reg, const char *id,
                                           struct ct_error *err);
/* FAMILY, or NULL after a complaint that names the nearest. */
const struct ct_family *ct_family_arg(const char *name);

#endif
