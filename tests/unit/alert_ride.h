/* Rows, rules and a clock of one's own through the real engine: what tests of alerts share. */
#ifndef ALERT_RIDE_H
#define ALERT_RIDE_H

#include "alerts/engine.h"
#include "write_fixture.h"

#include <inttypes.h>

struct ride {
    struct fixture *f;
    struct ct_rules *rules;
    struct ct_channels *channels;
    struct ct_http *http; /* NULL: nothing goes by the network */
    struct ct_engine *e;
    int64_t now, boot;
    int state;       /* of the component; -1: the page fails */
    int64_t price;   /* milli USD; 0: no price list is fetched */
    int stock;
    int problems;
    void (*watch)(struct ride *r); /* behind each step; NULL: nobody does */
    void *ctx;                     /* of watch */
    int64_t settle_ms;             /* real time an attempt may take; 0: a minute */
};

static inline void ride_problem(void *ctx, const char *where, const char *what)
{
    print_message("# %s: %s\n", where, what);
    ((struct ride *)ctx)->problems++;
}

static inline void start(struct ride *r)
{
    struct ct_error err = {0};
    struct ct_engine_options o = {
        .db_path = r->f->path, .writer = r->f->w, .rules = r->rules, .channels = r->channels};
    enum ct_status st = ct_engine_new(&o, &r->e, &err);
    if (st != CT_OK)
        fail_msg("%s: %s", err.where, err.what);
}

static inline void stop(struct ride *r)
{
    ct_engine_free(r->e);
    r->e = NULL;
}

static inline void set_rules(struct ride *r, const struct ct_rule_line *lines, size_t n)
{
    ct_rules_free(r->rules);
    ct_rules_load(lines, n, NULL, ride_problem, r, &r->rules);
}

static inline void set_channels(struct ride *r, const struct ct_channel_line *lines, size_t n)
{
    struct ct_channels_options o = {
        .lines = lines, .n_lines = n, .http = r->http, .problem = ride_problem, .ctx = r};
    ct_channels_free(r->channels);
    ct_channels_new(&o, &r->channels);
}

static inline struct ride begin(void **state, const struct ct_rule_line *lines, size_t n)
{
    struct ride r = {.f = *state, .state = CT_STATE_OPERATIONAL, .now = ct_now_ms() / 1000 * 1000,
                     .boot = CT_HOUR};
    set_rules(&r, lines, n);
    set_channels(&r, NULL, 0);
    start(&r);
    return r;
}
#define BEGIN(state, lines) begin(state, lines, CT_LEN(lines))

static inline void end(struct ride *r)
{
    assert_int_equal(r->problems, 0);
    stop(r);
    ct_http_free(r->http);
    ct_channels_free(r->channels);
    ct_rules_free(r->rules);
}

static inline void fetch_all(struct ride *r)
{
    if (r->state >= 0) {
        component(r->f, "api", r->state);
        fetch(r->f, "stat", r->now);
    } else {
        failed(r->f, "stat", r->now);
    }
    if (r->price) {
        offer(r->f, "p5", r->price, r->stock);
        fetch(r->f, "price", r->now);
    }
    ct_engine_committed(r->e, CT_SOURCE_STATUS);
    ct_engine_committed(r->e, CT_SOURCE_PRICES);
}

/* Lets what is on its way arrive: real time passes, the ride's clock stands. */
static inline void settle(struct ride *r)
{
    int64_t give_up = ct_mono_ms() + (r->settle_ms ? r->settle_ms : CT_MINUTE);
    while ((r->http && ct_http_running(r->http)) || ct_channels_step(r->channels, CT_MINUTE) < CT_MINUTE) {
        bool woken;
        assert_true(ct_mono_ms() < give_up);
        if (!r->http)
            usleep(5000);
        else if (ct_http_poll(r->http, 5, -1, &woken, &r->f->err) != CT_OK)
            fail_msg("%s", r->f->err.what);
    }
}

/* Goes on for so many minutes: a fetch each minute, a step when the engine wants one, at most 15 s
 * apart. */
static inline void ride(struct ride *r, int minutes)
{
    int64_t till = r->now + minutes * CT_MINUTE, fetch_ms = r->now;
    while (r->now < till) {
        if (r->now >= fetch_ms) {
            fetch_all(r);
            fetch_ms += CT_MINUTE;
        }
        (void)ct_engine_step(r->e, r->now, r->boot);
        settle(r);
        int64_t wait = ct_engine_step(r->e, r->now, r->boot); /* what came back may have set another time */
        if (r->watch)
            r->watch(r);
        wait = wait < 250 ? 250 : wait;
        wait = r->now + wait > fetch_ms ? fetch_ms - r->now : wait;
        r->now += wait;
        r->boot += wait;
    }
}

static inline int64_t count_of(struct ride *r, const char *sql)
{
    char *text = table(r->f, sql);
    int64_t n = strtoll(text, NULL, 10);
    free(text);
    return n;
}

#define CHANGES                                                                                    \
    "SELECT group_concat(was || '>' || now, ' ') FROM (SELECT * FROM alert_change WHERE rule<>"    \
    "'source_stale' ORDER BY id)"
#define TOLD "SELECT group_concat(kind, ' ') FROM (SELECT * FROM alert_delivery WHERE kind < 5 ORDER BY id)"

#endif
