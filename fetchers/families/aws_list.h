/* What the two forms of the AWS price list share: which products and terms are wanted, and how they
 * become offers (sources/prices.md section 3.5). */
#ifndef CT_FAMILIES_AWS_LIST_H
#define CT_FAMILIES_AWS_LIST_H

#include "fetchers/families/prices.h"

/* Texts of a product and of a term, by what they are called in either form. */
enum ct_aws_text {
    AWS_FAMILY,
    AWS_INSTANCE,
    AWS_REGION,
    AWS_PLACE,
    AWS_SYSTEM,
    AWS_TENANCY,
    AWS_CAPACITY,
    AWS_SOFTWARE,
    AWS_MARKET,
    AWS_OPERATION,
    AWS_GPU,
    AWS_PRODUCT_TEXTS,

    AWS_EFFECTIVE = AWS_PRODUCT_TEXTS,
    AWS_LEASE,
    AWS_CLASS,
    AWS_OPTION,
    AWS_UNIT,
    AWS_CURRENCY,
    AWS_PRICE,
    AWS_TEXTS
};

struct ct_aws_list {
    struct ct_batch *out;
    struct ct_span cloud;
    int64_t left_out[8]; /* counted in aws_list.c; notes at the end */
};

void ct_aws_list_begin(struct ct_aws_list *l, const struct ct_parse_hint *hint,
                       struct ct_batch *out);
/* True for a machine with a known accelerator as people rent it: Linux without software that costs,
 * shared hardware, a machine that runs. Takes no memory. */
bool ct_aws_wanted(struct ct_aws_list *l, const struct ct_span text[AWS_PRODUCT_TEXTS]);
/* A wanted machine as an offer without purchase and price; false when it is sold to few. */
bool ct_aws_machine(struct ct_aws_list *l, const struct ct_span text[AWS_PRODUCT_TEXTS],
                    struct ct_span sku, struct ct_offer *row);
/* MACHINE under the term TEXT[AWS_EFFECTIVE..AWS_PRICE]: one row, or a note why there is none. NULL
 * for MACHINE: the one of TEXT and SKU. */
void ct_aws_term(struct ct_aws_list *l, const struct ct_offer *machine, struct ct_span sku,
                 bool reserved, const struct ct_span text[AWS_TEXTS]);
/* CT_ERR_SHAPE unless OFFER_CODE is that of the machines. */
CT_MUST_USE enum ct_status ct_aws_code(struct ct_span offer_code, const char *where,
                                       struct ct_error *err);
void ct_aws_list_end(struct ct_aws_list *l);

#endif
