#include "config.h"

#include "db/plain.h"

#include "db/columns.h"
#include "db/schema.h"

#include <stdio.h>
#include <stdlib.h>

struct ct_plain {
    sqlite3 *db;
    char *path;
    const struct ct_table *table;
    sqlite3_stmt *insert;
    struct ct_arena *cells; /* texts of the row in hand */
};

static enum ct_status fail(struct ct_plain *p, struct ct_error *err)
{
    return ct_fail(err, CT_ERR_IO, p->path, "%s", p->db ? sqlite3_errmsg(p->db) : "no memory");
}

enum ct_status ct_plain_open(const char *path, struct ct_plain **out, struct ct_error *err)
{
    struct ct_plain *p = ct_xcalloc(1, sizeof *p);
    p->path = ct_xstrdup(path);
    p->cells = ct_arena_new(0);
    *out = p;
    /* nobody sees it before it is whole and synced: no journal is needed */
    if (sqlite3_open_v2(path, &p->db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_exec(p->db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN", NULL, NULL,
                     NULL) == SQLITE_OK)
        return CT_OK;
    enum ct_status status = fail(p, err);
    ct_plain_free(p);
    *out = NULL;
    return status;
}

static const char *sql_type(const struct ct_column *c)
{
    switch (c->type) {
    case CT_TYPE_INT:
    case CT_TYPE_BOOL:
        return "INTEGER";
    case CT_TYPE_NANO:
    case CT_TYPE_MILLI:
    case CT_TYPE_SCALED:
        return "REAL";
    default:
        return "TEXT";
    }
}

enum ct_status ct_plain_table(struct ct_plain *p, const char *name, const struct ct_table *t,
                              struct ct_error *err)
{
    struct ct_buf sql = CT_BUF_INIT, values = CT_BUF_INIT;
    const char *comma = "";
    ct_buf_addf(&sql, "CREATE TABLE \"%s\" (", name);
    ct_buf_addf(&values, "INSERT INTO \"%s\" VALUES (", name);
    for (size_t i = 0; i < t->n_columns; i++) {
        if (t->columns[i].flags & CT_COL_HIDDEN)
            continue;
        ct_buf_addf(&sql, "%s\"%s\" %s", comma, t->columns[i].name, sql_type(&t->columns[i]));
        ct_buf_addf(&values, "%s?", comma);
        comma = ", ";
    }
    ct_buf_adds(&sql, ")");
    ct_buf_adds(&values, ")");
    sqlite3_finalize(p->insert);
    p->insert = NULL;
    p->table = t;
    bool ok = sqlite3_exec(p->db, sql.p, NULL, NULL, NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(p->db, values.p, -1, &p->insert, NULL) == SQLITE_OK;
    ct_buf_free(&sql);
    ct_buf_free(&values);
    return ok ? CT_OK : fail(p, err);
}

/* A division by an exact power rounds right: the number prints as its decimals again. */
static double decimal(int64_t v, int digits)
{
    double power = 1;
    for (; digits > 0; digits--)
        power *= 10;
    return (double)v / power;
}

static int bind(struct ct_plain *p, int at, const struct ct_column *c, const void *row)
{
    if (ct_cell_null(c, row))
        return sqlite3_bind_null(p->insert, at);
    switch (c->type) {
    case CT_TYPE_INT:
        return sqlite3_bind_int64(p->insert, at, ct_get_int64(c, row));
    case CT_TYPE_BOOL:
        return sqlite3_bind_int(p->insert, at, ct_get_int(c, row));
    case CT_TYPE_NANO:
    case CT_TYPE_MILLI:
    case CT_TYPE_SCALED:
        return sqlite3_bind_double(p->insert, at,
                                   decimal(ct_get_int64(c, row), ct_get_digits(c, row)));
    default: {
        struct ct_span text = ct_cell_text(c, row, p->cells);
        return sqlite3_bind_text64(p->insert, at, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
    }
    }
}

enum ct_status ct_plain_rows(struct ct_plain *p, struct ct_rows rows, struct ct_error *err)
{
    const struct ct_table *t = p->table;
    for (size_t i = 0; i < rows.n; i++) {
        int at = 0, rc = SQLITE_OK;
        ct_arena_reset(p->cells);
        for (size_t k = 0; k < t->n_columns && rc == SQLITE_OK; k++)
            if (!(t->columns[k].flags & CT_COL_HIDDEN))
                rc = bind(p, ++at, &t->columns[k], ct_row(t, rows, i));
        if (rc == SQLITE_OK)
            rc = sqlite3_step(p->insert);
        if (sqlite3_reset(p->insert) != SQLITE_OK || rc != SQLITE_DONE)
            return fail(p, err);
    }
    return CT_OK;
}

enum ct_status ct_plain_finish(struct ct_plain *p, struct ct_error *err)
{
    sqlite3_finalize(p->insert);
    p->insert = NULL;
    if (sqlite3_exec(p->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return fail(p, err);
    return CT_OK;
}

void ct_plain_free(struct ct_plain *p)
{
    if (!p)
        return;
    sqlite3_finalize(p->insert);
    sqlite3_close(p->db);
    ct_arena_free(p->cells);
    free(p->path);
    free(p);
}

bool ct_plain_is_ours(const char *path)
{
    unsigned char head[72];
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(head, 1, sizeof head, f) : 0;
    if (f)
        (void)fclose(f);
    return n == sizeof head && memcmp(head, "SQLite format 3", 16) == 0 &&
           ((uint32_t)head[68] << 24 | (uint32_t)head[69] << 16 | (uint32_t)head[70] << 8 |
            head[71]) == CT_APPLICATION_ID;
}
