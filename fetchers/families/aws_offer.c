/* aws-offer: the AWS price list of one region (sources/prices.md section 3.5), 450 MB and more,
 * read as it arrives: where a value stands says whether it is wanted, so nothing else is ever
 * copied.
 *
 *   products.{sku}.{productFamily, attributes.{...}}
 *   terms.{OnDemand|Reserved}.{sku}.{offer}.{effectiveDate, termAttributes,
 *       priceDimensions.{rate}.{unit, pricePerUnit.{USD}}}
 *
 * Products come first: the wanted ones are kept, and of the terms only theirs are read. */
#include "config.h"

#include "db/base/timeutil.h"
#include "fetchers/families/all.h"
#include "fetchers/families/aws_list.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"
#include "fetchers/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

enum { DEPTH_MAX = 64, TEXT_MAX = 96 };

/* Which object a value stands in. */
enum place {
    AWAY, /* none of ours: nothing in it is looked at */
    TOP,
    PRODUCTS,
    PRODUCT,
    ATTRIBUTES,
    TERMS,
    TERM_KIND,
    SKU,
    OFFER,
    DIMENSIONS,
    DIMENSION,
    AMOUNT,
    TERM_ATTRIBUTES
};

enum { T_CODE = AWS_TEXTS, T_PUBLISHED, T_SLOTS };

#define KEY(name)                                                                                  \
    {                                                                                              \
        name, sizeof(name) - 1                                                                     \
    }
/* Keys with a meaning, place by place: a value to keep, or an object to enter. */
static const struct key {
    enum place in;
    struct ct_span name; /* null: any */
    int slot;
    enum place into;
} keys[] = {
    {TOP, KEY("products"), -1, PRODUCTS},
    {TOP, KEY("terms"), -1, TERMS},
    {TOP, KEY("offerCode"), T_CODE, AWAY},
    {TOP, KEY("publicationDate"), T_PUBLISHED, AWAY},
    {PRODUCTS, {NULL, 0}, -1, PRODUCT},
    {PRODUCT, KEY("productFamily"), AWS_FAMILY, AWAY},
    {PRODUCT, KEY("attributes"), -1, ATTRIBUTES},
    {ATTRIBUTES, KEY("instanceType"), AWS_INSTANCE, AWAY},
    {ATTRIBUTES, KEY("regionCode"), AWS_REGION, AWAY},
    {ATTRIBUTES, KEY("location"), AWS_PLACE, AWAY},
    {ATTRIBUTES, KEY("operatingSystem"), AWS_SYSTEM, AWAY},
    {ATTRIBUTES, KEY("tenancy"), AWS_TENANCY, AWAY},
    {ATTRIBUTES, KEY("capacitystatus"), AWS_CAPACITY, AWAY},
    {ATTRIBUTES, KEY("preInstalledSw"), AWS_SOFTWARE, AWAY},
    {ATTRIBUTES, KEY("marketoption"), AWS_MARKET, AWAY},
    {ATTRIBUTES, KEY("operation"), AWS_OPERATION, AWAY},
    {ATTRIBUTES, KEY("gpu"), AWS_GPU, AWAY},
    {TERMS, KEY("OnDemand"), -1, TERM_KIND},
    {TERMS, KEY("Reserved"), -1, TERM_KIND},
    {TERM_KIND, {NULL, 0}, -1, SKU},
    {SKU, {NULL, 0}, -1, OFFER},
    {OFFER, KEY("effectiveDate"), AWS_EFFECTIVE, AWAY},
    {OFFER, KEY("priceDimensions"), -1, DIMENSIONS},
    {OFFER, KEY("termAttributes"), -1, TERM_ATTRIBUTES},
    {DIMENSIONS, {NULL, 0}, -1, DIMENSION},
    {DIMENSION, KEY("unit"), AWS_UNIT, AWAY},
    {DIMENSION, KEY("pricePerUnit"), -1, AMOUNT},
    {TERM_ATTRIBUTES, KEY("LeaseContractLength"), AWS_LEASE, AWAY},
    {TERM_ATTRIBUTES, KEY("OfferingClass"), AWS_CLASS, AWAY},
    {TERM_ATTRIBUTES, KEY("PurchaseOption"), AWS_OPTION, AWAY},
};

struct reader {
    struct ct_aws_list list;
    struct ct_error *err; /* of the call under way */
    enum ct_status status;
    yajl_handle json;
    uint64_t bytes, events;
    size_t mark; /* bytes of a byte order mark */
    bool started;

    int depth, away; /* open containers; at which of them nothing is looked at any more, 0: none */
    enum place place[DEPTH_MAX + 1], into;
    size_t from[TERM_ATTRIBUTES + 2]; /* where the keys of a place begin */
    int slot;                         /* where the value behind the key goes; -1 */
    bool products, terms, reserved, hourly;
    size_t seen; /* products */

    char sku[TEXT_MAX];
    size_t sku_n;
    char text[T_SLOTS][TEXT_MAX];
    struct ct_span value[T_SLOTS]; /* over TEXT; null: not seen */
    char currency[8];

    struct ct_offer *v; /* wanted products */
    size_t n, cap;
    uint32_t *index; /* open addressing over V by sku; 0: free, else place + 1 */
    size_t mask;
    const struct ct_offer *of; /* the terms being read */
};

/* ---- the wanted products, by sku ---- */

static uint32_t *find_slot(const struct reader *r, struct ct_span sku)
{
    size_t i = (size_t)ct_hash(sku) & r->mask;
    while (r->index[i] && !ct_span_eq(r->v[r->index[i] - 1].sku, sku))
        i = (i + 1) & r->mask;
    return &r->index[i];
}

static struct ct_offer *find(const struct reader *r, struct ct_span sku)
{
    uint32_t at = r->n ? *find_slot(r, sku) : 0;
    return at ? &r->v[at - 1] : NULL;
}

static void grow(struct reader *r)
{
    r->cap = r->cap ? 2 * r->cap : 256;
    r->mask = 2 * r->cap - 1;
    r->v = ct_xrealloc(r->v, r->cap * sizeof *r->v);
    free(r->index);
    r->index = ct_xcalloc(r->mask + 1, sizeof *r->index);
    for (size_t i = 0; i < r->n; i++)
        *find_slot(r, r->v[i].sku) = (uint32_t)i + 1;
}

/* The product that just ended. */
static int keep_product(struct reader *r)
{
    struct ct_span sku = {r->sku, r->sku_n};
    struct ct_offer machine;
    r->seen++;
    if (!ct_aws_wanted(&r->list, r->value) || find(r, sku) ||
        !ct_aws_machine(&r->list, r->value, sku, &machine))
        return 1;
    if (r->n >= CT_ROWS_MAX) {
        r->status = ct_fail(r->err, CT_ERR_LIMIT, "products",
                            "more than %d machines with a "
                            "known accelerator",
                            CT_ROWS_MAX);
        return 0;
    }
    if (r->n == r->cap)
        grow(r);
    r->v[r->n++] = machine;
    *find_slot(r, r->v[r->n - 1].sku) = (uint32_t)r->n;
    return 1;
}

/* ---- values by place ---- */

static void forget(struct reader *r, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        r->value[i] = CT_SPAN_NONE;
}

static void keep_text(struct reader *r, int slot, const char *p, size_t n)
{
    n = n < TEXT_MAX ? n : 0; /* no value of ours is that long */
    memcpy(r->text[slot], p, n);
    r->value[slot] = (struct ct_span){r->text[slot], n};
}

/* The end of an object at PLACE. */
static int leave(struct reader *r, enum place place)
{
    struct ct_span unit = r->value[AWS_UNIT];
    if (place == PRODUCT)
        return keep_product(r);
    if (place == DIMENSION)
        r->hourly = ct_span_is(unit, "Hrs") || ct_span_is(unit, "Hours");
    if (place == OFFER && !ct_rows_too_many(r->list.out))
        ct_aws_term(&r->list, r->of, CT_SPAN_NONE, r->reserved, r->value);
    return 1;
}

/* A key of the object at the top of the stack: what its value will be. */
static void expect(struct reader *r, enum place in, struct ct_span name)
{
    r->slot = -1;
    r->into = AWAY;
    if (in == AMOUNT) { /* dollars, where there are several */
        bool first = !r->value[AWS_CURRENCY].p || ct_span_is(name, "USD");
        if (first) {
            snprintf(r->currency, sizeof r->currency, "%.*s", CT_FMT(name));
            r->value[AWS_CURRENCY] = ct_span(r->currency);
            r->slot = AWS_PRICE;
        }
        return;
    }
    for (size_t i = r->from[in]; i < r->from[in + 1]; i++)
        if (!keys[i].name.p || ct_span_eq(name, keys[i].name)) {
            r->slot = keys[i].slot;
            r->into = keys[i].into;
            break;
        }
}

static int on_key(void *ctx, const unsigned char *p, size_t n)
{
    struct reader *r = ctx;
    struct ct_span name = {(const char *)p, n};
    r->events++;
    if (r->away)
        return 1;
    enum place in = r->place[r->depth];
    expect(r, in, name);
    if (in == PRODUCTS) {
        r->sku_n = n < sizeof r->sku ? n : 0;
        memcpy(r->sku, p, r->sku_n);
    } else if (in == TERMS) {
        r->reserved = ct_span_is(name, "Reserved");
    } else if ((in == TERM_KIND && (r->of = find(r, name)) == NULL) ||
               (in == DIMENSIONS && r->hourly)) { /* beside an hourly price only fees */
        r->into = AWAY;
    }
    return 1;
}

static int on_text(void *ctx, const char *p, size_t n)
{
    struct reader *r = ctx;
    r->events++;
    if (!r->away && r->slot >= 0)
        keep_text(r, r->slot, p, n);
    return 1;
}

static int on_string(void *ctx, const unsigned char *p, size_t n)
{
    return on_text(ctx, (const char *)p, n);
}

static int on_word(void *ctx, int value)
{
    struct reader *r = ctx;
    (void)value;
    r->events++;
    return 1;
}

static int on_null(void *ctx)
{
    return on_word(ctx, 0);
}

static int enter(struct reader *r, enum place place)
{
    switch (place) {
    case PRODUCTS:
        if (r->terms) {
            r->status = ct_fail(r->err, CT_ERR_SHAPE, "terms", "stand before the products");
            return 0;
        }
        r->products = true;
        r->status = r->value[T_CODE].p ? ct_aws_code(r->value[T_CODE], "offerCode", r->err) : CT_OK;
        return r->status == CT_OK;
    case TERMS:
        r->terms = true;
        break;
    case PRODUCT:
        forget(r, 0, AWS_PRODUCT_TEXTS);
        break;
    case OFFER:
        forget(r, AWS_EFFECTIVE, AWS_TEXTS);
        r->hourly = false;
        break;
    case DIMENSION:
        forget(r, AWS_UNIT, AWS_TEXTS);
        break;
    default:
        break;
    }
    return 1;
}

static int on_open(struct reader *r, bool object)
{
    r->events++;
    if (++r->depth > DEPTH_MAX) {
        r->status = ct_fail(r->err, CT_ERR_LIMIT, "body", "nested deeper than %d", DEPTH_MAX);
        return 0;
    }
    if (r->away)
        return 1;
    enum place place = r->depth == 1 ? TOP : r->into;
    if (!object || place == AWAY) {
        r->away = r->depth;
        return 1;
    }
    r->place[r->depth] = place;
    return enter(r, place);
}

static int on_close(void *ctx)
{
    struct reader *r = ctx;
    int depth = r->depth--;
    r->events++;
    if (!r->away)
        return leave(r, r->place[depth]);
    if (r->away == depth)
        r->away = 0;
    return 1;
}

static int on_object(void *ctx)
{
    return on_open(ctx, true);
}

static int on_list(void *ctx)
{
    return on_open(ctx, false);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_word,
    .yajl_number = on_text,
    .yajl_string = on_string,
    .yajl_start_map = on_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_close,
    .yajl_start_array = on_list,
    .yajl_end_array = on_close,
};

/* ---- the document ---- */

static enum ct_status begin(void *reader, const struct ct_parse_hint *hint, struct ct_batch *out,
                            struct ct_error *err)
{
    struct reader *r = reader;
    enum ct_status s = ct_reference_need(err);
    if (s != CT_OK)
        return s;
    r->json = yajl_alloc(&callbacks, NULL, r);
    if (!r->json)
        return ct_fail(err, CT_ERR_LIMIT, "body", "no memory for the reader of JSON");
    for (size_t place = 0, i = 0; place < CT_LEN(r->from); place++) {
        while (i < CT_LEN(keys) && (size_t)keys[i].in < place)
            i++;
        r->from[place] = i;
    }
    ct_aws_list_begin(&r->list, hint, out);
    return CT_OK;
}

static void drop(void *reader)
{
    struct reader *r = reader;
    yajl_free(r->json);
    free(r->v);
    free(r->index);
}

static enum ct_status wrong(struct reader *r, yajl_status s, struct ct_error *err)
{
    char where[48];
    if (r->status != CT_OK || s == yajl_status_ok)
        return r->status;
    unsigned char *words = yajl_get_error(r->json, 0, NULL, 0);
    struct ct_span text = ct_span_trim(ct_span(words ? (const char *)words : "damaged"));
    if (ct_span_starts(text, "parse error: "))
        text = (struct ct_span){text.p + 13, text.n - 13};
    snprintf(where, sizeof where, "byte %llu",
             (unsigned long long)r->bytes + yajl_get_bytes_consumed(r->json));
    r->status = ct_span_is(text, "premature EOF")
                    ? ct_fail(err, CT_ERR_SYNTAX, where, "cut off")
                    : ct_fail(err, CT_ERR_SYNTAX, where, "%.*s", CT_FMT(text));
    yajl_free_error(r->json, words);
    return r->status;
}

static enum ct_status feed(void *reader, struct ct_span bytes, uint64_t *found,
                           struct ct_error *err)
{
    struct reader *r = reader;
    r->err = err;
    for (; !r->started && bytes.n && r->mark < 3 && bytes.p[0] == "\xEF\xBB\xBF"[r->mark];
         r->mark++)
        bytes = (struct ct_span){bytes.p + 1, bytes.n - 1};
    if (!r->started) {
        struct ct_span text = ct_span_trim(bytes);
        if (text.n && text.p[0] != '{')
            return ct_fail(err, CT_ERR_SHAPE, "body", "wanted a JSON object");
        r->started = text.n > 0;
    }
    enum ct_status s = wrong(r, yajl_parse(r->json, (const unsigned char *)bytes.p, bytes.n), err);
    r->bytes += bytes.n;
    *found = r->events;
    return s;
}

static enum ct_status end(void *reader, struct ct_error *err)
{
    struct reader *r = reader;
    int64_t at;
    r->err = err;
    if (!r->started)
        return ct_fail(err, CT_ERR_SHAPE, "body", "wanted a JSON object");
    enum ct_status s = wrong(r, yajl_complete_parse(r->json), err);
    if (s != CT_OK)
        return s;
    if (!r->products || !r->terms || !r->seen)
        return ct_fail(err, CT_ERR_SHAPE, !r->products || !r->seen ? "products" : "terms",
                       "not there, or nothing in it");
    if (ct_time_parse(r->value[T_PUBLISHED], &at) == CT_OK)
        r->list.out->data_ms = at;
    ct_aws_list_end(&r->list);
    return ct_aws_code(r->value[T_CODE], "offerCode", err);
}

static const struct ct_stream_ops stream = {sizeof(struct reader), begin, feed, end, drop};

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_stream_whole(&ct_family_aws_offer, body, hint, out, err);
}

const struct ct_family ct_family_aws_offer = {
    .name = "aws-offer",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/"
                   "{region}/index.json",
    .max_bytes = CT_STREAM_MAX,
    .parse = parse,
    .stream = &stream,
};
