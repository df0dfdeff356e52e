/* The table widget: any struct ct_table as rows on a canvas. A view gives its columns as data and keeps a
 * struct ct_tstate; selection follows the row's id through refresh, sort and filter.
 *
 * A table panel is, in full:
 *   struct model { struct ct_tmodel t; ... };
 *   load: read all rows, then ct_tmodel_load(&view, rows, q, now_ms, a, &m->t, err)
 *   draw: ct_tview_draw(&view, state, m ? &m->t : NULL, d, box, note, "all quiet")
 *   act:  return ct_tview_act(&view, state, m ? &m->t : NULL, action, letter, q, req)
 * with state_size = sizeof(struct ct_tstate) (first member when the panel needs more). A panel whose ops name a
 * table has a struct ct_tmodel first in its model and a struct ct_tstate first in its state: the frame completes
 * filters, exports rows and jumps to marks through them.
 *
 * What the frame (app.c) promises to panels:
 * - Frame and title are drawn by the frame; draw gets the inside. NOTE is right of the title.
 * - The filter text in q->filter has been compiled against ops->table before it gets there; a bad one never
 *   reaches load. q->watch, q->gone and q->at_ms are set by the frame in all panels alike.
 * - CT_ACT_COLUMNS likewise: letter 0 for `C`, then each key until Esc, which comes as -1.
 * - CT_ACT_SORT comes twice: letter 0 when `s` is pressed (paint the letters), then with the key pressed
 *   ('s' again: current column; '0': list order; -1: cancelled).
 * - CT_ACT_DETAIL must only fill REQ (CT_REQ_DETAIL, text = row id) and have no other effect: the frame
 *   also uses it to learn the selection for a detail panel that stands open beside its table.
 * - ops->detail (may be NULL) is what Enter opens, with q->subject = that row id.
 * - On screen 6 subject, from_ms and to_ms are shared by all panels: what a chart changes in its query
 *   the frame copies to the others. CT_REQ_HISTORY replaces the subject there, CT_REQ_COMPARE adds a line.
 * - CT_REQ_WATCH toggles text (a row id) in the watchlist; all panels load again.
 * - When the panel is drawn with d->query->filter not "", say so when nothing matches (ux.md section 8). */
#ifndef CT_WIDGETS_TABLE_H
#define CT_WIDGETS_TABLE_H

#include "tui/view.h"

/* One column of the layout. Zeroed members mean the usual. */
struct ct_tcol {
    const char *column; /* in the ct_table: value and sort key; NULL: neither, FORMAT or PAINT does all */
    const char *header;
    int min, max;       /* columns on screen: as many as the text needs, then what is left over in turn.
                         * A column whose text is shorter than MIN gives room away, unless it is a time. */
    int align;          /* -1 or 0 left, 1 right */
    int drop;           /* 0: stays; the highest goes first when the table is too narrow */
    bool middle;        /* too long text keeps both ends */
    bool hint;          /* says what to press: not copied with the row */
    /* The cell as text into OUT and its role; NULL: by the column's type (null is "-"). */
    enum ct_role (*format)(const void *row, const struct ct_draw *d, struct ct_buf *out);
    /* Draws the cell itself (sparklines); the box is one row high. Used instead of FORMAT. */
    void (*paint)(const void *row, const struct ct_draw *d, struct ct_box cell);
};

/* The layout of a table: const data. */
struct ct_tview {
    const struct ct_table *table;
    const struct ct_tcol *cols;
    size_t n_cols;
    int frozen;        /* leading columns that stay when scrolled sideways */
    const char *id;    /* the column whose text identifies a row; with ID2 when one is not enough */
    const char *id2;
    struct ct_span (*name_row)(const void *row, struct ct_arena *a); /* where no column tells two apart; NULL: ID */
    const char *watch; /* column that q->watch names items by; NULL: the id */
    const char *series; /* column with the series that L and c open; NULL: none */
    const char *url;   /* column that o opens; NULL: none */
    const char *noun;  /* "rows", "offers" */
    const char *order; /* the standing one, "newest first"; NULL: the list's own */
    const char *filters; /* what a number in a filter means where the table shows another unit; NULL: what is shown */
    bool old_last;     /* the standing order puts what is old last (the table has a bool "old") */
    /* Changed or unwell, for e and E; NULL: those keys do nothing. */
    bool (*notable)(const void *row);
    /* The role of the whole row, CT_ROLE_TEXT usual; NULL: all text. Cells with a role of their own win. */
    enum ct_role (*row_role)(const void *row, const struct ct_draw *d);
};

enum { CT_T_MARKS = 64, CT_T_ID = 512, CT_T_COLS = 32, CT_T_PAINTED = 16 };

/* Cursor and scroll of one table; zeroed at start; UI thread only. */
struct ct_tstate {
    char selected[CT_T_ID]; /* id of the selected row; "" before the first draw */
    size_t at, top;         /* its index and the first row shown, as last drawn */
    int left, col;          /* columns scrolled away; current column: both count places, not indexes */
    int page;               /* rows shown last time */
    int body_y;             /* rows above the first one then: 1 with a header */
    struct ct_box body;     /* where the rows stand as last drawn, none: nowhere */
    size_t shown_at;        /* the row with the cursor there */
    bool sorting, choosing; /* letters are painted over the headers */
    bool to_end;            /* the last row of the next model is meant: the rest of a long list is being read */
    uint64_t marks[CT_T_MARKS];
    size_t n_marks;
    uint64_t seen;          /* serial of the model drawn last: on a new one the selection is looked up */
    const struct ct_tview *measured; /* the layout that WIDE is about, the model and the width of the box */
    uint64_t measured_serial;
    int measured_cols;
    unsigned char wide[CT_T_COLS]; /* of the widest text in a column so far */
    const struct ct_tview *arranged; /* the layout that the rest is about */
    unsigned char order[CT_T_COLS]; /* index of the column at each place */
    uint32_t hidden, pinned; /* by index: put away; kept whatever its drop order */
    char wanted[512];       /* an arrangement that was kept, until a layout is there to be arranged so */
};

/* What a table needs in a model. Immutable once loaded. */
struct ct_tmodel {
    struct ct_picked rows; /* in the order shown; what is old stands last, whatever it costs */
    struct ct_span *ids;  /* one a row */
    bool *watched;        /* one a row; NULL: nothing is watched */
    bool *matched;        /* one a row: what a highlighting filter matches; NULL: it hides, or there is none */
    size_t n_matched;
    struct ct_rows all;   /* before filter and sort: what completion offers */
    uint64_t serial;      /* never the same twice */
    size_t total;         /* before filter and watch_only, and with those that were not read */
    size_t unread;        /* rows there would be beside these; set after the load, and added to TOTAL */
    bool more;            /* there are others, nobody counted how many; set after the load */
    size_t hidden;        /* by the filter or watch_only */
    struct ct_span near;  /* of a word that nothing has: the names most like it; null: none, or there are rows */
};

/* What is followed: ids of rows, globs of them, and filters such as "gpu:h100 form:sxm". */
struct ct_follow {
    struct ct_span item;
    struct ct_filter *filter;
};
struct ct_follows {
    CT_VEC(struct ct_follow) v;
};
/* WATCH as in q->watch, for rows of TABLE; from A. CT_ERR_LIMIT. */
CT_MUST_USE enum ct_status ct_follows_read(const struct ct_table *table, const char *watch, int64_t now_ms,
                                           struct ct_arena *a, struct ct_follows *out);
/* Is ROW, known as ID (null: it has none), among them? */
bool ct_follows(const struct ct_follows *f, const void *row, struct ct_span id);

/* Loader side: applies q->watch_only, q->filter and q->sort to ROWS (in their standing order) and finds the ids.
 * The rows stay where they are; all else from A. CT_ERR_USAGE (filter or sort column), CT_ERR_LIMIT. */
CT_MUST_USE enum ct_status ct_tmodel_load(const struct ct_tview *v, struct ct_rows rows,
                                          const struct ct_panel_query *q, int64_t now_ms,
                                          struct ct_arena *a, struct ct_tmodel *out,
                                          struct ct_error *err);

/* Draws header, rows and footer into BOX. M NULL: the loading or error shape. EMPTY is the line when there is no
 * row at all. Adds "sort: price" to NOTE when sorted. */
void ct_tview_draw(const struct ct_tview *v, struct ct_tstate *s, const struct ct_tmodel *m,
                   const struct ct_draw *d, struct ct_box box, struct ct_buf *note, const char *empty);

/* A panel's move, of a state and a model that begin with a table's. False: not to a row that is shown. */
bool ct_tview_move(void *state, const void *model, const struct ct_draw *d);

/* The columns by their headers in the person's order, "-" before those put away and "+" before those kept, separated
 * by commas; nothing when they are as at the start. TAKE brings them back, "" the start's. False: too many. */
void ct_tview_put_columns(const struct ct_tstate *s, struct ct_buf *out);
bool ct_tview_take_columns(struct ct_tstate *s, struct ct_span text);

/* All keys of CT_KEYS_TABLE. */
enum ct_act_result ct_tview_act(const struct ct_tview *v, struct ct_tstate *s,
                                const struct ct_tmodel *m, enum ct_action action, int letter,
                                struct ct_panel_query *q, struct ct_frame_request *req);
/* The cursor stays with its row where M is another model than last time; before anything is asked of that row. */
void ct_table_follow(struct ct_tstate *s, const struct ct_tmodel *m);

/* Whether row I is marked. */
bool ct_tview_marked(const struct ct_tstate *s, const struct ct_tmodel *m, size_t i);
/* Whether a key that acts on rows means row I: it is marked, or nothing is and it is the selected one. */
bool ct_tview_meant(const struct ct_tstate *s, const struct ct_tmodel *m, size_t i);
/* Why no row of M is meant; NULL: one is. */
const char *ct_tview_none_meant(const struct ct_tstate *s, const struct ct_tmodel *m);
/* ACTION of what holds only the first rows of a long list, after ct_tview_act said DID, or before it for BOTTOM: whether
 * more must be read, q->used is how far then. The cursor goes to the true end with it, not to the last row read so far. */
bool ct_tview_reads_on(struct ct_tstate *s, const struct ct_tmodel *m, enum ct_action action, enum ct_act_result did,
                       int most, struct ct_panel_query *q);
/* A click at Y, X of the box drawn last: a row is selected, a header sorts. */
enum ct_act_result ct_tview_click(struct ct_tstate *s, const struct ct_tmodel *m, int y, int x,
                                  struct ct_panel_query *q);
/* The selected row, or NULL. */
const void *ct_tview_row(const struct ct_tstate *s, const struct ct_tmodel *m);

/* ALERT_RULE and SILENCE on ROW (NULL: none is chosen): the command line opens with the words (alert.c). */
enum ct_act_result ct_tview_alert(const struct ct_tview *v, const void *row, enum ct_action action,
                                  struct ct_frame_request *req);

/* ACK: "I have it" for the alerts that ID (null: none) names in the rows meant. NONE says that there are none. */
enum ct_act_result ct_tview_ack(const struct ct_tstate *s, const struct ct_tmodel *m,
                                struct ct_span (*id)(const void *row), const char *none,
                                struct ct_frame_request *req);

/* ---- for every panel, table or not ---- */

/* To text that is copied from a past moment: which one. */
void ct_copy_moment(const struct ct_panel_query *q, struct ct_buf *text);

/* The loading shape ("reading ... 3s") or, when d->load_error is set, the error in a line. */
void ct_draw_waiting(const struct ct_draw *d, struct ct_box box);
/* "seen 4m" into NOTE: the age of SEEN_MS at d->now_ms; LIMIT_MS > 0 and older: "STALE 42m". NONE: nothing. */
void ct_note_seen(struct ct_buf *note, const struct ct_draw *d, int64_t seen_ms, int64_t limit_ms);
/* An age cell: "4m", "2h*" with the sign of old when FRESHNESS is beyond fresh; "-" for CT_NONE. Returns TEXT or
 * STALE. */
enum ct_role ct_format_age(struct ct_buf *out, const struct ct_draw *d, int64_t at_ms, int freshness);
/* The role of a state (enum ct_state). */
enum ct_role ct_role_of_state(int state);
/* ct_price_format() into OUT. */
void ct_format_price(struct ct_buf *out, ct_nusd price);
/* "+2.1%", "-11.4%", "0.0%", "-" for CT_NONE. */
void ct_format_percent(struct ct_buf *out, int64_t milli);

#endif
