#include "config.h"

#include "fetchers/columns.h"

#include "db/base/paths.h"
#include "db/base/text.h"
#include "db/table.h"
#include "fetchers/families/prices.h"
#include "fetchers/reference.h"

#include <stdio.h>
#include <string.h>

enum { C_NAME, C_NUMBER, C_FIELD, C_VALUE, C_WORDS, MOST_FIELDS = 32, MOST_KEYS = 1000, MOST_FILE = 1 << 20 };

struct ct_columns {
    struct ct_tsv t;
    size_t first, n; /* our lines */
    struct ct_buf file;
};

/* A record, and where in it we are. */
struct record {
    const struct ct_list *header, *cells;
    json_t *root;
    const char *key; /* what the '*' of JSON stands for now */
    json_t *under;
    struct ct_arena *arena;
};

void ct_columns_free(struct ct_columns *c)
{
    if (!c)
        return;
    ct_tsv_free(&c->t);
    ct_buf_free(&c->file);
    free(c);
}

/* CT_ERR_NOT_FOUND, with the names there are. */
static enum ct_status none_called(const struct ct_columns *c, const char *name, struct ct_error *err)
{
    struct ct_buf names = CT_BUF_INIT;
    ct_buf_adds(&names, "");
    for (size_t i = 0; i < c->t.rows; i++)
        if (i == 0 || !ct_span_eq(ct_tsv_cell(&c->t, i, C_NAME), ct_tsv_cell(&c->t, i - 1, C_NAME)))
            ct_buf_addf(&names, " %s", ct_tsv_cell(&c->t, i, C_NAME).p);
    (void)ct_fail(err, CT_ERR_NOT_FOUND, name, "no such columns; there are%s, or a file with a dot in its name", names.p);
    ct_buf_free(&names);
    return CT_ERR_NOT_FOUND;
}

enum ct_status ct_columns_load(const char *name, struct ct_columns **out, struct ct_error *err)
{
    static const char *const columns[] = {"name", "number", "field", "value", "words", NULL};
    struct ct_columns *c = ct_xcalloc(1, sizeof *c);
    bool own = strpbrk(name, "/.") != NULL;
    enum ct_status st = own ? ct_read_file(name, MOST_FILE, &c->file, err) : CT_OK;
    if (st == CT_OK)
        st = own ? ct_tsv_read(&c->t, name, ct_buf_span(&c->file), columns, err)
                 : ct_tsv_load(&c->t, "columns.tsv", columns, err);
    for (size_t i = 0; st == CT_OK && i < c->t.rows; i++) {
        if (!own && !ct_span_is(ct_tsv_cell(&c->t, i, C_NAME), name))
            continue;
        if (c->n++ == 0)
            c->first = i;
    }
    if (st == CT_OK && c->n == 0)
        st = none_called(c, name, err);
    if (st == CT_OK)
        *out = c;
    else
        ct_columns_free(c);
    return st;
}

/* ---- values of a record ---- */

static struct ct_span text_of(const struct record *r, const json_t *v)
{
    char number[CT_DECIMAL_MAX];
    int64_t nano;
    if (json_is_string(v))
        return (struct ct_span){json_string_value(v), json_string_length(v)};
    if (json_is_boolean(v))
        return ct_span(json_is_true(v) ? "true" : "false");
    if (json_is_integer(v))
        return ct_arena_printf(r->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    if (!json_is_real(v) || ct_decimal_from_double(json_real_value(v), 1, 9, &nano) != CT_OK)
        return CT_SPAN_NONE;
    (void)ct_decimal_format(number, nano, 9);
    return ct_arena_dup(r->arena, ct_span(number));
}

/* PATH without its last step "*" or what follows one, if there is one. */
static bool star_in(struct ct_span path, struct ct_span *before)
{
    for (size_t i = 0; i + 1 < path.n; i++)
        if (path.p[i] == '.' && path.p[i + 1] == '*') {
            *before = (struct ct_span){path.p, i};
            return true;
        }
    return false;
}

static json_t *walk(json_t *v, struct ct_span path)
{
    while (path.n && v) {
        struct ct_span step = ct_span_cut(&path, '.');
        char key[128];
        (void)snprintf(key, sizeof key, "%.*s", CT_FMT(step));
        v = json_is_object(v) ? json_object_get(v, key) : NULL;
    }
    return v;
}

static enum ct_status value_of(const struct record *r, struct ct_span name, struct ct_span *out, struct ct_error *err)
{
    struct ct_span before;
    *out = CT_SPAN_NONE;
    if (r->root && star_in(name, &before)) {
        struct ct_span rest = {name.p + before.n + 2, name.n - before.n - 2};
        if (rest.n > 1)
            *out = text_of(r, walk(r->under, (struct ct_span){rest.p + 1, rest.n - 1}));
        else if (r->key)
            *out = ct_span(r->key);
        return CT_OK;
    }
    if (r->root) {
        *out = text_of(r, walk(r->root, name));
        return CT_OK;
    }
    for (size_t i = 0; i < r->header->n; i++)
        if (ct_span_eq(r->header->v[i], name)) {
            *out = ct_span_trim(r->cells->v[i]);
            return CT_OK;
        }
    return ct_fail(err, CT_ERR_SHAPE, "--as", "the file has no column \"%.*s\"", (int)(name.n > 60 ? 60 : name.n),
                   name.p);
}

/* VALUE with its braces filled, null when none of them says anything. */
static enum ct_status fill(const struct record *r, struct ct_span value, struct ct_span *out, struct ct_error *err)
{
    struct ct_buf b = CT_BUF_INIT;
    enum ct_status st = CT_OK;
    bool asked = false, said = false;
    while (value.n && st == CT_OK) {
        struct ct_span names, one = CT_SPAN_NONE;
        if (*value.p != '{') {
            ct_buf_addc(&b, *value.p);
            value = (struct ct_span){value.p + 1, value.n - 1};
            continue;
        }
        value = (struct ct_span){value.p + 1, value.n - 1};
        names = ct_span_cut(&value, '}');
        asked = true;
        while (names.n && one.n == 0 && st == CT_OK)
            st = value_of(r, ct_span_cut(&names, '|'), &one, err);
        said = said || one.n > 0;
        ct_buf_add(&b, one);
    }
    *out = asked && !said ? CT_SPAN_NONE : ct_arena_dup(r->arena, ct_span_trim(ct_buf_span(&b)));
    ct_buf_free(&b);
    return st;
}

/* THEIRS in our words; null: there is none for it. */
static struct ct_span in_our_words(const struct record *r, struct ct_span theirs, struct ct_span words)
{
    int64_t by, nano;
    char number[CT_DECIMAL_MAX];
    if (words.n == 0 || theirs.n == 0)
        return theirs;
    if (words.p[0] == '/') {
        if (ct_span_int((struct ct_span){words.p + 1, words.n - 1}, &by) != CT_OK ||
            ct_nusd_parse(theirs, 1, &nano) != CT_OK || (nano = ct_muldiv(nano, 1, by)) == CT_NONE)
            return CT_SPAN_NONE;
        (void)ct_decimal_format(number, nano, 9);
        return ct_arena_dup(r->arena, ct_span(number));
    }
    while (words.n) {
        struct ct_span ours = ct_span_cut(&words, ' '), word = ct_span_cut(&ours, '=');
        if (ct_span_eq(word, theirs))
            return ours;
    }
    return CT_SPAN_NONE;
}

/* ---- rows ---- */

/* The GPU by the name it has here, as parsers give it. False: nobody knows it. */
static bool identify(struct ct_batch *b, struct ct_offer *o)
{
    struct ct_instance_type type;
    o->cloud = ct_offer_cloud_behind(b, o->cloud);
    o->region = ct_region_canonical(o->cloud, o->region);
    if (o->instance.n && ct_instance_find(o->cloud, o->instance, &type)) {
        ct_offer_set_instance(o, &type);
        return true;
    }
    return o->gpu.n && ct_offer_identify(b, o, o->gpu, o->gpu_mem_milli);
}

/* Lines I up to the next number are one row; *NEXT is behind them. */
static enum ct_status add_row(const struct ct_columns *c, struct record *r, struct ct_batch *b, size_t i, size_t *next,
                              int64_t *at_ms, struct ct_error *err)
{
    struct ct_span names[MOST_FIELDS], cells[MOST_FIELDS];
    struct ct_list header = {names, 0}, list = {cells, 0};
    struct ct_span number = ct_tsv_cell(&c->t, i, C_NUMBER);
    bool observed = false, known = true;
    enum ct_status st = CT_OK;
    int64_t ignored;
    for (; i < c->first + c->n && ct_span_eq(ct_tsv_cell(&c->t, i, C_NUMBER), number); i++) {
        struct ct_span field = ct_tsv_cell(&c->t, i, C_FIELD), words = ct_tsv_cell(&c->t, i, C_WORDS), said;
        if (header.n == MOST_FIELDS)
            return ct_tsv_fail(&c->t, i, err, "more than %d fields", MOST_FIELDS);
        if ((st = fill(r, ct_tsv_cell(&c->t, i, C_VALUE), &said, err)) != CT_OK)
            return st;
        struct ct_span ours = in_our_words(r, said, words);
        known = known && (ours.n > 0 || said.n == 0);
        if (ct_span_is(field, "at")) {
            if (ours.n && ct_time_parse(ours, at_ms) != CT_OK &&
                (st = ct_time_parse_user(ours, 0, at_ms, err)) != CT_OK)
                return st;
            continue;
        }
        observed = observed || (ours.n > 0 && (ct_span_starts(field, "price_per_") || ct_span_is(field, "stock") ||
                                               ct_span_is(field, "usd_per_mtok") || ct_span_is(field, "value")));
        names[header.n++] = field;
        cells[list.n++] = ours;
    }
    *next = i;
    if (!observed || !known)
        return CT_OK;
    size_t had = b->offers.n;
    st = ct_batch_add_csv(b, &header, &list, &ignored, err);
    if (st == CT_OK && b->offers.n > had && !identify(b, &b->offers.v[had]))
        b->offers.n = had;
    return st;
}

/* The row of lines I, once for every key of what the first '*' of them stands for. */
static enum ct_status add_rows(const struct ct_columns *c, struct record *r, struct ct_batch *b, size_t *i,
                               int64_t *at_ms, struct ct_error *err)
{
    struct ct_span number = ct_tsv_cell(&c->t, *i, C_NUMBER), before = CT_SPAN_NONE;
    bool star = false;
    for (size_t k = *i; r->root && !star && k < c->first + c->n &&
                        ct_span_eq(ct_tsv_cell(&c->t, k, C_NUMBER), number); k++) {
        struct ct_span value = ct_tsv_cell(&c->t, k, C_VALUE);
        (void)ct_span_cut(&value, '{');
        star = star_in(ct_span_cut(&value, '}'), &before);
    }
    if (!star)
        return add_row(c, r, b, *i, i, at_ms, err);
    size_t next = *i, n = 0;
    enum ct_status st = CT_OK;
    json_t *all = walk(r->root, before);
    json_object_foreach (all, r->key, r->under)
        if (st == CT_OK)
            st = n++ < MOST_KEYS ? add_row(c, r, b, *i, &next, at_ms, err)
                                 : ct_fail(err, CT_ERR_LIMIT, "--as", "more than %d keys in one record", MOST_KEYS);
    r->key = NULL;
    r->under = NULL;
    while (next < c->first + c->n && ct_span_eq(ct_tsv_cell(&c->t, next, C_NUMBER), number))
        next++;
    *i = next;
    return st;
}

enum ct_status ct_columns_add(const struct ct_columns *c, struct ct_batch *b, const struct ct_list *header,
                              const struct ct_list *cells, struct ct_span text, int64_t *at_ms, struct ct_error *err)
{
    struct record r = {.header = header, .cells = cells, .arena = b->arena};
    enum ct_status st = CT_OK;
    *at_ms = CT_NONE;
    if (header && header->n != cells->n)
        return ct_fail(err, CT_ERR_SHAPE, NULL, "%zu cells under a header of %zu", cells->n, header->n);
    if (!header && (st = ct_json_parse(text, 0, &r.root, err)) != CT_OK)
        return st;
    for (size_t i = c->first; i < c->first + c->n && st == CT_OK;)
        st = add_rows(c, &r, b, &i, at_ms, err);
    json_decref(r.root);
    return st;
}
