/* incidentio-compat: <base>/api/v2/summary.json of an incident.io page. It follows Statuspage's
 * shape with fewer keys: no groups, no maintenances, incidents without components, start and link.
 */
#include "fetchers/families/all.h"
#include "fetchers/families/statuspage.h"

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_statuspage_parse(body, true, out, err);
}

const struct ct_family ct_family_incidentio_compat = {
    .name = "incidentio-compat",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://STATUS-PAGE/api/v2/summary.json",
    .max_bytes = 16 << 20,
    .parse = parse,
};
