#include "config.h"

#include "tui/views/common.h"

#include <string.h>

struct ct_query ct_view_query(const struct ct_panel_query *q, int64_t now_ms)
{
    return (struct ct_query){.at_ms = q->at_ms, .now_ms = now_ms, .gone = q->gone,
                             .believed = q->believed};
}

int64_t ct_view_end(const struct ct_panel_query *q, int64_t now_ms)
{
    return q->at_ms == CT_LIVE || q->at_ms == 0 ? now_ms : q->at_ms;
}

void ct_view_window(const struct ct_panel_query *q, int64_t end_ms, int64_t standard,
                    int64_t *from_ms, int64_t *to_ms, bool *moving)
{
    *moving = q->to_ms <= 0;
    *to_ms = *moving ? end_ms : q->to_ms;
    *from_ms = q->from_ms > 0 ? q->from_ms : end_ms - (q->from_ms < 0 ? -q->from_ms : standard);
    if (*from_ms < 0)
        *from_ms = 0;
    if (*from_ms >= *to_ms)
        *from_ms = *to_ms - CT_HOUR;
}

const char *ct_view_purchase(int purchase)
{
    static const char *const words[] = {"od",    "spot",  "1y",    "3y",
                                        "sav1y", "sav3y", "block", "other"};
    return purchase >= 0 && (size_t)purchase < CT_LEN(words) ? words[purchase] : "-";
}

void ct_view_gpu(struct ct_buf *out, const struct ct_offer *o)
{
    char number[CT_DECIMAL_MAX];
    ct_buf_add(out, o->gpu);
    if (o->gpu_mem_milli != CT_NONE && o->gpu_mem_milli > 0) {
        ct_decimal_format_fixed(number, o->gpu_mem_milli, 3, 0);
        ct_buf_addf(out, " %sG", number);
    }
}

void ct_view_when(struct ct_buf *out, int64_t at_ms, int64_t now_ms)
{
    struct ct_civil at, now;
    if (at_ms == CT_NONE) {
        ct_buf_addc(out, '-');
        return;
    }
    ct_civil_from_ms(at_ms, &at);
    ct_civil_from_ms(now_ms, &now);
    if (at.year != now.year)
        ct_buf_addf(out, "%04d-%02d-%02d", at.year, at.month, at.day);
    else if (at.month != now.month || at.day != now.day)
        ct_buf_addf(out, "%02d-%02d %02d:%02dZ", at.month, at.day, at.hour, at.minute);
    else
        ct_buf_addf(out, "%02d:%02dZ", at.hour, at.minute);
}

void ct_view_milli(struct ct_buf *out, int64_t milli)
{
    char text[CT_DECIMAL_MAX];
    if (milli == CT_NONE) {
        ct_buf_addc(out, '-');
        return;
    }
    ct_decimal_format(text, milli, 3);
    ct_buf_adds(out, text);
}

/* A segment of a series name with its percent escapes undone. */
static void add_segment(struct ct_buf *out, struct ct_span s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        const char *high = s.p[i] == '%' && i + 2 < s.n ? strchr(hex, s.p[i + 1]) : NULL;
        const char *low = high && *high ? strchr(hex, s.p[i + 2]) : NULL;
        if (low && *low) {
            ct_buf_addc(out, (char)((high - hex) * 16 + (low - hex)));
            i += 2;
        } else {
            ct_buf_addc(out, s.p[i]);
        }
    }
}

static void add_place(struct ct_buf *out, struct ct_span where, struct ct_span region)
{
    ct_buf_addc(out, ' ');
    add_segment(out, where);
    if (ct_span_starts(region, "%2C%20")) /* ", US": a country without a town */
        region = (struct ct_span){region.p + 6, region.n - 6};
    if (region.n && !ct_span_is(region, "any") && !ct_span_is(region, "global")) {
        ct_buf_addc(out, '/');
        add_segment(out, region);
    }
}

/* "H100-SXM-80x8" without what follows the form. */
static struct ct_span accelerator(struct ct_span s)
{
    size_t n = s.n;
    while (n && s.p[n - 1] != 'x')
        n--;
    size_t end = n ? n - 1 : s.n; /* at the x before the count */
    for (n = end; n && s.p[n - 1] >= '0' && s.p[n - 1] <= '9';)
        n--;
    if (n && n < end && s.p[n - 1] == '-')
        end = n - 1;
    return (struct ct_span){s.p, end};
}

static void series_words(struct ct_buf *out, struct ct_span series, bool brief)
{
    struct ct_span part[7] = {{NULL, 0}}, rest = series;
    size_t n = 0;
    for (; rest.p && n < CT_LEN(part); n++)
        part[n] = ct_span_cut(&rest, '/');
    bool gpu = ct_span_is(part[0], "gpu"), stock = ct_span_is(part[0], "stock");
    if ((gpu || stock) && n >= 5) {
        add_segment(out, brief ? accelerator(part[3]) : part[3]);
        ct_buf_addc(out, ' ');
        add_segment(out, part[4]);
        ct_buf_adds(out, stock && !brief ? " stock" : "");
        add_place(out, part[1], part[2]);
        if (n >= 6 && !brief) { /* the machine */
            ct_buf_addc(out, ' ');
            add_segment(out, part[5]);
        }
    } else if (ct_span_is(part[0], "token") && n >= 6) {
        add_segment(out, part[4]);
        ct_buf_addc(out, ' ');
        add_segment(out, part[5]);
        add_place(out, part[1], part[2]);
    } else if (ct_span_is(part[0], "index") && n >= 3) {
        add_segment(out, part[1]);
        ct_buf_addc(out, ' ');
        add_segment(out, part[2]);
        ct_buf_adds(out, " index");
    } else if (ct_span_is(part[0], "hosts") && n >= 3) {
        add_segment(out, part[2]);
        ct_buf_addc(out, ' ');
        add_segment(out, part[1]);
        ct_buf_adds(out, " hosts");
    } else if ((ct_span_is(part[0], "clouds") || ct_span_is(part[0], "exclusive")) && n == 2) {
        add_segment(out, part[1]);
        ct_buf_adds(out, ct_span_is(part[0], "clouds") ? " clouds" : " models on one cloud");
    } else {
        add_segment(out, series);
    }
}

void ct_view_series(struct ct_buf *out, struct ct_span series)
{
    series_words(out, series, false);
}

void ct_view_series_brief(struct ct_buf *out, struct ct_span series)
{
    series_words(out, series, true);
}

void ct_view_unit(struct ct_buf *out, struct ct_span unit)
{
    if (ct_span_ieq(unit, CT_LIT("USD/gpu.h")))
        ct_buf_adds(out, "$/GPU.h");
    else if (ct_span_ieq(unit, CT_LIT("USD/Mtok")))
        ct_buf_adds(out, "$/1M");
    else
        ct_buf_add(out, unit);
}

char ct_view_event_sign(const struct ct_event_row *e)
{
    switch (e->kind) {
    case CT_VIEW_ARTICLE: return 'n';
    case CT_EVENT_PRICE: return '$';
    case CT_EVENT_STOCK:
        return e->new_value >= CT_STOCK_NONE && e->new_value <= CT_STOCK_AVAILABLE
                   ? ct_stock_words[e->new_value][0]
                   : 'A';
    case CT_EVENT_MODEL:
        return ct_span_ihas(e->text, CT_LIT("gone")) || ct_span_ihas(e->text, CT_LIT("retire")) ||
                       ct_span_ihas(e->text, CT_LIT("no longer")) ||
                       ct_span_ihas(e->text, CT_LIT("left"))
                   ? '-'
                   : '+';
    case CT_EVENT_SOURCE: return '?';
    case CT_EVENT_ALERT: return '!';
    default: break;
    }
    /* An incident that ended has no state any more: that is over, not unknown. */
    if (e->kind == CT_EVENT_INCIDENT && e->severity == CT_SEV_INFO &&
        e->new_value == CT_STATE_UNKNOWN)
        return '.';
    if (e->new_value >= CT_STATE_OPERATIONAL && e->new_value <= CT_STATE_MAJOR)
        return ct_state_sign((int)e->new_value);
    return e->severity == CT_SEV_CRITICAL ? 'X' : e->severity == CT_SEV_WARNING ? '!' : '.';
}

/* "gpt-5 openai" of a token series: events name the kind of price elsewhere. */
static void model_words(struct ct_buf *out, struct ct_span series)
{
    struct ct_span part[5] = {{NULL, 0}}, rest = series;
    for (size_t n = 0; rest.p && n < CT_LEN(part); n++)
        part[n] = ct_span_cut(&rest, '/');
    add_segment(out, part[4]);
    add_place(out, part[1], part[2]);
}

/* "vastai/Iceland%2C%20IS/H100-SXM-80x1/od": what alerts call an offer is its series without the kind. */
static bool is_offer_key(struct ct_span subject)
{
    struct ct_span rest = subject, terms;
    for (int i = 0; i < 3; i++)
        ct_span_cut(&rest, '/');
    terms = ct_span_cut(&rest, '/');
    return terms.n && ct_word(ct_purchase_words, terms) >= 0;
}

static void offer_words(struct ct_buf *out, struct ct_span key)
{
    struct ct_buf series = CT_BUF_INIT;
    ct_buf_addf(&series, "gpu/%.*s", CT_FMT(key));
    ct_view_series_brief(out, ct_buf_span(&series));
    ct_buf_free(&series);
}

void ct_view_event_who(struct ct_buf *out, const struct ct_event_row *e)
{
    struct ct_span rest = e->subject, kind = ct_span_cut(&rest, '/');
    bool named = rest.p && (ct_span_is(kind, "gpu") || ct_span_is(kind, "token") ||
                            ct_span_is(kind, "stock") || ct_span_is(kind, "index"));
    struct ct_span series = named ? e->subject : e->series;
    if (e->alike.n) {
        ct_buf_add(out, e->subject);
        return;
    }
    if ((e->kind == CT_EVENT_MODEL || e->kind == CT_EVENT_PRICE) && ct_span_starts(series, "token/"))
        model_words(out, series);
    else if (named || (e->series.n && (e->kind == CT_EVENT_PRICE || e->kind == CT_EVENT_STOCK)))
        ct_view_series_brief(out, series);
    else if (e->kind == CT_EVENT_ALERT && is_offer_key(e->subject))
        offer_words(out, e->subject);
    else if (rest.p && (ct_span_is(kind, "state") || ct_span_is(kind, "page") ||
                        ct_span_is(kind, "endpoint")))
        add_segment(out, rest);
    else
        ct_buf_add(out, e->subject);
}

/* The words of states, as stored, that people write otherwise. */
void ct_view_words(struct ct_buf *out, struct ct_span text)
{
    static const char tail[] = "_outage";
    while (text.n) {
        const char *at = memmem(text.p, text.n, tail, sizeof(tail) - 1);
        size_t n = at ? (size_t)(at - text.p) : text.n;
        ct_buf_add(out, (struct ct_span){text.p, n});
        ct_buf_adds(out, at ? " outage" : "");
        n += at ? sizeof(tail) - 1 : 0;
        text = (struct ct_span){text.p + n, text.n - n};
    }
}

static void event_what(struct ct_buf *out, const struct ct_event_row *e, bool unit)
{
    static const char *const stocks[] = {"unknown", "none", "low", "available"};
    int64_t was = e->old_value, is = e->new_value;
    if (e->kind == CT_EVENT_PRICE && was != CT_NONE && is != CT_NONE) {
        if (e->field.n && ct_span_starts(e->series.n ? e->series : e->subject, "token/"))
            ct_buf_addf(out, "%.*s ", CT_FMT(e->field));
        ct_format_price(out, was);
        ct_buf_adds(out, " -> ");
        ct_format_price(out, is);
        if (unit) {
            ct_buf_addc(out, ' ');
            ct_view_unit(out, e->unit);
        }
        if (e->pct_milli != CT_NONE) {
            ct_buf_addc(out, ' ');
            ct_format_percent(out, e->pct_milli);
        }
    } else if (!e->alike.n && e->kind == CT_EVENT_STOCK && was >= 0 && was < 4 && is >= 0 && is < 4) {
        ct_buf_addf(out, "%s -> %s", stocks[was], stocks[is]);
    } else {
        const char *now = !unit && e->alike.n ? memmem(e->text.p, e->text.n, ", now ", 6) : NULL;
        ct_view_words(out, now ? (struct ct_span){e->text.p, (size_t)(now - e->text.p)} : e->text);
    }
    ct_buf_adds(out, e->suspect == 1 ? " (suspect)" : "");
}

void ct_view_event_what(struct ct_buf *out, const struct ct_event_row *e)
{
    event_what(out, e, true);
}

void ct_view_event_brief(struct ct_buf *out, const struct ct_event_row *e)
{
    event_what(out, e, false);
}

void ct_view_paint_state(struct ct_box cell, char sign, const char *word)
{
    ct_put_point(cell, 0, 0, ct_sign_role(sign), (unsigned char)sign);
    if (cell.cols >= 6)
        ct_put(cell, 0, 2, ct_sign_role(sign), cell.cols - 2, ct_span(word));
}

void ct_view_paint_spark(struct ct_box cell, const int64_t *v, size_t n, bool stale)
{
    ct_sparkline(cell, 0, 0, cell.cols, stale ? CT_ROLE_STALE : CT_ROLE_TEXT, v, n);
}

enum ct_role ct_view_stock(struct ct_buf *out, int stock)
{
    bool known = stock >= CT_STOCK_UNKNOWN && stock <= CT_STOCK_AVAILABLE;
    ct_buf_adds(out, ct_stock_words[known ? stock : CT_STOCK_UNKNOWN]);
    return known && stock != CT_STOCK_UNKNOWN ? CT_ROLE_TEXT : CT_ROLE_DIM;
}

enum ct_role ct_view_change(struct ct_buf *out, int64_t milli)
{
    ct_format_percent(out, milli);
    if (milli == CT_NONE)
        return CT_ROLE_DIM;
    return milli <= -50 ? CT_ROLE_PRICE_LOWER : milli >= 50 ? CT_ROLE_PRICE_HIGHER : CT_ROLE_TEXT;
}

/* Cheaper, but what is sold out comes after all one can rent. */
static bool better(const struct ct_offer_row *a, const struct ct_offer_row *b)
{
    bool none_a = a->offer.stock == CT_STOCK_NONE, none_b = b->offer.stock == CT_STOCK_NONE;
    return none_a != none_b ? none_b : a->usd_per_gpu_hour < b->usd_per_gpu_hour;
}

void ct_view_choose(const struct ct_offer_row **best, const struct ct_offer_row *o)
{
    if (o->usd_per_gpu_hour != CT_NONE && o->gone != 1 && o->quarantined != 1 && (!*best || better(o, *best)))
        *best = o;
}

const struct ct_offer_row *ct_view_followed(struct ct_rows offers, struct ct_span item, int64_t now_ms,
                                            struct ct_arena *a)
{
    struct ct_filter *f = NULL;
    struct ct_error ignored = {0}; /* made for another table */
    if (ct_filter_compile(&ct_offer_table, item, now_ms, a, &f, &ignored) != CT_OK || !f)
        return NULL;
    const struct ct_offer_row *o = offers.v, *best = NULL;
    for (size_t i = 0; i < offers.n; i++)
        if (ct_filter_match(f, &o[i]))
            ct_view_choose(&best, &o[i]);
    return best;
}

bool ct_view_is_fetched(const struct ct_summary *s, bool ours, int64_t now_ms)
{
    return ours || (s->fetcher.p && s->fetcher_beat_ms != CT_NONE && now_ms - s->fetcher_beat_ms < 30 * CT_SECOND);
}

bool ct_view_is_old(const struct ct_summary *s)
{
    return s->sources > 0 && s->sources_fresh == 0 && s->newest_ms != CT_NONE;
}

int64_t ct_view_value_at(const struct ct_history *h, int64_t at)
{
    const struct ct_point *p = h->points.v;
    const struct ct_gap *g = h->gaps.v;
    int64_t value = h->open_value;
    for (size_t i = 0; i < h->points.n && p[i].at_ms <= at; i++)
        value = p[i].last;
    for (size_t i = 0; i < h->gaps.n; i++)
        if (g[i].from_ms <= at && at < g[i].to_ms)
            return CT_NONE;
    return value;
}
