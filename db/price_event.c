#include "config.h"

#include "db/price_event.h"

#include "db/samples.h"

#include <stdlib.h>
#include <string.h>

#define NANO INT64_C(1000000000)

int64_t ct_event_pct(int64_t old_value, int64_t new_value)
{
    int64_t pct = ct_pct_change(old_value, new_value);
    if (pct == CT_NONE || pct % 50 != 0 || pct % 100 == 0)
        return pct;
    /* A tie at the first place: let it lean to the side where the exact value is. */
    __extension__ typedef __int128 wide;
    wide base = old_value < 0 ? -(wide)old_value : old_value;
    wide exact = ((wide)new_value - old_value) * 100000, rounded = (wide)pct * base;
    return pct + (exact > rounded) - (exact < rounded);
}

bool ct_price_moved(struct ct_sample was, struct ct_sample is)
{
    int64_t low = was.value < is.value ? was.value : is.value, high = was.value < is.value ? is.value : was.value;
    if ((was.flags | is.flags) & CT_SAMPLE_GONE || low == CT_NONE || low == high)
        return false;
    return low <= 0 || high - low > high / 1000000;
}

bool ct_price_leapt(struct ct_sample was, struct ct_sample is, int64_t large_milli)
{
    int64_t pct = was.at_ms != CT_NONE && ct_price_moved(was, is) ? ct_event_pct(was.value, is.value) : CT_NONE;
    return pct != CT_NONE && (pct >= large_milli || pct <= -large_milli);
}

/* A price as people read it: three decimals, below one as many as three significant digits need. */
static void readable_price(char out[CT_DECIMAL_MAX], int64_t value)
{
    int places = 3;
    for (int64_t one = NANO / 10; value > 0 && value < one && places < 9; one /= 10)
        places++;
    int n = ct_decimal_format_fixed(out, value, 9, places);
    while (n > 1 && out[n - 1] == '0')
        n--;
    out[out[n - 1] == '.' ? n - 1 : n] = '\0';
}

/* Both ends of a move, whole where they would read alike. The exact ones are in old and new. */
static void readable_move(char was[CT_DECIMAL_MAX], char is[CT_DECIMAL_MAX], const struct ct_price_event *e)
{
    readable_price(was, e->old_value);
    readable_price(is, e->new_value);
    if (strcmp(was, is) == 0) {
        ct_decimal_format(was, e->old_value, 9);
        ct_decimal_format(is, e->new_value, 9);
    }
}

void ct_price_event_name(struct ct_price_event *e)
{
    struct ct_span rest = e->key;
    if (e->kind == CT_SERIES_TOKEN) {
        e->ref = ct_span_cut(&rest, CT_UNIT_SEPARATOR);
        e->field = ct_span_cut(&rest, CT_UNIT_SEPARATOR);
        return;
    }
    struct ct_span key = ct_span_cut(&rest, CT_UNIT_SEPARATOR);
    for (int i = 0; i < 3; i++)
        (void)ct_span_cut(&key, '/'); /* cloud, region, accelerator */
    e->field = ct_span_cut(&key, '/');
    rest = e->key;
    e->ref = key.n ? key : ct_span_cut(&rest, CT_UNIT_SEPARATOR);
}

void ct_price_event_tell(struct ct_price_event *e, struct ct_arena *a)
{
    char was[CT_DECIMAL_MAX], is[CT_DECIMAL_MAX], pct[CT_DECIMAL_MAX];
    readable_move(was, is, e);
    e->pct = ct_event_pct(e->old_value, e->new_value);
    e->suspect = ct_leap(e->old_value, e->new_value, CT_LEAP_FACTOR);
    if (e->kind == CT_SERIES_TOKEN)
        e->suspect |= e->old_value > 1000 * NANO || e->new_value > 1000 * NANO;
    int n = e->pct == CT_NONE ? 0 : ct_decimal_format_fixed(pct, e->pct, 3, 1);
    e->text = ct_arena_printf(a, "%.*s %s -> %s %.*s%s%s%.*s%s", CT_FMT(e->field), was, is, CT_FMT(e->unit),
                              n ? " (" : "", n && pct[0] != '-' ? "+" : "", n, n ? pct : "", n ? "%)" : "");
}

bool ct_leap(int64_t a, int64_t b, int64_t factor)
{
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    return low > 0 && high / factor >= low;
}

/* As "%lld" would; a screen of events has thousands of them. */
static void add_number(struct ct_buf *out, int64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (v < 0)
        digits[--at] = '-';
    ct_buf_add(out, (struct ct_span){digits + at, sizeof digits - at});
}

int64_t ct_event_hash(struct ct_span source, int64_t at_ms, enum ct_event_origin origin, enum ct_event_kind kind,
                    struct ct_span seed, struct ct_span ref, struct ct_span field)
{
    struct ct_buf name = CT_BUF_INIT;
    const int64_t numbers[] = {at_ms, (int64_t)origin, (int64_t)kind};
    ct_buf_add(&name, source);
    ct_buf_addc(&name, CT_UNIT_SEPARATOR);
    for (size_t i = 0; i < CT_LEN(numbers); i++) {
        add_number(&name, numbers[i]);
        ct_buf_addc(&name, CT_UNIT_SEPARATOR);
    }
    ct_buf_add(&name, seed);
    ct_buf_addc(&name, CT_UNIT_SEPARATOR);
    ct_buf_add(&name, ref);
    ct_buf_addc(&name, CT_UNIT_SEPARATOR);
    ct_buf_add(&name, field);
    int64_t id = (int64_t)(ct_hash(ct_buf_span(&name)) & ((UINT64_C(1) << 53) - 1));
    ct_buf_free(&name);
    return id;
}

void ct_price_moves_pack(struct ct_buf *out, const int64_t *series, size_t n)
{
    struct ct_sample *rows = ct_xcalloc(n, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct ct_sample){series[i], CT_NONE, 0};
    ct_blob_encode(out, rows, n);
    free(rows);
}

/* ---- from layout 7 ---- */

/* What the samples do not tell the same way stays a row, as something that was said once. */
static int keep_others(sqlite3 *db)
{
    static const char select[] = "SELECT series_id, at_ms, id, old, new FROM event"
                                 " WHERE series_id>0 AND kind=2 AND origin=0 ORDER BY series_id, at_ms";
    static const char keep[] = "UPDATE event SET origin=3 WHERE at_ms=?1 AND id=?2";
    sqlite3_stmt *st = NULL, *put = NULL;
    struct ct_samples *s = ct_samples_new(db);
    int rc = sqlite3_prepare_v2(db, select, -1, &st, NULL);
    rc = rc == SQLITE_OK ? sqlite3_prepare_v2(db, keep, -1, &put, NULL) : rc;
    ct_samples_begin(s);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        int64_t series = sqlite3_column_int64(st, 0), at_ms = sqlite3_column_int64(st, 1);
        struct ct_sample was, is;
        rc = SQLITE_OK;
        if (ct_sample_at(s, series, at_ms, &is) && is.at_ms == at_ms && ct_sample_at(s, series, at_ms - 1, &was) &&
            ct_price_moved(was, is) && was.value == sqlite3_column_int64(st, 3) &&
            is.value == sqlite3_column_int64(st, 4))
            continue;
        (void)sqlite3_bind_int64(put, 1, at_ms);
        (void)sqlite3_bind_int64(put, 2, sqlite3_column_int64(st, 2));
        rc = sqlite3_step(put) == SQLITE_DONE ? sqlite3_reset(put) : sqlite3_errcode(db);
    }
    rc = rc == SQLITE_DONE ? ct_samples_rc(s) : rc;
    ct_samples_free(s);
    sqlite3_finalize(st);
    sqlite3_finalize(put);
    return rc;
}

struct pack {
    int64_t at_ms, source, series[4096];
    size_t n;
};

static int put_pack(sqlite3_stmt *put, struct pack *p)
{
    struct ct_buf blob = CT_BUF_INIT;
    if (p->n == 0)
        return SQLITE_OK;
    ct_price_moves_pack(&blob, p->series, p->n);
    (void)sqlite3_bind_int64(put, 1, p->at_ms);
    (void)sqlite3_bind_int64(put, 2, p->source);
    (void)sqlite3_bind_int64(put, 3, p->series[0]);
    (void)sqlite3_bind_blob64(put, 4, blob.p, blob.n, SQLITE_TRANSIENT);
    ct_buf_free(&blob);
    p->n = 0;
    int rc = sqlite3_step(put);
    return rc == SQLITE_DONE ? sqlite3_reset(put) : rc;
}

/* Rows of price_move of what SELECT yields: moments, sources and series in that order. */
static int pack_all(sqlite3 *db, const char *select)
{
    sqlite3_stmt *st = NULL, *put = NULL;
    struct pack p = {.n = 0};
    int rc = sqlite3_prepare_v2(db, select, -1, &st, NULL);
    rc = rc == SQLITE_OK ? sqlite3_prepare_v2(db, CT_PRICE_MOVES_PUT, -1, &put, NULL) : rc;
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        int64_t at_ms = sqlite3_column_int64(st, 0), source = sqlite3_column_int64(st, 1);
        bool full = p.n == CT_LEN(p.series) || p.at_ms != at_ms || p.source != source;
        rc = full ? put_pack(put, &p) : SQLITE_OK;
        p.at_ms = at_ms;
        p.source = source;
        p.series[p.n++] = sqlite3_column_int64(st, 2);
    }
    rc = rc == SQLITE_DONE ? put_pack(put, &p) : rc;
    sqlite3_finalize(st);
    sqlite3_finalize(put);
    return rc;
}

int ct_price_moves_from_events(sqlite3 *db)
{
    int rc = keep_others(db);
    return rc != SQLITE_OK ? rc
                           : pack_all(db, "SELECT at_ms, source_id, series_id FROM event"
                                          " WHERE kind=2 AND origin=0 ORDER BY at_ms, source_id, series_id");
}

/* ---- anew ---- */

/* The moves of SERIES into temp.moved by PUT, which has its source. */
static int find_moves(struct ct_samples *s, int64_t series, sqlite3_stmt *put)
{
    struct ct_sample was = {.value = CT_NONE, .flags = CT_SAMPLE_GONE}, is = {.at_ms = -1};
    int rc = SQLITE_OK;
    (void)sqlite3_bind_int64(put, 3, series);
    for (; rc == SQLITE_OK && ct_sample_next(s, series, CT_LIVE, &is); was = is) {
        if (!ct_price_moved(was, is))
            continue;
        (void)sqlite3_bind_int64(put, 1, is.at_ms);
        rc = sqlite3_step(put) == SQLITE_DONE ? sqlite3_reset(put) : sqlite3_errcode(sqlite3_db_handle(put));
    }
    return rc == SQLITE_OK ? ct_samples_rc(s) : rc;
}

int ct_price_moves_from_samples(sqlite3 *db, struct ct_samples *s)
{
    static const char make[] = "DELETE FROM price_move; CREATE TEMP TABLE moved (at_ms, source_id, series_id)";
    static const char one[] = "INSERT INTO temp.moved VALUES (?1, ?2, ?3)";
    sqlite3_stmt *st = NULL, *put = NULL;
    int rc = sqlite3_exec(db, make, NULL, NULL, NULL);
    rc = rc == SQLITE_OK ? sqlite3_prepare_v2(db, one, -1, &put, NULL) : rc;
    rc = rc == SQLITE_OK ? sqlite3_prepare_v2(db, "SELECT id, source_id FROM series WHERE kind IN (0, 2)", -1, &st,
                                              NULL)
                         : rc;
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        (void)sqlite3_bind_int64(put, 2, sqlite3_column_int64(st, 1));
        rc = find_moves(s, sqlite3_column_int64(st, 0), put);
    }
    sqlite3_finalize(st);
    sqlite3_finalize(put);
    rc = rc == SQLITE_DONE ? pack_all(db, "SELECT at_ms, source_id, series_id FROM temp.moved"
                                          " ORDER BY at_ms, source_id, series_id")
                           : rc;
    int end = sqlite3_exec(db, "DROP TABLE temp.moved", NULL, NULL, NULL);
    return rc == SQLITE_OK ? end : rc;
}
