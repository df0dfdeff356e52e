/* A look at a database from outside, for `cloudtape doctor`. Writes nothing. One-shot commands
 * only. */
#ifndef CT_CHECK_H
#define CT_CHECK_H

#include "db/base/err.h"

#include <stdint.h>

struct ct_check {
    int64_t schema; /* PRAGMA user_version */
    int64_t bytes, wal_bytes;
    char sqlite[16]; /* version of the library */
};

/* PRAGMA quick_check on PATH, read-only. CT_ERR_NOT_FOUND: no such file; CT_ERR_NEWER: a later
 * schema, else sound; CT_ERR_DB: not a database of ours, or damaged: ERR says how. */
CT_MUST_USE enum ct_status ct_check_database(const char *path, struct ct_check *out,
                                             struct ct_error *err);

#endif
