/* What a reader keeps of offers from load to load (db/market_parts.c), and what the file keeps of indices over time
 * (db/index_past.h): whatever is committed in between, in whatever order,
 * and whichever moment is asked, its answers are those of a reader that has just opened the file. */
#include "config.h"

#include "db/market.h"
#include "write_fixture.h"

enum { N_SOURCES = 5, N_OFFERS = 8, STEPS = 140 };

static uint64_t rng;
static uint64_t roll(uint64_t n)
{
    rng = rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (rng >> 33) % n;
}

struct world {
    struct fixture *f;
    struct ct_reader *r; /* open all the time */
    int64_t now_ms;
    struct sold {
        bool there;
        int64_t milli;
        int gpu, region, memory, host, euro;
    } sold[N_SOURCES][N_OFFERS];
};

static const char *const ids[N_SOURCES] = {"aws", "azure", "gcp", "lambda", "shop"};

/* All sources; which clouds they speak for, and how well, may be another time another. */
static void put_sources(struct world *w)
{
    struct ct_source_conf confs[N_SOURCES];
    for (size_t i = 0; i < N_SOURCES; i++) {
        confs[i] = fixture_conf(ids[i], CT_SOURCE_PRICES);
        confs[i].interval_ms = CT_HOUR;
        confs[i].provider = roll(3) ? ids[i] : "";
        confs[i].evidence = (enum ct_evidence)roll(CT_EVIDENCE_MEASURED + 1);
    }
    assert_int_equal(ct_write_sources(w->f->w, confs, N_SOURCES, T0, &w->f->err), CT_OK);
}

/* Something of an offer changes: its price, whether it is there, or nothing but a fact. */
static void change(struct sold *o)
{
    switch (roll(8)) {
    case 0:
        o->there = !o->there;
        return;
    case 1:
        o->gpu = (int)roll(2);
        return;
    case 2:
        o->region = (int)roll(2);
        return;
    case 3:
        o->memory = (int)roll(2);
        return;
    case 4:
        o->host = (int)roll(4) != 0;
        return;
    case 5:
        o->euro = roll(6) == 0;
        return;
    default:
        o->milli = 2000 + (int64_t)roll(30) * 20; /* no leaps, which are looked into */
    }
}

static void gather(struct world *w, size_t source)
{
    static const char *const gpus[] = {"H100", "B200"}, *const regions[] = {"us-east-1", "eu-west-1"};
    for (size_t i = 0; i < N_OFFERS; i++) {
        const struct sold *s = &w->sold[source][i];
        char name[8];
        (void)snprintf(name, sizeof name, "x%zu", i);
        struct ct_offer *o = s->there ? offer(w->f, name, s->milli, CT_STOCK_AVAILABLE) : NULL;
        if (!o)
            continue;
        o->cloud = ct_span(ids[source == N_SOURCES - 1 ? i % (N_SOURCES - 1) : source]); /* a shop sells for all */
        o->gpu = ct_span(gpus[s->gpu]);
        o->region = ct_span(regions[s->region]);
        o->gpu_mem_milli = s->memory ? 80000 : 141000;
        o->host_included = s->host;
        o->currency = s->euro ? CT_LIT("EUR") : CT_LIT("USD");
    }
    offer(w->f, "t", 300, CT_STOCK_AVAILABLE)->gpu = CT_LIT("T4"); /* the list is never empty */
}

static void commit(struct world *w)
{
    bool more = roll(2);
    for (size_t i = 0; i < N_SOURCES; i++) {
        uint64_t what = roll(20);
        for (uint64_t n = roll(4); n > 0; n--)
            change(&w->sold[i][roll(N_OFFERS)]);
        if (what < 12) {
            gather(w, i);
            fetch(w->f, ids[i], w->now_ms + (int64_t)i);
        } else if (what == 12) {
            gather(w, i);
            import(w->f, ids[i], T0 + (int64_t)roll((uint64_t)(w->now_ms - T0)));
        } else if (what < 18) {
            repeat(w->f, ids[i], w->now_ms + (int64_t)i);
        } else {
            failed(w->f, ids[i], w->now_ms + (int64_t)i);
        }
    }
    if (roll(12) == 0)
        put_sources(w);
    while (more)
        assert_int_equal(ct_write_references(w->f->w, w->now_ms + 6 * CT_MINUTE, &more, &w->f->err), CT_OK);
}

/* Asked of the indices alone R says of each what its offers make of it. */
static void indices_are_those_of(struct ct_reader *r, struct ct_query q, struct ct_rows gpus)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_error err;
    struct ct_rows rows = {NULL, 0};
    size_t figures = 0;
    assert_int_equal(ct_read_indices(r, &q, a, &rows, &err), CT_OK);
    const struct ct_gpu_row *v = rows.v, *g = gpus.v;
    for (size_t i = 0, k = 0; i < gpus.n; i++) {
        if (g[i].index_usd_per_gpu_hour == CT_NONE)
            continue;
        while (k < rows.n && !ct_span_eq(v[k].series, g[i].series))
            k++;
        assert_true(k < rows.n);
        assert_int_equal(v[k].index_usd_per_gpu_hour, g[i].index_usd_per_gpu_hour);
        assert_int_equal(v[k].change_24h_milli, g[i].change_24h_milli);
        assert_int_equal(v[k].change_7d_milli, g[i].change_7d_milli);
        assert_int_equal(v[k].change_30d_milli, g[i].change_30d_milli);
        assert_true(v[k].clouds >= g[i].clouds); /* lists that disagree on what a machine holds count for both */
        figures++;
    }
    assert_int_equal(rows.n, figures);
    ct_arena_free(a);
}

/* What R says of all indices at Q's moment: what moved, the list, and one of them over time. */
static char *told(struct ct_reader *r, struct ct_query q)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_buf b = CT_BUF_INIT;
    struct ct_error err;
    struct ct_rows rows = {NULL, 0};
    assert_int_equal(ct_read_movers(r, &q, a, &rows, &err), CT_OK);
    const struct ct_mover_row *m = rows.v;
    for (size_t i = 0; i < rows.n; i++)
        ct_buf_addf(&b, "%.*s %lld %lld %lld\n", CT_FMT(m[i].series), (long long)m[i].then_value,
                    (long long)m[i].now_value, (long long)m[i].pct_milli);
    q.group = "gpu";
    assert_int_equal(ct_read_gpus(r, &q, a, &rows, &err), CT_OK);
    const struct ct_gpu_row *g = rows.v;
    for (size_t i = 0; i < rows.n; i++)
        ct_buf_addf(&b, "%.*s %lld %lld %lld %lld %lld\n", CT_FMT(g[i].gpu), (long long)g[i].index_usd_per_gpu_hour,
                    (long long)g[i].change_24h_milli, (long long)g[i].change_7d_milli,
                    (long long)g[i].change_30d_milli, (long long)g[i].offers);
    indices_are_those_of(r, q, rows);
    q.subject = CT_LIT("index/*");
    q.max_points = 20;
    ct_buf_addf(&b, "%d\n", (int)ct_read_history(r, &q, a, &rows, &err)); /* there may be none */
    const struct ct_history *h = rows.v;
    for (size_t k = 0; k < rows.n; k++) {
        const struct ct_point *p = h[k].points.v;
        ct_buf_addf(&b, "%.*s", CT_FMT(h[k].series));
        for (size_t i = 0; i < h[k].points.n; i++)
            ct_buf_addf(&b, " %lld:%lld/%lld/%lld*%lld", (long long)p[i].at_ms, (long long)p[i].last, (long long)p[i].min,
                        (long long)p[i].max, (long long)p[i].n);
        ct_buf_addc(&b, '\n');
    }
    ct_arena_free(a);
    ct_buf_adds(&b, "");
    return b.p;
}

static void look(struct world *w, const char *sql)
{
    assert_int_equal(sqlite3_exec(w->f->look, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* Sometimes by one who finds neither prices of past moments kept ready nor indices. */
static void is_as_told_anew(struct world *w, struct ct_query q)
{
    struct ct_reader *fresh;
    bool bare = roll(4) == 0, plain = roll(2) == 0;
    if (bare)
        look(w, "CREATE TEMP TABLE ready AS SELECT * FROM reference; DELETE FROM reference");
    if (plain)
        look(w, "CREATE TEMP TABLE past AS SELECT * FROM index_past; DELETE FROM index_past");
    assert_int_equal(ct_reader_open(w->f->path, &fresh, &w->f->err), CT_OK);
    char *want = told(fresh, q);
    if (bare)
        look(w, "INSERT INTO reference SELECT * FROM temp.ready; DROP TABLE temp.ready");
    if (plain)
        look(w, "INSERT INTO index_past SELECT * FROM temp.past; DROP TABLE temp.past");
    char *is = told(w->r, q);
    assert_string_equal(is, want);
    free(want);
    free(is);
    ct_reader_close(fresh);
}

static void what_is_kept_of_offers_is_what_the_file_says(void **state)
{
    static const int64_t steps[] = {CT_HOUR, CT_HOUR, CT_HOUR, 3 * CT_HOUR, CT_DAY};
    static const int64_t backs[] = {CT_HOUR, CT_DAY, 7 * CT_DAY, 40 * CT_DAY};
    struct world w = {.f = *state, .now_ms = T0 + CT_HOUR};
    rng = 11;
    put_sources(&w);
    assert_int_equal(ct_reader_open(w.f->path, &w.r, &w.f->err), CT_OK);
    for (size_t i = 0; i < N_SOURCES; i++)
        for (size_t k = 0; k < N_OFFERS; k++)
            w.sold[i][k] = (struct sold){.there = true, .milli = 2000 + (int64_t)k * 100, .host = 1};
    for (int n = 0; n < STEPS; n++) {
        w.now_ms += n % 40 == 39 ? 36 * CT_DAY : steps[roll(CT_LEN(steps))]; /* sometimes long enough to be gone for good */
        commit(&w);
        for (int k = 0; k < 3; k++) { /* twice live, with the clock a little later; then some moment before */
            int64_t past = T0 + (int64_t)roll((uint64_t)(w.now_ms - T0)), now = w.now_ms + k * (1 + (int64_t)roll(9)) * CT_MINUTE;
            struct ct_query q = {.at_ms = k < 2 ? CT_LIVE : past, .now_ms = now};
            q.from_ms = (k < 2 ? now : past) - backs[roll(CT_LEN(backs))];
            q.window_only = roll(2);
            is_as_told_anew(&w, q);
        }
    }
    ct_reader_close(w.r);
}

static size_t n_parts(const struct ct_market_all *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->v.n; i++)
        n += all->v.v[i].m.v.n;
    return n;
}

/* The list itself, as of a load of R now. */
static const struct ct_market_all *list(struct world *w, struct ct_arena *a)
{
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = w->now_ms};
    ct_load_begin(w->r, &q, a, &w->f->err);
    const struct ct_market_all *all = ct_market_all_parts(w->r, w->now_ms);
    assert_int_equal(ct_load_end(w->r), CT_OK);
    return all;
}

/* One cloud that sells all offers at one price, read once. */
static struct world plain_world(struct fixture *f)
{
    struct world w = {.f = f, .now_ms = T0 + CT_HOUR};
    rng = 1;
    put_sources(&w);
    assert_int_equal(ct_reader_open(w.f->path, &w.r, &w.f->err), CT_OK);
    for (size_t k = 0; k < N_OFFERS; k++)
        w.sold[0][k] = (struct sold){.there = true, .milli = 2000, .host = 1};
    gather(&w, 0);
    fetch(w.f, "aws", w.now_ms);
    return w;
}

static void prices_that_move_leave_the_list_of_offers_alone(void **state)
{
    struct world w = plain_world(*state);
    struct ct_arena *a = ct_arena_new(0);
    const struct ct_market_part *first = list(&w, a)->v.v[0].m.v.v;
    assert_int_equal(n_parts(list(&w, a)), N_OFFERS + 1); /* and the T4 */
    for (size_t k = 0; k < N_OFFERS; k++) {
        w.sold[0][k].milli += 100;
        gather(&w, 0);
        fetch(w.f, "aws", w.now_ms += CT_HOUR);
        assert_ptr_equal(list(&w, a)->v.v[0].m.v.v, first); /* the same one */
    }
    expect(w.f, "SELECT value FROM meta WHERE key = 'offers'", "9");
    w.sold[0][3].memory = 1; /* a fact that is no price */
    gather(&w, 0);
    fetch(w.f, "aws", w.now_ms += CT_HOUR);
    expect(w.f, "SELECT value FROM meta WHERE key = 'offers'", "10");
    ct_reader_close(w.r);
    ct_arena_free(a);
}

static void an_offer_that_comes_back_after_long_is_there_again(void **state)
{
    struct world w = plain_world(*state);
    struct ct_arena *a = ct_arena_new(0);
    w.sold[0][5].there = false;
    gather(&w, 0);
    fetch(w.f, "aws", w.now_ms += CT_HOUR);
    gather(&w, 0);
    fetch(w.f, "aws", w.now_ms += 40 * CT_DAY);
    assert_int_equal(n_parts(list(&w, a)), N_OFFERS); /* and the T4 */
    w.sold[0][5].there = true;
    gather(&w, 0);
    fetch(w.f, "aws", w.now_ms += CT_HOUR);
    assert_int_equal(n_parts(list(&w, a)), N_OFFERS + 1);
    ct_reader_close(w.r);
    ct_arena_free(a);
}

/* ---- indices over time ---- */

/* Hour after hour of five clouds with prices of their own, and what is kept of that. */
static struct world long_world(struct fixture *f)
{
    struct world w = {.f = f, .now_ms = T0};
    rng = 5;
    put_sources(&w);
    assert_int_equal(ct_reader_open(w.f->path, &w.r, &w.f->err), CT_OK);
    for (size_t i = 0; i < N_SOURCES; i++)
        for (size_t k = 0; k < N_OFFERS; k++)
            w.sold[i][k] = (struct sold){.there = true, .milli = 2000 + (int64_t)(i * 100 + k), .host = 1};
    for (int n = 0; n < 60; n++) {
        w.now_ms += CT_HOUR;
        for (size_t i = 0; i < N_SOURCES; i++) {
            w.sold[i][0].milli += n % 2 ? 40 : -40;
            gather(&w, i);
            fetch(w.f, ids[i], w.now_ms + (int64_t)i);
        }
    }
    return w;
}

static void keep(struct world *w)
{
    for (bool more = true; more;)
        assert_int_equal(ct_write_references(w->f->w, w->now_ms + 6 * CT_MINUTE, &more, &w->f->err), CT_OK);
}

/* The index a day ago, as one says who draws two days of it. */
static int64_t drawn(struct world *w)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = w->now_ms + CT_MINUTE, .subject = CT_LIT("index/H100-SXM/od"),
                         .from_ms = w->now_ms - 2 * CT_DAY, .window_only = true, .max_points = 400};
    struct ct_rows rows;
    int64_t value = CT_NONE;
    assert_int_equal(ct_read_history(w->r, &q, a, &rows, &w->f->err), CT_OK);
    assert_int_equal(rows.n, 1);
    const struct ct_history *h = rows.v;
    const struct ct_point *p = h->points.v;
    for (size_t i = 0; i < h->points.n && p[i].at_ms <= w->now_ms - CT_DAY; i++)
        value = p[i].last;
    ct_arena_free(a);
    return value;
}

/* What is kept tells a lie of the time up to a moment ago: whoever believes it shows 7. */
static void lie(struct world *w)
{
    sqlite3_stmt *st;
    struct ct_sample v[2];
    struct ct_buf blob = CT_BUF_INIT;
    assert_int_equal(sqlite3_prepare_v2(w->f->look, "SELECT from_ms, b FROM index_past WHERE gpu='H100'", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    struct ct_span was = {sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1)};
    struct ct_sample *all = ct_xcalloc(ct_blob_rows(was) + 1, sizeof *all);
    assert_true(ct_blob_decode(was, all));
    v[0] = (struct ct_sample){sqlite3_column_int64(st, 0), 7, 0};
    v[1] = all[ct_blob_rows(was) - 1];
    sqlite3_finalize(st);
    ct_blob_encode(&blob, v, 2);
    assert_int_equal(sqlite3_prepare_v2(w->f->look, "UPDATE index_past SET b=?1 WHERE gpu='H100'", -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_blob(st, 1, blob.p, (int)blob.n, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    sqlite3_finalize(st);
    ct_buf_free(&blob);
    free(all);
}

static void an_index_is_drawn_by_what_is_kept_of_it(void **state)
{
    struct world w = long_world(*state);
    int64_t value = drawn(&w);
    assert_true(value > INT64_C(1000000000));
    keep(&w);
    assert_int_equal(drawn(&w), value);
    lie(&w);
    assert_int_equal(drawn(&w), 7);
    w.sold[2][1].milli += 20; /* and gone on with */
    gather(&w, 2);
    fetch(w.f, ids[2], w.now_ms += CT_MINUTE);
    assert_int_equal(drawn(&w), 7);
    w.now_ms += 2 * CT_HOUR;
    keep(&w);
    expect(w.f, "SELECT count(*) FROM index_past WHERE until_ms > from_ms", "1");
    assert_int_equal(drawn(&w), 7);
    look(&w, "UPDATE index_past SET mark=mark+1");
    assert_int_not_equal(drawn(&w), 7);
    keep(&w); /* nothing is due: the next hour makes it anew */
    w.now_ms += CT_HOUR;
    keep(&w);
    look(&w, "UPDATE index_past SET mark=mark"); /* a commit by somebody else */
    assert_int_not_equal(drawn(&w), 7);
    ct_reader_close(w.r);
}

static void change_fact(struct world *w)
{
    w->sold[1][3].host = 0;
    gather(w, 1);
    fetch(w->f, ids[1], w->now_ms += CT_MINUTE);
}

static void come_late(struct world *w)
{
    w->sold[1][0].milli = 1000;
    gather(w, 1);
    import(w->f, ids[1], w->now_ms - 30 * CT_HOUR + CT_MINUTE);
}

/* As when a price is believed after all: nothing but a sample of then. */
static void put_behind(struct world *w)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "INSERT INTO tick SELECT n+1, source_id, %lld, 0, b FROM tick ORDER BY n DESC LIMIT 1",
                   (long long)(w->now_ms - 30 * CT_HOUR));
    look(w, sql);
}

static void change_interval(struct world *w)
{
    struct ct_source_conf conf = fixture_conf(ids[2], CT_SOURCE_PRICES);
    conf.interval_ms = CT_DAY;
    assert_int_equal(ct_write_sources(w->f->w, &conf, 1, T0, &w->f->err), CT_OK);
}

static void damage(struct world *w)
{
    look(w, "UPDATE index_past SET b=x'00'");
}

static void end_before(struct world *w)
{
    look(w, "UPDATE index_past SET until_ms = until_ms - 1800000, upto_ms = upto_ms - 1800000");
}

/* Whatever it depends on changes: then nobody believes what is kept. */
static void an_index_kept_is_left_alone_once_it_may_be_another(void **state)
{
    static void (*const changes[])(struct world *w) = {change_fact, come_late, put_behind, change_interval, damage, end_before};
    struct world w = long_world(*state);
    for (size_t i = 0; i < CT_LEN(changes); i++) {
        w.now_ms += 2 * CT_HOUR;
        for (size_t k = 0; k < N_SOURCES; k++) {
            gather(&w, k);
            fetch(w.f, ids[k], w.now_ms + (int64_t)k);
        }
        keep(&w);
        lie(&w);
        assert_int_equal(drawn(&w), 7);
        changes[i](&w);
        if (drawn(&w) == 7)
            fail_msg("believed after change %zu", i);
        look(&w, "DELETE FROM index_past");
    }
    ct_reader_close(w.r);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_is_kept_of_offers_is_what_the_file_says),
        T(prices_that_move_leave_the_list_of_offers_alone),
        T(an_offer_that_comes_back_after_long_is_there_again),
        T(an_index_is_drawn_by_what_is_kept_of_it),
        T(an_index_kept_is_left_alone_once_it_may_be_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
