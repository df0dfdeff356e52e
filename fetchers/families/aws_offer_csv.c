/* aws-offer-csv: the AWS price list as a table (sources/prices.md section 3.5): rows of two cells
 * that say what it is, a header, then product and term in one row. */
#include "config.h"

#include "db/base/timeutil.h"
#include "fetchers/csvtable.h"
#include "fetchers/families/all.h"
#include "fetchers/families/aws_list.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"
#include "fetchers/stream.h"

enum { C_SKU = AWS_TEXTS, C_TERM };

static const struct ct_csv_column columns[] = {
    [AWS_FAMILY] = {"Product Family", NULL, true},
    [AWS_INSTANCE] = {"Instance Type", NULL, true},
    [AWS_REGION] = {"Region Code", NULL, false},
    [AWS_PLACE] = {"Location", NULL, true},
    [AWS_SYSTEM] = {"Operating System", NULL, true},
    [AWS_TENANCY] = {"Tenancy", NULL, true},
    [AWS_CAPACITY] = {"CapacityStatus", NULL, true},
    [AWS_SOFTWARE] = {"Pre Installed S/W", NULL, true},
    [AWS_MARKET] = {"MarketOption", NULL, false},
    [AWS_OPERATION] = {"operation", NULL, false},
    [AWS_GPU] = {"GPU", NULL, false},
    [AWS_EFFECTIVE] = {"EffectiveDate", NULL, false},
    [AWS_LEASE] = {"LeaseContractLength", NULL, false},
    [AWS_CLASS] = {"OfferingClass", NULL, false},
    [AWS_OPTION] = {"PurchaseOption", NULL, false},
    [AWS_UNIT] = {"Unit", NULL, true},
    [AWS_CURRENCY] = {"Currency", NULL, true},
    [AWS_PRICE] = {"PricePerUnit", NULL, true},
    [C_SKU] = {"SKU", NULL, true},
    [C_TERM] = {"TermType", NULL, true},
};
_Static_assert(CT_LEN(columns) <= CT_CSV_WANTED, "a cell each");

struct reader {
    struct ct_aws_list list;
    struct ct_csv_table table;
    int64_t rows, other_terms;
    bool has_code;
};

static void read_preface(void *ctx, struct ct_span name, struct ct_span value)
{
    struct reader *r = ctx;
    int64_t at;
    if (ct_span_is(name, "OfferCode")) {
        r->has_code = true;
        r->table.status = ct_aws_code(value, "OfferCode", &r->table.err);
    } else if (ct_span_is(name, "Publication Date") && ct_time_parse(value, &at) == CT_OK) {
        r->list.out->data_ms = at;
    }
}

static void read_row(void *ctx)
{
    struct reader *r = ctx;
    struct ct_span text[AWS_TEXTS], term = ct_csv_text(&r->table, C_TERM);
    bool reserved = ct_span_is(term, "Reserved");
    r->rows++;
    if (!reserved && !ct_span_is(term, "OnDemand")) {
        r->other_terms++;
        return;
    }
    for (size_t i = 0; i < AWS_PRODUCT_TEXTS; i++)
        text[i] = ct_csv_text(&r->table, i);
    if (!ct_aws_wanted(&r->list, text)) /* most of them */
        return;
    for (size_t i = AWS_PRODUCT_TEXTS; i < CT_LEN(text); i++)
        text[i] = ct_csv_text(&r->table, i);
    if (!ct_rows_too_many(r->list.out))
        ct_aws_term(&r->list, NULL, ct_csv_text(&r->table, C_SKU), reserved, text);
}

static enum ct_status begin(void *reader, const struct ct_parse_hint *hint, struct ct_batch *out,
                            struct ct_error *err)
{
    struct reader *r = reader;
    enum ct_status s = ct_reference_need(err);
    ct_aws_list_begin(&r->list, hint, out);
    r->table = (struct ct_csv_table){.columns = columns,
                                     .wanted = CT_LEN(columns),
                                     .anchor = "FormatVersion",
                                     .max_columns = CT_CSV_COLUMNS,
                                     .head = "SKU",
                                     .row = read_row,
                                     .preface = read_preface,
                                     .ctx = r};
    return s == CT_OK ? ct_csv_begin(&r->table, err) : s;
}

static enum ct_status feed(void *reader, struct ct_span bytes, uint64_t *found,
                           struct ct_error *err)
{
    struct reader *r = reader;
    return ct_csv_feed(&r->table, bytes, found, err);
}

static enum ct_status end(void *reader, struct ct_error *err)
{
    struct reader *r = reader;
    enum ct_status s = ct_csv_end(&r->table, err);
    if (s == CT_OK && !r->has_code)
        s = ct_aws_code(CT_SPAN_NONE, "OfferCode", err);
    if (s == CT_OK && r->rows == 0)
        s = ct_fail(err, CT_ERR_SHAPE, "body", "no rows under the header");
    ct_aws_list_end(&r->list);
    ct_note_count(r->list.out, "a term other than on demand or reserved", r->other_terms);
    return s;
}

static void drop(void *reader)
{
    struct reader *r = reader;
    ct_csv_drop(&r->table);
}

static const struct ct_stream_ops stream = {sizeof(struct reader), begin, feed, end, drop};

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_stream_whole(&ct_family_aws_offer_csv, body, hint, out, err);
}

const struct ct_family ct_family_aws_offer_csv = {
    .name = "aws-offer-csv",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/"
                   "{region}/index.csv",
    .max_bytes = CT_STREAM_MAX,
    .parse = parse,
    .stream = &stream,
};
