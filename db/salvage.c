#include "config.h"

#include "db/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LEAF_TABLE = 0x0d,
    INNER_TABLE = 0x05,
    LEAF_INDEX = 0x0a,
    INNER_INDEX = 0x02,
    DEEPEST = 40, /* a tree of 2^32 pages is a dozen deep */
};
#define ROW_MOST ((size_t)16 << 20)
#define PAGES_MOST INT64_C(0xfffffffe)

struct ct_pages {
    int fd, wal;
    int64_t n, damaged;
    uint32_t size, usable;
    int64_t *frame;   /* by page number: where the log has it, or 0 */
    unsigned char *seen; /* a bit a page */
    unsigned char head[100];
    bool headed;
    struct ct_buf row; /* the payload being read */
};

static uint32_t be16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const unsigned char *p)
{
    return be16(p) << 16 | be16(p + 2);
}

static bool read_at(int fd, void *to, size_t n, int64_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(fd, (char *)to + done, n - done, (off_t)(at + (int64_t)done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* ---- the log ---- */

static void checksum(const unsigned char *p, size_t n, bool big, uint32_t s[2])
{
    for (size_t i = 0; i + 8 <= n; i += 8) {
        uint32_t a = be32(p + i), b = be32(p + i + 4);
        if (!big)
            a = __builtin_bswap32(a), b = __builtin_bswap32(b);
        s[0] += a + s[1];
        s[1] += b + s[0];
    }
}

/* Frames up to the last complete transaction whose checksums hold. */
static void read_log(struct ct_pages *p, unsigned char *page)
{
    struct {
        uint32_t page;
        int64_t at;
    } *open = NULL;
    unsigned char head[32], frame[24];
    uint32_t s[2] = {0, 0};
    size_t n_open = 0, cap = 0;
    int64_t most = p->n; /* pages there can be: each frame adds one at most */
    if (p->wal < 0 || !read_at(p->wal, head, sizeof head, 0) || (be32(head) & ~1u) != 0x377f0682 ||
        be32(head + 8) != p->size)
        return;
    bool big = be32(head) & 1;
    checksum(head, 24, big, s);
    if (s[0] != be32(head + 24) || s[1] != be32(head + 28))
        return;
    for (int64_t at = 32;; at += 24 + p->size) {
        if (!read_at(p->wal, frame, sizeof frame, at) ||
            !read_at(p->wal, page, p->size, at + 24) || memcmp(frame + 8, head + 16, 8) != 0)
            break;
        checksum(frame, 8, big, s);
        checksum(page, p->size, big, s);
        uint32_t number = be32(frame), pages = be32(frame + 4);
        if (s[0] != be32(frame + 16) || s[1] != be32(frame + 20) || number == 0 ||
            (int64_t)pages > ++most)
            break;
        if (n_open == cap) {
            cap = cap ? cap * 2 : 64;
            open = ct_xrealloc(open, cap * sizeof *open);
        }
        open[n_open].page = number;
        open[n_open++].at = at + 24;
        if (pages == 0)
            continue;
        if ((int64_t)pages > p->n) {
            p->frame = ct_xrealloc(p->frame, ((size_t)pages + 1) * sizeof *p->frame);
            memset(p->frame + p->n + 1, 0, ((size_t)pages - (size_t)p->n) * sizeof *p->frame);
        }
        p->n = pages; /* of the whole file, as of this transaction */
        for (size_t i = 0; i < n_open; i++)
            if ((int64_t)open[i].page <= p->n)
                p->frame[open[i].page] = open[i].at;
        n_open = 0;
    }
    free(open);
}

/* ---- pages ---- */

static bool get_page(const struct ct_pages *p, int64_t n, unsigned char *out)
{
    if (n < 1 || n > p->n)
        return false;
    if (p->frame[n])
        return read_at(p->wal, out, p->size, p->frame[n]);
    return read_at(p->fd, out, p->size, (n - 1) * p->size);
}

static bool mark(struct ct_pages *p, int64_t n)
{
    unsigned char bit = (unsigned char)(1u << (n & 7));
    if (n < 1 || n > p->n || p->seen[n >> 3] & bit)
        return false;
    p->seen[n >> 3] |= bit;
    return true;
}

static uint32_t page_size(const unsigned char *head)
{
    uint32_t size = be16(head + 16) == 1 ? 65536 : be16(head + 16);
    return size >= 512 && (size & (size - 1)) == 0 ? size : 4096;
}

enum ct_status ct_pages_open(const char *path, struct ct_pages **out, struct ct_error *err)
{
    struct ct_pages *p = ct_xcalloc(1, sizeof *p);
    struct ct_buf log = CT_BUF_INIT;
    struct stat st;
    p->row = (struct ct_buf)CT_BUF_INIT;
    p->wal = -1;
    p->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (p->fd < 0 || fstat(p->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        enum ct_status status =
            ct_fail(err, errno == ENOENT ? CT_ERR_NOT_FOUND : CT_ERR_IO, path, "%s",
                    p->fd < 0 ? strerror(errno) : "not a regular file");
        ct_pages_close(p);
        return status;
    }
    ct_buf_addf(&log, "%s-wal", path);
    p->wal = open(log.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ct_buf_free(&log);
    unsigned char wal_head[32];
    p->headed = read_at(p->fd, p->head, sizeof p->head, 0);
    p->size = page_size(p->head);
    if (!ct_pages_are_sqlite(p) && p->wal >= 0 && read_at(p->wal, wal_head, 32, 0) &&
        be32(wal_head + 8) >= 512 && be32(wal_head + 8) <= 65536 &&
        (be32(wal_head + 8) & (be32(wal_head + 8) - 1)) == 0)
        p->size = be32(wal_head + 8);
    p->n = ((int64_t)st.st_size + p->size - 1) / p->size;
    p->n = p->n > PAGES_MOST ? PAGES_MOST : p->n;
    p->frame = ct_xcalloc((size_t)p->n + 1, sizeof *p->frame);
    unsigned char *page = ct_xmalloc(p->size);
    read_log(p, page);
    if (get_page(p, 1, page)) {
        memcpy(p->head, page, sizeof p->head);
        p->headed = true;
    }
    free(page);
    /* the file may be longer than the log says: what lies behind was cut off on purpose */
    p->usable = p->size - (p->headed && p->head[20] <= 32 ? p->head[20] : 0);
    p->seen = ct_xcalloc((size_t)p->n / 8 + 1, 1);
    *out = p;
    return CT_OK;
}

void ct_pages_close(struct ct_pages *p)
{
    if (!p)
        return;
    if (p->fd >= 0)
        (void)close(p->fd);
    if (p->wal >= 0)
        (void)close(p->wal);
    free(p->frame);
    free(p->seen);
    ct_buf_free(&p->row);
    free(p);
}

bool ct_pages_are_sqlite(const struct ct_pages *p)
{
    return p->headed && memcmp(p->head, "SQLite format 3", 16) == 0;
}

uint32_t ct_pages_id(const struct ct_pages *p)
{
    return p->headed ? be32(p->head + 68) : 0;
}

uint32_t ct_pages_version(const struct ct_pages *p)
{
    return p->headed ? be32(p->head + 60) : 0;
}

int64_t ct_pages_count(const struct ct_pages *p)
{
    return p->n;
}

int64_t ct_pages_damaged(const struct ct_pages *p)
{
    return p->damaged;
}

/* ---- rows ---- */

struct cursor {
    const unsigned char *p, *end;
    bool bad;
};

static uint64_t varint(struct cursor *c)
{
    uint64_t v = 0;
    for (int i = 0; i < 9; i++) {
        if (c->p >= c->end) {
            c->bad = true;
            return 0;
        }
        unsigned char b = *c->p++;
        if (i == 8)
            return v << 8 | b;
        v = v << 7 | (b & 0x7f);
        if (!(b & 0x80))
            return v;
    }
    return v;
}

static size_t serial_bytes(uint64_t type)
{
    static const unsigned char sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    return type < 10 ? sizes[type] : type < 12 ? SIZE_MAX : (size_t)((type - 12) / 2);
}

static struct ct_cell one_cell(uint64_t type, const unsigned char *p, size_t n)
{
    struct ct_cell cell = {.type = CT_CELL_INT};
    uint64_t bits = n > 0 && type < 7 && p[0] & 0x80 ? UINT64_MAX : 0;
    if (type >= 12) {
        cell.type = type & 1 ? CT_CELL_TEXT : CT_CELL_BLOB;
        cell.s = (struct ct_span){(const char *)p, n};
        return cell;
    }
    if (type == 0)
        cell.type = CT_CELL_NULL;
    for (size_t i = 0; i < n && type <= 7; i++)
        bits = bits << 8 | p[i];
    if (type == 7) {
        cell.type = CT_CELL_REAL;
        memcpy(&cell.r, &bits, sizeof cell.r);
    }
    cell.i = type == 9 ? 1 : type == 8 ? 0 : (int64_t)bits;
    return cell;
}

/* The cells of a record; -1: it is none. */
static int record(const unsigned char *p, size_t n, struct ct_cell *cells)
{
    struct cursor c = {p, p + n, false};
    uint64_t head = varint(&c);
    if (c.bad || head > n || c.p > p + head)
        return -1;
    const unsigned char *body = p + head;
    int count = 0;
    for (c.end = body; c.p < c.end;) {
        uint64_t type = varint(&c);
        size_t bytes = serial_bytes(type);
        if (c.bad || count == CT_CELLS_MOST || bytes > (size_t)(p + n - body))
            return -1;
        cells[count++] = one_cell(type, body, bytes);
        body += bytes;
    }
    return body == p + n ? count : -1;
}

/* How much of a payload of N bytes stands on its page. */
static size_t local_bytes(const struct ct_pages *p, uint64_t n, bool leaf_table)
{
    size_t u = p->usable, most = leaf_table ? u - 35 : (u - 12) * 64 / 255 - 23,
           least = (u - 12) * 32 / 255 - 23;
    if (n <= most)
        return (size_t)n;
    size_t k = least + (size_t)((n - least) % (u - 4));
    return k <= most ? k : least;
}

/* The whole payload into p->row. */
static bool gather(struct ct_pages *p, struct cursor *c, uint64_t n, bool leaf_table,
                   unsigned char *page)
{
    ct_buf_clear(&p->row);
    if (n > ROW_MOST)
        return false;
    size_t local = local_bytes(p, n, leaf_table);
    if (local > (size_t)(c->end - c->p))
        return false;
    ct_buf_add(&p->row, (struct ct_span){(const char *)c->p, local});
    if (local == n)
        return true;
    if ((size_t)(c->end - c->p) < local + 4)
        return false;
    uint32_t next = be32(c->p + local);
    while (p->row.n < n) {
        size_t more = (size_t)n - p->row.n, room = p->usable - 4;
        if (next == 0 || !get_page(p, next, page))
            return false;
        (void)mark(p, next);
        ct_buf_add(&p->row,
                   (struct ct_span){(const char *)page + 4, more < room ? more : room});
        next = be32(page);
    }
    return true;
}

/* Where the cells of PAGE N begin to be told: behind its header. */
static size_t header_at(int64_t n)
{
    return n == 1 ? 100 : 0;
}

static bool is_inner(unsigned char type)
{
    return type == INNER_TABLE || type == INNER_INDEX;
}

static bool is_page(const struct ct_pages *p, const unsigned char *page, size_t at)
{
    unsigned char type = page[at];
    uint32_t n = be16(page + at + 3);
    if (type != LEAF_TABLE && type != LEAF_INDEX && !is_inner(type))
        return false;
    return at + (is_inner(type) ? 12 : 8) + n * 2 <= p->usable;
}

/* The I-th cell of PAGE: its row to FN, its child (of inner pages) returned, else 0. */
static int64_t visit_cell(struct ct_pages *p, const unsigned char *page, size_t at, uint32_t i,
                          unsigned char *other, ct_row_fn *fn, void *ctx)
{
    struct ct_cell cells[CT_CELLS_MOST];
    unsigned char type = page[at];
    bool keyed = type == LEAF_INDEX || type == INNER_INDEX;
    uint32_t where = be16(page + at + (is_inner(type) ? 12 : 8) + i * 2);
    int64_t child = 0, rowid = 0;
    struct cursor c = {page + where, page + p->usable, where < 8 || where + 4 > p->usable};
    if (!c.bad && is_inner(type)) {
        child = be32(c.p);
        c.p += 4;
    }
    if (type == INNER_TABLE)
        return c.bad ? -1 : child;
    uint64_t n = c.bad ? 0 : varint(&c);
    if (!keyed)
        rowid = (int64_t)varint(&c);
    int count = -1;
    if (!c.bad && gather(p, &c, n, !keyed, other))
        count = record((const unsigned char *)p->row.p, p->row.n, cells);
    if (fn)
        fn(ctx, keyed, rowid, cells, count);
    return child;
}

static void walk(struct ct_pages *p, int64_t n, int depth, ct_row_fn *fn, void *ctx)
{
    size_t at = header_at(n);
    unsigned char *page = ct_xmalloc(p->size), *other = ct_xmalloc(p->size);
    bool readable = depth < DEEPEST && mark(p, n) && get_page(p, n, page) && is_page(p, page, at);
    if (!readable)
        p->damaged++;
    uint32_t cells = readable ? be16(page + at + 3) : 0;
    for (uint32_t i = 0; i < cells; i++) {
        int64_t child = visit_cell(p, page, at, i, other, fn, ctx);
        if (child != 0)
            walk(p, child, depth + 1, fn, ctx);
    }
    if (readable && is_inner(page[at]))
        walk(p, be32(page + at + 8), depth + 1, fn, ctx);
    free(page);
    free(other);
}

void ct_pages_walk(struct ct_pages *p, int64_t root, ct_row_fn *fn, void *ctx)
{
    walk(p, root, 0, fn, ctx);
}

void ct_pages_skip_unused(struct ct_pages *p)
{
    unsigned char *page = ct_xmalloc(p->size);
    int64_t next = p->headed ? be32(p->head + 32) : 0;
    while (next != 0 && mark(p, next) && get_page(p, next, page)) {
        uint32_t n = be32(page + 4);
        for (uint32_t i = 0; i < n && 8 + (i + 1) * 4 <= p->usable; i++)
            (void)mark(p, be32(page + 8 + i * 4));
        next = be32(page);
    }
    free(page);
}

bool ct_pages_stray(struct ct_pages *p, int64_t *page, bool *keyed)
{
    unsigned char *bytes = ct_xmalloc(p->size);
    bool found = false;
    for (; !found && *page <= p->n; ++*page) {
        if (!(p->seen[*page >> 3] & 1u << (*page & 7)) && get_page(p, *page, bytes) &&
            is_page(p, bytes, 0) && bytes[0] != INNER_TABLE) {
            *keyed = bytes[0] != LEAF_TABLE;
            found = true;
            break;
        }
    }
    free(bytes);
    return found;
}

void ct_pages_rows(struct ct_pages *p, int64_t n, ct_row_fn *fn, void *ctx)
{
    unsigned char *page = ct_xmalloc(p->size), *other = ct_xmalloc(p->size);
    if (get_page(p, n, page) && is_page(p, page, 0) && page[0] != INNER_TABLE)
        for (uint32_t i = 0; i < be16(page + 3); i++)
            (void)visit_cell(p, page, 0, i, other, fn, ctx);
    free(page);
    free(other);
}
