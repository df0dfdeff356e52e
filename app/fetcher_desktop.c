/* desktop: one message to the notifications of a desktop session. A process of its own, so that a
 * session bus that hangs stops nobody: the channel gives it ten seconds. The words come in CT_*
 * variables, as to any hook, and leave as values of a D-Bus message: no command line shows them. */
#include "config.h"

#include "app/fetcher_commands.h"
#include "db/base/text.h"
#include "db/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_DBUS
#include <dbus/dbus.h>

#define SERVICE "org.freedesktop.Notifications"
#define OBJECT "/org/freedesktop/Notifications"
#define REPLY_MS 8000

enum { MAX_WORDS = 2000 };

/* What CT_NAME says, cleaned once more; the protocol wants valid UTF-8. */
static void words_of(const char *name, char out[MAX_WORDS], unsigned flags)
{
    const char *value = getenv(name);
    ct_text_clean(out, MAX_WORDS, ct_span(value ? value : ""), flags);
}

/* The session's bus. Nothing is started to get one: "autolaunch:" would be a program run for a word
 * in a variable. */
static DBusConnection *session_bus(DBusError *err)
{
    const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *folder = getenv("XDG_RUNTIME_DIR");
    struct ct_buf own = CT_BUF_INIT;
    DBusConnection *bus = NULL;
    if ((!address || !address[0]) && folder && folder[0] == '/') {
        ct_buf_addf(&own, "unix:path=%s/bus", folder);
        address = own.p;
    }
    if (!address || !address[0])
        dbus_set_error_const(err, DBUS_ERROR_NO_SERVER, "there is no desktop session here");
    else if (strncmp(address, "unix:", 5) != 0)
        dbus_set_error_const(err, DBUS_ERROR_BAD_ADDRESS, "the session's bus is no socket of this machine");
    else
        bus = dbus_connection_open_private(address, err);
    ct_buf_free(&own);
    if (!bus)
        return NULL;
    dbus_connection_set_exit_on_disconnect(bus, FALSE);
    if (dbus_bus_register(bus, err))
        return bus;
    dbus_connection_close(bus);
    dbus_connection_unref(bus);
    return NULL;
}

/* Asks METHOD with what FILL appends; the answer, to be unreferenced, or NULL and ERR. */
static DBusMessage *ask(DBusConnection *bus, const char *method,
                        bool (*fill)(DBusMessageIter *args, const void *ctx), const void *ctx,
                        DBusError *err)
{
    DBusMessageIter args;
    DBusMessage *m = dbus_message_new_method_call(SERVICE, OBJECT, SERVICE, method), *reply = NULL;
    if (m)
        dbus_message_iter_init_append(m, &args);
    if (m && (!fill || fill(&args, ctx)))
        reply = dbus_connection_send_with_reply_and_block(bus, m, REPLY_MS, err);
    else
        dbus_set_error_const(err, DBUS_ERROR_NO_MEMORY, "out of memory");
    if (m)
        dbus_message_unref(m);
    return reply;
}

/* Does the service take the body for markup? */
static bool takes_markup(DBusConnection *bus)
{
    char **words = NULL;
    int n = 0;
    bool markup = false;
    DBusMessage *reply = ask(bus, "GetCapabilities", NULL, NULL, NULL);
    if (reply && dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &words, &n,
                                       DBUS_TYPE_INVALID))
        for (int i = 0; i < n; i++)
            markup = markup || strcmp(words[i], "body-markup") == 0;
    dbus_free_string_array(words);
    if (reply)
        dbus_message_unref(reply);
    return markup;
}

static void escape(struct ct_buf *out, const char *text, bool markup)
{
    for (; *text; text++)
        ct_buf_adds(out, !markup         ? (char[]){*text, '\0'}
                         : *text == '&'  ? "&amp;"
                         : *text == '<'  ? "&lt;"
                         : *text == '>'  ? "&gt;"
                                         : (char[]){*text, '\0'});
}

struct notice {
    const char *title, *text;
    unsigned char urgency;
};

/* app_name, replaces_id, app_icon, summary, body, actions, hints, expire_timeout */
static bool fill_notice(DBusMessageIter *args, const void *ctx)
{
    const struct notice *n = ctx;
    const char *app = PACKAGE_NAME, *none = "", *urgency = "urgency";
    dbus_uint32_t replaces = 0;
    dbus_int32_t expires = -1;
    DBusMessageIter list, entry, value;
    return dbus_message_iter_append_basic(args, DBUS_TYPE_STRING, &app) &&
           dbus_message_iter_append_basic(args, DBUS_TYPE_UINT32, &replaces) &&
           dbus_message_iter_append_basic(args, DBUS_TYPE_STRING, &none) &&
           dbus_message_iter_append_basic(args, DBUS_TYPE_STRING, &n->title) &&
           dbus_message_iter_append_basic(args, DBUS_TYPE_STRING, &n->text) &&
           dbus_message_iter_open_container(args, DBUS_TYPE_ARRAY, "s", &list) &&
           dbus_message_iter_close_container(args, &list) &&
           dbus_message_iter_open_container(args, DBUS_TYPE_ARRAY, "{sv}", &list) &&
           dbus_message_iter_open_container(&list, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
           dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &urgency) &&
           dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "y", &value) &&
           dbus_message_iter_append_basic(&value, DBUS_TYPE_BYTE, &n->urgency) &&
           dbus_message_iter_close_container(&entry, &value) &&
           dbus_message_iter_close_container(&list, &entry) &&
           dbus_message_iter_close_container(args, &list) &&
           dbus_message_iter_append_basic(args, DBUS_TYPE_INT32, &expires);
}

int ct_cmd_desktop(int argc, char **argv)
{
    char title[MAX_WORDS], text[MAX_WORDS];
    struct ct_buf body = CT_BUF_INIT;
    const char *severity = getenv("CT_SEVERITY");
    int rank = severity ? ct_word(ct_severity_words, ct_span(severity)) : 0;
    int code = EXIT_ERROR;
    DBusError err = DBUS_ERROR_INIT;
    (void)argv;
    if (argc)
        return ct_complain(EXIT_USAGE, "desktop", "the message comes in CT_TITLE and CT_TEXT");
    words_of("CT_TITLE", title, 0);
    words_of("CT_TEXT", text, CT_TEXT_LINES);
    DBusConnection *bus = session_bus(&err);
    DBusMessage *reply = NULL;
    if (bus) {
        escape(&body, text, takes_markup(bus));
        const struct notice n = {title, body.n ? body.p : "", (unsigned char)(rank > 0 ? rank : 0)};
        reply = ask(bus, "Notify", fill_notice, &n, &err);
    }
    if (reply) {
        dbus_message_unref(reply);
        printf("shown\n");
        code = EXIT_WORKED;
    } else {
        ct_complain(0, "desktop", "%s", err.message ? err.message : "no answer");
    }
    if (bus) {
        dbus_connection_close(bus);
        dbus_connection_unref(bus);
    }
    dbus_error_free(&err);
    ct_buf_free(&body);
    return code;
}

#else

int ct_cmd_desktop(int argc, char **argv)
{
    (void)argc, (void)argv;
    return ct_complain(EXIT_ERROR, "desktop", "this cloudtape was built without libdbus");
}

#endif
