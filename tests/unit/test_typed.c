/* What terminals send between keys: nothing of it may be taken for keys, and nothing that was typed may be lost. */
#include "config.h"

#include "tui/typed.h"

#include "db/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int64_t now_ms;

/* The names of the keys in BYTES, blanks between them; a | in it is a pause that tells keys from sequences. */
static void type_into(struct ct_typed *t, const char *bytes, struct ct_buf *out)
{
    for (const char *b = bytes; *b; b++) {
        bool pause = *b == '|';
        if (pause) {
            ct_typed_close(t);
        } else {
            ct_typed_feed(t, (unsigned char)*b, now_ms);
        }
        for (int key; (key = ct_typed_next(t)) != CT_KEY_NONE;) {
            char name[16];
            ct_key_name(name, key);
            ct_buf_addf(out, "%s%s", out->n ? " " : "", key == CT_KEY_PASTE ? "PASTE" : key == CT_KEY_FOCUS_IN ? "IN"
                                                            : key == CT_KEY_FOCUS_OUT ? "OUT" : key == CT_KEY_LAST ? "NOBODY" : name);
        }
    }
}

static void assert_keys(const char *bytes, const char *want)
{
    struct ct_typed t = {0};
    struct ct_buf out = CT_BUF_INIT;
    type_into(&t, bytes, &out);
    assert_string_equal(out.n ? out.p : "", want);
    ct_buf_free(&out);
}

static void answers_nobody_asked_for_are_no_keys(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "\033]11;rgb:ffff/fafa/efef\a", "\033]11;rgb:ffff/fafa/efef\033\\", "\033]10;rgb:0000/0000/0000\033\\",
        "\033]4;1;rgb:cdcd/0000/0000\a", "\033]52;c;UXVpdA==\033\\", "\033]l title Q\033\\",
        "\033[?64;1;2;6;9;15;18;21;22c", "\033[>41;354;0c", "\033[=1;2c",
        "\033[12;40R", "\033[1;40R", "\033[0n", "\033[?1;2R",
        "\033[?2004;1$y", "\033[4;600;800t", "\033[8;24;80t", "\033[?0u",
        "\033P1+r544e=787465726d\033\\", "\033P>|XTerm(354)\033\\", "\033P!|00000000\033\\", "\033P1$r0m\033\\",
        "\033_Gi=31;OK\033\\", "\033^quit\033\\", "\033XQ1\033\\",
        "\033[M !!", "\033[<0;10;10M", "\033[<0;10;10m", "\033[35;12;13M",
        "\x9b?1;2c", "\x9d" "11;rgb:0/0/0\x9c", "\x90" "1$rQ\x9c", "\x85", "\033[201~",
    };
    for (size_t i = 0; i < CT_LEN(answers); i++) {
        struct ct_buf b = CT_BUF_INIT;
        ct_buf_addf(&b, "j%s|k", answers[i]);
        assert_keys(b.p, "j k");
        ct_buf_free(&b);
    }
}

static void focus_is_told_and_is_no_text(void **state)
{
    (void)state;
    assert_keys("j\033[Ok\033[I|l", "j OUT k IN l");
    assert_keys("\033\033[Ik", "esc IN k");
    assert_keys("\033[200~a\033[Ob\033[Ic\033[201~j", "PASTE j");
    assert_keys("\033[1;2I\033[?O|j", "j");
}

static void keys_typed_one_by_one_stay_keys(void **state)
{
    (void)state;
    assert_keys("\033|", "esc");
    assert_keys("\033|[|]|", "esc [ ]");
    assert_keys("\033]|j", "esc ] j");
    assert_keys("\033[|Q", "esc [ Q");
    assert_keys("\033P|q", "esc P q");
    assert_keys("\033\033|", "esc esc");
    assert_keys("\033jq", "esc j q");
    assert_keys("\033O|", "esc O");
    assert_keys("\033Oz", "esc O z");
    assert_keys("\033[\rq", "esc [ enter q");
}

static void function_keys_no_description_knows_work(void **state)
{
    (void)state;
    assert_keys("\033[A\033OA\033[B\033[C\033[D", "up up down right left");
    assert_keys("\033[H\033OH\033[1~\033[7~\033[F\033[4~\033[8~", "home home home home end end end");
    assert_keys("\033[5~\033[6~\033[3~\033[Z", "pgup pgdn del shift-tab");
    assert_keys("\033[1;2C\033[1;2D", "shift-right shift-left");
    assert_keys("\033[1;5A\033[5;5~\033[2~", "NOBODY NOBODY NOBODY"); /* with Ctrl they are others, which nobody has */
    assert_keys("\033OP\033[11~\033[15~\033[24~\033[[A", "f1 f1 f5 f12");
    assert_keys("\033Ok\033Op\033OM", "+ 0 enter");
}

static void a_sequence_that_never_ends_swallows_no_more_than_a_second(void **state)
{
    (void)state;
    static const char *const begun[] = {"\033]11;rgb:", "\033P1$r", "\033[12;", "\033[200~pasted"};
    static const char *const keys[] = {"j", "j", "j", "PASTE j"};
    for (size_t i = 0; i < CT_LEN(begun); i++) {
        struct ct_typed t = {0};
        struct ct_buf out = CT_BUF_INIT;
        now_ms += 5000;
        type_into(&t, begun[i], &out);
        now_ms += 900; /* a slow line */
        type_into(&t, "1", &out);
        assert_int_equal(out.n, 0);
        now_ms += 1100;
        type_into(&t, "j", &out);
        assert_string_equal(out.p, keys[i]);
        ct_buf_free(&out);
    }
    assert_keys("j\033]11;rgb:0/0/0\033|\\k", "j k");
    assert_keys("\033]0;\033[A", "up");
    assert_keys("\033]0;\003", "ctrl-c"); /* which no string holds */
    assert_keys("\033[12;\003", "ctrl-c");
}

static void what_is_pasted_is_text_whatever_it_says(void **state)
{
    (void)state;
    struct ct_typed t = {0};
    struct ct_buf out = CT_BUF_INIT;
    type_into(&t, "j\033[200~Q\r:q\003\033[Ax\033]0;y\033Pz|", &out);
    assert_string_equal(out.p, "j");
    type_into(&t, "\033[201~k", &out);
    assert_string_equal(out.p, "j PASTE k");
    assert_int_equal(t.n_paste, 6); /* no sequence is left; cleaning takes away the rest */
    assert_memory_equal(t.paste, "Q\n:q\003x", 6);
    assert_false(t.cut);
    ct_buf_free(&out);
}

static void a_long_paste_is_cut_and_says_so(void **state)
{
    (void)state;
    struct ct_typed t = {0};
    struct ct_buf in = CT_BUF_INIT, out = CT_BUF_INIT;
    ct_buf_adds(&in, "\033[200~");
    for (int i = 0; i < 3 * CT_PASTE_MAX; i++) {
        ct_buf_addc(&in, 'a');
    }
    ct_buf_adds(&in, "\033[201~q");
    type_into(&t, in.p, &out);
    assert_string_equal(out.p, "PASTE q");
    assert_true(t.cut);
    assert_int_equal(t.n_paste, CT_PASTE_MAX);
    ct_buf_free(&in);
    ct_buf_free(&out);
}

/* Whatever comes: few keys for each character, and a second and a half later a key is a key again. */
static void any_bytes_end_in_keys_again(void **state)
{
    (void)state;
    static const char bytes[] = "\033\033\033[]OPX^_?;019$~~MIZ\\\a\003\x9b\x9d\x90\x9cqj \r";
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        struct ct_typed t = {0};
        int got = 0, n = 1 + round % 24;
        now_ms += 5000;
        for (int i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            ct_typed_feed(&t, (unsigned char)bytes[(seed >> 16) % (sizeof(bytes) - 1)], now_ms);
            while (ct_typed_next(&t) != CT_KEY_NONE) {
                got++;
            }
        }
        ct_typed_close(&t);
        while (ct_typed_next(&t) != CT_KEY_NONE) {
            got++;
        }
        assert_true(got <= 2 * n);
        now_ms += 1500;
        ct_typed_feed(&t, 'j', now_ms);
        int key = ct_typed_next(&t);
        assert_int_equal(key == CT_KEY_PASTE ? ct_typed_next(&t) : key, 'j');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_nobody_asked_for_are_no_keys),
        cmocka_unit_test(focus_is_told_and_is_no_text),
        cmocka_unit_test(keys_typed_one_by_one_stay_keys),
        cmocka_unit_test(function_keys_no_description_knows_work),
        cmocka_unit_test(a_sequence_that_never_ends_swallows_no_more_than_a_second),
        cmocka_unit_test(what_is_pasted_is_text_whatever_it_says),
        cmocka_unit_test(a_long_paste_is_cut_and_says_so),
        cmocka_unit_test(any_bytes_end_in_keys_again),
    };
    return cmocka_run_group_tests_name("typed", tests, NULL, NULL);
}
