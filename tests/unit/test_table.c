/* Rows written as NDJSON and CSV, read back, sorted and cut. */
#include "db/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

static struct ct_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = ct_arena_new(0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ct_arena_free(arena);
    return 0;
}

static struct ct_offer an_offer(void)
{
    struct ct_offer o = ct_offer_new();
    o.cloud = CT_LIT("vastai");
    o.region = CT_LIT("Montana, US");
    o.gpu = CT_LIT("H100");
    o.form = CT_LIT("SXM");
    o.gpu_mem_milli = 80000;
    o.gpu_count_milli = 1000;
    o.purchase = CT_PURCHASE_OD;
    o.price_per_gpu_hour = 1940000001;
    return o;
}

static void put_offer(struct ct_batch *b, struct ct_offer o)
{
    struct ct_offer *place = CT_VEC_PUSH(b->arena, &b->offers);
    assert_non_null(place);
    *place = o;
}

static void offer_prints_every_key_in_contract_order_and_absent_as_null(void **state)
{
    (void)state;
    struct ct_batch b;
    struct ct_buf out = CT_BUF_INIT;
    ct_batch_init(&b, arena);
    put_offer(&b, an_offer());
    ct_batch_ndjson(&b, &out);
    assert_string_equal(
        out.p,
        "{\"row\":\"offer\",\"cloud\":\"vastai\",\"region\":\"Montana, "
        "US\",\"zone\":null,\"sku\":null,"
        "\"instance\":null,\"gpu\":\"H100\",\"form\":\"SXM\",\"gpu_mem_gib\":80,\"gpu_count\":1,"
        "\"vcpu\":null,\"mem_gib\":null,\"purchase\":\"od\",\"currency\":null,\"price_per_hour\":"
        "null,"
        "\"price_per_gpu_hour\":1.940000001,\"host_included\":null,\"stock\":null,"
        "\"stock_count\":null,\"interruption\":null,\"effective_at\":null}\n");
    ct_buf_free(&out);
}

/* One line of every kind, each key filled, as the contract writes it. */
static const char *const full_lines[] = {
    "{\"row\":\"page\",\"name\":\"P\",\"url\":\"https://s.example/\",\"indicator\":\"none\","
    "\"updated_at\":\"2026-11-22T14:32:10Z\",\"id\":\"p1\"}",
    "{\"row\":\"component\",\"id\":\"c\",\"name\":\"API\",\"group\":\"G\",\"region\":\"us-east-1\","
    "\"state\":\"partial_outage\",\"raw_state\":\"partial\",\"updated_at\":\"2026-11-22T14:32:10."
    "123Z\"}",
    "{\"row\":\"incident\",\"id\":\"i\",\"title\":\"T\",\"state\":\"degraded\",\"raw_impact\":"
    "\"minor\","
    "\"phase\":\"in_progress\",\"open\":true,\"started_at\":\"2026-11-22T00:00:00Z\","
    "\"updated_at\":null,\"resolved_at\":null,\"scheduled_for\":null,\"scheduled_until\":null,"
    "\"url\":null,\"components\":[\"c\",\"d\"],\"regions\":[]}",
    "{\"row\":\"update\",\"incident\":\"i\",\"id\":\"u\",\"at\":\"2026-11-22T00:00:00Z\","
    "\"phase\":\"monitoring\",\"text\":\"two\\nlines\"}",
    "{\"row\":\"offer\",\"cloud\":\"aws\",\"region\":\"us-east-1\",\"zone\":\"a\",\"sku\":\"S\","
    "\"instance\":\"p5.48xlarge\",\"gpu\":\"H100\",\"form\":\"SXM\",\"gpu_mem_gib\":80,"
    "\"gpu_count\":0.25,\"vcpu\":192,\"mem_gib\":2048,\"purchase\":\"reserved_3y\","
    "\"currency\":\"USD\",\"price_per_hour\":98.32,\"price_per_gpu_hour\":12.29,"
    "\"host_included\":true,\"stock\":\"A\",\"stock_count\":41,\"interruption\":\"<5%\","
    "\"effective_at\":\"2026-11-01T00:00:00Z\"}",
    "{\"row\":\"token_price\",\"source_id\":\"azure/m\",\"lab\":\"l\",\"model\":\"m\","
    "\"variant\":null,\"host\":\"azure\",\"host_class\":\"cloud\",\"region\":\"eu\","
    "\"kind\":\"cache_read\",\"tier\":\"batch\",\"currency\":\"USD\",\"usd_per_mtok\":0,"
    "\"context\":128000,\"retires_at\":null,\"open_weights\":false,\"seller\":null}",
    "{\"row\":\"endpoint\",\"source_id\":\"s\",\"host\":\"h\",\"region\":null,"
    "\"state\":\"operational\",\"uptime_30m\":99.5,\"latency_ms_p50\":812.25,"
    "\"throughput_tps_p50\":40}",
    "{\"row\":\"article\",\"id\":\"a\",\"title\":\"t\",\"url\":\"https://n.example/1\","
    "\"published_at\":\"2026-11-22T00:00:00Z\",\"summary\":\"s\"}",
    "{\"row\":\"note\",\"what\":\"a row without a price\",\"count\":3}",
};

static void every_kind_of_row_comes_back_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(full_lines); i++) {
        struct ct_batch b;
        struct ct_error err = {0};
        struct ct_buf out = CT_BUF_INIT;
        int64_t at;
        ct_batch_init(&b, arena);
        enum ct_status st = ct_batch_add_json(&b, ct_span(full_lines[i]), &at, &err);
        if (st != CT_OK)
            fail_msg("%s: %s: %s", full_lines[i], err.where, err.what);
        ct_batch_ndjson(&b, &out);
        assert_int_equal(out.p[out.n - 1], '\n');
        out.p[out.n - 1] = '\0';
        assert_string_equal(out.p, full_lines[i]);
        ct_buf_free(&out);
    }
}

static void a_line_may_carry_its_moment(void **state)
{
    (void)state;
    struct ct_batch b;
    int64_t at;
    ct_batch_init(&b, arena);
    assert_int_equal(CT_OK, ct_batch_add_json(&b,
                                              CT_LIT("{\"row\":\"note\",\"what\":\"x\",\"count\":1,"
                                                     "\"at\":\"1970-01-01T00:00:01Z\"}"),
                                              &at, NULL));
    assert_int_equal(at, 1000);
    assert_int_equal(
        CT_OK,
        ct_batch_add_json(&b, CT_LIT("{\"row\":\"note\",\"what\":\"x\",\"count\":1}"), &at, NULL));
    assert_true(at == CT_NONE);
    assert_int_equal(b.notes.n, 2);
}

static void refused(const char *line, enum ct_status want, const char *in_message)
{
    struct ct_batch b;
    struct ct_error err = {0};
    int64_t at;
    ct_batch_init(&b, arena);
    assert_int_equal(want, ct_batch_add_json(&b, ct_span(line), &at, &err));
    if (!strstr(err.what, in_message))
        fail_msg("\"%s\" is not in \"%s\"", in_message, err.what);
    assert_int_equal(0, ct_batch_rows(&b));
}

static void lines_that_are_no_rows_are_refused_by_name(void **state)
{
    (void)state;
    refused("{\"row\":\"offer\",\"prise_per_hour\":1}", CT_ERR_SHAPE, "price_per_hour");
    refused("{\"row\":\"ofer\"}", CT_ERR_SHAPE, "offer");
    refused("{\"cloud\":\"aws\"}", CT_ERR_SHAPE, "row");
    refused("[1]", CT_ERR_SHAPE, "object");
    refused("{\"row\":", CT_ERR_SYNTAX, "not JSON");
    refused("{\"row\":\"offer\",\"gpu\":\"A\",\"gpu\":\"B\"}", CT_ERR_SYNTAX, "duplicate");
    refused("{\"row\":\"offer\",\"price_per_hour\":\"cheap\"}", CT_ERR_SHAPE, "wrong type");
    refused("{\"row\":\"offer\",\"price_per_hour\":1e30}", CT_ERR_RANGE, "fit");
    refused("{\"row\":\"component\",\"state\":\"fine\"}", CT_ERR_SYNTAX, "fine");
    refused("{\"row\":\"offer\",\"effective_at\":\"soon\"}", CT_ERR_SYNTAX, "time");
}

static void numbers_keep_their_digits(void **state)
{
    (void)state;
    struct ct_batch b;
    int64_t at;
    ct_batch_init(&b, arena);
    assert_int_equal(CT_OK,
                     ct_batch_add_json(&b,
                                       CT_LIT("{\"row\":\"token_price\",\"usd_per_mtok\":0.1,"
                                              "\"context\":9007199254740993}"),
                                       &at, NULL));
    assert_int_equal(b.token_prices.v[0].per_mtok, 100000000);
    assert_true(b.token_prices.v[0].context == INT64_C(9007199254740993));
    assert_true(b.token_prices.v[0].kind == -1);
    assert_true(b.token_prices.v[0].retires_ms == CT_NONE);
}

static void foreign_text_is_cleaned_on_its_way_in(void **state)
{
    (void)state;
    struct ct_batch b;
    int64_t at;
    ct_batch_init(&b, arena);
    assert_int_equal(CT_OK,
                     ct_batch_add_json(&b,
                                       CT_LIT("{\"row\":\"article\",\"title\":\"a\\u001b[2Jb\","
                                              "\"url\":\"javascript:x\"}"),
                                       &at, NULL));
    assert_null(memchr(b.articles.v[0].title.p, 0x1b, b.articles.v[0].title.n));
    assert_null(b.articles.v[0].url.p);
}

static struct ct_list list_of(struct ct_span *v, size_t n)
{
    return (struct ct_list){v, n};
}

static void csv_records_become_rows_and_empty_cells_absent(void **state)
{
    (void)state;
    struct ct_span head[] = {CT_LIT("row"),
                             CT_LIT("at"),
                             CT_LIT("cloud"),
                             CT_LIT("gpu"),
                             CT_LIT("price_per_gpu_hour"),
                             CT_LIT("host_included")};
    struct ct_span cells[] = {CT_LIT("offer"), CT_LIT("2026-11-22"), CT_LIT("aws"),
                              CT_LIT("H100"),  CT_LIT("2.5"),        CT_LIT("")};
    struct ct_list header = list_of(head, CT_LEN(head)), record = list_of(cells, CT_LEN(cells));
    struct ct_batch b;
    struct ct_error err = {0};
    int64_t at;
    ct_batch_init(&b, arena);
    assert_int_equal(CT_OK, ct_batch_add_csv(&b, &header, &record, &at, &err));
    assert_true(at != CT_NONE);
    assert_true(b.offers.v[0].price_per_gpu_hour == 2500000000);
    assert_int_equal(b.offers.v[0].host_included, -1);
    head[2] = CT_LIT("clowd");
    assert_int_equal(CT_ERR_SHAPE, ct_batch_add_csv(&b, &header, &record, &at, &err));
    assert_non_null(strstr(err.what, "cloud"));
    record.n--;
    assert_int_equal(CT_ERR_SHAPE, ct_batch_add_csv(&b, &header, &record, &at, &err));
}

static void csv_output_quotes_and_ends_lines(void **state)
{
    (void)state;
    const struct ct_table *t = ct_row_tables[CT_N_ROW_TABLES - 1];
    struct ct_note note = {CT_LIT("a \"b\", c"), 2};
    struct ct_buf out = CT_BUF_INIT;
    ct_row_csv_header(&out, t, ',');
    ct_row_csv(&out, t, &note, ',');
    assert_string_equal(out.p, "what,count\r\n\"a \"\"b\"\", c\",2\r\n");
    ct_buf_clear(&out);
    ct_row_csv(&out, t, &note, '\t');
    assert_int_equal(out.p[out.n - 1], '\n');
    assert_int_not_equal(out.p[out.n - 2], '\r');
    ct_buf_free(&out);
}

static void sorting_is_stable_and_leaves_the_unknown_last(void **state)
{
    (void)state;
    const struct ct_table *t = ct_row_tables[4];
    struct ct_offer v[5];
    static const char *const regions[] = {"a", "b", "c", "d", "e"};
    int64_t prices[] = {3, CT_NONE, 1, 3, 2};
    for (size_t i = 0; i < 5; i++) {
        v[i] = an_offer();
        v[i].region = ct_span(regions[i]);
        v[i].price_per_gpu_hour = prices[i];
    }
    static const struct {
        const char *sort, *order;
        size_t limit;
    } cases[] = {
        {"price_per_gpu_hour", "ceadb", 0},
        {"price_per_gpu_hour:desc", "adecb", 0},
        {"region:desc", "ed", 2},
        {"", "abc", 3},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_rows out;
        size_t matched;
        assert_int_equal(CT_OK, ct_rows_select(t, (struct ct_rows){v, 5}, NULL, cases[i].sort,
                                               cases[i].limit, arena, &out, &matched, NULL));
        assert_int_equal(matched, 5);
        assert_int_equal(out.n, strlen(cases[i].order));
        for (size_t k = 0; k < out.n; k++)
            assert_int_equal(((const struct ct_offer *)ct_row(t, out, k))->region.p[0],
                             cases[i].order[k]);
    }
    struct ct_rows out;
    size_t matched;
    struct ct_error err = {0};
    assert_int_equal(CT_ERR_USAGE, ct_rows_select(t, (struct ct_rows){v, 5}, NULL, "regoin", 0,
                                                  arena, &out, &matched, &err));
    assert_non_null(strstr(err.what, "region"));
    assert_int_equal(CT_ERR_USAGE, ct_rows_select(t, (struct ct_rows){v, 5}, NULL, "region:down", 0,
                                                  arena, &out, &matched, &err));
}

/* ---- words and names of model.c ---- */

static void series_names_escape_what_would_split_or_match(void **state)
{
    (void)state;
    struct ct_offer o = an_offer();
    assert_true(ct_span_is(ct_offer_key(arena, &o), "vastai/Montana%2C%20US/H100-SXM-80x1/od"));
    o.region = CT_SPAN_NONE;
    o.form = CT_SPAN_NONE;
    o.gpu_mem_milli = CT_NONE;
    o.gpu_count_milli = 250;
    o.purchase = CT_PURCHASE_SPOT;
    o.instance = CT_LIT("a/b*");
    assert_true(ct_span_is(ct_offer_key(arena, &o), "vastai/any/H100x0.25/spot/a%2Fb%2A"));
    o.gpu_count_milli = CT_NONE;
    assert_null(ct_offer_key(arena, &o).p);

    struct ct_token_price t = ct_token_price_new();
    t.host = CT_LIT("azure");
    t.model = CT_LIT("gpt-x");
    t.kind = CT_KIND_INPUT;
    t.tier = CT_LIT("standard");
    assert_true(ct_span_is(ct_token_key(arena, &t), "azure/any/unknown/gpt-x/input"));
    assert_true(ct_span_is(ct_token_field(arena, &t), "input"));
    t.variant = CT_LIT("2026-01-01");
    t.lab = CT_LIT("openai");
    t.tier = CT_LIT("above_200k");
    assert_true(
        ct_span_is(ct_token_key(arena, &t), "azure/any/openai/gpt-x@2026-01-01/input.above_200k"));
    assert_true(ct_span_is(ct_token_field(arena, &t), "input.above_200k"));
}

static void states_that_are_none_read_as_unknown(void **state)
{
    (void)state;
    assert_int_equal(ct_state_sign(CT_STATE_MAJOR), 'X');
    assert_string_equal(ct_state_short(CT_STATE_OPERATIONAL), "ok");
    assert_int_equal(ct_state_sign(-1), '?');
    assert_string_equal(ct_state_short(99), "UNKN");
    assert_int_equal(ct_word(ct_state_words, CT_LIT("Major_Outage")), CT_STATE_MAJOR);
    assert_int_equal(ct_word(ct_state_words, CT_LIT("major")), -1);
    assert_int_equal(ct_word(ct_state_words, CT_SPAN_NONE), -1);
}

static void notes_of_one_kind_are_counted(void **state)
{
    (void)state;
    struct ct_batch b;
    ct_batch_init(&b, arena);
    ct_batch_note(&b, CT_LIT("x"));
    ct_batch_note(&b, CT_LIT("y"));
    ct_batch_note(&b, CT_LIT("x"));
    assert_int_equal(b.notes.n, 2);
    assert_int_equal(b.notes.v[0].count, 2);
    assert_int_equal(ct_batch_rows(&b), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(offer_prints_every_key_in_contract_order_and_absent_as_null),
        T(every_kind_of_row_comes_back_as_it_was_written),
        T(a_line_may_carry_its_moment),
        T(lines_that_are_no_rows_are_refused_by_name),
        T(numbers_keep_their_digits),
        T(foreign_text_is_cleaned_on_its_way_in),
        T(csv_records_become_rows_and_empty_cells_absent),
        T(csv_output_quotes_and_ends_lines),
        T(sorting_is_stable_and_leaves_the_unknown_last),
        T(series_names_escape_what_would_split_or_match),
        T(states_that_are_none_read_as_unknown),
        T(notes_of_one_kind_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
