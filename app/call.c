/* What the reading commands share: the query that their flags ask for, the envelope of an answer, and rows filtered,
 * sorted, cut and printed. */
#include "config.h"

#include "app/command.h"
#include "app/spawn.h"
#include "db/base/ini.h"
#include "db/base/paths.h"
#include "tui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A fetcher of its own fetches what is due. Another that serves the database does so anyway: its word to that is on
 * standard error, and what is stored is read. */
static enum ct_status refresh(struct ct_call *c)
{
    const char *args[] = {"fetch", "--once", "--db", c->db.p, NULL, NULL, NULL};
    struct ct_reader *r = NULL;
    bool simulated = ct_reader_open(c->db.p, &r, &c->err) == CT_OK && ct_reader_simulated(r);
    ct_reader_close(r);
    if (c->at_ms != CT_LIVE)
        return ct_fail(&c->err, CT_ERR_USAGE, "--refresh", "goes without --at: that is past");
    if (simulated)
        return ct_fail(&c->err, CT_ERR_USAGE, "--refresh", "a simulated market: no real source is fetched into it");
    if (c->flag[CT_FLAG_CONFIG])
        args[4] = "--config", args[5] = c->flag[CT_FLAG_CONFIG];
    return ct_fetcher_wait(args, c->flag[CT_FLAG_QUIET] != NULL, &c->err);
}

enum ct_status ct_call_reader(struct ct_call *c, struct ct_reader **out)
{
    *out = NULL;
    if (!c->flag[CT_FLAG_QUIET])
        ct_tell_problems(c->settings);
    if (c->flag[CT_FLAG_REFRESH] && refresh(c) != CT_OK)
        return c->err.status;
    enum ct_status status = ct_reader_open(c->db.p, out, &c->err);
    if (status == CT_OK && ct_reader_newer(*out))
        ct_note(c, c->db.p, "made by a newer cloudtape; only read what is known");
    if (status == CT_OK && c->output.terminal && ct_reader_simulated(*out))
        ct_note(c, c->db.p, "DEMO, a simulated market");
    return status;
}

void ct_call_reader_close(const struct ct_call *c, struct ct_reader *r)
{
    if (r && ct_reader_damaged(r))
        ct_note(c, c->db.p, "newest values are damaged, looked up in the history instead; the next fetch or"
                            " `cloudtape db repair` mends that");
    ct_reader_close(r);
}

int64_t ct_call_moment(const struct ct_call *c)
{
    return c->at_ms == CT_LIVE ? c->now_ms : c->at_ms;
}

struct ct_query ct_call_query(const struct ct_call *c)
{
    return (struct ct_query){
        .at_ms = c->at_ms, .now_ms = c->now_ms, .gone = c->flag[CT_FLAG_GONE] != NULL,
        .believed = c->flag[CT_FLAG_NO_SUSPECT] != NULL,
        .mix_input = ct_setting_number(c->settings, "mix", "input"),
        .mix_output = ct_setting_number(c->settings, "mix", "output")};
}

/* ---- how text looks ---- */

/* The word of FLAG, else of the setting of its name, as an index of WORDS. */
static enum ct_status look_word(struct ct_call *c, enum ct_flag flag, const char *const *words, int *out)
{
    const char *given = c->flag[flag], *word = given ? given : ct_setting(c->settings, "", ct_flag_defs[flag].word);
    char where[40];
    *out = word ? ct_word(words, ct_span(word)) : 0;
    snprintf(where, sizeof where, "--%s", ct_flag_defs[flag].word);
    if (*out >= 0)
        return CT_OK;
    return ct_fail(&c->err, CT_ERR_USAGE, where, "wanted %s, %s or %s, found \"%s\"%s", words[0], words[1], words[2],
                   word, ct_did_you_mean(ct_nearest(word, words)));
}

/* As many as the terminal's name promises. */
static int terminal_colors(void)
{
    const char *term = getenv("TERM"), *more = getenv("COLORTERM");
    return (more && more[0]) || (term && (strstr(term, "256") || strstr(term, "direct"))) ? 256 : 8;
}

static void skip_problem(void *ctx, const char *where, const char *what)
{
    (void)ctx, (void)where, (void)what;
}

enum ct_status ct_call_look(struct ct_call *c)
{
    static const char *const zones[] = {"utc", "local", "both", NULL}, *const when[] = {"auto", "always", "never", NULL};
    static struct ct_theme theme;
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    struct ct_output *o = &c->output;
    bool text = o->format == CT_FORMAT_TEXT, ask = c->flag[CT_FLAG_TZ] != NULL, always = c->flag[CT_FLAG_COLOR] != NULL;
    int zone = 0, color = 0;
    enum ct_status st = look_word(c, CT_FLAG_TZ, zones, &zone);
    if (st == CT_OK)
        st = look_word(c, CT_FLAG_COLOR, when, &color);
    if (st != CT_OK)
        return st;
    if (ask && zone > 0 && !text)
        return ct_fail(&c->err, CT_ERR_USAGE, "--tz", "is for text; other formats have UTC");
    if (ask && zone > 1 && !o->terminal)
        return ct_fail(&c->err, CT_ERR_USAGE, "--tz", "both is for terminals; local has its distance from UTC");
    always = always && color == 1;
    if (always && !text)
        return ct_fail(&c->err, CT_ERR_USAGE, "--color", "is for text; other formats have no colours");
    o->zone = o->terminal || ask ? (enum ct_zone)zone : CT_ZONE_UTC;
    bool dumb = !term || !term[0] || strcmp(term, "dumb") == 0;
    if (text && (always || (o->terminal && color < 2 && !dumb && (color == 1 || !no || !no[0])))) {
        const char *name = ct_setting(c->settings, "", "theme");
        struct ct_error ignored = {0}; /* the dashboard tells of a theme it can not read */
        ct_theme_builtin(&theme);
        if (name && strcmp(name, theme.name) != 0)
            (void)!ct_theme_load(name, &theme, skip_problem, NULL, &ignored);
        o->theme = &theme;
        o->colors = terminal_colors();
    }
    return CT_OK;
}

enum ct_status ct_call_number(struct ct_call *c, enum ct_flag flag, int64_t least, int64_t *out)
{
    char where[40];
    *out = CT_NONE;
    if (!c->flag[flag])
        return CT_OK;
    snprintf(where, sizeof where, "--%s", ct_flag_defs[flag].word);
    if (ct_span_int(ct_span(c->flag[flag]), out) != CT_OK || *out < least)
        return ct_fail(&c->err, CT_ERR_USAGE, where,
                       "wanted a whole number from %lld, found \"%s\"", (long long)least,
                       c->flag[flag]);
    return CT_OK;
}

enum ct_status ct_call_span(struct ct_call *c, enum ct_flag flag, int64_t *out_ms)
{
    char where[40];
    *out_ms = CT_NONE;
    if (!c->flag[flag])
        return CT_OK;
    snprintf(where, sizeof where, "--%s", ct_flag_defs[flag].word);
    if (ct_duration_parse(ct_span(c->flag[flag]), out_ms) != CT_OK)
        return ct_fail(&c->err, CT_ERR_USAGE, where,
                       "wanted a length of time such as 10m, found \"%s\"", c->flag[flag]);
    return CT_OK;
}

static enum ct_status flag_time(struct ct_call *c, enum ct_flag flag, int64_t *out_ms)
{
    if (!c->flag[flag])
        return CT_OK;
    enum ct_status status = ct_time_parse_user(ct_span(c->flag[flag]), c->now_ms, out_ms, &c->err);
    if (status != CT_OK)
        status = ct_fail(&c->err, CT_ERR_USAGE, flag == CT_FLAG_FROM ? "--from" : "--to",
                         "no such time \"%s\"", c->flag[flag]);
    return status;
}

enum ct_status ct_call_window(struct ct_call *c, struct ct_query *q)
{
    int64_t range, from = CT_NONE, to = CT_NONE;
    enum ct_status status = ct_call_span(c, CT_FLAG_RANGE, &range);
    if (status == CT_OK)
        status = flag_time(c, CT_FLAG_FROM, &from);
    if (status == CT_OK)
        status = flag_time(c, CT_FLAG_TO, &to);
    if (status != CT_OK || (range == CT_NONE && from == CT_NONE && to == CT_NONE))
        return status;
    if (range != CT_NONE && from != CT_NONE)
        return ct_fail(&c->err, CT_ERR_USAGE, c->cmd->name, "--range or --from, not both");
    q->to_ms = to == CT_NONE ? ct_call_moment(c) : to;
    q->from_ms = range != CT_NONE ? q->to_ms - range : from == CT_NONE ? 1 : from;
    if (q->from_ms < 1)
        q->from_ms = 1; /* 0 would mean: everything */
    if (q->from_ms >= q->to_ms)
        return ct_fail(&c->err, CT_ERR_USAGE, c->cmd->name, "the window ends before it begins");
    return CT_OK;
}

enum ct_status ct_call_envelope(struct ct_call *c, struct ct_reader *r, unsigned kinds,
                                struct ct_envelope *out)
{
    struct ct_query q = ct_call_query(c);
    struct ct_rows rows = {NULL, 0};
    int64_t limit_ms;
    enum ct_status status = ct_call_span(c, CT_FLAG_MAX_AGE, &limit_ms);
    if (status == CT_OK && r)
        status = ct_read_sources(r, &q, c->arena, &rows, &c->err);
    const struct ct_source_row *all = rows.v;
    CT_VEC(struct ct_source_row) kept = {0};
    for (size_t i = 0; status == CT_OK && i < rows.n; i++)
        if (all[i].kind >= 0 && (kinds & 1u << all[i].kind))
            *CT_VEC_PUSH(c->arena, &kept) = all[i];
    *out = (struct ct_envelope){c->now_ms,
                                ct_call_moment(c),
                                limit_ms == CT_NONE ? CT_NONE : limit_ms / CT_SECOND,
                                {kept.v, kept.n}};
    return status;
}

enum ct_status ct_call_filter(struct ct_call *c, const struct ct_table *t, size_t first,
                              struct ct_filter **out)
{
    struct ct_buf text = CT_BUF_INIT;
    for (size_t i = first; i < c->n_words; i++)
        ct_buf_addf(&text, "%s%s", text.n ? " " : "", c->words[i]);
    if (c->flag[CT_FLAG_FILTER])
        ct_buf_addf(&text, "%s%s", text.n ? " " : "", c->flag[CT_FLAG_FILTER]);
    struct ct_span copy = ct_arena_dup(c->arena, ct_buf_span(&text));
    enum ct_status status = ct_filter_compile(t, copy, ct_call_moment(c), c->arena, out, &c->err);
    if (status != CT_OK)
        ct_error_prefix(&c->err, "filter");
    ct_buf_free(&text);
    return status;
}

/* The youngest age among ROWS, in seconds; CT_NONE: nothing has one. */
static int64_t youngest(const struct ct_table *t, struct ct_rows rows)
{
    const struct ct_column *c = ct_table_column(t, CT_LIT("age_s"));
    int64_t best = CT_NONE, age;
    for (size_t i = 0; c && i < rows.n; i++) {
        if (ct_cell_null(c, ct_row(t, rows, i)))
            continue;
        memcpy(&age, (const char *)ct_row(t, rows, i) + c->off, sizeof age);
        best = best == CT_NONE || age < best ? age : best;
    }
    return best;
}

int ct_no_data(const struct ct_call *c)
{
    struct ct_span why = c->at_ms != CT_LIVE ? CT_LIT("no data at that time")
                         : c->no_data.n      ? c->no_data
                         : CT_LIT("no data yet; `cloudtape` or `cloudtape fetch --once` fetches some");
    const char *who = c->cmd->name[0] ? c->cmd->name : "--plain"; /* the dashboard's only form with an answer */
    ct_note(c, who, "%.*s", CT_FMT(why));
    return 3;
}

/* Did any source of the answer ever deliver, by the moment asked for? */
static bool any_answer(const struct ct_envelope *e)
{
    return youngest(&ct_source_table, e->sources) != CT_NONE;
}

/* Exit code 3: nothing was ever stored, or all of it is too old. What is printed stays as it is. An
 * empty list of open incidents from a source that answered is good news, not a lack of data. */
static bool without_data(const struct ct_call *c, const struct ct_table *t, struct ct_rows all,
                         struct ct_rows matched, const struct ct_envelope *e)
{
    bool own = ct_table_column(t, CT_LIT("age_s")) != NULL;
    if (all.n == 0 ? !any_answer(e)
                   : t == &ct_status_table && youngest(t, all) == CT_NONE && !any_answer(e))
        return ct_no_data(c) != 0;
    if (e->max_age_s == CT_NONE || matched.n == 0)
        return false;
    int64_t age = own ? youngest(t, matched) : youngest(&ct_source_table, e->sources);
    if (age != CT_NONE && age <= e->max_age_s)
        return false;
    ct_note(c, c->cmd->name, "all data is older than --max-age %s", c->flag[CT_FLAG_MAX_AGE]);
    return true;
}

enum ct_status ct_call_select(struct ct_call *c, const struct ct_table *t, struct ct_rows *rows,
                              const char *sort, size_t first_word, size_t *matched)
{
    struct ct_filter *f = NULL;
    struct ct_rows all = *rows;
    int64_t limit;
    enum ct_status status = ct_call_number(c, CT_FLAG_LIMIT, 1, &limit);
    if (c->flag[CT_FLAG_SORT])
        sort = c->flag[CT_FLAG_SORT];
    if (status == CT_OK)
        status = ct_call_filter(c, t, first_word, &f);
    if (status == CT_OK)
        status = ct_rows_select(t, *rows, f, sort, limit == CT_NONE ? 0 : (size_t)limit, c->arena,
                                rows, matched, &c->err);
    if (status == CT_OK && all.n && !*matched) {
        struct ct_span near = ct_filter_near(f, all, c->arena);
        if (near.n)
            ct_note(c, c->cmd->name, "nothing has %.*s", CT_FMT(near));
    }
    return status;
}

/* Says what the order did with rows that nobody confirms any more; to people only. */
static void tell_old(const struct ct_call *c, const struct ct_table *t, struct ct_rows rows, const char *sort)
{
    size_t n = c->output.format == CT_FORMAT_TEXT ? ct_rows_old(t, rows, sort) : 0;
    if (n)
        ct_note(c, c->cmd->name, "%zu of %zu are old and come last (old:no leaves them out)", n, rows.n);
}

int ct_print_rows(struct ct_call *c, const struct ct_table *t, struct ct_rows rows,
                  const char *text_columns, const char *sort, size_t first_word,
                  const struct ct_envelope *e)
{
    struct ct_rows chosen = rows;
    struct ct_buf out = CT_BUF_INIT;
    const struct ct_table *shown = t;
    size_t matched = 0;
    const char *columns = c->flag[CT_FLAG_COLUMNS];
    if (ct_call_select(c, t, &chosen, sort, first_word, &matched) != CT_OK)
        return ct_report(&c->err);
    if (!columns && c->output.format == CT_FORMAT_TEXT)
        columns = text_columns;
    if (columns && ct_table_pick(t, columns, c->arena, &shown, &c->err) != CT_OK)
        return ct_report(&c->err);
    ct_output_rows(&out, &c->output, shown, chosen, e);
    int code = ct_output_flush(&out);
    ct_buf_free(&out);
    tell_old(c, t, chosen, c->flag[CT_FLAG_SORT] ? c->flag[CT_FLAG_SORT] : sort);
    if (code == 0 && e && without_data(c, t, rows, chosen, e))
        code = 3;
    if (code == 0 && c->flag[CT_FLAG_FAIL_EMPTY] && matched == 0)
        code = 4;
    return code;
}

const char *const *ct_call_watch(struct ct_call *c)
{
    return ct_watch_items(c->settings, c->arena);
}
