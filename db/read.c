/* The read-only connection, its statements, and what every loader stands on. */
#include "config.h"

#include "db/base/text.h"
#include "db/reader.h"
#include "db/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_KEPT = 4 << 20 /* bytes */ };

const char *const ct_sql_text[CT_N_SQL] = {
#define X(name, sql) [SQL_##name] = sql,
    CT_SQL_LIST(X)
#undef X
};

/* ---- open and close ---- */

/* Reading and its transactions only; the two pragmas we ask. Denied even if SQL were ever injected.
 */
static int authorize(void *ctx, int action, const char *a, const char *b, const char *db,
                     const char *trigger)
{
    (void)ctx, (void)b, (void)db, (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
        return SQLITE_OK;
    case SQLITE_PRAGMA:
        return !b && (!strcmp(a, "data_version") || !strcmp(a, "application_id") ||
                      !strcmp(a, "user_version"))
                   ? SQLITE_OK
                   : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

/* there_since(SERIES, MS). Rows of series that were gone by then are most of a long record: nothing is joined to them. */
static void there_since(sqlite3_context *c, int n, sqlite3_value **args)
{
    struct ct_reader *r = sqlite3_user_data(c);
    sqlite3_result_int(c, n == 2 && ct_there_since(r, sqlite3_value_int64(args[0]), sqlite3_value_int64(args[1])));
}

int ct_sql_functions(sqlite3 *db, struct ct_reader *r)
{
    return sqlite3_create_function_v2(db, "there_since", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, r, there_since, NULL, NULL,
                                      NULL);
}

static int on_progress(void *ctx)
{
    struct ct_reader *r = ctx;
    return atomic_load(&r->cancel);
}

static int configure(sqlite3 *db)
{
    sqlite3_busy_timeout(db, 250);
    sqlite3_extended_result_codes(db, 1);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 16 << 20);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return sqlite3_exec(db,
                        "PRAGMA query_only=ON; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
                        "PRAGMA cache_size=-8000; PRAGMA foreign_keys=ON;",
                        NULL, NULL, NULL);
}

static int64_t changed_ms(const struct stat *file)
{
    return (int64_t)file->st_mtim.tv_sec * 1000 + file->st_mtim.tv_nsec / 1000000;
}

/* A WAL database on a read-only or a full medium opens only as immutable, which is right exactly when nobody
 * can be writing: no log beside it. */
static int open_immutable(struct ct_reader *r)
{
    sqlite3_close(r->db);
    int rc = ct_db_open_still(r->path, &r->db);
    r->immutable = true;
    return rc == SQLITE_OK ? configure(r->db) : rc;
}

static int first_read(struct ct_reader *r)
{
    return sqlite3_exec(r->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

static enum ct_status open_db(struct ct_reader *r, struct ct_error *err)
{
    char why[CT_WHY_BYTES];
    struct stat file = {0};
    (void)stat(r->path, &file);
    r->dev = (int64_t)file.st_dev;
    r->ino = (int64_t)file.st_ino;
    r->immutable = false;
    r->file_ms = changed_ms(&file);
    r->file_bytes = (int64_t)file.st_size;
    r->opened++;
    ct_db_no_statistics();
    int rc = sqlite3_open_v2(r->path, &r->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = configure(r->db);
    if (rc == SQLITE_OK)
        rc = first_read(r);
    if (ct_db_unshared(rc) && ct_db_log_bytes(r->path) == 0) {
        rc = open_immutable(r);
        if (rc == SQLITE_OK)
            rc = first_read(r);
    }
    if (rc != SQLITE_OK)
        return ct_fail(err, CT_ERR_DB, r->path, "%s", ct_db_why(why, r->path, r->db, rc));
    (void)ct_sql_functions(r->db, r);
    sqlite3_set_authorizer(r->db, authorize, NULL);
    sqlite3_progress_handler(r->db, 2000, on_progress, r);
    r->samples = ct_samples_new(r->db);
    return CT_OK;
}

static int64_t ask(struct ct_reader *r, enum ct_sql id)
{
    sqlite3_stmt *st = ct_use(r, id, 0);
    int64_t value = ct_step(r, st) ? ct_col_int(st, 0) : CT_NONE;
    if (st) /* a statement left open holds the snapshot of its moment */
        sqlite3_reset(st);
    return value;
}

static enum ct_status check_ours(struct ct_reader *r, struct ct_error *err)
{
    r->err = err;
    r->status = CT_OK;
    /* In this order: a writer that fills the file meanwhile names it in the same transaction. */
    int64_t objects = ask(r, SQL_OBJECTS), application = ask(r, SQL_APPLICATION),
            version = ask(r, SQL_USER_VERSION);
    if (r->status != CT_OK)
        return r->status;
    if (application == 0 && version == 0 && objects == 0) /* a writer has just made the file */
        return ct_fail(err, CT_ERR_NOT_FOUND, r->path, "no data yet");
    if (application != CT_APPLICATION_ID)
        return ct_fail(err, CT_ERR_DB, r->path, "this is another program's database");
    if (version < CT_SCHEMA_VERSION)
        return ct_fail(err, CT_ERR_DB, r->path,
                       "of an older cloudtape (layout %lld, this one reads %d); `cloudtape fetch --once`, or the"
                       " dashboard, brings it up to date", (long long)version, CT_SCHEMA_VERSION);
    r->newer = version > CT_SCHEMA_VERSION;
    r->simulated = ask(r, SQL_SIMULATED) == 1;
    r->status = CT_OK; /* where that cannot be read the loads say so, each for itself */
    return CT_OK;
}

static void forget(struct ct_shared *s)
{
    ct_arena_free(s->arena);
    *s = (struct ct_shared){.version = CT_NONE};
}

static void forget_kept(struct ct_reader *r)
{
    ct_arena_free(r->kept.arena);
    ct_arena_free(r->kept.moment.arena);
    r->kept = (struct ct_kept){.arena = NULL};
}

struct ct_arena *ct_kept_arena(struct ct_reader *r)
{
    if (!r->kept.arena)
        r->kept.arena = ct_arena_new(0);
    return r->kept.arena;
}

struct ct_moment *ct_kept_moment(struct ct_reader *r)
{
    struct ct_moment *m = &r->kept.moment;
    if (!m->arena || m->t != r->t || m->at != r->at) {
        ct_arena_free(m->arena);
        *m = (struct ct_moment){.t = r->t, .at = r->at, .arena = ct_arena_new(0)};
    }
    return ct_arena_keep(r->arena, m->arena) ? m : NULL;
}

static void forget_shared(struct ct_reader *r)
{
    for (size_t i = 0; i < CT_LEN(r->shared); i++)
        forget(&r->shared[i]);
}

/* Somebody writes what was opened as immutable, or did. */
static bool written_to(const struct ct_reader *r, const struct stat *file)
{
    return r->immutable && (changed_ms(file) != r->file_ms || (int64_t)file->st_size != r->file_bytes ||
                            ct_db_log_bytes(r->path) > 0);
}

/* A database that was moved aside and made anew is followed, and one that came to life; one that is merely gone
 * stays readable. */
static void follow_file(struct ct_reader *r)
{
    struct stat file;
    if (stat(r->path, &file) != 0 ||
        ((int64_t)file.st_ino == r->ino && (int64_t)file.st_dev == r->dev && !written_to(r, &file)))
        return;
    sqlite3 *old = r->db;
    sqlite3_stmt *stmts[CT_N_SQL];
    struct ct_error ignored;
    memcpy(stmts, r->stmts, sizeof stmts);
    memset(r->stmts, 0, sizeof r->stmts);
    r->db = NULL;
    struct ct_samples *samples = r->samples;
    r->samples = NULL;
    bool fresh = open_db(r, &ignored) == CT_OK && check_ours(r, &ignored) == CT_OK;
    forget_kept(r);
    ct_newest_forget(r);
    ct_reference_forget(r);
    ct_market_forget(r, true);
    forget_shared(r);
    for (size_t i = 0; i < CT_N_SQL; i++)
        sqlite3_finalize(fresh ? stmts[i] : r->stmts[i]);
    ct_samples_free(fresh ? samples : r->samples);
    sqlite3_close(fresh ? old : r->db);
    if (!fresh) {
        r->samples = samples;
        memcpy(r->stmts, stmts, sizeof stmts);
        r->db = old;
    }
}

enum ct_status ct_reader_open(const char *path, struct ct_reader **out, struct ct_error *err)
{
    char why[CT_WHY_BYTES];
    struct stat file;
    *out = NULL;
    if (stat(path, &file) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? ct_fail(err, CT_ERR_NOT_FOUND, path, "no data yet")
                   : ct_fail(err, CT_ERR_DB, path, "%s", strerror(errno));
    if (!S_ISREG(file.st_mode))
        return ct_fail(err, CT_ERR_DB, path, "%s", ct_db_why(why, path, NULL, SQLITE_CANTOPEN));
    struct ct_reader *r = ct_xcalloc(1, sizeof *r);
    r->path = ct_xstrdup(path);
    enum ct_status st = open_db(r, err);
    if (st == CT_OK)
        st = check_ours(r, err);
    if (st != CT_OK) {
        ct_reader_close(r);
        return st;
    }
    *out = r;
    return CT_OK;
}

void ct_reader_close(struct ct_reader *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < CT_N_SQL; i++)
        sqlite3_finalize(r->stmts[i]);
    ct_samples_free(r->samples);
    forget_kept(r);
    ct_newest_forget(r);
    ct_reference_forget(r);
    ct_market_forget(r, true);
    forget_shared(r);
    sqlite3_close(r->db);
    ct_accelerators_free(r);
    ct_classes_free(r);
    free(r->path);
    free(r);
}

bool ct_reader_newer(const struct ct_reader *r)
{
    return r->newer;
}

bool ct_reader_simulated(const struct ct_reader *r)
{
    return r->simulated;
}

void ct_reader_rest(struct ct_reader *r)
{
    forget_kept(r);
    ct_market_forget(r, false);
    for (size_t i = 0; i < CT_LEN(r->shared); i++)
        if (r->shared[i].arena && !ct_arena_kept(r->shared[i].arena))
            forget(&r->shared[i]);
    sqlite3_db_release_memory(r->db); /* pages: the system has them as well, and a commit makes all of them old */
}

void ct_reader_hold(struct ct_reader *r, int64_t moment)
{
    r->hold = moment;
}

void ct_reader_cancel(struct ct_reader *r)
{
    atomic_store(&r->cancel, true);
}

int64_t ct_reader_version(struct ct_reader *r)
{
    struct ct_error ignored;
    atomic_store(&r->cancel, false);
    follow_file(r);
    r->err = &ignored;
    r->status = CT_OK;
    struct ct_buf path = CT_BUF_INIT;
    struct stat note = {.st_mtime = 0}; /* trouble is noted where nothing can be committed */
    ct_buf_addf(&path, "%s.lock", r->path);
    (void)stat(path.p, &note);
    ct_buf_free(&path);
    return ask(r, SQL_DATA_VERSION) ^ (int64_t)((uint64_t)r->ino << 24 ^ r->opened << 44) ^
           (int64_t)((uint64_t)note.st_mtime << 40 ^ (uint64_t)note.st_mtim.tv_nsec << 16);
}

/* ---- loading ---- */

void ct_load_begin(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                   struct ct_error *err)
{
    r->arena = a;
    r->live = q->at_ms == CT_LIVE;
    r->t = r->live ? q->now_ms : q->at_ms;
    r->at = r->live ? CT_LIVE - 1 : q->at_ms;
    bool begun = !sqlite3_get_autocommit(r->db); /* by an earlier read of the same load */
    if (!begun)
        follow_file(r);
    r->err = err;
    r->status = CT_OK;
    r->reference.n = 0;
    if (!begun)
        (void)ct_step(r, ct_use(r, SQL_BEGIN, 0));
    int64_t before = r->version;
    r->version = begun ? before : ask(r, SQL_DATA_VERSION);
    if (r->version != before || r->version == CT_NONE || (r->kept.arena && ct_arena_used(r->kept.arena) > MOST_KEPT))
        forget_kept(r);
    ct_samples_begin(r->samples);
}

static void end_snapshot(struct ct_reader *r)
{
    enum ct_status status = r->status;
    if (sqlite3_get_autocommit(r->db))
        return;
    r->status = CT_OK;
    bool cancel = atomic_exchange(&r->cancel, false); /* not of this statement */
    (void)ct_step(r, ct_use(r, SQL_COMMIT, 0));
    sqlite3_reset(r->stmts[SQL_COMMIT]);
    /* One that ended this read is used up; one that came after it is for the next. */
    atomic_store(&r->cancel, status != CT_ERR_CANCELLED && (cancel || atomic_load(&r->cancel)));
    if (status != CT_OK)
        r->status = status;
}

enum ct_status ct_load_end(struct ct_reader *r)
{
    if (r->status == CT_OK && ct_arena_full(r->arena))
        r->status = ct_fail(r->err, CT_ERR_LIMIT, NULL, "the answer is too large");
    for (size_t i = 0; i < CT_N_SQL; i++)
        if (r->stmts[i])
            sqlite3_reset(r->stmts[i]);
    /* Whatever happened, the snapshot ends: an open one would keep the log from being emptied. Of a load of several
     * reads it ends with the last, or with one that finds the file in trouble: the next looks at it anew. */
    if (!r->whole || r->status == CT_ERR_DB)
        end_snapshot(r);
    return r->status;
}

/* As it was when nobody could be writing: that is looked at before each read. */
void ct_reader_begin(struct ct_reader *r)
{
    r->whole = !r->immutable;
}

void ct_reader_end(struct ct_reader *r)
{
    r->whole = false;
    r->err = NULL; /* of the last read; nobody asks how this one ends */
    end_snapshot(r);
}

enum ct_status ct_read_shared(struct ct_reader *r, int which, ct_load_fn *read, uint64_t variant,
                              const struct ct_query *q, struct ct_arena *a, struct ct_rows *out,
                              struct ct_error *err)
{
    enum { MOST_BYTES = 64 << 20 };
    struct ct_shared *s = &r->shared[which];
    ct_load_begin(r, q, a, err);
    bool current = r->hold ? s->hold >= r->hold : s->version == r->version && s->t == r->t;
    bool same = s->arena && current && s->at == r->at && s->gone == q->gone && s->variant == variant;
    enum ct_status st = ct_load_end(r);
    if (st == CT_OK && !same) {
        struct ct_shared now = {.gone = q->gone, .variant = variant, .hold = r->hold, .arena = ct_arena_new(MOST_BYTES)};
        st = read(r, q, now.arena, &now.rows, err);
        now.version = r->version;
        now.t = r->t;
        now.at = r->at;
        ct_arena_free(st == CT_OK ? s->arena : now.arena);
        *s = st == CT_OK ? now : *s;
    }
    if (st == CT_OK && !ct_arena_keep(a, s->arena))
        return ct_fail(err, CT_ERR_LIMIT, NULL, "the answer is too large");
    if (st == CT_OK)
        *out = s->rows;
    return st;
}

static void broken(struct ct_reader *r, int rc)
{
    char why[CT_WHY_BYTES];
    if (r->status != CT_OK)
        return;
    if ((rc & 0xff) == SQLITE_INTERRUPT) {
        r->status = ct_fail(r->err, CT_ERR_CANCELLED, NULL, NULL);
        atomic_store(&r->cancel, false);
    } else
        r->status = ct_fail(r->err, CT_ERR_DB, r->path, "%s", ct_db_why(why, r->path, r->db, rc));
}

sqlite3_stmt *ct_use(struct ct_reader *r, enum ct_sql id, int n, ...)
{
    sqlite3_stmt **st = &r->stmts[id];
    if (r->status != CT_OK)
        return NULL;
    if (!*st) {
        int rc =
            sqlite3_prepare_v3(r->db, ct_sql_text[id], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
        if (rc != SQLITE_OK) {
            broken(r, rc);
            return NULL;
        }
    }
    sqlite3_reset(*st);
    va_list args;
    va_start(args, n);
    for (int i = 1; i <= n; i++)
        sqlite3_bind_int64(*st, i, va_arg(args, int64_t));
    va_end(args);
    return *st;
}

void ct_bind_text(struct ct_reader *r, sqlite3_stmt *st, int index, struct ct_span text)
{
    (void)r;
    if (st)
        sqlite3_bind_text(st, index, text.p ? text.p : "", (int)text.n, SQLITE_TRANSIENT);
}

void ct_bind_beginning(struct ct_reader *r, sqlite3_stmt *st, struct ct_span text)
{
    struct ct_span end = ct_arena_dup(r->arena, text);
    if (!end.n) {
        r->status = r->status == CT_OK ? CT_ERR_LIMIT : r->status;
        return;
    }
    ((char *)end.p)[end.n - 1]++; /* names are printable */
    ct_bind_text(r, st, 1, text);
    ct_bind_text(r, st, 2, end);
}

bool ct_step(struct ct_reader *r, sqlite3_stmt *st)
{
    if (!st || r->status != CT_OK)
        return false;
    if (atomic_load(&r->cancel)) { /* between statements too short for the progress handler */
        broken(r, SQLITE_INTERRUPT);
        return false;
    }
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        broken(r, rc);
    return false;
}

/* ---- cells ---- */

int64_t ct_col_int(sqlite3_stmt *st, int i)
{
    return sqlite3_column_type(st, i) == SQLITE_INTEGER ? ct_bounded(sqlite3_column_int64(st, i)) : CT_NONE;
}

int64_t ct_col_must(sqlite3_stmt *st, int i)
{
    int64_t v = ct_col_int(st, i);
    return v == CT_NONE ? 0 : v;
}

int ct_col_enum(sqlite3_stmt *st, int i, int last)
{
    int64_t v = ct_col_int(st, i);
    return v < 0 || v > last ? -1 : (int)v;
}

struct ct_span ct_col_borrow(sqlite3_stmt *st, int i)
{
    const char *p = (const char *)sqlite3_column_text(st, i);
    return (struct ct_span){p, p ? (size_t)sqlite3_column_bytes(st, i) : 0};
}

struct ct_span ct_col_text(struct ct_reader *r, sqlite3_stmt *st, int i)
{
    return ct_arena_dup(r->arena, ct_col_borrow(st, i));
}

struct ct_list ct_col_list(struct ct_reader *r, sqlite3_stmt *st, int i)
{
    CT_VEC(struct ct_span) items = {NULL, 0, 0};
    struct ct_span rest = ct_col_text(r, st, i);
    while (rest.p && (rest.n || items.n)) {
        struct ct_span *item = CT_VEC_PUSH(r->arena, &items);
        if (!item)
            break;
        *item = ct_span_cut(&rest, CT_UNIT_SEPARATOR);
    }
    return (struct ct_list){items.v, items.n};
}

/* ---- as of ---- */

/* After a look into the samples: true if it may be believed. */
static bool looked(struct ct_reader *r)
{
    int rc = ct_samples_rc(r->samples);
    if (rc != SQLITE_OK)
        broken(r, rc);
    else if (atomic_load(&r->cancel))
        broken(r, SQLITE_INTERRUPT);
    return r->status == CT_OK;
}

struct ct_asof ct_asof(struct ct_reader *r, int64_t series, int64_t at_ms)
{
    struct ct_sample v;
    if (ct_reference_find(r, series, at_ms, &v))
        return (struct ct_asof){v.at_ms, v.value, v.flags};
    bool found = r->status == CT_OK && ct_sample_at(r->samples, series, at_ms, &v);
    if (!looked(r) || !found)
        return (struct ct_asof){CT_NONE, CT_NONE, 0};
    return (struct ct_asof){v.at_ms, v.value, v.flags};
}

bool ct_next_sample(struct ct_reader *r, int64_t series, int64_t to_ms, struct ct_sample *v)
{
    bool found = r->status == CT_OK && ct_sample_next(r->samples, series, to_ms, v);
    return looked(r) && found;
}

const struct ct_sample *ct_next_samples(struct ct_reader *r, int64_t series, int64_t t, size_t *n)
{
    const struct ct_sample *v = r->status == CT_OK ? ct_samples_after(r->samples, series, t, n) : NULL;
    return looked(r) ? v : NULL;
}

bool ct_span_samples(struct ct_reader *r, int64_t series, int64_t from, int64_t to, const struct ct_sample **v, size_t *n)
{
    bool whole = r->status == CT_OK && ct_samples_span(r->samples, series, from, to, v, n);
    return looked(r) && whole;
}

struct ct_asof ct_asof_now(struct ct_reader *r, int64_t series)
{
    if (!r->live)
        return ct_asof(r, series, r->at);
    const struct ct_newest *v = ct_newest_of(r, series);
    return v ? (struct ct_asof){v->at_ms, v->value, v->flags} : (struct ct_asof){CT_NONE, CT_NONE, 0};
}

struct ct_asof ct_asof_row(struct ct_reader *r, sqlite3_stmt *st, int i)
{
    return ct_asof_now(r, ct_col_int(st, i));
}

static bool read_words(struct ct_reader *r, sqlite3_stmt *st, struct ct_span fields[CT_WORDS_MOST])
{
    struct ct_span rest = CT_SPAN_NONE;
    if (st && ct_step(r, st))
        rest = ct_col_text(r, st, 0);
    if (st)
        sqlite3_reset(st);
    if (!rest.p)
        return false;
    ct_words_cut(rest, fields);
    return true;
}

int64_t ct_meta(struct ct_reader *r, const char *key)
{
    sqlite3_stmt *st = ct_use(r, SQL_META, 0);
    ct_bind_text(r, st, 1, ct_span(key));
    int64_t value = ct_step(r, st) ? ct_col_int(st, 0) : CT_NONE;
    if (st)
        sqlite3_reset(st);
    return value;
}

bool ct_words_at(struct ct_reader *r, int64_t series, struct ct_span fields[CT_WORDS_MOST])
{
    return read_words(r, r->live ? NULL : ct_use(r, SQL_WORDS, 2, series, r->at), fields);
}

bool ct_wording_at(struct ct_reader *r, enum ct_wording kind, int64_t source, struct ct_span owner,
                   struct ct_span id, struct ct_span fields[CT_WORDS_MOST])
{
    sqlite3_stmt *st = r->live ? NULL : ct_use(r, SQL_WORDING, 2, (int64_t)kind, source);
    ct_bind_text(r, st, 3, owner);
    ct_bind_text(r, st, 4, id);
    if (st)
        sqlite3_bind_int64(st, 5, r->at);
    return read_words(r, st, fields);
}

/* ---- small tools ---- */

void ct_put_in_order(void *rows, size_t *order, size_t n, size_t size, void *spare)
{
    char *v = rows;
    for (size_t i = 0; i < n; i++) {
        if (order[i] == i)
            continue;
        memcpy(spare, v + i * size, size);
        size_t k = i;
        for (size_t next; (next = order[k]) != i; k = next) {
            memcpy(v + k * size, v + next * size, size);
            order[k] = k;
        }
        memcpy(v + k * size, spare, size);
        order[k] = k;
    }
}

/* Merges places, not rows, which are large; runs that stand in order already cost one comparison. The places are of the
 * heap: an answer would hold them as long as it is shown. */
void ct_sort(struct ct_reader *r, void *v, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    (void)r;
    if (n < 2)
        return;
    size_t *room = ct_xmalloc(2 * n * sizeof *room + size), *from = room, *to = from + n;
    char *spare = (char *)(to + n);
    for (size_t i = 0; i < n; i++)
        from[i] = i;
#define ROW(place) ((const char *)v + (place)*size)
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t middle = low + width < n ? low + width : n;
            size_t high = middle + width < n ? middle + width : n;
            size_t i = low, j = middle;
            if (middle == high || compare(ROW(from[middle - 1]), ROW(from[middle])) <= 0) {
                memcpy(to + low, from + low, (high - low) * sizeof *to);
                continue;
            }
            for (size_t k = low; k < high; k++) {
                bool left = i < middle && (j >= high || compare(ROW(from[i]), ROW(from[j])) <= 0);
                to[k] = from[left ? i++ : j++];
            }
        }
        size_t *swap = from;
        from = to;
        to = swap;
    }
#undef ROW
    ct_put_in_order(v, from, n, size, spare);
    free(room);
}

bool ct_low_90d(struct ct_reader *r, int64_t series, int64_t t, int64_t v)
{
    bool higher = false;
    int64_t at = t - 90 * CT_DAY;
    const struct ct_sample *x;
    for (size_t n; at < t && (x = ct_next_samples(r, series, at, &n)); at = x[n - 1].at_ms)
        for (size_t i = 0; i < n && x[i].at_ms <= t; i++) {
            if (x[i].value == CT_NONE || (x[i].flags & CT_SAMPLE_QUARANTINED) ||
                ct_is_correction(x[i].value, v, false))
                continue;
            if (x[i].value < v)
                return false;
            higher = higher || x[i].value > v;
        }
    return higher;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct ct_span ct_name_part(struct ct_span name, int n, struct ct_arena *a)
{
    struct ct_span part = ct_span_cut(&name, '/');
    for (int i = 0; i < n && part.p; i++)
        part = name.p ? ct_span_cut(&name, '/') : CT_SPAN_NONE;
    char *out = part.p ? ct_arena_alloc(a, part.n + 1) : NULL;
    if (!out)
        return CT_SPAN_NONE;
    size_t length = 0;
    for (size_t i = 0; i < part.n; i++) {
        bool escape = part.p[i] == '%' && i + 2 < part.n && hex(part.p[i + 1]) >= 0 &&
                      hex(part.p[i + 2]) >= 0;
        int byte = escape ? hex(part.p[i + 1]) * 16 + hex(part.p[i + 2]) : part.p[i];
        out[length++] = (char)(escape && (byte < ' ' || byte >= 0x7f) ? '?' : byte);
        i += escape ? 2 : 0;
    }
    return (struct ct_span){out, length};
}

struct ct_span ct_name_segment(struct ct_reader *r, struct ct_span name, int n)
{
    return ct_name_part(name, n, r->arena);
}
