/* feed: news as RSS 0.9x, 1.0 and 2.0 or Atom 0.3 and 1.0, in any of the states the web has them
 * in. An item's key is its guid or id, else its link, else a hash of title and date. */
#include "fetchers/feed.h"
#include "fetchers/families/all.h"
#include "fetchers/markup.h"
#include "fetchers/rows.h"

#include <inttypes.h>
#include <libxml/tree.h>
#include <libxml/uri.h>
#include <stdlib.h>
#include <string.h>

/* TEXT without markup, also where its author escaped it twice. */
static struct ct_span line_of(struct ct_arena *a, struct ct_span text)
{
    return ct_markup_name(a, ct_markup_name(a, text));
}

static char *join(const char *base, const char *link)
{
    xmlChar *uri = xmlBuildURI((const xmlChar *)link, (const xmlChar *)base);
    char *copy = uri ? ct_xstrdup((char *)uri) : NULL;
    xmlFree(uri);
    return copy;
}

/* LINK against the item's base, that against the feed's. Null when there is no web address in it.
 */
static struct ct_span absolute(struct ct_arena *a, const struct ct_feed *feed,
                               const struct ct_feed_item *item, struct ct_span link)
{
    struct ct_span bases[] = {item->base, feed->base, feed->link};
    if (!link.n || link.n > 2048)
        return CT_SPAN_NONE;
    if (ct_span_istarts(link, "http:") || ct_span_istarts(link, "https:"))
        return ct_clean_url(a, link);
    char *url = ct_xspandup(link);
    for (size_t i = 0; i < CT_LEN(bases); i++) {
        if (!bases[i].n || bases[i].n > 2048)
            continue;
        char *base = ct_xspandup(bases[i]), *joined = join(base, url);
        free(base);
        if (joined) {
            free(url);
            url = joined;
        }
    }
    struct ct_span out = ct_clean_url(a, ct_span(url));
    free(url);
    return out;
}

static struct ct_span key_of(struct ct_arena *a, const struct ct_feed_item *item,
                             const struct ct_article *row)
{
    if (item->guid.n)
        return ct_clean_id(a, item->guid);
    if (row->url.n)
        return ct_clean_id(a, row->url);
    struct ct_buf b = CT_BUF_INIT;
    ct_buf_add(&b, row->title);
    ct_buf_addf(&b, "\n%" PRId64 "\n", row->published_ms);
    if (!row->title.n)
        ct_buf_add(&b, row->summary);
    struct ct_span id = ct_arena_printf(a, "#%016" PRIx64, ct_hash(ct_buf_span(&b)));
    ct_buf_free(&b);
    return id;
}

static void add_item(const struct ct_feed *feed, const struct ct_feed_item *item,
                     struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_article row = {.published_ms = item->published_ms};
    row.title = line_of(a, item->title);
    row.summary = ct_markup_text(a, item->description.n ? item->description : item->content);
    row.url = absolute(a, feed, item, item->link);
    if (!row.url.n && !item->not_permalink &&
        (ct_span_istarts(item->guid, "http:") || ct_span_istarts(item->guid, "https:")))
        row.url = ct_clean_url(a, item->guid);
    if (row.published_ms == CT_NONE)
        row.published_ms = item->updated_ms;
    if (row.published_ms == CT_NONE && item->published.n)
        ct_batch_note(out, CT_LIT("a date that cannot be read"));
    if (!row.title.n && !row.summary.n && !row.url.n) {
        ct_batch_note(out, CT_LIT("an item without title, text and link"));
        return;
    }
    row.id = key_of(a, item, &row);
    struct ct_article *slot = CT_VEC_PUSH(a, &out->articles);
    if (slot)
        *slot = row;
}

/* Articles by key, those of one key in the order of the feed. */
static int ref_cmp(const void *a, const void *b)
{
    const struct ct_article *x = *(struct ct_article *const *)a,
                            *y = *(struct ct_article *const *)b;
    int c = ct_span_cmp(x->id, y->id);
    return c ? c : (x > y) - (x < y);
}

/* Of items with one key the first counts. */
static void drop_repeated(struct ct_batch *out)
{
    size_t n = out->articles.n, kept = 0;
    struct ct_article **v = ct_arena_alloc(out->arena, (n + 1) * sizeof *v);
    if (!v || n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        v[i] = &out->articles.v[i];
    qsort(v, n, sizeof *v, ref_cmp);
    for (size_t i = n - 1; i > 0; i--)
        if (ct_span_eq(v[i]->id, v[i - 1]->id)) {
            v[i]->id = CT_SPAN_NONE;
            ct_batch_note(out, CT_LIT("an item whose key another one has"));
        }
    for (size_t i = 0; i < n; i++)
        if (out->articles.v[i].id.n)
            out->articles.v[kept++] = out->articles.v[i];
    out->articles.n = kept;
}

static enum ct_status read_feed(struct ct_span body, struct ct_batch *out, struct ct_error *err)
{
    struct ct_feed feed;
    enum ct_status s = ct_feed_read_news(body, out->arena, &feed, err);
    if (s != CT_OK)
        return s;
    struct ct_page *page = CT_VEC_PUSH(out->arena, &out->pages);
    if (page) {
        page->name = line_of(out->arena, feed.title);
        page->url = ct_clean_url(out->arena, feed.link);
        page->updated_ms = out->data_ms = feed.built_ms;
    }
    for (size_t i = 0; i < feed.items.n; i++)
        add_item(&feed, &feed.items.v[i], out);
    drop_repeated(out);
    if (feed.replaced)
        ct_batch_note(out, CT_LIT("bytes that are no text in the feed's encoding"));
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_rows_finish(out, read_feed(body, out, err), err);
}

const struct ct_family ct_family_feed = {
    .name = "feed",
    .kind = CT_SOURCE_NEWS,
    .version = 1,
    .url_pattern = "https://SITE/feed, /rss.xml, /atom.xml",
    .parse = parse,
};
