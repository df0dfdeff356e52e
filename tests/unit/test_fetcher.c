/* Schedule and loop: real transfers from a server on loopback, a toy format, and a writer that only
 * takes notes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetchers/families/all.h"
#include "fetchers/fetcher.h"
#include "fetchers/probe.h"
#include "fetchers/schedule.h"
#include "tests/server/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

/* ---- schedule ---- */

static struct ct_attempt attempt(int64_t interval, int64_t failures, bool answered, uint64_t random)
{
    return (struct ct_attempt){interval, CT_MIN_INTERVAL_MS, failures, answered, CT_NONE, 10,
                               random};
}

/* Smallest and largest delay over many random numbers. */
static void range(struct ct_attempt a, int64_t *least, int64_t *most)
{
    *least = INT64_MAX;
    *most = 0;
    for (uint64_t i = 0; i < 4000; i++) {
        a.random = ct_mix(7, 1, i);
        int64_t d = ct_next_delay(&a);
        *least = d < *least ? d : *least;
        *most = d > *most ? d : *most;
    }
}

static void a_success_comes_again_after_its_interval_give_or_take_a_tenth(void **state)
{
    (void)state;
    int64_t least, most;
    range(attempt(CT_MINUTE, 0, true, 0), &least, &most);
    assert_in_range(least, 54000, 54100);
    assert_in_range(most, 65900, 66000);
    range(attempt(CT_SECOND, 0, true, 0), &least, &most); /* never more often than every 30 s */
    assert_int_equal(least, CT_MIN_INTERVAL_MS);
    range(attempt(CT_DAY, 0, true, 0), &least, &most);
    assert_in_range(most, CT_DAY, CT_DAY + CT_DAY / 10);
}

static void failures_double_the_wait_up_to_an_hour(void **state)
{
    (void)state;
    static const int64_t minutes[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    int64_t least, most;
    for (size_t i = 0; i < CT_LEN(minutes); i++) {
        range(attempt(CT_MINUTE, (int64_t)i + 1, true, 0), &least, &most);
        assert_in_range(least, minutes[i] * 54000, minutes[i] * 54100);
        assert_in_range(most, minutes[i] * 65900, minutes[i] * 66000);
    }
    range(attempt(CT_MINUTE, 4000000000, true, 0), &least, &most);
    assert_true(most <= 66 * CT_MINUTE);
    range(attempt(6 * CT_HOUR, 3, true, 0), &least,
          &most); /* a server that answered is left its interval */
    assert_true(least >= 6 * CT_HOUR / 10 * 9);
}

static void a_server_that_was_not_reached_is_tried_sooner_than_its_interval(void **state)
{
    (void)state;
    int64_t least, most;
    range(attempt(CT_DAY, 1, false, 0), &least, &most);
    assert_in_range(most, CT_MINUTE, 66 * CT_SECOND);
    range(attempt(CT_DAY, 3, false, 0), &least, &most);
    assert_in_range(most, 4 * CT_MINUTE, 4 * 66 * CT_SECOND);
    range(attempt(CT_DAY, 50, false, 0), &least, &most);
    assert_in_range(most, CT_HOUR, 66 * CT_MINUTE);
}

static void retry_after_counts_between_the_interval_and_a_day(void **state)
{
    (void)state;
    int64_t least, most;
    struct ct_attempt a = attempt(CT_MINUTE, 1, true, 0);
    a.retry_after_ms = 10 * CT_MINUTE;
    range(a, &least, &most);
    assert_true(least >= 10 * CT_MINUTE && most <= 11 * CT_MINUTE && most > least);
    a.retry_after_ms = 0;
    range(a, &least, &most);
    assert_true(least >= CT_MINUTE);
    a.retry_after_ms = 7 * CT_DAY;
    range(a, &least, &most);
    assert_true(least >= CT_DAY && most <= CT_DAY + CT_DAY / 10);
}

static void a_storm_on_all_sources_is_not_answered_by_a_burst(void **state)
{
    (void)state;
    int64_t at[50];
    int close = 0;
    for (size_t i = 0; i < CT_LEN(at); i++) {
        struct ct_attempt a = attempt(CT_MINUTE, 1, true, ct_mix(42, i, 0));
        a.retry_after_ms = 10 * CT_MINUTE;
        at[i] = ct_next_delay(&a);
        assert_int_equal(ct_next_delay(&a), at[i]); /* the same bits, the same moment */
        for (size_t k = 0; k < i; k++)
            close += llabs(at[i] - at[k]) < 20;
    }
    assert_true(close < 20); /* of 1225 pairs in a window of 60 s */
}

static void the_first_attempt_keeps_a_stored_plan_that_makes_sense(void **state)
{
    (void)state;
    const int64_t now = INT64_C(1790000000000), m = CT_MINUTE;
    for (uint64_t i = 0; i < 200; i++) {
        uint64_t r = ct_mix(1, 2, i);
        int64_t d = ct_first_delay(now, CT_NONE, CT_NONE, m, 30000, 2000, r);
        assert_in_range(d, 0, 2000);
        d = ct_first_delay(now, now - 10 * m, now - 9 * m, m, 30000, 2000, r); /* overdue */
        assert_in_range(d, 0, 2000);
        d = ct_first_delay(now, now - 20 * CT_SECOND, now + 40 * CT_SECOND, m, 30000, 2000, r);
        assert_int_equal(d, 40 * CT_SECOND);
        d = ct_first_delay(now, now - 10 * CT_SECOND, now - 5 * CT_SECOND, m, 30000, 0, r);
        assert_int_equal(d, 20 * CT_SECOND); /* a restart is no reason to ask twice */
        d = ct_first_delay(now, now - 10 * m, now + 20 * CT_HOUR, m, 30000, 2000, r);
        assert_int_equal(d, 20 * CT_HOUR); /* told to stay away */
        d = ct_first_delay(now, now - 10 * m, now + 400 * CT_DAY, m, 30000, 2000, r);
        assert_in_range(d, 0, 2000); /* planned by a clock that was wrong */
        d = ct_first_delay(now, now + 400 * CT_DAY, now + 400 * CT_DAY, m, 30000, 2000, r);
        assert_in_range(d, 0, 2000);
    }
}

/* ---- a toy world ---- */

enum { MAX_NOTES = 256 };

static struct {
    struct ct_source sources[40];
    size_t n;
    struct {
        char id[32], error[400];
        enum ct_outcome outcome;
        int http_status;
        size_t rows;
        int64_t at_ms, next_ms, bytes, boot_ms;
    } notes[MAX_NOTES];
    int n_notes, parses, beats;
    int64_t ahead_ms; /* what the beats say of the clock */
    struct {
        char etag[64];
        struct ct_source_memory m;
    } memory[40];
    enum ct_status write_status, beat_status; /* what the writer answers from now on */
    int write_refusals;                       /* so many OK writes are refused */
    bool held;
    int commits, shared_refusals; /* so many commits of several answers are refused */
} toy;
static int held_notes; /* when the commit of several began */

/* Lines "row NAME", "next LINK", "fill", "sleep" (past the beat of the lease); anything else is
 * refused. */
static enum ct_status toy_parse(struct ct_span body, const struct ct_parse_hint *hint,
                                struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    toy.parses++;
    while (body.p != NULL && body.n > 0) {
        struct ct_span line = ct_span_cut(&body, '\n');
        if (ct_span_starts(line, "row ")) {
            struct ct_component *c = CT_VEC_PUSH(out->arena, &out->components);
            if (c != NULL)
                c->name = ct_arena_dup(out->arena, (struct ct_span){line.p + 4, line.n - 4});
        } else if (ct_span_starts(line, "next ")) {
            out->next_page = ct_arena_dup(out->arena, (struct ct_span){line.p + 5, line.n - 5});
        } else if (ct_span_is(line, "sleep")) {
            nanosleep(&(struct timespec){10, 200000000}, NULL);
        } else if (ct_span_is(line, "fill")) {
            while (ct_arena_alloc(out->arena, 1 << 20) != NULL)
                ;
            return ct_fail(err, CT_ERR_LIMIT, "toy", "too many rows");
        } else {
            return ct_fail(err, CT_ERR_SHAPE, "toy", "not a toy: %.*s",
                           (int)(line.n < 20 ? line.n : 20), line.p);
        }
    }
    return CT_OK;
}

static const struct ct_family toy_family = {
    .name = "toy", .kind = CT_SOURCE_STATUS, .version = 1, .url_pattern = "", .parse = toy_parse};

size_t ct_registry_count(const struct ct_registry *reg)
{
    (void)reg;
    return toy.n;
}

struct ct_source *ct_registry_at(struct ct_registry *reg, size_t i)
{
    (void)reg;
    return &toy.sources[i];
}

enum ct_status ct_lease_take(struct ct_writer *w, const char *owner, int64_t now_ms,
                             struct ct_lease **out, struct ct_error *err)
{
    (void)w;
    (void)owner;
    (void)now_ms;
    (void)err;
    *out = NULL;
    return CT_OK;
}

enum ct_status ct_lease_beat(struct ct_lease *l, int64_t now_ms, struct ct_error *err)
{
    (void)l;
    (void)now_ms;
    toy.beats++;
    return toy.beat_status == CT_OK
               ? CT_OK
               : ct_fail(err, toy.beat_status, "toy.db", "fetcher pid 7 holds it");
}

void ct_lease_clock(struct ct_lease *l, int64_t ahead_ms)
{
    (void)l;
    toy.ahead_ms = ahead_ms;
}

void ct_lease_drop(struct ct_lease *l)
{
    (void)l;
}

void ct_write_idle(struct ct_writer *w)
{
    (void)w;
}

enum ct_status ct_write_retain(struct ct_writer *w, const struct ct_retention *keep, int64_t now_ms,
                               bool *more, struct ct_error *err)
{
    (void)w;
    (void)keep;
    (void)now_ms;
    (void)err;
    *more = false;
    return CT_OK;
}

enum ct_status ct_write_references(struct ct_writer *w, int64_t now_ms, bool *more, struct ct_error *err)
{
    (void)w;
    (void)now_ms;
    (void)err;
    *more = false;
    return CT_OK;
}

enum ct_status ct_write_sources(struct ct_writer *w, const struct ct_source_conf *confs, size_t n,
                                int64_t now_ms, struct ct_error *err)
{
    (void)w;
    (void)now_ms;
    (void)err;
    assert_int_equal(n, toy.n);
    for (size_t i = 0; i < n; i++)
        assert_true(confs[i].enabled == (confs[i].off_reason[0] == '\0'));
    return CT_OK;
}

static size_t index_of(const char *id)
{
    size_t i = 0;
    while (i < toy.n && strcmp(toy.sources[i].id, id) != 0)
        i++;
    assert_true(i < toy.n);
    return i;
}

enum ct_status ct_write_recall(struct ct_writer *w, const char *id, struct ct_arena *a,
                               struct ct_source_memory *out, struct ct_error *err)
{
    (void)w;
    (void)err;
    size_t i = index_of(id);
    *out = toy.memory[i].m;
    if (toy.memory[i].etag[0] != '\0')
        out->etag = ct_arena_dup(a, ct_span(toy.memory[i].etag));
    return CT_OK;
}

enum ct_status ct_write_tries(struct ct_writer *w, const char *id, struct ct_tries *out,
                              struct ct_error *err)
{
    (void)w;
    (void)id;
    (void)err;
    out->n = 0;
    return CT_OK;
}

enum ct_status ct_write_fetch(struct ct_writer *w, const struct ct_fetch *f, struct ct_commit *out,
                              struct ct_error *err)
{
    (void)w;
    size_t i = index_of(f->source_id);
    struct ct_source_memory *m = &toy.memory[i].m;
    *out = (struct ct_commit){0};
    if (toy.write_status != CT_OK || (f->outcome != CT_OUTCOME_FAILED && toy.write_refusals-- > 0))
        return ct_fail(err, CT_ERR_DB, "toy.db", "disk is full");
    assert_true(toy.n_notes < MAX_NOTES);
    assert_true((f->outcome == CT_OUTCOME_OK) == (f->batch != NULL));
    assert_true((f->outcome == CT_OUTCOME_FAILED) == (f->error != NULL && f->error[0] != '\0'));
    snprintf(toy.notes[toy.n_notes].id, sizeof(toy.notes[0].id), "%s", f->source_id);
    snprintf(toy.notes[toy.n_notes].error, sizeof(toy.notes[0].error), "%s",
             f->error != NULL ? f->error : "");
    toy.notes[toy.n_notes].outcome = f->outcome;
    toy.notes[toy.n_notes].http_status = f->http_status;
    toy.notes[toy.n_notes].rows = f->batch != NULL ? ct_batch_rows(f->batch) : 0;
    toy.notes[toy.n_notes].at_ms = f->at_ms;
    toy.notes[toy.n_notes].next_ms = f->next_attempt_ms;
    toy.notes[toy.n_notes].bytes = f->bytes;
    toy.notes[toy.n_notes].boot_ms = ct_boot_ms();
    toy.n_notes++;
    toy.commits += !toy.held;
    m->last_attempt_ms = f->at_ms;
    m->next_attempt_ms = f->next_attempt_ms;
    m->failures = f->outcome == CT_OUTCOME_FAILED ? m->failures + 1 : 0;
    if (f->outcome == CT_OUTCOME_OK) {
        m->rows = (int64_t)ct_batch_rows(f->batch);
        m->body_hash = f->body_hash;
        snprintf(toy.memory[i].etag, sizeof(toy.memory[i].etag), "%.*s", CT_FMT(f->etag));
        out->rows = m->rows;
    }
    return CT_OK;
}

enum ct_status ct_write_hold(struct ct_writer *w, struct ct_error *err)
{
    (void)w;
    (void)err;
    assert_false(toy.held);
    toy.held = true;
    held_notes = toy.n_notes;
    return CT_OK;
}

/* What the memory learned in between stays: nobody asks before all of it is stored. */
enum ct_status ct_write_release(struct ct_writer *w, bool keep, struct ct_error *err)
{
    (void)w;
    assert_true(toy.held);
    toy.held = false;
    if (keep && toy.shared_refusals-- <= 0) {
        toy.commits++;
        return CT_OK;
    }
    toy.n_notes = held_notes;
    return ct_fail(err, CT_ERR_DB, "toy.db", "disk is full");
}

static struct ts *web;
static struct ts_raw *raw;

/* Empties the world. */
static int fresh(void **state)
{
    (void)state;
    memset(&toy, 0, sizeof(toy));
    for (size_t i = 0; i < CT_LEN(toy.memory); i++)
        toy.memory[i].m.last_attempt_ms = toy.memory[i].m.last_success_ms =
            toy.memory[i].m.next_attempt_ms = CT_NONE;
    return 0;
}

static struct ct_source *add(const char *id, const char *url)
{
    struct ct_source *s = &toy.sources[toy.n++];
    *s = (struct ct_source){.id = strdup(id),
                            .family = "toy",
                            .provider = "",
                            .scope = "",
                            .title = "",
                            .url = strdup(url),
                            .terms = "",
                            .method = "GET",
                            .body = "",
                            .query = "",
                            .key_env = "",
                            .interval_ms = CT_MINUTE,
                            .max_pages = 1,
                            .enabled = true,
                            .ops = &toy_family};
    return s;
}

static struct ct_source *add_web(const char *path, const struct ts_answer *a)
{
    char url[200];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", ts_port(web), path);
    ts_set(web, path, a);
    return add(path + 1, url);
}

static struct ct_source *add_raw(const char *path)
{
    char url[200];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", ts_raw_port(raw), path);
    return add(path + 1, url);
}

static int forget(void **state)
{
    (void)state;
    for (size_t i = 0; i < toy.n; i++) {
        free((char *)(uintptr_t)toy.sources[i].id);
        free((char *)(uintptr_t)toy.sources[i].url);
    }
    toy.n = 0;
    return 0;
}

struct loop {
    struct ct_http *http;
    struct ct_fetcher *f;
};

static int64_t loop_timeout_ms; /* [fetch] timeout; 0: unset */
static ct_after_commit *loop_after;

static struct loop open_loop(bool once, const char *const *only)
{
    struct loop l = {0};
    struct ct_error err = {0};
    struct ct_http_options ho = {.allow_private = true};
    assert_int_equal(ct_http_new(&ho, &l.http, &err), CT_OK);
    struct ct_fetcher_options o = {.http = l.http,
                                   .owner = "test",
                                   .timeout_ms = loop_timeout_ms,
                                   .seed = 5,
                                   .jitter_percent = 10,
                                   .once = once,
                                   .only = only,
                                   .after_commit = loop_after};
    if (ct_fetcher_new(&o, &l.f, &err) != CT_OK)
        fail_msg("%s", err.what);
    return l;
}

static void close_loop(struct loop *l)
{
    ct_http_free(l->http);
    ct_fetcher_free(l->f);
}

/* Every source once, as after a restart of the program. */
static void round_of_all(void)
{
    struct ct_error err = {0};
    for (size_t i = 0; i < toy.n; i++)
        toy.memory[i].m.next_attempt_ms = toy.memory[i].m.last_attempt_ms = CT_NONE;
    struct loop l = open_loop(true, NULL);
    int64_t end = ct_mono_ms() + 30 * CT_SECOND;
    while (!ct_fetcher_done(l.f) && ct_mono_ms() < end)
        if (ct_fetcher_step(l.f, 1000, -1, NULL, &err) != CT_OK)
            fail_msg("%s", err.what);
    assert_true(ct_fetcher_done(l.f));
    assert_int_equal(ct_fetcher_active(l.f), 0);
    close_loop(&l);
}

static void run_for(struct loop *l, int64_t ms)
{
    struct ct_error err = {0};
    for (int64_t end = ct_mono_ms() + ms; ct_mono_ms() < end;)
        assert_int_equal(ct_fetcher_step(l->f, end - ct_mono_ms(), -1, NULL, &err), CT_OK);
}

#define LAST toy.notes[toy.n_notes - 1]

static int notes_of(const char *id)
{
    int n = 0;
    for (int i = 0; i < toy.n_notes; i++)
        n += strcmp(toy.notes[i].id, id) == 0;
    return n;
}

static void each_attempt_ends_in_exactly_one_stored_row(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        struct ts_answer answer;
        enum ct_outcome outcome;
        const char *part;
    } cases[] = {
        {"/good", {200, .body = "row a\nrow b\n"}, CT_OUTCOME_OK, ""},
        {"/empty", {200, .body = ""}, CT_OUTCOME_OK, ""},
        {"/html",
         {200, .body = "<html>login</html>"},
         CT_OUTCOME_FAILED,
         "not a toy: <html>login</html>"},
        {"/gone", {.status = 404}, CT_OUTCOME_FAILED, "HTTP: 404 not there"},
        {"/busy",
         {429, .headers = "Retry-After: 7200"},
         CT_OUTCOME_FAILED,
         "HTTP: 429 too many requests"},
        {"/down", {.status = 503}, CT_OUTCOME_FAILED, "HTTP: 503 trouble at the server"},
        {"/key", {.status = 401}, CT_OUTCOME_FAILED, "HTTP: 401 refused"},
        {"/odd", {.status = 204}, CT_OUTCOME_FAILED, "HTTP: 204 instead of 200"},
        {"/304", {.status = 304}, CT_OUTCOME_FAILED, "304 to a request without a validator"},
        {"/full", {200, .body = "row a\nfill\n"}, CT_OUTCOME_FAILED, "too many rows"},
        {"/away",
         {302, .headers = "Location: file:///etc/passwd"},
         CT_OUTCOME_FAILED,
         "file:// is not https://"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++)
        add_web(cases[i].path, &cases[i].answer);
    add_raw("/short");
    add("never", "https://user:pw@example.org/");
    round_of_all();
    assert_int_equal(toy.n_notes, CT_LEN(cases) + 2);
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        int n = 0;
        for (int k = 0; k < toy.n_notes; k++)
            if (strcmp(toy.notes[k].id, cases[i].path + 1) == 0) {
                n++;
                if (toy.notes[k].outcome != cases[i].outcome ||
                    strstr(toy.notes[k].error, cases[i].part) == NULL)
                    fail_msg("%s: %d %s", cases[i].path, (int)toy.notes[k].outcome,
                             toy.notes[k].error);
                assert_true(toy.notes[k].next_ms >= toy.notes[k].at_ms + CT_MIN_INTERVAL_MS);
                if (cases[i].answer.status == 429)
                    assert_in_range(toy.notes[k].next_ms - toy.notes[k].at_ms, 7200000, 7920000);
            }
        assert_int_equal(n, 1);
    }
    assert_int_equal(notes_of("short"), 1);
    assert_int_equal(notes_of("never"), 1);
}

static void an_unchanged_body_is_not_parsed_again(void **state)
{
    (void)state;
    struct ct_source *s = add_web("/same", &(struct ts_answer){200, .body = "row a\n"});
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
    assert_int_equal(LAST.rows, 1);
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_NOT_MODIFIED);
    assert_int_equal(toy.parses, 1);
    assert_int_equal(toy.n_notes, 2);
    s->query = "other"; /* asked otherwise: the same bytes may mean something else */
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
    assert_int_equal(toy.parses, 2);
    ts_set(web, "/same", &(struct ts_answer){200, .body = "row b\n"});
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
}

static void a_304_counts_only_while_its_rows_are_stored(void **state)
{
    (void)state;
    add_web("/tagged", &(struct ts_answer){200, .body = "row a\n", .etag = "\"t1\""});
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
    assert_string_equal(toy.memory[0].etag, "\"t1\"");
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_NOT_MODIFIED);
    assert_int_equal(LAST.http_status, 304);
    assert_int_equal(ts_hits_304(web, "/tagged"), 1);
    toy.memory[0].m.rows = 0; /* an answer of no rows is asked for plainly each time */
    round_of_all();
    assert_int_equal(LAST.http_status, 200);
    assert_int_equal(ts_hits_304(web, "/tagged"), 1);
    toy.memory[0].m.body_hash = 0; /* the rows are lost: a plain request brings them back */
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
    assert_int_equal(LAST.http_status, 200);
    assert_int_equal(ts_hits_304(web, "/tagged"), 1);
}

static void pages_end_in_one_commit(void **state)
{
    (void)state;
    struct ct_source *s =
        add_web("/p1", &(struct ts_answer){200, .body = "row a\nrow b\nnext /p2?x=1\n"});
    ts_set(web, "/p2", &(struct ts_answer){200, .body = "row c\nnext p3\n"});
    ts_set(web, "/p3", &(struct ts_answer){200, .body = "row d\n"});
    s->max_pages = 5;
    round_of_all();
    assert_int_equal(toy.n_notes, 1);
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
    assert_int_equal(LAST.rows, 4);
    assert_int_equal(LAST.bytes, 25 + 14 + 6);
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_NOT_MODIFIED);
    ts_set(web, "/p3",
           &(struct ts_answer){200, .body = "row e\n"}); /* a change on the last page counts */
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
    ts_set(web, "/p2", &(struct ts_answer){.status = 500});
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_FAILED); /* half a list is no list */
    assert_int_equal(toy.n_notes, 4);
}

static void page_links_that_lie_fail_the_attempt(void **state)
{
    (void)state;
    char other[200];
    struct ts *elsewhere = ts_new(NULL, NULL);
    ts_set(elsewhere, "/x", &(struct ts_answer){200, .body = "row x\n"});
    snprintf(other, sizeof(other), "row a\nnext http://127.0.0.1:%d/x\n", ts_port(elsewhere));
    add_web("/loop1", &(struct ts_answer){200, .body = "row a\nnext /loop2\n"})->max_pages = 9;
    ts_set(web, "/loop2", &(struct ts_answer){200, .body = "row b\nnext /loop1\n"});
    add_web("/other", &(struct ts_answer){200, .body = other})->max_pages = 9;
    add_web("/long", &(struct ts_answer){200, .body = "row a\nnext /long2\n"})->max_pages = 2;
    ts_set(web, "/long2", &(struct ts_answer){200, .body = "row b\nnext /long3\n"});
    struct ct_source *part =
        add_web("/part", &(struct ts_answer){200, .body = "row a\nnext /part2\n"});
    part->part_of_list = true;
    round_of_all();
    static const struct {
        const char *id, *part;
    } cases[] = {{"loop1", "leads back to page 1"},
                 {"other", "the link leads from"},
                 {"long", "more than 2 pages"}};
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        assert_int_equal(notes_of(cases[i].id), 1);
        for (int k = 0; k < toy.n_notes; k++)
            if (strcmp(toy.notes[k].id, cases[i].id) == 0 &&
                strstr(toy.notes[k].error, cases[i].part) == NULL)
                fail_msg("%s: %s", cases[i].id, toy.notes[k].error);
    }
    assert_int_equal(ts_hits(elsewhere, "/x"), 0);
    for (int k = 0; k < toy.n_notes; k++)
        if (strcmp(toy.notes[k].id, "part") == 0)
            assert_int_equal(toy.notes[k].outcome,
                             CT_OUTCOME_OK); /* its first page is all that was asked for */
    ts_free(elsewhere);
}

static void the_byte_cap_holds_over_all_pages(void **state)
{
    (void)state;
    char page[4100];
    memset(page, ' ', sizeof(page));
    memcpy(page, "row ", 4);
    memcpy(page + 4000, "\nnext /b2\n", 11);
    struct ct_source *s = add_web("/b1", &(struct ts_answer){200, .body = page});
    memcpy(page + 4000, "\nnext /b3\n", 11);
    ts_set(web, "/b2", &(struct ts_answer){200, .body = page});
    ts_set(web, "/b3", &(struct ts_answer){200, .body = "row z\n"});
    s->max_pages = 9;
    s->max_bytes = 8021; /* both pages are 4010 bytes */
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_FAILED);
    assert_non_null(strstr(LAST.error, "larger than"));
    assert_int_equal(ts_hits(web, "/b3"), 1);
    s->max_bytes = 9000;
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
}

static void gzip_that_nobody_declared_is_unpacked(void **state)
{
    (void)state;
    unsigned char packed[200];
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t) "row a\nrow b\n";
    z.avail_in = 12;
    z.next_out = packed;
    z.avail_out = sizeof(packed);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = sizeof(packed) - z.avail_out;
    deflateEnd(&z);
    add_web("/packed", &(struct ts_answer){200, .body = (char *)packed, .length = n});
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
    assert_int_equal(LAST.rows, 2);
    ts_set(web, "/packed", &(struct ts_answer){200, .body = (char *)packed, .length = n - 9});
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_FAILED);
    assert_non_null(strstr(LAST.error, "gzip: cut short"));
}

static void the_set_timeout_is_for_sources_without_one_of_their_own(void **state)
{
    (void)state;
    struct ct_source *s = add_raw("/silent"), *own = add_raw("/slow");
    s->timeout_ms = CT_DEFAULT_TIMEOUT_MS;
    own->timeout_ms = 2000;
    loop_timeout_ms = 500;
    round_of_all();
    loop_timeout_ms = 0;
    assert_int_equal(toy.n_notes, 2);
    assert_string_equal(toy.notes[0].id, "silent");
    assert_non_null(strstr(toy.notes[0].error, "not finished within 500 ms"));
    assert_non_null(strstr(toy.notes[1].error, "not finished within 2000 ms"));
}

static void what_cannot_be_stored_is_stored_as_a_failure(void **state)
{
    (void)state;
    add_web("/good", &(struct ts_answer){200, .body = "row a\n"});
    toy.write_refusals = 1;
    round_of_all();
    assert_int_equal(toy.n_notes, 1);
    assert_int_equal(LAST.outcome, CT_OUTCOME_FAILED);
    assert_non_null(strstr(LAST.error, "could not be stored: disk is full"));
    toy.write_status = CT_ERR_DB; /* nothing can be stored at all: go on and try again */
    round_of_all();
    assert_int_equal(toy.n_notes, 1);
    toy.write_status = CT_OK;
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
}

static int told, told_not_stored;

static void tell(void *ctx, const struct ct_source *s, const struct ct_fetch *f, const struct ct_commit *c)
{
    (void)ctx;
    (void)f;
    assert_false(toy.held); /* nobody is told of what may still be taken back */
    assert_int_equal(notes_of(s->id), c != NULL);
    told++;
    told_not_stored += c == NULL;
}

/* None of these can be asked: they all are ready in the same step. */
static void add_unasked(int n)
{
    char id[16];
    for (int i = 0; i < n; i++) {
        snprintf(id, sizeof(id), "u%d", i);
        add(id, "https://user:pw@example.org/");
    }
}

static void answers_that_are_ready_together_are_one_commit(void **state)
{
    (void)state;
    add_unasked(30);
    loop_after = tell;
    told = told_not_stored = 0;
    round_of_all();
    loop_after = NULL;
    assert_int_equal(toy.n_notes, 30);
    assert_int_equal(toy.commits, 1);
    assert_int_equal(told, 30);
    assert_int_equal(told_not_stored, 0);
}

static void a_commit_of_several_that_fails_leaves_each_to_its_own(void **state)
{
    (void)state;
    add_unasked(30);
    loop_after = tell;
    told = told_not_stored = 0;
    toy.shared_refusals = 1;
    round_of_all();
    assert_int_equal(toy.n_notes, 30);
    assert_int_equal(toy.commits, 30);
    assert_int_equal(told_not_stored, 0);
    toy.n_notes = 0;
    toy.write_status = CT_ERR_DB;
    round_of_all();
    loop_after = NULL;
    assert_int_equal(toy.n_notes, 0);
    assert_int_equal(told, 60);
    assert_int_equal(told_not_stored, 30);
}

static void a_lost_lease_ends_all_writing(void **state)
{
    (void)state;
    struct ct_error err = {0};
    add_web("/good", &(struct ts_answer){200, .body = "row a\nsleep\n"});
    struct loop l = open_loop(false, NULL);
    toy.beat_status = CT_ERR_BUSY;
    enum ct_status st = CT_OK;
    for (int64_t end = ct_mono_ms() + 15 * CT_SECOND; st == CT_OK && ct_mono_ms() < end;)
        st = ct_fetcher_step(l.f, 1000, -1, NULL, &err);
    assert_int_equal(st, CT_ERR_BUSY);
    assert_string_equal(err.what, "fetcher pid 7 holds it");
    assert_int_equal(toy.n_notes, 0);
    assert_int_equal(toy.beats, 1);
    assert_int_equal(ct_fetcher_step(l.f, 0, -1, NULL, &err), CT_ERR_BUSY);
    close_loop(&l);
}

/* What three servers say of the time at once, a minute of it spent in a cache, with LAST from the third. */
static int64_t ahead_when_they_say(int64_t back_ms, const char *last)
{
    struct ct_error err = {0};
    char line[128], date[64];
    time_t theirs = (time_t)((ct_wall_ms() - back_ms) / CT_SECOND);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&theirs));
    snprintf(line, sizeof(line), "Date: %s\nAge: 60", date);
    add_web("/a", &(struct ts_answer){200, .headers = line, .body = "row a\n"});
    add_web("/b", &(struct ts_answer){200, .headers = line, .body = "row b\n"});
    add_web("/c", &(struct ts_answer){200, .headers = last ? last : line, .body = "row c\n"});
    struct loop l = open_loop(false, NULL);
    int beats = -1; /* until one after all three */
    for (int64_t end = ct_mono_ms() + 120 * CT_SECOND; (beats < 0 || toy.beats == beats) && ct_mono_ms() < end;) {
        assert_int_equal(ct_fetcher_step(l.f, 1000, -1, NULL, &err), CT_OK);
        beats = beats < 0 && toy.n_notes >= 3 ? toy.beats : beats;
    }
    assert_true(beats >= 0 && toy.beats > beats);
    close_loop(&l);
    return toy.ahead_ms;
}

static void a_clock_is_judged_by_what_three_servers_say(void **state)
{
    (void)state;
    int64_t ahead = ahead_when_they_say(10 * CT_MINUTE, NULL);
    assert_in_range(ahead, 9 * CT_MINUTE - 2 * CT_SECOND, 10 * CT_MINUTE);
}

static void two_servers_do_not_judge_a_clock(void **state)
{
    (void)state;
    assert_true(ahead_when_they_say(10 * CT_MINUTE, "Date: noon") == CT_NONE);
}

static void named_sources_run_once_and_others_do_not(void **state)
{
    (void)state;
    static const char *const only[] = {"b", "off", NULL};
    struct ct_error err = {0};
    add_web("/a", &(struct ts_answer){200, .body = "row a\n"});
    add_web("/b", &(struct ts_answer){200, .body = "row b\n"});
    add_web("/off", &(struct ts_answer){200, .body = "row c\n"})->enabled = false;
    struct loop l = open_loop(true, only);
    while (!ct_fetcher_done(l.f))
        assert_int_equal(ct_fetcher_step(l.f, 1000, -1, NULL, &err), CT_OK);
    close_loop(&l);
    assert_int_equal(toy.n_notes, 2);
    assert_int_equal(notes_of("a"), 0);
}

static void a_source_without_its_key_is_off_and_with_it_sends_it(void **state)
{
    (void)state;
    struct ct_source *s = add_web("/locked", &(struct ts_answer){200, .body = "row a\n"});
    s->key_env = "CT_TEST_KEY";
    unsetenv("CT_TEST_KEY");
    struct ct_arena *a = ct_arena_new(0);
    struct ct_source_conf conf = ct_source_conf_of(s, a);
    assert_false(conf.enabled);
    assert_string_equal(conf.off_reason, "needs CT_TEST_KEY");
    round_of_all();
    assert_int_equal(toy.n_notes, 0);
    setenv("CT_TEST_KEY", "marker", 1);
    assert_true(ct_source_conf_of(s, a).enabled);
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
    char *last = ts_last(web, "/locked");
    assert_non_null(strstr(last, "\nAuthorization: Bearer marker\n"));
    free(last);
    unsetenv("CT_TEST_KEY");
    ct_arena_free(a);
}

/* What signs is asked with a signature; neither the secret nor a signed request goes elsewhere. */
static void a_key_that_signs_makes_signatures_and_goes_nowhere_else(void **state)
{
    (void)state;
    struct ts *other = ts_new(NULL, NULL);
    char location[200];
    struct ct_source *s = add_web("/ec2", &(struct ts_answer){200, .body = "row a\n"});
    s->key_env = "CT_TEST_SECRET";
    s->key_header = CT_KEY_SIGNS;
    s->method = "POST";
    s->body = "Action=Describe&StartTime={now}";
    struct ct_arena *a = ct_arena_new(0);
    unsetenv("AWS_ACCESS_KEY_ID");
    setenv("CT_TEST_SECRET", "secret-marker", 1);
    assert_string_equal(ct_source_conf_of(s, a).off_reason,
                        "needs AWS_ACCESS_KEY_ID and CT_TEST_SECRET");
    setenv("AWS_ACCESS_KEY_ID", "AKIDMARKER", 1);
    setenv("AWS_SESSION_TOKEN", "session-marker", 1);
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
    char *last = ts_last(web, "/ec2");
    const char *line = strstr(last, "\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDMARKER/20");
    assert_non_null(line);
    const char *signature = strstr(line, "Signature=");
    assert_non_null(strstr(line, "/aws4_request, SignedHeaders="));
    assert_non_null(strstr(line, "x-amz-date;x-amz-security-token"));
    assert_int_equal(strspn(signature + 10, "0123456789abcdef"), 64);
    assert_non_null(strstr(last, "\nX-Amz-Security-Token: session-marker\n"));
    assert_non_null(strstr(last, "Content-Type: application/x-www-form-urlencoded"));
    assert_non_null(strstr(last, "\n\nAction=Describe&StartTime=20"));
    assert_null(strstr(last, "{now}"));
    assert_null(strstr(last, "secret-marker"));
    free(last);
    /* 307 keeps method and body: it would be followed with the signature in it. */
    snprintf(location, sizeof location, "Location: http://127.0.0.1:%d/catch", ts_port(other));
    ts_set(other, "/catch", &(struct ts_answer){200, .body = "row b\n"});
    ts_set(web, "/ec2", &(struct ts_answer){307, .headers = location});
    toy.memory[0].m.next_attempt_ms = CT_NONE;
    toy.memory[0].m.last_attempt_ms = CT_NONE;
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_FAILED);
    assert_non_null(strstr(LAST.error, "another host"));
    assert_int_equal(ts_hits(other, "/catch"), 0);
    unsetenv("CT_TEST_SECRET");
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SESSION_TOKEN");
    ct_arena_free(a);
    ts_free(other);
}

static void a_field_for_the_next_page_goes_behind_the_posted_ones(void **state)
{
    (void)state;
    struct ct_source *s =
        add_web("/form", &(struct ts_answer){200, .body = "row a\nnext &NextToken=t\n"});
    s->method = "POST";
    s->body = "Action=List";
    s->max_pages = 5;
    round_of_all();
    char *last = ts_last(web, "/form");
    assert_int_equal(ts_hits(web, "/form"), 2);
    assert_non_null(strstr(last, "\n\nAction=List&NextToken=t"));
    free(last);
    assert_non_null(strstr(LAST.error, "leads back")); /* the same token for ever */
}

/* ---- probes ---- */

static void a_probe_counts_any_answer_and_a_lost_line_is_no_outage(void **state)
{
    (void)state;
    char url[64];
    struct ct_source *s = add_web("/api", &(struct ts_answer){401, .body = "<html>no</html>"});
    s->ops = &ct_family_probe;
    s->family = "probe";
    s->query = "401";
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK); /* 401 is what was expected */
    assert_int_equal(LAST.http_status, 401);
    assert_int_equal(LAST.rows, 7); /* what the tries say, and six measures */
    ts_set(web, "/api", &(struct ts_answer){429, .headers = "Retry-After: 7200"});
    toy.memory[0].m.next_attempt_ms = toy.memory[0].m.last_attempt_ms = CT_NONE;
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_OK);
    assert_true(LAST.next_ms - LAST.at_ms >= 2 * CT_HOUR); /* a probe is as polite as others */
    toy.memory[0].m.next_attempt_ms = toy.memory[0].m.last_attempt_ms = CT_NONE;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ts_closed_port());
    free((void *)(uintptr_t)s->url);
    s->url = ct_xstrdup(url);
    round_of_all();
    assert_int_equal(LAST.outcome, CT_OUTCOME_FAILED); /* nothing ever answered: nothing is known */
    assert_non_null(strstr(LAST.error, "no connection"));
}

static void refresh_asks_everything_but_nobody_twice_at_once(void **state)
{
    (void)state;
    struct ct_source *s = add_web("/slowly", &(struct ts_answer){200, .body = "row a\n"});
    s->interval_ms = CT_HOUR;
    s->allow_private = true; /* may be asked every second */
    add_web("/public", &(struct ts_answer){200, .body = "row a\n"})->interval_ms = CT_HOUR;
    struct loop l = open_loop(false, NULL);
    run_for(&l, 300);
    assert_int_equal(toy.n_notes, 2);
    ct_fetcher_refresh(l.f);
    run_for(&l, 400);
    assert_int_equal(toy.n_notes, 2); /* too soon for either */
    run_for(&l, 800);
    assert_int_equal(notes_of("slowly"), 2);
    assert_int_equal(notes_of("public"), 1);
    close_loop(&l);
}

static void one_that_hangs_floods_or_lies_delays_nobody(void **state)
{
    (void)state;
    char path[16];
    add_raw("/silent")->timeout_ms = 20000;
    add_raw("/endless");
    add_web("/liar", &(struct ts_answer){200, .body = "<html>"});
    for (int i = 0; i < 30; i++) {
        snprintf(path, sizeof(path), "/s%d", i);
        struct ct_source *s = add_web(path, &(struct ts_answer){200, .body = "row a\n"});
        s->allow_private = true;
        s->interval_ms = CT_SECOND;
    }
    struct loop l = open_loop(false, NULL);
    run_for(&l, 5000);
    for (int i = 0; i < 30; i++) {
        int64_t before = 0;
        snprintf(path, sizeof(path), "s%d", i);
        assert_true(notes_of(path) >= 4);
        for (int k = 0; k < toy.n_notes; k++)
            if (strcmp(toy.notes[k].id, path) == 0) {
                if (before != 0 && toy.notes[k].boot_ms - before > 2000)
                    fail_msg("%s came after %lld ms", path,
                             (long long)(toy.notes[k].boot_ms - before));
                before = toy.notes[k].boot_ms;
            }
    }
    assert_int_equal(ct_fetcher_active(l.f) > 0, true); /* the silent one is still waited for */
    assert_int_equal(notes_of("endless"), 1);
    assert_int_equal(notes_of("liar"), 1);
    close_loop(&l);
}

static int open_servers(void **state)
{
    (void)state;
    web = ts_new(NULL, NULL);
    raw = ts_raw_new();
    return 0;
}

static int close_servers(void **state)
{
    (void)state;
    ts_free(web);
    ts_raw_free(raw);
    return 0;
}

#define IN_TOY(test) cmocka_unit_test_setup_teardown(test, fresh, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_success_comes_again_after_its_interval_give_or_take_a_tenth),
        cmocka_unit_test(failures_double_the_wait_up_to_an_hour),
        cmocka_unit_test(a_server_that_was_not_reached_is_tried_sooner_than_its_interval),
        cmocka_unit_test(retry_after_counts_between_the_interval_and_a_day),
        cmocka_unit_test(a_storm_on_all_sources_is_not_answered_by_a_burst),
        cmocka_unit_test(the_first_attempt_keeps_a_stored_plan_that_makes_sense),
        IN_TOY(each_attempt_ends_in_exactly_one_stored_row),
        IN_TOY(an_unchanged_body_is_not_parsed_again),
        IN_TOY(a_304_counts_only_while_its_rows_are_stored),
        IN_TOY(pages_end_in_one_commit),
        IN_TOY(page_links_that_lie_fail_the_attempt),
        IN_TOY(the_byte_cap_holds_over_all_pages),
        IN_TOY(gzip_that_nobody_declared_is_unpacked),
        IN_TOY(the_set_timeout_is_for_sources_without_one_of_their_own),
        IN_TOY(what_cannot_be_stored_is_stored_as_a_failure),
        IN_TOY(answers_that_are_ready_together_are_one_commit),
        IN_TOY(a_commit_of_several_that_fails_leaves_each_to_its_own),
        IN_TOY(a_lost_lease_ends_all_writing),
        IN_TOY(a_clock_is_judged_by_what_three_servers_say),
        IN_TOY(two_servers_do_not_judge_a_clock),
        IN_TOY(named_sources_run_once_and_others_do_not),
        IN_TOY(a_source_without_its_key_is_off_and_with_it_sends_it),
        IN_TOY(a_key_that_signs_makes_signatures_and_goes_nowhere_else),
        IN_TOY(a_field_for_the_next_page_goes_behind_the_posted_ones),
        IN_TOY(a_probe_counts_any_answer_and_a_lost_line_is_no_outage),
        IN_TOY(refresh_asks_everything_but_nobody_twice_at_once),
        IN_TOY(one_that_hangs_floods_or_lies_delays_nobody),
    };
    return cmocka_run_group_tests(tests, open_servers, close_servers);
}
