#include "config.h"

/* What keys and the mouse do to a table. */
#include "tui/widgets/table_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The id under the cursor. Between a new model and its first draw the index may still be the old one. */
static struct ct_span current_id(const struct ct_tstate *s, const struct ct_tmodel *m)
{
    return m && s->at < m->rows.n ? m->ids[s->at] : CT_SPAN_NONE;
}

static enum ct_act_result move_to(struct ct_tstate *s, const struct ct_tmodel *m, int64_t by)
{
    if (!m || !m->rows.n) {
        return CT_ACT_DRAW;
    }
    int64_t at = (int64_t)s->at + by, last = (int64_t)m->rows.n - 1;
    s->to_end = false;
    ct_table_select(s, m, (size_t)(at < 0 ? 0 : at > last ? last : at));
    return CT_ACT_DRAW;
}

bool ct_tview_reads_on(struct ct_tstate *s, const struct ct_tmodel *m, enum ct_action action, enum ct_act_result did,
                       int most, struct ct_panel_query *q)
{
    bool end = action == CT_ACT_BOTTOM, rest = m && m->rows.n && (m->more || m->unread) && q->used < most;
    bool more = rest && (end || did != CT_ACT_IGNORED) && (end || q->used == 0 || s->at + 1 == m->rows.n);
    s->to_end = more && end;
    q->used = !more ? q->used : end && q->used < most - 1 ? most - 1 : q->used + 1;
    return more;
}

static enum ct_act_result move_column(const struct ct_tview *v, struct ct_tstate *s, int by)
{
    int last = ct_columns_n(v) - 1, col = s->col + by;
    s->col = col < 0 ? 0 : col > last ? last : col;
    return CT_ACT_DRAW;
}

/* C and the letters after it: each shows or hides a column. */
static enum ct_act_result choose_column(const struct ct_tview *v, struct ct_tstate *s, int letter)
{
    s->choosing = letter >= 0;
    if (letter == '0') {
        s->arranged = NULL;
        s->left = s->col = 0;
        ct_columns_of(v, s);
    }
    for (int i = 0; i < ct_columns_n(v) && letter > 0; i++) {
        if (ct_column_choice(v, (size_t)i) == letter) {
            ct_columns_toggle(v, s, i, s->measured_cols);
        }
    }
    return CT_ACT_DRAW;
}

static enum ct_act_result sort_by(const struct ct_tview *v, struct ct_tstate *s, int letter,
                                  struct ct_panel_query *q)
{
    const char *column = NULL;
    bool desc;
    if (letter == 0) {
        s->sorting = true;
        return CT_ACT_DRAW;
    }
    s->sorting = false;
    if (letter == '0') {
        q->sort[0] = '\0';
        return CT_ACT_LOAD;
    }
    if (letter == 's') {
        column = v->cols[s->order[s->col]].column;
    }
    for (size_t i = 0; i < v->n_cols && !column && letter > 0; i++) {
        column = ct_column_letter(v, i) == letter ? v->cols[i].column : NULL;
    }
    if (!column) {
        return CT_ACT_DRAW;
    }
    bool again = ct_table_sorted(q->sort, column, &desc);
    snprintf(q->sort, sizeof(q->sort), "%s%s", column, again && !desc ? ":desc" : "");
    return CT_ACT_LOAD;
}

enum ct_act_result ct_tview_click(struct ct_tstate *s, const struct ct_tmodel *m, int y, int x,
                                  struct ct_panel_query *q)
{
    const struct ct_tview *v = s->arranged;
    size_t at = s->top + (size_t)(y > s->body_y ? y - s->body_y : 0);
    struct ct_fit f;
    if (!v || !m || y < 0) {
        return CT_ACT_IGNORED;
    }
    if (y >= s->body_y) {
        if (y - s->body_y < s->page && at < m->rows.n) {
            ct_table_select(s, m, at);
        }
        return CT_ACT_DRAW;
    }
    ct_columns_fit(v, s, s->measured_cols, &f);
    for (int i = 0; i < f.n; i++) {
        if (x >= f.x[i] && x <= f.x[i] + f.width[i] && v->cols[f.index[i]].column) {
            return sort_by(v, s, ct_column_letter(v, (size_t)f.index[i]), q);
        }
    }
    return CT_ACT_DRAW;
}

static enum ct_act_result reverse(struct ct_panel_query *q, struct ct_frame_request *req)
{
    struct ct_span rest = ct_span(q->sort), name = ct_span_cut(&rest, ':');
    char column[sizeof(q->sort) - 6]; /* ":desc" has room behind it */
    if (!q->sort[0]) {
        req->kind = CT_REQ_MESSAGE;
        snprintf(req->text, sizeof(req->text), "list order has no reverse: s sorts");
        return CT_ACT_DRAW;
    }
    snprintf(column, sizeof(column), "%.*s", CT_FMT(name));
    snprintf(q->sort, sizeof(q->sort), "%s%s", column, ct_span_is(rest, "desc") ? "" : ":desc");
    return CT_ACT_LOAD;
}

/* The next row that changed or is unwell, round the end. */
static enum ct_act_result next_notable(const struct ct_tview *v, struct ct_tstate *s,
                                       const struct ct_tmodel *m, bool back)
{
    size_t n = m ? m->rows.n : 0;
    for (size_t i = 1; v->notable && i <= n; i++) {
        size_t at = (s->at + (back ? n - i : i)) % n;
        if (v->notable(m->rows.v[at])) {
            ct_table_select(s, m, at);
            return CT_ACT_DRAW;
        }
    }
    return CT_ACT_IGNORED;
}

/* The next row that the highlighting filter matches, round the end. */
static enum ct_act_result next_match(struct ct_tstate *s, const struct ct_tmodel *m, bool back,
                                     struct ct_frame_request *req)
{
    size_t n = m && m->matched ? m->rows.n : 0;
    for (size_t i = 1; i <= n; i++) {
        size_t at = (s->at + (back ? n - i : i)) % n;
        if (m->matched[at]) {
            ct_table_select(s, m, at);
            return CT_ACT_DRAW;
        }
    }
    req->kind = CT_REQ_MESSAGE;
    snprintf(req->text, sizeof(req->text), "%s", n ? "nothing matches" : "nothing highlighted: / then Tab");
    return CT_ACT_DRAW;
}

const char *ct_tview_none_meant(const struct ct_tstate *s, const struct ct_tmodel *m)
{
    for (size_t i = 0; i < m->rows.n; i++) {
        if (ct_tview_meant(s, m, i)) {
            return NULL;
        }
    }
    return s->n_marks ? "none of the marked rows is shown" : "there is no row here";
}

/* Why a request of KIND came to nothing. */
static const char *why_nothing(const struct ct_tstate *s, const struct ct_tmodel *m, int kind)
{
    const char *none = m ? ct_tview_none_meant(s, m) : "no rows have been read here yet";
    if (none) {
        return none;
    }
    return kind == CT_REQ_HISTORY || kind == CT_REQ_COMPARE ? "no series behind this row: nothing to draw"
           : kind == CT_REQ_WATCH                           ? "this row cannot be followed"
           : kind == CT_REQ_COPY                            ? "nothing to copy in this row"
                                                            : "nothing of that kind in this row";
}

bool ct_tview_meant(const struct ct_tstate *s, const struct ct_tmodel *m, size_t i)
{
    return s->n_marks ? ct_tview_marked(s, m, i) : i == s->at;
}

/* The text of COLUMN in the marked rows, or in the selected one, a line each, as a request. */
static enum ct_act_result request(const struct ct_tview *v, const struct ct_tstate *s,
                                  const struct ct_tmodel *m, const char *column, int kind,
                                  struct ct_frame_request *req)
{
    const struct ct_column *col = column ? ct_table_column(v->table, ct_span(column)) : NULL;
    struct ct_arena *a = ct_arena_new(0);
    size_t used = 0;
    for (size_t i = 0; col && m && i < m->rows.n; i++) {
        struct ct_span text = ct_tview_meant(s, m, i) ? ct_cell_text(col, m->rows.v[i], a) : CT_SPAN_NONE;
        if (text.n && used + text.n + 2 < sizeof(req->text)) {
            used += (size_t)snprintf(req->text + used, sizeof(req->text) - used, "%s%.*s",
                                     used ? "\n" : "", CT_FMT(text));
        }
    }
    ct_arena_free(a);
    if (used) {
        req->kind = (__typeof__(req->kind))kind;
        return CT_ACT_DRAW;
    }
    req->kind = CT_REQ_MESSAGE;
    snprintf(req->text, sizeof(req->text), "%s", why_nothing(s, m, kind));
    return CT_ACT_DRAW;
}

/* What PAINT draws for ROW, as text: the sign and word of a state. */
static void add_painted(const struct ct_tcol *col, const void *row, const struct ct_draw *d, struct ct_buf *out)
{
    struct ct_canvas *c = ct_canvas_new(1, CT_T_PAINTED, CT_CHARSET_UNICODE);
    struct ct_buf line = CT_BUF_INIT;
    col->paint(row, d, ct_box_all(c));
    ct_canvas_text(c, &line);
    ct_buf_add(out, ct_span_trim(ct_buf_span(&line)));
    ct_buf_free(&line);
    ct_canvas_free(c);
}

void ct_copy_moment(const struct ct_panel_query *q, struct ct_buf *text)
{
    char at[CT_TIME_MAX];
    if (q->at_ms != CT_LIVE) {
        ct_time_format(at, q->at_ms);
        ct_buf_addf(text, "  (as of %s)", at);
    }
}

/* ROW as the panel with query Q shows it; sparklines are left out. */
static void add_copy(const struct ct_tview *v, const void *row, bool json, const struct ct_panel_query *q,
                     struct ct_buf *text)
{
    bool live = q->at_ms == CT_LIVE;
    struct ct_draw d = {.now_ms = live ? ct_now_ms() : q->at_ms, .live = live, .query = q};
    struct ct_buf cell = CT_BUF_INIT;
    size_t start = text->n;
    if (json) {
        struct ct_jw w;
        ct_jw_init(&w, text);
        ct_row_json(&w, v->table, row, NULL);
        return;
    }
    for (size_t i = 0; i < v->n_cols; i++) {
        ct_buf_clear(&cell);
        if (v->cols[i].hint) {
            continue;
        }
        if (!v->cols[i].paint) {
            ct_table_cell(v, &v->cols[i], row, &d, &cell);
        } else if (v->cols[i].column) {
            add_painted(&v->cols[i], row, &d, &cell);
        }
        ct_buf_adds(text, text->n > start && cell.n ? "  " : "");
        ct_buf_add(text, ct_buf_span(&cell));
    }
    ct_copy_moment(q, text);
    ct_buf_free(&cell);
}

/* The marked rows or the selected one, a line each. */
static enum ct_act_result copy(const struct ct_tview *v, const struct ct_tstate *s,
                               const struct ct_tmodel *m, bool json, const struct ct_panel_query *q,
                               struct ct_frame_request *req)
{
    struct ct_buf text = CT_BUF_INIT;
    size_t n = 0;
    for (size_t i = 0; m && i < m->rows.n; i++) {
        if (ct_tview_meant(s, m, i)) {
            ct_buf_adds(&text, n++ ? "\n" : "");
            add_copy(v, m->rows.v[i], json, q, &text);
        }
    }
    bool fits = n == 1 || text.n < sizeof(req->text);
    req->kind = n && fits ? CT_REQ_COPY : CT_REQ_MESSAGE;
    if (!n) {
        snprintf(req->text, sizeof(req->text), "%s", why_nothing(s, m, CT_REQ_COPY));
    } else if (!fits) {
        snprintf(req->text, sizeof(req->text), "%zu rows are too much to copy: :export writes them", n);
    } else {
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(ct_buf_span(&text)));
    }
    ct_buf_free(&text);
    return CT_ACT_DRAW;
}

/* One silence that holds for all rows meant, or none. */
static enum ct_act_result silence(const struct ct_tview *v, const struct ct_tstate *s, const struct ct_tmodel *m,
                                  struct ct_frame_request *req)
{
    struct ct_frame_request one = {.kind = CT_REQ_MESSAGE};
    size_t n = 0;
    req->kind = CT_REQ_MESSAGE;
    snprintf(req->text, sizeof(req->text), "%s", why_nothing(s, m, CT_REQ_COMMAND));
    for (size_t i = 0; m && i < m->rows.n; i++) {
        if (!ct_tview_meant(s, m, i)) {
            continue;
        }
        (void)ct_tview_alert(v, m->rows.v[i], CT_ACT_SILENCE, n++ ? &one : req);
        if (n > 1 && strcmp(one.text, req->text) != 0) {
            req->kind = CT_REQ_MESSAGE;
            snprintf(req->text, sizeof(req->text), "the marked rows have no silence in common: one at a time");
            break;
        }
    }
    return CT_ACT_DRAW;
}

static enum ct_act_result act_on_row(const struct ct_tview *v, struct ct_tstate *s,
                                     const struct ct_tmodel *m, enum ct_action action,
                                     struct ct_panel_query *q, struct ct_frame_request *req)
{
    struct ct_span id = current_id(s, m);
    switch (action) {
    case CT_ACT_DETAIL:
        if (!id.n) {
            return CT_ACT_IGNORED;
        }
        req->kind = CT_REQ_DETAIL;
        snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(id));
        return CT_ACT_DRAW;
    case CT_ACT_MARK:
        if (id.n) {
            ct_table_mark(s, id);
        }
        return move_to(s, m, 1);
    case CT_ACT_WATCH:
        return request(v, s, m, v->watch ? v->watch : v->id, CT_REQ_WATCH, req);
    case CT_ACT_WATCH_ONLY:
        q->watch_only = !q->watch_only;
        return CT_ACT_LOAD;
    case CT_ACT_COMPARE:
        return request(v, s, m, v->series, CT_REQ_COMPARE, req);
    case CT_ACT_HISTORY:
        return request(v, s, m, v->series, CT_REQ_HISTORY, req);
    case CT_ACT_SILENCE:
        return silence(v, s, m, req);
    case CT_ACT_ALERT_RULE:
        return ct_tview_alert(v, ct_tview_row(s, m), action, req);
    case CT_ACT_OPEN:
        return request(v, s, m, v->url, CT_REQ_OPEN, req);
    case CT_ACT_COPY:
        return copy(v, s, m, false, q, req);
    case CT_ACT_COPY_JSON:
        return copy(v, s, m, true, q, req);
    default:
        return CT_ACT_IGNORED;
    }
}

enum ct_act_result ct_tview_act(const struct ct_tview *v, struct ct_tstate *s,
                                const struct ct_tmodel *m, enum ct_action action, int letter,
                                struct ct_panel_query *q, struct ct_frame_request *req)
{
    int64_t page = s->page > 1 ? s->page : 1, all = m ? (int64_t)m->rows.n : 0;
    ct_columns_of(v, s);
    if (m) {
        ct_table_follow(s, m);
    }
    switch (action) {
    case CT_ACT_ROW_DOWN:
        return move_to(s, m, 1);
    case CT_ACT_ROW_UP:
        return move_to(s, m, -1);
    case CT_ACT_TOP:
        return move_to(s, m, -all);
    case CT_ACT_BOTTOM:
        return move_to(s, m, all);
    case CT_ACT_HALF_DOWN:
        return move_to(s, m, (page + 1) / 2);
    case CT_ACT_HALF_UP:
        return move_to(s, m, -(page + 1) / 2);
    case CT_ACT_PAGE_DOWN:
        return move_to(s, m, page);
    case CT_ACT_PAGE_UP:
        return move_to(s, m, -page);
    case CT_ACT_COL_LEFT:
        return move_column(v, s, -1);
    case CT_ACT_COL_RIGHT:
        return move_column(v, s, 1);
    case CT_ACT_SORT:
        return sort_by(v, s, letter, q);
    case CT_ACT_COLUMNS:
        return choose_column(v, s, letter);
    case CT_ACT_COLUMN_LEFT:
    case CT_ACT_COLUMN_RIGHT:
        ct_columns_move(v, s, action == CT_ACT_COLUMN_LEFT ? -1 : 1);
        return CT_ACT_DRAW;
    case CT_ACT_NEXT_MATCH:
    case CT_ACT_PREV_MATCH:
        return next_match(s, m, action == CT_ACT_PREV_MATCH, req);
    case CT_ACT_REVERSE:
        return reverse(q, req);
    case CT_ACT_NEXT_EVENT:
        return next_notable(v, s, m, false);
    case CT_ACT_PREV_EVENT:
        return next_notable(v, s, m, true);
    default:
        return act_on_row(v, s, m, action, q, req);
    }
}
