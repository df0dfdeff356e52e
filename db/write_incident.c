/* Incidents: what each observation listed, as rows at the changes (like samples), and from them the versions
 * that count and their events. An incident has few rows, so whatever touches one derives all of it again. */
#include "db/write_priv.h"

#include <string.h>

/* An answer that lists an incident twice: the open one, then the one with the newer sign of life. */
static bool better(const struct ct_incident *a, const struct ct_incident *b)
{
    if (a->open != b->open)
        return a->open > b->open;
    return a->updated_ms > b->updated_ms;
}

static uint64_t content_hash(const struct ct_incident *i)
{
    const struct ct_span text[] = {i->id, i->title, i->raw_impact, i->url};
    const int64_t number[] = {i->state,      i->phase,       i->open,
                              i->started_ms, i->updated_ms,  i->resolved_ms,
                              i->scheduled_for_ms, i->scheduled_until_ms};
    uint64_t h = 1;
    for (size_t k = 0; k < CT_LEN(text); k++)
        h = ct_w_mix_text(h, text[k]);
    for (size_t k = 0; k < CT_LEN(number); k++)
        h = ct_w_mix(h, (uint64_t)number[k]);
    for (size_t k = 0; k < i->components.n; k++)
        h = ct_w_mix_text(h + 1, i->components.v[k]);
    for (size_t k = 0; k < i->regions.n; k++)
        h = ct_w_mix_text(h + 2, i->regions.v[k]);
    return h ? h : 1; /* 0 stands for "not listed" */
}

uint64_t ct_w_hash_incidents(const struct ct_batch *b)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < b->incidents.n; i++)
        sum += content_hash(&b->incidents.v[i]);
    for (size_t i = 0; i < b->updates.n; i++) {
        const struct ct_update *u = &b->updates.v[i];
        sum += ct_w_mix(ct_w_mix_text(ct_w_mix_text(ct_w_mix_text(2, u->incident), u->id), u->text),
                   (uint64_t)u->at_ms + (uint64_t)u->phase);
    }
    for (size_t i = 0; i < b->articles.n; i++) {
        const struct ct_article *a = &b->articles.v[i];
        sum += ct_w_mix(ct_w_mix_text(ct_w_mix_text(ct_w_mix_text(ct_w_mix_text(3, a->id), a->title), a->url), a->summary),
                   (uint64_t)a->published_ms);
    }
    return sum;
}

/* ---- the incidents an observation is about ---- */

struct touched {
    struct ct_span id;
    const struct ct_incident *now; /* NULL: not listed */
};
struct touched_set {
    CT_VEC(struct touched) v;
};

static struct touched *touch(struct ct_job *j, struct touched_set *s, struct ct_span id)
{
    for (size_t i = 0; i < s->v.n; i++)
        if (ct_span_eq(s->v.v[i].id, id))
            return &s->v.v[i];
    struct touched *t = CT_VEC_PUSH(j->w->arena, &s->v);
    if (t)
        t->id = id;
    return t;
}

static void touch_stored(struct ct_job *j, struct touched_set *s, sqlite3_stmt *st)
{
    while (ct_w_row(j->w, st)) {
        if (!touch(j, s, ct_w_text(j->w, st, 0)))
            break;
    }
    ct_w_end(st);
}

static struct ct_span id_of(struct ct_job *j, const struct ct_incident *i)
{
    if (i->id.n)
        return i->id;
    uint64_t h = ct_w_mix(ct_w_mix_text(4, i->title), (uint64_t)i->started_ms);
    return ct_arena_printf(j->w->arena, "#%016llx", (unsigned long long)h);
}

/* ---- rows ---- */

static struct ct_span joined(struct ct_job *j, const struct ct_list *list)
{
    if (list->n == 0)
        return CT_SPAN_NONE;
    struct ct_buf b = CT_BUF_INIT;
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0)
            ct_buf_addc(&b, CT_UNIT_SEPARATOR);
        ct_buf_add(&b, list->v[i]);
    }
    struct ct_span text = ct_arena_dup(j->w->arena, ct_buf_span(&b));
    ct_buf_free(&b);
    return text;
}

static void add_row(struct ct_job *j, const struct touched *t, uint64_t hash)
{
    const struct ct_incident *i = t->now;
    RUN(j->w, INCIDENT_ADD, vi(j->source), vt(t->id), vi(j->at_ms), vi(CT_LIVE), ve(i->open != 0),
        ve(i->state), ve(i->phase), vt(i->title), vt(i->raw_impact), vt(i->url), vi(i->started_ms),
        vi(i->updated_ms), vi(i->resolved_ms), vi(i->scheduled_for_ms), vi(i->scheduled_until_ms),
        vt(joined(j, &i->components)), vt(joined(j, &i->regions)), vi((int64_t)hash));
}

/* What was listed at or before AT_MS: the row's moment, and its content's hash (0: not listed). */
static uint64_t listed_at(struct ct_job *j, struct ct_span id, int64_t at_ms, int64_t *row_ms)
{
    uint64_t hash = 0;
    *row_ms = CT_NONE;
    sqlite3_stmt *st = ASK(j->w, INCIDENT_AT, vi(j->source), vt(id), vi(at_ms));
    if (ct_w_row(j->w, st)) {
        *row_ms = ct_w_int(st, 0);
        hash = ct_w_int(st, 1) ? (uint64_t)ct_w_int(st, 2) : 0;
    }
    ct_w_end(st);
    return hash;
}

/* The observed rows of T around the new observation. True when they changed. */
static bool store_rows(struct ct_job *j, const struct touched *t)
{
    struct ct_writer *w = j->w;
    uint64_t now = t->now ? content_hash(t->now) : 0;
    int64_t row_ms;
    bool changed = false;
    if (j->next_ms != CT_NONE) {
        uint64_t next = listed_at(j, t->id, j->next_ms, &row_ms);
        bool there = row_ms == j->next_ms;
        if (next != now && !there) {
            if (next)
                RUN(w, INCIDENT_COPY, vi(j->source), vt(t->id), vi(row_ms), vi(j->next_ms));
            else
                RUN(w, INCIDENT_MISS, vi(j->source), vt(t->id), vi(j->next_ms), vi(CT_LIVE));
            changed = true;
        } else if (next == now && there) {
            RUN(w, INCIDENT_DEL, vi(j->source), vt(t->id), vi(j->next_ms));
            changed = true;
        }
    }
    if (!j->append)
        changed |= RUN(w, INCIDENT_DEL, vi(j->source), vt(t->id), vi(j->at_ms)) > 0;
    if (listed_at(j, t->id, j->at_ms - 1, &row_ms) != now) {
        if (now)
            add_row(j, t, now);
        else
            RUN(w, INCIDENT_MISS, vi(j->source), vt(t->id), vi(j->at_ms), vi(CT_LIVE));
        changed = true;
    }
    return changed;
}

/* ---- versions and events ---- */

struct row {
    int64_t at_ms, next_ms, gone_ms, from_ms, to_ms;
    int listed, open, state, phase;
    struct ct_span title;
    int64_t content_ms; /* the listed row this content is from */
};
struct rows {
    CT_VEC(struct row) v;
};

static void load_rows(struct ct_job *j, struct ct_span id, struct rows *r)
{
    struct ct_writer *w = j->w;
    sqlite3_stmt *st = ASK(w, INCIDENT_ALL, vi(j->source), vt(id));
    while (ct_w_row(w, st)) {
        struct row *row = CT_VEC_PUSH(w->arena, &r->v);
        if (!row)
            break;
        *row = (struct row){
            .at_ms = ct_w_int(st, 0),
            .next_ms = CT_LIVE,
            .gone_ms = CT_LIVE,
            .from_ms = CT_NONE,
            .to_ms = CT_NONE,
            .listed = ct_w_word(st, 1),
            .open = ct_w_word(st, 2),
            .state = ct_w_word(st, 3),
            .phase = ct_w_word(st, 4),
            .title = ct_w_text(w, st, 5),
            .content_ms = ct_w_int(st, 0),
        };
    }
    ct_w_end(st);
}

/* From when to when each row counts. A missing incident is closed by the second poll that misses it. */
static void find_versions(struct ct_job *j, struct rows *r)
{
    struct row *content = NULL; /* last listed row */
    struct row *counts = NULL;  /* last row that counts */
    for (size_t i = 0; i < r->v.n; i++) {
        struct row *row = &r->v.v[i];
        if (i + 1 < r->v.n)
            row->next_ms = r->v.v[i + 1].at_ms;
        if (row->listed == 1) {
            row->from_ms = row->at_ms;
            content = row;
        } else {
            int64_t second = ct_w_next_good(j, row->at_ms);
            if (second != CT_NONE && second < row->next_ms)
                row->gone_ms = second;
            if (!content)
                continue;
            row->content_ms = content->at_ms;
            row->title = content->title;
            if (row->gone_ms == CT_LIVE || content->open != 1)
                continue;
            row->from_ms = row->gone_ms;
            row->open = 0;
            row->state = CT_STATE_UNKNOWN;
            row->phase = CT_PHASE_UNKNOWN;
        }
        if (counts)
            counts->to_ms = row->from_ms;
        counts = row;
    }
    if (counts)
        counts->to_ms = CT_LIVE;
}

static void incident_event(struct ct_job *j, struct ct_span id, const struct row *was,
                           const struct row *is)
{
    const char *field = NULL;
    if (is->open == 1 && !was)
        field = "opened";
    else if (is->open == 1 && was->open != 1)
        field = "reopened";
    else if (was && was->open == 1 && is->open != 1)
        field = "closed";
    else if (is->open == 1 && (is->phase != was->phase || is->state != was->state))
        field = "phase";
    if (!field)
        return;
    const char *phase = is->phase >= 0 && is->phase <= CT_PHASE_UNKNOWN ? ct_phase_words[is->phase] : "";
    bool vanished = is->listed != 1;
    ct_w_event(j, &(struct ct_new_event){
                      .at_ms = is->from_ms,
                      .origin = CT_ORIGIN_INCIDENT,
                      .kind = CT_EVENT_INCIDENT,
                      .severity = is->open == 1 ? ct_w_state_severity(is->state) : CT_SEV_INFO,
                      .seed = id,
                      .subject = j->provider,
                      .ref = id,
                      .field = ct_span(field),
                      .text = ct_arena_printf(j->w->arena, "%.*s%s%s", CT_FMT(is->title),
                                              vanished || *phase ? ": " : "",
                                              vanished ? "no longer listed" : phase),
                      .unit = "state",
                      .old_value = was && was->state >= 0 ? was->state : CT_NONE,
                      .new_value = is->state >= 0 ? is->state : CT_NONE,
                      .pct = CT_NONE,
                      .suspect = -1,
                  });
}

static void derive(struct ct_job *j, struct ct_span id, int64_t first_poll_ms)
{
    struct ct_writer *w = j->w;
    struct rows r = {0};
    load_rows(j, id, &r);
    find_versions(j, &r);
    int64_t dropped = RUN(w, EVENT_CLEAR_INCIDENT, vi(j->source), vt(id)), before = j->out->events;
    const struct row *was = NULL;
    for (size_t i = 0; i < r.v.n; i++) {
        struct row *row = &r.v.v[i];
        RUN(w, INCIDENT_SET, vi(j->source), vt(id), vi(row->at_ms), vi(row->next_ms),
            vi(row->gone_ms), vi(row->from_ms), vi(row->to_ms), vi(r.v.v[0].at_ms));
        if (row->listed != 1 && row->from_ms != CT_NONE)
            RUN(w, INCIDENT_CLOSE, vi(j->source), vt(id), vi(row->at_ms), vi(row->content_ms));
        else if (row->listed != 1) /* as INCIDENT_CLOSE with nothing to copy */
            RUN(w, INCIDENT_CLOSE, vi(j->source), vt(id), vi(row->at_ms), vi(CT_NONE));
        if (row->from_ms == CT_NONE)
            continue;
        if (row->from_ms != first_poll_ms)
            incident_event(j, id, was, row);
        was = row;
    }
    int64_t made = j->out->events - before;
    j->out->events = before + (made > dropped ? made - dropped : 0);
    j->changed = true;
}

void ct_w_apply_incidents(struct ct_job *j, const struct ct_batch *b)
{
    struct ct_writer *w = j->w;
    struct touched_set s = {0};
    size_t listed = 0;
    for (size_t i = 0; b && i < b->incidents.n; i++) {
        struct touched *t = touch(j, &s, id_of(j, &b->incidents.v[i]));
        if (t && (!t->now || better(&b->incidents.v[i], t->now)))
            t->now = &b->incidents.v[i];
        listed = s.v.n;
    }
    int64_t until = j->next_ms == CT_NONE ? j->at_ms : j->next_ms;
    if (b)
        touch_stored(j, &s, ASK(w, INCIDENT_LISTED, vi(j->source), vi(j->at_ms), vi(until)));
    touch_stored(j, &s, ASK(w, INCIDENT_MISSING, vi(j->source), vi(j->at_ms), vi(until)));
    if (s.v.n > 0) {
        int64_t first = ct_w_one(w, ASK(w, POLL_OK_FIRST, vi(j->source)));
        for (size_t i = 0; i < s.v.n; i++) {
            bool changed = b && store_rows(j, &s.v.v[i]);
            if (changed || i >= listed || !j->append)
                derive(j, s.v.v[i].id, first);
            j->out->changed_rows += changed;
        }
    }
    if (!b)
        return;
    struct ct_list ids = {ct_arena_alloc(w->arena, (listed + 1) * sizeof *ids.v), 0};
    for (size_t i = 0; ids.v && i < listed; i++)
        ids.v[ids.n++] = s.v.v[i].id;
    ct_w_apply_wording(j, b, &ids);
}
