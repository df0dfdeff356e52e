/* What messages, articles and notes said before: their rows have the newest text only, table wording has all of those
 * whose text ever changed. */
#include "db/write_priv.h"

#include <stdio.h>

static void add_text(struct ct_buf *b, struct ct_span t)
{
    ct_buf_add(b, t.p ? t : CT_LIT(CT_WORDS_NULL));
    ct_buf_addc(b, CT_UNIT_SEPARATOR);
}

static void add_number(struct ct_buf *b, int64_t n)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)n);
    add_text(b, n == CT_NONE ? CT_SPAN_NONE : ct_span(text));
}

static int64_t hash_of(struct ct_span text)
{
    return (int64_t)(ct_hash(text) >> 1);
}

struct version {
    int64_t from_ms, hash; /* FROM_MS CT_NONE: there is none */
};

static struct version version(struct ct_writer *w, sqlite3_stmt *st)
{
    struct version v = {CT_NONE, 0};
    if (ct_w_row(w, st))
        v = (struct version){ct_w_int(st, 0), ct_w_int(st, 1)};
    ct_w_end(st);
    return v;
}

/* IS was said at the observation at hand; WAS, since FIRST_MS, is what the row has. Each version holds from its first
 * observation to that of the next. What was in force counts as said again at the observation after this one. */
static void put(struct ct_job *j, enum ct_wording kind, struct ct_span owner, struct ct_span id,
                int64_t first_ms, struct ct_span was, struct ct_span is)
{
    struct ct_writer *w = j->w;
    const struct ct_val key[] = {ve((int)kind), vi(j->source), vt(owner), vt(id)};
    int64_t hash = hash_of(is), from = j->at_ms;
    if (ct_w_one(w, ASK(w, WORDING_ANY, key[0], key[1], key[2], key[3])) == CT_NONE) {
        if (hash_of(was) == hash)
            return;
        RUN(w, WORDING_PUT, key[0], key[1], key[2], key[3], vi(first_ms), vi(hash_of(was)), vt(was));
    }
    struct version now = version(w, ASK(w, WORDING_AT, key[0], key[1], key[2], key[3], vi(from)));
    struct version next = version(w, ASK(w, WORDING_AFTER, key[0], key[1], key[2], key[3], vi(from)));
    if (now.from_ms != CT_NONE && now.hash == hash)
        return;
    int64_t again = j->append || now.from_ms == CT_NONE ? CT_NONE : j->next_ms;
    if (again != CT_NONE && (next.from_ms == CT_NONE || next.from_ms > again)) {
        RUN(w, WORDING_COPY, key[0], key[1], key[2], key[3], vi(now.from_ms), vi(again));
        next = (struct version){again, now.hash};
    }
    if (next.from_ms != CT_NONE && next.hash == hash)
        RUN(w, WORDING_DEL, key[0], key[1], key[2], key[3], vi(next.from_ms));
    RUN(w, WORDING_PUT, key[0], key[1], key[2], key[3], vi(from), vi(hash), vt(is));
}

/* The row that ST finds: FIRST_MS and up to TEXTS texts, then a moment, then a word. False: there is none. */
static bool stored(struct ct_writer *w, sqlite3_stmt *st, int texts, int numbers, struct ct_buf *was,
                   int64_t *first_ms)
{
    bool found = ct_w_row(w, st);
    *first_ms = found ? ct_w_int(st, 0) : CT_NONE;
    for (int i = 1; found && i <= texts; i++)
        add_text(was, ct_w_text(w, st, i));
    for (int i = texts + 1; found && i <= texts + numbers; i++)
        add_number(was, ct_w_int(st, i));
    ct_w_end(st);
    return found;
}

void ct_w_word_update(struct ct_job *j, struct ct_span incident, struct ct_span id, const struct ct_update *u)
{
    struct ct_buf was = CT_BUF_INIT, is = CT_BUF_INIT;
    int64_t first_ms;
    add_text(&is, u->text);
    add_number(&is, u->at_ms);
    add_number(&is, u->phase < 0 ? CT_NONE : u->phase);
    if (stored(j->w, ASK(j->w, UPDATE_GET, vi(j->source), vt(incident), vt(id)), 1, 2, &was, &first_ms))
        put(j, CT_WORDING_UPDATE, incident, id, first_ms, ct_buf_span(&was), ct_buf_span(&is));
    ct_buf_free(&was);
    ct_buf_free(&is);
}

void ct_w_word_article(struct ct_job *j, struct ct_span id, const struct ct_article *a)
{
    struct ct_buf was = CT_BUF_INIT, is = CT_BUF_INIT;
    int64_t first_ms;
    add_text(&is, a->title);
    add_text(&is, a->url);
    add_text(&is, a->summary);
    add_number(&is, a->published_ms);
    if (stored(j->w, ASK(j->w, ARTICLE_GET, vi(j->source), vt(id)), 3, 1, &was, &first_ms))
        put(j, CT_WORDING_ARTICLE, CT_LIT(""), id, first_ms, ct_buf_span(&was), ct_buf_span(&is));
    ct_buf_free(&was);
    ct_buf_free(&is);
}

void ct_w_word_notes(struct ct_job *j, struct ct_span notes)
{
    struct ct_buf was = CT_BUF_INIT, is = CT_BUF_INIT;
    int64_t first_ms;
    add_text(&is, notes);
    if (stored(j->w, ASK(j->w, NOTES_GET, vi(j->source)), 1, 0, &was, &first_ms))
        put(j, CT_WORDING_NOTES, CT_LIT(""), CT_LIT(""), first_ms, ct_buf_span(&was), ct_buf_span(&is));
    ct_buf_free(&was);
    ct_buf_free(&is);
}
