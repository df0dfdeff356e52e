/* Where messages go: [notify NAME] of the settings. A channel takes one message and says once, at
 * once or later, what became of it. Secrets are read when they are needed
 * and kept nowhere. One thread: the fetcher's. */
#ifndef CT_CHANNEL_H
#define CT_CHANNEL_H

#include "alerts/outbox.h"
#include "fetchers/http.h"

struct ct_channels;

/* One line of a [notify NAME] section. */
struct ct_channel_line {
    const char *name, *key, *value, *where;
};

struct ct_channels_options {
    const struct ct_channel_line *lines; /* borrowed for the call */
    size_t n_lines;
    struct ct_http *http; /* borrowed; NULL: nothing that needs the network (for lint) */
    bool allow_private;
    const char *desktop; /* the program that shows CT_TITLE and CT_TEXT on a desktop when asked
                            `desktop`; NULL: such channels refuse */
    /* What is wrong with a line; may be NULL. */
    void (*problem)(void *ctx, const char *where, const char *what);
    void *ctx;
};
/* Always fills *OUT: "screen" and "bell" are there without a section. A channel with a problem
 * refuses every message and says why. */
void ct_channels_new(const struct ct_channels_options *o, struct ct_channels **out);
/* Kills what still runs. For the time after ct_http_free: requests never call back. NULL is fine. */
void ct_channels_free(struct ct_channels *c);
/* The same while the network goes on: requests under way end unheard, then the rest is freed. */
void ct_channels_close(struct ct_channels *c);
bool ct_channels_has(const struct ct_channels *c, struct ct_span name);
/* Name of channel I and its kind ("webhook slack"); NULL behind the last. */
const char *ct_channels_at(const struct ct_channels *c, size_t i, const char **kind);

/* Is it a digest, which gathers what is not critical? And has none of its times of day come since
 * SINCE_MS, when there was something to tell? */
bool ct_channels_is_digest(const struct ct_channels *c, struct ct_span name);
bool ct_channels_waits(const struct ct_channels *c, struct ct_span name, int64_t since_ms,
                       int64_t now_ms);

/* Does it take a word that is about no alert (CT_TELL_NOTICE)? Not a digest, which has its hours, nor a
 * service that would open an incident for it. */
bool ct_channels_takes_notices(const struct ct_channels *c, struct ct_span name);

/* ROW is the delivery's; ANSWER one clean line for the log ("200", "exit 3", "timeout"). */
typedef void ct_channel_done(void *ctx, int64_t row, enum ct_sent sent, int64_t retry_after_ms,
                             const char *answer);
/* Starts one attempt of at most 10 s; D is copied as needed. */
void ct_channels_send(struct ct_channels *c, const struct ct_alert_delivery *d,
                      ct_channel_done *done, void *ctx);
/* Moves what does not go through HTTP (hooks, mail): reads, reaps, ends what takes too long, calls
 * back. Never waits. HTTP moves in ct_http_poll. Milliseconds until it should be called again, at
 * most MOST. */
int64_t ct_channels_step(struct ct_channels *c, int64_t most);

/* The JSON of a message (ct_alert_delivery.json), which hooks get on stdin and formats are made of:
 * {"schema":1,"event_id","kind","severity","channel","group","at","title",
 *  "alerts":[{"id","rule","subject","provider","state","kind","severity","since","fired_at","text",
 *             "url","series","episode","event_id","labels":{...}}],"more":N} */

#endif
