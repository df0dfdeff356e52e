/* The packed store against a plain table that holds the same: random series, whatever is done to
 * them, whenever it is sealed, killed or opened again. */
#include "config.h"

#include "db/samples.h"
#include "db/tails.h"
#include "write_fixture.h"

enum { ROUNDS = 24, STEPS = 60 };

static uint64_t rng;
static uint64_t roll(uint64_t n)
{
    rng = rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (rng >> 33) % n;
}

/* ---- the codec ---- */

static int64_t any_number(void)
{
    static const int64_t edges[] = {INT64_MAX, INT64_MIN + 1, 0, 1, -1, INT64_C(1) << 62};
    switch (roll(5)) {
    case 0:
        return edges[roll(CT_LEN(edges))];
    case 1:
        return (int64_t)(roll(UINT64_C(1) << 30) << 32 | roll(UINT64_C(1) << 30)) - (INT64_C(1) << 60);
    case 2:
        return CT_NONE;
    default:
        return (int64_t)roll(2000) * 1000000;
    }
}

static void same_rows(const struct ct_sample *a, const struct ct_sample *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(a[i].at_ms, b[i].at_ms);
        assert_int_equal(a[i].value, b[i].value);
        assert_int_equal(a[i].flags, b[i].flags);
    }
}

static void any_rows_come_out_as_they_went_in(void **state)
{
    (void)state;
    rng = 5;
    for (int round = 0; round < 3000; round++) {
        struct ct_sample v[300], out[300];
        size_t n = 1 + roll(CT_LEN(v) - 1);
        int64_t key = roll(4) ? (int64_t)roll(2000000000000) : roll(2) ? -CT_BLOB_KEY_MOST : 0;
        int64_t step = roll(3) ? 3600000 : 1;
        for (size_t i = 0; i < n; i++) {
            int64_t value = round % 2 ? any_number() : (int64_t)roll(3) * 10000000;
            v[i] = (struct ct_sample){key, value, roll(4) ? 0 : (int)roll(128)};
            key += (int64_t)(1 + roll(round % 3 ? 30 : 100000)) * step;
        }
        if (roll(9) == 0 && v[n - 1].at_ms < CT_BLOB_KEY_MOST && n > 1)
            v[n - 1].at_ms = CT_BLOB_KEY_MOST;
        struct ct_buf b = CT_BUF_INIT;
        ct_blob_encode(&b, v, n);
        assert_int_equal(ct_blob_rows(ct_buf_span(&b)), n);
        assert_true(ct_blob_decode(ct_buf_span(&b), out));
        same_rows(v, out, n);
        b.p[roll(b.n)] ^= (char)(1 << roll(8)); /* one bit anywhere is noticed */
        size_t rows = ct_blob_rows(ct_buf_span(&b));
        struct ct_sample *room = ct_xcalloc(rows + 1, sizeof *room);
        assert_false(ct_blob_decode(ct_buf_span(&b), room));
        free(room);
        ct_buf_free(&b);
    }
}

static void rows_put_behind_others_lie_there_as_if_packed_at_once(void **state)
{
    (void)state;
    int put = 0, refused = 0;
    rng = 9;
    for (int round = 0; round < 3000; round++) {
        struct ct_sample v[200];
        size_t n = 1 + roll(CT_LEN(v) - 2), m = 1 + roll(CT_LEN(v) - n - 1);
        int64_t key = T0, step = roll(3) ? CT_HOUR : 1;
        for (size_t i = 0; i < n + m; i++) {
            bool odd = i >= n && roll(400) == 0;
            int64_t value = round % 3 ? 2000000000 + (int64_t)roll(1 + roll(9)) * 10000000 : any_number();
            v[i] = (struct ct_sample){key, odd ? value ^ 1 : value, roll(9) ? 0 : (int)roll(128)};
            key += (int64_t)(1 + roll(30)) * step + (odd && roll(2));
        }
        struct ct_buf was = CT_BUF_INIT, all = CT_BUF_INIT, grown = CT_BUF_INIT;
        ct_blob_encode(&was, v, n);
        ct_blob_encode(&all, v, n + m);
        struct ct_blob_end end = ct_blob_end(ct_buf_span(&was), v, n), before = end;
        size_t some = 1 + roll(m); /* in one go or in two */
        bool fits = ct_blob_append(&grown, ct_buf_span(&was), &end, v + n, some);
        if (fits && some < m) {
            struct ct_buf two = CT_BUF_INIT;
            before = end;
            fits = ct_blob_append(&two, ct_buf_span(&grown), &end, v + n + some, m - some);
            ct_buf_free(&grown);
            grown = two;
        }
        if (fits) {
            assert_true(ct_span_eq(ct_buf_span(&grown), ct_buf_span(&all)));
            put++;
        } else {
            assert_int_equal(grown.n, 0);
            assert_memory_equal(&end, &before, sizeof end);
            refused++;
        }
        ct_buf_free(&was);
        ct_buf_free(&all);
        ct_buf_free(&grown);
    }
    assert_true(put > 1000 && refused > 100);
}

static void rows_are_put_behind_no_other_blob(void **state)
{
    (void)state;
    struct ct_sample v[16];
    struct ct_buf blob = CT_BUF_INIT, other = CT_BUF_INIT, out = CT_BUF_INIT;
    for (size_t i = 0; i < CT_LEN(v); i++)
        v[i] = (struct ct_sample){T0 + (int64_t)i * CT_HOUR, 2000000000 + (int64_t)(i % 3) * 10000000, 0};
    ct_blob_encode(&blob, v, 12);
    struct ct_blob_end end = ct_blob_end(ct_buf_span(&blob), v, 12);
    for (size_t i = 0; i < blob.n; i++) {
        blob.p[i] ^= 8;
        assert_false(ct_blob_append(&out, ct_buf_span(&blob), &end, v + 12, 4));
        blob.p[i] ^= 8;
    }
    v[3].value += 10000000;
    ct_blob_encode(&other, v, 12);
    assert_false(ct_blob_append(&out, ct_buf_span(&other), &end, v + 12, 4));
    assert_int_equal(out.n, 0);
    assert_true(ct_blob_append(&out, ct_buf_span(&blob), &end, v + 12, 4));
    ct_buf_free(&blob);
    ct_buf_free(&other);
    ct_buf_free(&out);
}

static void small_moves_of_an_hourly_price_take_a_byte_each(void **state)
{
    (void)state;
    struct ct_sample v[128], out[128];
    rng = 8;
    int64_t at = T0, price = 2490000000;
    for (size_t i = 0; i < CT_LEN(v); i++) {
        v[i] = (struct ct_sample){at, price, 0};
        at += (int64_t)(1 + roll(16)) * CT_HOUR;
        price += ((int64_t)roll(8) - 4) * 7000000;
    }
    struct ct_buf b = CT_BUF_INIT;
    ct_blob_encode(&b, v, CT_LEN(v));
    assert_in_range(b.n, 128, 128 + 32);
    assert_true(ct_blob_decode(ct_buf_span(&b), out));
    same_rows(v, out, CT_LEN(v));
    ct_buf_free(&b);
}

static void what_was_packed_before_layout_22_is_read(void **state)
{
    (void)state;
    static const struct ct_sample v[] = {{1790000000000, 2000000000, 0}, {1790003600000, 2070000000, 0},
                                         {1790007200000, 2060000000, 1}, {1790028800000, CT_NONE, 8},
                                         {1790032400000, 1000000000, 0}, {1790036000000, 1010000000, 0}};
    /* a row of tails with one tail */
    unsigned char row[] = {0x41, 0x01, 0x03, 0x80, 0xee, 0x89, 0xab, 0x0d, 0x28, 0x42, 0x28, 0xcf, 0x6a,
                           0x01, 0x06, 0x80, 0xb0, 0x83, 0xc5, 0x98, 0x68, 0x80, 0xdd, 0xdb, 0x01, 0x80,
                           0xd0, 0xac, 0xf3, 0x0e, 0x80, 0xad, 0xe2, 0x04, 0x00, 0x00, 0x02, 0x0e, 0x03,
                           0x01, 0x01, 0x0d, 0x88, 0x03, 0x00, 0xd3, 0x01, 0x02, 0x02, 0x31, 0x2a, 0x7a, 0xdc};
    struct ct_tail tails[CT_TAILS];
    assert_true(ct_tails_unpack((struct ct_span){(const char *)row, sizeof row}, 1, tails));
    assert_true(tails[3].key == ((INT64_C(19) << CT_SECOND_BITS) | 1790000000) && !tails[2].key && !tails[4].key);
    struct ct_span blob = tails[3].blob;
    struct ct_sample out[CT_LEN(v)];
    struct ct_buf b = CT_BUF_INIT;
    assert_int_equal(ct_blob_rows(blob), CT_LEN(v));
    assert_true(ct_blob_decode(blob, out));
    same_rows(v, out, CT_LEN(v));
    assert_int_equal(ct_blob_end(blob, v, CT_LEN(v)).rows, 0);
    assert_int_equal(b.n, 0);
    for (size_t i = sizeof row - blob.n; i < sizeof row; i++) {
        row[i] ^= 4;
        assert_true(ct_blob_rows(blob) != CT_LEN(v) || !ct_blob_decode(blob, out));
        row[i] ^= 4;
    }
}

static void hourly_prices_take_two_bytes_a_change(void **state)
{
    (void)state;
    struct ct_sample v[256];
    rng = 7;
    int64_t at = T0, price = 2490000000;
    for (size_t i = 0; i < CT_LEN(v); i++) {
        v[i] = (struct ct_sample){at, price, 0};
        at += (int64_t)(1 + roll(12)) * CT_HOUR;
        price += ((int64_t)roll(61) - 30) * 1000000;
    }
    struct ct_buf b = CT_BUF_INIT;
    ct_blob_encode(&b, v, CT_LEN(v));
    assert_in_range(b.n, 256, 2 * 256 + 32);
    ct_buf_free(&b);
}

/* ---- the store ---- */

struct naive {
    struct fixture *f;
    struct ct_samples *s;
    bool in;
};

static void sql(struct naive *t, const char *text)
{
    if (sqlite3_exec(t->f->look, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(t->f->look));
}

static struct naive naive_begin(void **state)
{
    struct naive t = {.f = *state};
    sql(&t, "PRAGMA synchronous=OFF;"
            "PRAGMA temp_store = MEMORY; CREATE TEMP TABLE naive (series_id INTEGER, at_ms INTEGER, value INTEGER,"
            " flags INTEGER, PRIMARY KEY (series_id, at_ms)) WITHOUT ROWID;"
            "INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits) VALUES"
            " (1,1,0,'a','a','',9),(2,1,0,'b','b','',9),(3,1,0,'c','c','',9),(4,1,0,'d','d','',9),"
            " (15,1,0,'e','e','',9), (16,1,0,'f','f','',9), (40,1,0,'g','g','',9)");
    t.s = ct_samples_new(t.f->look);
    return t;
}

static void put(struct naive *t, int64_t series, struct ct_sample v)
{
    char text[300], value[32] = "NULL";
    struct ct_sample was;
    bool there = ct_sample_at(t->s, series, v.at_ms, &was) && was.at_ms == v.at_ms;
    if (v.value != CT_NONE)
        (void)snprintf(value, sizeof value, "%lld", (long long)v.value);
    (void)snprintf(text, sizeof text, "INSERT OR REPLACE INTO temp.naive VALUES (%lld,%lld,%s,%d)",
                   (long long)series, (long long)v.at_ms, value, v.flags);
    sql(t, text);
    (there ? ct_sample_replace : ct_sample_put)(t->s, series, v);
}

static void del(struct naive *t, int64_t series, int64_t at_ms)
{
    char text[200];
    (void)snprintf(text, sizeof text, "DELETE FROM temp.naive WHERE series_id=%lld AND at_ms=%lld",
                   (long long)series, (long long)at_ms);
    sql(t, text);
    bool there = sqlite3_changes(t->f->look) > 0;
    assert_int_equal(ct_sample_del(t->s, series, at_ms), there);
}

/* Some neighbours, and some that are none. */
static int64_t any_series(void)
{
    static const int64_t ids[] = {1, 3, 15, 16, 40};
    return ids[roll(CT_LEN(ids))];
}

/* Whole seconds, neighbouring milliseconds, the same again, far back and far ahead. */
static int64_t moment(int64_t *clock)
{
    switch (roll(8)) {
    case 0:
        return *clock -= (int64_t)roll(30) * CT_DAY;
    case 1:
        return *clock;
    case 2:
        return *clock += (int64_t)roll(3);
    case 3:
        return T0 + (int64_t)roll(400) * CT_HOUR;
    default:
        return *clock += (int64_t)roll(5) * CT_HOUR + (int64_t)roll(2);
    }
}

static void compare(struct naive *t)
{
    assert_int_equal(ct_samples_rc(t->s), SQLITE_OK);
    assert_true(samples_to_rows(t->f->look));
    expect(t->f, "SELECT count(*) FROM (SELECT * FROM temp.naive EXCEPT SELECT * FROM temp.sample)", "0");
    expect(t->f, "SELECT count(*) FROM (SELECT * FROM temp.sample EXCEPT SELECT * FROM temp.naive)", "0");
}

/* Look-ups between, at and beside samples, by the store in use. */
static void compare_looks(struct naive *t)
{
    sqlite3_stmt *st[2];
    static const char *const text[] = {
        "SELECT at_ms, value FROM naive WHERE series_id=?1 AND at_ms<=?2 ORDER BY at_ms DESC LIMIT 1",
        "SELECT at_ms, value FROM naive WHERE series_id=?1 AND at_ms>?2 ORDER BY at_ms LIMIT 1"};
    for (int k = 0; k < 2; k++)
        assert_int_equal(sqlite3_prepare_v2(t->f->look, text[k], -1, &st[k], NULL), SQLITE_OK);
    for (int i = 0; i < 40; i++) {
        int64_t series = any_series();
        int64_t at = roll(9) ? T0 + ((int64_t)roll(800) - 300) * CT_HOUR + (int64_t)roll(3) - 1
                             : roll(2) ? CT_LIVE - 1 : -1;
        for (int k = 0; k < 2; k++) {
            struct ct_sample v = {.at_ms = 0};
            sqlite3_bind_int64(st[k], 1, series);
            sqlite3_bind_int64(st[k], 2, at);
            bool there = sqlite3_step(st[k]) == SQLITE_ROW;
            assert_int_equal((k ? ct_sample_after : ct_sample_at)(t->s, series, at, &v), there);
            if (there) {
                assert_int_equal(v.at_ms, sqlite3_column_int64(st[k], 0));
                if (v.value != CT_NONE)
                    assert_int_equal(v.value, sqlite3_column_int64(st[k], 1));
            }
            sqlite3_reset(st[k]);
        }
    }
    sqlite3_finalize(st[0]);
    sqlite3_finalize(st[1]);
}

/* Stretches that are read at once hold what a stretch of the plain table does; how many of them were. */
static size_t compare_spans(struct naive *t)
{
    sqlite3_stmt *st;
    size_t whole = 0;
    assert_int_equal(sqlite3_prepare_v2(t->f->look, "SELECT at_ms, value, flags FROM naive WHERE series_id=?1 AND at_ms<=?3 AND"
                                        " at_ms>=ifnull((SELECT max(at_ms) FROM naive WHERE series_id=?1 AND at_ms<=?2), ?2)"
                                        " ORDER BY at_ms", -1, &st, NULL), SQLITE_OK);
    for (int i = 0; i < 20; i++) {
        int64_t series = any_series(), from = T0 + ((int64_t)roll(800) - 300) * CT_HOUR + (int64_t)roll(3) - 1;
        int64_t to = roll(5) ? from + (int64_t)roll(500) * CT_HOUR : CT_LIVE - 1;
        const struct ct_sample *v;
        size_t n, k = 0;
        if (!ct_samples_span(t->s, series, from, to, &v, &n))
            continue;
        sqlite3_bind_int64(st, 1, series);
        sqlite3_bind_int64(st, 2, from);
        sqlite3_bind_int64(st, 3, to);
        for (; sqlite3_step(st) == SQLITE_ROW; k++) {
            assert_true(k < n);
            assert_int_equal(v[k].at_ms, sqlite3_column_int64(st, 0));
            bool null = sqlite3_column_type(st, 1) == SQLITE_NULL;
            assert_int_equal(v[k].value, null ? CT_NONE : sqlite3_column_int64(st, 1));
            assert_int_equal(v[k].flags, sqlite3_column_int(st, 2));
        }
        sqlite3_reset(st);
        assert_int_equal(k, n);
        whole++;
    }
    sqlite3_finalize(st);
    return whole;
}

static void change_something(struct naive *t, int64_t *clock)
{
    int n = 1 + (int)roll(roll(6) ? 6 : 900);
    for (int i = 0; i < n; i++) {
        int64_t series = any_series(), at = moment(clock);
        if (at < 0)
            continue;
        if (roll(6) == 0)
            del(t, series, at);
        else
            put(t, series, (struct ct_sample){at, roll(9) ? (int64_t)roll(4) * 1000000 : any_number(),
                                              roll(5) ? 0 : (int)roll(64)});
    }
    ct_samples_flush(t->s, 1);
}

/* What is begun is finished, undone, or left by a crash (a new store that remembers nothing). */
static void finish(struct naive *t)
{
    switch (roll(6)) {
    case 0:
        sql(t, "ROLLBACK");
        ct_samples_forget(t->s);
        break;
    case 1:
        sql(t, "ROLLBACK");
        ct_samples_free(t->s);
        t->s = ct_samples_new(t->f->look);
        break;
    case 2:
        sql(t, "COMMIT");
        ct_samples_free(t->s);
        t->s = ct_samples_new(t->f->look);
        break;
    default:
        sql(t, "COMMIT");
    }
    ct_samples_begin(t->s);
}

static void is_the_same_as_a_plain_table_however_it_is_sealed(void **state)
{
    struct naive t = naive_begin(state);
    int64_t sealed = 0;
    size_t spans = 0;
    int rounds = fixture_times("CT_ROUNDS", ROUNDS);
    rng = 11;
    for (int round = 0; round < rounds; round++) {
        int64_t clock = T0;
        for (int i = 0; i < STEPS; i++) {
            ct_samples_begin(t.s);
            sql(&t, "BEGIN IMMEDIATE");
            change_something(&t, &clock);
            finish(&t);
            while (roll(3) == 0) { /* a slice does one series, mostly */
                sql(&t, "BEGIN IMMEDIATE");
                sealed += !ct_samples_seal(t.s, roll(2) ? -1 : 1000);
                finish(&t);
            }
            if (i % 8 == 0) {
                compare_looks(&t);
                spans += compare_spans(&t);
            }
        }
        compare(&t);
    }
    assert_true(sealed > ROUNDS);
    assert_true(spans > ROUNDS * STEPS / 8); /* mostly some of the twenty */
    sql(&t, "BEGIN IMMEDIATE");
    ct_samples_begin(t.s);
    while (ct_samples_seal(t.s, 1000))
        continue;
    sql(&t, "COMMIT");
    compare(&t);
    char want[32];
    ct_samples_begin(t.s);
    (void)snprintf(want, sizeof want, "%lld", (long long)ct_samples_count(t.s));
    expect(t.f, "SELECT count(*) FROM temp.naive", want);
    expect(t.f, "SELECT count(*) FROM tick", "0");
    expect(t.f, "SELECT count(*), (SELECT group_concat(k) FROM tails) FROM chunk WHERE length(b) > 12000", "0|0,1,2");
    ct_samples_free(t.s);
}

static void a_second_connection_sees_every_commit(void **state)
{
    struct naive t = naive_begin(state);
    sqlite3 *db;
    struct ct_sample v;
    assert_int_equal(sqlite3_open_v2(t.f->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    struct ct_samples *other = ct_samples_new(db);
    for (int i = 1; i < 40; i++) {
        ct_samples_begin(t.s);
        sql(&t, "BEGIN IMMEDIATE");
        if (i % 7 == 0) {
            while (ct_samples_seal(t.s, 1000))
                continue;
        } else {
            ct_sample_put(t.s, 2, (struct ct_sample){T0 + i, i, 0});
            ct_samples_flush(t.s, 1);
        }
        sql(&t, "COMMIT");
        ct_samples_begin(other);
        assert_true(ct_sample_at(other, 2, CT_LIVE - 1, &v));
        assert_int_equal(v.value, i % 7 ? i : i - 1);
        int n = 0;
        for (v.at_ms = 0; ct_sample_next(other, 2, CT_LIVE, &v);)
            n++;
        assert_int_equal(n, i - i / 7);
        assert_int_equal(ct_samples_count(other), i - i / 7);
    }
    ct_samples_free(other);
    sqlite3_close(db);
    ct_samples_free(t.s);
}

static void a_damaged_window_is_a_gap_and_nothing_else(void **state)
{
    struct naive t = naive_begin(state);
    struct ct_sample v;
    ct_samples_begin(t.s);
    sql(&t, "BEGIN IMMEDIATE");
    for (int i = 0; i < 1000; i++)
        ct_sample_put(t.s, 3, (struct ct_sample){T0 + i * CT_HOUR, 1000 + i, 0});
    ct_samples_flush(t.s, 1);
    while (ct_samples_seal(t.s, 1000))
        continue;
    sql(&t, "COMMIT");
    sql(&t, "UPDATE chunk SET b = substr(b, 1, 40) WHERE k = (SELECT k FROM chunk ORDER BY k LIMIT 1"
            " OFFSET 1)");
    ct_samples_free(t.s);
    t.s = ct_samples_new(t.f->look);
    ct_samples_begin(t.s);
    assert_true(ct_sample_at(t.s, 3, T0 + 127 * CT_HOUR, &v) && v.value == 1127);
    for (int i = 128; i < 256; i += 25) {
        assert_true(ct_sample_at(t.s, 3, T0 + i * CT_HOUR, &v));
        assert_int_equal(v.value, CT_NONE);
        assert_int_equal(v.flags, CT_SAMPLE_DAMAGED);
        assert_int_equal(v.at_ms, T0 + 128 * CT_HOUR);
    }
    assert_true(ct_sample_at(t.s, 3, T0 + 256 * CT_HOUR, &v) && v.value == 1256);
    int n = 0;
    for (v.at_ms = 0; ct_sample_next(t.s, 3, CT_LIVE, &v);)
        n++;
    assert_int_equal(n, 1000 - 128 + 1);

    /* What comes late into it is kept, what is damaged stays for salvage. */
    sql(&t, "BEGIN IMMEDIATE");
    ct_sample_put(t.s, 3, (struct ct_sample){T0 + 150 * CT_HOUR, 7, 0});
    ct_samples_flush(t.s, 1);
    while (ct_samples_seal(t.s, 1000))
        continue;
    sql(&t, "COMMIT");
    ct_samples_begin(t.s);
    assert_true(ct_sample_at(t.s, 3, T0 + 149 * CT_HOUR, &v) && (v.flags & CT_SAMPLE_DAMAGED));
    assert_true(ct_sample_at(t.s, 3, T0 + 160 * CT_HOUR, &v) && v.value == 7);
    expect(t.f, "SELECT count(*) FROM chunk WHERE length(b) = 40", "1");
    ct_samples_free(t.s);
}

/* How often rows of each table were written. */
struct writes {
    int chunks, tails;
};

static void on_write(void *ctx, int what, const char *db, const char *table, sqlite3_int64 row)
{
    struct writes *w = ctx;
    (void)what;
    (void)db;
    (void)row;
    w->chunks += strcmp(table, "chunk") == 0;
    w->tails += strcmp(table, "tails") == 0;
}

/* HOURS of a series from FROM on, sealed ten at a time. */
static void put_hours(struct naive *t, int64_t series, int from, int hours)
{
    for (int i = from; i < from + hours; i += 10) {
        sql(t, "BEGIN IMMEDIATE");
        ct_samples_begin(t->s);
        for (int k = i; k < i + 10; k++)
            ct_sample_put(t->s, series, (struct ct_sample){T0 + k * CT_HOUR, 1000 + k % 7, 0});
        ct_samples_flush(t->s, 1);
        while (ct_samples_seal(t->s, 1000))
            continue;
        sql(t, "COMMIT");
    }
    ct_samples_begin(t->s);
}

static void what_is_sealed_in_order_is_written_into_a_chunk_once(void **state)
{
    struct naive t = naive_begin(state);
    struct writes w = {0};
    struct ct_sample v;
    (void)sqlite3_update_hook(t.f->look, on_write, &w);
    put_hours(&t, 3, 0, 1000);
    assert_int_equal(w.chunks, 1000 / 128);
    assert_int_equal(w.tails, 100);
    expect(t.f, "SELECT count(*), (SELECT group_concat(k || ' ' || from_ms) FROM tails) FROM chunk",
           "7|0 1763225600000"); /* T0 + 7 * 128 hours */
    /* What comes late changes the chunk it belongs into; what comes behind nothing but the tail. */
    put_hours(&t, 3, 300, 10);
    assert_true(w.chunks > 7 && w.tails == 100);
    w = (struct writes){0};
    put_hours(&t, 3, 1000, 10);
    assert_true(w.chunks == 0 && w.tails == 1);
    v.at_ms = 0;
    for (int i = 0; i < 1010; i++) {
        assert_true(ct_sample_next(t.s, 3, CT_LIVE, &v));
        assert_true(v.at_ms == T0 + i * CT_HOUR && v.value == 1000 + i % 7);
    }
    assert_false(ct_sample_next(t.s, 3, CT_LIVE, &v));
    (void)sqlite3_update_hook(t.f->look, NULL, NULL);
    ct_samples_free(t.s);
}

static void tails_of_neighbours_are_written_together(void **state)
{
    struct naive t = naive_begin(state);
    struct writes w = {0};
    (void)sqlite3_update_hook(t.f->look, on_write, &w);
    for (int i = 0; i < 50; i += 10) {
        ct_samples_begin(t.s);
        sql(&t, "BEGIN IMMEDIATE");
        for (int64_t series = 40; series < 60; series++)
            for (int k = i; k < i + 10; k++)
                ct_sample_put(t.s, series, (struct ct_sample){T0 + k * CT_HOUR, series + k % 7, 0});
        ct_samples_flush(t.s, 1);
        while (ct_samples_seal(t.s, 1000))
            continue;
        sql(&t, "COMMIT");
    }
    assert_int_equal(w.tails, 5 * 2);
    ct_samples_begin(t.s);
    for (int64_t series = 40; series < 60; series++) {
        struct ct_sample v = {.at_ms = 0};
        for (int k = 0; k < 50; k++)
            assert_true(ct_sample_next(t.s, series, CT_LIVE, &v) && v.value == series + k % 7);
        assert_false(ct_sample_next(t.s, series, CT_LIVE, &v));
    }
    (void)sqlite3_update_hook(t.f->look, NULL, NULL);
    ct_samples_free(t.s);
}

/* A file of before there were tails, or one whose tails are lost: the last chunk becomes the tail. */
static void the_last_chunk_is_the_tail_where_there_is_none(void **state)
{
    struct naive t = naive_begin(state);
    struct ct_sample v;
    put_hours(&t, 3, 0, 500);
    assert_true(tails_to_chunks(t.f->look));
    expect(t.f, "SELECT count(*), (SELECT count(*) FROM tails) FROM chunk", "4|0");
    ct_samples_free(t.s);
    t.s = ct_samples_new(t.f->look);
    ct_samples_begin(t.s);
    assert_true(ct_sample_at(t.s, 3, CT_LIVE - 1, &v) && v.at_ms == T0 + 499 * CT_HOUR);
    put_hours(&t, 3, 500, 10);
    expect(t.f, "SELECT count(*), (SELECT count(*) FROM tails) FROM chunk", "3|1");
    v.at_ms = 0;
    for (int i = 0; i < 510; i++)
        assert_true(ct_sample_next(t.s, 3, CT_LIVE, &v) && v.at_ms == T0 + i * CT_HOUR);
    assert_false(ct_sample_next(t.s, 3, CT_LIVE, &v));
    ct_samples_free(t.s);
}

static void a_damaged_tail_is_a_gap_and_stays_as_a_chunk(void **state)
{
    struct naive t = naive_begin(state);
    struct ct_sample v;
    put_hours(&t, 3, 0, 200);
    put_hours(&t, 4, 0, 20);
    sql(&t, "UPDATE tails SET b = CAST(substr(b, 1, 50) || x'7f7f' || substr(b, 53) AS BLOB)"); /* of the first of them */
    ct_samples_free(t.s);
    t.s = ct_samples_new(t.f->look);
    for (int again = 0; again < 2; again++) {
        ct_samples_begin(t.s);
        assert_true(ct_sample_at(t.s, 3, T0 + 127 * CT_HOUR, &v) && v.value == 1000 + 127 % 7);
        assert_true(ct_sample_at(t.s, 3, T0 + 150 * CT_HOUR, &v));
        assert_true(v.at_ms == T0 + 128 * CT_HOUR && v.value == CT_NONE && v.flags == CT_SAMPLE_DAMAGED);
        if (!again)
            put_hours(&t, 3, 200, 10);
    }
    assert_true(ct_sample_at(t.s, 3, T0 + 205 * CT_HOUR, &v) && v.value == 1000 + 205 % 7);
    int n = 0;
    for (v.at_ms = 0; ct_sample_next(t.s, 3, CT_LIVE, &v);)
        n++;
    assert_int_equal(n, 128 + 1 + 10);
    expect(t.f, "SELECT count(*), (SELECT count(*) FROM tails) FROM chunk", "2|1");
    assert_true(ct_sample_at(t.s, 4, T0 + 150 * CT_HOUR, &v) && v.value == 1000 + 19 % 7);
    ct_samples_free(t.s);
}

/* Nobody knows whose tails they were: of all that may have had one nothing is known from there on. */
static void a_row_of_tails_that_is_damaged_is_a_gap_of_its_series(void **state)
{
    struct naive t = naive_begin(state);
    struct ct_sample v;
    put_hours(&t, 3, 0, 200);
    put_hours(&t, 4, 0, 20);
    put_hours(&t, 16, 0, 20);
    sql(&t, "UPDATE tails SET b = CAST(substr(b, 1, 3) || x'7f' || substr(b, 5) AS BLOB) WHERE k = 0");
    ct_samples_free(t.s);
    t.s = ct_samples_new(t.f->look);
    for (int again = 0; again < 2; again++) {
        int n = 0;
        ct_samples_begin(t.s);
        assert_true(ct_sample_at(t.s, 3, T0 + 127 * CT_HOUR, &v) && v.value == 1000 + 127 % 7);
        assert_true(ct_sample_at(t.s, 3, T0 + 150 * CT_HOUR, &v));
        assert_true(v.at_ms == T0 + 127 * CT_HOUR + CT_SECOND && v.value == CT_NONE && v.flags == CT_SAMPLE_DAMAGED);
        assert_true(ct_sample_at(t.s, 4, T0 + 150 * CT_HOUR, &v));
        assert_true(v.at_ms == T0 && v.value == CT_NONE && v.flags == CT_SAMPLE_DAMAGED);
        assert_true(ct_sample_at(t.s, 16, T0 + 150 * CT_HOUR, &v) && v.value == 1000 + 19 % 7);
        for (v.at_ms = 0; ct_sample_next(t.s, 3, CT_LIVE, &v);)
            n++;
        assert_int_equal(n, 128 + 1 + (again ? 10 : 0));
        if (!again)
            put_hours(&t, 3, 200, 10);
    }
    expect(t.f, "SELECT group_concat(k >> 38) FROM chunk WHERE length(b) = 0", "1,2,3,4,15");
    ct_samples_free(t.s);
}

static void a_damaged_tick_costs_its_commit_and_stays_for_salvage(void **state)
{
    struct naive t = naive_begin(state);
    struct ct_sample v;
    ct_samples_begin(t.s);
    for (int i = 1; i <= 3; i++) {
        sql(&t, "BEGIN IMMEDIATE");
        ct_sample_put(t.s, 1, (struct ct_sample){T0 + i, i, 0});
        ct_samples_flush(t.s, 1);
        sql(&t, "COMMIT");
    }
    sql(&t, "BEGIN IMMEDIATE"); /* of the moment that is lost: another series of it, and another source */
    ct_sample_put(t.s, 2, (struct ct_sample){T0 - 5, 20, 0});
    ct_sample_put(t.s, 3, (struct ct_sample){T0 - 5, 30, 0});
    ct_samples_flush(t.s, 1);
    sql(&t, "COMMIT");
    assert_true(newest_from_rows(t.f->look, 1, "VALUES (1, 1760000000003, 3, 0), (2, 1760000000002, 22, 0),"
                                               " (3, 1759999999995, 30, 0)"));
    sql(&t, "UPDATE tick SET b = zeroblob(20) WHERE n = 2");
    for (int again = 0; again < 2; again++) {
        ct_samples_free(t.s);
        t.s = ct_samples_new(t.f->look);
        ct_samples_begin(t.s);
        assert_true(ct_sample_at(t.s, 1, T0 + 1, &v) && v.value == 1);
        /* It may have changed then: nothing is known until its next sample. */
        assert_true(ct_sample_at(t.s, 1, T0 + 2, &v) && v.at_ms == T0 + 2);
        assert_int_equal(v.value, CT_NONE);
        assert_int_equal(v.flags, CT_SAMPLE_DAMAGED);
        /* It changed then for the last time: its row says to what. */
        assert_true(ct_sample_at(t.s, 2, T0 + 2, &v) && v.at_ms == T0 + 2 && v.value == 22);
        /* It has not changed since before. */
        assert_true(ct_sample_at(t.s, 3, T0 + 2, &v) && v.value == 30);
        assert_true(ct_sample_at(t.s, 1, T0 + 3, &v) && v.value == 3);
        assert_int_equal(ct_samples_damaged_ticks(t.s), 1);
        assert_int_equal(ct_samples_count(t.s), 4);
        sql(&t, "BEGIN IMMEDIATE");
        while (ct_samples_seal(t.s, 1000))
            continue;
        sql(&t, "COMMIT");
        expect(t.f, "SELECT group_concat(n) FROM tick", "2");
    }
    ct_sample_put(t.s, 1, (struct ct_sample){T0 + 9, 9, 0});
    ct_samples_flush(t.s, 1);
    expect(t.f, "SELECT max(n) FROM tick", "5"); /* no number is used twice */
    ct_samples_free(t.s);
}

static void moments_and_series_that_cannot_be_are_refused(void **state)
{
    struct naive t = naive_begin(state);
    static const struct {
        int64_t series, at_ms;
    } bad[] = {{1, -1}, {1, INT64_MAX}, {0, T0}, {-4, T0}, {INT64_C(1) << 25, T0}};
    for (size_t i = 0; i < CT_LEN(bad); i++) {
        struct ct_sample v;
        ct_samples_begin(t.s);
        assert_false(ct_sample_at(t.s, bad[i].series, CT_LIVE - 1, &v));
        ct_sample_put(t.s, bad[i].series, (struct ct_sample){bad[i].at_ms, 1, 0});
        assert_int_equal(ct_samples_rc(t.s), SQLITE_RANGE);
        ct_samples_flush(t.s, 1);
        ct_samples_forget(t.s);
    }
    expect(t.f, "SELECT count(*) FROM tick", "0");
    ct_samples_free(t.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_rows_come_out_as_they_went_in),
        cmocka_unit_test(rows_put_behind_others_lie_there_as_if_packed_at_once),
        cmocka_unit_test(hourly_prices_take_two_bytes_a_change),
        cmocka_unit_test(rows_are_put_behind_no_other_blob),
        cmocka_unit_test(small_moves_of_an_hourly_price_take_a_byte_each),
        cmocka_unit_test(what_was_packed_before_layout_22_is_read),
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(is_the_same_as_a_plain_table_however_it_is_sealed),
        T(a_second_connection_sees_every_commit),
        T(a_damaged_window_is_a_gap_and_nothing_else),
        T(what_is_sealed_in_order_is_written_into_a_chunk_once),
        T(tails_of_neighbours_are_written_together),
        T(the_last_chunk_is_the_tail_where_there_is_none),
        T(a_damaged_tail_is_a_gap_and_stays_as_a_chunk),
        T(a_row_of_tails_that_is_damaged_is_a_gap_of_its_series),
        T(a_damaged_tick_costs_its_commit_and_stays_for_salvage),
        T(moments_and_series_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
