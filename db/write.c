#include "config.h"

#include "db/write_priv.h"

#include "db/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE_MS 5
#define IDLE_SLICES 8
#define WAL_MAX_BYTES (64 * 1024 * 1024)
#define ARENA_MAX ((size_t)256 << 20)

const char *const ct_write_sql[CT_N_SQL] = {
#define X(name, sql) sql,
    CT_WRITE_SQL(X)
#undef X
};

/* ---- statements ---- */

static void keep_failure(struct ct_writer *w, int rc)
{
    if (w->rc != SQLITE_OK)
        return;
    w->rc = rc;
    (void)ct_db_why(w->why, w->path, w->db, rc);
    if ((rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CORRUPT)
        w->reopen = true;
}

sqlite3_stmt *ct_w_bind(struct ct_writer *w, enum ct_sql id, const struct ct_val *v, size_t n)
{
    if (w->rc != SQLITE_OK)
        return NULL;
    sqlite3_stmt *st = w->st[id];
    if (!st) {
        int rc = sqlite3_prepare_v3(w->db, ct_write_sql[id], -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
        if (rc != SQLITE_OK) {
            keep_failure(w, rc);
            return NULL;
        }
        w->st[id] = st;
    }
    sqlite3_reset(st);
    for (size_t i = 0; i < n; i++) {
        int rc, at = (int)i + 1;
        if (v[i].text ? !v[i].t.p : v[i].i == CT_NONE)
            rc = sqlite3_bind_null(st, at);
        else if (v[i].blob)
            rc = sqlite3_bind_blob64(st, at, v[i].t.p, v[i].t.n, SQLITE_STATIC);
        else if (v[i].text)
            rc = sqlite3_bind_text64(st, at, v[i].t.p, v[i].t.n, SQLITE_STATIC, SQLITE_UTF8);
        else
            rc = sqlite3_bind_int64(st, at, v[i].i);
        if (rc != SQLITE_OK) {
            keep_failure(w, rc);
            return NULL;
        }
    }
    return st;
}

bool ct_w_row(struct ct_writer *w, sqlite3_stmt *st)
{
    if (!st || w->rc != SQLITE_OK) {
        ct_w_end(st);
        return false;
    }
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        keep_failure(w, rc);
    sqlite3_reset(st);
    return false;
}

void ct_w_end(sqlite3_stmt *st)
{
    if (st)
        sqlite3_reset(st);
}

int64_t ct_w_run(struct ct_writer *w, sqlite3_stmt *st)
{
    while (ct_w_row(w, st))
        continue;
    return w->rc == SQLITE_OK ? sqlite3_changes64(w->db) : 0;
}

int64_t ct_w_int(sqlite3_stmt *st, int column)
{
    return sqlite3_column_type(st, column) == SQLITE_NULL ? CT_NONE
                                                          : sqlite3_column_int64(st, column);
}

int ct_w_word(sqlite3_stmt *st, int column)
{
    int64_t v = ct_w_int(st, column);
    return v < 0 || v > 1000 ? -1 : (int)v;
}

struct ct_span ct_w_text(struct ct_writer *w, sqlite3_stmt *st, int column)
{
    const void *text = sqlite3_column_text(st, column);
    if (!text)
        return CT_SPAN_NONE;
    return ct_arena_dup(w->arena,
                        (struct ct_span){text, (size_t)sqlite3_column_bytes(st, column)});
}

int64_t ct_w_one(struct ct_writer *w, sqlite3_stmt *st)
{
    int64_t value = ct_w_row(w, st) ? ct_w_int(st, 0) : CT_NONE;
    ct_w_end(st);
    return value;
}

/* ---- the connection ---- */

static enum ct_status db_fail(struct ct_writer *w, struct ct_error *err)
{
    char why[CT_WHY_BYTES];
    return ct_fail(err, CT_ERR_DB, w->path, "%s", ct_db_why(why, w->path, w->db, sqlite3_extended_errcode(w->db)));
}

static void disconnect(struct ct_writer *w)
{
    for (int i = 0; i < CT_N_SQL; i++) {
        sqlite3_finalize(w->st[i]);
        w->st[i] = NULL;
    }
    ct_w_reference_drop(w);
    ct_w_index_drop(w);
    ct_samples_free(w->samples);
    w->samples = NULL;
    ct_w_forget_known(w);
    sqlite3_close(w->db);
    w->db = NULL;
}

/* A layout that would have to be migrated first is no place to try something out. */
static enum ct_status same_layout(struct ct_writer *w, struct ct_error *err)
{
    sqlite3_stmt *st = NULL;
    int64_t version = -1;
    if (sqlite3_prepare_v2(w->db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        version = sqlite3_column_int64(st, 0);
    if (sqlite3_finalize(st) != SQLITE_OK)
        return db_fail(w, err);
    return version == CT_SCHEMA_VERSION
               ? CT_OK
               : ct_fail(err, CT_ERR_DB, w->path, "of another layout: fetch into it first");
}

/* An I/O error takes SQLite's whole transaction back, and what is written after it would be committed by itself, a
 * statement at a time: nothing is, but by ct_w_commit. */
static int refuse_to_commit(void *ctx)
{
    const struct ct_writer *w = ctx;
    return !w->committing;
}

static enum ct_status set_up(struct ct_writer *w, struct ct_error *err)
{
    (void)sqlite3_busy_timeout(w->db, 5000);
    /* Until the file is known to be ours, even closing must not move a byte of it. */
    (void)sqlite3_db_config(w->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sqlite3_db_config(w->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_limit(w->db, SQLITE_LIMIT_LENGTH, 16 << 20);
    (void)sqlite3_limit(w->db, SQLITE_LIMIT_ATTACHED, 0);
    /* EXTRA: what makes the file has a journal, whose end must be as safe as what it guarded. */
    if (sqlite3_exec(w->db, "PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON; PRAGMA mmap_size=0;"
                     "PRAGMA cache_size=-12000; PRAGMA synchronous=EXTRA;",
                     NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(w, err);
    /* Alone, a log needs no shared memory; below it goes away. */
    if (w->flags & CT_OPEN_UNSAFE_FS &&
        sqlite3_exec(w->db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(w, err);
    if (w->flags & CT_OPEN_DRY)
        return same_layout(w, err);
    enum ct_status status = ct_schema_open(w->db, w->path, err);
    if (status != CT_OK)
        return status;
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "PRAGMA journal_mode=%s; PRAGMA synchronous=%s; PRAGMA journal_size_limit=%d;"
                   "PRAGMA locking_mode=NORMAL; SELECT 1 FROM sqlite_schema;" /* this lets the lock go */
                   "PRAGMA wal_autocheckpoint=%d;", /* pages: a checkpoint waits for the disk */
                   w->flags & CT_OPEN_UNSAFE_FS ? "DELETE" : "WAL",
                   w->flags & CT_OPEN_UNSAFE_FS ? "EXTRA"
                   : w->flags & CT_OPEN_BULK    ? "NORMAL"
                                                : "FULL",
                   WAL_MAX_BYTES,
                   w->flags & CT_OPEN_BULK ? WAL_MAX_BYTES / 4096 : 1000);
    if (sqlite3_exec(w->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(w, err);
    (void)sqlite3_commit_hook(w->db, refuse_to_commit, w);
    (void)sqlite3_db_config(w->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    (void)sqlite3_db_config(w->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return CT_OK;
}

static enum ct_status connect_to(struct ct_writer *w, struct ct_error *err)
{
    enum ct_status status = CT_OK;
    if (sqlite3_open_v2(w->path, &w->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        status = db_fail(w, err);
    else if (sqlite3_db_readonly(w->db, "main") == 1)
        status = ct_db_writable(w->path, err) != CT_OK
                     ? CT_ERR_IO
                     : ct_fail(err, CT_ERR_DB, w->path, "the database cannot be written");
    else
        status = set_up(w, err);
    if (status != CT_OK)
        disconnect(w);
    else
        w->samples = ct_samples_new(w->db);
    w->reopen = false;
    return status;
}

/* A new file with 0600 in a folder made with 0700, or an existing regular file. */
static enum ct_status prepare_file(struct ct_writer *w, struct ct_error *err)
{
    struct stat st;
    char why[CT_WHY_BYTES];
    const char *shared = w->flags & CT_OPEN_UNSAFE_FS ? NULL : ct_path_shared(w->path);
    if (shared)
        return ct_fail(err, CT_ERR_IO, w->path,
                       "lies on %s, where locks and shared memory cannot be trusted: a local folder (--db) is safe;"
                       " --unsafe-fs takes the risk", shared);
    if (stat(w->path, &st) == 0) {
        if (!S_ISREG(st.st_mode))
            return ct_db_writable(w->path, err);
        if (st.st_size == 0 && ct_db_log_bytes(w->path) > 0) /* SQLite would throw the log away */
            return ct_fail(err, CT_ERR_DB, w->path, "%s",
                           ct_db_why_not(why, "the file is empty, its log is not", SQLITE_CORRUPT));
    } else if (w->flags & CT_OPEN_DRY) {
        return ct_fail(err, CT_ERR_NOT_FOUND, w->path, "no database yet");
    } else {
        if (lstat(w->path, &st) == 0)
            return ct_fail(err, CT_ERR_IO, w->path, "a link that leads nowhere");
        enum ct_status status = ct_mkdirs_of(w->path, err);
        if (status != CT_OK)
            return status;
        /* No handle of ours is open yet, so closing this one drops no lock of SQLite's. */
        int fd = open(w->path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno != EEXIST) {
            int os = errno;
            return ct_db_writable(w->path, err) != CT_OK ? CT_ERR_IO
                                                         : ct_fail(err, CT_ERR_IO, w->path, "%s", strerror(os));
        }
        if (fd >= 0)
            (void)close(fd);
        if (stat(w->path, &st) != 0)
            return ct_fail(err, CT_ERR_IO, w->path, "%s", strerror(errno));
    }
    w->dev = st.st_dev;
    w->ino = st.st_ino;
    return CT_OK;
}

/* Real and simulated data never meet in one file. */
static enum ct_status keep_apart(struct ct_writer *w, struct ct_error *err)
{
    if (w->flags & CT_OPEN_SIMULATED) {
        enum ct_status status = ct_w_begin(w, err);
        if (status != CT_OK)
            return status;
        RUN(w, META_PUT, vs("simulated"), vi(1));
        return ct_w_commit(w, w->path, err);
    }
    if (!(w->flags & CT_OPEN_REAL))
        return CT_OK;
    w->rc = SQLITE_OK;
    bool simulated = ct_w_one(w, ct_w_bind(w, Q_SIMULATED, NULL, 0)) == 1;
    return w->rc != SQLITE_OK ? ct_fail(err, CT_ERR_DB, w->path, "%s", w->why)
           : simulated ? ct_fail(err, CT_ERR_USAGE, w->path,
                                 "holds a simulated market (`cloudtape demo`), no real data go there; --db names another")
                       : CT_OK;
}

enum ct_status ct_writer_open(const char *path, unsigned flags, struct ct_writer **out,
                              struct ct_error *err)
{
    ct_db_no_statistics();
    struct ct_writer *w = ct_xcalloc(1, sizeof *w);
    w->path = ct_xstrdup(path);
    w->flags = flags;
    w->lock_fd = w->note_fd = -1;
    w->noted_ms = CT_NONE;
    w->arena = ct_arena_new(ARENA_MAX);
    enum ct_status status = prepare_file(w, err);
    if (status == CT_OK)
        status = connect_to(w, err);
    if (status == CT_OK)
        status = keep_apart(w, err);
    if (status != CT_OK) {
        ct_writer_close(w);
        return status;
    }
    *out = w;
    return CT_OK;
}

void ct_writer_rest(struct ct_writer *w)
{
    if (w->held)
        return;
    if (w->db) { /* not while a file that went is looked for */
        sqlite3_db_release_memory(w->db);
        ct_samples_rest(w->samples);
    }
    ct_arena_free(w->arena);
    w->arena = ct_arena_new(ARENA_MAX);
}

void ct_writer_close(struct ct_writer *w)
{
    if (!w)
        return;
    disconnect(w);
    if (w->lock_fd >= 0)
        (void)close(w->lock_fd);
    ct_arena_free(w->arena);
    free(w->path);
    free(w);
}

enum ct_status ct_w_begin(struct ct_writer *w, struct ct_error *err)
{
    struct stat st;
    if (w->held) { /* what failed keeps the others from being kept */
        ct_arena_reset(w->arena);
        return CT_OK;
    }
    if (stat(w->path, &st) != 0 || st.st_dev != w->dev || st.st_ino != w->ino)
        return ct_fail(err, CT_ERR_NOT_FOUND, w->path, "the database file was removed or replaced");
    if (w->reopen)
        disconnect(w);
    if (!w->db) {
        enum ct_status status = connect_to(w, err);
        if (status != CT_OK)
            return status;
    }
    ct_arena_reset(w->arena);
    w->rc = SQLITE_OK;
    int rc = sqlite3_exec(w->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        ct_samples_begin(w->samples);
        return CT_OK;
    }
    keep_failure(w, sqlite3_extended_errcode(w->db));
    return ct_fail(err, (rc & 0xff) == SQLITE_BUSY ? CT_ERR_BUSY : CT_ERR_DB, w->path, "%s", w->why);
}

/* Whether all went well so far; what did not stays in w->rc. */
static bool went_well(struct ct_writer *w, const char *where, struct ct_error *err)
{
    if (ct_samples_rc(w->samples) == SQLITE_RANGE)
        (void)snprintf(w->why, sizeof w->why, "a moment no sample can have");
    if (ct_samples_rc(w->samples) == SQLITE_RANGE && w->rc == SQLITE_OK)
        w->rc = SQLITE_RANGE;
    else if (ct_samples_rc(w->samples) != SQLITE_OK)
        keep_failure(w, ct_samples_rc(w->samples));
    if (ct_arena_full(w->arena)) {
        w->rc = SQLITE_NOMEM;
        (void)ct_fail(err, CT_ERR_LIMIT, where, "the answer needs more memory than allowed");
    } else if (w->rc != SQLITE_OK) {
        (void)ct_fail(err, CT_ERR_DB, where, "%s: %s", w->path, w->why);
    }
    return w->rc == SQLITE_OK;
}

static void take_back(struct ct_writer *w)
{
    if (!sqlite3_get_autocommit(w->db))
        (void)sqlite3_exec(w->db, "ROLLBACK", NULL, NULL, NULL);
    ct_samples_forget(w->samples);
    ct_w_forget_known(w);
}

static enum ct_status end_with(struct ct_writer *w, const char *sql, const char *where,
                               struct ct_error *err)
{
    if (went_well(w, where, err)) {
        w->committing = true;
        int rc = sqlite3_exec(w->db, sql, NULL, NULL, NULL);
        w->committing = false;
        if (rc == SQLITE_OK) {
            ct_note_trouble(w, NULL);
            return CT_OK;
        }
        keep_failure(w, sqlite3_extended_errcode(w->db));
        (void)ct_fail(err, CT_ERR_DB, where, "%s: %s", w->path, w->why);
    }
    take_back(w);
    if (ct_arena_full(w->arena))
        return CT_ERR_LIMIT;
    ct_note_trouble(w, w->why);
    return CT_ERR_DB;
}

enum ct_status ct_w_commit(struct ct_writer *w, const char *where, struct ct_error *err)
{
    if (w->held)
        return went_well(w, where, err) ? CT_OK : CT_ERR_DB;
    enum ct_status status = end_with(w, "COMMIT", where, err);
    w->dirty |= status == CT_OK;
    return status;
}

enum ct_status ct_w_undo(struct ct_writer *w, const char *where, struct ct_error *err)
{
    enum ct_status status = end_with(w, "ROLLBACK", where, err);
    ct_samples_forget(w->samples);
    ct_w_forget_known(w);
    return status;
}

enum ct_status ct_write_hold(struct ct_writer *w, struct ct_error *err)
{
    enum ct_status status = ct_w_begin(w, err);
    w->held = status == CT_OK;
    return status;
}

enum ct_status ct_write_release(struct ct_writer *w, bool keep, struct ct_error *err)
{
    enum ct_status status = CT_ERR_DB;
    w->held = false;
    if (keep)
        status = ct_w_commit(w, "answers", err);
    else
        take_back(w);
    ct_w_seal_many(w);
    return status;
}

/* Slices of sealing, a transaction each: until nothing waits, or as long as it is worth it. */
static void seal(struct ct_writer *w, int slices, enum ct_unsealed least)
{
    struct ct_error ignored; /* what is unsealed stays so; whatever the reason is, commits meet it */
    bool more = w->db && !w->reopen && !w->held && ct_samples_unsealed(w->samples) >= least;
    for (int i = 0; more && i < slices; i++) {
        if (ct_w_begin(w, &ignored) != CT_OK)
            return;
        more = ct_samples_seal(w->samples, SLICE_MS);
        if (ct_w_commit(w, "sealing", &ignored) != CT_OK)
            return;
    }
}

void ct_w_seal_many(struct ct_writer *w)
{
    seal(w, INT_MAX, CT_UNSEALED_MANY);
}

void ct_write_idle(struct ct_writer *w)
{
    seal(w, IDLE_SLICES, CT_UNSEALED_SOME);
    if (!w->dirty || !w->db)
        return;
    int frames = 0, done = 0;
    int rc = sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &done);
    if (rc == SQLITE_OK && (int64_t)frames * 4096 > WAL_MAX_BYTES) {
        (void)sqlite3_busy_timeout(w->db, 0); /* a reader in the way is no reason to wait */
        (void)sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        (void)sqlite3_busy_timeout(w->db, 5000);
    }
    w->dirty = rc != SQLITE_OK || done < frames;
}

enum ct_status ct_write_settle(struct ct_writer *w, int64_t now_ms, struct ct_error *err)
{
    enum ct_status status = CT_OK;
    bool more = true;
    seal(w, INT_MAX, CT_UNSEALED_SOME);
    while (more && status == CT_OK)
        status = ct_write_references(w, now_ms, &more, err);
    return status;
}

/* ---- sources ---- */

enum ct_status ct_write_sources(struct ct_writer *w, const struct ct_source_conf *confs, size_t n,
                                int64_t now_ms, struct ct_error *err)
{
    (void)now_ms;
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    ct_w_run(w, ct_w_bind(w, Q_SOURCES_OFF, NULL, 0));
    for (size_t i = 0; i < n; i++) {
        const struct ct_source_conf *c = &confs[i];
        RUN(w, SOURCE_ADD, vs(c->id), vs(c->family), ve((int)c->kind), vs(c->provider), vs(c->scope),
            vs(c->title), vs(c->url), vs(c->terms), ve((int)c->evidence), vi(c->interval_ms),
            vi(c->enabled), vs(c->off_reason), vi(c->part_of_list), vi(c->unproven),
            vi(c->parser ? c->parser : CT_NONE));
    }
    ct_w_run(w, ct_w_bind(w, Q_SOURCES_UNPLAN, NULL, 0)); /* what is on keeps its plan over a restart */
    return ct_w_commit(w, "sources", err);
}

enum ct_status ct_write_recall(struct ct_writer *w, const char *source_id, struct ct_arena *a,
                               struct ct_source_memory *out, struct ct_error *err)
{
    if (!w->db || w->reopen) {
        disconnect(w);
        enum ct_status status = connect_to(w, err);
        if (status != CT_OK)
            return status;
    }
    w->rc = SQLITE_OK;
    ct_arena_reset(w->arena);
    sqlite3_stmt *st = ASK(w, SOURCE_RECALL, vs(source_id));
    bool found = ct_w_row(w, st);
    if (found) {
        int64_t hash = ct_w_int(st, 7);
        *out = (struct ct_source_memory){
            .last_attempt_ms = ct_w_int(st, 0),
            .last_success_ms = ct_w_int(st, 1),
            .next_attempt_ms = ct_w_int(st, 2),
            .failures = ct_w_int(st, 3),
            .rows = ct_w_int(st, 4),
            .etag = ct_arena_dup(a, ct_w_text(w, st, 5)),
            .last_modified = ct_arena_dup(a, ct_w_text(w, st, 6)),
            .body_hash = (uint64_t)hash,
        };
    }
    ct_w_end(st);
    if (w->rc != SQLITE_OK)
        return ct_fail(err, CT_ERR_DB, w->path, "%s", w->why);
    return found ? CT_OK : ct_fail(err, CT_ERR_NOT_FOUND, source_id, "no such source");
}

enum ct_status ct_write_trust(struct ct_writer *w, const char *source_id, struct ct_error *err)
{
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    int64_t n = RUN(w, SOURCE_TRUST, vs(source_id));
    bool failed = w->rc != SQLITE_OK;
    status = ct_w_commit(w, source_id, err);
    if (status == CT_OK && n == 0 && !failed)
        return ct_fail(err, CT_ERR_NOT_FOUND, source_id, "no such source");
    return status;
}
