/* Borrowed text (span), built text (buffer). Depends on nothing; any thread. */
#ifndef CT_STR_H
#define CT_STR_H

#include "db/base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes, not NUL-terminated. p == NULL means "no value" (null), which is not "". */
struct ct_span {
    const char *p;
    size_t n;
};

#define CT_SPAN_NONE ((struct ct_span){NULL, 0})
/* A span over a string literal. */
#define CT_LIT(s) ((struct ct_span){("" s), sizeof(s) - 1})
/* For printf's %.*s: `printf("%.*s", CT_FMT(span))`. */
#define CT_FMT(s) (int)(s).n, ((s).p ? (s).p : "")

struct ct_span ct_span(const char *text); /* of a NUL-terminated string; NULL gives CT_SPAN_NONE */
bool ct_span_eq(struct ct_span a, struct ct_span b);        /* null equals null only */
bool ct_span_is(struct ct_span a, const char *text);        /* equals a NUL-terminated string */
bool ct_span_ieq(struct ct_span a, struct ct_span b);       /* ASCII case-blind */
bool ct_span_istarts(struct ct_span a, const char *prefix); /* ASCII case-blind */
bool ct_span_starts(struct ct_span a, const char *prefix);
bool ct_span_ends(struct ct_span a, const char *suffix);
bool ct_span_ihas(struct ct_span a, struct ct_span needle); /* ASCII case-blind contains */
int ct_span_cmp(struct ct_span a, struct ct_span b);        /* bytewise; null sorts first */
struct ct_span ct_span_trim(struct ct_span a);              /* ASCII white space at both ends */
/* Cuts REST at the first SEP: returns what stood before it and leaves what follows in *REST. When
 * there is no SEP it returns everything and *REST becomes null. */
struct ct_span ct_span_cut(struct ct_span *rest, char sep);
/* Shell-style match of * and ? (no classes), ASCII case-blind. */
bool ct_glob(struct ct_span pattern, struct ct_span text);
/* 64-bit FNV-1a: for change detection and ids, not against attackers. */
uint64_t ct_hash(struct ct_span bytes);
/* Decimal integer with optional sign, all of TEXT. CT_ERR_SYNTAX, CT_ERR_RANGE. */
CT_MUST_USE enum ct_status ct_span_int(struct ct_span text, int64_t *out);
/* "8", "500k", "10M", "2G" (or "2B"): no sign. CT_ERR_SYNTAX, CT_ERR_RANGE. */
CT_MUST_USE enum ct_status ct_amount_parse(struct ct_span text, int64_t *out);

/* A growing buffer. Start from CT_BUF_INIT, end with ct_buf_free. p is NUL-terminated whenever it
 * is not NULL. Out of memory ends the program (style.md section 6). */
struct ct_buf {
    char *p;
    size_t n, cap;
};
#define CT_BUF_INIT ((struct ct_buf){NULL, 0, 0})

void ct_buf_free(struct ct_buf *b);
void ct_buf_clear(struct ct_buf *b); /* keeps the memory */
void ct_buf_add(struct ct_buf *b, struct ct_span s);
void ct_buf_addc(struct ct_buf *b, char c);
void ct_buf_adds(struct ct_buf *b, const char *text);
void ct_buf_addf(struct ct_buf *b, const char *fmt, ...) CT_PRINTF(2, 3);
struct ct_span ct_buf_span(const struct ct_buf *b);
/* Makes room for MORE bytes past n and returns where they start. */
char *ct_buf_room(struct ct_buf *b, size_t more);

/* malloc, calloc and strdup that end the program with one line when memory is gone. */
void *ct_xmalloc(size_t size);
void *ct_xcalloc(size_t count, size_t size);
void *ct_xrealloc(void *p, size_t size);
char *ct_xstrdup(const char *text);
char *ct_xspandup(struct ct_span s); /* NUL-terminated copy; null gives NULL */
/* Called once before such an end, e.g. to restore the terminal. Set from the main thread. */
void ct_on_fatal(void (*restore)(void));

#endif
