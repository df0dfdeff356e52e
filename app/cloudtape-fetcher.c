/* cloudtape-fetcher: everything that asks the network or writes the database. `cloudtape fetch` and
 * its kin exec it. */
#include "config.h"

#include "app/fetcher_commands.h"

#include "db/base/ini.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage, *help;
} commands[] = {
    {"fetch", ct_cmd_fetch, "fetch --once [SOURCE...] | --daemon [--record DIR] | --replay DIR [--speed N]",
     "ask the sources once, or until told to stop"},
    {"parse", ct_cmd_parse, "parse FAMILY [FILE|-] | --list",
     "rows of one recorded answer, as NDJSON"},
    {"import", ct_cmd_import,
     "import FAMILY FILE... --at TIME|name [--source ID] | import rows FILE",
     "store recorded answers at their own time"},
    {"demo", ct_cmd_demo, "demo --headless|--serve --db FILE [--seed N] [--days N]",
     "the simulated market: as history, or served and fetched while somebody watches"},
    {"test-source", ct_cmd_test_source, "sources test NAME",
     "one source fetched once: what would be stored and what would change"},
    {"alerts", ct_cmd_alert_work,
     "alerts ack ID | silence MATCH... | unsilence N | extend N | test RULE | lint | why SUBJECT |"
     " send-test CHANNEL",
     "acknowledge, silence, try rules and channels"},
    {"check", ct_cmd_check, "check WHEN", "for monitoring systems: exit 0, 1, 2 or 3"},
    {"check-sources", ct_cmd_check_sources, "config check", "are the settings right?"},
    {"desktop", ct_cmd_desktop, NULL, NULL},
};

static int help(FILE *out, int code)
{
    fprintf(out, "cloudtape-fetcher %s: the part of cloudtape that fetches and stores\n\n",
            PACKAGE_VERSION);
    for (size_t i = 0; i < CT_LEN(commands); i++)
        if (commands[i].help)
            fprintf(out, "  cloudtape %s\n      %s\n", commands[i].usage, commands[i].help);
    fputs("\noptions: --db FILE, --config FILE; fetch: --allow-private, --ca FILE, --log FILE, "
          "--seed N, --parent-fd N\n",
          out);
    return code;
}

/* Closed standard descriptors would be given to the next file opened: the database. */
static void hold_standard_fds(void)
{
    int fd;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    const char *names[CT_LEN(commands) + 1] = {NULL};
    umask(077);
    hold_standard_fds();
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_CTYPE, "");
    if (argc < 2)
        return help(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return help(stdout, EXIT_WORKED);
    if (strcmp(argv[1], "--version") == 0) {
        printf("cloudtape-fetcher %s\n", PACKAGE_VERSION);
        return EXIT_WORKED;
    }
    for (size_t i = 0; i < CT_LEN(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
        names[i] = commands[i].name;
    }
    const char *near = ct_nearest(argv[1], names);
    return ct_complain(EXIT_USAGE, argv[1], "unknown command%s%s%s",
                       near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}
