#include "config.h"

#include "tui/widgets/columns.h"

#include "db/base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAMES, TEXTS, ALL };

/* A column at its place: what fitting weighs. */
struct place {
    const struct ct_tcol *col;
    int index, drop, least, usual, text;
    bool gone, tight;
};

int ct_columns_n(const struct ct_tview *v)
{
    return (int)(v->n_cols < CT_T_COLS ? v->n_cols : CT_T_COLS);
}

static struct ct_span header_of(const struct ct_tview *v, int i)
{
    return ct_span_trim(ct_span(v->cols[i].header));
}

/* The same columns in another unit. */
static bool alike(const struct ct_tview *a, const struct ct_tview *b)
{
    bool same = ct_columns_n(a) == ct_columns_n(b);
    for (int i = 0; same && i < ct_columns_n(a); i++) {
        same = ct_span_eq(header_of(a, i), header_of(b, i));
    }
    return same;
}

void ct_tview_put_columns(const struct ct_tstate *s, struct ct_buf *out)
{
    const struct ct_tview *v = s->arranged;
    bool moved = false;
    for (int i = 0; v && i < ct_columns_n(v); i++) {
        moved = moved || s->order[i] != i;
    }
    for (int at = 0; v && (moved || s->hidden || s->pinned) && at < ct_columns_n(v); at++) {
        int i = s->order[at];
        ct_buf_addf(out, "%s%s%.*s", at ? ", " : "", s->hidden >> i & 1 ? "-" : s->pinned >> i & 1 ? "+" : "",
                    CT_FMT(header_of(v, i)));
    }
}

bool ct_tview_take_columns(struct ct_tstate *s, struct ct_span text)
{
    bool fits = text.n < sizeof(s->wanted);
    text = fits ? text : CT_SPAN_NONE;
    snprintf(s->wanted, sizeof(s->wanted), "%.*s", CT_FMT(text));
    s->arranged = NULL;
    return fits;
}

/* Puts the columns named in S->wanted in front, in their order; the frozen ones stay before them. */
static void arrange(const struct ct_tview *v, struct ct_tstate *s)
{
    int at = v->frozen, n = ct_columns_n(v);
    for (struct ct_span rest = ct_span(s->wanted); rest.n;) {
        struct ct_span name = ct_span_trim(ct_span_cut(&rest, ','));
        char sign = name.n && (name.p[0] == '-' || name.p[0] == '+') ? name.p[0] : ' ';
        name = sign == ' ' ? name : (struct ct_span){name.p + 1, name.n - 1};
        int from = at;
        while (from < n && !ct_span_eq(header_of(v, s->order[from]), name)) {
            from++;
        }
        if (from == n) {
            continue; /* frozen, or of another layout */
        }
        unsigned char i = s->order[from];
        memmove(s->order + at + 1, s->order + at, (size_t)(from - at));
        s->order[at++] = i;
        *(sign == '-' ? &s->hidden : &s->pinned) |= sign == ' ' ? 0 : UINT32_C(1) << i;
    }
    s->wanted[0] = '\0';
}

void ct_columns_of(const struct ct_tview *v, struct ct_tstate *s)
{
    if (s->arranged == v) {
        return;
    }
    if (s->arranged && alike(s->arranged, v)) {
        s->arranged = v;
        return;
    }
    int last = ct_columns_n(v) - 1; /* the former arrangement may have had more */
    s->col = s->col > last ? last : s->col;
    s->left = s->left > last ? last : s->left;
    s->arranged = v;
    s->hidden = s->pinned = 0;
    for (int i = 0; i < CT_T_COLS; i++) {
        s->order[i] = (unsigned char)i;
    }
    arrange(v, s);
}

static bool is_time(const struct ct_tview *v, int i)
{
    const char *name = v->cols[i].column;
    const struct ct_column *col = name ? ct_table_column(v->table, ct_span(name)) : NULL;
    return col && col->type == CT_TYPE_TIME;
}

/* The least a column needs: its minimum, or less when all it says is shorter, or more when that are numbers: a name
 * may be cut, a number not. Ages grow while nobody loads. */
static int least_width(const struct ct_tview *v, const struct ct_tstate *s, int i)
{
    const struct ct_tcol *c = &v->cols[i];
    bool moving = c->paint || is_time(v, i) || s->measured != v;
    int most = c->align > 0 && c->max > c->min ? c->max : c->min;
    return moving ? c->min : s->wide[i] < most ? s->wide[i] : most;
}

/* Gives the SPARE columns away, one to each in turn: to names that would be cut, to other texts that would be, or
 * to all that may grow. */
static int widen(const struct place *p, int n, int whom, int spare, int *width)
{
    for (bool grew = true; grew && spare > 0;) {
        grew = false;
        for (int i = 0; i < n && spare > 0; i++) {
            const struct ct_tcol *c = p[i].col;
            bool wants = whom == ALL || (width[i] < p[i].text && (whom == TEXTS || c->middle));
            if (!p[i].gone && width[i] < c->max && wants) {
                width[i]++;
                spare--;
                grew = true;
            }
        }
    }
    return spare;
}

/* Drops columns, the highest drop order first, until those left (LEAST or usual wide, and a blank each) fit into
 * COLS; TIGHT: marks them so, else gone. Returns what is used. */
static int drop_columns(struct place *p, int n, int cols, bool least, bool tight)
{
    int need = 0;
    for (int i = 0; i < n; i++) {
        bool out = tight ? p[i].tight : p[i].gone;
        need += out ? 0 : (least ? p[i].least : p[i].usual) + 1;
    }
    while (need > cols) {
        int worst = -1;
        for (int i = 0; i < n; i++) {
            bool out = tight ? p[i].tight : p[i].gone;
            if (!out && p[i].drop > (worst < 0 ? 0 : p[worst].drop)) {
                worst = i;
            }
        }
        if (worst < 0) {
            break;
        }
        *(tight ? &p[worst].tight : &p[worst].gone) = true;
        need -= (least ? p[worst].least : p[worst].usual) + 1;
    }
    return need;
}

static int take_places(const struct ct_tview *v, const struct ct_tstate *s, struct place *p)
{
    int n = ct_columns_n(v);
    for (int at = 0; at < n; at++) {
        int i = s->arranged == v ? s->order[at] : at;
        const struct ct_tcol *c = &v->cols[i];
        bool pinned = s->arranged == v && s->pinned >> i & 1;
        bool hidden = s->arranged == v && s->hidden >> i & 1;
        bool away = hidden || (at >= v->frozen && at < v->frozen + s->left);
        p[at] = (struct place){.col = c, .index = i, .drop = pinned ? 0 : c->drop, .usual = c->min,
                               .least = least_width(v, s, i), .text = c->paint ? 0 : s->wide[i],
                               .gone = away, .tight = away};
    }
    return n;
}

/* A gutter, then columns a blank apart. A column that has room only because others are short stays when no name must
 * be cut for it. What is left over goes to texts that would be cut, then to all that may grow. */
void ct_columns_fit(const struct ct_tview *v, const struct ct_tstate *s, int cols, struct ct_fit *f)
{
    struct place p[CT_T_COLS];
    int width[CT_T_COLS], whole = 0, n = take_places(v, s, p);
    drop_columns(p, n, cols, true, true);
    for (int i = 0; i < n; i++) {
        int text = s->wide[p[i].index] < p[i].col->max ? s->wide[p[i].index] : p[i].col->max;
        whole += p[i].tight ? 0 : (p[i].col->middle && text > p[i].least ? text : p[i].least) + 1;
    }
    drop_columns(p, n, cols, false, false);
    for (int i = 0; i < n; i++) {
        p[i].gone = whole <= cols ? p[i].tight : p[i].gone;
        width[i] = p[i].least;
    }
    int spare = cols - drop_columns(p, n, cols, true, false);
    for (int whom = NAMES; whom <= ALL; whom++) {
        spare = widen(p, n, whom, spare, width);
    }
    int x = 1;
    f->n = 0;
    for (int i = 0; i < n; i++) {
        if (!p[i].gone) {
            int room = cols > x ? cols - x : 0;
            f->index[f->n] = p[i].index;
            f->x[f->n] = x;
            f->width[f->n++] = width[i] < room ? width[i] : room;
            x += f->width[f->n - 1] + 1;
        }
    }
}

void ct_columns_move(const struct ct_tview *v, struct ct_tstate *s, int by)
{
    int n = ct_columns_n(v), from = s->col, to = s->col + by;
    if (from < v->frozen || to < v->frozen || to >= n) {
        return;
    }
    unsigned char moved = s->order[from];
    s->order[from] = s->order[to];
    s->order[to] = moved;
    s->col = to;
}

void ct_columns_toggle(const struct ct_tview *v, struct ct_tstate *s, int i, int cols)
{
    struct ct_fit f;
    bool shown = false;
    ct_columns_fit(v, s, cols, &f);
    for (int k = 0; k < f.n; k++) {
        shown = shown || f.index[k] == i;
    }
    uint32_t bit = 1u << i;
    if (i < v->frozen) {
        return; /* a row without its name says nothing */
    }
    s->hidden = shown ? s->hidden | bit : s->hidden & ~bit;
    s->pinned = shown ? s->pinned & ~bit : s->pinned | bit;
}

/* The first letter of the header that is free, in the order of the columns; TAKEN are spoken for. */
static int letter_of(const struct ct_tview *v, size_t i, const char *reserved, bool all)
{
    char taken[64];
    size_t n = strlen(reserved);
    memcpy(taken, reserved, n + 1);
    for (size_t c = 0; c < v->n_cols && n + 1 < sizeof(taken); c++) {
        const struct ct_tcol *col = &v->cols[c];
        bool wants = all || col->column;
        char found = 0;
        for (const char *p = col->header ? col->header : ""; wants && *p && !found; p++) {
            char l = (char)tolower((unsigned char)*p);
            found = isalnum((unsigned char)l) && !strchr(taken, l) ? l : 0;
        }
        for (char l = 'a'; wants && l <= 'z' && !found; l++) {
            found = strchr(taken, l) ? 0 : l;
        }
        if (c == i) {
            return found;
        }
        if (found) {
            taken[n++] = found;
            taken[n] = '\0';
        }
    }
    return 0;
}

int ct_column_letter(const struct ct_tview *v, size_t i)
{
    return letter_of(v, i, "s0", false);
}

int ct_column_choice(const struct ct_tview *v, size_t i)
{
    return letter_of(v, i, "0", true);
}
