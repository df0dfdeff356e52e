/* The facts of offers packed: a row of table offer_pack repeats what table offer says of all series whose ids are
 * K * CT_OFFERS_MOST and the following. Thousands of offers say few different things: each column holds every value once,
 * and of each offer which one it is. A change of a fact takes the row away (triggers); where there is none, or a damaged
 * one, readers look into table offer itself. For db/ only. */
#ifndef CT_OFFER_PACK_H
#define CT_OFFER_PACK_H

#include "db/base/arena.h"
#include "db/base/terms.h"
#include "db/varint.h"

#include <sqlite3.h>

enum { CT_OFFERS_MOST = 512 };
#define CT_OFFERS_SERIES_MOST (UINT64_C(1) << 40) /* what is beyond is never packed */

/* Columns of a statement that tells facts, behind the series. */
enum ct_fact {
    CT_FACT_KEY,
    CT_FACT_STOCK_SERIES,
    CT_FACT_CLOUD,
    CT_FACT_REGION,
    CT_FACT_ZONE,
    CT_FACT_SKU,
    CT_FACT_INSTANCE,
    CT_FACT_GPU,
    CT_FACT_FORM,
    CT_FACT_GPU_MEM,
    CT_FACT_GPU_COUNT,
    CT_FACT_VCPU,
    CT_FACT_MEM,
    CT_FACT_PURCHASE,
    CT_FACT_CURRENCY,
    CT_FACT_PRICE_PER_HOUR,
    CT_FACT_PRICE_PER_GPU_HOUR,
    CT_FACT_HOST_INCLUDED,
    CT_FACT_STOCK,
    CT_FACT_STOCK_COUNT,
    CT_FACT_INTERRUPTION,
    CT_FACT_EFFECTIVE_MS,
    CT_FACTS
};
#define CT_FACT_COLUMNS                                                                            \
    "o.key,o.stock_series,o.cloud,o.region,o.zone,o.sku,o.instance,o.gpu,o.form,o.gpu_mem_milli,"  \
    "o.gpu_count_milli,o.vcpu_milli,o.mem_milli,o.purchase,o.currency,o.price_per_hour,"           \
    "o.price_per_gpu_hour,o.host_included,o.stock,o.stock_count,o.interruption,o.effective_ms"

/* The facts of up to CT_OFFERS_MOST offers. */
struct ct_offers {
    size_t n;
    int64_t series[CT_OFFERS_MOST];
    struct ct_fact_column {
        size_t n; /* different values */
        union {
            struct ct_span text[CT_OFFERS_MOST];
            int64_t number[CT_OFFERS_MOST]; /* CT_NONE: null */
        };
        uint16_t at[CT_OFFERS_MOST]; /* which one each offer has */
    } fact[CT_FACTS];
};

static inline struct ct_span ct_offers_text(const struct ct_offers *o, enum ct_fact fact, size_t i)
{
    return o->fact[fact].text[o->fact[fact].at[i]];
}
static inline int64_t ct_offers_number(const struct ct_offers *o, enum ct_fact fact, size_t i)
{
    return o->fact[fact].number[o->fact[fact].at[i]];
}
bool ct_offers_is_text(enum ct_fact fact);

/* While they are gathered from rows; starts zeroed but for what it borrows. */
struct ct_offers_making {
    struct ct_offers *out;
    struct ct_arena *texts;
    struct ct_terms terms[CT_FACTS];
};
/* One more, of the row ST is at: the series, then CT_FACT_COLUMNS. */
void ct_offers_add(struct ct_offers_making *m, sqlite3_stmt *st);
/* What comes next begins anew. */
void ct_offers_clear(struct ct_offers_making *m);

/* Appends the blob of O, one offer at least, by ascending series from 0 on that belong to one row. */
void ct_offers_pack(struct ct_buf *out, const struct ct_offers *o);
/* Back into O: first the series alone, then REST, the facts, if they are wanted; texts are parts of BLOB. False: damaged,
 * or none of ours. */
bool ct_offers_unpack_series(struct ct_span blob, struct ct_offers *o, struct ct_numbers *rest);
bool ct_offers_unpack_facts(struct ct_numbers *rest, struct ct_offers *o);

#endif
