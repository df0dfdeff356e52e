#include "config.h"

#include "db/file.h"

#include "db/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { LEAST_ROOM = 64 * 1024 }; /* the shared memory beside a database, and a page or two */

static const char *const room = "make room: it goes on by itself";

static void no_statistics(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void ct_db_no_statistics(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, no_statistics);
}

static bool may(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

static bool no_room(const char *path)
{
    struct statvfs fs;
    if (statvfs(path, &fs) != 0 || (fs.f_flag & ST_RDONLY))
        return false;
    unsigned long long blocks = geteuid() == 0 ? fs.f_bfree : fs.f_bavail;
    return blocks * fs.f_frsize < LEAST_ROOM || (fs.f_files > 0 && fs.f_ffree == 0);
}

/* "mode 400, ours" */
static void whose(char out[64], const struct stat *st)
{
    (void)snprintf(out, 64, "mode %03o, %s", (unsigned)st->st_mode & 07777,
                   st->st_uid == geteuid() ? "ours" : "belongs to somebody else");
}

static struct ct_buf folder_of(const char *path)
{
    struct ct_buf folder = CT_BUF_INIT;
    const char *slash = strrchr(path, '/');
    if (!slash)
        ct_buf_adds(&folder, ".");
    else
        ct_buf_add(&folder, (struct ct_span){path, slash == path ? 1 : (size_t)(slash - path)});
    return folder;
}

/* Why PATH cannot be read or, if WRITE, written, from what the file system says; "": it says nothing. */
static void ask_file(char out[CT_WHY_BYTES], const char *path, bool write)
{
    struct stat st;
    struct statvfs fs;
    char who[64];
    out[0] = '\0';
    bool there = stat(path, &st) == 0;
    if (!there && (errno != ENOENT || !write))
        (void)snprintf(out, CT_WHY_BYTES, "%s", errno == ENOENT ? "no such file" : strerror(errno));
    if (there)
        whose(who, &st);
    if (there && !S_ISREG(st.st_mode))
        (void)snprintf(out, CT_WHY_BYTES, "%s, no file; --db names another",
                       S_ISDIR(st.st_mode) ? "a folder" : "a device or a pipe");
    else if (there && !may(path, R_OK))
        (void)snprintf(out, CT_WHY_BYTES, "the file may not be read (%s); its owner can allow it (chmod, chown)", who);
    else if (there && write && statvfs(path, &fs) == 0 && (fs.f_flag & ST_RDONLY))
        (void)snprintf(out, CT_WHY_BYTES, "on a read-only file system; --db names another place");
    else if (there && write && !may(path, W_OK))
        (void)snprintf(out, CT_WHY_BYTES, "the file may not be written (%s); its owner can allow it (chmod, chown)",
                       who);
    if (out[0] || !write)
        return;
    struct ct_buf folder = folder_of(path);
    if (stat(folder.p, &st) == 0 && !may(folder.p, W_OK | X_OK)) {
        whose(who, &st);
        (void)snprintf(out, CT_WHY_BYTES,
                       "its folder may not be written (%s); its owner can allow it (chmod)",
                       who);
    } else if (no_room(folder.p)) {
        (void)snprintf(out, CT_WHY_BYTES, "the disk is full; %s", room);
    }
    ct_buf_free(&folder);
}

const char *ct_db_why_not(char out[CT_WHY_BYTES], const char *what, int rc)
{
    bool broken = (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
    (void)snprintf(out, CT_WHY_BYTES, "%.150s%s", what,
                   broken ? "; `cloudtape db repair` saves what can be read" : "");
    return out;
}

static bool no_shared_memory(int rc)
{
    return rc == SQLITE_IOERR_SHMMAP || rc == SQLITE_IOERR_SHMOPEN || rc == SQLITE_IOERR_SHMSIZE ||
           rc == SQLITE_IOERR_SHMLOCK;
}

bool ct_db_unshared(int rc)
{
    return (rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY || no_shared_memory(rc);
}

int64_t ct_db_log_bytes(const char *path)
{
    struct ct_buf name = CT_BUF_INIT;
    struct stat log;
    ct_buf_addf(&name, "%s-wal", path);
    int64_t n = stat(name.p, &log) == 0 ? (int64_t)log.st_size : 0;
    ct_buf_free(&name);
    return n;
}

int ct_db_open_still(const char *path, sqlite3 **db)
{
    struct ct_buf name = CT_BUF_INIT;
    ct_buf_adds(&name, "file:");
    for (const char *p = path; *p; p++)
        if (strchr("?#%", *p))
            ct_buf_addf(&name, "%%%02x", (unsigned char)*p);
        else
            ct_buf_addc(&name, *p);
    ct_buf_adds(&name, "?immutable=1");
    *db = NULL;
    int rc = sqlite3_open_v2(name.p, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
    ct_buf_free(&name);
    return rc;
}

const char *ct_db_why(char out[CT_WHY_BYTES], const char *path, sqlite3 *db, int rc)
{
    int kind = rc & 0xff, os = 0;
    bool last = db && (sqlite3_errcode(db) == kind || sqlite3_extended_errcode(db) == rc);
    out[0] = '\0';
    if (last && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN))
        os = sqlite3_system_errno(db);
    bool full = kind == SQLITE_FULL || os == ENOSPC || os == EDQUOT;
    if (!full && (ct_db_unshared(rc) || kind == SQLITE_IOERR))
        ask_file(out, path, ct_db_unshared(rc));
    if (out[0])
        return out;
    if (full)
        (void)snprintf(out, CT_WHY_BYTES, "the disk is full; %s", room);
    else if (kind == SQLITE_BUSY || kind == SQLITE_LOCKED)
        (void)snprintf(out, CT_WHY_BYTES, "another program holds it locked; once that ends it goes on by itself");
    else if (no_shared_memory(rc))
        (void)snprintf(out, CT_WHY_BYTES,
                       "its file system shares no memory; a local folder (--db) does, or --unsafe-fs goes without");
    else if (kind == SQLITE_NOTADB)
        (void)ct_db_why_not(out, "this is no database", rc);
    else
        (void)ct_db_why_not(out, last ? sqlite3_errmsg(db) : sqlite3_errstr(rc), rc);
    return out;
}

enum ct_status ct_db_writable(const char *path, struct ct_error *err)
{
    char why[CT_WHY_BYTES];
    ask_file(why, path, true);
    return why[0] ? ct_fail(err, CT_ERR_IO, path, "%s", why) : CT_OK;
}
