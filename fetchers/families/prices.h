/* What the price and model families share. */
#ifndef CT_FAMILIES_PRICES_H
#define CT_FAMILIES_PRICES_H

#include "fetchers/family.h"
#include "fetchers/gpu.h"
#include "fetchers/jsonx.h"

/* Counts "WHAT TEXT" in OUT's notes, TEXT being foreign; only WHAT once there are very many of
 * them. */
void ct_note_about(struct ct_batch *out, const char *what, struct ct_span text);
/* WHAT counted COUNT times; nothing for 0. */
void ct_note_count(struct ct_batch *out, const char *what, int64_t count);

/* Fills gpu, form, memory and the instance's sizes; counts are per offer. */
void ct_offer_set_gpu(struct ct_offer *offer, const struct ct_gpu *gpu);
void ct_offer_set_instance(struct ct_offer *offer, const struct ct_instance_type *type);
/* Stock of an offer of which N are free; CT_NONE, or below 0: nobody says. */
void ct_offer_set_free(struct ct_offer *offer, int64_t n);
/* Derives the price of one GPU from the whole; none when either is unknown. */
void ct_offer_derive(struct ct_offer *offer);

/* The price at KEY in nano units an hour when it is one: a decimal above 0. Otherwise CT_NONE, and
 * a note says why. */
ct_nusd ct_offer_price(struct ct_batch *out, const json_t *obj, const char *key);
/* The same of plain text, "" being no price: MISSING is the note for that (NULL: none). */
ct_nusd ct_offer_price_text(struct ct_batch *out, struct ct_span text, const char *missing);
/* The same as ct_offer_price where no price is no news: a missing one or null makes no note. */
ct_nusd ct_offer_price_maybe(struct ct_batch *out, const json_t *obj, const char *key);
/* Cents to the currency's unit. */
ct_nusd ct_from_cents(ct_nusd cents);

/* A figure above 0 at KEY in thousandths, divided by DIVISOR (1024: MiB to GiB); else CT_NONE. */
int64_t ct_offer_milli(const json_t *obj, const char *key, int64_t divisor);

/* Who sells: the source's provider, else NAME. */
struct ct_span ct_offer_cloud(struct ct_batch *out, const struct ct_parse_hint *hint,
                              const char *name);
/* The cloud that a shop for several calls NAME, by the name it has now. */
struct ct_span ct_offer_cloud_behind(struct ct_batch *out, struct ct_span name);

/* The row is for a part of its GPU (MIG): "A100-slice", never in one group with whole ones. */
void ct_offer_set_slice(struct ct_batch *out, struct ct_offer *row);
/* Fills the GPU that TEXT names, MEM_MILLI being the memory of one. Notes one that is unknown, of
 * odd memory or a slice; false when it is unknown. */
bool ct_offer_identify(struct ct_batch *out, struct ct_offer *row, struct ct_span text,
                       int64_t mem_milli);

/* One row more: COMMON bought as PURCHASE for PRICE an hour, the whole machine. No row without a
 * price. */
void ct_offer_push(struct ct_batch *out, const struct ct_offer *common, int purchase,
                   ct_nusd price);
/* The same, but a price of one GPU where the machine's is not told, or none at all. */
void ct_offer_add(struct ct_batch *out, const struct ct_offer *row);

/* ---- documents of JSON ---- */

/* The elements of a list, judged when all were seen: one that is damaged is left out with a note, as
 * a row without a price is; where half of them are odd the list is another one than we know. Zero it
 * first. */
struct ct_elements {
    size_t n, odd;
    char where[96], found[24]; /* of the first odd one */
};
/* Counts ITEM, element I of the list at PATH (SIZE_MAX: PATH says which); FITS is given back. */
bool ct_element(struct ct_elements *e, const char *path, size_t i, const json_t *item, bool fits);
/* CT_ERR_SHAPE: "wanted WANTED, found ...". */
CT_MUST_USE enum ct_status ct_elements_end(struct ct_batch *out, const struct ct_elements *e,
                                           const char *wanted, struct ct_error *err);

/* What reads one element of a list of offers; HINT may be NULL. */
typedef void ct_offer_reader(struct ct_batch *out, const json_t *item,
                             const struct ct_parse_hint *hint);
/* Every element of LIST, which is at PATH, that is an object with a KEY (struct ct_elements). */
CT_MUST_USE enum ct_status ct_offers_each(struct ct_batch *out, const json_t *list,
                                          const char *path, const char *key, ct_offer_reader *read,
                                          const struct ct_parse_hint *hint, struct ct_error *err);
/* The same for the list that is ROOT's member NAME. */
CT_MUST_USE enum ct_status ct_offers_in(struct ct_batch *out, const json_t *root, const char *name,
                                        const char *key, ct_offer_reader *read,
                                        const struct ct_parse_hint *hint, struct ct_error *err);
/* A whole parse(): BODY as JSON through READ, which need not clean up behind an error. */
typedef enum ct_status ct_offers_root(struct ct_batch *out, json_t *root,
                                      const struct ct_parse_hint *hint, struct ct_error *err);
CT_MUST_USE enum ct_status ct_offers_parse(struct ct_span body, const struct ct_parse_hint *hint,
                                           struct ct_batch *out, ct_offers_root *read,
                                           struct ct_error *err);

#endif
