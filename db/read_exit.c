/* The exit: who sells the same as a place that is in trouble, and is well. Unknown is not well, listed is not
 * available, and what is old says nothing. */
#include "db/columns.h"
#include "db/reader.h"

#include <stdlib.h>

#define ROW struct ct_exit_row
static const struct ct_column exit_columns[] = {
    COL(TEXT, "kind", kind),
    COL(TEXT, "what", what, SEARCH, ALIAS("gpu model")),
    COL(TEXT, "cloud", cloud, SEARCH, ALIAS("host provider")),
    COL(TEXT, "region", region, SEARCH),
    COL(TEXT, "instance", instance, SEARCH),
    ENUM("purchase", purchase, ct_purchase_words, SEARCH),
    COL(NANO, "price", price, ALIAS("input")),
    COL(NANO, "output", output),
    COL(TEXT, "unit", unit),
    COL(MILLI, "difference_pct", diff_milli, ALIAS("difference diff")),
    ENUM("stock", stock, ct_stock_words),
    COL(INT, "age_s", age_s, ALIAS("age")),
    ENUM("state", state, ct_state_words, FLAGS(CT_COL_RANKED)),
    COL(INT, "state_age_s", state_age_s),
    COL(MILLI, "uptime_90d", uptime_90d_milli, ALIAS("uptime")),
    COL(INT, "incidents_90d", incidents_90d, ALIAS("incidents")),
    COL(TEXT, "series", series),
};
TABLE(ct_exit_table, "exit", ROW, exit_columns);
#undef ROW

struct search {
    struct ct_arena *arena;
    struct ct_span cloud, region; /* the place left */
    struct ct_span gpu, model;
    bool with_unknown;
    int64_t t;
    struct ct_rows status, incidents;
    CT_VEC(struct ct_exit_row) rows;  /* of places elsewhere, sorted out later */
    CT_VEC(struct ct_exit_row) here;  /* what the place left sells */
    struct ct_exit *out;
};

/* ---- names ---- */

/* The next letter or digit at *I, lower case; 0 at the end. */
static int next_letter(struct ct_span s, size_t *i)
{
    while (*i < s.n) {
        int c = (unsigned char)s.p[(*i)++];
        c = c >= 'A' && c <= 'Z' ? c + 32 : c;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            return c;
    }
    return 0;
}

static struct ct_span without_ai(struct ct_span s)
{
    size_t n = s.n;
    if (n > 3 && (s.p[n - 1] | 32) == 'i' && (s.p[n - 2] | 32) == 'a')
        n -= 2;
    return (struct ct_span){s.p, n};
}

bool ct_same_provider(struct ct_span a, struct ct_span b)
{
    size_t i = 0, k = 0;
    a = without_ai(a);
    b = without_ai(b);
    for (;;) {
        int x = next_letter(a, &i), y = next_letter(b, &k);
        if (x != y)
            return false;
        if (!x)
            return a.n > 0;
    }
}

static bool is_left(const struct search *s, struct ct_span cloud, struct ct_span region)
{
    struct ct_span rest = s->region;
    bool among = !s->region.n || !region.n;
    while (rest.p && !among)
        among = ct_span_ieq(region, ct_span_cut(&rest, ';'));
    return among && ct_same_provider(cloud, s->cloud);
}

/* ---- how a place is ---- */

struct health {
    int state;
    int64_t age_s, uptime_milli, incidents;
};

/* Trouble that its page puts in other regions only. */
static bool is_elsewhere(const struct ct_status_row *row, struct ct_span region)
{
    const struct ct_incident_row *inc = row->incidents.v;
    for (size_t i = 0; i < row->incidents.n; i++) {
        if (!inc[i].regions.n)
            return false;
        for (size_t k = 0; k < inc[i].regions.n; k++)
            if (ct_span_ieq(inc[i].regions.v[k], region))
                return false;
    }
    return region.n && row->incidents.n > 0;
}

static struct health health_of(const struct search *s, struct ct_span cloud, struct ct_span region)
{
    struct health h = {-1, CT_NONE, CT_NONE, CT_NONE};
    const struct ct_status_row *row = s->status.v;
    const struct ct_incident_row *inc = s->incidents.v;
    for (size_t i = 0; i < s->status.n; i++) {
        if (!ct_same_provider(row[i].provider, cloud))
            continue;
        int state = row[i].freshness > CT_LATE         ? CT_STATE_UNKNOWN
                    : is_elsewhere(&row[i], region) ? CT_STATE_OPERATIONAL
                                                    : row[i].state;
        h.state = state > h.state ? state : h.state;
        if (row[i].age_s != CT_NONE && (h.age_s == CT_NONE || row[i].age_s > h.age_s))
            h.age_s = row[i].age_s;
        int64_t up = row[i].uptime_90d_milli;
        if (up != CT_NONE && (h.uptime_milli == CT_NONE || up < h.uptime_milli))
            h.uptime_milli = up;
    }
    if (h.state < 0)
        h.state = CT_STATE_UNKNOWN; /* it has no page we read */
    else
        h.incidents = 0;
    for (size_t i = 0; i < s->incidents.n; i++) {
        int64_t began = inc[i].started_ms != CT_NONE ? inc[i].started_ms : inc[i].first_seen_ms;
        if (inc[i].scheduled_for_ms == CT_NONE && began >= s->t - 90 * CT_DAY &&
            h.incidents != CT_NONE && ct_same_provider(inc[i].provider, cloud))
            h.incidents++;
    }
    return h;
}

/* ---- what is sold ---- */

static struct ct_exit_row *place_row(struct search *s, struct ct_span cloud, struct ct_span region)
{
    return is_left(s, cloud, region) ? CT_VEC_PUSH(s->arena, &s->here)
                                     : CT_VEC_PUSH(s->arena, &s->rows);
}

bool ct_names_gpu(struct ct_span asked, struct ct_span what)
{
    size_t i = 0, k = 0;
    for (;;) {
        int x = next_letter(asked, &i), y = next_letter(what, &k);
        if (!x) /* a whole number or word: "h10" is no H100 */
            return !y || k == 1 || what.p[k - 2] == '-' || what.p[k - 2] == ' ';
        if (x != y)
            return false;
    }
}

struct ct_span ct_gpu_name(struct ct_arena *a, const struct ct_offer *o)
{
    struct ct_buf name = CT_BUF_INIT;
    ct_buf_add(&name, o->gpu);
    if (o->form.n)
        ct_buf_addf(&name, "-%.*s", CT_FMT(o->form));
    if (o->gpu_mem_milli != CT_NONE)
        ct_buf_addf(&name, "-%lld", (long long)(o->gpu_mem_milli / 1000));
    struct ct_span kept = ct_arena_dup(a, ct_buf_span(&name));
    ct_buf_free(&name);
    return kept;
}

static void take_offer(struct search *s, const struct ct_offer_row *o)
{
    struct ct_span what = ct_gpu_name(s->arena, &o->offer);
    if (!o->offer.gpu.n || !o->offer.cloud.n || o->gone == 1 || o->quarantined == 1 ||
        o->usd_per_gpu_hour == CT_NONE || (s->gpu.n && !ct_names_gpu(s->gpu, what)))
        return;
    bool left = is_left(s, o->offer.cloud, o->offer.region);
    if (!left && o->freshness > CT_LATE) {
        s->out->old++;
        return;
    }
    if (!left && o->offer.stock == CT_STOCK_NONE) {
        s->out->out++;
        return;
    }
    struct ct_exit_row *row = place_row(s, o->offer.cloud, o->offer.region);
    if (row)
        *row = (struct ct_exit_row){.kind = CT_LIT("gpu"),
                                    .unit = CT_LIT("USD/gpu.h"),
                                    .what = what,
                                    .cloud = o->offer.cloud,
                                    .region = o->offer.region,
                                    .instance = o->offer.instance,
                                    .purchase = o->offer.purchase,
                                    .price = o->usd_per_gpu_hour,
                                    .output = CT_NONE,
                                    .stock = o->offer.stock < 0 ? CT_STOCK_UNKNOWN : o->offer.stock,
                                    .age_s = o->age_s,
                                    .series = o->series};
}

bool ct_names_model(struct ct_span asked, const struct ct_token_price *p)
{
    struct ct_span lab = CT_SPAN_NONE, model = asked;
    if (memchr(asked.p, '/', asked.n))
        lab = ct_span_cut(&model, '/');
    return ct_span_ieq(model, p->model) && (!lab.n || ct_span_ieq(lab, p->lab));
}

static void take_price(struct search *s, const struct ct_token_row *t)
{
    const struct ct_token_price *p = &t->price;
    bool in = p->kind == CT_KIND_INPUT, out = p->kind == CT_KIND_OUTPUT;
    if ((!in && !out) || !p->model.n || !p->lab.n || !p->host.n || t->gone == 1 || t->suspect == 1 ||
        p->per_mtok == CT_NONE || (p->tier.n && !ct_span_is(p->tier, "standard")) ||
        (s->model.n && !ct_names_model(s->model, p)))
        return;
    if (!is_left(s, p->host, p->region) && t->freshness > CT_LATE) {
        s->out->old++;
        return;
    }
    struct ct_exit_row *row = place_row(s, p->host, p->region);
    if (row)
        *row = (struct ct_exit_row){
            .kind = CT_LIT("model"),
            .what = ct_arena_printf(s->arena, "%.*s/%.*s", CT_FMT(p->lab), CT_FMT(p->model)),
            .cloud = p->host,
            .region = p->region,
            .purchase = -1,
            .price = in ? p->per_mtok : CT_NONE,
            .output = out ? p->per_mtok : CT_NONE,
            .unit = CT_LIT("USD/Mtok"),
            .stock = -1,
            .age_s = t->age_s,
            .series = t->series};
}

/* ---- from all that is sold to one row a place ---- */

static int by_thing(const struct ct_exit_row *x, const struct ct_exit_row *y)
{
    int way = ct_span_cmp(x->kind, y->kind);
    if (way == 0)
        way = ct_span_cmp(x->what, y->what);
    return way ? way : (x->purchase > y->purchase) - (x->purchase < y->purchase);
}

int ct_by_number(int64_t x, int64_t y)
{
    if (x == CT_NONE || y == CT_NONE)
        return (x == CT_NONE) - (y == CT_NONE);
    return (x > y) - (x < y);
}

static int by_place(const void *a, const void *b)
{
    const struct ct_exit_row *x = a, *y = b;
    int way = by_thing(x, y);
    if (way == 0)
        way = ct_span_cmp(x->cloud, y->cloud);
    if (way == 0)
        way = ct_span_cmp(x->region, y->region);
    return way ? way : ct_by_number(x->price, y->price);
}

static int by_price(const void *a, const void *b)
{
    const struct ct_exit_row *x = a, *y = b;
    int way = ct_by_number(x->price, y->price);
    return way ? way : by_place(a, b);
}

static int by_thing_and_price(const void *a, const void *b)
{
    int way = by_thing(a, b);
    return way ? way : by_price(a, b);
}

/* One row a thing and place of the N at ROWS: the cheapest, what is to be had before what is only listed. Returns
 * how many. */
static size_t one_a_place(struct ct_exit_row *rows, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(rows, n, sizeof *rows, by_place);
    for (size_t i = 0; i < n; i++) {
        struct ct_exit_row *last = kept ? &rows[kept - 1] : NULL;
        bool same = last && by_thing(last, &rows[i]) == 0 &&
                    ct_span_eq(last->cloud, rows[i].cloud) &&
                    ct_span_eq(last->region, rows[i].region);
        if (!same) {
            rows[kept++] = rows[i];
            continue;
        }
        if (last->stock < 0 && rows[i].output != CT_NONE &&
            (last->output == CT_NONE || rows[i].output < last->output))
            last->output = rows[i].output;
        if (last->stock >= 0 && rows[i].stock > last->stock)
            *last = rows[i];
    }
    return kept;
}

/* The cheapest of ROW's thing at the place left; CT_NONE. */
static ct_nusd price_here(const struct search *s, const struct ct_exit_row *row)
{
    ct_nusd least = CT_NONE;
    for (size_t i = 0; i < s->here.n; i++)
        if (by_thing(&s->here.v[i], row) == 0 && ct_by_number(s->here.v[i].price, least) < 0)
            least = s->here.v[i].price;
    return least;
}

static bool is_sold_here(const struct search *s, const struct ct_exit_row *row)
{
    for (size_t i = 0; i < s->here.n; i++)
        if (ct_span_eq(s->here.v[i].kind, row->kind) && ct_span_eq(s->here.v[i].what, row->what))
            return true;
    return false;
}

static void keep_the_well(struct search *s)
{
    size_t n = one_a_place(s->rows.v, s->rows.n), kept = 0;
    struct health h = {0};
    const struct ct_exit_row *of = NULL; /* whose health H is */
    bool named = s->gpu.n || s->model.n;
    for (size_t i = 0; i < n; i++) {
        struct ct_exit_row row = s->rows.v[i];
        if (!is_sold_here(s, &row) && !named)
            continue;
        if (!of || !ct_span_eq(of->cloud, row.cloud) || !ct_span_eq(of->region, row.region))
            h = health_of(s, row.cloud, row.region);
        of = &s->rows.v[i];
        bool unknown = h.state == CT_STATE_UNKNOWN;
        s->out->unknown += unknown;
        s->out->unwell += !unknown && h.state != CT_STATE_OPERATIONAL;
        if (unknown ? !s->with_unknown : h.state != CT_STATE_OPERATIONAL)
            continue;
        ct_nusd here = price_here(s, &row);
        row.diff_milli = here == CT_NONE || row.price == CT_NONE ? CT_NONE
                                                                 : ct_pct_change(here, row.price);
        row.state = h.state;
        row.state_age_s = h.age_s;
        row.uptime_90d_milli = h.uptime_milli;
        row.incidents_90d = h.incidents;
        s->rows.v[kept++] = row;
    }
    if (kept)
        qsort(s->rows.v, kept, sizeof *s->rows.v, named ? by_price : by_thing_and_price);
    s->out->rows = (struct ct_rows){s->rows.v, kept};
}

enum ct_status ct_read_exit(struct ct_reader *r, const struct ct_query *q, struct ct_span place,
                            struct ct_span gpu, struct ct_span model, bool with_unknown,
                            struct ct_arena *a, struct ct_exit *out, struct ct_error *err)
{
    struct search s = {.arena = a, .gpu = gpu, .model = model, .with_unknown = with_unknown,
                       .t = q->at_ms == CT_LIVE ? q->now_ms : q->at_ms, .out = out};
    struct ct_query all = {.at_ms = q->at_ms, .now_ms = q->now_ms};
    struct ct_rows offers = {NULL, 0}, tokens = {NULL, 0};
    bool any = !gpu.n && !model.n;
    *out = (struct ct_exit){.rows = {NULL, 0}};
    s.cloud = ct_span_cut(&place, '/');
    s.region = place;
    enum ct_status status = ct_read_status(r, &all, a, &s.status, err);
    if (status == CT_OK && (any || gpu.n))
        status = ct_read_offers(r, &all, a, &offers, err);
    if (status == CT_OK && (any || model.n))
        status = ct_read_tokens(r, &all, a, &tokens, err);
    all.gone = true; /* closed incidents count too */
    if (status == CT_OK)
        status = ct_read_incidents(r, &all, a, &s.incidents, err);
    for (size_t i = 0; status == CT_OK && i < offers.n; i++)
        take_offer(&s, &((const struct ct_offer_row *)offers.v)[i]);
    for (size_t i = 0; status == CT_OK && i < tokens.n; i++)
        take_price(&s, &((const struct ct_token_row *)tokens.v)[i]);
    if (status != CT_OK)
        return status;
    s.here.n = one_a_place(s.here.v, s.here.n);
    out->things = s.here.n;
    keep_the_well(&s);
    return ct_arena_full(a) ? ct_fail(err, CT_ERR_LIMIT, "exit", NULL) : CT_OK;
}
