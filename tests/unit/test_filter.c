/* The filter language of ux.md 4.4 over a small table with a column of every type. */
#include "db/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h> /* after what it needs */

#define NOW (INT64_C(1795357930) * CT_SECOND) /* 2026-11-22T14:32:10Z */

struct part {
    struct ct_span title;
};

struct thing {
    struct ct_span gpu, form, region;
    int state, purchase, stock, low;
    int64_t price, mem, count, age_s, seen_ms;
    struct ct_list tags;
    struct ct_rows parts;
};

#define ROW struct part
static const struct ct_column part_columns[] = {COL(TEXT, "title", title, SEARCH)};
static TABLE(part_table, "part", ROW, part_columns);
#undef ROW
#define ROW struct thing
static const struct ct_column thing_columns[] = {
    COL(TEXT, "gpu", gpu, SEARCH),
    COL(TEXT, "form", form, SEARCH),
    COL(TEXT, "region", region, SEARCH),
    ENUM("state", state, ct_state_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    ENUM("purchase", purchase, ct_purchase_words, SEARCH, ALIAS("type")),
    ENUM("stock", stock, ct_stock_words, FLAGS(CT_COL_RANKED)),
    COL(BOOL, "low_90d", low),
    COL(NANO, "price_usd_per_gpu_hour", price, ALIAS("price now")),
    COL(MILLI, "gpu_mem_gib", mem, ALIAS("mem")),
    COL(INT, "gpu_count", count),
    COL(INT, "age_s", age_s, ALIAS("age")),
    COL(TIME, "seen_at", seen_ms, ALIAS("seen")),
    COL(LIST, "tags", tags),
    COL(ROWS, "parts", parts, FLAGS(CT_COL_SEARCH), .sub = &part_table),
};
static TABLE(thing_table, "thing", ROW, thing_columns);
#undef ROW

static struct ct_arena *arena;
static struct ct_span tag_values[] = {CT_SPAN_NONE, CT_SPAN_NONE};
static struct part part_values[1];

static int setup(void **state)
{
    (void)state;
    arena = ct_arena_new(0);
    tag_values[0] = CT_LIT("blue");
    tag_values[1] = CT_LIT("old");
    part_values[0].title = CT_LIT("Elevated errors");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ct_arena_free(arena);
    return 0;
}

static struct thing a_thing(void)
{
    return (struct thing){
        .gpu = CT_LIT("H100"),
        .form = CT_LIT("SXM"),
        .region = CT_LIT("us-east-1"),
        .state = CT_STATE_DEGRADED,
        .purchase = CT_PURCHASE_RESERVED_1Y,
        .stock = CT_STOCK_AVAILABLE,
        .low = 1,
        .price = 2490000000,
        .mem = 80000,
        .count = 8,
        .age_s = 3 * 3600,
        .seen_ms = NOW - 3 * CT_HOUR,
        .tags = {tag_values, 2},
        .parts = {part_values, 1},
    };
}

static struct thing an_empty_thing(void)
{
    return (struct thing){
        .state = -1,
        .purchase = -1,
        .stock = -1,
        .low = -1,
        .price = CT_NONE,
        .mem = CT_NONE,
        .count = CT_NONE,
        .age_s = CT_NONE,
        .seen_ms = CT_NONE,
    };
}

static bool matches(const char *text, struct thing row)
{
    struct ct_filter *f;
    struct ct_error err = {0};
    if (ct_filter_compile(&thing_table, ct_span(text), NOW, arena, &f, &err) != CT_OK)
        fail_msg("%s: %s: %s", text, err.where, err.what);
    return ct_filter_match(f, &row);
}

static void expect_all(const char *const *texts, size_t n, bool want, struct thing row)
{
    for (size_t i = 0; i < n; i++)
        if (matches(texts[i], row) != want)
            fail_msg("%s: expected %s", texts[i], want ? "a match" : "no match");
}

static void words_and_fields_that_match(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "   ",
        "h100 sxm",
        "H1 east",
        "gpu:h100 form:sxm",
        "gpu:b200,h100",
        "price<2.5 mem>=80",
        "price<$2.5",
        "price_usd_per_gpu_hour=2.49",
        "now<=2.49",
        "region:us",
        "region:us* !spot",
        "region:*-east-?",
        "us-*",
        "state>=degr",
        "state:degraded",
        "state:DEGR",
        "state<part",
        "state>ok",
        "state!=ok",
        "seen>2h",
        "seen<4h",
        "seen<2026-11-22T12:00:00Z",
        "seen:2026-11-22",
        "age>2h",
        "age>=10800",
        "stock:A",
        "stock>=l",
        "stock:L,A",
        "!stock:N",
        "type:reserved",
        "type:*1y",
        "low_90d:yes",
        "low_90d=true",
        "~h0",
        "~useast1",
        "!~xyz",
        "!!h100",
        "tags:old",
        "tags:bl*",
        "elevated",
        "\"vated err\"",
        "parts:errors",
        "gpu:\"h100\"",
        "gpu=h100",
        "gpu_count:8",
        "gpu_count!=4",
        "degr",
        "reserved_1y",
    };
    expect_all(texts, CT_LEN(texts), true, a_thing());
}

static void words_and_fields_that_do_not_match(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "h100 pcie",
        "gpu:h200",
        "gpu=h10",
        "price<2.49",
        "price>2.5",
        "mem<80",
        "!us",
        "region:eu*",
        "region:east*",
        "east-*",
        "state>=part",
        "state:ok",
        "state<=ok",
        "seen>4h",
        "seen>2026-11-22T12:00:00Z",
        "stock:?",
        "stock<A",
        "type:od",
        "low_90d:no",
        "~01h",
        "tags:new",
        "\"errors elevated\"",
        "region:\"us*\"",
        "gpu:\"\"",
    };
    expect_all(texts, CT_LEN(texts), false, a_thing());
}

static void the_unknown_is_on_no_side_of_a_comparison(void **state)
{
    (void)state;
    static const char *const no[] = {"price<2",       "price>=0", "price:0", "state>=ok",
                                     "state:unknown", "stock:N",  "seen>1s", "seen<1s",
                                     "low_90d:no",    "gpu:h",    "age<1"};
    static const char *const yes[] = {"!price<2", "gpu:\"\"", "!stock:A", "tags:\"\""};
    expect_all(no, CT_LEN(no), false, an_empty_thing());
    expect_all(yes, CT_LEN(yes), true, an_empty_thing());
}

static void refused(const char *text, const char *where, const char *in_message)
{
    struct ct_filter *f;
    struct ct_error err = {0};
    assert_int_equal(CT_ERR_USAGE,
                     ct_filter_compile(&thing_table, ct_span(text), NOW, arena, &f, &err));
    assert_null(f);
    assert_string_equal(err.where, where);
    if (!strstr(err.what, in_message))
        fail_msg("\"%s\" is not in \"%s\"", in_message, err.what);
}

static void mistakes_point_at_the_word(void **state)
{
    (void)state;
    refused("h100 pric<2", "column 6", "\"price\"");
    refused("regoin:us", "column 1", "\"region\"");
    refused("zzzzzzzz:us", "column 1", "no field");
    refused(":us", "column 1", "no field");
    refused("gpu: h100", "column 1", "missing");
    refused("gpu:h100,", "column 1", "missing");
    refused("a b !", "column 5", "missing");
    refused("price<cheap", "column 1", "cheap");
    refused("price<2,5", "column 1", "2,5");
    refused("price<99999999999999999999", "column 1", "large");
    refused("state:fine", "column 1", "operational");
    refused("state>ma", "column 1", "more than one");
    refused("gpu>h100", "column 1", "gpu:");
    refused("type>od", "column 1", "order");
    refused("seen>soon", "column 1", "age");
    refused("low_90d:maybe", "column 1", "yes or no");
    refused("x \"open", "column 3", "quote");
    refused("gpu_count:8.5", "column 1", "number");
}

static void hostile_filters_are_matched_literally_or_refused(void **state)
{
    (void)state;
    struct ct_filter *f;
    struct ct_error err = {0};
    struct thing row = a_thing();
    row.purchase = CT_PURCHASE_OD;
    assert_false(matches("'OR 1", row));
    assert_false(matches("%", row));
    assert_false(matches("_", row));
    row.region = CT_LIT("100%_' OR 1 --");
    assert_true(matches("\"%_' OR 1 --\"", row));

    assert_int_equal(
        CT_OK, ct_filter_compile(&thing_table, (struct ct_span){"h\0x", 3}, NOW, arena, &f, &err));
    assert_false(ct_filter_match(f, &row));
    assert_int_equal(CT_ERR_USAGE, ct_filter_compile(&thing_table, (struct ct_span){"state:\0", 7},
                                                     NOW, arena, &f, &err));

    char *big = ct_arena_alloc(arena, 10241);
    assert_non_null(big);
    memset(big, 'a', 10241);
    assert_int_equal(
        CT_OK, ct_filter_compile(&thing_table, (struct ct_span){big, 10240}, NOW, arena, &f, &err));
    assert_false(ct_filter_match(f, &row));
    assert_int_equal(CT_ERR_LIMIT, ct_filter_compile(&thing_table, (struct ct_span){big, 10241},
                                                     NOW, arena, &f, &err));
    struct ct_arena *small = ct_arena_new(64);
    assert_int_equal(CT_ERR_LIMIT,
                     ct_filter_compile(&thing_table, ct_span("a b c d e f g h i j k l m n"), NOW,
                                       small, &f, &err));
    ct_arena_free(small);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(words_and_fields_that_match),
        T(words_and_fields_that_do_not_match),
        T(the_unknown_is_on_no_side_of_a_comparison),
        T(mistakes_point_at_the_word),
        T(hostile_filters_are_matched_literally_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
