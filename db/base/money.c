#include "db/base/money.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

static const int64_t POW10[] = {
    INT64_C(1),
    INT64_C(10),
    INT64_C(100),
    INT64_C(1000),
    INT64_C(10000),
    INT64_C(100000),
    INT64_C(1000000),
    INT64_C(10000000),
    INT64_C(100000000),
    INT64_C(1000000000),
    INT64_C(10000000000),
    INT64_C(100000000000),
    INT64_C(1000000000000),
    INT64_C(10000000000000),
    INT64_C(100000000000000),
    INT64_C(1000000000000000),
    INT64_C(10000000000000000),
    INT64_C(100000000000000000),
    INT64_C(1000000000000000000),
};
#define MOST_DIGITS ((int)CT_LEN(POW10) - 1)
#define EXPONENT_CAP INT64_C(4000000000000000000)

/* A decimal taken apart: WHOLE and FRACTION are runs of digits inside the text (the point between
 * them left out), the value is their joint number times 10^EXPONENT, EXPONENT counted from the
 * point. */
struct decimal {
    struct ct_span whole, fraction;
    int64_t exponent;
    bool negative;
};

static struct ct_span take_digits(struct ct_span *rest)
{
    struct ct_span run = {rest->p, 0};
    while (run.n < rest->n && rest->p[run.n] >= '0' && rest->p[run.n] <= '9') {
        run.n++;
    }
    rest->p += run.n;
    rest->n -= run.n;
    return run;
}

static bool take_sign(struct ct_span *rest)
{
    bool negative = rest->n > 0 && rest->p[0] == '-';
    if (rest->n > 0 && (negative || rest->p[0] == '+')) {
        rest->p++;
        rest->n--;
    }
    return negative;
}

static bool take_apart(struct ct_span rest, struct decimal *d)
{
    if (!rest.p) {
        return false;
    }
    d->negative = take_sign(&rest);
    d->whole = take_digits(&rest);
    d->fraction = (struct ct_span){rest.p, 0};
    d->exponent = 0;
    if (rest.n > 0 && rest.p[0] == '.') {
        rest.p++;
        rest.n--;
        d->fraction = take_digits(&rest);
    }
    if (d->whole.n + d->fraction.n == 0) {
        return false;
    }
    if (rest.n > 0 && (rest.p[0] == 'e' || rest.p[0] == 'E')) {
        rest.p++;
        rest.n--;
        bool negative = take_sign(&rest);
        struct ct_span run = take_digits(&rest);
        if (run.n == 0) {
            return false;
        }
        for (size_t i = 0; i < run.n && d->exponent < EXPONENT_CAP / 10; i++) {
            d->exponent = d->exponent * 10 + (run.p[i] - '0');
        }
        d->exponent = negative ? -d->exponent : d->exponent;
    }
    return rest.n == 0;
}

static unsigned digit_at(const struct decimal *d, size_t i)
{
    char c = i < d->whole.n ? d->whole.p[i] : d->fraction.p[i - d->whole.n];
    return (unsigned)(c - '0');
}

/* The value is split at the point, after the point was moved by exponent and DIGITS. What stands
 * before it must fit in 63 bits anyway. What stands behind it is multiplied by SCALE as on paper,
 * from the last digit to the first: the carry out of the first place is whole, the digits left
 * behind decide the rounding. So any length is exact and takes linear time. */
enum ct_status ct_decimal_parse(struct ct_span text, int64_t scale, int digits, int64_t *out)
{
    assert(scale >= 1 && digits >= 0 && digits <= MOST_DIGITS);
    struct decimal d;
    if (!take_apart(text, &d)) {
        return CT_ERR_SYNTAX;
    }
    size_t n = d.whole.n + d.fraction.n;
    int64_t point = (int64_t)d.whole.n + d.exponent + digits; /* digits before the moved point */

    uint64_t whole = 0;
    size_t split = point <= 0 ? 0 : point < (int64_t)n ? (size_t)point : n;
    for (size_t i = 0; i < split; i++) {
        unsigned digit = digit_at(&d, i);
        if (whole > ((uint64_t)INT64_MAX - digit) / 10) {
            return CT_ERR_RANGE;
        }
        whole = whole * 10 + digit;
    }
    for (int64_t i = (int64_t)n; whole && i < point; i++) {
        if (whole > (uint64_t)INT64_MAX / 10) {
            return CT_ERR_RANGE;
        }
        whole *= 10;
    }

    uwide carry = 0;
    unsigned top = 0;  /* the first digit left behind the point */
    bool rest = false; /* any other digit there */
    for (size_t i = n; i > split; i--) {
        rest = rest || top;
        carry += (uwide)digit_at(&d, i - 1) * (uwide)scale;
        top = (unsigned)(carry % 10);
        carry /= 10;
    }
    for (int64_t i = point; i < 0; i++) { /* zeros between the point and the first digit */
        if (carry == 0 && top == 0) {
            break;
        }
        rest = rest || top;
        top = (unsigned)(carry % 10);
        carry /= 10;
    }

    uwide total = (uwide)whole * (uwide)scale + carry;
    if (top > 5 || (top == 5 && (rest || (total & 1)))) {
        total++;
    }
    if (total > (uwide)INT64_MAX) {
        return CT_ERR_RANGE;
    }
    *out = d.negative ? -(int64_t)total : (int64_t)total;
    return CT_OK;
}

enum ct_status ct_nusd_parse(struct ct_span text, int64_t scale, ct_nusd *out)
{
    return ct_decimal_parse(text, scale, 9, out);
}

enum ct_status ct_milli_parse(struct ct_span text, int64_t *out)
{
    return ct_decimal_parse(text, 1, 3, out);
}

/* Fifteen digits of a double are what somebody wrote, and prices have fewer: where VALUE times
 * FACTOR is a whole number of at most fifteen digits but for the last bit, that number is the
 * answer. Nearer than half a step of the fifteenth digit there is no other. */
static bool whole_multiple(double value, double factor, int64_t *out)
{
    double product = value * factor;
    if (!(product > -1e15 && product < 1e15)) {
        return false;
    }
    int64_t whole = (int64_t)(product + (product < 0 ? -0.5 : 0.5));
    if (fabs(product - (double)whole) > fabs(product) * 2.3e-16) {
        return false;
    }
    *out = whole;
    return true;
}

enum ct_status ct_decimal_from_double(double value, int64_t scale, int digits, int64_t *out)
{
    if (!isfinite(value)) {
        return CT_ERR_RANGE;
    }
    if (scale > 0 && scale <= 1000000 && digits >= 0 && digits <= 9 && /* exact as a double */
        whole_multiple(value, (double)(scale * POW10[digits]), out)) {
        return CT_OK;
    }
    char printed[64], plain[64];
    (void)snprintf(printed, sizeof(printed), "%.14e", value);
    /* Whatever the locale puts for the point, it is the only thing that is none of these. */
    size_t n = 0;
    for (const char *p = printed; *p; p++) {
        if (strchr("0123456789+-e", *p)) {
            plain[n++] = *p;
        } else if (n > 0 && plain[n - 1] != '.') {
            plain[n++] = '.';
        }
    }
    return ct_decimal_parse((struct ct_span){plain, n}, scale, digits, out);
}

/* Both formats: KEEP digits behind the point, all of them shown. */
static int put_decimal(char out[CT_DECIMAL_MAX], bool negative, uint64_t magnitude, int keep)
{
    char text[48], *p = text + sizeof(text);
    *--p = '\0';
    negative = negative && magnitude;
    for (int n = 0; n <= keep || magnitude; n++, magnitude /= 10) {
        if (n == keep && keep) {
            *--p = '.';
        }
        *--p = (char)('0' + magnitude % 10);
    }
    if (negative) {
        *--p = '-';
    }
    size_t n = (size_t)(text + sizeof(text) - p);
    memcpy(out, p, n);
    return (int)n - 1;
}

static uint64_t magnitude_of(int64_t value)
{
    return value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
}

int ct_decimal_format(char out[CT_DECIMAL_MAX], int64_t value, int digits)
{
    assert(digits >= 0 && digits <= MOST_DIGITS);
    if (value == CT_NONE) {
        return snprintf(out, CT_DECIMAL_MAX, "-");
    }
    uint64_t magnitude = magnitude_of(value);
    for (; digits > 0 && magnitude % 10 == 0; digits--) {
        magnitude /= 10;
    }
    return put_decimal(out, value < 0, magnitude, digits);
}

/* NUMERATOR / DENOMINATOR (> 0) rounded half to even; CT_NONE when it does not fit. */
static int64_t round_div(wide numerator, wide denominator)
{
    bool negative = numerator < 0;
    uwide n = negative ? (uwide)0 - (uwide)numerator : (uwide)numerator, d = (uwide)denominator;
    bool small = n >> 64 == 0 && d >> 64 == 0; /* as most are */
    uwide q = small ? (uint64_t)n / (uint64_t)d : n / d, left = n - q * d;
    if (left > d - left || (left == d - left && (q & 1))) {
        q++;
    }
    if (q > (uwide)INT64_MAX) {
        return CT_NONE;
    }
    return negative ? -(int64_t)q : (int64_t)q;
}

int ct_decimal_format_fixed(char out[CT_DECIMAL_MAX], int64_t value, int digits, int places)
{
    assert(digits >= 0 && digits <= MOST_DIGITS && places >= 0 && places <= MOST_DIGITS);
    if (value == CT_NONE) {
        return snprintf(out, CT_DECIMAL_MAX, "-");
    }
    if (places >= digits) {
        int n = put_decimal(out, value < 0, magnitude_of(value), digits);
        const char *pad = "000000000000000000";
        return n + snprintf(out + n, (size_t)(CT_DECIMAL_MAX - n), "%s%.*s",
                            digits == 0 && places > 0 ? "." : "", places - digits, pad);
    }
    int64_t rounded = round_div(value, POW10[digits - places]);
    return put_decimal(out, value < 0, magnitude_of(rounded), places);
}

/* Two decimals, and below one dollar as many as three significant digits need. */
static int price_places(ct_nusd price)
{
    ct_nusd size = price < 0 ? -price : price, one_place = 100000000;
    if (size == 0 || size >= 1000000000 || size % 10000000 == 0) {
        return 2;
    }
    int places = 3;
    for (; one_place > size && places < 9; one_place /= 10) {
        places++;
    }
    return places;
}

int ct_price_format(char out[CT_DECIMAL_MAX], ct_nusd price)
{
    char text[CT_DECIMAL_MAX];
    if (price == CT_NONE) {
        return snprintf(out, CT_DECIMAL_MAX, "-");
    }
    int places = price_places(price), to = 0;
    int n = ct_decimal_format_fixed(text, price, 9, places);
    while (places-- > 2 && text[n - 1] == '0') {
        text[--n] = '\0';
    }
    int whole = (int)strcspn(text, "."), digits = whole - (text[0] == '-');
    for (int i = 0; i < n; i++) {
        if (i > whole - digits && i < whole && (whole - i) % 3 == 0) {
            out[to++] = ',';
        }
        out[to++] = text[i];
    }
    out[to] = '\0';
    return to;
}

int64_t ct_muldiv(int64_t a, int64_t b, int64_t c)
{
    if (a == CT_NONE || b == CT_NONE || c == CT_NONE || c == 0) {
        return CT_NONE;
    }
    wide product = (wide)a * b;
    return c < 0 ? round_div(-product, -(wide)c) : round_div(product, c);
}

int64_t ct_pct_change(int64_t old_value, int64_t new_value)
{
    if (old_value == CT_NONE || new_value == CT_NONE || old_value == 0) {
        return CT_NONE;
    }
    wide change = ((wide)new_value - old_value) * 100000;
    return round_div(change, old_value < 0 ? -(wide)old_value : old_value);
}
