#include "config.h"

#include "app/fetcher_config.h"

#include "app/fetcher_commands.h"
#include "db/base/ini.h"
#include "db/base/paths.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_JITTER = 10, MAX_JITTER = 50 };

struct reading {
    struct ct_fetch_config *c;
    struct ct_registry *reg;
};

static bool yes_no(const char *value, bool *out)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};
    for (size_t i = 0; i < CT_LEN(words); i++)
        if (strcmp(value, words[i]) == 0) {
            *out = i % 2 == 1;
            return true;
        }
    return false;
}

static enum ct_status set_jitter(struct ct_fetch_config *c, const char *value, struct ct_error *err)
{
    struct ct_span text = ct_span(value);
    int64_t n;
    if (ct_span_ends(text, "%"))
        text.n--;
    if (ct_span_int(text, &n) != CT_OK || n < 0 || n > MAX_JITTER)
        return ct_fail(err, CT_ERR_CONFIG, "jitter", "jitter is 0%% to %d%%, not \"%s\"",
                       (int)MAX_JITTER, value);
    c->jitter_percent = (int)n;
    return CT_OK;
}

static enum ct_status set_fetch(struct ct_fetch_config *c, const char *key, const char *value,
                                struct ct_error *err)
{
    static const char *const keys[] = {"allow_private", "ca_file",     "proxy", "timeout",
                                       "jitter",        "concurrency", NULL};
    int at = 0;
    while (keys[at] != NULL && strcmp(keys[at], key) != 0)
        at++;
    switch (at) {
    case 0:
        if (!yes_no(value, &c->allow_private))
            return ct_fail(err, CT_ERR_CONFIG, key, "%s is yes or no, not \"%s\"", key, value);
        return CT_OK;
    case 1:
    case 2: {
        struct ct_buf *text = at == 1 ? &c->ca_file : &c->proxy;
        ct_buf_clear(text);
        ct_buf_adds(text, value);
        return CT_OK;
    }
    case 3:
        if (ct_duration_parse(ct_span(value), &c->timeout_ms) != CT_OK ||
            c->timeout_ms < CT_SECOND || c->timeout_ms > 2 * CT_MINUTE)
            return ct_fail(err, CT_ERR_CONFIG, key, "timeout is 1s to 120s, not \"%s\"", value);
        return CT_OK;
    case 4:
        return set_jitter(c, value, err);
    case 5:
        return CT_OK;
    default: {
        const char *near = ct_nearest(key, keys);
        return ct_fail(err, CT_ERR_CONFIG, key, "unknown key \"%s\" in [fetch]%s%s%s", key,
                       near != NULL ? ", did you mean \"" : "", near != NULL ? near : "",
                       near != NULL ? "\"?" : "");
    }
    }
}

static enum ct_status on_line(void *ctx, const char *section, const char *key, const char *value,
                              int line, struct ct_error *err)
{
    struct reading *r = ctx;
    (void)line;
    if (strcmp(section, "fetch") == 0)
        return set_fetch(r->c, key, value, err);
    if (strncmp(section, "source ", 7) == 0)
        return ct_registry_set(r->reg, section + 7, strcmp(key, "token_env") == 0 ? "key_env" : key,
                               value, err);
    return CT_OK; /* the viewer's, or the alerts' */
}

static void on_problem(void *ctx, const char *where, const char *what)
{
    (void)ctx;
    ct_complain(EXIT_ERROR, where, "%s", what);
}

static int is_ini(const struct dirent *d)
{
    return d->d_name[0] != '.' && ct_span_ends(ct_span(d->d_name), ".ini");
}

static void read_folder(struct reading *r)
{
    struct ct_buf dir = CT_BUF_INIT, path = CT_BUF_INIT;
    struct ct_error err = {0};
    struct dirent **names = NULL;
    ct_path_config(&dir, "conf.d");
    int n = scandir(dir.p, &names, is_ini, alphasort);
    for (int i = 0; i < n; i++) {
        ct_buf_clear(&path);
        ct_buf_addf(&path, "%s/%s", dir.p, names[i]->d_name);
        if (ct_ini_read(path.p, on_line, on_problem, r, &err) != CT_OK)
            ct_complain_err(EXIT_ERROR, &err);
        free(names[i]);
    }
    free(names);
    ct_buf_free(&dir);
    ct_buf_free(&path);
}

static void check(struct ct_registry *reg)
{
    struct ct_error err = {0};
    if (ct_registry_check(reg, &err) != CT_OK)
        ct_complain_err(EXIT_ERROR, &err);
}

enum ct_status ct_fetch_config_load(const char *file, struct ct_registry *reg,
                                    struct ct_fetch_config *out, struct ct_error *err)
{
    struct reading r = {out, reg};
    struct ct_buf path = CT_BUF_INIT;
    *out = (struct ct_fetch_config){.jitter_percent = DEFAULT_JITTER};
    if (file != NULL) {
        enum ct_status st = ct_ini_read(file, on_line, on_problem, &r, err);
        check(reg);
        return st;
    }
    ct_path_config(&path, "config.ini");
    enum ct_status st = ct_ini_read(path.p, on_line, on_problem, &r, err);
    if (st != CT_OK && st != CT_ERR_NOT_FOUND)
        ct_complain_err(EXIT_ERROR, err);
    read_folder(&r);
    check(reg);
    ct_buf_free(&path);
    return CT_OK;
}

void ct_fetch_config_free(struct ct_fetch_config *c)
{
    ct_buf_free(&c->ca_file);
    ct_buf_free(&c->proxy);
}
