/* statuspage-summary: <base>/api/v2/summary.json of Atlassian Statuspage. */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"
#include "fetchers/families/statuspage.h"

#include "fetchers/markup.h"

#include <stdlib.h>
#include <string.h>

static const struct ct_sj_word component_words[] = {{"operational", CT_STATE_OPERATIONAL},
                                                    {"degraded_performance", CT_STATE_DEGRADED},
                                                    {"partial_outage", CT_STATE_PARTIAL},
                                                    {"major_outage", CT_STATE_MAJOR},
                                                    {"full_outage", CT_STATE_MAJOR},
                                                    {"under_maintenance", CT_STATE_MAINTENANCE},
                                                    {NULL, 0}};

static const struct ct_sj_word impact_words[] = {
    {"none", CT_STATE_DEGRADED},           {"minor", CT_STATE_DEGRADED},
    {"maintenance", CT_STATE_MAINTENANCE}, {"major", CT_STATE_PARTIAL},
    {"critical", CT_STATE_MAJOR},          {NULL, 0}};

/* Ids of group headings and their names, sorted by id. */
struct groups {
    struct group {
        struct ct_span id, name;
    } * v;
    size_t n;
};

static int group_cmp(const void *a, const void *b)
{
    return ct_span_cmp(((const struct group *)a)->id, ((const struct group *)b)->id);
}

static const struct group *group_find(const struct groups *g, struct ct_span id)
{
    struct group key = {id, CT_SPAN_NONE};
    return id.n && g->n ? bsearch(&key, g->v, g->n, sizeof *g->v, group_cmp) : NULL;
}

static bool is_group(const json_t *component)
{
    return ct_json_flag(component, "group") == 1;
}

/* A heading is no service: it only repeats the worst of its children. */
static struct groups read_groups(const json_t *components, struct ct_arena *a)
{
    struct groups g = {NULL, 0};
    size_t i;
    const json_t *c;
    g.v = ct_arena_alloc(a, (json_array_size(components) + 1) * sizeof *g.v);
    if (!g.v)
        return g;
    json_array_foreach (components, i, c) {
        if (!is_group(c))
            continue;
        g.v[g.n].id = ct_clean_id(a, ct_json_word(c, "id", a));
        g.v[g.n].name = ct_clean_name(a, ct_json_text(c, "name"));
        g.n++;
    }
    qsort(g.v, g.n, sizeof *g.v, group_cmp);
    return g;
}

static void add_component(const json_t *c, const struct groups *groups, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_component row = ct_component_new();
    row.id = ct_clean_id(a, ct_json_word(c, "id", a));
    row.name = ct_clean_name(a, ct_json_text(c, "name"));
    if (ct_span_istarts(row.name, "visit ") &&
        ct_span_ihas(row.name, CT_LIT("for more information"))) {
        ct_batch_note(out, CT_LIT("a component that is only a link to the page"));
        return;
    }
    const struct group *g = group_find(groups, ct_clean_id(a, ct_json_word(c, "group_id", a)));
    if (g)
        row.group = g->name;
    row.raw_state = ct_clean_name(a, ct_json_word(c, "status", a));
    row.state = ct_sj_lookup(component_words, row.raw_state, CT_STATE_UNKNOWN);
    if (row.state == CT_STATE_UNKNOWN)
        ct_rows_note_word(out, "unknown component state", row.raw_state);
    row.updated_ms = ct_json_time(c, "updated_at");
    ct_sj_push_component(out, &row);
}

static const struct ct_sj_keys update_keys = {.id = "id",
                                              .at = "display_at",
                                              .at_else = "created_at",
                                              .phase = "status",
                                              .text = "body",
                                              .phases = ct_sj_phases};

/* What the incident touches; incident.io does not say, Statuspage's list may be null in an update.
 */
static struct ct_list touched(const json_t *incident, const struct groups *groups,
                              struct ct_arena *a)
{
    const json_t *list = ct_json_array(incident, "components"), *c;
    const char *key = "id";
    size_t i;
    if (!list) {
        const json_t *newest = json_array_get(ct_json_array(incident, "incident_updates"), 0);
        list = ct_json_array(newest, "affected_components");
        key = "code";
    }
    struct ct_list out = ct_list_new(a, json_array_size(list));
    json_array_foreach (list, i, c) {
        struct ct_span id = ct_clean_id(a, ct_json_word(c, key, a));
        if (!group_find(groups, id))
            ct_list_add(&out, id);
    }
    return out;
}

/* PLANNED: from the list of maintenances. */
static int state_of(const struct ct_incident *inc, bool planned, struct ct_batch *out)
{
    int state = ct_sj_lookup(impact_words, inc->raw_impact, -1);
    planned = planned || state == CT_STATE_MAINTENANCE;
    if (state < 0) {
        ct_rows_note_word(out, "unknown impact", inc->raw_impact);
        state = inc->open ? CT_STATE_DEGRADED : CT_STATE_UNKNOWN;
    }
    if (inc->phase == CT_PHASE_SCHEDULED && inc->open)
        return CT_STATE_OPERATIONAL;
    if (planned)
        return CT_STATE_MAINTENANCE;
    if (!inc->open) /* impact none: nobody says what it was */
        return ct_span_is(inc->raw_impact, "none") ? CT_STATE_UNKNOWN : state;
    return ct_rows_open_state(state, inc->phase);
}

static void add_incident(const json_t *i, bool planned, const struct groups *groups,
                         struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    row.id = ct_clean_id(a, ct_json_word(i, "id", a));
    row.title = ct_markup_name(a, ct_json_text(i, "name"));
    row.raw_impact = ct_clean_name(a, ct_json_text(i, "impact"));
    row.phase = ct_sj_word(out, ct_sj_phases, "unknown incident phase", ct_json_text(i, "status"),
                           CT_PHASE_UNKNOWN);
    row.resolved_ms = ct_json_time(i, "resolved_at");
    row.open = !ct_sj_is_over(row.phase) && row.resolved_ms == CT_NONE;
    row.state = state_of(&row, planned, out);
    row.started_ms = ct_sj_time(i, "started_at", "created_at");
    row.scheduled_for_ms = ct_json_time(i, "scheduled_for");
    row.scheduled_until_ms = ct_json_time(i, "scheduled_until");
    row.url = ct_clean_url(a, ct_json_text(i, "shortlink"));
    row.components = touched(i, groups, a);
    row.updated_ms = ct_sj_updates(ct_json_array(i, "incident_updates"), row.id, &update_keys, out);
    if (!row.open && row.resolved_ms == CT_NONE)
        row.resolved_ms = row.updated_ms;
    if (row.updated_ms == CT_NONE)
        row.updated_ms = ct_json_time(i, "updated_at");
    ct_sj_push_incident(out, &row);
}

static void add_page(const json_t *page, const json_t *status, struct ct_batch *out)
{
    ct_sj_push_page(out, ct_json_word(page, "id", out->arena), ct_json_text(page, "name"),
                    ct_json_text(page, "url"), ct_json_text(status, "indicator"),
                    ct_json_time(page, "updated_at"));
}

static enum ct_status read_summary(const json_t *root, bool incidentio, struct ct_batch *out,
                                   struct ct_error *err)
{
    const json_t *page, *status, *components, *incidents, *planned, *v;
    enum ct_status s;
    size_t i;
    if ((s = ct_json_need(root, "$", "page", CT_WANT_OBJECT, &page, err)) != CT_OK ||
        (s = ct_json_need(page, "$.page", "name", CT_WANT_TEXT, &v, err)) != CT_OK ||
        (s = ct_json_need(root, "$", "status", CT_WANT_OBJECT, &status, err)) != CT_OK ||
        (s = ct_json_need(status, "$.status", "indicator", CT_WANT_TEXT, &v, err)) != CT_OK ||
        (s = ct_json_need(root, "$", "components", CT_WANT_ARRAY, &components, err)) != CT_OK ||
        (s = ct_json_need(root, "$", "incidents", CT_WANT_ARRAY, &incidents, err)) != CT_OK ||
        (s = ct_json_may(root, "$", "scheduled_maintenances", CT_WANT_ARRAY, &planned, err)) !=
            CT_OK ||
        (s = ct_sj_check_ids(components, "$.components", "id", err)) != CT_OK ||
        (s = ct_sj_check_ids(incidents, "$.incidents", "id", err)) != CT_OK ||
        (s = ct_sj_check_ids(planned, "$.scheduled_maintenances", "id", err)) != CT_OK)
        return s;
    add_page(page, status, out);
    struct groups groups = read_groups(components, out->arena);
    json_array_foreach (components, i, v) {
        if (!is_group(v))
            add_component(v, &groups, out);
    }
    json_array_foreach (incidents, i, v) {
        if (!ct_rows_too_many(out))
            add_incident(v, false, &groups, out);
    }
    json_array_foreach (planned, i, v) {
        if (!ct_rows_too_many(out))
            add_incident(v, true, &groups, out);
    }
    if (incidentio != (ct_json_text(page, "id").n == 26))
        ct_batch_note(out, incidentio ? CT_LIT("served by Statuspage, not incident.io")
                                      : CT_LIT("served by incident.io, not Statuspage"));
    return CT_OK;
}

static enum ct_status read_statuspage(const json_t *root, struct ct_batch *out,
                                      struct ct_error *err)
{
    return read_summary(root, false, out, err);
}

static enum ct_status read_incidentio(const json_t *root, struct ct_batch *out,
                                      struct ct_error *err)
{
    return read_summary(root, true, out, err);
}

enum ct_status ct_statuspage_parse(struct ct_span body, bool incidentio, struct ct_batch *out,
                                   struct ct_error *err)
{
    return ct_sj_parse(body, incidentio ? read_incidentio : read_statuspage, out, err);
}

void ct_statuspage_incident(const json_t *incident, bool planned, struct ct_batch *out)
{
    const struct groups none = {NULL, 0};
    add_incident(incident, planned, &none, out);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_statuspage_parse(body, false, out, err);
}

const struct ct_family ct_family_statuspage_summary = {
    .name = "statuspage-summary",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://STATUS-PAGE/api/v2/summary.json",
    .max_bytes = 16 << 20,
    .parse = parse,
};
