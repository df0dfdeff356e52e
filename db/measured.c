#include "db/measured.h"

/* Routers call some providers by the name of the service. */
static struct ct_span provider_of(struct ct_span host)
{
    static const char *const names[][2] = {
        {"amazon-bedrock", "aws"}, {"bedrock", "aws"},          {"google-vertex", "gcp"},
        {"vertex", "gcp"},         {"google-ai-studio", "google"}, {"azure-openai", "azure"}};
    for (size_t i = 0; i < CT_LEN(names); i++)
        if (ct_span_ieq(host, ct_span(names[i][0])))
            return ct_span(names[i][1]);
    return host;
}

static void add_endpoints(struct ct_reader *r, const struct ct_source_list *sources,
                          struct ct_measured_list *out)
{
    sqlite3_stmt *st = ct_use(r, SQL_ENDPOINTS, 0);
    while (ct_step(r, st)) {
        struct ct_asof v = ct_asof_row(r, st, 0);
        const struct ct_source_at *s = ct_source_by_id(sources, ct_col_int(st, 1));
        bool known = v.value >= CT_STATE_OPERATIONAL && v.value <= CT_STATE_MAJOR &&
                     v.value != CT_STATE_UNKNOWN;
        if (!s || !ct_readable(s) || ct_gone(v) || !known)
            continue;
        struct ct_measured_part *p = CT_VEC_PUSH(r->arena, &out->v);
        if (!p)
            break;
        *p = (struct ct_measured_part){
            .provider = provider_of(ct_col_text(r, st, 2)),
            .source = s->name,
            .state = (int)v.value,
            .seen_ms = s->last_success_ms,
            .uptime_milli = r->live ? ct_col_int(st, 3) : CT_NONE, /* not kept over time */
        };
    }
    if (st)
        sqlite3_reset(st);
}

/* What the one component of a probe says of its last tries. */
static struct ct_span probe_words(struct ct_reader *r, const struct ct_source_at *s)
{
    struct ct_component_list list = {.bad = 0};
    if (!ct_source_probes(s))
        return CT_SPAN_NONE;
    ct_components_at(r, s, &list);
    return list.v.n ? list.v.v[0].raw_state : CT_SPAN_NONE;
}

void ct_measured_at(struct ct_reader *r, const struct ct_source_list *sources,
                    struct ct_measured_list *out)
{
    for (size_t i = 0; i < sources->n; i++) {
        const struct ct_source_at *s = &sources->v[i];
        if (s->kind != CT_SOURCE_STATUS || s->evidence != CT_EVIDENCE_MEASURED || !ct_readable(s))
            continue;
        struct ct_scope_state state = ct_scope_state(r, s);
        struct ct_measured_part *p =
            state.raw >= 0 ? CT_VEC_PUSH(r->arena, &out->v) : NULL;
        if (p)
            *p = (struct ct_measured_part){s->provider,        s->name, state.state,
                                           s->last_success_ms, CT_NONE, true,
                                           probe_words(r, s)};
    }
    add_endpoints(r, sources, out);
}

/* "2 of 3 endpoints degraded, up 91.2 % at worst (openrouter_x)"; a probe alone speaks for itself. */
static struct ct_span words(struct ct_reader *r, const struct ct_status_row *row, int64_t worst_up,
                            struct ct_span source, const struct ct_measured_part *monitor)
{
    struct ct_buf out = CT_BUF_INIT;
    char number[CT_DECIMAL_MAX];
    const char *what = monitor ? "monitors" : "endpoints";
    if (monitor && monitor->words.n && row->measured_total == 1)
        ct_buf_add(&out, monitor->words);
    else if (row->measured_bad)
        ct_buf_addf(&out, "%lld of %lld %s degraded", (long long)row->measured_bad,
                    (long long)row->measured_total, what);
    else
        ct_buf_addf(&out, "%lld %s fine", (long long)row->measured_total, what);
    if (worst_up != CT_NONE) {
        ct_decimal_format_fixed(number, worst_up, 3, 1);
        ct_buf_addf(&out, ", up %s%% at worst in half an hour", number);
    }
    if (monitor && monitor->words.n && row->measured_total > 1)
        ct_buf_addf(&out, "; %.*s: %.*s", CT_FMT(monitor->source), CT_FMT(monitor->words));
    ct_buf_addf(&out, " (%.*s)", CT_FMT(source));
    struct ct_span text = ct_arena_dup(r->arena, ct_buf_span(&out));
    ct_buf_free(&out);
    return text;
}

void ct_measured_of(struct ct_reader *r, const struct ct_measured_list *list,
                    struct ct_status_row *row)
{
    int64_t worst_up = CT_NONE;
    struct ct_span source = CT_SPAN_NONE;
    int verdict = CT_STATE_OPERATIONAL;
    const struct ct_measured_part *monitor = NULL; /* the worst of them */
    bool own = row->evidence == CT_EVIDENCE_MEASURED;
    row->measured_state = -1;
    row->measured_total = row->measured_bad = row->measured_ms = CT_NONE;
    row->measured = CT_SPAN_NONE;
    for (size_t i = 0; i < list->v.n && !own; i++) {
        const struct ct_measured_part *p = &list->v.v[i];
        if (!ct_span_ieq(p->provider, row->provider))
            continue;
        if (row->measured_total == CT_NONE)
            row->measured_total = row->measured_bad = 0;
        row->measured_total++;
        row->measured_bad += p->state >= CT_STATE_DEGRADED;
        row->measured_ms = p->seen_ms > row->measured_ms ? p->seen_ms : row->measured_ms;
        worst_up = p->uptime_milli != CT_NONE && (worst_up == CT_NONE || p->uptime_milli < worst_up)
                       ? p->uptime_milli
                       : worst_up;
        if (p->monitor && p->state > verdict)
            verdict = p->state;
        if (p->monitor && (!monitor || p->state > monitor->state))
            monitor = p;
        source = source.n && !ct_span_eq(source, p->source) ? CT_LIT("several sources") : p->source;
    }
    if (row->measured_total == CT_NONE)
        return;
    if (verdict < CT_STATE_DEGRADED && 2 * row->measured_bad >= row->measured_total)
        verdict = CT_STATE_DEGRADED;
    row->measured_state = verdict;
    row->measured = words(r, row, worst_up, source, monitor);
}
