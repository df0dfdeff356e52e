/* `export`: whole tables for other tools, as files or on standard output, and what a panel of the
 * screens or a view shows, as it shows it. The tables that know no end, samples and events, go in
 * slices: memory stays the same however long the history is. */
#include "config.h"

#include "app/command.h"
#include "app/ui_options.h"
#include "db/base/ini.h"
#include "db/base/paths.h"
#include "db/plain.h"
#include "tui/app.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One sample. */
struct sample {
    struct ct_span series, source, unit, word;
    int64_t at_ms, value;
    int digits, suspect;
};
#define COLUMN(text, kind, field, ...)                                                             \
    {                                                                                              \
        .name = (text), .type = CT_TYPE_##kind, .off = offsetof(ROW, field), __VA_ARGS__           \
    }
#define ROW struct sample
static const struct ct_column sample_columns[] = {
    COLUMN("series", TEXT, series, .flags = CT_COL_SEARCH),
    COLUMN("source", TEXT, source, .flags = CT_COL_SEARCH),
    COLUMN("at", TIME, at_ms),
    COLUMN("value", SCALED, value, .digits_off = offsetof(ROW, digits)),
    COLUMN("unit", TEXT, unit),
    COLUMN("word", TEXT, word, .flags = CT_COL_SEARCH),
    COLUMN("suspect", BOOL, suspect),
};
static const struct ct_table sample_table = {"samples", sizeof(ROW), sample_columns,
                                             CT_LEN(sample_columns)};
#undef ROW

/* A stretch in which a series had no value, or nobody looked. */
struct gap {
    struct ct_span series, source, reason;
    int64_t from_ms, until_ms;
};
#define ROW struct gap
static const struct ct_column gap_columns[] = {
    COLUMN("series", TEXT, series, .flags = CT_COL_SEARCH),
    COLUMN("source", TEXT, source, .flags = CT_COL_SEARCH),
    COLUMN("from", TIME, from_ms),
    COLUMN("until", TIME, until_ms),
    COLUMN("reason", TEXT, reason, .flags = CT_COL_SEARCH),
};
static const struct ct_table gap_table = {"gaps", sizeof(ROW), gap_columns, CT_LEN(gap_columns)};
#undef ROW

struct about {
    struct ct_span key, value;
};
#define ROW struct about
static const struct ct_column about_columns[] = {COLUMN("key", TEXT, key),
                                                 COLUMN("value", TEXT, value)};
static const struct ct_table about_table = {"about", sizeof(ROW), about_columns,
                                            CT_LEN(about_columns)};
#undef ROW

struct job;
typedef enum ct_status feed_fn(struct job *j);
static feed_fn feed_events, feed_samples, feed_gaps;

struct part {
    const char *name;
    const struct ct_table *table;
    const char *sort;             /* as its command and its screen sort */
    ct_load_fn *load;             /* all at once, or */
    feed_fn *feed;                /* in slices */
    unsigned kinds;               /* of sources it comes from */
};
enum {
    STATUS = 1u << CT_SOURCE_STATUS,
    PRICES = 1u << CT_SOURCE_PRICES,
    MODELS = 1u << CT_SOURCE_MODELS,
};
static const struct part parts[] = {
    {"status", &ct_status_table, "", ct_read_status, NULL, STATUS},
    {"components", &ct_component_table, "", ct_read_components, NULL, STATUS},
    {"incidents", &ct_incident_table, "", ct_read_incidents, NULL, STATUS},
    {"gpus", &ct_offer_table, CT_SORT_OFFERS, ct_read_offers, NULL, PRICES},
    {"tokens", &ct_token_table, CT_SORT_TOKENS, ct_read_tokens, NULL, MODELS},
    {"models", &ct_model_table, "", ct_read_models, NULL, MODELS},
    {"sources", &ct_source_table, "", ct_read_sources, NULL, CT_KINDS_ALL},
    {"news", &ct_article_table, "", ct_read_articles, NULL, CT_KINDS_ALL},
    {"series", &ct_series_table, "", ct_read_series, NULL, CT_KINDS_ALL},
    {"events", &ct_event_table, "", NULL, feed_events, CT_KINDS_ALL},
    {"movers", &ct_mover_table, "", ct_read_movers, NULL, PRICES | MODELS},
    {"samples", &sample_table, "", NULL, feed_samples, CT_KINDS_ALL},
    {"gaps", &gap_table, "", NULL, feed_gaps, CT_KINDS_ALL},
};

struct job {
    struct ct_call *c;
    struct ct_reader *r;
    const struct part *part; /* NULL: a view */
    const char *name;        /* of either */
    unsigned kinds;
    struct ct_ui_options ui; /* views */
    struct ct_plain *plain; /* --sqlite, or */
    FILE *out;
    struct ct_buf text;
    struct ct_jw json;
    struct ct_arena *slice; /* what is read at a time */
    struct ct_filter *filter;
    const struct ct_table *shown; /* --columns */
    int64_t left;                 /* --limit */
    int64_t rows;
};

/* ---- where rows go ---- */

static enum ct_status write_text(struct job *j)
{
    if (j->text.n && fwrite(j->text.p, 1, j->text.n, j->out) != j->text.n)
        return ct_fail(&j->c->err, CT_ERR_IO, "export", "%s", strerror(errno));
    ct_buf_clear(&j->text);
    return CT_OK;
}

static void row_text(struct job *j, const void *row)
{
    switch (j->c->output.format) {
    case CT_FORMAT_JSON:
        ct_row_json(&j->json, j->shown, row, NULL);
        break;
    case CT_FORMAT_NDJSON: {
        struct ct_jw w;
        ct_jw_init(&w, &j->text);
        ct_row_json(&w, j->shown, row, NULL);
        ct_buf_addc(&j->text, '\n');
        break;
    }
    default:
        ct_row_csv(&j->text, j->shown, row, j->c->output.format == CT_FORMAT_TSV ? '\t' : ',');
    }
}

/* The rows of ROWS that the filter lets through, until the limit. */
static enum ct_status put(struct job *j, const struct ct_table *t, struct ct_rows rows)
{
    enum ct_status status = CT_OK;
    for (size_t i = 0; i < rows.n && j->left > 0 && status == CT_OK; i++) {
        const void *row = ct_row(t, rows, i);
        if (!ct_filter_match(j->filter, row))
            continue;
        j->left--;
        j->rows++;
        if (j->plain)
            status = ct_plain_rows(j->plain, (struct ct_rows){row, 1}, &j->c->err);
        else
            row_text(j, row);
        if (j->text.n > 1 << 16)
            status = write_text(j);
    }
    return status;
}

/* ---- where they come from ---- */

static enum ct_status feed_whole(struct job *j)
{
    struct ct_call *c = j->c;
    const struct ct_table *t = j->part->table;
    struct ct_query q = ct_call_query(c);
    struct ct_rows rows = {NULL, 0};
    size_t matched;
    q.gone = q.gone || t == &ct_incident_table;
    q.limit = 1000000; /* of articles */
    enum ct_status status = ct_call_window(c, &q);
    if (status == CT_OK)
        status = j->part->load(j->r, &q, j->slice, &rows, &c->err);
    if (status == CT_OK)
        status = ct_rows_select(t, rows, j->filter,
                                c->flag[CT_FLAG_SORT] ? c->flag[CT_FLAG_SORT] : j->part->sort, 0,
                                j->slice, &rows, &matched, &c->err);
    return status == CT_OK ? put(j, t, rows) : status;
}

/* Newest first, a day at a time. */
static enum ct_status feed_events(struct job *j)
{
    struct ct_call *c = j->c;
    struct ct_query q = ct_call_query(c);
    struct ct_summary s;
    int64_t end = c->at_ms == CT_LIVE ? CT_LIVE - 1 : c->at_ms,
            now = c->at_ms == CT_LIVE ? c->now_ms : c->at_ms;
    enum ct_status status = ct_read_summary(j->r, &q, j->slice, &s, &c->err);
    if (status == CT_OK)
        status = ct_call_window(c, &q);
    int64_t first = s.recording_since_ms == CT_NONE ? now : s.recording_since_ms;
    int64_t least = q.from_ms > 1 ? q.from_ms : 1;
    end = q.to_ms > 0 && q.to_ms < end ? q.to_ms : end;
    q.limit = 999999;
    /* before the first observation and after this moment there should be none */
    for (int64_t to = end, from; status == CT_OK && to >= least && j->left > 0; to = from - 1) {
        struct ct_rows rows = {NULL, 0};
        from = to > now ? now + 1 : to < first ? 1 : to - CT_DAY + 1;
        from = from < least ? least : from;
        q.from_ms = from;
        q.to_ms = to;
        ct_arena_reset(j->slice);
        status = ct_read_events(j->r, &q, j->slice, &rows, &c->err);
        if (status == CT_OK)
            status = put(j, &ct_event_table, rows);
    }
    return status;
}

static enum ct_status put_points(struct job *j, const struct ct_history *h)
{
    const struct ct_point *p = h->points.v;
    enum ct_status status = CT_OK;
    for (size_t i = 0; i < h->points.n && status == CT_OK; i++) {
        struct sample row = {.series = h->series,
                             .source = h->source,
                             .unit = h->unit,
                             .word = ct_value_word(h->unit, p[i].last),
                             .at_ms = p[i].at_ms,
                             .value = p[i].last,
                             .digits = h->digits,
                             .suspect = p[i].suspect};
        status = put(j, &sample_table, (struct ct_rows){&row, 1});
    }
    return status;
}

static enum ct_status put_gaps(struct job *j, const struct ct_history *h)
{
    const struct ct_gap *g = h->gaps.v;
    enum ct_status status = CT_OK;
    for (size_t i = 0; i < h->gaps.n && status == CT_OK; i++) {
        struct gap row = {h->series, h->source, g[i].reason, g[i].from_ms, g[i].to_ms};
        status = put(j, &gap_table, (struct ct_rows){&row, 1});
    }
    return status;
}

/* Series by series, in the order of their names; within one, oldest first. Read a few at a time: the state of all
 * sources is looked at each time, and no reading shall keep the writer's log from being emptied for long. */
static enum ct_status feed_histories(struct job *j,
                                     enum ct_status (*put_one)(struct job *,
                                                               const struct ct_history *))
{
    enum { AT_ONCE = 32 };
    struct ct_call *c = j->c;
    struct ct_query q = ct_call_query(c);
    struct ct_rows series = {NULL, 0};
    enum ct_status status = ct_read_series(j->r, &q, c->arena, &series, &c->err);
    const struct ct_series_row *s = series.v;
    if (status == CT_OK)
        status = ct_call_window(c, &q);
    for (size_t i = 0; status == CT_OK && i < series.n && j->left > 0;) {
        struct ct_rows rows = {NULL, 0};
        struct ct_span names[AT_ONCE];
        size_t n = 0;
        for (; i < series.n && n < AT_ONCE; i++)
            if (i == 0 || !ct_span_eq(s[i].series, s[i - 1].series)) /* that of another source comes with it */
                names[n++] = s[i].series;
        ct_arena_reset(j->slice);
        status = ct_read_histories(j->r, &q, names, n, j->slice, &rows, &c->err);
        for (size_t k = 0; status == CT_OK && k < rows.n; k++)
            status = put_one(j, &((const struct ct_history *)rows.v)[k]);
    }
    return status;
}

static enum ct_status feed_samples(struct job *j)
{
    return feed_histories(j, put_points);
}

static enum ct_status feed_gaps(struct job *j)
{
    return feed_histories(j, put_gaps);
}

/* ---- one table ---- */

/* "now/status" as a name that needs no quotes in SQL. */
static const char *plain_name(struct job *j)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t n = strlen(j->name);
    char *name = ct_arena_alloc(j->c->arena, n + 1);
    for (size_t i = 0; i < n; i++)
        name[i] = strchr(good, j->name[i]) ? j->name[i] : '_';
    return name;
}

/* What comes next are rows of T, of which TEXT lets some through. */
static enum ct_status begin_rows(struct job *j, const struct ct_table *t, const char *text)
{
    struct ct_call *c = j->c;
    const char *columns = c->flag[CT_FLAG_COLUMNS];
    struct ct_envelope e;
    enum ct_format format = c->output.format;
    enum ct_status status = ct_call_number(c, CT_FLAG_LIMIT, 1, &j->left);
    j->left = j->left == CT_NONE ? INT64_MAX : j->left;
    j->shown = t;
    if (status == CT_OK && columns)
        status = ct_table_pick(t, columns, c->arena, &j->shown, &c->err);
    if (status == CT_OK)
        status = ct_filter_compile(t, ct_span(text ? text : ""), ct_call_moment(c), c->arena,
                                   &j->filter, &c->err);
    if (status == CT_OK && j->plain)
        return ct_plain_table(j->plain, plain_name(j), j->shown, &c->err);
    if (status == CT_OK && format == CT_FORMAT_JSON &&
        (status = ct_call_envelope(c, j->r, j->kinds, &e)) == CT_OK) {
        ct_jw_init(&j->json, &j->text);
        ct_output_open(&j->json, &e);
    }
    if (status == CT_OK && format >= CT_FORMAT_CSV && c->output.header)
        ct_row_csv_header(&j->text, j->shown, format == CT_FORMAT_TSV ? '\t' : ',');
    return status;
}

static enum ct_status end_rows(struct job *j)
{
    if (j->plain)
        return CT_OK;
    if (j->c->output.format == CT_FORMAT_JSON) {
        ct_output_close(&j->json);
        ct_buf_addc(&j->text, '\n');
    }
    return write_text(j);
}

static enum ct_status export_part(struct job *j, const struct part *p)
{
    j->part = p;
    j->name = p->name;
    j->kinds = p->kinds;
    enum ct_status status = begin_rows(j, p->table, j->c->flag[CT_FLAG_FILTER]);
    ct_arena_reset(j->slice);
    if (status == CT_OK)
        status = p->load ? feed_whole(j) : p->feed(j);
    return status == CT_OK ? end_rows(j) : status;
}

/* ---- one view ---- */

static enum ct_status put_view(void *ctx, const struct ct_ui_shown *v)
{
    struct job *j = ctx;
    enum ct_status status = begin_rows(j, v->table, NULL); /* the panel has filtered and sorted */
    if (status == CT_OK)
        status = put(j, v->table, v->rows);
    if (status == CT_OK)
        status = end_rows(j);
    if (status == CT_OK && v->unread)
        ct_note(j->c, j->name, "%zu of %zu rows, what the screen reads at first", v->rows.n, v->total);
    return status;
}

static enum ct_status export_view(struct job *j, const char *name)
{
    struct ct_call *c = j->c;
    struct ct_ui_ask ask = {.rows = 60, .cols = 200, .filter = c->flag[CT_FLAG_FILTER],
                            .sort = c->flag[CT_FLAG_SORT], .group = c->flag[CT_FLAG_GROUP],
                            .gone = c->flag[CT_FLAG_GONE] != NULL,
                            .believed = c->flag[CT_FLAG_NO_SUSPECT] != NULL};
    struct ct_query q = {0};
    enum ct_status status = ct_call_window(c, &q);
    if (status == CT_OK)
        status = ct_call_size(c, &ask.cols, &ask.rows);
    j->part = NULL;
    j->name = name;
    j->kinds = CT_KINDS_ALL;
    ask.from_ms = q.from_ms;
    ask.to_ms = q.to_ms;
    return status == CT_OK ? ct_ui_show(&j->ui, j->r, name, &ask, put_view, j, &c->err) : status;
}

static enum ct_status tell_about(struct job *j)
{
    char now[CT_TIME_MAX], at[CT_TIME_MAX];
    ct_time_format(now, j->c->now_ms);
    ct_time_format(at, j->c->at_ms == CT_LIVE ? j->c->now_ms : j->c->at_ms);
    const struct about rows[] = {
        {CT_LIT("made_by"), CT_LIT("cloudtape " PACKAGE_VERSION)},
        {CT_LIT("made_at"), ct_span(now)},
        {CT_LIT("as_of"), ct_span(at)},
        {CT_LIT("samples"), CT_LIT("one row a change: a value holds until the next row or gap")},
    };
    enum ct_status status = ct_plain_table(j->plain, "about", &about_table, &j->c->err);
    return status == CT_OK
               ? ct_plain_rows(j->plain, (struct ct_rows){rows, CT_LEN(rows)}, &j->c->err)
               : status;
}

/* ---- the command ---- */

enum { MOST_NAMES = 64 };

static const struct part *find_part(const char *name)
{
    for (size_t i = 0; i < CT_LEN(parts); i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    return NULL;
}

static int no_such(const char *name)
{
    const char *names[CT_LEN(parts) + MOST_NAMES + 1];
    size_t n = ct_ui_panels(names, MOST_NAMES);
    for (size_t i = 0; i < CT_LEN(parts); i++)
        names[n++] = parts[i].name;
    names[n] = NULL;
    const char *near = ct_nearest(name, names);
    return ct_usage("export", "no table, panel or view \"%s\"%s", name,
                    near ? ct_did_you_mean(near) : "; `cloudtape help export` names some");
}

/* What a word among the arguments asks for can be had of NAME. */
static int check_name(struct job *j, const char *name)
{
    static const struct {
        enum ct_flag flag;
        const char *why;
    } views[] = {{CT_FLAG_GROUP, "a table is not grouped; --group is for panels"},
                 {CT_FLAG_SIZE, "a table has no size; --size is for panels"},
                 {CT_FLAG_NO_SUSPECT, "--no-suspect is for panels; --filter suspect:no leaves rows out"}},
      windows[] = {{CT_FLAG_FROM, "of one moment: --at, not --from"},
                   {CT_FLAG_TO, "of one moment: --at, not --to"},
                   {CT_FLAG_RANGE, "of one moment: --at, not --range"}};
    struct ct_call *c = j->c;
    const struct part *p = find_part(name);
    if (!p)
        return ct_ui_shows(&j->ui, name) ? 0 : no_such(name);
    if (!p->load && c->flag[CT_FLAG_SORT])
        return ct_usage("export", "%s come in their own order, without --sort", p->name);
    for (size_t i = 0; i < CT_LEN(views); i++)
        if (c->flag[views[i].flag])
            return ct_usage(p->name, "%s", views[i].why);
    bool window = p->feed || p->table == &ct_mover_table;
    for (size_t i = 0; i < CT_LEN(windows) && !window; i++)
        if (c->flag[windows[i].flag])
            return ct_usage(p->name, "%s", windows[i].why);
    return 0;
}

/* What is named, each once, or all tables. */
static enum ct_status export_all(struct job *j)
{
    struct ct_call *c = j->c;
    enum ct_status status = CT_OK;
    for (size_t i = 0; i < CT_LEN(parts) && !c->n_words && status == CT_OK; i++)
        status = export_part(j, &parts[i]);
    for (size_t w = 0; w < c->n_words && status == CT_OK; w++) {
        const struct part *p = find_part(c->words[w]);
        bool before = false;
        for (size_t k = 0; k < w; k++)
            before = before || strcmp(c->words[k], c->words[w]) == 0;
        if (!before)
            status = p ? export_part(j, p) : export_view(j, c->words[w]);
    }
    if (status == CT_OK && j->plain)
        status = tell_about(j);
    if (status == CT_OK && j->plain)
        status = ct_plain_finish(j->plain, &c->err);
    return status;
}

/* Into a file beside FILE that takes its name when it is whole, or (FILE NULL) standard output. */
static enum ct_status export_to(struct job *j, const char *file)
{
    struct ct_buf temp = CT_BUF_INIT;
    struct ct_error *err = &j->c->err;
    enum ct_status status = file ? ct_temp_make(file, &temp, err) : CT_OK;
    j->out = stdout;
    if (status == CT_OK && j->c->flag[CT_FLAG_SQLITE])
        status = ct_plain_open(temp.p, &j->plain, err);
    else if (status == CT_OK && file && !(j->out = fopen(temp.p, "wb")))
        status = ct_fail(err, CT_ERR_IO, file, "%s", strerror(errno));
    if (status == CT_OK)
        status = export_all(j);
    ct_plain_free(j->plain);
    if (j->out && (j->out == stdout ? fflush(j->out) : fclose(j->out)) != 0 && status == CT_OK)
        status = ct_fail(err, CT_ERR_IO, file ? file : "standard output", "%s", strerror(errno));
    if (status == CT_OK && file)
        status = ct_temp_keep(temp.p, file, true, err);
    if (status != CT_OK && file)
        ct_temp_drop(temp.p);
    ct_buf_free(&temp);
    return status;
}

int ct_cmd_export(struct ct_call *c)
{
    struct job j = {.c = c, .text = CT_BUF_INIT};
    struct stat st;
    const char *sqlite = c->flag[CT_FLAG_SQLITE], *file = sqlite ? sqlite : c->flag[CT_FLAG_OUT];
    bool format = c->output.format != CT_FORMAT_TEXT;
    if (sqlite && (format || c->flag[CT_FLAG_OUT]))
        return ct_usage("export", "--sqlite goes without --%s", format ? "csv and its like" : "out");
    if (!sqlite && c->n_words != 1)
        return ct_usage("export", "needs one TABLE or VIEW; only --sqlite holds several");
    if (c->n_words != 1 && (c->flag[CT_FLAG_FILTER] || c->flag[CT_FLAG_COLUMNS] ||
                            c->flag[CT_FLAG_SORT] || c->flag[CT_FLAG_GROUP]))
        return ct_usage("export", "--filter, --sort, --columns and --group need one TABLE or VIEW");
    ct_ui_options_take(c, &j.ui);
    j.ui.history = ct_compared_before(c);
    j.ui.theme = NULL; /* nothing is drawn */
    j.ui.problems = NULL; /* told when the database is opened */
    for (size_t i = 0; i < c->n_words; i++) {
        int code = check_name(&j, c->words[i]);
        if (code)
            return code;
    }
    if (file && stat(file, &st) == 0 && !S_ISREG(st.st_mode))
        return ct_usage(file, "is no file");
    if (file && ct_plain_is_ours(file)) /* before the database is open: it may be this one */
        return ct_usage(file, "is a database of cloudtape; nothing is written over it");
    if (!sqlite && !format)
        c->output.format = CT_FORMAT_CSV;
    enum ct_status status = ct_call_reader(c, &j.r);
    if (status == CT_ERR_NOT_FOUND)
        return ct_no_data(c);
    j.slice = ct_arena_new(0);
    if (status == CT_OK)
        status = export_to(&j, file);
    ct_call_reader_close(c, j.r);
    ct_arena_free(j.slice);
    ct_buf_free(&j.text);
    if (status != CT_OK)
        return ct_report(&c->err);
    if (file)
        ct_note(c, file, "%lld rows", (long long)j.rows);
    return c->flag[CT_FLAG_FAIL_EMPTY] && j.rows == 0 ? 4 : 0;
}
