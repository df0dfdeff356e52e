/* Options of the UI from flags and settings. */
#include "config.h"

#include "app/ui_options.h"

#include "db/base/ini.h"
#include "db/base/paths.h"
#include "tui/theme.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void ct_ui_problem(void *ctx, const char *where, const char *what)
{
    ct_settings_complain(ctx, where, what);
}

/* A line above gave the key of K another meaning: said, since one of the two is a slip. */
static void check_conflict(struct ct_call *c, const struct ct_key_override *keys, size_t n,
                           const struct ct_key_override *k)
{
    for (size_t i = n; i-- > 0;) {
        bool same = ct_key_parse(ct_span(keys[i].key)) == ct_key_parse(ct_span(k->key)) &&
                    strcmp(keys[i].context, k->context) == 0;
        if (same && strcmp(keys[i].action, k->action) != 0)
            ct_settings_complain(c->settings, k->where,
                                 ct_arena_printf(c->arena, "\"%s\" is %s now, and was %s in %s", k->key,
                                                 k->action, keys[i].action, keys[i].where).p);
        if (same)
            return;
    }
}

/* The key overrides that hold; the others become problems. */
void ct_ui_keys_take(struct ct_call *c, struct ct_ui_options *o)
{
    struct ct_keymap *map = ct_xcalloc(1, sizeof *map);
    CT_VEC(struct ct_key_override) keys = {0};
    const struct ct_setting_line *l;
    ct_keymap_init(map);
    for (size_t i = 0; (l = ct_settings_at(c->settings, i)); i++) {
        struct ct_key_override k = {l->name, l->key, l->value, l->where};
        struct ct_error err = {0};
        if (strcmp(l->section, "keys") != 0)
            continue;
        if (ct_keymap_override(map, &k, &err) == CT_OK) {
            check_conflict(c, keys.v, keys.n, &k);
            *CT_VEC_PUSH(c->arena, &keys) = k;
        } else
            ct_settings_complain(c->settings, err.where, err.what);
    }
    o->keys = keys.v;
    o->n_keys = keys.n;
    free(map);
}

void ct_check_keys(struct ct_call *c)
{
    struct ct_ui_options ignored = {0};
    ct_ui_keys_take(c, &ignored);
}

/* "a, b" as "PREFIXa,b" in C's arena; NULL when there is nothing. */
static const char *joined(struct ct_call *c, const char *list, const char *prefix, char separator)
{
    struct ct_buf out = CT_BUF_INIT;
    const char *text = NULL;
    for (struct ct_span rest = ct_span(list); rest.p;) {
        struct ct_span item = ct_span_trim(ct_span_cut(&rest, ','));
        if (item.n == 0)
            continue;
        if (out.n)
            ct_buf_addc(&out, separator);
        else
            ct_buf_adds(&out, prefix);
        ct_buf_add(&out, item);
    }
    if (out.n)
        text = ct_arena_dup(c->arena, ct_buf_span(&out)).p;
    ct_buf_free(&out);
    return text;
}

/* The views of the settings and those saved by the dashboard, each once; the settings win. */
struct view_list {
    struct ct_call *call;
    CT_VEC(struct ct_ui_view) v;
    bool own;
};

static void add_view_line(struct view_list *l, struct ct_span name, const char *key,
                          const char *value)
{
    struct ct_arena *a = l->call->arena;
    struct ct_ui_view *v = NULL;
    for (size_t i = 0; i < l->v.n && !v; i++)
        v = ct_span_ieq(name, ct_span(l->v.v[i].name)) ? &l->v.v[i] : NULL;
    if (v && v->own != l->own)
        return;
    if (!v) {
        v = CT_VEC_PUSH(a, &l->v);
        *v = (struct ct_ui_view){ct_arena_dup(a, name).p, "", l->own};
    }
    v->text = ct_arena_printf(a, "%s%s = %s\n", v->text, key, value).p;
}

static enum ct_status add_saved(void *ctx, const char *section, const char *key, const char *value,
                                int line, struct ct_error *err)
{
    struct ct_span name = ct_span(section), kind = ct_span_cut(&name, ' ');
    (void)line, (void)err;
    if (ct_span_is(kind, "view") && name.n)
        add_view_line(ctx, ct_span_trim(name), key, value);
    return CT_OK;
}

/* Nobody writes that file by hand: what is damaged in it is only lost. */
static void skip_problem(void *ctx, const char *where, const char *what)
{
    (void)ctx, (void)where, (void)what;
}

static void take_views(struct ct_call *c, struct ct_ui_options *o)
{
    struct view_list list = {.call = c};
    const struct ct_setting_line *l;
    struct ct_buf path = CT_BUF_INIT;
    for (size_t i = 0; (l = ct_settings_at(c->settings, i)); i++)
        if (strcmp(l->section, "view") == 0)
            add_view_line(&list, ct_span(l->name), l->key, l->value);
    list.own = true;
    ct_path_state(&path, "views.ini");
    struct ct_error err = {0};
    if (ct_ini_read(path.p, add_saved, skip_problem, &list, &err) == CT_ERR_IO)
        ct_settings_complain(c->settings, err.where, err.what);
    o->views = list.v.v;
    o->n_views = list.v.n;
    ct_buf_free(&path);
}

/* The theme last chosen in the UI, when no setting names one. */
static const char *remembered_theme(struct ct_call *c)
{
    struct ct_buf path = CT_BUF_INIT, text = CT_BUF_INIT;
    const char *theme = NULL;
    ct_path_state(&path, "theme");
    if (ct_read_file(path.p, 256, &text, NULL) == CT_OK && ct_span_trim(ct_buf_span(&text)).n)
        theme = ct_arena_dup(c->arena, ct_span_trim(ct_buf_span(&text))).p;
    ct_buf_free(&path);
    ct_buf_free(&text);
    return theme;
}

/* A theme in the settings that can not be read must not keep the program from starting. */
static void check_theme(struct ct_call *c, struct ct_ui_options *o)
{
    struct ct_error err = {0};
    struct ct_theme theme;
    if (ct_theme_load(o->theme, &theme, ct_ui_problem, c->settings, &err) == CT_OK)
        return;
    ct_settings_complain(c->settings, err.where, err.what);
    o->theme = NULL;
}

static const char *flag_or_setting(const struct ct_call *c, enum ct_flag flag, const char *key)
{
    return c->flag[flag] ? c->flag[flag] : ct_setting(c->settings, "", key);
}

void ct_ui_options_take(struct ct_call *c, struct ct_ui_options *o)
{
    *o = (struct ct_ui_options){.db_path = c->db.p, .at_ms = c->at_ms, .fd = -1, .ctx = NULL};
    o->db_named = c->flag[CT_FLAG_DB] != NULL;
    o->theme = flag_or_setting(c, CT_FLAG_THEME, "theme");
    if (!c->flag[CT_FLAG_THEME]) {
        const char *last = remembered_theme(c);
        if (last && !ct_setting_is_set(c->settings, "", "theme"))
            o->theme = last;
        check_theme(c, o);
    }
    o->charset = flag_or_setting(c, CT_FLAG_CHARSET, "charset");
    o->start = flag_or_setting(c, CT_FLAG_START, "start");
    o->color = flag_or_setting(c, CT_FLAG_COLOR, "color");
    o->opener = ct_setting(c->settings, "", "opener");
    o->tz = ct_setting(c->settings, "", "tz");
    o->mouse = ct_setting_number(c->settings, "", "mouse") == 1;
    o->no_confirm_quit = ct_setting_number(c->settings, "", "confirm_quit") == 0;
    o->scope = joined(c, ct_setting(c->settings, "scope", "providers"), "provider:", ',');
    o->providers = ct_setting(c->settings, "scope", "providers");
    o->regions = ct_setting(c->settings, "scope", "regions");
    o->models = ct_setting(c->settings, "scope", "models");
    o->gpus = ct_setting(c->settings, "scope", "gpus");
    ct_ui_keys_take(c, o);
    take_views(c, o);
    o->watch = ct_call_watch(c);
    o->wants = (struct ct_wants){.gpus = ct_setting_number(c->settings, "cost", "gpus"),
                                 .hours = ct_setting_number(c->settings, "cost", "hours"),
                                 .input_tokens = ct_setting_number(c->settings, "cost", "input"),
                                 .output_tokens = ct_setting_number(c->settings, "cost", "output"),
                                 .mix_input = ct_setting_number(c->settings, "mix", "input"),
                                 .mix_output = ct_setting_number(c->settings, "mix", "output")};
    struct ct_buf hinted = CT_BUF_INIT;
    ct_path_state(&hinted, "hinted");
    o->hinted = access(hinted.p, F_OK) == 0;
    ct_buf_free(&hinted);
    o->problems = ct_settings_problems(c->settings);
}
