/* The loader thread with panels made for the purpose: slow, failing, quick. */
#include "config.h"

#include "db/write.h"
#include "tui/loader.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SLOW_MS = 8000, PATIENCE_MS = 5000 };

static char folder[512], db[600];
static atomic_int running, cancelled;

/* Reads until it is cancelled, or far too long. */
static enum ct_status load_slow(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms,
                                struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct ct_query q = {.at_ms = pq->at_ms, .now_ms = now_ms};
    int64_t end = ct_mono_ms() + SLOW_MS;
    running++;
    while (ct_mono_ms() < end) {
        struct ct_rows rows;
        ct_arena_reset(a);
        enum ct_status st = ct_read_sources(r, &q, a, &rows, err);
        if (st != CT_OK) {
            cancelled += st == CT_ERR_CANCELLED;
            return st;
        }
    }
    *model = ct_arena_alloc(a, 1);
    return CT_OK;
}

/* The model is the filter's text. */
static enum ct_status load_quick(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms,
                                 struct ct_arena *a, const void **model, struct ct_error *err)
{
    (void)r, (void)now_ms;
    if (strcmp(pq->filter, "fail") == 0) {
        return ct_fail(err, CT_ERR_USAGE, "column 1", "no such field");
    }
    *model = ct_arena_dup(a, ct_span(pq->filter)).p;
    return CT_OK;
}

static const struct ct_panel_ops slow = {.id = "slow", .load = load_slow};
static const struct ct_panel_ops quick = {.id = "quick", .load = load_quick};

static struct ct_load_request *request(void)
{
    return ct_xcalloc(1, sizeof(struct ct_load_request));
}

static void ask(struct ct_load_request *r, const struct ct_panel_ops *ops, int slot, uint64_t generation,
                const char *text)
{
    struct ct_load_item *i = &r->items[r->n++];
    i->slot = slot;
    i->generation = generation;
    i->ops = ops;
    i->query.at_ms = CT_LIVE;
    snprintf(i->query.filter, sizeof(i->query.filter), "%s", text);
}

/* The next answer within PATIENCE_MS. */
static struct ct_load_answer next(struct ct_loader *l)
{
    struct ct_load_answer a;
    int64_t end = ct_mono_ms() + PATIENCE_MS;
    while (!ct_loader_take(l, &a)) {
        struct pollfd p = {.fd = ct_loader_fd(l), .events = POLLIN};
        assert_true(ct_mono_ms() < end);
        poll(&p, 1, 100);
    }
    return a;
}

static struct ct_loader *start(void)
{
    struct ct_loader *l = NULL;
    struct ct_error e = {0};
    assert_int_equal(ct_loader_start(db, &l, &e), CT_OK);
    return l;
}

static int setup(void **state)
{
    struct ct_writer *w = NULL;
    struct ct_error e = {0};
    (void)state;
    snprintf(folder, sizeof(folder), "%s/loader-XXXXXX", getenv("CT_BUILDDIR"));
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(db, sizeof(db), "%s/t.db", folder);
    struct ct_source_conf conf = {.id = "one", .family = "test", .kind = CT_SOURCE_NEWS, .provider = "",
                                  .scope = "", .title = "one", .url = "https://example.org", .terms = "",
                                  .interval_ms = CT_MINUTE, .enabled = true, .off_reason = ""};
    if (ct_writer_open(db, CT_OPEN_BULK, &w, &e) != CT_OK ||
        ct_write_sources(w, &conf, 1, ct_now_ms(), &e) != CT_OK) {
        return -1;
    }
    ct_writer_close(w);
    return 0;
}

static int teardown(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    (void)state;
    for (size_t i = 0; i < CT_LEN(ends); i++) {
        char path[640];
        snprintf(path, sizeof(path), "%s%s", db, ends[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static void a_slow_load_nobody_wants_any_more_is_cancelled(void **state)
{
    (void)state;
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    ask(r, &slow, 1, 1, "");
    ct_loader_post(l, r);
    for (int i = 0; i < 500 && running == 0; i++) {
        usleep(10000);
    }
    assert_int_equal(running, 1);
    int64_t asked = ct_mono_ms();
    r->n = 0;
    ask(r, &quick, 2, 1, "hello");
    ct_loader_post(l, r);
    struct ct_load_answer a = next(l);
    assert_int_equal(a.slot, 2);
    assert_string_equal(a.model, "hello");
    assert_true(ct_mono_ms() - asked < SLOW_MS / 2);
    assert_int_equal(cancelled, 1);
    ct_arena_free(a.arena);
    free(r);
    ct_loader_stop(l);
}

static void a_load_still_wanted_is_left_alone_and_its_end_is_waited_for(void **state)
{
    (void)state;
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    running = cancelled = 0;
    ask(r, &slow, 1, 1, "");
    ct_loader_post(l, r);
    for (int i = 0; i < 500 && running == 0; i++) {
        usleep(10000);
    }
    ask(r, &quick, 2, 1, "later"); /* added behind it */
    ct_loader_post(l, r);
    usleep(100000);
    assert_int_equal(cancelled, 0);
    int64_t asked = ct_mono_ms();
    ct_loader_stop(l); /* the end does not wait for it */
    assert_true(ct_mono_ms() - asked < SLOW_MS / 2);
    assert_int_equal(cancelled, 1);
    free(r);
}

static void the_newest_answer_of_a_slot_is_kept_and_errors_are_answers(void **state)
{
    (void)state;
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    uint64_t last = 0;
    for (uint64_t g = 1; g <= 200; g++) {
        char text[32];
        snprintf(text, sizeof(text), "%llu", (unsigned long long)g);
        r->n = 0;
        ask(r, &quick, 1, g, text);
        ask(r, &quick, 2, 1, "fail");
        ct_loader_post(l, r);
    }
    bool failed = false;
    while (last != 200 || !failed) {
        struct ct_load_answer a = next(l);
        if (a.slot == 2) {
            assert_int_equal(a.status, CT_ERR_USAGE);
            assert_string_equal(a.error.what, "no such field");
            assert_null(a.arena);
            failed = true;
        } else {
            assert_true(a.generation > last);
            assert_int_equal(strtoull(a.model, NULL, 10), a.generation);
            last = a.generation;
        }
        ct_arena_free(a.arena);
    }
    free(r);
    ct_loader_stop(l);
}

/* Slot 1 has what was loaded ahead for slot 2: of the same data it is not loaded again, of newer data it is. */
static void an_answer_that_is_there_already_is_not_given_again(void **state)
{
    (void)state;
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    ask(r, &quick, CT_LOAD_AHEAD + 1, 1, "ahead");
    ct_loader_post(l, r);
    struct ct_load_answer a = next(l);
    uint64_t epoch = a.epoch;
    assert_true(epoch > 0);
    ct_arena_free(a.arena);
    r->n = 0;
    ask(r, &quick, 1, 7, "ahead");
    r->items[0].epoch = epoch;
    ask(r, &quick, 2, 1, "last");
    ct_loader_post(l, r);
    a = next(l);
    /* a minute that ended meanwhile makes all of it old */
    assert_true(a.slot == 2 || a.epoch > epoch);
    ct_arena_free(a.arena);
    r->n = 0;
    ask(r, &quick, 1, 8, "ahead");
    r->items[0].epoch = epoch + 1000;
    ct_loader_post(l, r);
    do {
        a = next(l);
        ct_arena_free(a.arena);
    } while (a.generation != 8);
    free(r);
    ct_loader_stop(l);
}

static void a_commit_is_noticed_and_answered_again(void **state)
{
    (void)state;
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    ask(r, &quick, 1, 1, "same");
    ct_loader_post(l, r);
    struct ct_load_answer a = next(l);
    ct_arena_free(a.arena);
    struct ct_writer *w = NULL;
    struct ct_error e = {0};
    assert_int_equal(ct_writer_open(db, CT_OPEN_BULK, &w, &e), CT_OK);
    struct ct_fetch f = {.source_id = "one", .outcome = CT_OUTCOME_FAILED, .at_ms = ct_now_ms(),
                         .next_attempt_ms = ct_now_ms(), .error = "no"};
    struct ct_commit done;
    assert_int_equal(ct_write_fetch(w, &f, &done, &e), CT_OK);
    a = next(l); /* within its patience, without being asked */
    assert_int_equal(a.generation, 1);
    ct_arena_free(a.arena);
    ct_writer_close(w);
    free(r);
    ct_loader_stop(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_load_nobody_wants_any_more_is_cancelled),
        cmocka_unit_test(a_load_still_wanted_is_left_alone_and_its_end_is_waited_for),
        cmocka_unit_test(the_newest_answer_of_a_slot_is_kept_and_errors_are_answers),
        cmocka_unit_test(an_answer_that_is_there_already_is_not_given_again),
        cmocka_unit_test(a_commit_is_noticed_and_answered_again),
    };
    return cmocka_run_group_tests_name("loader", tests, setup, teardown);
}
