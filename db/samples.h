/* The samples of every series: the value in force from a moment on, one sample a change. The only
 * door to them: nobody else knows how they lie in the file. One store a connection, on the thread
 * of that connection; it reads inside the transaction its owner began.
 *
 * In the file a commit appends one row a moment to table tick, with all series that changed then.
 * From time to time sealing moves ticks into table tails, one row for some neighbouring series, and
 * what is full there into table chunk: some 128 neighbouring samples of one series a row, the key made
 * of the series and the second of the first one, so that a year of one series is a few rows side by
 * side. Tails are few, however long the history is. What ticks say counts more than what is sealed,
 * later ticks more than earlier ones: sealing may stop and begin anew at any point. The ticks not yet
 * sealed are few and kept in memory, by series.
 *
 * Failures are sticky, as in the writer: after the first one everything says "nothing there" until
 * the next ct_samples_begin, and the owner looks once, at its end. */
#ifndef CT_SAMPLES_H
#define CT_SAMPLES_H

#include "db/codec.h"
#include "db/schema.h"

struct ct_samples;
struct ct_samples *ct_samples_new(sqlite3 *db); /* DB is borrowed and must be there until _free */
void ct_samples_free(struct ct_samples *s);     /* NULL is fine */

/* A transaction has begun: what was remembered of the file may be old, failures are forgotten. */
void ct_samples_begin(struct ct_samples *s);
/* The extended result code of the first failure since then; SQLITE_OK. */
int ct_samples_rc(const struct ct_samples *s);

/* The newest sample of SERIES at or before T; the oldest one after T. False: none. Where the file
 * is damaged one stands at the beginning of what is lost: no number, CT_SAMPLE_DAMAGED. */
bool ct_sample_at(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out);
bool ct_sample_after(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out);
/* The oldest after T first, up to TO (included):
 *     struct ct_sample v = {.at_ms = T};
 *     while (ct_sample_next(s, series, to, &v)) ...
 * Samples may be put and taken away meanwhile. */
bool ct_sample_next(struct ct_samples *s, int64_t series, int64_t to_ms, struct ct_sample *v);

/* The same many at a time: the samples after T that lie together, the oldest first, *N >= 1 of them.
 * NULL: there are none. Borrowed until anything else is asked or put. */
const struct ct_sample *ct_samples_after(struct ct_samples *s, int64_t series, int64_t t, size_t *n);

/* Those of a stretch at once: from the one in force at FROM, or else the first, up to the last at or before TO, oldest first,
 * *N of them at *V; by one look into the file where the others take several. False: these are needed, as there are more
 * than CT_SPAN_MOST, some were put out of their order, or are damaged. Borrowed until this is asked again. */
#define CT_SPAN_MOST 4096
bool ct_samples_span(struct ct_samples *s, int64_t series, int64_t from, int64_t to, const struct ct_sample **v, size_t *n);

/* Soon those of the N SERIES from FROM to TO are read: a hint, which spares waiting for the disk each time (db/ahead.h). */
void ct_samples_ahead(struct ct_samples *s, const int64_t *series, size_t n, int64_t from, int64_t to);

/* How many samples there are, of all series. */
int64_t ct_samples_count(struct ct_samples *s);
/* Ticks that cannot be read: whole commits. What their source's series were from then on is known
 * where it is their newest value; else a mark stands there, no number, CT_SAMPLE_DAMAGED. */
int64_t ct_samples_damaged_ticks(struct ct_samples *s);

/* ---- the writer's, inside its transaction ---- */
/* Puts V there: where nothing stands, or in place of what does. Moments are 1970 to 10,000. */
void ct_sample_put(struct ct_samples *s, int64_t series, struct ct_sample v);
void ct_sample_replace(struct ct_samples *s, int64_t series, struct ct_sample v);
/* Takes away what stands at AT_MS. False: nothing did. */
bool ct_sample_del(struct ct_samples *s, int64_t series, int64_t at_ms);
/* Before COMMIT: writes what was put and taken away. SOURCE is whose poll it was. */
void ct_samples_flush(struct ct_samples *s, int64_t source);
/* After ROLLBACK. */
void ct_samples_forget(struct ct_samples *s);
/* Between transactions: gives back room that the next one makes anew. */
void ct_samples_rest(struct ct_samples *s);

/* The earliest moment anything was written of since this was asked last; INT64_MAX: nothing was. */
int64_t ct_samples_earliest(struct ct_samples *s);

/* How much waits to be sealed. */
enum ct_unsealed { CT_UNSEALED_FEW, CT_UNSEALED_SOME /* when idle */, CT_UNSEALED_MANY /* now */ };
enum ct_unsealed ct_samples_unsealed(const struct ct_samples *s);
/* Seals for about MS milliseconds, inside a transaction of its own: one slice. True: more to do. */
bool ct_samples_seal(struct ct_samples *s, int64_t ms);

/* ---- for check, salvage and migration ---- */
/* What a row of table chunk holds: the series and the earliest moment its samples may have. */
int64_t ct_chunk_series(int64_t key);
#define CT_SECOND_BITS 38 /* of a key */
#define CT_CHUNK_SERIES "(k >> 38)" /* the same in SQL */
int64_t ct_chunk_from_ms(int64_t key);
/* A row of table tails, and all that is packed in it, can be read. */
bool ct_tails_sound(struct ct_span row);
/* All tails become chunks, inside a transaction; those that have become chunks before are left out. */
void ct_samples_chunks_of_tails(struct ct_samples *s);
/* Fills an empty table chunk from table sample of layout 1. SQLite's result code. */
int ct_samples_from_rows(sqlite3 *db);

/* Every statement of the store, for the test that asks for their plans. */
extern const char *const ct_samples_sql[];
extern const size_t ct_n_samples_sql;

#endif
