/* import rows: people's own rows, as `parse` prints them or as a table, each with its time. */
#include "config.h"

#include "app/fetcher_import.h"

#include "db/table.h"
#include "fetchers/rows.h"

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS_FILE ((size_t)512 << 20)

struct record {
    int64_t at_ms;
    size_t off, n, number; /* its bytes in the text, and which record it is, from 1 */
};

struct rows_file {
    const char *path;
    struct ct_buf text;
    bool csv;
    struct ct_arena *arena; /* of the header */
    struct ct_list header;
    struct record *v;
    size_t n, cap;
    int64_t default_at_ms; /* CT_NONE: every row needs its own */
    int kind;              /* enum ct_source_kind of the first row; -1 */
};

/* End of the record at OFF: a line, or for CSV up to a line end outside quotes. */
static size_t record_end(const struct rows_file *f, size_t off)
{
    bool quoted = false;
    while (off < f->text.n && (quoted || f->text.p[off] != '\n')) {
        if (f->csv && f->text.p[off] == '"')
            quoted = !quoted;
        off++;
    }
    return off;
}

struct cells {
    struct ct_arena *arena;
    CT_VEC(struct ct_span) v;
    int records;
};

static void on_cell(void *p, size_t n, void *ctx)
{
    struct cells *c = ctx;
    struct ct_span *slot = CT_VEC_PUSH(c->arena, &c->v);
    if (slot != NULL)
        *slot = ct_arena_dup(c->arena, (struct ct_span){p != NULL ? p : "", n});
}

static void on_record(int end, void *ctx)
{
    (void)end;
    ((struct cells *)ctx)->records++;
}

static enum ct_status split_csv(struct ct_arena *arena, struct ct_span text, struct ct_list *out,
                                struct ct_error *err)
{
    struct cells c = {.arena = arena};
    struct csv_parser p;
    if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL) != 0)
        return ct_fail(err, CT_ERR_LIMIT, "csv", "out of memory");
    bool ok = csv_parse(&p, text.p, text.n, on_cell, on_record, &c) == text.n &&
              csv_fini(&p, on_cell, on_record, &c) == 0 && c.records == 1;
    csv_free(&p);
    if (ct_arena_full(arena))
        return ct_fail(err, CT_ERR_LIMIT, "csv", NULL);
    if (!ok)
        return ct_fail(err, CT_ERR_SYNTAX, "csv", "not a CSV record");
    *out = (struct ct_list){c.v.v, c.v.n};
    return CT_OK;
}

static int kind_of_batch(const struct ct_batch *b)
{
    if (b->pages.n + b->components.n + b->incidents.n + b->updates.n + b->measures.n > 0)
        return CT_SOURCE_STATUS;
    if (b->offers.n > 0)
        return CT_SOURCE_PRICES;
    if (b->token_prices.n + b->endpoints.n > 0)
        return CT_SOURCE_MODELS;
    return b->articles.n > 0 ? CT_SOURCE_NEWS : -1;
}

/* Record R into B; its time in *AT_MS. */
static enum ct_status add_record(const struct rows_file *f, const struct record *r,
                                 struct ct_batch *b, int64_t *at_ms, struct ct_error *err)
{
    struct ct_span text = {f->text.p + r->off, r->n};
    struct ct_list cells;
    char where[sizeof(err->where)];
    enum ct_status st;
    *at_ms = CT_NONE;
    if (!f->csv)
        st = ct_batch_add_json(b, text, at_ms, err);
    else if ((st = split_csv(b->arena, text, &cells, err)) == CT_OK)
        st = ct_batch_add_csv(b, &f->header, &cells, at_ms, err);
    if (st == CT_OK && *at_ms == CT_NONE)
        *at_ms = f->default_at_ms;
    if (st == CT_OK && *at_ms == CT_NONE)
        st = ct_fail(err, CT_ERR_SHAPE, "at",
                     "the row has no time; give it \"at\", or all of them --at TIME");
    if (st == CT_OK && *at_ms > ct_now_ms() + CT_DAY)
        st = ct_fail(err, CT_ERR_RANGE, "at", "the row's time lies in the future");
    if (st != CT_OK) {
        snprintf(where, sizeof(where), "%s: row %zu", f->path, r->number);
        ct_error_prefix(err, where);
    }
    return st;
}

static bool blank(struct ct_span s)
{
    return ct_span_trim(s).n == 0;
}

/* Finds and judges every record. */
static enum ct_status index_rows(struct rows_file *f, struct ct_error *err)
{
    struct ct_arena *scratch = ct_arena_new(CT_IMPORT_ARENA);
    enum ct_status st = CT_OK;
    size_t number = 0;
    bool header = f->csv;
    for (size_t off = 0, end; off < f->text.n && st == CT_OK; off = end + 1) {
        struct ct_batch b;
        end = record_end(f, off);
        struct record r = {.off = off, .n = end - off, .number = number + 1};
        struct ct_span text = {f->text.p + off, end - off};
        if (blank(text))
            continue;
        if (header) {
            header = false;
            if ((st = split_csv(f->arena, text, &f->header, err)) != CT_OK)
                ct_error_prefix(err, f->path);
            continue;
        }
        number++;
        ct_arena_reset(scratch);
        ct_batch_init(&b, scratch);
        if ((st = add_record(f, &r, &b, &r.at_ms, err)) != CT_OK)
            break;
        if (f->kind < 0)
            f->kind = kind_of_batch(&b);
        if (f->n == f->cap) {
            f->cap = f->cap != 0 ? 2 * f->cap : 1024;
            f->v = ct_xrealloc(f->v, f->cap * sizeof(*f->v));
        }
        f->v[f->n++] = r;
    }
    ct_arena_free(scratch);
    if (st == CT_OK && f->n == 0)
        st = ct_fail(err, CT_ERR_SHAPE, f->path, "no rows in it");
    return st;
}

static int by_time_and_place(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms)
                                : (x->off > y->off) - (x->off < y->off);
}

static enum ct_status store_rows(struct ct_import *im, const struct rows_file *f,
                                 struct ct_error *err)
{
    enum ct_status st = CT_OK;
    for (size_t i = 0, k; i < f->n && st == CT_OK; i = k) {
        struct ct_arena *arena = ct_arena_new(CT_IMPORT_ARENA);
        struct ct_batch b;
        uint64_t hash = 0;
        int64_t bytes = 0, at;
        ct_batch_init(&b, arena);
        for (k = i; k < f->n && f->v[k].at_ms == f->v[i].at_ms && st == CT_OK; k++) {
            st = add_record(f, &f->v[k], &b, &at, err);
            hash = ct_body_hash(im->s, hash, (struct ct_span){f->text.p + f->v[k].off, f->v[k].n});
            bytes += (int64_t)f->v[k].n;
        }
        ct_rows_derive_prices(&b);
        if (st == CT_OK)
            st = ct_import_commit(im, f->v[i].at_ms, bytes, hash, &b, err);
        ct_arena_free(arena);
    }
    return st;
}

int ct_import_rows(const char *path, const char *at, const char *db, const char *config,
                   const char *source)
{
    struct ct_import im = {.now_ms = ct_mono_ms()};
    struct rows_file f = {
        .path = path, .default_at_ms = CT_NONE, .kind = -1, .arena = ct_arena_new(1 << 20)};
    struct ct_error err = {0};
    const char *id = source != NULL ? source : "import_rows";
    enum ct_status st = CT_OK;
    if (!ct_import_id_ok(id))
        st = ct_fail(&err, CT_ERR_USAGE, id, "a source id is made of a-z, 0-9 and _");
    if (st == CT_OK && at != NULL &&
        (st = ct_time_parse_user(ct_span(at), ct_now_ms(), &f.default_at_ms, &err)) != CT_OK)
        st = CT_ERR_USAGE;
    if (st == CT_OK)
        st = ct_registry_load(&im.reg, &err);
    if (st == CT_OK)
        st = ct_fetch_config_load(config, false, im.reg, &im.config, &err);
    if (st == CT_OK)
        st = ct_import_body(path, MAX_ROWS_FILE, &f.text, &err);
    if (st == CT_OK) {
        struct ct_span text = ct_span_trim(ct_buf_span(&f.text));
        f.csv = text.n > 0 && text.p[0] != '{';
        st = index_rows(&f, &err);
    }
    if (st == CT_OK) {
        qsort(f.v, f.n, sizeof(*f.v), by_time_and_place);
        /* What is given is what somebody kept, hardly ever all there was: rows that are absent are
         * not gone. */
        if ((im.s = ct_registry_find(im.reg, id)) == NULL)
            ct_import_make(&im, id, NULL, true);
        st = ct_import_open(&im, db, f.kind >= 0 ? (enum ct_source_kind)f.kind : CT_SOURCE_PRICES,
                            &err);
    }
    if (st == CT_OK)
        st = store_rows(&im, &f, &err);
    free(f.v);
    ct_buf_free(&f.text);
    ct_arena_free(f.arena);
    return ct_import_finish(&im, st, &err);
}
