/* Where files live. XDG directories, the program's own resources, safe creation. Main thread. */
#ifndef CT_PATHS_H
#define CT_PATHS_H

#include "db/base/err.h"
#include "db/base/str.h"

#include <stdint.h>

/* Each writes an absolute path into OUT (cleared first). NAME may be "". Directories are not
 * created. */
void ct_path_config(struct ct_buf *out, const char *name); /* $XDG_CONFIG_HOME/cloudtape/NAME */
void ct_path_state(struct ct_buf *out, const char *name);  /* $XDG_STATE_HOME/cloudtape/NAME */
void ct_path_data(struct ct_buf *out, const char *name);   /* $XDG_DATA_HOME/cloudtape/NAME */
/* The database: NAMED (--db), else $CLOUDTAPE_DB, else cloudtape.db of ct_path_data. NULL and "" name none. */
void ct_path_database(struct ct_buf *out, const char *named);

/* A file shipped with the program, NAME such as "themes/mono.theme" or
 * "fetchers/reference/hosts.tsv": first found of $CLOUDTAPE_DATADIR/NAME, for a reference table
 * the user's own $XDG_CONFIG_HOME/cloudtape/reference/FILE, beside the executable, in the folder
 * above it (a build folder inside the source tree), the installed pkgdatadir.
 * CT_ERR_NOT_FOUND names where it looked. */
CT_MUST_USE enum ct_status ct_path_resource(struct ct_buf *out, const char *name,
                                            struct ct_error *err);
/* The program NAME ("cloudtape-fetcher"): beside the executable, else in the installed libexec
 * folder, else on PATH; $CLOUDTAPE_FETCHER wins for the fetcher. */
CT_MUST_USE enum ct_status ct_path_program(struct ct_buf *out, const char *name,
                                           struct ct_error *err);
/* The kind of network (or user-space) file system PATH, or the folder it would be made in, lies on: "NFS", "SMB",
 * "FUSE" ...; NULL: a local one. Locks and shared memory of others' making cannot be trusted with a database. */
const char *ct_path_shared(const char *path);
const char *ct_fs_word(uint64_t magic); /* the same of statfs's f_type */
/* mkdir -p, 0700 for what is created. */
CT_MUST_USE enum ct_status ct_mkdirs(const char *path, struct ct_error *err);
/* The folder that FILE lies in. */
CT_MUST_USE enum ct_status ct_mkdirs_of(const char *file, struct ct_error *err);
/* Whole file into OUT; CT_ERR_LIMIT above MAX bytes. "-" is standard input. */
CT_MUST_USE enum ct_status ct_read_file(const char *path, size_t max, struct ct_buf *out,
                                        struct ct_error *err);
/* The same file, of any size, piece by piece; an error of TAKE ends it. */
typedef enum ct_status ct_read_piece(void *ctx, struct ct_span piece, struct ct_error *err);
CT_MUST_USE enum ct_status ct_read_pieces(const char *path, ct_read_piece *take, void *ctx,
                                          struct ct_error *err);
/* Atomic replace: temp file beside it, fsync, rename, 0600. */
CT_MUST_USE enum ct_status ct_write_file(const char *path, struct ct_span bytes,
                                         struct ct_error *err);

/* The same for what others write (SQLite, a stream): a new empty file beside PATH, 0600, its name
 * in OUT; later it takes PATH's place, synced, or goes away. Without OVER a PATH that is there
 * already stays as it is: CT_ERR_USAGE. */
CT_MUST_USE enum ct_status ct_temp_make(const char *path, struct ct_buf *out, struct ct_error *err);
CT_MUST_USE enum ct_status ct_temp_keep(const char *temp, const char *path, bool over,
                                        struct ct_error *err);
void ct_temp_drop(const char *temp); /* also SQLite's files beside it; "" and NULL are fine */

#endif
