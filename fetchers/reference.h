/* Reference tables: facts that are data, not code (the .tsv files of reference). A table is
 * tab-separated with one line of column names; empty lines and lines that begin with '#' are
 * skipped. Whatever is wrong with one is reported as "FILE:LINE" and nothing of it is used. */
#ifndef CT_REFERENCE_H
#define CT_REFERENCE_H

#include "db/base/arena.h"
#include "db/base/err.h"
#include "db/base/str.h"

/* Loads every table that parsers use (accelerators, instance types, model identity, regions). At
 * start, by the main thread, before any parse; a second call does nothing. After it the tables are
 * only read, by any thread. CT_ERR_CONFIG names file, line and what is wrong; CT_ERR_NOT_FOUND says
 * where it looked. */
CT_MUST_USE enum ct_status ct_reference_load(struct ct_error *err);
void ct_reference_free(void);
/* CT_OK once the tables are there; what a parser that needs them returns otherwise. */
CT_MUST_USE enum ct_status ct_reference_need(struct ct_error *err);

/* The region a cloud means by NAME ("us-east" of AWS is us-east-1), NAME itself when the table does
 * not know it. The result lives as long as NAME and the tables. */
struct ct_span ct_region_canonical(struct ct_span cloud, struct ct_span name);
/* A region only governments, or only one country's customers, can buy in. */
bool ct_region_is_sovereign(struct ct_span cloud, struct ct_span name);

/* ---- for those who load a table ---- */

struct ct_tsv {
    struct ct_arena *arena; /* owns the cells */
    const char *file;       /* "accelerators.tsv", borrowed */
    size_t rows, columns;   /* columns as asked */
    struct ct_span *cells;  /* never null, NUL-terminated, without blanks at the ends */
    int *lines;             /* line number of a row */
};

/* Reads fetchers/reference/FILE (ct_path_resource) and keeps COLUMNS (NULL-terminated) in their
 * order; other columns are for people. A missing or repeated column, a row with more or fewer cells
 * than the header, invalid UTF-8 or a control byte is CT_ERR_CONFIG. */
CT_MUST_USE enum ct_status ct_tsv_load(struct ct_tsv *t, const char *file,
                                       const char *const *columns, struct ct_error *err);
/* The same from text in memory. */
CT_MUST_USE enum ct_status ct_tsv_read(struct ct_tsv *t, const char *file, struct ct_span text,
                                       const char *const *columns, struct ct_error *err);
void ct_tsv_free(struct ct_tsv *t);
struct ct_span ct_tsv_cell(const struct ct_tsv *t, size_t row, size_t column);
/* CT_ERR_CONFIG at a row: "accelerators.tsv:12". */
enum ct_status ct_tsv_fail(const struct ct_tsv *t, size_t row, struct ct_error *err,
                           const char *fmt, ...) CT_PRINTF(4, 5);

/* A cell as key of a row, for tables that are searched. */
struct ct_tsv_key {
    struct ct_span key;
    size_t row;
};
/* Sorts the rows by COLUMN (ASCII case-blind) into the table's arena; CT_ERR_CONFIG for an empty or
 * repeated key. */
CT_MUST_USE enum ct_status ct_tsv_index(struct ct_tsv *t, size_t column, struct ct_tsv_key **out,
                                        struct ct_error *err);
/* The row whose key equals KEY, or -1. */
ptrdiff_t ct_tsv_find(const struct ct_tsv *t, const struct ct_tsv_key *index, struct ct_span key);

#endif
