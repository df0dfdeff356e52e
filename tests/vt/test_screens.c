/* Every mock-up of tests/golden/screens.list as a person comes to it: its keys are typed into the real program, and every
 * cell then looks as `cloudtape screen` draws it, whose sums are accepted in tests/golden/screens.sums. */
#include "config.h"

#include "db/base/timeutil.h"
#include "tests/figure.h"
#include "tests/vt/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define NOW "CLOUDTAPE_NOW=2026-11-01T00:00:00Z" /* as in worlds.sh */
enum { REST_MS = 20, MESSAGE_MS = 4000, PATIENCE_MS = 10000, STARTED_MS = 60000 };

static char folder[512], program[600];

/* One who looks: a terminal of some size, in one of the looks. Among the first four is every size, charset and theme. */
static struct seat {
    int rows, cols;
    const char *charset, *theme;
    struct vt *v, *drawn; /* v: NULL until it is started */
} seats[] = {
    {24, 80, "unicode", "terminal", NULL, NULL},  {40, 120, "ascii", "mono", NULL, NULL},
    {60, 200, "unicode", "terminal", NULL, NULL}, {14, 44, "ascii", "mono", NULL, NULL},
    {24, 80, "ascii", "mono", NULL, NULL},        {40, 120, "unicode", "terminal", NULL, NULL},
    {60, 200, "ascii", "mono", NULL, NULL},       {14, 44, "unicode", "terminal", NULL, NULL},
    {24, 80, "unicode", "mono", NULL, NULL},      {24, 80, "ascii", "terminal", NULL, NULL},
};
static size_t n_seats;

/* ---- the list ---- */

struct mockup {
    char name[32], world[16], screen[16], back[16], keys[64];
};

/* TEXT as printf's %b reads it. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *c = text; *c;) {
        if (*c != '\\') {
            *to++ = *c++;
        } else if (c[1] == '0') {
            char octal[4] = {0};
            size_t n = strspn(c + 2, "01234567");
            memcpy(octal, c + 2, n > 3 ? 3 : n);
            *to++ = (char)strtol(octal, NULL, 8);
            c += 2 + strlen(octal);
        } else {
            assert_true(c[1] == 'r' || c[1] == 't');
            *to++ = c[1] == 'r' ? '\r' : '\t';
            c += 2;
        }
    }
    *to = '\0';
}

/* The next of the list; false: there is none. */
static bool next_mockup(FILE *list, struct mockup *m)
{
    char line[256];
    do {
        if (!fgets(line, sizeof(line), list)) {
            return false;
        }
    } while (line[0] == '#');
    memset(m, 0, sizeof(*m));
    assert_true(sscanf(line, "%31s %15s %15s %15s %63[^\n]", m->name, m->world, m->screen, m->back, m->keys) >= 4);
    unescape(m->back);
    unescape(m->keys);
    return true;
}

static char key_of(const char *screen)
{
    static const char *const names[] = {"now", "status", "gpus", "tokens", "models", "history", "alerts", "sources"};
    for (size_t i = 0; i < CT_LEN(names); i++) {
        if (strcmp(screen, names[i]) == 0) {
            return (char)('1' + i);
        }
    }
    assert_string_equal(screen, "help");
    return '?';
}

/* ---- two programs side by side ---- */

/* With a home of its own, as somebody left it who was here before. */
static struct vt *start(const struct seat *s, const struct mockup *m, const char *now, bool drawn)
{
    static const char *const names[] = {"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"};
    char places[CT_LEN(names)][600], db[600], size[16], command[1400];
    const char *env[] = {now, places[0], places[1], places[2], places[3], NULL};
    const char *viewer[] = {program, "--db", db, "--charset", s->charset, "--theme", s->theme, "--no-fetch", NULL};
    const char *once[] = {program, "screen", m->screen, "--db", db, "--charset", s->charset, "--theme", s->theme,
                          "--ansi", "--size", size, "--keys", m->keys, NULL};
    snprintf(db, sizeof(db), "%s/%s.db", folder, m->world);
    snprintf(size, sizeof(size), "%dx%d", s->cols, s->rows);
    snprintf(command, sizeof(command), "cd '%s' && rm -rf home-%td && mkdir -p home-%td/cloudtape && touch home-%td/cloudtape/hinted",
             folder, s - seats, s - seats, s - seats);
    assert_true(drawn || system(command) == 0);
    for (size_t i = 0; i < CT_LEN(names); i++) {
        snprintf(places[i], sizeof(places[i]), "%s=%s/home-%td", names[i], folder, s - seats);
    }
    return vt_start(s->rows + drawn, s->cols, drawn ? once : viewer, env); /* what is drawn ends in a new line */
}

static void leave(struct seat *s)
{
    if (s->v) {
        vt_paste(s->v, "Q");
        assert_int_equal(vt_end(s->v, STARTED_MS), 0);
        vt_free(s->v);
        s->v = NULL;
    }
}

static bool same_look(const struct vt_look *a, const struct vt_look *b)
{
    return a->point == b->point && a->bold == b->bold && a->reverse == b->reverse && a->underline == b->underline &&
           a->fg == b->fg && a->bg == b->bg;
}

/* The first row where the two differ, -1: none; *COL gets the column. */
static int first_difference(const struct seat *s, int *col)
{
    for (int y = 0; y < s->rows; y++) {
        for (int x = 0; x < s->cols; x++) {
            struct vt_look typed = vt_cell(s->v, y, x), drawn = vt_cell(s->drawn, y, x);
            if (!same_look(&typed, &drawn)) {
                *col = x;
                return y;
            }
        }
    }
    return -1;
}

static void tell_look(const char *who, struct vt *v, int y, int x)
{
    struct vt_look l = vt_cell(v, y, x);
    printf("# %s: \"%s\"\n#     U+%04X%s%s%s, colour %d on %d\n", who, vt_row(v, y), (unsigned)l.point, l.bold ? " bold" : "",
           l.reverse ? " reverse" : "", l.underline ? " underlined" : "", l.fg, l.bg);
}

/* Whether both look the same once they rest. What an earlier mock-up said is still read for some seconds. */
static bool become_same(struct seat *s, const struct mockup *m)
{
    int x = 0, y;
    assert_int_equal(vt_end(s->drawn, STARTED_MS), 0);
    for (int64_t end = ct_mono_ms() + MESSAGE_MS + PATIENCE_MS; (y = first_difference(s, &x)) >= 0 && ct_mono_ms() < end;) {
        vt_settle(s->v, 100);
    }
    if (y >= 0) {
        printf("# %s, %dx%d, %s, %s: row %d, column %d\n", m->name, s->cols, s->rows, s->charset, s->theme, y, x);
        tell_look("typed", s->v, y, x);
        tell_look("drawn", s->drawn, y, x);
        fflush(stdout);
    }
    vt_free(s->drawn);
    s->drawn = NULL;
    return y < 0;
}

/* All type KEYS at once, and not faster than a person. */
static void type(const char *keys)
{
    for (; *keys; keys++) {
        for (size_t i = 0; i < n_seats; i++) {
            vt_paste(seats[i].v, (char[]){*keys, '\0'});
            vt_settle(seats[i].v, 2);
        }
    }
}

static void rest(void)
{
    for (size_t i = 0; i < n_seats; i++) {
        vt_rest(seats[i].v, REST_MS);
    }
}

/* All come to M; returns how many of them see something else. */
static int come_to(const struct mockup *m)
{
    int wrong = 0;
    for (size_t i = 0; i < n_seats; i++) {
        seats[i].v = seats[i].v ? seats[i].v : start(&seats[i], m, NOW, false);
        seats[i].drawn = start(&seats[i], m, NOW, true);
    }
    rest();
    type((char[]){key_of(m->screen), '\0'});
    rest();
    type(m->keys);
    rest();
    for (size_t i = 0; i < n_seats; i++) {
        wrong += !become_same(&seats[i], m);
    }
    if (strcmp(m->back, "-") != 0) {
        type(m->back);
    }
    for (size_t i = 0; i < n_seats && strcmp(m->back, "-") == 0; i++) {
        leave(&seats[i]);
    }
    return wrong;
}

static void what_is_typed_looks_as_it_is_drawn(void **state)
{
    char path[600];
    struct mockup m;
    int wrong = 0, n = 0;
    (void)state;
    snprintf(path, sizeof(path), "%s/tests/golden/screens.list", getenv("CT_SRCDIR"));
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    for (; wrong < 4 && next_mockup(list, &m); n++) { /* then it is clear, and each takes its time */
        wrong += come_to(&m);
    }
    fclose(list);
    for (size_t i = 0; i < n_seats; i++) {
        leave(&seats[i]);
    }
    assert_int_equal(wrong, 0);
    assert_true(n > 30);
}

/* At every size: those of the first four. */
static void offline_the_demo_is_one_key_away(void **state)
{
    static const struct mockup offline = {.world = "offline"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct seat *s = &seats[i];
        s->v = start(s, &offline, "CLOUDTAPE_NOW", false);
        vt_wait(s->v, "OFFLINE since");
        vt_wait(s->v, "D a simulated market");
        vt_paste(s->v, "D");
        vt_wait(s->v, "DEMO");
        vt_wait_gone(s->v, "OFFLINE");
        leave(s);
    }
}

static int begin(void **state)
{
    char command[2048];
    (void)state;
    n_seats = (size_t)figure("CT_SEATS", CT_LEN(seats), CT_LEN(seats));
    snprintf(folder, sizeof(folder), "%s/screens-XXXXXX", getenv("CT_BUILDDIR"));
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(program, sizeof(program), "%s/cloudtape", getenv("CT_BUILDDIR"));
    snprintf(command, sizeof(command), "sh '%s/tests/golden/worlds.sh' '%s' '%s' >'%s/made' 2>&1", getenv("CT_SRCDIR"),
             getenv("CT_BUILDDIR"), folder, folder);
    return system(command) == 0 ? 0 : -1;
}

static int end(void **state)
{
    char command[700];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_typed_looks_as_it_is_drawn),
        cmocka_unit_test(offline_the_demo_is_one_key_away),
    };
    return cmocka_run_group_tests_name("screens", tests, begin, end);
}
