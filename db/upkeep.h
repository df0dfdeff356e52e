/* Care for a database from outside: sizes, integrity, backup, compaction, salvage. One-shot
 * commands only; no writer or reader of this process may have the file open (closing a plain
 * descriptor of it would drop SQLite's locks). */
#ifndef CT_UPKEEP_H
#define CT_UPKEEP_H

#include "db/table.h"

/* ---- sizes ---- */
struct ct_stat_row {
    struct ct_span what, name; /* "file", "table" (with its indexes), "data" */
    int64_t rows, bytes, share_milli /* of the file, percent */;
    int64_t oldest_ms, newest_ms;
    struct ct_span detail;
};
extern const struct ct_table ct_stat_table;
/* Rows of ct_stat_table: the file and its log, then what it holds, then tables, largest first. */
CT_MUST_USE enum ct_status ct_upkeep_stats(const char *path, struct ct_arena *a,
                                           struct ct_rows *out, struct ct_error *err);

/* ---- integrity ---- */
struct ct_finding_row {
    struct ct_span table, column, what; /* TABLE null: about the file */
    int64_t n;                          /* rows it concerns; CT_NONE: not counted */
    struct ct_span example;             /* rowid or first columns of one of them */
};
extern const struct ct_table ct_finding_table;
/* Everything SQLite can verify, then every value against what its column may hold: times, words,
 * clean text, packed history. No rows: sound. */
CT_MUST_USE enum ct_status ct_upkeep_check(const char *path, struct ct_arena *a,
                                           struct ct_rows *out, struct ct_error *err);

/* ---- copies ---- */
/* PATH as it is at this moment into TO: one file of its own, 0600, safe beside a running fetcher.
 * Never over something that is there (CT_ERR_USAGE). *BYTES: its size. */
CT_MUST_USE enum ct_status ct_upkeep_backup(const char *path, const char *to, int64_t *bytes,
                                            struct ct_error *err);
/* Gives unused pages back to the file system. CT_ERR_BUSY names the fetcher that runs on it;
 * viewers may be open. */
CT_MUST_USE enum ct_status ct_upkeep_compact(const char *path, int64_t now_ms, int64_t *before,
                                             int64_t *after, struct ct_error *err);

/* ---- salvage ---- */
struct ct_salvage_row {
    struct ct_span table;
    int64_t kept;
    int64_t lost;   /* rows that are known to be gone: unreadable, or of impossible content; packed
                       history that cannot be read stays in its place, so that charts say so */
    int64_t strays; /* of KEPT: found on pages that no index leads to any more */
    int64_t remade; /* not read but made anew, of what else was kept */
};
extern const struct ct_table ct_salvage_table;
struct ct_salvage {
    struct ct_rows rows;    /* of ct_salvage_table, in the order of the layout */
    int64_t pages, damaged; /* pages there were, and how many of them could not be read */
    int64_t orphans;        /* lost rows that described something which is lost itself */
    char aside[4096];       /* where the original is now */
};
/* Reads what can be read of PATH, page by page, into a new database that takes its place; the
 * original moves to PATH.corrupt-TIME (its log with it) and is never deleted. CT_ERR_BUSY: a fetcher
 * runs on it; CT_ERR_NEWER; CT_ERR_NOT_FOUND: no such file, or nothing of ours is in it (then it
 * stays where it is). */
CT_MUST_USE enum ct_status ct_upkeep_repair(const char *path, int64_t now_ms, struct ct_arena *a,
                                            struct ct_salvage *out, struct ct_error *err);

/* ---- what a value may be; for the check and the salvage ---- */
struct ct_range {
    int64_t least, most; /* of an integer */
};
/* By the column's name: times end in _ms, words have names of their own. */
struct ct_range ct_upkeep_range(const char *column);
/* UTF-8 without controls, but for the ends of lines and our own separators. */
bool ct_upkeep_clean(struct ct_span text);
/* Packed history that can be read to its end, or is known to be lost: a repair left its place empty. */
bool ct_upkeep_blob(struct ct_span blob);

#endif
