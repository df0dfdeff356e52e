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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(hosts_that_are_no_cloud_end_no_exclusivity),
        T(the_second_cloud_dates_the_end_of_exclusivity),
        T(what_is_free_is_shown_and_is_not_the_cheapest),
        T(a_second_opinion_puts_no_model_on_a_cloud),
        T(a_lab_reaches_its_second_and_third_cloud),
        T(sellers_of_one_model_stand_clouds_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
