/* aws-capacity-blocks: what EC2's DescribeCapacityBlockOfferings answers to a signed call
 * (sources/prices.md section 3.6). The fee is for the whole block: all its machines, all its hours. */
#include "fetchers/families/all.h"
#include "fetchers/families/aws_query.h"

#include "db/base/text.h"

enum { MOST_HOURS = 24 * 366, MOST_MACHINES = 10000 };

static int64_t count_of(const struct ct_aws_item *item, const char *name, int64_t most)
{
    int64_t n;
    return ct_span_int(ct_aws_field(item, name), &n) == CT_OK && n >= 1 && n <= most ? n : CT_NONE;
}

static void read_item(struct ct_batch *out, const struct ct_aws_item *item)
{
    struct ct_offer row;
    int64_t hours = count_of(item, "capacityBlockDurationHours", MOST_HOURS),
            machines = count_of(item, "instanceCount", MOST_MACHINES);
    struct ct_span currency = ct_aws_field(item, "currencyCode");
    if (hours == CT_NONE || machines == CT_NONE || currency.n != 3) {
        ct_note_about(out, "a block without hours, machines or currency", CT_SPAN_NONE);
        return;
    }
    if (!ct_aws_query_offer(out, item, &row))
        return;
    ct_nusd fee = ct_offer_price_text(out, ct_aws_field(item, "upfrontFee"), "a row without a price");
    row.sku = ct_arena_printf(out->arena, "%.*s/%dh", CT_FMT(row.instance), (int)hours);
    row.currency = ct_clean_id(out->arena, currency);
    row.stock = CT_STOCK_AVAILABLE;
    if (fee != CT_NONE)
        ct_offer_push(out, &row, CT_PURCHASE_BLOCK, ct_muldiv(fee, 1, hours * machines));
}

static bool cheaper(const struct ct_offer *a, const struct ct_offer *b)
{
    return a->price_per_hour < b->price_per_hour;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_aws_query_parse(body, "DescribeCapacityBlockOfferingsResponse",
                              "capacityBlockOfferingSet", read_item, cheaper,
                              "a dearer block of the same type, zone and length", out, err);
}

const struct ct_family ct_family_aws_capacity_blocks = {
    .name = "aws-capacity-blocks",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://ec2.REGION.amazonaws.com/ (DescribeCapacityBlockOfferings, signed)",
    .parse = parse,
    .unproven = true,
};
