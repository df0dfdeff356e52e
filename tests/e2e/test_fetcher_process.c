/* The fetcher as a process: started, starved, lied to, told to stop, killed. Loopback only; all
 * files below a folder of its own. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db/base/paths.h"
#include "db/base/timeutil.h"
#include "tests/server/server.h"
#include "tests/unit/events_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

static struct {
    char dir[64], program[4096];
    struct ts *web;
    struct ts_raw *raw;
} env;

static const char price_body[] =
    "{\"gpt-x\":{\"input_cost_per_token\":1.0%HIT%e-06,\"output_cost_per_token\":2.0%HIT%e-06,"
    "\"litellm_provider\":\"openai\",\"mode\":\"chat\"}}";
static const char page_body[] =
    "{\"page\":{\"id\":\"p1\",\"name\":\"Example\",\"url\":\"https://status.example.com\","
    "\"updated_at\":\"2026-09-01T00:00:00Z\"},"
    "\"components\":[{\"id\":\"c1\",\"name\":\"API\",\"status\":\"operational\",\"group\":false}],"
    "\"incidents\":[],\"scheduled_maintenances\":[],"
    "\"status\":{\"indicator\":\"none\",\"description\":\"All Systems Operational\"}}";

static char *file_in(const char *name)
{
    static char path[64][200];
    static int turn;
    turn = (turn + 1) % 64;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", env.dir, name);
    return path[turn];
}

/* What FILE holds; "" when it is not there. To be freed with ct_buf_free. */
static struct ct_buf text_of(const char *name)
{
    struct ct_buf b = CT_BUF_INIT;
    struct ct_error err;
    if (ct_read_file(file_in(name), 1 << 24, &b, &err) != CT_OK)
        ct_buf_clear(&b);
    ct_buf_add(&b, CT_LIT(""));
    return b;
}

/* A config in which nothing but what follows is asked: every built-in source is off. */
static FILE *new_config(void)
{
    struct ct_buf table = CT_BUF_INIT;
    struct ct_error err;
    char path[4096];
    snprintf(path, sizeof(path), "%s/fetchers/reference/sources.tsv", getenv("CT_SRCDIR"));
    assert_int_equal(ct_read_file(path, 1 << 20, &table, &err), CT_OK);
    FILE *f = fopen(file_in("config.ini"), "w");
    assert_non_null(f);
    struct ct_span rest = ct_buf_span(&table), line;
    bool header = true;
    while (rest.p != NULL) {
        line = ct_span_cut(&rest, '\n');
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (!header)
            fprintf(f, "[source %.*s]\nenabled = no\n", (int)strcspn(line.p, "\t"), line.p);
        header = false;
    }
    ct_buf_free(&table);
    return f;
}

static void add_source(FILE *f, const char *id, const char *family, int port, const char *path,
                       const char *every)
{
    fprintf(f,
            "[source %s]\nfamily = %s\nprovider = %s\nallow_private = yes\nurl = "
            "http://127.0.0.1:%d%s\nevery = %s\n",
            id, family, id, port, path, every);
}

/* Starts the fetcher with ARGS (after the program's name); its words go to out.txt and err.txt. */
static pid_t spawn(const char *const *args, int parent_fd)
{
    const char *argv[32] = {env.program};
    size_t n = 1;
    while (*args != NULL && n + 1 < CT_LEN(argv))
        argv[n++] = *args++;
    pid_t pid = fork();
    if (pid == 0) {
        int out = open(file_in("out.txt"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        int err = open(file_in("err.txt"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        close(out);
        close(err);
        if (parent_fd >= 0)
            fcntl(parent_fd, F_SETFD, 0);
        execv(env.program, (char **)(uintptr_t)argv);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

#define FETCH(...)                                                                                 \
    spawn((const char *const[]){"fetch", "--db", file_in("t.db"), "--config",                      \
                                file_in("config.ini"), "--log", file_in("log.txt"), __VA_ARGS__,   \
                                NULL},                                                             \
          -1)
#define RUN(...) wait_for(spawn((const char *const[]){__VA_ARGS__, NULL}, -1), 20000)

/* Exit code, or -signal; kills and fails when it takes longer than MS. */
static int wait_for(pid_t pid, int64_t ms)
{
    int status;
    for (int64_t end = ct_mono_ms() + ms; waitpid(pid, &status, WNOHANG) != pid;) {
        if (ct_mono_ms() > end) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            fail_msg("still running after %lld ms", (long long)ms);
        }
        usleep(5000);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void nap(int ms)
{
    usleep((useconds_t)ms * 1000);
}

static void expect_code(int code, int wanted)
{
    struct ct_buf err = text_of("err.txt");
    if (code != wanted)
        fail_msg("exit code %d, not %d: %s", code, wanted, err.p);
    ct_buf_free(&err);
}

/* The words on stderr are one line with PART in it. */
static void expect_line(const char *part)
{
    struct ct_buf err = text_of("err.txt");
    const char *end = strchr(err.p, '\n');
    if (strncmp(err.p, "cloudtape: ", 11) != 0 || strstr(err.p, part) == NULL || end == NULL ||
        end[1] != '\0')
        fail_msg("stderr is \"%s\"; expected one line with \"%s\"", err.p, part);
    ct_buf_free(&err);
}

/* The first number that SQL yields, with the database OTHER attached under that name. */
static int64_t query_beside(const char *other, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int64_t n = -1;
    assert_int_equal(sqlite3_open_v2(file_in("t.db"), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    if (other != NULL) {
        char attach[300];
        snprintf(attach, sizeof(attach), "ATTACH '%s' AS other", other);
        assert_int_equal(sqlite3_exec(db, attach, NULL, NULL, NULL), SQLITE_OK);
    }
    if ((strstr(sql, "FROM sample") && !samples_to_rows(db)) ||
        (strstr(sql, "FROM event") && !events_to_rows(db)) ||
        sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    if (sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

static int64_t query(const char *sql)
{
    return query_beside(NULL, sql);
}

static void assert_sound(void)
{
    assert_int_equal(
        query("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
    assert_int_equal(query("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

static bool wait_hits(const char *path, int n, int ms)
{
    for (int64_t end = ct_mono_ms() + ms; ct_mono_ms() < end; nap(10))
        if (ts_hits(env.web, path) >= n)
            return true;
    return false;
}

/* ---- tests ---- */

static void once_prints_a_line_a_source_and_says_whether_all_worked(void **state)
{
    (void)state;
    FILE *f = new_config();
    ts_set(env.web, "/page", &(struct ts_answer){200, .body = page_body});
    ts_set(env.web, "/html", &(struct ts_answer){200, .body = "<html><title>login</title></html>"});
    add_source(f, "good", "statuspage-summary", ts_port(env.web), "/page", "60s");
    add_source(f, "bad", "statuspage-summary", ts_port(env.web), "/html", "60s");
    fclose(f);
    expect_code(wait_for(FETCH("--once", "good"), 20000), 0);
    struct ct_buf out = text_of("out.txt");
    assert_int_equal(strncmp(out.p, "good\tok\t200\t1\t", 14), 0);
    assert_true(out.p[out.n - 2] == 'Z' && strchr(out.p, '\n') == out.p + out.n - 1);
    ct_buf_free(&out);
    expect_code(wait_for(FETCH("--once", "good"), 20000), 0);
    out = text_of("out.txt");
    assert_int_equal(strncmp(out.p, "good\tnot-modified\t200\t", 22), 0);
    ct_buf_free(&out);
    expect_code(wait_for(FETCH("--once"), 20000), 1); /* good is not due, bad was never tried */
    out = text_of("out.txt");
    assert_int_equal(strncmp(out.p, "bad\tfailed\t200\t-\t-\t", 19), 0);
    ct_buf_free(&out);
    expect_line("cloudtape: bad: ");
    expect_code(wait_for(FETCH("--once"), 20000), 0); /* nothing is due */
    out = text_of("out.txt");
    assert_int_equal(out.n, 0);
    ct_buf_free(&out);
    assert_int_equal(
        query("SELECT count(*) FROM source WHERE name = 'bad' AND failures = 1 AND error <> ''"),
        1);
    assert_int_equal(query("SELECT count(*) FROM component c JOIN series s ON s.id = c.series_id"
                           " JOIN source o ON o.id = s.source_id WHERE o.name = 'bad'"),
                     0);
    assert_int_equal(query("SELECT count(*) FROM component"), 1); /* of the good one */
}

static void people_bring_their_own_sources_without_code(void **state)
{
    (void)state;
    FILE *f = new_config();
    struct ct_error err;
    char *prog = file_in("my prices");
    assert_int_equal(ct_write_file(prog,
                                   CT_LIT("#!/bin/sh\ntest \"$OWN_KEY\" = s3cret || exit 9\n"
                                          "echo '{\"row\":\"offer\",\"gpu\":\"'$1'\",\"gpu_count\":1,"
                                          "\"purchase\":\"od\",\"currency\":\"USD\","
                                          "\"price_per_hour\":2.5}'\n"),
                                   &err),
                     CT_OK);
    assert_int_equal(chmod(prog, 0700), 0);
    ts_set(env.web, "/rows",
           &(struct ts_answer){200, .body = "{\"row\":\"component\",\"id\":\"c\",\"name\":\"C\","
                                            "\"state\":\"degraded\"}\n"});
    ts_set(env.web, "/bad-rows",
           &(struct ts_answer){200, .body = "{\"row\":\"note\",\"what\":\"x\",\"count\":1}\n{\"row\":1}\n"});
    add_source(f, "own_page", "rows", ts_port(env.web), "/rows", "60s");
    fprintf(f, "kind = status\nheaders = X-Team: ops | X-Two: 2\nscope = api\nevidence = measured\n");
    add_source(f, "own_bad", "rows", ts_port(env.web), "/bad-rows", "60s");
    ts_set(env.web, "/rows-too",
           &(struct ts_answer){200, .body = "{\"row\":\"component\",\"id\":\"c\",\"name\":\"C\","
                                            "\"state\":\"degraded\"}\n"});
    add_source(f, "own_wrong_kind", "rows", ts_port(env.web), "/rows-too", "60s");
    fprintf(f, "[source own_prices]\nfamily = exec\nprovider = acme\nkey_env = OWN_KEY\n"
               "command = '%s' H100\nevery = 60s\n", prog);
    fclose(f);
    setenv("OWN_KEY", "s3cret", 1);
    expect_code(wait_for(FETCH("--once"), 30000), 1);
    unsetenv("OWN_KEY");
    struct ct_buf out = text_of("out.txt"), words = text_of("err.txt");
    char *last = ts_last(env.web, "/rows");
    assert_non_null(strstr(out.p, "own_page\tok\t200\t1\t"));
    assert_non_null(strstr(out.p, "own_prices\tok\t-\t1\t"));
    assert_non_null(strstr(words.p, "own_bad: line 2: row: "));
    assert_non_null(strstr(words.p, "own_wrong_kind: rows: rows of kind status from a source of "
                                    "kind prices: say kind = status"));
    assert_non_null(strstr(last, "X-Team: ops"));
    assert_non_null(strstr(last, "X-Two: 2"));
    free(last);
    ct_buf_free(&out);
    ct_buf_free(&words);
    assert_int_equal(query("SELECT count(*) FROM offer WHERE cloud = 'acme' AND gpu = 'H100'"), 1);
    assert_int_equal(query("SELECT count(*) FROM source WHERE name = 'own_prices' AND"
                           " url LIKE 'exec:/%my prices'"), 1);
    assert_int_equal(query("SELECT evidence FROM source WHERE name = 'own_page'"), 3);
    assert_int_equal(query("SELECT count(*) FROM component"), 1);
    assert_sound();
}

static void a_test_of_a_source_shows_what_would_change_and_writes_nothing(void **state)
{
    (void)state;
    FILE *f = new_config();
    char *db = file_in("t.db"), *config = file_in("config.ini");
    static const char row[] = "{\"row\":\"offer\",\"cloud\":\"acme\",\"gpu\":\"H100\",\"gpu_count\":1,"
                              "\"purchase\":\"od\",\"currency\":\"USD\",\"price_per_hour\":%s}\n";
    char body[400];
    add_source(f, "acme", "rows", ts_port(env.web), "/offers", "60s");
    fclose(f);
    snprintf(body, sizeof(body), row, "2");
    ts_set(env.web, "/offers", &(struct ts_answer){200, .body = body});
    expect_code(RUN("test-source", "acme", "--db", db, "--config", config), 0);
    assert_int_equal(access(db, F_OK), -1);
    expect_code(wait_for(FETCH("--once", "acme"), 20000), 0);
    snprintf(body, sizeof(body), row, "3");
    ts_set(env.web, "/offers", &(struct ts_answer){200, .body = body});
    expect_code(RUN("test-source", "acme", "--db", db, "--config", config), 0);
    struct ct_buf out = text_of("out.txt");
    assert_non_null(strstr(out.p, "http 200"));
    assert_non_null(strstr(out.p, "would change: 1 of 1 rows, 1 samples, 1 events"));
    assert_non_null(strstr(out.p, "2 -> 3"));
    ct_buf_free(&out);
    expect_code(RUN("test-source", "acme", "--ndjson", "--db", db, "--config", config), 0);
    out = text_of("out.txt");
    assert_int_equal(strncmp(out.p, "{\"row\":\"offer\"", 14), 0);
    ct_buf_free(&out);
    assert_int_equal(query("SELECT count(*) FROM event WHERE kind = 2"), 0);
    assert_int_equal(query("SELECT count(*) FROM tick"), 1);
    ts_set(env.web, "/offers", &(struct ts_answer){200, .body = "<html>"});
    expect_code(RUN("test-source", "acme", "--db", db, "--config", config), 1);
    expect_line("an HTML page");
    expect_code(RUN("test-source", "acmee", "--db", db, "--config", config), 2);
    expect_line("did you mean \"acme\"?");
    assert_sound();
}

static void a_source_known_from_documents_is_unproven_until_it_works_for_real(void **state)
{
    (void)state;
    static const char body[] = "{\"page\":{\"name\":\"Oracle\",\"updated_at\":\"2026-09-01T00:00:00Z\"},"
                               "\"status\":{\"indicator\":\"none\",\"description\":\"Normal\"}}";
    FILE *f = new_config();
    struct ct_error err;
    char *db = file_in("t.db"), *path = file_in("body.json");
    add_source(f, "ora", "oci-status", ts_port(env.web), "/ora", "60s");
    fclose(f);
    ts_set(env.web, "/ora", &(struct ts_answer){200, .body = body});
    assert_int_equal(ct_write_file(path, ct_span(body), &err), CT_OK);
    expect_code(RUN("import", "oci-status", path, "--at", "-1h", "--source", "ora", "--db", db,
                    "--config", file_in("config.ini")), 0);
    assert_int_equal(query("SELECT proof FROM source WHERE name = 'ora'"), 1);
    expect_code(wait_for(FETCH("--once", "ora"), 20000), 0);
    assert_int_equal(query("SELECT proof FROM source WHERE name = 'ora'"), 2);
    expect_code(wait_for(FETCH("--once", "ora"), 20000), 0); /* stays so over a restart */
    assert_int_equal(query("SELECT proof FROM source WHERE name = 'ora'"), 2);
    assert_int_equal(query("SELECT proof FROM source WHERE name = 'github_status'"), 0);
    assert_int_equal(query("SELECT proof FROM source WHERE name = 'oracle_status'"), 1);
}

/* A fixture as it is and packed. */
static void read_list(const char *file, struct ct_buf *plain, struct ct_buf *packed)
{
    char path[4096];
    z_stream z = {0};
    snprintf(path, sizeof(path), "%s/tests/data/%s", getenv("CT_SRCDIR"), file);
    assert_int_equal(ct_read_file(path, 1 << 20, plain, NULL), CT_OK);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, plain->n);
    z.next_in = (Bytef *)plain->p;
    z.avail_in = (uInt)plain->n;
    z.next_out = (Bytef *)ct_buf_room(packed, room);
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    packed->n = room - z.avail_out;
    deflateEnd(&z);
}

static void expect_fetch(const char *id, int code, const char *begin)
{
    expect_code(wait_for(FETCH("--once", id), 20000), code);
    struct ct_buf out = text_of("out.txt");
    if (strncmp(out.p, begin, strlen(begin)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", out.p, begin);
    ct_buf_free(&out);
}

static void a_list_read_as_it_comes_is_stored_whole_or_not_at_all(void **state)
{
    (void)state;
    struct ct_buf plain = CT_BUF_INIT, packed = CT_BUF_INIT;
    FILE *f = new_config();
    read_list("aws-offer/good.json", &plain, &packed);
    const char *gzip = "Content-Encoding: gzip\n";
    const struct ts_answer cut = {200, gzip, packed.p, packed.n - 9, NULL, 0},
                           half = {200, NULL, plain.p, plain.n / 2, NULL, 0},
                           gone = {404, NULL, plain.p, plain.n, NULL, 0},
                           list = {200, gzip, packed.p, packed.n, "\"one\"", 0},
                           undeclared = {200, NULL, packed.p, packed.n, NULL, 0};
    ts_set(env.web, "/html", &(struct ts_answer){200, .body = "<html><title>login</title></html>"});
    ts_set(env.web, "/cut", &cut);
    ts_set(env.web, "/half", &half);
    ts_set(env.web, "/gone", &gone);
    ts_set(env.web, "/list", &list);
    ts_set(env.web, "/large", &list);
    ts_set(env.web, "/undeclared", &undeclared);
    static const char *const paths[] = {"cut", "half", "html", "gone", "list", "undeclared", "large"};
    for (size_t i = 0; i < CT_LEN(paths); i++) {
        char path[32];
        snprintf(path, sizeof(path), "/%s", paths[i]);
        add_source(f, paths[i], "aws-offer", ts_port(env.web), path, "60s");
    }
    fprintf(f, "max_bytes = 10000\n"); /* of the last one; its packed body is smaller */
    assert_true(packed.n < 10000 && plain.n > 10000);
    add_source(f, "broken", "aws-offer", ts_raw_port(env.raw), "/short", "60s");
    fclose(f);
    expect_fetch("cut", 1, "cut\tfailed\t200\t-\t");
    expect_line("cut: gzip: cut short");
    expect_fetch("half", 1, "half\tfailed\t200\t-\t");
    expect_line("cut off");
    expect_fetch("html", 1, "html\tfailed\t200\t-\t");
    expect_line("an HTML page");
    expect_fetch("gone", 1, "gone\tfailed\t404\t-\t");
    expect_fetch("large", 1, "large\tfailed\t200\t-\t");
    expect_line("is larger than 10000 bytes");
    expect_fetch("broken", 1, "broken\tfailed\t200\t-\t");
    expect_line("cut short");
    assert_int_equal(query("SELECT count(*) FROM offer"), 0);
    expect_fetch("list", 0, "list\tok\t200\t6\t");
    expect_fetch("list", 0, "list\tnot-modified\t304\t");
    expect_fetch("undeclared", 0, "undeclared\tok\t200\t6\t");
    expect_fetch("undeclared", 0, "undeclared\tnot-modified\t200\t"); /* the same bytes */
    assert_sound();
    ct_buf_free(&plain);
    ct_buf_free(&packed);
}

static void a_list_can_be_imported_packed_or_not(void **state)
{
    (void)state;
    struct ct_buf plain = CT_BUF_INIT, packed = CT_BUF_INIT;
    char *file = file_in("list-2026-10-16.json.gz"), *db = file_in("t.db");
    read_list("aws-offer/good.json", &plain, &packed);
    assert_int_equal(ct_write_file(file, ct_buf_span(&packed), NULL), CT_OK);
    expect_code(RUN("import", "aws-offer", file, "--at", "name", "--db", db), 0);
    int64_t offers = query("SELECT count(*) FROM offer");
    assert_int_equal(offers, 6);
    assert_int_equal(ct_write_file(file, (struct ct_span){packed.p, packed.n / 2}, NULL), CT_OK);
    expect_code(RUN("import", "aws-offer", file, "--at", "name", "--db", db), 1);
    expect_line("cut short");
    assert_int_equal(query("SELECT count(*) FROM offer"), offers);
    ct_buf_free(&plain);
    ct_buf_free(&packed);
}

static void a_key_in_an_address_goes_along_to_every_page_and_nowhere_else(void **state)
{
    (void)state;
    FILE *f = new_config();
    char *last;
    add_source(f, "sku", "gcp-skus", ts_port(env.web), "/skus?key={key}&pageSize=5000", "60s");
    fprintf(f, "key_env = CT_E2E_KEY\nmax_pages = 3\n");
    fclose(f);
    ts_set(env.web, "/skus", &(struct ts_answer){200, .body = "{\"skus\":[],\"nextPageToken\":\"ab/c\"}"});
    setenv("CT_E2E_KEY", "quite+secret", 1);
    expect_code(wait_for(FETCH("--once", "sku"), 20000), 1); /* the second page leads to itself */
    unsetenv("CT_E2E_KEY");
    expect_line("page 2 leads back to page 2");
    assert_int_equal(ts_hits(env.web, "/skus"), 2);
    last = ts_last(env.web, "/skus");
    assert_non_null(strstr(last, "key=quite+secret")); /* as the server understands it */
    assert_non_null(strstr(last, "pageToken=ab/c"));
    free(last);
    static const char *const files[] = {"log.txt", "err.txt", "out.txt", "t.db", "t.db-wal"};
    for (size_t i = 0; i < CT_LEN(files); i++) {
        struct ct_buf text = text_of(files[i]);
        assert_null(memmem(text.p, text.n, "quite", 5));
        ct_buf_free(&text);
    }
}

static void a_moved_page_is_told_by_its_new_family_and_keeps_what_was_known(void **state)
{
    (void)state;
    FILE *f = new_config();
    add_source(f, "page", "statuspage-summary", ts_port(env.web), "/page", "60s");
    fclose(f);
    ts_set(env.web, "/page", &(struct ts_answer){200, .body = page_body});
    expect_code(wait_for(FETCH("--once", "page"), 20000), 0);
    ts_set(env.web, "/page",
           &(struct ts_answer){200, .body = "{\"page\":{\"name\":\"Example\",\"url\":\"https://status.example.com\","
                                            "\"status\":\"UP\"}}"});
    expect_code(wait_for(FETCH("--once", "page"), 20000), 1);
    expect_line("family instatus-summary reads it");
    ts_set(env.web, "/page", &(struct ts_answer){200, .body = "<!DOCTYPE html><html></html>"});
    expect_code(wait_for(FETCH("--once", "page"), 20000), 1);
    expect_line("an HTML page");
    ts_set(env.web, "/page", &(struct ts_answer){410, .body = ""});
    expect_code(wait_for(FETCH("--once", "page"), 20000), 1);
    expect_line("410 not there");
    assert_int_equal(query("SELECT count(*) FROM component"), 1);
    assert_int_equal(query("SELECT failures FROM source WHERE name = 'page'"), 3);
}

static void a_table_that_streams_is_recorded_and_replayed(void **state)
{
    (void)state;
    struct ct_buf plain = CT_BUF_INIT, packed = CT_BUF_INIT;
    FILE *f = new_config();
    char *rec = file_in("rec");
    read_list("skypilot-csv/good.csv", &plain, &packed);
    const struct ts_answer table = {200, "Content-Encoding: gzip\n", packed.p, packed.n, NULL, 0};
    ts_set(env.web, "/sky", &table);
    add_source(f, "sky", "skypilot-csv", ts_port(env.web), "/sky", "60s");
    fclose(f);
    expect_code(wait_for(FETCH("--once", "sky", "--record", rec), 20000), 0);
    int64_t offers = query("SELECT count(*) FROM offer");
    assert_true(offers > 0);
    assert_int_equal(rename(file_in("t.db"), file_in("other.db")), 0);
    expect_code(wait_for(FETCH("--replay", rec, "--speed", "max"), 30000), 0);
    assert_int_equal(query("SELECT count(*) FROM offer"), offers);
    ct_buf_free(&plain);
    ct_buf_free(&packed);
}

static void a_key_may_lie_in_a_file_that_only_its_owner_reads(void **state)
{
    (void)state;
    struct ct_error err;
    char *key = file_in("key");
    FILE *f = new_config();
    assert_int_equal(ct_write_file(key, CT_LIT("from-a-file\nsecond line\n"), &err), CT_OK);
    add_source(f, "page", "statuspage-summary", ts_port(env.web), "/page", "60s");
    fprintf(f, "token_file = %s\nkey_header = X-Key\n", key);
    fclose(f);
    ts_set(env.web, "/page", &(struct ts_answer){200, .body = page_body});
    expect_code(wait_for(FETCH("--once", "page"), 20000), 0);
    char *last = ts_last(env.web, "/page");
    assert_non_null(strstr(last, "X-Key: from-a-file\n"));
    assert_null(strstr(last, "Authorization"));
    free(last);
    assert_int_equal(chmod(key, 0644), 0);
    expect_code(wait_for(FETCH("--once", "page"), 20000), 0); /* asked, without the key */
    expect_line("chmod 600 it");
    last = ts_last(env.web, "/page");
    assert_null(strstr(last, "from-a-file"));
    free(last);
}

/* Writes a program of one's own; the path of it. */
static const char *program(const char *name, const char *script)
{
    struct ct_error err;
    const char *path = file_in(name);
    assert_int_equal(ct_write_file(path, ct_span(script), &err), CT_OK);
    assert_int_equal(chmod(path, 0700), 0);
    return path;
}

/* The program is asked anew every time, and what it prints is found nowhere but in the request. */
static void a_key_may_come_from_a_program(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"#!/bin/sh\necho marker-5ecret >&2\nexit 3\n", "ended with 3"},
        {"#!/bin/sh\nprintf '\\033marker-5ecret'\n", "the first line it prints is no key"},
        {"#!/bin/sh\n", "the first line it prints is no key"},
    };
    char *config = file_in("config.ini"), *rec = file_in("rec"), command[600];
    const char *prog = program("key of mine", "#!/bin/sh\ncd \"${0%/*}\"\necho x >>turns\n"
                                              "echo marker-5ecret-$(wc -l <turns)-$1\necho more\n");
    FILE *f = new_config();
    add_source(f, "page", "statuspage-summary", ts_port(env.web), "/page", "60s");
    fprintf(f, "key_env = CT_E2E_NOT_SET\ntoken_cmd = '%s' 'a b'\n", prog);
    fclose(f);
    ts_set(env.web, "/page", &(struct ts_answer){200, .body = page_body});
    for (int i = 1; i <= 2; i++) {
        char want[64];
        expect_code(wait_for(FETCH("--once", "page", "--record", rec), 20000), 0);
        char *last = ts_last(env.web, "/page");
        snprintf(want, sizeof want, "Authorization: Bearer marker-5ecret-%d-a b\n", i);
        assert_non_null(strstr(last, want));
        free(last);
    }
    expect_code(RUN("test-source", "page", "--config", config, "--db", file_in("t.db")), 0);
    int hits = ts_hits(env.web, "/page");
    for (size_t i = 0; i < CT_LEN(bad); i++) {
        (void)program("key of mine", bad[i][0]);
        expect_code(wait_for(FETCH("--once", "page"), 20000), 1);
        expect_line(bad[i][1]);
    }
    assert_int_equal(ts_hits(env.web, "/page"), hits); /* without a key nobody is asked */
    snprintf(command, sizeof(command),
             "cd '%s' && ls rec/page/*.head >/dev/null && ! grep -raq marker-5ecret . --exclude='key of mine'",
             env.dir);
    assert_int_equal(system(command), 0);
    assert_sound();
}

static void a_recording_replays_into_the_same_rows(void **state)
{
    (void)state;
    FILE *f = new_config();
    struct ct_error err;
    char *rec = file_in("rec"), *other = file_in("other.db"), *config = file_in("config.ini");
    static const char row[] = "{\"row\":\"offer\",\"cloud\":\"acme\",\"gpu\":\"H100\",\"gpu_count\":1,"
                              "\"purchase\":\"od\",\"currency\":\"USD\",\"price_per_hour\":%d}\n"
                              "{\"row\":\"note\",\"what\":\"echo %s\",\"count\":1}\n";
    char body[500], command[600];
    add_source(f, "acme", "rows", ts_port(env.web), "/offers?key={key}", "60s");
    fprintf(f, "key_env = CT_E2E_KEY\n");
    add_source(f, "page", "statuspage-summary", ts_port(env.web), "/page", "60s");
    add_source(f, "sick", "statuspage-summary", ts_port(env.web), "/sick", "60s");
    fclose(f);
    setenv("CT_E2E_KEY", "quite/secret", 1);
    ts_set(env.web, "/page", &(struct ts_answer){200, .body = page_body, .etag = "\"v1\"",
                                                 .headers = "Set-Cookie: s=1\nX-Seen: yes"});
    for (int i = 2; i < 5; i++) {
        snprintf(body, sizeof(body), row, i, "quite/secret");
        ts_set(env.web, "/offers", &(struct ts_answer){200, .body = body});
        ts_set(env.web, "/sick", &(struct ts_answer){i == 3 ? 500 : 200, .body = i == 4 ? "<html>" : page_body});
        wait_for(FETCH("--once", "acme", "page", "sick", "--record", rec), 20000);
    }
    unsetenv("CT_E2E_KEY");
    char *asked = ts_last(env.web, "/offers");
    assert_non_null(strstr(asked, "key=quite/secret")); /* as the server understands it */
    assert_null(strstr(asked, "Authorization"));
    free(asked);
    snprintf(command, sizeof(command),
             "cd '%s' && cat */*.head >all && for b in */*.gz; do zcat \"$b\"; done >>all && ! grep -q "
             "'quite.*secret\\|Cookie' all && grep -q 'X-Seen: yes' all && grep -q 'key={key}' all && "
             "grep -q 'status: 500' all && test -z \"$(find . -mindepth 2 -perm /077)\" && rm all", rec);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command), "mv '%s' '%s'", file_in("t.db"), other);
    assert_int_equal(system(command), 0);

    assert_int_equal(ct_write_file(config, CT_LIT("theme = mono\n"), &err), CT_OK); /* knows none of them */
    int64_t start = ct_mono_ms();
    expect_code(wait_for(FETCH("--replay", rec, "--speed", "100"), 30000), 1); /* sick failed twice */
    assert_true(ct_mono_ms() - start < 30000);
    static const char *const same[] = {
        "SELECT count(*) FROM offer o, other.offer x WHERE o.cloud = x.cloud AND o.price_per_hour = x.price_per_hour",
        "SELECT count(*) FROM price_move p JOIN other.price_move x ON p.at_ms = x.at_ms AND length(p.b) = length(x.b)",
        "SELECT count(*) FROM component c, other.component x WHERE c.ext_id = x.ext_id AND c.name = x.name",
        ("SELECT count(*) FROM (SELECT s.name, p.from_ms, p.outcome, p.rows FROM poll p JOIN source s ON s.id = p.source_id"
         " INTERSECT SELECT s.name, p.from_ms, p.outcome, p.rows FROM other.poll p JOIN other.source s ON s.id = p.source_id)")};
    static const int64_t want[] = {1, 2, 4, 7};
    for (size_t i = 0; i < CT_LEN(same); i++)
        assert_in_range(query_beside(other, same[i]), want[i], 99);
    assert_sound();
    expect_code(wait_for(FETCH("--replay", rec, "--speed", "max"), 30000), 1);
    expect_line("replay into one of its own");
    expect_code(wait_for(FETCH("--replay", file_in("none")), 20000), 1);
    expect_line("none");
    expect_code(wait_for(FETCH("--once", "--speed", "3"), 20000), 2);
    expect_code(wait_for(FETCH("--once", "--replay", rec), 20000), 2);
}

/* The event id that a request brought; to be freed. */
static char *event_of(const char *path)
{
    static const char name[] = "X-Cloudtape-Event: ";
    char *request = ts_last(env.web, path), *at = request ? strstr(request, name) : NULL;
    if (at == NULL)
        fail_msg("no event id in %s", request ? request : "nothing");
    char *id = strndup(at + sizeof(name) - 1, 16);
    free(request);
    return id;
}

/* Killed after a webhook was asked and before its answer: the next fetcher asks again, under the same
 * id. Neither the webhook's address nor its key is written anywhere. */
static void a_message_survives_kill_9_under_its_id_and_its_secrets_show_nowhere(void **state)
{
    (void)state;
    static const char hook[] = "/hook/marker-5ecret";
    char url[100], command[700];
    struct ct_error err;
    char *prog = file_in("page me");
    FILE *f = new_config();
    struct ct_buf outage = CT_BUF_INIT;
    const char *fine = strstr(page_body, "operational");
    ct_buf_addf(&outage, "%.*smajor_outage%s", (int)(fine - page_body), page_body, fine + 11);
    snprintf(command, sizeof(command), "#!/bin/sh\ncat >'%s'\ntr '\\0' '\\n' </proc/self/environ >'%s'\n",
             file_in("hook.in"), file_in("hook.env"));
    assert_int_equal(ct_write_file(prog, ct_span(command), &err), CT_OK);
    assert_int_equal(chmod(prog, 0700), 0);
    add_source(f, "page", "statuspage-summary", ts_port(env.web), "/life", "2s");
    fprintf(f, "[alert down]\nwhen = status state>=part\nseverity = critical\nnotify = ops, hook\n"
               "[notify ops]\nkind = webhook\nurl_env = CT_E2E_URL\nkey_cmd = echo marker-key\n"
               "allow_private = 127.0.0.1\n[notify hook]\nkind = exec\ncommand = '%s'\n", prog);
    fclose(f);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", ts_port(env.web), hook);
    setenv("CT_E2E_URL", url, 1);
    ts_set(env.web, "/life", &(struct ts_answer){200, .body = page_body});
    ts_set(env.web, hook, &(struct ts_answer){200, .body = "", .delay_ms = 5000});
    pid_t pid = FETCH("--daemon");
    assert_true(wait_hits("/life", 2, 30000));
    ts_set(env.web, "/life", &(struct ts_answer){200, .body = outage.p});
    assert_true(wait_hits(hook, 1, 60000));
    kill(pid, SIGKILL);
    assert_int_equal(wait_for(pid, 5000), -SIGKILL);
    assert_int_equal(query("SELECT count(*) FROM alert_delivery WHERE channel = 'ops' AND state = 0"), 1);
    char *first = event_of(hook);
    ts_set(env.web, hook, &(struct ts_answer){200, .body = ""});
    pid = FETCH("--daemon");
    assert_true(wait_hits(hook, 2, 60000));
    for (int64_t end = ct_mono_ms() + 30000; ct_mono_ms() < end; nap(50))
        if (query("SELECT count(*) FROM alert_delivery WHERE state = 1") == 2)
            break;
    char *second = event_of(hook), *request = ts_last(env.web, hook);
    assert_string_equal(first, second);
    assert_non_null(strstr(request, "Authorization: Bearer marker-key"));
    assert_int_equal(query("SELECT count(*) FROM alert_delivery WHERE state = 1"), 2);
    snprintf(command, sizeof(command),
             "cd '%s' && grep -q CT_EVENT_ID hook.env && grep -q '\"rule\":\"down\"' hook.in && grep -q "
             "channel=ops log.txt && ! grep -ra marker- . --exclude=config.ini && ! tr '\\0' ' ' "
             "</proc/%d/cmdline | grep -q marker-", env.dir, (int)pid);
    assert_int_equal(system(command), 0); /* the database and its WAL too, while it runs */
    kill(pid, SIGTERM);
    expect_code(wait_for(pid, 5000), 0);
    assert_sound();
    unsetenv("CT_E2E_URL");
    free(first);
    free(second);
    free(request);
    ct_buf_free(&outage);
}

/* Requests of PATH that began at or after FROM_MS and before TO_MS. */
static int hits_between(const char *path, int64_t from_ms, int64_t to_ms)
{
    int n = 0;
    for (int i = 0; i < ts_hits(env.web, path); i++) {
        int64_t at_ms = ts_hit_ms(env.web, path, i);
        n += at_ms >= from_ms && at_ms < to_ms;
    }
    return n;
}

static void fetches_and_messages_never_wait_for_each_other(void **state)
{
    enum { SLOW_MS = 4000, HOOK_MS = 6000 };
    static const char *const slow[] = {"/slow1", "/slow2", "/slow3"};
    (void)state;
    FILE *f = new_config();
    struct ct_buf outage = CT_BUF_INIT;
    ct_buf_addf(&outage, "%.*smajor_outage%s", (int)(strstr(page_body, "operational") - page_body),
                page_body, strstr(page_body, "operational") + strlen("operational"));
    fprintf(f, "[fetch]\nconcurrency = 1\n[alert down]\nwhen = status state>=part\n"
               "severity = critical\nnotify = ops\n[notify ops]\nkind = webhook\n"
               "url = http://127.0.0.1:%d/pager\nallow_private = 127.0.0.1\n", ts_port(env.web));
    for (size_t i = 0; i < CT_LEN(slow); i++) {
        ts_set(env.web, slow[i], &(struct ts_answer){200, .body = page_body, .delay_ms = SLOW_MS});
        add_source(f, slow[i] + 1, "statuspage-summary", ts_port(env.web), slow[i], "1s");
    }
    add_source(f, "quick", "statuspage-summary", ts_port(env.web), "/quick", "1s");
    fclose(f);
    ts_set(env.web, "/quick", &(struct ts_answer){200, .body = outage.p});
    ts_set(env.web, "/pager", &(struct ts_answer){200, .body = "", .delay_ms = HOOK_MS});
    pid_t pid = FETCH("--daemon");
    assert_true(wait_hits("/pager", 1, 90000));
    int64_t paged = ts_hit_ms(env.web, "/pager", 0);
    nap(HOOK_MS);
    kill(pid, SIGTERM);
    expect_code(wait_for(pid, 10000), 0);
    int under_way = 0, begun = 0;
    for (size_t i = 0; i < CT_LEN(slow); i++) {
        under_way += hits_between(slow[i], paged - SLOW_MS, paged + 1);
        begun += hits_between(slow[i], paged + 1, paged + HOOK_MS);
    }
    assert_int_equal(under_way, 1); /* the only place for a fetch was taken when the page went */
    assert_true(begun >= 1); /* and the next one began while the pager had not answered yet */
    ct_buf_free(&outage);
}

static void a_fetch_of_once_tells_what_it_found(void **state)
{
    (void)state;
    struct ct_buf outage = CT_BUF_INIT;
    FILE *f = new_config();
    ct_buf_addf(&outage, "%.*smajor_outage%s", (int)(strstr(page_body, "operational") - page_body),
                page_body, strstr(page_body, "operational") + strlen("operational"));
    add_source(f, "solo", "statuspage-summary", ts_port(env.web), "/solo", "60s");
    fprintf(f, "[alert down]\nwhen = status state>=part\nnotify = ops\n[notify ops]\nkind = webhook\n"
               "url = http://127.0.0.1:%d/once\nallow_private = 127.0.0.1\n", ts_port(env.web));
    fclose(f);
    ts_set(env.web, "/solo", &(struct ts_answer){200, .body = outage.p});
    ts_set(env.web, "/once", &(struct ts_answer){503, .body = ""});
    expect_code(wait_for(FETCH("--once"), 30000), 0);
    assert_true(ts_hits(env.web, "/once") >= 2); /* not taken: tried a while, then left for the next */
    int tried = ts_hits(env.web, "/once");
    assert_int_equal(query("SELECT count(*) FROM alert_delivery WHERE state = 0"), 1);
    ts_set(env.web, "/once", &(struct ts_answer){200, .body = ""});
    while (query("SELECT next_ms FROM alert_delivery WHERE state = 0") > ct_now_ms())
        nap(100); /* a timer would come much later */
    expect_code(wait_for(FETCH("--once"), 30000), 0);
    assert_int_equal(ts_hits(env.web, "/once"), tried + 1);
    assert_int_equal(query("SELECT count(*) FROM alert_delivery WHERE state = 1"), 1);
    expect_code(wait_for(FETCH("--once"), 30000), 0);
    assert_int_equal(ts_hits(env.web, "/once"), tried + 1);
    ct_buf_free(&outage);
}

static void wrong_usage_is_one_line_and_changes_nothing(void **state)
{
    (void)state;
    fclose(new_config());
    char *db = file_in("t.db");
    expect_code(RUN("fetch", "--once", "--db", db, "openai_statu"), 2);
    expect_line("did you mean \"openai_status\"");
    expect_code(RUN("fetch", "--db", db), 2);
    expect_line("say --once or --daemon");
    expect_code(RUN("fetch", "--once", "--dbb", db), 2);
    expect_line("did you mean --db?");
    expect_code(RUN("fetch", "--once", "--db"), 2);
    expect_line("needs a value");
    expect_code(RUN("fetch", "--db", "--once"), 2);
    expect_line("--db: needs a value");
    expect_code(RUN("fetch", "--daemon", "--db", db, "openai_status"), 2);
    expect_line("--daemon fetches every source");
    expect_code(RUN("fetch", "--daemon", "--db", db, "--parent-fd", "x"), 2);
    expect_line("no open pipe");
    expect_code(RUN("fetch", "--daemon", "--db", db, "--config", file_in("none.ini")), 1);
    expect_line("none.ini");
    expect_code(RUN("fetchh"), 2);
    expect_line("did you mean \"fetch\"?");
    expect_code(RUN("parse", "litelm"), 2);
    expect_line("did you mean \"litellm\"?");
    expect_code(RUN("import", "litellm", "x.json"), 2);
    expect_line("--at TIME");
    expect_code(RUN("import", "litellm", "x.json", "--at", "soon", "--db", db), 2);
    expect_line("is not a time");
    expect_code(RUN("import", "litellm", "x.json", "--at", "name", "--db", db), 2);
    expect_line("no date YYYY-MM-DD");
    expect_code(RUN("import", "litellm", "x.json", "--at", "2150-01-01", "--db", db), 2);
    expect_line("future");
    assert_int_equal(access(db, F_OK), -1);
}

static void a_bad_config_line_is_named_and_the_rest_counts(void **state)
{
    (void)state;
    FILE *f = new_config();
    ts_set(env.web, "/page", &(struct ts_answer){200, .body = page_body});
    add_source(f, "good", "statuspage-summary", ts_port(env.web), "/page", "60s");
    fprintf(f, "[fetch]\njiter = 5%%\n");
    fclose(f);
    expect_code(wait_for(FETCH("--once"), 20000), 0);
    expect_line("did you mean \"jitter\"?");
    struct ct_buf err = text_of("err.txt"), out = text_of("out.txt");
    assert_non_null(strstr(err.p, "config.ini:"));
    assert_int_equal(strncmp(out.p, "good\tok\t", 8), 0);
    ct_buf_free(&err);
    ct_buf_free(&out);
}

static void signals_and_the_end_of_the_parent_stop_it_within_two_seconds(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT};
    FILE *f = new_config();
    ts_set(env.web, "/sig", &(struct ts_answer){200, .body = page_body});
    add_source(f, "good", "statuspage-summary", ts_port(env.web), "/sig", "60s");
    add_source(f, "hangs", "statuspage-summary", ts_raw_port(env.raw), "/silent", "60s");
    fclose(f);
    for (size_t i = 0; i < CT_LEN(signals); i++) {
        pid_t pid = FETCH("--daemon");
        if (i == 0)
            assert_true(wait_hits("/sig", 1, 10000));
        nap(2500); /* the one that hangs is under way */
        kill(pid, signals[i]);
        expect_code(wait_for(pid, 2000), 0);
        assert_int_equal(query("SELECT count(*) FROM lease"), 0);
    }
    int fd[2];
    char number[16];
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    snprintf(number, sizeof(number), "%d", fd[0]);
    pid_t pid = spawn((const char *const[]){"fetch", "--daemon", "--db", file_in("t.db"),
                                            "--config", file_in("config.ini"), "--log",
                                            file_in("log.txt"), "--parent-fd", number, NULL},
                      fd[0]);
    close(fd[0]);
    nap(1000);
    int status;
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0); /* while the pipe is open it stays */
    close(fd[1]);
    expect_code(wait_for(pid, 2000), 0);
    assert_sound();
}

static void hup_reads_the_settings_again_unless_they_are_wrong(void **state)
{
    (void)state;
    FILE *f = new_config();
    ts_set(env.web, "/hup1", &(struct ts_answer){200, .body = page_body});
    ts_set(env.web, "/hup2", &(struct ts_answer){200, .body = page_body});
    add_source(f, "good", "statuspage-summary", ts_port(env.web), "/hup1", "1h");
    fclose(f);
    pid_t pid = FETCH("--daemon");
    assert_true(wait_hits("/hup1", 1, 10000));
    f = new_config();
    add_source(f, "other", "statuspage-summary", ts_port(env.web), "/hup2", "1h");
    fprintf(f, "[fetch]\njiter = 5%%\n");
    fclose(f);
    kill(pid, SIGHUP);
    assert_false(wait_hits("/hup2", 1, 2500));
    int status;
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0); /* it goes on as before */
    f = new_config();
    add_source(f, "other", "statuspage-summary", ts_port(env.web), "/hup2", "1h");
    fclose(f);
    kill(pid, SIGHUP);
    assert_true(wait_hits("/hup2", 1, 20000));
    kill(pid, SIGTERM);
    expect_code(wait_for(pid, 5000), 0);
    assert_int_equal(query("SELECT count(*) FROM lease"), 0);
    assert_sound();
}

static void usr1_asks_again_but_not_too_soon(void **state)
{
    (void)state;
    FILE *f = new_config();
    ts_set(env.web, "/usr1", &(struct ts_answer){200, .body = page_body});
    add_source(f, "good", "statuspage-summary", ts_port(env.web), "/usr1", "1h");
    fclose(f);
    pid_t pid = FETCH("--daemon");
    assert_true(wait_hits("/usr1", 1, 10000));
    kill(pid, SIGUSR1);
    nap(300);
    assert_int_equal(ts_hits(env.web, "/usr1"), 1);
    assert_true(wait_hits("/usr1", 2, 3000));
    nap(1500);
    assert_int_equal(ts_hits(env.web, "/usr1"), 2);
    kill(pid, SIGTERM);
    expect_code(wait_for(pid, 2000), 0);
}

static void a_second_fetcher_leaves_at_once_and_names_the_first(void **state)
{
    (void)state;
    char name[64];
    FILE *f = new_config();
    ts_set(env.web, "/two", &(struct ts_answer){200, .body = page_body});
    add_source(f, "good", "statuspage-summary", ts_port(env.web), "/two", "60s");
    fclose(f);
    char *body = file_in("page--2026-09-01.json");
    struct ct_error err;
    assert_int_equal(ct_write_file(body, ct_span(page_body), &err), CT_OK);
    pid_t first = FETCH("--daemon");
    assert_true(wait_hits("/two", 1, 10000));
    snprintf(name, sizeof(name), "fetcher pid %d on ", (int)first);
    int64_t begin = ct_mono_ms();
    expect_code(wait_for(FETCH("--daemon"), 5000), 1);
    expect_line(name);
    assert_true(ct_mono_ms() - begin < 1000);
    expect_code(wait_for(FETCH("--once"), 5000), 1);
    expect_line(name);
    expect_code(RUN("import", "statuspage-summary", body, "--at", "name", "--db", file_in("t.db")),
                1);
    expect_line(name);
    kill(first, SIGKILL); /* its lease dies with it */
    assert_int_equal(wait_for(first, 2000), -SIGKILL);
    pid_t next = FETCH("--daemon");
    nap(1000);
    int status;
    assert_int_equal(waitpid(next, &status, WNOHANG), 0);
    kill(next, SIGTERM);
    expect_code(wait_for(next, 2000), 0);
}

static void thirty_sources_keep_their_time_beside_bad_ones(void **state)
{
    (void)state;
    char id[16], path[16];
    FILE *f = new_config();
    add_source(f, "hangs", "statuspage-summary", ts_raw_port(env.raw), "/silent", "2s");
    add_source(f, "floods", "statuspage-summary", ts_raw_port(env.raw), "/endless", "2s");
    ts_set(env.web, "/lies", &(struct ts_answer){200, .body = "{\"page\":[],\"components\":7}"});
    add_source(f, "lies", "statuspage-summary", ts_port(env.web), "/lies", "2s");
    for (int i = 0; i < 27; i++) {
        snprintf(id, sizeof(id), "s%d", i);
        snprintf(path, sizeof(path), "/t%d", i);
        ts_set(env.web, path,
               &(struct ts_answer){200, .body = i % 3 == 0 ? page_body : price_body});
        add_source(f, id, i % 3 == 0 ? "statuspage-summary" : "litellm", ts_port(env.web), path,
                   "2s");
    }
    fclose(f);
    pid_t pid = FETCH("--daemon", "--seed", "1");
    nap(9000);
    kill(pid, SIGTERM);
    expect_code(wait_for(pid, 2000), 0);
    for (int i = 0; i < 27; i++) {
        snprintf(path, sizeof(path), "/t%d", i);
        int n = ts_hits(env.web, path);
        assert_in_range(n, 3, 6);
        for (int k = 1; k < n; k++) {
            int64_t gap = ts_hit_ms(env.web, path, k) - ts_hit_ms(env.web, path, k - 1);
            if (gap < 1750 || gap > 3200) /* 2 s, a tenth, and less than a second late */
                fail_msg("%s was asked again after %lld ms", path, (long long)gap);
        }
    }
    assert_int_equal(query("SELECT count(*) FROM source WHERE name GLOB 's[0-9]*' AND failures = 0"
                           " AND last_success_ms > 0"),
                     27);
    assert_int_equal(
        query("SELECT count(*) FROM source WHERE name IN ('floods', 'lies') AND failures > 0"
              " AND error <> '' AND last_success_ms IS NULL"),
        2);
    assert_sound();
}

/* Commits with changes that SOURCE's log lines acknowledge. */
static int64_t acknowledged(const char *source)
{
    struct ct_buf log = text_of("log.txt");
    struct ct_span rest = ct_buf_span(&log);
    char start[64];
    int64_t n = 0;
    snprintf(start, sizeof(start), "source=%s outcome=ok ", source);
    while (rest.p != NULL) {
        struct ct_span line = ct_span_cut(&rest, '\n');
        n += ct_span_ihas(line, ct_span(start)) && !ct_span_ihas(line, CT_LIT("changed=0 "));
    }
    ct_buf_free(&log);
    return n;
}

static void kill_nine_loses_nothing_acknowledged_and_leaves_no_half_batch(void **state)
{
    (void)state;
    enum { KILLS = 20, SOURCES = 8 };
    char id[16], path[16], sql[300];
    FILE *f = new_config();
    for (int i = 0; i < SOURCES; i++) {
        snprintf(id, sizeof(id), "k%d", i);
        snprintf(path, sizeof(path), "/k%d", i);
        ts_set(env.web, path, &(struct ts_answer){200, .body = price_body});
        add_source(f, id, "litellm", ts_port(env.web), path, "1s");
    }
    fclose(f);
    srand(11);
    for (int i = 0; i < KILLS; i++) {
        int asked = ts_hits(env.web, "/k0");
        pid_t pid = FETCH("--daemon");
        if (i % 4 != 3) /* each fourth while it starts, however long that takes; not the first, which makes the file */
            assert_true(wait_hits("/k0", asked + 1, 20000));
        nap(rand() % 1000);
        kill(pid, SIGKILL);
        assert_int_equal(wait_for(pid, 2000), -SIGKILL);
        assert_sound();
    }
    int64_t all = 0;
    for (int i = 0; i < SOURCES; i++) {
        snprintf(id, sizeof(id), "k%d", i);
        int64_t n = acknowledged(id);
        all += n;
        snprintf(sql, sizeof(sql),
                 "SELECT count(DISTINCT m.at_ms) FROM sample m JOIN series s ON s.id = m.series_id "
                 "JOIN source o"
                 " ON o.id = s.source_id WHERE o.name = '%s'",
                 id);
        int64_t stored = query(sql);
        if (stored < n || stored > n + KILLS)
            fail_msg("%s: %lld acknowledged, %lld stored", id, (long long)n, (long long)stored);
    }
    assert_true(all >= SOURCES);
    /* Each answer has two prices, and both change every time. */
    assert_int_equal(
        query("SELECT count(*) FROM (SELECT s.source_id, m.at_ms, count(*) AS n FROM sample m JOIN "
              "series s"
              " ON s.id = m.series_id WHERE s.name GLOB 'token/*' GROUP BY 1, 2 HAVING n <> 2)"),
        0);
    pid_t pid = FETCH("--daemon"); /* and it goes on */
    nap(1500);
    kill(pid, SIGTERM);
    expect_code(wait_for(pid, 2000), 0);
}

static void closed_descriptors_and_few_of_them_are_survived(void **state)
{
    (void)state;
    FILE *f = new_config();
    ts_set(env.web, "/fds", &(struct ts_answer){200, .body = page_body});
    add_source(f, "good", "statuspage-summary", ts_port(env.web), "/fds", "60s");
    fclose(f);
    char command[9000];
    snprintf(command, sizeof(command),
             "exec '%s' fetch --once good --db '%s' --config '%s' --log '%s' <&- >&- 2>&-",
             env.program, file_in("t.db"), file_in("config.ini"), file_in("log.txt"));
    assert_int_equal(WEXITSTATUS(system(command)), 0);
    assert_int_equal(ts_hits(env.web, "/fds"), 1);
    assert_sound();
    snprintf(command, sizeof(command),
             "ulimit -n 16; exec '%s' fetch --once good --db '%s' --config '%s' --log '%s' "
             ">/dev/null 2>&1",
             env.program, file_in("t.db"), file_in("config.ini"), file_in("log.txt"));
    int status = system(command);
    assert_true(WIFEXITED(status) &&
                WEXITSTATUS(status) <= 1); /* works or says why not, but ends by itself */
    assert_sound();
}

static void files_are_for_their_owner_only(void **state)
{
    (void)state;
    static const char *const names[] = {"t.db", "t.db.lock", "log.txt"};
    FILE *f = new_config();
    ts_set(env.web, "/mode", &(struct ts_answer){200, .body = page_body});
    add_source(f, "good", "statuspage-summary", ts_port(env.web), "/mode", "60s");
    fclose(f);
    mode_t was = umask(0);
    pid_t pid = FETCH("--once");
    umask(was);
    expect_code(wait_for(pid, 10000), 0);
    for (size_t i = 0; i < CT_LEN(names); i++) {
        struct stat st;
        assert_int_equal(stat(file_in(names[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void keys_stay_out_of_database_log_and_words(void **state)
{
    (void)state;
    static const char *const names[] = {"t.db", "t.db-wal", "log.txt", "out.txt", "err.txt"};
    FILE *f = new_config();
    ts_set(env.web, "/secret", &(struct ts_answer){403, .body = "no"});
    add_source(f, "locked", "statuspage-summary", ts_port(env.web), "/secret", "60s");
    fprintf(f, "key_env = CT_E2E_KEY\n");
    fclose(f);
    setenv("CT_E2E_KEY", "marker-4711-secret", 1);
    expect_code(wait_for(FETCH("--once"), 10000), 1);
    unsetenv("CT_E2E_KEY");
    char *last = ts_last(env.web, "/secret");
    assert_non_null(strstr(last, "Bearer marker-4711-secret"));
    free(last);
    for (size_t i = 0; i < CT_LEN(names); i++) {
        struct ct_buf b = text_of(names[i]);
        if (memmem(b.p, b.n, "marker-4711", 11) != NULL)
            fail_msg("the key is in %s", names[i]);
        ct_buf_free(&b);
    }
}

static void the_log_counts_no_bytes_where_none_came(void **state)
{
    (void)state;
    FILE *f = new_config();
    add_source(f, "shut", "statuspage-summary", 1, "/", "60s"); /* nobody listens there */
    fclose(f);
    expect_code(wait_for(FETCH("--once", "shut"), 20000), 1);
    struct ct_buf log = text_of("log.txt");
    assert_non_null(strstr(log.p, "source=shut outcome=failed http=0 pages=0 bytes=- latency_ms="));
    ct_buf_free(&log);
}

static void a_refused_body_prints_no_rows(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "<!DOCTYPE html><html></html>",
                                         "{\"gpt-x\":{\"input_cost_per_token\":1e-6,", "[]"};
    char *path = file_in("body.json");
    struct ct_error e;
    for (size_t i = 0; i < CT_LEN(bodies); i++) {
        assert_int_equal(ct_write_file(path, ct_span(bodies[i]), &e), CT_OK);
        expect_code(RUN("parse", "litellm", path), 1);
        expect_line("cloudtape: litellm: ");
        struct ct_buf out = text_of("out.txt");
        assert_int_equal(out.n, 0);
        ct_buf_free(&out);
        expect_code(RUN("import", "litellm", path, "--at", "-1h", "--db", file_in("t.db")), 1);
        assert_int_equal(access(file_in("t.db"), F_OK), -1);
    }
}

static void write_price(const char *name, const char *price)
{
    char body[300];
    struct ct_error err;
    snprintf(body, sizeof(body),
             "{\"gpt-x\":{\"input_cost_per_token\":%s,\"litellm_provider\":\"openai\",\"mode\":"
             "\"chat\"}}",
             price);
    assert_int_equal(ct_write_file(file_in(name), ct_span(body), &err), CT_OK);
}

static void imports_in_any_order_and_twice_end_in_the_same_history(void **state)
{
    (void)state;
    static const char *const orders[][3] = {
        {"a-2026-01-01.json", "b-2026-01-02T1230.json", "c-2026-01-03.json"},
        {"c-2026-01-03.json", "a-2026-01-01.json", "b-2026-01-02T1230.json"}};
    write_price("a-2026-01-01.json", "1e-6");
    write_price("b-2026-01-02T1230.json", "2e-6");
    write_price("c-2026-01-03.json", "3e-6");
    for (size_t o = 0; o < CT_LEN(orders); o++) {
        for (size_t i = 0; i < 3; i++)
            expect_code(RUN("import", "litellm", file_in(orders[o][i]), "--at", "name", "--db",
                            file_in("t.db")),
                        0);
        expect_code(RUN("import", "litellm", file_in(orders[o][0]), file_in(orders[o][2]),
                        file_in(orders[o][1]), "--at", "name", "--db", file_in("t.db")),
                    0);
        struct ct_buf out = text_of("out.txt");
        assert_non_null(
            strstr(out.p, "litellm_prices: 3 snapshots, 3 already stored, 3 rows, 0 changed"));
        ct_buf_free(&out);
        assert_int_equal(query("SELECT count(*) FROM sample JOIN series ON id = series_id"
                               " WHERE name GLOB 'token/*'"),
                         3);
        assert_int_equal(query("SELECT count(*) FROM sample WHERE (at_ms, value) IN (VALUES"
                               " (1767225600000, 1000000000), (1767357000000, 2000000000),"
                               " (1767398400000, 3000000000))"),
                         3);
        assert_int_equal(query("SELECT count(*) FROM event WHERE kind = 2"), 2);
        unlink(file_in("t.db"));
        unlink(file_in("t.db-wal"));
        unlink(file_in("t.db-shm"));
    }
}

/* Two attempts of one second are two; what began at the same millisecond are pages of one. */
static void recorded_answers_are_told_apart_by_the_millisecond(void **state)
{
    (void)state;
    static const char *const names[] = {"2026-08-01T10-00-00.123Z.01.json", "2026-08-01T10-00-00.124Z.01.json",
                                        "2026-08-01T10-00-00.124Z.02.json"};
    char *db = file_in("t.db");
    for (size_t i = 0; i < CT_LEN(names); i++) {
        struct ct_error err;
        char body[200];
        snprintf(body, sizeof(body), "{\"date\":\"2026-08-01\",\"generated_at\":\"2026-08-01T09:00:00Z\","
                 "\"offers\":[{\"provider\":\"p%zu\",\"gpu\":\"H100\",\"usd_hr\":2,\"kind\":\"on-demand\"}]}", i);
        assert_int_equal(ct_write_file(file_in(names[i]), ct_span(body), &err), CT_OK);
    }
    expect_code(RUN("import", "gpurentalprices", file_in(names[2]), file_in(names[0]), file_in(names[1]), "--at",
                    "name", "--db", db), 0);
    struct ct_buf out = text_of("out.txt");
    assert_non_null(strstr(out.p, ": 2 snapshots"));
    ct_buf_free(&out);
    assert_int_equal(query("SELECT count(*) FROM poll WHERE from_ms IN (1785578400123, 1785578400124)"), 2);
    assert_int_equal(query("SELECT count(*) FROM offer"), 3);
}

static void one_bad_file_of_many_changes_nothing(void **state)
{
    (void)state;
    struct ct_error err;
    write_price("a-2026-01-01.json", "1e-6");
    assert_int_equal(ct_write_file(file_in("b-2026-01-02.json"), CT_LIT("<html>"), &err), CT_OK);
    expect_code(RUN("import", "litellm", file_in("a-2026-01-01.json"), file_in("b-2026-01-02.json"),
                    "--at", "name", "--db", file_in("t.db")),
                1);
    expect_line("b-2026-01-02.json: ");
    assert_int_equal(access(file_in("t.db"), F_OK), -1);
}

static void rows_come_back_as_ndjson_and_csv(void **state)
{
    (void)state;
    struct ct_error err;
    const char *rows =
        "{\"row\":\"offer\",\"at\":\"2026-01-02T00:00:00Z\",\"cloud\":\"acme\",\"region\":\"x\","
        "\"gpu\":\"H100\","
        "\"gpu_count\":8,\"purchase\":\"od\",\"currency\":\"USD\",\"price_per_hour\":24}\n"
        "{\"row\":\"offer\",\"at\":\"2026-01-01T00:00:00Z\",\"cloud\":\"acme\",\"region\":\"x\","
        "\"gpu\":\"H100\","
        "\"gpu_count\":8,\"purchase\":\"od\",\"currency\":\"USD\",\"price_per_hour\":16}\n";
    assert_int_equal(ct_write_file(file_in("rows.ndjson"), ct_span(rows), &err), CT_OK);
    expect_code(RUN("import", "rows", file_in("rows.ndjson"), "--db", file_in("t.db")), 0);
    struct ct_buf out = text_of("out.txt");
    assert_non_null(strstr(out.p, "import_rows: 2 snapshots, 0 already stored, 2 rows"));
    ct_buf_free(&out);
    assert_int_equal(query("SELECT count(*) FROM sample JOIN series ON id = series_id WHERE name "
                           "GLOB 'gpu/acme/*'"),
                     2);

    assert_int_equal(query("SELECT count(*) FROM sample WHERE value = 2000000000"),
                     1); /* of one GPU */

    const char *csv = "row,at,cloud,region,gpu,gpu_count,purchase,currency,price_per_hour\r\n"
                      "offer,2026-01-03T00:00:00Z,acme,\"x\",H100,8,od,USD,20\r\n";
    assert_int_equal(ct_write_file(file_in("rows.csv"), ct_span(csv), &err), CT_OK);
    expect_code(RUN("import", "rows", file_in("rows.csv"), "--db", file_in("t.db")), 0);
    assert_int_equal(query("SELECT count(*) FROM sample JOIN series ON id = series_id WHERE name "
                           "GLOB 'gpu/acme/*'"),
                     3);

    const char *bad = "{\"row\":\"offer\",\"at\":\"2026-01-05T00:00:00Z\",\"cloud\":\"acme\","
                      "\"gpu\":\"H100\",\"gpu_count\":1,"
                      "\"purchase\":\"od\",\"currency\":\"USD\",\"price_per_hour\":1}\n"
                      "{\"row\":\"offer\",\"at\":\"2026-01-06T00:00:00Z\",\"clud\":\"acme\"}\n";
    assert_int_equal(ct_write_file(file_in("bad.ndjson"), ct_span(bad), &err), CT_OK);
    expect_code(RUN("import", "rows", file_in("bad.ndjson"), "--db", file_in("t.db")), 1);
    expect_line("bad.ndjson: row 2: ");
    assert_int_equal(query("SELECT count(*) FROM sample WHERE at_ms > 1767571200000"),
                     0); /* nor its first row */
    const char *undated = "{\"row\":\"offer\",\"cloud\":\"acme\",\"gpu\":\"H100\",\"gpu_count\":1,"
                          "\"purchase\":\"od\","
                          "\"currency\":\"USD\",\"price_per_hour\":1}\n";
    assert_int_equal(ct_write_file(file_in("undated.ndjson"), ct_span(undated), &err), CT_OK);
    expect_code(RUN("import", "rows", file_in("undated.ndjson"), "--db", file_in("t.db")), 1);
    expect_line("has no time");
}

static int empty_folder(void **state)
{
    char command[300];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s' && mkdir -m 700 '%s'", env.dir, env.dir);
    return system(command);
}

static int open_all(void **state)
{
    (void)state;
    const char *build = getenv("CT_BUILDDIR");
    snprintf(env.dir, sizeof(env.dir), "/tmp/ct-e2e-XXXXXX");
    if (mkdtemp(env.dir) == NULL || build == NULL)
        return -1;
    snprintf(env.program, sizeof(env.program), "%s/cloudtape-fetcher", build);
    setenv("XDG_CONFIG_HOME", env.dir, 1);
    setenv("XDG_STATE_HOME", env.dir, 1);
    setenv("XDG_DATA_HOME", env.dir, 1);
    unsetenv("CLOUDTAPE_DB");
    env.web = ts_new(NULL, NULL);
    env.raw = ts_raw_new();
    return 0;
}

static int close_all(void **state)
{
    char command[300];
    (void)state;
    ts_free(env.web);
    ts_raw_free(env.raw);
    snprintf(command, sizeof(command), "rm -rf '%s'", env.dir);
    return system(command);
}

#define FRESH(test) cmocka_unit_test_setup(test, empty_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(once_prints_a_line_a_source_and_says_whether_all_worked),
        FRESH(people_bring_their_own_sources_without_code),
        FRESH(a_test_of_a_source_shows_what_would_change_and_writes_nothing),
        FRESH(a_source_known_from_documents_is_unproven_until_it_works_for_real),
        FRESH(a_list_read_as_it_comes_is_stored_whole_or_not_at_all),
        FRESH(a_list_can_be_imported_packed_or_not),
        FRESH(a_key_in_an_address_goes_along_to_every_page_and_nowhere_else),
        FRESH(a_moved_page_is_told_by_its_new_family_and_keeps_what_was_known),
        FRESH(a_key_may_lie_in_a_file_that_only_its_owner_reads),
        FRESH(a_key_may_come_from_a_program),
        FRESH(a_recording_replays_into_the_same_rows),
        FRESH(a_table_that_streams_is_recorded_and_replayed),
        FRESH(a_message_survives_kill_9_under_its_id_and_its_secrets_show_nowhere),
        FRESH(fetches_and_messages_never_wait_for_each_other),
        FRESH(a_fetch_of_once_tells_what_it_found),
        FRESH(wrong_usage_is_one_line_and_changes_nothing),
        FRESH(a_bad_config_line_is_named_and_the_rest_counts),
        FRESH(signals_and_the_end_of_the_parent_stop_it_within_two_seconds),
        FRESH(hup_reads_the_settings_again_unless_they_are_wrong),
        FRESH(usr1_asks_again_but_not_too_soon),
        FRESH(a_second_fetcher_leaves_at_once_and_names_the_first),
        FRESH(thirty_sources_keep_their_time_beside_bad_ones),
        FRESH(kill_nine_loses_nothing_acknowledged_and_leaves_no_half_batch),
        FRESH(closed_descriptors_and_few_of_them_are_survived),
        FRESH(files_are_for_their_owner_only),
        FRESH(keys_stay_out_of_database_log_and_words),
        FRESH(the_log_counts_no_bytes_where_none_came),
        FRESH(a_refused_body_prints_no_rows),
        FRESH(imports_in_any_order_and_twice_end_in_the_same_history),
        FRESH(recorded_answers_are_told_apart_by_the_millisecond),
        FRESH(one_bad_file_of_many_changes_nothing),
        FRESH(rows_come_back_as_ndjson_and_csv),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
