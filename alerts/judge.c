/* Rows of the reader's tables as facts: what each is about, whether it can be believed, and whether a
 * rule's condition holds. */
#include "config.h"

#include "alerts/rules_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LOWS 200 /* series whose past is read for one low() */

/* ---- the tables ---- */

/* Labels in the order of their keys, as callers give them; empty ones are left out. */
static struct ct_span labels(struct ct_arena *a, size_t n, const char *const *keys,
                             const struct ct_span *values)
{
    struct ct_buf b = CT_BUF_INIT;
    for (size_t i = 0; i < n; i++)
        if (values[i].n)
            ct_buf_addf(&b, "%s%s=%.*s", b.n ? "\x1f" : "", keys[i], CT_FMT(values[i]));
    struct ct_span out = ct_arena_dup(a, ct_buf_span(&b));
    ct_buf_free(&b);
    return out.p ? out : CT_LIT("");
}
#define LABELS(a, keys, ...)                                                                       \
    labels(a, CT_LEN(keys), keys, (const struct ct_span[CT_LEN(keys)]){__VA_ARGS__})

static bool unread(int freshness)
{
    return freshness >= CT_STALE;
}

static struct ct_span word_of(const char *const *words, int i)
{
    return i < 0 ? CT_SPAN_NONE : ct_span(words[i]);
}

static void describe_status(const void *row, struct ct_arena *a, struct ct_judged *out)
{
    static const char *const keys[] = {"provider", "scope", "source"};
    const struct ct_status_row *s = row;
    const struct ct_incident_row *i = s->incidents.v;
    out->subject = s->scope.n && s->provider.n
                       ? ct_arena_printf(a, "%.*s/%.*s", CT_FMT(s->provider), CT_FMT(s->scope))
                   : s->provider.n ? s->provider
                                   : s->source;
    out->provider = s->provider.n ? s->provider : s->source;
    out->labels = LABELS(a, keys, s->provider, s->scope, s->source);
    out->text = ct_arena_printf(a, "%s%s%.*s", ct_state_words[s->state],
                                s->incidents.n || s->reason.n ? ": " : "",
                                CT_FMT(s->incidents.n ? i->title : s->reason));
    out->url = s->incidents.n ? i->url : CT_SPAN_NONE;
    out->fact.level = s->state;
    out->fact.seen_ms = s->seen_ms;
    out->value = s->state;
    out->value_name = "state";
    if (s->state == CT_STATE_UNKNOWN || unread(s->freshness))
        out->fact.truth = CT_TRUTH_UNKNOWN;
}

static void describe_component(const void *row, struct ct_arena *a, struct ct_judged *out)
{
    static const char *const keys[] = {"component", "group", "id", "provider", "region", "source"};
    const struct ct_component_row *c = row;
    out->subject = ct_arena_printf(a, "%.*s/%.*s", CT_FMT(c->provider.n ? c->provider : c->source),
                                   CT_FMT(c->name.n ? c->name : c->id));
    out->provider = c->provider.n ? c->provider : c->source;
    out->labels = LABELS(a, keys, c->name, c->group, c->id, c->provider, c->region, c->source);
    out->text = word_of(ct_state_words, c->state);
    out->fact.level = c->state;
    out->fact.seen_ms = c->seen_ms;
    out->value = c->state;
    out->value_name = "state";
    if (c->state == CT_STATE_UNKNOWN)
        out->fact.truth = CT_TRUTH_UNKNOWN;
}

static void describe_offer(const void *row, struct ct_arena *a, struct ct_judged *out)
{
    static const char *const keys[] = {"cloud",    "form",   "gpu",    "instance", "provider",
                                       "purchase", "region", "series", "source"};
    const struct ct_offer_row *o = row;
    char price[CT_DECIMAL_MAX];
    ct_price_format(price, o->usd_per_gpu_hour);
    out->subject = o->key.n ? o->key : o->series;
    out->provider = o->offer.cloud;
    out->series = o->series;
    out->labels = LABELS(a, keys, o->offer.cloud, o->offer.form, o->offer.gpu, o->offer.instance,
                         o->offer.cloud, word_of(ct_purchase_words, o->offer.purchase),
                         o->offer.region, o->series, o->source);
    out->text = ct_arena_printf(a, "%s $/GPU.h, %s", price, ct_stock_phrases[o->offer.stock < 0 ? 0 : o->offer.stock]);
    out->fact.seen_ms = o->seen_ms;
    out->value = o->usd_per_gpu_hour;
    out->value_digits = 9;
    out->value_name = "usd_per_gpu_hour";
    if (o->quarantined == 1 || o->gone == 1 || unread(o->freshness))
        out->fact.truth = CT_TRUTH_UNKNOWN;
}

static void describe_token(const void *row, struct ct_arena *a, struct ct_judged *out)
{
    static const char *const keys[] = {"cloud", "host",   "kind",   "lab",   "model",
                                       "provider", "region", "series", "source"};
    const struct ct_token_row *t = row;
    char price[CT_DECIMAL_MAX];
    ct_price_format(price, t->price.per_mtok);
    out->subject = ct_arena_printf(a, "%.*s %.*s %.*s", CT_FMT(t->price.host),
                                   CT_FMT(t->price.model.n ? t->price.model : t->price.source_id),
                                   CT_FMT(t->field));
    out->provider = t->price.host;
    out->series = t->series;
    out->labels = LABELS(a, keys, t->price.host, t->price.host,
                         word_of(ct_token_kind_words, t->price.kind), t->price.lab, t->price.model,
                         t->price.host, t->price.region, t->series, t->source);
    out->text = ct_arena_printf(a, "%s $/1M %.*s", price, CT_FMT(t->field));
    out->fact.seen_ms = t->seen_ms;
    out->value = t->price.per_mtok;
    out->value_digits = 9;
    out->value_name = "usd_per_mtok";
    if (t->suspect == 1 || t->gone == 1 || unread(t->freshness))
        out->fact.truth = CT_TRUTH_UNKNOWN;
}

/* A model at a host: rows of all kinds and regions are one instance. */
static void describe_model(const void *row, struct ct_arena *a, struct ct_judged *out)
{
    static const char *const keys[] = {"cloud", "host", "lab", "model", "provider"};
    const struct ct_token_row *t = row;
    describe_token(row, a, out);
    struct ct_span model = t->price.model.n ? t->price.model : t->price.source_id;
    out->subject = ct_arena_printf(a, "%.*s/%.*s", CT_FMT(t->price.host), CT_FMT(model));
    out->series = CT_SPAN_NONE;
    out->labels = LABELS(a, keys, t->price.host, t->price.host, t->price.lab, model, t->price.host);
    if (t->price.retires_ms != CT_NONE) {
        char when[CT_TIME_MAX];
        ct_time_format(when, t->price.retires_ms);
        out->text = ct_arena_printf(a, "retires %.10s", when);
    }
}

static void describe_source(const void *row, struct ct_arena *a, struct ct_judged *out)
{
    static const char *const keys[] = {"family", "provider", "source"};
    const struct ct_source_row *s = row;
    out->subject = s->id;
    out->provider = s->provider.n ? s->provider : s->id;
    out->labels = LABELS(a, keys, s->family, s->provider, s->id);
    out->text = ct_arena_printf(a, "%s%s%.*s", ct_freshness_words[s->state], s->error.n ? ": " : "",
                                CT_FMT(s->error));
    out->url = s->url;
    out->fact.seen_ms = s->last_attempt_ms;
    out->value = s->age_s;
    out->value_name = "age_s";
    out->early = s->last_success_ms == CT_NONE && s->failures < 3; /* nobody can say yet that it has stopped */
    if (s->state == CT_OFF || s->state == CT_WAITING)
        out->fact.truth = CT_TRUTH_UNKNOWN;
}

static struct ct_span offer_series(const void *row)
{
    return ((const struct ct_offer_row *)row)->series;
}
static int64_t offer_price(const void *row)
{
    return ((const struct ct_offer_row *)row)->usd_per_gpu_hour;
}
static struct ct_span token_series(const void *row)
{
    return ((const struct ct_token_row *)row)->series;
}
static int64_t token_price(const void *row)
{
    return ((const struct ct_token_row *)row)->price.per_mtok;
}

const struct ct_target_ops ct_targets[CT_N_TARGETS] = {
    [CT_ON_STATUS] = {.word = "status",
                      .table = &ct_status_table,
                      .load = ct_read_status,
                      .one = "a provider",
                      .describe = describe_status},
    [CT_ON_COMPONENTS] = {.word = "components",
                          .table = &ct_component_table,
                          .load = ct_read_components,
                          .one = "a component",
                          .describe = describe_component},
    [CT_ON_GPUS] = {.word = "gpus",
                    .table = &ct_offer_table,
                    .load = ct_read_offers,
                    .one = "a GPU offer",
                    .describe = describe_offer,
                    .series = offer_series,
                    .price = offer_price},
    [CT_ON_TOKENS] = {.word = "tokens",
                      .table = &ct_token_table,
                      .load = ct_read_tokens,
                      .one = "a token price",
                      .describe = describe_token,
                      .series = token_series,
                      .price = token_price},
    [CT_ON_MODELS] = {.word = "models",
                      .table = &ct_token_table,
                      .load = ct_read_tokens,
                      .one = "a model at a host",
                      .describe = describe_model,
                      .series = token_series,
                      .price = token_price},
    [CT_ON_SOURCES] = {.word = "sources",
                       .table = &ct_source_table,
                       .load = ct_read_sources,
                       .one = "a source",
                       .describe = describe_source},
};

/* ---- looks ---- */

/* A table as of a moment, and (for change over a span) its prices by series and source. */
struct past {
    ct_load_fn *load;
    int64_t at_ms;
    struct ct_rows rows;
    const void **sorted; /* by series and source */
};

struct ct_look {
    struct ct_reader *r;
    struct ct_arena *a;
    int64_t at_ms, now_ms;
    CT_VEC(struct past) tables;
};

struct ct_look *ct_look_new(struct ct_reader *r, int64_t at_ms, int64_t now_ms)
{
    struct ct_look *l = ct_xcalloc(1, sizeof *l);
    *l = (struct ct_look){.r = r, .a = ct_arena_new(0), .at_ms = at_ms, .now_ms = now_ms};
    return l;
}

void ct_look_free(struct ct_look *l)
{
    if (!l)
        return;
    ct_arena_free(l->a);
    free(l);
}

static int64_t moment(const struct ct_look *l)
{
    return l->at_ms == CT_LIVE ? l->now_ms : l->at_ms;
}

static enum ct_status look_at(struct ct_look *l, ct_load_fn *load, int64_t at_ms, struct past **out,
                              struct ct_error *err)
{
    for (size_t i = 0; i < l->tables.n; i++)
        if (l->tables.v[i].load == load && l->tables.v[i].at_ms == at_ms) {
            *out = &l->tables.v[i];
            return CT_OK;
        }
    struct ct_query q = {.at_ms = at_ms, .now_ms = l->now_ms};
    struct past p = {.load = load, .at_ms = at_ms};
    enum ct_status st = load(l->r, &q, l->a, &p.rows, err);
    if (st != CT_OK)
        return st;
    *CT_VEC_PUSH(l->a, &l->tables) = p;
    *out = &l->tables.v[l->tables.n - 1];
    return CT_OK;
}

/* ---- prices then and now ---- */

static const struct ct_target_ops *sorting; /* qsort has no context; one thread */

static struct ct_span source_of(const struct ct_target_ops *t, const void *row)
{
    return t->series == offer_series ? ((const struct ct_offer_row *)row)->source
                                     : ((const struct ct_token_row *)row)->source;
}

static int by_series(const void *a, const void *b)
{
    const void *const *x = a, *const *y = b;
    int order = ct_span_cmp(sorting->series(*x), sorting->series(*y));
    return order ? order : ct_span_cmp(source_of(sorting, *x), source_of(sorting, *y));
}

/* The price of ROW's series at P's moment; CT_NONE: there was none, or it cannot be believed. */
static int64_t price_then(struct ct_look *l, const struct ct_target_ops *t, struct past *p,
                          const void *row)
{
    sorting = t;
    if (!p->sorted && p->rows.n) {
        p->sorted = ct_arena_alloc(l->a, p->rows.n * sizeof *p->sorted);
        for (size_t i = 0; i < p->rows.n; i++)
            p->sorted[i] = ct_row(t->table, p->rows, i);
        qsort(p->sorted, p->rows.n, sizeof *p->sorted, by_series);
    }
    const void **hit =
        p->rows.n ? bsearch(&row, p->sorted, p->rows.n, sizeof *p->sorted, by_series) : NULL;
    if (!hit)
        return CT_NONE;
    struct ct_judged j = {.fact.truth = CT_TRUTH_FALSE};
    struct ct_arena *scratch = ct_arena_new(0);
    t->describe(*hit, scratch, &j);
    ct_arena_free(scratch);
    return j.fact.truth == CT_TRUTH_UNKNOWN ? CT_NONE : t->price(*hit);
}

/* A correction of wrong data is no change: nobody is told. */
static bool corrected(const struct ct_target_ops *t, int64_t was, int64_t is)
{
    return was != CT_NONE && is != CT_NONE && ct_is_correction(was, is, t->price == token_price);
}

static enum ct_truth changed(enum ct_change_way way, int64_t limit, int64_t pct)
{
    if (pct == CT_NONE)
        return CT_TRUTH_UNKNOWN;
    bool up = pct > limit, down = -pct > limit;
    bool is = way == CT_CHANGE_UP ? up : way == CT_CHANGE_DOWN ? down : up || down;
    return is ? CT_TRUTH_TRUE : CT_TRUTH_FALSE;
}

/* The lowest of the span, and not merely unchanged. */
static enum ct_status is_low(struct ct_look *l, const struct ct_when *w,
                             const struct ct_target_ops *t, const void *row, enum ct_truth *out,
                             struct ct_error *err)
{
    int64_t now = t->price(row), low = CT_NONE, high = CT_NONE;
    struct ct_query q = {.at_ms = l->at_ms,
                         .now_ms = l->now_ms,
                         .subject = t->series(row),
                         .whole = true,
                         .from_ms = moment(l) - w->low_ms,
                         .to_ms = moment(l)};
    struct ct_rows rows;
    *out = CT_TRUTH_UNKNOWN;
    enum ct_status st = ct_read_history(l->r, &q, l->a, &rows, err);
    if (st == CT_ERR_NOT_FOUND)
        return CT_OK;
    const struct ct_history *h = rows.v;
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        if (!ct_span_eq(h[i].source, source_of(t, row)))
            continue;
        const struct ct_point *p = h[i].points.v;
        for (size_t k = 0; k < h[i].points.n; k++) {
            if (p[k].suspect || p[k].min == CT_NONE || corrected(t, p[k].min, now) ||
                corrected(t, p[k].max, now))
                continue;
            low = low == CT_NONE || p[k].min < low ? p[k].min : low;
            high = high == CT_NONE || p[k].max > high ? p[k].max : high;
        }
    }
    if (st == CT_OK && low != CT_NONE && now != CT_NONE)
        *out = now <= low && high > now ? CT_TRUTH_TRUE : CT_TRUTH_FALSE;
    return st;
}

/* ---- one rule ---- */

struct asking {
    const struct ct_rule *rule;
    const struct ct_when *w;
    const struct ct_target_ops *t;
    struct ct_look *l;
    struct ct_filter *scope, *full, *relaxed, **watch;
    struct past *then;
    ct_rule_memory *memory;
    void *ctx;
    int lows;
    struct ct_error *err;
};

/* Rule id and sorted labels make an instance. */
static int64_t instance_id(const struct ct_rule *rule, struct ct_span labels_text)
{
    char head[160];
    int n = snprintf(head, sizeof head, "%s\x1e", rule->view.id);
    uint64_t h = ct_hash((struct ct_span){head, (size_t)n}) * UINT64_C(1099511628211);
    return (int64_t)((h ^ ct_hash(labels_text)) & UINT64_C(0xffffffffffff));
}

/* An item of [watch]: a series, a glob of them, or a filter of offers. */
static bool followed(const struct asking *k, const void *row)
{
    const struct ct_rules *all = k->rule->all;
    struct ct_judged j = {.fact.truth = CT_TRUTH_FALSE};
    if (!k->t->series) {
        k->t->describe(row, k->l->a, &j);
        for (size_t i = 0; i + 1 < all->providers.n; i++)
            if (ct_glob(ct_span(all->providers.v[i]), j.provider))
                return true;
        return all->providers.n == 0;
    }
    for (size_t i = 0; i + 1 < all->watch.n; i++)
        if (k->watch[i] ? ct_filter_match(k->watch[i], row)
                        : ct_glob(ct_span(all->watch.v[i]), k->t->series(row)))
            return true;
    return false;
}

/* Items of [watch] that are filters; NULL where one is a series or a glob, or is none of this table's. */
static void compile_watch(struct asking *k)
{
    const struct ct_rules *all = k->rule->all;
    k->watch = ct_arena_alloc(k->l->a, (all->watch.n + 1) * sizeof *k->watch);
    for (size_t i = 0; k->t->series && i + 1 < all->watch.n; i++) {
        struct ct_span item = ct_span(all->watch.v[i]);
        bool words = memchr(item.p, ' ', item.n) || memchr(item.p, ':', item.n);
        if (words && ct_filter_compile(k->t->table, item, moment(k->l), k->l->a, &k->watch[i],
                                       NULL) != CT_OK)
            k->watch[i] = NULL;
    }
}

static enum ct_truth both(enum ct_truth a, enum ct_truth b)
{
    if (a == CT_TRUTH_FALSE || b == CT_TRUTH_FALSE)
        return CT_TRUTH_FALSE;
    return a == CT_TRUTH_UNKNOWN || b == CT_TRUTH_UNKNOWN ? CT_TRUTH_UNKNOWN : CT_TRUTH_TRUE;
}

static enum ct_truth truth_of(bool is)
{
    return is ? CT_TRUTH_TRUE : CT_TRUTH_FALSE;
}

int ct_rule_latch(const struct ct_rule *rule, int64_t was, int latch, int64_t now)
{
    const struct ct_when *w = &rule->when;
    if (was == now)
        return latch;
    return was >= 0 && was < 64 && now < 64 && (w->from >> was & 1) && (w->to >> now & 1);
}

/* A->B: the last change of the value was this one. The value stays true until it changes again. */
static enum ct_truth latched(struct asking *k, const void *row, struct ct_judged *j)
{
    int value, latch = 0;
    int64_t was = CT_NONE;
    memcpy(&value, (const char *)row + k->w->from_column->off, sizeof value);
    bool unknown = value < 0 || (k->w->from_column->words == ct_stock_words && value == 0 &&
                                 !((k->w->from | k->w->to) & 1));
    if (unknown)
        return CT_TRUTH_UNKNOWN;
    j->tracked = value;
    if (k->memory)
        k->memory(k->ctx, j->id, &was, &latch);
    return truth_of(ct_rule_latch(k->rule, was, latch, value));
}

static enum ct_status judge_row(struct asking *k, const void *row, struct ct_judged *j)
{
    const struct ct_when *w = k->w;
    enum ct_truth truth = truth_of(ct_filter_match(k->full, row));
    enum ct_truth hold = truth_of(ct_filter_match(k->relaxed, row));
    enum ct_status st = CT_OK;
    bool unknown = j->early || (j->fact.truth == CT_TRUTH_UNKNOWN && !w->on_unknown);
    if (w->stale) {
        const struct ct_source_row *s = row;
        bool off = k->t->table == &ct_source_table && (s->state == CT_OFF || s->state == CT_WAITING);
        bool is = k->t->table == &ct_source_table ? unread(s->state) && !off
                                                  : j->fact.truth == CT_TRUTH_UNKNOWN;
        truth = both(truth, truth_of(is));
        hold = both(hold, truth_of(is));
    }
    if (w->from_column) {
        enum ct_truth t = unknown ? CT_TRUTH_UNKNOWN : latched(k, row, j);
        truth = both(truth, t);
        hold = both(hold, t);
    }
    if (w->change && !unknown) {
        int64_t was = price_then(k->l, k->t, k->then, row), is = k->t->price(row);
        int64_t pct = corrected(k->t, was, is) ? CT_NONE : ct_pct_change(was, is);
        truth = both(truth, changed(w->change, w->change_milli, pct));
        hold = both(hold, changed(w->change, w->change_relaxed, pct));
    }
    if (w->retires_ms) {
        int64_t at = ((const struct ct_token_row *)row)->price.retires_ms;
        enum ct_truth t = truth_of(at != CT_NONE && at - moment(k->l) < w->retires_ms);
        truth = both(truth, t);
        hold = both(hold, t);
    }
    if (w->low_ms && !unknown && hold == CT_TRUTH_TRUE && k->lows++ < MOST_LOWS) {
        enum ct_truth t;
        st = is_low(k->l, w, k->t, row, &t, k->err);
        truth = both(truth, t);
        hold = both(hold, t);
    }
    j->fact.truth = unknown ? CT_TRUTH_UNKNOWN : truth;
    j->fact.hold = unknown ? CT_TRUTH_UNKNOWN : hold;
    if (j->fact.truth == CT_TRUTH_UNKNOWN)
        j->fact.seen_ms = CT_NONE;
    return st;
}

/* Of several rows of one instance (models) the one that is true counts, then one that is unknown. */
static void merge(struct ct_judged *into, const struct ct_judged *j)
{
    static const int rank[] = {[CT_TRUTH_FALSE] = 0, [CT_TRUTH_UNKNOWN] = 1, [CT_TRUTH_TRUE] = 2};
    if (rank[j->fact.truth] > rank[into->fact.truth])
        *into = *j;
}

static enum ct_status prepare(struct asking *k, struct past **now, struct ct_error *err)
{
    struct ct_look *l = k->l;
    enum ct_status st = look_at(l, k->t->load, l->at_ms, now, err);
    if (st == CT_OK && k->w->change)
        st = look_at(l, k->t->load, moment(l) - k->w->change_over_ms, &k->then, err);
    if (st == CT_OK) /* the first may have moved */
        st = look_at(l, k->t->load, l->at_ms, now, err);
    const char *const texts[] = {k->w->scope, k->w->full, k->w->relaxed};
    struct ct_filter **const filters[] = {&k->scope, &k->full, &k->relaxed};
    for (size_t i = 0; st == CT_OK && i < CT_LEN(texts); i++)
        st = ct_filter_compile(k->t->table, ct_span(texts[i]), moment(l), l->a, filters[i], err);
    compile_watch(k);
    return st;
}

static struct ct_judged *place_of(struct ct_judged *v, size_t n, const struct ct_judged *j,
                                  bool merges)
{
    for (size_t i = n; merges && i-- > 0;)
        if (v[i].id == j->id)
            return &v[i];
    return NULL;
}

enum ct_status ct_rule_judge(const struct ct_rule *rule, struct ct_look *l, ct_rule_memory *memory,
                             void *ctx, struct ct_judged **out, size_t *n, struct ct_error *err)
{
    struct asking k = {.rule = rule,
                       .w = &rule->when,
                       .t = &ct_targets[rule->when.target],
                       .l = l,
                       .memory = memory,
                       .ctx = ctx,
                       .err = err};
    CT_VEC(struct ct_judged) v = {NULL, 0, 0};
    struct past *now = NULL;
    enum ct_status st = prepare(&k, &now, err);
    struct ct_rows rows = st == CT_OK ? now->rows : (struct ct_rows){NULL, 0};
    for (size_t i = 0; st == CT_OK && i < rows.n; i++) {
        const void *row = ct_row(k.t->table, rows, i);
        struct ct_judged j = {.tracked = CT_NONE, .value = CT_NONE, .fact.truth = CT_TRUTH_FALSE};
        if (!ct_filter_match(k.scope, row) || (k.w->watch && !followed(&k, row)))
            continue;
        k.t->describe(row, l->a, &j);
        j.id = instance_id(rule, j.labels);
        st = judge_row(&k, row, &j);
        struct ct_judged *old = place_of(v.v, v.n, &j, k.w->target == CT_ON_MODELS);
        if (old)
            merge(old, &j);
        else
            *CT_VEC_PUSH(l->a, &v) = j;
    }
    *out = v.v;
    *n = v.n;
    return st;
}
