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

/* The text there is: since when, and when it was last seen at least (CT_NONE: in every answer). */
struct known {
    int64_t first_ms, seen_ms;
    struct ct_buf text;
};

static bool imported_at(struct ct_job *j, int64_t at_ms)
{
    struct ct_writer *w = j->w;
    sqlite3_stmt *st = ASK(w, POLL_LAST, vi(j->source), vi(at_ms + 1));
    bool imported = ct_w_row(w, st) && ct_w_int(st, 4) == 1;
    ct_w_end(st);
    return imported;
}

/* When what was in force before the observation at hand was said again, as far as nothing else was; CT_NONE: never.
 * Messages when their incident was listed again, all else at the next observation, unless that was imported (then
 * each is marked as seen) and is later than the last that held it. */
static int64_t said_again(struct ct_job *j, enum ct_wording kind, struct ct_span owner, const struct known *was)
{
    struct ct_writer *w = j->w;
    if (j->append || j->next_ms == CT_NONE)
        return CT_NONE;
    if (kind == CT_WORDING_UPDATE && ct_w_one(w, ASK(w, INCIDENT_ANY, vi(j->source), vt(owner))) != CT_NONE)
        return ct_w_one(w, ASK(w, INCIDENT_AGAIN, vi(j->source), vt(owner), vi(j->next_ms)));
    bool over = was->seen_ms != CT_NONE && was->seen_ms < j->next_ms && imported_at(j, j->next_ms);
    return over ? CT_NONE : j->next_ms;
}

/* IS was said at the observation at hand, WAS is what the row has. Each version holds from its first observation to
 * that of the next. */
static void put(struct ct_job *j, enum ct_wording kind, struct ct_span owner, struct ct_span id,
                const struct known *known, struct ct_span is)
{
    struct ct_span was = ct_buf_span(&known->text);
    struct ct_writer *w = j->w;
    const struct ct_val key[] = {ve((int)kind), vi(j->source), vt(owner), vt(id)};
    int64_t hash = hash_of(is), from = j->at_ms;
    if (ct_w_one(w, ASK(w, WORDING_ANY, key[0], key[1], key[2], key[3])) == CT_NONE) {
        if (hash_of(was) == hash)
            return;
        RUN(w, WORDING_PUT, key[0], key[1], key[2], key[3], vi(known->first_ms), vi(hash_of(was)), vt(was));
    }
    struct version now = version(w, ASK(w, WORDING_AT, key[0], key[1], key[2], key[3], vi(from)));
    struct version next = version(w, ASK(w, WORDING_AFTER, key[0], key[1], key[2], key[3], vi(from)));
    if (now.from_ms != CT_NONE && now.hash == hash)
        return;
    int64_t again = now.from_ms == CT_NONE ? CT_NONE : said_again(j, kind, owner, known);
    if (again != CT_NONE && (next.from_ms == CT_NONE || next.from_ms > again)) {
        RUN(w, WORDING_COPY, key[0], key[1], key[2], key[3], vi(now.from_ms), vi(again));
        next = (struct version){again, now.hash};
    }
    if (next.from_ms != CT_NONE && next.hash == hash)
        RUN(w, WORDING_DEL, key[0], key[1], key[2], key[3], vi(next.from_ms));
    RUN(w, WORDING_PUT, key[0], key[1], key[2], key[3], vi(from), vi(hash), vt(is));
}

/* The row that ST finds: when it was seen first and last, TEXTS texts, then NUMBERS. False: there is none. */
static bool stored(struct ct_writer *w, sqlite3_stmt *st, int texts, int numbers, struct known *was)
{
    bool found = ct_w_row(w, st);
    was->first_ms = found ? ct_w_int(st, 0) : CT_NONE;
    was->seen_ms = found ? ct_w_int(st, 1) : CT_NONE;
    for (int i = 2; found && i < 2 + texts; i++)
        add_text(&was->text, ct_w_text(w, st, i));
    for (int i = 2 + texts; found && i < 2 + texts + numbers; i++)
        add_number(&was->text, ct_w_int(st, i));
    ct_w_end(st);
    return found;
}

void ct_w_word_update(struct ct_job *j, struct ct_span incident, struct ct_span id, const struct ct_update *u)
{
    struct known was = {.text = CT_BUF_INIT};
    struct ct_buf is = CT_BUF_INIT;
    add_text(&is, u->text);
    add_number(&is, u->at_ms);
    add_number(&is, u->phase < 0 ? CT_NONE : u->phase);
    if (stored(j->w, ASK(j->w, UPDATE_GET, vi(j->source), vt(incident), vt(id)), 1, 2, &was))
        put(j, CT_WORDING_UPDATE, incident, id, &was, ct_buf_span(&is));
    ct_buf_free(&was.text);
    ct_buf_free(&is);
}

void ct_w_word_article(struct ct_job *j, struct ct_span id, const struct ct_article *a)
{
    struct known was = {.text = CT_BUF_INIT};
    struct ct_buf is = CT_BUF_INIT;
    add_text(&is, a->title);
    add_text(&is, a->url);
    add_text(&is, a->summary);
    add_number(&is, a->published_ms);
    if (stored(j->w, ASK(j->w, ARTICLE_GET, vi(j->source), vt(id)), 3, 1, &was))
        put(j, CT_WORDING_ARTICLE, CT_LIT(""), id, &was, ct_buf_span(&is));
    ct_buf_free(&was.text);
    ct_buf_free(&is);
}

void ct_w_word_notes(struct ct_job *j, struct ct_span notes)
{
    struct known was = {.text = CT_BUF_INIT};
    struct ct_buf is = CT_BUF_INIT;
    add_text(&is, notes);
    if (stored(j->w, ASK(j->w, NOTES_GET, vi(j->source)), 1, 0, &was))
        put(j, CT_WORDING_NOTES, CT_LIT(""), CT_LIT(""), &was, ct_buf_span(&is));
    ct_buf_free(&was.text);
    ct_buf_free(&is);
}
