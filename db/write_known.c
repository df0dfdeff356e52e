/* What a poll is compared with, kept from one poll to the next: of each source that is asked again and again the
 * series and their newest values. It is what table series says and no more. It is thrown away whenever that may have
 * changed without it: another process wrote, a transaction was taken back, samples were derived anew. */
#include "db/write_series.h"

#include <stdlib.h>
#include <string.h>

#define MOST_SERIES 32768 /* of all sources together: some 10 MB */

struct known {
    int64_t source;
    bool sure; /* the last job that worked on it ended well */
    uint64_t used;
    struct ct_item *v;
    size_t n, cap;
    uint32_t *slot; /* as in struct ct_series_set */
    size_t n_slots;
    struct ct_seen seen[CT_SEEN_KINDS];
    struct ct_arena *arena; /* of texts */
};

struct ct_known_list {
    struct known *v;
    size_t n, cap;
    int64_t version; /* PRAGMA data_version of what they are of */
    uint64_t uses;
};

static void drop(struct ct_known_list *l, size_t i)
{
    struct known *k = &l->v[i];
    free(k->v);
    free(k->slot);
    for (int kind = 0; kind < CT_SEEN_KINDS; kind++)
        free(k->seen[kind].v);
    ct_arena_free(k->arena);
    l->v[i] = l->v[--l->n];
}

void ct_w_forget_known(struct ct_writer *w)
{
    struct ct_known_list *l = w->known;
    while (l && l->n)
        drop(l, l->n - 1);
    if (l)
        free(l->v);
    free(l);
    w->known = NULL;
}

static struct known *find(struct ct_known_list *l, int64_t source)
{
    for (size_t i = 0; l && i < l->n; i++)
        if (l->v[i].source == source)
            return &l->v[i];
    return NULL;
}

void ct_w_drop_known(struct ct_writer *w, int64_t source)
{
    struct known *k = find(w->known, source);
    if (k)
        drop(w->known, (size_t)(k - w->known->v));
}

/* ---- into a job ---- */

/* Its own, not a copy: should the job fail they are of no use any more. */
static void lend(const struct ct_job *j, struct known *k)
{
    struct ct_series_set *s = j->set;
    s->items.v = k->v;
    s->items.n = k->n;
    s->items.cap = k->cap;
    s->slot = k->slot;
    s->n_slots = k->n_slots;
    memcpy(s->seen, k->seen, sizeof s->seen);
    for (size_t i = 0; i < k->n; i++)
        ct_w_clean_item(j, &k->v[i]);
}

bool ct_w_recall_known(struct ct_job *j)
{
    struct ct_writer *w = j->w;
    int64_t version = ct_w_one(w, ct_w_bind(w, Q_DATA_VERSION, NULL, 0));
    if (w->known && w->known->version != version)
        ct_w_forget_known(w);
    if (!w->known) {
        w->known = ct_xcalloc(1, sizeof *w->known);
        w->known->version = version;
    }
    struct known *k = find(w->known, j->source);
    bool sure = k && k->sure;
    if (k && !sure)
        ct_w_drop_known(w, j->source);
    if (!sure)
        return false;
    k->sure = false;
    lend(j, k);
    return true;
}

/* ---- and back ---- */

static size_t all_of(const struct ct_known_list *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += l->v[i].n;
    return n;
}

static struct known *add(struct ct_known_list *l, int64_t source)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 16;
        l->v = ct_xrealloc(l->v, l->cap * sizeof *l->v);
    }
    l->v[l->n] = (struct known){.source = source, .arena = ct_arena_new(0)};
    return &l->v[l->n++];
}

/* Texts of the job come to stay: all of the items K did not have before, units of the others. */
static void keep_texts(struct known *k, size_t n)
{
    const char *unit = NULL, *kept = NULL; /* many have the same one */
    for (size_t i = 0; i < n; i++) {
        struct ct_item *it = &k->v[i];
        if (i >= k->n)
            it->key = ct_arena_dup(k->arena, it->key);
        else if (!it->borrowed)
            continue;
        if (!unit || strcmp(unit, it->unit) != 0) {
            unit = it->unit;
            kept = ct_arena_dup(k->arena, ct_span(unit)).p;
        }
        it->unit = kept;
        it->borrowed = false;
    }
}

static void keep_items(struct known *k, const struct ct_series_set *s)
{
    size_t n = s->items.n;
    if (s->items.v != k->v) {
        k->cap = n + n / 8 + 16;
        k->v = ct_xrealloc(k->v, k->cap * sizeof *k->v);
        memcpy(k->v, s->items.v, n * sizeof *k->v);
    }
    if (s->slot != k->slot) {
        k->n_slots = s->n_slots;
        k->slot = ct_xrealloc(k->slot, k->n_slots * sizeof *k->slot);
        memcpy(k->slot, s->slot, k->n_slots * sizeof *k->slot);
    }
    keep_texts(k, n);
    k->n = n;
}

static void keep_seen(struct known *k, const struct ct_series_set *s)
{
    for (int kind = 0; kind < CT_SEEN_KINDS; kind++) {
        struct ct_seen *to = &k->seen[kind];
        const struct ct_seen *is = &s->seen[kind];
        if (is->v != to->v) {
            to->v = ct_xrealloc(to->v, is->cap * sizeof *to->v);
            memcpy(to->v, is->v, is->n * sizeof *to->v);
            to->cap = is->cap;
        }
        to->n = is->n;
    }
}

/* Makes room by dropping what was not used for longest. False: there is none. */
static bool make_room(struct ct_known_list *l, int64_t source, size_t n)
{
    if (n > MOST_SERIES)
        return false;
    const struct known *own = find(l, source);
    while (all_of(l) - (own ? own->n : 0) + n > MOST_SERIES) {
        size_t oldest = SIZE_MAX;
        for (size_t i = 0; i < l->n; i++)
            if (l->v[i].source != source && (oldest == SIZE_MAX || l->v[i].used < l->v[oldest].used))
                oldest = i;
        drop(l, oldest);
        own = find(l, source);
    }
    return true;
}

/* New series behind the HAD old ones come to lie by their numbers, as those do. The job needs no order any more. */
static void settle(struct ct_series_set *s, size_t had)
{
    if (s->items.n <= had + 1)
        return;
    qsort(s->items.v + had, s->items.n - had, sizeof *s->items.v, ct_w_by_series);
    ct_w_place_items(s);
}

void ct_w_keep_known(struct ct_job *j)
{
    struct ct_series_set *s = j->set;
    struct ct_known_list *l = j->w->known;
    bool keep = s && j->append && j->w->rc == SQLITE_OK && !ct_arena_full(j->w->arena);
    for (size_t i = 0; keep && i < s->items.n; i++)
        keep = s->items.v[i].series > 0;
    if (!l || !keep || !make_room(l, j->source, s->items.n)) {
        ct_w_drop_known(j->w, j->source);
        j->set = NULL;
        return;
    }
    struct known *k = find(l, j->source);
    k = k ? k : add(l, j->source);
    settle(s, s->had);
    keep_items(k, s);
    keep_seen(k, s);
    k->used = ++l->uses;
    k->sure = true;
}
