/* kill -9 in the middle of writing: what was acknowledged is there, nothing is half there. */
#include "config.h"

#include "write_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { RUNS = 60, OFFERS = 40 };

static void write_on(struct fixture *f, int64_t from, int say)
{
    char id[16];
    struct ct_writer *w;
    if (ct_writer_open(f->path, 0, &w, &f->err) != CT_OK)
        _exit(3);
    for (int64_t k = from;; k++) {
        clear(f);
        for (int i = 0; i < OFFERS; i++) {
            (void)snprintf(id, sizeof id, "i%d", i);
            offer(f, id, 1000 + k, CT_STOCK_AVAILABLE);
        }
        struct ct_fetch a = attempt_at(f, "price", T0 + k * CT_MINUTE, CT_OUTCOME_OK);
        if (ct_write_fetch(w, &a, &f->commit, &f->err) != CT_OK)
            _exit(4);
        if (write(say, &k, sizeof k) != (ssize_t)sizeof k)
            _exit(5);
        ct_arena_reset(f->arena);
    }
}

static int64_t one(struct fixture *f, const char *sql)
{
    char *text = table(f, sql);
    int64_t n = strtoll(text, NULL, 10);
    free(text);
    return n;
}

static void a_killed_writer_loses_nothing_acknowledged(void **state)
{
    struct fixture *f = *state;
    int64_t last = 0;
    ct_writer_close(f->w); /* only the children write */
    f->w = NULL;
    sqlite3_close(f->look);
    f->look = NULL; /* and no handle of SQLite's crosses the fork */
    int runs = fixture_times("CT_KILLS", RUNS);
    srand(7);
    for (int run = 0; run < runs; run++) {
        int fd[2], status;
        assert_int_equal(pipe(fd), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)close(fd[0]);
            write_on(f, last + 1, fd[1]);
        }
        (void)close(fd[1]);
        int64_t said = last;
        bool any = read(fd[0], &said, sizeof said) == (ssize_t)sizeof said;
        struct timespec wait = {0, rand() % 12000000};
        (void)nanosleep(&wait, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        for (int64_t k; read(fd[0], &k, sizeof k) == (ssize_t)sizeof k;)
            said = k;
        (void)close(fd[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(any && WIFSIGNALED(status));

        assert_int_equal(sqlite3_open_v2(f->path, &f->look, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
        newest_functions(f->look);
        expect(f, "PRAGMA integrity_check", "ok");
        expect(f, "PRAGMA foreign_key_check", "");
        int64_t there = one(f, "SELECT (max(to_ms) - 1760000000000) / 60000 FROM poll");
        assert_in_range(there, said, said + 1);
        /* A batch is whole: each poll changed every price. */
        assert_int_equal(one(f, "SELECT count(*) FROM sample m JOIN series s ON s.id = m.series_id"
                                " WHERE s.kind = 0"), there * OFFERS);
        assert_int_equal(one(f, "SELECT count(*) FROM event"), (there - 1) * OFFERS);
        assert_int_equal(one(f, "SELECT count(*) FROM series WHERE kind = 0 AND cur_ms(id) IS NOT"
                                " (SELECT max(to_ms) FROM poll)"), 0);
        sqlite3_close(f->look);
        f->look = NULL;
        last = there;
    }
    assert_true(last >= runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_killed_writer_loses_nothing_acknowledged, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("write_crash", tests, NULL, NULL);
}
