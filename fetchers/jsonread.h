/* JSON that is as it should be, into jansson's values. Any thread; fetchers only. */
#ifndef CT_JSONREAD_H
#define CT_JSONREAD_H

#include "db/base/str.h"

#include <jansson.h>

/* The array or object that BODY is, to be ended with json_decref: the very one that json_loadb with
 * JSON_ALLOW_NUL (and FLAGS of enum ct_json_flags) makes of it, sooner, because yajl reads and
 * counts in one pass. NULL: damaged, beyond the counts of fetchers/jsonx.h (nothing is built past them),
 * or too odd to be read here, such as a number of 19 digits: what it is json_loadb tells. */
json_t *ct_json_read(struct ct_span body, unsigned flags);

#endif
