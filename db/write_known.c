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
    struct ct_series_set set; /* a job works on it, not on a copy: should it fail this is of no use any more */
    struct ct_arena *arena;   /* of the texts of its first N items */
    size_t n;
};

struct ct_known_list {
    struct known **v;
    size_t n, cap;
    int64_t version; /* PRAGMA data_version of what they are of */
    uint64_t uses;
};

static void drop(struct ct_known_list *l, size_t i)
{
    struct known *k = l->v[i];
    free(k->set.items.v);
    free(k->set.slot);
    for (int kind = 0; kind < CT_SEEN_KINDS; kind++)
        free(k->set.seen[kind].v);
    ct_arena_free(k->arena);
    free(k);
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

/* Where it is; as many as there are: nowhere. */
static size_t place_of(const struct ct_known_list *l, int64_t source)
{
    size_t i = 0;
    while (i < l->n && l->v[i]->source != source)
        i++;
    return i;
}

void ct_w_drop_known(struct ct_writer *w, int64_t source)
{
    size_t i = w->known ? place_of(w->known, source) : 0;
    if (w->known && i < w->known->n)
        drop(w->known, i);
}

static struct known *add(struct ct_known_list *l, int64_t source)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 16;
        l->v = ct_xrealloc(l->v, l->cap * sizeof *l->v);
    }
    struct known *k = ct_xcalloc(1, sizeof *k);
    k->source = source;
    k->arena = ct_arena_new(0);
    return l->v[l->n++] = k;
}

/* ---- for a job ---- */

/* As it is before the answer is looked at. */
static void clean(const struct ct_job *j, struct ct_series_set *s)
{
    for (size_t i = 0; i < s->items.n; i++)
        ct_w_clean_item(j, &s->items.v[i]);
    s->stock = s->borrowed = false;
    s->n_had = s->n_has = 0;
    s->hash = 0;
    s->per = s->unit = NULL;
    s->currency = CT_SPAN_NONE;
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
    size_t i = place_of(w->known, j->source);
    bool sure = i < w->known->n && w->known->v[i]->sure;
    if (!sure)
        ct_w_drop_known(w, j->source);
    struct known *k = sure ? w->known->v[i] : add(w->known, j->source);
    k->sure = false;
    j->set = &k->set;
    clean(j, j->set);
    return sure;
}

/* ---- for the next one ---- */

static size_t all_of(const struct ct_known_list *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += l->v[i]->set.items.n;
    return n;
}

/* Texts of the job come to stay: all of the items it brought, units of the others. */
static void keep_texts(struct known *k)
{
    const char *unit = NULL, *kept = NULL; /* many have the same one */
    for (size_t i = k->set.borrowed ? 0 : k->n; i < k->set.items.n; i++) {
        struct ct_item *it = &k->set.items.v[i];
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
    k->n = k->set.items.n;
}

/* Makes room by dropping what was not used for longest. False: there is none. */
static bool make_room(struct ct_known_list *l, const struct known *own)
{
    if (own->set.items.n > MOST_SERIES)
        return false;
    while (all_of(l) > MOST_SERIES) {
        size_t oldest = SIZE_MAX;
        for (size_t i = 0; i < l->n; i++)
            if (l->v[i] != own && (oldest == SIZE_MAX || l->v[i]->used < l->v[oldest]->used))
                oldest = i;
        drop(l, oldest);
    }
    return true;
}

/* New series behind the HAD old ones come to lie by their numbers, as those do. The job needs no order any more. */
static void settle(struct ct_series_set *s)
{
    if (s->items.n <= s->had + 1)
        return;
    qsort(s->items.v + s->had, s->items.n - s->had, sizeof *s->items.v, ct_w_by_series);
    ct_w_place_items(s);
}

void ct_w_keep_known(struct ct_job *j)
{
    struct ct_series_set *s = j->set;
    struct ct_known_list *l = j->w->known;
    j->set = NULL;
    if (!s)
        return;
    struct known *k = l->v[place_of(l, j->source)];
    bool keep = j->f->outcome == CT_OUTCOME_OK && j->append && j->w->rc == SQLITE_OK && !ct_arena_full(j->w->arena);
    for (size_t i = s->had; keep && i < s->items.n; i++)
        keep = s->items.v[i].series > 0;
    if (!keep || !make_room(l, k)) {
        ct_w_drop_known(j->w, j->source);
        return;
    }
    settle(s);
    keep_texts(k);
    k->used = ++l->uses;
    k->sure = true;
}
