/* What one evaluation changed, in one transaction; acks and silences of people; what a new holder of
 * the lease starts from. */
#include "config.h"

#include "db/alerts.h"
#include "db/write_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEEP_CHANGES (400 * CT_DAY)
#define KEEP_MESSAGES (90 * CT_DAY)
#define KEEP_SILENCES (5 * CT_DAY)

static void put_instance(struct ct_writer *w, const struct ct_alert_instance *i, int64_t now_ms)
{
    const struct ct_alert_life *l = &i->life;
    RUN(w, ALERT_PUT, vi(i->id), vt(i->rule), vt(i->subject), vt(i->labels), vt(i->provider),
        vt(i->grp), vt(i->channels), ve(i->severity), vt(i->text), vt(i->url), vt(i->series),
        ve(l->state), vi(l->flags), vi(l->episode), vi(l->since_ms), vi(l->fired_ms),
        vi(l->held_ms), vi(l->unknown_ms), vi(l->level), vi(l->tells), vi(l->seen_ms),
        vi(l->history), vi(l->memory), vi(l->latch), vi(now_ms));
}

/* What is so of an open one beside its state, when it is not what was so before. */
static void put_facts(struct ct_writer *w, const struct ct_alert_instance *i, int64_t now_ms)
{
    unsigned flags = i->life.flags & (CT_ALERT_UNKNOWN | CT_ALERT_INHIBITED | CT_ALERT_FLAPPING);
    bool quiet = i->quiet / CT_DAY_MINUTES != i->quiet % CT_DAY_MINUTES;
    if (i->life.state != CT_ALERT_INACTIVE)
        RUN(w, ALERT_FACT, vi(i->id), vt(i->labels), vt(i->provider), vt(i->series), vt(i->channels), vi(flags),
            vi(i->remind_ms), vi(quiet ? i->quiet : CT_NONE), ve(i->severity), vi(i->life.fired_ms), vt(i->text), vt(i->url),
            vi(now_ms));
}

static void put_delivery(struct ct_writer *w, struct ct_alert_delivery *d)
{
    if (d->row) {
        RUN(w, DELIVERY_SET, vi(d->row), ve(d->state), vi(d->attempts), vi(d->next_ms),
            vi(d->done_ms), vt(d->answer));
        return;
    }
    RUN(w, DELIVERY_ADD, vs(d->event_id), vt(d->channel), vt(d->grp), vt(d->title), vt(d->text),
        vt(d->json), ve(d->kind), ve(d->severity), ve(d->state), vi(d->at_ms), vi(d->attempts),
        vi(d->next_ms), vi(d->done_ms), vt(d->answer));
    d->row = w->rc == SQLITE_OK ? sqlite3_last_insert_rowid(w->db) : 0;
}

static void put_intent(struct ct_writer *w, struct ct_alert_intent *i,
                       const struct ct_alert_delivery *d)
{
    if (i->delivery == -1 && d)
        i->delivery = d->row;
    if (i->row) {
        RUN(w, INTENT_SET, vi(i->row), ve(i->state), vi(i->delivery));
        return;
    }
    RUN(w, INTENT_ADD, vs(i->event_id), vi(i->alert), vi(i->episode), vi(i->n), vi(i->at_ms),
        vi(i->delivery), ve(i->kind), ve(i->severity), ve(i->state), vt(i->channel), vt(i->grp),
        vt(i->text));
    if (w->rc == SQLITE_OK && sqlite3_changes(w->db)) {
        i->row = sqlite3_last_insert_rowid(w->db);
    } else if (w->rc == SQLITE_OK) { /* it is there already */
        i->row = ct_w_one(w, ASK(w, INTENT_FIND, vi(i->alert), vi(i->episode), ve(i->kind), vi(i->n),
                                 vt(i->channel)));
        RUN(w, INTENT_SET, vi(i->row), ve(i->state), vi(i->delivery));
    }
}

enum ct_status ct_write_alert_episode(struct ct_writer *w, int64_t alert, int64_t *episode,
                                      struct ct_error *err)
{
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    *episode = ct_w_one(w, ASK(w, ALERT_EPISODE, vi(alert)));
    if (*episode == CT_NONE)
        *episode = 0;
    return ct_w_commit(w, "alerts", err);
}

enum ct_status ct_write_alerts(struct ct_writer *w, struct ct_alert_batch *b, int64_t now_ms,
                               struct ct_error *err)
{
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    for (size_t i = 0; i < b->n_keep; i++) {
        put_instance(w, &b->keep[i], now_ms);
        put_facts(w, &b->keep[i], now_ms);
    }
    for (size_t i = 0; i < b->n_forget; i++)
        RUN(w, ALERT_DEL, vi(b->forget[i]));
    for (size_t i = 0; i < b->n_changes; i++) {
        const struct ct_alert_change *c = &b->changes[i];
        RUN(w, ALERT_CHANGE_ADD, vi(c->alert), vi(c->at_ms), vi(c->episode), vt(c->rule),
            vt(c->subject), ve(c->severity), ve(c->was), ve(c->now), vt(c->text));
    }
    if (b->delivery)
        put_delivery(w, b->delivery);
    for (size_t i = 0; i < b->n_intents; i++)
        put_intent(w, &b->intents[i], b->delivery);
    return ct_w_commit(w, "alerts", err);
}

enum ct_status ct_write_alert_rule(struct ct_writer *w, struct ct_span rule, struct ct_span when,
                                   int64_t now_ms, int64_t *first_ms, struct ct_error *err)
{
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    *first_ms = ct_w_one(w, ASK(w, ALERT_RULE_GET, vt(rule), vt(when)));
    if (*first_ms == CT_NONE) {
        *first_ms = now_ms;
        RUN(w, ALERT_RULE_PUT, vt(rule), vt(when), vi(now_ms));
    }
    return ct_w_commit(w, "alerts", err);
}

/* ---- people ---- */

/* All ids that begin with these hex digits. */
static bool id_range(struct ct_span text, int64_t *low, int64_t *high)
{
    int64_t v = 0;
    if (!text.n || text.n > 12)
        return false;
    for (size_t i = 0; i < 12; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *at = i < text.n ? memchr(digits, text.p[i], 16) : digits;
        if (!at)
            return false;
        v = v << 4 | (at - digits);
    }
    *low = v;
    *high = v + (INT64_C(1) << (4 * (12 - text.n))) - 1;
    return true;
}

enum ct_status ct_write_ack(struct ct_writer *w, struct ct_span id, struct ct_span author,
                            struct ct_span comment, int64_t now_ms, struct ct_error *err)
{
    char name[32];
    int64_t low, high, found[2] = {0, 0}, episode = 0;
    int n = 0;
    (void)snprintf(name, sizeof name, "%.*s", (int)(id.n < 20 ? id.n : 20), id.p ? id.p : "");
    if (!id_range(id, &low, &high))
        return ct_fail(err, CT_ERR_USAGE, name, "an alert's id is up to 12 hex digits");
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    sqlite3_stmt *st = ASK(w, ALERT_FIND, vi(low), vi(high));
    while (n < 2 && ct_w_row(w, st)) {
        found[n++] = ct_w_int(st, 0);
        episode = ct_w_int(st, 1);
    }
    ct_w_end(st);
    if (n == 1)
        RUN(w, ACK_PUT, vi(found[0]), vi(episode), vt(author), vt(comment), vi(now_ms));
    status = ct_w_commit(w, name, err);
    if (status != CT_OK || n == 1)
        return status;
    return n ? ct_fail(err, CT_ERR_USAGE, name, "several firing alerts begin with this; write more of it")
             : ct_fail(err, CT_ERR_NOT_FOUND, name, "no firing alert has this id");
}

enum ct_status ct_write_silence(struct ct_writer *w, struct ct_silence *s, struct ct_error *err)
{
    enum ct_status status = ct_silence_check(s->matchers, err);
    if (status != CT_OK)
        return status;
    if (!s->author.n || !s->comment.n)
        return ct_fail(err, CT_ERR_USAGE, "silence", "who and why are required");
    if (s->to_ms <= s->from_ms || s->to_ms - s->from_ms > CT_SILENCE_LONGEST)
        return ct_fail(err, CT_ERR_USAGE, "silence", "it ends after its start, at most 30 days later");
    status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    RUN(w, SILENCE_ADD, vt(s->matchers), vt(s->author), vt(s->comment), vi(s->from_ms),
        vi(s->to_ms), vi(s->made_ms));
    s->id = w->rc == SQLITE_OK ? sqlite3_last_insert_rowid(w->db) : 0;
    return ct_w_commit(w, "silence", err);
}

enum ct_status ct_write_silence_end(struct ct_writer *w, int64_t id, int64_t to_ms, int64_t now_ms,
                                    struct ct_error *err)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%" PRId64, id);
    if (to_ms > now_ms + CT_SILENCE_LONGEST)
        return ct_fail(err, CT_ERR_USAGE, name, "at most 30 days ahead");
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    int64_t n = RUN(w, SILENCE_END, vi(id), vi(to_ms), vi(to_ms <= now_ms));
    status = ct_w_commit(w, name, err);
    if (status == CT_OK && !n)
        return ct_fail(err, CT_ERR_NOT_FOUND, name, "no silence in force has this number");
    return status;
}

enum ct_status ct_write_silence_matched(struct ct_writer *w, int64_t id, int64_t now_ms,
                                        struct ct_error *err)
{
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    RUN(w, SILENCE_MATCHED, vi(id), vi(now_ms));
    return ct_w_commit(w, "silence", err);
}

enum ct_status ct_write_alerts_tidy(struct ct_writer *w, int64_t now_ms, struct ct_error *err)
{
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    RUN(w, ALERT_CHANGE_TIDY, vi(now_ms - KEEP_CHANGES));
    RUN(w, ALERT_FACT_TIDY, vi(now_ms - KEEP_CHANGES));
    RUN(w, ACK_TIDY, vi(now_ms - KEEP_CHANGES));
    RUN(w, INTENT_TIDY, vi(now_ms - KEEP_MESSAGES));
    RUN(w, DELIVERY_TIDY, vi(now_ms - KEEP_MESSAGES));
    RUN(w, SILENCE_TIDY, vi(now_ms - KEEP_SILENCES));
    return ct_w_commit(w, "alerts", err);
}

/* ---- recall ---- */

/* The writer's arena lasts until its next transaction: what is recalled lives in the caller's. */
static struct ct_span keep(struct ct_writer *w, struct ct_arena *a, sqlite3_stmt *st, int column)
{
    return ct_arena_dup(a, ct_w_text(w, st, column));
}

static void recall_instances(struct ct_writer *w, struct ct_arena *a, struct ct_alert_memory *out)
{
    CT_VEC(struct ct_alert_instance) v = {NULL, 0, 0};
    sqlite3_stmt *st = ct_w_bind(w, Q_ALERT_ALL, NULL, 0);
    struct ct_alert_instance *i;
    while (ct_w_row(w, st) && (i = CT_VEC_PUSH(a, &v))) {
        *i = (struct ct_alert_instance){
            .id = ct_w_int(st, 0),
            .rule = keep(w, a, st, 1),
            .subject = keep(w, a, st, 2),
            .labels = keep(w, a, st, 3),
            .provider = keep(w, a, st, 4),
            .grp = keep(w, a, st, 5),
            .channels = keep(w, a, st, 6),
            .severity = ct_w_word(st, 7),
            .text = keep(w, a, st, 8),
            .url = keep(w, a, st, 9),
            .series = keep(w, a, st, 10),
            .life =
                {
                    .state = ct_w_word(st, 11),
                    .flags = (unsigned)ct_w_int(st, 12),
                    .episode = ct_w_int(st, 13),
                    .since_ms = ct_w_int(st, 14),
                    .fired_ms = ct_w_int(st, 15),
                    .held_ms = ct_w_int(st, 16),
                    .unknown_ms = ct_w_int(st, 17),
                    .level = ct_w_int(st, 18),
                    .tells = ct_w_int(st, 19),
                    .seen_ms = ct_w_int(st, 20),
                    .history = (uint32_t)ct_w_int(st, 21),
                    .memory = ct_w_int(st, 22),
                    .latch = ct_w_int(st, 23) == 1,
                },
            .saved_ms = ct_w_int(st, 24),
        };
    }
    ct_w_end(st);
    out->instances = v.v;
    out->n_instances = v.n;
}

static void keep_event_id(char out[17], sqlite3_stmt *st, int column)
{
    const char *text = (const char *)sqlite3_column_text(st, column);
    (void)snprintf(out, 17, "%s", text ? text : "");
}

static void recall_intents(struct ct_writer *w, struct ct_arena *a, struct ct_alert_memory *out)
{
    CT_VEC(struct ct_alert_intent) v = {NULL, 0, 0};
    sqlite3_stmt *st = ct_w_bind(w, Q_INTENTS, NULL, 0);
    struct ct_alert_intent *i;
    while (ct_w_row(w, st) && (i = CT_VEC_PUSH(a, &v))) {
        *i = (struct ct_alert_intent){
            .row = ct_w_int(st, 0),
            .alert = ct_w_int(st, 2),
            .episode = ct_w_int(st, 3),
            .n = ct_w_int(st, 4),
            .at_ms = ct_w_int(st, 5),
            .delivery = ct_w_int(st, 6),
            .kind = ct_w_word(st, 7),
            .severity = ct_w_word(st, 8),
            .state = ct_w_word(st, 9),
            .channel = keep(w, a, st, 10),
            .grp = keep(w, a, st, 11),
            .text = keep(w, a, st, 12),
            .done_ms = ct_w_int(st, 13),
        };
        keep_event_id(i->event_id, st, 1);
    }
    ct_w_end(st);
    out->intents = v.v;
    out->n_intents = v.n;
}

static void recall_deliveries(struct ct_writer *w, int64_t now_ms, struct ct_arena *a,
                              struct ct_alert_memory *out)
{
    CT_VEC(struct ct_alert_delivery) v = {NULL, 0, 0};
    sqlite3_stmt *st = ASK(w, DELIVERIES, vi(now_ms - CT_DAY));
    struct ct_alert_delivery *d;
    while (ct_w_row(w, st) && (d = CT_VEC_PUSH(a, &v))) {
        *d = (struct ct_alert_delivery){
            .row = ct_w_int(st, 0),
            .channel = keep(w, a, st, 2),
            .grp = keep(w, a, st, 3),
            .title = keep(w, a, st, 4),
            .text = keep(w, a, st, 5),
            .json = keep(w, a, st, 6),
            .kind = ct_w_word(st, 7),
            .severity = ct_w_word(st, 8),
            .state = ct_w_word(st, 9),
            .at_ms = ct_w_int(st, 10),
            .attempts = ct_w_int(st, 11),
            .next_ms = ct_w_int(st, 12),
            .done_ms = ct_w_int(st, 13),
            .answer = keep(w, a, st, 14),
        };
        keep_event_id(d->event_id, st, 1);
    }
    ct_w_end(st);
    out->deliveries = v.v;
    out->n_deliveries = v.n;
}

static void recall_people(struct ct_writer *w, int64_t now_ms, struct ct_arena *a,
                          struct ct_alert_memory *out)
{
    CT_VEC(struct ct_silence) v = {NULL, 0, 0};
    CT_VEC(struct ct_alert_acked) acks = {NULL, 0, 0};
    struct ct_silence *s;
    struct ct_alert_acked *k;
    sqlite3_stmt *st = ASK(w, SILENCES, vi(now_ms));
    while (ct_w_row(w, st) && (s = CT_VEC_PUSH(a, &v)))
        *s = (struct ct_silence){
            .id = ct_w_int(st, 0),
            .matchers = keep(w, a, st, 1),
            .author = keep(w, a, st, 2),
            .comment = keep(w, a, st, 3),
            .from_ms = ct_w_int(st, 4),
            .to_ms = ct_w_int(st, 5),
            .made_ms = ct_w_int(st, 6),
            .matched_ms = ct_w_int(st, 7),
            .ended = ct_w_int(st, 8) == 1,
        };
    ct_w_end(st);
    st = ct_w_bind(w, Q_ACKS, NULL, 0);
    while (ct_w_row(w, st) && (k = CT_VEC_PUSH(a, &acks)))
        *k = (struct ct_alert_acked){ct_w_int(st, 0), ct_w_int(st, 1)};
    ct_w_end(st);
    out->silences = v.v;
    out->n_silences = v.n;
    out->acks = acks.v;
    out->n_acks = acks.n;
}

enum ct_status ct_write_alerts_recall(struct ct_writer *w, int64_t now_ms, struct ct_arena *a,
                                      struct ct_alert_memory *out, struct ct_error *err)
{
    *out = (struct ct_alert_memory){.n_acks = 0};
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    recall_instances(w, a, out);
    recall_intents(w, a, out);
    recall_deliveries(w, now_ms, a, out);
    recall_people(w, now_ms, a, out);
    status = ct_w_commit(w, "alerts", err);
    if (status == CT_OK && ct_arena_full(a))
        return ct_fail(err, CT_ERR_LIMIT, "alerts", "more than memory allows");
    return status;
}

enum ct_status ct_write_alert_people(struct ct_writer *w, int64_t now_ms, struct ct_arena *a,
                                     struct ct_alert_memory *out, struct ct_error *err)
{
    *out = (struct ct_alert_memory){.n_acks = 0};
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    recall_people(w, now_ms, a, out);
    return ct_w_commit(w, "alerts", err);
}
