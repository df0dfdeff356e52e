/* One offer that several sources list: a cloud's own interface, a catalogue and a shop for many
 * clouds all sell the same machine. In a group and in an index it is one offer. Two ways to see it:
 *
 * - cloud, region, instance and count are the same: the source with the best word counts;
 * - a catalogue that calls nothing in a cloud as the cloud's own source does (RunPod's "H100 SXM" is
 *   "1x_H100_SECURE" elsewhere) can be matched by no name: what it lists of an accelerator counts
 *   only while the cloud's own source has no price of that accelerator.
 *
 * For db/ only. */
#ifndef CT_TWINS_H
#define CT_TWINS_H

#include "db/reader.h"

/* One listing among those of one cloud, accelerator, form and purchase. */
struct ct_listing {
    struct ct_span instance;
    int64_t source; /* any number that tells sources apart */
    bool direct;    /* ct_is_direct */
    bool alien;     /* set by ct_find_aliens: it can be matched by no name */
};
/* S is the CLOUD's own source, not a list of what others sell. NULL: unknown. */
bool ct_is_direct(const struct ct_source_at *s, struct ct_span cloud);
/* Marks the listings of sources that share no instance's name with a direct one. */
void ct_find_aliens(struct ct_listing *v, size_t n);
/* Both are of that memory, or one does not say: A100s have 40 or 80 GB. */
bool ct_same_memory(int64_t a_milli, int64_t b_milli);

/* The order of instances' names: clouds and catalogues do not agree on the case of a name. */
int ct_cmp_instance(struct ct_span a, struct ct_span b);
/* What a source's word on a price is worth: the closer to the machine the more. */
int ct_word_worth(int evidence);

#endif
