/* A random walk of keys, commands and resizes over the simulated market. After sampled steps the screen equals a fresh
 * redraw of the same state: what is painted in pieces leaves nothing behind and forgets nothing; and as one of panels
 * that have asked anew: an answer kept is to the question it stands for. CT_WALK_STEPS sets how far,
 * CT_WALK_SEED where to. */
#include "config.h"

#include "tests/figure.h"
#include "tui/term.h"
#include "tui/ui.h"
#include "tui/widgets/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { STEPS = 1200, SAMPLE = 3, TURN = 9, TRAIL = 12 };

static char folder[512], db[600];
static uint64_t random_state;
static char trail[TRAIL][32]; /* the last steps, for whoever must find out */

static uint32_t dice(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16) % n;
}

static int simulate(void **state)
{
    (void)state;
    const char *build = getenv("CT_BUILDDIR");
    char command[2048];
    snprintf(folder, sizeof(folder), "%s/walk-XXXXXX", build ? build : ".");
    assert_non_null(mkdtemp(folder));
    snprintf(db, sizeof(db), "%s/world.db", folder);
    snprintf(command, sizeof(command),
             "HOME='%s' '%s/cloudtape-fetcher' demo --headless --days 6 --seed 3 --db '%s' >/dev/null 2>&1", folder,
             build ? build : ".", db);
    int status = system(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? chdir(folder) : -1;
}

static int tidy(void **state)
{
    (void)state;
    char command[600];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* Commands a person types; a walk of single letters would seldom spell one. */
static const char *const lines[] = {
    ":gpus h100\r", ":at -2d\r", ":at now\r", ":sort price:desc\r", ":theme nord\r", ":charset ascii\r",
    ":charset unicode\r", ":set gone on\r", ":set gone off\r", ":set tz both\r", ":group region\r",
    ":history h100\r", ":range 7d\r", ":yscale log\r", ":mode percent\r", ":view save a\r", ":view a\r",
    ":copy-command\r", ":messages\r", ":nonsense\r", "/cloud:v\t\r", "/gpu:h100\t\t\r", "/frob:x\033", "ma", "'a",
    "ss", "sp", "Cft\033", "..", ",", "zz", "gg", "\t\t",
};

static void press_line(struct ct_ui *ui, const char *line)
{
    for (; *line; line++) {
        ui_press(ui, (unsigned char)*line);
    }
}

static void step(struct ct_ui *ui, char told[32])
{
    static const int keys[] = {'j', 'k', 'h', 'l', 'G', 'e', 'E', 'n', 'N', 'i', 'u', 'b', 'w', 'W', 'c', 'L', 'p', 'T',
                               ' ', '+', '-', '=', '<', '>', '[', ']', '.', 'x', 'v', '%', 'd', 'H', '?', 'o', 'y', 'Y',
                               'M', 'B', 'F', '{', '}', 'q', 'a', 'm', '\'', CT_KEY_ESC, CT_KEY_TAB, CT_KEY_BACKTAB,
                               CT_KEY_ENTER, CT_KEY_BACKSPACE, CT_KEY_PGDN, CT_KEY_PGUP, CT_KEY_HOME, CT_KEY_END,
                               CT_KEY_UP, CT_KEY_DOWN, CT_KEY_LEFT, CT_KEY_RIGHT, 4, 21};
    static const int sizes[][2] = {{24, 80}, {40, 120}, {60, 200}, {14, 44}, {1, 1}, {5, 20}, {8, 36}, {30, 79}};
    uint32_t what = dice(20);
    if (what == 0) {
        const int *s = sizes[dice(CT_LEN(sizes))];
        int rows = dice(2) ? s[0] : 1 + (int)dice(70), cols = dice(2) ? s[1] : 1 + (int)dice(240);
        ct_canvas_resize(ui->canvas, rows, cols);
        ui_layout(ui);
        snprintf(told, 32, "%dx%d", cols, rows);
    } else if (what <= 2) {
        const char *line = lines[dice(CT_LEN(lines))];
        press_line(ui, line);
        snprintf(told, 32, "\"%s\"", line);
    } else if (what <= 4) {
        int key = '1' + (int)dice(8);
        ui_press(ui, key);
        snprintf(told, 32, "%c", key);
    } else {
        int key = keys[dice(CT_LEN(keys))];
        char name[16];
        ui_press(ui, key);
        ct_key_name(name, key);
        snprintf(told, 32, "%s", name);
    }
}

static void tell_trail(int at)
{
    fprintf(stderr, "# the last steps:");
    for (int k = 0; k < TRAIL; k++) {
        fprintf(stderr, " %s", trail[(at + 1 + k) % TRAIL]);
    }
    fprintf(stderr, "\n");
}

/* ANSWERS: not only as drawn anew, but as all panels are told when they ask anew. */
static void compare_with_fresh(struct ct_ui *ui, int at, struct ct_reader *answers)
{
    for (size_t i = 0; answers && i < ui->n_panels; i++) {
        ui_reload(ui, ui->panels[i]);
    }
    struct ct_canvas *c = ui->canvas;
    size_t bytes = (size_t)c->rows * (size_t)c->cols * sizeof(*c->cells);
    struct ct_cell *painted = malloc(bytes);
    int cursor = ui->cursor_y * 1000 + ui->cursor_x;
    assert_non_null(painted);
    memcpy(painted, c->cells, bytes);
    if (answers) {
        ui_load_now(ui, answers, &(struct ct_error){0});
    }
    ui->dirty_all = true;
    ui_draw(ui);
    for (int i = 0; i < c->rows * c->cols; i++) {
        if (answers && i / c->cols == ui->layout.status_row) {
            continue; /* its hints ask panels that lie under a detail, which load when they are seen */
        }
        if (memcmp(&painted[i], &c->cells[i], sizeof(*painted)) != 0) {
            struct ct_buf text = CT_BUF_INIT;
            ct_canvas_text(c, &text);
            fprintf(stderr, "# a fresh redraw%s:\n%s", answers ? " of fresh answers" : "", text.p);
            memcpy(c->cells, painted, bytes);
            ct_buf_clear(&text);
            ct_canvas_text(c, &text);
            fprintf(stderr, "# painted:\n%s", text.p);
            tell_trail(at);
            fail_msg("step %d: row %d, column %d holds U+%04X, freshly drawn U+%04X (roles %d, %d)", at, i / c->cols,
                     i % c->cols, (unsigned)painted[i].point, (unsigned)c->cells[i].point, painted[i].role,
                     c->cells[i].role);
        }
    }
    if (ui->cursor_y * 1000 + ui->cursor_x != cursor) {
        tell_trail(at);
        fail_msg("step %d, %dx%d: the cursor is at %d, %d, was at %d", at, c->cols, c->rows, ui->cursor_y,
                 ui->cursor_x, cursor);
    }
    free(painted);
}

/* Draws; what is drawn although nothing was said to have changed would not have been sent. */
static void draw_what_is_dirty(struct ct_ui *ui, int at)
{
    struct ct_canvas *c = ui->canvas;
    size_t bytes = (size_t)c->rows * (size_t)c->cols * sizeof(*c->cells);
    bool dirty = ui_dirty(ui);
    struct ct_cell *before = malloc(bytes);
    assert_non_null(before);
    memcpy(before, c->cells, bytes);
    ui_draw(ui);
    if (!dirty && memcmp(before, c->cells, bytes) != 0) {
        tell_trail(at);
        fail_msg("step %d: the screen changed and nothing was dirty", at);
    }
    free(before);
}

/* The cursor goes down and back: what is shown of the rows was loaded for them, ahead of them or kept. */
static void turn_round(struct ct_ui *ui, struct ct_reader *r, const struct ct_error *none)
{
    static const char moves[] = "jjkjkkj";
    for (size_t i = 0; moves[i]; i++) {
        ui_press(ui, moves[i]);
        ui_load_now(ui, r, none);
        ui_draw(ui);
    }
}

static void after_any_walk_the_screen_equals_a_fresh_redraw(void **state)
{
    (void)state;
    const char *seed = getenv("CT_WALK_SEED");
    struct ct_ui_options o = {.db_path = db, .charset = "unicode"};
    struct ct_error e = {0};
    struct ct_reader *r = NULL;
    struct ct_ui *ui = NULL;
    int steps = figure("CT_WALK_STEPS", STEPS, 10000000);
    random_state = seed ? strtoull(seed, NULL, 10) : UINT64_C(88172645463325252);
    assert_int_equal(ct_reader_open(db, &r, &e), CT_OK);
    assert_int_equal(ui_new(&o, "now", 24, 80, &ui, &e), CT_OK);
    for (int i = 0; i < steps; i++) {
        step(ui, trail[i % TRAIL]);
        ui->quit = false;
        draw_what_is_dirty(ui, i);
        ui_load_now(ui, r, &e);
        ui_draw(ui);
        if (dice(SAMPLE) == 0) {
            compare_with_fresh(ui, i, NULL);
        }
        if (!ui->paused && dice(TURN) == 0) {
            turn_round(ui, r, &e);
            ui->dirty_all = true; /* also what no move paints, such as what keys would do now */
            ui_draw(ui);
            compare_with_fresh(ui, i, r);
        }
    }
    ui_free(ui);
    ct_reader_close(r);
}

/* ---- help ---- */

static struct ct_ui *at_screen(const char *screen, struct ct_reader *r)
{
    static const struct ct_ui_options o = {.db_path = db, .charset = "ascii"};
    struct ct_error e = {0};
    struct ct_ui *ui = NULL;
    assert_int_equal(ui_new(&o, screen, 90, 130, &ui, &e), CT_OK);
    ui_load_now(ui, r, &e);
    ui_draw(ui);
    return ui;
}

/* The words of the actions that help lists for the focused panel, blanks around each. */
static void listed_actions(struct ct_ui *ui, struct ct_buf *out)
{
    ui_show_help(ui);
    ui_draw(ui);
    bool here = false;
    for (int y = 0; y < ui->canvas->rows; y++) {
        struct ct_buf row = CT_BUF_INIT;
        for (int x = 0; x < ui->canvas->cols; x++) {
            ct_cell_utf8(ui->canvas, &ui->canvas->cells[y * ui->canvas->cols + x], &row);
        }
        here = (here || strstr(row.p, "in this panel (")) && !strstr(row.p, "| everywhere ");
        if (here && row.n > 40) {
            ct_buf_addf(out, " %.18s ", row.p + 21);
        }
        ct_buf_free(&row);
    }
    ui_show_help(ui);
}

/* Whether KEY gets any other answer than that it does nothing here. */
static bool key_answers(const char *screen, struct ct_reader *r, int key)
{
    struct ct_ui *ui = at_screen(screen, r);
    ui_press(ui, key);
    const char *said = ui->n_messages ? ui->messages[(ui->n_messages - 1) % MESSAGES_MAX].text : "";
    bool answers = !strstr(said, " does nothing in ");
    ui_free(ui);
    return answers;
}

/* Other rows come before the one under the cursor: what stands beside the table is still told of that row. */
static void a_detail_beside_is_of_the_row_under_the_cursor(void **state)
{
    (void)state;
    struct ct_ui_options o = {.db_path = db, .charset = "unicode"};
    struct ct_error e = {0};
    struct ct_reader *r = NULL;
    struct ct_ui *ui = NULL;
    char want[CT_T_ID + 16];
    assert_int_equal(ct_reader_open(db, &r, &e), CT_OK);
    assert_int_equal(ui_new(&o, "status", 50, 200, &ui, &e), CT_OK);
    ui_load_now(ui, r, &e);
    ui_draw(ui);
    press_line(ui, "\tjj");
    ui_load_now(ui, r, &e);
    ui_draw(ui);
    struct panel *p = ui_focused(ui), *beside = ui_panel(ui, ui->screen, p->ops->detail);
    const struct ct_tstate *table = p->state;
    assert_string_equal(p->ops->id, "incidents");
    size_t at = table->at;
    press_line(ui, ":sort title\r");
    ui_load_now(ui, r, &e);
    snprintf(want, sizeof(want), "incident/%s", table->selected);
    assert_true(table->at != at); /* or nothing was tried */
    assert_string_equal(beside->q.subject, want);
    ui_free(ui);
    ct_reader_close(r);
}

static void help_lists_the_keys_that_answer_and_no_others(void **state)
{
    (void)state;
    struct ct_error e = {0};
    struct ct_reader *r = NULL;
    int tried = 0;
    assert_int_equal(ct_reader_open(db, &r, &e), CT_OK);
    for (size_t s = 0; ct_screens[s]; s++) {
        struct ct_ui *ui = at_screen(ct_screens[s]->name, r);
        struct panel *p = ui_focused(ui);
        struct ct_buf listed = CT_BUF_INIT;
        listed_actions(ui, &listed);
        assert_non_null(strstr(listed.p, " row_down ")); /* else nothing was looked at */
        for (size_t i = 0; i < ui->keys.n; i++) {
            const struct ct_binding *b = &ui->keys.v[i];
            char word[40];
            snprintf(word, sizeof(word), " %s ", ct_action_words[b->action]);
            bool about = b->action == CT_ACT_EXIT || b->action == CT_ACT_COST; /* say that there is no row to ask about */
            if (b->context != p->ops->keys || b->second || about) {
                continue;
            }
            bool does = key_answers(ct_screens[s]->name, r, b->key);
            if (does != (strstr(listed.p, word) != NULL)) {
                fail_msg("screen %s:%s%s", ct_screens[s]->name, word, does ? "answers and is not listed" : "is listed and does nothing");
            }
            tried++;
        }
        ct_buf_free(&listed);
        ui_free(ui);
    }
    assert_true(tried > 8 * 20);
    ct_reader_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(after_any_walk_the_screen_equals_a_fresh_redraw),
                                       cmocka_unit_test(a_detail_beside_is_of_the_row_under_the_cursor),
                                       cmocka_unit_test(help_lists_the_keys_that_answer_and_no_others)};
    setenv("CLOUDTAPE_NOW", "2026-11-01T00:00:00Z", 1);
    return cmocka_run_group_tests_name("walk", tests, simulate, tidy);
}
