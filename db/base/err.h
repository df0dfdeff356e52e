/* Status codes and the error people read. Depends on nothing; any thread. */
#ifndef CT_ERR_H
#define CT_ERR_H

#include <stddef.h>

#define CT_MUST_USE __attribute__((warn_unused_result))
#define CT_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define CT_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Every way a function can end, with the words used when nothing better is known. */
#define CT_STATUS_LIST(X)                                                                          \
    X(OK, "worked")                                                                                \
    X(ERR_SYNTAX, "not readable as what it should be")                                             \
    X(ERR_RANGE, "outside the range that can be held")                                             \
    X(ERR_LIMIT, "larger than the limit")                                                          \
    X(ERR_SHAPE, "not of the expected shape")                                                      \
    X(ERR_IO, "input or output failed")                                                            \
    X(ERR_DB, "database error")                                                                    \
    X(ERR_NEWER, "made by a newer cloudtape")                                                      \
    X(ERR_NET, "network error")                                                                    \
    X(ERR_USAGE, "wrong usage")                                                                    \
    X(ERR_CONFIG, "configuration error")                                                           \
    X(ERR_NOT_FOUND, "not found")                                                                  \
    X(ERR_BUSY, "in use by somebody else")                                                         \
    X(ERR_CANCELLED, "cancelled")

enum ct_status {
#define X(name, words) CT_##name,
    CT_STATUS_LIST(X)
#undef X
};

/* Where and what, one line each, always NUL-terminated, cut when too long. All zero = no error. */
struct ct_error {
    enum ct_status status;
    char where[160]; /* "config.ini:12", "$.components[3].status", "lambda: GET https://..." */
    char what[352];
};

/* The default words of STATUS; never NULL. */
const char *ct_status_words(enum ct_status status);

/* Fills ERR (which may be NULL) and returns STATUS, so that a caller can write
 * `return ct_fail(err, CT_ERR_RANGE, "line 3", "price %s is too large", text);`. Control bytes in
 * the result are replaced by '?', so an error never breaks a line. FMT NULL: the default words. */
enum ct_status ct_fail(struct ct_error *err, enum ct_status status, const char *where,
                       const char *fmt, ...) CT_PRINTF(4, 5);

/* Puts PREFIX and ": " before what ERR->where holds: context added on the way up. */
void ct_error_prefix(struct ct_error *err, const char *prefix);

#endif
