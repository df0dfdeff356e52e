/* Indices and numbers of hosts in small worlds where the right answer is written by hand. */
#include "config.h"

#include "samples_fixture.h"
#include "write_fixture.h"

#include "db/market.h"
#include "db/read.h"

#define HOUR(n) (T0 + (int64_t)(n)*CT_HOUR)

static const char *const clouds[] = {"aws", "azure", "gcp", "lambda"};

struct world {
    struct fixture *f;
    struct ct_reader *r;
    struct ct_arena *arena;
    struct ct_error err;
};

/* A source a cloud, asked every hour. */
static struct world begin(void **state)
{
    struct world w = {.f = *state, .arena = ct_arena_new(0)};
    struct ct_source_conf confs[CT_LEN(clouds) + 1];
    for (size_t i = 0; i < CT_LEN(confs); i++) {
        confs[i] = fixture_conf(i < CT_LEN(clouds) ? clouds[i] : "token",
                                i < CT_LEN(clouds) ? CT_SOURCE_PRICES : CT_SOURCE_MODELS);
        confs[i].interval_ms = CT_HOUR;
    }
    assert_int_equal(ct_write_sources(w.f->w, confs, CT_LEN(confs), T0, &w.f->err), CT_OK);
    assert_int_equal(ct_reader_open(w.f->path, &w.r, &w.err), CT_OK);
    return w;
}

static void end(struct world *w)
{
    ct_reader_close(w->r);
    ct_arena_free(w->arena);
}

static struct ct_offer *put(struct world *w, int cloud, const char *instance, int64_t milli)
{
    struct ct_offer *o = offer(w->f, instance, milli, CT_STOCK_AVAILABLE);
    o->cloud = ct_span(clouds[cloud]);
    return o;
}

/* The only offer of CLOUD costs MILLI (below 0: there is none) from hour H on. */
static void price(struct world *w, int cloud, int64_t milli, int h)
{
    if (milli >= 0)
        put(w, cloud, "x", milli);
    put(w, cloud, "other", 1)->gpu = CT_LIT("T4"); /* the list is never empty */
    fetch(w->f, clouds[cloud], HOUR(h));
}

/* The series' points and gaps: "hour value" and "from-to reason", a blank between. */
static struct ct_span told(struct world *w, const char *series, int64_t at_ms)
{
    struct ct_query q = {.at_ms = at_ms, .now_ms = at_ms == CT_LIVE ? HOUR(100) : at_ms,
                         .subject = ct_span(series)};
    struct ct_rows rows = {NULL, 0};
    struct ct_buf out = CT_BUF_INIT;
    if (ct_read_history(w->r, &q, w->arena, &rows, &w->err) != CT_OK)
        return ct_arena_printf(w->arena, "%s", w->err.what);
    const struct ct_history *h = rows.v;
    const struct ct_point *p = h->points.v;
    const struct ct_gap *g = h->gaps.v;
    for (size_t i = 0; i < h->points.n; i++) {
        char text[CT_DECIMAL_MAX];
        ct_decimal_format(text, p[i].last, h->digits);
        ct_buf_addf(&out, "%s%lld:%s", out.n ? " " : "", (long long)((p[i].at_ms - T0) / CT_HOUR), text);
    }
    for (size_t i = 0; i < h->gaps.n; i++)
        ct_buf_addf(&out, " [%lld-%lld %.*s]", (long long)((g[i].from_ms - T0) / CT_HOUR),
                    (long long)((g[i].to_ms - T0) / CT_HOUR), CT_FMT(g[i].reason));
    struct ct_span text = ct_arena_dup(w->arena, ct_buf_span(&out));
    ct_buf_free(&out);
    return text;
}

static void tells(struct world *w, const char *series, int64_t at_ms, const char *want)
{
    struct ct_span is = told(w, series, at_ms);
    assert_string_equal(is.p ? is.p : "", want);
}

/* The index as `gpus --group gpu` has it, in 1e-9 dollars. */
static const struct ct_gpu_row *group(struct world *w, const char *gpu, int purchase, int64_t at_ms)
{
    struct ct_query q = {.at_ms = at_ms, .now_ms = at_ms, .group = "gpu"};
    struct ct_rows rows = {NULL, 0};
    assert_int_equal(ct_read_gpus(w->r, &q, w->arena, &rows, &w->err), CT_OK);
    const struct ct_gpu_row *g = rows.v;
    for (size_t i = 0; i < rows.n; i++)
        if (ct_span_is(g[i].gpu, gpu) && g[i].purchase == purchase)
            return &g[i];
    return NULL;
}

static void three_clouds_make_an_index_and_two_a_gap(void **state)
{
    struct world w = begin(state);
    static const int hours[][4] = {{2000, -1, -1, -1},     {2000, 4000, -1, -1},
                                   {2000, 4000, 3000, -1}, {2000, 4000, 3000, 7000},
                                   {2000, 4000, 3000, -1}, {2000, 4000, -1, -1}};
    for (int h = 0; h < (int)CT_LEN(hours); h++)
        for (int i = 0; i < 4; i++)
            price(&w, i, hours[h][i], h); /* of four the mean of the middle two */
    tells(&w, "index/H100-SXM/od", HOUR(5), "2:3 3:3.5 4:3 [0-2 fewer than three clouds]");
    for (int i = 0; i < 4; i++)
        repeat(w.f, clouds[i], HOUR(6));
    tells(&w, "index/H100-SXM/od", HOUR(6),
          "2:3 3:3.5 4:3 [0-2 fewer than three clouds] [5-6 fewer than three clouds]");
    struct ct_query q = {.at_ms = HOUR(6), .now_ms = HOUR(6), .subject = CT_LIT("index/H100-SXM/od")};
    struct ct_rows rows = {NULL, 0};
    assert_int_equal(ct_read_figures(w.r, &q, w.arena, &rows, &w.err), CT_OK);
    assert_int_equal(rows.n, 1); /* the figures are of what the chart shows */
    const struct ct_figures_row *figures = rows.v;
    assert_int_equal(figures->min, 3000000000);
    assert_int_equal(figures->median, 3000000000);
    assert_int_equal(figures->max, 3500000000);
    assert_int_equal(figures->last, CT_NONE);
    assert_int_equal(figures->changes, 2);
    assert_int_equal(figures->last_change_ms, HOUR(4));
    assert_int_equal(figures->known_s, 3 * 3600);
    assert_int_equal(figures->gap_s, 3 * 3600);
    assert_int_equal(figures->longest_gap_s, 2 * 3600);
    assert_true(ct_span_is(figures->longest_gap_reason, "fewer than three clouds"));
    assert_int_equal(figures->times_gone, CT_NONE); /* nobody lists an index */
    assert_int_equal(figures->gone_s, CT_NONE);
    assert_null(group(&w, "H200", CT_PURCHASE_OD, HOUR(6)));
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(6))->index_usd_per_gpu_hour, CT_NONE);
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(6))->index_usd_per_pflop_hour, CT_NONE);
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(3))->index_usd_per_gpu_hour, 3500000000);
    end(&w);
}

/* One cloud with many offers weighs as much as one with one; bare GPUs are no offers; spot is apart. */
static void a_cloud_counts_by_its_cheapest_comparable_offer(void **state)
{
    struct world w = begin(state);
    put(&w, 0, "dear", 9000);
    put(&w, 0, "cheap", 2000);
    put(&w, 0, "bare", 100)->host_included = 0;
    put(&w, 0, "spot", 500)->purchase = CT_PURCHASE_SPOT;
    put(&w, 0, "pcie", 700)->form = CT_LIT("PCIe");
    fetch(w.f, "aws", HOUR(0));
    price(&w, 1, 4000, 0);
    price(&w, 2, 3000, 0);
    tells(&w, "index/H100-SXM/od", HOUR(1), "0:3");
    tells(&w, "index/H100-SXM/spot", HOUR(1), " [0-1 fewer than three clouds]");
    const struct ct_gpu_row *g = group(&w, "H100", CT_PURCHASE_SPOT, HOUR(1));
    assert_int_equal(g->index_usd_per_gpu_hour, CT_NONE);
    end(&w);
}

/* Lies do not move it: a price a hundredth of the usual is held back until it proves true. */
static void quarantined_and_suspect_prices_stay_out(void **state)
{
    struct world w = begin(state);
    for (int h = 0; h < 4; h++) {
        price(&w, 0, 2000, h);
        price(&w, 1, 4000, h);
        price(&w, 2, 3000, h);
        price(&w, 3, 5000, h);
    }
    price(&w, 0, 20, 4);
    price(&w, 0, 2000, 5);
    for (int h = 4; h <= 5; h++)
        for (int i = 1; i < 4; i++)
            repeat(w.f, clouds[i], HOUR(h));
    /* aws is out for an hour: the median of 3, 4, 5 in place of that of 2, 3, 4, 5 */
    tells(&w, "index/H100-SXM/od", HOUR(5), "0:3.5 4:4 5:3.5");
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(4))->index_usd_per_gpu_hour, 4000000000);
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(4))->index_usd_per_pflop_hour, 4044489383);
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(5))->index_usd_per_gpu_hour, 3500000000);
    end(&w);
}

/* A source that fell silent while others were heard is left out; when all stop, the figure stays. */
/* ---- offers that a catalogue lists as well, under names of its own ---- */

/* Three clouds' own sources and a catalogue of all. */
static struct world begin_with_catalogue(void **state)
{
    struct world w = {.f = *state, .arena = ct_arena_new(0)};
    struct ct_source_conf confs[4];
    for (size_t i = 0; i < CT_LEN(confs); i++) {
        confs[i] = fixture_conf(i < 3 ? clouds[i] : "list", CT_SOURCE_PRICES);
        confs[i].provider = i < 3 ? clouds[i] : "";
        confs[i].evidence = i < 3 ? CT_EVIDENCE_OFFICIAL : CT_EVIDENCE_LISTED;
        confs[i].interval_ms = CT_HOUR;
    }
    assert_int_equal(ct_write_sources(w.f->w, confs, CT_LEN(confs), T0, &w.f->err), CT_OK);
    assert_int_equal(ct_reader_open(w.f->path, &w.r, &w.err), CT_OK);
    return w;
}

/* "offers clouds cheapest index" of H100-SXM on demand. */
static void groups(struct world *w, int64_t at_ms, const char *want)
{
    const struct ct_gpu_row *g = group(w, "H100", CT_PURCHASE_OD, at_ms);
    char is[100];
    assert_non_null(g);
    snprintf(is, sizeof is, "%lld %lld %.*s %.3f %.3f", (long long)g->offers, (long long)g->clouds,
             CT_FMT(g->cheapest_cloud), (double)g->cheapest_usd_per_gpu_hour / 1e9,
             (double)g->index_usd_per_gpu_hour / 1e9);
    assert_string_equal(is, want);
}

static void a_catalogue_with_names_of_its_own_counts_only_where_the_cloud_is_silent(void **state)
{
    struct world w = begin_with_catalogue(state);
    static const int64_t own[] = {2000, 3000, 4000};
    for (int h = 0; h < 2; h++) {
        for (int i = 0; i < 3; i++) {
            put(&w, i, "H100 SXM", own[i]);
            put(&w, i, "other", 1)->gpu = CT_LIT("T4");
            fetch(w.f, clouds[i], HOUR(h));
        }
        for (int i = 0; i < 3; i++) /* the same machines, at last week's prices */
            put(&w, i, "1x_H100_SECURE", own[i] * 7 / 10)->region = CT_LIT("US");
        put(&w, 0, "1x_A100", 500)->gpu = CT_LIT("A100"); /* what the cloud's source does not know */
        put(&w, 3, "1x_H100", 5000);                      /* a cloud without one */
        struct ct_offer *o = put(&w, 0, "1x_H100_94", 1500); /* and another memory */
        o->gpu_mem_milli = 94000;
        fetch(w.f, "list", HOUR(h));
    }
    groups(&w, HOUR(1), "5 4 aws 1.500 3.500");
    tells(&w, "index/H100-SXM/od", HOUR(1), "0:3.5");
    const struct ct_gpu_row *a100 = group(&w, "A100", CT_PURCHASE_OD, HOUR(1));
    assert_int_equal(a100->offers, 1);
    put(&w, 0, "other", 1)->gpu = CT_LIT("T4"); /* the cloud sells none any more: the list's word counts */
    fetch(w.f, clouds[0], HOUR(2));
    put(&w, 0, "other", 1)->gpu = CT_LIT("T4");
    fetch(w.f, clouds[0], HOUR(3));
    put(&w, 0, "other", 1)->gpu = CT_LIT("T4");
    fetch(w.f, clouds[0], HOUR(4));
    groups(&w, HOUR(4), "5 4 aws 1.400 3.500");
    end(&w);
}

static void a_catalogue_that_uses_a_clouds_names_is_matched_by_them(void **state)
{
    struct world w = begin_with_catalogue(state);
    for (int i = 0; i < 3; i++) {
        put(&w, i, "p5.48xlarge", 2000 + 1000 * i);
        fetch(w.f, clouds[i], HOUR(0));
    }
    for (int i = 0; i < 3; i++) {
        put(&w, i, "P5.48xlarge", 1000);                              /* the same offer */
        put(&w, i, "p5.48xlarge", 2500)->region = CT_LIT("eu-west-1"); /* where nobody else looked */
    }
    fetch(w.f, "list", HOUR(0));
    groups(&w, HOUR(0), "6 3 aws 2.000 2.500");
    end(&w);
}

static void a_group_says_that_its_price_was_computed_from_another_currency(void **state)
{
    struct world w = begin_with_catalogue(state);
    struct ct_rate *rate = CT_VEC_PUSH(w.f->arena, &w.f->batch.rates);
    *rate = (struct ct_rate){CT_LIT("EUR"), INT64_C(1100000000), HOUR(0)};
    fetch(w.f, "list", HOUR(0));
    put(&w, 0, "a", 2000)->currency = CT_LIT("EUR");
    fetch(w.f, clouds[0], HOUR(0));
    put(&w, 1, "a", 3000);
    fetch(w.f, clouds[1], HOUR(0));
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(0))->converted, 1);
    put(&w, 1, "a", 2100);
    fetch(w.f, clouds[1], HOUR(1));
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(1))->converted, 0);
    end(&w);
}

static void silence_of_one_is_left_out_and_silence_of_all_is_a_gap(void **state)
{
    struct world w = begin(state);
    for (int i = 0; i < 4; i++)
        price(&w, i, 1000 * (i + 1), 0); /* 1 2 3 4: 2.5 */
    for (int h = 1; h <= 60; h++)
        for (int i = 0; i < 3; i++)
            repeat(w.f, clouds[i], HOUR(h));
    struct ct_span is = told(&w, "index/H100-SXM/od", HOUR(60));
    assert_true(ct_span_starts(is, "0:2.5 24:2")); /* a day later lambda's word is no longer taken */
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(60))->index_usd_per_gpu_hour, 2000000000);
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(20))->index_usd_per_gpu_hour, 2500000000);
    is = told(&w, "index/H100-SXM/od", HOUR(90)); /* nobody fetched for thirty hours */
    assert_non_null(strstr(is.p, "[60-90 not recorded]"));
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, HOUR(90))->index_usd_per_gpu_hour, 2000000000);
    end(&w);
}

static void recorded_answers_hold_until_the_next_one(void **state)
{
    struct world w = begin(state);
    for (int month = 0; month < 3; month++)
        for (int i = 0; i < 3; i++) {
            put(&w, i, "x", 1000 * (i + 1 + month));
            import(w.f, clouds[i], HOUR(24 * (30 * month + i))); /* a day apart */
        }
    tells(&w, "index/H100-SXM/od", HOUR(24 * 62),
          "48:2 744:3 1464:4 [0-48 fewer than three clouds]");
    end(&w);
}

/* The same figure, whoever asks: at any moment the group's index is the value of the series. */
static void groups_and_history_agree_at_every_moment(void **state)
{
    struct world w = begin(state);
    uint64_t seed = 7;
    for (int h = 0; h < 48; h++)
        for (int i = 0; i < 4; i++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            int64_t milli = 2000 + (int64_t)(seed >> 60) * 100;
            if (seed >> 33 & 7)
                price(&w, i, seed >> 40 & 7 ? milli : -1, h);
        }
    for (int h = 0; h < 48; h++) {
        int64_t at = HOUR(h) + CT_MINUTE;
        struct ct_query q = {.at_ms = at, .now_ms = at, .subject = CT_LIT("index/H100-SXM/od"),
                             .from_ms = at - 1, .to_ms = at};
        struct ct_rows rows = {NULL, 0};
        const struct ct_gpu_row *g = group(&w, "H100", CT_PURCHASE_OD, at);
        int64_t index = g ? g->index_usd_per_gpu_hour : CT_NONE;
        assert_int_equal(ct_read_history(w.r, &q, w.arena, &rows, &w.err), CT_OK);
        const struct ct_history *live = rows.v;
        int64_t value = live->open_value;
        assert_int_equal(index, value);
        /* and in the story told from the end */
        q = (struct ct_query){.at_ms = HOUR(48), .now_ms = HOUR(48), .subject = q.subject};
        assert_int_equal(ct_read_history(w.r, &q, w.arena, &rows, &w.err), CT_OK);
        const struct ct_history *all = rows.v;
        const struct ct_point *p = all->points.v;
        const struct ct_gap *gap = all->gaps.v;
        for (value = CT_NONE; p < (const struct ct_point *)all->points.v + all->points.n; p++)
            value = p->at_ms <= at ? p->last : value;
        for (size_t k = 0; k < all->gaps.n; k++)
            value = gap[k].from_ms <= at && at < gap[k].to_ms ? CT_NONE : value;
        assert_int_equal(index, value);
    }
    end(&w);
}

/* ---- a market whose truth is known ---- */

enum { N_CLOUDS = 7, N_HOURS = 150, MOST_LIARS = 3 };

struct market {
    uint64_t seed;
    int64_t truth[N_HOURS]; /* what a GPU-hour is worth, in thousandths of a dollar */
    int lie[N_CLOUDS], left[N_CLOUDS]; /* what a cloud's list says instead, and for how long */
    int liars, lies;
};

static int64_t chance(struct market *m, int64_t n)
{
    m->seed = m->seed * 6364136223846793005U + 1442695040888963407U;
    return (int64_t)(m->seed >> 33) % n;
}

/* Cloud I asks 2 % more or less than the one beside it: from 6 % below to 6 % above what it is worth. */
static int64_t honest(const struct market *m, int cloud, int h)
{
    return m->truth[h] * (94 + 2 * cloud) / 100;
}

/* A place-holder, a wrong unit, a machine for a GPU, a tenth, or what it cost at first; at most three at once, from one
 * to nine hours long: some are believed in the end. */
static int64_t told_price(struct market *m, int cloud, int h, bool may_lie)
{
    int64_t fair = honest(m, cloud, h);
    const int64_t lies[] = {10, fair * 100, fair * 8, fair / 10, 1000};
    if (m->left[cloud] > 0 && --m->left[cloud] == 0)
        m->liars--;
    if (may_lie && h > 10 && m->left[cloud] == 0 && m->liars < MOST_LIARS && chance(m, 12) == 0) {
        m->lie[cloud] = (int)chance(m, CT_LEN(lies));
        m->left[cloud] = 1 + (int)chance(m, 9);
        m->liars++;
        m->lies++;
    }
    return m->left[cloud] ? lies[m->lie[cloud]] : fair;
}

/* Records the market hour by hour. */
static void run_market(struct world *w, struct market *m, bool may_lie)
{
    static const char *const ids[N_CLOUDS] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6"};
    struct ct_source_conf confs[N_CLOUDS];
    for (int i = 0; i < N_CLOUDS; i++) {
        confs[i] = fixture_conf(ids[i], CT_SOURCE_PRICES);
        confs[i].interval_ms = CT_HOUR;
    }
    assert_int_equal(ct_write_sources(w->f->w, confs, N_CLOUDS, T0, &w->f->err), CT_OK);
    for (int h = 0; h < N_HOURS; h++) {
        m->truth[h] = h ? m->truth[h - 1] * (990 + chance(m, 20)) / 1000 : 4000;
        for (int i = 0; i < N_CLOUDS; i++) {
            struct ct_offer *o = offer(w->f, "x", told_price(m, i, h, may_lie), CT_STOCK_AVAILABLE);
            o->cloud = ct_span(ids[i]);
            fetch(w->f, ids[i], HOUR(h));
        }
    }
}

/* The index at each hour, out of its series. */
static void index_of(struct world *w, int64_t value[N_HOURS])
{
    struct ct_query q = {.at_ms = HOUR(N_HOURS), .now_ms = HOUR(N_HOURS), .subject = CT_LIT("index/H100-SXM/od")};
    struct ct_rows rows = {NULL, 0};
    assert_int_equal(ct_read_history(w->r, &q, w->arena, &rows, &w->err), CT_OK);
    const struct ct_history *all = rows.v;
    const struct ct_point *p = all->points.v;
    size_t next = 0;
    for (int h = 0; h < N_HOURS; h++) {
        value[h] = h ? value[h - 1] : CT_NONE;
        for (; next < all->points.n && p[next].at_ms <= HOUR(h); next++)
            value[h] = p[next].last;
    }
}

static void without_lies_the_index_is_the_truth(void **state)
{
    struct world w = begin(state);
    struct market m = {.seed = 3};
    int64_t value[N_HOURS];
    run_market(&w, &m, false);
    index_of(&w, value);
    for (int h = 0; h < N_HOURS; h++)
        assert_int_equal(value[h], honest(&m, N_CLOUDS / 2, h) * 1000000);
    end(&w);
}

/* The bound the manual states: between the least and the most that those ask who do not err. */
static void lies_of_a_minority_do_not_move_the_index_out_of_its_bound(void **state)
{
    struct world w = begin(state);
    struct market m = {.seed = 11};
    int64_t value[N_HOURS];
    run_market(&w, &m, true);
    index_of(&w, value);
    assert_true(m.lies > 40);
    for (int h = 0; h < N_HOURS; h++)
        if (value[h] < honest(&m, 0, h) * 1000000 || value[h] > honest(&m, N_CLOUDS - 1, h) * 1000000)
            fail_msg("hour %d: %lld is no price of %lld", h, (long long)value[h], (long long)m.truth[h]);
    end(&w);
}

static void changes_of_the_index_are_measured_over_a_day_a_week_and_a_month(void **state)
{
    struct world w = begin(state);
    static const struct {
        int hour, milli;
    } steps[] = {{0, 1000}, {24 * 10, 2000}, {24 * 30, 4000}, {24 * 36 + 1, 5000}};
    for (size_t s = 0; s < CT_LEN(steps); s++)
        for (int i = 0; i < 3; i++) {
            put(&w, i, "x", steps[s].milli);
            import(w.f, clouds[i], HOUR(steps[s].hour));
        }
    const struct ct_gpu_row *g = group(&w, "H100", CT_PURCHASE_OD, HOUR(24 * 37));
    assert_int_equal(g->index_usd_per_gpu_hour, 5000000000);
    assert_int_equal(g->change_24h_milli, 25000);
    assert_int_equal(g->change_7d_milli, 25000);
    assert_int_equal(g->change_30d_milli, 400000);
    assert_string_equal(g->series.p, "index/H100-SXM/od");
    struct ct_query q = {.at_ms = HOUR(24 * 37), .now_ms = HOUR(24 * 37), .from_ms = HOUR(24 * 30)};
    struct ct_rows rows = {NULL, 0};
    assert_int_equal(ct_read_movers(w.r, &q, w.arena, &rows, &w.err), CT_OK);
    const struct ct_mover_row *move = rows.v;
    bool found = false;
    for (size_t i = 0; i < rows.n; i++)
        found = found || (ct_span_is(move[i].series, "index/H100-SXM/od") &&
                          move[i].then_value == 4000000000 && move[i].now_value == 5000000000 &&
                          move[i].pct_milli == 25000);
    assert_true(found);
    end(&w);
}

static void hosts_are_counted_over_time(void **state)
{
    struct world w = begin(state);
    static const char *const hosts[] = {"openai", "azure", "aws"};
    for (int h = 0; h < 4; h++) {
        for (int i = 0; i < (h == 3 ? 1 : h + 1); i++) {
            struct ct_token_price *t = token(w.f, ct_arena_printf(w.f->arena, "%s-g5", hosts[i]).p,
                                             CT_KIND_INPUT, 1000);
            t->host = ct_span(hosts[i]);
            t->model = CT_LIT("g5");
        }
        for (int i = 0; i < 10; i++) /* an answer that shrinks a lot would be held back */
            token(w.f, ct_arena_printf(w.f->arena, "m%d", i).p, CT_KIND_INPUT, 1);
        fetch(w.f, "token", HOUR(h));
    }
    tells(&w, "hosts/openai/g5", HOUR(3), "0:1 1:2 2:3 3:1");
    end(&w);
}

/* A model at a host, known by its id there. */
static void sold(struct world *w, const char *id, const char *model, const char *host)
{
    struct ct_token_price *t = token(w->f, id, CT_KIND_INPUT, 1000);
    t->model = ct_span(model);
    t->host = ct_span(host);
}

/* Each hour's answer; "other" is sold nowhere but at its lab. */
static void clouds_of_a_lab_over_time(struct world *w)
{
    for (int h = 0; h < 6; h++) {
        for (int i = 0; i < 10; i++) /* an answer that shrinks a lot would be held back */
            sold(w, ct_arena_printf(w->f->arena, "m%d", i).p, "other", "openai");
        sold(w, "azure/a", "a", "azure");
        sold(w, "azure/router", "model-router", "azure");
        sold(w, "lambda/a", "a", "lambda");
        if (h >= 1)
            sold(w, "azure/b", "b", "azure");
        if (h >= 2 && h < 5)
            sold(w, "bedrock/a", "a", "aws");
        if (h >= 2 && h < 5)
            sold(w, "bedrock/eu/a", "a", "aws");
        if (h >= 3)
            sold(w, "vertex/b", "b", "gcp");
        if (h >= 3)
            sold(w, "vertex/c", "c", "gcp");
        fetch(w->f, "token", HOUR(h));
    }
}

/* By hand: a is on azure, then aws too, then azure alone again; b joins on azure, then gcp; c is on gcp alone. */
static void clouds_of_a_lab_and_its_exclusive_models_are_counted_over_time(void **state)
{
    struct world w = begin(state);
    clouds_of_a_lab_over_time(&w);
    tells(&w, "clouds/openai", HOUR(5), "0:1 2:2 3:3 5:2");
    tells(&w, "exclusive/openai", HOUR(5), "0:100 2:50 3:33.333 5:66.666");
    tells(&w, "clouds/nobody", HOUR(5), "no series is called \"clouds/nobody\"");
    end(&w);
}

/* The table and the series are the same figure at every moment. */
static void labs_and_their_series_agree_at_every_moment(void **state)
{
    struct world w = begin(state);
    static const char *const names[] = {"clouds/openai", "exclusive/openai"};
    clouds_of_a_lab_over_time(&w);
    for (int h = 0; h < 6; h++) {
        struct ct_query q = {.at_ms = HOUR(h) + CT_MINUTE, .now_ms = HOUR(h) + CT_MINUTE};
        struct ct_rows rows = {NULL, 0};
        assert_int_equal(ct_read_labs(w.r, &q, w.arena, &rows, &w.err), CT_OK);
        const struct ct_lab_row *lab = rows.v;
        const int64_t want[] = {lab->n_clouds, lab->one_cloud_milli};
        assert_int_equal(rows.n, 1);
        assert_string_equal(lab->series.p, names[0]);
        for (size_t i = 0; i < CT_LEN(names); i++) {
            q.subject = ct_span(names[i]);
            q.from_ms = q.at_ms - 1;
            q.to_ms = q.at_ms;
            assert_int_equal(ct_read_history(w.r, &q, w.arena, &rows, &w.err), CT_OK);
            assert_int_equal(((const struct ct_history *)rows.v)->open_value, want[i]);
        }
    }
    end(&w);
}

/* ---- classes of models ---- */

/* HOST of CLASS asks so much for a million tokens of MODEL. */
static struct ct_token_price *asks(struct world *w, const char *host, const char *class, const char *model,
                                   int kind, int64_t milli)
{
    const char *id = ct_arena_printf(w->f->arena, "%s/%s", host, model).p;
    struct ct_token_price *t = token(w->f, id, kind, milli);
    t->lab = ct_span_starts(ct_span(model), "llama") ? CT_LIT("meta") : CT_LIT("openai");
    t->model = ct_span(model);
    t->host = ct_span(host);
    t->host_class = ct_span(class);
    return t;
}

/* By hand. Hour 0: groq 1 (its cheapest member), aws 2, azure 4: 2. What a reseller, a laptop or nobody known asks counts
 * for nothing, nor does another tier, what is free, another kind of price, or a model in no class. Hour 1: azure asks 1.5,
 * so 1.5. Hour 2: aws is wrong by a thousand: 0.002 is suspect, and two are too few. Hour 3: aws is right again. */
static void a_class_of_models_has_an_index_of_its_sellers(void **state)
{
    struct world w = begin(state);
    for (int h = 0; h < 4; h++) {
        asks(&w, "groq", "inference", "llama-3.3-70b", CT_KIND_INPUT, 3000);
        asks(&w, "groq", "inference", "llama-3.1-70b", CT_KIND_INPUT, 1000);
        asks(&w, "groq", "inference", "llama-3.1-70b", CT_KIND_OUTPUT, 10);
        asks(&w, "aws", "cloud", "llama-3.3-70b", CT_KIND_INPUT, h == 2 ? 2 : 2000);
        asks(&w, "azure", "cloud", "llama-3.3-70b", CT_KIND_INPUT, h == 0 ? 4000 : 1500);
        asks(&w, "azure", "cloud", "llama-3.1-70b", CT_KIND_INPUT, 900)->tier = CT_LIT("batch");
        asks(&w, "gcp", "cloud", "llama-3.3-70b", CT_KIND_INPUT, 0);
        asks(&w, "openrouter", "reseller", "llama-3.3-70b", CT_KIND_INPUT, 100);
        asks(&w, "ollama", "local", "llama-3.3-70b", CT_KIND_INPUT, 100);
        asks(&w, "unheard", "", "llama-3.3-70b", CT_KIND_INPUT, 100);
        asks(&w, "lambda", "neocloud", "llama-9-1b", CT_KIND_INPUT, 100);
        fetch(w.f, "token", HOUR(h));
    }
    tells(&w, "index/open-70b/input", HOUR(3), "0:2 1:1.5 3:1.5 [2-3 fewer than three sellers]");
    tells(&w, "index/open-70b/output", HOUR(3), " [0-3 fewer than three sellers]");
    struct ct_query q = {.at_ms = HOUR(1), .now_ms = HOUR(1)};
    struct ct_rows rows = {NULL, 0};
    assert_int_equal(ct_read_classes(w.r, &q, w.arena, &rows, &w.err), CT_OK);
    const struct ct_class_row *c = rows.v;
    assert_int_equal(rows.n, 2);
    assert_true(ct_span_is(c->name, "open-70b") && ct_span_is(c->kind, "input"));
    assert_int_equal(c->index, 1500000000);
    assert_true(c->sellers == 3 && c->cheapest == 1000000000 && c->dearest == 2000000000);
    assert_true(ct_span_is(c->cheapest_host, "groq") && ct_span_is(c->series, "index/open-70b/input"));
    assert_true(c[1].index == CT_NONE && c[1].sellers == 1);
    end(&w);
}

static void series_made_of_others_are_found_like_all(void **state)
{
    struct world w = begin(state);
    for (int i = 0; i < 3; i++)
        price(&w, i, 1000 * (i + 1), 0);
    static const char *const names[] = {"index/H100-SXM/od", "H100-SXM/od", "h100-sxm od index",
                                        "index/H100*/od", "index/*"};
    for (size_t i = 0; i < CT_LEN(names); i++)
        if (!ct_span_starts(told(&w, names[i], HOUR(1)), i < 4 ? "0:2" : "0:"))
            fail_msg("%s: %s", names[i], told(&w, names[i], HOUR(1)).p);
    tells(&w, "index/H100-SXN/od", HOUR(1),
          "no series is called \"index/H100-SXN/od\"; nearest: \"index/H100-SXM/od\"");
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = HOUR(1), .subject = CT_LIT("gpu/*")};
    struct ct_rows rows = {NULL, 0};
    assert_int_equal(ct_read_series(w.r, &q, w.arena, &rows, &w.err), CT_OK);
    assert_int_equal(rows.n, 6); /* a glob of prices means none of them */
    q.subject = CT_SPAN_NONE;
    assert_int_equal(ct_read_series(w.r, &q, w.arena, &rows, &w.err), CT_OK);
    assert_true(rows.n > 6);
    end(&w);
}

/* ---- more than anybody wants to see at once ---- */

#define OFFERS 3000 /* each of them has another price every hour */
#define HOURS 90
#define ASKED(i, h) (2000 + (i) % 4 * 100 + ((i) * 7 + (h) * 13) % 997)
#define STRING(x) #x
#define SQL(x) STRING(x)

static void put_thousands(struct world *w)
{
    for (int i = 0; i < OFFERS; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "x%d", i);
        put(w, i % 4, name, ASKED(i, 0));
    }
    fetch(w->f, "list", HOUR(0));
    assert_int_equal(sqlite3_exec(w->f->look, "UPDATE poll SET to_ms=from_ms+" SQL(HOURS) "*3600000, n=" SQL(HOURS), NULL,
                                  NULL, NULL), SQLITE_OK);
    assert_true(samples_from_rows(
        w->f->look, "WITH RECURSIVE hour(h) AS (SELECT 1 UNION ALL SELECT h+1 FROM hour WHERE h<" SQL(HOURS) "),"
                    " part(id, i) AS (SELECT series_id, CAST(substr(instance,2) AS INTEGER) FROM offer)"
                    " SELECT id, (SELECT min(from_ms) FROM poll)+h*3600000, 1000000*" SQL(ASKED(i, h))
                    ", 0 FROM hour, part"));
}

/* The index at hour H: of four clouds the two in the middle. */
static int64_t truly(int h)
{
    int64_t best[4] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}, sum = 0, least = INT64_MAX, most = 0;
    for (int i = 0; i < OFFERS; i++)
        best[i % 4] = ASKED(i, h) < best[i % 4] ? ASKED(i, h) : best[i % 4];
    for (int k = 0; k < 4; k++) {
        sum += best[k];
        least = best[k] < least ? best[k] : least;
        most = best[k] > most ? best[k] : most;
    }
    return (sum - least - most) * 1000000 / 2;
}

static const struct ct_history *panel(struct world *w, size_t max_points)
{
    struct ct_rows rows = {NULL, 0};
    struct ct_arena *a = ct_arena_new(6 << 20); /* room for the offers, not for their history */
    struct ct_query q = {.at_ms = HOUR(HOURS), .now_ms = HOUR(HOURS), .from_ms = HOUR(0), .to_ms = HOUR(HOURS),
                         .subject = CT_LIT("index/H100-SXM/od"), .max_points = max_points};
    if (ct_read_history(w->r, &q, a, &rows, &w->err) != CT_OK)
        fail_msg("%s", w->err.what);
    assert_int_equal(rows.n, 1);
    assert_true(ct_arena_keep(w->arena, a));
    ct_arena_free(a);
    return rows.v;
}

static void an_index_of_thousands_of_offers_costs_what_its_columns_need(void **state)
{
    struct world w = begin(state);
    put_thousands(&w);
    const struct ct_history *h = panel(&w, 200);
    const struct ct_point *p = h->points.v;
    int64_t first = truly(0), last = truly(HOURS);
    assert_true(h->points.n > 10 && h->points.n <= 200);
    assert_int_equal(h->n_changes, CT_NONE); /* nobody counted them */
    for (size_t i = 0; i < h->points.n; i++) {
        assert_int_equal(p[i].last, truly((int)((p[i].at_ms - T0) / CT_HOUR)));
        assert_int_equal(p[i].n, 0);
    }
    assert_int_equal(p[0].last, first);
    assert_int_equal(p[h->points.n - 1].last, last);

    h = panel(&w, 7);
    p = h->points.v;
    assert_in_range(h->points.n, 3, 9);
    assert_int_equal(p[h->points.n - 1].last, last);
    assert_int_equal(p[h->points.n - 1].at_ms, HOUR(HOURS));
    assert_int_equal(p[h->points.n - 2].last, truly(HOURS - 1)); /* what a chart up to then shows last */
    end(&w);
}

/* How many moves of OFFERS' prices of a tenth or more there are in hours FROM..TO. */
static size_t large_moves(int from, int to)
{
    size_t n = 0;
    for (int i = 0; i < OFFERS; i++)
        for (int h = from > 0 ? from : 1; h <= to; h++) {
            int was = ASKED(i, h - 1), is = ASKED(i, h), by = is > was ? is - was : was - is;
            n += (int)((1000 * by + was / 2) / was) >= 100; /* as it is told: to one place */
        }
    return n;
}

static size_t told_moves(struct world *w, int from, int to)
{
    struct ct_rows rows = {NULL, 0};
    struct ct_query q = {.at_ms = HOUR(HOURS), .now_ms = HOUR(HOURS), .from_ms = HOUR(from), .to_ms = HOUR(to) + 1,
                         .subject = CT_LIT("index/H100-SXM/od"), .whole = true, .large_milli = 10000, .limit = 1000000};
    assert_int_equal(ct_read_events(w->r, &q, w->arena, &rows, &w->err), CT_OK);
    for (size_t i = 0; i < rows.n; i++) {
        const struct ct_event_row *e = (const struct ct_event_row *)rows.v + i;
        assert_in_range(e->at_ms, HOUR(from), HOUR(to));
        assert_true(e->pct_milli >= 10000 || e->pct_milli <= -10000);
    }
    return rows.n;
}

/* The last of all in hours 1..TO, by what is kept and by looking them up. */
static void the_newest_are_told(struct world *w, int to)
{
    struct ct_query q = {.at_ms = HOUR(HOURS), .now_ms = HOUR(HOURS), .from_ms = HOUR(1), .to_ms = HOUR(to) + 1,
                         .subject = CT_LIT("index/H100-SXM/od"), .whole = true, .large_milli = 10000, .limit = 20};
    struct ct_rows kept = {NULL, 0}, looked = {NULL, 0};
    assert_int_equal(ct_read_events(w->r, &q, w->arena, &kept, &w->err), CT_OK);
    q.from_ms--; /* before what is kept */
    assert_int_equal(ct_read_events(w->r, &q, w->arena, &looked, &w->err), CT_OK);
    assert_int_equal(kept.n, 20);
    assert_int_equal(looked.n, 20);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(((const struct ct_event_row *)kept.v)[i].id, ((const struct ct_event_row *)looked.v)[i].id);
}

static void large_moves_of_its_offers_are_the_same_by_its_history_and_without(void **state)
{
    struct world w = begin(state);
    put_thousands(&w);
    static const int to[] = {3, 9}; /* FEW: as many as are kept on the way; else they are looked up */
    for (size_t i = 0; i < CT_LEN(to); i++) {
        assert_int_equal(told_moves(&w, 1, to[i]), large_moves(1, to[i]));
        struct ct_rows rows = {NULL, 0};
        struct ct_query q = {.at_ms = HOUR(HOURS), .now_ms = HOUR(HOURS), .from_ms = HOUR(1), .to_ms = HOUR(to[i]) + 1,
                             .subject = CT_LIT("index/H100-SXM/od"), .max_points = 200, .large_milli = 10000};
        assert_int_equal(ct_read_history(w.r, &q, w.arena, &rows, &w.err), CT_OK);
        const struct ct_leaps *kept = w.r->kept.moment.leaps;
        assert_true(kept && kept->whole);
        assert_int_equal(kept->v.n, large_moves(1, to[i]));
        assert_int_equal(told_moves(&w, 1, to[i]), large_moves(1, to[i]));
        assert_int_equal(told_moves(&w, 2, to[i] - 1), large_moves(2, to[i] - 1));
        the_newest_are_told(&w, to[i]);
        assert_int_equal(told_moves(&w, 0, to[i]), large_moves(0, to[i])); /* before what is kept */
    }
    end(&w);
}

static void every_change_of_such_an_index_is_found_piece_by_piece(void **state)
{
    struct world w = begin(state);
    put_thousands(&w);
    const struct ct_history *h = panel(&w, 0);
    const struct ct_point *p = h->points.v;
    size_t at = 0;
    for (int hour = 0; hour <= HOURS; hour++) {
        if (hour > 0 && truly(hour) == truly(hour - 1))
            continue;
        assert_true(at < h->points.n);
        assert_int_equal(p[at].at_ms, HOUR(hour));
        assert_int_equal(p[at++].last, truly(hour));
    }
    assert_int_equal(at, h->points.n);
    assert_int_equal(h->n_changes, at - 1);
    end(&w);
}

static void an_index_is_found_once_what_makes_it_is_committed(void **state)
{
    struct world w = begin(state);
    for (int i = 0; i < 3; i++)
        price(&w, i, 1000 * (i + 1), 0);
    assert_true(ct_span_starts(told(&w, "index/H100-SXM/od", HOUR(1)), "0:2"));
    tells(&w, "index/B200-SXM/od", HOUR(1),
          "no series is called \"index/B200-SXM/od\"; nearest: \"index/H100-SXM/od\"");
    for (int i = 0; i < 3; i++) {
        put(&w, i, "y", 2000 * (i + 1))->gpu = CT_LIT("B200");
        price(&w, i, 1000 * (i + 1), 2);
    }
    assert_true(ct_span_starts(told(&w, "index/B200-SXM/od", HOUR(3)), "2:4"));
    end(&w);
}

/* How many parts of indices are read for figures from FROM_MS on. */
static size_t parts_from(struct world *w, int64_t at_ms, int64_t from_ms)
{
    struct ct_query q = {.at_ms = at_ms, .now_ms = at_ms};
    ct_load_begin(w->r, &q, w->arena, &w->err);
    const struct ct_market_all *all = ct_market_all_parts(w->r, from_ms);
    size_t n = 0;
    for (size_t i = 0; i < all->v.n; i++)
        n += all->v.v[i].m.v.n;
    assert_int_equal(ct_load_end(w->r), CT_OK);
    return n;
}

static void what_is_gone_for_good_is_read_only_by_who_asks_for_its_time(void **state)
{
    const int end_hour = 40 * 24;
    const int64_t end_ms = HOUR(end_hour);
    struct world w = begin(state);
    for (int i = 0; i < 4; i++)
        price(&w, i, 1000 * (i + 1), 0);
    for (int i = 0; i < 4; i++) /* lambda leaves */
        price(&w, i, i < 3 ? 1000 * (i + 1) : -1, 1);
    for (int h = end_hour - 30; h <= end_hour; h++)
        for (int i = 0; i < 4; i++)
            repeat(w.f, clouds[i], HOUR(h));
    assert_int_equal(parts_from(&w, end_ms, end_ms - 30 * CT_DAY), 3 + 4); /* the T4s stay */
    assert_int_equal(parts_from(&w, end_ms, HOUR(0)), 4 + 4);
    assert_int_equal(group(&w, "H100", CT_PURCHASE_OD, end_ms)->index_usd_per_gpu_hour, 2000000000);
    for (int days = 1; days <= 40; days += 39) { /* a chart of the last day, and of all */
        struct ct_query q = {.at_ms = end_ms, .now_ms = end_ms, .subject = CT_LIT("index/H100-SXM/od"),
                             .from_ms = end_ms - days * CT_DAY, .window_only = true};
        struct ct_rows rows = {NULL, 0};
        assert_int_equal(ct_read_history(w.r, &q, w.arena, &rows, &w.err), CT_OK);
        const struct ct_history *h = rows.v;
        const struct ct_point *p = h->points.v;
        assert_int_equal(rows.n, 1);
        assert_true(h->points.n > 0 && h->first_ms <= q.from_ms);
        assert_int_equal(p[0].last, days == 1 ? 2000000000 : 2500000000);
        assert_int_equal(p[h->points.n - 1].last, 2000000000);
    }
    end(&w);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(three_clouds_make_an_index_and_two_a_gap),
        T(a_cloud_counts_by_its_cheapest_comparable_offer),
        T(quarantined_and_suspect_prices_stay_out),
        T(a_catalogue_with_names_of_its_own_counts_only_where_the_cloud_is_silent),
        T(a_catalogue_that_uses_a_clouds_names_is_matched_by_them),
        T(a_group_says_that_its_price_was_computed_from_another_currency),
        T(silence_of_one_is_left_out_and_silence_of_all_is_a_gap),
        T(recorded_answers_hold_until_the_next_one),
        T(groups_and_history_agree_at_every_moment),
        T(without_lies_the_index_is_the_truth),
        T(lies_of_a_minority_do_not_move_the_index_out_of_its_bound),
        T(changes_of_the_index_are_measured_over_a_day_a_week_and_a_month),
        T(hosts_are_counted_over_time),
        T(clouds_of_a_lab_and_its_exclusive_models_are_counted_over_time),
        T(a_class_of_models_has_an_index_of_its_sellers),
        T(labs_and_their_series_agree_at_every_moment),
        T(series_made_of_others_are_found_like_all),
        T(an_index_of_thousands_of_offers_costs_what_its_columns_need),
        T(large_moves_of_its_offers_are_the_same_by_its_history_and_without),
        T(every_change_of_such_an_index_is_found_piece_by_piece),
        T(an_index_is_found_once_what_makes_it_is_committed),
        T(what_is_gone_for_good_is_read_only_by_who_asks_for_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
