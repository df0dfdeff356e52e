/* The fetcher as a child: exec'ed in place of the viewer, or started beside it, watched over a
 * socket that tells each side when the other is gone. UI thread; nothing here waits but
 * ct_keeper_stop. */
#ifndef CT_SPAWN_H
#define CT_SPAWN_H

#include "db/base/err.h"
#include "db/base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Becomes cloudtape-fetcher with ARGV (argv[0] is replaced). Returns only to fail. */
enum ct_status ct_fetcher_exec(char **argv, struct ct_error *err);

/* Starts the program with ARGS (behind its name) beside us and lets it go: nobody has to wait for it.
 * Returns the end of a pipe that brings its words and closes with it, or -1. */
int ct_fetcher_start(const char *const *args);

/* Runs it with ARGS (behind its name) to its end; what it prints goes nowhere, its words to standard error unless QUIET.
 * CT_ERR_IO: it is not there, could not be run or was ended. Sources that failed are no failure. */
CT_MUST_USE enum ct_status ct_fetcher_wait(const char *const *args, bool quiet, struct ct_error *err);

/* Gives the link URL to the program OPENER (a name on PATH, or a path) and lets it go. Links come from feeds and pages:
 * only http and https with a host are given on, every byte that has no place in an address as %XX, and nothing that
 * could be taken for an option. CT_ERR_SYNTAX: no such link; CT_ERR_NOT_FOUND: no such program. */
CT_MUST_USE enum ct_status ct_link_open(const char *opener, struct ct_span url, struct ct_error *err);

/* Keeps one fetcher running: started when none has the database, again with growing pauses when it
 * ends. */
struct ct_keeper {
    const char *const
        *args; /* behind the program's name, without --parent-fd; NULL-terminated, borrowed */
    const char *log_path; /* where its output goes; borrowed */
    pid_t pid;            /* 0: no child */
    int fd;               /* our end of the socket, also without a child; -1: stopped */
    int child_fd;         /* the other end, until a child has it; -1 */
    int failures;         /* ends in a row soon after a start */
    int64_t started_mono_ms, retry_mono_ms;
    char program[1024];
    int64_t log_from;     /* where the child's words begin in the log */
    char message[512]; /* the last thing worth telling */
};

/* Finds the program and makes the socket. CT_ERR_NOT_FOUND says where it was looked for. */
CT_MUST_USE enum ct_status ct_keeper_init(struct ct_keeper *k, const char *const *args,
                                          const char *log_path, struct ct_error *err);
/* Starts the child unless one runs or its pause is not over. CT_OK with k->pid 0: not yet. */
CT_MUST_USE enum ct_status ct_keeper_start(struct ct_keeper *k, struct ct_error *err);
/* To be called when k->fd is readable: takes note of a child that ended. True when it did;
 * k->message says how. */
bool ct_keeper_check(struct ct_keeper *k);
/* SIGTERM, at most 2 s of patience, SIGKILL; closes the socket. Also without a child. */
void ct_keeper_stop(struct ct_keeper *k);

#endif
