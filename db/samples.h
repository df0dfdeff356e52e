/* The samples of every series: the value in force from a moment on, one sample a change. The only
 * door to them: nobody else knows how they lie in the file. One store a connection, on the thread
 * of that connection; it reads inside the transaction its owner began.
 *
 * Failures are sticky, as in the writer: after the first one everything says "nothing there" until
 * the next ct_samples_begin, and the owner looks once, at its end. */
#ifndef CT_SAMPLES_H
#define CT_SAMPLES_H

#include "db/schema.h"

#include <stdbool.h>
#include <stdint.h>

struct ct_sample {
    int64_t at_ms, value; /* CT_NONE: no number, FLAGS say why */
    int flags;            /* enum ct_sample_flags */
};

struct ct_samples;
struct ct_samples *ct_samples_new(sqlite3 *db); /* DB is borrowed and must be there until _free */
void ct_samples_free(struct ct_samples *s);     /* NULL is fine */

/* A transaction has begun: what was remembered of the file may be old, failures are forgotten. */
void ct_samples_begin(struct ct_samples *s);
/* The extended result code of the first failure since then; SQLITE_OK. */
int ct_samples_rc(const struct ct_samples *s);

/* The newest sample of SERIES at or before T; the oldest one after T. False: none. */
bool ct_sample_at(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out);
bool ct_sample_after(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out);
/* The oldest after T first, up to TO (included):
 *     struct ct_sample v = {.at_ms = T};
 *     while (ct_sample_next(s, series, to, &v)) ...
 * Samples may be put and taken away meanwhile. */
bool ct_sample_next(struct ct_samples *s, int64_t series, int64_t to_ms, struct ct_sample *v);

/* ---- the writer's, inside its transaction ---- */
/* Puts V there, in place of what stood at its moment. */
void ct_sample_put(struct ct_samples *s, int64_t series, struct ct_sample v);
/* Takes away what stands at AT_MS. False: nothing did. */
bool ct_sample_del(struct ct_samples *s, int64_t series, int64_t at_ms);
/* Before COMMIT: writes what was put and taken away. SOURCE and AT_MS name the poll. */
void ct_samples_flush(struct ct_samples *s, int64_t source, int64_t at_ms);

/* Every statement of the store, for the test that asks for their plans. */
extern const char *const ct_samples_sql[];
extern const size_t ct_n_samples_sql;

#endif
