/* statuspage-atom: <base>/history.atom of Atlassian Statuspage. One entry an incident with all its
 * messages, newest first, their times without a year. No severity, no components; the number in an
 * id is not the id of the JSON answers, the link has that. */
#include "fetchers/families/all.h"
#include "fetchers/markup.h"
#include "fetchers/story.h"

static const struct ct_story_marks marks = {
    .stamp = "small", .word = "strong", .newest_first = true};

static enum ct_status add_entry(const struct ct_feed_item *entry, int64_t built_ms,
                                struct ct_batch *out, struct ct_error *err)
{
    struct ct_arena *a = out->arena;
    struct ct_story s;
    struct ct_span id = ct_story_link_id(entry->link);
    if (!id.n)
        id = entry->guid;
    if (!id.n)
        return ct_fail(err, CT_ERR_SHAPE, "feed/entry", "an entry without id and link");
    ct_story_init(&s, ct_clean_id(a, id));
    s.row.title = ct_markup_name(a, entry->title);
    s.row.url = ct_clean_url(a, entry->link);
    int64_t limit = entry->updated_ms;
    if (entry->published_ms > limit)
        limit = entry->published_ms;
    if (limit == CT_NONE)
        limit = built_ms;
    struct ct_span html = entry->content.n ? entry->content : entry->description;
    if (ct_story_split(&s, html, &marks, limit, out) == 0) {
        ct_batch_note(out, CT_LIT("an entry without dated messages"));
        s.row.started_ms = entry->published_ms;
        s.row.updated_ms = entry->updated_ms;
    }
    ct_story_tell(&s, out);
    return CT_OK;
}

static enum ct_status read_feed(struct ct_span body, struct ct_batch *out, struct ct_error *err)
{
    struct ct_feed feed;
    enum ct_status s = ct_feed_read_form(body, CT_FEED_ATOM, out->arena, &feed, err);
    if (s != CT_OK)
        return s;
    if (!ct_span_starts(feed.id, "tag:") || !ct_span_ends(feed.id, "/history"))
        return ct_fail(err, CT_ERR_SHAPE, "feed/id",
                       "wanted the history of a status page, this is the feed \"%.*s\"",
                       CT_FMT(feed.title));
    return ct_story_items(&feed, feed.built_ms, add_entry, out, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_rows_finish(out, read_feed(body, out, err), err);
}

const struct ct_family ct_family_statuspage_atom = {
    .name = "statuspage-atom",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://STATUS-PAGE/history.atom",
    .parse = parse,
};
