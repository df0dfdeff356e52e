/* RSS 2.0 as status pages speak it, read by libxml2's events: no tree, no network, no DTD. Any
 * thread. */
#ifndef CT_FEED_H
#define CT_FEED_H

#include "db/base/arena.h"
#include "db/base/money.h"

#define CT_FEED_ITEMS 500
#define CT_FEED_DEPTH 64
#define CT_FEED_ATTRIBUTES 64

/* Text is as it stood in the XML, entities decoded once, trimmed; not clean yet. Null: no such
 * element. */
struct ct_feed_item {
    struct ct_span guid, title, link, description, published;
    int64_t published_ms; /* CT_NONE: missing or not readable */
    CT_VEC(struct ct_span) categories;
};

struct ct_feed {
    struct ct_span title, link;
    int64_t built_ms;                  /* lastBuildDate, else pubDate of the channel; CT_NONE */
    CT_VEC(struct ct_feed_item) items; /* in document order */
};

/* Reads all of BODY. CT_ERR_SHAPE: no RSS feed (WHAT says what it looks like), or a DOCTYPE,
 * whatever is in it; CT_ERR_SYNTAX: damaged XML, WHERE is the line; CT_ERR_LIMIT: a limit above or
 * a full ARENA. */
CT_MUST_USE enum ct_status ct_feed_read(struct ct_span body, struct ct_arena *arena,
                                        struct ct_feed *out, struct ct_error *err);

#endif
