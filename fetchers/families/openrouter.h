/* What OpenRouter's two answers share: their price objects. */
#ifndef CT_FAMILIES_OPENROUTER_H
#define CT_FAMILIES_OPENROUTER_H

#include "fetchers/families/tokens.h"

/* Rows of PRICING (of a model or an endpoint) behind COMMON; one without a price if there is none.
 */
void ct_openrouter_prices(struct ct_batch *out, const struct ct_token_price *common,
                          const json_t *pricing);

#endif
