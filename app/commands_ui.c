/* The dashboard, the demo and `screen`: options for the UI from flags and settings, and the fetcher
 * beside it. */
#include "config.h"

#include "app/command.h"
#include "app/spawn.h"
#include "db/base/ini.h"
#include "db/base/paths.h"
#include "tui/app.h"
#include "tui/theme.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- options of the UI ---- */

static void add_problem(void *ctx, const char *where, const char *what)
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
static void take_keys(struct ct_call *c, struct ct_ui_options *o)
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
    take_keys(c, &ignored);
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
    if (ct_theme_load(o->theme, &theme, add_problem, c->settings, &err) == CT_OK)
        return;
    ct_settings_complain(c->settings, err.where, err.what);
    o->theme = NULL;
}

static const char *flag_or_setting(const struct ct_call *c, enum ct_flag flag, const char *key)
{
    return c->flag[flag] ? c->flag[flag] : ct_setting(c->settings, "", key);
}

static void ui_options(struct ct_call *c, struct ct_ui_options *o)
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
    o->color = ct_setting(c->settings, "", "color");
    o->opener = ct_setting(c->settings, "", "opener");
    o->tz = ct_setting(c->settings, "", "tz");
    o->mouse = ct_setting_number(c->settings, "", "mouse") == 1;
    o->no_confirm_quit = ct_setting_number(c->settings, "", "confirm_quit") == 0;
    o->scope = joined(c, ct_setting(c->settings, "scope", "providers"), "provider:", ',');
    o->regions = ct_setting(c->settings, "scope", "regions");
    take_keys(c, o);
    take_views(c, o);
    o->watch = ct_call_watch(c);
    o->wants = (struct ct_wants){.gpus = ct_setting_number(c->settings, "cost", "gpus"),
                                 .hours = ct_setting_number(c->settings, "cost", "hours"),
                                 .input_tokens = ct_setting_number(c->settings, "cost", "input"),
                                 .output_tokens = ct_setting_number(c->settings, "cost", "output"),
                                 .mix_input = ct_setting_number(c->settings, "mix", "input"),
                                 .mix_output = ct_setting_number(c->settings, "mix", "output")};
    o->problems = ct_settings_problems(c->settings);
}

/* ---- the fetcher beside it ---- */

struct beside {
    struct ct_keeper keeper;
    bool wanted;
    const char *db, *config; /* borrowed */
    char message[sizeof(struct ct_error)];
};

static void start_child(struct beside *b)
{
    struct ct_error err = {0};
    if (b->wanted && ct_keeper_start(&b->keeper, &err) != CT_OK)
        snprintf(b->message, sizeof b->message, "%s: %s", err.where, err.what);
}

/* Takes over when nobody has the database, or whoever had it stopped. */
static void on_summary(void *ctx, const struct ct_summary *s)
{
    struct beside *b = ctx;
    (void)ct_keeper_check(&b->keeper);
    bool alive = s->fetcher.p && s->fetcher_beat_ms != CT_NONE &&
                 ct_now_ms() - s->fetcher_beat_ms < 3 * 10 * CT_SECOND;
    if (!alive)
        start_child(b);
}

static const char *on_fd(void *ctx, int *fd)
{
    struct beside *b = ctx;
    bool ended = ct_keeper_check(&b->keeper);
    /* Its socket closes an instant before it can be waited for. */
    for (int i = 0; i < 20 && !ended && b->keeper.pid && b->keeper.fd < 0; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        ended = ct_keeper_check(&b->keeper);
    }
    if (ended) {
        snprintf(b->message, sizeof b->message, "%s", b->keeper.message);
        start_child(b);
    }
    *fd = b->keeper.fd;
    return ended ? b->message : NULL;
}

/* Another's fetcher keeps its own pace: only our child is asked. */
static const char *refresh(void *ctx, const char *source)
{
    struct beside *b = ctx;
    (void)source;
    if (!b->keeper.pid)
        return "another fetcher serves this database: it fetches when sources are due";
    kill(b->keeper.pid, SIGUSR1);
    return "asked the fetcher: sources not asked in the last 30 s come now";
}

/* What writes: the fetcher's program once more, on the same database and settings. */
static int start_work(void *ctx, const char *const *args)
{
    const struct beside *b = ctx;
    const char *all[48] = {NULL};
    size_t n = 0;
    while (args[n] && n + 6 < CT_LEN(all)) {
        all[n] = args[n];
        n++;
    }
    all[n++] = "--db", all[n++] = b->db;
    if (b->config)
        all[n++] = "--config", all[n++] = b->config;
    return ct_fetcher_start(all);
}

static enum ct_status open_link(void *ctx, const char *opener, const char *url, struct ct_error *err)
{
    (void)ctx;
    return ct_link_open(opener, ct_span(url), err);
}

/* One run of the UI with a fetcher called by ARGS beside it. */
static int run_ui(struct ct_call *c, struct ct_ui_options *o, const char *const *args,
                  struct ct_ui_result *result)
{
    struct beside b = {.keeper = {.fd = -1, .child_fd = -1},
                       .db = c->db.p,
                       .config = c->flag[CT_FLAG_CONFIG]};
    struct ct_buf log = CT_BUF_INIT, folder = CT_BUF_INIT;
    ct_path_state(&folder, "");
    ct_path_state(&log, "fetcher-output.log");
    if (args) {
        if (ct_mkdirs(folder.p, &c->err) == CT_OK &&
            ct_keeper_init(&b.keeper, args, log.p, &c->err) == CT_OK)
            b.wanted = true;
        else
            ct_settings_complain(c->settings, c->err.where, c->err.what);
    }
    /* With a database there, the first look at its lease decides; without one nobody can hold it.
     */
    if (o->demo || access(c->db.p, F_OK) != 0)
        start_child(&b);
    if (b.message[0])
        ct_settings_complain(c->settings, "fetcher", b.message);
    o->problems = ct_settings_problems(c->settings);
    o->ctx = &b;
    o->fd = b.keeper.fd;
    o->on_fd = on_fd;
    o->on_summary = b.wanted ? on_summary : NULL;
    o->work = start_work;
    o->open = open_link;
    o->refresh = b.wanted ? refresh : NULL;
    signal(SIGPIPE, SIG_IGN);
    enum ct_status status = ct_ui_run(o, result, &c->err);
    if (b.wanted)
        ct_keeper_stop(&b.keeper);
    ct_buf_free(&log);
    ct_buf_free(&folder);
    return status == CT_OK ? 0 : ct_report(&c->err);
}

static bool set_by_settings(const struct ct_call *c, struct ct_span item)
{
    const struct ct_setting_line *l;
    for (size_t i = 0; (l = ct_settings_at(c->settings, i)); i++)
        if (strcmp(l->section, "watch") == 0 && ct_span_is(item, l->value))
            return true;
    return false;
}

/* UI state goes to the state folder, never into a file the user wrote; what the settings follow
 * stays theirs. */
static void remember(const struct ct_call *c, const struct ct_ui_result *r)
{
    struct ct_buf path = CT_BUF_INIT, watch = CT_BUF_INIT;
    struct ct_error err = {0};
    enum ct_status status = CT_OK;
    if (!r->theme_changed && !r->watch_changed && !r->order_changed && !r->views_changed)
        return;
    ct_path_state(&path, "");
    status = ct_mkdirs(path.p, &err);
    if (r->theme_changed && status == CT_OK) {
        ct_path_state(&path, "theme");
        status = ct_write_file(path.p, ct_span(r->theme), &err);
    }
    for (struct ct_span rest = ct_buf_span(&r->watch); rest.p;) {
        struct ct_span item = ct_span_cut(&rest, '\n');
        if (item.n && !set_by_settings(c, item))
            ct_buf_addf(&watch, "%.*s\n", CT_FMT(item));
    }
    if (r->watch_changed && status == CT_OK) {
        ct_path_state(&path, "watch");
        status = ct_write_file(path.p, ct_buf_span(&watch), &err);
    }
    if (r->order_changed && status == CT_OK) { /* with those of the settings, whose order is theirs too */
        ct_path_state(&path, "watch-order");
        status = ct_write_file(path.p, ct_buf_span(&r->watch), &err);
    }
    if (r->views_changed && status == CT_OK) {
        ct_path_state(&path, "views.ini");
        status = ct_write_file(path.p, ct_buf_span(&r->views), &err);
    }
    if (status != CT_OK)
        (void)ct_report(&err);
    ct_buf_free(&path);
    ct_buf_free(&watch);
}

/* A signal that ended the UI ends the program the way its sender expects. */
static int end_as(const struct ct_ui_result *r, int code)
{
    if (r->end != CT_UI_SIGNAL || r->signal <= 0)
        return code;
    signal(r->signal, SIG_DFL);
    raise(r->signal);
    return 128 + r->signal;
}

int ct_cmd_demo(struct ct_call *c)
{
    const char *args[12] = {"demo", "--serve", "--db"};
    struct ct_ui_options o;
    struct ct_ui_result result = {0};
    size_t n = 3;
    if (!c->flag[CT_FLAG_DB])
        ct_path_state(&c->db, "demo.db");
    args[n++] = c->db.p;
    if (c->flag[CT_FLAG_SEED])
        args[n++] = "--seed", args[n++] = c->flag[CT_FLAG_SEED];
    if (c->flag[CT_FLAG_DAYS])
        args[n++] = "--days", args[n++] = c->flag[CT_FLAG_DAYS];
    ui_options(c, &o);
    o.demo = true;
    int code = run_ui(c, &o, args, &result);
    remember(c, &result);
    code = end_as(&result, code);
    ct_ui_result_done(&result);
    return code;
}

int ct_cmd_dashboard(struct ct_call *c)
{
    const char *args[] = {"fetch", "--daemon", "--db", c->db.p, NULL, NULL, NULL};
    struct ct_ui_options o;
    struct ct_ui_result result = {0};
    if (c->flag[CT_FLAG_CONFIG])
        args[4] = "--config", args[5] = c->flag[CT_FLAG_CONFIG];
    bool fetch =
        !c->flag[CT_FLAG_NO_FETCH] && ct_setting_number(c->settings, "", "start_fetcher") == 1;
    if (c->flag[CT_FLAG_PLAIN])
        return ct_cmd_plain(c, fetch ? args : NULL);
    ui_options(c, &o);
    int code = run_ui(c, &o, fetch ? args : NULL, &result);
    remember(c, &result);
    bool demo = code == 0 && result.end == CT_UI_DEMO;
    code = end_as(&result, code);
    ct_ui_result_done(&result);
    if (demo) {
        c->flag[CT_FLAG_DB] = NULL; /* the demo has its own */
        c->at_ms = CT_LIVE;
        code = ct_cmd_demo(c);
    }
    return code;
}

/* ---- screen ---- */

static bool take_size(const char *text, int *cols, int *rows)
{
    struct ct_span rest = ct_span(text), first;
    int64_t w, h;
    first = ct_span_cut(&rest, 'x');
    if (!rest.p || ct_span_int(first, &w) != CT_OK || ct_span_int(rest, &h) != CT_OK || w < 1 ||
        h < 1 || w > 1000 || h > 500)
        return false;
    *cols = (int)w;
    *rows = (int)h;
    return true;
}

int ct_cmd_screen(struct ct_call *c)
{
    struct ct_ui_options o;
    struct ct_canvas *canvas = NULL;
    struct ct_theme theme;
    struct ct_buf out = CT_BUF_INIT;
    int cols = 80, rows = 24;
    const char *size = c->flag[CT_FLAG_SIZE];
    if (size && !take_size(size, &cols, &rows))
        return ct_usage("--size", "wanted WIDTHxHEIGHT, at most 1000x500, found \"%s\"", size);
    ui_options(c, &o);
    ct_tell_problems(c->settings);
    ct_theme_builtin(&theme);
    if (o.theme && ct_theme_load(o.theme, &theme, add_problem, c->settings, &c->err) != CT_OK)
        return ct_report(&c->err);
    if (ct_ui_screen_once(&o, c->words[0], rows, cols, c->flag[CT_FLAG_KEYS], &canvas, &c->err) !=
        CT_OK)
        return ct_report(&c->err);
    if (c->flag[CT_FLAG_ANSI])
        ct_theme_ansi(&theme, canvas, 256, &out);
    else
        ct_canvas_text(canvas, &out);
    ct_canvas_free(canvas);
    int code = ct_output_flush(&out);
    ct_buf_free(&out);
    /* The picture says it too, but a script sees only the code. */
    struct ct_reader *reader = NULL;
    enum ct_status st = ct_reader_open(c->db.p, &reader, &c->err);
    ct_reader_close(reader);
    return code == 0 && st != CT_OK && st != CT_ERR_NOT_FOUND ? ct_report(&c->err) : code;
}

/* ---- keys ---- */

struct key_row {
    struct ct_span context, key, action, help;
    int changed;
};
#define KEY_COLUMN(text, field)                                                                    \
    {                                                                                              \
        .name = (text), .type = CT_TYPE_TEXT, .off = offsetof(struct key_row, field),              \
        .flags = CT_COL_SEARCH                                                                     \
    }
static const struct ct_column key_columns[] = {
    KEY_COLUMN("context", context),
    KEY_COLUMN("key", key),
    KEY_COLUMN("action", action),
    KEY_COLUMN("help", help),
    {.name = "changed", .type = CT_TYPE_BOOL, .off = offsetof(struct key_row, changed)},
};
static const struct ct_table key_table = {"keys", sizeof(struct key_row), key_columns,
                                          CT_LEN(key_columns)};

int ct_cmd_keys(struct ct_call *c)
{
    struct ct_keymap *map = ct_xcalloc(1, sizeof *map);
    struct ct_ui_options o = {0};
    take_keys(c, &o);
    ct_keymap_init(map);
    for (size_t i = 0; i < o.n_keys; i++)
        if (ct_keymap_override(map, &o.keys[i], &c->err) != CT_OK)
            ct_settings_complain(c->settings, c->err.where, c->err.what);
    ct_tell_problems(c->settings);
    struct key_row *rows = ct_xcalloc(map->n + 1, sizeof *rows);
    bool people = c->output.format == CT_FORMAT_TEXT && c->output.terminal;
    for (size_t i = 0; i < map->n; i++) {
        const struct ct_binding *b = &map->v[i];
        char first[16], second[16] = "";
        ct_key_name(first, b->key);
        if (b->second)
            ct_key_name(second, b->second);
        rows[i] = (struct key_row){
            ct_span(ct_key_context_words[b->context]),
            ct_arena_printf(c->arena, "%s%s%s%s", b->changed && people ? "* " : "", first,
                            b->second ? " " : "", second),
            ct_span(ct_action_words[b->action]), ct_span(ct_action_helps[b->action]), b->changed};
    }
    int code = ct_print_rows(c, &key_table, (struct ct_rows){rows, map->n},
                             people ? "context key action help" : NULL, "", 0, NULL);
    free(rows);
    free(map);
    return code;
}
