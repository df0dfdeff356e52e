#include "fetchers/feed.h"

#include "db/base/timeutil.h"
#include "fetchers/family.h"
#include "fetchers/mend.h"

#include <libxml/parser.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum field {
    F_NONE,
    F_GUID,
    F_TITLE,
    F_LINK,
    F_DESCRIPTION,
    F_CONTENT,
    F_CATEGORY,
    F_DATE,
    F_UPDATED,
    F_BUILT
};

struct reader {
    struct ct_arena *arena;
    struct ct_feed *feed;
    xmlParserCtxtPtr ctxt;
    struct ct_error *err;
    enum ct_status status; /* the first failure */
    int forms, max_items;
    bool news;  /* forgiving */
    bool ended; /* the root's end was seen */
    int built_rank;
    int depth;
    int channel; /* depth of the element that holds the feed's own fields; 0: outside */
    struct ct_feed_item *item; /* inside an item */
    int item_depth;
    enum field field; /* being read: text is gathered up to the end of level field_depth */
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

/* One element: its name and where the name is from. */
struct tag {
    const char *name, *prefix, *uri; /* NULL: none */
    const xmlChar **attributes;      /* five pointers each */
    int n_attributes;
};

static const struct word {
    const char *name;
    enum field field;
} rss_words[] = {{"guid", F_GUID},           {"title", F_TITLE},
                 {"link", F_LINK},           {"description", F_DESCRIPTION},
                 {"category", F_CATEGORY},   {"pubDate", F_DATE},
                 {"lastBuildDate", F_BUILT}, {NULL, F_NONE}},
  atom_words[] = {{"id", F_GUID},
                  {"title", F_TITLE},
                  {"link", F_LINK},
                  {"summary", F_DESCRIPTION},
                  {"subtitle", F_DESCRIPTION},
                  {"content", F_CONTENT},
                  {"category", F_CATEGORY},
                  {"published", F_DATE},
                  {"issued", F_DATE},
                  {"created", F_DATE},
                  {"updated", F_UPDATED},
                  {"modified", F_UPDATED},
                  {NULL, F_NONE}};

static enum field find_word(const struct word *w, const char *name)
{
    while (w->name && strcmp(w->name, name) != 0)
        w++;
    return w->field;
}

static bool is_vocabulary(const struct tag *t, const char *prefix, const char *uri)
{
    return t->uri ? strcmp(t->uri, uri) == 0 : t->prefix && strcmp(t->prefix, prefix) == 0;
}

/* Words of other vocabularies that say what RSS' own may leave out. */
static enum field foreign_field(const struct tag *t)
{
    enum field f = F_NONE;
    if (is_vocabulary(t, "content", "http://purl.org/rss/1.0/modules/content/"))
        return strcmp(t->name, "encoded") == 0 ? F_CONTENT : F_NONE;
    if (is_vocabulary(t, "dc", "http://purl.org/dc/elements/1.1/"))
        return strcmp(t->name, "date") == 0 ? F_UPDATED : F_NONE;
    if (is_vocabulary(t, "atom", "http://www.w3.org/2005/Atom"))
        f = find_word(atom_words, t->name);
    return f == F_LINK || f == F_UPDATED ? f : F_NONE;
}

static enum field field_of(const struct reader *r, const struct tag *t)
{
    if (t->prefix)
        return r->news && r->feed->form != CT_FEED_ATOM ? foreign_field(t) : F_NONE;
    return find_word(r->feed->form == CT_FEED_ATOM ? atom_words : rss_words, t->name);
}

/* The value of an attribute, entities decoded; null without it. Borrowed from the parser. */
static struct ct_span attribute(const struct tag *t, const char *prefix, const char *name)
{
    for (int i = 0; i < t->n_attributes; i++) {
        const xmlChar **a = t->attributes + 5 * i;
        if (strcmp((const char *)a[0], name) == 0 && !a[1] == !prefix &&
            (!prefix || strcmp((const char *)a[1], prefix) == 0))
            return ct_span_trim((struct ct_span){(const char *)a[3], (size_t)(a[4] - a[3])});
    }
    return CT_SPAN_NONE;
}

/* libxml2 leaves the '&' of an attribute as "&#38;" when entities are not substituted. */
static struct ct_span href_text(struct reader *r, struct ct_span href)
{
    static const char *const forms[] = {"&#38;", "&amp;"};
    struct ct_buf b = CT_BUF_INIT;
    for (size_t i = 0; i < href.n; i++) {
        ct_buf_addc(&b, href.p[i]);
        for (size_t k = 0; k < CT_LEN(forms); k++)
            if (ct_span_starts((struct ct_span){href.p + i, href.n - i}, forms[k])) {
                i += strlen(forms[k]) - 1;
                break;
            }
    }
    struct ct_span out = ct_arena_dup(r->arena, ct_buf_span(&b));
    ct_buf_free(&b);
    return out;
}

/* Atom's links: the page itself (alternate, the default) as HTML is what people open. */
static void take_link(struct reader *r, const struct tag *t)
{
    struct ct_span rel = attribute(t, NULL, "rel"), type = attribute(t, NULL, "type");
    struct ct_span href = attribute(t, NULL, "href");
    bool http = ct_span_istarts(href, "http:") || ct_span_istarts(href, "https:");
    int rank = 1 + http + (!type.n || ct_span_ihas(type, CT_LIT("html")));
    struct ct_span *link = r->item ? &r->item->link : &r->feed->link;
    int *best = r->item ? &r->item->link_rank : &r->feed->link_rank;
    if (!href.n || (rel.n && !ct_span_is(rel, "alternate")) || rank <= *best || (!*best && link->n))
        return;
    *best = rank;
    *link = href_text(r, href);
}

static enum ct_feed_form form_of(const struct tag *t)
{
    if (strcmp(t->name, "RDF") == 0)
        return CT_FEED_RDF;
    if (t->prefix)
        return 0;
    return strcmp(t->name, "rss") == 0    ? CT_FEED_RSS
           : strcmp(t->name, "feed") == 0 ? CT_FEED_ATOM
                                          : 0;
}

static void start_root(struct reader *r, const struct tag *t)
{
    enum ct_feed_form form = form_of(t);
    if (!((int)form & r->forms)) {
        stop(r, CT_ERR_SHAPE, "not a feed of the form wanted");
        return;
    }
    r->feed->form = form;
    r->feed->base = ct_arena_dup(r->arena, attribute(t, "xml", "base"));
    r->channel = form == CT_FEED_ATOM ? 1 : 0;
}

static bool starts_item(const struct reader *r, const struct tag *t)
{
    bool place = r->feed->form == CT_FEED_RSS
                     ? (r->channel && r->depth == 3) || (r->news && r->depth == 2)
                     : r->depth == 2;
    return place && !r->item && !t->prefix &&
           strcmp(t->name, r->feed->form == CT_FEED_ATOM ? "entry" : "item") == 0;
}

static void start_item(struct reader *r, const struct tag *t)
{
    if (r->feed->items.n == (size_t)r->max_items) {
        stop(r, CT_ERR_LIMIT,
             r->news ? "more than 5000 items in one feed" : "more than 500 items in one feed");
        return;
    }
    r->item = CT_VEC_PUSH(r->arena, &r->feed->items);
    r->item_depth = r->depth;
    if (r->item) {
        r->item->published_ms = r->item->updated_ms = CT_NONE;
        r->item->base = ct_arena_dup(r->arena, attribute(t, "xml", "base"));
    }
}

static void start_field(struct reader *r, const struct tag *t)
{
    r->field = field_of(r, t);
    r->field_depth = r->depth;
    ct_buf_clear(&r->text);
    bool atom = r->feed->form == CT_FEED_ATOM || t->prefix;
    if (r->field == F_LINK && atom) {
        take_link(r, t);
        r->field = F_NONE;
    } else if (r->field == F_CATEGORY && atom && attribute(t, NULL, "term").n) {
        ct_buf_add(&r->text, attribute(t, NULL, "term"));
    } else if (r->field == F_GUID && r->item) {
        r->item->not_permalink = ct_span_is(attribute(t, NULL, "isPermaLink"), "false");
    }
}

/* Markup that stands unescaped inside a field: what it separates stays apart. */
static void inner_start(struct reader *r, const char *name)
{
    static const char *const blocks[] = {"p", "br", "div", "li", "tr", "h1", "h2", "h3"};
    for (size_t i = 0; i < CT_LEN(blocks); i++)
        if (strcmp(name, blocks[i]) == 0)
            ct_buf_addc(&r->text, '\n');
}

static void on_start(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
                     int n_namespaces, const xmlChar **namespaces, int n_attributes,
                     int n_defaulted, const xmlChar **attributes)
{
    struct reader *r = ctx;
    struct tag t = {(const char *)local, (const char *)prefix, (const char *)uri, attributes,
                    n_attributes};
    (void)namespaces, (void)n_defaulted;
    if (r->status != CT_OK)
        return;
    if (++r->depth > CT_FEED_DEPTH)
        stop(r, CT_ERR_LIMIT, "XML nested more than 64 deep");
    else if (n_attributes + n_namespaces > CT_FEED_ATTRIBUTES)
        stop(r, CT_ERR_LIMIT, "more than 64 attributes on one XML element");
    else if (r->depth == 1)
        start_root(r, &t);
    else if (r->field != F_NONE)
        inner_start(r, t.name);
    else if (r->depth == 2 && r->feed->form != CT_FEED_ATOM && !prefix &&
             strcmp(t.name, "channel") == 0)
        r->channel = 2;
    else if (starts_item(r, &t))
        start_item(r, &t);
    else if (r->item ? r->depth == r->item_depth + 1 : r->channel && r->depth == r->channel + 1)
        start_field(r, &t);
}

/* The first of two equal elements counts. */
static void keep(struct reader *r, struct ct_span *slot)
{
    if (!slot->p)
        *slot = ct_arena_dup(r->arena, ct_span_trim(ct_buf_span(&r->text)));
}

/* RSS' own link, also after one of Atom's. */
static void keep_link(struct reader *r, struct ct_span *link, int *rank)
{
    if (*rank)
        *link = CT_SPAN_NONE;
    *rank = 0;
    keep(r, link);
}

/* RSS' dates, and a day alone, which stands for its midnight. */
static int64_t date_of(const struct reader *r, struct ct_span text)
{
    char day[64];
    int64_t ms = CT_NONE;
    if (ct_time_parse(text, &ms) == CT_OK || !r->news || text.n > 40)
        return ms;
    snprintf(day, sizeof day, "%.*s 00:00 UTC", CT_FMT(text));
    return ct_time_parse(ct_span(day), &ms) == CT_OK ? ms : CT_NONE;
}

static void end_channel_field(struct reader *r, struct ct_span text)
{
    struct ct_feed *f = r->feed;
    int64_t ms;
    switch (r->field) {
    case F_GUID:
        keep(r, &f->id);
        break;
    case F_TITLE:
        keep(r, &f->title);
        break;
    case F_LINK:
        keep_link(r, &f->link, &f->link_rank);
        break;
    case F_DESCRIPTION:
        keep(r, &f->description);
        break;
    case F_BUILT:
    case F_UPDATED:
    case F_DATE:
        ms = date_of(r, text);
        if (ms != CT_NONE && (int)r->field >= r->built_rank) { /* the enum is in order of trust */
            f->built_ms = ms;
            r->built_rank = (int)r->field;
        }
        break;
    default:
        break;
    }
}

static void end_item_field(struct reader *r, struct ct_span text)
{
    struct ct_feed_item *i = r->item;
    struct ct_span *category;
    switch (r->field) {
    case F_GUID:
        keep(r, &i->guid);
        break;
    case F_TITLE:
        keep(r, &i->title);
        break;
    case F_LINK:
        keep_link(r, &i->link, &i->link_rank);
        break;
    case F_DESCRIPTION:
        keep(r, &i->description);
        break;
    case F_CONTENT:
        keep(r, &i->content);
        break;
    case F_DATE:
        keep(r, &i->published);
        if (i->published_ms == CT_NONE || !r->news)
            i->published_ms = date_of(r, text);
        break;
    case F_UPDATED:
        i->updated_ms = date_of(r, text);
        break;
    case F_CATEGORY:
        category = text.n ? CT_VEC_PUSH(r->arena, &i->categories) : NULL;
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
        struct ct_span text = ct_span_trim(ct_buf_span(&r->text));
        text = text.p ? text : CT_LIT("");
        if (r->item)
            end_item_field(r, text);
        else
            end_channel_field(r, text);
        r->field = F_NONE;
    } else if (r->item && r->depth == r->item_depth) {
        r->item = NULL;
    } else if (r->depth == r->channel) {
        r->channel = 0;
    }
    r->ended = --r->depth == 0;
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
    struct reader *r = ctx;
    if (r->field != F_NONE)
        ct_buf_add(&r->text, (struct ct_span){(const char *)text, (size_t)len});
}

static const char *wanted(int forms)
{
    return forms == CT_FEED_RSS ? "an RSS feed" : forms == CT_FEED_ATOM ? "an Atom feed" : "a feed";
}

static enum ct_status refused(const struct reader *r, struct ct_span body, enum ct_status s)
{
    static const struct {
        enum ct_feed_form form;
        const char *words;
    } feeds[] = {{CT_FEED_RSS, "an RSS feed"},
                 {CT_FEED_ATOM, "an Atom feed"},
                 {CT_FEED_RDF, "an RSS 1.0 feed"}};
    const char *looks = ct_family_guess(body);
    for (size_t i = 0; i < CT_LEN(feeds); i++)
        if (((int)feeds[i].form & r->forms) && strcmp(looks, feeds[i].words) == 0)
            return s;
    return ct_fail(r->err, CT_ERR_SHAPE, "body", "wanted %s, this looks like %s", wanted(r->forms),
                   looks);
}

static enum ct_status read_feed(struct reader *r, struct ct_span body)
{
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                         .internalSubset = on_doctype,
                         .startElementNs = on_start,
                         .endElementNs = on_end,
                         .characters = on_text,
                         .ignorableWhitespace = on_text,
                         .cdataBlock = on_text};
    if (ct_span_trim(body).n == 0)
        return refused(r, body, CT_ERR_SHAPE);
    if (body.n > INT_MAX)
        return ct_fail(r->err, CT_ERR_LIMIT, "body", "too large for an XML document");
    r->ctxt = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
    if (!r->ctxt)
        return ct_fail(r->err, CT_ERR_LIMIT, "body", "no memory for the XML reader");
    xmlCtxtUseOptions(r->ctxt, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                   (r->news ? XML_PARSE_RECOVER : 0));
    (void)xmlParseChunk(r->ctxt, body.p, (int)body.n, 1); /* its code counts mere warnings, too */
    if (r->status == CT_OK && !(r->news ? r->ended : r->ctxt->wellFormed)) {
        char where[32];
        const xmlError *e = xmlCtxtGetLastError(r->ctxt);
        snprintf(where, sizeof where, "line %d", e ? e->line : 0);
        r->status = ct_fail(r->err, CT_ERR_SYNTAX, where, "damaged: %s",
                            r->news ? "it ends before its root does" : "not well-formed XML");
    }
    if (r->status == CT_OK && ct_arena_full(r->arena))
        r->status =
            ct_fail(r->err, CT_ERR_LIMIT, "body", "the feed needs more memory than it may have");
    if (r->ctxt->myDoc)
        xmlFreeDoc(r->ctxt->myDoc);
    xmlFreeParserCtxt(r->ctxt);
    ct_buf_free(&r->text);
    return r->status == CT_OK || r->status == CT_ERR_LIMIT ? r->status
                                                           : refused(r, body, r->status);
}

enum ct_status ct_feed_read_form(struct ct_span body, int forms, struct ct_arena *arena,
                                 struct ct_feed *out, struct ct_error *err)
{
    struct reader r = {.arena = arena,
                       .feed = out,
                       .err = err,
                       .forms = forms,
                       .max_items = CT_FEED_ITEMS,
                       .text = CT_BUF_INIT};
    *out = (struct ct_feed){.built_ms = CT_NONE};
    return read_feed(&r, body);
}

enum ct_status ct_feed_read(struct ct_span body, struct ct_arena *arena, struct ct_feed *out,
                            struct ct_error *err)
{
    return ct_feed_read_form(body, CT_FEED_RSS, arena, out, err);
}

enum ct_status ct_feed_read_news(struct ct_span body, struct ct_arena *arena, struct ct_feed *out,
                                 struct ct_error *err)
{
    struct ct_buf text = CT_BUF_INIT;
    struct reader r = {.arena = arena,
                       .feed = out,
                       .err = err,
                       .forms = CT_FEED_ANY,
                       .max_items = CT_FEED_NEWS,
                       .news = true,
                       .text = CT_BUF_INIT};
    *out = (struct ct_feed){.built_ms = CT_NONE};
    enum ct_status s = ct_feed_mend(body, &text, &out->replaced, err);
    if (s == CT_OK)
        s = read_feed(&r, text.n ? ct_buf_span(&text) : CT_LIT(""));
    ct_buf_free(&text);
    return s;
}
