/* The loop that keeps the tape running: when each source is due, what came back, one commit per
 * attempt. One thread: the one that owns the writer and the network. */
#ifndef CT_FETCHER_H
#define CT_FETCHER_H

#include "db/write.h"
#include "fetchers/family.h"
#include "fetchers/http.h"

struct ct_fetcher;

/* After a commit: what was attempted and what became of it. F's spans and batch live for the call.
 * NULL COMMIT: it could not be stored (ERR of the log says why). */
typedef void ct_after_commit(void *ctx, const struct ct_source *s, const struct ct_fetch *f,
                             const struct ct_commit *commit);

#define CT_DEFAULT_TIMEOUT_MS (30 * CT_SECOND)

struct ct_fetcher_options {
    struct ct_registry *registry; /* the three are borrowed and must outlive the fetcher */
    struct ct_writer *writer;
    struct ct_http *http;
    struct ct_record *record;      /* keeps every answer; or NULL */
    const struct ct_family *const *families; /* to tell what a moved page has become; or NULL */
    const char *owner;             /* of the lease, for people: "fetcher pid 4121" */
    uint64_t seed;                 /* of jitter and spread: same seed, same times */
    int jitter_percent;            /* 0 to 50 */
    int64_t spread_ms;             /* what is due at the start begins within this window */
    int64_t timeout_ms;            /* of sources that leave it at 30 s; 0: 30 s */
    struct ct_retention keep;      /* thinned to that when idle; all 0: nothing is */
    bool once;                     /* every source at most once */
    const char *const *only;       /* ids, NULL-terminated: just these, due or not; NULL: all */
    ct_after_commit *after_commit; /* or NULL */
    void *ctx;
};

/* Takes the lease, writes the configured sources and recalls what was stored of them. CT_ERR_BUSY:
 * another fetcher holds the database (WHAT names it). */
CT_MUST_USE enum ct_status ct_fetcher_new(const struct ct_fetcher_options *o,
                                          struct ct_fetcher **out, struct ct_error *err);
/* Forgets what is under way without recording it, gives the lease back. Free the network handle
 * first: its transfers point here. NULL is fine. */
void ct_fetcher_free(struct ct_fetcher *f);

/* Starts what is due, moves transfers, stores answers, beats the lease; sleeps in one place for at
 * most MAX_WAIT_MS, or until WAKE_FD (-1: none) is readable. CT_ERR_BUSY: the lease is lost,
 * CT_ERR_NOT_FOUND: the file is no more, or another one has its place. Either way nothing may be written any more:
 * free the fetcher. */
CT_MUST_USE enum ct_status ct_fetcher_step(struct ct_fetcher *f, int64_t max_wait_ms, int wake_fd,
                                           bool *woken, struct ct_error *err);

/* Everything becomes due now, but no source within 30 s of its last attempt. */
void ct_fetcher_refresh(struct ct_fetcher *f);

/* Sources under way. */
size_t ct_fetcher_active(const struct ct_fetcher *f);
/* With `once`: true when every source had its turn. */
bool ct_fetcher_done(const struct ct_fetcher *f);

/* S as the database knows it; its off_reason may live in A. */
struct ct_source_conf ct_source_conf_of(const struct ct_source *s, struct ct_arena *a);

#endif
