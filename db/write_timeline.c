/* What follows from the order of polls: a provider's state at each observation, unknown from the third
 * failure in a row, and the events of sources that fail and recover. */
#include "db/write_priv.h"

#define FAILING 3

struct poll {
    int64_t from_ms, to_ms, n;
    int outcome;
};

int64_t ct_w_next_good(struct ct_job *j, int64_t t)
{
    struct ct_writer *w = j->w;
    /* Inside a run the moment that is known to be polled is its end. */
    sqlite3_stmt *st = ASK(w, POLL_LAST, vi(j->source), vi(t + 1));
    int64_t end = CT_NONE;
    if (ct_w_row(w, st) && ct_w_int(st, 3) <= CT_POLL_CARRY)
        end = ct_w_int(st, 1);
    ct_w_end(st);
    if (end != CT_NONE && end > t)
        return end;
    return ct_w_one(w, ASK(w, POLL_GOOD_AFTER, vi(j->source), vi(t)));
}

/* Failures in a row right before AT_MS; counts no further than the third. */
static int64_t streak_before(struct ct_job *j, int64_t at_ms)
{
    int64_t streak = 0;
    sqlite3_stmt *st = ASK(j->w, POLL_BACK, vi(j->source), vi(at_ms));
    while (streak < FAILING && ct_w_row(j->w, st)) {
        int64_t outcome = ct_w_int(st, 1);
        if (outcome == CT_POLL_FAILED)
            streak += ct_w_int(st, 0);
        if (outcome <= CT_POLL_CARRY)
            break;
    }
    ct_w_end(st);
    return streak < FAILING ? streak : FAILING;
}

/* The provider's state as the rows stored for AT_MS tell it. */
static int provider_state(struct ct_job *j, int64_t at_ms)
{
    struct ct_writer *w = j->w;
    CT_VEC(struct ct_rollup_component) c = {0};
    CT_VEC(struct ct_rollup_incident) i = {0};
    sqlite3_stmt *st = ASK(w, COMPONENTS, vi(j->source));
    while (ct_w_row(w, st)) {
        struct ct_sample v;
        bool there = ct_sample_at(w->samples, ct_w_int(st, 0), at_ms, &v);
        struct ct_rollup_component *one =
            !there || (v.flags & CT_SAMPLE_GONE) ? NULL : CT_VEC_PUSH(w->arena, &c);
        int state = v.value < 0 || v.value > 1000 ? -1 : (int)v.value;
        if (one)
            *one = (struct ct_rollup_component){state, v.flags & CT_SAMPLE_PART};
    }
    st = ASK(w, INCIDENT_OPEN, vi(j->source), vi(at_ms));
    while (ct_w_row(w, st)) {
        struct ct_rollup_incident *one = CT_VEC_PUSH(w->arena, &i);
        if (one)
            *one = (struct ct_rollup_incident){ct_w_word(st, 0), ct_w_word(st, 1), ct_w_int(st, 2)};
    }
    return ct_rollup(c.v, c.n, i.v, i.n, at_ms);
}

static int64_t provider_series(struct ct_job *j)
{
    return ct_w_one(j->w, ASK(j->w, SERIES_ONE, vi(j->source), ve(CT_SERIES_PROVIDER), vt(CT_LIT(""))));
}

static int64_t add_provider_series(struct ct_job *j)
{
    struct ct_writer *w = j->w;
    struct ct_buf name = CT_BUF_INIT;
    ct_buf_adds(&name, "state/");
    ct_key_segment(&name, j->provider);
    RUN(w, SERIES_ADD, vi(j->source), ve(CT_SERIES_PROVIDER), vt(CT_LIT("")),
        vt(ct_buf_span(&name)), vs("state"), vi(0), vi(0));
    ct_buf_free(&name);
    return sqlite3_last_insert_rowid(w->db);
}

/* Walks on from the new poll with the state so far. */
struct walk {
    struct ct_job *j;
    bool status;     /* the source tells a provider's state */
    int64_t series;  /* of the provider; CT_NONE: it had no state yet */
    int64_t state;   /* in force; CT_NONE: none yet */
    int64_t streak;
    bool rows; /* an observation with rows was met: "as before" means something */
};

static void set_state(struct walk *k, int64_t at_ms, int64_t state)
{
    struct ct_job *j = k->j;
    if (!k->status || state == k->state)
        return;
    if (k->series == CT_NONE)
        k->series = add_provider_series(j);
    ct_w_put(j, k->series, at_ms, state, 0);
    if (k->state != CT_NONE)
        ct_w_event(j, &(struct ct_new_event){
                          .at_ms = at_ms,
                          .series = k->series,
                          .origin = CT_ORIGIN_TIMELINE,
                          .kind = CT_EVENT_STATE,
                          .severity = ct_w_state_severity(state),
                          .text = ct_arena_printf(j->w->arena, "%s, was %s", ct_w_name(ct_state_words, state),
                                                  ct_w_name(ct_state_words, k->state)),
                          .unit = "state",
                          .old_value = k->state,
                          .new_value = state,
                          .pct = CT_NONE,
                          .suspect = -1,
                      });
    k->state = state;
    j->changed = true;
}

static void source_event(struct walk *k, int64_t at_ms, bool failing)
{
    ct_w_event(k->j, &(struct ct_new_event){
                         .at_ms = at_ms,
                         .origin = CT_ORIGIN_TIMELINE,
                         .kind = CT_EVENT_SOURCE,
                         .severity = failing ? CT_SEV_WARNING : CT_SEV_INFO,
                         .subject = ct_span(k->j->f->source_id),
                         .field = failing ? CT_LIT("failing") : CT_LIT("recovered"),
                         .text = failing ? CT_LIT("not readable, three attempts in a row failed")
                                         : CT_LIT("readable again"),
                         .old_value = CT_NONE,
                         .new_value = CT_NONE,
                         .pct = CT_NONE,
                         .suspect = -1,
                     });
    k->j->changed = true;
}

static void fail_at(struct walk *k, int64_t at_ms, int64_t n)
{
    bool third = k->streak < FAILING && k->streak + n >= FAILING;
    k->streak = k->streak + n < FAILING ? k->streak + n : FAILING;
    if (!third)
        return;
    source_event(k, at_ms, true);
    set_state(k, at_ms, CT_STATE_UNKNOWN);
}

static void step(struct walk *k, const struct poll *p)
{
    if (p->outcome == CT_POLL_HELD)
        return;
    if (p->outcome == CT_POLL_FAILED) {
        fail_at(k, p->from_ms, 1);
        if (p->n > 1)
            fail_at(k, p->to_ms, p->n - 1);
        return;
    }
    if (k->streak >= FAILING)
        source_event(k, p->from_ms, false);
    k->streak = 0;
    k->rows = k->rows || p->outcome == CT_POLL_OK;
    if (k->status && k->rows)
        set_state(k, p->from_ms, provider_state(k->j, p->from_ms));
}

static void clear_states(struct ct_job *j, int64_t series, int64_t from_ms, int64_t to_ms)
{
    struct ct_sample v = {.at_ms = from_ms - 1};
    while (ct_sample_next(j->w->samples, series, to_ms, &v))
        (void)ct_sample_del(j->w->samples, series, v.at_ms);
}

void ct_w_apply_timeline(struct ct_job *j)
{
    struct ct_writer *w = j->w;
    CT_VEC(struct poll) polls = {0};
    /* The new poll can matter up to the first good one behind the next observation with rows. */
    sqlite3_stmt *st = ASK(w, POLL_ON, vi(j->source), vi(j->at_ms));
    bool rows = false;
    while (ct_w_row(w, st)) {
        struct poll *p = CT_VEC_PUSH(w->arena, &polls);
        if (!p)
            break;
        *p = (struct poll){ct_w_int(st, 0), ct_w_int(st, 1), ct_w_int(st, 2), ct_w_word(st, 3)};
        if (rows && p->outcome <= CT_POLL_CARRY)
            break;
        rows = rows || (p->outcome == CT_POLL_OK && p->from_ms > j->at_ms);
    }
    ct_w_end(st);
    if (polls.n == 0)
        return;
    struct walk k = {.j = j, .series = CT_NONE, .state = CT_NONE};
    k.streak = streak_before(j, j->at_ms);
    k.rows = !j->first;
    k.status = j->kind == CT_SOURCE_STATUS;
    if (k.status) {
        k.series = provider_series(j);
        struct ct_sample v;
        if (k.series != CT_NONE && ct_sample_at(w->samples, k.series, j->at_ms - 1, &v))
            k.state = v.value;
    }
    int64_t end_ms = polls.v[polls.n - 1].to_ms;
    if (!j->append) {
        RUN(w, EVENT_CLEAR, vi(j->source), vi(j->at_ms), vi(end_ms), ve(CT_ORIGIN_TIMELINE));
        if (k.series != CT_NONE)
            clear_states(j, k.series, j->at_ms, end_ms);
    }
    for (size_t i = 0; i < polls.n; i++)
        step(&k, &polls.v[i]);
    if (k.series != CT_NONE && j->changed)
        ct_w_store_newest_state(j, k.series);
}
