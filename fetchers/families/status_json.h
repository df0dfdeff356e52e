/* What status pages in JSON share: the way through a document, words, times, updates. Any thread;
 * pure. */
#ifndef CT_STATUS_JSON_H
#define CT_STATUS_JSON_H

#include "fetchers/family.h"
#include "fetchers/jsonx.h"
#include "fetchers/rows.h"

/* A page's word and what it means here; lists end with a NULL word. */
struct ct_sj_word {
    const char *word;
    int value;
};
/* The value of TEXT (ASCII case-blind), OTHER when it is none of WORDS. */
int ct_sj_lookup(const struct ct_sj_word *words, struct ct_span text, int other);
/* The same, and an unknown word becomes OTHER and a note of what WHAT it was. */
int ct_sj_word(struct ct_batch *out, const struct ct_sj_word *words, const char *what,
               struct ct_span text, int other);

/* All four steps of parse(): reads BODY, lets READ make rows of the root, explains a refusal, and
 * leaves OUT empty after one. */
typedef enum ct_status ct_sj_reader(const json_t *root, struct ct_batch *out, struct ct_error *err);
CT_MUST_USE enum ct_status ct_sj_parse(struct ct_span body, ct_sj_reader *read,
                                       struct ct_batch *out, struct ct_error *err);

/* Every element of LIST (NULL is fine), which stands at PATH, is an object with an id (text that is
 * not empty, or a number) at KEY; else CT_ERR_SHAPE with its path. */
CT_MUST_USE enum ct_status ct_sj_check_ids(const json_t *list, const char *path, const char *key,
                                           struct ct_error *err);

/* Clean id, name and raw word of an object's member. */
struct ct_span ct_sj_id(const json_t *obj, const char *key, struct ct_arena *a);
struct ct_span ct_sj_name(const json_t *obj, const char *key, struct ct_arena *a);
/* The instant at KEY, else at OTHERWISE (NULL: none). */
int64_t ct_sj_time(const json_t *obj, const char *key, const char *otherwise);
/* KEY of all objects in LIST, cleaned. */
struct ct_list ct_sj_ids(const json_t *list, const char *key, struct ct_arena *a);

/* Phases in the program's own words (ct_phase_words) and "fixing". */
extern const struct ct_sj_word ct_sj_phases[];
bool ct_sj_is_over(int phase);

/* Where updates of a page keep what. */
struct ct_sj_keys {
    const char *id, *at, *at_else, *phase, *text;
    const struct ct_sj_word *phases;
};
/* Pushes the updates of INCIDENT in LIST (NULL is fine), returns the newest instant. */
int64_t ct_sj_updates(const json_t *list, struct ct_span incident, const struct ct_sj_keys *keys,
                      struct ct_batch *out);
/* The object of LIST with the newest AT (in a tie the first); NULL when there is none. */
const json_t *ct_sj_newest(const json_t *list, const char *at);

void ct_sj_push_incident(struct ct_batch *out, const struct ct_incident *row);
void ct_sj_push_component(struct ct_batch *out, const struct ct_component *row);
/* Pushes a page with these raw values; its time becomes the batch's. */
void ct_sj_push_page(struct ct_batch *out, struct ct_span id, struct ct_span name,
                     struct ct_span url, struct ct_span indicator, int64_t updated_ms);

#endif
