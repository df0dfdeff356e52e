#include "config.h"

#include "tui/sender.h"

#include "db/base/text.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum { NEAR = 4, MOVED_ROWS = 3 };

bool ct_look_join(char look[CT_SEQUENCE_MAX], const char *part)
{
    size_t n = strlen(part), have = strlen(look);
    bool fits = n >= 3 && part[0] == '\033' && part[1] == '[' && part[n - 1] == 'm' &&
                strspn(part + 2, "0123456789;:") == n - 3;
    if (!fits || have + n + 1 >= CT_SEQUENCE_MAX) {
        return false;
    }
    /* "ESC [ m" is short for "ESC [ 0 m". */
    int set = (int)n - 3;
    if (have == 0) {
        snprintf(look, CT_SEQUENCE_MAX, "%s", part);
    } else {
        bool bare = have == 3;
        snprintf(look + have - 1, CT_SEQUENCE_MAX - have + 1, "%s;%.*sm", bare ? "0" : "", set ? set : 1, set ? part + 2 : "0");
    }
    return true;
}

/* ncurses places cells by wcwidth. */
bool ct_cell_agreed(const struct ct_cell *cell)
{
    wchar_t base = (wchar_t)cell->point;
    return base >= ' ' && base != 0x7f && (base < 0x7f ? 1 : wcwidth(base)) == (int)cell->width;
}

static bool same_cell(const struct ct_cell *a, const struct ct_cell *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static const struct ct_cell *row_of(const struct ct_cell *cells, const struct ct_canvas *c, int y)
{
    return &cells[(size_t)y * (size_t)c->cols];
}

/* Does row Y of C look as its neighbour did? Then a list moved as a whole, which scrolling does for less. */
static bool is_neighbour(const struct ct_canvas *c, const struct ct_cell *shown, int y)
{
    size_t n = (size_t)c->cols * sizeof(*shown);
    const struct ct_cell *now = row_of(c->cells, c, y);
    return (y > 0 && memcmp(now, row_of(shown, c, y - 1), n) == 0) ||
           (y + 1 < c->rows && memcmp(now, row_of(shown, c, y + 1), n) == 0);
}

/* Marks the rows that changed. True: few cells did, and no list moved. */
static bool is_small(const struct ct_canvas *c, const struct ct_cell *shown, bool changed[CT_CANVAS_ROWS])
{
    int cells = 0, moved = 0, most = c->rows * c->cols / 4;
    for (int y = 0; y < c->rows; y++) {
        const struct ct_cell *now = row_of(c->cells, c, y), *was = row_of(shown, c, y);
        changed[y] = c->touched[y] && memcmp(now, was, (size_t)c->cols * sizeof(*now)) != 0;
        if (!changed[y]) {
            continue;
        }
        moved += is_neighbour(c, shown, y);
        for (int x = 0; x < c->cols; x++) {
            cells += !same_cell(&now[x], &was[x]);
        }
        if (cells > most || moved >= MOVED_ROWS) {
            return false;
        }
    }
    return true;
}

/* Where the terminal's cursor stands and which look it wears. */
struct pen {
    int y, x;
    const char *look; /* NULL: not known */
};

static const char *look_of(const struct ct_sender *s, const struct ct_cell *cell)
{
    return s->looks[cell->role][cell->selected];
}

static void add_number(struct ct_buf *out, int n)
{
    char digits[12];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    ct_buf_add(out, (struct ct_span){digits + at, sizeof(digits) - at});
}

/* CELL's characters: of marks those that ncurses takes for marks too, and of a base of another width a sign in place. */
static void add_points(const struct ct_canvas *c, const struct ct_cell *cell, struct ct_buf *out)
{
    uint32_t points[CT_CELL_POINTS];
    size_t n = ct_cell_agreed(cell) ? ct_cell_points(c, cell, points) : 0;
    for (size_t i = 0; i < n; i++) {
        char bytes[4];
        if (i == 0 || wcwidth((wchar_t)points[i]) == 0) {
            ct_buf_add(out, (struct ct_span){bytes, ct_utf8_encode(bytes, (int32_t)points[i])});
        }
    }
    for (unsigned i = 0; n == 0 && i < cell->width; i++) {
        ct_buf_addc(out, '?');
    }
}

/* CELL in its look; returns the columns it takes. */
static int add_cell(const struct ct_sender *s, const struct ct_canvas *c, const struct ct_cell *cell, struct pen *pen,
                    struct ct_buf *out)
{
    const char *look = look_of(s, cell);
    if (!pen->look || (look != pen->look && strcmp(look, pen->look) != 0)) {
        ct_buf_adds(out, look);
    }
    pen->look = look;
    if (cell->point >= ' ' && cell->point < 0x7f && !cell->marks) {
        ct_buf_addc(out, (char)cell->point);
    } else {
        add_points(c, cell, out);
    }
    pen->x += cell->width;
    return cell->width;
}

/* From the pen's place to Y, X: a few cells of the same look are sent again rather than passed over. */
static void move_to(const struct ct_sender *s, const struct ct_canvas *c, int y, int x, struct pen *pen, struct ct_buf *out)
{
    const struct ct_cell *now = row_of(c->cells, c, y);
    bool same_row = y == pen->y && pen->x <= x, near = same_row && x - pen->x <= NEAR;
    for (int i = pen->x; near && i < x; i++) {
        near = now[i].point >= ' ' && now[i].point < 0x7f && !now[i].marks && strcmp(look_of(s, &now[i]), pen->look) == 0;
    }
    if (near) {
        while (pen->x < x) {
            add_cell(s, c, &now[pen->x], pen, out);
        }
        return;
    }
    ct_buf_adds(out, "\033[");
    if (!s->column || !same_row) {
        add_number(out, y + 1);
        ct_buf_addc(out, ';');
    }
    add_number(out, x + 1);
    ct_buf_addc(out, s->column && same_row ? 'G' : 'H');
    pen->y = y;
    pen->x = x;
}

static void send_row(const struct ct_sender *s, const struct ct_canvas *c, struct ct_cell *shown, int y, struct pen *pen,
                     struct ct_buf *out)
{
    const struct ct_cell *now = row_of(c->cells, c, y);
    for (int x = 0; x < c->cols;) {
        bool wide = now[x].width == 2 && x + 1 < c->cols;
        if (same_cell(&now[x], &shown[x]) && (!wide || same_cell(&now[x + 1], &shown[x + 1]))) {
            x += wide ? 2 : 1;
            continue;
        }
        move_to(s, c, y, x, pen, out);
        for (int n = now[x].point ? add_cell(s, c, &now[x], pen, out) : 1; n > 0; n--, x++) {
            shown[x] = now[x];
        }
    }
}

bool ct_send_changes(const struct ct_sender *s, struct ct_canvas *c, struct ct_cell *shown, bool changed[CT_CANVAS_ROWS],
                     struct ct_buf *out)
{
    struct pen pen = {.y = -1};
    if (!s->able || !is_small(c, shown, changed)) {
        return false;
    }
    for (int y = 0; y < c->rows; y++) {
        c->touched[y] = false;
        if (changed[y]) {
            send_row(s, c, &shown[(size_t)y * (size_t)c->cols], y, &pen, out);
        }
    }
    return true;
}
