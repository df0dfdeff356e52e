#include "config.h"

#include "tui/theme.h"

#include "db/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct told {
    int n;
    char where[8][200], what[8][200];
};

static void tell(void *ctx, const char *where, const char *what)
{
    struct told *t = ctx;
    if (t->n < 8) {
        snprintf(t->where[t->n], sizeof(t->where[0]), "%s", where);
        snprintf(t->what[t->n], sizeof(t->what[0]), "%s", what);
    }
    t->n++;
}

/* Loads a theme with TEXT in it; the file is gone afterwards. */
static enum ct_status load_text(const char *text, struct ct_theme *t, struct told *told)
{
    char path[512];
    struct ct_error e = {0};
    snprintf(path, sizeof(path), "%s/theme-XXXXXX.theme", getenv("CT_BUILDDIR"));
    int fd = mkstemps(path, 6);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    enum ct_status st = ct_theme_load(path, t, tell, told, &e);
    unlink(path);
    return st;
}

static bool same_look(struct ct_look a, struct ct_look b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

static void shipped_themes_load_without_a_word(void **state)
{
    (void)state;
    for (size_t i = 0; ct_theme_names[i]; i++) {
        struct ct_theme t;
        struct told told = {0};
        struct ct_error e = {0};
        assert_int_equal(ct_theme_load(ct_theme_names[i], &t, tell, &told, &e), CT_OK);
        assert_int_equal(told.n, 0);
        assert_string_equal(t.name, ct_theme_names[i]);
    }
}

static void the_built_in_theme_is_the_file_of_that_name(void **state)
{
    (void)state;
    struct ct_theme file, built;
    struct told told = {0};
    struct ct_error e = {0};
    ct_theme_builtin(&built);
    assert_int_equal(ct_theme_load("terminal", &file, tell, &told, &e), CT_OK);
    for (int i = 0; i < CT_N_ROLES; i++) {
        if (!same_look(file.looks[i], built.looks[i])) {
            fail_msg("role %s differs", ct_role_words[i]);
        }
    }
}

/* ux.md 7.2: the attributes alone tell trouble apart; unknown is never drawn like ok. Only maintenance and ok share
 * theirs: those have their signs. */
static void states_differ_without_any_colour_in_every_theme(void **state)
{
    (void)state;
    static const enum ct_role roles[] = {CT_ROLE_STATE_OK, CT_ROLE_STATE_UNKN, CT_ROLE_STATE_DEGR,
                                         CT_ROLE_STATE_PART, CT_ROLE_STATE_DOWN};
    for (size_t n = 0; n < 2; n++) { /* those meant for it */
        struct ct_theme t;
        struct ct_error e = {0};
        assert_int_equal(ct_theme_load(ct_theme_names[n], &t, NULL, NULL, &e), CT_OK);
        for (size_t i = 0; i < CT_LEN(roles); i++) {
            for (size_t j = i + 1; j < CT_LEN(roles); j++) {
                assert_int_not_equal(ct_theme_look(&t, roles[i], false, 0).attrs,
                                     ct_theme_look(&t, roles[j], false, 0).attrs);
            }
        }
    }
}

static void a_wrong_line_is_told_and_costs_one_role_only(void **state)
{
    (void)state;
    struct ct_theme t, built;
    struct told told = {0};
    ct_theme_builtin(&built);
    assert_int_equal(load_text("name = x\n[roles]\nstate.down = 5 blod\nstate.dwn = 5\nerror = 6\n"
                               "text = 300\n[colours]\na = 1\n",
                               &t, &told),
                     CT_OK);
    assert_int_equal(told.n, 4);
    assert_non_null(strstr(told.where[0], ".theme:3"));
    assert_non_null(strstr(told.what[0], "blod"));
    assert_non_null(strstr(told.where[1], ".theme:4"));
    assert_non_null(strstr(told.what[1], "state.down"));
    assert_true(same_look(t.looks[CT_ROLE_STATE_DOWN], built.looks[CT_ROLE_STATE_DOWN]));
    assert_int_equal(t.looks[CT_ROLE_ERROR].fg, 6);
    assert_int_equal(t.looks[CT_ROLE_TEXT].fg, CT_COLOR_DEFAULT);
}

static void extends_and_base16_are_followed(void **state)
{
    (void)state;
    struct ct_theme t;
    struct told told = {0};
    assert_int_equal(load_text("extends = mono\n[base16]\nbase08 = #ff8000\n[roles]\n"
                               "error = base08 on base00 bold\nprice.lower = base08 on default underline\n",
                               &t, &told),
                     CT_OK);
    assert_int_equal(told.n, 1); /* base00 was never given */
    assert_int_equal(t.looks[CT_ROLE_PRICE_LOWER].fg, CT_COLOR_RGB + 0xff8000);
    assert_int_equal(t.looks[CT_ROLE_STATE_DEGR].fg, CT_COLOR_DEFAULT); /* as mono has it */
}

static void a_whole_base16_scheme_needs_no_roles(void **state)
{
    (void)state;
    struct ct_theme t;
    struct told told = {0};
    char text[512] = "extends = mono\n[base16]\n";
    for (int i = 0; i < 16; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof(text) - n, "base0%X = #%02x0000\n", i, i * 16);
    }
    strcat(text, "[roles]\nerror = base0F bold\n");
    assert_int_equal(load_text(text, &t, &told), CT_OK);
    assert_int_equal(told.n, 0);
    for (int i = 0; i < CT_N_ROLES; i++) { /* one background, but where a role says otherwise */
        bool own = i == CT_ROLE_ERROR || i == CT_ROLE_SELECTION;
        assert_int_equal(t.looks[i].bg, own ? CT_COLOR_DEFAULT : CT_COLOR_RGB);
    }
    assert_int_equal(t.looks[CT_ROLE_TEXT].fg, CT_COLOR_RGB + 0x500000);
    assert_int_equal(t.looks[CT_ROLE_ERROR].fg, CT_COLOR_RGB + 0xf00000);
}

/* Contrast as people see it, of 21: WCAG's relative luminance. */
static double luminance(int color)
{
    double sum = 0;
    static const double weight[] = {0.0722, 0.7152, 0.2126};
    for (int i = 0; i < 3; i++) {
        double c = (ct_color_rgb(color) >> (8 * i) & 255) / 255.0;
        sum += weight[i] * (c <= 0.03928 ? c / 12.92 : (c + 0.055) / 1.055 * (c + 0.055) / 1.055);
    }
    return sum;
}

static double contrast(int color, int other)
{
    double a = luminance(color) + 0.05, b = luminance(other) + 0.05;
    return a > b ? a / b : b / a;
}

static void text_of_every_theme_can_be_read_on_its_ground(void **state)
{
    (void)state;
    for (size_t n = 0; ct_theme_names[n]; n++) {
        struct ct_theme t;
        struct ct_error e = {0};
        assert_int_equal(ct_theme_load(ct_theme_names[n], &t, NULL, NULL, &e), CT_OK);
        for (int role = 0; role < CT_N_ROLES; role++) {
            for (int colors = 8; colors <= 256; colors *= colors == 8 ? 2 : 16) {
                for (int selected = 0; selected < 2; selected++) {
                    struct ct_look look = ct_theme_look(&t, (enum ct_role)role, selected, colors);
                    assert_true(look.fg == CT_COLOR_DEFAULT || look.fg != look.bg);
                    if (look.fg >= 16 && look.bg < 0) { /* a colour of ours on the terminal's own ground: light or dark */
                        double dark = contrast(look.fg, CT_COLOR_RGB), light = contrast(look.fg, CT_COLOR_RGB + 0xffffff);
                        if (dark < 2.0 || light < 2.0) {
                            fail_msg("%s: %s has %.2f on black, %.2f on white", t.name, ct_role_words[role], dark, light);
                        }
                    }
                    if (look.fg < 0 || look.bg < 0 || (role == CT_ROLE_BORDER && colors == 256)) {
                        continue;
                    }
                    double c = contrast(look.fg, look.bg);
                    if (c < 2.0) {
                        fail_msg("%s: %s has a contrast of %.2f at %d", t.name, ct_role_words[role], c, colors);
                    }
                }
            }
        }
    }
}

static void a_theme_that_extends_nothing_real_says_so(void **state)
{
    (void)state;
    struct ct_theme t;
    struct told told = {0};
    struct ct_error e = {0};
    assert_int_equal(load_text("extends = mnoo\n[roles]\nerror = 6\n", &t, &told), CT_OK);
    assert_int_equal(told.n, 1);
    assert_int_equal(t.looks[CT_ROLE_ERROR].fg, 6);
    assert_int_equal(ct_theme_load("mnoo", &t, tell, &told, &e), CT_ERR_NOT_FOUND);
    assert_non_null(strstr(e.what, "mono"));
}

/* Reading it would wait for somebody who writes. */
static void a_theme_that_is_a_pipe_is_refused_at_once(void **state)
{
    (void)state;
    char path[512];
    struct ct_theme t;
    struct told told = {0};
    struct ct_error e = {0};
    snprintf(path, sizeof(path), "%s/theme-%ld.theme", getenv("CT_BUILDDIR"), (long)getpid());
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(60); /* waits for nobody: this ends it */
    assert_int_equal(ct_theme_load(path, &t, tell, &told, &e), CT_ERR_IO);
    alarm(0);
    unlink(path);
    assert_string_equal(e.what, "no file");
}

static void colours_come_down_to_the_terminal(void **state)
{
    (void)state;
    struct ct_theme t;
    ct_theme_builtin(&t);
    t.looks[CT_ROLE_ERROR] = (struct ct_look){CT_COLOR_RGB + 0xfe0102, CT_COLOR_DEFAULT, 0};
    assert_int_equal(ct_theme_look(&t, CT_ROLE_ERROR, false, 256).fg, 196);
    assert_int_equal(ct_theme_look(&t, CT_ROLE_ERROR, false, 16).fg, 1);
    assert_int_equal(ct_theme_look(&t, CT_ROLE_ERROR, false, 8).fg, 1);
    assert_int_equal(ct_theme_look(&t, CT_ROLE_ERROR, false, 0).fg, CT_COLOR_DEFAULT);
    /* Colours that fall together would hide the text. */
    static const int grounds[] = {0xee0000, 0xcd0000, 0xfe0000, 0x7f0000};
    for (size_t i = 0; i < CT_LEN(grounds); i++) {
        t.looks[CT_ROLE_ERROR].bg = CT_COLOR_RGB + grounds[i];
        for (int colors = 8; colors <= 16; colors *= 2) {
            struct ct_look look = ct_theme_look(&t, CT_ROLE_ERROR, false, colors);
            assert_true(look.fg == CT_COLOR_DEFAULT ? look.bg == CT_COLOR_DEFAULT : contrast(look.fg, look.bg) > 2);
        }
    }
    t.looks[CT_ROLE_ERROR].fg = t.looks[CT_ROLE_ERROR].bg = 1; /* as somebody wrote it */
    assert_int_equal(ct_theme_look(&t, CT_ROLE_ERROR, false, 16).fg, CT_COLOR_DEFAULT);
}

/* Nobody knows whether the terminal's own ground is light or dark: what stands on it is a hue, or its own text. */
static void few_colours_on_the_terminals_own_ground_are_hues(void **state)
{
    (void)state;
    static const int colors_of_all[] = {0x000000, 0xffffff, 0xf8f8f2, 0x808080, 0x202428, 0xc0c0c0, 0xf0e442,
                                        0x56b4e9, 0xd55e00, 0x010203, 0xfb4934, 0x3333ee, 0x20c020};
    static const int hues[] = {-1, -1, -1, -1, -1, -1, 3, 6, 1, -1, 1, 4, 2};
    struct ct_theme t;
    ct_theme_builtin(&t);
    for (size_t i = 0; i < CT_LEN(hues); i++) {
        t.looks[CT_ROLE_ERROR] = (struct ct_look){CT_COLOR_RGB + colors_of_all[i], CT_COLOR_DEFAULT, 0};
        for (int colors = 8; colors <= 16; colors *= 2) {
            int fg = ct_theme_look(&t, CT_ROLE_ERROR, false, colors).fg;
            assert_int_equal(fg, hues[i]);
        }
    }
}

static void ansi_output_holds_every_cell_and_resets(void **state)
{
    (void)state;
    struct ct_theme t;
    struct ct_canvas *c = ct_canvas_new(1, 6, CT_CHARSET_UNICODE);
    struct ct_buf out = CT_BUF_INIT;
    ct_theme_builtin(&t);
    ct_puts(ct_box_all(c), 0, 0, CT_ROLE_STATE_DOWN, "X");
    ct_puts(ct_box_all(c), 0, 1, CT_ROLE_TEXT, "ok");
    ct_theme_ansi(&t, c, 16, &out);
    assert_string_equal(out.p, "\033[0;1;7;31mX\033[0mok   \033[0m\n");
    ct_buf_free(&out);
    ct_canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_themes_load_without_a_word),
        cmocka_unit_test(the_built_in_theme_is_the_file_of_that_name),
        cmocka_unit_test(states_differ_without_any_colour_in_every_theme),
        cmocka_unit_test(a_wrong_line_is_told_and_costs_one_role_only),
        cmocka_unit_test(extends_and_base16_are_followed),
        cmocka_unit_test(a_theme_that_extends_nothing_real_says_so),
        cmocka_unit_test(a_whole_base16_scheme_needs_no_roles),
        cmocka_unit_test(text_of_every_theme_can_be_read_on_its_ground),
        cmocka_unit_test(a_theme_that_is_a_pipe_is_refused_at_once),
        cmocka_unit_test(colours_come_down_to_the_terminal),
        cmocka_unit_test(few_colours_on_the_terminals_own_ground_are_hues),
        cmocka_unit_test(ansi_output_holds_every_cell_and_resets),
    };
    return cmocka_run_group_tests_name("theme", tests, NULL, NULL);
}
