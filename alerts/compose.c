/* The words of a message: title, lines and JSON. */
#include "config.h"

#include "alerts/outbox_priv.h"
#include "db/base/jsonw.h"
#include "db/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int worst_first(const void *a, const void *b)
{
    const struct entry *const *x = a, *const *y = b;
    if ((*x)->i.severity != (*y)->i.severity)
        return (*y)->i.severity - (*x)->i.severity;
    return *x < *y ? -1 : *x > *y;
}

static const char *shout(int kind)
{
    static const char *const words[] = {"FIRING",   "STILL FIRING",   "RESOLVED",
                                        "FLAPPING", "FLAPPING ENDED"};
    return words[kind];
}

/* The check at the exit: what is stored was cleaned once; a message leaves clean whatever is stored. */
static struct ct_span clean(struct ct_arena *a, struct ct_span s, unsigned flags)
{
    size_t cap = 3 * s.n + 1; /* a wrong byte becomes three */
    char *to = s.p ? ct_arena_alloc(a, cap) : NULL;
    return to ? (struct ct_span){to, ct_text_clean(to, cap, s, flags)} : CT_SPAN_NONE;
}

/* A subject for people: names of series hold what a word cannot as %XX. */
static void say_subject(struct ct_buf *b, struct ct_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        char hex[3] = {i + 2 < s.n ? s.p[i + 1] : '\0', i + 2 < s.n ? s.p[i + 2] : '\0', '\0'}, *end;
        long byte = strtol(hex, &end, 16);
        bool coded = s.p[i] == '%' && end == hex + 2 && byte >= ' ' && byte < 0x7f;
        ct_buf_addc(b, coded ? (char)byte : s.p[i]);
        i += coded ? 2 : 0;
    }
}

static void say_one(struct ct_buf *b, const struct entry *e, const struct ct_alert_instance *a)
{
    ct_buf_addf(b, "%s %s ", shout(e->i.kind), ct_severity_words[e->i.severity]);
    say_subject(b, a ? a->subject : CT_LIT("?"));
    if (e->i.text.n)
        ct_buf_addf(b, ": %.*s", CT_FMT(e->i.text));
    if (a)
        ct_buf_addf(b, " [%.*s]", CT_FMT(a->rule));
}

static void make_title(struct ct_buf *b, const struct parts *p, const struct ct_alert_delivery *d,
                       const struct ct_alert_instance *first)
{
    if (p->n == 1) {
        say_one(b, p->v[0], first);
        return;
    }
    for (int kind = 0; kind <= CT_TELL_FLAP_OFF; kind++)
        if (p->count[kind])
            ct_buf_addf(b, "%s%zu %s", b->n ? ", " : "", p->count[kind], shout(kind));
    ct_buf_addf(b, ": %.*s", CT_FMT(d->grp));
}

static void json_labels(struct ct_jw *w, struct ct_span labels, struct ct_arena *arena)
{
    ct_jw_object(w);
    while (labels.n) {
        struct ct_span value = ct_span_cut(&labels, '\x1f'), key = ct_span_cut(&value, '=');
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)(key.n < 63 ? key.n : 63), key.p);
        ct_jw_key(w, name);
        ct_jw_text(w, clean(arena, value.p ? value : CT_LIT(""), 0));
    }
    ct_jw_end_object(w);
}

static void json_alert(struct ct_jw *w, const struct entry *e, const struct ct_alert_instance *a,
                       struct ct_arena *arena)
{
    char id[CT_ALERT_ID_MAX];
    ct_alert_id(id, e->i.alert);
    const struct {
        const char *key;
        struct ct_span value;
    } texts[] = {
        {"id", ct_span(id)},
        {"rule", a ? a->rule : CT_SPAN_NONE},
        {"subject", a ? a->subject : CT_SPAN_NONE},
        {"provider", a ? a->provider : CT_SPAN_NONE},
        {"state", a ? ct_span(ct_alert_state_words[a->life.state]) : CT_SPAN_NONE},
        {"kind", ct_span(ct_alert_kind_words[e->i.kind])},
        {"severity", ct_span(ct_severity_words[e->i.severity])},
        {"text", e->i.text},
        {"url", a && a->url.n ? a->url : CT_SPAN_NONE},
        {"series", a && a->series.n ? a->series : CT_SPAN_NONE},
        {"event_id", ct_span(e->i.event_id)},
    };
    ct_jw_object(w);
    for (size_t i = 0; i < CT_LEN(texts); i++) {
        ct_jw_key(w, texts[i].key);
        ct_jw_text(w, clean(arena, texts[i].value, 0));
    }
    ct_jw_key(w, "episode");
    ct_jw_int(w, e->i.episode);
    ct_jw_key(w, "since");
    ct_jw_time(w, a ? a->life.since_ms : CT_NONE);
    ct_jw_key(w, "fired_at");
    ct_jw_time(w, a ? a->life.fired_ms : CT_NONE);
    ct_jw_key(w, "labels");
    json_labels(w, a ? a->labels : CT_SPAN_NONE, arena);
    ct_jw_end_object(w);
}

static void json_head(struct ct_jw *w, const struct ct_alert_delivery *d)
{
    const struct {
        const char *key;
        struct ct_span value;
    } texts[] = {
        {"event_id", ct_span(d->event_id)},
        {"kind", ct_span(ct_alert_kind_words[d->kind])},
        {"severity", ct_span(ct_severity_words[d->severity])},
        {"channel", d->channel},
        {"group", d->grp},
        {"title", d->title},
    };
    ct_jw_key(w, "schema");
    ct_jw_int(w, 1);
    for (size_t i = 0; i < CT_LEN(texts); i++) {
        ct_jw_key(w, texts[i].key);
        ct_jw_text(w, texts[i].value);
    }
    ct_jw_key(w, "at");
    ct_jw_time(w, d->at_ms);
}

static void make_event_id(const struct parts *p, char out[17])
{
    struct ct_buf b = CT_BUF_INIT;
    for (size_t i = 0; i < p->n; i++)
        ct_buf_adds(&b, p->v[i]->i.event_id);
    if (p->n == 1)
        (void)snprintf(out, 17, "%s", p->v[0]->i.event_id);
    else
        (void)snprintf(out, 17, "%016" PRIx64, ct_hash(ct_buf_span(&b)));
    ct_buf_free(&b);
}

void ct_outbox_compose(const struct parts *p, ct_intent_of *of, void *ctx, struct ct_arena *arena,
                       struct ct_alert_delivery *d)
{
    struct ct_buf title = CT_BUF_INIT, text = CT_BUF_INIT, json = CT_BUF_INIT;
    struct ct_jw w;
    qsort(p->v, p->n, sizeof(*p->v), worst_first);
    d->kind = p->count[CT_TELL_FIRING]     ? CT_TELL_FIRING
              : p->count[CT_TELL_FLAP_ON]  ? CT_TELL_FLAP_ON
              : p->count[CT_TELL_REPEAT]   ? CT_TELL_REPEAT
              : p->count[CT_TELL_FLAP_OFF] ? CT_TELL_FLAP_OFF
                                           : CT_TELL_RESOLVED;
    d->severity = p->severity;
    make_event_id(p, d->event_id);
    make_title(&title, p, d, of(ctx, p->v[0]->i.alert));
    d->title = clean(arena, ct_buf_span(&title), 0);
    ct_jw_init(&w, &json);
    ct_jw_object(&w);
    json_head(&w, d);
    ct_jw_key(&w, "alerts");
    ct_jw_array(&w);
    size_t most = p->n < CT_MESSAGE_LINES ? p->n : CT_MESSAGE_LINES;
    for (size_t i = 0; i < most; i++) {
        const struct ct_alert_instance *a = of(ctx, p->v[i]->i.alert);
        say_one(&text, p->v[i], a);
        ct_buf_addc(&text, '\n');
        json_alert(&w, p->v[i], a, arena);
    }
    ct_jw_end_array(&w);
    ct_jw_key(&w, "more");
    ct_jw_int(&w, (int64_t)(p->n - most));
    ct_jw_end_object(&w);
    if (p->n > most)
        ct_buf_addf(&text, "+%zu more\n", p->n - most);
    d->text = clean(arena, ct_buf_span(&text), CT_TEXT_LINES);
    d->json = ct_arena_dup(arena, ct_buf_span(&json));
    ct_buf_free(&title);
    ct_buf_free(&text);
    ct_buf_free(&json);
}

bool ct_outbox_notice(struct ct_outbox *o, const struct ct_notice *n, int64_t now_ms,
                      struct ct_arena *a, struct ct_alert_delivery *out)
{
    struct ct_buf json = CT_BUF_INIT;
    struct ct_jw w;
    for (size_t i = 0; i < o->n_m; i++)
        if (strcmp(o->m[i].d.event_id, n->event_id) == 0 && ct_span_eq(o->m[i].d.channel, n->channel))
            return false;
    *out = (struct ct_alert_delivery){
        .channel = ct_arena_dup(a, n->channel),
        .grp = CT_LIT("notice"),
        .title = clean(a, n->title, 0),
        .text = clean(a, n->lines, CT_TEXT_LINES),
        .kind = CT_TELL_NOTICE,
        .severity = n->severity,
        .state = CT_DELIVERY_QUEUED,
        .at_ms = now_ms,
        .next_ms = now_ms,
        .done_ms = CT_NONE,
    };
    memcpy(out->event_id, n->event_id, sizeof out->event_id);
    ct_jw_init(&w, &json);
    ct_jw_object(&w);
    json_head(&w, out);
    ct_jw_key(&w, "alerts");
    ct_jw_array(&w);
    ct_jw_end_array(&w);
    ct_jw_key(&w, "more");
    ct_jw_int(&w, 0);
    ct_jw_end_object(&w);
    out->json = ct_arena_dup(a, ct_buf_span(&json));
    ct_buf_free(&json);
    return true;
}
