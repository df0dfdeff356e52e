/* Salvage: rows that can still be read go into a new database of the same layout, which takes the
 * damaged one's place. Rows of impossible content stay behind; what is left must make sense to a
 * reader, so rows that describe something lost go too. */
#include "config.h"

#include "db/upkeep.h"

#include "db/base/paths.h"
#include "db/columns.h"
#include "db/newest.h"
#include "db/price_event.h"
#include "db/salvage.h"
#include "db/samples.h"
#include "db/write_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROW struct ct_salvage_row
static const struct ct_column salvage_columns[] = {
    COL(TEXT, "table", table, SEARCH),
    COL(INT, "kept", kept),
    COL(INT, "lost", lost),
    COL(INT, "strays", strays),
    COL(INT, "remade", remade),
};
#undef ROW
TABLE(ct_salvage_table, "db repair", struct ct_salvage_row, salvage_columns);

/* One table of the new database. */
struct target {
    const char *name;
    const char *columns[CT_CELLS_MOST]; /* in the order of storage: key columns first if KEYED */
    struct ct_range ranges[CT_CELLS_MOST];
    int n, rowid /* the column that is the rowid, or -1 */;
    bool keyed;
    int64_t root; /* in the damaged file; 0: not known */
    sqlite3_stmt *insert;
    int n_insert; /* columns it takes */
    struct ct_salvage_row count;
};

struct repair {
    const char *path;
    struct ct_pages *pages;
    sqlite3 *db; /* the new one */
    struct ct_arena *a;
    CT_VEC(struct target) targets;
    CT_VEC(int64_t) indexes; /* roots */
    struct target *now;      /* whose rows are being read */
    int refused;             /* of the stray page in hand */
};

/* ---- what goes where ---- */

/* Nothing to keep: who holds the file, and what is worked out again when it is asked for. */
static bool is_passing(struct ct_span table)
{
    return ct_span_is(table, "lease") || ct_span_is(table, "reference") || ct_span_is(table, "poll_pack") ||
           ct_span_is(table, "index_past") || ct_span_is(table, "offer_pack");
}

/* Nothing to keep either: made of the samples that could be read, in the end. */
static bool is_remade(const struct target *t)
{
    return strcmp(t->name, "price_move") == 0;
}

static void add_column(struct target *t, struct ct_arena *a, const char *name, bool rowid)
{
    if (t->n == CT_CELLS_MOST)
        return;
    t->columns[t->n] = ct_arena_dup(a, ct_span(name)).p;
    t->ranges[t->n] = ct_upkeep_range(name);
    if (rowid)
        t->rowid = t->n;
    t->n++;
}

static void describe(struct repair *r, struct target *t)
{
    char sql[400];
    sqlite3_stmt *st = NULL;
    t->rowid = -1;
    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT name, pk, lower(type), (SELECT sql LIKE '%%WITHOUT ROWID%%' FROM"
                     " sqlite_schema WHERE name=%Q) AS keyed FROM pragma_table_info(%Q)"
                     " ORDER BY CASE WHEN keyed AND pk > 0 THEN pk ELSE 1000 + cid END",
                     t->name, t->name);
    if (sqlite3_prepare_v2(r->db, sql, -1, &st, NULL) != SQLITE_OK)
        return;
    while (sqlite3_step(st) == SQLITE_ROW) {
        t->keyed = sqlite3_column_int(st, 3) == 1;
        add_column(t, r->a, (const char *)sqlite3_column_text(st, 0),
                   !t->keyed && sqlite3_column_int(st, 1) == 1 &&
                       strcmp((const char *)sqlite3_column_text(st, 2), "integer") == 0);
    }
    sqlite3_finalize(st);
}

static void list_targets(struct repair *r)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(r->db,
                           "SELECT name FROM sqlite_schema WHERE type='table'"
                           " AND name NOT LIKE 'sqlite_%' ORDER BY rowid", -1, &st, NULL) != SQLITE_OK)
        return;
    while (sqlite3_step(st) == SQLITE_ROW) {
        if (is_passing(ct_span((const char *)sqlite3_column_text(st, 0))))
            continue;
        struct target *t = CT_VEC_PUSH(r->a, &r->targets);
        t->count.table = ct_arena_dup(r->a, ct_span((const char *)sqlite3_column_text(st, 0)));
        t->name = t->count.table.p;
        describe(r, t);
    }
    sqlite3_finalize(st);
}

/* A row of sqlite_schema: type, name, tbl_name, rootpage, sql. */
static void take_root(void *ctx, bool keyed, int64_t rowid, const struct ct_cell *c, int n)
{
    struct repair *r = ctx;
    (void)rowid;
    if (keyed || n < 5 || c[3].type != CT_CELL_INT || c[3].i < 2)
        return;
    if (!ct_span_is(c[0].s, "table")) {
        int64_t *root = CT_VEC_PUSH(r->a, &r->indexes);
        *root = c[3].i;
        return;
    }
    for (size_t i = 0; i < r->targets.n; i++)
        if (ct_span_is(c[1].s, r->targets.v[i].name))
            r->targets.v[i].root = c[3].i;
    if (is_passing(c[1].s)) {
        int64_t *root = CT_VEC_PUSH(r->a, &r->indexes); /* no strays */
        *root = c[3].i;
    }
}

/* ---- rows ---- */

static bool plausible(const struct target *t, const struct ct_cell *c, int n)
{
    for (int i = 0; i < n; i++) {
        if (c[i].type == CT_CELL_REAL ||
            (c[i].type == CT_CELL_TEXT && !ct_upkeep_clean(c[i].s)) ||
            (c[i].type == CT_CELL_INT && c[i].i != CT_LIVE &&
             (c[i].i < t->ranges[i].least || c[i].i > t->ranges[i].most)))
            return false;
    }
    return true;
}

static sqlite3_stmt *insert_of(struct repair *r, struct target *t, int n)
{
    struct ct_buf sql = CT_BUF_INIT;
    if (t->insert && t->n_insert == n)
        return t->insert;
    sqlite3_finalize(t->insert);
    t->insert = NULL;
    ct_buf_addf(&sql, "INSERT OR IGNORE INTO \"%s\" (", t->name);
    for (int i = 0; i < n; i++)
        ct_buf_addf(&sql, "%s\"%s\"", i ? "," : "", t->columns[i]);
    ct_buf_adds(&sql, ") VALUES (?1");
    for (int i = 1; i < n; i++)
        ct_buf_addf(&sql, ",?%d", i + 1);
    ct_buf_adds(&sql, ")");
    if (sqlite3_prepare_v2(r->db, sql.p, -1, &t->insert, NULL) == SQLITE_OK)
        t->n_insert = n;
    ct_buf_free(&sql);
    return t->insert;
}

static void bind_cell(sqlite3_stmt *st, int i, const struct ct_cell *c)
{
    switch (c->type) {
    case CT_CELL_INT:
        (void)sqlite3_bind_int64(st, i, c->i);
        break;
    case CT_CELL_TEXT:
        (void)sqlite3_bind_text64(st, i, c->s.p, c->s.n, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case CT_CELL_BLOB:
        (void)sqlite3_bind_blob64(st, i, c->s.p, c->s.n, SQLITE_STATIC);
        break;
    default:
        (void)sqlite3_bind_null(st, i);
    }
}

static bool readable(const struct ct_cell *c)
{
    return c->type != CT_CELL_BLOB || ct_upkeep_blob(c->s);
}

static bool all_readable(const struct ct_cell *c, int n)
{
    for (int i = 0; i < n; i++)
        if (!readable(&c[i]))
            return false;
    return true;
}

/* Into the new database; false: refused. Packed history that cannot be read is left empty: its place says that something
 * was there, and that it is lost. Fewer columns than there are now are those of an earlier
 * layout's ALTER TABLE: defaults fill the rest. */
static bool keep_row(struct repair *r, struct target *t, int64_t rowid, const struct ct_cell *cells,
                     int n)
{
    if (n < 1 || n > t->n || !plausible(t, cells, n))
        return false;
    sqlite3_stmt *st = insert_of(r, t, n);
    if (!st)
        return false;
    sqlite3_reset(st);
    for (int i = 0; i < n; i++)
        if (readable(&cells[i]))
            bind_cell(st, i + 1, &cells[i]);
        else
            (void)sqlite3_bind_zeroblob(st, i + 1, 0);
    if (t->rowid >= 0 && t->rowid < n)
        (void)sqlite3_bind_int64(st, t->rowid + 1, rowid);
    int rc = sqlite3_step(st);
    int changed = rc == SQLITE_DONE ? sqlite3_changes(r->db) : 0;
    sqlite3_reset(st);
    return changed == 1;
}

static void take_row(void *ctx, bool keyed, int64_t rowid, const struct ct_cell *c, int n)
{
    struct repair *r = ctx;
    if (keyed == r->now->keyed && keep_row(r, r->now, rowid, c, n) && all_readable(c, n))
        r->now->count.kept++;
    else
        r->now->count.lost++;
}

/* Does every row of a stray page fit into r->now? A row that is there already fits. */
static void try_row(void *ctx, bool keyed, int64_t rowid, const struct ct_cell *c, int n)
{
    struct repair *r = ctx;
    if (keyed != r->now->keyed || n != r->now->n || !plausible(r->now, c, n) || !all_readable(c, n) ||
        !keep_row(r, r->now, rowid, c, n))
        r->refused++;
    else
        r->now->count.strays++;
}

/* A page that nothing leads to goes to the one table all its rows fit into. Two such: it could be
 * either, and nothing is guessed. */
static void place_stray(struct repair *r, int64_t page, bool keyed)
{
    struct target *home = NULL;
    int fits = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < r->targets.n; i++) {
            struct target *t = &r->targets.v[i];
            if (t->keyed != keyed || (pass == 1 && t != home))
                continue;
            int64_t before = t->count.strays;
            r->now = t;
            r->refused = 0;
            (void)sqlite3_exec(r->db, "SAVEPOINT stray", NULL, NULL, NULL);
            ct_pages_rows(r->pages, page, try_row, r);
            bool all = r->refused == 0 && t->count.strays > before;
            if (pass == 0) {
                (void)sqlite3_exec(r->db, "ROLLBACK TO stray", NULL, NULL, NULL);
                t->count.strays = before;
                home = all ? t : home;
                fits += all;
            } else {
                t->count.kept += t->count.strays - before;
            }
            (void)sqlite3_exec(r->db, "RELEASE stray", NULL, NULL, NULL);
        }
        if (fits != 1)
            return;
    }
}

/* ---- the rest must make sense ---- */

/* What is known of a source whose own row is gone: its number. The history stays readable. */
static void stand_in_sources(struct repair *r)
{
    for (size_t i = 0; i < r->targets.n; i++) {
        char sql[700];
        struct target *t = &r->targets.v[i];
        bool of_source = false;
        for (int c = 0; c < t->n; c++)
            of_source = of_source || strcmp(t->columns[c], "source_id") == 0;
        if (!of_source)
            continue;
        sqlite3_snprintf(sizeof sql, sql,
                         "INSERT OR IGNORE INTO source (id, name, family, kind, provider, scope,"
                         " title, url, terms, evidence, interval_ms, enabled, off_reason,"
                         " part_of_list) SELECT DISTINCT source_id, 'lost-' || source_id, 'lost',"
                         " 1, '', '', 'lost source ' || source_id, '', '', 1, 3600000, 0,"
                         " 'its description was lost', 0 FROM \"%w\" WHERE source_id > 0", t->name);
        (void)sqlite3_exec(r->db, sql, NULL, NULL, NULL);
    }
}

static int64_t number(struct repair *r, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int64_t n = 0;
    if (sqlite3_prepare_v2(r->db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

static struct target *target_of(struct repair *r, const char *name)
{
    for (size_t i = 0; i < r->targets.n; i++)
        if (strcmp(r->targets.v[i].name, name) == 0)
            return &r->targets.v[i];
    return NULL;
}

/* Tails may come out of a page that was no longer in use, and have become chunks since: as chunks they lie beside
 * those. */
static void make_chunks_of_tails(struct repair *r, struct ct_samples *s)
{
    if (target_of(r, "tail"))
        (void)sqlite3_exec(r->db, CT_CHUNKS_OF_TAIL, NULL, NULL, NULL);
    ct_samples_chunks_of_tails(s);
}

/* History of series whose own rows are gone: the next new series would get their numbers, and with
 * them a past that is not its own. What waits in ticks is sealed for that. */
static int64_t drop_strangers(struct repair *r, struct ct_samples *s)
{
    static const struct {
        const char *table, *sql;
    } steps[] = {{"chunk", "DELETE FROM chunk WHERE " CT_CHUNK_SERIES " NOT IN (SELECT id FROM series)"},
                 {"words", "DELETE FROM words WHERE series_id NOT IN (SELECT id FROM series)"}};
    int64_t dropped = 0;
    make_chunks_of_tails(r, s);
    while (ct_samples_seal(s, CT_MINUTE))
        continue;
    make_chunks_of_tails(r, s);
    for (size_t i = 0; i < CT_LEN(steps); i++) {
        struct target *t = target_of(r, steps[i].table);
        if (!t || sqlite3_exec(r->db, steps[i].sql, NULL, NULL, NULL) != SQLITE_OK)
            continue;
        dropped += sqlite3_changes64(r->db);
        t->count.kept -= sqlite3_changes64(r->db);
    }
    ct_samples_forget(s);
    return dropped;
}

static void count_samples(struct repair *r, struct ct_samples *s)
{
    sqlite3_stmt *st = NULL;
    char sql[200];
    int64_t there = 0;
    int rc = sqlite3_prepare_v2(r->db, "SELECT id FROM series", -1, &st, NULL);
    while (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        struct ct_sample v = {.at_ms = 0};
        while (ct_sample_next(s, sqlite3_column_int64(st, 0), CT_LIVE, &v))
            there++;
    }
    sqlite3_finalize(st);
    int64_t off = there - ct_samples_count(s);
    sqlite3_snprintf(sizeof sql, sql,
                     "INSERT INTO meta (key, value) VALUES ('samples', %lld) ON CONFLICT (key)"
                     " DO UPDATE SET value = value + excluded.value", (long long)off);
    if (off != 0)
        (void)sqlite3_exec(r->db, sql, NULL, NULL, NULL);
}

/* What the program works out for itself, from what there is. False: that fails. */
static bool work_out(struct repair *r, struct ct_salvage *out)
{
    struct target *moves = target_of(r, "price_move"), *newest = target_of(r, "newest");
    struct ct_samples *s = ct_samples_new(r->db);
    (void)sqlite3_exec(r->db, "INSERT OR IGNORE INTO meta SELECT 'first_ms', min(from_ms) FROM poll"
                              " WHERE EXISTS (SELECT 1 FROM poll)", NULL, NULL, NULL);
    (void)sqlite3_exec(r->db, "INSERT OR REPLACE INTO meta SELECT 'series', count(*) FROM series", NULL, NULL, NULL);
    (void)sqlite3_exec(r->db, CT_RECORDED_DAYS, NULL, NULL, NULL);
    ct_samples_begin(s);
    out->orphans += drop_strangers(r, s);
    count_samples(r, s);
    bool fine = ct_samples_rc(s) == SQLITE_OK;
    if (fine && moves) {
        fine = ct_price_moves_from_samples(r->db, s) == SQLITE_OK;
        moves->count = (struct ct_salvage_row){
            .table = moves->count.table, .remade = number(r, "SELECT count(*) FROM price_move")};
    }
    if (fine && newest) {
        fine = ct_newest_mend(r->db) == SQLITE_OK;
        newest->count = (struct ct_salvage_row){
            .table = newest->count.table, .remade = number(r, "SELECT count(*) FROM newest")};
    }
    ct_samples_free(s);
    return fine;
}

/* Rows whose foreign key leads nowhere. One pass a table and key is enough: parents come first in
 * the layout. */
static int64_t drop_orphans(struct repair *r)
{
    int64_t dropped = 0;
    for (size_t i = 0; i < r->targets.n; i++) {
        struct target *t = &r->targets.v[i];
        sqlite3_stmt *st = NULL;
        char sql[400];
        CT_VEC(char *) steps = {0};
        sqlite3_snprintf(sizeof sql, sql,
                         "SELECT \"from\", \"table\", coalesce(\"to\", 'id') FROM"
                         " pragma_foreign_key_list(%Q)", t->name);
        if (sqlite3_prepare_v2(r->db, sql, -1, &st, NULL) != SQLITE_OK)
            continue;
        while (sqlite3_step(st) == SQLITE_ROW)
            *CT_VEC_PUSH(r->a, &steps) = sqlite3_mprintf(
                "DELETE FROM \"%w\" WHERE \"%w\" IS NOT NULL AND \"%w\" NOT IN"
                " (SELECT \"%w\" FROM \"%w\")",
                t->name, sqlite3_column_text(st, 0), sqlite3_column_text(st, 0),
                sqlite3_column_text(st, 2), sqlite3_column_text(st, 1));
        sqlite3_finalize(st);
        for (size_t k = 0; k < steps.n; k++) {
            if (sqlite3_exec(r->db, steps.v[k], NULL, NULL, NULL) == SQLITE_OK) {
                dropped += sqlite3_changes64(r->db);
                t->count.kept -= sqlite3_changes64(r->db);
            }
            sqlite3_free(steps.v[k]);
        }
    }
    return dropped;
}

/* ---- the whole ---- */

static enum ct_status fail(struct repair *r, struct ct_error *err)
{
    return ct_fail(err, CT_ERR_IO, r->path, "the new database: %s",
                   r->db ? sqlite3_errmsg(r->db) : "no memory");
}

static enum ct_status fill(struct repair *r, const char *temp, struct ct_salvage *out,
                           struct ct_error *err)
{
    uint32_t version = ct_pages_version(r->pages);
    int layout = version >= 1 && version < CT_SCHEMA_VERSION ? (int)version : CT_SCHEMA_VERSION;
    if (sqlite3_open_v2(temp, &r->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return fail(r, err);
    enum ct_status status = ct_schema_make(r->db, temp, layout, err);
    if (status != CT_OK)
        return status;
    /* nobody reads it before it is whole: one sync at the end will do */
    if (sqlite3_exec(r->db, "PRAGMA foreign_keys=OFF; PRAGMA synchronous=OFF; BEGIN; DELETE FROM meta;", NULL, NULL,
                     NULL) != SQLITE_OK)
        return fail(r, err);
    list_targets(r);
    ct_pages_walk(r->pages, 1, take_root, r);
    ct_pages_skip_unused(r->pages);
    for (size_t i = 0; i < r->targets.n; i++) {
        r->now = &r->targets.v[i];
        if (r->now->root)
            ct_pages_walk(r->pages, r->now->root, is_remade(r->now) ? NULL : take_row, r);
    }
    for (size_t i = 0; i < r->indexes.n; i++)
        ct_pages_walk(r->pages, r->indexes.v[i], NULL, NULL);
    bool keyed;
    for (int64_t page = 2; ct_pages_stray(r->pages, &page, &keyed); page++)
        place_stray(r, page, keyed);
    stand_in_sources(r);
    out->orphans = drop_orphans(r);
    if (target_of(r, "tick") && !work_out(r, out)) /* what an older layout lacks, its migration makes */
        return fail(r, err);
    for (size_t i = 0; i < r->targets.n; i++)
        sqlite3_finalize(r->targets.v[i].insert);
    if (sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return fail(r, err);
    return CT_OK;
}

/* The damaged file and its log get new names, then the new one takes the place. Whatever stops it
 * between two steps leaves every byte, under one name or the other. */
static enum ct_status swap_in(const char *temp, const char *path, int64_t now_ms, char *aside,
                              size_t size, struct ct_error *err)
{
    struct ct_civil t;
    char log[4200], log_aside[4200];
    ct_civil_from_ms(now_ms, &t);
    for (int i = 0; i < 100; i++) {
        int n = snprintf(aside, size, "%s.corrupt-%04d%02d%02dT%02d%02d%02dZ", path, t.year, t.month,
                         t.day, t.hour, t.minute, t.second);
        if (i > 0 && n > 0 && (size_t)n < size)
            snprintf(aside + n, size - (size_t)n, "-%d", i);
        if (link(path, aside) == 0)
            break;
        if (errno != EEXIST || i == 99)
            return ct_fail(err, CT_ERR_IO, path, "cannot be kept as %s: %s", aside, strerror(errno));
    }
    /* Its log must be gone first: laid over the new file it would damage that one too. */
    snprintf(log, sizeof log, "%s-wal", path);
    snprintf(log_aside, sizeof log_aside, "%s-wal", aside);
    if (rename(log, log_aside) != 0 && errno != ENOENT)
        return ct_fail(err, CT_ERR_IO, log, "%s", strerror(errno));
    snprintf(log, sizeof log, "%s-shm", path);
    (void)unlink(log);
    return ct_temp_keep(temp, path, true, err);
}

static enum ct_status salvage(struct repair *r, int64_t now_ms, struct ct_salvage *out,
                              struct ct_error *err)
{
    struct ct_buf temp = CT_BUF_INIT;
    int64_t kept = 0;
    CT_VEC(struct ct_salvage_row) rows = {0};
    enum ct_status status = ct_temp_make(r->path, &temp, err);
    if (status == CT_OK)
        status = fill(r, temp.p, out, err);
    if (sqlite3_close(r->db) != SQLITE_OK && status == CT_OK)
        status = ct_fail(err, CT_ERR_IO, r->path, "the new database cannot be closed");
    for (size_t i = 0; i < r->targets.n; i++) {
        *CT_VEC_PUSH(r->a, &rows) = r->targets.v[i].count;
        kept += r->targets.v[i].count.kept;
    }
    out->rows = (struct ct_rows){rows.v, rows.n};
    out->pages = ct_pages_count(r->pages);
    out->damaged = ct_pages_damaged(r->pages);
    if (status == CT_OK && kept == 0 && ct_pages_id(r->pages) != CT_APPLICATION_ID &&
        out->pages > 0)
        status = ct_fail(err, CT_ERR_NOT_FOUND, r->path,
                         "nothing of cloudtape's can be read in it; it stays as it is");
    if (status == CT_OK)
        status = swap_in(temp.p, r->path, now_ms, out->aside, sizeof out->aside, err);
    if (status != CT_OK)
        ct_temp_drop(temp.p);
    ct_buf_free(&temp);
    return status;
}

enum ct_status ct_upkeep_repair(const char *path, int64_t now_ms, struct ct_arena *a,
                                struct ct_salvage *out, struct ct_error *err)
{
    struct repair r = {.path = path, .a = a};
    struct stat st;
    if (stat(path, &st) != 0)
        return ct_fail(err, CT_ERR_NOT_FOUND, path, "no such database");
    int lock = ct_lock_file(path, err);
    if (lock < 0)
        return err->status;
    enum ct_status status = ct_pages_open(path, &r.pages, err);
    if (status == CT_OK) {
        uint32_t id = ct_pages_id(r.pages);
        bool sqlite = ct_pages_are_sqlite(r.pages);
        if (sqlite && id != 0 && id != CT_APPLICATION_ID)
            status = ct_fail(err, CT_ERR_DB, path, "this is another program's database");
        else if (sqlite && id == CT_APPLICATION_ID && ct_pages_version(r.pages) > CT_SCHEMA_VERSION &&
                 ct_pages_version(r.pages) < 1000)
            status = ct_fail(err, CT_ERR_NEWER, path, "made by a newer cloudtape: repair with that");
        else
            status = salvage(&r, now_ms, out, err);
    }
    ct_pages_close(r.pages);
    (void)close(lock);
    return status;
}
