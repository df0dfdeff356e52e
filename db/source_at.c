/* Sources as they stood at a moment: their health out of the timeline of attempts, the state that may be
 * claimed of what they watch, and the stretches in which nothing was known. */
#include "db/base/text.h"
#include "db/reader.h"

#include <string.h>

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

size_t ct_attempts_in_row(struct ct_reader *r, sqlite3_stmt *st, int64_t t, struct ct_attempt *v)
{
    const void *p = sqlite3_column_blob(st, 0);
    struct ct_span blob = {p, p ? (size_t)sqlite3_column_bytes(st, 0) : 0};
    size_t n = ct_attempts_unpack(blob, ct_col_text(r, st, 1), v);
    while (n && v[n - 1].at_ms > t)
        n--;
    for (size_t i = 0; i < n; i++) {
        int64_t *const cells[] = {&v[i].at_ms,        &v[i].http_status, &v[i].bytes,   &v[i].rows,    &v[i].changed_rows,
                                  &v[i].latency_ms, &v[i].next_ms,     &v[i].data_ms, &v[i].left_out};
        for (size_t k = 0; k < CT_LEN(cells); k++)
            *cells[k] = ct_cut(*cells[k]);
    }
    return n;
}

static void read_tried(struct ct_reader *r, struct ct_source_at *s)
{
    struct ct_attempt v[CT_ATTEMPTS_MOST];
    sqlite3_stmt *st = r->live ? NULL : ct_use(r, SQL_ATTEMPTS, 2, s->id, r->t);
    s->tried = (struct ct_attempt){.at_ms = CT_NONE};
    while (s->tried.at_ms == CT_NONE && ct_step(r, st)) {
        size_t n = ct_attempts_in_row(r, st, r->t, v);
        if (n)
            s->tried = v[n - 1];
    }
    if (st)
        sqlite3_reset(st);
}

/* The last attempt at or before r->t of the run [FROM, TO] of N of them: as it was kept, or, where single ones
 * are no longer kept, where it stood if they were evenly spread. */
static int64_t last_of_run(const struct ct_reader *r, const struct ct_source_at *s, int64_t from,
                           int64_t to, int64_t n)
{
    if (to <= r->t || r->live)
        return to;
    if (s->tried.at_ms >= from)
        return s->tried.at_ms;
    int64_t step = n > 1 ? max64(1, (to - from) / (n - 1)) : to - from + 1;
    return from + (r->t - from) / step * step;
}

/* How many of the N attempts of that run had been made by r->t. */
static int64_t share_of_run(struct ct_reader *r, const struct ct_source_at *s, int64_t from,
                            int64_t to, int64_t n)
{
    if (to <= r->t || r->live || to <= from)
        return n;
    struct ct_attempt v[CT_ATTEMPTS_MOST];
    int64_t kept = 0;
    bool more = s->tried.at_ms >= from;
    sqlite3_stmt *st = more ? ct_use(r, SQL_ATTEMPTS, 2, s->id, r->t) : NULL;
    while (more && kept < 5000 && ct_step(r, st)) {
        size_t k = ct_attempts_in_row(r, st, r->t, v);
        for (; k && v[k - 1].at_ms >= from; k--)
            kept++;
        more = k == 0; /* the run may have begun in the row before */
    }
    if (st)
        sqlite3_reset(st);
    return kept > 0 ? kept : 1 + ct_muldiv(n - 1, r->t - from, to - from);
}

/* Walks back from r->t to the last good answer. */
static void read_health(struct ct_reader *r, struct ct_source_at *s)
{
    sqlite3_stmt *st = ct_use(r, SQL_POLLS_BACK, 2, s->id, r->at);
    s->last_success_ms = s->last_attempt_ms = s->failing_since_ms = s->rows = CT_NONE;
    while (ct_step(r, st)) {
        int64_t from = ct_col_must(st, 0), to = ct_col_must(st, 1), n = ct_col_must(st, 2);
        int outcome = sqlite3_column_int(st, 3);
        if (s->last_attempt_ms == CT_NONE) {
            s->last_attempt_ms = last_of_run(r, s, from, to, n);
            s->last_imported = sqlite3_column_int(st, 4) != 0;
            s->held = outcome == CT_POLL_HELD;
            if (outcome > CT_POLL_CARRY)
                s->fail_reason = ct_col_text(r, st, 6);
        }
        if (outcome <= CT_POLL_CARRY) {
            s->last_success_ms = last_of_run(r, s, from, to, n);
            s->rows = ct_col_int(st, 5);
            break;
        }
        n = share_of_run(r, s, from, to, n);
        if (outcome == CT_POLL_FAILED)
            s->failures += n < 1000000 ? n : 1000000;
        s->failing_since_ms = from;
    }
    if (st)
        sqlite3_reset(st);
}

static void judge(struct ct_reader *r, struct ct_source_at *s)
{
    s->age_s = CT_NONE;
    if (s->last_success_ms == CT_NONE) {
        bool tried = s->last_attempt_ms != CT_NONE;
        s->freshness = tried ? CT_STALE : s->enabled || !r->live ? CT_WAITING : CT_OFF;
        return;
    }
    int64_t age = max64(0, r->t - s->last_success_ms), interval = max64(1, s->interval_ms);
    s->age_s = age / CT_SECOND;
    if (age > max64(CT_DAY, 4 * interval))
        s->freshness = CT_DEAD;
    else if (age > 4 * interval || s->failures >= 3)
        s->freshness = CT_STALE;
    else
        s->freshness = age > 2 * interval ? CT_LATE : CT_FRESH;
}

/* What the last attempt by r->t measured, in place of what the newest one did. */
static void read_figures(struct ct_source_at *s)
{
    s->newest = s->stored_attempt_ms == s->last_attempt_ms;
    s->left_out = s->stored_attempt_ms = s->http_status = s->bytes = s->changed_rows = s->latency_ms =
        s->next_attempt_ms = s->data_ms = CT_NONE;
    s->error = CT_SPAN_NONE;
    if (s->last_attempt_ms == CT_NONE || s->tried.at_ms != s->last_attempt_ms)
        return; /* imported, or no longer kept */
    s->stored_attempt_ms = s->last_attempt_ms;
    s->http_status = s->tried.http_status;
    s->bytes = s->tried.bytes;
    s->changed_rows = s->tried.changed_rows;
    s->latency_ms = s->tried.latency_ms;
    s->error = s->tried.error;
    s->next_attempt_ms = s->tried.next_ms;
    s->data_ms = s->tried.data_ms;
    s->left_out = s->tried.left_out;
}

static struct ct_source_list read_sources(struct ct_reader *r)
{
    CT_VEC(struct ct_source_at) list = {NULL, 0, 0};
    sqlite3_stmt *st = ct_use(r, SQL_SOURCES, 0);
    while (ct_step(r, st)) {
        struct ct_source_at *s = CT_VEC_PUSH(r->arena, &list);
        if (!s)
            break;
        *s = (struct ct_source_at){
            .id = ct_col_int(st, 0),
            .name = ct_col_text(r, st, 1),
            .family = ct_col_text(r, st, 2),
            .kind = ct_col_enum(st, 3, CT_SOURCE_NEWS),
            .provider = ct_col_text(r, st, 4),
            .scope = ct_col_text(r, st, 5),
            .title = ct_col_text(r, st, 6),
            .url = ct_col_text(r, st, 7),
            .terms = ct_col_text(r, st, 8),
            .evidence = ct_col_enum(st, 9, CT_EVIDENCE_MEASURED),
            .interval_ms = ct_col_must(st, 10),
            .enabled = sqlite3_column_int(st, 11) != 0,
            .off_reason = ct_col_text(r, st, 12),
            .part_of_list = sqlite3_column_int(st, 13) != 0,
            .stored_attempt_ms = ct_col_int(st, 14),
            .next_attempt_ms = ct_col_int(st, 15),
            .http_status = ct_col_int(st, 16),
            .bytes = ct_col_int(st, 17),
            .stored_rows = ct_col_int(st, 18),
            .changed_rows = ct_col_int(st, 19),
            .latency_ms = ct_col_int(st, 20),
            .error = ct_col_text(r, st, 21),
            .data_ms = ct_col_int(st, 22),
            .pending_n = sqlite3_column_int64(st, 23),
            .page_url = ct_col_text(r, st, 25),
            .page_indicator = ct_col_text(r, st, 26),
            .unproven = sqlite3_column_int(st, 27) == 1,
            .parser = ct_col_int(st, 28),
        };
    }
    for (size_t i = 0; i < list.n; i++) {
        read_tried(r, &list.v[i]);
        read_health(r, &list.v[i]);
        judge(r, &list.v[i]);
        if (!r->live)
            read_figures(&list.v[i]);
    }
    return (struct ct_source_list){list.v, list.n};
}

/* Every loader begins with them: those of one moment are read once a commit. */
struct ct_source_list ct_sources_at(struct ct_reader *r)
{
    struct ct_arena *answer = r->arena;
    struct ct_source_list list = {NULL, 0};
    struct ct_moment *m = ct_kept_moment(r);
    if (m && m->sources)
        return *m->sources;
    if (m) {
        r->arena = m->arena;
        list = read_sources(r);
        struct ct_source_list *kept = ct_arena_alloc(m->arena, sizeof *kept);
        if (kept && r->status == CT_OK) { /* else cut short, perhaps */
            *kept = list;
            m->sources = kept;
        }
        r->arena = answer;
    }
    return list;
}

const struct ct_source_at *ct_source_by_id(const struct ct_source_list *list, int64_t id)
{
    size_t low = 0, high = list->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->v[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->n && list->v[low].id == id ? &list->v[low] : NULL;
}

struct ct_span ct_failure_words(struct ct_span url, struct ct_span text)
{
    struct ct_span rest = text;
    for (size_t i = 0; i + 2 < url.n; i++) {
        if (memcmp(url.p + i, "://", 3) != 0)
            continue;
        struct ct_span tail = {url.p + i + 3, url.n - i - 3}, host = ct_span_cut(&tail, '/');
        if (rest.n <= host.n || !ct_span_ieq((struct ct_span){rest.p, host.n}, host))
            return text;
        rest.p += host.n;
        rest.n -= host.n;
        size_t skip = 0; /* ":443" and ": " */
        if (rest.n > 1 && rest.p[0] == ':' && rest.p[1] >= '0' && rest.p[1] <= '9')
            for (skip = 1; skip < rest.n && rest.p[skip] >= '0' && rest.p[skip] <= '9';)
                skip++;
        if (skip + 2 >= rest.n || memcmp(rest.p + skip, ": ", 2) != 0)
            return text;
        return (struct ct_span){rest.p + skip + 2, rest.n - skip - 2};
    }
    return text;
}

struct ct_span ct_unreadable_reason(struct ct_reader *r, const struct ct_source_at *s)
{
    char age[CT_TIME_MAX];
    if (s->fail_reason.n)
        return ct_failure_words(s->url, s->fail_reason);
    if (s->held)
        return CT_LIT("the answer is held back as suspicious");
    if (s->last_success_ms == CT_NONE)
        return s->off_reason.n ? s->off_reason : CT_LIT("no answer yet");
    if (!r->live)
        return CT_LIT("not recorded");
    ct_age_format(age, r->t - s->last_success_ms);
    return ct_arena_printf(r->arena, "no answer for %s", age);
}

struct ct_span ct_source_where(struct ct_reader *r, const struct ct_source_at *s)
{
    if (!s->provider.n)
        return s->name;
    if (!s->scope.n)
        return s->provider;
    return ct_arena_printf(r->arena, "%.*s/%.*s", CT_FMT(s->provider), CT_FMT(s->scope));
}

/* How old the own time of an answer may be when it arrives; CT_NONE: it says nothing about that. */
static int64_t still_after(const struct ct_source_at *s)
{
    static const struct {
        const char *family;
        int64_t ms;
    } limits[] = {
        {"statuspage-", 45 * CT_DAY}, /* moves with every incident */
        {"azure-rss", 6 * CT_HOUR},   /* when it was rendered: with every poll, but for caches */
    };
    for (size_t i = 0; i < CT_LEN(limits); i++)
        if (ct_span_starts(s->family, limits[i].family))
            return limits[i].ms;
    return CT_NONE;
}

bool ct_stands_still(const struct ct_source_at *s)
{
    int64_t limit = still_after(s);
    return limit != CT_NONE && s->data_ms != CT_NONE && s->last_success_ms != CT_NONE &&
           s->last_success_ms - s->data_ms > limit;
}

struct ct_scope_state ct_scope_state(struct ct_reader *r, const struct ct_source_at *s)
{
    struct ct_scope_state out = {CT_STATE_UNKNOWN, -1, CT_NONE};
    struct ct_asof v = {CT_NONE, CT_NONE, 0};
    int64_t series = CT_NONE;
    sqlite3_stmt *st = ct_use(r, SQL_SERIES_OF, 2, s->id, (int64_t)CT_SERIES_PROVIDER);
    if (ct_step(r, st)) {
        series = ct_col_int(st, 0);
        v = ct_asof_row(r, st, 0);
        sqlite3_reset(st);
    }
    /* The third failure in a row is written down as unknown; what was known before is older. */
    if (v.at_ms != CT_NONE && s->last_success_ms != CT_NONE && v.at_ms > s->last_success_ms)
        v = ct_asof(r, series, s->last_success_ms);
    if (v.value >= CT_STATE_OPERATIONAL && v.value <= CT_STATE_MAJOR) {
        out.raw = (int)v.value;
        out.since_ms = v.at_ms;
    }
    if (ct_readable(s) && out.raw >= 0)
        out.state = out.raw;
    else
        out.since_ms = s->last_success_ms != CT_NONE ? s->last_success_ms : s->failing_since_ms;
    if (out.state == CT_STATE_OPERATIONAL && ct_stands_still(s))
        out = (struct ct_scope_state){CT_STATE_UNKNOWN, out.raw, s->data_ms + still_after(s)};
    return out;
}

bool ct_status_counts(struct ct_reader *r, const struct ct_source_at *s)
{
    if (s->kind != CT_SOURCE_STATUS)
        return false;
    if (ct_counts(r, s))
        return true;
    if (!s->last_imported || s->last_success_ms == CT_NONE)
        return false;
    return ct_readable(s) || (r->t - s->last_success_ms <= CT_INCIDENT_STALE_MS &&
                              ct_scope_state(r, s).raw >= CT_STATE_DEGRADED);
}

/* ---- gaps ---- */

struct gap_walk {
    struct ct_reader *r;
    struct ct_gaps *out;
    int64_t from, to, limit; /* the window; the widest pause that is none */
};

static void add_gap(struct gap_walk *w, int64_t from, int64_t to, struct ct_span reason)
{
    from = max64(from, w->from);
    to = to < w->to ? to : w->to;
    if (from >= to)
        return;
    struct ct_gap *last = w->out->v.n ? &w->out->v.v[w->out->v.n - 1] : NULL;
    if (last && last->to_ms == from && ct_span_eq(last->reason, reason)) {
        last->to_ms = to;
        return;
    }
    struct ct_gap *gap = CT_VEC_PUSH(w->r->arena, &w->out->v);
    if (gap)
        *gap = (struct ct_gap){from, to, reason};
}

/* Whether a pause between two imported answers is of the kind this collector makes: no longer than four
 * times the one before or the one behind it. Alone, it is. */
static bool usual_pause(struct ct_reader *r, const struct ct_source_at *s, int64_t from, int64_t to)
{
    int64_t before = CT_NONE, behind = CT_NONE;
    sqlite3_stmt *st = ct_use(r, SQL_POLLS_BACK, 2, s->id, from - 1);
    while (before == CT_NONE && ct_step(r, st))
        if (sqlite3_column_int(st, 3) <= CT_POLL_CARRY && ct_col_must(st, 1) < from)
            before = from - ct_col_must(st, 1);
    if (st)
        sqlite3_reset(st);
    st = ct_use(r, SQL_POLL_NEXT, 3, s->id, to, r->at);
    if (ct_step(r, st))
        behind = ct_col_must(st, 0) - to;
    if (st)
        sqlite3_reset(st);
    int64_t widest = max64(before, behind); /* CT_NONE is less than any */
    return widest == CT_NONE || (to - from) / 4 <= widest;
}

/* The good answer behind a window that ends at END, when that was imported; CT_NONE. */
static int64_t imported_behind(struct ct_reader *r, const struct ct_source_at *s, int64_t end)
{
    int64_t at = CT_NONE;
    sqlite3_stmt *st = ct_use(r, SQL_POLL_NEXT, 3, s->id, end, r->at);
    if (ct_step(r, st) && sqlite3_column_int(st, 1))
        at = ct_col_must(st, 0);
    if (st)
        sqlite3_reset(st);
    return at;
}

void ct_source_gaps(struct ct_reader *r, const struct ct_source_at *s, int64_t from_ms,
                    int64_t to_ms, struct ct_gaps *out)
{
    struct gap_walk w = {r, out, from_ms, to_ms, 2 * s->interval_ms + CT_MINUTE};
    const struct ct_span nobody = CT_LIT("not recorded");
    int64_t good = CT_NONE,
            end = CT_NONE; /* the last good answer; the end of what is told so far */
    bool good_imported = false;
    CT_VEC(struct ct_gap) failed = {NULL, 0, 0}; /* attempts since the last good answer */
    struct ct_polls polls = ct_polls_between(r, s->id, from_ms, to_ms);
    for (size_t k = 0; k <= polls.n && r->status == CT_OK; k++) {
        const struct ct_poll *p = k < polls.n ? &polls.v[k] : NULL; /* behind the last: the end of the window */
        int64_t at = p ? p->from_ms : to_ms, behind = p || !good_imported ? CT_NONE : imported_behind(r, s, to_ms);
        bool imported = p ? p->imported : behind != CT_NONE; /* a window may end inside a usual pause */
        at = behind != CT_NONE ? behind : at;
        if (p && !p->good) {
            struct ct_gap *f = CT_VEC_PUSH(r->arena, &failed);
            if (f)
                *f = (struct ct_gap){at, p->to_ms, ct_arena_dup(r->arena, p->reason)};
            continue;
        }
        int64_t since = good == CT_NONE ? from_ms : good;
        /* Recorded price lists of a month apart still tell the price between them; status pages say
         * how it was on their day. */
        bool neighbours = imported && good_imported && !failed.n &&
                          (s->kind != CT_SOURCE_STATUS || at - since <= CT_DAY);
        bool wide = at - since > w.limit && !(neighbours && usual_pause(r, s, since, at));
        if ((good == CT_NONE && at > from_ms) || wide) {
            end = since;
            for (size_t i = 0; i < failed.n; i++) {
                if (failed.v[i].from_ms - end > w.limit) {
                    add_gap(&w, end, failed.v[i].from_ms, nobody);
                    end = failed.v[i].from_ms;
                }
                add_gap(&w, end, failed.v[i].to_ms, failed.v[i].reason);
                end = max64(end, failed.v[i].to_ms);
            }
            bool quiet = !failed.n || at - end > w.limit;
            add_gap(&w, end, at, quiet ? nobody : failed.v[failed.n - 1].reason);
        }
        failed.n = 0;
        if (p) {
            good = p->to_ms;
            good_imported = imported;
        }
    }
}

bool ct_in_gap(const struct ct_gaps *gaps, int64_t at_ms)
{
    size_t low = 0, high = gaps->v.n;
    while (low < high) { /* first gap that ends after the moment */
        size_t middle = low + (high - low) / 2;
        if (gaps->v.v[middle].to_ms <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low < gaps->v.n && gaps->v.v[low].from_ms < at_ms;
}

/* ---- all of them ---- */

/* We are offline when everything we ask fails before any answer arrives: no status line from
 * anybody. It began with the first failure after the last answer of all. */
int64_t ct_offline_since(const struct ct_reader *r, const struct ct_source_list *list)
{
    int64_t since = CT_NONE, answered_ms = CT_NONE;
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i].enabled)
            answered_ms = max64(answered_ms, list->v[i].last_success_ms);
    for (size_t i = 0; i < list->n; i++) {
        const struct ct_source_at *s = &list->v[i];
        if (!s->enabled || s->last_attempt_ms == CT_NONE)
            continue;
        bool answered = s->http_status != CT_NONE && s->http_status > 0;
        if (!r->live || s->failures == 0 || answered)
            return CT_NONE;
        bool after = answered_ms == CT_NONE || s->failing_since_ms >= answered_ms;
        if (after && (since == CT_NONE || s->failing_since_ms < since))
            since = s->failing_since_ms;
    }
    return since;
}
