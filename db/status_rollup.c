#include "db/write_priv.h"

/* An edge site more or less says nothing about a provider that has hundreds of them. */
#define MANY_COMPONENTS 100
#define AFFECTED_PERCENT 10

static bool affected(int state)
{
    return state >= CT_STATE_DEGRADED;
}

/* A heading repeats its parts; a service that an incident touches stands for itself: one of hundreds does
 * not take the provider down, and one that was forgotten on the page counts no more than its incident. */
static bool counts(const struct ct_rollup_component *c)
{
    return c->part != CT_SAMPLE_HEADING && c->part != CT_SAMPLE_TOUCHED;
}

/* What one open incident says about the provider at AT_MS. */
static int incident_state(const struct ct_rollup_incident *i, int64_t at_ms)
{
    if (i->active_ms != CT_NONE && at_ms - i->active_ms > CT_INCIDENT_STALE_MS)
        return CT_STATE_OPERATIONAL; /* forgotten on the page: shown as stale, but counts no more */
    if (i->state == CT_STATE_OPERATIONAL || i->state == CT_STATE_MAINTENANCE)
        return i->state;
    bool worse = i->state > CT_STATE_DEGRADED && i->state <= CT_STATE_MAJOR;
    int state = worse ? i->state : CT_STATE_DEGRADED;
    return i->phase == CT_PHASE_MONITORING ? CT_STATE_DEGRADED : state;
}

int ct_rollup(const struct ct_rollup_component *c, size_t n_c, const struct ct_rollup_incident *i,
              size_t n_i, int64_t at_ms)
{
    int worst = CT_STATE_OPERATIONAL;
    bool grave = false;
    for (size_t k = 0; k < n_i; k++) {
        int state = incident_state(&i[k], at_ms);
        /* The page's own impact decides, also while an incident is only being watched. */
        grave = grave || (state >= CT_STATE_DEGRADED && i[k].state >= CT_STATE_PARTIAL);
        worst = state > worst ? state : worst;
    }
    size_t parts = 0, places = 0, bad_places = 0;
    for (size_t k = 0; k < n_c; k++) {
        if (!counts(&c[k]))
            continue;
        bool place = c[k].part == CT_SAMPLE_LOCATION;
        parts++;
        places += place;
        bad_places += place && affected(c[k].state);
    }
    bool count_places =
        parts <= MANY_COMPONENTS || grave || bad_places * 100 >= places * AFFECTED_PERCENT;
    for (size_t k = 0; k < n_c; k++) {
        if (!counts(&c[k]) || (c[k].part == CT_SAMPLE_LOCATION && !count_places))
            continue;
        bool known = c[k].state >= CT_STATE_OPERATIONAL && c[k].state <= CT_STATE_MAJOR;
        int state = known ? c[k].state : CT_STATE_UNKNOWN;
        worst = state > worst ? state : worst;
    }
    return worst;
}

int ct_indicator_state(struct ct_span word)
{
    static const struct {
        const char *word;
        int state;
    } words[] = {
        {"none", CT_STATE_OPERATIONAL},
        {"up", CT_STATE_OPERATIONAL},
        {"operational", CT_STATE_OPERATIONAL},
        {"normalperformance", CT_STATE_OPERATIONAL},
        {"100", CT_STATE_OPERATIONAL},
        {"maintenance", CT_STATE_MAINTENANCE},
        {"undermaintenance", CT_STATE_MAINTENANCE},
        {"under_maintenance", CT_STATE_MAINTENANCE},
        {"200", CT_STATE_MAINTENANCE},
        {"minor", CT_STATE_DEGRADED},
        {"degraded", CT_STATE_DEGRADED},
        {"degraded_performance", CT_STATE_DEGRADED},
        {"hasissues", CT_STATE_DEGRADED},
        {"informational", CT_STATE_DEGRADED},
        {"300", CT_STATE_DEGRADED},
        {"major", CT_STATE_PARTIAL},
        {"partial_outage", CT_STATE_PARTIAL},
        {"servicedisruption", CT_STATE_PARTIAL},
        {"400", CT_STATE_PARTIAL},
        {"critical", CT_STATE_MAJOR},
        {"downtime", CT_STATE_MAJOR},
        {"full_outage", CT_STATE_MAJOR},
        {"major_outage", CT_STATE_MAJOR},
        {"servicedown", CT_STATE_MAJOR},
        {"500", CT_STATE_MAJOR},
    };
    if (!word.n)
        return -1;
    for (size_t k = 0; k < CT_LEN(words); k++)
        if (ct_span_ieq(word, ct_span(words[k].word)))
            return words[k].state;
    if (ct_span_ihas(word, CT_LIT("majoroutage")))
        return CT_STATE_MAJOR;
    return CT_STATE_UNKNOWN;
}
