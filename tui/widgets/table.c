#include "config.h"

/* A table's selection, and how it is drawn. */
#include "tui/widgets/table_parts.h"

#include "db/base/text.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- selection ---- */

void ct_table_select(struct ct_tstate *s, const struct ct_tmodel *m, size_t at)
{
    if (m && m->rows.n) {
        s->at = at < m->rows.n ? at : m->rows.n - 1;
        snprintf(s->selected, sizeof(s->selected), "%.*s", CT_FMT(m->ids[s->at]));
    }
}

/* After a new model: the selected row may stand elsewhere. One that is gone leaves the cursor at its place;
 * one never chosen stays the first. The distance from the top of the screen is kept, unless the list's top is in sight:
 * what is worst comes first and must be seen. */
void ct_table_follow(struct ct_tstate *s, const struct ct_tmodel *m)
{
    if (s->seen == m->serial) {
        return;
    }
    size_t offset = s->at - (s->top < s->at ? s->top : s->at), i = 0;
    bool at_top = s->top == 0;
    s->seen = m->serial;
    if (s->to_end && m->rows.n) {
        s->to_end = false;
        ct_table_select(s, m, m->rows.n - 1);
        return;
    }
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

const void *ct_tview_row(const struct ct_tstate *s, const struct ct_tmodel *m)
{
    return m && s->at < m->rows.n ? m->rows.v[s->at] : NULL;
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

void ct_table_mark(struct ct_tstate *s, struct ct_span id)
{
    size_t i = find_mark(s, id);
    if (i < s->n_marks) {
        s->marks[i] = s->marks[--s->n_marks];
    } else if (s->n_marks < CT_T_MARKS) {
        s->marks[s->n_marks++] = ct_hash(id);
    }
}

bool ct_table_sorted(const char *sort, const char *column, bool *desc)
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
        bool desc, sorted = ct_table_sorted(d->query->sort, c->column, &desc);
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

enum ct_role ct_table_cell(const struct ct_tview *v, const struct ct_tcol *c, const void *row,
                              const struct ct_draw *d, struct ct_buf *out)
{
    ct_buf_clear(out);
    if (c->format) {
        return c->format(row, d, out);
    }
    const struct ct_column *col = c->column ? ct_table_column(v->table, ct_span(c->column)) : NULL;
    return col ? format_plain(col, row, d, out) : CT_ROLE_TEXT;
}

enum { SAMPLE = 256 };

/* How wide the texts of M's columns are, of many rows those at equal distances. Widths only grow while layout and
 * box stay: columns must not jump at every refresh. */
static void measure(const struct ct_tview *v, struct ct_tstate *s, const struct ct_tmodel *m,
                    const struct ct_draw *d, int cols)
{
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
            ct_table_cell(v, c, m->rows.v[k], d, &text);
            int one = ct_text_width(ct_buf_span(&text));
            wide = one > wide ? one : wide;
        }
        wide = wide < UCHAR_MAX ? wide : UCHAR_MAX;
        s->wide[i] = s->wide[i] > wide ? s->wide[i] : (unsigned char)wide;
    }
    ct_buf_free(&text);
}

/* A number is never cut: those in view count even when the sample went past them. */
static void measure_shown(const struct ct_tview *v, struct ct_tstate *s, const struct ct_tmodel *m,
                          const struct ct_draw *d)
{
    struct ct_buf text = CT_BUF_INIT;
    size_t end = (size_t)s->top + (size_t)(s->page > 0 ? s->page : 0);
    for (size_t at = (size_t)s->top; m->rows.n > SAMPLE && at < end && at < m->rows.n; at++) {
        for (int i = 0; i < ct_columns_n(v); i++) {
            const struct ct_tcol *c = &v->cols[i];
            if (c->align > 0 && !c->paint) {
                ct_table_cell(v, c, m->rows.v[at], d, &text);
                int wide = ct_text_width(ct_buf_span(&text));
                s->wide[i] = wide > s->wide[i] && wide <= UCHAR_MAX ? (unsigned char)wide : s->wide[i];
            }
        }
    }
    ct_buf_free(&text);
}

static void draw_row(const struct ct_tview *v, const struct ct_tmodel *m, size_t at,
                     const struct ct_draw *d, struct ct_box line, const struct ct_fit *f,
                     struct ct_buf *text)
{
    const void *row = m->rows.v[at];
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
        enum ct_role role = ct_table_cell(v, c, row, d, text);
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
        ct_buf_addf(&text, "not refreshed: %s (%s)", d->load_error->what, d->load_error->where);
        ct_put_field(line, 0, 1, line.cols - 1, -1, CT_ROLE_ERROR, ct_buf_span(&text));
        ct_buf_free(&text);
        return;
    }
    ct_buf_addf(&text, "%zu of %zu%s %s", m->rows.n, m->total, m->more ? "+" : "", v->noun ? v->noun : "rows");
    if (s->to_end) {
        ct_buf_adds(&text, "   reading on to the end");
    }
    if (s->n_marks) {
        ct_buf_addf(&text, "   %zu marked", s->n_marks);
    }
    /* What hides rows matters more than that they stand in no order of their own. */
    bool tight = line.cols < 58 && d->query->filter[0] && !d->query->sort[0] && !m->matched && !m->rows.old;
    if (!tight) {
        ct_buf_addf(&text, "   order: %s", d->query->sort[0] ? d->query->sort : v->order ? v->order : "list");
    }
    if (m->rows.old) {
        ct_buf_addf(&text, ", %zu old ones last (old:yes)", m->rows.old);
    }
    if (m->matched) {
        ct_buf_addf(&text, "   %zu match, n N: %s", m->n_matched, d->query->filter);
    } else if (d->query->filter[0]) {
        ct_buf_addf(&text, "%s%s", tight ? "  filter " : "   hidden by filter: ", d->query->filter);
    }
    if (v->filters && strpbrk(d->query->filter, "<>=")) {
        ct_buf_addf(&text, " (%s)", v->filters);
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
        if (m->near.n) {
            ct_buf_addf(&text, "; near it: %.*s", CT_FMT(m->near));
        }
    } else {
        ct_buf_addf(&text, "nothing followed here (%zu hidden). w follows a row, W shows all",
                    m->hidden);
    }
    ct_put_field(box, y, 1, box.cols - 1, -1, CT_ROLE_DIM, ct_buf_span(&text));
    ct_buf_free(&text);
}

static uint64_t mixed(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Everything that rows of M show besides their number: what FORMAT and PAINT are given, and where columns stand. */
static uint64_t rows_key(const struct ct_tview *v, const struct ct_tmodel *m, const struct ct_draw *d,
                         const struct ct_fit *f)
{
    struct ct_span q = {(const char *)d->query, offsetof(struct ct_panel_query, watch)};
    uint64_t h = mixed(mixed((uint64_t)(uintptr_t)v, m->serial), (uint64_t)d->now_ms);
    h = mixed(h, (uint64_t)d->live | (uint64_t)d->zoomed << 1 | (uint64_t)(d->load_error != NULL) << 2 |
                     (uint64_t)d->focus << 3);
    for (int i = 0; i < f->n; i++) {
        h = mixed(h, (uint64_t)f->index[i] << 32 | (uint64_t)f->x[i] << 16 | (uint64_t)f->width[i]);
    }
    return mixed(h, ct_hash(q));
}

/* What stands before row AT, and over it when the cursor is HERE. */
static void draw_gutter(const struct ct_tstate *s, const struct ct_tmodel *m, size_t at, bool here, struct ct_box line)
{
    bool marked = ct_tview_marked(s, m, at), watched = m->watched && m->watched[at];
    enum ct_role role = marked || (watched && !here) ? CT_ROLE_KEY : here ? CT_ROLE_TITLE : CT_ROLE_TEXT;
    ct_put_point(line, 0, 0, role, marked ? '*' : here ? '>' : watched ? 'w' : ' ');
    if (here) {
        ct_select(line, 0, 0, line.cols);
    }
}

static void draw_rows(const struct ct_tview *v, struct ct_tstate *s, const struct ct_tmodel *m,
                      const struct ct_draw *d, struct ct_box body, const struct ct_fit *f)
{
    struct ct_buf text = CT_BUF_INIT;
    uint64_t key = rows_key(v, m, d, f);
    for (int y = 0; y < body.rows && s->top + (size_t)y < m->rows.n; y++) {
        size_t i = s->top + (size_t)y;
        struct ct_box line = ct_box_sub(body, y, 0, 1, body.cols);
        if (!ct_line_put(line, mixed(key, i))) {
            draw_row(v, m, i, d, line, f, &text);
            ct_line_keep(line, mixed(key, i));
        }
        draw_gutter(s, m, i, d->focus && i == s->at, line);
    }
    s->body = body;
    s->shown_at = s->at;
    ct_buf_free(&text);
}

bool ct_tview_move(void *state, const void *model, const struct ct_draw *d)
{
    struct ct_tstate *s = state;
    const struct ct_tmodel *m = model;
    (void)d;
    size_t end = s->top + (size_t)s->body.rows;
    end = end < m->rows.n ? end : m->rows.n;
    if (s->shown_at < s->top || s->shown_at >= end || s->at < s->top || s->at >= end) {
        return false;
    }
    struct ct_box left = ct_box_sub(s->body, (int)(s->shown_at - s->top), 0, 1, s->body.cols);
    draw_gutter(s, m, s->shown_at, false, left);
    ct_deselect(left, 0, 0, left.cols);
    draw_gutter(s, m, s->at, true, ct_box_sub(s->body, (int)(s->at - s->top), 0, 1, s->body.cols));
    s->shown_at = s->at;
    return true;
}

/* "5 of 9" in front of the note, where there is no row for a footer; of a folded panel how many there are. */
static void note_part(struct ct_buf *note, int page, const struct ct_tmodel *m)
{
    struct ct_buf old = *note;
    *note = (struct ct_buf)CT_BUF_INIT;
    if (page > 0) {
        ct_buf_addf(note, "%d of ", page);
    }
    ct_buf_addf(note, "%zu%s%s", m->rows.n + m->unread, m->more ? "+" : "", old.n ? "   " : "");
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
            ct_table_cell(v, &v->cols[i], m->rows.v[at], d, cell);
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
        memcpy(&at, (const char *)m->rows.v[i] + seen->off, sizeof(at));
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
    ct_table_follow(s, m);
    measure(v, s, m, d, box.cols);
    bool asking = s->sorting || s->choosing;
    bool header = asking || box.rows >= (box.cols >= 58 ? 3 : box.cols >= 45 ? 7 : 8);
    bool told = s->to_end || m->hidden || d->load_error || s->n_marks || d->query->sort[0] || m->matched || m->rows.old;
    bool more = m->rows.n + (header ? 1 : 0) > (size_t)box.rows;
    bool footer = (box.rows >= 5 && told) || (box.rows >= 9 && more) || (asking && box.rows >= 2);
    s->page = box.rows - header - footer;
    s->body_y = header;
    if (more && !footer) {
        note_part(note, s->page, m);
    }
    scroll(s, m->rows.n, s->page);
    measure_shown(v, s, m, d);
    fit_scrolled(v, s, box.cols, &f);
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
        if (ct_table_sorted(d->query->sort, v->cols[i].column, &desc)) {
            ct_buf_addf(note, "%ssort: %s%s", note->n ? "   " : "", v->cols[i].column,
                        desc ? " desc" : "");
        }
    }
}
