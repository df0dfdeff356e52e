#include "config.h"

#include "tui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_action_has_a_key_and_every_key_one_meaning(void **state)
{
    (void)state;
    struct ct_keymap m;
    ct_keymap_init(&m);
    for (int a = 0; a < CT_N_ACTIONS; a++) {
        bool bound = a == CT_ACT_NONE || a == CT_ACT_GO; /* the first key of pairs */
        for (size_t i = 0; i < m.n; i++) {
            bound = bound || (int)m.v[i].action == a;
        }
        if (!bound) {
            fail_msg("no key for %s", ct_action_words[a]);
        }
    }
    for (size_t i = 0; i < m.n; i++) {
        for (size_t j = i + 1; j < m.n; j++) {
            if (m.v[i].context == m.v[j].context && m.v[i].key == m.v[j].key &&
                m.v[i].second == m.v[j].second) {
                fail_msg("key %d bound twice, %s and %s", m.v[i].key, ct_action_words[m.v[i].action],
                         ct_action_words[m.v[j].action]);
            }
        }
    }
}

static void no_key_is_one_that_terminals_or_multiplexers_take(void **state)
{
    (void)state;
    static const char taken[] = "absqw"; /* Ctrl with these */
    struct ct_keymap m;
    ct_keymap_init(&m);
    for (size_t i = 0; i < m.n; i++) {
        for (const char *c = taken; *c; c++) {
            assert_int_not_equal(m.v[i].key, *c & 0x1f);
        }
    }
}

static void names_of_keys_read_back(void **state)
{
    (void)state;
    struct ct_keymap m;
    ct_keymap_init(&m);
    for (size_t i = 0; i < m.n; i++) {
        char name[16];
        ct_key_name(name, m.v[i].key);
        assert_int_not_equal(name[0], '\0');
        assert_int_equal(ct_key_parse(ct_span(name)), m.v[i].key);
    }
    assert_int_equal(ct_key_parse(CT_LIT("^N")), 14);
    assert_int_equal(ct_key_parse(CT_LIT("semicolon")), ';');
    assert_int_equal(ct_key_parse(CT_LIT("ctrl-1")), CT_KEY_NONE);
    assert_int_equal(ct_key_parse(CT_LIT("f13")), CT_KEY_NONE);
    assert_int_equal(ct_key_parse(CT_LIT("xyz")), CT_KEY_NONE);
    assert_int_equal(ct_key_parse(CT_LIT("")), CT_KEY_NONE);
}

static void a_context_wins_over_everywhere_and_pairs_wait(void **state)
{
    (void)state;
    struct ct_keymap m;
    ct_keymap_init(&m);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_CHART, 'L', 0), CT_ACT_CURSOR_RIGHT_10);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 'L', 0), CT_ACT_HISTORY);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_CHART, 'q', 0), CT_ACT_BACK);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 'g', 0), CT_ACT_NONE);
    assert_true(ct_keymap_prefix(&m, CT_KEYS_TABLE, 'g'));
    assert_false(ct_keymap_prefix(&m, CT_KEYS_TABLE, 'j'));
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 'g', 'g'), CT_ACT_TOP);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 'g', 'h'), CT_ACT_SCREEN_6);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 'g', 'x'), CT_ACT_NONE);
}

static void the_config_moves_keys_and_is_told_what_it_got_wrong(void **state)
{
    (void)state;
    struct ct_keymap m;
    struct ct_error e = {0};
    char label[40];
    ct_keymap_init(&m);
    struct ct_key_override o = {"", "ctrl-n", "row_down", "config.ini:4"};
    assert_int_equal(ct_keymap_override(&m, &o, &e), CT_OK);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 14, 0), CT_ACT_ROW_DOWN);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 'j', 0), CT_ACT_ROW_DOWN);
    o = (struct ct_key_override){"chart", "x", "none", "config.ini:5"};
    assert_int_equal(ct_keymap_override(&m, &o, &e), CT_OK);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_CHART, 'x', 0), CT_ACT_NONE);
    o = (struct ct_key_override){"", "K", "quit", "config.ini:6"};
    assert_int_equal(ct_keymap_override(&m, &o, &e), CT_OK);
    ct_keymap_label(&m, CT_KEYS_TABLE, CT_ACT_QUIT, label);
    assert_string_equal(label, "K");

    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 'j', 0), CT_ACT_ROW_DOWN);
    o = (struct ct_key_override){"", "j", "row_up", "config.ini:7"}; /* also where the table has its own j */
    assert_int_equal(ct_keymap_override(&m, &o, &e), CT_OK);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 'j', 0), CT_ACT_ROW_UP);
    o = (struct ct_key_override){"chart", "x", "chart_anchor", "config.ini:7"};
    assert_int_equal(ct_keymap_override(&m, &o, &e), CT_OK);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_CHART, 'x', 0), CT_ACT_ANCHOR);
    o = (struct ct_key_override){"", "x", "none", "config.ini:7"};
    assert_int_equal(ct_keymap_override(&m, &o, &e), CT_OK);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 'x', 0), CT_ACT_NONE);
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_CHART, 'x', 0), CT_ACT_ANCHOR); /* theirs stays */
    size_t n = m.n;
    o = (struct ct_key_override){"", "j", "row_dwn", "config.ini:7"};
    assert_int_equal(ct_keymap_override(&m, &o, &e), CT_ERR_CONFIG);
    assert_string_equal(e.where, "config.ini:7");
    assert_non_null(strstr(e.what, "row_down"));
    o = (struct ct_key_override){"", "ctrl-ctrl", "quit", "config.ini:8"};
    assert_int_equal(ct_keymap_override(&m, &o, &e), CT_ERR_CONFIG);
    o = (struct ct_key_override){"chrt", "j", "quit", "config.ini:9"};
    assert_int_equal(ct_keymap_override(&m, &o, &e), CT_ERR_CONFIG);
    assert_non_null(strstr(e.what, "chart"));
    assert_int_equal(m.n, n);
}

static void many_overrides_never_overflow(void **state)
{
    (void)state;
    struct ct_keymap m;
    ct_keymap_init(&m);
    int refused = 0;
    for (int i = 0; i < 1000; i++) {
        char key[5] = {(char)0xe4, (char)(0xb8 + i / 64 % 4), (char)(0x80 + i % 64), 0};
        struct ct_key_override o = {"table", key, "mark", "c:1"};
        struct ct_error e = {0};
        refused += ct_keymap_override(&m, &o, &e) != CT_OK;
    }
    assert_true(refused > 0);
    assert_true(m.n <= CT_LEN(m.v));
    assert_int_equal(ct_keymap_find(&m, CT_KEYS_TABLE, 'q', 0), CT_ACT_BACK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_action_has_a_key_and_every_key_one_meaning),
        cmocka_unit_test(no_key_is_one_that_terminals_or_multiplexers_take),
        cmocka_unit_test(names_of_keys_read_back),
        cmocka_unit_test(a_context_wins_over_everywhere_and_pairs_wait),
        cmocka_unit_test(the_config_moves_keys_and_is_told_what_it_got_wrong),
        cmocka_unit_test(many_overrides_never_overflow),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
