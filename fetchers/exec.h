/* A source that is a program on this machine: started without a shell, read to the end, ended in
 * time. Many at once, nobody waits: the owner calls ct_exec_poll now and then. Fetcher's thread. */
#ifndef CT_EXEC_H
#define CT_EXEC_H

#include "db/base/arena.h"
#include "db/base/money.h"

#include <stdbool.h>
#include <stdint.h>

/* The words of TEXT, NULL-terminated, in ARENA: separated by blanks, '...' and "..." hold blanks
 * together, nothing else means anything (no variables, no globs, no escapes). NULL: a quote that
 * does not end, no word at all, or more than 64. ERR may be NULL. */
char **ct_command_words(struct ct_arena *a, struct ct_span text, struct ct_error *err);

struct ct_exec;
struct ct_exec *ct_exec_new(void);
void ct_exec_free(
    struct ct_exec *x); /* kills what still runs, without calling back; NULL is fine */

struct ct_exec_request {
    char *const *argv; /* argv[0] is a whole path */
    char *const *env;  /* added to PATH, HOME and LANG; NULL-terminated, or NULL */
    struct ct_span input; /* its standard input; null: /dev/null */
    size_t max_bytes;  /* of its output; more ends it with CT_ERR_LIMIT ... */
    bool drop_rest;    /* ... or goes unheard */
    bool secret; /* what it prints is nobody's business: wiped afterwards, and no word of it in errors */
    int64_t total_ms;  /* then it is killed with all that it started */
};

struct ct_exec_answer {
    enum ct_status status; /* CT_OK: it ended with 0; else ERR says how */
    struct ct_span output; /* borrowed for the callback */
    int64_t latency_ms;
    struct ct_error err; /* with the last line it wrote to standard error */
};
typedef void ct_exec_done(void *ctx, const struct ct_exec_answer *answer);

/* Starts the program in a process group of its own, in "/", with no other open files than
 * its three and no core dumps. Fails at once when it cannot be started. */
CT_MUST_USE enum ct_status ct_exec_start(struct ct_exec *x, const struct ct_exec_request *req,
                                         ct_exec_done *done, void *ctx, struct ct_error *err);
/* Reads what has arrived and calls back for what has ended. Never waits. */
void ct_exec_poll(struct ct_exec *x);
size_t ct_exec_running(const struct ct_exec *x);

#endif
