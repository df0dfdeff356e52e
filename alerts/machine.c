#include "config.h"

#include "alerts/machine.h"

#include <inttypes.h>
#include <stdio.h>

#define WINDOW_MASK ((UINT32_C(1) << CT_ALERT_WINDOW) - 1)
/* 30 % of 21 observations and more; fewer than 15 % of them. */
#define FLAP_ON 7
#define FLAP_OFF 3

struct ct_alert_life ct_alert_born(int64_t now_ms)
{
    return (struct ct_alert_life){
        .state = CT_ALERT_INACTIVE,
        .since_ms = now_ms,
        .fired_ms = CT_NONE,
        .seen_ms = CT_NONE,
        .memory = CT_NONE,
    };
}

bool ct_alert_wake(struct ct_alert_life *l, int64_t saved_ms, int64_t now_ms)
{
    if (now_ms - saved_ms <= CT_ALERT_OLD_MS)
        return true;
    l->held_ms = 0;
    if (l->state == CT_ALERT_FIRING)
        l->flags |= CT_ALERT_UNKNOWN;
    else
        l->state = CT_ALERT_INACTIVE;
    return l->state == CT_ALERT_FIRING;
}

bool ct_alert_idle(const struct ct_alert_life *l)
{
    return l->state == CT_ALERT_INACTIVE && !l->history && l->memory == CT_NONE &&
           !(l->flags & CT_ALERT_FLAPPING);
}

void ct_event_id(char out[17], int64_t alert, int64_t episode, int kind, int64_t n)
{
    char text[96];
    int length = snprintf(text, sizeof text, "%" PRId64 "/%" PRId64 "/%d/%" PRId64, alert, episode,
                          kind, n);
    snprintf(out, 17, "%016" PRIx64, ct_hash((struct ct_span){text, (size_t)length}));
}

/* ---- one step ---- */

struct step {
    struct ct_alert_life *l;
    const struct ct_alert_policy *p;
    const struct ct_alert_fact *f;
    const struct ct_alert_clock *c;
    struct ct_alert_step *out;
    enum ct_truth truth;
    int64_t watched_ms; /* since the evaluation before this one */
};

static void go(struct step *s, int state, const char *why)
{
    s->out->change[s->out->n_changes].was = s->l->state;
    s->out->change[s->out->n_changes].now = state;
    s->out->change[s->out->n_changes++].why = why;
    s->l->state = state;
    s->l->since_ms = s->c->now_ms;
    s->l->held_ms = s->l->unknown_ms = 0;
}

static void fire(struct step *s)
{
    go(s, CT_ALERT_FIRING,
       s->f->truth == CT_TRUTH_UNKNOWN ? "no data"
       : s->p->for_ms                  ? "held for its time"
                                       : "condition true");
    s->l->episode++;
    s->l->fired_ms = s->c->now_ms;
    s->l->level = s->f->level;
    s->l->tells = 1;
    s->l->history |= 1;
    s->out->tell[CT_TELL_FIRING] = true;
}

static void resolve(struct step *s, int state, const char *why)
{
    go(s, state, why);
    s->l->history |= 1;
    s->out->tell[CT_TELL_RESOLVED] = true;
}

static void tell_again(struct step *s)
{
    s->l->tells++;
    s->out->tell[CT_TELL_FIRING] = true;
}

/* The evaluation before this one could not tell. */
static bool was_blind(const struct step *s)
{
    return (s->l->flags & CT_ALERT_UNKNOWN) && s->p->nodata != CT_NODATA_FIRE;
}

static void on_true(struct step *s)
{
    struct ct_alert_life *l = s->l;
    bool same = !was_blind(s) && (l->flags & CT_ALERT_EVIDENCE);
    switch (l->state) {
    case CT_ALERT_INACTIVE:
    case CT_ALERT_RESOLVED:
        if (s->p->for_ms)
            go(s, CT_ALERT_PENDING, "condition true");
        else
            fire(s);
        break;
    case CT_ALERT_PENDING:
        l->held_ms += same ? s->watched_ms : 0;
        if (l->held_ms >= s->p->for_ms)
            fire(s);
        break;
    case CT_ALERT_FIRING:
        l->held_ms = 0;
        if (s->f->truth == CT_TRUTH_TRUE && s->f->level > l->level) {
            l->level = s->f->level;
            tell_again(s);
        }
        break;
    }
}

static void on_false(struct step *s)
{
    struct ct_alert_life *l = s->l;
    bool same = !was_blind(s) && !(l->flags & CT_ALERT_EVIDENCE);
    if (l->state == CT_ALERT_PENDING)
        go(s, CT_ALERT_INACTIVE, "condition false before its time");
    if (l->state != CT_ALERT_FIRING)
        return;
    l->held_ms += same ? s->watched_ms : 0;
    if (l->held_ms >= s->p->keep_ms)
        resolve(s, CT_ALERT_RESOLVED, "condition false for its time");
}

/* Neither advances nor resets what was held, and never resolves. */
static void on_unknown(struct step *s)
{
    struct ct_alert_life *l = s->l;
    l->unknown_ms += s->watched_ms;
    if (s->p->nodata == CT_NODATA_KEEP)
        return;
    if (l->state == CT_ALERT_PENDING && l->unknown_ms > CT_ALERT_PENDING_UNKNOWN_MS)
        go(s, CT_ALERT_INACTIVE, "no data for an hour");
    else if (l->state == CT_ALERT_FIRING && l->unknown_ms > CT_ALERT_FIRING_UNKNOWN_MS)
        resolve(s, CT_ALERT_INACTIVE, "expired, recovery not seen");
}

/* One message when it begins and one when it ends; nothing between. */
static void flap(struct step *s)
{
    struct ct_alert_life *l = s->l;
    bool *tell = s->out->tell;
    int n = 0;
    for (uint32_t h = l->history & WINDOW_MASK; h; h &= h - 1)
        n++;
    bool was = l->flags & CT_ALERT_FLAPPING, is = was ? n > FLAP_OFF : n >= FLAP_ON;
    if (was || is)
        tell[CT_TELL_FIRING] = tell[CT_TELL_RESOLVED] = false;
    tell[CT_TELL_FLAP_ON] = is && !was;
    tell[CT_TELL_FLAP_OFF] = was && !is;
    l->flags = is ? l->flags | CT_ALERT_FLAPPING : l->flags & ~(unsigned)CT_ALERT_FLAPPING;
}

static void set_flag(struct ct_alert_life *l, unsigned flag, bool on)
{
    l->flags = on ? l->flags | flag : l->flags & ~flag;
}

void ct_alert_step(struct ct_alert_life *l, const struct ct_alert_policy *p,
                   const struct ct_alert_fact *f, const struct ct_alert_clock *c,
                   struct ct_alert_step *out)
{
    struct step s = {.l = l, .p = p, .f = f, .c = c, .out = out};
    int64_t pause = c->last_boot_ms == CT_NONE ? CT_NONE : c->boot_ms - c->last_boot_ms;
    s.watched_ms = pause >= 0 && pause <= (c->gap_ms ? c->gap_ms : CT_ALERT_GAP_MS) ? pause : 0;
    s.truth = l->state == CT_ALERT_FIRING ? f->hold : f->truth;
    if (s.truth == CT_TRUTH_UNKNOWN && p->nodata == CT_NODATA_FIRE)
        s.truth = CT_TRUTH_TRUE;
    *out = (struct ct_alert_step){.n_changes = 0};

    bool hidden = f->silenced || f->inhibited;
    set_flag(l, CT_ALERT_SILENCED, f->silenced);
    set_flag(l, CT_ALERT_INHIBITED, f->inhibited);

    if (f->truth != CT_TRUTH_UNKNOWN && f->seen_ms != CT_NONE &&
        (l->seen_ms == CT_NONE || f->seen_ms > l->seen_ms)) {
        l->seen_ms = f->seen_ms;
        l->history = l->history << 1 & WINDOW_MASK;
    }
    if (l->state == CT_ALERT_RESOLVED && (l->held_ms += s.watched_ms) >= CT_ALERT_SHOWN_MS)
        go(&s, CT_ALERT_INACTIVE, "shown long enough");

    if (s.truth == CT_TRUTH_UNKNOWN) {
        on_unknown(&s);
    } else {
        l->unknown_ms = 0;
        if (c->warm && s.truth == CT_TRUTH_TRUE)
            on_true(&s);
        else if (c->warm)
            on_false(&s);
        else if ((l->state == CT_ALERT_FIRING && s.truth == CT_TRUTH_TRUE) ||
                 (l->state == CT_ALERT_PENDING && s.truth == CT_TRUTH_FALSE))
            l->held_ms = 0; /* no change yet, but what was held is over */
        set_flag(l, CT_ALERT_EVIDENCE, s.truth == CT_TRUTH_TRUE);
    }
    set_flag(l, CT_ALERT_UNKNOWN, f->truth == CT_TRUTH_UNKNOWN);
    bool firing = l->state == CT_ALERT_FIRING;
    if (hidden || !firing) {
        set_flag(l, CT_ALERT_UNTOLD, hidden && firing);
    } else if ((l->flags & CT_ALERT_UNTOLD) && s.truth != CT_TRUTH_FALSE) { /* else it is about to end */
        set_flag(l, CT_ALERT_UNTOLD, false);
        if (!out->tell[CT_TELL_FIRING])
            tell_again(&s);
    }
    flap(&s);
}
