/* Alerts, silences, deliveries and what an alert did. A past moment is told from the changes (state, since when) and
 * from what was recorded beside them. */
#include "config.h"

#include "db/alerts.h"
#include "db/columns.h"
#include "db/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAST_MS (90 * CT_DAY)
#define MOST_DELIVERIES 200

const char *const ct_alert_state_words[] = {"inactive", "pending", "firing", "resolved", NULL};
const char *const ct_alert_kind_words[] = {"firing",  "repeat",   "resolved",
                                           "flap_on", "flap_off", "notice", NULL};
const char *const ct_intent_state_words[] = {"queued", "sent", "superseded", "dropped", NULL};
const char *const ct_delivery_state_words[] = {"queued", "delivered", "failed", NULL};

#define ROW struct ct_delivery_row
static const struct ct_column delivery_columns[] = {
    COL(TIME, "at", at_ms),
    COL(TEXT, "channel", channel, SEARCH),
    ENUM("kind", kind, ct_alert_kind_words, SEARCH),
    ENUM("state", state, ct_delivery_state_words, SEARCH),
    COL(INT, "attempts", attempts),
    COL(TEXT, "answer", answer, SEARCH),
    COL(TEXT, "title", title, SEARCH),
    COL(TIME, "done_at", done_ms),
    COL(TIME, "next_attempt", next_ms),
    COL(TEXT, "event_id", event_id),
};
TABLE(ct_delivery_table, "delivery", ROW, delivery_columns);
#undef ROW

#define ROW struct ct_alert_row
static const struct ct_column alert_columns[] = {
    COL(TEXT, "id", id, SEARCH),
    COL(TEXT, "rule", rule, SEARCH),
    COL(TEXT, "subject", subject, SEARCH),
    ENUM("state", state, ct_alert_state_words, SEARCH),
    ENUM("severity", severity, ct_severity_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    COL(TIME, "since", since_ms),
    COL(TIME, "fired_at", fired_ms, ALIAS("fired")),
    COL(TEXT, "acked_by", acked_by),
    COL(TIME, "silenced_until", silenced_until_ms),
    COL(ROWS, "deliveries", deliveries, .sub = &ct_delivery_table),
    COL(TEXT, "text", text, SEARCH),
    COL(TEXT, "provider", provider, SEARCH),
    COL(BOOL, "acked", acked),
    COL(BOOL, "silenced", silenced),
    COL(BOOL, "inhibited", inhibited),
    COL(BOOL, "flapping", flapping),
    COL(BOOL, "unknown", unknown),
    COL(INT, "age_s", age_s, ALIAS("age")),
    COL(INT, "episode", episode),
    COL(TEXT, "acked_comment", acked_comment),
    COL(TIME, "acked_at", acked_ms),
    COL(TEXT, "sent", sent),
    COL(INT, "failed", failed),
    COL(TIME, "next_reminder", next_ms),
    COL(TEXT, "next_to", next_to),
    COL(TEXT, "incident", incident, SEARCH),
    COL(TEXT, "series", series),
    COL(TEXT, "url", url),
    COL(TEXT, "labels", labels, FLAGS(CT_COL_HIDDEN)),
    COL(TEXT, "channels", channels, FLAGS(CT_COL_HIDDEN)),
};
TABLE(ct_alert_table, "alert", ROW, alert_columns);
#undef ROW

#define ROW struct ct_silence_row
static const struct ct_column silence_columns[] = {
    COL(INT, "id", id),
    COL(TEXT, "matchers", matchers, SEARCH),
    COL(TEXT, "author", author, SEARCH, ALIAS("by")),
    COL(TEXT, "comment", comment, SEARCH),
    COL(TIME, "from", from_ms),
    COL(TIME, "ends", to_ms),
    COL(BOOL, "active", active),
    COL(INT, "matches", matches),
    COL(TIME, "made_at", made_ms),
};
TABLE(ct_silence_table, "silence", ROW, silence_columns);
#undef ROW

#define ROW struct ct_alert_change_row
static const struct ct_column change_columns[] = {
    COL(TIME, "at", at_ms),
    COL(INT, "id", id),
    COL(TEXT, "alert", alert, SEARCH),
    COL(TEXT, "rule", rule, SEARCH),
    COL(TEXT, "subject", subject, SEARCH),
    ENUM("severity", severity, ct_severity_words, FLAGS(CT_COL_RANKED)),
    ENUM("was", was, ct_alert_state_words),
    ENUM("state", state, ct_alert_state_words, SEARCH),
    COL(TEXT, "text", text, SEARCH),
    COL(INT, "episode", episode),
};
TABLE(ct_alert_change_table, "alert_change", ROW, change_columns);
#undef ROW

/* ---- shared ---- */

void ct_alert_id(char out[CT_ALERT_ID_MAX], int64_t id)
{
    (void)snprintf(out, CT_ALERT_ID_MAX, "%012" PRIx64, (uint64_t)id & UINT64_C(0xffffffffffff));
}

static struct ct_span id_text(struct ct_reader *r, int64_t id)
{
    char text[CT_ALERT_ID_MAX];
    ct_alert_id(text, id);
    return ct_arena_dup(r->arena, ct_span(text));
}

void ct_alert_told(struct ct_alert_told *t, int intent_state, int64_t done_ms)
{
    if (intent_state != CT_INTENT_QUEUED && intent_state != CT_INTENT_SENT)
        return;
    t->waits = t->waits || intent_state == CT_INTENT_QUEUED || done_ms == CT_NONE;
    t->last_ms = done_ms > t->last_ms ? done_ms : t->last_ms;
}

int64_t ct_alert_remind_at(const struct ct_alert_told *t, int64_t remind_ms)
{
    int64_t steps = (remind_ms + CT_ALERT_GROUP_MS - 1) / CT_ALERT_GROUP_MS;
    return t->waits || t->last_ms == CT_NONE || remind_ms <= 0 ? CT_NONE : t->last_ms + steps * CT_ALERT_GROUP_MS;
}

bool ct_alert_is_open(int state)
{
    return state == CT_ALERT_PENDING || state == CT_ALERT_FIRING;
}

/* ---- silences ---- */

struct silences {
    CT_VEC(struct ct_silence_row) v;
};

static void read_silences(struct ct_reader *r, struct silences *out)
{
    sqlite3_stmt *st = ct_use(r, SQL_ALERT_SILENCES, 1, r->t - CT_DAY);
    struct ct_silence_row *s;
    while (ct_step(r, st) && (s = CT_VEC_PUSH(r->arena, &out->v))) {
        *s = (struct ct_silence_row){
            .id = ct_col_int(st, 0),
            .matchers = ct_col_text(r, st, 1),
            .author = ct_col_text(r, st, 2),
            .comment = ct_col_text(r, st, 3),
            .from_ms = ct_col_must(st, 4),
            .to_ms = ct_col_must(st, 5),
            .made_ms = ct_col_must(st, 6),
        };
        s->active = s->from_ms <= r->t && r->t < s->to_ms;
        if (s->made_ms > r->t)
            out->v.n--;
    }
}

static int64_t silenced_until(const struct silences *s, struct ct_span labels)
{
    int64_t until = CT_NONE;
    for (size_t i = 0; i < s->v.n; i++)
        if (s->v.v[i].active && s->v.v[i].to_ms > until &&
            ct_silence_covers(s->v.v[i].matchers, labels))
            until = s->v.v[i].to_ms;
    return until;
}

/* Active ones first, the one that ends soonest at the top; then those that ended last. */
static int by_end(const void *a, const void *b)
{
    const struct ct_silence_row *x = a, *y = b;
    if (x->active != y->active)
        return y->active - x->active;
    int later = (x->to_ms > y->to_ms) - (x->to_ms < y->to_ms);
    return x->active ? later : -later;
}

/* ---- alerts ---- */


/* What is so of ROW beside its state, as far as it was recorded by then. */
static void add_facts(struct ct_reader *r, struct ct_alert_row *row, int64_t id, int64_t *quiet)
{
    sqlite3_stmt *st = ct_use(r, SQL_ALERT_FACTS, 2, id, r->t);
    row->remind_ms = row->next_ms = CT_NONE;
    if (ct_step(r, st)) {
        row->remind_ms = ct_col_int(st, 5);
        *quiet = ct_col_int(st, 6);
        if (!r->live) {
            int64_t flags = ct_col_must(st, 4);
            row->labels = ct_col_text(r, st, 0);
            row->provider = ct_col_text(r, st, 1);
            row->series = ct_col_text(r, st, 2);
            row->channels = ct_col_text(r, st, 3);
            row->unknown = (flags & CT_ALERT_UNKNOWN) != 0;
            row->inhibited = (flags & CT_ALERT_INHIBITED) != 0;
            row->flapping = (flags & CT_ALERT_FLAPPING) != 0;
        }
        if (!r->live && ct_col_int(st, 7) != CT_NONE) { /* as of layout 25 */
            row->severity = ct_col_enum(st, 7, CT_SEV_CRITICAL);
            row->fired_ms = ct_col_int(st, 8);
            row->text = ct_col_text(r, st, 9);
            row->url = ct_col_text(r, st, 10);
        }
    }
    if (st)
        sqlite3_reset(st);
}

/* When CHANNEL hears of ROW again; intents of a past moment are as they were then. */
static int64_t next_on(struct ct_reader *r, const struct ct_alert_row *row, int64_t id, struct ct_span channel,
                       int64_t quiet)
{
    struct ct_alert_told told = CT_ALERT_UNTOLD_YET;
    sqlite3_stmt *st = ct_use(r, SQL_ALERT_TOLD, 3, id, row->episode, r->t);
    while (ct_step(r, st)) {
        int64_t done = ct_col_int(st, 1);
        if (ct_span_eq(ct_col_text(r, st, 0), channel))
            ct_alert_told(&told, CT_INTENT_SENT, done > r->t ? CT_NONE : done);
    }
    if (st)
        sqlite3_reset(st);
    int64_t at = ct_alert_remind_at(&told, row->remind_ms);
    return at == CT_NONE || quiet == CT_NONE
               ? at
               : ct_local_outside(at, (int)(quiet / CT_DAY_MINUTES), (int)(quiet % CT_DAY_MINUTES));
}

/* The next reminder, and all channels that have it together. */
static void add_next(struct ct_reader *r, struct ct_alert_row *row, int64_t id, int64_t quiet)
{
    if (row->state != CT_ALERT_FIRING || row->remind_ms <= 0 || row->acked || row->silenced || row->inhibited ||
        row->flapping)
        return;
    for (int pass = 0; pass < 2; pass++)
        for (struct ct_span rest = row->channels; rest.n;) {
            struct ct_span channel = ct_span_cut(&rest, CT_UNIT_SEPARATOR);
            int64_t at = channel.n ? next_on(r, row, id, channel, quiet) : CT_NONE;
            if (at == CT_NONE)
                continue;
            if (pass == 0)
                row->next_ms = row->next_ms == CT_NONE || at < row->next_ms ? at : row->next_ms;
            else if (at < row->next_ms + CT_ALERT_GROUP_MS)
                row->next_to = ct_arena_printf(r->arena, "%.*s%s%.*s", CT_FMT(row->next_to), row->next_to.n ? ", " : "",
                                               CT_FMT(channel));
        }
}

static struct ct_delivery_row delivery_row(struct ct_reader *r, sqlite3_stmt *st)
{
    return (struct ct_delivery_row){
        .at_ms = ct_col_int(st, 0),
        .done_ms = ct_col_int(st, 1),
        .attempts = ct_col_int(st, 2),
        .next_ms = ct_col_int(st, 3),
        .event_id = ct_col_text(r, st, 4),
        .channel = ct_col_text(r, st, 5),
        .title = ct_col_text(r, st, 6),
        .answer = ct_col_text(r, st, 7),
        .kind = ct_col_enum(st, 8, CT_TELL_NOTICE),
        .state = ct_col_enum(st, 9, CT_DELIVERY_FAILED),
    };
}

static int newest_delivery(const void *a, const void *b)
{
    const struct ct_delivery_row *x = a, *y = b;
    return (x->at_ms < y->at_ms) - (x->at_ms > y->at_ms);
}

/* How much a delivery says of whether somebody heard: one still tried, then any but the bell, which rings always. */
static int weight(const struct ct_delivery_row *d)
{
    return ct_span_is(d->channel, "bell") ? 0 : d->state == CT_DELIVERY_QUEUED ? 2 : 1;
}

/* "ops ok", "FAILED 2", "ops tried 3"; null: nothing was sent. */
static struct ct_span sent_words(struct ct_reader *r, struct ct_alert_row *row)
{
    const struct ct_delivery_row *v = row->deliveries.v, *d = v;
    for (size_t i = 0; i < row->deliveries.n; i++) {
        row->failed += v[i].state == CT_DELIVERY_FAILED;
        d = weight(&v[i]) > weight(d) ? &v[i] : d;
    }
    if (row->failed)
        return ct_arena_printf(r->arena, "FAILED %" PRId64, row->failed);
    if (!row->deliveries.n)
        return CT_SPAN_NONE;
    if (d->state == CT_DELIVERY_DONE)
        return ct_arena_printf(r->arena, "%.*s ok", CT_FMT(d->channel));
    return ct_arena_printf(r->arena, "%.*s tried %" PRId64, CT_FMT(d->channel), d->attempts);
}

/* Of a past moment those that had ended by then: what was still tried has no answer of that time. */
static void add_deliveries(struct ct_reader *r, struct ct_alert_row *row, int64_t id)
{
    CT_VEC(struct ct_delivery_row) v = {NULL, 0, 0};
    sqlite3_stmt *st = ct_use(r, SQL_ALERT_DELIVERIES, 2, id, row->episode);
    struct ct_delivery_row *d;
    while (ct_step(r, st)) {
        struct ct_delivery_row one = delivery_row(r, st);
        bool then = one.done_ms != CT_NONE && one.done_ms <= r->t;
        if ((r->live || then) && (d = CT_VEC_PUSH(r->arena, &v)))
            *d = one;
    }
    if (st)
        sqlite3_reset(st);
    ct_sort(r, v.v, v.n, sizeof *v.v, newest_delivery);
    row->deliveries = (struct ct_rows){v.v, v.n};
    row->sent = sent_words(r, row);
}

static void add_ack(struct ct_reader *r, struct ct_alert_row *row, int64_t id)
{
    row->acked_ms = CT_NONE;
    sqlite3_stmt *st = ct_use(r, SQL_ALERT_ACKED, 2, id, row->episode);
    if (row->state == CT_ALERT_FIRING && ct_step(r, st) && (r->live || ct_col_must(st, 2) <= r->t)) {
        row->acked = 1;
        row->acked_by = ct_col_text(r, st, 0);
        row->acked_comment = ct_col_text(r, st, 1);
        row->acked_ms = ct_col_int(st, 2);
    }
    if (st)
        sqlite3_reset(st);
}

/* What stands in other tables. */
static void complete(struct ct_reader *r, struct ct_alert_row *row, int64_t id, const struct silences *silences)
{
    int64_t quiet = CT_NONE;
    add_facts(r, row, id, &quiet);
    row->silenced_until_ms = silenced_until(silences, row->labels);
    row->silenced = row->silenced_until_ms != CT_NONE;
    add_ack(r, row, id);
    add_deliveries(r, row, id);
    add_next(r, row, id, quiet);
}

static void read_live(struct ct_reader *r, bool all, const struct silences *silences,
                      struct ct_alert_list *out)
{
    CT_VEC(int64_t) ids = {NULL, 0, 0};
    sqlite3_stmt *st = ct_use(r, SQL_ALERTS, 0);
    while (ct_step(r, st)) {
        int64_t id = ct_col_must(st, 0), flags = ct_col_must(st, 12);
        int state = ct_col_enum(st, 11, CT_ALERT_RESOLVED);
        if (state <= CT_ALERT_INACTIVE && !all)
            continue;
        struct ct_alert_row *row = CT_VEC_PUSH(r->arena, &out->v);
        int64_t *keep = CT_VEC_PUSH(r->arena, &ids);
        if (!row || !keep)
            break;
        *keep = id;
        *row = (struct ct_alert_row){
            .id = id_text(r, id),
            .rule = ct_col_text(r, st, 1),
            .subject = ct_col_text(r, st, 2),
            .labels = ct_col_text(r, st, 3),
            .provider = ct_col_text(r, st, 4),
            .channels = ct_col_text(r, st, 6),
            .severity = ct_col_enum(st, 7, CT_SEV_CRITICAL),
            .text = ct_col_text(r, st, 8),
            .url = ct_col_text(r, st, 9),
            .series = ct_col_text(r, st, 10),
            .state = state,
            .episode = ct_col_must(st, 13),
            .since_ms = ct_col_must(st, 14),
            .fired_ms = ct_col_int(st, 15),
            .held_ms = ct_col_must(st, 16),
            .memory = ct_col_int(st, 22),
            .latch = ct_col_int(st, 23) == 1,
            .unknown = (flags & CT_ALERT_UNKNOWN) != 0,
            .inhibited = (flags & CT_ALERT_INHIBITED) != 0,
            .flapping = (flags & CT_ALERT_FLAPPING) != 0,
        };
        row->age_s = (r->t - row->since_ms) / CT_SECOND;
    }
    for (size_t i = 0; i < out->v.n && r->status == CT_OK; i++)
        complete(r, &out->v.v[i], ids.v[i], silences);
}

/* What was told of an alert, behind why it changed (alerts/engine.c): in place of what no fact says. */
static struct ct_span text_of_change(struct ct_span text)
{
    const char *colon = text.n ? memmem(text.p, text.n, ": ", 2) : NULL;
    return colon ? (struct ct_span){colon + 2, text.n - (size_t)(colon + 2 - text.p)} : CT_SPAN_NONE;
}

static void read_past(struct ct_reader *r, bool all, const struct silences *silences,
                      struct ct_alert_list *out)
{
    CT_VEC(int64_t) ids = {NULL, 0, 0};
    CT_VEC(int64_t) seen = {NULL, 0, 0};
    sqlite3_stmt *st = ct_use(r, SQL_ALERT_CHANGES, 2, r->t - PAST_MS, r->t);
    while (ct_step(r, st)) {
        int64_t id = ct_col_must(st, 3), at = ct_col_must(st, 1);
        int state = ct_col_enum(st, 9, CT_ALERT_RESOLVED);
        bool known = false;
        for (size_t i = 0; i < seen.n && !known; i++)
            known = seen.v[i] == id;
        int64_t *mark = known ? NULL : CT_VEC_PUSH(r->arena, &seen);
        if (!mark)
            continue;
        *mark = id;
        bool over = state == CT_ALERT_RESOLVED && r->t - at > 15 * CT_MINUTE;
        if ((state <= CT_ALERT_INACTIVE || over) && !all)
            continue;
        struct ct_alert_row *row = CT_VEC_PUSH(r->arena, &out->v);
        int64_t *keep = CT_VEC_PUSH(r->arena, &ids);
        if (!row || !keep)
            break;
        *keep = id;
        *row = (struct ct_alert_row){
            .id = id_text(r, id),
            .rule = ct_col_text(r, st, 4),
            .subject = ct_col_text(r, st, 5),
            .text = text_of_change(ct_col_text(r, st, 6)),
            .severity = ct_col_enum(st, 7, CT_SEV_CRITICAL),
            .state = over ? CT_ALERT_INACTIVE : state,
            .episode = ct_col_must(st, 2),
            .since_ms = at,
            .fired_ms = state == CT_ALERT_FIRING ? at : CT_NONE,
            .age_s = (r->t - at) / CT_SECOND,
        };
    }
    for (size_t i = 0; i < out->v.n && r->status == CT_OK; i++)
        complete(r, &out->v.v[i], ids.v[i], silences);
}

/* Open ones first, then severity, then the oldest. */
static int by_need(const void *a, const void *b)
{
    static const int rank[] = {0, 2, 3, 1};
    const struct ct_alert_row *x = a, *y = b;
    int need = (y->state < 0 ? 0 : rank[y->state] > 1) - (x->state < 0 ? 0 : rank[x->state] > 1);
    if (need)
        return need;
    if (x->severity != y->severity)
        return y->severity - x->severity;
    if (x->state != y->state && x->state >= 0 && y->state >= 0)
        return rank[y->state] - rank[x->state];
    int older = (x->since_ms > y->since_ms) - (x->since_ms < y->since_ms);
    return older ? older : ct_span_cmp(x->id, y->id);
}

static void read_all(struct ct_reader *r, bool all, const struct silences *silences, struct ct_alert_list *out)
{
    if (r->live)
        read_live(r, all, silences, out);
    else
        read_past(r, all, silences, out);
    ct_sort(r, out->v.v, out->v.n, sizeof *out->v.v, by_need); /* now and later the same */
}

/* Alerts that are not over, or ALL; the former are read once for the panels that are loaded together. */
static void read_alerts(struct ct_reader *r, bool all, const struct silences *silences, struct ct_alert_list *out)
{
    struct ct_arena *answer = r->arena;
    struct ct_moment *m = all ? NULL : ct_kept_moment(r);
    if (!m) {
        read_all(r, all, silences, out);
        return;
    }
    if (!m->alerts) {
        struct ct_alert_list list = {.v = {NULL, 0, 0}};
        r->arena = m->arena;
        read_all(r, false, silences, &list);
        struct ct_rows *kept = ct_arena_alloc(m->arena, sizeof *kept);
        r->arena = answer;
        if (!kept || r->status != CT_OK) /* cut short, perhaps */
            return;
        *kept = (struct ct_rows){list.v.v, list.v.n};
        m->alerts = kept;
    }
    for (size_t i = 0; i < m->alerts->n; i++) { /* whoever asks adds to them */
        struct ct_alert_row *row = CT_VEC_PUSH(r->arena, &out->v);
        if (row)
            *row = ((const struct ct_alert_row *)m->alerts->v)[i];
    }
}

void ct_alerts_at(struct ct_reader *r, struct ct_alert_list *out)
{
    struct silences silences = {.v = {NULL, 0, 0}};
    read_silences(r, &silences);
    read_alerts(r, false, &silences, out);
}

/* Pending is nobody's news yet. */
void ct_alert_events(struct ct_reader *r, int64_t from_ms, int64_t to_ms, size_t limit,
                     struct ct_event_list *out)
{
    sqlite3_stmt *st = ct_use(r, SQL_ALERT_CHANGES, 2, from_ms, to_ms);
    struct ct_event_row *e;
    while (limit > 0 && ct_step(r, st)) {
        int was = ct_col_enum(st, 8, CT_ALERT_RESOLVED), now = ct_col_enum(st, 9, CT_ALERT_RESOLVED);
        if (was < 0 || now < 0 || (was != CT_ALERT_FIRING && now != CT_ALERT_FIRING) ||
            !(e = CT_VEC_PUSH(r->arena, &out->v)))
            continue;
        *e = (struct ct_event_row){
            .at_ms = ct_col_must(st, 1),
            .id = ct_col_must(st, 0),
            .kind = CT_EVENT_ALERT,
            .severity = ct_col_enum(st, 7, CT_SEV_CRITICAL),
            .subject = ct_col_text(r, st, 5),
            .text = ct_arena_printf(r->arena, "%.*s %s", CT_FMT(ct_col_text(r, st, 4)),
                                    ct_alert_state_words[now]),
            .old_value = CT_NONE,
            .new_value = CT_NONE,
            .pct_milli = CT_NONE,
            .suspect = -1,
            .series_id = CT_NONE,
        };
        limit--;
    }
    if (st)
        sqlite3_reset(st);
}

/* ---- what a provider says of it ---- */

static bool names(const struct ct_list *list, struct ct_span name)
{
    for (size_t i = 0; i < list->n; i++)
        if (ct_span_eq(list->v[i], name))
            return true;
    return false;
}

/* Is A about what a status page tells, and about which? A source as such has a family. */
static struct ct_span page_of(const struct ct_alert_row *a)
{
    bool about = ct_alert_is_open(a->state) && !a->series.p &&
                 !ct_alert_label(a->labels, CT_LIT("family")).p;
    return about ? ct_alert_label(a->labels, CT_LIT("source")) : CT_SPAN_NONE;
}

/* The worst open incident of LIST that has begun and touches A: of a component one that names it, else one that names
 * no parts at all. */
static const struct ct_incident_row *incident_of(const struct ct_alert_row *a, const struct ct_incident_list *list)
{
    struct ct_span name = ct_alert_label(a->labels, CT_LIT("component"));
    struct ct_span id = ct_alert_label(a->labels, CT_LIT("id"));
    const struct ct_incident_row *whole = NULL;
    for (size_t i = 0; i < list->v.n; i++) {
        const struct ct_incident_row *one = &list->v.v[i];
        if (one->phase == CT_PHASE_SCHEDULED)
            continue;
        if ((!name.n && !id.n) || (name.n && names(&one->components, name)) ||
            (id.n && names(&one->components, id)))
            return one;
        if (!whole && !one->components.n)
            whole = one;
    }
    return whole;
}

static void add_incidents(struct ct_reader *r, struct ct_alert_list *list)
{
    struct ct_source_list sources = {NULL, 0};
    for (size_t i = 0; i < list->v.n && r->status == CT_OK; i++) {
        struct ct_alert_row *a = &list->v.v[i];
        struct ct_span page = page_of(a);
        a->escalates = page.n > 0;
        if (page.n && !sources.n)
            sources = ct_sources_at(r);
        for (size_t k = 0; page.n && k < sources.n; k++) {
            struct ct_incident_list incidents = {.v = {NULL, 0, 0}};
            if (!ct_span_eq(sources.v[k].name, page))
                continue;
            ct_incidents_at(r, &sources.v[k], false, &incidents);
            const struct ct_incident_row *one = incident_of(a, &incidents);
            a->incident = one ? one->title : CT_SPAN_NONE;
            a->url = one && one->url.n ? one->url : a->url;
        }
    }
}

enum ct_status ct_read_alerts(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                              struct ct_rows *out, struct ct_error *err)
{
    struct ct_alert_list list = {.v = {NULL, 0, 0}};
    struct silences silences = {.v = {NULL, 0, 0}};
    ct_load_begin(r, q, a, err);
    read_silences(r, &silences);
    read_alerts(r, q->gone, &silences, &list);
    add_incidents(r, &list);
    *out = (struct ct_rows){list.v.v, list.v.n};
    return ct_load_end(r);
}

enum ct_status ct_read_silences(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                struct ct_rows *out, struct ct_error *err)
{
    struct silences list = {.v = {NULL, 0, 0}};
    struct ct_alert_list alerts = {.v = {NULL, 0, 0}};
    struct silences none = {.v = {NULL, 0, 0}};
    ct_load_begin(r, q, a, err);
    read_silences(r, &list);
    if (r->live)
        read_live(r, false, &none, &alerts);
    for (size_t i = 0; i < list.v.n; i++)
        for (size_t k = 0; k < alerts.v.n; k++)
            list.v.v[i].matches += ct_alert_is_open(alerts.v.v[k].state) &&
                                   ct_silence_covers(list.v.v[i].matchers, alerts.v.v[k].labels);
    ct_sort(r, list.v.v, list.v.n, sizeof *list.v.v, by_end);
    *out = (struct ct_rows){list.v.v, list.v.n};
    return ct_load_end(r);
}

enum ct_status ct_read_deliveries(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                  struct ct_rows *out, struct ct_error *err)
{
    CT_VEC(struct ct_delivery_row) v = {NULL, 0, 0};
    size_t most = q->limit ? q->limit : MOST_DELIVERIES;
    ct_load_begin(r, q, a, err);
    sqlite3_stmt *st = ct_use(r, SQL_DELIVERY_LOG, 0);
    while (v.n < most && ct_step(r, st)) {
        struct ct_delivery_row d = delivery_row(r, st), *row;
        bool wanted = d.at_ms <= r->t && (!q->subject.p || ct_span_eq(d.channel, q->subject));
        if (wanted && (row = CT_VEC_PUSH(a, &v)))
            *row = d;
    }
    if (st)
        sqlite3_reset(st);
    *out = (struct ct_rows){v.v, v.n};
    return ct_load_end(r);
}

enum ct_status ct_read_alert_changes(struct ct_reader *r, const struct ct_query *q,
                                     struct ct_arena *a, struct ct_rows *out, struct ct_error *err)
{
    CT_VEC(struct ct_alert_change_row) v = {NULL, 0, 0};
    size_t most = q->limit ? q->limit : 10000;
    ct_load_begin(r, q, a, err);
    int64_t to = q->to_ms && q->to_ms < r->t ? q->to_ms : r->t;
    sqlite3_stmt *st = ct_use(r, SQL_ALERT_CHANGES, 2, q->from_ms, to);
    while (v.n < most && ct_step(r, st)) {
        struct ct_alert_change_row c =
            {
                .id = ct_col_int(st, 0),
                .at_ms = ct_col_must(st, 1),
                .episode = ct_col_must(st, 2),
                .alert = id_text(r, ct_col_must(st, 3)),
                .rule = ct_col_text(r, st, 4),
                .subject = ct_col_text(r, st, 5),
                .text = ct_col_text(r, st, 6),
                .severity = ct_col_enum(st, 7, CT_SEV_CRITICAL),
                .was = ct_col_enum(st, 8, CT_ALERT_RESOLVED),
                .state = ct_col_enum(st, 9, CT_ALERT_RESOLVED),
            },
            *row;
        struct ct_span head = {c.alert.p, q->subject.n < c.alert.n ? q->subject.n : c.alert.n};
        bool wanted = !q->subject.p || ct_span_eq(c.rule, q->subject) ||
                      ct_span_eq(c.subject, q->subject) || ct_span_eq(head, q->subject);
        if (wanted && (row = CT_VEC_PUSH(a, &v)))
            *row = c;
    }
    if (st)
        sqlite3_reset(st);
    *out = (struct ct_rows){v.v, v.n};
    return ct_load_end(r);
}

/* ---- figures ---- */

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

enum ct_status ct_read_alert_past(struct ct_reader *r, const struct ct_query *q, struct ct_span id,
                                  struct ct_alert_past *out, struct ct_error *err)
{
    int64_t lasted[64], began = CT_NONE;
    size_t n = 0;
    struct ct_arena *a = ct_arena_new(0);
    char text[CT_ALERT_ID_MAX];
    (void)snprintf(text, sizeof text, "%.*s", (int)(id.n < 12 ? id.n : 12), id.p ? id.p : "");
    *out = (struct ct_alert_past){0, CT_NONE, CT_NONE};
    ct_load_begin(r, q, a, err);
    int64_t key = (int64_t)strtoull(text, NULL, 16);
    sqlite3_stmt *st = ct_use(r, SQL_ALERT_FIRINGS, 2, key, r->t - PAST_MS);
    while (ct_step(r, st)) {
        int64_t at = ct_col_must(st, 0);
        if (at > r->t)
            continue;
        if (ct_col_int(st, 1) == CT_ALERT_FIRING) {
            out->fired++;
            began = at;
        } else if (began != CT_NONE) {
            lasted[n++ % CT_LEN(lasted)] = at - began;
            out->last_ms = began;
            began = CT_NONE;
        }
    }
    n = n < CT_LEN(lasted) ? n : CT_LEN(lasted);
    qsort(lasted, n, sizeof *lasted, by_number);
    if (n)
        out->median_ms = (lasted[(n - 1) / 2] + lasted[n / 2]) / 2;
    enum ct_status status = ct_load_end(r);
    ct_arena_free(a);
    return status;
}

static int64_t one(struct ct_reader *r, sqlite3_stmt *st)
{
    int64_t v = ct_step(r, st) ? ct_col_int(st, 0) : CT_NONE;
    if (st)
        sqlite3_reset(st);
    return v;
}

enum ct_status ct_read_alert_count(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                   struct ct_alert_count *out, struct ct_error *err)
{
    struct ct_alert_list list = {.v = {NULL, 0, 0}};
    struct silences silences = {.v = {NULL, 0, 0}};
    *out = (struct ct_alert_count){.next_end_ms = CT_NONE, .fired_last_ms = CT_NONE};
    ct_load_begin(r, q, a, err);
    read_silences(r, &silences);
    read_alerts(r, false, &silences, &list);
    int64_t failed = one(r, ct_use(r, SQL_DELIVERY_FAILURES, 1, r->t - CT_DAY));
    int64_t rules = one(r, ct_use(r, SQL_ALERT_RULES, 0));
    out->failed = r->live && failed != CT_NONE ? failed : 0;
    out->rules = rules != CT_NONE ? rules : 0;
    out->fired_last_ms = one(r, ct_use(r, SQL_ALERT_LAST_FIRED, 0));
    for (size_t i = 0; i < list.v.n; i++) {
        const struct ct_alert_row *row = &list.v.v[i];
        if (row->unknown && ct_alert_is_open(row->state))
            out->no_data++;
        else if (row->state == CT_ALERT_PENDING)
            out->pending++;
        else if (row->state != CT_ALERT_FIRING)
            continue;
        else if (row->silenced)
            out->muted++;
        else if (row->acked)
            out->acked++;
        else if (row->inhibited)
            out->held++;
        else
            out->firing_new++;
    }
    for (size_t i = 0; i < silences.v.n; i++)
        if (silences.v.v[i].active &&
            (out->next_end_ms == CT_NONE || silences.v.v[i].to_ms < out->next_end_ms))
            out->next_end_ms = silences.v.v[i].to_ms;
    return ct_load_end(r);
}
