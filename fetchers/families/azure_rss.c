/* azure-rss: the Azure status feed. Listed is open, gone is over; no states, no updates, no ids
 * worth the name: a guid is the slug of the title and comes back for another incident years later.
 */
#include "fetchers/families/all.h"
#include "fetchers/feed.h"
#include "fetchers/markup.h"
#include "fetchers/rows.h"

#include <stdlib.h>
#include <string.h>

/* Categories that are places; every other one is a service. In byte order. */
static const char *const regions[] = {
    "Australia Central",
    "Australia Central 2",
    "Australia East",
    "Australia Southeast",
    "Austria East",
    "Belgium Central",
    "Brazil South",
    "Brazil Southeast",
    "Canada Central",
    "Canada East",
    "Central India",
    "Central US",
    "Central US EUAP",
    "Chile Central",
    "China East",
    "China East 2",
    "China East 3",
    "China North",
    "China North 2",
    "China North 3",
    "Denmark East",
    "East Asia",
    "East US",
    "East US 2",
    "East US 2 EUAP",
    "East US 3",
    "France Central",
    "France South",
    "Germany North",
    "Germany West Central",
    "Global",
    "India South Central",
    "Indonesia Central",
    "Israel Central",
    "Israel Northwest",
    "Italy North",
    "Japan East",
    "Japan West",
    "Jio India Central",
    "Jio India West",
    "Korea Central",
    "Korea South",
    "Malaysia South",
    "Malaysia West",
    "Mexico Central",
    "New Zealand North",
    "Non-Regional",
    "North Central US",
    "North Europe",
    "Norway East",
    "Norway West",
    "Poland Central",
    "Public Non-Regional",
    "Qatar Central",
    "South Africa North",
    "South Africa West",
    "South Central US",
    "South Central US 2",
    "South India",
    "Southeast Asia",
    "Southeast US",
    "Southwest US",
    "Spain Central",
    "Sweden Central",
    "Sweden South",
    "Switzerland North",
    "Switzerland West",
    "Taiwan North",
    "Taiwan Northwest",
    "UAE Central",
    "UAE North",
    "UK North",
    "UK South",
    "UK South 2",
    "UK West",
    "US DoD Central",
    "US DoD East",
    "US Gov Arizona",
    "US Gov Texas",
    "US Gov Virginia",
    "West Central US",
    "West Europe",
    "West India",
    "West US",
    "West US 2",
    "West US 3",
};

static int region_cmp(const void *key, const void *name)
{
    return ct_span_cmp(*(const struct ct_span *)key, ct_span(*(const char *const *)name));
}

static bool is_region(struct ct_span name)
{
    return bsearch(&name, regions, CT_LEN(regions), sizeof *regions, region_cmp) != NULL;
}

/* The table of sources/status.md takes the word in title or text; in the text only "planned" and
 * "scheduled maintenance" of the first sentence counts, so that an outage caused by some
 * maintenance stays red. */
static bool is_maintenance(struct ct_span title, struct ct_span text)
{
    const char *stop = text.n ? memchr(text.p, '.', text.n) : NULL;
    if (stop)
        text.n = (size_t)(stop - text.p);
    return ct_span_ihas(title, CT_LIT("maintenance")) ||
           (!ct_span_ihas(text, CT_LIT("impact")) && !ct_span_ihas(text, CT_LIT("issue")) &&
            (ct_span_ihas(text, CT_LIT("planned maintenance")) ||
             ct_span_ihas(text, CT_LIT("scheduled maintenance"))));
}

static struct ct_span incident_id(const struct ct_feed_item *item, struct ct_arena *a)
{
    char at[CT_TIME_MAX];
    struct ct_span name = item->guid.n ? item->guid : item->title;
    if (item->published_ms == CT_NONE)
        return ct_clean_id(a, name);
    ct_time_format(at, item->published_ms);
    return ct_clean_id(a, ct_arena_printf(a, "%.*s@%s", CT_FMT(name), at));
}

static enum ct_status add_item(const struct ct_feed_item *item, struct ct_batch *out,
                               struct ct_error *err)
{
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    if (!item->guid.n && !item->title.n)
        return ct_fail(err, CT_ERR_SHAPE, "channel/item", "an item without guid and title");
    row.id = incident_id(item, a);
    row.title = ct_markup_name(a, item->title);
    struct ct_span text = ct_markup_text(a, item->description);
    row.state = is_maintenance(row.title, text) ? CT_STATE_MAINTENANCE : CT_STATE_PARTIAL;
    row.phase = CT_PHASE_UNKNOWN;
    row.open = 1;
    row.started_ms = item->published_ms;
    row.regions = ct_list_new(a, item->categories.n);
    row.components = ct_list_new(a, item->categories.n);
    for (size_t i = 0; i < item->categories.n; i++) {
        struct ct_span name = ct_clean_name(a, item->categories.v[i]);
        ct_list_add(is_region(name) ? &row.regions : &row.components, name);
    }
    struct ct_incident *slot = CT_VEC_PUSH(a, &out->incidents);
    if (slot)
        *slot = row;
    if (text.n) { /* an edit makes another update; when it came is when it was first seen */
        struct ct_update u = ct_update_new();
        u.incident = row.id;
        u.text = item->description;
        u.phase = CT_PHASE_UNKNOWN;
        ct_rows_update(out, &u, text);
    }
    return CT_OK;
}

static enum ct_status read_feed(struct ct_span body, struct ct_batch *out, struct ct_error *err)
{
    struct ct_feed feed;
    enum ct_status s = ct_feed_read(body, out->arena, &feed, err);
    if (s != CT_OK)
        return s;
    if (!ct_span_is(feed.title, "Azure Status"))
        return ct_fail(err, CT_ERR_SHAPE, "channel/title",
                       "wanted \"Azure Status\", this is the feed \"%.*s\"", CT_FMT(feed.title));
    struct ct_page *page = CT_VEC_PUSH(out->arena, &out->pages);
    if (page) {
        page->name = ct_clean_name(out->arena, feed.title);
        page->updated_ms = out->data_ms = feed.built_ms;
    }
    out->trouble_only = true;
    for (size_t i = 0; s == CT_OK && i < feed.items.n; i++)
        s = add_item(&feed.items.v[i], out, err);
    return s;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_rows_finish(out, read_feed(body, out, err), err);
}

const struct ct_family ct_family_azure_rss = {
    .name = "azure-rss",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://rssfeed.azure.status.microsoft/en-us/status/feed/",
    .parse = parse,
    .routed_host = "status.azure.com",
};
