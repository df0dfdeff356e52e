/* oci-status: Oracle's page in one word. Looks like a Statuspage status, but its page has no id and
 * nothing stands beside it. */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"

static const struct ct_sj_word indicator_words[] = {{"none", CT_STATE_OPERATIONAL},
                                                    {"minor", CT_STATE_DEGRADED},
                                                    {"major", CT_STATE_PARTIAL},
                                                    {"critical", CT_STATE_MAJOR},
                                                    {NULL, 0}};

/* Elsewhere a page's word is a hint beside its parts. This page has no parts: the word is all there
 * is, so the whole stands as one. */
static void add_whole(struct ct_span name, struct ct_span indicator, struct ct_batch *out)
{
    struct ct_component row = ct_component_new();
    row.id = CT_LIT("page");
    row.name = ct_clean_name(out->arena, name);
    row.raw_state = ct_clean_id(out->arena, indicator);
    row.state =
        ct_sj_word(out, indicator_words, "unknown indicator", row.raw_state, CT_STATE_UNKNOWN);
    row.updated_ms = out->data_ms;
    ct_sj_push_component(out, &row);
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *page, *status, *name, *indicator;
    enum ct_status s;
    if ((s = ct_json_need(root, "$", "page", CT_WANT_OBJECT, &page, err)) != CT_OK ||
        (s = ct_json_need(page, "$.page", "name", CT_WANT_TEXT, &name, err)) != CT_OK ||
        (s = ct_json_need(root, "$", "status", CT_WANT_OBJECT, &status, err)) != CT_OK ||
        (s = ct_json_need(status, "$.status", "indicator", CT_WANT_TEXT, &indicator, err)) != CT_OK)
        return s;
    if (ct_json_get(page, "id") || ct_json_get(root, "components") ||
        ct_json_get(root, "incidents"))
        return ct_fail(err, CT_ERR_SHAPE, "$",
                       "wanted a page without id, components and incidents");
    ct_sj_push_page(out, CT_SPAN_NONE, ct_json_span(name), ct_json_text(page, "url"),
                    ct_json_span(indicator), ct_json_time(page, "updated_at"));
    add_whole(ct_json_span(name), ct_json_span(indicator), out);
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_oci_status = {
    .name = "oci-status",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://ocistatus.oraclecloud.com/api/v2/status.json",
    .parse = parse,
    .unproven = true,
};
