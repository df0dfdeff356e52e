/* A database as a file: why it does not do what it should, in words of the file (full, locked, not ours), and how to
 * read one that nobody may touch. Any thread. */
#ifndef CT_FILE_H
#define CT_FILE_H

#include "db/base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { CT_WHY_BYTES = 240 };

/* SQLite keeps statistics of its memory, which nobody reads, under a lock that every allocation takes. It can be told so
 * before its first use only; otherwise all stays as it is. */
void ct_db_no_statistics(void);

/* "WHAT; what a person can do" (what there is to do, if anything, stands behind the "; ") about the failure RC
 * (extended) at PATH of DB, which may be NULL. Returns OUT. */
const char *ct_db_why(char out[CT_WHY_BYTES], const char *path, sqlite3 *db, int rc);

/* The same for what SQLite does not know: WHAT, and what can be done about RC. */
const char *ct_db_why_not(char out[CT_WHY_BYTES], const char *what, int rc);

/* RC is what a folder that cannot be written, or has no room, makes of the memory readers and writers share: the
 * file may still be readable by itself. */
bool ct_db_unshared(int rc);

/* What stands in the log of PATH; 0: there is none. */
int64_t ct_db_log_bytes(const char *path);

/* Opens PATH, which nobody writes (no log of it has a byte), without a file beside it. SQLite's result code. */
CT_MUST_USE int ct_db_open_still(const char *path, sqlite3 **db);

/* Can a fetcher write PATH, or make it? CT_ERR_IO: ERR says as above why not. Asks the file system only. */
CT_MUST_USE enum ct_status ct_db_writable(const char *path, struct ct_error *err);

#endif
