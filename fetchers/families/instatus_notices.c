/* instatus-notices: the history of an Instatus page, a month and a part of it at a time. */
#include "fetchers/families/all.h"
#include "fetchers/families/instatus.h"
#include "fetchers/families/status_json.h"

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *month, *notices, *v;
    enum ct_status s;
    size_t i;
    if ((s = ct_json_need(root, "$", "month", CT_WANT_OBJECT, &month, err)) != CT_OK ||
        (s = ct_json_need(month, "$.month", "notices", CT_WANT_ARRAY, &notices, err)) != CT_OK ||
        (s = ct_sj_check_ids(notices, "$.month.notices", "id", err)) != CT_OK)
        return s;
    int last = ct_json_flag(month, "isLastPage");
    if (last < 0)
        return ct_fail(err, CT_ERR_SHAPE, "$.month.isLastPage", "wanted a boolean, found %s",
                       ct_json_kind(json_object_get(month, "isLastPage")));
    json_array_foreach (notices, i, v) {
        bool planned = ct_json_get(v, "duration") ||
                       ct_span_ihas(ct_json_text(v, "type"), CT_LIT("maintenance"));
        if (!ct_rows_too_many(out))
            ct_instatus_add(v, planned, out);
    }
    if (!last)
        ct_batch_note(out, CT_LIT("a further page of this month"));
    out->trouble_only = true;
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_instatus_notices = {
    .name = "instatus-notices",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://api.instatus.com/public/HOST/notices/monthly/MONTH-MS?page_no=N",
    .parse = parse,
};
