/* Panels and screens as tables of operations. A new panel is one file under views/ and one line in
 * screens.c; it knows the database in load (loader thread) and the model in draw (UI thread), never both. */
#ifndef CT_VIEW_H
#define CT_VIEW_H

#include "db/read.h"
#include "tui/canvas.h"

/* Everything a person can do; the key table (keys.c) binds keys to these, help and `cloudtape keys` list them.
 * X(name, "word for config and help", "what it does") */
#define CT_ACTION_LIST(X)                                                                          \
    X(NONE, "none", "unbound")                                                                     \
    X(HELP, "help", "keys that work here")                                                         \
    X(COMMAND, "command", "command line")                                                          \
    X(FILTER, "filter", "filter this panel")                                                       \
    X(SCREEN_1, "now", "screen 1: what needs me")                                                  \
    X(SCREEN_2, "status", "screen 2: providers, components, incidents")                            \
    X(SCREEN_3, "gpus", "screen 3: GPU offers")                                                    \
    X(SCREEN_4, "tokens", "screen 4: token prices")                                                \
    X(SCREEN_5, "models", "screen 5: models and clouds")                                           \
    X(SCREEN_6, "history", "screen 6: history of series")                                          \
    X(SCREEN_7, "alerts", "screen 7: alerts")                                                      \
    X(SCREEN_8, "sources", "screen 8: sources and their health")                                   \
    X(GO, "go", "then a letter: go to a screen")                                                   \
    X(PANEL_NEXT, "panel_next", "next panel")                                                      \
    X(PANEL_PREV, "panel_prev", "previous panel")                                                  \
    X(ZOOM, "zoom", "this panel alone, and back")                                                  \
    X(BACK, "back", "back one level")                                                              \
    X(QUIT, "quit", "quit now")                                                                    \
    X(REFRESH, "refresh", "ask the fetcher to fetch again")                                        \
    X(PAUSE, "pause", "stop and resume painting")                                                  \
    X(THEME, "theme", "choose a theme, seen at once")                                                                \
    X(MOUSE, "mouse", "mouse on and off")                                                          \
    X(SUSPECT, "suspect", "hide and show corrections of wrong data")                               \
    X(PREVIOUS_SCREEN, "previous_screen", "the screen before this one")                            \
    X(SET_MARK, "set_mark", "then a letter: remember screen, row and filter")                      \
    X(JUMP_MARK, "jump_mark", "then a letter: back to what it remembers")                          \
    X(REDRAW, "redraw", "draw everything again")                                                   \
    X(SUSPEND, "suspend", "suspend to the shell")                                                  \
    X(HOUR_BACK, "hour_back", "every screen an hour earlier")                                      \
    X(HOUR_ON, "hour_on", "an hour later")                                                         \
    X(DAY_BACK, "day_back", "every screen a day earlier")                                          \
    X(DAY_ON, "day_on", "a day later")                                                             \
    X(EVENT_BACK, "event_back", "every screen as of the event before this")                        \
    X(EVENT_ON, "event_on", "as of the next event")                                                \
    X(DEMO, "demo", "open the simulated market (when offline)")                                    \
    X(ROW_DOWN, "row_down", "row down")                                                            \
    X(ROW_UP, "row_up", "row up")                                                                  \
    X(COL_LEFT, "col_left", "scroll left, cursor left")                                            \
    X(COL_RIGHT, "col_right", "scroll right, cursor right")                                        \
    X(TOP, "top", "first row")                                                                     \
    X(BOTTOM, "bottom", "last row")                                                                \
    X(HALF_DOWN, "half_down", "half a page down")                                                  \
    X(HALF_UP, "half_up", "half a page up")                                                        \
    X(PAGE_DOWN, "page_down", "a page down")                                                       \
    X(PAGE_UP, "page_up", "a page up")                                                             \
    X(DETAIL, "detail", "detail of the row")                                                       \
    X(SORT, "sort", "then a letter: sort by that column")                                          \
    X(REVERSE, "reverse", "reverse the order")                                                     \
    X(COLUMN_LEFT, "column_left", "move the column left")                                          \
    X(COLUMN_RIGHT, "column_right", "move the column right")                                       \
    X(COLUMNS, "columns", "then letters: show or hide columns")                                    \
    X(NEXT_MATCH, "next_match", "next row that is highlighted")                                    \
    X(PREV_MATCH, "prev_match", "previous such row")                                               \
    X(GROUP, "group", "group by type, cloud, region; on demand or spot")                                               \
    X(MARK, "mark", "mark the row")                                                                \
    X(WATCH, "watch", "follow the row, or stop")                                                   \
    X(WATCH_ONLY, "watch_only", "show only what I follow")                                         \
    X(WATCH_UP, "watch_up", "watchlist: the row one place up")                                     \
    X(WATCH_DOWN, "watch_down", "watchlist: one place down")                                       \
    X(COMPARE, "compare", "add to the comparison set")                                             \
    X(HISTORY, "history_of", "history of the row")                                                 \
    X(NEXT_EVENT, "next_event", "next row or event that changed or is unwell")                     \
    X(PREV_EVENT, "prev_event", "previous such row or event")                                      \
    X(ACK, "ack", "alert: I have it")                                                              \
    X(SILENCE, "silence", "silence what matches the row")                                          \
    X(ALERT_RULE, "alert_rule", "a new alert rule from the row")                                   \
    X(SEND_TEST, "send_test", "alert: send a test to its channel")                                 \
    X(EXTEND, "extend", "silence: an hour longer")                                                 \
    X(END_SILENCE, "end_silence", "silence: end it now")                                           \
    X(EXIT, "exit", "where else the row's GPU or model is sold by a healthy place")                \
    X(COST, "cost", "what a job on it would cost, place by place")                                 \
    X(UNITS, "units", "other units")                                                               \
    X(OPEN, "open", "open the link, or show it")                                                               \
    X(COPY, "copy", "copy the row as text")                                                        \
    X(COPY_JSON, "copy_json", "copy the row as JSON")                                              \
    X(CURSOR_LEFT_10, "cursor_left_10", "cursor ten columns left")                                 \
    X(CURSOR_RIGHT_10, "cursor_right_10", "cursor ten columns right")                              \
    X(PAN_LEFT, "pan_left", "half a window back")                                                  \
    X(PAN_RIGHT, "pan_right", "half a window on")                                                  \
    X(ZOOM_IN, "zoom_in", "zoom in about the cursor")                                              \
    X(ZOOM_OUT, "zoom_out", "zoom out about the cursor")                                           \
    X(ZOOM_RESET, "zoom_reset", "reset the window")                                                \
    X(SHORTER, "shorter", "shorter preset range")                                                  \
    X(LONGER, "longer", "longer preset range")                                                     \
    X(LIVE, "live", "back to live")                                                                \
    X(ANCHOR, "anchor", "anchor here: change from here to the cursor")                             \
    X(DROP, "drop", "drop the series")                                                             \
    X(STYLE, "style", "step, line, dots, table")                                                   \
    X(PERCENT, "percent", "absolute, percent, index 100")                                          \
    X(LOG, "log", "log scale, and back")

enum ct_action {
#define X(name, word, help) CT_ACT_##name,
    CT_ACTION_LIST(X)
#undef X
    CT_N_ACTIONS
};

/* Which rows of the key table apply to a panel, beside the ones that work everywhere. */
enum ct_key_context { CT_KEYS_EVERYWHERE, CT_KEYS_TABLE, CT_KEYS_CHART };

/* How a chart shows its series. The words are those of `:view`, `:style` and [view]. */
enum ct_look_style { CT_LOOK_STEP, CT_LOOK_LINE, CT_LOOK_DOTS, CT_LOOK_TABLE, CT_LOOK_N_STYLES };
enum ct_look_mode { CT_LOOK_ABS, CT_LOOK_PERCENT, CT_LOOK_INDEX, CT_LOOK_N_MODES };
struct ct_chart_look {
    int style, mode;
    bool log; /* the value axis */
};
extern const char *const ct_look_style_words[]; /* "step", "line", "dots", "table", NULL */
extern const char *const ct_look_mode_words[];  /* "abs", "percent", "index", NULL */

/* What a person wants to buy: the settings' [cost] and [mix], or the last `:cost` and `:mix`. */
struct ct_wants {
    int64_t gpus, hours, input_tokens, output_tokens;
    int64_t mix_input, mix_output; /* parts of a blended price */
};
extern const struct ct_wants ct_wants_usual;

enum { CT_SUBJECT = 1024 };

/* What the UI asks the loader for, per panel. Plain data, copied between the threads. */
struct ct_panel_query {
    int64_t at_ms;         /* CT_LIVE or the time machine's moment */
    int64_t from_ms, to_ms; /* charts: 0, 0 = the panel's default range ending at at_ms; -LENGTH, 0 =
                             * the last LENGTH ms before it, moving along; FROM, 0 = from there up to
                             * it (ct_view_window) */
    int cols;              /* chart columns wanted */
    struct ct_chart_look look;   /* charts; needs no load */
    char filter[256];
    char subject[CT_SUBJECT]; /* detail: the row id; history: series names separated by '\n', eight long ones */
    char sort[48];         /* "COL" or "COL:desc"; "" = standing order */
    char group[32];
    int unit;              /* index into the panel's units; needs no load */
    struct ct_scope scope; /* what the person depends on, from the settings, which outlive every query */
    struct ct_span regions;
    bool watch_only, gone, believed;
    int used;              /* a long list: how far somebody goes through it; 0: what a panel shows is enough */
    bool highlight;        /* the filter marks rows in place of hiding the others */
    struct ct_wants wants; /* cost, blended prices */
    char watch[4096];      /* ids followed, separated by '\n' */
};

/* What a panel shows that was seen longest ago; at_ms CT_NONE: nothing with an age. */
struct ct_oldest {
    int64_t at_ms;
    char who[80];
};

/* What a panel needs to draw besides its model. */
struct ct_draw {
    int64_t now_ms;    /* live clock, or the time machine's moment */
    bool live, focus, zoomed;
    bool fetching;     /* this viewer has a fetcher to ask */
    bool simulated;    /* it is the simulated market that is fetched */
    const char *fetcher_said; /* how that one ended last; NULL: it did not */
    int64_t loaded_ms; /* when the model was loaded (live clock); 0: never */
    const struct ct_error *load_error; /* NULL or the last load's failure */
    bool error_told;                   /* the panel with the focus tells of the same */
    const struct ct_panel_query *query;
    struct ct_oldest *oldest; /* told when drawn; NULL: nobody asks */
};

/* What an action did. */
enum ct_act_result {
    CT_ACT_IGNORED, /* not for this panel: the frame may handle it */
    CT_ACT_DRAW,    /* state changed: paint again */
    CT_ACT_LOAD,    /* the query changed: load, then paint */
};

/* Commands a panel gives to the frame while acting, e.g. "open history of these series". */
struct ct_frame_request {
    enum { CT_REQ_NONE, CT_REQ_SCREEN, CT_REQ_HISTORY, CT_REQ_COMPARE, CT_REQ_DETAIL, CT_REQ_WATCH,
           CT_REQ_WATCH_UP, CT_REQ_WATCH_DOWN, /* TEXT's line of the watchlist, one place */
           CT_REQ_MESSAGE, CT_REQ_OPEN /* the link TEXT */, CT_REQ_COPY,
           CT_REQ_COMMAND, /* opens the command line with TEXT in it */
           CT_REQ_WORK /* runs a command that writes; its words are TEXT's lines */ } kind;
    int screen;        /* 1..8 */
    char text[4096];   /* series name, row id, message, text to copy */
};

/* Rows that panels side by side are made of, thousands of them: who has read them has all that the next one needs. */
enum ct_panel_rows { CT_ROWS_OWN, CT_ROWS_OFFERS, CT_ROWS_INDICES, CT_N_ROWS };

struct ct_panel_ops {
    const char *id;    /* "gpu_offers" */
    const char *title;
    enum ct_key_context keys;
    const struct ct_table *table; /* fields of its filter; NULL: no filter */
    size_t state_size; /* zeroed at start; UI thread only: cursor, scroll */
    const struct ct_panel_ops *detail; /* what Enter opens: query.subject is the row id; NULL: nothing */
    const char *const *units; /* what u goes through, NULL-terminated; NULL: one unit, or none */
    bool follows;      /* query.subject is the id of the row selected in the table with the focus, as the
                        * detail beside it gets it */
    enum ct_panel_rows made_of;

    /* Loader thread: reads what Q asks into *MODEL, all from ARENA. */
    enum ct_status (*load)(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err);
    /* UI thread: MODEL is NULL until the first load. Draws its five shapes (ux.md section 8) into BOX, the
     * inside of its frame; puts the right-hand part of the frame's title into NOTE. */
    void (*draw)(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note);
    /* UI thread: it was drawn, nothing but its cursor may have moved since, and it stands there as it was. Draws what a
     * cursor changes, the result as if all were drawn; false, or NULL: all must be. */
    bool (*move)(void *state, const void *model, const struct ct_draw *d);
    /* UI thread. Q may be changed; REQ may be filled. */
    enum ct_act_result (*act)(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req);
    /* UI thread: the mouse was pressed at column X of the box inside the frame, or, UP, let go there; NULL: a click
     * only gives the focus. */
    void (*point)(void *state, const void *model, int x, bool up);
    /* UI thread: what :export writes of a panel that is no table, as rows of EXPORTED from A; NULL: it has rows. */
    struct ct_rows (*rows)(const void *model, struct ct_arena *a);
    const struct ct_table *exported;
};

/* Where a panel stands at one width class: column of its band, share of the height, least rows, which goes first when
 * rows are short (higher drops earlier), and its band: bands lie one below the other, each with columns of its own.
 * Data, not code. */
struct ct_place {
    const struct ct_panel_ops *panel;
    int column, weight, min_rows, drop_order, band;
    int strip; /* beside an editor: so many rows, without a line above; 0: a part of its own */
};
enum { CT_MAX_PLACES = 8, CT_MAX_BANDS = 3, CT_MAX_COLUMNS = 3,
       CT_N_WIDTHS = 3 /* one, two, three columns: < 120, < 180, >= 180 */ };
struct ct_screen {
    int number;      /* 1..8 */
    char letter;     /* after g */
    const char *name, *title, *question;
    struct {
        int column_weights[CT_MAX_BANDS][CT_MAX_COLUMNS];
        struct ct_place places[CT_MAX_PLACES];
    } layouts[CT_N_WIDTHS];
};
extern const struct ct_screen *const ct_screens[]; /* NULL-terminated */

#endif
