/* What people do about alerts: silences and acknowledgements, as the engine sees them. */
#include "config.h"

#include "alerts/engine_priv.h"
#include "db/base/log.h"

#include <inttypes.h>
#include <string.h>

#define SILENCE_IDLE_MS CT_HOUR
#define WARN_MS (5 * CT_MINUTE) /* before a silence ends */

bool ct_engine_silenced(struct ct_engine *e, const struct ct_alert_instance *i)
{
    bool any = false;
    for (size_t k = 0; k < e->memory.n_silences; k++) {
        struct ct_silence *s = &e->memory.silences[k];
        if (s->from_ms > e->now_ms || e->now_ms >= s->to_ms ||
            !ct_silence_covers(s->matchers, i->labels))
            continue;
        any = true;
        bool open = ct_alert_is_open(i->life.state);
        if (open && (s->matched_ms == CT_NONE || e->now_ms - s->matched_ms > CT_MINUTE)) {
            s->matched_ms = e->now_ms;
            if (ct_write_silence_matched(e->o.writer, s->id, e->now_ms, NULL) != CT_OK)
                ct_log(CT_LOG_ERROR, "alerts: a silence's use was not stored");
        }
    }
    return any;
}

bool ct_engine_acked(const struct ct_engine *e, const struct ct_alert_instance *i)
{
    for (size_t k = 0; k < e->memory.n_acks; k++)
        if (e->memory.acks[k].alert == i->id && e->memory.acks[k].episode == i->life.episode)
            return i->life.state == CT_ALERT_FIRING;
    return false;
}

void ct_engine_people(struct ct_engine *e)
{
    struct ct_error err = {0};
    struct ct_arena *a = ct_arena_new(0);
    struct ct_alert_memory m;
    if (ct_write_alert_people(e->o.writer, e->now_ms, a, &m, &err) != CT_OK) {
        ct_log(CT_LOG_ERROR, "alerts: %s: %s", err.where, err.what);
        ct_arena_free(a);
        return;
    }
    ct_arena_free(e->people);
    e->people = a;
    e->memory = m;
    for (size_t k = 0; k < m.n_silences; k++) {
        const struct ct_silence *s = &m.silences[k];
        int64_t last = s->matched_ms != CT_NONE ? s->matched_ms : s->from_ms;
        if (s->from_ms <= e->now_ms && e->now_ms - last > SILENCE_IDLE_MS)
            (void)!ct_write_silence_end(e->o.writer, s->id, e->now_ms, e->now_ms, NULL);
    }
}

/* ---- a silence that ends soon ---- */

/* Says it on CHANNEL. */
static void warn_channel(struct ct_engine *e, const struct ct_notice *n)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_alert_delivery d;
    struct ct_error err = {0};
    struct ct_alert_batch b = {.delivery = &d};
    if (ct_outbox_notice(e->outbox, n, e->now_ms, a, &d)) {
        if (ct_write_alerts(e->o.writer, &b, e->now_ms, &err) == CT_OK)
            ct_outbox_begin(e->outbox, &d);
        else
            ct_log(CT_LOG_ERROR, "alerts: %s: %s", err.where, err.what);
    }
    ct_arena_free(a);
}

/* Everybody who hears of what fires under it, and who looks at a screen. */
static void warn_all(struct ct_engine *e, const struct ct_silence *s, struct ct_notice *n)
{
    n->channel = CT_LIT("bell");
    warn_channel(e, n);
    for (size_t k = 0; k < e->n; k++) {
        const struct ct_alert_instance *i = &e->v[k]->i;
        if (i->life.state != CT_ALERT_FIRING || !ct_silence_covers(s->matchers, i->labels))
            continue;
        for (struct ct_span rest = i->channels; rest.n;) {
            n->channel = ct_span_cut(&rest, '\x1f');
            if (e->o.channels && ct_channels_takes_notices(e->o.channels, n->channel))
                warn_channel(e, n);
        }
    }
}

static void warn_of(struct ct_engine *e, const struct ct_silence *s)
{
    struct ct_buf title = CT_BUF_INIT, lines = CT_BUF_INIT;
    struct ct_notice n = {.severity = CT_SEV_INFO};
    char left[CT_TIME_MAX];
    size_t firing = 0;
    for (size_t k = 0; k < e->n; k++) {
        const struct ct_alert_instance *i = &e->v[k]->i;
        if (i->life.state != CT_ALERT_FIRING || !ct_silence_covers(s->matchers, i->labels))
            continue;
        if (firing++ < CT_MESSAGE_LINES)
            ct_buf_addf(&lines, "still firing under it: %.*s [%.*s]\n", CT_FMT(i->subject),
                        CT_FMT(i->rule));
    }
    if (firing > CT_MESSAGE_LINES)
        ct_buf_addf(&lines, "+%zu more\n", firing - CT_MESSAGE_LINES);
    ct_age_format(left, s->to_ms - e->now_ms);
    ct_buf_addf(&title, "silence %" PRId64 " of %.*s ends in %s, %zu alert%s firing under it: %.*s",
                s->id, CT_FMT(s->author), left, firing, firing == 1 ? "" : "s", CT_FMT(s->matchers));
    n.title = ct_buf_span(&title);
    n.lines = lines.n ? ct_buf_span(&lines) : CT_LIT("");
    ct_event_id(n.event_id, s->id, s->to_ms, CT_TELL_NOTICE, 0); /* another end, another word */
    warn_all(e, s, &n);
    ct_buf_free(&title);
    ct_buf_free(&lines);
}

void ct_engine_warn(struct ct_engine *e)
{
    for (size_t k = 0; k < e->memory.n_silences; k++) {
        const struct ct_silence *s = &e->memory.silences[k];
        int64_t left = s->to_ms - e->now_ms;
        if (s->from_ms <= e->now_ms && left > 0 && left <= WARN_MS && s->to_ms - s->from_ms > WARN_MS)
            warn_of(e, s);
    }
}
