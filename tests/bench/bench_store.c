/* The writer against bare SQLite: a poll in which every series moved, one in which some did, one in which nothing did,
 * and what an observation costs on disk. Counts what was stored: a poll that keeps less is not faster.
 *
 *   bench_store FOLDER */
#include "config.h"

#include "db/samples.h"
#include "db/write.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { SERIES = 10000, ROUNDS = 31, QUIET_SERIES = 2000, QUIET_POLLS = 96, CHANGED_PERCENT = 15 };
#define START INT64_C(1790000000000)

static struct ct_error err;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_store: %s %s\n", what, err.what);
    exit(1);
}

static void check(enum ct_status st, const char *what)
{
    if (st != CT_OK) {
        die(what);
    }
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof v[0], by_value);
    return v[n / 2];
}

/* ---- ours ---- */

static struct ct_writer *open_ours(const char *path)
{
    const struct ct_source_conf conf = {.id = "bench",
                                        .family = "bench",
                                        .kind = CT_SOURCE_PRICES,
                                        .provider = "",
                                        .scope = "",
                                        .title = "",
                                        .url = "https://example.org",
                                        .terms = "",
                                        .evidence = CT_EVIDENCE_LISTED,
                                        .interval_ms = CT_HOUR,
                                        .enabled = true,
                                        .off_reason = ""};
    struct ct_writer *w;
    check(ct_writer_open(path, CT_OPEN_BULK, &w, &err), path);
    check(ct_write_sources(w, &conf, 1, START, &err), "source");
    return w;
}

/* N offers; PRICES in thousandths of a dollar. */
static void fill(struct ct_batch *b, struct ct_arena *a, const int64_t *prices, int n)
{
    ct_arena_reset(a);
    ct_batch_init(b, a);
    for (int i = 0; i < n; i++) {
        struct ct_offer *o = CT_VEC_PUSH(a, &b->offers);
        *o = ct_offer_new();
        o->cloud = CT_LIT("aws");
        o->region = ct_arena_printf(a, "region-%d", i % 50);
        o->instance = ct_arena_printf(a, "type-%d", i);
        o->gpu = CT_LIT("H100");
        o->gpu_count_milli = 1000;
        o->purchase = CT_PURCHASE_OD;
        o->price_per_gpu_hour = prices[i] * 1000000;
    }
}

/* Stores one attempt of the hour POLL; BATCH NULL: not modified. Returns the seconds it took. */
static double poll_ours(struct ct_writer *w, int poll, const struct ct_batch *batch,
                        struct ct_commit *done)
{
    int64_t at = START + poll * CT_HOUR;
    struct ct_fetch f = {.source_id = "bench",
                         .outcome = batch ? CT_OUTCOME_OK : CT_OUTCOME_NOT_MODIFIED,
                         .at_ms = at,
                         .next_attempt_ms = at + CT_HOUR,
                         .http_status = batch ? 200 : 304,
                         .body_hash = batch ? (uint64_t)poll + 1 : 0,
                         .batch = batch};
    double begin = now_s();
    check(ct_write_fetch(w, &f, done, &err), "poll");
    double took = now_s() - begin;
    if (done->suspicious) {
        fprintf(stderr, "bench_store: held back: %s\n", done->remark);
        exit(1);
    }
    return took;
}

/* ---- the floor ---- */

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        die(sqlite3_errmsg(db));
    }
}

static double poll_raw(sqlite3 *db, sqlite3_stmt *insert, int poll)
{
    double begin = now_s();
    run(db, "BEGIN");
    for (int i = 0; i < SERIES; i++) {
        sqlite3_bind_int(insert, 1, i);
        sqlite3_bind_int64(insert, 2, START + poll * CT_HOUR);
        sqlite3_bind_int64(insert, 3, 1000000000 + i + poll);
        if (sqlite3_step(insert) != SQLITE_DONE || sqlite3_reset(insert) != SQLITE_OK) {
            die(sqlite3_errmsg(db));
        }
    }
    run(db, "COMMIT");
    return now_s() - begin;
}

static int64_t count(const char *path, const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW) {
        die(sqlite3_errmsg(db));
    }
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

/* Samples in the database at PATH. */
static int64_t stored_in(const char *path)
{
    sqlite3 *db;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(db));
    struct ct_samples *s = ct_samples_new(db);
    ct_samples_begin(s);
    int64_t n = ct_samples_count(s);
    ct_samples_free(s);
    sqlite3_close(db);
    return n;
}

static void say(const char *name, double ours, double floor, const char *unit, const char *budget,
                bool ok)
{
    printf("bench\t%s\t%.2f %s\t%.2f %s\t%.2f\t%s\t%s\n", name, ours, unit, floor, unit,
           ours / floor, budget, ok ? "ok" : "over");
}

/* PERCENT of the series move, each time others; returns how many. */
static int move(int64_t *prices, int round, int percent)
{
    int n = 0;
    for (int i = 0; i < SERIES; i++)
        if ((i * 37 + round) % 100 < percent) {
            prices[i] += round % 2 ? -3 : 4;
            n++;
        }
    return n;
}

/* All series move, some do, or none does, in turn with the same number of bare rows. */
static void speed(const char *folder)
{
    char ours[512], raw[512];
    snprintf(ours, sizeof ours, "%s/store.db", folder);
    snprintf(raw, sizeof raw, "%s/raw.db", folder);
    struct ct_writer *w = open_ours(ours);
    sqlite3 *db;
    sqlite3_stmt *insert;
    if (sqlite3_open(raw, &db) != SQLITE_OK) {
        die(raw);
    }
    run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE raw (series INTEGER, "
            "at INTEGER, v INTEGER)");
    if (sqlite3_prepare_v2(db, "INSERT INTO raw VALUES (?, ?, ?)", -1, &insert, NULL) !=
        SQLITE_OK) {
        die(sqlite3_errmsg(db));
    }
    static int64_t prices[SERIES];
    double changed[ROUNDS], some[ROUNDS], same[ROUNDS], bare[ROUNDS];
    int64_t put = SERIES;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_batch b;
    struct ct_commit done;
    for (int i = 0; i < SERIES; i++) {
        prices[i] = 2000 + i;
    }
    fill(&b, a, prices, SERIES);
    poll_ours(w, 0, &b, &done);
    for (int r = 0; r < ROUNDS; r++) {
        put += move(prices, r, 100);
        fill(&b, a, prices, SERIES);
        changed[r] = poll_ours(w, 3 * r + 1, &b, &done);
        if (done.samples != SERIES) {
            die("a change was not stored");
        }
        bare[r] = poll_raw(db, insert, r);
        int moved = move(prices, r, CHANGED_PERCENT);
        fill(&b, a, prices, SERIES);
        some[r] = poll_ours(w, 3 * r + 2, &b, &done);
        if (done.samples != moved) {
            die("a change was not stored");
        }
        put += moved;
        same[r] = poll_ours(w, 3 * r + 3, NULL, &done);
        if (done.samples != 0 || done.events != 0) {
            die("a 304 stored something");
        }
    }
    ct_arena_free(a);
    ct_writer_close(w);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    if (count(raw, "raw") != SERIES * ROUNDS || stored_in(ours) != put) {
        die("rows are missing");
    }
    double ms = median(changed, ROUNDS) * 1e3, floor = median(bare, ROUNDS) * 1e3,
           quiet = median(same, ROUNDS) * 1e3, usual = median(some, ROUNDS) * 1e3;
    say("store-poll-of-10000-changes-rate", SERIES / ms, SERIES / floor, "k/s", ">=2",
        floor / ms >= 2);
    say("store-poll-of-10000-15-percent-changed-rate", SERIES / usual, SERIES / floor, "k/s", ">=2",
        floor / usual >= 2);
    say("store-poll-not-modified", quiet, ms, "ms", "<=0.3", quiet <= 0.3 * ms);
}

static double size_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        die(path);
    }
    return (double)st.st_size;
}

/* Bytes an observation when some of the hours bring a change; the floor is one bare row each. With so few observations
 * most of the file is names: these are left out, a file with all of them is judged by bench_samples. */
static void bytes(const char *folder)
{
    char path[512];
    snprintf(path, sizeof path, "%s/bytes.db", folder);
    static int64_t prices[QUIET_SERIES];
    struct ct_arena *a = ct_arena_new(0);
    struct ct_batch b;
    struct ct_commit done;
    int64_t stored = 0, moved = 0;
    uint64_t random = 1;
    for (int i = 0; i < QUIET_SERIES; i++) {
        prices[i] = 2000 + i;
    }
    struct ct_writer *w = open_ours(path);
    double names = 0; /* the size with one poll: names, facts, first prices */
    for (int poll = 0; poll < QUIET_POLLS; poll++) {
        for (int i = 0; i < QUIET_SERIES && poll > 0; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            if ((random >> 33) % 100 < CHANGED_PERCENT) {
                prices[i] += random >> 63 ? 7 : -7;
                moved++;
            }
        }
        fill(&b, a, prices, QUIET_SERIES);
        poll_ours(w, poll, &b, &done);
        stored += done.samples;
        if (poll == 0) {
            ct_writer_close(w);
            names = size_of(path);
            w = open_ours(path);
        }
    }
    ct_arena_free(a);
    ct_writer_close(w);
    if (stored != moved + QUIET_SERIES || stored_in(path) != stored) {
        die("a change was not stored");
    }
    char raw[512];
    snprintf(raw, sizeof raw, "%s/raw.db", folder);
    double each = (size_of(path) - names) / ((double)QUIET_SERIES * (QUIET_POLLS - 1));
    say("store-bytes-a-sample-beside-names-15-percent-changed", each, size_of(raw) / (SERIES * ROUNDS), "B",
        "<=1.0 B", each <= 1.0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: bench_store FOLDER\n", stderr);
        return 2;
    }
    speed(argv[1]);
    bytes(argv[1]);
    return 0;
}
