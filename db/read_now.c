/* What needs a person: trouble, planned work, sources that cannot be read, and the moves of a day.
 */
#include "db/alerts.h"
#include "db/columns.h"
#include "db/reader.h"

#include <stdio.h>
#include <stdlib.h>

#define ROW struct ct_now_row
static const struct ct_column now_columns[] = {
    ENUM("state", state, ct_state_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    ENUM("kind", kind, ct_event_kind_words, SEARCH),
    COL(TEXT, "sign", sign),
    COL(TEXT, "word", word, SEARCH),
    COL(TEXT, "where", where, SEARCH),
    COL(TEXT, "what", what, SEARCH),
    COL(TIME, "since", since_ms, ALIAS("seen age")),
    COL(TEXT, "evidence", evidence, SEARCH),
    COL(TEXT, "url", url),
    COL(TEXT, "provider", provider, SEARCH),
    COL(TEXT, "incident", incident),
    COL(TEXT, "series", series),
    COL(TEXT, "alert", alert, SEARCH),
    COL(TEXT, "region", region, FLAGS(CT_COL_HIDDEN)),
};
TABLE(ct_now_table, "now", ROW, now_columns);
#undef ROW

#define MOST_MOVES 10
#define LEAST_MOVE 5000        /* thousandths of a percent */
#define MOST_EVENTS 5000       /* of a day that are looked at */
#define AHEAD_MS (14 * CT_DAY) /* planned work further away can wait */

struct now_list {
    CT_VEC(struct ct_now_row) v;
};

static struct ct_now_row *push(struct ct_reader *r, struct now_list *out, int state, int kind)
{
    static const char *const signs[] = {".", "m", "?", "~", "!", "X"};
    struct ct_now_row *row = CT_VEC_PUSH(r->arena, &out->v);
    if (!row)
        return NULL;
    *row = (struct ct_now_row){
        .state = state,
        .kind = kind,
        .sign = ct_span(signs[state]),
        .word = ct_span(ct_state_short(state)),
        .since_ms = CT_NONE,
    };
    return row;
}

static struct ct_span evidence_of(const struct ct_source_at *s)
{
    return s->evidence < 0 ? CT_SPAN_NONE : ct_span(ct_evidence_words[s->evidence]);
}

/* ---- status ---- */

/* " 11-22 22:00-23:30Z" behind the title of planned work. */
static struct ct_span with_hours(struct ct_reader *r, const struct ct_incident_row *i)
{
    struct ct_civil a, b;
    if (i->scheduled_for_ms == CT_NONE)
        return i->title;
    ct_civil_from_ms(i->scheduled_for_ms, &a);
    if (i->scheduled_until_ms == CT_NONE)
        return ct_arena_printf(r->arena, "%.*s %02d-%02d %02d:%02dZ", CT_FMT(i->title), a.month,
                               a.day, a.hour, a.minute);
    ct_civil_from_ms(i->scheduled_until_ms, &b);
    return ct_arena_printf(r->arena, "%.*s %02d-%02d %02d:%02d-%02d:%02dZ", CT_FMT(i->title),
                           a.month, a.day, a.hour, a.minute, b.hour, b.minute);
}

static struct ct_span incident_where(struct ct_reader *r, const struct ct_source_at *s,
                                     const struct ct_incident_row *i)
{
    if (!i->regions.n || !s->provider.n)
        return ct_source_where(r, s);
    if (i->regions.n == 1)
        return ct_arena_printf(r->arena, "%.*s/%.*s", CT_FMT(s->provider), CT_FMT(i->regions.v[0]));
    return ct_arena_printf(r->arena, "%.*s %zu regions", CT_FMT(s->provider), i->regions.n);
}

static bool names(const struct ct_list *list, struct ct_span name)
{
    for (size_t i = 0; i < list->n; i++)
        if (ct_span_eq(list->v[i], name))
            return true;
    return false;
}

static bool touches(const struct ct_incident_row *i, const struct ct_component_row *part)
{
    bool here = !i->regions.n || !part->region.n || names(&i->regions, part->region);
    return here && (names(&i->components, part->name) || names(&i->components, part->id));
}

/* Another incident in LIST touches PART and is itself as bad as it: what PART has says nothing of I. */
static bool explained(const struct ct_incident_list *list, const struct ct_incident_row *i,
                      const struct ct_component_row *part)
{
    for (size_t k = 0; k < list->v.n; k++) {
        const struct ct_incident_row *other = &list->v.v[k];
        if (other != i && !other->stale && other->state >= part->state && touches(other, part))
            return true;
    }
    return false;
}

/* The worst of what an incident says of itself and what the page says of the PARTS it names: "minor" may have taken
 * one of them down. */
static int incident_state(const struct ct_incident_list *list, const struct ct_incident_row *i,
                          const struct ct_component_list *parts)
{
    int worst = i->state;
    for (size_t k = 0; worst >= CT_STATE_DEGRADED && k < parts->v.n; k++) {
        const struct ct_component_row *c = &parts->v.v[k];
        if (c->state > worst && touches(i, c) && !explained(list, i, c))
            worst = c->state;
    }
    return worst;
}

static void add_incident(struct ct_reader *r, const struct ct_source_at *s,
                         const struct ct_incident_row *i, int state, struct now_list *out)
{
    bool planned = i->state <= CT_STATE_MAINTENANCE;
    bool ahead = i->state == CT_STATE_OPERATIONAL;
    if (ahead && (i->scheduled_for_ms == CT_NONE || i->scheduled_for_ms > r->t + AHEAD_MS))
        return;
    struct ct_now_row *row =
        push(r, out, planned ? CT_STATE_MAINTENANCE : state, CT_EVENT_INCIDENT);
    if (!row)
        return;
    if (ahead && i->scheduled_for_ms > r->t)
        row->word = CT_LIT("soon");
    row->where = incident_where(r, s, i);
    row->scope = ct_source_where(r, s);
    row->what = planned ? with_hours(r, i) : i->title;
    row->evidence = evidence_of(s);
    row->url = i->url;
    row->provider = s->provider;
    row->incident = i->id;
    row->source = s->name;
    row->parts = i->components;
    row->region = i->regions.n == 1 ? i->regions.v[0] : CT_SPAN_NONE;
    row->since_ms = planned && i->scheduled_for_ms != CT_NONE ? i->scheduled_for_ms
                    : i->started_ms != CT_NONE                ? i->started_ms
                                                              : i->first_seen_ms;
}

/* A bad scope no incident is as bad as: its components say it, or the page itself. */
static void add_scope(struct ct_reader *r, const struct ct_source_at *s,
                      struct ct_scope_state state, const struct ct_component_list *components,
                      struct now_list *out)
{
    struct ct_now_row *row = push(r, out, state.state, CT_EVENT_STATE);
    if (!row)
        return;
    row->where = ct_source_where(r, s);
    row->what = ct_components_text(r, s, components);
    if (!row->what.p && s->page_indicator.n)
        row->what = ct_arena_printf(r->arena, "the page says: %.*s", CT_FMT(s->page_indicator));
    if (!row->what.p)
        row->what = CT_LIT("the page reports trouble");
    row->evidence = evidence_of(s);
    row->url = s->page_url;
    row->provider = s->provider;
    row->source = s->name;
    row->since_ms = state.since_ms;
}

static void add_status(struct ct_reader *r, const struct ct_source_at *s, struct ct_span regions,
                       struct now_list *out)
{
    struct ct_scope_state state = ct_scope_state(r, s);
    struct ct_incident_list list = {.v = {NULL, 0, 0}};
    struct ct_component_list components = {.bad = 0};
    bool bad = state.state >= CT_STATE_DEGRADED;
    int told = -1; /* the worst there is a row of */
    ct_incidents_at(r, s, false, &list);
    if (bad)
        ct_components_at(r, s, &components);
    /* What nobody has written about for 14 days is named only where nothing newer explains the
     * trouble. */
    for (int stale = 0; stale <= (bad && told < CT_STATE_DEGRADED); stale++) {
        for (size_t i = 0; i < list.v.n; i++) {
            const struct ct_incident_row *row = &list.v.v[i];
            bool elsewhere = ct_in_use(regions, s->provider, CT_SPAN_NONE) &&
                             !ct_any_in_use(regions, s->provider, &row->regions);
            if (row->state < 0 || row->stale != stale || elsewhere)
                continue;
            int worst = incident_state(&list, row, &components);
            if (worst > row->state && worst > state.state) /* never worse than line 1 counts it */
                worst = row->state > state.state ? row->state : state.state;
            told = worst > told ? worst : told;
            add_incident(r, s, row, worst, out);
        }
    }
    if (bad && ct_in_use(regions, s->provider, CT_SPAN_NONE))
        state.state = ct_state_in_use(regions, s->provider, state.state, &list, &components);
    if (state.state >= CT_STATE_DEGRADED && told < state.state) /* line 1 counts it: it has a row */
        add_scope(r, s, state, &components, out);
}

/* ---- sources ---- */

static void add_unreadable(struct ct_reader *r, const struct ct_source_at *s, struct now_list *out)
{
    bool status = s->kind == CT_SOURCE_STATUS;
    struct ct_now_row *row = push(r, out, CT_STATE_UNKNOWN, CT_EVENT_SOURCE);
    if (!row)
        return;
    struct ct_span reason = ct_unreadable_reason(r, s);
    struct ct_scope_state state =
        status ? ct_scope_state(r, s) : (struct ct_scope_state){CT_STATE_UNKNOWN, -1, CT_NONE};
    row->where = status ? ct_source_where(r, s) : s->name;
    row->what = ct_arena_printf(r->arena, "%s %s: %.*s%s%s", status ? "page" : "source",
                                s->fail_reason.p ? "unreadable" : "not read", CT_FMT(reason),
                                state.raw >= 0 ? "; last known " : "",
                                state.raw >= 0 ? ct_state_short(state.raw) : "");
    row->evidence = CT_LIT("none");
    row->url = s->page_url.p ? s->page_url : s->url;
    row->provider = s->provider;
    row->source = s->name;
    row->since_ms = s->last_success_ms != CT_NONE ? s->last_success_ms : s->failing_since_ms;
}

static bool wants_row(const struct ct_reader *r, const struct ct_source_at *s)
{
    if (ct_readable(s) || s->freshness == CT_WAITING || s->freshness == CT_OFF)
        return false;
    /* In the past every price list is as old as its last recording: only failures are news. */
    return s->kind == CT_SOURCE_STATUS || r->live || s->fail_reason.p;
}

/* ---- moves ---- */

static void add_move(struct ct_reader *r, const struct ct_event_row *e, const char *sign,
                     const char *word, struct ct_span where, struct ct_span what,
                     const char *evidence, struct now_list *out)
{
    struct ct_now_row *row = push(r, out, CT_STATE_OPERATIONAL, e->kind);
    if (!row)
        return;
    row->sign = ct_span(sign);
    row->word = ct_span(word);
    row->where = where;
    row->what = what;
    row->evidence = ct_span(evidence);
    row->series = e->series;
    row->since_ms = e->at_ms;
}

static struct ct_span offer_where(struct ct_reader *r, struct ct_span series)
{
    struct ct_alike offer;
    return ct_alike_offer(series, r->arena, &offer) ? ct_alike_where(&offer, r->arena) : series;
}

static struct ct_span token_where(struct ct_reader *r, struct ct_span series)
{
    struct ct_span host = ct_name_segment(r, series, 1), model = ct_name_segment(r, series, 4);
    return ct_arena_printf(r->arena, "%.*s %.*s", CT_FMT(model), CT_FMT(host));
}

static void format_price(char out[CT_DECIMAL_MAX], int64_t value, int64_t other)
{
    int64_t least = value < other ? value : other;
    int places = least >= 1000000000 ? 2 : least >= 10000000 ? 3 : 6;
    char twin[CT_DECIMAL_MAX];
    ct_decimal_format_fixed(out, value, 9, places);
    ct_decimal_format_fixed(twin, other, 9, places);
    if (value != other && ct_span_is(ct_span(out), twin))
        ct_decimal_format(out, value, 9);
}

static struct ct_span price_what(struct ct_reader *r, const struct ct_event_row *e)
{
    char old[CT_DECIMAL_MAX], new[CT_DECIMAL_MAX], pct[CT_DECIMAL_MAX];
    bool gpu = ct_span_starts(e->series, "gpu/");
    bool low = gpu && ct_low_90d(r, e->series_id, r->t, e->new_value);
    format_price(old, e->old_value, e->new_value);
    format_price(new, e->new_value, e->old_value);
    ct_decimal_format_fixed(pct, e->pct_milli, 3, 1);
    struct ct_span unit = ct_span_is(e->unit, "USD/gpu.h")  ? CT_LIT("$/GPU.h")
                          : ct_span_is(e->unit, "USD/Mtok") ? CT_LIT("$/1M")
                                                            : e->unit;
    return ct_arena_printf(r->arena, "%.*s%s%s -> %s %.*s  %s%s%%%s", gpu ? 0 : (int)e->field.n,
                           e->field.p ? e->field.p : "", gpu ? "" : " ", old, new, CT_FMT(unit),
                           e->pct_milli > 0 ? "+" : "", pct, low ? ", 90d low" : "");
}

static int larger_move(const void *a, const void *b)
{
    int64_t x = llabs(((const struct ct_event_row *)a)->pct_milli);
    int64_t y = llabs(((const struct ct_event_row *)b)->pct_milli);
    return (x < y) - (x > y);
}

/* The row that tells of another price of SERIES' model, or NULL. */
static struct ct_now_row *row_of_model(struct now_list *out, size_t from, struct ct_span series)
{
    size_t n = series.n;
    while (n && series.p[n - 1] != '/')
        n--;
    for (size_t i = from; n && i < out->v.n; i++) {
        struct ct_span other = out->v.v[i].series;
        if (other.n > n && memcmp(other.p, series.p, n) == 0 && !memchr(other.p + n, '/', other.n - n))
            return &out->v.v[i];
    }
    return NULL;
}

static struct ct_span also_moved(struct ct_reader *r, struct ct_span what, const struct ct_event_row *e)
{
    char pct[CT_DECIMAL_MAX];
    ct_decimal_format_fixed(pct, e->pct_milli, 3, 1);
    return ct_arena_printf(r->arena, "%.*s, %.*s %s%s%%", CT_FMT(what), CT_FMT(e->field),
                           e->pct_milli > 0 ? "+" : "", pct);
}

/* Offers of one accelerator at one cloud whose stock or price went the same way within the day: one row, or a machine
 * that comes back fills the screen, once a region, size and way to buy it. */
struct move_group {
    struct ct_event_row first; /* the newest, or the largest */
    struct ct_alike g;
};

/* The first event of every series alone counts. SEEN: a power of two of SLOTS; false: there was one before. */
static bool first_of_series(uint32_t *seen, size_t slots, const struct ct_event_row *e)
{
    uint32_t id = (uint32_t)e->series_id + 1;
    size_t at = (size_t)id * 2654435761U & (slots - 1);
    while (seen[at] && seen[at] != id)
        at = (at + 1) & (slots - 1);
    bool first = !seen[at];
    seen[at] = id;
    return first;
}

static uint32_t *slots_for(struct ct_reader *r, size_t n, size_t *slots)
{
    for (*slots = 16; *slots < n * 2;)
        *slots *= 2;
    return ct_arena_alloc(r->arena, *slots * sizeof(uint32_t));
}

/* Into the group of GROUPS that E belongs to, into a new one while there are fewer than MOST. */
static void group_move(struct ct_reader *r, struct move_group *groups, size_t *n, size_t most, const struct ct_event_row *e)
{
    struct ct_alike one;
    size_t k = 0;
    if (!ct_alike_of(e, r->arena, &one))
        return;
    while (k < *n && !ct_alike_same(&groups[k].g, &one))
        k++;
    if (k < *n)
        (void)ct_alike_join(&groups[k].g, &one, r->arena);
    else if (k < most)
        groups[(*n)++] = (struct move_group){*e, one};
}

static void add_group(struct ct_reader *r, const struct move_group *m, const char *sign, const char *word,
                      struct ct_span what, const char *evidence, struct now_list *out)
{
    struct ct_event_row e = m->first;
    size_t n = out->v.n;
    e.at_ms = m->g.newest_ms;
    add_move(r, &e, sign, word, ct_alike_where(&m->g, r->arena), what, evidence, out);
    if (out->v.n > n) {
        out->v.v[n].alike = ct_alike_subject(&m->g, r->t - CT_DAY, r->t, LEAST_MOVE, r->arena);
        out->v.v[n].parts = (struct ct_list){m->g.series.v.v, m->g.series.v.n};
    }
}

static void add_price_group(struct ct_reader *r, const struct move_group *m, struct now_list *out)
{
    char least[CT_DECIMAL_MAX], most[CT_DECIMAL_MAX], more[48 + CT_DECIMAL_MAX] = "";
    ct_decimal_format_fixed(least, m->g.least_pct, 3, 1);
    ct_decimal_format_fixed(most, m->g.most_pct, 3, 1);
    bool differ = strcmp(least, most) != 0;
    if (m->g.n > 1)
        snprintf(more, sizeof(more), ", %zu offers%s%s%s%s", m->g.n, differ ? " from " : "",
                 differ && m->g.least_pct > 0 ? "+" : "", differ ? least : "", differ ? "%" : "");
    struct ct_span what = price_what(r, &m->first);
    add_group(r, m, "$", "MOVE", ct_arena_printf(r->arena, "%.*s%s", CT_FMT(what), more), "price", out);
}

static void add_price_moves(struct ct_reader *r, const struct ct_event_list *events,
                            struct now_list *out)
{
    CT_VEC(struct ct_event_row) moves = {NULL, 0, 0};
    struct move_group groups[MOST_MOVES];
    size_t first = out->v.n, n = 0, slots;
    for (size_t i = 0; i < events->v.n; i++) {
        const struct ct_event_row *e = &events->v.v[i];
        bool move = e->kind == CT_EVENT_PRICE && e->suspect != 1 && e->pct_milli != CT_NONE &&
                    llabs(e->pct_milli) >= LEAST_MOVE && e->series.p;
        struct ct_event_row *copy = move ? CT_VEC_PUSH(r->arena, &moves) : NULL;
        if (copy)
            *copy = *e;
    }
    ct_sort(r, moves.v, moves.n, sizeof *moves.v, larger_move);
    uint32_t *seen = slots_for(r, moves.n, &slots);
    for (size_t i = 0; seen && i < moves.n; i++) {
        const struct ct_event_row *e = &moves.v[i];
        size_t room = MOST_MOVES - (out->v.n - first);
        if (!first_of_series(seen, slots, e) || (ct_asof(r, e->series_id, r->at).flags & CT_SAMPLE_QUARANTINED))
            continue;
        struct ct_now_row *told = row_of_model(out, first, e->series);
        if (ct_span_starts(e->series, "gpu/"))
            group_move(r, groups, &n, room, e);
        else if (told) /* one row a model, its largest move in front */
            told->what = also_moved(r, told->what, e);
        else if (n < room)
            add_move(r, e, "$", "MOVE", token_where(r, e->series), price_what(r, e), "price", out);
    }
    for (size_t k = 0; k < n; k++)
        add_price_group(r, &groups[k], out);
}

static void add_stock_group(struct ct_reader *r, const struct move_group *m, struct now_list *out)
{
    static const char *const words[] = {"unknown", "none", "low", "available"};
    const struct ct_event_row *e = &m->first;
    char age[CT_TIME_MAX] = "", more[48] = "";
    struct ct_asof before = ct_asof(r, e->series_id, e->at_ms - 1);
    if (before.at_ms != CT_NONE)
        ct_age_format(age, e->at_ms - before.at_ms);
    if (m->g.n > 1)
        snprintf(more, sizeof(more), ", %zu offers", m->g.n);
    add_group(r, m, ct_stock_words[e->new_value], "CAP",
              ct_arena_printf(r->arena, "%s -> %s%s%s%s", words[e->old_value], words[e->new_value],
                              *age ? " after " : "", age, more), "stock", out);
}

static bool is_stock_move(const struct ct_event_row *e)
{
    return e->kind == CT_EVENT_STOCK && e->old_value >= CT_STOCK_UNKNOWN && e->old_value <= CT_STOCK_AVAILABLE &&
           e->new_value >= CT_STOCK_UNKNOWN && e->new_value <= CT_STOCK_AVAILABLE && e->series.p;
}

static void add_stock_moves(struct ct_reader *r, const struct ct_event_list *events,
                            struct now_list *out)
{
    struct move_group groups[MOST_MOVES];
    size_t n = 0, slots;
    uint32_t *seen = slots_for(r, events->v.n, &slots);
    for (size_t i = 0; seen && i < events->v.n; i++) {
        const struct ct_event_row *e = &events->v.v[i];
        if (is_stock_move(e) && first_of_series(seen, slots, e))
            group_move(r, groups, &n, MOST_MOVES, e);
    }
    for (size_t k = 0; k < n; k++)
        add_stock_group(r, &groups[k], out);
}

/* Models that came to a host or left it within the day: each by name while they are few, else a
 * number a host. */
static void add_model_moves(struct ct_reader *r, const struct ct_event_list *events,
                            struct now_list *out)
{
    CT_VEC(struct move_group) groups = {NULL, 0, 0};
    struct ct_alike one;
    size_t all = 0;
    for (size_t i = 0; i < events->v.n; i++)
        all += events->v.v[i].kind == CT_EVENT_MODEL;
    const size_t few = all <= MOST_MOVES ? 3 : 1;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < events->v.n; i++) {
            const struct ct_event_row *e = &events->v.v[i];
            struct move_group *m = NULL;
            if (e->kind != CT_EVENT_MODEL || !ct_alike_of(e, r->arena, &one))
                continue;
            for (size_t k = 0; k < groups.n && !m; k++)
                if (ct_alike_same(&groups.v[k].g, &one))
                    m = &groups.v[k];
            if (pass == 1 && m && m->g.n <= few)
                add_move(r, e, ct_span_is(e->field, "appeared") ? "+" : "-", "MODEL", token_where(r, e->series), e->text,
                         "catalog", out);
            else if (pass == 0 && m)
                (void)ct_alike_join(&m->g, &one, r->arena);
            else if (pass == 0 && (m = CT_VEC_PUSH(r->arena, &groups)))
                *m = (struct move_group){*e, one};
        }
    }
    for (size_t k = 0; k < groups.n; k++) {
        struct move_group m = groups.v[k];
        bool appeared = ct_span_is(m.g.way, "appeared");
        m.first.series = CT_SPAN_NONE; /* no one of them is meant */
        if (m.g.n > few)
            add_group(r, &m, appeared ? "+" : "-", "MODEL",
                      ct_arena_printf(r->arena, appeared ? "%zu new models" : "%zu models gone", m.g.n), "catalog", out);
    }
}

/* ---- alerts ---- */

static struct ct_span alert_words(struct ct_reader *r, const struct ct_alert_row *a)
{
    char age[CT_TIME_MAX];
    if (a->state == CT_ALERT_PENDING)
        return CT_LIT("pending");
    if (a->silenced)
        ct_age_format(age, a->silenced_until_ms - r->t);
    else if (a->acked)
        ct_age_format(age, r->t - a->acked_ms);
    else
        return a->inhibited ? CT_LIT("held") : CT_LIT("NEW");
    return ct_arena_printf(r->arena, "%s %s", a->silenced ? "mut" : "ack", age);
}

/* Is A about what ROW tells: the place, all of the provider's scope, a part of it, the source, or the series? */
static bool is_about(const struct ct_alert_row *a, const struct ct_now_row *row)
{
    if (row->series.p)
        return ct_span_eq(a->series, row->series) || (a->series.p && names(&row->parts, a->series));
    if (ct_span_eq(a->subject, row->where) || (row->scope.n && ct_span_eq(a->subject, row->scope)))
        return true;
    if (!row->source.n || a->series.p || !ct_span_eq(ct_alert_label(a->labels, CT_LIT("source")), row->source))
        return false;
    struct ct_span name = ct_alert_label(a->labels, CT_LIT("component"));
    struct ct_span id = ct_alert_label(a->labels, CT_LIT("id"));
    bool part = name.n || id.n;
    return row->kind == CT_EVENT_SOURCE ||
           (part && (!row->parts.n || names(&row->parts, name) || names(&row->parts, id)));
}

/* What fires and no other row tells: a rule about prices, models or the program itself. */
static void add_alert(struct ct_reader *r, const struct ct_alert_row *a, struct now_list *rows)
{
    static const int states[] = {CT_STATE_OPERATIONAL, CT_STATE_DEGRADED, CT_STATE_PARTIAL};
    struct ct_now_row *row = push(r, rows, states[a->severity < 0 ? CT_SEV_INFO : a->severity], CT_EVENT_ALERT);
    if (!row)
        return;
    row->sign = CT_LIT("!");
    row->word = CT_LIT("ALERT");
    row->where = ct_span_starts(a->series, "gpu/")     ? offer_where(r, a->series)
                 : ct_span_starts(a->series, "token/") ? token_where(r, a->series)
                                                       : a->subject;
    row->what = ct_arena_printf(r->arena, "%.*s [%.*s]", CT_FMT(a->text), CT_FMT(a->rule));
    row->evidence = CT_LIT("rule");
    row->url = a->url;
    row->provider = a->provider;
    row->series = a->series;
    row->since_ms = a->fired_ms != CT_NONE ? a->fired_ms : a->since_ms;
    row->alert = alert_words(r, a);
    row->alert_id = a->id;
}

static void add_alerts(struct ct_reader *r, bool offline, struct now_list *rows)
{
    struct ct_alert_list alerts = {.v = {NULL, 0, 0}};
    size_t told = rows->v.n, more = 0;
    ct_alerts_at(r, &alerts);
    for (int severity = CT_SEV_CRITICAL; severity >= CT_SEV_INFO; severity--)
        for (size_t k = 0; k < alerts.v.n; k++) {
            const struct ct_alert_row *a = &alerts.v.v[k];
            bool told_of = offline && ct_span_is(a->rule, "all_sources_failing");
            if (a->severity != severity || !ct_alert_is_open(a->state))
                continue;
            for (size_t i = 0; i < told; i++) {
                struct ct_now_row *row = &rows->v.v[i];
                bool about = is_about(a, row);
                told_of = told_of || about;
                if (about && !row->alert.p) { /* the worst comes first */
                    row->alert = alert_words(r, a);
                    row->alert_id = a->id;
                    if (!ct_span_eq(ct_alert_label(a->labels, CT_LIT("region")), row->region))
                        row->region = CT_SPAN_NONE;
                }
            }
            if (told_of || a->state != CT_ALERT_FIRING || a->silenced || a->inhibited)
                continue;
            if (rows->v.n - told < MOST_MOVES)
                add_alert(r, a, rows);
            else
                more++;
        }
    struct ct_now_row *row = more ? push(r, rows, CT_STATE_OPERATIONAL, CT_EVENT_ALERT) : NULL;
    if (row) {
        row->sign = CT_LIT("!");
        row->word = CT_LIT("ALERT");
        row->where = CT_LIT("alerts");
        row->what = ct_arena_printf(r->arena, "%zu more fire: screen 7 has all", more);
        row->evidence = CT_LIT("rule");
    }
}

/* ---- scope ---- */

/* PATTERN names TEXT: as a glob, else by being a part of it. */
static bool has_part(struct ct_span text, struct ct_span pattern)
{
    return memchr(pattern.p, '*', pattern.n) ? ct_glob(pattern, text) : ct_span_ihas(text, pattern);
}

/* A model's name, or that before its variant ("gpt-5@2025-08-07"). */
static bool is_model(struct ct_span text, struct ct_span pattern)
{
    struct ct_span rest = text;
    return ct_glob(pattern, text) || ct_glob(pattern, ct_span_cut(&rest, '@'));
}

static bool in_list(struct ct_span list, struct ct_span text,
                    bool (*names_it)(struct ct_span text, struct ct_span pattern))
{
    bool any = !list.n;
    while (list.p && !any) {
        struct ct_span one = ct_span_trim(ct_span_cut(&list, ','));
        any = one.n && names_it(text, one);
    }
    return any;
}

/* Moves of GPUs and models nobody depends on stay on their own screens. */
static void keep_in_scope(struct ct_reader *r, const struct ct_scope *scope, struct ct_event_list *events)
{
    size_t n = 0;
    for (size_t i = 0; i < events->v.n; i++) {
        struct ct_span series = events->v.v[i].series;
        bool token = ct_span_starts(series, "token/");
        bool gpu = ct_span_starts(series, "gpu/") || ct_span_starts(series, "stock/");
        bool in = token ? in_list(scope->models, ct_name_segment(r, series, 4), is_model)
                  : gpu ? in_list(scope->gpus, ct_name_segment(r, series, 3), has_part)
                        : true;
        if (in)
            events->v.v[n++] = events->v.v[i];
    }
    events->v.n = n;
}

/* ---- all ---- */

static int worse(const void *a, const void *b)
{
    const struct ct_now_row *x = a, *y = b;
    if (x->state != y->state)
        return y->state - x->state;
    if (x->state == CT_STATE_MAINTENANCE) /* what comes next, next */
        return (x->since_ms > y->since_ms) - (x->since_ms < y->since_ms);
    return (x->since_ms < y->since_ms) - (x->since_ms > y->since_ms);
}

static void own_row(struct ct_now_row *row, struct ct_arena *a)
{
    struct ct_span *const beside[] = {&row->alike, &row->scope, &row->source, &row->alert_id};
    ct_row_own(&ct_now_table, row, a);
    for (size_t i = 0; i < CT_LEN(beside); i++)
        *beside[i] = ct_arena_dup(a, *beside[i]);
    struct ct_span *parts = ct_arena_alloc(a, (row->parts.n + 1) * sizeof *parts);
    for (size_t i = 0; parts && i < row->parts.n; i++)
        parts[i] = ct_arena_dup(a, row->parts.v[i]);
    row->parts = (struct ct_list){parts, parts ? row->parts.n : 0};
}

/* What ROWS say, without the thousands of events that they were made of. */
static enum ct_status own_rows(const struct now_list *rows, struct ct_arena *a, struct ct_rows *out, struct ct_error *err)
{
    struct ct_now_row *own = ct_arena_alloc(a, (rows->v.n + 1) * sizeof *own);
    for (size_t i = 0; own && i < rows->v.n; i++) {
        own[i] = rows->v.v[i];
        own_row(&own[i], a);
    }
    if (!own || ct_arena_full(a))
        return ct_fail(err, CT_ERR_LIMIT, NULL, "the answer is too large");
    *out = (struct ct_rows){own, rows->v.n};
    return CT_OK;
}

enum ct_status ct_read_now(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                           struct ct_rows *out, struct ct_error *err)
{
    struct now_list rows = {.v = {NULL, 0, 0}};
    struct ct_event_list events = {.v = {NULL, 0, 0}};
    struct ct_arena *work = ct_arena_new(CT_MOST_WORK);
    ct_load_begin(r, q, work, err);
    struct ct_source_list list = ct_sources_at(r);
    int64_t offline = ct_offline_since(r, &list);
    for (size_t i = 0; i < list.n && r->status == CT_OK; i++) {
        const struct ct_source_at *s = &list.v[i];
        bool elsewhere = s->provider.n && s->kind == CT_SOURCE_STATUS &&
                         !in_list(q->scope.providers, s->provider, has_part);
        if (elsewhere || !(ct_counts(r, s) || ct_status_counts(r, s)))
            continue;
        if (wants_row(r, s) && offline == CT_NONE)
            add_unreadable(r, s, &rows);
        else if (s->kind == CT_SOURCE_STATUS && ct_readable(s))
            add_status(r, s, q->regions, &rows);
    }
    /* One broken uplink is one line, not one a source. */
    struct ct_now_row *row =
        offline == CT_NONE ? NULL : push(r, &rows, CT_STATE_UNKNOWN, CT_EVENT_SOURCE);
    if (row) {
        row->where = CT_LIT("network");
        row->what = CT_LIT("we look offline: no source can be reached");
        row->evidence = CT_LIT("none");
        row->since_ms = offline;
    }
    ct_events_read(r, &list,
                   (struct ct_event_window){.from_ms = r->t - CT_DAY, .to_ms = r->at, .limit = MOST_EVENTS},
                   &events);
    keep_in_scope(r, &q->scope, &events);
    add_price_moves(r, &events, &rows);
    add_stock_moves(r, &events, &rows);
    add_model_moves(r, &events, &rows);
    add_alerts(r, offline != CT_NONE, &rows);
    ct_sort(r, rows.v.v, rows.v.n, sizeof *rows.v.v, worse);
    enum ct_status st = ct_load_end(r);
    st = st == CT_OK ? own_rows(&rows, a, out, err) : st;
    ct_arena_free(work);
    return st;
}
