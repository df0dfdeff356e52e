/* What Enter opens: the text and time line of an incident, a provider with its components, an offer
 * or a model with everything known of it. Lines of text, wrapped when drawn. */
#include "config.h"

#include "tui/views/detail.h"

#include "db/base/text.h"

#include <stdio.h>
#include <string.h>

struct state {
    int top, page, total; /* as last drawn */
    char subject[CT_SUBJECT];
};

/* ---- lines ---- */

struct detail_line *detail_add(struct detail_builder *b, struct ct_span head, enum ct_role role,
                               struct ct_span text)
{
    struct detail_line *l = CT_VEC_PUSH(b->a, &b->m->lines);
    int wide = ct_text_width(head);
    if (!l)
        return &b->lost;
    *l = (struct detail_line){.head = head, .text = text, .head_role = CT_ROLE_DIM, .role = role};
    b->m->head = wide > b->m->head && wide <= 16 ? wide : b->m->head;
    return l;
}

void detail_blank(struct detail_builder *b)
{
    detail_add(b, CT_SPAN_NONE, CT_ROLE_TEXT, CT_SPAN_NONE);
}

/* A labelled line when there is something to say. */
void detail_field(struct detail_builder *b, const char *name, struct ct_span text)
{
    if (text.n)
        detail_add(b, ct_span(name), CT_ROLE_TEXT, text);
}

void detail_field_buf(struct detail_builder *b, const char *name, struct ct_buf *text)
{
    detail_field(b, name, ct_arena_dup(b->a, ct_buf_span(text)));
    ct_buf_clear(text);
}

void detail_field_time(struct detail_builder *b, const char *name, int64_t at_ms)
{
    struct ct_buf text = CT_BUF_INIT;
    char age[CT_TIME_MAX];
    if (at_ms != CT_NONE) {
        ct_view_when(&text, at_ms, b->now_ms);
        ct_age_format(age, at_ms > b->now_ms ? at_ms - b->now_ms : b->now_ms - at_ms);
        ct_buf_addf(&text, at_ms > b->now_ms ? "  in %s" : "  %s ago", age);
        detail_field_buf(b, name, &text);
    }
    ct_buf_free(&text);
}

void detail_field_list(struct detail_builder *b, const char *name, const struct ct_list *list)
{
    struct ct_buf text = CT_BUF_INIT;
    for (size_t i = 0; i < list->n; i++)
        ct_buf_addf(&text, "%s%.*s", i ? ", " : "", CT_FMT(list->v[i]));
    detail_field_buf(b, name, &text);
    ct_buf_free(&text);
}

void detail_state_line(struct detail_builder *b, const char *head, int state, struct ct_span text)
{
    struct detail_line *l = detail_add(
        b, ct_span(head), CT_ROLE_TEXT,
        ct_arena_printf(b->a, "%s%s%.*s", ct_state_short(state), text.n ? "  " : "", CT_FMT(text)));
    l->sign = ct_state_sign(state);
    l->role = ct_role_of_state(state);
}

/* ---- panel ---- */

static enum ct_status build(struct detail_builder *b, struct ct_span subject)
{
    struct ct_span rest = subject, kind = ct_span_cut(&rest, '/');
    if (ct_span_is(kind, "incident"))
        return detail_incident(b, rest);
    if (ct_span_is(kind, "status") || ct_span_is(kind, "state"))
        return detail_provider(b, ct_span_cut(&rest, '/'));
    if (ct_span_is(kind, "gpu"))
        return detail_offer(b, subject);
    if (ct_span_is(kind, "stock"))
        return detail_offer(b, ct_arena_printf(b->a, "gpu/%.*s", CT_FMT(rest)));
    if (ct_span_is(kind, "token"))
        return detail_token(b, subject);
    if (ct_span_is(kind, "article"))
        return detail_article(b, rest);
    if (ct_span_is(kind, "alike"))
        return detail_alike(b, subject);
    if (ct_span_is(kind, "clouds") || ct_span_is(kind, "exclusive"))
        return detail_lab(b, subject, rest);
    b->m->series = subject;
    detail_add(b, CT_SPAN_NONE, CT_ROLE_TITLE, subject);
    if (ct_span_is(kind, "index"))
        detail_add(b, CT_SPAN_NONE, CT_ROLE_TEXT,
            CT_LIT("The median over clouds or sellers of the cheapest comparable price of each, of at least three; what is "
                   "quarantined, suspect or from a silent source is left out."));
    detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("L opens its history"));
    return CT_OK;
}

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    struct detail_model *m = ct_arena_alloc(a, sizeof(*m));
    if (!m)
        return ct_fail(err, CT_ERR_LIMIT, "detail", NULL);
    struct detail_builder b = {.reader = r, .q = q, .now_ms = ct_view_end(q, now_ms), .a = a, .m = m,
                        .err = err};
    m->subject = ct_arena_dup(a, ct_span(q->subject));
    *model = m;
    if (ct_span_starts(m->subject, "alert/")) {
        struct ct_panel_query one = *q;
        snprintf(one.subject, sizeof(one.subject), "%s", q->subject + strlen("alert/"));
        enum ct_status st = ct_panel_alert.load(r, &one, now_ms, a, &m->alert, err);
        m->url = st == CT_OK ? ct_alert_link(m->alert) : CT_SPAN_NONE;
        return st;
    }
    enum ct_status st = m->subject.n ? build(&b, m->subject) : CT_OK;
    return st == CT_OK && ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, "detail", NULL) : st;
}

/* Draws a line from row Y on (negative: above the box); returns the rows it takes. */
static int draw_line(const struct detail_line *l, struct ct_box box, int y, int head)
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
    const struct detail_model *m = model;
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

static enum ct_act_result copy(const struct detail_model *m, const struct ct_panel_query *q,
                               struct ct_frame_request *req)
{
    struct ct_buf text = CT_BUF_INIT;
    ct_buf_add(&text, m->summary.n ? m->summary : m->subject);
    if (text.n)
        ct_copy_moment(q, &text);
    enum ct_act_result done = request(req, CT_REQ_COPY, ct_buf_span(&text));
    ct_buf_free(&text);
    return done;
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    const struct detail_model *m = model;
    struct state *s = state;
    (void)letter;
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
    case CT_ACT_COPY: return copy(m, q, req);
    default: return CT_ACT_IGNORED;
    }
    s->top = s->top > last ? last : s->top < 0 ? 0 : s->top;
    return CT_ACT_DRAW;
}

const struct ct_panel_ops ct_panel_detail = {
    .id = "detail", .title = "Detail", .keys = CT_KEYS_TABLE, .state_size = sizeof(struct state),
    .load = load, .draw = draw, .act = act,
};
