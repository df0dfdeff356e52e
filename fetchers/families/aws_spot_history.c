/* aws-spot-history: what EC2's DescribeSpotPriceHistory answers to a signed call (sources/prices.md
 * section 3.6): spot prices by zone, each from the moment it was set. */
#include "fetchers/families/all.h"
#include "fetchers/families/aws_query.h"

#include "db/base/text.h"
#include "db/base/timeutil.h"

static void read_item(struct ct_batch *out, const struct ct_aws_item *item)
{
    struct ct_offer row;
    struct ct_span product = ct_aws_field(item, "productDescription");
    int64_t ms = CT_NONE;
    if (!ct_span_is(product, "Linux/UNIX") && !ct_span_is(product, "Linux/UNIX (Amazon VPC)")) {
        ct_note_about(out, "another system than Linux", CT_SPAN_NONE);
        return;
    }
    if (!ct_aws_query_offer(out, item, &row))
        return;
    if (ct_time_parse(ct_aws_field(item, "timestamp"), &ms) == CT_OK)
        row.effective_ms = ms;
    row.currency = CT_LIT("USD");
    ct_offer_push(
        out, &row, CT_PURCHASE_SPOT,
        ct_offer_price_text(out, ct_aws_field(item, "spotPrice"), "a row without a price"));
}

/* A price without a time is older than any with one. */
static bool newer(const struct ct_offer *a, const struct ct_offer *b)
{
    return a->effective_ms != CT_NONE &&
           (b->effective_ms == CT_NONE || a->effective_ms > b->effective_ms);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_aws_query_parse(body, "DescribeSpotPriceHistoryResponse", "spotPriceHistorySet",
                              read_item, newer, "an older price of the same type and zone", out,
                              err);
}

const struct ct_family ct_family_aws_spot_history = {
    .name = "aws-spot-history",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://ec2.REGION.amazonaws.com/ (DescribeSpotPriceHistory, signed)",
    .parse = parse,
    .unproven = true,
};
