/* Details of what is unwell: the text and time line of an incident, a provider with its components. */
#include "config.h"

#include "tui/views/detail.h"

#include <stdlib.h>

/* ---- incidents ---- */

static enum ct_status add_updates(struct detail_builder *b, const struct ct_incident_row *i)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    query.subject = i->id;
    enum ct_status st = ct_read_updates(b->reader, &query, b->a, &rows, b->err);
    if (st != CT_OK)
        return st;
    const struct ct_update_row *u = rows.v;
    struct ct_buf when = CT_BUF_INIT;
    for (size_t k = 0; k < rows.n; k++) {
        if (!ct_span_eq(u[k].provider, i->provider))
            continue;
        bool known = u[k].phase >= 0 && u[k].phase < CT_PHASE_UNKNOWN;
        ct_buf_clear(&when);
        ct_view_when(&when, u[k].at_ms, b->now_ms);
        detail_add(b, ct_arena_dup(b->a, ct_buf_span(&when)), CT_ROLE_TEXT,
            ct_arena_printf(b->a, "%s%s%.*s", known ? ct_phase_words[u[k].phase] : "",
                            known ? ": " : "", CT_FMT(u[k].text)));
    }
    if (!rows.n)
        detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("the page gave no text"));
    ct_buf_clear(&when);
    if (i->first_seen_ms != CT_NONE) {
        ct_view_when(&when, i->first_seen_ms, b->now_ms);
        detail_add(b, ct_arena_dup(b->a, ct_buf_span(&when)), CT_ROLE_DIM,
            CT_LIT("first seen by cloudtape"));
    }
    ct_buf_free(&when);
    return CT_OK;
}

static enum ct_status add_incident(struct detail_builder *b, const struct ct_incident_row *i)
{
    detail_add(b, CT_SPAN_NONE, CT_ROLE_TITLE, i->title);
    bool known = i->phase >= 0 && i->phase < CT_PHASE_UNKNOWN;
    struct ct_span phase = ct_span(known ? ct_phase_words[i->phase] : "");
    if (i->open == 0)
        detail_add(b, CT_LIT("state"), CT_ROLE_TEXT,
            ct_arena_printf(b->a, ". ended  %.*s", CT_FMT(phase)));
    else
        detail_state_line(b, "state", i->state, phase);
    detail_field(b, "provider", i->provider);
    bool code = i->raw_impact.n > 0; /* a number of theirs says nothing by itself */
    for (size_t k = 0; k < i->raw_impact.n; k++)
        code = code && i->raw_impact.p[k] >= '0' && i->raw_impact.p[k] <= '9';
    detail_field(b, "they say",
                 code ? ct_arena_printf(b->a, "impact %.*s (a number of their own)", CT_FMT(i->raw_impact))
                      : i->raw_impact);
    detail_field_time(b, "planned", i->scheduled_for_ms);
    detail_field_time(b, "until", i->scheduled_until_ms);
    detail_field_time(b, "started", i->started_ms);
    detail_field_time(b, "updated", i->updated_ms);
    detail_field_time(b, "resolved", i->resolved_ms);
    detail_field_list(b, "touches", &i->components);
    detail_field_list(b, "regions", &i->regions);
    detail_field(b, "link", i->url);
    if (i->stale == 1)
        detail_field(b, "stale", CT_LIT("open, but without an update for 14 days"));
    b->m->url = i->url;
    b->m->summary = ct_arena_printf(b->a, "%.*s %s: %.*s %.*s", CT_FMT(i->provider),
                                    i->open == 0 ? "ended" : ct_state_short(i->state),
                                    CT_FMT(i->title), CT_FMT(i->url));
    detail_blank(b);
    return add_updates(b, i);
}

/* SUBJECT is "PROVIDER/ID". */
enum ct_status detail_incident(struct detail_builder *b, struct ct_span subject)
{
    struct ct_span id = subject, provider = ct_span_cut(&id, '/');
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    query.subject = provider;
    query.incident = id;
    enum ct_status st = ct_read_incidents(b->reader, &query, b->a, &rows, b->err);
    const struct ct_incident_row *i = rows.v;
    for (size_t k = 0; st == CT_OK && k < rows.n; k++)
        if (ct_span_eq(i[k].id, id) && ct_span_eq(i[k].provider, provider))
            return add_incident(b, &i[k]);
    if (st == CT_OK)
        detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("this incident is no longer on record"));
    return st;
}

/* ---- providers ---- */

static void add_scope(struct detail_builder *b, const struct ct_status_row *s)
{
    struct ct_buf text = CT_BUF_INIT;
    detail_state_line(b, "state", s->state, s->reason);
    detail_field(b, "scope", s->scope);
    if (s->state != CT_STATE_OPERATIONAL)
        detail_field_time(b, "since", s->since_ms);
    if (s->evidence >= 0)
        detail_field(b, "says who", ct_span(ct_evidence_words[s->evidence]));
    if (s->page_state >= 0 && s->page_state != s->state)
        detail_field(b, "the page",
              ct_arena_printf(b->a, "calls itself %s", ct_state_words[s->page_state]));
    if (s->measured_state >= 0) {
        detail_state_line(b, "measured", s->measured_state, s->measured);
        detail_field_time(b, "  at", s->measured_ms);
        if (s->state < CT_STATE_UNKNOWN && s->measured_state >= CT_STATE_DEGRADED)
            detail_field(b, "disagree", CT_LIT("the page says fine, what is measured says not"));
    }
    if (s->uptime_90d_milli != CT_NONE) {
        ct_view_milli(&text, s->uptime_90d_milli);
        ct_buf_adds(&text, "% of the last 90 days, as far as recorded");
        detail_field_buf(b, "up", &text);
    }
    detail_field(b, "source", s->source);
    detail_field_time(b, "seen", s->seen_ms);
    if (s->freshness > CT_FRESH)
        detail_field(b, "data", ct_span(ct_freshness_words[s->freshness]));
    const struct ct_incident_row *i = s->incidents.v;
    for (size_t k = 0; k < s->incidents.n; k++)
        detail_state_line(b, k ? "" : "incidents", i[k].state, i[k].title);
    detail_blank(b);
    ct_buf_free(&text);
}

/* The texts of the open incidents under the provider they trouble, the first three in full. */
static enum ct_status add_open_incidents(struct detail_builder *b, const struct ct_status_row *s)
{
    const struct ct_incident_row *i = s->incidents.v;
    enum ct_status st = CT_OK;
    for (size_t k = 0; k < s->incidents.n && k < 3 && st == CT_OK; k++) {
        detail_add(b, CT_SPAN_NONE, CT_ROLE_HEADER, i[k].title);
        detail_field_time(b, "planned", i[k].scheduled_for_ms);
        detail_field_time(b, "until", i[k].scheduled_until_ms);
        detail_field_list(b, "touches", &i[k].components);
        detail_field_list(b, "regions", &i[k].regions);
        detail_field(b, "link", i[k].url);
        st = add_updates(b, &i[k]);
        detail_blank(b);
    }
    return st;
}

/* The worst component of each region that is named. */
static void add_regions(struct detail_builder *b, struct ct_rows rows)
{
    const struct ct_component_row *c = rows.v;
    for (size_t i = 0, shown = 0; i < rows.n; i++) {
        int worst = c[i].state;
        size_t n = 0;
        bool again = !c[i].region.n;
        for (size_t k = 0; k < rows.n && !again; k++) {
            if (!ct_span_ieq(c[k].region, c[i].region))
                continue;
            again = k < i;
            worst = c[k].state > worst ? c[k].state : worst;
            n++;
        }
        if (!again)
            detail_state_line(b, shown++ ? "" : "regions", worst,
                       ct_arena_printf(b->a, "%.*s, %zu component%s", CT_FMT(c[i].region), n,
                                       n == 1 ? "" : "s"));
    }
}

static int worst_first(const void *a, const void *b)
{
    const struct ct_component_row *const *x = a, *const *y = b;
    if ((*x)->state != (*y)->state)
        return (*y)->state - (*x)->state;
    return *x < *y ? -1 : 1;
}

static enum ct_status add_components(struct detail_builder *b, struct ct_span provider)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    query.subject = provider;
    enum ct_status st = ct_read_components(b->reader, &query, b->a, &rows, b->err);
    if (st != CT_OK)
        return st;
    const struct ct_component_row *c = rows.v;
    const struct ct_component_row **order =
        ct_arena_alloc(b->a, (rows.n + 1) * sizeof(const void *));
    for (size_t i = 0; order && i < rows.n; i++)
        order[i] = &c[i];
    if (order && rows.n)
        qsort(order, rows.n, sizeof(*order), worst_first);
    add_regions(b, rows);
    if (rows.n)
        detail_add(b, CT_SPAN_NONE, CT_ROLE_HEADER, ct_arena_printf(b->a, "%zu component%s", rows.n, rows.n == 1 ? "" : "s"));
    for (size_t i = 0; order && i < rows.n; i++) {
        struct ct_buf name = CT_BUF_INIT;
        if (order[i]->group.n)
            ct_buf_addf(&name, "%.*s / ", CT_FMT(order[i]->group));
        ct_buf_add(&name, order[i]->name);
        if (order[i]->region.n && !ct_span_eq(order[i]->region, order[i]->name))
            ct_buf_addf(&name, " (%.*s)", CT_FMT(order[i]->region));
        detail_state_line(b, "", order[i]->state, ct_arena_dup(b->a, ct_buf_span(&name)));
        ct_buf_free(&name);
    }
    return CT_OK;
}

enum ct_status detail_provider(struct detail_builder *b, struct ct_span provider)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = ct_read_status(b->reader, &query, b->a, &rows, b->err);
    if (st != CT_OK)
        return st;
    const struct ct_status_row *s = rows.v;
    size_t found = 0;
    detail_add(b, CT_SPAN_NONE, CT_ROLE_TITLE, provider);
    for (size_t i = 0; i < rows.n; i++) {
        if (!ct_span_eq(s[i].provider, provider))
            continue;
        add_scope(b, &s[i]);
        st = add_open_incidents(b, &s[i]);
        if (st != CT_OK)
            return st;
        if (!found++)
            b->m->summary = ct_arena_printf(b->a, "%.*s %s: %.*s", CT_FMT(provider),
                                            ct_state_short(s[i].state), CT_FMT(s[i].reason));
    }
    if (!found) {
        detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("no status page of this provider is read"));
        return CT_OK;
    }
    b->m->series = ct_arena_printf(b->a, "state/%.*s", CT_FMT(provider));
    return add_components(b, provider);
}
