#include "config.h"

#include "tui/canvas.h"

#include "db/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = CT_CANVAS_ROWS, MOST_COLS = 1000, MOST_POINTS = CT_CELL_POINTS };

const char *const ct_role_words[CT_N_ROLES + 1] = {
#define X(name, word) word,
    CT_ROLE_LIST(X)
#undef X
        NULL};

static int clip(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static const struct ct_cell blank_cell = {.point = ' ', .width = 1, .role = CT_ROLE_TEXT};

struct ct_canvas *ct_canvas_new(int rows, int cols, enum ct_charset charset)
{
    struct ct_canvas *c = ct_xcalloc(1, sizeof(*c));
    c->charset = charset;
    ct_canvas_resize(c, rows, cols);
    return c;
}

void ct_canvas_free(struct ct_canvas *c)
{
    if (c) {
        for (size_t i = 0; i < CT_LEN(c->lines); i++) {
            free(c->lines[i].cells);
        }
        free(c->marks);
        free(c->cells);
        free(c);
    }
}

void ct_canvas_resize(struct ct_canvas *c, int rows, int cols)
{
    c->rows = clip(rows, 1, MOST_ROWS);
    c->cols = clip(cols, 1, MOST_COLS);
    size_t n = (size_t)c->rows * (size_t)c->cols;
    c->cells = ct_xrealloc(c->cells, n * sizeof(*c->cells));
    ct_canvas_clear(c);
}

void ct_canvas_clear(struct ct_canvas *c)
{
    size_t n = (size_t)c->rows * (size_t)c->cols;
    for (size_t i = 0; i < n; i++) {
        c->cells[i] = blank_cell;
    }
    memset(c->touched, true, sizeof(c->touched));
}

/* ---- boxes ---- */

struct ct_box ct_box_all(struct ct_canvas *c)
{
    return (struct ct_box){c, 0, 0, c->rows, c->cols};
}

struct ct_box ct_box_sub(struct ct_box b, int y, int x, int rows, int cols)
{
    int top = clip(y, 0, b.rows), left = clip(x, 0, b.cols);
    int bottom = clip(rows > b.rows - y ? b.rows : y + rows, top, b.rows);
    int right = clip(cols > b.cols - x ? b.cols : x + cols, left, b.cols);
    return (struct ct_box){b.canvas, b.y + top, b.x + left, bottom - top, right - left};
}

static bool inside(struct ct_box b, int y, int x)
{
    return y >= 0 && y < b.rows && x >= 0 && x < b.cols && b.y + y >= 0 && b.x + x >= 0 &&
           b.y + y < b.canvas->rows && b.x + x < b.canvas->cols;
}

static struct ct_cell *cell_at(struct ct_box b, int y, int x)
{
    return &b.canvas->cells[(size_t)(b.y + y) * (size_t)b.canvas->cols + (size_t)(b.x + x)];
}

/* Whoever covers half of a wide character leaves a blank in place of its other half. */
static void unpair(struct ct_box b, int y, int x)
{
    struct ct_cell *c = cell_at(b, y, x);
    int col = b.x + x;
    if (c->point == 0 && col > 0) {
        c[-1].point = ' ';
        c[-1].marks = 0;
        c[-1].width = 1;
    }
    if (c->width == 2 && col + 1 < b.canvas->cols) {
        c[1].point = ' ';
        c[1].marks = 0;
        c[1].width = 1;
    }
}

/* N cells of one column each from Y, X on, as far as they are inside: those of the ASCII text P, or POINT again and
 * again. Nearly all that is drawn. */
static void put_cells(struct ct_box b, int y, int x, int n, enum ct_role role, uint32_t point, const char *p)
{
    int from = clip(-x, 0, n), to = clip(b.cols - x, 0, n);
    from = clip(-(b.x + x), from, n);
    to = clip(b.canvas->cols - (b.x + x), 0, to);
    if (from >= to || !inside(b, y, x + from)) {
        return;
    }
    struct ct_cell *c = cell_at(b, y, x + from), made = {.point = point & 0x1fffff, .width = 1, .role = role & 0xff};
    unpair(b, y, x + from);
    unpair(b, y, x + to - 1);
    c[0] = made;
    for (int have = 1, more; !p && have < to - from; have += more) { /* twice as many each time */
        more = have < to - from - have ? have : to - from - have;
        memcpy(c + have, c, (size_t)more * sizeof(*c));
    }
    for (int i = 0; p && i < to - from; i++) {
        made.point = (uint8_t)p[from + i];
        c[i] = made;
    }
    b.canvas->touched[b.y + y] = true;
}

struct ct_marks {
    uint32_t points[MOST_POINTS - 1]; /* 0-terminated */
    uint32_t next; /* of the same bucket */
};

/* The number of the N characters at POINTS, which stand on another. Of more than any text has they are left out. */
static uint32_t number_of_marks(struct ct_canvas *c, const uint32_t *points, size_t n)
{
    struct ct_marks m = {.next = 0};
    if (n == 0) {
        return 0;
    }
    memcpy(m.points, points, (n < CT_LEN(m.points) ? n : CT_LEN(m.points)) * sizeof(*points));
    uint32_t *bucket = &c->marked[ct_hash((struct ct_span){(const char *)m.points, sizeof(m.points)}) % CT_LEN(c->marked)];
    for (uint32_t i = *bucket; i; i = c->marks[i - 1].next) {
        if (memcmp(c->marks[i - 1].points, m.points, sizeof(m.points)) == 0) {
            return i;
        }
    }
    if (c->n_marks == CT_CANVAS_MARKS) {
        return 0;
    }
    if ((c->n_marks & (c->n_marks - 1)) == 0) { /* full at each power of two */
        c->marks = ct_xrealloc(c->marks, (c->n_marks ? 2 * (size_t)c->n_marks : 1) * sizeof(*c->marks));
    }
    m.next = *bucket;
    c->marks[c->n_marks++] = m;
    return *bucket = c->n_marks;
}

/* One character at Y, X, if all of it is inside; half of it outside is a blank. */
static void put_cell(struct ct_box b, int y, int x, enum ct_role role, const uint32_t *points,
                     size_t n, int width)
{
    static const uint32_t space[] = {' '};
    if (width == 2 && inside(b, y, x) != inside(b, y, x + 1)) {
        x = inside(b, y, x) ? x : x + 1;
        points = space;
        n = 1;
        width = 1;
    }
    if (!inside(b, y, x)) {
        return;
    }
    struct ct_cell made = {.point = points[0] & 0x1fffff, .width = (unsigned)width & 3, .role = role & 0xff,
                           .marks = number_of_marks(b.canvas, points + 1, n - 1)};
    b.canvas->touched[b.y + y] = true;
    unpair(b, y, x);
    *cell_at(b, y, x) = made;
    if (width == 2) {
        unpair(b, y, x + 1);
        *cell_at(b, y, x) = made; /* unpair took it for a half */
        made.point = 0;
        made.marks = 0;
        made.width = 1;
        *cell_at(b, y, x + 1) = made;
    }
}

/* ---- text ---- */

/* The code points of one cluster that a cell can hold: the base and its marks. What joins several characters into
 * one picture ends there, since terminals do not agree on how wide the rest is. */
static size_t cluster_points(struct ct_span cluster, uint32_t out[MOST_POINTS])
{
    size_t n = 0;
    for (size_t pos = 0; pos < cluster.n && n < MOST_POINTS;) {
        int32_t point = 0;
        pos += ct_utf8_decode(cluster, pos, &point);
        if (n > 0 && (point == 0x200d || point >= 0x1f000)) {
            break;
        }
        if (n > 0 && point >= 0xfe00 && point <= 0xfe0f) {
            continue;
        }
        out[n++] = point < 0 ? 0xfffd : (uint32_t)point;
    }
    return n;
}

/* Columns of what is kept of a cluster: without its selector a heart is a narrow one again. */
static int points_width(const uint32_t *points, size_t n)
{
    char bytes[4 * MOST_POINTS];
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        len += ct_utf8_encode(bytes + len, (int32_t)points[i]);
    }
    return ct_text_width((struct ct_span){bytes, len});
}

/* One word with something beyond ASCII in it. False: no room for more. */
static bool put_word(struct ct_box b, int y, int x, int *used, enum ct_role role, int max,
                     struct ct_span word)
{
    char clean[3072];
    struct ct_span text = {clean, ct_text_clean(clean, sizeof(clean), word, 0)}, cluster;
    size_t pos = 0;
    for (int w; (w = ct_text_next(text, &pos, &cluster)) >= 0;) {
        uint32_t points[MOST_POINTS];
        size_t n = cluster_points(cluster, points);
        w = points_width(points, n);
        if (w < 1 || w > 2) {
            continue;
        }
        if (*used + w > max) {
            return false;
        }
        put_cell(b, y, x + *used, role, points, n, w);
        *used += w;
    }
    return true;
}

static bool is_plain(char c)
{
    return c > 0x20 && c < 0x7f;
}

/* Words are cleaned one by one: cleaning a whole line would fold the blanks that lay it out. */
int ct_put(struct ct_box b, int y, int x, enum ct_role role, int max, struct ct_span text)
{
    int used = 0;
    if (y < 0 || y >= b.rows) {
        max = 0;
    }
    max = max > b.cols - x ? b.cols - x : max;
    for (size_t i = 0; text.p && i < text.n && used < max;) {
        size_t end = i;
        bool ascii = true;
        while (end < text.n && (is_plain(text.p[end]) || (text.p[end] & 0x80))) {
            ascii = ascii && is_plain(text.p[end]);
            end++;
        }
        if (end == i) { /* a blank; of control characters only white space counts */
            bool white = text.p[i] == ' ' || (text.p[i] >= '\t' && text.p[i] <= '\r');
            if (white) {
                put_cells(b, y, x + used++, 1, role, ' ', NULL);
            }
            i++;
        } else if (ascii) {
            int n = (int)(end - i < (size_t)(max - used) ? end - i : (size_t)(max - used));
            put_cells(b, y, x + used, n, role, 0, text.p + i);
            used += n;
            i += (size_t)n;
        } else {
            struct ct_span word = {text.p + i, end - i};
            if (!put_word(b, y, x, &used, role, max, word)) {
                break;
            }
            i = end;
        }
    }
    return used;
}

int ct_puts(struct ct_box b, int y, int x, enum ct_role role, const char *text)
{
    return ct_put(b, y, x, role, b.cols, ct_span(text));
}

int ct_putf(struct ct_box b, int y, int x, enum ct_role role, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return n < 0 ? 0 : ct_puts(b, y, x, role, text);
}

static void put_blanks(struct ct_box b, int y, int x, int n, enum ct_role role)
{
    put_cells(b, y, x, n, role, ' ', NULL);
}

void ct_put_field(struct ct_box b, int y, int x, int width, int align, enum ct_role role,
                  struct ct_span text)
{
    if (width <= 0) {
        return;
    }
    int need = ct_text_width(text);
    if (need <= width) {
        int lead = align > 0 ? width - need : 0;
        put_blanks(b, y, x, lead, role);
        int used = ct_put(b, y, x + lead, role, width - lead, text);
        put_blanks(b, y, x + lead + used, width - lead - used, role);
        return;
    }
    int used = ct_put(b, y, x, role, width - 1, text);
    ct_put_point(b, y, x + used, role, b.canvas->charset == CT_CHARSET_UNICODE ? 0x2026 : '~');
    put_blanks(b, y, x + used + 1, width - used - 1, role);
}

/* The end of TEXT that fits COLS columns. */
static struct ct_span tail_of(struct ct_span text, int cols)
{
    struct ct_span cluster;
    int width = ct_text_width(text);
    size_t pos = 0;
    while (width > cols) {
        int w = ct_text_next(text, &pos, &cluster);
        if (w < 0) {
            break;
        }
        width -= w;
    }
    return (struct ct_span){text.p + pos, text.n - pos};
}

/* "H100-SXM spot vastai/Iceland, IS": words, then a place. Of those the region is what can be missed. */
static bool ends_in_place(struct ct_span text)
{
    int words = 0;
    for (size_t i = 0; i < text.n && text.p[i] != '/'; i++) {
        words += text.p[i] == ' ';
    }
    return words >= 2 && memchr(text.p, '/', text.n);
}

void ct_put_middle(struct ct_box b, int y, int x, int width, enum ct_role role, struct ct_span text)
{
    if (width < 6 || ct_text_width(text) <= width || ends_in_place(text)) {
        ct_put_field(b, y, x, width, -1, role, text);
        return;
    }
    int head = (width - 2) / 2, tail = width - 2 - head;
    int used = ct_put(b, y, x, role, head, text);
    used += ct_puts(ct_box_sub(b, y, x + used, 1, 2), 0, 0, role, "..");
    used += ct_put(b, y, x + used, role, tail, tail_of(text, tail));
    put_blanks(b, y, x + used, width - used, role);
}

struct ct_span ct_wrap(struct ct_span *rest, int width)
{
    size_t pos = 0, last_blank = 0, end = 0;
    struct ct_span cluster;
    int used = 0, w;
    while ((w = ct_text_next(*rest, &pos, &cluster)) >= 0) {
        if (cluster.n == 1 && cluster.p[0] == '\n') {
            struct ct_span line = {rest->p, end};
            *rest = (struct ct_span){rest->p + pos, rest->n - pos};
            return line;
        }
        if (used + w > width) {
            size_t cut = last_blank ? last_blank : end ? end : pos;
            struct ct_span line = {rest->p, cut};
            size_t skip = cut + (last_blank ? 1 : 0);
            *rest = (struct ct_span){rest->p + skip, rest->n - skip};
            return line;
        }
        last_blank = cluster.n == 1 && cluster.p[0] == ' ' ? end : last_blank;
        used += w;
        end = pos;
    }
    struct ct_span line = *rest;
    *rest = CT_SPAN_NONE;
    return line;
}

void ct_put_point(struct ct_box b, int y, int x, enum ct_role role, uint32_t code_point)
{
    put_cells(b, y, x, 1, role, code_point, NULL);
}

void ct_fill(struct ct_box b, int y, int x, int rows, int cols, enum ct_role role, uint32_t point)
{
    struct ct_box part = ct_box_sub(b, y, x, rows, cols);
    for (int r = 0; r < part.rows; r++) {
        put_cells(part, r, 0, part.cols, role, point, NULL);
    }
}

static void set_selected(struct ct_box b, int y, int x, int cols, bool on)
{
    for (int i = 0; i < cols; i++) {
        if (inside(b, y, x + i)) {
            cell_at(b, y, x + i)->selected = on;
            b.canvas->touched[b.y + y] = true;
        }
    }
}

void ct_select(struct ct_box b, int y, int x, int cols)
{
    set_selected(b, y, x, cols, true);
}

void ct_deselect(struct ct_box b, int y, int x, int cols)
{
    set_selected(b, y, x, cols, false);
}

/* ---- lines kept ---- */

void ct_line_keep(struct ct_box b, uint64_t key)
{
    struct ct_line *l = &b.canvas->lines[key % CT_CANVAS_LINES];
    if (!inside(b, 0, 0) || !inside(b, 0, b.cols - 1)) {
        return;
    }
    if (l->cols != b.cols) {
        l->cells = ct_xrealloc(l->cells, (size_t)b.cols * sizeof(*l->cells));
        l->cols = b.cols;
    }
    l->key = key;
    l->charset = b.canvas->charset;
    memcpy(l->cells, cell_at(b, 0, 0), (size_t)b.cols * sizeof(*l->cells));
}

bool ct_line_put(struct ct_box b, uint64_t key)
{
    const struct ct_line *l = &b.canvas->lines[key % CT_CANVAS_LINES];
    bool same = l->cells && l->key == key && l->cols == b.cols && l->charset == b.canvas->charset;
    if (!same || !inside(b, 0, 0) || !inside(b, 0, b.cols - 1)) {
        return false;
    }
    unpair(b, 0, 0);
    unpair(b, 0, b.cols - 1);
    memcpy(cell_at(b, 0, 0), l->cells, (size_t)b.cols * sizeof(*l->cells));
    b.canvas->touched[b.y] = true;
    return true;
}

/* ---- frame ---- */

struct ct_box ct_frame(struct ct_box b, bool focus, struct ct_span title, struct ct_span note)
{
    static const uint32_t unicode[] = {0x2500, 0x2502, 0x250c, 0x2510, 0x2514, 0x2518};
    static const uint32_t ascii[] = {'-', '|', '+', '+', '+', '+'};
    const uint32_t *line = b.canvas->charset == CT_CHARSET_UNICODE ? unicode : ascii;
    enum ct_role role = focus ? CT_ROLE_BORDER_FOCUS : CT_ROLE_BORDER;
    int right = b.cols - 1, bottom = b.rows - 1;
    if (b.rows < 2 || b.cols < 2) {
        return ct_box_sub(b, 0, 0, 0, 0);
    }
    ct_fill(b, 0, 1, 1, right - 1, role, line[0]);
    ct_fill(b, bottom, 1, 1, right - 1, role, line[0]);
    ct_fill(b, 1, 0, bottom - 1, 1, role, line[1]);
    ct_fill(b, 1, right, bottom - 1, 1, role, line[1]);
    ct_put_point(b, 0, 0, role, line[2]);
    ct_put_point(b, 0, right, role, line[3]);
    ct_put_point(b, bottom, 0, role, line[4]);
    ct_put_point(b, bottom, right, role, line[5]);
    int room = b.cols - 6; /* "+- " title " -+" */
    int wide = ct_text_width(title) + (focus ? 1 : 0);
    if (room >= 1 && wide > 0) {
        int used = wide < room ? wide : room;
        ct_put_point(b, 0, 2, role, ' ');
        if (focus) {
            ct_put_point(b, 0, 3, CT_ROLE_TITLE, '>');
        }
        ct_put_field(b, 0, 3 + focus, used - focus, -1, CT_ROLE_TITLE, title);
        ct_put_point(b, 0, 3 + used, role, ' ');
        room -= used + 4;
    }
    int note_wide = ct_text_width(note);
    while (note_wide > room && note.n) { /* whole parts of it: what comes last matters most */
        size_t at = 1;
        while (at < note.n && (at < 3 || memcmp(note.p + at - 3, "   ", 3) != 0 || note.p[at] == ' ')) {
            at++;
        }
        note = (struct ct_span){note.p + at, note.n - at};
        note_wide = ct_text_width(note);
    }
    if (note_wide > 0) {
        int x = right - 2 - note_wide;
        ct_put_point(b, 0, x - 1, role, ' ');
        ct_put(b, 0, x, CT_ROLE_DIM, note_wide, note);
        ct_put_point(b, 0, x + note_wide, role, ' ');
    }
    return ct_box_sub(b, 1, 1, b.rows - 2, b.cols - 2);
}

/* ---- as text ---- */

size_t ct_cell_points(const struct ct_canvas *c, const struct ct_cell *cell, uint32_t out[CT_CELL_POINTS])
{
    size_t n = 0;
    if (cell->point) {
        out[n++] = cell->point;
    }
    for (size_t i = 0; cell->marks && n < MOST_POINTS && c->marks[cell->marks - 1].points[i]; i++) {
        out[n++] = c->marks[cell->marks - 1].points[i];
    }
    return n;
}

void ct_cell_utf8(const struct ct_canvas *c, const struct ct_cell *cell, struct ct_buf *out)
{
    uint32_t points[MOST_POINTS];
    size_t n = ct_cell_points(c, cell, points);
    for (size_t i = 0; i < n; i++) {
        char bytes[4];
        ct_buf_add(out, (struct ct_span){bytes, ct_utf8_encode(bytes, (int32_t)points[i])});
    }
}

void ct_canvas_text(const struct ct_canvas *c, struct ct_buf *out)
{
    for (int y = 0; y < c->rows; y++) {
        for (int x = 0; x < c->cols; x++) {
            ct_cell_utf8(c, &c->cells[(size_t)y * (size_t)c->cols + (size_t)x], out);
        }
        ct_buf_addc(out, '\n');
    }
}
