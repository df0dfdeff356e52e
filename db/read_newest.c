/* The newest samples of all series, in memory: read when first asked for, again when somebody has committed, and then
 * only the parts that changed. */
#include "db/ahead.h"
#include "db/reader.h"

#include <stdlib.h>
#include <string.h>

/* A row of table newest. */
struct part {
    int64_t key, rev;
    bool damaged;
    uint32_t n;
    struct ct_newest *v;
};

struct ct_newest_map {
    int64_t version; /* PRAGMA data_version of what is here */
    struct part *parts;
    size_t n, cap, n_series;
    uint32_t *slot; /* open addressing by series: part * CT_NEWEST_ROWS + row + 1 */
    size_t n_slots;
    bool damaged; /* a part is */
};

void ct_newest_forget(struct ct_reader *r)
{
    struct ct_newest_map *m = r->newest;
    for (size_t i = 0; m && i < m->n; i++)
        free(m->parts[i].v);
    if (m) {
        free(m->parts);
        free(m->slot);
    }
    free(m);
    r->newest = NULL;
}

static size_t slot_of(const struct ct_newest_map *m, int64_t series)
{
    size_t at = (size_t)((uint64_t)series * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (m->n_slots - 1);
    for (; m->slot[at]; at = (at + 1) & (m->n_slots - 1)) {
        const struct part *p = &m->parts[(m->slot[at] - 1) / CT_NEWEST_ROWS];
        if (p->v[(m->slot[at] - 1) % CT_NEWEST_ROWS].series == series)
            break;
    }
    return at;
}

static void place_all(struct ct_newest_map *m)
{
    size_t slots = 64;
    m->n_series = 0;
    for (size_t i = 0; i < m->n; i++)
        m->n_series += m->parts[i].n;
    while (slots < m->n_series * 2)
        slots *= 2;
    free(m->slot);
    m->slot = ct_xcalloc(slots, sizeof *m->slot);
    m->n_slots = slots;
    for (size_t i = 0; i < m->n; i++)
        for (uint32_t k = 0; k < m->parts[i].n; k++)
            m->slot[slot_of(m, m->parts[i].v[k].series)] = (uint32_t)(i * CT_NEWEST_ROWS) + k + 1;
}

/* PART as ST's column I has it. True: other series lie in it than before. */
static bool unpack(struct part *p, sqlite3_stmt *st, int i)
{
    struct ct_newest v[CT_NEWEST_ROWS];
    size_t n = ct_newest_column(st, i, v, NULL);
    bool same = n == p->n;
    p->damaged = n == 0;
    if (n > p->n)
        p->v = ct_xrealloc(p->v, n * sizeof *v);
    for (size_t k = 0; k < n; k++) {
        same = same && p->v[k].series == v[k].series;
        p->v[k] = v[k];
        p->v[k].at_ms = ct_cut(v[k].at_ms);
        p->v[k].value = ct_cut(v[k].value);
    }
    p->n = (uint32_t)n;
    return !same;
}

/* What is there now; false: it is in another order than before, all is to be read anew. */
static bool read_changed(struct ct_reader *r, struct ct_newest_map *m, bool *moved)
{
    size_t i = 0;
    sqlite3_stmt *st = ct_use(r, SQL_NEWEST, 0);
    for (; ct_step(r, st); i++) {
        int64_t key = ct_col_int(st, 0), rev = ct_col_int(st, 1);
        if (i < m->n && m->parts[i].key != key)
            break;
        if (i == m->n) {
            if (m->n == m->cap) {
                m->cap = m->cap ? m->cap * 2 : 64;
                m->parts = ct_xrealloc(m->parts, m->cap * sizeof *m->parts);
            }
            m->parts[m->n++] = (struct part){.key = key, .rev = CT_NONE};
        }
        struct part *p = &m->parts[i];
        if (p->rev == rev)
            continue;
        *moved |= unpack(p, st, 2);
        p->rev = rev;
    }
    bool fits = i == m->n;
    if (st)
        sqlite3_reset(st);
    return fits || r->status != CT_OK;
}

static struct ct_newest_map *map(struct ct_reader *r)
{
    bool moved = false;
    if (r->newest && r->newest->version == r->version && r->version != CT_NONE)
        return r->newest;
    if (!r->newest) {
        ct_read_ahead(r->db, "newest", &(struct ct_keys){0, INT64_MAX}, 1);
        r->newest = ct_xcalloc(1, sizeof *r->newest);
    }
    if (!read_changed(r, r->newest, &moved)) {
        ct_newest_forget(r);
        r->newest = ct_xcalloc(1, sizeof *r->newest);
        (void)read_changed(r, r->newest, &moved);
    }
    struct ct_newest_map *m = r->newest;
    if (moved || !m->slot)
        place_all(m);
    m->damaged = false;
    for (size_t i = 0; i < m->n; i++)
        m->damaged |= m->parts[i].damaged;
    m->version = r->status == CT_OK ? r->version : CT_NONE;
    return m;
}

bool ct_reader_damaged(const struct ct_reader *r)
{
    return r->newest && r->newest->damaged;
}

const struct ct_newest *ct_newest_of(struct ct_reader *r, int64_t series)
{
    const struct ct_newest_map *m = map(r);
    size_t at = slot_of(m, series);
    if (m->slot[at])
        return &m->parts[(m->slot[at] - 1) / CT_NEWEST_ROWS].v[(m->slot[at] - 1) % CT_NEWEST_ROWS];
    struct ct_asof v = ct_asof(r, series, CT_LIVE - 1);
    r->newest_found = (struct ct_newest){series, v.at_ms, v.value, v.flags & 63, CT_SERIES_MEASURE};
    return v.at_ms == CT_NONE ? NULL : &r->newest_found;
}

int64_t ct_source_of(struct ct_reader *r, int64_t series)
{
    const struct ct_newest_map *m = map(r);
    size_t at = slot_of(m, series);
    if (m->slot[at])
        return ct_newest_source(m->parts[(m->slot[at] - 1) / CT_NEWEST_ROWS].key);
    sqlite3_stmt *st = ct_use(r, SQL_SOURCE_OF, 1, series);
    int64_t source = ct_step(r, st) ? ct_col_int(st, 0) : CT_NONE;
    if (st)
        sqlite3_reset(st);
    return source;
}

bool ct_is_newest(struct ct_reader *r, int64_t series, struct ct_asof v)
{
    const struct ct_newest *newest = r->live ? NULL : ct_newest_of(r, series);
    return r->live || (newest && newest->at_ms == v.at_ms);
}

size_t ct_newest_parts(struct ct_reader *r)
{
    return map(r)->n;
}

struct ct_newest_part ct_newest_part(struct ct_reader *r, size_t i)
{
    const struct part *p = &map(r)->parts[i];
    return (struct ct_newest_part){ct_newest_source(p->key), p->v, p->n};
}
