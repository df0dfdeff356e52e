/* Which model an id names: one model has a name in every shop (sources/models.md sections 3 and 8).
 * The tables model_*.tsv are loaded by ct_reference_load. Any thread after that. */
#ifndef CT_MODELID_H
#define CT_MODELID_H

#include "db/base/arena.h"
#include "db/base/err.h"
#include "db/base/str.h"

/* How the lab was found. */
enum ct_lab_how {
    CT_LAB_NONE,
    CT_LAB_ORG,       /* the id names a known organisation */
    CT_LAB_PREFIX,    /* the model's name begins as that lab's do */
    CT_LAB_COMMUNITY, /* an organisation nobody knows: a fine-tune; the lab is its name */
};

struct ct_model_id {
    struct ct_span lab, model, variant; /* null when unknown; variants sorted, separated by ',' */
    struct ct_span host, host_class;    /* null for an unknown provider */
    struct ct_span region;              /* region, geography or deployment type in the id; null */
    struct ct_span commitment;          /* "1-month-commitment" in the id; null */
    enum ct_lab_how how;
    bool pseudo; /* not a model: a router, a container, a price class; lab and model are null */
    int open_weights; /* 1, 0, -1 where the table does not say */
};

/* Takes ID apart as PROVIDER (LiteLLM's word for who bills) writes it. Never fails: what is not
 * known is null. Results live in ARENA. */
void ct_model_identify(struct ct_arena *arena, struct ct_span id, struct ct_span provider,
                       struct ct_model_id *out);

/* Called by ct_reference_load and ct_reference_free. */
CT_MUST_USE enum ct_status ct_modelid_load(struct ct_error *err);
void ct_modelid_free(void);

#endif
