#include "config.h"

#include "tui/widgets/columns.h"

#include "db/base/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- loader side: rows and their ids ---- */

/* What is followed: ids, globs of them, and filters such as "gpu:h100 form:sxm". */
struct follow {
    struct ct_span item;
    struct ct_filter *filter;
};

struct follows {
    CT_VEC(struct follow) v;
    const struct ct_column *column;
};

static enum ct_status read_follows(const struct ct_tview *v, const struct ct_panel_query *q,
                                   int64_t now_ms, struct ct_arena *a, struct follows *out)
{
    struct ct_span rest = ct_span(q->watch);
    out->column = ct_table_column(v->table, ct_span(v->watch ? v->watch : v->id));
    while (rest.p && out->column) {
        struct ct_span item = ct_span_trim(ct_span_cut(&rest, '\n'));
        struct follow *f = item.n ? CT_VEC_PUSH(a, &out->v) : NULL;
        if (!f) {
            continue;
        }
        f->item = item;
        if (memchr(item.p, ':', item.n) || memchr(item.p, '<', item.n) ||
            memchr(item.p, '>', item.n)) {
            /* Made for another table: its fields are unknown here, and it follows nothing. */
            struct ct_error ignored = {0};
            if (ct_filter_compile(v->table, item, now_ms, a, &f->filter, &ignored) != CT_OK) {
                f->filter = NULL;
                f->item = CT_LIT("");
            }
        }
    }
    return ct_arena_full(a) ? CT_ERR_LIMIT : CT_OK;
}

static bool followed(const struct follows *f, const void *row, struct ct_span id)
{
    for (size_t i = 0; i < f->v.n; i++) {
        const struct follow *one = &f->v.v[i];
        if (one->filter ? ct_filter_match(one->filter, row)
                        : ct_span_eq(one->item, id) || ct_glob(one->item, id)) {
            return true;
        }
    }
    return false;
}

/* Keeps the followed rows only; order stays. */
static enum ct_status keep_followed(const struct ct_tview *v, const struct follows *f,
                                    struct ct_rows *rows, struct ct_arena *a)
{
    size_t size = v->table->row_size, n = 0;
    char *kept = ct_arena_alloc(a, rows->n * size + 1);
    for (size_t i = 0; kept && i < rows->n; i++) {
        const void *row = ct_row(v->table, *rows, i);
        if (f->column && followed(f, row, ct_cell_text(f->column, row, a))) {
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
    struct ct_filter *filter = NULL;
    struct follows follows = {0};
    memset(out, 0, sizeof(*out));
    out->serial = ++serial;
    out->total = rows.n;
    enum ct_status st =
        ct_filter_compile(v->table, ct_span(q->filter), now_ms, a, &filter, err);
    if (st == CT_OK && read_follows(v, q, now_ms, a, &follows) != CT_OK) {
        st = ct_fail(err, CT_ERR_LIMIT, v->table->name, NULL);
    }
    if (st == CT_OK && q->watch_only && keep_followed(v, &follows, &rows, a) != CT_OK) {
        st = ct_fail(err, CT_ERR_LIMIT, v->table->name, NULL);
    }
    if (st == CT_OK) {
        size_t matched = 0;
        out->all = rows;
        st = ct_rows_select(v->table, rows, q->highlight ? NULL : filter, q->sort, 0, a, &out->rows,
                            &matched, err);
    }
    if (st != CT_OK) {
        return st;
    }
    out->hidden = out->total - out->rows.n;
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
        if (out->watched && follows.column) {
            out->watched[i] = followed(&follows, row, ct_cell_text(follows.column, row, a));
        }
    }
    return ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, v->table->name, NULL) : CT_OK;
}

/* ---- selection ---- */

static void select_at(struct ct_tstate *s, const struct ct_tmodel *m, size_t at)
{
    if (m && m->rows.n) {
        s->at = at < m->rows.n ? at : m->rows.n - 1;
        snprintf(s->selected, sizeof(s->selected), "%.*s", CT_FMT(m->ids[s->at]));
    }
}

/* After a new model: the selected row may stand elsewhere. One that is gone leaves the cursor at its place;
 * one never chosen stays the first. The distance from the top of the screen is kept, unless the list's top is in sight:
 * what is worst comes first and must be seen. */
static void follow_selection(struct ct_tstate *s, const struct ct_tmodel *m)
{
    if (s->seen == m->serial) {
        return;
    }
    size_t offset = s->at - (s->top < s->at ? s->top : s->at), i = 0;
    bool at_top = s->top == 0;
    s->seen = m->serial;
    if (!s->selected[0]) {
        s->at = s->top = 0;
        return;
    }
    while (i < m->rows.n && !ct_span_is(m->ids[i], s->selected)) {
        i++;
    }
    if (i < m->rows.n) {
        s->at = i;
    } else if (s->at >= m->rows.n) {
        s->at = m->rows.n ? m->rows.n - 1 : 0;
    }
    s->top = s->at > offset && !at_top ? s->at - offset : 0;
}

static void scroll(struct ct_tstate *s, size_t n, int page)
{
    size_t rows = page > 0 ? (size_t)page : 1;
    if (s->at < s->top) {
        s->top = s->at;
    }
    if (s->at >= s->top + rows) {
        s->top = s->at - rows + 1;
    }
    if (s->top + rows > n) {
        s->top = n > rows ? n - rows : 0;
    }
}

const void *ct_tview_row(const struct ct_tview *v, const struct ct_tstate *s,
                         const struct ct_tmodel *m)
{
    return m && s->at < m->rows.n ? ct_row(v->table, m->rows, s->at) : NULL;
}

/* The id under the cursor. Between a new model and its first draw the index may still be the old one. */
static struct ct_span current_id(const struct ct_tstate *s, const struct ct_tmodel *m)
{
    return m && s->at < m->rows.n ? m->ids[s->at] : CT_SPAN_NONE;
}

static size_t find_mark(const struct ct_tstate *s, struct ct_span id)
{
    uint64_t hash = ct_hash(id);
    size_t i = 0;
    while (i < s->n_marks && s->marks[i] != hash) {
        i++;
    }
    return i;
}

bool ct_tview_marked(const struct ct_tstate *s, const struct ct_tmodel *m, size_t i)
{
    return find_mark(s, m->ids[i]) < s->n_marks;
}

static void toggle_mark(struct ct_tstate *s, struct ct_span id)
{
    size_t i = find_mark(s, id);
    if (i < s->n_marks) {
        s->marks[i] = s->marks[--s->n_marks];
    } else if (s->n_marks < CT_T_MARKS) {
        s->marks[s->n_marks++] = ct_hash(id);
    }
}

/* Whether SORT ("price:desc") names COLUMN; *DESC says which way. */
static bool sorts_by(const char *sort, const char *column, bool *desc)
{
    struct ct_span rest = ct_span(sort), name = ct_span_cut(&rest, ':');
    *desc = ct_span_is(rest, "desc");
    return column && sort[0] && ct_span_is(name, column);
}

/* ---- drawing ---- */

static void draw_header(const struct ct_tview *v, const struct ct_tstate *s, const struct ct_draw *d,
                        struct ct_box box, const struct ct_fit *f)
{
    for (int i = 0; i < f->n; i++) {
        const struct ct_tcol *c = &v->cols[f->index[i]];
        struct ct_span name = ct_span(c->header ? c->header : "");
        bool desc, sorted = sorts_by(d->query->sort, c->column, &desc);
        int width = f->width[i], wide = ct_text_width(name);
        enum ct_role role = sorted ? CT_ROLE_TITLE : CT_ROLE_HEADER;
        if (wide <= width) {
            ct_put_field(box, 0, f->x[i], width, c->align, role, name);
        } else {
            ct_put(box, 0, f->x[i], role, width, name); /* a cut word reads better than a mark in it */
        }
        int start = c->align > 0 && wide < width ? f->x[i] + width - wide : f->x[i];
        int letter = s->sorting && c->column ? ct_column_letter(v, (size_t)f->index[i])
                     : s->choosing           ? ct_column_choice(v, (size_t)f->index[i])
                                             : 0;
        if (letter && width > 0) {
            ct_put_point(box, 0, start, CT_ROLE_KEY, (uint32_t)letter);
        } else if (d->focus && s->col > 0 && f->index[i] == s->order[s->col]) {
            ct_select(box, 0, start, wide < width ? wide : width);
        }
    }
}

/* A cell of a plain column by its type. */
static enum ct_role format_plain(const struct ct_column *col, const void *row,
                                 const struct ct_draw *d, struct ct_buf *out)
{
    const char *at = (const char *)row + col->off;
    if (ct_cell_null(col, row)) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    switch (col->type) {
    case CT_TYPE_TEXT: {
        struct ct_span text;
        memcpy(&text, at, sizeof(text));
        ct_buf_add(out, text);
        break;
    }
    case CT_TYPE_TIME: {
        int64_t ms;
        memcpy(&ms, at, sizeof(ms));
        return ct_format_age(out, d, ms, CT_FRESH);
    }
    case CT_TYPE_NANO: {
        int64_t value;
        memcpy(&value, at, sizeof(value));
        ct_format_price(out, value);
        break;
    }
    default: {
        struct ct_arena *a = ct_arena_new(0);
        ct_buf_add(out, ct_cell_text(col, row, a));
        ct_arena_free(a);
    }
    }
    return CT_ROLE_TEXT;
}

static enum ct_role cell_text(const struct ct_tview *v, const struct ct_tcol *c, const void *row,
                              const struct ct_draw *d, struct ct_buf *out)
{
    ct_buf_clear(out);
    if (c->format) {
        return c->format(row, d, out);
    }
    const struct ct_column *col = c->column ? ct_table_column(v->table, ct_span(c->column)) : NULL;
    return col ? format_plain(col, row, d, out) : CT_ROLE_TEXT;
}

/* How wide the texts of M's columns are, of many rows those at equal distances. Widths only grow while layout and
 * box stay: columns must not jump at every refresh. */
static void measure(const struct ct_tview *v, struct ct_tstate *s, const struct ct_tmodel *m,
                    const struct ct_draw *d, int cols)
{
    enum { SAMPLE = 256 };
    if (s->measured == v && s->measured_cols == cols && s->measured_serial == m->serial) {
        return;
    }
    if (s->measured != v || s->measured_cols != cols) {
        memset(s->wide, 0, sizeof(s->wide));
    }
    s->measured = v;
    s->measured_cols = cols;
    s->measured_serial = m->serial;
    struct ct_buf text = CT_BUF_INIT;
    size_t step = m->rows.n / SAMPLE + 1;
    for (int i = 0; i < ct_columns_n(v); i++) {
        const struct ct_tcol *c = &v->cols[i];
        int wide = ct_text_width(ct_span(c->header ? c->header : ""));
        for (size_t k = 0; !c->paint && k < m->rows.n; k += step) {
            cell_text(v, c, ct_row(v->table, m->rows, k), d, &text);
            int one = ct_text_width(ct_buf_span(&text));
            wide = one > wide ? one : wide;
        }
        wide = wide < UCHAR_MAX ? wide : UCHAR_MAX;
        s->wide[i] = s->wide[i] > wide ? s->wide[i] : (unsigned char)wide;
    }
    ct_buf_free(&text);
}

static void draw_row(const struct ct_tview *v, const struct ct_tmodel *m, size_t at,
                     const struct ct_draw *d, struct ct_box line, const struct ct_fit *f,
                     struct ct_buf *text)
{
    const void *row = ct_row(v->table, m->rows, at);
    enum ct_role usual = v->row_role ? v->row_role(row, d) : CT_ROLE_TEXT;
    if (d->load_error && usual == CT_ROLE_TEXT) {
        usual = CT_ROLE_STALE; /* the last good answer, not today's */
    }
    if (m->matched && m->matched[at] && usual == CT_ROLE_TEXT) {
        usual = CT_ROLE_MATCH;
    }
    for (int i = 0; i < f->n; i++) {
        const struct ct_tcol *c = &v->cols[f->index[i]];
        if (c->paint) {
            c->paint(row, d, ct_box_sub(line, 0, f->x[i], 1, f->width[i]));
            continue;
        }
        enum ct_role role = cell_text(v, c, row, d, text);
        role = role == CT_ROLE_TEXT ? usual : role;
        if (c->middle) {
            ct_put_middle(line, 0, f->x[i], f->width[i], role, ct_buf_span(text));
        } else {
            ct_put_field(line, 0, f->x[i], f->width[i], c->align, role, ct_buf_span(text));
        }
    }
}

/* The letters over the headers hide; here stand those that would come back. */
static void draw_choice(const struct ct_tview *v, const struct ct_tstate *s, struct ct_box line)
{
    struct ct_fit f;
    uint32_t shown = 0;
    int x = 1 + ct_puts(line, 0, 1, CT_ROLE_KEY, "show or hide: a letter, 0 all, Esc") + 2;
    ct_columns_fit(v, s, s->measured_cols, &f);
    for (int i = 0; i < f.n; i++) {
        shown |= 1u << f.index[i];
    }
    for (int i = v->frozen; i < ct_columns_n(v) && x < line.cols; i++) {
        if (!(shown >> i & 1)) {
            x += ct_putf(line, 0, x, CT_ROLE_KEY, "%c", ct_column_choice(v, (size_t)i)) + 1;
            x += ct_puts(line, 0, x, CT_ROLE_DIM, v->cols[i].header ? v->cols[i].header : "") + 1;
        }
    }
}

static void draw_footer(const struct ct_tview *v, const struct ct_tstate *s,
                        const struct ct_tmodel *m, const struct ct_draw *d, struct ct_box line)
{
    struct ct_buf text = CT_BUF_INIT;
    if (s->sorting) {
        ct_put_field(line, 0, 1, line.cols - 1, -1, CT_ROLE_KEY,
                     CT_LIT("sort by: a letter, s current column, 0 list order, Esc"));
        return;
    }
    if (s->choosing) {
        draw_choice(v, s, line);
        return;
    }
    if (d->load_error) {
        ct_buf_addf(&text, "not refreshed: %s: %s", d->load_error->where, d->load_error->what);
        ct_put_field(line, 0, 1, line.cols - 1, -1, CT_ROLE_ERROR, ct_buf_span(&text));
        ct_buf_free(&text);
        return;
    }
    ct_buf_addf(&text, "%zu of %zu %s", m->rows.n, m->total, v->noun ? v->noun : "rows");
    if (s->n_marks) {
        ct_buf_addf(&text, "   %zu marked", s->n_marks);
    }
    ct_buf_addf(&text, "   order: %s", d->query->sort[0] ? d->query->sort : "list");
    if (m->matched) {
        ct_buf_addf(&text, "   %zu match, n N: %s", m->n_matched, d->query->filter);
    } else if (d->query->filter[0]) {
        ct_buf_addf(&text, "   hidden by filter: %s", d->query->filter);
    }
    ct_buf_adds(&text, d->query->watch_only ? "   only what I follow" : "");
    ct_put_field(line, 0, 1, line.cols - 1, -1, CT_ROLE_DIM, ct_buf_span(&text));
    ct_buf_free(&text);
}

static void draw_empty(const struct ct_tmodel *m, const struct ct_draw *d, struct ct_box box, int y,
                       const char *empty)
{
    if (m->hidden == 0) {
        ct_put_field(box, y, 1, box.cols - 1, -1, CT_ROLE_DIM, ct_span(empty));
        return;
    }
    struct ct_buf text = CT_BUF_INIT;
    if (d->query->filter[0]) {
        ct_buf_addf(&text, "nothing matches: %s (%zu hidden). Esc clears", d->query->filter, m->hidden);
    } else {
        ct_buf_addf(&text, "nothing followed here (%zu hidden). w follows a row, W shows all",
                    m->hidden);
    }
    ct_put_field(box, y, 1, box.cols - 1, -1, CT_ROLE_DIM, ct_buf_span(&text));
    ct_buf_free(&text);
}

static void draw_rows(const struct ct_tview *v, struct ct_tstate *s, const struct ct_tmodel *m,
                      const struct ct_draw *d, struct ct_box body, const struct ct_fit *f)
{
    struct ct_buf text = CT_BUF_INIT;
    for (int y = 0; y < body.rows && s->top + (size_t)y < m->rows.n; y++) {
        size_t i = s->top + (size_t)y;
        bool here = d->focus && i == s->at, marked = ct_tview_marked(s, m, i);
        struct ct_box line = ct_box_sub(body, y, 0, 1, body.cols);
        draw_row(v, m, i, d, line, f, &text);
        if (here || marked) {
            ct_put_point(line, 0, 0, marked ? CT_ROLE_KEY : CT_ROLE_TITLE, marked ? '*' : '>');
        } else if (m->watched && m->watched[i]) {
            ct_put_point(line, 0, 0, CT_ROLE_KEY, 'w');
        }
        if (here) {
            ct_select(line, 0, 0, line.cols);
        }
    }
    ct_buf_free(&text);
}

/* "5 of 9" in front of the note, where there is no row for a footer. */
static void note_part(struct ct_buf *note, int page, size_t n)
{
    struct ct_buf old = *note;
    *note = (struct ct_buf)CT_BUF_INIT;
    ct_buf_addf(note, "%d of %zu%s", page > 0 ? page : 0, n, old.n ? "   " : "");
    ct_buf_add(note, ct_buf_span(&old));
    ct_buf_free(&old);
}

/* Lays the columns out, scrolled sideways no further than the current one needs. */
static void fit_scrolled(const struct ct_tview *v, struct ct_tstate *s, int cols, struct ct_fit *f)
{
    int most = s->col > v->frozen ? s->col - v->frozen : 0;
    bool hidden = s->hidden >> s->order[s->col] & 1;
    for (s->left = s->left < most ? s->left : most;; s->left++) {
        bool shown = s->left >= most || hidden;
        ct_columns_fit(v, s, cols, f);
        for (int i = 0; i < f->n && !shown; i++) {
            shown = f->index[i] == s->order[s->col];
        }
        if (shown) {
            return;
        }
    }
}

/* What a row is called: its names where its id is a series, else its id. */
static void row_words(const struct ct_tview *v, const struct ct_tmodel *m, size_t at,
                      const struct ct_draw *d, struct ct_buf *cell, char *out, size_t cap)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; v->series && i < v->n_cols && n + 1 < cap; i++) {
        if (v->cols[i].middle) {
            cell_text(v, &v->cols[i], ct_row(v->table, m->rows, at), d, cell);
            n += (size_t)snprintf(out + n, cap - n, "%s%.*s", n ? " " : "", CT_FMT(ct_buf_span(cell)));
        }
    }
    if (!n) {
        snprintf(out, cap, "%.*s", CT_FMT(m->ids[at]));
    }
}

/* The row on screen that was seen longest ago, for the line that names it. */
static void tell_oldest(const struct ct_tview *v, const struct ct_tstate *s, const struct ct_tmodel *m,
                        const struct ct_draw *d)
{
    const struct ct_column *seen = NULL;
    struct ct_buf text = CT_BUF_INIT;
    size_t oldest = 0;
    for (size_t i = 0; i < v->n_cols; i++) {
        if (v->cols[i].column && strcmp(v->cols[i].column, "seen") == 0) {
            seen = ct_table_column(v->table, CT_LIT("seen"));
        }
    }
    if (!d->oldest || !seen || seen->type != CT_TYPE_TIME) {
        return;
    }
    d->oldest->at_ms = CT_NONE;
    for (size_t i = s->top; i < m->rows.n && i < s->top + (size_t)(s->page > 0 ? s->page : 0); i++) {
        int64_t at;
        memcpy(&at, (const char *)ct_row(v->table, m->rows, i) + seen->off, sizeof(at));
        if (at != CT_NONE && (d->oldest->at_ms == CT_NONE || at < d->oldest->at_ms)) {
            d->oldest->at_ms = at;
            oldest = i;
        }
    }
    if (d->oldest->at_ms != CT_NONE) {
        row_words(v, m, oldest, d, &text, d->oldest->who, sizeof(d->oldest->who));
    }
    ct_buf_free(&text);
}

void ct_tview_draw(const struct ct_tview *v, struct ct_tstate *s, const struct ct_tmodel *m,
                   const struct ct_draw *d, struct ct_box box, struct ct_buf *note, const char *empty)
{
    if (!m) {
        ct_draw_waiting(d, box);
        return;
    }
    struct ct_fit f;
    bool desc;
    ct_columns_of(v, s);
    follow_selection(s, m);
    measure(v, s, m, d, box.cols);
    fit_scrolled(v, s, box.cols, &f);
    bool asking = s->sorting || s->choosing;
    bool header = asking || box.rows >= 8 || (box.rows >= 3 && box.cols >= 58);
    bool told = m->hidden || d->load_error || s->n_marks || d->query->sort[0] || m->matched;
    bool more = m->rows.n + (header ? 1 : 0) > (size_t)box.rows;
    bool footer = (box.rows >= 5 && told) || (box.rows >= 9 && more) || (asking && box.rows >= 2);
    s->page = box.rows - header - footer;
    s->body_y = header;
    if (more && !footer) {
        note_part(note, s->page, m->rows.n);
    }
    scroll(s, m->rows.n, s->page);
    if (header) {
        draw_header(v, s, d, box, &f);
    }
    if (m->rows.n == 0) {
        draw_empty(m, d, box, header, empty);
    }
    draw_rows(v, s, m, d, ct_box_sub(box, header, 0, s->page, box.cols), &f);
    if (footer) {
        draw_footer(v, s, m, d, ct_box_sub(box, box.rows - 1, 0, 1, box.cols));
    }
    tell_oldest(v, s, m, d);
    for (size_t i = 0; d->query->sort[0] && i < v->n_cols; i++) {
        if (sorts_by(d->query->sort, v->cols[i].column, &desc)) {
            ct_buf_addf(note, "%ssort: %s%s", note->n ? "   " : "", v->cols[i].column,
                        desc ? " desc" : "");
        }
    }
}

/* ---- keys ---- */

static enum ct_act_result move_to(struct ct_tstate *s, const struct ct_tmodel *m, int64_t by)
{
    if (!m || !m->rows.n) {
        return CT_ACT_DRAW;
    }
    int64_t at = (int64_t)s->at + by, last = (int64_t)m->rows.n - 1;
    select_at(s, m, (size_t)(at < 0 ? 0 : at > last ? last : at));
    return CT_ACT_DRAW;
}

static enum ct_act_result move_column(const struct ct_tview *v, struct ct_tstate *s, int by)
{
    int last = ct_columns_n(v) - 1, col = s->col + by;
    s->col = col < 0 ? 0 : col > last ? last : col;
    return CT_ACT_DRAW;
}

/* C and the letters after it: each shows or hides a column. */
static enum ct_act_result choose_column(const struct ct_tview *v, struct ct_tstate *s, int letter)
{
    s->choosing = letter >= 0;
    if (letter == '0') {
        s->arranged = NULL;
        s->left = s->col = 0;
        ct_columns_of(v, s);
    }
    for (int i = 0; i < ct_columns_n(v) && letter > 0; i++) {
        if (ct_column_choice(v, (size_t)i) == letter) {
            ct_columns_toggle(v, s, i, s->measured_cols);
        }
    }
    return CT_ACT_DRAW;
}

static enum ct_act_result sort_by(const struct ct_tview *v, struct ct_tstate *s, int letter,
                                  struct ct_panel_query *q)
{
    const char *column = NULL;
    bool desc;
    if (letter == 0) {
        s->sorting = true;
        return CT_ACT_DRAW;
    }
    s->sorting = false;
    if (letter == '0') {
        q->sort[0] = '\0';
        return CT_ACT_LOAD;
    }
    if (letter == 's') {
        column = v->cols[s->order[s->col]].column;
    }
    for (size_t i = 0; i < v->n_cols && !column && letter > 0; i++) {
        column = ct_column_letter(v, i) == letter ? v->cols[i].column : NULL;
    }
    if (!column) {
        return CT_ACT_DRAW;
    }
    bool again = sorts_by(q->sort, column, &desc);
    snprintf(q->sort, sizeof(q->sort), "%s%s", column, again && !desc ? ":desc" : "");
    return CT_ACT_LOAD;
}

enum ct_act_result ct_tview_click(struct ct_tstate *s, const struct ct_tmodel *m, int y, int x,
                                  struct ct_panel_query *q)
{
    const struct ct_tview *v = s->arranged;
    size_t at = s->top + (size_t)(y > s->body_y ? y - s->body_y : 0);
    struct ct_fit f;
    if (!v || !m || y < 0) {
        return CT_ACT_IGNORED;
    }
    if (y >= s->body_y) {
        if (y - s->body_y < s->page && at < m->rows.n) {
            select_at(s, m, at);
        }
        return CT_ACT_DRAW;
    }
    ct_columns_fit(v, s, s->measured_cols, &f);
    for (int i = 0; i < f.n; i++) {
        if (x >= f.x[i] && x <= f.x[i] + f.width[i] && v->cols[f.index[i]].column) {
            return sort_by(v, s, ct_column_letter(v, (size_t)f.index[i]), q);
        }
    }
    return CT_ACT_DRAW;
}

static enum ct_act_result reverse(struct ct_panel_query *q, struct ct_frame_request *req)
{
    struct ct_span rest = ct_span(q->sort), name = ct_span_cut(&rest, ':');
    char column[sizeof(q->sort) - 6]; /* ":desc" has room behind it */
    if (!q->sort[0]) {
        req->kind = CT_REQ_MESSAGE;
        snprintf(req->text, sizeof(req->text), "list order has no reverse: s sorts");
        return CT_ACT_DRAW;
    }
    snprintf(column, sizeof(column), "%.*s", CT_FMT(name));
    snprintf(q->sort, sizeof(q->sort), "%s%s", column, ct_span_is(rest, "desc") ? "" : ":desc");
    return CT_ACT_LOAD;
}

/* The next row that changed or is unwell, round the end. */
static enum ct_act_result next_notable(const struct ct_tview *v, struct ct_tstate *s,
                                       const struct ct_tmodel *m, bool back)
{
    size_t n = m ? m->rows.n : 0;
    for (size_t i = 1; v->notable && i <= n; i++) {
        size_t at = (s->at + (back ? n - i : i)) % n;
        if (v->notable(ct_row(v->table, m->rows, at))) {
            select_at(s, m, at);
            return CT_ACT_DRAW;
        }
    }
    return CT_ACT_IGNORED;
}

/* The next row that the highlighting filter matches, round the end. */
static enum ct_act_result next_match(struct ct_tstate *s, const struct ct_tmodel *m, bool back,
                                     struct ct_frame_request *req)
{
    size_t n = m && m->matched ? m->rows.n : 0;
    for (size_t i = 1; i <= n; i++) {
        size_t at = (s->at + (back ? n - i : i)) % n;
        if (m->matched[at]) {
            select_at(s, m, at);
            return CT_ACT_DRAW;
        }
    }
    req->kind = CT_REQ_MESSAGE;
    snprintf(req->text, sizeof(req->text), "%s", n ? "nothing matches" : "nothing highlighted: / then Tab");
    return CT_ACT_DRAW;
}

/* The text of COLUMN in the marked rows, or in the selected one, a line each, as a request. */
static enum ct_act_result request(const struct ct_tview *v, const struct ct_tstate *s,
                                  const struct ct_tmodel *m, const char *column, int kind,
                                  struct ct_frame_request *req)
{
    const struct ct_column *col = column ? ct_table_column(v->table, ct_span(column)) : NULL;
    struct ct_arena *a = ct_arena_new(0);
    size_t used = 0;
    for (size_t i = 0; col && m && i < m->rows.n; i++) {
        bool wanted = s->n_marks ? ct_tview_marked(s, m, i) : i == s->at;
        struct ct_span text = wanted ? ct_cell_text(col, ct_row(v->table, m->rows, i), a) : CT_SPAN_NONE;
        if (text.n && used + text.n + 2 < sizeof(req->text)) {
            used += (size_t)snprintf(req->text + used, sizeof(req->text) - used, "%s%.*s",
                                     used ? "\n" : "", CT_FMT(text));
        }
    }
    ct_arena_free(a);
    if (used) {
        req->kind = (__typeof__(req->kind))kind;
        return CT_ACT_DRAW;
    }
    req->kind = CT_REQ_MESSAGE;
    snprintf(req->text, sizeof(req->text), "nothing of that kind in this row");
    return CT_ACT_DRAW;
}

static enum ct_act_result copy(const struct ct_tview *v, const struct ct_tstate *s,
                               const struct ct_tmodel *m, bool json, struct ct_frame_request *req)
{
    const void *row = ct_tview_row(v, s, m);
    struct ct_buf text = CT_BUF_INIT, cell = CT_BUF_INIT;
    if (!row) {
        return CT_ACT_IGNORED;
    }
    if (json) {
        struct ct_jw w;
        ct_jw_init(&w, &text);
        ct_row_json(&w, v->table, row, NULL);
    } else {
        struct ct_panel_query none = {.at_ms = CT_LIVE};
        struct ct_draw d = {.now_ms = ct_now_ms(), .live = true, .query = &none};
        for (size_t i = 0; i < v->n_cols; i++) {
            if (!v->cols[i].paint) {
                cell_text(v, &v->cols[i], row, &d, &cell);
                ct_buf_adds(&text, text.n && cell.n ? "  " : "");
                ct_buf_add(&text, ct_buf_span(&cell));
            }
        }
    }
    req->kind = CT_REQ_COPY;
    snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(ct_buf_span(&text)));
    ct_buf_free(&text);
    ct_buf_free(&cell);
    return CT_ACT_DRAW;
}

static enum ct_act_result act_on_row(const struct ct_tview *v, struct ct_tstate *s,
                                     const struct ct_tmodel *m, enum ct_action action,
                                     struct ct_panel_query *q, struct ct_frame_request *req)
{
    struct ct_span id = current_id(s, m);
    switch (action) {
    case CT_ACT_DETAIL:
        if (!id.n) {
            return CT_ACT_IGNORED;
        }
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(id));
        return CT_ACT_DRAW;
    case CT_ACT_MARK:
        if (id.n) {
            toggle_mark(s, id);
        }
        return move_to(s, m, 1);
    case CT_ACT_WATCH:
        return request(v, s, m, v->watch ? v->watch : v->id, CT_REQ_WATCH, req);
    case CT_ACT_WATCH_ONLY:
        q->watch_only = !q->watch_only;
        return CT_ACT_LOAD;
    case CT_ACT_COMPARE:
        return request(v, s, m, v->series, CT_REQ_COMPARE, req);
    case CT_ACT_HISTORY:
        return request(v, s, m, v->series, CT_REQ_HISTORY, req);
    case CT_ACT_ALERT_RULE:
    case CT_ACT_SILENCE:
        return ct_tview_alert(v, ct_tview_row(v, s, m), action, req);
    case CT_ACT_OPEN:
        return request(v, s, m, v->url, CT_REQ_MESSAGE, req);
    case CT_ACT_COPY:
        return copy(v, s, m, false, req);
    case CT_ACT_COPY_JSON:
        return copy(v, s, m, true, req);
    default:
        return CT_ACT_IGNORED;
    }
}

enum ct_act_result ct_tview_act(const struct ct_tview *v, struct ct_tstate *s,
                                const struct ct_tmodel *m, enum ct_action action, int letter,
                                struct ct_panel_query *q, struct ct_frame_request *req)
{
    int64_t page = s->page > 1 ? s->page : 1, all = m ? (int64_t)m->rows.n : 0;
    ct_columns_of(v, s);
    if (m) {
        follow_selection(s, m);
    }
    switch (action) {
    case CT_ACT_ROW_DOWN:
        return move_to(s, m, 1);
    case CT_ACT_ROW_UP:
        return move_to(s, m, -1);
    case CT_ACT_TOP:
        return move_to(s, m, -all);
    case CT_ACT_BOTTOM:
        return move_to(s, m, all);
    case CT_ACT_HALF_DOWN:
        return move_to(s, m, (page + 1) / 2);
    case CT_ACT_HALF_UP:
        return move_to(s, m, -(page + 1) / 2);
    case CT_ACT_PAGE_DOWN:
        return move_to(s, m, page);
    case CT_ACT_PAGE_UP:
        return move_to(s, m, -page);
    case CT_ACT_COL_LEFT:
        return move_column(v, s, -1);
    case CT_ACT_COL_RIGHT:
        return move_column(v, s, 1);
    case CT_ACT_SORT:
        return sort_by(v, s, letter, q);
    case CT_ACT_COLUMNS:
        return choose_column(v, s, letter);
    case CT_ACT_COLUMN_LEFT:
    case CT_ACT_COLUMN_RIGHT:
        ct_columns_move(v, s, action == CT_ACT_COLUMN_LEFT ? -1 : 1);
        return CT_ACT_DRAW;
    case CT_ACT_NEXT_MATCH:
    case CT_ACT_PREV_MATCH:
        return next_match(s, m, action == CT_ACT_PREV_MATCH, req);
    case CT_ACT_REVERSE:
        return reverse(q, req);
    case CT_ACT_NEXT_EVENT:
        return next_notable(v, s, m, false);
    case CT_ACT_PREV_EVENT:
        return next_notable(v, s, m, true);
    default:
        return act_on_row(v, s, m, action, q, req);
    }
}
