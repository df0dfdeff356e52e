/* uptimekuma-heartbeat: <base>/api/status-page/heartbeat/<slug>: the last beats of every monitor.
 * The monitors' names stand in the page document alone. */
#include "fetchers/families/all.h"
#include "fetchers/families/status_json.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const struct ct_sj_word beat_words[] = {{"0", CT_STATE_MAJOR},
                                               {"1", CT_STATE_OPERATIONAL},
                                               {"2", CT_STATE_UNKNOWN}, /* pending */
                                               {"3", CT_STATE_MAINTENANCE},
                                               {NULL, 0}};

struct beat {
    int64_t at_ms;
    bool down;
    size_t place; /* in the document, oldest first: decides when two have one instant */
};

static int beat_cmp(const void *a, const void *b)
{
    const struct beat *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* When the outage that lasts began: the first of the 0 beats at the end. The server keeps 100
 * beats; when all of them are 0 nobody knows. */
static int64_t down_since(const json_t *beats, struct ct_arena *a)
{
    enum { KEPT = 100 };
    size_t i, n = json_array_size(beats);
    const json_t *b;
    struct beat *v = ct_arena_alloc(a, (n + 1) * sizeof *v);
    if (!v || n == 0)
        return CT_NONE;
    json_array_foreach (beats, i, b)
        v[i] = (struct beat){ct_json_time(b, "time"), ct_json_int(b, "status") == 0, i};
    qsort(v, n, sizeof *v, beat_cmp);
    size_t first = n;
    while (first > 0 && v[first - 1].down)
        first--;
    return first == n || (first == 0 && n >= KEPT) ? CT_NONE : v[first].at_ms;
}

/* The newest beat; of two in one instant the later one in the list. */
static const json_t *newest_beat(const json_t *beats)
{
    const json_t *newest = NULL, *b;
    size_t i;
    json_array_foreach (beats, i, b) {
        if (!newest || ct_json_time(b, "time") >= ct_json_time(newest, "time"))
            newest = b;
    }
    return newest;
}

static void add_outage(const struct ct_component *c, const json_t *beats, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    row.id = ct_clean_id(a, ct_arena_printf(a, "monitor-%.*s", CT_FMT(c->id)));
    row.title = ct_clean_name(a, ct_arena_printf(a, "monitor %.*s is down", CT_FMT(c->id)));
    row.raw_impact = c->raw_state;
    row.phase = CT_PHASE_UNKNOWN;
    row.open = 1;
    row.started_ms = down_since(beats, a);
    row.updated_ms = c->updated_ms;
    row.components = ct_list_new(a, 1);
    ct_list_add(&row.components, c->id);
    ct_sj_push_incident(out, &row);
}

static void add_monitor(const char *id, const json_t *beats, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    const json_t *last = newest_beat(beats);
    struct ct_component row = ct_component_new();
    row.id = ct_clean_id(a, ct_span(id));
    row.raw_state = ct_sj_id(last, "status", a);
    row.state = CT_STATE_UNKNOWN; /* without a beat */
    if (last)
        row.state =
            ct_sj_word(out, beat_words, "unknown component state", row.raw_state, CT_STATE_UNKNOWN);
    row.updated_ms = ct_json_time(last, "time");
    if (row.updated_ms > out->data_ms)
        out->data_ms = row.updated_ms;
    ct_sj_push_component(out, &row);
    if (row.state == CT_STATE_MAJOR)
        add_outage(&row, beats, out);
}

/* One of several monitors down is a part of the provider only. */
static void judge(struct ct_batch *out)
{
    size_t down = 0;
    for (size_t i = 0; i < out->components.n; i++)
        down += out->components.v[i].state == CT_STATE_MAJOR;
    for (size_t i = 0; i < out->incidents.n; i++)
        out->incidents.v[i].state = down < out->components.n ? CT_STATE_PARTIAL : CT_STATE_MAJOR;
}

static enum ct_status read(const json_t *root, struct ct_batch *out, struct ct_error *err)
{
    const json_t *list, *beats, *b;
    const char *id;
    size_t n = 0, i;
    enum ct_status s = ct_json_need(root, "$", "heartbeatList", CT_WANT_OBJECT, &list, err);
    if (s != CT_OK)
        return s;
    json_object_foreach ((json_t *)(uintptr_t)list, id, beats) {
        char path[64];
        snprintf(path, sizeof path, "$.heartbeatList[%zu]", n++);
        if (!json_is_array(beats))
            return ct_fail(err, CT_ERR_SHAPE, path, "wanted an array, found %s",
                           ct_json_kind(beats));
        json_array_foreach (beats, i, b) {
            if (!json_is_object(b))
                return ct_fail(err, CT_ERR_SHAPE, path, "wanted beats, found %s", ct_json_kind(b));
        }
        if (!ct_rows_too_many(out))
            add_monitor(id, beats, out);
    }
    judge(out);
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    (void)hint;
    return ct_sj_parse(body, read, out, err);
}

const struct ct_family ct_family_uptimekuma_heartbeat = {
    .name = "uptimekuma-heartbeat",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://HOST/api/status-page/heartbeat/SLUG",
    .parse = parse,
};
