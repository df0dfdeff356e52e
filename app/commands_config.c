/* `config`, `init` and `version`. */
#include "config.h"

#include "app/command.h"
#include "app/spawn.h"
#include "db/base/ini.h"
#include "db/base/paths.h"
#include "db/schema.h"
#include "tui/theme.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int config_path(struct ct_call *c)
{
    struct ct_buf out = CT_BUF_INIT, path = CT_BUF_INIT;
    const char *file;
    bool there;
    for (size_t i = 0; (file = ct_settings_file(c->settings, i, &there)); i++)
        ct_buf_addf(&out, "settings\t%s\t%s\n", file, there ? "read" : "not there");
    ct_buf_addf(&out, "database\t%s\t%s\n", c->db.p,
                access(c->db.p, F_OK) == 0 ? "there" : "not there");
    ct_path_state(&path, "");
    ct_buf_addf(&out, "state\t%s\t%s\n", path.p, access(path.p, F_OK) == 0 ? "there" : "not there");
    int code = ct_output_flush(&out);
    ct_buf_free(&out);
    ct_buf_free(&path);
    return code;
}

static void theme_problem(void *ctx, const char *where, const char *what)
{
    int *count = ctx;
    fprintf(stderr, "cloudtape: %s: %s\n", where, what);
    ++*count;
}

/* Which line set the theme; NULL: a flag or nobody. */
static const char *theme_line(struct ct_call *c)
{
    const struct ct_setting_line *l;
    const char *where = NULL;
    for (size_t i = 0; !c->flag[CT_FLAG_THEME] && (l = ct_settings_at(c->settings, i)); i++)
        if (*l->section == '\0' && strcmp(l->key, "theme") == 0)
            where = l->where;
    return where;
}

/* What a source may be only the fetcher knows: it becomes the judge of the rest. PROBLEMS were found here. */
static int check_sources(struct ct_call *c, int problems)
{
    char *args[6] = {NULL, ct_xstrdup("check-sources")};
    const char *file = c->flag[CT_FLAG_CONFIG];
    struct ct_error err = {0};
    size_t n = 2;
    if (problems)
        args[n++] = ct_xstrdup("--problems");
    if (file) {
        args[n++] = ct_xstrdup("--config");
        args[n++] = ct_xstrdup(file);
    }
    int code = ct_fetcher_exec(args, &err) == CT_OK ? 0 : ct_report(&err);
    for (size_t i = 1; i < n; i++)
        free(args[i]);
    return code;
}

static int config_check(struct ct_call *c)
{
    const char *named = c->flag[CT_FLAG_THEME], *line = theme_line(c);
    struct ct_theme theme;
    int problems = 0;
    if (c->err.status != CT_OK)
        return ct_report(&c->err); /* the file named by --config */
    ct_check_keys(c);
    ct_tell_problems(c->settings);
    for (const char *const *p = ct_settings_problems(c->settings); *p; p++)
        problems++;
    const char *name = named ? named : ct_setting(c->settings, "", "theme");
    if (ct_theme_load(name, &theme, theme_problem, &problems, &c->err) != CT_OK) {
        if (line)
            ct_error_prefix(&c->err, line);
        (void)ct_report(&c->err);
        problems++;
    }
    return check_sources(c, problems);
}

static int config_default(struct ct_call *c)
{
    struct ct_buf out = CT_BUF_INIT;
    (void)c;
    ct_settings_example(&out);
    int code = ct_output_flush(&out);
    ct_buf_free(&out);
    return code;
}

int ct_cmd_config(struct ct_call *c)
{
    static const char *const words[] = {"path", "check", "default", NULL};
    static int (*const parts[])(struct ct_call *) = {config_path, config_check, config_default};
    const char *word = c->n_words ? c->words[0] : "path";
    int part = ct_word(words, ct_span(word));
    if (part < 0)
        return ct_usage("config", "wanted path, check or default, found \"%s\"%s", word,
                        ct_did_you_mean(ct_nearest(word, words)));
    if (c->flag[CT_FLAG_THEME] && part != 1)
        return ct_usage("config", "--theme goes with check");
    return parts[part](c);
}

int ct_cmd_init(struct ct_call *c)
{
    struct ct_buf path = CT_BUF_INIT, text = CT_BUF_INIT;
    int code = 1;
    if (c->flag[CT_FLAG_CONFIG]) {
        ct_buf_adds(&path, c->flag[CT_FLAG_CONFIG]);
    } else {
        ct_path_config(&path, "");
        if (ct_mkdirs(path.p, &c->err) != CT_OK) {
            ct_buf_free(&path);
            return ct_report(&c->err);
        }
        ct_path_config(&path, "config.ini");
    }
    ct_settings_example(&text);
    int fd = open(path.p, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        fprintf(stderr, "cloudtape: %s: %s\n", path.p,
                errno == EEXIST ? "is there already and stays as it is" : strerror(errno));
    } else {
        ssize_t n = write(fd, text.p, text.n);
        if (n == (ssize_t)text.n && close(fd) == 0) {
            ct_buf_clear(&text);
            ct_buf_addf(&text, "wrote %s\n", path.p);
            code = ct_output_flush(&text);
        } else {
            fprintf(stderr, "cloudtape: %s: could not be written whole\n", path.p);
            unlink(path.p);
        }
    }
    ct_buf_free(&path);
    ct_buf_free(&text);
    return code;
}

int ct_cmd_version(struct ct_call *c)
{
    struct ct_buf out = CT_BUF_INIT;
    (void)c;
    ct_buf_addf(&out, "cloudtape %s\ndatabase layout %d, JSON schema 1\n", PACKAGE_VERSION,
                CT_SCHEMA_VERSION);
    int code = ct_output_flush(&out);
    ct_buf_free(&out);
    return code;
}
