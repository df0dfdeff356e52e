/* What Enter opens: the text and time line of an incident, a provider with its components, an offer
 * or a model with everything known of it. Lines of text, wrapped when drawn. */
#include "config.h"

#include "tui/views/common.h"
#include "tui/views/record.h"

#include "db/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
    struct ct_span head, text; /* HEAD stands in a column of its own, TEXT is wrapped behind it */
    enum ct_role head_role, role;
    char sign; /* 0, or a state's sign before TEXT */
};

struct model {
    struct ct_span subject, url, series;
    const void *alert; /* ct_panel_alert's model, when the subject is one; NULL */
    struct ct_span summary; /* one line, fit for chat */
    int head;               /* columns of the head column */
    CT_VEC(struct line) lines;
};

struct state {
    int top, page, total; /* as last drawn */
    char subject[CT_SUBJECT];
};

struct builder {
    struct ct_reader *reader;
    const struct ct_panel_query *q;
    int64_t now_ms;
    struct ct_arena *a;
    struct model *m;
    struct ct_error *err;
    struct line lost; /* where lines go once the arena is full; that is reported at the end */
};

/* ---- lines ---- */

static struct line *add(struct builder *b, struct ct_span head, enum ct_role role,
                        struct ct_span text)
{
    struct line *l = CT_VEC_PUSH(b->a, &b->m->lines);
    int wide = ct_text_width(head);
    if (!l)
        return &b->lost;
    *l = (struct line){.head = head, .text = text, .head_role = CT_ROLE_DIM, .role = role};
    b->m->head = wide > b->m->head && wide <= 16 ? wide : b->m->head;
    return l;
}

static void blank(struct builder *b)
{
    add(b, CT_SPAN_NONE, CT_ROLE_TEXT, CT_SPAN_NONE);
}

/* A labelled line when there is something to say. */
static void field(struct builder *b, const char *name, struct ct_span text)
{
    if (text.n)
        add(b, ct_span(name), CT_ROLE_TEXT, text);
}

static void field_buf(struct builder *b, const char *name, struct ct_buf *text)
{
    field(b, name, ct_arena_dup(b->a, ct_buf_span(text)));
    ct_buf_clear(text);
}

static void field_time(struct builder *b, const char *name, int64_t at_ms)
{
    struct ct_buf text = CT_BUF_INIT;
    char age[CT_TIME_MAX];
    if (at_ms != CT_NONE) {
        ct_view_when(&text, at_ms, b->now_ms);
        ct_age_format(age, at_ms > b->now_ms ? at_ms - b->now_ms : b->now_ms - at_ms);
        ct_buf_addf(&text, at_ms > b->now_ms ? "  in %s" : "  %s ago", age);
        field_buf(b, name, &text);
    }
    ct_buf_free(&text);
}

static void field_list(struct builder *b, const char *name, const struct ct_list *list)
{
    struct ct_buf text = CT_BUF_INIT;
    for (size_t i = 0; i < list->n; i++)
        ct_buf_addf(&text, "%s%.*s", i ? ", " : "", CT_FMT(list->v[i]));
    field_buf(b, name, &text);
    ct_buf_free(&text);
}

static void state_line(struct builder *b, const char *head, int state, struct ct_span text)
{
    struct line *l = add(
        b, ct_span(head), CT_ROLE_TEXT,
        ct_arena_printf(b->a, "%s%s%.*s", ct_state_short(state), text.n ? "  " : "", CT_FMT(text)));
    l->sign = ct_state_sign(state);
    l->role = ct_role_of_state(state);
}

/* ---- incidents ---- */

static enum ct_status add_updates(struct builder *b, const struct ct_incident_row *i)
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
        add(b, ct_arena_dup(b->a, ct_buf_span(&when)), CT_ROLE_TEXT,
            ct_arena_printf(b->a, "%s%s%.*s", known ? ct_phase_words[u[k].phase] : "",
                            known ? ": " : "", CT_FMT(u[k].text)));
    }
    if (!rows.n)
        add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("the page gave no text"));
    ct_buf_clear(&when);
    if (i->first_seen_ms != CT_NONE) {
        ct_view_when(&when, i->first_seen_ms, b->now_ms);
        add(b, ct_arena_dup(b->a, ct_buf_span(&when)), CT_ROLE_DIM,
            CT_LIT("first seen by cloudtape"));
    }
    ct_buf_free(&when);
    return CT_OK;
}

static enum ct_status add_incident(struct builder *b, const struct ct_incident_row *i)
{
    add(b, CT_SPAN_NONE, CT_ROLE_TITLE, i->title);
    bool known = i->phase >= 0 && i->phase < CT_PHASE_UNKNOWN;
    struct ct_span phase = ct_span(known ? ct_phase_words[i->phase] : "");
    if (i->open == 0)
        add(b, CT_LIT("state"), CT_ROLE_TEXT,
            ct_arena_printf(b->a, ". ended  %.*s", CT_FMT(phase)));
    else
        state_line(b, "state", i->state, phase);
    field(b, "provider", i->provider);
    field(b, "they say", i->raw_impact);
    field_time(b, "planned", i->scheduled_for_ms);
    field_time(b, "until", i->scheduled_until_ms);
    field_time(b, "started", i->started_ms);
    field_time(b, "updated", i->updated_ms);
    field_time(b, "resolved", i->resolved_ms);
    field_list(b, "touches", &i->components);
    field_list(b, "regions", &i->regions);
    field(b, "link", i->url);
    if (i->stale == 1)
        field(b, "stale", CT_LIT("open, but without an update for 14 days"));
    b->m->url = i->url;
    b->m->summary = ct_arena_printf(b->a, "%.*s %s: %.*s %.*s", CT_FMT(i->provider),
                                    i->open == 0 ? "ended" : ct_state_short(i->state),
                                    CT_FMT(i->title), CT_FMT(i->url));
    blank(b);
    return add_updates(b, i);
}

/* SUBJECT is "PROVIDER/ID". */
static enum ct_status build_incident(struct builder *b, struct ct_span subject)
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
        add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("this incident is no longer on record"));
    return st;
}

/* ---- providers ---- */

static void add_scope(struct builder *b, const struct ct_status_row *s)
{
    struct ct_buf text = CT_BUF_INIT;
    state_line(b, "state", s->state, s->reason);
    field(b, "scope", s->scope);
    if (s->state != CT_STATE_OPERATIONAL)
        field_time(b, "since", s->since_ms);
    if (s->evidence >= 0)
        field(b, "says who", ct_span(ct_evidence_words[s->evidence]));
    if (s->page_state >= 0 && s->page_state != s->state)
        field(b, "the page",
              ct_arena_printf(b->a, "calls itself %s", ct_state_words[s->page_state]));
    if (s->measured_state >= 0) {
        state_line(b, "measured", s->measured_state, s->measured);
        field_time(b, "  at", s->measured_ms);
        if (s->state < CT_STATE_UNKNOWN && s->measured_state >= CT_STATE_DEGRADED)
            field(b, "disagree", CT_LIT("the page says fine, what is measured says not"));
    }
    if (s->uptime_90d_milli != CT_NONE) {
        ct_view_milli(&text, s->uptime_90d_milli);
        ct_buf_adds(&text, "% of the last 90 days, as far as recorded");
        field_buf(b, "up", &text);
    }
    field(b, "source", s->source);
    field_time(b, "seen", s->seen_ms);
    if (s->freshness > CT_FRESH)
        field(b, "data", ct_span(ct_freshness_words[s->freshness]));
    const struct ct_incident_row *i = s->incidents.v;
    for (size_t k = 0; k < s->incidents.n; k++)
        state_line(b, k ? "" : "incidents", i[k].state, i[k].title);
    blank(b);
    ct_buf_free(&text);
}

/* The texts of the open incidents under the provider they trouble, the first three in full. */
static enum ct_status add_open_incidents(struct builder *b, const struct ct_status_row *s)
{
    const struct ct_incident_row *i = s->incidents.v;
    enum ct_status st = CT_OK;
    for (size_t k = 0; k < s->incidents.n && k < 3 && st == CT_OK; k++) {
        add(b, CT_SPAN_NONE, CT_ROLE_HEADER, i[k].title);
        field_time(b, "planned", i[k].scheduled_for_ms);
        field_time(b, "until", i[k].scheduled_until_ms);
        field_list(b, "touches", &i[k].components);
        field_list(b, "regions", &i[k].regions);
        field(b, "link", i[k].url);
        st = add_updates(b, &i[k]);
        blank(b);
    }
    return st;
}

/* The worst component of each region that is named. */
static void add_regions(struct builder *b, struct ct_rows rows)
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
            state_line(b, shown++ ? "" : "regions", worst,
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

static enum ct_status add_components(struct builder *b, struct ct_span provider)
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
        add(b, CT_SPAN_NONE, CT_ROLE_HEADER, ct_arena_printf(b->a, "%zu component%s", rows.n, rows.n == 1 ? "" : "s"));
    for (size_t i = 0; order && i < rows.n; i++) {
        struct ct_buf name = CT_BUF_INIT;
        if (order[i]->group.n)
            ct_buf_addf(&name, "%.*s / ", CT_FMT(order[i]->group));
        ct_buf_add(&name, order[i]->name);
        if (order[i]->region.n && !ct_span_eq(order[i]->region, order[i]->name))
            ct_buf_addf(&name, " (%.*s)", CT_FMT(order[i]->region));
        state_line(b, "", order[i]->state, ct_arena_dup(b->a, ct_buf_span(&name)));
        ct_buf_free(&name);
    }
    return CT_OK;
}

static enum ct_status build_provider(struct builder *b, struct ct_span provider)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = ct_read_status(b->reader, &query, b->a, &rows, b->err);
    if (st != CT_OK)
        return st;
    const struct ct_status_row *s = rows.v;
    size_t found = 0;
    add(b, CT_SPAN_NONE, CT_ROLE_TITLE, provider);
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
        add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("no status page of this provider is read"));
        return CT_OK;
    }
    b->m->series = ct_arena_printf(b->a, "state/%.*s", CT_FMT(provider));
    return add_components(b, provider);
}

/* ---- offers ---- */

static void money_field(struct builder *b, const char *name, ct_nusd price, const char *unit)
{
    struct ct_buf text = CT_BUF_INIT;
    if (price != CT_NONE) {
        ct_format_price(&text, price);
        ct_buf_addf(&text, " %s", unit);
        field_buf(b, name, &text);
    }
    ct_buf_free(&text);
}

static void milli_field(struct builder *b, const char *name, int64_t milli, const char *unit)
{
    struct ct_buf text = CT_BUF_INIT;
    if (milli != CT_NONE) {
        ct_view_milli(&text, milli);
        ct_buf_adds(&text, unit);
        field_buf(b, name, &text);
    }
    ct_buf_free(&text);
}

static void percent_field(struct builder *b, const char *name, int64_t milli, const char *note)
{
    struct ct_buf text = CT_BUF_INIT;
    if (milli != CT_NONE) {
        ct_format_percent(&text, milli);
        ct_buf_adds(&text, note);
        field_buf(b, name, &text);
    }
    ct_buf_free(&text);
}

/* Whether there is any, and what that rests on: listed is not available. */
static void stock_field(struct builder *b, const struct ct_offer_row *o)
{
    static const char *const words[] = {"? unknown", "N none", "L low", "A available"};
    struct ct_buf text = CT_BUF_INIT;
    int stock = o->offer.stock < 0 || o->offer.stock > CT_STOCK_AVAILABLE ? 0 : o->offer.stock;
    ct_buf_adds(&text, words[stock]);
    if (o->offer.stock_count != CT_NONE)
        ct_buf_addf(&text, ", %lld", (long long)o->offer.stock_count);
    if (o->evidence >= 0)
        ct_buf_addf(&text, " (%s%s)", ct_evidence_words[o->evidence],
                    o->evidence == CT_EVIDENCE_LISTED ? ": says nothing about capacity" : "");
    field_buf(b, "stock", &text);
    ct_buf_free(&text);
}

/* The band, and who says it since when: it is rarely the source of the price. */
static void risk_field(struct builder *b, const struct ct_offer_row *row)
{
    struct ct_buf text = CT_BUF_INIT;
    char age[CT_TIME_MAX];
    if (row->offer.interruption.n) {
        ct_buf_addf(&text, "%.*s", CT_FMT(row->offer.interruption));
        ct_buf_addf(&text, row->risk_source.n ? ", by %.*s" : "%.*s", CT_FMT(row->risk_source));
        if (row->risk_age_s != CT_NONE) {
            ct_age_format(age, row->risk_age_s * CT_SECOND);
            ct_buf_addf(&text, " %s ago%s", age, row->risk_freshness > CT_FRESH ? ", old" : "");
        }
    }
    field_buf(b, "interruption", &text);
    ct_buf_free(&text);
}

static void add_offer(struct builder *b, const struct ct_offer_row *row)
{
    const struct ct_offer *o = &row->offer;
    struct ct_buf text = CT_BUF_INIT;
    ct_view_series(&text, row->series);
    b->m->summary = ct_arena_dup(b->a, ct_buf_span(&text));
    add(b, CT_SPAN_NONE, CT_ROLE_TITLE, b->m->summary);
    ct_buf_clear(&text);
    const char *currency = ct_span_is(o->currency, "USD") || !o->currency.n ? "$" : NULL;
    char unit[64];
    snprintf(unit, sizeof(unit), "%.*s/GPU.h", currency ? 1 : (int)o->currency.n,
             currency ? currency : o->currency.p);
    ct_nusd per_gpu =
        row->usd_per_gpu_hour != CT_NONE ? row->usd_per_gpu_hour : o->price_per_gpu_hour;
    money_field(b, "price", per_gpu, row->usd_per_gpu_hour != CT_NONE ? "$/GPU.h" : unit);
    snprintf(unit, sizeof(unit), "%.*s/instance.h", currency ? 1 : (int)o->currency.n,
             currency ? currency : o->currency.p);
    money_field(b, "instance", o->price_per_hour, unit);
    percent_field(b, "24h", row->change_24h_milli, row->low_90d == 1 ? ", lowest of 90 days" : "");
    money_field(b, "compute", row->usd_per_pflop_hour, "$/PFLOP.h");
    money_field(b, "GPU memory", row->usd_per_gb_hour, "$/GB.h");
    if (row->quarantined == 1)
        field(b, "suspect",
              CT_LIT("held back: far from its last week; out of indices until confirmed"));
    stock_field(b, row);
    ct_view_gpu(&text, o);
    if (o->form.n)
        ct_buf_addf(&text, " %.*s", CT_FMT(o->form));
    if (o->gpu_count_milli != CT_NONE) {
        ct_buf_adds(&text, " x ");
        ct_view_milli(&text, o->gpu_count_milli);
    }
    field_buf(b, "GPU", &text);
    field(b, "cloud", o->cloud);
    field(b, "region", o->region);
    field(b, "zone", o->zone);
    if (o->purchase >= 0)
        field(b, "terms", ct_span(ct_purchase_words[o->purchase]));
    risk_field(b, row);
    field(b, "machine", o->instance);
    field(b, "SKU", o->sku);
    milli_field(b, "vCPU", o->vcpu_milli, "");
    milli_field(b, "memory", o->mem_milli, " GiB");
    if (o->host_included >= 0)
        field(b, "host", o->host_included ? CT_LIT("in the price") : CT_LIT("paid on top"));
    field_time(b, "effective", o->effective_ms);
    field_time(b, "changed", row->changed_ms);
    field_time(b, "seen", row->seen_ms);
    field(b, "source", row->source);
    field(b, "series", row->series);
    if (row->gone == 1)
        field(b, "gone", CT_LIT("no longer offered"));
    ct_buf_free(&text);
}

/* How long there was none, and how often it came back: what nobody but the record can say. */
static enum ct_status add_stock_record(struct builder *b, struct ct_span series)
{
    struct ct_span key = series, kind = ct_span_cut(&key, '/');
    struct ct_stock_record s;
    struct ct_buf text = CT_BUF_INIT;
    (void)kind;
    enum ct_status st = ct_read_stock_record(b->reader, ct_view_query(b->q, b->now_ms), key, b->now_ms, b->a,
                                             &s, b->err);
    if (st != CT_OK || s.known_ms == 0)
        return st;
    blank(b);
    ct_stock_record_words(&s, &text);
    field_buf(b, "in 30 days", &text);
    field(b, "", ct_arena_dup(b->a, (struct ct_span){s.strip, CT_STOCK_STRIP}));
    ct_buf_free(&text);
    return CT_OK;
}

/* The endpoints of the same host and id, as measured by whoever sells it on. */
static enum ct_status add_endpoints(struct builder *b, struct ct_span series, struct ct_span id)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    struct ct_span rest = series;
    ct_span_cut(&rest, '/');
    query.subject = ct_arena_printf(b->a, "endpoint/%.*s/*", CT_FMT(ct_span_cut(&rest, '/')));
    query.whole = true;
    query.to_ms = b->now_ms;
    query.from_ms = b->now_ms - CT_DAY;
    enum ct_status st = ct_read_history(b->reader, &query, b->a, &rows, b->err);
    const struct ct_history *h = rows.v;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        struct ct_buf words = CT_BUF_INIT;
        ct_view_series(&words, h[i].series);
        const struct ct_point *p = h[i].points.v;
        int64_t state = h[i].points.n ? p[h[i].points.n - 1].last : h[i].open_value;
        if (id.n && ct_span_ends(ct_buf_span(&words), ct_arena_printf(b->a, "/%.*s", CT_FMT(id)).p) && state != CT_NONE)
            state_line(b, "endpoint", (int)state, ct_arena_dup(b->a, ct_buf_span(&words)));
        ct_buf_free(&words);
    }
    return CT_OK;
}

static enum ct_status build_offer(struct builder *b, struct ct_span series)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    query.gone = true;
    query.subject = series;
    enum ct_status st = ct_read_offers(b->reader, &query, b->a, &rows, b->err);
    const struct ct_offer_row *o = rows.v;
    b->m->series = series;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++)
        if (ct_span_eq(o[i].series, series)) {
            add_offer(b, &o[i]);
            return add_stock_record(b, series);
        }
    if (st == CT_OK)
        add(b, CT_SPAN_NONE, CT_ROLE_DIM,
            CT_LIT("no offer of this name; L shows what was recorded"));
    return st;
}

/* ---- models ---- */

static struct ct_span but_last_segment(struct ct_span s)
{
    while (s.n && s.p[s.n - 1] != '/')
        s.n--;
    return (struct ct_span){s.p, s.n ? s.n - 1 : 0};
}

static void add_token_head(struct builder *b, const struct ct_token_row *t)
{
    const struct ct_token_price *p = &t->price;
    add(b, CT_SPAN_NONE, CT_ROLE_TITLE,
        ct_arena_printf(b->a, "%.*s%s%.*s on %.*s", CT_FMT(p->model), p->variant.n ? "@" : "",
                        CT_FMT(p->variant), CT_FMT(p->host)));
    field(b, "lab", p->lab);
    field(b, "host", p->host);
    field(b, "kind of host", p->host_class);
    field(b, "region", p->region);
    field(b, "id there", p->source_id);
    if (p->open_weights >= 0)
        field(b, "weights", p->open_weights ? CT_LIT("open") : CT_LIT("closed"));
    if (p->context != CT_NONE)
        field(b, "context", ct_arena_printf(b->a, "%lld tokens", (long long)p->context));
    field_time(b, "retires", p->retires_ms);
    field_time(b, "seen", t->seen_ms);
    field(b, "source", t->source);
    blank(b);
}

static void add_token_price(struct builder *b, const struct ct_token_row *t)
{
    struct ct_buf text = CT_BUF_INIT;
    if (t->price.per_mtok == 0)
        ct_buf_adds(&text, "free, or inside a plan");
    else
        ct_format_price(&text, t->price.per_mtok);
    ct_buf_adds(&text, t->price.per_mtok != CT_NONE && t->price.per_mtok ? " $/1M" : "");
    if (t->change_30d_milli != CT_NONE) {
        ct_buf_adds(&text, "   30d ");
        ct_format_percent(&text, t->change_30d_milli);
    }
    ct_buf_adds(&text, t->suspect == 1 ? "   suspect" : "");
    if (t->lists_differ == 1) {
        ct_buf_adds(&text, "   lists differ: ");
        ct_format_price(&text, t->other_price);
        ct_buf_addf(&text, " in %.*s", CT_FMT(t->other_list));
    }
    struct line *l = add(b, t->field, CT_ROLE_TEXT, ct_arena_dup(b->a, ct_buf_span(&text)));
    l->role = t->suspect == 1 ? CT_ROLE_DIM : CT_ROLE_TEXT;
    ct_buf_free(&text);
}

static enum ct_status build_token(struct builder *b, struct ct_span series)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    query.gone = true;
    enum ct_status st = ct_read_tokens(b->reader, &query, b->a, &rows, b->err);
    const struct ct_token_row *t = rows.v;
    struct ct_span model = but_last_segment(series), id = CT_SPAN_NONE;
    size_t found = 0;
    b->m->series = series;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        if (!ct_span_eq(but_last_segment(t[i].series), model))
            continue;
        if (!found++)
            add_token_head(b, &t[i]);
        add_token_price(b, &t[i]);
        id = t[i].price.source_id;
    }
    if (st == CT_OK && found)
        st = add_endpoints(b, series, id);
    if (st == CT_OK && !found)
        add(b, CT_SPAN_NONE, CT_ROLE_DIM,
            CT_LIT("no price of this name; L shows what was recorded"));
    struct ct_buf text = CT_BUF_INIT;
    ct_view_series(&text, series);
    b->m->summary = ct_arena_dup(b->a, ct_buf_span(&text));
    ct_buf_free(&text);
    return st;
}

/* ---- articles ---- */

static enum ct_status build_article(struct builder *b, struct ct_span name)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    query.subject = ct_span_cut(&name, '/');
    enum ct_status st = ct_read_articles(b->reader, &query, b->a, &rows, b->err);
    const struct ct_article_row *r = rows.v;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        if (!ct_span_eq(r[i].id, name))
            continue;
        add(b, CT_SPAN_NONE, CT_ROLE_TITLE, r[i].title);
        b->m->summary = r[i].title;
        b->m->url = r[i].url;
        field(b, "from", r[i].provider.n ? r[i].provider : r[i].source);
        field_time(b, "published", r[i].published_ms);
        field_time(b, "first seen", r[i].first_ms);
        field(b, "link", r[i].url);
        blank(b);
        add(b, CT_SPAN_NONE, CT_ROLE_TEXT, r[i].summary.n ? r[i].summary : CT_LIT("no text in the feed"));
        return CT_OK;
    }
    if (st == CT_OK)
        add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("no article of this name"));
    return st;
}

/* ---- labs ---- */

/* When LAB reached which cloud, and what that does not prove. */
static enum ct_status build_lab(struct builder *b, struct ct_span series, struct ct_span lab)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = ct_read_reach(b->reader, &query, b->a, &rows, b->err);
    const struct ct_reach_row *c = rows.v;
    b->m->series = series;
    add(b, CT_SPAN_NONE, CT_ROLE_TITLE, ct_arena_printf(b->a, "%.*s on clouds", CT_FMT(lab)));
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        char day[CT_TIME_MAX];
        if (!ct_span_eq(c[i].lab, lab))
            continue;
        ct_time_format(day, c[i].at_ms);
        add(b, ct_arena_printf(b->a, "cloud %lld", (long long)c[i].nth), CT_ROLE_TEXT,
            ct_arena_printf(b->a, "%.*s, %s %.10s%s", CT_FMT(c[i].cloud),
                            c[i].dated ? "first seen" : "there when recording began,", day,
                            c[i].open_only ? ", open weights" : ""));
    }
    blank(b);
    add(b, CT_SPAN_NONE, CT_ROLE_DIM,
        CT_LIT("What a list does not name may be sold there all the same: not listed is not exclusive. The list may "
               "lag behind by weeks."));
    add(b, CT_SPAN_NONE, CT_ROLE_DIM,
        ct_arena_printf(b->a, "L shows this over time; exclusive/%.*s is the share of its models on one cloud",
                        CT_FMT(lab)));
    return st;
}

/* ---- panel ---- */

static enum ct_status build(struct builder *b, struct ct_span subject)
{
    struct ct_span rest = subject, kind = ct_span_cut(&rest, '/');
    if (ct_span_is(kind, "incident"))
        return build_incident(b, rest);
    if (ct_span_is(kind, "status") || ct_span_is(kind, "state"))
        return build_provider(b, ct_span_cut(&rest, '/'));
    if (ct_span_is(kind, "gpu"))
        return build_offer(b, subject);
    if (ct_span_is(kind, "stock"))
        return build_offer(b, ct_arena_printf(b->a, "gpu/%.*s", CT_FMT(rest)));
    if (ct_span_is(kind, "token"))
        return build_token(b, subject);
    if (ct_span_is(kind, "article"))
        return build_article(b, rest);
    if (ct_span_is(kind, "clouds") || ct_span_is(kind, "exclusive"))
        return build_lab(b, subject, rest);
    b->m->series = subject;
    add(b, CT_SPAN_NONE, CT_ROLE_TITLE, subject);
    if (ct_span_is(kind, "index"))
        add(b, CT_SPAN_NONE, CT_ROLE_TEXT,
            CT_LIT("The median over clouds or sellers of the cheapest comparable price of each, of at least three; what is "
                   "quarantined, suspect or from a silent source is left out."));
    add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("L opens its history"));
    return CT_OK;
}

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    if (!m)
        return ct_fail(err, CT_ERR_LIMIT, "detail", NULL);
    struct builder b = {.reader = r, .q = q, .now_ms = ct_view_end(q, now_ms), .a = a, .m = m,
                        .err = err};
    m->subject = ct_arena_dup(a, ct_span(q->subject));
    *model = m;
    if (ct_span_starts(m->subject, "alert/")) {
        struct ct_panel_query one = *q;
        snprintf(one.subject, sizeof(one.subject), "%s", q->subject + strlen("alert/"));
        return ct_panel_alert.load(r, &one, now_ms, a, &m->alert, err);
    }
    enum ct_status st = m->subject.n ? build(&b, m->subject) : CT_OK;
    return st == CT_OK && ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, "detail", NULL) : st;
}

/* Draws a line from row Y on (negative: above the box); returns the rows it takes. */
static int draw_line(const struct line *l, struct ct_box box, int y, int head)
{
    int x = 1 + (l->head.p ? head + 2 : 0), rows = 0;
    struct ct_span rest = l->text;
    if (l->head.p)
        ct_put(box, y, 1, l->head_role, head, l->head);
    if (l->sign) {
        ct_put_point(box, y, x, l->role, (unsigned char)l->sign);
        x += 2;
    }
    int width = box.cols - x > 4 ? box.cols - x : 4;
    do {
        struct ct_span part = ct_wrap(&rest, width);
        ct_put(box, y + rows, x, l->role, width, part);
        rows++;
    } while (rest.p && rest.n && rows < 1000);
    return rows;
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    const struct model *m = model;
    struct state *s = state;
    if (!m) {
        ct_draw_waiting(d, box);
        return;
    }
    if (!m->subject.n) {
        ct_put_field(box, 0, 1, box.cols - 1, -1, CT_ROLE_DIM,
                     CT_LIT("no row selected: what is known of a row stands here"));
        return;
    }
    if (!ct_span_is(m->subject, s->subject)) {
        snprintf(s->subject, sizeof(s->subject), "%.*s", CT_FMT(m->subject));
        s->top = 0;
    }
    if (m->alert) {
        ct_panel_alert.draw(NULL, m->alert, d, box, note);
        return;
    }
    int y = -s->top;
    for (size_t i = 0; i < m->lines.n; i++)
        y += draw_line(&m->lines.v[i], box, y, m->head);
    s->total = y + s->top;
    s->page = box.rows;
    if (s->total > box.rows)
        ct_buf_addf(note, "%d-%d of %d lines", s->top + 1,
                    s->top + box.rows < s->total ? s->top + box.rows : s->total, s->total);
    if (d->load_error && box.rows > 1) {
        struct ct_buf text = CT_BUF_INIT;
        ct_buf_addf(&text, "not refreshed: %s", d->load_error->what);
        ct_put_field(box, box.rows - 1, 1, box.cols - 1, -1, CT_ROLE_ERROR, ct_buf_span(&text));
        ct_buf_free(&text);
    }
}

static enum ct_act_result request(struct ct_frame_request *req, int kind, struct ct_span text)
{
    if (!text.n)
        return CT_ACT_IGNORED;
    req->kind = (__typeof__(req->kind))kind;
    snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(text));
    return CT_ACT_DRAW;
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct model *m = model;
    struct state *s = state;
    (void)letter;
    (void)q;
    int last = s->total > s->page ? s->total - s->page : 0, page = s->page > 1 ? s->page : 2;
    switch (m ? action : CT_ACT_NONE) {
    case CT_ACT_ROW_DOWN: s->top++; break;
    case CT_ACT_ROW_UP: s->top--; break;
    case CT_ACT_HALF_DOWN: s->top += page / 2; break;
    case CT_ACT_HALF_UP: s->top -= page / 2; break;
    case CT_ACT_PAGE_DOWN: s->top += page - 1; break;
    case CT_ACT_PAGE_UP: s->top -= page - 1; break;
    case CT_ACT_TOP: s->top = 0; break;
    case CT_ACT_BOTTOM: s->top = last; break;
    case CT_ACT_HISTORY: return request(req, CT_REQ_HISTORY, m->series);
    case CT_ACT_COMPARE: return request(req, CT_REQ_COMPARE, m->series);
    case CT_ACT_WATCH: return request(req, CT_REQ_WATCH, m->series);
    case CT_ACT_OPEN: return request(req, CT_REQ_OPEN, m->url);
    case CT_ACT_COPY: return request(req, CT_REQ_COPY, m->summary.n ? m->summary : m->subject);
    default: return CT_ACT_IGNORED;
    }
    s->top = s->top > last ? last : s->top < 0 ? 0 : s->top;
    return CT_ACT_DRAW;
}

const struct ct_panel_ops ct_panel_detail = {
    .id = "detail", .title = "Detail", .keys = CT_KEYS_TABLE, .state_size = sizeof(struct state),
    .load = load, .draw = draw, .act = act,
};
