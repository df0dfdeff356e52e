/* aws-legacy-data: data.json of the old AWS status page, withdrawn in 2023: only recordings are
 * read. States and times are text here and numbers there; messages carry the hour in Pacific time,
 * seldom the day. */
#include "config.h"

#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"

#include "fetchers/markup.h"

#include <stdlib.h>
#include <string.h>

static int code_state(int64_t code)
{
    switch (code) {
    case 0:
        return CT_STATE_OPERATIONAL;
    case 1:
    case 2:
        return CT_STATE_DEGRADED;
    case 3:
        return CT_STATE_MAJOR;
    default:
        return CT_STATE_UNKNOWN;
    }
}

static bool is_letters(struct ct_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 'a' || s.p[i] > 'z')
            return false;
    return s.n > 0;
}

/* What stands behind the last hyphen of *REST, which is cut off there. */
static struct ct_span last_part(struct ct_span *rest)
{
    size_t at = rest->n;
    while (at > 0 && rest->p[at - 1] != '-')
        at--;
    struct ct_span part = {rest->p + at, rest->n - at};
    rest->n = at ? at - 1 : 0;
    return part;
}

/* "ec2-us-east-1": the region at its end; services without one are global. */
static struct ct_span region_of(struct ct_span slug)
{
    struct ct_span rest = slug;
    if (!slug.n)
        return CT_SPAN_NONE;
    struct ct_span number = last_part(&rest), side = last_part(&rest), land = last_part(&rest);
    if (ct_span_is(land, "gov"))
        land = last_part(&rest);
    if (number.n != 1 || number.p[0] < '0' || number.p[0] > '9' || !is_letters(side) ||
        !is_letters(land) || land.n != 2 || !rest.n)
        return CT_LIT("global");
    return (struct ct_span){land.p, slug.n - (size_t)(land.p - slug.p)};
}

/* ---- messages ---- */

struct stamp {
    int month, day;   /* 0: not said */
    int64_t clock_ms; /* since midnight UTC; beyond a day in the Pacific evening */
};

static bool number_at(struct ct_span *s, int *out)
{
    size_t n = 0;
    *out = 0;
    while (n < s->n && n < 2 && s->p[n] >= '0' && s->p[n] <= '9')
        *out = *out * 10 + (s->p[n++] - '0');
    *s = (struct ct_span){s->p + n, s->n - n};
    return n > 0;
}

/* "6:36 AM PST", "Nov 25, 11:05 PM PDT". */
static bool read_stamp(struct ct_span s, struct stamp *out)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
                                         "Aug", "Sep", "Oct", "Nov", "Dec", NULL};
    int hour, minute;
    *out = (struct stamp){0, 0, 0};
    s = ct_span_trim(s);
    if (s.n > 4 && ct_word(months, (struct ct_span){s.p, 3}) >= 0) {
        out->month = ct_word(months, (struct ct_span){s.p, 3}) + 1;
        s = (struct ct_span){s.p + 4, s.n - 4};
        s = ct_span_trim(s);
        if (!number_at(&s, &out->day) || out->day < 1 || out->day > 31 || !s.n || s.p[0] != ',')
            return false;
        s = ct_span_trim((struct ct_span){s.p + 1, s.n - 1});
    }
    if (!number_at(&s, &hour) || !s.n || s.p[0] != ':')
        return false;
    s = (struct ct_span){s.p + 1, s.n - 1};
    if (!number_at(&s, &minute) || hour < 1 || hour > 12 || minute > 59)
        return false;
    s = ct_span_trim(s);
    bool evening = ct_span_starts(s, "PM "), summer = ct_span_ends(s, "PDT");
    if (s.n != 6 || (!evening && !ct_span_starts(s, "AM ")) || (!summer && !ct_span_ends(s, "PST")))
        return false;
    hour = hour % 12 + (evening ? 12 : 0) + (summer ? 7 : 8);
    out->clock_ms = hour * CT_HOUR + minute * CT_MINUTE;
    return true;
}

/* The instant of STAMP: the one nearest to FIRST_MS, when the event began, for its first message,
 * then the next one not before LAST_MS. */
static int64_t instant_of(const struct stamp *stamp, int64_t first_ms, int64_t last_ms)
{
    struct ct_civil day;
    int64_t base = last_ms == CT_NONE ? first_ms : last_ms;
    if (base == CT_NONE)
        return CT_NONE;
    ct_civil_from_ms(base, &day);
    day.hour = day.minute = day.second = day.ms = 0;
    if (stamp->day) {
        day.month = stamp->month;
        day.day = stamp->day;
        int64_t ms = ct_ms_from_civil(&day) + stamp->clock_ms;
        if (ms < base - 180 * CT_DAY) { /* over the turn of the year */
            day.year++;
            ms = ct_ms_from_civil(&day) + stamp->clock_ms;
        }
        return ms;
    }
    int64_t ms = ct_ms_from_civil(&day) + stamp->clock_ms - CT_DAY;
    int64_t from = last_ms == CT_NONE ? first_ms - CT_DAY / 2 : last_ms;
    while (ms < from)
        ms += CT_DAY;
    return ms;
}

/* "<div><span class="yellowfg"> 6:36 AM PST</span>&nbsp;text</div>", one after the other. */
static int64_t add_messages(struct ct_span html, const struct ct_incident *inc,
                            struct ct_batch *out)
{
    static const char open[] = "<span class=\"yellowfg\">", close[] = "</span>";
    int64_t last_ms = CT_NONE;
    size_t n = 0, room = 1;
    if (!html.n)
        return CT_NONE;
    const char *first = memmem(html.p, html.n, open, sizeof open - 1), *end = html.p + html.n;
    for (const char *at = first; at; room++)
        at = memmem(at + 1, (size_t)(end - at) - 1, open, sizeof open - 1);
    struct ct_update *v = ct_arena_alloc(out->arena, room * sizeof *v);
    const char *at = first;
    while (v && at) {
        struct stamp stamp;
        const char *word = at + sizeof open - 1;
        const char *text = memmem(word, (size_t)(end - word), close, sizeof close - 1);
        if (!text)
            break;
        bool good = read_stamp((struct ct_span){word, (size_t)(text - word)}, &stamp);
        text += sizeof close - 1;
        at = memmem(text, (size_t)(end - text), open, sizeof open - 1);
        struct ct_update row = ct_update_new();
        row.incident = inc->id;
        row.phase = CT_PHASE_UNKNOWN;
        row.text = (struct ct_span){text, (size_t)((at ? at : end) - text)};
        if (good)
            row.at_ms = instant_of(&stamp, inc->started_ms, last_ms);
        else
            ct_batch_note(out, CT_LIT("a message without a readable time"));
        if (row.at_ms != CT_NONE)
            last_ms = row.at_ms;
        v[n++] = row;
    }
    return v ? ct_rows_updates(out, v, n) : CT_NONE;
}

/* ---- events ---- */

static void add_service(const json_t *e, const struct ct_incident *inc, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_component row = ct_component_new();
    row.id = ct_sj_id(e, "service", a);
    row.name = ct_sj_name(e, "service_name", a);
    row.region = inc->regions.n ? inc->regions.v[0] : CT_SPAN_NONE;
    row.raw_state = inc->raw_impact;
    row.state = inc->open ? code_state(ct_json_int(e, "status")) : CT_STATE_OPERATIONAL;
    row.updated_ms = inc->updated_ms;
    for (size_t i = 0; i < out->components.n; i++) {
        struct ct_component *other = &out->components.v[i];
        if (!ct_span_eq(other->id, row.id))
            continue;
        if (row.state > other->state) /* in two events: the worse */
            *other = row;
        return;
    }
    if (row.id.n && out->components.n < 1000) /* each is searched for */
        ct_sj_push_component(out, &row);
}

static void add_event(const json_t *e, bool current, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    struct ct_span slug = ct_json_text(e, "service"), summary = ct_json_text(e, "summary");
    int64_t code = ct_json_int(e, "status");
    struct ct_span date = ct_json_word(e, "date", a), id;
    id = ct_arena_printf(a, "%.*s_%.*s", CT_FMT(slug), CT_FMT(date));
    row.id = ct_clean_id(a, id);
    bool said = ct_span_ihas(summary, CT_LIT("[RESOLVED]"));
    summary = ct_span_trim(summary);
    if (ct_span_istarts(summary, "[resolved]"))
        summary = (struct ct_span){summary.p + 10, summary.n - 10};
    row.title = ct_markup_name(a, summary);
    row.raw_impact = ct_sj_id(e, "status", a);
    row.open = current && !said && code != 0;
    row.phase = row.open ? CT_PHASE_UNKNOWN : CT_PHASE_RESOLVED;
    int state = code_state(code);
    if (state == CT_STATE_UNKNOWN)
        ct_rows_note_word(out, "unknown event state", row.raw_impact);
    if (state == CT_STATE_MAJOR) /* one service is a part of the provider */
        state = CT_STATE_PARTIAL;
    if (row.open)
        row.state =
            ct_rows_open_state(state == CT_STATE_UNKNOWN ? CT_STATE_DEGRADED : state, row.phase);
    else
        row.state = state > CT_STATE_UNKNOWN ? state : CT_STATE_UNKNOWN;
    row.started_ms = ct_json_time(e, "date");
    row.regions = ct_list_new(a, 1);
    ct_list_add(&row.regions, ct_clean_id(a, region_of(slug)));
    row.components = ct_list_new(a, 1);
    ct_list_add(&row.components, ct_sj_id(e, "service", a));
    row.updated_ms = add_messages(ct_json_text(e, "description"), &row, out);
    if (!row.open)
        row.resolved_ms = row.updated_ms;
    if (current)
        add_service(e, &row, out);
    ct_sj_push_incident(out, &row);
}

static enum ct_status check(const json_t *list, const char *path, struct ct_error *err)
{
    enum ct_status s = ct_sj_check_ids(list, path, "service", err);
    return s == CT_OK ? ct_sj_check_ids(list, path, "date", err) : s;
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *archive, *current, *e;
    enum ct_status s;
    size_t i;
    if ((s = ct_json_need(root, "$", "archive", CT_WANT_ARRAY, &archive, err)) != CT_OK ||
        (s = ct_json_need(root, "$", "current", CT_WANT_ARRAY, &current, err)) != CT_OK ||
        (s = check(archive, "$.archive", err)) != CT_OK ||
        (s = check(current, "$.current", err)) != CT_OK)
        return s;
    json_array_foreach (current, i, e) {
        if (!ct_rows_too_many(out))
            add_event(e, true, out);
    }
    json_array_foreach (archive, i, e) {
        if (!ct_rows_too_many(out))
            add_event(e, false, out);
    }
    out->trouble_only = true;
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_aws_legacy_data = {
    .name = "aws-legacy-data",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://status.aws.amazon.com/data.json (withdrawn; recordings only)",
    .parse = parse,
};
