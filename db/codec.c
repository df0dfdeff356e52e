#include "db/codec.h"

#include "db/base/money.h"
#include "db/varint.h"

#include <stdlib.h>
#include <string.h>

#define VERSION 2
#define OLD_VERSION 1 /* no row is short: the bit says that words follow the key; another checksum */
#define NO_NUMBER 128 /* beside the flags */

/* A row is the steps of its key and a bit, then those of its number. A short one, which has that bit, says both in one
 * byte. Before a row whose words are others than those of the row before stand a 0 and its words; the first row has its
 * words alone. */
#define SHORT_ROW 1
enum { SHORT_STEPS = 16, SHORT_CHANGES = 8 };

#define HEAD_MOST (1 + 5 * CT_NUMBER_MOST)
#define ROW_MOST (2 * CT_NUMBER_MOST + 1)

static int words(const struct ct_sample *v)
{
    return (v->flags & 127) | (v->value == CT_NONE ? NO_NUMBER : 0);
}

/* The steps all keys and all values of V are apart by. */
static void find_steps(const struct ct_sample *v, size_t n, uint64_t *keys, uint64_t *values)
{
    const struct ct_sample *last = NULL; /* with a number */
    *keys = *values = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            *keys = ct_common((uint64_t)v[i].at_ms - (uint64_t)v[i - 1].at_ms, *keys);
        if (v[i].value == CT_NONE)
            continue;
        if (last)
            *values = ct_common(ct_size_of((uint64_t)v[i].value - (uint64_t)last->value), *values);
        last = &v[i];
    }
    *keys += *keys == 0;
    *values += *values == 0;
}

/* What stands before the rows; N is 0 when that makes no sense. */
struct head {
    bool old;
    const unsigned char *p, *end; /* of the rows */
    uint64_t n, key, key_step, value, value_step;
};

static char *put_head(char *p, const struct head *h)
{
    *p++ = VERSION;
    p = ct_number_put(p, h->n);
    p = ct_number_put(p, ct_fold(h->key)); /* what follows N stays when rows are put behind */
    p = ct_number_put(p, h->key_step);
    p = ct_number_put(p, ct_fold(h->value));
    return ct_number_put(p, h->value_step);
}

/* V[0..N) in the steps of H, behind a row of H's key and WORDS and the number H's value. NULL: they are no multiples. */
static char *put_rows(char *p, struct head h, int now, const struct ct_sample *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t apart = (uint64_t)v[i].at_ms - h.key, steps = apart / h.key_step, change = 0;
        bool turn = words(&v[i]) != now;
        if (steps * h.key_step != apart)
            return NULL;
        now = words(&v[i]);
        h.key = (uint64_t)v[i].at_ms;
        if (!(now & NO_NUMBER)) {
            apart = (uint64_t)v[i].value - h.value;
            change = ct_in_steps(apart, h.value_step);
            if (change * h.value_step != apart)
                return NULL;
            change = ct_fold(change);
            h.value = (uint64_t)v[i].value;
        }
        if (turn) {
            *p++ = 0;
            *p++ = (char)now;
        }
        if (!(now & NO_NUMBER) && steps <= SHORT_STEPS && change < SHORT_CHANGES) {
            *p++ = (char)(change << 5 | (steps - 1) << 1 | SHORT_ROW);
            continue;
        }
        p = ct_number_put(p, steps << 1);
        if (!(now & NO_NUMBER))
            p = ct_number_put(p, change);
    }
    return p;
}

static void end_blob(struct ct_buf *out, char *start, char *p)
{
    p = ct_sum_put(start, p);
    *p = '\0';
    out->n += (size_t)(p - start);
}

void ct_blob_encode(struct ct_buf *out, const struct ct_sample *v, size_t n)
{
    char *start = ct_buf_room(out, HEAD_MOST + n * ROW_MOST + CT_SUM_BYTES);
    struct head h = {.n = n, .key = (uint64_t)v[0].at_ms};
    for (size_t i = n; i-- > 0;)
        h.value = v[i].value == CT_NONE ? h.value : (uint64_t)v[i].value;
    find_steps(v, n, &h.key_step, &h.value_step);
    char *p = put_head(start, &h);
    *p++ = (char)words(&v[0]);
    end_blob(out, start, put_rows(p, h, words(&v[0]), v + 1, n - 1));
}

static struct head read_head(struct ct_span blob)
{
    struct head h = {.n = 0};
    uint64_t *const fields[] = {&h.n, &h.key, &h.key_step, &h.value, &h.value_step};
    h.old = blob.n > CT_SUM_BYTES && blob.p[0] == OLD_VERSION;
    if (blob.n <= CT_SUM_BYTES || (blob.p[0] != VERSION && !h.old))
        return h;
    h.end = (const unsigned char *)blob.p + blob.n - CT_SUM_BYTES;
    h.p = (const unsigned char *)blob.p + 1;
    for (size_t i = 0; i < CT_LEN(fields); i++) {
        struct ct_number next = ct_number_get(h.p, h.end);
        if (!next.next)
            return (struct head){.n = 0};
        *fields[i] = next.v;
        h.p = next.next;
    }
    h.key = ct_unfold(h.key);
    h.value = ct_unfold(h.value);
    if (h.key_step == 0 || h.n > CT_BLOB_MOST || h.n > (uint64_t)(h.end - h.p))
        h.n = 0;
    return h;
}

static uint32_t sum_in(struct ct_span blob)
{
    uint32_t sum;
    memcpy(&sum, blob.p + blob.n - CT_SUM_BYTES, sizeof sum);
    return sum;
}

/* Rows behind WAS[0..N) leave its steps as they are if they are multiples of them; the values of WAS have a step only
 * if they are not all the same. */
struct ct_blob_end ct_blob_end(struct ct_span blob, const struct ct_sample *was, size_t n)
{
    struct head h = read_head(blob);
    int64_t number = CT_NONE; /* the last one */
    bool moved = false;
    for (size_t i = n; i-- > 0 && !moved;) {
        moved = number != CT_NONE && was[i].value != CT_NONE && was[i].value != number;
        number = number == CT_NONE ? was[i].value : number;
    }
    if (h.n < 2 || h.n != n || h.old || !moved)
        return (struct ct_blob_end){.rows = 0};
    return (struct ct_blob_end){n, blob.n, sum_in(blob), words(&was[n - 1]), (uint64_t)was[n - 1].at_ms, (uint64_t)number,
                                h.key_step, h.value_step};
}

bool ct_blob_append(struct ct_buf *out, struct ct_span blob, struct ct_blob_end *end, const struct ct_sample *v, size_t m)
{
    if (end->rows == 0 || m == 0 || blob.n != end->bytes || sum_in(blob) != end->sum || !ct_sum_holds(blob, false))
        return false;
    const unsigned char *to = (const unsigned char *)blob.p + blob.n - CT_SUM_BYTES;
    struct ct_number was = ct_number_get((const unsigned char *)blob.p + 1, to);
    if (!was.next || was.v != end->rows)
        return false;
    size_t rest = (size_t)(to - was.next);
    struct head h = {.key_step = end->key_step, .value_step = end->value_step, .key = end->key, .value = end->value};
    char *start = ct_buf_room(out, HEAD_MOST + rest + m * ROW_MOST + CT_SUM_BYTES), *p = start;
    *p++ = VERSION;
    p = ct_number_put(p, end->rows + m);
    memcpy(p, was.next, rest);
    p = put_rows(p + rest, h, end->words, v, m);
    if (!p)
        return false;
    end_blob(out, start, p);
    struct ct_span grown = {start, out->n - (size_t)(start - out->p)};
    for (size_t i = 0; i < m; i++)
        end->value = v[i].value == CT_NONE ? end->value : (uint64_t)v[i].value;
    end->rows += m;
    end->bytes = grown.n;
    end->sum = sum_in(grown);
    end->words = words(&v[m - 1]);
    end->key = (uint64_t)v[m - 1].at_ms;
    return true;
}

size_t ct_blob_rows(struct ct_span blob)
{
    return (size_t)read_head(blob).n;
}

/* What goes on from row to row. */
struct rows {
    const unsigned char *p, *end;
    struct ct_sample *v, *last; /* the next one to fill; behind the last one */
    uint64_t key, value, key_step, value_step;
    uint64_t room; /* how many steps the key may still go */
    int words;
    bool old;
};

static inline void add_row(struct rows *r, uint64_t steps, uint64_t change)
{
    r->room -= steps;
    r->key += steps * r->key_step;
    r->value += ct_unfold(change) * r->value_step;
    r->v->at_ms = (int64_t)r->key;
    r->v->value = r->words & NO_NUMBER ? CT_NONE : (int64_t)r->value;
    r->v++->flags = r->words & 127;
}

static inline bool is_short(const struct rows *r)
{
    return !r->old && (*r->p & SHORT_ROW);
}

static inline void add_short_row(struct rows *r)
{
    add_row(r, (*r->p >> 1) % SHORT_STEPS + 1, *r->p / (2 * SHORT_STEPS));
    r->p++;
}

/* Any row; FIRST: of those of before, which stands at the first key. False: damaged. */
static bool read_row(struct rows *r, bool first)
{
    if (!r->old && r->end - r->p > 2 && *r->p == 0) {
        r->words = r->p[1];
        r->p += 2;
    }
    if (r->p < r->end && is_short(r)) {
        bool fits = (*r->p >> 1) % SHORT_STEPS < r->room && !(r->words & NO_NUMBER);
        if (fits)
            add_short_row(r);
        return fits;
    }
    struct ct_number key = ct_number_get(r->p, r->end), change = {key.next, 0};
    if (!key.next || (key.v >> 1 == 0) != first || key.v >> 1 > r->room)
        return false;
    if (key.v & 1)
        r->words = change.next < r->end ? *change.next++ : 0;
    if (!(r->words & NO_NUMBER))
        change = ct_number_get(change.next, r->end);
    if (!change.next)
        return false;
    r->p = change.next;
    add_row(r, key.v >> 1, change.v);
    return true;
}

/* The usual rows from here on: short ones, and those of few steps and a small change, a byte each, and nothing else. */
static void read_usual(struct rows *rest)
{
    enum { MOST_STEPS = 63 };
    struct rows r = *rest;
    if (r.words & NO_NUMBER)
        return;
    while (r.v < r.last && r.end - r.p >= 2 && r.room >= MOST_STEPS) {
        if (is_short(&r)) {
            add_short_row(&r);
        } else if (r.p[0] && !(r.p[0] & 129) && r.p[1] < 128) {
            add_row(&r, r.p[0] >> 1, r.p[1]);
            r.p += 2;
        } else {
            break;
        }
    }
    *rest = r;
}

bool ct_blob_decode(struct ct_span blob, struct ct_sample *v)
{
    const struct head h = read_head(blob);
    int64_t first = (int64_t)h.key;
    if (h.n == 0 || first < -CT_BLOB_KEY_MOST || first > CT_BLOB_KEY_MOST || !ct_sum_holds(blob, h.old))
        return false;
    struct rows r = {.p = h.p, .end = h.end, .v = v, .last = v + h.n, .key = h.key, .value = h.value,
                     .key_step = h.key_step, .value_step = h.value_step,
                     .room = ((uint64_t)CT_BLOB_KEY_MOST - h.key) / h.key_step, .old = h.old};
    if (!r.old) {
        r.words = *r.p++;
        add_row(&r, 0, 0);
    }
    while (r.v < r.last) {
        read_usual(&r);
        if (r.v < r.last && !read_row(&r, r.v == v))
            return false;
    }
    return r.p == r.end;
}

bool ct_blob_sound(struct ct_span blob)
{
    struct ct_sample *v = ct_xcalloc(ct_blob_rows(blob) + 1, sizeof *v);
    bool sound = ct_blob_decode(blob, v);
    free(v);
    return sound;
}
