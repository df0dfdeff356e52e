/* Gzip bodies that nobody declared: recorded files, and servers that forget Content-Encoding. Any
 * thread. */
#ifndef CT_GUNZIP_H
#define CT_GUNZIP_H

#include "db/base/str.h"

/* True when BODY begins as gzip does. */
bool ct_is_gzip(struct ct_span body);
/* Inflates all members of BODY into OUT (cleared first). CT_ERR_LIMIT past MAX bytes, CT_ERR_SYNTAX
 * when it is damaged, cut, or followed by something else. */
CT_MUST_USE enum ct_status ct_gunzip(struct ct_span body, size_t max, struct ct_buf *out,
                                     struct ct_error *err);

/* BODY packed into OUT (cleared first). */
CT_MUST_USE enum ct_status ct_gzip(struct ct_span body, struct ct_buf *out, struct ct_error *err);

#endif
