/* The shapes of the services' own incoming webhooks. Everything comes from the message's JSON; names
 * that a service would take for a call to everybody, or for markup, lose that meaning. */
#include "config.h"

#include "alerts/channels/channel.h"
#include "db/base/jsonw.h"
#include "db/base/text.h"

#include <stdio.h>
#include <string.h>

#define ALERTMANAGER_LASTS_MS (7 * CT_DAY)

static void put(struct ct_jw *w, const char *key, const char *value)
{
    ct_jw_key(w, key);
    ct_jw_text(w, ct_span(value));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static const json_t *alert_of(const struct ct_attempt *a, size_t i)
{
    return json_array_get(json_object_get(a->doc, "alerts"), i);
}

static size_t alerts_in(const struct ct_attempt *a)
{
    return json_array_size(json_object_get(a->doc, "alerts"));
}

static bool ends(const char *kind)
{
    return strcmp(kind, "resolved") == 0;
}

/* TEXT with what stands for KEYS replaced by VALUES. */
static void replace(struct ct_buf *out, const char *text, const char *keys, const char *const *values,
                    size_t most)
{
    for (; *text && out->n < most; text++) {
        const char *at = strchr(keys, *text);
        if (at)
            ct_buf_adds(out, values[at - keys]);
        else
            ct_buf_addc(out, *text);
    }
    while (out->n && ((unsigned char)out->p[out->n - 1] & 0xc0) == 0x80 && out->n >= most)
        out->p[--out->n] = '\0'; /* never half a character */
}

static void whole_text(const struct ct_attempt *a, struct ct_buf *out)
{
    ct_buf_addf(out, "%s\n%s", a->title, alerts_in(a) == 1 ? "" : a->text);
}

/* ---- chat ---- */

static bool fill_json(const struct ct_attempt *a, struct ct_buf *body)
{
    char *text = a->part ? NULL : json_dumps(a->doc, JSON_COMPACT);
    ct_buf_adds(body, text ? text : "");
    free(text);
    return a->part == 0;
}

static bool fill_text(const struct ct_attempt *a, struct ct_buf *body, const char *key,
                      const char *keys, const char *const *values, size_t most)
{
    struct ct_buf text = CT_BUF_INIT, safe = CT_BUF_INIT;
    struct ct_jw w;
    whole_text(a, &text);
    replace(&safe, text.p, keys, values, most);
    ct_jw_init(&w, body);
    ct_jw_object(&w);
    put(&w, key, safe.p);
    if (strcmp(key, "content") == 0) { /* Discord: nobody is called, whatever the text says */
        ct_jw_key(&w, "allowed_mentions");
        ct_jw_object(&w);
        ct_jw_key(&w, "parse");
        ct_jw_array(&w);
        ct_jw_end_array(&w);
        ct_jw_end_object(&w);
    }
    ct_jw_end_object(&w);
    ct_buf_free(&text);
    ct_buf_free(&safe);
    return a->part == 0;
}

static bool fill_slack(const struct ct_attempt *a, struct ct_buf *body)
{
    static const char *const values[] = {"&amp;", "&lt;", "&gt;"};
    return fill_text(a, body, "text", "&<>", values, 12000);
}

static bool fill_discord(const struct ct_attempt *a, struct ct_buf *body)
{
    static const char *const values[] = {"\\\\", "\\[", "\\]", "\\`", "\\*", "\\_", "\\~", "\\<"};
    return fill_text(a, body, "content", "\\[]`*_~<", values, 1900);
}

static bool fill_mattermost(const struct ct_attempt *a, struct ct_buf *body)
{
    static const char *const values[] = {"(at)", "\\\\", "\\[", "\\]", "\\`", "\\*", "\\_", "\\~", "\\!"};
    return fill_text(a, body, "text", "@\\[]`*_~!", values, 12000);
}

static bool fill_ntfy(const struct ct_attempt *a, struct ct_buf *body)
{
    ct_buf_adds(body, a->text);
    return a->part == 0;
}

/* A header holds printable ASCII only. */
static void head_ntfy(const struct ct_attempt *a, struct ct_buf *header)
{
    static const char *const priority[] = {"3", "4", "5"};
    ct_buf_adds(header, "Title: ");
    for (const char *p = a->title; *p && header->n < 200; p++)
        if ((unsigned char)*p < 0x80)
            ct_buf_addc(header, (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
    ct_buf_addf(header, "\nPriority: %s", priority[a->severity]);
    if (a->key.n)
        ct_buf_addf(header, "\nAuthorization: Bearer %s", a->key.p);
}

/* ---- one request an alert ---- */

/* The alert of this part; a message without any (a test) has one part of its own words. */
static bool part_of(const struct ct_attempt *a, const json_t **alert)
{
    size_t n = alerts_in(a);
    *alert = n ? alert_of(a, a->part) : a->doc;
    return a->part < (n ? n : 1);
}

static void part_key(const json_t *alert, char out[64])
{
    const char *id = text_of(alert, "id");
    (void)snprintf(out, 64, "cloudtape-%s", id[0] ? id : "test");
}

static bool fill_pagerduty(const struct ct_attempt *a, struct ct_buf *body)
{
    const json_t *alert;
    char key[64];
    struct ct_jw w;
    if (!part_of(a, &alert))
        return false;
    part_key(alert, key);
    const char *severity = text_of(alert, "severity"), *subject = text_of(alert, "subject");
    struct ct_buf summary = CT_BUF_INIT;
    ct_buf_addf(&summary, "%s%s%s", subject, subject[0] ? ": " : a->title,
                text_of(alert, "text"));
    ct_jw_init(&w, body);
    ct_jw_object(&w);
    put(&w, "routing_key", a->key.n ? a->key.p : "");
    put(&w, "event_action", ends(text_of(alert, "kind")) ? "resolve" : "trigger");
    put(&w, "dedup_key", key);
    ct_jw_key(&w, "payload");
    ct_jw_object(&w);
    put(&w, "summary", summary.p);
    put(&w, "source", subject[0] ? subject : "cloudtape");
    put(&w, "severity", severity[0] ? severity : "info");
    put(&w, "class", text_of(alert, "rule"));
    ct_jw_end_object(&w);
    ct_jw_end_object(&w);
    ct_buf_free(&summary);
    return true;
}

static bool fill_opsgenie(const struct ct_attempt *a, struct ct_buf *body)
{
    const json_t *alert;
    char key[64];
    struct ct_jw w;
    struct ct_buf message = CT_BUF_INIT;
    if (!part_of(a, &alert))
        return false;
    part_key(alert, key);
    const char *subject = text_of(alert, "subject"), *severity = text_of(alert, "severity");
    ct_buf_addf(&message, "%.120s", subject[0] ? subject : a->title);
    ct_jw_init(&w, body);
    ct_jw_object(&w);
    put(&w, "source", "cloudtape");
    if (!ends(text_of(alert, "kind"))) {
        put(&w, "message", message.p);
        put(&w, "alias", key);
        put(&w, "description", text_of(alert, "text"));
        put(&w, "priority",
            strcmp(severity, "critical") == 0  ? "P1"
            : strcmp(severity, "warning") == 0 ? "P3"
                                               : "P5");
    }
    ct_jw_end_object(&w);
    ct_buf_free(&message);
    return true;
}

static void head_opsgenie(const struct ct_attempt *a, struct ct_buf *header)
{
    ct_buf_addf(header, "Authorization: GenieKey %s", a->key.n ? a->key.p : "");
}

static void address_opsgenie(const struct ct_attempt *a, struct ct_buf *url)
{
    const json_t *alert;
    char key[64];
    if (!part_of(a, &alert) || !ends(text_of(alert, "kind")))
        return;
    part_key(alert, key);
    ct_buf_addf(url, "/%s/close?identifierType=alias", key);
}

/* ---- Alertmanager ---- */

/* What says no end is over there after five minutes, long before we speak again: a false all-clear. */
static void put_end(struct ct_jw *w, const struct ct_attempt *a, bool over)
{
    int64_t at_ms;
    if (ct_time_parse(ct_span(text_of(a->doc, "at")), &at_ms) != CT_OK)
        return;
    ct_jw_key(w, "endsAt");
    ct_jw_time(w, over ? at_ms : at_ms + ALERTMANAGER_LASTS_MS);
}

static void put_alertmanager(struct ct_jw *w, const struct ct_attempt *a, const json_t *alert)
{
    const char *rule = text_of(alert, "rule"), *since = text_of(alert, "fired_at");
    const char *url = text_of(alert, "url");
    ct_jw_object(w);
    ct_jw_key(w, "labels");
    ct_jw_object(w);
    put(w, "alertname", rule[0] ? rule : "cloudtape");
    put(w, "id", text_of(alert, "id"));
    put(w, "severity", text_of(alert, "severity"));
    put(w, "subject", text_of(alert, "subject"));
    put(w, "provider", text_of(alert, "provider"));
    ct_jw_end_object(w);
    ct_jw_key(w, "annotations");
    ct_jw_object(w);
    put(w, "summary", alert == a->doc ? a->title : text_of(alert, "text"));
    put(w, "event_id", text_of(alert, "event_id"));
    ct_jw_end_object(w);
    if (since[0])
        put(w, "startsAt", since);
    put_end(w, a, ends(text_of(alert, "kind")));
    if (url[0])
        put(w, "generatorURL", url);
    ct_jw_end_object(w);
}

static bool fill_alertmanager(const struct ct_attempt *a, struct ct_buf *body)
{
    struct ct_jw w;
    ct_jw_init(&w, body);
    ct_jw_array(&w);
    for (size_t i = 0; i < alerts_in(a); i++)
        put_alertmanager(&w, a, alert_of(a, i));
    if (!alerts_in(a))
        put_alertmanager(&w, a, a->doc);
    ct_jw_end_array(&w);
    return a->part == 0;
}

static void head_key(const struct ct_attempt *a, struct ct_buf *header)
{
    if (a->key.n)
        ct_buf_addf(header, "Authorization: Bearer %s", a->key.p);
}

#define JSON "application/json"
const struct ct_webhook_format ct_webhook_formats[] = {
    {.name = "json", .content_type = JSON, .fill = fill_json, .head = head_key},
    {.name = "slack", .content_type = JSON, .fill = fill_slack},
    {.name = "discord", .content_type = JSON, .fill = fill_discord},
    {.name = "mattermost", .content_type = JSON, .fill = fill_mattermost},
    {.name = "ntfy", .content_type = "text/plain; charset=utf-8", .fill = fill_ntfy, .head = head_ntfy},
    {.name = "pagerduty", .url = "https://events.pagerduty.com/v2/enqueue", .content_type = JSON,
     .opens_incidents = true, .fill = fill_pagerduty},
    {.name = "opsgenie", .url = "https://api.opsgenie.com/v2/alerts", .content_type = JSON,
     .opens_incidents = true, .fill = fill_opsgenie, .head = head_opsgenie, .address = address_opsgenie},
    {.name = "alertmanager", .content_type = JSON, .opens_incidents = true,
     .fill = fill_alertmanager, .head = head_key},
    {.name = NULL},
};
