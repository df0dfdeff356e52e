/* `status --line`: one short line for tmux and other bars. Reads the database and nothing else
 * (ux.md 9). */
#include "config.h"

#include "app/command.h"
#include "db/base/text.h"

#include <stdio.h>
#include <string.h>

#define QUIET_MS (2 * CT_MINUTE) /* without a fetcher, older than this is not shown as current */
#define MOVES_MS CT_DAY
#define MOST_MOVES 500 /* price events looked through */

struct line {
    struct ct_buf part[8];
    size_t n;
};

static struct ct_buf *add_part(struct line *l)
{
    return l->n < CT_LEN(l->part) ? &l->part[l->n++] : NULL;
}

/* What is known of the status sources: ages of the last good answers. */
struct ages {
    int64_t oldest_s, newest_s; /* CT_NONE: none ever answered */
    size_t readable;            /* fresh or late ones */
    size_t sources;
};

static struct ages status_ages(const struct ct_envelope *e)
{
    struct ages a = {CT_NONE, CT_NONE, 0, 0};
    const struct ct_source_row *s = e->sources.v;
    for (size_t i = 0; i < e->sources.n; i++) {
        if (s[i].state == CT_OFF)
            continue;
        a.sources++;
        a.readable += s[i].state == CT_FRESH || s[i].state == CT_LATE;
        if (s[i].age_s == CT_NONE)
            continue;
        a.oldest_s = a.oldest_s == CT_NONE || s[i].age_s > a.oldest_s ? s[i].age_s : a.oldest_s;
        a.newest_s = a.newest_s == CT_NONE || s[i].age_s < a.newest_s ? s[i].age_s : a.newest_s;
    }
    return a;
}

/* Counts of states: those of [scope] when there is one, else of everything. */
static enum ct_status count_states(struct ct_call *c, struct ct_reader *r,
                                   const struct ct_summary *s, int64_t count[6])
{
    const char *scope = ct_setting(c->settings, "scope", "providers");
    const char *regions = ct_setting(c->settings, "scope", "regions");
    struct ct_query q = ct_call_query(c);
    struct ct_rows rows = {NULL, 0};
    memcpy(count, s->count, sizeof s->count);
    if (!scope && !regions)
        return CT_OK;
    q.regions = regions ? ct_span(regions) : CT_SPAN_NONE;
    enum ct_status status = ct_read_status(r, &q, c->arena, &rows, &c->err);
    const struct ct_status_row *row = rows.v;
    memset(count, 0, sizeof s->count);
    for (size_t i = 0; i < rows.n; i++) {
        bool in = !scope;
        for (struct ct_span rest = scope ? ct_span(scope) : CT_SPAN_NONE; rest.p && !in;)
            in = ct_glob(ct_span_trim(ct_span_cut(&rest, ',')), row[i].provider);
        if (in && row[i].state >= 0 && row[i].state < 6)
            count[row[i].state]++;
    }
    return status;
}

static bool is_filter(const char *item)
{
    return strchr(item, ':') != NULL; /* as in the watchlist: names of series have none */
}

static bool followed(struct ct_span series, const char *const *watch)
{
    for (; series.p && *watch; watch++) {
        struct ct_span id = ct_span(*watch);
        if (is_filter(*watch))
            continue;
        if (ct_glob(id, series) || (series.n > id.n && ct_span_ends(series, *watch) &&
                                    series.p[series.n - id.n - 1] == '/'))
            return true;
    }
    return false;
}

/* "gpu/CLOUD/REGION/GPU/PURCHASE/.." and "token/HOST/REGION/LAB/MODEL/KIND" in few words. */
static struct ct_span short_name(struct ct_arena *a, struct ct_span series)
{
    struct ct_span rest = series, part[6] = {{NULL, 0}};
    for (size_t i = 0; i < CT_LEN(part) && rest.p; i++)
        part[i] = ct_span_cut(&rest, '/');
    if (ct_span_is(part[0], "gpu") && part[4].p)
        return ct_arena_printf(a, "%.*s %.*s %.*s", CT_FMT(part[3]), CT_FMT(part[4]),
                               CT_FMT(part[1]));
    if (ct_span_is(part[0], "token") && part[5].p)
        return ct_arena_printf(a, "%.*s %.*s %.*s", CT_FMT(part[4]), CT_FMT(part[5]),
                               CT_FMT(part[1]));
    return series;
}

static void put_move(struct line *l, struct ct_span subject, ct_nusd price, int64_t pct_milli)
{
    char text[CT_DECIMAL_MAX], pct[CT_DECIMAL_MAX];
    struct ct_buf *part = add_part(l);
    ct_decimal_format_fixed(text, price, 9, 2);
    if (pct_milli == CT_NONE) {
        if (part)
            ct_buf_addf(part, "%.*s %s", CT_FMT(subject), text);
        return;
    }
    ct_decimal_format_fixed(pct, pct_milli, 3, 0);
    if (part)
        ct_buf_addf(part, "%.*s %s %s%s%%", CT_FMT(subject), text, pct_milli > 0 ? "+" : "", pct);
}

/* Followed by a filter: its cheapest offer, if that moved within a day. */
static enum ct_status add_filtered(struct ct_call *c, struct ct_reader *r, const char *const *watch,
                                   struct line *l)
{
    struct ct_query q = ct_call_query(c);
    struct ct_rows rows = {NULL, 0};
    enum ct_status status = CT_OK;
    bool loaded = false;
    for (; status == CT_OK && *watch; watch++) {
        struct ct_filter *f = NULL;
        const struct ct_offer_row *best = NULL, *o;
        struct ct_error ignored; /* a filter of another table */
        if (!is_filter(*watch) || ct_filter_compile(&ct_offer_table, ct_span(*watch), c->now_ms,
                                                    c->arena, &f, &ignored) != CT_OK)
            continue;
        if (!loaded)
            status = ct_read_offers(r, &q, c->arena, &rows, &c->err);
        loaded = true;
        o = rows.v;
        for (size_t i = 0; i < rows.n; i++)
            if (o[i].usd_per_gpu_hour != CT_NONE && o[i].quarantined != 1 &&
                ct_filter_match(f, &o[i]) &&
                (!best || o[i].usd_per_gpu_hour < best->usd_per_gpu_hour))
                best = &o[i];
        if (!best || best->change_24h_milli == CT_NONE || best->change_24h_milli == 0)
            continue;
        struct ct_span subject = ct_arena_printf(
            c->arena, "%.*s%s%.*s %.*s", CT_FMT(best->offer.gpu), best->offer.form.n ? "-" : "",
            CT_FMT(best->offer.form), CT_FMT(best->offer.cloud));
        put_move(l, subject, best->usd_per_gpu_hour, best->change_24h_milli);
        break;
    }
    return status;
}

/* The newest price move of something followed: "H100-SXM vastai 1.94 -11%". */
static enum ct_status add_move(struct ct_call *c, struct ct_reader *r, struct line *l)
{
    const char *const *watch = ct_call_watch(c);
    struct ct_query q = ct_call_query(c);
    struct ct_rows rows = {NULL, 0};
    if (!watch[0])
        return CT_OK;
    q.to_ms = c->at_ms == CT_LIVE ? c->now_ms : c->at_ms;
    q.from_ms = q.to_ms - MOVES_MS;
    q.limit = MOST_MOVES;
    enum ct_status status = ct_read_events(r, &q, c->arena, &rows, &c->err);
    const struct ct_event_row *e = rows.v;
    for (size_t i = 0; status == CT_OK && i < rows.n; i++) {
        if (e[i].kind != CT_EVENT_PRICE || e[i].suspect == 1 || e[i].new_value == CT_NONE ||
            e[i].pct_milli == CT_NONE || !followed(e[i].series, watch))
            continue;
        put_move(l, short_name(c->arena, e[i].series), e[i].new_value, e[i].pct_milli);
        return CT_OK;
    }
    return status == CT_OK ? add_filtered(c, r, watch, l) : status;
}

static void add_states(struct line *l, const int64_t count[6])
{
    static const int order[] = {CT_STATE_MAJOR, CT_STATE_PARTIAL, CT_STATE_DEGRADED,
                                CT_STATE_UNKNOWN, CT_STATE_MAINTENANCE};
    struct ct_buf *part = NULL;
    for (size_t i = 0; i < CT_LEN(order); i++) {
        if (count[order[i]] <= 0)
            continue;
        part = part ? part : add_part(l);
        ct_buf_addf(part, "%s%c%lld", part->n ? " " : "", ct_state_sign(order[i]),
                    (long long)count[order[i]]);
    }
}

static void add_age(struct ct_buf *part, const char *words, int64_t age_s)
{
    char age[CT_TIME_MAX];
    ct_buf_adds(part, words);
    if (age_s == CT_NONE)
        return;
    ct_age_format(age, age_s * CT_SECOND);
    ct_buf_addf(part, " %s", age);
}

/* Bytes of TEXT that fit into WIDTH columns, whole words if one fits: half an age would be another
 * age. */
static size_t fitting(struct ct_span text, int64_t width)
{
    struct ct_span cluster;
    size_t end = 0, word_end = 0, pos = 0;
    int used = 0, columns;
    while ((columns = ct_text_next(text, &pos, &cluster)) >= 0 && used + columns <= width) {
        used += columns;
        end = pos;
        if (end == text.n || text.p[end] == ' ')
            word_end = end;
    }
    return word_end ? word_end : end;
}

/* Parts from the front as long as they fit; the first one is cut if it must be. */
static void put_line(struct ct_buf *out, const struct line *l, int64_t width, bool tmux)
{
    struct ct_buf text = CT_BUF_INIT;
    for (size_t i = 0; i < l->n; i++) {
        int wanted = ct_text_width(ct_buf_span(&l->part[i])) + (i ? 3 : 0);
        if (i && width != CT_NONE && ct_text_width(ct_buf_span(&text)) + wanted > width)
            break;
        ct_buf_addf(&text, "%s%s", i ? " | " : "", l->part[i].p);
    }
    size_t n = width == CT_NONE ? text.n : fitting(ct_buf_span(&text), width);
    for (size_t i = 0; i < n; i++) {
        ct_buf_addc(out, text.p[i]);
        if (tmux && text.p[i] == '#')
            ct_buf_addc(out, '#');
    }
    ct_buf_addc(out, '\n');
    ct_buf_free(&text);
}

/* "H100-SXM 2.41 -1.2%" of the accelerator asked for: on demand, the form that most clouds sell. */
static enum ct_status add_index(struct ct_call *c, struct ct_reader *r, struct line *l)
{
    struct ct_query q = ct_call_query(c);
    struct ct_rows rows = {NULL, 0};
    struct ct_span form = ct_span(c->flag[CT_FLAG_INDEX]), gpu = ct_span_cut(&form, '-');
    q.group = "gpu";
    enum ct_status status = ct_read_gpus(r, &q, c->arena, &rows, &c->err);
    const struct ct_gpu_row *g = rows.v, *best = NULL;
    for (size_t i = 0; status == CT_OK && i < rows.n; i++)
        if (g[i].purchase == CT_PURCHASE_OD && g[i].index_usd_per_gpu_hour != CT_NONE &&
            ct_span_ieq(g[i].gpu, gpu) && (!form.n || ct_span_ieq(g[i].form, form)) &&
            (!best || g[i].clouds > best->clouds))
            best = &g[i];
    if (best)
        put_move(l, ct_arena_printf(c->arena, "%.*s%s%.*s", CT_FMT(best->gpu), best->form.n ? "-" : "",
                                    CT_FMT(best->form)),
                 best->index_usd_per_gpu_hour, best->change_24h_milli);
    else if (status == CT_OK) /* no such index, or too few clouds for one */
        ct_buf_addf(add_part(l), "%.32s ?", c->flag[CT_FLAG_INDEX]);
    return status;
}

/* Old numbers are not shown: nothing readable, or nobody has been fetching for a while. */
static bool is_old(const struct ct_call *c, const struct ct_summary *s, const struct ages *a)
{
    bool alive =
        s->fetcher.p && s->fetcher_beat_ms != CT_NONE && c->now_ms - s->fetcher_beat_ms < QUIET_MS;
    if (s->recording_since_ms == CT_NONE || a->newest_s == CT_NONE)
        return true;
    if (c->at_ms != CT_LIVE)
        return false; /* asked for */
    return a->readable == 0 || (!alive && a->newest_s * CT_SECOND > QUIET_MS);
}

static enum ct_status compose(struct ct_call *c, struct ct_reader *r, struct line *l, bool *old)
{
    struct ct_query q = ct_call_query(c);
    struct ct_summary s;
    struct ct_envelope e;
    int64_t count[6];
    enum ct_status status = ct_read_summary(r, &q, c->arena, &s, &c->err);
    if (status == CT_OK)
        status = ct_call_envelope(c, r, 1u << CT_SOURCE_STATUS, &e);
    if (status != CT_OK)
        return status;
    struct ages ages = status_ages(&e);
    *old = is_old(c, &s, &ages);
    if (*old) {
        add_age(add_part(l), "ct ?DATA", ages.newest_s);
        return CT_OK;
    }
    status = count_states(c, r, &s, count);
    if (status == CT_OK) {
        add_states(l, count);
        status = add_move(c, r, l);
    }
    if (status == CT_OK && l->n == ct_reader_simulated(r))
        add_age(add_part(l), "ct ok", ages.oldest_s);
    if (status == CT_OK && c->flag[CT_FLAG_INDEX])
        status = add_index(c, r, l);
    return status;
}

static void drop_parts(struct line *l)
{
    for (size_t i = 0; i < l->n; i++)
        ct_buf_free(&l->part[i]);
    l->n = 0;
}

int ct_status_line(struct ct_call *c, struct ct_buf *out)
{
    struct ct_reader *r = NULL;
    struct line l = {.n = 0};
    int64_t width;
    bool old = true;
    if (ct_call_number(c, CT_FLAG_WIDTH, 1, &width) != CT_OK)
        return ct_report(&c->err);
    enum ct_status status = ct_reader_open(c->db.p, &r, &c->err);
    if (status == CT_OK && ct_reader_simulated(r))
        ct_buf_adds(add_part(&l), "DEMO");
    if (status == CT_OK)
        status = compose(c, r, &l, &old);
    if (status != CT_OK) { /* an empty line would look as if nothing was the matter */
        drop_parts(&l);
        add_age(add_part(&l), "ct ?DATA", CT_NONE);
    }
    ct_reader_close(r);
    put_line(out, &l, width, c->flag[CT_FLAG_TMUX] != NULL);
    drop_parts(&l);
    return status == CT_OK || status == CT_ERR_NOT_FOUND ? 0 : ct_report(&c->err);
}
