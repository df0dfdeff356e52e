/* vultr-plans: plans of Vultr's virtual and bare machines (sources/prices.md section 5). Dollars an
 * hour for the plan, which may be a fraction of a GPU; the places in `locations` are those in
 * stock. */
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"

#include <string.h>

/* GiB of one GPU, in thousandths, of those names that more than one part bears; Vultr sells the
 * larger A100 and the usual H100. */
static int64_t whole_memory(const struct ct_gpu *gpu)
{
    if (ct_span_is(gpu->gpu, "A100") || ct_span_is(gpu->gpu, "H100"))
        return 80000;
    return gpu->mem_milli;
}

/* GPUs in PLAN by its memory: a fraction, or so many whole ones; CT_NONE when it fits neither. */
static int64_t count_of(int64_t vram, int64_t whole)
{
    if (vram == CT_NONE || whole == CT_NONE)
        return CT_NONE;
    if (vram * 100 < whole * (100 - CT_GPU_TOLERANCE_PERCENT))
        return ct_muldiv(vram, 1000, whole);
    int64_t n = ct_muldiv(vram, 1, whole), off = vram - n * whole;
    return (off < 0 ? -off : off) * 100 <= n * whole * CT_GPU_TOLERANCE_PERCENT ? n * 1000
                                                                                : CT_NONE;
}

/* "8" and "mi300x" of "vbm-256c-2048gb-8-mi300x-gpu"; false when it does not end in "-gpu". */
static bool metal_gpu(struct ct_span id, int64_t *count, struct ct_span *name)
{
    struct ct_span rest = id, before = CT_SPAN_NONE, word;
    *count = 1;
    *name = CT_SPAN_NONE;
    if (!ct_span_ends(id, "-gpu"))
        return false;
    rest.n -= strlen("-gpu");
    for (int i = 0; rest.p; i++) { /* vbm, cores, memory, then the rest */
        before = word = ct_span_cut(&rest, '-');
        int64_t n;
        if (i == 3 && rest.p && ct_span_int(before, &n) == CT_OK && n >= 1 && n <= 64) {
            *count = n;
            *name = rest;
            return true;
        }
        if (i == 3) {
            *name = (struct ct_span){word.p, (size_t)(id.p + id.n - strlen("-gpu") - word.p)};
            return true;
        }
    }
    return false;
}

static void push_places(struct ct_batch *out, const json_t *plan, const struct ct_offer *common,
                        int purchase, ct_nusd price, int64_t vram, int64_t whole)
{
    const json_t *places = ct_json_array(plan, "locations");
    size_t n = json_array_size(places);
    for (size_t i = 0; price != CT_NONE && i < (n ? n : 1); i++) {
        struct ct_offer row = *common;
        row.region = ct_clean_id(out->arena, ct_json_span(json_array_get(places, i)));
        row.stock = n ? CT_STOCK_AVAILABLE : places ? CT_STOCK_NONE : CT_STOCK_UNKNOWN;
        row.purchase = purchase;
        row.price_per_hour = price;
        ct_offer_derive(&row);
        if (row.gpu_count_milli != CT_NONE && row.gpu_count_milli < 1000) /* 1/48 is not 0.021 */
            row.price_per_gpu_hour = ct_muldiv(price, whole, vram);
        ct_offer_add(out, &row);
    }
}

static void read_plan(struct ct_batch *out, const json_t *plan, const struct ct_parse_hint *hint)
{
    struct ct_offer row = ct_offer_new();
    struct ct_gpu gpu = {.mem_milli = CT_NONE};
    struct ct_span id = ct_json_text(plan, "id"), name = ct_json_text(plan, "gpu_type");
    int64_t metal = 0, whole = CT_NONE, vram = ct_offer_milli(plan, "gpu_vram_gb", 1);
    if (!name.n && !metal_gpu(id, &metal, &name)) {
        ct_note_about(out, "a plan without a GPU", CT_SPAN_NONE);
        return;
    }
    if (ct_gpu_identify(name, CT_NONE, &gpu)) {
        whole = gpu.mem_milli = whole_memory(&gpu);
        ct_offer_set_gpu(&row, &gpu);
        row.gpu_count_milli = metal ? metal * 1000 : count_of(vram, whole);
        if (row.gpu_count_milli == CT_NONE)
            ct_note_about(out, "memory that is no number of GPUs:", id);
    } else {
        ct_note_about(out, "unknown GPU", name);
        row.gpu_count_milli = metal ? metal * 1000 : CT_NONE;
    }
    row.cloud = ct_offer_cloud(out, hint, "vultr");
    row.sku = row.instance = ct_clean_id(out->arena, id);
    row.vcpu_milli = ct_offer_milli(plan, metal ? "cpu_threads" : "vcpu_count", 1);
    row.mem_milli = ct_offer_milli(plan, "ram", 1024);
    row.currency = CT_LIT("USD");
    row.host_included = 1;
    push_places(out, plan, &row, CT_PURCHASE_OD, ct_offer_price(out, plan, "hourly_cost"), vram,
                whole);
    push_places(out, plan, &row, CT_PURCHASE_SPOT,
                ct_offer_price_maybe(out, plan, "hourly_cost_preemptible"), vram, whole);
}

/* The same request with the cursor of the next page; cursors are Base64. */
static void set_next(struct ct_batch *out, const json_t *root, bool metal)
{
    struct ct_span cursor =
        ct_json_text(ct_json_object(ct_json_object(root, "meta"), "links"), "next");
    struct ct_buf b = CT_BUF_INIT;
    if (!cursor.n || cursor.n > 512)
        return;
    ct_buf_adds(&b, metal ? "?per_page=500&cursor=" : "?type=vcg&per_page=500&cursor=");
    for (size_t i = 0; i < cursor.n; i++) {
        unsigned char c = (unsigned char)cursor.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        ct_buf_addf(&b, plain ? "%c" : "%%%02X", c);
    }
    out->next_page = ct_arena_dup(out->arena, ct_buf_span(&b));
    ct_buf_free(&b);
}

static enum ct_status read_root(struct ct_batch *out, json_t *root,
                                const struct ct_parse_hint *hint, struct ct_error *err)
{
    bool metal = json_object_get(root, "plans_metal") != NULL;
    const char *key = metal ? "plans_metal" : "plans";
    const json_t *plans, *meta;
    enum ct_status s = ct_json_need(root, "$", key, CT_WANT_ARRAY, &plans, err);
    if (s == CT_OK && !json_array_size(plans)) /* of nothing, only this says whose it is */
        s = ct_json_need(root, "$", "meta", CT_WANT_OBJECT, &meta, err);
    if (s == CT_OK)
        s = ct_offers_each(out, plans, metal ? "$.plans_metal" : "$.plans", "id", read_plan, hint,
                           err);
    if (s == CT_OK)
        set_next(out, root, metal);
    return s;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_offers_parse(body, hint, out, read_root, err);
}

const struct ct_family ct_family_vultr_plans = {
    .name = "vultr-plans",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://api.vultr.com/v2/plans?type=vcg&per_page=500",
    .parse = parse,
};
