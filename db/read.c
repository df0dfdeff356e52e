/* The read-only connection, its statements, and what every loader stands on. */
#include "config.h"

#include "db/base/text.h"
#include "db/reader.h"

#include <errno.h>
#include <unistd.h>
#include <signal.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* A WAL database on a read-only medium opens only as immutable, which is right exactly when nobody
 * can be writing: no log beside it. */
static int open_immutable(struct ct_reader *r)
{
    struct ct_buf name = CT_BUF_INIT;
    struct stat log;
    ct_buf_addf(&name, "%s-wal", r->path);
    bool quiet = stat(name.p, &log) != 0 || log.st_size == 0;
    ct_buf_clear(&name);
    if (!quiet) {
        ct_buf_free(&name);
        return SQLITE_CANTOPEN;
    }
    ct_buf_adds(&name, "file:");
    for (const char *p = r->path; *p; p++)
        if (strchr("?#%", *p))
            ct_buf_addf(&name, "%%%02x", (unsigned char)*p);
        else
            ct_buf_addc(&name, *p);
    ct_buf_adds(&name, "?immutable=1");
    sqlite3_close(r->db);
    int rc = sqlite3_open_v2(name.p, &r->db,
                             SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
    ct_buf_free(&name);
    return rc == SQLITE_OK ? configure(r->db) : rc;
}

static int first_read(struct ct_reader *r)
{
    return sqlite3_exec(r->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

static enum ct_status open_db(struct ct_reader *r, struct ct_error *err)
{
    struct stat file = {0};
    (void)stat(r->path, &file);
    r->dev = (int64_t)file.st_dev;
    r->ino = (int64_t)file.st_ino;
    int rc = sqlite3_open_v2(r->path, &r->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = configure(r->db);
    if (rc == SQLITE_OK)
        rc = first_read(r);
    if ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY) {
        rc = open_immutable(r);
        if (rc == SQLITE_OK)
            rc = first_read(r);
    }
    if (rc != SQLITE_OK)
        return ct_fail(err, CT_ERR_DB, r->path, "%s%s",
                       rc == SQLITE_NOTADB ? "this is no database"
                       : r->db             ? sqlite3_errmsg(r->db)
                                           : "no memory",
                       ct_db_advice(rc));
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
                       "of an older cloudtape (layout %lld, this one reads %d); a fetch, or the"
                       " dashboard, brings it up to date", (long long)version, CT_SCHEMA_VERSION);
    r->newer = version > CT_SCHEMA_VERSION;
    return CT_OK;
}

/* A database that was moved aside and made anew is followed; one that is merely gone stays
 * readable. */
static void follow_file(struct ct_reader *r)
{
    struct stat file;
    if (stat(r->path, &file) != 0 ||
        ((int64_t)file.st_ino == r->ino && (int64_t)file.st_dev == r->dev))
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
    struct stat file;
    *out = NULL;
    if (stat(path, &file) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? ct_fail(err, CT_ERR_NOT_FOUND, path, "no data yet")
                   : ct_fail(err, CT_ERR_DB, path, "%s", strerror(errno));
    if (!S_ISREG(file.st_mode))
        return ct_fail(err, CT_ERR_DB, path, "this is no file");
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
    sqlite3_close(r->db);
    ct_accelerators_free(r);
    free(r->path);
    free(r);
}

bool ct_reader_newer(const struct ct_reader *r)
{
    return r->newer;
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
    return ask(r, SQL_DATA_VERSION) ^ (int64_t)((uint64_t)r->ino << 24) ^
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
    follow_file(r);
    r->err = err;
    r->status = CT_OK;
    (void)ct_step(r, ct_use(r, SQL_BEGIN, 0));
    ct_samples_begin(r->samples);
}

enum ct_status ct_load_end(struct ct_reader *r)
{
    if (r->status == CT_OK && ct_arena_full(r->arena))
        r->status = ct_fail(r->err, CT_ERR_LIMIT, NULL, "the answer is too large");
    /* Whatever happened, the snapshot ends: an open one would keep the log from being emptied. */
    for (size_t i = 0; i < CT_N_SQL; i++)
        if (r->stmts[i])
            sqlite3_reset(r->stmts[i]);
    if (!sqlite3_get_autocommit(r->db)) {
        enum ct_status status = r->status;
        r->status = CT_OK;
        bool cancel = atomic_exchange(&r->cancel, false); /* not of this statement */
        (void)ct_step(r, ct_use(r, SQL_COMMIT, 0));
        sqlite3_reset(r->stmts[SQL_COMMIT]);
        /* One that ended this read is used up; one that came after it is for the next. */
        atomic_store(&r->cancel,
                     status != CT_ERR_CANCELLED && (cancel || atomic_load(&r->cancel)));
        if (status != CT_OK)
            r->status = status;
    }
    return r->status;
}

static void broken(struct ct_reader *r, int rc)
{
    if (r->status != CT_OK)
        return;
    if ((rc & 0xff) == SQLITE_INTERRUPT) {
        r->status = ct_fail(r->err, CT_ERR_CANCELLED, NULL, NULL);
        atomic_store(&r->cancel, false);
    } else
        r->status = ct_fail(r->err, CT_ERR_DB, r->path, "%s%s", sqlite3_errmsg(r->db),
                            ct_db_advice(rc));
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
    const int64_t most = INT64_C(1) << 60;
    if (sqlite3_column_type(st, i) != SQLITE_INTEGER)
        return CT_NONE;
    int64_t v = sqlite3_column_int64(st, i);
    return v > most ? most : v < -most ? -most : v;
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

static struct ct_span borrow(sqlite3_stmt *st, int i)
{
    const char *p = (const char *)sqlite3_column_text(st, i);
    return (struct ct_span){p, p ? (size_t)sqlite3_column_bytes(st, i) : 0};
}

struct ct_span ct_col_text(struct ct_reader *r, sqlite3_stmt *st, int i)
{
    return ct_arena_dup(r->arena, borrow(st, i));
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

struct ct_asof ct_asof_row(struct ct_reader *r, sqlite3_stmt *st, int i)
{
    if (!r->live)
        return ct_asof(r, ct_col_int(st, i), r->at);
    return (struct ct_asof){
        ct_col_int(st, i + 1),
        ct_col_int(st, i + 2),
        sqlite3_column_int(st, i + 3),
    };
}

bool ct_words_at(struct ct_reader *r, int64_t series, struct ct_span fields[CT_WORDS_MOST])
{
    sqlite3_stmt *st = r->live ? NULL : ct_use(r, SQL_WORDS, 2, series, r->at);
    struct ct_span rest = CT_SPAN_NONE;
    if (st && ct_step(r, st))
        rest = ct_col_text(r, st, 0);
    if (st)
        sqlite3_reset(st);
    if (!rest.p)
        return false;
    for (int i = 0; i < CT_WORDS_MOST; i++) {
        fields[i] = rest.p ? ct_span_cut(&rest, CT_UNIT_SEPARATOR) : CT_SPAN_NONE;
        if (ct_span_is(fields[i], CT_WORDS_NULL))
            fields[i] = CT_SPAN_NONE;
    }
    return true;
}

/* ---- sources and their timeline ---- */

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The last attempt at or before r->t of the run [FROM, TO] of N of them: as it was kept, or, where single ones
 * are no longer kept, where it stood if they were evenly spread. */
static int64_t last_of_run(struct ct_reader *r, const struct ct_source_at *s, int64_t from,
                           int64_t to, int64_t n)
{
    if (to <= r->t || r->live)
        return to;
    sqlite3_stmt *st = ct_use(r, SQL_ATTEMPT_IN, 3, s->id, from, r->t);
    int64_t at = ct_step(r, st) ? ct_col_must(st, 0) : CT_NONE;
    if (st)
        sqlite3_reset(st);
    if (at != CT_NONE)
        return at;
    int64_t step = n > 1 ? max64(1, (to - from) / (n - 1)) : to - from + 1;
    return from + (r->t - from) / step * step;
}

/* How many of the N attempts of that run had been made by r->t. */
static int64_t share_of_run(struct ct_reader *r, const struct ct_source_at *s, int64_t from,
                            int64_t to, int64_t n)
{
    if (to <= r->t || r->live || to <= from)
        return n;
    sqlite3_stmt *st = ct_use(r, SQL_ATTEMPTS_IN, 3, s->id, from, r->t);
    int64_t kept = ct_step(r, st) ? ct_col_must(st, 0) : 0;
    if (st)
        sqlite3_reset(st);
    return kept > 0 ? kept : 1 + ct_muldiv(n - 1, r->t - from, to - from);
}

/* Walks back from r->t to the last good answer. */
static void read_health(struct ct_reader *r, struct ct_source_at *s)
{
    sqlite3_stmt *st = ct_use(r, SQL_POLLS_BACK, 2, s->id, r->at);
    s->last_success_ms = s->last_attempt_ms = s->failing_since_ms = s->rows = CT_NONE;
    while (ct_step(r, st)) {
        int64_t from = ct_col_must(st, 0), to = ct_col_must(st, 1), n = ct_col_must(st, 2);
        int outcome = sqlite3_column_int(st, 3);
        if (s->last_attempt_ms == CT_NONE) {
            s->last_attempt_ms = last_of_run(r, s, from, to, n);
            s->last_imported = sqlite3_column_int(st, 4) != 0;
            s->held = outcome == CT_POLL_HELD;
            if (outcome > CT_POLL_CARRY)
                s->fail_reason = ct_col_text(r, st, 6);
        }
        if (outcome <= CT_POLL_CARRY) {
            s->last_success_ms = last_of_run(r, s, from, to, n);
            s->rows = ct_col_int(st, 5);
            break;
        }
        n = share_of_run(r, s, from, to, n);
        if (outcome == CT_POLL_FAILED)
            s->failures += n < 1000000 ? n : 1000000;
        s->failing_since_ms = from;
    }
    if (st)
        sqlite3_reset(st);
}

static void judge(struct ct_reader *r, struct ct_source_at *s)
{
    s->age_s = CT_NONE;
    if (s->last_success_ms == CT_NONE) {
        bool tried = s->last_attempt_ms != CT_NONE;
        s->freshness = tried ? CT_STALE : s->enabled || !r->live ? CT_WAITING : CT_OFF;
        return;
    }
    int64_t age = max64(0, r->t - s->last_success_ms), interval = max64(1, s->interval_ms);
    s->age_s = age / CT_SECOND;
    if (age > max64(CT_DAY, 4 * interval))
        s->freshness = CT_DEAD;
    else if (age > 4 * interval || s->failures >= 3)
        s->freshness = CT_STALE;
    else
        s->freshness = age > 2 * interval ? CT_LATE : CT_FRESH;
}

/* What the last attempt by r->t measured, in place of what the newest one did. */
static void read_figures(struct ct_reader *r, struct ct_source_at *s)
{
    s->newest = s->stored_attempt_ms == s->last_attempt_ms;
    s->left_out = s->stored_attempt_ms = s->http_status = s->bytes = s->changed_rows = s->latency_ms =
        s->next_attempt_ms = s->data_ms = CT_NONE;
    s->error = CT_SPAN_NONE;
    sqlite3_stmt *st = ct_use(r, SQL_ATTEMPT_AT, 2, s->id, s->last_attempt_ms);
    if (s->last_attempt_ms == CT_NONE || !ct_step(r, st))
        return;
    s->stored_attempt_ms = s->last_attempt_ms;
    s->http_status = ct_col_int(st, 0);
    s->bytes = ct_col_int(st, 1);
    s->changed_rows = ct_col_int(st, 2);
    s->latency_ms = ct_col_int(st, 3);
    s->error = ct_col_text(r, st, 4);
    s->next_attempt_ms = ct_col_int(st, 5);
    s->data_ms = ct_col_int(st, 6);
    s->left_out = ct_col_int(st, 7);
    sqlite3_reset(st);
}

struct ct_source_list ct_sources_at(struct ct_reader *r)
{
    CT_VEC(struct ct_source_at) list = {NULL, 0, 0};
    sqlite3_stmt *st = ct_use(r, SQL_SOURCES, 0);
    while (ct_step(r, st)) {
        struct ct_source_at *s = CT_VEC_PUSH(r->arena, &list);
        if (!s)
            break;
        *s = (struct ct_source_at){
            .id = ct_col_int(st, 0),
            .name = ct_col_text(r, st, 1),
            .family = ct_col_text(r, st, 2),
            .kind = ct_col_enum(st, 3, CT_SOURCE_NEWS),
            .provider = ct_col_text(r, st, 4),
            .scope = ct_col_text(r, st, 5),
            .title = ct_col_text(r, st, 6),
            .url = ct_col_text(r, st, 7),
            .terms = ct_col_text(r, st, 8),
            .evidence = ct_col_enum(st, 9, CT_EVIDENCE_MEASURED),
            .interval_ms = ct_col_must(st, 10),
            .enabled = sqlite3_column_int(st, 11) != 0,
            .off_reason = ct_col_text(r, st, 12),
            .part_of_list = sqlite3_column_int(st, 13) != 0,
            .stored_attempt_ms = ct_col_int(st, 14),
            .next_attempt_ms = ct_col_int(st, 15),
            .http_status = ct_col_int(st, 16),
            .bytes = ct_col_int(st, 17),
            .stored_rows = ct_col_int(st, 18),
            .changed_rows = ct_col_int(st, 19),
            .latency_ms = ct_col_int(st, 20),
            .error = ct_col_text(r, st, 21),
            .data_ms = ct_col_int(st, 22),
            .pending_n = sqlite3_column_int64(st, 23),
            .page_url = ct_col_text(r, st, 25),
            .page_indicator = ct_col_text(r, st, 26),
            .unproven = sqlite3_column_int(st, 27) == 1,
        };
    }
    for (size_t i = 0; i < list.n; i++) {
        read_health(r, &list.v[i]);
        judge(r, &list.v[i]);
        if (!r->live)
            read_figures(r, &list.v[i]);
    }
    return (struct ct_source_list){list.v, list.n};
}

const struct ct_source_at *ct_source_by_id(const struct ct_source_list *list, int64_t id)
{
    size_t low = 0, high = list->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->v[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->n && list->v[low].id == id ? &list->v[low] : NULL;
}

struct ct_span ct_failure_words(struct ct_span url, struct ct_span text)
{
    struct ct_span rest = text;
    for (size_t i = 0; i + 2 < url.n; i++) {
        if (memcmp(url.p + i, "://", 3) != 0)
            continue;
        struct ct_span tail = {url.p + i + 3, url.n - i - 3}, host = ct_span_cut(&tail, '/');
        if (rest.n <= host.n || !ct_span_ieq((struct ct_span){rest.p, host.n}, host))
            return text;
        rest.p += host.n;
        rest.n -= host.n;
        size_t skip = 0; /* ":443" and ": " */
        if (rest.n > 1 && rest.p[0] == ':' && rest.p[1] >= '0' && rest.p[1] <= '9')
            for (skip = 1; skip < rest.n && rest.p[skip] >= '0' && rest.p[skip] <= '9';)
                skip++;
        if (skip + 2 >= rest.n || memcmp(rest.p + skip, ": ", 2) != 0)
            return text;
        return (struct ct_span){rest.p + skip + 2, rest.n - skip - 2};
    }
    return text;
}

struct ct_span ct_unreadable_reason(struct ct_reader *r, const struct ct_source_at *s)
{
    char age[CT_TIME_MAX];
    if (s->fail_reason.n)
        return ct_failure_words(s->url, s->fail_reason);
    if (s->held)
        return CT_LIT("the answer is held back as suspicious");
    if (s->last_success_ms == CT_NONE)
        return s->off_reason.n ? s->off_reason : CT_LIT("no answer yet");
    if (!r->live)
        return CT_LIT("not recorded");
    ct_age_format(age, r->t - s->last_success_ms);
    return ct_arena_printf(r->arena, "no answer for %s", age);
}

struct ct_span ct_source_where(struct ct_reader *r, const struct ct_source_at *s)
{
    if (!s->provider.n)
        return s->name;
    if (!s->scope.n)
        return s->provider;
    return ct_arena_printf(r->arena, "%.*s/%.*s", CT_FMT(s->provider), CT_FMT(s->scope));
}

enum { STILL_DAYS = 45 };

bool ct_stands_still(const struct ct_source_at *s)
{
    return ct_span_starts(s->family, "statuspage-") && s->data_ms != CT_NONE &&
           s->last_success_ms != CT_NONE && s->last_success_ms - s->data_ms > STILL_DAYS * CT_DAY;
}

struct ct_scope_state ct_scope_state(struct ct_reader *r, const struct ct_source_at *s)
{
    struct ct_scope_state out = {CT_STATE_UNKNOWN, -1, CT_NONE};
    struct ct_asof v = {CT_NONE, CT_NONE, 0};
    int64_t series = CT_NONE;
    sqlite3_stmt *st = ct_use(r, SQL_SERIES_OF, 2, s->id, (int64_t)CT_SERIES_PROVIDER);
    if (ct_step(r, st)) {
        series = ct_col_int(st, 0);
        v = ct_asof_row(r, st, 0);
        sqlite3_reset(st);
    }
    /* The third failure in a row is written down as unknown; what was known before is older. */
    if (v.at_ms != CT_NONE && s->last_success_ms != CT_NONE && v.at_ms > s->last_success_ms)
        v = ct_asof(r, series, s->last_success_ms);
    if (v.value >= CT_STATE_OPERATIONAL && v.value <= CT_STATE_MAJOR) {
        out.raw = (int)v.value;
        out.since_ms = v.at_ms;
    }
    if (ct_readable(s) && out.raw >= 0)
        out.state = out.raw;
    else
        out.since_ms = s->last_success_ms != CT_NONE ? s->last_success_ms : s->failing_since_ms;
    if (out.state == CT_STATE_OPERATIONAL && ct_stands_still(s))
        out = (struct ct_scope_state){CT_STATE_UNKNOWN, out.raw, s->data_ms + STILL_DAYS * CT_DAY};
    return out;
}

/* ---- gaps ---- */

struct gap_walk {
    struct ct_reader *r;
    struct ct_gaps *out;
    int64_t from, to, limit; /* the window; the widest pause that is none */
};

static void add_gap(struct gap_walk *w, int64_t from, int64_t to, struct ct_span reason)
{
    from = max64(from, w->from);
    to = to < w->to ? to : w->to;
    if (from >= to)
        return;
    struct ct_gap *last = w->out->v.n ? &w->out->v.v[w->out->v.n - 1] : NULL;
    if (last && last->to_ms == from && ct_span_eq(last->reason, reason)) {
        last->to_ms = to;
        return;
    }
    struct ct_gap *gap = CT_VEC_PUSH(w->r->arena, &w->out->v);
    if (gap)
        *gap = (struct ct_gap){from, to, reason};
}

/* Whether a pause between two imported answers is of the kind this collector makes: no longer than four
 * times the one before or the one behind it. Alone, it is. */
static bool usual_pause(struct ct_reader *r, const struct ct_source_at *s, int64_t from, int64_t to)
{
    int64_t before = CT_NONE, behind = CT_NONE;
    sqlite3_stmt *st = ct_use(r, SQL_POLLS_BACK, 2, s->id, from - 1);
    while (before == CT_NONE && ct_step(r, st))
        if (sqlite3_column_int(st, 3) <= CT_POLL_CARRY && ct_col_must(st, 1) < from)
            before = from - ct_col_must(st, 1);
    if (st)
        sqlite3_reset(st);
    st = ct_use(r, SQL_POLL_NEXT, 3, s->id, to, r->at);
    if (ct_step(r, st))
        behind = ct_col_must(st, 0) - to;
    if (st)
        sqlite3_reset(st);
    int64_t widest = max64(before, behind); /* CT_NONE is less than any */
    return widest == CT_NONE || (to - from) / 4 <= widest;
}

void ct_source_gaps(struct ct_reader *r, const struct ct_source_at *s, int64_t from_ms,
                    int64_t to_ms, struct ct_gaps *out)
{
    struct gap_walk w = {r, out, from_ms, to_ms, 2 * s->interval_ms + CT_MINUTE};
    const struct ct_span nobody = CT_LIT("not recorded");
    /* Start where the last good answer before the window began. */
    int64_t start = from_ms - 1;
    sqlite3_stmt *st = ct_use(r, SQL_POLLS_BACK, 2, s->id, from_ms);
    while (ct_step(r, st)) {
        start = ct_col_must(st, 0) - 1;
        if (sqlite3_column_int(st, 3) <= CT_POLL_CARRY)
            break;
    }
    if (st)
        sqlite3_reset(st);

    int64_t good = CT_NONE,
            end = CT_NONE; /* the last good answer; the end of what is told so far */
    bool good_imported = false;
    CT_VEC(struct ct_gap) failed = {NULL, 0, 0}; /* attempts since the last good answer */
    st = ct_use(r, SQL_POLLS, 3, s->id, start, to_ms);
    for (bool more = true; more && r->status == CT_OK;) {
        more = ct_step(r, st);
        bool success = more && sqlite3_column_int(st, 3) <= CT_POLL_CARRY;
        int64_t at = more ? ct_col_must(st, 0) : to_ms;
        bool imported = more && sqlite3_column_int(st, 4) != 0;
        if (more && !success) {
            struct ct_gap *f = CT_VEC_PUSH(r->arena, &failed);
            if (f)
                *f = (struct ct_gap){at, ct_col_must(st, 1), ct_col_text(r, st, 6)};
            continue;
        }
        int64_t since = good == CT_NONE ? from_ms : good;
        /* Recorded price lists of a month apart still tell the price between them; status pages say
         * how it was on their day. */
        bool neighbours = imported && good_imported && !failed.n &&
                          (s->kind != CT_SOURCE_STATUS || at - since <= CT_DAY);
        bool wide = at - since > w.limit && !(neighbours && usual_pause(r, s, since, at));
        if ((good == CT_NONE && at > from_ms) || wide) {
            end = since;
            for (size_t i = 0; i < failed.n; i++) {
                if (failed.v[i].from_ms - end > w.limit) {
                    add_gap(&w, end, failed.v[i].from_ms, nobody);
                    end = failed.v[i].from_ms;
                }
                add_gap(&w, end, failed.v[i].to_ms, failed.v[i].reason);
                end = max64(end, failed.v[i].to_ms);
            }
            bool quiet = !failed.n || at - end > w.limit;
            add_gap(&w, end, at, quiet ? nobody : failed.v[failed.n - 1].reason);
        }
        failed.n = 0;
        if (more) {
            good = ct_col_must(st, 1);
            good_imported = imported;
        }
    }
    if (st)
        sqlite3_reset(st);
}

bool ct_in_gap(const struct ct_gaps *gaps, int64_t at_ms)
{
    size_t low = 0, high = gaps->v.n;
    while (low < high) { /* first gap that ends after the moment */
        size_t middle = low + (high - low) / 2;
        if (gaps->v.v[middle].to_ms <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low < gaps->v.n && gaps->v.v[low].from_ms < at_ms;
}

/* ---- small tools ---- */

void ct_sort(struct ct_reader *r, void *v, size_t n, size_t size,
             int (*compare)(const void *, const void *))
{
    char *spare = n > 1 ? ct_arena_alloc(r->arena, n * size) : NULL;
    char *from = v, *to = spare;
    if (!spare)
        return;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t middle = low + width < n ? low + width : n;
            size_t high = middle + width < n ? middle + width : n;
            size_t i = low, j = middle;
            for (size_t k = low; k < high; k++) {
                bool left =
                    i < middle && (j >= high || compare(from + i * size, from + j * size) <= 0);
                memcpy(to + k * size, from + (left ? i++ : j++) * size, size);
            }
        }
        char *swap = from;
        from = to;
        to = swap;
    }
    if (from != v)
        memcpy(v, from, n * size);
}

bool ct_low_90d(struct ct_reader *r, int64_t series, int64_t t, int64_t v)
{
    bool higher = false;
    struct ct_sample x = {.at_ms = t - 90 * CT_DAY};
    while (ct_next_sample(r, series, t, &x)) {
        if (x.value == CT_NONE || (x.flags & CT_SAMPLE_QUARANTINED))
            continue;
        if (x.value < v)
            return false;
        higher = higher || x.value > v;
    }
    return higher;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct ct_span ct_name_segment(struct ct_reader *r, struct ct_span name, int n)
{
    struct ct_span part = ct_span_cut(&name, '/');
    for (int i = 0; i < n && part.p; i++)
        part = name.p ? ct_span_cut(&name, '/') : CT_SPAN_NONE;
    char *out = part.p ? ct_arena_alloc(r->arena, part.n + 1) : NULL;
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

/* ---- the whole ---- */

static int open_note(const struct ct_reader *r)
{
    struct ct_buf path = CT_BUF_INIT;
    ct_buf_addf(&path, "%s.lock", r->path);
    int fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ct_buf_free(&path);
    return fd;
}

/* What a living fetcher of this machine noted in its lock file: since when, its pid, why. */
static void read_trouble(struct ct_reader *r, struct ct_summary *out)
{
    char text[257] = "";
    int64_t since, pid;
    int fd = r->live ? open_note(r) : -1;
    ssize_t n = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : 0;
    if (fd >= 0)
        (void)close(fd);
    struct ct_span rest = ct_span(n > 0 ? text : "");
    if (ct_span_int(ct_span_cut(&rest, ' '), &since) != CT_OK ||
        ct_span_int(ct_span_cut(&rest, ' '), &pid) != CT_OK || pid <= 0 || pid > INT32_MAX || !rest.n ||
        (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
        return;
    out->trouble = ct_clean_name(r->arena, rest);
    out->trouble_since_ms = since;
}

static void read_lease(struct ct_reader *r, struct ct_summary *out)
{
    sqlite3_stmt *st = ct_use(r, SQL_LEASE, 0);
    if (!ct_step(r, st))
        return;
    out->fetcher_beat_ms = ct_col_must(st, 2);
    /* A clock that jumps back must not make a living fetcher look dead; a beat from tomorrow is no
     * life sign. */
    int64_t silent = r->t - out->fetcher_beat_ms;
    if (r->live && silent < 30 * CT_SECOND && silent > -CT_MINUTE) {
        struct ct_span host = ct_col_text(r, st, 1);
        out->fetcher = ct_arena_printf(r->arena, "pid %lld on %.*s", (long long)ct_col_int(st, 0),
                                       CT_FMT(host));
    }
    sqlite3_reset(st);
}

static int64_t meta(struct ct_reader *r, const char *key)
{
    sqlite3_stmt *st = ct_use(r, SQL_META, 0);
    ct_bind_text(r, st, 1, ct_span(key));
    int64_t value = ct_step(r, st) ? ct_col_int(st, 0) : CT_NONE;
    if (st)
        sqlite3_reset(st);
    return value;
}

static int64_t file_bytes(const struct ct_reader *r)
{
    struct ct_buf name = CT_BUF_INIT;
    struct stat file;
    int64_t bytes = stat(r->path, &file) == 0 ? (int64_t)file.st_size : 0;
    ct_buf_addf(&name, "%s-wal", r->path);
    if (stat(name.p, &file) == 0)
        bytes += (int64_t)file.st_size;
    ct_buf_free(&name);
    return bytes;
}

static void count_source(const struct ct_source_at *s, struct ct_summary *out)
{
    out->sources++;
    out->sources_fresh += s->freshness == CT_FRESH;
    out->sources_waiting += s->freshness == CT_WAITING;
    out->sources_failing += s->failures > 0;
    if (s->last_success_ms == CT_NONE)
        return;
    if (out->oldest_ms == CT_NONE || s->last_success_ms < out->oldest_ms)
        out->oldest_ms = s->last_success_ms;
    if (out->newest_ms == CT_NONE || s->last_success_ms > out->newest_ms)
        out->newest_ms = s->last_success_ms;
}

/* We are offline when everything we ask fails before any answer arrives: no status line from
 * anybody. */
int64_t ct_offline_since(const struct ct_reader *r, const struct ct_source_list *list)
{
    int64_t since = CT_NONE;
    for (size_t i = 0; i < list->n; i++) {
        const struct ct_source_at *s = &list->v[i];
        if (!s->enabled || s->last_attempt_ms == CT_NONE)
            continue;
        bool answered = s->http_status != CT_NONE && s->http_status > 0;
        if (!r->live || s->failures == 0 || answered)
            return CT_NONE;
        since = max64(since, s->failing_since_ms);
    }
    return since;
}

enum ct_status ct_read_summary(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_summary *out, struct ct_error *err)
{
    *out = (struct ct_summary){
        .oldest_ms = CT_NONE,
        .newest_ms = CT_NONE,
        .offline_since_ms = CT_NONE,
        .fetcher_beat_ms = CT_NONE,
        .worst_state = CT_STATE_OPERATIONAL,
    };
    ct_load_begin(r, q, a, err);
    struct ct_source_list list = ct_sources_at(r);
    const struct ct_source_at *worst = NULL;
    int64_t worst_since = CT_NONE;
    for (size_t i = 0; i < list.n; i++) {
        const struct ct_source_at *s = &list.v[i];
        if (!ct_counts(r, s))
            continue;
        count_source(s, out);
        if (s->kind != CT_SOURCE_STATUS)
            continue;
        struct ct_scope_state state = ct_scope_state(r, s);
        out->count[state.state]++;
        bool worse = state.state > out->worst_state ||
                     (worst && state.state == out->worst_state && state.since_ms > worst_since);
        if (worse && state.state >= CT_STATE_UNKNOWN && s->freshness != CT_WAITING) {
            worst = s;
            worst_since = state.since_ms;
            out->worst_state = state.state;
        }
    }
    if (worst) {
        char age[CT_TIME_MAX] = "";
        if (worst_since != CT_NONE)
            ct_age_format(age, r->t - worst_since);
        struct ct_span where = ct_source_where(r, worst);
        out->worst = ct_arena_printf(a, "%.*s %s%s%s", CT_FMT(where),
                                     ct_state_short(out->worst_state), *age ? " " : "", age);
    }
    out->offline_since_ms = ct_offline_since(r, &list);
    read_lease(r, out);
    read_trouble(r, out);
    out->recording_since_ms = meta(r, "first_ms");
    out->samples = r->live ? ct_samples_count(r->samples) : CT_NONE;
    sqlite3_stmt *st = ct_use(r, SQL_SERIES_COUNT, 0);
    out->series = ct_step(r, st) ? ct_col_int(st, 0) : 0;
    out->db_bytes = file_bytes(r);
    return ct_load_end(r);
}
