#include "config.h"

#include "fetchers/story.h"

#include "db/base/timeutil.h"
#include "fetchers/markup.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORD_BYTES 40 /* more than that in bold is no phase but text */

void ct_story_init(struct ct_story *s, struct ct_span id)
{
    *s = (struct ct_story){.row = ct_incident_new(), .state = -1};
    s->row.id = id;
    s->row.phase = -1;
}

bool ct_story_is_over(int phase)
{
    return phase == CT_PHASE_RESOLVED || phase == CT_PHASE_POSTMORTEM ||
           phase == CT_PHASE_COMPLETED;
}

static bool is_planned(int phase)
{
    return phase == CT_PHASE_SCHEDULED || phase == CT_PHASE_IN_PROGRESS ||
           phase == CT_PHASE_VERIFYING || phase == CT_PHASE_COMPLETED;
}

int ct_story_phase(struct ct_span word)
{
    static const struct {
        const char *word;
        int phase;
    } more[] = {{"active", CT_PHASE_IN_PROGRESS},     {"in progress", CT_PHASE_IN_PROGRESS},
                {"inprogress", CT_PHASE_IN_PROGRESS}, {"underway", CT_PHASE_IN_PROGRESS},
                {"complete", CT_PHASE_COMPLETED},     {"fixing", CT_PHASE_IDENTIFIED},
                {"planned", CT_PHASE_SCHEDULED}};
    word = ct_span_trim(word);
    for (size_t i = 0; i < CT_LEN(more); i++)
        if (ct_span_ieq(word, ct_span(more[i].word)))
            return more[i].phase;
    int phase = ct_word(ct_phase_words, word);
    return phase == CT_PHASE_UNKNOWN ? -1 : phase;
}

/* ---- HTML ---- */

static struct ct_span past(struct ct_span s, size_t n)
{
    n = n < s.n ? n : s.n;
    return (struct ct_span){s.p + n, s.n - n};
}

/* Where "<NAME" or "</NAME" (CLOSE) with nothing more to its name starts in S; s.n when nowhere. */
static size_t find_tag(struct ct_span s, const char *name, bool close)
{
    size_t len = strlen(name), head = close ? 2 : 1;
    for (size_t i = 0; i < s.n; i++) {
        const char *at = memchr(s.p + i, '<', s.n - i);
        if (!at)
            break;
        i = (size_t)(at - s.p);
        struct ct_span rest = past(s, i);
        if (close && !ct_span_starts(rest, "</"))
            continue;
        rest = past(rest, head);
        if (ct_span_istarts(rest, name) && rest.n > len && !isalnum((unsigned char)rest.p[len]))
            return i;
    }
    return s.n;
}

bool ct_story_tag(struct ct_span *rest, const char *name, struct ct_span *before,
                  struct ct_span *inner)
{
    size_t at = find_tag(*rest, name, false);
    if (at == rest->n)
        return false;
    struct ct_span body = past(*rest, at);
    const char *open_end = memchr(body.p, '>', body.n);
    if (!open_end)
        return false;
    body = past(body, (size_t)(open_end + 1 - body.p));
    size_t end = find_tag(body, name, true);
    if (end == body.n)
        return false;
    struct ct_span tail = past(body, end);
    const char *close_end = memchr(tail.p, '>', tail.n);
    *before = (struct ct_span){rest->p, at};
    *inner = (struct ct_span){body.p, end};
    *rest = close_end ? past(tail, (size_t)(close_end + 1 - tail.p)) : past(tail, tail.n);
    return true;
}

/* ---- when ---- */

/* "Oct 21, 17:39 UTC": the day of the year before which LIMIT_MS lies, or of that year. */
static int64_t without_year(struct ct_span text, int64_t limit_ms)
{
    struct ct_civil limit;
    struct ct_span rest = text, day = ct_span_cut(&rest, ',');
    char dated[96];
    int64_t ms;
    if (!rest.p || limit_ms == CT_NONE || text.n > 60)
        return CT_NONE;
    ct_civil_from_ms(limit_ms + CT_DAY, &limit);
    for (int back = 0; back < 5; back++) { /* 29 February comes every four years */
        snprintf(dated, sizeof dated, "%.*s %d,%.*s", CT_FMT(day), limit.year - back, CT_FMT(rest));
        if (ct_time_parse(ct_span(dated), &ms) == CT_OK && ms <= limit_ms + CT_DAY)
            return ms;
    }
    return CT_NONE;
}

static int64_t stamp_ms(struct ct_arena *a, struct ct_span html, int64_t limit_ms)
{
    struct ct_span text = ct_markup_name(a, html.n < 256 ? html : CT_SPAN_NONE);
    int64_t ms;
    if (!text.n)
        return CT_NONE;
    return ct_time_parse(text, &ms) == CT_OK ? ms : without_year(text, limit_ms);
}

/* ---- messages ---- */

void ct_story_add(struct ct_story *s, struct ct_arena *a, const struct ct_update *u)
{
    struct ct_update *slot = CT_VEC_PUSH(a, &s->updates);
    if (!slot)
        return;
    *slot = *u;
    slot->incident = s->row.id;
}

/* "<b>Identified</b> - text" behind a stamp. */
static void add_message(struct ct_story *s, struct ct_span html, const char *word_tag,
                        int64_t at_ms, struct ct_batch *out)
{
    struct ct_update u = ct_update_new();
    struct ct_span rest = html, before, word;
    u.at_ms = at_ms;
    u.phase = CT_PHASE_UNKNOWN;
    u.text = html;
    if (ct_story_tag(&rest, word_tag, &before, &word) && word.n <= WORD_BYTES &&
        !ct_markup_name(out->arena, before).n) {
        word = ct_markup_name(out->arena, word);
        int phase = ct_story_phase(word);
        if (phase >= 0)
            u.phase = phase;
        else if (!ct_span_ieq(word, CT_LIT("update")))
            ct_rows_note_word(out, "unknown update phase", word);
        rest = ct_span_trim(rest);
        if (ct_span_starts(rest, "-") || ct_span_starts(rest, ":"))
            rest = ct_span_trim(past(rest, 1));
        u.text = rest;
    }
    ct_story_add(s, out->arena, &u);
}

/* The next stamp of MARKS in *REST; BEFORE: the text in front of it. */
static bool next_stamp(struct ct_span *rest, const struct ct_story_marks *m, struct ct_arena *a,
                       int64_t limit_ms, struct ct_span *before, int64_t *at_ms)
{
    struct ct_span from = *rest, skipped, inner;
    while (ct_story_tag(rest, m->stamp, &skipped, &inner)) {
        *at_ms = stamp_ms(a, inner, limit_ms);
        if (m->dated && *at_ms == CT_NONE)
            continue;
        *before = (struct ct_span){from.p, (size_t)(skipped.p + skipped.n - from.p)};
        return true;
    }
    *before = from;
    return false;
}

size_t ct_story_split(struct ct_story *s, struct ct_span html, const struct ct_story_marks *marks,
                      int64_t limit_ms, struct ct_batch *out)
{
    struct ct_span rest = html, text;
    int64_t at_ms, next_ms;
    size_t n = 0;
    bool more = html.n && next_stamp(&rest, marks, out->arena, limit_ms, &text, &at_ms);
    while (more) {
        if (marks->newest_first && at_ms != CT_NONE)
            limit_ms = at_ms;
        more = next_stamp(&rest, marks, out->arena, limit_ms, &text, &next_ms);
        add_message(s, text, marks->word, at_ms, out);
        at_ms = next_ms;
        n++;
    }
    return n;
}

/* ---- rows ---- */

/* The newest message that tells a phase; of one instant the one the document holds to be newer. */
static const struct ct_update *newest(const struct ct_story *s)
{
    const struct ct_update *best = NULL;
    for (size_t i = 0; i < s->updates.n; i++) {
        const struct ct_update *u = &s->updates.v[i];
        bool falling =
            s->updates.n > 1 && s->updates.v[0].at_ms > s->updates.v[s->updates.n - 1].at_ms;
        if (u->phase != CT_PHASE_UNKNOWN &&
            (!best || u->at_ms > best->at_ms || (u->at_ms == best->at_ms && !falling)))
            best = u;
    }
    return best;
}

/* When it was over: the message that said so, not a report written later. */
static int64_t end_of(const struct ct_story *s)
{
    int64_t end = CT_NONE;
    for (size_t i = 0; i < s->updates.n; i++) {
        const struct ct_update *u = &s->updates.v[i];
        if ((u->phase == CT_PHASE_RESOLVED || u->phase == CT_PHASE_COMPLETED) && u->at_ms > end)
            end = u->at_ms;
    }
    return end;
}

static int state_of(const struct ct_story *s)
{
    int phase = s->row.phase;
    if (s->row.open && s->planned && phase == CT_PHASE_SCHEDULED)
        return CT_STATE_OPERATIONAL;
    if (s->planned)
        return CT_STATE_MAINTENANCE;
    if (!s->row.open)
        return s->state < CT_STATE_MAINTENANCE ? CT_STATE_UNKNOWN : s->state;
    return ct_rows_open_state(s->state, phase);
}

void ct_story_tell(struct ct_story *s, struct ct_batch *out)
{
    struct ct_incident *row = &s->row;
    const struct ct_update *last = newest(s);
    int64_t first_ms = CT_NONE, last_ms = CT_NONE;
    for (size_t i = 0; i < s->updates.n; i++) {
        int64_t at = s->updates.v[i].at_ms;
        s->planned = s->planned || is_planned(s->updates.v[i].phase);
        if (at != CT_NONE && (first_ms == CT_NONE || at < first_ms))
            first_ms = at;
        if (at > last_ms)
            last_ms = at;
    }
    if (row->phase < 0)
        row->phase = last ? last->phase : CT_PHASE_UNKNOWN;
    row->open = !ct_story_is_over(row->phase);
    row->state = state_of(s);
    if (row->started_ms == CT_NONE)
        row->started_ms = first_ms;
    if (row->updated_ms == CT_NONE)
        row->updated_ms = last_ms;
    if (row->open)
        row->resolved_ms = CT_NONE;
    else if (row->resolved_ms == CT_NONE)
        row->resolved_ms = end_of(s);
    if (!row->open && row->resolved_ms == CT_NONE)
        row->resolved_ms = row->updated_ms;
    struct ct_incident *slot = CT_VEC_PUSH(out->arena, &out->incidents);
    if (slot)
        *slot = *row;
    (void)ct_rows_updates(out, s->updates.v, s->updates.n);
}

struct ct_span ct_story_link_id(struct ct_span url)
{
    static const char *const parts[] = {"/incidents/", "/incident/", "/maintenance/"};
    for (size_t i = 0; i < CT_LEN(parts); i++) {
        const char *at = url.n ? memmem(url.p, url.n, parts[i], strlen(parts[i])) : NULL;
        if (!at)
            continue;
        struct ct_span id = past(url, (size_t)(at - url.p) + strlen(parts[i]));
        size_t n = 0;
        while (n < id.n && !strchr("?#", id.p[n]))
            n++;
        while (n && id.p[n - 1] == '/')
            n--;
        id.n = n;
        while (n && id.p[n - 1] != '/')
            n--;
        id = past(id, n);
        return id.n ? id : CT_SPAN_NONE;
    }
    return CT_SPAN_NONE;
}

void ct_story_page(const struct ct_feed *feed, struct ct_batch *out)
{
    struct ct_page *page = CT_VEC_PUSH(out->arena, &out->pages);
    if (!page)
        return;
    page->name = ct_markup_name(out->arena, feed->title);
    page->url = ct_clean_url(out->arena, feed->link);
    page->updated_ms = out->data_ms = feed->built_ms;
}

enum ct_status ct_story_items(const struct ct_feed *feed, int64_t now_ms, ct_story_item_fn *add, struct ct_batch *out,
                              struct ct_error *err)
{
    enum ct_status s = CT_OK;
    ct_story_page(feed, out);
    for (size_t i = 0; s == CT_OK && i < feed->items.n && !ct_rows_too_many(out); i++)
        s = add(&feed->items.v[i], now_ms, out, err);
    return s;
}
