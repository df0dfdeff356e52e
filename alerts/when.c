/* The condition of a rule: a table, the filter language, and a few words of its own. */
#include "config.h"

#include "alerts/rules_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NEEDS "begins with what it is about: status, components, gpus, tokens, models or sources"

struct compile {
    struct ct_arena *a;
    struct ct_when *w;
    const struct ct_table *table;
    int64_t rearm_milli;
    struct ct_buf scope, full, relaxed;
    struct ct_error *err;
};

static char *keep(struct ct_arena *a, const struct ct_buf *b)
{
    return (char *)(uintptr_t)ct_arena_printf(a, "%s", b->n ? b->p : "").p;
}

/* The next word; blanks inside quotes belong to it. Null at the end. */
static struct ct_span next_word(struct ct_span *rest)
{
    struct ct_span s = ct_span_trim(*rest);
    bool quoted = false;
    size_t n = 0;
    if (!s.n)
        return CT_SPAN_NONE;
    for (; n < s.n && (quoted || !strchr(" \t\n", s.p[n])); n++)
        if (s.p[n] == '"')
            quoted = !quoted;
    *rest = (struct ct_span){s.p + n, s.n - n};
    return (struct ct_span){s.p, n};
}

CT_PRINTF(2, 3)
static enum ct_status wrong(struct compile *k, const char *fmt, ...)
{
    char what[300];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return ct_fail(k->err, CT_ERR_USAGE, "when", "%s", what);
}

static const char *find(struct ct_span s, const char *needle)
{
    size_t n = strlen(needle);
    for (size_t i = 0; i + n <= s.n; i++)
        if (memcmp(s.p + i, needle, n) == 0)
            return s.p + i;
    return NULL;
}

/* ---- FIELD:A->B ---- */

static uint64_t words_meant(const struct ct_column *c, struct ct_span list)
{
    uint64_t all = 0;
    while (list.p) {
        struct ct_span item = ct_span_cut(&list, ',');
        uint64_t bits = 0;
        for (int i = 0; item.n && c->words[i] && i < 64; i++) {
            struct ct_span word = ct_span(c->words[i]);
            struct ct_span head = {word.p, item.n < word.n ? item.n : word.n};
            bool state = c->words == ct_state_words;
            if (ct_span_ieq(item, word) || (state && ct_span_ieq(item, ct_span(ct_state_short(i)))))
                bits = UINT64_C(1) << i;
            else if (!bits && (ct_span_ieq(item, head) || ct_span_is(item, "*")))
                bits |= UINT64_C(1) << i;
            if (ct_span_ieq(item, word))
                break;
        }
        if (!bits)
            return 0;
        all |= bits;
    }
    return all;
}

static enum ct_status add_change_of(struct compile *k, struct ct_span word, const char *arrow)
{
    const char *colon = memchr(word.p, ':', word.n);
    struct ct_when *w = k->w;
    if (w->from_column)
        return wrong(k, "one A->B is enough for a rule");
    if (!colon || colon > arrow)
        return wrong(k, "\"%.*s\": say whose change it is, such as stock:N->A", CT_FMT(word));
    struct ct_span name = {word.p, (size_t)(colon - word.p)};
    w->from_column = ct_table_column(k->table, name);
    if (!w->from_column || w->from_column->type != CT_TYPE_ENUM)
        return wrong(k, "\"%.*s\" is no field with words here; state and stock have some",
                     CT_FMT(name));
    w->from = words_meant(w->from_column, (struct ct_span){colon + 1, (size_t)(arrow - colon) - 1});
    w->to = words_meant(w->from_column,
                        (struct ct_span){arrow + 2, (size_t)(word.p + word.n - arrow) - 2});
    if (!w->from || !w->to)
        return wrong(k, "\"%.*s\" has a word that %s does not know", CT_FMT(word),
                     w->from_column->name);
    w->from_text = (char *)(uintptr_t)ct_arena_dup(k->a, word).p;
    return CT_OK;
}

/* ---- change, low, retires ---- */

/* LIMIT moved by the share REARM to the side where less is true: up for "<", down for ">". */
static int64_t relax(int64_t limit, bool below, int64_t rearm_milli)
{
    int64_t size = limit < 0 ? -limit : limit, by = ct_muldiv(size, rearm_milli, 100000);
    return below ? limit + by : limit - by;
}

static enum ct_status add_change(struct compile *k, struct ct_span word, struct ct_span *rest)
{
    struct ct_when *w = k->w;
    struct ct_span value = {word.p + 6, word.n - 6};
    bool below = value.n && value.p[0] == '<';
    size_t skip = value.n > 1 && value.p[1] == '=' ? 2 : 1;
    bool sign = value.n > skip && (value.p[skip] == '+' || value.p[skip] == '-');
    char way = sign ? value.p[skip] : 0;
    skip += sign;
    if (!value.n || !strchr("<>", value.p[0]) || value.n <= skip || value.p[value.n - 1] != '%' ||
        (below && way != '-') || (!below && way == '-'))
        return wrong(k, "change>10%% (either way), change>+10%% (up), change<-10%% (down)");
    value = (struct ct_span){value.p + skip, value.n - skip - 1};
    if (ct_milli_parse(value, &w->change_milli) != CT_OK || w->change_milli <= 0)
        return wrong(k, "\"%.*s\" is no share in percent", CT_FMT(word));
    w->change = below ? CT_CHANGE_DOWN : way == '+' ? CT_CHANGE_UP : CT_CHANGE_EITHER;
    w->change_relaxed = relax(w->change_milli, false, k->rearm_milli);
    w->change_over_ms = CT_DAY;
    struct ct_span ahead = *rest, over = next_word(&ahead);
    if (!ct_span_is(over, "over"))
        return CT_OK;
    struct ct_span span = next_word(&ahead);
    *rest = ahead;
    if (!span.n || ct_duration_parse(span, &w->change_over_ms) != CT_OK ||
        w->change_over_ms < CT_MINUTE || w->change_over_ms > 366 * CT_DAY)
        return wrong(k, "over takes a length of time from 1m to 1y, such as 24h");
    return CT_OK;
}

static enum ct_status add_low(struct compile *k, struct ct_span word)
{
    struct ct_span span = {word.p + 4, word.n - 5};
    if (word.p[word.n - 1] != ')' || ct_duration_parse(span, &k->w->low_ms) != CT_OK ||
        k->w->low_ms < CT_HOUR || k->w->low_ms > 3660 * CT_DAY)
        return wrong(k, "low takes a length of time, such as low(90d)");
    return CT_OK;
}

static enum ct_status add_retires(struct compile *k, struct ct_span word)
{
    size_t skip = word.n > 8 && word.p[8] == '=' ? 9 : 8;
    struct ct_span span = {word.p + skip, word.n - skip};
    if (!span.n || ct_duration_parse(span, &k->w->retires_ms) != CT_OK || !k->w->retires_ms)
        return wrong(k, "retires takes a length of time, such as retires<60d");
    return CT_OK;
}

/* ---- terms of the filter language ---- */

/* Is WORD about what a row is (text), not about how it is? */
static const struct ct_column *column_of(struct compile *k, struct ct_span word, size_t *op)
{
    size_t i = 0;
    while (i < word.n && word.p[i] == '!')
        i++;
    for (size_t from = i; i < word.n && word.p[i] != '"'; i++)
        if (strchr(":=<>!", word.p[i])) {
            *op = i;
            return ct_table_column(k->table, (struct ct_span){word.p + from, i - from});
        }
    return NULL;
}

static void add_relaxed(struct compile *k, struct ct_span word, const struct ct_column *c, size_t op)
{
    bool number = c && (c->type == CT_TYPE_NANO || c->type == CT_TYPE_MILLI ||
                        c->type == CT_TYPE_INT || c->type == CT_TYPE_SCALED);
    size_t skip = op + (op + 1 < word.n && word.p[op + 1] == '=' ? 2 : 1);
    struct ct_span value = {word.p + skip, word.n > skip ? word.n - skip : 0};
    bool percent = value.n > 1 && value.p[value.n - 1] == '%';
    bool dollar = value.n > 1 && value.p[0] == '$';
    value = (struct ct_span){value.p + dollar, value.n - dollar - percent};
    int64_t limit;
    char text[CT_DECIMAL_MAX];
    if (k->rearm_milli && number && strchr("<>", word.p[op]) &&
        ct_nusd_parse(value, 1, &limit) == CT_OK) {
        int digits = c->type == CT_TYPE_INT ? 0 : c->type == CT_TYPE_MILLI ? 3 : 9;
        limit = relax(limit, word.p[op] == '<', k->rearm_milli);
        ct_decimal_format_fixed(text, limit, 9, digits);
        ct_buf_addf(&k->relaxed, " %.*s%s", (int)skip, word.p, text);
    } else {
        ct_buf_addf(&k->relaxed, " %.*s", CT_FMT(word));
    }
}

static enum ct_status add_term(struct compile *k, struct ct_span word)
{
    size_t op = 0;
    const struct ct_column *c = column_of(k, word, &op);
    bool about_what = !op || !c || c->type == CT_TYPE_TEXT || c->type == CT_TYPE_LIST ||
                      c->type == CT_TYPE_ROWS ||
                      (c->type == CT_TYPE_ENUM && !(c->flags & CT_COL_RANKED));
    if (about_what)
        ct_buf_addf(&k->scope, " %.*s", CT_FMT(word));
    if (c && c->words == ct_state_words && (strchr(":=", word.p[op])) && find(word, "unk"))
        k->w->on_unknown = true;
    ct_buf_addf(&k->full, " %.*s", CT_FMT(word));
    add_relaxed(k, word, c, op);
    return CT_OK;
}

static enum ct_status add_word(struct compile *k, struct ct_span word, struct ct_span *rest)
{
    const char *arrow = find(word, "->");
    bool prices = ct_targets[k->w->target].price != NULL;
    if (ct_span_is(word, "watch")) {
        k->w->watch = true;
        return CT_OK;
    }
    if (ct_span_is(word, "stale")) {
        k->w->stale = k->w->on_unknown = true;
        return CT_OK;
    }
    if (arrow)
        return add_change_of(k, word, arrow);
    bool change = ct_span_starts(word, "change") && word.n > 6 && strchr("<>", word.p[6]);
    bool low = ct_span_starts(word, "low("), retires = ct_span_starts(word, "retires<");
    if ((change || low) && !prices)
        return wrong(k, "\"%.*s\" needs prices: gpus, tokens or models", CT_FMT(word));
    if (retires && k->w->target != CT_ON_TOKENS && k->w->target != CT_ON_MODELS)
        return wrong(k, "\"%.*s\" is about tokens or models", CT_FMT(word));
    return change    ? add_change(k, word, rest)
           : low     ? add_low(k, word)
           : retires ? add_retires(k, word)
                     : add_term(k, word);
}

static enum ct_status compile_text(struct compile *k, struct ct_span rest)
{
    struct ct_span word = next_word(&rest);
    int target = CT_N_TARGETS;
    for (int i = 0; word.p && i < CT_N_TARGETS; i++)
        if (ct_span_is(word, ct_targets[i].word))
            target = i;
    if (target == CT_N_TARGETS)
        return wrong(k, "it " NEEDS);
    k->w->target = (enum ct_target)target;
    k->table = ct_targets[target].table;
    enum ct_status st = CT_OK;
    while (st == CT_OK && (word = next_word(&rest)).p) {
        char joined[256];
        struct ct_span next, ahead = rest;
        /* "stock: N->A": the blank behind the colon is for people. */
        if (word.n < 100 && word.p[word.n - 1] == ':' && (next = next_word(&ahead)).p &&
            next.n < 100) {
            int n = snprintf(joined, sizeof joined, "%.*s%.*s", CT_FMT(word), CT_FMT(next));
            word = (struct ct_span){joined, (size_t)n};
            rest = ahead;
        }
        st = add_word(k, word, &rest);
    }
    return st;
}

enum ct_status ct_when_compile(const char *text, int64_t rearm_milli, struct ct_arena *a,
                               struct ct_when *w, struct ct_error *err)
{
    struct compile k = {.a = a, .w = w, .rearm_milli = rearm_milli, .err = err};
    struct ct_filter *f;
    *w = (struct ct_when){.target = CT_ON_STATUS};
    enum ct_status st = compile_text(&k, ct_span(text));
    bool condition = w->stale || w->from_column || w->change || w->low_ms || w->retires_ms;
    if (st == CT_OK && !condition && k.full.n == 0)
        st = wrong(&k, "a condition is missing, such as state>=part or price<2");
    struct ct_arena *check = ct_arena_new(0);
    const struct ct_buf *const texts[] = {&k.full, &k.relaxed, &k.scope};
    for (size_t i = 0; st == CT_OK && i < CT_LEN(texts); i++) {
        st = ct_filter_compile(k.table, ct_buf_span(texts[i]), 0, check, &f, err);
        if (st != CT_OK && err) /* the column would be of a text that nobody wrote */
            (void)snprintf(err->where, sizeof err->where, "when");
    }
    ct_arena_free(check);
    w->full = keep(a, &k.full);
    w->relaxed = keep(a, &k.relaxed);
    w->scope = keep(a, &k.scope);
    ct_buf_free(&k.full);
    ct_buf_free(&k.relaxed);
    ct_buf_free(&k.scope);
    return st;
}
