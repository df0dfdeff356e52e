/* The one write connection: one transaction per fetch. Everything a fetch changes (facts, samples,
 * events, source health) commits together or not at all. Owner: the fetcher's thread. No SQL above
 * this header. Schema: db/schema.c. */
#ifndef CT_WRITE_H
#define CT_WRITE_H

#include "db/model.h"

struct ct_writer;

enum ct_open_flags {
    CT_OPEN_BULK = 1, /* import: synchronous=NORMAL, still crash-safe */
    CT_OPEN_UNSAFE_FS = 4, /* also on a network file system: a rollback journal instead of WAL, slower, and readers
                              wait for commits; else that is CT_ERR_IO */
    CT_OPEN_REAL = 8, /* for real sources' data: a simulated market's database is CT_ERR_USAGE */
    CT_OPEN_SIMULATED = 16, /* for a simulated market's: says so in the database, which the demo has just made */
    CT_OPEN_DRY = 2,  /* for dry fetches: neither makes (CT_ERR_NOT_FOUND) nor migrates a database */
};

/* Opens PATH for writing, makes its folder (0700) and file (0600) when missing, migrates an older
 * schema (after a backup PATH.bak-vN). CT_ERR_NEWER: made by a newer program, file untouched;
 * CT_ERR_DB: not a database of ours, or SQLite's message. WHERE in ERR is the path. */
CT_MUST_USE enum ct_status ct_writer_open(const char *path, unsigned flags, struct ct_writer **out,
                                          struct ct_error *err);
/* Gives back what it has only to be fast, such as pages, which the system has as well: nobody will write for a while. */
void ct_writer_rest(struct ct_writer *w);
void ct_writer_close(struct ct_writer *w); /* NULL is fine */

/* One source as configured: its row in the database, keyed by ID. Text is borrowed. */
struct ct_source_conf {
    const char *id;     /* "openai_status": stable, [a-z0-9_] */
    const char *family; /* "incidentio-compat" */
    enum ct_source_kind kind;
    const char *provider; /* "openai": whose state this page tells; "" for price lists of many */
    const char *scope;    /* "api", "cloud", ... what of it; may be "" */
    const char *title;    /* shown to people */
    const char *url;
    const char *terms; /* one line: licence or terms of the data, "" unknown */
    enum ct_evidence evidence;
    int64_t interval_ms;
    bool enabled;
    const char *off_reason; /* "needs LAMBDA_API_KEY"; "" when enabled */
    bool part_of_list; /* answers never show all there is (Vast: the 64 cheapest): rows that vanish
                          are "not seen", never "gone" */
    bool unproven; /* its format is known from documents alone, until an answer has been read */
    int parser;    /* version of what reads it; 0: nothing does */
};

/* Writes the configured sources: new ones appear, changed ones change, absent ones become off ("not
 * configured") and keep their history. Validators are forgotten where the address, the family or the
 * version of its parser is another: what the server says is unchanged was read differently. One
 * transaction. */
CT_MUST_USE enum ct_status ct_write_sources(struct ct_writer *w, const struct ct_source_conf *confs,
                                            size_t n, int64_t now_ms, struct ct_error *err);

/* What the writer remembers for the scheduler. Spans live in ARENA. */
struct ct_source_memory {
    int64_t last_attempt_ms, last_success_ms, next_attempt_ms; /* CT_NONE = never */
    int64_t failures;                                          /* in a row */
    int64_t rows;                                              /* of the last good answer */
    struct ct_span etag, last_modified;                        /* null: send none */
    uint64_t body_hash; /* of the last good answer; 0 = none */
};
CT_MUST_USE enum ct_status ct_write_recall(struct ct_writer *w, const char *source_id,
                                           struct ct_arena *a, struct ct_source_memory *out,
                                           struct ct_error *err);

/* The two measures that tell how the tries of a probe went: 1 or 0, and seconds. */
#define CT_MEASURE_SUCCESS "success"
#define CT_MEASURE_LATENCY "latency"
/* The last tries of a probe, oldest first. */
enum { CT_TRIES_MAX = 240 };
struct ct_tries {
    size_t n;
    struct ct_try {
        bool good;
        int64_t latency_ms; /* until the whole answer was there; CT_NONE: none came */
    } v[CT_TRIES_MAX];
};
/* Those of SOURCE_ID out of the series and the polls that are stored, which outlive a restart. None
 * for a source that has none. */
CT_MUST_USE enum ct_status ct_write_tries(struct ct_writer *w, const char *source_id,
                                          struct ct_tries *out, struct ct_error *err);

enum ct_outcome {
    CT_OUTCOME_OK,           /* a body was read: BATCH holds its rows */
    CT_OUTCOME_NOT_MODIFIED, /* 304 to a validator, or the same body hash: all facts seen again */
    CT_OUTCOME_FAILED, /* nothing was read: ERROR says why; facts stay as they were and grow old */
};

/* One attempt, from request to commit. */
struct ct_seen_event { /* one that a commit made; borrowed for the call */
    enum ct_event_kind kind;
    enum ct_severity severity;
    struct ct_span subject, ref, field, text; /* ref: the row it is about, in the source's words */
};

struct ct_fetch {
    const char *source_id;
    enum ct_outcome outcome;
    int64_t at_ms;             /* when the answer was complete */
    int64_t next_attempt_ms;   /* CT_NONE for imports: nothing is scheduled */
    int http_status;           /* 0: none */
    int64_t bytes, latency_ms; /* decoded body bytes; CT_NONE unknown */
    struct ct_span etag, last_modified;
    uint64_t body_hash;
    const struct ct_batch *batch; /* OK only */
    const char *error;            /* FAILED only: one line */
    bool import; /* recorded data: AT_MS may lie anywhere in the past. Health of the
                    source and "newest facts" only move when nothing newer is stored */
    bool dry;    /* everything is done and then undone: what would this answer change? */
    void (*saw)(void *ctx, const struct ct_seen_event *e); /* or NULL */
    void *saw_ctx;
};

struct ct_commit {
    int64_t rows, changed_rows, samples, events;
    bool suspicious;     /* the rows were held back (reliability.md section 4) */
    bool already_stored; /* an import of what is there: nothing changed */
    char remark[200];    /* why suspicious, for the log and the source's error; "" */
};

/* Commits one attempt. A live one whose AT_MS is not after what is stored (the clock went back) is
 * put right behind it: what is fetched later is newer. Order does not matter for imports: any
 * permutation of the same attempts ends in the same samples and events, and the same attempt twice
 * changes nothing. */
CT_MUST_USE enum ct_status ct_write_fetch(struct ct_writer *w, const struct ct_fetch *f,
                                          struct ct_commit *out, struct ct_error *err);
/* Attempts between these two are one commit: it costs one wait for the disk. RELEASE with KEEP
 * commits them all, and CT_OK says that all of them are there; otherwise none is, and each may be
 * stored by itself. After one that failed nothing is to be kept. */
CT_MUST_USE enum ct_status ct_write_hold(struct ct_writer *w, struct ct_error *err);
CT_MUST_USE enum ct_status ct_write_release(struct ct_writer *w, bool keep, struct ct_error *err);

/* Accepts what is being held back for SOURCE_ID at its next good answer ("user command"). */
CT_MUST_USE enum ct_status ct_write_trust(struct ct_writer *w, const char *source_id,
                                          struct ct_error *err);

/* ---- one fetcher per database: flock on PATH.lock and a lease row that names it ---- */
/* The lock of DATABASE, whose holder alone fetches into it or puts another file in its place: a
 * descriptor to close, or -1 (CT_ERR_BUSY: somebody has it). */
int ct_lock_file(const char *database, struct ct_error *err);
/* The lease of W is to be taken with LOCK, which ct_lock_file gave: between preparing a file and fetching into it nobody
 * else gets hold of it. LOCK is W's from now on. */
void ct_write_hand_lock(struct ct_writer *w, int lock);
struct ct_lease;
/* CT_ERR_BUSY names the holder ("fetcher pid 4121 on HOST, 12s ago"). Not inherited across fork or
 * exec. */
CT_MUST_USE enum ct_status ct_lease_take(struct ct_writer *w, const char *owner, int64_t now_ms,
                                         struct ct_lease **out, struct ct_error *err);
/* Every 10 s. CT_ERR_BUSY: somebody else holds it now; stop writing. */
CT_MUST_USE enum ct_status ct_lease_beat(struct ct_lease *l, int64_t now_ms, struct ct_error *err);
/* The next beats say that this machine's clock is AHEAD_MS before those of the servers asked; CT_NONE: not known. */
void ct_lease_clock(struct ct_lease *l, int64_t ahead_ms);
void ct_lease_drop(struct ct_lease *l); /* NULL is fine */
#define CT_LEASE_BEAT_MS (10 * CT_SECOND)
#define CT_LEASE_STALE_MS (30 * CT_SECOND)

/* WAL checkpoint when idle; truncates above 64 MiB. Cheap when there is nothing to do. */
void ct_write_idle(struct ct_writer *w);
/* All that a fetcher leaves to its idle times, now: for who leaves a whole history behind that is read at NOW_MS. */
CT_MUST_USE enum ct_status ct_write_settle(struct ct_writer *w, int64_t now_ms, struct ct_error *err);


/* ---- retention: [history] of the settings ---- */
struct ct_retention {
    int64_t raw_ms;    /* every change this long; then three an hour, lowest, highest and last */
    int64_t hourly_ms; /* and after that three a day. 0: for ever. Prices keep every change */
};
/* One slice of at most about 20 ms, for when nothing else is to be done; *MORE: there is more now.
 * Cheap when nothing has become old. A clock that is wrong makes nothing old: age is also counted in
 * days on which something was recorded. */
CT_MUST_USE enum ct_status ct_write_retain(struct ct_writer *w, const struct ct_retention *keep,
                                           int64_t now_ms, bool *more, struct ct_error *err);

/* One slice, as long, of keeping ready what prices were an hour, a day, a week and thirty days ago, so that movers
 * need not look into every series: due five minutes after each full hour. *MORE: there is more now. */
CT_MUST_USE enum ct_status ct_write_references(struct ct_writer *w, int64_t now_ms, bool *more,
                                               struct ct_error *err);

#endif
