/* What the commands of cloudtape-fetcher share: their options, the names people give, and complaints. */
#include "config.h"

#include "app/fetcher_commands.h"

#include "db/base/ini.h"
#include "fetchers/fetcher.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int ct_complain(int code, const char *where, const char *fmt, ...)
{
    struct ct_error line = {0};
    char what[sizeof(line.what)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    (void)ct_fail(&line, CT_ERR_USAGE, where, "%s", what); /* replaces controls */
    fprintf(stderr, "cloudtape: %s: %s\n", line.where, line.what);
    return code;
}

int ct_complain_err(int code, const struct ct_error *err)
{
    return ct_complain(code, err->where, "%s", err->what);
}

static bool one_arg(const struct ct_arg *a, const char *value, int *at, int argc, char **argv)
{
    if (a->flag != NULL && value != NULL)
        return ct_complain(0, argv[*at], "takes no value") != 0;
    if (a->flag != NULL) {
        *a->flag = true;
        return true;
    }
    if (value == NULL && *at + 1 < argc && strncmp(argv[*at + 1], "--", 2) != 0)
        value = argv[++*at];
    if (value == NULL)
        return ct_complain(0, argv[*at], "needs a value") != 0;
    *a->text = value;
    return true;
}

static bool unknown_arg(const char *name, size_t n, const struct ct_arg *args)
{
    const char *names[32] = {NULL};
    char word[64];
    for (size_t i = 0; args[i].name != NULL && i + 1 < CT_LEN(names); i++)
        names[i] = args[i].name;
    snprintf(word, sizeof(word), "%.*s", (int)n, name);
    const char *near = ct_nearest(word, names);
    ct_complain(0, "usage", "unknown option --%s%s%s%s", word, near ? ", did you mean --" : "",
                near ? near : "", near ? "?" : "");
    return false;
}

bool ct_args(int *argc, char **argv, const struct ct_arg *args)
{
    int kept = 0;
    for (int i = 0; i < *argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--") == 0) {
            while (++i < *argc)
                argv[kept++] = argv[i];
            break;
        }
        if (arg[0] != '-' || arg[1] == '\0') {
            argv[kept++] = argv[i];
            continue;
        }
        const char *name = arg[1] == '-' ? arg + 2 : arg + 1, *equals = strchr(arg, '=');
        size_t n = equals != NULL ? (size_t)(equals - name) : strlen(name);
        const struct ct_arg *a = args;
        while (a->name != NULL && (strlen(a->name) != n || strncmp(a->name, name, n) != 0))
            a++;
        if (a->name == NULL || arg[1] != '-')
            return unknown_arg(name, n, args);
        if (!one_arg(a, equals != NULL ? equals + 1 : NULL, &i, *argc, argv))
            return false;
    }
    *argc = kept;
    argv[kept] = NULL;
    return true;
}

const struct ct_family *ct_family_arg(const char *name)
{
    const char *names[128] = {NULL};
    const struct ct_family *f = ct_family_find(name);
    if (f != NULL)
        return f;
    for (size_t i = 0; ct_families[i] != NULL && i + 1 < CT_LEN(names); i++)
        names[i] = ct_families[i]->name;
    const char *near = ct_nearest(name, names);
    ct_complain(0, name, "unknown family%s%s%s",
                near ? ", did you mean \"" : "; `parse --list` has them all", near ? near : "",
                near ? "\"?" : "");
    return NULL;
}

enum ct_status ct_source_named(struct ct_registry *reg, const char *id, struct ct_error *err)
{
    if (ct_registry_find(reg, id) != NULL)
        return CT_OK;
    size_t n = ct_registry_count(reg);
    const char **names = ct_xcalloc(n + 1, sizeof(*names));
    for (size_t i = 0; i < n; i++)
        names[i] = ct_registry_at(reg, i)->id;
    const char *near = ct_nearest(id, names);
    enum ct_status st = ct_fail(err, CT_ERR_USAGE, id, "unknown source%s%s%s",
                                near ? ", did you mean \"" : "", near ? near : "",
                                near ? "\"?" : "");
    free(names);
    return st;
}

static void print_cell(bool people, int width, const char *text)
{
    if (people)
        printf("%*s ", width, text);
    else
        printf("%s\t", text);
}

static void print_number(bool people, int width, int64_t n)
{
    char text[32] = "-";
    if (n != CT_NONE)
        snprintf(text, sizeof(text), "%" PRId64, n);
    print_cell(people, width, text);
}

/* A line a source: id, what became of it, HTTP status, rows, changed rows, milliseconds, next
 * attempt. */
void ct_print_attempt(const struct ct_source *s, const struct ct_fetch *f, const struct ct_commit *c)
{
    static const char *const words[] = {"ok", "not-modified", "failed"};
    bool people = isatty(STDOUT_FILENO) != 0, failed = f->outcome == CT_OUTCOME_FAILED;
    char next[CT_TIME_MAX];
    ct_time_format(next, f->next_attempt_ms / CT_SECOND * CT_SECOND);
    print_cell(people, -24, s->id);
    print_cell(people, -12, words[f->outcome]);
    print_number(people, 4, f->http_status != 0 ? f->http_status : CT_NONE);
    print_number(people, 7, failed || c == NULL ? CT_NONE : c->rows);
    print_number(people, 7, failed || c == NULL ? CT_NONE : c->changed_rows);
    print_number(people, 7, f->latency_ms);
    printf("%s\n", next);
    fflush(stdout);
    if (failed)
        ct_complain(0, s->id, "%s", f->error);
    else if (c != NULL && c->suspicious)
        ct_complain(0, s->id, "%s", c->remark);
}
