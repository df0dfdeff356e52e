/* The filter language of ux.md 4.4, compiled once and matched without allocating.
 *
 *   text  = term { blank term }                                            all must hold
 *   term  = { "!" } ( "~" word | field op value { "," value } | word )
 *   op    = ":" | "=" | "!=" | "<" | "<=" | ">" | ">="
 *
 * Double quotes take away the meaning of blanks, commas, operators and globs inside them. */
#include "db/base/ini.h"
#include "db/columns.h"

#include <stdio.h>

#define MAX_BYTES 10240

enum op { OP_HAS, OP_EQ, OP_LT, OP_LE, OP_GT, OP_GE };

struct value {
    struct ct_span text;
    bool glob;
    int64_t number; /* in the column's unit; TIME: an instant; ENUM: the index */
    uint64_t words; /* ENUM: all the words meant, a bit each */
    struct ct_span meant;           /* what is recorded for what was typed; null: just that */
    struct ct_span gpu, form;       /* "h100-sxm" where both have a column; else null */
};

struct term {
    bool negated, fuzzy;
    enum op op;
    const struct ct_column *column; /* NULL: a bare word */
    CT_VEC(struct value) values;    /* any of them */
};

struct ct_filter {
    const struct ct_table *table;
    CT_VEC(struct term) terms;
};

/* ---- compiling ---- */

struct compiler {
    const struct ct_table *table;
    struct ct_span text;
    size_t pos, word; /* where we are; where the word we are in began */
    int64_t now_ms;
    struct ct_arena *arena;
    struct ct_error *err;
};

CT_PRINTF(3, 4)
static enum ct_status wrong(struct compiler *k, enum ct_status st, const char *fmt, ...)
{
    char where[32], what[sizeof k->err->what];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    snprintf(where, sizeof where, "column %zu", k->word + 1);
    return ct_fail(k->err, st, where, "%s", what);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool at_end(const struct compiler *k)
{
    return k->pos >= k->text.n || blank(k->text.p[k->pos]);
}

/* What an error quotes: short, whatever was typed. */
#define QUOTE(s) (int)((s).n > 40 ? 40 : (s).n), ((s).p ? (s).p : "")

/* Names and aliases of all columns, for "nearest". NULL when the arena is full. */
static const char **all_names(const struct ct_table *t, struct ct_arena *a)
{
    CT_VEC(const char *) names = {NULL, 0, 0};
    for (size_t i = 0; i < t->n_columns; i++) {
        const char **place = CT_VEC_PUSH(a, &names);
        if (!place)
            return NULL;
        *place = t->columns[i].name;
        struct ct_span rest = ct_span(t->columns[i].aliases);
        while (rest.p) {
            struct ct_span alias = ct_arena_dup(a, ct_span_cut(&rest, ' '));
            if (!alias.p || !(place = CT_VEC_PUSH(a, &names)))
                return NULL;
            *place = alias.p;
        }
    }
    const char **end = CT_VEC_PUSH(a, &names); /* zeroed: ends the list */
    return end ? names.v : NULL;
}

static const char *nearest_name(const struct ct_table *t, struct ct_span name, struct ct_arena *a)
{
    char word[64];
    const char **names = all_names(t, a);
    snprintf(word, sizeof word, "%.*s", QUOTE(name));
    return names ? ct_nearest(word, names) : NULL;
}

/* Reads one value up to a blank (or a comma, when COMMA) into V, quotes removed. */
static enum ct_status read_value(struct compiler *k, bool comma, struct value *v)
{
    char *out = ct_arena_alloc(k->arena, k->text.n - k->pos + 1);
    size_t n = 0;
    bool quoted = false, had_quotes = false, star = false;
    if (!out)
        return wrong(k, CT_ERR_LIMIT, "the filter is too large");
    for (; k->pos < k->text.n; k->pos++) {
        char c = k->text.p[k->pos];
        if (c == '"') {
            quoted = !quoted;
            had_quotes = true;
            continue;
        }
        if (!quoted && (blank(c) || (comma && c == ',')))
            break;
        star = star || c == '*' || c == '?';
        out[n++] = c;
    }
    if (quoted)
        return wrong(k, CT_ERR_USAGE, "a quote is opened and never closed");
    if (!n && !had_quotes)
        return wrong(k, CT_ERR_USAGE, "a value is missing");
    *v = (struct value){.text = {out, n}, .glob = star && !had_quotes, .number = CT_NONE};
    return CT_OK;
}

/* Length of the operator at P (N bytes left), 0 when there is none. */
static size_t read_op(const char *p, size_t n, enum op *op, bool *negated)
{
    bool equal = n > 1 && p[1] == '=';
    *negated = false;
    switch (n ? p[0] : ' ') {
    case ':':
        *op = OP_HAS;
        return 1;
    case '=':
        *op = OP_EQ;
        return 1;
    case '!':
        *op = OP_EQ;
        *negated = true;
        return equal ? 2 : 0;
    case '<':
        *op = equal ? OP_LE : OP_LT;
        return equal ? 2 : 1;
    case '>':
        *op = equal ? OP_GE : OP_GT;
        return equal ? 2 : 1;
    }
    return 0;
}

static enum ct_status resolve_number(struct compiler *k, const struct ct_column *c, struct value *v)
{
    struct ct_span text = v->text;
    enum ct_status st = CT_ERR_SYNTAX;
    if (text.n > 1 && text.p[0] == '$')
        text = (struct ct_span){text.p + 1, text.n - 1};
    if (text.n > 1 && text.p[text.n - 1] == '%')
        text.n--;
    if (c->type == CT_TYPE_NANO || c->type == CT_TYPE_SCALED)
        st = ct_nusd_parse(text, 1, &v->number);
    else if (c->type == CT_TYPE_MILLI)
        st = ct_milli_parse(text, &v->number);
    else
        st = ct_span_int(text, &v->number);
    if (st != CT_OK && ct_span_ends(ct_span(c->name), "_s")) { /* seconds: "age>2h" */
        st = ct_duration_parse(text, &v->number);
        v->number /= CT_SECOND;
    }
    if (st == CT_ERR_RANGE)
        return wrong(k, CT_ERR_USAGE, "\"%.*s\" is too large a number", QUOTE(v->text));
    if (st != CT_OK)
        return wrong(k, CT_ERR_USAGE, "%s is a number; \"%.*s\" is none", c->name, QUOTE(v->text));
    return CT_OK;
}

/* An age ("2h": turned into the instant that long ago, so the comparison turns round) or an
 * instant. */
static enum ct_status resolve_time(struct compiler *k, const struct ct_column *c, struct term *t,
                                   struct value *v)
{
    static const enum op turned[] = {
        [OP_LT] = OP_GT,
        [OP_LE] = OP_GE,
        [OP_GT] = OP_LT,
        [OP_GE] = OP_LE,
    };
    int64_t age;
    if (t->op == OP_HAS || t->op == OP_EQ)
        return CT_OK; /* compared as text: at:2026-10 */
    if (ct_duration_parse(v->text, &age) == CT_OK) {
        v->number = k->now_ms - age;
        t->op = turned[t->op];
        return CT_OK;
    }
    if (ct_time_parse_user(v->text, k->now_ms, &v->number, NULL) == CT_OK)
        return CT_OK;
    return wrong(k, CT_ERR_USAGE, "%s takes an age (2h, 7d) or a date; \"%.*s\" is neither",
                 c->name, QUOTE(v->text));
}

static struct ct_span short_word(const struct ct_column *c, int i)
{
    return c->words == ct_state_words ? ct_span(ct_state_short(i)) : CT_SPAN_NONE;
}

/* Which words are meant: the exact one, else all that begin with it (or match the glob). */
static enum ct_status resolve_enum(struct compiler *k, const struct ct_column *c,
                                   const struct term *t, struct value *v)
{
    char list[160] = "";
    for (int i = 0; c->words[i] && i < 64; i++) {
        struct ct_span word = ct_span(c->words[i]);
        size_t used = strlen(list);
        if (ct_span_ieq(v->text, word) || ct_span_ieq(v->text, short_word(c, i))) {
            v->words = UINT64_C(1) << i;
            v->number = i;
            return CT_OK;
        }
        struct ct_span head = {word.p, v->text.n < word.n ? v->text.n : word.n};
        if (v->glob ? ct_glob(v->text, word) : ct_span_ieq(head, v->text)) {
            v->words |= UINT64_C(1) << i;
            v->number = i;
        }
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", c->words[i]);
    }
    bool ranks = t->op != OP_HAS && t->op != OP_EQ;
    struct ct_span meant = v->words ? CT_SPAN_NONE : ct_word_meant(c->name, v->text);
    if (meant.n) {
        v->text = meant;
        return resolve_enum(k, c, t, v);
    }
    if (!v->words || !v->text.n)
        return wrong(k, CT_ERR_USAGE, "%s has no \"%.*s\"; it knows %s", c->name, QUOTE(v->text),
                     list);
    if (ranks && (v->words & (v->words - 1)))
        return wrong(k, CT_ERR_USAGE, "\"%.*s\" may be more than one of %s", QUOTE(v->text), list);
    return CT_OK;
}

static enum ct_status resolve_bool(struct compiler *k, const struct ct_column *c, struct value *v)
{
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1", NULL};
    int i = ct_word(words, v->text);
    if (i < 0)
        return wrong(k, CT_ERR_USAGE, "%s is yes or no; \"%.*s\" is neither", c->name,
                     QUOTE(v->text));
    v->number = i % 2;
    return CT_OK;
}

static enum ct_status resolve(struct compiler *k, struct term *t, struct value *v)
{
    const struct ct_column *c = t->column;
    bool ordered = t->op != OP_HAS && t->op != OP_EQ;
    switch (c->type) {
    case CT_TYPE_INT:
    case CT_TYPE_NANO:
    case CT_TYPE_MILLI:
    case CT_TYPE_SCALED:
        return resolve_number(k, c, v);
    case CT_TYPE_TIME:
        return resolve_time(k, c, t, v);
    case CT_TYPE_ENUM:
        if (ordered && !(c->flags & CT_COL_RANKED))
            break;
        return resolve_enum(k, c, t, v);
    case CT_TYPE_BOOL:
        if (ordered)
            break;
        return resolve_bool(k, c, v);
    case CT_TYPE_TEXT:
    case CT_TYPE_LIST:
    case CT_TYPE_ROWS:
        if (ordered)
            break;
        return CT_OK;
    }
    return wrong(k, CT_ERR_USAGE, "%s has no order; use %s:WORD", c->name, c->name);
}

/* The recorded names of what people call otherwise. */
static void take_names(struct compiler *k, const struct term *t, struct value *v)
{
    bool gpu = !t->column || strcmp(t->column->name, "gpu") == 0;
    v->meant = ct_word_meant(t->column ? t->column->name : NULL, v->text);
    if (gpu && ct_table_column(k->table, CT_LIT("gpu")) && ct_table_column(k->table, CT_LIT("form")))
        (void)ct_gpu_split(v->text, &v->gpu, &v->form);
}

static enum ct_status push_value(struct compiler *k, struct term *t, bool comma)
{
    struct value *v = CT_VEC_PUSH(k->arena, &t->values);
    if (!v)
        return wrong(k, CT_ERR_LIMIT, "the filter is too large");
    enum ct_status st = read_value(k, comma, v);
    if (st == CT_OK && !t->fuzzy && !v->glob)
        take_names(k, t, v);
    return st == CT_OK && t->column ? resolve(k, t, v) : st;
}

static enum ct_status read_field(struct compiler *k, struct term *t, struct ct_span name,
                                 size_t op_length)
{
    t->column = ct_table_column(k->table, name);
    if (!t->column) {
        const char *near = nearest_name(k->table, name, k->arena);
        return wrong(k, CT_ERR_USAGE, "no field \"%.*s\" here%s%s%s", QUOTE(name),
                     near ? "; nearest: \"" : "", near ? near : "", near ? "\"" : "");
    }
    k->pos += name.n + op_length;
    bool list = t->op == OP_HAS || t->op == OP_EQ;
    enum ct_status st = push_value(k, t, list);
    while (st == CT_OK && list && k->pos < k->text.n && k->text.p[k->pos] == ',') {
        k->pos++;
        st = push_value(k, t, true);
    }
    return st;
}

static enum ct_status read_term(struct compiler *k, struct term *t)
{
    for (; k->pos < k->text.n && k->text.p[k->pos] == '!'; k->pos++)
        t->negated = !t->negated;
    if (at_end(k))
        return wrong(k, CT_ERR_USAGE, "a word is missing after '!'");
    if (k->text.p[k->pos] == '~') {
        t->fuzzy = true;
        k->pos++;
        return push_value(k, t, false);
    }
    /* A field is what stands before the first operator, if no quote or blank comes before that. */
    for (size_t i = k->pos; i < k->text.n; i++) {
        bool negated;
        if (blank(k->text.p[i]) || k->text.p[i] == '"')
            break;
        size_t length = read_op(k->text.p + i, k->text.n - i, &t->op, &negated);
        if (length) {
            t->negated = t->negated != negated;
            return read_field(k, t, (struct ct_span){k->text.p + k->pos, i - k->pos}, length);
        }
    }
    t->op = OP_HAS;
    return push_value(k, t, false);
}

enum ct_status ct_filter_compile(const struct ct_table *t, struct ct_span text, int64_t now_ms,
                                 struct ct_arena *a, struct ct_filter **out, struct ct_error *err)
{
    struct compiler k = {.table = t, .text = text, .now_ms = now_ms, .arena = a, .err = err};
    *out = NULL;
    if (text.n > MAX_BYTES)
        return wrong(&k, CT_ERR_LIMIT, "a filter has at most %d bytes", MAX_BYTES);
    struct ct_filter *f = ct_arena_alloc(a, sizeof *f);
    if (!f)
        return wrong(&k, CT_ERR_LIMIT, "the filter is too large");
    f->table = t;
    for (;;) {
        while (k.pos < text.n && blank(text.p[k.pos]))
            k.pos++;
        if (k.pos >= text.n)
            break;
        k.word = k.pos;
        struct term *term = CT_VEC_PUSH(a, &f->terms);
        enum ct_status st =
            term ? read_term(&k, term) : wrong(&k, CT_ERR_LIMIT, "the filter is too large");
        if (st != CT_OK)
            return st;
    }
    *out = f->terms.n ? f : NULL;
    return CT_OK;
}

/* ---- matching ---- */

static bool match_text(struct ct_span text, const struct value *v, enum op op)
{
    if (!v->text.n)
        return !text.n; /* region:"" */
    if (!text.p)
        return false;
    if (v->glob)
        return ct_glob(v->text, text);
    if (v->meant.n && ct_span_ieq(text, v->meant))
        return true;
    return op == OP_EQ ? ct_span_ieq(text, v->text) : ct_span_ihas(text, v->text);
}

/* The characters of WORD in order, others between them. */
static bool match_fuzzy(struct ct_span text, struct ct_span word)
{
    size_t at = 0;
    for (size_t i = 0; i < text.n && at < word.n; i++)
        at += ct_span_ieq((struct ct_span){text.p + i, 1}, (struct ct_span){word.p + at, 1});
    return at == word.n;
}

static bool match_word(const struct ct_table *t, const void *row, const struct term *term);

static bool one_text(struct ct_span text, const struct term *term)
{
    const struct value *v = &term->values.v[0];
    return term->fuzzy ? text.p && match_fuzzy(text, v->text) : match_text(text, v, term->op);
}

static bool match_word_in(const struct ct_column *c, const void *row, const struct term *term)
{
    switch (c->type) {
    case CT_TYPE_TEXT:
        return one_text(ct_get_span(c, row), term);
    case CT_TYPE_ENUM:
        return ct_get_word(c, row).p && (one_text(ct_get_word(c, row), term) ||
                                         one_text(short_word(c, ct_get_int(c, row)), term));
    case CT_TYPE_LIST: {
        struct ct_list list = ct_get_list(c, row);
        for (size_t i = 0; i < list.n; i++)
            if (one_text(list.v[i], term))
                return true;
        return false;
    }
    case CT_TYPE_ROWS: {
        struct ct_rows rows = ct_get_rows(c, row);
        for (size_t i = 0; i < rows.n; i++)
            if (match_word(c->sub, ct_row(c->sub, rows, i), term))
                return true;
        return false;
    }
    default:
        return false;
    }
}

static bool match_gpu(const struct ct_table *t, const void *row, const struct value *v)
{
    return v->form.n && ct_span_ieq(ct_get_span(ct_table_column(t, CT_LIT("form")), row), v->form) &&
           ct_span_ieq(ct_get_span(ct_table_column(t, CT_LIT("gpu")), row), v->gpu);
}

static bool match_word(const struct ct_table *t, const void *row, const struct term *term)
{
    if (match_gpu(t, row, &term->values.v[0]))
        return true;
    for (size_t i = 0; i < t->n_columns; i++)
        if ((t->columns[i].flags & CT_COL_SEARCH) && match_word_in(&t->columns[i], row, term))
            return true;
    return false;
}

static bool ordered(int64_t a, enum op op, int64_t b)
{
    switch (op) {
    case OP_LT:
        return a < b;
    case OP_LE:
        return a <= b;
    case OP_GT:
        return a > b;
    case OP_GE:
        return a >= b;
    default:
        return a == b;
    }
}

static bool match_time(int64_t ms, const struct value *v, enum op op)
{
    char text[CT_TIME_MAX];
    if (op != OP_HAS && op != OP_EQ)
        return ordered(ms, op, v->number);
    int n = ct_time_format(text, ms);
    return match_text((struct ct_span){text, (size_t)n}, v, op);
}

static bool match_value(const struct ct_column *c, const void *row, const struct term *t,
                        const struct value *v)
{
    if (ct_cell_null(c, row)) /* unknown is on no side of a comparison */
        return c->type == CT_TYPE_TEXT && !v->text.n;
    switch (c->type) {
    case CT_TYPE_TEXT:
        return match_text(ct_get_span(c, row), v, t->op);
    case CT_TYPE_TIME:
        return match_time(ct_get_int64(c, row), v, t->op);
    case CT_TYPE_INT:
    case CT_TYPE_NANO:
    case CT_TYPE_MILLI:
        return ordered(ct_get_int64(c, row), t->op, v->number);
    case CT_TYPE_SCALED: { /* 9 digits on the other side; more here must not be cut off */
        int64_t scale = 1, digits = ct_get_digits(c, row);
        for (int64_t d = digits; d != 9; d += d < 9 ? 1 : -1)
            scale *= 10;
        return ordered(ct_muldiv(ct_get_int64(c, row), digits < 9 ? scale : 1, 1), t->op,
                       ct_muldiv(v->number, digits > 9 ? scale : 1, 1));
    }
    case CT_TYPE_BOOL:
        return (ct_get_int(c, row) != 0) == (v->number != 0);
    case CT_TYPE_ENUM:
        if (t->op == OP_HAS || t->op == OP_EQ)
            return v->words >> ct_get_int(c, row) & 1;
        return ordered(ct_get_int(c, row), t->op, v->number);
    case CT_TYPE_LIST: {
        struct ct_list list = ct_get_list(c, row);
        for (size_t i = 0; i < list.n; i++)
            if (match_text(list.v[i], v, t->op))
                return true;
        return !list.n && !v->text.n;
    }
    case CT_TYPE_ROWS: {
        struct term word = {.op = t->op, .values = {(struct value *)v, 1, 1}};
        return match_word_in(c, row, &word);
    }
    }
    return false;
}

static bool match_term(const struct ct_filter *f, const struct term *t, const void *row)
{
    if (!t->column)
        return match_word(f->table, row, t);
    for (size_t i = 0; i < t->values.n; i++)
        if (match_value(t->column, row, t, &t->values.v[i]) || match_gpu(f->table, row, &t->values.v[i]))
            return true;
    return false;
}

bool ct_filter_match(const struct ct_filter *f, const void *row)
{
    for (size_t i = 0; f && i < f->terms.n; i++)
        if (match_term(f, &f->terms.v[i], row) == f->terms.v[i].negated)
            return false;
    return true;
}

/* ---- names like one that nothing has ---- */

static void add_names(const struct ct_column *c, struct ct_rows rows, const struct ct_table *t, const char **names,
                      size_t *n, size_t cap, struct ct_arena *a)
{
    for (size_t i = 0; i < rows.n && *n < cap; i++) {
        struct ct_span name = ct_get_span(c, ct_row(t, rows, i));
        size_t k = 0;
        while (k < *n && !ct_span_is(name, names[k]))
            k++;
        if (name.n && k == *n && (names[k] = ct_arena_dup(a, name).p) != NULL)
            ++*n;
    }
}

/* Only what is searched as a text, and no series: those are long. */
static const char *near_of(const struct ct_filter *f, const struct term *t, struct ct_rows rows, struct ct_arena *a)
{
    enum { MOST = 2000 };
    const struct ct_table *table = f->table;
    const char **names = ct_arena_alloc(a, (MOST + 1) * sizeof *names);
    size_t n = 0;
    for (size_t i = 0; names && i < table->n_columns; i++) {
        const struct ct_column *c = &table->columns[i];
        bool meant = t->column ? c == t->column : (c->flags & CT_COL_SEARCH) && strcmp(c->name, "series") != 0;
        if (meant && c->type == CT_TYPE_TEXT)
            add_names(c, rows, table, names, &n, MOST, a);
    }
    return n ? ct_nearest(t->values.v[0].text.p, names) : NULL;
}

struct ct_span ct_filter_near(const struct ct_filter *f, struct ct_rows rows, struct ct_arena *a)
{
    for (size_t i = 0; f && i < f->terms.n; i++) {
        const struct term *t = &f->terms.v[i];
        const struct value *v = &t->values.v[0];
        bool any = t->negated || t->fuzzy || v->glob || t->values.n != 1 || (t->op != OP_HAS && t->op != OP_EQ);
        for (size_t k = 0; k < rows.n && !any; k++)
            any = match_term(f, t, ct_row(f->table, rows, k));
        const char *near = any ? NULL : near_of(f, t, rows, a);
        if (near)
            return ct_arena_printf(a, "%s%s%.*s; nearest: \"%s\"", t->column ? t->column->name : "", t->column ? ":" : "",
                                   QUOTE(v->text), near);
    }
    return CT_SPAN_NONE;
}
