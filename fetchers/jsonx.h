/* JSON from strangers: measured before it is read, then asked politely. A missing key and a null
 * are the same thing everywhere here, and numbers may come as text (sources/status.md section 1).
 * Any thread; fetchers only. */
#ifndef CT_JSONX_H
#define CT_JSONX_H

#include "db/base/arena.h"
#include "db/base/money.h"

#include <jansson.h>
#include <stdbool.h>

/* jansson takes over 200 bytes for an empty object, so a cap on bytes is no cap on memory: these
 * are counted in the raw text first (reliability.md sections 2.5 and 3). */
#define CT_JSON_DEPTH 64
#define CT_JSON_CONTAINERS 250000
#define CT_JSON_COMMAS 1000000

enum ct_json_flags {
    CT_JSON_UNIQUE =
        1, /* a name that occurs twice in one object refuses the document; else the last wins */
};

/* Reads all of BODY (a UTF-8 byte order mark is skipped) into *ROOT, an array or object that the
 * caller ends with json_decref. CT_ERR_LIMIT: one of the counts above; CT_ERR_SHAPE: not JSON at
 * all, with what it looks like (ct_family_guess); CT_ERR_SYNTAX: damaged, WHERE is the line. *ROOT
 * is NULL on error. */
CT_MUST_USE enum ct_status ct_json_parse(struct ct_span body, unsigned flags, json_t **root,
                                         struct ct_error *err);

/* ---- tolerant getters ---- OBJ may be NULL or of any type: then nothing is there. */

/* The value, or NULL when missing or null. */
const json_t *ct_json_get(const json_t *obj, const char *key);
const json_t *ct_json_object(const json_t *obj, const char *key); /* NULL unless an object */
const json_t *ct_json_array(const json_t *obj, const char *key);  /* NULL unless an array */
/* Raw text borrowed from the document (not clean yet); null unless a string. */
struct ct_span ct_json_text(const json_t *obj, const char *key);
struct ct_span ct_json_span(const json_t *value); /* the same of a value */
/* The same, but a number is written out into ARENA: for ids and codes that change their type. */
struct ct_span ct_json_word(const json_t *obj, const char *key, struct ct_arena *arena);
/* A whole number, also as text or as a real without fraction; CT_NONE otherwise. */
int64_t ct_json_int(const json_t *obj, const char *key);
/* 1, 0, or -1 when it is no boolean ("true" and "false" as text count). */
int ct_json_flag(const json_t *obj, const char *key);
/* An instant in any form of ct_time_parse, text or number; CT_NONE when there is none. */
int64_t ct_json_time(const json_t *obj, const char *key);
/* A decimal, number or text, times SCALE in units of 10^-DIGITS (db/base/money.h). Missing, null
 * and "" are CT_OK with CT_NONE; text that is no decimal CT_ERR_SYNTAX; what does not fit
 * CT_ERR_RANGE. */
CT_MUST_USE enum ct_status ct_json_decimal(const json_t *obj, const char *key, int64_t scale,
                                           int digits, int64_t *out);

/* ---- anchors and errors with a path ---- */

enum ct_json_want { CT_WANT_OBJECT, CT_WANT_ARRAY, CT_WANT_TEXT };

/* The member KEY of OBJ, which must be there and be a WANT; else CT_ERR_SHAPE, where "PATH.KEY",
 * what "wanted an array, found a string". PATH is "$", "$.components[3]", ... */
CT_MUST_USE enum ct_status ct_json_need(const json_t *obj, const char *path, const char *key,
                                        enum ct_json_want want, const json_t **out,
                                        struct ct_error *err);
/* The same, but missing or null is CT_OK with NULL: a present key of another type is still refused.
 */
CT_MUST_USE enum ct_status ct_json_may(const json_t *obj, const char *path, const char *key,
                                       enum ct_json_want want, const json_t **out,
                                       struct ct_error *err);
/* "an object", "a string", "nothing" (NULL), ... */
const char *ct_json_kind(const json_t *value);

#endif
