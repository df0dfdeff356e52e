#include "config.h"

#include "db/attempts.h"

#include "db/model.h"

#include <stdlib.h>

/* In the blob (db/codec.h) a key is a column and which of the attempts: only those have a row in which the column is
 * not what it was in the attempt before. Key 0 says how many there are. */
enum { LATE, DUE, OUTCOME, HTTP_STATUS, BYTES, ROWS, CHANGED, LATENCY, AGE, LEFT_OUT, ERROR, COLUMNS };
#define COLUMN_BITS 8
#define MOST_MS (INT64_C(1) << 53)

_Static_assert(CT_ATTEMPTS_MOST < 1 << COLUMN_BITS, "an attempt is told by its bits of the key");

static int64_t apart(int64_t a, int64_t b)
{
    return a == CT_NONE || b == CT_NONE ? CT_NONE : (int64_t)((uint64_t)a - (uint64_t)b);
}

/* When an attempt was to be expected, by the one before it. */
static int64_t expected(const struct ct_attempt *before)
{
    return before->next_ms != CT_NONE ? before->next_ms : before->at_ms;
}

/* Which of the texts in ERRORS it is; it is added when it is none of them. */
static int64_t number_of(struct ct_buf *errors, struct ct_span text)
{
    struct ct_span rest = ct_buf_span(errors);
    int64_t n = 0;
    text = ct_span_cut(&text, CT_UNIT_SEPARATOR);
    if (!text.n)
        return CT_NONE;
    for (; rest.n; n++)
        if (ct_span_eq(ct_span_cut(&rest, CT_UNIT_SEPARATOR), text))
            return n;
    ct_buf_add(errors, text);
    ct_buf_addc(errors, CT_UNIT_SEPARATOR);
    return n;
}

static struct ct_span text_of(struct ct_span errors, int64_t n)
{
    struct ct_span text = CT_SPAN_NONE;
    for (; n >= 0 && errors.n; n--)
        text = ct_span_cut(&errors, CT_UNIT_SEPARATOR);
    return n < 0 ? text : CT_SPAN_NONE;
}

void ct_attempts_pack(struct ct_buf *blob, struct ct_buf *errors, const struct ct_attempt *v, size_t n)
{
    struct ct_sample rows[1 + COLUMNS * CT_ATTEMPTS_MOST] = {{0, (int64_t)n, 0}};
    int64_t cells[COLUMNS][CT_ATTEMPTS_MOST];
    size_t k = 1;
    for (size_t i = 0; i < n; i++) {
        const struct ct_attempt *a = &v[i];
        cells[LATE][i] = apart(a->at_ms, i ? expected(a - 1) : 0);
        cells[DUE][i] = apart(a->next_ms, a->at_ms);
        cells[OUTCOME][i] = a->outcome;
        cells[HTTP_STATUS][i] = a->http_status;
        cells[BYTES][i] = a->bytes;
        cells[ROWS][i] = a->rows;
        cells[CHANGED][i] = a->changed_rows;
        cells[LATENCY][i] = a->latency_ms;
        cells[AGE][i] = apart(a->at_ms, a->data_ms);
        cells[LEFT_OUT][i] = a->left_out;
        cells[ERROR][i] = number_of(errors, a->error);
    }
    for (int c = 0; c < COLUMNS; c++)
        for (size_t i = 0; i < n; i++)
            if (cells[c][i] != (i ? cells[c][i - 1] : CT_NONE))
                rows[k++] = (struct ct_sample){(int64_t)(c + 1) << COLUMN_BITS | (int64_t)i, cells[c][i], 0};
    ct_blob_encode(blob, rows, k);
}

/* ROWS[0..N) spread over the columns; how many attempts there are, 0: they make no sense. */
static size_t spread(const struct ct_sample *rows, size_t n, int64_t cells[COLUMNS][CT_ATTEMPTS_MOST])
{
    int64_t many = rows[0].at_ms == 0 ? rows[0].value : 0;
    size_t k = 1;
    if (many < 1 || many > CT_ATTEMPTS_MOST)
        return 0;
    for (int c = 0; c < COLUMNS; c++) {
        int64_t now = CT_NONE;
        for (int64_t i = 0; i < many; i++) {
            if (k < n && rows[k].at_ms == ((int64_t)(c + 1) << COLUMN_BITS | i))
                now = rows[k++].value;
            cells[c][i] = now;
        }
    }
    return k == n ? (size_t)many : 0;
}

static int64_t further(int64_t a, int64_t by)
{
    return a == CT_NONE || by == CT_NONE ? CT_NONE : (int64_t)((uint64_t)a + (uint64_t)by);
}

size_t ct_attempts_unpack(struct ct_span blob, struct ct_span errors, struct ct_attempt *v)
{
    struct ct_sample rows[1 + COLUMNS * CT_ATTEMPTS_MOST];
    int64_t cells[COLUMNS][CT_ATTEMPTS_MOST];
    size_t k = ct_blob_rows(blob);
    bool fine = k > 0 && k <= CT_LEN(rows) && ct_blob_decode(blob, rows);
    size_t n = fine ? spread(rows, k, cells) : 0;
    for (size_t i = 0; i < n; i++) {
        int64_t at_ms = further(i ? expected(&v[i - 1]) : 0, cells[LATE][i]);
        if (at_ms < 0 || at_ms > MOST_MS || (i && at_ms <= v[i - 1].at_ms))
            return 0;
        v[i] = (struct ct_attempt){
            .at_ms = at_ms,
            .next_ms = further(at_ms, cells[DUE][i]),
            .outcome = cells[OUTCOME][i],
            .http_status = cells[HTTP_STATUS][i],
            .bytes = cells[BYTES][i],
            .rows = cells[ROWS][i],
            .changed_rows = cells[CHANGED][i],
            .latency_ms = cells[LATENCY][i],
            .data_ms = cells[AGE][i] == CT_NONE ? CT_NONE : apart(at_ms, cells[AGE][i]),
            .left_out = cells[LEFT_OUT][i],
            .error = text_of(errors, cells[ERROR][i]),
        };
    }
    return n;
}

/* ---- from rows ---- */

static int64_t number(sqlite3_stmt *st, int column)
{
    return sqlite3_column_type(st, column) == SQLITE_INTEGER ? sqlite3_column_int64(st, column) : CT_NONE;
}

struct block {
    int64_t source;
    size_t n;
    struct ct_attempt v[CT_ATTEMPTS_MOST];
    struct ct_buf blob, errors, texts[CT_ATTEMPTS_MOST];
};

static int put_block(sqlite3_stmt *put, struct block *b)
{
    if (b->n == 0)
        return SQLITE_OK;
    ct_buf_clear(&b->blob);
    ct_buf_clear(&b->errors);
    for (size_t i = 0; i < b->n; i++)
        b->v[i].error = ct_buf_span(&b->texts[i]);
    ct_attempts_pack(&b->blob, &b->errors, b->v, b->n);
    (void)sqlite3_bind_int64(put, 1, b->source);
    (void)sqlite3_bind_int64(put, 2, b->v[0].at_ms);
    (void)sqlite3_bind_blob64(put, 3, b->blob.p, b->blob.n, SQLITE_STATIC);
    (void)sqlite3_bind_text64(put, 4, b->errors.n ? b->errors.p : "", b->errors.n, SQLITE_STATIC, SQLITE_UTF8);
    b->n = 0;
    int rc = sqlite3_step(put);
    return rc == SQLITE_DONE ? sqlite3_reset(put) : rc;
}

static int pack_rows(sqlite3_stmt *st, sqlite3_stmt *put, struct block *b)
{
    int rc = SQLITE_OK;
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        int64_t source = sqlite3_column_int64(st, 0), at_ms = sqlite3_column_int64(st, 1);
        const char *error = (const char *)sqlite3_column_text(st, 10);
        rc = b->n == CT_ATTEMPTS_MOST || source != b->source ? put_block(put, b) : SQLITE_OK;
        if (at_ms < 0 || at_ms > MOST_MS)
            continue; /* nobody made one then */
        b->source = source;
        ct_buf_clear(&b->texts[b->n]);
        ct_buf_adds(&b->texts[b->n], error ? error : "");
        b->v[b->n++] = (struct ct_attempt){at_ms, number(st, 2), number(st, 3), number(st, 4), number(st, 5),
                                           number(st, 6), number(st, 7), number(st, 8), number(st, 9),
                                           number(st, 11), CT_SPAN_NONE};
    }
    return rc == SQLITE_DONE ? put_block(put, b) : rc;
}

int ct_attempts_from_rows(sqlite3 *db)
{
    static const char select[] = "SELECT source_id, at_ms, outcome, http_status, bytes, rows, changed_rows, latency_ms,"
                                 " next_ms, data_ms, error, left_out FROM attempt ORDER BY source_id, at_ms";
    sqlite3_stmt *st = NULL, *put = NULL;
    struct block *b = ct_xcalloc(1, sizeof *b);
    int rc = sqlite3_prepare_v2(db, select, -1, &st, NULL);
    rc = rc == SQLITE_OK ? sqlite3_prepare_v2(db, CT_ATTEMPTS_PUT, -1, &put, NULL) : rc;
    rc = rc == SQLITE_OK ? pack_rows(st, put, b) : rc;
    sqlite3_finalize(st);
    sqlite3_finalize(put);
    ct_buf_free(&b->blob);
    ct_buf_free(&b->errors);
    for (size_t i = 0; i < CT_ATTEMPTS_MOST; i++)
        ct_buf_free(&b->texts[i]);
    free(b);
    return rc;
}
