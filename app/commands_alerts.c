/* alerts (its reading part) and watch. What writes, or needs the rules, is the fetcher's. */
#include "config.h"

#include "app/command.h"
#include "app/spawn.h"
#include "db/alerts.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define WATCH_EVERY_MS 500

/* ---- alerts ---- */

struct listing {
    const char *word;
    const struct ct_table *table;
    ct_load_fn *load;
    const char *columns;
};
static const struct listing listings[] = {
    {"list", &ct_alert_table, ct_read_alerts, "id state severity subject rule since acked_by sent text"},
    {"silences", &ct_silence_table, ct_read_silences,
     "id active matchers author from ends comment matches"},
    {"deliveries", &ct_delivery_table, ct_read_deliveries,
     "at channel kind state attempts answer title"},
    {"history", &ct_alert_change_table, ct_read_alert_changes,
     "at alert subject rule was state text"},
};

/* "4 in 90d, median 37m, last 2026-10-30" */
static void tell_past(struct ct_call *c, struct ct_reader *r, struct ct_span id)
{
    struct ct_query q = ct_call_query(c);
    struct ct_alert_past p;
    char median[CT_TIME_MAX] = "", last[CT_TIME_MAX] = "";
    if (ct_read_alert_past(r, &q, id, &p, &c->err) != CT_OK)
        return;
    if (p.median_ms != CT_NONE)
        ct_age_format(median, p.median_ms);
    if (p.last_ms != CT_NONE)
        ct_time_format(last, p.last_ms);
    ct_note(c, ct_arena_dup(c->arena, id).p, "fired %" PRId64 " times in 90d%s%s%s%.10s", p.fired,
            median[0] ? ", median " : "", median, last[0] ? ", last " : "", last);
}

static int print_listing(struct ct_call *c, const struct listing *l, size_t first_word,
                         struct ct_span subject)
{
    struct ct_reader *r = NULL;
    struct ct_query q = ct_call_query(c);
    struct ct_envelope e;
    struct ct_rows rows = {NULL, 0};
    q.subject = subject;
    q.gone = c->flag[CT_FLAG_GONE] != NULL;
    enum ct_status status = ct_call_window(c, &q);
    if (status == CT_OK)
        status = ct_call_reader(c, &r);
    if (status == CT_OK)
        status = l->load(r, &q, c->arena, &rows, &c->err);
    else if (status == CT_ERR_NOT_FOUND)
        status = CT_OK;
    if (status == CT_OK)
        status = ct_call_envelope(c, r, CT_KINDS_ALL, &e);
    if (status == CT_OK && r && subject.p && l->load == ct_read_alert_changes && rows.n)
        tell_past(c, r, ((const struct ct_alert_change_row *)rows.v)->alert);
    ct_reader_close(r);
    return status == CT_OK
               ? ct_print_rows(c, l->table, rows, l->columns, "", first_word, &e)
               : ct_report(&c->err);
}

int ct_cmd_alerts(struct ct_call *c)
{
    static const char *const work[] = {"ack",  "silence", "unsilence", "extend",    "rule",
                                       "test", "lint",    "why",       "send-test", NULL};
    const char *word = c->n_words > 0 ? c->words[0] : "list";
    if (ct_word(work, ct_span(word)) >= 0)
        return ct_fetcher_exec(c->argv, &c->err) == CT_OK ? 0 : ct_report(&c->err);
    for (enum ct_flag f = CT_FLAG_FOR; f <= CT_FLAG_SINCE; f++)
        if (c->flag[f])
            return ct_usage("alerts", "--%s goes with %s", ct_flag_defs[f].word,
                            f == CT_FLAG_SINCE ? "test" : "ack or silence");
    for (size_t i = 0; i < CT_LEN(listings); i++)
        if (strcmp(word, listings[i].word) == 0) {
            bool about = i > 1 && c->n_words > 1;
            return print_listing(c, &listings[i], c->n_words == 0 ? 0 : about ? 2 : 1,
                                 about ? ct_span(c->words[1]) : CT_SPAN_NONE);
        }
    return print_listing(c, &listings[0], 0, CT_SPAN_NONE);
}

/* ---- watch ---- */

/* An event's name in the stream: its moment and its hash; what follows it is newer. */
static void event_name(char out[48], const struct ct_event_row *e)
{
    (void)snprintf(out, 48, "%" PRId64 "-%016" PRIx64, e->at_ms, (uint64_t)e->id);
}

static bool read_name(const char *text, int64_t *at, uint64_t *id)
{
    int used = 0;
    return sscanf(text, "%" SCNd64 "-%16" SCNx64 "%n", at, id, &used) == 2 && !text[used];
}

static bool behind(const struct ct_event_row *e, int64_t at, uint64_t id)
{
    return e->at_ms > at || (e->at_ms == at && (uint64_t)e->id > id);
}

/* ALIKE: so many alerts say the same. */
static bool print_event(const struct ct_call *c, const struct ct_event_row *e, size_t alike)
{
    struct ct_buf b = CT_BUF_INIT;
    char name[48], at[CT_TIME_MAX], subject[32];
    event_name(name, e);
    if (c->flag[CT_FLAG_PLAIN]) {
        struct ct_event_row one = *e;
        snprintf(subject, sizeof subject, "%zu alerts", alike);
        one.subject = alike > 1 ? ct_span(subject) : e->subject;
        ct_plain_event(&b, &one);
    } else if (c->output.format == CT_FORMAT_TEXT) {
        ct_time_format(at, e->at_ms);
        ct_buf_addf(&b, "%s\t%s\t%s\t%.*s\t%.*s\t%s\n", at,
                    e->kind < 0 ? "-" : ct_event_kind_words[e->kind],
                    e->severity < 0 ? "-" : ct_severity_words[e->severity], CT_FMT(e->subject),
                    CT_FMT(e->text), name);
    } else {
        struct ct_jw w;
        ct_jw_init(&w, &b);
        ct_row_json(&w, &ct_event_table, e, NULL);
        while (b.n && (b.p[b.n - 1] == '\n' || b.p[b.n - 1] == '}'))
            b.n--;
        ct_buf_addf(&b, ",\"event\":\"%s\"}\n", name);
    }
    bool ok = fwrite(b.p, 1, b.n, stdout) == b.n && fflush(stdout) == 0;
    ct_buf_free(&b);
    return ok;
}

struct watching {
    struct ct_reader *r;
    int64_t at_ms, version;
    uint64_t id;
};

/* How many alerts from E[AT] down say the same within a minute: a storm is one sentence. */
static size_t alike(const struct ct_event_row *e, size_t at)
{
    size_t n = 1;
    while (e[at].kind == CT_EVENT_ALERT && n <= at && e[at - n].kind == CT_EVENT_ALERT &&
           e[at - n].at_ms - e[at].at_ms < CT_MINUTE && ct_span_eq(e[at - n].text, e[at].text))
        n++;
    return n > 3 ? n : 1;
}

/* Everything behind the last event told; oldest first. False: nobody reads any more, or an error. */
static bool tell_news(struct ct_call *c, struct watching *w, int *code)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = ct_now_ms(), .from_ms = w->at_ms};
    struct ct_rows rows = {NULL, 0};
    struct ct_filter *f = NULL;
    struct ct_buf text = CT_BUF_INIT;
    for (size_t i = 0; i < c->n_words; i++)
        ct_buf_addf(&text, "%s ", c->words[i]);
    if (c->flag[CT_FLAG_FILTER])
        ct_buf_adds(&text, c->flag[CT_FLAG_FILTER]);
    enum ct_status st =
        ct_filter_compile(&ct_event_table, ct_buf_span(&text), q.now_ms, a, &f, &c->err);
    if (st == CT_OK)
        st = ct_read_events(w->r, &q, a, &rows, &c->err);
    bool ok = st == CT_OK;
    if (!ok)
        *code = ct_report(&c->err);
    const struct ct_event_row *e = rows.v;
    for (size_t i = rows.n; ok && i-- > 0;) {
        if (!behind(&e[i], w->at_ms, w->id))
            continue;
        size_t n = c->flag[CT_FLAG_PLAIN] ? alike(e, i) : 1;
        ok = !ct_filter_match(f, &e[i]) || print_event(c, &e[i], n);
        i -= n - 1;
        w->at_ms = e[i].at_ms;
        w->id = (uint64_t)e[i].id;
    }
    ct_buf_free(&text);
    ct_arena_free(a);
    return ok;
}

int ct_cmd_watch(struct ct_call *c)
{
    struct watching w = {.at_ms = c->now_ms, .version = -1, .id = UINT64_MAX};
    struct ct_plain_record record = {0};
    int code = 0;
    if (c->flag[CT_FLAG_AFTER] && !read_name(c->flag[CT_FLAG_AFTER], &w.at_ms, &w.id))
        return ct_usage("--after", "\"%s\" is no event of a stream", c->flag[CT_FLAG_AFTER]);
    if (c->flag[CT_FLAG_SINCE]) {
        if (ct_time_parse_user(ct_span(c->flag[CT_FLAG_SINCE]), c->now_ms, &w.at_ms, &c->err) !=
            CT_OK)
            return ct_usage("--since", "%s", c->err.what);
        w.at_ms--;
    }
    enum ct_status st = ct_call_reader(c, &w.r);
    if (st != CT_OK)
        return st == CT_ERR_NOT_FOUND ? ct_no_data(c) : ct_report(&c->err);
    for (bool go_on = true; go_on;) {
        int64_t version = ct_reader_version(w.r);
        struct pollfd out = {.fd = fileno(stdout), .events = 0};
        if (version != w.version)
            go_on = tell_news(c, &w, &code);
        w.version = version;
        if (go_on && c->flag[CT_FLAG_PLAIN])
            go_on = ct_plain_record(&record, w.r);
        if (go_on && poll(&out, 1, WATCH_EVERY_MS) > 0 && (out.revents & (POLLERR | POLLHUP)))
            go_on = false; /* nobody reads any more */
    }
    ct_reader_close(w.r);
    return code;
}
