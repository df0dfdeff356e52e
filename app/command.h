/* The command table of cloudtape: help, README, manual page, completion and the parsing of
 * arguments all come from it. A new command is one line in commands.c and one function. Main
 * thread. */
#ifndef CT_COMMAND_H
#define CT_COMMAND_H

#include "app/output.h"
#include "app/settings.h"

/* X(NAME, "word", "ARG" or NULL for a switch, "what it does") */
#define CT_FLAG_LIST(X)                                                                            \
    X(DB, "db", "FILE", "the database; else $CLOUDTAPE_DB, else the data folder")                  \
    X(CONFIG, "config", "FILE", "this settings file instead of the usual ones")                    \
    X(AT, "at", "TIME", "as of then: RFC 3339, YYYY-MM-DD, 14:30, yesterday or -2h, -30d")           \
    X(JSON, "json", NULL, "one JSON object with sources and items")                                \
    X(NDJSON, "ndjson", NULL, "one JSON object a line")                                            \
    X(CSV, "csv", NULL, "comma-separated values with a header")                                    \
    X(TSV, "tsv", NULL, "tab-separated values with a header")                                      \
    X(OUT, "out", "FILE", "into this file, when it is whole")                                      \
    X(SQLITE, "sqlite", "FILE", "a SQLite file of plain tables; without TABLE all of them")        \
    X(FILTER, "filter", "TEXT", "only rows that match, in the filter language")                    \
    X(SORT, "sort", "COL[:desc]", "order by a column")                                             \
    X(LIMIT, "limit", "N", "the first N rows of that order")                                       \
    X(COLUMNS, "columns", "A,B", "these columns, in this order")                                   \
    X(NO_HEADER, "no-header", NULL, "leave the header line away")                                  \
    X(MAX_AGE, "max-age", "AGE", "exit 3 when all data is older (5m, 2h)")                         \
    X(FAIL_EMPTY, "fail-empty", NULL, "exit 4 when nothing matches")                               \
    X(FAIL_ON, "fail-on", "STATE", "degr: exit 10, part or down: exit 20, when it is that bad")    \
    X(ALL, "all", NULL, "all providers, not only those of [scope]")                                \
    X(LINE, "line", NULL, "one short line for a status bar")                                       \
    X(TMUX, "tmux", NULL, "with --line: double every # for tmux")                                  \
    X(WIDTH, "width", "N", "with --line: at most N columns")                                       \
    X(KIND, "kind", "KIND", "prices: gpu or token (gpu)")                                          \
    X(GROUP, "group", "WHAT", "gpus: a row a gpu, cloud or region; tokens: a class; export: as b does there")              \
    X(AVAILABLE, "available", NULL, "only what is in stock (A or L)")                              \
    X(GONE, "gone", NULL, "also what is no longer offered")                                        \
    X(NO_SUSPECT, "no-suspect", NULL, "without corrections of wrong data")                         \
    X(LABS, "labs", NULL, "one row per lab")                                                       \
    X(CHANGES, "changes", "SPAN", "what came and went in that time (30d)")                         \
    X(GPU, "gpu", "G", "this accelerator (h100, h100-sxm)")                                        \
    X(MODEL, "model", "M", "this model (gpt-4o, openai/gpt-4o)")                                   \
    X(GPUS, "gpus", "N", "this many accelerators")                                                 \
    X(HOURS, "hours", "N", "for this long")                                                        \
    X(PURCHASE, "purchase", "TERMS", "od, spot, reserved_1y, ... only")                            \
    X(INPUT, "input", "TOKENS", "input tokens (10M, 500k)")                                        \
    X(OUTPUT, "output", "TOKENS", "output tokens (2M)")                                            \
    X(MOVES, "moves", "MODEL", "who moved its price first, and who followed")                      \
    X(INDEX, "index", "G", "with --line: the index of this accelerator (h100, h100-sxm)")          \
    X(UNKNOWN, "unknown", NULL, "also places whose state nobody knows")                            \
    X(UNRESOLVED, "unresolved", NULL, "one row per id that names no known model")                  \
    X(RANGE, "range", "SPAN", "this long, up to --at or now (30d)")                                \
    X(FROM, "from", "TIME", "start of the window")                                                 \
    X(TO, "to", "TIME", "end of the window")                                                       \
    X(EVERY, "every", "SPAN", "one point per such step (1h)")                                      \
    X(STEP, "step", "SPAN", "the same as --every")                                                 \
    X(CHART, "chart", NULL, "draw it")                                                             \
    X(SIZE, "size", "WxH", "columns and rows of the screen (80x24; export: 200x60)")                               \
    X(THEME, "theme", "T", "a theme's name or file")                                               \
    X(CHARSET, "charset", "C", "auto, unicode, narrow or ascii")                                   \
    X(COLOR, "color", "WHEN", "auto, always or never; auto obeys NO_COLOR and the terminal")        \
    X(UNIT, "unit", "UNIT", "price per gpu, instance, pflop or gb (hours); tokens: per 1M or 1K")  \
    X(TZ, "tz", "ZONE", "the clock of text: utc, local or both; other formats have UTC")           \
    X(REFRESH, "refresh", NULL, "fetch first what is due: the one way to the network")             \
    X(QUIET, "quiet", NULL, "also -q: no words on standard error but errors")                      \
    X(ANSI, "ansi", NULL, "with colours, as escape sequences")                                     \
    X(KEYS, "keys", "TEXT", "type these keys first")                                               \
    X(START, "start", "SCREEN", "the first screen or [view]")                                      \
    X(PLAIN, "plain", NULL, "sentences, a line each: for screen readers and dumb terminals")       \
    X(NO_FETCH, "no-fetch", NULL, "start no fetcher")                                              \
    X(SEED, "seed", "N", "which simulated world")                                                  \
    X(DAYS, "days", "N", "how much history it starts with")                                        \
    X(HEADLESS, "headless", NULL, "write the simulated days and exit")                             \
    X(SOURCE, "source", "ID", "whose answer it is")                                                \
    X(AS, "as", "NAME", "import rows: the file has the columns of NAME (columns.tsv), or FILE.tsv tells what they are") \
    X(LIST, "list", NULL, "all formats with their kind and address")                               \
    X(ONCE, "once", NULL, "every source that is due, once")                                        \
    X(DAEMON, "daemon", NULL, "stay and fetch until SIGTERM")                                      \
    X(RECORD, "record", "DIR", "keep every raw answer there")                                      \
    X(REPLAY, "replay", "DIR", "serve a recording instead of the network, on its own clock")       \
    X(SPEED, "speed", "N", "with --replay: N times as fast, or max")                               \
    X(ALLOW_PRIVATE, "allow-private", NULL, "sources may lie on private addresses")                \
    X(CA, "ca", "FILE", "certificates to trust instead of the system's")                           \
    X(UNSAFE_FS, "unsafe-fs", NULL, "the database may lie on a network file system")               \
    X(LOG, "log", "FILE", "log file; else fetcher.log in the state folder")                        \
    X(FOR, "for", "SPAN", "silence, extend: this long (2h)")                                       \
    X(COMMENT, "comment", "TEXT", "ack, silence: why")                                             \
    X(BY, "by", "WHAT", "models: cloud or region; ack, silence: who, else the user's name")       \
    X(SINCE, "since", "TIME", "alerts test: replay from then (-30d); watch: from then")            \
    X(AFTER, "after", "ID", "watch: go on behind this event")                                      \
    X(WARNING, "warning", NULL, "check: a match is a warning (1), not critical (2)")               \
    X(MAN, "man", "PAGE", NULL)                                                                    \
    X(COMPLETION, "completion", NULL, NULL)                                                        \
    X(README, "readme", "PART", NULL)

enum ct_flag {
#define X(name, word, arg, help) CT_FLAG_##name,
    CT_FLAG_LIST(X)
#undef X
        CT_N_FLAGS
};
struct ct_flag_def {
    const char *word, *arg, *help; /* help NULL: not shown */
};
extern const struct ct_flag_def ct_flag_defs[CT_N_FLAGS];

/* One call of a command: its arguments, and what most commands need. */
struct ct_call {
    const struct ct_command *cmd;
    const char *flag[CT_N_FLAGS]; /* the value, "" for a switch; NULL: not given */
    const char **words;           /* what is no flag, NULL-terminated */
    size_t n_words;
    char **argv; /* as the fetcher would get it: argv[1] is the command, NULL-terminated */
    struct ct_settings *settings;
    struct ct_buf db;      /* path of the database */
    int64_t now_ms, at_ms; /* at_ms: CT_LIVE or --at */
    struct ct_output output;
    struct ct_span no_data; /* what is said when nothing was ever stored; null: what all say */
    struct ct_arena *arena;
    struct ct_error err;
};

/* Who runs it. */
enum ct_command_by {
    CT_BY_VIEWER,  /* RUN, in this process */
    CT_BY_FETCHER, /* cloudtape-fetcher with the same arguments, which it checks itself */
    CT_BY_BOTH,    /* RUN, unless --headless is among the arguments */
};

struct ct_command {
    const char *name;  /* "" is the bare call */
    const char *usage; /* words behind the name */
    const char *help;  /* one line */
    const char *flags; /* the flags it takes, separated by blanks */
    const char *words; /* fixed words it takes, for completion; NULL */
    enum ct_command_by by;
    int least_words, most_words;   /* -1: any number */
    int (*run)(struct ct_call *c); /* returns the exit code */
};
extern const struct ct_command ct_commands[]; /* ends with name == NULL */

bool ct_command_takes(const struct ct_command *cmd, enum ct_flag flag);
/* Tells ERR on standard error, "cloudtape: WHERE: WHAT", and returns its exit code: 2 for wrong
 * usage, else 1. */
int ct_report(const struct ct_error *err);
/* The same with words of its own, for wrong usage: returns 2. */
int ct_usage(const char *where, const char *fmt, ...) CT_PRINTF(2, 3);
/* What is no error but worth a line on standard error, unless --quiet: "cloudtape: WHERE: WHAT". */
void ct_note(const struct ct_call *c, const char *where, const char *fmt, ...) CT_PRINTF(3, 4);
/* Settings' problems, a line each on standard error. */
void ct_tell_problems(const struct ct_settings *s);
/* ", did you mean \"x\"?" or "" in static storage. */
const char *ct_did_you_mean(const char *near);

/* ---- the commands ---- */
int ct_cmd_dashboard(struct ct_call *c), ct_cmd_demo(struct ct_call *c),
    ct_cmd_screen(struct ct_call *c);
int ct_cmd_status(struct ct_call *c), ct_cmd_gpus(struct ct_call *c), ct_cmd_prices(struct ct_call *c),
    ct_cmd_tokens(struct ct_call *c), ct_cmd_models(struct ct_call *c),
    ct_cmd_history(struct ct_call *c), ct_cmd_events(struct ct_call *c),
    ct_cmd_movers(struct ct_call *c), ct_cmd_figures(struct ct_call *c),
    ct_cmd_incidents(struct ct_call *c), ct_cmd_components(struct ct_call *c),
    ct_cmd_sources(struct ct_call *c), ct_cmd_series(struct ct_call *c),
    ct_cmd_alerts(struct ct_call *c), ct_cmd_watch(struct ct_call *c);
int ct_cmd_metrics(struct ct_call *c);
int ct_cmd_config(struct ct_call *c), ct_cmd_init(struct ct_call *c),
    ct_cmd_keys(struct ct_call *c), ct_cmd_doctor(struct ct_call *c),
    ct_cmd_help(struct ct_call *c), ct_cmd_version(struct ct_call *c), ct_cmd_db(struct ct_call *c),
    ct_cmd_export(struct ct_call *c), ct_cmd_exit(struct ct_call *c), ct_cmd_cost(struct ct_call *c),
    ct_cmd_classes(struct ct_call *c), ct_cmd_moves(struct ct_call *c), ct_cmd_news(struct ct_call *c), ct_cmd_scorecard(struct ct_call *c);

/* `cloudtape COMMAND --help` and `help`: usage, flags. */
void ct_help_text(struct ct_buf *out, const struct ct_command *cmd /* NULL: all */);

/* Complains about [keys] that name no key or action. */
void ct_check_keys(struct ct_call *c);
/* What is followed, by hand in the UI (kept in the state folder) and by [watch]: names of series,
 * NULL-terminated, in C's arena. */
const char *const *ct_call_watch(struct ct_call *c);

/* The series screen 6 compared last on this database, a line each, in C's arena; NULL: none. */
const char *ct_compared_before(const struct ct_call *c);

/* plain.c: a change and a state as a sentence; the dashboard as sentences, a fetcher called by FETCH_ARGS (NULL: none)
 * beside it. */
void ct_plain_event(struct ct_buf *out, const struct ct_event_row *e);
void ct_plain_status(struct ct_buf *out, const struct ct_status_row *s);
/* Says when what is recorded stops being of now (nobody fetches, no network, a full disk) and when it is again: else
 * silence would look like a calm market. Looks every few seconds; zeroed at first. False: nobody reads any more. */
struct ct_plain_record {
    int told;
    int64_t next_ms;
};
bool ct_plain_record(struct ct_plain_record *p, struct ct_reader *r);
int ct_cmd_plain(struct ct_call *c, const char *const *fetch_args);

/* statusline.c: the line of `status --line` into OUT. 0 or an exit code. */
int ct_status_line(struct ct_call *c, struct ct_buf *out);

/* ---- shared by the reading commands (call.c) ---- */
enum { CT_KINDS_ALL = 15 };
/* Opens the database of C, with --refresh after a fetcher has fetched into it. CT_ERR_NOT_FOUND: there is none yet. */
CT_MUST_USE enum ct_status ct_call_reader(struct ct_call *c, struct ct_reader **out);
/* Says what was wrong with what was read, and closes R (NULL is fine). */
void ct_call_reader_close(const struct ct_call *c, struct ct_reader *r);
struct ct_query ct_call_query(const struct ct_call *c);
int64_t ct_call_moment(const struct ct_call *c); /* --at, else now */
/* Compiles the words of C from FIRST on together with --filter, in C's arena; NULL matches everything. */
CT_MUST_USE enum ct_status ct_call_filter(struct ct_call *c, const struct ct_table *t, size_t first,
                                          struct ct_filter **out);
/* How lists of prices are sorted unless somebody says otherwise. */
#define CT_SORT_OFFERS "price_usd_per_gpu_hour"
#define CT_SORT_TOKENS "usd_per_mtok"
/* The sources whose kind is in KINDS (1 << enum ct_source_kind), for the envelope. */
CT_MUST_USE enum ct_status ct_call_envelope(struct ct_call *c, struct ct_reader *r, unsigned kinds,
                                            struct ct_envelope *out);
/* How text looks: --tz and --color, or the settings. CT_ERR_USAGE when they say nothing or do not go with the format. */
CT_MUST_USE enum ct_status ct_call_look(struct ct_call *c);
/* --limit, --max-age and their like: CT_ERR_USAGE when the value is none. CT_NONE when not given.
 */
CT_MUST_USE enum ct_status ct_call_number(struct ct_call *c, enum ct_flag flag, int64_t least,
                                          int64_t *out);
CT_MUST_USE enum ct_status ct_call_span(struct ct_call *c, enum ct_flag flag, int64_t *out_ms);
/* --size; without it they stay as they are. */
CT_MUST_USE enum ct_status ct_call_size(struct ct_call *c, int *cols, int *rows);
/* --from, --to, --range into Q (0, 0 when none is given). */
CT_MUST_USE enum ct_status ct_call_window(struct ct_call *c, struct ct_query *q);
/* Says that there is no data (yet, or at that time) and returns 3. */
int ct_no_data(const struct ct_call *c);
/* Filters, sorts and cuts ROWS as the flags of C say. *MATCHED: their number before the cut. */
CT_MUST_USE enum ct_status ct_call_select(struct ct_call *c, const struct ct_table *t,
                                          struct ct_rows *rows, const char *sort, size_t first_word,
                                          size_t *matched);
/* Filters (words of C from FIRST on and --filter), sorts, cuts and prints ROWS, in the format asked
 * for; TEXT_COLUMNS are the ones people get. Returns the exit code, of --fail-empty too. */
int ct_print_rows(struct ct_call *c, const struct ct_table *t, struct ct_rows rows,
                  const char *text_columns, const char *sort, size_t first_word,
                  const struct ct_envelope *e);

#endif
