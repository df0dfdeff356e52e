/* Incidents as feeds tell them: dated messages inside HTML, each with a word for its phase. Pure;
 * any thread. */
#ifndef CT_STORY_H
#define CT_STORY_H

#include "fetchers/feed.h"
#include "fetchers/rows.h"

struct ct_story {
    struct ct_incident
        row;      /* the caller fills id, title, url, raw_impact and what it knows better */
    int state;    /* what the source says of its gravity while open; -1: nothing */
    bool planned; /* maintenance; set as well by a message that says "Scheduled" and the like */
    CT_VEC(struct ct_update) updates; /* texts borrowed, in document order */
};

/* A story about ROW's id with nothing known. */
void ct_story_init(struct ct_story *s, struct ct_span id);

/* "Investigating", "In progress", "Active", ... -1: none of them ("Update" has no phase of its
 * own). */
int ct_story_phase(struct ct_span word);
bool ct_story_is_over(int phase);

/* Where a message begins and what its phase is called: <STAMP>when</STAMP> ... <WORD>phase</WORD>
 * text. */
struct ct_story_marks {
    const char *stamp, *word;
    bool newest_first;
    bool dated; /* STAMP begins a message only where it holds a whole date */
};
/* Cuts HTML into messages. A stamp without a year is of the last one that is not after LIMIT_MS.
 * Returns how many there were; with none nothing is added. */
size_t ct_story_split(struct ct_story *s, struct ct_span html, const struct ct_story_marks *marks,
                      int64_t limit_ms, struct ct_batch *out);
/* One message. */
void ct_story_add(struct ct_story *s, struct ct_arena *a, const struct ct_update *u);

/* Pushes incident and messages into OUT: the phase is that of the newest message that has one,
 * unless row.phase is set; start, last activity and end come from the messages where the row has
 * none. */
void ct_story_tell(struct ct_story *s, struct ct_batch *out);

/* The next <NAME>INNER</NAME> in *REST, which moves behind it. BEFORE: what stood in front. */
bool ct_story_tag(struct ct_span *rest, const char *name, struct ct_span *before,
                  struct ct_span *inner);

/* ID of ".../incidents/ID", ".../incident/ID" or ".../maintenance/PAGE/ID"; null without. */
struct ct_span ct_story_link_id(struct ct_span url);

/* Adds the page row of FEED and its time. */
void ct_story_page(const struct ct_feed *feed, struct ct_batch *out);
/* That, then ADD for each item until one fails or the rows are too many. NOW_MS: when the feed was made, for ADD. */
typedef enum ct_status ct_story_item_fn(const struct ct_feed_item *item, int64_t now_ms, struct ct_batch *out,
                                        struct ct_error *err);
CT_MUST_USE enum ct_status ct_story_items(const struct ct_feed *feed, int64_t now_ms, ct_story_item_fn *add,
                                          struct ct_batch *out, struct ct_error *err);

#endif
