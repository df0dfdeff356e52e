/* What the files of the dashboard share: its state and their entry points. Nobody else includes this. UI thread. */
#ifndef CT_UI_H
#define CT_UI_H

#include "db/alerts.h"
#include "tui/app.h"
#include "tui/layout.h"
#include "tui/loader.h"
#include "tui/theme.h"

/* One panel on one screen: its state, what it asks, what it got. */
struct panel {
    const struct ct_panel_ops *ops;
    int screen, slot; /* slot: index in panels, and the loader's name for it */
    void *state;
    struct ct_panel_query q;
    uint64_t generation, answered; /* of the newest question and of the newest answer */
    struct ct_load_answer got, held; /* held: arrived while painting was paused */
    bool has_model, is_held, failed, dirty;
    bool moved; /* the cursor did, and may be all that did */
    struct ct_error error;
    int64_t loaded_ms;
    struct ct_oldest oldest; /* as last drawn */
    uint64_t epoch;          /* of the newest answer */
    struct early {           /* typed before its first answer came: for the rows that answer brings */
        enum ct_action action;
        int letter;
    } early[32];
    size_t n_early;
    /* ahead.c: of a table the row before and which way the cursor went, of a detail what it may show next and what it
     * showed last */
    size_t was_at;
    bool moves_up;
    struct ct_load_answer ahead;
    char ahead_subject[CT_SUBJECT]; /* "": nothing */
    uint64_t ahead_generation;
    char got_subject[CT_SUBJECT]; /* what GOT is about; "": nothing, or another question was asked since */
    struct ui_kept {
        char subject[CT_SUBJECT];
        struct ct_load_answer answer;
    } *kept; /* a ring of UI_KEPT; NULL: none yet */
    size_t n_kept;
};
enum { UI_KEPT = 4 };

enum prompt_kind { PROMPT_NONE, PROMPT_FILTER, PROMPT_COMMAND };
enum { PROMPT_MAX = 250, HISTORY_MAX = 32, MESSAGES_MAX = 100, MESSAGE_MAX = 240,
       ERROR_MAX = 512, MARKS_MAX = 26 };

struct prompt {
    enum prompt_kind kind;
    char text[PROMPT_MAX + 6];
    size_t at;                   /* cursor: byte in text */
    char before[PROMPT_MAX + 6]; /* what Esc restores */
    bool before_highlight;
    char error[ERROR_MAX], hint[ERROR_MAX]; /* hint: what Tab found */
    size_t wrong;                /* 1-based byte of the word the error is about; 0: none */
    int recall;                  /* lines back in the history */
    struct panel *asked[2];      /* whose rows Tab wants; NULL: none, or no more */
};

struct message {
    int64_t at_ms;
    bool error;
    char text[MESSAGE_MAX];
};

/* A screen as somebody wants it again: lines "key = value" (bench.c). */
struct ui_view {
    char name[32], text[2048];
    bool own; /* saved here; else from the settings */
};

enum overlay { OVERLAY_NONE, OVERLAY_HELP, OVERLAY_MESSAGES, OVERLAY_PROBLEMS, OVERLAY_THEMES };

/* What m and a letter remember. */
struct place_mark {
    const struct ct_screen *screen; /* NULL: not set */
    const struct ct_panel_ops *panel;
    char id[512], filter[256];
    bool highlight;
};

/* What line 1, the tape and the status bar show. */
struct frame_model {
    struct ct_summary sum;
    struct ct_alert_count alerts;
    struct ct_rows open;   /* struct ct_alert_row, for the preview of a silence */
    struct ct_rows bells;  /* messages for whoever looks, newest first */
    struct ct_rows events; /* newest first */
    struct ct_rows indices; /* struct ct_gpu_row that have one, most clouds first; on walls only */
    int64_t before_ms, after_ms; /* of the events around the moment shown; CT_NONE: none */
};

struct ct_ui {
    const struct ct_ui_options *o;
    struct ct_canvas *canvas;
    struct ct_keymap keys;
    struct ct_theme themes[12]; /* those shipped and one of the person's */
    size_t n_themes, theme, theme_before; /* before: what Esc in the list restores */
    bool terminal; /* there is one; else a single screen is drawn */
    const char *fetcher_said; /* how the fetcher beside it ended last; NULL: it did not */
    struct ct_loader *loader; /* frees what was shown; NULL: none */

    const struct ct_screen *screen, *previous;
    int focus[10];              /* by screen number: index of the focused place */
    struct ct_layout layout;
    struct panel *panels[CT_LOAD_AHEAD]; /* [0]: the frame's own model */
    size_t n_panels;
    struct panel *detail;       /* open over the others */
    struct over {
        const struct ct_panel_ops *ops;
        char subject[CT_SUBJECT];
    } under[4];                 /* what it was opened over in turn, the last one first to come back */
    int n_under;
    bool zoom;

    int64_t at_ms;              /* CT_LIVE or the time machine's moment */
    bool gone, believed, paused;
    int waiting;                /* answers held back by the pause */
    char watch[4096];
    bool watch_changed, order_changed, theme_changed;
    char series[CT_SUBJECT];    /* screen 6 */
    int64_t from_ms, to_ms;
    struct ct_chart_look look;
    struct ct_wants wants;
    struct ui_view views[24];
    size_t n_views;
    bool views_changed;
    char tz;                    /* u, l, b */

    struct prompt prompt;
    char history[HISTORY_MAX][PROMPT_MAX + 6];
    int n_history;
    enum overlay overlay;
    int overlay_top;
    int prefix;                 /* first key of a pair, 0: none */
    enum ct_action letter_for;  /* what the next key belongs to; CT_ACT_NONE: to the key table */
    struct place_mark marks[MARKS_MAX];
    bool mouse;
    bool away;                  /* the terminal says that the focus is elsewhere */
    int exported[2];            /* pipe that finished exports are told on; 0: none yet */
    bool asked_quit, quit;
    enum ct_ui_end end;

    struct reading *reading;    /* of the settings, under way; NULL: none */
    bool read_again;            /* asked for meanwhile */

    int work_fd;                /* of a command under way; -1: none */
    char work_said[4096];
    char rung[17];              /* event id of the newest message the bell told */
    int64_t rung_mono_ms;       /* and when; 0: never */

    struct message messages[MESSAGES_MAX]; /* a ring */
    size_t n_messages;
    const char *const *problems; /* of the settings as read last, NULL-terminated; or NULL */
    int64_t message_until_mono_ms; /* 0: none is shown; INT64_MAX: until the next key */
    bool said_newer, said_damaged, said_clock, said_recording, hinted;

    bool dirty_all, dirty_line1, dirty_status;
    bool ask;                   /* the loader must be told */
    int cursor_y, cursor_x;     /* -1: hidden */
};

enum { HISTORY_SCREEN = 6 };

/* app.c: start and end */
CT_MUST_USE enum ct_status ui_new(const struct ct_ui_options *o, const char *name, int rows, int cols,
                                  struct ct_ui **out, struct ct_error *err);
void ui_free(struct ct_ui *ui);
/* Loads what is asked for on this thread, without a loader; R NULL: TROUBLE is why. */
void ui_load_now(struct ct_ui *ui, struct ct_reader *r, const struct ct_error *trouble);

CT_MUST_USE enum ct_status ui_load_themes(struct ct_ui *ui, const char *name, struct ct_error *err);

/* settings.c */
void ui_take_keys(struct ct_ui *ui);  /* of the options */
void ui_take_scope(struct ct_ui *ui); /* of the options into the frame's query */
void ui_read_settings(struct ct_ui *ui); /* again; with a terminal, on a thread of its own */
int ui_settings_fd(const struct ct_ui *ui); /* readable when they have been read; -1: nobody reads them */
void ui_take_settings(struct ct_ui *ui);    /* then */
void ui_leave_settings(struct ct_ui *ui);   /* at the end: whoever still reads them is left to it */

/* panels.c */
struct panel *ui_add_panel(struct ct_ui *ui, int screen, const struct ct_panel_ops *ops);
struct panel *ui_panel(struct ct_ui *ui, const struct ct_screen *s, const struct ct_panel_ops *ops);
struct panel *ui_focused(struct ct_ui *ui);
const struct ct_place *ui_places(const struct ct_ui *ui); /* of the screen at this width */
void ui_fill_query(struct ct_ui *ui, struct panel *p);    /* what all queries share */
void ui_refill(struct ct_ui *ui, int screen);             /* of SCREEN's panels, 0: of all; they load again */
void ui_reload(struct ct_ui *ui, struct panel *p);        /* its query changed */
/* P grouped as WANTED, to be loaded; CT_ERR_USAGE: it knows no such group. */
CT_MUST_USE enum ct_status ui_group(struct ct_ui *ui, struct panel *p, const char *wanted, struct ct_error *err);
void ui_hint(struct ct_ui *ui, const char *more); /* the keys to begin with, at the first start alone, and MORE */
void ui_follow_selection(struct ct_ui *ui, struct panel *p);
void ui_take_answer(struct ct_ui *ui, struct ct_load_answer *a);
void ui_free_answer(struct ct_ui *ui, struct ct_load_answer *a);
void ui_end_pause(struct ct_ui *ui);
void ui_make_request(struct ct_ui *ui, struct ct_load_request *r);
void ui_drop_models(struct ct_ui *ui);

/* ahead.c */
void ui_look_ahead(struct ct_ui *ui, struct panel *p, struct panel *detail); /* of table P: which row is next */
void ui_change_subject(struct ct_ui *ui, struct panel *p, const char *subject); /* shows what is at hand of it, or asks */
void ui_keep(struct ct_ui *ui, struct panel *p); /* P gets another model: that of another subject may be wanted again */
bool ui_want_ahead(const struct panel *p, struct ct_load_item *out);
void ui_take_ahead(struct ct_ui *ui, struct ct_load_answer *a);
void ui_drop_ahead(struct ct_ui *ui, struct panel *p); /* and what was kept: answers to another question */

/* actions.c */
void ui_act(struct ct_ui *ui, enum ct_action action, int letter);
bool ui_act_in_panel(struct ct_ui *ui, enum ct_action action, int letter);
void ui_catch_up(struct ct_ui *ui, struct panel *p); /* P has its rows: what was typed for them */
void ui_close_detail(struct ct_ui *ui);
/* Whether ACTION would do something in P as it stands. */
bool ui_answers(struct ct_ui *ui, struct panel *p, enum ct_action action);
/* Opens OPS about the row chosen, or about what the detail shows. */
void ui_open_about(struct ct_ui *ui, const struct ct_panel_ops *ops);
void ui_open_panel(struct ct_ui *ui, const struct ct_panel_ops *ops); /* over the others, about nothing in particular */
void ui_goto(struct ct_ui *ui, const struct ct_screen *s);
void ui_set_at(struct ct_ui *ui, int64_t at_ms);
void ui_set_history(struct ct_ui *ui, struct ct_span series, bool add);
void ui_set_gone(struct ct_ui *ui, bool gone);
void ui_set_believed(struct ct_ui *ui, bool believed);
void ui_toggle_watch(struct ct_ui *ui, struct ct_span id);
void ui_show_help(struct ct_ui *ui);
void ui_leave(struct ct_ui *ui, enum ct_ui_end end);
int64_t ui_now(const struct ct_ui *ui); /* the clock, or the past moment */
void ui_say(struct ct_ui *ui, bool error, const char *fmt, ...) CT_PRINTF(3, 4);
void ui_hide_message(struct ct_ui *ui);
const struct ct_screen *ui_screen(struct ct_span name); /* by name, number or title; NULL */
bool ui_add_line(char *list, size_t cap, struct ct_span line); /* to a '\n'-separated list; false: full */

/* moment.c: the time machine */
void ui_go_to_moment(struct ct_ui *ui, int64_t at_ms); /* CT_LIVE: back to the present; says so */
void ui_step_moment(struct ct_ui *ui, enum ct_action action);
int64_t ui_recording_since(const struct ct_ui *ui); /* CT_NONE: not known (yet) */

/* bench.c: commands of screen 6 */
extern const char *const ui_scale_words[]; /* NULL-terminated */
/* "30d", "all". False: it is no length of time. */
bool ui_take_range(struct ct_ui *ui, struct ct_span text);
/* The rest say themselves what is wrong. */
/* What a person types, in the zone of the clock on screen unless it names one. */
enum ct_status ui_parse_time(const struct ct_ui *ui, struct ct_span text, int64_t now_ms, int64_t *out, struct ct_error *err);
bool ui_take_time(struct ct_ui *ui, struct ct_span text, int64_t *out);
bool ui_take_word(struct ct_ui *ui, const char *const *words, struct ct_span text, int *out);
void ui_run_range(struct ct_ui *ui, struct ct_span args);
void ui_run_from(struct ct_ui *ui, struct ct_span args);
void ui_run_to(struct ct_ui *ui, struct ct_span args);
void ui_run_yscale(struct ct_ui *ui, struct ct_span args);
void ui_run_style(struct ct_ui *ui, struct ct_span args);
void ui_run_mode(struct ct_ui *ui, struct ct_span args);
void ui_run_history(struct ct_ui *ui, struct ct_span args);

/* saved.c: saved views */
void ui_run_view(struct ct_ui *ui, struct ct_span args);
bool ui_open_view(struct ct_ui *ui, struct ct_span name); /* false: there is none of that name */
/* TEXT: lines "key = value"; in place of one of that name. False: no room. */
bool ui_add_view(struct ct_ui *ui, struct ct_span name, struct ct_span text, bool own);
void ui_write_views(const struct ct_ui *ui, struct ct_buf *out); /* the saved ones, as INI */

/* work.c: what writes is done by another process */
void ui_work(struct ct_ui *ui, const char *words); /* a line each */
void ui_work_ready(struct ct_ui *ui);              /* ui->work_fd has something to read */
void ui_ring(struct ct_ui *ui); /* bell.c: after each load of the frame's model */
void ui_run_silence(struct ct_ui *ui, struct ct_span args);
void ui_run_extend(struct ct_ui *ui, struct ct_span args);
/* What the silence that is being typed would cover, and what it still lacks. */
void ui_silence_preview(struct ct_ui *ui, struct ct_span args, struct ct_buf *out);
void ui_run_unsilence(struct ct_ui *ui, struct ct_span args);
void ui_run_ack(struct ct_ui *ui, struct ct_span args);
void ui_run_rule(struct ct_ui *ui, struct ct_span args);

/* wants.c: what a person wants to buy */
void ui_run_cost(struct ct_ui *ui, struct ct_span args);
void ui_run_exit(struct ct_ui *ui, struct ct_span args);
void ui_run_mix(struct ct_ui *ui, struct ct_span args);

/* export.c */
extern const char *const ui_export_words[]; /* formats, NULL-terminated */
void ui_run_export(struct ct_ui *ui, struct ct_span args);
void ui_run_copy_command(struct ct_ui *ui, struct ct_span args);
void ui_take_export(struct ct_ui *ui); /* says what became of exports */

/* shown.c: what a panel shows, as rows */
bool ui_has_rows(const struct ct_panel_ops *ops);
/* Those of P, which has a model: of the model, or made in A. TOTAL counts what a filter hides too. */
struct ct_rows ui_rows_of(const struct panel *p, struct ct_arena *a, const struct ct_table **table, size_t *total);
/* The panel ID of screen S at some width; NULL: there is none. */
const struct ct_panel_ops *ui_find_panel(const struct ct_screen *s, struct ct_span id);

/* input.c */
void ui_press(struct ct_ui *ui, int key);

/* command.c */
struct ui_command {
    const char *name, *args, *help;
    void (*run)(struct ct_ui *ui, struct ct_span args);
    const char *const *words; /* completions of the argument, NULL-terminated; or NULL */
};
extern const struct ui_command ui_commands[]; /* ends with a NULL name */
/* What the command NAME opens, with its words as the filter; NULL: no panel. */
const struct ct_panel_ops *ui_command_panel(struct ct_span name);
void ui_command(struct ct_ui *ui, struct ct_span line);
/* Applies TEXT as the panel's filter, if it is one. False: ERROR says why not, *WRONG at which byte (1-based, 0:
 * nowhere). */
bool ui_apply_filter(struct ct_ui *ui, struct panel *p, struct ct_span text, char error[ERROR_MAX],
                     size_t *wrong);

/* prompt.c */
void ui_prompt_open(struct ct_ui *ui, enum prompt_kind kind);
void ui_prompt_key(struct ct_ui *ui, int key);
void ui_prompt_paste(struct ct_ui *ui, struct ct_span text, bool cut); /* CUT: there was more */
void ui_prompt_replace(struct ct_ui *ui, size_t from, const char *text);

/* complete.c: true when something was completed or listed */
bool ui_complete(struct ct_ui *ui);
void ui_complete_with(struct ct_ui *ui, struct panel *p); /* P has its rows: Tab waited for them? */

/* picker.c: themes; what is open and not kept is worn, but not chosen */
void ui_set_theme(struct ct_ui *ui, size_t i);
void ui_pick_theme(struct ct_ui *ui);
void ui_picker_key(struct ct_ui *ui, int key);
void ui_picker_close(struct ct_ui *ui, bool kept);
void ui_draw_picker(struct ct_ui *ui);

/* marks.c */
void ui_set_mark(struct ct_ui *ui, int letter);
void ui_jump_mark(struct ct_ui *ui, int letter);

/* frame.c */
extern const struct ct_panel_ops ui_frame_ops;
const struct frame_model *ui_frame_model(const struct ct_ui *ui);
enum ct_key_context ui_context(struct ct_ui *ui);
void ui_layout(struct ct_ui *ui);
bool ui_dirty(const struct ct_ui *ui); /* is anything to be drawn? What is not dirty is not sent */
void ui_draw(struct ct_ui *ui); /* brings the canvas up to date */
int ui_overlay_lines(struct ct_ui *ui);

/* line1.c */
void ui_draw_line1(struct ct_ui *ui);
void ui_draw_bar(struct ct_ui *ui);
const struct ct_screen *ui_bar_screen(const struct ct_ui *ui, int x); /* whose name stands at column X; NULL: none */
void ui_draw_tape(struct ct_ui *ui);
void ui_draw_health(struct ct_ui *ui);
void ui_draw_status(struct ct_ui *ui);
void ui_clock(const struct ct_ui *ui, int64_t ms, bool date, bool seconds, char out[64]);

#endif
