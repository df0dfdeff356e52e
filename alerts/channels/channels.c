/* The channels of [notify NAME] sections, and the two that need none: what viewers show by
 * themselves. */
#include "config.h"

#include "alerts/channels/channel.h"
#include "db/base/ini.h"
#include "db/base/paths.h"
#include "db/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET_MAX 2048

struct ct_channels {
    struct ct_arena *arena;
    CT_VEC(struct ct_channel) v;
    struct ct_http *http;
    struct ct_exec *exec;
    const char *desktop;
    struct ct_attempt *first; /* under way */
    bool allow_private, closing;
};

static const char *const kind_words[] = {"screen", "bell",    "exec",   "webhook",
                                         "mail",   "desktop", "digest", NULL};

/* ---- settings ---- */

struct reading {
    const struct ct_channels_options *o;
    struct ct_channels *c;
    struct ct_channel *at;
    const char *format, *command, *where;
};

CT_PRINTF(3, 4)
static void wrong(struct reading *k, const char *where, const char *fmt, ...)
{
    char what[200];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (!k->at->problem[0])
        (void)snprintf(k->at->problem, sizeof k->at->problem, "%s", what);
    if (k->o->problem)
        k->o->problem(k->o->ctx, where, what);
}

static bool is_host(const char *s)
{
    return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]")] == '\0' &&
           s[0] && strcmp(s, "yes") != 0 && strcmp(s, "no") != 0;
}

static void set_line(struct reading *k, const struct ct_channel_line *l)
{
    struct ct_channel *c = k->at;
    const struct {
        const char *key, **to;
    } texts[] = {
        {"url", &c->url},           {"url_env", &c->url_env},   {"url_file", &c->url_file},
        {"key_env", &c->key_env},   {"key_file", &c->key_file}, {"key_cmd", &c->key_cmd},
        {"server", &c->server},     {"user", &c->user},         {"from", &c->from},
        {"to", &c->to},             {"at", &c->at},             {"format", &k->format},
        {"command", &k->command},   {"allow_private", &c->private_host},
    };
    const char *value = ct_arena_dup(k->c->arena, ct_span(l->value)).p;
    for (size_t i = 0; i < CT_LEN(texts); i++)
        if (strcmp(l->key, texts[i].key) == 0) {
            *texts[i].to = value;
            if (texts[i].to == &c->private_host && !is_host(value))
                wrong(k, l->where, "allow_private: wanted the name of the host in url, found \"%s\"", value);
            return;
        }
    if (strcmp(l->key, "kind") == 0) {
        int kind = ct_word(kind_words, ct_span(value));
        if (kind < CT_CHANNEL_EXEC) {
            const char *near = ct_nearest(value, kind_words);
            wrong(k, l->where, "kind: wanted exec, webhook, mail, desktop or digest, found \"%s\"%s%s",
                  value, near ? ", did you mean " : "", near ? near : "");
        } else {
            c->kind = (enum ct_channel_kind)kind;
        }
    } else {
        wrong(k, l->where, "unknown key \"%s\"", l->key);
    }
}

static void check_webhook(struct reading *k)
{
    struct ct_channel *c = k->at;
    const char *name = k->format ? k->format : "json";
    const char *names[16] = {NULL};
    for (size_t i = 0; ct_webhook_formats[i].name; i++) {
        names[i] = ct_webhook_formats[i].name;
        if (strcmp(name, names[i]) == 0)
            c->format = &ct_webhook_formats[i];
    }
    const char *near = c->format ? NULL : ct_nearest(name, names);
    if (!c->format)
        wrong(k, k->where, "no webhook format \"%s\"%s%s", name, near ? ", did you mean " : "",
              near ? near : "");
    else if (!c->url && !c->url_env && !c->url_file && !c->format->url)
        wrong(k, k->where, "a webhook needs url, url_env or url_file");
    c->kind_words = ct_arena_printf(k->c->arena, "webhook %s", name).p;
}

/* Feed text never becomes part of a command: what looks like a place for it is refused. */
static void check_command(struct reading *k)
{
    struct ct_error err = {0};
    struct ct_channel *c = k->at;
    if (!k->command) {
        wrong(k, k->where, "exec needs a command");
    } else if (strpbrk(k->command, "{}$`") || strstr(k->command, "%s")) {
        wrong(k, k->where, "a command takes no placeholders: the message comes on standard input "
                           "and in CT_* variables");
    } else {
        c->command = ct_command_words(k->c->arena, ct_span(k->command), &err);
        if (!c->command)
            wrong(k, k->where, "command: %s", err.what);
    }
}

static void check_mail(struct reading *k)
{
    struct ct_channel *c = k->at;
    bool smtp = c->server && (strncmp(c->server, "smtp://", 7) == 0 ||
                              strncmp(c->server, "smtps://", 8) == 0);
    if (!ct_mail_addresses_ok(c->from) || strchr(c->from, ',') || !ct_mail_addresses_ok(c->to))
        wrong(k, k->where, "mail needs plain addresses in from and to");
    else if (c->server && !smtp)
        wrong(k, k->where, "server: wanted smtps://HOST or smtp://HOST");
    else if (c->user && !(c->server && (c->key_env || c->key_file || c->key_cmd)))
        wrong(k, k->where, "a user needs a server and a password: key_env, key_file or key_cmd");
}

static void check_digest(struct reading *k)
{
    struct ct_channel *c = k->at;
    if (!c->to || !c->at) {
        wrong(k, k->where,
              "digest needs `to`, the channel it goes through, and `at`, such as 07:00");
        return;
    }
    for (struct ct_span rest = ct_span(c->at); rest.p;)
        if (ct_minute_parse(ct_span_trim(ct_span_cut(&rest, ','))) < 0) {
            wrong(k, k->where, "at: wanted times of day such as 07:00, 19:30");
            return;
        }
}

/* Host names have letters, digits, dots and hyphens; addresses of IPv6 colons and brackets too. */
static void check_channel(struct reading *k)
{
    struct ct_channel *c = k->at;
    c->kind_words = kind_words[c->kind];
    if (c->problem[0])
        return;
    if (c->kind == CT_CHANNEL_SCREEN)
        wrong(k, k->where, "kind is missing: exec, webhook, mail, desktop or digest");
    else if (c->kind == CT_CHANNEL_WEBHOOK)
        check_webhook(k);
    else if (c->kind == CT_CHANNEL_EXEC)
        check_command(k);
    else if (c->kind == CT_CHANNEL_MAIL)
        check_mail(k);
    else if (c->kind == CT_CHANNEL_DIGEST)
        check_digest(k);
}

static void add_own(struct ct_channels *c, enum ct_channel_kind kind)
{
    *CT_VEC_PUSH(c->arena, &c->v) =
        (struct ct_channel){.name = kind_words[kind], .kind_words = kind_words[kind], .kind = kind};
}

static void read_channel(struct ct_channels *c, const struct ct_channels_options *o, size_t first)
{
    struct reading k = {.o = o, .c = c, .where = o->lines[first].where};
    k.at = CT_VEC_PUSH(c->arena, &c->v);
    k.at->name = ct_arena_dup(c->arena, ct_span(o->lines[first].name)).p;
    for (size_t i = first; i < o->n_lines; i++)
        if (strcmp(o->lines[i].name, k.at->name) == 0)
            set_line(&k, &o->lines[i]);
    check_channel(&k);
}

static const struct ct_channel *find(const struct ct_channels *c, struct ct_span name)
{
    for (size_t i = 0; i < c->v.n; i++)
        if (ct_span_is(name, c->v.v[i].name))
            return &c->v.v[i];
    return NULL;
}

bool ct_channels_has(const struct ct_channels *c, struct ct_span name)
{
    return find(c, name) != NULL;
}

/* A digest goes through a channel that tells somebody, which may stand behind it. */
static void check_targets(struct ct_channels *c, const struct ct_channels_options *o)
{
    for (size_t i = 0; i < c->v.n; i++) {
        struct reading k = {.o = o, .c = c, .at = &c->v.v[i]};
        if (k.at->kind != CT_CHANNEL_DIGEST || k.at->problem[0])
            continue;
        const struct ct_channel *to = find(c, ct_span(k.at->to));
        for (size_t n = 0; n < o->n_lines && !k.where; n++)
            if (strcmp(o->lines[n].name, k.at->name) == 0 && strcmp(o->lines[n].key, "to") == 0)
                k.where = o->lines[n].where;
        if (!to || to->kind == CT_CHANNEL_DIGEST)
            wrong(&k, k.where, "to: no channel \"%s\" that a digest could go through", k.at->to);
    }
}

void ct_channels_new(const struct ct_channels_options *o, struct ct_channels **out)
{
    struct ct_channels *c = ct_xcalloc(1, sizeof *c);
    c->arena = ct_arena_new(0);
    c->http = o->http;
    c->allow_private = o->allow_private;
    c->desktop = o->desktop ? ct_arena_dup(c->arena, ct_span(o->desktop)).p : NULL;
    add_own(c, CT_CHANNEL_SCREEN);
    add_own(c, CT_CHANNEL_BELL);
    for (size_t i = 0; i < o->n_lines; i++)
        if (!ct_channels_has(c, ct_span(o->lines[i].name)))
            read_channel(c, o, i);
    check_targets(c, o);
    *out = c;
}

const char *ct_channels_at(const struct ct_channels *c, size_t i, const char **kind)
{
    *kind = i < c->v.n ? c->v.v[i].kind_words : NULL;
    return i < c->v.n ? c->v.v[i].name : NULL;
}

bool ct_channels_is_digest(const struct ct_channels *c, struct ct_span name)
{
    const struct ct_channel *ch = find(c, name);
    return ch && ch->kind == CT_CHANNEL_DIGEST;
}

bool ct_channels_takes_notices(const struct ct_channels *c, struct ct_span name)
{
    const struct ct_channel *ch = find(c, name);
    return ch && ch->kind != CT_CHANNEL_DIGEST && !(ch->format && ch->format->opens_incidents);
}

bool ct_channels_waits(const struct ct_channels *c, struct ct_span name, int64_t since_ms,
                       int64_t now_ms)
{
    const struct ct_channel *ch = find(c, name);
    if (!ch || ch->kind != CT_CHANNEL_DIGEST || ch->problem[0])
        return false;
    for (struct ct_span rest = ct_span(ch->at); rest.p;) {
        int minute = ct_minute_parse(ct_span_trim(ct_span_cut(&rest, ',')));
        if (ct_local_last(now_ms, minute) > since_ms)
            return false;
    }
    return true;
}

/* ---- one attempt ---- */

static void drop(struct ct_attempt *a)
{
    struct ct_attempt **at = &a->all->first;
    while (*at && *at != a)
        at = &(*at)->next;
    if (*at)
        *at = a->next;
    json_decref(a->doc);
    if (a->key.p)
        explicit_bzero(a->key.p, a->key.cap);
    ct_buf_free(&a->key);
    free(a->title);
    free(a->text);
    free(a);
}

static void finish(struct ct_attempt *a, enum ct_sent sent, int64_t retry_after_ms, const char *answer)
{
    char clean[200];
    ct_text_clean(clean, sizeof clean, ct_span(answer), 0);
    a->done(a->ctx, a->row, sent, retry_after_ms, clean);
    drop(a);
}

/* The first line of a file that only its owner may read. */
static bool read_secret_file(const char *path, struct ct_buf *out, char why[200])
{
    struct stat st;
    struct ct_error err = {0};
    struct ct_buf text = CT_BUF_INIT;
    bool ok = false;
    if (stat(path, &st) != 0 || (st.st_mode & 077))
        (void)snprintf(why, 200, "a secret's file is missing or readable by others");
    else if (ct_read_file(path, SECRET_MAX, &text, &err) != CT_OK)
        (void)snprintf(why, 200, "a secret's file cannot be read");
    else {
        struct ct_span rest = ct_buf_span(&text);
        ct_buf_add(out, ct_span_trim(ct_span_cut(&rest, '\n')));
        ok = out->n > 0;
    }
    if (text.p)
        explicit_bzero(text.p, text.cap);
    ct_buf_free(&text);
    return ok;
}

/* A secret from an environment variable, a file or (url) the settings. */
static bool secret(const char *plain, const char *env, const char *file, struct ct_buf *out,
                   char why[200])
{
    const char *value = env ? getenv(env) : plain;
    why[0] = '\0';
    if (file)
        return read_secret_file(file, out, why);
    if (env && (!value || !value[0])) {
        (void)snprintf(why, 200, "$%s is not set", env);
        return false;
    }
    ct_buf_adds(out, value ? value : "");
    return true;
}

static void next_part(struct ct_attempt *a);
static void free_all(struct ct_channels *c);

/* True: nobody waits for A any more, and it is gone. */
static bool unheard(struct ct_attempt *a)
{
    struct ct_channels *c = a->all;
    a->asked = false;
    if (!a->gone)
        return false;
    drop(a);
    if (c->closing && !c->first)
        free_all(c);
    return true;
}

static void on_answer(void *ctx, const struct ct_http_answer *r)
{
    struct ct_attempt *a = ctx;
    char words[sizeof r->err.what];
    int code = r->http_status;
    if (r->status != CT_OK) /* WHAT may not hold an address: those can be secret */
        (void)snprintf(words, sizeof words, "%s", strstr(r->err.what, "://") ? "network error"
                                                                            : r->err.what);
    else
        (void)snprintf(words, sizeof words, "%d", code);
    bool again = r->status != CT_OK ? !r->refused && (code < 300 || code >= 400)
                                    : code == 408 || code == 429 || code >= 500;
    if (unheard(a))
        return;
    if (r->status == CT_OK && code >= 200 && code < 300) {
        a->part++;
        a->status = code;
        next_part(a);
    } else {
        finish(a, again ? CT_SENT_RETRY : CT_SENT_REFUSED, r->retry_after_ms, words);
    }
}

/* Lines of "Name: value" as the request wants them. */
static const char *const *split_headers(struct ct_buf *text, struct ct_arena *arena)
{
    CT_VEC(const char *) v = {NULL, 0, 0};
    struct ct_span rest = ct_buf_span(text);
    while (rest.n) {
        struct ct_span line = ct_span_cut(&rest, '\n');
        *CT_VEC_PUSH(arena, &v) = ct_arena_dup(arena, line).p;
    }
    *CT_VEC_PUSH(arena, &v) = NULL;
    return v.v;
}

static void next_part(struct ct_attempt *a)
{
    const struct ct_channel *c = a->channel;
    struct ct_buf body = CT_BUF_INIT, header = CT_BUF_INIT, url = CT_BUF_INIT;
    struct ct_arena *arena = ct_arena_new(0);
    struct ct_error err = {0};
    char why[200] = "";
    if (!c->format->fill(a, &body)) {
        char words[16] = "nothing to say";
        if (a->status)
            (void)snprintf(words, sizeof words, "%d", a->status);
        finish(a, CT_SENT_OK, CT_NONE, words);
    } else if (!secret(c->url ? c->url : c->format->url, c->url_env, c->url_file, &url, why)) {
        finish(a, CT_SENT_REFUSED, CT_NONE, why);
    } else {
        if (c->format->head)
            c->format->head(a, &header);
        if (c->format->address)
            c->format->address(a, &url);
        ct_buf_addf(&header, "%sX-Cloudtape-Event: %s", header.n ? "\n" : "", a->event_id);
        struct ct_http_request req = {.url = url.p,
                                      .method = "POST",
                                      .body = body.p,
                                      .content_type = c->format->content_type,
                                      .headers = split_headers(&header, arena),
                                      .max_bytes = CT_HOOK_OUTPUT,
                                      .total_ms = CT_ATTEMPT_MS,
                                      .private_host = c->private_host,
                                      .no_redirects = true,
                                      .secret_url = true};
        if (ct_http_start(a->all->http, &req, on_answer, a, &err) == CT_OK)
            a->asked = true;
        else
            finish(a, CT_SENT_REFUSED, CT_NONE,
                   strstr(err.what, "://") ? "its address cannot be asked" : err.what);
    }
    struct ct_buf *const bufs[] = {&header, &url, &body};
    for (size_t i = 0; i < CT_LEN(bufs); i++) {
        if (bufs[i]->p)
            explicit_bzero(bufs[i]->p, bufs[i]->cap);
        ct_buf_free(bufs[i]);
    }
    ct_arena_free(arena);
}

static void on_mailed(void *ctx, const struct ct_http_answer *r)
{
    struct ct_attempt *a = ctx;
    char words[sizeof r->err.what];
    bool never = r->refused || r->http_status >= 500;
    (void)snprintf(words, sizeof words, "%s", r->err.what);
    if (r->status == CT_OK)
        (void)snprintf(words, sizeof words, "%d", r->http_status);
    if (!unheard(a))
        finish(a, r->status == CT_OK ? CT_SENT_OK : never ? CT_SENT_REFUSED : CT_SENT_RETRY, CT_NONE,
               words);
}

static void send_mail(struct ct_attempt *a)
{
    struct ct_error err = {0};
    if (ct_mail_send(a->all->http, a, on_mailed, &err) == CT_OK)
        a->asked = true;
    else
        finish(a, CT_SENT_REFUSED, CT_NONE, err.what);
}

static void go_on(struct ct_attempt *a)
{
    if (a->channel->kind == CT_CHANNEL_MAIL)
        send_mail(a);
    else
        next_part(a);
}

/* "exit 0", and the first line a hook printed. */
static void on_ended(void *ctx, const struct ct_exec_answer *r)
{
    struct ct_attempt *a = ctx;
    char words[160];
    struct ct_span rest = r->output, line = ct_span_trim(ct_span_cut(&rest, '\n'));
    (void)snprintf(words, sizeof words, "exit 0%s%.*s", line.n ? ": " : "",
                   line.n < 100 ? (int)line.n : 100, line.n ? line.p : "");
    finish(a, r->status == CT_OK ? CT_SENT_OK : CT_SENT_RETRY, CT_NONE,
           r->status == CT_OK ? words : r->err.what);
}

static void on_key(void *ctx, const struct ct_exec_answer *r)
{
    struct ct_attempt *a = ctx;
    struct ct_span rest = r->output;
    if (r->status != CT_OK) {
        finish(a, CT_SENT_RETRY, CT_NONE, "the command for its key failed");
        return;
    }
    ct_buf_add(&a->key, ct_span_trim(ct_span_cut(&rest, '\n')));
    go_on(a);
}

/* The key first, where it comes from a program. */
static void ask_key(struct ct_attempt *a)
{
    struct ct_arena *arena = ct_arena_new(0);
    struct ct_error err = {0};
    struct ct_buf path = CT_BUF_INIT;
    char **argv = ct_command_words(arena, ct_span(a->channel->key_cmd), &err);
    bool found = argv && ct_program_path(argv[0], &path);
    struct ct_exec_request req = {.argv = argv, .max_bytes = SECRET_MAX, .total_ms = CT_ATTEMPT_MS};
    if (found)
        argv[0] = path.p;
    if (!found || ct_exec_start(a->all->exec, &req, on_key, a, &err) != CT_OK)
        finish(a, CT_SENT_REFUSED, CT_NONE, "the command for its key cannot be started");
    ct_buf_free(&path);
    ct_arena_free(arena);
}

/* Webhooks and mail by SMTP. */
static void start_request(struct ct_attempt *a)
{
    char why[200];
    if (!a->all->http)
        finish(a, CT_SENT_REFUSED, CT_NONE, "no network here");
    else if (a->channel->key_cmd)
        ask_key(a);
    else if (!secret(NULL, a->channel->key_env, a->channel->key_file, &a->key, why))
        finish(a, CT_SENT_REFUSED, CT_NONE, why);
    else
        go_on(a);
}

static void start_program(struct ct_attempt *a)
{
    char why[200] = "";
    if (!ct_program_send(a->all->exec, a, on_ended, why))
        finish(a, CT_SENT_REFUSED, CT_NONE, why);
}

const char *ct_channels_desktop(const struct ct_channels *c)
{
    return c->desktop;
}

/* Why D cannot go through CH at all; NULL: it can. DOC is what it says. */
static const char *hindrance(const struct ct_channels *c, const struct ct_channel *ch,
                             const struct ct_alert_delivery *d, const json_t *doc)
{
    bool desktop = ch && ch->kind == CT_CHANNEL_DESKTOP;
    return !ch              ? "no such channel"
           : ch->problem[0] ? ch->problem
           : !doc           ? "the message is damaged"
           : desktop && !c->desktop ? "no way to a desktop from here"
           : desktop && ct_now_ms() - d->at_ms > CT_DESKTOP_OLDEST_MS
               ? "older than five minutes"
               : NULL;
}

void ct_channels_send(struct ct_channels *c, const struct ct_alert_delivery *d,
                      ct_channel_done *done, void *ctx)
{
    const struct ct_channel *ch = find(c, d->channel);
    json_error_t ignored;
    if (ch && !ch->problem[0] && ch->kind == CT_CHANNEL_DIGEST) {
        const struct ct_channel *to = find(c, ct_span(ch->to));
        ch = to && to->kind != CT_CHANNEL_DIGEST ? to : NULL;
    }
    json_t *doc = ch ? json_loadb(d->json.p ? d->json.p : "", d->json.n, 0, &ignored) : NULL;
    const char *no = hindrance(c, ch, d, doc);
    if (no || ch->kind <= CT_CHANNEL_BELL) {
        json_decref(doc);
        done(ctx, d->row, no ? CT_SENT_REFUSED : CT_SENT_OK, CT_NONE, no ? no : "shown");
        return;
    }
    if (!c->exec)
        c->exec = ct_exec_new();
    struct ct_attempt *a = ct_xcalloc(1, sizeof *a);
    *a = (struct ct_attempt){.next = c->first,
                             .all = c,
                             .channel = ch,
                             .row = d->row,
                             .title = ct_xspandup(d->title.p ? d->title : CT_LIT("")),
                             .text = ct_xspandup(d->text.p ? d->text : CT_LIT("")),
                             .kind = d->kind >= 0 ? d->kind : 0,
                             .severity = d->severity >= 0 ? d->severity : 0,
                             .doc = doc,
                             .done = done,
                             .ctx = ctx};
    (void)snprintf(a->event_id, sizeof a->event_id, "%s", d->event_id);
    c->first = a;
    if (ch->kind == CT_CHANNEL_WEBHOOK || ch->server)
        start_request(a);
    else
        start_program(a);
}

int64_t ct_channels_step(struct ct_channels *c, int64_t most)
{
    enum { LOOK_MS = 100 };
    if (c->exec && ct_exec_running(c->exec)) {
        ct_exec_poll(c->exec);
        most = most < LOOK_MS ? most : LOOK_MS;
    }
    return most;
}

static void free_all(struct ct_channels *c)
{
    ct_exec_free(c->exec);
    ct_arena_free(c->arena);
    free(c);
}

void ct_channels_free(struct ct_channels *c)
{
    if (!c)
        return;
    while (c->first)
        drop(c->first);
    free_all(c);
}

void ct_channels_close(struct ct_channels *c)
{
    if (!c)
        return;
    ct_exec_free(c->exec); /* kills without calling back */
    c->exec = NULL;
    for (struct ct_attempt *a = c->first, *next; a; a = next) {
        next = a->next;
        if (a->asked)
            a->gone = true;
        else
            drop(a);
    }
    c->closing = true;
    if (!c->first)
        free_all(c);
}
