/* Memory that is freed all at once: one arena per parse, one per loaded model. */
#ifndef CT_ARENA_H
#define CT_ARENA_H

#include "db/base/str.h"

#include <stddef.h>

struct ct_arena;

/* A new arena that hands out at most LIMIT bytes (0: no limit). Never NULL. */
struct ct_arena *ct_arena_new(size_t limit);
void ct_arena_free(struct ct_arena *a); /* NULL is fine */
/* OTHER lives as long as A does, whoever frees it before, and counts against A's limit: beyond that it is not kept, false.
 * Any thread may then be the last to free it. What is in OTHER is not changed any more. */
CT_MUST_USE bool ct_arena_keep(struct ct_arena *a, struct ct_arena *other);
bool ct_arena_kept(struct ct_arena *a); /* does another keep A alive? */
/* Forgets everything, keeps one block for reuse. */
void ct_arena_reset(struct ct_arena *a);
/* Bytes handed out since new or reset. */
size_t ct_arena_used(const struct ct_arena *a);

/* Zeroed memory, aligned for any type; NULL only when the limit is reached. One thread at a time.
 */
void *ct_arena_alloc(struct ct_arena *a, size_t size);
/* The same, not zeroed: for who writes all of it. */
void *ct_arena_room(struct ct_arena *a, size_t size);
/* Copies into the arena, NUL-terminated behind the span's end. Null stays null; NULL p with the
 * limit reached as well, which ct_arena_full tells apart. */
struct ct_span ct_arena_dup(struct ct_arena *a, struct ct_span s);
struct ct_span ct_arena_printf(struct ct_arena *a, const char *fmt, ...) CT_PRINTF(2, 3);
/* True once an allocation was refused: the caller fails with CT_ERR_LIMIT. */
bool ct_arena_full(const struct ct_arena *a);

/* A growing array inside an arena: `CT_VEC(struct ct_offer) offers;` starts zeroed. */
#define CT_VEC(type)                                                                               \
    struct {                                                                                       \
        type *v;                                                                                   \
        size_t n, cap;                                                                             \
    }
/* Room for one more element at the end, zeroed, counted; NULL when the arena is full. */
#define CT_VEC_PUSH(arena, vec)                                                                    \
    ((vec)->n < (vec)->cap ||                                                                      \
             ct_vec_grow((arena), (void **)&(vec)->v, &(vec)->cap, sizeof(*(vec)->v), (vec)->n)    \
         ? &(vec)->v[(vec)->n++]                                                                   \
         : NULL)
bool ct_vec_grow(struct ct_arena *a, void **v, size_t *cap, size_t size, size_t n);
/* The same, not zeroed: for a vector each element of which is written whole. */
#define CT_VEC_ROOM(arena, vec)                                                                    \
    ((vec)->n < (vec)->cap ||                                                                      \
             ct_vec_stretch((arena), (void **)&(vec)->v, &(vec)->cap, sizeof(*(vec)->v), (vec)->n) \
         ? &(vec)->v[(vec)->n++]                                                                   \
         : NULL)
bool ct_vec_stretch(struct ct_arena *a, void **v, size_t *cap, size_t size, size_t n);

#endif
