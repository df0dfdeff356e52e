/* Whether what people depend on works: scopes, their components, incidents and the messages in
 * them. */
#include "db/columns.h"
#include "db/measured.h"
#include "db/reader.h"

#include <stdio.h>

#define ROW struct ct_incident_row
static const struct ct_column incident_columns[] = {
    COL(TEXT, "id", id),
    COL(TEXT, "title", title, SEARCH),
    ENUM("phase", phase, ct_phase_words, SEARCH),
    COL(TIME, "started_at", started_ms, ALIAS("since")),
    COL(TEXT, "url", url),
    COL(TEXT, "provider", provider, SEARCH),
    ENUM("state", state, ct_state_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    COL(BOOL, "open", open),
    COL(TEXT, "raw_impact", raw_impact),
    COL(TIME, "updated_at", updated_ms),
    COL(TIME, "resolved_at", resolved_ms),
    COL(TIME, "scheduled_for", scheduled_for_ms),
    COL(TIME, "scheduled_until", scheduled_until_ms),
    COL(TIME, "first_seen_at", first_seen_ms),
    COL(TIME, "closed_seen_at", closed_seen_ms),
    COL(LIST, "components", components, SEARCH),
    COL(LIST, "regions", regions, SEARCH),
    COL(BOOL, "stale", stale),
};
TABLE(ct_incident_table, "incident", ROW, incident_columns);
#undef ROW

#define ROW struct ct_status_row
static const struct ct_column status_columns[] = {
    COL(TEXT, "provider", provider, SEARCH),
    COL(TEXT, "scope", scope, SEARCH),
    ENUM("state", state, ct_state_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    COL(TIME, "since", since_ms),
    COL(INT, "age_s", age_s, ALIAS("age")),
    ENUM("evidence", evidence, ct_evidence_words),
    COL(ROWS, "incidents", incidents, SEARCH, .sub = &ct_incident_table),
    COL(INT, "components_total", components_total),
    COL(INT, "components_bad", components_bad, ALIAS("bad")),
    COL(MILLI, "uptime_90d", uptime_90d_milli, ALIAS("uptime")),
    COL(TEXT, "source", source, SEARCH),
    ENUM("page_state", page_state, ct_state_words, FLAGS(CT_COL_RANKED)),
    ENUM("last_known_state", raw_state, ct_state_words, FLAGS(CT_COL_RANKED)),
    ENUM("freshness", freshness, ct_freshness_words, FLAGS(CT_COL_RANKED)),
    COL(TIME, "seen_at", seen_ms, ALIAS("seen")),
    COL(TEXT, "reason", reason, SEARCH),
    ENUM("measured_state", measured_state, ct_state_words, FLAGS(CT_COL_RANKED)),
    COL(INT, "measured_total", measured_total),
    COL(INT, "measured_bad", measured_bad),
    COL(TIME, "measured_at", measured_ms),
    COL(TEXT, "measured", measured, SEARCH),
    COL(TEXT, "days_90", days90, FLAGS(CT_COL_HIDDEN)),
};
TABLE(ct_status_table, "status", ROW, status_columns);
#undef ROW

#define ROW struct ct_component_row
static const struct ct_column component_columns[] = {
    COL(TEXT, "provider", provider, SEARCH),
    COL(TEXT, "source", source),
    COL(TEXT, "id", id),
    COL(TEXT, "name", name, SEARCH),
    COL(TEXT, "group", group, SEARCH),
    COL(TEXT, "region", region, SEARCH),
    ENUM("state", state, ct_state_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    COL(TIME, "since", since_ms),
    COL(TEXT, "raw_state", raw_state),
    COL(TIME, "seen_at", seen_ms, ALIAS("seen")),
};
TABLE(ct_component_table, "component", ROW, component_columns);
#undef ROW

#define ROW struct ct_update_row
static const struct ct_column update_columns[] = {
    COL(TEXT, "provider", provider, SEARCH),
    COL(TEXT, "incident", incident),
    COL(TIME, "at", at_ms),
    ENUM("phase", phase, ct_phase_words, SEARCH),
    COL(TEXT, "text", text, SEARCH),
    COL(TIME, "first_seen_at", first_seen_ms),
};
TABLE(ct_update_table, "update", ROW, update_columns);
#undef ROW

/* ---- components ---- */

static int worse_component(const void *a, const void *b)
{
    const struct ct_component_row *x = a, *y = b;
    int way = y->state - x->state;
    return way ? way : ct_span_cmp(x->name, y->name);
}

void ct_components_at(struct ct_reader *r, const struct ct_source_at *s,
                      struct ct_component_list *out)
{
    sqlite3_stmt *st = ct_use(r, SQL_COMPONENTS, 2, s->id, (int64_t)CT_SERIES_COMPONENT);
    while (ct_step(r, st)) {
        struct ct_asof v = ct_asof_row(r, st, 0);
        if (ct_gone(v) || (v.flags & CT_SAMPLE_PART) == CT_SAMPLE_HEADING)
            continue;
        struct ct_component_row *row = CT_VEC_PUSH(r->arena, &out->v);
        if (!row)
            break;
        bool known = v.value >= CT_STATE_OPERATIONAL && v.value <= CT_STATE_MAJOR;
        bool newest = ct_is_newest(r, ct_col_int(st, 0), v); /* the words of a past state were not kept */
        *row = (struct ct_component_row){
            .provider = s->provider,
            .source = s->name,
            .id = ct_col_text(r, st, 1),
            .name = ct_col_text(r, st, 2),
            .group = ct_col_text(r, st, 3),
            .region = ct_col_text(r, st, 4),
            .raw_state = newest ? ct_col_text(r, st, 5) : CT_SPAN_NONE,
            .state = known ? (int)v.value : CT_STATE_UNKNOWN,
            .since_ms = v.at_ms,
            .seen_ms = s->last_success_ms,
        };
        struct ct_span words[CT_WORDS_MOST];
        if (ct_words_at(r, ct_col_int(st, 0), words)) {
            row->name = words[CT_COMPONENT_NAME];
            row->group = words[CT_COMPONENT_GROUP];
            row->region = words[CT_COMPONENT_REGION];
            row->raw_state = words[CT_COMPONENT_RAW_STATE];
        }
        out->bad += row->state >= CT_STATE_DEGRADED;
    }
    ct_sort(r, out->v.v, out->v.n, sizeof *out->v.v, worse_component);
}

bool ct_source_probes(const struct ct_source_at *s)
{
    return ct_span_is(s->family, "probe");
}

struct ct_span ct_components_text(struct ct_reader *r, const struct ct_source_at *s,
                                  const struct ct_component_list *list)
{
    static const char *const verbs[] = {"degraded", "in partial outage", "down"};
    struct ct_buf out = CT_BUF_INIT;
    if (!list->bad)
        return CT_SPAN_NONE;
    int worst = list->v.v[0].state;
    if (ct_source_probes(s) && list->v.v[0].raw_state.n)
        return list->v.v[0].raw_state;
    ct_buf_addf(&out, "%lld of %zu components %s: ", (long long)list->bad, list->v.n,
                verbs[worst - CT_STATE_DEGRADED]);
    for (int64_t i = 0; i < list->bad && i < 3; i++)
        ct_buf_addf(&out, "%s%.*s", i ? ", " : "", CT_FMT(list->v.v[i].name));
    if (list->bad > 3)
        ct_buf_addf(&out, " +%lld more", (long long)list->bad - 3);
    struct ct_span text = ct_arena_dup(r->arena, ct_buf_span(&out));
    ct_buf_free(&out);
    return text;
}

/* ---- incidents ---- */

/* Ids of components of S become their names where we know them. KNOWN: what is known, read once it is needed. */
static void name_components(struct ct_reader *r, const struct ct_source_at *s, struct ct_list *ids,
                            struct ct_component_list **known)
{
    if (ids->n && !*known && (*known = ct_arena_alloc(r->arena, sizeof **known)))
        ct_components_at(r, s, *known);
    for (size_t i = 0; *known && i < ids->n; i++)
        for (size_t k = 0; k < (*known)->v.n; k++)
            if ((*known)->v.v[k].name.n && ct_span_eq((*known)->v.v[k].id, ids->v[i])) {
                ids->v[i] = (*known)->v.v[k].name;
                break;
            }
}

static int64_t newest_word(const struct ct_incident_row *i)
{
    return i->updated_ms != CT_NONE   ? i->updated_ms
           : i->started_ms != CT_NONE ? i->started_ms
                                      : i->first_seen_ms;
}

static int worse_incident(const void *a, const void *b)
{
    const struct ct_incident_row *x = a, *y = b;
    if (x->open != y->open)
        return y->open - x->open;
    if (x->state != y->state)
        return y->state - x->state;
    int64_t p = newest_word(x), q = newest_word(y);
    return (p < q) - (p > q);
}

static struct ct_incident_row incident_row(struct ct_reader *r, const struct ct_source_at *s, sqlite3_stmt *st,
                                           bool closed_too)
{
    struct ct_incident_row row = {
        .provider = s->provider,
        .id = ct_col_text(r, st, 0),
        .title = ct_col_text(r, st, 1),
        .state = ct_col_enum(st, 2, CT_STATE_MAJOR),
        .phase = ct_col_enum(st, 3, CT_PHASE_UNKNOWN),
        .open = ct_col_enum(st, 4, 1),
        .raw_impact = ct_col_text(r, st, 5),
        .url = ct_col_text(r, st, 6),
        .started_ms = ct_col_int(st, 7),
        .updated_ms = ct_col_int(st, 8),
        .resolved_ms = ct_col_int(st, 9),
        .scheduled_for_ms = ct_col_int(st, 10),
        .scheduled_until_ms = ct_col_int(st, 11),
        .first_seen_ms = ct_col_must(st, 12),
        .components = ct_col_list(r, st, 13),
        .regions = ct_col_list(r, st, 14),
        .closed_seen_ms = closed_too ? ct_col_int(st, 15) : CT_NONE,
    };
    row.stale = row.open == 1 && row.state != CT_STATE_OPERATIONAL && r->t - newest_word(&row) > CT_INCIDENT_STALE_MS;
    return row;
}

/* Adds those that ST finds. */
static void take_incidents(struct ct_reader *r, const struct ct_source_at *s, sqlite3_stmt *st, bool closed_too,
                           struct ct_incident_list *out)
{
    size_t first = out->v.n;
    struct ct_component_list *known = NULL;
    while (ct_step(r, st)) {
        struct ct_incident_row *row = CT_VEC_PUSH(r->arena, &out->v);
        if (!row)
            break;
        *row = incident_row(r, s, st, closed_too);
        name_components(r, s, &row->components, &known);
    }
    if (out->v.n > first)
        ct_sort(r, out->v.v + first, out->v.n - first, sizeof *out->v.v, worse_incident);
}

void ct_incidents_at(struct ct_reader *r, const struct ct_source_at *s, bool closed_too,
                     struct ct_incident_list *out)
{
    take_incidents(r, s, ct_use(r, closed_too ? SQL_INCIDENTS : SQL_INCIDENTS_OPEN, 2, r->at, s->id), closed_too, out);
}

/* The one of S that is called ID, open or not. */
static void read_incident(struct ct_reader *r, const struct ct_source_at *s, struct ct_span id,
                          struct ct_incident_list *out)
{
    sqlite3_stmt *st = ct_use(r, SQL_INCIDENT, 2, r->at, s->id);
    ct_bind_text(r, st, 3, id);
    take_incidents(r, s, st, true, out);
}

/* Of all that are closed the MOST that ended last. */
static void read_ended(struct ct_reader *r, const struct ct_source_list *list, size_t most, struct ct_incident_list *out)
{
    struct ct_component_list **known = ct_arena_alloc(r->arena, (list->n + 1) * sizeof *known);
    sqlite3_stmt *st = ct_use(r, SQL_INCIDENTS_ENDED, 1, r->at);
    for (size_t n = 0; known && n < most && ct_step(r, st);) {
        const struct ct_source_at *s = ct_source_by_id(list, ct_col_int(st, 16));
        if (!s || s->kind != CT_SOURCE_STATUS)
            continue;
        struct ct_incident_row *row = CT_VEC_PUSH(r->arena, &out->v);
        if (!row)
            break;
        *row = incident_row(r, s, st, true);
        name_components(r, s, &row->components, &known[s - list->v]);
        n++;
    }
}

/* ---- 90 days ---- */

struct days {
    int64_t start_ms; /* of the first day, UTC; the last is today */
    int worst[90];    /* -1: not recorded */
    int64_t good_ms, known_ms;
};

/* The state held over [from, to); what lies in a gap was not known. */
static void add_stretch(struct days *d, const struct ct_gaps *gaps, int64_t from, int64_t to,
                        int state)
{
    for (size_t g = 0; from < to; g++) {
        while (g < gaps->v.n && gaps->v.v[g].to_ms <= from)
            g++;
        bool gap = g < gaps->v.n;
        int64_t end = gap && gaps->v.v[g].from_ms < to ? gaps->v.v[g].from_ms : to;
        if (end > from && state != CT_STATE_UNKNOWN) {
            d->known_ms += end - from;
            d->good_ms += state < CT_STATE_DEGRADED ? end - from : 0;
        }
        for (int64_t day = (from - d->start_ms) / CT_DAY; end > from && day < 90; day++) {
            if (day < 0 || d->start_ms + day * CT_DAY >= end)
                break;
            if (state > d->worst[day])
                d->worst[day] = state;
        }
        from = gap && gaps->v.v[g].from_ms < to ? gaps->v.v[g].to_ms : to;
    }
}

static void read_days(struct ct_reader *r, const struct ct_source_at *s, struct ct_status_row *row)
{
    struct days d = {.start_ms = r->t / CT_DAY * CT_DAY - 89 * CT_DAY};
    struct ct_gaps gaps = {.v = {NULL, 0, 0}};
    for (int i = 0; i < 90; i++)
        d.worst[i] = -1;
    sqlite3_stmt *st = ct_use(r, SQL_SERIES_OF, 2, s->id, (int64_t)CT_SERIES_PROVIDER);
    if (ct_step(r, st)) {
        int64_t series = ct_col_int(st, 0);
        sqlite3_reset(st);
        ct_source_gaps(r, s, d.start_ms, r->t, &gaps);
        struct ct_asof v = ct_asof(r, series, d.start_ms);
        int64_t from = d.start_ms, state = v.value;
        struct ct_sample next = {.at_ms = d.start_ms};
        for (bool more = true; more;) {
            more = ct_next_sample(r, series, r->t, &next);
            int64_t to = more ? next.at_ms : r->t;
            if (state >= CT_STATE_OPERATIONAL && state <= CT_STATE_MAJOR)
                add_stretch(&d, &gaps, from, to, (int)state);
            from = to;
            state = next.value;
        }
    }
    char signs[90];
    for (int i = 0; i < 90; i++)
        signs[i] = ' ';
    for (int i = 0; i < 90; i++)
        if (d.worst[i] >= 0)
            signs[i] = ct_state_sign(d.worst[i]);
    row->days90 = ct_arena_dup(r->arena, (struct ct_span){signs, sizeof signs});
    row->uptime_90d_milli = d.known_ms > 0 ? ct_muldiv(d.good_ms, 100000, d.known_ms) : CT_NONE;
}

/* ---- scopes ---- */

static int page_state(struct ct_reader *r, const struct ct_source_at *s)
{
    sqlite3_stmt *st = ct_use(r, SQL_SERIES_OF, 2, s->id, (int64_t)CT_SERIES_PAGE);
    if (!ct_step(r, st))
        return -1;
    struct ct_asof v = ct_asof_row(r, st, 0);
    sqlite3_reset(st);
    return v.value >= CT_STATE_OPERATIONAL && v.value <= CT_STATE_MAJOR ? (int)v.value : -1;
}

/* The worst statement, in a line. */
static struct ct_span why(struct ct_reader *r, const struct ct_source_at *s,
                          const struct ct_status_row *row, const struct ct_incident_list *incidents,
                          const struct ct_component_list *components)
{
    if (!ct_readable(s) || row->raw_state < 0)
        return ct_unreadable_reason(r, s);
    if (row->state == CT_STATE_UNKNOWN && ct_stands_still(s)) {
        char at[CT_TIME_MAX];
        int n = s->last_success_ms - s->data_ms > CT_DAY ? 10 : 16; /* a day, or its minute as well */
        ct_time_format(at, s->data_ms);
        return ct_arena_printf(r->arena, "the page's own time has stood still since %.*s%s", n, at,
                               n > 10 ? "Z" : "");
    }
    const struct ct_incident_row *worst = incidents->v.n ? &incidents->v.v[0] : NULL;
    for (size_t i = 0; worst && worst->stale && i < incidents->v.n; i++)
        if (!incidents->v.v[i].stale && incidents->v.v[i].state >= CT_STATE_DEGRADED)
            worst = &incidents->v.v[i];
    if (worst && worst->stale && row->state < CT_STATE_DEGRADED)
        return ct_arena_printf(r->arena, "never closed, silent for %lldd: %.*s",
                               (long long)((r->t - newest_word(worst)) / CT_DAY),
                               CT_FMT(worst->title));
    if (worst && worst->state >= CT_STATE_MAINTENANCE)
        return worst->title;
    if (components->bad)
        return ct_components_text(r, s, components);
    if (row->state >= CT_STATE_DEGRADED && s->page_indicator.n)
        return ct_arena_printf(r->arena, "the page says: %.*s", CT_FMT(s->page_indicator));
    return CT_SPAN_NONE;
}

bool ct_in_use(struct ct_span regions, struct ct_span provider, struct ct_span region)
{
    while (regions.p) {
        struct ct_span pattern = ct_span_trim(ct_span_cut(&regions, ','));
        struct ct_span whose = ct_span_cut(&pattern, '/');
        if (ct_span_ieq(whose, provider) && (!region.p || ct_glob(pattern, region)))
            return true;
    }
    return false;
}

bool ct_any_in_use(struct ct_span regions, struct ct_span provider, const struct ct_list *list)
{
    bool any = list->n == 0; /* of no region in particular */
    for (size_t i = 0; i < list->n && !any; i++)
        any = ct_in_use(regions, provider, list->v[i]);
    return any;
}

int ct_state_in_use(struct ct_span regions, struct ct_span provider, int state,
                    const struct ct_incident_list *incidents, const struct ct_component_list *components)
{
    int here = CT_STATE_OPERATIONAL, anywhere = here;
    for (size_t i = 0; i < components->v.n; i++) {
        const struct ct_component_row *c = &components->v.v[i];
        bool counts = !c->region.n || ct_in_use(regions, provider, c->region);
        anywhere = c->state > anywhere ? c->state : anywhere;
        here = counts && c->state > here ? c->state : here;
    }
    for (size_t i = 0; i < incidents->v.n; i++) {
        const struct ct_incident_row *in = &incidents->v.v[i];
        bool counts = ct_any_in_use(regions, provider, &in->regions);
        int one = in->stale == 1 ? CT_STATE_OPERATIONAL : in->state;
        anywhere = one > anywhere ? one : anywhere;
        here = counts && one > here ? one : here;
    }
    return anywhere < state || here > state ? state : here;
}

static struct ct_status_row status_row(struct ct_reader *r, const struct ct_source_at *s,
                                       struct ct_span regions)
{
    struct ct_scope_state state = ct_scope_state(r, s);
    struct ct_incident_list incidents = {.v = {NULL, 0, 0}};
    struct ct_component_list components = {.bad = 0};
    ct_incidents_at(r, s, false, &incidents);
    ct_components_at(r, s, &components);
    struct ct_status_row row = {
        .provider = s->provider.n ? s->provider : s->name,
        .scope = s->scope,
        .source = s->name,
        .state = state.state,
        .raw_state = state.raw,
        .page_state = page_state(r, s),
        .since_ms = state.since_ms,
        .seen_ms = s->last_success_ms,
        .age_s = s->age_s,
        .evidence = s->evidence,
        .freshness = s->freshness,
        .incidents = {incidents.v.v, incidents.v.n},
        .components_total = components.v.n ? (int64_t)components.v.n : CT_NONE,
        .components_bad = components.v.n ? components.bad : CT_NONE,
    };
    if (row.state >= CT_STATE_DEGRADED && ct_in_use(regions, row.provider, CT_SPAN_NONE))
        row.state = ct_state_in_use(regions, row.provider, row.state, &incidents, &components);
    row.reason = why(r, s, &row, &incidents, &components);
    read_days(r, s, &row);
    return row;
}

static int worse_scope(const void *a, const void *b)
{
    const struct ct_status_row *x = a, *y = b;
    if (x->state != y->state)
        return y->state - x->state;
    int way = ct_span_cmp(x->provider, y->provider);
    return way ? way : ct_span_cmp(x->scope, y->scope);
}

static enum ct_status read_status(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                  struct ct_rows *out, struct ct_error *err)
{
    CT_VEC(struct ct_status_row) rows = {NULL, 0, 0};
    ct_load_begin(r, q, a, err);
    struct ct_source_list list = ct_sources_at(r);
    struct ct_measured_list measured = {.v = {NULL, 0, 0}};
    ct_measured_at(r, &list, &measured);
    for (size_t i = 0; i < list.n && r->status == CT_OK; i++) {
        const struct ct_source_at *s = &list.v[i];
        /* A page read once by an import and not configured is shown as well: as old as it is. */
        if (s->kind != CT_SOURCE_STATUS || !(ct_counts(r, s) || s->last_success_ms != CT_NONE))
            continue;
        struct ct_status_row *row = CT_VEC_PUSH(a, &rows);
        if (row) {
            *row = status_row(r, s, q->regions);
            ct_measured_of(r, &measured, row);
            bool own = ct_readable(s) && row->raw_state == CT_STATE_UNKNOWN; /* the page itself does not know */
            if (row->state == CT_STATE_UNKNOWN && !own)
                row->evidence = -1; /* what it said is old: nobody says this */
            if (row->state < CT_STATE_UNKNOWN && row->measured_state >= CT_STATE_DEGRADED)
                row->reason = ct_arena_printf(a, "page says %s; %.*s", ct_state_words[row->state],
                                              CT_FMT(row->measured));
        }
    }
    ct_sort(r, rows.v, rows.n, sizeof *rows.v, worse_scope);
    *out = (struct ct_rows){rows.v, rows.n};
    return ct_load_end(r);
}

enum ct_status ct_read_status(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                              struct ct_rows *out, struct ct_error *err)
{
    return ct_read_shared(r, 4, read_status, q->regions.n ? ct_hash(q->regions) : 0, q, a, out, err);
}

/* Whether SUBJECT (a provider, PROVIDER/SCOPE, a source; null: all) means S. */
static bool about(struct ct_reader *r, const struct ct_source_at *s, struct ct_span subject)
{
    return s->kind == CT_SOURCE_STATUS &&
           (!subject.n || ct_span_ieq(subject, s->provider) || ct_span_ieq(subject, s->name) ||
            ct_span_ieq(subject, ct_source_where(r, s)));
}

enum ct_status ct_read_components(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                  struct ct_rows *out, struct ct_error *err)
{
    struct ct_component_list rows = {.bad = 0};
    ct_load_begin(r, q, a, err);
    struct ct_source_list list = ct_sources_at(r);
    for (size_t i = 0; i < list.n; i++) {
        struct ct_component_list own = {.bad = 0};
        if (!about(r, &list.v[i], q->subject))
            continue;
        ct_components_at(r, &list.v[i], &own);
        for (size_t k = 0; k < own.v.n; k++) {
            struct ct_component_row *row = CT_VEC_PUSH(a, &rows.v);
            if (!row)
                break;
            *row = own.v.v[k];
            if (!ct_readable(&list.v[i]))
                row->state = CT_STATE_UNKNOWN;
        }
    }
    ct_sort(r, rows.v.v, rows.v.n, sizeof *rows.v.v, worse_component);
    *out = (struct ct_rows){rows.v.v, rows.v.n};
    return ct_load_end(r);
}

enum ct_status ct_read_incidents(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                 struct ct_rows *out, struct ct_error *err)
{
    struct ct_incident_list rows = {.v = {NULL, 0, 0}};
    bool few = q->gone && q->limit && !q->subject.n && !q->incident.n;
    ct_load_begin(r, q, a, err);
    struct ct_source_list list = ct_sources_at(r);
    for (size_t i = 0; i < list.n; i++) {
        if (!about(r, &list.v[i], q->subject))
            continue;
        if (q->incident.n)
            read_incident(r, &list.v[i], q->incident, &rows);
        else
            ct_incidents_at(r, &list.v[i], q->gone && !few, &rows);
    }
    if (few)
        read_ended(r, &list, q->limit, &rows);
    ct_sort(r, rows.v.v, rows.v.n, sizeof *rows.v.v, worse_incident);
    *out = (struct ct_rows){rows.v.v, rows.v.n};
    return ct_load_end(r);
}

enum ct_status ct_count_ended(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a, size_t *out,
                              struct ct_error *err)
{
    ct_load_begin(r, q, a, err);
    sqlite3_stmt *st = ct_use(r, SQL_INCIDENTS_ENDED_N, 2, r->at, (int64_t)CT_SOURCE_STATUS);
    *out = ct_step(r, st) ? (size_t)ct_col_int(st, 0) : 0;
    return ct_load_end(r);
}

static int newer_update(const void *a, const void *b)
{
    const struct ct_update_row *x = a, *y = b;
    int64_t p = x->at_ms != CT_NONE ? x->at_ms : x->first_seen_ms;
    int64_t q = y->at_ms != CT_NONE ? y->at_ms : y->first_seen_ms;
    return (p < q) - (p > q);
}

enum ct_status ct_read_updates(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_rows *out, struct ct_error *err)
{
    CT_VEC(struct ct_update_row) rows = {NULL, 0, 0};
    ct_load_begin(r, q, a, err);
    struct ct_source_list list = ct_sources_at(r);
    for (size_t i = 0; i < list.n; i++) {
        sqlite3_stmt *st = ct_use(r, SQL_UPDATES, 0);
        if (st) {
            sqlite3_bind_int64(st, 1, list.v[i].id);
            ct_bind_text(r, st, 2, q->subject);
            sqlite3_bind_int64(st, 3, r->at);
        }
        while (ct_step(r, st)) {
            struct ct_update_row *row = CT_VEC_PUSH(a, &rows);
            if (!row)
                break;
            *row = (struct ct_update_row){
                .provider = list.v[i].provider,
                .incident = q->subject,
                .at_ms = ct_col_int(st, 0),
                .first_seen_ms = ct_col_int(st, 1),
                .phase = ct_col_enum(st, 2, CT_PHASE_UNKNOWN),
                .text = ct_col_text(r, st, 3),
            };
            struct ct_span then[CT_WORDS_MOST];
            if (ct_wording_at(r, CT_WORDING_UPDATE, list.v[i].id, q->subject, ct_col_text(r, st, 4), then)) {
                int64_t phase = ct_words_int(then[2]);
                row->text = then[0];
                row->at_ms = ct_words_int(then[1]);
                row->phase = phase >= 0 && phase <= CT_PHASE_UNKNOWN ? (int)phase : -1;
            }
        }
    }
    ct_sort(r, rows.v, rows.n, sizeof *rows.v, newer_update);
    *out = (struct ct_rows){rows.v, rows.n};
    return ct_load_end(r);
}
