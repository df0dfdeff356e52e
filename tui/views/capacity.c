/* Where there is any: accelerators by clouds. A cell is the best stock of a cloud's offers; what is
 * only listed is "?", never available. The second panel puts what that costs before it. */
#include "config.h"

#include "tui/views/common.h"

#include "db/base/terms.h"
#include "db/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

struct cell {
    int stock; /* enum ct_stock; -1: not sold there */
    int64_t regions, count; /* regions with that stock; GPUs or offers counted by the source */
    struct ct_span region;  /* the only one */
    bool old;
    const struct ct_offer_row *best; /* cheapest of that stock */
};

struct model {
    struct ct_span gpus[MOST], clouds[MOST];
    size_t n_gpus, n_clouds;
    bool followed;  /* gpus are those of the watchlist */
    bool priced;    /* the panel with prices: all accelerators, with their memory, bought in one way */
    struct cell *cells; /* n_gpus x n_clouds */
    int64_t seen_ms;
};

struct state {
    int gpu, cloud, gpu_top, cloud_top; /* selected and first shown */
    bool flipped;                       /* clouds stood down the side when last drawn */
};

/* ---- loading ---- */

/* WHOLE: with its memory, as in the panel with prices. */
static struct ct_span gpu_name(const struct ct_offer *o, bool whole, struct ct_arena *a)
{
    struct ct_buf text = CT_BUF_INIT;
    if (whole)
        ct_view_gpu(&text, o);
    else
        ct_buf_add(&text, o->gpu);
    if (o->form.n)
        ct_buf_addf(&text, "%c%.*s", whole ? ' ' : '-', CT_FMT(o->form));
    struct ct_span name = ct_arena_dup(a, ct_buf_span(&text));
    ct_buf_free(&text);
    return name;
}

/* Where NAME stands; N: nowhere. */
static size_t place_of(const struct ct_span *names, size_t n, struct ct_span name)
{
    size_t i = 0;
    while (i < n && !ct_span_ieq(names[i], name))
        i++;
    return i;
}

static size_t index_of(struct ct_span *names, size_t *n, struct ct_span name)
{
    size_t i = place_of(names, *n, name);
    if (i == *n && i < MOST)
        names[(*n)++] = name;
    return i;
}

/* The order of accelerators while nothing is followed; those not named come last. */
static int importance(struct ct_span gpu)
{
    static const char *const order[] = {"H100", "H200", "B200", "B300", "GB200", "GB300", "MI300X",
                                        "MI355X", "A100", "L40S", "GH200", "L4", "RTX-5090",
                                        "RTX-4090", "A10", "V100", "T4"};
    for (size_t i = 0; i < CT_LEN(order); i++)
        if (ct_span_istarts(gpu, order[i]) &&
            (gpu.n == strlen(order[i]) || strchr("- ", gpu.p[strlen(order[i])])))
            return (int)i;
    return (int)CT_LEN(order);
}

static int by_importance(const void *a, const void *b)
{
    const struct ct_span *x = a, *y = b;
    int d = importance(*x) - importance(*y);
    return d ? d : ct_span_cmp(*x, *y);
}

static int by_name(const void *a, const void *b)
{
    return ct_span_cmp(*(const struct ct_span *)a, *(const struct ct_span *)b);
}

static int sellers(const struct model *m, size_t gpu)
{
    int n = 0;
    for (size_t i = 0; i < m->n_clouds; i++)
        n += m->cells[gpu * m->n_clouds + i].stock >= 0;
    return n;
}

/* Of the forms of one accelerator first what most clouds sell: where rows are few, one that nobody sells must not be
 * all there is to see. */
static void broadest_first(struct model *m)
{
    struct cell kept[MOST];
    size_t row = m->n_clouds * sizeof(*m->cells);
    for (size_t i = 1; i < m->n_gpus; i++) {
        size_t to = i;
        while (to > 0 && importance(m->gpus[to - 1]) == importance(m->gpus[i]) && sellers(m, to - 1) < sellers(m, i))
            to--;
        struct ct_span name = m->gpus[i];
        memcpy(kept, m->cells + i * m->n_clouds, row);
        memmove(m->gpus + to + 1, m->gpus + to, (i - to) * sizeof(*m->gpus));
        memmove(m->cells + (to + 1) * m->n_clouds, m->cells + to * m->n_clouds, (i - to) * row);
        m->gpus[to] = name;
        memcpy(m->cells + to * m->n_clouds, kept, row);
    }
}

/* The offers, and what they have in common: thousands are of few accelerators, clouds and regions. */
struct market {
    const struct ct_offer_row *rows;
    size_t n;
    int purchase;                           /* those bought in this way; -1: in any */
    struct ct_terms gpus, kinds, clouds, regions; /* a kind: an accelerator of one form and memory */
    struct of {
        uint32_t kind, cloud, region; /* of each row */
    } *of;
    struct ct_span *name;               /* of each kind */
    size_t *gpu, *cloud;                /* where each kind and cloud stands, if anywhere */
    size_t *sorted;                     /* the rows by region */
};

static bool counts(const struct market *v, size_t i)
{
    return v->purchase < 0 || v->rows[i].offer.purchase == v->purchase;
}

/* The rows by their regions, else as they stand: so that regions can be counted. */
static void sort_by_region(struct market *v)
{
    size_t n = v->regions.n, *rank = ct_xcalloc(n + 1, sizeof(*rank)), *from = ct_xcalloc(n + 2, sizeof(*from));
    struct ct_span *names = ct_xcalloc(n + 1, sizeof(*names));
    for (size_t i = 0; i < n; i++)
        names[i] = v->regions.v[i].text;
    qsort(names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < n; i++) {
        const struct ct_span *at = bsearch(&v->regions.v[i].text, names, n, sizeof(*names), by_name);
        rank[i] = (size_t)(at - names);
    }
    for (size_t i = 0; i < v->n; i++)
        from[rank[v->of[i].region] + 1]++;
    for (size_t i = 0; i < n; i++)
        from[i + 1] += from[i];
    for (size_t i = 0; i < v->n; i++)
        v->sorted[from[rank[v->of[i].region]]++] = i;
    free(names);
    free(from);
    free(rank);
}

static void look_over(struct market *v)
{
    v->of = ct_xcalloc(v->n + 1, sizeof(*v->of));
    v->sorted = ct_xcalloc(v->n + 1, sizeof(*v->sorted));
    for (size_t i = 0; i < v->n; i++) {
        const struct ct_offer *o = &v->rows[i].offer;
        size_t gpu = ct_terms_lasting(&v->gpus, (struct ct_term){o->gpu, {0, 0}});
        struct ct_term kind = {o->form, {(int64_t)gpu, o->gpu_mem_milli}};
        v->of[i] = (struct of){(uint32_t)ct_terms_lasting(&v->kinds, kind),
                               (uint32_t)ct_terms_lasting(&v->clouds, (struct ct_term){o->cloud, {0, 0}}),
                               (uint32_t)ct_terms_lasting(&v->regions, (struct ct_term){o->region, {0, 0}})};
    }
    sort_by_region(v);
    v->name = ct_xcalloc(v->kinds.n + 1, sizeof(*v->name));
    v->gpu = ct_xcalloc(v->kinds.n + 1, sizeof(*v->gpu));
    v->cloud = ct_xcalloc(v->clouds.n + 1, sizeof(*v->cloud));
}

static void end_market(struct market *v)
{
    struct ct_terms *terms[] = {&v->gpus, &v->kinds, &v->clouds, &v->regions};
    for (size_t i = 0; i < CT_LEN(terms); i++)
        ct_terms_free(terms[i]);
    free(v->of);
    free(v->sorted);
    free(v->name);
    free(v->gpu);
    free(v->cloud);
}

static void name_axes(struct market *v, const struct ct_follows *follows, struct ct_arena *a, struct model *m)
{
    const struct ct_offer_row *o = v->rows;
    for (size_t i = 0; i < v->n && !m->priced; i++)
        if (o[i].offer.gpu.n && ct_follows(follows, &o[i], o[i].series))
            index_of(m->gpus, &m->n_gpus, gpu_name(&o[i].offer, false, a));
    m->followed = m->n_gpus > 0;
    for (size_t i = 0; i < v->n; i++) {
        struct ct_span *name = &v->name[v->of[i].kind];
        size_t *cloud = &v->cloud[v->of[i].cloud];
        if (!o[i].offer.gpu.n || !o[i].offer.cloud.n || !counts(v, i))
            continue;
        if (!name->p) {
            *name = gpu_name(&o[i].offer, m->priced, a);
            if (m->priced || (!m->followed && importance(*name) < 17))
                index_of(m->gpus, &m->n_gpus, *name);
        }
        if (!*cloud)
            *cloud = 1 + index_of(m->clouds, &m->n_clouds, o[i].offer.cloud);
    }
    qsort(m->gpus, m->n_gpus, sizeof(*m->gpus), by_importance);
    qsort(m->clouds, m->n_clouds, sizeof(*m->clouds), by_name);
    for (size_t i = 0; i < v->kinds.n; i++)
        v->gpu[i] = place_of(m->gpus, m->n_gpus, v->name[i]);
    for (size_t i = 0; i < v->clouds.n; i++)
        v->cloud[i] = place_of(m->clouds, m->n_clouds, v->clouds.v[i].text);
}

static void add_offer(struct cell *c, const struct ct_offer_row *o)
{
    int stock = o->offer.stock < 0 ? CT_STOCK_UNKNOWN : o->offer.stock;
    /* Best first: A, L, then N. "?" says less than any of them. */
    if (c->stock >= 0 && stock < c->stock)
        return;
    if (stock > c->stock)
        *c = (struct cell){.stock = stock, .old = true};
    if (!ct_span_eq(c->region, o->offer.region)) {
        c->regions++;
        c->region = o->offer.region;
    }
    c->count += o->offer.stock_count != CT_NONE ? o->offer.stock_count : 0;
    c->old &= o->freshness > CT_FRESH && o->freshness <= CT_DEAD;
    if (!c->best || (o->usd_per_gpu_hour != CT_NONE &&
                     (c->best->usd_per_gpu_hour == CT_NONE ||
                      o->usd_per_gpu_hour < c->best->usd_per_gpu_hour)))
        c->best = o;
}

/* What M shows of thousands of rows, for itself. False: no room. */
static bool own(struct model *m, struct ct_arena *a)
{
    for (size_t i = 0; i < m->n_clouds; i++)
        m->clouds[i] = ct_arena_dup(a, m->clouds[i]);
    for (size_t i = 0; i < m->n_gpus; i++)
        m->gpus[i] = ct_arena_dup(a, m->gpus[i]);
    for (size_t i = 0; i < m->n_gpus * m->n_clouds; i++) {
        struct cell *c = &m->cells[i];
        struct ct_offer_row *best = c->best ? ct_arena_alloc(a, sizeof(*best)) : NULL;
        if (c->best && !best)
            return false;
        if (best) {
            *best = *c->best;
            ct_row_own(&ct_offer_table, best, a);
            best->spark = NULL;
        }
        c->region = ct_arena_dup(a, c->region);
        c->best = best;
    }
    return !ct_arena_full(a);
}

static enum ct_status fill(struct market *v, const struct ct_follows *follows, struct ct_arena *a,
                           struct ct_arena *work, struct model *m, struct ct_error *err)
{
    look_over(v);
    name_axes(v, follows, work, m);
    m->cells = ct_arena_alloc(a, (m->n_gpus * m->n_clouds + 1) * sizeof(*m->cells));
    if (!m->cells)
        return ct_fail(err, CT_ERR_LIMIT, "capacity", NULL);
    for (size_t i = 0; i < m->n_gpus * m->n_clouds; i++)
        m->cells[i].stock = -1;
    bool fresh[MOST] = {false}; /* something of the cloud is */
    m->seen_ms = CT_NONE;
    for (size_t i = 0; i < v->n; i++) {
        size_t row = v->sorted[i];
        const struct ct_offer_row *o = &v->rows[row];
        size_t gpu = v->gpu[v->of[row].kind], cloud = v->cloud[v->of[row].cloud];
        if (!o->offer.gpu.n || o->gone == 1 || !counts(v, row))
            continue;
        if (gpu < m->n_gpus && cloud < m->n_clouds)
            add_offer(&m->cells[gpu * m->n_clouds + cloud], o);
        if (cloud < m->n_clouds)
            fresh[cloud] |= o->freshness <= CT_FRESH || o->freshness > CT_DEAD;
        m->seen_ms = o->seen_ms > m->seen_ms ? o->seen_ms : m->seen_ms;
    }
    for (size_t i = 0; i < m->n_gpus * m->n_clouds; i++) /* nobody knows what such a cloud sells by now */
        m->cells[i].old |= m->cells[i].stock < 0 && !fresh[i % m->n_clouds];
    broadest_first(m);
    return own(m, a) ? CT_OK : ct_fail(err, CT_ERR_LIMIT, "capacity", NULL);
}

/* What b goes through in the panel with prices: spot and on demand are two markets. */
static int purchase_of(const struct ct_panel_query *q)
{
    return strcmp(q->group, "spot") == 0 ? CT_PURCHASE_SPOT : CT_PURCHASE_OD;
}

/* What is followed, and the GPUs of the scope as filters. */
static void followed_gpus(const struct ct_panel_query *q, struct ct_buf *out)
{
    struct ct_span rest = q->scope.gpus;
    ct_buf_adds(out, q->watch);
    while (rest.p) {
        struct ct_span gpu = ct_span_trim(ct_span_cut(&rest, ','));
        if (gpu.n)
            ct_buf_addf(out, "\ngpu:%.*s", CT_FMT(gpu));
    }
}

static enum ct_status load_cells(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                 bool priced, struct ct_arena *a, const void **model,
                                 struct ct_error *err)
{
    struct model *m = ct_arena_alloc(a, sizeof(*m));
    struct ct_query query = ct_view_query(q, now_ms);
    struct ct_rows rows = {NULL, 0};
    struct ct_follows follows = {.v = {NULL, 0, 0}};
    struct ct_buf watch = CT_BUF_INIT;
    struct ct_arena *work = ct_arena_new(0);
    followed_gpus(q, &watch);
    query.plain = !strchr(q->watch, ':'); /* a filter may ask for what costs more */
    enum ct_status st = m && ct_follows_read(&ct_offer_table, watch.p ? watch.p : "", now_ms, work, &follows) == CT_OK
                            ? ct_read_offers(r, &query, work, &rows, err)
                            : ct_fail(err, CT_ERR_LIMIT, "capacity", NULL);
    if (st == CT_OK) {
        struct market v = {.rows = rows.v, .n = rows.n, .purchase = priced ? purchase_of(q) : -1};
        m->priced = priced;
        st = fill(&v, &follows, a, work, m, err);
        end_market(&v);
    }
    ct_buf_free(&watch);
    ct_arena_free(work);
    *model = m;
    return st;
}

static enum ct_status load(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                           struct ct_arena *a, const void **model, struct ct_error *err)
{
    return load_cells(r, q, now_ms, false, a, model, err);
}

static enum ct_status load_priced(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms,
                                  struct ct_arena *a, const void **model, struct ct_error *err)
{
    return load_cells(r, q, now_ms, true, a, model, err);
}

/* ---- as rows ---- */

/* One cell, for :export; prices as the panel with prices shows them, those of the cheapest of that stock. */
struct cell_row {
    struct ct_span gpu, cloud, region, series;
    int sold, stock, old, purchase;
    int64_t regions, count, price, pflop, gb, seen_ms;
};
#define COL(column_name, column_type, field, ...)                                                  \
    {                                                                                              \
        .name = column_name, .type = column_type, .off = offsetof(struct cell_row, field), __VA_ARGS__ \
    }
static const struct ct_column cell_columns[] = {
    COL("gpu", CT_TYPE_TEXT, gpu),
    COL("cloud", CT_TYPE_TEXT, cloud),
    COL("sold", CT_TYPE_BOOL, sold),
    COL("stock", CT_TYPE_ENUM, stock, .words = ct_stock_words),
    COL("old", CT_TYPE_BOOL, old),
    COL("regions", CT_TYPE_INT, regions),
    COL("region", CT_TYPE_TEXT, region),
    COL("stock_count", CT_TYPE_INT, count),
    COL("purchase", CT_TYPE_ENUM, purchase, .words = ct_purchase_words),
    COL("price_usd_per_gpu_hour", CT_TYPE_NANO, price),
    COL("usd_per_pflop_hour", CT_TYPE_NANO, pflop),
    COL("usd_per_gb_hour", CT_TYPE_NANO, gb),
    COL("series", CT_TYPE_TEXT, series),
    COL("seen_at", CT_TYPE_TIME, seen_ms),
};
static const struct ct_table cell_table = {"capacity", sizeof(struct cell_row), cell_columns, CT_LEN(cell_columns)};

/* Accelerator by accelerator; what a cloud does not sell is a row, too. */
static struct ct_rows rows(const void *model, struct ct_arena *a)
{
    const struct model *m = model;
    size_t n = m->n_gpus * m->n_clouds;
    struct cell_row *out = ct_arena_alloc(a, (n + 1) * sizeof(*out));
    for (size_t i = 0; out && i < n; i++) {
        const struct cell *c = &m->cells[i];
        const struct ct_offer_row *best = c->stock >= 0 ? c->best : NULL;
        out[i] = (struct cell_row){.gpu = m->gpus[i / m->n_clouds], .cloud = m->clouds[i % m->n_clouds],
                                   .sold = c->stock >= 0, .stock = c->stock, .old = c->old ? 1 : -1, .purchase = -1,
                                   .regions = CT_NONE, .count = CT_NONE, .price = CT_NONE, .pflop = CT_NONE,
                                   .gb = CT_NONE, .seen_ms = CT_NONE};
        if (!best)
            continue;
        out[i].old = c->old;
        out[i].regions = c->regions;
        out[i].region = c->regions == 1 ? c->region : CT_SPAN_NONE;
        out[i].count = c->count > 0 ? c->count : CT_NONE;
        out[i].purchase = best->offer.purchase;
        out[i].price = best->usd_per_gpu_hour;
        out[i].pflop = best->usd_per_pflop_hour;
        out[i].gb = best->usd_per_gb_hour;
        out[i].series = best->series;
        out[i].seen_ms = best->seen_ms;
    }
    return (struct ct_rows){out, out ? n : 0};
}

/* ---- drawing ---- */

/* "A 3rg", "L use2", "N", "?"; "-" where it is not sold. */
static void cell_text(const struct cell *c, int width, struct ct_buf *out)
{
    if (c->stock < 0) {
        ct_buf_adds(out, c->old ? "-*" : "-");
        return;
    }
    ct_buf_adds(out, ct_stock_words[c->stock]);
    ct_buf_adds(out, c->old ? "*" : "");
    if (c->stock == CT_STOCK_NONE || c->stock == CT_STOCK_UNKNOWN)
        return;
    if (c->count > 0)
        ct_buf_addf(out, " %lld", (long long)c->count);
    else if (c->regions > 1)
        ct_buf_addf(out, " %lldrg", (long long)c->regions);
    else if (c->region.n && (size_t)width >= c->region.n + 3)
        ct_buf_addf(out, " %.*s", CT_FMT(c->region));
}

static const char *const unit_words[] = {"$/GPU.h", "$/PFLOP.h", "$/GB.h", NULL};

/* "2.99 A": the cheapest of the best stock there is, and that stock. */
static void price_text(const struct cell *c, int unit, struct ct_buf *out)
{
    if (c->stock < 0 || !c->best) {
        ct_buf_adds(out, c->stock < 0 && c->old ? "-*" : "-");
        return;
    }
    const struct ct_offer_row *o = c->best;
    ct_format_price(out, unit == 0   ? o->usd_per_gpu_hour
                         : unit == 1 ? o->usd_per_pflop_hour
                                     : o->usd_per_gb_hour);
    ct_buf_addf(out, " %s%s", ct_stock_words[c->stock], c->old ? "*" : "");
}

static enum ct_role cell_role(const struct cell *c)
{
    if (c->old)
        return CT_ROLE_STALE;
    return c->stock <= CT_STOCK_NONE ? CT_ROLE_DIM : CT_ROLE_TEXT;
}

/* One way of laying the matrix out: names down the side and across, and which of them are shown. */
struct grid {
    const struct ct_span *down, *across;
    int n_down, n_across, name, width;
    int *at_down, *at_across, *top, *left;
    bool flipped; /* clouds down the side */
};

static int widest(const struct ct_span *names, size_t n, int most)
{
    int wide = 4;
    for (size_t i = 0; i < n; i++) {
        int w = ct_text_width(names[i]);
        wide = w > wide ? w : wide;
    }
    return wide < most ? wide : most;
}

/* Accelerators stand down the side unless there all clouds are in sight, with all the accelerators across or at least
 * the first few. Never with their memory: cut above a column, two of them look the same. */
static struct grid lay_out(const struct model *m, struct state *s, int rows, int cols)
{
    enum { FEW = 5 };
    int usual = m->priced ? 8 : 6, most = m->priced ? 18 : 14;
    struct grid g = {.down = m->gpus, .across = m->clouds, .n_down = (int)m->n_gpus,
                     .n_across = (int)m->n_clouds, .at_down = &s->gpu, .at_across = &s->cloud,
                     .top = &s->gpu_top, .left = &s->cloud_top};
    g.name = widest(m->gpus, m->n_gpus, most);
    g.width = usual;
    if (!m->priced && g.name + 2 + g.n_across * (usual + 1) > cols && g.name + 2 + g.n_across * usual <= cols)
        g.width = usual - 1; /* "A 2rg" still fits, and no cloud is out of sight */
    int other = widest(m->clouds, m->n_clouds, 12), gpus = (int)m->n_gpus, width = g.width;
    bool cut = !m->priced && g.name + 2 + g.n_across * (g.width + 1) > cols;
    bool whole = other + 2 + gpus * (g.width + 1) <= cols;
    if (cut && !whole && gpus > FEW && (int)m->n_clouds <= rows) {
        width = usual - 1;
        gpus = FEW;
    }
    if (cut && (whole || (gpus == FEW && other + 2 + gpus * (width + 1) <= cols)))
        g = (struct grid){.down = m->clouds,
                          .across = m->gpus,
                          .n_down = (int)m->n_clouds,
                          .n_across = (int)m->n_gpus,
                          .at_down = &s->cloud,
                          .at_across = &s->gpu,
                          .top = &s->cloud_top,
                          .left = &s->gpu_top,
                          .name = other,
                          .width = width,
                          .flipped = true};
    int room = (cols - g.name - 2) / (g.n_across > 0 ? g.n_across : 1) - 1;
    g.width = room > g.width ? (room < 12 ? room : 12) : g.width;
    return g;
}

/* Keeps the selected one of N in a window of ROOM that begins at *TOP. */
static void keep_shown(int *at, int *top, int n, int room)
{
    *at = *at >= n ? n - 1 : *at < 0 ? 0 : *at;
    *top = *at < *top ? *at : room > 0 && *at >= *top + room ? *at - room + 1 : *top;
    *top = *top + room > n ? (n > room ? n - room : 0) : *top;
}

/* Where "H100-PCIe" finds no room it is "H100P", in still less "H100": a cut name looks like its neighbour. */
static struct ct_span brief(struct ct_span name, int width, char out[24])
{
    static const char *const forms[] = {"-SXM", "-PCIe", "-NVL", "-OAM"};
    for (size_t i = 0; i < CT_LEN(forms) && name.n < 24 && ct_text_width(name) > width; i++) {
        if (!ct_span_ends(name, forms[i]))
            continue;
        int n = (int)(name.n - strlen(forms[i]));
        snprintf(out, 24, "%.*s%.*s", n, name.p, n < width && forms[i][1] != 'O', forms[i] + 1);
        return ct_span(out);
    }
    return name;
}

static void draw_grid(const struct model *m, const struct grid *g, int unit, const struct ct_draw *d,
                      struct ct_box box)
{
    int shown = (box.cols - g->name - 2) / (g->width + 1), rows = box.rows - 1;
    shown = shown < 1 ? 1 : shown;
    keep_shown(g->at_down, g->top, g->n_down, rows);
    keep_shown(g->at_across, g->left, g->n_across, shown);
    for (int c = 0; c < shown && *g->left + c < g->n_across; c++) {
        char name[24];
        ct_put_field(box, 0, g->name + 2 + c * (g->width + 1), g->width, -1, CT_ROLE_HEADER,
                     brief(g->across[*g->left + c], g->width, name));
    }
    struct ct_buf text = CT_BUF_INIT;
    for (int y = 0; y < rows && *g->top + y < g->n_down; y++) {
        int row = *g->top + y;
        ct_put_middle(box, y + 1, 1, g->name, CT_ROLE_TEXT, g->down[row]);
        for (int c = 0; c < shown && *g->left + c < g->n_across; c++) {
            int col = *g->left + c, x = g->name + 2 + c * (g->width + 1);
            size_t gpu = (size_t)(g->flipped ? col : row), cloud = (size_t)(g->flipped ? row : col);
            const struct cell *cell = &m->cells[gpu * m->n_clouds + cloud];
            ct_buf_clear(&text);
            if (m->priced)
                price_text(cell, unit, &text);
            else
                cell_text(cell, g->width, &text);
            ct_put_field(box, y + 1, x, g->width, -1, cell_role(cell), ct_buf_span(&text));
            if (d->focus && row == *g->at_down && col == *g->at_across)
                ct_select(box, y + 1, x, g->width);
        }
        if (d->focus && row == *g->at_down)
            ct_puts(box, y + 1, 0, CT_ROLE_TITLE, ">");
    }
    ct_buf_free(&text);
}

/* What is hidden is said, h j k l reach it; then what the cells are, and their age. */
static void add_note(const struct model *m, const struct grid *g, int down, int across,
                     const struct ct_draw *d, int cols, struct ct_buf *note)
{
    const char *side = g->flipped ? "clouds" : "GPUs", *top = g->flipped ? "GPUs" : "clouds";
    if (down > 0 && down < g->n_down && (cols >= 70 || across >= g->n_across))
        ct_buf_addf(note, "%d of %d %s", down, g->n_down, side);
    if (across > 0 && across < g->n_across)
        ct_buf_addf(note, "%s%d of %d %s", note->n ? ", " : "", across, g->n_across, top);
    const char *gap = note->n ? "   " : "";
    bool spot = purchase_of(d->query) == CT_PURCHASE_SPOT;
    if (m->priced)
        ct_buf_addf(note, "%s%s%s %s", gap, cols >= 100 ? "cheapest of the best stock, " : "",
                    spot ? "spot" : cols >= 70 ? "on demand" : "od", unit_words[d->query->unit]);
    else if (cols >= 70 || (cols >= 60 && !note->n))
        ct_buf_addf(note, "%s%s by cloud", gap, m->followed ? "what I follow," : "big accelerators");
    ct_note_seen(note, d, m->seen_ms, CT_HOUR);
}

/* "cap H100-SXM  A gcp vastai  L aws": a line for an accelerator, where there is no room for columns. */
static void draw_lines(const struct model *m, struct state *s, const struct ct_draw *d, struct ct_box box)
{
    struct ct_buf text = CT_BUF_INIT;
    keep_shown(&s->gpu, &s->gpu_top, (int)m->n_gpus, box.rows);
    for (int y = 0; y < box.rows && s->gpu_top + y < (int)m->n_gpus; y++) {
        int gpu = s->gpu_top + y;
        const struct cell *cells = &m->cells[(size_t)gpu * m->n_clouds];
        char name[24];
        ct_buf_clear(&text);
        ct_buf_addf(&text, "cap %.*s", CT_FMT(brief(m->gpus[gpu], 5, name)));
        for (int stock = CT_STOCK_AVAILABLE; stock >= CT_STOCK_UNKNOWN; stock--)
            for (size_t c = 0, shown = 0; c < m->n_clouds; c++)
                if (cells[c].stock == stock) {
                    ct_buf_addf(&text, shown++ ? " " : "  %s ", ct_stock_words[stock]);
                    ct_buf_addf(&text, "%.*s%s", CT_FMT(m->clouds[c]), cells[c].old ? "*" : "");
                }
        bool selected = d->focus && gpu == s->gpu;
        ct_puts(box, y, 0, CT_ROLE_TITLE, selected ? ">" : " ");
        ct_put_field(box, y, 1, box.cols - 1, -1, CT_ROLE_TEXT, ct_buf_span(&text));
    }
    ct_buf_free(&text);
}

static void draw(void *state, const void *model, const struct ct_draw *d, struct ct_box box,
                 struct ct_buf *note)
{
    static const char wide[] = "A avail  L low  N none  - not sold  ? listed only";
    static const char narrow[] = "A avail L low N none - not sold ? listed";
    const struct model *m = model;
    if (!m) {
        ct_draw_waiting(d, box);
        return;
    }
    if (!m->n_gpus || !m->n_clouds) {
        ct_note_seen(note, d, m->seen_ms, CT_HOUR);
        ct_put_field(box, 0, 1, box.cols - 1, -1, CT_ROLE_DIM,
                     CT_LIT("no GPU offer recorded yet: the first lists bring them"));
        return;
    }
    if (box.rows < 3 || (box.cols < 58 && box.rows < 5)) {
        draw_lines(m, state, d, box);
        return;
    }
    /* Where rows are dear the legend stands at the right, a word beside each line. */
    static const char *const words[] = {"A avail", "L low", "N none", "- unsold", "? listed"};
    bool beside = box.rows < 7 && box.cols >= 60;
    int legend = beside ? 9 : 0;
    for (int y = 0; beside && y < box.rows && y < (int)CT_LEN(words); y++)
        ct_puts(box, y, box.cols - legend + 1, CT_ROLE_DIM, words[y]);
    struct grid g = lay_out(m, state, box.rows - 1 - !beside, box.cols - legend);
    ((struct state *)state)->flipped = g.flipped;
    bool foot = !beside && (box.rows > g.n_down + 1 || box.rows >= 6);
    add_note(m, &g, box.rows - foot - 1, (box.cols - legend - g.name - 2) / (g.width + 1), d, box.cols, note);
    if (foot)
        ct_put_field(box, box.rows - 1, 1, box.cols - 1, -1, CT_ROLE_DIM,
                     ct_span(box.cols > 50 ? wide : narrow));
    draw_grid(m, &g, d->query->unit, d, ct_box_sub(box, 0, 0, box.rows - foot, box.cols - legend));
}

/* ---- keys ---- */

/* A cell stands for its cheapest offer. */
static enum ct_act_result act_on_cell(const struct state *s, const struct model *m,
                                      enum ct_action action, struct ct_frame_request *req)
{
    if (s->gpu >= (int)m->n_gpus || s->cloud >= (int)m->n_clouds)
        return CT_ACT_IGNORED;
    const struct cell *c = &m->cells[(size_t)s->gpu * m->n_clouds + (size_t)s->cloud];
    switch (c->best ? action : CT_ACT_NONE) {
    case CT_ACT_HISTORY: req->kind = CT_REQ_HISTORY; break;
    case CT_ACT_COMPARE: req->kind = CT_REQ_COMPARE; break;
    case CT_ACT_WATCH: req->kind = CT_REQ_WATCH; break;
    case CT_ACT_DETAIL: req->kind = CT_REQ_DETAIL; break;
    default: return CT_ACT_IGNORED;
    }
    snprintf(req->text, sizeof(req->text), "%.*s", CT_FMT(c->best->series));
    return CT_ACT_DRAW;
}

static enum ct_act_result act(void *state, const void *model, enum ct_action action, int letter,
                              struct ct_panel_query *q, struct ct_frame_request *req)
{
    struct state *s = state;
    const struct model *m = model;
    (void)letter;
    if (m && m->priced && action == CT_ACT_GROUP) {
        snprintf(q->group, sizeof(q->group), "%s", purchase_of(q) == CT_PURCHASE_OD ? "spot" : "od");
        return CT_ACT_LOAD;
    }
    if (!m || !m->n_gpus || !m->n_clouds)
        return CT_ACT_IGNORED;
    int *down = s->flipped ? &s->cloud : &s->gpu, *across = s->flipped ? &s->gpu : &s->cloud;
    switch (action) {
    case CT_ACT_ROW_DOWN: ++*down; break;
    case CT_ACT_ROW_UP: --*down; break;
    case CT_ACT_COL_RIGHT: ++*across; break;
    case CT_ACT_COL_LEFT: --*across; break;
    case CT_ACT_UNITS: q->unit = m->priced ? (q->unit + 1) % ((int)CT_LEN(unit_words) - 1) : 0; break;
    case CT_ACT_TOP: *down = 0; break;
    case CT_ACT_BOTTOM: *down = MOST; break;
    default: return act_on_cell(s, m, action, req);
    }
    s->gpu = s->gpu < 0 ? 0 : s->gpu >= (int)m->n_gpus ? (int)m->n_gpus - 1 : s->gpu;
    s->cloud = s->cloud < 0 ? 0 : s->cloud >= (int)m->n_clouds ? (int)m->n_clouds - 1 : s->cloud;
    return CT_ACT_DRAW;
}

const struct ct_panel_ops ct_panel_capacity = {
    .id = "capacity", .title = "Capacity", .keys = CT_KEYS_TABLE, .made_of = CT_ROWS_OFFERS,
    .state_size = sizeof(struct state), .detail = &ct_panel_detail, .load = load, .draw = draw,
    .act = act, .rows = rows, .exported = &cell_table,
};

const struct ct_panel_ops ct_panel_matrix = {
    .id = "matrix", .title = "GPUs x clouds", .keys = CT_KEYS_TABLE,
    .state_size = sizeof(struct state), .detail = &ct_panel_detail, .load = load_priced, .units = unit_words,
    .draw = draw, .act = act, .rows = rows, .exported = &cell_table,
};
