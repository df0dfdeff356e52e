/* aws-currentevents: https://health.aws.amazon.com/public/currentevents, a bare list of open events
 * in UTF-16 big endian with a byte order mark. Codes and times are text here and numbers there,
 * seconds here and milliseconds there. */
#include "fetchers/families/all.h"
#include "fetchers/jsonx.h"
#include "fetchers/markup.h"
#include "fetchers/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- UTF-16 ---- */

static unsigned unit_at(struct ct_span b, size_t i, bool big)
{
    unsigned first = (unsigned char)b.p[i], second = (unsigned char)b.p[i + 1];
    return big ? first << 8 | second : second << 8 | first;
}

/* BODY in UTF-8: itself when it is that, else converted into BUF. Halves of surrogate pairs become
 * U+FFFD. Without a mark the zero byte beside the first character tells the order. */
static enum ct_status to_utf8(struct ct_span body, struct ct_buf *buf, struct ct_span *out,
                              struct ct_error *err)
{
    bool mark_big = body.n >= 2 && memcmp(body.p, "\xFE\xFF", 2) == 0;
    bool mark_little = body.n >= 2 && memcmp(body.p, "\xFF\xFE", 2) == 0;
    bool big = mark_big || (body.n >= 2 && !body.p[0] && body.p[1]);
    bool little = mark_little || (body.n >= 2 && body.p[0] && !body.p[1]);
    *out = body;
    if (!big && !little)
        return CT_OK;
    if (body.n % 2)
        return ct_fail(err, CT_ERR_SYNTAX, "last byte", "cut off: UTF-16 text of an odd length");
    for (size_t i = mark_big || mark_little ? 2 : 0; i < body.n; i += 2) {
        int32_t point = (int32_t)unit_at(body, i, big);
        if (point >= 0xD800 && point < 0xDC00 && i + 2 < body.n) {
            unsigned low = unit_at(body, i + 2, big);
            if (low >= 0xDC00 && low < 0xE000) {
                point = 0x10000 + ((point - 0xD800) << 10) + ((int32_t)low - 0xDC00);
                i += 2;
            }
        }
        if (point >= 0xD800 && point < 0xE000)
            point = 0xFFFD;
        buf->n += ct_utf8_encode(ct_buf_room(buf, 4), point);
    }
    ct_buf_adds(buf, "");
    *out = ct_buf_span(buf);
    if (!out->p)
        *out = CT_LIT("");
    return CT_OK;
}

/* ---- rows ---- */

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

/* "arn:aws:health:REGION::event/...": global services have "global" or nothing there. */
static struct ct_span region_of(struct ct_span arn, struct ct_arena *a)
{
    struct ct_span region = CT_SPAN_NONE;
    for (int i = 0; i < 4 && arn.p; i++)
        region = ct_span_cut(&arn, ':');
    if (!arn.p)
        return CT_SPAN_NONE;
    return region.n ? ct_clean_id(a, region) : CT_LIT("global");
}

static int service_cmp(const void *a, const void *b)
{
    const struct ct_component *x = a, *y = b;
    int c = ct_span_cmp(x->id, y->id);
    return c ? c : (x->state < y->state) - (x->state > y->state);
}

/* When each of the services in ROWS (sorted) changed last; the list of changes is unordered. */
static void add_times(const json_t *changes, struct ct_component *rows, size_t n)
{
    size_t i;
    const json_t *c;
    json_array_foreach (changes, i, c) {
        struct ct_span slug = ct_json_text(c, "service");
        size_t low = 0, high = n;
        while (low < high) {
            size_t mid = low + (high - low) / 2;
            if (ct_span_cmp(rows[mid].id, slug) < 0)
                low = mid + 1;
            else
                high = mid;
        }
        int64_t at =
            low < n && ct_span_eq(rows[low].id, slug) ? ct_json_time(c, "timestamp") : CT_NONE;
        if (at != CT_NONE && at > rows[low].updated_ms)
            rows[low].updated_ms = at;
    }
}

/* The services an event touches, by id; their ids go into INC. */
static void add_services(const json_t *event, struct ct_incident *inc, struct ct_span region,
                         struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    const json_t *services = ct_json_object(event, "impacted_services"), *v;
    const json_t *changes = ct_json_array(event, "impacted_service_status_changes");
    size_t n = json_object_size(services), kept = 0;
    struct ct_component *rows = ct_arena_alloc(a, (n + 1) * sizeof *rows);
    struct ct_span suffix = ct_arena_printf(a, "-%.*s", CT_FMT(region));
    const char *slug;
    inc->components = ct_list_new(a, n);
    if (!rows || !suffix.p)
        return;
    json_object_foreach ((json_t *)(uintptr_t)services, slug, v) {
        struct ct_component row = ct_component_new();
        row.id = ct_clean_id(a, ct_span(slug));
        row.name = ct_clean_name(a, ct_json_text(v, "service_name"));
        row.region = ct_span_ends(row.id, suffix.p) ? region : CT_LIT("global");
        row.raw_state = ct_clean_id(a, ct_json_word(v, "current", a));
        row.state = code_state(ct_json_int(v, "current"));
        if (row.state == CT_STATE_UNKNOWN)
            ct_rows_note_word(out, "unknown service state", row.raw_state);
        if (row.id.n)
            rows[kept++] = row;
    }
    if (kept)
        qsort(rows, kept, sizeof *rows, service_cmp);
    add_times(changes, rows, kept);
    for (size_t i = 0; i < kept; i++) {
        struct ct_component *slot = CT_VEC_PUSH(a, &out->components);
        if (slot)
            *slot = rows[i];
        ct_list_add(&inc->components, rows[i].id);
    }
}

/* Pushes the log as updates. *WORST gets the highest known code in it (CT_NONE: none), *OVER_MS
 * when code 0 was last said. */
static int64_t add_log(const json_t *event, struct ct_span id, struct ct_batch *out, int64_t *worst,
                       int64_t *over_ms)
{
    struct ct_arena *a = out->arena;
    const json_t *list = ct_json_array(event, "event_log"), *u;
    size_t i, n = 0;
    struct ct_update *v = ct_arena_alloc(a, (json_array_size(list) + 1) * sizeof *v);
    *worst = *over_ms = CT_NONE;
    if (!v)
        return CT_NONE;
    json_array_foreach (list, i, u) {
        if (!json_is_object(u)) {
            ct_batch_note(out, CT_LIT("an update that is no object"));
            continue;
        }
        struct ct_update row = ct_update_new();
        int64_t code = ct_json_int(u, "status");
        row.incident = id;
        row.at_ms = ct_json_time(u, "timestamp");
        row.text = ct_json_text(u, "message");
        row.phase = code == 0 ? CT_PHASE_RESOLVED : CT_PHASE_UNKNOWN;
        if (code_state(code) != CT_STATE_UNKNOWN && code > *worst)
            *worst = code;
        if (code == 0 && row.at_ms > *over_ms)
            *over_ms = row.at_ms;
        v[n++] = row;
    }
    return ct_rows_updates(out, v, n);
}

/* Services of EVENT that are down now: a disruption of one alone is a part of the provider only. */
static size_t down_now(const json_t *event)
{
    const json_t *services = ct_json_object(event, "impacted_services"), *v;
    const char *slug;
    size_t n = 0;
    json_object_foreach ((json_t *)(uintptr_t)services, slug, v)
        n += ct_json_int(v, "current") != 0;
    return n;
}

static int event_state(int64_t code, const json_t *event)
{
    int state = code_state(code);
    bool many =
        ct_span_starts(ct_json_text(event, "service"), "multipleservices") || down_now(event) > 1;
    return state == CT_STATE_MAJOR && !many ? CT_STATE_PARTIAL : state;
}

static void add_event(const json_t *event, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    struct ct_span arn = ct_json_text(event, "arn"), region = region_of(arn, a);
    int64_t code = ct_json_int(event, "status"), worst, over_ms;
    row.id = ct_clean_id(a, arn);
    row.title = ct_markup_name(a, ct_json_text(event, "summary"));
    row.raw_impact = ct_clean_id(a, ct_json_word(event, "status", a));
    row.started_ms = ct_json_time(event, "date");
    row.regions = ct_list_new(a, 1);
    ct_list_add(&row.regions, region);
    row.updated_ms = add_log(event, row.id, out, &worst, &over_ms);
    row.resolved_ms = ct_json_time(event, "end_time");
    if (row.resolved_ms == CT_NONE)
        row.resolved_ms = ct_json_time(event, "endTime");
    row.open = code != 0 && row.resolved_ms == CT_NONE;
    row.phase = row.open ? CT_PHASE_UNKNOWN : CT_PHASE_RESOLVED;
    if (row.open) {
        row.state = ct_rows_open_state(event_state(code, event), row.phase);
        if (code_state(code) == CT_STATE_UNKNOWN) {
            row.state = CT_STATE_DEGRADED;
            ct_rows_note_word(out, "unknown event state", row.raw_impact);
        }
    } else {
        row.state = worst > 0 ? event_state(worst, event) : CT_STATE_UNKNOWN;
        if (row.resolved_ms == CT_NONE)
            row.resolved_ms = over_ms;
    }
    add_services(event, &row, region, out);
    struct ct_incident *slot = CT_VEC_PUSH(a, &out->incidents);
    if (slot)
        *slot = row;
}

/* A service in two events is one component, in the worse state. */
static void merge_services(struct ct_batch *out)
{
    size_t kept = 0;
    struct ct_component *v = out->components.v;
    if (out->components.n)
        qsort(v, out->components.n, sizeof *v, service_cmp);
    for (size_t i = 0; i < out->components.n; i++)
        if (kept == 0 || !ct_span_eq(v[i].id, v[kept - 1].id))
            v[kept++] = v[i];
    out->components.n = kept;
}

static enum ct_status check(const json_t *root, struct ct_error *err)
{
    size_t i;
    const json_t *e, *v;
    enum ct_status s;
    if (!json_is_array(root))
        return ct_fail(err, CT_ERR_SHAPE, "$", "wanted an array, found %s", ct_json_kind(root));
    json_array_foreach (root, i, e) {
        char path[32];
        snprintf(path, sizeof path, "$[%zu]", i);
        if (!json_is_object(e))
            return ct_fail(err, CT_ERR_SHAPE, path, "wanted an object, found %s", ct_json_kind(e));
        if ((s = ct_json_need(e, path, "arn", CT_WANT_TEXT, &v, err)) != CT_OK ||
            (s = ct_json_may(e, path, "event_log", CT_WANT_ARRAY, &v, err)) != CT_OK ||
            (s = ct_json_may(e, path, "impacted_services", CT_WANT_OBJECT, &v, err)) != CT_OK)
            return s;
        if (json_string_length(json_object_get(e, "arn")) == 0)
            return ct_fail(err, CT_ERR_SHAPE, path, "an event with an empty arn");
    }
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    struct ct_buf utf8 = CT_BUF_INIT;
    struct ct_span text;
    json_t *root = NULL;
    size_t i;
    const json_t *e;
    (void)hint;
    enum ct_status s = to_utf8(body, &utf8, &text, err);
    if (s == CT_OK)
        s = ct_json_parse(text, 0, &root, err);
    if (s == CT_OK && (s = check(root, err)) != CT_OK)
        ct_family_explain(err, text);
    if (s == CT_OK) {
        json_array_foreach (root, i, e) {
            if (!ct_rows_too_many(out))
                add_event(e, out);
        }
        merge_services(out);
        out->trouble_only = true;
    }
    json_decref(root);
    ct_buf_free(&utf8);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_aws_currentevents = {
    .name = "aws-currentevents",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://health.aws.amazon.com/public/currentevents",
    .parse = parse,
};
