/* A JSON writer that cannot forget a comma: values are placed by nesting, strings are escaped,
 * numbers are plain decimals. Values at the top get lines of their own (NDJSON). One writer, one
 * thread. */
#ifndef CT_JSONW_H
#define CT_JSONW_H

#include "db/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define CT_JW_DEPTH 32

struct ct_jw {
    struct ct_buf *out;
    int depth;
    bool has_value[CT_JW_DEPTH];
    bool after_key;
};

void ct_jw_init(struct ct_jw *w, struct ct_buf *out);
void ct_jw_object(struct ct_jw *w);
void ct_jw_end_object(struct ct_jw *w);
void ct_jw_array(struct ct_jw *w);
void ct_jw_end_array(struct ct_jw *w);
void ct_jw_key(struct ct_jw *w, const char *key);
void ct_jw_text(struct ct_jw *w,
                struct ct_span text);           /* null for a null span; bad UTF-8 as U+FFFD */
void ct_jw_int(struct ct_jw *w, int64_t value); /* null for CT_NONE */
void ct_jw_decimal(struct ct_jw *w, int64_t value, int digits); /* null for CT_NONE */
void ct_jw_time(struct ct_jw *w, int64_t ms); /* RFC 3339 text; null for CT_NONE */
void ct_jw_bool(struct ct_jw *w, bool value);
void ct_jw_null(struct ct_jw *w);
/* CSV and TSV cells, the separator first unless FIRST: RFC 4180 quoting; what a spreadsheet would
 * take for a formula and is no number of ours gets an apostrophe. Null is an empty cell, "" a
 * quoted one. */
void ct_csv_cell(struct ct_buf *out, struct ct_span text, char separator, bool first);

#endif
