/* The series that are made of others: what they are called and which parts they have. */
#include "db/market.h"

#include <string.h>

static const struct made {
    const char *word; /* before the first '/' of the name */
    const char *unit;
    int digits;
    const char *too_few;
    enum ct_sql names, parts;
} made[] = {
    {"index", "USD/gpu.h", 9, "fewer than three clouds", CT_N_SQL, CT_N_SQL}, /* all at once */
    {"hosts", "hosts", 0, "listed by nobody", SQL_HOSTS_NAMES, SQL_HOSTS_PARTS},
    {"clouds", "clouds", 0, "listed on no cloud", SQL_LAB_NAMES, SQL_LAB_PARTS},
    {"exclusive", "%", 3, "listed on no cloud", SQL_LAB_NAMES, SQL_LAB_PARTS},
    {"index", "USD/Mtok", 9, "fewer than three sellers", SQL_CLASS_SELLERS, SQL_CLASS_PARTS},
};
_Static_assert(CT_LEN(made) == CT_SERIES_MADE_END - CT_SERIES_INDEX, "a line a kind");

static const struct made *made_of(int kind)
{
    return &made[kind - CT_SERIES_INDEX];
}

struct ct_span ct_market_too_few(int kind)
{
    return ct_span(made_of(kind)->too_few);
}

bool ct_market_means(struct ct_span subject)
{
    struct ct_span rest = subject, word = ct_span_cut(&rest, '/');
    for (size_t i = 0; rest.p && i < CT_LEN(made); i++)
        if (ct_span_is(word, made[i].word))
            return true;
    return false;
}

struct ct_span ct_market_index_name(struct ct_arena *a, struct ct_span gpu, struct ct_span form,
                                    int purchase)
{
    struct ct_buf out = CT_BUF_INIT;
    bool known = purchase >= CT_PURCHASE_OD && purchase <= CT_PURCHASE_OTHER;
    ct_buf_adds(&out, "index/");
    ct_key_segment(&out, gpu);
    if (form.n) {
        ct_buf_addc(&out, '-');
        ct_key_segment(&out, form);
    }
    ct_buf_addc(&out, '/');
    ct_buf_adds(&out, ct_purchase_words[known ? purchase : CT_PURCHASE_OTHER]);
    struct ct_span name = ct_arena_dup(a, ct_buf_span(&out));
    ct_buf_free(&out);
    return name;
}

struct ct_span ct_market_name(struct ct_arena *a, const struct ct_series_ref *s)
{
    if (s->kind == CT_SERIES_INDEX)
        return ct_market_index_name(a, s->of[0], s->of[1], s->purchase);
    struct ct_buf out = CT_BUF_INIT;
    ct_buf_adds(&out, made_of(s->kind)->word);
    for (size_t i = 0; i < CT_LEN(s->of) && s->of[i].n; i++) {
        ct_buf_addc(&out, '/');
        ct_key_segment(&out, s->of[i]);
    }
    struct ct_span name = ct_arena_dup(a, ct_buf_span(&out));
    ct_buf_free(&out);
    return name;
}

struct ct_span ct_market_lab_name(struct ct_arena *a, int kind, struct ct_span lab)
{
    return ct_market_name(a, &(struct ct_series_ref){.kind = kind, .of = {lab}});
}

/* ---- parts ---- */

/* From a row of the statements that list parts. */
static struct ct_market_part read_part(struct ct_reader *r, sqlite3_stmt *st)
{
    return (struct ct_market_part){
        .series = ct_col_int(st, 0),
        .now = ct_asof_row(r, st, 0),
        .source_id = ct_col_int(st, 1),
        .who = ct_col_text(r, st, 2),
        .region = ct_col_text(r, st, 3),
        .instance = ct_col_text(r, st, 4),
        .count = ct_col_int(st, 5),
        .currency = ct_col_text(r, st, 6),
        .rentable = ct_col_int(st, 7) != 0,
    };
}

/* A row of LAB_PARTS: false when it puts no model on a cloud. */
static bool read_on_cloud(struct ct_reader *r, sqlite3_stmt *st, int kind, struct ct_market_part *p)
{
    struct ct_span model = ct_col_text(r, st, 8);
    if (!ct_puts_on_cloud(p->who, ct_col_text(r, st, 9), model))
        return false;
    if (kind == CT_SERIES_EXCLUSIVE)
        p->model = model;
    return true;
}

/* The kind of price an index of a class is of: "input", "output". */
static int64_t kind_of(struct ct_span word)
{
    return ct_word(ct_token_kind_words, word);
}

/* One pass over all prices: a class has dozens of members. */
static void read_class(struct ct_reader *r, const struct ct_series_ref *s, struct ct_market *out)
{
    sqlite3_stmt *st = ct_use(r, SQL_CLASS_PARTS, 1, kind_of(s->of[1]));
    out->kind = s->kind;
    while (ct_step(r, st)) {
        struct ct_span lab = ct_col_text(r, st, 8), model = ct_col_text(r, st, 9);
        if (!ct_class_has(ct_classes(r), s->of[0], lab, model) ||
            !ct_class_sells(ct_col_text(r, st, 10)))
            continue;
        struct ct_market_part *p = CT_VEC_PUSH(r->arena, &out->v);
        if (!p)
            break;
        *p = read_part(r, st);
        p->region = ct_geography(p->region); /* lists write places in their own ways */
    }
    if (st)
        sqlite3_reset(st);
}

/* Those of one index. */
static void take_parts(struct ct_reader *r, const struct ct_series_ref *s, int64_t from_ms, struct ct_market *out)
{
    const struct ct_market_of *of = ct_market_find(r, from_ms, s->of[0], s->of[1], s->purchase);
    struct ct_market_part *parts = of ? ct_arena_alloc(r->arena, of->m.v.n * sizeof *parts) : NULL;
    if (!parts)
        return;
    memcpy(parts, of->m.v.v, of->m.v.n * sizeof *parts);
    out->gpu = s->of[0];
    out->form = s->of[1];
    out->purchase = s->purchase;
    out->v.v = parts;
    out->v.n = out->v.cap = of->m.v.n;
}

void ct_market_read(struct ct_reader *r, const struct ct_series_ref *s, int64_t from_ms, struct ct_market *out)
{
    if (s->kind == CT_SERIES_CLASS) {
        read_class(r, s, out);
        return;
    }
    out->kind = s->kind;
    if (s->kind == CT_SERIES_INDEX) {
        take_parts(r, s, from_ms, out);
        return;
    }
    bool of_lab = s->kind == CT_SERIES_CLOUDS || s->kind == CT_SERIES_EXCLUSIVE;
    sqlite3_stmt *st = ct_use(r, made_of(s->kind)->parts, 0);
    ct_bind_text(r, st, 1, s->of[0]);
    if (!of_lab)
        ct_bind_text(r, st, 2, s->of[1]);
    while (ct_step(r, st)) {
        struct ct_market_part part = read_part(r, st);
        part.mem_milli = CT_NONE;
        if (of_lab && !read_on_cloud(r, st, s->kind, &part))
            continue;
        struct ct_market_part *p = CT_VEC_PUSH(r->arena, &out->v);
        if (!p)
            break;
        *p = part;
    }
    if (st)
        sqlite3_reset(st);
}

/* ---- names ---- */

static int by_name(const void *a, const void *b)
{
    return ct_span_cmp(((const struct ct_series_ref *)a)->name,
                       ((const struct ct_series_ref *)b)->name);
}

static struct ct_series_ref made_ref(int kind, struct ct_span of, struct ct_span of2, int purchase)
{
    const struct made *how = made_of(kind);
    return (struct ct_series_ref){.id = CT_NONE, .source = CT_NONE, .kind = kind, .of = {of, of2}, .purchase = purchase,
                                  .unit = ct_span(how->unit), .digits = how->digits, .cur_ms = CT_NONE};
}

/* What the row of a statement that lists names is about; false: of nothing. */
static bool read_ref(struct ct_reader *r, sqlite3_stmt *st, int kind, struct ct_series_ref *out)
{
    bool of_lab = kind == CT_SERIES_CLOUDS || kind == CT_SERIES_EXCLUSIVE;
    *out = made_ref(kind, ct_col_text(r, st, 0), of_lab ? CT_SPAN_NONE : ct_col_text(r, st, 1), -1);
    return !of_lab || ct_puts_on_cloud(ct_col_text(r, st, 1), ct_col_text(r, st, 2), ct_col_text(r, st, 3));
}

/* All of one kind: read once, asked for by every chart and every row. */
struct kept_names {
    bool read;
    CT_VEC(struct ct_series_ref) v;
};

/* A lab has a row for each of its models. */
static bool listed(const struct kept_names *list, const struct ct_series_ref *ref)
{
    for (size_t i = 0; i < list->v.n && !ref->of[1].n; i++)
        if (ct_span_eq(list->v.v[i].of[0], ref->of[0]))
            return true;
    return false;
}

static void read_names(struct ct_reader *r, int kind, struct kept_names *out)
{
    struct ct_series_ref ref;
    sqlite3_stmt *st = ct_use(r, made_of(kind)->names, 0);
    while (ct_step(r, st)) {
        if (!read_ref(r, st, kind, &ref) || listed(out, &ref))
            continue;
        ref.name = ct_market_name(r->arena, &ref);
        struct ct_series_ref *place = CT_VEC_PUSH(r->arena, &out->v);
        if (place)
            *place = ref;
    }
    if (st)
        sqlite3_reset(st);
}

static const struct kept_names *names_of(struct ct_reader *r, int kind)
{
    struct ct_arena *answer = r->arena, *kept = ct_kept_arena(r);
    if (!r->kept.names)
        r->kept.names = ct_arena_alloc(kept, CT_LEN(made) * sizeof *r->kept.names);
    struct kept_names *k = r->kept.names ? &r->kept.names[kind - CT_SERIES_INDEX] : NULL;
    if (!k || k->read)
        return k;
    *k = (struct kept_names){.read = false};
    r->arena = kept;
    read_names(r, kind, k);
    r->arena = answer;
    k->read = r->status == CT_OK; /* else cut short, perhaps */
    return k->read ? k : NULL;
}

/* Puts REF, which is kept elsewhere, at the end of OUT. */
static void add_ref(struct ct_reader *r, const struct ct_series_ref *ref, struct ct_series_list *out)
{
    struct ct_series_ref *place = CT_VEC_PUSH(r->arena, &out->v);
    if (!place)
        return;
    *place = *ref;
    place->name = ct_arena_dup(r->arena, ref->name);
    for (size_t n = 0; n < CT_LEN(place->of); n++)
        place->of[n] = ct_arena_dup(r->arena, ref->of[n]);
}

/* Indices of those that were there from FROM_MS on, by their names. */
static void add_indices(struct ct_reader *r, int64_t from_ms, struct ct_span subject, size_t clouds,
                        bool (*matches)(struct ct_span name, struct ct_span subject, int how), int how, size_t most,
                        struct ct_series_list *out)
{
    const struct ct_market_all *all = ct_market_all_parts(r, from_ms);
    for (size_t i = 0; i < all->v.n && out->v.n < most; i++) {
        const struct ct_market_of *of = &all->v.v[i];
        struct ct_series_ref ref = made_ref(CT_SERIES_INDEX, of->gpu, of->form, of->purchase);
        ref.name = of->name;
        if (of->clouds >= clouds && matches(ref.name, subject, how))
            add_ref(r, &ref, out);
    }
}

static void add_names(struct ct_reader *r, int kind, struct ct_span subject,
                      bool (*matches)(struct ct_span name, struct ct_span subject, int how), int how, size_t most,
                      struct ct_series_list *out)
{
    size_t first = out->v.n;
    const struct kept_names *all = names_of(r, kind);
    for (size_t i = 0; all && i < all->v.n && out->v.n < most; i++)
        if (matches(all->v.v[i].name, subject, how))
            add_ref(r, &all->v.v[i], out);
    if (out->v.n > first) /* no offset to an array that is not there */
        ct_sort(r, out->v.v + first, out->v.n - first, sizeof *out->v.v, by_name);
}

/* Whether enough sell CLASS, or did, by the rows of CLASS_SELLERS. */
static bool is_sold(struct ct_reader *r, struct ct_span class, struct ct_span kind, bool exact)
{
    CT_VEC(struct ct_span) hosts = {NULL, 0, 0};
    sqlite3_stmt *st = ct_use(r, SQL_CLASS_SELLERS, 1, kind_of(kind));
    while (hosts.n < (exact ? 1 : CT_MARKET_CLOUDS) && ct_step(r, st)) {
        struct ct_span host = ct_col_text(r, st, 0);
        bool known = !ct_class_sells(ct_col_text(r, st, 1)) ||
                     !ct_class_has(ct_classes(r), class, ct_col_text(r, st, 2), ct_col_text(r, st, 3));
        for (size_t i = 0; i < hosts.n; i++)
            known = known || ct_span_eq(hosts.v[i], host);
        struct ct_span *kept = known ? NULL : CT_VEC_PUSH(r->arena, &hosts);
        if (kept)
            *kept = host;
    }
    if (st)
        sqlite3_reset(st);
    return hosts.n >= (exact ? 1 : CT_MARKET_CLOUDS);
}

static void add_classes(struct ct_reader *r, struct ct_span subject, bool exact,
                        bool (*matches)(struct ct_span name, struct ct_span subject, int how), int how,
                        size_t most, struct ct_series_list *out)
{
    static const char *const kinds[] = {"input", "output"};
    struct ct_span class;
    for (size_t i = 0; out->v.n < most && ct_class_next(ct_classes(r), &i, &class);)
        for (size_t k = 0; k < CT_LEN(kinds); k++) {
            struct ct_series_ref ref = made_ref(CT_SERIES_CLASS, class, ct_span(kinds[k]), -1);
            ref.name = ct_market_name(r->arena, &ref);
            bool wanted = matches(ref.name, subject, how) && is_sold(r, class, ref.of[1], exact);
            struct ct_series_ref *place = wanted ? CT_VEC_PUSH(r->arena, &out->v) : NULL;
            if (place)
                *place = ref;
        }
}

void ct_market_names(struct ct_reader *r, struct ct_span subject, bool exact,
                     bool (*matches)(struct ct_span name, struct ct_span subject, int how), int how,
                     size_t most, struct ct_series_list *out)
{
    struct ct_span rest = subject, word = ct_span_cut(&rest, '/');
    size_t before = out->v.n, clouds = exact ? 1 : CT_MARKET_CLOUDS;
    bool index = !exact || ct_span_is(word, made_of(CT_SERIES_INDEX)->word);
    if (index && exact && how == CT_NAMED_EXACT) /* sold of late: then nothing else is read */
        add_indices(r, r->t, subject, clouds, matches, how, most, out);
    if (out->v.n > before)
        return;
    if (index)
        add_indices(r, CT_NONE, subject, clouds, matches, how, most, out);
    for (int kind = CT_SERIES_INDEX + 1; kind < CT_SERIES_CLASS; kind++)
        if (!exact || ct_span_is(word, made_of(kind)->word))
            add_names(r, kind, subject, matches, how, most, out);
    if (!exact || ct_span_is(word, made_of(CT_SERIES_CLASS)->word))
        add_classes(r, subject, exact, matches, how, most, out);
}
