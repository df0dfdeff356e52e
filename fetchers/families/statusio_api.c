/* statusio-api: status.io's public answer for one page. States are numbers; only what is open or
 * planned is listed. */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"

static const struct ct_sj_word code_words[] = {{"100", CT_STATE_OPERATIONAL},
                                               {"200", CT_STATE_MAINTENANCE},
                                               {"300", CT_STATE_DEGRADED},
                                               {"400", CT_STATE_PARTIAL},
                                               {"500", CT_STATE_MAJOR},
                                               {"600", CT_STATE_UNKNOWN}, /* a security event */
                                               {NULL, 0}};
static const struct ct_sj_word phase_words[] = {{"100", CT_PHASE_INVESTIGATING},
                                                {"200", CT_PHASE_IDENTIFIED},
                                                {"300", CT_PHASE_MONITORING},
                                                {NULL, 0}};
static const struct ct_sj_word planned_words[] = {
    {"100", CT_PHASE_SCHEDULED}, {"200", CT_PHASE_IN_PROGRESS}, {NULL, 0}};

static int code_state(const json_t *obj, struct ct_batch *out)
{
    return ct_sj_word(out, code_words, "unknown status code",
                      ct_json_word(obj, "status_code", out->arena), CT_STATE_UNKNOWN);
}

/* Containers are places where a component runs; the worst of them counts. */
static void add_component(const json_t *c, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    const json_t *place;
    size_t i;
    struct ct_component row = ct_component_new();
    row.id = ct_sj_id(c, "id", a);
    row.name = ct_sj_name(c, "name", a);
    row.raw_state = ct_sj_id(c, "status_code", a);
    row.state = code_state(c, out);
    row.updated_ms = ct_json_time(c, "updated");
    json_array_foreach (ct_json_array(c, "containers"), i, place) {
        int state = ct_json_get(place, "status_code") ? code_state(place, out) : row.state;
        row.state = state > row.state ? state : row.state;
    }
    ct_sj_push_component(out, &row);
}

static struct ct_incident incident_of(const json_t *i, const struct ct_sj_word *phases, int phase,
                                      struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    const struct ct_sj_keys keys = {
        .at = "datetime", .phase = "state", .text = "details", .phases = phases};
    const json_t *messages = ct_json_array(i, "messages"), *places, *v;
    const json_t *newest = ct_sj_newest(messages, "datetime");
    struct ct_incident row = ct_incident_new();
    size_t n;
    row.id = ct_sj_id(i, "_id", a);
    row.title = ct_sj_name(i, "name", a);
    row.raw_impact = ct_sj_id(newest, "status", a);
    row.phase = ct_sj_lookup(phases, ct_json_word(newest, "state", a), phase);
    row.open = 1;
    row.started_ms = ct_json_time(i, "datetime_open");
    row.updated_ms = ct_sj_updates(messages, row.id, &keys, out);
    row.components = ct_sj_ids(ct_json_array(i, "components_affected"), "_id", a);
    places = ct_json_array(i, "containers_affected");
    row.regions = ct_list_new(a, json_array_size(places));
    json_array_foreach (places, n, v)
        ct_list_add(&row.regions, ct_sj_name(v, "name", a));
    return row;
}

static void add_incident(const json_t *i, struct ct_batch *out)
{
    struct ct_incident row = incident_of(i, phase_words, CT_PHASE_UNKNOWN, out);
    int state = CT_STATE_DEGRADED;
    if (row.raw_impact.p)
        state = ct_sj_word(out, code_words, "unknown impact", row.raw_impact, CT_STATE_DEGRADED);
    row.state = ct_rows_open_state(state, row.phase);
    ct_sj_push_incident(out, &row);
}

/* The list it stands in says whether it runs, whatever its messages say. */
static void add_maintenance(const json_t *m, int phase, struct ct_batch *out)
{
    struct ct_incident row = incident_of(m, planned_words, phase, out);
    row.phase = phase;
    row.state = phase == CT_PHASE_SCHEDULED ? CT_STATE_OPERATIONAL : CT_STATE_MAINTENANCE;
    row.scheduled_for_ms = ct_json_time(m, "datetime_planned_start");
    row.scheduled_until_ms = ct_json_time(m, "datetime_planned_end");
    ct_sj_push_incident(out, &row);
}

static void add_all(const json_t *components, const json_t *incidents, const json_t *active,
                    const json_t *upcoming, struct ct_batch *out)
{
    const json_t *v;
    size_t i;
    json_array_foreach (components, i, v) {
        if (!ct_rows_too_many(out))
            add_component(v, out);
    }
    json_array_foreach (incidents, i, v) {
        if (!ct_rows_too_many(out))
            add_incident(v, out);
    }
    json_array_foreach (active, i, v) {
        if (!ct_rows_too_many(out))
            add_maintenance(v, CT_PHASE_IN_PROGRESS, out);
    }
    json_array_foreach (upcoming, i, v) {
        if (!ct_rows_too_many(out))
            add_maintenance(v, CT_PHASE_SCHEDULED, out);
    }
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *result, *overall, *components, *incidents, *planned, *active, *upcoming;
    enum ct_status s;
    if ((s = ct_json_need(root, "$", "result", CT_WANT_OBJECT, &result, err)) != CT_OK ||
        (s = ct_json_need(result, "$.result", "status_overall", CT_WANT_OBJECT, &overall, err)) !=
            CT_OK ||
        (s = ct_json_need(result, "$.result", "status", CT_WANT_ARRAY, &components, err)) !=
            CT_OK ||
        (s = ct_json_need(result, "$.result", "incidents", CT_WANT_ARRAY, &incidents, err)) !=
            CT_OK ||
        (s = ct_json_may(result, "$.result", "maintenance", CT_WANT_OBJECT, &planned, err)) !=
            CT_OK ||
        (s = ct_json_may(planned, "$.result.maintenance", "active", CT_WANT_ARRAY, &active, err)) !=
            CT_OK ||
        (s = ct_json_may(planned, "$.result.maintenance", "upcoming", CT_WANT_ARRAY, &upcoming,
                         err)) != CT_OK ||
        (s = ct_sj_check_ids(components, "$.result.status", "id", err)) != CT_OK ||
        (s = ct_sj_check_ids(incidents, "$.result.incidents", "_id", err)) != CT_OK ||
        (s = ct_sj_check_ids(active, "$.result.maintenance.active", "_id", err)) != CT_OK ||
        (s = ct_sj_check_ids(upcoming, "$.result.maintenance.upcoming", "_id", err)) != CT_OK)
        return s;
    if (ct_json_int(overall, "status_code") == CT_NONE)
        return ct_fail(err, CT_ERR_SHAPE, "$.result.status_overall.status_code",
                       "wanted a number, found %s",
                       ct_json_kind(json_object_get(overall, "status_code")));
    ct_sj_push_page(out, CT_SPAN_NONE, CT_SPAN_NONE, CT_SPAN_NONE,
                    ct_json_word(overall, "status_code", out->arena),
                    ct_json_time(overall, "updated"));
    add_all(components, incidents, active, upcoming, out);
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_statusio_api = {
    .name = "statusio-api",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://api.status.io/1.0/status/PAGE-ID",
    .parse = parse,
};
