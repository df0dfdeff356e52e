/* Where the data comes from and how well that goes: one row a source, and the last tries of one. */
#include "db/columns.h"
#include "db/reader.h"

#define ROW struct ct_source_row
static const struct ct_column source_columns[] = {
    COL(TEXT, "id", id, SEARCH, ALIAS("source")),
    COL(TEXT, "family", family, SEARCH),
    ENUM("kind", kind, ct_source_kind_words, SEARCH),
    COL(TEXT, "url", url),
    ENUM("state", state, ct_freshness_words, FLAGS(CT_COL_RANKED | CT_COL_SEARCH)),
    COL(TIME, "last_success", last_success_ms, ALIAS("seen")),
    COL(TIME, "last_attempt", last_attempt_ms),
    COL(TIME, "next_attempt", next_attempt_ms),
    COL(INT, "interval_s", interval_s, ALIAS("interval")),
    COL(INT, "http_status", http_status, ALIAS("http")),
    COL(INT, "bytes", bytes),
    COL(INT, "rows", rows),
    COL(INT, "changed_rows", changed_rows, ALIAS("changed")),
    COL(INT, "latency_ms", latency_ms, ALIAS("latency")),
    COL(TEXT, "error", error, SEARCH),
    COL(TEXT, "title", title, SEARCH),
    COL(TEXT, "provider", provider, SEARCH),
    ENUM("evidence", evidence, ct_evidence_words),
    COL(INT, "failures", failures),
    COL(INT, "age_s", age_s, ALIAS("age")),
    COL(TIME, "data_at", data_ms),
    COL(BOOL, "unconfirmed", unconfirmed),
    COL(BOOL, "unproven", unproven),
    COL(INT, "parser", parser),
    COL(TEXT, "mark", mark, SEARCH),
    COL(TEXT, "terms", terms),
    COL(INT, "left_out", left_out),
    COL(TEXT, "notes", notes, SEARCH),
};
TABLE(ct_source_table, "source", ROW, source_columns);
#undef ROW

#define ROW struct ct_attempt_row
static const char *const outcome_words[] = {"ok", "not_modified", "failed", "held_back", NULL};
static const struct ct_column attempt_columns[] = {
    COL(TIME, "at", at_ms),
    ENUM("outcome", outcome, outcome_words, SEARCH),
    COL(INT, "http_status", http_status, ALIAS("http")),
    COL(INT, "bytes", bytes),
    COL(INT, "rows", rows),
    COL(INT, "changed_rows", changed_rows, ALIAS("changed")),
    COL(INT, "latency_ms", latency_ms, ALIAS("latency")),
    COL(TEXT, "error", error, SEARCH),
};
TABLE(ct_attempt_table, "attempt", ROW, attempt_columns);
#undef ROW

static struct ct_source_row source_row(const struct ct_reader *r, const struct ct_source_at *s)
{
    /* What the newest attempt measured is known of the newest attempt only. */
    bool newest = r->live || (s->stored_attempt_ms != CT_NONE && s->stored_attempt_ms <= r->t);
    struct ct_source_row row = {
        .id = s->name,
        .family = s->family,
        .kind = s->kind,
        .title = s->title,
        .url = s->url,
        .provider = s->provider,
        .terms = s->terms,
        .evidence = s->evidence,
        .state = r->live && !s->enabled ? CT_OFF : s->freshness,
        .last_success_ms = s->last_success_ms,
        .last_attempt_ms = s->last_attempt_ms,
        .next_attempt_ms = s->enabled || !r->live ? s->next_attempt_ms : CT_NONE,
        .interval_s = s->interval_ms / CT_SECOND,
        .http_status = newest && s->http_status != 0 ? s->http_status : CT_NONE,
        .bytes = newest ? s->bytes : CT_NONE,
        .rows = s->rows,
        .changed_rows = newest ? s->changed_rows : CT_NONE,
        .latency_ms = newest ? s->latency_ms : CT_NONE,
        .failures = s->failures,
        .age_s = s->age_s,
        .data_ms = newest ? s->data_ms : CT_NONE,
        .unconfirmed = r->live ? s->pending_n > 0 : s->held,
        .left_out = r->live ? CT_NONE : s->left_out,
        .parser = r->live ? s->parser : CT_NONE,
    };
    row.unproven = s->unproven;
    row.mark = row.unproven         ? CT_LIT("unproven")
               : row.unconfirmed    ? CT_LIT("unconfirmed")
               : ct_stands_still(s) ? CT_LIT("frozen")
                                    : CT_SPAN_NONE;
    if (row.state == CT_OFF)
        row.error = s->off_reason.n ? s->off_reason : CT_SPAN_NONE;
    else if (newest && s->error.n)
        row.error = s->error;
    else
        row.error = s->fail_reason;
    return row;
}

/* Of the newest good answer by then. Notes that never changed have no versions: they are those of every answer of
 * which it is known that something was noted. */
static void read_notes(struct ct_reader *r, const struct ct_source_at *s, struct ct_source_row *row)
{
    struct ct_span then[CT_WORDS_MOST];
    if (!r->live && s->last_success_ms == CT_NONE)
        return;
    if (ct_wording_at(r, CT_WORDING_NOTES, s->id, CT_LIT(""), CT_LIT(""), then)) {
        row->notes = then[0];
        return;
    }
    if (!r->live && s->left_out == CT_NONE)
        return;
    sqlite3_stmt *st = ct_use(r, SQL_NOTES, 1, s->id);
    while (ct_step(r, st)) {
        row->left_out = r->live ? ct_col_int(st, 0) : s->left_out;
        row->notes = ct_col_text(r, st, 1);
    }
}

static int by_name(const void *a, const void *b)
{
    return ct_span_cmp(((const struct ct_source_row *)a)->id,
                       ((const struct ct_source_row *)b)->id);
}

enum ct_status ct_read_sources(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_rows *out, struct ct_error *err)
{
    CT_VEC(struct ct_source_row) rows = {NULL, 0, 0};
    ct_load_begin(r, q, a, err);
    struct ct_source_list list = ct_sources_at(r);
    for (size_t i = 0; i < list.n; i++) {
        struct ct_source_row *row = CT_VEC_PUSH(a, &rows);
        if (!row)
            break;
        *row = source_row(r, &list.v[i]);
        read_notes(r, &list.v[i], row);
    }
    ct_sort(r, rows.v, rows.n, sizeof *rows.v, by_name);
    *out = (struct ct_rows){rows.v, rows.n};
    return ct_load_end(r);
}

/* The last ten of a source by r->at. */
static void add_attempts(struct ct_reader *r, int64_t source, struct ct_arena *a, struct ct_rows *out)
{
    enum { MOST = 10 };
    CT_VEC(struct ct_attempt_row) rows = {NULL, 0, 0};
    struct ct_attempt v[CT_ATTEMPTS_MOST];
    sqlite3_stmt *st = ct_use(r, SQL_ATTEMPTS, 2, source, r->at);
    while (rows.n < MOST && ct_step(r, st)) {
        for (size_t n = ct_attempts_in_row(r, st, r->at, v); n && rows.n < MOST; n--) {
            struct ct_attempt_row *row = CT_VEC_PUSH(a, &rows);
            if (!row)
                break;
            *row = (struct ct_attempt_row){
                .at_ms = v[n - 1].at_ms,
                .outcome = v[n - 1].outcome >= 0 && v[n - 1].outcome <= CT_POLL_HELD ? (int)v[n - 1].outcome : -1,
                .http_status = v[n - 1].http_status,
                .bytes = v[n - 1].bytes,
                .rows = v[n - 1].rows,
                .changed_rows = v[n - 1].changed_rows,
                .latency_ms = v[n - 1].latency_ms,
                .error = v[n - 1].error,
            };
        }
    }
    if (st)
        sqlite3_reset(st);
    *out = (struct ct_rows){rows.v, rows.n};
}

enum ct_status ct_read_attempts(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                struct ct_rows *out, struct ct_error *err)
{
    ct_load_begin(r, q, a, err);
    struct ct_source_list list = ct_sources_at(r);
    *out = (struct ct_rows){NULL, 0};
    for (size_t i = 0; i < list.n; i++)
        if (ct_span_eq(list.v[i].name, q->subject))
            add_attempts(r, list.v[i].id, a, out);
    return ct_load_end(r);
}
