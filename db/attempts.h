/* The live attempts of a source, packed: a row of table attempts holds up to CT_ATTEMPTS_MOST neighbours, oldest
 * first. An attempt is a dozen numbers most of which are those of the one before it. For db/ only. */
#ifndef CT_ATTEMPTS_H
#define CT_ATTEMPTS_H

#include "db/codec.h"
#include "db/schema.h"

#include <sqlite3.h>

struct ct_attempt {
    int64_t at_ms, outcome /* enum ct_poll_outcome */, http_status, bytes, rows, changed_rows, latency_ms;
    int64_t next_ms;  /* when the next was due then */
    int64_t data_ms;  /* the newest answer's own time by then */
    int64_t left_out; /* of the newest good answer by then */
    struct ct_span error;
};
enum { CT_ATTEMPTS_MOST = 64 };

/* A row's columns b and errors of V[0..N), N of 1 to CT_ATTEMPTS_MOST, moments ascending. */
void ct_attempts_pack(struct ct_buf *blob, struct ct_buf *errors, const struct ct_attempt *v, size_t n);
/* The other way round, into V of CT_ATTEMPTS_MOST; how many there are, 0: damaged. Texts are parts of ERRORS. */
size_t ct_attempts_unpack(struct ct_span blob, struct ct_span errors, struct ct_attempt *v);

#define CT_ATTEMPTS_PUT "INSERT OR REPLACE INTO attempts (source_id, from_ms, b, errors) VALUES (?1,?2,?3,?4)"

/* From table attempt of layout 6 and later. SQLite's result code. */
int ct_attempts_from_rows(sqlite3 *db);

#endif
