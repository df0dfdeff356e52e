/* Settings, the command table and what is printed: without a database or a terminal. */
#include "config.h"

#include "app/command.h"
#include "app/settings.h"
#include "db/base/ini.h"
#include "db/base/paths.h"
#include "db/base/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/ct-config-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"theme", "tz", "charset",      "mouse",         "start",
                                        "color", "DB", "confirm_quit", "start_fetcher", NULL};
    char variable[64];
    for (int i = 0; names[i]; i++) {
        snprintf(variable, sizeof variable, "CLOUDTAPE_%s", names[i]);
        for (char *p = variable; *p; p++)
            if (*p >= 'a' && *p <= 'z')
                *p = (char)(*p - 'a' + 'A');
        unsetenv(variable);
    }
    return mkdtemp(folder) && setenv("XDG_CONFIG_HOME", folder, 1) == 0 ? 0 : -1;
}

static void path_of(char out[256], const char *name)
{
    snprintf(out, 256, "%s/cloudtape/%s", folder, name);
}

static void put(const char *name, const char *text)
{
    char path[256];
    path_of(path, "");
    assert_int_equal(ct_mkdirs(path, NULL), CT_OK);
    path_of(path, "conf.d");
    assert_int_equal(ct_mkdirs(path, NULL), CT_OK);
    path_of(path, name);
    assert_int_equal(ct_write_file(path, ct_span(text), NULL), CT_OK);
}

static int clean(void **state)
{
    static const char *const names[] = {"config.ini", "conf.d/10-a.ini", "conf.d/20-b.ini",
                                        "conf.d/30-not.txt"};
    char path[256];
    (void)state;
    for (size_t i = 0; i < CT_LEN(names); i++) {
        path_of(path, names[i]);
        unlink(path);
    }
    unsetenv("CLOUDTAPE_TZ");
    return 0;
}

static int remove_folder(void **state)
{
    char path[256];
    clean(state);
    path_of(path, "conf.d");
    rmdir(path);
    path_of(path, "");
    rmdir(path);
    return rmdir(folder);
}

static struct ct_settings *load(void)
{
    struct ct_settings *s = NULL;
    assert_int_equal(ct_settings_load(NULL, &s, NULL), CT_OK);
    return s;
}

static size_t problems(const struct ct_settings *s)
{
    size_t n = 0;
    while (ct_settings_problems(s)[n])
        n++;
    return n;
}

/* ---- settings ---- */

static void without_a_file_every_option_has_its_default(void **state)
{
    (void)state;
    struct ct_settings *s = load();
    assert_int_equal(problems(s), 0);
    assert_string_equal(ct_setting(s, "", "theme"), "terminal");
    assert_int_equal(ct_setting_number(s, "", "confirm_quit"), 1);
    assert_int_equal(ct_setting_number(s, "fetch", "jitter"), 10000);
    assert_int_equal(ct_setting_number(s, "fetch", "timeout"), 30 * CT_SECOND);
    assert_null(ct_setting(s, "scope", "providers"));
    assert_false(ct_setting_is_set(s, "", "theme"));
    ct_settings_free(s);
}

static void every_default_is_a_value_its_own_option_accepts(void **state)
{
    (void)state;
    for (const struct ct_setting_def *d = ct_setting_defs; d->name; d++) {
        if (d->fallback)
            assert_int_equal(ct_setting_check(d, d->fallback, NULL, NULL), CT_OK);
        if (d->type == CT_SET_WORD)
            assert_non_null(d->words);
    }
}

static void later_files_then_the_environment_win(void **state)
{
    (void)state;
    put("config.ini", "theme = mono\ntz = utc\n[fetch]\ntimeout = 5s\n");
    put("conf.d/10-a.ini", "theme = cb\n[fetch]\ntimeout = 7s\n");
    put("conf.d/20-b.ini", "[fetch]\ntimeout = 9s\n");
    put("conf.d/30-not.txt", "theme = nothing\n");
    setenv("CLOUDTAPE_TZ", "local", 1);
    struct ct_settings *s = load();
    assert_int_equal(problems(s), 0);
    assert_string_equal(ct_setting(s, "", "theme"), "cb");
    assert_string_equal(ct_setting(s, "", "tz"), "local");
    assert_int_equal(ct_setting_number(s, "fetch", "timeout"), 9000);
    assert_true(ct_setting_is_set(s, "", "theme"));
    ct_settings_free(s);
}

static void a_wrong_line_is_told_with_file_line_and_nearest_name(void **state)
{
    (void)state;
    char path[256], wanted[400];
    put("config.ini", "themee = mono\ntz = utx\n[fetsh]\njitter = 3%\n[fetch]\njitter = 99%\n"
                      "theme = mono\n[watch]\nitem = a\n[fetch x]\njitter = 1%\n[fetch]\n"
                      "timeout = 4s\n");
    struct ct_settings *s = load();
    static const char *const told[] = {
        ":1: unknown option \"themee\", did you mean \"theme\"?",
        ":2: tz: wanted utc, local, both, found \"utx\", did you mean \"utc\"?",
        ":4: unknown section [fetsh], did you mean [fetch]?",
        ":6: jitter: wanted 0% to 50%, found \"99%\"",
        ":7: option \"theme\" belongs into the top, before any section",
        ":9: [watch] needs a name: [watch NAME]",
        ":11: [fetch] takes no name",
    };
    path_of(path, "config.ini");
    assert_int_equal(problems(s), CT_LEN(told));
    for (size_t i = 0; i < CT_LEN(told); i++) {
        snprintf(wanted, sizeof wanted, "%s%s", path, told[i]);
        assert_string_equal(ct_settings_problems(s)[i], wanted);
    }
    /* The rest holds, and nothing wrong was taken. */
    assert_int_equal(ct_setting_number(s, "fetch", "timeout"), 4000);
    assert_int_equal(ct_setting_number(s, "fetch", "jitter"), 10000);
    assert_string_equal(ct_setting(s, "", "tz"), "utc");
    ct_settings_free(s);
}

static void a_zone_nobody_knows_is_told_and_local_stays_what_it_was(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    put("config.ini", "timezone = Moon/Tycho\n");
    struct ct_settings *s = load();
    assert_int_equal(problems(s), 1);
    assert_non_null(strstr(ct_settings_problems(s)[0], "timezone: wanted a time zone"));
    ct_settings_zone(s);
    assert_int_equal(ct_local_minute(0), 0);
    ct_settings_free(s);
    put("config.ini", "timezone = XYZ-2\n");
    s = load();
    assert_int_equal(problems(s), 0);
    ct_settings_zone(s);
    assert_int_equal(ct_local_minute(0), 120);
    ct_settings_free(s);
    ct_zone_set("UTC");
}

static void a_wrong_environment_variable_is_told_by_its_name(void **state)
{
    (void)state;
    setenv("CLOUDTAPE_TZ", "moon", 1);
    struct ct_settings *s = load();
    assert_int_equal(problems(s), 1);
    assert_non_null(strstr(ct_settings_problems(s)[0], "$CLOUDTAPE_TZ: tz: wanted utc"));
    assert_string_equal(ct_setting(s, "", "tz"), "utc");
    ct_settings_free(s);
}

static void named_sections_keep_their_lines_in_order(void **state)
{
    (void)state;
    put("config.ini", "[source acme]\nfamily = statuspage-summary\nurl = https://a.example/s.json\n"
                      "[keys chart]\nctrl-n = row_down\n[watch H100 od]\nitem = a/b\n");
    struct ct_settings *s = load();
    assert_int_equal(problems(s), 0);
    const struct ct_setting_line *l = ct_settings_at(s, 1);
    assert_string_equal(l->section, "source");
    assert_string_equal(l->name, "acme");
    assert_string_equal(l->key, "url");
    assert_string_equal(l->value, "https://a.example/s.json");
    assert_string_equal(ct_settings_at(s, 2)->name, "chart");
    assert_string_equal(ct_settings_at(s, 3)->name, "H100 od");
    assert_null(ct_settings_at(s, 4));
    ct_settings_free(s);
}

static void a_file_named_by_hand_must_be_there(void **state)
{
    (void)state;
    struct ct_settings *s = NULL;
    struct ct_error err = {0};
    assert_int_equal(ct_settings_load("/nonexistent/x.ini", &s, &err), CT_ERR_NOT_FOUND);
    assert_non_null(s);
    assert_string_equal(ct_setting(s, "", "theme"), "terminal");
    ct_settings_free(s);
}

static void hostile_files_leave_the_defaults(void **state)
{
    (void)state;
    struct ct_buf text = CT_BUF_INIT;
    ct_buf_adds(&text, "theme = \xff\xfe\nmouse = yes\n[");
    for (int i = 0; i < 100000; i++)
        ct_buf_addc(&text, 'a');
    ct_buf_adds(&text, "]\ncharset = ascii\n= x\n[source]\n[fetch\njitter = -3%\n");
    put("config.ini", text.p);
    ct_buf_free(&text);
    struct ct_settings *s = load();
    assert_true(problems(s) >= 3);
    assert_string_equal(ct_setting(s, "", "theme"), "terminal");
    assert_string_equal(ct_setting(s, "", "charset"), "auto");
    assert_int_equal(ct_setting_number(s, "", "mouse"), 1);
    ct_settings_free(s);
}

/* Takes the "; " from each line that is an option: what init writes must be right when switched on.
 */
static void the_example_is_a_file_without_problems(void **state)
{
    (void)state;
    struct ct_buf example = CT_BUF_INIT, on = CT_BUF_INIT;
    ct_settings_example(&example);
    put("config.ini", example.p);
    struct ct_settings *s = load();
    assert_int_equal(problems(s), 0);
    assert_null(ct_settings_at(s, 0));
    ct_settings_free(s);
    size_t options = 0;
    for (struct ct_span rest = ct_buf_span(&example); rest.p;) {
        struct ct_span line = ct_span_cut(&rest, '\n');
        const char *equals = line.n ? memchr(line.p, '=', line.n) : NULL;
        bool option = ct_span_starts(line, "; ") && equals && equals > line.p + 3 &&
                      !memchr(line.p + 2, ' ', (size_t)(equals - line.p - 3));
        bool header = ct_span_starts(line, "; [") && ct_span_ends(line, "]");
        assert_true(line.n < 198);
        if (option || header)
            ct_buf_addf(&on, "%.*s\n", (int)(line.n - 2), line.p + 2);
        options += option;
    }
    put("config.ini", on.p);
    s = load();
    assert_int_equal(problems(s), 0);
    assert_true(options > 30);
    ct_settings_free(s);
    ct_buf_free(&example);
    ct_buf_free(&on);
}

static void the_database_is_named_by_flag_environment_or_data_folder(void **state)
{
    (void)state;
    struct ct_buf path = CT_BUF_INIT;
    setenv("XDG_DATA_HOME", "/data", 1);
    ct_path_database(&path, NULL);
    assert_string_equal(path.p, "/data/cloudtape/cloudtape.db");
    setenv("CLOUDTAPE_DB", "/x/y.db", 1);
    ct_path_database(&path, NULL);
    assert_string_equal(path.p, "/x/y.db");
    ct_path_database(&path, "");
    assert_string_equal(path.p, "/x/y.db");
    ct_path_database(&path, "/flag.db");
    assert_string_equal(path.p, "/flag.db");
    unsetenv("CLOUDTAPE_DB");
    ct_buf_free(&path);
}

/* ---- output ---- */

struct row {
    struct ct_span name;
    int64_t price, age_s, at_ms;
};
static const struct ct_column row_columns[] = {
    {.name = "name", .type = CT_TYPE_TEXT, .off = offsetof(struct row, name)},
    {.name = "price_usd", .type = CT_TYPE_NANO, .off = offsetof(struct row, price)},
    {.name = "age_s", .type = CT_TYPE_INT, .off = offsetof(struct row, age_s)},
    {.name = "at", .type = CT_TYPE_TIME, .off = offsetof(struct row, at_ms)},
};
static const struct ct_table row_table = {"rows", sizeof(struct row), row_columns,
                                          CT_LEN(row_columns)};

static void print(struct ct_buf *out, enum ct_format format, bool terminal, const char *columns)
{
    static const struct row rows[] = {
        {{"=cmd|x", 6}, 2500000000, 60, INT64_C(1700000000000)},
        {{"\x1b[2Jb", 5}, CT_NONE, CT_NONE, CT_NONE},
    };
    struct ct_output o = {.format = format, .header = true, .terminal = terminal};
    struct ct_arena *a = ct_arena_new(0);
    const struct ct_table *t = &row_table;
    struct ct_envelope e = {0, 0, CT_NONE, {NULL, 0}};
    if (columns)
        assert_int_equal(ct_table_pick(&row_table, columns, a, &t, NULL), CT_OK);
    ct_buf_clear(out);
    ct_output_rows(out, &o, t, (struct ct_rows){rows, 2}, &e);
    ct_arena_free(a);
}

static void csv_guards_formulas_and_leaves_the_unknown_empty(void **state)
{
    (void)state;
    struct ct_buf out = CT_BUF_INIT;
    print(&out, CT_FORMAT_CSV, false, "name,price_usd,at");
    assert_non_null(strstr(out.p, "name,price_usd,at\r\n\"'=cmd|x\",2.5,2023-11-14T22:13:20Z\r\n"));
    print(&out, CT_FORMAT_CSV, false, "price_usd,at,age_s");
    assert_string_equal(out.p, "price_usd,at,age_s\r\n2.5,2023-11-14T22:13:20Z,60\r\n,,\r\n");
    ct_buf_free(&out);
}

static void text_is_aligned_on_a_terminal_and_separated_by_tabs_elsewhere(void **state)
{
    (void)state;
    struct ct_buf out = CT_BUF_INIT;
    print(&out, CT_FORMAT_TEXT, true, NULL);
    assert_string_equal(out.p, "name    price_usd  age_s  at\n"
                               "=cmd|x     2.5000     1m  2023-11-14 22:13Z\n"
                               "?[2Jb           -      -  -\n");
    print(&out, CT_FORMAT_TEXT, false, "age_s name");
    assert_string_equal(out.p, "age_s\tname\n60\t=cmd|x\n\t?[2Jb\n");
    ct_buf_free(&out);
}

static void json_keeps_null_and_the_envelope(void **state)
{
    (void)state;
    struct ct_buf out = CT_BUF_INIT;
    print(&out, CT_FORMAT_JSON, false, "name price_usd");
    assert_string_equal(out.p, "{\"schema\":1,\"generated_at\":\"1970-01-01T00:00:00Z\","
                               "\"at\":\"1970-01-01T00:00:00Z\",\"max_age_s\":null,\"sources\":[],"
                               "\"items\":[{\"name\":\"=cmd|x\",\"price_usd\":2.5},"
                               "{\"name\":\"\\u001b[2Jb\",\"price_usd\":null}]}\n");
    print(&out, CT_FORMAT_NDJSON, false, "price_usd");
    assert_string_equal(out.p, "{\"price_usd\":2.5}\n{\"price_usd\":null}\n");
    ct_buf_free(&out);
}

static void an_unknown_column_is_refused_with_the_nearest(void **state)
{
    (void)state;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_error err = {0};
    const struct ct_table *t = NULL;
    assert_int_equal(ct_table_pick(&row_table, "name,prices_usd", a, &t, &err), CT_ERR_USAGE);
    assert_string_equal(err.what, "no column \"prices_usd\", did you mean \"price_usd\"?");
    assert_null(t);
    ct_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_a_file_every_option_has_its_default, clean),
        cmocka_unit_test(every_default_is_a_value_its_own_option_accepts),
        cmocka_unit_test_teardown(later_files_then_the_environment_win, clean),
        cmocka_unit_test_teardown(a_wrong_line_is_told_with_file_line_and_nearest_name, clean),
        cmocka_unit_test_teardown(a_zone_nobody_knows_is_told_and_local_stays_what_it_was, clean),
        cmocka_unit_test_teardown(a_wrong_environment_variable_is_told_by_its_name, clean),
        cmocka_unit_test_teardown(named_sections_keep_their_lines_in_order, clean),
        cmocka_unit_test(a_file_named_by_hand_must_be_there),
        cmocka_unit_test_teardown(hostile_files_leave_the_defaults, clean),
        cmocka_unit_test_teardown(the_example_is_a_file_without_problems, clean),
        cmocka_unit_test(the_database_is_named_by_flag_environment_or_data_folder),
        cmocka_unit_test(csv_guards_formulas_and_leaves_the_unknown_empty),
        cmocka_unit_test(text_is_aligned_on_a_terminal_and_separated_by_tabs_elsewhere),
        cmocka_unit_test(json_keeps_null_and_the_envelope),
        cmocka_unit_test(an_unknown_column_is_refused_with_the_nearest),
    };
    return cmocka_run_group_tests_name("config", tests, make_folder, remove_folder);
}
