#include "fetchers/families/aws_list.h"

#include "db/base/text.h"
#include "db/base/timeutil.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

enum { L_OTHER, L_VARIANT, L_BLOCK, L_UPFRONT, L_CONVERTIBLE, L_LEASE, L_UNIT, L_CURRENCY };

static const char *const left_out[] = {
    [L_OTHER] = "a product without a known accelerator",
    [L_VARIANT] = "a product other than a running Linux machine on shared hardware",
    [L_BLOCK] = "a capacity block, whose price is not by the hour",
    [L_UPFRONT] = "a reservation that is paid upfront",
    [L_CONVERTIBLE] = "a convertible reservation",
    [L_LEASE] = "a reservation for another term than one or three years",
    [L_UNIT] = "a price that is not by the hour",
    [L_CURRENCY] = "a price in another currency than dollars",
};
_Static_assert(CT_LEN(left_out) == CT_LEN(((struct ct_aws_list *)0)->left_out), "one counter each");

void ct_aws_list_begin(struct ct_aws_list *l, const struct ct_parse_hint *hint,
                       struct ct_batch *out)
{
    *l = (struct ct_aws_list){.out = out, .cloud = ct_offer_cloud(out, hint, "aws")};
}

void ct_aws_list_end(struct ct_aws_list *l)
{
    for (size_t i = 0; i < CT_LEN(left_out); i++)
        ct_note_count(l->out, left_out[i], l->left_out[i]);
}

enum ct_status ct_aws_code(struct ct_span offer_code, const char *where, struct ct_error *err)
{
    char word[40];
    if (ct_span_is(offer_code, "AmazonEC2"))
        return CT_OK;
    size_t n = ct_text_clean(word, sizeof word, offer_code, 0);
    return ct_fail(err, CT_ERR_SHAPE, where, "wanted the price list AmazonEC2, found %s%.*s%s",
                   n ? "\"" : "none", (int)n, word, n ? "\"" : "");
}

bool ct_aws_wanted(struct ct_aws_list *l, const struct ct_span text[AWS_PRODUCT_TEXTS])
{
    struct ct_instance_type type;
    struct ct_span software = text[AWS_SOFTWARE], market = text[AWS_MARKET], gpu = text[AWS_GPU];
    if (!ct_span_istarts(text[AWS_FAMILY], "Compute Instance")) {
        l->left_out[L_OTHER]++;
        return false;
    }
    bool block = ct_span_is(market, "CapacityBlock") || ct_span_ends(text[AWS_OPERATION], ":CB");
    bool plain = ct_span_is(text[AWS_SYSTEM], "Linux") && ct_span_is(text[AWS_TENANCY], "Shared") &&
                 ct_span_is(text[AWS_CAPACITY], "Used") &&
                 (!software.n || ct_span_is(software, "NA")) &&
                 (!market.n || ct_span_is(market, "OnDemand"));
    if (block || !plain) {
        l->left_out[block ? L_BLOCK : L_VARIANT]++;
        return false;
    }
    if (ct_instance_find(CT_LIT("aws"), text[AWS_INSTANCE], &type))
        return true;
    if (gpu.n && !ct_span_is(gpu, "0") && !ct_span_is(gpu, "NA"))
        ct_note_about(l->out, "unknown machine with an accelerator:", text[AWS_INSTANCE]);
    else
        l->left_out[L_OTHER]++;
    return false;
}

bool ct_aws_machine(struct ct_aws_list *l, const struct ct_span text[AWS_PRODUCT_TEXTS],
                    struct ct_span sku, struct ct_offer *row)
{
    struct ct_arena *a = l->out->arena;
    struct ct_instance_type type;
    struct ct_span place = text[AWS_REGION].n ? text[AWS_REGION] : text[AWS_PLACE];
    if (ct_region_is_sovereign(CT_LIT("aws"), place)) {
        ct_note_about(l->out, "a region not for sale to everybody:", place);
        return false;
    }
    if (!ct_instance_find(CT_LIT("aws"), text[AWS_INSTANCE], &type))
        return false;
    *row = ct_offer_new();
    row->cloud = l->cloud;
    if (place.n)
        row->region = ct_region_canonical(CT_LIT("aws"), ct_clean_name(a, place));
    row->sku = ct_clean_id(a, sku);
    row->instance = ct_clean_id(a, text[AWS_INSTANCE]);
    ct_offer_set_instance(row, &type);
    row->currency = CT_LIT("USD");
    row->host_included = 1;
    row->stock = CT_STOCK_UNKNOWN;
    return true;
}

/* How long a reservation runs; -1 unless it is one of those shown, and counted. */
static int reservation(struct ct_aws_list *l, const struct ct_span text[AWS_TEXTS])
{
    struct ct_span lease = text[AWS_LEASE];
    int why = -1;
    if (ct_span_is(text[AWS_CLASS], "convertible"))
        why = L_CONVERTIBLE;
    else if (!ct_span_is(text[AWS_OPTION], "No Upfront"))
        why = L_UPFRONT;
    else if (ct_span_is(lease, "1yr") || ct_span_is(lease, "1 yr"))
        return CT_PURCHASE_RESERVED_1Y;
    else if (ct_span_is(lease, "3yr") || ct_span_is(lease, "3 yr"))
        return CT_PURCHASE_RESERVED_3Y;
    l->left_out[why < 0 ? L_LEASE : why]++;
    return -1;
}

void ct_aws_term(struct ct_aws_list *l, const struct ct_offer *machine, struct ct_span sku,
                 bool reserved, const struct ct_span text[AWS_TEXTS])
{
    struct ct_offer row;
    int64_t at;
    int purchase = reserved ? reservation(l, text) : CT_PURCHASE_OD;
    if (purchase < 0)
        return;
    bool by_hour = ct_span_is(text[AWS_UNIT], "Hrs") || ct_span_is(text[AWS_UNIT], "Hours");
    if (!by_hour || !ct_span_is(text[AWS_CURRENCY], "USD")) {
        l->left_out[by_hour ? L_CURRENCY : L_UNIT]++;
        return;
    }
    ct_nusd price = ct_offer_price_text(l->out, text[AWS_PRICE], "a row without a price");
    if (price == CT_NONE || (!machine && !ct_aws_machine(l, text, sku, &row)))
        return;
    if (machine)
        row = *machine;
    if (ct_time_parse(text[AWS_EFFECTIVE], &at) == CT_OK)
        row.effective_ms = at;
    ct_offer_push(l->out, &row, purchase, price);
}
