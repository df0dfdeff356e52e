#include "config.h"

#include "tui/views/views.h"
#include "tui/widgets/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- cells ---- */

static enum ct_role role_of(int freshness)
{
    switch (freshness) {
    case CT_STALE:
    case CT_DEAD:
        return CT_ROLE_STATE_PART;
    case CT_LATE:
        return CT_ROLE_STATE_DEGR;
    case CT_OFF:
    case CT_WAITING:
        return CT_ROLE_DIM;
    default:
        return CT_ROLE_TEXT;
    }
}

static enum ct_role format_state(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_source_row *s = row;
    (void)d;
    ct_buf_adds(out, s->state >= 0 ? ct_freshness_words[s->state] : "?");
    return role_of(s->state);
}

static enum ct_role format_success(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_source_row *s = row;
    enum ct_role role = ct_format_age(out, d, s->last_success_ms, s->state);
    return role == CT_ROLE_STALE ? CT_ROLE_TITLE : role; /* an old age is in bold here */
}

static enum ct_role format_attempt(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    return ct_format_age(out, d, ((const struct ct_source_row *)row)->last_attempt_ms, CT_FRESH);
}

static enum ct_role format_next(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_source_row *s = row;
    char age[CT_TIME_MAX];
    if (s->next_attempt_ms == CT_NONE || s->state == CT_OFF) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    if (s->next_attempt_ms <= d->now_ms) {
        ct_buf_adds(out, "now");
        return CT_ROLE_TEXT;
    }
    ct_age_format(age, s->next_attempt_ms - d->now_ms);
    char *minutes = strchr(age, 'h'); /* "in 5h" of "5h12m" */
    if (minutes) {
        minutes[1] = '\0';
    }
    ct_buf_addf(out, "in %s", age);
    return CT_ROLE_TEXT;
}

static void add_millis(struct ct_buf *out, int64_t ms)
{
    if (ms == CT_NONE) {
        ct_buf_addc(out, '-');
    } else if (ms < 10000) {
        ct_buf_addf(out, "%lldms", (long long)ms);
    } else {
        ct_buf_addf(out, "%llds", (long long)(ms / 1000));
    }
}

static void add_bytes(struct ct_buf *out, int64_t n)
{
    static const char units[] = "kMGT";
    char text[CT_DECIMAL_MAX];
    int unit = -1;
    int64_t milli = n;
    if (n == CT_NONE) {
        ct_buf_addc(out, '-');
        return;
    }
    if (n < 1000) {
        ct_buf_addf(out, "%lld", (long long)n);
        return;
    }
    for (unit = 0; milli >= 1000000 && unit < 3; unit++) {
        milli /= 1000;
    }
    ct_decimal_format_fixed(text, milli, 3, milli < 10000 ? 1 : 0);
    ct_buf_addf(out, "%s%c", text, units[unit]);
}

static enum ct_role format_latency(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    add_millis(out, ((const struct ct_source_row *)row)->latency_ms);
    return CT_ROLE_TEXT;
}

static enum ct_role format_bytes(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    add_bytes(out, ((const struct ct_source_row *)row)->bytes);
    return CT_ROLE_TEXT;
}

/* The answer's status; 0 is none at all. */
static enum ct_role add_http(int64_t status, struct ct_buf *out)
{
    if (status == CT_NONE || status == 0) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    ct_buf_addf(out, "%lld", (long long)status);
    return status >= 400 ? CT_ROLE_ERROR : CT_ROLE_TEXT;
}

static enum ct_role format_http(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return add_http(((const struct ct_source_row *)row)->http_status, out);
}

/* What went wrong, how often; what is held back; else nothing. */
static enum ct_role format_error(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    const struct ct_source_row *s = row;
    (void)d;
    if (s->unconfirmed > 0) {
        ct_buf_adds(out, "held back until confirmed: ");
    }
    if (s->unproven > 0 && !s->error.n) {
        ct_buf_adds(out, "unproven: its format is known from documents alone");
        return CT_ROLE_DIM;
    }
    if (ct_span_is(s->mark, "frozen") && !s->error.n) {
        char since[CT_TIME_MAX];
        ct_time_format(since, s->data_ms);
        ct_buf_addf(out, "a frozen copy? Its own time stands still since %.10s", since);
        return CT_ROLE_STATE_DEGR;
    }
    if (s->unproven > 0) {
        ct_buf_adds(out, "unproven; ");
    }
    ct_buf_add(out, ct_failure_words(s->url, s->error));
    if (s->error.n && s->failures != CT_NONE && s->failures > 1) {
        ct_buf_addf(out, " (%lldx)", (long long)s->failures);
    }
    return s->state == CT_OFF ? CT_ROLE_DIM : CT_ROLE_ERROR;
}

static bool is_unwell(const void *row)
{
    const struct ct_source_row *s = row;
    return s->state == CT_LATE || s->state == CT_STALE || s->state == CT_DEAD || s->unconfirmed > 0 ||
           (s->failures != CT_NONE && s->failures > 0);
}

static enum ct_role row_role(const void *row, const struct ct_draw *d)
{
    (void)d;
    return ((const struct ct_source_row *)row)->state == CT_OFF ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

static const struct ct_tcol cols[] = {
    {.column = "id", .header = "SOURCE", .min = 24, .max = 30, .middle = true},
    {.column = "kind", .header = "FEEDS", .min = 6, .max = 7, .drop = 6},
    {.column = "state", .header = "STATE", .min = 7, .max = 7, .format = format_state},
    {.column = "last_success", .header = "SUCCESS", .min = 7, .max = 7, .align = 1,
     .format = format_success},
    {.column = "last_attempt", .header = "TRY", .min = 5, .max = 6, .align = 1, .drop = 8,
     .format = format_attempt},
    {.column = "next_attempt", .header = "NEXT", .min = 7, .max = 8, .align = 1, .drop = 3,
     .format = format_next},
    {.column = "latency_ms", .header = "LATENCY", .min = 7, .max = 7, .align = 1, .drop = 7,
     .format = format_latency},
    {.column = "http_status", .header = "HTTP", .min = 4, .max = 4, .align = 1, .drop = 2,
     .format = format_http},
    {.column = "bytes", .header = "BYTES", .min = 5, .max = 6, .align = 1, .drop = 9,
     .format = format_bytes},
    {.column = "rows", .header = "ROWS", .min = 5, .max = 6, .align = 1, .drop = 5},
    {.column = "changed_rows", .header = "CHANGED", .min = 7, .max = 7, .align = 1, .drop = 10},
    {.column = "left_out", .header = "LEFT", .min = 4, .max = 6, .align = 1, .drop = 11},
    {.column = "parser", .header = "PARSER", .min = 6, .max = 6, .align = 1, .drop = 12},
    {.column = "error", .header = "ERROR", .min = 22, .max = 160, .drop = 1, .format = format_error},
};

static const struct ct_tview view = {
    .table = &ct_source_table, .cols = cols, .n_cols = CT_LEN(cols), .frozen = 1, .id = "id",
    .url = "url", .noun = "sources", .notable = is_unwell, .row_role = row_role,
};

/* ---- the panel ---- */

struct model {
    struct ct_tmodel t;
    int64_t on, fresh, failing;
    struct ct_summary sum; /* who fetches */
};

static int trust(const struct ct_source_row *s)
{
    static const int by_state[] = {
        [CT_DEAD] = 0, [CT_STALE] = 1, [CT_LATE] = 2, [CT_FRESH] = 4, [CT_WAITING] = 5, [CT_OFF] = 6};
    bool known = s->state >= 0 && s->state < (int)CT_LEN(by_state);
    bool failing = s->state == CT_FRESH && s->failures != CT_NONE && s->failures > 0;
    return !known ? 0 : failing ? 3 : by_state[s->state];
}

/* What cannot be trusted just now comes first; those of one kind stay in the order of their names. */
static int least_trusted_first(const void *a, const void *b)
{
    const struct ct_source_row *x = a, *y = b;
    int by = trust(x) - trust(y);
    return by ? by : ct_span_cmp(x->id, y->id);
}

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query q = {.at_ms = pq->at_ms, .now_ms = now_ms};
    struct ct_rows rows;
    enum ct_status st = m ? ct_read_sources(r, &q, a, &rows, err) : CT_ERR_LIMIT;
    if (st == CT_OK) {
        st = ct_read_summary(r, &q, a, &m->sum, err);
    }
    if (st != CT_OK) {
        return st;
    }
    for (size_t i = 0; i < rows.n; i++) {
        const struct ct_source_row *s = ct_row(&ct_source_table, rows, i);
        m->on += s->state != CT_OFF;
        m->fresh += s->state == CT_FRESH;
        m->failing += s->state != CT_OFF && s->failures != CT_NONE && s->failures > 0;
    }
    *model = m;
    struct ct_source_row *own = ct_arena_alloc(a, rows.n * sizeof(*own) + 1);
    if (!own) {
        return CT_ERR_LIMIT;
    }
    if (rows.n) {
        memcpy(own, rows.v, rows.n * sizeof(*own));
        qsort(own, rows.n, sizeof(*own), least_trusted_first);
    }
    rows.v = own;
    return ct_tmodel_load(&view, rows, pq, now_ms, a, &m->t, err);
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    const struct model *m = model;
    if (m) {
        ct_buf_addf(note, "%lld of %lld fresh", (long long)m->fresh, (long long)m->on);
        if (m->failing) {
            ct_buf_addf(note, ", %lld failing", (long long)m->failing);
        }
        char off[CT_TIME_MAX];
        if (ct_clock_off(&m->sum, off)) {
            ct_buf_addf(note, "   this clock is %s", off);
        } else if (m->sum.fetcher.n && box.cols >= 76) { /* whoever else looks is a reader */
            char age[CT_TIME_MAX];
            ct_age_format(age, d->now_ms > m->sum.fetcher_beat_ms ? d->now_ms - m->sum.fetcher_beat_ms : 0);
            ct_buf_addf(note, "   fetcher: %.*s, %s ago", CT_FMT(m->sum.fetcher), age);
        }
    }
    ct_tview_draw(&view, state, m ? &m->t : NULL, d, box, note,
                  "no source yet: a fetcher writes them down at its start");
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct model *m = model;
    return ct_tview_act(&view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_sources = {
    .id = "sources", .title = "Sources", .keys = CT_KEYS_TABLE, .table = &ct_source_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .detail = &ct_panel_attempts, .load = load, .draw = draw,
    .act = act,
};

/* ---- the last tries of one source ---- */

static enum ct_role format_at(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    char text[CT_TIME_MAX];
    (void)d;
    ct_time_format(text, ((const struct ct_attempt_row *)row)->at_ms / CT_SECOND * CT_SECOND);
    ct_buf_adds(out, text);
    return CT_ROLE_TEXT;
}

static enum ct_role format_try_http(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    return add_http(((const struct ct_attempt_row *)row)->http_status, out);
}

static enum ct_role format_try_bytes(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    add_bytes(out, ((const struct ct_attempt_row *)row)->bytes);
    return CT_ROLE_TEXT;
}

static enum ct_role format_try_latency(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    add_millis(out, ((const struct ct_attempt_row *)row)->latency_ms);
    return CT_ROLE_TEXT;
}

static enum ct_role format_try_error(const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    (void)d;
    ct_buf_add(out, ((const struct ct_attempt_row *)row)->error);
    return CT_ROLE_ERROR;
}

static const struct ct_tcol try_cols[] = {
    {.column = "at", .header = "TIME", .min = 20, .max = 20, .format = format_at},
    {.column = "outcome", .header = "OUTCOME", .min = 8, .max = 12},
    {.column = "http_status", .header = "HTTP", .min = 4, .max = 4, .align = 1, .format = format_try_http},
    {.column = "latency_ms", .header = "LATENCY", .min = 7, .max = 7, .align = 1, .drop = 2,
     .format = format_try_latency},
    {.column = "bytes", .header = "BYTES", .min = 6, .max = 6, .align = 1, .drop = 3,
     .format = format_try_bytes},
    {.column = "rows", .header = "ROWS", .min = 5, .max = 6, .align = 1, .drop = 4},
    {.column = "changed_rows", .header = "CHANGED", .min = 7, .max = 7, .align = 1, .drop = 5},
    {.column = "error", .header = "ERROR", .min = 10, .max = 160, .drop = 1, .format = format_try_error},
};

static const struct ct_tview try_view = {
    .table = &ct_attempt_table, .cols = try_cols, .n_cols = CT_LEN(try_cols), .frozen = 1, .id = "at",
    .noun = "tries",
};

struct try_model {
    struct ct_tmodel t;
    struct ct_source_row source;
    bool found;
};

static enum ct_status load_tries(struct ct_reader *r, const struct ct_panel_query *pq, int64_t now_ms,
                                 struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct try_model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query q = {.at_ms = pq->at_ms, .now_ms = now_ms};
    struct ct_rows rows = {0};
    enum ct_status st = m ? ct_read_sources(r, &q, a, &rows, err) : CT_ERR_LIMIT;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        const struct ct_source_row *s = ct_row(&ct_source_table, rows, i);
        if (ct_span_is(s->id, pq->subject)) {
            m->source = *s;
            m->found = true;
        }
    }
    memset(&rows, 0, sizeof(rows));
    if (st == CT_OK && m->found) {
        q.subject = m->source.id;
        st = ct_read_attempts(r, &q, a, &rows, err);
    }
    if (st != CT_OK) {
        return st;
    }
    *model = m;
    return ct_tmodel_load(&try_view, rows, pq, now_ms, a, &m->t, err);
}

static void put_line(struct ct_box box, int y, const char *name, struct ct_span value)
{
    ct_put_field(box, y, 1, 10, -1, CT_ROLE_DIM, ct_span(name));
    ct_put_field(box, y, 12, box.cols - 12, -1, CT_ROLE_TEXT, value.n ? value : CT_LIT("-"));
}

/* "statuspage-summary, parser 2" */
static struct ct_span with_version(const struct ct_source_row *s, char *out, size_t room)
{
    if (!s->family.n || s->parser == CT_NONE) {
        return s->family;
    }
    int n = snprintf(out, room, "%.*s, parser %lld", CT_FMT(s->family), (long long)s->parser);
    return (struct ct_span){out, (size_t)n < room ? (size_t)n : room - 1};
}

static void draw_tries(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                       struct ct_buf *note)
{
    const struct try_model *m = model;
    int head = box.rows >= 13 ? 7 : 0;
    char family[96];
    if (m && !m->found) {
        ct_puts(box, 0, 1, CT_ROLE_DIM, "no source chosen: Enter on a row of screen 8");
        return;
    }
    if (m && head) {
        put_line(box, 0, "title", m->source.title);
        put_line(box, 1, "url", m->source.url);
        put_line(box, 2, "family", with_version(&m->source, family, sizeof family));
        put_line(box, 3, "terms", m->source.terms);
        put_line(box, 4, "error", m->source.error);
        put_line(box, 5, "left out", m->source.notes);
    }
    if (m) {
        ct_buf_add(note, m->source.id);
    }
    ct_tview_draw(&try_view, state, m ? &m->t : NULL, d,
                  ct_box_sub(box, head, 0, box.rows - head, box.cols), note, "never tried");
}

static enum ct_act_result act_tries(void *state, const void *model, enum ct_action action, int letter,
                                    struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct try_model *m = model;
    if (action == CT_ACT_DETAIL) {
        return CT_ACT_IGNORED;
    }
    return ct_tview_act(&try_view, state, m ? &m->t : NULL, action, letter, q, req);
}

const struct ct_panel_ops ct_panel_attempts = {
    .id = "attempts", .title = "Tries", .keys = CT_KEYS_TABLE, .table = &ct_attempt_table, .move = ct_tview_move,
    .state_size = sizeof(struct ct_tstate), .load = load_tries, .draw = draw_tries, .act = act_tries,
};
