/* A table in CSV read in pieces: columns are found by name, and only the cells of those that are
 * wanted are kept. The only file beside it that knows libcsv is csvtable.c. */
#ifndef CT_CSVTABLE_H
#define CT_CSVTABLE_H

#include "db/base/str.h"

#include <csv.h>

enum { CT_CSV_WANTED = 32, CT_CSV_COLUMNS = 250 };

struct ct_csv_column {
    const char *name, *old; /* today's and an older one's, or NULL */
    bool needed;
};

struct ct_csv_table {
    /* set before ct_csv_begin */
    const struct ct_csv_column *columns;
    size_t wanted;      /* columns of them */
    const char *anchor; /* is in the first line, else it is another document */
    size_t max_columns; /* of the document, at most CT_CSV_COLUMNS */
    const char *head;   /* first cell of the header; NULL: the first row is the header */
    void (*row)(void *ctx);
    /* A row before the header, of two cells. NULL with HEAD NULL. */
    void (*preface)(void *ctx, struct ct_span name, struct ct_span value);
    void *ctx;

    /* its own */
    struct csv_parser csv;
    enum ct_status status;
    struct ct_error err;
    struct ct_buf text; /* of the first line; then of the row being read */
    struct {
        size_t off, n;
    } cell[CT_CSV_WANTED];
    int place[CT_CSV_COLUMNS]; /* which wanted column a column of the file is; -1: none */
    size_t n, width;           /* cells of this row; of the header, 0 before it */
    long rows;                 /* the first line being 1 */
    uint64_t ends;
    char last;
    bool started, inside; /* INSIDE: libcsv has the beginning of a row */
};

CT_MUST_USE enum ct_status ct_csv_begin(struct ct_csv_table *t, struct ct_error *err);
CT_MUST_USE enum ct_status ct_csv_feed(struct ct_csv_table *t, struct ct_span bytes,
                                       uint64_t *found, struct ct_error *err);
CT_MUST_USE enum ct_status ct_csv_end(struct ct_csv_table *t, struct ct_error *err);
void ct_csv_drop(struct ct_csv_table *t);

/* In `row`: the cell of a wanted column, without blanks at its ends; null when the file has no such
 * column. In `row` and `preface`: T's status may be set to refuse the document. */
struct ct_span ct_csv_text(const struct ct_csv_table *t, size_t column);

#endif
