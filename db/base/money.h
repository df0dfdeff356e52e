/* Exact decimals. Prices are int64 nano units of a currency per the series' unit; other figures
 * with a fraction (GPU counts, GiB, percent) are int64 thousandths. Never a double. Any thread. */
#ifndef CT_MONEY_H
#define CT_MONEY_H

#include "db/base/str.h"

#include <stdint.h>

/* "The source does not give it." Every optional int64 in this program uses it. */
#define CT_NONE INT64_MIN

/* Billionths of a currency unit, exact, to +/- 9.2 billion. What one unit buys (an hour, a million
 * tokens) belongs to the series, never to the amount. */
typedef int64_t ct_nusd;

/* Reads a decimal such as "0.0116", "-1" or "1.5e-7" from TEXT (not NUL-terminated, no blanks) and
 * multiplies it by SCALE (>= 1; 1000000 takes a token to a million tokens) into units of 10^-DIGITS
 * (0 to 18).
 *
 * CT_OK sets *OUT; CT_ERR_SYNTAX: TEXT is not a whole decimal (also NaN, Infinity, hex);
 * CT_ERR_RANGE: the result does not fit. *OUT is untouched on error. Digits past the last place
 * round half to even. Allocates nothing, ignores the locale. */
CT_MUST_USE enum ct_status ct_decimal_parse(struct ct_span text, int64_t scale, int digits,
                                            int64_t *out);
/* The same in nano units (DIGITS 9) and thousandths (DIGITS 3). */
CT_MUST_USE enum ct_status ct_nusd_parse(struct ct_span text, int64_t scale, ct_nusd *out);
CT_MUST_USE enum ct_status ct_milli_parse(struct ct_span text, int64_t *out);

/* A double as jansson hands it out, by way of its shortest decimal (at most 15 significant digits),
 * so that one rounding rule exists. Non-finite: CT_ERR_RANGE. */
CT_MUST_USE enum ct_status ct_decimal_from_double(double value, int64_t scale, int digits,
                                                  int64_t *out);

#define CT_DECIMAL_MAX 48
/* Plain decimal of VALUE * 10^-DIGITS without exponent or trailing zeros ("1.25", "-0.000000003",
 * "7", and "-" for CT_NONE); returns its length. */
int ct_decimal_format(char out[CT_DECIMAL_MAX], int64_t value, int digits);
/* The same rounded (half to even) to exactly PLACES digits after the point: for people. */
int ct_decimal_format_fixed(char out[CT_DECIMAL_MAX], int64_t value, int digits, int places);
/* A price with the digits people read: 1.94, 0.0116, 15.00, 1,234.50; "-" for CT_NONE; returns its length. */
int ct_price_format(char out[CT_DECIMAL_MAX], ct_nusd price);

/* a * b / c in 128 bits, rounded half to even; CT_NONE when it does not fit, c is 0 or any is
 * CT_NONE. */
int64_t ct_muldiv(int64_t a, int64_t b, int64_t c);
/* Change from OLD to NEW in thousandths of a percent; CT_NONE when OLD is 0 or either is CT_NONE.
 */
int64_t ct_pct_change(int64_t old_value, int64_t new_value);

#endif
