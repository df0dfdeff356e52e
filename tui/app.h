/* The dashboard: one poll loop over keys, the loader and signals. UI thread (main) only. */
#ifndef CT_APP_H
#define CT_APP_H

#include "db/read.h"
#include "tui/canvas.h"
#include "tui/keys.h"

/* A saved view: TEXT has lines "key = value" with the keys of [view] in the settings. */
struct ct_ui_view {
    const char *name, *text;
    bool own; /* saved by the dashboard, which may change it */
};

/* All borrowed for the call. Zero it, set db_path; everything else has a default. */
struct ct_ui_options {
    const char *db_path;
    bool db_named;          /* by the person: a command that reads the same must name it too */
    const char *theme;      /* name or path; NULL: "terminal" */
    const char *charset;    /* "auto", "unicode", "narrow", "ascii"; NULL: auto */
    const char *color;      /* "auto", "always", "never"; NULL: auto (NO_COLOR, terminfo) */
    const char *start;      /* name of the first screen or view; NULL: "now" */
    const char *opener;     /* the program that opens links; NULL or "": they are shown */
    const char *tz;         /* "utc", "local", "both"; NULL: utc */
    const struct ct_ui_view *views; /* views of the settings, then saved ones */
    size_t n_views;
    const char *history;    /* series to open on screen 6, one a line; NULL: none */
    int64_t at_ms;          /* 0 or CT_LIVE: live; else the past moment */
    const char *scope;      /* filter of what line 1 counts; NULL: all */
    const char *providers, *models, *gpus; /* what a person depends on, lists separated by commas; NULL: all */
    const char *regions;    /* of providers of which only some are used; NULL: all count */
    const char *const *watch; /* ids followed, NULL-terminated; NULL: none */
    bool mouse, demo;       /* demo: "DEMO" on line 1 */
    bool no_confirm_quit;   /* `q` on screen 1 leaves at once */
    const struct ct_key_override *keys; /* from the config, in order */
    size_t n_keys;
    struct ct_wants wants;  /* all 0: the usual ones */
    bool hinted; /* the hint of the first start has been shown once */
    const char *const *problems; /* lines to show at start and in :messages, NULL-terminated */

    /* Asks the fetcher to fetch SOURCE ("" = all that are due) again; must not block. NULL: nobody to ask.
     * The text returned (static) is shown. */
    const char *(*refresh)(void *ctx, const char *source);
    /* Starts a command that writes (the arguments behind the program's name, NULL-terminated); must not block.
     * Returns a descriptor that brings what it says and ends with it, or -1. NULL: nothing can be written. */
    int (*work)(void *ctx, const char *const *args);
    /* Gives URL to OPENER; must not block. NULL: links are shown. */
    enum ct_status (*open)(void *ctx, const char *opener, const char *url, struct ct_error *err);
    /* After each load of the summary (about each commit, and each minute): lease holder and heartbeat, e.g.
     * to take over from a dead fetcher; NULL, each minute, while it cannot be loaded. Must not block. */
    void (*on_summary)(void *ctx, const struct ct_summary *s);
    /* One more file descriptor to poll for reading (a child's pidfd, a pipe); -1 or 0: none. ON_FD returns a
     * message to show (static) or NULL; a descriptor at its end must be dropped by returning with *FD = -1. */
    int fd;
    const char *(*on_fd)(void *ctx, int *fd);
    /* Reads the settings again, for RELOAD to take; changes nothing and runs on a thread of its own, since nobody knows
     * how long their files take: perhaps longer than the dashboard. So it takes over what BEGIN_SETTINGS, on the UI
     * thread, copied for it, and looks at nothing else. NULL: there are none to read. */
    void *(*begin_settings)(void *ctx);
    void *(*read_settings)(void *begun);
    /* Takes what was READ. NULL: the settings are wrong in *PROBLEMS (lines, NULL-terminated) and stay as they were; else
     * the options from now on. Both live as long as the dashboard runs. */
    const struct ct_ui_options *(*reload)(void *ctx, void *read, const char *const **problems);
    /* Readable after something moved where the settings lie; CONFIG_MOVED takes note and tells whether it was one of
     * their files. 0 or -1: nobody looks. */
    int config_fd;
    bool (*config_moved)(void *ctx);
    void *ctx;
};

enum ct_ui_end { CT_UI_QUIT, CT_UI_SIGNAL, CT_UI_EOF, CT_UI_DEMO /* the person asked for the demo */ };

/* How it ended and what a later start may want. Fill with ct_ui_result_done. */
struct ct_ui_result {
    enum ct_ui_end end;
    int signal;         /* with CT_UI_SIGNAL */
    char theme[64];     /* in use at the end */
    struct ct_buf watch; /* ids followed, a line each */
    struct ct_buf views; /* the saved ones, [view NAME] sections */
    struct ct_buf compared; /* the series of screen 6, a line each */
    bool compared_changed;
    bool watch_changed, order_changed, theme_changed, views_changed;
    bool hinted; /* the hint of the first start was shown this time */
};
void ct_ui_result_done(struct ct_ui_result *r);

/* Runs until quit, a signal or the end of input; the terminal is restored on every way out, also through
 * ct_on_fatal. CT_ERR_USAGE: no terminal, an unknown screen, charset or tz; CT_ERR_NOT_FOUND: theme. A
 * missing database is no error: the screens wait for it. */
CT_MUST_USE enum ct_status ct_ui_run(const struct ct_ui_options *o, struct ct_ui_result *out,
                                     struct ct_error *err);

/* Draws screen NAME ("now" ... or a number, "help", "keys") once into a new *OUT of ROWS x COLS without a
 * terminal and without threads; the caller frees it. KEYS, when not NULL, are typed first as a person would,
 * e.g. "jj\r" (a wait for data after each). CT_ERR_USAGE names the nearest screen. A missing database draws
 * the empty shapes; other failures of the database are drawn as well. */
CT_MUST_USE enum ct_status ct_ui_screen_once(const struct ct_ui_options *o, const char *name, int rows,
                                             int cols, const char *keys, struct ct_canvas **out,
                                             struct ct_error *err);

/* ---- what a panel shows, for the shell ---- */

/* What a person would type there. NULL and 0: as it stands when the screen is opened. */
struct ct_ui_ask {
    int rows, cols; /* of the screen it stands on: a chart has as many points, what stands beside a table needs room */
    const char *filter, *sort, *group;
    int64_t from_ms, to_ms; /* charts */
    bool gone, believed;
};
struct ct_ui_shown {
    const char *panel;
    const struct ct_table *table;
    struct ct_rows rows;
    size_t total;  /* with what the filter hides */
    size_t unread; /* rows there would be beside these, which the screen reads when somebody goes there */
};

/* Whether NAME is a panel with rows ("offers"), one on a certain screen ("now/status"), or a [view]. */
bool ct_ui_shows(const struct ct_ui_options *o, const char *name);
/* The panels with rows, each once, in the order of the screens; returns their number, CAP at most. */
size_t ct_ui_panels(const char **names, size_t cap);
/* Gives PUT, once, what NAME shows, read through R as the screen reads it, the same rows in the same order as :export
 * writes; they live until PUT returns, whose status is returned. CT_ERR_USAGE: no such panel, filter, column or group;
 * CT_ERR_CONFIG: a [view] that means nothing. No terminal, no threads. */
CT_MUST_USE enum ct_status ct_ui_show(const struct ct_ui_options *o, struct ct_reader *r, const char *name,
                                      const struct ct_ui_ask *q,
                                      enum ct_status (*put)(void *ctx, const struct ct_ui_shown *shown), void *ctx,
                                      struct ct_error *err);

#endif
