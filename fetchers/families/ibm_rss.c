/* ibm-rss: https://cloud.ibm.com/status/api/notifications/feed.rss. Incidents and maintenances
 * between announcements; a description ends in labelled fields. What is over is told by comparing
 * Outage End with the feed's own time: a parser has no clock. */
#include "fetchers/families/all.h"
#include "fetchers/markup.h"
#include "fetchers/story.h"

#include "db/base/timeutil.h"

#include <ctype.h>
#include <string.h>

/* The fields stand at the end; a longer text before them is not searched. */
#define TAIL_BYTES 4096

enum label { L_TYPE, L_REGIONS, L_RESOURCES, L_START, L_END, L_UPDATED, LABELS };

static const char *const labels[LABELS] = {
    "Type:", "Regions:", "Resources:", "Outage Start:", "Outage End:", "Update Time:"};

/* Which label starts at S[I]; LABELS for none. "Subtype:" is not "Type:". */
static size_t label_at(struct ct_span s, size_t i)
{
    struct ct_span rest = {s.p + i, s.n - i};
    size_t k = 0;
    if (i && isalnum((unsigned char)s.p[i - 1]))
        return LABELS;
    while (k < LABELS && !ct_span_istarts(rest, labels[k]))
        k++;
    return k;
}

/* The last value of each label: up to the line's end or the next label. */
static void read_fields(struct ct_span text, struct ct_span fields[LABELS])
{
    for (size_t i = 0; i < text.n; i++) {
        size_t k = label_at(text, i);
        if (k == LABELS)
            continue;
        size_t start = i + strlen(labels[k]), end = start;
        while (end < text.n && text.p[end] != '\n' && label_at(text, end) == LABELS)
            end++;
        fields[k] = ct_span_trim((struct ct_span){text.p + start, end - start});
        i = end - 1;
    }
}

static int64_t time_of(struct ct_span text)
{
    int64_t ms;
    return ct_time_parse(text, &ms) == CT_OK ? ms : CT_NONE;
}

static struct ct_list list_of(struct ct_span text, struct ct_arena *a)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == ',';
    struct ct_list l = ct_list_new(a, n);
    while (text.p)
        ct_list_add(&l, ct_clean_name(a, ct_span_trim(ct_span_cut(&text, ','))));
    return l;
}

static void set_phase(struct ct_incident *row, bool planned, int64_t now_ms)
{
    bool ended = ct_span_ihas(row->title, CT_LIT("resolved")) ||
                 ct_span_ihas(row->title, CT_LIT("completed")) ||
                 (row->resolved_ms != CT_NONE && now_ms != CT_NONE && row->resolved_ms <= now_ms);
    bool ahead = row->started_ms != CT_NONE && now_ms != CT_NONE && row->started_ms > now_ms;
    if (ended)
        row->phase = planned ? CT_PHASE_COMPLETED : CT_PHASE_RESOLVED;
    else if (planned)
        row->phase = ahead ? CT_PHASE_SCHEDULED : CT_PHASE_IN_PROGRESS;
    else
        row->phase = CT_PHASE_UNKNOWN;
}

/* False when the item is none of ours. */
static bool known_type(struct ct_span type, bool *planned, struct ct_batch *out)
{
    static const char *const others[] = {"announcement", "release", "security", NULL};
    *planned = ct_span_ieq(type, CT_LIT("maintenance"));
    if (*planned || ct_span_ieq(type, CT_LIT("incident")))
        return true;
    if (!type.n)
        ct_batch_note(out, CT_LIT("an item without type"));
    else if (ct_word(others, type) >= 0)
        ct_batch_note(out, CT_LIT("an announcement, release or security bulletin"));
    else
        ct_rows_note_word(out, "unknown type", type);
    return false;
}

static enum ct_status add_item(const struct ct_feed_item *item, int64_t now_ms,
                               struct ct_batch *out, struct ct_error *err)
{
    struct ct_arena *a = out->arena;
    struct ct_span fields[LABELS] = {{NULL, 0}}, tail = item->description;
    struct ct_story s;
    bool planned;
    if (!item->guid.n && !item->link.n)
        return ct_fail(err, CT_ERR_SHAPE, "channel/item", "an item without guid and link");
    if (tail.n > TAIL_BYTES)
        tail = (struct ct_span){tail.p + tail.n - TAIL_BYTES, TAIL_BYTES};
    read_fields(ct_markup_text(a, tail), fields);
    if (!known_type(fields[L_TYPE], &planned, out))
        return CT_OK;
    ct_story_init(&s, ct_clean_id(a, item->guid.n ? item->guid : item->link));
    s.planned = planned;
    s.state = CT_STATE_PARTIAL;
    s.row.title = ct_markup_name(a, item->title);
    s.row.url = ct_clean_url(a, item->link);
    s.row.raw_impact = fields[L_TYPE];
    s.row.regions = list_of(fields[L_REGIONS], a);
    s.row.components = list_of(fields[L_RESOURCES], a);
    s.row.started_ms = time_of(fields[L_START]);
    s.row.resolved_ms = time_of(fields[L_END]);
    s.row.updated_ms = time_of(fields[L_UPDATED]);
    if (planned) {
        s.row.scheduled_for_ms = s.row.started_ms;
        s.row.scheduled_until_ms = s.row.resolved_ms;
    }
    set_phase(&s.row, planned, now_ms);
    if (s.row.started_ms == CT_NONE)
        s.row.started_ms = item->published_ms;
    struct ct_update u = ct_update_new();
    u.at_ms = s.row.updated_ms;
    u.phase = s.row.phase;
    u.id = ct_clean_id(a, fields[L_UPDATED]);
    u.text = item->description;
    ct_story_add(&s, a, &u);
    ct_story_tell(&s, out);
    return CT_OK;
}

/* The feed's own time; without one the newest publication in it. */
static int64_t time_of_feed(const struct ct_feed *feed)
{
    int64_t ms = feed->built_ms;
    for (size_t i = 0; feed->built_ms == CT_NONE && i < feed->items.n; i++)
        if (feed->items.v[i].published_ms > ms)
            ms = feed->items.v[i].published_ms;
    return ms;
}

static enum ct_status read_feed(struct ct_span body, struct ct_batch *out, struct ct_error *err)
{
    struct ct_feed feed;
    enum ct_status s = ct_feed_read(body, out->arena, &feed, err);
    if (s != CT_OK)
        return s;
    if (!ct_span_ihas(feed.title, CT_LIT("IBM Cloud")))
        return ct_fail(err, CT_ERR_SHAPE, "channel/title",
                       "wanted the notifications of IBM Cloud, this is the feed \"%.*s\"",
                       CT_FMT(feed.title));
    out->trouble_only = true;
    return ct_story_items(&feed, time_of_feed(&feed), add_item, out, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_rows_finish(out, read_feed(body, out, err), err);
}

const struct ct_family ct_family_ibm_rss = {
    .name = "ibm-rss",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://cloud.ibm.com/status/api/notifications/feed.rss",
    .parse = parse,
    .unproven = true,
};
