#include "config.h"

#include "tui/ui.h"

#include "db/base/text.h"
#include "tui/views/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Worst first, as people read it. */
static const int order[] = {CT_STATE_MAJOR,       CT_STATE_PARTIAL, CT_STATE_DEGRADED,
                            CT_STATE_MAINTENANCE, CT_STATE_UNKNOWN, CT_STATE_OPERATIONAL};

void ui_clock(const struct ct_ui *ui, int64_t ms, bool date, bool seconds, char out[64])
{
    struct ct_civil c;
    time_t t = (time_t)(ms / CT_SECOND);
    struct tm local;
    char utc[32] = "", here[24] = "";
    ct_civil_from_ms(ms, &c);
    localtime_r(&t, &local);
    long offset = local.tm_gmtoff / 60;
    size_t n = 0;
    if (date && seconds) {
        n = (size_t)snprintf(utc, sizeof(utc), "%04d-", c.year % 10000);
    }
    if (date) {
        n += (size_t)snprintf(utc + n, sizeof(utc) - n, "%02d-%02d ", c.month % 100, c.day % 100);
    }
    n += (size_t)snprintf(utc + n, sizeof(utc) - n, "%02d:%02d", c.hour % 100, c.minute % 100);
    if (seconds) {
        n += (size_t)snprintf(utc + n, sizeof(utc) - n, ":%02d", c.second % 100);
    }
    n = strftime(here, sizeof(here), "%H:%M ", &local);
    snprintf(here + n, sizeof(here) - n, "%c%02ld%s", offset < 0 ? '-' : '+', labs(offset) / 60 % 100,
             labs(offset) % 60 == 0 ? "" : labs(offset) % 60 == 30 ? ":30" : ":45");
    if (ui->tz == 'l') {
        snprintf(out, 64, "%s", here);
    } else if (ui->tz == 'b') {
        snprintf(out, 64, "%sZ (%s)", utc, here);
    } else {
        snprintf(out, 64, "%sZ", utc);
    }
}

/* ---- what line 1 says on the right ---- */

struct flag {
    enum ct_role role;
    char text[64];
};

static void add_flag(struct flag *flags, int *n, enum ct_role role, const char *fmt, ...)
    CT_PRINTF(4, 5);
static void add_flag(struct flag *flags, int *n, enum ct_role role, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(flags[*n].text, sizeof(flags[*n].text), fmt, ap);
    va_end(ap);
    flags[(*n)++].role = role;
}

/* "3 new, 1 no data, 1 ack, 1 muted (26m)"; what could not be told stands out. BRIEF: no more than what asks for somebody. */
static void add_alerts(const struct ct_alert_count *c, int64_t now_ms, bool brief, struct flag flags[8], int *n)
{
    struct ct_buf b = CT_BUF_INIT;
    char left[CT_TIME_MAX];
    if (c->firing_new) {
        ct_buf_addf(&b, "%lld new", (long long)c->firing_new);
    }
    if (c->no_data) {
        ct_buf_addf(&b, "%s%lld no data", b.n ? ", " : "", (long long)c->no_data);
    }
    if (c->acked && !(brief && c->no_data && c->firing_new)) {
        ct_buf_addf(&b, "%s%lld ack", b.n ? ", " : "", (long long)c->acked);
    }
    if (c->muted && c->next_end_ms != CT_NONE && !(brief && b.n)) {
        ct_age_format(left, c->next_end_ms - now_ms);
        ct_buf_addf(&b, "%s%lld muted (%s)", b.n ? ", " : "", (long long)c->muted, left);
    }
    if (b.n) {
        add_flag(flags, n, c->firing_new ? CT_ROLE_TITLE : CT_ROLE_TEXT, "%s", b.p);
    }
    if (c->failed) {
        add_flag(flags, n, CT_ROLE_ERROR, brief ? "%lld UNSENT" : "%lld UNDELIVERED", (long long)c->failed);
    }
    ct_buf_free(&b);
}

/* What line 1 sums up; NULL: nothing yet. Of a database that cannot be read any more it is what was true then, and
 * of now nothing is known: *OWN is that. */
static const struct ct_summary *summed(const struct ct_ui *ui, struct ct_summary *own)
{
    const struct frame_model *m = ui_frame_model(ui);
    if (!m || !ui->panels[0]->failed) {
        return m ? &m->sum : NULL;
    }
    *own = m->sum;
    own->sources_fresh = 0;
    own->worst = CT_SPAN_NONE;
    for (int state = 0; state <= CT_STATE_MAJOR; state++) {
        own->count[CT_STATE_UNKNOWN] += state == CT_STATE_UNKNOWN ? 0 : own->count[state];
        own->count[state] = state == CT_STATE_UNKNOWN ? own->count[state] : 0;
    }
    return own;
}

static int make_flags(const struct ct_ui *ui, bool clock, bool seconds, bool brief, struct flag flags[8])
{
    const struct frame_model *m = ui_frame_model(ui);
    struct ct_summary own;
    const struct ct_summary *sum = summed(ui, &own);
    char text[64], age[CT_TIME_MAX];
    int n = 0;
    bool live = ui->at_ms == CT_LIVE;
    if (ui->o->demo || (m && m->sum.simulated)) {
        add_flag(flags, &n, CT_ROLE_TITLE, "DEMO");
    }
    if (ui->paused) {
        add_flag(flags, &n, CT_ROLE_NOT_LIVE, "PAUSED %d waiting", ui->waiting);
    }
    if (live && m && m->sum.trouble.n) {
        ui_clock(ui, m->sum.trouble_since_ms, false, false, text);
        add_flag(flags, &n, CT_ROLE_ERROR, "NOT STORED since %s: %.*s", text, CT_FMT(m->sum.trouble));
    } else if (live && m && m->sum.offline_since_ms != CT_NONE) {
        ui_clock(ui, m->sum.offline_since_ms, false, false, text);
        add_flag(flags, &n, CT_ROLE_NOT_LIVE, "OFFLINE since %s", text);
    } else if (live && sum && ct_view_is_old(sum)) {
        ct_age_format(age, ct_now_ms() - sum->newest_ms);
        add_flag(flags, &n, CT_ROLE_NOT_LIVE, "DATA %s OLD", age);
    }
    if (!live) {
        ct_age_format(age, ct_now_ms() - ui->at_ms);
        add_flag(flags, &n, CT_ROLE_NOT_LIVE, "NOT LIVE %s back", age);
        if (ui_recording_since(ui) != CT_NONE && ui->at_ms < ui_recording_since(ui)) {
            ui_clock(ui, ui_recording_since(ui), true, false, text);
            add_flag(flags, &n, CT_ROLE_ERROR, "before the first record %s", text);
        }
    }
    if (m) {
        add_alerts(&m->alerts, ui_now(ui), brief, flags, &n);
    }
    if (clock) {
        ui_clock(ui, ui_now(ui), !live || seconds, seconds, text);
        add_flag(flags, &n, CT_ROLE_TEXT, "%s", text);
    }
    return n;
}

/* Columns of N flags, GAP apart. */
static int flags_width(const struct flag *flags, int n, int gap)
{
    int wide = 0;
    for (int i = 0; i < n; i++) {
        wide += (int)strlen(flags[i].text) + (i ? gap : 0);
    }
    return wide;
}

/* Right-aligned on row Y; the first ones matter most, the last (the clock) goes first when there is no room beside
 * USED columns. */
static void put_flags(struct ct_box b, int y, int used, struct flag *flags, int n)
{
    int wide = flags_width(flags, n, 1);
    while (n > 0 && wide > b.cols - used) {
        n--;
        wide -= (int)strlen(flags[n].text) + (n ? 1 : 0);
    }
    int x = b.cols - wide;
    for (int i = 0; i < n; i++) {
        x += ct_puts(b, y, x, flags[i].role, flags[i].text) + 1;
    }
}

/* ---- counts ---- */

static const char *without_counts(const struct ct_ui *ui, char out[96])
{
    const struct frame_model *m = ui_frame_model(ui);
    const struct panel *frame = ui->panels[0];
    if (!m && !frame->failed) {
        return "reading";
    }
    if (!m) {
        return frame->error.status == CT_ERR_NOT_FOUND ? "no data yet" : "database unreadable";
    }
    if (ui->at_ms != CT_LIVE) { /* where the record has not begun the clock says so */
        return ui_recording_since(ui) != CT_NONE && ui->at_ms < ui_recording_since(ui) ? "" : "nothing by then";
    }
    if (m->sum.sources == 0) {
        return "no data yet";
    }
    long long asked = (long long)(m->sum.sources - m->sum.sources_waiting), all = (long long)m->sum.sources;
    if (ct_view_is_fetched(&m->sum, ui->o->refresh != NULL, ui_now(ui))) {
        snprintf(out, 96, "first fetch: %lld of %lld sources", asked, all);
    } else {
        snprintf(out, 96, "no fetcher runs: %lld of %lld sources asked", asked, all);
    }
    return out;
}

/* How much of line 1 is left out for want of room, the least missed first; never a count of what is unwell. */
enum cut { CUT_NOTHING, CUT_MUTED, CUT_OK, CUT_WORDS };

static int make_counts(const struct ct_summary *s, enum cut cut, struct flag counts[8])
{
    int n = 0;
    for (size_t i = 0; i < CT_LEN(order); i++) {
        int state = order[i];
        bool ok = state == CT_STATE_OPERATIONAL;
        long long count = (long long)s->count[state];
        if (count > 0 && (!ok || n == 0 || cut < CUT_OK)) {
            add_flag(counts, &n, ct_role_of_state(state), cut < CUT_WORDS || ok ? "%c %lld %s" : "%c%lld",
                     ct_state_sign(state), count, ct_state_short(state));
        }
    }
    return n;
}

static int64_t unwell(const struct ct_summary *s)
{
    int64_t n = 0;
    for (int i = CT_STATE_MAINTENANCE; i <= CT_STATE_MAJOR; i++) {
        n += s->count[i];
    }
    return n;
}

/* Below 20 columns: a count after the other, over as many rows as there are. */
static void draw_counts_only(struct ct_ui *ui, struct ct_box b)
{
    struct ct_summary own;
    const struct ct_summary *sum = summed(ui, &own);
    char text[96];
    int y = 0, x = 0;
    if (!sum || unwell(sum) + sum->count[CT_STATE_OPERATIONAL] == 0) {
        ct_put(b, 0, 0, CT_ROLE_DIM, b.cols, ct_span(without_counts(ui, text)));
        return;
    }
    for (size_t i = 0; i < CT_LEN(order); i++) {
        int n = snprintf(text, sizeof(text), "%c%lld", ct_state_sign(order[i]),
                         (long long)sum->count[order[i]]);
        if (sum->count[order[i]] == 0) {
            continue;
        }
        if (x > 0 && x + n > b.cols) {
            y++;
            x = 0;
        }
        x += ct_puts(b, y, x, ct_role_of_state(order[i]), text) + 1;
    }
    struct flag flags[8];
    int n = make_flags(ui, true, false, true, flags);
    for (int i = 0; i < n && y + 1 + i < b.rows; i++) {
        ct_puts(b, y + 1 + i, 0, flags[i].role, flags[i].text);
    }
}

void ui_draw_line1(struct ct_ui *ui)
{
    struct ct_box all = ct_box_all(ui->canvas);
    struct ct_summary own;
    const struct ct_summary *sum = summed(ui, &own);
    bool full = ui->layout.line1 == CT_LINE1_FULL, wall = all.cols >= 180;
    bool counted = sum && unwell(sum) + sum->count[CT_STATE_OPERATIONAL] > 0;
    int rows = ui->layout.line1 == CT_LINE1_COUNTS ? all.rows : 1, x = 0;
    struct ct_box b = ct_box_sub(all, 0, 0, rows, all.cols);
    struct flag counts[8], flags[8];
    char text[96];
    ct_fill(b, 0, 0, b.rows, b.cols, CT_ROLE_TEXT, ' ');
    if (ui->layout.line1 == CT_LINE1_COUNTS) {
        draw_counts_only(ui, b);
        return;
    }
    bool clock = ui->layout.bar_row < 0 || wall;
    int n, n_counts, gap, cut = full ? CUT_NOTHING : CUT_MUTED;
    for (bool fits = false; !fits; cut++) {
        int last = full ? cut : CUT_WORDS;
        n = make_flags(ui, clock, wall && !ui->away, cut >= CUT_MUTED, flags);
        n_counts = counted ? make_counts(sum, (enum cut)last, counts) : 0;
        gap = last < CUT_WORDS ? 2 : 1;
        int wide = (full ? 11 : 0) + flags_width(counts, n_counts, gap) + 1 + flags_width(flags, n, 1);
        fits = wide <= b.cols || last == CUT_WORDS;
    }
    int room = n > 1 ? flags_width(flags, n - clock, 1) + 1 : 0; /* flags are worth more than the last counts */
    struct ct_box left = ct_box_sub(b, 0, 0, 1, b.cols - room);
    if (full) {
        x = ct_puts(left, 0, 0, CT_ROLE_TITLE, "cloudtape") + 2;
    }
    if (!counted) {
        x += ct_puts(left, 0, x, CT_ROLE_DIM, without_counts(ui, text));
    }
    for (int i = 0; i < n_counts; i++) {
        x += ct_puts(left, 0, x, counts[i].role, counts[i].text) + gap;
    }
    if (wall && counted && sum->worst.n) {
        x += ct_putf(left, 0, x, CT_ROLE_TEXT, "|  worst: %.*s", CT_FMT(sum->worst));
    }
    put_flags(b, 0, x < left.cols ? x : left.cols, flags, n);
}

/* ---- the screen bar, the tape, the status bar ---- */

static void add_fetch(const struct ct_ui *ui, bool lengthy, char out[96])
{
    struct ct_summary own;
    const struct ct_summary *s = summed(ui, &own);
    out[0] = '\0';
    if (!s || s->sources == 0) {
        return;
    }
    long long fresh = (long long)s->sources_fresh, all = (long long)s->sources;
    long long failing = (long long)s->sources_failing, waiting = (long long)s->sources_waiting;
    if (lengthy) {
        long long stale = all - fresh - failing - waiting;
        long long mb = (long long)(s->db_bytes / 1000000);
        snprintf(out, 96, "fetch %lld ok, %lld stale, %lld error of %lld   db %s%lld MB", fresh, stale > 0 ? stale : 0,
                 failing, all, mb ? "" : "<", mb ? mb : 1);
    } else {
        snprintf(out, 96, "fetch %lld/%lld", fresh, all);
    }
}

static int bar_word(const struct ct_ui *ui, const struct ct_screen *s, char out[40])
{
    return snprintf(out, 40, s == ui->screen ? "[%d %s] " : "%d %s  ", s->number, s->title);
}

const struct ct_screen *ui_bar_screen(const struct ct_ui *ui, int x)
{
    char word[40];
    for (size_t i = 0; ct_screens[i]; i++) {
        x -= bar_word(ui, ct_screens[i], word);
        if (x < 0) {
            return ct_screens[i];
        }
    }
    return NULL;
}

void ui_draw_bar(struct ct_ui *ui)
{
    struct ct_box all = ct_box_all(ui->canvas);
    if (ui->layout.bar_row < 0) {
        return;
    }
    struct ct_box b = ct_box_sub(all, ui->layout.bar_row, 0, 1, all.cols);
    ct_fill(b, 0, 0, 1, b.cols, CT_ROLE_BAR, ' ');
    int x = 0;
    for (size_t i = 0; ct_screens[i]; i++) {
        char word[40];
        bar_word(ui, ct_screens[i], word);
        x += ct_puts(b, 0, x, ct_screens[i] == ui->screen ? CT_ROLE_TITLE : CT_ROLE_BAR, word);
    }
    char text[96] = "";
    if (b.cols >= 180) {
        add_fetch(ui, true, text);
    } else {
        ui_clock(ui, ui_now(ui), true, false, text);
    }
    int wide = (int)strlen(text);
    if (x + wide < b.cols) {
        ct_puts(b, 0, b.cols - wide, CT_ROLE_BAR, text);
    }
}

/* "H100-SXM 2.98 +0.5% 7d", as many as half the line holds. Returns the columns used. */
static int put_indices(struct ct_box b, const struct frame_model *m)
{
    int x = 0;
    for (size_t i = 0; i < m->indices.n; i++) {
        const struct ct_gpu_row *row = ct_row(&ct_gpu_table, m->indices, i);
        struct ct_buf text = CT_BUF_INIT;
        ct_buf_addf(&text, "%.*s%s%.*s %s ", CT_FMT(row->gpu), row->form.n ? "-" : "",
                    CT_FMT(row->form), ct_view_purchase(row->purchase));
        ct_format_price(&text, row->index_usd_per_gpu_hour);
        int name = ct_text_width(ct_buf_span(&text));
        ct_buf_addc(&text, ' ');
        size_t head = text.n;
        enum ct_role role = ct_view_change(&text, row->change_7d_milli);
        int wide = ct_text_width(ct_buf_span(&text));
        bool fits = x + wide + 3 <= b.cols / 2;
        if (fits) {
            ct_put(b, 0, x, CT_ROLE_TEXT, name, ct_buf_span(&text));
            ct_put(b, 0, x + name + 1, role, wide, (struct ct_span){text.p + head, text.n - head});
            x += wide + 3;
        }
        ct_buf_free(&text);
        if (!fits) {
            break;
        }
    }
    if (x > 0) {
        x += ct_puts(b, 0, x - 1, CT_ROLE_DIM, "$/GPU.h index, 7d") + 2;
    }
    return x;
}

void ui_draw_tape(struct ct_ui *ui)
{
    struct ct_box all = ct_box_all(ui->canvas);
    const struct frame_model *m = ui_frame_model(ui);
    if (ui->layout.tape_row < 0) {
        return;
    }
    struct ct_box b = ct_box_sub(all, ui->layout.tape_row, 0, 1, all.cols);
    ct_fill(b, 0, 0, 1, b.cols, CT_ROLE_TEXT, ' ');
    int x = m ? put_indices(b, m) : 0;
    for (size_t i = 0; m && i < m->events.n && x < b.cols; i++) {
        const struct ct_event_row *e = ct_row(&ct_event_table, m->events, i);
        char when[64];
        bool today = ui_now(ui) - e->at_ms < CT_DAY;
        ui_clock(ui, e->at_ms, !today, false, when);
        struct ct_buf text = CT_BUF_INIT;
        ct_buf_addf(&text, "%c ", ct_view_event_sign(e));
        ct_view_event_who(&text, e);
        ct_buf_addc(&text, ' ');
        ct_view_event_what(&text, e);
        x += ct_puts(b, 0, x, CT_ROLE_DIM, when) + 1;
        int room = b.cols - x, wide = ct_text_width(ct_buf_span(&text));
        int used = wide < room ? wide : room;
        ct_put_field(b, 0, x, used, -1, CT_ROLE_TEXT, ct_buf_span(&text));
        x += used + 3;
        ct_buf_free(&text);
    }
}

/* What a wall says of itself: the way to the sources, and the oldest value among all that is shown. */
void ui_draw_health(struct ct_ui *ui)
{
    struct ct_box all = ct_box_all(ui->canvas);
    const struct frame_model *m = ui_frame_model(ui);
    const struct panel *oldest = NULL;
    char age[CT_TIME_MAX], text[64];
    if (ui->layout.health_row < 0) {
        return;
    }
    struct ct_box b = ct_box_sub(all, ui->layout.health_row, 0, 1, all.cols);
    ct_fill(b, 0, 0, 1, b.cols, CT_ROLE_TEXT, ' ');
    for (int i = 0; i < ui->layout.n && !ui->detail; i++) {
        const struct panel *p = ui_panel(ui, ui->screen, ui_places(ui)[ui->layout.slots[i].place].panel);
        if (p->oldest.at_ms != CT_NONE && (!oldest || p->oldest.at_ms < oldest->oldest.at_ms)) {
            oldest = p;
        }
    }
    int x = 0;
    if (m && m->sum.offline_since_ms != CT_NONE) {
        ui_clock(ui, m->sum.offline_since_ms, false, false, text);
        x += ct_putf(b, 0, x, CT_ROLE_NOT_LIVE, "network: offline since %s", text) + 3;
    } else if (m && m->sum.sources_fresh > 0 && !ui->panels[0]->failed) {
        x += ct_puts(b, 0, x, CT_ROLE_DIM, "network ok") + 3;
    }
    if (m && m->sum.recording_since_ms != CT_NONE) {
        struct ct_civil since;
        ct_civil_from_ms(m->sum.recording_since_ms, &since);
        bool old = ui_now(ui) - m->sum.recording_since_ms > 300 * CT_DAY; /* the year tells more than the hour */
        snprintf(text, sizeof(text), "%04d-%02d-%02d", since.year % 10000, since.month % 100, since.day % 100);
        if (!old) {
            ui_clock(ui, m->sum.recording_since_ms, true, false, text);
        }
        x += ct_putf(b, 0, x, CT_ROLE_DIM, "recording since %s", text) + 3;
    }
    if (oldest) {
        ct_age_format(age, ui_now(ui) - oldest->oldest.at_ms);
        x += ct_putf(b, 0, x, CT_ROLE_DIM, "oldest value on screen: %s %s (%s)", oldest->oldest.who, age,
                     oldest->ops->title) + 3;
    }
    const char *mouse = ui->mouse ? "mouse on" : "mouse off";
    if (x + (int)strlen(mouse) < b.cols) {
        ct_puts(b, 0, b.cols - (int)strlen(mouse), CT_ROLE_DIM, mouse);
    }
}

/* The keys that matter most; never more than six. */
struct hint {
    enum ct_action action;
    const char *word;
};

static void put_hints(struct ct_ui *ui, struct ct_box b)
{
    static const struct hint table[] = {
        {CT_ACT_HELP, "help"},       {CT_ACT_FILTER, "filter"}, {CT_ACT_COMMAND, "cmd"},
        {CT_ACT_PANEL_NEXT, "panel"}, {CT_ACT_ZOOM, "zoom"},    {CT_ACT_DETAIL, "detail"}};
    static const struct hint prices[] = {
        {CT_ACT_HELP, "help"},    {CT_ACT_FILTER, "filter"},   {CT_ACT_SORT, "sort"},
        {CT_ACT_WATCH, "follow"}, {CT_ACT_HISTORY, "history"}, {CT_ACT_DETAIL, "detail"}};
    static const struct hint unwell[] = {
        {CT_ACT_HELP, "help"}, {CT_ACT_FILTER, "filter"}, {CT_ACT_DETAIL, "detail"},
        {CT_ACT_ACK, "ack"},   {CT_ACT_SILENCE, "silence"}, {CT_ACT_EXIT, "where else"}};
    static const struct hint alerts[] = {
        {CT_ACT_HELP, "help"}, {CT_ACT_ACK, "ack"}, {CT_ACT_SILENCE, "silence"},
        {CT_ACT_DETAIL, "open"}, {CT_ACT_NEXT_EVENT, "next new"}, {CT_ACT_SEND_TEST, "send a test"}};
    static const struct hint silences[] = {
        {CT_ACT_HELP, "help"}, {CT_ACT_FILTER, "filter"}, {CT_ACT_EXTEND, "an hour longer"},
        {CT_ACT_END_SILENCE, "end now"}, {CT_ACT_COMMAND, "cmd"}, {CT_ACT_PANEL_NEXT, "panel"}};
    static const struct hint chart[] = {
        {CT_ACT_HELP, "help"},    {CT_ACT_COL_LEFT, "cursor"}, {CT_ACT_ZOOM_IN, "zoom in"},
        {CT_ACT_LONGER, "range"}, {CT_ACT_ANCHOR, "anchor"},   {CT_ACT_NEXT_EVENT, "event"}};
    static const struct hint strip[] = {{CT_ACT_HELP, "help"},   {CT_ACT_FILTER, "filter"},
                                        {CT_ACT_PANEL_NEXT, ""}, {CT_ACT_ZOOM, "zoom"},
                                        {CT_ACT_BACK, ""}};
    static const struct hint offline[] = {{CT_ACT_HELP, "help"}, {CT_ACT_DEMO, "a simulated market"},
                                          {CT_ACT_COMMAND, "cmd"}, {CT_ACT_PANEL_NEXT, "panel"},
                                          {CT_ACT_QUIT, "quit"}};
    static const struct hint back[] = {{CT_ACT_ROW_DOWN, "down"}, {CT_ACT_BACK, "back"},
                                       {CT_ACT_QUIT, "quit"}};
    static const struct hint picker[] = {{CT_ACT_ROW_DOWN, "next"}, {CT_ACT_ROW_UP, "one before"},
                                         {CT_ACT_DETAIL, "keep"},   {CT_ACT_BACK, "as before"}};
    static const struct hint over_trouble[] = {
        {CT_ACT_HELP, "help"}, {CT_ACT_BACK, "back"},       {CT_ACT_ACK, "ack"},
        {CT_ACT_SILENCE, "silence"}, {CT_ACT_OPEN, "link"}, {CT_ACT_EXIT, "where else"}};
    static const struct hint over[] = {
        {CT_ACT_HELP, "help"},     {CT_ACT_BACK, "back"},   {CT_ACT_DETAIL, "detail"}, {CT_ACT_HISTORY, "history"},
        {CT_ACT_COMPARE, "compare"}, {CT_ACT_WATCH, "follow"}, {CT_ACT_EXIT, "where else"}};
    const struct frame_model *m = ui_frame_model(ui);
    enum ct_key_context context = ui_context(ui);
    struct panel *p = ui_focused(ui);
    bool priced = p && (p->ops == &ct_panel_offers || p->ops == &ct_panel_tokens ||
                        p->ops == &ct_panel_watchlist || p->ops == &ct_panel_watched ||
                        p->ops == &ct_panel_tokenwatch);
    bool trouble = p && (p->ops == &ct_panel_now || p->ops == &ct_panel_status);
    const struct hint *hints = context == CT_KEYS_CHART           ? chart
                               : priced                           ? prices
                               : trouble                          ? unwell
                               : p && p->ops == &ct_panel_alerts   ? alerts
                               : p && p->ops == &ct_panel_silences ? silences
                                                                  : table;
    size_t n = 6;
    if (ui->overlay == OVERLAY_THEMES) {
        hints = picker;
        n = CT_LEN(picker);
    } else if (ui->overlay != OVERLAY_NONE) {
        hints = back;
        n = CT_LEN(back);
    } else if (ui->detail) {
        hints = ui_answers(ui, ui->detail, CT_ACT_ACK) ? over_trouble : over;
        n = hints == over ? CT_LEN(over) : CT_LEN(over_trouble);
    } else if (m && m->sum.offline_since_ms != CT_NONE && !ui->o->demo) {
        hints = offline;
        n = CT_LEN(offline);
    } else if (b.cols < 60) {
        hints = strip;
        n = CT_LEN(strip);
    }
    int x = 0, shown = 0;
    for (size_t i = 0; i < n; i++) {
        char key[40];
        ct_keymap_label(&ui->keys, context, hints[i].action, key);
        if (key[0] >= 'a' && key[0] <= 'z' && key[1]) {
            key[0] = (char)(key[0] - 'a' + 'A'); /* Tab, Enter */
        }
        int wide = (int)(strlen(key) + strlen(hints[i].word)) + 1;
        bool framed = hints[i].action == CT_ACT_HELP || hints[i].action == CT_ACT_BACK;
        bool idle = ui->detail && ui->overlay == OVERLAY_NONE && !framed && !ui_answers(ui, ui->detail, hints[i].action);
        if (!key[0] || x + wide > b.cols || idle || shown == 6) {
            continue;
        }
        shown++;
        x += ct_puts(b, 0, x, CT_ROLE_KEY, key);
        x += hints[i].word[0] ? 1 + ct_puts(b, 0, x + 1, CT_ROLE_DIM, hints[i].word) : 0;
        x += 2;
    }
}

void ui_draw_status(struct ct_ui *ui)
{
    struct ct_box all = ct_box_all(ui->canvas);
    int row = ui->layout.status_row;
    bool message = ui->message_until_mono_ms > 0 && ui->n_messages > 0;
    if (row < 0 && !(message && all.rows > 1 && all.cols >= 20)) {
        return;
    }
    row = row < 0 ? all.rows - 1 : row;
    struct ct_box b = ct_box_sub(all, row, 0, 1, all.cols);
    char text[96];
    ct_fill(b, 0, 0, 1, b.cols, CT_ROLE_TEXT, ' ');
    add_fetch(ui, false, text);
    int wide = (int)strlen(text), room = b.cols;
    if (wide && b.cols >= 60) {
        ct_puts(b, 0, b.cols - wide, CT_ROLE_DIM, text);
        room = b.cols - wide - 1;
    }
    struct ct_box left = ct_box_sub(b, 0, 0, 1, room);
    if (message) {
        const struct message *msg = &ui->messages[(ui->n_messages - 1) % MESSAGES_MAX];
        ct_put_field(left, 0, 0, left.cols, -1, msg->error ? CT_ROLE_ERROR : CT_ROLE_TITLE,
                     ct_span(msg->text));
    } else {
        put_hints(ui, left);
    }
}
