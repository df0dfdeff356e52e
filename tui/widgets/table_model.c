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
    const void **which = ct_arena_alloc(a, (rows->n + 1) * sizeof(*which));
    for (size_t i = 0; which && i < rows->n; i++) {
        const void *row = ct_row(v->table, *rows, i);
        if (named && ct_follows(f, row, ct_cell_text(named, row, a))) {
            which[n++] = row;
        }
    }
    char *kept = ct_arena_alloc(a, n * size + 1);
    for (size_t i = 0; kept && i < n; i++) {
        memcpy(kept + i * size, which[i], size);
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

/* ---- names like a word that nothing has ---- */

enum { MOST_NEAR = 3, LEAST_COMMON = 2 };

struct near {
    struct ct_span name[MOST_NEAR];
    size_t common[MOST_NEAR]; /* bytes it begins with as the word does; falling */
};

static size_t common_start(struct ct_span a, struct ct_span b)
{
    size_t n = 0;
    while (n < a.n && n < b.n && ct_span_ieq((struct ct_span){a.p + n, 1}, (struct ct_span){b.p + n, 1})) {
        n++;
    }
    return n;
}

static void offer_near(struct near *all, struct ct_span name, size_t common)
{
    size_t at = MOST_NEAR;
    for (size_t i = 0; i < MOST_NEAR; i++) {
        if (ct_span_eq(all->name[i], name)) {
            return;
        }
    }
    while (at > 0 && common > all->common[at - 1]) {
        at--;
    }
    for (size_t i = MOST_NEAR - 1; i > at; i--) {
        all->name[i] = all->name[i - 1];
        all->common[i] = all->common[i - 1];
    }
    if (at < MOST_NEAR) {
        all->name[at] = name;
        all->common[at] = common;
    }
}

/* WORD is what somebody searched for in ROWS; null when it says more than a word does. */
static struct ct_span names_near(const struct ct_table *t, struct ct_rows rows, struct ct_span word,
                                 struct ct_arena *a)
{
    struct near all = {.common = {0}};
    struct ct_buf text = CT_BUF_INIT;
    for (size_t i = 0; i < word.n; i++) {
        if (strchr(" :=<>!~*?\"", word.p[i])) {
            return CT_SPAN_NONE;
        }
    }
    for (size_t c = 0; c < t->n_columns; c++) {
        bool searched = t->columns[c].flags & CT_COL_SEARCH && t->columns[c].type == CT_TYPE_TEXT &&
                        strcmp(t->columns[c].name, "series") != 0;
        for (size_t i = 0; searched && i < rows.n; i++) {
            struct ct_span name = ct_cell_text(&t->columns[c], ct_row(t, rows, i), a);
            size_t common = common_start(name, word);
            if (common >= LEAST_COMMON) {
                offer_near(&all, name, common);
            }
        }
    }
    for (size_t i = 0; i < MOST_NEAR && all.name[i].n; i++) {
        ct_buf_addf(&text, "%s%.*s", i ? ", " : "", CT_FMT(all.name[i]));
    }
    struct ct_span near = text.n ? ct_arena_dup(a, ct_buf_span(&text)) : CT_SPAN_NONE;
    ct_buf_free(&text);
    return near;
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
        out->all = rows;
        st = ct_rows_pick(v->table, rows, q->highlight ? NULL : filter, sort, a, &out->rows, err);
    }
    if (st != CT_OK) {
        return st;
    }
    out->hidden = out->total - out->rows.n;
    if (!out->rows.n && rows.n && !q->highlight) {
        out->near = names_near(v->table, rows, ct_span_trim(ct_span(q->filter)), a);
    }
    out->ids = ct_arena_alloc(a, (out->rows.n + 1) * sizeof(*out->ids));
    out->watched = follows.v.n ? ct_arena_alloc(a, out->rows.n + 1) : NULL;
    out->matched = q->highlight && filter ? ct_arena_alloc(a, out->rows.n + 1) : NULL;
    for (size_t i = 0; out->ids && i < out->rows.n; i++) {
        const void *row = out->rows.v[i];
        out->ids[i] = v->name_row ? v->name_row(row, a) : row_id(v, row, a);
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
