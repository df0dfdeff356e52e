/* When each lab reached its clouds, out of all that was ever recorded: the same whatever the order in which it was.
 * What was there in the first answer of a list that says who bills came nobody knows when. */
#include "db/base/text.h"
#include "db/columns.h"
#include "db/reader.h"

static const char *const ordinals[] = {"first", "second", "third",   "fourth",
                                       "fifth", "sixth",  "seventh", "eighth"};
_Static_assert(CT_LEN(ordinals) == CT_N_CLOUDS, "a word a cloud");

#define ROW struct ct_reach_row
static const struct ct_column reach_columns[] = {
    COL(TEXT, "lab", lab, SEARCH),
    COL(INT, "nth", nth),
    COL(TEXT, "cloud", cloud, SEARCH),
    COL(TIME, "at", at_ms),
    COL(BOOL, "dated", dated),
    COL(BOOL, "open_only", open_only),
};
TABLE(ct_reach_table, "reach", ROW, reach_columns);
#undef ROW

/* A lab on a cloud: its first price there, and the first of a model whose weights are not known to be open. */
struct pair {
    struct ct_span lab;
    int cloud;
    int64_t first_ms, closed_ms; /* CT_NONE */
};
struct pairs {
    CT_VEC(struct pair) v;
};

/* The first good answer of any list that says who bills. */
static int64_t start_of_record(struct ct_reader *r, const struct ct_source_list *sources)
{
    int64_t start = CT_NONE;
    for (size_t i = 0; i < sources->n; i++) {
        const struct ct_source_at *s = &sources->v[i];
        if (s->kind != CT_SOURCE_MODELS || !ct_says_who_bills(s->family))
            continue;
        sqlite3_stmt *st = ct_use(r, SQL_POLLS, 3, s->id, INT64_MIN, r->t);
        int64_t first = CT_NONE;
        while (first == CT_NONE && ct_step(r, st))
            if (sqlite3_column_int(st, 3) <= CT_POLL_CARRY)
                first = ct_col_must(st, 0);
        if (st)
            sqlite3_reset(st);
        if (first != CT_NONE && (start == CT_NONE || first < start))
            start = first;
    }
    return start;
}

static struct pair *pair_of(struct ct_reader *r, struct pairs *all, struct ct_span lab, int cloud)
{
    for (size_t i = all->v.n; i > 0; i--) /* neighbours are often of one lab */
        if (all->v.v[i - 1].cloud == cloud && ct_span_eq(all->v.v[i - 1].lab, lab))
            return &all->v.v[i - 1];
    struct pair *p = CT_VEC_PUSH(r->arena, &all->v);
    if (p)
        *p = (struct pair){ct_arena_dup(r->arena, lab), cloud, CT_NONE, CT_NONE};
    return p;
}

static struct ct_span text_of(sqlite3_stmt *st, int i)
{
    const char *p = (const char *)sqlite3_column_text(st, i);
    return (struct ct_span){p, p ? (size_t)sqlite3_column_bytes(st, i) : 0};
}

static bool is_earlier(int64_t at_ms, int64_t than)
{
    return than == CT_NONE || at_ms < than;
}

/* Series by series; of a pair that goes back to START_MS no more is looked at. */
static void find_pairs(struct ct_reader *r, int64_t start_ms, struct pairs *out)
{
    sqlite3_stmt *st = ct_use(r, SQL_ON_CLOUDS, 0);
    while (ct_step(r, st)) {
        struct ct_span host = text_of(st, 2);
        if (!ct_puts_on_cloud(host, text_of(st, 4), text_of(st, 3)))
            continue;
        bool open = sqlite3_column_int(st, 5) == 1;
        struct pair *p = pair_of(r, out, text_of(st, 1), ct_word(ct_cloud_words, host));
        if (!p)
            break;
        if (p->first_ms != CT_NONE && p->first_ms <= start_ms &&
            (open || (p->closed_ms != CT_NONE && p->closed_ms <= start_ms)))
            continue;
        int64_t at = ct_first_sample(r, ct_col_int(st, 0));
        if (at == CT_NONE || at > r->t)
            continue;
        p->first_ms = is_earlier(at, p->first_ms) ? at : p->first_ms;
        p->closed_ms = !open && is_earlier(at, p->closed_ms) ? at : p->closed_ms;
    }
    if (st)
        sqlite3_reset(st);
}

static int by_lab_and_moment(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int way = ct_span_cmp(x->lab, y->lab);
    if (!way)
        way = ct_by_number(x->first_ms, y->first_ms);
    return way ? way : x->cloud - y->cloud;
}

/* As of R->T. */
struct kept_reach {
    int64_t t;
    struct ct_reach_list list;
};

static void read_reach(struct ct_reader *r, const struct ct_source_list *sources, struct ct_reach_list *out)
{
    struct pairs pairs = {.v = {NULL, 0, 0}};
    int64_t start_ms = start_of_record(r, sources), nth = 0;
    find_pairs(r, start_ms, &pairs);
    ct_sort(r, pairs.v.v, pairs.v.n, sizeof *pairs.v.v, by_lab_and_moment);
    for (size_t i = 0; i < pairs.v.n; i++) {
        const struct pair *p = &pairs.v.v[i];
        nth = i && ct_span_eq(p->lab, pairs.v.v[i - 1].lab) ? nth + 1 : 1;
        struct ct_reach_row *row = p->first_ms == CT_NONE ? NULL : CT_VEC_PUSH(r->arena, &out->v);
        if (row)
            *row = (struct ct_reach_row){.lab = p->lab, .cloud = ct_span(ct_cloud_words[p->cloud]),
                                         .nth = nth, .at_ms = p->first_ms,
                                         .dated = p->first_ms > start_ms,
                                         .open_only = p->closed_ms != p->first_ms};
    }
}

/* All prices of models are looked through for it, and the tape of every panel asks. */
void ct_reach(struct ct_reader *r, const struct ct_source_list *sources, struct ct_reach_list *out)
{
    struct kept_reach *k = r->kept.reach;
    if (!k || k->t != r->t) {
        struct ct_arena *answer = r->arena;
        r->arena = ct_kept_arena(r);
        k = ct_arena_alloc(r->arena, sizeof *k);
        if (k) {
            k->t = r->t;
            read_reach(r, sources, &k->list);
        }
        r->arena = answer;
        r->kept.reach = r->status == CT_OK ? k : NULL; /* else cut short, perhaps */
    }
    for (size_t i = 0; k && i < k->list.v.n; i++) {
        struct ct_reach_row *row = CT_VEC_PUSH(r->arena, &out->v);
        if (!row)
            return;
        *row = k->list.v.v[i];
        row->lab = ct_arena_dup(r->arena, row->lab);
    }
}

struct ct_span ct_reach_word(int64_t nth)
{
    return nth >= 1 && nth <= CT_N_CLOUDS ? ct_span(ordinals[nth - 1]) : CT_LIT("another");
}

/* "openai", or one of its series. */
static bool is_about(struct ct_span subject, struct ct_span lab)
{
    struct ct_span rest = subject, word = ct_span_cut(&rest, '/');
    if (!rest.p)
        return ct_span_ieq(subject, lab);
    return (ct_span_is(word, "clouds") || ct_span_is(word, "exclusive")) && ct_span_eq(rest, lab);
}

/* Whether it may be about any lab: finding when they reached their clouds takes long. */
static bool may_name_a_lab(struct ct_span subject)
{
    struct ct_span rest = subject, word = ct_span_cut(&rest, '/');
    return !rest.p || ct_span_is(word, "clouds") || ct_span_is(word, "exclusive");
}

void ct_reach_events(struct ct_reader *r, const struct ct_source_list *sources, struct ct_span subject,
                     int64_t from_ms, int64_t to_ms, struct ct_event_list *out)
{
    struct ct_reach_list reach = {.v = {NULL, 0, 0}};
    if (may_name_a_lab(subject))
        ct_reach(r, sources, &reach);
    for (size_t i = 0; i < reach.v.n; i++) {
        const struct ct_reach_row *c = &reach.v.v[i];
        char day[CT_TIME_MAX];
        if (c->nth < 2 || !c->dated || c->at_ms < from_ms || c->at_ms > to_ms ||
            (subject.n && !is_about(subject, c->lab)))
            continue;
        struct ct_event_row *e = CT_VEC_PUSH(r->arena, &out->v);
        if (!e)
            break;
        ct_time_format(day, c->at_ms);
        *e = (struct ct_event_row){
            .at_ms = c->at_ms, .kind = CT_EVENT_MODEL, .severity = CT_SEV_INFO, .subject = c->lab,
            .text = ct_arena_printf(r->arena, "%.*s cloud seen %.10s: %.*s%s",
                                    CT_FMT(ct_reach_word(c->nth)), day, CT_FMT(c->cloud),
                                    c->open_only ? " (open weights)" : ""),
            .field = CT_LIT("cloud"),
            .series = ct_market_lab_name(r->arena, CT_SERIES_CLOUDS, c->lab),
            .old_value = c->nth - 1, .new_value = c->nth, .pct_milli = CT_NONE, .suspect = -1,
            .unit = CT_LIT("clouds"), .series_id = CT_NONE};
        e->id = (int64_t)(ct_hash(c->lab) << 4 | (uint64_t)c->nth); /* in this order within a moment */
    }
}

enum ct_status ct_read_reach(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                             struct ct_rows *out, struct ct_error *err)
{
    struct ct_reach_list rows = {.v = {NULL, 0, 0}};
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    ct_reach(r, &sources, &rows);
    *out = (struct ct_rows){rows.v.v, rows.v.n};
    return ct_load_end(r);
}
