/* One attempt, one transaction: judge it, put it on the source's timeline, then let series, incidents and
 * the provider's state follow, and at last the source's health. */
#include "config.h"

#include "db/write_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIRMATIONS 3
#define CONFIRMATIONS_EMPTY_LIST 2
#define EMPTY_MS (6 * CT_HOUR)
#define YEAR_2000_MS INT64_C(946684800000)

/* ---- events ---- */

const char *ct_w_name(const char *const *words, int64_t v)
{
    for (int64_t i = 0; words[i]; i++)
        if (i == v)
            return words[i];
    return "?";
}

void ct_w_event(struct ct_job *j, const struct ct_new_event *e)
{
    int64_t id = ct_event_hash(ct_span(j->f->source_id), e->at_ms, e->origin, e->kind, e->seed, e->ref, e->field);
    int64_t added = RUN(
        j->w, EVENT_ADD, vi(e->at_ms), vi(id), ve((int)e->origin), ve((int)e->kind),
        ve((int)e->severity), vi(j->source), vi(e->series > 0 ? e->series : CT_NONE),
        vt(e->subject), vt(e->ref), vt(e->field), vt(e->text.p ? e->text : CT_LIT("")), vs(e->unit),
        vi(e->old_value), vi(e->new_value), vi(e->pct), ve(e->suspect));
    if (added > 0)
        ct_w_saw(j, &(struct ct_seen_event){e->kind, e->severity, e->subject, e->ref, e->field, e->text});
}

void ct_w_saw(struct ct_job *j, const struct ct_seen_event *e)
{
    j->out->events++;
    if (j->f->saw)
        j->f->saw(j->f->saw_ctx, e);
}

/* ---- the source ---- */

struct source {
    int64_t data_ms, pending_n, pending_mark, pending_since_ms, trust, generation;
    int64_t last_attempt_ms;
    struct ct_span page_id, pending_reason;
};

static bool load_source(struct ct_job *j, struct source *s)
{
    struct ct_writer *w = j->w;
    sqlite3_stmt *st = ASK(w, SOURCE_GET, vs(j->f->source_id));
    bool found = ct_w_row(w, st);
    if (found) {
        j->source = ct_w_int(st, 0);
        j->kind = ct_w_word(st, 1);
        j->provider = ct_w_text(w, st, 2);
        j->part_of_list = ct_w_int(st, 3) == 1;
        j->states_stock = ct_w_int(st, 13) == CT_EVIDENCE_STOCK;
        *s = (struct source){
            .data_ms = ct_w_int(st, 4),
            .page_id = ct_w_text(w, st, 5),
            .pending_n = ct_w_int(st, 6),
            .pending_reason = ct_w_text(w, st, 7),
            .pending_mark = ct_w_int(st, 8),
            .pending_since_ms = ct_w_int(st, 9),
            .trust = ct_w_int(st, 10),
            .generation = ct_w_int(st, 11),
            .last_attempt_ms = ct_w_int(st, 12),
        };
        if (!j->provider.n)
            j->provider = ct_arena_dup(w->arena, ct_span(j->f->source_id));
    }
    ct_w_end(st);
    return found;
}

/* Recorded data may come from a source nobody configured: its rows tell what it is. */
static void add_imported_source(struct ct_job *j)
{
    const struct ct_batch *b = j->f->batch;
    enum ct_source_kind kind = CT_SOURCE_STATUS;
    if (b && b->offers.n)
        kind = CT_SOURCE_PRICES;
    else if (b && (b->token_prices.n || b->endpoints.n))
        kind = CT_SOURCE_MODELS;
    else if (b && b->articles.n)
        kind = CT_SOURCE_NEWS;
    bool listed = kind == CT_SOURCE_PRICES || kind == CT_SOURCE_MODELS;
    RUN(j->w, SOURCE_ADD, vs(j->f->source_id), vs(""), ve((int)kind), vs(""), vs(""),
        vs(j->f->source_id), vs(""), vs(""),
        ve(listed ? CT_EVIDENCE_LISTED : CT_EVIDENCE_OFFICIAL), vi(CT_DAY), vi(0), vs("imported"),
        vi(0), vi(0));
}

/* ---- is it to be believed? (reliability.md section 4) ---- */

struct doubt {
    const char *reason; /* NULL: none. Stays the same for answers that agree */
    int64_t mark;       /* what agreeing answers agree on */
    int64_t confirmations;
    char words[160];
};

static int64_t usable_time(int64_t ms, int64_t now_ms)
{
    return ms == CT_NONE || ms < YEAR_2000_MS || ms > now_ms + CT_DAY ? CT_NONE : ms;
}

/* The last answer that was believed had nothing in it either. */
static bool was_empty(struct ct_job *j)
{
    sqlite3_stmt *st = ASK(j->w, POLL_OK_BEFORE, vi(j->source), vi(j->at_ms));
    bool empty = ct_w_row(j->w, st) && ct_w_int(st, 2) == 0;
    ct_w_end(st);
    return empty;
}

static struct doubt doubt_of(struct ct_job *j, const struct source *s)
{
    const struct ct_batch *b = j->f->batch;
    struct doubt d = {.confirmations = CONFIRMATIONS};
    int64_t had, has, data_ms = usable_time(b->data_ms, j->at_ms);
    ct_w_count(j, &had, &has);
    struct ct_span page = b->pages.n ? b->pages.v[0].id : CT_SPAN_NONE;
    if (b->empty_list) {
        d.reason = was_empty(j) ? NULL : "an empty list";
        d.confirmations = CONFIRMATIONS_EMPTY_LIST;
        (void)snprintf(d.words, sizeof d.words, "a list that hardly ever is empty is");
    } else if (had > 0 && has == 0 && !b->trouble_only) {
        d.reason = "no rows any more";
        (void)snprintf(d.words, sizeof d.words, "no rows, %" PRId64 " before", had);
    } else if (page.n && s->page_id.n && !ct_span_eq(page, s->page_id)) {
        d.reason = "another page";
        d.mark = (int64_t)(ct_hash(page) >> 1);
        (void)snprintf(d.words, sizeof d.words, "page id changed from %.*s to %.*s",
                       CT_FMT(s->page_id), CT_FMT(page));
    } else if (has * 2 < had && had - has >= 3 && !b->trouble_only) {
        d.reason = "rows fell by more than half";
        d.mark = has;
        (void)snprintf(d.words, sizeof d.words, "rows fell from %" PRId64 " to %" PRId64, had, has);
    } else if (data_ms != CT_NONE && s->data_ms != CT_NONE && data_ms < s->data_ms) {
        char was[CT_TIME_MAX], is[CT_TIME_MAX];
        ct_time_format(was, s->data_ms);
        ct_time_format(is, data_ms);
        d.reason = "data older than before";
        d.mark = data_ms;
        (void)snprintf(d.words, sizeof d.words, "its own time went back from %s to %s", was, is);
    }
    return d;
}

/* True: the same doubt as the one that is pending, about the same thing. */
static bool agrees(const struct doubt *d, const struct source *s)
{
    if (s->pending_n == 0 || !ct_span_is(s->pending_reason, d->reason))
        return false;
    if (strcmp(d->reason, "data older than before") == 0)
        return d->mark >= s->pending_mark;
    if (strcmp(d->reason, "rows fell by more than half") != 0)
        return d->mark == s->pending_mark;
    int64_t gap = d->mark > s->pending_mark ? d->mark - s->pending_mark : s->pending_mark - d->mark;
    return gap * 10 <= s->pending_mark + 9; /* a tenth, at least one row */
}

/* Holds the answer back unless it has been confirmed often enough. */
static bool hold_back(struct ct_job *j, struct source *s, char *words, size_t size)
{
    struct doubt d = doubt_of(j, s);
    if (!d.reason || s->trust)
        return false;
    bool again = agrees(&d, s);
    int64_t n = again ? s->pending_n + 1 : 1;
    int64_t since = again ? s->pending_since_ms : j->at_ms;
    bool empty = strcmp(d.reason, "no rows any more") == 0;
    if (n >= d.confirmations && (!empty || j->at_ms - since >= EMPTY_MS))
        return false;
    RUN(j->w, SOURCE_HELD, vi(j->source), vi(n), vs(d.reason), vi(d.mark), vi(since));
    j->out->suspicious = true;
    (void)snprintf(j->out->remark, sizeof j->out->remark, "held back (%" PRId64 "): %s", n, d.words);
    (void)snprintf(words, size, "%s", d.reason);
    if (!again)
        ct_w_event(j, &(struct ct_new_event){
                          .at_ms = j->at_ms,
                          .origin = CT_ORIGIN_WRITTEN,
                          .kind = CT_EVENT_SOURCE,
                          .severity = CT_SEV_WARNING,
                          .subject = ct_span(j->f->source_id),
                          .field = CT_LIT("held back"),
                          .text = ct_arena_printf(j->w->arena, "answer held back: %s", d.words),
                          .old_value = CT_NONE,
                          .new_value = CT_NONE,
                          .pct = CT_NONE,
                          .suspect = -1,
                      });
    return true;
}

/* ---- the timeline ---- */

struct run {
    int64_t from_ms, to_ms, n, outcome, imported;
    uint64_t hash;
    struct ct_span reason;
};

/* The last run that began before BEFORE_MS. */
static bool last_run(struct ct_job *j, int64_t before_ms, struct run *r)
{
    sqlite3_stmt *st = ASK(j->w, POLL_LAST, vi(j->source), vi(before_ms));
    bool found = ct_w_row(j->w, st);
    if (found)
        *r = (struct run){ct_w_int(st, 0), ct_w_int(st, 1),           ct_w_int(st, 2),
                          ct_w_int(st, 3), ct_w_int(st, 4), (uint64_t)ct_w_int(st, 5),
                          ct_w_text(j->w, st, 6)};
    ct_w_end(st);
    return found;
}

/* Of two recorded answers for one moment the same one must win in whatever order they come. */
static bool outranks(int64_t outcome, uint64_t hash, const struct run *r)
{
    return outcome != r->outcome ? outcome < r->outcome : hash > r->hash;
}

/* Series alone, and not all there were: they may come in several files. */
static bool in_parts(const struct ct_job *j)
{
    return j->part_of_list && j->set && j->f->batch->incidents.n + j->f->batch->updates.n == 0;
}

/* Makes room for an import at j->at_ms. False: what is there stays. */
static bool make_room(struct ct_job *j, enum ct_poll_outcome outcome, uint64_t *hash, int64_t *rows)
{
    struct run r;
    if (!last_run(j, j->at_ms + 1, &r) || r.to_ms < j->at_ms)
        return true;
    if (r.from_ms == j->at_ms) {
        if (r.imported != 1 || outcome != CT_POLL_OK || r.outcome != CT_POLL_OK || !in_parts(j))
            return r.imported == 1 && outranks((int64_t)outcome, *hash, &r);
        if (r.hash == *hash || !ct_w_add_to_moment(j))
            return false;
        int64_t had;
        *hash = ct_w_hash(j);
        ct_w_count(j, &had, rows);
        return true;
    }
    if (r.to_ms == j->at_ms)
        return false;
    /* Inside a run of live polls: they went on before it and ended as before. */
    RUN(j->w, POLL_CUT_REST, vi(j->source), vi(r.from_ms));
    RUN(j->w, POLL_CUT, vi(j->source), vi(r.from_ms), vi(j->at_ms - 1));
    return true;
}

static void look_around(struct ct_job *j)
{
    struct ct_writer *w = j->w;
    j->next_ms = ct_w_one(w, ASK(w, POLL_OK_AFTER, vi(j->source), vi(j->at_ms)));
    struct run r;
    j->append = !last_run(j, CT_LIVE, &r) || r.to_ms < j->at_ms;
    j->first = ct_w_one(w, ASK(w, POLL_OK_BEFORE, vi(j->source), vi(j->at_ms))) == CT_NONE;
}

static void add_poll(struct ct_job *j, enum ct_poll_outcome outcome, int64_t rows, uint64_t hash,
                     const char *reason)
{
    RUN(j->w, POLL_ADD, vi(j->source), vi(j->at_ms), vi(j->at_ms), vi(1), ve((int)outcome),
        vi(j->f->import), vi(rows), vi((int64_t)hash), vs(reason));
}

/* A live poll that brought nothing new makes the run before it longer instead; never across a pause that a
 * reader has to show as a gap (ct_source_gaps): in it nobody looked. */
static void merge_run(struct ct_job *j, enum ct_poll_outcome outcome, const char *reason)
{
    struct run r;
    if (j->f->import || j->changed || !last_run(j, j->at_ms, &r) || r.imported)
        return;
    if (r.outcome != (int64_t)outcome || !ct_span_eq(r.reason, ct_span(reason)))
        return;
    int64_t interval_ms = ct_w_one(j->w, ASK(j->w, SOURCE_INTERVAL, vi(j->source)));
    if (interval_ms == CT_NONE || j->at_ms - r.to_ms > 2 * interval_ms + CT_MINUTE)
        return;
    RUN(j->w, POLL_DEL, vi(j->source), vi(j->at_ms));
    RUN(j->w, POLL_EXTEND, vi(j->source), vi(r.from_ms), vi(j->at_ms));
}

/* "Not modified" speaks of the last answer that was read over the network: that must be what is stored.
 * ROWS: how many rows that answer had. */
static bool repeats_known(struct ct_job *j, int64_t *rows)
{
    sqlite3_stmt *st = ASK(j->w, POLL_OK_BEFORE, vi(j->source), vi(j->at_ms));
    bool known = ct_w_row(j->w, st) && ct_w_int(st, 0) == 0;
    if (known)
        *rows = ct_w_int(st, 2);
    ct_w_end(st);
    return known;
}

/* ---- the steps of a commit ---- */

static void store_page(struct ct_job *j)
{
    const struct ct_batch *b = j->f->batch;
    if (b->pages.n == 0)
        return;
    const struct ct_page *p = &b->pages.v[0];
    RUN(j->w, SOURCE_PAGE, vi(j->source), vt(p->id), vt(p->name), vt(p->url), vt(p->indicator),
        vi(p->updated_ms));
}

/* Names nobody knows come first: they are what a table lacks. */
static int by_interest(const void *a, const void *b)
{
    const struct ct_note *x = a, *y = b;
    int way = ct_span_starts(y->what, "unknown") - ct_span_starts(x->what, "unknown");
    if (way == 0)
        way = (x->count < y->count) - (x->count > y->count);
    return way ? way : ct_span_cmp(x->what, y->what);
}

/* What the answer held and we left out on purpose. */
static void store_notes(struct ct_job *j)
{
    enum { ROOM = 600 };
    size_t n = j->f->batch->notes.n;
    int64_t left_out = 0;
    struct ct_buf text = CT_BUF_INIT;
    struct ct_note *v = ct_arena_alloc(j->w->arena, (n + 1) * sizeof *v);
    if (!v)
        return;
    if (n) {
        memcpy(v, j->f->batch->notes.v, n * sizeof *v);
        qsort(v, n, sizeof *v, by_interest);
    }
    ct_buf_adds(&text, "");
    for (size_t i = 0; i < n; i++) {
        left_out += v[i].count;
        if (text.n + v[i].what.n < ROOM)
            ct_buf_addf(&text, "%s%lld x %.*s", text.n ? "; " : "", (long long)v[i].count,
                        CT_FMT(v[i].what));
    }
    ct_w_word_notes(j, ct_buf_span(&text));
    if (j->next_ms == CT_NONE)
        RUN(j->w, SOURCE_NOTES, vi(j->source), vi(left_out), vt(ct_buf_span(&text)));
    ct_buf_free(&text);
}

static void store_answer(struct ct_job *j, enum ct_poll_outcome outcome)
{
    const struct ct_fetch *f = j->f;
    struct ct_writer *w = j->w;
    bool newest = j->next_ms == CT_NONE;
    if (outcome == CT_POLL_OK) {
        ct_w_apply_series(j);
        ct_w_apply_incidents(j, f->batch);
        j->changed |= j->out->changed_rows > 0;
        store_notes(j);
        if (newest)
            store_page(j);
        if (!f->import)
            RUN(w, SOURCE_PROVEN, vi(j->source));
        if (newest && f->import) /* validators belong to what the network gave last */
            RUN(w, SOURCE_GOOD, vi(j->source), vi(j->out->rows), vi(CT_NONE), vi(CT_NONE), vi(0),
                vi(usable_time(f->batch->data_ms, j->at_ms)), vi(j->changed), vi(j->at_ms));
        else if (newest)
            RUN(w, SOURCE_GOOD, vi(j->source), vi(j->out->rows), vt(f->etag), vt(f->last_modified),
                vi((int64_t)f->body_hash), vi(usable_time(f->batch->data_ms, j->at_ms)),
                vi(j->changed), vi(j->at_ms));
    } else {
        ct_w_repeat_series(j);
        ct_w_apply_incidents(j, NULL);
        if (!f->import)
            RUN(w, SOURCE_SEEN, vi(j->source), vt(f->etag), vt(f->last_modified));
    }
}

/* Behind those before it, or as the first of a new row. */
static void add_attempt(struct ct_job *j, const struct ct_attempt *a)
{
    struct ct_writer *w = j->w;
    struct ct_attempt v[CT_ATTEMPTS_MOST];
    struct ct_buf blob = CT_BUF_INIT, errors = CT_BUF_INIT;
    sqlite3_stmt *st = ASK(w, ATTEMPTS_LAST, vi(j->source));
    if (!ct_w_row(w, st))
        return;
    int64_t data_ms = ct_w_int(st, 0), left_out = ct_w_int(st, 1), from_ms = ct_w_int(st, 2);
    const void *p = sqlite3_column_blob(st, 3);
    struct ct_span old = {p, p ? (size_t)sqlite3_column_bytes(st, 3) : 0};
    size_t n = ct_attempts_unpack(old, ct_w_text(w, st, 4), v);
    bool fits = n > 0 && n < CT_ATTEMPTS_MOST && v[0].at_ms == from_ms && v[n - 1].at_ms < a->at_ms;
    ct_w_end(st);
    n = fits ? n : 0;
    v[n] = *a;
    v[n].data_ms = data_ms;
    v[n].left_out = left_out;
    ct_attempts_pack(&blob, &errors, v, n + 1);
    struct ct_span texts = errors.n ? ct_buf_span(&errors) : CT_LIT("");
    if (fits)
        RUN(w, ATTEMPTS_SET, vi(j->source), vi(from_ms), vb(ct_buf_span(&blob)), vt(texts));
    else
        RUN(w, ATTEMPTS_PUT, vi(j->source), vi(a->at_ms), vb(ct_buf_span(&blob)), vt(texts));
    ct_buf_free(&blob);
    ct_buf_free(&errors);
}

static void store_health(struct ct_job *j, const struct source *s, enum ct_poll_outcome outcome,
                         const char *error)
{
    const struct ct_fetch *f = j->f;
    struct ct_writer *w = j->w;
    bool newest = !f->import || s->last_attempt_ms == CT_NONE || j->at_ms >= s->last_attempt_ms;
    RUN(w, SOURCE_HEALTH, vi(j->source), newest ? vs(error) : vi(CT_NONE));
    RUN(w, FIRST_SEEN, vi(j->at_ms));
    int64_t status = f->http_status > 0 ? f->http_status : CT_NONE;
    if (newest)
        RUN(w, SOURCE_TRIED, vi(j->source), vi(j->at_ms), vi(!f->import), vi(f->next_attempt_ms),
            vi(status), vi(f->bytes), vi(f->latency_ms), vi(j->out->changed_rows));
    if (f->import)
        return;
    if (outcome <= CT_POLL_CARRY)
        RUN(w, DAY_ADD, vi(j->at_ms / CT_DAY));
    add_attempt(j, &(struct ct_attempt){
                       .at_ms = j->at_ms,
                       .outcome = outcome,
                       .http_status = status,
                       .bytes = f->bytes,
                       .rows = j->out->rows,
                       .changed_rows = j->out->changed_rows,
                       .latency_ms = f->latency_ms,
                       .error = ct_span(error),
                       .next_ms = f->next_attempt_ms,
                   });
}

static void commit_attempt(struct ct_job *j, struct source *s)
{
    const struct ct_fetch *f = j->f;
    struct ct_writer *w = j->w;
    enum ct_poll_outcome outcome = CT_POLL_FAILED, shown;
    const char *reason = f->error && *f->error ? f->error : "failed";
    char held[80];
    uint64_t hash = 0;
    int64_t rows = 0;
    struct run r;
    if (!f->import && last_run(j, CT_LIVE, &r) && j->at_ms <= r.to_ms)
        j->at_ms = r.to_ms + 1; /* the clock went back: what is fetched later is newer all the same */
    if (f->outcome == CT_OUTCOME_OK) {
        outcome = CT_POLL_OK;
        reason = NULL;
        j->out->rows = rows = (int64_t)ct_batch_rows(f->batch);
        ct_w_gather(j, f->batch);
        hash = ct_w_hash(j) + ct_w_hash_incidents(f->batch);
        if (!f->import && hold_back(j, s, held, sizeof held)) {
            outcome = CT_POLL_HELD;
            reason = held;
        }
    } else if (f->outcome == CT_OUTCOME_NOT_MODIFIED) {
        outcome = f->import ? CT_POLL_CARRY : CT_POLL_OK;
        reason = NULL;
        if (!f->import && !repeats_known(j, &rows)) {
            outcome = CT_POLL_FAILED;
            reason = "not modified, but nothing is known";
            (void)snprintf(j->out->remark, sizeof j->out->remark, "%s: asking plainly next", reason);
            RUN(w, SOURCE_FORGET, vi(j->source));
        }
    } else {
        hash = ct_hash(ct_span(reason));
    }
    if (f->import && !make_room(j, outcome, &hash, &rows)) {
        j->out->already_stored = true;
        return;
    }
    look_around(j);
    add_poll(j, outcome, rows, hash, reason);
    bool repeated = f->outcome == CT_OUTCOME_NOT_MODIFIED;
    shown = repeated && outcome == CT_POLL_OK ? CT_POLL_CARRY : outcome;
    if (outcome <= CT_POLL_CARRY)
        store_answer(j, shown);
    if (outcome != CT_POLL_HELD)
        ct_w_apply_timeline(j);
    ct_w_store_newest(j);
    ct_w_keep_known(j);
    merge_run(j, outcome, reason);
    store_health(j, s, shown, j->out->remark[0] ? j->out->remark : reason);
    ct_samples_flush(w->samples, j->source);
}

enum ct_status ct_write_fetch(struct ct_writer *w, const struct ct_fetch *f, struct ct_commit *out,
                              struct ct_error *err)
{
    *out = (struct ct_commit){0};
    enum ct_status status = ct_w_begin(w, err);
    if (status != CT_OK)
        return status;
    struct ct_job j = {.w = w, .f = f, .out = out, .at_ms = f->at_ms, .next_ms = CT_NONE};
    struct source s;
    bool found = load_source(&j, &s);
    if (!found && (f->import || f->dry)) {
        add_imported_source(&j);
        found = load_source(&j, &s);
    }
    if (found)
        commit_attempt(&j, &s);
    bool failed = w->rc != SQLITE_OK;
    status = f->dry ? ct_w_undo(w, f->source_id, err) : ct_w_commit(w, f->source_id, err);
    if (status != CT_OK)
        *out = (struct ct_commit){0};
    else if (!found && !failed)
        status = ct_fail(err, CT_ERR_NOT_FOUND, f->source_id, "no such source");
    ct_w_seal_many(w);
    return status;
}
