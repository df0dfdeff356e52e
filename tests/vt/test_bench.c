/* The analyst's bench (screen 6) and the status screen (2) as a person meets them, over forty days of a small
 * market. */
#include "config.h"

#include "db/base/paths.h"
#include "db/write.h"
#include "tests/vt/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/golden.h"

#define NOW "2026-11-22T12:00:00Z"
#define NOW_MS INT64_C(1795348800000)
#define POLL (12 * CT_HOUR)
enum { POLLS = 80 };

static char folder[512], db[600], dash[600];

/* ---- a market of five clouds, a status page and a feed ---- */

static const char *const clouds[] = {"lambda", "aws", "azure", "runpod", "vastai"};
enum { LAMBDA, AWS, AZURE, RUNPOD, VASTAI, N_CLOUDS };

/* Dollars a GPU-hour in cents, at the poll N before the end. */
static int64_t cents(int cloud, int n)
{
    static const int64_t walk[] = {240, 236, 231, 228, 233, 226, 219, 214, 209, 206};
    switch (cloud) {
    case LAMBDA: return n > 10 && n <= 22 ? 279 : 299;
    case AWS: return n > 30 ? 410 : 390;
    case AZURE: return 698;
    case RUNPOD: return n == 40 ? 990 : 239; /* half a day among forty */
    default: return walk[(POLLS - n) / 8 % 10];
    }
}

static bool fails(int cloud, int n)
{
    return cloud == VASTAI && n >= 12 && n <= 15;
}

static void commit(struct ct_writer *w, const struct ct_fetch *f)
{
    struct ct_commit done;
    struct ct_error e = {0};
    if (ct_write_fetch(w, f, &done, &e) != CT_OK) {
        fail_msg("%s: %s", e.where, e.what);
    }
}

static void write_price(struct ct_writer *w, int cloud, int n)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_batch b;
    ct_batch_init(&b, a);
    struct ct_offer *o = CT_VEC_PUSH(a, &b.offers);
    *o = ct_offer_new();
    o->cloud = ct_span(clouds[cloud]);
    o->region = CT_LIT("us-1");
    o->sku = o->instance = CT_LIT("h100");
    o->gpu = CT_LIT("H100");
    o->form = CT_LIT("SXM");
    o->gpu_mem_milli = 80000;
    o->gpu_count_milli = 1000;
    o->purchase = CT_PURCHASE_OD;
    o->currency = CT_LIT("USD");
    o->stock = n % 20 < 4 && cloud == VASTAI ? CT_STOCK_NONE : CT_STOCK_AVAILABLE;
    o->price_per_hour = o->price_per_gpu_hour = cents(cloud, n) * 10000000;
    struct ct_fetch f = {.source_id = clouds[cloud], .at_ms = NOW_MS - n * POLL,
                         .next_attempt_ms = NOW_MS + POLL, .http_status = 200, .bytes = 500,
                         .latency_ms = 90, .batch = &b};
    if (fails(cloud, n)) {
        f.outcome = CT_OUTCOME_FAILED;
        f.batch = NULL;
        f.http_status = 429;
        f.error = "HTTP 429";
    }
    commit(w, &f);
    ct_arena_free(a);
}

static void write_page(struct ct_writer *w, int n)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_batch b;
    ct_batch_init(&b, a);
    bool bad = n > 23 && n <= 25;
    struct ct_component *c = CT_VEC_PUSH(a, &b.components);
    *c = ct_component_new();
    c->id = c->name = CT_LIT("API");
    c->state = bad ? CT_STATE_PARTIAL : CT_STATE_OPERATIONAL;
    c->region = CT_LIT("us-1");
    if (n <= 25 && n > 22) { /* resolved in the third answer */
        static const char *const texts[] = {"All racks have power.", "A breaker was found.",
                                            "Racks lost power."};
        struct ct_incident *i = CT_VEC_PUSH(a, &b.incidents);
        *i = ct_incident_new();
        i->id = CT_LIT("i1");
        i->title = CT_LIT("Power event in a data hall");
        i->open = n > 23;
        i->state = CT_STATE_PARTIAL;
        i->phase = n > 23 ? CT_PHASE_IDENTIFIED : CT_PHASE_RESOLVED;
        i->started_ms = NOW_MS - 25 * POLL;
        i->updated_ms = NOW_MS - n * POLL;
        i->resolved_ms = n > 23 ? CT_NONE : i->updated_ms;
        for (int k = 25; k >= n; k--) {
            struct ct_update *u = CT_VEC_PUSH(a, &b.updates);
            *u = ct_update_new();
            u->incident = i->id;
            u->id = ct_arena_printf(a, "u%d", k);
            u->at_ms = NOW_MS - k * POLL;
            u->phase = k > 23 ? CT_PHASE_INVESTIGATING : CT_PHASE_RESOLVED;
            u->text = ct_span(texts[k - 23]);
        }
    }
    if (n < 4) {
        struct ct_incident *i = CT_VEC_PUSH(a, &b.incidents);
        *i = ct_incident_new();
        i->id = CT_LIT("m1");
        i->title = CT_LIT("Planned network work");
        i->open = 1;
        i->phase = CT_PHASE_SCHEDULED;
        i->state = CT_STATE_OPERATIONAL;
        i->scheduled_for_ms = NOW_MS + 7 * CT_HOUR;
        i->scheduled_until_ms = NOW_MS + 9 * CT_HOUR;
    }
    struct ct_fetch f = {.source_id = "lambda_status", .at_ms = NOW_MS - n * POLL,
                         .next_attempt_ms = NOW_MS + POLL, .http_status = 200, .bytes = 500,
                         .latency_ms = 90, .batch = &b};
    commit(w, &f);
    ct_arena_free(a);
}

/* A router that measures: at the end most of what lambda serves fails. */
static void write_endpoints(struct ct_writer *w)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_batch b;
    ct_batch_init(&b, a);
    for (int i = 0; i < 4; i++) {
        struct ct_endpoint *e = CT_VEC_PUSH(a, &b.endpoints);
        *e = (struct ct_endpoint){.source_id = CT_LIT("m"), .host = CT_LIT("lambda"),
                                  .region = ct_arena_printf(a, "r%d", i),
                                  .state = i ? CT_STATE_DEGRADED : CT_STATE_OPERATIONAL,
                                  .uptime_30m_milli = 91200, .latency_ms_p50_milli = CT_NONE,
                                  .throughput_tps_p50_milli = CT_NONE};
    }
    struct ct_fetch f = {.source_id = "a_router", .at_ms = NOW_MS - CT_HOUR,
                         .next_attempt_ms = NOW_MS + POLL, .http_status = 200, .bytes = 500,
                         .latency_ms = 90, .batch = &b};
    commit(w, &f);
    ct_arena_free(a);
}

static void write_article(struct ct_writer *w)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_batch b;
    ct_batch_init(&b, a);
    struct ct_article *t = CT_VEC_PUSH(a, &b.articles);
    *t = (struct ct_article){.id = CT_LIT("n1"), .title = CT_LIT("New racks in two regions"),
                             .published_ms = NOW_MS - 4 * CT_DAY};
    struct ct_fetch f = {.source_id = "lambda_news", .at_ms = NOW_MS - 3 * CT_DAY,
                         .next_attempt_ms = NOW_MS + POLL, .http_status = 200, .bytes = 500,
                         .latency_ms = 90, .batch = &b};
    commit(w, &f);
    ct_arena_free(a);
}

static struct ct_source_conf conf(const char *id, enum ct_source_kind kind, const char *provider)
{
    return (struct ct_source_conf){.id = id, .family = "test", .kind = kind, .provider = provider,
                                   .scope = kind == CT_SOURCE_STATUS ? "cloud" : "", .title = id,
                                   .url = "https://example.net", .terms = "",
                                   .evidence = kind == CT_SOURCE_PRICES ? CT_EVIDENCE_STOCK
                                                                        : CT_EVIDENCE_OFFICIAL,
                                   .interval_ms = POLL, .enabled = true, .off_reason = ""};
}

static void fill(void)
{
    struct ct_source_conf confs[N_CLOUDS + 3];
    struct ct_writer *w = NULL;
    struct ct_error e = {0};
    if (ct_writer_open(db, CT_OPEN_BULK, &w, &e) != CT_OK) {
        fail_msg("%s: %s", e.where, e.what);
    }
    for (int i = 0; i < N_CLOUDS; i++) {
        confs[i] = conf(clouds[i], CT_SOURCE_PRICES, clouds[i]);
    }
    confs[N_CLOUDS] = conf("lambda_status", CT_SOURCE_STATUS, "lambda");
    confs[N_CLOUDS + 1] = conf("lambda_news", CT_SOURCE_NEWS, "lambda");
    confs[N_CLOUDS + 2] = conf("a_router", CT_SOURCE_MODELS, "");
    assert_int_equal(ct_write_sources(w, confs, CT_LEN(confs), NOW_MS - POLLS * POLL, &e), CT_OK);
    for (int n = POLLS; n >= 0; n--) {
        for (int i = 0; i < N_CLOUDS; i++) {
            write_price(w, i, n);
        }
        write_page(w, n);
    }
    write_article(w);
    write_endpoints(w);
    ct_writer_close(w);
}

static void remove_db(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < CT_LEN(ends); i++) {
        char path[640];
        snprintf(path, sizeof(path), "%s%s", db, ends[i]);
        unlink(path);
    }
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "%s/bench-XXXXXX", getenv("CT_BUILDDIR"));
    snprintf(dash, sizeof(dash), "%s/tests/vt/dash", getenv("CT_BUILDDIR"));
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(db, sizeof(db), "%s/t.db", folder);
    fill();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_db();
    return rmdir(folder);
}

static struct vt *start(int rows, int cols, const char *option, const char *env1)
{
    const char *argv[] = {dash, db, "start=history", option, NULL};
    const char *env[] = {"CLOUDTAPE_NOW=" NOW, env1, NULL};
    struct vt *v = vt_start(rows, cols, argv, env);
    vt_wait(v, "SERIES");
    return v;
}

static void type_line(struct vt *v, const char *line)
{
    vt_type(v, ":");
    vt_paste(v, line);
    vt_type(v, "\r");
}

static void leave(struct vt *v, const char *keys)
{
    vt_paste(v, keys);
    assert_int_equal(vt_end(v, 5000), 0);
    vt_free(v);
}

/* The panel, without the frame's own lines, against tests/golden/NAME.txt. */
static void look(struct vt *v, int rows, const char *name, int *fails_)
{
    struct ct_buf text = CT_BUF_INIT;
    vt_settle(v, 300);
    for (int y = 1; y < rows - 1; y++) {
        ct_buf_addf(&text, "%s\n", vt_row(v, y));
    }
    golden_compare_text(text.p, name, fails_);
    ct_buf_free(&text);
}

#define ALL_CLOUDS "history gpu/*/od*"

/* ---- what it looks like ---- */

static struct vt *all_clouds(int rows, int cols, const char *option)
{
    struct vt *v = start(rows, cols, option, NULL);
    type_line(v, ALL_CLOUDS " all");
    vt_wait(v, "5 series");
    vt_type(v, "EEEx"); /* the event before the last two, and an anchor there */
    vt_type(v, "lll");
    vt_wait(v, "cursor");
    type_line(v, "yscale log");
    vt_wait(v, "log");
    return v;
}

static void five_clouds_over_forty_days_look_as_accepted(void **state)
{
    (void)state;
    static const int sizes[][2] = {{24, 80}, {40, 120}, {60, 200}, {14, 44}};
    int bad = 0;
    for (int ascii = 0; ascii < 2; ascii++) {
        struct vt *v = all_clouds(24, 80, ascii ? "charset=ascii" : NULL);
        for (size_t i = 0; i < CT_LEN(sizes); i++) {
            char name[64];
            snprintf(name, sizeof(name), "bench%s-%dx%d", ascii ? "-ascii" : "", sizes[i][1], sizes[i][0]);
            vt_resize(v, sizes[i][0], sizes[i][1]);
            vt_settle(v, 300);
            look(v, sizes[i][0], name, &bad);
        }
        leave(v, "Q");
    }
    assert_int_equal(bad, 0);
}

static void a_wall_shows_every_figure_and_the_events_in_words(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "1 col = ", "STYLE", "MEDIAN", "CHANGES", "dashdot", "1 (2d12h)", "Events in window",
        "11-17 12:00Z $ H100-SXM od lambda/us-1  2.79 -> ", "New racks in", "not readable",
        "anchor 11-17 12:00Z over", "c 0.00 0.0%"};
    for (int ascii = 0; ascii < 2; ascii++) {
        struct vt *v = all_clouds(50, 200, ascii ? "charset=ascii" : NULL);
        for (size_t i = 0; i < CT_LEN(parts); i++) {
            if (!vt_has(v, parts[i])) {
                vt_print(v);
                fail_msg("no \"%s\" on the wall", parts[i]);
            }
        }
        leave(v, "Q");
    }
}

static void lines_are_told_apart_without_colour(void **state)
{
    (void)state;
    struct vt *v = start(40, 120, NULL, "NO_COLOR=1");
    type_line(v, ALL_CLOUDS " all");
    vt_wait(v, "5 series");
    int ends[5] = {0}, right = 0; /* each line ends with its letter, right of the plot */
    for (int y = 3; y < 25; y++) {
        for (int x = 110; x < 119; x++) {
            struct vt_look cell = vt_cell(v, y, x);
            if (cell.point >= 'a' && cell.point <= 'e') {
                ends[cell.point - 'a']++;
                assert_false(cell.colored);
                right++;
            }
        }
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ends[i], 1);
    }
    assert_int_equal(right, 5);
    leave(v, "Q");
}

/* ---- the readout ---- */

static void the_readout_tells_the_reason_of_a_gap(void **state)
{
    (void)state;
    struct vt *v = start(40, 160, NULL, NULL);
    type_line(v, "history gpu/vastai* 30d");
    vt_wait(v, "1 series, 30d");
    assert_true(vt_has(v, "1 (2d")); /* counted and measured */
    type_line(v, "from 2026-11-10");
    type_line(v, "to 2026-11-20");
    vt_wait(v, "NOT LIVE 2d12h back");
    vt_type(v, "hHHH");
    for (int i = 0; i < 12 && !vt_has(v, "HTTP 429"); i++) {
        vt_type(v, "H");
    }
    vt_wait(v, "no data: HTTP 429");
    leave(v, "Q");
}

static void the_points_drawn_are_written_as_they_are(void **state)
{
    (void)state;
    char path[700], line[800];
    struct ct_buf csv = CT_BUF_INIT, json = CT_BUF_INIT;
    struct vt *v = start(24, 80, NULL, NULL);
    type_line(v, ALL_CLOUDS " all");
    vt_wait(v, "5 series");
    snprintf(path, sizeof(path), "%s/out.csv", folder);
    snprintf(line, sizeof(line), "export csv %s", path);
    type_line(v, line);
    vt_wait(v, "wrote ");
    assert_int_equal(ct_read_file(path, 1 << 20, &csv, NULL), CT_OK);
    unlink(path);
    size_t lines = 0;
    for (const char *c = csv.p; *c; c++) {
        lines += *c == '\n';
    }
    type_line(v, "messages"); /* where the whole sentence is */
    snprintf(line, sizeof(line), "%zu points and gaps, the same as on screen", lines - 1);
    vt_resize(v, 24, 200);
    vt_wait(v, line);
    assert_true(ct_span_starts(ct_buf_span(&csv), "series,unit,at,min,max,last,n,word,until,gap\r\n"));
    /* half a day among forty, a step of a list, and a gap with its reason */
    assert_non_null(strstr(csv.p, "gpu/runpod/us-1/H100-SXM-80x1/od/h100,USD/gpu.h,2026-11-02T12:00:00Z,9.9,9.9,9.9,1,,,"));
    assert_non_null(strstr(csv.p, ",2.79,"));
    assert_non_null(strstr(csv.p, "HTTP 429"));
    vt_type(v, "q");
    snprintf(path, sizeof(path), "%s/out.ndjson", folder);
    snprintf(line, sizeof(line), "export ndjson %s", path);
    type_line(v, line);
    vt_wait(v, "wrote ");
    assert_int_equal(ct_read_file(path, 1 << 20, &json, NULL), CT_OK);
    unlink(path);
    assert_non_null(strstr(json.p, "\"last\":9.9"));
    for (const char *c = json.p; *c; c++) {
        lines -= *c == '\n';
    }
    assert_int_equal(lines, 1); /* the header of the other */
    ct_buf_free(&csv);
    ct_buf_free(&json);
    leave(v, "Q");
}

static void the_anchor_measures_from_an_incident_to_a_price(void **state)
{
    (void)state;
    struct vt *v = start(40, 160, NULL, NULL);
    type_line(v, "history gpu/lambda* 30d");
    vt_wait(v, "1 series, 30d");
    vt_type(v, "e");
    vt_wait(v, "cursor 11-10");
    vt_type(v, "x");
    vt_wait(v, "anchor 11-10");
    for (int i = 0; i < 8 && !vt_has(v, "-6.7%"); i++) {
        vt_type(v, "e");
    }
    vt_wait(v, "-0.20 -6.7%"); /* the price that fell a day after the page said partial */
    vt_wait(v, "over 1d12h");
    leave(v, "Q");
}

/* ---- windows and looks ---- */

static void windows_are_set_in_words(void **state)
{
    (void)state;
    struct vt *v = start(24, 120, NULL, NULL);
    type_line(v, ALL_CLOUDS);
    vt_wait(v, "5 series, 30d");
    type_line(v, "range 6h");
    vt_wait(v, "5 series, 6h");
    type_line(v, "range all");
    vt_wait(v, "5 series, 40d");
    type_line(v, "range soon");
    vt_wait(v, "wanted a length such as 6h");
    type_line(v, "from 2026-11-01T00:00:00Z");
    vt_wait(v, "5 series, 21d");
    type_line(v, "to 2026-11-04 00:00");
    vt_wait(v, "5 series, 3d");
    vt_wait(v, "NOT LIVE");
    type_line(v, "from 2026-11-05");
    vt_wait(v, "the window would end before it begins");
    type_line(v, "yscale log");
    vt_wait(v, "abs $/GPU.h log");
    type_line(v, "mode index");
    vt_wait(v, "index 100 log");
    type_line(v, "style table");
    vt_wait(v, "LAST");
    vt_wait(v, "table");
    type_line(v, "style wavy");
    vt_wait(v, "wanted one of step, line, dots, table");
    vt_type(v, "=");
    vt_wait(v, "5 series, 30d");
    leave(v, "Q");
}

static void different_units_are_refused_unless_indexed(void **state)
{
    (void)state;
    struct vt *v = start(24, 120, NULL, NULL);
    type_line(v, "history */lambda/* 30d");
    vt_wait(v, "different units have no common axis");
    vt_type(v, "%");
    vt_wait(v, "percent");
    vt_wait_gone(v, "different units");
    leave(v, "Q");
}

static void words_and_a_window_open_the_index_they_mean(void **state)
{
    (void)state;
    struct vt *v = start(24, 120, NULL, NULL);
    type_line(v, "history h100-sxm od 90d");
    vt_wait(v, "1 series, 90d");
    vt_wait(v, "H100-SXM od index");
    type_line(v, "history h100 lambda 7d"); /* a place: that one's price, not its stock */
    vt_wait(v, "1 series, 7d");
    vt_wait(v, "H100-SXM od lambda/us-1");
    leave(v, "Q");
}

static void an_ambiguous_name_offers_a_list_to_choose_from(void **state)
{
    (void)state;
    struct vt *v = start(24, 120, NULL, NULL);
    type_line(v, "history sxm us-1 7d");
    vt_wait(v, "sxm us-1: one of 5 series   Enter opens one");
    int y = vt_find(v, "WHICH ONE?", NULL);
    assert_non_null(strstr(vt_row(v, y + 1), ">"));
    vt_type(v, "jj");
    char row[600];
    snprintf(row, sizeof(row), "%s", vt_row(v, y + 3));
    char *name = strstr(row, "H100-SXM-80x1 od ");
    assert_non_null(name);
    name += strlen("H100-SXM-80x1 od ");
    name[strcspn(name, " ")] = '\0';
    vt_type(v, "\r");
    vt_wait(v, "1 series, 7d");
    vt_wait(v, name); /* the place chosen */
    vt_type(v, "\r"); /* and on the chart it opens what there is to know */
    vt_wait(v, ">Detail");
    leave(v, "Q");
}

static void the_whole_bench_moves_through_time(void **state)
{
    (void)state;
    struct vt *v = start(24, 120, NULL, NULL);
    type_line(v, "history gpu/lambda* 7d");
    vt_wait(v, "1 series, 7d");
    type_line(v, "at 2026-11-15");
    vt_wait(v, "NOT LIVE 7d12h back");
    vt_wait(v, "  2.79 ");
    vt_type(v, "}");
    vt_wait(v, "NOT LIVE 6d12h back");
    vt_type(v, ".");
    vt_wait_gone(v, "NOT LIVE");
    vt_wait(v, "  2.99 ");
    leave(v, "Q");
}

/* ---- status ---- */

static void the_status_screen_tells_page_and_measure_plans_and_days(void **state)
{
    (void)state;
    struct vt *v = start(24, 80, NULL, NULL);
    vt_type(v, "2");
    vt_wait(v, "MEASURED");
    vt_wait(v, "~ 3/4 bad"); /* in the row of a page that says ok */
    vt_wait(v, "lambda");
    int y = vt_find(v, "~ 3/4 bad", NULL);
    assert_true(y > 0 && strstr(vt_row(v, y), ". ok"));
    assert_non_null(strstr(vt_row(v, y), "!")); /* the day of the trouble, of our own record */
    vt_wait(v, "m soon");
    vt_wait(v, "Planned network work");
    vt_wait(v, "in 7h");
    vt_type(v, "\r");
    vt_wait(v, "the page says fine, what is measured says not");
    vt_wait(v, "3 of 4 endpoints degraded, up 91.2%");
    vt_wait(v, "1h ago");
    vt_wait(v, "official");
    vt_type(v, "G");
    vt_wait(v, "us-1, 1 component");
    leave(v, "Q");
}

static void an_incident_is_read_at_any_moment_as_it_was_told_then(void **state)
{
    (void)state;
    struct vt *v = start(50, 200, NULL, NULL);
    type_line(v, "at 2026-11-10T06:00:00Z");
    vt_type(v, "2");
    vt_wait(v, "NOT LIVE 12d6h back");
    vt_wait(v, "! 1 PART");
    vt_wait(v, "Power event in a data hall");
    vt_wait(v, "investigating: Racks lost power.");
    assert_false(vt_has(v, "All racks have power."));
    assert_false(vt_has(v, "Planned network work"));
    vt_type(v, "}}"); /* two days on it has ended */
    vt_wait(v, "NOT LIVE 10d6h back");
    vt_wait(v, ". ended");
    vt_wait_gone(v, "! 1 PART");
    vt_type(v, "."); /* and now */
    vt_wait(v, "Planned network work");
    leave(v, "Q");
}

/* ---- saved views ---- */

static void a_saved_view_comes_back_with_its_series_window_and_look(void **state)
{
    (void)state;
    struct vt *v = start(24, 120, NULL, NULL);
    type_line(v, "history gpu/lambda* 7d");
    vt_wait(v, "1 series, 7d");
    vt_type(v, "%%v"); /* index, line */
    vt_wait(v, "index 100   line");
    type_line(v, "view save week");
    vt_wait(v, "view week saved");
    type_line(v, ALL_CLOUDS " all");
    vt_type(v, "%vvv");
    vt_wait(v, "5 series, 40d   abs");
    type_line(v, "3");
    vt_wait(v, "GPU");
    type_line(v, "view week");
    vt_wait(v, "1 series, 7d   index 100   line");
    type_line(v, "view");
    vt_wait(v, "views: week");
    type_line(v, "view weak");
    vt_wait(v, "no view weak; views: week");
    type_line(v, "view save a/b");
    vt_wait(v, "letters, digits");
    vt_paste(v, "Q");
    assert_int_equal(vt_end(v, 5000), 0); /* kept for the next start */
    assert_true(vt_has(v, "[view week]"));
    assert_true(vt_has(v, "series = gpu/lambda*"));
    assert_true(vt_has(v, "range = 7d"));
    assert_true(vt_has(v, "mode = index"));
    vt_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_clouds_over_forty_days_look_as_accepted),
        cmocka_unit_test(a_wall_shows_every_figure_and_the_events_in_words),
        cmocka_unit_test(lines_are_told_apart_without_colour),
        cmocka_unit_test(the_readout_tells_the_reason_of_a_gap),
        cmocka_unit_test(the_points_drawn_are_written_as_they_are),
        cmocka_unit_test(the_anchor_measures_from_an_incident_to_a_price),
        cmocka_unit_test(windows_are_set_in_words),
        cmocka_unit_test(different_units_are_refused_unless_indexed),
        cmocka_unit_test(words_and_a_window_open_the_index_they_mean),
        cmocka_unit_test(an_ambiguous_name_offers_a_list_to_choose_from),
        cmocka_unit_test(the_whole_bench_moves_through_time),
        cmocka_unit_test(the_status_screen_tells_page_and_measure_plans_and_days),
        cmocka_unit_test(an_incident_is_read_at_any_moment_as_it_was_told_then),
        cmocka_unit_test(a_saved_view_comes_back_with_its_series_window_and_look),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
