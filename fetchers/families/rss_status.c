/* rss-status: the history of any other status page, as RSS or Atom. One item is one incident with
 * all its messages (Statuspage, incident.io) or one message of one (Better Stack); items that name
 * the same incident in link, guid or headline are put together. Severity is not told: open is
 * degraded. */
#include "config.h"

#include "fetchers/families/all.h"
#include "fetchers/markup.h"
#include "fetchers/story.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct ct_story_marks marks[] = {
    {.stamp = "small", .word = "strong", .newest_first = true}, /* Statuspage */
    {.stamp = "small", .word = "b"},                            /* status.io */
};

/* What a monitor writes about itself: "X went down", "X recovered". */
static const struct {
    const char *words;
    bool over;
} verdicts[] = {{" went down", false}, {" is down", false},    {" recovered", true},
                {" is back up", true}, {" is up again", true}, {" went up", true},
                {" degraded", false}};

struct told {
    const struct ct_feed_item *item;
    struct ct_span key, title, subject; /* SUBJECT: of a monitor's verdict */
    int64_t at_ms;
    int verdict; /* -1: none */
    size_t place;
};

static void read_verdict(struct told *t)
{
    t->verdict = -1;
    for (size_t i = 0; i < CT_LEN(verdicts); i++) {
        size_t n = strlen(verdicts[i].words);
        if (t->title.n <= n || !ct_span_ends(t->title, verdicts[i].words))
            continue;
        t->verdict = (int)i;
        t->subject = (struct ct_span){t->title.p, t->title.n - n};
        return;
    }
}

/* "<incident>#<update>" */
static struct ct_span before_hash(struct ct_span guid)
{
    const char *hash = guid.n ? memchr(guid.p, '#', guid.n) : NULL;
    struct ct_span head = {guid.p, hash ? (size_t)(hash - guid.p) : 0};
    return head.n ? head : CT_SPAN_NONE;
}

static struct told read_item(const struct ct_feed_item *item, size_t place, struct ct_arena *a)
{
    struct told t = {.item = item, .place = place};
    t.title = ct_markup_name(a, item->title);
    t.at_ms = item->published_ms == CT_NONE ? item->updated_ms : item->published_ms;
    read_verdict(&t);
    struct ct_span tries[] = {ct_story_link_id(item->link),
                              before_hash(item->guid),
                              t.subject,
                              item->guid,
                              item->link,
                              t.title};
    for (size_t i = 0; !t.key.n && i < CT_LEN(tries); i++)
        t.key = ct_clean_id(a, tries[i]);
    return t;
}

static int told_cmp(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    int c = ct_span_cmp(x->key, y->key);
    if (c)
        return c;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->place < y->place) - (x->place > y->place); /* what stands higher is newer */
}

/* The word a text begins with: "<b>Status: Resolved</b>", "Resolved - all is well". */
static int leading_phase(struct ct_span text)
{
    static const char *const phases[] = {
        "investigating", "identified",  "monitoring", "resolved",  "postmortem", "scheduled",
        "in progress",   "in_progress", "verifying",  "completed", "fixing",     "active"};
    if (ct_span_istarts(text, "status:"))
        text = ct_span_trim((struct ct_span){text.p + 7, text.n - 7});
    if (text.n && text.p[0] == '[')
        text = (struct ct_span){text.p + 1, text.n - 1};
    for (size_t i = 0; i < CT_LEN(phases); i++) {
        size_t n = strlen(phases[i]);
        if (!ct_span_istarts(text, phases[i]))
            continue;
        struct ct_span rest = ct_span_trim((struct ct_span){text.p + n, text.n - n});
        bool line_end = n < text.n && text.p[n] == '\n';
        if (!rest.n || line_end || strchr("-:]", rest.p[0]))
            return ct_story_phase(ct_span(phases[i]));
    }
    return -1;
}

static int phase_of(const struct told *t, struct ct_span html, struct ct_arena *a)
{
    struct ct_span rest = html, before, word;
    int phase = leading_phase(ct_markup_text(a, html));
    if (phase < 0)
        phase = leading_phase(t->title);
    if (phase < 0 && ct_story_tag(&rest, "strong", &before, &word))
        phase = ct_story_phase(ct_markup_name(a, word));
    if (phase < 0 && t->verdict >= 0 && verdicts[t->verdict].over)
        phase = CT_PHASE_RESOLVED;
    return phase;
}

static void add_message(struct ct_story *s, const struct told *t, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    const struct ct_feed_item *item = t->item;
    struct ct_span html = item->content.n ? item->content : item->description;
    int64_t limit = item->updated_ms > t->at_ms ? item->updated_ms : t->at_ms;
    bool strong = ct_span_ihas(html, CT_LIT("<strong"));
    if (ct_story_split(s, html, &marks[strong ? 0 : 1], limit, out) > 0)
        return;
    struct ct_update u = ct_update_new();
    int phase = phase_of(t, html, a);
    u.phase = phase < 0 ? CT_PHASE_UNKNOWN : phase;
    u.at_ms = item->updated_ms == CT_NONE ? t->at_ms : item->updated_ms;
    u.text = html.n ? html : item->title;
    if (item->guid.n && before_hash(item->guid).n)
        u.id = ct_clean_id(a, item->guid);
    ct_story_add(s, a, &u);
}

/* V[0..N): what the feed tells of one incident, oldest first. */
static void add_incident(const struct told *v, size_t n, struct ct_batch *out)
{
    struct ct_story s;
    const struct told *last = &v[n - 1];
    ct_story_init(&s, last->key);
    s.row.title = last->title;
    s.row.url = ct_clean_url(out->arena, last->item->link);
    if (last->verdict >= 0) { /* the newest verdict decides, also where texts say nothing */
        s.row.phase = verdicts[last->verdict].over ? CT_PHASE_RESOLVED : CT_PHASE_UNKNOWN;
        s.row.components = ct_list_new(out->arena, 1);
        ct_list_add(&s.row.components, last->subject);
    }
    for (size_t i = 0; i < n; i++)
        add_message(&s, &v[i], out);
    s.row.started_ms = v[0].item->published_ms;
    for (size_t i = 0; i < s.updates.n; i++) /* published when it was over: GitHub's habit */
        if (s.updates.v[i].at_ms != CT_NONE && s.updates.v[i].at_ms < s.row.started_ms)
            s.row.started_ms = CT_NONE;
    ct_story_tell(&s, out);
    const struct ct_incident *row =
        out->incidents.n ? &out->incidents.v[out->incidents.n - 1] : NULL;
    if (row && row->phase == CT_PHASE_UNKNOWN && last->verdict < 0)
        ct_batch_note(out, CT_LIT("an item that does not say its state"));
}

static bool about_status(const struct ct_feed *feed)
{
    static const char *const words[] = {"status", "incident", "uptime", "outage", "maintenance"};
    for (size_t i = 0; i < CT_LEN(words); i++)
        if (ct_span_ihas(feed->title, ct_span(words[i])) ||
            ct_span_ihas(feed->link, ct_span(words[i])))
            return true;
    return false;
}

static enum ct_status read_feed(struct ct_span body, struct ct_batch *out, struct ct_error *err)
{
    struct ct_feed feed;
    struct ct_arena *a = out->arena;
    enum ct_status s = ct_feed_read_form(body, CT_FEED_RSS | CT_FEED_ATOM, a, &feed, err);
    if (s != CT_OK)
        return s;
    if (!feed.title.n || !about_status(&feed))
        return ct_fail(err, CT_ERR_SHAPE, "title",
                       "wanted the history of a status page, this is the feed \"%.*s\"",
                       CT_FMT(feed.title));
    ct_story_page(&feed, out);
    size_t n = 0;
    struct told *v = ct_arena_alloc(a, (feed.items.n + 1) * sizeof *v);
    for (size_t i = 0; v && i < feed.items.n; i++) {
        v[n] = read_item(&feed.items.v[i], i, a);
        if (v[n].key.n)
            n++;
        else
            ct_batch_note(out, CT_LIT("an item without guid, link and title"));
    }
    if (v && n)
        qsort(v, n, sizeof *v, told_cmp);
    for (size_t i = 0, start = 0; v && i < n && !ct_rows_too_many(out); i++)
        if (i + 1 == n || !ct_span_eq(v[i].key, v[i + 1].key)) {
            add_incident(v + start, i + 1 - start, out);
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

const struct ct_family ct_family_rss_status = {
    .name = "rss-status",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://STATUS-PAGE/history.rss, /feed, /feed.atom",
    .parse = parse,
    .unproven = true,
};
