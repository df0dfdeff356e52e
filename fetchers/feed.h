/* RSS and Atom, read by libxml2's events: no tree, no network, no DTD. Any thread. */
#ifndef CT_FEED_H
#define CT_FEED_H

#include "db/base/arena.h"
#include "db/base/money.h"

#define CT_FEED_ITEMS 500 /* of a status feed */
#define CT_FEED_NEWS 5000 /* of a news feed: some carry all their history */
#define CT_FEED_DEPTH 64
#define CT_FEED_ATTRIBUTES 64

enum ct_feed_form {
    CT_FEED_RSS = 1,  /* 0.9x and 2.0 */
    CT_FEED_ATOM = 2, /* 0.3 and 1.0 */
    CT_FEED_RDF = 4,  /* RSS 1.0 */
    CT_FEED_ANY = CT_FEED_RSS | CT_FEED_ATOM | CT_FEED_RDF,
};

/* Text is as it stood in the XML, entities decoded once, trimmed; not clean yet. Null: no such
 * element. An Atom id is a guid, a summary a description. */
struct ct_feed_item {
    struct ct_span guid, title, link, description, published;
    struct ct_span content; /* Atom's content, RSS' content:encoded */
    struct ct_span base;    /* xml:base */
    int64_t published_ms;   /* CT_NONE: missing or not readable */
    int64_t updated_ms;     /* Atom's updated; CT_NONE */
    int link_rank;          /* how good LINK is among several */
    bool not_permalink;     /* the guid says it is no address */
    CT_VEC(struct ct_span) categories;
};

struct ct_feed {
    enum ct_feed_form form;
    struct ct_span id, title, link, description, base;
    int link_rank;
    int64_t built_ms;                  /* lastBuildDate, else pubDate of the channel; CT_NONE */
    int64_t replaced;                  /* bad bytes a mended feed had */
    CT_VEC(struct ct_feed_item) items; /* in document order */
};

/* Reads all of BODY, which must be RSS. CT_ERR_SHAPE: no RSS feed (WHAT says what it looks like),
 * or a DOCTYPE, whatever is in it; CT_ERR_SYNTAX: damaged XML, WHERE is the line; CT_ERR_LIMIT: a
 * limit above or a full ARENA. */
CT_MUST_USE enum ct_status ct_feed_read(struct ct_span body, struct ct_arena *arena,
                                        struct ct_feed *out, struct ct_error *err);
/* The same for the forms in FORMS (enum ct_feed_form, added). */
CT_MUST_USE enum ct_status ct_feed_read_form(struct ct_span body, int forms, struct ct_arena *arena,
                                             struct ct_feed *out, struct ct_error *err);
/* Any form, as news sites write it: mended first (fetchers/mend.h), small damage forgiven, words of
 * other vocabularies (dc:date, content:encoded, atom:link) taken where the own ones are missing. A
 * feed that ends before the end tag of its root begins is refused all the same. */
CT_MUST_USE enum ct_status ct_feed_read_news(struct ct_span body, struct ct_arena *arena,
                                             struct ct_feed *out, struct ct_error *err);

#endif
