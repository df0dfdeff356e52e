/* A disk that can be told to fail, or to end the process, at its n-th write, sync, read or cut, and that can keep a
 * record of what was asked of it. It stands in front of SQLite's own as the default of this process. */
#ifndef FAULT_VFS_H
#define FAULT_VFS_H

#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fault_op { FAULT_WRITE = 1, FAULT_SYNC = 2, FAULT_READ = 4, FAULT_CUT = 8, FAULT_DELETE = 16, FAULT_SHM = 32 };

/* One thing asked of the disk; ACK: the program was told that a commit is safe. */
struct fault_record {
    int op; /* enum fault_op, or 0: acknowledged */
    char name[24]; /* the end of the file's name: ".db", ".db-wal", ".db-journal" */
    int64_t at, ack;
    size_t n;
    unsigned char *bytes;
};

static struct {
    sqlite3_vfs *real;
    sqlite3_vfs shim;
    sqlite3_io_methods methods;
    int ops;      /* which count */
    int64_t left; /* ops until it happens; < 0: never */
    int lasts;    /* how many fail in a row from then on */
    int rc;       /* SQLite's code, or -1: the process ends */
    bool record;
    struct fault_record *log;
    size_t n_log, cap_log;
} disk;

struct fault_file {
    sqlite3_file base;
    char end[24];
    sqlite3_file *real;
};

static inline sqlite3_file *fault_real(sqlite3_file *f)
{
    return ((struct fault_file *)(void *)f)->real;
}

/* From the N-th of OPS on, LASTS of them fail with RC; RC -1 kills. */
static inline void fault_arm(int ops, int64_t n, int lasts, int rc)
{
    disk.ops = ops;
    disk.left = n;
    disk.lasts = lasts;
    disk.rc = rc;
}

static inline void fault_disarm(void)
{
    disk.left = -1;
}

static inline int fault_now(int op)
{
    if (!(disk.ops & op) || disk.left < 0 || --disk.left > 0)
        return SQLITE_OK;
    if (disk.rc == -1)
        (void)raise(SIGKILL);
    disk.left = --disk.lasts > 0 ? 1 : -1;
    return disk.rc;
}

static inline struct fault_record *fault_note(int op, const char *end)
{
    if (disk.n_log == disk.cap_log) {
        disk.cap_log = disk.cap_log ? disk.cap_log * 2 : 256;
        disk.log = realloc(disk.log, disk.cap_log * sizeof *disk.log);
        if (!disk.log)
            abort();
    }
    struct fault_record *r = &disk.log[disk.n_log++];
    memset(r, 0, sizeof *r);
    r->op = op;
    (void)snprintf(r->name, sizeof r->name, "%s", end);
    return r;
}

static inline void fault_acknowledge(int64_t what)
{
    if (disk.record)
        fault_note(0, "")->ack = what;
}

static inline const char *fault_end(const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;
    return dot && strlen(dot) < 24 ? dot : "";
}

static int fault_close(sqlite3_file *f)
{
    return fault_real(f)->pMethods->xClose(fault_real(f));
}

static int fault_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    int rc = fault_now(FAULT_READ);
    return rc ? rc : fault_real(f)->pMethods->xRead(fault_real(f), p, n, at);
}

static int fault_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct fault_file *file = (struct fault_file *)(void *)f;
    int rc = fault_now(FAULT_WRITE);
    if (rc) { /* half of it had reached the disk */
        (void)file->real->pMethods->xWrite(file->real, p, n / 2, at);
        return rc;
    }
    if (disk.record && file->end[0]) {
        struct fault_record *r = fault_note(FAULT_WRITE, file->end);
        r->at = at;
        r->n = (size_t)n;
        r->bytes = malloc((size_t)n);
        if (!r->bytes)
            abort();
        memcpy(r->bytes, p, (size_t)n);
    }
    return file->real->pMethods->xWrite(file->real, p, n, at);
}

static int fault_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct fault_file *file = (struct fault_file *)(void *)f;
    int rc = fault_now(FAULT_CUT);
    if (rc)
        return rc;
    if (disk.record && file->end[0])
        fault_note(FAULT_CUT, file->end)->at = size;
    return file->real->pMethods->xTruncate(file->real, size);
}

static int fault_sync(sqlite3_file *f, int flags)
{
    struct fault_file *file = (struct fault_file *)(void *)f;
    int rc = fault_now(FAULT_SYNC);
    if (rc)
        return rc;
    if (disk.record && file->end[0])
        (void)fault_note(FAULT_SYNC, file->end);
    return file->real->pMethods->xSync(file->real, flags);
}

#define FAULT_PASS(name, types, args)                                                              \
    static int fault_##name types                                                                  \
    {                                                                                              \
        return fault_real(f)->pMethods->name args;                                                 \
    }
FAULT_PASS(xFileSize, (sqlite3_file * f, sqlite3_int64 *n), (fault_real(f), n))
FAULT_PASS(xLock, (sqlite3_file * f, int l), (fault_real(f), l))
FAULT_PASS(xUnlock, (sqlite3_file * f, int l), (fault_real(f), l))
FAULT_PASS(xCheckReservedLock, (sqlite3_file * f, int *out), (fault_real(f), out))
FAULT_PASS(xFileControl, (sqlite3_file * f, int op, void *p), (fault_real(f), op, p))
FAULT_PASS(xSectorSize, (sqlite3_file * f), (fault_real(f)))
FAULT_PASS(xDeviceCharacteristics, (sqlite3_file * f), (fault_real(f)))
FAULT_PASS(xShmLock, (sqlite3_file * f, int offset, int n, int flags), (fault_real(f), offset, n, flags))
FAULT_PASS(xShmUnmap, (sqlite3_file * f, int drop), (fault_real(f), drop))

static int fault_xShmMap(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    int rc = fault_now(FAULT_SHM);
    return rc ? rc : fault_real(f)->pMethods->xShmMap(fault_real(f), page, size, extend, out);
}

static void fault_xShmBarrier(sqlite3_file *f)
{
    fault_real(f)->pMethods->xShmBarrier(fault_real(f));
}

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct fault_file *file = (struct fault_file *)(void *)f;
    (void)vfs;
    file->real = (sqlite3_file *)(void *)(file + 1);
    (void)snprintf(file->end, sizeof file->end, "%s", fault_end(name));
    int rc = disk.real->xOpen(disk.real, name, file->real, flags, out);
    file->base.pMethods = rc == SQLITE_OK ? &disk.methods : NULL;
    return rc;
}

static int fault_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    int rc = fault_now(FAULT_DELETE);
    if (rc)
        return rc;
    if (disk.record)
        fault_note(FAULT_DELETE, fault_end(name))->at = sync; /* was the folder synced with it? */
    return disk.real->xDelete(disk.real, name, sync);
}

static inline void fault_install(void)
{
    disk.left = -1;
    if (disk.real)
        return;
    disk.real = sqlite3_vfs_find(NULL);
    disk.shim = *disk.real;
    disk.shim.zName = "fault";
    disk.shim.szOsFile = (int)sizeof(struct fault_file) + disk.real->szOsFile;
    disk.shim.xOpen = fault_open;
    disk.shim.xDelete = fault_delete;
    disk.methods = (sqlite3_io_methods){
        2,          fault_close,  fault_read,        fault_write,
        fault_truncate, fault_sync, fault_xFileSize, fault_xLock,
        fault_xUnlock,  fault_xCheckReservedLock, fault_xFileControl, fault_xSectorSize,
        fault_xDeviceCharacteristics, fault_xShmMap, fault_xShmLock, fault_xShmBarrier,
        fault_xShmUnmap, NULL, NULL};
    if (sqlite3_vfs_register(&disk.shim, 1) != SQLITE_OK)
        abort();
}

static inline void fault_forget(void)
{
    for (size_t i = 0; i < disk.n_log; i++)
        free(disk.log[i].bytes);
    free(disk.log);
    disk.log = NULL;
    disk.n_log = disk.cap_log = 0;
    disk.record = false;
}

#endif
