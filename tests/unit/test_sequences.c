/* Polls of one page over time, through its parser and into the database: what people are told at the end. */
#include "config.h"

#include "db/base/text.h"
#include "db/read.h"
#include "fetchers/families/all.h"

#include "tests/unit/write_fixture.h"

#define MIN(n) (T0 + (n)*CT_MINUTE)
#define EVENTS(kinds)                                                                              \
    "SELECT (e.at_ms - 1760000000000) / 60000, e.ref, e.field, e.text FROM event e WHERE e.kind IN (" \
    kinds ") ORDER BY e.at_ms, e.ref"

enum { PARTS = 10 };

struct poll {
    int minute;
    const char *bad;       /* the components that are down, a letter each; NULL: none are listed at all */
    const char *incidents; /* "id phase impact" separated by commas */
    int updates;           /* of each incident */
};

static void add_incident(struct ct_buf *b, struct ct_span text, const struct poll *p)
{
    struct ct_span id = ct_span_cut(&text, ' '), phase = ct_span_cut(&text, ' ');
    ct_buf_addf(b, "%s{\"id\":\"%.*s\",\"name\":\"Trouble\",\"status\":\"%.*s\",\"impact\":\"%.*s\","
                   "\"created_at\":\"2025-10-09T08:00:00Z\",\"incident_updates\":[",
                b->p[b->n - 1] == '[' ? "" : ",", CT_FMT(id), CT_FMT(phase), CT_FMT(text));
    for (int i = 0; i < p->updates; i++)
        ct_buf_addf(b, "%s{\"id\":\"u%d\",\"status\":\"%.*s\",\"body\":\"We are still at it\",\"created_at\":"
                       "\"2025-10-09T%02d:%02d:00Z\"}",
                    i ? "," : "", i, CT_FMT(phase), 8 + i / 60, i % 60);
    ct_buf_adds(b, "]}");
}

/* The page as P says, read by the parser into F's batch. */
static void serve(struct fixture *f, const struct poll *p)
{
    struct ct_buf b = CT_BUF_INIT;
    struct ct_parse_hint hint = {CT_SPAN_NONE, CT_SPAN_NONE};
    struct ct_span list = ct_span(p->incidents);
    ct_buf_adds(&b, "{\"page\":{\"id\":\"p\",\"name\":\"P\"},\"status\":{\"indicator\":\"none\"},\"components\":[");
    for (char c = 'a'; p->bad && c < 'a' + PARTS; c++)
        ct_buf_addf(&b, "%s{\"id\":\"%c\",\"name\":\"%c\",\"status\":\"%s\"}", c == 'a' ? "" : ",", c, c,
                    strchr(p->bad, c) ? "major_outage" : "operational");
    ct_buf_adds(&b, "],\"incidents\":[");
    while (list.n)
        add_incident(&b, ct_span_cut(&list, ','), p);
    ct_buf_adds(&b, "]}");
    clear(f);
    enum ct_status s =
        ct_family_statuspage_summary.parse(ct_buf_span(&b), &hint, &f->batch, &f->err);
    if (s != CT_OK)
        fail_msg("%s: %s in %s", f->err.where, f->err.what, b.p);
    ct_buf_free(&b);
}

static void watch(struct fixture *f, const struct poll *polls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        serve(f, &polls[i]);
        fetch(f, "stat", MIN(polls[i].minute));
    }
}

/* The provider's state at a minute. */
static void state_is(struct fixture *f, int minute, int want)
{
    struct ct_reader *r = NULL;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_rows rows = {NULL, 0};
    struct ct_query q = {.at_ms = MIN(minute), .now_ms = MIN(minute) + CT_SECOND};
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    assert_int_equal(ct_read_status(r, &q, a, &rows, &f->err), CT_OK);
    assert_int_equal(rows.n, 1);
    const struct ct_status_row *row = rows.v;
    if (row->state != want)
        print_error("minute %d\n", minute);
    assert_int_equal(row->state, want);
    ct_reader_close(r);
    ct_arena_free(a);
}

static void trouble_opens_worsens_eases_and_ends(void **state)
{
    static const struct poll polls[] = {
        {0, "", "", 0},
        {1, "", "i investigating minor", 1},
        {2, "ab", "i identified critical", 2},
        {3, "", "i monitoring critical", 3},
        {4, "", "i investigating critical", 4}, /* and back: no life cycle only goes forward */
        {5, "", "i resolved critical", 5},
        {6, "", "", 0},
    };
    struct fixture *f = *state;
    watch(f, polls, CT_LEN(polls));
    expect(f, EVENTS("0"), "1|i|opened|Trouble: investigating\n2|i|phase|Trouble: identified\n"
                           "3|i|phase|Trouble: monitoring\n4|i|phase|Trouble: investigating\n"
                           "5|i|closed|Trouble: resolved");
    state_is(f, 0, CT_STATE_OPERATIONAL);
    state_is(f, 1, CT_STATE_DEGRADED);
    state_is(f, 2, CT_STATE_MAJOR);
    state_is(f, 3, CT_STATE_DEGRADED);
    state_is(f, 4, CT_STATE_MAJOR);
    state_is(f, 6, CT_STATE_OPERATIONAL);
}

static void an_id_that_comes_again_is_told_again(void **state)
{
    static const struct poll polls[] = {
        {0, "", "", 0},
        {1, "", "i investigating major", 1},
        {2, "", "i resolved major", 2},
        {3, "", "i investigating major", 3},
        {4, "", "i resolved major", 4},
    };
    struct fixture *f = *state;
    watch(f, polls, CT_LEN(polls));
    expect(f, "SELECT (at_ms - 1760000000000) / 60000, field FROM event WHERE kind = 0 ORDER BY at_ms",
           "1|opened\n2|closed\n3|reopened\n4|closed");
    state_is(f, 3, CT_STATE_PARTIAL);
    state_is(f, 4, CT_STATE_OPERATIONAL);
}

static void a_flood_of_updates_is_one_incident(void **state)
{
    struct fixture *f = *state;
    serve(f, &(struct poll){0, "", "", 0});
    fetch(f, "stat", MIN(0));
    for (int i = 1; i <= 150; i++) {
        serve(f, &(struct poll){i, "", "i identified minor", i});
        assert_true(f->batch.updates.n <= 50);
        fetch(f, "stat", MIN(i));
    }
    expect(f, EVENTS("0, 1"), "1|-|-|degraded, was operational\n1|i|opened|Trouble: identified");
    state_is(f, 150, CT_STATE_DEGRADED);
}

static void an_empty_page_between_two_whole_ones_is_believed_by_nobody(void **state)
{
    static const struct poll polls[] = {
        {0, "a", "i investigating major", 1},
        {1, NULL, "", 0},
        {2, "a", "i investigating major", 1},
    };
    struct fixture *f = *state;
    watch(f, polls, CT_LEN(polls));
    expect(f, EVENTS("0, 1"), "");
    state_is(f, 1, CT_STATE_MAJOR);
    state_is(f, 2, CT_STATE_MAJOR);
}

/* ---- any order ---- */

static uint64_t rng;

static int below(int n)
{
    rng = rng * 6364136223846793005u + 1442695040888963407u;
    return (int)((rng >> 33) % (uint64_t)n);
}

static char *told(struct fixture *f)
{
    struct ct_buf all = CT_BUF_INIT;
    char *events = table(f, EVENTS("0, 1"));
    char *stories = table(f, "SELECT (at_ms - 1760000000000) / 60000, ext_id, open, phase, state, title"
                             " FROM incident ORDER BY ext_id, at_ms");
    ct_buf_addf(&all, "%s\n\n%s", events, stories);
    free(events);
    free(stories);
    return all.p;
}

static void late_and_doubled_answers_end_in_the_same_story(void **state)
{
    static const struct poll polls[] = {
        {0, "", "", 0},
        {10, "", "i investigating minor", 1},
        {20, "ab", "i identified critical", 2},
        {30, "", "i monitoring critical,j investigating minor", 3},
        {40, "", "i investigating critical,j resolved minor", 4},
        {50, "", "i resolved critical", 5},
        {60, "", "", 0},
    };
    enum { N = CT_LEN(polls) };
    struct fixture *f = *state;
    char *first = NULL;
    for (int seed = 0; seed < 12; seed++) {
        int order[2 * N]; /* each twice */
        rng = (uint64_t)seed * 7919 + 5;
        for (int i = 0; i < 2 * N; i++)
            order[i] = i % N;
        for (int i = 2 * N - 1; seed && i > 0; i--) {
            int k = below(i + 1), was = order[i];
            order[i] = order[k];
            order[k] = was;
        }
        assert_int_equal(fixture_teardown(state), 0);
        assert_int_equal(fixture_setup(state), 0);
        f = *state;
        for (int i = 0; i < 2 * N; i++) {
            serve(f, &polls[order[i]]);
            import(f, "stat", MIN(polls[order[i]].minute));
        }
        char *is = told(f);
        if (!first)
            first = is;
        else if (strcmp(first, is) != 0)
            fail_msg("seed %d: %s\n--- instead of\n%s", seed, is, first);
        else
            free(is);
    }
    assert_non_null(strstr(first, "closed"));
    free(first);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(trouble_opens_worsens_eases_and_ends),
        T(an_id_that_comes_again_is_told_again),
        T(a_flood_of_updates_is_one_incident),
        T(an_empty_page_between_two_whole_ones_is_believed_by_nobody),
        T(late_and_doubled_answers_end_in_the_same_story),
    };
    return cmocka_run_group_tests_name("sequences", tests, NULL, NULL);
}
