/* The packed history by itself at full size: hourly prices of 10,000 series, put, sealed and read
 * through db/samples.h, against bare SQLite and a flat array measured in the same run. What is read
 * must be what was put, by checksum.
 *
 *   bench_samples FOLDER [MILLIONS:PERCENT[:jitter]...]     observations; share of hours that change */
#include "config.h"

#include "db/read.h"
#include "db/samples.h"
#include "db/write.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SERIES = 10000, RAW_POLLS = 40, SCREEN = 40, COLUMNS = 200, YEAR = 8760 };
#define START INT64_C(1700000000000)

static struct ct_error err;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_samples: %s %s\n", what, err.what);
    exit(1);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(db));
}

static sqlite3 *open_db(const char *path)
{
    sqlite3 *db;
    if (sqlite3_open(path, &db) != SQLITE_OK)
        die(path);
    run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-12000;");
    return db;
}

static uint64_t rng;
static uint64_t roll(uint64_t n)
{
    rng = rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (rng >> 33) % n;
}

/* ---- what is measured ---- */

struct size {
    const char *name; /* "10M-15" */
    int64_t polls;
    int percent;
    bool jitter;
};

struct store {
    const struct size *size;
    char path[600];
    sqlite3 *db;
    struct ct_samples *s;
    int64_t *price;       /* of each series now */
    int64_t sum[SCREEN];  /* of the first series: all prices put */
    int64_t last_ms, stored;
    double put_s, seal_s, raw_s;
};

static void say(const struct size *z, const char *name, double ours, double floor, const char *unit,
                const char *budget, bool ok)
{
    printf("bench\thistory-%s-%s\t%.2f %s\t%.2f %s\t%.2f\t%s\t%s\n", name, z->name, ours, unit, floor,
           unit, floor > 0 ? ours / floor : 0, budget, ok ? "ok" : "over");
    fflush(stdout);
}

static void make(struct store *t, const char *folder)
{
    struct ct_writer *w;
    snprintf(t->path, sizeof t->path, "%s/history-%s.db", folder, t->size->name);
    (void)remove(t->path);
    if (ct_writer_open(t->path, CT_OPEN_BULK, &w, &err) != CT_OK)
        die(t->path);
    const struct ct_source_conf conf = {.id = "bench", .family = "", .kind = CT_SOURCE_PRICES,
        .provider = "", .scope = "", .title = "", .url = "", .terms = "",
        .evidence = CT_EVIDENCE_LISTED, .interval_ms = CT_HOUR, .enabled = true, .off_reason = ""};
    if (ct_write_sources(w, &conf, 1, START, &err) != CT_OK)
        die("source");
    ct_writer_close(w);
    t->db = open_db(t->path);
    run(t->db, "WITH RECURSIVE h(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM h WHERE i<10000)"
               " INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits) SELECT i, 1, 0,"
               " 'aws/region-' || (i%50) || '/H100/od/type-' || i, 'gpu/aws/region-' || (i%50) ||"
               " '/H100/od/type-' || i, 'USD/gpu.h', 9 FROM h");
    t->s = ct_samples_new(t->db);
    t->price = ct_xcalloc(SERIES + 1, sizeof *t->price);
}

static void seal(struct store *t, enum ct_unsealed least)
{
    double begin = now_s();
    for (bool more = ct_samples_unsealed(t->s) >= least; more;) {
        run(t->db, "BEGIN IMMEDIATE");
        ct_samples_begin(t->s);
        more = ct_samples_seal(t->s, 5);
        run(t->db, "COMMIT");
    }
    if (ct_samples_rc(t->s) != SQLITE_OK)
        die(sqlite3_errmsg(t->db));
    t->seal_s += now_s() - begin;
}

static void poll(struct store *t, int64_t k, sqlite3_stmt *timeline)
{
    int64_t at = START + k * CT_HOUR + (t->size->jitter ? (int64_t)roll(360000) : 0);
    int changed[SERIES], n = 0;
    for (int i = 1; i <= SERIES; i++) {
        if (k > 0 && roll(100) >= (uint64_t)t->size->percent)
            continue;
        t->price[i] = k > 0 ? t->price[i] + (roll(2) ? 7000000 : -7000000)
                            : INT64_C(2000000000) + i * 1000000;
        if (i <= SCREEN)
            t->sum[i - 1] += t->price[i];
        changed[n++] = i;
    }
    double begin = now_s();
    run(t->db, "BEGIN IMMEDIATE");
    ct_samples_begin(t->s);
    for (int i = 0; i < n; i++)
        ct_sample_put(t->s, changed[i], (struct ct_sample){at, t->price[changed[i]], 0});
    ct_samples_flush(t->s, 1);
    sqlite3_bind_int64(timeline, 1, at);
    if (sqlite3_step(timeline) != SQLITE_DONE || sqlite3_reset(timeline) != SQLITE_OK)
        die(sqlite3_errmsg(t->db));
    run(t->db, "COMMIT");
    t->put_s += now_s() - begin;
    t->stored += n;
    t->last_ms = at;
    seal(t, CT_UNSEALED_SOME);
}

/* The floor of putting: every observation a bare row. */
static void raw(struct store *t, const char *folder)
{
    char path[600];
    sqlite3_stmt *st;
    snprintf(path, sizeof path, "%s/history-raw.db", folder);
    (void)remove(path);
    sqlite3 *db = open_db(path);
    run(db, "CREATE TABLE raw (series INTEGER, at INTEGER, v INTEGER)");
    if (sqlite3_prepare_v2(db, "INSERT INTO raw VALUES (?, ?, ?)", -1, &st, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(db));
    double begin = now_s();
    for (int k = 0; k < RAW_POLLS; k++) {
        run(db, "BEGIN");
        for (int i = 0; i < SERIES; i++) {
            sqlite3_bind_int(st, 1, i);
            sqlite3_bind_int64(st, 2, START + k * CT_HOUR);
            sqlite3_bind_int64(st, 3, 1000000000 + i + k);
            if (sqlite3_step(st) != SQLITE_DONE || sqlite3_reset(st) != SQLITE_OK)
                die(sqlite3_errmsg(db));
        }
        run(db, "COMMIT");
    }
    t->raw_s = (now_s() - begin) / RAW_POLLS;
    sqlite3_finalize(st);
    sqlite3_close(db);
}

static void fill(struct store *t, const char *folder)
{
    sqlite3_stmt *st;
    rng = 1;
    raw(t, folder);
    if (sqlite3_prepare_v2(t->db, "INSERT INTO poll VALUES (1, ?1, ?1, 1, 0, 0, 10000, 0, NULL)", -1,
                           &st, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(t->db));
    for (int64_t k = 0; k < t->size->polls; k++)
        poll(t, k, st);
    sqlite3_finalize(st);
    double poll_ms = t->put_s / (double)t->size->polls * 1e3, raw_ms = t->raw_s * 1e3;
    double all_ms = poll_ms + t->seal_s / (double)t->size->polls * 1e3;
    say(t->size, "put-rate", SERIES / poll_ms, SERIES / raw_ms, "k/s", ">=2", raw_ms >= 2 * poll_ms);
    say(t->size, "put-rate-with-sealing", SERIES / all_ms, SERIES / raw_ms, "k/s", ">=2",
        raw_ms >= 2 * all_ms);
    ct_samples_begin(t->s);
    if (ct_samples_count(t->s) != t->stored)
        die("samples are missing");
    seal(t, CT_UNSEALED_FEW);
    run(t->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    struct stat f;
    if (stat(t->path, &f) != 0)
        die(t->path);
    double budget = t->size->percent > 5 ? 1.0 : 0.2;
    double each = (double)f.st_size / (double)(t->size->polls * SERIES);
    say(t->size, "bytes-an-observation", each, 19.5, "B", budget > 0.5 ? "<=1.0 B" : "<=0.2 B",
        each <= budget);
}

/* ---- reading ---- */

struct columns {
    int64_t min[COLUMNS], max[COLUMNS];
};

static void widen(struct columns *c, int64_t i, int64_t v)
{
    i = i < 0 ? 0 : i >= COLUMNS ? COLUMNS - 1 : i;
    c->min[i] = c->min[i] && c->min[i] < v ? c->min[i] : v;
    c->max[i] = c->max[i] > v ? c->max[i] : v;
}

static struct columns spark(struct ct_samples *s, int64_t series, int64_t from, int64_t to)
{
    struct columns c = {{0}, {0}};
    struct ct_sample v = {.at_ms = from};
    int64_t width = (to - from) / COLUMNS + 1;
    if (ct_sample_at(s, series, from, &v))
        widen(&c, 0, v.value);
    for (v.at_ms = from; ct_sample_next(s, series, to, &v);)
        widen(&c, (v.at_ms - from) / width, v.value);
    return c;
}

/* A flat array of the same prices, one an hour: how long the same columns take from it. */
static double flat_s(const struct store *t, int64_t from, int64_t hours)
{
    int64_t *v = ct_xcalloc((size_t)hours, sizeof *v), n = 0;
    struct ct_sample x = {.at_ms = from};
    struct ct_sample next;
    (void)ct_sample_at(t->s, 7, from, &x);
    for (next = x; n < hours; n++) {
        while (next.at_ms <= from + n * CT_HOUR) {
            x = next;
            if (!ct_sample_after(t->s, 7, x.at_ms, &next))
                next.at_ms = INT64_MAX;
        }
        v[n] = x.value;
    }
    int64_t seen = 0;
    double begin = now_s();
    for (int round = 0; round < 100; round++) {
        struct columns c = {{0}, {0}};
        for (int64_t i = 0; i < hours; i++)
            widen(&c, i * COLUMNS / hours, v[i]);
        seen += c.max[round % COLUMNS];
    }
    double took = (now_s() - begin) / 100;
    free(v);
    if (seen == 0)
        die("nothing was drawn");
    return took;
}

static void check_sums(struct store *t)
{
    for (int i = 0; i < SCREEN; i++) {
        int64_t sum = 0;
        struct ct_sample v = {.at_ms = -1};
        while (ct_sample_next(t->s, i + 1, INT64_MAX, &v))
            sum += v.value;
        if (sum != t->sum[i])
            die("what is read is not what was put");
    }
}

static void drop_pages(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fsync(fd) != 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
        die(path);
    (void)close(fd);
}

/* As a program that has just started: nothing in memory, nothing in the page cache. */
static double cold_s(struct store *t, int64_t from)
{
    ct_samples_free(t->s);
    sqlite3_close(t->db);
    drop_pages(t->path);
    double begin = now_s();
    t->db = open_db(t->path);
    t->s = ct_samples_new(t->db);
    run(t->db, "BEGIN");
    ct_samples_begin(t->s);
    int64_t seen = 0;
    for (int i = 1; i <= SCREEN; i++)
        seen += spark(t->s, i * 241, from, t->last_ms).max[COLUMNS - 1];
    double took = now_s() - begin;
    run(t->db, "COMMIT");
    if (seen == 0)
        die("nothing was drawn");
    return took;
}

/* The look-ups behind movers, as the screens do them; and a bare scan of the series. */
static void movers(struct store *t)
{
    sqlite3_stmt *put, *scan;
    if (sqlite3_prepare_v2(t->db, "UPDATE series SET cur_ms=?2, cur_value=?3, cur_flags=0 WHERE id=?1",
                           -1, &put, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(t->db, "SELECT sum(cur_value) FROM series", -1, &scan, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(t->db));
    run(t->db, "BEGIN IMMEDIATE");
    ct_samples_begin(t->s);
    for (int i = 1; i <= SERIES; i++) {
        struct ct_sample v;
        if (!ct_sample_at(t->s, i, INT64_MAX, &v) || v.value != t->price[i])
            die("the last price is another");
        sqlite3_bind_int64(put, 1, i);
        sqlite3_bind_int64(put, 2, v.at_ms);
        sqlite3_bind_int64(put, 3, v.value);
        if (sqlite3_step(put) != SQLITE_DONE || sqlite3_reset(put) != SQLITE_OK)
            die(sqlite3_errmsg(t->db));
    }
    run(t->db, "COMMIT");
    double begin = now_s();
    for (int i = 0; i < 20; i++)
        if (sqlite3_step(scan) != SQLITE_ROW || sqlite3_reset(scan) != SQLITE_OK)
            die(sqlite3_errmsg(t->db));
    double floor = (now_s() - begin) / 20;
    sqlite3_finalize(put);
    sqlite3_finalize(scan);
    struct ct_reader *r;
    if (ct_reader_open(t->path, &r, &err) != CT_OK)
        die(t->path);
    static const int64_t windows[] = {CT_HOUR, CT_DAY, 7 * CT_DAY, 30 * CT_DAY};
    static const char *const names[] = {"movers-1h", "movers-24h", "movers-7d", "movers-30d"};
    for (size_t w = 0; w < CT_LEN(windows) && windows[w] < t->size->polls * CT_HOUR; w++) {
        struct ct_query q = {.at_ms = CT_LIVE, .now_ms = t->last_ms + 1,
                             .from_ms = t->last_ms + 1 - windows[w]};
        double best = 1e9;
        for (int round = 0; round < 3; round++) {
            struct ct_arena *a = ct_arena_new(0);
            struct ct_rows rows;
            begin = now_s();
            if (ct_read_movers(r, &q, a, &rows, &err) != CT_OK)
                die("movers");
            best = now_s() - begin < best ? now_s() - begin : best;
            if (rows.n != 50 && t->size->percent > 5)
                die("there are no movers");
            ct_arena_free(a);
        }
        say(t->size, names[w], best * 1e3, floor * 1e3, "ms", "<=2", best <= 2 * floor);
    }
    ct_reader_close(r);
}

static void reads(struct store *t)
{
    int64_t hours = t->size->polls < YEAR ? t->size->polls : YEAR;
    int64_t from = t->last_ms - hours * CT_HOUR, seen = 0;
    ct_samples_begin(t->s);
    check_sums(t);
    double cold = cold_s(t, from) * 1e3, flat = flat_s(t, from, hours);
    ct_samples_begin(t->s);
    double one = 1e9;
    for (int round = 0; round < 4; round++) { /* the first one brings the pages */
        double begin = now_s();
        for (int i = 1; i <= 400; i++)
            seen += spark(t->s, i * 23, from, t->last_ms).max[COLUMNS - 1];
        one = now_s() - begin < one * 400 ? (now_s() - begin) / 400 : one;
    }
    if (seen == 0)
        die("nothing was drawn");
    say(t->size, "year-sparkline", one * 1e6, flat * 1e6, "us", "<=3", one <= 3 * flat);
    say(t->size, "40-sparklines", one * SCREEN * 1e3, flat * SCREEN * 1e3, "ms", "<=3",
        one <= 3 * flat);
    say(t->size, "cold-open-and-40-sparklines", cold, 25, "ms", "<=25 ms", cold <= 25);
    movers(t);
}

static void measure(const struct size *z, const char *folder)
{
    struct store t = {.size = z};
    make(&t, folder);
    fill(&t, folder);
    reads(&t);
    ct_samples_free(t.s);
    sqlite3_close(t.db);
    free(t.price);
    (void)remove(t.path);
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"1:15", "10:15", "10:1", "10:15:jitter"};
    if (argc < 2) {
        fputs("usage: bench_samples FOLDER [MILLIONS:PERCENT[:jitter]...]\n", stderr);
        return 2;
    }
    size_t n = argc > 2 ? (size_t)argc - 2 : CT_LEN(usual);
    for (size_t i = 0; i < n; i++) {
        char name[64];
        const char *text = argc > 2 ? argv[i + 2] : usual[i];
        struct ct_span rest = ct_span(text), part = ct_span_cut(&rest, ':');
        int64_t millions, percent;
        struct size z = {.name = name};
        if (ct_span_int(part, &millions) != CT_OK || millions < 1 || millions > 1000)
            die(text);
        part = ct_span_cut(&rest, ':');
        if (ct_span_int(part, &percent) != CT_OK || percent < 1 || percent > 100)
            die(text);
        z.jitter = rest.n > 0;
        z.percent = (int)percent;
        z.polls = millions * 1000000 / SERIES;
        snprintf(name, sizeof name, "%dM-%d%%%s", (int)millions, z.percent, z.jitter ? "-jitter" : "");
        measure(&z, argv[1]);
    }
    return 0;
}
