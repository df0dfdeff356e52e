/* Panels over hand-made rows: this program is built with every ct_read_x renamed to fake_read_x (Makefile.am), so
 * load, draw and act run as they do in the dashboard, without a database. */
#include "tui/views/history.h"
#include "tui/views/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/golden.h"

#define NOW INT64_C(1795357920000) /* 2026-11-22T14:32:00Z */
#define USD INT64_C(1000000000)
#define S(text) {text, sizeof(text) - 1}

/* ---- the world ---- */

static struct {
    bool empty;         /* nothing recorded */
    bool fetching;      /* the viewer has a fetcher */
    enum ct_status fail; /* what every read ends with */
    struct ct_query last_history, last_events;
    size_t ended; /* incidents beside those below */
    size_t states; /* events beside those below, older */
    int history_reads;
} world;

#define FAKE(name, rows_array)                                                                     \
    enum ct_status ct_read_##name(struct ct_reader *r, const struct ct_query *q,                   \
                                  struct ct_arena *a, struct ct_rows *out, struct ct_error *err)   \
    {                                                                                              \
        (void)r;                                                                                   \
        (void)q;                                                                                   \
        (void)a;                                                                                   \
        *out = (struct ct_rows){rows_array, world.empty ? 0 : CT_LEN(rows_array)};                 \
        return world.fail ? ct_fail(err, world.fail, #name, "made to fail") : CT_OK;               \
    }

static const struct ct_now_row now_rows[] = {
    {.state = CT_STATE_MAJOR, .kind = CT_EVENT_INCIDENT, .sign = S("X"), .word = S("DOWN"),
     .where = S("openai/api"), .what = S("Elevated error rates across all models"),
     .evidence = S("official"), .provider = S("openai"), .incident = S("abc123"),
     .url = S("https://status.example.net/incidents/abc123"), .since_ms = NOW - 18 * CT_MINUTE},
    {.state = CT_STATE_PARTIAL, .kind = CT_EVENT_INCIDENT, .sign = S("!"), .word = S("PART"),
     .where = S("aws/us-east-1/bedrock"), .what = S("Increased InvokeModel latency, throttles"),
     .evidence = S("official"), .provider = S("aws"), .incident = S("a1"),
     .since_ms = NOW - 41 * CT_MINUTE},
    {.state = CT_STATE_OPERATIONAL, .kind = CT_EVENT_PRICE, .sign = S("$"), .word = S("MOVE"),
     .where = S("H100-SXM spot vastai"), .what = S("2.19 -> 1.94 $/GPU.h  -11.4%"),
     .evidence = S("price"), .series = S("gpu/vastai/any/H100-SXM-80x1/spot"),
     .since_ms = NOW - 9 * CT_MINUTE},
    {.state = CT_STATE_MAINTENANCE, .kind = CT_EVENT_INCIDENT, .sign = S("m"), .word = S("soon"),
     .where = S("gcp/europe-west4"), .what = S("Planned network work 22:00-23:30Z"),
     .evidence = S("official"), .provider = S("gcp"), .incident = S("g9"),
     .since_ms = NOW + 448 * CT_MINUTE},
    {.state = CT_STATE_UNKNOWN, .kind = CT_EVENT_SOURCE, .sign = S("?"), .word = S("UNKN"),
     .where = S("coreweave/status"), .what = S("page unreadable: HTTP 403"), .evidence = S("none"),
     .provider = S("coreweave"), .since_ms = NOW - 52 * CT_MINUTE},
};
FAKE(now, now_rows)

static const struct ct_incident_row incident_rows[] = {
    {.provider = S("openai"), .id = S("abc123"), .title = S("Elevated error rates across all models"),
     .raw_impact = S("major"), .url = S("https://status.example.net/incidents/abc123"),
     .state = CT_STATE_MAJOR, .phase = CT_PHASE_IDENTIFIED, .open = 1,
     .started_ms = NOW - 18 * CT_MINUTE, .updated_ms = NOW - 5 * CT_MINUTE, .resolved_ms = CT_NONE,
     .scheduled_for_ms = CT_NONE, .scheduled_until_ms = CT_NONE,
     .first_seen_ms = NOW - 17 * CT_MINUTE,
     .components = {(struct ct_span[]){S("API"), S("Chat")}, 2}},
    {.provider = S("gcp"), .id = S("g9"), .title = S("Planned network work"), .state = CT_STATE_MAINTENANCE,
     .phase = CT_PHASE_SCHEDULED, .open = 1, .started_ms = CT_NONE, .updated_ms = CT_NONE,
     .resolved_ms = CT_NONE, .scheduled_for_ms = NOW + 448 * CT_MINUTE,
     .scheduled_until_ms = NOW + 538 * CT_MINUTE, .first_seen_ms = NOW - CT_DAY,
     .regions = {(struct ct_span[]){S("us-1"), S("Paris, FR")}, 2}},
    {.provider = S("anthropic"), .id = S("z1"), .title = S("Errors on one model"),
     .state = CT_STATE_DEGRADED, .phase = CT_PHASE_RESOLVED, .open = 0, .started_ms = NOW - 2 * CT_DAY,
     .updated_ms = NOW - 2 * CT_DAY, .resolved_ms = NOW - 47 * CT_HOUR, .scheduled_for_ms = CT_NONE,
     .scheduled_until_ms = CT_NONE, .first_seen_ms = CT_NONE},
};

enum ct_status ct_read_incidents(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a, struct ct_rows *out,
                                 struct ct_error *err)
{
    size_t n = world.empty ? 0 : CT_LEN(incident_rows), more = q->limit && world.ended > q->limit ? q->limit - 1 : world.ended;
    struct ct_incident_row *rows = ct_arena_alloc(a, (n + more + 1) * sizeof(*rows));
    (void)r;
    memcpy(rows, incident_rows, n * sizeof(*rows));
    for (size_t i = 0; i < more; i++) {
        rows[n + i] = incident_rows[2];
        rows[n + i].id = ct_arena_printf(a, "e%zu", i);
        rows[n + i].resolved_ms -= (int64_t)(i + 1) * CT_HOUR;
    }
    *out = (struct ct_rows){rows, n + more};
    return world.fail ? ct_fail(err, world.fail, "incidents", "made to fail") : CT_OK;
}

enum ct_status ct_count_ended(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a, size_t *out,
                              struct ct_error *err)
{
    (void)r;
    (void)q;
    (void)a;
    *out = world.ended + 1;
    return world.fail ? ct_fail(err, world.fail, "incidents", "made to fail") : CT_OK;
}

static const struct ct_update_row update_rows[] = {
    {.provider = S("openai"), .incident = S("abc123"), .at_ms = NOW - 5 * CT_MINUTE,
     .phase = CT_PHASE_IDENTIFIED, .text = S("A rollout is being reverted. We expect the error rate to "
     "fall over the next twenty minutes as traffic moves back to the previous version."),
     .first_seen_ms = NOW - 4 * CT_MINUTE},
    {.provider = S("openai"), .incident = S("abc123"), .at_ms = NOW - 13 * CT_MINUTE,
     .phase = CT_PHASE_INVESTIGATING, .text = S("Error rates above normal on chat and batch."),
     .first_seen_ms = NOW - 12 * CT_MINUTE},
};
FAKE(updates, update_rows)

static const struct ct_status_row status_rows[] = {
    {.provider = S("openai"), .scope = S("api"), .source = S("openai_status"), .state = CT_STATE_MAJOR,
     .page_state = CT_STATE_PARTIAL, .raw_state = CT_STATE_MAJOR, .since_ms = NOW - 18 * CT_MINUTE,
     .seen_ms = NOW - 40000, .evidence = CT_EVIDENCE_OFFICIAL, .freshness = CT_FRESH,
     .reason = S("Elevated error rates across all models"), .incidents = {incident_rows, 1},
     .components_total = 4, .components_bad = 2, .uptime_90d_milli = 99670, .measured_state = -1,
     .days90 = S("..........................................................~.............X......!..X")},
    {.provider = S("anthropic"), .scope = S("api"), .source = S("anthropic_status"),
     .state = CT_STATE_OPERATIONAL, .page_state = CT_STATE_OPERATIONAL, .since_ms = NOW - CT_DAY,
     .seen_ms = NOW - 40000, .evidence = CT_EVIDENCE_OFFICIAL, .freshness = CT_FRESH,
     .reason = S("page says operational; 12 of 20 endpoints degraded (a_router)"),
     .components_total = 6, .components_bad = 0, .uptime_90d_milli = 99940,
     .measured_state = CT_STATE_DEGRADED, .measured_total = 20, .measured_bad = 12,
     .measured_ms = NOW - 4 * CT_MINUTE, .measured = S("12 of 20 endpoints degraded (a_router)"),
     .days90 = S("                              ............~.............................................")},
    {.provider = S("coreweave"), .scope = S("status"), .source = S("coreweave_status"),
     .state = CT_STATE_UNKNOWN, .page_state = -1, .since_ms = NOW - 52 * CT_MINUTE,
     .seen_ms = NOW - 52 * CT_MINUTE, .evidence = -1, .freshness = CT_STALE,
     .reason = S("page unreadable: HTTP 403"), .components_total = CT_NONE,
     .components_bad = CT_NONE, .uptime_90d_milli = CT_NONE, .measured_state = -1, .days90 = S("....???")},
};
FAKE(status, status_rows)

static const struct ct_component_row component_rows[] = {
    {.provider = S("openai"), .source = S("openai_status"), .id = S("1"), .name = S("Files"),
     .state = CT_STATE_OPERATIONAL, .since_ms = CT_NONE, .seen_ms = NOW},
    {.provider = S("openai"), .source = S("openai_status"), .id = S("2"), .name = S("Chat"),
     .group = S("APIs"), .state = CT_STATE_MAJOR, .since_ms = NOW - 18 * CT_MINUTE, .seen_ms = NOW},
    {.provider = S("openai"), .source = S("openai_status"), .id = S("3"), .name = S("Batch"),
     .group = S("APIs"), .region = S("eu"), .state = CT_STATE_PARTIAL, .since_ms = CT_NONE,
     .seen_ms = NOW},
};
static FAKE(all_components, component_rows)

enum ct_status ct_read_components(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                  struct ct_rows *out, struct ct_error *err)
{
    enum ct_status st = ct_read_all_components(r, q, a, out, err);
    if (q->subject.n && !ct_span_is(q->subject, "openai"))
        out->n = 0;
    return st;
}

#define OFFER(cloud_, region_, gpu_, form_, mem_, count_, type_, price_, change_, stock_, n_, fresh_)  \
    {                                                                                              \
        .offer = {.cloud = S(cloud_), .region = S(region_), .gpu = S(gpu_), .form = S(form_),      \
                  .instance = S("inst." gpu_), .gpu_mem_milli = (mem_)*1000,                       \
                  .gpu_count_milli = (count_)*1000, .vcpu_milli = 26000, .mem_milli = CT_NONE,     \
                  .purchase = type_, .currency = S("USD"), .price_per_hour = (int64_t)(price_) * (count_),  \
                  .price_per_gpu_hour = CT_NONE, .host_included = 1, .stock = stock_,              \
                  .stock_count = n_, .effective_ms = CT_NONE},                                     \
        .series = S("gpu/" cloud_ "/" region_ "/" gpu_ "-" form_ "-" #mem_ "x" #count_ "/" #type_), \
        .key = S("k"), .source = S(cloud_ "_prices"), .usd_per_gpu_hour = price_,                  \
        .usd_per_hour = (int64_t)(price_) * (count_),                                              \
        .change_24h_milli = change_, .usd_per_pflop_hour = 3020000000, .low_90d = (change_) < -10000, \
        .quarantined = 0, .gone = 0, .age_s = 240, .seen_ms = NOW - ((fresh_) ? 26 * CT_HOUR : 4 * CT_MINUTE), \
        .changed_ms = NOW - CT_HOUR, .evidence = CT_EVIDENCE_STOCK, .freshness = fresh_            \
    }

enum { od = CT_PURCHASE_OD, spot = CT_PURCHASE_SPOT };
static struct ct_offer_row offer_rows[] = {
    OFFER("lambda", "us-east-1", "H100", "SXM", 80, 8, od, 2990000000, 0, CT_STOCK_NONE, CT_NONE, CT_FRESH),
    OFFER("vastai", "any", "H100", "SXM", 80, 1, spot, 1940000000, -11400, CT_STOCK_AVAILABLE, 41, CT_FRESH),
    OFFER("runpod", "secure", "H100", "PCIe", 80, 1, od, 2390000000, 0, CT_STOCK_LOW, CT_NONE, CT_FRESH),
    OFFER("aws", "us-east-2", "H100", "SXM", 80, 8, spot, 2710000000, 3000, CT_STOCK_LOW, CT_NONE, CT_FRESH),
    OFFER("aws", "us-west-2", "B200", "SXM", 180, 8, spot, 3610000000, 2100, CT_STOCK_NONE, CT_NONE, CT_FRESH),
    OFFER("nebius", "eu-north1", "B200", "SXM", 180, 8, od, 5500000000, 0, CT_STOCK_LOW, CT_NONE, CT_FRESH),
    OFFER("azure", "eastus2", "MI300X", "OAM", 192, 8, od, 6000000000, 0, CT_STOCK_UNKNOWN, CT_NONE, CT_LATE),
    OFFER("crusoe", "us-east1", "H200", "SXM", 141, 8, od, 4290000000, CT_NONE, CT_STOCK_UNKNOWN, CT_NONE, CT_STALE),
    OFFER("gcp", "us-central1", "A100", "SXM", 80, 8, spot, 1570000000, -600, CT_STOCK_AVAILABLE, CT_NONE, CT_FRESH),
    OFFER("gcp", "us-east5", "A100", "SXM", 80, 8, spot, 1610000000, -600, CT_STOCK_AVAILABLE, CT_NONE, CT_FRESH),
};
FAKE(offers, offer_rows)

enum ct_status ct_read_offer_months(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                    struct ct_offer_row *rows, size_t n, struct ct_error *err)
{
    (void)r, (void)q, (void)a, (void)rows, (void)n, (void)err; /* they have theirs */
    return CT_OK;
}

static const struct ct_gpu_row gpu_rows[] = {
    {.gpu = S("H100"), .form = S("SXM"), .purchase = od, .index_usd_per_gpu_hour = 2990000000,
     .index_usd_per_pflop_hour = 3023255813,
     .cheapest_usd_per_gpu_hour = 2390000000, .dearest_usd_per_gpu_hour = 6980000000,
     .cheapest_cloud = S("runpod"), .clouds = 6, .offers = 41, .available = 3, .change_7d_milli = -3100},
    {.gpu = S("H100"), .form = S("SXM"), .purchase = spot, .index_usd_per_gpu_hour = 2210000000,
     .index_usd_per_pflop_hour = CT_NONE,
     .cheapest_usd_per_gpu_hour = 1940000000, .dearest_usd_per_gpu_hour = 2710000000,
     .cheapest_cloud = S("vastai"), .clouds = 2, .offers = 9, .available = 2, .change_7d_milli = CT_NONE},
};
FAKE(indices, gpu_rows)
FAKE(gpus, gpu_rows)

#define TOKEN(lab_, model_, host_, kind_, tier_, word_, price_, change_)                           \
    {                                                                                              \
        .price = {.source_id = S(host_ "." model_), .lab = S(lab_), .model = S(model_),            \
                  .host = S(host_), .region = S("any"), .kind = kind_, .tier = S(tier_),           \
                  .currency = S("USD"), .per_mtok = price_, .context = 200000, .retires_ms = CT_NONE, \
                  .open_weights = 0},                                                              \
        .key = S(host_ "/any/" lab_ "/" model_ "/" word_),                                         \
        .series = S("token/" host_ "/any/" lab_ "/" model_ "/" word_), .field = S(word_),          \
        .source = S("litellm"), .change_30d_milli = change_, .premium_milli = CT_NONE, .blended = CT_NONE, .age_s = 3600, .seen_ms = NOW - CT_HOUR, \
        .changed_ms = NOW - CT_DAY, .evidence = CT_EVIDENCE_LISTED, .freshness = CT_FRESH          \
    }
static const struct ct_token_row token_rows[] = {
    TOKEN("openai", "gpt-class-A", "openai", CT_KIND_INPUT, "standard", "input", 1250000000, 0),
    TOKEN("openai", "gpt-class-A", "openai", CT_KIND_INPUT, "batch", "input.batch", 625000000, 0),
    TOKEN("openai", "gpt-class-A", "openai", CT_KIND_OUTPUT, "standard", "output", 10 * USD, 0),
    TOKEN("openai", "gpt-class-A", "openai", CT_KIND_CACHE_READ, "standard", "cache_read", 125000000, 0),
    TOKEN("anthropic", "model-B", "bedrock", CT_KIND_INPUT, "standard", "input", 3 * USD, -16667),
    TOKEN("anthropic", "model-B", "bedrock", CT_KIND_OUTPUT, "standard", "output", 15 * USD, 0),
    TOKEN("open", "open-C-70b", "groq", CT_KIND_OUTPUT, "standard", "output", 0, CT_NONE),
};
FAKE(tokens, token_rows)

static const struct ct_class_row class_rows[] = {
    {.name = S("frontier"), .kind = S("input"), .index = INT64_C(2000000000)},
    {.name = S("frontier"), .kind = S("output"), .index = INT64_C(10000000000)},
    {.name = S("unsold"), .kind = S("input"), .index = CT_NONE},
    {.name = S("unsold"), .kind = S("output"), .index = CT_NONE},
};
FAKE(classes, class_rows)

static const struct ct_event_row event_rows[] = { /* newest first */
    {.at_ms = NOW - 3 * CT_MINUTE, .id = 5, .kind = CT_EVENT_STOCK, .subject = S("B200-SXM lambda/us-south-3"),
     .text = S("none -> available"), .series = S("stock/lambda/us-south-3/B200-SXM-180x8/od"),
     .new_value = CT_STOCK_AVAILABLE},
    {.at_ms = NOW - 18 * CT_MINUTE, .id = 4, .kind = CT_EVENT_INCIDENT, .severity = CT_SEV_CRITICAL,
     .subject = S("openai/api"), .text = S("incident opened: Elevated error rates"), .new_value = CT_NONE},
    {.at_ms = NOW - 5 * CT_DAY, .id = 3, .kind = CT_EVENT_PRICE, .subject = S("H100-SXM lambda/us-east-1"),
     .text = S("2.79 -> 2.99 $/GPU.h"), .series = S("gpu/lambda/us-east-1/H100-SXM-80x8/od")},
    {.at_ms = NOW - 11 * CT_DAY, .id = 2, .kind = CT_EVENT_PRICE, .subject = S("H100-SXM lambda/us-east-1"),
     .text = S("2.99 -> 2.79 $/GPU.h"), .series = S("gpu/lambda/us-east-1/H100-SXM-80x8/od")},
    {.at_ms = NOW - 12 * CT_DAY, .id = 1, .kind = CT_EVENT_STATE, .severity = CT_SEV_WARNING,
     .subject = S("lambda/cloud"), .text = S("degraded"), .new_value = CT_STATE_DEGRADED},
};
enum ct_status ct_read_events(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                              struct ct_rows *out, struct ct_error *err)
{
    size_t n = world.empty ? 0 : CT_LEN(event_rows), more = q->limit && n + world.states > q->limit ? q->limit - n : world.states;
    struct ct_event_row *rows = ct_arena_alloc(a, (n + more + 1) * sizeof(*rows));
    (void)r;
    world.last_events = *q;
    memcpy(rows, event_rows, n * sizeof(*rows));
    for (size_t i = 0; i < more; i++) {
        rows[n + i] = event_rows[4];
        rows[n + i].id = -1 - (int64_t)i;
        rows[n + i].at_ms -= (int64_t)(i + 1) * CT_HOUR;
    }
    *out = (struct ct_rows){rows, n + more};
    return world.fail ? ct_fail(err, world.fail, "events", "made to fail") : CT_OK;
}

FAKE(alike, event_rows)

enum ct_status ct_read_articles(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                struct ct_rows *out, struct ct_error *err)
{
    static const struct ct_article_row rows[] = {
        {.at_ms = NOW - 9 * CT_DAY, .dated = 1, .id = S("a1"), .source = S("lambda_news"),
         .provider = S("lambda"), .title = S("New racks in two regions")},
        {.at_ms = NOW - 99 * CT_DAY, .dated = 1, .id = S("a0"), .source = S("lambda_news"),
         .provider = S("lambda"), .title = S("Before the window")},
    };
    (void)r, (void)a;
    *out = (struct ct_rows){rows, ct_span_is(q->subject, "lambda") && !world.empty ? CT_LEN(rows) : 0};
    return world.fail ? ct_fail(err, world.fail, "articles", "made to fail") : CT_OK;
}

static const struct ct_series_row series_rows[] = {
    {.series = S("index/H100-SXM/od"), .unit = S("USD/gpu.h"), .first_ms = NOW - 400 * CT_DAY,
     .last_ms = NOW, .changes = 9},
};
FAKE(series, series_rows)

static const struct ct_point lambda_points[] = {
    {.at_ms = NOW - 30 * CT_DAY, .min = 2990000000, .max = 2990000000, .last = 2990000000, .n = 0},
    {.at_ms = NOW - 11 * CT_DAY, .min = 2790000000, .max = 2790000000, .last = 2790000000, .n = 1},
    {.at_ms = NOW - 5 * CT_DAY, .min = 2990000000, .max = 2990000000, .last = 2990000000, .n = 1},
};
static const struct ct_point vast_points[] = {
    {.at_ms = NOW - 25 * CT_DAY, .min = 2400000000, .max = 2400000000, .last = 2400000000, .n = 1},
    {.at_ms = NOW - 20 * CT_DAY, .min = 2310000000, .max = 2350000000, .last = 2310000000, .n = 3},
    {.at_ms = NOW - 6 * CT_DAY, .min = 2060000000, .max = 2060000000, .last = 2060000000, .n = 1},
};
static const struct ct_gap vast_gaps[] = {
    {NOW - 7 * CT_DAY, NOW - 6 * CT_DAY, S("HTTP 429")},
};
static const struct ct_gap silent_gaps[] = {{NOW - 12 * CT_HOUR, NOW, S("HTTP 429")}};
static const struct ct_gap gone_gaps[] = {{NOW - 12 * CT_HOUR, NOW, S("not offered")}};
static const struct ct_point token_points[] = {
    {.at_ms = NOW - 10 * CT_DAY, .min = 1250000000, .max = 1250000000, .last = 1250000000, .n = 1},
};

/* Stock: there, gone for a day (an hour of which nobody looked), there, gone for two hours. */
static const struct ct_point stock_points[] = {
    {.at_ms = NOW - 20 * CT_DAY, .last = CT_STOCK_AVAILABLE, .n = 1},
    {.at_ms = NOW - 10 * CT_DAY, .last = CT_STOCK_NONE, .n = 1},
    {.at_ms = NOW - 9 * CT_DAY, .last = CT_STOCK_LOW, .n = 1},
    {.at_ms = NOW - 2 * CT_HOUR, .last = CT_STOCK_NONE, .n = 1},
};
static const struct ct_gap stock_gaps[] = {
    {NOW - 10 * CT_DAY + CT_HOUR, NOW - 10 * CT_DAY + 2 * CT_HOUR, S("HTTP 429")}};

enum ct_status ct_read_history(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_rows *out, struct ct_error *err)
{
    (void)r;
    world.last_history = *q;
    world.history_reads++;
    struct ct_history *h = ct_arena_alloc(a, sizeof(*h));
    *h = (struct ct_history){.series = q->subject, .unit = CT_LIT("USD/gpu.h"), .digits = 9,
                             .first_ms = NOW - 400 * CT_DAY, .last_seen_ms = NOW - 2 * CT_MINUTE,
                             .open_value = 2990000000, .n_changes = 2, .source = CT_LIT("lambda_prices"),
                             .points = {lambda_points, CT_LEN(lambda_points)}};
    *out = (struct ct_rows){h, 1};
    if (world.fail)
        return ct_fail(err, world.fail, "history", "made to fail");
    if (world.empty || ct_span_starts(q->subject, "gpu/nowhere"))
        return ct_fail(err, CT_ERR_NOT_FOUND, "history", "no such series; nearest: index/H100-SXM/od");
    if (ct_span_starts(q->subject, "gpu/vastai")) {
        h->points = (struct ct_rows){vast_points, CT_LEN(vast_points)};
        h->gaps = (struct ct_rows){vast_gaps, CT_LEN(vast_gaps)};
        h->open_value = CT_NONE;
        h->first_ms = NOW - 25 * CT_DAY;
        h->n_changes = 5;
    }
    if (ct_span_starts(q->subject, "endpoint/")) {
        assert_true(q->whole);
        *out = (struct ct_rows){NULL, 0};
        return CT_OK;
    }
    if (ct_span_starts(q->subject, "stock/")) {
        h->points = (struct ct_rows){stock_points, CT_LEN(stock_points)};
        h->gaps = (struct ct_rows){stock_gaps, 1};
        h->open_value = CT_NONE;
        h->digits = 0;
    }
    if (ct_span_starts(q->subject, "token/")) {
        h->points = (struct ct_rows){token_points, 1};
        h->unit = CT_LIT("USD/Mtok");
        h->open_value = 1500000000;
    }
    if (ct_span_starts(q->subject, "token/silent"))
        h->gaps = (struct ct_rows){silent_gaps, 1};
    if (ct_span_starts(q->subject, "token/gone"))
        h->gaps = (struct ct_rows){gone_gaps, 1};
    return CT_OK;
}

enum ct_status ct_read_summary(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_summary *out, struct ct_error *err)
{
    (void)r;
    (void)q;
    (void)a;
    *out = (struct ct_summary){.count = {36, 1, 1, 2, 1, 1}, .sources = 33, .sources_fresh = 31,
                               .sources_failing = 2, .oldest_ms = NOW - 52 * CT_MINUTE,
                               .newest_ms = NOW - 40000, .offline_since_ms = CT_NONE};
    if (world.empty) {
        *out = (struct ct_summary){.sources = 33, .sources_waiting = 21, .oldest_ms = CT_NONE,
                                   .newest_ms = CT_NONE, .offline_since_ms = CT_NONE};
    }
    return world.fail ? ct_fail(err, world.fail, "summary", "made to fail") : CT_OK;
}

/* ---- panels on a canvas ---- */

struct shown {
    const struct ct_panel_ops *ops;
    struct ct_arena *arena;
    const void *model;
    void *state;
    struct ct_panel_query query;
    struct ct_error error;
};

static void shown_load(struct shown *s)
{
    struct ct_arena *old = s->arena;
    s->arena = ct_arena_new(0);
    s->error = (struct ct_error){0};
    const void *model = NULL;
    enum ct_status st = s->ops->load(NULL, &s->query, NOW, s->arena, &model, &s->error);
    if (st == CT_OK) {
        s->model = model;
        ct_arena_free(old);
    } else { /* as the loader: the last good model stays */
        ct_arena_free(s->arena);
        s->arena = old;
    }
}

static struct shown shown_new(const struct ct_panel_ops *ops)
{
    struct shown s = {.ops = ops, .state = ct_xcalloc(1, ops->state_size)};
    s.query.at_ms = CT_LIVE;
    s.query.cols = 100;
    return s;
}

static void shown_done(struct shown *s)
{
    ct_arena_free(s->arena);
    free(s->state);
}

static void shown_draw(struct shown *s, struct ct_box box, bool focus)
{
    struct ct_buf note = CT_BUF_INIT;
    struct ct_canvas *scratch = ct_canvas_new(box.rows, box.cols, box.canvas->charset);
    struct ct_draw d = {.now_ms = NOW, .live = s->query.at_ms == CT_LIVE, .focus = focus,
                        .loaded_ms = s->model ? NOW : 0, .query = &s->query, .fetching = world.fetching,
                        .load_error = s->error.status ? &s->error : NULL};
    /* As the frame does: the note is known after drawing, and the frame stands around it. */
    if (box.rows > 2 && box.cols > 2)
        s->ops->draw(s->state, s->model, &d,
                     ct_box_sub(ct_box_all(scratch), 1, 1, box.rows - 2, box.cols - 2), &note);
    ct_buf_clear(&note);
    struct ct_box inside = ct_box_sub(box, 1, 1, box.rows - 2, box.cols - 2);
    if (inside.rows > 0 && inside.cols > 0)
        s->ops->draw(s->state, s->model, &d, inside, &note);
    ct_frame(box, focus, ct_span(s->ops->title), ct_buf_span(&note));
    ct_buf_free(&note);
    ct_canvas_free(scratch);
}

static enum ct_act_result shown_act(struct shown *s, enum ct_action action, struct ct_frame_request *req)
{
    struct ct_frame_request none;
    req = req ? req : &none;
    memset(req, 0, sizeof(*req));
    return s->ops->act(s->state, s->model, action, 0, &s->query, req);
}

static struct ct_buf text_of(struct shown *s, int rows, int cols)
{
    struct ct_canvas *c = ct_canvas_new(rows, cols, CT_CHARSET_UNICODE);
    struct ct_buf out = CT_BUF_INIT;
    shown_draw(s, ct_box_all(c), true);
    ct_canvas_text(c, &out);
    ct_canvas_free(c);
    return out;
}

static void expect_text(struct shown *s, int rows, int cols, const char *text)
{
    struct ct_buf out = text_of(s, rows, cols);
    if (!strstr(out.p, text))
        fprintf(stderr, "# not found: %s\n%s", text, out.p);
    assert_non_null(strstr(out.p, text));
    ct_buf_free(&out);
}

static void expect_no_text(struct shown *s, int rows, int cols, const char *text)
{
    struct ct_buf out = text_of(s, rows, cols);
    assert_null(strstr(out.p, text));
    ct_buf_free(&out);
}

static int reset(void **state)
{
    (void)state;
    memset(&world, 0, sizeof(world));
    for (size_t i = 0; i < CT_LEN(offer_rows); i++)
        offer_rows[i].usd_per_gb_hour =
            ct_muldiv(offer_rows[i].usd_per_gpu_hour, 1000, offer_rows[i].offer.gpu_mem_milli);
    static ct_nusd months[CT_LEN(offer_rows)][CT_SPARK];
    for (size_t i = 0; i < CT_LEN(offer_rows); i++) {
        for (int k = 0; k < CT_SPARK; k++)
            months[i][k] = i == 7   ? CT_NONE
                           : i == 1 ? 2500000000 - k * 19000000
                           : i == 4 ? 3000000000 + (k * 7919 % 600) * 1000000
                                    : offer_rows[i].usd_per_gpu_hour;
        offer_rows[i].spark = months[i];
    }
    return 0;
}

static const struct ct_panel_ops *const all_panels[] = {
    &ct_panel_now,     &ct_panel_tape,      &ct_panel_watchlist, &ct_panel_capacity,
    &ct_panel_status,  &ct_panel_components, &ct_panel_incidents, &ct_panel_offers,
    &ct_panel_gpus,    &ct_panel_tokens,    &ct_panel_history,   &ct_panel_detail,
};

/* ---- golden screens ---- */

struct place {
    const struct ct_panel_ops *ops;
    int y, x, rows, cols;
};

/* Draws PLACES, the first with the focus, and compares. SUBJECT is for history and detail. */
static int screen_differs(const char *name, int rows, int cols, enum ct_charset charset,
                          const char *subject, const struct place *places, size_t n)
{
    struct ct_canvas *c = ct_canvas_new(rows, cols, charset);
    int fails = 0;
    for (size_t i = 0; i < n; i++) {
        struct shown s = shown_new(places[i].ops);
        snprintf(s.query.subject, sizeof(s.query.subject), "%s", subject);
        shown_load(&s);
        shown_draw(&s, ct_box_sub(ct_box_all(c), places[i].y, places[i].x, places[i].rows, places[i].cols),
                   i == 0);
        shown_done(&s);
    }
    golden_compare(c, name, &fails);
    ct_canvas_free(c);
    return fails;
}

#define SCREEN(name, rows, cols, charset, subject, ...)                                            \
    screen_differs(name, rows, cols, charset, subject, (const struct place[]){__VA_ARGS__},        \
                   CT_LEN(((const struct place[]){__VA_ARGS__})))

static void the_record_of_stock_counts_absences_and_returns_without_the_gaps(void **state)
{
    (void)state;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_stock_record s;
    struct ct_error e = {0};
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = NOW};
    struct ct_buf text = CT_BUF_INIT;
    assert_int_equal(ct_read_stock_record(NULL, q, CT_LIT("vastai/any/H100-SXM-80x1/od"), NOW, a, &s, &e), CT_OK);
    assert_int_equal(s.known_ms, 20 * CT_DAY - CT_HOUR);
    assert_int_equal(s.gone_ms, 23 * CT_HOUR + 2 * CT_HOUR);
    assert_int_equal(s.longest_ms, 22 * CT_HOUR); /* what was in the gap is not known */
    assert_int_equal(s.times_gone, 2);
    assert_int_equal(s.times_back, 1);
    assert_int_equal(strspn(s.strip, " "), 15); /* ten days before the first answer */
    assert_int_equal(s.strip[CT_STOCK_STRIP - 1], 'N');
    assert_int_equal(strspn(s.strip + 15, "A"), 15);
    ct_stock_record_words(&s, &text);
    assert_string_equal(text.p, "gone 1d1h (5 %), at most 22h; came back 1 time; of 19d23h recorded");
    ct_buf_free(&text);
    ct_arena_free(a);
}

static void screens_look_as_accepted(void **state)
{
    (void)state;
    const char *two = "gpu/lambda/us-east-1/H100-SXM-80x8/od\ngpu/vastai/any/H100-SXM-80x1/spot";
    int f = 0;
    f += SCREEN("now-80x22", 22, 80, CT_CHARSET_UNICODE, "", {&ct_panel_now, 0, 0, 8, 80},
                {&ct_panel_watchlist, 8, 0, 8, 80}, {&ct_panel_capacity, 16, 0, 6, 80});
    f += SCREEN("now-44x13", 13, 44, CT_CHARSET_UNICODE, "", {&ct_panel_now, 0, 0, 7, 44},
                {&ct_panel_watchlist, 7, 0, 6, 44});
    f += SCREEN("now-120x36", 36, 120, CT_CHARSET_UNICODE, "", {&ct_panel_now, 0, 0, 9, 120},
                {&ct_panel_watchlist, 9, 0, 14, 72}, {&ct_panel_capacity, 9, 72, 14, 48},
                {&ct_panel_history, 23, 0, 13, 72}, {&ct_panel_tape, 23, 72, 13, 48});
    f += SCREEN("status-80x22", 22, 80, CT_CHARSET_UNICODE, "", {&ct_panel_status, 0, 0, 12, 80},
                {&ct_panel_incidents, 12, 0, 10, 80});
    f += SCREEN("status-120x36", 36, 120, CT_CHARSET_UNICODE, "incident/openai/abc123",
                {&ct_panel_status, 0, 0, 18, 70}, {&ct_panel_incidents, 18, 0, 18, 70},
                {&ct_panel_detail, 0, 70, 36, 50});
    f += SCREEN("status-ascii-80x22", 22, 80, CT_CHARSET_ASCII, "status/openai",
                {&ct_panel_status, 0, 0, 8, 80}, {&ct_panel_detail, 8, 0, 14, 80});
    f += SCREEN("gpus-80x22", 22, 80, CT_CHARSET_UNICODE, "", {&ct_panel_offers, 0, 0, 16, 80},
                {&ct_panel_gpus, 16, 0, 6, 80});
    f += SCREEN("gpus-44x13", 13, 44, CT_CHARSET_NARROW, "", {&ct_panel_offers, 0, 0, 13, 44});
    f += SCREEN("gpus-120x36", 36, 120, CT_CHARSET_UNICODE, "gpu/vastai/any/H100-SXM-80x1/spot",
                {&ct_panel_offers, 0, 0, 24, 72}, {&ct_panel_gpus, 24, 0, 12, 72},
                {&ct_panel_detail, 0, 72, 36, 48});
    f += SCREEN("tokens-80x22", 22, 80, CT_CHARSET_UNICODE, "token/openai/any/openai/gpt-class-A/input",
                {&ct_panel_tokens, 0, 0, 8, 80}, {&ct_panel_detail, 8, 0, 14, 80});
    f += SCREEN("history-80x22", 22, 80, CT_CHARSET_UNICODE, two, {&ct_panel_history, 0, 0, 22, 80});
    f += SCREEN("history-120x36", 36, 120, CT_CHARSET_UNICODE, two, {&ct_panel_history, 0, 0, 36, 120});
    f += SCREEN("history-44x13", 13, 44, CT_CHARSET_UNICODE, two, {&ct_panel_history, 0, 0, 13, 44});
    f += SCREEN("history-ascii-80x22", 22, 80, CT_CHARSET_ASCII, two, {&ct_panel_history, 0, 0, 22, 80});
    assert_int_equal(f, 0);
}

static void every_panel_survives_every_size_and_shape(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(all_panels); i++)
        for (int shape = 0; shape < 4; shape++) {
            struct shown s = shown_new(all_panels[i]);
            world.empty = shape == 1;
            world.fail = shape == 2 ? CT_ERR_DB : CT_OK;
            if (shape != 3)
                shown_load(&s);
            for (int rows = 1; rows <= 30; rows += rows < 8 ? 1 : 5)
                for (int cols = 1; cols <= 200; cols = cols * 3 / 2 + 1) {
                    struct ct_canvas *c = ct_canvas_new(rows, cols, (enum ct_charset)(cols % 3));
                    shown_draw(&s, ct_box_all(c), true);
                    for (int a = CT_ACT_NONE; a < CT_N_ACTIONS; a++)
                        if (a != CT_ACT_ZOOM_OUT && a != CT_ACT_PAN_LEFT)
                            shown_act(&s, (enum ct_action)a, NULL);
                    shown_draw(&s, ct_box_all(c), false);
                    ct_canvas_free(c);
                }
            shown_done(&s);
            reset(NULL);
        }
}

static void panels_that_failed_say_so_and_keep_what_they_had(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(all_panels); i++) {
        struct shown s = shown_new(all_panels[i]);
        snprintf(s.query.subject, sizeof(s.query.subject), "status/openai");
        if (all_panels[i] == &ct_panel_history || all_panels[i] == &ct_panel_components)
            s.query.subject[0] = '\0';
        world.fail = CT_ERR_DB;
        shown_load(&s);
        assert_int_equal(s.error.status, CT_ERR_DB);
        assert_null(s.model);
        expect_text(&s, 12, 80, "made to fail");
        world.fail = CT_OK;
        shown_load(&s);
        assert_non_null(s.model);
        assert_int_equal(s.error.status, 0);
        shown_done(&s);
    }
}

static void empty_panels_say_what_they_wait_for(void **state)
{
    (void)state;
    static const struct {
        const struct ct_panel_ops *ops;
        const char *text;
    } cases[] = {
        {&ct_panel_now, "reading 12 of 33 sources"},
        {&ct_panel_watchlist, "no GPU price recorded yet"},
        {&ct_panel_capacity, "no GPU offer recorded yet"},
        {&ct_panel_offers, "no GPU offer recorded yet"},
        {&ct_panel_tokens, "no model price recorded yet"},
        {&ct_panel_status, "no provider read yet"},
        {&ct_panel_incidents, "no incident on record"},
        {&ct_panel_history, "no current price on record"},
        {&ct_panel_tape, "no change recorded yet"},
    };
    world.empty = true;
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct shown s = shown_new(cases[i].ops);
        shown_load(&s);
        world.fetching = true;
        expect_text(&s, 12, 100, cases[i].text);
        world.fetching = false;
        if (i == 0) {
            expect_text(&s, 12, 100, "12 of 33 sources asked, and no fetcher runs");
        }
        shown_done(&s);
    }
}

static void no_component_is_told_apart_from_no_page(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *text;
    } cases[] = {
        {"status/anthropic", "its page names no component"},
        {"status/coreweave", "none when its page was last read; it cannot be read now"},
        {"status/nebius", "unknown: its page has never been read"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct shown s = shown_new(&ct_panel_components);
        snprintf(s.query.subject, sizeof(s.query.subject), "%s", cases[i].subject);
        shown_load(&s);
        expect_text(&s, 12, 100, cases[i].text);
        shown_done(&s);
    }
}

static void a_tape_reads_on_when_somebody_goes_through_it(void **state)
{
    struct shown s = shown_new(&ct_panel_tape);
    (void)state;
    world.states = 1700;
    shown_load(&s);
    size_t first = world.last_events.limit;
    shown_act(&s, CT_ACT_DETAIL, NULL); /* also asked only to learn the selection */
    shown_load(&s);
    assert_int_equal(world.last_events.limit, first);
    shown_act(&s, CT_ACT_ROW_DOWN, NULL);
    shown_load(&s);
    assert_true(world.last_events.limit >= 1000 && world.last_events.limit >= 3 * first);
    size_t then = world.last_events.limit;
    assert_int_equal(shown_act(&s, CT_ACT_ROW_DOWN, NULL), CT_ACT_DRAW); /* far from the last of those */
    for (int i = 0; i < 100 && shown_act(&s, CT_ACT_PAGE_DOWN, NULL) != CT_ACT_LOAD; i++)
        expect_text(&s, 40, 100, " rows"); /* pages are as long as drawn */
    shown_load(&s);
    assert_true(world.last_events.limit > then);
    shown_done(&s);
    s = shown_new(&ct_panel_tape);
    snprintf(s.query.filter, sizeof(s.query.filter), "kind:stock"); /* may be about what lies far back */
    shown_load(&s);
    assert_true(world.last_events.limit >= 1000);
    shown_done(&s);
}

static void a_tape_that_read_the_newest_does_not_call_them_all(void **state)
{
    struct shown s = shown_new(&ct_panel_tape);
    (void)state;
    shown_load(&s);
    expect_text(&s, 6, 100, "3 of 5 ");
    world.states = 700;
    shown_load(&s);
    expect_text(&s, 6, 100, "3 of 250+ ");
    expect_text(&s, 40, 100, "250 of 250+ rows");
    shown_act(&s, CT_ACT_ROW_DOWN, NULL);
    shown_load(&s);
    expect_text(&s, 40, 100, "705 of 705 rows");
    shown_done(&s);
}

static void the_end_of_a_long_list_is_its_true_end(void **state)
{
    static const struct ct_panel_ops *const lists[] = {&ct_panel_tape, &ct_panel_incidents};
    (void)state;
    world.states = world.ended = 2500;
    for (size_t i = 0; i < CT_LEN(lists); i++) {
        struct shown s = shown_new(lists[i]);
        shown_load(&s);
        expect_no_text(&s, 30, 100, "reading on");
        assert_int_equal(shown_act(&s, CT_ACT_BOTTOM, NULL), CT_ACT_LOAD);
        expect_text(&s, 30, 100, "reading on to the end");
        assert_int_equal(((struct ct_tstate *)s.state)->at, 0); /* not at what is last so far */
        shown_load(&s);
        expect_no_text(&s, 30, 100, "reading on");
        size_t n = ((const struct ct_tmodel *)s.model)->rows.n;
        assert_true(n > 2500);
        assert_int_equal(((struct ct_tstate *)s.state)->at, n - 1);
        assert_int_equal(shown_act(&s, CT_ACT_BOTTOM, NULL), CT_ACT_DRAW); /* there is no more */
        shown_done(&s);
    }
    struct shown s = shown_new(&ct_panel_tape);
    shown_load(&s);
    shown_act(&s, CT_ACT_BOTTOM, NULL);
    shown_act(&s, CT_ACT_TOP, NULL); /* thought better of it */
    shown_load(&s);
    expect_text(&s, 30, 100, " rows");
    assert_int_equal(((struct ct_tstate *)s.state)->at, 0);
    shown_done(&s);
}

/* What counts them counts all of them, whatever was read. */
static void ended_incidents_are_read_on_when_somebody_goes_through_them(void **state)
{
    struct shown s = shown_new(&ct_panel_incidents);
    (void)state;
    world.ended = 700;
    shown_load(&s);
    size_t first = ((const struct ct_tmodel *)s.model)->rows.n;
    assert_in_range(first, 80, 350);
    expect_text(&s, 12, 100, "2 open, 701 ended");
    expect_text(&s, 5, 100, "of 703");
    char footer[60];
    snprintf(footer, sizeof(footer), "%zu of 703 incidents", first);
    expect_text(&s, 40, 100, footer);
    shown_act(&s, CT_ACT_DETAIL, NULL);
    shown_load(&s);
    assert_int_equal(((const struct ct_tmodel *)s.model)->rows.n, first);
    assert_int_equal(shown_act(&s, CT_ACT_ROW_DOWN, NULL), CT_ACT_LOAD);
    shown_load(&s);
    assert_int_equal(((const struct ct_tmodel *)s.model)->rows.n, 703);
    expect_text(&s, 40, 100, "703 of 703 incidents");
    expect_text(&s, 12, 100, "2 open, 701 ended");
    shown_done(&s);
    s = shown_new(&ct_panel_incidents); /* may be about what ended long ago */
    snprintf(s.query.filter, sizeof(s.query.filter), "provider:anthropic");
    shown_load(&s);
    assert_int_equal(((const struct ct_tmodel *)s.model)->rows.n, 701);
    shown_done(&s);
    s = shown_new(&ct_panel_incidents);
    snprintf(s.query.sort, sizeof(s.query.sort), "started_at");
    shown_load(&s);
    assert_int_equal(((const struct ct_tmodel *)s.model)->rows.n, 703);
    shown_done(&s);
    world.ended = 0;
}

static void quiet_is_told_apart_from_unread(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_now);
    shown_load(&s);
    snprintf(s.query.filter, sizeof(s.query.filter), "zzz");
    shown_load(&s);
    expect_text(&s, 12, 100, "nothing matches: zzz (5 hidden)");
    shown_done(&s);
}

/* Columns are named by text: each must exist, or sort and filter would silently do nothing. */
static void sorting_works_by_every_letter_offered(void **state)
{
    (void)state;
    static const struct ct_panel_ops *const tables[] = {&ct_panel_now, &ct_panel_watchlist,
                                                        &ct_panel_status, &ct_panel_incidents,
                                                        &ct_panel_offers, &ct_panel_gpus,
                                                        &ct_panel_tokens, &ct_panel_tape};
    for (size_t i = 0; i < CT_LEN(tables); i++) {
        int sorted = 0;
        for (int letter = '1'; letter <= 'z'; letter++) {
            struct shown s = shown_new(tables[i]);
            struct ct_frame_request req = {0};
            shown_load(&s);
            s.ops->act(s.state, s.model, CT_ACT_SORT, letter, &s.query, &req);
            if (s.query.sort[0]) {
                sorted++;
                shown_load(&s);
                if (s.error.status)
                    fprintf(stderr, "# %s by %s: %s\n", s.ops->id, s.query.sort, s.error.what);
                assert_int_equal(s.error.status, 0);
            }
            shown_done(&s);
        }
        assert_true(sorted >= 3);
    }
}

/* ---- what keys do ---- */

static void enter_names_what_is_to_be_opened(void **state)
{
    (void)state;
    static const struct {
        const struct ct_panel_ops *ops;
        const char *text;
    } cases[] = {
        {&ct_panel_now, "incident/openai/abc123"},
        {&ct_panel_status, "status/openai"},
        {&ct_panel_incidents, "incident/openai/abc123"},
        {&ct_panel_offers, "gpu/lambda/us-east-1/H100-SXM-80x8/od"},
        {&ct_panel_tokens, "token/openai/any/openai/gpt-class-A/input"},
        {&ct_panel_watchlist, "gpu/runpod/secure/H100-PCIe-80x1/od"},
        {&ct_panel_tape, "stock/lambda/us-south-3/B200-SXM-180x8/od"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct shown s = shown_new(cases[i].ops);
        struct ct_frame_request req;
        shown_load(&s);
        shown_act(&s, CT_ACT_DETAIL, &req);
        assert_int_equal(req.kind, CT_REQ_DETAIL);
        assert_string_equal(req.text, cases[i].text);
        assert_non_null(s.ops->detail);
        shown_done(&s);
    }
}

/* The component that is down, or the one in a region, is meant, not all of the provider. */
static void a_component_is_left_and_silenced_alone(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_components);
    struct ct_frame_request req;
    shown_load(&s);
    shown_act(&s, CT_ACT_ROW_DOWN, NULL);
    shown_act(&s, CT_ACT_SILENCE, &req);
    assert_string_equal(req.text, "silence provider=openai component=Chat 2h ");
    shown_act(&s, CT_ACT_DETAIL, &req);
    assert_string_equal(req.text, "status/openai");
    shown_act(&s, CT_ACT_ROW_DOWN, NULL);
    shown_act(&s, CT_ACT_SILENCE, &req);
    assert_string_equal(req.text, "silence provider=openai region=eu component=Batch 2h ");
    shown_act(&s, CT_ACT_DETAIL, &req);
    assert_string_equal(req.text, "status/openai/eu"); /* which x leaves */
    shown_done(&s);
}

static void an_incident_of_several_regions_is_silenced_in_all_of_them(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_incidents);
    struct ct_frame_request req;
    shown_load(&s);
    shown_act(&s, CT_ACT_SILENCE, &req);
    assert_string_equal(req.text, "silence provider=openai 2h "); /* it names none */
    shown_act(&s, CT_ACT_ROW_DOWN, NULL);
    shown_act(&s, CT_ACT_SILENCE, &req);
    assert_string_equal(req.text, "silence provider=gcp region=us-1,Paris??FR 2h ");
    shown_done(&s);
}

static void units_of_an_offer_switch_between_gpu_and_instance(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_offers);
    shown_load(&s);
    expect_text(&s, 14, 100, "$/GPU.h");
    expect_text(&s, 14, 100, " 2.99 ");
    assert_int_equal(shown_act(&s, CT_ACT_UNITS, NULL), CT_ACT_DRAW);
    expect_text(&s, 14, 100, "$/instance.h");
    expect_text(&s, 14, 100, "23.92");
    shown_done(&s);
}

static void the_matrix_keeps_spot_and_on_demand_apart(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_matrix);
    shown_load(&s);
    expect_text(&s, 14, 120, "on demand");
    expect_text(&s, 14, 120, "H200 141G SXM");
    expect_text(&s, 14, 120, "5.50 L");
    expect_no_text(&s, 14, 120, "1.94");
    assert_int_equal(shown_act(&s, CT_ACT_GROUP, NULL), CT_ACT_LOAD);
    shown_load(&s);
    expect_text(&s, 14, 120, "spot");
    expect_text(&s, 14, 120, "1.94 A");
    expect_no_text(&s, 14, 120, "5.50");
    shown_done(&s);
}

static void a_matrix_says_what_it_is_and_what_is_hidden_at_any_width(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_matrix);
    shown_load(&s);
    expect_text(&s, 14, 60, "4 of 5 clouds   od $/GPU.h");
    expect_text(&s, 14, 60, "H100 80G PCIe");
    expect_text(&s, 14, 60, "H100 80G SXM");
    expect_text(&s, 5, 90, "2 of 5 GPUs   on demand $/GPU.h");
    shown_done(&s);
}

/* A column of a screen of 120: all clouds stand there, of the accelerators the first. */
static void a_narrow_matrix_shows_all_clouds_rather_than_all_accelerators(void **state)
{
    static const char *const clouds[] = {"aws ", "azure ", "crusoe ", "gcp ", "lambda ", "nebius ", "runpod ", "vastai "};
    (void)state;
    struct shown s = shown_new(&ct_panel_capacity);
    shown_load(&s);
    for (size_t i = 0; i < CT_LEN(clouds); i++)
        expect_text(&s, 12, 42, clouds[i]);
    expect_text(&s, 12, 42, "5 of 6 GPUs");
    expect_text(&s, 12, 42, "H100S H100P H200S");
    expect_text(&s, 10, 42, "4 of 8 clouds"); /* no room for them down the side either */
    shown_done(&s);
}

static void the_form_sold_by_most_clouds_comes_first(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_capacity);
    shown_load(&s);
    struct ct_buf out = text_of(&s, 12, 120);
    const char *broad = strstr(out.p, "H100-SXM"), *narrow = strstr(out.p, "H100-PCIe");
    assert_true(broad && narrow && broad < narrow);
    ct_buf_free(&out);
    shown_done(&s);
}

static void token_prices_are_one_row_a_model_and_host(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_tokens);
    shown_load(&s);
    const struct ct_tmodel *m = s.model;
    assert_int_equal(m->rows.n, 3);
    expect_text(&s, 10, 120, "1.25   10.00   0.125");
    expect_text(&s, 10, 120, "free");
    expect_text(&s, 12, 120, "index $/1M in/out: frontier 2.00/10.00   median of each seller");
    shown_act(&s, CT_ACT_UNITS, NULL);
    expect_text(&s, 10, 120, "$/1K");
    expect_text(&s, 10, 120, "0.00125");
    shown_done(&s);
}

static void listed_is_never_shown_as_available(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_capacity);
    shown_load(&s);
    struct ct_buf out = text_of(&s, 12, 120);
    const char *row = strstr(out.p, "MI300X");
    assert_non_null(row);
    row += strlen("MI300X-OAM");
    assert_null(memchr(row, 'A', 60)); /* one offer, listed only */
    assert_non_null(memchr(row, '?', 60));
    ct_buf_free(&out);
    expect_text(&s, 12, 120, "A 41");
    expect_text(&s, 12, 120, "A 2rg");
    shown_done(&s);
}

/* All that is known of that cloud is old: so is what it does not sell. */
static void what_a_cloud_does_not_sell_is_as_old_as_what_it_sells(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_capacity);
    shown_load(&s);
    struct ct_buf out = text_of(&s, 12, 120);
    const char *head = strstr(out.p, "crusoe"), *aws = strstr(out.p, "aws "), *row = strstr(out.p, "MI300X");
    assert_true(head && aws && row);
    const char *line = head;
    while (line > out.p && line[-1] != '\n')
        line--;
    while (row > out.p && row[-1] != '\n')
        row--;
    assert_memory_equal(row + (head - line), "-* ", 3);
    assert_memory_equal(row + (aws - line), "-  ", 3);
    ct_buf_free(&out);
    shown_done(&s);
}

static void what_stands_in_for_a_watchlist_has_a_price_of_tokens(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_watchlist);
    shown_load(&s);
    expect_text(&s, 8, 80, "gpt-class-A input openai");
    expect_text(&s, 8, 80, "$/1M");
    expect_text(&s, 8, 44, "gpt-clas..n openai"); /* "gpt-class-A in openai" */
    expect_text(&s, 8, 80, "GPUs and tokens: w follows a row");
    shown_done(&s);
    s = shown_new(&ct_panel_watched); /* where they stand beside it */
    shown_load(&s);
    expect_no_text(&s, 20, 80, "gpt-class-A");
    shown_done(&s);
}

static void a_watchlist_reads_offers_and_other_series_in_its_order(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_watchlist);
    snprintf(s.query.watch, sizeof(s.query.watch),
             "token/openai/any/openai/gpt-class-A/input\ngpu/aws/us-east-2/H100-SXM-80x8/spot\n"
             "gpu:b200 cloud:nebius\ngpu/nowhere/any/X/od");
    shown_load(&s);
    const struct ct_tmodel *m = s.model;
    assert_int_equal(m->rows.n, 3);
    assert_true(ct_span_starts(m->ids[0], "token/"));
    assert_true(ct_span_starts(m->ids[1], "gpu/aws"));
    assert_true(ct_span_starts(m->ids[2], "gpu/nebius"));
    expect_text(&s, 10, 90, "3 of 4");
    expect_text(&s, 10, 90, "$/1M");
    shown_done(&s);
}

static void the_cursor_stays_on_its_line_of_the_watchlist(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_watchlist);
    snprintf(s.query.watch, sizeof(s.query.watch), "gpu/aws/*\ngpu/aws/us-east-2/H100-SXM-80x8/spot");
    shown_load(&s);
    const struct ct_tmodel *m = s.model;
    size_t last = m->rows.n - 1;
    assert_true(last > 0);
    for (size_t i = 0; i < last; i++)
        shown_act(&s, CT_ACT_ROW_DOWN, NULL);
    shown_load(&s);
    expect_text(&s, 12, 90, "H100-SXM spot aws/us-east-2");
    assert_int_equal(((const struct ct_tstate *)s.state)->at, last);
    shown_done(&s);
}

static void followed_tokens_stand_beside_what_else_is_followed(void **state)
{
    (void)state;
    static const char watch[] = "gpu/aws/us-east-2/H100-SXM-80x8/spot\ntoken/openai/any/openai/gpt-class-A/output";
    struct shown s = shown_new(&ct_panel_watched);
    snprintf(s.query.watch, sizeof(s.query.watch), "%s", watch);
    shown_load(&s);
    assert_int_equal(((const struct ct_tmodel *)s.model)->rows.n, 1);
    expect_text(&s, 10, 70, "H100-SXM spot aws/us-east-2");
    shown_done(&s);
    s = shown_new(&ct_panel_tokenwatch);
    snprintf(s.query.watch, sizeof(s.query.watch), "%s", watch);
    shown_load(&s);
    const struct ct_tmodel *m = s.model;
    assert_int_equal(m->rows.n, 1); /* one row with all its prices, whichever is followed */
    expect_text(&s, 10, 46, "gpt-class-A");
    expect_text(&s, 10, 46, "1.25");
    expect_text(&s, 10, 46, "10.00");
    struct ct_frame_request req = {0};
    shown_act(&s, CT_ACT_WATCH, &req);
    assert_int_equal(req.kind, CT_REQ_WATCH);
    assert_string_equal(req.text, "token/openai/any/openai/gpt-class-A/output");
    shown_done(&s);
    s = shown_new(&ct_panel_tokenwatch); /* none followed: what most places sell, which it says */
    snprintf(s.query.watch, sizeof(s.query.watch), "gpu/aws/us-east-2/H100-SXM-80x8/spot");
    shown_load(&s);
    assert_true(((const struct ct_tmodel *)s.model)->rows.n > 1);
    expect_text(&s, 10, 46, "most sold");
    shown_done(&s);
}

static void a_silent_source_leaves_its_last_value_and_a_withdrawn_offer_none(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_watchlist);
    snprintf(s.query.watch, sizeof(s.query.watch),
             "token/silent/any/lab/m/input\ntoken/gone/any/lab/m/input");
    shown_load(&s);
    expect_text(&s, 10, 90, "m input silent                                    1.25");
    expect_text(&s, 10, 90, "m input gone                                         -");
    shown_done(&s);
}

/* ---- history ---- */

static struct shown history(const char *subject)
{
    struct shown s = shown_new(&ct_panel_history);
    snprintf(s.query.subject, sizeof(s.query.subject), "%s", subject);
    shown_load(&s);
    struct ct_buf out = text_of(&s, 36, 120);
    ct_buf_free(&out);
    return s;
}

#define LAMBDA "gpu/lambda/us-east-1/H100-SXM-80x8/od"
#define VAST "gpu/vastai/any/H100-SXM-80x1/spot"

static void the_cheapest_is_one_that_can_be_rented(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_watchlist);
    offer_rows[0].offer.stock = CT_STOCK_LOW; /* lambda 2.99 */
    offer_rows[2].offer.stock = CT_STOCK_NONE; /* runpod 2.39 */
    shown_load(&s);
    offer_rows[0].offer.stock = CT_STOCK_NONE;
    offer_rows[2].offer.stock = CT_STOCK_LOW;
    expect_text(&s, 12, 90, "H100-SXM od lambda/us-east-1");
    expect_no_text(&s, 12, 90, "runpod");
    expect_text(&s, 12, 90, "B200-SXM spot aws"); /* the only one there is, sold out */
    shown_done(&s);
}

static void history_begins_with_what_one_could_rent_now(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_history);
    shown_load(&s);
    expect_text(&s, 30, 110, "H100-PCIe od runpod/secure"); /* cheapest on demand that is not sold out */
    expect_text(&s, 30, 110, "H100-SXM spot vastai");
    expect_text(&s, 30, 110, "B200-SXM od nebius");
    expect_no_text(&s, 30, 110, "crusoe"); /* stale */
    expect_no_text(&s, 30, 110, "lambda"); /* sold out */
    shown_done(&s);
}

static void history_reads_just_its_window(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA);
    assert_int_equal(world.last_history.from_ms, NOW - 30 * CT_DAY);
    assert_int_equal(world.last_history.to_ms, NOW);
    assert_int_equal(world.last_history.max_points, 200);
    assert_int_equal(world.last_events.to_ms, NOW);
    shown_done(&s);
}

static void presets_zoom_and_pan_ask_for_other_windows(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA);
    assert_int_equal(shown_act(&s, CT_ACT_LONGER, NULL), CT_ACT_LOAD);
    shown_load(&s);
    assert_int_equal(world.last_history.from_ms, NOW - 90 * CT_DAY);
    shown_act(&s, CT_ACT_SHORTER, NULL);
    shown_act(&s, CT_ACT_SHORTER, NULL); /* twice, before an answer came */
    shown_load(&s);
    assert_int_equal(world.last_history.from_ms, NOW - 7 * CT_DAY);
    shown_act(&s, CT_ACT_PAN_LEFT, NULL);
    shown_load(&s);
    assert_int_equal(world.last_history.to_ms, NOW - 7 * CT_DAY / 2);
    expect_text(&s, 20, 100, "NOT LIVE 3d12h back");
    shown_act(&s, CT_ACT_LIVE, NULL);
    shown_load(&s);
    assert_int_equal(world.last_history.to_ms, NOW);
    assert_int_equal(world.last_history.from_ms, NOW - 7 * CT_DAY);
    shown_act(&s, CT_ACT_ZOOM_IN, NULL);
    shown_load(&s);
    assert_int_equal(world.last_history.from_ms, NOW - 7 * CT_DAY / 2);
    shown_act(&s, CT_ACT_ZOOM_RESET, NULL);
    shown_load(&s);
    assert_int_equal(world.last_history.from_ms, NOW - 30 * CT_DAY);
    for (int i = 0; i < 3; i++) {
        shown_act(&s, CT_ACT_LONGER, NULL);
        shown_load(&s);
    }
    assert_true(world.last_history.from_ms == NOW - 400 * CT_DAY); /* all, since the first record */
    assert_true(world.last_history.from_ms > NOW - 420 * CT_DAY);
    shown_done(&s);
}

static void zoom_keeps_the_cursor_in_its_place(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA);
    struct history_state *h = s.state;
    h->cursor_ms = NOW - 15 * CT_DAY;
    shown_act(&s, CT_ACT_ZOOM_IN, NULL);
    shown_load(&s);
    assert_int_equal(world.last_history.from_ms, NOW - 22 * CT_DAY - CT_DAY / 2);
    assert_int_equal(world.last_history.to_ms, NOW - 7 * CT_DAY - CT_DAY / 2);
    shown_done(&s);
}

static void the_cursor_reads_values_at_or_before_it_and_says_why_there_is_none(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA "\n" VAST);
    struct history_state *h = s.state;
    h->cursor_ms = NOW - 6 * CT_DAY - CT_HOUR;
    expect_text(&s, 24, 120, "cursor 11-16 13:32Z");
    expect_text(&s, 24, 120, "a 2.79 for 4d23h");
    expect_text(&s, 24, 120, "b no data: HTTP 429");
    h->cursor_ms = NOW - 28 * CT_DAY;
    expect_text(&s, 24, 120, "a 2.99   b no data: not recorded yet");
    h->cursor_ms = NOW - 1;
    expect_text(&s, 24, 120, "b 2.06 last seen 1m before");
    h->cursor_ms = NOW - 31 * CT_DAY; /* it may stand where an earlier window was */
    expect_text(&s, 24, 120, "is outside this window");
    h->cursor_ms = NOW - 6 * CT_DAY - CT_HOUR;
    expect_text(&s, 24, 58, "a 2.79   b - HTTP 429"); /* less words where they do not fit */
    shown_done(&s);
}

static void the_anchor_measures_change_percent_and_duration(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA "\n" VAST);
    struct history_state *h = s.state;
    h->cursor_ms = NOW - 20 * CT_DAY;
    shown_act(&s, CT_ACT_ANCHOR, NULL);
    h->cursor_ms = NOW - 8 * CT_DAY;
    expect_text(&s, 24, 120, "anchor 11-02 14:32Z over 12d");
    expect_text(&s, 24, 120, "a -0.20 -6.7%");
    expect_text(&s, 24, 120, "b 0.00 0.0%");
    h->cursor_ms = NOW - 6 * CT_DAY - CT_HOUR;
    expect_text(&s, 24, 120, "b -");
    h->anchor_ms = NOW - 31 * CT_DAY; /* not "a -": that would say that there was no price */
    expect_text(&s, 24, 120, "is outside this window: = and - widen it");
    h->anchor_ms = NOW - 20 * CT_DAY;
    h->cursor_ms = NOW - 31 * CT_DAY;
    expect_text(&s, 24, 120, "over 11d: the cursor is outside this window");
    shown_done(&s);
}

static void figures_are_of_the_window(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA "\n" VAST);
    const struct history_model *m = s.model;
    assert_int_equal(m->line[0].stats.first, 2990000000);
    assert_int_equal(m->line[0].stats.last, 2990000000);
    assert_int_equal(m->line[0].stats.min, 2790000000);
    assert_int_equal(m->line[0].stats.max, 2990000000);
    assert_int_equal(m->line[0].stats.median, 2990000000);
    assert_int_equal(m->line[0].h.n_changes, 2);
    assert_int_equal(m->line[1].stats.min, 2060000000);
    assert_int_equal(m->line[1].stats.max, 2400000000);
    assert_int_equal(m->line[1].stats.median, 2310000000);
    assert_int_equal(m->line[1].stats.longest_gap_ms, CT_DAY);
    shown_done(&s);
}

static void events_of_the_series_are_jumped_to_in_turn(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA);
    struct history_state *h = s.state;
    struct ct_frame_request req;
    const struct history_model *m = s.model;
    assert_int_equal(m->events.n, 4); /* not another cloud's; with the article of the window */
    shown_act(&s, CT_ACT_NEXT_EVENT, &req);
    assert_int_equal(h->cursor_ms, NOW - 12 * CT_DAY);
    assert_string_equal(req.text, "~ lambda/cloud  degraded");
    shown_act(&s, CT_ACT_NEXT_EVENT, &req);
    assert_int_equal(h->cursor_ms, NOW - 11 * CT_DAY);
    shown_act(&s, CT_ACT_NEXT_EVENT, &req);
    assert_string_equal(req.text, "n lambda_news  New racks in two regions");
    shown_act(&s, CT_ACT_PREV_EVENT, &req);
    shown_act(&s, CT_ACT_PREV_EVENT, &req);
    assert_int_equal(h->cursor_ms, NOW - 12 * CT_DAY);
    shown_act(&s, CT_ACT_PREV_EVENT, &req);
    assert_string_equal(req.text, "no earlier event in this window");
    shown_done(&s);
}

static void the_cursor_moves_by_columns(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA);
    struct history_state *h = s.state;
    shown_act(&s, CT_ACT_COL_LEFT, NULL);
    assert_int_equal(h->cursor_ms, NOW - 1); /* placed at the end */
    shown_act(&s, CT_ACT_COL_LEFT, NULL);
    int64_t one = NOW - 1 - h->cursor_ms;
    assert_true(one > 0 && one <= 30 * CT_DAY / h->cols + 1);
    shown_act(&s, CT_ACT_CURSOR_LEFT_10, NULL);
    assert_in_range(NOW - 1 - h->cursor_ms, one * 10, one * 12);
    shown_done(&s);
}

/* Moves the cursor of S about on ROWS x COLS; every move equals a whole redraw. Returns how many were drawn as one. */
static int walk_cursor(struct shown *s, int rows, int cols, enum ct_charset charset)
{
    static const enum ct_action steps[] = {
        CT_ACT_COL_LEFT,        CT_ACT_COL_RIGHT,  CT_ACT_CURSOR_LEFT_10, CT_ACT_CURSOR_LEFT_10, CT_ACT_CURSOR_RIGHT_10,
        CT_ACT_CURSOR_RIGHT_10, CT_ACT_NEXT_EVENT, CT_ACT_PREV_EVENT,     CT_ACT_ANCHOR,         CT_ACT_ROW_DOWN};
    struct ct_canvas *c = ct_canvas_new(rows, cols, charset), *anew = ct_canvas_new(rows, cols, charset);
    const struct ct_draw d = {.now_ms = NOW, .live = true, .focus = true, .query = &s->query};
    void *kept = ct_xcalloc(1, s->ops->state_size);
    int moves = 0;
    shown_draw(s, ct_box_all(c), true);
    for (uint32_t i = 0, seed = 7; i < 150; i++) {
        seed = seed * 1664525 + 1013904223;
        shown_act(s, steps[(seed >> 16) % CT_LEN(steps)], NULL);
        if (s->ops->move(s->state, s->model, &d)) {
            moves++;
        } else {
            ct_canvas_clear(c);
            shown_draw(s, ct_box_all(c), true);
        }
        memcpy(kept, s->state, s->ops->state_size); /* it holds where C was drawn */
        ct_canvas_clear(anew);
        shown_draw(s, ct_box_all(anew), true);
        memcpy(s->state, kept, s->ops->state_size);
        assert_memory_equal(c->cells, anew->cells, (size_t)(rows * cols) * sizeof(*c->cells));
    }
    free(kept);
    ct_canvas_free(c);
    ct_canvas_free(anew);
    return moves;
}

static void a_cursor_that_moved_is_drawn_as_all_anew_would_be(void **state)
{
    (void)state;
    static const int sizes[][2] = {{40, 190}, {40, 100}, {24, 120}, {15, 60}, {9, 44}};
    for (size_t i = 0; i < 2 * CT_LEN(sizes); i++) {
        struct shown s = history(LAMBDA "\n" VAST);
        enum ct_charset charset = i % 2 ? CT_CHARSET_ASCII : CT_CHARSET_UNICODE;
        for (int look = 0; look < 4; look++) {
            s.query.look = (struct ct_chart_look){.style = look, .mode = (int)i % CT_LOOK_N_MODES, .log = look % 2 == 0};
            int moves = walk_cursor(&s, sizes[i / 2][0], sizes[i / 2][1], charset);
            assert_true(look == CT_LOOK_TABLE ? moves == 0 : moves > 80);
        }
        shown_done(&s);
    }
}

static void different_units_are_refused_and_percent_allows_them(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA "\ntoken/openai/any/openai/gpt-class-A/input");
    expect_text(&s, 24, 120, "different units have no common axis");
    shown_act(&s, CT_ACT_PERCENT, NULL);
    struct ct_buf out = text_of(&s, 24, 120);
    assert_null(strstr(out.p, "different units"));
    assert_non_null(strstr(out.p, "percent"));
    ct_buf_free(&out);
    shown_done(&s);
}

static void a_comparison_ends_at_eight_series_and_says_so(void **state)
{
    (void)state;
    struct ct_buf many = CT_BUF_INIT;
    for (int i = 0; i < 9; i++)
        ct_buf_addf(&many, "%sgpu/cloud%d/any/X/od", i ? "\n" : "", i);
    struct shown s = history(many.p);
    ct_buf_free(&many);
    expect_text(&s, 36, 120, "more than eight series: the others are left out");
    expect_text(&s, 36, 120, "h   X od cloud7");
    struct ct_buf out = text_of(&s, 36, 120);
    assert_null(strstr(out.p, "cloud8"));
    ct_buf_free(&out);
    shown_done(&s);
}

static void an_index_is_read_as_its_axis_tells_it(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA);
    ((struct history_state *)s.state)->cursor_ms = NOW - 6 * CT_DAY - CT_HOUR;
    s.query.look.mode = CT_LOOK_INDEX;
    expect_text(&s, 24, 120, "a 2.79 = 93.3 for");
    s.query.look.mode = CT_LOOK_PERCENT;
    expect_text(&s, 24, 120, "a 2.79 = -6.7% for");
    s.query.look.mode = CT_LOOK_ABS;
    expect_text(&s, 24, 120, "a 2.79 for");
    shown_done(&s);
}

static void a_dropped_series_leaves_and_a_missing_one_is_named(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA "\n" VAST "\ngpu/nowhere/any/X/od");
    expect_text(&s, 24, 120, "no such series");
    shown_act(&s, CT_ACT_ROW_DOWN, NULL);
    assert_int_equal(shown_act(&s, CT_ACT_DROP, NULL), CT_ACT_LOAD);
    assert_string_equal(s.query.subject, LAMBDA);
    shown_done(&s);
}

static void a_name_of_no_series_can_be_dropped(void **state)
{
    (void)state;
    struct shown s = history("gpu/nowhere/any/X/od");
    expect_text(&s, 24, 80, "no such series");
    expect_text(&s, 24, 80, "d drops it");
    assert_int_equal(shown_act(&s, CT_ACT_DROP, NULL), CT_ACT_LOAD);
    assert_string_equal(s.query.subject, "");
    shown_done(&s);
}

static void the_table_style_lists_points_and_styles_cycle(void **state)
{
    (void)state;
    struct shown s = history(LAMBDA);
    static const char *const words[] = {"line", "dots", "table", "step"};
    for (size_t i = 0; i < CT_LEN(words); i++) {
        shown_act(&s, CT_ACT_STYLE, NULL);
        expect_text(&s, 24, 120, words[i]);
        if (i == 2)
            expect_text(&s, 24, 120, "11-17 14:32Z");
    }
    shown_done(&s);
}

static void detail_shows_text_and_time_line_of_an_incident(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_detail);
    snprintf(s.query.subject, sizeof(s.query.subject), "incident/openai/abc123");
    shown_load(&s);
    expect_text(&s, 30, 60, "Elevated error rates across all models");
    expect_text(&s, 30, 60, "X DOWN  identified");
    expect_text(&s, 30, 60, "14:27Z");
    expect_text(&s, 30, 60, "identified: A rollout is being reverted.");
    expect_text(&s, 30, 60, "API, Chat");
    expect_text(&s, 30, 60, "first seen by cloudtape");
    struct ct_frame_request req;
    shown_act(&s, CT_ACT_OPEN, &req);
    assert_string_equal(req.text, "https://status.example.net/incidents/abc123");
    shown_act(&s, CT_ACT_COPY, &req);
    assert_non_null(strstr(req.text, "openai DOWN: Elevated"));
    expect_text(&s, 8, 60, "1-6 of ");
    shown_act(&s, CT_ACT_BOTTOM, NULL);
    expect_text(&s, 8, 60, "first seen by cloudtape");
    shown_done(&s);
}

static void what_the_page_says_and_what_is_measured_stand_side_by_side(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_status);
    shown_load(&s);
    expect_text(&s, 20, 76, "~ 12/20 bad");
    expect_text(&s, 20, 140, "page says operational; 12 of 20 endpoints");
    expect_text(&s, 20, 140, "official");
    shown_done(&s);
    s = shown_new(&ct_panel_detail);
    snprintf(s.query.subject, sizeof(s.query.subject), "status/anthropic");
    shown_load(&s);
    expect_text(&s, 30, 90, "12 of 20 endpoints degraded (a_router)");
    expect_text(&s, 30, 90, "the page says fine, what is measured says not");
    expect_text(&s, 30, 90, "4m ago"); /* its own age */
    shown_done(&s);
}

static void a_provider_shows_the_texts_of_its_open_incidents_and_its_regions(void **state)
{
    (void)state;
    struct shown s = shown_new(&ct_panel_detail);
    snprintf(s.query.subject, sizeof(s.query.subject), "status/openai");
    shown_load(&s);
    expect_text(&s, 60, 90, "A rollout is being reverted.");
    expect_text(&s, 60, 90, "first seen by cloudtape");
    expect_text(&s, 60, 90, "eu, 1 component");
    shown_done(&s);
}

static void a_series_has_words_for_people(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"gpu/lambda/us-east-1/H100-SXM-80x8/od", "H100-SXM-80x8 od lambda/us-east-1"},
        {"gpu/a%2Fb/any/H100x1/spot/inst", "H100x1 spot a/b inst"},
        {"stock/aws/us-east-1/H100x8/od", "H100x8 od stock aws/us-east-1"},
        {"token/bedrock/any/anthropic/m%40x/input", "m@x input bedrock"},
        {"index/H100-SXM/od", "H100-SXM od index"},
        {"state/openai", "state/openai"},
        {"", ""},
        {"gpu/%2", "gpu/%2"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_buf out = CT_BUF_INIT;
        ct_buf_adds(&out, "");
        ct_view_series(&out, ct_span(cases[i][0]));
        assert_string_equal(out.p ? out.p : "", cases[i][1]);
        ct_buf_free(&out);
    }
}

static void an_event_has_the_sign_and_words_of_what_happened(void **state)
{
    (void)state;
    static const struct {
        struct ct_event_row e;
        char sign;
        const char *who, *what;
    } cases[] = {
        {{.kind = CT_EVENT_PRICE, .subject = S("gpu/vastai/any/H100-SXM-80x8/od/33102"),
          .unit = S("USD/gpu.h"), .old_value = 1634222222, .new_value = 1922222222, .pct_milli = 17623},
         '$', "H100-SXM od vastai", "1.63 -> 1.92 $/GPU.h +17.6%"},
        {{.kind = CT_EVENT_STOCK, .subject = S("stock/vastai/any/B200-180x1/od"), .old_value = 1,
          .new_value = 3, .text = S("N -> A")}, 'A', "B200 od vastai", "none -> available"},
        {{.kind = CT_EVENT_STOCK, .subject = S("stock/vastai/any/B200x1/od"), .old_value = 3,
          .new_value = 1}, 'N', "B200 od vastai", "available -> none"},
        {{.kind = CT_EVENT_STATE, .subject = S("state/azure/East%20US"), .severity = CT_SEV_CRITICAL,
          .old_value = 0, .new_value = 5, .text = S("major_outage, was operational")},
         'X', "azure/East US", "major outage, was operational"},
        {{.kind = CT_EVENT_INCIDENT, .subject = S("azure"), .old_value = 4, .new_value = 2,
          .text = S("Power event: no longer listed")}, '.', "azure", "Power event: no longer listed"},
        {{.kind = CT_EVENT_INCIDENT, .subject = S("azure"), .severity = CT_SEV_WARNING,
          .old_value = CT_NONE, .new_value = 4, .text = S("Power event")}, '!', "azure", "Power event"},
        {{.kind = CT_EVENT_MODEL, .subject = S("token/gcp/any/google/gem/input"),
          .text = S("no longer listed"), .new_value = CT_NONE}, '-', "gem gcp", "no longer listed"},
        {{.kind = CT_EVENT_PRICE, .subject = S("token/a/any/b/c/input"), .old_value = CT_NONE,
          .new_value = 5, .text = S("input - -> 0.1"), .suspect = 1}, '$', "c a",
         "input - -> 0.1 (suspect)"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_buf who = CT_BUF_INIT, what = CT_BUF_INIT;
        ct_view_event_who(&who, &cases[i].e);
        ct_view_event_what(&what, &cases[i].e);
        assert_int_equal(ct_view_event_sign(&cases[i].e), cases[i].sign);
        assert_string_equal(who.p, cases[i].who);
        assert_string_equal(what.p, cases[i].what);
        ct_buf_free(&who);
        ct_buf_free(&what);
    }
}

/* Sign, who and what of each of ROWS are TOLD. */
static void expect_told(struct ct_rows rows, const char *const *told, size_t n)
{
    const struct ct_event_row *e = rows.v;
    struct ct_buf text = CT_BUF_INIT;
    assert_int_equal(rows.n, n);
    for (size_t i = 0; i < n; i++) {
        ct_buf_clear(&text);
        ct_buf_addf(&text, "%c ", ct_view_event_sign(&e[i]));
        ct_view_event_who(&text, &e[i]);
        ct_buf_adds(&text, ": ");
        ct_view_event_what(&text, &e[i]);
        assert_string_equal(text.p, told[i]);
    }
    ct_buf_free(&text);
}

static void the_tape_tells_once_what_one_answer_says_of_a_model(void **state)
{
    (void)state;
#define MOVED(at_, name_, field_, old_, new_)                                                      \
    {.at_ms = at_, .kind = CT_EVENT_PRICE, .series = S("token/" name_ "/" field_), .field = S(field_), \
     .unit = S("USD/Mtok"), .old_value = old_, .new_value = new_, .pct_milli = -50000}
#define CAME(name_, field_, text_)                                                                 \
    {.at_ms = 3, .kind = CT_EVENT_MODEL, .series = S("token/" name_ "/input"), .field = S(field_), \
     .text = S(text_), .old_value = CT_NONE, .new_value = CT_NONE}
    static const struct ct_event_row events[] = {
        MOVED(9, "azure/any/openai/g5", "input", 2 * USD, USD),
        CAME("gcp/any/google/a", "appeared", "now listed"),
        MOVED(3, "azure/any/openai/g5", "input", 4 * USD, 2 * USD),
        CAME("gcp/any/google/b", "appeared", "now listed"),
        CAME("gcp/any/google/c", "left", "no longer listed"),
        CAME("aws/any/google/b", "appeared", "now listed"),
        MOVED(3, "azure/any/openai/g5", "output", 8 * USD, 4 * USD),
        MOVED(3, "azure/any/openai/g6", "output", 8 * USD, 4 * USD),
    };
    static const char *const told[] = {
        "$ g5 azure: input 2.00 -> 1.00 $/1M -50.0%", "+ gcp: 2 new models",
        "$ g5 azure: input 4.00 -> 2.00, output 8.00 -> 4.00 $/1M", "- c gcp: no longer listed",
        "+ b aws: now listed", "$ g6 azure: output 8.00 -> 4.00 $/1M -50.0%"};
    struct ct_arena *a = ct_arena_new(0);
    struct ct_rows rows = ct_view_tape((struct ct_rows){events, CT_LEN(events)}, 99, a);
    const struct ct_event_row *e = rows.v;
    expect_told(rows, told, CT_LEN(told));
    assert_true(ct_span_is(e[1].alike, "alike/3/3/0/appeared/token/gcp/any/google/a/input"));
    assert_true(!e[0].alike.n && !e[2].alike.n);
    rows = ct_view_tape((struct ct_rows){events, CT_LEN(events)}, CT_LEN(events), a);
    assert_true(ct_span_is(((const struct ct_event_row *)rows.v)[1].text, "2+ new models"));
    ct_arena_free(a);
}

/* One answer that changes all prices or the stock of a machine, of which there are as many as regions and ways to
 * buy it. */
static void the_tape_tells_in_one_row_what_one_answer_says_of_an_accelerator_at_a_cloud(void **state)
{
    (void)state;
#define PRICED(at_, name_, old_, new_, pct_)                                                                            \
    {.at_ms = at_, .kind = CT_EVENT_PRICE, .series = S("gpu/" name_), .unit = S("USD/gpu.h"), .old_value = (old_)*USD / 100, \
     .new_value = (new_)*USD / 100, .pct_milli = pct_}
#define STOCKED(at_, name_, old_, new_)                                                                                 \
    {.at_ms = at_, .kind = CT_EVENT_STOCK, .series = S("stock/" name_), .old_value = old_, .new_value = new_, .pct_milli = CT_NONE}
    static const struct ct_event_row events[] = {
        PRICED(9, "vastai/a/H100-SXM-80x8/od", 300, 330, 10000),
        PRICED(9, "vastai/b/H100-SXM-80x4/spot", 200, 208, 4000),
        PRICED(9, "vastai/a/H100-PCIe-80x8/od", 300, 330, 10000),  /* another accelerator */
        PRICED(9, "lambda/a/H100-SXM-80x8/od", 300, 330, 10000),   /* another cloud */
        PRICED(9, "vastai/c/H100-SXM-80x8/od", 300, 270, -10000),  /* the other way */
        PRICED(9, "vastai/a/H100-SXM-80x8/spot", 200, 220, 10000),
        PRICED(8, "vastai/d/H100-SXM-80x8/od", 200, 220, 10000),   /* another answer */
        PRICED(7, "aws/a/B200-180x8/od", 500, 525, 5000),
        PRICED(7, "aws/b/B200-180x8/od", 500, 525, 5000),
        STOCKED(6, "vastai/a/H100-SXM-80x1/od", CT_STOCK_NONE, CT_STOCK_AVAILABLE),
        STOCKED(6, "vastai/a/H100-SXM-80x1/spot", CT_STOCK_NONE, CT_STOCK_AVAILABLE),
        STOCKED(6, "vastai/b/H100-SXM-80x1/spot", CT_STOCK_AVAILABLE, CT_STOCK_NONE),
    };
    static const char *const told[] = {
        "$ H100-SXM vastai 2 regions: +4.0% to +10.0%, 3 offers, now 2.08 to 3.30 $/GPU.h",
        "$ H100-PCIe od vastai/a: 3.00 -> 3.30 $/GPU.h +10.0%",
        "$ H100-SXM od lambda/a: 3.00 -> 3.30 $/GPU.h +10.0%",
        "$ H100-SXM od vastai/c: 3.00 -> 2.70 $/GPU.h -10.0%",
        "$ H100-SXM od vastai/d: 2.00 -> 2.20 $/GPU.h +10.0%",
        "$ B200 x8 od aws 2 regions: +5.0%, 2 offers, now 5.25 $/GPU.h",
        "A H100-SXM vastai/a: none -> available, 2 offers",
        "N H100-SXM spot vastai/b: available -> none"};
    static const char *const brief[] = {
        "+4.0% to +10.0%, 3 offers", "3.00 -> 3.30 +10.0%", "3.00 -> 3.30 +10.0%", "3.00 -> 2.70 -10.0%",
        "2.00 -> 2.20 +10.0%", "+5.0%, 2 offers", "none -> available, 2 offers", "available -> none"};
    struct ct_arena *a = ct_arena_new(0);
    struct ct_buf text = CT_BUF_INIT;
    struct ct_rows rows = ct_view_tape((struct ct_rows){events, CT_LEN(events)}, 99, a);
    const struct ct_event_row *e = rows.v;
    expect_told(rows, told, CT_LEN(told));
    for (size_t i = 0; i < rows.n; i++) {
        ct_buf_clear(&text);
        ct_view_event_brief(&text, &e[i]);
        assert_string_equal(text.p, brief[i]);
        assert_int_equal(e[i].alike.n > 0, i == 0 || i == 5 || i == 6); /* what a list of its own is behind */
    }
    assert_true(ct_span_is(e[0].alike, "alike/9/9/0/up/gpu/vastai/a/H100-SXM-80x8/od"));
    ct_buf_free(&text);
    ct_arena_free(a);
}

static void more_than_a_row_keeps_is_counted_all_the_same(void **state)
{
    (void)state;
    enum { N = 300 };
    struct ct_arena *a = ct_arena_new(0);
    struct ct_event_row e = {.at_ms = 9, .kind = CT_EVENT_PRICE, .old_value = 2 * USD, .new_value = 3 * USD,
                             .pct_milli = 50000};
    struct ct_alike all = {.n = 0}, one;
    for (int i = 0; i < N; i++) {
        e.series = ct_arena_printf(a, "gpu/vastai/r%d/H100-SXM-80x8/od", i);
        assert_true(ct_alike_of(&e, a, &one));
        if (i == 0)
            all = one;
        else
            assert_true(ct_alike_join(&all, &one, a));
        if (i == 10)
            assert_false(ct_alike_join(&all, &one, a)); /* known */
    }
    assert_int_equal(all.n, N);
    assert_true(ct_span_is(ct_alike_where(&all, a), "H100-SXM x8 od vastai 256+ regions"));
    ct_arena_free(a);
}

static void what_is_told_in_one_row_is_listed_behind_it(void **state)
{
    struct shown s = shown_new(&ct_panel_detail);
    (void)state;
    snprintf(s.query.subject, sizeof(s.query.subject), "alike/1/2/0/up/gpu/lambda/us-east-1/H100-SXM-80x8/od");
    shown_load(&s);
    expect_text(&s, 12, 90, "B200-SXM od lambda/us-south-3  ");
    expect_text(&s, 12, 90, "H100-SXM od lambda/us-east-1   0.00 -> 0.00");
    world.empty = true;
    shown_load(&s);
    expect_text(&s, 12, 90, "nothing of that kind then");
    shown_done(&s);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(screens_look_as_accepted),
        TEST(every_panel_survives_every_size_and_shape),
        TEST(panels_that_failed_say_so_and_keep_what_they_had),
        TEST(empty_panels_say_what_they_wait_for),
        TEST(no_component_is_told_apart_from_no_page),
        TEST(quiet_is_told_apart_from_unread),
        TEST(sorting_works_by_every_letter_offered),
        TEST(enter_names_what_is_to_be_opened),
        TEST(a_component_is_left_and_silenced_alone),
        TEST(an_incident_of_several_regions_is_silenced_in_all_of_them),
        TEST(units_of_an_offer_switch_between_gpu_and_instance),
        TEST(the_matrix_keeps_spot_and_on_demand_apart),
        TEST(the_record_of_stock_counts_absences_and_returns_without_the_gaps),
        TEST(a_matrix_says_what_it_is_and_what_is_hidden_at_any_width),
        TEST(a_narrow_matrix_shows_all_clouds_rather_than_all_accelerators),
        TEST(the_form_sold_by_most_clouds_comes_first),
        TEST(token_prices_are_one_row_a_model_and_host),
        TEST(listed_is_never_shown_as_available),
        TEST(what_a_cloud_does_not_sell_is_as_old_as_what_it_sells),
        TEST(what_stands_in_for_a_watchlist_has_a_price_of_tokens),
        TEST(a_watchlist_reads_offers_and_other_series_in_its_order),
        TEST(the_cursor_stays_on_its_line_of_the_watchlist),
        TEST(followed_tokens_stand_beside_what_else_is_followed),
        TEST(a_silent_source_leaves_its_last_value_and_a_withdrawn_offer_none),
        TEST(the_cheapest_is_one_that_can_be_rented),
        TEST(history_begins_with_what_one_could_rent_now),
        TEST(history_reads_just_its_window),
        TEST(presets_zoom_and_pan_ask_for_other_windows),
        TEST(zoom_keeps_the_cursor_in_its_place),
        TEST(the_cursor_reads_values_at_or_before_it_and_says_why_there_is_none),
        TEST(the_anchor_measures_change_percent_and_duration),
        TEST(figures_are_of_the_window),
        TEST(events_of_the_series_are_jumped_to_in_turn),
        TEST(the_cursor_moves_by_columns),
        TEST(a_cursor_that_moved_is_drawn_as_all_anew_would_be),
        TEST(different_units_are_refused_and_percent_allows_them),
        TEST(a_comparison_ends_at_eight_series_and_says_so),
        TEST(an_index_is_read_as_its_axis_tells_it),
        TEST(a_dropped_series_leaves_and_a_missing_one_is_named),
        TEST(a_name_of_no_series_can_be_dropped),
        TEST(the_table_style_lists_points_and_styles_cycle),
        TEST(detail_shows_text_and_time_line_of_an_incident),
        TEST(what_the_page_says_and_what_is_measured_stand_side_by_side),
        TEST(a_provider_shows_the_texts_of_its_open_incidents_and_its_regions),
        TEST(a_series_has_words_for_people),
        TEST(an_event_has_the_sign_and_words_of_what_happened),
        TEST(a_tape_reads_on_when_somebody_goes_through_it),
        TEST(a_tape_that_read_the_newest_does_not_call_them_all),
        TEST(the_end_of_a_long_list_is_its_true_end),
        TEST(ended_incidents_are_read_on_when_somebody_goes_through_them),
        TEST(the_tape_tells_once_what_one_answer_says_of_a_model),
        TEST(the_tape_tells_in_one_row_what_one_answer_says_of_an_accelerator_at_a_cloud),
        TEST(more_than_a_row_keeps_is_counted_all_the_same),
        TEST(what_is_told_in_one_row_is_listed_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
