/* Labels of alerts, and what the matchers of a silence cover: LABEL=GLOB[,GLOB...], separated by blanks. Pure. */
#include "config.h"

#include "db/alerts.h"
#include "db/schema.h"

struct ct_span ct_alert_label(struct ct_span labels, struct ct_span key)
{
    while (labels.p) {
        struct ct_span item = ct_span_cut(&labels, CT_UNIT_SEPARATOR);
        if (ct_span_eq(ct_span_cut(&item, '='), key))
            return item;
    }
    return CT_SPAN_NONE;
}

static struct ct_span next_matcher(struct ct_span *rest)
{
    struct ct_span item = {NULL, 0};
    while (rest->p && !(item = ct_span_trim(ct_span_cut(rest, ' '))).n)
        continue;
    return item;
}

/* VALUE is as PATTERN says, or as one of several with commas between them. */
static bool matches(struct ct_span pattern, struct ct_span value)
{
    bool fits = ct_glob(pattern, value); /* values have commas, too */
    while (!fits && pattern.p)
        fits = ct_glob(ct_span_cut(&pattern, ','), value);
    return fits;
}

bool ct_silence_covers(struct ct_span matchers, struct ct_span labels)
{
    bool any = false;
    for (struct ct_span item; (item = next_matcher(&matchers)).n; any = true) {
        struct ct_span key = ct_span_cut(&item, '='), value = ct_alert_label(labels, key);
        if (!item.p || !value.p || !matches(item, value))
            return false;
    }
    return any;
}

enum ct_status ct_silence_check(struct ct_span matchers, struct ct_error *err)
{
    size_t n = 0;
    for (struct ct_span item; (item = next_matcher(&matchers)).n; n++) {
        struct ct_span whole = item, key = ct_span_cut(&item, '=');
        bool fine = key.n && item.n;
        for (size_t i = 0; i < key.n; i++)
            fine = fine && ((key.p[i] >= 'a' && key.p[i] <= 'z') || key.p[i] == '_');
        if (!fine)
            return ct_fail(err, CT_ERR_USAGE, "silence", "\"%.*s\" is not LABEL=VALUE",
                           (int)(whole.n < 60 ? whole.n : 60), whole.p);
    }
    return n ? CT_OK
             : ct_fail(err, CT_ERR_USAGE, "silence", "what it covers is missing: provider=gcp");
}
