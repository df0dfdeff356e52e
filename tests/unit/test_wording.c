/* What messages, articles and notes said at a past moment, however often they were rewritten. */
#include "db/read.h"

#include "write_fixture.h"

#define MIN(n) (T0 + (n) * CT_MINUTE)

static void message(struct fixture *f, const char *text, int phase)
{
    struct ct_update *u = CT_VEC_PUSH(f->arena, &f->batch.updates);
    *u = ct_update_new();
    u->incident = CT_LIT("inc");
    u->id = CT_LIT("m");
    u->text = ct_arena_dup(f->arena, ct_span(text));
    u->at_ms = T0;
    u->phase = phase;
}

/* One observation: the incident and its message saying TEXT. */
static void observe(struct fixture *f, int64_t at_ms, const char *text, bool imported)
{
    (void)incident(f, "inc", CT_STATE_DEGRADED, CT_PHASE_INVESTIGATING, 1);
    message(f, text, *text == 'A' ? CT_PHASE_INVESTIGATING : CT_PHASE_MONITORING);
    (imported ? import : fetch)(f, "stat", at_ms);
}

/* What the message says at AT_MS; "" when there is none. */
static const char *said(struct fixture *f, int64_t at_ms)
{
    static char out[200];
    struct ct_reader *r;
    struct ct_rows rows;
    struct ct_query q = {.at_ms = at_ms, .now_ms = MIN(1000), .subject = CT_LIT("inc")};
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    assert_int_equal(ct_read_updates(r, &q, f->arena, &rows, &f->err), CT_OK);
    assert_in_range(rows.n, 0, 1);
    const struct ct_update_row *row = rows.v;
    (void)snprintf(out, sizeof out, "%.*s %d", rows.n ? (int)row->text.n : 0, rows.n ? row->text.p : "",
                   rows.n ? row->phase : -1);
    ct_reader_close(r);
    return out;
}

static void a_rewritten_message_reads_as_it_did_then(void **state)
{
    struct fixture *f = *state;
    observe(f, MIN(1), "A", false);
    observe(f, MIN(3), "B", false);
    observe(f, MIN(5), "B", false);
    observe(f, MIN(7), "C", false);
    assert_string_equal(said(f, MIN(0)), " -1");
    assert_string_equal(said(f, MIN(1)), "A 0");
    assert_string_equal(said(f, MIN(3) - 1), "A 0");
    assert_string_equal(said(f, MIN(3)), "B 2");
    assert_string_equal(said(f, MIN(6)), "B 2");
    assert_string_equal(said(f, MIN(7)), "C 2");
    assert_string_equal(said(f, CT_LIVE), "C 2");
    expect(f, "SELECT count(*) FROM wording", "3");
}

static void what_never_changed_is_stored_once(void **state)
{
    struct fixture *f = *state;
    observe(f, MIN(1), "A", false);
    observe(f, MIN(3), "A", false);
    assert_string_equal(said(f, MIN(2)), "A 0");
    expect(f, "SELECT count(*) FROM wording", "0");
}

static void messages_imported_in_any_order_read_the_same(void **state)
{
    static const char *const texts[] = {"A", "B", "A", "C"};
    static const char *const want[] = {"A 0", "B 2", "A 0", "C 2"};
    for (int order = 0; order < 24; order++) {
        int left[] = {0, 1, 2, 3}, code = order;
        void *made = NULL;
        assert_int_equal(fixture_setup(&made), 0);
        struct fixture *f = made;
        for (int n = 4; n > 0; n--) {
            int pick = code % n;
            code /= n;
            observe(f, MIN(10 * left[pick]), texts[left[pick]], true);
            memmove(left + pick, left + pick + 1, (size_t)(n - pick - 1) * sizeof *left);
        }
        for (int i = 0; i < 4; i++) {
            assert_string_equal(said(f, MIN(10 * i)), want[i]);
            assert_string_equal(said(f, MIN(10 * i + 9)), want[i]);
        }
        assert_string_equal(said(f, CT_LIVE), want[3]);
        (void)fixture_teardown(&made);
    }
    (void)state;
}

/* A text that came late is what was said then, not what is said now. */
static void a_late_import_leaves_the_newest_text(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 6; i++)
        observe(f, MIN(10 * i), "A", false);
    observe(f, MIN(25), "B", true);
    assert_string_equal(said(f, CT_LIVE), "A 0");
    assert_string_equal(said(f, MIN(24)), "A 0");
    assert_string_equal(said(f, MIN(25)), "B 2");
    assert_string_equal(said(f, MIN(50)), "A 0");
}

/* The page shows the newest messages only: the incident stays, this one goes; a late answer tells what it said at the
 * end. */
static void a_message_that_was_dropped_keeps_its_last_text(void **state)
{
    struct fixture *f = *state;
    observe(f, MIN(1), "A", false);
    for (int i = 3; i < 9; i += 2) {
        (void)incident(f, "inc", CT_STATE_DEGRADED, CT_PHASE_INVESTIGATING, 1);
        fetch(f, "stat", MIN(i));
    }
    expect(f, "SELECT count(*) FROM wording", "0");
    observe(f, MIN(2), "B", true);
    assert_string_equal(said(f, MIN(1)), "A 0");
    assert_string_equal(said(f, MIN(2)), "B 2");
    assert_string_equal(said(f, MIN(3)), "B 2");
    assert_string_equal(said(f, CT_LIVE), "B 2");
}

static void a_rewritten_article_reads_as_it_did_then(void **state)
{
    struct fixture *f = *state;
    struct ct_source_conf conf = fixture_conf("news", CT_SOURCE_NEWS);
    assert_int_equal(ct_write_sources(f->w, &conf, 1, T0, &f->err), CT_OK);
    static const char *const titles[] = {"A price falls", "A price rises"};
    for (int i = 0; i < 2; i++) {
        struct ct_article *a = CT_VEC_PUSH(f->arena, &f->batch.articles);
        *a = (struct ct_article){.id = CT_LIT("x"), .title = ct_span(titles[i]), .published_ms = MIN(0) - i};
        a->summary = i ? CT_LIT("corrected") : CT_SPAN_NONE;
        fetch(f, "news", MIN(10 * i + 1));
    }
    for (int i = 0; i < 3; i++) {
        struct ct_reader *r;
        struct ct_rows rows;
        struct ct_query q = {.at_ms = i == 2 ? CT_LIVE : MIN(10 * i + 5), .now_ms = MIN(1000)};
        assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
        assert_int_equal(ct_read_articles(r, &q, f->arena, &rows, &f->err), CT_OK);
        assert_int_equal(rows.n, 1);
        const struct ct_article_row *row = rows.v;
        assert_true(ct_span_is(row->title, titles[i > 0]));
        assert_int_equal(row->published_ms, MIN(0) - (i > 0));
        assert_true(i ? ct_span_is(row->summary, "corrected") : !row->summary.p);
        ct_reader_close(r);
    }
}

static void notes_of_a_source_read_as_they_did_then(void **state)
{
    struct fixture *f = *state;
    static const char *const what[] = {"unknown GPU K520", "unknown GPU T9"};
    for (int i = 0; i < 2; i++) {
        struct ct_note *n = CT_VEC_PUSH(f->arena, &f->batch.notes);
        *n = (struct ct_note){ct_span(what[i]), 2 + i};
        (void)offer(f, "p5", 2000 + i, CT_STOCK_AVAILABLE);
        fetch(f, "price", MIN(i + 1));
    }
    for (int i = 0; i < 2; i++) {
        struct ct_reader *r;
        struct ct_rows rows;
        struct ct_query q = {.at_ms = MIN(i + 1) + 1, .now_ms = MIN(1000)};
        char want[80];
        bool seen = false;
        (void)snprintf(want, sizeof want, "%d x %s", 2 + i, what[i]);
        assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
        assert_int_equal(ct_read_sources(r, &q, f->arena, &rows, &f->err), CT_OK);
        for (size_t k = 0; k < rows.n; k++)
            seen = seen || ct_span_is(((const struct ct_source_row *)rows.v)[k].notes, want);
        assert_true(seen);
        ct_reader_close(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(a_rewritten_message_reads_as_it_did_then),
        T(what_never_changed_is_stored_once),
        cmocka_unit_test(messages_imported_in_any_order_read_the_same),
        T(a_late_import_leaves_the_newest_text),
        T(a_message_that_was_dropped_keeps_its_last_text),
        T(a_rewritten_article_reads_as_it_did_then),
        T(notes_of_a_source_read_as_they_did_then),
    };
    return cmocka_run_group_tests_name("wording", tests, NULL, NULL);
}
