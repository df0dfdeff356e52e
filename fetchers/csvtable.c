#include "config.h"

#include "fetchers/csvtable.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_LINE_MAX = 64 * 1024 };

struct ct_span ct_csv_text(const struct ct_csv_table *t, size_t column)
{
    size_t n = t->cell[column].n;
    return n == SIZE_MAX ? CT_SPAN_NONE : (struct ct_span){t->text.p + t->cell[column].off, n};
}

static void clear_row(struct ct_csv_table *t)
{
    ct_buf_clear(&t->text);
    t->n = 0;
    for (size_t i = 0; i < t->wanted; i++)
        t->cell[i].n = SIZE_MAX;
}

/* Which wanted column NAME is; -1. */
static int find_column(const struct ct_csv_table *t, struct ct_span name)
{
    for (size_t c = 0; c < t->wanted; c++)
        if (ct_span_is(name, t->columns[c].name) ||
            (t->columns[c].old && ct_span_is(name, t->columns[c].old)))
            return (int)c;
    return -1;
}

static void keep(struct ct_csv_table *t, size_t slot, struct ct_span text)
{
    if (text.n && (text.p[0] <= ' ' || text.p[text.n - 1] <= ' '))
        text = ct_span_trim(text);
    char *at = ct_buf_room(&t->text, text.n);
    memcpy(at, text.p, text.n);
    at[text.n] = '\0';
    t->cell[slot].off = t->text.n;
    t->cell[slot].n = text.n;
    t->text.n += text.n;
}

/* Before the header is known every row may be it: two cells are kept for the preface. */
static void header_cell(struct ct_csv_table *t, struct ct_span text)
{
    struct ct_span name = ct_span_trim(text);
    if (t->n < CT_CSV_COLUMNS) {
        int c = find_column(t, name);
        for (size_t i = 0; c >= 0 && i < t->n; i++)
            if (t->place[i] == c)
                c = -1; /* named twice: the first counts */
        t->place[t->n] = c;
    }
    if (t->n < 2)
        keep(t, t->n, name);
}

static void take_cell(struct ct_csv_table *t, struct ct_span text)
{
    if (t->width == 0)
        header_cell(t, text);
    else if (t->n < t->width && t->place[t->n] >= 0)
        keep(t, (size_t)t->place[t->n], text);
    t->n++;
    t->ends++;
}

static void on_cell(void *data, size_t n, void *ctx)
{
    take_cell(ctx, (struct ct_span){data ? data : "", n});
}

static void refuse(struct ct_csv_table *t, enum ct_status st, const char *fmt, ...) CT_PRINTF(3, 4);
static void refuse(struct ct_csv_table *t, enum ct_status st, const char *fmt, ...)
{
    char where[40], what[160];
    va_list args;
    snprintf(where, sizeof where, "row %ld", t->rows);
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    t->status = ct_fail(&t->err, st, where, "%s", what);
}

static void read_header(struct ct_csv_table *t)
{
    t->width = t->n;
    for (size_t c = 0; c < t->wanted && t->status == CT_OK; c++) {
        bool found = false;
        for (size_t i = 0; i < t->n; i++)
            found = found || t->place[i] == (int)c;
        if (t->columns[c].needed && !found)
            refuse(t, CT_ERR_SHAPE, "no column %s", t->columns[c].name);
    }
}

/* Up to the header, which begins with HEAD where one is given. */
static void first_rows(struct ct_csv_table *t)
{
    bool header = !t->head || ct_span_is(ct_csv_text(t, 0), t->head);
    if (header)
        read_header(t);
    else if (t->n == 2)
        t->preface(t->ctx, ct_csv_text(t, 0), ct_csv_text(t, 1));
    else
        refuse(t, CT_ERR_SHAPE, "no header that begins with %s", t->head);
}

static void on_row(int end, void *ctx)
{
    struct ct_csv_table *t = ctx;
    (void)end;
    if (t->status == CT_OK) {
        t->rows++;
        if (t->n > t->max_columns)
            refuse(t, CT_ERR_LIMIT, "more than %zu columns", t->max_columns);
        else if (t->width == 0)
            first_rows(t);
        else if (t->n != t->width)
            refuse(t, CT_ERR_SYNTAX, "%zu cells under %zu columns", t->n, t->width);
        else
            t->row(t->ctx);
    }
    clear_row(t);
    t->inside = false;
    t->ends++;
}

enum ct_status ct_csv_begin(struct ct_csv_table *t, struct ct_error *err)
{
    if (csv_init(&t->csv, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return ct_fail(err, CT_ERR_LIMIT, "body", "no memory for the reader of tables");
    clear_row(t);
    return CT_OK;
}

void ct_csv_drop(struct ct_csv_table *t)
{
    csv_free(&t->csv);
    ct_buf_free(&t->text);
}

/* ---- rows that are as they should be ---- */

/* Hardly any row needs libcsv's care, which takes it a state a byte: cells without quotes, and
 * quoted ones that hold none, are found by their ends. */
struct row {
    struct ct_span cell[CT_CSV_COLUMNS];
    size_t n, bytes; /* BYTES: with its line end */
};

/* The cell at AT, which ends before a comma or a line end of BYTES; its length with quotes, or
 * SIZE_MAX: odd, or not all here. */
static size_t simple_cell(struct ct_span bytes, size_t at, struct ct_span *cell)
{
    const char *p = bytes.p + at, *end = bytes.p + bytes.n;
    if (*p == '"') {
        const char *close = memchr(p + 1, '"', (size_t)(end - p) - 1);
        *cell = (struct ct_span){p + 1, close ? (size_t)(close - p) - 1 : 0};
        return close ? cell->n + 2 : SIZE_MAX;
    }
    const char *q = p;
    while (q < end && *q != ',' && *q != '\n' && *q != '\r' && *q != '"')
        q++;
    *cell = (struct ct_span){p, (size_t)(q - p)};
    return q < end && *q != '"' ? cell->n : SIZE_MAX;
}

/* False: the row that BYTES begins with is libcsv's. */
static bool simple_row(struct ct_span bytes, struct row *row)
{
    row->n = 0;
    if ((unsigned char)bytes.p[0] <= ' ') /* perhaps a blank line, which is no row */
        return false;
    for (size_t at = 0; at < bytes.n && row->n < CT_LEN(row->cell); at++) {
        size_t n = simple_cell(bytes, at, &row->cell[row->n]);
        if (n == SIZE_MAX || (at += n) == bytes.n)
            return false;
        row->n++;
        if (bytes.p[at] == ',' && at + 1 < bytes.n)
            continue;
        row->bytes = at + (bytes.p[at] == '\r' ? 2 : 1);
        return row->bytes <= bytes.n && bytes.p[row->bytes - 1] == '\n';
    }
    return false;
}

/* Up to the next line end, which may stand inside a cell. */
static size_t odd_bytes(struct ct_csv_table *t, struct ct_span bytes)
{
    const char *stop = memchr(bytes.p, '\n', bytes.n);
    size_t n = stop ? (size_t)(stop - bytes.p) + 1 : bytes.n;
    t->inside = true; /* until a row ends */
    if (csv_parse(&t->csv, bytes.p, n, on_cell, on_row, t) != n && t->status == CT_OK)
        t->status = ct_fail(&t->err, CT_ERR_SYNTAX, "body", "damaged behind row %ld: %s", t->rows,
                            csv_strerror(csv_error(&t->csv)));
    return n;
}

static enum ct_status read_bytes(struct ct_csv_table *t, struct ct_span bytes)
{
    struct row row;
    if (bytes.n)
        t->last = bytes.p[bytes.n - 1];
    while (bytes.n && t->status == CT_OK) {
        size_t n;
        if (!t->inside && simple_row(bytes, &row)) {
            for (size_t i = 0; i < row.n; i++)
                take_cell(t, row.cell[i]);
            on_row('\n', t);
            n = row.bytes;
        } else {
            n = odd_bytes(t, bytes);
        }
        bytes = (struct ct_span){bytes.p + n, bytes.n - n};
    }
    return t->status;
}

/* Only what begins like such a table is read as a table at all. */
static enum ct_status start(struct ct_csv_table *t)
{
    struct ct_buf first = t->text;
    struct ct_span line = ct_buf_span(&first), rest = line;
    t->text = CT_BUF_INIT;
    t->started = true;
    if (ct_span_starts(rest, "\xEF\xBB\xBF"))
        rest = (struct ct_span){rest.p + 3, rest.n - 3};
    struct ct_span head = rest.n ? ct_span_cut(&rest, '\n') : CT_LIT("");
    if (!ct_span_ihas(head, ct_span(t->anchor)) || !memchr(head.p, ',', head.n))
        t->status = ct_fail(&t->err, CT_ERR_SHAPE, "body", "no column %s", t->anchor);
    size_t skip = line.n && head.p != line.p ? (size_t)(head.p - line.p) : 0;
    if (t->status == CT_OK)
        (void)read_bytes(t, (struct ct_span){line.p + skip, line.n - skip});
    ct_buf_free(&first);
    return t->status;
}

enum ct_status ct_csv_feed(struct ct_csv_table *t, struct ct_span bytes, uint64_t *found,
                           struct ct_error *err)
{
    if (!t->started) {
        ct_buf_add(&t->text, bytes);
        if (memchr(bytes.p, '\n', bytes.n) || t->text.n > FIRST_LINE_MAX)
            (void)start(t);
    } else {
        (void)read_bytes(t, bytes);
    }
    *found = t->ends;
    if (t->status != CT_OK && err)
        *err = t->err;
    return t->status;
}

enum ct_status ct_csv_end(struct ct_csv_table *t, struct ct_error *err)
{
    if (!t->started)
        (void)start(t);
    if (t->status == CT_OK && csv_fini(&t->csv, on_cell, on_row, t) != 0)
        t->status = ct_fail(&t->err, CT_ERR_SYNTAX, "body", "cut off behind row %ld", t->rows);
    if (t->status == CT_OK && t->last != '\n')
        t->status = ct_fail(&t->err, CT_ERR_SYNTAX, "body", "cut off in row %ld", t->rows);
    if (t->status == CT_OK && t->width == 0)
        t->status = ct_fail(&t->err, CT_ERR_SHAPE, "body", "no header");
    if (t->status != CT_OK && err)
        *err = t->err;
    return t->status;
}
