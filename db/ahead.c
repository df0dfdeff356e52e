/* The way from the root of a table down to the rows, a level at a time, by what the file says: newer pages may lie in the
 * log, then the hint is of little use. SQLite's own descriptor is borrowed: to close another one of the same file
 * would give up all locks this process has on it. It maps the file while it is asked; nobody reads from there. */
#include "config.h"

#include "db/ahead.h"

#include "db/base/str.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_PAGES = 2048, MOST_DEPTH = 8, PAGE_MOST = 65536, HEAD = 12 /* bytes */, INTERIOR = 5 };

/* A page with rows behind AFTER, up to UPTO. */
struct branch {
    int64_t page, after, upto;
};

struct level {
    struct branch v[MOST_PAGES];
    size_t n;
};

struct ahead {
    sqlite3 *db;
    sqlite3_file *file;
    int64_t page_bytes, bytes;
    const struct ct_keys *keys;
    size_t n_keys;
    unsigned char page[PAGE_MOST + 9]; /* a key may begin in its last byte */
};

static uint32_t two(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t four(const unsigned char *p)
{
    return two(p) << 16 | two(p + 2);
}

/* As SQLite writes its keys: the high bits first, nine bytes at most. */
static int64_t key_at(const unsigned char *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) {
        v = v << 7 | (p[i] & 127);
        if (p[i] < 128)
            return (int64_t)v;
    }
    return (int64_t)(v << 8 | p[8]);
}

static bool is_wanted(const struct ahead *a, int64_t after, int64_t upto)
{
    size_t low = 0, high = a->n_keys; /* the first that ends behind AFTER */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (a->keys[middle].high <= after)
            low = middle + 1;
        else
            high = middle;
    }
    return low < a->n_keys && a->keys[low].low <= upto;
}

static void add(const struct ahead *a, struct level *l, struct branch b)
{
    if (l->n < MOST_PAGES && b.page > 1 && b.page <= a->bytes / a->page_bytes && is_wanted(a, b.after, b.upto))
        l->v[l->n++] = b;
}

/* The pages below B that are wanted; false: B is no inner page. */
static bool add_below(struct ahead *a, const struct branch *b, struct level *below)
{
    const unsigned char *p = a->page;
    int size = (int)a->page_bytes;
    if (a->file->pMethods->xRead(a->file, a->page, size, (b->page - 1) * a->page_bytes) != SQLITE_OK || p[0] != INTERIOR)
        return false;
    int64_t after = b->after, n = two(p + 3);
    for (int64_t i = 0; i < n && HEAD + 2 * i + 2 <= size; i++) {
        uint32_t cell = two(p + HEAD + 2 * i);
        if (cell + 4 >= (uint32_t)size)
            continue;
        int64_t key = key_at(p + cell + 4);
        add(a, below, (struct branch){four(p + cell), after, key});
        after = key;
    }
    add(a, below, (struct branch){four(p + 8), after, b->upto});
    return true;
}

static void ask_for(struct ahead *a, const struct level *l)
{
    const sqlite3_io_methods *m = a->file->pMethods;
    uintptr_t unit = (uintptr_t)sysconf(_SC_PAGESIZE);
    sqlite3_int64 map = a->bytes;
    if (sqlite3_file_control(a->db, NULL, SQLITE_FCNTL_MMAP_SIZE, &map) != SQLITE_OK)
        return;
    for (size_t i = 0; i < l->n; i++) {
        int64_t at = (l->v[i].page - 1) * a->page_bytes;
        void *p = NULL;
        if (m->xFetch(a->file, at, (int)a->page_bytes, &p) != SQLITE_OK || !p)
            continue;
        size_t before = (uintptr_t)p % unit;
        (void)posix_madvise((char *)p - before, (size_t)a->page_bytes + before, POSIX_MADV_WILLNEED);
        (void)m->xUnfetch(a->file, at, p);
    }
    (void)sqlite3_file_control(a->db, NULL, SQLITE_FCNTL_MMAP_SIZE, &map); /* as it was */
}

static int64_t root_of(sqlite3 *db, const char *table)
{
    sqlite3_stmt *st;
    int64_t root = 0;
    if (sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name=?1", -1, &st, NULL) != SQLITE_OK)
        return 0;
    if (sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        root = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return root;
}

static bool begin(struct ahead *a)
{
    unsigned char head[18];
    if (sqlite3_file_control(a->db, NULL, SQLITE_FCNTL_FILE_POINTER, &a->file) != SQLITE_OK || !a->file || !a->file->pMethods)
        return false;
    const sqlite3_io_methods *m = a->file->pMethods;
    sqlite3_int64 bytes = 0;
    if (m->iVersion < 3 || !m->xFetch || !m->xUnfetch || m->xFileSize(a->file, &bytes) != SQLITE_OK ||
        m->xRead(a->file, head, sizeof head, 0) != SQLITE_OK)
        return false;
    a->bytes = bytes;
    a->page_bytes = two(head + 16) == 1 ? PAGE_MOST : two(head + 16);
    return a->page_bytes >= 512;
}

void ct_read_ahead(sqlite3 *db, const char *table, const struct ct_keys *v, size_t n)
{
    struct ahead *a = ct_xcalloc(1, sizeof *a);
    struct level *at = ct_xcalloc(2, sizeof *at), *below = at + 1, *both = at;
    *a = (struct ahead){.db = db, .keys = v, .n_keys = n};
    if (begin(a))
        add(a, at, (struct branch){root_of(db, table), INT64_MIN, INT64_MAX});
    for (int depth = 0; at->n > 0 && depth < MOST_DEPTH; depth++) {
        if (depth > 0)
            ask_for(a, at);
        below->n = 0;
        for (size_t i = 0; i < at->n && add_below(a, &at->v[i], below); i++) /* rows are all equally deep */
            continue;
        struct level *swap = at;
        at = below;
        below = swap;
    }
    free(both);
    free(a);
}
