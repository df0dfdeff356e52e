/* What the lists of model prices share. Any thread; pure. */
#ifndef CT_FAMILIES_TOKENS_H
#define CT_FAMILIES_TOKENS_H

#include "fetchers/families/prices.h"

/* What a source's unit is worth in nano dollars a million tokens, for ct_json_decimal. */
enum { CT_PER_TOKEN = 1000000, CT_CENTS_PER_TOKEN = 10000, CT_PER_MTOK = 1 };

#define CT_TIER_BYTES 64

/* A member that holds a price. */
struct ct_token_field {
    const char *name;
    int kind;
    const char *tier; /* NULL: the standard one */
};

/* A row with everything ID says, sold by PROVIDER (a word of model_hosts.tsv; null: unknown); the
 * tier is standard, or batch where the id says so. Notes what is no model and who is not known. */
struct ct_token_price ct_token_begin(struct ct_batch *out, struct ct_span id,
                                     struct ct_span provider);

/* Puts the row COMMON into OUT with the price at KEY of OBJ, times SCALE. TIER (NULL: that of
 * COMMON) stands behind COMMON's own: "batch_above_200k". False, and a note, when there is no
 * price; nothing at all when there is no such member. */
bool ct_token_push(struct ct_batch *out, const struct ct_token_price *common, const json_t *obj,
                   const char *key, int64_t scale, int kind, const char *tier);
/* The same for every field of the table (N of them); returns how many rows there are now. */
size_t ct_token_push_fields(struct ct_batch *out, const struct ct_token_price *common,
                            const json_t *obj, int64_t scale, const struct ct_token_field *fields,
                            size_t n, const char *tier);
/* An id that is listed without a price keeps one row, kind input. */
void ct_token_listed(struct ct_batch *out, const struct ct_token_price *common);

/* "above_200k" of 200000 tokens, "above_1234" of 1234. False unless TOKENS is above 0. */
bool ct_token_above(char tier[CT_TIER_BYTES], int64_t tokens);
/* "from_2026-09-01" of WORD "from" and a day as text; false when it is none. */
bool ct_token_dated(char tier[CT_TIER_BYTES], const char *word, struct ct_span day);
/* Takes the end "-200k" (or MARK before the number: "-gt-128k") off *ID and says its tier; false
 * when it has none of at least 128k. */
bool ct_token_take_size(struct ct_span *id, const char *mark, char tier[CT_TIER_BYTES]);

#endif
