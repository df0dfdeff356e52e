/* checkly-unresolved: the open incidents of a Checkly status page, nothing else; an empty list is
 * the all-clear. */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"

#include <stdio.h>

static const struct ct_sj_word severity_words[] = {
    {"minor", CT_STATE_DEGRADED}, {"medium", CT_STATE_DEGRADED},         {"major", CT_STATE_MAJOR},
    {"critical", CT_STATE_MAJOR}, {"maintenance", CT_STATE_MAINTENANCE}, {NULL, 0}};
static const struct ct_sj_keys update_keys = {.id = "id",
                                              .at = "publicIncidentUpdateDate",
                                              .at_else = "created_at",
                                              .phase = "status",
                                              .text = "description",
                                              .phases = ct_sj_phases};

/* The services an incident names are as bad as the worst of the open ones; nobody lists the others.
 */
static void add_services(const json_t *list, const struct ct_incident *inc, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    size_t i, k;
    const json_t *s;
    json_array_foreach (list, i, s) {
        struct ct_component row = ct_component_new();
        row.id = ct_sj_id(s, "id", a);
        row.name = ct_sj_name(s, "name", a);
        row.state = inc->state;
        for (k = 0; k < out->components.n && !ct_span_eq(out->components.v[k].id, row.id); k++)
            ;
        if (k == out->components.n && row.id.n && k < 1000) /* each is searched for */
            ct_sj_push_component(out, &row);
        else if (k < out->components.n && row.state > out->components.v[k].state)
            out->components.v[k].state = row.state;
    }
}

static void add_incident(const json_t *i, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    const json_t *services = ct_json_array(i, "services");
    row.id = ct_sj_id(i, "id", a);
    row.title = ct_sj_name(i, "name", a);
    row.raw_impact = ct_sj_id(i, "severity", a);
    row.phase = ct_sj_word(out, ct_sj_phases, "unknown incident phase",
                           ct_json_text(i, "lastUpdateStatus"), CT_PHASE_UNKNOWN);
    row.open = !ct_sj_is_over(row.phase);
    row.state = ct_sj_word(out, severity_words, "unknown impact", row.raw_impact,
                           row.open ? CT_STATE_DEGRADED : CT_STATE_UNKNOWN);
    if (row.open)
        row.state = ct_rows_open_state(row.state, row.phase);
    row.started_ms = ct_json_time(i, "created_at");
    row.components = ct_sj_ids(services, "id", a);
    row.updated_ms = ct_sj_updates(ct_json_array(i, "incidentUpdates"), row.id, &update_keys, out);
    if (row.updated_ms == CT_NONE)
        row.updated_ms = ct_json_time(i, "updated_at");
    if (!row.open)
        row.resolved_ms = row.updated_ms;
    else
        add_services(services, &row, out);
    ct_sj_push_incident(out, &row);
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *incidents, *v;
    enum ct_status s;
    size_t i;
    if (ct_json_get(root, "page") || ct_json_get(root, "summary"))
        return ct_fail(err, CT_ERR_SHAPE, "$", "wanted nothing but a list of incidents");
    if ((s = ct_json_need(root, "$", "incidents", CT_WANT_ARRAY, &incidents, err)) != CT_OK ||
        (s = ct_sj_check_ids(incidents, "$.incidents", "id", err)) != CT_OK)
        return s;
    json_array_foreach (incidents, i, v) { /* incident.io's native list has the same outside */
        char path[64];
        const json_t *updates;
        snprintf(path, sizeof path, "$.incidents[%zu]", i);
        if ((s = ct_json_need(v, path, "incidentUpdates", CT_WANT_ARRAY, &updates, err)) != CT_OK)
            return s;
    }
    json_array_foreach (incidents, i, v) {
        if (!ct_rows_too_many(out))
            add_incident(v, out);
    }
    out->trouble_only = true;
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_checkly_unresolved = {
    .name = "checkly-unresolved",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://STATUS-PAGE/api/status-page/PAGE/unresolved-incidents",
    .parse = parse,
};
