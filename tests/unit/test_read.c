/* The loaders against databases the writer made: live and as of past moments. */
#include "config.h"

#include "write_fixture.h"

#include "db/attempts.h"
#include "db/reader.h"

struct read {
    struct fixture *f;
    struct ct_reader *r;
    struct ct_query q;
    struct ct_arena *arena;
    struct ct_error err;
};

static struct read begin(void **state, int64_t now_ms)
{
    struct read t = {.f = *state, .arena = ct_arena_new(0)};
    t.q = (struct ct_query){.at_ms = CT_LIVE, .now_ms = now_ms};
    if (ct_reader_open(t.f->path, &t.r, &t.err) != CT_OK)
        fail_msg("%s: %s", t.err.where, t.err.what);
    return t;
}

static void end(struct read *t)
{
    ct_reader_close(t->r);
    ct_arena_free(t->arena);
}

static struct ct_rows load(struct read *t, ct_load_fn *fn)
{
    struct ct_rows rows = {NULL, 0};
    if (fn(t->r, &t->q, t->arena, &rows, &t->err) != CT_OK)
        fail_msg("%s: %s", t->err.where, t->err.what);
    return rows;
}

/* The rows as NDJSON with only the columns NAMES (blank-separated), each "value|value\n". */
static char *show(struct read *t, const struct ct_table *table, struct ct_rows rows,
                  const char *names)
{
    struct ct_buf out = CT_BUF_INIT;
    ct_buf_adds(&out, "");
    for (size_t i = 0; i < rows.n; i++) {
        struct ct_span rest = ct_span(names);
        ct_buf_adds(&out, i ? "\n" : "");
        for (bool first = true; rest.p; first = false) {
            const struct ct_column *c = ct_table_column(table, ct_span_cut(&rest, ' '));
            assert_non_null(c);
            ct_buf_adds(&out, first ? "" : "|");
            ct_buf_add(&out, ct_cell_null(c, ct_row(table, rows, i))
                                 ? CT_LIT("-")
                                 : ct_cell_text(c, ct_row(table, rows, i), t->arena));
        }
    }
    return out.p ? out.p : ct_xstrdup("");
}

static void shows(struct read *t, ct_load_fn *fn, const struct ct_table *table, const char *names,
                  const char *want)
{
    char *is = show(t, table, load(t, fn), names);
    assert_string_equal(is, want);
    free(is);
}

#define MIN(n) (T0 + (int64_t)(n)*CT_MINUTE)

/* ---- opening ---- */

static void open_says_what_is_wrong_with_the_file(void **state)
{
    struct fixture *f = *state;
    struct ct_reader *r;
    struct ct_error err = {0};
    char path[700];
    (void)snprintf(path, sizeof path, "%s/none.db", f->folder);
    assert_int_equal(ct_reader_open(path, &r, &err), CT_ERR_NOT_FOUND);
    assert_null(r);
    assert_int_equal(ct_reader_open(f->folder, &r, &err), CT_ERR_DB);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(ct_reader_open(path, &r, &err), CT_ERR_NOT_FOUND); /* made, not yet filled */
    for (int i = 0; i < 200; i++)
        assert_true(fputs("this is no database at all. ", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(ct_reader_open(path, &r, &err), CT_ERR_DB);
    assert_null(r);
    assert_int_equal(remove(path), 0);
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(other, "PRAGMA application_id=7; CREATE TABLE x (y)", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(other);
    assert_int_equal(ct_reader_open(path, &r, &err), CT_ERR_DB);
    assert_non_null(strstr(err.what, "another program"));
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK); /* most programs name theirs nothing */
    assert_int_equal(sqlite3_exec(other, "PRAGMA application_id=0", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_int_equal(ct_reader_open(path, &r, &err), CT_ERR_DB);
    assert_non_null(strstr(err.what, "another program"));
}

static void a_newer_layout_opens_and_says_so(void **state)
{
    struct fixture *f = *state;
    struct ct_reader *r;
    assert_int_equal(sqlite3_exec(f->look, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(ct_reader_open(f->path, &r, &f->err), CT_OK);
    assert_true(ct_reader_newer(r));
    ct_reader_close(r);
}

static void the_connection_cannot_write_or_attach(void **state)
{
    struct read t = begin(state, T0);
    static const char *const bad[] = {"DELETE FROM source", "ATTACH ':memory:' AS x",
                                      "PRAGMA query_only=OFF", "CREATE TEMP TABLE x (y)",
                                      "UPDATE source SET enabled=0"};
    for (size_t i = 0; i < CT_LEN(bad); i++)
        assert_int_not_equal(sqlite3_exec(t.r->db, bad[i], NULL, NULL, NULL), SQLITE_OK);
    end(&t);
}

static void the_version_moves_when_somebody_commits(void **state)
{
    struct read t = begin(state, T0);
    int64_t before = ct_reader_version(t.r);
    assert_true(ct_reader_version(t.r) == before);
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    assert_true(ct_reader_version(t.r) != before);
    end(&t);
}

static void a_database_made_anew_in_its_place_is_followed(void **state)
{
    struct read t = begin(state, MIN(1));
    char other[600], extra[600];
    struct ct_writer *w;
    offer(t.f, "old", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    shows(&t, ct_read_offers, &ct_offer_table, "instance", "old");
    int64_t version = ct_reader_version(t.r);
    (void)snprintf(other, sizeof other, "%s.new", t.f->path);
    assert_int_equal(ct_writer_open(other, 0, &w, &t.err), CT_OK);
    offer(t.f, "new", 2000, CT_STOCK_AVAILABLE);
    struct ct_fetch a = attempt_at(t.f, "price", MIN(0), CT_OUTCOME_OK);
    a.import = true;
    assert_int_equal(ct_write_fetch(w, &a, &t.f->commit, &t.err), CT_OK);
    ct_writer_close(w);
    static const char *const logs[] = {"-wal", "-shm"};
    for (size_t i = 0; i < CT_LEN(logs); i++) {
        (void)snprintf(extra, sizeof extra, "%s%s", t.f->path, logs[i]);
        assert_int_equal(remove(extra), 0);
    }
    assert_int_equal(rename(other, t.f->path), 0);
    assert_true(ct_reader_version(t.r) != version);
    shows(&t, ct_read_offers, &ct_offer_table, "instance", "new");
    assert_int_equal(remove(t.f->path), 0); /* gone: what was read last stays readable */
    shows(&t, ct_read_offers, &ct_offer_table, "instance", "new");
    end(&t);
}

/* Nothing that is read may cost more because more history is stored. */
static void no_statement_scans_what_grows(void **state)
{
    struct fixture *f = *state;
    static const char *const small[] = {"SCAN source", "SCAN s ",     "SCAN o", "SCAN k",
                                        "SCAN lease",  "SCAN series", "SCAN s", "SCAN (subquery",
                                        "SCAN alert",  "SCAN reference", "SCAN newest", "SCAN offer_pack", "SCAN CONSTANT",
                                        "SCAN incident USING INDEX incident_ended" /* until there are enough */,
                                        "SCAN incident USING COVERING INDEX incident_ended" /* only counts */};
    assert_int_equal(ct_sql_functions(f->look, NULL), SQLITE_OK);
    for (size_t i = 0; i < CT_N_SQL; i++) {
        char sql[2048];
        sqlite3_stmt *st;
        (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", ct_sql_text[i]);
        if (strncmp(ct_sql_text[i], "SELECT", 6) != 0)
            continue;
        assert_int_equal(sqlite3_prepare_v2(f->look, sql, -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(st, 3);
            bool fine = strncmp(step, "SCAN", 4) != 0;
            for (size_t k = 0; k < CT_LEN(small) && !fine; k++)
                fine = !strncmp(step, small[k], strlen(small[k]));
            if (strstr(ct_sql_text[i], "FROM token k")) /* of all series to find the few that are tokens' */
                fine = fine && strncmp(step, "SCAN s", 6) != 0;
            /* "s" is always series, but never let an alias hide a table that grows */
            if (!fine || strstr(step, "TEMP B-TREE FOR ORDER BY"))
                fail_msg("%s: %s", ct_sql_text[i], step);
        }
        sqlite3_finalize(st);
    }
}

/* ---- status ---- */

static void status_at(struct read *t, int64_t at_ms, const char *want)
{
    t->q.at_ms = at_ms;
    shows(t, ct_read_status, &ct_status_table, "provider state last_known_state reason age_s",
          want);
}

static void a_page_nobody_can_read_becomes_unknown_and_never_ok(void **state)
{
    struct read t = begin(state, MIN(1));
    component(t.f, "api", CT_STATE_OPERATIONAL);
    fetch(t.f, "stat", MIN(0));
    t.q.now_ms = MIN(1);
    shows(&t, ct_read_status, &ct_status_table, "provider state freshness reason",
          "openai|operational|fresh|-");
    t.q.now_ms = MIN(3);
    shows(&t, ct_read_status, &ct_status_table, "state freshness", "operational|late");
    t.q.now_ms = MIN(42);
    shows(&t, ct_read_status, &ct_status_table, "state last_known_state freshness reason age_s",
          "unknown|operational|stale|no answer for 42m|2520");
    for (int i = 1; i <= 3; i++)
        failed(t.f, "stat", MIN(0) + i * 20 * CT_SECOND);
    t.q.now_ms = MIN(1) + CT_SECOND;
    shows(&t, ct_read_status, &ct_status_table, "state last_known_state freshness reason since",
          "unknown|operational|stale|HTTP 500|2025-10-09T08:53:20Z");
    component(t.f, "api", CT_STATE_OPERATIONAL);
    fetch(t.f, "stat", MIN(2));
    t.q.now_ms = MIN(2);
    shows(&t, ct_read_status, &ct_status_table, "state freshness reason", "operational|fresh|-");
    /* the time machine says what was known then */
    status_at(&t, MIN(0) + 10 * CT_SECOND, "openai|operational|operational|-|10");
    status_at(&t, MIN(1) + 30 * CT_SECOND, "openai|unknown|operational|HTTP 500|90");
    status_at(&t, MIN(2) + CT_SECOND, "openai|operational|operational|-|1");
    end(&t);
}

static void status_counts_components_and_names_the_incident(void **state)
{
    struct read t = begin(state, MIN(5));
    component(t.f, "api", CT_STATE_OPERATIONAL);
    component(t.f, "chat", CT_STATE_OPERATIONAL);
    component(t.f, "files", CT_STATE_OPERATIONAL);
    fetch(t.f, "stat", MIN(0));
    component(t.f, "api", CT_STATE_MAJOR);
    component(t.f, "chat", CT_STATE_DEGRADED);
    component(t.f, "files", CT_STATE_OPERATIONAL);
    fetch(t.f, "stat", MIN(1));
    t.q.now_ms = MIN(2);
    shows(&t, ct_read_status, &ct_status_table, "components_total components_bad reason",
          "3|2|2 of 3 components down: api, chat");
    shows(&t, ct_read_components, &ct_component_table, "name state",
          "api|major_outage\nchat|degraded\nfiles|operational");
    component(t.f, "api", CT_STATE_MAJOR);
    component(t.f, "chat", CT_STATE_DEGRADED);
    component(t.f, "files", CT_STATE_OPERATIONAL);
    struct ct_incident *i = incident(t.f, "i1", CT_STATE_MAJOR, CT_PHASE_INVESTIGATING, 1);
    i->started_ms = MIN(1);
    struct ct_span ids[] = {CT_LIT("api"), CT_LIT("chat")};
    i->components = (struct ct_list){ids, 2};
    fetch(t.f, "stat", MIN(2));
    t.q.now_ms = MIN(3);
    shows(&t, ct_read_status, &ct_status_table, "state reason", "major_outage|Title of i1");
    shows(&t, ct_read_incidents, &ct_incident_table, "id state open components started_at stale",
          "i1|major_outage|true|api;chat|2025-10-09T08:54:20Z|false");
    shows(&t, ct_read_now, &ct_now_table, "sign word where what", "X|DOWN|openai|Title of i1");
    t.q.at_ms = MIN(1) + CT_SECOND; /* before the incident was written */
    shows(&t, ct_read_incidents, &ct_incident_table, "id", "");
    shows(&t, ct_read_now, &ct_now_table, "sign what", "X|2 of 3 components down: api, chat");
    t.q.at_ms = MIN(0) + CT_SECOND;
    shows(&t, ct_read_now, &ct_now_table, "what", "");
    struct ct_summary s;
    t.q.at_ms = CT_LIVE;
    assert_int_equal(ct_read_summary(t.r, &t.q, t.arena, &s, &t.err), CT_OK);
    assert_int_equal(s.count[CT_STATE_MAJOR], 1);
    assert_int_equal(s.worst_state, CT_STATE_MAJOR);
    assert_true(ct_span_is(s.worst, "openai DOWN 2m"));
    assert_true(s.recording_since_ms == MIN(0));
    assert_true(s.offline_since_ms == CT_NONE);
    end(&t);
}

static bool clock_off(struct read *t, char off[CT_TIME_MAX])
{
    struct ct_summary s;
    assert_int_equal(ct_read_summary(t->r, &t->q, t->arena, &s, &t->err), CT_OK);
    return ct_clock_off(&s, off);
}

static void a_clock_is_called_wrong_while_a_fetcher_finds_it_so(void **state)
{
    struct read t = begin(state, MIN(1));
    struct ct_lease *l = NULL;
    char off[CT_TIME_MAX];
    fetch(t.f, "stat", MIN(0));
    assert_int_equal(ct_lease_take(t.f->w, "me", MIN(1), &l, &t.err), CT_OK);
    assert_false(clock_off(&t, off));
    ct_lease_clock(l, 10 * CT_MINUTE);
    assert_int_equal(ct_lease_beat(l, MIN(1), &t.err), CT_OK);
    assert_true(clock_off(&t, off));
    assert_string_equal(off, "10m ahead");
    t.q.at_ms = MIN(0) + CT_SECOND; /* of the past nothing is known */
    assert_false(clock_off(&t, off));
    t.q.at_ms = CT_LIVE;
    ct_lease_clock(l, -2 * CT_MINUTE);
    assert_int_equal(ct_lease_beat(l, MIN(1), &t.err), CT_OK);
    assert_true(clock_off(&t, off));
    assert_string_equal(off, "2m behind");
    ct_lease_clock(l, 20 * CT_SECOND);
    assert_int_equal(ct_lease_beat(l, MIN(1), &t.err), CT_OK);
    assert_false(clock_off(&t, off));
    ct_lease_clock(l, CT_HOUR);
    assert_int_equal(ct_lease_beat(l, MIN(1), &t.err), CT_OK);
    ct_lease_drop(l);
    assert_false(clock_off(&t, off)); /* nobody looks any more */
    end(&t);
}

static void put_endpoint(struct fixture *f, const char *host, const char *region, int state,
                         int64_t uptime)
{
    struct ct_endpoint *e = CT_VEC_PUSH(f->arena, &f->batch.endpoints);
    *e = (struct ct_endpoint){.source_id = CT_LIT("m"), .host = ct_span(host),
                              .region = ct_span(region), .state = state,
                              .uptime_30m_milli = uptime, .latency_ms_p50_milli = CT_NONE,
                              .throughput_tps_p50_milli = CT_NONE};
}

/* The page keeps its say; what a router of requests measures there stands beside it, as a count. */
static void what_is_measured_stands_beside_what_the_page_says(void **state)
{
    struct read t = begin(state, MIN(1));
    const char *columns = "provider state measured_state measured_bad measured_total measured";
    component(t.f, "api", CT_STATE_OPERATIONAL);
    fetch(t.f, "stat", MIN(0));
    shows(&t, ct_read_status, &ct_status_table, columns, "openai|operational|-|-|-|-");
    for (int i = 0; i < 4; i++)
        put_endpoint(t.f, "openai", i ? i > 1 ? i > 2 ? "d" : "c" : "b" : "a",
                     i ? CT_STATE_OPERATIONAL : CT_STATE_DEGRADED, 99000 + i);
    put_endpoint(t.f, "amazon-bedrock", "a", CT_STATE_DEGRADED, 1000); /* another provider's */
    fetch(t.f, "token", MIN(0));
    shows(&t, ct_read_status, &ct_status_table, columns,
          "openai|operational|operational|1|4|1 of 4 endpoints degraded, up 99.0% at worst in half "
          "an hour (token)");
    for (int i = 0; i < 4; i++)
        put_endpoint(t.f, "openai", i ? i > 1 ? i > 2 ? "d" : "c" : "b" : "a",
                     i < 2 ? CT_STATE_DEGRADED : CT_STATE_OPERATIONAL, 50000);
    fetch(t.f, "token", MIN(1));
    shows(&t, ct_read_status, &ct_status_table, "state measured_state measured_bad",
          "operational|degraded|2");
    t.q.now_ms = MIN(60); /* old measures say nothing of now */
    shows(&t, ct_read_status, &ct_status_table, "state measured_state measured_bad", "unknown|-|-");
    end(&t);
}

static void components_of_a_page_that_was_not_read_are_unknown(void **state)
{
    struct read t = begin(state, MIN(5));
    struct ct_source_conf confs[] = {fixture_conf("stat", CT_SOURCE_STATUS),
                                     fixture_conf("acme_status", CT_SOURCE_STATUS)};
    confs[1].provider = "acme";
    assert_int_equal(ct_write_sources(t.f->w, confs, 2, MIN(0), &t.err), CT_OK);
    component(t.f, "old api", CT_STATE_MAJOR);
    fetch(t.f, "acme_status", MIN(0));
    component(t.f, "api", CT_STATE_DEGRADED);
    fetch(t.f, "stat", MIN(30));
    t.q.now_ms = MIN(30) + CT_SECOND;
    shows(&t, ct_read_components, &ct_component_table, "provider name state",
          "openai|api|degraded\nacme|old api|unknown");
    end(&t);
}

static void ninety_days_show_the_worst_of_each_and_blanks_where_nobody_looked(void **state)
{
    struct read t = begin(state, T0);
    /* imports a day apart: five good days, one bad, four good */
    for (int d = 0; d < 10; d++) {
        component(t.f, "api", d == 5 ? CT_STATE_MAJOR : CT_STATE_OPERATIONAL);
        import(t.f, "stat", T0 + d * CT_DAY);
    }
    t.q.at_ms = T0 + 9 * CT_DAY + CT_SECOND;
    struct ct_rows rows = load(&t, ct_read_status);
    const struct ct_status_row *row = rows.v;
    assert_int_equal(rows.n, 1);
    assert_int_equal(row->days90.n, 90);
    struct ct_span tail = {row->days90.p + 80, 10};
    assert_true(ct_span_is(tail, ".....XX...")); /* down from 8:53 to 8:53: seen on two days */
    for (int i = 0; i < 80; i++)
        assert_int_equal(row->days90.p[i], ' ');
    /* one of nine days down */
    assert_true(row->uptime_90d_milli > 88000 && row->uptime_90d_milli < 90000);
    end(&t);
}

static void when_nothing_can_be_reached_it_is_us(void **state)
{
    struct read t = begin(state, T0);
    struct ct_summary s;
    static const char *const ids[] = {"stat", "price", "token", "part", "list"};
    for (size_t i = 0; i < CT_LEN(ids); i++) {
        struct ct_fetch a = attempt_at(t.f, ids[i], MIN(i), CT_OUTCOME_FAILED);
        a.error = "could not resolve host";
        store(t.f, a);
    }
    t.q.now_ms = MIN(6);
    assert_int_equal(ct_read_summary(t.r, &t.q, t.arena, &s, &t.err), CT_OK);
    assert_true(s.offline_since_ms == MIN(0)); /* nobody has answered since */
    assert_int_equal(s.sources_failing, 5);
    shows(&t, ct_read_now, &ct_now_table, "where word", "network|UNKN");
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(6));
    assert_int_equal(ct_read_summary(t.r, &t.q, t.arena, &s, &t.err), CT_OK);
    assert_true(s.offline_since_ms == CT_NONE);
    struct ct_fetch again = attempt_at(t.f, "price", MIN(8), CT_OUTCOME_FAILED);
    again.error = "could not resolve host";
    store(t.f, again);
    t.q.now_ms = MIN(9);
    assert_int_equal(ct_read_summary(t.r, &t.q, t.arena, &s, &t.err), CT_OK);
    assert_true(s.offline_since_ms == MIN(8)); /* the first failure after the last answer */
    end(&t);
}

static void sources_tell_how_the_last_attempt_went(void **state)
{
    struct read t = begin(state, MIN(2));
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    failed(t.f, "price", MIN(1));
    struct ct_rows rows = load(&t, ct_read_sources);
    struct ct_filter *only;
    size_t matched;
    assert_int_equal(
        ct_filter_compile(&ct_source_table, CT_LIT("id=price"), MIN(2), t.arena, &only, &t.err),
        CT_OK);
    assert_int_equal(
        ct_rows_select(&ct_source_table, rows, only, "", 0, t.arena, &rows, &matched, &t.err),
        CT_OK);
    char *is = show(&t, &ct_source_table, rows, "id state error failures age_s interval_s");
    assert_string_equal(is, "price|fresh|HTTP 500|1|120|60");
    free(is);
    t.q.subject = CT_LIT("price");
    shows(&t, ct_read_attempts, &ct_attempt_table, "outcome error", "failed|HTTP 500\nok|-");
    t.q.at_ms = MIN(0) + CT_SECOND;
    shows(&t, ct_read_attempts, &ct_attempt_table, "outcome", "ok");
    end(&t);
}

static void numbers_of_a_foreign_attempt_stay_within_what_can_be_counted_with(void **state)
{
    struct read t = begin(state, MIN(2));
    const int64_t top = INT64_MAX, low = INT64_MIN + 1, most = INT64_C(1) << 60;
    struct ct_attempt wild = {MIN(0), CT_POLL_OK, top, low, top, low, top, top, low, top, CT_LIT("")};
    struct ct_buf blob = CT_BUF_INIT, errors = CT_BUF_INIT;
    ct_attempts_pack(&blob, &errors, &wild, 1);
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(t.f->look, "UPDATE attempts SET b = ?1", -1, &st, NULL), SQLITE_OK);
    (void)sqlite3_bind_blob64(st, 1, blob.p, blob.n, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    sqlite3_finalize(st);
    ct_buf_free(&blob);
    ct_buf_free(&errors);
    t.q.subject = CT_LIT("price");
    struct ct_rows rows = load(&t, ct_read_attempts);
    assert_int_equal(rows.n, 1);
    const struct ct_attempt_row *row = rows.v;
    assert_true(row->http_status == most && row->bytes == -most && row->rows == most);
    assert_true(row->changed_rows == -most && row->latency_ms == most);
    end(&t);
}

/* ---- offers ---- */

static void offers_show_price_stock_and_change_of_the_moment(void **state)
{
    struct read t = begin(state, T0);
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    offer(t.f, "p4", 1000, CT_STOCK_NONE);
    fetch(t.f, "price", T0);
    offer(t.f, "p5", 1800, CT_STOCK_LOW);
    fetch(t.f, "price", T0 + 2 * CT_DAY);
    t.q.now_ms = T0 + 2 * CT_DAY + CT_SECOND;
    static const char names[] = "instance price stock change_24h_pct low_90d gone";
    shows(&t, ct_read_offers, &ct_offer_table, names, "p5|1.8|L|-10|true|false");
    t.q.gone = true;
    shows(&t, ct_read_offers, &ct_offer_table, "instance price gone", "p5|1.8|false\np4|-|true");
    t.q.gone = false;
    t.q.at_ms = T0 + CT_HOUR;
    shows(&t, ct_read_offers, &ct_offer_table, names, "p4|1|N|-|false|false\np5|2|A|-|false|false");
    t.q.at_ms = T0 - CT_HOUR;
    shows(&t, ct_read_offers, &ct_offer_table, "instance", "");
    end(&t);
}

static void one_offer_is_read_by_the_name_of_its_series(void **state)
{
    struct read t = begin(state, T0);
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    offer(t.f, "p4", 1000, CT_STOCK_NONE);
    fetch(t.f, "price", T0);
    t.q.subject = CT_LIT("gpu/aws/us-east-1/H100-SXM-80x8/od/p5");
    shows(&t, ct_read_offers, &ct_offer_table, "instance price stock", "p5|2|A");
    t.q.subject = CT_LIT("p5");
    shows(&t, ct_read_offers, &ct_offer_table, "instance", "");
    end(&t);
}

static struct ct_offer *spot_offer(struct fixture *f, const char *instance, int64_t milli, const char *band)
{
    struct ct_offer *o = offer(f, instance, milli, CT_STOCK_UNKNOWN);
    o->purchase = CT_PURCHASE_SPOT;
    o->interruption = band ? ct_arena_dup(f->arena, ct_span(band)) : CT_SPAN_NONE;
    return o;
}

/* Who knows the risk of a spot machine has no price of it, and who has prices does not know it. */
static void the_risk_of_a_machine_stands_at_every_spot_price_of_it(void **state)
{
    static const char names[] = "instance region purchase price source risk interruption_source interruption_age_s";
    struct read t = begin(state, MIN(2));
    spot_offer(t.f, "p5.48xlarge", -1, "5-10%");
    spot_offer(t.f, "p4", -1, "<5%")->region = CT_LIT("us-west-2");
    fetch(t.f, "list", MIN(0));
    spot_offer(t.f, "P5.48xlarge", 2000, NULL);
    spot_offer(t.f, "p4", 1000, NULL);                   /* its risk is known in another region only */
    offer(t.f, "p5.48xlarge", 4000, CT_STOCK_AVAILABLE); /* nobody takes that back */
    fetch(t.f, "price", MIN(2));
    shows(&t, ct_read_offers, &ct_offer_table, names,
          "p4|us-east-1|spot|1|price|-|-|-\nP5.48xlarge|us-east-1|spot|2|price|5-10%|list|120\n"
          "p5.48xlarge|us-east-1|od|4|price|-|-|-\np5.48xlarge|us-east-1|spot|-|list|5-10%|list|120\n"
          "p4|us-west-2|spot|-|list|<5%|list|120");
    t.q.subject = CT_LIT("gpu/aws/us-east-1/H100-SXM-80x8/spot/P5.48xlarge"); /* read alone: the same */
    shows(&t, ct_read_offers, &ct_offer_table, names, "P5.48xlarge|us-east-1|spot|2|price|5-10%|list|120");
    t.q.subject = CT_SPAN_NONE;
    t.q.at_ms = MIN(1); /* before there was a price, the risk was known of the list alone */
    shows(&t, ct_read_offers, &ct_offer_table, "price source risk", "-|list|5-10%\n-|list|<5%");
    end(&t);
}

/* A reader that holds a moment gives each load the tables of that moment or a later one. */
static void tables_that_are_held_outlast_commits_and_the_clock(void **state)
{
    struct read t = begin(state, T0);
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", T0);
    ct_reader_hold(t.r, 1);
    shows(&t, ct_read_offers, &ct_offer_table, "instance price", "p5|2");
    offer(t.f, "p5", 3000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", T0 + CT_HOUR);
    t.q.now_ms = T0 + CT_HOUR;
    shows(&t, ct_read_offers, &ct_offer_table, "instance price", "p5|2");
    ct_reader_hold(t.r, 2);
    shows(&t, ct_read_offers, &ct_offer_table, "instance price", "p5|3");
    ct_reader_hold(t.r, 1);
    shows(&t, ct_read_offers, &ct_offer_table, "instance price", "p5|3"); /* never older than was read */
    t.q.at_ms = T0; /* another question */
    shows(&t, ct_read_offers, &ct_offer_table, "instance price", "p5|2");
    ct_reader_hold(t.r, 0);
    t.q.at_ms = CT_LIVE;
    shows(&t, ct_read_offers, &ct_offer_table, "instance price", "p5|3");
    end(&t);
}

static void reads_of_one_load_are_of_one_snapshot_and_let_it_go(void **state)
{
    struct read t = begin(state, T0);
    struct ct_rows rows;
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", T0);
    ct_reader_begin(t.r);
    shows(&t, ct_read_offers, &ct_offer_table, "instance price", "p5|2");
    offer(t.f, "p5", 3000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", T0 + CT_HOUR);
    t.q.now_ms = T0 + CT_HOUR; /* another question: nothing that was kept answers it */
    shows(&t, ct_read_offers, &ct_offer_table, "instance price", "p5|2");
    shows(&t, ct_read_sources, &ct_source_table, "id last_success",
          "list|-\npart|-\nprice|2025-10-09T08:53:20Z\nstat|-\ntoken|-");
    t.q.subject = CT_LIT("gpu/nobody/any/x/od"); /* finding nothing is no trouble */
    assert_int_equal(ct_read_history(t.r, &t.q, t.arena, &rows, &t.err), CT_ERR_NOT_FOUND);
    t.q.subject = CT_SPAN_NONE;
    assert_false(sqlite3_get_autocommit(t.r->db)); /* held */
    ct_reader_cancel(t.r);
    assert_int_equal(ct_read_sources(t.r, &t.q, t.arena, &rows, &t.err), CT_ERR_CANCELLED);
    ct_reader_end(t.r);
    assert_true(sqlite3_get_autocommit(t.r->db));
    shows(&t, ct_read_offers, &ct_offer_table, "instance price", "p5|3");
    assert_true(sqlite3_get_autocommit(t.r->db)); /* a read by itself lets go by itself */
    ct_reader_begin(t.r);
    ct_reader_end(t.r); /* nothing was read */
    assert_true(sqlite3_get_autocommit(t.r->db));
    shows(&t, ct_read_sources, &ct_source_table, "id last_success",
          "list|-\npart|-\nprice|2025-10-09T09:53:20Z\nstat|-\ntoken|-");
    end(&t);
}

/* What is kept goes when nobody loads, unless it is on screen and costs nothing. */
static void what_somebody_holds_is_shared_after_a_rest(void **state)
{
    struct read t = begin(state, T0);
    struct ct_rows first, second;
    struct ct_arena *a = ct_arena_new(0), *b = ct_arena_new(0);
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", T0);
    assert_int_equal(ct_read_offers(t.r, &t.q, a, &first, &t.err), CT_OK);
    ct_reader_rest(t.r);
    assert_int_equal(ct_read_offers(t.r, &t.q, b, &second, &t.err), CT_OK);
    assert_ptr_equal(first.v, second.v);
    ct_arena_free(a);
    ct_arena_free(b);
    assert_non_null(t.r->shared[0].arena);
    ct_reader_rest(t.r);
    assert_null(t.r->shared[0].arena);
    end(&t);
}

static void offers_read_plain_learn_their_months_as_the_whole_table_has_them(void **state)
{
    static const char names[] = "instance price_usd_per_gpu_hour change_24h_pct low_90d usd_per_pflop_hour changed_at";
    struct read t = begin(state, T0 + 40 * CT_DAY);
    for (int day = 0; day < 40; day++) {
        offer(t.f, "p4", 2000 + day % 7 * 100, CT_STOCK_AVAILABLE);
        offer(t.f, "p5", 5000 - day * 10, day % 2 ? CT_STOCK_NONE : CT_STOCK_AVAILABLE);
        if (day < 39)
            offer(t.f, "p6", 7000, CT_STOCK_AVAILABLE);
        fetch(t.f, "price", T0 + day * CT_DAY);
    }
    for (int past = 0; past < 2; past++) {
        t.q.at_ms = past ? T0 + 20 * CT_DAY + 1 : CT_LIVE;
        t.q.plain = true;
        struct ct_rows plain = load(&t, ct_read_offers);
        struct ct_offer_row v[3];
        size_t n = plain.n;
        assert_true(n == (past ? 3 : 2));
        memcpy(v, plain.v, n * sizeof *v);
        for (size_t i = 0; i < n && !past; i++) /* then the whole table is asked for, and goes on being read */
            assert_true(!v[i].spark && v[i].change_24h_milli == CT_NONE);
        assert_int_equal(ct_read_offer_months(t.r, &t.q, t.arena, v, n, &t.err), CT_OK);
        t.q.plain = false;
        struct ct_rows whole = load(&t, ct_read_offers);
        char *is = show(&t, &ct_offer_table, (struct ct_rows){v, n}, names);
        char *want = show(&t, &ct_offer_table, whole, names);
        assert_string_equal(is, want);
        for (size_t i = 0; i < n; i++)
            assert_memory_equal(v[i].spark, ((const struct ct_offer_row *)whole.v)[i].spark,
                                CT_SPARK * sizeof *v[i].spark);
        free(is);
        free(want);
        t.q.plain = true; /* where the whole table is there it serves */
        assert_ptr_equal(load(&t, ct_read_offers).v, whole.v);
    }
    end(&t);
}

/* Tens of thousands fit then into what an answer may take. */
static void a_table_of_offers_takes_the_room_of_its_rows(void **state)
{
    enum { OFFERS = 3000, WORDS = 500 };
    struct read t = begin(state, MIN(1));
    for (int i = 0; i < OFFERS; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "p%d", i);
        offer(t.f, name, 2000 + i, CT_STOCK_AVAILABLE);
    }
    fetch(t.f, "price", MIN(0));
    assert_int_equal(load(&t, ct_read_offers).n, OFFERS);
    size_t used = ct_arena_used(t.r->shared[0].arena);
    if (used > OFFERS * (sizeof(struct ct_offer_row) + WORDS))
        fail_msg("%zu bytes an offer", used / OFFERS);
    end(&t);
}

static void models_are_dated_without_a_look_at_every_series(void **state)
{
    struct read t = begin(state, MIN(2));
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    token(t.f, "m", CT_KIND_INPUT, 1000);
    fetch(t.f, "token", MIN(1));
    assert_int_equal(load(&t, ct_read_models).n, 1);
    assert_null(t.r->stmts[SQL_SERIES_ALL]);
    t.q.subject = CT_LIT("token/*");
    t.q.whole = true;
    assert_int_equal(load(&t, ct_read_series).n, 1);
    t.q.subject = CT_LIT("token/*/m*");
    assert_int_equal(load(&t, ct_read_series).n, 1);
    t.q.subject = CT_LIT("token/x*");
    assert_int_equal(load(&t, ct_read_series).n, 0);
    end(&t);
}

static void events_of_a_whole_name_are_not_those_of_its_neighbours(void **state)
{
    struct read t = begin(state, T0);
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", T0);
    offer(t.f, "p5", 1000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", T0 + CT_HOUR);
    t.q.at_ms = T0 + CT_HOUR;
    t.q.subject = CT_LIT("p5");
    assert_true(load(&t, ct_read_events).n > 0);
    t.q.whole = true;
    assert_int_equal(load(&t, ct_read_events).n, 0);
    t.q.subject = CT_LIT("gpu/aws/us-east-1/H100-SXM-80x8/od/p5");
    shows(&t, ct_read_events, &ct_event_table, "kind field", "price|od");
    end(&t);
}

static void a_sparkline_holds_values_and_leaves_gaps_blank(void **state)
{
    struct read t = begin(state, T0);
    for (int d = 0; d < 5; d++) {
        offer(t.f, "p5", 2000 - d * 100, CT_STOCK_AVAILABLE);
        import(t.f, "price", T0 + d * CT_DAY);
    }
    t.q.at_ms = T0 + 4 * CT_DAY + CT_SECOND;
    const struct ct_offer_row *row = load(&t, ct_read_offers).v;
    assert_true(row->spark[CT_SPARK - 1] == 1600000000);
    assert_true(row->spark[CT_SPARK - 2] == 1700000000);
    assert_true(row->spark[CT_SPARK - 5] == 2000000000);
    assert_true(row->spark[CT_SPARK - 6] == CT_NONE);
    assert_int_equal(row->low_90d, 1);
    t.q.at_ms = T0 + 8 * CT_DAY; /* nobody looked for four days */
    row = load(&t, ct_read_offers).v;
    assert_true(row->spark[CT_SPARK - 2] == CT_NONE);
    assert_true(row->spark[CT_SPARK - 6] == 1700000000);
    assert_int_equal(row->freshness, CT_DEAD);
    end(&t);
}

static void put_offer(struct fixture *f, const char *cloud, const char *region, int64_t milli)
{
    struct ct_offer *o = offer(f, "x", milli, CT_STOCK_AVAILABLE);
    o->cloud = ct_arena_dup(f->arena, ct_span(cloud));
    o->region = ct_arena_dup(f->arena, ct_span(region));
}

static void an_index_is_the_median_of_each_clouds_cheapest(void **state)
{
    struct read t = begin(state, MIN(1));
    put_offer(t.f, "aws", "a", 3000);
    put_offer(t.f, "aws", "b", 2000);
    put_offer(t.f, "gcp", "a", 4000);
    put_offer(t.f, "lambda", "a", 2500);
    put_offer(t.f, "bare", "a", 500); /* a GPU without its host: listed, but no price to rent at */
    t.f->batch.offers.v[t.f->batch.offers.n - 1].host_included = 0;
    fetch(t.f, "price", MIN(0));
    shows(&t, ct_read_gpus, &ct_gpu_table,
          "gpu form purchase index cheapest cheapest_cloud dearest clouds offers available",
          "H100|SXM|od|2.5|2|aws|4|4|5|5");
    t.q.group = "cloud";
    shows(&t, ct_read_gpus, &ct_gpu_table, "cloud index offers",
          "aws|2|2\nbare|-|1\ngcp|4|1\nlambda|2.5|1");
    t.q.group = "region";
    shows(&t, ct_read_gpus, &ct_gpu_table, "cloud region index",
          "aws|a|3\naws|b|2\nbare|a|-\ngcp|a|4\nlambda|a|2.5");
    end(&t);
}

/* A catalogue lists what the cloud itself sells: one offer, the cloud's, as long as that is read. */
static void one_offer_of_two_sources_counts_once_and_by_the_better_word(void **state)
{
    struct read t = begin(state, MIN(1));
    put_offer(t.f, "aws", "a", 3000);
    fetch(t.f, "price", MIN(0));
    clear(t.f);
    put_offer(t.f, "aws", "a", 2000);
    t.f->batch.offers.v[0].instance = CT_LIT("X"); /* in another case */
    put_offer(t.f, "aws", "b", 5000);
    fetch(t.f, "list", MIN(0));
    shows(&t, ct_read_gpus, &ct_gpu_table, "cheapest dearest offers", "3|5|2");
    clear(t.f); /* the cloud is no longer read, the catalogue is */
    put_offer(t.f, "aws", "a", 2000);
    t.f->batch.offers.v[0].instance = CT_LIT("X");
    put_offer(t.f, "aws", "b", 5000);
    fetch(t.f, "list", MIN(60));
    t.q.now_ms = MIN(61);
    shows(&t, ct_read_gpus, &ct_gpu_table, "cheapest dearest offers", "2|5|2");
    end(&t);
}

static void put_rate(struct fixture *f, const char *currency, int64_t milli_usd)
{
    struct ct_rate *rate = CT_VEC_PUSH(f->arena, &f->batch.rates);
    *rate = (struct ct_rate){ct_arena_dup(f->arena, ct_span(currency)), milli_usd * 1000000, CT_NONE};
}

/* Euro stay euro; dollars beside them exist while somebody says what a euro is worth. */
static void other_money_is_compared_only_by_a_fresh_rate(void **state)
{
    struct read t = begin(state, MIN(1));
    put_offer(t.f, "scaleway", "fr-par", 2000);
    t.f->batch.offers.v[0].currency = CT_LIT("EUR");
    put_offer(t.f, "aws", "a", 3000);
    put_offer(t.f, "gcp", "a", 3500);
    put_offer(t.f, "azure", "a", 3000);
    fetch(t.f, "price", MIN(0));
    const char *columns = "cloud currency price_per_gpu_hour price_usd_per_gpu_hour converted";
    shows(&t, ct_read_offers, &ct_offer_table, columns, "aws|-|3|3|false\nazure|-|3|3|false\n"
          "gcp|-|3.5|3.5|false\nscaleway|EUR|2|-|false");
    shows(&t, ct_read_gpus, &ct_gpu_table, "index cheapest dearest", "3|3|3.5");
    clear(t.f);
    put_rate(t.f, "EUR", 1250);
    fetch(t.f, "list", MIN(0));
    shows(&t, ct_read_offers, &ct_offer_table, columns, "scaleway|EUR|2|2.5|true\naws|-|3|3|false\nazure|-|3|3|false\ngcp|-|3.5|3.5|false");
    shows(&t, ct_read_gpus, &ct_gpu_table, "index cheapest dearest", "3|2.5|3.5");
    t.q.now_ms = MIN(30); /* nobody reads the rates any more */
    shows(&t, ct_read_gpus, &ct_gpu_table, "index cheapest", "3|3");
    end(&t);
}

/* A rate of the same or the previous working day: over a weekend Friday's, on Tuesday not. */
static void a_rate_lasts_until_the_next_working_day_ends(void **state)
{
    static const struct {
        int day; /* of November 2026: 20 is a Friday */
        const char *want;
    } days[] = {{20, "2.5"}, {22, "2.5"}, {23, "2.5"}, {24, "-"}};
    struct fixture *f = *state;
    struct ct_source_conf confs[] = {fixture_conf("price", CT_SOURCE_PRICES),
                                     fixture_conf("rates", CT_SOURCE_PRICES)};
    int64_t friday;
    assert_int_equal(ct_time_parse(CT_LIT("2026-11-20T16:00:00Z"), &friday), CT_OK);
    assert_int_equal(ct_write_sources(f->w, confs, 2, friday, &f->err), CT_OK);
    for (size_t i = 0; i < CT_LEN(days); i++) {
        put_rate(f, "EUR", 1250);
        fetch(f, "rates", friday + (days[i].day - 20) * CT_DAY);
    }
    for (size_t i = 0; i < CT_LEN(days); i++) {
        int64_t at = friday + (days[i].day - 20) * CT_DAY;
        clear(f);
        put_offer(f, "scaleway", "fr-par", 2000);
        f->batch.offers.v[0].currency = CT_LIT("EUR");
        fetch(f, "price", at);
        struct read t = begin(state, at + CT_SECOND);
        t.q.at_ms = at;
        shows(&t, ct_read_offers, &ct_offer_table, "price_usd_per_gpu_hour", days[i].want);
        end(&t);
    }
}

static void compute_is_priced_where_the_accelerator_is_known(void **state)
{
    struct read t = begin(state, MIN(1));
    offer(t.f, "a", 1978, CT_STOCK_AVAILABLE);
    offer(t.f, "b", 1979, CT_STOCK_AVAILABLE)->gpu = CT_LIT("H999");
    struct ct_offer *o = offer(t.f, "c", 1980, CT_STOCK_AVAILABLE); /* SXM, PCIe or NVL? */
    o->form = CT_SPAN_NONE;
    o->gpu_mem_milli = CT_NONE;
    fetch(t.f, "price", MIN(0));
    shows(&t, ct_read_offers, &ct_offer_table, "instance usd_per_pflop_hour", "a|2\nb|-\nc|-");
    end(&t);
}

/* An instance of Azure's feed names the time at which it was rendered; a copy of hours ago is no all-clear,
 * and neither is what one says that nobody feeds (sources/status.md P7). */
static void a_feed_rendered_hours_before_it_came_is_unknown_not_fine(void **state)
{
    struct fixture *f = *state;
    struct ct_source_conf conf = fixture_conf("stat", CT_SOURCE_STATUS);
    conf.family = "azure-rss";
    assert_int_equal(ct_write_sources(f->w, &conf, 1, T0, &f->err), CT_OK);
    for (int k = 0; k < 3; k++) { /* of now, five hours old, seven hours old */
        static const int hours[] = {0, 5, 7};
        int64_t at = T0 + k * CT_DAY;
        f->batch.data_ms = at - hours[k] * CT_HOUR;
        f->batch.trouble_only = true;
        fetch(f, "stat", at);
        struct read t = begin(state, at);
        const struct ct_status_row *row = load(&t, ct_read_status).v;
        assert_int_equal(row->state, k == 2 ? CT_STATE_UNKNOWN : CT_STATE_OPERATIONAL);
        if (k == 2 && !ct_span_is(row->reason, "the page's own time has stood still since 2025-10-11T01:53Z"))
            fail_msg("%.*s", CT_FMT(row->reason));
        end(&t);
    }
}

/* The mirror of a page that moved away answered "all is well" for months (sources/status.md P6). */
static void a_page_whose_own_time_stands_still_is_unknown_not_fine(void **state)
{
    struct fixture *f = *state;
    struct ct_source_conf conf = fixture_conf("stat", CT_SOURCE_STATUS);
    conf.family = "statuspage-summary";
    assert_int_equal(ct_write_sources(f->w, &conf, 1, T0, &f->err), CT_OK);
    int64_t made = T0 - 44 * CT_DAY;
    for (int k = 0; k < 2; k++) { /* 44 days old, then 46 */
        int64_t at = T0 + 2 * k * CT_DAY;
        component(f, "api", CT_STATE_OPERATIONAL);
        f->batch.data_ms = made;
        fetch(f, "stat", at);
        struct read t = begin(state, at);
        struct ct_rows rows = load(&t, ct_read_status);
        const struct ct_status_row *row = rows.v;
        struct ct_summary sum;
        assert_int_equal(rows.n, 1);
        assert_int_equal(row->state, k ? CT_STATE_UNKNOWN : CT_STATE_OPERATIONAL);
        assert_true(k == 0 || ct_span_starts(row->reason, "the page's own time has stood still since"));
        assert_int_equal(ct_read_summary(t.r, &t.q, t.arena, &sum, &t.err), CT_OK);
        assert_int_equal(sum.count[CT_STATE_UNKNOWN], k);
        end(&t);
    }
    component(f, "api", CT_STATE_MAJOR); /* trouble is believed however old */
    f->batch.data_ms = made;
    fetch(f, "stat", T0 + 3 * CT_DAY);
    struct read t = begin(state, T0 + 3 * CT_DAY);
    assert_int_equal(((const struct ct_status_row *)load(&t, ct_read_status).v)->state, CT_STATE_MAJOR);
    end(&t);
}

/* ---- tokens ---- */

static void tokens_change_over_thirty_days_and_keep_listings_without_a_price(void **state)
{
    struct read t = begin(state, T0);
    token(t.f, "m1", CT_KIND_INPUT, 1000);
    token(t.f, "m2", CT_KIND_INPUT, -1);
    fetch(t.f, "token", T0);
    token(t.f, "m1", CT_KIND_INPUT, 500);
    token(t.f, "m2", CT_KIND_INPUT, -1);
    fetch(t.f, "token", T0 + 31 * CT_DAY);
    t.q.now_ms = T0 + 31 * CT_DAY;
    shows(&t, ct_read_tokens, &ct_token_table, "source_id kind usd_per_mtok change_30d_pct age_s",
          "m1|input|0.5|-50|0\nm2|input|-|-|0");
    t.q.at_ms = T0 + CT_MINUTE;
    shows(&t, ct_read_tokens, &ct_token_table, "source_id usd_per_mtok change_30d_pct age_s",
          "m1|1|-|60\nm2|-|-|60");
    end(&t);
}

/* ---- history ---- */

static struct ct_history history(struct read *t, const char *subject)
{
    t->q.subject = ct_span(subject);
    struct ct_rows rows = load(t, ct_read_history);
    assert_int_equal(rows.n, 1);
    return *(const struct ct_history *)rows.v;
}

static void points_are(struct read *t, const struct ct_history *h, const char *want)
{
    char *is = show(t, &ct_point_table, h->points, "at min max last n");
    assert_string_equal(is, want);
    free(is);
}

static void gaps_are(struct read *t, const struct ct_history *h, const char *want)
{
    char *is = show(t, &ct_gap_table, h->gaps, "from to reason");
    assert_string_equal(is, want);
    free(is);
}

static void a_series_is_found_by_its_name_an_ending_words_or_a_glob(void **state)
{
    struct read t = begin(state, MIN(2));
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    offer(t.f, "p4", 1000, CT_STOCK_AVAILABLE);
    fetch(t.f, "list", MIN(0));
    static const char name[] = "gpu/aws/us-east-1/H100-SXM-80x8/od/p5";
    static const char *const same[] = {name, "od/p5", "H100-SXM-80x8/od/p5", "gpu aws p5",
                                       "gpu*p5"};
    for (size_t i = 0; i < CT_LEN(same); i++)
        assert_true(ct_span_is(history(&t, same[i]).series, name));
    struct ct_rows rows;
    t.q.subject = CT_LIT("gpu/*");
    assert_int_equal(load(&t, ct_read_history).n, 2);
    assert_true(ct_span_starts(history(&t, "stock od p5").series, "stock/"));
    t.q.subject = CT_LIT("gpu h100");
    assert_int_equal(ct_read_history(t.r, &t.q, t.arena, &rows, &t.err), CT_ERR_USAGE);
    assert_non_null(strstr(t.err.what, "od/p4"));
    t.q.subject = CT_LIT("gpu/aws/us-east-1/H100-SXM-80x8/od/p6");
    assert_int_equal(ct_read_history(t.r, &t.q, t.arena, &rows, &t.err), CT_ERR_NOT_FOUND);
    assert_non_null(strstr(t.err.what, "od/p"));
    end(&t);
}

/* The same count wherever one is told: from 2 to 1.9, away, back as it was, to 1.95. */
static void a_step_into_a_gap_and_back_is_no_change(void **state)
{
    struct read t = begin(state, MIN(10));
    const int prices[] = {2000, 1900, 0, 1900, 1950};
    for (size_t i = 0; i < CT_LEN(prices); i++) {
        offer(t.f, "other", 1000, -1);
        if (prices[i])
            offer(t.f, "p5", prices[i], -1);
        fetch(t.f, "list", MIN((int64_t)i));
    }
    struct ct_history h = history(&t, "gpu*p5");
    assert_int_equal(h.points.n, 4);
    assert_int_equal(h.n_changes, 2);
    struct ct_rows rows = load(&t, ct_read_figures);
    assert_int_equal(rows.n, 1);
    const struct ct_figures_row *f = rows.v;
    assert_int_equal(f->changes, 2);
    rows = load(&t, ct_read_series);
    for (size_t i = 0; i < rows.n; i++) {
        const struct ct_series_row *row = ct_row(&ct_series_table, rows, i);
        if (ct_span_ends(row->series, "/p5"))
            assert_int_equal(row->changes, 2);
    }
    end(&t);
}

static void history_has_a_point_a_change_and_gaps_with_their_reasons(void **state)
{
    struct read t = begin(state, MIN(64));
    offer(t.f, "p5", 2000, -1);
    fetch(t.f, "list", MIN(0));
    repeat(t.f, "list", MIN(1));
    offer(t.f, "p5", 1900, -1);
    fetch(t.f, "list", MIN(2));
    for (int i = 3; i < 13; i++) {
        struct ct_fetch a = attempt_at(t.f, "list", MIN(i), CT_OUTCOME_FAILED);
        a.error = "HTTP 429";
        store(t.f, a);
    }
    offer(t.f, "p5", 1900, -1);
    fetch(t.f, "list", MIN(13));
    offer(t.f, "p5", 1900, -1);
    fetch(t.f, "list", MIN(60)); /* the fetcher was off */
    offer(t.f, "p5", 1950, -1);
    fetch(t.f, "list", MIN(61));
    repeat(t.f, "list", MIN(62));
    failed(t.f, "list", MIN(63)); /* one hiccup is no gap */
    repeat(t.f, "list", MIN(64));
    struct ct_history h = history(&t, "gpu*p5");
    assert_true(ct_span_is(h.unit, "USD/gpu.h"));
    points_are(&t, &h,
               "2025-10-09T08:53:20Z|2|2|2|1\n2025-10-09T08:55:20Z|1.9|1.9|1.9|1\n"
               "2025-10-09T09:54:20Z|1.95|1.95|1.95|1");
    gaps_are(&t, &h,
             "2025-10-09T08:55:20Z|2025-10-09T09:06:20Z|HTTP 429\n"
             "2025-10-09T09:06:20Z|2025-10-09T09:53:20Z|not recorded");
    assert_int_equal(h.n_changes, 2);
    /* a window in the middle of a value starts with it */
    t.q.from_ms = MIN(1);
    t.q.to_ms = MIN(2) + 1;
    h = history(&t, "gpu*p5");
    points_are(&t, &h, "2025-10-09T08:54:20Z|2|2|2|0\n2025-10-09T08:55:20Z|1.9|1.9|1.9|1");
    assert_true(h.open_value == 2000000000);
    t.q.from_ms = MIN(20); /* inside the pause: nothing is known at its start */
    t.q.to_ms = MIN(30);
    h = history(&t, "gpu*p5");
    points_are(&t, &h, "");
    gaps_are(&t, &h, "2025-10-09T09:13:20Z|2025-10-09T09:23:20Z|not recorded");
    end(&t);
}

/* What is kept between loads is as good as what is stored: also after a commit, and for a window that begins earlier. */
static void answers_kept_between_loads_follow_what_is_stored(void **state)
{
    struct read t = begin(state, MIN(64));
    offer(t.f, "p5", 2000, -1);
    fetch(t.f, "list", MIN(0));
    repeat(t.f, "list", MIN(1));
    repeat(t.f, "list", MIN(30));
    repeat(t.f, "list", MIN(31));
    t.q.from_ms = MIN(30);
    t.q.to_ms = MIN(31);
    struct ct_history h = history(&t, "gpu*p5");
    gaps_are(&t, &h, "");
    t.q.from_ms = MIN(1);
    h = history(&t, "gpu*p5");
    gaps_are(&t, &h, "2025-10-09T08:54:20Z|2025-10-09T09:23:20Z|not recorded");
    t.q.from_ms = MIN(30);
    t.q.to_ms = MIN(60);
    h = history(&t, "gpu*p5");
    gaps_are(&t, &h, "2025-10-09T09:24:20Z|2025-10-09T09:53:20Z|not recorded");
    for (int i = 32; i <= 60; i++)
        repeat(t.f, "list", MIN(i));
    h = history(&t, "gpu*p5");
    gaps_are(&t, &h, "");
    end(&t);
}

/* Panels loaded together share a table; who asks of another moment, or after a commit, gets its own. */
static void a_table_asked_for_again_is_the_same_until_something_differs(void **state)
{
    struct read t = begin(state, MIN(1));
    offer(t.f, "p5", 2000, -1);
    fetch(t.f, "list", MIN(0));
    struct ct_rows first = load(&t, ct_read_offers), again = load(&t, ct_read_offers);
    assert_int_equal(first.n, 1);
    assert_ptr_equal(first.v, again.v);
    t.q.gone = true;
    assert_ptr_not_equal(first.v, load(&t, ct_read_offers).v);
    t.q.gone = false;
    t.q.now_ms++;
    struct ct_rows later = load(&t, ct_read_offers);
    assert_ptr_not_equal(first.v, later.v);
    offer(t.f, "p5", 1900, -1);
    fetch(t.f, "list", MIN(1));
    shows(&t, ct_read_offers, &ct_offer_table, "price_usd_per_gpu_hour", "1.9");
    t.q.group = "cloud";
    struct ct_rows clouds = load(&t, ct_read_gpus);
    t.q.group = NULL;
    assert_ptr_not_equal(clouds.v, load(&t, ct_read_gpus).v);
    ct_reader_close(t.r); /* what was read outlives the reader */
    char *is = show(&t, &ct_offer_table, first, "price_usd_per_gpu_hour");
    assert_string_equal(is, "2");
    free(is);
    ct_arena_free(t.arena);
}

static void a_whole_name_is_looked_for_as_it_stands(void **state)
{
    struct read t = begin(state, MIN(1));
    struct ct_rows rows = {NULL, 0};
    offer(t.f, "p5", 2000, -1);
    offer(t.f, "p6", 3000, -1);
    fetch(t.f, "list", MIN(0));
    t.q.whole = true;
    static const struct {
        const char *subject;
        size_t n;
    } asked[] = {{"p5", 0}, {"gpu/*/p5", 1}, {"GPU/*/p5", 0}, {"gpu/*", 2}, {"*p6", 1}, {"nothing", 0}};
    for (size_t i = 0; i < CT_LEN(asked); i++) {
        t.q.subject = ct_span(asked[i].subject);
        assert_int_equal(ct_read_history(t.r, &t.q, t.arena, &rows, &t.err), CT_OK);
        assert_int_equal(rows.n, asked[i].n);
    }
    t.q.subject = ((const struct ct_offer_row *)load(&(struct read){t.f, t.r, {.at_ms = CT_LIVE, .now_ms = MIN(1)},
                                                                    t.arena, {0}}, ct_read_offers).v)->series;
    assert_int_equal(ct_read_history(t.r, &t.q, t.arena, &rows, &t.err), CT_OK);
    assert_int_equal(rows.n, 1);
    end(&t);
}

static void what_is_not_offered_is_a_gap_and_not_a_zero(void **state)
{
    struct read t = begin(state, T0);
    for (int w = 0; w < 6; w++) {
        offer(t.f, "p5", 2000, -1);
        if (w < 2 || w > 3)
            offer(t.f, "p4", 1000, -1);
        import(t.f, "list", T0 + w * 7 * CT_DAY);
    }
    t.q.at_ms = T0 + 35 * CT_DAY;
    struct ct_history h = history(&t, "gpu*p4");
    points_are(&t, &h, "2025-10-09T08:53:20Z|1|1|1|1\n2025-11-06T08:53:20Z|1|1|1|1");
    /* weekly snapshots are no pauses; two of them did not list it */
    gaps_are(&t, &h, "2025-10-23T08:53:20Z|2025-11-06T08:53:20Z|not offered");
    t.q.at_ms = T0 + 45 * CT_DAY; /* nobody looked after the last import */
    h = history(&t, "gpu*p5");
    gaps_are(&t, &h, "2025-11-13T08:53:20Z|2025-11-23T08:53:20Z|not recorded");
    /* before the series and its source began */
    t.q.at_ms = T0 + 35 * CT_DAY;
    t.q.from_ms = T0 - 7 * CT_DAY;
    h = history(&t, "gpu*p5");
    gaps_are(&t, &h, "2025-10-02T08:53:20Z|2025-10-09T08:53:20Z|not recorded");
    assert_true(h.open_value == CT_NONE);
    end(&t);
}

static void buckets_keep_a_spike_of_one_sample(void **state)
{
    struct read t = begin(state, T0);
    for (int i = 0; i < 400; i++) {
        offer(t.f, "p5", i == 237 ? 4900 : 2000 + i % 7, -1);
        fetch(t.f, "list", MIN(i));
    }
    t.q.now_ms = MIN(400);
    t.q.max_points = 20;
    struct ct_history h = history(&t, "gpu*p5");
    int64_t max = 0, n = 0;
    assert_true(h.points.n <= 21 && h.points.n >= 15);
    for (size_t i = 0; i < h.points.n; i++) {
        const struct ct_point *p = ct_row(&ct_point_table, h.points, i);
        max = p->max > max ? p->max : max;
        n += p->n;
    }
    assert_true(max == INT64_C(4900000000));
    assert_int_equal(n, 400);
    assert_int_equal(h.n_changes, 399);
    end(&t);
}

static void steps_make_a_grid_that_holds_values_and_leaves_gaps(void **state)
{
    struct read t = begin(state, MIN(30));
    static const int prices[] = {2000, 2000, 3000, 2500, 2500, -1, 2500, 2500};
    for (int i = 0; i < (int)CT_LEN(prices); i++) {
        if (prices[i] > 0)
            offer(t.f, "x", prices[i], CT_STOCK_AVAILABLE);
        offer(t.f, "y", 9000, CT_STOCK_AVAILABLE);
        fetch(t.f, "price", MIN(i));
    }
    t.q.subject = CT_LIT("gpu/aws/us-east-1/H100-SXM-80x8/od/x");
    t.q.from_ms = MIN(0);
    t.q.to_ms = MIN(8);
    t.q.step_ms = 2 * CT_MINUTE;
    struct ct_rows rows = load(&t, ct_read_history);
    const struct ct_history *h = rows.v;
    char *is = show(&t, &ct_point_table, h->points, "min max last n");
    assert_string_equal(is, "2|2|2|1\n2.5|3|2.5|2\n2.5|2.5|2.5|0\n2.5|2.5|2.5|1");
    free(is);
    t.q.step_ms = CT_MINUTE;
    rows = load(&t, ct_read_history);
    h = rows.v;
    is = show(&t, &ct_point_table, h->points, "last n");
    assert_string_equal(is, "2|1\n2|0\n3|1\n2.5|1\n2.5|0\n2.5|1\n2.5|0");
    free(is);
    is = show(&t, &ct_gap_table, h->gaps, "reason");
    assert_string_equal(is, "not offered");
    free(is);
    t.q.step_ms = 1; /* half a million points help nobody */
    assert_int_equal(ct_read_history(t.r, &t.q, t.arena, &rows, &t.err), CT_ERR_LIMIT);
    end(&t);
}

static void states_and_stock_are_plain_numbers_in_json(void **state)
{
    struct read t = begin(state, MIN(1));
    struct ct_buf out = CT_BUF_INIT;
    struct ct_jw w;
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    struct ct_history h = history(&t, "stock*p5");
    ct_jw_init(&w, &out);
    ct_row_json(&w, &ct_history_table, &h, NULL);
    assert_non_null(strstr(out.p, "\"unit\":\"stock\",\"points\":[{\"at\":\"2025-10-09T08:53:20Z\","
                                  "\"min\":3,\"max\":3,\"last\":3,\"n\":1,\"suspect\":false}]"));
    ct_buf_free(&out);
    end(&t);
}

/* A price of several is kept only where the price of one does not tell it; either way it is what was quoted. */
static void a_whole_instance_costs_what_was_quoted(void **state)
{
    static const int64_t quoted[] = {98320000000, 7777777700, 16333333333, 8000000000, 7777777700, 12000};
    struct read t = begin(state, MIN(9));
    for (size_t i = 0; i < CT_LEN(quoted); i++) {
        struct ct_offer *o = offer(t.f, "p5", 0, CT_STOCK_AVAILABLE);
        o->price_per_hour = quoted[i];
        o->gpu_count_milli = 3000;
        o->price_per_gpu_hour = ct_muldiv(quoted[i], 1, 3);
        fetch(t.f, "price", MIN(i));
        struct ct_rows rows = load(&t, ct_read_offers);
        assert_int_equal(rows.n, 1);
        assert_int_equal(((const struct ct_offer_row *)rows.v)->offer.price_per_hour, quoted[i]);
    }
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE)->gpu_count_milli = 3000; /* of one, no whole is quoted */
    fetch(t.f, "price", MIN(9));
    shows(&t, ct_read_offers, &ct_offer_table, "price_per_hour price_per_gpu_hour", "-|2");
    end(&t);
}

/* ---- events and now ---- */

static void events_come_newest_first_and_by_subject(void **state)
{
    struct read t = begin(state, MIN(3));
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    offer(t.f, "p4", 1000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    offer(t.f, "p5", 1800, CT_STOCK_NONE);
    offer(t.f, "p4", 1000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(1));
    offer(t.f, "p5", 1800, CT_STOCK_NONE);
    offer(t.f, "p4", 1500, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(2));
    struct ct_rows rows = load(&t, ct_read_events);
    assert_int_equal(rows.n, 3);
    const struct ct_event_row *first = rows.v;
    assert_true(first->at_ms == MIN(2) && first->pct_milli == 50000 && first->suspect == 0);
    t.q.subject = CT_LIT("gpu*p5");
    shows(&t, ct_read_events, &ct_event_table, "kind old new unit pct",
          "price|2|1.8|USD/gpu.h|-10");
    t.q.subject = CT_LIT("stock*p5");
    shows(&t, ct_read_events, &ct_event_table, "kind old new text", "stock|3|1|A -> N");
    t.q.subject = CT_LIT("price"); /* the source */
    t.q.limit = 1;
    shows(&t, ct_read_events, &ct_event_table, "kind new", "price|1.5");
    t.q.limit = 0;
    t.q.from_ms = MIN(1);
    t.q.to_ms = MIN(2);
    assert_int_equal(load(&t, ct_read_events).n, 2);
    t.q.from_ms = t.q.to_ms = 0;
    t.q.at_ms = MIN(1);
    assert_int_equal(load(&t, ct_read_events).n, 2);
    end(&t);
}

/* Two sources move often and one of them also says what is in stock; then everything is sealed. */
static void fill_tape(struct fixture *f)
{
    static const char *const ids[] = {"p3", "p4", "p5", "p6"};
    for (int k = 0; k < 60; k++) {
        for (int i = 0; i < 4; i++)
            if ((k + i) % 7)
                offer(f, ids[i], 1000 + k * (i + 1) % 5 * 100, k % 5 > i ? CT_STOCK_LOW : CT_STOCK_AVAILABLE);
        fetch(f, "price", MIN(2 * k));
        for (int i = 0; i < 4; i++)
            token(f, ids[i], CT_KIND_INPUT, 1000 + k * (i + 2) % 7 * 50);
        fetch(f, "token", MIN(2 * k + k % 2)); /* every other time at the same moment */
    }
    assert_true(samples_from_rows(f->look, "SELECT 1 WHERE 0"));
}

static void expect_rows(struct read *t, const struct ct_event_row *want, size_t n)
{
    struct ct_rows rows = load(t, ct_read_events);
    const struct ct_event_row *is = rows.v;
    assert_int_equal(rows.n, n);
    for (size_t i = 0; i < n; i++)
        if (is[i].at_ms != want[i].at_ms || is[i].id != want[i].id || !ct_span_eq(is[i].text, want[i].text))
            fail_msg("row %zu is %.*s, not %.*s", i, CT_FMT(is[i].text), CT_FMT(want[i].text));
}

static void a_part_of_the_tape_is_that_part_of_the_whole(void **state)
{
    struct read t = begin(state, MIN(200));
    fill_tape(t.f);
    assert_true(events_to_rows(t.f->look));
    t.q.limit = 10000;
    struct ct_rows rows = load(&t, ct_read_events);
    const struct ct_event_row *all = rows.v;
    struct ct_event_row *some = ct_arena_alloc(t.arena, rows.n * sizeof *some);
    char *count = table(t.f, "SELECT count(*) FROM temp.event");
    assert_int_equal(rows.n, atoi(count));
    free(count);
    for (size_t i = 1; i < rows.n; i++)
        assert_true(all[i - 1].at_ms > all[i].at_ms ||
                    (all[i - 1].at_ms == all[i].at_ms && all[i - 1].id > all[i].id));
    for (size_t n = 1; n < rows.n; n = n * 3 / 2 + 1) {
        t.q.limit = n;
        expect_rows(&t, all, n);
    }
    for (size_t first = 0; first < rows.n; first += 17) { /* a window that ends before a row */
        size_t last = first;
        while (last < rows.n && all[last].at_ms >= all[first].at_ms)
            last++;
        t.q.to_ms = all[first].at_ms;
        t.q.limit = rows.n - last < 9 ? rows.n - last : 9;
        if (t.q.limit)
            expect_rows(&t, all + last, t.q.limit);
    }
    t.q.to_ms = 0;
    t.q.limit = 10000;
    assert_true(rows.n > 300);                       /* than those that are kept */
    for (size_t i = 0; i < rows.n; i += 11) {        /* a window up to now */
        size_t last = i;
        while (last < rows.n && all[last].at_ms >= all[i].at_ms)
            last++;
        t.q.from_ms = all[i].at_ms;
        expect_rows(&t, all, last);
    }
    t.q.from_ms = 0;
    static const char *const subjects[] = {"price", "token", "gpu/aws/us-east-1/H100-SXM-80x8/od/p4", "token/*/p5/*"};
    for (size_t k = 0; k < CT_LEN(subjects); k++) {
        struct ct_span subject = ct_span(subjects[k]);
        size_t n = 0;
        for (size_t i = 0; i < rows.n; i++)
            if (k < 2 ? ct_span_eq(all[i].source, subject)
                      : ct_span_starts(all[i].series, k == 2 ? subjects[2] : "token/openai/any/openai/p5/"))
                some[n++] = all[i];
        t.q.subject = subject;
        assert_true(n > 20);
        for (t.q.limit = 1; t.q.limit < 2 * n; t.q.limit *= 4)
            expect_rows(&t, some, t.q.limit < n ? t.q.limit : n);
    }
    t.q.subject = CT_SPAN_NONE;
    t.q.limit = 0;
    t.q.no_prices = true;
    rows = load(&t, ct_read_events);
    for (size_t i = 0; i < rows.n; i++)
        assert_int_not_equal(((const struct ct_event_row *)rows.v)[i].kind, CT_EVENT_PRICE);
    end(&t);
}

/* What is lost of the index or of the samples costs those moves alone. */
static void moves_that_cannot_be_read_are_left_out(void **state)
{
    struct read t = begin(state, MIN(200));
    fill_tape(t.f);
    assert_true(tails_to_chunks(t.f->look));
    size_t n = load(&t, ct_read_events).n;
    assert_int_equal(sqlite3_exec(t.f->look, "UPDATE price_move SET b = x'0102' WHERE at_ms = (SELECT max(at_ms) FROM"
                                  " price_move)", NULL, NULL, NULL), SQLITE_OK);
    size_t less = load(&t, ct_read_events).n;
    assert_in_range(less, n - 8, n - 1);
    assert_int_equal(sqlite3_exec(t.f->look, "UPDATE chunk SET b = x'0102' WHERE k >> 38 = (SELECT min(id) FROM series"
                                  " WHERE kind = 0)",
                                  NULL, NULL, NULL), SQLITE_OK);
    struct ct_rows rows = load(&t, ct_read_events);
    assert_true(rows.n < less && rows.n > less / 2);
    for (n = 1; n < rows.n; n = n * 3 / 2 + 1) { /* nor do they count where only so many are wanted */
        t.q.limit = n;
        expect_rows(&t, rows.v, n);
    }
    end(&t);
}

static void now_tells_the_prices_of_one_model_in_one_row(void **state)
{
    struct read t = begin(state, MIN(2));
    for (int i = 0; i < 2; i++) {
        token(t.f, "m1", CT_KIND_INPUT, i ? 800 : 1000);
        token(t.f, "m1", CT_KIND_OUTPUT, i ? 1000 : 2000);
        token(t.f, "m2", CT_KIND_INPUT, i ? 1100 : 1000);
        fetch(t.f, "token", MIN(i));
    }
    shows(&t, ct_read_now, &ct_now_table, "sign where what",
          "$|m1 openai|output 2.00 -> 1.00 $/1M  -50.0%, input -20.0%\n"
          "$|m2 openai|input 1.00 -> 1.10 $/1M  +10.0%");
    end(&t);
}

static void now_lists_trouble_first_then_the_moves_of_a_day(void **state)
{
    struct read t = begin(state, MIN(3));
    component(t.f, "api", CT_STATE_OPERATIONAL);
    fetch(t.f, "stat", MIN(0));
    offer(t.f, "p5", 2190, CT_STOCK_NONE);
    fetch(t.f, "price", MIN(0));
    token(t.f, "m0", CT_KIND_INPUT, 1000);
    fetch(t.f, "token", MIN(0));
    offer(t.f, "p5", 1940, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(1));
    for (int i = 0; i < 6; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "m%d", i);
        token(t.f, id, CT_KIND_INPUT, 1000);
    }
    fetch(t.f, "token", MIN(2));
    component(t.f, "api", CT_STATE_PARTIAL);
    struct ct_incident *i = incident(t.f, "plan", CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED, 1);
    i->scheduled_for_ms = MIN(0) + CT_DAY;
    i->scheduled_until_ms = MIN(60) + CT_DAY;
    fetch(t.f, "stat", MIN(2));
    shows(&t, ct_read_now, &ct_now_table, "sign word where what",
          "!|PART|openai|1 of 1 components in partial outage: api\n"
          "m|soon|openai|Title of plan 10-10 08:53-09:53Z\n"
          "+|MODEL|openai|5 new models\n"
          "$|MOVE|H100-SXM x8 od aws/us-east-1|2.19 -> 1.94 $/GPU.h  -11.4%, 90d low\n"
          "A|CAP|H100-SXM x8 od aws/us-east-1|none -> available after 1m");
    /* a list that stops answering is said as well */
    t.q.now_ms = MIN(2) + 2 * CT_DAY;
    struct ct_rows rows = load(&t, ct_read_now);
    const struct ct_now_row *row = rows.v;
    assert_true(rows.n >= 3);
    assert_int_equal(row->state, CT_STATE_UNKNOWN);
    char *is = show(&t, &ct_now_table, rows, "where what");
    assert_non_null(strstr(is, "openai|page not read: no answer for 2d"));
    assert_non_null(strstr(is, "; last known PART"));
    free(is);
    end(&t);
}

static void now_tells_in_one_row_what_one_accelerator_does_at_a_cloud(void **state)
{
    static const char *const regions[] = {"us-east-1", "us-east-1", "eu-west-1"};
    struct read t = begin(state, MIN(4));
    for (int at = 0; at < 5; at++) {
        for (int i = 0; i < 3; i++) { /* comes back in two regions; one size is gone again */
            bool there = at == 1 || (at >= 2 && i != 1);
            struct ct_offer *o = offer(t.f, i == 1 ? "p4" : "p5", 2000, there ? CT_STOCK_AVAILABLE : CT_STOCK_NONE);
            o->region = ct_span(regions[i]);
            o->purchase = i == 1 ? CT_PURCHASE_SPOT : CT_PURCHASE_OD;
        }
        fetch(t.f, "price", MIN(at));
    }
    shows(&t, ct_read_now, &ct_now_table, "sign where what",
          "N|H100-SXM x8 spot aws/us-east-1|available -> none after 1m\n"
          "A|H100-SXM x8 od aws 2 regions|none -> available after 1m, 2 offers");
    end(&t);
}

/* Three ways to buy one machine move with each other, one machine against them. */
static void now_tells_in_one_row_where_the_prices_of_an_accelerator_went_at_a_cloud(void **state)
{
    static const struct {
        const char *instance, *region;
        int purchase, was, is;
    } offers[] = {
        {"p5", "us-east-1", CT_PURCHASE_OD, 2000, 2200}, {"p5", "us-east-1", CT_PURCHASE_SPOT, 1000, 1120},
        {"p4", "eu-west-1", CT_PURCHASE_OD, 3000, 3180}, {"p3", "eu-west-1", CT_PURCHASE_OD, 3000, 2700},
        {"p2", "us-east-1", CT_PURCHASE_OD, 1000, 1010}, /* too little to tell */
    };
    struct read t = begin(state, MIN(4));
    for (int at = 0; at < 2; at++) {
        for (size_t i = 0; i < CT_LEN(offers); i++) {
            struct ct_offer *o = offer(t.f, offers[i].instance, at ? offers[i].is : offers[i].was, CT_STOCK_UNKNOWN);
            o->region = ct_span(offers[i].region);
            o->purchase = offers[i].purchase;
        }
        fetch(t.f, "price", MIN(at));
    }
    shows(&t, ct_read_now, &ct_now_table, "sign where what",
          "$|H100-SXM x8 aws 2 regions|1.00 -> 1.12 $/GPU.h  +12.0%, 3 offers from +6.0%\n"
          "$|H100-SXM x8 od aws/eu-west-1|3.00 -> 2.70 $/GPU.h  -10.0%, 90d low");
    struct ct_rows rows = load(&t, ct_read_now);
    const struct ct_now_row *row = rows.v;
    assert_int_equal(row[0].parts.n, 3); /* an alert about any of them belongs to it */
    assert_false(row[1].alike.n);
    t.q.subject = row[0].alike;
    shows(&t, ct_read_alike, &ct_event_table, "old new change", "3|3.18|6\n2|2.2|10\n1|1.12|12");
    t.q.subject = CT_LIT("alike/1/x/0/up/gpu/aws"); /* from a file somebody wrote */
    shows(&t, ct_read_alike, &ct_event_table, "old", "");
    t.q.subject = CT_LIT("alike/0/9223372036854775807/0/down/gpu/none");
    shows(&t, ct_read_alike, &ct_event_table, "old", "");
    end(&t);
}

static void a_provider_counts_by_the_regions_in_use(void **state)
{
    struct read t = begin(state, MIN(3));
    component(t.f, "api", CT_STATE_OPERATIONAL)->region = CT_LIT("us-east-1");
    component(t.f, "more", CT_STATE_MAJOR)->region = CT_LIT("eu-west-1");
    fetch(t.f, "stat", MIN(2));
    shows(&t, ct_read_status, &ct_status_table, "provider state", "openai|major_outage");
    t.q.regions = CT_LIT("openai/us-*, aws/eu-west-1");
    shows(&t, ct_read_status, &ct_status_table, "provider state", "openai|operational");
    t.q.regions = CT_LIT("openai/us-*, openai/eu-west-1");
    shows(&t, ct_read_status, &ct_status_table, "provider state", "openai|major_outage");
    t.q.regions = CT_LIT("aws/us-east-1"); /* nothing is said of this one: all of it is used */
    shows(&t, ct_read_status, &ct_status_table, "provider state", "openai|major_outage");
    component(t.f, "api", CT_STATE_OPERATIONAL)->region = CT_LIT("us-east-1");
    component(t.f, "login", CT_STATE_DEGRADED); /* of no region: everywhere */
    component(t.f, "more", CT_STATE_MAJOR)->region = CT_LIT("eu-west-1");
    fetch(t.f, "stat", MIN(3));
    t.q.regions = CT_LIT("openai/us-east-1");
    shows(&t, ct_read_status, &ct_status_table, "provider state", "openai|degraded");
    end(&t);
}

static void now_says_the_worst_of_an_incident_and_of_the_parts_it_names(void **state)
{
    struct read t = begin(state, MIN(3));
    struct ct_span part = CT_LIT("api");
    component(t.f, "api", CT_STATE_MAJOR);
    component(t.f, "chat", CT_STATE_OPERATIONAL);
    struct ct_incident *i = incident(t.f, "errors", CT_STATE_DEGRADED, CT_PHASE_IDENTIFIED, 1);
    i->components = (struct ct_list){&part, 1};
    fetch(t.f, "stat", MIN(2));
    shows(&t, ct_read_now, &ct_now_table, "sign word where what", "X|DOWN|openai|Title of errors");
    /* and what no incident is about has a row of its own: line 1 counts it */
    component(t.f, "api", CT_STATE_OPERATIONAL);
    component(t.f, "chat", CT_STATE_PARTIAL);
    i = incident(t.f, "errors", CT_STATE_DEGRADED, CT_PHASE_IDENTIFIED, 1);
    i->components = (struct ct_list){&part, 1};
    fetch(t.f, "stat", MIN(3));
    shows(&t, ct_read_now, &ct_now_table, "sign word what",
          "!|PART|1 of 2 components in partial outage: chat\n~|DEGR|Title of errors");
    /* a part that one incident has taken down says nothing of another that names it as well */
    component(t.f, "api", CT_STATE_PARTIAL);
    static const int states[] = {CT_STATE_PARTIAL, CT_STATE_DEGRADED};
    for (size_t k = 0; k < CT_LEN(states); k++) {
        i = incident(t.f, k ? "slow" : "errors", states[k], CT_PHASE_IDENTIFIED, 1);
        i->components = (struct ct_list){&part, 1};
    }
    fetch(t.f, "stat", MIN(4));
    t.q.now_ms = MIN(4);
    shows(&t, ct_read_now, &ct_now_table, "sign word what", "!|PART|Title of errors\n~|DEGR|Title of slow");
    end(&t);
}

static void a_quarantined_price_is_marked_and_out_of_the_index(void **state)
{
    struct read t = begin(state, T0);
    static const char *const others[] = {"azure", "gcp", "lambda"};
    for (int i = 0; i <= 3; i++) {
        put_offer(t.f, "aws", "a", i < 3 ? 2000 : 20);
        for (int k = 0; k < 3; k++)
            put_offer(t.f, others[k], "a", 3000 + 1000 * k);
        fetch(t.f, "price", MIN(i));
    }
    t.q.now_ms = MIN(2);
    t.q.at_ms = MIN(2);
    shows(&t, ct_read_gpus, &ct_gpu_table, "index cheapest clouds", "3.5|2|4");
    t.q.at_ms = CT_LIVE;
    t.q.now_ms = MIN(3);
    shows(&t, ct_read_gpus, &ct_gpu_table, "index cheapest clouds spread", "4|3|4|2");
    shows(&t, ct_read_offers, &ct_offer_table, "cloud price quarantined low_90d",
          "azure|3|false|false\ngcp|4|false|false\nlambda|5|false|false\naws|0.02|true|-");
    end(&t);
}

static void trouble_nobody_writes_about_is_named_where_nothing_newer_explains_it(void **state)
{
    struct read t = begin(state, T0);
    component(t.f, "api", CT_STATE_DEGRADED);
    struct ct_incident *i = incident(t.f, "old", CT_STATE_DEGRADED, CT_PHASE_MONITORING, 1);
    i->started_ms = i->updated_ms = T0 - 20 * CT_DAY;
    fetch(t.f, "stat", MIN(0));
    t.q.now_ms = MIN(1);
    shows(&t, ct_read_now, &ct_now_table, "what", "Title of old");
    component(t.f, "api", CT_STATE_DEGRADED);
    i = incident(t.f, "old", CT_STATE_DEGRADED, CT_PHASE_MONITORING, 1);
    i->started_ms = i->updated_ms = T0 - 20 * CT_DAY;
    incident(t.f, "new", CT_STATE_DEGRADED, CT_PHASE_INVESTIGATING, 1)->started_ms = MIN(1);
    fetch(t.f, "stat", MIN(1));
    shows(&t, ct_read_now, &ct_now_table, "what", "Title of new");
    end(&t);
}

static void planned_work_stands_in_the_order_it_comes(void **state)
{
    struct read t = begin(state, MIN(1));
    static const int hours[] = {30, 6, 400, 18};
    component(t.f, "api", CT_STATE_OPERATIONAL);
    for (size_t k = 0; k < CT_LEN(hours); k++) {
        char id[16];
        (void)snprintf(id, sizeof id, "in %d h", hours[k]);
        incident(t.f, id, CT_STATE_OPERATIONAL, CT_PHASE_SCHEDULED, 1)->scheduled_for_ms =
            T0 + hours[k] * CT_HOUR;
    }
    fetch(t.f, "stat", MIN(0)); /* the one in 400 hours can wait */
    shows(&t, ct_read_now, &ct_now_table, "incident word",
          "in 6 h|soon\nin 18 h|soon\nin 30 h|soon");
    end(&t);
}

/* ---- damage ---- */

static void load_everything(struct ct_reader *r, struct ct_arena *arena)
{
    static ct_load_fn *const loaders[] = {ct_read_now,       ct_read_status,  ct_read_components,
                                          ct_read_incidents, ct_read_updates, ct_read_offers,
                                          ct_read_gpus,      ct_read_tokens,  ct_read_events,
                                          ct_read_sources,   ct_read_series,  ct_read_history};
    for (int past = 0; past < 2; past++) {
        for (size_t i = 0; i < CT_LEN(loaders); i++) {
            struct ct_query q = {.at_ms = past ? MIN(2) : CT_LIVE, .now_ms = MIN(9)};
            struct ct_rows rows;
            struct ct_error err;
            if (loaders[i] == ct_read_history)
                q.subject = CT_LIT("*");
            enum ct_status st = loaders[i](r, &q, arena, &rows, &err);
            assert_true(st == CT_OK || st == CT_ERR_DB || st == CT_ERR_NOT_FOUND ||
                        st == CT_ERR_LIMIT);
        }
    }
}

/* A file with flipped bytes is input like any other: an error or odd values, never a crash. */
static void a_damaged_file_never_brings_the_reader_down(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 6; i++) {
        offer(f, "p5", 2000 + i, CT_STOCK_AVAILABLE);
        fetch(f, "price", MIN(i));
        token(f, "m", CT_KIND_INPUT, 1000 + i);
        fetch(f, "token", MIN(i));
        component(f, "api", i % 6);
        incident(f, "i", CT_STATE_MAJOR, CT_PHASE_INVESTIGATING, 1);
        fetch(f, "stat", MIN(i));
    }
    sqlite3_close(f->look);
    f->look = NULL;
    ct_writer_close(f->w);
    f->w = NULL;
    struct ct_buf good = CT_BUF_INIT;
    FILE *file = fopen(f->path, "rb");
    assert_non_null(file);
    for (int c; (c = fgetc(file)) != EOF;)
        ct_buf_addc(&good, (char)c);
    assert_int_equal(fclose(file), 0);
    uint64_t rng = 88172645463325252u;
    for (int round = 0; round < 150; round++) {
        char *bad = ct_xspandup(ct_buf_span(&good));
        for (int k = 0; k < 12; k++) {
            rng ^= rng << 13, rng ^= rng >> 7, rng ^= rng << 17;
            bad[100 + rng % (good.n - 100)] ^= (char)(1 << (rng >> 40 & 7));
        }
        file = fopen(f->path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bad, 1, good.n, file), good.n);
        assert_int_equal(fclose(file), 0);
        free(bad);
        struct ct_reader *r;
        struct ct_arena *arena = ct_arena_new(64 << 20);
        if (ct_reader_open(f->path, &r, &f->err) == CT_OK) {
            load_everything(r, arena);
            ct_reader_close(r);
        }
        ct_arena_free(arena);
    }
    ct_buf_free(&good);
}

/* ---- what moved, and windows in numbers ---- */

/* Recorded lists: daily, then none for two months, daily again; and some as people found time. */
static void a_hole_in_imports_is_a_gap_where_their_rhythm_shows_it(void **state)
{
    struct read t = begin(state, MIN(0) + 400 * CT_DAY);
    static const int daily[] = {0, 1, 2, 3, 63, 64, 65}, now_and_then[] = {0, 30, 100, 290, 380};
    for (size_t i = 0; i < CT_LEN(daily); i++) {
        offer(t.f, "p5", 2000 + (int64_t)i, CT_STOCK_AVAILABLE);
        import(t.f, "list", T0 + daily[i] * CT_DAY);
    }
    for (size_t i = 0; i < CT_LEN(now_and_then); i++) {
        token(t.f, "m", CT_KIND_INPUT, 1000 + (int64_t)i);
        import(t.f, "token", T0 + now_and_then[i] * CT_DAY);
    }
    t.q.subject = CT_LIT("gpu/aws/us-east-1/H100-SXM-80x8/od/p5");
    for (int zoom = 0; zoom < 3; zoom++) { /* whatever part of it is looked at */
        t.q.from_ms = zoom == 1 ? T0 + 40 * CT_DAY : 0;
        t.q.to_ms = T0 + (zoom == 2 ? 50 : 65) * CT_DAY;
        struct ct_rows rows = load(&t, ct_read_history);
        const struct ct_history *h = rows.v;
        const struct ct_gap *g = h->gaps.v;
        assert_int_equal(h->gaps.n, 1);
        assert_int_equal(g->from_ms, T0 + (zoom == 1 ? 40 : 3) * CT_DAY);
        assert_int_equal(g->to_ms, T0 + (zoom == 2 ? 50 : 63) * CT_DAY);
        assert_true(ct_span_is(g->reason, "not recorded"));
    }
    t.q.subject = CT_LIT("m/input");
    for (int day = 380; day > 105; day -= 30) { /* a window may end inside a pause as this collector makes them */
        t.q.from_ms = 0;
        t.q.to_ms = T0 + day * CT_DAY;
        struct ct_rows rows = load(&t, ct_read_history);
        assert_int_equal(((const struct ct_history *)rows.v)->gaps.n, 0);
    }
    end(&t);
}

static void a_price_between_two_imports_of_a_usual_pause_is_known(void **state)
{
    struct read t = begin(state, MIN(0) + 40 * CT_DAY);
    for (int week = 0; week < 6; week++) {
        offer(t.f, "p5", 2000 + week * 100, CT_STOCK_AVAILABLE);
        import(t.f, "list", T0 + week * 7 * CT_DAY);
    }
    t.q.at_ms = T0 + 35 * CT_DAY + CT_HOUR;
    t.q.from_ms = T0 + 18 * CT_DAY; /* four days after the third list, three before the next */
    shows(&t, ct_read_movers, &ct_mover_table, "then now", "2.2|2.5");
    end(&t);
}

/* What a command asks for is more than any screen does. */
static void as_many_as_are_asked_for_come(void **state)
{
    struct read t = begin(state, MIN(24 * 60));
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    const char *sql =
        "UPDATE source SET kind = 3 WHERE name = 'list';"
        "WITH RECURSIVE h(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM h WHERE i<10020)"
        " INSERT INTO event (at_ms, id, origin, kind, severity, source_id, text)"
        " SELECT 1760000000000+i, i, 3, 2, 0, 1, 'x' FROM h;"
        "WITH RECURSIVE h(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM h WHERE i<1020)"
        " INSERT INTO article (source_id, ext_id, title, first_ms, gone_ms)"
        " SELECT id, 'a' || i, 'x', 1760000000000+i, 1760000000000+i FROM h, source WHERE name = 'list'";
    assert_int_equal(sqlite3_exec(t.f->look, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(load(&t, ct_read_events).n, 10000);
    assert_int_equal(load(&t, ct_read_articles).n, 1000);
    t.q.limit = 1000000;
    assert_int_equal(load(&t, ct_read_events).n, 10020);
    assert_int_equal(load(&t, ct_read_articles).n, 1020);
    end(&t);
}

static void movers_are_the_largest_moves_first_of_prices_known_then_and_now(void **state)
{
    struct read t = begin(state, MIN(24 * 60 + 2));
    static const int then[] = {1000, 1000, 1000, 1000, 0}, now[] = {1100, 700, 1000, 9000, 1000};
    char id[16];
    for (int at = 0; at < 2; at++) {
        for (int i = 0; i < 5; i++) {
            (void)snprintf(id, sizeof id, "m%d", i);
            if (at || then[i])
                offer(t.f, id, at ? now[i] : then[i], CT_STOCK_AVAILABLE);
        }
        import(t.f, "list", at ? T0 + 24 * CT_HOUR : T0);
    }
    t.q.from_ms = MIN(1);
    shows(&t, ct_read_movers, &ct_mover_table, "series then now pct",
          "gpu/aws/us-east-1/H100-SXM-80x8/od/m1|1|0.7|-30\n"
          "gpu/aws/us-east-1/H100-SXM-80x8/od/m0|1|1.1|10"); /* 9 is an outlier: not believed */
    t.q.limit = 1;
    shows(&t, ct_read_movers, &ct_mover_table, "pct", "-30");
    t.q.from_ms = MIN(-1); /* before anything was known */
    shows(&t, ct_read_movers, &ct_mover_table, "pct", "");
    end(&t);
}

/* Minutes 0..11 of a source that is asked every minute; 5 and 6 are missing, nobody looked. */
static void figures_tell_absences_gaps_and_what_was_in_force(void **state)
{
    struct read t = begin(state, MIN(12));
    static const int stock[] = {3, 0, 0, 3, 0, -1, -1, -1, 0, 3, 3, 0, 0};
    for (int i = 0; i < 13; i++) {
        if (stock[i] >= 0)
            offer(t.f, "p5", i < 8 ? 2000 : 1000 + i, stock[i] ? CT_STOCK_AVAILABLE : CT_STOCK_NONE);
        if (stock[i] >= 0)
            fetch(t.f, "price", MIN(i));
    }
    t.q.subject = CT_LIT("stock/aws/us-east-1/H100-SXM-80x8/od/p5");
    shows(&t, ct_read_figures, &ct_figures_table,
          "times_gone times_back gone_s longest_gone_s median_gone_s known_s gap_s longest_gap_at"
          " longest_gap_reason changes",
          "3|2|240|120|60|480|240|2025-10-09T08:57:20Z|not recorded|5");
    t.q.subject = CT_LIT("gpu/aws/us-east-1/H100-SXM-80x8/od/p5");
    shows(&t, ct_read_figures, &ct_figures_table, "min median max last changes times_gone",
          "1.008|1.011|2|1.012|5|0");
    t.q.from_ms = MIN(9);
    t.q.to_ms = MIN(11);
    shows(&t, ct_read_figures, &ct_figures_table, "min median max last changes known_s gap_s",
          "1.009|1.009|1.01|1.011|2|120|0");
    end(&t);
}

static void the_summary_counts_samples(void **state)
{
    struct read t = begin(state, MIN(1));
    struct ct_summary s;
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    offer(t.f, "p5", 2100, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(1));
    for (int sealed = 0; sealed < 2; sealed++) {
        assert_int_equal(ct_read_summary(t.r, &t.q, t.arena, &s, &t.err), CT_OK);
        assert_int_equal(s.samples, 3); /* two prices, one stock */
        assert_true(samples_from_rows(t.f->look, "SELECT 1 WHERE 0"));
    }
    t.q.at_ms = MIN(0); /* of a past moment nobody counted them */
    assert_int_equal(ct_read_summary(t.r, &t.q, t.arena, &s, &t.err), CT_OK);
    assert_int_equal(s.samples, CT_NONE);
    end(&t);
}

/* ---- growth ---- */

/* What SQLite does for one load, in steps of its machine: the same on every computer. */
static int64_t steps(struct read *t, ct_load_fn *fn)
{
    int64_t sum = 0;
    (void)load(t, fn);
    for (sqlite3_stmt *st = NULL; (st = sqlite3_next_stmt(t->r->db, st));)
        sum += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_VM_STEP, 1);
    return sum;
}

/* Hourly samples of every series, N of them up to T0, and events beside them. */
static void older_history(struct fixture *f, int n)
{
    char sql[1200];
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE h(i) AS (SELECT %d UNION ALL SELECT i-1 FROM h WHERE i>1)"
                   " SELECT s.id, %lld-i*3600000, 1000000000+i%%5, 0 FROM h, series s"
                   " WHERE s.kind IN (0, 2)",
                   n, (long long)T0);
    assert_true(samples_from_rows(f->look, sql));
    (void)snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE h(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM h WHERE i<%d)"
        " INSERT OR IGNORE INTO poll SELECT s.id, %lld-i*3600000, %lld-i*3600000, 1, 0, 1, 1, 0,"
        " NULL FROM h, source s;"
        "WITH RECURSIVE h(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM h WHERE i<%d)"
        " INSERT OR IGNORE INTO event (at_ms, id, origin, kind, severity, source_id, text)"
        " SELECT %lld-i*3600000, i, 0, 2, 0, 1, 'x' FROM h",
        n, (long long)T0, (long long)T0, n, (long long)T0);
    assert_int_equal(sqlite3_exec(f->look, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void reading_costs_the_same_however_much_history_is_stored(void **state)
{
    static ct_load_fn *const loaders[] = {ct_read_offers, ct_read_gpus,    ct_read_tokens,
                                          ct_read_status, ct_read_sources, ct_read_now,
                                          ct_read_movers};
    struct read t = begin(state, MIN(1));
    int64_t few[2][CT_LEN(loaders)];
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    token(t.f, "m", CT_KIND_INPUT, 1000);
    fetch(t.f, "token", MIN(0));
    component(t.f, "api", CT_STATE_OPERATIONAL);
    fetch(t.f, "stat", MIN(0));
    for (int much = 0; much < 2; much++) {
        older_history(t.f, much ? 40000 : 2400); /* 100 days; 4.5 years */
        for (int past = 0; past < 2; past++) {
            t.q.at_ms = past ? T0 - CT_DAY : CT_LIVE;
            for (size_t i = 0; i < CT_LEN(loaders); i++) {
                int64_t n = steps(&t, loaders[i]);
                if (!much)
                    few[past][i] = n;
                else if (n > few[past][i] + few[past][i] / 20)
                    fail_msg("loader %zu: %lld steps, %lld with 17 times the history", i,
                             (long long)few[past][i], (long long)n);
            }
        }
    }
    end(&t);
}

static void one_incident_is_read_without_the_others(void **state)
{
    struct read t = begin(state, MIN(1000));
    int64_t few = 0;
    for (int n = 0; n < 60; n++) {
        char id[16];
        for (int open = 1; open >= 0; open--) {
            for (int k = n; k >= 0 && k >= n - 3; k--) {
                (void)snprintf(id, sizeof id, "i%d", k);
                incident(t.f, id, open ? CT_STATE_MAJOR : CT_STATE_OPERATIONAL,
                         open ? CT_PHASE_INVESTIGATING : CT_PHASE_RESOLVED, open && k == n);
            }
            fetch(t.f, "stat", MIN(4 * n + 2 - open));
        }
        t.q.incident = CT_LIT("i1");
        int64_t now = steps(&t, ct_read_incidents);
        few = n == 5 ? now : few;
        if (n > 5 && now > few + few / 10)
            fail_msg("%lld steps among %d incidents, %lld among 6", (long long)now, n, (long long)few);
    }
    shows(&t, ct_read_incidents, &ct_incident_table, "id open", "i1|false");
    t.q.incident = CT_LIT("i7");
    shows(&t, ct_read_incidents, &ct_incident_table, "id title", "i7|Title of i7");
    t.q.incident = CT_LIT("none");
    shows(&t, ct_read_incidents, &ct_incident_table, "id", "");
    end(&t);
}

/* What SQLite does to answer ID, in a line. */
static char *plan(struct read *t, enum ct_sql id)
{
    char sql[2048];
    struct ct_buf out = CT_BUF_INIT;
    sqlite3_stmt *st;
    (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", ct_sql_text[id]);
    assert_int_equal(sqlite3_prepare_v2(t->f->look, sql, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        ct_buf_addf(&out, "%s; ", (const char *)sqlite3_column_text(st, 3));
    sqlite3_finalize(st);
    return out.p;
}

static void incidents_are_counted_and_timed_by_index(void **state)
{
    static const struct {
        enum ct_sql id;
        const char *step;
    } want[] = {
        {SQL_INCIDENTS_OPEN, "SEARCH incident USING INDEX incident_open (source_id=? AND to_ms>?)"},
        {SQL_INCIDENTS_ENDED, "SCAN incident USING INDEX incident_ended; "},
        {SQL_INCIDENTS_ENDED_N, "SCAN incident USING COVERING INDEX incident_ended; "},
        {SQL_INCIDENTS_BEGAN, "SEARCH incident USING COVERING INDEX incident_began (<expr>>? AND <expr><?)"},
    };
    struct read t = begin(state, MIN(0));
    for (size_t i = 0; i < CT_LEN(want); i++) {
        char *is = plan(&t, want[i].id);
        if (strncmp(is, want[i].step, strlen(want[i].step)) != 0 || strstr(is, "TEMP B-TREE"))
            fail_msg("%s: %s", want[i].step, is);
        free(is);
    }
    end(&t);
}

static void ended_is(struct read *t, size_t want)
{
    size_t n = 0;
    assert_int_equal(ct_count_ended(t->r, &t->q, t->arena, &n, &t->err), CT_OK);
    assert_int_equal(n, want);
}

/* Incident N opens at minute 10 N, the page says at minute 10 N + 5 that it ended at 10 N + 3, and leaves it out 30
 * minutes later; every third vanishes while it is open: nobody says when, and its state is unknown, so it goes first. */
static void list_incidents(struct fixture *f, int n, bool over)
{
    for (int k = n; k >= 0 && k >= n - 3; k--) {
        bool open = k == n && !over;
        char id[16];
        if (k % 3 == 0 && !open)
            continue;
        (void)snprintf(id, sizeof id, "i%d", k);
        struct ct_incident *i = incident(f, id, open ? CT_STATE_MAJOR : CT_STATE_OPERATIONAL,
                                         open ? CT_PHASE_INVESTIGATING : CT_PHASE_RESOLVED, open);
        i->started_ms = MIN(10 * k);
        i->updated_ms = MIN(10 * k + (open ? 0 : 3));
        i->resolved_ms = open ? CT_NONE : MIN(10 * k + 3);
    }
    component(f, "api", CT_STATE_OPERATIONAL);
    fetch(f, "stat", MIN(10 * n + (over ? 5 : 0)));
}

static void of_ended_incidents_the_last_are_read_and_all_counted(void **state)
{
    struct read t = begin(state, MIN(1000));
    int64_t few = 0;
    t.q.gone = true;
    for (int n = 0; n < 80; n++) {
        list_incidents(t.f, n, false);
        if (n == 79)
            break; /* this one is open */
        list_incidents(t.f, n, true);
        t.q.limit = 4;
        int64_t now = steps(&t, ct_read_incidents);
        few = n == 8 ? now : few;
        if (n > 8 && now > few + few / 4)
            fail_msg("%lld steps among %d incidents, %lld among 8", (long long)now, n, (long long)few);
    }
    t.q.limit = 4; /* i78 vanished: it is missed for the second time at minute 790 */
    shows(&t, ct_read_incidents, &ct_incident_table, "id open", "i79|true\ni78|false\ni75|false\ni77|false\ni76|false");
    ended_is(&t, 79);
    t.q.at_ms = MIN(406); /* then i40 had just ended and i39 was gone since minute 400 */
    shows(&t, ct_read_incidents, &ct_incident_table, "id", "i39\ni40\ni38\ni37");
    ended_is(&t, 41);
    t.q.at_ms = MIN(404);
    shows(&t, ct_read_incidents, &ct_incident_table, "id open", "i40|true\ni39|false\ni36|false\ni38|false\ni37|false");
    ended_is(&t, 40);
    for (int64_t at = 1; at < 800; at += 7) { /* the first of all that there were */
        t.q.at_ms = MIN(at);
        t.q.limit = 0;
        size_t all = load(&t, ct_read_incidents).n, open = 0;
        t.q.gone = false;
        open = load(&t, ct_read_incidents).n;
        t.q.gone = true;
        ended_is(&t, all - open);
        t.q.limit = 4;
        assert_int_equal(load(&t, ct_read_incidents).n, open + (all - open < 4 ? all - open : 4));
    }
    t.q = (struct ct_query){.at_ms = CT_LIVE, .now_ms = MIN(1000)};
    static const struct {
        int64_t since_ms, incidents;
    } window[] = {{MIN(0), 80}, {MIN(745), 5}, {MIN(1000), 0}}; /* what began before costs the scorecard nothing */
    int64_t cost[CT_LEN(window)];
    for (size_t i = 0; i < CT_LEN(window); i++) {
        t.q.now_ms = window[i].since_ms + 90 * CT_DAY;
        struct ct_rows rows = load(&t, ct_read_scorecard);
        cost[i] = sqlite3_stmt_status(t.r->stmts[SQL_INCIDENTS_BEGAN], SQLITE_STMTSTATUS_VM_STEP, 1);
        const struct ct_score_row *row = rows.v;
        size_t k = 0;
        while (k < rows.n && !ct_span_is(row[k].provider, "openai"))
            k++;
        assert_true(k < rows.n);
        assert_int_equal(row[k].incidents, window[i].incidents);
    }
    if (cost[0] < 10 * cost[1] || cost[2] > cost[1])
        fail_msg("%lld steps for 80 incidents, %lld for 5, %lld for none", (long long)cost[0], (long long)cost[1],
                 (long long)cost[2]);
    end(&t);
}

/* Screen 1 asks for them panel by panel. */
static void the_newest_events_are_read_once_for_all_who_ask(void **state)
{
    static const size_t limits[] = {250, 24, 5, 256, 257, 400};
    struct read t = begin(state, MIN(60 * 24));
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    older_history(t.f, 700);
    for (int i = 0; i < 40; i++) {
        offer(t.f, "p5", 2001 + i, i % 2 ? CT_STOCK_AVAILABLE : CT_STOCK_NONE);
        fetch(t.f, "price", MIN(10 + i));
    }
    t.q.limit = 5000;
    struct ct_rows all = load(&t, ct_read_events);
    assert_true(all.n > 500);
    sqlite3_stmt *st = t.r->stmts[SQL_EVENTS];
    assert_int_equal(sqlite3_stmt_status(st, SQLITE_STMTSTATUS_RUN, 1), 1);
    for (size_t i = 0; i < CT_LEN(limits); i++) {
        t.q.limit = limits[i];
        struct ct_rows rows = load(&t, ct_read_events);
        assert_int_equal(rows.n, limits[i]);
        for (size_t k = 0; k < rows.n; k++)
            assert_true(((const struct ct_event_row *)rows.v)[k].id == ((const struct ct_event_row *)all.v)[k].id);
        t.q.limit = 0;
        (void)load(&t, ct_read_now);
        assert_int_equal(sqlite3_stmt_status(st, SQLITE_STMTSTATUS_RUN, 0), limits[i] <= 256 ? 1 : (int)i - 2);
    }
    t.q.from_ms = MIN(30); /* all of a window that lies among them */
    assert_int_equal(load(&t, ct_read_events).n, 40);
    assert_int_equal(sqlite3_stmt_status(st, SQLITE_STMTSTATUS_RUN, 0), 3);
    offer(t.f, "p5", 3000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(60));
    assert_int_equal(load(&t, ct_read_events).n, 41); /* another commit, read anew */
    end(&t);
}

/* ---- the contract ---- */

static void items_begin_with_the_keys_the_contract_names(void **state)
{
    (void)state;
    static const struct {
        const struct ct_table *table;
        const char *keys;
    } cases[] = {
        {&ct_status_table, "provider scope state since age_s evidence incidents components_total "
                           "components_bad uptime_90d"},
        {&ct_incident_table, "id title phase started_at url"},
        {&ct_offer_table,
         "cloud region zone sku instance gpu form gpu_mem_gib gpu_count vcpu mem_gib purchase "
         "currency price_per_hour price_per_gpu_hour host_included stock stock_count interruption "
         "effective_at price_usd_per_gpu_hour change_24h_pct low_90d usd_per_pflop_hour age_s "
         "evidence"},
        {&ct_gpu_table, "gpu form purchase index_usd_per_gpu_hour cheapest_usd_per_gpu_hour "
                        "cheapest_cloud dearest_usd_per_gpu_hour clouds offers available "
                        "change_7d_pct"},
        {&ct_token_table, "source_id lab model variant host host_class region kind tier currency "
                          "usd_per_mtok context retires_at open_weights change_30d_pct age_s"},
        {&ct_history_table, "series unit points gaps"},
        {&ct_point_table, "at min max last n"},
        {&ct_gap_table, "from to reason"},
        {&ct_event_table, "at kind severity subject text source_id field old new unit pct suspect"},
        {&ct_source_table, "id family kind url state last_success last_attempt next_attempt "
                           "interval_s http_status bytes rows changed_rows latency_ms error"},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_span rest = ct_span(cases[i].keys);
        for (bool more = true; more; more = rest.p != NULL) {
            struct ct_span key = ct_span_cut(&rest, ' ');
            const struct ct_column *c = ct_table_column(cases[i].table, key);
            if (!c || !ct_span_is(key, c->name) || (c->flags & CT_COL_HIDDEN))
                fail_msg("%s lacks %.*s", cases[i].table->name, CT_FMT(key));
        }
    }
}

/* ---- cancelling ---- */

static int cancel_from_sql(void *ctx)
{
    ct_reader_cancel(ctx);
    return 0;
}

static void what_failed_comes_before_the_host_that_failed(void **state)
{
    static const struct {
        const char *url, *text, *words;
    } cases[] = {
        {"https://status.example.net/api", "status.example.net:443: host name not found", "host name not found"},
        {"https://status.example.net", "status.example.net: HTTP 503", "HTTP 503"},
        {"https://status.example.net/", "status.example.net.evil: HTTP 503", "status.example.net.evil: HTTP 503"},
        {"https://status.example.net/", "status.example.net", "status.example.net"},
        {"https://status.example.net/", "status.example.net: ", "status.example.net: "},
        {"https://status.example.net/", "items[3].price: missing", "items[3].price: missing"},
        {"", "HTTP 503", "HTTP 503"},
    };
    (void)state;
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_span words = ct_failure_words(ct_span(cases[i].url), ct_span(cases[i].text));
        assert_true(ct_span_is(words, cases[i].words));
    }
}

static void a_cancelled_load_ends_and_the_next_one_works(void **state)
{
    struct read t = begin(state, MIN(1));
    struct ct_rows rows;
    offer(t.f, "p5", 2000, CT_STOCK_AVAILABLE);
    fetch(t.f, "price", MIN(0));
    /* as if another thread said so in the middle of the work */
    sqlite3_progress_handler(t.r->db, 1, cancel_from_sql, t.r);
    assert_int_equal(ct_read_offers(t.r, &t.q, t.arena, &rows, &t.err), CT_ERR_CANCELLED);
    sqlite3_progress_handler(t.r->db, 0, NULL, NULL);
    shows(&t, ct_read_offers, &ct_offer_table, "instance", "p5");
    struct ct_arena *small = ct_arena_new(200);
    assert_int_equal(ct_read_offers(t.r, &t.q, small, &rows, &t.err), CT_ERR_LIMIT);
    ct_arena_free(small);
    end(&t);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(open_says_what_is_wrong_with_the_file),
        T(a_newer_layout_opens_and_says_so),
        T(a_hole_in_imports_is_a_gap_where_their_rhythm_shows_it),
        T(a_price_between_two_imports_of_a_usual_pause_is_known),
        T(as_many_as_are_asked_for_come),
        T(movers_are_the_largest_moves_first_of_prices_known_then_and_now),
        T(figures_tell_absences_gaps_and_what_was_in_force),
        T(the_summary_counts_samples),
        T(the_connection_cannot_write_or_attach),
        T(the_version_moves_when_somebody_commits),
        T(a_database_made_anew_in_its_place_is_followed),
        T(no_statement_scans_what_grows),
        T(a_page_nobody_can_read_becomes_unknown_and_never_ok),
        T(status_counts_components_and_names_the_incident),
        T(a_clock_is_called_wrong_while_a_fetcher_finds_it_so),
        T(what_is_measured_stands_beside_what_the_page_says),
        T(components_of_a_page_that_was_not_read_are_unknown),
        T(ninety_days_show_the_worst_of_each_and_blanks_where_nobody_looked),
        T(when_nothing_can_be_reached_it_is_us),
        T(sources_tell_how_the_last_attempt_went),
        T(numbers_of_a_foreign_attempt_stay_within_what_can_be_counted_with),
        T(offers_show_price_stock_and_change_of_the_moment),
        T(one_offer_is_read_by_the_name_of_its_series),
        T(the_risk_of_a_machine_stands_at_every_spot_price_of_it),
        T(tables_that_are_held_outlast_commits_and_the_clock),
        T(reads_of_one_load_are_of_one_snapshot_and_let_it_go),
        T(what_somebody_holds_is_shared_after_a_rest),
        T(models_are_dated_without_a_look_at_every_series),
        T(a_table_of_offers_takes_the_room_of_its_rows),
        T(offers_read_plain_learn_their_months_as_the_whole_table_has_them),
        T(events_of_a_whole_name_are_not_those_of_its_neighbours),
        T(a_sparkline_holds_values_and_leaves_gaps_blank),
        T(an_index_is_the_median_of_each_clouds_cheapest),
        T(one_offer_of_two_sources_counts_once_and_by_the_better_word),
        T(other_money_is_compared_only_by_a_fresh_rate),
        T(a_rate_lasts_until_the_next_working_day_ends),
        T(compute_is_priced_where_the_accelerator_is_known),
        T(a_feed_rendered_hours_before_it_came_is_unknown_not_fine),
        T(a_page_whose_own_time_stands_still_is_unknown_not_fine),
        T(tokens_change_over_thirty_days_and_keep_listings_without_a_price),
        T(a_series_is_found_by_its_name_an_ending_words_or_a_glob),
        T(a_step_into_a_gap_and_back_is_no_change),
        T(history_has_a_point_a_change_and_gaps_with_their_reasons),
        T(answers_kept_between_loads_follow_what_is_stored),
        T(a_table_asked_for_again_is_the_same_until_something_differs),
        T(a_whole_name_is_looked_for_as_it_stands),
        T(what_is_not_offered_is_a_gap_and_not_a_zero),
        T(buckets_keep_a_spike_of_one_sample),
        T(steps_make_a_grid_that_holds_values_and_leaves_gaps),
        T(states_and_stock_are_plain_numbers_in_json),
        T(a_whole_instance_costs_what_was_quoted),
        T(events_come_newest_first_and_by_subject),
        T(a_part_of_the_tape_is_that_part_of_the_whole),
        T(moves_that_cannot_be_read_are_left_out),
        T(now_tells_the_prices_of_one_model_in_one_row),
        T(now_lists_trouble_first_then_the_moves_of_a_day),
        T(now_tells_in_one_row_what_one_accelerator_does_at_a_cloud),
        T(now_tells_in_one_row_where_the_prices_of_an_accelerator_went_at_a_cloud),
        T(a_provider_counts_by_the_regions_in_use),
        T(now_says_the_worst_of_an_incident_and_of_the_parts_it_names),
        T(a_quarantined_price_is_marked_and_out_of_the_index),
        T(trouble_nobody_writes_about_is_named_where_nothing_newer_explains_it),
        T(planned_work_stands_in_the_order_it_comes),
        T(a_damaged_file_never_brings_the_reader_down),
        T(reading_costs_the_same_however_much_history_is_stored),
        T(one_incident_is_read_without_the_others),
        T(incidents_are_counted_and_timed_by_index),
        T(of_ended_incidents_the_last_are_read_and_all_counted),
        T(the_newest_events_are_read_once_for_all_who_ask),
        cmocka_unit_test(items_begin_with_the_keys_the_contract_names),
        cmocka_unit_test(what_failed_comes_before_the_host_that_failed),
        T(a_cancelled_load_ends_and_the_next_one_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
