/* The viewer and every command that only reads. What only writes or fetches is handed to
 * cloudtape-fetcher, which alone links the network. */
#include "config.h"

#include "app/command.h"
#include "app/spawn.h"
#include "db/base/ini.h"
#include "db/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Somebody closed a standard descriptor: without this the next file opened would take its place. It
 * is opened the wrong way round, so that using it fails as it would have. */
static bool hold_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            return false;
    }
    return true;
}

/* ---- arguments ---- */

/* The flag of ARG ("--name" or "--name=value"), *VALUE behind its '='; -1 after telling that there
 * is none. */
static int flag_of(const char *arg, const char **value)
{
    const char *names[CT_N_FLAGS + 3];
    size_t n = 0, length = strcspn(arg, "=");
    *value = arg[length] ? arg + length + 1 : NULL;
    if (strcmp(arg, "-q") == 0)
        return CT_FLAG_QUIET;
    for (int i = 0; i < CT_N_FLAGS; i++) {
        const char *word = ct_flag_defs[i].word;
        if (strlen(word) + 2 == length && strncmp(arg, "--", 2) == 0 &&
            strncmp(arg + 2, word, length - 2) == 0)
            return i;
        if (ct_flag_defs[i].help)
            names[n++] = word;
    }
    names[n++] = "help";
    names[n++] = "version";
    names[n] = NULL;
    char *given = ct_xspandup((struct ct_span){arg, length});
    const char *near = ct_nearest(given + strspn(given, "-"), names);
    ct_usage(given, "no such option%s%s%s", near ? ", did you mean \"--" : "", near ? near : "",
             near ? "\"?" : "");
    free(given);
    return -1;
}

static bool asks(const char *arg, const char *word, const char *letter)
{
    return strcmp(arg, word) == 0 || strcmp(arg, letter) == 0;
}

/* Index of the command's word, 0 for a bare call, -1 after telling what is wrong. */
static int command_word(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (argv[i][0] != '-')
            return i;
        if (asks(argv[i], "--help", "-h") || asks(argv[i], "--version", "-V"))
            continue;
        int flag = flag_of(argv[i], &value);
        if (flag < 0)
            return -1;
        i += ct_flag_defs[flag].arg && !value;
    }
    return 0;
}

static const struct ct_command *find_command(const char *name)
{
    const char *names[64];
    size_t n = 0;
    for (const struct ct_command *c = ct_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
        if (c->name[0])
            names[n++] = c->name;
    }
    names[n] = NULL;
    ct_usage(name, "no such command%s", ct_did_you_mean(ct_nearest(name, names)));
    return NULL;
}

static bool take_flag(struct ct_call *c, int argc, char **argv, int *i)
{
    const char *value, *name = argv[*i];
    int flag = flag_of(name, &value);
    if (flag < 0)
        return false;
    const struct ct_flag_def *def = &ct_flag_defs[flag];
    if (!ct_command_takes(c->cmd, (enum ct_flag)flag))
        return ct_usage(c->cmd->name, "takes no --%s", def->word), false;
    if (!def->arg && value)
        return ct_usage(c->cmd->name, "--%s takes no value", def->word), false;
    if (def->arg && !value && *i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0) /* --db --plain: a name is missing */
        value = argv[++*i];
    if (def->arg && !value)
        return ct_usage(c->cmd->name, "--%s needs a value (%s)", def->word, def->arg), false;
    c->flag[flag] = def->arg ? value : "";
    return true;
}

static bool take_arguments(struct ct_call *c, int argc, char **argv, int command)
{
    bool flags_end = false;
    for (int i = 1; i < argc; i++) {
        if (i == command)
            continue;
        if (!flags_end && strcmp(argv[i], "--") == 0)
            flags_end = true;
        else if (flags_end || argv[i][0] != '-' || !argv[i][1])
            c->words[c->n_words++] = argv[i];
        else if (!take_flag(c, argc, argv, &i))
            return false;
    }
    int n = (int)c->n_words;
    if (n < c->cmd->least_words)
        return ct_usage(c->cmd->name, "needs %s", c->cmd->usage), false;
    if (c->cmd->most_words >= 0 && n > c->cmd->most_words)
        return ct_usage(c->cmd->name, "\"%s\" is one word too many", c->words[c->cmd->most_words]),
               false;
    return true;
}

/* ---- what most commands need ---- */

static bool take_format(struct ct_call *c)
{
    static const enum ct_flag flags[] = {CT_FLAG_JSON, CT_FLAG_NDJSON, CT_FLAG_CSV, CT_FLAG_TSV};
    int given = 0;
    for (size_t i = 0; i < CT_LEN(flags); i++) {
        if (!c->flag[flags[i]])
            continue;
        c->output.format = (enum ct_format)(CT_FORMAT_JSON + i);
        given++;
    }
    c->output.header = !c->flag[CT_FLAG_NO_HEADER];
    c->output.terminal = isatty(STDOUT_FILENO) == 1;
    if (c->flag[CT_FLAG_NO_HEADER] &&
        (c->output.format == CT_FORMAT_JSON || c->output.format == CT_FORMAT_NDJSON))
        return ct_usage(c->cmd->name, "JSON has no header to leave away"), false;
    if (given > 1)
        return ct_usage(c->cmd->name, "one of --json, --ndjson, --csv, --tsv"), false;
    return true;
}

static int prepare_and_run(struct ct_call *c)
{
    c->now_ms = ct_now_ms();
    c->at_ms = CT_LIVE;
    if (c->flag[CT_FLAG_AT]) {
        enum ct_status status =
            ct_time_parse_user(ct_span(c->flag[CT_FLAG_AT]), c->now_ms, &c->at_ms, &c->err);
        if (status != CT_OK)
            return ct_usage("--at", "%s", c->err.what);
    }
    if (!take_format(c))
        return 2;
    ct_path_database(&c->db, c->flag[CT_FLAG_DB]);
    if (ct_settings_load(c->flag[CT_FLAG_CONFIG], &c->settings, &c->err) != CT_OK &&
        c->cmd->run != ct_cmd_init && c->cmd->run != ct_cmd_config)
        return ct_report(&c->err);
    ct_settings_zone(c->settings);
    if (ct_command_takes(c->cmd, CT_FLAG_TZ) && ct_call_look(c) != CT_OK)
        return ct_report(&c->err);
    return c->cmd->run(c);
}

static bool has(char **argv, const char *word)
{
    for (; *argv; argv++)
        if (strcmp(*argv, word) == 0)
            return true;
    return false;
}

static int print_and_free(struct ct_buf *text)
{
    int code = ct_output_flush(text);
    ct_buf_free(text);
    return code;
}

static int call_command(int argc, char **argv)
{
    struct ct_buf text = CT_BUF_INIT;
    int command = command_word(argc, argv), code = 2;
    const struct ct_command *cmd = command < 0 ? NULL : find_command(command ? argv[command] : "");
    if (!cmd)
        return 2;
    if (has(argv + 1, "--help") || has(argv + 1, "-h")) {
        ct_help_text(&text, command ? cmd : NULL);
        return print_and_free(&text);
    }
    if (!command && (has(argv + 1, "--version") || has(argv + 1, "-V")))
        cmd = find_command("version"), argc = 1;
    struct ct_call c = {.cmd = cmd, .db = CT_BUF_INIT};
    c.words = ct_xcalloc((size_t)argc + 1, sizeof *c.words);
    c.argv = ct_xcalloc((size_t)argc + 2, sizeof *c.argv);
    c.arena = ct_arena_new(0);
    c.argv[0] = argv[0];
    c.argv[1] = command ? argv[command] : NULL;
    for (int i = 1, n = 2; command && i < argc; i++)
        if (i != command)
            c.argv[n++] = argv[i];
    if (cmd->by == CT_BY_FETCHER || (cmd->by == CT_BY_BOTH && has(argv + 1, "--headless")))
        code = ct_fetcher_exec(c.argv, &c.err) == CT_OK ? 0 : ct_report(&c.err);
    else if (take_arguments(&c, argc, argv, command))
        code = prepare_and_run(&c);
    ct_settings_free(c.settings);
    ct_arena_free(c.arena);
    ct_buf_free(&c.db);
    free(c.words);
    free(c.argv);
    return code;
}

int main(int argc, char **argv)
{
    umask(077);
    if (!hold_standard_descriptors())
        return 1;
    setlocale(LC_CTYPE, ""); /* never LC_NUMERIC: it would change what 1.25 means */
    signal(SIGPIPE, SIG_DFL);
    return call_command(argc, argv);
}
