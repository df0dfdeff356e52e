/* News from the writer to the reader. */
#include "db/read.h"

#include "write_fixture.h"

static void add_source(struct fixture *f, const char *id, const char *provider)
{
    struct ct_source_conf conf = fixture_conf(id, CT_SOURCE_NEWS);
    conf.provider = provider;
    assert_int_equal(ct_write_sources(f->w, &conf, 1, T0, &f->err), CT_OK);
}

static struct ct_article *article(struct fixture *f, const char *id, int64_t published_ms)
{
    struct ct_article *a = CT_VEC_PUSH(f->arena, &f->batch.articles);
    *a = (struct ct_article){.published_ms = published_ms};
    a->id = ct_arena_dup(f->arena, ct_span(id));
    a->title = ct_arena_printf(f->arena, "Title of %s", id);
    a->url = ct_arena_printf(f->arena, "https://example.org/%s", id);
    return a;
}

/* WANT: ids in order, separated by blanks. */
static struct ct_rows reads(struct fixture *f, struct ct_query q, const char *want)
{
    struct ct_reader *r;
    struct ct_rows rows;
    struct ct_buf got = CT_BUF_INIT;
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    assert_int_equal(ct_read_articles(r, &q, f->arena, &rows, &f->err), CT_OK);
    for (size_t i = 0; i < rows.n; i++) {
        const struct ct_article_row *row = ct_row(&ct_article_table, rows, i);
        ct_buf_addf(&got, "%s%.*s", i ? " " : "", CT_FMT(row->id));
    }
    ct_buf_adds(&got, "");
    assert_string_equal(got.p ? got.p : "", want);
    ct_buf_free(&got);
    ct_reader_close(r);
    return rows;
}

static struct ct_query live(int64_t now_ms)
{
    return (struct ct_query){.at_ms = CT_LIVE, .now_ms = now_ms};
}

static void news_is_read_newest_first_with_all_it_has(void **state)
{
    struct fixture *f = *state;
    add_source(f, "openai_news", "openai");
    add_source(f, "press", "");
    article(f, "old", T0 - CT_DAY);
    article(f, "new", T0 - CT_HOUR)->summary = CT_LIT("More of it");
    fetch(f, "openai_news", T0);
    article(f, "middle", T0 - 2 * CT_HOUR);
    fetch(f, "press", T0 + CT_MINUTE);
    struct ct_rows rows = reads(f, live(T0 + CT_HOUR), "new middle old");
    const struct ct_article_row *row = ct_row(&ct_article_table, rows, 0);
    assert_true(ct_span_is(row->title, "Title of new") && ct_span_is(row->summary, "More of it"));
    assert_true(ct_span_is(row->url, "https://example.org/new"));
    assert_true(ct_span_is(row->source, "openai_news") && ct_span_is(row->provider, "openai"));
    assert_true(row->dated == 1 && row->at_ms == T0 - CT_HOUR && row->first_ms == T0);
    row = ct_row(&ct_article_table, rows, 1);
    assert_null(row->provider.p);
    assert_null(row->summary.p);
    struct ct_query q = live(T0 + CT_HOUR);
    q.limit = 1;
    (void)reads(f, q, "new");
    q = live(T0 + CT_HOUR);
    q.subject = CT_LIT("OpenAI");
    (void)reads(f, q, "new old");
    q.subject = CT_LIT("press");
    (void)reads(f, q, "middle");
    q.subject = CT_LIT("stat"); /* no source of news */
    (void)reads(f, q, "");
}

static void a_missing_or_future_date_is_the_time_first_seen(void **state)
{
    struct fixture *f = *state;
    add_source(f, "press", "");
    article(f, "undated", CT_NONE);
    article(f, "tomorrow", T0 + CT_DAY);
    fetch(f, "press", T0);
    article(f, "undated", CT_NONE);
    article(f, "tomorrow", T0 + CT_DAY);
    article(f, "later", T0 + CT_SECOND);
    fetch(f, "press", T0 + CT_MINUTE);
    struct ct_rows rows = reads(f, live(T0 + CT_HOUR), "later tomorrow undated");
    for (size_t i = 1; i < 3; i++) {
        const struct ct_article_row *row = ct_row(&ct_article_table, rows, i);
        assert_int_equal(row->dated, 0);
        assert_true(row->at_ms == T0);
    }
    assert_true(((const struct ct_article_row *)ct_row(&ct_article_table, rows, 1))->published_ms ==
                T0 + CT_DAY);
    struct ct_query past = {.at_ms = T0 + CT_SECOND};
    (void)reads(f, past, "tomorrow undated"); /* what had not been seen then is not shown */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(news_is_read_newest_first_with_all_it_has, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_missing_or_future_date_is_the_time_first_seen,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
