/* Shared by the channels: their settings and the attempt under way. Nobody else includes it. */
#ifndef CT_CHANNEL_PRIV_H
#define CT_CHANNEL_PRIV_H

#include "alerts/channel.h"
#include "fetchers/exec.h"

#include <jansson.h>

enum ct_channel_kind {
    CT_CHANNEL_SCREEN,
    CT_CHANNEL_BELL,
    CT_CHANNEL_EXEC,
    CT_CHANNEL_WEBHOOK,
    CT_CHANNEL_MAIL,
    CT_CHANNEL_DESKTOP,
    CT_CHANNEL_DIGEST,
};

struct ct_channel {
    const char *name, *kind_words;
    enum ct_channel_kind kind;
    const struct ct_webhook_format *format;
    const char *url, *url_env, *url_file, *key_env, *key_file, *key_cmd;
    const char *server, *user, *from, *to, *at;
    char *const *command;
    const char *private_host; /* the one host that may be private; NULL */
    char problem[200]; /* why it refuses everything; "" */
};

#define CT_ATTEMPT_MS (10 * CT_SECOND)
#define CT_DESKTOP_OLDEST_MS (5 * CT_MINUTE) /* an older event surprises nobody any more */
#define CT_HOOK_OUTPUT ((size_t)64 * 1024)

/* One attempt. */
struct ct_attempt {
    struct ct_attempt *next;
    struct ct_channels *all;
    const struct ct_channel *channel;
    int64_t row;
    char *title, *text;
    char event_id[17];
    int kind, severity;
    json_t *doc;      /* the message */
    size_t part;      /* of a format that sends one request an alert */
    int status;       /* that the last part was answered with; 0: none was */
    struct ct_buf key;
    ct_channel_done *done;
    void *ctx;
    bool asked; /* a request is on its way */
    bool gone;  /* and nobody waits for its answer any more */
};

/* One shape of request. FILL writes the body for part PART; false: there is no such part. */
struct ct_webhook_format {
    const char *name;
    const char *url; /* when none is set; NULL: one must be */
    const char *content_type;
    bool opens_incidents; /* each message is one over there */
    bool (*fill)(const struct ct_attempt *a, struct ct_buf *body);
    /* More headers ("Name: value") or another address for part PART; either may be NULL. */
    void (*head)(const struct ct_attempt *a, struct ct_buf *header);
    void (*address)(const struct ct_attempt *a, struct ct_buf *url);
};
extern const struct ct_webhook_format ct_webhook_formats[]; /* ends with a NULL name */

/* Program channels: exec, mail, desktop. False: it could not be started, WHY says it. */
bool ct_program_send(struct ct_exec *x, struct ct_attempt *a, ct_exec_done *done, char why[200]);
/* The mail A is, with its headers, lines ended by '\n'. */
void ct_mail_make(const struct ct_attempt *a, struct ct_buf *out);
char *const *ct_mail_command(const struct ct_attempt *a, struct ct_arena *arena); /* for sendmail */
CT_MUST_USE enum ct_status ct_mail_send(struct ct_http *http, struct ct_attempt *a,
                                        ct_http_done *done, struct ct_error *err);
/* One or more plain addresses, separated by commas. */
bool ct_mail_addresses_ok(const char *list);
/* What shows a message on the desktop; NULL: nothing does. */
const char *ct_channels_desktop(const struct ct_channels *c);
/* The whole path of PROGRAM, looked for in PATH, into OUT; false: there is none. */
bool ct_program_path(const char *program, struct ct_buf *out);

#endif
