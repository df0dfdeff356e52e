/* How a file describes its row types: `#define ROW struct ct_page`, then COL(TEXT, "name", name) in
 * a const array, then TABLE(). The size of each field is checked against its type while compiling.
 * For db/ only. */
#ifndef CT_COLUMNS_H
#define CT_COLUMNS_H

#include "db/table.h"

#include <string.h>

/* A column knows an offset, not a type: fields are read through memcpy. */
static inline int64_t ct_get_int64(const struct ct_column *c, const void *row)
{
    int64_t v;
    memcpy(&v, (const char *)row + c->off, sizeof v);
    return v;
}

static inline int ct_get_int(const struct ct_column *c, const void *row)
{
    int v;
    memcpy(&v, (const char *)row + c->off, sizeof v);
    return v;
}

static inline struct ct_span ct_get_span(const struct ct_column *c, const void *row)
{
    struct ct_span v;
    memcpy(&v, (const char *)row + c->off, sizeof v);
    return v;
}

static inline struct ct_list ct_get_list(const struct ct_column *c, const void *row)
{
    struct ct_list v;
    memcpy(&v, (const char *)row + c->off, sizeof v);
    return v;
}

static inline struct ct_rows ct_get_rows(const struct ct_column *c, const void *row)
{
    struct ct_rows v;
    memcpy(&v, (const char *)row + c->off, sizeof v);
    return v;
}

/* The word of an enum cell; null when the value is absent or none of the column's words. */
static inline struct ct_span ct_get_word(const struct ct_column *c, const void *row)
{
    int v = ct_get_int(c, row);
    for (int i = 0; v >= 0 && c->words[i]; i++)
        if (i == v)
            return ct_span(c->words[i]);
    return CT_SPAN_NONE;
}

/* Places behind the point of a number cell. */
static inline int ct_get_digits(const struct ct_column *c, const void *row)
{
    int digits = c->type == CT_TYPE_NANO ? 9 : c->type == CT_TYPE_MILLI ? 3 : 0;
    if (c->type == CT_TYPE_SCALED)
        memcpy(&digits, (const char *)row + c->digits_off, sizeof digits);
    return digits;
}

#define CT_SIZE_TEXT sizeof(struct ct_span)
#define CT_SIZE_INT sizeof(int64_t)
#define CT_SIZE_BOOL sizeof(int)
#define CT_SIZE_TIME sizeof(int64_t)
#define CT_SIZE_NANO sizeof(int64_t)
#define CT_SIZE_MILLI sizeof(int64_t)
#define CT_SIZE_ENUM sizeof(int)
#define CT_SIZE_SCALED sizeof(int64_t)
#define CT_SIZE_LIST sizeof(struct ct_list)
#define CT_SIZE_ROWS sizeof(struct ct_rows)

/* More members of struct ct_column may follow: `COL(ENUM, "state", state, .words =
 * ct_state_words)`. */
#define COL(column_type, key, field, ...)                                                          \
    {                                                                                              \
        .name = (key), .type = CT_TYPE_##column_type,                                              \
        .off = offsetof(ROW, field) +                                                              \
               0 * sizeof(char[sizeof(((ROW *)NULL)->field) == CT_SIZE_##column_type ? 1 : -1]),   \
        __VA_ARGS__                                                                                \
    }
#define ENUM(key, field, word_list, ...) COL(ENUM, key, field, .words = (word_list), __VA_ARGS__)
#define SCALED(key, field, digits_field, ...)                                                      \
    COL(SCALED, key, field, .digits_off = offsetof(ROW, digits_field), __VA_ARGS__)
#define FLAGS(bits) .flags = (bits)
#define ALIAS(names) .aliases = (names)
#define SEARCH FLAGS(CT_COL_SEARCH)

#define TABLE(table, text, row, columns_array)                                                     \
    const struct ct_table table = {                                                                \
        .name = (text),                                                                            \
        .row_size = sizeof(row),                                                                   \
        .columns = (columns_array),                                                                \
        .n_columns = CT_LEN(columns_array),                                                        \
    }

#endif
