#include "fetchers/rows.h"

#include "fetchers/markup.h"

#include <inttypes.h>
#include <stdlib.h>

/* Both are searched line by line: a hostile document must not make that long. */
enum { NOTES_MAX = 64, LIST_MAX = 1000 };

bool ct_rows_too_many(const struct ct_batch *out)
{
    return ct_batch_rows(out) > CT_ROWS_MAX;
}

enum ct_status ct_rows_finish(struct ct_batch *out, enum ct_status s, struct ct_error *err)
{
    if (s == CT_OK && ct_arena_full(out->arena))
        s = ct_fail(err, CT_ERR_LIMIT, "body",
                    "its rows need more memory than one source may have");
    else if (s == CT_OK && ct_rows_too_many(out))
        s = ct_fail(err, CT_ERR_LIMIT, "body", "more than %d rows", CT_ROWS_MAX);
    if (s != CT_OK)
        ct_batch_init(out, out->arena);
    return s;
}

void ct_rows_note_word(struct ct_batch *out, const char *what, struct ct_span word)
{
    if (out->notes.n >= NOTES_MAX) {
        ct_batch_note(out, CT_LIT("further unknown words"));
        return;
    }
    struct ct_span shown = ct_clean_id(out->arena, word);
    ct_batch_note(out, ct_arena_printf(out->arena, "%s \"%.*s\"", what, CT_FMT(shown)));
}

struct ct_list ct_list_new(struct ct_arena *a, size_t n)
{
    n = n < LIST_MAX ? n : LIST_MAX;
    return (struct ct_list){ct_arena_alloc(a, (n ? n : 1) * sizeof(struct ct_span)), 0};
}

void ct_list_add(struct ct_list *l, struct ct_span text)
{
    if (!l->v || !text.n || l->n == LIST_MAX)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (ct_span_eq(l->v[i], text))
            return;
    l->v[l->n++] = text;
}

static int by_id(const void *a, const void *b)
{
    const struct ct_update *x = a, *y = b;
    int c = ct_span_cmp(x->id, y->id);
    return c ? c : (x->at_ms < y->at_ms) - (x->at_ms > y->at_ms);
}

static int newest_first(const void *a, const void *b)
{
    const struct ct_update *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms > y->at_ms ? -1 : 1;
    return ct_span_cmp(x->id, y->id);
}

/* The same for the same instant and text. */
static struct ct_span update_id(struct ct_arena *a, int64_t at_ms, struct ct_span text)
{
    struct ct_buf b = CT_BUF_INIT;
    ct_buf_addf(&b, "%" PRId64 "\n", at_ms);
    ct_buf_add(&b, text);
    struct ct_span id = ct_arena_printf(a, "#%016" PRIx64, ct_hash(ct_buf_span(&b)));
    ct_buf_free(&b);
    return id;
}

static void name_update(struct ct_batch *out, struct ct_update *u)
{
    if (!u->id.n)
        u->id = update_id(out->arena, u->at_ms, u->text);
}

static bool push_update(struct ct_batch *out, const struct ct_update *u, struct ct_span text)
{
    struct ct_update *row = CT_VEC_PUSH(out->arena, &out->updates);
    if (!row)
        return false;
    *row = *u;
    row->text = text;
    return true;
}

int64_t ct_rows_updates(struct ct_batch *out, struct ct_update *v, size_t n)
{
    size_t kept = 0;
    if (n == 0)
        return CT_NONE;
    for (size_t i = 0; i < n; i++)
        name_update(out, &v[i]);
    qsort(v, n, sizeof *v, by_id);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !ct_span_eq(v[i].id, v[kept - 1].id))
            v[kept++] = v[i];
    qsort(v, kept, sizeof *v, newest_first);
    for (size_t i = 0; i < kept && i < CT_UPDATES_MAX && !ct_rows_too_many(out); i++)
        if (!push_update(out, &v[i], ct_markup_text(out->arena, v[i].text)))
            break;
    for (size_t i = CT_UPDATES_MAX; i < kept; i++)
        ct_batch_note(out, CT_LIT("updates older than the newest 50 of their incident"));
    return v[0].at_ms;
}

void ct_rows_update(struct ct_batch *out, struct ct_update *u, struct ct_span text)
{
    name_update(out, u);
    if (!ct_rows_too_many(out))
        (void)push_update(out, u, text);
}

int ct_rows_open_state(int state, int phase)
{
    if (state == CT_STATE_MAINTENANCE)
        return state;
    if (state < CT_STATE_DEGRADED || phase == CT_PHASE_MONITORING)
        return CT_STATE_DEGRADED;
    return state;
}
