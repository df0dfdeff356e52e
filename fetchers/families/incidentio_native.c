/* incidentio-native: what an incident.io page asks for itself: <base>/proxy/<host>, a summary that
 * states only the components in trouble, or <base>/proxy/<host>/incidents, a list. */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"

#include <stdlib.h>

static const struct ct_sj_word state_words[] = {{"operational", CT_STATE_OPERATIONAL},
                                                {"degraded_performance", CT_STATE_DEGRADED},
                                                {"partial_outage", CT_STATE_PARTIAL},
                                                {"full_outage", CT_STATE_MAJOR},
                                                {"major_outage", CT_STATE_MAJOR},
                                                {"under_maintenance", CT_STATE_MAINTENANCE},
                                                {NULL, 0}};
static const struct ct_sj_keys update_keys = {.id = "id",
                                              .at = "published_at",
                                              .phase = "to_status",
                                              .text = "message_string",
                                              .phases = ct_sj_phases};

/* A component's word and group, by its id. */
struct mark {
    struct ct_span id, text;
    size_t place; /* in the document: the last of equal ids wins */
};
struct marks {
    CT_VEC(struct mark) list;
};

static int mark_cmp(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    int c = ct_span_cmp(x->id, y->id);
    return c ? c : (x->place < y->place) - (x->place > y->place);
}

static void mark(struct marks *m, struct ct_span id, struct ct_span text, struct ct_arena *a)
{
    struct mark *slot = CT_VEC_PUSH(a, &m->list);
    if (slot)
        *slot = (struct mark){id, text, m->list.n};
}

/* Of several the first in order. M is sorted. */
static struct ct_span marked(const struct marks *m, struct ct_span id)
{
    size_t low = 0, high = m->list.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (ct_span_cmp(m->list.v[mid].id, id) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < m->list.n && ct_span_eq(m->list.v[low].id, id) ? m->list.v[low].text
                                                                : CT_SPAN_NONE;
}

static void sort(struct marks *m)
{
    if (m->list.n)
        qsort(m->list.v, m->list.n, sizeof *m->list.v, mark_cmp);
}

static void add_components(const json_t *summary, const json_t *components, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct marks states = {{0}}, groups = {{0}};
    const json_t *items = ct_json_array(ct_json_object(summary, "structure"), "items"), *v, *c;
    size_t i, k;
    json_array_foreach (ct_json_array(summary, "affected_components"), i, v)
        mark(&states, ct_sj_id(v, "component_id", a), ct_sj_id(v, "status", a), a);
    json_array_foreach (items, i, v) {
        const json_t *group = ct_json_object(v, "group");
        json_array_foreach (ct_json_array(group, "components"), k, c)
            mark(&groups, ct_sj_id(c, "component_id", a), ct_sj_name(group, "name", a), a);
    }
    sort(&states);
    sort(&groups);
    json_array_foreach (components, i, v) {
        struct ct_component row = ct_component_new();
        row.id = ct_sj_id(v, "id", a);
        row.name = ct_sj_name(v, "name", a);
        row.group = marked(&groups, row.id);
        row.raw_state = marked(&states, row.id);
        row.state = CT_STATE_OPERATIONAL; /* what is not listed as affected */
        if (row.raw_state.p)
            row.state = ct_sj_word(out, state_words, "unknown component state", row.raw_state,
                                   CT_STATE_UNKNOWN);
        ct_sj_push_component(out, &row);
    }
}

/* The worst word of LIST's KEY; *STATE is its meaning, -1 when there is no known one. */
static struct ct_span worst_word(const json_t *list, const char *key, struct ct_batch *out,
                                 int *state)
{
    size_t i;
    const json_t *e;
    struct ct_span worst = CT_SPAN_NONE;
    *state = -1;
    json_array_foreach (list, i, e) {
        struct ct_span word = ct_sj_id(e, key, out->arena);
        if (!word.p)
            continue;
        int s = ct_sj_word(out, state_words, "unknown impact", word, -1);
        if (!worst.p || s > *state)
            worst = word;
        *state = s > *state ? s : *state;
    }
    return worst;
}

/* Maintenances say "maintenance_in_progress" or "in_progress". */
static int phase_of(struct ct_span word, struct ct_batch *out)
{
    struct ct_span bare = word;
    if (ct_span_starts(word, "maintenance_"))
        bare = (struct ct_span){word.p + 12, word.n - 12};
    if (ct_span_is(bare, "complete"))
        return CT_PHASE_COMPLETED;
    return ct_sj_word(out, ct_sj_phases, "unknown incident phase", bare, CT_PHASE_UNKNOWN);
}

/* Start of the first and end of the last window of real impact; an open one has no end. */
static void set_window(struct ct_incident *row, const json_t *windows)
{
    size_t i;
    const json_t *w;
    bool ended = json_array_size(windows) > 0;
    int64_t end = CT_NONE;
    json_array_foreach (windows, i, w) {
        int64_t from = ct_json_time(w, "start_at"), to = ct_json_time(w, "end_at");
        if (from != CT_NONE && (row->started_ms == CT_NONE || from < row->started_ms))
            row->started_ms = from;
        ended = ended && to != CT_NONE;
        end = to > end ? to : end;
    }
    if (ended)
        row->resolved_ms = end;
}

/* What any update touched. */
static struct ct_list touched(const json_t *updates, struct ct_arena *a)
{
    size_t i, k, n = 0;
    const json_t *u, *c;
    json_array_foreach (updates, i, u)
        n += json_array_size(ct_json_array(u, "component_statuses"));
    struct ct_list out = ct_list_new(a, n);
    json_array_foreach (updates, i, u) {
        json_array_foreach (ct_json_array(u, "component_statuses"), k, c)
            ct_list_add(&out, ct_sj_id(c, "component_id", a));
    }
    return out;
}

static int state_of(const struct ct_incident *row, bool planned, int worst)
{
    if (planned)
        return row->open && row->phase == CT_PHASE_SCHEDULED ? CT_STATE_OPERATIONAL
                                                             : CT_STATE_MAINTENANCE;
    if (row->open)
        return ct_rows_open_state(worst < 0 ? CT_STATE_DEGRADED : worst, row->phase);
    return worst > CT_STATE_UNKNOWN ? worst : CT_STATE_UNKNOWN;
}

static void add_incident(const json_t *i, bool planned, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    const json_t *updates = ct_json_array(i, "updates");
    const json_t *windows = ct_json_array(i, "status_summaries");
    struct ct_incident row = ct_incident_new();
    int worst;
    planned = planned || ct_span_ihas(ct_json_text(i, "type"), CT_LIT("maintenance"));
    row.id = ct_sj_id(i, "id", a);
    row.title = ct_sj_name(i, "name", a);
    row.phase = phase_of(ct_json_text(i, "status"), out);
    row.open = !ct_sj_is_over(row.phase);
    row.raw_impact = worst_word(windows, "worst_component_status", out, &worst);
    if (!row.raw_impact.p) {
        const json_t *newest = ct_sj_newest(updates, "published_at");
        row.raw_impact =
            worst_word(ct_json_array(newest, "component_statuses"), "status", out, &worst);
    }
    row.state = state_of(&row, planned, worst);
    row.components = touched(updates, a);
    row.updated_ms = ct_sj_updates(updates, row.id, &update_keys, out);
    set_window(&row, windows);
    if (planned) {
        row.scheduled_for_ms = row.started_ms;
        row.scheduled_until_ms = row.resolved_ms;
    }
    if (row.started_ms == CT_NONE)
        row.started_ms = ct_json_time(i, "published_at");
    if (row.open)
        row.resolved_ms = CT_NONE;
    else if (row.resolved_ms == CT_NONE)
        row.resolved_ms = row.updated_ms;
    ct_sj_push_incident(out, &row);
}

static enum ct_status add_list(const json_t *from, const char *path, const char *key, bool planned,
                               struct ct_batch *out, struct ct_error *err)
{
    const json_t *list, *v;
    size_t i;
    enum ct_status s = ct_json_may(from, path, key, CT_WANT_ARRAY, &list, err);
    if (s == CT_OK)
        s = ct_sj_check_ids(list, key, "id", err);
    if (s != CT_OK)
        return s;
    json_array_foreach (list, i, v) {
        if (!ct_rows_too_many(out))
            add_incident(v, planned, out);
    }
    return CT_OK;
}

static enum ct_status read_summary(const json_t *summary, struct ct_batch *out,
                                   struct ct_error *err)
{
    const json_t *components, *affected, *v;
    enum ct_status s;
    if ((s = ct_json_need(summary, "$.summary", "name", CT_WANT_TEXT, &v, err)) != CT_OK ||
        (s = ct_json_need(summary, "$.summary", "components", CT_WANT_ARRAY, &components, err)) !=
            CT_OK ||
        (s = ct_json_may(summary, "$.summary", "affected_components", CT_WANT_ARRAY, &affected,
                         err)) != CT_OK ||
        (s = ct_sj_check_ids(components, "$.summary.components", "id", err)) != CT_OK ||
        (s = ct_sj_check_ids(affected, "$.summary.affected_components", "component_id", err)) !=
            CT_OK)
        return s;
    ct_sj_push_page(out, ct_json_word(summary, "id", out->arena), ct_json_span(v),
                    ct_json_text(summary, "public_url"), CT_SPAN_NONE, CT_NONE);
    add_components(summary, components, out);
    if ((s = add_list(summary, "$.summary", "ongoing_incidents", false, out, err)) != CT_OK ||
        (s = add_list(summary, "$.summary", "in_progress_maintenances", true, out, err)) != CT_OK)
        return s;
    return add_list(summary, "$.summary", "scheduled_maintenances", true, out, err);
}

/* Checkly's list has the same outside: here incidents have a state of their own. */
static enum ct_status read_list(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *list, *v;
    size_t i;
    enum ct_status s = ct_json_need(root, "$", "incidents", CT_WANT_ARRAY, &list, err);
    if (s != CT_OK)
        return s;
    if (ct_json_get(root, "page"))
        return ct_fail(err, CT_ERR_SHAPE, "$.page", "wanted nothing but a list of incidents");
    json_array_foreach (list, i, v) {
        if ((s = ct_json_need(v, "$.incidents[]", "status", CT_WANT_TEXT, &v, err)) != CT_OK)
            return s;
    }
    out->trouble_only = true;
    return add_list(root, "$", "incidents", false, out, err);
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *summary = ct_json_object(root, "summary");
    return summary ? read_summary(summary, out, err) : read_list(root, out, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_incidentio_native = {
    .name = "incidentio-native",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://STATUS-PAGE/proxy/STATUS-PAGE",
    .max_bytes = 16 << 20,
    .parse = parse,
    .unproven = true,
};
