#include "config.h"

/* The loader's side of a table: which rows stand in it, and their ids. */
#include "tui/widgets/table.h"

#include <string.h>

enum ct_status ct_follows_read(const struct ct_table *table, const char *watch, int64_t now_ms,
                               struct ct_arena *a, struct ct_follows *out)
{
    struct ct_span rest = ct_span(watch);
    while (rest.p) {
        struct ct_span item = ct_span_trim(ct_span_cut(&rest, '\n'));
        struct ct_follow *f = item.n ? CT_VEC_PUSH(a, &out->v) : NULL;
        if (!f) {
            continue;
        }
        f->item = item;
        if (memchr(item.p, ':', item.n) || memchr(item.p, '<', item.n) ||
            memchr(item.p, '>', item.n)) {
            /* Made for another table: its fields are unknown here, and it follows nothing. */
            struct ct_error ignored = {0};
            if (ct_filter_compile(table, item, now_ms, a, &f->filter, &ignored) != CT_OK) {
                f->filter = NULL;
                f->item = CT_LIT("");
            }
        }
    }
    return ct_arena_full(a) ? CT_ERR_LIMIT : CT_OK;
}

bool ct_follows(const struct ct_follows *f, const void *row, struct ct_span id)
{
    for (size_t i = 0; i < f->v.n; i++) {
        const struct ct_follow *one = &f->v.v[i];
        if (one->filter ? ct_filter_match(one->filter, row)
                        : id.n && (ct_span_eq(one->item, id) || ct_glob(one->item, id))) {
            return true;
        }
    }
    return false;
}

/* Keeps the followed rows only; order stays. */
static enum ct_status keep_followed(const struct ct_tview *v, const struct ct_column *named, const struct ct_follows *f,
                                    struct ct_rows *rows, struct ct_arena *a)
{
    size_t size = v->table->row_size, n = 0;
    char *kept = ct_arena_alloc(a, rows->n * size + 1);
    for (size_t i = 0; kept && i < rows->n; i++) {
        const void *row = ct_row(v->table, *rows, i);
        if (named && ct_follows(f, row, ct_cell_text(named, row, a))) {
            memcpy(kept + n++ * size, row, size);
        }
    }
    *rows = (struct ct_rows){kept, n};
    return ct_arena_full(a) ? CT_ERR_LIMIT : CT_OK;
}

static struct ct_span row_id(const struct ct_tview *v, const void *row, struct ct_arena *a)
{
    const struct ct_column *one = ct_table_column(v->table, ct_span(v->id));
    struct ct_span id = one ? ct_cell_text(one, row, a) : CT_SPAN_NONE;
    if (v->id2) {
        const struct ct_column *two = ct_table_column(v->table, ct_span(v->id2));
        struct ct_span more = two ? ct_cell_text(two, row, a) : CT_SPAN_NONE;
        if (more.n) {
            id = ct_arena_printf(a, "%.*s/%.*s", CT_FMT(id), CT_FMT(more));
        }
    }
    return id.p ? id : CT_LIT("");
}

enum ct_status ct_tmodel_load(const struct ct_tview *v, struct ct_rows rows,
                              const struct ct_panel_query *q, int64_t now_ms, struct ct_arena *a,
                              struct ct_tmodel *out, struct ct_error *err)
{
    static _Atomic uint64_t serial;
    const char *sort = q->sort[0] || !v->old_last ? q->sort : "old";
    struct ct_filter *filter = NULL;
    struct ct_follows follows = {.v = {NULL, 0, 0}};
    const struct ct_column *named = ct_table_column(v->table, ct_span(v->watch ? v->watch : v->id));
    memset(out, 0, sizeof(*out));
    out->serial = ++serial;
    out->total = rows.n;
    enum ct_status st =
        ct_filter_compile(v->table, ct_span(q->filter), now_ms, a, &filter, err);
    if (st == CT_OK && named && ct_follows_read(v->table, q->watch, now_ms, a, &follows) != CT_OK) {
        st = ct_fail(err, CT_ERR_LIMIT, v->table->name, NULL);
    }
    if (st == CT_OK && q->watch_only && keep_followed(v, named, &follows, &rows, a) != CT_OK) {
        st = ct_fail(err, CT_ERR_LIMIT, v->table->name, NULL);
    }
    if (st == CT_OK) {
        size_t matched = 0;
        out->all = rows;
        st = ct_rows_select(v->table, rows, q->highlight ? NULL : filter, sort, 0, a, &out->rows,
                            &matched, err);
    }
    if (st != CT_OK) {
        return st;
    }
    out->hidden = out->total - out->rows.n;
    out->old = ct_rows_old(v->table, out->rows, sort);
    out->ids = ct_arena_alloc(a, (out->rows.n + 1) * sizeof(*out->ids));
    out->watched = follows.v.n ? ct_arena_alloc(a, out->rows.n + 1) : NULL;
    out->matched = q->highlight && filter ? ct_arena_alloc(a, out->rows.n + 1) : NULL;
    for (size_t i = 0; out->ids && i < out->rows.n; i++) {
        const void *row = ct_row(v->table, out->rows, i);
        out->ids[i] = row_id(v, row, a);
        if (out->matched) {
            out->matched[i] = ct_filter_match(filter, row);
            out->n_matched += out->matched[i];
        }
        if (out->watched) {
            out->watched[i] = ct_follows(&follows, row, ct_cell_text(named, row, a));
        }
    }
    return ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, v->table->name, NULL) : CT_OK;
}
