/* oci-rss: https://ocistatus.oraclecloud.com/api/v2/incident-summary.rss. Title "Service | Region
 * (City) | id"; the first bold word of the description is the state. No severity. */
#include "config.h"

#include "fetchers/families/all.h"
#include "fetchers/markup.h"
#include "fetchers/story.h"

#include <string.h>

/* The next part of REST up to '|', trimmed. */
static struct ct_span part(struct ct_span *rest)
{
    return rest->p ? ct_span_trim(ct_span_cut(rest, '|')) : CT_SPAN_NONE;
}

static void add_places(struct ct_incident *row, struct ct_arena *a)
{
    struct ct_span rest = row->title, service = part(&rest), region = part(&rest);
    row->components = ct_list_new(a, 1);
    row->regions = ct_list_new(a, 1);
    if (!region.n) /* not of the documented form: no service and no region are known */
        return;
    ct_list_add(&row->components, service);
    if (!ct_span_ieq(region, CT_LIT("Multiple Regions")))
        ct_list_add(&row->regions, region);
}

static enum ct_status add_item(const struct ct_feed_item *item, int64_t now_ms, struct ct_batch *out,
                               struct ct_error *err)
{
    (void)now_ms;
    struct ct_arena *a = out->arena;
    struct ct_story s;
    struct ct_span rest = item->description, before, word = CT_SPAN_NONE;
    if (!item->guid.n)
        return ct_fail(err, CT_ERR_SHAPE, "channel/item", "an item without guid");
    ct_story_init(&s, ct_clean_id(a, item->guid));
    s.row.title = ct_markup_name(a, item->title);
    s.row.url = ct_clean_url(a, item->link);
    s.row.started_ms = item->published_ms;
    add_places(&s.row, a);
    if (ct_story_tag(&rest, "strong", &before, &word))
        word = ct_markup_name(a, word);
    if (ct_span_ends(word, ":") || ct_span_ends(word, "-"))
        word.n--;
    s.row.phase = ct_story_phase(word);
    if (!word.n)
        ct_batch_note(out, CT_LIT("an item that does not say its state"));
    else if (s.row.phase < 0)
        ct_rows_note_word(out, "unknown incident phase", word);
    struct ct_update u = ct_update_new(); /* an edit makes another, known by its text */
    u.phase = s.row.phase < 0 ? CT_PHASE_UNKNOWN : s.row.phase;
    u.text = item->description;
    if (ct_markup_name(a, u.text).n)
        ct_story_add(&s, a, &u);
    s.row.updated_ms = item->published_ms;
    ct_story_tell(&s, out);
    return CT_OK;
}

static enum ct_status read_feed(struct ct_span body, struct ct_batch *out, struct ct_error *err)
{
    struct ct_feed feed;
    enum ct_status s = ct_feed_read(body, out->arena, &feed, err);
    if (s != CT_OK)
        return s;
    if (!ct_span_ihas(feed.title, CT_LIT("oracle")) && !ct_span_starts(feed.title, "OCI"))
        return ct_fail(err, CT_ERR_SHAPE, "channel/title",
                       "wanted the incidents of Oracle Cloud, this is the feed \"%.*s\"",
                       CT_FMT(feed.title));
    out->trouble_only = true;
    return ct_story_items(&feed, CT_NONE, add_item, out, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_rows_finish(out, read_feed(body, out, err), err);
}

const struct ct_family ct_family_oci_rss = {
    .name = "oci-rss",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://ocistatus.oraclecloud.com/api/v2/incident-summary.rss",
    .parse = parse,
    .unproven = true,
};
