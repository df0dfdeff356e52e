#include "demo/wire.h"

#include "db/base/jsonw.h"

#include <stdio.h>
#include <string.h>

#define PAGE(i, family, provider, scope, title, path)                                              \
    [i] = {"demo_" provider "_status", family, provider, scope, title, path, "", 20 * CT_MINUTE}

const struct wire_source wire_sources[WORLD_SOURCES] = {
    PAGE(0, "statuspage-summary", "aurora", "cloud", "Aurora GPU Cloud status",
         "/aurora/api/v2/summary.json"),
    PAGE(1, "incidentio-compat", "lumen", "api", "Lumen AI status", "/lumen/api/v2/summary.json"),
    PAGE(2, "azure-rss", "azure", "cloud", "Azure status", "/azure/status/feed/"),
    PAGE(3, "gcp-incidents", "gcp", "cloud", "Google Cloud status", "/gcp/incidents.json"),
    PAGE(4, "aws-currentevents", "aws", "cloud", "AWS Health", "/aws/public/currentevents"),
    PAGE(5, "statuspage-summary", "nebius", "cloud", "Nebius status",
         "/nebius/api/v2/summary.json"),
    PAGE(6, "incidentio-compat", "lambda", "cloud", "Lambda status",
         "/lambda/api/v2/summary.json"),
    [WORLD_AZURE_PRICES] = {"demo_azure_prices", "azure-retail", "azure", "", "Azure GPU prices",
                            "/azure/api/retail/prices", "", CT_HOUR},
    [WORLD_AWS_SPOT] = {"demo_aws_spot", "aws-spot-feed", "aws", "", "AWS spot prices",
                        "/aws/spot.json", "", CT_HOUR},
    [WORLD_MARKET] = {"demo_vast", "vast-bundles", "vastai", "", "GPU market, on demand",
                      "/vast/bundles", "", CT_HOUR},
    [WORLD_MARKET_BID] = {"demo_vast_bid", "vast-bundles", "vastai", "",
                          "GPU market, interruptible", "/vast/bids", "bid", CT_HOUR},
    [WORLD_RENTAL_PRICES] = {"demo_shadeform", "shadeform-types", "", "",
                             "Machines of small clouds", "/shadeform/instances/types", "",
                             CT_HOUR},
    [WORLD_FEED] = {"demo_news", "feed", "", "", "Market news", "/news/feed.xml", "", CT_HOUR},
    [WORLD_TOKENS] = {"demo_tokens", "litellm", "", "", "Token prices", "/prices.json", "",
                      6 * CT_HOUR},
};

void ct_wire_memory_free(struct wire_memory *m)
{
    for (int i = 0; i < WORLD_SOURCES; i++) {
        ct_buf_free(&m->last[i]);
    }
}

/* ---- JSON shorthand ---- */

static void text(struct ct_jw *w, const char *key, const char *value)
{
    ct_jw_key(w, key);
    ct_jw_text(w, ct_span(value));
}

static void when(struct ct_jw *w, const char *key, int64_t ms)
{
    ct_jw_key(w, key);
    ct_jw_time(w, ms);
}

static void number(struct ct_jw *w, const char *key, int64_t value, int digits)
{
    ct_jw_key(w, key);
    ct_jw_decimal(w, value, digits);
}

static void numbered(struct ct_jw *w, const char *key, const char *prefix, uint32_t n)
{
    char id[96];
    snprintf(id, sizeof id, "%s%u", prefix, n);
    text(w, key, id);
}

static bool is_open(const struct world_incident *inc)
{
    return inc->phase != WORLD_RESOLVED;
}

/* The worst severity of open incidents on COMPONENT (-1: any); 0 = none. */
static int worst(const struct world_page *p, int component)
{
    int s = 0;
    for (int i = 0; i < p->n_incidents; i++) {
        const struct world_incident *inc = &p->incidents[i];
        if (is_open(inc) && (component < 0 || inc->component == component) && inc->severity > s) {
            s = inc->severity;
        }
    }
    return s;
}

/* ---- Statuspage and its look-alike ---- */

static void sp_update(struct ct_jw *w, const struct world_incident *inc, int u)
{
    char id[64], parent[64];
    snprintf(id, sizeof id, "u%u-%d", inc->number, u);
    snprintf(parent, sizeof parent, "i%u", inc->number);
    ct_jw_object(w);
    text(w, "id", id);
    text(w, "status", world_phase_words[inc->updates[u].phase]);
    text(w, "body", world_cause_text(inc->cause, inc->updates[u].phase));
    text(w, "incident_id", parent);
    when(w, "created_at", inc->updates[u].at_ms);
    when(w, "updated_at", inc->updates[u].at_ms);
    when(w, "display_at", inc->updates[u].at_ms);
    ct_jw_end_object(w);
}

static void sp_incident(struct ct_jw *w, const struct world_page *p,
                        const struct world_incident *inc, bool full)
{
    static const char *const impacts[] = {"none", "minor", "major", "critical"};
    ct_jw_object(w);
    numbered(w, "id", "i", inc->number);
    text(w, "name", world_cause_title(inc->cause));
    text(w, "status", world_phase_words[inc->phase]);
    when(w, "created_at", inc->started_ms);
    when(w, "updated_at", inc->updates[inc->n_updates - 1].at_ms);
    text(w, "impact", impacts[inc->severity]);
    if (full) {
        when(w, "started_at", inc->started_ms);
        ct_jw_key(w, "resolved_at");
        ct_jw_null(w);
        numbered(w, "shortlink", "https://status.example.net/incidents/", inc->number);
        ct_jw_key(w, "components");
        ct_jw_array(w);
        ct_jw_object(w);
        numbered(w, "id", "c", (uint32_t)inc->component);
        text(w, "name", p->components[inc->component]);
        ct_jw_end_object(w);
        ct_jw_end_array(w);
    }
    ct_jw_key(w, "incident_updates");
    ct_jw_array(w);
    for (int u = inc->n_updates - 1; u >= 0; u--) {
        sp_update(w, inc, u);
    }
    ct_jw_end_array(w);
    ct_jw_end_object(w);
}

static void statuspage(struct ct_jw *w, const struct ct_world *world, const struct world_page *p,
                       bool full)
{
    static const char *const component_words[] = {"operational", "degraded_performance",
                                                  "partial_outage", "major_outage"};
    static const char *const indicators[] = {"none", "minor", "major", "critical"};
    ct_jw_object(w);
    ct_jw_key(w, "page");
    ct_jw_object(w);
    text(w, "id", p->id);
    text(w, "name", p->name);
    text(w, "url", "https://status.example.net");
    if (full) {
        text(w, "time_zone", "Etc/UTC");
    }
    when(w, "updated_at", world->now_ms / CT_HOUR * CT_HOUR);
    ct_jw_end_object(w);
    ct_jw_key(w, "status");
    ct_jw_object(w);
    text(w, "indicator", indicators[worst(p, -1)]);
    text(w, "description", worst(p, -1) ? "Partial System Outage" : "All Systems Operational");
    ct_jw_end_object(w);
    ct_jw_key(w, "components");
    ct_jw_array(w);
    for (int i = 0; i < p->n_components; i++) {
        ct_jw_object(w);
        numbered(w, "id", "c", (uint32_t)i);
        text(w, "name", p->components[i]);
        text(w, "status", component_words[worst(p, i)]);
        text(w, "created_at", "2025-01-01T00:00:00Z");
        text(w, "updated_at", "2025-01-01T00:00:00Z");
        if (full) {
            ct_jw_key(w, "group");
            ct_jw_bool(w, false);
            ct_jw_key(w, "group_id");
            ct_jw_null(w);
        }
        ct_jw_end_object(w);
    }
    ct_jw_end_array(w);
    ct_jw_key(w, "incidents");
    ct_jw_array(w);
    for (int i = 0; i < p->n_incidents; i++) {
        if (is_open(&p->incidents[i])) {
            sp_incident(w, p, &p->incidents[i], full);
        }
    }
    ct_jw_end_array(w);
    if (full) {
        ct_jw_key(w, "scheduled_maintenances");
        ct_jw_array(w);
        ct_jw_end_array(w);
    }
    ct_jw_end_object(w);
}

/* ---- Azure RSS ---- */

static void rfc822(struct ct_buf *out, int64_t ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct ct_civil c;
    ct_civil_from_ms(ms, &c);
    ct_buf_addf(out, "%s, %02d %s %d %02d:%02d:%02d Z", days[c.weekday], c.day, months[c.month - 1],
                c.year, c.hour, c.minute, c.second);
}

static void azure_rss(struct ct_buf *out, const struct ct_world *world, const struct world_page *p)
{
    ct_buf_adds(
        out,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<rss version=\"2.0\">\r\n  <channel>\r\n"
        "    <title>Azure Status</title>\r\n    <description>Azure Status</description>\r\n"
        "    <language>en-us</language>\r\n    <lastBuildDate>");
    rfc822(out, world->now_ms);
    ct_buf_adds(out, "</lastBuildDate>\r\n");
    for (int i = 0; i < p->n_incidents; i++) {
        const struct world_incident *inc = &p->incidents[i];
        if (!is_open(inc)) {
            continue;
        }
        ct_buf_addf(out,
                    "    <item>\r\n      <guid\r\n        isPermaLink=\"false\">event-%u</guid>\r\n"
                    "      <category>%s</category>\r\n      <category>%s</category>\r\n"
                    "      <title>%s in %s </title>\r\n      <description>",
                    inc->number, p->components[inc->component], p->regions[inc->component],
                    world_cause_title(inc->cause), p->regions[inc->component]);
        for (int u = inc->n_updates - 1; u >= 0; u--) {
            ct_buf_addf(out, "&lt;p&gt;%s&lt;/p&gt;",
                        world_cause_text(inc->cause, inc->updates[u].phase));
        }
        ct_buf_adds(out, "</description>\r\n      <pubDate>");
        rfc822(out, inc->started_ms);
        ct_buf_adds(out, "</pubDate>\r\n    </item>\r\n");
    }
    ct_buf_adds(out, "  </channel>\r\n</rss>\r\n");
}

/* ---- Google Cloud ---- */

static void offset_time(struct ct_jw *w, const char *key, int64_t ms)
{
    char t[CT_TIME_MAX];
    int n = ct_time_format(t, ms / CT_SECOND * CT_SECOND);
    snprintf(t + n - 1, sizeof t - (size_t)n + 1, "+00:00");
    text(w, key, t);
}

static void gcp_update(struct ct_jw *w, const struct world_page *p,
                       const struct world_incident *inc, int u)
{
    static const char *const impact[] = {"AVAILABLE", "SERVICE_INFORMATION", "SERVICE_DISRUPTION",
                                         "SERVICE_OUTAGE"};
    ct_jw_object(w);
    offset_time(w, "created", inc->updates[u].at_ms);
    offset_time(w, "modified", inc->updates[u].at_ms);
    offset_time(w, "when", inc->updates[u].at_ms);
    text(w, "text", world_cause_text(inc->cause, inc->updates[u].phase));
    text(w, "status", impact[inc->updates[u].phase == WORLD_RESOLVED ? 0 : inc->severity]);
    ct_jw_key(w, "affected_locations");
    ct_jw_array(w);
    ct_jw_object(w);
    text(w, "title", p->regions[inc->component]);
    text(w, "id", p->regions[inc->component]);
    ct_jw_end_object(w);
    ct_jw_end_array(w);
    ct_jw_end_object(w);
}

static void gcp_incident(struct ct_jw *w, const struct world_page *p,
                         const struct world_incident *inc)
{
    static const char *const impact[] = {"", "SERVICE_INFORMATION", "SERVICE_DISRUPTION",
                                         "SERVICE_OUTAGE"};
    static const char *const severity[] = {"", "low", "medium", "high"};
    ct_jw_object(w);
    numbered(w, "id", "G", inc->number);
    numbered(w, "number", "", inc->number);
    offset_time(w, "begin", inc->started_ms);
    offset_time(w, "created", inc->started_ms);
    if (!is_open(inc)) {
        offset_time(w, "end", inc->resolved_ms);
    }
    offset_time(w, "modified", inc->updates[inc->n_updates - 1].at_ms);
    text(w, "external_desc", world_cause_title(inc->cause));
    ct_jw_key(w, "updates");
    ct_jw_array(w);
    for (int u = inc->n_updates - 1; u >= 0; u--) {
        gcp_update(w, p, inc, u);
    }
    ct_jw_end_array(w);
    ct_jw_key(w, "most_recent_update");
    gcp_update(w, p, inc, inc->n_updates - 1);
    text(w, "status_impact", impact[inc->severity]);
    text(w, "severity", severity[inc->severity]);
    text(w, "service_key", "zall");
    text(w, "service_name", "Multiple Products");
    ct_jw_key(w, "affected_products");
    ct_jw_array(w);
    ct_jw_object(w);
    text(w, "title", p->components[inc->component]);
    numbered(w, "id", "product", (uint32_t)inc->component);
    ct_jw_end_object(w);
    ct_jw_end_array(w);
    numbered(w, "uri", "incidents/G", inc->number);
    ct_jw_key(w, is_open(inc) ? "currently_affected_locations" : "previously_affected_locations");
    ct_jw_array(w);
    ct_jw_object(w);
    text(w, "title", p->regions[inc->component]);
    text(w, "id", p->regions[inc->component]);
    ct_jw_end_object(w);
    ct_jw_end_array(w);
    ct_jw_key(w, is_open(inc) ? "previously_affected_locations" : "currently_affected_locations");
    ct_jw_array(w);
    ct_jw_end_array(w);
    ct_jw_end_object(w);
}

/* ---- AWS: numbers as text, text as numbers, seconds and milliseconds, as the real one ---- */

static void aws_event(struct ct_jw *w, const struct world_page *p, const struct world_incident *inc)
{
    static const char *const code[] = {"0", "1", "2", "3"};
    const char *region = p->regions[inc->component], *service = p->components[inc->component];
    char buf[160];
    ct_jw_object(w);
    snprintf(buf, sizeof buf, "%lld", (long long)(inc->started_ms / CT_SECOND));
    text(w, "date", buf);
    snprintf(buf, sizeof buf, "arn:aws:health:%s::event/%s/OPERATIONAL_ISSUE/%u", region, service,
             inc->number);
    text(w, "arn", buf);
    text(w, "region_name", region);
    text(w, "status", code[inc->severity]);
    snprintf(buf, sizeof buf, "%s-%s", service, region);
    text(w, "service", buf);
    text(w, "service_name", service);
    text(w, "summary", world_cause_title(inc->cause));
    ct_jw_key(w, "event_log");
    ct_jw_array(w);
    for (int u = 0; u < inc->n_updates; u++) {
        ct_jw_object(w);
        text(w, "summary", world_cause_title(inc->cause));
        text(w, "message", world_cause_text(inc->cause, inc->updates[u].phase));
        number(w, "status", inc->severity, 0);
        number(w, "timestamp", inc->updates[u].at_ms / CT_SECOND, 0);
        ct_jw_end_object(w);
    }
    ct_jw_end_array(w);
    ct_jw_key(w, "impacted_services");
    ct_jw_object(w);
    ct_jw_key(w, buf);
    ct_jw_object(w);
    text(w, "service_name", service);
    text(w, "current", code[inc->severity]);
    text(w, "max", code[inc->severity]);
    ct_jw_end_object(w);
    ct_jw_end_object(w);
    ct_jw_end_object(w);
}

/* UTF-16, big end first, with a mark. The simulated texts are ASCII. */
static void to_utf16(struct ct_buf *out)
{
    struct ct_buf wide = CT_BUF_INIT;
    ct_buf_add(&wide, CT_LIT("\xfe\xff"));
    for (size_t i = 0; i < out->n; i++) {
        ct_buf_addc(&wide, '\0');
        ct_buf_addc(&wide, out->p[i]);
    }
    ct_buf_free(out);
    *out = wide;
}

/* ---- prices ---- */

static void azure_item(struct ct_jw *w, const struct world_instance *i, bool spot)
{
    char name[128];
    ct_jw_object(w);
    text(w, "currencyCode", "USD");
    number(w, "tierMinimumUnits", 0, 0);
    number(w, "retailPrice", spot ? i->spot_micro : i->od_micro, 6);
    number(w, "unitPrice", spot ? i->spot_micro : i->od_micro, 6);
    text(w, "armRegionName", i->region);
    text(w, "location", i->region);
    text(w, "effectiveStartDate", "2025-01-01T00:00:00Z");
    snprintf(name, sizeof name, "%s%s", i->name + strlen("Standard_"), spot ? " Spot" : "");
    text(w, "meterName", name);
    text(w, "skuName", name);
    snprintf(name, sizeof name, "%s/%s", i->region, i->name);
    text(w, "skuId", name);
    snprintf(name, sizeof name, "m-%s-%s-%d", i->region, i->name, spot);
    text(w, "meterId", name);
    text(w, "productName", "Virtual Machines GPU Series");
    text(w, "serviceName", "Virtual Machines");
    text(w, "unitOfMeasure", "1 Hour");
    text(w, "type", "Consumption");
    ct_jw_key(w, "isPrimaryMeterRegion");
    ct_jw_bool(w, true);
    text(w, "armSkuName", i->name);
    ct_jw_end_object(w);
}

static void azure_prices(struct ct_jw *w, const struct ct_world *world, int keep_every)
{
    int items = 0;
    ct_jw_object(w);
    text(w, "BillingCurrency", "USD");
    text(w, "CustomerEntityId", "Default");
    text(w, "CustomerEntityType", "Retail");
    ct_jw_key(w, "Items");
    ct_jw_array(w);
    for (int i = 0; i < WORLD_INSTANCES; i++) {
        const struct world_instance *x = &world->instances[i];
        if (strcmp(x->cloud, "azure") || i % keep_every) {
            continue;
        }
        azure_item(w, x, false);
        items++;
        if (x->spot_micro) {
            azure_item(w, x, true);
            items++;
        }
    }
    ct_jw_end_array(w);
    ct_jw_key(w, "NextPageLink");
    ct_jw_null(w);
    number(w, "Count", items, 0);
    ct_jw_end_object(w);
}

static void aws_spot_size(struct ct_jw *w, const struct world_instance *x)
{
    char usd[CT_DECIMAL_MAX];
    ct_decimal_format_fixed(usd, x->spot_micro, 6, 4);
    ct_jw_object(w);
    text(w, "size", x->name);
    ct_jw_key(w, "valueColumns");
    ct_jw_array(w);
    for (int windows = 0; windows < 2; windows++) {
        ct_jw_object(w);
        text(w, "name", windows ? "mswin" : "linux");
        ct_jw_key(w, "prices");
        ct_jw_object(w);
        text(w, "USD", windows || !x->spot_micro ? "N/A*" : usd);
        ct_jw_end_object(w);
        ct_jw_end_object(w);
    }
    ct_jw_end_array(w);
    ct_jw_end_object(w);
}

static void aws_spot(struct ct_jw *w, const struct ct_world *world, int keep_every)
{
    static const char *const regions[] = {"us-east-1", "us-east-2", "us-west-2", "eu-west-1",
                                          "eu-north-1"};
    ct_jw_object(w);
    number(w, "vers", 1, 2);
    ct_jw_key(w, "config");
    ct_jw_object(w);
    text(w, "rate", "perhr");
    ct_jw_key(w, "valueColumns");
    ct_jw_array(w);
    ct_jw_text(w, CT_LIT("linux"));
    ct_jw_text(w, CT_LIT("mswin"));
    ct_jw_end_array(w);
    ct_jw_key(w, "currencies");
    ct_jw_array(w);
    ct_jw_text(w, CT_LIT("USD"));
    ct_jw_end_array(w);
    ct_jw_key(w, "regions");
    ct_jw_array(w);
    for (size_t r = 0; r < CT_LEN(regions); r++) {
        ct_jw_object(w);
        text(w, "region", regions[r]);
        ct_jw_key(w, "instanceTypes");
        ct_jw_array(w);
        ct_jw_object(w);
        text(w, "type", "gpuInstances");
        ct_jw_key(w, "sizes");
        ct_jw_array(w);
        for (int i = 0; i < WORLD_INSTANCES; i++) {
            const struct world_instance *x = &world->instances[i];
            if (!strcmp(x->cloud, "aws") && !strcmp(x->region, regions[r]) && i % keep_every == 0) {
                aws_spot_size(w, x);
            }
        }
        ct_jw_end_array(w);
        ct_jw_end_object(w);
        ct_jw_end_array(w);
        ct_jw_end_object(w);
    }
    ct_jw_end_array(w);
    ct_jw_end_object(w);
    ct_jw_end_object(w);
}

static void vast_offer(struct ct_jw *w, const struct world_machine *m)
{
    ct_jw_object(w);
    number(w, "id", m->id, 0);
    number(w, "machine_id", m->id, 0);
    text(w, "gpu_name", m->gpu);
    number(w, "num_gpus", m->gpus, 0);
    number(w, "gpu_ram", m->gpu_ram_mib, 0);
    number(w, "gpu_total_ram", (int64_t)m->gpu_ram_mib * m->gpus, 0);
    number(w, "dph_base", m->price_micro, 6);
    number(w, "dph_total", m->price_micro, 6);
    number(w, "min_bid", m->price_micro * 6 / 10, 6);
    number(w, "cpu_cores_effective", 16 * m->gpus, 0);
    number(w, "cpu_ram", INT64_C(131072) * m->gpus, 0);
    text(w, "geolocation", m->place);
    ct_jw_key(w, "is_bid");
    ct_jw_bool(w, false);
    ct_jw_key(w, "rentable");
    ct_jw_bool(w, !m->rented);
    ct_jw_key(w, "rented");
    ct_jw_bool(w, m->rented);
    text(w, "verification", "verified");
    ct_jw_end_object(w);
}

static void vast(struct ct_jw *w, const struct ct_world *world, int keep_every)
{
    ct_jw_object(w);
    ct_jw_key(w, "offers");
    ct_jw_array(w);
    for (int i = 0; i < WORLD_MACHINES; i++) {
        if (world->machines[i].listed && i % keep_every == 0) {
            vast_offer(w, &world->machines[i]);
        }
    }
    ct_jw_end_array(w);
    ct_jw_end_object(w);
}

static void rental(struct ct_jw *w, const struct world_rental *r)
{
    ct_jw_object(w);
    text(w, "cloud", r->cloud);
    text(w, "shade_instance_type", r->gpu);
    text(w, "cloud_instance_type", r->name);
    ct_jw_key(w, "configuration");
    ct_jw_object(w);
    text(w, "gpu_type", r->gpu);
    number(w, "num_gpus", r->gpus, 0);
    number(w, "vram_per_gpu_in_gb", r->gpu_gib, 0);
    number(w, "vcpus", 24 * r->gpus, 0);
    number(w, "memory_in_gb", 180 * r->gpus, 0);
    text(w, "interconnect", r->interconnect);
    text(w, "gpu_manufacturer", "nvidia");
    ct_jw_end_object(w);
    number(w, "hourly_price", r->cents, 0);
    text(w, "deployment_type", "vm");
    ct_jw_key(w, "availability");
    ct_jw_array(w);
    ct_jw_object(w);
    text(w, "region", r->region);
    ct_jw_key(w, "available");
    ct_jw_bool(w, r->available);
    text(w, "display_name", r->region);
    ct_jw_end_object(w);
    ct_jw_end_array(w);
    ct_jw_end_object(w);
}

static void rentals(struct ct_jw *w, const struct ct_world *world, int keep_every)
{
    ct_jw_object(w);
    ct_jw_key(w, "instance_types");
    ct_jw_array(w);
    for (int i = 0; i < WORLD_RENTALS; i += keep_every) {
        rental(w, &world->rentals[i]);
    }
    ct_jw_end_array(w);
    ct_jw_end_object(w);
}

static void news(struct ct_buf *out, const struct ct_world *world)
{
    ct_buf_adds(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel>\n"
                     "<title>Market news</title><link>https://news.example.net/</link>\n");
    for (int i = 0; i < world->n_news; i++) {
        const struct world_news *n = &world->news[i];
        ct_buf_addf(out,
                    "<item><title>%s</title><guid isPermaLink=\"false\">n%u</guid>"
                    "<link>https://news.example.net/%u</link><pubDate>",
                    n->title, n->number, n->number);
        rfc822(out, n->at_ms);
        ct_buf_adds(out, "</pubDate></item>\n");
    }
    ct_buf_adds(out, "</channel></rss>\n");
}

static void litellm(struct ct_jw *w, const struct ct_world *world, int keep_every)
{
    ct_jw_object(w);
    ct_jw_key(w, "sample_spec");
    ct_jw_object(w);
    text(w, "max_tokens", "a sentence, not a number");
    ct_jw_end_object(w);
    for (int i = 0; i < WORLD_MODELS; i++) {
        const struct world_model *m = &world->models[i];
        if (!m->listed || i % keep_every) {
            continue;
        }
        ct_jw_key(w, m->id);
        ct_jw_object(w);
        if (m->cache_read) {
            number(w, "cache_read_input_token_cost", m->cache_read, 12);
        }
        number(w, "input_cost_per_token", m->input, 12);
        text(w, "litellm_provider", m->provider);
        number(w, "max_input_tokens", m->context, 0);
        text(w, "mode", "chat");
        number(w, "output_cost_per_token", m->output, 12);
        ct_jw_end_object(w);
    }
    ct_jw_end_object(w);
}

static void honest(const struct ct_world *world, int source, int keep_every, struct ct_buf *out)
{
    struct ct_jw w;
    ct_jw_init(&w, out);
    const struct world_page *p = source < WORLD_PAGES ? &world->pages[source] : NULL;
    switch (source) {
    case 0:
    case 1:
    case 5:
    case 6:
        statuspage(&w, world, p, !strcmp(p->family, "statuspage-summary"));
        break;
    case 2:
        azure_rss(out, world, p);
        break;
    case 3:
    case 4:
        ct_jw_array(&w);
        for (int i = 0; i < p->n_incidents; i++) {
            if (source == 3) {
                gcp_incident(&w, p, &p->incidents[i]);
            } else if (is_open(&p->incidents[i])) {
                aws_event(&w, p, &p->incidents[i]);
            }
        }
        ct_jw_end_array(&w);
        if (source == 4) {
            to_utf16(out);
        }
        break;
    case WORLD_AZURE_PRICES:
        azure_prices(&w, world, keep_every);
        break;
    case WORLD_AWS_SPOT:
        aws_spot(&w, world, keep_every);
        break;
    case WORLD_MARKET:
    case WORLD_MARKET_BID:
        vast(&w, world, keep_every);
        break;
    case WORLD_RENTAL_PRICES:
        rentals(&w, world, keep_every);
        break;
    case WORLD_FEED:
        news(out, world);
        break;
    case WORLD_TOKENS:
        litellm(&w, world, keep_every);
        break;
    default:
        break;
    }
}

int ct_wire_answer(const struct ct_world *w, int source, struct wire_memory *m, struct ct_buf *out)
{
    ct_buf_clear(out);
    switch (w->lies[source]) {
    case WORLD_HTML:
        ct_buf_adds(out, "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>"
                         "<body><h1>All systems operational</h1></body></html>\n");
        return 200;
    case WORLD_BROKEN:
        ct_buf_adds(out, "upstream connect error\n");
        return 503;
    case WORLD_FROZEN:
        if (m->last[source].n) {
            ct_buf_add(out, ct_buf_span(&m->last[source]));
            return 200;
        }
        break;
    case WORLD_HALF:
        honest(w, source, 5, out);
        return 200;
    case WORLD_HONEST:
        break;
    }
    honest(w, source, 1, out);
    ct_buf_clear(&m->last[source]);
    ct_buf_add(&m->last[source], ct_buf_span(out));
    return 200;
}
