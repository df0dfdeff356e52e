/* The time machine: a simulated stretch is lived through, the database is kept as it was at odd
 * moments, and afterwards every one of these moments must be told as it was told then: the same
 * commands and screens, live on the copy and with --at on what there is in the end. */
#include "config.h"

#include "db/upkeep.h"
#include "demo/backlog.h"
#include "demo/wire.h"
#include "fetchers/family.h"
#include "fetchers/reference.h"
#include "tests/figure.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define END INT64_C(1793491200000) /* 2026-11-01 */
enum { MOMENTS = 5, DAYS = 8, MOST_MOMENTS = 200 };

static char folder[512];
static int64_t moments[MOST_MOMENTS];
static int n_moments;
static size_t said; /* bytes, of one command at all moments */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st, (void)type, (void)f;
    return remove(path);
}

static void place(char out[700], int moment)
{
    (void)snprintf(out, 700, moment < 0 ? "%s/end.db" : "%s/%d.db", folder, moment);
}

static void write_sources(struct ct_writer *w, struct ct_error *err)
{
    struct ct_source_conf confs[WORLD_SOURCES];
    for (int i = 0; i < WORLD_SOURCES; i++) {
        const struct wire_source *s = &wire_sources[i];
        const struct ct_family *family = ct_family_find(s->family);
        assert_non_null(family);
        confs[i] = (struct ct_source_conf){.id = s->id,
                                           .family = s->family,
                                           .kind = family->kind,
                                           .provider = s->provider,
                                           .scope = s->scope,
                                           .title = s->title,
                                           .url = "http://127.0.0.1:9",
                                           .terms = "",
                                           .evidence = CT_EVIDENCE_OFFICIAL,
                                           .interval_ms = s->backlog_ms,
                                           .enabled = true,
                                           .off_reason = ""};
    }
    assert_int_equal(ct_write_sources(w, confs, WORLD_SOURCES, END - DAYS * CT_DAY, err), CT_OK);
}

static int live_through_it(void **state)
{
    const char *base = getenv("CT_BUILDDIR");
    int days = figure("CT_DAYS", DAYS, 90), wanted = figure("CT_MOMENTS", MOMENTS, MOST_MOMENTS);
    struct ct_error err = {0};
    struct ct_world world;
    struct ct_writer *w;
    char path[700];
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/asof-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    place(path, -1);
    int64_t start = END - days * CT_DAY, t = start;
    assert_int_equal(ct_reference_load(&err), CT_OK);
    ct_world_init(&world, 3, start);
    assert_int_equal(ct_writer_open(path, CT_OPEN_BULK, &w, &err), CT_OK);
    write_sources(w, &err);
    srand(5);
    for (n_moments = 0; n_moments < wanted; n_moments++) {
        char copy[700];
        int64_t bytes, span = days * CT_DAY / (wanted + 1);
        t += span / 2 + rand() % span;
        t -= t % (10 * CT_MINUTE);
        assert_int_equal(demo_backlog(w, &world, t, &err), CT_OK);
        place(copy, n_moments);
        if (ct_upkeep_backup(path, copy, &bytes, &err) != CT_OK)
            fail_msg("%s: %s", err.where, err.what);
        moments[n_moments] = t + rand() % (9 * 60 + 59) * CT_SECOND; /* before the next attempt */
    }
    assert_int_equal(demo_backlog(w, &world, END, &err), CT_OK);
    ct_writer_close(w);
    ct_reference_free();
    return 0;
}

static int forget_it(void **state)
{
    (void)state;
    if (getenv("CT_KEEP"))
        return 0;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What the viewer prints, given the moment: live on its copy, or with --at. */
static char *told(const char *const *words, int moment, bool live)
{
    const char *argv[16] = {"cloudtape"};
    char db[700], at[CT_TIME_MAX], now[CT_TIME_MAX], program[800];
    int fd[2], n = 1, status;
    struct ct_buf out = CT_BUF_INIT;
    ct_time_format(at, moments[moment]);
    ct_time_format(now, live ? moments[moment] : END + CT_HOUR);
    place(db, live ? moment : -1);
    for (; words[n - 1]; n++)
        argv[n] = words[n - 1];
    argv[n++] = "--db";
    argv[n++] = db;
    if (!live) {
        argv[n++] = "--at";
        argv[n++] = at;
    }
    argv[n] = NULL;
    (void)snprintf(program, sizeof program, "%s/cloudtape", getenv("CT_BUILDDIR"));
    assert_int_equal(pipe(fd), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(fd[1], STDOUT_FILENO);
        (void)close(fd[0]);
        (void)close(fd[1]);
        (void)setenv("CLOUDTAPE_NOW", now, 1);
        (void)setenv("XDG_CONFIG_HOME", folder, 1);
        (void)setenv("XDG_STATE_HOME", folder, 1);
        (void)setenv("LC_ALL", "C.UTF-8", 1);
        (void)execv(program, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    (void)close(fd[1]);
    for (ssize_t got; (got = read(fd[0], ct_buf_room(&out, 65536), 65536)) != 0;) {
        if (got < 0 && errno != EINTR)
            break;
        out.n += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3));
    if (live)
        said += out.n;
    ct_buf_adds(&out, "");
    return out.p ? out.p : ct_xstrdup("");
}

/* The frame of a panel says NOT LIVE of a past moment; what else it says is as long as there is room. */
static void even_out(char *text)
{
    char *to = text;
    for (const char *p = text; *p;) {
        if (strncmp(p, "   NOT LIVE -", 13) == 0)
            p += 11;
        else if (strncmp(p, "db ", 3) == 0 && strchr("<0123456789", p[3])) /* the file, not the moment */
            p += 3 + strcspn(p + 3, "B");
        else if ((*p == '-' || *p == ' ') && to > text && to[-1] == *p)
            p++;
        else
            *to++ = *p++;
    }
    *to = '\0';
}

/* Lines of A and B in turn; the first that differ fail the test. FIRST: this many say which moment it is. */
static void compare(const char *const *words, int moment, int first)
{
    char *then = told(words, moment, true), *now = told(words, moment, false);
    if (first > 0)
        even_out(then), even_out(now);
    struct ct_span a = ct_span(then), b = ct_span(now);
    for (int line = 1; a.p || b.p; line++) {
        struct ct_span x = a.p ? ct_span_cut(&a, '\n') : CT_LIT("(no such line)"),
                       y = b.p ? ct_span_cut(&b, '\n') : CT_LIT("(no such line)");
        if (line <= first || ct_span_eq(x, y))
            continue;
        char at[CT_TIME_MAX];
        ct_time_format(at, moments[moment]);
        fail_msg("%s %s at %s, line %d\n  then: %.*s\n  now:  %.*s", words[0],
                 words[1] ? words[1] : "", at, line, CT_FMT(x), CT_FMT(y));
    }
    free(then);
    free(now);
}

static void every_moment(const char *const *words, int first)
{
    said = 0;
    for (int i = 0; i < n_moments; i++)
        compare(words, i, first);
    assert_true(said > 0);
}
#define SAYS(...) every_moment((const char *const[]){__VA_ARGS__, NULL}, 0)

static void status_is_told_as_it_was(void **state)
{
    (void)state;
    SAYS("status", "--all", "--ndjson");
    SAYS("components", "--ndjson");
}

static void incidents_are_told_as_they_were(void **state)
{
    (void)state;
    SAYS("incidents", "--ndjson");
    SAYS("incidents", "--gone", "--ndjson");
}

static void offers_are_told_as_they_were(void **state)
{
    (void)state;
    SAYS("gpus", "--ndjson");
    SAYS("gpus", "--gone", "--ndjson");
    SAYS("gpus", "--group", "gpu", "--ndjson");
    SAYS("gpus", "--group", "cloud", "--ndjson");
}

static void tokens_and_models_are_told_as_they_were(void **state)
{
    (void)state;
    SAYS("tokens", "--ndjson");
    SAYS("tokens", "--gone", "--ndjson");
    SAYS("models", "--ndjson");
    SAYS("models", "--labs", "--ndjson");
}

static void sources_are_told_as_they_were(void **state)
{
    (void)state;
    SAYS("sources", "--csv", "--columns",
         "id,family,kind,url,state,last_success,last_attempt,next_attempt,interval_s,http_status,bytes,rows,"
         "changed_rows,latency_ms,error,title,provider,evidence,failures,age_s,data_at,unconfirmed,mark,left_out,notes");
}

static void events_and_series_are_told_as_they_were(void **state)
{
    (void)state;
    SAYS("events", "--ndjson");
    SAYS("series", "--ndjson");
    SAYS("history", "state/*", "--ndjson");
}

static void screens_are_drawn_as_they_were(void **state)
{
    static const char *const names[] = {"now", "status", "gpus", "tokens", "models", "history",
                                        "sources"};
    (void)state;
    for (size_t i = 0; i < CT_LEN(names); i++) {
        const char *const words[] = {"screen", names[i], "--size", "200x50", "--charset", "ascii", NULL};
        every_moment(words, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_is_told_as_it_was),
        cmocka_unit_test(incidents_are_told_as_they_were),
        cmocka_unit_test(offers_are_told_as_they_were),
        cmocka_unit_test(tokens_and_models_are_told_as_they_were),
        cmocka_unit_test(sources_are_told_as_they_were),
        cmocka_unit_test(events_and_series_are_told_as_they_were),
        cmocka_unit_test(screens_are_drawn_as_they_were),
    };
    return cmocka_run_group_tests_name("as_of", tests, live_through_it, forget_it);
}
