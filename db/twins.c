#include "db/twins.h"

#include <strings.h>

bool ct_is_direct(const struct ct_source_at *s, struct ct_span cloud)
{
    return s && (s->evidence == CT_EVIDENCE_OFFICIAL || s->evidence == CT_EVIDENCE_STOCK) &&
           cloud.n && ct_span_eq(s->provider, cloud);
}

int ct_cmp_instance(struct ct_span a, struct ct_span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int way = n ? strncasecmp(a.p, b.p, n) : 0;
    return way ? way : (a.n > b.n) - (a.n < b.n);
}

static bool is_named_directly(const struct ct_listing *v, size_t n, struct ct_span instance)
{
    for (size_t i = 0; i < n && instance.n; i++)
        if (v[i].direct && ct_cmp_instance(v[i].instance, instance) == 0)
            return true;
    return false;
}

static void acquit(struct ct_listing *v, size_t n, int64_t source)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].source == source)
            v[i].alien = false;
}

void ct_find_aliens(struct ct_listing *v, size_t n)
{
    bool any_direct = false;
    for (size_t i = 0; i < n; i++)
        any_direct = any_direct || v[i].direct;
    for (size_t i = 0; i < n; i++)
        v[i].alien = any_direct && !v[i].direct;
    for (size_t i = 0; i < n && any_direct; i++)
        if (v[i].alien && is_named_directly(v, n, v[i].instance))
            acquit(v, n, v[i].source);
}

bool ct_same_memory(int64_t a_milli, int64_t b_milli)
{
    return a_milli == CT_NONE || b_milli == CT_NONE || (a_milli + 500) / 1000 == (b_milli + 500) / 1000;
}

int ct_word_worth(int evidence)
{
    static const int of_evidence[] = {[CT_EVIDENCE_OFFICIAL] = 3,
                                      [CT_EVIDENCE_LISTED] = 1,
                                      [CT_EVIDENCE_STOCK] = 4,
                                      [CT_EVIDENCE_MEASURED] = 2};
    return evidence >= 0 && evidence < (int)CT_LEN(of_evidence) ? of_evidence[evidence] : 0;
}
