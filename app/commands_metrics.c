/* `metrics`: how well all of it runs, as text that Prometheus' node exporter picks up from a folder (its
 * textfile collector). Nothing listens: a timer writes the file. What is not known has no line. */
#include "config.h"

#include "app/command.h"
#include "db/alerts.h"
#include "db/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ALIVE_MS (2 * CT_MINUTE) /* a fetcher beats every few seconds */

struct page {
    struct ct_buf text;
    const char *name; /* of the metric whose lines follow */
};

static void metric(struct page *p, const char *name, const char *help)
{
    p->name = name;
    ct_buf_addf(&p->text, "# HELP cloudtape_%s %s\n# TYPE cloudtape_%s gauge\n", name, help, name);
}

/* `key="value"`; in a value a backslash, a quote and an end of line are written with a backslash. */
static void add_label(struct ct_buf *b, const char *before, const char *key, struct ct_span value)
{
    ct_buf_addf(b, "%s%s=\"", before, key);
    for (size_t i = 0; i < value.n; i++) {
        if (strchr("\\\"", value.p[i]) && value.p[i])
            ct_buf_addc(b, '\\');
        if (value.p[i] == '\n')
            ct_buf_adds(b, "\\n");
        else
            ct_buf_addc(b, value.p[i]);
    }
    ct_buf_addc(b, '"');
}

/* VALUE in thousandths. */
static void add_value(struct ct_buf *b, int64_t milli)
{
    char text[CT_DECIMAL_MAX];
    ct_decimal_format(text, milli, 3);
    ct_buf_addf(b, " %s\n", text);
}

static void put(struct page *p, int64_t milli)
{
    if (milli == CT_NONE)
        return;
    ct_buf_addf(&p->text, "cloudtape_%s", p->name);
    add_value(&p->text, milli);
}

static void put_count(struct page *p, int64_t n)
{
    if (n != CT_NONE)
        ct_buf_addf(&p->text, "cloudtape_%s %" PRId64 "\n", p->name, n);
}

/* ---- sources ---- */

struct label {
    const char *key;
    struct ct_span value;
};

/* Which of WORDS it is now: a line a word, 1 or 0. LABELS end without a key. */
static void put_words(struct page *p, const struct label *labels, const char *const *words, int now)
{
    for (int w = 0; words[w]; w++) {
        ct_buf_addf(&p->text, "cloudtape_%s", p->name);
        for (size_t i = 0; labels[i].key; i++)
            add_label(&p->text, i ? "," : "{", labels[i].key, labels[i].value);
        add_label(&p->text, ",", "state", ct_span(words[w]));
        ct_buf_addf(&p->text, "} %d\n", w == now);
    }
}

static const struct of_source {
    const char *name, *help;
    size_t off;
    int64_t milli; /* thousandths in one of the field's unit */
} of_sources[] = {
    {"source_last_success_timestamp_seconds", "When a source last gave a good answer.",
     offsetof(struct ct_source_row, last_success_ms), 1},
    {"source_last_attempt_timestamp_seconds", "When it was last asked.",
     offsetof(struct ct_source_row, last_attempt_ms), 1},
    {"source_interval_seconds", "How often it is asked.", offsetof(struct ct_source_row, interval_s), 1000},
    {"source_failures", "Failures in a row.", offsetof(struct ct_source_row, failures), 1000},
    {"source_rows", "Rows of its last good answer.", offsetof(struct ct_source_row, rows), 1000},
    {"source_left_out", "What that answer held and was left out on purpose.",
     offsetof(struct ct_source_row, left_out), 1000},
    {"source_latency_seconds", "How long the last attempt took.", offsetof(struct ct_source_row, latency_ms), 1},
};

static void put_sources(struct page *p, struct ct_rows rows)
{
    const struct ct_source_row *v = rows.v;
    metric(p, "source_state", "1 for the state a source is in, by the age of its last good answer.");
    for (size_t i = 0; i < rows.n; i++) {
        struct ct_span kind = ct_span(v[i].kind < 0 ? "" : ct_source_kind_words[v[i].kind]);
        const struct label labels[] = {{"source", v[i].id}, {"kind", kind}, {NULL, CT_SPAN_NONE}};
        if (v[i].state != CT_OFF)
            put_words(p, labels, ct_freshness_words, v[i].state);
    }
    for (size_t k = 0; k < CT_LEN(of_sources); k++) {
        const struct of_source *of = &of_sources[k];
        metric(p, of->name, of->help);
        for (size_t i = 0; i < rows.n; i++) {
            int64_t value;
            memcpy(&value, (const char *)&v[i] + of->off, sizeof value);
            if (v[i].state == CT_OFF || value == CT_NONE)
                continue;
            ct_buf_addf(&p->text, "cloudtape_%s", of->name);
            add_label(&p->text, "{", "source", v[i].id);
            ct_buf_addc(&p->text, '}');
            add_value(&p->text, ct_muldiv(value, of->milli, 1));
        }
    }
}

/* ---- providers, alerts, the rest ---- */

static void put_providers(struct page *p, struct ct_rows rows)
{
    const struct ct_status_row *v = rows.v;
    metric(p, "provider_state", "1 for the state a provider is in; unknown is none of the others.");
    for (size_t i = 0; i < rows.n; i++) {
        const struct label labels[] = {
            {"provider", v[i].provider}, {"scope", v[i].scope}, {"source", v[i].source}, {NULL, CT_SPAN_NONE}};
        put_words(p, labels, ct_state_words, v[i].state);
    }
}

static void put_alerts(struct page *p, struct ct_rows rows)
{
    const struct ct_alert_row *v = rows.v;
    int64_t n[CT_ALERT_RESOLVED + 1][CT_SEV_CRITICAL + 1] = {{0}}, failed = 0;
    for (size_t i = 0; i < rows.n; i++) {
        if (v[i].state >= 0 && v[i].state <= CT_ALERT_RESOLVED && v[i].severity >= 0 && v[i].severity <= CT_SEV_CRITICAL)
            n[v[i].state][v[i].severity]++;
        failed += v[i].failed;
    }
    metric(p, "alerts", "Open alerts; resolved ones for a quarter of an hour.");
    for (int state = CT_ALERT_PENDING; state <= CT_ALERT_RESOLVED; state++)
        for (int severity = 0; severity <= CT_SEV_CRITICAL; severity++)
            ct_buf_addf(&p->text, "cloudtape_alerts{state=\"%s\",severity=\"%s\"} %" PRId64 "\n",
                        ct_alert_state_words[state], ct_severity_words[severity], n[state][severity]);
    metric(p, "alert_deliveries_failed", "Messages about open alerts that reached nobody.");
    put_count(p, failed);
}

static void put_file(struct page *p, const char *path, const char *ending)
{
    struct ct_buf name = CT_BUF_INIT;
    struct stat st;
    ct_buf_addf(&name, "%s%s", path, ending);
    if (stat(name.p, &st) == 0)
        put_count(p, (int64_t)st.st_size);
    ct_buf_free(&name);
}

static void put_summary(struct page *p, const struct ct_call *c, const struct ct_summary *s)
{
    bool alive = s->fetcher.p && s->fetcher_beat_ms != CT_NONE && c->now_ms - s->fetcher_beat_ms <= ALIVE_MS;
    metric(p, "fetcher_alive", "1 while a fetcher holds the database and beats.");
    put_count(p, alive);
    metric(p, "fetcher_beat_timestamp_seconds", "When a fetcher last said that it lives.");
    put(p, s->fetcher_beat_ms);
    metric(p, "fetcher_cannot_store", "1 while something keeps the fetcher from storing.");
    put_count(p, s->trouble.n > 0);
    metric(p, "offline_since_timestamp_seconds", "Since when no source can be reached at all; no line: some can.");
    put(p, s->offline_since_ms);
    metric(p, "series", "Recorded series.");
    put_count(p, s->series);
    metric(p, "samples", "Recorded samples.");
    put_count(p, s->samples);
    metric(p, "database_bytes", "Size of the database file.");
    put_file(p, c->db.p, "");
    metric(p, "database_log_bytes", "Size of its write-ahead log.");
    put_file(p, c->db.p, "-wal");
}

static enum ct_status read_all(struct ct_call *c, struct ct_reader *r, struct page *p)
{
    struct ct_query q = ct_call_query(c);
    struct ct_summary s;
    struct ct_rows rows = {NULL, 0};
    enum ct_status status = ct_read_summary(r, &q, c->arena, &s, &c->err);
    if (status == CT_OK)
        put_summary(p, c, &s);
    if (status == CT_OK && (status = ct_read_sources(r, &q, c->arena, &rows, &c->err)) == CT_OK)
        put_sources(p, rows);
    if (status == CT_OK && (status = ct_read_status(r, &q, c->arena, &rows, &c->err)) == CT_OK)
        put_providers(p, rows);
    if (status == CT_OK && (status = ct_read_alerts(r, &q, c->arena, &rows, &c->err)) == CT_OK)
        put_alerts(p, rows);
    return status;
}

int ct_cmd_metrics(struct ct_call *c)
{
    struct ct_reader *r = NULL;
    struct page p = {.text = CT_BUF_INIT};
    metric(&p, "build_info", "Which program wrote this.");
    ct_buf_addf(&p.text, "cloudtape_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
    metric(&p, "metrics_timestamp_seconds", "When this was read: an old file is no news.");
    put(&p, c->now_ms);
    enum ct_status status = ct_call_reader(c, &r);
    if (status == CT_OK)
        status = read_all(c, r, &p);
    ct_call_reader_close(c, r);
    int code = status == CT_OK              ? ct_output_flush(&p.text)
               : status == CT_ERR_NOT_FOUND ? ct_no_data(c)
                                            : ct_report(&c->err);
    ct_buf_free(&p.text);
    return code;
}
