#include "config.h"

#include "tui/theme.h"

#include "db/base/paths.h"
#include "db/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const ct_theme_names[] = {"terminal", "mono", "high-contrast", "cb", "gruvbox", "nord", "dracula",
                                      "solarized-light", NULL};

static const char *const attr_words[] = {"bold", "dim", "underline", "reverse", "italic", NULL};

#define LOOK(f, a) {.fg = (f), .bg = CT_COLOR_DEFAULT, .attrs = (a)}
#define DEF CT_COLOR_DEFAULT

/* The attributes alone tell the states apart (ux.md 7.2), so taking all colours away leaves a mono theme. */
static const struct ct_look builtin[CT_N_ROLES] = {
    [CT_ROLE_TEXT] = LOOK(DEF, 0),
    [CT_ROLE_DIM] = LOOK(DEF, CT_ATTR_DIM),
    [CT_ROLE_BORDER] = LOOK(DEF, CT_ATTR_DIM),
    [CT_ROLE_BORDER_FOCUS] = LOOK(DEF, 0),
    [CT_ROLE_TITLE] = LOOK(DEF, CT_ATTR_BOLD),
    [CT_ROLE_HEADER] = LOOK(DEF, CT_ATTR_DIM),
    [CT_ROLE_SELECTION] = LOOK(DEF, CT_ATTR_REVERSE),
    [CT_ROLE_STATE_OK] = LOOK(DEF, 0),
    [CT_ROLE_STATE_MAINT] = LOOK(DEF, 0),
    [CT_ROLE_STATE_UNKN] = LOOK(DEF, CT_ATTR_DIM),
    [CT_ROLE_STATE_DEGR] = LOOK(3, CT_ATTR_UNDERLINE),
    [CT_ROLE_STATE_PART] = LOOK(3, CT_ATTR_BOLD),
    [CT_ROLE_STATE_DOWN] = LOOK(1, CT_ATTR_BOLD | CT_ATTR_REVERSE),
    [CT_ROLE_PRICE_LOWER] = LOOK(4, 0),
    [CT_ROLE_PRICE_HIGHER] = LOOK(DEF, CT_ATTR_BOLD),
    [CT_ROLE_STALE] = LOOK(DEF, CT_ATTR_DIM),
    [CT_ROLE_ERROR] = LOOK(1, CT_ATTR_BOLD),
    [CT_ROLE_MATCH] = LOOK(DEF, CT_ATTR_UNDERLINE),
    [CT_ROLE_KEY] = LOOK(DEF, CT_ATTR_BOLD),
    [CT_ROLE_SERIES_A] = LOOK(4, 0),
    [CT_ROLE_SERIES_B] = LOOK(3, 0),
    [CT_ROLE_SERIES_C] = LOOK(6, 0),
    [CT_ROLE_SERIES_D] = LOOK(5, 0),
    [CT_ROLE_SERIES_E] = LOOK(2, 0),
    [CT_ROLE_SERIES_F] = LOOK(1, 0),
    [CT_ROLE_SERIES_G] = LOOK(DEF, CT_ATTR_BOLD),
    [CT_ROLE_SERIES_H] = LOOK(DEF, CT_ATTR_DIM),
    [CT_ROLE_CURSOR] = LOOK(DEF, CT_ATTR_BOLD),
    [CT_ROLE_NOT_LIVE] = LOOK(DEF, CT_ATTR_REVERSE),
    [CT_ROLE_BAR] = LOOK(DEF, 0),
};

void ct_theme_builtin(struct ct_theme *t)
{
    snprintf(t->name, sizeof(t->name), "terminal");
    memcpy(t->looks, builtin, sizeof(builtin));
}

/* What a whole base16 scheme makes of the roles: its numbers mean the same in all of them (00 to 07 from the
 * background to the brightest text, then red, orange, yellow, green, cyan, blue, purple, brown). */
static const struct {
    enum ct_role role;
    int fg; /* index in the scheme; the background is base00 */
    unsigned attrs;
} base16_roles[] = {
    {CT_ROLE_TEXT, 5, 0},
    {CT_ROLE_DIM, 4, 0},
    {CT_ROLE_BORDER, 3, 0},
    {CT_ROLE_BORDER_FOCUS, 13, 0},
    {CT_ROLE_TITLE, 13, CT_ATTR_BOLD},
    {CT_ROLE_HEADER, 4, 0},
    {CT_ROLE_STATE_OK, 5, 0},
    {CT_ROLE_STATE_MAINT, 12, 0},
    {CT_ROLE_STATE_UNKN, 4, CT_ATTR_DIM},
    {CT_ROLE_STATE_DEGR, 10, CT_ATTR_UNDERLINE},
    {CT_ROLE_STATE_PART, 9, CT_ATTR_BOLD},
    {CT_ROLE_STATE_DOWN, 8, CT_ATTR_BOLD | CT_ATTR_REVERSE},
    {CT_ROLE_PRICE_LOWER, 13, 0},
    {CT_ROLE_PRICE_HIGHER, 9, CT_ATTR_BOLD},
    {CT_ROLE_STALE, 4, CT_ATTR_DIM},
    {CT_ROLE_ERROR, 8, CT_ATTR_BOLD},
    {CT_ROLE_MATCH, 10, CT_ATTR_UNDERLINE},
    {CT_ROLE_KEY, 14, CT_ATTR_BOLD},
    {CT_ROLE_SERIES_A, 13, 0},
    {CT_ROLE_SERIES_B, 9, 0},
    {CT_ROLE_SERIES_C, 12, 0},
    {CT_ROLE_SERIES_D, 14, 0},
    {CT_ROLE_SERIES_E, 11, 0},
    {CT_ROLE_SERIES_F, 8, 0},
    {CT_ROLE_SERIES_G, 10, 0},
    {CT_ROLE_SERIES_H, 4, 0},
    {CT_ROLE_CURSOR, 10, CT_ATTR_BOLD},
    {CT_ROLE_NOT_LIVE, 10, CT_ATTR_REVERSE},
    {CT_ROLE_BAR, 5, 0},
};

/* ---- reading ---- */

static bool hex_color(const char *word, int *out)
{
    char *end;
    if (word[0] != '#' || strlen(word) != 7 || strspn(word + 1, "0123456789abcdefABCDEF") != 6) {
        return false;
    }
    *out = CT_COLOR_RGB + (int)strtol(word + 1, &end, 16);
    return true;
}

static bool parse_color(const char *word, const int *base16, int *out)
{
    int64_t n = 0;
    if (strcmp(word, "default") == 0) {
        *out = CT_COLOR_DEFAULT;
        return true;
    }
    if (hex_color(word, out)) {
        return true;
    }
    if (strlen(word) == 6 && strncmp(word, "base0", 5) == 0 && base16) {
        const char *digits = "0123456789ABCDEF0123456789abcdef", *at = strchr(digits, word[5]);
        int color = at ? base16[(at - digits) % 16] : CT_COLOR_DEFAULT;
        *out = color;
        return at && color != CT_COLOR_DEFAULT;
    }
    if (word[0] >= '0' && word[0] <= '9' && ct_span_int(ct_span(word), &n) == CT_OK && n < 256) {
        *out = (int)n;
        return true;
    }
    return false;
}

enum ct_status ct_look_parse(const char *text, const int *base16, struct ct_look *out,
                             struct ct_error *err)
{
    struct ct_look look = LOOK(DEF, 0);
    struct ct_span rest = ct_span_trim(ct_span(text));
    bool on = false, any = false;
    while (rest.p && rest.n) {
        struct ct_span part = ct_span_cut(&rest, ' ');
        char word[32];
        int attr;
        if (part.n == 0) {
            continue;
        }
        snprintf(word, sizeof(word), "%.*s", CT_FMT(part));
        for (attr = 0; attr_words[attr] && strcmp(attr_words[attr], word) != 0; attr++) {
        }
        if (strcmp(word, "on") == 0 && !on) {
            on = true;
            continue;
        }
        if (attr_words[attr]) {
            look.attrs |= 1u << attr;
        } else if (!parse_color(word, base16, on ? &look.bg : &look.fg)) {
            return ct_fail(err, CT_ERR_SYNTAX, NULL, "\"%s\" is no colour or attribute", word);
        }
        any = true;
    }
    if (!any) {
        return ct_fail(err, CT_ERR_SYNTAX, NULL, "no colour given");
    }
    *out = look;
    return CT_OK;
}

/* One pass: `extends` stands above all sections and [base16] above [roles]. */
struct reading {
    struct ct_theme *theme;
    int base16[16];
    unsigned given; /* bits of those */
    int depth;
    ct_ini_problem_fn *problem;
    void *ctx;
};

static enum ct_status load(const char *name, int depth, struct ct_theme *t,
                           ct_ini_problem_fn *problem, void *ctx, struct ct_error *err);

static enum ct_status read_head(struct reading *r, const char *key, const char *value,
                                struct ct_error *err)
{
    if (strcmp(key, "extends") == 0) {
        if (r->depth >= 8) {
            return ct_fail(err, CT_ERR_CONFIG, NULL, "themes extend each other in a circle");
        }
        return load(value, r->depth + 1, r->theme, r->problem, r->ctx, err);
    }
    if (strcmp(key, "name") != 0) {
        return ct_fail(err, CT_ERR_CONFIG, NULL, "no setting \"%s\" in a theme: name, extends", key);
    }
    return CT_OK;
}

static enum ct_status read_base16(struct reading *r, const char *key, const char *value,
                                  struct ct_error *err)
{
    const char *digits = "0123456789ABCDEF", *at = NULL;
    int color;
    if (strlen(key) == 6 && strncmp(key, "base0", 5) == 0) {
        at = strchr(digits, key[5] >= 'a' ? key[5] - 'a' + 'A' : key[5]);
    }
    if (!at) {
        return ct_fail(err, CT_ERR_CONFIG, NULL, "no colour \"%s\": base00 to base0F", key);
    }
    if (!hex_color(value, &color)) {
        return ct_fail(err, CT_ERR_CONFIG, NULL, "\"%s\" is no #rrggbb", value);
    }
    r->base16[at - digits] = color;
    r->given |= 1u << (at - digits);
    if (r->given == 0xffff) { /* the whole scheme: [roles] below may say otherwise */
        r->given = 0;
        for (size_t i = 0; i < CT_LEN(base16_roles); i++) {
            r->theme->looks[base16_roles[i].role] = (struct ct_look){
                r->base16[base16_roles[i].fg], r->base16[0], base16_roles[i].attrs};
        }
    }
    return CT_OK;
}

static enum ct_status read_role(struct reading *r, const char *key, const char *value,
                                struct ct_error *err)
{
    for (int i = 0; i < CT_N_ROLES; i++) {
        if (strcmp(ct_role_words[i], key) == 0) {
            return ct_look_parse(value, r->base16, &r->theme->looks[i], err);
        }
    }
    const char *near = ct_nearest(key, ct_role_words);
    return ct_fail(err, CT_ERR_CONFIG, NULL, "no role \"%s\"%s%s", key, near ? ", nearest: " : "",
                   near ? near : "");
}

static enum ct_status read_line(void *ctx, const char *section, const char *key, const char *value,
                                int line, struct ct_error *err)
{
    (void)line;
    if (!section[0]) {
        return read_head(ctx, key, value, err);
    }
    if (strcmp(section, "base16") == 0) {
        return read_base16(ctx, key, value, err);
    }
    if (strcmp(section, "roles") == 0) {
        return read_role(ctx, key, value, err);
    }
    return ct_fail(err, CT_ERR_CONFIG, NULL, "no section [%s] in a theme: base16, roles", section);
}

static void tell(void *ctx, const char *where, const char *what)
{
    struct reading *r = ctx;
    if (r->problem) {
        r->problem(r->ctx, where, what);
    }
}

static enum ct_status load(const char *name, int depth, struct ct_theme *t,
                           ct_ini_problem_fn *problem, void *ctx, struct ct_error *err)
{
    struct ct_buf path = CT_BUF_INIT;
    struct ct_theme made;
    struct stat there;
    struct reading r = {.theme = &made, .depth = depth, .problem = problem, .ctx = ctx};
    enum ct_status st = CT_OK;
    for (size_t i = 0; i < CT_LEN(r.base16); i++) {
        r.base16[i] = CT_COLOR_DEFAULT;
    }
    if (strchr(name, '/')) {
        ct_buf_adds(&path, name);
    } else {
        char file[128];
        snprintf(file, sizeof(file), "themes/%s.theme", name);
        st = ct_path_resource(&path, file, err);
        if (st == CT_ERR_NOT_FOUND) {
            const char *near = ct_nearest(name, ct_theme_names);
            ct_fail(err, st, name, "no such theme%s%s", near ? ", nearest: " : "", near ? near : "");
        }
    }
    ct_theme_builtin(&made);
    if (st == CT_OK && stat(path.p, &there) == 0 && !S_ISREG(there.st_mode)) { /* nobody waits for who may write into it */
        st = ct_fail(err, CT_ERR_IO, path.p, "no file");
    }
    if (st == CT_OK) {
        st = ct_ini_read(path.p, read_line, tell, &r, err);
    }
    if (st == CT_OK) {
        *t = made;
        const char *slash = strrchr(name, '/');
        snprintf(t->name, sizeof(t->name), "%.*s", (int)sizeof(t->name) - 1, slash ? slash + 1 : name);
        char *dot = strstr(t->name, ".theme");
        if (slash && dot) {
            *dot = '\0';
        }
    }
    ct_buf_free(&path);
    return st;
}

enum ct_status ct_theme_load(const char *name, struct ct_theme *t, ct_ini_problem_fn *problem,
                             void *ctx, struct ct_error *err)
{
    enum ct_status st = load(name, 0, t, problem, ctx, err);
    if (st != CT_OK && strcmp(name, "terminal") == 0) {
        ct_theme_builtin(t); /* the program knows this one by heart */
        return CT_OK;
    }
    return st;
}

/* ---- down to the terminal ---- */

/* As xterm has them; people's own differ. */
static const int palette16[16] = {
    0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
    0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
};

static int cube_step(int i)
{
    return i == 0 ? 0 : 55 + 40 * i;
}

int ct_color_rgb(int color)
{
    if (color >= CT_COLOR_RGB) {
        return color - CT_COLOR_RGB;
    }
    if (color < 16) {
        return palette16[color];
    }
    if (color < 232) {
        int c = color - 16;
        return cube_step(c / 36) << 16 | cube_step(c / 6 % 6) << 8 | cube_step(c % 6);
    }
    return (8 + 10 * (color - 232)) * 0x010101;
}

static int distance(int a, int b)
{
    int red = (a >> 16 & 255) - (b >> 16 & 255), green = (a >> 8 & 255) - (b >> 8 & 255);
    int blue = (a & 255) - (b & 255);
    return 3 * red * red + 4 * green * green + 2 * blue * blue; /* the eye is keenest on green */
}

/* Of 256 the nearest to RGB; those that people redefine (0 to 15) are left out. */
static int nearest_of_many(int rgb)
{
    int best = 16;
    for (int i = 17; i < 256; i++) {
        best = distance(rgb, ct_color_rgb(i)) < distance(rgb, ct_color_rgb(best)) ? i : best;
    }
    return best;
}

/* How bright RGB is to the eye, 0 to 1. */
static double brightness(int rgb)
{
    static const double weight[] = {0.0722, 0.7152, 0.2126}; /* blue, green, red */
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double part = (rgb >> 8 * i & 255) / 255.0;
        sum += weight[i] * part * part * (0.3 + 0.7 * part); /* near enough to the curve of displays */
    }
    return sum;
}

/* Whether letters of the colour A can be read on B. */
static bool readable(int a, int b)
{
    double x = brightness(ct_color_rgb(a)) + 0.05, y = brightness(ct_color_rgb(b)) + 0.05;
    return x > 3 * y || y > 3 * x;
}

/* RGB as bright as it can be: its hue and how much of it there is. */
static int brightest(int rgb)
{
    int red = rgb >> 16 & 255, green = rgb >> 8 & 255, blue = rgb & 255;
    int most = red > green ? red : green;
    most = most > blue ? most : blue;
    return most == 0 ? 0 : red * 255 / most << 16 | green * 255 / most << 8 | blue * 255 / most;
}

/* Or too dark for a hue. */
static bool is_grey(int rgb)
{
    int full = brightness(rgb) < 0.001 ? 0xffffff : brightest(rgb), least = full & 255;
    least = least < (full >> 8 & 255) ? least : full >> 8 & 255;
    least = least < (full >> 16 & 255) ? least : full >> 16 & 255;
    return least > 180;
}

/* Of 8 or 16, for letters on BACK: a hue stays a hue, and can be read. Where the background is the terminal's own, light
 * or dark, only hues do that; greys become its own text. */
static int nearest_of_few(int rgb, int colors, int back)
{
    bool own = back == CT_COLOR_DEFAULT, grey = is_grey(rgb);
    int best = CT_COLOR_DEFAULT, best_distance = 0, most = own && colors > 8 ? 8 : colors;
    for (int i = 0; i < most; i++) {
        int has = palette16[i];
        bool fits = own ? !grey && !is_grey(has) : is_grey(has) == grey;
        int d = distance(rgb, has) + (grey ? 0 : 4 * distance(brightest(rgb), brightest(has)));
        if (fits && (own || readable(i, back)) && (best == CT_COLOR_DEFAULT || d < best_distance)) {
            best = i;
            best_distance = d;
        }
    }
    return best == CT_COLOR_DEFAULT && !own ? (readable(0, back) ? 0 : 7) : best;
}

/* COLOR on a terminal of COLORS: a background, or letters on BACK. */
static int background(int color, int colors)
{
    if (color == CT_COLOR_DEFAULT || colors == 0) {
        return CT_COLOR_DEFAULT;
    }
    if (color < colors) {
        return color;
    }
    int rgb = ct_color_rgb(color), best = 0;
    for (int i = 1; i < colors && colors <= 16; i++) {
        best = distance(rgb, palette16[i]) < distance(rgb, palette16[best]) ? i : best;
    }
    return colors > 16 ? nearest_of_many(rgb) : best;
}

static int foreground(int color, int colors, int back)
{
    if (color == CT_COLOR_DEFAULT || colors == 0) {
        return CT_COLOR_DEFAULT;
    }
    if (color < colors) {
        return color;
    }
    int rgb = ct_color_rgb(color);
    return colors > 16 ? nearest_of_many(rgb) : nearest_of_few(rgb, colors, back);
}

struct ct_look ct_theme_look(const struct ct_theme *t, enum ct_role role, bool selected, int colors)
{
    struct ct_look look = t->looks[role];
    if (selected) {
        const struct ct_look *over = &t->looks[CT_ROLE_SELECTION];
        look.fg = over->fg != CT_COLOR_DEFAULT ? over->fg : look.fg;
        look.bg = over->bg != CT_COLOR_DEFAULT ? over->bg : look.bg;
        look.attrs = (look.attrs & ~(unsigned)CT_ATTR_DIM) | over->attrs;
    }
    bool colored = look.fg != CT_COLOR_DEFAULT || look.bg != CT_COLOR_DEFAULT;
    look.bg = background(look.bg, colors);
    look.fg = foreground(look.fg, colors, look.bg);
    if (colored && look.fg == look.bg) {
        look.fg = look.bg = CT_COLOR_DEFAULT;
    }
    return look;
}

/* ---- as text with SGR ---- */

static void add_color(struct ct_buf *out, int color, int base)
{
    if (color >= 0 && color < 8) {
        ct_buf_addf(out, ";%d", base + color);
    } else if (color >= 8 && color < 16) {
        ct_buf_addf(out, ";%d", base + 60 + color - 8);
    } else if (color >= 16) {
        ct_buf_addf(out, ";%d;5;%d", base + 8, color);
    }
}

static void add_look(struct ct_buf *out, struct ct_look look)
{
    static const int codes[] = {1, 2, 4, 7, 3}; /* as enum ct_attr */
    ct_buf_adds(out, "\033[0");
    for (size_t i = 0; i < CT_LEN(codes); i++) {
        if (look.attrs & 1u << i) {
            ct_buf_addf(out, ";%d", codes[i]);
        }
    }
    add_color(out, look.fg, 30);
    add_color(out, look.bg, 40);
    ct_buf_addc(out, 'm');
}

bool ct_theme_sgr(const struct ct_theme *t, enum ct_role role, int colors, struct ct_buf *out)
{
    struct ct_look look = ct_theme_look(t, role, false, colors);
    bool plain = !look.attrs && look.fg < 0 && look.bg < 0;
    if (!plain)
        add_look(out, look);
    return !plain;
}

void ct_theme_ansi(const struct ct_theme *t, const struct ct_canvas *c, int colors, struct ct_buf *out)
{
    for (int y = 0; y < c->rows; y++) {
        int last = -1;
        for (int x = 0; x < c->cols; x++) {
            const struct ct_cell *cell = &c->cells[(size_t)y * (size_t)c->cols + (size_t)x];
            int now = cell->role * 2 + (cell->selected ? 1 : 0);
            if (now != last) {
                add_look(out, ct_theme_look(t, cell->role, cell->selected, colors));
                last = now;
            }
            ct_cell_utf8(c, cell, out);
        }
        ct_buf_adds(out, "\033[0m\n");
    }
}
