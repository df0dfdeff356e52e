/* Models on clouds: what counts as a cloud, when a second one came, what the cheapest is. */
#include "config.h"

#include "db/read.h"

#include "write_fixture.h"

struct seen {
    struct fixture *f;
    struct ct_reader *r;
    struct ct_arena *a;
    struct ct_query q;
    struct ct_rows rows;
};

static void look(struct seen *s, void **state, ct_load_fn *fn, int64_t at_ms)
{
    s->f = *state;
    s->a = ct_arena_new(0);
    s->q = (struct ct_query){.at_ms = at_ms, .now_ms = at_ms, .subject = s->q.subject};
    assert_int_equal(ct_reader_open(s->f->path, &s->r, &s->f->err), CT_OK);
    assert_int_equal(fn(s->r, &s->q, s->a, &s->rows, &s->f->err), CT_OK);
}

static void done(struct seen *s)
{
    ct_reader_close(s->r);
    ct_arena_free(s->a);
}

static void sold(struct fixture *f, const char *id, const char *model, const char *host,
                 const char *class, int64_t milli_usd)
{
    struct ct_token_price *t = token(f, id, CT_KIND_INPUT, milli_usd);
    t->model = ct_span(model);
    t->host = ct_span(host);
    t->host_class = ct_span(class);
}

/* Day 0: gpt-a on azure and at the lab. Day 10: on aws too. Day 20: gpt-b appears on oracle only. */
static void three_clouds_in_turn(struct fixture *f)
{
    for (int day = 0; day <= 20; day += 10) {
        sold(f, "azure/gpt-a", "gpt-a", "azure", "cloud", 1100);
        sold(f, "azure/eu/gpt-a", "gpt-a", "azure", "cloud", 1210);
        sold(f, "gpt-a", "gpt-a", "openai", "direct", 1000);
        sold(f, "plan/gpt-a", "gpt-a", "plan", "reseller", 0);
        if (day >= 10)
            sold(f, "bedrock/gpt-a", "gpt-a", "aws", "cloud", 900);
        if (day >= 20)
            sold(f, "oci/gpt-b", "gpt-b", "oracle", "cloud", 2000);
        fetch(f, "token", T0 + day * CT_DAY);
    }
}

static void hosts_that_are_no_cloud_end_no_exclusivity(void **state)
{
    struct seen s = {0};
    three_clouds_in_turn(*state);
    look(&s, state, ct_read_models, T0 + CT_HOUR);
    const struct ct_model_row *m = s.rows.v;
    assert_int_equal(s.rows.n, 1);
    assert_int_equal(m->n_clouds, 1);
    assert_int_equal(m->n_hosts, 2);
    assert_int_equal(m->exclusive, 1);
    assert_true(m->exclusive_until_ms == CT_NONE);
    done(&s);
}

static void the_second_cloud_dates_the_end_of_exclusivity(void **state)
{
    struct seen s = {0};
    three_clouds_in_turn(*state);
    look(&s, state, ct_read_models, T0 + 20 * CT_DAY);
    const struct ct_model_row *m = s.rows.v;
    assert_int_equal(s.rows.n, 2);
    assert_int_equal(m[0].n_clouds, 2);
    assert_int_equal(m[0].exclusive, 0);
    assert_true(m[0].exclusive_until_ms == T0 + 10 * CT_DAY);
    assert_int_equal(m[1].exclusive, 1);
    done(&s);
}

static void what_is_free_is_shown_and_is_not_the_cheapest(void **state)
{
    struct seen s = {0};
    three_clouds_in_turn(*state);
    look(&s, state, ct_read_models, T0 + 20 * CT_DAY);
    const struct ct_model_row *m = s.rows.v;
    const struct ct_seller *v = m->sellers.v;
    assert_true(ct_span_is(m->cheapest_host, "aws"));
    assert_true(m->cheapest_input == INT64_C(900000000));
    assert_true(m->direct_input == INT64_C(1000000000));
    assert_true(m->input[1] == INT64_C(1100000000)); /* azure: the lower of its two */
    assert_int_equal(m->on[1]->rows, 2);
    assert_int_equal(m->sellers.n, 4);
    assert_true(ct_span_is(v[3].host, "plan") && v[3].input == 0);
    done(&s);
}

static void a_second_opinion_puts_no_model_on_a_cloud(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    struct ct_source_conf conf = fixture_conf("opinion", CT_SOURCE_MODELS);
    conf.family = "modelsdev";
    struct ct_source_conf both[2] = {fixture_conf("token", CT_SOURCE_MODELS), conf};
    assert_int_equal(ct_write_sources(f->w, both, 2, T0, &f->err), CT_OK);
    sold(f, "gpt-a", "gpt-a", "azure", "cloud", 1000);
    fetch(f, "token", T0);
    sold(f, "amazon-bedrock/gpt-a", "gpt-a", "aws", "cloud", 900);
    sold(f, "groq/gpt-a", "gpt-a", "groq", "inference", 800);
    fetch(f, "opinion", T0 + CT_DAY);
    look(&s, state, ct_read_models, T0 + 2 * CT_DAY);
    const struct ct_model_row *m = s.rows.v;
    assert_int_equal(m->n_clouds, 1);
    assert_int_equal(m->n_hosts, 1);
    assert_true(ct_span_is(m->cheapest_host, "groq"));
    done(&s);
}

static void a_lab_reaches_its_second_and_third_cloud(void **state)
{
    struct seen s = {0};
    three_clouds_in_turn(*state);
    look(&s, state, ct_read_labs, T0 + 20 * CT_DAY);
    const struct ct_lab_row *lab = s.rows.v;
    assert_int_equal(s.rows.n, 1);
    assert_int_equal(lab->n_clouds, 3);
    assert_int_equal(lab->on_one, 1);
    assert_int_equal(lab->on_two, 1);
    assert_true(lab->one_cloud_milli == 50000);
    assert_true(lab->second_ms == T0 + 10 * CT_DAY);
    assert_true(lab->third_ms == T0 + 20 * CT_DAY);
    done(&s);
    look(&s, state, ct_read_labs, T0 + 12 * CT_DAY);
    lab = s.rows.v;
    assert_true(lab->second_ms == T0 + 10 * CT_DAY);
    assert_true(lab->third_ms == CT_NONE);
    done(&s);
}

/* What the events say of labs and clouds, oldest last: "text|" each. */
static void told_of_labs(void **state, const char *subject, const char *want)
{
    struct seen s = {.q.subject = ct_span(subject)};
    struct ct_buf text = CT_BUF_INIT;
    look(&s, state, ct_read_events, T0 + 40 * CT_DAY);
    const struct ct_event_row *e = s.rows.v;
    for (size_t i = 0; i < s.rows.n; i++)
        if (ct_span_is(e[i].field, "cloud")) {
            assert_true(ct_span_is(e[i].subject, "openai") && ct_span_is(e[i].series, "clouds/openai"));
            ct_buf_addf(&text, "%.*s|", CT_FMT(e[i].text));
        }
    assert_string_equal(text.n ? text.p : "", want);
    ct_buf_free(&text);
    done(&s);
}

/* Day 0: azure. Day 10: aws, at first by weights that are open. Day 20: oracle and gcp. Imported in this ORDER. */
static void four_clouds(struct fixture *f, const int *order)
{
    for (int i = 0; i < 3; i++) {
        int day = order[i];
        sold(f, "azure/gpt-a", "gpt-a", "azure", "cloud", 1100);
        sold(f, "gpt-a", "gpt-a", "openai", "direct", 1000);
        if (day >= 10) {
            sold(f, "bedrock/oss", "gpt-oss", "aws", "cloud", 900);
            f->batch.token_prices.v[2].open_weights = 1;
        }
        if (day >= 20) {
            sold(f, "bedrock/gpt-a", "gpt-a", "aws", "cloud", 900);
            sold(f, "oci/gpt-b", "gpt-b", "oracle", "cloud", 2000);
            sold(f, "vertex/gpt-b", "gpt-b", "gcp", "cloud", 2000);
        }
        import(f, "token", T0 + day * CT_DAY);
    }
}

static void the_next_cloud_of_a_lab_is_an_event(void **state)
{
    static const int order[] = {0, 10, 20};
    static const char want[] = "fourth cloud seen 2025-10-29: oracle|third cloud seen 2025-10-29: gcp|"
                               "second cloud seen 2025-10-19: aws (open weights)|";
    four_clouds(*state, order);
    told_of_labs(state, "", want);
    told_of_labs(state, "openai", want);
    told_of_labs(state, "clouds/openai", want);
    told_of_labs(state, "exclusive/openai", want);
    told_of_labs(state, "clouds/meta", "");
}

static void clouds_are_dated_alike_in_whatever_order_lists_come(void **state)
{
    static const int orders[][3] = {{20, 10, 0}, {10, 20, 0}, {20, 0, 10}, {0, 20, 10}};
    for (size_t i = 0; i < CT_LEN(orders); i++) {
        void *own = NULL;
        assert_int_equal(fixture_setup(&own), 0);
        four_clouds(own, orders[i]);
        told_of_labs(&own, "", "fourth cloud seen 2025-10-29: oracle|third cloud seen 2025-10-29: gcp|"
                               "second cloud seen 2025-10-19: aws (open weights)|");
        fixture_teardown(&own);
    }
    (void)state;
}

/* What was there when recording began came nobody knows when. */
static void clouds_that_were_there_at_first_are_no_event(void **state)
{
    struct seen s = {0};
    for (int day = 0; day <= 10; day += 10) {
        sold(*state, "azure/gpt-a", "gpt-a", "azure", "cloud", 1100);
        sold(*state, "bedrock/gpt-a", "gpt-a", "aws", "cloud", 1100);
        if (day)
            sold(*state, "vertex/gpt-a", "gpt-a", "gcp", "cloud", 1100);
        fetch(*state, "token", T0 + day * CT_DAY);
    }
    told_of_labs(state, "", "third cloud seen 2025-10-19: gcp|");
    look(&s, state, ct_read_reach, T0 + CT_DAY);
    const struct ct_reach_row *c = s.rows.v;
    assert_int_equal(s.rows.n, 2); /* of that day */
    assert_true(c[0].nth == 1 && c[1].nth == 2 && !c[0].dated && !c[1].dated);
    done(&s);
    look(&s, state, ct_read_labs, T0 + 40 * CT_DAY);
    const struct ct_lab_row *lab = s.rows.v;
    assert_true(lab->second_ms == CT_NONE && lab->third_ms == T0 + 10 * CT_DAY);
    assert_true(ct_span_is(lab->third_cloud, "gcp"));
    done(&s);
}

/* gpt-oss is on two clouds, what cannot be had as weights on one. */
static void closed_models_of_a_lab_are_counted_apart(void **state)
{
    struct seen s = {0};
    sold(*state, "azure/gpt-a", "gpt-a", "azure", "cloud", 1100);
    sold(*state, "azure/oss", "gpt-oss", "azure", "cloud", 1100);
    sold(*state, "bedrock/oss", "gpt-oss", "aws", "cloud", 900);
    sold(*state, "oci/x", "x", "oracle", "cloud", 900);
    struct ct_token_price *t = ((struct fixture *)*state)->batch.token_prices.v;
    t[0].open_weights = 0;
    t[1].open_weights = t[2].open_weights = 1;
    fetch(*state, "token", T0);
    look(&s, state, ct_read_labs, T0 + CT_DAY);
    const struct ct_lab_row *lab = s.rows.v;
    assert_true(lab->n_clouds == 3 && lab->n_models == 3 && lab->on_one == 2);
    assert_true(lab->closed == 1 && lab->closed_on_one == 1 && lab->closed_clouds.n == 1);
    assert_true(ct_span_is(lab->closed_clouds.v[0], "azure"));
    done(&s);
}

static void sellers_of_one_model_stand_clouds_first(void **state)
{
    struct seen s = {.q.subject = CT_LIT("openai/gpt-a")};
    three_clouds_in_turn(*state);
    look(&s, state, ct_read_sellers, T0 + 20 * CT_DAY);
    const struct ct_seller *v = s.rows.v;
    assert_int_equal(s.rows.n, 4);
    assert_true(ct_span_is(v[0].host, "aws") && ct_span_is(v[1].host, "azure"));
    assert_true(v[0].first_ms == T0 + 10 * CT_DAY);
    done(&s);
}

static void what_came_and_went_is_told_newest_first(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    three_clouds_in_turn(f);
    sold(f, "azure/gpt-a", "gpt-a", "azure", "cloud", 1100); /* the lab's own goes, azure stays with one id */
    sold(f, "bedrock/gpt-a", "gpt-a", "aws", "cloud", 900);
    sold(f, "oci/gpt-b", "gpt-b", "oracle", "cloud", 2000);
    fetch(f, "token", T0 + 30 * CT_DAY);
    look(&s, state, ct_read_model_changes, T0 + 31 * CT_DAY);
    const struct ct_model_change_row *c = s.rows.v;
    static const struct {
        int day;
        const char *what, *model, *host;
    } want[] = {{30, "gone", "gpt-a", "openai"}, {30, "gone", "gpt-a", "plan"},
                {20, "new", "gpt-b", "oracle"},  {20, "third cloud", "", "oracle"},
                {10, "new", "gpt-a", "aws"},     {10, "second cloud", "", "aws"}};
    assert_int_equal(s.rows.n, CT_LEN(want));
    for (size_t i = 0; i < CT_LEN(want); i++) {
        assert_true(c[i].at_ms == T0 + want[i].day * CT_DAY);
        assert_true(ct_span_is(c[i].what, want[i].what));
        assert_true(ct_span_is(c[i].host, want[i].host));
        assert_true(*want[i].model ? ct_span_is(c[i].model, want[i].model) : !c[i].model.n);
    }
    done(&s);
}

static void regions_of_one_cloud_are_rows_of_their_own(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    static const char *const regions[] = {"eu", "us", "eu"};
    for (int i = 0; i < 3; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "azure/%d/gpt-a", i);
        sold(f, id, "gpt-a", "azure", "cloud", 1000 + i);
        f->batch.token_prices.v[i].region = ct_span(regions[i]);
    }
    fetch(f, "token", T0);
    look(&s, state, ct_read_regions, T0 + CT_HOUR);
    const struct ct_seller *v = s.rows.v;
    assert_int_equal(s.rows.n, 2);
    assert_true(ct_span_is(v[0].regions.v[0], "eu") && v[0].rows == 2);
    assert_true(ct_span_is(v[1].regions.v[0], "us") && v[1].rows == 1);
    done(&s);
}

/* ---- repair ---- */

/* Asks every hour; the incident stands until hour LAST, then it is CLOSED (1: the page says when, 0: it says that it is
 * over, -1: it lists it no more). */
static void trouble(struct fixture *f, const char *id, int64_t from_ms, int last, int closed)
{
    for (int h = 0; h <= last + 3; h++) {
        bool over = h > last;
        if (!over || closed >= 0) {
            struct ct_incident *i = incident(f, id, CT_STATE_PARTIAL, over ? CT_PHASE_RESOLVED : CT_PHASE_INVESTIGATING, !over);
            i->started_ms = from_ms;
            i->resolved_ms = over && closed == 1 ? from_ms + 90 * CT_MINUTE : CT_NONE;
        }
        component(f, "api", over ? CT_STATE_OPERATIONAL : CT_STATE_PARTIAL);
        fetch(f, "stat", from_ms + h * CT_HOUR);
    }
}

static const struct ct_score_row *score(struct seen *s, void **state, int64_t at_ms)
{
    look(s, state, ct_read_scorecard, at_ms);
    const struct ct_score_row *row = s->rows.v;
    for (size_t i = 0; i < s->rows.n; i++)
        if (ct_span_is(row[i].provider, "openai"))
            return &row[i];
    fail_msg("no score");
    return NULL;
}

static void repair_is_timed_by_what_the_page_says_else_by_what_was_seen(void **state)
{
    struct seen s = {0};
    struct fixture *f = *state;
    trouble(f, "silent", T0, 4, -1); /* listed until hour 4, gone at hour 5 */
    const struct ct_score_row *row = score(&s, state, T0 + 20 * CT_HOUR);
    assert_true(row->incidents == 1 && row->repair_observed == 1 && row->repair_s == 5 * 3600);
    done(&s);
    trouble(f, "brief", T0 + CT_DAY, 1, 0); /* over at hour 2, it does not say since when */
    row = score(&s, state, T0 + 2 * CT_DAY);
    assert_true(row->incidents == 2 && row->repair_observed == 1 && row->repair_s == 12600); /* of 5 and 2 h */
    done(&s);
    trouble(f, "exact", T0 + 3 * CT_DAY, 3, 1); /* what is stated counts alone */
    row = score(&s, state, T0 + 4 * CT_DAY);
    assert_true(row->incidents == 3 && row->repair_observed == 0 && row->repair_s == 5400);
    done(&s);
}

static void an_incident_that_was_never_seen_open_has_no_observed_end(void **state)
{
    struct seen s = {0};
    struct fixture *f = *state;
    struct ct_incident *i = incident(f, "past", CT_STATE_PARTIAL, CT_PHASE_RESOLVED, false);
    i->started_ms = T0 - CT_DAY;
    component(f, "api", CT_STATE_OPERATIONAL);
    fetch(f, "stat", T0);
    const struct ct_score_row *row = score(&s, state, T0 + CT_MINUTE);
    assert_true(row->incidents == 1 && row->repair_s == CT_NONE && row->repair_observed == -1);
    done(&s);
}

/* ---- corrections, and lists that disagree ---- */

static void a_correction_is_twenty_times_or_an_absurd_price(void **state)
{
    (void)state;
    const int64_t usd = 1000000000;
    assert_true(ct_is_correction(20 * usd, usd, false) && ct_is_correction(usd, 20 * usd, true));
    assert_false(ct_is_correction(20 * usd - 1, usd, true));
    assert_true(ct_is_correction(1001 * usd, 900 * usd, true));
    assert_false(ct_is_correction(1001 * usd, 900 * usd, false)); /* a machine may cost that */
    assert_false(ct_is_correction(0, 5 * usd, true));             /* what was free costs something now */
    assert_false(ct_is_correction(CT_NONE, 5 * usd, true));
}

static const struct ct_token_row *priced(const struct seen *s, const char *host, const char *source)
{
    const struct ct_token_row *t = s->rows.v;
    for (size_t i = 0; i < s->rows.n; i++)
        if (ct_span_is(t[i].price.host, host) && ct_span_is(t[i].source, source))
            return &t[i];
    fail_msg("no price of %s in %s", host, source);
    return NULL;
}

/* Two lists are two rows that name each other; what they say of other places, kinds or tiers is no answer. */
static void two_lists_that_disagree_stay_two(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    struct ct_source_conf both[2] = {fixture_conf("token", CT_SOURCE_MODELS), fixture_conf("other", CT_SOURCE_MODELS)};
    assert_int_equal(ct_write_sources(f->w, both, 2, T0, &f->err), CT_OK);
    sold(f, "azure/luna", "luna", "azure", "cloud", 1000);
    sold(f, "luna", "luna", "openai", "direct", 200);
    sold(f, "bedrock/luna", "luna", "aws", "cloud", 220);
    fetch(f, "token", T0);
    sold(f, "x/luna", "luna", "azure", "cloud", 200);
    sold(f, "x/luna-eu", "luna", "azure", "cloud", 220);
    f->batch.token_prices.v[1].region = CT_LIT("eu");
    sold(f, "y/luna", "luna", "openai", "direct", 200);
    sold(f, "z/luna", "luna", "aws", "cloud", 100);
    f->batch.token_prices.v[3].tier = CT_LIT("batch");
    fetch(f, "other", T0);
    look(&s, state, ct_read_tokens, T0 + CT_MINUTE);
    const struct ct_token_row *a = priced(&s, "azure", "token"), *b = priced(&s, "azure", "other");
    assert_int_equal(s.rows.n, 7);
    assert_true(a->lists_differ == 1 && a->price.per_mtok == 1000000000 && a->other_price == 200000000);
    assert_true(ct_span_is(a->other_list, "other"));
    assert_true(b->lists_differ == 1 && b->price.per_mtok == 200000000 && b->other_price == 1000000000);
    assert_int_equal(priced(&s, "openai", "token")->lists_differ, 0);
    assert_int_equal(priced(&s, "aws", "token")->lists_differ, -1);
    done(&s);
}

/* ---- premiums ---- */

static void places_have_one_geography_however_they_are_written(void **state)
{
    (void)state;
    static const char *const same[][2] = {
        {"us", "us"}, {"us-east-1", "us"}, {"US-west-2", "us"}, {"eu", "eu"}, {"eu-central-1", "eu"},
        {"europe-west4", "eu"}, {"apac", "ap"}, {"ap-southeast-2", "ap"}, {"asia-east1", "ap"}, {"us-gov-west-1", "us-gov"},
        {"us-gov", "us-gov"}, {"datazone", "datazone"}, {"data-zone", "datazone"}, {"global", ""}, {"global-standard", ""},
        {"standard", ""}, {"any", ""}, {"*", ""}, {"", ""}, {"jp", "jp"}};
    for (size_t i = 0; i < CT_LEN(same); i++) {
        struct ct_span is = ct_geography(ct_span(same[i][0]));
        if (!ct_span_ieq(is, ct_span(same[i][1])))
            fail_msg("%s is in %.*s", same[i][0], CT_FMT(is));
    }
}

static void own(struct fixture *f, const char *id, const char *region, const char *tier, int64_t milli)
{
    sold(f, id, "m", "openai", "direct", milli);
    struct ct_token_price *t = &f->batch.token_prices.v[f->batch.token_prices.n - 1];
    t->region = ct_span(region);
    t->tier = ct_span(tier);
}

static void at_cloud(struct fixture *f, const char *id, const char *region, const char *tier, int64_t milli)
{
    own(f, id, region, tier, milli);
    f->batch.token_prices.v[f->batch.token_prices.n - 1].host = CT_LIT("aws");
    f->batch.token_prices.v[f->batch.token_prices.n - 1].host_class = CT_LIT("cloud");
}

/* Within one tier, one prompt size and one geography, or there is none. */
static void a_premium_compares_like_with_like(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    own(f, "m", "", "standard", 1000);
    own(f, "m-batch", "", "batch", 500);
    own(f, "m-long", "", "above_200k", 2000);
    own(f, "eu/m", "eu", "standard", 1100);
    static const struct {
        const char *id, *region, *tier;
        int64_t milli, premium; /* thousandths of a percent; CT_NONE */
    } want[] = {{"global.m", "global", "standard", 1100, 10000},   {"eu.m", "eu", "standard", 1210, 10000},
                {"m-eu-west", "eu-west-1", "standard", 1100, 0},   {"us.m", "us", "standard", 1100, CT_NONE},
                {"apac.m", "apac", "standard", 900, CT_NONE},      {"m-b", "", "batch", 550, 10000},
                {"m-l", "", "above_200k", 2000, 0},                {"m-l2", "", "above_128k", 2000, CT_NONE},
                {"m-flex", "", "flex", 500, CT_NONE},              {"dz.m", "datazone", "standard", 1100, CT_NONE}};
    for (size_t i = 0; i < CT_LEN(want); i++)
        at_cloud(f, want[i].id, want[i].region, want[i].tier, want[i].milli);
    fetch(f, "token", T0);
    look(&s, state, ct_read_tokens, T0 + CT_MINUTE);
    const struct ct_token_row *t = s.rows.v;
    for (size_t i = 0; i < CT_LEN(want); i++)
        for (size_t k = 0; k < s.rows.n; k++)
            if (ct_span_is(t[k].price.source_id, want[i].id) && t[k].premium_milli != want[i].premium)
                fail_msg("%s: %lld", want[i].id, (long long)t[k].premium_milli);
    assert_int_equal(s.rows.n, 4 + CT_LEN(want));
    done(&s);
}

/* ---- the exit ---- */

static void offered(struct fixture *f, const char *cloud, const char *region, int64_t milli_usd, int stock)
{
    struct ct_offer *o = offer(f, "big", milli_usd, stock);
    o->cloud = ct_span(cloud);
    o->region = ct_span(region);
}

static void page(struct fixture *f, const char *id, const char *provider)
{
    struct ct_source_conf confs[5] = {
        fixture_conf("stat", CT_SOURCE_STATUS), fixture_conf("price", CT_SOURCE_PRICES),
        fixture_conf("token", CT_SOURCE_MODELS), fixture_conf(id, CT_SOURCE_STATUS)};
    confs[1].evidence = CT_EVIDENCE_STOCK;
    confs[3].provider = provider;
    assert_int_equal(ct_write_sources(f->w, confs, 4, T0, &f->err), CT_OK);
}

static void leave(struct seen *s, void **state, const char *place, const char *gpu, int64_t at_ms,
                  bool unknown, struct ct_exit *out)
{
    s->f = *state;
    s->a = ct_arena_new(0);
    s->q = (struct ct_query){.at_ms = CT_LIVE, .now_ms = at_ms};
    assert_int_equal(ct_reader_open(s->f->path, &s->r, &s->f->err), CT_OK);
    assert_int_equal(ct_read_exit(s->r, &s->q, ct_span(place), ct_span(gpu), CT_SPAN_NONE, unknown,
                                  s->a, out, &s->f->err),
                     CT_OK);
}

static void four_places(struct fixture *f)
{
    page(f, "lambda_page", "lambda");
    component(f, "api", CT_STATE_OPERATIONAL);
    fetch(f, "lambda_page", T0);
    offered(f, "aws", "us-east-1", 4000, CT_STOCK_NONE);
    offered(f, "lambda_ai", "us-south-1", 3000, CT_STOCK_AVAILABLE);
    offered(f, "lambda_ai", "us-west-1", 2500, CT_STOCK_NONE);
    offered(f, "nobody", "any", 1000, CT_STOCK_AVAILABLE);
    fetch(f, "price", T0);
}

static void the_exit_names_well_places_only(void **state)
{
    struct seen s = {0};
    struct ct_exit e;
    four_places(*state);
    leave(&s, state, "aws", "h100", T0 + CT_SECOND, false, &e);
    const struct ct_exit_row *row = e.rows.v;
    assert_int_equal(e.rows.n, 1);
    assert_true(ct_span_is(row->region, "us-south-1"));
    assert_int_equal(row->state, CT_STATE_OPERATIONAL);
    assert_true(row->diff_milli == -25000);
    assert_int_equal(e.unknown, 1);
    assert_int_equal(e.out, 1);
    done(&s);
    leave(&s, state, "aws", "h100", T0 + CT_SECOND, true, &e);
    row = e.rows.v;
    assert_int_equal(e.rows.n, 2);
    assert_true(ct_span_is(row->cloud, "nobody") && row->state == CT_STATE_UNKNOWN);
    done(&s);
}

static void the_exit_leads_to_no_place_in_trouble(void **state)
{
    struct seen s = {0};
    struct ct_exit e;
    four_places(*state);
    component(*state, "api", CT_STATE_MAJOR);
    fetch(*state, "lambda_page", T0 + CT_SECOND);
    leave(&s, state, "aws", "h100", T0 + 2 * CT_SECOND, false, &e);
    assert_int_equal(e.rows.n, 0);
    assert_int_equal(e.unwell, 1);
    done(&s);
}

/* An incident of several regions: another one of the same place is a way out of it. */
static void several_regions_of_a_place_are_left_at_once(void **state)
{
    struct seen s = {0};
    struct ct_exit e;
    four_places(*state);
    offered(*state, "lambda_ai", "us-south-2", 3500, CT_STOCK_AVAILABLE);
    offered(*state, "lambda_ai", "us-south-1", 3000, CT_STOCK_AVAILABLE);
    offered(*state, "lambda_ai", "us-west-1", 2500, CT_STOCK_AVAILABLE);
    fetch(*state, "price", T0 + CT_SECOND);
    leave(&s, state, "lambda_ai/us-south-1;us-west-1", "h100", T0 + 2 * CT_SECOND, false, &e);
    const struct ct_exit_row *row = e.rows.v;
    assert_int_equal(e.rows.n, 1);
    assert_true(ct_span_is(row->region, "us-south-2"));
    done(&s);
}

static void the_exit_believes_nothing_old(void **state)
{
    struct seen s = {0};
    struct ct_exit e;
    four_places(*state);
    leave(&s, state, "aws", "h100", T0 + CT_HOUR, true, &e);
    assert_int_equal(e.rows.n, 0);
    assert_int_equal(e.old, 3);
    done(&s);
}

static void another_region_of_the_same_place_is_an_exit(void **state)
{
    struct seen s = {0};
    struct ct_exit e;
    four_places(*state);
    leave(&s, state, "lambda/us-west-1", "h100-sxm", T0 + CT_SECOND, false, &e);
    const struct ct_exit_row *row = e.rows.v;
    assert_int_equal(e.rows.n, 1);
    assert_true(ct_span_is(row->region, "us-south-1"));
    assert_true(row->diff_milli == 20000);
    done(&s);
    leave(&s, state, "lambda", "h10", T0 + CT_SECOND, true, &e);
    assert_int_equal(e.rows.n, 0);
    done(&s);
}

static void providers_are_the_same_however_lists_write_them(void **state)
{
    (void)state;
    assert_true(ct_same_provider(CT_LIT("together"), CT_LIT("together_ai")));
    assert_true(ct_same_provider(CT_LIT("Lambda"), CT_LIT("lambda_ai")));
    assert_true(ct_same_provider(CT_LIT("xai"), CT_LIT("xai")));
    assert_false(ct_same_provider(CT_LIT("aws"), CT_LIT("azure")));
    assert_false(ct_same_provider(CT_LIT("aws"), CT_LIT("aws2")));
    assert_false(ct_same_provider(CT_LIT(""), CT_LIT("")));
}

/* ---- what would it cost ---- */

static void cost(struct seen *s, void **state, const struct ct_cost_job *job)
{
    s->f = *state;
    s->a = ct_arena_new(0);
    s->q = (struct ct_query){.at_ms = CT_LIVE, .now_ms = T0 + CT_SECOND};
    assert_int_equal(ct_reader_open(s->f->path, &s->r, &s->f->err), CT_OK);
    assert_int_equal(ct_read_cost(s->r, &s->q, job, s->a, &s->rows, &s->f->err), CT_OK);
}

static void a_job_pays_whole_instances_and_all_their_hours(void **state)
{
    struct seen s = {0};
    struct ct_cost_job job = {.gpu = CT_LIT("h100"), .purchase = -1, .gpus = 9, .hours = 720};
    four_places(*state);
    cost(&s, state, &job);
    const struct ct_cost_row *row = s.rows.v;
    assert_int_equal(s.rows.n, 4); /* all that sell it, cheapest first, sold out or not */
    assert_true(ct_span_is(row[0].cloud, "nobody"));
    assert_int_equal(row[0].units, 2);
    assert_int_equal(row[0].gpus, 16);
    assert_true(row[0].total == INT64_C(1000000000) * 16 * 720);
    assert_int_equal(row[3].stock, CT_STOCK_NONE);
    done(&s);
    job.purchase = CT_PURCHASE_SPOT;
    cost(&s, state, &job);
    assert_int_equal(s.rows.n, 0);
    done(&s);
    job = (struct ct_cost_job){.gpu = CT_LIT("h100"), .purchase = -1, .gpus = INT64_MAX / 2, .hours = 1000};
    cost(&s, state, &job);
    assert_int_equal(s.rows.n, 0); /* more than a number holds is no cost */
    done(&s);
}

static void a_job_of_tokens_needs_both_prices(void **state)
{
    struct seen s = {0};
    struct ct_cost_job job = {.model = CT_LIT("m1"), .purchase = -1, .input_tokens = 10000000,
                         .output_tokens = 2000000};
    token(*state, "m1", CT_KIND_INPUT, 1000);
    token(*state, "m1", CT_KIND_OUTPUT, 4000);
    token(*state, "m1", CT_KIND_CACHE_READ, 1);
    struct ct_token_price *half = token(*state, "m1-half", CT_KIND_INPUT, 10);
    half->model = CT_LIT("m1");
    fetch(*state, "token", T0);
    cost(&s, state, &job);
    const struct ct_cost_row *row = s.rows.v;
    assert_int_equal(s.rows.n, 1);
    assert_true(row->total == INT64_C(18000000000)); /* 10 x 1 + 2 x 4 */
    done(&s);
    job.output_tokens = 0;
    cost(&s, state, &job);
    assert_int_equal(s.rows.n, 2);
    done(&s);
}

/* Of a real market (25,000 prices) the answer was ten times larger than what it is made of. */
static void the_models_of_a_large_market_are_given_back_without_the_market(void **state)
{
    enum { MODELS = 200, HOSTS = 10 };
    struct fixture *f = *state;
    struct seen s = {0};
    for (int i = 0; i < MODELS * HOSTS; i++) {
        const char *host = ct_arena_printf(f->arena, "host-%d", i % HOSTS).p;
        const char *model = ct_arena_printf(f->arena, "model-%d", i / HOSTS).p;
        sold(f, ct_arena_printf(f->arena, "%s/%s", host, model).p, model, host, "reseller", 1000 + i);
    }
    fetch(f, "token", T0);
    look(&s, state, ct_read_models, T0);
    const struct ct_model_row *m = s.rows.v;
    const struct ct_seller *seller = m->sellers.v;
    assert_int_equal(s.rows.n, MODELS);
    assert_int_equal(m->sellers.n, HOSTS);
    assert_true(ct_span_is(seller->host, "host-0"));
    assert_true(ct_arena_used(s.a) < s.rows.n * (sizeof *m + HOSTS * (sizeof *seller + 150)));
    done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(hosts_that_are_no_cloud_end_no_exclusivity),
        T(the_second_cloud_dates_the_end_of_exclusivity),
        T(what_is_free_is_shown_and_is_not_the_cheapest),
        T(a_second_opinion_puts_no_model_on_a_cloud),
        T(a_lab_reaches_its_second_and_third_cloud),
        T(the_next_cloud_of_a_lab_is_an_event),
        cmocka_unit_test(clouds_are_dated_alike_in_whatever_order_lists_come),
        T(clouds_that_were_there_at_first_are_no_event),
        T(closed_models_of_a_lab_are_counted_apart),
        T(sellers_of_one_model_stand_clouds_first),
        T(what_came_and_went_is_told_newest_first),
        T(the_models_of_a_large_market_are_given_back_without_the_market),
        T(regions_of_one_cloud_are_rows_of_their_own),
        T(repair_is_timed_by_what_the_page_says_else_by_what_was_seen),
        T(an_incident_that_was_never_seen_open_has_no_observed_end),
        cmocka_unit_test(a_correction_is_twenty_times_or_an_absurd_price),
        T(two_lists_that_disagree_stay_two),
        cmocka_unit_test(places_have_one_geography_however_they_are_written),
        T(a_premium_compares_like_with_like),
        T(the_exit_names_well_places_only),
        T(the_exit_leads_to_no_place_in_trouble),
        T(several_regions_of_a_place_are_left_at_once),
        T(the_exit_believes_nothing_old),
        T(another_region_of_the_same_place_is_an_exit),
        T(a_job_pays_whole_instances_and_all_their_hours),
        T(a_job_of_tokens_needs_both_prices),
        cmocka_unit_test(providers_are_the_same_however_lists_write_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
