/* --plain: the dashboard as sentences, a line each, for screen readers and terminals that cannot place a cursor: how
 * things are, then every change as it happens. */
#include "config.h"

#include "app/command.h"
#include "app/spawn.h"
#include "db/base/paths.h"
#include "tui/views/common.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add_moment(struct ct_buf *out, int64_t ms)
{
    struct ct_civil at;
    ct_civil_from_ms(ms, &at);
    ct_buf_addf(out, "%02d-%02d %02d:%02d UTC", at.month, at.day, at.hour, at.minute);
}

void ct_plain_event(struct ct_buf *out, const struct ct_event_row *e)
{
    int64_t was = e->old_value, is = e->new_value;
    add_moment(out, e->at_ms);
    ct_buf_adds(out, ": ");
    ct_view_event_who(out, e);
    if (e->kind == CT_EVENT_PRICE && was != CT_NONE && is != CT_NONE) {
        if (e->field.n && ct_span_starts(e->series, "token/"))
            ct_buf_addf(out, " %.*s", CT_FMT(e->field));
        ct_buf_adds(out, " now costs ");
        ct_format_price(out, is);
        ct_buf_addc(out, ' ');
        ct_view_unit(out, e->unit);
        ct_buf_adds(out, ", was ");
        ct_format_price(out, was);
        ct_buf_adds(out, e->suspect == 1 ? "; suspect, not confirmed yet" : "");
    } else if (e->kind == CT_EVENT_STOCK && was >= 0 && was < 4 && is >= 0 && is < 4) {
        ct_buf_addf(out, ": %s, was %s", ct_stock_phrases[is], ct_stock_phrases[was]);
    } else {
        ct_buf_adds(out, ": ");
        ct_view_event_what(out, e);
    }
    ct_buf_adds(out, ".\n");
}

/* States that can be read aloud. */
static const char *const words[] = {"fine", "in maintenance", "unknown", "degraded", "partly down", "down"};

void ct_plain_status(struct ct_buf *out, const struct ct_status_row *s)
{
    ct_buf_add(out, s->provider);
    ct_buf_addf(out, "%s%.*s is %s", s->scope.n ? "/" : "", CT_FMT(s->scope),
                words[s->state < 0 ? CT_STATE_UNKNOWN : s->state]);
    if (s->since_ms != CT_NONE && s->state != CT_STATE_OPERATIONAL) {
        ct_buf_adds(out, " since ");
        add_moment(out, s->since_ms);
    }
    if (s->reason.n)
        ct_buf_addf(out, ": %.*s", CT_FMT(s->reason));
    if (s->measured.n)
        ct_buf_addf(out, "; measured: %.*s", CT_FMT(s->measured));
    if (s->seen_ms == CT_NONE) {
        ct_buf_adds(out, "; never seen");
    } else {
        ct_buf_adds(out, "; seen ");
        add_moment(out, s->seen_ms);
    }
    ct_buf_adds(out, ".\n");
}

/* "5 provider scopes: 1 degraded, 4 fine. The worst is aurora/cloud, degraded." Worst first. */
static void add_summary(struct ct_buf *out, const struct ct_summary *s)
{
    int64_t all = 0;
    for (size_t i = 0; i < CT_LEN(s->count); i++)
        all += s->count[i];
    if (s->simulated)
        ct_buf_adds(out, "DEMO: this market is simulated. ");
    ct_buf_addf(out, "%lld provider scopes:", (long long)all);
    for (int state = CT_STATE_MAJOR, n = 0; state >= 0; state--)
        if (s->count[state])
            ct_buf_addf(out, "%s %lld %s", n++ ? "," : "", (long long)s->count[state], words[state]);
    ct_buf_adds(out, ".");
    struct ct_span rest = s->worst, who = ct_span_cut(&rest, ' ');
    if (who.n)
        ct_buf_addf(out, " The worst is %.*s, %s.", CT_FMT(who), words[s->worst_state]);
    ct_buf_addf(out, " %lld of %lld sources are fresh.\n", (long long)s->sources_fresh, (long long)s->sources);
}

/* ---- whether the silence between two changes means that nothing changed ---- */

enum { RECORD_LIVE, RECORD_OLD, RECORD_OFFLINE, RECORD_STUCK };
#define RECORD_EVERY_MS (5 * CT_SECOND)

static int record_of(const struct ct_summary *s)
{
    return s->trouble.n                      ? RECORD_STUCK
           : s->offline_since_ms != CT_NONE ? RECORD_OFFLINE
           : ct_view_is_old(s)              ? RECORD_OLD
                                            : RECORD_LIVE;
}

static void add_record(struct ct_buf *out, const struct ct_summary *s, int record, int64_t now_ms)
{
    add_moment(out, now_ms);
    switch (record) {
    case RECORD_STUCK:
        ct_buf_addf(out, ": NOT STORED: %.*s, since ", CT_FMT(s->trouble));
        add_moment(out, s->trouble_since_ms);
        break;
    case RECORD_OFFLINE:
        ct_buf_adds(out, ": OFFLINE: no source can be reached, since ");
        add_moment(out, s->offline_since_ms);
        break;
    case RECORD_OLD:
        ct_buf_adds(out, ": DATA IS OLD: no source is fresh, the newest answer is of ");
        add_moment(out, s->newest_ms);
        break;
    default:
        ct_buf_addf(out, ": data is fresh again: %lld of %lld sources", (long long)s->sources_fresh,
                    (long long)s->sources);
    }
    ct_buf_adds(out, ".\n");
}

bool ct_plain_record(struct ct_plain_record *p, struct ct_reader *r)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = ct_now_ms()};
    struct ct_buf text = CT_BUF_INIT;
    struct ct_summary s;
    bool heard = true;
    if (ct_mono_ms() >= p->next_ms && ct_read_summary(r, &q, a, &s, NULL) == CT_OK) {
        int record = record_of(&s);
        if (record != p->told)
            add_record(&text, &s, record, q.now_ms);
        p->told = record;
        p->next_ms = ct_mono_ms() + RECORD_EVERY_MS;
        heard = fwrite(text.p ? text.p : "", 1, text.n, stdout) == text.n && fflush(stdout) == 0;
    }
    ct_buf_free(&text);
    ct_arena_free(a);
    return heard;
}

static bool tell_summary(struct ct_call *c)
{
    struct ct_reader *r = NULL;
    struct ct_summary s;
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = c->now_ms};
    struct ct_buf text = CT_BUF_INIT;
    struct ct_error e = {0};
    bool ok = ct_reader_open(c->db.p, &r, &e) == CT_OK && ct_read_summary(r, &q, c->arena, &s, &e) == CT_OK;
    if (ok) {
        add_summary(&text, &s);
        (void)ct_output_flush(&text);
        fflush(stdout);
    }
    ct_reader_close(r);
    ct_buf_free(&text);
    return ok;
}

/* No fetcher of real sources serves a simulated market. */
static bool is_simulated(const struct ct_call *c)
{
    struct ct_reader *r = NULL;
    struct ct_error e = {0};
    bool simulated = ct_reader_open(c->db.p, &r, &e) == CT_OK && ct_reader_simulated(r);
    ct_reader_close(r);
    return simulated;
}

int ct_cmd_plain(struct ct_call *c, const char *const *fetch_args)
{
    if (is_simulated(c))
        fetch_args = NULL;
    struct ct_keeper k = {.fd = -1, .child_fd = -1};
    struct ct_buf log = CT_BUF_INIT, folder = CT_BUF_INIT;
    ct_path_state(&folder, "");
    ct_path_state(&log, "fetcher-output.log");
    bool fetching = fetch_args && ct_mkdirs(folder.p, &c->err) == CT_OK &&
                    ct_keeper_init(&k, fetch_args, log.p, &c->err) == CT_OK &&
                    ct_keeper_start(&k, &c->err) == CT_OK; /* one that finds another's lease leaves again */
    if (fetch_args && !fetching)
        (void)ct_report(&c->err);
    if (fetching && access(c->db.p, F_OK) != 0) {
        puts("No data yet: the first sources are being read.");
        fflush(stdout);
    }
    struct pollfd out = {.fd = STDOUT_FILENO, .events = 0};
    bool told = tell_summary(c), heard = true;
    while (fetching && !told && heard) { /* until the first answer is stored, or nobody reads any more */
        heard = poll(&out, 1, 500) <= 0;
        (void)ct_keeper_check(&k);
        told = heard && tell_summary(c);
    }
    int code = heard ? ct_cmd_watch(c) : 0;
    ct_keeper_stop(&k);
    ct_buf_free(&log);
    ct_buf_free(&folder);
    return code;
}
