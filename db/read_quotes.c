/* Prices of one model side by side: the premium over the lab's own price, a blended price, and what another list says
 * of the same offer. */
#include "db/reader.h"

#include <stdlib.h>

/* A geography is what prices may be compared within: "us" for us, us-east-1 and us-west-2, "us-gov" apart; a data zone
 * nobody says where is one of its own; "" for what is sold without a place. */
struct ct_span ct_geography(struct ct_span region)
{
    static const char *const anywhere[] = {"any", "global", "global-standard", "*", "standard", NULL};
    static const char *const whole[] = {"us-gov", NULL};
    static const char *const same[][2] = {{"europe", "eu"}, {"apac", "ap"}, {"asia", "ap"}, {"data-zone", "datazone"}};
    if (!region.n || ct_word(anywhere, region) >= 0)
        return CT_LIT("");
    for (size_t i = 0; whole[i]; i++)
        if (ct_span_istarts(region, whole[i]))
            return ct_span(whole[i]);
    struct ct_span rest = region, word = ct_span_cut(&rest, '-');
    for (size_t i = 0; i < CT_LEN(same); i++)
        if (ct_span_ieq(word, ct_span(same[i][0])) || ct_span_ieq(region, ct_span(same[i][0])))
            return ct_span(same[i][1]);
    return word;
}

bool ct_is_own(const struct ct_token_price *p)
{
    return ct_span_is(p->host_class, "direct");
}

static bool same_model(const struct ct_token_price *x, const struct ct_token_price *y)
{
    return x->lab.n && ct_span_eq(x->lab, y->lab) && ct_span_eq(x->model, y->model);
}

static struct ct_span tier(const struct ct_token_price *p)
{
    return p->tier.n ? p->tier : CT_LIT("standard");
}

static bool counts(const struct ct_token_row *t)
{
    return t->gone != 1 && t->suspect != 1 && t->price.per_mtok != CT_NONE;
}

/* The lab's own price that T may be held against: of one list, kind, tier and geography; of the same variant, or all
 * of its variants at one price. CT_NONE: there is none. */
static ct_nusd own_price(const struct ct_token_row *rows, size_t n, const struct ct_token_row *t)
{
    const struct ct_token_price *p = &t->price;
    ct_nusd found = CT_NONE;
    bool one = true;
    for (size_t i = 0; i < n; i++) {
        const struct ct_token_price *own = &rows[i].price;
        if (!ct_is_own(own) || own->kind != p->kind || !counts(&rows[i]) ||
            !ct_span_eq(rows[i].source, t->source) || !ct_span_eq(tier(own), tier(p)) ||
            !ct_span_ieq(ct_geography(own->region), ct_geography(p->region)))
            continue;
        if (ct_span_eq(own->variant, p->variant))
            return own->per_mtok;
        one = one && (found == CT_NONE || found == own->per_mtok);
        found = own->per_mtok;
    }
    return one ? found : CT_NONE;
}

static bool same_offer(const struct ct_token_row *x, const struct ct_token_row *y)
{
    return ct_span_eq(x->price.source_id, y->price.source_id) &&
           ct_span_eq(x->price.host, y->price.host) && ct_span_eq(x->price.region, y->price.region) &&
           ct_span_eq(x->source, y->source) && ct_span_eq(tier(&x->price), tier(&y->price));
}

ct_nusd ct_blend(ct_nusd input, ct_nusd output, int64_t parts_in, int64_t parts_out)
{
    int64_t parts = parts_in + parts_out;
    if (parts <= 0 || (parts_in && input == CT_NONE) || (parts_out && output == CT_NONE))
        return CT_NONE;
    ct_nusd in = parts_in ? ct_muldiv(input, parts_in, parts) : 0;
    ct_nusd out = parts_out ? ct_muldiv(output, parts_out, parts) : 0;
    return in == CT_NONE || out == CT_NONE ? CT_NONE : in + out;
}

/* The other half of T's price: the output of an input. */
static ct_nusd other_half(const struct ct_token_row *rows, size_t n, const struct ct_token_row *t)
{
    int wanted = t->price.kind == CT_KIND_INPUT ? CT_KIND_OUTPUT : CT_KIND_INPUT;
    for (size_t i = 0; i < n; i++)
        if (rows[i].price.kind == wanted && rows[i].gone != 1 && same_offer(&rows[i], t))
            return rows[i].price.per_mtok;
    return CT_NONE;
}

bool ct_is_correction(ct_nusd was, ct_nusd is, bool tokens)
{
    const int64_t factor = 20, absurd = INT64_C(1000000000000);
    int64_t low = was < is ? was : is, high = was < is ? is : was;
    if (low == CT_NONE || low < 0)
        return false;
    return (low > 0 && high / factor >= low) || (tokens && high > absurd);
}

/* ---- two lists ---- */

enum { MOST_LISTS = 8 };

/* How far B is from A in tenths of a percent: what rounding does is no difference. */
static int64_t distance(ct_nusd a, ct_nusd b)
{
    if (a == b)
        return 0;
    int64_t pct = a > 0 ? ct_pct_change(a, b) : CT_NONE;
    return pct == CT_NONE ? INT64_MAX : llabs(pct) / 100;
}

static bool same_terms(const struct ct_token_price *x, const struct ct_token_price *y)
{
    return x->kind == y->kind && ct_span_eq(x->host, y->host) && ct_span_eq(tier(x), tier(y)) &&
           ct_span_eq(x->variant, y->variant) && ct_span_eq(x->currency, y->currency) &&
           ct_span_ieq(ct_geography(x->region), ct_geography(y->region));
}

/* A list may name an offer twice: its nearest price counts. Of several lists the one that is furthest off is told. */
static void compare_lists(const struct ct_token_row *rows, size_t n, struct ct_token_row *t)
{
    struct {
        const struct ct_token_row *nearest;
        int64_t off;
    } lists[MOST_LISTS], *worst = NULL;
    size_t n_lists = 0, k;
    for (size_t i = 0; i < n; i++) {
        if (ct_span_eq(rows[i].source, t->source) || !counts(&rows[i]) ||
            !same_terms(&rows[i].price, &t->price))
            continue;
        int64_t off = distance(t->price.per_mtok, rows[i].price.per_mtok);
        for (k = 0; k < n_lists && !ct_span_eq(lists[k].nearest->source, rows[i].source);)
            k++;
        if (k == MOST_LISTS || (k < n_lists && lists[k].off <= off))
            continue;
        lists[k].nearest = &rows[i];
        lists[k].off = off;
        n_lists += k == n_lists;
    }
    for (k = 0; k < n_lists; k++)
        worst = !worst || lists[k].off > worst->off ? &lists[k] : worst;
    if (!worst)
        return;
    t->lists_differ = worst->off > 0;
    t->other_price = worst->nearest->price.per_mtok;
    t->other_list = worst->nearest->source;
}

static void quote(struct ct_token_row *rows, size_t n, struct ct_token_row *t, int64_t in, int64_t out)
{
    bool input = t->price.kind == CT_KIND_INPUT;
    if (counts(t) && t->price.host.n)
        compare_lists(rows, n, t);
    if (counts(t) && !ct_is_own(&t->price)) {
        ct_nusd own = own_price(rows, n, t);
        t->premium_milli = own == CT_NONE || own == 0 ? CT_NONE : ct_pct_change(own, t->price.per_mtok);
    }
    if (t->gone != 1 && (input || t->price.kind == CT_KIND_OUTPUT)) {
        ct_nusd half = other_half(rows, n, t);
        t->blended = ct_blend(input ? t->price.per_mtok : half, input ? half : t->price.per_mtok, in, out);
    }
}

void ct_quote(struct ct_token_row *rows, size_t n, int64_t parts_in, int64_t parts_out)
{
    if (parts_in <= 0 && parts_out <= 0) {
        parts_in = 3;
        parts_out = 1;
    }
    for (size_t i = 0, k; i < n; i += k) {
        for (k = 1; i + k < n && same_model(&rows[i].price, &rows[i + k].price); k++)
            ;
        for (size_t j = i; j < i + k; j++)
            quote(rows + i, k, &rows[j], parts_in, parts_out);
    }
}
