/* Classes of models: who is in which, by name (fetchers/reference/model_classes.tsv), and what a token of each costs. */
#include "db/base/paths.h"
#include "db/columns.h"
#include "db/market.h"

#define ROW struct ct_class_row
static const struct ct_column class_columns[] = {
    COL(TEXT, "class", name, SEARCH),
    COL(TEXT, "kind", kind, SEARCH),
    COL(NANO, "index_usd_per_mtok", index, ALIAS("index price")),
    COL(NANO, "cheapest_usd_per_mtok", cheapest),
    COL(TEXT, "cheapest_host", cheapest_host, SEARCH),
    COL(NANO, "dearest_usd_per_mtok", dearest),
    COL(INT, "sellers", sellers),
    COL(INT, "members", members),
    COL(MILLI, "change_24h_pct", change_24h_milli),
    COL(MILLI, "change_7d_pct", change_7d_milli),
    COL(MILLI, "change_30d_pct", change_30d_milli),
    COL(TEXT, "series", series, SEARCH),
};
TABLE(ct_class_table, "class", ROW, class_columns);
#undef ROW

struct ct_class_member {
    struct ct_span class, lab, model;
};

enum { C_CLASS, C_LAB, C_MODEL, C_COLUMNS };

static void read_lines(struct ct_classes *out, struct ct_span rest)
{
    static const char *const names[C_COLUMNS] = {"class", "lab", "model"};
    int columns[C_COLUMNS] = {-1, -1, -1};
    for (bool headed = false; rest.p;) {
        struct ct_span line = ct_span_cut(&rest, '\n'), cell, found[C_COLUMNS] = {{NULL, 0}};
        if (!line.n || line.p[0] == '#')
            continue;
        for (int i = 0; line.p; i++) {
            cell = ct_span_trim(ct_span_cut(&line, '\t'));
            for (int k = 0; k < C_COLUMNS; k++) {
                if (!headed && ct_span_is(cell, names[k]))
                    columns[k] = i;
                if (headed && columns[k] == i)
                    found[k] = cell;
            }
        }
        struct ct_class_member *m = headed && found[C_CLASS].n && found[C_LAB].n && found[C_MODEL].n
                                        ? CT_VEC_PUSH(out->arena, &out->members)
                                        : NULL;
        if (m)
            *m = (struct ct_class_member){found[C_CLASS], found[C_LAB], found[C_MODEL]};
        headed = true;
    }
}

const struct ct_classes *ct_classes(struct ct_reader *r)
{
    struct ct_buf path = CT_BUF_INIT, text = CT_BUF_INIT;
    if (r->classes.arena)
        return &r->classes;
    r->classes.arena = ct_arena_new(0);
    if (ct_path_resource(&path, "fetchers/reference/model_classes.tsv", NULL) == CT_OK &&
        ct_read_file(path.p, 1 << 20, &text, NULL) == CT_OK) /* else there are none */
        read_lines(&r->classes, ct_arena_dup(r->classes.arena, ct_buf_span(&text)));
    ct_buf_free(&path);
    ct_buf_free(&text);
    return &r->classes;
}

void ct_classes_free(struct ct_reader *r)
{
    ct_arena_free(r->classes.arena);
}

bool ct_class_has(const struct ct_classes *c, struct ct_span class, struct ct_span lab,
                  struct ct_span model)
{
    for (size_t i = 0; i < c->members.n; i++)
        if (ct_span_eq(c->members.v[i].class, class) && ct_span_eq(c->members.v[i].lab, lab) &&
            ct_span_eq(c->members.v[i].model, model))
            return true;
    return false;
}

bool ct_class_next(const struct ct_classes *c, size_t *i, struct ct_span *class)
{
    for (; *i < c->members.n; ++*i)
        if (*i == 0 || !ct_span_eq(c->members.v[*i].class, c->members.v[*i - 1].class)) {
            *class = c->members.v[(*i)++].class;
            return true;
        }
    return false;
}

bool ct_class_sells(struct ct_span host_class)
{
    static const char *const sellers[] = {"cloud", "direct", "platform", "neocloud", "inference", NULL};
    return ct_word(sellers, host_class) >= 0;
}

/* ---- the classes now ---- */

static size_t size_of(const struct ct_classes *c, struct ct_span class)
{
    size_t n = 0;
    for (size_t i = 0; i < c->members.n; i++)
        n += ct_span_eq(c->members.v[i].class, class);
    return n;
}

/* Cheapest and dearest of what sellers ask at the least, at the moment VALUE was worked out for. */
static void take_range(struct ct_class_row *row, const struct ct_market_range *range)
{
    row->sellers = range->n;
    row->cheapest = range->low;
    row->cheapest_host = range->low_who;
    row->dearest = range->high;
}

enum ct_status ct_read_classes(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                               struct ct_rows *out, struct ct_error *err)
{
    static const char *const kinds[] = {"input", "output"};
    CT_VEC(struct ct_class_row) rows = {NULL, 0, 0};
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    const int64_t at[] = {r->t, r->t - CT_DAY, r->t - 7 * CT_DAY, r->t - 30 * CT_DAY};
    struct ct_heard *heard[CT_LEN(at)];
    for (size_t i = 0; i < CT_LEN(at); i++)
        heard[i] = ct_market_heard(r, &sources, at[i]);
    struct ct_span class;
    for (size_t i = 0; ct_class_next(ct_classes(r), &i, &class) && r->status == CT_OK;)
        for (size_t k = 0; k < CT_LEN(kinds); k++) {
            struct ct_series_ref ref = {.kind = CT_SERIES_CLASS, .of = {class, ct_span(kinds[k])}};
            struct ct_market m = {.v = {NULL, 0, 0}};
            struct ct_market_range range;
            int64_t value[CT_LEN(at)];
            ct_market_read(r, &ref, CT_NONE, &m);
            struct ct_class_row *row = m.v.n ? CT_VEC_PUSH(a, &rows) : NULL;
            if (!row)
                continue;
            for (size_t n = CT_LEN(at); n-- > 0;)
                value[n] = ct_market_at(r, &m, &sources, heard[n], at[n], n ? NULL : &range);
            *row = (struct ct_class_row){.name = ct_arena_dup(a, class), .kind = ct_span(kinds[k]),
                                         .index = value[0],
                                         .members = (int64_t)size_of(ct_classes(r), class),
                                         .change_24h_milli = ct_pct_change(value[1], value[0]),
                                         .change_7d_milli = ct_pct_change(value[2], value[0]),
                                         .change_30d_milli = ct_pct_change(value[3], value[0]),
                                         .series = ct_market_name(a, &ref)};
            take_range(row, &range);
        }
    *out = (struct ct_rows){rows.v, rows.n};
    return ct_load_end(r);
}
