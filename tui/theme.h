/* Themes: a look for every role, from small INI files (ux.md section 15), brought down to what the
 * terminal can show. Knows no terminal. Reading files: main thread before the loop; the rest: any. */
#ifndef CT_THEME_H
#define CT_THEME_H

#include "db/base/ini.h"
#include "tui/canvas.h"

enum ct_attr {
    CT_ATTR_BOLD = 1,
    CT_ATTR_DIM = 2,
    CT_ATTR_UNDERLINE = 4,
    CT_ATTR_REVERSE = 8,
    CT_ATTR_ITALIC = 16,
};

/* A colour: CT_COLOR_DEFAULT, 0..255 of the palette, or CT_COLOR_RGB + 0xrrggbb. */
enum { CT_COLOR_DEFAULT = -1, CT_COLOR_RGB = 0x1000000 };

struct ct_look {
    int fg, bg;
    unsigned attrs; /* enum ct_attr */
};

struct ct_theme {
    char name[64];
    struct ct_look looks[CT_N_ROLES];
};

/* The built-in "terminal": default colours, palette 0 to 15 and attributes. */
void ct_theme_builtin(struct ct_theme *t);
/* A [base16] section with all sixteen colours makes a look of every role; with fewer they are names for [roles].
 * Loads NAME ("mono"; a resource themes/NAME.theme) or a path (with a '/' in it). A role that cannot be read is told
 * to PROBLEM with file:line and keeps the look of the theme it extends. CT_ERR_NOT_FOUND names the nearest
 * theme, T untouched. */
CT_MUST_USE enum ct_status ct_theme_load(const char *name, struct ct_theme *t,
                                         ct_ini_problem_fn *problem, void *ctx,
                                         struct ct_error *err);
/* The themes shipped, NULL-terminated. */
extern const char *const ct_theme_names[];

/* "3 bold underline", "#rrggbb on default reverse": CT_ERR_SYNTAX names the word. BASE16 (16 colours) may be NULL. */
CT_MUST_USE enum ct_status ct_look_parse(const char *text, const int *base16, struct ct_look *out,
                                         struct ct_error *err);

/* How ROLE looks where COLORS (0, 8, 16, 256) exist, SELECTED laid over it. Colours come out as -1 or below
 * COLORS; a role that would vanish, its two colours being the same, keeps only its attributes. */
struct ct_look ct_theme_look(const struct ct_theme *t, enum ct_role role, bool selected, int colors);

/* 0xrrggbb of a palette colour as terminals usually have it, or of a CT_COLOR_RGB one. */
int ct_color_rgb(int color);

/* The SGR sequence that makes what follows look as ROLE does; false: that is as all text does, nothing is added. */
bool ct_theme_sgr(const struct ct_theme *t, enum ct_role role, int colors, struct ct_buf *out);
/* The canvas with SGR sequences, for `screen --ansi`: '\n' after each row. */
void ct_theme_ansi(const struct ct_theme *t, const struct ct_canvas *c, int colors,
                   struct ct_buf *out);

#endif
