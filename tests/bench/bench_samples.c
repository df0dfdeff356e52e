/* The packed history at full size: hourly prices of 10,000 series, put and sealed through db/samples.h, read as the
 * screens do through db/read.h, against bare SQLite and a flat array measured in the same run. What is read must be
 * what was put, by checksum; movers must be the same with and without what is kept ready for them. At the end the
 * laws of growth: the same question, a hundred times the samples, or ten times the series; where it takes less than a
 * poll the two are asked in turn, again and again, and the least counts: what else runs slows down both.
 *
 * Budgets are those of the performance budgets where they have them: of the reference database, 100 million samples, and
 * laws. What has none is told without a verdict ("-").
 *
 *   bench_samples FOLDER [MILLIONS:PERCENT[:jitter|:keep]...]     observations; share of hours that change; KEEP
 *                                                                 leaves FOLDER/history-SIZE.db for others */
#include "config.h"

#include "db/newest.h"
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

enum { SERIES = 10000, RAW_POLLS = 40, SCREEN = 40, COLUMNS = 200, YEAR = 8760, SHORT = 96, TIMES = 7,
       FULL = 10000 /* polls of the reference database */ };
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

/* As the writer of an import has it, which stores as much without a pause: a checkpoint waits for the disk. */
static sqlite3 *open_db(const char *path)
{
    sqlite3 *db;
    if (sqlite3_open(path, &db) != SQLITE_OK)
        die(path);
    run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-12000;"
            "PRAGMA wal_autocheckpoint=16384;");
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
    bool jitter, keep;
    int series;
    bool quiet; /* only what others are compared with */
};

struct store {
    const struct size *size;
    char path[600];
    sqlite3 *db;
    struct ct_samples *s;
    int64_t *price;       /* of each series now */
    int64_t sum[SCREEN];  /* of the first series: all prices put */
    int64_t last_ms, stored, bare_bytes; /* of the file without a sample */
    struct ct_reader *r; /* open until the laws are told */
    double put_s, seal_s, raw_s; /* of all polls; RAW_S of RAW_POLLS */
};

/* BUDGET "-": there is none. */
static void say(const struct size *z, const char *name, double ours, double floor, const char *unit,
                const char *budget, bool ok)
{
    if (z->quiet)
        return;
    printf("bench\thistory-%s-%s\t%.2f %s\t%.2f %s\t%.2f\t%s\t%s\n", name, z->name, ours, unit, floor,
           unit, floor > 0 ? ours / floor : 0, budget, *budget == '-' ? "-" : ok ? "ok" : "over");
    fflush(stdout);
}

/* ---- growth ---- */

/* What one question cost at each size, for the same share of changes. Putting goes on for minutes, in which the machine
 * is now fast and now slow: it is told in bare rows, put by turns with it. */
static struct law {
    const char *name, *unit;
    double most; /* times what it cost at the smallest size, and at the smallest that does the same */
    struct {
        const struct size *size;
        double cost;
        bool all; /* it does all that larger ones do */
    } at[16];
    size_t n;
} laws[] = {
    {"put", "bare rows", 1.5, {{0}}, 0},
    {"put-with-sealing", "bare rows", 1.5, {{0}}, 0},
    {"bytes-an-observation-beside-names", "B", 1.0, {{0}}, 0},
    {"cold-open-and-40-sparklines", "ms", 2.5, {{0}}, 0},
};
enum law_name { LAW_PUT, LAW_SEALED, LAW_BYTES, LAW_COLD };

static void grows(enum law_name which, const struct size *z, double cost, bool all)
{
    struct law *l = &laws[which];
    if (l->n < CT_LEN(l->at) && !z->jitter && !z->quiet) {
        l->at[l->n].size = z;
        l->at[l->n].all = all;
        l->at[l->n++].cost = cost;
    }
}

/* To a decimal, as the laws have it. */
static void tell_law(const char *name, const char *unit, double most, const struct size *from, double was,
                     const struct size *to, double is)
{
    double ratio = is / was;
    printf("bench\thistory-growth-%s-%s-to-%s\t%.2f %s\t%.2f %s\t%.2f\t<=%.1f\t%s\n", name, from->name, to->name, is, unit,
           was, unit, ratio, most, ratio < most + 0.05 ? "ok" : "over");
    fflush(stdout);
}

/* The first one before the K-th of L of the same share of changes; ALIKE: that does all the K-th does. K: there is none. */
static size_t first_like(const struct law *l, size_t k, bool alike)
{
    size_t i = 0;
    while (i < k && (l->at[i].size->percent != l->at[k].size->percent || (alike && l->at[k].all && !l->at[i].all)))
        i++;
    return i;
}

static void print_laws(void)
{
    for (size_t i = 0; i < CT_LEN(laws); i++)
        for (size_t k = 0; k < laws[i].n; k++) {
            const struct law *l = &laws[i];
            size_t first = first_like(l, k, false), base = first_like(l, k, true);
            if (first < k && first != base)
                tell_law(l->name, l->unit, l->most, l->at[first].size, l->at[first].cost, l->at[k].size, l->at[k].cost);
            if (base < k)
                tell_law(l->name, l->unit, l->most, l->at[base].size, l->at[base].cost, l->at[k].size, l->at[k].cost);
        }
}

static int64_t bytes_of(const char *path)
{
    struct stat f;
    if (stat(path, &f) != 0)
        die(path);
    return (int64_t)f.st_size;
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
    char sql[500];
    (void)snprintf(sql, sizeof sql, "WITH RECURSIVE h(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM h WHERE i<%d)"
                   " INSERT INTO series (id, source_id, kind, ext_key, name, unit, digits) SELECT i, 1, 0,"
                   " 'aws/region-' || (i%%50) || '/H100/od/type-' || i, 'gpu/aws/region-' || (i%%50) ||"
                   " '/H100/od/type-' || i, 'USD/gpu.h', 9 FROM h", t->size->series);
    run(t->db, sql);
    run(t->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    t->bare_bytes = bytes_of(t->path);
    t->s = ct_samples_new(t->db);
    t->price = ct_xcalloc((size_t)t->size->series + 1, sizeof *t->price);
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
    for (int i = 1; i <= t->size->series; i++) {
        if (k > 0 && roll(100) >= (uint64_t)t->size->percent)
            continue;
        int64_t first = INT64_C(2000000000) + i * INT64_C(1000000), *price = &t->price[i];
        bool up = roll(2) ? *price < 2 * first : *price < first / 2; /* half of what it was to twice that */
        *price = k > 0 ? *price + (up ? 7000000 : -7000000) : first;
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

/* The floor of putting: every observation a bare row, a poll now and then. */
struct bare {
    sqlite3 *db;
    sqlite3_stmt *put;
    int64_t polls;
};

static struct bare open_bare(const char *folder)
{
    char path[600];
    struct bare b = {NULL, NULL, 0};
    snprintf(path, sizeof path, "%s/history-raw.db", folder);
    (void)remove(path);
    b.db = open_db(path);
    run(b.db, "CREATE TABLE raw (series INTEGER, at INTEGER, v INTEGER)");
    if (sqlite3_prepare_v2(b.db, "INSERT INTO raw VALUES (?, ?, ?)", -1, &b.put, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(b.db));
    return b;
}

static void bare_poll(struct store *t, struct bare *b)
{
    double begin = now_s();
    run(b->db, "BEGIN");
    for (int i = 0; i < SERIES; i++) {
        sqlite3_bind_int(b->put, 1, i);
        sqlite3_bind_int64(b->put, 2, START + b->polls * CT_HOUR);
        sqlite3_bind_int64(b->put, 3, 1000000000 + i + b->polls);
        if (sqlite3_step(b->put) != SQLITE_DONE || sqlite3_reset(b->put) != SQLITE_OK)
            die(sqlite3_errmsg(b->db));
    }
    run(b->db, "COMMIT");
    t->raw_s += now_s() - begin;
    b->polls++;
}

/* Most series have a window that is full: they come as often from then on. */
static bool fills_windows(const struct store *t)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(t->db, "SELECT count(*) FROM chunk", -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
        die(sqlite3_errmsg(t->db));
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n * 2 >= t->size->series;
}

static void fill(struct store *t, const char *folder)
{
    sqlite3_stmt *st;
    rng = 1;
    struct bare bare = open_bare(folder);
    if (sqlite3_prepare_v2(t->db, "INSERT INTO poll VALUES (1, ?1, ?1, 1, 0, 0, 10000, 0, NULL)", -1,
                           &st, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(t->db));
    for (int64_t k = 0; k < t->size->polls; k++) {
        poll(t, k, st);
        if ((k + 1) * RAW_POLLS / t->size->polls > bare.polls)
            bare_poll(t, &bare);
    }
    sqlite3_finalize(st);
    sqlite3_finalize(bare.put);
    sqlite3_close(bare.db);
    double poll_ms = t->put_s / (double)t->size->polls * 1e3, raw_ms = t->raw_s / (double)bare.polls * 1e3;
    double all_ms = poll_ms + t->seal_s / (double)t->size->polls * 1e3;
    say(t->size, "put-rate", SERIES / poll_ms, SERIES / raw_ms, "k/s", ">=2", raw_ms >= 2 * poll_ms);
    /* the law is that of a poll with its commit; what is sealed is sealed between polls */
    grows(LAW_PUT, t->size, poll_ms / raw_ms, true);
    grows(LAW_SEALED, t->size, all_ms / raw_ms, fills_windows(t));
    say(t->size, "put-rate-with-sealing", SERIES / all_ms, SERIES / raw_ms, "k/s", ">=2",
        raw_ms >= 2 * all_ms);
    ct_samples_begin(t->s);
    if (ct_samples_count(t->s) != t->stored)
        die("samples are missing");
    seal(t, CT_UNSEALED_FEW);
    run(t->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    double budget = t->size->percent > 5 ? 1.0 : 0.2, n = (double)(t->size->polls * SERIES);
    bool judged = t->size->polls >= FULL && !t->size->jitter;
    double each = (double)bytes_of(t->path) / n, beside = each - (double)t->bare_bytes / n;
    say(t->size, "bytes-an-observation", each, 19.5, "B", !judged ? "-" : budget > 0.5 ? "<=1.0 B" : "<=0.2 B",
        each <= budget);
    say(t->size, "bytes-an-observation-beside-names", beside, 19.5, "B", "-", true);
    grows(LAW_BYTES, t->size, beside, true);
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

/* The prices of SERIES at each of HOURS hours from FROM on. */
static void spread_out(const struct store *t, int series, int64_t from, int64_t hours, int64_t *v)
{
    struct ct_sample x = {.at_ms = from}, next;
    (void)ct_sample_at(t->s, series, from, &x);
    next = x;
    for (int64_t n = 0; n < hours; n++) {
        while (next.at_ms <= from + n * CT_HOUR) {
            x = next;
            if (!ct_sample_after(t->s, series, x.at_ms, &next))
                next.at_ms = INT64_MAX;
        }
        v[n] = x.value;
    }
}

/* A flat array of the same prices, one an hour: how long the same columns take from it. */
static double flat_s(const struct store *t, int64_t from, int64_t hours)
{
    int64_t *v = ct_xcalloc((size_t)hours, sizeof *v), seen = 0;
    double best = 1e9;
    spread_out(t, 7, from, hours, v);
    for (int time = 0; time < TIMES; time++) {
        double begin = now_s();
        for (int round = 0; round < 100; round++) {
            struct columns c = {{0}, {0}};
            for (int64_t i = 0; i < hours; i++)
                widen(&c, i * COLUMNS / hours, v[i]);
            seen += c.max[round % COLUMNS];
        }
        double took = (now_s() - begin) / 100;
        best = took < best ? took : best;
    }
    free(v);
    if (seen == 0)
        die("nothing was drawn");
    return best;
}

/* The columns of SERIES out of ROWS, a row a sample; they must be those of V. */
static double columns_of_rows_s(sqlite3_stmt *rows, int series, int64_t from, int64_t hours, const int64_t *v)
{
    struct columns c = {{0}, {0}}, flat = {{0}, {0}};
    double begin = now_s();
    sqlite3_bind_int(rows, 1, series);
    sqlite3_bind_int64(rows, 2, from);
    sqlite3_bind_int64(rows, 3, from + hours * CT_HOUR);
    while (sqlite3_step(rows) == SQLITE_ROW)
        widen(&c, (sqlite3_column_int64(rows, 0) - from) / CT_HOUR * COLUMNS / hours, sqlite3_column_int64(rows, 1));
    if (sqlite3_reset(rows) != SQLITE_OK)
        die("rows");
    double took = now_s() - begin;
    for (int64_t i = 0; i < hours; i++)
        widen(&flat, i * COLUMNS / hours, v[i]);
    if (memcmp(&c, &flat, sizeof c) != 0)
        die("the rows draw something else");
    return took;
}

/* The same out of one row a sample, clustered by series: how long the columns of one take. Few series do: a year of one
 * lies side by side, however many there are. */
static double rows_s(const struct store *t, const char *folder, int64_t from, int64_t hours)
{
    enum { FEW = 20 };
    char path[600];
    sqlite3_stmt *put, *rows;
    int64_t *v = ct_xcalloc((size_t)hours, sizeof *v);
    double best = 1e9;
    snprintf(path, sizeof path, "%s/history-rows.db", folder);
    (void)remove(path);
    sqlite3 *db = open_db(path);
    run(db, "CREATE TABLE sample (series INTEGER, at INTEGER, v INTEGER, PRIMARY KEY (series, at)) WITHOUT ROWID");
    if (sqlite3_prepare_v2(db, "INSERT INTO sample VALUES (?1, ?2, ?3)", -1, &put, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT at, v FROM sample WHERE series=?1 AND at>=?2 AND at<?3 ORDER BY at", -1, &rows, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(db));
    run(db, "BEGIN");
    for (int i = 1; i <= FEW; i++) {
        spread_out(t, i, from, hours, v);
        for (int64_t k = 0; k < hours; k++) {
            sqlite3_bind_int(put, 1, i);
            sqlite3_bind_int64(put, 2, from + k * CT_HOUR);
            sqlite3_bind_int64(put, 3, v[k]);
            if (sqlite3_step(put) != SQLITE_DONE || sqlite3_reset(put) != SQLITE_OK)
                die(sqlite3_errmsg(db));
        }
    }
    run(db, "COMMIT");
    for (int time = 0; time < TIMES; time++) /* of the last one */
        for (int i = 0; i < 5; i++) {
            double took = columns_of_rows_s(rows, FEW, from, hours, v);
            best = took < best ? took : best;
        }
    sqlite3_finalize(put);
    sqlite3_finalize(rows);
    sqlite3_close(db);
    (void)remove(path);
    free(v);
    return best;
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

/* What the fetcher does after each full hour: references, polls packed, indices. */
static void keep_ready(const struct store *t)
{
    struct ct_writer *w;
    bool more = true;
    if (ct_writer_open(t->path, CT_OPEN_BULK, &w, &err) != CT_OK)
        die(t->path);
    while (more)
        if (ct_write_references(w, t->last_ms + 6 * CT_MINUTE, &more, &err) != CT_OK)
            die("what is kept ready");
    ct_writer_close(w);
}

/* What the writer keeps beside the samples: the newest of each series, and what it keeps ready. The floor of movers
 * is one scan of the newest as rows, with what they moved from. */
static void finish(struct store *t)
{
    sqlite3_stmt *put;
    run(t->db, "CREATE TEMP TABLE latest (series_id INTEGER PRIMARY KEY, slot INTEGER NOT NULL, v INTEGER NOT NULL,"
               " v_1h INTEGER, v_1d INTEGER, v_7d INTEGER, v_30d INTEGER)");
    if (sqlite3_prepare_v2(t->db, "INSERT INTO latest VALUES (?1, ?2, ?3, ?3, ?3, ?3, ?3)", -1, &put, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(t->db));
    run(t->db, "BEGIN IMMEDIATE");
    ct_samples_begin(t->s);
    for (int i = 1; i <= t->size->series; i++) {
        struct ct_sample v;
        if (!ct_sample_at(t->s, i, INT64_MAX, &v) || v.value != t->price[i])
            die("the last price is another");
        sqlite3_bind_int64(put, 1, i);
        sqlite3_bind_int64(put, 2, v.at_ms / CT_HOUR);
        sqlite3_bind_int64(put, 3, v.value);
        if (sqlite3_step(put) != SQLITE_DONE || sqlite3_reset(put) != SQLITE_OK)
            die(sqlite3_errmsg(t->db));
    }
    sqlite3_finalize(put);
    if (ct_newest_mend(t->db) != SQLITE_OK)
        die(sqlite3_errmsg(t->db));
    run(t->db, "COMMIT");
    run(t->db, "UPDATE source SET last_attempt_ms=(SELECT max(to_ms) FROM poll), last_success_ms="
               "(SELECT max(to_ms) FROM poll); INSERT OR REPLACE INTO meta VALUES ('first_ms', 1700000000000)");
    double begin = now_s();
    keep_ready(t);
    fprintf(stderr, "bench_samples: %s: references made in %.0f ms\n", t->size->name, (now_s() - begin) * 1e3);
    run(t->db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static void drop_pages(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fsync(fd) != 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
        die(path);
    (void)close(fd);
}

static struct ct_reader *open_reader(const struct store *t)
{
    struct ct_reader *r;
    if (ct_reader_open(t->path, &r, &err) != CT_OK)
        die(t->path);
    return r;
}

/* The sparklines of a screen of series, FIRST and every STEP-th after it, HOURS up to the last poll; as many seconds
 * it took. Their newest columns must end in the newest prices. */
static double screen_s(const struct store *t, struct ct_reader *r, int first, int step, int64_t hours)
{
    struct ct_span names[SCREEN];
    char text[SCREEN][80];
    struct ct_rows rows;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = t->last_ms + 1, .max_points = COLUMNS,
                         .from_ms = t->last_ms - hours * CT_HOUR, .to_ms = t->last_ms};
    for (int i = 0; i < SCREEN; i++) {
        int id = first + i * step;
        (void)snprintf(text[i], sizeof text[i], "gpu/aws/region-%d/H100/od/type-%d", id % 50, id);
        names[i] = ct_span(text[i]);
    }
    double begin = now_s();
    if (ct_read_sparks(r, &q, names, SCREEN, a, &rows, &err) != CT_OK)
        die("sparklines");
    double took = now_s() - begin;
    for (int i = 0; i < SCREEN; i++) {
        const struct ct_spark_row *row = &((const struct ct_spark_row *)rows.v)[i];
        const struct ct_spark_column *c = row->columns.v;
        if (row->columns.n != COLUMNS || c[COLUMNS - 1].last != t->price[first + i * step])
            die("a sparkline ends at another price");
    }
    ct_arena_free(a);
    return took;
}

/* As a program that has just started: nothing in memory, nothing in the page cache. */
static double cold_s(const struct store *t, int64_t hours)
{
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = t->last_ms + 1};
    struct ct_summary all;
    struct ct_arena *a = ct_arena_new(0);
    drop_pages(t->path);
    double begin = now_s();
    struct ct_reader *r = open_reader(t);
    if (ct_read_summary(r, &q, a, &all, &err) != CT_OK)
        die("summary");
    (void)screen_s(t, r, 241, 241, hours);
    double took = now_s() - begin;
    if (all.series != t->size->series || all.samples != t->stored)
        die("the summary counts something else");
    ct_reader_close(r);
    ct_arena_free(a);
    return took;
}

static double scan_s(const struct store *t)
{
    sqlite3_stmt *scan;
    double best = 1e9;
    if (sqlite3_prepare_v2(t->db, "SELECT sum(v) FROM latest", -1, &scan, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(t->db));
    for (int i = 0; i < 20; i++) {
        double begin = now_s();
        if (sqlite3_step(scan) != SQLITE_ROW || sqlite3_reset(scan) != SQLITE_OK)
            die(sqlite3_errmsg(t->db));
        best = now_s() - begin < best ? now_s() - begin : best;
    }
    sqlite3_finalize(scan);
    return best;
}

/* The best of some times; *SUM of what they said. */
static double movers_s(const struct store *t, struct ct_reader *r, int64_t window, int times, int64_t *sum)
{
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = t->last_ms + 1, .from_ms = t->last_ms + 1 - window};
    double best = 1e9;
    for (int i = 0; i < times; i++) {
        struct ct_arena *a = ct_arena_new(0);
        struct ct_rows rows;
        double begin = now_s();
        if (ct_read_movers(r, &q, a, &rows, &err) != CT_OK)
            die("movers");
        best = now_s() - begin < best ? now_s() - begin : best;
        if (rows.n != 50 && t->size->percent > 5)
            die("there are no movers");
        *sum = 0;
        for (size_t k = 0; k < rows.n; k++) {
            const struct ct_mover_row *row = &((const struct ct_mover_row *)rows.v)[k];
            *sum += (int64_t)(k + 1) * row->pct_milli + row->then_value / 1000 + (int64_t)row->series.n;
        }
        ct_arena_free(a);
    }
    return best;
}

/* The index of H100-SXM as the list has it. */
static int64_t listed_index(struct ct_reader *r, const struct ct_query *query, struct ct_arena *a)
{
    struct ct_query q = *query;
    struct ct_rows rows;
    q.subject = CT_SPAN_NONE;
    q.group = "gpu";
    if (ct_read_gpus(r, &q, a, &rows, &err) != CT_OK)
        die("the list");
    for (size_t i = 0; i < rows.n; i++) {
        const struct ct_gpu_row *g = &((const struct ct_gpu_row *)rows.v)[i];
        if (ct_span_is(g->gpu, "H100") && ct_span_is(g->form, "SXM"))
            return g->index_usd_per_gpu_hour;
    }
    return CT_NONE;
}

/* The index of all offers as a panel draws it, HOURS up to the last poll; its first and last steps must be what it was
 * at these moments. */
static double index_s(const struct store *t, struct ct_reader *r, int64_t hours)
{
    struct ct_rows rows;
    struct ct_arena *a = ct_arena_new(64 << 20);
    struct ct_query q = {.at_ms = CT_LIVE, .now_ms = t->last_ms + 1, .subject = CT_LIT("index/H100-SXM/od"),
                         .max_points = 2 * COLUMNS, .from_ms = t->last_ms - hours * CT_HOUR, .to_ms = t->last_ms,
                         .window_only = true};
    double begin = now_s();
    if (ct_read_history(r, &q, a, &rows, &err) != CT_OK)
        die("index");
    double took = now_s() - begin;
    const struct ct_history *h = rows.v;
    const struct ct_point *p = rows.n == 1 && h->points.n > 1 ? &((const struct ct_point *)h->points.v)[h->points.n - 1] : NULL;
    if (!p || p->last != listed_index(r, &q, a))
        die("the panel has another index than the list");
    ct_arena_free(a);
    return took;
}

/* Of HOURS and of few, by turns: the best of each, in milliseconds. */
static double index_ms_of(const struct store *t, struct ct_reader *r, int64_t hours, double *brief)
{
    double best = *brief = 1e9;
    for (int i = 0; i < TIMES; i++) {
        double few = index_s(t, r, SHORT) * 1e3, all = index_s(t, r, hours) * 1e3;
        *brief = few < *brief ? few : *brief;
        best = all < best ? all : best;
    }
    return best;
}

static void add_offers(const struct store *t)
{
    run(t->db, "INSERT INTO offer (series_id, key, cloud, region, instance, gpu, form, gpu_mem_milli,"
               " gpu_count_milli, purchase, host_included, n_offers) SELECT id, ext_key, 'cloud-' || (id%8),"
               " 'region-' || (id%50), 'type-' || id, 'H100', 'SXM', 80000, 1000, 0, 1, 1 FROM series");
}

/* What moved, and the indices beside it. */
static void movers(const struct store *t, struct ct_reader *r)
{
    static const int64_t windows[] = {CT_HOUR, CT_DAY, 7 * CT_DAY, 30 * CT_DAY};
    static const char *const names[] = {"movers-1h", "movers-24h", "movers-7d", "movers-30d"};
    int64_t ready[CT_LEN(windows)], looked;
    double floor = scan_s(t);
    for (size_t w = 0; w < CT_LEN(windows) && windows[w] < t->size->polls * CT_HOUR; w++) {
        double best = movers_s(t, r, windows[w], 4 * TIMES, &ready[w]); /* short as they are, some meet a slow while */
        double again = scan_s(t);
        floor = again < floor ? again : floor;
        say(t->size, names[w], best * 1e3, floor * 1e3, "ms", "<=2", best <= 2 * floor);
    }
    /* Somebody has committed: all newest values are read again first. */
    double anew = 1e9;
    for (int i = 0; i < TIMES; i++) {
        run(t->db, "UPDATE newest SET rev=rev+1");
        double took = movers_s(t, r, CT_DAY, 1, &looked);
        anew = took < anew ? took : anew;
    }
    say(t->size, "movers-24h-all-read-again", anew * 1e3, floor * 1e3, "ms", "<=2", anew <= 2 * floor);
    run(t->db, "BEGIN IMMEDIATE; CREATE TEMP TABLE kept AS SELECT * FROM reference; DELETE FROM reference; COMMIT");
    for (size_t w = 0; w < CT_LEN(windows) && windows[w] < t->size->polls * CT_HOUR; w++) {
        (void)movers_s(t, r, windows[w], 1, &looked);
        if (looked != ready[w])
            die("what is kept ready for movers is not what was");
    }
    run(t->db, "INSERT INTO reference SELECT * FROM temp.kept; DROP TABLE temp.kept");
    /* Beside them the indices of what they are offers of. */
    add_offers(t);
    double indices = movers_s(t, r, CT_DAY, TIMES, &looked);
    say(t->size, "movers-24h-with-indices", indices * 1e3, floor * 1e3, "ms", "<=2", indices <= 2 * floor);
    /* Of the index of all of them: the histories of its parts walked, which the writer has not kept ready yet, then what
     * is kept gone on with. */
    int64_t hours = 720 < t->size->polls ? 720 : t->size->polls - 1;
    double brief, month = index_ms_of(t, r, hours, &brief);
    say(t->size, "index-panel-of-30-days-walked-anew", month, brief, "ms", "<=3", month <= 3 * brief);
    keep_ready(t);
    double kept = index_ms_of(t, r, hours, &brief);
    say(t->size, "index-panel-of-30-days", kept, brief, "ms", "<=3", kept <= 3 * brief);
    say(t->size, "index-panel-of-30-days-against-walked-anew", kept, month, "ms", "-", true);
}

/* The same offers as a market has them, for whoever looks at them on a screen: accelerators of many kinds at many clouds
 * in some regions each. */
static void spread(struct store *t)
{
    run(t->db, "WITH kind(n, gpu, form, mem) AS (VALUES (0,'H100','SXM',80),(1,'H200','SXM',141),(2,'B200','SXM',180),"
               "(3,'A100','SXM',80),(4,'A100','PCIe',40),(5,'H100','PCIe',80),(6,'L40S','PCIe',48),(7,'L4','PCIe',24),"
               "(8,'A10','PCIe',24),(9,'T4','PCIe',16),(10,'V100','SXM',16),(11,'MI300X','OAM',192),"
               "(12,'RTX 4090','PCIe',24),(13,'RTX A6000','PCIe',48),(14,'GH200','SXM',96),(15,'B300','SXM',288))"
               " UPDATE offer SET (gpu, form, gpu_mem_milli) = (SELECT gpu, form, mem*1000 FROM kind"
               " WHERE n=series_id%16), cloud='cloud-' || (series_id/16%25), region='region-' || (series_id/400%25),"
               " instance='type-' || (series_id%16)");
}

/* As wide as the history: that has budgets at a year. */
static void sparklines(const struct store *t, const char *folder, int64_t hours)
{
    bool year = hours == YEAR;
    int64_t from = t->last_ms - (hours - 1) * CT_HOUR;
    double one = 1e9, flat = flat_s(t, from, hours), rows = rows_s(t, folder, from, hours);
    for (int round = 0; round < 2 * TIMES; round++) {
        double took = screen_s(t, t->r, 1, 211, hours - 1) / SCREEN; /* a screen is drawn again and again */
        one = took < one ? took : one;
    }
    const char *name = year ? "year-sparkline" : "whole-sparkline";
    char beside[64];
    say(t->size, name, one * 1e6, flat * 1e6, "us", year ? "<=3" : "-", one <= 3 * flat);
    (void)snprintf(beside, sizeof beside, "%s-against-one-row-a-sample", name);
    say(t->size, beside, one * 1e6, rows * 1e6, "us", year ? "<=0.1" : "-", one <= 0.1 * rows);
}

static void reads(struct store *t, const char *folder)
{
    int64_t hours = t->size->polls < YEAR ? t->size->polls : YEAR;
    double cold = 1e9;
    ct_samples_begin(t->s);
    check_sums(t);
    finish(t);
    for (int i = 0; i < 3; i++) {
        double once = cold_s(t, hours - 1) * 1e3;
        cold = once < cold ? once : cold;
    }
    t->r = open_reader(t);
    sparklines(t, folder, hours);
    say(t->size, "cold-open-and-40-sparklines", cold, 25, "ms", "<=25 ms", cold <= 25);
    grows(LAW_COLD, t->size, cold, true);
    movers(t, t->r);
    spread(t);
    keep_ready(t);
}

static void measure(struct store *t, const char *folder)
{
    make(t, folder);
    fill(t, folder);
    reads(t, folder);
}

static void release(struct store *t)
{
    ct_reader_close(t->r);
    ct_samples_free(t->s);
    sqlite3_close(t->db);
    free(t->price);
    if (!t->size->keep)
        (void)remove(t->path);
}

/* ---- two sizes in turn ---- */

static double spark_us(const struct store *t)
{
    return screen_s(t, t->r, 1, 211, SHORT) / SCREEN * 1e6;
}

static double movers_ms(const struct store *t)
{
    int64_t ignored;
    return movers_s(t, t->r, CT_DAY, 1, &ignored) * 1e3;
}

static double index_ms(const struct store *t)
{
    return index_s(t, t->r, SHORT) * 1e3;
}

/* The same question to both, in turn. */
static void compare(const char *name, const char *unit, double most, const struct store *a, const struct store *b,
                    double (*cost)(const struct store *t))
{
    enum { ROUNDS = 60 };
    double was = 1e9, is = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        double x = cost(a), y = cost(b);
        was = x < was ? x : was;
        is = y < is ? y : is;
    }
    tell_law(name, unit, most, a->size, was, b->size, is);
}

/* A tenth of the series of T, as often polled. */
static void few_series(const struct store *t, const char *folder)
{
    struct size z = *t->size, all = *t->size;
    struct store many = *t;
    many.size = &all;
    all.name = "10k-series";
    z.name = "1k-series";
    z.series = SERIES / 10;
    z.quiet = true;
    z.keep = false;
    struct store few = {.size = &z};
    make(&few, folder);
    fill(&few, folder);
    finish(&few);
    add_offers(&few);
    spread(&few);
    keep_ready(&few);
    few.r = open_reader(&few);
    compare("movers-24h", "ms", 11, &few, &many, movers_ms);
    release(&few);
}

static void compare_all(const struct store *v, size_t n, const char *folder)
{
    for (size_t k = 0; k < n; k++) {
        size_t first = 0;
        while (v[first].size->percent != v[k].size->percent || v[first].size->jitter)
            if (++first == n)
                break;
        if (first >= k || v[k].size->jitter)
            continue;
        compare("sparkline-of-4-days", "us", 1.3, &v[first], &v[k], spark_us);
        compare("movers-24h", "ms", 1.0, &v[first], &v[k], movers_ms);
        compare("index-of-4-days", "ms", 1.5, &v[first], &v[k], index_ms);
    }
    for (size_t k = 0; k < n; k++)
        if (v[k].size->percent > 5 && !v[k].size->jitter) {
            few_series(&v[k], folder);
            break;
        }
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"1:15", "10:15", "100:15", "1:1", "10:1", "100:1", "10:15:jitter"};
    if (argc < 2) {
        fputs("usage: bench_samples FOLDER [MILLIONS:PERCENT[:jitter]...]\n", stderr);
        return 2;
    }
    size_t n = argc > 2 ? (size_t)argc - 2 : CT_LEN(usual);
    struct size *sizes = ct_xcalloc(n, sizeof *sizes);
    struct store *stores = ct_xcalloc(n, sizeof *stores);
    char (*names)[64] = ct_xcalloc(n, sizeof *names);
    for (size_t i = 0; i < n; i++) {
        char *name = names[i];
        const char *text = argc > 2 ? argv[i + 2] : usual[i];
        struct ct_span rest = ct_span(text), part = ct_span_cut(&rest, ':');
        int64_t millions, percent;
        sizes[i].name = name;
        if (ct_span_int(part, &millions) != CT_OK || millions < 1 || millions > 1000)
            die(text);
        part = ct_span_cut(&rest, ':');
        if (ct_span_int(part, &percent) != CT_OK || percent < 1 || percent > 100)
            die(text);
        sizes[i].jitter = ct_span_is(rest, "jitter");
        sizes[i].keep = ct_span_is(rest, "keep");
        sizes[i].percent = (int)percent;
        sizes[i].series = SERIES;
        sizes[i].polls = millions * 1000000 / SERIES;
        snprintf(name, sizeof names[i], "%dM-%d%%%s", (int)millions, sizes[i].percent,
                 sizes[i].jitter ? "-jitter" : "");
        stores[i].size = &sizes[i];
        measure(&stores[i], argv[1]);
    }
    print_laws();
    compare_all(stores, n, argv[1]);
    for (size_t i = 0; i < n; i++)
        release(&stores[i]);
    free(stores);
    free(sizes);
    free(names);
    return 0;
}
