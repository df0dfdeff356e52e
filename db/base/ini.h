/* INI files with file:line for every complaint (libinih underneath; design.md section 3). */
#ifndef CT_INI_H
#define CT_INI_H

#include "db/base/err.h"
#include "db/base/str.h"

/* One setting. SECTION is "" before the first header. Continuation lines arrive joined with the
 * value (separated by one blank). Strings live for the call. Returns CT_OK to go on; anything else
 * is collected as a problem (with ERR's what) and reading goes on. */
typedef enum ct_status ct_ini_fn(void *ctx, const char *section, const char *key, const char *value,
                                 int line, struct ct_error *err);

/* Called per problem; WHERE is "file:line". */
typedef void ct_ini_problem_fn(void *ctx, const char *where, const char *what);

/* Reads PATH. Returns CT_OK when it could be read (problems or not), CT_ERR_IO or CT_ERR_NOT_FOUND.
 * A line over 198 bytes, a section name over 48, invalid UTF-8, control characters, a line that is
 * neither section nor setting and a file over 1 MiB are problems. What such a line touches (the
 * setting it goes on, all settings under such a section header) does not reach FN: nothing half
 * read is applied. */
CT_MUST_USE enum ct_status ct_ini_read(const char *path, ct_ini_fn *fn, ct_ini_problem_fn *problem,
                                       void *ctx, struct ct_error *err);

/* The same from memory; FILE is the name for complaints. */
void ct_ini_parse(struct ct_span text, const char *file, ct_ini_fn *fn, ct_ini_problem_fn *problem,
                  void *ctx);

/* The word of WORDS (NULL-terminated) nearest to WORD by edit distance (at most 1/3 of its length,
 * at least 1), or NULL: "did you mean". */
const char *ct_nearest(const char *word, const char *const *words);

#endif
