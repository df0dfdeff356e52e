#include "fetchers/reference.h"

#include "db/base/paths.h"
#include "db/base/text.h"
#include "fetchers/gpu.h"
#include "fetchers/modelid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 32
#define CELL_BYTES 1024
#define MAX_BYTES (4U << 20)

/* ---- reading a table ---- */

enum ct_status ct_tsv_fail(const struct ct_tsv *t, size_t row, struct ct_error *err,
                           const char *fmt, ...)
{
    char where[96], what[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    snprintf(where, sizeof where, "%s:%d", t->file, t->lines[row]);
    return ct_fail(err, CT_ERR_CONFIG, where, "%s", what);
}

static enum ct_status fail_line(const struct ct_tsv *t, int line, struct ct_error *err,
                                const char *what, struct ct_span text)
{
    char where[96];
    snprintf(where, sizeof where, "%s:%d", t->file, line);
    return ct_fail(err, CT_ERR_CONFIG, where, "%s%.*s", what, text.n > 60 ? 60 : (int)text.n,
                   text.p ? text.p : "");
}

/* Splits LINE at its tabs into at most MAX_COLUMNS cells; returns how many there were. */
static size_t split(struct ct_span line, struct ct_span cells[MAX_COLUMNS])
{
    size_t n = 0;
    while (line.p) {
        struct ct_span cell = ct_span_cut(&line, '\t');
        if (n < MAX_COLUMNS)
            cells[n] = ct_span_trim(cell);
        n++;
    }
    return n;
}

/* Every cell is text as a screen can show it: a table is edited by people. */
static bool clean_line(struct ct_span line)
{
    char clean[CELL_BYTES];
    while (line.p) {
        struct ct_span cell = ct_span_trim(ct_span_cut(&line, '\t'));
        size_t n = cell.n < sizeof clean ? ct_text_clean(clean, sizeof clean, cell, 0) : 0;
        if (n != cell.n || memcmp(clean, cell.p, n) != 0)
            return false;
    }
    return true;
}

/* Where each of COLUMNS stands in the header. */
static enum ct_status read_header(struct ct_tsv *t, struct ct_span line, int number,
                                  const char *const *columns, size_t *places, size_t *width,
                                  struct ct_error *err)
{
    struct ct_span names[MAX_COLUMNS];
    *width = split(line, names);
    if (*width > MAX_COLUMNS)
        return fail_line(t, number, err, "too many columns", CT_SPAN_NONE);
    for (size_t c = 0; columns[c]; c++) {
        size_t found = 0;
        for (size_t i = 0; i < *width; i++)
            if (ct_span_is(names[i], columns[c])) {
                places[c] = i;
                found++;
            }
        if (found != 1)
            return fail_line(t, number, err, found ? "two columns " : "no column ",
                             ct_span(columns[c]));
    }
    return CT_OK;
}

enum ct_status ct_tsv_read(struct ct_tsv *t, const char *file, struct ct_span text,
                           const char *const *columns, struct ct_error *err)
{
    size_t places[MAX_COLUMNS] = {0}, width = 0, room = 1;
    struct ct_span cells[MAX_COLUMNS];
    enum ct_status s = CT_OK;
    *t = (struct ct_tsv){.arena = ct_arena_new(0), .file = file};
    while (columns[t->columns])
        t->columns++;
    for (size_t i = 0; i < text.n; i++)
        room += text.p[i] == '\n';
    t->cells = ct_arena_alloc(t->arena, room * t->columns * sizeof *t->cells);
    t->lines = ct_arena_alloc(t->arena, room * sizeof *t->lines);
    for (int number = 1; s == CT_OK && text.p; number++) {
        struct ct_span line = ct_span_cut(&text, '\n');
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (!clean_line(line)) {
            s = fail_line(t, number, err, "a cell that is not clean text of at most 1 KiB",
                          CT_SPAN_NONE);
        } else if (width == 0) {
            s = read_header(t, line, number, columns, places, &width, err);
        } else if (split(line, cells) != width) {
            s = fail_line(t, number, err, "another number of columns than the header: ", line);
        } else {
            for (size_t c = 0; c < t->columns; c++)
                t->cells[t->rows * t->columns + c] = ct_arena_dup(t->arena, cells[places[c]]);
            t->lines[t->rows++] = number;
        }
    }
    if (s == CT_OK && width == 0)
        s = fail_line(t, 1, err, "an empty table", CT_SPAN_NONE);
    if (s != CT_OK)
        ct_tsv_free(t);
    return s;
}

enum ct_status ct_tsv_load(struct ct_tsv *t, const char *file, const char *const *columns,
                           struct ct_error *err)
{
    char name[128];
    struct ct_buf path = CT_BUF_INIT, text = CT_BUF_INIT;
    *t = (struct ct_tsv){.file = file};
    snprintf(name, sizeof name, "fetchers/reference/%s", file);
    enum ct_status s = ct_path_resource(&path, name, err);
    if (s == CT_OK)
        s = ct_read_file(path.p, MAX_BYTES, &text, err);
    if (s == CT_OK)
        s = ct_tsv_read(t, file, ct_buf_span(&text), columns, err);
    ct_buf_free(&text);
    ct_buf_free(&path);
    return s;
}

void ct_tsv_free(struct ct_tsv *t)
{
    ct_arena_free(t->arena);
    *t = (struct ct_tsv){0};
}

struct ct_span ct_tsv_cell(const struct ct_tsv *t, size_t row, size_t column)
{
    return t->cells[row * t->columns + column];
}

/* ---- searching one ---- */

static int compare(struct ct_span a, struct ct_span b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        int x = (unsigned char)a.p[i], y = (unsigned char)b.p[i];
        x += x >= 'A' && x <= 'Z' ? 32 : 0;
        y += y >= 'A' && y <= 'Z' ? 32 : 0;
        if (x != y)
            return x - y;
    }
    return (a.n > b.n) - (a.n < b.n);
}

static int compare_keys(const void *a, const void *b)
{
    const struct ct_tsv_key *x = a, *y = b;
    int order = compare(x->key, y->key);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

enum ct_status ct_tsv_index(struct ct_tsv *t, size_t column, struct ct_tsv_key **out,
                            struct ct_error *err)
{
    struct ct_tsv_key *keys = ct_arena_alloc(t->arena, (t->rows + 1) * sizeof *keys);
    for (size_t r = 0; r < t->rows; r++) {
        keys[r] = (struct ct_tsv_key){ct_tsv_cell(t, r, column), r};
        if (keys[r].key.n == 0)
            return ct_tsv_fail(t, r, err, "the key is empty");
    }
    qsort(keys, t->rows, sizeof *keys, compare_keys);
    for (size_t r = 1; r < t->rows; r++)
        if (compare(keys[r - 1].key, keys[r].key) == 0)
            return ct_tsv_fail(t, keys[r].row, err, "%s stands in line %d already", keys[r].key.p,
                               t->lines[keys[r - 1].row]);
    *out = keys;
    return CT_OK;
}

ptrdiff_t ct_tsv_find(const struct ct_tsv *t, const struct ct_tsv_key *index, struct ct_span key)
{
    size_t low = 0, high = t->rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(index[middle].key, key);
        if (order == 0)
            return (ptrdiff_t)index[middle].row;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* ---- regions ---- */

enum { R_CLOUD, R_NAME, R_REGION, R_SOVEREIGN };
static struct ct_tsv regions;

static enum ct_status load_regions(struct ct_error *err)
{
    static const char *const columns[] = {"cloud", "name", "region", "sovereign", NULL};
    enum ct_status s = ct_tsv_load(&regions, "regions.tsv", columns, err);
    for (size_t r = 0; s == CT_OK && r < regions.rows; r++) {
        struct ct_span sovereign = ct_tsv_cell(&regions, r, R_SOVEREIGN);
        if (sovereign.n && !ct_span_is(sovereign, "yes"))
            s = ct_tsv_fail(&regions, r, err, "sovereign is yes or empty, not %s", sovereign.p);
        else if (!ct_tsv_cell(&regions, r, R_CLOUD).n || !ct_tsv_cell(&regions, r, R_NAME).n)
            s = ct_tsv_fail(&regions, r, err, "cloud or name is empty");
    }
    return s;
}

/* Few rows, some with a star, asked once a region: a walk does. */
static ptrdiff_t region_row(struct ct_span cloud, struct ct_span name)
{
    for (size_t r = 0; r < regions.rows; r++)
        if (ct_span_ieq(ct_tsv_cell(&regions, r, R_CLOUD), cloud) &&
            ct_glob(ct_tsv_cell(&regions, r, R_NAME), name))
            return (ptrdiff_t)r;
    return -1;
}

struct ct_span ct_region_canonical(struct ct_span cloud, struct ct_span name)
{
    ptrdiff_t r = region_row(cloud, name);
    struct ct_span known = r < 0 ? name : ct_tsv_cell(&regions, (size_t)r, R_REGION);
    return known.n ? known : name;
}

bool ct_region_is_sovereign(struct ct_span cloud, struct ct_span name)
{
    ptrdiff_t r = region_row(cloud, name);
    return r >= 0 && ct_tsv_cell(&regions, (size_t)r, R_SOVEREIGN).n > 0;
}

/* ---- all of them ---- */

static bool loaded;

enum ct_status ct_reference_load(struct ct_error *err)
{
    if (loaded)
        return CT_OK;
    enum ct_status s = load_regions(err);
    if (s == CT_OK)
        s = ct_gpu_load(err);
    if (s == CT_OK)
        s = ct_modelid_load(err);
    loaded = s == CT_OK;
    if (!loaded)
        ct_reference_free();
    return s;
}

void ct_reference_free(void)
{
    loaded = false;
    ct_tsv_free(&regions);
    ct_gpu_free();
    ct_modelid_free();
}

enum ct_status ct_reference_need(struct ct_error *err)
{
    return loaded ? CT_OK : ct_fail(err, CT_ERR_CONFIG, "fetchers/reference", "tables not loaded");
}
