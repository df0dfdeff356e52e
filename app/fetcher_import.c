/* import: recorded answers instead of the network. Everything is read and judged before the first
 * row is written, so that one bad file changes nothing. */
#include "config.h"

#include "app/fetcher_import.h"
#include "db/base/paths.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- into the database ---- */

/* All configured sources, so that none is taken for removed, and ours. */
static enum ct_status write_sources(struct ct_import *im, enum ct_source_kind kind,
                                    struct ct_error *err)
{
    size_t n = ct_registry_count(im->reg);
    struct ct_arena *arena = ct_arena_new(0);
    struct ct_source_conf *confs = ct_xcalloc(n + 1, sizeof(*confs));
    for (size_t i = 0; i < n; i++)
        confs[i] = ct_source_conf_of(ct_registry_at(im->reg, i), arena);
    if (im->s == &im->made) {
        confs[n] = ct_source_conf_of(&im->made, arena);
        confs[n].kind = kind;
        confs[n++].off_reason = "imported";
    }
    enum ct_status st = ct_write_sources(im->writer, confs, n, ct_now_ms(), err);
    free(confs);
    ct_arena_free(arena);
    return st;
}

enum ct_status ct_import_open(struct ct_import *im, const char *flag, enum ct_source_kind kind,
                              struct ct_error *err)
{
    struct ct_buf db = CT_BUF_INIT;
    ct_path_database(&db, flag);
    unsigned flags = CT_OPEN_REAL | CT_OPEN_BULK | (im->config.unsafe_fs ? CT_OPEN_UNSAFE_FS : 0);
    enum ct_status st = ct_writer_open(db.p, flags, &im->writer, err);
    if (st == CT_OK)
        st = ct_lease_take(im->writer, "import", ct_now_ms(), &im->lease, err);
    if (st == CT_OK)
        st = write_sources(im, kind, err);
    ct_buf_free(&db);
    return st;
}

enum ct_status ct_import_commit(struct ct_import *im, int64_t at_ms, int64_t bytes, uint64_t hash,
                                const struct ct_batch *batch, struct ct_error *err)
{
    struct ct_commit c = {0};
    struct ct_fetch f = {
        .source_id = im->s->id,
        .outcome = CT_OUTCOME_OK,
        .at_ms = at_ms,
        .next_attempt_ms = CT_NONE,
        .bytes = bytes,
        .latency_ms = CT_NONE,
        .body_hash = hash,
        .batch = batch,
        .import = true,
    };
    enum ct_status st = CT_OK;
    int64_t now = ct_mono_ms();
    if (now - im->now_ms >= CT_LEASE_BEAT_MS) {
        im->now_ms = now;
        st = ct_lease_beat(im->lease, ct_now_ms(), err);
    }
    if (st == CT_OK)
        st = ct_write_fetch(im->writer, &f, &c, err);
    if (st != CT_OK)
        return st;
    im->snapshots++;
    im->stored += c.already_stored;
    im->sum.rows += c.rows;
    im->sum.changed_rows += c.changed_rows;
    im->sum.samples += c.samples;
    im->sum.events += c.events;
    if (c.suspicious) {
        char at[CT_TIME_MAX];
        ct_time_format(at, at_ms);
        ct_complain(0, im->s->id, "%s held back: %s", at, c.remark);
    }
    return CT_OK;
}

int ct_import_finish(struct ct_import *im, enum ct_status st, const struct ct_error *err)
{
    int code = st == CT_OK ? EXIT_WORKED
                           : ct_complain_err(st == CT_ERR_USAGE ? EXIT_USAGE : EXIT_ERROR, err);
    if (st == CT_OK)
        printf("%s: %" PRId64 " snapshots, %" PRId64 " already stored, %" PRId64 " rows, %" PRId64
               " changed, %" PRId64 " samples, %" PRId64 " events\n",
               im->s->id, im->snapshots, im->stored, im->sum.rows, im->sum.changed_rows,
               im->sum.samples, im->sum.events);
    if (im->writer != NULL)
        ct_write_idle(im->writer); /* a viewer that stays open would go on reading all of it out of the log */
    ct_lease_drop(im->lease);
    ct_writer_close(im->writer);
    ct_fetch_config_free(&im->config);
    ct_registry_free(im->reg);
    return code;
}

/* ---- import FAMILY FILE... ---- */

static bool digits(const char *p, int n)
{
    for (int i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    return true;
}

/* hh, mm and perhaps ss (and .123Z) behind a date, as in "T14:30:05", "_1430", " 14-30"; none is
 * midnight. */
static void time_in_name(const char *p, struct ct_civil *c)
{
    int *part[] = {&c->hour, &c->minute, &c->second};
    if (*p == '\0' || strchr("T_- ", *p) == NULL)
        return;
    p++;
    for (size_t i = 0; i < CT_LEN(part); i++) {
        struct ct_civil was = *c;
        if (!digits(p, 2) ||
            (i == 0 && !(digits(p + 2, 2) ||
                         (p[2] != '\0' && strchr(":-_", p[2]) != NULL && digits(p + 3, 2)))))
            return; /* "2026-08-20-7b" has no time in it */
        *part[i] = (p[0] - '0') * 10 + (p[1] - '0');
        if (c->hour > 23 || c->minute > 59 || c->second > 60) {
            *c = was;
            if (i < 2)
                c->hour = c->minute = 0;
            return;
        }
        p += 2;
        p += *p != '\0' && strchr(":-_", *p) != NULL && digits(p + 1, 2);
    }
    if (p[0] == '.' && digits(p + 1, 3) && p[4] == 'Z') /* as recordings have it */
        c->ms = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
}

static enum ct_status time_of_name(const char *path, int64_t *out, struct ct_error *err)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    for (const char *p = name; strlen(p) >= 10; p++) {
        struct ct_civil c = {0}, back;
        if (!digits(p, 4) || p[4] != '-' || !digits(p + 5, 2) || p[7] != '-' || !digits(p + 8, 2))
            continue;
        c.year = (p[0] - '0') * 1000 + (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
        c.month = (p[5] - '0') * 10 + (p[6] - '0');
        c.day = (p[8] - '0') * 10 + (p[9] - '0');
        time_in_name(p + 10, &c);
        *out = ct_ms_from_civil(&c);
        ct_civil_from_ms(*out, &back);
        if (c.year >= 2000 && back.year == c.year && back.month == c.month && back.day == c.day)
            return CT_OK;
    }
    return ct_fail(err, CT_ERR_USAGE, path, "no date YYYY-MM-DD in the file's name");
}

static int by_time_and_name(const void *a, const void *b)
{
    const struct ct_recorded *x = a, *y = b;
    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms)
                                : strcmp(x->path, y->path);
}

/* Files V[0..N) are the pages of one snapshot: all their rows into one batch, and stored unless
 * DRY. */
static enum ct_status import_snapshot(struct ct_import *im, const struct ct_recorded *v, size_t n,
                                      bool dry, struct ct_error *err)
{
    struct ct_arena *arena = ct_arena_new(CT_IMPORT_ARENA);
    const struct ct_parse_hint hint = ct_source_hint(im->s);
    struct ct_batch batch;
    struct ct_document d = {0};
    enum ct_status st = CT_OK;

    ct_batch_init(&batch, arena);
    if (n > 1 && im->s->ops->stream != NULL)
        st = ct_fail(err, CT_ERR_USAGE, v[1].path, "of the same time as %s, and this format has "
                     "no pages", v[0].path);
    for (size_t i = 0; i < n && st == CT_OK; i++) {
        batch.next_page = CT_SPAN_NONE;
        st = ct_import_document(im->s->ops, v[i].path, &hint, im->s, &batch, &d, err);
        if (st != CT_OK)
            ct_error_prefix(err, v[i].path);
    }
    if (st == CT_OK && !dry)
        st = ct_import_commit(im, v[0].at_ms, d.bytes, d.hash, &batch, err);
    ct_arena_free(arena);
    return st;
}

static enum ct_status import_files(struct ct_import *im, const struct ct_recorded *v, size_t n,
                                   bool dry, struct ct_error *err)
{
    enum ct_status st = CT_OK;
    for (size_t i = 0, k; i < n && st == CT_OK; i = k) {
        for (k = i + 1; k < n && v[k].at_ms == v[i].at_ms;)
            k++;
        st = import_snapshot(im, v + i, k - i, dry, err);
    }
    return st;
}

static enum ct_status read_times(struct ct_recorded *v, char **paths, size_t n, const char *at,
                                 struct ct_error *err)
{
    int64_t now = ct_now_ms(), fixed = 0;
    bool by_name = strcmp(at, "name") == 0;
    enum ct_status st = by_name ? CT_OK : ct_time_parse_user(ct_span(at), now, &fixed, err);
    if (st != CT_OK)
        err->status = st = CT_ERR_USAGE;
    for (size_t i = 0; i < n && st == CT_OK; i++) {
        v[i] = (struct ct_recorded){paths[i], fixed};
        if (strcmp(paths[i], "-") == 0) { /* judged first, stored after: both read it */
            st = ct_fail(err, CT_ERR_USAGE, "import", "wants files, not standard input");
            break;
        }
        if (by_name)
            st = time_of_name(paths[i], &v[i].at_ms, err);
        if (st == CT_OK && v[i].at_ms > now + CT_DAY)
            st = ct_fail(err, CT_ERR_USAGE, paths[i], "its time lies in the future");
    }
    return st;
}

static int import_family(const struct ct_family *family, char **paths, size_t n, const char *at,
                         const char *db, const char *config, const char *source)
{
    struct ct_import im = {.now_ms = ct_mono_ms()};
    struct ct_error err = {0};
    struct ct_recorded *v = ct_xcalloc(n, sizeof(*v));
    enum ct_status st = read_times(v, paths, n, at, &err);
    qsort(v, n, sizeof(*v), by_time_and_name);
    if (st == CT_OK)
        st = ct_registry_load(&im.reg, &err);
    if (st == CT_OK)
        st = ct_fetch_config_load(config, false, im.reg, &im.config, &err);
    if (st == CT_OK)
        st = ct_import_choose(&im, source, family, v, n, &err);
    if (st == CT_OK)
        st = import_files(&im, v, n, true, &err);
    if (st == CT_OK)
        st = ct_import_open(&im, db, family->kind, &err);
    if (st == CT_OK)
        st = import_files(&im, v, n, false, &err);
    free(v);
    return ct_import_finish(&im, st, &err);
}

int ct_cmd_import(int argc, char **argv)
{
    const char *at = NULL, *db = NULL, *config = NULL, *source = NULL, *columns = NULL;
    const struct ct_arg args[] = {{"at", &at, NULL},
                                  {"db", &db, NULL},
                                  {"config", &config, NULL},
                                  {"source", &source, NULL},
                                  {"as", &columns, NULL},
                                  {0}};
    if (!ct_args(&argc, argv, args))
        return EXIT_USAGE;
    if (argc < 2)
        return ct_complain(EXIT_USAGE, "import",
                           "say import FAMILY FILE... --at TIME|name, or import rows FILE");
    if (strcmp(argv[0], "rows") == 0)
        return argc == 2 ? ct_import_rows(argv[1], at, db, config, source, columns)
                         : ct_complain(EXIT_USAGE, "import rows", "takes one file");
    if (columns != NULL)
        return ct_complain(EXIT_USAGE, "--as", "goes with import rows");
    const struct ct_family *family = ct_family_arg(argv[0]);
    if (family == NULL)
        return EXIT_USAGE;
    if (at == NULL)
        return ct_complain(EXIT_USAGE, "import",
                           "say when it was: --at TIME, or --at name for the date in each name");
    return import_family(family, argv + 1, (size_t)argc - 1, at, db, config, source);
}
