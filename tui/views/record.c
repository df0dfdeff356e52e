/* What the record says of a row beside its present value: how long its stock was gone and how often it came back,
 * and how the endpoints of a model are. Loader thread. */
#include "config.h"

#include "tui/views/record.h"

#include "tui/views/common.h"

#include <string.h>

/* Adds STOCK, held from FROM to TO, to the strip: a cell keeps the worst that was in it. */
static void add_to_strip(struct ct_stock_record *out, int stock, int64_t from, int64_t to, int64_t start,
                         int64_t end)
{
    static const char letters[] = " NLA"; /* as enum ct_stock; the unknown says nothing */
    int64_t cell = (end - start) / CT_STOCK_STRIP;
    for (int i = 0; i < CT_STOCK_STRIP && stock > CT_STOCK_UNKNOWN; i++) {
        int64_t begin = start + i * cell;
        const char *now = strchr(letters, out->strip[i]);
        if (from < begin + cell && to > begin && (out->strip[i] == ' ' || letters + stock < now))
            out->strip[i] = letters[stock];
    }
}

static void add_span(struct ct_stock_record *out, int stock, int64_t from, int64_t to, int64_t start, int64_t end)
{
    if (to <= from || stock <= CT_STOCK_UNKNOWN || stock > CT_STOCK_AVAILABLE)
        return;
    out->known_ms += to - from;
    if (stock == CT_STOCK_NONE) {
        out->gone_ms += to - from;
        out->longest_ms = to - from > out->longest_ms ? to - from : out->longest_ms;
    }
    add_to_strip(out, stock, from, to, start, end);
}

/* Adds what STOCK held from FROM to TO, without the gaps in between. */
static void add_known(struct ct_stock_record *out, const struct ct_history *h, int stock, int64_t from, int64_t to,
                      int64_t start, int64_t end)
{
    const struct ct_gap *g = h->gaps.v;
    for (size_t i = 0; i < h->gaps.n; i++) {
        if (g[i].to_ms <= from || g[i].from_ms >= to)
            continue;
        add_span(out, stock, from, g[i].from_ms, start, end);
        from = g[i].to_ms < to ? g[i].to_ms : to;
    }
    add_span(out, stock, from, to, start, end);
}

enum ct_status ct_read_stock_record(struct ct_reader *r, struct ct_query q, struct ct_span key, int64_t end,
                                    struct ct_arena *a, struct ct_stock_record *out, struct ct_error *err)
{
    struct ct_rows found = {NULL, 0};
    memset(out, 0, sizeof(*out));
    memset(out->strip, ' ', CT_STOCK_STRIP);
    q.subject = ct_arena_printf(a, "stock/%.*s", CT_FMT(key));
    q.whole = true;
    q.to_ms = end;
    q.from_ms = end - CT_STOCK_DAYS * CT_DAY;
    enum ct_status st = ct_read_history(r, &q, a, &found, err);
    if (st != CT_OK || !found.n)
        return st;
    const struct ct_history *h = found.v;
    const struct ct_point *p = h->points.v;
    int64_t from = q.from_ms, stock = h->open_value;
    for (size_t i = 0; i < h->points.n; i++) {
        add_known(out, h, (int)stock, from, p[i].at_ms, q.from_ms, end);
        out->times_gone += p[i].n > 0 && p[i].last == CT_STOCK_NONE && stock > CT_STOCK_NONE;
        out->times_back += p[i].n > 0 && p[i].last > CT_STOCK_NONE && stock == CT_STOCK_NONE;
        from = p[i].at_ms;
        stock = p[i].last;
    }
    add_known(out, h, (int)stock, from, end, q.from_ms, end);
    return CT_OK;
}

void ct_stock_record_words(const struct ct_stock_record *s, struct ct_buf *out)
{
    char gone[CT_TIME_MAX], longest[CT_TIME_MAX];
    if (s->known_ms == 0) {
        ct_buf_adds(out, "not recorded");
        return;
    }
    ct_age_format(gone, s->gone_ms);
    ct_age_format(longest, s->longest_ms);
    if (s->gone_ms == 0) {
        ct_buf_adds(out, "never gone");
    } else {
        ct_buf_addf(out, "gone %s (%lld %%), at most %s", gone,
                    (long long)((s->gone_ms * 100 + s->known_ms / 2) / s->known_ms), longest);
        ct_buf_addf(out, "; came back %lld time%s", (long long)s->times_back, s->times_back == 1 ? "" : "s");
    }
    ct_age_format(gone, s->known_ms);
    ct_buf_addf(out, "; of %s recorded", gone);
}
