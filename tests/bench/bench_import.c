/* Rows given as a file against the same rows as they come: `import rows`, the whole program from its
 * start on, against reading and committing each poll with a wait for the disk. Both must end in the
 * same number of samples.
 *
 *   bench_import FETCHER FOLDER */
#include "config.h"

#include "db/base/jsonw.h"
#include "db/base/timeutil.h"
#include "db/samples.h"
#include "db/write.h"
#include "fetchers/family.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POLLS = 40, OFFERS = 500, CHANGED_PERCENT = 15, ROUNDS = 5 };

static struct ct_error err;
static int64_t start_ms;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_import: %s %s\n", what, err.what);
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

/* One poll as lines of JSON; some prices move. */
static void lines(struct ct_buf *out, int poll, bool dated, int64_t *price, uint64_t *random)
{
    char at[CT_TIME_MAX];
    ct_time_format(at, start_ms + poll * CT_HOUR);
    for (int i = 0; i < OFFERS; i++) {
        *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        if (poll > 0 && (*random >> 33) % 100 < CHANGED_PERCENT)
            price[i] += *random >> 63 ? 7 : -7;
        ct_buf_addf(out, "{\"row\":\"offer\",%s%s%s\"cloud\":\"acme\",\"region\":\"eu-%d\",\"instance\":\"m%d\","
                    "\"gpu\":\"H100\",\"gpu_count\":8,\"purchase\":\"od\",\"currency\":\"USD\","
                    "\"price_per_hour\":%d.%03d,\"stock\":\"A\"}\n",
                    dated ? "\"at\":\"" : "", dated ? at : "", dated ? "\"," : "", i % 20, i,
                    (int)(price[i] / 1000), (int)(price[i] % 1000));
    }
}

static void begin(int64_t *price, uint64_t *random)
{
    *random = 1;
    for (int i = 0; i < OFFERS; i++)
        price[i] = 20000 + i;
}

/* Seconds for all polls, each read from its lines and committed. */
static double live(const char *path, struct ct_buf *polls)
{
    static const struct ct_source_conf conf = {.id = "import_rows", .family = "rows", .kind = CT_SOURCE_PRICES,
                                               .provider = "", .scope = "", .title = "", .url = "",
                                               .terms = "", .evidence = CT_EVIDENCE_LISTED,
                                               .interval_ms = CT_HOUR, .enabled = true, .off_reason = ""};
    const struct ct_family *rows = ct_family_find("rows");
    double begun = now_s();
    struct ct_writer *w;
    check(ct_writer_open(path, 0, &w, &err), path);
    check(ct_write_sources(w, &conf, 1, start_ms, &err), "source");
    for (int poll = 0; poll < POLLS; poll++) {
        struct ct_arena *a = ct_arena_new(0);
        struct ct_batch b;
        struct ct_commit done;
        struct ct_parse_hint hint = {CT_SPAN_NONE, CT_SPAN_NONE};
        int64_t at = start_ms + poll * CT_HOUR;
        ct_batch_init(&b, a);
        check(rows->parse(ct_buf_span(&polls[poll]), &hint, &b, &err), "rows");
        struct ct_fetch f = {.source_id = conf.id, .outcome = CT_OUTCOME_OK, .at_ms = at,
                             .next_attempt_ms = at + CT_HOUR, .http_status = 200,
                             .body_hash = (uint64_t)poll + 1, .batch = &b};
        check(ct_write_fetch(w, &f, &done, &err), "poll");
        ct_arena_free(a);
    }
    ct_writer_close(w);
    return now_s() - begun;
}

/* Seconds for the program to have taken FILE. */
static double import(const char *fetcher, const char *file, const char *path)
{
    double begun = now_s();
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open("/dev/null", O_WRONLY);
        dup2(fd, 1);
        execl(fetcher, fetcher, "import", "rows", file, "--db", path, (char *)NULL);
        _exit(127);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        die("import");
    return now_s() - begun;
}

static int64_t samples_in(const char *path)
{
    sqlite3 *db;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        die(path);
    struct ct_samples *s = ct_samples_new(db);
    ct_samples_begin(s);
    int64_t n = ct_samples_count(s);
    ct_samples_free(s);
    sqlite3_close(db);
    return n;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: bench_import FETCHER FOLDER\n", stderr);
        return 2;
    }
    char file[512], a[512], b[512];
    int64_t price[OFFERS];
    uint64_t random;
    struct ct_buf polls[POLLS], all = CT_BUF_INIT;
    double least_live = 1e9, least_import = 1e9;
    start_ms = ct_now_ms() / CT_HOUR * CT_HOUR - (POLLS + 1) * CT_HOUR;
    begin(price, &random);
    for (int poll = 0; poll < POLLS; poll++)
        lines(&all, poll, true, price, &random);
    begin(price, &random);
    for (int poll = 0; poll < POLLS; poll++) {
        polls[poll] = CT_BUF_INIT;
        lines(&polls[poll], poll, false, price, &random);
    }
    snprintf(file, sizeof file, "%s/rows.ndjson", argv[2]);
    FILE *f = fopen(file, "w");
    if (!f || fwrite(all.p, 1, all.n, f) != all.n || fclose(f) != 0)
        die(file);
    for (int r = 0; r < ROUNDS; r++) {
        snprintf(a, sizeof a, "%s/live-%d.db", argv[2], r);
        snprintf(b, sizeof b, "%s/import-%d.db", argv[2], r);
        double one = live(a, polls), two = import(argv[1], file, b);
        least_live = one < least_live ? one : least_live;
        least_import = two < least_import ? two : least_import;
        if (samples_in(a) < OFFERS || samples_in(a) != samples_in(b))
            die("the two ways end in different samples");
    }
    double rows = POLLS * OFFERS / 1e3, ours = rows / least_import, floor = rows / least_live;
    printf("bench\timport-rows-against-live\t%.1f k/s\t%.1f k/s\t%.2f\t>=0.5\t%s\n", ours, floor,
           ours / floor, ours >= 0.5 * floor ? "ok" : "over");
    for (int poll = 0; poll < POLLS; poll++)
        ct_buf_free(&polls[poll]);
    ct_buf_free(&all);
    return 0;
}
