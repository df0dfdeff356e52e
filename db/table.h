/* Tables: rows described once. A struct ct_table names the columns of a row type with their types
 * and offsets; output (JSON, NDJSON, CSV, TSV), input of rows, filter, sort and the screens all
 * read it. A new table or column is a line in an array, nowhere else. Any thread. */
#ifndef CT_TABLE_H
#define CT_TABLE_H

#include "db/base/jsonw.h"
#include "db/model.h"

enum ct_type {
    CT_TYPE_TEXT,   /* struct ct_span */
    CT_TYPE_INT,    /* int64_t, CT_NONE = null */
    CT_TYPE_BOOL,   /* int, -1 = null */
    CT_TYPE_TIME,   /* int64_t ms, CT_NONE = null; RFC 3339 in output, its age in filters */
    CT_TYPE_NANO,   /* int64_t in 1e-9 */
    CT_TYPE_MILLI,  /* int64_t in 1e-3 */
    CT_TYPE_ENUM,   /* int into WORDS, -1 = null */
    CT_TYPE_LIST,   /* struct ct_list */
    CT_TYPE_ROWS,   /* struct ct_rows of SUB */
    CT_TYPE_SCALED, /* int64_t in 10^-d, d being the row's int at DIGITS_OFF; CT_NONE = null */
};

enum ct_column_flags {
    CT_COL_HIDDEN = 1, /* not in output; for screens and filters */
    CT_COL_SEARCH = 2, /* bare words of a filter look here */
    CT_COL_RANKED = 4, /* an enum whose order means something: state>=degr */
    CT_COL_PRICE = 8,  /* sorted by it, rows whose bool "old" is true come last either way */
};

struct ct_table;

struct ct_column {
    const char *name; /* the contract's key */
    enum ct_type type;
    size_t off; /* of the field in the row */
    unsigned flags;
    const char *const *words;   /* CT_TYPE_ENUM */
    const struct ct_table *sub; /* CT_TYPE_ROWS */
    const char *aliases; /* other names in filters and --sort, separated by blanks; or NULL */
    size_t digits_off;   /* CT_TYPE_SCALED */
};

struct ct_table {
    const char *name;
    size_t row_size;
    const struct ct_column *columns;
    size_t n_columns;
};

/* N rows of TABLE's row_size, one behind the other. */
struct ct_rows {
    const void *v;
    size_t n;
};

/* N rows of one table that lie anywhere, in an order of their own. */
struct ct_picked {
    const void *const *v;
    size_t n;
    size_t old; /* of them, which stand last because they are */
};

static inline const void *ct_row(const struct ct_table *t, struct ct_rows rows, size_t i)
{
    return (const char *)rows.v + i * t->row_size;
}

/* Column by name or alias (ASCII case-blind), or NULL. */
const struct ct_column *ct_table_column(const struct ct_table *t, struct ct_span name);
/* A cell as text for CSV, TSV, filters and plain output: null is "". A text is the row's own, the rest is in ARENA. */
struct ct_span ct_cell_text(const struct ct_column *c, const void *row, struct ct_arena *a);
bool ct_cell_null(const struct ct_column *c, const void *row);
/* Order of two cells: numbers by value, text bytewise, null always last. */
int ct_cell_cmp(const struct ct_column *c, const void *row_a, const void *row_b);

/* Copies the texts of ROW into ARENA: it may outlive what it was read into. Not for rows with lists or rows. */
void ct_row_own(const struct ct_table *t, void *row, struct ct_arena *a);

/* One row as a JSON object on W (every shown column, null included); TYPE not NULL puts "row":TYPE
 * first. */
void ct_row_json(struct ct_jw *w, const struct ct_table *t, const void *row, const char *type);
/* CSV or TSV header and line, ending in "\n" (TSV) or "\r\n" (CSV). Lists join with ';', rows as
 * JSON. */
void ct_row_csv_header(struct ct_buf *out, const struct ct_table *t, char separator);
void ct_row_csv(struct ct_buf *out, const struct ct_table *t, const void *row, char separator);

/* The tables of parser rows, by kind; the contract has no rates and measures. */
enum ct_row_kind {
    CT_ROW_PAGE,
    CT_ROW_COMPONENT,
    CT_ROW_INCIDENT,
    CT_ROW_UPDATE,
    CT_ROW_OFFER,
    CT_ROW_TOKEN_PRICE,
    CT_ROW_ENDPOINT,
    CT_ROW_ARTICLE,
    CT_ROW_RATE,
    CT_ROW_MEASURE,
    CT_ROW_NOTE,
    CT_N_ROW_TABLES
};
extern const struct ct_table *const ct_row_tables[CT_N_ROW_TABLES];
/* The rows of KIND in B. */
struct ct_rows ct_batch_table(const struct ct_batch *b, enum ct_row_kind kind);
/* All rows of B as NDJSON, a line each, {"row":"component",...}. Order: by kind, then as parsed. */
void ct_batch_ndjson(const struct ct_batch *b, struct ct_buf *out);
/* One NDJSON line (as ct_batch_ndjson writes, plus "at") into B; *AT_MS gets "at" or CT_NONE.
 * Unknown keys are refused by name. jansson underneath. */
CT_MUST_USE enum ct_status ct_batch_add_json(struct ct_batch *b, struct ct_span line,
                                             int64_t *at_ms, struct ct_error *err);
/* One CSV record with the columns HEADER names ("row" and "at" among them) into B. */
CT_MUST_USE enum ct_status ct_batch_add_csv(struct ct_batch *b, const struct ct_list *header,
                                            const struct ct_list *cells, int64_t *at_ms,
                                            struct ct_error *err);

/* ---- what people type ---- */

/* The recorded word for TYPED where people have others ("vast.ai", "on-demand"), in the column of that name; NULL: in
 * any. Null: TYPED is no such word. Static. */
struct ct_span ct_word_meant(const char *column, struct ct_span typed);
/* "h100-sxm" or "h100-sxm5" as an accelerator and its form. False: TYPED ends with no form. */
bool ct_gpu_split(struct ct_span typed, struct ct_span *gpu, struct ct_span *form);

/* ---- filter language (ux.md 4.4) and order ---- */

struct ct_filter;
/* Compiles TEXT against T's columns: bare words, field:value[,value], globs, ! negation,
 * comparisons price<2.5 mem>=80 state>=degr seen>2h, ~fuzzy; all terms must hold. NULL for an empty
 * text. An unknown field is CT_ERR_USAGE with the nearest name, ERR->where "column N" (1-based byte
 * of the word). Numbers compare in the column's unit; ages against NOW_MS. Lives in ARENA. */
CT_MUST_USE enum ct_status ct_filter_compile(const struct ct_table *t, struct ct_span text,
                                             int64_t now_ms, struct ct_arena *a,
                                             struct ct_filter **out, struct ct_error *err);
/* Of a word of F that no row of ROWS has, those names nearest that some have: "cloud:lamda; nearest: \"lambda\"", in A.
 * Null: each has some rows, or nothing is near. */
struct ct_span ct_filter_near(const struct ct_filter *f, struct ct_rows rows, struct ct_arena *a);
/* NULL matches everything. Allocates nothing. */
bool ct_filter_match(const struct ct_filter *f, const void *row);

/* Filters, sorts ("COL", "COL:desc", or "" to keep the order) and cuts (limit 0: no cut) ROWS in
 * place of ARENA. *MATCHED gets the count before the cut. Unknown column: CT_ERR_USAGE. Stable.
 * Missing values come last, and what nobody confirms any more is no price to choose by. */
CT_MUST_USE enum ct_status ct_rows_select(const struct ct_table *t, struct ct_rows rows,
                                          const struct ct_filter *f, const char *sort, size_t limit,
                                          struct ct_arena *a, struct ct_rows *out, size_t *matched,
                                          struct ct_error *err);
/* The same without a copy of the rows, which stay where they are, and uncut. */
CT_MUST_USE enum ct_status ct_rows_pick(const struct ct_table *t, struct ct_rows rows, const struct ct_filter *f,
                                        const char *sort, struct ct_arena *a, struct ct_picked *out,
                                        struct ct_error *err);
/* How many of ROWS come last in the order SORT because they are old; 0 in an order that does not ask. */
size_t ct_rows_old(const struct ct_table *t, struct ct_rows rows, const char *sort);

#endif
