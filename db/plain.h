/* A SQLite file for other people's tools: plain tables of readable values, one a ct_table. Times
 * are RFC 3339 text, prices decimal numbers, words words, lists joined by ';', rows JSON. One-shot
 * commands only. */
#ifndef CT_PLAIN_H
#define CT_PLAIN_H

#include "db/table.h"

struct ct_plain;

/* Fills PATH, an empty file; one transaction until ct_plain_finish. */
CT_MUST_USE enum ct_status ct_plain_open(const char *path, struct ct_plain **out,
                                         struct ct_error *err);
/* Makes table NAME with the shown columns of T; what ct_plain_rows adds goes there. */
CT_MUST_USE enum ct_status ct_plain_table(struct ct_plain *p, const char *name,
                                          const struct ct_table *t, struct ct_error *err);
CT_MUST_USE enum ct_status ct_plain_rows(struct ct_plain *p, struct ct_rows rows,
                                         struct ct_error *err);
CT_MUST_USE enum ct_status ct_plain_finish(struct ct_plain *p, struct ct_error *err);
void ct_plain_free(struct ct_plain *p); /* NULL is fine */

/* Is there a database of ours at PATH? It must not be open in this process. */
bool ct_plain_is_ours(const char *path);

#endif
