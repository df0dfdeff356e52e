/* Recordings: every raw answer kept as it came, and given back later. A recording is a folder:
 *
 *   SOURCE/TIME.PAGE.head       what was asked and how it was answered: lines "name: value"
 *   SOURCE/TIME.PAGE.body.gz    the decoded body, where there was one
 *
 * TIME is when the attempt began, "2026-11-22T14-30-05.123Z": `import FAMILY --at name --source
 * SOURCE` with the names of the bodies reads them again. Keys are overwritten with '*'
 * wherever they stand, cookies are left out, files are for their owner only. Fetcher's thread. */
#ifndef CT_RECORD_H
#define CT_RECORD_H

#include "fetchers/family.h"
#include "fetchers/http.h"

#include "db/base/arena.h"

enum { CT_SECRETS_MAX = 3 };
/* What is asked stands in an ADDRESS without its key; ANSWER.headers may be null. */
struct ct_exchange {
    const struct ct_source *s;
    const char *address;
    const char *secrets[CT_SECRETS_MAX + 1]; /* to be overwritten wherever they show; NULL ends them */
    int64_t begun_ms, ended_ms;
    int page; /* from 1 */
    const struct ct_http_answer *answer;
};

struct ct_record;
/* Makes DIR (0700) when it is missing. */
CT_MUST_USE enum ct_status ct_record_open(const char *dir, struct ct_record **out,
                                          struct ct_error *err);
void ct_record_close(struct ct_record *r); /* NULL is fine */
/* Keeps X. What cannot be written is logged and ends the recording, not the fetching; so does
 * CT_RECORD_BYTES on the disk. */
void ct_record_keep(struct ct_record *r, const struct ct_exchange *x);
/* An answer of ID is kept already: a later "not modified" has something to refer to. */
bool ct_record_knows(const struct ct_record *r, const char *id);
#define CT_RECORD_BYTES ((int64_t)4 << 30)

/* ---- back again ---- */

/* One attempt at one source. */
struct ct_replay_attempt {
    const char *id;
    int64_t begun_ms, ended_ms;
    int pages;
};

struct ct_replay;
/* Reads the heads of DIR. CT_ERR_NOT_FOUND: no such folder; CT_ERR_SHAPE: nothing recorded in it.
 */
CT_MUST_USE enum ct_status ct_replay_open(const char *dir, struct ct_replay **out,
                                          struct ct_error *err);
void ct_replay_close(struct ct_replay *r); /* NULL is fine */
size_t ct_replay_count(const struct ct_replay *r);
/* In the order in which they ended. */
const struct ct_replay_attempt *ct_replay_at(const struct ct_replay *r, size_t i);
/* Answer PAGE (from 1) of attempt I into OUT, which borrows from R until the next call. */
CT_MUST_USE enum ct_status ct_replay_page(struct ct_replay *r, size_t i, int page,
                                          struct ct_http_answer *out, struct ct_error *err);
/* A line of the head of attempt I ("family", "provider", ...); null when it has none. */
struct ct_span ct_replay_value(const struct ct_replay *r, size_t i, const char *name);

#endif
