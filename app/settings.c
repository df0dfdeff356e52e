#include "config.h"

#include "app/settings.h"
#include "db/base/arena.h"
#include "db/base/ini.h"
#include "db/base/paths.h"
#include "db/base/timeutil.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_FILES 64 /* in conf.d */

struct ct_settings {
    struct ct_arena *arena;
    CT_VEC(struct ct_setting_line) lines;
    CT_VEC(const char *) problems; /* the last one is NULL */
    CT_VEC(const char *) files;
    CT_VEC(bool) found;
    const char *file; /* being read */
};

/* An arena without a limit never refuses. */
static const char *keep(struct ct_settings *s, const char *text)
{
    return ct_arena_dup(s->arena, ct_span(text)).p;
}

void ct_settings_complain(struct ct_settings *s, const char *where, const char *what)
{
    const char *line = ct_arena_printf(s->arena, "%s: %s", where, what).p;
    s->problems.v[s->problems.n - 1] = line;
    *CT_VEC_PUSH(s->arena, &s->problems) = NULL;
}

static void problem(void *ctx, const char *where, const char *what)
{
    ct_settings_complain(ctx, where, what);
}

/* ---- one value ---- */

static int word_index(const char *const *words, const char *text)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    return -1;
}

static void join_words(struct ct_buf *out, const char *const *words)
{
    ct_buf_clear(out);
    for (int i = 0; words[i]; i++)
        ct_buf_addf(out, "%s%s", i ? ", " : "", words[i]);
}

static enum ct_status refuse(const struct ct_setting_def *d, const char *text, const char *wanted,
                             const char *near, struct ct_error *err)
{
    return ct_fail(err, CT_ERR_CONFIG, "", "%s: wanted %s, found \"%s\"%s%s%s", d->name, wanted,
                   text, near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static enum ct_status outside(const struct ct_setting_def *d, const char *text,
                              struct ct_error *err)
{
    char low[CT_DECIMAL_MAX], high[CT_DECIMAL_MAX], wanted[128];
    int digits = d->type == CT_SET_INT ? 0 : 3;
    const char *unit = d->type == CT_SET_TIME ? "s" : d->type == CT_SET_PERCENT ? "%" : "";
    ct_decimal_format(low, d->min, digits);
    ct_decimal_format(high, d->max, digits);
    snprintf(wanted, sizeof wanted, "%s%s to %s%s", low, unit, high, unit);
    return refuse(d, text, wanted, NULL, err);
}

/* "yes" and its relatives: 1, 0, or -1. */
static int truth(const char *text)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1", NULL};
    int i = word_index(words, text);
    return i < 0 ? -1 : i % 2;
}

enum ct_status ct_setting_check(const struct ct_setting_def *d, const char *text, int64_t *number,
                                struct ct_error *err)
{
    struct ct_span span = ct_span(text);
    struct ct_buf words = CT_BUF_INIT;
    enum ct_status status = CT_OK;
    int64_t n = 0;
    switch (d->type) {
    case CT_SET_BOOL:
        n = truth(text);
        if (n < 0)
            status = refuse(d, text, "yes or no", NULL, err);
        break;
    case CT_SET_WORD:
        n = word_index(d->words, text);
        join_words(&words, d->words);
        if (n < 0)
            status = refuse(d, text, words.p, ct_nearest(text, d->words), err);
        break;
    case CT_SET_INT:
        if (ct_span_int(span, &n) != CT_OK)
            status = refuse(d, text, "a whole number", NULL, err);
        break;
    case CT_SET_TIME:
        if (ct_duration_parse(span, &n) != CT_OK)
            status = refuse(d, text, "a length of time such as 5m", NULL, err);
        break;
    case CT_SET_PERCENT:
        if (span.n < 2 || text[span.n - 1] != '%' ||
            ct_milli_parse((struct ct_span){text, span.n - 1}, &n) != CT_OK)
            status = refuse(d, text, "a share such as 10%", NULL, err);
        break;
    case CT_SET_ZONE:
        if (text[0] && !ct_zone_known(text))
            status = refuse(d, text, "a time zone of this machine such as Europe/Berlin", NULL, err);
        break;
    case CT_SET_TEXT:
    case CT_SET_LIST:
        break;
    }
    ct_buf_free(&words);
    bool ranged = d->type == CT_SET_INT || d->type == CT_SET_TIME || d->type == CT_SET_PERCENT;
    if (status == CT_OK && ranged && (n < d->min || n > d->max))
        status = outside(d, text, err);
    if (status == CT_OK && number)
        *number = n;
    return status;
}

/* ---- one line ---- */

static const struct ct_setting_def *find_def(const char *section, const char *key)
{
    for (const struct ct_setting_def *d = ct_setting_defs; d->name; d++)
        if (strcmp(d->section, section) == 0 && strcmp(d->name, key) == 0)
            return d;
    return NULL;
}

static const char *nearest_option(const char *section, const char *key)
{
    const char *names[64];
    size_t n = 0;
    for (const struct ct_setting_def *d = ct_setting_defs; d->name; d++) {
        if (strcmp(d->section, section) == 0 && n + 1 < CT_LEN(names))
            names[n++] = d->name;
    }
    names[n] = NULL;
    return ct_nearest(key, names);
}

/* A known word in the wrong section is the commonest slip. */
static enum ct_status unknown_option(const char *section, const char *key, struct ct_error *err)
{
    const char *near = nearest_option(section, key);
    if (near)
        return ct_fail(err, CT_ERR_CONFIG, "", "unknown option \"%s\", did you mean \"%s\"?", key,
                       near);
    for (const struct ct_setting_def *d = ct_setting_defs; d->name; d++) {
        if (strcmp(d->name, key) == 0)
            return ct_fail(err, CT_ERR_CONFIG, "", "option \"%s\" belongs into %s%s%s", key,
                           d->section[0] ? "[" : "the top, before any section", d->section,
                           d->section[0] ? "]" : "");
    }
    return ct_fail(err, CT_ERR_CONFIG, "", "unknown option \"%s\"", key);
}

static enum ct_status find_section(const char *kind, const char *name,
                                   const struct ct_section_def **out, struct ct_error *err)
{
    const char *names[16];
    size_t n = 0;
    for (const struct ct_section_def *d = ct_section_defs; d->name; d++) {
        if (strcmp(d->name, kind) == 0) {
            *out = d;
            if (d->named == 1 && !name[0])
                return ct_fail(err, CT_ERR_CONFIG, "", "[%s] needs a name: [%s NAME]", kind, kind);
            if (d->named == 0 && name[0])
                return ct_fail(err, CT_ERR_CONFIG, "", "[%s] takes no name", kind);
            return CT_OK;
        }
        if (d->name[0] && n + 1 < CT_LEN(names))
            names[n++] = d->name;
    }
    names[n] = NULL;
    const char *near = ct_nearest(kind, names);
    return ct_fail(err, CT_ERR_CONFIG, "", "unknown section [%s]%s%s%s", kind,
                   near ? ", did you mean [" : "", near ? near : "", near ? "]?" : "");
}

static void push_line(struct ct_settings *s, struct ct_setting_line line)
{
    *CT_VEC_PUSH(s->arena, &s->lines) =
        (struct ct_setting_line){keep(s, line.section), keep(s, line.name), keep(s, line.key),
                                 keep(s, line.value), keep(s, line.where)};
}

static enum ct_status take(void *ctx, const char *section, const char *key, const char *value,
                           int line, struct ct_error *err)
{
    struct ct_settings *s = ctx;
    const struct ct_section_def *def = NULL;
    struct ct_span rest = ct_span(section);
    char *kind = ct_xspandup(ct_span_cut(&rest, ' '));
    char *name = ct_xspandup(rest.p ? ct_span_trim(rest) : CT_LIT(""));
    enum ct_status status = find_section(kind, name, &def, err);
    if (status == CT_OK && !def->any_key) {
        const struct ct_setting_def *d = find_def(kind, key);
        status = d ? ct_setting_check(d, value, NULL, err) : unknown_option(kind, key, err);
    }
    if (status == CT_OK) {
        const char *where = ct_arena_printf(s->arena, "%s:%d", s->file, line).p;
        push_line(s, (struct ct_setting_line){kind, name, key, value, where});
    }
    free(kind);
    free(name);
    return status;
}

/* ---- files ---- */

static enum ct_status read_one(struct ct_settings *s, const char *path, struct ct_error *err)
{
    s->file = keep(s, path);
    enum ct_status status = ct_ini_read(path, take, problem, s, err);
    *CT_VEC_PUSH(s->arena, &s->files) = s->file;
    *CT_VEC_PUSH(s->arena, &s->found) = status == CT_OK;
    return status;
}

/* A file nobody asked for by name may be missing; anything else is told. */
static void read_optional(struct ct_settings *s, const char *path)
{
    struct ct_error err = {0};
    enum ct_status status = read_one(s, path, &err);
    if (status != CT_OK && status != CT_ERR_NOT_FOUND)
        ct_settings_complain(s, path, err.what);
}

static int is_ini(const struct dirent *e)
{
    struct ct_span name = ct_span(e->d_name);
    return name.p[0] != '.' && ct_span_ends(name, ".ini");
}

/* Bytewise, so that the order does not hang on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_folder(struct ct_settings *s, const char *folder)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, is_ini, by_name);
    struct ct_buf path = CT_BUF_INIT;
    for (int i = 0; i < n; i++) {
        ct_buf_clear(&path);
        ct_buf_addf(&path, "%s/%s", folder, names[i]->d_name);
        if (i < MOST_FILES)
            read_optional(s, path.p);
        else if (i == MOST_FILES)
            ct_settings_complain(s, folder, "more than 64 files; the rest was not read");
        free(names[i]);
    }
    free(names);
    ct_buf_free(&path);
}

static void read_environment(struct ct_settings *s)
{
    for (const struct ct_setting_def *d = ct_setting_defs; d->name; d++) {
        struct ct_error err = {0};
        char variable[64];
        if (d->section[0])
            continue;
        int n = snprintf(variable, sizeof variable, "$CLOUDTAPE_%s", d->name);
        for (int i = 1; i < n; i++)
            if (variable[i] >= 'a' && variable[i] <= 'z')
                variable[i] = (char)(variable[i] - 'a' + 'A');
        const char *value = getenv(variable + 1);
        if (!value || !value[0])
            continue;
        if (ct_setting_check(d, value, NULL, &err) != CT_OK)
            ct_settings_complain(s, variable, err.what);
        else
            push_line(s, (struct ct_setting_line){"", "", d->name, value, variable});
    }
}

enum ct_status ct_settings_load(const char *file, struct ct_settings **out, struct ct_error *err)
{
    struct ct_settings *s = ct_xcalloc(1, sizeof *s);
    enum ct_status status = CT_OK;
    s->arena = ct_arena_new(0);
    *CT_VEC_PUSH(s->arena, &s->problems) = NULL;
    if (file) {
        status = read_one(s, file, err);
    } else {
        struct ct_buf path = CT_BUF_INIT;
        ct_path_config(&path, "config.ini");
        read_optional(s, path.p);
        ct_path_config(&path, "conf.d");
        read_folder(s, path.p);
        ct_path_config(&path, "alerts.d");
        read_folder(s, path.p);
        ct_buf_free(&path);
    }
    read_environment(s);
    *out = s;
    return status;
}

void ct_settings_free(struct ct_settings *s)
{
    if (!s)
        return;
    ct_arena_free(s->arena);
    free(s);
}

/* ---- answers ---- */

const struct ct_setting_line *ct_settings_at(const struct ct_settings *s, size_t i)
{
    return i < s->lines.n ? &s->lines.v[i] : NULL;
}

void ct_settings_zone(const struct ct_settings *s)
{
    const char *zone = ct_setting(s, "", "timezone");
    if (zone && zone[0])
        ct_zone_set(zone);
}

const char *const *ct_settings_problems(const struct ct_settings *s)
{
    return s->problems.v;
}

const char *ct_settings_file(const struct ct_settings *s, size_t i, bool *found)
{
    if (i >= s->files.n)
        return NULL;
    *found = s->found.v[i];
    return s->files.v[i];
}

static const struct ct_setting_line *last_line(const struct ct_settings *s, const char *section,
                                               const char *key)
{
    for (size_t i = s->lines.n; i-- > 0;) {
        const struct ct_setting_line *l = &s->lines.v[i];
        if (strcmp(l->section, section) == 0 && strcmp(l->key, key) == 0 && !l->name[0])
            return l;
    }
    return NULL;
}

bool ct_setting_is_set(const struct ct_settings *s, const char *section, const char *key)
{
    assert(find_def(section, key));
    return last_line(s, section, key) != NULL;
}

const char *ct_setting(const struct ct_settings *s, const char *section, const char *key)
{
    const struct ct_setting_def *d = find_def(section, key);
    const struct ct_setting_line *l = last_line(s, section, key);
    assert(d);
    return l ? l->value : d->fallback;
}

int64_t ct_setting_number(const struct ct_settings *s, const char *section, const char *key)
{
    const char *text = ct_setting(s, section, key);
    int64_t n = CT_NONE;
    enum ct_status status = text ? ct_setting_check(find_def(section, key), text, &n, NULL) : CT_OK;
    assert(status == CT_OK); /* checked when it was read */
    return status == CT_OK ? n : CT_NONE;
}

struct id_list {
    CT_VEC(const char *) v;
};

/* The lines of a file among the states; none when there is no file. */
static void state_lines(const char *name, struct ct_arena *a, struct id_list *out)
{
    struct ct_buf path = CT_BUF_INIT, text = CT_BUF_INIT;
    ct_path_state(&path, name);
    if (ct_read_file(path.p, 1 << 16, &text, NULL) == CT_OK) {
        for (struct ct_span rest = ct_buf_span(&text); rest.p;) {
            struct ct_span line = ct_span_trim(ct_span_cut(&rest, '\n'));
            if (line.n)
                *CT_VEC_PUSH(a, &out->v) = ct_arena_dup(a, line).p;
        }
    }
    ct_buf_free(&path);
    ct_buf_free(&text);
}

/* Those of IDS that ORDER names come first, in its order; then the others as they were. */
static void put_in_order(const struct id_list *order, struct id_list *ids)
{
    size_t done = 0;
    for (size_t i = 0; i < order->v.n; i++)
        for (size_t k = done; k < ids->v.n; k++)
            if (strcmp(ids->v.v[k], order->v.v[i]) == 0) {
                const char *id = ids->v.v[k];
                memmove(&ids->v.v[done + 1], &ids->v.v[done], (k - done) * sizeof *ids->v.v);
                ids->v.v[done++] = id;
                break;
            }
}

const char *const *ct_watch_items(const struct ct_settings *s, struct ct_arena *a)
{
    struct id_list ids = {0}, order = {0};
    const struct ct_setting_line *l;
    for (size_t i = 0; (l = ct_settings_at(s, i)); i++)
        if (strcmp(l->section, "watch") == 0)
            *CT_VEC_PUSH(a, &ids.v) = l->value;
    state_lines("watch", a, &ids);
    state_lines("watch-order", a, &order);
    put_in_order(&order, &ids);
    *CT_VEC_PUSH(a, &ids.v) = NULL;
    return ids.v.v;
}

/* ---- a file to start from ---- */

/* The default; without one something the option accepts. */
static void sample(const struct ct_setting_def *d, struct ct_buf *out)
{
    if (d->fallback)
        ct_buf_adds(out, d->fallback);
    else if (d->type == CT_SET_WORD)
        ct_buf_adds(out, d->words[0]);
    else if (d->type == CT_SET_INT)
        ct_buf_addf(out, "%lld", (long long)d->max);
    else if (d->type == CT_SET_BOOL || d->type == CT_SET_TIME)
        ct_buf_adds(out, d->type == CT_SET_BOOL ? "yes" : "5m");
}

static void comment(struct ct_buf *out, const char *text)
{
    if (text[0])
        ct_buf_addf(out, "; %s\n", text);
}

void ct_settings_example(struct ct_buf *out)
{
    ct_buf_adds(out,
                "; cloudtape's settings. Every line is its default or an example: take away the "
                "\"; \" to set it.\n; `cloudtape config check` says what is wrong with file and "
                "line; cloudtape(5) has the rest.\n");
    for (const struct ct_section_def *sec = ct_section_defs; sec->name; sec++) {
        ct_buf_addc(out, '\n');
        comment(out, sec->help);
        if (sec->name[0])
            ct_buf_addf(out, "; [%s%s]\n", sec->name, sec->named == 1 ? " NAME" : "");
        if (sec->example)
            ct_buf_addf(out, "; %s\n", sec->example);
        for (const struct ct_setting_def *d = ct_setting_defs; d->name; d++) {
            if (strcmp(d->section, sec->name) != 0)
                continue;
            ct_buf_addf(out, "; %s = ", d->name);
            sample(d, out);
            ct_buf_addf(out, "  ; %s\n", d->help);
        }
    }
}
