/* uptimekuma-page: <base>/api/status-page/<slug>: which monitors there are and what people wrote.
 * How the monitors are stands in the heartbeat document alone, so here every one of them is
 * unknown. */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"

#include "fetchers/markup.h"

#include <stdio.h>

/* The style is a colour somebody chose; an open post counts as trouble whatever it is. */
static const struct ct_sj_word style_words[] = {{"info", CT_STATE_DEGRADED},
                                                {"warning", CT_STATE_DEGRADED},
                                                {"danger", CT_STATE_DEGRADED},
                                                {"primary", CT_STATE_DEGRADED},
                                                {"light", CT_STATE_DEGRADED},
                                                {"dark", CT_STATE_DEGRADED},
                                                {NULL, 0}};
static const struct ct_sj_word planned_words[] = {
    {"scheduled", CT_PHASE_SCHEDULED}, {"under-maintenance", CT_PHASE_IN_PROGRESS},
    {"ended", CT_PHASE_COMPLETED},     {"inactive", CT_PHASE_COMPLETED},
    {"unknown", CT_PHASE_UNKNOWN},     {NULL, 0}};

static void add_text(struct ct_batch *out, const struct ct_incident *row, struct ct_span text,
                     int64_t at_ms)
{
    struct ct_update u = ct_update_new();
    if (!text.n)
        return;
    u.incident = row->id;
    u.text = text;
    u.at_ms = at_ms;
    u.phase = CT_PHASE_UNKNOWN;
    (void)ct_rows_updates(out, &u, 1);
}

static void add_incident(const json_t *i, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    row.id = ct_sj_id(i, "id", a);
    row.title = ct_sj_name(i, "title", a);
    row.raw_impact = ct_sj_id(i, "style", a);
    row.phase = CT_PHASE_UNKNOWN;
    row.open = ct_json_flag(i, "active") != 0 && ct_json_int(i, "active") != 0;
    row.started_ms = ct_json_time(i, "createdDate");
    row.updated_ms = ct_sj_time(i, "lastUpdatedDate", "createdDate");
    row.state = ct_sj_word(out, style_words, "unknown impact", row.raw_impact, CT_STATE_DEGRADED);
    if (!row.open) {
        row.state = CT_STATE_UNKNOWN;
        row.phase = CT_PHASE_RESOLVED;
        row.resolved_ms = row.updated_ms;
    }
    add_text(out, &row, ct_json_text(i, "content"), row.updated_ms);
    ct_sj_push_incident(out, &row);
}

/* Ids are counted apart from those of incidents. */
static void add_maintenance(const json_t *m, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    const json_t *slot = json_array_get(ct_json_array(m, "timeslotList"), 0);
    struct ct_incident row = ct_incident_new();
    row.id =
        ct_clean_id(a, ct_arena_printf(a, "maintenance-%.*s", CT_FMT(ct_json_word(m, "id", a))));
    row.title = ct_sj_name(m, "title", a);
    row.phase = ct_sj_word(out, planned_words, "unknown incident phase", ct_json_text(m, "status"),
                           CT_PHASE_UNKNOWN);
    row.open = !ct_sj_is_over(row.phase);
    row.state = row.phase == CT_PHASE_SCHEDULED ? CT_STATE_OPERATIONAL : CT_STATE_MAINTENANCE;
    row.started_ms = row.scheduled_for_ms = ct_json_time(slot, "startDate");
    row.scheduled_until_ms = ct_json_time(slot, "endDate");
    if (!row.open)
        row.resolved_ms = row.scheduled_until_ms;
    add_text(out, &row, ct_json_text(m, "description"), CT_NONE);
    ct_sj_push_incident(out, &row);
}

static enum ct_status add_group(const json_t *group, size_t n, struct ct_batch *out,
                                struct ct_error *err)
{
    struct ct_arena *a = out->arena;
    char path[64];
    const json_t *monitors, *m;
    size_t i;
    snprintf(path, sizeof path, "$.publicGroupList[%zu]", n);
    enum ct_status s = ct_json_need(group, path, "monitorList", CT_WANT_ARRAY, &monitors, err);
    if (s == CT_OK)
        s = ct_sj_check_ids(monitors, path, "id", err);
    if (s != CT_OK)
        return s;
    json_array_foreach (monitors, i, m) {
        struct ct_component row = ct_component_new();
        row.id = ct_sj_id(m, "id", a);
        row.name = ct_sj_name(m, "name", a);
        row.group = ct_sj_name(group, "name", a);
        row.state = CT_STATE_UNKNOWN;
        if (!ct_rows_too_many(out))
            ct_sj_push_component(out, &row);
    }
    return CT_OK;
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *config, *groups, *one, *incidents, *planned, *v;
    enum ct_status s;
    size_t i;
    if ((s = ct_json_need(root, "$", "config", CT_WANT_OBJECT, &config, err)) != CT_OK ||
        (s = ct_json_need(root, "$", "publicGroupList", CT_WANT_ARRAY, &groups, err)) != CT_OK ||
        (s = ct_json_may(root, "$", "incident", CT_WANT_OBJECT, &one, err)) != CT_OK ||
        (s = ct_json_may(root, "$", "incidents", CT_WANT_ARRAY, &incidents, err)) != CT_OK ||
        (s = ct_json_may(root, "$", "maintenanceList", CT_WANT_ARRAY, &planned, err)) != CT_OK ||
        (s = ct_sj_check_ids(groups, "$.publicGroupList", "id", err)) != CT_OK ||
        (s = ct_sj_check_ids(incidents, "$.incidents", "id", err)) != CT_OK ||
        (s = ct_sj_check_ids(planned, "$.maintenanceList", "id", err)) != CT_OK)
        return s;
    ct_sj_push_page(out, ct_json_text(config, "slug"), ct_json_text(config, "title"), CT_SPAN_NONE,
                    CT_SPAN_NONE, CT_NONE);
    json_array_foreach (groups, i, v) {
        if ((s = add_group(v, i, out, err)) != CT_OK)
            return s;
    }
    if (one)
        add_incident(one, out);
    json_array_foreach (incidents, i, v) {
        if (!ct_rows_too_many(out))
            add_incident(v, out);
    }
    json_array_foreach (planned, i, v) {
        if (!ct_rows_too_many(out))
            add_maintenance(v, out);
    }
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_uptimekuma_page = {
    .name = "uptimekuma-page",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://HOST/api/status-page/SLUG",
    .parse = parse,
};
