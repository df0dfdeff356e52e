/* Filter, sort, cut: what every command and every screen does with the rows of a loader. */
#include "db/base/ini.h"
#include "db/columns.h"

#include <stdio.h>
#include <string.h>

struct order {
    const struct ct_column *column;
    const struct ct_column *old; /* NULL: what is old stands among the others */
    bool descending;
};

static enum ct_status unknown_column(const struct ct_table *t, struct ct_span name,
                                     struct ct_arena *a, struct ct_error *err)
{
    char word[64];
    const char **names = ct_arena_alloc(a, (t->n_columns + 1) * sizeof *names);
    snprintf(word, sizeof word, "%.*s", (int)(name.n > 60 ? 60 : name.n), name.p ? name.p : "");
    if (names)
        for (size_t i = 0; i < t->n_columns; i++)
            names[i] = t->columns[i].name;
    const char *near = names ? ct_nearest(word, names) : NULL;
    return ct_fail(err, CT_ERR_USAGE, "sort", "no column \"%s\" here%s%s%s", word,
                   near ? "; nearest: \"" : "", near ? near : "", near ? "\"" : "");
}

/* The column that says whether a row is old, where an order by COLUMN asks: one of prices, or by age itself. */
static const struct ct_column *old_column(const struct ct_table *t, const struct ct_column *column)
{
    const struct ct_column *old = ct_table_column(t, CT_LIT("old"));
    return column && (column == old || column->flags & CT_COL_PRICE) ? old : NULL;
}

static bool is_old(const struct ct_column *old, const void *row)
{
    return old && ct_get_int(old, row) == 1;
}

size_t ct_rows_old(const struct ct_table *t, struct ct_rows rows, const char *sort)
{
    struct ct_span way = ct_span(sort);
    const struct ct_column *old = old_column(t, ct_table_column(t, ct_span_cut(&way, ':')));
    size_t n = 0;
    for (size_t i = 0; old && i < rows.n; i++)
        n += is_old(old, ct_row(t, rows, i));
    return n;
}

static enum ct_status read_order(const struct ct_table *t, const char *sort, struct ct_arena *a,
                                 struct order *out, struct ct_error *err)
{
    *out = (struct order){NULL, NULL, false};
    if (!sort || !*sort)
        return CT_OK;
    struct ct_span way = ct_span(sort), name = ct_span_cut(&way, ':');
    if (way.p && !ct_span_is(way, "desc") && !ct_span_is(way, "asc"))
        return ct_fail(err, CT_ERR_USAGE, "sort",
                       "after the colon stands asc or desc, not \"%.*s\"",
                       (int)(way.n > 60 ? 60 : way.n), way.p);
    out->column = ct_table_column(t, name);
    out->descending = ct_span_is(way, "desc");
    out->old = old_column(t, out->column);
    return out->column ? CT_OK : unknown_column(t, name, a, err);
}

/* Null is last whichever way the rest is turned: missing is neither the cheapest nor the dearest. What
 * is old comes behind what can be had today, in the same order. */
static int compare(const struct order *o, const void *a, const void *b)
{
    if (is_old(o->old, a) != is_old(o->old, b))
        return is_old(o->old, a) ? 1 : -1;
    int way = ct_cell_cmp(o->column, a, b);
    bool null = ct_cell_null(o->column, a) || ct_cell_null(o->column, b);
    return o->descending && !null ? -way : way;
}

/* Bottom-up merge sort of row pointers, stable. The sorted half may end in either array: returns
 * it. */
static const void **sort_rows(const struct order *o, const void **v, const void **spare, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t middle = low + width < n ? low + width : n;
            size_t high = middle + width < n ? middle + width : n;
            size_t i = low, j = middle;
            for (size_t k = low; k < high; k++) {
                bool left = i < middle && (j >= high || compare(o, v[i], v[j]) <= 0);
                spare[k] = left ? v[i++] : v[j++];
            }
        }
        const void **swap = v;
        v = spare;
        spare = swap;
    }
    return v;
}

enum ct_status ct_rows_pick(const struct ct_table *t, struct ct_rows rows, const struct ct_filter *f, const char *sort,
                            struct ct_arena *a, struct ct_picked *out, struct ct_error *err)
{
    struct order order;
    enum ct_status st = read_order(t, sort, a, &order, err);
    if (st != CT_OK)
        return st;
    const void **kept = ct_arena_alloc(a, (rows.n + 1) * sizeof *kept);
    const void **spare = order.column ? ct_arena_alloc(a, (rows.n + 1) * sizeof *spare) : kept;
    if (!kept || !spare)
        return ct_fail(err, CT_ERR_LIMIT, t->name, NULL);
    size_t n = 0, old = 0;
    for (size_t i = 0; i < rows.n; i++)
        if (ct_filter_match(f, ct_row(t, rows, i)))
            kept[n++] = ct_row(t, rows, i);
    if (order.column)
        kept = sort_rows(&order, kept, spare, n);
    for (size_t i = 0; i < n; i++)
        old += is_old(order.old, kept[i]);
    *out = (struct ct_picked){kept, n, old};
    return CT_OK;
}

enum ct_status ct_rows_select(const struct ct_table *t, struct ct_rows rows,
                              const struct ct_filter *f, const char *sort, size_t limit,
                              struct ct_arena *a, struct ct_rows *out, size_t *matched,
                              struct ct_error *err)
{
    struct ct_picked picked;
    enum ct_status st = ct_rows_pick(t, rows, f, sort, a, &picked, err);
    if (st != CT_OK)
        return st;
    *matched = picked.n;
    size_t n = limit && picked.n > limit ? limit : picked.n;
    char *copy = ct_arena_alloc(a, (n + 1) * t->row_size);
    if (!copy)
        return ct_fail(err, CT_ERR_LIMIT, t->name, NULL);
    for (size_t i = 0; i < n; i++)
        memcpy(copy + i * t->row_size, picked.v[i], t->row_size);
    *out = (struct ct_rows){copy, n};
    return CT_OK;
}
