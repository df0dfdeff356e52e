/* vultr-alerts: the alerts of Vultr's status page in one list. Planned work is "ongoing" from its
 * announcement on, its hours only in the text; resolved alerts stay for days. */
#include "config.h"

#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"
#include "fetchers/families/vultr.h"

#include <stdlib.h>
#include <string.h>

enum ct_status ct_vultr_collect(const json_t *list, const char *path, struct ct_span region,
                                struct ct_vultr_alerts *out, struct ct_arena *arena,
                                struct ct_error *err)
{
    size_t i;
    const json_t *e;
    enum ct_status s = ct_sj_check_ids(list, path, "id", err);
    if (s != CT_OK)
        return s;
    json_array_foreach (list, i, e) {
        struct ct_vultr_alert *slot = CT_VEC_PUSH(arena, &out->list);
        struct ct_span where = region.p ? region : ct_sj_id(e, "region", arena);
        if (slot)
            *slot = (struct ct_vultr_alert){e, ct_sj_id(e, "id", arena), where, out->list.n};
    }
    return CT_OK;
}

static int alert_cmp(const void *a, const void *b)
{
    const struct ct_vultr_alert *x = a, *y = b;
    int c = ct_span_cmp(x->id, y->id);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

/* "LABEL 2026-08-24 14:00:00 UTC" on a line of its own in TEXT. */
static int64_t time_behind(struct ct_span text, const char *label)
{
    const char *at = text.n ? memmem(text.p, text.n, label, strlen(label)) : NULL;
    int64_t ms = CT_NONE;
    if (!at)
        return CT_NONE;
    at += strlen(label);
    struct ct_span rest = {at, (size_t)(text.p + text.n - at)};
    struct ct_span line = ct_span_trim(ct_span_cut(&rest, '\n'));
    if (ct_span_ends(line, " UTC"))
        line.n -= 4;
    return ct_time_parse(ct_span_trim(line), &ms) == CT_OK ? ms : CT_NONE;
}

/* When the document was made, at least: the newest instant in it. */
static int64_t newest_of(const struct ct_vultr_alerts *alerts)
{
    int64_t newest = CT_NONE;
    for (size_t i = 0; i < alerts->list.n; i++) {
        const json_t *alert = alerts->list.v[i].alert;
        const json_t *entry = ct_sj_newest(ct_json_array(alert, "entries"), "updated_at");
        int64_t at[] = {ct_json_time(alert, "start_date"), ct_json_time(alert, "updated_at"),
                        ct_json_time(entry, "updated_at")};
        for (size_t k = 0; k < CT_LEN(at); k++)
            newest = at[k] > newest ? at[k] : newest;
    }
    return newest;
}

static int trouble_of(struct ct_span title, struct ct_span text)
{
    bool slow = ct_span_ihas(title, CT_LIT("degraded")) || ct_span_ihas(title, CT_LIT("latency")) ||
                ct_span_ihas(text, CT_LIT("degraded")) || ct_span_ihas(text, CT_LIT("latency"));
    return slow ? CT_STATE_DEGRADED : CT_STATE_PARTIAL;
}

static void judge(struct ct_incident *row, struct ct_span text, int64_t made_ms)
{
    if (!ct_span_ihas(row->title, CT_LIT("maintenance"))) {
        row->phase = row->open ? CT_PHASE_UNKNOWN : CT_PHASE_RESOLVED;
        row->state = row->open ? trouble_of(row->title, text) : CT_STATE_UNKNOWN;
        return;
    }
    row->scheduled_for_ms = time_behind(text, "Start Time:");
    row->scheduled_until_ms = time_behind(text, "End Time:");
    bool ahead = row->open && row->scheduled_for_ms != CT_NONE && row->scheduled_for_ms > made_ms;
    row->state = ahead ? CT_STATE_OPERATIONAL : CT_STATE_MAINTENANCE;
    row->phase = !row->open                         ? CT_PHASE_COMPLETED
                 : ahead                            ? CT_PHASE_SCHEDULED
                 : row->scheduled_for_ms != CT_NONE ? CT_PHASE_IN_PROGRESS
                                                    : CT_PHASE_UNKNOWN;
}

/* V: the N places one alert stands under. */
static void add_alert(const struct ct_vultr_alert *v, size_t n, int64_t made_ms,
                      struct ct_batch *out)
{
    static const struct ct_sj_word status_words[] = {{"ongoing", 1}, {"resolved", 0}, {NULL, 0}};
    static const struct ct_sj_keys keys = {.at = "updated_at", .text = "message"};
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    const json_t *entries = ct_json_array(v->alert, "entries");
    row.id = v->id;
    row.title = ct_sj_name(v->alert, "subject", a);
    row.open =
        ct_sj_word(out, status_words, "unknown alert status", ct_json_text(v->alert, "status"), 1);
    row.started_ms = ct_json_time(v->alert, "start_date");
    row.updated_ms = ct_sj_updates(entries, row.id, &keys, out);
    int64_t edited_ms = ct_json_time(v->alert, "updated_at"); /* mostly "" */
    row.updated_ms = edited_ms > row.updated_ms ? edited_ms : row.updated_ms;
    judge(&row, ct_json_text(ct_sj_newest(entries, "updated_at"), "message"), made_ms);
    if (!row.open && (edited_ms != CT_NONE || json_array_size(entries) > 1))
        row.resolved_ms = row.updated_ms; /* an announcement alone does not say when it was over */
    row.regions = ct_list_new(a, n);
    for (size_t i = 0; i < n; i++)
        ct_list_add(&row.regions, v[i].region);
    ct_sj_push_incident(out, &row);
}

void ct_vultr_add(struct ct_vultr_alerts *alerts, struct ct_batch *out)
{
    size_t n = alerts->list.n, end;
    struct ct_vultr_alert *v = alerts->list.v;
    int64_t made_ms = newest_of(alerts);
    if (n)
        qsort(v, n, sizeof *v, alert_cmp);
    for (size_t i = 0; i < n && !ct_rows_too_many(out); i = end) {
        for (end = i + 1; end < n && ct_span_eq(v[end].id, v[i].id); end++)
            ;
        add_alert(v + i, end - i, made_ms, out);
    }
}

/* The status document has the same list beside its regions, mostly empty: no all-clear. */
static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *list;
    struct ct_vultr_alerts alerts = {{0}};
    enum ct_status s = ct_json_need(root, "$", "service_alerts", CT_WANT_ARRAY, &list, err);
    if (s == CT_OK && ct_json_get(root, "regions"))
        s = ct_fail(err, CT_ERR_SHAPE, "$.regions", "wanted nothing but service_alerts");
    if (s == CT_OK)
        s = ct_vultr_collect(list, "$.service_alerts", CT_SPAN_NONE, &alerts, out->arena, err);
    if (s != CT_OK)
        return s;
    ct_vultr_add(&alerts, out);
    out->trouble_only = true;
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_vultr_alerts = {
    .name = "vultr-alerts",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://status.vultr.com/alerts.json",
    .parse = parse,
};
