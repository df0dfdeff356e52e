/* The settings read again while the dashboard runs: all of the new ones, or, when anything in them is wrong, none. */
#include "config.h"

#include "app/ui_options.h"

#include "db/base/paths.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* What one reading holds; the dashboard may point into it as long as it runs. */
struct ct_reading {
    struct ct_arena *arena;
    struct ct_settings *settings;
    struct ct_ui_options *options; /* in the arena */
    struct ct_reading *before;
};

struct ct_again {
    struct ct_call *call;
    const struct ct_ui_options *options; /* in force */
    struct ct_reading *last;
    struct ct_reading *wrong; /* the last one that was not taken: its problems are shown */
    int fd;
};

/* ---- files that move ---- */

static void watch_folder(struct ct_again *g, const char *path)
{
    if (inotify_add_watch(g->fd, path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM) < 0) {
        /* there is none: nothing can move in it */
    }
}

/* Folders, not files: editors put a new file in the place of the old one. */
static void watch_files(struct ct_again *g)
{
    static const char *const folders[] = {"", "conf.d", "alerts.d"};
    struct ct_buf path = CT_BUF_INIT;
    g->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (g->fd < 0)
        return;
    const char *named = g->call->flag[CT_FLAG_CONFIG];
    const char *slash = named ? strrchr(named, '/') : NULL;
    if (slash)
        ct_buf_add(&path, (struct ct_span){named, (size_t)(slash - named) + 1});
    if (named)
        watch_folder(g, slash ? path.p : ".");
    for (size_t i = 0; !named && i < CT_LEN(folders); i++) {
        ct_buf_clear(&path);
        ct_path_config(&path, folders[i]);
        watch_folder(g, path.p);
    }
    ct_buf_free(&path);
}

static void follow_files(struct ct_again *g)
{
    bool wanted = ct_setting_number(g->call->settings, "", "watch_config") == 1;
    if (g->fd >= 0)
        close(g->fd);
    g->fd = -1;
    if (wanted)
        watch_files(g);
}

int ct_again_fd(const struct ct_again *g)
{
    return g->fd;
}

/* What editors keep beside a file has other names. */
static bool is_ours(const char *name)
{
    struct ct_span n = ct_span(name);
    return n.n && n.p[0] != '.' && (ct_span_ends(n, ".ini") || ct_span_ends(n, ".theme"));
}

bool ct_again_moved(struct ct_again *g)
{
    union {
        struct inotify_event event; /* for its alignment */
        char bytes[4096];
    } u;
    bool ours = false;
    const char *named = g->call->flag[CT_FLAG_CONFIG];
    const char *slash = named ? strrchr(named, '/') : NULL, *file = slash ? slash + 1 : named;
    for (ssize_t n; (n = read(g->fd, u.bytes, sizeof u.bytes)) > 0;) {
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *e = (const void *)(u.bytes + at);
            const char *name = e->len ? e->name : "";
            ours = ours || is_ours(name) || (file && strcmp(name, file) == 0);
            at += (ssize_t)(sizeof *e + e->len);
        }
    }
    return ours;
}

/* ---- reading ---- */

static bool is_of_fetcher(const struct ct_setting_line *l)
{
    static const char *const sections[] = {"fetch", "history", "probe", "source", NULL};
    return ct_word(sections, ct_span(l->section)) >= 0;
}

/* The next line from *I on that the fetcher reads, or NULL. */
static const struct ct_setting_line *next_of_fetcher(const struct ct_settings *s, size_t *i)
{
    const struct ct_setting_line *l;
    while ((l = ct_settings_at(s, (*i)++)) && !is_of_fetcher(l)) {
    }
    return l;
}

static bool same_for_fetcher(const struct ct_settings *a, const struct ct_settings *b)
{
    const struct ct_setting_line *x, *y;
    size_t i = 0, k = 0;
    do {
        x = next_of_fetcher(a, &i);
        y = next_of_fetcher(b, &k);
        if (!x || !y)
            return x == y;
    } while (strcmp(x->section, y->section) == 0 && strcmp(x->name, y->name) == 0 &&
             strcmp(x->key, y->key) == 0 && strcmp(x->value, y->value) == 0);
    return false;
}

struct ct_again *ct_again_new(struct ct_call *c, const struct ct_ui_options *o)
{
    struct ct_again *g = ct_xcalloc(1, sizeof *g);
    *g = (struct ct_again){.call = c, .options = o, .fd = -1};
    follow_files(g);
    return g;
}

static void free_readings(struct ct_reading *r)
{
    for (struct ct_reading *before; r; r = before) {
        before = r->before;
        ct_settings_free(r->settings);
        ct_arena_free(r->arena);
        free(r);
    }
}

/* What the UI was given beside the settings. */
static void carry_over(const struct ct_ui_options *from, struct ct_ui_options *to)
{
    to->demo = from->demo;
    to->ctx = from->ctx;
    to->fd = from->fd;
    to->on_fd = from->on_fd;
    to->on_summary = from->on_summary;
    to->work = from->work;
    to->open = from->open;
    to->refresh = from->refresh;
    to->begin_settings = from->begin_settings;
    to->read_settings = from->read_settings;
    to->reload = from->reload;
    to->config_moved = from->config_moved;
}

struct ct_call *ct_again_begin(const struct ct_again *g)
{
    struct ct_call *begun = ct_xmalloc(sizeof *begun);
    *begun = *g->call;
    begun->settings = NULL;
    begun->err = (struct ct_error){0};
    return begun;
}

struct ct_reading *ct_again_read(struct ct_call *begun)
{
    struct ct_call again = *begun;
    struct ct_reading *r = ct_xcalloc(1, sizeof *r);
    free(begun);
    again.arena = ct_arena_new(0);
    if (ct_settings_load(again.flag[CT_FLAG_CONFIG], &again.settings, &again.err) != CT_OK)
        ct_settings_complain(again.settings, again.err.where, again.err.what);
    struct ct_ui_options *o = ct_arena_alloc(again.arena, sizeof *o);
    ct_ui_options_take(&again, o);
    *r = (struct ct_reading){again.arena, again.settings, o, NULL};
    return r;
}

const struct ct_ui_options *ct_again_take(struct ct_again *g, struct ct_reading *r, const char *const **problems,
                                          bool *fetching)
{
    struct ct_settings *read = r->settings;
    struct ct_ui_options *o = r->options;
    free_readings(g->wrong);
    g->wrong = NULL;
    *problems = ct_settings_problems(read);
    *fetching = false;
    if (**problems) {
        g->wrong = r;
        return NULL;
    }
    carry_over(g->options, o);
    *fetching = !same_for_fetcher(g->call->settings, read);
    r->before = g->last;
    g->last = r;
    r->settings = g->call->settings; /* each of the two owns what the other read */
    g->call->settings = read;
    g->options = o;
    follow_files(g);
    o->config_fd = g->fd;
    return o;
}

void ct_again_free(struct ct_again *g)
{
    free_readings(g->last);
    free_readings(g->wrong);
    if (g->fd >= 0)
        close(g->fd);
    free(g);
}
