/* Provider scopes and incidents. Enter opens either in the detail panel. */
#include "config.h"

#include "tui/views/common.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- providers ---- */

struct status_model {
    struct ct_tmodel t;
    int64_t seen_ms, unknown;
};

static void paint_state(const void *row, const struct ct_draw *d, struct ct_box cell)
{
    const struct ct_status_row *r = row;
    (void)d;
    if (r->seen_ms == CT_NONE && r->freshness == CT_WAITING) {
        ct_view_paint_state(cell, '?', "wait");
        return;
    }
    ct_view_paint_state(cell, ct_state_sign(r->state), ct_state_short(r->state));
}

/* The page says that all is well, and what is measured there says not. */
static bool disagrees(const struct ct_status_row *r)
{
    return r->state < CT_STATE_UNKNOWN && r->measured_state >= CT_STATE_DEGRADED;
}

/* Why, in a few words: the worst thing said, or what the scope is made of. */
static enum ct_role format_what(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_status_row *r = row;
    (void)d;
    if (r->reason.n)
        ct_buf_add(out, r->reason);
    else if (r->components_bad > 0)
        ct_buf_addf(out, "%lld of %lld components unwell", (long long)r->components_bad,
                    (long long)r->components_total);
    else if (r->components_total > 0)
        ct_buf_addf(out, "%lld component%s", (long long)r->components_total, r->components_total == 1 ? "" : "s");
    return r->state == CT_STATE_OPERATIONAL && !disagrees(r) ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

static enum ct_role format_measured(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_status_row *r = row;
    (void)d;
    if (r->measured_state < 0) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    ct_buf_addf(out, "%c ", ct_state_sign(r->measured_state));
    struct ct_span rest = r->measured, words = ct_span_cut(&rest, '(');
    bool counts = ct_span_ihas(words, CT_LIT("monitors")) || ct_span_ihas(words, CT_LIT("endpoints"));
    if (r->measured_total == 1 && words.n && !counts) /* a probe alone: what its tries said, not that it is one */
        ct_buf_add(out, ct_span_trim(words));
    else if (r->measured_bad > 0)
        ct_buf_addf(out, "%lld/%lld bad", (long long)r->measured_bad, (long long)r->measured_total);
    else
        ct_buf_addf(out, "%lld ok", (long long)r->measured_total);
    return r->measured_state >= CT_STATE_DEGRADED ? ct_role_of_state(r->measured_state)
                                                  : CT_ROLE_TEXT;
}

static enum ct_role format_says(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_status_row *r = row;
    (void)d;
    bool known = r->evidence >= 0 && r->evidence <= CT_EVIDENCE_MEASURED;
    ct_buf_adds(out, known ? ct_evidence_words[r->evidence] : "-");
    return CT_ROLE_DIM;
}

static void paint_days(const void *row, const struct ct_draw *d, struct ct_box cell)
{
    (void)d;
    ct_statebar(cell, 0, 0, cell.cols, ((const struct ct_status_row *)row)->days90);
}

static enum ct_role format_uptime(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_status_row *r = row;
    char text[CT_DECIMAL_MAX];
    (void)d;
    if (r->uptime_90d_milli == CT_NONE) {
        ct_buf_addc(out, '?');
        return CT_ROLE_DIM;
    }
    ct_decimal_format_fixed(text, r->uptime_90d_milli, 3, 2);
    ct_buf_adds(out, text);
    return CT_ROLE_TEXT;
}

static enum ct_role format_since(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_status_row *r = row;
    if (r->state == CT_STATE_OPERATIONAL) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    return ct_format_age(out, d, r->since_ms, CT_FRESH);
}

static enum ct_role format_seen(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_status_row *r = row;
    return ct_format_age(out, d, r->seen_ms, r->freshness);
}

static bool status_notable(const void *row)
{
    const struct ct_status_row *r = row;
    return r->state != CT_STATE_OPERATIONAL || disagrees(r);
}

static const struct ct_tcol status_cols[] = {
    {.column = "state", .header = "  STATE", .min = 7, .paint = paint_state},
    {.column = "provider", .header = "PROVIDER", .min = 10, .max = 16},
    {.column = "scope", .header = "SCOPE", .min = 6, .max = 24, .drop = 3, .middle = true},
    {.header = "WHAT", .min = 24, .max = 60, .drop = 7, .format = format_what},
    {.column = "since", .header = "SINCE", .min = 6, .align = 1, .drop = 2, .format = format_since},
    {.header = "MEASURED", .min = 9, .max = 26, .drop = 6, .format = format_measured},
    {.column = "evidence", .header = "SAYS", .min = 8, .drop = 8, .format = format_says},
    {.header = "90 days", .min = 13, .max = 90, .drop = 5, .paint = paint_days},
    {.column = "uptime_90d", .header = "UP%", .min = 6, .align = 1, .drop = 4,
     .format = format_uptime},
    {.column = "seen", .header = "SEEN", .min = 7, .align = 1, .drop = 1, .format = format_seen},
};

static const struct ct_tview status_view = {
    .table = &ct_status_table, .cols = status_cols, .n_cols = CT_LEN(status_cols), .frozen = 2,
    .id = "provider", .id2 = "scope", .watch = "provider", .noun = "providers",
    .notable = status_notable,
};

static enum ct_status load_status(struct ct_reader *r, const struct ct_panel_query *q,
                                  int64_t now_ms, struct ct_arena *a, const void **model,
                                  struct ct_error *err)
{
    struct status_model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = m ? ct_read_status(r, &query, a, &rows, err)
                          : ct_fail(err, CT_ERR_LIMIT, "status", NULL);
    if (st == CT_OK) {
        const struct ct_status_row *row = rows.v;
        m->seen_ms = CT_NONE;
        for (size_t i = 0; i < rows.n; i++) {
            m->seen_ms = row[i].seen_ms > m->seen_ms ? row[i].seen_ms : m->seen_ms;
            m->unknown += row[i].state == CT_STATE_UNKNOWN;
        }
        st = ct_tmodel_load(&status_view, rows, q, now_ms, a, &m->t, err);
    }
    *model = m;
    return st;
}

static void draw_status(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                        struct ct_buf *note)
{
    const struct status_model *m = model;
    if (m && m->unknown)
        ct_buf_addf(note, "%lld of %zu unread   ", (long long)m->unknown, m->t.total);
    if (m && box.cols >= 60)
        ct_buf_addf(note, "%zu watched", m->t.total);
    if (m)
        ct_note_seen(note, d, m->seen_ms, 10 * CT_MINUTE);
    ct_tview_draw(&status_view, state, m ? &m->t : NULL, d, box, note,
                  "no provider read yet: the first answers are on their way");
}

static enum ct_act_result act_status(void *state, const void *model, enum ct_action action,
                                     int letter, struct ct_panel_query *q,
                                     struct ct_frame_request *req)
{
    const struct status_model *m = model;
    const struct ct_status_row *row = m ? ct_tview_row(state, &m->t) : NULL;
    bool history = action == CT_ACT_HISTORY || action == CT_ACT_COMPARE;
    if (row && (action == CT_ACT_DETAIL || history)) {
        req->kind = action == CT_ACT_DETAIL ? CT_REQ_DETAIL
                    : action == CT_ACT_HISTORY ? CT_REQ_HISTORY
                                               : CT_REQ_COMPARE;
        snprintf(req->text, sizeof(req->text), "%s/%.*s", history ? "state" : "status",
                 CT_FMT(row->provider));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&status_view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_status = {
    .id = "status", .title = "Providers", .keys = CT_KEYS_TABLE, .table = &ct_status_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load_status,
    .draw = draw_status, .act = act_status,
};

/* ---- components ---- */

static void paint_component(const void *row, const struct ct_draw *d, struct ct_box cell)
{
    const struct ct_component_row *r = row;
    (void)d;
    ct_view_paint_state(cell, ct_state_sign(r->state), ct_state_short(r->state));
}

static bool component_notable(const void *row)
{
    return ((const struct ct_component_row *)row)->state != CT_STATE_OPERATIONAL;
}

static const struct ct_tcol component_cols[] = {
    {.column = "state", .header = "  STATE", .min = 7, .paint = paint_component},
    {.column = "provider", .header = "PROVIDER", .min = 8, .max = 14, .drop = 1},
    {.column = "name", .header = "COMPONENT", .min = 16, .max = 50, .middle = true},
    {.column = "group", .header = "GROUP", .min = 10, .max = 24, .drop = 4, .middle = true},
    {.column = "region", .header = "REGION", .min = 8, .max = 18, .drop = 3, .middle = true},
    {.column = "since", .header = "SINCE", .min = 6, .align = 1, .drop = 2},
};

/* Of one provider, which the title names. */
static const struct ct_tcol own_component_cols[] = {
    {.column = "state", .header = "  STATE", .min = 7, .paint = paint_component},
    {.column = "name", .header = "COMPONENT", .min = 16, .max = 70, .middle = true},
    {.column = "group", .header = "GROUP", .min = 10, .max = 24, .drop = 4, .middle = true},
    {.column = "region", .header = "REGION", .min = 8, .max = 18, .drop = 3, .middle = true},
    {.column = "since", .header = "SINCE", .min = 6, .align = 1, .drop = 2},
};

#define COMPONENT_VIEW(columns)                                                                    \
    {                                                                                              \
        .table = &ct_component_table, .cols = columns, .n_cols = CT_LEN(columns), .frozen = 1,     \
        .id = "source", .id2 = "id", .noun = "components", .notable = component_notable            \
    }
static const struct ct_tview component_view = COMPONENT_VIEW(component_cols);
static const struct ct_tview own_component_view = COMPONENT_VIEW(own_component_cols);

/* Of "status/PROVIDER" and "incident/PROVIDER/ID", the row selected beside this; null: none is. */
static struct ct_span provider_of(const struct ct_panel_query *q)
{
    struct ct_span rest = ct_span(q->subject);
    (void)ct_span_cut(&rest, '/');
    return ct_span_cut(&rest, '/');
}

/* What is known of the pages that the rows come from: an empty list of a page nobody read says nothing. */
enum pages { PAGES_READ, PAGES_LOST /* read once, not any more */, PAGES_UNREAD };

struct pages_model {
    struct ct_tmodel t;
    enum pages pages; /* the worst of them */
};

static enum pages pages_of(struct ct_rows status, struct ct_span provider)
{
    const struct ct_status_row *v = status.v;
    enum pages worst = PAGES_READ;
    size_t n = 0;
    for (size_t i = 0; i < status.n; i++) {
        if (provider.n && !ct_span_eq(v[i].provider, provider))
            continue;
        enum pages one = v[i].seen_ms == CT_NONE      ? PAGES_UNREAD
                         : v[i].freshness <= CT_LATE ? PAGES_READ
                                                      : PAGES_LOST;
        worst = one > worst ? one : worst;
        n++;
    }
    return n ? worst : PAGES_UNREAD;
}

static enum ct_status load_components(struct ct_reader *r, const struct ct_panel_query *q,
                                      int64_t now_ms, struct ct_arena *a, const void **model,
                                      struct ct_error *err)
{
    struct pages_model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0}, pages = {NULL, 0};
    enum ct_status st = m ? ct_read_status(r, &query, a, &pages, err)
                          : ct_fail(err, CT_ERR_LIMIT, "components", NULL);
    query.subject = provider_of(q);
    if (st == CT_OK)
        st = ct_read_components(r, &query, a, &rows, err);
    if (st == CT_OK) {
        m->pages = pages_of(pages, query.subject);
        st = ct_tmodel_load(&component_view, rows, q, now_ms, a, &m->t, err);
    }
    *model = m;
    return st;
}

static void draw_components(void *state, const void *model, const struct ct_draw *d,
                            struct ct_box box, struct ct_buf *note)
{
    static const char *const none[][2] = {
        [PAGES_READ] = {"no component named by any page", "its page names no component"},
        [PAGES_LOST] = {"none when the pages were read; not all can be read now",
                        "none when its page was last read; it cannot be read now"},
        [PAGES_UNREAD] = {"unknown: not all pages have been read", "unknown: its page has never been read"},
    };
    const struct pages_model *m = model;
    struct ct_span provider = provider_of(d->query);
    ct_buf_add(note, provider);
    ct_tview_draw(provider.n ? &own_component_view : &component_view, state, m ? &m->t : NULL, d, box, note,
                  none[m ? m->pages : PAGES_READ][provider.n > 0]);
}

static enum ct_act_result act_components(void *state, const void *model, enum ct_action action,
                                         int letter, struct ct_panel_query *q,
                                         struct ct_frame_request *req)
{
    const struct pages_model *m = model;
    const struct ct_tmodel *t = m ? &m->t : NULL;
    const struct ct_component_row *row = ct_tview_row(state, t);
    if (row && action == CT_ACT_DETAIL) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "status/%.*s%s%.*s", CT_FMT(row->provider), row->region.n ? "/" : "",
                 CT_FMT(row->region));
        return CT_ACT_DRAW;
    }
    const struct ct_tview *view = provider_of(q).n ? &own_component_view : &component_view;
    return ct_tview_act(view, state, t, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_components = {
    .id = "components", .title = "Components", .keys = CT_KEYS_TABLE, .table = &ct_component_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .follows = true,
    .load = load_components, .draw = draw_components, .act = act_components,
};

/* ---- incidents ---- */

/* Of those that ended, at first what any screen has room for. */
enum { FIRST_ENDED = 150 };

static void paint_incident(const void *row, const struct ct_draw *d, struct ct_box cell)
{
    const struct ct_incident_row *r = row;
    (void)d;
    if (r->open == 0)
        ct_view_paint_state(cell, '.', "ended");
    else if (r->phase == CT_PHASE_SCHEDULED)
        ct_view_paint_state(cell, 'm', "soon");
    else
        ct_view_paint_state(cell, ct_state_sign(r->state), ct_state_short(r->state));
}

static enum ct_role format_phase(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_incident_row *r = row;
    (void)d;
    bool known = r->phase >= 0 && r->phase < CT_PHASE_UNKNOWN;
    ct_buf_adds(out, known ? ct_phase_words[r->phase] : "-");
    return r->stale == 1 ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

static enum ct_role format_started(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_incident_row *r = row;
    int64_t at = r->started_ms != CT_NONE ? r->started_ms : r->first_seen_ms;
    char age[CT_TIME_MAX];
    if (r->open == 0) /* ended since */
        return ct_format_age(out, d, r->resolved_ms != CT_NONE ? r->resolved_ms : r->updated_ms,
                             CT_FRESH);
    if (r->scheduled_for_ms != CT_NONE && r->scheduled_for_ms > d->now_ms) {
        ct_age_format(age, r->scheduled_for_ms - d->now_ms);
        ct_buf_addf(out, "in %s", age);
        return CT_ROLE_TEXT;
    }
    return ct_format_age(out, d, at, r->stale == 1 ? CT_STALE : CT_FRESH);
}

static bool incident_notable(const void *row)
{
    return ((const struct ct_incident_row *)row)->open == 1;
}

static const struct ct_tcol incident_cols[] = {
    {.column = "state", .header = "  STATE", .min = 7, .paint = paint_incident},
    {.column = "provider", .header = "PROVIDER", .min = 8, .max = 14},
    {.column = "title", .header = "INCIDENT", .min = 16, .max = 200},
    {.column = "phase", .header = "PHASE", .min = 13, .drop = 2, .format = format_phase},
    {.column = "started_at", .header = "SINCE", .min = 8, .align = 1, .drop = 1,
     .format = format_started},
};

static const struct ct_tview incident_view = {
    .table = &ct_incident_table, .cols = incident_cols, .n_cols = CT_LEN(incident_cols),
    .frozen = 1, .id = "provider", .id2 = "id", .url = "url", .noun = "incidents",
    .notable = incident_notable,
};

static int latest_end_first(const void *a, const void *b)
{
    const struct ct_incident_row *x = a, *y = b;
    int64_t ex = x->resolved_ms != CT_NONE ? x->resolved_ms : x->updated_ms;
    int64_t ey = y->resolved_ms != CT_NONE ? y->resolved_ms : y->updated_ms;
    return ex > ey ? -1 : ex < ey;
}

/* Open ones in the reader's order, worst first; then the ended ones, the last to end first. */
static bool order_incidents(struct ct_rows *rows, struct ct_arena *a)
{
    const struct ct_incident_row *in = rows->v;
    struct ct_incident_row *out = ct_arena_alloc(a, (rows->n + 1) * sizeof(*out));
    size_t n = 0, open;
    if (!out)
        return false;
    for (size_t i = 0; i < rows->n; i++)
        if (in[i].open != 0)
            out[n++] = in[i];
    open = n;
    for (size_t i = 0; i < rows->n; i++)
        if (in[i].open == 0)
            out[n++] = in[i];
    if (n > open)
        qsort(out + open, n - open, sizeof(*out), latest_end_first);
    rows->v = out;
    return true;
}

/* How many ended ones ROWS, those of Q, leave out. */
static enum ct_status count_unread(struct ct_reader *r, const struct ct_query *q, struct ct_rows rows,
                                   struct ct_arena *a, size_t *out, struct ct_error *err)
{
    const struct ct_incident_row *in = rows.v;
    size_t read = 0, all = 0;
    for (size_t i = 0; i < rows.n; i++)
        read += in[i].open == 0;
    enum ct_status st = read == q->limit ? ct_count_ended(r, q, a, &all, err) : CT_OK;
    *out = all > read ? all - read : 0;
    return st;
}

static enum ct_status load_incidents(struct ct_reader *r, const struct ct_panel_query *q,
                                     int64_t now_ms, struct ct_arena *a, const void **model,
                                     struct ct_error *err)
{
    struct pages_model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0}, pages = {NULL, 0};
    size_t unread = 0;
    enum ct_status st = m ? ct_read_status(r, &query, a, &pages, err)
                          : ct_fail(err, CT_ERR_LIMIT, "incidents", NULL);
    query.subject = q->subject[0] ? ct_span(q->subject) : CT_SPAN_NONE;
    query.gone = true; /* ended ones follow: "did this just stop?" is the second question */
    bool few = !q->used && !q->filter[0] && !q->sort[0] && !q->watch_only && !query.subject.n;
    query.limit = few ? FIRST_ENDED : 0;
    if (st == CT_OK)
        st = ct_read_incidents(r, &query, a, &rows, err);
    if (st == CT_OK && few)
        st = count_unread(r, &query, rows, a, &unread, err);
    if (st == CT_OK && !order_incidents(&rows, a))
        st = ct_fail(err, CT_ERR_LIMIT, "incidents", NULL);
    if (st == CT_OK) {
        m->pages = pages_of(pages, query.subject);
        st = ct_tmodel_load(&incident_view, rows, q, now_ms, a, &m->t, err);
        m->t.unread = unread;
        m->t.total += unread;
    }
    *model = m;
    return st;
}

static void draw_incidents(void *state, const void *model, const struct ct_draw *d,
                           struct ct_box box, struct ct_buf *note)
{
    const struct pages_model *m = model;
    size_t open = 0;
    for (size_t i = 0; m && i < m->t.rows.n; i++)
        open += ((const struct ct_incident_row *)m->t.rows.v[i])->open == 1;
    if (m)
        ct_buf_addf(note, "%zu open, %zu ended", open, m->t.rows.n - open + m->t.unread);
    ct_tview_draw(&incident_view, state, m ? &m->t : NULL, d, box, note,
                  m && m->pages != PAGES_READ ? "no incident on record; not all pages can be read"
                                              : "no incident on record");
}

static enum ct_act_result act_incidents(void *state, const void *model, enum ct_action action,
                                        int letter, struct ct_panel_query *q,
                                        struct ct_frame_request *req)
{
    const struct pages_model *m = model;
    const struct ct_tmodel *t = m ? &m->t : NULL;
    const struct ct_incident_row *row = ct_tview_row(state, t);
    if (row && action == CT_ACT_DETAIL) {
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "incident/%.*s/%.*s", CT_FMT(row->provider),
                 CT_FMT(row->id));
        return CT_ACT_DRAW;
    }
    if (action == CT_ACT_WATCH)
        return CT_ACT_IGNORED;
    bool end = action == CT_ACT_BOTTOM && ct_tview_reads_on(state, t, action, CT_ACT_DRAW, 1, q);
    enum ct_act_result did = end ? CT_ACT_LOAD : ct_tview_act(&incident_view, state, t, action, letter, q, req);
    return end || ct_tview_reads_on(state, t, action, did, 1, q) ? CT_ACT_LOAD : did;
}

const struct ct_panel_ops ct_panel_incidents = {
    .id = "incidents", .title = "Incidents", .keys = CT_KEYS_TABLE, .table = &ct_incident_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_detail, .load = load_incidents,
    .draw = draw_incidents, .act = act_incidents,
};
