#include "config.h"

#include "db/samples.h"

#include "db/model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_ROWS 256
#define SECOND_BITS 38
_Static_assert(SECOND_BITS == 38, "CT_CHUNK_SERIES says the same");
#define MOST_SERIES (INT64_C(1) << (63 - SECOND_BITS))
#define MOST_MS ((INT64_C(1) << SECOND_BITS) * 1000)
#define GONE_AGAIN 64 /* in ticks: the sample at this moment is taken away */

/* Waiting to be sealed: enough that a chunk is not rewritten for every sample, few enough to be
 * read and kept by everybody who looks. */
#define SOME_TICKS 512
#define SOME_ROWS 65536
#define MANY_TICKS 2048
#define MANY_ROWS 196608

enum { CHUNK_AT, CHUNK_AFTER, CHUNK_PUT, CHUNK_DEL, TICKS, TICK_PUT, TICK_DEL, CHANGED_SINCE, META,
       META_PUT, DATA_VERSION, N_SQL };
const char *const ct_samples_sql[] = {
    [CHUNK_AT] = "SELECT k, b FROM chunk WHERE k<=?1 AND k>=?2 ORDER BY k DESC LIMIT 1",
    [CHUNK_AFTER] = "SELECT k, b FROM chunk WHERE k>=?1 AND k<=?2 ORDER BY k LIMIT 1",
    [CHUNK_PUT] = "INSERT OR REPLACE INTO chunk (k, b) VALUES (?1, ?2)",
    [CHUNK_DEL] = "DELETE FROM chunk WHERE k=?1",
    [TICKS] = "SELECT n, at_ms, net, b, source_id FROM tick WHERE n>?1 ORDER BY n",
    [TICK_PUT] = "INSERT INTO tick (n, at_ms, source_id, net, b) VALUES (?1, ?2, ?3, ?4, ?5)",
    [TICK_DEL] = "DELETE FROM tick WHERE n>=?1 AND n<=?2",
    [CHANGED_SINCE] =
        "SELECT id, cur_ms, cur_value, cur_flags FROM series WHERE source_id=?1 AND cur_ms>=?2",
    [META] = "SELECT value FROM meta WHERE key=iif(?1, 'sealed', 'samples')",
    [META_PUT] = "INSERT OR REPLACE INTO meta (key, value) VALUES (iif(?1, 'sealed', 'samples'), ?2)",
    [DATA_VERSION] = "PRAGMA data_version",
};
const size_t ct_n_samples_sql = N_SQL;

/* The unsealed samples of one series, oldest first. */
struct fresh {
    int64_t series;
    struct ct_sample *v;
    uint32_t n, cap;
};

/* A tick that cannot be read. */
struct bad {
    int64_t n, source, at_ms;
};

/* The chunk last looked into, and what looking showed: up to key UPTO none of its series follows it, and up to key NONE
 * that series has none at all. */
struct window {
    bool valid, damaged;
    int64_t key, upto, none;
    struct ct_sample *v;
    size_t n, cap;
};

struct place {
    int64_t series, at_ms;
};

struct ct_samples {
    sqlite3 *db;
    sqlite3_stmt *st[N_SQL];
    int rc;
    bool sure, loaded; /* looked at in this transaction; at all */
    int64_t version;   /* PRAGMA data_version of what is loaded */
    int64_t sealed, last; /* ticks up to SEALED are gone from the file, up to LAST are loaded */
    int64_t n_ticks, net;
    struct fresh *fresh;
    uint32_t *slot; /* open addressing: index in FRESH + 1 */
    size_t n_fresh, cap_fresh, n_slots, n_rows;
    struct bad *bad;
    size_t n_bad, cap_bad, told; /* what the first TOLD of them cost is marked in FRESH */
    struct window at;
    /* of the running commit */
    struct place *dirty;
    size_t n_dirty, cap_dirty;
    int64_t dirty_net, earliest; /* EARLIEST moment written since that was asked */
    /* of sealing: up to tick UPTO, the series ORDER[NEXT..N_ORDER) are still to do */
    int64_t upto, upto_net;
    size_t *order;
    size_t next, n_order;
};

/* Room for one more in a vector of SIZE each. */
static void *grown(void *v, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    *cap = *cap ? *cap * 2 : 16;
    return ct_xrealloc(v, *cap * size);
}

/* ---- statements ---- */

struct ct_samples *ct_samples_new(sqlite3 *db)
{
    struct ct_samples *s = ct_xcalloc(1, sizeof *s);
    s->db = db;
    s->earliest = INT64_MAX;
    return s;
}

static void forget_window(struct ct_samples *s)
{
    s->at.valid = false;
    s->at.none = 0;
}

static void clear(struct ct_samples *s)
{
    for (size_t i = 0; i < s->n_fresh; i++)
        free(s->fresh[i].v);
    if (s->n_slots)
        memset(s->slot, 0, s->n_slots * sizeof *s->slot);
    s->n_fresh = s->n_rows = s->n_bad = s->told = s->n_dirty = 0;
    s->n_ticks = s->net = s->dirty_net = s->last = 0;
    s->next = s->n_order = 0;
    s->loaded = false;
    forget_window(s);
}

void ct_samples_free(struct ct_samples *s)
{
    if (!s)
        return;
    clear(s);
    for (int i = 0; i < N_SQL; i++)
        sqlite3_finalize(s->st[i]);
    free(s->fresh);
    free(s->slot);
    free(s->bad);
    free(s->at.v);
    free(s->dirty);
    free(s->order);
    free(s);
}

void ct_samples_begin(struct ct_samples *s)
{
    s->rc = SQLITE_OK;
    s->sure = false;
}

void ct_samples_forget(struct ct_samples *s)
{
    clear(s);
    s->sure = false;
}

int ct_samples_rc(const struct ct_samples *s)
{
    return s->rc;
}

static void keep(struct ct_samples *s, int rc)
{
    if (s->rc == SQLITE_OK)
        s->rc = rc;
}

/* Statement ID with A and B bound as far as it takes them; NULL after a failure. */
static sqlite3_stmt *use(struct ct_samples *s, int id, int64_t a, int64_t b)
{
    if (s->rc == SQLITE_OK && !s->st[id])
        keep(s, sqlite3_prepare_v3(s->db, ct_samples_sql[id], -1, SQLITE_PREPARE_PERSISTENT,
                                   &s->st[id], NULL));
    if (s->rc != SQLITE_OK)
        return NULL;
    (void)sqlite3_bind_int64(s->st[id], 1, a);
    (void)sqlite3_bind_int64(s->st[id], 2, b);
    return s->st[id];
}

/* True: a row. Otherwise ST is reset. */
static bool step(struct ct_samples *s, sqlite3_stmt *st)
{
    int rc = st ? sqlite3_step(st) : SQLITE_DONE;
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        keep(s, rc);
    if (st)
        sqlite3_reset(st);
    return false;
}

static void end(sqlite3_stmt *st)
{
    if (st)
        sqlite3_reset(st);
}

static void run(struct ct_samples *s, sqlite3_stmt *st)
{
    while (step(s, st))
        continue;
}

static int64_t ask(struct ct_samples *s, sqlite3_stmt *st)
{
    int64_t value = step(s, st) ? sqlite3_column_int64(st, 0) : 0;
    end(st);
    return value;
}

static struct ct_span blob_of(sqlite3_stmt *st, int column)
{
    const void *p = sqlite3_column_blob(st, column);
    return (struct ct_span){p, p ? (size_t)sqlite3_column_bytes(st, column) : 0};
}

/* ---- what is not sealed yet ---- */

static size_t slot_of(const struct ct_samples *s, int64_t series)
{
    size_t at = (size_t)((uint64_t)series * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (s->n_slots - 1);
    while (s->slot[at] && s->fresh[s->slot[at] - 1].series != series)
        at = (at + 1) & (s->n_slots - 1);
    return at;
}

static struct fresh *fresh_of(const struct ct_samples *s, int64_t series)
{
    size_t at = s->n_fresh ? slot_of(s, series) : 0;
    return s->n_fresh && s->slot[at] ? &s->fresh[s->slot[at] - 1] : NULL;
}

static struct fresh *add_fresh(struct ct_samples *s, int64_t series)
{
    struct fresh *f = fresh_of(s, series);
    if (f)
        return f;
    s->fresh = grown(s->fresh, s->n_fresh, &s->cap_fresh, sizeof *s->fresh);
    s->fresh[s->n_fresh++] = (struct fresh){.series = series};
    if (s->n_fresh * 2 > s->n_slots) {
        s->n_slots = s->n_slots ? s->n_slots * 2 : 64;
        s->slot = ct_xrealloc(s->slot, s->n_slots * sizeof *s->slot);
        memset(s->slot, 0, s->n_slots * sizeof *s->slot);
        for (size_t i = 0; i + 1 < s->n_fresh; i++)
            s->slot[slot_of(s, s->fresh[i].series)] = (uint32_t)i + 1;
    }
    s->slot[slot_of(s, series)] = (uint32_t)s->n_fresh;
    return &s->fresh[s->n_fresh - 1];
}

/* How many of V[0..N), in the order of time, are at or before T. */
static size_t until(const struct ct_sample *v, size_t n, int64_t t)
{
    size_t low = 0, high = n;
    if (n && v[n - 1].at_ms <= t)
        return n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v[middle].at_ms <= t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void set_fresh(struct ct_samples *s, int64_t series, struct ct_sample v)
{
    struct fresh *f = add_fresh(s, series);
    size_t i = until(f->v, f->n, v.at_ms);
    if (i > 0 && f->v[i - 1].at_ms == v.at_ms) {
        f->v[i - 1] = v;
        return;
    }
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 4;
        f->v = ct_xrealloc(f->v, f->cap * sizeof *f->v);
    }
    memmove(f->v + i + 1, f->v + i, (f->n - i) * sizeof *f->v);
    f->v[i] = v;
    f->n++;
    s->n_rows++;
}

static bool usable(int64_t series, int64_t at_ms)
{
    return series > 0 && series < MOST_SERIES && at_ms >= 0 && at_ms < MOST_MS;
}

static void load_tick(struct ct_samples *s, sqlite3_stmt *st)
{
    struct ct_span blob = blob_of(st, 3);
    int64_t at_ms = sqlite3_column_int64(st, 1);
    size_t n = ct_blob_rows(blob);
    struct ct_sample *v = ct_xcalloc(n + 1, sizeof *v);
    bool fine = ct_blob_decode(blob, v);
    for (size_t i = 0; fine && i < n; i++)
        fine = usable(v[i].at_ms, at_ms);
    for (size_t i = 0; fine && i < n; i++)
        set_fresh(s, v[i].at_ms, (struct ct_sample){at_ms, v[i].value, v[i].flags});
    free(v);
    int64_t tick = sqlite3_column_int64(st, 0);
    s->last = tick > s->last ? tick : s->last;
    if (fine) {
        s->net += sqlite3_column_int64(st, 2);
        s->n_ticks++;
        return;
    }
    s->bad = grown(s->bad, s->n_bad, &s->cap_bad, sizeof *s->bad);
    s->bad[s->n_bad++] = (struct bad){tick, sqlite3_column_int64(st, 4), at_ms};
}

static bool sealed_at(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out);

/* A damaged tick may have held every series of its source that has changed since. Those that changed
 * last at that moment are known from their own rows; of the others nobody knows until their next
 * sample. That much is said by marks, which are made anew whenever the ticks are read. */
static void mark_bad(struct ct_samples *s, const struct bad *b)
{
    sqlite3_stmt *st = use(s, CHANGED_SINCE, b->source, b->at_ms);
    while (b->at_ms >= 0 && b->at_ms < MOST_MS && step(s, st)) {
        int64_t series = sqlite3_column_int64(st, 0);
        bool last = sqlite3_column_int64(st, 1) == b->at_ms;
        bool number = last && sqlite3_column_type(st, 2) == SQLITE_INTEGER;
        struct ct_sample there, mark = {b->at_ms, number ? sqlite3_column_int64(st, 2) : CT_NONE,
                                        last ? sqlite3_column_int(st, 3) & 63 : CT_SAMPLE_DAMAGED};
        const struct fresh *f = usable(series, b->at_ms) ? fresh_of(s, series) : NULL;
        size_t i = f ? until(f->v, f->n, b->at_ms) : 0;
        bool known = (i > 0 && f->v[i - 1].at_ms == b->at_ms) ||
                     (sealed_at(s, series, b->at_ms, &there) && there.at_ms == b->at_ms);
        if (!known && usable(series, b->at_ms))
            set_fresh(s, series, mark);
    }
}

/* Everything that is unsealed is in memory, as of this transaction. */
static bool look(struct ct_samples *s)
{
    if (s->sure || s->rc != SQLITE_OK)
        return s->rc == SQLITE_OK;
    int64_t version = ask(s, use(s, DATA_VERSION, 0, 0));
    if (!s->loaded || version != s->version) {
        int64_t sealed = ask(s, use(s, META, true, 0));
        if (!s->loaded || sealed != s->sealed)
            clear(s);
        s->sealed = sealed;
        s->version = version;
        forget_window(s);
        if (s->last < sealed)
            s->last = sealed;
        sqlite3_stmt *st = use(s, TICKS, s->loaded ? s->last : -1, 0);
        while (step(s, st))
            load_tick(s, st);
        while (s->told < s->n_bad)
            mark_bad(s, &s->bad[s->told++]);
        s->loaded = s->rc == SQLITE_OK;
    }
    s->sure = s->loaded;
    return s->sure;
}

/* ---- chunks ---- */

static int64_t key_of(int64_t series, int64_t at_ms)
{
    int64_t second = at_ms < 0 ? 0 : at_ms >= MOST_MS ? MOST_MS / 1000 - 1 : at_ms / 1000;
    return series << SECOND_BITS | second;
}

int64_t ct_chunk_series(int64_t key)
{
    return key >> SECOND_BITS;
}

int64_t ct_chunk_from_ms(int64_t key)
{
    return (key & ((INT64_C(1) << SECOND_BITS) - 1)) * 1000;
}

/* Every sample of a chunk is of its second or later. */
static bool unpack(struct window *w, struct ct_span blob)
{
    size_t n = ct_blob_rows(blob);
    if (n + 1 > w->cap) {
        w->cap = n + 1;
        w->v = ct_xrealloc(w->v, w->cap * sizeof *w->v);
    }
    w->n = n;
    return ct_blob_decode(blob, w->v) && w->v[0].at_ms >= ct_chunk_from_ms(w->key) &&
           w->v[n - 1].at_ms < MOST_MS;
}

/* The chunk that ST finds becomes the window; false: it finds none. */
static bool open_window(struct ct_samples *s, sqlite3_stmt *st)
{
    struct window *w = &s->at;
    bool found = step(s, st);
    if (found && !(w->valid && w->key == sqlite3_column_int64(st, 0))) {
        w->key = sqlite3_column_int64(st, 0);
        w->upto = w->key;
        w->damaged = !unpack(w, blob_of(st, 1));
        w->valid = true;
        if (w->damaged) {
            w->v[0] = (struct ct_sample){ct_chunk_from_ms(w->key), CT_NONE, CT_SAMPLE_DAMAGED};
            w->n = 1;
        }
    }
    end(st);
    return found;
}

/* The window holds the newest sealed sample of SERIES at or before T. */
static bool inside(const struct ct_samples *s, int64_t series, int64_t t)
{
    const struct window *w = &s->at;
    return w->valid && ct_chunk_series(w->key) == series && w->v[0].at_ms <= t &&
           (t < w->v[w->n - 1].at_ms || key_of(series, t) <= w->upto);
}

/* The last chunk of SERIES up to KEY becomes the window; false: there is none. */
static bool open_last(struct ct_samples *s, int64_t series, int64_t key)
{
    struct window *w = &s->at;
    if (key <= w->none && ct_chunk_series(w->none) == series)
        return false;
    bool found = open_window(s, use(s, CHUNK_AT, key, key_of(series, 0)));
    if (found && key > w->upto)
        w->upto = key;
    if (!found && s->rc == SQLITE_OK)
        w->none = key;
    return found;
}

/* The chunk behind the window, or (BEHIND false) the first of SERIES becomes the window; false: there is none. */
static bool open_next(struct ct_samples *s, int64_t series, bool behind)
{
    struct window *w = &s->at;
    int64_t most = key_of(series, MOST_MS), *known = behind ? &w->upto : &w->none;
    if (*known == most)
        return false;
    bool found = open_window(s, use(s, CHUNK_AFTER, behind ? w->key + 1 : key_of(series, 0), most));
    if (!found && s->rc == SQLITE_OK)
        *known = most;
    return found;
}

/* The newest sealed sample at or before T. */
static bool sealed_at(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out)
{
    const struct window *w = &s->at;
    if (t < 0)
        return false;
    if (!inside(s, series, t)) {
        int64_t key = key_of(series, t);
        do
            if (!open_last(s, series, key))
                return false;
        while (w->v[0].at_ms > t && (key = w->key - 1, true));
    }
    *out = w->v[until(w->v, w->n, t) - 1];
    return true;
}

/* Sealed samples after T, the oldest first: *N of one chunk; NULL: there are none. */
static const struct ct_sample *sealed_after(struct ct_samples *s, int64_t series, int64_t t, size_t *n)
{
    const struct window *w = &s->at;
    bool walked = w->valid && ct_chunk_series(w->key) == series && w->v[w->n - 1].at_ms == t;
    bool found = walked || inside(s, series, t) || (t >= 0 && open_last(s, series, key_of(series, t)));
    if ((!found || w->v[w->n - 1].at_ms <= t) && !open_next(s, series, found))
        return NULL;
    size_t i = until(w->v, w->n, t);
    *n = w->n - i;
    return i < w->n ? w->v + i : NULL;
}

/* ---- both ---- */

bool ct_sample_at(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out)
{
    if (!look(s) || series <= 0 || series >= MOST_SERIES)
        return false;
    const struct fresh *f = fresh_of(s, series);
    for (;;) {
        struct ct_sample sealed;
        size_t i = f ? until(f->v, f->n, t) : 0;
        bool there = sealed_at(s, series, t, &sealed);
        if (i == 0 || (there && sealed.at_ms > f->v[i - 1].at_ms)) {
            if (there)
                *out = sealed;
            return there && s->rc == SQLITE_OK;
        }
        const struct ct_sample *v = &f->v[i - 1];
        if (!(v->flags & GONE_AGAIN)) {
            *out = *v;
            return s->rc == SQLITE_OK;
        }
        t = v->at_ms - 1;
    }
}

/* How many of the unsealed V[0..N), the first of which stays, come before T and stay. */
static size_t stretch(const struct ct_sample *v, size_t n, int64_t t)
{
    size_t i = 1;
    while (i < n && v[i].at_ms < t && !(v[i].flags & GONE_AGAIN))
        i++;
    return i;
}

const struct ct_sample *ct_samples_after(struct ct_samples *s, int64_t series, int64_t t, size_t *n)
{
    if (!look(s) || series <= 0 || series >= MOST_SERIES)
        return NULL;
    const struct fresh *f = fresh_of(s, series);
    for (;;) {
        const struct ct_sample *sealed = sealed_after(s, series, t, n);
        size_t i = f ? until(f->v, f->n, t) : 0;
        if (s->rc != SQLITE_OK)
            return NULL;
        if (!f || i == f->n)
            return sealed;
        const struct ct_sample *v = &f->v[i];
        if (sealed && sealed->at_ms < v->at_ms) {
            *n = until(sealed, *n, v->at_ms - 1);
            return sealed;
        }
        if (!(v->flags & GONE_AGAIN)) {
            *n = stretch(v, f->n - i, sealed ? sealed->at_ms : INT64_MAX);
            return v;
        }
        t = v->at_ms;
    }
}

bool ct_sample_after(struct ct_samples *s, int64_t series, int64_t t, struct ct_sample *out)
{
    size_t n;
    const struct ct_sample *v = ct_samples_after(s, series, t, &n);
    if (v)
        *out = *v;
    return v != NULL;
}

bool ct_sample_next(struct ct_samples *s, int64_t series, int64_t to_ms, struct ct_sample *v)
{
    return ct_sample_after(s, series, v->at_ms, v) && v->at_ms <= to_ms;
}

int64_t ct_samples_count(struct ct_samples *s)
{
    return look(s) ? ask(s, use(s, META, false, 0)) + s->net : CT_NONE;
}

int64_t ct_samples_damaged_ticks(struct ct_samples *s)
{
    return look(s) ? (int64_t)s->n_bad : CT_NONE;
}

/* ---- writing ---- */

static void set(struct ct_samples *s, int64_t series, struct ct_sample v, int net)
{
    if (!look(s))
        return;
    if (!usable(series, v.at_ms)) {
        keep(s, SQLITE_RANGE);
        return;
    }
    set_fresh(s, series, v);
    s->dirty = grown(s->dirty, s->n_dirty, &s->cap_dirty, sizeof *s->dirty);
    s->dirty[s->n_dirty++] = (struct place){series, v.at_ms};
    s->dirty_net += net;
}

void ct_sample_put(struct ct_samples *s, int64_t series, struct ct_sample v)
{
    set(s, series, v, 1);
}

void ct_sample_replace(struct ct_samples *s, int64_t series, struct ct_sample v)
{
    set(s, series, v, 0);
}

bool ct_sample_del(struct ct_samples *s, int64_t series, int64_t at_ms)
{
    struct ct_sample v;
    if (!ct_sample_at(s, series, at_ms, &v) || v.at_ms != at_ms)
        return false;
    set(s, series, (struct ct_sample){at_ms, CT_NONE, GONE_AGAIN}, -1);
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->series > y->series) - (x->series < y->series);
}

static void put_tick(struct ct_samples *s, int64_t source, int64_t at_ms, const struct ct_buf *blob)
{
    sqlite3_stmt *st = use(s, TICK_PUT, s->last + 1, at_ms);
    if (!st)
        return;
    (void)sqlite3_bind_int64(st, 3, source);
    (void)sqlite3_bind_int64(st, 4, s->dirty_net);
    (void)sqlite3_bind_blob64(st, 5, blob->p, blob->n, SQLITE_STATIC);
    run(s, st);
    (void)sqlite3_clear_bindings(st);
    s->last++;
    s->n_ticks++;
    s->net += s->dirty_net;
    s->dirty_net = 0;
}

void ct_samples_flush(struct ct_samples *s, int64_t source)
{
    if (s->rc != SQLITE_OK || s->n_dirty == 0)
        return;
    for (size_t i = 1; i < s->n_dirty; i++)
        if (by_place(&s->dirty[i - 1], &s->dirty[i]) > 0) {
            qsort(s->dirty, s->n_dirty, sizeof *s->dirty, by_place);
            break;
        }
    s->earliest = s->dirty[0].at_ms < s->earliest ? s->dirty[0].at_ms : s->earliest;
    struct ct_sample *rows = ct_xcalloc(s->n_dirty, sizeof *rows); /* a series each */
    struct ct_buf blob = CT_BUF_INIT;
    size_t n = 0;
    for (size_t i = 0; i < s->n_dirty; i++) {
        const struct place *p = &s->dirty[i];
        const struct fresh *f = fresh_of(s, p->series);
        struct ct_sample v = f->v[until(f->v, f->n, p->at_ms) - 1];
        if (n == 0 || rows[n - 1].at_ms != p->series)
            rows[n++] = (struct ct_sample){p->series, v.value, v.flags};
        if (i + 1 < s->n_dirty && p[1].at_ms == p->at_ms)
            continue;
        for (size_t k = 0; k < n; k += CT_BLOB_MOST) {
            ct_buf_clear(&blob);
            ct_blob_encode(&blob, rows + k, n - k < CT_BLOB_MOST ? n - k : CT_BLOB_MOST);
            put_tick(s, source, p->at_ms, &blob);
        }
        n = 0;
    }
    s->n_dirty = 0;
    ct_buf_free(&blob);
    free(rows);
}

int64_t ct_samples_earliest(struct ct_samples *s)
{
    int64_t earliest = s->earliest;
    s->earliest = INT64_MAX;
    return earliest;
}

/* ---- sealing ---- */

enum ct_unsealed ct_samples_unsealed(const struct ct_samples *s)
{
    if (s->n_ticks >= MANY_TICKS || s->n_rows >= MANY_ROWS)
        return CT_UNSEALED_MANY;
    bool begun = s->next < s->n_order;
    return begun || s->n_ticks >= SOME_TICKS || s->n_rows >= SOME_ROWS ? CT_UNSEALED_SOME
                                                                       : CT_UNSEALED_FEW;
}

static void put_chunk(struct ct_samples *s, int64_t key, const struct ct_sample *v, size_t n)
{
    struct ct_buf blob = CT_BUF_INIT;
    ct_blob_encode(&blob, v, n);
    sqlite3_stmt *st = use(s, CHUNK_PUT, key, 0);
    if (st) {
        (void)sqlite3_bind_blob64(st, 2, blob.p, blob.n, SQLITE_STATIC);
        run(s, st);
        (void)sqlite3_clear_bindings(st);
    }
    ct_buf_free(&blob);
}

/* Writes the samples of one stretch of a series, the first chunk under KEY. At the end of a series
 * (LAST) chunks are filled one by one, elsewhere shared out, to leave room for more. */
static void put_chunks(struct ct_samples *s, int64_t key, const struct ct_sample *v, size_t n,
                       bool last)
{
    size_t pieces = (n + CHUNK_ROWS - 1) / CHUNK_ROWS;
    size_t size = last ? CHUNK_ROWS : (n + pieces - 1) / pieces;
    for (size_t i = 0; i < n;) {
        size_t to = n - i < size ? n : i + size;
        while (to < n && v[to].at_ms / 1000 == v[to - 1].at_ms / 1000)
            to++; /* chunks begin at different seconds */
        put_chunk(s, i ? key_of(ct_chunk_series(key), v[i].at_ms) : key, v + i, to - i);
        i = to;
    }
}

/* V[0..N) with the changes of F[0..M) done to it, into OUT. Returns how many are left. */
static size_t merge(struct ct_sample *out, const struct ct_sample *v, size_t n,
                    const struct ct_sample *f, size_t m)
{
    size_t k = 0;
    for (size_t i = 0, j = 0; i < n || j < m;) {
        if (j == m || (i < n && v[i].at_ms < f[j].at_ms)) {
            out[k++] = v[i++];
            continue;
        }
        bool mark = (f[j].flags & CT_SAMPLE_DAMAGED) != 0;
        i += i < n && v[i].at_ms == f[j].at_ms && !mark;
        if (!mark && !(f[j].flags & GONE_AGAIN))
            out[k++] = f[j];
        j++;
    }
    return k;
}

/* Seals the first samples of F[0..N) that belong into one chunk; returns how many that were. */
static size_t seal_stretch(struct ct_samples *s, int64_t series, const struct ct_sample *f, size_t n)
{
    struct window *w = &s->at;
    int64_t low = key_of(series, 0), high = key_of(series, MOST_MS), first = key_of(series, f->at_ms);
    bool there = open_window(s, use(s, CHUNK_AT, first, low)) ||
                 open_window(s, use(s, CHUNK_AFTER, low, high));
    int64_t key = there ? w->key : first;
    sqlite3_stmt *st = use(s, CHUNK_AFTER, key + 1, high);
    int64_t next = there && step(s, st) ? sqlite3_column_int64(st, 0) : 0;
    end(st);
    if (there && w->damaged && first < key)
        next = key;
    size_t m = 0;
    while (m < n && (!next || key_of(series, f[m].at_ms) < next))
        m++;
    /* What is damaged stays for salvage; the new samples begin a chunk behind it. */
    bool old = there && !w->damaged;
    size_t had = old ? w->n : 0;
    struct ct_sample *all = ct_xcalloc(had + m + 1, sizeof *all);
    size_t left = merge(all, w->v, had, f, m);
    int64_t start = left ? key_of(series, all[0].at_ms) : 0;
    if (old && (left == 0 || start < key))
        run(s, use(s, CHUNK_DEL, key, 0));
    if (left)
        put_chunks(s, old && key < start ? key : start, all, left, next == 0);
    free(all);
    forget_window(s);
    return m;
}

static int by_series(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

static void begin_sealing(struct ct_samples *s)
{
    struct place *p = ct_xcalloc(s->n_fresh + 1, sizeof *p);
    for (size_t i = 0; i < s->n_fresh; i++)
        p[i] = (struct place){s->fresh[i].series, (int64_t)i};
    qsort(p, s->n_fresh, sizeof *p, by_series);
    s->order = ct_xrealloc(s->order, (s->n_fresh + 1) * sizeof *s->order);
    for (size_t i = 0; i < s->n_fresh; i++)
        s->order[i] = (size_t)p[i].at_ms;
    free(p);
    s->n_order = s->n_fresh;
    s->next = 0;
    s->upto = s->last;
    s->upto_net = s->net;
}

/* All series are done: the ticks may go, but for those nobody could read. */
static void end_sealing(struct ct_samples *s)
{
    int64_t from = 0;
    int64_t sealed = ask(s, use(s, META, false, 0));
    for (size_t i = 0; i <= s->n_bad; i++) {
        int64_t to = i < s->n_bad && s->bad[i].n <= s->upto ? s->bad[i].n - 1 : s->upto;
        run(s, use(s, TICK_DEL, from, to));
        from = to + 2;
    }
    run(s, use(s, META_PUT, false, sealed + s->upto_net));
    run(s, use(s, META_PUT, true, s->upto));
    ct_samples_forget(s);
}

bool ct_samples_seal(struct ct_samples *s, int64_t ms)
{
    int64_t until_ms = ct_mono_ms() + ms;
    if (!look(s))
        return false;
    if (s->next >= s->n_order) {
        if (s->n_fresh == 0)
            return false;
        begin_sealing(s);
    }
    while (s->next < s->n_order && s->rc == SQLITE_OK) {
        const struct fresh *f = &s->fresh[s->order[s->next++]];
        for (size_t i = 0; i < f->n && s->rc == SQLITE_OK;)
            i += seal_stretch(s, f->series, f->v + i, f->n - i);
        if (s->next % 16 == 0 && ct_mono_ms() >= until_ms)
            break;
    }
    if (s->next < s->n_order)
        return true;
    end_sealing(s);
    return false;
}

/* ---- from layout 1 ---- */

int ct_samples_from_rows(sqlite3 *db)
{
    struct ct_samples *s = ct_samples_new(db);
    struct ct_sample v[CHUNK_ROWS + 1024]; /* one more second at most */
    size_t n = 0;
    int64_t series = 0, total = 0;
    sqlite3_stmt *st = NULL;
    keep(s, sqlite3_prepare_v2(db, "SELECT series_id, at_ms, value, flags FROM sample"
                               " ORDER BY series_id, at_ms", -1, &st, NULL));
    for (bool more = true; more && s->rc == SQLITE_OK;) {
        more = step(s, st);
        int64_t next = more ? sqlite3_column_int64(st, 0) : 0;
        int64_t at_ms = more ? sqlite3_column_int64(st, 1) : 0;
        bool full = n >= CHUNK_ROWS && at_ms / 1000 > v[n - 1].at_ms / 1000;
        if (n && (!more || next != series || full)) {
            put_chunk(s, key_of(series, v[0].at_ms), v, n);
            total += (int64_t)n;
            n = 0;
        }
        series = next;
        if (!more)
            break;
        if (usable(series, at_ms) && n < CT_LEN(v))
            v[n++] = (struct ct_sample){at_ms,
                                        sqlite3_column_type(st, 2) == SQLITE_NULL
                                            ? CT_NONE
                                            : sqlite3_column_int64(st, 2),
                                        sqlite3_column_int(st, 3) & 63};
    }
    if (total)
        run(s, use(s, META_PUT, false, total));
    int rc = s->rc;
    sqlite3_finalize(st);
    ct_samples_free(s);
    return rc;
}
