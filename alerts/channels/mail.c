/* Mails of plain text: how they are written, and the two ways they go. */
#include "config.h"

#include "alerts/channels/channel.h"
#include "db/base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Headers are ASCII: other text as encoded words of base64. */
static void base64(struct ct_buf *out, struct ct_span s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t v = 0;
        for (size_t j = 0; j < 3; j++)
            v = v << 8 | (i + j < s.n ? (uint8_t)s.p[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            ct_buf_addc(out, i + j > s.n ? '=' : digits[v >> (18 - 6 * j) & 63]);
    }
}

static void mail_subject(struct ct_buf *out, const char *title)
{
    char line[200];
    size_t n = ct_text_clean(line, sizeof line, ct_span(title), 0);
    bool ascii = true;
    for (size_t i = 0; i < n; i++)
        ascii = ascii && (unsigned char)line[i] < 0x80;
    if (ascii) {
        ct_buf_addf(out, "Subject: %s\n", line);
        return;
    }
    ct_buf_adds(out, "Subject:");
    for (size_t at = 0; at < n;) { /* 45 bytes give 60 characters; whole ones of UTF-8 */
        size_t end = at + 45 < n ? at + 45 : n;
        while (end < n && ((unsigned char)line[end] & 0xc0) == 0x80)
            end--;
        ct_buf_adds(out, at ? "\n =?UTF-8?B?" : " =?UTF-8?B?");
        base64(out, (struct ct_span){line + at, end - at});
        ct_buf_adds(out, "?=");
        at = end;
    }
    ct_buf_addc(out, '\n');
}

/* Not strftime's words: those follow the locale. */
static void mail_date(struct ct_buf *out, int64_t now_ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(now_ms / CT_SECOND);
    struct tm t;
    if (gmtime_r(&now, &t))
        ct_buf_addf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\n", days[t.tm_wday], t.tm_mday,
                    months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

void ct_mail_make(const struct ct_attempt *a, struct ct_buf *out)
{
    const char *group = json_string_value(json_object_get(a->doc, "group"));
    ct_buf_addf(out, "From: %s\nTo: %s\n", a->channel->from, a->channel->to);
    mail_date(out, ct_now_ms());
    mail_subject(out, a->title);
    ct_buf_addf(out, "Message-ID: <%s@cloudtape.local>\n", a->event_id);
    ct_buf_addf(out, "References: <%016llx@cloudtape.local>\n",
                (unsigned long long)ct_hash(ct_span(group ? group : "")));
    ct_buf_addf(out, "X-Cloudtape-Event: %s\nAuto-Submitted: auto-generated\n", a->event_id);
    ct_buf_adds(out, "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                     "Content-Transfer-Encoding: base64\n\n");
    struct ct_buf body = CT_BUF_INIT;
    base64(&body, ct_span(a->text));
    for (size_t i = 0; i < body.n; i += 76)
        ct_buf_addf(out, "%.*s\n", (int)(body.n - i < 76 ? body.n - i : 76), body.p + i);
    ct_buf_free(&body);
}

/* The receivers of TO, behind HEAD. */
static char *const *with_receivers(const char *const *head, const char *to, struct ct_arena *arena)
{
    CT_VEC(char *) v = {NULL, 0, 0};
    for (; *head; head++)
        *CT_VEC_PUSH(arena, &v) = (char *)(uintptr_t)*head;
    for (struct ct_span rest = ct_span(to); rest.p;) {
        struct ct_span one = ct_span_trim(ct_span_cut(&rest, ','));
        if (one.n)
            *CT_VEC_PUSH(arena, &v) = (char *)(uintptr_t)ct_arena_dup(arena, one).p;
    }
    *CT_VEC_PUSH(arena, &v) = NULL;
    return v.v;
}

char *const *ct_mail_command(const struct ct_attempt *a, struct ct_arena *arena)
{
    const char *const head[] = {"sendmail", "-i", "-f", a->channel->from, "--", NULL};
    return with_receivers(head, a->channel->to, arena);
}

enum ct_status ct_mail_send(struct ct_http *http, struct ct_attempt *a, ct_http_done *done,
                            struct ct_error *err)
{
    const struct ct_channel *c = a->channel;
    struct ct_arena *arena = ct_arena_new(0);
    struct ct_buf text = CT_BUF_INIT;
    ct_mail_make(a, &text);
    struct ct_mail_request req = {
        .server = c->server,
        .user = c->user,
        .password = c->user ? a->key.p : NULL,
        .from = c->from,
        .to = (const char *const *)with_receivers((const char *const[]){NULL}, c->to, arena),
        .text = text.p,
        .total_ms = CT_ATTEMPT_MS,
        .private_host = c->private_host};
    enum ct_status st = ct_http_mail(http, &req, done, a, err);
    ct_buf_free(&text);
    ct_arena_free(arena);
    return st;
}

static bool plain_address(struct ct_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("<>\"'\\`$|;&,", s.p[i]))
            return false;
    return s.n > 2 && s.p[0] != '-' && memchr(s.p + 1, '@', s.n - 2);
}

bool ct_mail_addresses_ok(const char *list)
{
    struct ct_span rest = ct_span(list);
    bool ok = rest.p;
    while (rest.p)
        ok = plain_address(ct_span_trim(ct_span_cut(&rest, ','))) && ok;
    return ok;
}
