/* What a model costs, by host and by kind of price. */
#include "db/columns.h"
#include "db/reader.h"

#define ROW struct ct_token_row
static const struct ct_column token_columns[] = {
    COL(TEXT, "source_id", price.source_id, SEARCH, ALIAS("id")),
    COL(TEXT, "lab", price.lab, SEARCH),
    COL(TEXT, "model", price.model, SEARCH),
    COL(TEXT, "variant", price.variant, SEARCH),
    COL(TEXT, "host", price.host, SEARCH, ALIAS("cloud provider")),
    COL(TEXT, "host_class", price.host_class, SEARCH),
    COL(TEXT, "region", price.region, SEARCH),
    ENUM("kind", price.kind, ct_token_kind_words, SEARCH),
    COL(TEXT, "tier", price.tier, SEARCH),
    COL(TEXT, "currency", price.currency),
    COL(NANO, "usd_per_mtok", price.per_mtok, FLAGS(CT_COL_PRICE), ALIAS("price now")),
    COL(INT, "context", price.context),
    COL(TIME, "retires_at", price.retires_ms, ALIAS("retires")),
    COL(BOOL, "open_weights", price.open_weights, ALIAS("open")),
    COL(MILLI, "premium_pct", premium_milli, ALIAS("premium")),
    COL(NANO, "blended_usd_per_mtok", blended, FLAGS(CT_COL_PRICE), ALIAS("blended blend")),
    COL(BOOL, "lists_differ", lists_differ, ALIAS("differ")),
    COL(NANO, "other_list_usd_per_mtok", other_price),
    COL(TEXT, "other_list", other_list),
    COL(MILLI, "change_30d_pct", change_30d_milli, ALIAS("change 30d")),
    COL(INT, "age_s", age_s, ALIAS("age")),
    ENUM("evidence", evidence, ct_evidence_words),
    COL(TEXT, "series", series, SEARCH),
    COL(TEXT, "source", source, SEARCH),
    ENUM("freshness", freshness, ct_freshness_words, FLAGS(CT_COL_RANKED)),
    COL(TIME, "seen_at", seen_ms, ALIAS("seen")),
    COL(TIME, "changed_at", changed_ms, ALIAS("changed")),
    COL(BOOL, "suspect", suspect),
    COL(BOOL, "gone", gone),
    COL(BOOL, "old", old, FLAGS(CT_COL_HIDDEN)),
    COL(TEXT, "field", field, FLAGS(CT_COL_HIDDEN)),
    COL(TEXT, "key", key, FLAGS(CT_COL_HIDDEN)),
};
TABLE(ct_token_table, "token_price", ROW, token_columns);
#undef ROW

static void read_price(struct ct_reader *r, sqlite3_stmt *st, struct ct_token_price *p)
{
    *p = (struct ct_token_price){
        .source_id = ct_col_text(r, st, 3),
        .lab = ct_col_text(r, st, 4),
        .model = ct_col_text(r, st, 5),
        .variant = ct_col_text(r, st, 6),
        .host = ct_col_text(r, st, 7),
        .host_class = ct_col_text(r, st, 8),
        .region = ct_col_text(r, st, 9),
        .kind = ct_col_enum(st, 10, CT_KIND_AUDIO_OUTPUT),
        .tier = ct_col_text(r, st, 11),
        .currency = ct_col_text(r, st, 13),
        .context = ct_col_int(st, 14),
        .retires_ms = ct_col_int(st, 15),
        .open_weights = ct_col_enum(st, 16, 1),
    };
}

/* What the list said of it then. */
static void read_words(struct ct_reader *r, int64_t series, struct ct_token_price *p)
{
    struct ct_span w[CT_WORDS_MOST];
    if (!ct_words_at(r, series, w))
        return;
    p->lab = w[CT_TOKEN_LAB];
    p->model = w[CT_TOKEN_MODEL];
    p->variant = w[CT_TOKEN_VARIANT];
    p->host = w[CT_TOKEN_HOST];
    p->host_class = w[CT_TOKEN_HOST_CLASS];
    p->region = w[CT_TOKEN_REGION];
    p->context = ct_words_int(w[CT_TOKEN_CONTEXT]);
    p->retires_ms = ct_words_int(w[CT_TOKEN_RETIRES_MS]);
    p->open_weights = w[CT_TOKEN_OPEN_WEIGHTS].p ? ct_span_is(w[CT_TOKEN_OPEN_WEIGHTS], "1") : -1;
}

static int64_t change(struct ct_reader *r, int64_t series, struct ct_asof now,
                      const struct ct_source_at *s)
{
    int64_t then = r->t - 30 * CT_DAY;
    if (now.value == CT_NONE || (now.flags & CT_SAMPLE_QUARANTINED))
        return CT_NONE;
    if (!s || s->last_success_ms < then) /* nobody looked within the month */
        return CT_NONE;
    struct ct_asof old = now.at_ms <= then ? now : ct_asof(r, series, then);
    bool known = !ct_gone(old) && !(old.flags & CT_SAMPLE_QUARANTINED);
    return known ? ct_pct_change(old.value, now.value) : CT_NONE;
}

static int by_model(const void *a, const void *b)
{
    const struct ct_token_price *x = &((const struct ct_token_row *)a)->price;
    const struct ct_token_price *y = &((const struct ct_token_row *)b)->price;
    const struct ct_span p[] = {x->lab, x->model, x->variant, x->host, x->region, x->source_id};
    const struct ct_span q[] = {y->lab, y->model, y->variant, y->host, y->region, y->source_id};
    for (size_t i = 0; i < CT_LEN(p); i++) {
        int way = ct_span_cmp(p[i], q[i]);
        if (way && p[i].p && q[i].p)
            return way;
        if (way) /* a model without a known lab comes behind those with one, a base before its
                    variants */
            return i == 0 ? -way : way;
    }
    if (x->kind != y->kind)
        return x->kind - y->kind;
    int tier = ct_span_cmp(x->tier, y->tier);
    return tier ? tier
                : ct_span_cmp(((const struct ct_token_row *)a)->source,
                              ((const struct ct_token_row *)b)->source);
}

static enum ct_status read_tokens(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                  struct ct_rows *out, struct ct_error *err)
{
    CT_VEC(struct ct_token_row) rows = {NULL, 0, 0};
    ct_load_begin(r, q, a, err);
    struct ct_source_list sources = ct_sources_at(r);
    sqlite3_stmt *st = ct_use(r, SQL_TOKENS, 0);
    while (ct_step(r, st)) {
        struct ct_asof now = ct_asof_row(r, st, 0);
        if (now.at_ms == CT_NONE || (ct_gone(now) && !q->gone))
            continue;
        if (q->believed && (now.flags & (CT_SAMPLE_SUSPECT | CT_SAMPLE_QUARANTINED)))
            continue;
        struct ct_token_row *row = CT_VEC_PUSH(a, &rows);
        if (!row)
            break;
        const struct ct_source_at *s = ct_source_by_id(&sources, ct_col_int(st, 1));
        read_price(r, st, &row->price);
        read_words(r, ct_col_int(st, 0), &row->price);
        row->price.per_mtok = ct_gone(now) ? CT_NONE : now.value;
        row->series = ct_col_text(r, st, 2);
        row->field = ct_col_text(r, st, 12);
        row->key = row->series;
        if (ct_span_starts(row->key, "token/"))
            row->key = (struct ct_span){row->key.p + 6, row->key.n - 6};
        row->gone = ct_gone(now);
        row->suspect = (now.flags & (CT_SAMPLE_SUSPECT | CT_SAMPLE_QUARANTINED)) != 0;
        row->changed_ms = now.at_ms;
        row->change_30d_milli = ct_gone(now) ? CT_NONE : change(r, ct_col_int(st, 0), now, s);
        row->source = s ? s->name : CT_SPAN_NONE;
        row->premium_milli = row->blended = row->other_price = CT_NONE;
        row->lists_differ = -1;
        row->freshness = s ? s->freshness : CT_DEAD;
        row->old = row->gone || row->freshness > CT_LATE;
        row->evidence = s ? s->evidence : -1;
        row->age_s = s ? s->age_s : CT_NONE;
        row->seen_ms = row->gone ? now.at_ms : s ? s->last_success_ms : CT_NONE;
    }
    ct_sort(r, rows.v, rows.n, sizeof *rows.v, by_model);
    ct_quote(rows.v, rows.n, q->mix_input, q->mix_output);
    *out = (struct ct_rows){rows.v, rows.n};
    return ct_load_end(r);
}

enum ct_status ct_read_tokens(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                              struct ct_rows *out, struct ct_error *err)
{
    uint64_t asked = ((uint64_t)q->mix_input << 32 ^ (uint64_t)q->mix_output) << 1 | q->believed;
    return ct_read_shared(r, 2, read_tokens, asked, q, a, out, err);
}
