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

/* What was loaded since, by its filter. A load named "commits" ends with a commit of somebody else; one that is "stuck"
 * reads until it is cancelled, from its second time on. */
static struct {
    atomic_int n, stuck;
    char name[64][16];
    int64_t began[64];
} loads;
static struct ct_writer *somebody;
static struct {
    atomic_int here, met;
} meeting;

static void commit(void)
{
    struct ct_error e = {0};
    struct ct_fetch f = {.source_id = "one", .outcome = CT_OUTCOME_FAILED, .at_ms = ct_now_ms(),
                         .next_attempt_ms = ct_now_ms(), .error = "no"};
    struct ct_commit done;
    if (!somebody) {
        assert_int_equal(ct_writer_open(db, CT_OPEN_BULK, &somebody, &e), CT_OK);
    }
    assert_int_equal(ct_write_fetch(somebody, &f, &done, &e), CT_OK);
}

static enum ct_status load_logged(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms,
                                  struct ct_arena *a, const void **model, struct ct_error *err)
{
    int n = loads.n;
    assert_true(n < (int)CT_LEN(loads.name));
    loads.began[n] = ct_mono_ms();
    snprintf(loads.name[n], sizeof(loads.name[n]), "%.15s", pq->filter);
    loads.n++;
    if (strcmp(pq->filter, "stuck") == 0 && loads.stuck++ > 0) {
        return load_slow(r, pq, now_ms, a, model, err);
    }
    if (strcmp(pq->filter, "commits") == 0) {
        commit();
        usleep(1500000); /* longer than the loader takes to look again */
    }
    *model = ct_arena_dup(a, ct_span(pq->filter)).p;
    return CT_OK;
}

/* The model is how often its source was tried, as told before and after somebody committed a try. */
static enum ct_status load_across_a_commit(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms,
                                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct ct_query q = {.at_ms = pq->at_ms, .now_ms = now_ms, .subject = CT_LIT("one")};
    struct ct_rows rows;
    size_t *tries = ct_arena_alloc(a, 2 * sizeof(*tries));
    enum ct_status st = CT_OK;
    for (int i = 0; st == CT_OK && i < 2; i++) {
        st = ct_read_attempts(r, &q, a, &rows, err);
        tries[i] = rows.n;
        commit();
    }
    *model = tries;
    return st;
}

/* Ends once two are being loaded, or were. */
static enum ct_status load_meeting(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms,
                                   struct ct_arena *a, const void **model, struct ct_error *err)
{
    int64_t end = ct_mono_ms() + PATIENCE_MS;
    meeting.here++;
    while (meeting.here < 2 && meeting.met == 0 && ct_mono_ms() < end) {
        usleep(1000);
    }
    if (meeting.here > 1) {
        meeting.met = 1;
    }
    meeting.here--;
    return load_quick(r, pq, now_ms, a, model, err);
}

/* Takes a while; the model says who loaded it. */
static enum ct_status load_by(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms, struct ct_arena *a,
                              const void **model, struct ct_error *err)
{
    const struct ct_reader **by = ct_arena_alloc(a, sizeof(*by));
    (void)pq, (void)now_ms, (void)err;
    usleep(20000);
    *by = r;
    *model = by;
    return CT_OK;
}

static const struct ct_panel_ops made[] = {{.id = "own", .load = load_by},
                                           {.id = "offers", .made_of = CT_ROWS_OFFERS, .load = load_by},
                                           {.id = "indices", .made_of = CT_ROWS_INDICES, .load = load_by}};
static const struct ct_panel_ops meets = {.id = "meets", .load = load_meeting};
static const struct ct_panel_ops logged = {.id = "logged", .load = load_logged};
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

static void many_loads_at_the_start_are_shared_by_two_threads(void **state)
{
    enum { N = 6 };
    bool seen[N + 1] = {false};
    (void)state;
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        skip();
    }
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    for (int i = 1; i <= N; i++) {
        ask(r, &meets, i, 1, i % 2 ? "here" : "fail"); /* whoever meets an error, it is told, and once */
    }
    ct_loader_post(l, r);
    for (int i = 1; i <= N; i++) {
        struct ct_load_answer a = next(l);
        assert_in_range(a.slot, 1, N);
        assert_false(seen[a.slot]);
        seen[a.slot] = true;
        assert_int_equal(a.status, a.slot % 2 ? CT_OK : CT_ERR_USAGE);
        ct_arena_free(a.arena);
    }
    assert_int_equal((int)meeting.met, 1);
    free(r);
    ct_loader_stop(l);
}

static void what_is_made_of_the_same_rows_is_loaded_by_one_thread(void **state)
{
    enum { N = 9 };
    const struct ct_reader *by[CT_LEN(made)] = {NULL};
    struct ct_arena *kept[N];
    (void)state;
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    for (int i = 0; i < N; i++) {
        ask(r, &made[(i + 2) % 3], i + 1, 1, "first"); /* indices first, offers last */
    }
    ct_loader_post(l, r);
    for (int i = 0; i < N; i++) {
        struct ct_load_answer a = next(l);
        int rows = (a.slot + 1) % 3;
        const struct ct_reader *reader = *(const struct ct_reader *const *)a.model;
        kept[i] = a.arena;
        assert_true(rows == 0 || !by[rows] || by[rows] == reader);
        by[rows] = reader;
    }
    for (int i = 0; i < N; i++) {
        ct_arena_free(kept[i]);
    }
    free(r);
    ct_loader_stop(l);
}

static void a_second_thread_with_little_to_do_holds_up_nobody(void **state)
{
    (void)state;
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    ask(r, &quick, 1, 1, "shown");
    ask(r, &quick, CT_LOAD_AHEAD + 1, 1, "ahead");
    ct_loader_post(l, r);
    for (int i = 0; i < 2; i++) {
        struct ct_load_answer a = next(l);
        assert_int_equal(a.status, CT_OK);
        ct_arena_free(a.arena);
    }
    free(r);
    ct_loader_stop(l);
}

/* Whoever leaks them is told by the sanitizer. */
static void what_is_freed_goes_with_the_loader_at_the_latest(void **state)
{
    (void)state;
    struct ct_loader *l = start();
    struct ct_arena *shown = ct_arena_new(0);
    for (int i = 0; i < 4 * CT_LOAD_SLOTS; i++) { /* more than it takes at a time */
        struct ct_arena *a = ct_arena_new(0);
        assert_true(ct_arena_keep(a, shown));
        ct_loader_free(l, a);
    }
    ct_loader_free(l, NULL);
    ct_loader_stop(l);
    assert_false(ct_arena_kept(shown));
    ct_loader_free(NULL, shown);
}

static void begin_log(void)
{
    loads.n = loads.stuck = running = cancelled = 0;
}

static void end_log(struct ct_loader *l, struct ct_load_request *r)
{
    free(r);
    ct_loader_stop(l);
    ct_writer_close(somebody);
    somebody = NULL;
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
    commit();
    a = next(l); /* within its patience, without being asked */
    assert_int_equal(a.generation, 1);
    ct_arena_free(a.arena);
    end_log(l, r);
}

/* The answer of SLOT, which others may come before; who asks then says that it has it. */
static void take(struct ct_loader *l, struct ct_load_request *r, int slot)
{
    for (bool found = false; !found;) {
        struct ct_load_answer a = next(l);
        assert_int_equal(a.status, CT_OK);
        found = a.slot == slot;
        for (size_t i = 0; i < r->n; i++) {
            r->items[i].epoch = r->items[i].slot == a.slot ? a.epoch : r->items[i].epoch;
        }
        ct_arena_free(a.arena);
    }
}

static void wait_until_running(int n)
{
    for (int i = 0; i < 500 && running < n; i++) {
        usleep(10000);
    }
    assert_int_equal(running, n);
}

/* And so does what the next key will show, or that would be waited for; both are of the data that is still on screen. */
static void what_stands_still_is_not_loaded_again(void **state)
{
    (void)state;
    while (ct_now_ms() % CT_MINUTE > CT_MINUTE - 5 * CT_SECOND) { /* another minute has other ages */
        usleep(100000);
    }
    begin_log();
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    ask(r, &logged, 1, 1, "once");
    ct_loader_post(l, r);
    usleep(2500000); /* it has looked for commits since */
    assert_int_equal(loads.n, 1);
    end_log(l, r);
}

static void what_a_key_needs_goes_before_a_refresh_and_ends_it(void **state)
{
    (void)state;
    begin_log();
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    ask(r, &logged, 1, 1, "stuck");
    ask(r, &logged, 2, 1, "other");
    ct_loader_post(l, r);
    take(l, r, 2);
    uint64_t shown = r->items[1].epoch;
    commit();
    wait_until_running(1); /* the first panel is brought up to date, the second would follow */
    r->items[0].epoch = shown;
    ask(r, &logged, CT_LOAD_AHEAD + 3, 1, "ahead");
    ask(r, &logged, 3, 1, "needed");
    ct_loader_post(l, r);
    take(l, r, CT_LOAD_AHEAD + 3);
    assert_int_equal(r->items[2].epoch, shown);
    assert_int_equal(r->items[3].epoch, shown);
    assert_int_equal(cancelled, 1);
    wait_until_running(2); /* and begun again */
    r->items[2].epoch = 0; /* nobody says of what was loaded ahead that it is there */
    r->items[2].generation++;
    ct_loader_post(l, r);
    usleep(100000);
    assert_int_equal(cancelled, 1); /* for what nobody waits for */
    static const char *const order[] = {"stuck", "other", "stuck", "needed", "ahead", "stuck"};
    assert_int_equal(loads.n, CT_LEN(order));
    for (size_t i = 0; i < CT_LEN(order); i++) {
        assert_string_equal(loads.name[i], order[i]);
    }
    end_log(l, r);
}

/* A panel whose reading takes longer than the next commit does not keep those behind it from being read. */
static void commits_in_a_stream_do_not_begin_a_refresh_again(void **state)
{
    (void)state;
    begin_log();
    struct ct_loader *l = start();
    struct ct_load_request *r = request();
    ask(r, &logged, 1, 1, "commits");
    ask(r, &logged, 2, 1, "behind");
    ct_loader_post(l, r);
    for (int i = 0; i < 3000 && loads.n < 4; i++) {
        usleep(10000);
    }
    static const char *const order[] = {"commits", "behind", "commits", "behind"};
    assert_true(loads.n >= 4);
    for (size_t i = 0; i < CT_LEN(order); i++) {
        assert_string_equal(loads.name[i], order[i]);
    }
    /* and the refresh, which is dear, leaves three times as long as it took to others */
    assert_true(loads.began[2] - loads.began[0] >= 4 * 1500 - 100);
    end_log(l, r);
}

static void a_panel_is_told_of_one_moment_and_the_next_load_of_a_later_one(void **state)
{
    (void)state;
    const struct ct_panel_ops across = {.id = "across", .load = load_across_a_commit};
    struct ct_load_item item = {.ops = &across, .query = {.at_ms = CT_LIVE}};
    struct ct_reader *r = NULL;
    struct ct_error e = {0};
    size_t before = 0;
    assert_int_equal(ct_reader_open(db, &r, &e), CT_OK);
    for (int i = 0; i < 2; i++) {
        struct ct_load_answer a;
        ct_load_one(r, &item, ct_now_ms() + CT_MINUTE, &a);
        assert_int_equal(a.status, CT_OK);
        const size_t *tries = a.model;
        assert_int_equal(tries[0], tries[1]);
        assert_true(i == 0 || tries[0] == before + 2);
        before = tries[0];
        ct_arena_free(a.arena);
    }
    ct_reader_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_load_nobody_wants_any_more_is_cancelled),
        cmocka_unit_test(a_load_still_wanted_is_left_alone_and_its_end_is_waited_for),
        cmocka_unit_test(the_newest_answer_of_a_slot_is_kept_and_errors_are_answers),
        cmocka_unit_test(an_answer_that_is_there_already_is_not_given_again),
        cmocka_unit_test(a_commit_is_noticed_and_answered_again),
        cmocka_unit_test(a_panel_is_told_of_one_moment_and_the_next_load_of_a_later_one),
        cmocka_unit_test(many_loads_at_the_start_are_shared_by_two_threads),
        cmocka_unit_test(what_is_made_of_the_same_rows_is_loaded_by_one_thread),
        cmocka_unit_test(a_second_thread_with_little_to_do_holds_up_nobody),
        cmocka_unit_test(what_is_freed_goes_with_the_loader_at_the_latest),
        cmocka_unit_test(what_a_key_needs_goes_before_a_refresh_and_ends_it),
        cmocka_unit_test(commits_in_a_stream_do_not_begin_a_refresh_again),
        cmocka_unit_test(what_stands_still_is_not_loaded_again),
    };
    return cmocka_run_group_tests_name("loader", tests, setup, teardown);
}
