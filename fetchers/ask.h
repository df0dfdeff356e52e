/* One attempt at a source: its pages fetched one after the other (or its program run), unpacked,
 * and read into rows. Nothing here knows when, or what becomes of the rows. Fetcher's thread. */
#ifndef CT_ASK_H
#define CT_ASK_H

#include "db/write.h"
#include "fetchers/exec.h"
#include "fetchers/family.h"
#include "fetchers/http.h"
#include "fetchers/probe.h"
#include "fetchers/record.h"

enum { CT_PAGES_MAX = 50 };

struct ct_ask;
struct ct_stream;
/* Called once, from ct_http_poll or ct_exec_poll or, when nothing could be asked, ct_ask_start. */
typedef void ct_ask_done(void *ctx, struct ct_ask *a);

struct ct_ask {
    /* filled by the caller, borrowed until the end */
    const struct ct_source *s;
    struct ct_http *http;
    struct ct_exec *exec;
    const struct ct_family *const *families; /* to tell what a moved page has become; or NULL */
    struct ct_record *record;     /* keeps every answer; NULL: none does */
    struct ct_replay *replay;     /* answers instead of network and program; NULL: they do */
    size_t replay_attempt;        /* which of it */
    int64_t timeout_ms;           /* of sources that have none of their own; 0: 30 s */
    struct ct_source_memory last; /* what the last good answer was; zero: ask plainly */
    const struct ct_tries *tries; /* earlier ones, of a probe; NULL: there are none */
    ct_ask_done *done;
    void *ctx;

    /* the result, for the call of DONE and until ct_ask_free */
    enum ct_outcome outcome;
    struct ct_batch batch; /* of CT_OUTCOME_OK */
    char error[520];       /* of CT_OUTCOME_FAILED; one line */
    int64_t retry_after_ms;
    int64_t ahead_ms;       /* ct_http_answer's, of the last answer */
    int64_t ended_ms;       /* when the last answer was complete */
    int pages, http_status; /* PAGES counts those that arrived */
    int64_t bytes, latency_ms;
    uint64_t hash;
    struct ct_span etag, last_modified; /* of the first page */

    /* its own */
    struct ct_arena *arena;
    char *key; /* what the source's key_command printed; wiped at the end */
    struct ct_stream *stream; /* of a family that streams; NULL before an answer begins */
    struct ct_buf url, unpacked, more; /* MORE: fields behind the body, of a further page */
    uint64_t links[CT_PAGES_MAX];
    bool sent_validators;
    int64_t begun_ms;
    int asked; /* requests so far */
};

/* The fields of the caller must be set and everything else zero. */
void ct_ask_start(struct ct_ask *a);
/* Forgets rows and buffers. A request under way must have ended: free the network handle first. */
void ct_ask_free(struct ct_ask *a);

/* A file or the environment has the key S needs, or a program is asked for it, or S needs none. */
bool ct_source_has_key(const struct ct_source *s);

/* The hash under which a good answer of S is remembered: of its bytes (HASH so far, 0 at first), of
 * how it was asked and of the program that read it, so that a better parser reads it again. */
uint64_t ct_body_hash(const struct ct_source *s, uint64_t hash, struct ct_span body);
/* The same of a document that was read as a stream, in whatever pieces. */
uint64_t ct_stream_source_hash(const struct ct_source *s, const struct ct_stream *stream);

#endif
