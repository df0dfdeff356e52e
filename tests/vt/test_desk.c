/* A day at the desk: the real program over two simulated days, with its files in a home of their own. Looks, the
 * order of what is followed, the mouse, wide text, and terminals that misbehave. */
#include "config.h"

#include "db/base/arena.h"
#include "db/base/paths.h"
#include "db/base/timeutil.h"
#include "tests/vt/world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What the program keeps under NAME in its state folder, or "". */
static const char *kept(const char *name)
{
    static char text[4096];
    char path[800];
    struct ct_buf buf = CT_BUF_INIT;
    snprintf(path, sizeof(path), "%s/cloudtape/%s", world_home, name);
    bool there = ct_read_file(path, sizeof(text) - 1, &buf, NULL) == CT_OK;
    snprintf(text, sizeof(text), "%s", there && buf.p ? buf.p : "");
    ct_buf_free(&buf);
    return text;
}

static void write_config(const char *text)
{
    char path[800];
    struct ct_error e = {0};
    snprintf(path, sizeof(path), "%s/cloudtape/config.ini", world_home);
    assert_int_equal(ct_write_file(path, ct_span(text), &e), CT_OK);
}

/* ---- looks ---- */

static void the_theme_picker_shows_each_at_once_and_keeps_none_by_itself(void **state)
{
    (void)state;
    struct vt *v = world_start(24, 80, NULL);
    int x, y = vt_find(v, "?", NULL);
    vt_type(v, "T");
    vt_wait(v, "Enter keeps  Esc restores");
    y = vt_find(v, "terminal", &x);
    assert_true(y > 0 && vt_cell(v, y, x).reverse);
    assert_true(vt_has(v, "in use so far"));
    assert_true(vt_has(v, "config.ini: theme = terminal"));
    assert_true(vt_has(v, "B200 vastai 3 regions")); /* the screen behind is seen in it */
    vt_type(v, "jjjjj");
    vt_wait(v, "config.ini: theme = nord");
    y = vt_find(v, "cloudtape", &x);
    assert_true(vt_cell(v, y, x).colored || vt_cell(v, y + 1, x).colored);
    vt_type(v, "\033");
    vt_wait_gone(v, "Esc restores");
    world_leave(v);
    assert_string_equal(kept("theme"), "");

    v = world_start(24, 80, NULL); /* nor when the program is left over the open list */
    vt_type(v, "Tj");
    vt_wait(v, "theme = mono");
    world_leave(v);
    assert_string_equal(kept("theme"), "");

    v = world_start(24, 80, NULL);
    vt_type(v, "TT");
    vt_wait(v, "theme = mono");
    vt_type(v, "\r");
    vt_wait(v, "theme mono kept");
    assert_true(vt_has(v, "\"theme = mono\" in config.ini"));
    world_leave(v);
    assert_string_equal(kept("theme"), "mono");
}

static void the_theme_list_fits_every_terminal(void **state)
{
    (void)state;
    static const int sizes[][2] = {{14, 44}, {8, 30}, {5, 20}, {60, 200}};
    for (size_t i = 0; i < CT_LEN(sizes); i++) {
        struct vt *v = world_start(24, 80, NULL);
        vt_resize(v, sizes[i][0], sizes[i][1]);
        vt_settle(v, 200);
        vt_type(v, "TG"); /* the last one is in view */
        vt_wait(v, ">solarized-light");
        vt_resize(v, 24, 80);
        vt_wait(v, ">solarized-light");
        world_leave(v);
    }
}

/* ---- what is followed ---- */

static void what_i_follow_has_my_order_also_tomorrow(void **state)
{
    (void)state;
    static const char config[] = "[watch b200]\nitem = gpu:b200\n[watch h100]\nitem = gpu:h100 form:sxm\n";
    write_config(config);
    struct vt *v = world_start(24, 80, NULL);
    vt_type(v, "\t");
    vt_wait(v, ">Watchlist");
    int b = vt_find(v, "B200 spot", NULL), h = vt_find(v, "H100-SXM spot", NULL);
    assert_true(b > 0 && h == b + 1);
    vt_type(v, "<");
    vt_wait(v, "it cannot go further");
    vt_type(v, ">");
    vt_wait(v, "place 2 of 2: gpu:b200");
    assert_true(vt_find(v, "H100-SXM spot", NULL) == b && vt_find(v, ">B200 spot", NULL) == h); /* the selection goes along */
    vt_type(v, "sn");
    vt_wait(v, "sort: value");
    vt_type(v, "<");
    vt_wait(v, "s 0 brings your own order back");
    world_leave(v);
    assert_string_equal(kept("config.ini"), config); /* never into what a person wrote */
    assert_string_equal(kept("watch-order"), "gpu:h100 form:sxm\ngpu:b200");

    v = world_start(24, 80, NULL);
    b = vt_find(v, "B200 spot", NULL);
    h = vt_find(v, "H100-SXM spot", NULL);
    assert_true(h > 0 && b == h + 1);
    vt_type(v, "\tw"); /* the row of a filter is unfollowed as a whole */
    vt_wait(v, "no longer followed: gpu:h100 form:sxm");
    world_leave(v);
}

/* The keys to begin with are told once; what a person wrote stays as it is. */
static void the_hint_of_the_first_start_comes_once(void **state)
{
    (void)state;
    static const char config[] = "tz = utc\n";
    write_config(config);
    struct vt *v = world_start(24, 80, NULL);
    vt_wait(v, "w follows a row, / filters, ? helps");
    world_leave(v);
    v = world_start(24, 80, NULL);
    vt_type(v, ":messages\r");
    vt_wait(v, "no messages yet");
    assert_false(vt_has(v, "w follows"));
    world_leave(v);
    assert_string_equal(kept("config.ini"), config);
}

/* Names people read in the messages; the set is there at the next start, of this database only. */
static void what_is_compared_is_there_at_the_next_start(void **state)
{
    (void)state;
    struct vt *v = world_start(30, 140, NULL);
    vt_type(v, "3");
    vt_wait(v, ">GPU offers");
    vt_type(v, "c");
    vt_wait(v, "(1 of 8, 6 shows them)");
    assert_false(vt_has(v, "compared: gpu/"));
    vt_type(v, "jc");
    vt_wait(v, "(2 of 8, 6 shows them)");
    vt_type(v, "6");
    vt_wait(v, "2 series, 30d");
    world_leave(v);
    assert_non_null(strstr(kept("compared"), "\tgpu/"));

    v = world_start(30, 140, NULL);
    vt_type(v, "6");
    vt_wait(v, "2 series, 30d");
    vt_type(v, "d");
    vt_wait(v, "1 series, 30d");
    world_leave(v);
    assert_null(strchr(strchr(kept("compared"), '\t') + 1, '\t')); /* one line is left */
}

/* All that a person arranged: unit, filter, order, columns, cursor, panel; also at another start. */
static void a_saved_view_brings_back_all_that_was_arranged(void **state)
{
    (void)state;
    struct vt *v = world_start(30, 140, NULL);
    vt_type(v, "3");
    vt_wait(v, ">GPU offers");
    vt_type(v, "u");
    vt_wait(v, "$/instance.h");
    vt_type(v, "/cloud:aws,lambda\r");
    vt_wait(v, "hidden by filter: cloud:aws,lambda");
    vt_type(v, "sn"); /* by N */
    vt_wait(v, "sort: gpu_count");
    vt_type(v, "Cf\033"); /* no FORM */
    vt_wait_gone(v, "FORM CLOUD");
    vt_type(v, "jjz");
    vt_wait_gone(v, "GPU types");
    char row[512];
    assert_true(vt_find(v, "\u2502>", NULL) > 0);
    snprintf(row, sizeof(row), "%.60s", vt_row(v, vt_find(v, "\u2502>", NULL)));
    vt_type(v, ":view save mine\r");
    vt_wait(v, "view mine saved");
    world_leave(v);

    v = world_start(30, 140, NULL);
    vt_type(v, "3");
    vt_wait(v, "FORM CLOUD");
    vt_type(v, "jjjj:view mine\r");
    vt_wait(v, "$/instance.h");
    vt_wait(v, "hidden by filter: cloud:aws,lambda");
    vt_wait(v, "sort: gpu_count");
    vt_wait_gone(v, "FORM CLOUD");
    vt_wait_gone(v, "GPU types");
    assert_int_equal(strncmp(vt_row(v, vt_find(v, "\u2502>", NULL)), row, strlen(row)), 0);
    vt_type(v, ":at -1h\r:view save then\r"); /* a view has no moment */
    vt_wait(v, "opens it, at whatever moment is shown then");
    vt_type(v, ":at now\r:view drop then\r");
    vt_wait(v, "view then is gone");
    vt_type(v, ":view save mine\r"); /* nothing got lost on the way */
    vt_wait(v, "view mine saved");
    char *before = strdup(kept("views.ini"));
    world_leave(v);
    assert_string_equal(kept("views.ini"), before);
    free(before);
}

/* All rows in the place of the marked ones would be another answer. */
static void an_export_of_marks_that_are_hidden_says_so(void **state)
{
    (void)state;
    struct vt *v = world_start(30, 140, NULL);
    vt_type(v, "3");
    vt_wait(v, ">GPU offers");
    vt_type(v, "/cloud:aws\r");
    vt_wait(v, "hidden by filter: cloud:aws");
    vt_type(v, " ");
    vt_wait(v, "1 marked");
    vt_type(v, "/\x15" "cloud:lambda\r"); /* the prompt still has the first */
    vt_wait(v, "hidden by filter: cloud:lambda");
    vt_type(v, ":export csv /nowhere/x.csv\r");
    vt_wait(v, "none of the marked rows is shown: nothing exported");
    world_leave(v);
}

static void tab_to(struct vt *v, const char *title);

/* The viewer exports of the panel with the focus what the shell exports by ARGS, byte by byte, as soon as the panel shows
 * what was asked of it. */
static void export_equals(struct vt *v, const char *how, const char *args)
{
    char path[700], line[800];
    struct ct_buf here = CT_BUF_INIT, there = CT_BUF_INIT, command = CT_BUF_INIT;
    snprintf(path, sizeof(path), "%s/rows", world_home);
    snprintf(line, sizeof(line), ":export %s %s\r", how, path);
    ct_buf_addf(&command,
                "CLOUDTAPE_NOW=" NOW " HOME='%s' XDG_CONFIG_HOME='%s' XDG_STATE_HOME='%s' XDG_DATA_HOME='%s' '%s' export %s "
                "--%s --out '%s' --db '%s' 2>/dev/null", world_home, world_home, world_home, world_home, world_program, args,
                how, path, world_db);
    assert_int_equal(world_run(command.p), 0);
    assert_int_equal(ct_read_file(path, 1 << 22, &there, NULL), CT_OK);
    unlink(path);
    size_t lines = 0;
    for (const char *c = there.p; *c; c++) {
        lines += *c == '\n';
    }
    assert_true(lines >= 2); /* nothing equals nothing */
    for (int i = 0; i < 100 && !(here.p && strcmp(here.p, there.p) == 0); i++) {
        vt_settle(v, 100);
        if (access(path, F_OK) == 0) {
            ct_buf_clear(&here);
            assert_int_equal(ct_read_file(path, 1 << 22, &here, NULL), CT_OK);
            unlink(path);
        } else if (i % 10 == 0) {
            vt_type(v, line);
        }
    }
    assert_string_equal(here.p ? here.p : "nothing written", there.p);
    ct_buf_free(&here);
    ct_buf_free(&there);
    ct_buf_free(&command);
}

static void the_shell_exports_what_the_viewer_exports(void **state)
{
    (void)state;
    struct vt *v = world_start(60, 200, NULL);
    tab_to(v, ">Tape");
    export_equals(v, "csv", "tape");
    tab_to(v, ">Capacity");
    export_equals(v, "ndjson", "capacity");
    vt_type(v, "3");
    vt_wait(v, ">GPU offers");
    vt_type(v, ":sort price:desc\r/gpu:h100\r"); /* rows that the filter hides are hidden from that order */
    vt_wait(v, "hidden by filter: gpu:h100");
    export_equals(v, "csv", "offers --filter gpu:h100 --sort price:desc");
    tab_to(v, ">GPU types");
    vt_type(v, "b");
    export_equals(v, "csv", "gpus/gpus --group cloud");
    vt_type(v, "4");
    vt_wait(v, ">Token prices");
    export_equals(v, "ndjson", "tokens/tokens");
    tab_to(v, ">At every host"); /* of the first model above */
    export_equals(v, "csv", "quotes");
    vt_type(v, ":at -6h\r8");
    vt_wait(v, ">Sources");
    vt_wait(v, "NOT LIVE");
    export_equals(v, "tsv", "sources/sources --at -6h");
    vt_type(v, "2");
    vt_wait(v, ">Providers");
    vt_type(v, "/!state:unknown\r:view save known\r");
    vt_wait(v, "view known saved");
    vt_type(v, ":at now\r");
    vt_wait_gone(v, "NOT LIVE");
    world_leave(v); /* the view is written now */
    v = world_start(60, 200, NULL);
    vt_type(v, ":view known\r");
    vt_wait(v, ">Providers");
    export_equals(v, "csv", "known");
    vt_type(v, ":history gpu/lambda/*\r");
    vt_wait(v, ">History");
    vt_type(v, ":view save lambda\r");
    vt_wait(v, "view lambda saved");
    world_leave(v);
    v = world_start(60, 200, NULL);
    vt_type(v, ":view lambda\r");
    vt_wait(v, ">History");
    export_equals(v, "csv", "lambda --size 200x60");
    world_leave(v);
}

/* Focuses the panel TITLE of this screen. */
static void tab_to(struct vt *v, const char *title)
{
    for (int i = 0; i < 10 && !vt_has(v, title); i++) {
        vt_type(v, "\t");
        vt_settle(v, 100);
    }
    vt_wait(v, title);
}

/* What follows from o in the news: the program of the settings gets the link, and nothing else. */
static void o_gives_the_link_of_an_article_to_the_opener(void **state)
{
    (void)state;
    char opener[700], got[700], text[2400];
    struct ct_error e = {0};
    struct ct_buf said = CT_BUF_INIT;
    snprintf(opener, sizeof(opener), "%s/opener", world_home);
    snprintf(got, sizeof(got), "%s/opened", world_home);
    snprintf(text, sizeof(text), "#!/bin/sh\nprintf '%%s|' \"$#\" \"$@\" >'%s.part'\nmv '%s.part' '%s'\n", got, got, got);
    assert_int_equal(ct_write_file(opener, ct_span(text), &e), CT_OK);
    assert_int_equal(chmod(opener, 0700), 0);
    struct vt *v = world_start(60, 120, NULL);
    vt_type(v, "2");
    tab_to(v, ">News");
    vt_type(v, "o"); /* no opener is set: the link is shown */
    vt_wait(v, "https://news.example.net/");
    world_leave(v);
    snprintf(text, sizeof(text), "opener = %s\n", opener);
    write_config(text);
    v = world_start(60, 120, NULL);
    vt_type(v, "2");
    tab_to(v, ">News");
    vt_type(v, "o");
    vt_wait(v, "opened: https://news.example.net/");
    int64_t give_up = ct_mono_ms() + CT_MINUTE;
    while (access(got, F_OK) != 0 && ct_mono_ms() < give_up) {
        vt_settle(v, 20);
    }
    assert_int_equal(ct_read_file(got, 4096, &said, &e), CT_OK);
    assert_true(ct_span_starts(ct_buf_span(&said), "1|https://news.example.net/"));
    ct_buf_free(&said);
    world_leave(v);
}

static void no_key_is_silent(void **state)
{
    (void)state;
    struct vt *v = world_start(24, 80, NULL);
    vt_type(v, "8");
    vt_wait(v, ">8 Sources");
    vt_type(v, "%");
    vt_wait(v, "%: no such key; ? lists those that work here");
    vt_type(v, "+");
    vt_wait(v, "+ (extend) does nothing in Sources; ? lists what does");
    world_leave(v);
}

static void the_command_line_knows_the_words_of_the_shell(void **state)
{
    (void)state;
    static const struct {
        const char *line, *shows;
    } cases[] = {
        {":events stock\r", ">Tape"},
        {":incidents aws\r", ">Incidents"},
        {":components state:oper\r", ">Components"},
        {":news\r", ">News"},
        {":scorecard\r", ">Scorecard"},
        {":labs open\r", ">Labs"},
        {":prices h100\r", ">3 GPU offers"},
        {":doctor --json\r", "doctor answers in the shell: cloudtape doctor --json"},
        {":reload\r", "settings read again"},
        {":fetch\r", "no fetcher of this viewer to ask"},
    };
    struct vt *v = world_start(24, 100, NULL);
    vt_resize(v, 24, 80);
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        vt_type(v, cases[i].line);
        vt_wait(v, cases[i].shows);
    }
    vt_type(v, ":events stock\r");
    vt_wait(v, ">Tape");
    vt_wait(v, "hidden by filter: stock");
    vt_type(v, "q");
    vt_wait_gone(v, ">Tape");
    world_leave(v);
}

/* ---- the mouse ---- */

static void mouse(struct vt *v, int x, int y, char what)
{
    char sequence[32];
    snprintf(sequence, sizeof(sequence), "\033[<0;%d;%d%c", x + 1, y + 1, what);
    vt_paste(v, sequence);
    vt_settle(v, 200);
}

static void a_tab_is_clicked_and_a_drag_on_a_chart_measures(void **state)
{
    (void)state;
    struct vt *v = world_start(40, 120, NULL);
    int x, y = vt_find(v, "6 History", &x);
    assert_true(vt_has(v, "[1 Now]"));
    vt_type(v, "M");
    vt_wait(v, "mouse on");
    mouse(v, x + 2, y, 'M');
    mouse(v, x + 2, y, 'm');
    vt_wait(v, "[6 History]");
    vt_wait(v, "KEY SERIES");
    assert_false(vt_has(v, "cursor "));
    mouse(v, 40, 10, 'M');
    mouse(v, 40, 10, 'm');
    vt_wait(v, "cursor ");
    assert_false(vt_has(v, "anchor "));
    mouse(v, 60, 10, 'M');
    mouse(v, 90, 12, 'm');
    vt_wait(v, "anchor ");
    assert_int_equal(vt_cell(v, 8, 60).point, 0x2506); /* ┆ */
    assert_int_equal(vt_cell(v, 8, 90).point, 0x2502); /* │ */
    vt_paste(v, "\033[<64;60;10M"); /* the wheel zooms about the cursor */
    vt_wait_gone(v, "4 series, 30d");
    world_leave(v);
}

/* ---- what is mine ---- */

static void line_1_counts_the_providers_of_the_scope(void **state)
{
    (void)state;
    struct vt *v = world_start(24, 80, NULL);
    vt_wait(v, ". 7 ok");
    world_leave(v);
    write_config("[scope]\nproviders = aws, gcp\nregions = aws/us-east-1\nmodels = gpt-5.4\ngpus = h100\n");
    v = world_start(24, 80, NULL);
    vt_wait(v, ". 2 ok");
    world_leave(v);
}

static void screen_1_tells_of_what_is_mine_alone(void **state)
{
    (void)state;
    struct vt *v = world_start(30, 100, NULL);
    assert_true(vt_has(v, "B200 vastai 3 regions") && vt_has(v, "A100-SXM"));
    world_leave(v);
    write_config("[scope]\nproviders = aws\nmodels = gpt-5.4\ngpus = h100\n");
    v = world_start(30, 100, NULL);
    vt_wait(v, "what I follow, by cloud");
    int rows = 0, top = vt_find(v, "STATE", NULL);
    for (int y = top + 1; strncmp(vt_row(v, y), "└", strlen("└")) != 0; y++) {
        bool capacity = strstr(vt_row(v, y), " CAP ") || strstr(vt_row(v, y), " MOVE ");
        assert_true(!capacity || strstr(vt_row(v, y), "H100-"));
        rows += capacity;
    }
    assert_true(rows > 0);
    for (int y = vt_find(v, "what I follow, by cloud", NULL) + 2; strstr(vt_row(v, y), "│"); y++) {
        assert_null(strstr(vt_row(v, y), "B200"));
    }
    world_leave(v);
}

/* ---- nothing to show ---- */

static void what_is_not_there_is_said_in_full(void **state)
{
    (void)state;
    struct vt *v = world_start(24, 100, NULL);
    vt_type(v, "3");
    vt_wait(v, "RTX-4090");
    vt_type(v, "uu");
    vt_wait(v, "$/PFLOP.h (filters: pflop)");
    vt_type(v, "/price<9\r");
    vt_wait(v, "hidden by filter: price<9 ($/GPU.h)");
    vt_type(v, "\033");
    vt_wait_gone(v, "hidden by filter");
    vt_type(v, "uu");
    vt_wait_gone(v, "filters: ");
    vt_type(v, "/lamda\r");
    vt_wait(v, "nothing matches: lamda (149 hidden). Esc clears; near it: lambda");
    vt_type(v, "/\025lamda price<3\r"); /* more than a word is meant as it is */
    vt_wait(v, "nothing matches: lamda price<3 (149 hidden). Esc clears");
    vt_wait_gone(v, "near it");
    vt_type(v, "2");
    vt_wait(v, ">. ok    aurora");
    vt_type(v, "  S"); /* one silence never stands for two providers */
    vt_wait(v, "the marked rows have no silence in common");
    vt_type(v, "gg S"); /* what is left is one mark */
    vt_wait(v, ":silence provider=");
    vt_type(v, "\033");
    vt_wait_gone(v, ":silence");
    vt_type(v, " /aws\r");
    vt_wait(v, "1 of 7 providers");
    vt_type(v, ":status all\r");
    vt_wait_gone(v, "1 of 7 providers");
    vt_type(v, ":range 90d\r");
    vt_wait(v, "4 series, 90d   recorded since 10-30");
    vt_type(v, "[[[");
    vt_wait(v, "24h   abs");
    world_leave(v);
}

/* ---- settings read again ---- */

static void command(struct vt *v, const char *words)
{
    vt_paste(v, ":");
    vt_wait(v, "Enter runs");
    vt_paste(v, words);
    vt_paste(v, "\r");
}

static void settings_are_read_again_and_i_stay_where_i_am(void **state)
{
    (void)state;
    struct vt *v = world_start(24, 80, NULL);
    vt_wait(v, ". 7 ok");
    vt_type(v, "3");
    vt_wait(v, ">3 GPU offers");
    vt_type(v, "/vastai\r");
    vt_wait(v, "hidden by filter: vastai");
    vt_type(v, "jj");
    vt_wait(v, ">");
    int y = 0;
    while (y < 12 && strncmp(vt_row(v, y), "│>", strlen("│>")) != 0) {
        y++;
    }
    char row[400];
    snprintf(row, sizeof(row), "%s", vt_row(v, y));
    assert_true(strstr(row, "vastai") != NULL);
    write_config("tz = both\ntheme = nord\n[scope]\nproviders = aws, gcp\n[keys]\nv = quit\n"
                 "[watch mine]\nitem = gpu:b200\n");
    command(v, "reload");
    vt_wait(v, "settings read again");
    vt_wait(v, ". 2 ok");
    vt_wait(v, "hidden by filter: vastai");
    assert_string_equal(vt_row(v, y), row);
    int x, top = vt_find(v, "cloudtape", &x);
    assert_int_equal(top, 0);
    assert_true(vt_cell(v, 0, x).colored || vt_cell(v, 1, x).colored);
    vt_type(v, "W");
    vt_wait(v, "14 of 149 offers");
    vt_paste(v, "v");
    assert_int_equal(vt_end(v, 5000), 0);
    vt_free(v);
    assert_string_equal(kept("watch"), ""); /* it is the file's, not mine */
}

static void wait_for_colour(struct vt *v, bool want)
{
    bool any = !want;
    for (int i = 0; i < 100 && any != want; i++) {
        any = false;
        vt_settle(v, 100);
        for (int x = 0; x < 80; x++) {
            any = any || vt_cell(v, 0, x).colored;
        }
    }
    assert_true(any == want);
}

static void colours_come_and_go_with_the_settings(void **state)
{
    (void)state;
    write_config("theme = nord\n");
    struct vt *v = world_start(24, 80, NULL);
    vt_wait(v, ". 7 ok");
    wait_for_colour(v, true);
    write_config("theme = nord\ncolor = never\n");
    command(v, "reload");
    wait_for_colour(v, false);
    write_config("theme = nord\ncolor = always\n");
    command(v, "reload");
    wait_for_colour(v, true);
    world_leave(v);
}

static void wrong_settings_change_nothing_and_are_listed(void **state)
{
    (void)state;
    write_config("[scope]\nproviders = aws, gcp\n");
    struct vt *v = world_start(24, 170, NULL);
    vt_wait(v, ". 2 ok");
    command(v, "config errors");
    vt_wait(v, "nothing is wrong in the settings");
    vt_type(v, "\033");
    write_config("[scope]\nproviders = aws\n[keys]\nx = jump_about\n[scop]\nmodels = a\n");
    vt_signal(v, SIGHUP);
    vt_wait(v, "the settings stay as they were, 2 lines are wrong: :config errors");
    vt_wait(v, ". 2 ok");
    command(v, "config errors");
    vt_wait(v, "config.ini:6: unknown section [scop], did you mean [scope]?");
    assert_true(vt_has(v, "config.ini:4"));
    vt_type(v, "\033");
    write_config("[scope]\nproviders = aws\n");
    vt_signal(v, SIGHUP);
    vt_wait(v, "settings read again");
    vt_wait(v, ". 1 ok");
    command(v, "config errors");
    vt_wait(v, "nothing is wrong in the settings");
    vt_hang_up(v); /* the terminal's own signal still ends it */
    assert_int_not_equal(vt_end(v, 5000), -1);
    vt_free(v);
}

/* A file that nobody answers for, such as one on a dead share: the keys go on. */
static void settings_that_cannot_be_read_hold_up_nobody(void **state)
{
    (void)state;
    char config[800];
    snprintf(config, sizeof(config), "%s/cloudtape/config.ini", world_home);
    write_config("[scope]\nproviders = aws, gcp\n");
    struct vt *v = world_start(24, 80, NULL);
    vt_wait(v, ". 2 ok");
    assert_int_equal(unlink(config), 0);
    assert_int_equal(mkfifo(config, 0600), 0); /* who opens it waits for a writer */
    command(v, "reload");
    vt_type(v, "3");
    vt_wait(v, ">3 GPU offers");
    command(v, "reload");
    vt_wait(v, "the settings are still being read");
    vt_type(v, "1");
    vt_wait(v, ">1 Now");
    int fd = open(config, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(unlink(config), 0); /* the second reading finds a file */
    write_config("[scope]\nproviders = aws\n");
    assert_int_equal(write(fd, "[scope]\n", 8), 8);
    close(fd);
    vt_wait(v, "settings read again");
    vt_wait(v, ". 1 ok");
    assert_int_equal(unlink(config), 0);
    assert_int_equal(mkfifo(config, 0600), 0);
    command(v, "reload");
    vt_paste(v, "Q"); /* and it ends all the same */
    assert_int_equal(vt_end(v, 5000), 0);
    vt_free(v);
    unlink(config);
}

static void watched_settings_are_read_when_they_change(void **state)
{
    (void)state;
    write_config("watch_config = yes\n");
    struct vt *v = world_start(24, 80, NULL);
    vt_wait(v, ". 7 ok");
    write_config("watch_config = yes\n[scope]\nproviders = aws, gcp\n");
    vt_wait(v, "settings read again");
    vt_wait(v, ". 2 ok");
    write_config("watch_config = no\n[scope]\nproviders = aws\n");
    vt_wait(v, ". 1 ok");
    world_leave(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, world_fresh_home)
        T(the_theme_picker_shows_each_at_once_and_keeps_none_by_itself),
        T(the_theme_list_fits_every_terminal),
        T(the_hint_of_the_first_start_comes_once),
        T(a_saved_view_brings_back_all_that_was_arranged),
        T(an_export_of_marks_that_are_hidden_says_so),
        T(the_shell_exports_what_the_viewer_exports),
        T(what_is_compared_is_there_at_the_next_start),
        T(what_i_follow_has_my_order_also_tomorrow),
        T(o_gives_the_link_of_an_article_to_the_opener),
        T(no_key_is_silent),
        T(the_command_line_knows_the_words_of_the_shell),
        T(a_tab_is_clicked_and_a_drag_on_a_chart_measures),
        T(line_1_counts_the_providers_of_the_scope),
        T(screen_1_tells_of_what_is_mine_alone),
        T(what_is_not_there_is_said_in_full),
        T(settings_are_read_again_and_i_stay_where_i_am),
        T(colours_come_and_go_with_the_settings),
        T(wrong_settings_change_nothing_and_are_listed),
        T(settings_that_cannot_be_read_hold_up_nobody),
        T(watched_settings_are_read_when_they_change),
    };
    return cmocka_run_group_tests_name("desk", tests, world_begin, world_end);
}
