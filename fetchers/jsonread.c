#include "fetchers/jsonread.h"

#include "db/base/text.h"
#include "fetchers/jsonx.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *p, *end;
    unsigned flags;
    int depth;
    size_t containers, commas;
    struct ct_buf names; /* of the members being read, the innermost last, each with a zero behind */
    struct ct_buf text;  /* what stands escaped in the document */
};

static json_t *read_value(struct reader *r);

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
        r->p++;
}

/* The next character that is no blank, taken if it is C. */
static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* ---- strings ---- */

static int32_t hex4(const char *p)
{
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i], low = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            v = v << 4 | (c - '0');
        else if (low >= 'a' && low <= 'f')
            v = v << 4 | (low - 'a' + 10);
        else
            return -1;
    }
    return v;
}

/* "uXXXX" at S, or two of them that are one character; its length without the backslash, or 0. */
static size_t unicode(struct ct_span s, struct ct_buf *out)
{
    char bytes[4];
    int32_t c = s.n >= 5 ? hex4(s.p + 1) : -1;
    bool pair = c >= 0xD800 && c <= 0xDBFF;
    int32_t low = pair && s.n >= 11 && s.p[5] == '\\' && s.p[6] == 'u' ? hex4(s.p + 7) : -1;
    if (c < 0 || (c >= 0xDC00 && c <= 0xDFFF) || (pair && (low < 0xDC00 || low > 0xDFFF)))
        return 0;
    if (pair)
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    ct_buf_add(out, (struct ct_span){bytes, ct_utf8_encode(bytes, c)});
    return pair ? 11 : 5;
}

static bool unescape(struct ct_span raw, struct ct_buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    ct_buf_clear(out);
    for (size_t i = 0; i < raw.n;) {
        const char *next = memchr(raw.p + i, '\\', raw.n - i), *which;
        size_t n = next ? (size_t)(next - raw.p) - i : raw.n - i;
        ct_buf_add(out, (struct ct_span){raw.p + i, n});
        i += n;
        if (!next)
            continue;
        struct ct_span rest = {raw.p + i + 1, raw.n - i - 1}; /* never empty: the end was escaped */
        size_t used = 1;
        if (rest.p[0] == 'u')
            used = unicode(rest, out);
        else if ((which = strchr(from, rest.p[0])) != NULL && *which)
            ct_buf_addc(out, to[which - from]);
        else
            used = 0;
        if (!used)
            return false;
        i += 1 + used;
    }
    return true;
}

/* The string whose opening quote has been taken, borrowed from the document or from r->text; null:
 * not one. */
static struct ct_span read_string(struct reader *r)
{
    const char *begin = r->p, *p = begin;
    bool escaped = false, ascii = true;
    for (;; p++) {
        while (p < r->end && (signed char)*p >= ' ' && *p != '"' && *p != '\\')
            p++; /* ASCII */
        if (p == r->end || (unsigned char)*p < ' ')
            return CT_SPAN_NONE;
        if (*p == '"')
            break;
        if (*p != '\\') {
            ascii = false;
        } else {
            escaped = true;
            if (++p == r->end)
                return CT_SPAN_NONE;
            ascii &= (unsigned char)*p < 0x80;
        }
    }
    struct ct_span s = {begin, (size_t)(p - begin)};
    r->p = p + 1;
    if (!ascii && !ct_utf8_valid(s))
        return CT_SPAN_NONE;
    if (!escaped)
        return s;
    return unescape(s, &r->text) ? ct_buf_span(&r->text) : CT_SPAN_NONE;
}

/* ---- numbers and words ---- */

static size_t digits(const struct reader *r, const char *p)
{
    size_t n = 0;
    while (p + n < r->end && p[n] >= '0' && p[n] <= '9')
        n++;
    return n;
}

static json_t *read_real(struct reader *r, const char *begin)
{
    char text[64], *end;
    size_t n = (size_t)(r->p - begin);
    if (n >= sizeof text)
        return NULL;
    memcpy(text, begin, n);
    text[n] = '\0';
    double d = strtod(text, &end); /* stops early where the locale's point is another */
    return end == text + n && isfinite(d) ? json_real(d) : NULL;
}

static json_t *read_number(struct reader *r)
{
    const char *begin = r->p;
    bool minus = *r->p == '-', real = false;
    r->p += minus;
    size_t n = digits(r, r->p);
    if (n == 0 || (n > 1 && *r->p == '0'))
        return NULL;
    int64_t value = 0;
    for (size_t i = 0; i < n && n <= 18; i++)
        value = value * 10 + (r->p[i] - '0');
    r->p += n;
    if (r->p < r->end && *r->p == '.') {
        size_t more = digits(r, r->p + 1);
        real = true;
        if (more == 0)
            return NULL;
        r->p += 1 + more;
    }
    if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
        const char *p = r->p + 1;
        p += p < r->end && (*p == '+' || *p == '-');
        size_t more = digits(r, p);
        real = true;
        if (more == 0)
            return NULL;
        r->p = p + more;
    }
    if (real)
        return read_real(r, begin);
    return n <= 18 ? json_integer(minus ? -value : value) : NULL;
}

static json_t *read_word(struct reader *r, const char *word, json_t *value)
{
    size_t n = strlen(word);
    if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
        return NULL;
    r->p += n;
    return value; /* these three are not counted */
}

/* ---- containers ---- */

/* Into OBJECT, whose brace has been taken. */
static bool read_members(struct reader *r, json_t *object)
{
    if (take(r, '}'))
        return true;
    do {
        size_t at = r->names.n;
        struct ct_span name = take(r, '"') ? read_string(r) : CT_SPAN_NONE;
        if (!name.p || memchr(name.p, '\0', name.n))
            return false;
        ct_buf_add(&r->names, name);
        ct_buf_addc(&r->names, '\0');
        if (r->flags & CT_JSON_UNIQUE && json_object_get(object, r->names.p + at))
            return false;
        json_t *value = take(r, ':') ? read_value(r) : NULL;
        if (!value || json_object_set_new_nocheck(object, r->names.p + at, value) != 0)
            return false;
        r->names.n = at;
    } while (take(r, ',') && ++r->commas <= CT_JSON_COMMAS);
    return r->commas <= CT_JSON_COMMAS && take(r, '}');
}

static bool read_elements(struct reader *r, json_t *array)
{
    if (take(r, ']'))
        return true;
    do {
        json_t *value = read_value(r);
        if (!value || json_array_append_new(array, value) != 0)
            return false;
    } while (take(r, ',') && ++r->commas <= CT_JSON_COMMAS);
    return r->commas <= CT_JSON_COMMAS && take(r, ']');
}

static json_t *read_container(struct reader *r)
{
    bool object = *r->p++ == '{';
    if (++r->depth > CT_JSON_DEPTH || ++r->containers > CT_JSON_CONTAINERS)
        return NULL;
    json_t *v = object ? json_object() : json_array();
    if (v && !(object ? read_members(r, v) : read_elements(r, v))) {
        json_decref(v);
        return NULL;
    }
    r->depth--;
    return v;
}

static json_t *read_value(struct reader *r)
{
    struct ct_span text;
    skip_blanks(r);
    if (r->p == r->end)
        return NULL;
    switch (*r->p) {
    case '{':
    case '[':
        return read_container(r);
    case '"':
        r->p++;
        text = read_string(r);
        return text.p ? json_stringn_nocheck(text.p, text.n) : NULL;
    case 't':
        return read_word(r, "true", json_true());
    case 'f':
        return read_word(r, "false", json_false());
    case 'n':
        return read_word(r, "null", json_null());
    default:
        return *r->p == '-' || (*r->p >= '0' && *r->p <= '9') ? read_number(r) : NULL;
    }
}

json_t *ct_json_read(struct ct_span body, unsigned flags)
{
    struct reader r = {.p = body.p,
                       .end = body.p + body.n,
                       .flags = flags,
                       .names = CT_BUF_INIT,
                       .text = CT_BUF_INIT};
    json_t *root = body.n ? read_value(&r) : NULL;
    skip_blanks(&r);
    if (root && (r.p != r.end || !(json_is_object(root) || json_is_array(root)))) {
        json_decref(root);
        root = NULL;
    }
    ct_buf_free(&r.names);
    ct_buf_free(&r.text);
    return root;
}
