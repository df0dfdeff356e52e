#include "config.h"

#include "db/base/timeutil.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FIRST_YEAR 1970
#define LAST_YEAR 2200
#define EPOCH_MS_FROM INT64_C(100000000000) /* a larger bare number counts milliseconds */

/* ---- clocks ---- */

static int64_t clock_ms(clockid_t id)
{
    struct timespec t;
    if (clock_gettime(id, &t) != 0) {
        return 0;
    }
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* CT_NONE: not looked yet; CT_LIVE: the real clock. Two threads that look at once find the same. */
static _Atomic int64_t fixed = CT_NONE;

void ct_now_set(int64_t ms)
{
    atomic_store(&fixed, ms);
}

int64_t ct_now_ms(void)
{
    int64_t now = atomic_load(&fixed);
    if (now == CT_NONE) {
        now = CT_LIVE;
        if (ct_time_parse(ct_span(getenv("CLOUDTAPE_NOW")), &now) != CT_OK) {
            now = CT_LIVE;
        }
        atomic_store(&fixed, now);
    }
    return now == CT_LIVE ? clock_ms(CLOCK_REALTIME) : now;
}

int64_t ct_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t ct_mono_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

int64_t ct_boot_ms(void)
{
#ifdef CLOCK_BOOTTIME
    return clock_ms(CLOCK_BOOTTIME);
#else
    return clock_ms(CLOCK_MONOTONIC);
#endif
}

/* ---- calendar ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days before 1 January of YEAR, counted from 1 January of year 1. */
static int64_t days_before_year(int64_t year)
{
    int64_t y = year - 1;
    return y * 365 + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400);
}

static bool leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_before_month(int64_t year, int month)
{
    static const short before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    return before[month - 1] + (month > 2 && leap(year));
}

static int days_in_month(int64_t year, int month)
{
    return month == 12 ? 31 : days_before_month(year, month + 1) - days_before_month(year, month);
}

int64_t ct_ms_from_civil(const struct ct_civil *c)
{
    assert(c->year > -200000000 && c->year < 200000000);
    int64_t year = c->year + floor_div((int64_t)c->month - 1, 12);
    int month = (int)(c->month - 1 - 12 * floor_div((int64_t)c->month - 1, 12)) + 1;
    int64_t days = days_before_year(year) - days_before_year(1970) +
                   days_before_month(year, month) + c->day - 1;
    return days * CT_DAY + c->hour * CT_HOUR + c->minute * CT_MINUTE + c->second * CT_SECOND +
           c->ms;
}

void ct_civil_from_ms(int64_t ms, struct ct_civil *out)
{
    int64_t days = floor_div(ms, CT_DAY), in_day = ms % CT_DAY + (ms % CT_DAY < 0 ? CT_DAY : 0);
    int64_t since_one = days + days_before_year(1970);
    /* 400 years have 146097 days. The guess is at most a year off; the loops settle it. */
    int64_t year = floor_div(since_one * 400, 146097) + 1;
    while (days_before_year(year) > since_one) {
        year--;
    }
    while (days_before_year(year + 1) <= since_one) {
        year++;
    }
    int of_year = (int)(since_one - days_before_year(year)), month = 1;
    while (month < 12 && days_before_month(year, month + 1) <= of_year) {
        month++;
    }
    *out = (struct ct_civil){
        .year = (int)year,
        .month = month,
        .day = of_year - days_before_month(year, month) + 1,
        .hour = (int)(in_day / CT_HOUR),
        .minute = (int)(in_day % CT_HOUR / CT_MINUTE),
        .second = (int)(in_day % CT_MINUTE / CT_SECOND),
        .ms = (int)(in_day % CT_SECOND),
        .weekday = (int)(days + 4 - 7 * floor_div(days + 4, 7)), /* the epoch was a Thursday */
    };
}

/* ---- reading ---- */

/* What was read so far. A zone is an offset from UTC, already known to be whole minutes. */
struct reading {
    struct ct_civil c;
    int offset_minutes;
    bool day, month, year, time, zone;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char peek(const struct ct_span *s, size_t at)
{
    return at < s->n ? s->p[at] : '\0';
}

static void skip(struct ct_span *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

static void skip_blanks(struct ct_span *s)
{
    while (peek(s, 0) == ' ' || peek(s, 0) == '\t') {
        skip(s, 1);
    }
}

static bool take(struct ct_span *s, char c)
{
    if (s->n == 0 || s->p[0] != c) {
        return false;
    }
    skip(s, 1);
    return true;
}

/* LEAST to MOST digits, all that stand there. */
static bool take_number(struct ct_span *s, size_t least, size_t most, int *out)
{
    size_t n = 0;
    int value = 0;
    while (n <= most && is_digit(peek(s, n))) {
        value = value * 10 + (s->p[n++] - '0');
    }
    if (n < least || n > most) {
        return false;
    }
    skip(s, n);
    *out = value;
    return true;
}

static struct ct_span take_word(struct ct_span *s)
{
    struct ct_span word = {s->p, 0};
    while (is_alpha(peek(s, word.n))) {
        word.n++;
    }
    skip(s, word.n);
    return word;
}

/* hh:mm[:ss[.fraction]]; the hour may have one digit. */
static bool take_clock(struct ct_span *s, struct reading *r)
{
    if (r->time || !take_number(s, 1, 2, &r->c.hour) || !take(s, ':') ||
        !take_number(s, 2, 2, &r->c.minute)) {
        return false;
    }
    if (take(s, ':')) {
        if (!take_number(s, 2, 2, &r->c.second)) {
            return false;
        }
        if (is_digit(peek(s, 1)) && (take(s, '.') || take(s, ','))) {
            for (int unit = 100; is_digit(peek(s, 0)); unit /= 10) {
                r->c.ms += unit * (s->p[0] - '0');
                skip(s, 1);
            }
        }
    }
    r->time = true;
    return r->c.hour < 24 && r->c.minute < 60 && r->c.second <= 60; /* 60: a leap second */
}

/* +hh:mm, +hhmm or +hh. */
static bool take_offset(struct ct_span *s, struct reading *r)
{
    int sign = peek(s, 0) == '-' ? -1 : 1, hours = 0, minutes = 0;
    skip(s, 1);
    size_t n = 0;
    while (is_digit(peek(s, n))) {
        n++;
    }
    if (n == 4) {
        struct ct_span head = {s->p, 2};
        skip(s, 2);
        if (!take_number(&head, 2, 2, &hours) || !take_number(s, 2, 2, &minutes)) {
            return false;
        }
    } else if (!take_number(s, 2, 2, &hours) || (take(s, ':') && !take_number(s, 2, 2, &minutes))) {
        return false;
    }
    r->offset_minutes = sign * (hours * 60 + minutes);
    r->zone = true;
    return hours < 24 && minutes < 60;
}

static bool zone_word(struct ct_span word, struct reading *r)
{
    static const struct {
        const char *name;
        int minutes;
    } zones[] = {{"Z", 0},      {"GMT", 0},    {"UTC", 0},    {"UT", 0},
                 {"PST", -480}, {"PDT", -420}, {"EST", -300}, {"EDT", -240}};
    for (size_t i = 0; i < CT_LEN(zones); i++) {
        if (ct_span_ieq(word, ct_span(zones[i].name))) {
            r->offset_minutes = zones[i].minutes;
            r->zone = true;
            return true;
        }
    }
    return false;
}

/* A zone at the end, or nothing; then only a comment in brackets may follow. */
static bool take_zone(struct ct_span *s, struct reading *r)
{
    skip_blanks(s);
    if (is_alpha(peek(s, 0)) && !zone_word(take_word(s), r)) {
        return false;
    }
    if ((peek(s, 0) == '+' || peek(s, 0) == '-') && (r->offset_minutes || !take_offset(s, r))) {
        return false;
    }
    skip_blanks(s);
    return s->n == 0 || (s->p[0] == '(' && s->p[s->n - 1] == ')');
}

static enum ct_status finish(const struct reading *r, int64_t *out)
{
    if (r->c.month < 1 || r->c.month > 12 || r->c.day < 1 ||
        r->c.day > days_in_month(r->c.year, r->c.month)) {
        return CT_ERR_SYNTAX;
    }
    if (r->c.year < FIRST_YEAR || r->c.year > LAST_YEAR) {
        return CT_ERR_RANGE;
    }
    int64_t ms = ct_ms_from_civil(&r->c) - r->offset_minutes * CT_MINUTE;
    if (ms < 0) { /* the first hours of 1970 east of Greenwich */
        return CT_ERR_RANGE;
    }
    *out = ms;
    return CT_OK;
}

/* YYYY-MM-DD[Thh:mm[:ss[.fraction]][zone]], a blank for T as well. */
static enum ct_status parse_iso(struct ct_span s, int64_t *out)
{
    struct reading r = {.c = {.year = 0}};
    if (!take_number(&s, 4, 4, &r.c.year) || !take(&s, '-') || !take_number(&s, 2, 2, &r.c.month) ||
        !take(&s, '-') || !take_number(&s, 2, 2, &r.c.day)) {
        return CT_ERR_SYNTAX;
    }
    if (s.n > 0) {
        if (!take(&s, 'T') && !take(&s, 't') && !take(&s, ' ')) {
            return CT_ERR_SYNTAX;
        }
        if (!take_clock(&s, &r) || !take_zone(&s, &r)) {
            return CT_ERR_SYNTAX;
        }
    }
    return finish(&r, out);
}

/* The place of WORD (three letters or more of a name) in NAMES from 1, or 0. */
static int name_index(struct ct_span word, const char *const *names, int count)
{
    for (int i = 0; word.n >= 3 && i < count; i++) {
        struct ct_span name = ct_span(names[i]);
        if (word.n <= name.n && ct_span_ieq(word, (struct ct_span){name.p, word.n})) {
            return i + 1;
        }
    }
    return 0;
}

static bool prose_word(struct ct_span word, bool first, struct reading *r)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    if (first && name_index(word, days, CT_LEN(days))) {
        return true; /* the date says it better, and sources get it wrong */
    }
    int month = name_index(word, months, CT_LEN(months));
    if (!month || r->month) {
        return false;
    }
    r->c.month = month;
    r->month = true;
    return true;
}

static bool prose_number(struct ct_span *s, struct reading *r)
{
    size_t n = 0;
    while (is_digit(peek(s, n))) {
        n++;
    }
    if (peek(s, n) == ':') {
        return take_clock(s, r);
    }
    if (!r->day && n <= 2) {
        r->day = true;
        return take_number(s, 1, 2, &r->c.day);
    }
    if (r->year || (n != 2 && n != 4) || !take_number(s, 2, 4, &r->c.year)) {
        return false;
    }
    if (n == 2) { /* RFC 822 */
        r->c.year += r->c.year < 70 ? 2000 : 1900;
    }
    return r->year = true;
}

/* AM or PM right behind the clock. */
static bool take_half(struct ct_span *s, struct reading *r)
{
    struct ct_span ahead = *s;
    skip_blanks(&ahead);
    struct ct_span word = take_word(&ahead);
    bool pm = ct_span_ieq(word, CT_LIT("pm"));
    if (!pm && !ct_span_ieq(word, CT_LIT("am"))) {
        return true;
    }
    *s = ahead;
    if (r->c.hour < 1 || r->c.hour > 12) {
        return false;
    }
    r->c.hour = r->c.hour % 12 + (pm ? 12 : 0);
    return true;
}

/* Month by name; day, year and clock in any order; the zone last: RFC 822, JavaScript, American. */
static enum ct_status parse_prose(struct ct_span s, int64_t *out)
{
    struct reading r = {.c = {.year = 0}};
    for (bool first = true; !(r.day && r.month && r.year && r.time); first = false) {
        while (peek(&s, 0) == ' ' || peek(&s, 0) == ',') {
            skip(&s, 1);
        }
        bool ok = is_digit(peek(&s, 0))   ? prose_number(&s, &r)
                  : is_alpha(peek(&s, 0)) ? prose_word(take_word(&s), first, &r)
                                          : false;
        if (!ok) {
            return CT_ERR_SYNTAX;
        }
        if (r.time && !r.zone && (peek(&s, 0) == ' ' || is_alpha(peek(&s, 0))) &&
            !take_half(&s, &r)) {
            return CT_ERR_SYNTAX;
        }
    }
    return take_zone(&s, &r) ? finish(&r, out) : CT_ERR_SYNTAX;
}

/* Only digits, with one point at most. */
static bool plain_number(struct ct_span s)
{
    bool point = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.' && !point && i > 0 && i + 1 < s.n) {
            point = true;
        } else if (!is_digit(s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

static enum ct_status parse_epoch(struct ct_span s, int64_t *out)
{
    int64_t milli = 0;
    if (ct_milli_parse(s, &milli) != CT_OK) {
        return CT_ERR_RANGE;
    }
    int64_t ms = milli > EPOCH_MS_FROM * 1000 ? milli / 1000 : milli;
    static const struct ct_civil end = {.year = LAST_YEAR + 1, .month = 1, .day = 1};
    if (ms >= ct_ms_from_civil(&end)) {
        return CT_ERR_RANGE;
    }
    *out = ms;
    return CT_OK;
}

enum ct_status ct_time_parse(struct ct_span text, int64_t *out)
{
    struct ct_span s = ct_span_trim(text);
    if (plain_number(s)) {
        return parse_epoch(s, out);
    }
    if (is_digit(peek(&s, 0)) && peek(&s, 4) == '-') {
        return parse_iso(s, out);
    }
    return parse_prose(s, out);
}

enum ct_status ct_duration_parse(struct ct_span text, int64_t *out_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1},     {"s", CT_SECOND},  {"m", CT_MINUTE},   {"h", CT_HOUR},
                 {"d", CT_DAY}, {"w", 7 * CT_DAY}, {"y", 365 * CT_DAY}};
    struct ct_span s = ct_span_trim(text);
    if (plain_number(s)) {
        return ct_decimal_parse(s, 1, 3, out_ms);
    }
    int64_t sum = 0;
    do { /* "1h30m" is the sum of its parts */
        struct ct_span number = {s.p, 0};
        while (is_digit(peek(&s, number.n)) || peek(&s, number.n) == '.') {
            number.n++;
        }
        if (!plain_number(number)) {
            return CT_ERR_SYNTAX;
        }
        skip(&s, number.n);
        struct ct_span word = take_word(&s);
        size_t i = 0;
        while (i < CT_LEN(units) && !ct_span_is(word, units[i].name)) {
            i++;
        }
        if (i == CT_LEN(units)) {
            return CT_ERR_SYNTAX;
        }
        int64_t part = 0;
        if (ct_decimal_parse(number, units[i].ms, 0, &part) != CT_OK || part > INT64_MAX - sum) {
            return CT_ERR_RANGE;
        }
        sum += part;
    } while (s.n > 0);
    *out_ms = sum;
    return CT_OK;
}

/* A moment as a screen writes it, the last such at or before NOW_MS: hh:mm, MM-DD, MM-DD hh:mm, with a Z or without; for
 * the day also "today" and "yesterday". */
static bool parse_shown(struct ct_span s, int64_t now_ms, int64_t *out)
{
    struct reading r = {.c = {.year = 0}};
    struct ct_civil now;
    ct_civil_from_ms(now_ms, &now);
    bool named = is_alpha(peek(&s, 0)), dated = !named && peek(&s, 2) == '-';
    struct ct_span day = named ? take_word(&s) : (struct ct_span){NULL, 0};
    bool yesterday = ct_span_ieq(day, CT_LIT("yesterday"));
    if (now_ms < 366 * CT_DAY || (named && !yesterday && !ct_span_ieq(day, CT_LIT("today"))) ||
        (dated && (!take_number(&s, 2, 2, &r.c.month) || !take(&s, '-') || !take_number(&s, 2, 2, &r.c.day)))) {
        return false;
    }
    skip_blanks(&s);
    if (((s.n || !(dated || named)) && !take_clock(&s, &r)) || (s.n && !(take(&s, 'Z') && s.n == 0))) {
        return false;
    }
    r.c.year = now.year;
    if (!dated) {
        r.c.month = now.month;
        r.c.day = now.day;
    }
    int64_t ms = ct_ms_from_civil(&r.c) - (yesterday ? CT_DAY : 0);
    if (!dated) {
        *out = named || ms <= now_ms ? ms : ms - CT_DAY;
        return true;
    }
    if (ms > now_ms) {
        r.c.year--;
    }
    return finish(&r, out) == CT_OK;
}

enum ct_status ct_time_parse_user(struct ct_span text, int64_t now_ms, int64_t *out,
                                  struct ct_error *err)
{
    struct ct_span s = ct_span_trim(text);
    if (ct_span_ieq(s, CT_LIT("now"))) {
        *out = now_ms;
        return CT_OK;
    }
    int64_t back = 0;
    bool ago = s.n > 4 && ct_span_ieq((struct ct_span){s.p + s.n - 4, 4}, CT_LIT(" ago"));
    bool relative = ago || (peek(&s, 0) == '-' && s.n > 1 && is_alpha(s.p[s.n - 1]));
    struct ct_span before = ago ? (struct ct_span){s.p, s.n - 4} : (struct ct_span){s.p + 1, s.n - 1};
    if (relative && ct_duration_parse(before, &back) == CT_OK && back <= now_ms) {
        *out = now_ms - back;
        return CT_OK;
    }
    if (!relative && (parse_iso(s, out) == CT_OK || parse_shown(s, now_ms, out))) {
        return CT_OK;
    }
    return ct_fail(err, CT_ERR_SYNTAX, "time",
                   "\"%.*s\" is not a time: write -2h, -30d, 14:30, yesterday, 11-22 14:30, 2026-11-22 or "
                   "2026-11-22T14:30:00Z",
                   s.n > 60 ? 60 : (int)s.n, s.p ? s.p : "");
}

/* ---- writing ---- */

static char *put_digits(char *at, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10) {
        at[i] = (char)('0' + value % 10);
    }
    return at + digits;
}

static char *put_part(char *at, int value, int digits, char behind)
{
    at = put_digits(at, value, digits);
    *at = behind;
    return at + 1;
}

int ct_time_format(char out[CT_TIME_MAX], int64_t ms)
{
    struct ct_civil c;
    ct_civil_from_ms(ms, &c);
    if (c.year >= 0 && c.year <= 9999) {
        char *at = put_part(out, c.year, 4, '-');
        at = put_part(at, c.month, 2, '-');
        at = put_part(at, c.day, 2, 'T');
        at = put_part(at, c.hour, 2, ':');
        at = put_part(at, c.minute, 2, ':');
        at = put_part(at, c.second, 2, c.ms ? '.' : 'Z');
        if (c.ms) {
            at = put_part(at, c.ms, 3, 'Z');
        }
        *at = '\0';
        return (int)(at - out);
    }
    char fraction[16] = "";
    if (c.ms) {
        (void)snprintf(fraction, sizeof(fraction), ".%03d", c.ms);
    }
    return snprintf(out, CT_TIME_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", c.year, c.month, c.day,
                    c.hour, c.minute, c.second, fraction);
}

/* ---- local time ---- */

int ct_minute_parse(struct ct_span text)
{
    int64_t h, m;
    struct ct_span minutes = text, hours = ct_span_cut(&minutes, ':');
    bool good = hours.n >= 1 && hours.n <= 2 && minutes.n == 2 && ct_span_int(hours, &h) == CT_OK &&
                ct_span_int(minutes, &m) == CT_OK && h >= 0 && h < 24 && m >= 0 && m < 60;
    return good ? (int)(h * 60 + m) : -1;
}

/* How far the wall clock is ahead of UTC. */
static int64_t local_offset(int64_t ms)
{
    time_t t = (time_t)(ms / CT_SECOND);
    struct tm local;
    return localtime_r(&t, &local) ? local.tm_gmtoff * CT_SECOND : 0;
}

int ct_local_minute(int64_t ms)
{
    int64_t in_day = (ms + local_offset(ms)) % CT_DAY;
    return (int)((in_day + (in_day < 0 ? CT_DAY : 0)) / CT_MINUTE);
}

/* When the wall clock showed WALL_MS, which is counted like UTC. */
static int64_t from_local(int64_t wall_ms)
{
    int64_t before = wall_ms - local_offset(wall_ms - CT_DAY);
    int64_t after = wall_ms - local_offset(wall_ms + CT_DAY);
    bool once = before + local_offset(before) != wall_ms && after + local_offset(after) == wall_ms;
    return once ? after : before;
}

/* Does what a person typed say of itself which moment it is, wherever the clock hangs? */
static bool names_moment(struct ct_span s)
{
    bool clock = false, zone = s.n > 0 && (s.p[s.n - 1] == 'Z' || s.p[s.n - 1] == 'z');
    for (size_t i = 0; i < s.n; i++) {
        clock = clock || s.p[i] == ':';
        zone = zone || s.p[i] == '+' || (clock && s.p[i] == '-');
    }
    return zone || peek(&s, 0) == '-' || ct_span_ieq(s, CT_LIT("now")) ||
           (s.n > 4 && ct_span_ieq((struct ct_span){s.p + s.n - 4, 4}, CT_LIT(" ago")));
}

enum ct_status ct_time_parse_local(struct ct_span text, int64_t now_ms, int64_t *out, struct ct_error *err)
{
    if (names_moment(ct_span_trim(text))) {
        return ct_time_parse_user(text, now_ms, out, err);
    }
    int64_t wall_ms = 0;
    enum ct_status st = ct_time_parse_user(text, now_ms + local_offset(now_ms), &wall_ms, err);
    if (st == CT_OK) {
        *out = from_local(wall_ms);
    }
    return st;
}

int64_t ct_local_last(int64_t now_ms, int minute)
{
    int64_t wall = now_ms + local_offset(now_ms);
    int64_t at = wall - (wall % CT_DAY + CT_DAY) % CT_DAY + minute * CT_MINUTE + CT_DAY;
    while (from_local(at) > now_ms) {
        at -= CT_DAY;
    }
    return from_local(at);
}

int64_t ct_local_outside(int64_t ms, int from, int to)
{
    int minute = ct_local_minute(ms), day = (int)(CT_DAY / CT_MINUTE);
    bool in = from < to ? minute >= from && minute < to : from > to && (minute >= from || minute < to);
    if (!in) {
        return ms;
    }
    int64_t left = (to - minute + day) % day * CT_MINUTE, start = ms - ((ms % CT_MINUTE) + CT_MINUTE) % CT_MINUTE;
    int64_t at = from_local(start + local_offset(start) + left);
    return at > ms ? at : start + left; /* an hour that comes twice */
}

bool ct_zone_known(const char *name)
{
    const char *folder = getenv("TZDIR");
    char path[512];
    struct stat st;
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_+-,.:<>");
    bool rules = name[strcspn(name, "0123456789")] != '\0'; /* an offset: CET-1CEST,M3.5.0,M10.5.0/3 */
    if (n == 0 || n > 128 || name[n] != '\0' || name[0] == '/' || name[0] == ':' || strstr(name, "..")) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%s/%s", folder ? folder : "/usr/share/zoneinfo", name);
    return strcmp(name, "UTC") == 0 || rules || (stat(path, &st) == 0 && S_ISREG(st.st_mode));
}

void ct_zone_set(const char *name)
{
    const char *now = getenv("TZ");
    if (now && strcmp(now, name) == 0) {
        return; /* settings are read again while others may look into the environment */
    }
    setenv("TZ", name, 1);
    tzset();
}

int ct_age_format(char out[CT_TIME_MAX], int64_t ms)
{
    static const struct {
        int64_t below, unit, part;
        const char *name, *part_name;
    } steps[] = {
        {CT_MINUTE, CT_SECOND, 0, "s", NULL},   {CT_HOUR, CT_MINUTE, 0, "m", NULL},
        {CT_DAY, CT_HOUR, CT_MINUTE, "h", "m"}, {28 * CT_DAY, CT_DAY, CT_HOUR, "d", "h"},
        {INT64_MAX, 7 * CT_DAY, 0, "w", NULL},
    };
    ms = ms < 0 ? 0 : ms;
    size_t i = 0;
    while (i + 1 < CT_LEN(steps) && ms >= steps[i].below) {
        i++;
    }
    int n = snprintf(out, CT_TIME_MAX, "%lld%s", (long long)(ms / steps[i].unit), steps[i].name);
    int64_t rest = steps[i].part ? ms % steps[i].unit / steps[i].part : 0;
    if (rest) {
        n += snprintf(out + n, (size_t)(CT_TIME_MAX - n), "%lld%s", (long long)rest,
                      steps[i].part_name);
    }
    return n;
}
