/* What the price and model families share. */
#ifndef CT_FAMILIES_PRICES_H
#define CT_FAMILIES_PRICES_H

#include "fetchers/family.h"
#include "fetchers/gpu.h"
#include "fetchers/jsonx.h"

/* Counts "WHAT TEXT" in OUT's notes, TEXT being foreign; only WHAT once there are very many of
 * them. */
void ct_note_about(struct ct_batch *out, const char *what, struct ct_span text);

/* Fills gpu, form, memory and the instance's sizes; counts are per offer. */
void ct_offer_set_gpu(struct ct_offer *offer, const struct ct_gpu *gpu);
void ct_offer_set_instance(struct ct_offer *offer, const struct ct_instance_type *type);
/* Derives the price of one GPU from the whole; none when either is unknown. */
void ct_offer_derive(struct ct_offer *offer);

/* The price at KEY in nano units an hour when it is one: a decimal above 0. Otherwise CT_NONE, and
 * a note says why. */
ct_nusd ct_offer_price(struct ct_batch *out, const json_t *obj, const char *key);

#endif
