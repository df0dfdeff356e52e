/* What the samples*.c files share; nobody else includes this. samples.c is the door: it opens and closes, runs
 * statements, and reads what is sealed and what is not as one. samples_fresh.c has what is not sealed yet, in the file
 * and in memory, and writes it; samples_chunk.c reads what is sealed, samples_tails.c the unfinished end of it,
 * samples_span.c a stretch of both; samples_seal.c makes the one into the other. */
#ifndef CT_SAMPLES_PRIV_H
#define CT_SAMPLES_PRIV_H

#include "db/model.h"
#include "db/tails.h"

#define CT_CHUNK_ROWS 128 /* few, as a short window needs one whole; not so few that what each costs besides shows */
#define CT_MOST_SERIES (INT64_C(1) << (63 - CT_SECOND_BITS))
#define CT_MOST_MS ((INT64_C(1) << CT_SECOND_BITS) * 1000)
#define CT_GONE_AGAIN 64 /* in ticks: the sample at this moment is taken away */

enum {
    CT_S_CHUNK_AT,
    CT_S_CHUNK_AFTER,
    CT_S_CHUNKS_BACK,
    CT_S_CHUNK_PUT,
    CT_S_CHUNK_DEL,
    CT_S_TAILS,
    CT_S_TAILS_NEXT,
    CT_S_TAILS_PUT,
    CT_S_TAILS_DEL,
    CT_S_SERIES,
    CT_S_TICKS,
    CT_S_TICK_PUT,
    CT_S_TICK_DEL,
    CT_S_NEWEST,
    CT_S_META,
    CT_S_META_PUT,
    CT_S_DATA_VERSION,
    CT_S_N_SQL
};

/* The unsealed samples of one series, oldest first. */
struct ct_fresh {
    int64_t series;
    struct ct_sample *v;
    uint32_t n, cap;
};

/* A tick that cannot be read. */
struct ct_bad_tick {
    int64_t n, source, at_ms;
};

/* The chunk or the TAIL last looked into, and what looking showed: up to key UPTO none of its series follows it, and up
 * to key NONE that series has none at all. */
struct ct_window {
    bool valid, damaged, tail;
    int64_t key, upto, none;
    struct ct_sample *v;
    size_t n, cap;
};

/* A row of tails, number K. What CHANGED of it is not written yet and has blobs of its OWN. DAMAGED: its series have tails
 * that nobody can read. */
struct ct_tails {
    bool valid, damaged, changed;
    int64_t k;
    struct ct_tail of[CT_TAILS];
    struct ct_buf row, own[CT_TAILS];
};

/* The tail that begins at KEY as it was when it was written. */
struct ct_tail_end {
    int64_t key;
    struct ct_blob_end end;
};

struct ct_put {
    int64_t series;
    struct ct_sample v;
};

struct ct_samples {
    sqlite3 *db;
    sqlite3_stmt *st[CT_S_N_SQL];
    int rc;
    bool sure, loaded; /* looked at in this transaction; at all */
    int64_t version;   /* PRAGMA data_version of what is loaded */
    int64_t sealed, last; /* ticks up to SEALED are gone from the file, up to LAST are loaded */
    int64_t n_ticks, net;
    struct ct_fresh *fresh;
    uint32_t *slot; /* open addressing: index in FRESH + 1 */
    size_t n_fresh, cap_fresh, n_slots, n_rows, put_last; /* PUT_LAST of FRESH */
    struct ct_bad_tick *bad;
    size_t n_bad, cap_bad, told; /* what the first TOLD of them cost is marked in FRESH */
    struct ct_window at;
    bool tailed; /* there is a table of tails: not in layouts before 19 */
    struct ct_tails tails;
    /* of the running commit */
    struct ct_put *dirty;
    size_t n_dirty, cap_dirty;
    int64_t dirty_net, earliest; /* EARLIEST moment written since that was asked */
    /* of sealing: up to tick UPTO, the series ORDER[NEXT..N_ORDER) are still to do */
    int64_t upto, upto_net;
    size_t *order;
    size_t next, n_order;
    struct ct_tail_end *ends; /* of the first N_ENDS of FRESH */
    size_t n_ends;
    struct ct_sample *merged; /* what is being written */
    size_t cap_merged;
    struct ct_sample *span; /* samples_span.c: CT_SPAN_MOST, filled from its end; NULL: not asked yet */
    struct ct_buf blob; /* being written */
};

/* ---- samples.c ---- */

void *ct_s_grown(void *v, size_t n, size_t *cap, size_t size); /* room for one more in a vector of SIZE each */
void ct_s_keep(struct ct_samples *s, int rc);
/* Statement ID with A and B bound as far as it takes them; NULL after a failure. */
sqlite3_stmt *ct_s_use(struct ct_samples *s, int id, int64_t a, int64_t b);
bool ct_s_step(struct ct_samples *s, sqlite3_stmt *st); /* true: a row. Otherwise ST is reset. */
void ct_s_end(sqlite3_stmt *st);
void ct_s_run(struct ct_samples *s, sqlite3_stmt *st);
int64_t ct_s_ask(struct ct_samples *s, sqlite3_stmt *st);
struct ct_span ct_s_blob(sqlite3_stmt *st, int column);
/* Runs statement ID of A and B, and of the blob in hand (s->blob) as its COLUMN-th. */
void ct_s_put_blob(struct ct_samples *s, int id, int64_t a, int64_t b, int column);

/* How many of V[0..N), in the order of time, are at or before T. */
static inline size_t ct_s_until(const struct ct_sample *v, size_t n, int64_t t)
{
    size_t low = 0, high = n;
    if (n && v[n - 1].at_ms <= t)
        return n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v[middle].at_ms <= t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline bool ct_s_usable(int64_t series, int64_t at_ms)
{
    return series > 0 && series < CT_MOST_SERIES && at_ms >= 0 && at_ms < CT_MOST_MS;
}

/* ---- samples_fresh.c ---- */

void ct_s_empty(struct ct_samples *s); /* forgets what is unsealed */
void ct_s_clear(struct ct_samples *s); /* and of what series it was */
bool ct_s_look(struct ct_samples *s);  /* everything that is unsealed is in memory, as of this transaction */
struct ct_fresh *ct_s_fresh(const struct ct_samples *s, int64_t series); /* NULL: nothing */

/* ---- samples_chunk.c ---- */

int64_t ct_s_key(int64_t series, int64_t at_ms);
void ct_s_forget_window(struct ct_samples *s);
/* What lies in the file with the last key up to KEY, or the first from KEY on, of KEY's series becomes the window; false:
 * there is nothing. A tail lies behind all chunks of its series. */
bool ct_s_open_to(struct ct_samples *s, int64_t key);
bool ct_s_open_from(struct ct_samples *s, int64_t key);
/* The same of chunks alone: statement ID of LOW and HIGH finds it. */
bool ct_s_open_chunk(struct ct_samples *s, int id, int64_t a, int64_t b);
/* BLOB, whatever is in it, becomes the chunk of KEY. */
void ct_s_copy_chunk(struct ct_samples *s, int64_t key, struct ct_span blob);
/* The newest sealed sample at or before T. */
bool ct_s_sealed_at(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out);
/* Sealed samples after T, the oldest first: *N of one chunk; NULL: there are none. */
const struct ct_sample *ct_s_sealed_after(struct ct_samples *s, int64_t series, int64_t t, size_t *n);

/* ---- samples_tails.c ---- */

/* The tail of SERIES, borrowed until another one is asked for; NULL: it has none. */
const struct ct_tail *ct_s_tail(struct ct_samples *s, int64_t series);
/* It begins at KEY (0: there is none) and holds BLOB from now on; the row is written when another one is asked for, and
 * before COMMIT by ct_s_write_tails. */
void ct_s_set_tail(struct ct_samples *s, int64_t series, int64_t key, struct ct_span blob);
void ct_s_write_tails(struct ct_samples *s);
void ct_s_forget_tails(struct ct_samples *s);
/* If nobody can read the row with the tail of SERIES, all its series go on behind a damaged chunk. */
void ct_s_bury_tails(struct ct_samples *s, int64_t series);

#endif
