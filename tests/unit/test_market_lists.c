/* Lists of markets and of list prices that quote one GPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetchers/reference.h"
#include "tests/unit/parse_fixture.h"

static struct run read_list(const char *family)
{
    struct run r = parse_fixture(ct_family_find(family), "good.json");
    if (r.status != CT_OK)
        fail_msg("%s: %s: %s", family, r.err.where, r.err.what);
    return r;
}

static void gpurentalprices_quotes_one_gpu_and_leaves_serverless_seconds_out(void **state)
{
    (void)state;
    struct run r = read_list("gpurentalprices");
    const struct ct_offer *o = r.rows.offers.v;
    assert_int_equal(r.rows.offers.n, 3);
    assert_true(ct_span_is(o[0].cloud, "runpod") && ct_span_is(o[0].gpu, "H100"));
    assert_int_equal(o[0].price_per_gpu_hour, INT64_C(2390000000));
    assert_int_equal(o[0].price_per_hour, CT_NONE);
    assert_true(ct_span_is(o[1].cloud, "verda")); /* its name now */
    assert_int_equal(o[1].purchase, CT_PURCHASE_SPOT);
    assert_int_equal(o[2].gpu_count_milli, 8000); /* sold by eight at least */
    assert_int_equal(note(&r, "an offer of kind serverless"), 1);
    assert_true(r.rows.data_ms != CT_NONE);
    done(&r);
}

static void akash_prices_are_the_lowest_with_the_number_that_is_free(void **state)
{
    (void)state;
    struct run r = read_list("akash-prices");
    const struct ct_offer *o = r.rows.offers.v;
    assert_int_equal(r.rows.offers.n, 3);
    assert_true(ct_span_is(o[0].form, "SXM"));
    assert_true(ct_span_is(o[0].currency, "USD"));
    assert_int_equal(o[0].price_per_gpu_hour, INT64_C(1330000000));
    assert_int_equal(o[0].stock, CT_STOCK_AVAILABLE);
    assert_int_equal(o[0].stock_count, 12);
    assert_int_equal(o[1].stock, CT_STOCK_NONE); /* none free, and so no price: not zero */
    assert_int_equal(o[1].price_per_gpu_hour, CT_NONE);
    assert_true(ct_span_is(o[2].currency, "EUR")); /* as it says, no assumed dollars */
    assert_int_equal(o[2].stock, CT_STOCK_UNKNOWN); /* fewer than none are free: nobody knows */
    assert_int_equal(o[2].stock_count, CT_NONE);
    done(&r);
}

static void cudo_prices_the_gpu_without_its_host(void **state)
{
    (void)state;
    struct run r = read_list("cudo-types");
    assert_int_equal(r.rows.offers.n, 1);
    assert_int_equal(r.rows.offers.v[0].price_per_gpu_hour, INT64_C(1350000000));
    assert_int_equal(r.rows.offers.v[0].host_included, 0);
    assert_int_equal(r.rows.offers.v[0].stock_count, 7);
    assert_true(ct_span_is(r.rows.offers.v[0].region, "no-luster-1"));
    done(&r);
}

static void hyperstack_sells_more_than_gpus_and_only_those_are_offers(void **state)
{
    (void)state;
    struct run r = read_list("hyperstack-pricebook");
    assert_int_equal(r.rows.offers.n, 2);
    assert_true(ct_span_is(r.rows.offers.v[0].gpu, "H100"));
    assert_true(ct_span_is(r.rows.offers.v[0].form, "PCIe"));
    assert_int_equal(r.rows.offers.v[0].price_per_gpu_hour, INT64_C(1900000000));
    assert_int_equal(r.rows.offers.v[1].price_per_gpu_hour, INT64_C(500000000));
    assert_int_equal(r.rows.offers.v[0].stock, CT_STOCK_UNKNOWN);
    done(&r);
}

static void other_documents_are_refused(void **state)
{
    (void)state;
    static const char *const families[] = {"gpurentalprices", "akash-prices", "cudo-types",
                                           "hyperstack-pricebook"};
    static const char *const bodies[] = {"", "<!DOCTYPE html>", "{}", "[1]", "{\"error\":\"no\"}",
                                         "{\"offers\":[{}],\"models\":[{}],\"machineTypes\":[{}]}",
                                         "{\"offers\":7,\"models\":7,\"machineTypes\":7}"};
    for (size_t f = 0; f < CT_LEN(families); f++)
        for (size_t i = 0; i < CT_LEN(bodies); i++) {
            struct run r = parse_span(ct_family_find(families[f]), ct_span(bodies[i]));
            if (r.status == CT_OK)
                fail_msg("%s takes %s", families[f], bodies[i]);
            assert_int_equal(ct_batch_rows(&r.rows), 0);
            done(&r);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpurentalprices_quotes_one_gpu_and_leaves_serverless_seconds_out),
        cmocka_unit_test(akash_prices_are_the_lowest_with_the_number_that_is_free),
        cmocka_unit_test(cudo_prices_the_gpu_without_its_host),
        cmocka_unit_test(hyperstack_sells_more_than_gpus_and_only_those_are_offers),
        cmocka_unit_test(other_documents_are_refused),
    };
    return cmocka_run_group_tests(tests, load_tables, unload_tables);
}
