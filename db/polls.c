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

struct polls_read {
    struct ct_reader *r;
    struct ct_arena *a;
    int64_t source, at_ms; /* what began up to AT_MS is in the list */
    CT_VEC(struct ct_poll) list;
};

static void add_poll(struct polls_read *p, struct ct_poll poll)
{
    struct ct_poll *place = CT_VEC_PUSH(p->a, &p->list);
    if (!poll.reason.n)
        poll.reason = CT_SPAN_NONE;
    if (place)
        *place = poll;
    p->at_ms = poll.from_ms;
}

static void add_rows(struct polls_read *p, int64_t to_ms)
{
    sqlite3_stmt *st = ct_use(p->r, SQL_POLLS, 3, p->source, p->at_ms, to_ms);
    while (ct_step(p->r, st)) {
        bool good = sqlite3_column_int(st, 3) <= CT_POLL_CARRY;
        add_poll(p, (struct ct_poll){ct_col_must(st, 0), ct_col_must(st, 1), good, sqlite3_column_int(st, 4) != 0,
                                     good ? CT_SPAN_NONE : ct_col_text(p->r, st, 6)});
    }
    if (st)
        sqlite3_reset(st);
}

/* What ST's row has packed, with what lies unpacked before it. */
static void add_pack(struct polls_read *p, sqlite3_stmt *st)
{
    struct ct_poll v[CT_POLLS_MOST];
    const void *b = sqlite3_column_blob(st, 2);
    struct ct_span blob = {b, b ? (size_t)sqlite3_column_bytes(st, 2) : 0};
    int64_t last_ms = ct_poll_pack_last_ms(ct_col_must(st, 0)), after_ms = ct_col_must(st, 1);
    size_t n = ct_polls_unpack(blob, ct_col_text(p->r, st, 3), v);
    if (n == 0 || v[n - 1].from_ms != last_ms || v[0].from_ms <= after_ms)
        return; /* damaged: table poll has it all */
    if (after_ms > p->at_ms)
        add_rows(p, after_ms);
    for (size_t i = 0; i < n; i++)
        if (v[i].from_ms > p->at_ms)
            add_poll(p, v[i]);
}

static struct ct_polls read_polls(struct ct_reader *r, int64_t source, int64_t from_ms, struct ct_arena *a)
{
    struct ct_arena *answer = r->arena;
    int64_t first = first_before(r, source, from_ms);
    struct polls_read p = {.r = r, .a = a, .source = source, .at_ms = first - 1};
    bool packed = source < CT_POLL_PACK_SOURCES && first >= 0;
    sqlite3_stmt *st = packed ? ct_use(r, SQL_POLLS_PACKED, 2, ct_poll_pack_key(source, first),
                                       ct_poll_pack_key(source + 1, 0)) : NULL;
    r->arena = a;
    while (ct_step(r, st))
        add_pack(&p, st);
    if (st)
        sqlite3_reset(st);
    add_rows(&p, CT_LIVE);
    r->arena = answer;
    return (struct ct_polls){p.list.v, p.list.n};
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
