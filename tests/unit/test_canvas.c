#include "db/base/text.h"
#include "tui/canvas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The canvas must read as TEXT, line for line. */
static void expect(struct ct_canvas *c, const char *text)
{
    struct ct_buf out = CT_BUF_INIT;
    ct_canvas_text(c, &out);
    assert_string_equal(out.p, text);
    ct_buf_free(&out);
    ct_canvas_free(c);
}

static struct ct_canvas *canvas(int rows, int cols)
{
    return ct_canvas_new(rows, cols, CT_CHARSET_UNICODE);
}

static void put_keeps_layout_blanks_and_clips(void **state)
{
    (void)state;
    struct ct_canvas *c = canvas(2, 6);
    struct ct_box b = ct_box_all(c);
    assert_int_equal(ct_puts(b, 0, 0, CT_ROLE_TEXT, "  a  bcd"), 6);
    assert_int_equal(ct_puts(b, 1, -1, CT_ROLE_TEXT, "xyz"), 3);
    assert_int_equal(ct_puts(b, 2, 0, CT_ROLE_TEXT, "below"), 0);
    assert_int_equal(ct_puts(b, -1, 0, CT_ROLE_TEXT, "above"), 0);
    assert_int_equal(ct_puts(b, 1, 5, CT_ROLE_TEXT, "right"), 1);
    expect(c, "  a  b\nyz   r\n");
}

static void put_lets_no_escape_or_invisible_character_through(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x1b[2JA",     "\x1b]0;t\aA", "\xc2\x9b" "31mA", "\x9b" "A",         "A\xe2\x80\xae",
        "\xef\xbb\xbf" "A", "A\xe2\x80\x8b",    "\x7f" "A",         "\xee\x80\x80" "A",
    };
    for (size_t i = 0; i < CT_LEN(bad); i++) {
        struct ct_canvas *c = canvas(1, 12);
        ct_puts(ct_box_all(c), 0, 0, CT_ROLE_TEXT, bad[i]);
        for (int x = 0; x < c->cols; x++) {
            uint32_t p = c->cells[x].point;
            assert_true(p >= 0x20 && p != 0x7f && (p < 0x80 || p == 0xfffd));
        }
        ct_canvas_free(c);
    }
}

static void a_cell_holds_a_base_and_few_marks(void **state)
{
    (void)state;
    char text[4001] = "a";
    for (int i = 0; i < 2000; i++) {
        memcpy(text + 1 + 2 * i, "\xcc\x81", i < 1999 ? 2 : 1);
    }
    struct ct_canvas *c = canvas(1, 4);
    assert_int_equal(ct_puts(ct_box_all(c), 0, 0, CT_ROLE_TEXT, text) <= 2, 1);
    assert_int_equal(c->cells[0].point, 'a');
    uint32_t points[CT_CELL_POINTS];
    assert_int_equal(ct_cell_points(c, &c->cells[0], points), CT_CELL_POINTS);
    assert_int_equal(points[1], 0x301);
    assert_int_equal(c->cells[0].width, 1);
    ct_canvas_free(c);
}

static void marks_of_many_kinds_stay_with_their_bases(void **state)
{
    (void)state;
    enum { KINDS = 0x70 };
    struct ct_canvas *c = canvas(1, KINDS);
    for (int round = 0; round < 2; round++) { /* the second time they are known */
        for (int i = 0; i < KINDS; i++) {
            const char text[] = {'e', (char)(0xcc + i / 64), (char)(0x80 + i % 64), 0};
            ct_puts(ct_box_all(c), 0, i, CT_ROLE_TEXT, text);
        }
    }
    for (int i = 0; i < KINDS; i++) {
        uint32_t points[CT_CELL_POINTS];
        if (i == 0x4f) { /* joins, and shows nothing */
            continue;
        }
        assert_int_equal(ct_cell_points(c, &c->cells[i], points), 2);
        assert_int_equal(points[0], 'e');
        assert_int_equal(points[1], 0x300 + i);
    }
    assert_true(c->n_marks <= KINDS);
    ct_canvas_free(c);
}

static void a_wide_character_is_whole_or_absent(void **state)
{
    (void)state;
    for (int cols = 1; cols <= 40; cols++) {
        struct ct_canvas *c = canvas(1, cols);
        int used = ct_puts(ct_box_all(c), 0, 0, CT_ROLE_TEXT,
                           "\xe6\xbc\xa2\xe5\xad\x97" "a\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97");
        assert_true(used <= cols);
        for (int x = 0; x < cols; x++) {
            bool right_half = c->cells[x].point == 0;
            assert_int_equal(right_half, x > 0 && c->cells[x - 1].width == 2);
        }
        assert_int_not_equal(c->cells[cols - 1].width, 2);
        ct_canvas_free(c);
    }
}

/* Only rows that were drawn on are compared with what is shown. */
static void what_changes_a_cell_touches_its_row(void **state)
{
    (void)state;
    struct ct_canvas *c = canvas(9, 12);
    struct ct_box b = ct_box_all(c);
    ct_puts(b, 8, 0, CT_ROLE_TEXT, "kept");
    ct_line_keep(ct_box_sub(b, 8, 0, 1, 12), 7);
    memset(c->touched, false, sizeof(c->touched));
    ct_puts(b, 0, 1, CT_ROLE_TEXT, "plain");
    ct_puts(b, 1, 1, CT_ROLE_TEXT, "\xe6\xbc\xa2");
    ct_put_field(b, 2, 1, 4, 1, CT_ROLE_DIM, CT_LIT("long text"));
    ct_put_point(b, 3, 1, CT_ROLE_KEY, 'x');
    ct_fill(b, 4, 1, 1, 3, CT_ROLE_TEXT, '-');
    ct_select(b, 5, 0, 4);
    assert_true(ct_line_put(ct_box_sub(b, 6, 0, 1, 12), 7));
    for (int y = 0; y < 9; y++) {
        assert_int_equal(c->touched[y], y < 7);
    }
    ct_canvas_clear(c);
    assert_true(c->touched[8]);
    ct_canvas_free(c);
}

static void covering_half_of_a_wide_character_blanks_the_other_half(void **state)
{
    (void)state;
    struct ct_canvas *c = canvas(2, 6);
    struct ct_box b = ct_box_all(c);
    ct_puts(b, 0, 0, CT_ROLE_TEXT, "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2");
    ct_puts(b, 0, 1, CT_ROLE_TEXT, "x");                 /* right half of the first */
    ct_puts(b, 0, 3, CT_ROLE_TEXT, "\xe5\xad\x97");      /* halves of the second and the third */
    ct_puts(b, 1, 0, CT_ROLE_TEXT, "\xe6\xbc\xa2");
    ct_puts(b, 1, 0, CT_ROLE_TEXT, "y");                 /* left half */
    expect(c, " x \xe5\xad\x97 \ny     \n");
}

static void fields_cut_mark_and_align(void **state)
{
    (void)state;
    struct ct_canvas *c = canvas(5, 8);
    struct ct_box b = ct_box_all(c);
    ct_fill(b, 0, 0, 5, 8, CT_ROLE_TEXT, '#');
    ct_put_field(b, 0, 0, 6, -1, CT_ROLE_TEXT, CT_LIT("abc"));
    ct_put_field(b, 1, 0, 6, 1, CT_ROLE_TEXT, CT_LIT("abc"));
    ct_put_field(b, 2, 0, 4, -1, CT_ROLE_TEXT, CT_LIT("abcdef"));
    ct_put_field(b, 3, 0, 4, -1, CT_ROLE_TEXT, CT_LIT("ab\xe6\xbc\xa2zz"));
    c->charset = CT_CHARSET_ASCII;
    ct_put_field(b, 4, 0, 4, -1, CT_ROLE_TEXT, CT_LIT("abcdef"));
    expect(c, "abc   ##\n   abc##\nabc\xe2\x80\xa6####\nab\xe2\x80\xa6 ####\nabc~####\n");
}

static void long_names_keep_both_ends(void **state)
{
    (void)state;
    struct ct_canvas *c = canvas(2, 12);
    struct ct_box b = ct_box_all(c);
    ct_put_middle(b, 0, 0, 12, CT_ROLE_TEXT, CT_LIT("aws/us-east-1/bedrock"));
    ct_put_middle(b, 1, 0, 12, CT_ROLE_TEXT, CT_LIT("openai/api"));
    expect(c, "aws/u..drock\nopenai/api  \n");
}

static void frames_fit_any_size(void **state)
{
    (void)state;
    for (int rows = 1; rows < 6; rows++) {
        for (int cols = 1; cols < 30; cols++) {
            struct ct_canvas *c = canvas(rows, cols);
            struct ct_box in = ct_frame(ct_box_all(c), true, CT_LIT("Now"), CT_LIT("seen 40s"));
            assert_int_equal(in.rows, rows > 2 && cols > 1 ? rows - 2 : 0);
            ct_fill(in, 0, 0, in.rows, in.cols, CT_ROLE_TEXT, '.');
            ct_canvas_free(c);
        }
    }
    struct ct_canvas *c = ct_canvas_new(3, 26, CT_CHARSET_ASCII);
    ct_frame(ct_box_all(c), true, CT_LIT("Now"), CT_LIT("seen 40s"));
    expect(c, "+- >Now ------ seen 40s -+\n|                        |\n+------------------------+\n");
}

static void selection_lies_over_the_role(void **state)
{
    (void)state;
    struct ct_canvas *c = canvas(1, 4);
    ct_puts(ct_box_all(c), 0, 0, CT_ROLE_STATE_DOWN, "DOWN");
    ct_select(ct_box_all(c), 0, 1, 9);
    assert_false(c->cells[0].selected);
    assert_true(c->cells[3].selected);
    assert_int_equal(c->cells[3].role, CT_ROLE_STATE_DOWN);
    ct_canvas_free(c);
}

static void a_line_kept_is_put_back_as_it_was(void **state)
{
    (void)state;
    struct ct_canvas *c = ct_canvas_new(2, 12, CT_CHARSET_UNICODE);
    struct ct_box line = ct_box_sub(ct_box_all(c), 0, 1, 1, 6), below = ct_box_sub(ct_box_all(c), 1, 1, 1, 6);
    ct_puts(line, 0, 0, CT_ROLE_KEY, "ab\xe5\xad\x97" "d");
    ct_line_keep(line, 7);
    ct_puts(line, 0, 0, CT_ROLE_TEXT, "------");
    assert_false(ct_line_put(line, 7 + CT_CANVAS_LINES));
    assert_false(ct_line_put(ct_box_sub(line, 0, 0, 1, 5), 7));
    ct_puts(ct_box_all(c), 1, 6, CT_ROLE_TEXT, "\xe5\xad\x97"); /* half of it stands in the box */
    assert_true(ct_line_put(below, 7));
    struct ct_buf out = CT_BUF_INIT;
    ct_canvas_text(c, &out);
    assert_string_equal(out.p, " ------     \n ab\xe5\xad\x97" "d      \n");
    assert_int_equal(c->cells[13].role, CT_ROLE_KEY);
    c->charset = CT_CHARSET_ASCII; /* what was drawn in other characters is not what would be drawn now */
    assert_false(ct_line_put(below, 7));
    ct_line_keep(ct_box_sub(line, 0, 0, 0, 0), 8);
    assert_false(ct_line_put(ct_box_sub(line, 0, 0, 0, 0), 8));
    ct_buf_free(&out);
    ct_canvas_free(c);
}

static void boxes_never_leave_their_parent(void **state)
{
    (void)state;
    struct ct_canvas *c = canvas(3, 5);
    struct ct_box b = ct_box_sub(ct_box_all(c), 1, 1, 1, 3);
    struct ct_box out = ct_box_sub(b, -2, 2, 100, 100);
    assert_int_equal(out.y, 1);
    assert_int_equal(out.x, 3);
    assert_int_equal(out.rows, 1);
    assert_int_equal(out.cols, 1);
    ct_fill(out, 0, 0, 9, 9, CT_ROLE_TEXT, 'x');
    ct_fill(ct_box_sub(b, 5, 5, 2, 2), 0, 0, 2, 2, CT_ROLE_TEXT, 'y');
    expect(c, "     \n   x \n     \n");
}

static void a_note_too_long_for_its_frame_loses_its_first_parts(void **state)
{
    (void)state;
    struct ct_canvas *c = canvas(2, 34);
    ct_frame(ct_box_all(c), false, CT_LIT("Now"), CT_LIT("4 of 7 clouds   od $/GPU.h   seen 2m"));
    expect(c, "┌─ Now ─── od $/GPU.h   seen 2m ─┐\n└────────────────────────────────┘\n");
    c = canvas(2, 16);
    ct_frame(ct_box_all(c), false, CT_LIT("Now"), CT_LIT("a   seen 12m"));
    expect(c, "┌─ Now ────────┐\n└──────────────┘\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_keeps_layout_blanks_and_clips),
        cmocka_unit_test(put_lets_no_escape_or_invisible_character_through),
        cmocka_unit_test(a_cell_holds_a_base_and_few_marks),
        cmocka_unit_test(marks_of_many_kinds_stay_with_their_bases),
        cmocka_unit_test(a_wide_character_is_whole_or_absent),
        cmocka_unit_test(what_changes_a_cell_touches_its_row),
        cmocka_unit_test(covering_half_of_a_wide_character_blanks_the_other_half),
        cmocka_unit_test(fields_cut_mark_and_align),
        cmocka_unit_test(long_names_keep_both_ends),
        cmocka_unit_test(frames_fit_any_size),
        cmocka_unit_test(a_note_too_long_for_its_frame_loses_its_first_parts),
        cmocka_unit_test(selection_lies_over_the_role),
        cmocka_unit_test(a_line_kept_is_put_back_as_it_was),
        cmocka_unit_test(boxes_never_leave_their_parent),
    };
    return cmocka_run_group_tests_name("canvas", tests, NULL, NULL);
}
