/* The table of options: config files, the environment, `init`, `config check` and cloudtape.5 read
 * it. */
#include "config.h"

#include "app/settings.h"
#include "db/base/timeutil.h"

static const char *const tz_words[] = {"utc", "local", "both", NULL};
static const char *const charset_words[] = {"auto", "unicode", "narrow", "ascii", NULL};
static const char *const color_words[] = {"auto", "always", "never", NULL};
static const char *const evidence_words[] = {"official", "listed", "stock", "measured", NULL};
static const char *const kind_words[] = {"status", "prices", "models", "news", NULL};
static const char *const mode_words[] = {"abs", "percent", "index", NULL};
static const char *const style_words[] = {"step", "line", "dots", "table", NULL};
static const char *const scale_words[] = {"linear", "log", NULL};
static const char *const method_words[] = {"GET", "POST", NULL};

const struct ct_section_def ct_section_defs[] = {
    {"", 0, false, "", NULL},
    {"scope", 0, false, "what line 1 counts and `status` lists", NULL},
    {"keys", -1, true,
     "Lines are KEY = ACTION; [keys table] and [keys chart] for one kind of panel. `none` unbinds; "
     "`cloudtape keys` lists keys and actions.",
     "ctrl-n = row_down"},
    {"watch", 1, false, "something to follow, under a name of your own", NULL},
    {"view", 1, false, "a screen to open by name: `cloudtape --start NAME`", NULL},
    {"cost", 0, false, "the job that X on a row is reckoned for", NULL},
    {"mix", 0, false, "parts of a blended token price", NULL},
    {"fetch", 0, false, "how the fetcher behaves", NULL},
    {"history", 0, false,
     "how long states and stock keep every change: then an hour, later a day, keeps its lowest, "
     "highest and last. Price changes are kept for ever",
     NULL},
    {"source", 1, false,
     "a built-in source to change (`cloudtape sources` lists their names), or one of your own with "
     "family and url",
     NULL},
    {"probe", 1, false,
     "an address tried and timed from here, as a second word beside a provider's own page: series "
     "probe/NAME/success, latency, lookup, connect, tls and first_byte",
     "url = https://api.openai.com/v1/models\n; expect = 401\n; provider = openai"},
    {"alert", 1, true, /* the rules' own reading refuses a rule with a wrong line as a whole */
     "a rule: tell somebody when something holds. Rules may stand here or in files of their own in "
     "alerts.d; `cloudtape alerts lint` says what each means",
     NULL},
    {"inhibit", 1, false, "alerts that make others superfluous: those are not told meanwhile", NULL},
    {"notify", 1, false, "where messages go, under the name that rules use", NULL},
    {NULL, 0, false, NULL, NULL},
};

const struct ct_setting_def ct_setting_defs[] = {
    {"", "theme", CT_SET_TEXT, 0, 0, "terminal", NULL,
     "a theme's name, or the path of a theme file"},
    {"", "charset", CT_SET_WORD, 0, 0, "auto", charset_words,
     "characters for lines and charts: auto, unicode, narrow (ASCII borders, braille charts; what auto "
     "takes in Chinese, Japanese and Korean locales), ascii"},
    {"", "color", CT_SET_WORD, 0, 0, "auto", color_words, "colours: auto obeys NO_COLOR"},
    {"", "tz", CT_SET_WORD, 0, 0, "utc", tz_words, "the clock of the screens: utc, local, both"},
    {"", "timezone", CT_SET_ZONE, 0, 0, NULL, NULL,
     "where \"local\" is, for that clock, quiet hours and digests: a name such as Europe/Berlin; unset: the "
     "machine's, or $TZ. Counts from the next start"},
    {"", "opener", CT_SET_TEXT, 0, 0, NULL, NULL,
     "the program `o` gives a link to, such as xdg-open; unset: `o` shows the link"},
    {"", "start", CT_SET_TEXT, 0, 0, "now", NULL, "the first screen: its name or that of a [view]"},
    {"", "mouse", CT_SET_BOOL, 0, 0, "no", NULL, "mouse on at the start"},
    {"", "confirm_quit", CT_SET_BOOL, 0, 0, "yes", NULL, "`q` on screen 1 asks once"},
    {"", "watch_config", CT_SET_BOOL, 0, 0, "no", NULL,
     "settings are read again when a file of them changes, as `:reload` and SIGHUP do"},
    {"", "start_fetcher", CT_SET_BOOL, 0, 0, "yes", NULL,
     "start a fetcher when none runs on the database"},

    {"scope", "providers", CT_SET_LIST, 0, 0, NULL, NULL, "providers you depend on; unset: all"},
    {"scope", "regions", CT_SET_LIST, 0, 0, NULL, NULL,
     "regions of them you use, as aws/us-east-1 or gcp/europe-*; trouble elsewhere is listed, not counted"},
    {"scope", "models", CT_SET_LIST, 0, 0, NULL, NULL, "models you use, globs too: screen 1 tells moves of theirs alone, and \"watch\" in alert rules means them"},
    {"scope", "gpus", CT_SET_LIST, 0, 0, NULL, NULL, "GPUs you rent, as h100 or B200: screen 1 tells moves of theirs alone and shows their capacity, and \"watch\" in "
     "alert rules means them"},

    {"watch", "item", CT_SET_TEXT, 0, 0, NULL, NULL,
     "a series, a glob of series, or a filter of offers such as gpu:h100 form:sxm type:od"},

    {"view", "screen", CT_SET_TEXT, 0, 0, "history", NULL, "the screen it opens"},
    {"view", "series", CT_SET_LIST, 0, 0, NULL, NULL, "series to draw on the history screen"},
    {"view", "range", CT_SET_TEXT, 0, 0, NULL, NULL, "how much of them: 6h, 30d, 1y, all"},
    {"view", "from", CT_SET_TEXT, 0, 0, NULL, NULL, "where the window begins, in place of range"},
    {"view", "to", CT_SET_TEXT, 0, 0, NULL, NULL, "where it ends; unset: now"},
    {"view", "mode", CT_SET_WORD, 0, 0, NULL, mode_words, "abs, percent or index"},
    {"view", "style", CT_SET_WORD, 0, 0, NULL, style_words, "step, line, dots or table"},
    {"view", "scale", CT_SET_WORD, 0, 0, NULL, scale_words, "linear or log"},
    {"view", "panel", CT_SET_TEXT, 0, 0, NULL, NULL, "the panel that gets the focus and what follows; unset: the first"},
    {"view", "zoom", CT_SET_BOOL, 0, 0, NULL, NULL, "fill the screen with it"},
    {"view", "unit", CT_SET_TEXT, 0, 0, NULL, NULL, "unit of its prices: $/GPU.h, $/instance.h, $/PFLOP.h, $/GB.h, $/1M, $/1K"},
    {"view", "group", CT_SET_TEXT, 0, 0, NULL, NULL, "how its rows are grouped: gpu, cloud, region; spot or od; a tier"},
    {"view", "filter", CT_SET_TEXT, 0, 0, NULL, NULL, "its filter"},
    {"view", "highlight", CT_SET_BOOL, 0, 0, NULL, NULL, "the filter marks rows in place of hiding the others"},
    {"view", "followed", CT_SET_BOOL, 0, 0, NULL, NULL, "only what I follow"},
    {"view", "sort", CT_SET_TEXT, 0, 0, NULL, NULL, "its order: COLUMN or COLUMN:desc"},
    {"view", "columns", CT_SET_LIST, 0, 0, NULL, NULL, "headers of its columns in order; -HEADER puts one away, +HEADER keeps it"},
    {"view", "row", CT_SET_TEXT, 0, 0, NULL, NULL, "the row with the cursor"},
    {"view", "gone", CT_SET_BOOL, 0, 0, NULL, NULL, "also what is no longer offered"},
    {"view", "suspect", CT_SET_BOOL, 0, 0, NULL, NULL, "also suspect corrections"},

    {"cost", "gpus", CT_SET_INT, 1, 1000000, "8", NULL, "accelerators"},
    {"cost", "hours", CT_SET_INT, 1, 1000000, "720", NULL, "hours"},
    {"cost", "input", CT_SET_INT, 0, INT64_C(1000000000000000), "10000000", NULL, "input tokens"},
    {"cost", "output", CT_SET_INT, 0, INT64_C(1000000000000000), "2000000", NULL, "output tokens"},

    {"mix", "input", CT_SET_INT, 0, 1000, "3", NULL, "parts of input"},
    {"mix", "output", CT_SET_INT, 0, 1000, "1", NULL, "parts of output"},

    {"fetch", "jitter", CT_SET_PERCENT, 0, 50000, "10%", NULL,
     "how far each interval is shifted at random"},
    {"fetch", "timeout", CT_SET_TIME, CT_SECOND, 120 * CT_SECOND, "30s", NULL,
     "longest time of one request"},
    {"fetch", "concurrency", CT_SET_INT, 1, 64, "16", NULL,
     "requests under way at a time, of them two a host"},
    {"fetch", "proxy", CT_SET_TEXT, 0, 0, "", NULL, "proxy for all requests; unset: none"},
    {"fetch", "ca_file", CT_SET_TEXT, 0, 0, "", NULL,
     "certificates to trust instead of the system's"},
    {"fetch", "allow_private", CT_SET_BOOL, 0, 0, "no", NULL,
     "sources may lie on private or loopback addresses"},
    {"fetch", "unsafe_fs", CT_SET_BOOL, 0, 0, "no", NULL,
     "the database may lie on a network file system: slower, and at your own risk"},

    {"history", "raw", CT_SET_TIME, CT_DAY, 36500 * CT_DAY, "30d", NULL, "every change this long"},
    {"history", "hourly", CT_SET_TIME, CT_DAY, 36500 * CT_DAY, "1y", NULL,
     "then by the hour this long, then by the day"},

    {"source", "enabled", CT_SET_BOOL, 0, 0, NULL, NULL, "whether it is fetched"},
    {"source", "every", CT_SET_TIME, CT_SECOND, 30 * CT_DAY, NULL, NULL,
     "interval, 30s at least unless private"},
    {"source", "family", CT_SET_TEXT, 0, 0, NULL, NULL,
     "format of the answer (`cloudtape parse --list`)"},
    {"source", "url", CT_SET_TEXT, 0, 0, NULL, NULL, "where it is, https"},
    {"source", "command", CT_SET_TEXT, 0, 0, NULL, NULL,
     "family exec: the whole path of a program and its words; it prints rows as `cloudtape parse` "
     "does"},
    {"source", "kind", CT_SET_WORD, 0, 0, NULL, kind_words,
     "families exec and rows: what the rows are: status, prices (unless set), models, news"},
    {"source", "method", CT_SET_WORD, 0, 0, NULL, method_words, "GET or POST"},
    {"source", "body", CT_SET_TEXT, 0, 0, NULL, NULL, "what a POST sends"},
    {"source", "query", CT_SET_TEXT, 0, 0, NULL, NULL, "a hint to the parser, such as bid"},
    {"source", "provider", CT_SET_TEXT, 0, 0, NULL, NULL, "whose state or prices these are"},
    {"source", "scope", CT_SET_TEXT, 0, 0, NULL, NULL, "which part of that provider"},
    {"source", "title", CT_SET_TEXT, 0, 0, NULL, NULL, "name shown to people"},
    {"source", "terms", CT_SET_TEXT, 0, 0, NULL, NULL, "terms of the data, one line"},
    {"source", "key_env", CT_SET_TEXT, 0, 0, NULL, NULL, "environment variable that holds the key"},
    {"source", "token_env", CT_SET_TEXT, 0, 0, NULL, NULL, "another name for key_env"},
    {"source", "token_file", CT_SET_TEXT, 0, 0, NULL, NULL,
     "the whole path of a file, for its owner only, whose first line is the key"},
    {"source", "token_cmd", CT_SET_TEXT, 0, 0, NULL, NULL,
     "the whole path of a program and its words, no shell: the first line it prints is the key; run "
     "before every attempt, 10 s at most"},
    {"source", "key_header", CT_SET_TEXT, 0, 0, NULL, NULL,
     "header that carries the key; unset: Authorization, with Bearer. {key} in the url puts it there"},
    {"source", "headers", CT_SET_TEXT, 0, 0, NULL, NULL,
     "further headers, Name: value, separated by |"},
    {"source", "timeout_s", CT_SET_INT, 1, 3600, NULL, NULL,
     "longest time of one request, seconds; above 120 only for lists that stream"},
    {"source", "interval_s", CT_SET_INT, 1, 30 * 86400, NULL, NULL, "interval in seconds"},
    {"source", "max_bytes", CT_SET_INT, 1, INT64_C(2) << 30, NULL, NULL,
     "largest answer, decoded; above 64 MiB only for lists that stream"},
    {"source", "max_pages", CT_SET_INT, 1, 50, NULL, NULL, "most pages of one answer"},
    {"source", "evidence", CT_SET_WORD, 0, 0, NULL, evidence_words,
     "what its statements rest on: official, listed, stock, measured"},
    {"source", "part_of_list", CT_SET_BOOL, 0, 0, NULL, NULL,
     "answers never show everything: what is missing is not gone"},
    {"source", "allow_private", CT_SET_BOOL, 0, 0, NULL, NULL,
     "may lie on a private or loopback address"},

    {"probe", "url", CT_SET_TEXT, 0, 0, NULL, NULL, "address to try and time, https"},
    {"probe", "every", CT_SET_TIME, CT_SECOND, 30 * CT_DAY, "1m", NULL,
     "interval, 30s or more"},
    {"probe", "expect", CT_SET_INT, 100, 599, NULL, NULL,
     "status that a good answer has, such as 401; unset: any below 500"},
    {"probe", "provider", CT_SET_TEXT, 0, 0, NULL, NULL, "whose page this is measured beside"},
    {"probe", "scope", CT_SET_TEXT, 0, 0, "probe", NULL, "which part of that provider"},
    {"probe", "enabled", CT_SET_BOOL, 0, 0, "yes", NULL, "no: as if it were not there"},
    {"probe", "allow_private", CT_SET_BOOL, 0, 0, NULL, NULL,
     "may lie on a private or loopback address"},

    {"alert", "when", CT_SET_TEXT, 0, 0, NULL, NULL,
     "a table (status, components, gpus, tokens, models, sources), then a filter, and watch, "
     "FIELD:A->B, change>10% over 24h, low(90d), retires<60d, stale"},
    {"alert", "for", CT_SET_TEXT, 0, 0, "0", NULL, "it must hold this long first"},
    {"alert", "clear", CT_SET_TEXT, 0, 0, "5m", NULL, "it must be over this long to count as over"},
    {"alert", "rearm", CT_SET_TEXT, 0, 0, "0%", NULL, "how far behind its limit a value must go back"},
    {"alert", "severity", CT_SET_TEXT, 0, 0, "warning", NULL, "info, warning or critical"},
    {"alert", "group", CT_SET_TEXT, 0, 0, "provider", NULL,
     "label that gathers alerts into one message; empty: the rule"},
    {"alert", "remind", CT_SET_TEXT, 0, 0, "4h", NULL, "tell again, while nobody has it; 0: never"},
    {"alert", "nodata", CT_SET_TEXT, 0, 0, "unknown", NULL,
     "without data: keep waits, unknown gives up after a day, fire takes it for true"},
    {"alert", "quiet", CT_SET_TEXT, 0, 0, NULL, NULL,
     "hours of the local day, such as 22:00-07:00, in which only critical ones are told"},
    {"alert", "notify", CT_SET_TEXT, 0, 0, NULL, NULL, "channels: names of [notify], bell"},
    {"alert", "enabled", CT_SET_TEXT, 0, 0, "yes", NULL, "no: as if it were not there"},

    {"inhibit", "source", CT_SET_TEXT, 0, 0, NULL, NULL,
     "labels of what explains, such as rule=outage severity=critical; globs"},
    {"inhibit", "target", CT_SET_TEXT, 0, 0, NULL, NULL, "labels of what is then held back"},
    {"inhibit", "equal", CT_SET_TEXT, 0, 0, NULL, NULL, "labels that must be the same in both"},

    {"notify", "kind", CT_SET_TEXT, 0, 0, NULL, NULL, "exec, webhook, mail, desktop or digest"},
    {"notify", "format", CT_SET_TEXT, 0, 0, NULL, NULL,
     "webhook: json, slack, discord, mattermost, ntfy, pagerduty, opsgenie or alertmanager"},
    {"notify", "url", CT_SET_TEXT, 0, 0, NULL, NULL, "webhook: where to, https"},
    {"notify", "url_env", CT_SET_TEXT, 0, 0, NULL, NULL, "environment variable that holds the url"},
    {"notify", "url_file", CT_SET_TEXT, 0, 0, NULL, NULL, "file that holds the url"},
    {"notify", "key_env", CT_SET_TEXT, 0, 0, NULL, NULL,
     "environment variable that holds the key or password"},
    {"notify", "key_file", CT_SET_TEXT, 0, 0, NULL, NULL, "file that holds it"},
    {"notify", "key_cmd", CT_SET_TEXT, 0, 0, NULL, NULL, "program that prints it"},
    {"notify", "command", CT_SET_TEXT, 0, 0, NULL, NULL,
     "exec: program and arguments, fixed; the message comes on its standard input"},
    {"notify", "server", CT_SET_TEXT, 0, 0, NULL, NULL,
     "mail: smtps://HOST or smtp://HOST; unset: the local sendmail"},
    {"notify", "user", CT_SET_TEXT, 0, 0, NULL, NULL, "mail: name at the server; its key_... is the password"},
    {"notify", "from", CT_SET_TEXT, 0, 0, NULL, NULL, "mail: sender"},
    {"notify", "to", CT_SET_TEXT, 0, 0, NULL, NULL, "mail: receivers; digest: the channel it uses"},
    {"notify", "at", CT_SET_TEXT, 0, 0, NULL, NULL, "digest: local times of day, such as 07:00"},
    {"notify", "allow_private", CT_SET_TEXT, 0, 0, NULL, NULL,
     "webhook, mail: name of the one host that may be private or speak without TLS"},
    {NULL, NULL, CT_SET_TEXT, 0, 0, NULL, NULL, NULL},
};
