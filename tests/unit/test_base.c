#include "db/base/money.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void parse_takes_a_token_price_to_a_million_tokens(void **state)
{
    (void)state;
    int64_t out = 7;
    assert_int_equal(ct_nusd_parse(CT_LIT("1.5e-7"), 1000000, &out), CT_OK);
    assert_int_equal(out, 150000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_takes_a_token_price_to_a_million_tokens),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
