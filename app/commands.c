#include "config.h"

#include "app/command.h"
#include "db/base/ini.h"

#include <stdio.h>
#include <string.h>

const struct ct_flag_def ct_flag_defs[CT_N_FLAGS] = {
#define X(name, word, arg, help) {word, arg, help},
    CT_FLAG_LIST(X)
#undef X
};

/* The flags of every reading command. */
#define READ                                                                                       \
    "db config at json ndjson csv tsv filter sort limit columns no-header max-age fail-empty tz color refresh quiet"
#define LIST "config json ndjson csv tsv filter sort limit columns no-header"
#define SCREENS "now status gpus tokens models history alerts sources"

const struct ct_command ct_commands[] = {
    {"", "", "the dashboard", "db config at theme charset color start plain no-fetch", NULL, CT_BY_VIEWER, 0, 0,
     ct_cmd_dashboard},
    {"status", "[PROVIDER[/SCOPE]...]", "which providers are unwell, and since when",
     READ " all line plain tmux width index fail-on", NULL, CT_BY_VIEWER, 0, -1, ct_cmd_status},
    {"gpus", "[FILTER...]", "GPU offers with price and stock", READ " group available gone unit", NULL,
     CT_BY_VIEWER, 0, -1, ct_cmd_gpus},
    {"tokens", "[FILTER...]", "what models cost per million tokens", READ " gone group moves no-suspect unit", NULL,
     CT_BY_VIEWER, 0, -1, ct_cmd_tokens},
    {"prices", "[FILTER...]", "of GPU offers, or with --kind token of models", READ " kind available gone unit", NULL,
     CT_BY_VIEWER, 0, -1, ct_cmd_prices},
    {"models", "[FILTER...]", "which model is on which cloud, and how exclusive",
     READ " labs by changes unresolved", NULL, CT_BY_VIEWER, 0, -1, ct_cmd_models},
    {"exit", "PROVIDER[/REGION]", "healthy places that sell the same, cheapest first",
     READ " gpu model unknown", NULL, CT_BY_VIEWER, 1, 1, ct_cmd_exit},
    {"cost", "--gpu G [--gpus N] [--hours N] | --model M [--input N] [--output N]",
     "what a job would cost, at every place that sells it",
     READ " gpu gpus hours purchase model input output", NULL, CT_BY_VIEWER, 0, -1, ct_cmd_cost},
    {"scorecard", "[FILTER...]",
     "providers in figures: uptime, incidents, repair, price level, breadth, age", READ, NULL,
     CT_BY_VIEWER, 0, -1, ct_cmd_scorecard},
    {"news", "[FILTER...]", "what feeds of vendors and the press tell, newest first", READ, NULL,
     CT_BY_VIEWER, 0, -1, ct_cmd_news},
    {"history", "SERIES...", "how series moved: names, endings or globs",
     READ " range from to every step chart", NULL, CT_BY_VIEWER, 1, -1, ct_cmd_history},
    {"figures", "SERIES... [FILTER...]",
     "a window in numbers: lowest, median, highest, changes, gaps, how often it was gone",
     READ " range from to", NULL, CT_BY_VIEWER, 1, -1, ct_cmd_figures},
    {"movers", "[FILTER...]", "prices that moved most since --from or within --range (24h)",
     READ " range from no-suspect", NULL, CT_BY_VIEWER, 0, -1, ct_cmd_movers},
    {"series", "[NAME...]", "names of the recorded series", READ, NULL, CT_BY_VIEWER, 0, -1,
     ct_cmd_series},
    {"events", "[FILTER...]", "every recorded change, newest first", READ " range from to no-suspect plain", NULL,
     CT_BY_VIEWER, 0, -1, ct_cmd_events},
    {"incidents", "[FILTER...]", "reported incidents; --gone: closed ones too", READ " gone", NULL,
     CT_BY_VIEWER, 0, -1, ct_cmd_incidents},
    {"components", "[FILTER...]", "parts of services and their states", READ, NULL, CT_BY_VIEWER, 0,
     -1, ct_cmd_components},
    {"sources", "[FILTER...] | test NAME",
     "where data comes from, and how fresh it is; test: one fetched, nothing stored",
     READ " allow-private ca", "test", CT_BY_VIEWER, 0, -1, ct_cmd_sources},
    {"export", "TABLE | VIEW | [TABLE | VIEW]... --sqlite FILE",
     "for other tools: whole tables (gpus, samples, events ...), or what a panel (offers, tape, now/status ...) or [view] shows",
     "db config at json ndjson csv tsv sqlite out filter sort limit columns no-header gone from to "
     "range group no-suspect size fail-empty refresh quiet",
     "status components incidents gpus tokens models sources news series events movers samples gaps ...",
     CT_BY_VIEWER, 0, -1, ct_cmd_export},
    {"alerts",
     "[list|silences|deliveries|history ID|ack ID|silence MATCH...|unsilence N|extend N|"
     "rule NAME WHEN|test RULE|lint|why SUBJECT|send-test CHANNEL]",
     "what fires and who has it; acknowledge, silence, try rules and channels",
     READ " gone range from to for comment by since",
     "list silences deliveries history ack silence unsilence extend rule test lint why send-test",
     CT_BY_VIEWER, 0, -1, ct_cmd_alerts},
    {"metrics", "", "health of sources, providers, alerts and the database, for Prometheus' textfile collector",
     "db config", NULL, CT_BY_VIEWER, 0, 0, ct_cmd_metrics},
    {"check", "WHEN", "for monitoring systems: exit 0 fine, 1 or 2 it holds, 3 unknown",
     "db config warning", NULL, CT_BY_FETCHER, 1, -1, NULL},
    {"watch", "[FILTER...]", "every change as it happens, one line or object each",
     "db config ndjson json filter plain since after", NULL, CT_BY_VIEWER, 0, -1, ct_cmd_watch},
    {"screen", "NAME", "draws one screen as text", "db config at size theme charset ansi keys",
     SCREENS " help keys", CT_BY_VIEWER, 1, 1, ct_cmd_screen},
    {"fetch", "[SOURCE...]", "fetches once, or stays and fetches",
     "db config once daemon record replay speed allow-private unsafe-fs ca log seed", NULL, CT_BY_FETCHER, 0, -1, NULL},
    {"parse", "FAMILY [FILE|-]", "one recorded answer through its parser, rows as NDJSON", "list",
     NULL, CT_BY_FETCHER, 0, -1, NULL},
    {"import", "FAMILY FILE... --at TIME", "stores recorded answers as if fetched then; import rows FILE: rows, each with its time (some 300,000 of one moment)",
     "db config at source as", NULL, CT_BY_FETCHER, 0, -1, NULL},
    {"demo", "", "the dashboard on a simulated market",
     "db config at theme charset color start seed days headless", NULL, CT_BY_BOTH, 0, 0, ct_cmd_demo},
    {"db", "stats|check|backup FILE|compact|repair",
     "sizes, integrity, a copy, unused space and salvage of the database", "db " LIST,
     "stats check backup compact repair", CT_BY_VIEWER, 1, 2, ct_cmd_db},
    {"config", "[path|check|default]",
     "where settings are, what is wrong with them, a full example", "config theme",
     "path check default", CT_BY_VIEWER, 0, 1, ct_cmd_config},
    {"init", "", "writes a commented settings file, never over one", "config", NULL, CT_BY_VIEWER,
     0, 0, ct_cmd_init},
    {"keys", "[FILTER...]", "the keys in force; * marks what the settings changed", LIST, NULL,
     CT_BY_VIEWER, 0, -1, ct_cmd_keys},
    {"doctor", "", "checks terminal, clock, database, fetcher and settings", "db " LIST, NULL,
     CT_BY_VIEWER, 0, 0, ct_cmd_doctor},
    {"help", "[COMMAND]", "this, or one command's flags", "man completion readme", NULL,
     CT_BY_VIEWER, 0, 1, ct_cmd_help},
    {"version", "", "version of program and database layout", "", NULL, CT_BY_VIEWER, 0, 0,
     ct_cmd_version},
    {NULL, NULL, NULL, NULL, NULL, CT_BY_VIEWER, 0, 0, NULL},
};

bool ct_command_takes(const struct ct_command *cmd, enum ct_flag flag)
{
    struct ct_span rest = ct_span(cmd->flags);
    while (rest.p)
        if (ct_span_is(ct_span_cut(&rest, ' '), ct_flag_defs[flag].word))
            return true;
    return false;
}

const char *ct_did_you_mean(const char *near)
{
    static char text[96];
    text[0] = '\0';
    if (near)
        snprintf(text, sizeof text, ", did you mean \"%s\"?", near);
    return text;
}

int ct_report(const struct ct_error *err)
{
    fprintf(stderr, "cloudtape: %s%s%s\n", err->where, err->where[0] ? ": " : "", err->what);
    return err->status == CT_ERR_USAGE ? 2 : 1;
}

int ct_usage(const char *where, const char *fmt, ...)
{
    struct ct_error err;
    char what[sizeof err.what];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    (void)ct_fail(&err, CT_ERR_USAGE, where, "%s", what);
    return ct_report(&err);
}

void ct_note(const struct ct_call *c, const char *where, const char *fmt, ...)
{
    struct ct_error err; /* masks controls */
    char what[sizeof err.what];
    va_list args;
    if (c->flag[CT_FLAG_QUIET])
        return;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    (void)ct_fail(&err, CT_ERR_USAGE, where, "%s", what);
    (void)ct_report(&err);
}

void ct_tell_problems(const struct ct_settings *s)
{
    for (const char *const *p = ct_settings_problems(s); *p; p++) {
        struct ct_error err; /* masks controls */
        (void)ct_fail(&err, CT_ERR_CONFIG, "", "%s", *p);
        (void)ct_report(&err);
    }
}
