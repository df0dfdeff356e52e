/* The pages of a SQLite file read without SQLite, for files it refuses: whatever is on a page can
 * be had, whatever happened to the others. The bytes are hostile; every length is checked. Internal
 * to db/. */
#ifndef CT_SALVAGE_H
#define CT_SALVAGE_H

#include "db/base/err.h"
#include "db/base/str.h"

#include <stdint.h>

struct ct_pages;

/* The file PATH with its log PATH-wal laid over it (complete transactions only). */
CT_MUST_USE enum ct_status ct_pages_open(const char *path, struct ct_pages **out,
                                         struct ct_error *err);
void ct_pages_close(struct ct_pages *p); /* NULL is fine */

bool ct_pages_are_sqlite(const struct ct_pages *p); /* the head says so */
uint32_t ct_pages_id(const struct ct_pages *p);     /* application_id */
uint32_t ct_pages_version(const struct ct_pages *p); /* user_version */
int64_t ct_pages_count(const struct ct_pages *p);
int64_t ct_pages_damaged(const struct ct_pages *p); /* met so far */

/* One value of a row. */
enum ct_cell_type { CT_CELL_NULL, CT_CELL_INT, CT_CELL_REAL, CT_CELL_TEXT, CT_CELL_BLOB };
struct ct_cell {
    enum ct_cell_type type;
    int64_t i;
    double r;
    struct ct_span s; /* until the callback returns */
};
enum { CT_CELLS_MOST = 64 };

/* What a walk meets. A row's cells stand in the order of storage; ROWID counts where the page is of
 * a rowid table (KEYED false). N < 0: a cell that cannot be read. */
typedef void ct_row_fn(void *ctx, bool keyed, int64_t rowid, const struct ct_cell *cells, int n);

/* All rows of the tree at ROOT. Pages are visited once, whoever leads to them. FN NULL: only marks
 * its pages (an index, the list of unused pages). */
void ct_pages_walk(struct ct_pages *p, int64_t root, ct_row_fn *fn, void *ctx);
void ct_pages_skip_unused(struct ct_pages *p);
/* The next page that holds rows and that nothing has led to, from *PAGE on (start with 2): its
 * rows go to FN. Those above the leaves of a lost tree hold rows of tables without rowid as well.
 * False at the end. */
bool ct_pages_stray(struct ct_pages *p, int64_t *page, bool *keyed);
void ct_pages_rows(struct ct_pages *p, int64_t page, ct_row_fn *fn, void *ctx);

#endif
