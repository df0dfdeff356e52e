/* What messages, articles and the notes of answers said, and since when: versions, each from the first observation that
 * held it, and marks at the first that did not. One text, said from FIRST_MS until GONE_MS, needs no more than the row of
 * the message; any other course stands in table wording, mark by mark (hash 0: not said), and the row has the newest
 * text. Either way what is stored follows from the observations alone, in whatever order they came. */
#include "db/write_priv.h"

#include <stdio.h>
#include <stdlib.h>

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

/* A message, an article or the notes of a source, as stored. */
struct item {
    enum ct_wording kind;
    struct ct_span owner, id;
    bool stored;
    int64_t first_ms, gone_ms;
    struct ct_span text;
};

struct version {
    int64_t from_ms, hash; /* FROM_MS CT_NONE: there is none */
};

#define KEY(j, it) ve((int)(it)->kind), vi((j)->source), vt((it)->owner), vt((it)->id)

static struct version version(struct ct_writer *w, sqlite3_stmt *st)
{
    struct version v = {CT_NONE, 0};
    if (ct_w_row(w, st))
        v = (struct version){ct_w_int(st, 0), ct_w_int(st, 1)};
    ct_w_end(st);
    return v;
}

static void put_version(struct ct_job *j, const struct item *it, int64_t from_ms, int64_t hash, struct ct_span text)
{
    RUN(j->w, WORDING_PUT, KEY(j, it), vi(from_ms), vi(hash), vt(hash ? text : CT_LIT("")));
}

/* Writes the row, from the fields of its text. */
static void put_row(struct ct_job *j, const struct item *it)
{
    struct ct_span f[CT_WORDS_MOST];
    ct_words_cut(it->text, f);
    if (it->kind == CT_WORDING_UPDATE)
        RUN(j->w, UPDATE_PUT, vi(j->source), vt(it->owner), vt(it->id), vi(ct_words_int(f[1])), vi(ct_words_int(f[2])),
            vt(f[0]), vi(it->first_ms), vi(it->gone_ms));
    else if (it->kind == CT_WORDING_ARTICLE)
        RUN(j->w, ARTICLE_PUT, vi(j->source), vt(it->id), vt(f[0]), vt(f[1]), vt(f[2]), vi(ct_words_int(f[3])),
            vi(it->first_ms), vi(it->gone_ms));
}

static void drop_row(struct ct_job *j, const struct item *it)
{
    if (it->kind == CT_WORDING_UPDATE)
        RUN(j->w, UPDATE_DEL, vi(j->source), vt(it->owner), vt(it->id));
    else if (it->kind == CT_WORDING_ARTICLE)
        RUN(j->w, ARTICLE_DEL, vi(j->source), vt(it->id));
}

/* The next observation that might have said it: for a message one that lists its incident. */
static int64_t looked_next(struct ct_job *j, const struct item *it)
{
    struct ct_writer *w = j->w;
    if (it->kind != CT_WORDING_UPDATE || j->next_ms == CT_NONE ||
        ct_w_one(w, ASK(w, INCIDENT_ANY, vi(j->source), vt(it->owner))) == CT_NONE)
        return j->next_ms;
    return ct_w_one(w, ASK(w, INCIDENT_AGAIN, vi(j->source), vt(it->owner), vi(j->next_ms)));
}

/* Puts what was said FROM_MS among the versions. What was in force there until now was said again at the next
 * observation, unless a version says otherwise. */
static void splice(struct ct_job *j, const struct item *it, int64_t from_ms, int64_t hash, struct ct_span text)
{
    struct ct_writer *w = j->w;
    struct version now = version(w, ASK(w, WORDING_AT, KEY(j, it), vi(from_ms)));
    struct version next = version(w, ASK(w, WORDING_AFTER, KEY(j, it), vi(from_ms)));
    int64_t again = now.hash == hash ? CT_NONE : looked_next(j, it);
    if (again != CT_NONE && (next.from_ms == CT_NONE || next.from_ms > again)) {
        if (now.hash)
            RUN(w, WORDING_COPY, KEY(j, it), vi(now.from_ms), vi(again));
        else
            put_version(j, it, again, 0, CT_LIT(""));
    } else if (next.from_ms != CT_NONE && next.hash == hash) {
        RUN(w, WORDING_DEL, KEY(j, it), vi(next.from_ms));
    }
    RUN(w, WORDING_DEL, KEY(j, it), vi(from_ms));
    if (version(w, ASK(w, WORDING_AT, KEY(j, it), vi(from_ms))).hash != hash)
        put_version(j, it, from_ms, hash, text);
}

/* Makes the row follow the versions, and does without them where the row says it all. */
static void settle(struct ct_job *j, struct item *it)
{
    struct ct_writer *w = j->w;
    struct version v[3];
    int n = 0;
    sqlite3_stmt *st = ASK(w, WORDING_ALL, KEY(j, it));
    while (n < 3 && ct_w_row(w, st)) {
        v[n].from_ms = ct_w_int(st, 0);
        v[n++].hash = ct_w_int(st, 1);
    }
    ct_w_end(st);
    if (n == 0) {
        drop_row(j, it);
        return;
    }
    struct version last = version(w, ASK(w, WORDING_AT, KEY(j, it), vi(CT_LIVE)));
    it->first_ms = v[0].from_ms;
    it->gone_ms = last.hash ? CT_LIVE : last.from_ms;
    st = ASK(w, WORDING_TEXT, KEY(j, it));
    if (ct_w_row(w, st))
        it->text = ct_w_text(w, st, 0);
    ct_w_end(st);
    if (n == 1 || (n == 2 && !v[1].hash))
        RUN(w, WORDING_CLEAR, KEY(j, it));
    put_row(j, it);
}

/* What the observation at hand says of IT: TEXT, or (null) nothing. True when that is new. */
static bool say(struct ct_job *j, struct item *it, struct ct_span text)
{
    struct ct_writer *w = j->w;
    int64_t hash = text.p ? hash_of(text) : 0, was = it->stored ? hash_of(it->text) : 0;
    int64_t from = it->kind == CT_WORDING_NOTES && j->first ? 0 : j->at_ms;
    bool newest = j->next_ms == CT_NONE;
    if (!it->stored) {
        int64_t again = looked_next(j, it);
        *it = (struct item){it->kind, it->owner, it->id, true, from, again == CT_NONE ? CT_LIVE : again, text};
        put_row(j, it);
        return true;
    }
    if (newest && (hash ? hash == was && it->first_ms <= from && it->gone_ms == CT_LIVE : it->gone_ms <= from))
        return false;
    if (ct_w_one(w, ASK(w, WORDING_ANY, KEY(j, it))) == CT_NONE) {
        if (newest && !hash) {
            it->gone_ms = from;
            put_row(j, it);
            return false;
        }
        if (hash == was && it->first_ms <= from && it->gone_ms > from)
            return false;
        put_version(j, it, it->first_ms, was, it->text);
        if (it->gone_ms != CT_LIVE)
            put_version(j, it, it->gone_ms, 0, CT_LIT(""));
    }
    splice(j, it, from, hash, text);
    settle(j, it);
    return hash && hash != was;
}

/* The row that ST finds: when it was said first and no more, TEXTS texts, then NUMBERS. */
static struct item item_of(struct ct_job *j, enum ct_wording kind, struct ct_span owner, struct ct_span id,
                           sqlite3_stmt *st, int texts, int numbers)
{
    struct ct_writer *w = j->w;
    struct item it = {.kind = kind, .owner = owner, .id = id, .stored = ct_w_row(w, st)};
    struct ct_buf b = CT_BUF_INIT;
    it.first_ms = it.stored ? ct_w_int(st, 0) : CT_NONE;
    it.gone_ms = it.stored ? ct_w_int(st, 1) : CT_NONE;
    for (int i = 2; it.stored && i < 2 + texts + numbers; i++) {
        if (i < 2 + texts)
            add_text(&b, ct_w_text(w, st, i));
        else
            add_number(&b, ct_w_int(st, i));
    }
    ct_w_end(st);
    it.text = ct_arena_dup(w->arena, ct_buf_span(&b));
    ct_buf_free(&b);
    return it;
}

static struct item update_of(struct ct_job *j, struct ct_span incident, struct ct_span id)
{
    return item_of(j, CT_WORDING_UPDATE, incident, id, ASK(j->w, UPDATE_GET, vi(j->source), vt(incident), vt(id)), 1, 2);
}

static struct item article_of(struct ct_job *j, struct ct_span id)
{
    return item_of(j, CT_WORDING_ARTICLE, CT_LIT(""), id, ASK(j->w, ARTICLE_GET, vi(j->source), vt(id)), 3, 1);
}

/* Says B, and lets go of it. */
static bool say_buf(struct ct_job *j, struct item *it, struct ct_buf *b)
{
    struct ct_span text = ct_arena_dup(j->w->arena, ct_buf_span(b));
    ct_buf_free(b);
    return !ct_arena_full(j->w->arena) && say(j, it, text);
}

static bool say_update(struct ct_job *j, struct ct_span incident, struct ct_span id, const struct ct_update *u)
{
    struct item it = update_of(j, incident, id);
    struct ct_buf b = CT_BUF_INIT;
    add_text(&b, u->text);
    add_number(&b, u->at_ms);
    add_number(&b, u->phase < 0 ? CT_NONE : u->phase);
    return say_buf(j, &it, &b);
}

static bool say_article(struct ct_job *j, struct ct_span id, const struct ct_article *a)
{
    struct item it = article_of(j, id);
    struct ct_buf b = CT_BUF_INIT;
    add_text(&b, a->title);
    add_text(&b, a->url);
    add_text(&b, a->summary);
    add_number(&b, a->published_ms);
    return say_buf(j, &it, &b);
}

void ct_w_word_notes(struct ct_job *j, struct ct_span notes)
{
    struct item it = item_of(j, CT_WORDING_NOTES, CT_LIT(""), CT_LIT(""), ASK(j->w, NOTES_GET, vi(j->source)), 1, 0);
    struct ct_buf b = CT_BUF_INIT;
    add_text(&b, notes);
    (void)say_buf(j, &it, &b);
}

/* ---- one answer ---- */

/* What it says, by hashes of owner and id. */
struct said {
    CT_VEC(uint64_t) v;
};

static int by_hash(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static uint64_t said_hash(struct ct_span owner, struct ct_span id)
{
    return ct_w_mix_text(ct_w_mix_text(6, owner), id);
}

static void note_said(struct ct_job *j, struct said *s, struct ct_span owner, struct ct_span id, bool new)
{
    uint64_t *hash = CT_VEC_PUSH(j->w->arena, &s->v);
    if (hash)
        *hash = said_hash(owner, id);
    if (new && !j->f->import) {
        j->out->changed_rows++;
        j->changed = true;
    }
}

/* Those that ST finds said until now, and S does not hold, are said no more. */
static void end_others(struct ct_job *j, enum ct_wording kind, struct ct_span owner, struct said *s, sqlite3_stmt *st)
{
    CT_VEC(struct ct_span) ended = {0};
    while (ct_w_row(j->w, st)) {
        struct ct_span id = ct_w_text(j->w, st, 0), *one;
        uint64_t hash = said_hash(owner, id);
        if (s->v.n && bsearch(&hash, s->v.v, s->v.n, sizeof hash, by_hash))
            continue;
        if ((one = CT_VEC_PUSH(j->w->arena, &ended)))
            *one = id;
    }
    ct_w_end(st);
    for (size_t i = 0; i < ended.n; i++) {
        struct ct_span id = ended.v[i];
        struct item it = kind == CT_WORDING_UPDATE ? update_of(j, owner, id) : article_of(j, id);
        (void)say(j, &it, CT_SPAN_NONE);
        j->changed = true; /* this observation is one that history has to tell from those before */
    }
}

void ct_w_apply_wording(struct ct_job *j, const struct ct_batch *b, const struct ct_list *listed)
{
    struct ct_writer *w = j->w;
    struct said s = {0};
    for (size_t i = 0; i < b->updates.n; i++) {
        const struct ct_update *u = &b->updates.v[i];
        struct ct_span incident = u->incident.p ? u->incident : CT_LIT(""), id = u->id;
        if (!id.n)
            id = ct_arena_printf(w->arena, "#%016llx",
                                 (unsigned long long)ct_w_mix(ct_w_mix_text(5, u->text), (uint64_t)u->at_ms));
        note_said(j, &s, incident, id, say_update(j, incident, id, u));
    }
    for (size_t i = 0; i < b->articles.n; i++) {
        const struct ct_article *r = &b->articles.v[i];
        struct ct_span id = r->id.n ? r->id : r->url.n ? r->url : r->title;
        id = id.p ? id : CT_LIT("");
        note_said(j, &s, CT_LIT(""), id, say_article(j, id, r));
    }
    if (s.v.n)
        qsort(s.v.v, s.v.n, sizeof *s.v.v, by_hash);
    for (size_t i = 0; i < listed->n; i++)
        end_others(j, CT_WORDING_UPDATE, listed->v[i], &s,
                   ASK(w, UPDATES_SAID, vi(j->source), vt(listed->v[i]), vi(j->at_ms)));
    end_others(j, CT_WORDING_ARTICLE, CT_LIT(""), &s, ASK(w, ARTICLES_SAID, vi(j->source), vi(j->at_ms)));
}
