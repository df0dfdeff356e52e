/* What reading commands print: the envelope of contract.md section 3, NDJSON, CSV, TSV, and text
 * for people. Any table goes through here. Main thread. */
#ifndef CT_OUTPUT_H
#define CT_OUTPUT_H

#include "db/read.h"

enum ct_format { CT_FORMAT_TEXT, CT_FORMAT_JSON, CT_FORMAT_NDJSON, CT_FORMAT_CSV, CT_FORMAT_TSV };

/* The clock of text. */
enum ct_zone { CT_ZONE_UTC, CT_ZONE_LOCAL, CT_ZONE_BOTH };

struct ct_theme;

struct ct_output {
    enum ct_format format;
    bool header;   /* of text, CSV and TSV */
    bool terminal; /* text: aligned for people, else separated by tabs */
    enum ct_zone zone;
    const struct ct_theme *theme; /* text: what means something has its colour, of so many; NULL: none */
    int colors;
    void (*sentence)(struct ct_buf *out, const void *row); /* text: a line like this for each row; NULL: columns */
};

struct ct_envelope {
    int64_t generated_ms, at_ms;
    int64_t max_age_s;      /* the limit asked for; CT_NONE */
    struct ct_rows sources; /* of ct_source_table: where the items come from */
};

/* The columns NAMES lists (separated by commas or blanks), in that order, as a table in A.
 * CT_ERR_USAGE names the unknown one and the nearest. */
CT_MUST_USE enum ct_status ct_table_pick(const struct ct_table *t, const char *names,
                                         struct ct_arena *a, const struct ct_table **out,
                                         struct ct_error *err);
/* CT_ERR_USAGE: "no column X", with the nearest name. */
enum ct_status ct_no_column(const struct ct_table *t, struct ct_span name, struct ct_error *err);

/* ROWS as O says. E is needed for JSON only; NULL prints the bare list of items. */
void ct_output_rows(struct ct_buf *out, const struct ct_output *o, const struct ct_table *t,
                    struct ct_rows rows, const struct ct_envelope *e);
/* The envelope's head up to the opened list of items, and its end. */
void ct_output_open(struct ct_jw *w, const struct ct_envelope *e);
void ct_output_close(struct ct_jw *w);
/* All of OUT to standard output. 0, or 1 after telling what failed (a closed pipe is no news). */
int ct_output_flush(const struct ct_buf *out);

#endif
