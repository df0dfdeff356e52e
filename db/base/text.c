#include "db/base/text.h"

#include <string.h>
#include <utf8proc.h>

#define BAD_POINT 0xfffd
#define ZWJ 0x200d
#define KEYCAP 0x20e3
#define MOST_MARKS 4
#define MOST_JOINS 4      /* emoji glued to one by ZWJ; no real sequence has more */
#define CLUSTER_BYTES 64u /* a longer cluster is cut for the screen */
#define URL_BYTES 2048

/* ---- UTF-8 ---- */

size_t ct_utf8_decode(struct ct_span text, size_t pos, int32_t *point)
{
    const unsigned char *s = (const unsigned char *)text.p + pos;
    size_t left = text.n - pos;
    unsigned char lead = s[0];
    if (lead < 0x80) {
        *point = lead;
        return 1;
    }
    *point = -1;
    if (lead < 0xc2 || lead > 0xf4) {
        return 1;
    }
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    /* The second byte's range shuts out overlong forms, surrogates and what lies beyond U+10FFFF.
     */
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    int32_t value = lead & (0xff >> (want + 1));
    for (size_t i = 1; i < want; i++) {
        if (i >= left || s[i] < low || s[i] > high) {
            return i; /* the maximal subpart: what could have begun a character */
        }
        value = value << 6 | (s[i] & 0x3f);
        low = 0x80;
        high = 0xbf;
    }
    *point = value;
    return want;
}

size_t ct_utf8_encode(char out[4], int32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    static const int lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[n] | point);
    return n;
}

/* How many bytes from POS on are ASCII, as a whole number of eights. */
static size_t ascii_eights(struct ct_span text, size_t pos)
{
    size_t n = 0;
    for (uint64_t eight; text.n - pos - n >= sizeof eight; n += sizeof eight) {
        memcpy(&eight, text.p + pos + n, sizeof eight);
        if (eight & UINT64_C(0x8080808080808080)) {
            break;
        }
    }
    return n;
}

bool ct_utf8_valid(struct ct_span text)
{
    int32_t point = 0;
    for (size_t pos = 0; pos < text.n && point >= 0;) {
        if ((unsigned char)text.p[pos] < 0x80) {
            pos += ascii_eights(text, pos);
        }
        if (pos < text.n) {
            pos += ct_utf8_decode(text, pos, &point);
        }
    }
    return point >= 0;
}

/* ---- classes ---- */

enum kind { DROP, WHITE, NEWLINE, SELECTOR, JOINER, MARK, BASE };

static bool in_ranges(int32_t c, const int32_t (*ranges)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

/* Unicode's Default_Ignorable_Code_Point beyond category Cf, which is dropped as a whole: letters,
 * marks and unassigned places that draw nothing and so can hide a difference between two names. */
static bool invisible(int32_t c)
{
    static const int32_t ranges[][2] = {
        {0x034f, 0x034f}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2060, 0x206f},
        {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xffa0, 0xffa0}, {0xfff0, 0xfff8}, {0xe0000, 0xe0fff}};
    return c >= 0x034f && in_ranges(c, ranges, CT_LEN(ranges));
}

static bool noncharacter(int32_t c)
{
    return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

static bool pictograph(int32_t c)
{
    return c > 0x7f &&
           utf8proc_get_property(c)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

static bool keycap_base(int32_t c)
{
    return (c >= '0' && c <= '9') || c == '#' || c == '*';
}

static enum kind kind_of(int32_t c)
{
    if (c > 0x20 && c < 0x7f) {
        return BASE;
    }
    if (c == '\n') {
        return NEWLINE;
    }
    if (c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029) {
        return WHITE; /* separators become a blank, so that words do not run together */
    }
    if (c == 0xfe0e || c == 0xfe0f) {
        return SELECTOR;
    }
    if (c == ZWJ) {
        return JOINER;
    }
    if (invisible(c) || noncharacter(c)) {
        return DROP;
    }
    const utf8proc_property_t *p = utf8proc_get_property(c);
    switch (p->category) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
        return DROP;
    case UTF8PROC_CATEGORY_ZS:
        return WHITE;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return MARK;
    default: /* skin tones are symbols, yet stick to what stands before them */
        return p->boundclass == UTF8PROC_BOUNDCLASS_EXTEND ? MARK : BASE;
    }
}

/* ---- cleaning ---- */

/* What is written, and what still waits for its right to be: white space until something visible
 * follows, ZWJ until a pictograph follows, a selector on a digit until the keycap follows. */
struct cleaner {
    char *dst;
    size_t cap, n, points, most_points;
    unsigned flags;
    int marks, joins;
    int32_t base;           /* what marks would sit on; 0: nothing */
    bool picture, selected; /* the base is a pictograph; and has its selector */
    bool blank, zwj, keycap;
    int newlines;
};

/* Writes a few code points or none of them; false ends the cleaning. */
static bool put(struct cleaner *k, const int32_t *points, size_t count)
{
    char bytes[16];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        n += ct_utf8_encode(bytes + n, points[i]);
    }
    if (k->n + n >= k->cap || k->points + count > k->most_points) {
        return false;
    }
    memcpy(k->dst + k->n, bytes, n);
    k->n += n;
    k->points += count;
    return true;
}

static bool clean_mark(struct cleaner *k, int32_t c)
{
    int32_t out[2] = {0xfe0f, c};
    bool keycap = k->keycap && c == KEYCAP;
    k->zwj = k->keycap = false;
    if (!k->base || k->marks == MOST_MARKS) {
        return true;
    }
    k->marks++;
    return keycap ? put(k, out, 2) : put(k, out + 1, 1);
}

static bool clean_selector(struct cleaner *k, int32_t c)
{
    if (k->picture && !k->selected && k->marks < MOST_MARKS && !k->zwj) {
        k->selected = true;
        k->marks++;
        return put(k, &c, 1);
    }
    k->keycap = keycap_base(k->base) && k->marks == 0 && c == 0xfe0f;
    return true;
}

static bool clean_base(struct cleaner *k, int32_t c)
{
    int32_t out[4];
    size_t n = 0;
    bool picture = pictograph(c), joined = k->zwj && picture && k->joins < MOST_JOINS;
    if (k->n > 0) { /* nothing leads the text */
        for (int i = 0; i < k->newlines && i < 2; i++) {
            out[n++] = '\n';
        }
        if (n == 0 && k->blank) {
            out[n++] = ' ';
        }
        if (joined) {
            out[n++] = ZWJ;
        }
    }
    out[n++] = c;
    k->joins = joined ? k->joins + 1 : 0;
    k->marks = k->newlines = 0;
    k->selected = k->blank = k->zwj = k->keycap = false;
    k->picture = picture;
    k->base = c;
    return put(k, out, n);
}

static void clean_white(struct cleaner *k, bool newline)
{
    k->base = 0;
    k->picture = k->zwj = k->keycap = false;
    k->blank = true;
    if (newline && (k->flags & CT_TEXT_LINES) && k->newlines < 2) {
        k->newlines++;
    }
}

static bool clean_point(struct cleaner *k, int32_t c)
{
    switch (kind_of(c)) {
    case WHITE:
        clean_white(k, false);
        return true;
    case NEWLINE:
        clean_white(k, true);
        return true;
    case SELECTOR:
        return clean_selector(k, c);
    case JOINER:
        k->zwj = k->picture;
        return true;
    case MARK:
        return clean_mark(k, c);
    case BASE:
        return clean_base(k, c);
    case DROP:
        break;
    }
    return true;
}

static bool visible_ascii(char c)
{
    return c > 0x20 && c < 0x7f;
}

/* Letters of the scripts that are written most, for which kind_of would say BASE after a look into
 * utf8proc's tables, and none of which is a picture. */
static bool plain_letter(int32_t c)
{
    return (c >= 0xc0 && c <= 0x24f) || (c >= 0x391 && c <= 0x3ce && c != 0x3a2) ||
           (c >= 0x400 && c <= 0x481) || (c >= 0x3041 && c <= 0x3096) || (c >= 0x30a1 && c <= 0x30ff) ||
           (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7a3);
}

/* The length of the character at POS when it may be copied as it is, or 0: visible ASCII, one of
 * those letters, or a single blank between visible ASCII. */
static size_t plain_at(struct ct_span src, size_t pos, int32_t *c)
{
    *c = src.p[pos];
    if (visible_ascii(src.p[pos])) {
        return 1;
    }
    if (src.p[pos] == ' ') {
        return pos > 0 && pos + 1 < src.n && visible_ascii(src.p[pos + 1]);
    }
    size_t n = (unsigned char)src.p[pos] < 0xc3 ? 0 : ct_utf8_decode(src, pos, c);
    return n && *c >= 0 && plain_letter(*c) ? n : 0;
}

/* Nearly all text is this, where nothing waits to be written before it. Returns how much of SRC it
 * wrote. */
static size_t copy_plain(struct cleaner *k, struct ct_span src)
{
    size_t n = 0, points = 0, step;
    int32_t c, last = 0;
    size_t room = k->cap - 1 - k->n, most = k->most_points - k->points;
    room = room < most ? room : most;
    src.n = src.n < room ? src.n : room; /* no look at what there is no room for */
    if (k->n > 0 && (k->blank || k->newlines)) {
        return 0;
    }
    while (n < src.n && (step = plain_at(src, n, &c)) > 0) {
        n += step;
        points++;
        last = c;
    }
    if (n == 0) {
        return 0;
    }
    memcpy(k->dst + k->n, src.p, n);
    k->n += n;
    k->points += points;
    k->joins = k->marks = k->newlines = 0;
    k->picture = k->selected = k->blank = k->zwj = k->keycap = false;
    k->base = last;
    return n;
}

static size_t clean(char *dst, size_t cap, struct ct_span src, unsigned flags, size_t most_points)
{
    struct cleaner k = {.dst = dst, .cap = cap, .flags = flags, .most_points = most_points};
    if (cap == 0) {
        return 0;
    }
    for (size_t pos = 0; pos < src.n;) {
        int32_t c;
        size_t plain = copy_plain(&k, (struct ct_span){src.p + pos, src.n - pos});
        if (plain) {
            pos += plain;
            continue;
        }
        pos += ct_utf8_decode(src, pos, &c);
        if (c == '\r') {
            if (pos < src.n && src.p[pos] == '\n') {
                continue;
            }
            c = '\n';
        }
        if (!clean_point(&k, c < 0 ? BAD_POINT : c)) {
            break;
        }
    }
    dst[k.n] = '\0';
    return k.n;
}

size_t ct_text_clean(char *dst, size_t cap, struct ct_span src, unsigned flags)
{
    return clean(dst, cap, src, flags, SIZE_MAX);
}

struct ct_span ct_clean_name(struct ct_arena *a, struct ct_span src)
{
    char text[CT_NAME_POINTS * 4 + 1];
    if (!src.p) {
        return CT_SPAN_NONE;
    }
    size_t n = clean(text, sizeof(text), src, 0, CT_NAME_POINTS);
    return ct_arena_dup(a, (struct ct_span){text, n});
}

struct ct_span ct_clean_body(struct ct_arena *a, struct ct_span src)
{
    char text[CT_TEXT_BYTES + 1];
    if (!src.p) {
        return CT_SPAN_NONE;
    }
    size_t n = ct_text_clean(text, sizeof(text), src, CT_TEXT_LINES);
    return ct_arena_dup(a, (struct ct_span){text, n});
}

struct ct_span ct_clean_id(struct ct_arena *a, struct ct_span src)
{
    char text[CT_ID_BYTES +
              16]; /* one step writes less than 16 bytes: a cut text is over the limit */
    if (!src.p) {
        return CT_SPAN_NONE;
    }
    size_t n = ct_text_clean(text, sizeof(text), src, 0);
    if (n > CT_ID_BYTES) {
        uint64_t hash = ct_hash(ct_span_trim(src));
        return ct_arena_printf(a, "#%016llx", (unsigned long long)hash);
    }
    return ct_arena_dup(a, (struct ct_span){text, n});
}

struct ct_span ct_clean_url(struct ct_arena *a, struct ct_span src)
{
    char text[URL_BYTES + 1];
    struct ct_span url = ct_span_trim(src);
    size_t scheme = ct_span_istarts(url, "https://") ? 8 : ct_span_istarts(url, "http://") ? 7 : 0;
    if (!scheme || url.n == scheme || url.n > URL_BYTES || strchr("/?#:@", url.p[scheme])) {
        return CT_SPAN_NONE;
    }
    for (size_t i = 0; i < url.n; i++) {
        if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f || strchr("\"'`<>\\", url.p[i])) {
            return CT_SPAN_NONE;
        }
    }
    /* An address that cleaning would change is not the address that would be opened. */
    size_t n = ct_text_clean(text, sizeof(text), url, 0);
    return ct_span_eq(url, (struct ct_span){text, n}) ? ct_arena_dup(a, url) : CT_SPAN_NONE;
}

void ct_text_mask(char *text)
{
    struct ct_span all = ct_span(text);
    size_t to = 0;
    for (size_t pos = 0; pos < all.n;) {
        int32_t c;
        size_t n = ct_utf8_decode(all, pos, &c);
        enum kind kind = c < 0 ? DROP : kind_of(c);
        if (c == ' ' || kind == BASE || kind == MARK || (kind == WHITE && c > 0xa0 && c < 0x2028)) {
            memmove(text + to, all.p + pos, n);
            to += n;
        } else {
            text[to++] = '?';
        }
        pos += n;
    }
    text[to] = '\0';
}

/* ---- width ---- */

/* Columns of one code point. utf8proc knows wide from narrow; conjoining Hangul vowels and finals
 * share the cell of their initial, and what draws nothing takes nothing. */
static int point_width(int32_t c)
{
    static const int32_t narrow[][2] = {
        {0x00ad, 0x00ad}, {0x115f, 0x11ff}, {0x3164, 0x3164}, {0xd7b0, 0xd7ff}, {0xffa0, 0xffa0}};
    if (c < 0x7f) {
        return c >= 0x20;
    }
    if (c < 0xa0 || in_ranges(c, narrow, CT_LEN(narrow))) {
        return 0;
    }
    int width = utf8proc_charwidth(c);
    return width < 0 ? 0 : width > 2 ? 2 : width;
}

static bool regional(int32_t c)
{
    return c >= 0x1f1e6 && c <= 0x1f1ff;
}

int ct_text_next(struct ct_span text, size_t *pos, struct ct_span *cluster)
{
    size_t start = *pos, at = start;
    if (start >= text.n) {
        return -1;
    }
    int32_t before, c, state = 0;
    at += ct_utf8_decode(text, at, &before);
    int width = before < 0 ? 1 : point_width(before);
    while (at < text.n && before >= 0) {
        if (before < 0x80 && (unsigned char)text.p[at] < 0x80) {
            break; /* ASCII never joins ASCII here: CR LF has no business on a screen */
        }
        size_t n = ct_utf8_decode(text, at, &c);
        if (c < 0 || at + n - start > CLUSTER_BYTES ||
            utf8proc_grapheme_break_stateful(before, c, &state)) {
            break;
        }
        int more = point_width(c);
        width = more > width ? more : width;
        if ((c == 0xfe0f && pictograph(before)) || (regional(before) && regional(c))) {
            width = 2; /* asked to be a picture; two regional indicators are one flag */
        }
        at += n;
        before = c;
    }
    *cluster = (struct ct_span){text.p + start, at - start};
    *pos = at;
    return width;
}

int ct_text_width(struct ct_span text)
{
    struct ct_span cluster;
    int columns = 0;
    for (size_t pos = 0; pos < text.n && columns < INT32_MAX - 2;) {
        bool alone = pos + 1 == text.n || !(text.p[pos + 1] & 0x80);
        if (alone && text.p[pos] >= ' ' && text.p[pos] < 0x7f) { /* as nearly all of it: one column, and nothing joins it */
            columns++;
            pos++;
        } else {
            columns += ct_text_next(text, &pos, &cluster);
        }
    }
    return columns;
}
