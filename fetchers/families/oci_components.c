/* oci-components: Oracle's report of every service in every region. An incident is an id and a
 * severity under each service it touches; the words for it are in the RSS feed alone. */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one service says about one incident. */
struct mention {
    struct ct_span incident, severity, service, name, region;
    size_t place; /* in the document */
};
struct mentions {
    CT_VEC(struct mention) list;
};

/* Documented with blanks, served without. */
static int state_of(struct ct_span word)
{
    static const struct ct_sj_word words[] = {{"normalperformance", CT_STATE_OPERATIONAL},
                                              {"informational", CT_STATE_DEGRADED},
                                              {"servicedisruption", CT_STATE_PARTIAL},
                                              {"servicedown", CT_STATE_MAJOR},
                                              {NULL, 0}};
    char joined[32];
    size_t n = 0;
    for (size_t i = 0; i < word.n && n < sizeof joined; i++)
        if (word.p[i] != ' ')
            joined[n++] = word.p[i];
    return n < sizeof joined ? ct_sj_lookup(words, (struct ct_span){joined, n}, -1) : -1;
}

/* "us-ashburn-1": lower case, with a hyphen and a number at its end. */
static bool is_code(struct ct_span s)
{
    bool hyphen = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
        hyphen = hyphen || c == '-';
    }
    return hyphen && s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '9';
}

/* Which of its three names is the code is not written down anywhere. */
static struct ct_span region_of(const json_t *report, struct ct_arena *a)
{
    static const char *const keys[] = {"regionId", "regionCanonicalName", "regionName"};
    for (size_t i = 0; i < CT_LEN(keys); i++)
        if (is_code(ct_json_text(report, keys[i])))
            return ct_sj_id(report, keys[i], a);
    struct ct_span name = ct_sj_name(report, "regionName", a);
    return name.p ? name : ct_sj_id(report, "regionId", a);
}

static void add_service(const json_t *s, struct ct_span region_id, struct ct_span region,
                        struct mentions *m, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_component row = ct_component_new();
    const json_t *i;
    size_t n;
    struct ct_span id =
        ct_arena_printf(a, "%.*s/%.*s", CT_FMT(region_id), CT_FMT(ct_json_word(s, "serviceId", a)));
    row.id = ct_clean_id(a, id);
    row.name = ct_sj_name(s, "serviceName", a);
    row.group = ct_sj_name(s, "serviceCategoryName", a);
    row.region = region;
    row.raw_state = ct_sj_id(s, "serviceStatus", a);
    row.state = state_of(row.raw_state);
    if (row.state < 0) {
        row.state = CT_STATE_UNKNOWN;
        ct_rows_note_word(out, "unknown component state", row.raw_state);
    }
    ct_sj_push_component(out, &row);
    json_array_foreach (ct_json_array(s, "incidents"), n, i) {
        struct mention *slot = CT_VEC_PUSH(a, &m->list);
        if (slot)
            *slot = (struct mention){ct_sj_id(i, "incidentId", a),
                                     ct_sj_id(i, "severity", a),
                                     row.id,
                                     row.name,
                                     region,
                                     m->list.n};
    }
}

static int mention_cmp(const void *a, const void *b)
{
    const struct mention *x = a, *y = b;
    int c = ct_span_cmp(x->incident, y->incident);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

/* The services it touches stand for a title: the report has none. */
static void add_incident(const struct mention *v, size_t n, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    struct ct_list names = ct_list_new(a, n);
    struct ct_buf title = CT_BUF_INIT;
    int worst = -1;
    row.id = v->incident;
    row.open = 1;
    row.phase = CT_PHASE_UNKNOWN;
    row.components = ct_list_new(a, n);
    row.regions = ct_list_new(a, n);
    for (size_t i = 0; i < n; i++) {
        int state = state_of(v[i].severity);
        if (state < 0)
            ct_rows_note_word(out, "unknown impact", v[i].severity);
        if (i == 0 || state > worst)
            row.raw_impact = v[i].severity;
        worst = state > worst ? state : worst;
        ct_list_add(&row.components, v[i].service);
        ct_list_add(&row.regions, v[i].region);
        ct_list_add(&names, v[i].name);
    }
    for (size_t i = 0; i < names.n; i++) {
        ct_buf_adds(&title, i ? ", " : "");
        ct_buf_add(&title, names.v[i]);
    }
    row.title = title.n ? ct_clean_name(a, ct_buf_span(&title)) : CT_SPAN_NONE;
    row.state = ct_rows_open_state(worst < 0 ? CT_STATE_DEGRADED : worst, row.phase);
    ct_buf_free(&title);
    ct_sj_push_incident(out, &row);
}

static void add_incidents(struct mentions *m, struct ct_batch *out)
{
    size_t n = m->list.n, end;
    struct mention *v = m->list.v;
    if (n)
        qsort(v, n, sizeof *v, mention_cmp);
    for (size_t i = 0; i < n && !ct_rows_too_many(out); i = end) {
        for (end = i + 1; end < n && ct_span_eq(v[end].incident, v[i].incident); end++)
            ;
        add_incident(v + i, end - i, out);
    }
}

static enum ct_status check_region(const json_t *report, size_t i, const json_t **services,
                                   struct ct_error *err)
{
    char path[96];
    size_t n;
    const json_t *s, *incidents;
    snprintf(path, sizeof path, "$.regionHealthReports[%zu].serviceHealthReports", i);
    *services = ct_json_array(report, "serviceHealthReports");
    if (!*services)
        return ct_fail(err, CT_ERR_SHAPE, path, "wanted an array, found %s",
                       ct_json_kind(json_object_get(report, "serviceHealthReports")));
    enum ct_status status = ct_sj_check_ids(*services, path, "serviceId", err);
    json_array_foreach (*services, n, s) {
        if (status != CT_OK)
            break;
        size_t at = strlen(path);
        snprintf(path + at, sizeof path - at, "[%zu]", n);
        status = ct_json_may(s, path, "incidents", CT_WANT_ARRAY, &incidents, err);
        if (status == CT_OK)
            status = ct_sj_check_ids(incidents, path, "incidentId", err);
        path[at] = '\0';
    }
    return status;
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *regions, *services, *r, *v;
    struct ct_arena *a = out->arena;
    struct mentions m = {{0}};
    size_t i, k;
    enum ct_status s = ct_json_need(root, "$", "regionHealthReports", CT_WANT_ARRAY, &regions, err);
    if (s == CT_OK && json_array_size(regions) == 0)
        s = ct_fail(err, CT_ERR_SHAPE, "$.regionHealthReports", "wanted regions, found none");
    if (s == CT_OK)
        s = ct_sj_check_ids(regions, "$.regionHealthReports", "regionId", err);
    json_array_foreach (regions, i, r) {
        if (s != CT_OK || ct_rows_too_many(out))
            break;
        s = check_region(r, i, &services, err);
        if (s != CT_OK)
            break;
        struct ct_span id = ct_json_word(r, "regionId", a), region = region_of(r, a);
        json_array_foreach (services, k, v) {
            if (!ct_rows_too_many(out))
                add_service(v, id, region, &m, out);
        }
    }
    if (s == CT_OK)
        add_incidents(&m, out);
    return s;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_oci_components = {
    .name = "oci-components",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://ocistatus.oraclecloud.com/api/v2/components.json",
    .max_bytes = 16 << 20,
    .parse = parse,
    .unproven = true,
};
