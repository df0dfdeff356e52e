/* Commands that read the database and print rows. */
#include "config.h"

#include "app/command.h"
#include "app/spawn.h"
#include "db/base/ini.h"
#include "db/base/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- shared ---- */

enum ct_status ct_call_reader(struct ct_call *c, struct ct_reader **out)
{
    *out = NULL;
    ct_tell_problems(c->settings);
    enum ct_status status = ct_reader_open(c->db.p, out, &c->err);
    if (status == CT_OK && ct_reader_newer(*out))
        fprintf(stderr, "cloudtape: %s: made by a newer cloudtape; only read what is known\n",
                c->db.p);
    return status;
}

static int64_t moment(const struct ct_call *c)
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
    q->to_ms = to == CT_NONE ? moment(c) : to;
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
                                moment(c),
                                limit_ms == CT_NONE ? CT_NONE : limit_ms / CT_SECOND,
                                {kept.v, kept.n}};
    return status;
}

/* Compiles the words of C from FIRST on together with --filter; NULL matches everything. */
static enum ct_status call_filter(struct ct_call *c, const struct ct_table *t, size_t first,
                                  struct ct_filter **out)
{
    struct ct_buf text = CT_BUF_INIT;
    for (size_t i = first; i < c->n_words; i++)
        ct_buf_addf(&text, "%s%s", text.n ? " " : "", c->words[i]);
    if (c->flag[CT_FLAG_FILTER])
        ct_buf_addf(&text, "%s%s", text.n ? " " : "", c->flag[CT_FLAG_FILTER]);
    struct ct_span copy = ct_arena_dup(c->arena, ct_buf_span(&text));
    enum ct_status status = ct_filter_compile(t, copy, moment(c), c->arena, out, &c->err);
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
    fprintf(stderr, "cloudtape: %s: no data%s\n", c->cmd->name,
            c->at_ms == CT_LIVE ? " yet; `cloudtape` or `cloudtape fetch --once` fetches some"
                                : " at that time");
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
    fprintf(stderr, "cloudtape: %s: all data is older than --max-age %s\n", c->cmd->name,
            c->flag[CT_FLAG_MAX_AGE]);
    return true;
}

enum ct_status ct_call_select(struct ct_call *c, const struct ct_table *t, struct ct_rows *rows,
                              const char *sort, size_t first_word, size_t *matched)
{
    struct ct_filter *f = NULL;
    int64_t limit;
    enum ct_status status = ct_call_number(c, CT_FLAG_LIMIT, 1, &limit);
    if (c->flag[CT_FLAG_SORT])
        sort = c->flag[CT_FLAG_SORT];
    if (status == CT_OK)
        status = call_filter(c, t, first_word, &f);
    if (status == CT_OK)
        status = ct_rows_select(t, *rows, f, sort, limit == CT_NONE ? 0 : (size_t)limit, c->arena,
                                rows, matched, &c->err);
    return status;
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

/* ---- tables that are printed as they are read ---- */

struct plain {
    const struct ct_table *table;
    ct_load_fn *load;
    const char *text_columns, *sort;
    unsigned kinds;
};

/* Reads P's rows for Q and the envelope. A database that is not there has no rows. */
static int load_plain(struct ct_call *c, const struct plain *p, const struct ct_query *q,
                      struct ct_rows *rows, struct ct_envelope *e)
{
    struct ct_reader *r = NULL;
    enum ct_status status = ct_call_reader(c, &r);
    *rows = (struct ct_rows){NULL, 0};
    if (status == CT_OK)
        status = p->load(r, q, c->arena, rows, &c->err);
    else if (status == CT_ERR_NOT_FOUND)
        status = CT_OK;
    if (status == CT_OK)
        status = ct_call_envelope(c, r, p->kinds, e);
    ct_reader_close(r);
    return status == CT_OK ? 0 : ct_report(&c->err);
}

static int print_plain(struct ct_call *c, const struct plain *p, const struct ct_query *q)
{
    struct ct_envelope e;
    struct ct_rows rows;
    int code = load_plain(c, p, q, &rows, &e);
    return code ? code : ct_print_rows(c, p->table, rows, p->text_columns, p->sort, 0, &e);
}

#define STATUS (1u << CT_SOURCE_STATUS)
#define PRICES (1u << CT_SOURCE_PRICES)
#define MODELS (1u << CT_SOURCE_MODELS)

int ct_cmd_tokens(struct ct_call *c)
{
    static const struct plain p = {&ct_token_table, ct_read_tokens,
                                   "lab model variant host region kind tier usd_per_mtok currency "
                                   "premium_pct blended_usd_per_mtok change_30d_pct age_s source",
                                   CT_SORT_TOKENS, MODELS};
    if (c->flag[CT_FLAG_MOVES])
        return ct_cmd_moves(c);
    if (c->flag[CT_FLAG_GROUP])
        return ct_cmd_classes(c);
    struct ct_query q = ct_call_query(c);
    return print_plain(c, &p, &q);
}

int ct_cmd_events(struct ct_call *c)
{
    static const struct plain p = {&ct_event_table, ct_read_events, "at kind severity subject text",
                                   "", CT_KINDS_ALL};
    struct ct_query q = ct_call_query(c);
    if (ct_call_window(c, &q) != CT_OK)
        return ct_report(&c->err);
    return print_plain(c, &p, &q);
}

int ct_cmd_movers(struct ct_call *c)
{
    static const struct plain p = {&ct_mover_table, ct_read_movers,
                                   "series then now unit pct suspect changed_at source", "", PRICES | MODELS};
    struct ct_query q = ct_call_query(c);
    q.limit = c->n_words || c->flag[CT_FLAG_LIMIT] ? 1000000 : 0; /* of those the filter leaves */
    if (ct_call_window(c, &q) != CT_OK)
        return ct_report(&c->err);
    return print_plain(c, &p, &q);
}

int ct_cmd_figures(struct ct_call *c)
{
    static const struct plain p = {&ct_figures_table, ct_read_figures,
                                   "series unit min median max last changes times_gone gone_s "
                                   "longest_gap_s uptime_pct", "", CT_KINDS_ALL};
    struct ct_query q = ct_call_query(c);
    struct ct_envelope e;
    struct ct_rows rows;
    q.subject = ct_span(c->words[0]);
    if (ct_call_window(c, &q) != CT_OK)
        return ct_report(&c->err);
    int code = load_plain(c, &p, &q, &rows, &e);
    return code ? code : ct_print_rows(c, p.table, rows, p.text_columns, p.sort, 1, &e);
}

int ct_cmd_incidents(struct ct_call *c)
{
    static const struct plain p = {&ct_incident_table, ct_read_incidents,
                                   "provider state phase started_at title", "", STATUS};
    struct ct_query q = ct_call_query(c);
    return print_plain(c, &p, &q);
}

int ct_cmd_components(struct ct_call *c)
{
    static const struct plain p = {&ct_component_table, ct_read_components,
                                   "provider group name region state raw_state since", "", STATUS};
    struct ct_query q = ct_call_query(c);
    return print_plain(c, &p, &q);
}

/* `sources test NAME`: the fetcher's work. It gets the same flags. */
static int test_source(struct ct_call *c)
{
    char name[] = "test-source";
    size_t n = 2, i = 2;
    while (c->argv[i] && strcmp(c->argv[i], "test") != 0)
        i++;
    for (size_t k = 2; c->argv[k]; k++)
        if (k != i)
            c->argv[n++] = c->argv[k];
    c->argv[n] = NULL;
    c->argv[1] = name;
    return ct_fetcher_exec(c->argv, &c->err) == CT_OK ? 0 : ct_report(&c->err);
}

int ct_cmd_sources(struct ct_call *c)
{
    static const struct plain p = {&ct_source_table, ct_read_sources,
                                   "id kind state age_s interval_s http_status rows changed_rows "
                                   "latency_ms mark error",
                                   "", CT_KINDS_ALL};
    struct ct_query q = ct_call_query(c);
    if (c->n_words > 0 && strcmp(c->words[0], "test") == 0)
        return test_source(c);
    if (c->flag[CT_FLAG_ALLOW_PRIVATE] || c->flag[CT_FLAG_CA])
        return ct_usage("sources", "--%s goes with test",
                        c->flag[CT_FLAG_CA] ? "ca" : "allow-private");
    return print_plain(c, &p, &q);
}

int ct_cmd_series(struct ct_call *c)
{
    static const struct plain p = {&ct_series_table, ct_read_series, NULL, "", CT_KINDS_ALL};
    struct ct_query q = ct_call_query(c);
    return print_plain(c, &p, &q);
}

/* ---- gpus ---- */

/* Rows of an offer table that are in stock, in place. */
static struct ct_rows in_stock(const struct ct_table *t, struct ct_rows rows, struct ct_call *c)
{
    struct ct_filter *f = NULL;
    size_t matched;
    struct ct_span text = t == &ct_offer_table ? CT_LIT("stock:A,L") : CT_LIT("available>0");
    if (ct_filter_compile(t, text, moment(c), c->arena, &f, &c->err) != CT_OK ||
        ct_rows_select(t, rows, f, "", 0, c->arena, &rows, &matched, &c->err) != CT_OK)
        rows.n = 0;
    return rows;
}

int ct_cmd_gpus(struct ct_call *c)
{
    static const struct plain offers = {
        &ct_offer_table, ct_read_offers,
        "gpu form gpu_mem_gib gpu_count cloud region purchase price_usd_per_gpu_hour currency "
        "change_24h_pct stock age_s instance",
        CT_SORT_OFFERS, PRICES};
    static const struct plain groups = {
        &ct_gpu_table, ct_read_gpus,
        "gpu form cloud region purchase index_usd_per_gpu_hour cheapest_usd_per_gpu_hour "
        "cheapest_cloud dearest_usd_per_gpu_hour clouds offers available change_7d_pct "
        "index_usd_per_pflop_hour",
        "cheapest_usd_per_gpu_hour", PRICES};
    static const char *const words[] = {"gpu", "cloud", "region", NULL};
    struct ct_query q = ct_call_query(c);
    struct ct_envelope e;
    struct ct_rows rows;
    q.group = c->flag[CT_FLAG_GROUP];
    if (q.group && ct_word(words, ct_span(q.group)) < 0)
        return ct_usage("--group", "wanted gpu, cloud or region, found \"%s\"%s", q.group,
                        ct_did_you_mean(ct_nearest(q.group, words)));
    const struct plain *p = q.group ? &groups : &offers;
    int code = load_plain(c, p, &q, &rows, &e);
    if (code)
        return code;
    if (c->flag[CT_FLAG_AVAILABLE] && rows.n) {
        rows = in_stock(p->table, rows, c);
        if (rows.n == 0) { /* data there is: nothing of it is in stock */
            struct ct_rows none = {NULL, 0};
            struct ct_buf out = CT_BUF_INIT;
            ct_output_rows(&out, &c->output, p->table, none, &e);
            code = ct_output_flush(&out);
            ct_buf_free(&out);
            return code ? code : c->flag[CT_FLAG_FAIL_EMPTY] ? 4 : 0;
        }
    }
    return ct_print_rows(c, p->table, rows, p->text_columns, p->sort, 0, &e);
}

/* ---- status ---- */

/* WORD names the provider of S, or PROVIDER/SCOPE of it, globs included. */
static bool names_row(struct ct_span word, const struct ct_status_row *s, struct ct_arena *a)
{
    return ct_glob(word, s->provider) ||
           ct_glob(word, ct_arena_printf(a, "%.*s/%.*s", CT_FMT(s->provider), CT_FMT(s->scope)));
}

static int no_provider(const char *word, const struct ct_status_row *rows, size_t n)
{
    const char **names = ct_xcalloc(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = ct_xspandup(rows[i].provider);
    int code =
        ct_usage("status", "no provider \"%s\"%s", word, ct_did_you_mean(ct_nearest(word, names)));
    for (size_t i = 0; i < n; i++)
        free((void *)(uintptr_t)names[i]);
    free(names);
    return code;
}

/* Keeps the rows the words of C name, else those of [scope]. A word that names none is wrong usage:
 * an alarm on a misspelt provider would stay silent for ever. */
static int keep_named(struct ct_call *c, struct ct_rows *rows)
{
    const struct ct_status_row *all = rows->v;
    CT_VEC(struct ct_status_row) kept = {0};
    const char *scope = c->flag[CT_FLAG_ALL] ? NULL : ct_setting(c->settings, "scope", "providers");
    if (c->n_words == 0 && !scope)
        return 0;
    for (size_t w = 0; w < c->n_words; w++) {
        bool found = false;
        for (size_t i = 0; i < rows->n && !found; i++)
            found = names_row(ct_span(c->words[w]), &all[i], c->arena);
        if (!found && rows->n)
            return no_provider(c->words[w], all, rows->n);
    }
    for (size_t i = 0; i < rows->n; i++) {
        bool named = false;
        for (size_t w = 0; w < c->n_words; w++)
            named = named || names_row(ct_span(c->words[w]), &all[i], c->arena);
        for (struct ct_span rest = ct_span(c->n_words ? NULL : scope); rest.p && !named;)
            named = names_row(ct_span_trim(ct_span_cut(&rest, ',')), &all[i], c->arena);
        if (named)
            *CT_VEC_PUSH(c->arena, &kept) = all[i];
    }
    *rows = (struct ct_rows){kept.v, kept.n};
    return 0;
}

/* --fail-on as a state and its exit code. */
static bool fail_on(const char *word, int *state, int *code)
{
    static const struct {
        const char *word;
        int state, code;
    } words[] = {{"degr", CT_STATE_DEGRADED, 10},
                 {"warning", CT_STATE_DEGRADED, 10},
                 {"part", CT_STATE_PARTIAL, 20},
                 {"down", CT_STATE_MAJOR, 20},
                 {"critical", CT_STATE_PARTIAL, 20}};
    for (size_t i = 0; i < CT_LEN(words); i++) {
        if (strcmp(words[i].word, word) == 0) {
            *state = words[i].state;
            *code = words[i].code;
            return true;
        }
    }
    return false;
}

/* Only what the filter lets through counts, whatever --limit cuts off. */
static int worst_matched(struct ct_call *c, struct ct_rows rows)
{
    const struct ct_status_row *all = rows.v;
    struct ct_filter *f = NULL;
    int worst = CT_STATE_OPERATIONAL;
    if (call_filter(c, &ct_status_table, c->n_words, &f) != CT_OK)
        return worst; /* already told while printing */
    for (size_t i = 0; i < rows.n; i++)
        if (ct_filter_match(f, &all[i]) && all[i].state > worst)
            worst = all[i].state;
    return worst;
}

static int print_line(struct ct_call *c)
{
    static const char fits[] = " db config at line tmux width index ";
    struct ct_buf out = CT_BUF_INIT;
    for (int i = 0; i < CT_N_FLAGS; i++) {
        char word[32];
        snprintf(word, sizeof word, " %s ", ct_flag_defs[i].word);
        if (c->flag[i] && !strstr(fits, word))
            return ct_usage("status", "--line goes without --%s", ct_flag_defs[i].word);
    }
    if (c->n_words)
        return ct_usage("status", "--line counts what [scope] names, no \"%s\"", c->words[0]);
    int code = ct_status_line(c, &out);
    if (code == 0)
        code = ct_output_flush(&out);
    ct_buf_free(&out);
    return code;
}

int ct_cmd_status(struct ct_call *c)
{
    static const struct plain p = {&ct_status_table, ct_read_status,
                                   "state provider scope since evidence components_bad "
                                   "components_total uptime_90d age_s reason",
                                   "", STATUS};
    struct ct_query q = ct_call_query(c);
    struct ct_envelope e;
    struct ct_rows rows;
    int state = 0, met = 0, worst;
    const char *limit = c->flag[CT_FLAG_FAIL_ON];
    if (limit && !fail_on(limit, &state, &met))
        return ct_usage("--fail-on", "wanted degr, part or down, found \"%s\"", limit);
    if (c->flag[CT_FLAG_LINE])
        return print_line(c);
    if (c->flag[CT_FLAG_TMUX] || c->flag[CT_FLAG_WIDTH])
        return ct_usage("status", "--%s goes with --line",
                        c->flag[CT_FLAG_TMUX] ? "tmux" : "width");
    int code = load_plain(c, &p, &q, &rows, &e);
    if (code == 0)
        code = keep_named(c, &rows);
    if (code)
        return code;
    code = ct_print_rows(c, p.table, rows, p.text_columns, p.sort, c->n_words, &e);
    if (code != 0 || !limit)
        return code;
    worst = worst_matched(c, rows);
    return worst >= state ? met : 0;
}
