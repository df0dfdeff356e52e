/* The table widget on hand-made models, and whole screens drawn without a terminal. */
#include "config.h"

#include "tui/app.h"
#include "tui/widgets/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
    struct ct_span name, note;
    int64_t price;
};

static const struct ct_column columns[] = {
    {.name = "name", .type = CT_TYPE_TEXT, .off = offsetof(struct row, name), .flags = CT_COL_SEARCH},
    {.name = "note", .type = CT_TYPE_TEXT, .off = offsetof(struct row, note)},
    {.name = "price", .type = CT_TYPE_NANO, .off = offsetof(struct row, price)},
};
static const struct ct_table table = {"rows", sizeof(struct row), columns, CT_LEN(columns)};
static const struct ct_tcol cols[] = {
    {.column = "name", .header = "NAME", .min = 5, .max = 8},
    {.column = "note", .header = "NOTE", .min = 6, .max = 20, .drop = 1},
    {.column = "price", .header = "PRICE", .min = 6, .max = 6, .align = 1, .drop = 2},
};
static const struct ct_tview view = {.table = &table, .cols = cols, .n_cols = 3, .frozen = 1,
                                     .id = "name", .noun = "rows"};

struct fix {
    struct ct_arena *a;
    struct ct_panel_query q;
    struct ct_tstate s;
    struct ct_tmodel m;
    struct ct_canvas *c;
    struct ct_buf note, text;
};

/* Loads rows named by the letters of NAMES, priced by their place in the alphabet. */
static void load(struct fix *f, const char *names)
{
    struct row *rows = ct_arena_alloc(f->a, (strlen(names) + 1) * sizeof(*rows));
    struct ct_error e = {0};
    for (size_t i = 0; names[i]; i++) {
        rows[i].name = ct_arena_dup(f->a, (struct ct_span){names + i, 1});
        rows[i].note = names[i] == 'x' ? CT_SPAN_NONE : CT_LIT("some words");
        rows[i].price = (names[i] - 'a' + 1) * INT64_C(1000000000);
    }
    f->q.at_ms = CT_LIVE;
    assert_int_equal(ct_tmodel_load(&view, (struct ct_rows){rows, strlen(names)}, &f->q, 0, f->a, &f->m, &e),
                     CT_OK);
}

static const char *draw(struct fix *f, int rows, int columns_wide)
{
    struct ct_draw d = {.focus = true, .live = true, .query = &f->q};
    ct_canvas_free(f->c);
    f->c = ct_canvas_new(rows, columns_wide, CT_CHARSET_ASCII);
    ct_buf_clear(&f->note);
    ct_buf_clear(&f->text);
    ct_tview_draw(&view, &f->s, &f->m, &d, ct_box_all(f->c), &f->note, "all quiet");
    ct_canvas_text(f->c, &f->text);
    return f->text.p;
}

static enum ct_act_result act(struct fix *f, enum ct_action action, int letter)
{
    struct ct_frame_request req = {0};
    return ct_tview_act(&view, &f->s, &f->m, action, letter, &f->q, &req);
}

static int setup(void **state)
{
    struct fix *f = ct_xcalloc(1, sizeof(*f));
    f->a = ct_arena_new(0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;
    ct_arena_free(f->a);
    ct_canvas_free(f->c);
    ct_buf_free(&f->note);
    ct_buf_free(&f->text);
    free(f);
    return 0;
}

static void columns_drop_in_their_order_as_width_shrinks(void **state)
{
    struct fix *f = *state;
    load(f, "ab");
    assert_string_equal(draw(f, 8, 30), " NAME     NOTE           PRICE\n"
                                        ">a        some words      1.00\n"
                                        " b        some words      2.00\n"
                                        "                              \n                              \n"
                                        "                              \n                              \n"
                                        "                              \n");
    assert_non_null(strstr(draw(f, 8, 17), "NAME"));
    assert_non_null(strstr(f->text.p, "NOTE"));
    assert_null(strstr(f->text.p, "PRICE"));
    assert_null(strstr(draw(f, 8, 10), "NOTE"));
    for (int w = 1; w < 12; w++) {
        draw(f, 3, w);
        draw(f, 1, w);
    }
}

static void a_move_paints_the_two_rows_it_touches_as_all_anew_would(void **state)
{
    enum { ROWS = 6, COLS = 30 };
    static const int moves[] = {CT_ACT_ROW_DOWN, CT_ACT_BOTTOM, CT_ACT_ROW_UP, CT_ACT_TOP};
    struct fix *f = *state;
    struct ct_cell moved[ROWS * COLS];
    load(f, "abcd");
    draw(f, ROWS, COLS);
    act(f, CT_ACT_MARK, 0);
    draw(f, ROWS, COLS);
    for (size_t i = 0; i < CT_LEN(moves); i++) {
        size_t from = f->s.at;
        memset(f->c->touched, false, sizeof(f->c->touched));
        assert_int_equal(act(f, (enum ct_action)moves[i], 0), CT_ACT_DRAW);
        assert_true(ct_tview_move(&f->s, &f->m, NULL));
        for (int y = 0; y < ROWS; y++) {
            size_t row = f->s.top + (size_t)(y - f->s.body_y);
            assert_int_equal(f->c->touched[y], y >= f->s.body_y && (row == from || row == f->s.at));
        }
        memcpy(moved, f->c->cells, sizeof(moved));
        draw(f, ROWS, COLS);
        assert_memory_equal(moved, f->c->cells, sizeof(moved));
    }
    load(f, "abcdefgh");
    draw(f, ROWS, COLS);
    act(f, CT_ACT_BOTTOM, 0);
    assert_false(ct_tview_move(&f->s, &f->m, NULL)); /* it scrolls: all rows are others */
}

static void a_name_gets_the_room_that_short_columns_leave(void **state)
{
    static const struct ct_tcol roomy[] = {
        {.column = "name", .header = "NAME", .min = 6, .max = 30, .middle = true},
        {.column = "price", .header = "PRICE", .min = 12, .align = 1},
    };
    static const struct ct_tview wide = {.table = &table, .cols = roomy, .n_cols = 2, .frozen = 1, .id = "name"};
    struct fix *f = *state;
    struct row row = {.name = CT_LIT("H100-PCIe spot vastai/Quebec"), .price = INT64_C(1000000000)};
    struct ct_error e = {0};
    struct ct_draw d = {.live = true, .query = &f->q};
    f->q.at_ms = CT_LIVE;
    assert_int_equal(ct_tmodel_load(&wide, (struct ct_rows){&row, 1}, &f->q, 0, f->a, &f->m, &e), CT_OK);
    f->c = ct_canvas_new(3, 36, CT_CHARSET_ASCII);
    ct_tview_draw(&wide, &f->s, &f->m, &d, ct_box_all(f->c), &f->note, "");
    ct_canvas_text(f->c, &f->text);
    assert_non_null(strstr(f->text.p, " H100-PCIe spot vastai/Quebec "));
}

static void a_number_in_view_is_whole_even_where_no_sample_saw_it(void **state)
{
    enum { ROWS = 600 };
    static const struct ct_tcol narrow_cols[] = {
        {.column = "name", .header = "NAME", .min = 12, .max = 40, .middle = true},
        {.column = "price", .header = "PRICE", .min = 3, .max = 9, .align = 1},
    };
    static const struct ct_tview narrow = {
        .table = &table, .cols = narrow_cols, .n_cols = 2, .frozen = 1, .id = "name", .noun = "rows"};
    struct fix *f = *state;
    struct ct_error e = {0};
    struct ct_draw d = {.focus = true, .live = true, .query = &f->q};
    struct row *rows = ct_arena_alloc(f->a, ROWS * sizeof(*rows));
    for (int i = 0; i < ROWS; i++) {
        rows[i].name = ct_arena_printf(f->a, "a rather long name of row %d", i);
        rows[i].price = i == 1 ? INT64_C(1234560000000) : INT64_C(1000000000);
    }
    f->q.at_ms = CT_LIVE;
    assert_int_equal(ct_tmodel_load(&narrow, (struct ct_rows){rows, ROWS}, &f->q, 0, f->a, &f->m, &e), CT_OK);
    f->c = ct_canvas_new(8, 26, CT_CHARSET_ASCII);
    ct_tview_draw(&narrow, &f->s, &f->m, &d, ct_box_all(f->c), &f->note, "");
    ct_canvas_text(f->c, &f->text);
    assert_non_null(strstr(f->text.p, "1,234.56"));
}

static void columns_move_hide_and_come_back_whatever_their_order(void **state)
{
    struct fix *f = *state;
    load(f, "ab");
    assert_non_null(strstr(draw(f, 8, 30), "NOTE           PRICE"));
    act(f, CT_ACT_COL_RIGHT, 0);
    act(f, CT_ACT_COLUMN_RIGHT, 0); /* the note goes behind the price */
    assert_non_null(strstr(draw(f, 8, 30), "PRICE NOTE"));
    act(f, CT_ACT_COL_LEFT, 0);
    act(f, CT_ACT_COL_LEFT, 0);
    assert_null(strstr(draw(f, 8, 17), "PRICE")); /* and the price is still dropped before it */
    act(f, CT_ACT_COLUMNS, 0);
    assert_non_null(strstr(draw(f, 8, 40), "show or hide:"));
    act(f, CT_ACT_COLUMNS, 'p'); /* it was shown at this width */
    assert_null(strstr(draw(f, 8, 40), "1.00"));
    act(f, CT_ACT_COLUMNS, 'p');
    act(f, CT_ACT_COLUMNS, -1);
    assert_null(strstr(draw(f, 8, 40), "show or hide:"));
    assert_non_null(strstr(draw(f, 8, 17), "PRICE")); /* chosen: the note goes first now */
    act(f, CT_ACT_COLUMNS, '0');
    act(f, CT_ACT_COLUMNS, -1);
    assert_non_null(strstr(draw(f, 8, 30), "NOTE           PRICE"));
}

static void a_column_chosen_among_more_is_one_of_those_there(void **state)
{
    static const struct ct_tview fewer = {
        .table = &table, .cols = cols, .n_cols = 2, .frozen = 1, .id = "name", .noun = "rows"};
    struct fix *f = *state;
    struct ct_frame_request req = {0};
    struct ct_draw d = {.focus = true, .live = true, .query = &f->q};
    load(f, "ab");
    draw(f, 8, 60);
    for (int i = 0; i < 2; i++) {
        act(f, CT_ACT_COL_RIGHT, 0);
    }
    assert_int_equal(f->s.col, 2);
    ct_tview_draw(&fewer, &f->s, &f->m, &d, ct_box_all(f->c), &f->note, "");
    ct_tview_act(&fewer, &f->s, &f->m, CT_ACT_COLUMN_LEFT, 0, &f->q, &req);
    for (int i = 0; i < 2; i++) {
        assert_in_range(f->s.order[i], 0, 1);
    }
}

static void a_highlighting_filter_hides_nothing_and_n_goes_round(void **state)
{
    struct fix *f = *state;
    snprintf(f->q.filter, sizeof(f->q.filter), "name:b,d");
    f->q.highlight = true;
    load(f, "abcd");
    assert_non_null(strstr(draw(f, 8, 40), "4 of 4 rows   order: list   2 match"));
    assert_int_equal(f->c->cells[40 * 2 + 1].role, CT_ROLE_MATCH);
    assert_int_equal(f->c->cells[40 * 1 + 1].role, CT_ROLE_TEXT);
    act(f, CT_ACT_NEXT_MATCH, 0);
    assert_string_equal(f->s.selected, "b");
    act(f, CT_ACT_NEXT_MATCH, 0);
    assert_string_equal(f->s.selected, "d");
    act(f, CT_ACT_NEXT_MATCH, 0);
    assert_string_equal(f->s.selected, "b");
    act(f, CT_ACT_PREV_MATCH, 0);
    assert_string_equal(f->s.selected, "d");
}

static void a_missing_value_is_a_dash(void **state)
{
    struct fix *f = *state;
    load(f, "x");
    assert_non_null(strstr(draw(f, 8, 30), ">x        -"));
}

static void a_footer_says_what_hides_rows_and_in_which_unit(void **state)
{
    struct fix *f = *state;
    struct ct_tview other = view;
    struct ct_draw d = {.focus = true, .live = true, .query = &f->q};
    snprintf(f->q.filter, sizeof(f->q.filter), "price<3.5");
    load(f, "abcdefgh");
    assert_non_null(strstr(draw(f, 6, 44), "3 of 8 rows  filter price<3.5"));
    assert_null(strstr(draw(f, 6, 80), "$/GPU.h"));
    other.filters = "$/GPU.h"; /* the table shows some other unit */
    ct_tview_draw(&other, &f->s, &f->m, &d, ct_box_all(f->c), &f->note, "");
    ct_buf_clear(&f->text);
    ct_canvas_text(f->c, &f->text);
    assert_non_null(strstr(f->text.p, "hidden by filter: price<3.5 ($/GPU.h)"));
    snprintf(f->q.filter, sizeof(f->q.filter), "name:b");
    load(f, "abcdefgh");
    draw(f, 6, 80);
    ct_tview_draw(&other, &f->s, &f->m, &d, ct_box_all(f->c), &f->note, "");
    ct_buf_clear(&f->text);
    ct_canvas_text(f->c, &f->text);
    assert_null(strstr(f->text.p, "$/GPU.h")); /* nothing was compared */
}

static void keys_on_rows_say_when_no_marked_one_is_shown(void **state)
{
    struct fix *f = *state;
    static const enum ct_action actions[] = {CT_ACT_COPY, CT_ACT_COPY_JSON, CT_ACT_WATCH, CT_ACT_SILENCE};
    load(f, "abcd");
    draw(f, 8, 40);
    act(f, CT_ACT_MARK, 0);
    snprintf(f->q.filter, sizeof(f->q.filter), "name:c");
    load(f, "abcd");
    draw(f, 8, 40);
    for (size_t i = 0; i < CT_LEN(actions); i++) { /* never the row of the cursor in its place */
        struct ct_frame_request req = {0};
        ct_tview_act(&view, &f->s, &f->m, actions[i], 0, &f->q, &req);
        assert_int_equal(req.kind, CT_REQ_MESSAGE);
        assert_string_equal(req.text, "none of the marked rows is shown");
    }
    load(f, "ab"); /* nothing at all is shown: the same */
    struct ct_frame_request req = {0};
    ct_tview_act(&view, &f->s, &f->m, CT_ACT_COPY, 0, &f->q, &req);
    assert_string_equal(req.text, "none of the marked rows is shown");
}

static void waiting_says_the_whole_command_however_narrow(void **state)
{
    struct fix *f = *state;
    struct ct_error missing = {.status = CT_ERR_NOT_FOUND, .where = "/x.db"};
    struct ct_draw d = {.query = &f->q, .load_error = &missing};
    ct_canvas_free(f->c);
    f->c = ct_canvas_new(6, 44, CT_CHARSET_ASCII);
    ct_draw_waiting(&d, ct_box_all(f->c));
    ct_buf_clear(&f->text);
    ct_canvas_text(f->c, &f->text);
    assert_non_null(strstr(f->text.p, "\n `cloudtape fetch` brings it"));
    assert_non_null(strstr(f->text.p, "waiting for /x.db"));
}

static void selection_follows_the_id_through_every_order(void **state)
{
    struct fix *f = *state;
    load(f, "abcdefgh");
    draw(f, 5, 40);
    act(f, CT_ACT_ROW_DOWN, 0);
    act(f, CT_ACT_ROW_DOWN, 0);
    assert_string_equal(f->s.selected, "c");
    load(f, "zzhgfedcba");
    assert_non_null(strstr(draw(f, 5, 40), ">c"));
    snprintf(f->q.filter, sizeof(f->q.filter), "price<3.5");
    load(f, "abcdefgh");
    assert_non_null(strstr(draw(f, 5, 40), ">c"));
    assert_non_null(strstr(draw(f, 6, 60), "3 of 8 rows   order: list   hidden by filter: price<3.5"));
    f->q.filter[0] = '\0';
    load(f, "abdefgh"); /* gone: the cursor stays where it was */
    assert_non_null(strstr(draw(f, 5, 40), ">d"));
    load(f, "");
    assert_non_null(strstr(draw(f, 5, 40), "all quiet"));
    assert_null(ct_tview_row(&f->s, &f->m));
}

static void the_first_row_stays_selected_until_somebody_moves(void **state)
{
    struct fix *f = *state;
    load(f, "bcd");
    assert_non_null(strstr(draw(f, 5, 40), ">b"));
    load(f, "abcd");
    assert_non_null(strstr(draw(f, 5, 40), ">a"));
}

static void sorting_is_by_letter_twice_reverses_and_zero_restores(void **state)
{
    struct fix *f = *state;
    load(f, "cab");
    draw(f, 8, 40);
    assert_int_equal(act(f, CT_ACT_SORT, 0), CT_ACT_DRAW);
    assert_non_null(strstr(draw(f, 8, 40), "pRICE"));
    assert_int_equal(act(f, CT_ACT_SORT, 'p'), CT_ACT_LOAD);
    assert_string_equal(f->q.sort, "price");
    act(f, CT_ACT_SORT, 'p');
    assert_string_equal(f->q.sort, "price:desc");
    load(f, "cab");
    assert_true(strstr(draw(f, 8, 40), "\n>c") || strstr(f->text.p, "\n c"));
    assert_non_null(strstr(f->note.p, "sort: price desc"));
    act(f, CT_ACT_REVERSE, 0);
    assert_string_equal(f->q.sort, "price");
    assert_int_equal(act(f, CT_ACT_SORT, '?'), CT_ACT_DRAW); /* no such column */
    assert_string_equal(f->q.sort, "price");
    act(f, CT_ACT_SORT, '0');
    assert_string_equal(f->q.sort, "");
}

static void only_followed_rows_are_kept_by_id_glob_or_filter(void **state)
{
    struct fix *f = *state;
    f->q.watch_only = true;
    snprintf(f->q.watch, sizeof(f->q.watch), "b\nprice>6.5\nnosuch:field");
    load(f, "abcdefgh");
    assert_int_equal(f->m.rows.n, 3);
    assert_int_equal(f->m.hidden, 5);
    assert_true(ct_span_is(f->m.ids[0], "b"));
    assert_true(ct_span_is(f->m.ids[2], "h"));
    f->q.watch[0] = '\0';
    load(f, "abc");
    assert_non_null(strstr(draw(f, 5, 60), "nothing followed here (3 hidden)"));
}

static void prices_show_the_digits_people_read(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {{"1.94", "1.94"},   {"15", "15.00"},     {"0.0116", "0.0116"}, {"1234.5", "1,234.50"},
                 {"0.13", "0.13"},   {"0.125", "0.125"},  {"0", "0.00"},        {"0.00015", "0.00015"},
                 {"1234567", "1,234,567.00"}, {"-0.5", "-0.50"}};
    struct ct_buf b = CT_BUF_INIT;
    (void)state;
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        ct_nusd v;
        assert_int_equal(ct_nusd_parse(ct_span(cases[i].in), 1, &v), CT_OK);
        ct_buf_clear(&b);
        ct_format_price(&b, v);
        assert_string_equal(b.p, cases[i].out);
    }
    ct_buf_clear(&b);
    ct_format_price(&b, CT_NONE);
    assert_string_equal(b.p, "-");
    ct_buf_clear(&b);
    ct_format_percent(&b, -11400);
    assert_string_equal(b.p, "-11.4%");
    ct_buf_clear(&b);
    ct_format_percent(&b, 12);
    assert_string_equal(b.p, "0.0%");
    ct_buf_clear(&b);
    ct_format_percent(&b, CT_NONE);
    assert_string_equal(b.p, "-");
    ct_buf_free(&b);
}

/* ---- whole screens ---- */

static void screens_draw_at_every_size_without_data(void **state)
{
    static const char *const names[] = {"now", "status", "gpus", "tokens", "history", "sources", "help"};
    static const int sizes[][2] = {{1, 1}, {1, 90}, {5, 20}, {14, 44}, {8, 60}, {24, 80}, {40, 120}, {60, 200}};
    (void)state;
    for (size_t i = 0; i < CT_LEN(names); i++) {
        for (size_t j = 0; j < CT_LEN(sizes); j++) {
            struct ct_ui_options o = {.db_path = "/nonexistent/cloudtape.db", .charset = "ascii"};
            struct ct_canvas *c = NULL;
            struct ct_error e = {0};
            assert_int_equal(ct_ui_screen_once(&o, names[i], sizes[j][0], sizes[j][1], "j\tz/x\r", &c, &e),
                             CT_OK);
            assert_int_equal(c->rows, sizes[j][0]);
            ct_canvas_free(c);
        }
    }
}

static void wrong_options_are_refused_with_the_nearest_word(void **state)
{
    struct ct_canvas *c = NULL;
    struct ct_error e = {0};
    struct ct_ui_options o = {.db_path = "/nonexistent/cloudtape.db", .charset = "ascii"};
    (void)state;
    assert_int_equal(ct_ui_screen_once(&o, "statis", 24, 80, NULL, &c, &e), CT_ERR_USAGE);
    assert_non_null(strstr(e.what, "status"));
    o.theme = "mnoo";
    assert_int_equal(ct_ui_screen_once(&o, "now", 24, 80, NULL, &c, &e), CT_ERR_NOT_FOUND);
    assert_non_null(strstr(e.what, "mono"));
    o.theme = NULL;
    o.charset = "asci";
    assert_int_equal(ct_ui_screen_once(&o, "now", 24, 80, NULL, &c, &e), CT_ERR_USAGE);
    assert_non_null(strstr(e.what, "ascii"));
    o.charset = "ascii";
    o.tz = "mars";
    assert_int_equal(ct_ui_screen_once(&o, "now", 24, 80, NULL, &c, &e), CT_ERR_USAGE);
    assert_null(c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(columns_drop_in_their_order_as_width_shrinks),
        T(a_move_paints_the_two_rows_it_touches_as_all_anew_would), T(a_name_gets_the_room_that_short_columns_leave),
        T(a_missing_value_is_a_dash),
        T(a_number_in_view_is_whole_even_where_no_sample_saw_it),
        T(columns_move_hide_and_come_back_whatever_their_order),
        T(a_column_chosen_among_more_is_one_of_those_there),
        T(a_highlighting_filter_hides_nothing_and_n_goes_round),
        T(a_footer_says_what_hides_rows_and_in_which_unit),
        T(keys_on_rows_say_when_no_marked_one_is_shown),
        T(waiting_says_the_whole_command_however_narrow),
        T(selection_follows_the_id_through_every_order),
        T(the_first_row_stays_selected_until_somebody_moves),
        T(sorting_is_by_letter_twice_reverses_and_zero_restores),
        T(only_followed_rows_are_kept_by_id_glob_or_filter),
        T(prices_show_the_digits_people_read),
        T(screens_draw_at_every_size_without_data),
        T(wrong_options_are_refused_with_the_nearest_word),
    };
    return cmocka_run_group_tests_name("tview", tests, NULL, NULL);
}
