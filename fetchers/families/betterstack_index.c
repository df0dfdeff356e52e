/* betterstack-index: <base>/index.json, one JSON:API document. Everything but the page is in one
 * flat list; reports point at their messages by id. A monitor may be down without any report. */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"

#include <stdlib.h>

/* Ids of resources and reports are text, those of sections numbers where they are pointed at. */
struct entry {
    struct ct_span id;
    const json_t *attributes;
    size_t place; /* in the document: the first of equal ids wins */
};
struct entries {
    struct entry *v;
    size_t n;
};

static int entry_cmp(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int c = ct_span_cmp(x->id, y->id);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

static int id_cmp(const void *key, const void *entry)
{
    return ct_span_cmp(*(const struct ct_span *)key, ((const struct entry *)entry)->id);
}

/* The entries of TYPE by id. */
static struct entries read_entries(const json_t *included, const char *type, struct ct_arena *a)
{
    struct entries s = {ct_arena_alloc(a, (json_array_size(included) + 1) * sizeof *s.v), 0};
    size_t i, kept = 0;
    const json_t *e;
    if (!s.v)
        return s;
    json_array_foreach (included, i, e) {
        if (ct_span_is(ct_json_text(e, "type"), type))
            s.v[s.n++] = (struct entry){ct_sj_id(e, "id", a), ct_json_object(e, "attributes"), i};
    }
    if (s.n)
        qsort(s.v, s.n, sizeof *s.v, entry_cmp);
    for (size_t k = 0; k < s.n; k++)
        if (kept == 0 || !ct_span_eq(s.v[k].id, s.v[kept - 1].id))
            s.v[kept++] = s.v[k];
    s.n = kept;
    return s;
}

static const json_t *find(const struct entries *s, struct ct_span id)
{
    const struct entry *e = id.n && s->n ? bsearch(&id, s->v, s->n, sizeof *s->v, id_cmp) : NULL;
    return e ? e->attributes : NULL;
}

struct document {
    struct entries sections, resources, updates;
    int64_t made_ms; /* when the page changed last: as late as it was then, at least */
};

static const struct ct_sj_word resource_words[] = {{"operational", CT_STATE_OPERATIONAL},
                                                   {"resolved", CT_STATE_OPERATIONAL},
                                                   {"degraded", CT_STATE_DEGRADED},
                                                   {"downtime", CT_STATE_MAJOR},
                                                   {"maintenance", CT_STATE_MAINTENANCE},
                                                   {"not_monitored", CT_STATE_UNKNOWN},
                                                   {NULL, 0}};

static void add_resource(const json_t *e, const struct document *doc, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    const json_t *r = ct_json_object(e, "attributes");
    struct ct_component row = ct_component_new();
    row.id = ct_sj_id(e, "id", a);
    row.name = ct_sj_name(r, "public_name", a);
    row.group =
        ct_sj_name(find(&doc->sections, ct_sj_id(r, "status_page_section_id", a)), "name", a);
    row.raw_state = ct_sj_id(r, "status", a);
    row.state =
        ct_sj_word(out, resource_words, "unknown component state", row.raw_state, CT_STATE_UNKNOWN);
    ct_sj_push_component(out, &row);
}

/* The worst of the states in AFFECTED; -1: none is known. *OVER: there are some, all resolved. */
static int worst_of(const json_t *affected, bool *over)
{
    size_t i;
    const json_t *e;
    int worst = -1;
    *over = json_array_size(affected) > 0;
    json_array_foreach (affected, i, e) {
        struct ct_span word = ct_json_text(e, "status");
        int state = ct_sj_lookup(resource_words, word, -1);
        *over = *over && ct_span_is(word, "resolved");
        worst = state > worst ? state : worst;
    }
    return worst;
}

/* Pushes the messages of REPORT, returns the newest instant; *WORST: the worst state in them. */
static int64_t add_messages(const json_t *report, struct ct_span id, const struct document *doc,
                            struct ct_batch *out, int *worst)
{
    struct ct_arena *a = out->arena;
    const json_t *relations = ct_json_object(report, "relationships"), *ref;
    const json_t *refs = ct_json_array(ct_json_object(relations, "status_updates"), "data");
    size_t i, n = 0;
    bool over;
    struct ct_update *v = ct_arena_alloc(a, (json_array_size(refs) + 1) * sizeof *v);
    *worst = -1;
    if (!v)
        return CT_NONE;
    json_array_foreach (refs, i, ref) {
        struct ct_update row = ct_update_new();
        row.id = ct_sj_id(ref, "id", a);
        const json_t *u = find(&doc->updates, row.id);
        if (!u) {
            ct_batch_note(out, CT_LIT("an update that is not in the document"));
            continue;
        }
        row.incident = id;
        row.at_ms = ct_json_time(u, "published_at");
        row.text = ct_json_text(u, "message");
        int state = worst_of(ct_json_array(u, "affected_resources"), &over);
        row.phase = over ? CT_PHASE_RESOLVED : CT_PHASE_UNKNOWN;
        *worst = state > *worst ? state : *worst;
        v[n++] = row;
    }
    return ct_rows_updates(out, v, n);
}

/* Planned work is listed from its announcement on. It runs once the page has changed after its
 * start, or when a part it names is in maintenance. */
static bool has_begun(const struct ct_incident *row, const struct document *doc)
{
    if (row->scheduled_for_ms == CT_NONE || row->scheduled_for_ms <= doc->made_ms)
        return true;
    for (size_t i = 0; i < row->components.n; i++)
        if (ct_span_is(ct_json_text(find(&doc->resources, row->components.v[i]), "status"),
                       "maintenance"))
            return true;
    return false;
}

static const struct ct_sj_word report_words[] = {{"degraded", CT_STATE_DEGRADED},
                                                 {"downtime", CT_STATE_MAJOR},
                                                 {"maintenance", CT_STATE_MAINTENANCE},
                                                 {"resolved", CT_STATE_OPERATIONAL},
                                                 {NULL, 0}};

static void add_report(const json_t *e, const struct document *doc, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    const json_t *r = ct_json_object(e, "attributes");
    struct ct_incident row = ct_incident_new();
    int worst;
    row.id = ct_sj_id(e, "id", a);
    row.title = ct_sj_name(r, "title", a);
    row.raw_impact = ct_sj_id(r, "aggregate_state", a);
    int state =
        ct_sj_word(out, report_words, "unknown report state", row.raw_impact, CT_STATE_DEGRADED);
    bool planned =
        ct_span_is(ct_json_text(r, "report_type"), "maintenance") || state == CT_STATE_MAINTENANCE;
    row.open = state != CT_STATE_OPERATIONAL;
    row.started_ms = ct_json_time(r, "starts_at");
    row.components =
        ct_sj_ids(ct_json_array(r, "affected_resources"), "status_page_resource_id", a);
    row.updated_ms = add_messages(e, row.id, doc, out, &worst);
    if (planned) {
        row.scheduled_for_ms = row.started_ms;
        row.scheduled_until_ms = ct_json_time(r, "ends_at");
    }
    if (!row.open) {
        row.phase = planned ? CT_PHASE_COMPLETED : CT_PHASE_RESOLVED;
        row.state = planned                    ? CT_STATE_MAINTENANCE
                    : worst > CT_STATE_UNKNOWN ? worst
                                               : CT_STATE_UNKNOWN;
        row.resolved_ms = ct_json_time(r, "ends_at"); /* of a manual report: never there */
        if (row.resolved_ms == CT_NONE)
            row.resolved_ms = row.updated_ms;
    } else if (planned) {
        bool runs = has_begun(&row, doc);
        row.phase = runs ? CT_PHASE_IN_PROGRESS : CT_PHASE_SCHEDULED;
        row.state = runs ? CT_STATE_MAINTENANCE : CT_STATE_OPERATIONAL;
    } else {
        row.phase = CT_PHASE_UNKNOWN;
        row.state = ct_rows_open_state(state, row.phase);
    }
    ct_sj_push_incident(out, &row);
}

static void add_page(const json_t *data, const json_t *page, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_span host = ct_json_text(page, "custom_domain");
    ct_sj_push_page(out, ct_json_word(data, "id", a), ct_json_text(page, "company_name"),
                    host.n ? ct_arena_printf(a, "https://%.*s", CT_FMT(host)) : CT_SPAN_NONE,
                    ct_json_text(page, "aggregate_state"), ct_json_time(page, "updated_at"));
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *data, *type, *page, *included, *e;
    enum ct_status s;
    size_t i;
    if ((s = ct_json_need(root, "$", "data", CT_WANT_OBJECT, &data, err)) != CT_OK ||
        (s = ct_json_need(data, "$.data", "type", CT_WANT_TEXT, &type, err)) != CT_OK ||
        (s = ct_json_need(data, "$.data", "attributes", CT_WANT_OBJECT, &page, err)) != CT_OK ||
        (s = ct_json_need(root, "$", "included", CT_WANT_ARRAY, &included, err)) != CT_OK ||
        (s = ct_sj_check_ids(included, "$.included", "id", err)) != CT_OK)
        return s;
    if (!ct_span_is(ct_json_span(type), "status_page"))
        return ct_fail(err, CT_ERR_SHAPE, "$.data.type", "wanted \"status_page\"");
    struct document doc = {read_entries(included, "status_page_section", out->arena),
                           read_entries(included, "status_page_resource", out->arena),
                           read_entries(included, "status_update", out->arena),
                           ct_json_time(page, "updated_at")};
    add_page(data, page, out);
    json_array_foreach (included, i, e) {
        struct ct_span kind = ct_json_text(e, "type");
        if (ct_rows_too_many(out))
            break;
        if (ct_span_is(kind, "status_page_resource"))
            add_resource(e, &doc, out);
        else if (ct_span_is(kind, "status_report"))
            add_report(e, &doc, out);
        else if (!ct_span_is(kind, "status_page_section") && !ct_span_is(kind, "status_update"))
            ct_rows_note_word(out, "unknown kind of entry", kind);
    }
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_betterstack_index = {
    .name = "betterstack-index",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://STATUS-PAGE/index.json",
    .parse = parse,
};
