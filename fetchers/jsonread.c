#include "config.h"

#include "fetchers/jsonread.h"

#include "db/base/text.h"
#include "fetchers/jsonx.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

struct builder {
    yajl_handle json;
    json_t *root;
    size_t end; /* of the root, in bytes of the document */
    struct {
        json_t *v; /* its parent's, or the root */
        bool filled;
    } open[CT_JSON_DEPTH];
    size_t depth, containers, commas;
    unsigned flags;
    struct ct_buf key; /* of the next member, with a zero behind it */
};

/* Where the document is; 0 ends the reading. V is taken in any case. */
static int put(struct builder *b, json_t *v)
{
    if (!v || b->depth == 0) {
        json_decref(v);
        return 0;
    }
    json_t *in = b->open[b->depth - 1].v;
    if (b->open[b->depth - 1].filled && ++b->commas > CT_JSON_COMMAS) {
        json_decref(v);
        return 0;
    }
    b->open[b->depth - 1].filled = true;
    return json_is_array(in) ? json_array_append_new(in, v) == 0
                             : json_object_set_new_nocheck(in, b->key.p, v) == 0;
}

/* A container stands in its parent from its first character on. */
static int begin(struct builder *b, json_t *v)
{
    bool first = b->root == NULL;
    if (!v || b->depth == CT_JSON_DEPTH || ++b->containers > CT_JSON_CONTAINERS) {
        json_decref(v);
        return 0;
    }
    if (first)
        b->root = v;
    else if (!put(b, v))
        return 0;
    b->open[b->depth].v = v;
    b->open[b->depth++].filled = false;
    return 1;
}

static int on_null(void *b)
{
    return put(b, json_null());
}

static int on_word(void *b, int yes)
{
    return put(b, json_boolean(yes));
}

static int on_string(void *b, const unsigned char *text, size_t n)
{
    return put(b, json_stringn_nocheck((const char *)text, n));
}

static int on_number(void *b, const char *digits, size_t n)
{
    char text[64], *end;
    if (n >= sizeof text)
        return 0;
    memcpy(text, digits, n);
    text[n] = '\0';
    if (text[strcspn(text, ".eE")]) {
        double d = strtod(text, &end); /* stops early where the locale's point is another */
        return *end == '\0' && isfinite(d) ? put(b, json_real(d)) : 0;
    }
    return n <= 18u + (digits[0] == '-') ? put(b, json_integer(strtoll(text, NULL, 10))) : 0;
}

static int on_object(void *b)
{
    return begin(b, json_object());
}

static int on_array(void *b)
{
    return begin(b, json_array());
}

static int on_key(void *ctx, const unsigned char *name, size_t n)
{
    struct builder *b = ctx;
    if (memchr(name, '\0', n))
        return 0;
    ct_buf_clear(&b->key);
    ct_buf_add(&b->key, (struct ct_span){(const char *)name, n});
    ct_buf_addc(&b->key, '\0');
    return !(b->flags & CT_JSON_UNIQUE) || !json_object_get(b->open[b->depth - 1].v, b->key.p);
}

static int on_close(void *ctx)
{
    struct builder *b = ctx;
    if (--b->depth == 0)
        b->end = yajl_get_bytes_consumed(b->json);
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_word,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_close,
    .yajl_start_array = on_array,
    .yajl_end_array = on_close,
};

/* yajl takes any UTF-8 of the right length, half a surrogate pair for a question mark, vertical tabs and
 * form feeds for blanks; jansson none of them. */
static bool is_plain(struct ct_span body)
{
    if (memchr(body.p, '\v', body.n) || memchr(body.p, '\f', body.n))
        return false;
    for (const char *p = body.p, *end = body.p + body.n;
         (p = memchr(p, '\\', (size_t)(end - p))) != NULL; p += 2) {
        if (end - p < 3)
            break;
        if (p[1] == 'u' && (p[2] == 'd' || p[2] == 'D'))
            return false;
    }
    return ct_utf8_valid(body);
}

json_t *ct_json_read(struct ct_span body, unsigned flags)
{
    struct builder b = {.flags = flags, .key = CT_BUF_INIT};
    b.json = body.n && is_plain(body) ? yajl_alloc(&callbacks, NULL, &b) : NULL;
    if (!b.json)
        return NULL;
    bool whole = yajl_parse(b.json, (const unsigned char *)body.p, body.n) == yajl_status_ok &&
                 yajl_complete_parse(b.json) == yajl_status_ok && b.end > 0;
    /* Half a token behind the root is no error to yajl. */
    whole = whole && ct_span_trim((struct ct_span){body.p + b.end, body.n - b.end}).n == 0;
    yajl_free(b.json);
    ct_buf_free(&b.key);
    if (!whole) {
        json_decref(b.root);
        return NULL;
    }
    return b.root;
}
