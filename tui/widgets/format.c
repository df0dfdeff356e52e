#include "config.h"

#include "tui/widgets/table.h"

#include <string.h>

void ct_draw_waiting(const struct ct_draw *d, struct ct_box box)
{
    const struct ct_error *e = d->load_error;
    if (box.rows < 1 || box.cols < 1) {
        return;
    }
    int y = box.rows > 4 ? 1 : 0;
    if (!e) {
        ct_puts(box, y, 1, CT_ROLE_DIM, "reading the database");
    } else if (d->error_told) {
        bool none = e->status == CT_ERR_NOT_FOUND;
        ct_puts(box, y, 1, none ? CT_ROLE_DIM : CT_ROLE_ERROR, none ? "no data yet" : "cannot be read");
    } else if (e->status == CT_ERR_NOT_FOUND) {
        enum ct_role role = d->fetcher_said ? CT_ROLE_ERROR : CT_ROLE_DIM;
        struct ct_span rest = ct_span(d->fetcher_said                ? d->fetcher_said
                                      : d->fetching && d->simulated ? "no data yet: a past of the market is simulated first, a moment"
                                      : d->fetching                 ? "no data yet: the fetcher asks its first sources, a moment"
                                                      : "no data yet, and no fetcher runs here: `cloudtape fetch` brings it");
        ct_put(box, y, 1, role, box.cols - 1, ct_wrap(&rest, box.cols - 1));
        for (; rest.n && y + 2 < box.rows; y++) { /* the command stands at its end */
            ct_put(box, y + 1, 1, role, box.cols - 1, ct_wrap(&rest, box.cols - 1));
        }
        int used = ct_puts(box, y + 1, 1, CT_ROLE_DIM, "waiting for ") + 1;
        ct_put_middle(box, y + 1, used, box.cols - used, CT_ROLE_DIM, ct_span(e->where));
    } else {
        ct_puts(box, y, 1, CT_ROLE_ERROR, "cannot be read");
        ct_put_field(box, y + 1, 1, box.cols - 1, -1, CT_ROLE_ERROR, ct_span(e->where));
        struct ct_span rest = ct_span(e->what);
        for (y += 2; rest.n && y < box.rows; y++) { /* what to do about it stands at its end */
            ct_put(box, y, 1, CT_ROLE_ERROR, box.cols - 1, ct_wrap(&rest, box.cols - 1));
        }
    }
}

static int64_t age_of(const struct ct_draw *d, int64_t at_ms)
{
    return d->now_ms > at_ms ? d->now_ms - at_ms : 0;
}

void ct_note_seen(struct ct_buf *note, const struct ct_draw *d, int64_t seen_ms, int64_t limit_ms)
{
    if (seen_ms == CT_NONE) {
        return;
    }
    char age[CT_TIME_MAX];
    int64_t ms = age_of(d, seen_ms);
    ct_age_format(age, ms);
    ct_buf_addf(note, "%s%s %s", note->n ? "   " : "", limit_ms > 0 && ms > limit_ms ? "STALE" : "seen",
                age);
}

enum ct_role ct_format_age(struct ct_buf *out, const struct ct_draw *d, int64_t at_ms, int freshness)
{
    if (at_ms == CT_NONE) {
        ct_buf_addc(out, '-');
        return CT_ROLE_DIM;
    }
    char age[CT_TIME_MAX];
    bool old = freshness > CT_FRESH && freshness <= CT_DEAD;
    ct_age_format(age, age_of(d, at_ms));
    ct_buf_adds(out, age);
    ct_buf_adds(out, old ? "*" : "");
    return old ? CT_ROLE_STALE : CT_ROLE_TEXT;
}

enum ct_role ct_role_of_state(int state)
{
    static const enum ct_role roles[] = {
        [CT_STATE_OPERATIONAL] = CT_ROLE_STATE_OK, [CT_STATE_MAINTENANCE] = CT_ROLE_STATE_MAINT,
        [CT_STATE_UNKNOWN] = CT_ROLE_STATE_UNKN,   [CT_STATE_DEGRADED] = CT_ROLE_STATE_DEGR,
        [CT_STATE_PARTIAL] = CT_ROLE_STATE_PART,   [CT_STATE_MAJOR] = CT_ROLE_STATE_DOWN,
    };
    return state >= 0 && (size_t)state < CT_LEN(roles) ? roles[state] : CT_ROLE_STATE_UNKN;
}

void ct_format_price(struct ct_buf *out, ct_nusd price)
{
    char text[CT_DECIMAL_MAX];
    ct_price_format(text, price);
    ct_buf_adds(out, text);
}

void ct_format_percent(struct ct_buf *out, int64_t milli)
{
    char text[CT_DECIMAL_MAX];
    if (milli == CT_NONE) {
        ct_buf_addc(out, '-');
        return;
    }
    ct_decimal_format_fixed(text, milli, 3, 1);
    bool zero = strcmp(text, "0.0") == 0 || strcmp(text, "-0.0") == 0;
    ct_buf_addf(out, "%s%s%%", milli > 0 && !zero ? "+" : "", zero ? "0.0" : text);
}
