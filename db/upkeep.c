/* Sizes, integrity, backup and compaction of a whole database. Nothing here knows what a table
 * means: columns say by their names what they may hold. */
#include "config.h"

#include "db/upkeep.h"

#include "db/base/paths.h"
#include "db/base/text.h"
#include "db/columns.h"
#include "db/newest.h"
#include "db/offer_pack.h"
#include "db/samples.h"
#include "db/write_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROW struct ct_stat_row
static const struct ct_column stat_columns[] = {
    COL(TEXT, "what", what, SEARCH),
    COL(TEXT, "name", name, SEARCH),
    COL(INT, "rows", rows),
    COL(INT, "bytes", bytes),
    COL(MILLI, "share_pct", share_milli),
    COL(TIME, "oldest", oldest_ms),
    COL(TIME, "newest", newest_ms),
    COL(TEXT, "detail", detail),
};
#undef ROW
TABLE(ct_stat_table, "db stats", struct ct_stat_row, stat_columns);

#define ROW struct ct_finding_row
static const struct ct_column finding_columns[] = {
    COL(TEXT, "table", table, SEARCH),
    COL(TEXT, "column", column, SEARCH),
    COL(INT, "rows", n),
    COL(TEXT, "what", what, SEARCH),
    COL(TEXT, "example", example),
};
#undef ROW
TABLE(ct_finding_table, "db check", struct ct_finding_row, finding_columns);

/* ---- the connection ---- */

static enum ct_status fail(sqlite3 *db, const char *path, struct ct_error *err)
{
    char why[CT_WHY_BYTES];
    return ct_fail(err, CT_ERR_DB, path, "%s", ct_db_why(why, path, db, sqlite3_extended_errcode(db)));
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int64_t n = CT_NONE;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_INTEGER)
        n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

static bool can_be_read(sqlite3 *db)
{
    return sqlite3_exec(db, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
                            "PRAGMA mmap_size=0; SELECT count(*) FROM sqlite_schema;",
                        NULL, NULL, NULL) == SQLITE_OK;
}

/* Read-only, and of ours. */
static enum ct_status open_ours(const char *path, sqlite3 **out, struct ct_error *err)
{
    struct stat st;
    *out = NULL;
    if (stat(path, &st) != 0)
        return ct_fail(err, errno == ENOENT ? CT_ERR_NOT_FOUND : CT_ERR_IO, path, "%s",
                       errno == ENOENT ? "no such database" : strerror(errno));
    enum ct_status status = CT_OK;
    bool opened = sqlite3_open_v2(path, out, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK && can_be_read(*out);
    if (!opened && ct_db_unshared(sqlite3_extended_errcode(*out)) && ct_db_log_bytes(path) == 0) {
        sqlite3_close(*out);
        opened = ct_db_open_still(path, out) == SQLITE_OK && can_be_read(*out);
    }
    if (!opened)
        status = fail(*out, path, err);
    else if (st.st_size == 0 && ct_db_log_bytes(path) == 0)
        status = ct_fail(err, CT_ERR_NOT_FOUND, path, "an empty file: nothing was stored in it");
    else if (number(*out, "PRAGMA application_id") != CT_APPLICATION_ID)
        status = ct_fail(err, CT_ERR_DB, path, "this is another program's database");
    if (status != CT_OK) {
        sqlite3_close(*out);
        *out = NULL;
        return status;
    }
    (void)sqlite3_busy_timeout(*out, 5000);
    return CT_OK;
}

/* Names of the tables, NULL-terminated, by name. */
static const char **table_names(sqlite3 *db, struct ct_arena *a)
{
    CT_VEC(const char *) names = {0};
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type='table'"
                               " AND name NOT LIKE 'sqlite_%' ORDER BY name",
                           -1, &st, NULL) == SQLITE_OK)
        while (sqlite3_step(st) == SQLITE_ROW)
            *CT_VEC_PUSH(a, &names) =
                ct_arena_dup(a, ct_span((const char *)sqlite3_column_text(st, 0))).p;
    sqlite3_finalize(st);
    *CT_VEC_PUSH(a, &names) = NULL;
    return names.v;
}

/* ---- sizes ---- */

static int64_t file_bytes(const char *path, const char *end)
{
    struct ct_buf name = CT_BUF_INIT;
    struct stat st;
    ct_buf_addf(&name, "%s%s", path, end);
    int64_t n = stat(name.p, &st) == 0 ? (int64_t)st.st_size : CT_NONE;
    ct_buf_free(&name);
    return n;
}

static bool has_column(sqlite3 *db, const char *t, const char *name)
{
    return sqlite3_table_column_metadata(db, NULL, t, name, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

/* The first column of T that holds moments of observation; NULL when it has none. Those of a table that is worked out may
 * lie before the first. */
static const char *moment_column(sqlite3 *db, const char *t)
{
    static const char *const names[] = {"at_ms", "t_ms", "from_ms", NULL};
    const char *const *n = names;
    while (*n && !has_column(db, t, *n))
        n++;
    bool made = has_column(db, t, "back_ms") || has_column(db, t, "upto_ms");
    return made ? NULL : *n;
}

static void table_stats(sqlite3 *db, const char *t, int64_t whole, struct ct_arena *a,
                        struct ct_stat_row *r)
{
    char sql[400];
    *r = (struct ct_stat_row){.what = CT_LIT("table"),
                              .name = ct_arena_dup(a, ct_span(t)),
                              .bytes = CT_NONE,
                              .share_milli = CT_NONE,
                              .oldest_ms = CT_NONE,
                              .newest_ms = CT_NONE};
    sqlite3_snprintf(sizeof sql, sql, "SELECT count(*) FROM \"%w\"", t);
    r->rows = number(db, sql);
    /* Without that module the library cannot tell: the sizes stay unknown. */
    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT sum(pgsize) FROM dbstat WHERE aggregate=1 AND name IN"
                     " (SELECT name FROM sqlite_schema WHERE tbl_name='%q')", t);
    r->bytes = number(db, sql);
    if (r->bytes != CT_NONE && whole > 0)
        r->share_milli = ct_muldiv(r->bytes, 100000, whole);
    const char *at = moment_column(db, t);
    if (!at)
        return;
    /* 0 stands for "from the beginning on": no moment of anything */
    sqlite3_snprintf(sizeof sql, sql, "SELECT min(\"%w\") FROM \"%w\" WHERE \"%w\">0", at, t, at);
    r->oldest_ms = number(db, sql);
    sqlite3_snprintf(sizeof sql, sql, "SELECT max(\"%w\") FROM \"%w\"", at, t);
    r->newest_ms = number(db, sql);
}

static int by_bytes(const void *a, const void *b)
{
    const struct ct_stat_row *x = a, *y = b;
    return x->bytes != y->bytes ? x->bytes < y->bytes ? 1 : -1 : ct_span_cmp(x->name, y->name);
}

static int64_t newest_moment(sqlite3 *db)
{
    struct ct_newest v[CT_NEWEST_ROWS];
    sqlite3_stmt *st = NULL;
    int64_t newest = CT_NONE;
    if (sqlite3_prepare_v2(db, "SELECT b FROM newest", -1, &st, NULL) == SQLITE_OK)
        while (sqlite3_step(st) == SQLITE_ROW) {
            size_t n = ct_newest_column(st, 0, v, NULL);
            for (size_t i = 0; i < n; i++)
                newest = v[i].at_ms > newest ? v[i].at_ms : newest; /* CT_NONE is less than any */
        }
    sqlite3_finalize(st);
    return newest;
}

/* However they are packed: samples, and the series they belong to. */
static enum ct_status data_stats(sqlite3 *db, const char *path, struct ct_stat_row *all,
                                 struct ct_stat_row *series, struct ct_error *err)
{
    struct ct_samples *s = ct_samples_new(db);
    all->what = series->what = CT_LIT("data");
    all->name = CT_LIT("samples");
    series->name = CT_LIT("series");
    all->bytes = series->bytes = CT_NONE;
    ct_samples_begin(s);
    all->rows = ct_samples_count(s);
    all->oldest_ms = number(db, "SELECT value FROM meta WHERE key='first_ms'");
    all->newest_ms = newest_moment(db);
    series->rows = number(db, "SELECT count(*) FROM series");
    int rc = ct_samples_rc(s);
    ct_samples_free(s);
    return rc == SQLITE_OK ? CT_OK : fail(db, path, err);
}

enum ct_status ct_upkeep_stats(const char *path, struct ct_arena *a, struct ct_rows *out,
                               struct ct_error *err)
{
    CT_VEC(struct ct_stat_row) rows = {0};
    sqlite3 *db;
    enum ct_status status = open_ours(path, &db, err);
    if (status != CT_OK)
        return status;
    if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        status = fail(db, path, err);
    int64_t size = number(db, "PRAGMA page_size"), pages = number(db, "PRAGMA page_count"),
            unused = number(db, "PRAGMA freelist_count"), whole = pages * size;
    struct ct_stat_row none = {.what = CT_LIT("file"),
                               .rows = CT_NONE,
                               .share_milli = CT_NONE,
                               .oldest_ms = CT_NONE,
                               .newest_ms = CT_NONE};
    struct ct_stat_row *r = CT_VEC_PUSH(a, &rows);
    *r = none;
    r->name = ct_arena_dup(a, ct_span(path));
    r->bytes = whole;
    r->detail = ct_arena_printf(a, "%slayout %lld, %lld pages of %lld bytes, %lld unused",
                                number(db, CT_SIMULATED) == 1 ? "simulated (demo), " : "", (long long)number(db, "PRAGMA user_version"), (long long)pages,
                                (long long)size, (long long)unused);
    r = CT_VEC_PUSH(a, &rows);
    *r = none;
    r->name = CT_LIT("log");
    r->bytes = file_bytes(path, "-wal");
    *CT_VEC_PUSH(a, &rows) = none;
    *CT_VEC_PUSH(a, &rows) = none;
    size_t first = rows.n;
    const char **names = table_names(db, a);
    for (size_t i = 0; names[i] && status == CT_OK; i++)
        table_stats(db, names[i], whole, a, CT_VEC_PUSH(a, &rows));
    qsort(rows.v + first, rows.n - first, sizeof *rows.v, by_bytes);
    if (status == CT_OK)
        status = data_stats(db, path, &rows.v[first - 2], &rows.v[first - 1], err);
    sqlite3_close(db);
    *out = (struct ct_rows){rows.v, rows.n};
    return status;
}

/* ---- integrity ---- */

struct ct_range ct_upkeep_range(const char *column)
{
    static const struct {
        const char *name;
        int most;
    } words[] = {{"evidence", CT_EVIDENCE_MEASURED}, {"flags", 1023}, {"gone", 1}, {"imported", 1},
                 {"kind", CT_SERIES_MEASURE}, {"listed", 1}, {"open", 1}, {"open_weights", 1}, {"origin", 3},
                 {"outcome", 3}, {"phase", CT_PHASE_UNKNOWN}, {"purchase", CT_PURCHASE_OTHER},
                 {"severity", 2}, {"state", CT_STATE_MAJOR}, {"stock", CT_STOCK_AVAILABLE},
                 {"suspect", 1}};
    static const int64_t year_2200 = INT64_C(7258118400000);
    size_t n = strlen(column);
    for (size_t i = 0; i < CT_LEN(words); i++)
        if (strcmp(words[i].name, column) == 0)
            return (struct ct_range){0, words[i].most};
    if (n > 3 && strcmp(column + n - 3, "_ms") == 0)
        return (struct ct_range){0, year_2200};
    return (struct ct_range){INT64_MIN, INT64_MAX};
}

struct audit {
    sqlite3 *db;
    struct ct_arena *a;
    CT_VEC(struct ct_finding_row) found;
};

/* One more row with that flaw; rows of one table and column count together. */
static void found(struct audit *u, const char *table, const char *column, const char *what,
                  struct ct_span example)
{
    struct ct_span t = ct_span(table), c = ct_span(column);
    for (size_t i = 0; i < u->found.n; i++) {
        struct ct_finding_row *f = &u->found.v[i];
        if (ct_span_eq(f->table, t) && ct_span_eq(f->column, c) && ct_span_is(f->what, what)) {
            f->n++;
            return;
        }
    }
    *CT_VEC_PUSH(u->a, &u->found) = (struct ct_finding_row){
        .table = ct_arena_dup(u->a, t),
        .column = ct_arena_dup(u->a, c),
        .what = ct_arena_dup(u->a, ct_span(what)),
        .n = table ? 1 : CT_NONE,
        .example = example,
    };
}

/* What SQLite itself finds: pages, indexes, types, CHECKs, references. */
static void audit_file(struct audit *u)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(u->db, "PRAGMA integrity_check(100)", -1, &st, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(st, 0);
        if (text && strcmp(text, "ok") != 0)
            found(u, NULL, NULL, text, CT_SPAN_NONE);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    if (rc != SQLITE_DONE)
        found(u, NULL, NULL, sqlite3_errmsg(u->db), CT_SPAN_NONE);
    rc = sqlite3_prepare_v2(u->db, "PRAGMA foreign_key_check", -1, &st, NULL);
    while (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        found(u, (const char *)sqlite3_column_text(st, 0), NULL, "describes what is not there",
              CT_SPAN_NONE);
    sqlite3_finalize(st);
}

bool ct_upkeep_clean(struct ct_span text)
{
    if (!ct_utf8_valid(text))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if ((c < 0x20 && c != '\n' && c != CT_UNIT_SEPARATOR && c != CT_WORDS_NULL[0]) || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_facts(struct ct_span blob)
{
    struct ct_offers *o = ct_xmalloc(sizeof *o);
    struct ct_numbers rest;
    bool sound = ct_offers_unpack_series(blob, o, &rest) && ct_offers_unpack_facts(&rest, o);
    free(o);
    return sound;
}

bool ct_upkeep_blob(struct ct_span blob)
{
    struct ct_newest newest[CT_NEWEST_ROWS];
    return blob.n == 0 || is_facts(blob) || ct_newest_unpack(blob, newest, NULL) > 0 || ct_tails_sound(blob) ||
           ct_blob_sound(blob);
}

/* What is wrong with column I of the row ST is at; NULL: nothing. */
static const char *flaw(sqlite3_stmt *st, int i, struct ct_range range)
{
    switch (sqlite3_column_type(st, i)) {
    case SQLITE_INTEGER: {
        int64_t v = sqlite3_column_int64(st, i);
        return (v < range.least || v > range.most) && v != CT_LIVE ? "outside of what it can be"
                                                                   : NULL;
    }
    case SQLITE_TEXT: {
        const char *p = (const char *)sqlite3_column_text(st, i);
        struct ct_span text = {p, (size_t)sqlite3_column_bytes(st, i)};
        return p && ct_upkeep_clean(text) ? NULL : "no clean text";
    }
    case SQLITE_BLOB: {
        struct ct_span blob = {sqlite3_column_blob(st, i), (size_t)sqlite3_column_bytes(st, i)};
        return ct_upkeep_blob(blob) ? NULL : "packed history that cannot be read";
    }
    case SQLITE_FLOAT:
        return "a number that is not whole";
    default:
        return NULL;
    }
}

static struct ct_span row_name(sqlite3_stmt *st, struct ct_arena *a)
{
    const char *one = (const char *)sqlite3_column_text(st, 0);
    struct ct_span head = ct_arena_printf(a, "%s", one ? one : "");
    const char *two = sqlite3_column_count(st) > 1 ? (const char *)sqlite3_column_text(st, 1) : NULL;
    char text[80];
    snprintf(text, sizeof text, "%.30s%s%.40s", head.p, two ? "/" : "", two ? two : "");
    ct_text_mask(text);
    return ct_arena_dup(a, ct_span(text));
}

static void audit_table(struct audit *u, const char *table)
{
    char sql[200];
    sqlite3_stmt *st = NULL;
    struct ct_range ranges[64];
    sqlite3_snprintf(sizeof sql, sql, "SELECT * FROM \"%w\"", table);
    int rc = sqlite3_prepare_v2(u->db, sql, -1, &st, NULL);
    int n = rc == SQLITE_OK ? sqlite3_column_count(st) : 0;
    n = n > (int)CT_LEN(ranges) ? (int)CT_LEN(ranges) : n;
    for (int i = 0; i < n; i++)
        ranges[i] = ct_upkeep_range(sqlite3_column_name(st, i));
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        for (int i = 0; i < n; i++) {
            const char *what = flaw(st, i, ranges[i]);
            if (what)
                found(u, table, sqlite3_column_name(st, i), what, row_name(st, u->a));
        }
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE)
        found(u, table, NULL, sqlite3_errmsg(u->db), CT_SPAN_NONE);
    sqlite3_finalize(st);
}

/* What is kept of the newest samples tells of every series once, under its source. */
static void audit_newest(struct audit *u)
{
    struct ct_newest v[CT_NEWEST_ROWS];
    sqlite3_stmt *st = NULL, *series = NULL;
    int64_t told = 0, source = 0, last = 0;
    if (sqlite3_prepare_v2(u->db, "SELECT k, b FROM newest ORDER BY k", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(u->db, "SELECT source_id FROM series WHERE id=?1", -1, &series, NULL) == SQLITE_OK)
        while (sqlite3_step(st) == SQLITE_ROW) {
            size_t n = ct_newest_column(st, 1, v, NULL);
            int64_t key = sqlite3_column_int64(st, 0);
            bool own = key == ct_newest_key(ct_newest_source(key), 0); /* the provider's */
            last = ct_newest_source(key) != source ? 0 : last;
            source = ct_newest_source(key);
            for (size_t i = 0; i < n; i++) {
                (void)sqlite3_bind_int64(series, 1, v[i].series);
                bool there = sqlite3_step(series) == SQLITE_ROW && sqlite3_column_int64(series, 0) == source &&
                             v[i].series > last;
                last = own ? 0 : v[i].series;
                sqlite3_reset(series);
                told += there;
                if (!there)
                    found(u, "newest", "b", "tells of what does not belong there", row_name(st, u->a));
            }
        }
    sqlite3_finalize(st);
    sqlite3_finalize(series);
    int64_t all = number(u->db, "SELECT count(*) FROM series");
    if (told != all)
        found(u, "newest", NULL, "tells not once of every series",
              ct_arena_printf(u->a, "of %lld of %lld", (long long)told, (long long)all));
}

enum ct_status ct_upkeep_check(const char *path, struct ct_arena *a, struct ct_rows *out,
                               struct ct_error *err)
{
    struct audit u = {.a = a};
    enum ct_status status = open_ours(path, &u.db, err);
    if (status != CT_OK)
        return status;
    if (sqlite3_exec(u.db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        status = fail(u.db, path, err);
    if (status == CT_OK)
        audit_file(&u);
    const char **names = table_names(u.db, a);
    for (size_t i = 0; names[i] && status == CT_OK; i++)
        audit_table(&u, names[i]);
    if (status == CT_OK && number(u.db, "PRAGMA user_version") == CT_SCHEMA_VERSION)
        audit_newest(&u);
    sqlite3_close(u.db);
    *out = (struct ct_rows){u.found.v, u.found.n};
    return status;
}

/* ---- backup ---- */

/* In one step: the copy is of one moment, and a writer goes on meanwhile (WAL). */
static int copy_into(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    if (!b)
        return sqlite3_errcode(to);
    int rc = sqlite3_backup_step(b, -1), end = sqlite3_backup_finish(b);
    return rc == SQLITE_DONE ? end : rc;
}

/* One file without a log beside it, held by nobody: it opens on read-only media too. */
static int settle(sqlite3 *db)
{
    return sqlite3_exec(db, "PRAGMA journal_mode=DELETE; DELETE FROM lease;", NULL, NULL, NULL);
}

enum ct_status ct_upkeep_backup(const char *path, const char *to, int64_t *bytes,
                                struct ct_error *err)
{
    struct ct_buf temp = CT_BUF_INIT;
    sqlite3 *from = NULL, *copy = NULL;
    struct stat st;
    if (lstat(to, &st) == 0)
        return ct_fail(err, CT_ERR_USAGE, to, "is there already; nothing is written over it");
    enum ct_status status = open_ours(path, &from, err);
    if (status == CT_OK)
        status = ct_temp_make(to, &temp, err);
    if (status == CT_OK &&
        (sqlite3_open_v2(temp.p, &copy, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
         copy_into(from, copy) != SQLITE_OK || settle(copy) != SQLITE_OK))
        status = ct_fail(err, CT_ERR_IO, to, "%s", copy ? sqlite3_errmsg(copy) : "no memory");
    if (status == CT_OK && number(copy, "PRAGMA application_id") != CT_APPLICATION_ID)
        status = ct_fail(err, CT_ERR_IO, to, "the copy cannot be read back");
    *bytes = status == CT_OK
                 ? number(copy, "PRAGMA page_count") * number(copy, "PRAGMA page_size")
                 : CT_NONE;
    sqlite3_close(copy);
    sqlite3_close(from);
    if (status == CT_OK)
        status = ct_temp_keep(temp.p, to, false, err);
    if (status != CT_OK)
        ct_temp_drop(temp.p);
    ct_buf_free(&temp);
    return status;
}

/* ---- compaction ---- */

/* SQLite builds the new content in a file of its own first: beside the database there is room for
 * it when there is room for anything. */
static void temporary_files_beside(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? ct_xspandup((struct ct_span){path, (size_t)(slash - path) + 1}) : NULL;
    (void)setenv("SQLITE_TMPDIR", folder ? folder : ".", 0);
    free(folder);
}

enum ct_status ct_upkeep_compact(const char *path, int64_t now_ms, int64_t *before, int64_t *after,
                                 struct ct_error *err)
{
    struct ct_writer *w = NULL;
    struct ct_lease *lease = NULL;
    struct stat st;
    if (stat(path, &st) != 0)
        return ct_fail(err, CT_ERR_NOT_FOUND, path, "no such database");
    *before = (int64_t)st.st_size;
    enum ct_status status = ct_writer_open(path, CT_OPEN_BULK, &w, err);
    if (status == CT_OK)
        status = ct_lease_take(w, "compaction", now_ms, &lease, err);
    if (status == CT_OK) {
        temporary_files_beside(path);
        (void)sqlite3_commit_hook(w->db, NULL, NULL); /* it commits by itself */
        (void)sqlite3_limit(w->db, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM attaches what it builds */
        if (sqlite3_exec(w->db, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE);", NULL, NULL, NULL) !=
            SQLITE_OK)
            status = fail(w->db, path, err);
    }
    ct_lease_drop(lease);
    ct_writer_close(w);
    *after = stat(path, &st) == 0 ? (int64_t)st.st_size : CT_NONE;
    return status;
}
