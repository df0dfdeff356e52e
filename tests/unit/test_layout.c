#include "config.h"

#include "tui/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct ct_panel_ops a = {.id = "a"}, b = {.id = "b"}, c = {.id = "c"};

#define AT(...) {__VA_ARGS__, 0, 0}
static const struct ct_screen screen = {
    .number = 1, .name = "test", .title = "Test",
    .layouts = {{.column_weights = {{1}}, .places = {AT(&a, 0, 8, 5, 0), AT(&b, 0, 7, 5, 1), AT(&c, 0, 4, 5, 2)}},
                {.column_weights = {{3, 2}},
                 .places = {AT(&a, CT_COLUMN_ALL, 10, 6, 0), AT(&b, 0, 12, 6, 1), AT(&c, 1, 11, 6, 2)}},
                {.column_weights = {{1, 1, 1}},
                 .places = {AT(&a, 0, 1, 6, 0), AT(&b, 1, 1, 6, 1), AT(&c, 2, 1, 6, 2)}}},
};

static void panels_tile_the_body_at_every_size(void **state)
{
    (void)state;
    for (int rows = 1; rows <= 70; rows++) {
        for (int cols = 1; cols <= 240; cols += cols < 70 ? 1 : 7) {
            for (int focus = 0; focus < 3; focus++) {
                struct ct_layout l;
                char hit[70][240];
                memset(hit, 0, sizeof(hit));
                ct_layout_make(&screen, rows, cols, focus, false, &l);
                bool focused = l.n == 0;
                for (int i = 0; i < l.n; i++) {
                    const struct ct_slot *s = &l.slots[i];
                    assert_true(s->rows > 0 && s->cols > 0);
                    assert_true(s->y >= l.body_y && s->y + s->rows <= l.body_y + l.body_rows);
                    assert_true(s->x >= 0 && s->x + s->cols <= cols);
                    focused = focused || (s->place == focus && !s->folded);
                    for (int y = s->y; y < s->y + s->rows; y++) {
                        for (int x = s->x; x < s->x + s->cols; x++) {
                            assert_int_equal(hit[y][x]++, 0);
                        }
                    }
                }
                assert_true(focused); /* the panel with the keys is never folded away */
                assert_true(l.n > 0 || cols < 20 || l.body_rows == 0);
                assert_true(l.status_row < rows && l.tape_row < rows);
            }
        }
    }
}

static void no_panel_of_any_screen_leaves_the_body(void **state)
{
    (void)state;
    for (int i = 0; ct_screens[i]; i++) {
        for (int rows = 1; rows <= 70; rows++) {
            for (int cols = 20; cols <= 240; cols += 20) {
                for (int focus = 0; focus < ct_layout_places(ct_screens[i], ct_layout_class(cols)); focus++) {
                    struct ct_layout l;
                    ct_layout_make(ct_screens[i], rows, cols, focus, false, &l);
                    for (int k = 0; k < l.n; k++) {
                        assert_true(l.slots[k].y + l.slots[k].rows <= l.body_y + l.body_rows);
                    }
                }
            }
        }
    }
}

static void sizes_choose_the_forms_of_the_design(void **state)
{
    (void)state;
    struct ct_layout l;
    ct_layout_make(&screen, 24, 80, 0, false, &l);
    assert_true(l.framed && l.bar_row < 0 && l.tape_row < 0 && l.status_row == 23 && l.n == 3);
    ct_layout_make(&screen, 40, 120, 0, false, &l);
    assert_true(l.framed && l.bar_row == 1 && l.tape_row == 38 && l.n == 3 && l.width_class == 1);
    assert_int_equal(l.slots[0].cols, 120);
    assert_int_equal(l.slots[1].cols, 72);
    ct_layout_make(&screen, 14, 44, 0, false, &l);
    assert_true(!l.framed && l.n == 2 && l.line1 == CT_LINE1_SHORT && l.status_row == 13);
    assert_int_equal(l.slots[0].rows + l.slots[1].rows, 11); /* and the line between */
    assert_int_equal(l.slots[1].y, l.slots[0].y + l.slots[0].rows + 1);
    ct_layout_make(&screen, 5, 20, 0, false, &l);
    assert_true(!l.framed && l.n == 1 && l.status_row < 0 && l.slots[0].rows == 4);
    ct_layout_make(&screen, 10, 100, 1, false, &l);
    assert_true(l.n == 1 && l.slots[0].place == 1 && l.bar_row < 0);
    ct_layout_make(&screen, 1, 200, 0, false, &l);
    assert_true(l.n == 0 && l.line1 == CT_LINE1_SHORT);
    ct_layout_make(&screen, 9, 12, 0, false, &l);
    assert_true(l.n == 0 && l.line1 == CT_LINE1_COUNTS);
}

static const struct ct_slot *slot_of(const struct ct_layout *l, const char *id)
{
    for (int i = 0; i < l->n; i++) {
        if (strcmp(ct_screens[0]->layouts[l->width_class].places[l->slots[i].place].panel->id, id) == 0) {
            return &l->slots[i];
        }
    }
    fail_msg("no %s", id);
    return NULL;
}

static void a_wall_has_bands_with_columns_of_their_own(void **state)
{
    (void)state;
    struct ct_layout l;
    ct_layout_make(ct_screens[0], 60, 200, 0, false, &l);
    const struct ct_slot *a1 = slot_of(&l, "status"), *b1 = slot_of(&l, "watchlist"), *c1 = slot_of(&l, "models");
    assert_true(a1->y == b1->y && b1->y == c1->y && a1->rows == c1->rows);
    assert_true(a1->x == 0 && b1->x == a1->cols && c1->x == b1->x + b1->cols && c1->x + c1->cols == 200);
    const struct ct_slot *now = slot_of(&l, "now"), *chart = slot_of(&l, "history"), *tape = slot_of(&l, "tape");
    assert_true(now->y + now->rows == a1->y && a1->y + a1->rows == chart->y);
    assert_true(chart->cols > now->cols && tape->x == chart->cols && tape->y + tape->rows == chart->y + chart->rows);
    for (int rows = 16; rows < 60; rows++) { /* a low one folds inside its bands before any of them goes */
        ct_layout_make(ct_screens[0], rows, 200, 0, false, &l);
        assert_true(!slot_of(&l, "now")->folded);
        assert_true(rows < 22 || (!slot_of(&l, "history")->folded && !slot_of(&l, "models")->folded));
    }
}

static void a_strip_ends_with_the_lines_that_belong_to_what_is_above(void **state)
{
    (void)state;
    struct ct_layout l;
    ct_layout_make(ct_screens[0], 14, 44, 0, false, &l);
    assert_int_equal(l.n, 3);
    const struct ct_slot *followed = slot_of(&l, "watchlist"), *stock = slot_of(&l, "capacity");
    assert_int_equal(stock->rows, 1);
    assert_int_equal(stock->y, followed->y + followed->rows);
    assert_int_equal(stock->y + 1, l.status_row);
}

static void low_screens_fold_the_least_important_panel_to_its_title(void **state)
{
    (void)state;
    struct ct_layout l;
    ct_layout_make(&screen, 16, 80, 0, false, &l); /* 14 rows for 15 */
    assert_int_equal(l.n, 3);
    assert_true(l.slots[2].folded && l.slots[2].rows == 1);
    assert_false(l.slots[0].folded || l.slots[1].folded);
    ct_layout_make(&screen, 16, 80, 2, false, &l); /* unless it has the focus */
    assert_false(l.slots[2].folded);
    assert_true(l.slots[1].folded);
}

static void zoom_shows_the_focused_panel_alone(void **state)
{
    (void)state;
    struct ct_layout l;
    ct_layout_make(&screen, 40, 120, 2, true, &l);
    assert_int_equal(l.n, 1);
    assert_int_equal(l.slots[0].place, 2);
    assert_int_equal(l.slots[0].rows, 36);
    assert_int_equal(l.slots[0].cols, 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_tile_the_body_at_every_size),
        cmocka_unit_test(no_panel_of_any_screen_leaves_the_body),
        cmocka_unit_test(sizes_choose_the_forms_of_the_design),
        cmocka_unit_test(a_wall_has_bands_with_columns_of_their_own),
        cmocka_unit_test(a_strip_ends_with_the_lines_that_belong_to_what_is_above),
        cmocka_unit_test(low_screens_fold_the_least_important_panel_to_its_title),
        cmocka_unit_test(zoom_shows_the_focused_panel_alone),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
