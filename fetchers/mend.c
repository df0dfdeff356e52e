#include "config.h"

#include "fetchers/mend.h"

#include "db/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <libxml/HTMLparser.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"
#define DECLARATION_MAX 2048 /* how far into the document a declaration is looked for */

/* ---- which encoding ---- */

/* Names that sites declare, and the converter that reads what they mean by it: Latin-1 and ASCII
 * are Windows' superset everywhere on the web, as are the three Asian ones. Nothing else is opened.
 */
static const struct {
    const char *declared, *converter;
} encodings[] = {
    {"utf-8", ""},
    {"utf8", ""},
    {"utf?16*", ""},
    {"utf?32*", ""}, /* declared, but the first bytes say otherwise */
    {"us-ascii", "CP1252"},
    {"ascii", "CP1252"},
    {"iso-8859-1", "CP1252"},
    {"iso8859-1", "CP1252"},
    {"iso_8859-1", "CP1252"},
    {"latin1", "CP1252"},
    {"windows-1252", "CP1252"},
    {"cp1252", "CP1252"},
    {"iso-8859-2", "ISO-8859-2"},
    {"iso-8859-3", "ISO-8859-3"},
    {"iso-8859-4", "ISO-8859-4"},
    {"iso-8859-5", "ISO-8859-5"},
    {"iso-8859-6", "ISO-8859-6"},
    {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8"},
    {"iso-8859-9", "ISO-8859-9"},
    {"iso-8859-10", "ISO-8859-10"},
    {"iso-8859-13", "ISO-8859-13"},
    {"iso-8859-14", "ISO-8859-14"},
    {"iso-8859-15", "ISO-8859-15"},
    {"windows-1250", "CP1250"},
    {"windows-1251", "CP1251"},
    {"windows-1253", "CP1253"},
    {"windows-1254", "CP1254"},
    {"windows-1255", "CP1255"},
    {"windows-1256", "CP1256"},
    {"windows-1257", "CP1257"},
    {"windows-1258", "CP1258"},
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"gb18030", "GB18030"},
    {"big5*", "BIG5"},
    {"euc-kr", "CP949"},
    {"ks_c_5601*", "CP949"},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"windows-31j", "CP932"},
    {"euc-jp", "EUC-JP"},
    {"tis-620", "TIS-620"},
    {"windows-874", "TIS-620"},
    {"macintosh", "MACINTOSH"},
};

static struct ct_span past(struct ct_span s, size_t n)
{
    n = n < s.n ? n : s.n;
    return (struct ct_span){s.p + n, s.n - n};
}

/* What stands between the quotes behind encoding= in the first declaration; null without one. */
static struct ct_span declared(struct ct_span body)
{
    if (body.n > DECLARATION_MAX)
        body.n = DECLARATION_MAX;
    const char *at = body.n ? memmem(body.p, body.n, "<?xml ", 6) : NULL;
    if (!at)
        return CT_SPAN_NONE;
    struct ct_span rest = past(body, (size_t)(at - body.p));
    const char *end = memmem(rest.p, rest.n, "?>", 2);
    rest.n = end ? (size_t)(end - rest.p) : 0;
    at = rest.n ? memmem(rest.p, rest.n, "encoding", 8) : NULL;
    if (!at)
        return CT_SPAN_NONE;
    rest = ct_span_trim(past(rest, (size_t)(at - rest.p) + 8));
    if (!ct_span_starts(rest, "="))
        return CT_SPAN_NONE;
    rest = ct_span_trim(past(rest, 1));
    if (!rest.n || (rest.p[0] != '"' && rest.p[0] != '\''))
        return CT_SPAN_NONE;
    char quote = rest.p[0];
    rest = past(rest, 1);
    return ct_span_trim(ct_span_cut(&rest, quote));
}

/* UTF-16 and UTF-32 by their mark or, without one, by the zeros around the first '<'. SKIP: the
 * mark. */
static const char *wide_encoding(struct ct_span b, size_t *skip)
{
    static const struct {
        const char *bytes;
        size_t n, skip;
        const char *converter;
    } starts[] = {
        {"\0\0\xFE\xFF", 4, 4, "UTF-32BE"}, {"\xFF\xFE\0\0", 4, 4, "UTF-32LE"},
        {"\0\0\0<", 4, 0, "UTF-32BE"},      {"<\0\0\0", 4, 0, "UTF-32LE"},
        {"\xFE\xFF", 2, 2, "UTF-16BE"},     {"\xFF\xFE", 2, 2, "UTF-16LE"},
        {"\0<", 2, 0, "UTF-16BE"},          {"<\0", 2, 0, "UTF-16LE"},
    };
    for (size_t i = 0; i < CT_LEN(starts); i++)
        if (b.n >= starts[i].n && memcmp(b.p, starts[i].bytes, starts[i].n) == 0) {
            *skip = starts[i].skip;
            return starts[i].converter;
        }
    return NULL;
}

/* ---- into UTF-8 ---- */

static enum ct_status convert(struct ct_span body, const char *from, struct ct_buf *out,
                              int64_t *replaced, struct ct_error *err)
{
    iconv_t cd = iconv_open("UTF-8", from);
    if (cd == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr): iconv's own way to say no */
        return ct_fail(err, CT_ERR_SYNTAX, "body", "text in %s, which this system cannot read",
                       from);
    char *in = (char *)(uintptr_t)body.p; /* read only, whatever iconv's prototype says */
    size_t left = body.n, unit = ct_span_starts(ct_span(from), "UTF-32")   ? 4
                                 : ct_span_starts(ct_span(from), "UTF-16") ? 2
                                                                           : 1;
    while (left) {
        size_t room = left * 2 + 64;
        char *to = ct_buf_room(out, room), *start = to;
        size_t bad = iconv(cd, &in, &left, &to, &room);
        int why = errno;
        out->n += (size_t)(to - start);
        if (bad != (size_t)-1 || why == E2BIG)
            continue;
        ct_buf_adds(out, REPLACEMENT);
        ++*replaced;
        size_t step = left < unit ? left : unit;
        in += step;
        left -= step;
    }
    iconv_close(cd);
    ct_buf_adds(out, "");
    return CT_OK;
}

static void repair_utf8(struct ct_span body, struct ct_buf *out, int64_t *replaced)
{
    for (size_t i = 0; i < body.n;) {
        int32_t point;
        size_t n = ct_utf8_decode(body, i, &point);
        if (point < 0) {
            ct_buf_adds(out, REPLACEMENT);
            ++*replaced;
        } else {
            ct_buf_add(out, (struct ct_span){body.p + i, n});
        }
        i += n;
    }
}

static enum ct_status to_utf8(struct ct_span body, struct ct_buf *out, int64_t *replaced,
                              struct ct_error *err)
{
    size_t skip = 0;
    const char *converter = wide_encoding(body, &skip);
    if (converter)
        return convert(past(body, skip), converter, out, replaced, err);
    if (body.n >= 3 && memcmp(body.p, "\xEF\xBB\xBF", 3) == 0)
        body = past(body, 3);
    struct ct_span name = declared(body);
    bool valid = ct_utf8_valid(body);
    for (size_t i = 0; name.n && i < CT_LEN(encodings); i++)
        if (ct_glob(ct_span(encodings[i].declared), name))
            converter = encodings[i].converter;
    bool ascii = ct_span_ihas(name, CT_LIT("ascii")); /* often said of what is UTF-8 */
    if (converter && *converter && !(ascii && valid))
        return convert(body, converter, out, replaced, err);
    if (!valid && !name.n)
        return ct_fail(err, CT_ERR_SYNTAX, "body",
                       "neither UTF-8 nor an encoding the document names");
    if (!valid && !converter)
        return ct_fail(err, CT_ERR_SYNTAX, "body", "text in an encoding we do not read");
    if (valid)
        ct_buf_add(out, body);
    else
        repair_utf8(body, out, replaced);
    return CT_OK;
}

/* ---- references ---- */

static void add_point(struct ct_buf *out, int64_t point)
{
    /* 0x80 to 0x9F: nobody means the controls that stand there. */
    static const uint16_t windows[32] = {
        0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};
    if (point >= 0x80 && point < 0xA0)
        point = windows[point - 0x80];
    bool control = point < 0x20 && point != '\t' && point != '\n' && point != '\r';
    if (control || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000) ||
        (point & 0xFFFE) == 0xFFFE)
        point = 0xFFFD;
    if (point == '<' || point == '&') /* stays one, and stays escaped */
        ct_buf_adds(out, point == '<' ? "&lt;" : "&amp;");
    else
        out->n += ct_utf8_encode(ct_buf_room(out, 4), (int32_t)point);
}

/* "#8217" or "#x2019"; -1 when it is neither. */
static int64_t number_of(struct ct_span name)
{
    bool hex = name.n > 1 && (name.p[1] == 'x' || name.p[1] == 'X');
    int64_t point = 0;
    size_t i = hex ? 2 : 1;
    if (i >= name.n)
        return -1;
    for (; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (hex ? !isxdigit(c) : !isdigit(c))
            return -1;
        int digit = isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
        if (point <= 0x10FFFF)
            point = point * (hex ? 16 : 10) + digit;
    }
    return point;
}

/* The reference at S (which starts with '&'): returns the bytes it took. */
static size_t reference(struct ct_span s, struct ct_buf *out)
{
    static const char *const own[] = {"amp", "lt", "gt", "quot", "apos"};
    char name[12];
    size_t n = 1;
    while (n < s.n && n < sizeof name && (isalnum((unsigned char)s.p[n]) || s.p[n] == '#'))
        n++;
    if (n == 1 || n >= s.n || s.p[n] != ';') {
        ct_buf_adds(out, "&amp;");
        return 1;
    }
    struct ct_span word = {s.p + 1, n - 1};
    memcpy(name, word.p, word.n);
    name[word.n] = '\0';
    int64_t point = word.p[0] == '#' ? number_of(word) : -1;
    for (size_t i = 0; i < CT_LEN(own); i++)
        if (strcmp(name, own[i]) == 0) {
            ct_buf_add(out, (struct ct_span){s.p, n + 1});
            return n + 1;
        }
    const htmlEntityDesc *entity = point < 0 ? htmlEntityLookup((const xmlChar *)name) : NULL;
    if (entity)
        point = entity->value;
    if (point < 0) {
        ct_buf_adds(out, "&amp;");
        return 1;
    }
    add_point(out, point);
    return n + 1;
}

/* ---- the text ---- */

/* Up to and with END; all of S when END is missing. */
static size_t upto(struct ct_span s, const char *end)
{
    const char *at = memmem(s.p, s.n, end, strlen(end));
    return at ? (size_t)(at - s.p) + strlen(end) : s.n;
}

/* Bytes up to the next that XML does not allow, or that may begin a noncharacter. */
static size_t allowed_run(struct ct_span s)
{
    size_t n = 0;
    while (n < s.n && ((unsigned char)s.p[n] >= 0x20 || s.p[n] == '\t' || s.p[n] == '\n' ||
                       s.p[n] == '\r') && s.p[n] != '\xEF')
        n++;
    return n;
}

static void add_plain(struct ct_buf *out, struct ct_span s)
{
    while (s.n) {
        size_t run = allowed_run(s);
        ct_buf_add(out, (struct ct_span){s.p, run});
        s = past(s, run);
        bool lead = s.n && s.p[0] == '\xEF';
        bool noncharacter = lead && s.n > 2 && s.p[1] == '\xBF' && (unsigned char)s.p[2] >= 0xBE;
        if (noncharacter)
            ct_buf_adds(out, REPLACEMENT);
        else if (lead)
            ct_buf_addc(out, s.p[0]);
        s = past(s, noncharacter ? 3 : 1);
    }
}

static bool starts_tag(struct ct_span s)
{
    unsigned char c = s.n > 1 ? (unsigned char)s.p[1] : 0;
    return isalpha(c) || c == '/' || c == '!' || c == '_' || c >= 0x80;
}

static void mend(struct ct_span s, struct ct_buf *out)
{
    while (s.n) {
        size_t n = 0;
        while (n < s.n && s.p[n] != '<' && s.p[n] != '&')
            n++;
        add_plain(out, (struct ct_span){s.p, n});
        s = past(s, n);
        if (!s.n)
            return;
        if (s.p[0] == '&') {
            n = reference(s, out);
        } else if (ct_span_starts(s, "<![CDATA[")) {
            n = upto(s, "]]>");
            add_plain(out, (struct ct_span){s.p, n});
        } else if (ct_span_starts(s, "<!--")) {
            n = upto(s, "-->");
        } else if (ct_span_starts(s, "<?")) {
            n = upto(s, "?>");
        } else {
            n = 1;
            ct_buf_adds(out, starts_tag(s) ? "<" : "&lt;");
        }
        s = past(s, n);
    }
}

enum ct_status ct_feed_mend(struct ct_span body, struct ct_buf *out, int64_t *replaced,
                            struct ct_error *err)
{
    struct ct_buf text = CT_BUF_INIT;
    *replaced = 0;
    enum ct_status s = body.n ? to_utf8(body, &text, replaced, err) : CT_OK;
    if (s == CT_OK && text.n)
        mend(ct_span_trim(ct_buf_span(&text)), out);
    ct_buf_free(&text);
    return s;
}
