/* xai-rss: https://status.x.ai/feed.xml. One item an incident, "[Scope] headline"; the description
 * states status and severity, then the messages, newest first, dates in bold. The feed keeps about
 * a hundred incidents, so that one without any is not it. */
#include "config.h"

#include "fetchers/families/all.h"
#include "fetchers/markup.h"
#include "fetchers/story.h"

#include "db/base/timeutil.h"

#include <ctype.h>
#include <string.h>

static const struct ct_story_marks marks = {
    .stamp = "strong", .word = "h3", .newest_first = true, .dated = true};

static const struct {
    const char *word;
    int state;
} severities[] = {{"available", CT_STATE_DEGRADED},     {"degraded", CT_STATE_DEGRADED},
                  {"disruption", CT_STATE_DEGRADED},    {"partial_outage", CT_STATE_PARTIAL},
                  {"unavailable", CT_STATE_MAJOR},      {"outage", CT_STATE_MAJOR},
                  {"maintenance", CT_STATE_MAINTENANCE}};

static int severity_state(struct ct_span word)
{
    for (size_t i = 0; i < CT_LEN(severities); i++)
        if (ct_span_ieq(word, ct_span(severities[i].word)))
            return severities[i].state;
    return -1;
}

/* The value behind "LABEL" in the first <TAG>LABEL value</TAG>; null without. */
static struct ct_span labelled(struct ct_span html, const char *tag, const char *label,
                               struct ct_arena *a)
{
    struct ct_span before, inner;
    while (ct_story_tag(&html, tag, &before, &inner)) {
        struct ct_span text = ct_markup_name(a, inner);
        size_t n = strlen(label);
        if (ct_span_istarts(text, label))
            return ct_span_trim((struct ct_span){text.p + n, text.n - n});
    }
    return CT_SPAN_NONE;
}

/* "API (us-east-1.api.x.ai)": the scope is a component, the first label of the host its region. */
static void add_scope(struct ct_incident *row, struct ct_arena *a)
{
    struct ct_span title = row->title;
    row->components = ct_list_new(a, 1);
    row->regions = ct_list_new(a, 1);
    const char *end = title.n && title.p[0] == '[' ? memchr(title.p, ']', title.n) : NULL;
    if (!end)
        return;
    struct ct_span scope = {title.p + 1, (size_t)(end - title.p) - 1};
    ct_list_add(&row->components, ct_clean_name(a, scope));
    const char *open = scope.n ? memchr(scope.p, '(', scope.n) : NULL;
    if (!open)
        return;
    struct ct_span host = {open + 1, (size_t)(scope.p + scope.n - open) - 1};
    host = ct_span_cut(&host, ')');
    if (ct_span_ends(host, ".api.x.ai"))
        ct_list_add(&row->regions, ct_clean_id(a, ct_span_cut(&host, '.')));
}

/* Status and severity: from the text, else from the categories, which have no fixed order. */
static void add_state(struct ct_story *s, const struct ct_feed_item *item, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_span status = labelled(item->description, "h3", "Status:", a);
    struct ct_span severity = labelled(item->description, "p", "Severity:", a);
    bool resolved = false;
    for (size_t i = 0; i < item->categories.n; i++) {
        struct ct_span word = ct_clean_name(a, item->categories.v[i]);
        resolved = resolved || ct_span_ieq(word, CT_LIT("resolved"));
        if (!severity.n && severity_state(word) >= 0)
            severity = word;
        else if (!status.n && ct_story_phase(word) >= 0)
            status = word;
    }
    s->row.raw_impact = severity.n ? severity : CT_SPAN_NONE;
    s->row.phase = ct_story_phase(status);
    if (status.n && s->row.phase < 0)
        ct_rows_note_word(out, "unknown incident phase", status);
    if (resolved && !ct_story_is_over(s->row.phase))
        s->row.phase = CT_PHASE_RESOLVED;
    s->state = severity_state(severity);
    if (severity.n && s->state < 0)
        ct_rows_note_word(out, "unknown severity", severity);
    s->planned = s->state == CT_STATE_MAINTENANCE;
    if (ct_story_is_over(s->row.phase) && ct_span_ieq(severity, CT_LIT("available")))
        s->state = -1; /* how it is now, not how bad it was */
}

static enum ct_status add_item(const struct ct_feed_item *item, int64_t now_ms, struct ct_batch *out,
                               struct ct_error *err)
{
    (void)now_ms;
    struct ct_arena *a = out->arena;
    struct ct_story s;
    int64_t ms;
    if (!item->guid.n)
        return ct_fail(err, CT_ERR_SHAPE, "channel/item", "an item without guid");
    struct ct_span title = ct_markup_name(a, item->title);
    if (ct_span_ihas(title, CT_LIT("test incident"))) {
        ct_batch_note(out, CT_LIT("a test incident"));
        return CT_OK;
    }
    ct_story_init(&s, ct_clean_id(a, item->guid));
    s.row.title = title;
    s.row.url = ct_clean_url(a, item->link);
    s.row.started_ms = item->published_ms;
    add_scope(&s.row, a);
    ct_story_split(&s, item->description, &marks, CT_NONE, out);
    add_state(&s, item, out);
    struct ct_span resolved = labelled(item->description, "p", "Resolved:", a);
    if (ct_time_parse(resolved, &ms) == CT_OK)
        s.row.resolved_ms = ms;
    ct_story_tell(&s, out);
    return CT_OK;
}

static enum ct_status read_feed(struct ct_span body, struct ct_batch *out, struct ct_error *err)
{
    struct ct_feed feed;
    enum ct_status s = ct_feed_read(body, out->arena, &feed, err);
    if (s != CT_OK)
        return s;
    if (!ct_span_ihas(feed.title, CT_LIT("xai")) && !ct_span_ihas(feed.title, CT_LIT("x.ai")))
        return ct_fail(err, CT_ERR_SHAPE, "channel/title",
                       "wanted the status of xAI, this is the feed \"%.*s\"", CT_FMT(feed.title));
    if (feed.items.n == 0)
        return ct_fail(err, CT_ERR_SHAPE, "channel", "an xAI feed without any item");
    return ct_story_items(&feed, CT_NONE, add_item, out, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_rows_finish(out, read_feed(body, out, err), err);
}

const struct ct_family ct_family_xai_rss = {
    .name = "xai-rss",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://status.x.ai/feed.xml",
    .parse = parse,
    .unproven = true,
};
