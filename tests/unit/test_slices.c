/* Long work is done in slices, a transaction each, so that nobody waits long for the writer and a log never holds more
 * than a part of it. Counted in transactions and in pages of the log, not in time. */
#include "config.h"

#include "db/write_priv.h"
#include "write_fixture.h"

struct log {
    int commits, before; /* pages the log had */
    int largest, sum;    /* of one transaction, of all */
};

/* After each commit: the log has PAGES. It begins anew when all of it is in the file. */
static int on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct log *l = ctx;
    int n = pages >= l->before ? pages - l->before : pages;
    (void)db;
    (void)name;
    l->commits++;
    l->sum += n;
    l->largest = n > l->largest ? n : l->largest;
    l->before = pages;
    return SQLITE_OK;
}

static void expect_slices(const struct log *l, int least)
{
    if (l->commits < least || l->largest > l->sum / 2)
        fail_msg("%d transactions, the largest of %d pages, %d in all", l->commits, l->largest, l->sum);
}

static void begin(struct fixture *f)
{
    if (ct_w_begin(f->w, &f->err) != CT_OK)
        fail_msg("%s: %s", f->err.where, f->err.what);
}

static void commit(struct fixture *f)
{
    ct_samples_flush(f->w->samples, 1);
    if (ct_w_commit(f->w, "test", &f->err) != CT_OK)
        fail_msg("%s: %s", f->err.where, f->err.what);
}

/* As many rows as wait at most, of very many series: the tail of each has to be written. */
static void sealing_what_waits_is_done_in_slices(void **state)
{
    struct fixture *f = *state;
    struct log l = {0};
    for (int k = 0; k < 10; k++) {
        begin(f);
        for (int series = 1; series <= 80000; series++)
            ct_sample_put(f->w->samples, series, (struct ct_sample){T0 + k * CT_MINUTE, k * 7 + series, 0});
        commit(f);
    }
    (void)sqlite3_wal_hook(f->w->db, on_commit, &l);
    ct_w_seal_many(f->w);
    expect(f, "SELECT count(*), (SELECT count(*) FROM tick) FROM tails", "5001|0");
    expect_slices(&l, 4);
}

/* Two thousand components that changed each minute for some hours, long ago. */
static void losing_detail_is_done_in_slices(void **state)
{
    struct fixture *f = *state;
    const struct ct_retention keep = {2 * CT_DAY, 20 * CT_DAY};
    struct log l = {0};
    bool more = true;
    int slices = 0;
    for (int day = 0; day < 5; day++) {
        component(f, "api", CT_STATE_OPERATIONAL);
        fetch(f, "stat", T0 + day * CT_DAY);
    }
    assert_int_equal(sqlite3_exec(f->look,
                                  "WITH RECURSIVE h(i) AS (SELECT 1000 UNION ALL SELECT i+1 FROM h WHERE i<2999)"
                                  " INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits)"
                                  " SELECT i, (SELECT id FROM source WHERE name='stat'), 3, 'c' || i, 'c' || i,"
                                  " 'state', 0 FROM h", NULL, NULL, NULL), SQLITE_OK);
    for (int k = 0; k < 90; k++) {
        begin(f);
        for (int series = 1000; series < 3000; series++)
            ct_sample_put(f->w->samples, series, (struct ct_sample){T0 + k * CT_MINUTE, k * series % 5, 0});
        commit(f);
    }
    (void)sqlite3_wal_hook(f->w->db, on_commit, &l);
    for (; more; slices++)
        if (ct_write_retain(f->w, &keep, T0 + 5 * CT_DAY, &more, &f->err) != CT_OK)
            fail_msg("%s: %s", f->err.where, f->err.what);
    expect(f, "SELECT count(*) BETWEEN 2 AND 10 FROM sample WHERE series_id = 1999", "1");
    assert_true(slices >= 4);
    expect_slices(&l, slices);
}

/* One answer a transaction, however many there are; a reader that keeps its moment does not keep the writer. */
static void an_import_commits_each_answer_beside_a_reader_that_stays(void **state)
{
    struct fixture *f = *state;
    struct log l = {0};
    char id[16];
    assert_int_equal(sqlite3_exec(f->look, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    char *then = table(f, "SELECT count(*) FROM series");
    (void)sqlite3_wal_hook(f->w->db, on_commit, &l);
    for (int k = 0; k < 20; k++) {
        for (int i = 0; i < 200; i++) {
            (void)snprintf(id, sizeof id, "i%d", i);
            offer(f, id, 1000 + (i * k) % 7, CT_STOCK_NONE);
        }
        import(f, "list", T0 + k * CT_DAY);
    }
    assert_int_equal(l.commits, 20);
    expect(f, "SELECT count(*) FROM series", then);
    assert_int_equal(sqlite3_exec(f->look, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    expect(f, "SELECT count(*) > 200 FROM series", "1");
    ct_write_idle(f->w); /* now that nobody is in the way all of the log is brought home, and it begins anew */
    import(f, "list", T0 + 21 * CT_DAY);
    assert_true(l.before < 100 && l.sum > 100);
    free(then);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(sealing_what_waits_is_done_in_slices),
        T(losing_detail_is_done_in_slices),
        T(an_import_commits_each_answer_beside_a_reader_that_stays),
    };
    return cmocka_run_group_tests_name("slices", tests, NULL, NULL);
}
