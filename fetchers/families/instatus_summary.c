/* instatus-summary: <base>/summary.json. The page has no components here; its lists hold what is
 * open and are missing, not empty, when nothing is. */
#include "fetchers/families/all.h"
#include "fetchers/families/instatus.h"
#include "fetchers/families/status_json.h"

static const struct ct_sj_word phase_words[] = {{"investigating", CT_PHASE_INVESTIGATING},
                                                {"identified", CT_PHASE_IDENTIFIED},
                                                {"monitoring", CT_PHASE_MONITORING},
                                                {"resolved", CT_PHASE_RESOLVED},
                                                {"notstartedyet", CT_PHASE_SCHEDULED},
                                                {"inprogress", CT_PHASE_IN_PROGRESS},
                                                {"verifying", CT_PHASE_VERIFYING},
                                                {"completed", CT_PHASE_COMPLETED},
                                                {NULL, 0}};
static const struct ct_sj_word impact_words[] = {{"operational", CT_STATE_OPERATIONAL},
                                                 {"undermaintenance", CT_STATE_MAINTENANCE},
                                                 {"degradedperformance", CT_STATE_DEGRADED},
                                                 {"minoroutage", CT_STATE_DEGRADED},
                                                 {"partialoutage", CT_STATE_PARTIAL},
                                                 {"majoroutage", CT_STATE_MAJOR},
                                                 {NULL, 0}};
static const struct ct_sj_keys update_keys = {.id = "id",
                                              .at = "started",
                                              .at_else = "createdAt",
                                              .phase = "status",
                                              .text = "message",
                                              .phases = phase_words};

/* A name is text, or in the notices an object of languages. */
static struct ct_span name_of(const json_t *incident, struct ct_arena *a)
{
    const json_t *languages = ct_json_object(incident, "name");
    return languages ? ct_sj_name(languages, "default", a) : ct_sj_name(incident, "name", a);
}

static int state_of(const struct ct_incident *row, bool planned, struct ct_batch *out)
{
    bool silent = planned && !row->raw_impact.p; /* a maintenance states none */
    int state = CT_STATE_MAINTENANCE;
    if (!silent)
        state = ct_sj_word(out, impact_words, "unknown impact", row->raw_impact,
                           row->open ? CT_STATE_DEGRADED : CT_STATE_UNKNOWN);
    if (row->open && row->phase == CT_PHASE_SCHEDULED)
        return CT_STATE_OPERATIONAL;
    if (planned)
        return CT_STATE_MAINTENANCE;
    if (!row->open)
        return state == CT_STATE_OPERATIONAL ? CT_STATE_UNKNOWN : state;
    return ct_rows_open_state(state, row->phase);
}

void ct_instatus_add(const json_t *incident, bool planned, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    row.id = ct_sj_id(incident, "id", a);
    row.title = name_of(incident, a);
    row.raw_impact = ct_sj_id(incident, "impact", a);
    row.phase = ct_sj_word(out, phase_words, "unknown incident phase",
                           ct_json_text(incident, "status"), CT_PHASE_UNKNOWN);
    row.resolved_ms = ct_json_time(incident, "resolved");
    row.open = !ct_sj_is_over(row.phase) && row.resolved_ms == CT_NONE;
    row.state = state_of(&row, planned, out);
    row.started_ms = ct_sj_time(incident, "started", "start");
    if (planned) {
        int64_t minutes = ct_json_int(incident, "duration");
        row.scheduled_for_ms = ct_sj_time(incident, "start", "started");
        if (row.scheduled_for_ms != CT_NONE && minutes > 0 && minutes <= 60 * 24 * 366)
            row.scheduled_until_ms = row.scheduled_for_ms + minutes * CT_MINUTE;
    }
    row.url = ct_clean_url(a, ct_json_text(incident, "url"));
    row.components = ct_sj_ids(ct_json_array(incident, "components"), "id", a);
    row.updated_ms = ct_sj_updates(ct_json_array(incident, "updates"), row.id, &update_keys, out);
    if (row.updated_ms == CT_NONE)
        row.updated_ms = ct_json_time(incident, "updatedAt");
    if (!row.open && row.resolved_ms == CT_NONE)
        row.resolved_ms = row.updated_ms;
    ct_sj_push_incident(out, &row);
}

/* A page that complains but lists nothing: its word is all there is. */
static void add_whole(const json_t *page, struct ct_batch *out)
{
    static const struct ct_sj_word words[] = {{"up", CT_STATE_OPERATIONAL},
                                              {"hasissues", CT_STATE_DEGRADED},
                                              {"undermaintenance", CT_STATE_MAINTENANCE},
                                              {NULL, 0}};
    struct ct_span word = ct_json_text(page, "status");
    int state = ct_sj_lookup(words, word, CT_STATE_DEGRADED);
    if (ct_span_ihas(word, CT_LIT("majoroutage")))
        state = CT_STATE_MAJOR;
    if (state == CT_STATE_OPERATIONAL)
        return;
    struct ct_component row = ct_component_new();
    row.id = CT_LIT("page");
    row.name = ct_sj_name(page, "name", out->arena);
    row.raw_state = ct_clean_id(out->arena, word);
    row.state = state;
    ct_sj_push_component(out, &row);
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *page, *v, *incidents, *planned;
    enum ct_status s;
    size_t i;
    if ((s = ct_json_need(root, "$", "page", CT_WANT_OBJECT, &page, err)) != CT_OK ||
        (s = ct_json_need(page, "$.page", "status", CT_WANT_TEXT, &v, err)) != CT_OK ||
        (s = ct_json_may(root, "$", "activeIncidents", CT_WANT_ARRAY, &incidents, err)) != CT_OK ||
        (s = ct_json_may(root, "$", "activeMaintenances", CT_WANT_ARRAY, &planned, err)) != CT_OK ||
        (s = ct_sj_check_ids(incidents, "$.activeIncidents", "id", err)) != CT_OK ||
        (s = ct_sj_check_ids(planned, "$.activeMaintenances", "id", err)) != CT_OK)
        return s;
    ct_sj_push_page(out, CT_SPAN_NONE, ct_json_text(page, "name"), ct_json_text(page, "url"),
                    ct_json_span(v), CT_NONE);
    json_array_foreach (incidents, i, v) {
        if (!ct_rows_too_many(out))
            ct_instatus_add(v, false, out);
    }
    json_array_foreach (planned, i, v) {
        if (!ct_rows_too_many(out))
            ct_instatus_add(v, true, out);
    }
    if (out->incidents.n == 0)
        add_whole(page, out);
    out->trouble_only = true;
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_instatus_summary = {
    .name = "instatus-summary",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://STATUS-PAGE/summary.json",
    .parse = parse,
};
