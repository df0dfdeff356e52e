/* Details of what is sold: an offer or a model with everything known of it, who wrote an article, where a lab is. */
#include "config.h"

#include "db/base/text.h"
#include "tui/views/detail.h"
#include "tui/views/record.h"

#include <stdio.h>

/* ---- offers ---- */

static void money_field(struct detail_builder *b, const char *name, ct_nusd price, const char *unit)
{
    struct ct_buf text = CT_BUF_INIT;
    if (price != CT_NONE) {
        ct_format_price(&text, price);
        ct_buf_addf(&text, " %s", unit);
        detail_field_buf(b, name, &text);
    }
    ct_buf_free(&text);
}

static void milli_field(struct detail_builder *b, const char *name, int64_t milli, const char *unit)
{
    struct ct_buf text = CT_BUF_INIT;
    if (milli != CT_NONE) {
        ct_view_milli(&text, milli);
        ct_buf_adds(&text, unit);
        detail_field_buf(b, name, &text);
    }
    ct_buf_free(&text);
}

static void percent_field(struct detail_builder *b, const char *name, int64_t milli, const char *note)
{
    struct ct_buf text = CT_BUF_INIT;
    if (milli != CT_NONE) {
        ct_format_percent(&text, milli);
        ct_buf_adds(&text, note);
        detail_field_buf(b, name, &text);
    }
    ct_buf_free(&text);
}

/* Whether there is any, and what that rests on: listed is not available. */
static void stock_field(struct detail_builder *b, const struct ct_offer_row *o)
{
    static const char *const words[] = {"? unknown", "N none", "L low", "A available"};
    struct ct_buf text = CT_BUF_INIT;
    int stock = o->offer.stock < 0 || o->offer.stock > CT_STOCK_AVAILABLE ? 0 : o->offer.stock;
    ct_buf_adds(&text, words[stock]);
    if (o->offer.stock_count != CT_NONE)
        ct_buf_addf(&text, ", %lld", (long long)o->offer.stock_count);
    if (o->evidence >= 0)
        ct_buf_addf(&text, " (%s%s)", ct_evidence_words[o->evidence],
                    o->evidence == CT_EVIDENCE_LISTED ? ": says nothing about capacity" : "");
    detail_field_buf(b, "stock", &text);
    ct_buf_free(&text);
}

/* The band, and who says it since when: it is rarely the source of the price. */
static void risk_field(struct detail_builder *b, const struct ct_offer_row *row)
{
    struct ct_buf text = CT_BUF_INIT;
    char age[CT_TIME_MAX];
    if (row->offer.interruption.n) {
        ct_buf_addf(&text, "%.*s", CT_FMT(row->offer.interruption));
        ct_buf_addf(&text, row->risk_source.n ? ", by %.*s" : "%.*s", CT_FMT(row->risk_source));
        if (row->risk_age_s != CT_NONE) {
            ct_age_format(age, row->risk_age_s * CT_SECOND);
            ct_buf_addf(&text, " %s ago%s", age, row->risk_freshness > CT_FRESH ? ", old" : "");
        }
    }
    detail_field_buf(b, "interruption", &text);
    ct_buf_free(&text);
}

static void add_offer(struct detail_builder *b, const struct ct_offer_row *row)
{
    const struct ct_offer *o = &row->offer;
    struct ct_buf text = CT_BUF_INIT;
    ct_view_series(&text, row->series);
    b->m->summary = ct_arena_dup(b->a, ct_buf_span(&text));
    detail_add(b, CT_SPAN_NONE, CT_ROLE_TITLE, b->m->summary);
    ct_buf_clear(&text);
    const char *currency = ct_span_is(o->currency, "USD") || !o->currency.n ? "$" : NULL;
    char unit[64];
    snprintf(unit, sizeof(unit), "%.*s/GPU.h", currency ? 1 : (int)o->currency.n,
             currency ? currency : o->currency.p);
    ct_nusd per_gpu =
        row->usd_per_gpu_hour != CT_NONE ? row->usd_per_gpu_hour : o->price_per_gpu_hour;
    money_field(b, "price", per_gpu, row->usd_per_gpu_hour != CT_NONE ? "$/GPU.h" : unit);
    snprintf(unit, sizeof(unit), "%.*s/instance.h", currency ? 1 : (int)o->currency.n,
             currency ? currency : o->currency.p);
    money_field(b, "instance", o->price_per_hour, unit);
    percent_field(b, "24h", row->change_24h_milli, row->low_90d == 1 ? ", lowest of 90 days" : "");
    money_field(b, "compute", row->usd_per_pflop_hour, "$/PFLOP.h");
    money_field(b, "GPU memory", row->usd_per_gb_hour, "$/GB.h");
    if (row->quarantined == 1)
        detail_field(b, "suspect",
              CT_LIT("held back: far from its last week; out of indices until confirmed"));
    stock_field(b, row);
    ct_view_gpu(&text, o);
    if (o->form.n)
        ct_buf_addf(&text, " %.*s", CT_FMT(o->form));
    if (o->gpu_count_milli != CT_NONE) {
        ct_buf_adds(&text, " x ");
        ct_view_milli(&text, o->gpu_count_milli);
    }
    detail_field_buf(b, "GPU", &text);
    detail_field(b, "cloud", o->cloud);
    detail_field(b, "region", o->region);
    detail_field(b, "zone", o->zone);
    if (o->purchase >= 0)
        detail_field(b, "terms", ct_span(ct_purchase_words[o->purchase]));
    risk_field(b, row);
    detail_field(b, "machine", o->instance);
    detail_field(b, "SKU", o->sku);
    milli_field(b, "vCPU", o->vcpu_milli, "");
    milli_field(b, "memory", o->mem_milli, " GiB");
    if (o->host_included >= 0)
        detail_field(b, "host", o->host_included ? CT_LIT("in the price") : CT_LIT("paid on top"));
    detail_field_time(b, "effective", o->effective_ms);
    detail_field_time(b, "changed", row->changed_ms);
    detail_field_time(b, "seen", row->seen_ms);
    detail_field(b, "source", row->source);
    detail_field(b, "series", row->series);
    if (row->gone == 1)
        detail_field(b, "gone", CT_LIT("no longer offered"));
    ct_buf_free(&text);
}

/* How long there was none, and how often it came back: what nobody but the record can say. */
static enum ct_status add_stock_record(struct detail_builder *b, struct ct_span series)
{
    struct ct_span key = series, kind = ct_span_cut(&key, '/');
    struct ct_stock_record s;
    struct ct_buf text = CT_BUF_INIT;
    (void)kind;
    enum ct_status st = ct_read_stock_record(b->reader, ct_view_query(b->q, b->now_ms), key, b->now_ms, b->a,
                                             &s, b->err);
    if (st != CT_OK || s.known_ms == 0)
        return st;
    detail_blank(b);
    ct_stock_record_words(&s, &text);
    detail_field_buf(b, "in 30 days", &text);
    detail_field(b, "", ct_arena_dup(b->a, (struct ct_span){s.strip, CT_STOCK_STRIP}));
    ct_buf_free(&text);
    return CT_OK;
}

/* The endpoints of the same host and id, as measured by whoever sells it on. */
static enum ct_status add_endpoints(struct detail_builder *b, struct ct_span series, struct ct_span id)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    struct ct_span rest = series;
    ct_span_cut(&rest, '/');
    query.subject = ct_arena_printf(b->a, "endpoint/%.*s/*", CT_FMT(ct_span_cut(&rest, '/')));
    query.whole = true;
    query.to_ms = b->now_ms;
    query.from_ms = b->now_ms - CT_DAY;
    enum ct_status st = ct_read_history(b->reader, &query, b->a, &rows, b->err);
    const struct ct_history *h = rows.v;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        struct ct_buf words = CT_BUF_INIT;
        ct_view_series(&words, h[i].series);
        const struct ct_point *p = h[i].points.v;
        int64_t state = h[i].points.n ? p[h[i].points.n - 1].last : h[i].open_value;
        if (id.n && ct_span_ends(ct_buf_span(&words), ct_arena_printf(b->a, "/%.*s", CT_FMT(id)).p) && state != CT_NONE)
            detail_state_line(b, "endpoint", (int)state, ct_arena_dup(b->a, ct_buf_span(&words)));
        ct_buf_free(&words);
    }
    return CT_OK;
}

enum ct_status detail_offer(struct detail_builder *b, struct ct_span series)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    query.gone = true;
    query.subject = series;
    enum ct_status st = ct_read_offers(b->reader, &query, b->a, &rows, b->err);
    const struct ct_offer_row *o = rows.v;
    b->m->series = series;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++)
        if (ct_span_eq(o[i].series, series)) {
            add_offer(b, &o[i]);
            return add_stock_record(b, series);
        }
    if (st == CT_OK)
        detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM,
            CT_LIT("no offer of this name; L shows what was recorded"));
    return st;
}

/* ---- models ---- */

static struct ct_span but_last_segment(struct ct_span s)
{
    while (s.n && s.p[s.n - 1] != '/')
        s.n--;
    return (struct ct_span){s.p, s.n ? s.n - 1 : 0};
}

static void add_token_head(struct detail_builder *b, const struct ct_token_row *t)
{
    const struct ct_token_price *p = &t->price;
    detail_add(b, CT_SPAN_NONE, CT_ROLE_TITLE,
        ct_arena_printf(b->a, "%.*s%s%.*s on %.*s", CT_FMT(p->model), p->variant.n ? "@" : "",
                        CT_FMT(p->variant), CT_FMT(p->host)));
    detail_field(b, "lab", p->lab);
    detail_field(b, "host", p->host);
    detail_field(b, "kind of host", p->host_class);
    detail_field(b, "region", p->region);
    detail_field(b, "id there", p->source_id);
    if (p->open_weights >= 0)
        detail_field(b, "weights", p->open_weights ? CT_LIT("open") : CT_LIT("closed"));
    if (p->context != CT_NONE)
        detail_field(b, "context", ct_arena_printf(b->a, "%lld tokens", (long long)p->context));
    detail_field_time(b, "retires", p->retires_ms);
    detail_field_time(b, "seen", t->seen_ms);
    detail_field(b, "source", t->source);
    detail_blank(b);
}

static void add_token_price(struct detail_builder *b, const struct ct_token_row *t)
{
    struct ct_buf text = CT_BUF_INIT;
    if (t->price.per_mtok == 0)
        ct_buf_adds(&text, "free, or inside a plan");
    else
        ct_format_price(&text, t->price.per_mtok);
    ct_buf_adds(&text, t->price.per_mtok != CT_NONE && t->price.per_mtok ? " $/1M" : "");
    if (t->change_30d_milli != CT_NONE) {
        ct_buf_adds(&text, "   30d ");
        ct_format_percent(&text, t->change_30d_milli);
    }
    ct_buf_adds(&text, t->suspect == 1 ? "   suspect" : "");
    if (t->lists_differ == 1) {
        ct_buf_adds(&text, "   lists differ: ");
        ct_format_price(&text, t->other_price);
        ct_buf_addf(&text, " in %.*s", CT_FMT(t->other_list));
    }
    struct detail_line *l = detail_add(b, t->field, CT_ROLE_TEXT, ct_arena_dup(b->a, ct_buf_span(&text)));
    l->role = t->suspect == 1 ? CT_ROLE_DIM : CT_ROLE_TEXT;
    ct_buf_free(&text);
}

enum ct_status detail_token(struct detail_builder *b, struct ct_span series)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    query.gone = true;
    enum ct_status st = ct_read_tokens(b->reader, &query, b->a, &rows, b->err);
    const struct ct_token_row *t = rows.v;
    struct ct_span model = but_last_segment(series), id = CT_SPAN_NONE;
    size_t found = 0;
    b->m->series = series;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        if (!ct_span_eq(but_last_segment(t[i].series), model))
            continue;
        if (!found++)
            add_token_head(b, &t[i]);
        add_token_price(b, &t[i]);
        id = t[i].price.source_id;
    }
    if (st == CT_OK && found)
        st = add_endpoints(b, series, id);
    if (st == CT_OK && !found)
        detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM,
            CT_LIT("no price of this name; L shows what was recorded"));
    struct ct_buf text = CT_BUF_INIT;
    ct_view_series(&text, series);
    b->m->summary = ct_arena_dup(b->a, ct_buf_span(&text));
    ct_buf_free(&text);
    return st;
}

/* ---- what one row told of together ---- */

static void add_event(struct detail_builder *b, const struct ct_event_row *e, int wide)
{
    struct ct_buf text = CT_BUF_INIT, when = CT_BUF_INIT;
    ct_view_when(&when, e->at_ms, b->now_ms);
    ct_view_event_who(&text, e);
    int n = ct_text_width(ct_buf_span(&text));
    ct_buf_addf(&text, "%*s", n < wide ? wide - n + 2 : 2, "");
    ct_view_event_what(&text, e);
    detail_add(b, ct_arena_dup(b->a, ct_buf_span(&when)), CT_ROLE_TEXT, ct_arena_dup(b->a, ct_buf_span(&text)));
    ct_buf_free(&text);
    ct_buf_free(&when);
}

enum ct_status detail_alike(struct detail_builder *b, struct ct_span subject)
{
    enum { WIDE = 34 }; /* names longer than that push what happened aside */
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    struct ct_alike all, one;
    struct ct_buf who = CT_BUF_INIT;
    struct ct_arena *work = ct_arena_new(0);
    int wide = 0;
    query.subject = subject;
    enum ct_status st = ct_read_alike(b->reader, &query, b->a, &rows, b->err);
    const struct ct_event_row *e = rows.v;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        if (i == 0)
            (void)ct_alike_of(&e[i], work, &all);
        else if (ct_alike_of(&e[i], work, &one))
            (void)ct_alike_join(&all, &one, work);
        ct_buf_clear(&who);
        ct_view_event_who(&who, &e[i]);
        int n = ct_text_width(ct_buf_span(&who));
        wide = n > wide && n <= WIDE ? n : wide;
    }
    ct_buf_free(&who);
    if (st != CT_OK || !rows.n) {
        ct_arena_free(work);
        detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("nothing of that kind then, or it is not believed any more"));
        return st;
    }
    struct ct_span where = ct_alike_where(&all, work);
    b->m->series = e[0].series;
    b->m->summary = ct_arena_printf(b->a, "%.*s: %zu %s", CT_FMT(where), all.n, all.gpu.n ? "offers" : "models");
    ct_arena_free(work);
    detail_add(b, CT_SPAN_NONE, CT_ROLE_TITLE, b->m->summary);
    for (size_t i = 0; i < rows.n; i++)
        add_event(b, &e[i], wide);
    detail_blank(b);
    detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("one row, for they went the same way; L opens the history of the first"));
    return st;
}

/* ---- articles ---- */

enum ct_status detail_article(struct detail_builder *b, struct ct_span name)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    query.subject = ct_span_cut(&name, '/');
    enum ct_status st = ct_read_articles(b->reader, &query, b->a, &rows, b->err);
    const struct ct_article_row *r = rows.v;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        if (!ct_span_eq(r[i].id, name))
            continue;
        detail_add(b, CT_SPAN_NONE, CT_ROLE_TITLE, r[i].title);
        b->m->summary = r[i].title;
        b->m->url = r[i].url;
        detail_field(b, "from", r[i].provider.n ? r[i].provider : r[i].source);
        detail_field_time(b, "published", r[i].published_ms);
        detail_field_time(b, "first seen", r[i].first_ms);
        detail_field(b, "link", r[i].url);
        detail_blank(b);
        detail_add(b, CT_SPAN_NONE, CT_ROLE_TEXT, r[i].summary.n ? r[i].summary : CT_LIT("no text in the feed"));
        return CT_OK;
    }
    if (st == CT_OK)
        detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM, CT_LIT("no article of this name"));
    return st;
}

/* ---- labs ---- */

/* When LAB reached which cloud, and what that does not prove. */
enum ct_status detail_lab(struct detail_builder *b, struct ct_span series, struct ct_span lab)
{
    struct ct_query query = ct_view_query(b->q, b->now_ms);
    struct ct_rows rows = {NULL, 0};
    enum ct_status st = ct_read_reach(b->reader, &query, b->a, &rows, b->err);
    const struct ct_reach_row *c = rows.v;
    b->m->series = series;
    detail_add(b, CT_SPAN_NONE, CT_ROLE_TITLE, ct_arena_printf(b->a, "%.*s on clouds", CT_FMT(lab)));
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        char day[CT_TIME_MAX];
        if (!ct_span_eq(c[i].lab, lab))
            continue;
        ct_time_format(day, c[i].at_ms);
        detail_add(b, ct_arena_printf(b->a, "cloud %lld", (long long)c[i].nth), CT_ROLE_TEXT,
            ct_arena_printf(b->a, "%.*s, %s %.10s%s", CT_FMT(c[i].cloud),
                            c[i].dated ? "first seen" : "there when recording began,", day,
                            c[i].open_only ? ", open weights" : ""));
    }
    detail_blank(b);
    detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM,
        CT_LIT("What a list does not name may be sold there all the same: not listed is not exclusive. The list may "
               "lag behind by weeks."));
    detail_add(b, CT_SPAN_NONE, CT_ROLE_DIM,
        ct_arena_printf(b->a, "L shows this over time; exclusive/%.*s is the share of its models on one cloud",
                        CT_FMT(lab)));
    return st;
}
