/* aws-rss: https://status.aws.amazon.com/rss/all.rss and one feed a service and region. An update
 * log: one item a message, guid "http://status.aws.amazon.com/#SERVICE[-REGION]_EPOCH". What stands
 * before the last '_' is the incident; its next trouble has the same one. The feed of one service
 * is empty in quiet times, the one of all never is. */
#include "fetchers/families/all.h"
#include "fetchers/markup.h"
#include "fetchers/story.h"

#include "db/base/timeutil.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct message {
    struct ct_span group, guid, headline, prefix, text;
    int64_t at_ms;
    int state;
    bool over;
    size_t place; /* in the document */
};

/* What titles may begin with; newer ones begin with nothing. A disruption of one service is a part
 * of the provider. */
static const struct {
    const char *words;
    int state;
} prefixes[] = {{"Service is operating normally", CT_STATE_OPERATIONAL},
                {"Informational message", CT_STATE_DEGRADED},
                {"Performance issues", CT_STATE_DEGRADED},
                {"Performance issue", CT_STATE_DEGRADED},
                {"Service degradation", CT_STATE_DEGRADED},
                {"Service disruption", CT_STATE_PARTIAL}};

static struct ct_span past(struct ct_span s, size_t n)
{
    return ct_span_trim((struct ct_span){s.p + n, s.n - n});
}

static void read_title(struct message *m, struct ct_span title)
{
    m->state = -1;
    for (size_t i = 0; i < CT_LEN(prefixes); i++) {
        size_t n = strlen(prefixes[i].words);
        if (!ct_span_istarts(title, prefixes[i].words) || n >= title.n || title.p[n] != ':')
            continue;
        m->prefix = (struct ct_span){title.p, n};
        m->state = prefixes[i].state;
        m->over = m->state == CT_STATE_OPERATIONAL;
        title = past(title, n + 1);
        break;
    }
    m->over = m->over || ct_span_ihas(title, CT_LIT("[RESOLVED]"));
    if (ct_span_istarts(title, "[RESOLVED]"))
        title = past(title, strlen("[RESOLVED]"));
    m->headline = title;
}

static enum ct_status read_message(const struct ct_feed_item *item, struct ct_arena *a,
                                   struct message *m, struct ct_error *err)
{
    size_t cut = item->guid.n;
    while (cut && item->guid.p[cut - 1] != '_')
        cut--;
    if (cut < 2)
        return ct_fail(
            err, CT_ERR_SHAPE, "channel/item/guid", "wanted SERVICE_SECONDS, found \"%.*s\"",
            (int)(item->guid.n < 80 ? item->guid.n : 80), item->guid.p ? item->guid.p : "");
    m->guid = ct_clean_id(a, item->guid);
    m->group = (struct ct_span){item->guid.p, cut - 1};
    m->text = item->description;
    m->at_ms = item->published_ms;
    struct ct_span epoch = {item->guid.p + cut, item->guid.n - cut};
    if (m->at_ms == CT_NONE && ct_time_parse(epoch, &m->at_ms) != CT_OK)
        m->at_ms = CT_NONE;
    read_title(m, ct_markup_name(a, item->title));
    return CT_OK;
}

/* By group, then oldest first; of one instant what stands higher in the feed is newer. */
static int message_cmp(const void *a, const void *b)
{
    const struct message *x = a, *y = b;
    int c = ct_span_cmp(x->group, y->group);
    if (c)
        return c;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->place < y->place) - (x->place > y->place);
}

/* "rds-us-east-1" ends in a region: two letters, words, a digit. */
static struct ct_span region_of(struct ct_span slug)
{
    static const char *const starts[] = {"us-", "eu-", "ap-", "ca-", "sa-",
                                         "me-", "af-", "il-", "cn-", "mx-"};
    if (!slug.n || !isdigit((unsigned char)slug.p[slug.n - 1]))
        return CT_SPAN_NONE;
    for (size_t i = 0; i + 6 < slug.n; i++) {
        struct ct_span rest = {slug.p + i, slug.n - i};
        for (size_t k = 0; k < CT_LEN(starts); k++)
            if ((i == 0 || slug.p[i - 1] == '-') && ct_span_starts(rest, starts[k]))
                return rest;
    }
    return CT_SPAN_NONE;
}

/* V[0..N): the messages of one group. Only the newest trouble counts: what came after the last end
 * but one. */
static void add_group(const struct message *v, size_t n, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_story s;
    const struct message *last = &v[n - 1];
    size_t first = n - 1;
    while (first > 0 && !v[first - 1].over)
        first--;
    ct_story_init(&s, ct_clean_id(a, last->group));
    s.row.title = last->headline.n ? last->headline : CT_SPAN_NONE;
    s.row.raw_impact = last->prefix.n ? last->prefix : CT_SPAN_NONE;
    s.row.phase = last->over ? CT_PHASE_RESOLVED : CT_PHASE_UNKNOWN;
    s.row.started_ms = v[first].at_ms;
    s.row.updated_ms = last->at_ms;
    s.state = last->state;
    for (size_t i = first; last->over && i < n; i++)
        s.state = v[i].state > s.state ? v[i].state : s.state;
    const char *hash = memchr(last->group.p, '#', last->group.n);
    struct ct_span slug = last->group;
    if (hash)
        slug = (struct ct_span){hash + 1, (size_t)(last->group.p + last->group.n - hash) - 1};
    s.row.components = ct_list_new(a, 1);
    ct_list_add(&s.row.components, ct_clean_id(a, slug));
    s.row.regions = ct_list_new(a, 1);
    ct_list_add(&s.row.regions, ct_clean_id(a, region_of(slug)));
    for (size_t i = 0; i < n; i++) {
        struct ct_update u = ct_update_new();
        u.id = v[i].guid;
        u.at_ms = v[i].at_ms;
        u.phase = v[i].over ? CT_PHASE_RESOLVED : CT_PHASE_UNKNOWN;
        u.text = v[i].text.n ? v[i].text : v[i].headline;
        ct_story_add(&s, a, &u);
    }
    ct_story_tell(&s, out);
}

static enum ct_status read_feed(struct ct_span body, struct ct_batch *out, struct ct_error *err)
{
    struct ct_feed feed;
    struct ct_arena *a = out->arena;
    enum ct_status s = ct_feed_read(body, a, &feed, err);
    if (s != CT_OK)
        return s;
    if (!ct_span_ends(feed.title, "Service Status") ||
        (!ct_span_starts(feed.title, "Amazon") && !ct_span_starts(feed.title, "AWS")))
        return ct_fail(err, CT_ERR_SHAPE, "channel/title",
                       "wanted an AWS service status, this is the feed \"%.*s\"",
                       CT_FMT(feed.title));
    size_t n = feed.items.n;
    if (n == 0 && ct_span_is(feed.title, "Amazon Web Services Service Status"))
        return ct_fail(err, CT_ERR_SHAPE, "channel",
                       "the feed of all AWS services without any item");
    ct_story_page(&feed, out);
    out->trouble_only = true;
    struct message *v = ct_arena_alloc(a, (n + 1) * sizeof *v);
    for (size_t i = 0; v && s == CT_OK && i < n; i++) {
        v[i] = (struct message){.place = i};
        s = read_message(&feed.items.v[i], a, &v[i], err);
    }
    if (s != CT_OK || !v || n == 0)
        return s;
    qsort(v, n, sizeof *v, message_cmp);
    for (size_t i = 0, start = 0; i < n; i++)
        if (i + 1 == n || !ct_span_eq(v[i].group, v[i + 1].group)) {
            add_group(v + start, i + 1 - start, out);
            start = i + 1;
        }
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_rows_finish(out, read_feed(body, out, err), err);
}

const struct ct_family ct_family_aws_rss = {
    .name = "aws-rss",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://status.aws.amazon.com/rss/SERVICE-REGION.rss",
    .parse = parse,
};
