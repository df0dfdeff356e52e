#include "db/columns.h"

bool ct_cell_null(const struct ct_column *c, const void *row)
{
    switch (c->type) {
    case CT_TYPE_TEXT:
        return !ct_get_span(c, row).p;
    case CT_TYPE_INT:
    case CT_TYPE_TIME:
    case CT_TYPE_NANO:
    case CT_TYPE_MILLI:
    case CT_TYPE_SCALED:
        return ct_get_int64(c, row) == CT_NONE;
    case CT_TYPE_BOOL:
        return ct_get_int(c, row) < 0;
    case CT_TYPE_ENUM:
        return !ct_get_word(c, row).p;
    case CT_TYPE_LIST:
    case CT_TYPE_ROWS:
        return false;
    }
    return true;
}

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

void ct_row_own(const struct ct_table *t, void *row, struct ct_arena *a)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i].type == CT_TYPE_TEXT) {
            struct ct_span *text = (struct ct_span *)((char *)row + t->columns[i].off);
            *text = ct_arena_dup(a, *text);
        }
}

int ct_cell_cmp(const struct ct_column *c, const void *row_a, const void *row_b)
{
    bool null_a = ct_cell_null(c, row_a), null_b = ct_cell_null(c, row_b);
    if (null_a || null_b)
        return null_a - null_b;
    switch (c->type) {
    case CT_TYPE_TEXT:
        return ct_span_cmp(ct_get_span(c, row_a), ct_get_span(c, row_b));
    case CT_TYPE_INT:
    case CT_TYPE_TIME:
    case CT_TYPE_NANO:
    case CT_TYPE_MILLI:
    case CT_TYPE_SCALED: /* rows of one table share their unit */
        return compare(ct_get_int64(c, row_a), ct_get_int64(c, row_b));
    case CT_TYPE_BOOL:
        return compare(ct_get_int(c, row_a), ct_get_int(c, row_b));
    case CT_TYPE_ENUM:
        if (c->flags & CT_COL_RANKED)
            return compare(ct_get_int(c, row_a), ct_get_int(c, row_b));
        return ct_span_cmp(ct_get_word(c, row_a), ct_get_word(c, row_b));
    case CT_TYPE_LIST:
        return compare((int64_t)ct_get_list(c, row_a).n, (int64_t)ct_get_list(c, row_b).n);
    case CT_TYPE_ROWS:
        return compare((int64_t)ct_get_rows(c, row_a).n, (int64_t)ct_get_rows(c, row_b).n);
    }
    return 0;
}

/* ---- names ---- */

static bool has_alias(const struct ct_column *c, struct ct_span name)
{
    struct ct_span rest = ct_span(c->aliases);
    while (rest.p)
        if (ct_span_ieq(ct_span_cut(&rest, ' '), name))
            return true;
    return false;
}

const struct ct_column *ct_table_column(const struct ct_table *t, struct ct_span name)
{
    if (!name.n)
        return NULL;
    for (size_t i = 0; i < t->n_columns; i++)
        if (ct_span_ieq(ct_span(t->columns[i].name), name))
            return &t->columns[i];
    for (size_t i = 0; i < t->n_columns; i++)
        if (has_alias(&t->columns[i], name))
            return &t->columns[i];
    return NULL;
}

/* ---- output ---- */

static void cell_json(struct ct_jw *w, const struct ct_column *c, const void *row)
{
    switch (c->type) {
    case CT_TYPE_TEXT:
        ct_jw_text(w, ct_get_span(c, row));
        break;
    case CT_TYPE_INT:
        ct_jw_int(w, ct_get_int64(c, row));
        break;
    case CT_TYPE_BOOL:
        if (ct_get_int(c, row) < 0)
            ct_jw_null(w);
        else
            ct_jw_bool(w, ct_get_int(c, row) != 0);
        break;
    case CT_TYPE_TIME:
        ct_jw_time(w, ct_get_int64(c, row));
        break;
    case CT_TYPE_NANO:
    case CT_TYPE_MILLI:
    case CT_TYPE_SCALED:
        ct_jw_decimal(w, ct_get_int64(c, row), ct_get_digits(c, row));
        break;
    case CT_TYPE_ENUM:
        ct_jw_text(w, ct_get_word(c, row));
        break;
    case CT_TYPE_LIST: {
        struct ct_list list = ct_get_list(c, row);
        ct_jw_array(w);
        for (size_t i = 0; i < list.n; i++)
            ct_jw_text(w, list.v[i]);
        ct_jw_end_array(w);
        break;
    }
    case CT_TYPE_ROWS: {
        struct ct_rows rows = ct_get_rows(c, row);
        ct_jw_array(w);
        for (size_t i = 0; i < rows.n; i++)
            ct_row_json(w, c->sub, ct_row(c->sub, rows, i), NULL);
        ct_jw_end_array(w);
        break;
    }
    }
}

void ct_row_json(struct ct_jw *w, const struct ct_table *t, const void *row, const char *type)
{
    ct_jw_object(w);
    if (type) {
        ct_jw_key(w, "row");
        ct_jw_text(w, ct_span(type));
    }
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct ct_column *c = &t->columns[i];
        if (c->flags & CT_COL_HIDDEN)
            continue;
        ct_jw_key(w, c->name);
        cell_json(w, c, row);
    }
    ct_jw_end_object(w);
}

/* Appends the cell as plain text; null adds nothing. */
static void add_text(struct ct_buf *out, const struct ct_column *c, const void *row)
{
    if (ct_cell_null(c, row))
        return;
    switch (c->type) {
    case CT_TYPE_TEXT:
        ct_buf_add(out, ct_get_span(c, row));
        break;
    case CT_TYPE_BOOL:
        ct_buf_adds(out, ct_get_int(c, row) ? "true" : "false");
        break;
    case CT_TYPE_TIME: {
        char text[CT_TIME_MAX];
        ct_time_format(text, ct_get_int64(c, row));
        ct_buf_adds(out, text);
        break;
    }
    case CT_TYPE_INT:
    case CT_TYPE_NANO:
    case CT_TYPE_MILLI:
    case CT_TYPE_SCALED: {
        char text[CT_DECIMAL_MAX];
        ct_decimal_format(text, ct_get_int64(c, row), ct_get_digits(c, row));
        ct_buf_adds(out, text);
        break;
    }
    case CT_TYPE_ENUM:
        ct_buf_add(out, ct_get_word(c, row));
        break;
    case CT_TYPE_LIST: {
        struct ct_list list = ct_get_list(c, row);
        for (size_t i = 0; i < list.n; i++) {
            if (i)
                ct_buf_addc(out, ';');
            ct_buf_add(out, list.v[i]);
        }
        break;
    }
    case CT_TYPE_ROWS: {
        struct ct_jw w;
        if (!ct_get_rows(c, row).n)
            return;
        ct_jw_init(&w, out);
        cell_json(&w, c, row);
        break;
    }
    }
}

struct ct_span ct_cell_text(const struct ct_column *c, const void *row, struct ct_arena *a)
{
    if (c->type == CT_TYPE_TEXT)
        return ct_cell_null(c, row) ? CT_LIT("") : ct_get_span(c, row);
    struct ct_buf out = CT_BUF_INIT;
    add_text(&out, c, row);
    struct ct_span text = out.n ? ct_arena_dup(a, ct_buf_span(&out)) : CT_LIT("");
    ct_buf_free(&out);
    return text.p ? text : CT_LIT("");
}

static void end_line(struct ct_buf *out, char separator)
{
    ct_buf_adds(out, separator == '\t' ? "\n" : "\r\n");
}

void ct_row_csv_header(struct ct_buf *out, const struct ct_table *t, char separator)
{
    bool first = true;
    for (size_t i = 0; i < t->n_columns; i++) {
        if (t->columns[i].flags & CT_COL_HIDDEN)
            continue;
        ct_csv_cell(out, ct_span(t->columns[i].name), separator, first);
        first = false;
    }
    end_line(out, separator);
}

void ct_row_csv(struct ct_buf *out, const struct ct_table *t, const void *row, char separator)
{
    struct ct_buf cell = CT_BUF_INIT;
    bool first = true;
    for (size_t i = 0; i < t->n_columns; i++) {
        if (t->columns[i].flags & CT_COL_HIDDEN)
            continue;
        ct_buf_clear(&cell);
        add_text(&cell, &t->columns[i], row);
        /* null is an empty cell, "" a quoted one */
        bool null = ct_cell_null(&t->columns[i], row);
        ct_csv_cell(out, null ? CT_SPAN_NONE : ct_buf_span(&cell), separator, first);
        first = false;
    }
    ct_buf_free(&cell);
    end_line(out, separator);
}
