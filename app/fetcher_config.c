#include "config.h"

#include "app/fetcher_config.h"

#include "app/fetcher_commands.h"
#include "app/settings.h"

#include <stdio.h>
#include <string.h>

static void set_text(struct ct_buf *out, const char *text)
{
    ct_buf_clear(out);
    ct_buf_adds(out, text ? text : "");
}

/* The registry knows more of a source than the table of options: its complaints get the line too.
 * What an address or an interval may be depends on allow_private, so that key counts first, wherever
 * in its section it stands. */
static void set_sources(struct ct_settings *s, struct ct_registry *reg, bool allow_private)
{
    const struct ct_setting_line *l;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; (l = ct_settings_at(s, i)); i++) {
            struct ct_error err = {0};
            const char *key = strcmp(l->key, "token_env") == 0 ? "key_env" : l->key;
            const char *value = l->value;
            bool opens = strcmp(key, "allow_private") == 0;
            if (strcmp(l->section, "source") != 0)
                continue;
            if (round == 0 && allow_private && strcmp(key, "url") == 0) {
                key = "allow_private";
                value = "yes";
            } else if (opens != (round == 0)) {
                continue;
            }
            if (ct_registry_set(reg, l->name, key, value, &err) != CT_OK)
                ct_settings_complain(s, l->where, err.what);
        }
}

/* [probe NAME] is a source "probe_NAME" of family probe. */
static enum ct_status set_probe(struct ct_registry *reg, const char *id, const char *key,
                                const char *value, struct ct_error *err)
{
    if (!ct_registry_find(reg, id)) {
        static const char *const fixed[][2] = {
            {"family", "probe"}, {"evidence", "measured"}, {"scope", "probe"}, {"every", "1m"}};
        for (size_t i = 0; i < CT_LEN(fixed); i++) {
            enum ct_status st = ct_registry_set(reg, id, fixed[i][0], fixed[i][1], err);
            if (st != CT_OK)
                return st;
        }
    }
    return ct_registry_set(reg, id, strcmp(key, "expect") == 0 ? "query" : key, value, err);
}

static void set_probes(struct ct_settings *s, struct ct_registry *reg, bool allow_private)
{
    const struct ct_setting_line *l;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; (l = ct_settings_at(s, i)); i++) {
            struct ct_error err = {0};
            char id[80];
            enum ct_status st = CT_OK;
            bool opens = strcmp(l->key, "allow_private") == 0;
            if (strcmp(l->section, "probe") != 0)
                continue;
            snprintf(id, sizeof id, "probe_%.60s", l->name);
            if (opens == (round == 0))
                st = set_probe(reg, id, l->key, l->value, &err);
            else if (round == 0 && allow_private)
                st = set_probe(reg, id, "allow_private", "yes", &err);
            if (st != CT_OK)
                ct_settings_complain(s, l->where, err.what);
        }
}

enum ct_status ct_fetch_config_load(const char *file, bool allow_private,
                                    struct ct_registry *reg, struct ct_fetch_config *out,
                                    struct ct_error *err)
{
    struct ct_settings *s = NULL;
    struct ct_error wrong = {0};
    enum ct_status status = ct_settings_load(file, &s, err);
    *out = (struct ct_fetch_config){
        .allow_private = allow_private || ct_setting_number(s, "fetch", "allow_private") == 1,
        .unsafe_fs = ct_setting_number(s, "fetch", "unsafe_fs") == 1,
        .timeout_ms = ct_setting_number(s, "fetch", "timeout"),
        .jitter_percent = (int)(ct_setting_number(s, "fetch", "jitter") / 1000),
        .concurrency = (int)ct_setting_number(s, "fetch", "concurrency"),
        .raw_ms = ct_setting_number(s, "history", "raw"),
        .hourly_ms = ct_setting_number(s, "history", "hourly"),
    };
    ct_settings_zone(s);
    set_text(&out->ca_file, ct_setting(s, "fetch", "ca_file"));
    set_text(&out->proxy, ct_setting(s, "fetch", "proxy"));
    set_sources(s, reg, out->allow_private);
    set_probes(s, reg, out->allow_private);
    if (ct_registry_check(reg, &wrong) != CT_OK)
        ct_settings_complain(s, wrong.where, wrong.what);
    for (const char *const *p = ct_settings_problems(s); *p; p++)
        ct_complain(EXIT_ERROR, "settings", "%s", *p);
    ct_settings_free(s);
    return status;
}

int ct_fetch_config_check(const char *file, struct ct_registry *reg, bool whole)
{
    struct ct_settings *s = NULL;
    struct ct_error err = {0};
    int known = 0, all = 0;
    if (ct_settings_load(file, &s, &err) != CT_OK) {
        if (whole)
            ct_settings_complain(s, err.where, err.what);
        err = (struct ct_error){0}; /* defaults: told before */
    }
    for (const char *const *p = ct_settings_problems(s); *p && !whole; p++)
        known++;
    set_sources(s, reg, ct_setting_number(s, "fetch", "allow_private") == 1);
    set_probes(s, reg, ct_setting_number(s, "fetch", "allow_private") == 1);
    if (ct_registry_check(reg, &err) != CT_OK)
        ct_settings_complain(s, err.where, err.what);
    for (const char *const *p = ct_settings_problems(s); *p; p++)
        if (all++ >= known)
            fprintf(stderr, "cloudtape: %s\n", *p);
    ct_settings_free(s);
    return all - known;
}

struct ct_http_options ct_fetch_config_http(const struct ct_fetch_config *c, const char *ca)
{
    return (struct ct_http_options){
        .allow_private = c->allow_private,
        .ca_file = ca ? ca : c->ca_file.n ? c->ca_file.p : NULL,
        .proxy = c->proxy.n ? c->proxy.p : NULL,
        .concurrency = c->concurrency,
    };
}

void ct_fetch_config_free(struct ct_fetch_config *c)
{
    ct_buf_free(&c->ca_file);
    ct_buf_free(&c->proxy);
}
