/* What the signed calls of EC2's Query API share: an XML answer of a set of flat items. */
#ifndef CT_FAMILIES_AWS_QUERY_H
#define CT_FAMILIES_AWS_QUERY_H

#include "fetchers/families/prices.h"

enum { CT_AWS_FIELDS = 24, CT_AWS_TEXT = 256 };

/* One item: the text of its children by name, trimmed. Borrowed for the call. */
struct ct_aws_item {
    size_t n;
    struct ct_aws_field {
        char name[64], text[CT_AWS_TEXT];
    } v[CT_AWS_FIELDS];
};

/* "" when ITEM has none. */
struct ct_span ct_aws_field(const struct ct_aws_item *item, const char *name);

typedef void ct_aws_item_reader(struct ct_batch *out, const struct ct_aws_item *item);
/* A whole parse(): BODY must be ROOT with SET in it, each of whose items goes to READ. Of rows of one
 * sku and zone that came so far, over all pages, the one that BETTER prefers stays; the others are
 * counted as WHAT. A nextToken becomes the field that asks for the rest (model.h, next_page). */
CT_MUST_USE enum ct_status
ct_aws_query_parse(struct ct_span body, const char *root, const char *set, ct_aws_item_reader *read,
                   bool (*better)(const struct ct_offer *a, const struct ct_offer *b),
                   const char *what, struct ct_batch *out, struct ct_error *err);

/* An offer of an instance type in a zone, its region told by the zone's name. False, with a note,
 * when the type or the zone is nothing we follow. */
bool ct_aws_query_offer(struct ct_batch *out, const struct ct_aws_item *item,
                        struct ct_offer *row);

#endif
