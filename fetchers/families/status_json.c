#include "fetchers/families/status_json.h"

#include "fetchers/markup.h"

#include <stdio.h>

const struct ct_sj_word ct_sj_phases[] = {{"investigating", CT_PHASE_INVESTIGATING},
                                          {"identified", CT_PHASE_IDENTIFIED},
                                          {"fixing", CT_PHASE_IDENTIFIED},
                                          {"monitoring", CT_PHASE_MONITORING},
                                          {"resolved", CT_PHASE_RESOLVED},
                                          {"postmortem", CT_PHASE_POSTMORTEM},
                                          {"scheduled", CT_PHASE_SCHEDULED},
                                          {"in_progress", CT_PHASE_IN_PROGRESS},
                                          {"verifying", CT_PHASE_VERIFYING},
                                          {"completed", CT_PHASE_COMPLETED},
                                          {NULL, 0}};

int ct_sj_lookup(const struct ct_sj_word *words, struct ct_span text, int other)
{
    for (; words->word; words++)
        if (ct_span_ieq(text, ct_span(words->word)))
            return words->value;
    return other;
}

int ct_sj_word(struct ct_batch *out, const struct ct_sj_word *words, const char *what,
               struct ct_span text, int other)
{
    int value = ct_sj_lookup(words, text, -1);
    if (value >= 0)
        return value;
    ct_rows_note_word(out, what, text);
    return other;
}

enum ct_status ct_sj_parse(struct ct_span body, ct_sj_reader *read, struct ct_batch *out,
                           struct ct_error *err)
{
    json_t *root;
    enum ct_status s = ct_json_parse(body, 0, &root, err);
    if (s == CT_OK) {
        s = read(root, out, err);
        if (s == CT_ERR_SHAPE)
            ct_family_explain(err, body);
        json_decref(root);
    }
    return ct_rows_finish(out, s, err);
}

enum ct_status ct_sj_check_ids(const json_t *list, const char *path, const char *key,
                               struct ct_error *err)
{
    size_t i;
    const json_t *e;
    json_array_foreach (list, i, e) {
        const json_t *id = ct_json_get(e, key);
        if (json_is_string(id) ? json_string_length(id) > 0 : json_is_integer(id))
            continue;
        char where[128];
        bool object = json_is_object(e);
        snprintf(where, sizeof where, "%s[%zu]%s%s", path, i, object ? "." : "", object ? key : "");
        return ct_fail(err, CT_ERR_SHAPE, where, "wanted %s, found %s",
                       object ? "an id" : "an object", ct_json_kind(object ? id : e));
    }
    return CT_OK;
}

struct ct_span ct_sj_id(const json_t *obj, const char *key, struct ct_arena *a)
{
    return ct_clean_id(a, ct_json_word(obj, key, a));
}

struct ct_span ct_sj_name(const json_t *obj, const char *key, struct ct_arena *a)
{
    return ct_markup_name(a, ct_json_text(obj, key));
}

int64_t ct_sj_time(const json_t *obj, const char *key, const char *otherwise)
{
    int64_t ms = ct_json_time(obj, key);
    return ms == CT_NONE && otherwise ? ct_json_time(obj, otherwise) : ms;
}

struct ct_list ct_sj_ids(const json_t *list, const char *key, struct ct_arena *a)
{
    struct ct_list out = ct_list_new(a, json_array_size(list));
    size_t i;
    const json_t *e;
    json_array_foreach (list, i, e)
        ct_list_add(&out, ct_sj_id(e, key, a));
    return out;
}

bool ct_sj_is_over(int phase)
{
    return phase == CT_PHASE_RESOLVED || phase == CT_PHASE_POSTMORTEM ||
           phase == CT_PHASE_COMPLETED;
}

int64_t ct_sj_updates(const json_t *list, struct ct_span incident, const struct ct_sj_keys *keys,
                      struct ct_batch *out)
{
    struct ct_arena *a = out->arena;
    size_t i, n = 0;
    const json_t *u;
    struct ct_update *v = ct_arena_alloc(a, (json_array_size(list) + 1) * sizeof *v);
    if (!v)
        return CT_NONE;
    json_array_foreach (list, i, u) {
        if (!json_is_object(u)) {
            ct_batch_note(out, CT_LIT("an update that is no object"));
            continue;
        }
        struct ct_update row = ct_update_new();
        row.incident = incident;
        row.at_ms = ct_sj_time(u, keys->at, keys->at_else);
        row.text = ct_json_text(u, keys->text);
        row.phase = CT_PHASE_UNKNOWN;
        if (keys->phase)
            row.phase = ct_sj_word(out, keys->phases, "unknown update phase",
                                   ct_json_word(u, keys->phase, a), CT_PHASE_UNKNOWN);
        if (keys->id)
            row.id = ct_sj_id(u, keys->id, a);
        v[n++] = row;
    }
    return ct_rows_updates(out, v, n);
}

const json_t *ct_sj_newest(const json_t *list, const char *at)
{
    const json_t *newest = NULL, *e;
    int64_t newest_ms = CT_NONE;
    size_t i;
    json_array_foreach (list, i, e) {
        int64_t ms = ct_json_time(e, at);
        if (json_is_object(e) && (!newest || ms > newest_ms)) {
            newest = e;
            newest_ms = ms;
        }
    }
    return newest;
}

void ct_sj_push_incident(struct ct_batch *out, const struct ct_incident *row)
{
    struct ct_incident *slot = CT_VEC_PUSH(out->arena, &out->incidents);
    if (slot)
        *slot = *row;
}

void ct_sj_push_component(struct ct_batch *out, const struct ct_component *row)
{
    struct ct_component *slot = CT_VEC_PUSH(out->arena, &out->components);
    if (slot)
        *slot = *row;
}

void ct_sj_push_page(struct ct_batch *out, struct ct_span id, struct ct_span name,
                     struct ct_span url, struct ct_span indicator, int64_t updated_ms)
{
    struct ct_arena *a = out->arena;
    struct ct_page *row = CT_VEC_PUSH(a, &out->pages);
    if (!row)
        return;
    *row = (struct ct_page){.id = ct_clean_id(a, id),
                            .name = ct_markup_name(a, name),
                            .url = ct_clean_url(a, url),
                            .indicator = ct_clean_name(a, indicator),
                            .updated_ms = updated_ms};
    out->data_ms = updated_ms;
}
