#include "config.h"

#include "alerts/outbox_priv.h"

#include <stdlib.h>
#include <string.h>

struct ct_outbox *ct_outbox_new(void)
{
    return ct_xcalloc(1, sizeof(struct ct_outbox));
}

static struct ct_span own(struct ct_span s)
{
    return ct_span(ct_xspandup(s.p ? s : CT_LIT("")));
}

static void drop_span(struct ct_span s)
{
    free((char *)(uintptr_t)s.p);
}

static void free_entry(struct entry *e)
{
    drop_span(e->i.channel);
    drop_span(e->i.grp);
    drop_span(e->i.text);
}

static void free_message(struct message *m)
{
    drop_span(m->d.channel);
    drop_span(m->d.grp);
    drop_span(m->d.title);
    drop_span(m->d.text);
    drop_span(m->d.json);
    drop_span(m->d.answer);
}

void ct_outbox_free(struct ct_outbox *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->n; i++)
        free_entry(&o->v[i]);
    for (size_t i = 0; i < o->n_m; i++)
        free_message(&o->m[i]);
    for (size_t i = 0; i < o->n_throttled; i++)
        free(o->throttled[i]);
    free(o->v);
    free(o->m);
    free(o->changed);
    free(o->changed_at);
    free(o->throttled);
    free(o);
}

static struct entry *add(struct ct_outbox *o, const struct ct_alert_intent *i)
{
    if (o->n == o->cap) {
        o->cap = o->cap ? 2 * o->cap : 64;
        o->v = ct_xrealloc(o->v, o->cap * sizeof *o->v);
    }
    struct entry *e = &o->v[o->n++];
    *e = (struct entry){.i = *i};
    e->i.channel = own(i->channel);
    e->i.grp = own(i->grp);
    e->i.text = own(i->text);
    return e;
}

void ct_outbox_begin(struct ct_outbox *o, const struct ct_alert_delivery *d)
{
    if (o->n_m == o->cap_m) {
        o->cap_m = o->cap_m ? 2 * o->cap_m : 32;
        o->m = ct_xrealloc(o->m, o->cap_m * sizeof *o->m);
    }
    struct message *m = &o->m[o->n_m++];
    *m = (struct message){.d = *d};
    m->d.channel = own(d->channel);
    m->d.grp = own(d->grp);
    m->d.title = own(d->title);
    m->d.text = own(d->text);
    m->d.json = own(d->json);
    m->d.answer = own(d->answer);
    for (size_t i = 0; i < o->n; i++)
        if (o->v[i].i.delivery == -1)
            o->v[i].i.delivery = d->row;
}

void ct_outbox_recall(struct ct_outbox *o, const struct ct_alert_memory *m)
{
    for (size_t i = 0; i < m->n_intents; i++)
        (void)add(o, &m->intents[i]);
    for (size_t i = 0; i < m->n_deliveries; i++)
        ct_outbox_begin(o, &m->deliveries[i]);
}

void ct_outbox_digests(struct ct_outbox *o, ct_channel_digests *digests, void *ctx)
{
    o->digests = digests;
    o->digests_ctx = ctx;
}

void ct_outbox_at_once(struct ct_outbox *o)
{
    o->at_once = true;
}

static void shift(int64_t *t, int64_t by)
{
    *t = *t == CT_NONE ? CT_NONE : *t + by;
}

void ct_outbox_shift(struct ct_outbox *o, int64_t by_ms)
{
    for (size_t i = 0; i < o->n; i++) {
        shift(&o->v[i].i.at_ms, by_ms);
        shift(&o->v[i].i.done_ms, by_ms);
    }
    for (size_t i = 0; i < o->n_m; i++) {
        shift(&o->m[i].d.at_ms, by_ms);
        shift(&o->m[i].d.next_ms, by_ms);
        shift(&o->m[i].d.done_ms, by_ms);
    }
}

/* ---- what is to be told ---- */

static bool about(const struct entry *e, int64_t alert, struct ct_span channel)
{
    return e->i.alert == alert && ct_span_eq(e->i.channel, channel);
}

static bool queued(const struct entry *e)
{
    return e->i.state == CT_INTENT_QUEUED;
}

static void set_state(struct entry *e, int state)
{
    e->i.state = state;
    e->changed = true;
}

static bool is_digest(const struct ct_outbox *o, struct ct_span channel)
{
    return o->digests && o->digests(o->digests_ctx, channel);
}

/* A digest, or what waits for the end of quiet hours: it tells of all that was, also of what is over. */
static bool gathers(const struct ct_outbox *o, struct ct_span channel, struct ct_span grp)
{
    return is_digest(o, channel) || ct_span_is(grp, CT_GROUP_QUIET);
}

/* Queued intents of that kind give way: what follows says more. Not where episodes before this one are
 * still to be told of. True when there were any. */
static bool supersede(struct ct_outbox *o, const struct ct_alert_instance *a, struct ct_span channel,
                      int kind)
{
    bool any = false;
    for (size_t i = 0; i < o->n; i++)
        if (about(&o->v[i], a->id, channel) && queued(&o->v[i]) && o->v[i].i.kind == kind &&
            (o->v[i].i.episode == a->life.episode || !gathers(o, channel, o->v[i].i.grp))) {
            set_state(&o->v[i], CT_INTENT_SUPERSEDED);
            any = true;
        }
    return any;
}

/* Something of this episode was sent, or may have been, or (WAITING) will be. */
static bool was_told(const struct ct_outbox *o, int64_t alert, struct ct_span channel,
                     int64_t episode, bool waiting)
{
    for (size_t i = 0; i < o->n; i++)
        if (about(&o->v[i], alert, channel) && o->v[i].i.episode == episode &&
            (o->v[i].i.state == CT_INTENT_SENT || (waiting && queued(&o->v[i]))) &&
            o->v[i].i.kind != CT_TELL_RESOLVED)
            return true;
    return false;
}

/* The queue is full: the oldest repeat goes, else the oldest. */
static void make_room(struct ct_outbox *o)
{
    struct entry *oldest = NULL, *repeat = NULL;
    size_t n = 0;
    for (size_t i = 0; i < o->n; i++) {
        struct entry *e = &o->v[i];
        if (!queued(e))
            continue;
        n++;
        if (!oldest)
            oldest = e;
        if (!repeat && e->i.kind == CT_TELL_REPEAT)
            repeat = e;
    }
    if (n >= CT_QUEUE_MOST)
        set_state(repeat ? repeat : oldest, CT_INTENT_DROPPED);
}

static void queue(struct ct_outbox *o, const struct ct_alert_instance *a, struct ct_span channel,
                  int kind, int64_t n, int64_t now_ms)
{
    bool digest = is_digest(o, channel);
    if (digest && a->severity == CT_SEV_CRITICAL)
        return;
    struct ct_alert_intent i = {
        .alert = a->id,
        .episode = a->life.episode,
        .n = n,
        .at_ms = now_ms,
        .delivery = CT_NONE,
        .kind = kind,
        .severity = a->severity,
        .state = CT_INTENT_QUEUED,
        .channel = channel,
        .grp = digest ? CT_LIT("digest") : a->grp,
        .text = a->text,
        .done_ms = CT_NONE,
    };
    ct_event_id(i.event_id, a->id, i.episode, kind, n);
    make_room(o);
    add(o, &i)->changed = true;
}

static void tell_channel(struct ct_outbox *o, const struct ct_alert_instance *a,
                         struct ct_span channel, int kind, int64_t n, int64_t now_ms)
{
    (void)supersede(o, a, channel, CT_TELL_REPEAT);
    if (kind == CT_TELL_FIRING || kind == CT_TELL_FLAP_ON) {
        (void)supersede(o, a, channel, CT_TELL_FIRING);
    } else if (kind == CT_TELL_RESOLVED) {
        bool both = gathers(o, channel, a->grp);
        if (!both)
            (void)supersede(o, a, channel, CT_TELL_FIRING);
        if (!was_told(o, a->id, channel, a->life.episode, both))
            return; /* nobody heard of it */
    } else if (supersede(o, a, channel, CT_TELL_FLAP_ON)) {
        if (a->life.state != CT_ALERT_FIRING)
            return;
        kind = CT_TELL_FIRING;
        n = a->life.tells;
    }
    queue(o, a, channel, kind, n, now_ms);
}

void ct_outbox_tell(struct ct_outbox *o, const struct ct_alert_instance *i, int kind, int64_t n,
                    int64_t now_ms)
{
    struct ct_span rest = i->channels;
    while (rest.n) {
        struct ct_span channel = ct_span_cut(&rest, '\x1f');
        if (channel.n)
            tell_channel(o, i, channel, kind, n, now_ms);
    }
}

static void remind_channel(struct ct_outbox *o, const struct ct_alert_instance *a,
                           struct ct_span channel, int64_t remind_ms, int64_t now_ms)
{
    struct ct_alert_told told = CT_ALERT_UNTOLD_YET;
    int64_t repeats = 0;
    for (size_t i = 0; i < o->n; i++) {
        const struct ct_alert_intent *e = &o->v[i].i;
        if (!about(&o->v[i], a->id, channel) || e->episode != a->life.episode)
            continue;
        if (e->kind == CT_TELL_REPEAT && e->n > repeats)
            repeats = e->n;
        ct_alert_told(&told, e->state, e->done_ms);
    }
    int64_t next = ct_alert_remind_at(&told, remind_ms);
    if (next != CT_NONE && now_ms >= next)
        queue(o, a, channel, CT_TELL_REPEAT, repeats + 1, now_ms);
}

void ct_outbox_remind(struct ct_outbox *o, const struct ct_alert_instance *i, int64_t remind_ms,
                      int64_t now_ms)
{
    struct ct_span rest = i->channels;
    while (remind_ms > 0 && rest.n) {
        struct ct_span channel = ct_span_cut(&rest, '\x1f');
        if (channel.n)
            remind_channel(o, i, channel, remind_ms, now_ms);
    }
}

/* ---- storing ---- */

struct ct_alert_intent *ct_outbox_changed(struct ct_outbox *o, size_t *n)
{
    o->changed = ct_xrealloc(o->changed, (o->n + 1) * sizeof *o->changed);
    o->changed_at = ct_xrealloc(o->changed_at, (o->n + 1) * sizeof *o->changed_at);
    o->n_changed = 0;
    for (size_t i = 0; i < o->n; i++)
        if (o->v[i].changed) {
            o->changed_at[o->n_changed] = i;
            o->changed[o->n_changed++] = o->v[i].i;
        }
    *n = o->n_changed;
    return o->changed;
}

void ct_outbox_stored(struct ct_outbox *o)
{
    for (size_t i = 0; i < o->n_changed; i++) {
        struct entry *e = &o->v[o->changed_at[i]];
        e->i.row = o->changed[i].row;
        e->i.delivery = o->changed[i].delivery;
        e->changed = false;
    }
    o->n_changed = 0;
    size_t kept = 0;
    for (size_t i = 0; i < o->n; i++) {
        const struct entry *e = &o->v[i];
        bool gone = e->i.state == CT_INTENT_SUPERSEDED || e->i.state == CT_INTENT_DROPPED ||
                    (e->over && e->i.state == CT_INTENT_SENT && e->i.done_ms != CT_NONE);
        if (gone && !e->changed)
            free_entry(&o->v[i]);
        else
            o->v[kept++] = o->v[i];
    }
    o->n = kept;
}

void ct_outbox_undo(struct ct_outbox *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->v[i].i.delivery == -1) {
            set_state(&o->v[i], CT_INTENT_QUEUED);
            o->v[i].i.delivery = CT_NONE;
            o->v[i].over = false;
        }
}

bool ct_outbox_needs(const struct ct_outbox *o, int64_t alert)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->v[i].i.alert == alert && queued(&o->v[i]))
            return true;
    return false;
}

/* ---- messages ---- */

static const struct message *last_of_group(const struct ct_outbox *o, const struct ct_alert_intent *i,
                                           bool *busy)
{
    const struct message *last = NULL;
    *busy = false;
    for (size_t k = 0; k < o->n_m; k++) {
        const struct message *m = &o->m[k];
        if (!ct_span_eq(m->d.channel, i->channel) || !ct_span_eq(m->d.grp, i->grp))
            continue;
        *busy = *busy || m->d.state == CT_DELIVERY_QUEUED;
        if (!last || m->d.at_ms > last->d.at_ms)
            last = m;
    }
    return last;
}

/* Is a message about this alert still being tried on its channel? What follows waits. */
static bool in_flight(const struct ct_outbox *o, const struct ct_alert_intent *i)
{
    for (size_t k = 0; k < o->n; k++)
        if (about(&o->v[k], i->alert, i->channel) && o->v[k].i.state == CT_INTENT_SENT &&
            o->v[k].i.done_ms == CT_NONE)
            return true;
    return false;
}

static bool same_group(const struct entry *e, const struct ct_alert_intent *i)
{
    return ct_span_eq(e->i.channel, i->channel) && ct_span_eq(e->i.grp, i->grp);
}

/* When the group of I may send its next message; CT_LIVE: not yet, something is under way. */
static int64_t group_due(const struct ct_outbox *o, const struct ct_alert_intent *i,
                         ct_intent_held *held, void *ctx)
{
    int64_t oldest = i->at_ms;
    bool critical = false, open = false, busy;
    for (size_t k = 0; k < o->n; k++) {
        const struct entry *e = &o->v[k];
        if (!same_group(e, i))
            continue;
        open = open || (e->i.state == CT_INTENT_SENT && !e->over);
        if (!queued(e) || held(ctx, &e->i))
            continue;
        critical = critical || e->i.severity == CT_SEV_CRITICAL;
        oldest = e->i.at_ms < oldest ? e->i.at_ms : oldest;
    }
    const struct message *last = last_of_group(o, i, &busy);
    if (busy)
        return CT_LIVE;
    bool first = ct_span_is(i->grp, CT_GROUP_FIRST);
    int64_t due = oldest + (o->at_once || (critical && !first) ? 0 : CT_GROUP_WAIT_MS);
    if (open && last && last->d.at_ms + CT_GROUP_INTERVAL_MS > due)
        due = last->d.at_ms + CT_GROUP_INTERVAL_MS;
    return due;
}

static int64_t sent_last_hour(const struct ct_outbox *o, struct ct_span channel, int64_t now_ms)
{
    int64_t n = 0;
    for (size_t i = 0; i < o->n_m; i++)
        n += ct_span_eq(o->m[i].d.channel, channel) && now_ms - o->m[i].d.at_ms < CT_HOUR;
    return n;
}

static bool throttle(struct ct_outbox *o, struct ct_span channel, bool on)
{
    size_t at = 0;
    while (at < o->n_throttled && !ct_span_is(channel, o->throttled[at]))
        at++;
    bool was = at < o->n_throttled;
    if (on && !was) {
        o->throttled = ct_xrealloc(o->throttled, (o->n_throttled + 1) * sizeof *o->throttled);
        o->throttled[o->n_throttled++] = ct_xspandup(channel);
    } else if (!on && was) {
        free(o->throttled[at]);
        o->throttled[at] = o->throttled[--o->n_throttled];
    }
    return was;
}

static void pick(struct ct_outbox *o, const struct ct_alert_intent *of, bool whole_channel,
                 ct_intent_held *held, void *ctx, struct parts *p)
{
    p->v = ct_xcalloc(o->n, sizeof(*p->v));
    for (size_t i = 0; i < o->n; i++) {
        struct entry *e = &o->v[i];
        bool wanted = whole_channel ? ct_span_eq(e->i.channel, of->channel) : same_group(e, of);
        if (!wanted || !queued(e) || held(ctx, &e->i) || in_flight(o, &e->i))
            continue;
        p->v[p->n++] = e;
        p->count[e->i.kind]++;
        p->severity = e->i.severity > p->severity ? e->i.severity : p->severity;
    }
}

/* A firing alert whose end is told is over for that channel. */
static void mark_sent(struct ct_outbox *o, const struct parts *p)
{
    for (size_t i = 0; i < p->n; i++) {
        set_state(p->v[i], CT_INTENT_SENT);
        p->v[i]->i.delivery = -1;
    }
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; p->v[i]->i.kind == CT_TELL_RESOLVED && k < o->n; k++)
            if (about(&o->v[k], p->v[i]->i.alert, p->v[i]->i.channel) &&
                o->v[k].i.episode <= p->v[i]->i.episode && !queued(&o->v[k]))
                o->v[k].over = true;
}

bool ct_outbox_next(struct ct_outbox *o, int64_t now_ms, ct_intent_held *held, ct_intent_of *of,
                    void *ctx, struct ct_arena *a, struct ct_alert_delivery *out)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct ct_alert_intent *e = &o->v[i].i;
        if (!queued(&o->v[i]) || held(ctx, e) || in_flight(o, e))
            continue;
        if (sent_last_hour(o, e->channel, now_ms) >= CT_MESSAGES_PER_HOUR) {
            (void)throttle(o, e->channel, true);
            continue;
        }
        bool digest = throttle(o, e->channel, false);
        if (!digest && group_due(o, e, held, ctx) > now_ms)
            continue;
        struct parts p = {.n = 0};
        pick(o, e, digest, held, ctx, &p);
        *out = (struct ct_alert_delivery){
            .channel = ct_arena_dup(a, e->channel),
            .grp = digest ? CT_LIT("digest") : ct_arena_dup(a, e->grp),
            .state = CT_DELIVERY_QUEUED,
            .at_ms = now_ms,
            .next_ms = now_ms,
            .done_ms = CT_NONE,
        };
        ct_outbox_compose(&p, of, ctx, a, out);
        mark_sent(o, &p);
        free(p.v);
        return true;
    }
    return false;
}

/* ---- delivery ---- */

int64_t ct_retry_pause(int64_t n, int64_t retry_after_ms, uint64_t random)
{
    int64_t base = CT_SECOND / 2;
    if (retry_after_ms != CT_NONE)
        return retry_after_ms < 0                  ? 0
               : retry_after_ms > 10 * CT_MINUTE ? 10 * CT_MINUTE
                                                   : retry_after_ms;
    for (int64_t i = 0; i < n && base < CT_MINUTE; i++)
        base += base / 2;
    base = base < CT_MINUTE ? base : CT_MINUTE;
    int64_t pause = base / 2 + (int64_t)(random % (uint64_t)base);
    return pause < CT_MINUTE ? pause : CT_MINUTE;
}

const struct ct_alert_delivery *ct_outbox_due(struct ct_outbox *o, int64_t now_ms)
{
    for (size_t i = 0; i < o->n_m; i++) {
        struct message *m = &o->m[i];
        if (m->d.state == CT_DELIVERY_QUEUED && !m->flying && m->d.next_ms <= now_ms) {
            m->flying = true;
            return &m->d;
        }
    }
    return NULL;
}

/* Messages that ended more than a day ago are of no more use here. */
static void forget_old(struct ct_outbox *o, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < o->n_m; i++)
        if (o->m[i].d.state != CT_DELIVERY_QUEUED && now_ms - o->m[i].d.at_ms > CT_DAY)
            free_message(&o->m[i]);
        else
            o->m[kept++] = o->m[i];
    o->n_m = kept;
}

const struct ct_alert_delivery *ct_outbox_result(struct ct_outbox *o, int64_t row, enum ct_sent sent,
                                                 int64_t retry_after_ms, const char *answer,
                                                 int64_t now_ms, uint64_t random)
{
    struct message *m = NULL;
    forget_old(o, now_ms);
    for (size_t i = 0; i < o->n_m; i++)
        if (o->m[i].d.row == row && o->m[i].d.state == CT_DELIVERY_QUEUED)
            m = &o->m[i];
    if (!m)
        return NULL;
    struct ct_alert_delivery *d = &m->d;
    m->flying = false;
    drop_span(d->answer);
    d->answer = own(ct_span(answer));
    int64_t pause = ct_retry_pause(d->attempts++, retry_after_ms, random);
    bool late = now_ms + pause - d->at_ms > CT_GIVE_UP_MS;
    if (sent == CT_SENT_RETRY && !late) {
        d->next_ms = now_ms + pause;
        return d;
    }
    d->state = sent == CT_SENT_OK ? CT_DELIVERY_DONE : CT_DELIVERY_FAILED;
    d->done_ms = now_ms;
    d->next_ms = CT_NONE;
    for (size_t i = 0; i < o->n; i++)
        if (o->v[i].i.delivery == row)
            o->v[i].i.done_ms = now_ms;
    return d;
}

bool ct_outbox_busy(const struct ct_outbox *o, int64_t until_ms)
{
    for (size_t i = 0; i < o->n_m; i++)
        if (o->m[i].d.state == CT_DELIVERY_QUEUED && (o->m[i].flying || o->m[i].d.next_ms <= until_ms))
            return true;
    return false;
}

int64_t ct_outbox_wait(const struct ct_outbox *o, int64_t now_ms, int64_t most)
{
    for (size_t i = 0; i < o->n_m; i++) {
        const struct message *m = &o->m[i];
        if (m->d.state != CT_DELIVERY_QUEUED || m->flying)
            continue; /* one that is done has no next time */
        int64_t in = m->d.next_ms - now_ms;
        if (in < most)
            most = in > 0 ? in : 0;
    }
    for (size_t i = 0; i < o->n; i++)
        if (queued(&o->v[i]) && most > CT_SECOND)
            most = CT_SECOND;
    return most;
}
