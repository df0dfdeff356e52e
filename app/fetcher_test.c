/* `sources test NAME`: one attempt at a source, shown instead of stored. What it would change is
 * found by storing it in a transaction that is then undone. */
#include "config.h"

#include "app/fetcher_commands.h"

#include "app/fetcher_config.h"
#include "db/base/paths.h"
#include "db/base/text.h"
#include "db/table.h"
#include "fetchers/ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROWS_SHOWN = 20, CELL_COLUMNS = 32, COLUMNS_MAX = 24 };

struct test {
    struct ct_registry *reg;
    struct ct_fetch_config config;
    struct ct_ask ask;
    bool ended;

    bool compared;
    struct ct_commit change;
    struct ct_error not_compared;        /* why there is no CHANGE */
    CT_VEC(struct ct_seen_event) events; /* in the arena of ASK */
    bool as_json;
};

static void on_end(void *ctx, struct ct_ask *a)
{
    (void)a;
    ((struct test *)ctx)->ended = true;
}

/* ---- what it would change ---- */

static void see_event(void *ctx, const struct ct_seen_event *e)
{
    struct test *t = ctx;
    struct ct_arena *a = t->ask.arena;
    struct ct_seen_event *kept = CT_VEC_PUSH(a, &t->events);
    if (kept)
        *kept = (struct ct_seen_event){e->kind,
                                       e->severity,
                                       ct_arena_dup(a, e->subject),
                                       ct_arena_dup(a, e->ref),
                                       ct_arena_dup(a, e->field),
                                       ct_arena_dup(a, e->text)};
}

static struct ct_span about(const struct ct_seen_event *e)
{
    return e->ref.n ? e->ref : e->subject;
}

static void compare(struct test *t, const char *db_flag)
{
    struct ct_buf db = CT_BUF_INIT;
    struct ct_writer *w = NULL;
    struct ct_fetch f = {
        .source_id = t->ask.s->id,
        .outcome = CT_OUTCOME_OK,
        .at_ms = ct_now_ms(),
        .next_attempt_ms = CT_NONE,
        .http_status = t->ask.http_status,
        .bytes = t->ask.bytes,
        .latency_ms = t->ask.latency_ms,
        .body_hash = t->ask.hash,
        .batch = &t->ask.batch,
        .dry = true,
        .saw = see_event,
        .saw_ctx = t,
    };
    ct_path_database(&db, db_flag);
    t->compared = ct_writer_open(db.p, CT_OPEN_DRY, &w, &t->not_compared) == CT_OK &&
                  ct_write_fetch(w, &f, &t->change, &t->not_compared) == CT_OK;
    ct_writer_close(w);
    ct_buf_free(&db);
}

/* ---- for people ---- */

static struct ct_rows rows_of(const struct test *t, int kind)
{
    return ct_batch_table(&t->ask.batch, (enum ct_row_kind)kind);
}

/* One cell of at most CELL_COLUMNS columns, padded to WIDTH; without padding as it is. */
static void print_cell(struct ct_span text, int width)
{
    size_t at = 0, end = 0;
    struct ct_span cluster;
    int used = 0, w;
    if (width < 0) {
        for (size_t i = 0; i < text.n; i++)
            putchar((unsigned char)text.p[i] < ' ' ? ' ' : text.p[i]);
        putchar('\t');
        return;
    }
    while ((w = ct_text_next(text, &at, &cluster)) >= 0 && used + w <= width) {
        used += w;
        end = at;
    }
    for (size_t i = 0; i < end; i++)
        putchar((unsigned char)text.p[i] < ' ' ? ' ' : text.p[i]);
    printf("%*s ", width - used, "");
}

/* Columns of T in which one of the first rows says something, and how wide they are. */
static size_t pick_columns(const struct ct_table *t, struct ct_rows rows, struct ct_arena *a,
                           const struct ct_column *out[COLUMNS_MAX], int width[COLUMNS_MAX])
{
    size_t n = 0;
    for (size_t c = 0; c < t->n_columns && n < COLUMNS_MAX; c++) {
        bool said = false;
        width[n] = ct_text_width(ct_span(t->columns[c].name));
        for (size_t i = 0; i < rows.n; i++) {
            int w = ct_text_width(ct_cell_text(&t->columns[c], ct_row(t, rows, i), a));
            said |= !ct_cell_null(&t->columns[c], ct_row(t, rows, i));
            width[n] = w > width[n] ? w < CELL_COLUMNS ? w : CELL_COLUMNS : width[n];
        }
        if (said)
            out[n++] = &t->columns[c];
    }
    return n;
}

static void print_table(const struct ct_table *t, struct ct_rows rows, bool people)
{
    const struct ct_column *columns[COLUMNS_MAX];
    int width[COLUMNS_MAX];
    struct ct_arena *a = ct_arena_new(0);
    size_t all = rows.n;
    rows.n = all < ROWS_SHOWN ? all : ROWS_SHOWN;
    size_t n = pick_columns(t, rows, a, columns, width);
    printf("\n%s: %zu\n", t->name, all);
    for (size_t c = 0; c < n; c++)
        print_cell(ct_span(columns[c]->name), people ? width[c] : -1);
    putchar('\n');
    for (size_t i = 0; i < rows.n; i++) {
        for (size_t c = 0; c < n; c++)
            print_cell(ct_cell_text(columns[c], ct_row(t, rows, i), a), people ? width[c] : -1);
        putchar('\n');
    }
    if (all > rows.n)
        printf("and %zu more (--ndjson has all)\n", all - rows.n);
    ct_arena_free(a);
}

/* What came back and what it would change, on OUT. */
static void print_summary(const struct test *t, FILE *out)
{
    const struct ct_ask *a = &t->ask;
    const struct ct_commit *c = &t->change;
    int64_t notes = 0;
    for (size_t i = 0; i < a->batch.notes.n; i++)
        notes += a->batch.notes.v[i].count;
    fprintf(out, "%s: family %s, ", a->s->id, a->s->family);
    if (a->http_status)
        fprintf(out, "http %d, ", a->http_status);
    fprintf(out, "%d page%s, %" PRId64 " bytes, %" PRId64 " ms, %zu rows, %" PRId64 " left out\n",
            a->pages, a->pages == 1 ? "" : "s", a->bytes, a->latency_ms, ct_batch_rows(&a->batch),
            notes);
    if (!t->compared)
        fprintf(out, "not compared with what is stored: %s\n", t->not_compared.what);
    else if (c->suspicious)
        fprintf(out, "would be %s\n", c->remark);
    else
        fprintf(out,
                "would change: %" PRId64 " of %" PRId64 " rows, %" PRId64 " samples, %" PRId64
                " events\n",
                c->changed_rows, c->rows, c->samples, c->events);
    for (size_t i = 0; i < t->events.n && i < ROWS_SHOWN; i++) {
        const struct ct_seen_event *e = &t->events.v[i];
        fprintf(out, "  %s  %.*s%s%.*s  %.*s\n", ct_event_kind_words[e->kind], CT_FMT(about(e)),
                e->field.n ? " " : "", CT_FMT(e->field), CT_FMT(e->text));
    }
    if (t->events.n > ROWS_SHOWN)
        fprintf(out, "  and %zu more\n", t->events.n - ROWS_SHOWN);
}

/* ---- for programs ---- */

static void print_json(struct test *t)
{
    const struct ct_ask *a = &t->ask;
    struct ct_buf out = CT_BUF_INIT;
    struct ct_jw w;
    ct_jw_init(&w, &out);
    ct_jw_object(&w);
#define NUMBER(key, value) (ct_jw_key(&w, key), ct_jw_int(&w, value))
#define SPAN(key, value) (ct_jw_key(&w, key), ct_jw_text(&w, value))
#define TEXT(key, value) SPAN(key, ct_span(value))
    NUMBER("schema", 1);
    TEXT("id", a->s->id);
    TEXT("family", a->s->family);
    NUMBER("http_status", a->http_status ? a->http_status : CT_NONE);
    NUMBER("pages", a->pages);
    NUMBER("bytes", a->bytes);
    NUMBER("latency_ms", a->latency_ms);
    TEXT("error", a->outcome == CT_OUTCOME_FAILED ? a->error : NULL);
    NUMBER("changed_rows", t->compared ? t->change.changed_rows : CT_NONE);
    NUMBER("samples", t->compared ? t->change.samples : CT_NONE);
    TEXT("held_back", t->change.suspicious ? t->change.remark : NULL);
    ct_jw_key(&w, "events");
    ct_jw_array(&w);
    for (size_t i = 0; i < t->events.n; i++) {
        const struct ct_seen_event *e = &t->events.v[i];
        ct_jw_object(&w);
        TEXT("kind", ct_event_kind_words[e->kind]);
        TEXT("severity", ct_severity_words[e->severity]);
        SPAN("about", about(e));
        SPAN("field", e->field);
        SPAN("text", e->text);
        ct_jw_end_object(&w);
    }
    ct_jw_end_array(&w);
#undef NUMBER
#undef TEXT
#undef SPAN
    ct_jw_key(&w, "rows");
    ct_jw_array(&w);
    for (int i = 0; i < CT_N_ROW_TABLES; i++)
        for (size_t k = 0; k < rows_of(t, i).n; k++)
            ct_row_json(&w, ct_row_tables[i], ct_row(ct_row_tables[i], rows_of(t, i), k),
                        ct_row_tables[i]->name);
    ct_jw_end_array(&w);
    ct_jw_end_object(&w);
    printf("%s\n", out.p);
    ct_buf_free(&out);
}

static int show(struct test *t, bool ndjson)
{
    bool failed = t->ask.outcome == CT_OUTCOME_FAILED, people = isatty(STDOUT_FILENO) != 0;
    struct ct_buf rows = CT_BUF_INIT;
    if (failed)
        ct_complain(0, t->ask.s->id, "%s", t->ask.error);
    if (t->as_json) {
        print_json(t);
    } else if (!failed && ndjson) {
        print_summary(t, stderr);
        ct_batch_ndjson(&t->ask.batch, &rows);
        fwrite(rows.p ? rows.p : "", 1, rows.n, stdout);
    } else if (!failed) {
        print_summary(t, stdout);
        for (int i = 0; i < CT_N_ROW_TABLES; i++)
            if (rows_of(t, i).n)
                print_table(ct_row_tables[i], rows_of(t, i), people);
    }
    ct_buf_free(&rows);
    if (fflush(stdout) != 0)
        return ct_complain(EXIT_ERROR, "stdout", "cannot be written");
    return failed ? EXIT_ERROR : EXIT_WORKED;
}

/* ---- the attempt ---- */

static enum ct_status attempt(struct test *t, const struct ct_http_options *o, struct ct_error *err)
{
    struct ct_http *http = NULL;
    enum ct_status st = ct_http_new(o, &http, err);
    if (st != CT_OK)
        return st;
    t->ask.http = http;
    t->ask.exec = ct_exec_new();
    t->ask.families = ct_families;
    t->ask.timeout_ms = t->config.timeout_ms;
    t->ask.done = on_end;
    t->ask.ctx = t;
    ct_ask_start(&t->ask);
    while (!t->ended && st == CT_OK) {
        ct_exec_poll(t->ask.exec);
        if (!t->ended)
            st = ct_http_poll(http, 50, -1, NULL, err);
    }
    ct_http_free(http);
    ct_exec_free(t->ask.exec);
    return st;
}

static enum ct_status find_source(struct test *t, const char *name, struct ct_error *err)
{
    const struct ct_source *s = t->ask.s = ct_registry_find(t->reg, name);
    enum ct_status st = ct_source_named(t->reg, name, err);
    if (st != CT_OK)
        return st;
    if (!ct_source_whole(s))
        return ct_fail(err, CT_ERR_CONFIG, name, "its family, url or command is missing");
    if (!ct_source_has_key(s))
        return ct_fail(err, CT_ERR_CONFIG, name, "needs its key in %s$%s",
                       ct_source_signs(s) ? "$" CT_KEY_SIGNS_ID " and " : "", s->key_env);
    return CT_OK;
}

int ct_cmd_test_source(int argc, char **argv)
{
    struct test t = {0};
    const char *db = NULL, *config = NULL, *ca = NULL;
    bool ndjson = false, allow_private = false;
    const struct ct_arg args[] = {{"db", &db, NULL},
                                  {"config", &config, NULL},
                                  {"ca", &ca, NULL},
                                  {"json", NULL, &t.as_json},
                                  {"ndjson", NULL, &ndjson},
                                  {"allow-private", NULL, &allow_private},
                                  {0}};
    struct ct_error err = {0};
    if (!ct_args(&argc, argv, args))
        return EXIT_USAGE;
    if (argc != 1)
        return ct_complain(EXIT_USAGE, "sources test", "say sources test NAME");
    enum ct_status st = ct_registry_load(&t.reg, &err);
    if (st == CT_OK)
        st = ct_fetch_config_load(config, allow_private, t.reg, &t.config, &err);
    if (st == CT_OK)
        st = find_source(&t, argv[0], &err);
    struct ct_http_options http = ct_fetch_config_http(&t.config, ca);
    if (st == CT_OK)
        st = attempt(&t, &http, &err);
    if (st == CT_OK && t.ask.outcome == CT_OUTCOME_OK)
        compare(&t, db);
    int code = st == CT_OK ? show(&t, ndjson)
                           : ct_complain_err(st == CT_ERR_USAGE ? EXIT_USAGE : EXIT_ERROR, &err);
    ct_ask_free(&t.ask);
    ct_fetch_config_free(&t.config);
    ct_registry_free(t.reg);
    return code;
}
