/* gcp-incidents: https://status.cloud.google.com/incidents.json, a bare list, newest first. No end:
 * open. */
#include "fetchers/families/all.h"
#include "fetchers/jsonx.h"
#include "fetchers/markup.h"
#include "fetchers/rows.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* -1: a word nobody knows. */
static int impact_state(struct ct_span word)
{
    return ct_span_is(word, "SERVICE_OUTAGE")        ? CT_STATE_MAJOR
           : ct_span_is(word, "SERVICE_DISRUPTION")  ? CT_STATE_PARTIAL
           : ct_span_is(word, "SERVICE_INFORMATION") ? CT_STATE_DEGRADED
                                                     : -1;
}

/* A product as all incidents of the list show it. */
struct product {
    struct ct_component row;
    size_t order;
};

struct products {
    CT_VEC(struct product) v;
};

static int64_t add_updates(const json_t *incident, struct ct_span id, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    const json_t *list = ct_json_array(incident, "updates"), *u;
    size_t i, n = 0;
    struct ct_update *v = ct_arena_alloc(a, (json_array_size(list) + 1) * sizeof *v);
    if (!v)
        return CT_NONE;
    json_array_foreach (list, i, u) {
        if (!json_is_object(u)) {
            ct_batch_note(out, CT_LIT("an update that is no object"));
            continue;
        }
        struct ct_update row = ct_update_new();
        struct ct_span word = ct_json_text(u, "status");
        row.incident = id;
        row.at_ms = ct_json_time(u, "when");
        if (row.at_ms == CT_NONE)
            row.at_ms = ct_json_time(u, "created");
        row.text = ct_json_text(u, "text");
        row.phase = ct_span_is(word, "AVAILABLE") ? CT_PHASE_RESOLVED : CT_PHASE_UNKNOWN;
        if (row.phase == CT_PHASE_UNKNOWN && impact_state(word) < 0)
            ct_rows_note_word(out, "unknown update status", word);
        v[n++] = row;
    }
    return ct_rows_updates(out, v, n);
}

/* Ids of the affected places: zones, regions, multi-regions or "global". */
static struct ct_list places(const json_t *incident, bool open, struct ct_arena *a)
{
    const json_t *now = ct_json_array(incident, "currently_affected_locations");
    const json_t *before = ct_json_array(incident, "previously_affected_locations"), *e;
    const json_t *list = open && json_array_size(now) ? now : before;
    struct ct_list out = ct_list_new(a, json_array_size(list));
    size_t i;
    json_array_foreach (list, i, e)
        ct_list_add(&out, ct_clean_id(a, ct_json_word(e, "id", a)));
    return out;
}

/* Ids of the affected products, which are also gathered in ALL with what INC says about them. */
static struct ct_list affected(const json_t *incident, const struct ct_incident *inc,
                               struct products *all, struct ct_arena *a)
{
    const json_t *list = ct_json_array(incident, "affected_products"), *e;
    struct ct_list out = ct_list_new(a, json_array_size(list));
    size_t i;
    json_array_foreach (list, i, e) {
        struct ct_span id = ct_clean_id(a, ct_json_word(e, "id", a));
        struct ct_span title = ct_json_text(e, "current_title");
        struct product *p = id.n ? CT_VEC_PUSH(a, &all->v) : NULL;
        ct_list_add(&out, id);
        if (!p)
            continue;
        p->order = all->v.n;
        p->row = ct_component_new();
        p->row.id = id;
        p->row.name = ct_clean_name(a, title.n ? title : ct_json_text(e, "title"));
        p->row.state = inc->open ? inc->state : CT_STATE_OPERATIONAL;
        if (inc->open)
            p->row.raw_state = inc->raw_impact;
    }
    return out;
}

static struct ct_span link_of(const json_t *incident, struct ct_arena *a)
{
    struct ct_span uri = ct_json_text(incident, "uri");
    bool plain = ct_span_starts(uri, "incidents/") && uri.n < CT_ID_BYTES;
    for (size_t i = 10; plain && i < uri.n; i++)
        plain = isalnum((unsigned char)uri.p[i]) || uri.p[i] == '-' || uri.p[i] == '_';
    return plain ? ct_arena_printf(a, "https://status.cloud.google.com/%.*s", CT_FMT(uri))
                 : CT_SPAN_NONE;
}

static void add_incident(const json_t *i, struct products *all, struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    struct ct_incident row = ct_incident_new();
    row.id = ct_clean_id(a, ct_json_word(i, "id", a));
    row.title = ct_markup_name(a, ct_json_text(i, "external_desc"));
    row.raw_impact = ct_clean_name(a, ct_json_text(i, "status_impact"));
    row.started_ms = ct_json_time(i, "begin");
    row.open = ct_json_get(i, "end") == NULL;
    row.resolved_ms = ct_json_time(i, "end");
    row.phase = row.open ? CT_PHASE_UNKNOWN : CT_PHASE_RESOLVED;
    row.state = impact_state(row.raw_impact);
    if (row.state < 0) {
        ct_rows_note_word(out, "unknown impact", row.raw_impact);
        row.state = row.open ? CT_STATE_DEGRADED : CT_STATE_UNKNOWN;
    }
    row.url = link_of(i, a);
    row.regions = places(i, row.open, a);
    row.components = affected(i, &row, all, a);
    row.updated_ms = add_updates(i, row.id, out); /* not "modified": reports are edited for weeks */
    struct ct_incident *slot = CT_VEC_PUSH(a, &out->incidents);
    if (slot)
        *slot = row;
}

/* Worst state first, then as in the list: newest incident first, so that a renamed product shows
 * its newer name. */
static int product_cmp(const void *a, const void *b)
{
    const struct product *x = a, *y = b;
    int c = ct_span_cmp(x->row.id, y->row.id);
    if (c == 0)
        c = (x->row.state < y->row.state) - (x->row.state > y->row.state);
    return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int order_cmp(const void *a, const void *b)
{
    const struct product *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

/* One component a product. Nothing open for it means operational: that is all the list can say. */
static void add_products(struct products *all, struct ct_batch *out)
{
    size_t kept = 0;
    if (all->v.n)
        qsort(all->v.v, all->v.n, sizeof *all->v.v, product_cmp);
    for (size_t i = 0; i < all->v.n; i++)
        if (kept == 0 || !ct_span_eq(all->v.v[i].row.id, all->v.v[kept - 1].row.id))
            all->v.v[kept++] = all->v.v[i];
    if (kept)
        qsort(all->v.v, kept, sizeof *all->v.v, order_cmp);
    for (size_t i = 0; i < kept; i++) {
        struct ct_component *slot = CT_VEC_PUSH(out->arena, &out->components);
        if (slot)
            *slot = all->v.v[i].row;
    }
}

static enum ct_status check(const json_t *root, struct ct_error *err)
{
    size_t i;
    const json_t *e, *v;
    enum ct_status s = CT_OK;
    if (!json_is_array(root))
        return ct_fail(err, CT_ERR_SHAPE, "$", "wanted an array, found %s", ct_json_kind(root));
    json_array_foreach (root, i, e) {
        char path[32];
        snprintf(path, sizeof path, "$[%zu]", i);
        if (!json_is_object(e))
            return ct_fail(err, CT_ERR_SHAPE, path, "wanted an object, found %s", ct_json_kind(e));
        if ((s = ct_json_need(e, path, "id", CT_WANT_TEXT, &v, err)) != CT_OK ||
            (s = ct_json_need(e, path, "begin", CT_WANT_TEXT, &v, err)) != CT_OK ||
            (s = ct_json_may(e, path, "end", CT_WANT_TEXT, &v, err)) != CT_OK ||
            (s = ct_json_may(e, path, "updates", CT_WANT_ARRAY, &v, err)) != CT_OK)
            return s;
    }
    return CT_OK;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    json_t *root;
    struct products all = {{0}};
    size_t i;
    const json_t *e;
    (void)hint;
    enum ct_status s = ct_json_parse(body, 0, &root, err);
    if (s != CT_OK)
        return ct_rows_finish(out, s, err);
    s = check(root, err);
    if (s != CT_OK) {
        ct_family_explain(err, body);
    } else {
        json_array_foreach (root, i, e) {
            if (!ct_rows_too_many(out))
                add_incident(e, &all, out);
        }
        add_products(&all, out);
        out->empty_list = json_array_size(root) == 0; /* closed ones stay in it for months */
        if (out->empty_list)
            ct_batch_note(out, CT_LIT("a list without any incident"));
    }
    json_decref(root);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_gcp_incidents = {
    .name = "gcp-incidents",
    .kind = CT_SOURCE_STATUS,
    .version = 1,
    .url_pattern = "https://status.cloud.google.com/incidents.json",
    .parse = parse,
};
