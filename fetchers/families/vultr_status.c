/* vultr-status: the regions of Vultr's status page, each with its alerts. */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"
#include "fetchers/families/vultr.h"

#include <stdint.h>
#include <stdio.h>

static void add_region(const char *code, const json_t *region, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_component row = ct_component_new();
    row.id = row.region = ct_clean_id(a, ct_span(code));
    row.name = ct_sj_name(region, "location", a);
    row.group = ct_sj_name(region, "country_name", a);
    row.state =
        CT_STATE_OPERATIONAL; /* unless an alert says otherwise: no alert is the all-clear */
    ct_sj_push_component(out, &row);
}

/* Open alerts are the only word about a region. */
static void colour_regions(struct ct_batch *out)
{
    for (size_t i = 0; i < out->incidents.n; i++) {
        struct ct_incident *inc = &out->incidents.v[i];
        inc->components = inc->regions;
        for (size_t c = 0; inc->open && c < out->components.n; c++) {
            struct ct_component *row = &out->components.v[c];
            bool named = false;
            for (size_t k = 0; !named && k < inc->regions.n; k++)
                named = ct_span_eq(inc->regions.v[k], row->id);
            if (named && inc->state > row->state)
                row->state = inc->state;
        }
    }
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    enum { REGIONS_MAX = 500 }; /* each is compared with each alert */
    const json_t *regions, *list, *r;
    struct ct_vultr_alerts alerts = {{0}};
    const char *code;
    size_t n = 0;
    enum ct_status s = ct_json_need(root, "$", "regions", CT_WANT_OBJECT, &regions, err);
    if (s == CT_OK)
        s = ct_json_may(root, "$", "service_alerts", CT_WANT_ARRAY, &list, err);
    if (s == CT_OK && json_object_size(regions) == 0)
        s = ct_fail(err, CT_ERR_SHAPE, "$.regions", "wanted regions, found none");
    if (s == CT_OK && json_object_size(regions) > REGIONS_MAX)
        s = ct_fail(err, CT_ERR_LIMIT, "$.regions", "more than %d regions", REGIONS_MAX);
    if (s == CT_OK)
        s = ct_vultr_collect(list, "$.service_alerts", CT_SPAN_NONE, &alerts, out->arena, err);
    if (s != CT_OK)
        return s;
    json_object_foreach ((json_t *)(uintptr_t)regions, code, r) {
        char path[64];
        snprintf(path, sizeof path, "$.regions[%zu]", n);
        if ((s = ct_json_need(r, path, "alerts", CT_WANT_ARRAY, &list, err)) != CT_OK)
            return s;
        snprintf(path, sizeof path, "$.regions[%zu].alerts", n++);
        struct ct_span region = ct_clean_id(out->arena, ct_span(code));
        if ((s = ct_vultr_collect(list, path, region, &alerts, out->arena, err)) != CT_OK)
            return s;
        add_region(code, r, out);
    }
    ct_vultr_add(&alerts, out);
    colour_regions(out);
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_vultr_status = {
    .name = "vultr-status",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://status.vultr.com/status.json",
    .parse = parse,
};
