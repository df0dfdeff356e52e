/* Indices over the last month, kept ready for charts (db/index_past.h): made by a reader of the same file, an index after
 * the other, while no one else can write. */
#include "db/index_past.h"
#include "db/write_priv.h"

void ct_w_index_drop(struct ct_writer *w)
{
    ct_reader_close(w->indices.reader);
    w->indices = (struct ct_index_keeping){.due = w->indices.due};
}

static void put(struct ct_writer *w, const struct ct_index_past *p)
{
    RUN(w, INDEX_PAST_PUT, vt(p->gpu), vt(p->form), vi(p->purchase), vi(p->from_ms), vi(p->until_ms), vi(p->mark),
        vb(ct_buf_span(&p->steps)), p->leaps.n ? vb(ct_buf_span(&p->leaps)) : vi(CT_NONE));
}

/* The next index; true: there are more. */
static bool keep_next(struct ct_writer *w, int64_t now_ms)
{
    struct ct_index_keeping *k = &w->indices;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_index_past p;
    struct ct_error ignored; /* charts take longer without */
    bool more = false;
    if (ct_read_index_past(k->reader, now_ms, &k->next, a, &p, &more, &k->unfinished, &ignored) != CT_OK)
        more = false;
    if (p.steps.n)
        put(w, &p);
    ct_buf_free(&p.steps);
    ct_buf_free(&p.leaps);
    ct_arena_free(a);
    return more;
}

bool ct_w_keep_indices(struct ct_writer *w, int64_t now_ms, int64_t end_ms)
{
    struct ct_index_keeping *k = &w->indices;
    enum { MOST_PASSES = 64 }; /* a piece of each is made in one, less of what is made of very many parts */
    struct ct_error ignored;
    bool more = true;
    if (!k->due || w->held) /* what is not committed yet no reader sees */
        return false;
    if (!k->reader && ct_reader_open(w->path, &k->reader, &ignored) != CT_OK)
        return k->due = false;
    do
        more = keep_next(w, now_ms);
    while (more && w->rc == SQLITE_OK && ct_mono_ms() < end_ms);
    if (more)
        return true;
    k->next = 0;
    k->due = k->unfinished && ++k->passes < MOST_PASSES && w->rc == SQLITE_OK;
    k->unfinished = false;
    if (k->due) /* those go on from what is committed by then */
        return true;
    RUN(w, INDEX_PAST_OLD, vi(now_ms - 32 * CT_DAY));
    ct_w_index_drop(w);
    return false;
}
