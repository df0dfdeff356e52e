/* Recorded attempts end in the same history in whatever order they are imported. */
#include "config.h"

#include "db/write_priv.h"
#include "write_fixture.h"

enum { SEEDS = 220, ATTEMPTS = 14, ORDERS = 3 };

static uint64_t rng;

static unsigned roll(unsigned n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (unsigned)((rng >> 11) % n);
}

/* ---- random attempts ---- Rows are made from a seed of their own, so that they can be made again. */

struct attempt {
    const char *source;
    int64_t at_ms;
    enum ct_outcome outcome;
    uint64_t rows;
};

static void rows_of(struct fixture *f, const struct attempt *a)
{
    static const int64_t prices[] = {1000, 1100, 900, 1000, 8000, 20, 30000, -1, 0, 1001, 2000000};
    static const char *const texts[] = {"We look into it.", "We know.", "All is well.", "We look into it again."};
    char id[8];
    uint64_t keep = rng;
    rng = a->rows;
    clear(f);
    for (unsigned i = 0; i < 4; i++) {
        (void)snprintf(id, sizeof id, "x%u", i);
        if (roll(4) == 0)
            continue;
        if (strcmp(a->source, "stat") == 0) {
            struct ct_component *c = component(f, id, (int)roll(6));
            if (roll(3) == 0)
                c->region = CT_LIT("eu");
            if (roll(6) == 0)
                c->group = CT_LIT("x0");
            if (roll(2) == 0) {
                struct ct_incident *n = incident(f, id, (int)roll(6), (int)roll(10), roll(4) != 0);
                n->updated_ms = roll(2) ? CT_NONE : a->at_ms - roll(20) * CT_DAY;
                for (unsigned k = 0; k < 3; k++) { /* messages come and go, and are reworded */
                    if (roll(3) == 0)
                        continue;
                    *CT_VEC_PUSH(f->batch.arena, &f->batch.updates) = (struct ct_update){
                        .incident = n->id,
                        .id = k == 0 ? CT_LIT("first") : k == 1 ? CT_LIT("second") : CT_SPAN_NONE,
                        .text = ct_span(texts[roll(k ? 2 : 4)]),
                        .at_ms = T0,
                        .phase = (int)roll(2)};
                }
            }
        } else if (strcmp(a->source, "token") == 0) {
            token(f, id, CT_KIND_INPUT, prices[roll(CT_LEN(prices))]);
            if (roll(2))
                token(f, id, CT_KIND_OUTPUT, prices[roll(CT_LEN(prices))])->context = roll(3);
        } else {
            offer(f, id, prices[roll(CT_LEN(prices))], (int)roll(4))->stock_count = roll(3);
            if (roll(4) == 0)
                offer(f, id, prices[roll(CT_LEN(prices))], (int)roll(4));
        }
    }
    for (unsigned i = 0; i < 2 && strcmp(a->source, "stat") == 0; i++) { /* so do the items of a feed */
        const char *title = texts[roll(3)];
        if (roll(3))
            *CT_VEC_PUSH(f->batch.arena, &f->batch.articles) = (struct ct_article){
                .id = i ? CT_LIT("late") : CT_LIT("early"), .title = ct_span(title), .published_ms = T0};
    }
    if (roll(3) == 0)
        *CT_VEC_PUSH(f->batch.arena, &f->batch.notes) = (struct ct_note){ct_span(texts[roll(3)]), 1 + roll(2)};
    rng = keep;
}

static void make_attempts(struct attempt *a, bool collide)
{
    static const char *const sources[] = {"stat", "price", "token", "part", "list"};
    static const int64_t gaps[] = {CT_MINUTE, CT_HOUR, CT_DAY, 3 * CT_DAY, 9 * CT_DAY};
    const char *source = sources[roll(CT_LEN(sources))];
    int64_t at = T0;
    for (int i = 0; i < ATTEMPTS; i++) {
        unsigned what = roll(10);
        if (i > 0 && !(collide && roll(6) == 0))
            at += gaps[roll(CT_LEN(gaps))];
        a[i] = (struct attempt){source, at,
                                what < 6   ? CT_OUTCOME_OK
                                : what < 8 ? CT_OUTCOME_NOT_MODIFIED
                                           : CT_OUTCOME_FAILED,
                                (uint64_t)roll(5) * 977 + 1000 + (uint64_t)roll(1000) * roll(2)};
    }
}

static void shuffle(int *order)
{
    for (int i = 0; i < ATTEMPTS; i++)
        order[i] = i;
    for (int i = ATTEMPTS - 1; i > 0; i--) {
        int k = (int)roll((unsigned)i + 1), t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
}

static void import_attempt(struct fixture *f, const struct attempt *a)
{
    rows_of(f, a);
    struct ct_fetch x = attempt_at(f, a->source, a->at_ms, a->outcome);
    x.import = true;
    store(f, x);
    ct_arena_reset(f->arena);
}

static void forget(struct fixture *f)
{
    const char *sql = "BEGIN IMMEDIATE; DELETE FROM main.event; DELETE FROM price_move; INSERT OR REPLACE INTO meta"
                      " SELECT 'sealed', coalesce(max(n), 0) FROM tick;"
                      "DELETE FROM tick; DELETE FROM chunk; DELETE FROM tails; DELETE FROM offer;"
                      "DELETE FROM token; DELETE FROM component; DELETE FROM endpoint;"
                      "DELETE FROM series; DELETE FROM newest; DELETE FROM incident; DELETE FROM incident_update; DELETE FROM article;"
                      "DELETE FROM wording; DELETE FROM source_note; DELETE FROM poll;"
                      "UPDATE source SET last_attempt_ms=NULL, last_success_ms=NULL, failures=0,"
                      " rows=NULL, data_ms=NULL, error=NULL; COMMIT";
    assert_int_equal(sqlite3_exec(f->look, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* ---- what must not depend on the order ---- */

static char *dump(struct fixture *f, bool facts)
{
    static const char *const sql[] = {
        "SELECT 'sample', kind, ext_key, at_ms, value, flags FROM sample JOIN series ON id=series_id"
        " ORDER BY source_id, kind, ext_key, at_ms",
        "SELECT 'event', at_ms, e.id, origin, e.kind, severity, ext_key, subject, ref, field, text,"
        " e.unit, old, new, pct, suspect FROM event e LEFT JOIN series s ON s.id=e.series_id"
        " ORDER BY at_ms, e.id",
        "SELECT 'incident', i.* FROM incident i ORDER BY source_id, ext_id, at_ms",
        "SELECT 'poll', p.* FROM poll p ORDER BY source_id, from_ms",
        "SELECT 'cur', kind, ext_key, unit, cur_ms(id), cur_value(id), cur_flags(id) FROM series"
        " WHERE cur_ms(id) IS NOT NULL ORDER BY source_id, kind, ext_key",
        "SELECT 'source', name, last_attempt_ms, last_success_ms, failures, error FROM source"
        " ORDER BY name",
        "SELECT 'offer', ext_key, cloud, price_per_gpu_hour, stock_count, n_offers FROM offer"
        " JOIN series s ON s.id=series_id ORDER BY ext_key",
        "SELECT 'token', ext_key, context FROM token JOIN series s ON s.id=series_id ORDER BY 2",
        "SELECT 'component', ext_key, grp, c.region FROM component c JOIN series s ON s.id=series_id"
        " ORDER BY 2",
        "SELECT 'message', u.* FROM incident_update u ORDER BY source_id, incident, ext_id",
        "SELECT 'article', a.* FROM article a ORDER BY source_id, ext_id",
        "SELECT 'notes', name, left_out, notes FROM source_note JOIN source s ON s.id=source_id ORDER BY name",
        "SELECT 'wording', w.* FROM wording w ORDER BY kind, source_id, owner, ext_id, from_ms",
    };
    struct ct_buf all = CT_BUF_INIT;
    for (size_t i = 0; i < CT_LEN(sql) - (facts ? 0 : 7); i++) {
        char *part = table(f, sql[i]);
        ct_buf_addf(&all, "%s\n", part);
        free(part);
    }
    return all.p;
}

static void same_or_show(const char *a, const char *b, int seed, const char *what)
{
    if (strcmp(a, b) == 0)
        return;
    size_t i = 0;
    while (a[i] && a[i] == b[i])
        i++;
    while (i > 0 && a[i - 1] != '\n')
        i--;
    print_message("# seed %d, %s:\n#   %.*s\n#   %.*s\n", seed, what, (int)strcspn(a + i, "\n"), a + i,
                  (int)strcspn(b + i, "\n"), b + i);
    fail();
}

static void imports_end_in_the_same_history_in_any_order(void **state)
{
    struct fixture *f = *state;
    size_t bytes = 0;
    int seeds = fixture_times("CT_SEEDS", SEEDS);
    for (int seed = 0; seed < seeds; seed++) {
        struct attempt a[ATTEMPTS];
        char *first = NULL;
        bool collide = seed % 3 == 0;
        rng = (uint64_t)seed * 7919 + 12345;
        make_attempts(a, collide);
        for (int o = 0; o < ORDERS; o++) {
            int order[ATTEMPTS];
            shuffle(order);
            forget(f);
            for (int i = 0; i < ATTEMPTS; i++) {
                import_attempt(f, &a[o == 0 ? i : order[i]]);
                if (o % 2 && i % 3 == 0) /* and whatever is sealed meanwhile */
                    assert_true(samples_from_rows(f->look, "SELECT 1 WHERE 0"));
            }
            char *is = dump(f, !collide);
            if (first)
                same_or_show(first, is, seed, "another order");
            else
                first = ct_xstrdup(is);
            free(is);
        }
        for (int i = 0; i < ATTEMPTS; i++) {
            import_attempt(f, &a[i]);
            assert_true(f->commit.already_stored);
        }
        char *again = dump(f, !collide);
        same_or_show(first, again, seed, "imported twice");
        bytes += strlen(first);
        free(again);
        free(first);
    }
    assert_true(bytes > (size_t)seeds * 1000); /* the histories compared were not empty */
}

/* ---- what must not depend on what a writer remembers ---- */

/* By W, or (HOW 1) by another writer beside it; HOW 2: first in a commit that is taken back. */
static void live_attempt(struct fixture *f, const struct attempt *a, int how)
{
    struct ct_writer *own = f->w;
    struct ct_commit ignored;
    rows_of(f, a);
    struct ct_fetch x = attempt_at(f, a->source, a->at_ms, a->outcome);
    if (how == 2) {
        assert_int_equal(ct_write_hold(f->w, &f->err), CT_OK);
        assert_int_equal(ct_write_fetch(f->w, &x, &ignored, &f->err), CT_OK);
        assert_int_not_equal(ct_write_release(f->w, false, &f->err), CT_OK);
    }
    if (how == 1)
        assert_int_equal(ct_writer_open(f->path, CT_OPEN_BULK, &f->w, &f->err), CT_OK);
    store(f, x);
    if (how == 1)
        ct_writer_close(f->w);
    f->w = own;
    ct_arena_reset(f->arena);
}

static void a_writer_that_remembers_writes_what_one_that_looks_up_does(void **state)
{
    struct fixture *f = *state, *g = NULL;
    void *other = NULL;
    size_t bytes = 0;
    assert_int_equal(fixture_setup(&other), 0);
    g = other;
    int seeds = fixture_times("CT_SEEDS", SEEDS);
    for (int seed = 0; seed < seeds; seed++) {
        struct attempt a[2 * ATTEMPTS];
        rng = (uint64_t)seed * 104729 + 777;
        make_attempts(a, false);
        for (int i = 0; i < ATTEMPTS; i++) { /* and the same list over again, later */
            a[ATTEMPTS + i] = a[i];
            a[ATTEMPTS + i].at_ms += 90 * CT_DAY * (seed % 2) + a[ATTEMPTS - 1].at_ms - T0 + CT_HOUR;
        }
        forget(f);
        forget(g);
        for (int i = 0; i < 2 * ATTEMPTS; i++) {
            int how = (int)roll(5);
            live_attempt(f, &a[i], how);
            ct_w_forget_known(g->w);
            live_attempt(g, &a[i], 0);
        }
        char *is = dump(f, true), *want = dump(g, true);
        same_or_show(want, is, seed, "remembered");
        bytes += strlen(is);
        free(is);
        free(want);
    }
    assert_true(bytes > (size_t)seeds * 1000);
    (void)fixture_teardown(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(imports_end_in_the_same_history_in_any_order, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_writer_that_remembers_writes_what_one_that_looks_up_does,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("write_order", tests, NULL, NULL);
}
