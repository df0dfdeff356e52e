/* `help`, and what is made from the same tables: the manual pages, the completion, parts of README.
 * `make docs` writes them into the source tree, tests/cli/docs compares. */
#include "config.h"

#include "app/command.h"
#include "tui/app.h"

#include <stdio.h>
#include <string.h>

static const char *const exit_codes[][2] = {
    {"0", "worked; with --fail-on: the condition is not met"},
    {"1", "error: input or output, database, settings, a body that parse refuses"},
    {"2", "wrong usage"},
    {"3", "worked, but there is no data, or all of it is older than --max-age"},
    {"4", "nothing matched (only with --fail-empty)"},
    {"10", "--fail-on degr is met"},
    {"20", "--fail-on part or --fail-on down is met"},
};

/* ---- --help ---- */

static void flag_line(struct ct_buf *out, enum ct_flag flag)
{
    const struct ct_flag_def *f = &ct_flag_defs[flag];
    char left[40];
    snprintf(left, sizeof left, "--%s%s%s", f->word, f->arg ? " " : "", f->arg ? f->arg : "");
    ct_buf_addf(out, "  %-22s %s\n", left, f->help);
}

/* The fixed words of CMD; "..." at their end stands for the panels that there are beside them. */
static void words_of(struct ct_buf *out, const struct ct_command *cmd)
{
    const char *panels[64];
    struct ct_span words = ct_span(cmd->words);
    if (!ct_span_ends(words, " ...")) {
        ct_buf_add(out, words);
        return;
    }
    words.n -= 4;
    ct_buf_add(out, words);
    for (size_t i = 0, n = ct_ui_panels(panels, CT_LEN(panels)); i < n; i++) {
        char padded[64], list[1024];
        snprintf(padded, sizeof padded, " %s ", panels[i]);
        snprintf(list, sizeof list, " %.*s ", CT_FMT(words));
        if (!strstr(list, padded))
            ct_buf_addf(out, " %s", panels[i]);
    }
}

static void one_command(struct ct_buf *out, const struct ct_command *cmd)
{
    ct_buf_addf(out, "usage: cloudtape%s%s%s%s%s\n%s\n", cmd->name[0] ? " " : "", cmd->name,
                cmd->usage[0] ? " " : "", cmd->usage, cmd->flags[0] ? " [OPTION...]" : "",
                cmd->help);
    for (int i = 0; i < CT_N_FLAGS; i++)
        if (ct_flag_defs[i].help && ct_command_takes(cmd, (enum ct_flag)i))
            flag_line(out, (enum ct_flag)i);
    if (ct_span_ends(ct_span(cmd->words), " ...")) {
        ct_buf_adds(out, "tables, then panels (a panel with a table's name is SCREEN/PANEL, as gpus/gpus): ");
        words_of(out, cmd);
        ct_buf_addc(out, '\n');
    }
}

static void all_commands(struct ct_buf *out)
{
    ct_buf_adds(out, "cloudtape: the ticker tape of the cloud AI market\n\n"
                     "usage: cloudtape [OPTION...]           the dashboard\n"
                     "       cloudtape COMMAND [OPTION...]   prints and exits\n\n");
    for (const struct ct_command *c = ct_commands; c->name; c++)
        if (c->name[0])
            ct_buf_addf(out, "  %-11s %s\n", c->name, c->help);
    ct_buf_adds(out, "\nOptions of the dashboard:\n");
    for (int i = 0; i < CT_N_FLAGS; i++)
        if (ct_flag_defs[i].help && ct_command_takes(&ct_commands[0], (enum ct_flag)i))
            flag_line(out, (enum ct_flag)i);
    ct_buf_adds(out, "\n`cloudtape help COMMAND` has the options of a command; cloudtape(1), "
                     "cloudtape(5).\n");
}

void ct_help_text(struct ct_buf *out, const struct ct_command *cmd)
{
    if (cmd)
        one_command(out, cmd);
    else
        all_commands(out);
}

/* ---- manual pages ---- */

/* Text for roff: a leading dot or quote and every minus and backslash would mean something. */
static void roff(struct ct_buf *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        ct_buf_adds(out, "\\&");
    for (; *text; text++) {
        if (*text == '-')
            ct_buf_adds(out, "\\-");
        else if (*text == '\\')
            ct_buf_adds(out, "\\e");
        else
            ct_buf_addc(out, *text);
    }
}

static void roff_item(struct ct_buf *out, const char *name, const char *arg, const char *text)
{
    ct_buf_adds(out, ".TP\n\\fB");
    roff(out, name);
    ct_buf_adds(out, "\\fR");
    if (arg && arg[0]) {
        ct_buf_adds(out, " \\fI");
        roff(out, arg);
        ct_buf_adds(out, "\\fR");
    }
    ct_buf_addc(out, '\n');
    roff(out, text);
    ct_buf_addc(out, '\n');
}

static void man_flags(struct ct_buf *out)
{
    for (int i = 0; i < CT_N_FLAGS; i++) {
        char name[40];
        snprintf(name, sizeof name, "--%s", ct_flag_defs[i].word);
        if (ct_flag_defs[i].help)
            roff_item(out, name, ct_flag_defs[i].arg, ct_flag_defs[i].help);
    }
}

static void man_keys(struct ct_buf *out)
{
    static struct ct_keymap map;
    ct_keymap_init(&map);
    for (int context = 0; ct_key_context_words[context]; context++) {
        ct_buf_addf(out, ".SS Keys: %s\n", ct_key_context_words[context]);
        for (size_t i = 0; i < map.n; i++) {
            char first[16], second[16] = "", both[40];
            if ((int)map.v[i].context != context)
                continue;
            ct_key_name(first, map.v[i].key);
            if (map.v[i].second)
                ct_key_name(second, map.v[i].second);
            snprintf(both, sizeof both, "%s%s%s", first, second[0] ? " " : "", second);
            roff_item(out, both, NULL, ct_action_helps[map.v[i].action]);
        }
    }
}

static void man_head(struct ct_buf *out)
{
    ct_buf_adds(out,
                ".TH CLOUDTAPE 1 \"\" \"cloudtape " PACKAGE_VERSION "\" \"User Commands\"\n"
                ".SH NAME\ncloudtape \\- the ticker tape of the cloud AI market\n"
                ".SH SYNOPSIS\n.B cloudtape\n[\\fIOPTION\\fR...]\n.br\n.B cloudtape\n"
                "\\fICOMMAND\\fR [\\fIOPTION\\fR...]\n.SH DESCRIPTION\n"
                "Without a command it opens a dashboard of incidents, GPU prices and stock, and "
                "token prices, and starts a fetcher when none runs on its database. "
                "With one it prints and exits; only fetch, the fetcher and \\-\\-refresh ask the network.\n"
                ".SH COMMANDS\n");
    for (const struct ct_command *c = ct_commands; c->name; c++)
        if (c->name[0])
            roff_item(out, c->name, c->usage, c->help);
    ct_buf_adds(out, ".SH OPTIONS\nEach command takes some of them; "
                     "\\fBcloudtape help\\fR \\fICOMMAND\\fR says which.\n");
    man_flags(out);
}

static void man_names(struct ct_buf *out)
{
    ct_buf_adds(out,
                ".SH FILTERS\nAll words must match. field:text, field:a,b, price<2.5, "
                "state>=degr, seen>2h, region:us*, !word and ~fuzzy are understood; an unknown "
                "field is an error. What people call otherwise is understood: vast.ai, oci, on\\-demand, "
                "bid, h100\\-sxm5 for gpu and form.\n"
                ".SH SERIES\nA series is named by its whole name, an ending of it at a slash, some "
                "words of it, or a glob.\n"
                ".TP\nindex/GPU[\\-FORM]/PURCHASE\nWhat a GPU\\-hour costs: the median over "
                "clouds of each cloud's cheapest offer, in dollars (other currencies by the rate of "
                "the day), from at least three clouds, on demand and spot apart. Quarantined and "
                "suspect prices stay out, GPUs without their machine, and sources that fell silent "
                "for a day and four of their intervals while others were heard. An offer that "
                "several sources list counts once, by the best word. While fewer than half of the clouds "
                "err it lies between the least and the most that the others ask, whatever those say. It "
                "is worked out from the record, so it goes back as far as that.\n"
                ".TP\nindex/CLASS/input, index/CLASS/output\nWhat a million tokens of a class of models "
                "cost: the median over sellers of each one's cheapest plain price of a member, from at "
                "least three sellers (labs, clouds, platforms, inference hosts; no resellers), with the "
                "same care: quarantined, suspect and free prices stay out. The members are named in "
                "fetchers/reference/model_classes.tsv with what that rests on; "
                "\\fBcloudtape tokens \\-\\-group class\\fR has them all.\n"
                ".TP\nhosts/LAB/MODEL\nHow many hosts sell a model, as far as their lists say.\n"
                ".TP\nclouds/LAB, exclusive/LAB\nOn how many of the eight clouds (aws, azure, gcp, "
                "oracle, ibm, alibaba, tencent, volcengine) a lab's models are, and how much of "
                "those models, in percent, is on one cloud alone; back through everything recorded, "
                "by the lists that say who bills. The second cloud of a lab and each further one is "
                "an event, dated when a list first named it. A list may lag behind by weeks, and "
                "what it does not name may be sold all the same: not listed is not exclusive.\n"
                ".TP\ngpu/..., stock/..., token/..., state/...\nWhat was recorded; "
                "\\fBcloudtape series\\fR lists it.\n");
}

static void man_exit_codes(struct ct_buf *out)
{
    ct_buf_adds(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < CT_LEN(exit_codes); i++)
        roff_item(out, exit_codes[i][0], NULL, exit_codes[i][1]);
}

static void man_surroundings(struct ct_buf *out)
{
    ct_buf_adds(out,
                ".SH ENVIRONMENT\n.TP\nCLOUDTAPE_DB\nThe database.\n.TP\nCLOUDTAPE_FETCHER\nThe "
                "fetcher program.\n.TP\nCLOUDTAPE_DATADIR\nThe folder of themes and reference "
                "tables.\n.TP\nCLOUDTAPE_NOW\nA time that is taken for now and stands still: for pictures "
                "and tests.\n.TP\nNO_COLOR\nNo colours.\n.PP\nEvery option at the top of the settings "
                "may also be given as CLOUDTAPE_ and its name in capitals.\n"
                ".SH TERMINALS\nA terminal tells whether it has the focus, but not whether it can be seen: "
                "a pane beside the one typed in has none either. So the dashboard paints what changes "
                "also in a window of tmux or a tab that nobody looks at; while nothing changes it "
                "writes nothing. Of terminals that tell of the focus (in tmux: set -g focus-events on) "
                "it is painted once a second at most while the focus is elsewhere.\n"
                ".SH FILES\n.TP\n$XDG_CONFIG_HOME/cloudtape/reference/*.tsv\nReference tables of "
                "your own (accelerators, instance types, labs, hosts, regions, sources): a copy of "
                "the program's table, changed, is read in its place.\n");
}

static void man_sources(struct ct_buf *out)
{
    ct_buf_adds(out,
                ".SH SOURCES OF YOUR OWN\nA page of a known format is a section [source NAME] with "
                "family and url. Family exec runs a program (command = /PATH/PROGRAM WORDS, no "
                "shell, PATH, HOME, LANG and CT_* as its environment) and reads what it prints; "
                "family rows reads the same from an address: the rows of `cloudtape parse`, a JSON "
                "object a line, kind saying what they are. A row of kind measure (name, unit, "
                "value) becomes the series probe/SOURCE/NAME. One bad line refuses the whole answer. "
                "`cloudtape sources test NAME` fetches once, shows rows and changes, and stores "
                "nothing.\n"
                ".SH RECORDINGS\nfetch \\-\\-record DIR keeps every answer under DIR/SOURCE: "
                "TIME.PAGE.head says in lines \"name: value\" what was asked and answered, "
                "TIME.PAGE.body.gz is the body; keys and cookies are not kept, nor lists too large "
                "to hold. fetch \\-\\-replay DIR plays them into a database of its own, and "
                "import FAMILY DIR/SOURCE/*.body.gz \\-\\-at name \\-\\-source SOURCE reads them "
                "again with a better parser.\n");
}

static void man_histories(struct ct_buf *out)
{
    ct_buf_adds(out,
                ".SH HISTORIES\nimport rows FILE takes rows as parse prints them, NDJSON or CSV, packed or not, each "
                "with its time in \"at\"; late ones end in the same history. Each moment is stored whole or not at all, so its "
                "rows must fit into memory: some 300,000. Rows absent from such a file are not seen then, they are not gone. "
                "All moments of a source are of one list: files of parts of it go together where their moments are the same; "
                "one with other moments, if only by seconds, needs a \\-\\-source of its own, else the rows of each are not "
                "seen at the moments of the other.\n"
                ".PP\nWherever changes are counted (history, series, figures) one is another number than the last one known; what "
                "begins, goes away or comes back as it was is none.\n"
                ".PP\nA table with columns of other names is read with \\-\\-as NAME: aws-daily (timestamp, instance, "
                "price_usd), gcp-machines and gcp-regions, gpu-rental, gpurentalprices, primeintellect (a summary a "
                "line, the cheapest offer of each provider; one \\-\\-source a file). columns.tsv among the reference tables tells "
                "what each makes of a column, and a file of the same form, named with its path, does that for any other table. "
                "A list of one day counts from its end.\n"
                ".PP\nA list of 0 and 1 without times, as recordings of spot availability are, needs its beginning and "
                "step said: jq \\-c '.metadata.gap_seconds as $s | .data | to_entries[] | {row:\"offer\", "
                "at:(1676419200 + .key*$s | todate), cloud:\"aws\", region:\"us-east-1\", zone:\"us-east-1a\", gpu:\"V100\", "
                "gpu_count:1, purchase:\"spot\", stock:(if .value > 0 then \"A\" else \"N\" end)}' FILE | cloudtape import "
                "rows \\- \\-\\-source spot_v100. A difference between two price lists (added, removed, changed) is no "
                "observation of a price and is not loaded.\n");
}

static void man_commands(struct ct_buf *out)
{
    man_head(out);
    man_names(out);
    ct_buf_adds(out, ".SH KEYS\n");
    man_keys(out);
    man_exit_codes(out);
    man_surroundings(out);
    man_sources(out);
    man_histories(out);
    ct_buf_adds(out, ".SH SEE ALSO\n.BR cloudtape (5)\n");
}

static void man_settings(struct ct_buf *out)
{
    ct_buf_adds(out, ".TH CLOUDTAPE 5 \"\" \"cloudtape " PACKAGE_VERSION "\" \"File Formats\"\n"
                     ".SH NAME\ncloudtape \\- settings of cloudtape\n.SH DESCRIPTION\n"
                     "INI files, read in this order, later lines winning: "
                     "$XDG_CONFIG_HOME/cloudtape/config.ini, conf.d/*.ini in name order, "
                     "$CLOUDTAPE_OPTION for options at the top, options of the command line. A "
                     "wrong line is reported with "
                     "file and line by \\fBcloudtape config check\\fR; the rest holds. A comment "
                     "begins with a semicolon; lines end at 198 bytes, a longer value goes on in "
                     "indented lines.\n");
    for (const struct ct_section_def *sec = ct_section_defs; sec->name; sec++) {
        ct_buf_adds(out, ".SH ");
        if (sec->name[0])
            ct_buf_addf(out, "[%s%s]\n", sec->name, sec->named == 1 ? " NAME" : "");
        else
            ct_buf_adds(out, "TOP OF THE FILE\n");
        if (sec->help[0]) {
            roff(out, sec->help);
            ct_buf_addc(out, '\n');
        }
        for (const struct ct_setting_def *d = ct_setting_defs; d->name; d++) {
            char text[300];
            bool fallback = d->fallback && d->fallback[0];
            if (strcmp(d->section, sec->name) != 0)
                continue;
            snprintf(text, sizeof text, "%s%s%s%s", d->help, fallback ? " (default: " : "",
                     fallback ? d->fallback : "", fallback ? ")" : "");
            roff_item(out, d->name, NULL, text);
        }
    }
    ct_buf_adds(out, ".SH SEE ALSO\n.BR cloudtape (1)\n");
}

/* ---- completion ---- */

static void completion(struct ct_buf *out)
{
    ct_buf_adds(out,
                "# bash completion for cloudtape; made by `make docs` from the command table\n"
                "_cloudtape()\n{\n"
                "    local cur=${COMP_WORDS[COMP_CWORD]} command= i flags words=\n"
                "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                "        [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }\n"
                "    done\n    case $command in\n");
    for (const struct ct_command *c = ct_commands; c->name; c++) {
        ct_buf_addf(out, "    %s) flags='", c->name[0] ? c->name : "''");
        for (int i = 0; i < CT_N_FLAGS; i++)
            if (ct_flag_defs[i].help && ct_command_takes(c, (enum ct_flag)i))
                ct_buf_addf(out, "--%s ", ct_flag_defs[i].word);
        ct_buf_adds(out, "--help' words='");
        words_of(out, c);
        for (const struct ct_command *k = ct_commands; !c->name[0] && k->name; k++)
            ct_buf_addf(out, "%s%s", k->name[0] ? " " : "", k->name);
        ct_buf_adds(out, "' ;;\n");
    }
    ct_buf_adds(out, "    esac\n"
                     "    if [[ $cur == -* ]]; then\n"
                     "        COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n"
                     "    elif [[ $words ]]; then\n"
                     "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                     "    else\n"
                     "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                     "    fi\n}\ncomplete -F _cloudtape cloudtape\n");
}

/* ---- README ---- */

static void readme_commands(struct ct_buf *out)
{
    ct_buf_adds(out, "| command | does |\n| --- | --- |\n");
    for (const struct ct_command *c = ct_commands; c->name; c++) {
        struct ct_span usage = ct_span(c->usage);
        ct_buf_addf(out, "| `cloudtape%s%s%s", c->name[0] ? " " : "", c->name, usage.n ? " " : "");
        for (size_t i = 0; i < usage.n; i++) { /* a bar would end the cell */
            if (usage.p[i] == '|')
                ct_buf_addc(out, '\\');
            ct_buf_addc(out, usage.p[i]);
        }
        ct_buf_addf(out, "` | %s |\n", c->help);
    }
}

/* One line an action, all its keys. */
static void readme_keys(struct ct_buf *out)
{
    static struct ct_keymap map;
    ct_keymap_init(&map);
    ct_buf_adds(out, "| where | keys | does |\n| --- | --- | --- |\n");
    for (int context = 0; ct_key_context_words[context]; context++) {
        for (int action = 1; action < CT_N_ACTIONS; action++) {
            bool any = false;
            for (size_t i = 0; i < map.n; i++) {
                char first[16], second[16] = "";
                if ((int)map.v[i].context != context || (int)map.v[i].action != action)
                    continue;
                ct_key_name(first, map.v[i].key);
                if (map.v[i].second)
                    ct_key_name(second, map.v[i].second);
                if (!any)
                    ct_buf_addf(out, "| %s | ", ct_key_context_words[context]);
                ct_buf_addf(out, "%s`%s%s%s%s`", any ? ", " : "",
                            first[0] == '|' && !first[1] ? "\\" : "", first, second[0] ? " " : "",
                            second);
                any = true;
            }
            if (any)
                ct_buf_addf(out, " | %s |\n", ct_action_helps[action]);
        }
    }
}

static const struct ct_command *named_command(const char *name)
{
    for (const struct ct_command *c = ct_commands; c->name; c++)
        if (name[0] && strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

int ct_cmd_help(struct ct_call *c)
{
    const char *man = c->flag[CT_FLAG_MAN], *part = c->flag[CT_FLAG_README];
    struct ct_buf out = CT_BUF_INIT;
    const struct ct_command *cmd = c->n_words ? named_command(c->words[0]) : NULL;
    if (c->n_words && !cmd)
        return ct_usage(c->words[0], "no such command; `cloudtape help` lists them");
    if (man && strcmp(man, "5") == 0)
        man_settings(&out);
    else if (man)
        man_commands(&out);
    else if (c->flag[CT_FLAG_COMPLETION])
        completion(&out);
    else if (part && strcmp(part, "keys") == 0)
        readme_keys(&out);
    else if (part)
        readme_commands(&out);
    else
        ct_help_text(&out, cmd);
    int code = ct_output_flush(&out);
    ct_buf_free(&out);
    return code;
}
