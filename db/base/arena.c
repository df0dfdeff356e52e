#include "db/base/arena.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_BLOCK ((size_t)1 << 20)
#define LARGE_VEC ((size_t)128 << 10)

struct block {
    struct block *next;
    size_t cap, used;
    bool own; /* one vector's, which grows with it */
    _Alignas(max_align_t) char bytes[];
};

struct ct_arena {
    struct block *blocks; /* the first one is filled, the others are full enough */
    size_t limit, used;
    bool full;
    atomic_uint owners;
    struct kept {
        struct kept *next;
        struct ct_arena *arena;
    } *kept; /* owned as well */
};

struct ct_arena *ct_arena_new(size_t limit)
{
    struct ct_arena *a = ct_xcalloc(1, sizeof(*a));
    a->limit = limit ? limit : SIZE_MAX / 4;
    atomic_init(&a->owners, 1);
    return a;
}

static void free_blocks(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

static void let_go(struct ct_arena *a)
{
    while (a->kept) {
        struct kept *k = a->kept;
        a->kept = k->next;
        ct_arena_free(k->arena);
        free(k);
    }
}

void ct_arena_free(struct ct_arena *a)
{
    if (a && atomic_fetch_sub(&a->owners, 1) == 1) {
        let_go(a);
        free_blocks(a->blocks);
        free(a);
    }
}

bool ct_arena_keep(struct ct_arena *a, struct ct_arena *other)
{
    if (a->kept && a->kept->arena == other) {
        return true;
    }
    if (other->used > a->limit - a->used) {
        a->full = true;
        return false;
    }
    a->used += other->used;
    struct kept *k = ct_xmalloc(sizeof(*k));
    atomic_fetch_add(&other->owners, 1);
    *k = (struct kept){a->kept, other};
    a->kept = k;
    return true;
}

bool ct_arena_kept(struct ct_arena *a)
{
    return atomic_load(&a->owners) > 1;
}

void ct_arena_reset(struct ct_arena *a)
{
    let_go(a);
    if (a->blocks) {
        free_blocks(a->blocks->next);
        a->blocks->next = NULL;
        a->blocks->used = 0;
    }
    a->used = 0;
    a->full = false;
}

size_t ct_arena_used(const struct ct_arena *a)
{
    return a->used;
}

bool ct_arena_full(const struct ct_arena *a)
{
    return a->full;
}

static struct block *add_block(struct ct_arena *a, size_t least)
{
    size_t cap = a->blocks ? a->blocks->cap * 2 : FIRST_BLOCK;
    cap = cap > LARGEST_BLOCK ? LARGEST_BLOCK : cap;
    bool large = least > cap;
    cap = large ? least : cap;
    struct block *b = ct_xmalloc(sizeof(*b) + cap);
    b->cap = cap;
    b->used = 0;
    b->own = false;
    if (large && a->blocks) { /* a block of its own; the open one stays open */
        b->next = a->blocks->next;
        a->blocks->next = b;
    } else {
        b->next = a->blocks;
        a->blocks = b;
    }
    return b;
}

/* What SIZE bytes take, up to where the next ones begin. */
static size_t room_of(size_t size)
{
    const size_t align = _Alignof(max_align_t);
    return size ? (size + align - 1) / align * align : align;
}

static void count(struct ct_arena *a, struct block *b, size_t room)
{
    b->used += room;
    a->used += room < a->limit - a->used ? room : a->limit - a->used;
}

void *ct_arena_room(struct ct_arena *a, size_t size)
{
    if (size > a->limit - a->used) {
        a->full = true;
        return NULL;
    }
    size_t room = room_of(size);
    struct block *b = a->blocks;
    if (!b || b->cap - b->used < room) {
        b = add_block(a, room);
    }
    void *p = b->bytes + b->used;
    count(a, b, room);
    return p;
}

void *ct_arena_alloc(struct ct_arena *a, size_t size)
{
    void *p = ct_arena_room(a, size);
    return p ? memset(p, 0, room_of(size)) : NULL;
}

/* V of SIZE bytes, in the open block, was the last to be handed out and the block has room for MORE altogether: true, V has them. */
static bool stretch(struct ct_arena *a, const void *v, size_t size, size_t more)
{
    struct block *b = a->blocks;
    size_t room = room_of(size), wanted = room_of(more);
    bool last = b && v && (const char *)v + room == b->bytes + b->used;
    if (!last || wanted - room > b->cap - b->used || wanted - room > a->limit - a->used) {
        return false;
    }
    count(a, b, wanted - room);
    return true;
}

struct ct_span ct_arena_dup(struct ct_arena *a, struct ct_span s)
{
    if (!s.p || s.n == SIZE_MAX) {
        return CT_SPAN_NONE;
    }
    char *p = ct_arena_room(a, s.n + 1);
    if (!p) {
        return CT_SPAN_NONE;
    }
    memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (struct ct_span){p, s.n};
}

struct ct_span ct_arena_printf(struct ct_arena *a, const char *fmt, ...)
{
    char text[256]; /* hardly anything is longer: then it is formatted once */
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    assert(n >= 0);
    char *p = n >= 0 ? ct_arena_room(a, (size_t)n + 1) : NULL;
    if (p && (size_t)n < sizeof text) {
        memcpy(p, text, (size_t)n + 1);
    } else if (p) {
        (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    return p ? (struct ct_span){p, (size_t)n} : CT_SPAN_NONE;
}

/* The block that is V's own, by the link to it; NULL: it has none. */
static struct block **own_block(struct ct_arena *a, const void *v)
{
    for (struct block **b = &a->blocks; *b; b = &(*b)->next) {
        if ((*b)->own && (const void *)(*b)->bytes == v) {
            return b;
        }
    }
    return NULL;
}

/* V, which has WAS bytes, gets room for MORE altogether, and moves for that; NULL: the limit. The block has room for as
 * much again, which takes no memory before it is used. */
static void *grow_large(struct ct_arena *a, void *v, size_t was, size_t more)
{
    struct block **own = own_block(a, v);
    size_t room = room_of(more), had = own ? (*own)->used : 0;
    if (room - had > a->limit - a->used) {
        a->full = true;
        return NULL;
    }
    struct block *old = own ? *own : NULL, *b = old;
    if (!old || old->cap < room) {
        b = ct_xrealloc(old, sizeof(*b) + 2 * room);
        b->cap = 2 * room;
    }
    if (own) {
        *own = b;
    } else {
        b->next = a->blocks->next; /* V's block, for one, is there */
        a->blocks->next = b;
        memcpy(b->bytes, v, was);
    }
    b->own = true;
    b->used = room;
    a->used += room - had;
    return b->bytes;
}

bool ct_vec_stretch(struct ct_arena *a, void **v, size_t *cap, size_t size, size_t n)
{
    size_t more = *cap ? *cap * 2 : 8;
    if (*cap > SIZE_MAX / 4 || more > SIZE_MAX / size) {
        a->full = true;
        return false;
    }
    void *p;
    if (*cap * size >= LARGE_VEC) {
        more = *cap + LARGE_VEC / 2 / size + 1; /* what is zeroed takes memory */
        p = grow_large(a, *v, n * size, more * size);
    } else {
        p = stretch(a, *v, *cap * size, more * size) ? *v : ct_arena_room(a, more * size);
        if (p && n && p != *v) {
            memcpy(p, *v, n * size);
        }
    }
    if (!p) {
        return false;
    }
    *v = p;
    *cap = more;
    return true;
}

bool ct_vec_grow(struct ct_arena *a, void **v, size_t *cap, size_t size, size_t n)
{
    if (!ct_vec_stretch(a, v, cap, size, n)) {
        return false;
    }
    memset((char *)*v + n * size, 0, (*cap - n) * size);
    return true;
}
