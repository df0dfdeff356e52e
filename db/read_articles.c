/* News: what the feeds of vendors and of the press told, newest first. */
#include "db/columns.h"
#include "db/reader.h"

#define ROW struct ct_article_row
static const struct ct_column article_columns[] = {
    COL(TIME, "at", at_ms, ALIAS("seen age")), COL(BOOL, "dated", dated),
    COL(TEXT, "source", source, SEARCH),       COL(TEXT, "provider", provider, SEARCH),
    COL(TEXT, "title", title, SEARCH),         COL(TEXT, "url", url),
    COL(TIME, "published_at", published_ms),   COL(TIME, "first_seen", first_ms),
    COL(TEXT, "summary", summary, SEARCH),     COL(TEXT, "id", id),
};
TABLE(ct_article_table, "article", ROW, article_columns);
#undef ROW

struct found {
    struct ct_article_row row;
    int64_t source_id;
    bool worded; /* its texts are those of the moment */
};

static int newer(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->row.at_ms != y->row.at_ms)
        return x->row.at_ms < y->row.at_ms ? 1 : -1;
    int c = ct_span_cmp(x->row.source, y->row.source);
    return c ? c : ct_span_cmp(x->row.id, y->row.id);
}

/* A date counts as far as it can be true: what lies behind the moment it was first seen is none. */
static void set_time(struct ct_article_row *row)
{
    row->dated = row->published_ms != CT_NONE && row->published_ms <= row->first_ms;
    row->at_ms = row->dated ? row->published_ms : row->first_ms;
}

static bool asked_for(const struct ct_query *q, const struct ct_source_at *s)
{
    return !q->subject.n || ct_span_ieq(q->subject, s->name) ||
           (s->provider.n && ct_span_ieq(q->subject, s->provider));
}

enum ct_status ct_read_articles(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                struct ct_rows *out, struct ct_error *err)
{
    CT_VEC(struct found) v = {NULL, 0, 0};
    size_t limit = q->limit ? q->limit : 1000;
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    for (size_t i = 0; i < sources.n; i++) {
        const struct ct_source_at *s = &sources.v[i];
        if (s->kind != CT_SOURCE_NEWS || !asked_for(q, s))
            continue;
        sqlite3_stmt *st = ct_use(r, SQL_ARTICLES, 2, s->id, r->at);
        while (ct_step(r, st)) {
            struct found *f = CT_VEC_PUSH(a, &v);
            if (!f)
                break;
            *f = (struct found){.source_id = s->id};
            f->row.id = ct_col_text(r, st, 0);
            f->row.published_ms = ct_col_int(st, 1);
            f->row.first_ms = ct_col_must(st, 2);
            f->row.source = s->name;
            f->row.provider = s->provider.n ? s->provider : CT_SPAN_NONE;
            struct ct_span then[CT_WORDS_MOST];
            f->worded = ct_wording_at(r, CT_WORDING_ARTICLE, s->id, CT_LIT(""), f->row.id, then);
            if (f->worded) {
                f->row.title = then[0];
                f->row.url = then[1];
                f->row.summary = then[2];
                f->row.published_ms = ct_words_int(then[3]);
            }
            set_time(&f->row);
        }
    }
    ct_sort(r, v.v, v.n, sizeof *v.v, newer);
    size_t n = v.n < limit ? v.n : limit;
    struct ct_article_row *rows = ct_arena_alloc(a, (n + 1) * sizeof *rows);
    for (size_t i = 0; rows && i < n; i++) { /* texts only of what is shown */
        rows[i] = v.v[i].row;
        if (v.v[i].worded)
            continue;
        sqlite3_stmt *st = ct_use(r, SQL_ARTICLE, 1, v.v[i].source_id);
        ct_bind_text(r, st, 2, rows[i].id);
        if (ct_step(r, st)) {
            rows[i].title = ct_col_text(r, st, 0);
            rows[i].url = ct_col_text(r, st, 1);
            rows[i].summary = ct_col_text(r, st, 2);
        }
    }
    *out = (struct ct_rows){rows, rows ? n : 0};
    return ct_load_end(r);
}
