#include "config.h"

#include "tui/layout.h"

#include <limits.h>
#include <string.h>

enum { LEAST_FRAMED = 3, STRIP_ROWS = 4 };

/* Something that wants rows: a place, or (-1, -2 ...) a band of columns. */
struct want {
    int place, weight, min, drop, rows;
    bool folded, gone;
};

int ct_layout_class(int cols)
{
    return cols >= 180 ? 2 : cols >= 120 ? 1 : 0;
}

int ct_layout_places(const struct ct_screen *s, int width_class)
{
    int n = 0;
    while (n < CT_MAX_PLACES && s->layouts[width_class].places[n].panel) {
        n++;
    }
    return n;
}

static int needed(const struct want *w, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
        sum += w[i].gone ? 0 : w[i].folded ? 1 : w[i].min;
    }
    return sum;
}

/* The one that yields next: the highest drop order, the lower one of two equals; -1: none may. */
static int yields(const struct want *w, int n, bool folded)
{
    int worst = -1;
    for (int i = 0; i < n; i++) {
        bool can = !w[i].gone && w[i].folded == folded && w[i].drop >= 0;
        if (can && (worst < 0 || w[i].drop >= w[worst].drop)) {
            worst = i;
        }
    }
    return worst;
}

/* Shares ROWS out: least rows first, the rest by weight. Who does not fit folds to a title, then goes. */
static void share(struct want *w, int n, int rows)
{
    for (int at; needed(w, n) > rows && (at = yields(w, n, false)) >= 0;) {
        w[at].folded = true;
    }
    for (int at; needed(w, n) > rows && (at = yields(w, n, true)) >= 0;) {
        w[at].gone = true;
    }
    for (int i = 0; i < n && needed(w, n) > rows; i++) { /* who may not yield makes do with less */
        int over = needed(w, n) - rows;
        w[i].min = w[i].min - over > 1 ? w[i].min - over : 1;
    }
    int weights = 0, spare = rows - needed(w, n), given = 0, before = 0;
    for (int i = 0; i < n; i++) {
        w[i].rows = w[i].gone ? 0 : w[i].folded ? 1 : w[i].min;
        if (!w[i].gone && !w[i].folded) {
            weights += w[i].weight;
        }
    }
    for (int i = 0; i < n && weights > 0; i++) {
        if (!w[i].gone && !w[i].folded) {
            before += w[i].weight; /* rounding adds up to SPARE */
            int more = (spare * before + weights / 2) / weights - given;
            w[i].rows += more;
            given += more;
        }
    }
}

static void add_slot(struct ct_layout *out, const struct want *w, int y, int x, int cols)
{
    if (!w->gone && w->rows > 0 && cols > 0 && out->n < CT_MAX_PLACES) {
        out->slots[out->n++] =
            (struct ct_slot){w->place, y, x, w->rows, cols, w->folded};
    }
}

static struct want want_of(const struct ct_place *p, int place, int focus)
{
    return (struct want){.place = place,
                         .weight = p->weight > 0 ? p->weight : 1,
                         .min = p->min_rows > LEAST_FRAMED ? p->min_rows : LEAST_FRAMED,
                         .drop = place == focus ? -1 : p->drop_order};
}

/* One column of a band. */
static void lay_column(const struct ct_place *places, int n_places, int band, int column, int focus, int y, int x,
                       int rows, int cols, struct ct_layout *out)
{
    struct want w[CT_MAX_PLACES];
    int n = 0, first = 0;
    for (int i = 0; i < n_places; i++) {
        if (places[i].band == band && places[i].column == column) {
            w[n++] = want_of(&places[i], i, focus);
            first = n > 1 && w[first].drop <= w[n - 1].drop ? first : n - 1;
        }
    }
    if (rows >= LEAST_FRAMED + n - 1) {
        w[first].drop = -1; /* one of a column stays open, however little of it */
    }
    share(w, n, rows);
    for (int i = 0; i < n; i++) {
        add_slot(out, &w[i], y, x, cols);
        y += w[i].rows;
    }
}

static void lay_band(const struct ct_screen *s, int width_class, int n_places, int band, int focus, int y, int rows,
                     int cols, struct ct_layout *out)
{
    const struct ct_place *places = s->layouts[width_class].places;
    const int *wide = s->layouts[width_class].column_weights[band];
    int weights = 0, columns = 0, x = 0;
    for (int i = 0; i < n_places; i++) {
        if (places[i].band == band) {
            columns = places[i].column + 1 > columns ? places[i].column + 1 : columns;
        }
    }
    for (int c = 0; c < columns; c++) {
        weights += wide[c] + (columns == 1);
    }
    for (int c = 0; c < columns; c++) {
        int weight = wide[c] + (columns == 1);
        int w = c == columns - 1 ? cols - x : weights ? cols * weight / weights : 0;
        lay_column(places, n_places, band, c, focus, y, x, rows, w, out);
        x += w;
    }
}

/* What BAND wants as a whole; *LEAST: with one panel open in each column, the others folded. False: it is empty. */
static bool band_wants(const struct ct_place *places, int n_places, int band, int focus, struct want *w, int *least)
{
    int min[CT_MAX_COLUMNS] = {0}, weight[CT_MAX_COLUMNS] = {0}, folded[CT_MAX_COLUMNS] = {0};
    bool any = false;
    *w = (struct want){.place = -1 - band};
    *least = 0;
    for (int i = 0; i < n_places; i++) {
        if (places[i].band == band && places[i].column >= 0) {
            struct want one = want_of(&places[i], i, focus);
            min[places[i].column] += one.min;
            weight[places[i].column] += one.weight;
            folded[places[i].column] += folded[places[i].column] ? 1 : LEAST_FRAMED;
            w->drop = i == focus ? -1 : w->drop;
            any = true;
        }
    }
    for (int c = 0; c < CT_MAX_COLUMNS; c++) {
        w->min = min[c] > w->min ? min[c] : w->min;
        w->weight = weight[c] > w->weight ? weight[c] : w->weight;
        *least = folded[c] > *least ? folded[c] : *least;
    }
    return any;
}

/* Wide places above, the bands of columns below. */
static void lay_framed(const struct ct_screen *s, int rows, int cols, int focus,
                       struct ct_layout *out)
{
    const struct ct_place *places = s->layouts[out->width_class].places;
    int n_places = ct_layout_places(s, out->width_class), n = 0, y = out->body_y, bands = 0, wide = 0;
    int least[CT_MAX_PLACES + CT_MAX_BANDS];
    struct want w[CT_MAX_PLACES + CT_MAX_BANDS];
    for (int i = 0; i < n_places; i++) {
        if (places[i].column < 0) {
            w[n++] = want_of(&places[i], i, focus);
        }
    }
    wide = n;
    for (int b = 0; b < CT_MAX_BANDS; b++) {
        bands += band_wants(places, n_places, b, focus, &w[n], &least[n]);
        n = wide + bands;
    }
    /* A band folds inside itself, the lowest first, before any goes; one alone does with what there is. */
    for (int i = n - 1; i >= wide; i--) {
        int over = needed(w, n) - rows, spare = w[i].min - (bands == 1 ? 1 : least[i]);
        w[i].min -= over <= 0 || spare <= 0 ? 0 : over < spare ? over : spare;
    }
    share(w, n, rows);
    for (int i = 0; i < n; i++) {
        if (w[i].place >= 0) {
            add_slot(out, &w[i], y, 0, cols);
        } else if (!w[i].gone) {
            lay_band(s, out->width_class, n_places, -1 - w[i].place, focus, y, w[i].rows, cols, out);
        }
        y += w[i].rows;
    }
}

/* The narrow strip: no borders, a line between panels, the focused one surely among them. */
static void lay_strip(const struct ct_screen *s, int rows, int cols, int focus,
                      struct ct_layout *out)
{
    const struct ct_place *places = s->layouts[0].places;
    struct want w[CT_MAX_PLACES];
    int n = ct_layout_places(s, 0), shown = 0, y = out->body_y;
    for (int i = 0; i < n; i++) {
        w[i] = want_of(&places[i], i, focus);
        w[i].min = places[i].strip > 0 ? places[i].strip : STRIP_ROWS + 1; /* and the line above it */
    }
    for (int at; needed(w, n) > rows + 1 && (at = yields(w, n, false)) >= 0;) {
        w[at].gone = true;
    }
    share(w, n, rows + 1); /* there is no line above the first */
    for (int i = 0; i < n; i++) {
        if (!w[i].gone) {
            bool line = places[i].strip == 0;
            w[i].rows -= line;
            y += shown++ && line ? 1 : 0;
            add_slot(out, &w[i], y, 0, cols);
            y += w[i].rows;
        }
    }
}

void ct_layout_make(const struct ct_screen *s, int rows, int cols, int focus, bool zoom,
                    struct ct_layout *out)
{
    memset(out, 0, sizeof(*out));
    out->width_class = ct_layout_class(cols);
    out->line1 = cols >= 60 && rows > 1 ? CT_LINE1_FULL
                 : cols >= 20 || rows == 1 ? CT_LINE1_SHORT : CT_LINE1_COUNTS;
    out->bar_row = cols >= 100 && rows >= 16 ? 1 : -1;
    out->status_row = rows >= 8 && cols >= 20 ? rows - 1 : -1;
    out->health_row = rows >= 50 && cols >= 180 ? rows - 2 : -1; /* a wall is read by those who did not start it */
    out->tape_row = rows >= 30 && cols >= 80 ? rows - 2 - (out->health_row >= 0) : -1;
    out->framed = cols >= 60 && rows >= 8;
    out->body_y = out->bar_row > 0 ? 2 : 1;
    int below = (out->status_row >= 0 ? 1 : 0) + (out->tape_row >= 0 ? 1 : 0) + (out->health_row >= 0 ? 1 : 0);
    out->body_rows = rows - out->body_y - below;
    if (out->body_rows < 1 || cols < 20) {
        out->body_rows = out->body_rows < 0 ? 0 : out->body_rows;
        return;
    }
    bool strip = cols >= 36 && cols < 60 && rows >= 8;
    if (zoom || rows < 8 || cols < 36 || (rows < 16 && !strip)) {
        struct want alone = {.place = focus, .rows = out->body_rows};
        add_slot(out, &alone, out->body_y, 0, cols);
    } else if (strip) {
        lay_strip(s, out->body_rows, cols, focus, out);
    } else {
        lay_framed(s, out->body_rows, cols, focus, out);
    }
}
