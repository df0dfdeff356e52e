#include "config.h"

/* Screen 7: what fired and who has it, what is silenced, and why one fired. */
#include "tui/views/detail.h"

#include "db/alerts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- alerts ---- */

static enum ct_role format_state(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    static const char *const words[] = {"ended", "PENDING", "FIRING", "RESOLVED"};
    const struct ct_alert_row *a = row;
    (void)d;
    bool firing = a->state == CT_ALERT_FIRING;
    ct_buf_adds(out, a->unknown                 ? "NO DATA"
                     : firing && a->silenced    ? "SILENCED"
                     : firing && a->acked       ? "ACKED"
                     : firing && a->inhibited   ? "HELD"
                     : firing && a->flapping    ? "FLAPPING"
                     : a->state >= 0            ? words[a->state]
                                                : "?");
    if (firing && !a->unknown && !a->silenced && !a->acked && !a->inhibited)
        return a->severity == CT_SEV_CRITICAL  ? CT_ROLE_STATE_DOWN
               : a->severity == CT_SEV_WARNING ? CT_ROLE_STATE_PART
                                               : CT_ROLE_TITLE;
    return a->unknown ? CT_ROLE_STATE_UNKN : CT_ROLE_TEXT;
}

/* A series in people's words. */
static enum ct_role format_subject(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_alert_row *a = row;
    (void)d;
    if (a->series.n)
        ct_view_series_brief(out, a->series);
    else
        ct_buf_add(out, a->subject);
    return CT_ROLE_TEXT;
}

static enum ct_role format_text(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_view_words(out, ((const struct ct_alert_row *)row)->text);
    return CT_ROLE_TEXT;
}

static enum ct_role format_since(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    return ct_format_age(out, d, ((const struct ct_alert_row *)row)->since_ms, CT_FRESH);
}

static enum ct_role format_sent(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_alert_row *a = row;
    (void)d;
    ct_buf_add(out, a->sent.n ? a->sent : CT_LIT("-"));
    return a->failed ? CT_ROLE_ERROR : a->sent.n ? CT_ROLE_TEXT : CT_ROLE_DIM;
}

static enum ct_role format_has(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_alert_row *a = row;
    char left[CT_TIME_MAX];
    if (a->silenced) {
        ct_age_format(left, a->silenced_until_ms - d->now_ms);
        ct_buf_addf(out, "mut %s", left);
    } else {
        ct_buf_add(out, a->acked ? a->acked_by : CT_LIT("-"));
    }
    return a->silenced || a->acked ? CT_ROLE_TEXT : CT_ROLE_DIM;
}

static bool needs_somebody(const void *row)
{
    const struct ct_alert_row *a = row;
    return a->state == CT_ALERT_FIRING && !a->acked && !a->silenced;
}

static enum ct_role row_role(const void *row, const struct ct_draw *d)
{
    (void)d;
    return ((const struct ct_alert_row *)row)->state == CT_ALERT_RESOLVED ? CT_ROLE_DIM
                                                                          : CT_ROLE_TEXT;
}

static const struct ct_tcol cols[] = {
    {.column = "state", .header = "STATE", .min = 8, .max = 8, .format = format_state},
    {.column = "severity", .header = "SEVERITY", .min = 8, .max = 8, .drop = 3},
    {.column = "subject", .header = "SUBJECT", .min = 16, .max = 40, .middle = true,
     .format = format_subject},
    {.column = "rule", .header = "RULE", .min = 10, .max = 24, .drop = 2},
    {.column = "since", .header = "SINCE", .min = 6, .max = 6, .align = 1, .format = format_since},
    {.column = "sent", .header = "SENT", .min = 8, .max = 12, .drop = 1, .format = format_sent},
    {.column = "acked_by", .header = "WHO", .min = 7, .max = 12, .drop = 4, .format = format_has},
    {.column = "text", .header = "WHAT", .min = 20, .max = 160, .drop = 5, .format = format_text},
};
static const struct ct_tview view = {
    .table = &ct_alert_table, .cols = cols, .n_cols = CT_LEN(cols), .frozen = 1, .id = "id",
    .series = "series", .url = "url", .noun = "alerts", .notable = needs_somebody,
    .row_role = row_role,
};

struct model {
    struct ct_tmodel t;
    struct ct_alert_count count;
};

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query q = ct_view_query(pq, now_ms);
    struct ct_rows rows = {0};
    enum ct_status st = m ? ct_read_alerts(r, &q, a, &rows, err) : CT_ERR_LIMIT;
    if (st == CT_OK)
        st = ct_read_alert_count(r, &q, a, &m->count, err);
    *model = m;
    return st == CT_OK ? ct_tmodel_load(&view, rows, pq, now_ms, a, &m->t, err) : st;
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    const struct model *m = model;
    char empty[160] = "no alert open", age[CT_TIME_MAX];
    if (m) {
        const struct ct_alert_count *n = &m->count;
        ct_buf_addf(note, "%lld open",
                    (long long)(n->firing_new + n->acked + n->muted + n->held + n->pending + n->no_data));
        if (n->firing_new)
            ct_buf_addf(note, ", %lld firing", (long long)n->firing_new);
        if (n->no_data)
            ct_buf_addf(note, ", %lld no data", (long long)n->no_data);
        if (n->held)
            ct_buf_addf(note, ", %lld held", (long long)n->held);
        if (n->fired_last_ms != CT_NONE) {
            ct_age_format(age, d->now_ms - n->fired_last_ms);
            snprintf(empty, sizeof(empty), "no alert open. %lld rules, last fired %s ago",
                     (long long)n->rules, age);
        } else {
            snprintf(empty, sizeof(empty), "no alert open. %lld rules, none has fired yet",
                     (long long)n->rules);
        }
    }
    ct_tview_draw(&view, state, m ? &m->t : NULL, d, box, note, empty);
}

static struct ct_span firing_id(const void *row)
{
    const struct ct_alert_row *a = row;
    return a->state == CT_ALERT_FIRING ? a->id : CT_SPAN_NONE;
}

/* A value as a matcher takes it: one word, what it cannot hold as '?'. */
static void add_matcher(char *out, size_t cap, const char *key, struct ct_span value)
{
    size_t n = strlen(out);
    snprintf(out + n, cap - n, " %s=%.*s", key, (int)(value.n < 120 ? value.n : 120), value.p);
    for (char *p = out + n + 1; *p; p++)
        *p = *p == ' ' ? '?' : *p;
}

/* A matcher holds for one subject: of several alerts it is their rule that is silenced. The command line tells how
 * many it covers. */
static enum ct_act_result silence(const struct ct_tstate *s, const struct model *m, struct ct_frame_request *req)
{
    const struct ct_alert_row *of = NULL;
    size_t n = 0;
    req->kind = CT_REQ_COMMAND;
    snprintf(req->text, sizeof(req->text), "silence");
    for (size_t i = 0; i < m->t.rows.n; i++) {
        const struct ct_alert_row *a = m->t.rows.v[i];
        if (!ct_tview_meant(s, &m->t, i))
            continue;
        n++;
        of = of ? of : a;
        if (!ct_span_eq(a->rule, of->rule)) {
            req->kind = CT_REQ_MESSAGE;
            snprintf(req->text, sizeof(req->text), "the marked alerts have no rule in common: one at a time");
            return CT_ACT_DRAW;
        }
    }
    if (!of) {
        req->kind = CT_REQ_MESSAGE;
        snprintf(req->text, sizeof(req->text), "%s", ct_tview_none_meant(s, &m->t));
        return CT_ACT_DRAW;
    }
    add_matcher(req->text, sizeof(req->text), "rule", of->rule);
    if (n == 1)
        add_matcher(req->text, sizeof(req->text), "subject", of->subject);
    snprintf(req->text + strlen(req->text), sizeof(req->text) - strlen(req->text), " 2h ");
    return CT_ACT_DRAW;
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct model *m = model;
    const struct ct_alert_row *a = m ? ct_tview_row(state, &m->t) : NULL;
    if (action == CT_ACT_ACK && a)
        return ct_tview_ack(state, &m->t, firing_id, "it is not firing: there is nothing to have", req);
    if (action == CT_ACT_SILENCE && a)
        return silence(state, m, req);
    if (action == CT_ACT_SEND_TEST && a) {
        struct ct_span rest = a->channels, channel = ct_span_cut(&rest, '\x1f');
        req->kind = channel.n ? CT_REQ_WORK : CT_REQ_MESSAGE;
        snprintf(req->text, sizeof(req->text),
                 channel.n ? "alerts\nsend-test\n%.*s" : "its rule tells nobody%.*s",
                 CT_FMT(channel));
        return CT_ACT_DRAW;
    }
    return ct_tview_act(&view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_alerts = {
    .id = "alerts", .title = "Alerts", .keys = CT_KEYS_TABLE, .table = &ct_alert_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_alert, .load = load, .draw = draw,
    .act = act,
};

/* ---- silences ---- */

static enum ct_role format_ends(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_silence_row *s = row;
    char age[CT_TIME_MAX];
    bool ahead = s->to_ms > d->now_ms;
    ct_age_format(age, ahead ? s->to_ms - d->now_ms : d->now_ms - s->to_ms);
    ct_buf_addf(out, ahead ? "in %s" : "%s ago", age);
    return CT_ROLE_TEXT;
}

static enum ct_role silence_role(const void *row, const struct ct_draw *d)
{
    (void)d;
    return ((const struct ct_silence_row *)row)->active ? CT_ROLE_TEXT : CT_ROLE_DIM;
}

static const struct ct_tcol silence_cols[] = {
    {.column = "id", .header = "N", .min = 2, .max = 4, .align = 1, .drop = 4},
    {.column = "matchers", .header = "MATCHES", .min = 20, .max = 60},
    {.column = "matches", .header = "OPEN", .min = 4, .max = 4, .align = 1, .drop = 3},
    {.column = "author", .header = "BY", .min = 8, .max = 14, .drop = 2},
    {.column = "ends", .header = "ENDS", .min = 8, .max = 9, .format = format_ends},
    {.column = "comment", .header = "COMMENT", .min = 12, .max = 120, .drop = 1},
};
static const struct ct_tview silence_view = {
    .table = &ct_silence_table, .cols = silence_cols, .n_cols = CT_LEN(silence_cols), .frozen = 1,
    .id = "id", .noun = "silences", .row_role = silence_role,
};

struct silence_model {
    struct ct_tmodel t;
    int active, ended;
};

static enum ct_status load_silences(struct ct_reader *r, const struct ct_panel_query *pq,
                                    int64_t now_ms, struct ct_arena *a, const void **model,
                                    struct ct_error *err)
{
    struct silence_model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query q = ct_view_query(pq, now_ms);
    struct ct_rows rows = {0};
    enum ct_status st = m ? ct_read_silences(r, &q, a, &rows, err) : CT_ERR_LIMIT;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        const struct ct_silence_row *s = ct_row(&ct_silence_table, rows, i);
        m->active += s->active;
        m->ended += !s->active;
    }
    *model = m;
    return st == CT_OK ? ct_tmodel_load(&silence_view, rows, pq, now_ms, a, &m->t, err) : st;
}

static void draw_silences(void *state, const void *model, const struct ct_draw *d,
                          struct ct_box box, struct ct_buf *note)
{
    const struct silence_model *m = model;
    if (m)
        ct_buf_addf(note, "%d active, %d ended in the last 24h", m->active, m->ended);
    ct_tview_draw(&silence_view, state, m ? &m->t : NULL, d, box, note,
                  "no silence. S on an alert begins one");
}

static enum ct_act_result act_silences(void *state, const void *model, enum ct_action action,
                                       int letter, struct ct_panel_query *q,
                                       struct ct_frame_request *req)
{
    const struct silence_model *m = model;
    const struct ct_silence_row *s = m ? ct_tview_row(state, &m->t) : NULL;
    bool longer = action == CT_ACT_EXTEND;
    if ((longer || action == CT_ACT_END_SILENCE) && s) {
        req->kind = s->active ? CT_REQ_WORK : CT_REQ_MESSAGE;
        if (!s->active)
            snprintf(req->text, sizeof(req->text), "it has ended");
        else if (longer)
            snprintf(req->text, sizeof(req->text), "alerts\nextend\n%" PRId64 "\n--for\n%lldm",
                     s->id, (long long)((s->to_ms - ct_now_ms()) / CT_MINUTE + 60));
        else
            snprintf(req->text, sizeof(req->text), "alerts\nunsilence\n%" PRId64, s->id);
        return CT_ACT_DRAW;
    }
    if (action == CT_ACT_DETAIL)
        return CT_ACT_IGNORED;
    return ct_tview_act(&silence_view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_silences = {
    .id = "silences", .title = "Silences", .keys = CT_KEYS_TABLE, .table = &ct_silence_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .load = load_silences, .draw = draw_silences,
    .act = act_silences,
};

/* ---- one alert: why it fired ---- */

enum { LINE_RULE, LINE_NOW, LINE_SEEN, LINE_SENT, LINE_NOTE, LINE_INCIDENT, LINE_SIMILAR, LINE_LINK };

struct one_model {
    bool found;
    struct ct_alert_row a;
    struct ct_rows changes; /* newest first */
    struct ct_alert_past past;
};

static enum ct_status load_one(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms,
                               struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct one_model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query q = ct_view_query(pq, now_ms);
    struct ct_rows rows = {0};
    q.subject = CT_SPAN_NONE;
    enum ct_status st = m ? ct_read_alerts(r, &q, a, &rows, err) : CT_ERR_LIMIT;
    for (size_t i = 0; st == CT_OK && i < rows.n && !m->found; i++) {
        const struct ct_alert_row *row = ct_row(&ct_alert_table, rows, i);
        m->found = !pq->subject[0] || ct_span_is(row->id, pq->subject);
        m->a = m->found ? *row : m->a;
    }
    if (st == CT_OK && m->found) {
        q.subject = m->a.id;
        q.limit = 12;
        st = ct_read_alert_changes(r, &q, a, &m->changes, err);
    }
    if (st == CT_OK && m->found)
        st = ct_read_alert_past(r, &q, m->a.id, &m->past, err);
    *model = m;
    return st;
}

struct ct_span ct_alert_link(const void *model)
{
    const struct one_model *m = model;
    return m->found ? m->a.url : CT_SPAN_NONE;
}

static int put_line(struct ct_box box, int y, const char *name, const struct ct_buf *text)
{
    if (y >= box.rows)
        return y;
    ct_put_field(box, y, 1, 8, -1, CT_ROLE_DIM, ct_span(name));
    ct_put_field(box, y, 10, box.cols - 11, -1, CT_ROLE_TEXT,
                 text->n ? ct_buf_span(text) : CT_LIT("none"));
    return y + 1;
}

/* "14:14Z pending  14:16Z firing", oldest first. */
static void add_story(struct ct_buf *b, const struct one_model *m, int64_t now_ms)
{
    for (size_t i = m->changes.n; i-- > 0;) {
        const struct ct_alert_change_row *c = ct_row(&ct_alert_change_table, m->changes, i);
        if (c->episode + 1 < m->a.episode || c->state < 0)
            continue;
        ct_buf_adds(b, b->n ? "   " : "");
        ct_view_when(b, c->at_ms, now_ms);
        ct_buf_addf(b, " %s", ct_alert_state_words[c->state]);
    }
}

static void add_sent(struct ct_buf *b, const struct one_model *m, int64_t now_ms)
{
    for (size_t i = m->a.deliveries.n; i-- > 0;) {
        const struct ct_delivery_row *d = ct_row(&ct_delivery_table, m->a.deliveries, i);
        ct_buf_adds(b, b->n ? "   " : "");
        ct_view_when(b, d->at_ms, now_ms);
        ct_buf_addf(b, " %.*s %s%s%.*s", CT_FMT(d->channel),
                    d->state == CT_DELIVERY_FAILED ? "FAILED " : "",
                    d->state == CT_DELIVERY_QUEUED ? "trying " : "", CT_FMT(d->answer));
    }
}

static void add_similar(struct ct_buf *b, const struct one_model *m)
{
    char median[CT_TIME_MAX], last[CT_TIME_MAX];
    ct_buf_addf(b, "%" PRId64 " in 90d", m->past.fired);
    if (m->past.median_ms != CT_NONE) {
        ct_age_format(median, m->past.median_ms);
        ct_buf_addf(b, ", median %s", median);
    }
    if (m->past.last_ms != CT_NONE) {
        ct_time_format(last, m->past.last_ms);
        ct_buf_addf(b, ", last %.10s", last);
    }
}

/* Why nobody is reminded of A, who has it and for how long it is silent. */
static void add_note(struct ct_buf *b, const struct ct_alert_row *a, int64_t now_ms)
{
    char left[CT_TIME_MAX];
    if (a->acked)
        ct_buf_addf(b, "%.*s has it%s%.*s; no reminder until it recovers", CT_FMT(a->acked_by),
                    a->acked_comment.n ? ": " : "", CT_FMT(a->acked_comment));
    if (a->silenced) {
        ct_age_format(left, a->silenced_until_ms - now_ms);
        ct_buf_addf(b, "%ssilenced for %s more%s", b->n ? "; " : "", left,
                    a->acked || a->state != CT_ALERT_FIRING ? "" : "; told then if it still fires");
    }
    if (a->inhibited)
        ct_buf_addf(b, "%sheld back: another alert explains it", b->n ? "; " : "");
    if (!ct_alert_is_open(a->state) && !b->n)
        ct_buf_adds(b, "it is over");
}

/* When it is told again and to whom, and what comes of it if nobody takes it. */
static void add_next(struct ct_buf *b, const struct ct_alert_row *a, int64_t now_ms)
{
    char every[CT_TIME_MAX], late[CT_TIME_MAX];
    const char *never = a->state != CT_ALERT_FIRING ? "nothing is told before it fires"
                        : a->flapping               ? "no reminder while it flaps"
                        : a->remind_ms == CT_NONE   ? "not recorded at this moment"
                        : !a->channels.n            ? "its rule tells nobody"
                                                    : NULL;
    if (never) {
        ct_buf_adds(b, never);
        return;
    }
    if (a->next_ms != CT_NONE) {
        ct_buf_adds(b, "reminder ");
        ct_view_when(b, a->next_ms, now_ms);
        if (a->next_ms < now_ms) {
            ct_age_format(late, now_ms - a->next_ms);
            ct_buf_addf(b, " (due %s ago)", late);
        }
        ct_buf_addf(b, " to %.*s", CT_FMT(a->next_to));
    } else {
        ct_buf_adds(b, a->remind_ms ? "reminders after the first message" : "no reminder: its rule wants none");
    }
    if (a->remind_ms) {
        ct_age_format(every, a->remind_ms);
        ct_buf_addf(b, ", each %s until acked", every);
    }
    ct_buf_adds(b, a->escalates ? ", at once if worse" : "");
}

static void draw_one(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                     struct ct_buf *note)
{
    const struct one_model *m = model;
    (void)state;
    if (!m) {
        ct_draw_waiting(d, box);
        return;
    }
    if (!m->found) {
        ct_puts(box, 0, 1, CT_ROLE_DIM, "no alert chosen");
        return;
    }
    ct_buf_addf(note, "%.*s   why it fired", CT_FMT(m->a.subject));
    static const char *const names[] = {"rule", "now", "seen", "sent", "note", "incident", "similar", "link"};
    int y = 0;
    for (size_t i = 0; i < CT_LEN(names); i++) {
        struct ct_buf b = CT_BUF_INIT;
        const char *name = names[i];
        switch (i) {
        case LINE_RULE:
            ct_buf_addf(&b, "%.*s   %s   %.*s", CT_FMT(m->a.rule),
                        m->a.severity >= 0 ? ct_severity_words[m->a.severity] : "?",
                        CT_FMT(m->a.id));
            break;
        case LINE_NOW:
            ct_view_words(&b, m->a.text);
            break;
        case LINE_SEEN:
            add_story(&b, m, d->now_ms);
            break;
        case LINE_SENT:
            add_sent(&b, m, d->now_ms);
            break;
        case LINE_NOTE:
            add_note(&b, &m->a, d->now_ms);
            if (!b.n) {
                name = "next";
                add_next(&b, &m->a, d->now_ms);
            }
            break;
        case LINE_INCIDENT:
            ct_buf_add(&b, m->a.incident);
            break;
        case LINE_SIMILAR:
            add_similar(&b, m);
            break;
        default:
            ct_buf_add(&b, m->a.url);
        }
        if (i != LINE_INCIDENT || b.n)
            y = put_line(box, y, name, &b);
        ct_buf_free(&b);
    }
}

static enum ct_act_result act_one(void *state, const void *model, enum ct_action action, int letter,
                                  struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct one_model *m = model;
    (void)state;
    (void)letter;
    (void)q;
    if (action != CT_ACT_OPEN || !m || !m->found)
        return CT_ACT_IGNORED;
    req->kind = m->a.url.n ? CT_REQ_OPEN : CT_REQ_MESSAGE;
    snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(m->a.url.n ? m->a.url : CT_LIT("it has no link")));
    return CT_ACT_DRAW;
}

const struct ct_panel_ops ct_panel_alert = {
    .id = "alert", .title = "Alert", .keys = CT_KEYS_TABLE, .follows = true,
    .load = load_one, .draw = draw_one, .act = act_one,
};
