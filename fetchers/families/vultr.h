/* Alerts as both documents of Vultr's status page have them. */
#ifndef CT_VULTR_H
#define CT_VULTR_H

#include "fetchers/jsonx.h"

#include "db/model.h"

/* An alert in a list and the place it stands under; the same one may stand under many. */
struct ct_vultr_alert {
    const json_t *alert;
    struct ct_span id, region;
    size_t place; /* in the document */
};
struct ct_vultr_alerts {
    CT_VEC(struct ct_vultr_alert) list;
};

/* Collects LIST, which stands at PATH under REGION (null: each alert says its own). CT_ERR_SHAPE as
 * ct_sj_check_ids. */
CT_MUST_USE enum ct_status ct_vultr_collect(const json_t *list, const char *path,
                                            struct ct_span region, struct ct_vultr_alerts *out,
                                            struct ct_arena *arena, struct ct_error *err);
/* Pushes every alert once, by id, with all its regions. Sorts ALERTS. */
void ct_vultr_add(struct ct_vultr_alerts *alerts, struct ct_batch *out);

#endif
