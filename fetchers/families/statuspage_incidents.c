/* statuspage-incidents: the lists of a Statuspage page (incidents.json, unresolved.json,
 * scheduled-maintenances*.json, 50 newest), or one incident alone (incidents/ID.json). */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"
#include "fetchers/families/statuspage.h"

static enum ct_status read_one(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *v;
    enum ct_status s;
    if ((s = ct_json_need(root, "$", "id", CT_WANT_TEXT, &v, err)) != CT_OK ||
        (s = ct_json_need(root, "$", "name", CT_WANT_TEXT, &v, err)) != CT_OK ||
        (s = ct_json_need(root, "$", "status", CT_WANT_TEXT, &v, err)) != CT_OK)
        return s;
    if (json_string_length(json_object_get(root, "id")) == 0)
        return ct_fail(err, CT_ERR_SHAPE, "$.id", "an incident with an empty id");
    out->data_ms = ct_json_time(root, "updated_at");
    ct_statuspage_incident(root, ct_json_get(root, "scheduled_for") != NULL, out);
    return CT_OK;
}

static enum ct_status read_lists(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *page, *incidents, *planned, *v;
    enum ct_status s;
    size_t i;
    if ((s = ct_json_need(root, "$", "page", CT_WANT_OBJECT, &page, err)) != CT_OK ||
        (s = ct_json_need(page, "$.page", "name", CT_WANT_TEXT, &v, err)) != CT_OK ||
        (s = ct_json_may(root, "$", "scheduled_maintenances", CT_WANT_ARRAY, &planned, err)) !=
            CT_OK ||
        (s = (planned ? ct_json_may : ct_json_need)(root, "$", "incidents", CT_WANT_ARRAY,
                                                    &incidents, err)) != CT_OK ||
        (s = ct_sj_check_ids(incidents, "$.incidents", "id", err)) != CT_OK ||
        (s = ct_sj_check_ids(planned, "$.scheduled_maintenances", "id", err)) != CT_OK)
        return s;
    if (ct_json_get(root, "components") || ct_json_get(root, "status"))
        return ct_fail(err, CT_ERR_SHAPE, "$", "wanted nothing but a page and its incidents");
    ct_sj_push_page(out, ct_json_word(page, "id", out->arena), ct_json_text(page, "name"),
                    ct_json_text(page, "url"), CT_SPAN_NONE, ct_json_time(page, "updated_at"));
    json_array_foreach (incidents, i, v) {
        if (!ct_rows_too_many(out))
            ct_statuspage_incident(v, false, out);
    }
    json_array_foreach (planned, i, v) {
        if (!ct_rows_too_many(out))
            ct_statuspage_incident(v, true, out);
    }
    out->trouble_only = true;
    return CT_OK;
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    return ct_json_array(root, "incident_updates") ? read_one(root, out, err)
                                                   : read_lists(root, out, err);
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_statuspage_incidents = {
    .name = "statuspage-incidents",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://STATUS-PAGE/api/v2/incidents.json",
    .max_bytes = 16 << 20,
    .parse = parse,
};
