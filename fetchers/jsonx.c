#include "fetchers/jsonx.h"

#include "db/base/timeutil.h"
#include "fetchers/family.h"
#include "fetchers/jsonread.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Counts outside of strings. In a damaged document the counts may be off behind the damage, where
 * jansson no longer reads. */
static enum ct_status measure(struct ct_span body, struct ct_error *err)
{
    static const bool counts[256] = {['"'] = true, ['{'] = true, ['['] = true,
                                     ['}'] = true, [']'] = true, [','] = true};
    size_t containers = 0, commas = 0;
    int depth = 0;
    for (size_t i = 0; i < body.n; i++) {
        while (i < body.n && !counts[(unsigned char)body.p[i]])
            i++;
        if (i == body.n)
            break;
        switch (body.p[i]) {
        case '"':
            for (i++; i < body.n && body.p[i] != '"'; i++)
                if (body.p[i] == '\\')
                    i++;
            break;
        case '{':
        case '[':
            if (++depth > CT_JSON_DEPTH)
                return ct_fail(err, CT_ERR_LIMIT, "$", "nested more than %d deep", CT_JSON_DEPTH);
            if (++containers > CT_JSON_CONTAINERS)
                return ct_fail(err, CT_ERR_LIMIT, "$", "more than %d objects and arrays",
                               CT_JSON_CONTAINERS);
            break;
        case '}':
        case ']':
            depth--;
            break;
        case ',':
            if (++commas > CT_JSON_COMMAS)
                return ct_fail(err, CT_ERR_LIMIT, "$", "more than %d values", CT_JSON_COMMAS);
            break;
        default:
            break;
        }
    }
    return CT_OK;
}

/* Our own words: jansson's message quotes the document. */
static const char *damage(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "cut off: the JSON ends too early";
    case json_error_end_of_input_expected:
        return "damaged: more text behind the end of the JSON";
    case json_error_invalid_utf8:
        return "damaged: invalid UTF-8 in the JSON";
    case json_error_numeric_overflow:
        return "damaged: a number in the JSON that cannot be held";
    case json_error_duplicate_key:
        return "a name occurs twice in one JSON object";
    case json_error_null_byte_in_key:
        return "damaged: a zero byte in a name of the JSON";
    default:
        return "damaged: not valid JSON";
    }
}

enum ct_status ct_json_parse(struct ct_span body, unsigned flags, json_t **root,
                             struct ct_error *err)
{
    *root = NULL;
    if (body.n >= 3 && memcmp(body.p, "\xEF\xBB\xBF", 3) == 0)
        body = (struct ct_span){body.p + 3, body.n - 3};
    struct ct_span trimmed = ct_span_trim(body);
    if (trimmed.n == 0 || (trimmed.p[0] != '{' && trimmed.p[0] != '['))
        return ct_fail(err, CT_ERR_SHAPE, "body", "wanted JSON, this looks like %s",
                       ct_family_guess(body));
    if ((*root = ct_json_read(body, flags)) != NULL)
        return CT_OK;
    enum ct_status s = measure(body, err);
    if (s != CT_OK)
        return s;
    json_error_t e;
    size_t how = JSON_ALLOW_NUL | (flags & CT_JSON_UNIQUE ? JSON_REJECT_DUPLICATES : 0);
    *root = json_loadb(body.p, body.n, how, &e);
    if (!*root) {
        char where[48];
        snprintf(where, sizeof where, "line %d column %d", e.line, e.column);
        return ct_fail(err, CT_ERR_SYNTAX, where, "%s", damage(json_error_code(&e)));
    }
    return CT_OK;
}

const json_t *ct_json_get(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    return json_is_null(v) ? NULL : v;
}

const json_t *ct_json_object(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    return json_is_object(v) ? v : NULL;
}

const json_t *ct_json_array(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    return json_is_array(v) ? v : NULL;
}

struct ct_span ct_json_span(const json_t *value)
{
    if (!json_is_string(value))
        return CT_SPAN_NONE;
    return (struct ct_span){json_string_value(value), json_string_length(value)};
}

struct ct_span ct_json_text(const json_t *obj, const char *key)
{
    return ct_json_span(json_object_get(obj, key));
}

/* A real without fraction that an int64 holds exactly. */
static bool whole(double d, int64_t *out)
{
    if (!(fabs(d) <= 9007199254740992.0) || d != floor(d)) /* 2^53; false for NaN, too */
        return false;
    *out = (int64_t)d;
    return true;
}

struct ct_span ct_json_word(const json_t *obj, const char *key, struct ct_arena *arena)
{
    const json_t *v = json_object_get(obj, key);
    int64_t n;
    if (json_is_integer(v))
        return ct_arena_printf(arena, "%" PRId64, (int64_t)json_integer_value(v));
    if (json_is_real(v) && whole(json_real_value(v), &n))
        return ct_arena_printf(arena, "%" PRId64, n);
    if (json_is_real(v))
        return ct_arena_printf(arena, "%.15g", json_real_value(v));
    return ct_json_span(v);
}

int64_t ct_json_int(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    int64_t n = CT_NONE;
    if (json_is_integer(v))
        return (int64_t)json_integer_value(v);
    if (json_is_real(v))
        return whole(json_real_value(v), &n) ? n : CT_NONE;
    if (json_is_string(v) && ct_span_int(ct_span_trim(ct_json_span(v)), &n) == CT_OK)
        return n;
    return CT_NONE;
}

int ct_json_flag(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    if (json_is_boolean(v))
        return json_is_true(v);
    struct ct_span text = ct_json_span(v);
    return ct_span_is(text, "true") ? 1 : ct_span_is(text, "false") ? 0 : -1;
}

int64_t ct_json_time(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    char number[32];
    int64_t ms = CT_NONE, n;
    struct ct_span text = ct_span_trim(ct_json_span(v));
    if (json_is_number(v)) {
        n = ct_json_int(obj, key);
        if (n == CT_NONE && !whole(floor(json_real_value(v)), &n))
            return CT_NONE;
        int len = snprintf(number, sizeof number, "%" PRId64, n);
        text = (struct ct_span){number, (size_t)len};
    }
    if (!text.n || ct_time_parse(text, &ms) != CT_OK)
        return CT_NONE;
    return ms;
}

enum ct_status ct_json_decimal(const json_t *obj, const char *key, int64_t scale, int digits,
                               int64_t *out)
{
    const json_t *v = json_object_get(obj, key);
    *out = CT_NONE;
    if (!v || json_is_null(v))
        return CT_OK;
    if (json_is_real(v))
        return ct_decimal_from_double(json_real_value(v), scale, digits, out);
    char number[32];
    struct ct_span text = ct_span_trim(ct_json_span(v));
    if (json_is_integer(v)) {
        int n = snprintf(number, sizeof number, "%" PRId64, (int64_t)json_integer_value(v));
        text = (struct ct_span){number, (size_t)n};
    }
    if (!text.p)
        return CT_ERR_SYNTAX;
    return text.n == 0 ? CT_OK : ct_decimal_parse(text, scale, digits, out);
}

const char *ct_json_kind(const json_t *value)
{
    if (!value)
        return "nothing";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

static enum ct_status member(const json_t *obj, const char *path, const char *key, bool needed,
                             enum ct_json_want want, const json_t **out, struct ct_error *err)
{
    static const char *const words[] = {"an object", "an array", "a string"};
    static const json_type types[] = {JSON_OBJECT, JSON_ARRAY, JSON_STRING};
    const json_t *v = json_object_get(obj, key);
    *out = NULL;
    if (!needed && (!v || json_is_null(v)))
        return CT_OK;
    if (!v || json_typeof(v) != types[want]) {
        char where[128];
        snprintf(where, sizeof where, "%s.%s", path, key);
        return ct_fail(err, CT_ERR_SHAPE, where, "wanted %s, found %s", words[want],
                       ct_json_kind(v));
    }
    *out = v;
    return CT_OK;
}

enum ct_status ct_json_need(const json_t *obj, const char *path, const char *key,
                            enum ct_json_want want, const json_t **out, struct ct_error *err)
{
    return member(obj, path, key, true, want, out, err);
}

enum ct_status ct_json_may(const json_t *obj, const char *path, const char *key,
                           enum ct_json_want want, const json_t **out, struct ct_error *err)
{
    return member(obj, path, key, false, want, out, err);
}
