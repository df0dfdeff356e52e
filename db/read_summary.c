/* Line 1 and the whole: how many sources, the worst of them, who fetches, how large the file is. */
#include "db/base/text.h"
#include "db/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_note(const struct ct_reader *r)
{
    struct ct_buf path = CT_BUF_INIT;
    ct_buf_addf(&path, "%s.lock", r->path);
    int fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ct_buf_free(&path);
    return fd;
}

/* What a living fetcher of this machine noted in its lock file: since when, its pid, why. */
static void read_trouble(struct ct_reader *r, struct ct_summary *out)
{
    char text[257] = "";
    int64_t since, pid;
    int fd = r->live ? open_note(r) : -1;
    ssize_t n = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : 0;
    if (fd >= 0)
        (void)close(fd);
    struct ct_span rest = ct_span(n > 0 ? text : "");
    if (ct_span_int(ct_span_cut(&rest, ' '), &since) != CT_OK ||
        ct_span_int(ct_span_cut(&rest, ' '), &pid) != CT_OK || pid <= 0 || pid > INT32_MAX || !rest.n ||
        (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
        return;
    const char *cure = strstr(rest.p, "; "); /* what to do about it is for commands to say */
    if (cure)
        rest.n = (size_t)(cure - rest.p);
    out->trouble = ct_clean_name(r->arena, rest);
    out->trouble_since_ms = since;
}

static void read_lease(struct ct_reader *r, struct ct_summary *out)
{
    sqlite3_stmt *st = ct_use(r, SQL_LEASE, 0);
    if (!ct_step(r, st))
        return;
    out->fetcher_beat_ms = ct_col_must(st, 2);
    /* A clock that jumps back must not make a living fetcher look dead; a beat from tomorrow is no
     * life sign. */
    int64_t silent = r->t - out->fetcher_beat_ms;
    if (r->live && silent < 30 * CT_SECOND && silent > -CT_MINUTE) {
        struct ct_span host = ct_col_text(r, st, 1);
        out->fetcher = ct_arena_printf(r->arena, "pid %lld on %.*s", (long long)ct_col_int(st, 0),
                                       CT_FMT(host));
        out->clock_ahead_ms = ct_meta(r, "ahead_ms");
    }
    sqlite3_reset(st);
}

static int64_t file_bytes(const struct ct_reader *r)
{
    struct ct_buf name = CT_BUF_INIT;
    struct stat file;
    int64_t bytes = stat(r->path, &file) == 0 ? (int64_t)file.st_size : 0;
    ct_buf_addf(&name, "%s-wal", r->path);
    if (stat(name.p, &file) == 0)
        bytes += (int64_t)file.st_size;
    ct_buf_free(&name);
    return bytes;
}

static void count_source(const struct ct_source_at *s, struct ct_summary *out)
{
    out->sources++;
    out->sources_fresh += s->freshness == CT_FRESH;
    out->sources_waiting += s->freshness == CT_WAITING;
    out->sources_failing += s->failures > 0;
    if (s->last_success_ms == CT_NONE)
        return;
    if (out->oldest_ms == CT_NONE || s->last_success_ms < out->oldest_ms)
        out->oldest_ms = s->last_success_ms;
    if (out->newest_ms == CT_NONE || s->last_success_ms > out->newest_ms)
        out->newest_ms = s->last_success_ms;
}

bool ct_clock_off(const struct ct_summary *s, char out[CT_TIME_MAX])
{
    char length[CT_TIME_MAX];
    int64_t ahead = s->clock_ahead_ms;
    bool off = ahead != CT_NONE && !s->simulated && (ahead >= CT_CLOCK_OFF_MS || ahead <= -CT_CLOCK_OFF_MS);
    out[0] = '\0';
    if (off) {
        ct_age_format(length, ahead > 0 ? ahead : -ahead);
        snprintf(out, CT_TIME_MAX, "%.20s %s", length, ahead > 0 ? "ahead" : "behind");
    }
    return off;
}

enum ct_status ct_read_summary(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_summary *out, struct ct_error *err)
{
    *out = (struct ct_summary){
        .oldest_ms = CT_NONE,
        .newest_ms = CT_NONE,
        .offline_since_ms = CT_NONE,
        .fetcher_beat_ms = CT_NONE,
        .clock_ahead_ms = CT_NONE,
        .worst_state = CT_STATE_OPERATIONAL,
        .simulated = r->simulated,
    };
    ct_load_begin(r, q, a, err);
    struct ct_source_list list = ct_sources_at(r);
    const struct ct_source_at *worst = NULL;
    int64_t worst_since = CT_NONE;
    for (size_t i = 0; i < list.n; i++) {
        const struct ct_source_at *s = &list.v[i];
        if (ct_counts(r, s))
            count_source(s, out);
        if (!ct_status_counts(r, s))
            continue;
        struct ct_scope_state state = ct_scope_state(r, s);
        out->count[state.state]++;
        bool worse = state.state > out->worst_state ||
                     (worst && state.state == out->worst_state && state.since_ms > worst_since);
        if (worse && state.state >= CT_STATE_UNKNOWN && s->freshness != CT_WAITING) {
            worst = s;
            worst_since = state.since_ms;
            out->worst_state = state.state;
        }
    }
    if (worst) {
        char age[CT_TIME_MAX] = "";
        if (worst_since != CT_NONE)
            ct_age_format(age, r->t - worst_since);
        struct ct_span where = ct_source_where(r, worst);
        out->worst = ct_arena_printf(a, "%.*s %s%s%s", CT_FMT(where),
                                     ct_state_short(out->worst_state), *age ? " " : "", age);
    }
    out->offline_since_ms = ct_offline_since(r, &list);
    read_lease(r, out);
    read_trouble(r, out);
    out->recording_since_ms = ct_meta(r, "first_ms");
    out->samples = r->live ? ct_samples_count(r->samples) : CT_NONE;
    int64_t series = ct_meta(r, "series");
    out->series = series == CT_NONE ? 0 : series;
    out->db_bytes = file_bytes(r);
    return ct_load_end(r);
}
