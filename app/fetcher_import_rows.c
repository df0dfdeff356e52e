/* import rows: people's own rows, as `parse` prints them or as a table, each with its time. A file is read twice, piece
 * by piece: once to judge all of it, then moment by moment to store it. */
#include "config.h"

#include "app/fetcher_import.h"

#include "db/table.h"
#include "fetchers/columns.h"
#include "fetchers/reread.h"
#include "fetchers/rows.h"

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUN_BYTES = 1024 * 1024,       /* no run is longer, unless one record is */
    MOST_RECORD = 8 * 1024 * 1024, /* the same as what is fetched whole */
};

/* Neighbouring records of one moment, which are read again when it is their turn. */
struct run {
    int64_t at_ms, off;
    size_t n, first; /* its bytes, and which record its first is, from 1 */
};

struct rows_file {
    const char *path;
    struct ct_reread *in;
    struct ct_buf b; /* what was read and not yet used up: from byte AT on, looked through up to SEEN */
    size_t at, seen;
    bool ended, quoted;
    int64_t base;  /* where B begins in the whole */
    size_t number; /* of records so far */
    bool csv;
    struct ct_arena *arena; /* of the header */
    struct ct_list header;
    struct run *v;
    size_t n, cap;
    struct ct_columns *columns; /* the table's words for ours; NULL: they are ours */
    int64_t default_at_ms;      /* CT_NONE: every row needs its own */
    int64_t empty;              /* records that tell of nothing */
    int kind;              /* enum ct_source_kind of the first row; -1 */
};

/* ---- reading ---- */

/* One more piece behind what is left of B. */
static enum ct_status read_on(struct rows_file *f, struct ct_error *err)
{
    if (f->at > 0) {
        memmove(f->b.p, f->b.p + f->at, f->b.n - f->at);
        f->b.n -= f->at;
        f->seen -= f->at;
        f->base += (int64_t)f->at;
        f->at = 0;
    }
    size_t had = f->b.n;
    enum ct_status st = ct_reread_more(f->in, &f->b, err);
    f->ended = f->b.n == had;
    return st;
}

/* From OFF on to the end of a record: of a line, in CSV to a line end outside quotes. False: it is not in B. */
static bool record_ends(bool csv, struct ct_span b, size_t *off, bool *quoted)
{
    for (; *off < b.n && (*quoted || b.p[*off] != '\n'); ++*off)
        if (csv && b.p[*off] == '"')
            *quoted = !*quoted;
    return *off < b.n;
}

/* The next record into TEXT, good until the next call, and where it lies; *MORE: there was one. */
static enum ct_status next_record(struct rows_file *f, struct ct_span *text, int64_t *off, bool *more,
                                  struct ct_error *err)
{
    enum ct_status st = CT_OK;
    while (!record_ends(f->csv, ct_buf_span(&f->b), &f->seen, &f->quoted) && !f->ended && st == CT_OK)
        st = f->b.n - f->at <= MOST_RECORD
                 ? read_on(f, err)
                 : ct_fail(err, CT_ERR_LIMIT, f->path, "row %zu is longer than %d bytes", f->number + 1, MOST_RECORD);
    *more = st == CT_OK && f->at < f->b.n;
    *text = (struct ct_span){f->b.p + f->at, f->seen - f->at};
    *off = f->base + (int64_t)f->at;
    f->at = f->seen = f->seen < f->b.n ? f->seen + 1 : f->seen;
    f->quoted = false;
    return st;
}

/* CSV unless the first thing in it is a brace. */
static enum ct_status sniff(struct rows_file *f, struct ct_error *err)
{
    enum ct_status st = CT_OK;
    struct ct_span seen;
    while (st == CT_OK && !f->ended && (seen = ct_span_trim(ct_buf_span(&f->b))).n == 0)
        st = read_on(f, err);
    seen = ct_span_trim(ct_buf_span(&f->b));
    f->csv = seen.n > 0 && seen.p[0] != '{';
    return st;
}

/* ---- records ---- */

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

static size_t rows_in(const struct ct_batch *b)
{
    return b->offers.n + b->measures.n + b->token_prices.n + b->components.n + b->endpoints.n + b->articles.n;
}

/* TEXT, the NUMBER-th record, into B; its time in *AT_MS, CT_NONE for one that tells of nothing. */
static enum ct_status add_record(const struct rows_file *f, struct ct_span text, size_t number,
                                 struct ct_batch *b, int64_t *at_ms, struct ct_error *err)
{
    struct ct_list cells;
    char where[sizeof(err->where)];
    enum ct_status st;
    *at_ms = CT_NONE;
    size_t had = rows_in(b);
    st = f->csv ? split_csv(b->arena, text, &cells, err) : CT_OK;
    if (st == CT_OK && f->columns)
        st = ct_columns_add(f->columns, b, f->csv ? &f->header : NULL, &cells, text, at_ms, err);
    else if (st == CT_OK)
        st = f->csv ? ct_batch_add_csv(b, &f->header, &cells, at_ms, err) : ct_batch_add_json(b, text, at_ms, err);
    if (st == CT_OK && f->columns && rows_in(b) == had) {
        *at_ms = CT_NONE;
        return CT_OK;
    }
    if (st == CT_OK && *at_ms == CT_NONE)
        *at_ms = f->default_at_ms;
    if (st == CT_OK && *at_ms == CT_NONE)
        st = ct_fail(err, CT_ERR_SHAPE, "at",
                     "the row has no time; give it \"at\", or all of them --at TIME");
    if (st == CT_OK && *at_ms > ct_now_ms() + CT_DAY)
        st = ct_fail(err, CT_ERR_RANGE, "at", "the row's time lies in the future");
    if (st != CT_OK) {
        snprintf(where, sizeof(where), "%s: row %zu", f->path, number);
        ct_error_prefix(err, where);
    }
    return st;
}

static bool blank(struct ct_span s)
{
    return ct_span_trim(s).n == 0;
}

static void add_to_runs(struct rows_file *f, struct run r)
{
    struct run *last = f->n > 0 ? &f->v[f->n - 1] : NULL;
    int64_t n = last != NULL ? r.off + (int64_t)r.n - last->off : 0;
    if (last != NULL && last->at_ms == r.at_ms && n <= RUN_BYTES) {
        last->n = (size_t)n;
        return;
    }
    if (f->n == f->cap) {
        f->cap = f->cap != 0 ? 2 * f->cap : 1024;
        f->v = ct_xrealloc(f->v, f->cap * sizeof(*f->v));
    }
    f->v[f->n++] = r;
}

/* Finds and judges every record. */
static enum ct_status index_rows(struct rows_file *f, struct ct_error *err)
{
    struct ct_arena *scratch = ct_arena_new(CT_IMPORT_ARENA);
    enum ct_status st = sniff(f, err);
    struct run r;
    struct ct_span text;
    bool header = f->csv, more = true;
    while (st == CT_OK && (st = next_record(f, &text, &r.off, &more, err)) == CT_OK && more) {
        struct ct_batch b;
        if (blank(text))
            continue;
        if (header) {
            header = false;
            if ((st = split_csv(f->arena, text, &f->header, err)) != CT_OK)
                ct_error_prefix(err, f->path);
            continue;
        }
        r.first = ++f->number;
        r.n = text.n;
        ct_arena_reset(scratch);
        ct_batch_init(&b, scratch);
        if ((st = add_record(f, text, r.first, &b, &r.at_ms, err)) != CT_OK)
            break;
        if (r.at_ms == CT_NONE) {
            f->empty++;
            continue;
        }
        if (f->kind < 0)
            f->kind = kind_of_batch(&b);
        add_to_runs(f, r);
    }
    ct_arena_free(scratch);
    if (st == CT_OK && f->n == 0)
        st = ct_fail(err, CT_ERR_SHAPE, f->path, "no rows in it");
    return st;
}

static int by_time_and_place(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms)
                                : (x->off > y->off) - (x->off < y->off);
}

/* The records of R, in TEXT, into B. */
static enum ct_status add_run(const struct rows_file *f, const struct run *r, struct ct_span text,
                              const struct ct_source *s, struct ct_batch *b, uint64_t *hash, int64_t *bytes,
                              struct ct_error *err)
{
    enum ct_status st = CT_OK;
    size_t number = r->first;
    for (size_t off = 0, end; off < text.n && st == CT_OK; off = end + 1) {
        bool quoted = false;
        int64_t at;
        end = off;
        (void)record_ends(f->csv, text, &end, &quoted);
        struct ct_span record = {text.p + off, end - off};
        if (blank(record))
            continue;
        st = add_record(f, record, number++, b, &at, err);
        if (st == CT_OK && at != CT_NONE && at != r->at_ms)
            st = ct_fail(err, CT_ERR_IO, f->path, "it changed while it was read");
        *hash = ct_body_hash(s, *hash, record);
        *bytes += (int64_t)record.n;
    }
    return st;
}

static enum ct_status store_rows(struct ct_import *im, struct rows_file *f, struct ct_error *err)
{
    enum ct_status st = CT_OK;
    struct ct_buf text = CT_BUF_INIT;
    for (size_t i = 0, k; i < f->n && st == CT_OK; i = k) {
        struct ct_arena *arena = ct_arena_new(CT_IMPORT_ARENA);
        struct ct_batch b;
        uint64_t hash = 0;
        int64_t bytes = 0;
        ct_batch_init(&b, arena);
        for (k = i; k < f->n && f->v[k].at_ms == f->v[i].at_ms && st == CT_OK; k++)
            if ((st = ct_reread_at(f->in, f->v[k].off, f->v[k].n, &text, err)) == CT_OK)
                st = add_run(f, &f->v[k], ct_buf_span(&text), im->s, &b, &hash, &bytes, err);
        ct_rows_derive_prices(&b);
        if (st == CT_OK)
            st = ct_import_commit(im, f->v[i].at_ms, bytes, hash, &b, err);
        ct_arena_free(arena);
    }
    ct_buf_free(&text);
    return st;
}

int ct_import_rows(const char *path, const char *at, const char *db, const char *config,
                   const char *source, const char *columns)
{
    struct ct_import im = {.now_ms = ct_mono_ms()};
    struct rows_file f = {
        .path = path, .default_at_ms = CT_NONE, .kind = -1, .arena = ct_arena_new(1 << 20)};
    struct ct_error err = {0};
    char named[CT_ID_BYTES + 1] = "import_rows"; /* what is called by name is a source of its own */
    for (size_t i = 0; columns != NULL && strpbrk(columns, "/.") == NULL && i < CT_ID_BYTES; i++)
        if ((named[i] = columns[i] == '-' ? '_' : columns[i]) == '\0')
            break;
    const char *id = source != NULL ? source : named;
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
    if (st == CT_OK && columns != NULL)
        st = ct_columns_load(columns, &f.columns, &err);
    if (st == CT_OK)
        st = ct_reread_open(path, &f.in, &err);
    if (st == CT_OK)
        st = index_rows(&f, &err);
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
    if (st == CT_OK && f.empty > 0)
        ct_complain(0, path, "%lld of %zu rows say nothing that --as %s makes use of", (long long)f.empty,
                    f.number, columns);
    ct_reread_close(f.in);
    ct_columns_free(f.columns);
    free(f.v);
    ct_buf_free(&f.b);
    ct_arena_free(f.arena);
    return ct_import_finish(&im, st, &err);
}
