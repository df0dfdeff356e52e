/* A file of any size that is read twice in little memory: from its beginning to its end, then here and there. What
 * cannot be read twice (standard input, anything packed with gzip) is copied to a temporary file on the way, which
 * nobody else sees. Any thread, one at a time. */
#ifndef CT_REREAD_H
#define CT_REREAD_H

#include "db/base/str.h"

struct ct_reread;

/* PATH, "-" for standard input; it must stay as it is until closed. */
CT_MUST_USE enum ct_status ct_reread_open(const char *path, struct ct_reread **out, struct ct_error *err);
void ct_reread_close(struct ct_reread *r); /* NULL is fine */
/* First reading: the next bytes, unpacked, behind those of B. None: that was all. */
CT_MUST_USE enum ct_status ct_reread_more(struct ct_reread *r, struct ct_buf *b, struct ct_error *err);
/* Second reading: N unpacked bytes from OFF on into B (cleared first). Once the first has ended. */
CT_MUST_USE enum ct_status ct_reread_at(struct ct_reread *r, int64_t off, size_t n, struct ct_buf *b,
                                        struct ct_error *err);

#endif
