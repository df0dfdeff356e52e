#include "fetchers/feed.h"

#include "db/base/timeutil.h"
#include "fetchers/family.h"

#include <libxml/parser.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum field { F_NONE, F_GUID, F_TITLE, F_LINK, F_DESCRIPTION, F_CATEGORY, F_DATE, F_BUILT };

struct reader {
    struct ct_arena *arena;
    struct ct_feed *feed;
    xmlParserCtxtPtr ctxt;
    struct ct_error *err;
    enum ct_status status; /* the first failure */
    int depth;
    bool channel;              /* inside rss/channel */
    struct ct_feed_item *item; /* inside an item */
    enum field field;          /* being read: text is gathered up to the end of level field_depth */
    int field_depth;
    struct ct_buf text;
};

static void stop(struct reader *r, enum ct_status s, const char *what)
{
    if (r->status == CT_OK)
        r->status = ct_fail(r->err, s, "body", "%s", what);
    xmlStopParser(r->ctxt);
}

/* Called when the parser has read "<!DOCTYPE name", before any declaration in it. */
static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    stop(ctx, CT_ERR_SHAPE, "an XML document with a DOCTYPE is refused");
}

static enum field field_of(const char *name)
{
    static const struct {
        const char *name;
        enum field field;
    } fields[] = {{"guid", F_GUID},          {"title", F_TITLE},
                  {"link", F_LINK},          {"description", F_DESCRIPTION},
                  {"category", F_CATEGORY},  {"pubDate", F_DATE},
                  {"lastBuildDate", F_BUILT}};
    for (size_t i = 0; i < CT_LEN(fields); i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].field;
    return F_NONE;
}

static void on_start(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
                     int n_namespaces, const xmlChar **namespaces, int n_attributes,
                     int n_defaulted, const xmlChar **attributes)
{
    struct reader *r = ctx;
    const char *name = (const char *)local;
    (void)uri, (void)namespaces, (void)n_defaulted, (void)attributes;
    if (r->status != CT_OK)
        return;
    if (++r->depth > CT_FEED_DEPTH)
        stop(r, CT_ERR_LIMIT, "XML nested more than 64 deep");
    else if (n_attributes + n_namespaces > CT_FEED_ATTRIBUTES)
        stop(r, CT_ERR_LIMIT, "more than 64 attributes on one XML element");
    else if (r->depth == 1 && (prefix || strcmp(name, "rss") != 0))
        stop(r, CT_ERR_SHAPE, "not an RSS feed");
    if (r->status != CT_OK || prefix || r->field != F_NONE)
        return;
    if (r->depth == 2 && strcmp(name, "channel") == 0) {
        r->channel = true;
    } else if (r->depth == 3 && r->channel && strcmp(name, "item") == 0) {
        if (r->feed->items.n == CT_FEED_ITEMS) {
            stop(r, CT_ERR_LIMIT, "more than 500 items in one feed");
            return;
        }
        r->item = CT_VEC_PUSH(r->arena, &r->feed->items);
        if (r->item)
            r->item->published_ms = CT_NONE;
    } else if ((r->depth == 3 && r->channel) || (r->depth == 4 && r->item)) {
        r->field = field_of(name);
        r->field_depth = r->depth;
        ct_buf_clear(&r->text);
    }
}

/* The first of two equal elements counts. */
static void keep(struct reader *r, struct ct_span *slot)
{
    if (!slot->p)
        *slot = ct_arena_dup(r->arena, ct_span_trim(ct_buf_span(&r->text)));
}

static void end_field(struct reader *r)
{
    struct ct_span text = ct_span_trim(ct_buf_span(&r->text)), *category;
    int64_t ms;
    if (!text.p)
        text = CT_LIT("");
    if (r->field_depth == 3) {
        if (r->field == F_TITLE)
            keep(r, &r->feed->title);
        else if (r->field == F_LINK)
            keep(r, &r->feed->link);
        else if ((r->field == F_BUILT || (r->field == F_DATE && r->feed->built_ms == CT_NONE)) &&
                 ct_time_parse(text, &ms) == CT_OK)
            r->feed->built_ms = ms;
        return;
    }
    switch (r->field) {
    case F_GUID:
        keep(r, &r->item->guid);
        break;
    case F_TITLE:
        keep(r, &r->item->title);
        break;
    case F_LINK:
        keep(r, &r->item->link);
        break;
    case F_DESCRIPTION:
        keep(r, &r->item->description);
        break;
    case F_DATE:
        keep(r, &r->item->published);
        if (ct_time_parse(text, &ms) == CT_OK)
            r->item->published_ms = ms;
        break;
    case F_CATEGORY:
        category = text.n ? CT_VEC_PUSH(r->arena, &r->item->categories) : NULL;
        if (category)
            *category = ct_arena_dup(r->arena, text);
        break;
    case F_NONE:
    case F_BUILT:
        break;
    }
}

static void on_end(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
    struct reader *r = ctx;
    (void)local, (void)prefix, (void)uri;
    if (r->status != CT_OK)
        return;
    if (r->field != F_NONE && r->depth == r->field_depth) {
        end_field(r);
        r->field = F_NONE;
    } else if (r->depth == 3) {
        r->item = NULL;
    } else if (r->depth == 2) {
        r->channel = false;
    }
    r->depth--;
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
    struct reader *r = ctx;
    if (r->field != F_NONE)
        ct_buf_add(&r->text, (struct ct_span){(const char *)text, (size_t)len});
}

static enum ct_status refused(struct ct_span body, enum ct_status s, struct ct_error *err)
{
    const char *looks = ct_family_guess(body);
    if (strcmp(looks, "an RSS feed") == 0)
        return s;
    return ct_fail(err, CT_ERR_SHAPE, "body", "wanted an RSS feed, this looks like %s", looks);
}

enum ct_status ct_feed_read(struct ct_span body, struct ct_arena *arena, struct ct_feed *out,
                            struct ct_error *err)
{
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                         .internalSubset = on_doctype,
                         .startElementNs = on_start,
                         .endElementNs = on_end,
                         .characters = on_text,
                         .ignorableWhitespace = on_text,
                         .cdataBlock = on_text};
    struct reader r = {.arena = arena, .feed = out, .err = err, .text = CT_BUF_INIT};
    *out = (struct ct_feed){.built_ms = CT_NONE};
    if (ct_span_trim(body).n == 0)
        return refused(body, CT_ERR_SHAPE, err);
    if (body.n > INT_MAX)
        return ct_fail(err, CT_ERR_LIMIT, "body", "too large for an XML document");
    r.ctxt = xmlCreatePushParserCtxt(&sax, &r, NULL, 0, NULL);
    if (!r.ctxt)
        return ct_fail(err, CT_ERR_LIMIT, "body", "no memory for the XML reader");
    xmlCtxtUseOptions(r.ctxt, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    (void)xmlParseChunk(r.ctxt, body.p, (int)body.n, 1); /* its code counts mere warnings, too */
    if (r.status == CT_OK && !r.ctxt->wellFormed) {
        char where[32];
        const xmlError *e = xmlCtxtGetLastError(r.ctxt);
        snprintf(where, sizeof where, "line %d", e ? e->line : 0);
        r.status = ct_fail(err, CT_ERR_SYNTAX, where, "damaged: not well-formed XML");
    }
    if (r.status == CT_OK && ct_arena_full(arena))
        r.status =
            ct_fail(err, CT_ERR_LIMIT, "body", "the feed needs more memory than it may have");
    if (r.ctxt->myDoc)
        xmlFreeDoc(r.ctxt->myDoc);
    xmlFreeParserCtxt(r.ctxt);
    ct_buf_free(&r.text);
    return r.status == CT_OK || r.status == CT_ERR_LIMIT ? r.status : refused(body, r.status, err);
}
