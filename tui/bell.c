#include "config.h"

/* The bell channel: whoever looks at a screen hears a new message once. */
#include "tui/ui.h"

#include "tui/term.h"

#include <stdio.h>
#include <string.h>

enum { OLDEST_MS = 5 * 60 * 1000, PAUSE_MS = 60 * 1000 };

void ui_ring(struct ct_ui *ui)
{
    const struct frame_model *m = ui_frame_model(ui);
    if (!m || m->bells.n == 0 || ui->at_ms != CT_LIVE) {
        return;
    }
    const struct ct_delivery_row *d = ct_row(&ct_delivery_table, m->bells, 0);
    char id[sizeof(ui->rung)];
    snprintf(id, sizeof(id), "%.*s", CT_FMT(d->event_id));
    int64_t age = ct_now_ms() - d->at_ms, mono = ct_mono_ms();
    if (strcmp(id, ui->rung) == 0 || age < 0 || age > OLDEST_MS ||
        (ui->rung_mono_ms && mono - ui->rung_mono_ms < PAUSE_MS)) {
        return;
    }
    memcpy(ui->rung, id, sizeof(id));
    ui->rung_mono_ms = mono;
    ui_say(ui, false, "%.*s", CT_FMT(d->title));
    if (ui->terminal) {
        ct_term_ring(d->title);
    }
}
