/* Recorded answers instead of the network: what parse, import FAMILY and import rows share. */
#ifndef CT_FETCHER_IMPORT_H
#define CT_FETCHER_IMPORT_H

#include "app/fetcher_commands.h"
#include "app/fetcher_config.h"
#include "db/base/text.h"
#include "fetchers/ask.h"
#include "fetchers/fetcher.h"

#define CT_IMPORT_ARENA ((size_t)256 << 20)

/* One run of the command. */
struct ct_import {
    struct ct_registry *reg;
    struct ct_fetch_config config;
    struct ct_source made; /* a source the registry does not know */
    char made_id[CT_ID_BYTES + 1], made_provider[CT_ID_BYTES + 1];
    const struct ct_source *s;
    struct ct_writer *writer;
    struct ct_lease *lease;
    int64_t now_ms, snapshots, stored;
    struct ct_commit sum;
};

/* A file of `import FAMILY FILE...` and when it was. */
struct ct_recorded {
    const char *path;
    int64_t at_ms;
};

/* ---- documents (fetcher_parse.c) ---- */

/* What a recorded answer was: its unpacked bytes, and the hash that a fetch would have kept. */
struct ct_document {
    int64_t bytes;
    uint64_t hash;
};
/* The rows of the document in PATH into B; *D (NULL is fine) is told of S, HASH being that of the
 * pages before. */
CT_MUST_USE enum ct_status ct_import_document(const struct ct_family *family, const char *path,
                                              const struct ct_parse_hint *hint,
                                              const struct ct_source *s, struct ct_batch *b,
                                              struct ct_document *d, struct ct_error *err);

/* ---- whose answers they are (fetcher_import_source.c) ---- */

/* 1 to 64 of a-z, 0-9 and _. */
bool ct_import_id_ok(const char *id);
/* A source for rows that no configured source brought: off, and honest about it. */
void ct_import_make(struct ct_import *im, const char *id, const struct ct_family *family,
                    bool part);
/* The one source of FAMILY that all file names point at, as that of
 * "statuspage-summary--github--2026-08-17.json" does; the only one there is; or NULL: to guess would
 * put one provider's words into another's mouth. */
const struct ct_source *ct_import_named(struct ct_registry *reg, const struct ct_family *family,
                                        const struct ct_recorded *v, size_t n);
/* What S tells a parser; without one what all sources of FAMILY have in common, and no more. */
struct ct_parse_hint ct_import_hint(struct ct_registry *reg, const struct ct_family *family,
                                    const struct ct_source *s);
/* Sets IM's source: ID, or the one that names or contents of the N files V speak of. */
CT_MUST_USE enum ct_status ct_import_choose(struct ct_import *im, const char *id,
                                            const struct ct_family *family,
                                            const struct ct_recorded *v, size_t n,
                                            struct ct_error *err);

/* ---- into the database (fetcher_import.c) ---- */

/* Takes the database: lease, then the row of our source beside those of all others. */
CT_MUST_USE enum ct_status ct_import_open(struct ct_import *im, const char *flag,
                                          enum ct_source_kind kind, struct ct_error *err);
CT_MUST_USE enum ct_status ct_import_commit(struct ct_import *im, int64_t at_ms, int64_t bytes,
                                            uint64_t hash, const struct ct_batch *batch,
                                            struct ct_error *err);
/* Says what was done, or why not, and lets go of everything. The exit code. */
int ct_import_finish(struct ct_import *im, enum ct_status st, const struct ct_error *err);

/* `import rows PATH` (fetcher_import_rows.c); the exit code. */
int ct_import_rows(const char *path, const char *at, const char *db, const char *config,
                   const char *source, const char *columns);

#endif
