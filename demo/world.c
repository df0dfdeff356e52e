#include "demo/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const world_phase_words[] = {"investigating", "identified", "monitoring", "resolved",
                                         NULL};

static const struct {
    const char *title;
    const char *text[4];
} causes[] = {
    {"Elevated error rates",
     {"Some requests fail. We are looking into it.",
      "A configuration change raised the error rate. It is being reverted.",
      "The change is reverted and error rates are falling. We keep watching.",
      "Error rates are back to normal."}},
    {"Increased latency",
     {"Requests take longer than usual.", "A saturated link was found; traffic is being moved.",
      "Latency is improving while we watch.", "Latency is normal again."}},
    {"Capacity shortage for new instances",
     {"New instances may fail to start for lack of capacity.",
      "Demand exceeds what is installed. More is being brought up.", "New capacity is in service.",
      "Launches work as usual."}},
    {"Power event in a data hall",
     {"Part of a data hall lost power.", "A breaker tripped. Racks are being restored in groups.",
      "All racks have power; storage is recovering.", "All systems are restored."}},
    {"Authentication failures",
     {"Sign-in and key checks fail for some accounts.", "An expired certificate was found.",
      "The certificate is replaced; checks succeed again.", "Sign-in works for everybody."}},
};

const char *world_cause_title(int cause)
{
    return causes[(size_t)cause % CT_LEN(causes)].title;
}

const char *world_cause_text(int cause, enum world_phase phase)
{
    return causes[(size_t)cause % CT_LEN(causes)].text[phase];
}

/* ---- chance: xorshift128+, seeded by splitmix64 ---- */

static uint64_t split(uint64_t *x)
{
    uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t rnd(struct ct_world *w)
{
    uint64_t x = w->rng[0], y = w->rng[1];
    w->rng[0] = y;
    x ^= x << 23;
    w->rng[1] = x ^ y ^ (x >> 17) ^ (y >> 26);
    return w->rng[1] + y;
}

static int64_t between(struct ct_world *w, int64_t low, int64_t high)
{
    return low + (int64_t)(rnd(w) % (uint64_t)(high - low + 1));
}

/* True once in EVERY_MS of market time on average; DT_MS is what passes now. */
static bool happens(struct ct_world *w, int64_t dt_ms, int64_t every_ms)
{
    return between(w, 0, every_ms - 1) < dt_ms;
}

/* ---- what exists ---- */

static const struct world_page first_pages[WORLD_PAGES] = {
    {.id = "aurora",
     .name = "Aurora GPU Cloud",
     .family = "statuspage-summary",
     .n_components = 8,
     .components = {"API", "Console", "us-west-1", "us-east-1", "eu-north-1", "ap-south-1",
                    "Object storage", "Billing"}},
    {.id = "lumen",
     .name = "Lumen AI",
     .family = "incidentio-compat",
     .n_components = 6,
     .components = {"Chat API", "Batch", "Embeddings", "Realtime", "Files", "Console"}},
    {.id = "azure",
     .name = "Azure",
     .family = "azure-rss",
     .n_components = 4,
     .components = {"Azure OpenAI Service", "Virtual Machines", "Storage",
                    "Azure Kubernetes Service (AKS)"},
     .regions = {"East US 2", "West Europe", "West US", "Sweden Central"}},
    {.id = "gcp",
     .name = "Google Cloud",
     .family = "gcp-incidents",
     .n_components = 4,
     .components = {"Vertex Gemini API", "Google Compute Engine", "Google Kubernetes Engine",
                    "Cloud Storage"},
     .regions = {"us-central1", "europe-west4", "us-east5", "asia-east1"}},
    {.id = "aws",
     .name = "AWS",
     .family = "aws-currentevents",
     .n_components = 4,
     .components = {"bedrock", "ec2", "sagemaker", "s3"},
     .regions = {"us-east-1", "us-west-2", "eu-west-1", "us-east-1"}},
    {.id = "nebius",
     .name = "Nebius",
     .family = "statuspage-summary",
     .n_components = 5,
     .components = {"Compute", "Kubernetes", "Object Storage", "Network", "Console"}},
    {.id = "lambda",
     .name = "Lambda",
     .family = "incidentio-compat",
     .n_components = 4,
     .components = {"Cloud API", "Instances", "Storage", "Console"}},
};

#define AZ(name, region, od, spot)                                                                 \
    {                                                                                              \
        "azure", name, region, od, spot                                                            \
    }
#define AWS(name, region, spot)                                                                    \
    {                                                                                              \
        "aws", name, region, 0, spot                                                               \
    }
static const struct world_instance first_instances[WORLD_INSTANCES] = {
    AZ("Standard_ND96isr_H100_v5", "eastus", 98320000, 39328000),
    AZ("Standard_ND96isr_H100_v5", "westeurope", 117984000, 47193000),
    AZ("Standard_ND96isr_H100_v5", "swedencentral", 98320000, 41000000),
    AZ("Standard_ND96isr_H200_v5", "eastus", 110240000, 0),
    AZ("Standard_ND96isr_H200_v5", "westeurope", 127000000, 0),
    AZ("Standard_NC40ads_H100_v5", "eastus", 6980000, 2792000),
    AZ("Standard_NC40ads_H100_v5", "westeurope", 8376000, 3350000),
    AZ("Standard_NC24ads_A100_v4", "eastus", 3673000, 1469000),
    AZ("Standard_NC24ads_A100_v4", "westeurope", 4775000, 1910000),
    AZ("Standard_ND96amsr_A100_v4", "eastus", 32770000, 13108000),
    AZ("Standard_NC4as_T4_v3", "eastus", 526000, 210000),
    AZ("Standard_NC4as_T4_v3", "westeurope", 605000, 242000),
    AWS("p5.48xlarge", "us-east-1", 21400000),
    AWS("p5.48xlarge", "us-west-2", 23800000),
    AWS("p5.48xlarge", "eu-north-1", 22600000),
    AWS("p5en.48xlarge", "us-east-2", 26900000),
    AWS("p6-b200.48xlarge", "us-west-2", 43200000),
    AWS("p4d.24xlarge", "us-east-1", 9200000),
    AWS("p4d.24xlarge", "eu-west-1", 9900000),
    AWS("p4de.24xlarge", "us-east-1", 12100000),
    AWS("g6.xlarge", "us-east-1", 290000),
    AWS("g6.xlarge", "eu-west-1", 340000),
    AWS("g6e.xlarge", "us-east-2", 760000),
    AWS("g5.xlarge", "us-east-1", 410000),
    AWS("g4dn.xlarge", "us-east-1", 190000),
    AWS("g4dn.xlarge", "eu-west-1", 220000),
};

#define RENT(cloud, name, gpu, link, gib, n, region, cents)                                        \
    {                                                                                              \
        cloud, name, gpu, link, region, gib, n, cents, true                                        \
    }
static const struct world_rental first_rentals[WORLD_RENTALS] = {
    RENT("aurora", "h100-sxm-8", "H100", "sxm5", 80, 8, "us-west-1", 1999),
    RENT("aurora", "h100-sxm-8", "H100", "sxm5", 80, 8, "eu-north-1", 1840),
    RENT("aurora", "h200-sxm-8", "H200", "sxm5", 141, 8, "us-west-1", 2560),
    RENT("aurora", "b200-sxm-8", "B200", "sxm6", 180, 8, "us-east-1", 4160),
    RENT("aurora", "a100-sxm-8", "A100_80G", "sxm4", 80, 8, "ap-south-1", 1120),
    RENT("lambdalabs", "gpu_8x_h100_sxm5", "H100", "sxm5", 80, 8, "us-east-1", 2392),
    RENT("lambdalabs", "gpu_8x_h100_sxm5", "H100", "sxm5", 80, 8, "us-west-1", 2392),
    RENT("lambdalabs", "gpu_1x_h100_pcie", "H100", "pcie", 80, 1, "us-west-3", 249),
    RENT("lambdalabs", "gpu_8x_b200_sxm6", "B200", "sxm6", 180, 8, "us-east-1", 3992),
    RENT("lambdalabs", "gpu_8x_a100_80gb_sxm4", "A100_80G", "sxm4", 80, 8, "us-east-1", 1432),
    RENT("lambdalabs", "gpu_1x_a10", "A10", "pcie", 24, 1, "us-west-1", 75),
    RENT("nebius", "gpu-h100-sxm-8", "H100", "sxm5", 80, 8, "eu-north1", 2360),
    RENT("nebius", "gpu-h200-sxm-8", "H200", "sxm5", 141, 8, "eu-north1", 2800),
    RENT("nebius", "gpu-h200-sxm-8", "H200", "sxm5", 141, 8, "eu-west1", 2800),
    RENT("nebius", "gpu-b200-sxm-8", "B200", "sxm6", 180, 8, "us-central1", 4400),
    RENT("nebius", "gpu-l40s-1", "L40S", "pcie", 48, 1, "eu-north1", 155),
    RENT("hyperstack", "n3-H100x8", "H100", "pcie", 80, 8, "canada-1", 1520),
    RENT("hyperstack", "n3-H100x1", "H100", "pcie", 80, 1, "norway-1", 190),
    RENT("hyperstack", "n3-A100x8", "A100_80G", "pcie", 80, 8, "canada-1", 1080),
    RENT("hyperstack", "n3-A100x1", "A100_80G", "pcie", 80, 1, "norway-1", 135),
    RENT("hyperstack", "n3-L40x1", "L40", "pcie", 48, 1, "norway-1", 100),
    RENT("crusoe", "h100-80gb-sxm.8x", "H100", "sxm5", 80, 8, "us-east1-a", 3120),
    RENT("crusoe", "h200-141gb-sxm.8x", "H200", "sxm5", 141, 8, "us-east1-a", 3432),
    RENT("crusoe", "l40s-48gb.1x", "L40S", "pcie", 48, 1, "us-east1-a", 150),
};

static const struct {
    const char *gpu;
    int ram;
    int64_t micro; /* a GPU-hour */
} market_gpus[] = {
    {"H100 SXM", 81559, 1940000}, {"H100 PCIE", 81559, 1750000}, {"H200", 143771, 2450000},
    {"B200", 183359, 3650000},    {"A100 SXM4", 81920, 960000},  {"A100 PCIE", 40960, 620000},
    {"L40S", 46068, 640000},      {"RTX 4090", 24564, 330000},
};
static const char *const market_places[] = {"Montana, US", "Quebec, CA", "Iceland, IS",
                                            "Sweden, SE", "Texas, US"};

/* Prices in 1e-12 dollars a token: 1250000 is 1.25 dollars a million tokens. */
#define M(id, provider, in, out, cache, context)                                                   \
    {                                                                                              \
        id, provider, in, out, cache, context, true                                                \
    }
static const struct world_model first_models[WORLD_MODELS] = {
    M("gpt-5.4", "openai", 1250000, 10000000, 125000, 400000),
    M("gpt-5.4-mini", "openai", 250000, 2000000, 25000, 400000),
    M("azure/gpt-5.4", "azure", 1250000, 10000000, 125000, 400000),
    M("azure/gpt-5.4-mini", "azure", 250000, 2000000, 25000, 400000),
    M("azure/eu/gpt-5.4", "azure", 1375000, 11000000, 137500, 400000),
    M("openai.gpt-5.4-v1:0", "bedrock_converse", 1375000, 11000000, 137500, 400000),
    M("openai.gpt-oss-120b-1:0", "bedrock_converse", 150000, 600000, 0, 128000),
    M("azure_ai/gpt-oss-120b", "azure_ai", 150000, 600000, 0, 128000),
    M("vertex_ai/openai/gpt-oss-120b-maas", "vertex_ai-openai_models", 150000, 600000, 0, 128000),
    M("groq/openai/gpt-oss-120b", "groq", 150000, 750000, 0, 128000),
    M("claude-sonnet-4-5-20250929", "anthropic", 3000000, 15000000, 300000, 200000),
    M("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock_converse", 3300000, 16500000, 330000,
      200000),
    M("anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock_converse", 3000000, 15000000, 300000,
      200000),
    M("vertex_ai/claude-sonnet-4-5@20250929", "vertex_ai-anthropic_models", 3000000, 15000000,
      300000, 200000),
    M("azure_ai/claude-sonnet-4-5", "azure_ai", 3000000, 15000000, 300000, 200000),
    M("claude-haiku-4-5-20251001", "anthropic", 1000000, 5000000, 100000, 200000),
    M("vertex_ai/claude-haiku-4-5@20251001", "vertex_ai-anthropic_models", 1000000, 5000000, 100000,
      200000),
    M("gemini/gemini-2.5-pro", "gemini", 1250000, 10000000, 125000, 1048576),
    M("gemini-2.5-pro", "vertex_ai-language-models", 1250000, 10000000, 125000, 1048576),
    M("gemini/gemini-2.5-flash", "gemini", 300000, 2500000, 30000, 1048576),
    M("mistral/mistral-large-latest", "mistral", 2000000, 6000000, 0, 128000),
    M("us.meta.llama3-3-70b-instruct-v1:0", "bedrock_converse", 720000, 720000, 0, 128000),
    M("azure_ai/Llama-3.3-70B-Instruct", "azure_ai", 710000, 710000, 0, 128000),
    M("groq/llama-3.3-70b-versatile", "groq", 590000, 790000, 0, 128000),
    M("oci/meta.llama-3.3-70b-instruct", "oci", 720000, 720000, 0, 128000),
    M("deepseek/deepseek-chat", "deepseek", 280000, 420000, 28000, 131072),
};

/* A machine somebody owns: what it is and where never changes. */
static void build_machine(struct ct_world *w, struct world_machine *m)
{
    static const int counts[] = {1, 1, 2, 4, 8};
    int g = (int)between(w, 0, (int64_t)CT_LEN(market_gpus) - 1);
    m->gpu = market_gpus[g].gpu;
    m->gpu_ram_mib = market_gpus[g].ram;
    m->fair_micro = market_gpus[g].micro;
    m->place = market_places[between(w, 0, (int64_t)CT_LEN(market_places) - 1)];
    m->gpus = counts[between(w, 0, 4)];
}

/* Its owner offers it, anew and at today's idea of a price. */
static void list_machine(struct ct_world *w, struct world_machine *m)
{
    m->id = w->next_number++;
    m->price_micro = m->fair_micro * m->gpus * between(w, 88, 135) / 100;
    m->listed = true;
    m->rented = false;
}

void ct_world_init(struct ct_world *w, uint64_t seed, int64_t start_ms)
{
    memset(w, 0, sizeof *w);
    w->rng[0] = split(&seed);
    w->rng[1] = split(&seed);
    w->now_ms = start_ms;
    w->next_number = 1000;
    memcpy(w->pages, first_pages, sizeof first_pages);
    memcpy(w->instances, first_instances, sizeof first_instances);
    memcpy(w->rentals, first_rentals, sizeof first_rentals);
    memcpy(w->models, first_models, sizeof first_models);
    for (int i = 0; i < WORLD_MACHINES; i++) {
        build_machine(w, &w->machines[i]);
        list_machine(w, &w->machines[i]);
        w->machines[i].listed = i % 3 != 0;
    }
}

/* ---- what happens ---- */

static void add_update(struct world_incident *inc, int64_t now_ms)
{
    if (inc->n_updates == WORLD_MAX_UPDATES) {
        return;
    }
    inc->updates[inc->n_updates].at_ms = now_ms;
    inc->updates[inc->n_updates].phase = inc->phase;
    inc->n_updates++;
}

static void open_incident(struct ct_world *w, struct world_page *p)
{
    if (p->n_incidents == WORLD_MAX_INCIDENTS) {
        p->n_incidents--;
    }
    memmove(p->incidents + 1, p->incidents, (size_t)p->n_incidents * sizeof p->incidents[0]);
    p->n_incidents++;
    int roll = (int)between(w, 0, 9);
    p->incidents[0] = (struct world_incident){
        .number = w->next_number++,
        .component = (int)between(w, 0, p->n_components - 1),
        .severity = roll < 5   ? 1
                    : roll < 8 ? 2
                               : 3,
        .cause = (int)between(w, 0, (int64_t)CT_LEN(causes) - 1),
        .left_ms = between(w, 10, 40) * CT_MINUTE,
        .started_ms = w->now_ms,
        .resolved_ms = CT_NONE,
    };
    add_update(&p->incidents[0], w->now_ms);
}

static void step_page(struct ct_world *w, struct world_page *p, int64_t dt_ms)
{
    int open = 0;
    for (int i = 0; i < p->n_incidents; i++) {
        struct world_incident *inc = &p->incidents[i];
        if (inc->phase == WORLD_RESOLVED) {
            continue;
        }
        open++;
        inc->left_ms -= dt_ms;
        if (inc->left_ms > 0) {
            continue;
        }
        inc->phase++;
        inc->left_ms = between(w, 15, 90) * CT_MINUTE;
        if (inc->phase == WORLD_RESOLVED) {
            inc->resolved_ms = w->now_ms;
        }
        add_update(inc, w->now_ms);
    }
    if (open < 2 && happens(w, dt_ms, (open + 1) * 40 * CT_HOUR)) {
        open_incident(w, p);
    }
}

/* A price moves by FROM to TO percent. */
static int64_t moved(struct ct_world *w, int64_t price, int from, int to)
{
    int64_t next = price * (100 + between(w, from, to)) / 100;
    return next < 1000 ? 1000 : next;
}

static void step_instance(struct ct_world *w, struct world_instance *i, int64_t dt_ms)
{
    if (i->od_micro && happens(w, dt_ms, 40 * CT_DAY)) {
        i->od_micro = moved(w, i->od_micro, -18, 4) / 1000 * 1000;
    }
    if (i->spot_micro && happens(w, dt_ms, 9 * CT_HOUR)) {
        i->spot_micro = moved(w, i->spot_micro, -6, 6) / 100 * 100;
        /* Spot stays in sight of where it began: a walk without a tether ends at nothing. */
        int64_t first = first_instances[i - w->instances].spot_micro;
        if (i->spot_micro > first * 2 || i->spot_micro < first / 2) {
            i->spot_micro = first;
        }
    }
    if (first_instances[i - w->instances].spot_micro && happens(w, dt_ms, 6 * CT_DAY)) {
        i->spot_micro = i->spot_micro ? 0 : first_instances[i - w->instances].spot_micro;
    }
}

static void step_machine(struct ct_world *w, struct world_machine *m, int64_t dt_ms)
{
    if (!m->listed) {
        if (happens(w, dt_ms, 30 * CT_HOUR)) {
            list_machine(w, m);
        }
        return;
    }
    if (happens(w, dt_ms, 40 * CT_HOUR)) {
        m->rented = !m->rented;
    }
    if (happens(w, dt_ms, 36 * CT_HOUR)) {
        m->price_micro = moved(w, m->price_micro, -9, 8);
    }
    if (happens(w, dt_ms, 12 * CT_DAY)) {
        m->listed = false;
    }
}

CT_PRINTF(2, 3) static void report(struct ct_world *w, const char *fmt, ...)
{
    int kept = w->n_news < WORLD_MAX_NEWS ? w->n_news : WORLD_MAX_NEWS - 1;
    memmove(w->news + 1, w->news, (size_t)kept * sizeof w->news[0]);
    w->n_news = kept + 1;
    w->news[0] = (struct world_news){.number = w->next_number++, .at_ms = w->now_ms};
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(w->news[0].title, sizeof w->news[0].title, fmt, ap);
    va_end(ap);
}

/* Machines of small clouds sell out and come back; now and then a price falls. */
static void step_rental(struct ct_world *w, struct world_rental *r, int64_t dt_ms)
{
    if (happens(w, dt_ms, r->available ? 50 * CT_HOUR : 30 * CT_HOUR)) {
        r->available = !r->available;
    }
    if (happens(w, dt_ms, 35 * CT_DAY)) {
        int64_t before = r->cents;
        r->cents = moved(w, r->cents * 1000, -14, 3) / 1000;
        if (r->cents < before) {
            report(w, "%s lowers %s in %s by %d%%", r->cloud, r->gpu, r->region,
                   (int)((before - r->cents) * 100 / before));
        }
    }
}

static void step_model(struct ct_world *w, struct world_model *m, int64_t dt_ms)
{
    if (!m->listed) {
        m->listed = happens(w, dt_ms, 10 * CT_DAY);
        return;
    }
    if (happens(w, dt_ms, 60 * CT_DAY)) {
        int64_t percent = between(w, 40, 95);
        m->input = m->input * percent / 100 / 1000 * 1000;
        m->output = m->output * percent / 100 / 1000 * 1000;
        m->cache_read = m->cache_read * percent / 100;
        report(w, "%s: input price down %d%%", m->id, (int)(100 - percent));
    }
    if (happens(w, dt_ms, 120 * CT_DAY)) {
        m->listed = false;
    }
}

static void step_lie(struct ct_world *w, int source, int64_t dt_ms)
{
    if (w->lies[source] != WORLD_HONEST) {
        w->lie_left_ms[source] -= dt_ms;
        if (w->lie_left_ms[source] <= 0) {
            w->lies[source] = WORLD_HONEST;
        }
        return;
    }
    if (happens(w, dt_ms, 12 * CT_DAY)) {
        w->lies[source] = (enum world_lie)between(w, WORLD_HTML, WORLD_FROZEN);
        w->lie_left_ms[source] = between(w, 1, 9) * CT_HOUR;
    }
}

void ct_world_step(struct ct_world *w, int64_t now_ms, int64_t market_ms)
{
    if (now_ms > w->now_ms) {
        w->now_ms = now_ms;
    }
    for (int i = 0; i < WORLD_PAGES; i++) {
        step_page(w, &w->pages[i], market_ms);
    }
    for (int i = 0; i < WORLD_INSTANCES; i++) {
        step_instance(w, &w->instances[i], market_ms);
    }
    for (int i = 0; i < WORLD_MACHINES; i++) {
        step_machine(w, &w->machines[i], market_ms);
    }
    for (int i = 0; i < WORLD_RENTALS; i++) {
        step_rental(w, &w->rentals[i], market_ms);
    }
    for (int i = 0; i < WORLD_MODELS; i++) {
        step_model(w, &w->models[i], market_ms);
    }
    for (int i = 0; i < WORLD_SOURCES; i++) {
        step_lie(w, i, market_ms);
    }
}
