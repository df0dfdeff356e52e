#include "config.h"

/* The time machine: which moment every screen shows, and the steps from one to another. */
#include "tui/ui.h"

#include <stdio.h>

/* A day of the record, as people name it. */
static void name_moment(char out[CT_TIME_MAX], int64_t ms)
{
    struct ct_civil c;
    ct_civil_from_ms(ms, &c);
    snprintf(out, CT_TIME_MAX, "%04d-%02d-%02d %02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute);
}

int64_t ui_recording_since(const struct ct_ui *ui)
{
    const struct frame_model *m = ui_frame_model(ui);
    return m ? m->sum.recording_since_ms : CT_NONE;
}

void ui_go_to_moment(struct ct_ui *ui, int64_t at_ms)
{
    char text[CT_TIME_MAX], first[CT_TIME_MAX], key[40];
    int64_t since = ui_recording_since(ui);
    ct_keymap_label(&ui->keys, CT_KEYS_EVERYWHERE, CT_ACT_LIVE, key);
    if (at_ms == CT_LIVE) {
        ui_set_at(ui, CT_LIVE);
        ui_say(ui, false, "live again");
        return;
    }
    ui_set_at(ui, at_ms);
    name_moment(text, at_ms);
    if (since != CT_NONE && at_ms < since) {
        name_moment(first, since);
        ui_say(ui, true, "as of %s: nothing is recorded before %s; %s returns", text, first, key);
    } else {
        ui_say(ui, false, "as of %s; %s returns", text, key);
    }
}

/* Where the next event is, seen from BASE; CT_LIVE: none lies between it and now; CT_NONE: none is known. */
static int64_t next_event(const struct ct_ui *ui, int64_t base)
{
    const struct frame_model *m = ui_frame_model(ui);
    if (ui->at_ms == CT_LIVE || !m || m->after_ms == CT_NONE) {
        return CT_LIVE;
    }
    return m->after_ms > base ? m->after_ms : CT_NONE;
}

static int64_t previous_event(const struct ct_ui *ui, int64_t base)
{
    const struct frame_model *m = ui_frame_model(ui);
    return m && m->before_ms != CT_NONE && m->before_ms < base ? m->before_ms : CT_NONE;
}

void ui_step_moment(struct ct_ui *ui, enum ct_action action)
{
    int64_t now = ct_now_ms(), base = ui_now(ui), to = CT_NONE;
    switch (action) {
    case CT_ACT_HOUR_BACK: to = base - CT_HOUR; break;
    case CT_ACT_HOUR_ON: to = base + CT_HOUR; break;
    case CT_ACT_DAY_BACK: to = base - CT_DAY; break;
    case CT_ACT_DAY_ON: to = base + CT_DAY; break;
    case CT_ACT_EVENT_BACK: to = previous_event(ui, base); break;
    case CT_ACT_EVENT_ON: to = next_event(ui, base); break;
    default: return;
    }
    if (to == CT_NONE || to < 0) {
        ui_say(ui, false, action == CT_ACT_EVENT_ON ? "no later event read yet"
                                                    : "nothing is recorded before this");
    } else if (to >= now && ui->at_ms == CT_LIVE) {
        ui_say(ui, false, "this is live: what comes next is not known yet");
    } else {
        ui_go_to_moment(ui, to >= now ? CT_LIVE : to);
    }
}
