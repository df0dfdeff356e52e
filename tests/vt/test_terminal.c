/* What is sent to terminals of several kinds, and when. */
#include "config.h"

#include "db/base/timeutil.h"
#include "tests/vt/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 50, COLS = 200 };

/* Once it is quiet; the last row is left out, where messages come and go by themselves. */
static void look_at(struct vt *v, int rows, int cols, struct vt_look out[ROWS][COLS])
{
    vt_rest(v, 250);
    for (int y = 0; y < rows - 1; y++) {
        for (int x = 0; x < cols; x++) {
            out[y][x] = vt_cell(v, y, x);
        }
    }
}

static bool same(const struct vt_look *a, const struct vt_look *b)
{
    return a->point == b->point && a->bold == b->bold && a->reverse == b->reverse && a->underline == b->underline &&
           a->colored == b->colored;
}

/* Fails when Ctrl-L would paint anything else than V shows after KEYS. */
static void assert_painted(struct vt *v, int rows, int cols, const char *term, const char *keys)
{
    static struct vt_look before[ROWS][COLS], after[ROWS][COLS];
    look_at(v, rows, cols, before);
    vt_paste(v, "\f");
    look_at(v, rows, cols, after);
    for (int at = 0; at < (rows - 1) * cols; at++) {
        const struct vt_look *b = &before[at / cols][at % cols], *a = &after[at / cols][at % cols];
        if (!same(b, a)) {
            fail_msg("%s, after \"%s\": another cell at row %d, column %d (bold %d %d, reverse %d %d, underlined %d %d): %s", term,
                     keys, at / cols, at % cols, b->bold, a->bold, b->reverse, a->reverse, b->underline, a->underline,
                     vt_row(v, at / cols));
        }
    }
}

static uint32_t chance(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

/* Small changes are sent past ncurses and large ones through it: whatever comes after what, the terminal shows what
 * Ctrl-L would paint. */
static void small_changes_leave_what_a_redraw_paints(void **state)
{
    (void)state;
    static const struct {
        const char *term;
        int rows, cols;
    } kinds[] = {{"TERM=xterm-256color", 24, 80}, {"TERM=xterm-256color", 50, 200}, {"TERM=linux", 24, 80},
                 {"TERM=screen-256color", 30, 130}, {"TERM=vt220", 24, 80}, {"TERM=vt100", 24, 80}};
    static const char keys[] = "jjjjkkkkllhhG12345678jjkk\tzi?";
    uint32_t seed = 7;
    for (size_t i = 0; i < CT_LEN(kinds); i++) {
        struct vt *v = world_start(kinds[i].rows, kinds[i].cols, kinds[i].term);
        for (int round = 0; round < 10; round++) {
            char typed[12] = "";
            for (size_t n = 0; n + 1 < sizeof(typed); n++) {
                typed[n] = keys[chance(&seed) % (sizeof(keys) - 1)];
            }
            vt_type(v, typed);
            assert_painted(v, kinds[i].rows, kinds[i].cols, kinds[i].term, typed);
        }
        world_leave(v);
    }
}

/* The same of the mouse, on tables and on a chart. */
static void clicks_leave_what_a_redraw_paints(void **state)
{
    (void)state;
    static const char screens[] = "3684";
    uint32_t seed = 3;
    struct vt *v = world_start(30, 130, NULL);
    vt_type(v, "M");
    for (int round = 0; round < 16; round++) {
        char typed[64];
        int n = snprintf(typed, sizeof(typed), "%c", screens[round % 4]);
        vt_type(v, typed);
        for (int click = 0; click < 2; click++) {
            int x = 3 + (int)(chance(&seed) % 60), y = 5 + (int)(chance(&seed) % 15), to = x + (int)(chance(&seed) % 3) * 4;
            snprintf(typed + n, sizeof(typed) - (size_t)n, "\033[<0;%d;%dM\033[<0;%d;%dm", x, y, to, y);
            vt_paste(v, typed + n);
            vt_settle(v, 100);
        }
        assert_painted(v, 30, 130, "mouse", typed);
    }
    world_leave(v);
}

/* Whether line 1 ends in a clock with seconds. */
static bool has_seconds(struct vt *v)
{
    const char *clock = strrchr(vt_row(v, 0), ' '), *colon = clock ? strchr(clock, ':') : NULL;
    return colon && strchr(colon + 1, ':');
}

static void wait_for_seconds(struct vt *v, bool there)
{
    for (int64_t end = ct_mono_ms() + 10 * CT_SECOND; has_seconds(v) != there;) {
        vt_settle(v, 20);
        assert_true(ct_mono_ms() < end);
    }
}

/* A wall shows seconds, but to nobody while the focus is elsewhere. */
static void while_the_focus_is_elsewhere_the_clock_counts_minutes(void **state)
{
    (void)state;
    struct vt *v = world_open(50, 200, "CLOUDTAPE_NOW"); /* with the clock of the machine */
    wait_for_seconds(v, true);
    assert_true(vt_received(v, "\033[?1004h"));
    vt_paste(v, "\033[O");
    wait_for_seconds(v, false);
    vt_settle(v, 500);
    int64_t begin = ct_mono_ms();
    vt_settle(v, 2500); /* never quiet for so long while seconds are shown */
    assert_true(ct_mono_ms() - begin < 9 * CT_SECOND);
    vt_paste(v, "\033[I");
    wait_for_seconds(v, true);
    vt_paste(v, "\033[O");
    wait_for_seconds(v, false);
    vt_type(v, "j"); /* who types is there */
    wait_for_seconds(v, true);
    world_leave(v);
}

static void focus_that_comes_while_somebody_types_is_no_text(void **state)
{
    (void)state;
    struct vt *v = world_start(24, 80, NULL);
    static const char *const pieces[] = {":", "\033[I", "gp", "\033[O", "us", "\033[O\033[I", "\r"};
    for (size_t i = 0; i < CT_LEN(pieces); i++) {
        vt_paste(v, pieces[i]);
        vt_settle(v, 60);
    }
    vt_wait(v, ">3 GPU offers");
    vt_paste(v, "g\033[Os"); /* between the two keys of a pair */
    vt_wait(v, ">2 Providers");
    world_leave(v);
}

static void a_suspended_viewer_wants_no_reports(void **state)
{
    (void)state;
    struct vt *v = world_start(24, 80, NULL);
    vt_paste(v, "\032");
    for (int64_t end = ct_mono_ms() + 10 * CT_SECOND; !vt_received(v, "\033[?1004l\033[?2004l");) {
        vt_settle(v, 20);
        assert_true(ct_mono_ms() < end);
    }
    vt_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, world_fresh_home)
        T(small_changes_leave_what_a_redraw_paints),
        T(clicks_leave_what_a_redraw_paints),
        T(while_the_focus_is_elsewhere_the_clock_counts_minutes),
        T(focus_that_comes_while_somebody_types_is_no_text),
        T(a_suspended_viewer_wants_no_reports),
    };
    return cmocka_run_group_tests_name("terminal", tests, world_begin, world_end);
}
