/* Commands that read the database and print rows. */
#include "config.h"

#include "app/command.h"
#include "app/spawn.h"
#include "db/base/ini.h"
#include "db/base/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    ct_call_reader_close(c, r);
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

/* ---- --unit ---- */

struct unit {
    const char *word, *column; /* the word with "$/" before it and ".h" behind is understood, too, as the screens say it */
};

static const struct unit *find_unit(struct ct_call *c, const struct unit *units)
{
    struct ct_span given = ct_span(c->flag[CT_FLAG_UNIT]);
    const char *words[8] = {NULL};
    if (!given.p)
        return units;
    if (ct_span_starts(given, "$/"))
        given = (struct ct_span){given.p + 2, given.n - 2};
    if (ct_span_ends(given, ".h"))
        given.n -= 2;
    struct ct_buf list = CT_BUF_INIT;
    for (size_t i = 0; units[i].word; i++) {
        words[i] = units[i].word;
        ct_buf_addf(&list, "%s%s", i ? ", " : "", units[i].word);
    }
    int i = ct_word(words, given);
    if (i < 0)
        ct_usage("--unit", "wanted one of %s, found \"%s\"", list.p, c->flag[CT_FLAG_UNIT]);
    ct_buf_free(&list);
    return i < 0 ? NULL : &units[i];
}

/* COLUMNS with another one in the place of FROM. */
static const char *put_column(const char *columns, const char *from, const char *to, struct ct_arena *a)
{
    const char *at = strstr(columns, from);
    return at == NULL || strcmp(from, to) == 0
               ? columns
               : ct_arena_printf(a, "%.*s%s%s", (int)(at - columns), columns, to, at + strlen(from)).p;
}

/* A token price and what a thousand cost: a thousandth, exact. */
struct per_thousand {
    struct ct_token_row row; /* first: it has the other columns */
    int digits;
};

/* The table of tokens with usd_per_ktok behind its columns, and ROWS as rows of it. */
static const struct ct_table *per_thousand(struct ct_rows *rows, struct ct_arena *a)
{
    enum { NANO_OF_A_THOUSANDTH = 12 };
    const struct ct_token_row *from = rows->v;
    size_t n = ct_token_table.n_columns;
    const struct ct_column *per_million = ct_table_column(&ct_token_table, CT_LIT("usd_per_mtok"));
    struct ct_column *columns = ct_arena_alloc(a, (n + 1) * sizeof *columns);
    struct ct_table *t = ct_arena_alloc(a, sizeof *t);
    struct per_thousand *to = ct_arena_alloc(a, (rows->n + 1) * sizeof *to);
    memcpy(columns, ct_token_table.columns, n * sizeof *columns);
    columns[n] = (struct ct_column){.name = "usd_per_ktok", .type = CT_TYPE_SCALED, .off = per_million->off,
                                    .flags = CT_COL_PRICE, .digits_off = offsetof(struct per_thousand, digits)};
    for (size_t i = 0; i < rows->n; i++)
        to[i] = (struct per_thousand){from[i], NANO_OF_A_THOUSANDTH};
    *t = (struct ct_table){ct_token_table.name, sizeof *to, columns, n + 1};
    *rows = (struct ct_rows){to, rows->n};
    return t;
}

int ct_cmd_tokens(struct ct_call *c)
{
    static const struct unit units[] = {{"1M", "usd_per_mtok"}, {"1K", "usd_per_ktok"}, {NULL, NULL}};
    static const struct plain p = {&ct_token_table, ct_read_tokens,
                                   "lab model variant host region kind tier usd_per_mtok currency "
                                   "premium_pct blended_usd_per_mtok change_30d_pct age_s freshness source",
                                   CT_SORT_TOKENS, MODELS};
    const struct unit *unit = find_unit(c, units);
    if (!unit)
        return 2;
    if (c->flag[CT_FLAG_UNIT] && (c->flag[CT_FLAG_MOVES] || c->flag[CT_FLAG_GROUP]))
        return ct_usage("tokens", "--unit goes without --%s", c->flag[CT_FLAG_MOVES] ? "moves" : "group");
    if (c->flag[CT_FLAG_MOVES])
        return ct_cmd_moves(c);
    if (c->flag[CT_FLAG_GROUP])
        return ct_cmd_classes(c);
    struct ct_query q = ct_call_query(c);
    struct ct_envelope e;
    struct ct_rows rows;
    int code = load_plain(c, &p, &q, &rows, &e);
    if (code)
        return code;
    const struct ct_table *t = unit == units ? p.table : per_thousand(&rows, c->arena);
    return ct_print_rows(c, t, rows, put_column(p.text_columns, units->column, unit->column, c->arena), p.sort, 0, &e);
}

/* --plain: rows as sentences by SENTENCE; false after telling what it goes without. */
static bool take_plain(struct ct_call *c, void (*sentence)(struct ct_buf *, const void *))
{
    static const enum ct_flag without[] = {CT_FLAG_JSON, CT_FLAG_NDJSON, CT_FLAG_CSV, CT_FLAG_TSV, CT_FLAG_COLUMNS,
                                           CT_FLAG_NO_HEADER};
    if (!c->flag[CT_FLAG_PLAIN])
        return true;
    for (size_t i = 0; i < CT_LEN(without); i++)
        if (c->flag[without[i]])
            return ct_usage(c->cmd->name, "--plain goes without --%s", ct_flag_defs[without[i]].word), false;
    c->output.sentence = sentence;
    return true;
}

static void say_event(struct ct_buf *out, const void *row)
{
    ct_plain_event(out, row);
}

static void say_status(struct ct_buf *out, const void *row)
{
    ct_plain_status(out, row);
}

int ct_cmd_events(struct ct_call *c)
{
    static const struct plain p = {&ct_event_table, ct_read_events, "at kind severity subject text",
                                   "", CT_KINDS_ALL};
    enum { MOST = 1000000 }; /* at once in memory */
    struct ct_query q = ct_call_query(c);
    struct ct_envelope e;
    struct ct_rows rows;
    int64_t some = CT_NONE;
    if (!take_plain(c, say_event))
        return 2;
    if (ct_call_window(c, &q) != CT_OK)
        return ct_report(&c->err);
    if (!c->n_words && !c->flag[CT_FLAG_FILTER] && !c->flag[CT_FLAG_SORT] &&
        ct_call_number(c, CT_FLAG_LIMIT, 0, &some) != CT_OK)
        return ct_report(&c->err);
    q.limit = some > 0 && some < MOST ? (size_t)some : MOST;
    int code = load_plain(c, &p, &q, &rows, &e);
    if (code == 0 && rows.n == MOST)
        ct_note(c, "events", "only the newest %d; --to names where others begin", MOST);
    return code ? code : ct_print_rows(c, p.table, rows, p.text_columns, p.sort, 0, &e);
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

/* A filter has no slash without a field or a comparison in front. */
static bool names_series(const char *word)
{
    return strchr(word, '/') && !strpbrk(word, ":<>=~!");
}

/* The first words are series, the others the filter. */
int ct_cmd_figures(struct ct_call *c)
{
    static const struct plain p = {&ct_figures_table, ct_read_figures,
                                   "series unit min median max last changes times_gone gone_s "
                                   "longest_gap_s uptime_pct", "", CT_KINDS_ALL};
    struct ct_query q = ct_call_query(c);
    struct ct_envelope e;
    CT_VEC(struct ct_figures_row) all = {NULL, 0, 0};
    size_t n = 0;
    int code = 0;
    if (ct_call_window(c, &q) != CT_OK)
        return ct_report(&c->err);
    do {
        struct ct_rows rows;
        q.subject = ct_span(c->words[n]);
        code = load_plain(c, &p, &q, &rows, &e);
        if (code == 0 && n > 0 && !rows.n) {
            (void)ct_fail(&c->err, CT_ERR_NOT_FOUND, c->words[n], "no such series");
            code = ct_report(&c->err);
        }
        for (size_t i = 0; code == 0 && i < rows.n; i++) {
            struct ct_figures_row *place = CT_VEC_PUSH(c->arena, &all);
            if (place)
                *place = ((const struct ct_figures_row *)rows.v)[i];
        }
    } while (code == 0 && ++n < c->n_words && names_series(c->words[n]));
    struct ct_rows rows = {all.v, all.n};
    return code ? code : ct_print_rows(c, p.table, rows, p.text_columns, p.sort, n, &e);
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
    struct ct_buf list = CT_BUF_INIT;
    if (c->n_words > 0 && strcmp(c->words[0], "test") == 0)
        return test_source(c);
    if (c->flag[CT_FLAG_ALLOW_PRIVATE] || c->flag[CT_FLAG_CA])
        return ct_usage("sources", "--%s goes with test",
                        c->flag[CT_FLAG_CA] ? "ca" : "allow-private");
    if (ct_path_resource(&list, "fetchers/reference/sources.tsv", NULL) == CT_OK)
        c->no_data = ct_arena_printf(c->arena, "none asked yet; `cloudtape` or `cloudtape fetch --once` asks those of %s",
                                     list.p);
    ct_buf_free(&list);
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
    struct ct_span text = t == &ct_offer_table ? CT_LIT("stock:A,L old:no") : CT_LIT("available>0");
    if (ct_filter_compile(t, text, ct_call_moment(c), c->arena, &f, &c->err) != CT_OK ||
        ct_rows_select(t, rows, f, "", 0, c->arena, &rows, &matched, &c->err) != CT_OK)
        rows.n = 0;
    return rows;
}

int ct_cmd_gpus(struct ct_call *c)
{
    static const struct plain offers = {
        &ct_offer_table, ct_read_offers,
        "gpu form gpu_mem_gib gpu_count cloud region purchase price_usd_per_gpu_hour currency "
        "change_24h_pct stock age_s freshness instance",
        CT_SORT_OFFERS, PRICES};
    static const struct plain groups = {
        &ct_gpu_table, ct_read_gpus,
        "gpu form cloud region purchase index_usd_per_gpu_hour cheapest_usd_per_gpu_hour "
        "cheapest_cloud dearest_usd_per_gpu_hour clouds offers available change_7d_pct "
        "index_usd_per_pflop_hour",
        "cheapest_usd_per_gpu_hour", PRICES};
    static const char *const words[] = {"gpu", "cloud", "region", NULL};
    static const struct unit units[] = {{"gpu", CT_SORT_OFFERS}, {"instance", "price_usd_per_hour"},
                                        {"pflop", "usd_per_pflop_hour"}, {"gb", "usd_per_gb_hour"}, {NULL, NULL}};
    struct ct_query q = ct_call_query(c);
    struct ct_envelope e;
    struct ct_rows rows;
    q.group = c->flag[CT_FLAG_GROUP];
    const struct unit *unit = find_unit(c, units);
    if (!unit)
        return 2;
    if (q.group && c->flag[CT_FLAG_UNIT])
        return ct_usage("gpus", "--unit goes without --group: an index is per GPU-hour");
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
    bool other = unit != units;
    return ct_print_rows(c, p->table, rows, other ? put_column(p->text_columns, CT_SORT_OFFERS, unit->column, c->arena)
                                                  : p->text_columns,
                         other ? unit->column : p->sort, 0, &e);
}

int ct_cmd_prices(struct ct_call *c)
{
    static const char *const kinds[] = {"gpu", "token", NULL};
    const char *kind = c->flag[CT_FLAG_KIND] ? c->flag[CT_FLAG_KIND] : kinds[0];
    int which = ct_word(kinds, ct_span(kind));
    if (which < 0)
        return ct_usage("--kind", "wanted gpu or token, found \"%s\"%s", kind, ct_did_you_mean(ct_nearest(kind, kinds)));
    if (which == 1 && c->flag[CT_FLAG_AVAILABLE])
        return ct_usage("prices", "--available goes with --kind gpu: tokens have no stock");
    return which == 0 ? ct_cmd_gpus(c) : ct_cmd_tokens(c);
}

/* ---- status ---- */

/* WORD names the provider of S, or PROVIDER/SCOPE of it, globs included. */
static bool names_row(struct ct_span word, const struct ct_status_row *s, struct ct_arena *a)
{
    struct ct_span meant = ct_word_meant("provider", word);
    return ct_glob(word, s->provider) || (meant.n && ct_span_eq(meant, s->provider)) ||
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
    if (ct_call_filter(c, &ct_status_table, c->n_words, &f) != CT_OK)
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
    int code = ct_status_line(c, &out), flushed = out.n ? ct_output_flush(&out) : 0;
    ct_buf_free(&out);
    return code ? code : flushed;
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
    if (c->flag[CT_FLAG_LINE] && c->flag[CT_FLAG_PLAIN])
        return ct_usage("status", "--plain goes without --line");
    if (c->flag[CT_FLAG_LINE])
        return print_line(c);
    if (!take_plain(c, say_status))
        return 2;
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
