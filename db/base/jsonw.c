#include "db/base/jsonw.h"

#include "db/base/text.h"
#include "db/base/timeutil.h"

#include <assert.h>
#include <string.h>

void ct_jw_init(struct ct_jw *w, struct ct_buf *out)
{
    *w = (struct ct_jw){.out = out};
}

/* Before every value and key: the comma, unless a key or a bracket has just been written. Values at
 * the top stand on lines of their own. */
static void separate(struct ct_jw *w)
{
    if (w->after_key) {
        w->after_key = false;
    } else if (w->has_value[w->depth]) {
        if (w->depth > 0) {
            ct_buf_addc(w->out, ',');
        } else if (w->out->n > 0 && w->out->p[w->out->n - 1] != '\n') {
            ct_buf_addc(w->out, '\n');
        }
    }
    w->has_value[w->depth] = true;
}

static void open_with(struct ct_jw *w, char bracket)
{
    assert(w->depth + 1 < CT_JW_DEPTH);
    separate(w);
    ct_buf_addc(w->out, bracket);
    w->has_value[++w->depth] = false;
}

static void close_with(struct ct_jw *w, char bracket)
{
    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    ct_buf_addc(w->out, bracket);
}

void ct_jw_object(struct ct_jw *w)
{
    open_with(w, '{');
}

void ct_jw_end_object(struct ct_jw *w)
{
    close_with(w, '}');
}

void ct_jw_array(struct ct_jw *w)
{
    open_with(w, '[');
}

void ct_jw_end_array(struct ct_jw *w)
{
    close_with(w, ']');
}

/* Controls are escaped up to C1, so that the text may be printed on a terminal. */
static void put_point(struct ct_buf *out, int32_t c, struct ct_span bytes)
{
    if (c < 0) {
        ct_buf_adds(out, "\xef\xbf\xbd");
    } else if (c == '"' || c == '\\') {
        ct_buf_addc(out, '\\');
        ct_buf_addc(out, (char)c);
    } else if (c == '\n') {
        ct_buf_adds(out, "\\n");
    } else if (c == '\t') {
        ct_buf_adds(out, "\\t");
    } else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
        ct_buf_addf(out, "\\u%04x", (unsigned)c);
    } else {
        ct_buf_add(out, bytes);
    }
}

static void put_string(struct ct_buf *out, struct ct_span text)
{
    ct_buf_addc(out, '"');
    for (size_t pos = 0; pos < text.n;) {
        size_t plain = pos; /* most text needs nothing: copy it in one piece */
        while (plain < text.n && text.p[plain] >= ' ' && text.p[plain] < 0x7f &&
               text.p[plain] != '"' && text.p[plain] != '\\') {
            plain++;
        }
        if (plain > pos) {
            ct_buf_add(out, (struct ct_span){text.p + pos, plain - pos});
            pos = plain;
        } else {
            int32_t c;
            size_t n = ct_utf8_decode(text, pos, &c);
            put_point(out, c, (struct ct_span){text.p + pos, n});
            pos += n;
        }
    }
    ct_buf_addc(out, '"');
}

void ct_jw_key(struct ct_jw *w, const char *key)
{
    assert(w->depth > 0 && !w->after_key);
    separate(w);
    put_string(w->out, ct_span(key));
    ct_buf_addc(w->out, ':');
    w->after_key = true;
}

void ct_jw_text(struct ct_jw *w, struct ct_span text)
{
    if (!text.p) {
        ct_jw_null(w);
        return;
    }
    separate(w);
    put_string(w->out, text);
}

static void put_word(struct ct_jw *w, const char *word)
{
    separate(w);
    ct_buf_adds(w->out, word);
}

void ct_jw_int(struct ct_jw *w, int64_t value)
{
    ct_jw_decimal(w, value, 0);
}

void ct_jw_decimal(struct ct_jw *w, int64_t value, int digits)
{
    char text[CT_DECIMAL_MAX];
    if (value == CT_NONE) {
        ct_jw_null(w);
        return;
    }
    ct_decimal_format(text, value, digits);
    put_word(w, text);
}

void ct_jw_time(struct ct_jw *w, int64_t ms)
{
    char text[CT_TIME_MAX];
    if (ms == CT_NONE || ms == CT_LIVE) {
        ct_jw_null(w);
        return;
    }
    ct_jw_text(w, (struct ct_span){text, (size_t)ct_time_format(text, ms)});
}

void ct_jw_bool(struct ct_jw *w, bool value)
{
    put_word(w, value ? "true" : "false");
}

void ct_jw_null(struct ct_jw *w)
{
    put_word(w, "null");
}

/* Our own way to write a number, and no other: a spreadsheet may take it as one. */
static bool our_number(struct ct_span s)
{
    size_t i = s.n > 0 && s.p[0] == '-', digits = 0, points = 0;
    for (; i < s.n; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9') {
            digits++;
        } else if (s.p[i] != '.' || digits == 0 || points++) {
            return false;
        }
    }
    return digits > 0 && s.p[s.n - 1] != '.';
}

void ct_csv_cell(struct ct_buf *out, struct ct_span text, char separator, bool first)
{
    if (!first) {
        ct_buf_addc(out, separator);
    }
    if (!text.p) {
        return;
    }
    struct ct_span seen = ct_span_trim(text);
    bool formula =
        text.n > 0 && (text.p[0] == '\t' || text.p[0] == '\r' ||
                       (seen.n > 0 && memchr("=+-@", seen.p[0], 4) && !our_number(text)));
    bool quoted = formula || text.n == 0 || seen.n != text.n; /* "" is a value, nothing is none */
    for (size_t i = 0; i < text.n && !quoted; i++) {
        char c = text.p[i];
        quoted = c == separator || c == '"' || c == '\n' || c == '\r';
    }
    if (!quoted) {
        ct_buf_add(out, text);
        return;
    }
    ct_buf_adds(out, formula ? "\"'" : "\"");
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"') {
            ct_buf_addc(out, '"');
        }
        ct_buf_addc(out, text.p[i]);
    }
    ct_buf_addc(out, '"');
}
