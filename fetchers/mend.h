/* Feeds as they come from the wild, made into XML a parser reads. Pure; any thread. */
#ifndef CT_MEND_H
#define CT_MEND_H

#include "db/base/str.h"

#include <stdint.h>

/* Writes BODY into OUT as UTF-8 without declaration, comments and processing instructions:
 * converted from what its first bytes or its declaration say, HTML's named entities as characters,
 * a bare '&' or '<' escaped, references to control characters read as Windows does, controls left
 * out. Bad bytes become U+FFFD and are counted in *REPLACED. CT_ERR_SYNTAX: no text in an encoding
 * we read. Adds no element and closes none: a cut feed stays cut. */
CT_MUST_USE enum ct_status ct_feed_mend(struct ct_span body, struct ct_buf *out, int64_t *replaced,
                                        struct ct_error *err);

#endif
