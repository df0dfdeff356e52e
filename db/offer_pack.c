#include "config.h"

#include "db/offer_pack.h"

#include "db/base/money.h"

/* A blob is: a version byte (none that other blobs have); how many; how far each series is from the one before; then per
 * fact how many values it has, these (numbers; texts by their length, 0: null), and for each offer which it is, in as few
 * bits as will do, the low ones first. A checksum ends it. */
#define FORMAT 97

bool ct_offers_is_text(enum ct_fact fact)
{
    static const bool text[CT_FACTS] = {
        [CT_FACT_KEY] = true,      [CT_FACT_CLOUD] = true, [CT_FACT_REGION] = true, [CT_FACT_ZONE] = true,
        [CT_FACT_SKU] = true,      [CT_FACT_INSTANCE] = true, [CT_FACT_GPU] = true, [CT_FACT_FORM] = true,
        [CT_FACT_CURRENCY] = true, [CT_FACT_INTERRUPTION] = true,
    };
    return text[fact];
}

/* ---- out of rows ---- */

static struct ct_term term_of(sqlite3_stmt *st, enum ct_fact fact)
{
    int column = (int)fact + 1;
    if (!ct_offers_is_text(fact))
        return (struct ct_term){CT_SPAN_NONE, {sqlite3_column_type(st, column) == SQLITE_INTEGER ?
                                               sqlite3_column_int64(st, column) : CT_NONE, 0}};
    const char *p = (const char *)sqlite3_column_text(st, column);
    return (struct ct_term){{p, p ? (size_t)sqlite3_column_bytes(st, column) : 0}, {0, 0}};
}

/* Whether TERM is what the offer before had. */
static bool is_again(const struct ct_fact_column *c, size_t n, bool text, const struct ct_term *term)
{
    if (n == 0)
        return false;
    return text ? ct_span_eq(c->text[c->at[n - 1]], term->text) : c->number[c->at[n - 1]] == term->with[0];
}

void ct_offers_add(struct ct_offers_making *m, sqlite3_stmt *st)
{
    struct ct_offers *o = m->out;
    size_t i = o->n++;
    o->series[i] = sqlite3_column_int64(st, 0);
    for (enum ct_fact f = 0; f < CT_FACTS; f++) {
        struct ct_fact_column *c = &o->fact[f];
        struct ct_term term = term_of(st, f);
        bool text = ct_offers_is_text(f);
        if (is_again(c, i, text, &term)) {
            c->at[i] = c->at[i - 1];
            continue;
        }
        size_t number = ct_terms_number(&m->terms[f], term);
        c->at[i] = (uint16_t)number;
        if (number < c->n)
            continue;
        c->n++;
        if (text)
            c->text[number] = m->terms[f].v[number].text = ct_arena_dup(m->texts, term.text);
        else
            c->number[number] = term.with[0];
    }
}

void ct_offers_clear(struct ct_offers_making *m)
{
    m->out->n = 0;
    for (enum ct_fact f = 0; f < CT_FACTS; f++) {
        m->out->fact[f].n = 0;
        ct_terms_free(&m->terms[f]);
    }
}

/* ---- packed ---- */

static unsigned width_of(size_t values)
{
    unsigned bits = 0;
    while (values > (size_t)1 << bits)
        bits++;
    return bits;
}

static void put_number(struct ct_buf *out, uint64_t v)
{
    char *p = ct_buf_room(out, CT_NUMBER_MOST);
    out->n += (size_t)(ct_number_put(p, v) - p);
}

static void put_values(struct ct_buf *out, const struct ct_fact_column *c, bool text)
{
    put_number(out, c->n);
    for (size_t i = 0; i < c->n; i++) {
        put_number(out, !text ? ct_fold((uint64_t)c->number[i]) : c->text[i].p ? c->text[i].n + 1 : 0);
        if (text)
            ct_buf_add(out, c->text[i]);
    }
}

static void put_places(struct ct_buf *out, const struct ct_fact_column *c, size_t n)
{
    unsigned width = width_of(c->n), bits = 0;
    uint32_t word = 0;
    for (size_t i = 0; i < n; i++) {
        word |= (uint32_t)c->at[i] << bits;
        for (bits += width; bits >= 8; bits -= 8) {
            ct_buf_addc(out, (char)(word & 255));
            word >>= 8;
        }
    }
    if (bits > 0)
        ct_buf_addc(out, (char)word);
}

void ct_offers_pack(struct ct_buf *out, const struct ct_offers *o)
{
    size_t start = out->n;
    ct_buf_addc(out, FORMAT);
    put_number(out, o->n);
    for (size_t i = 0; i < o->n; i++)
        put_number(out, (uint64_t)(o->series[i] - (i ? o->series[i - 1] : 0)));
    for (enum ct_fact f = 0; f < CT_FACTS; f++) {
        put_values(out, &o->fact[f], ct_offers_is_text(f));
        put_places(out, &o->fact[f], o->n);
    }
    char *end = ct_buf_room(out, CT_SUM_BYTES);
    out->n += (size_t)(ct_sum_put(out->p + start, end) - end);
}

static bool take_values(struct ct_numbers *in, struct ct_fact_column *c, bool text)
{
    c->n = (size_t)ct_numbers_next(in);
    if (in->bad || c->n == 0 || c->n > CT_OFFERS_MOST)
        return false;
    for (size_t i = 0; i < c->n; i++) {
        uint64_t v = ct_numbers_next(in);
        if (!text) {
            c->number[i] = (int64_t)ct_unfold(v);
            continue;
        }
        if (in->bad || v > (uint64_t)(in->end - in->p) + 1)
            return false;
        c->text[i] = v ? (struct ct_span){(const char *)in->p, (size_t)v - 1} : CT_SPAN_NONE;
        in->p += v ? v - 1 : 0;
    }
    return !in->bad;
}

static bool take_places(struct ct_numbers *in, struct ct_fact_column *c, size_t n)
{
    unsigned width = width_of(c->n), bits = 0;
    uint32_t word = 0, mask = ((uint32_t)1 << width) - 1;
    size_t bytes = (n * width + 7) / 8;
    bool good = true;
    if (bytes > (size_t)(in->end - in->p))
        return false;
    if (width == 0)
        memset(c->at, 0, n * sizeof *c->at);
    for (size_t i = 0; i < n && width; i++) {
        for (; bits < width; bits += 8)
            word |= (uint32_t)*in->p++ << bits;
        c->at[i] = (uint16_t)(word & mask);
        good &= c->at[i] < c->n;
        word >>= width;
        bits -= width;
    }
    return good && word == 0;
}

bool ct_offers_unpack_series(struct ct_span blob, struct ct_offers *o, struct ct_numbers *rest)
{
    uint64_t series = 0;
    if (blob.n <= CT_SUM_BYTES || blob.p[0] != FORMAT || !ct_sum_holds(blob, false))
        return false;
    *rest = (struct ct_numbers){(const unsigned char *)blob.p + 1,
                                (const unsigned char *)blob.p + blob.n - CT_SUM_BYTES, false};
    uint64_t n = ct_numbers_next(rest);
    if (n == 0 || n > CT_OFFERS_MOST)
        return false;
    o->n = (size_t)n;
    for (size_t i = 0; i < o->n; i++) {
        uint64_t step = ct_numbers_next(rest);
        if ((i > 0 && step == 0) || step > CT_OFFERS_SERIES_MOST - series)
            return false;
        series += step;
        o->series[i] = (int64_t)series;
    }
    return !rest->bad && o->series[0] / CT_OFFERS_MOST == o->series[o->n - 1] / CT_OFFERS_MOST;
}

bool ct_offers_unpack_facts(struct ct_numbers *rest, struct ct_offers *o)
{
    for (enum ct_fact f = 0; f < CT_FACTS; f++)
        if (!take_values(rest, &o->fact[f], ct_offers_is_text(f)) || !take_places(rest, &o->fact[f], o->n))
            return false;
    return rest->p == rest->end;
}
