/* Channels that are programs: a hook, sendmail, our own way to the desktop. The message comes on standard input and
 * in CT_* variables; a hook's arguments are what the settings say and nothing else. */
#include "config.h"

#include "alerts/channels/channel.h"
#include "db/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE_MAX 4096

bool ct_program_path(const char *program, struct ct_buf *out)
{
    const char *path = getenv("PATH");
    struct ct_span rest = ct_span(path && path[0] ? path : "/usr/local/bin:/usr/bin:/bin:/usr/sbin");
    ct_buf_clear(out);
    if (strchr(program, '/')) {
        ct_buf_adds(out, program);
        return program[0] == '/' && access(program, X_OK) == 0;
    }
    while (rest.p) {
        struct ct_span folder = ct_span_cut(&rest, ':');
        ct_buf_clear(out);
        ct_buf_addf(out, "%.*s/%s", CT_FMT(folder), program);
        if (folder.n && folder.p[0] == '/' && access(out->p, X_OK) == 0)
            return true;
    }
    return false;
}

/* "NAME=value", cleaned once more, at most 4 KiB. */
static char *variable(struct ct_arena *arena, const char *name, const char *value)
{
    char clean[VARIABLE_MAX];
    ct_text_clean(clean, sizeof clean - strlen(name) - 2, ct_span(value), CT_TEXT_LINES);
    return (char *)(uintptr_t)ct_arena_printf(arena, "%s=%s", name, clean).p;
}

static char **environment(const struct ct_attempt *a, struct ct_arena *arena)
{
    static const char *const session[] = {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY",
                                          "WAYLAND_DISPLAY"};
    char **env = ct_arena_alloc(arena, 16 * sizeof *env);
    size_t n = 0;
    env[n++] = variable(arena, "CT_EVENT_ID", a->event_id);
    env[n++] = variable(arena, "CT_CHANNEL", a->channel->name);
    env[n++] = variable(arena, "CT_KIND", ct_alert_kind_words[a->kind]);
    env[n++] = variable(arena, "CT_SEVERITY", ct_severity_words[a->severity]);
    env[n++] = variable(arena, "CT_TITLE", a->title);
    env[n++] = variable(arena, "CT_TEXT", a->text);
    for (size_t i = 0; a->channel->kind == CT_CHANNEL_DESKTOP && i < CT_LEN(session); i++)
        if (getenv(session[i]))
            env[n++] = variable(arena, session[i], getenv(session[i]));
    env[n] = NULL;
    return env;
}

static char *const *desktop_command(const struct ct_attempt *a, struct ct_arena *arena)
{
    const char *const words[] = {ct_channels_desktop(a->all), "desktop", NULL};
    char **argv = ct_arena_alloc(arena, sizeof words);
    memcpy(argv, words, sizeof words);
    return argv;
}

bool ct_program_send(struct ct_exec *x, struct ct_attempt *a, ct_exec_done *done, char why[200])
{
    struct ct_arena *arena = ct_arena_new(0);
    struct ct_buf input = CT_BUF_INIT, path = CT_BUF_INIT;
    struct ct_error err = {0};
    char *const *argv = a->channel->kind == CT_CHANNEL_MAIL      ? ct_mail_command(a, arena)
                        : a->channel->kind == CT_CHANNEL_DESKTOP ? desktop_command(a, arena)
                                                                 : a->channel->command;
    if (a->channel->kind == CT_CHANNEL_MAIL) {
        ct_mail_make(a, &input);
    } else {
        char *json = json_dumps(a->doc, JSON_COMPACT);
        ct_buf_adds(&input, json ? json : "{}");
        ct_buf_addc(&input, '\n');
        free(json);
    }
    size_t n = 0;
    while (argv[n])
        n++;
    char **own = ct_arena_alloc(arena, (n + 1) * sizeof *own);
    memcpy(own, argv, (n + 1) * sizeof *own);
    bool found = ct_program_path(argv[0], &path) ||
                 (a->channel->kind == CT_CHANNEL_MAIL && ct_program_path("/usr/sbin/sendmail", &path));
    own[0] = path.p;
    struct ct_exec_request req = {.argv = own,
                                  .env = environment(a, arena),
                                  .input = ct_buf_span(&input),
                                  .max_bytes = CT_HOOK_OUTPUT,
                                  .drop_rest = true,
                                  .total_ms = CT_ATTEMPT_MS};
    bool ok = found && ct_exec_start(x, &req, done, a, &err) == CT_OK;
    if (!found)
        (void)snprintf(why, 200, "%s: no such program", argv[0]);
    else if (!ok)
        (void)snprintf(why, 200, "%.190s", err.what);
    ct_buf_free(&input);
    ct_buf_free(&path);
    ct_arena_free(arena);
    return ok;
}
