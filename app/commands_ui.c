/* The dashboard, the demo and `screen`: the fetcher and the files beside the UI. */
#include "config.h"

#include "app/command.h"
#include "app/spawn.h"
#include "app/ui_options.h"
#include "db/base/paths.h"
#include "db/write.h"
#include "tui/app.h"
#include "tui/theme.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- the fetcher beside it ---- */

struct beside {
    struct ct_keeper keeper;
    bool wanted, simulated;  /* a simulated market's database, not the demo's run: nothing is fetched into it */
    const char *db, *config; /* borrowed */
    struct ct_again *again;
    char message[sizeof(struct ct_error)];
};

static void start_child(struct beside *b)
{
    struct ct_error err = {0};
    if (b->wanted && !b->simulated && ct_keeper_start(&b->keeper, &err) != CT_OK)
        snprintf(b->message, sizeof b->message, "%s: %s", err.where, err.what);
}

/* Takes over when nobody has the database, or whoever had it stopped. */
static void on_summary(void *ctx, const struct ct_summary *s)
{
    struct beside *b = ctx;
    (void)ct_keeper_check(&b->keeper);
    bool alive = s && s->fetcher.p && s->fetcher_beat_ms != CT_NONE &&
                 ct_now_ms() - s->fetcher_beat_ms < 3 * 10 * CT_SECOND;
    b->simulated = s && s->simulated && strcmp(b->keeper.args[0], "demo") != 0;
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
    if (b->simulated)
        return "a simulated market: no real source is fetched into it; `cloudtape demo` makes it move";
    if (!b->keeper.pid)
        return "another fetcher serves this database: it fetches when sources are due";
    kill(b->keeper.pid, SIGUSR1);
    return "asked the fetcher: sources not asked in the last 30 s come now";
}

static void *begin_settings(void *ctx)
{
    const struct beside *b = ctx;
    return ct_again_begin(b->again);
}

static void *read_settings(void *begun)
{
    return ct_again_read(begun);
}

/* The fetcher we started reads its part of the settings again, too; others have a SIGHUP of their own. */
static const struct ct_ui_options *reload(void *ctx, void *read, const char *const **problems)
{
    struct beside *b = ctx;
    bool fetching = false;
    const struct ct_ui_options *o = ct_again_take(b->again, read, problems, &fetching);
    if (o && fetching && b->keeper.pid && strcmp(b->keeper.args[0], "fetch") == 0)
        kill(b->keeper.pid, SIGHUP);
    return o;
}

static bool config_moved(void *ctx)
{
    const struct beside *b = ctx;
    return ct_again_moved(b->again);
}

/* What writes: the fetcher's program once more, on the same database and settings. */
static int start_work(void *ctx, const char *const *args)
{
    const struct beside *b = ctx;
    const char *all[96] = {NULL};
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
    static const char *const when[] = {"auto", "always", "never", NULL};
    if (o->color && ct_word(when, ct_span(o->color)) < 0)
        return ct_usage("--color", "wanted auto, always or never, found \"%s\"%s", o->color,
                        ct_did_you_mean(ct_nearest(o->color, when)));
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
    o->begin_settings = begin_settings;
    o->read_settings = read_settings;
    o->reload = reload;
    o->config_moved = config_moved;
    b.again = ct_again_new(c, o);
    o->config_fd = ct_again_fd(b.again);
    signal(SIGPIPE, SIG_IGN);
    enum ct_status status = ct_ui_run(o, result, &c->err);
    if (b.wanted)
        ct_keeper_stop(&b.keeper);
    ct_again_free(b.again);
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

/* Writes TEXT into the state folder as NAME. */
static enum ct_status keep(const char *name, struct ct_span text, struct ct_error *err)
{
    struct ct_buf path = CT_BUF_INIT;
    ct_path_state(&path, "");
    enum ct_status status = ct_mkdirs(path.p, err);
    ct_path_state(&path, name);
    if (status == CT_OK)
        status = ct_write_file(path.p, text, err);
    ct_buf_free(&path);
    return status;
}

/* What screen 6 compared, "DATABASE<tab>SERIES" a line: names of one database mean nothing to another. */
enum { MOST_COMPARED = 1 << 16 };

static void read_compared(struct ct_buf *path, struct ct_buf *text)
{
    ct_path_state(path, "compared");
    if (ct_read_file(path->p, MOST_COMPARED, text, NULL) != CT_OK)
        ct_buf_clear(text);
}

static const char *whole_path(const struct ct_call *c)
{
    char *whole = realpath(c->db.p, NULL);
    const char *kept = whole ? ct_arena_dup(c->arena, ct_span(whole)).p : c->db.p;
    free(whole);
    return kept;
}

const char *ct_compared_before(const struct ct_call *c)
{
    struct ct_buf path = CT_BUF_INIT, text = CT_BUF_INIT, out = CT_BUF_INIT;
    const char *db = whole_path(c), *list = NULL;
    read_compared(&path, &text);
    for (struct ct_span rest = ct_buf_span(&text); rest.p;) {
        struct ct_span series = ct_span_cut(&rest, '\n'), of = ct_span_cut(&series, '\t');
        if (series.n && ct_span_is(of, db))
            ct_buf_addf(&out, "%s%.*s", out.n ? "\n" : "", CT_FMT(series));
    }
    if (out.n)
        list = ct_arena_dup(c->arena, ct_buf_span(&out)).p;
    ct_buf_free(&path);
    ct_buf_free(&text);
    ct_buf_free(&out);
    return list;
}

static struct ct_buf compared_now(const struct ct_call *c, const struct ct_buf *compared)
{
    struct ct_buf path = CT_BUF_INIT, text = CT_BUF_INIT, out = CT_BUF_INIT;
    const char *db = whole_path(c);
    for (struct ct_span rest = ct_buf_span(compared); rest.p;) {
        struct ct_span series = ct_span_cut(&rest, '\n');
        if (series.n)
            ct_buf_addf(&out, "%s\t%.*s\n", db, CT_FMT(series));
    }
    read_compared(&path, &text);
    for (struct ct_span rest = ct_buf_span(&text); rest.p;) { /* those of others follow, the oldest fall off */
        struct ct_span line = ct_span_cut(&rest, '\n'), series = line, of = ct_span_cut(&series, '\t');
        if (series.n && !ct_span_is(of, db) && out.n + line.n < MOST_COMPARED)
            ct_buf_addf(&out, "%.*s\n", CT_FMT(line));
    }
    ct_buf_free(&path);
    ct_buf_free(&text);
    return out;
}

/* UI state goes to the state folder, never into a file the user wrote; what the settings follow
 * stays theirs. */
static void remember(const struct ct_call *c, const struct ct_ui_result *r)
{
    struct ct_buf watch = CT_BUF_INIT, compared = compared_now(c, &r->compared);
    struct ct_error err = {0};
    for (struct ct_span rest = ct_buf_span(&r->watch); rest.p;) {
        struct ct_span item = ct_span_cut(&rest, '\n');
        if (item.n && !set_by_settings(c, item))
            ct_buf_addf(&watch, "%.*s\n", CT_FMT(item));
    }
    const struct {
        const char *name;
        bool changed;
        struct ct_span text;
    } files[] = {
        {"theme", r->theme_changed, ct_span(r->theme)},
        {"watch", r->watch_changed, ct_buf_span(&watch)},
        /* with those of the settings, whose order is theirs too */
        {"watch-order", r->order_changed, ct_buf_span(&r->watch)},
        {"views.ini", r->views_changed, ct_buf_span(&r->views)},
        {"compared", r->compared_changed, ct_buf_span(&compared)},
    };
    enum ct_status status = CT_OK;
    for (size_t i = 0; i < CT_LEN(files) && status == CT_OK; i++)
        if (files[i].changed)
            status = keep(files[i].name, files[i].text, &err);
    if (status != CT_OK)
        (void)ct_report(&err);
    if (r->hinted) /* where nothing can be kept it comes again: no trouble of the person's */
        (void)!keep("hinted", CT_LIT("the first hint has been shown\n"), &err);
    ct_buf_free(&watch);
    ct_buf_free(&compared);
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

/* Another's demo would come to an end under its viewer. Whatever else is wrong the fetcher says. */
static bool taken(struct ct_call *c)
{
    int lock = ct_lock_file(c->db.p, &c->err);
    if (lock >= 0)
        close(lock);
    return lock < 0 && c->err.status == CT_ERR_BUSY;
}

int ct_cmd_demo(struct ct_call *c)
{
    const char *args[12] = {"demo", "--serve", "--db"};
    struct ct_ui_options o;
    struct ct_ui_result result = {0};
    size_t n = 3;
    if (!c->flag[CT_FLAG_DB])
        ct_path_state(&c->db, "demo.db");
    if (taken(c))
        return ct_report(&c->err);
    args[n++] = c->db.p;
    if (c->flag[CT_FLAG_SEED])
        args[n++] = "--seed", args[n++] = c->flag[CT_FLAG_SEED];
    if (c->flag[CT_FLAG_DAYS])
        args[n++] = "--days", args[n++] = c->flag[CT_FLAG_DAYS];
    ct_ui_options_take(c, &o);
    o.history = ct_compared_before(c);
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
    ct_ui_options_take(c, &o);
    o.history = ct_compared_before(c);
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

enum ct_status ct_call_size(struct ct_call *c, int *cols, int *rows)
{
    struct ct_span rest = ct_span(c->flag[CT_FLAG_SIZE]), first;
    int64_t w, h;
    if (!rest.p)
        return CT_OK;
    first = ct_span_cut(&rest, 'x');
    if (!rest.p || ct_span_int(first, &w) != CT_OK || ct_span_int(rest, &h) != CT_OK || w < 1 ||
        h < 1 || w > 1000 || h > 500)
        return ct_fail(&c->err, CT_ERR_USAGE, "--size", "wanted WIDTHxHEIGHT, at most 1000x500, found \"%s\"",
                       c->flag[CT_FLAG_SIZE]);
    *cols = (int)w;
    *rows = (int)h;
    return CT_OK;
}

int ct_cmd_screen(struct ct_call *c)
{
    struct ct_ui_options o;
    struct ct_canvas *canvas = NULL;
    struct ct_theme theme;
    struct ct_buf out = CT_BUF_INIT;
    int cols = 80, rows = 24;
    if (ct_call_size(c, &cols, &rows) != CT_OK)
        return ct_report(&c->err);
    ct_ui_options_take(c, &o);
    ct_tell_problems(c->settings);
    ct_theme_builtin(&theme);
    if (o.theme && ct_theme_load(o.theme, &theme, ct_ui_problem, c->settings, &c->err) != CT_OK)
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
    ct_ui_keys_take(c, &o);
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
