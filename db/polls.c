/* The answers of a source over time. Gaps, charts and figures walk the same ones again and again: they are kept from
 * load to load until somebody commits. */
#include "db/reader.h"

/* What is kept of one source: all that began after the last good one at or before SINCE_MS, and that one. */
struct kept_polls {
    int64_t source, since_ms;
    struct ct_polls polls;
};

/* Where reading begins: the last good answer at or before FROM_MS, else the first of all. */
static int64_t first_before(struct ct_reader *r, int64_t source, int64_t from_ms)
{
    int64_t first = from_ms;
    sqlite3_stmt *st = ct_use(r, SQL_POLLS_BACK, 2, source, from_ms);
    while (ct_step(r, st)) {
        first = ct_col_must(st, 0);
        if (sqlite3_column_int(st, 3) <= CT_POLL_CARRY)
            break;
    }
    if (st)
        sqlite3_reset(st);
    return first;
}

static struct ct_polls read_polls(struct ct_reader *r, int64_t source, int64_t from_ms, struct ct_arena *a)
{
    CT_VEC(struct ct_poll) list = {NULL, 0, 0};
    struct ct_arena *answer = r->arena;
    int64_t first = first_before(r, source, from_ms);
    sqlite3_stmt *st = ct_use(r, SQL_POLLS, 3, source, first - 1, CT_LIVE);
    r->arena = a;
    while (ct_step(r, st)) {
        struct ct_poll *p = CT_VEC_PUSH(a, &list);
        if (!p)
            break;
        bool good = sqlite3_column_int(st, 3) <= CT_POLL_CARRY;
        *p = (struct ct_poll){.from_ms = ct_col_must(st, 0), .to_ms = ct_col_must(st, 1), .good = good,
                              .imported = sqlite3_column_int(st, 4) != 0,
                              .reason = good ? CT_SPAN_NONE : ct_col_text(r, st, 6)};
    }
    r->arena = answer;
    if (st)
        sqlite3_reset(st);
    return (struct ct_polls){list.v, list.n};
}

static struct kept_polls *find(struct ct_reader *r, int64_t source)
{
    for (size_t i = 0; i < r->kept.n_polls; i++)
        if (r->kept.polls[i].source == source)
            return &r->kept.polls[i];
    return NULL;
}

/* A place for SOURCE among those kept; NULL: no room. */
static struct kept_polls *add(struct ct_reader *r, int64_t source)
{
    enum { MOST_SOURCES = 1024 };
    struct ct_kept *all = &r->kept;
    if (!all->polls)
        all->polls = ct_arena_alloc(ct_kept_arena(r), MOST_SOURCES * sizeof *all->polls);
    struct kept_polls *k = all->polls && all->n_polls < MOST_SOURCES ? &all->polls[all->n_polls] : NULL;
    if (k)
        *k = (struct kept_polls){.source = source};
    return k;
}

/* How many of P began at or before MS. */
static size_t begun(struct ct_polls p, int64_t ms)
{
    size_t low = 0, high = p.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p.v[middle].from_ms <= ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct ct_polls ct_polls_between(struct ct_reader *r, int64_t source, int64_t from_ms, int64_t to_ms)
{
    struct kept_polls *k = find(r, source), *place = k ? k : add(r, source);
    struct ct_polls all = {NULL, 0};
    if (k && k->since_ms <= from_ms)
        all = k->polls;
    else
        all = read_polls(r, source, from_ms, place ? ct_kept_arena(r) : r->arena);
    if (r->status != CT_OK) /* cut short, perhaps */
        return (struct ct_polls){NULL, 0};
    if (place && place->polls.v != all.v) {
        *place = (struct kept_polls){source, from_ms, all};
        r->kept.n_polls += k == NULL;
    }
    size_t end = begun(all, to_ms), start = begun(all, from_ms);
    while (start > 0 && !all.v[--start].good) {
    }
    start = start < end ? start : end;
    return (struct ct_polls){all.n ? all.v + start : NULL, end - start};
}
