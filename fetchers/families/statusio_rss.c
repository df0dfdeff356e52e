/* statusio-rss: https://HOST/pages/PAGE-ID/rss of status.io. One item an incident or a maintenance
 * with all its messages, oldest first; the newest ten only. No severity, no components. */
#include "fetchers/families/all.h"
#include "fetchers/markup.h"
#include "fetchers/story.h"

static const struct ct_story_marks marks = {.stamp = "small", .word = "b"};

static enum ct_status add_item(const struct ct_feed_item *item, int64_t now_ms, struct ct_batch *out,
                               struct ct_error *err)
{
    (void)now_ms;
    struct ct_arena *a = out->arena;
    struct ct_story s;
    if (!item->guid.n)
        return ct_fail(err, CT_ERR_SHAPE, "channel/item", "an item without guid");
    ct_story_init(&s, ct_clean_id(a, item->guid));
    s.row.title = ct_markup_name(a, item->title);
    s.row.url = ct_clean_url(a, item->link);
    s.row.updated_ms = item->published_ms; /* moves with every message */
    s.planned = ct_span_ihas(item->link, CT_LIT("/maintenance/"));
    if (ct_story_split(&s, item->description, &marks, item->published_ms, out) == 0)
        ct_batch_note(out, CT_LIT("an item without dated messages"));
    ct_story_tell(&s, out);
    return CT_OK;
}

static enum ct_status read_feed(struct ct_span body, struct ct_batch *out, struct ct_error *err)
{
    struct ct_feed feed;
    enum ct_status s = ct_feed_read(body, out->arena, &feed, err);
    if (s != CT_OK)
        return s;
    if (!feed.title.n || !ct_span_ihas(feed.link, CT_LIT("/pages/")))
        return ct_fail(err, CT_ERR_SHAPE, "channel/link",
                       "wanted the page of a status.io feed, this is the feed \"%.*s\"",
                       CT_FMT(feed.title));
    return ct_story_items(&feed, CT_NONE, add_item, out, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_rows_finish(out, read_feed(body, out, err), err);
}

const struct ct_family ct_family_statusio_rss = {
    .name = "statusio-rss",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://STATUS-PAGE/pages/PAGE-ID/rss",
    .parse = parse,
};
