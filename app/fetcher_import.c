/* parse and import: recorded answers instead of the network. Everything is read and judged before
 * the first row is written, so that one bad file changes nothing. */
#include "config.h"

#include "app/fetcher_commands.h"

#include "app/fetcher_config.h"
#include "db/base/ini.h"
#include "db/base/paths.h"
#include "db/base/text.h"
#include "db/table.h"
#include "fetchers/ask.h"
#include "fetchers/fetcher.h"
#include "fetchers/gunzip.h"
#include "fetchers/rows.h"
#include "fetchers/stream.h"

#include <csv.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_BODY ((size_t)64 << 20)
#define MAX_ROWS_FILE ((size_t)512 << 20)
#define PARSE_ARENA ((size_t)256 << 20)

/* PATH ("-": standard input), unpacked when it is gzip, into OUT. */
static enum ct_status read_body(const char *path, size_t max, struct ct_buf *out,
                                struct ct_error *err)
{
    struct ct_buf packed = CT_BUF_INIT;
    enum ct_status st;
    ct_buf_clear(out);
    if ((st = ct_read_file(path, max, out, err)) != CT_OK || !ct_is_gzip(ct_buf_span(out)))
        return st;
    packed = *out;
    *out = CT_BUF_INIT;
    st = ct_gunzip(ct_buf_span(&packed), max, out, err);
    if (st != CT_OK)
        ct_error_prefix(err, path);
    ct_buf_free(&packed);
    return st;
}

static enum ct_status take_piece(void *stream, struct ct_span piece, struct ct_error *err)
{
    return ct_stream_feed(stream, piece, err);
}

/* What a recorded answer was: its unpacked bytes, and the hash that a fetch would have kept. */
struct document {
    int64_t bytes;
    uint64_t hash;
};

/* The rows of the document in PATH into B; *D (NULL is fine) is told of S, HASH being that of the
 * pages before. */
static enum ct_status read_document(const struct ct_family *family, const char *path,
                                    const struct ct_parse_hint *hint, const struct ct_source *s,
                                    struct ct_batch *b, struct document *d, struct ct_error *err)
{
    enum ct_status st;
    if (family->stream != NULL) {
        struct ct_stream *stream = ct_stream_new(family, hint, 0, b);
        st = ct_read_pieces(path, take_piece, stream, err);
        if (st == CT_OK)
            st = ct_stream_end(stream, err);
        if (d != NULL) {
            d->bytes += (int64_t)ct_stream_bytes(stream);
            d->hash = ct_stream_source_hash(s, stream);
        }
        ct_stream_free(stream);
        return st;
    }
    struct ct_buf body = CT_BUF_INIT;
    st = read_body(path, MAX_BODY, &body, err);
    if (st == CT_OK && d != NULL) {
        d->bytes += (int64_t)body.n;
        d->hash = ct_body_hash(s, d->hash, ct_buf_span(&body));
    }
    if (st == CT_OK)
        st = family->parse(ct_buf_span(&body), hint, b, err);
    if (st != CT_OK)
        ct_family_suggest(err, ct_families, family, ct_buf_span(&body));
    ct_buf_free(&body);
    return st;
}

static struct ct_source *first_of(struct ct_registry *reg, const struct ct_family *family)
{
    for (size_t i = 0; i < ct_registry_count(reg); i++)
        if (ct_registry_at(reg, i)->ops == family)
            return ct_registry_at(reg, i);
    return NULL;
}

/* ---- parse ---- */

static int list_families(void)
{
    for (size_t i = 0; ct_families[i] != NULL; i++)
        printf("%s\t%s\t%s\n", ct_families[i]->name, ct_source_kind_words[ct_families[i]->kind],
               ct_families[i]->url_pattern);
    return fflush(stdout) == 0 ? EXIT_WORKED
                               : ct_complain(EXIT_ERROR, "stdout", "cannot be written");
}

static int print_rows(const struct ct_batch *b)
{
    struct ct_buf out = CT_BUF_INIT;
    ct_batch_ndjson(b, &out);
    bool ok = fwrite(out.p != NULL ? out.p : "", 1, out.n, stdout) == out.n && fflush(stdout) == 0;
    ct_buf_free(&out);
    return ok ? EXIT_WORKED : ct_complain(EXIT_ERROR, "stdout", "cannot be written");
}

static int parse_file(const struct ct_family *family, const char *path, struct ct_parse_hint hint)
{
    struct ct_error err = {0};
    struct ct_arena *arena = ct_arena_new(PARSE_ARENA);
    struct ct_batch batch;
    int code;

    ct_batch_init(&batch, arena);
    enum ct_status st = read_document(family, path, &hint, NULL, &batch, NULL, &err);
    if (st != CT_OK && st != CT_ERR_IO && st != CT_ERR_NOT_FOUND) /* a file's error names the file */
        ct_error_prefix(&err, family->name);
    code = st == CT_OK ? print_rows(&batch) : ct_complain_err(EXIT_ERROR, &err);
    ct_arena_free(arena);
    return code;
}

/* ---- import: what is common to both forms ---- */

struct import {
    struct ct_registry *reg;
    struct ct_fetch_config config;
    struct ct_source made; /* a source the registry does not know */
    char made_id[CT_ID_BYTES + 1], made_provider[CT_ID_BYTES + 1];
    const struct ct_source *s;
    struct ct_writer *writer;
    struct ct_lease *lease;
    int64_t now_ms, snapshots, stored;
    struct ct_commit sum;
};

/* A file of `import FAMILY FILE...` and when it was. */
struct recorded {
    const char *path;
    int64_t at_ms;
};

static bool id_ok(const char *id)
{
    return id[0] != '\0' && strlen(id) <= CT_ID_BYTES &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(id);
}

/* A source for rows that no configured source brought: off, and honest about it. */
static void make_source(struct import *im, const char *id, const struct ct_family *family,
                        bool part)
{
    snprintf(im->made_id, sizeof(im->made_id), "%s", id);
    for (char *p = im->made_id; *p != '\0'; p++)
        if (*p == '-')
            *p = '_';
    snprintf(im->made_provider, sizeof(im->made_provider), "%.*s", (int)strcspn(im->made_id, "_"),
             im->made_id);
    im->made = (struct ct_source){
        .id = im->made_id,
        .family = family != NULL ? family->name : "rows",
        .provider = strncmp(id, "import_", 7) == 0 ? "" : im->made_provider,
        .scope = "",
        .title = im->made_id,
        .url = "",
        .terms = "",
        .method = "GET",
        .body = "",
        .query = "",
        .key_env = "",
        .interval_ms = CT_DAY,
        /* a provider's own page, or a list of prices */
        .evidence = family && family->kind == CT_SOURCE_STATUS ? CT_EVIDENCE_OFFICIAL
                                                               : CT_EVIDENCE_LISTED,
        .part_of_list = part,
        .ops = family,
    };
    im->s = &im->made;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool has_word(const char *path, const char *word)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path, *at = name;
    size_t n = strlen(word);
    while (n > 0 && (at = strstr(at, word)) != NULL) {
        if ((at == name || !is_word_char(at[-1])) && !is_word_char(at[n]))
            return true;
        at++;
    }
    return false;
}

/* How many words of the source's id the file's name mentions: "azure_prices_westeurope" has two in
 * "azure_retail_page_westeurope_2026-08.json". */
static int words_shared(const char *path, const char *id)
{
    char word[CT_ID_BYTES + 1];
    int n = 0;
    for (const char *at = id; *at != '\0'; at += *at == '_') {
        size_t len = strcspn(at, "_");
        snprintf(word, sizeof(word), "%.*s", (int)len, at);
        n += has_word(path, word);
        at += len;
    }
    return n;
}

/* The one source of FAMILY that all file names point at, as "statuspage-summary--github--2026-08-17.json"
 * does; the only one there is; or NULL: to guess would put one provider's words into another's mouth. */
static const struct ct_source *source_of_names(struct ct_registry *reg,
                                               const struct ct_family *family,
                                               const struct recorded *v, size_t n)
{
    const struct ct_source *best = NULL;
    int best_words = -1, of_family = 0;
    for (size_t i = 0; i < ct_registry_count(reg); i++) {
        const struct ct_source *s = ct_registry_at(reg, i);
        if (s->ops != family)
            continue;
        int words = INT_MAX;
        for (size_t k = 0; k < n; k++) {
            int here = words_shared(v[k].path, s->id);
            words = here < words ? here : words;
        }
        if (words >= best_words)
            best = words > best_words ? s : NULL;
        best_words = words > best_words ? words : best_words;
        of_family++;
    }
    return best_words > 0 || of_family == 1 ? best : NULL;
}

/* What S tells a parser; without one what all sources of FAMILY have in common, and no more. */
static struct ct_parse_hint hint_for(struct ct_registry *reg, const struct ct_family *family,
                                     const struct ct_source *s)
{
    const struct ct_source *first = s != NULL ? s : first_of(reg, family);
    struct ct_parse_hint hint = {ct_span(first != NULL ? first->provider : ""),
                                 ct_span(first != NULL ? first->query : "")};
    for (size_t i = 0; s == NULL && i < ct_registry_count(reg); i++) {
        const struct ct_source *other = ct_registry_at(reg, i);
        if (other->ops == family && strcmp(other->provider, first->provider) != 0)
            hint.provider = ct_span("");
        if (other->ops == family && strcmp(other->query, first->query) != 0)
            hint.query = ct_span("");
    }
    return hint;
}

int ct_cmd_parse(int argc, char **argv)
{
    bool list = false;
    const char *source = NULL;
    const struct ct_arg args[] = {{"list", NULL, &list}, {"source", &source, NULL}, {0}};
    struct ct_registry *reg = NULL;
    struct ct_error err = {0};

    signal(SIGPIPE, SIG_DFL); /* `parse ... | head` is no error */
    if (!ct_args(&argc, argv, args))
        return EXIT_USAGE;
    if (list)
        return list_families();
    if (argc < 1 || argc > 2)
        return ct_complain(EXIT_USAGE, "parse", "say parse FAMILY [FILE|-], or parse --list");
    const struct ct_family *family = ct_family_arg(argv[0]);
    if (family == NULL)
        return EXIT_USAGE;
    if (ct_registry_load(&reg, &err) != CT_OK)
        return ct_complain_err(EXIT_ERROR, &err);
    const char *path = argc > 1 ? argv[1] : "-";
    const struct recorded file = {path, CT_NONE};
    const struct ct_source *s = source != NULL ? ct_registry_find(reg, source)
                                               : source_of_names(reg, family, &file, 1);
    int code = source != NULL && (s == NULL || s->ops != family)
                   ? ct_complain(EXIT_USAGE, source, "not a source of family %s", family->name)
                   : parse_file(family, path, hint_for(reg, family, s));
    ct_registry_free(reg);
    return code;
}

/* What all sources of FAMILY have in common describes an imported one as well. */
static void describe_by_family(struct import *im, const struct ct_family *family)
{
    const struct ct_source *first = first_of(im->reg, family);
    if (first == NULL)
        return;
    im->made.evidence = first->evidence;
    im->made.part_of_list = first->part_of_list;
    im->made.interval_ms = first->interval_ms;
    im->made.provider = first->provider;
    for (size_t i = 0; i < ct_registry_count(im->reg); i++) {
        const struct ct_source *s = ct_registry_at(im->reg, i);
        if (s->ops == family && strcmp(s->provider, first->provider) != 0)
            im->made.provider = "imported";
    }
}

/* Letters and digits of TEXT in small, everything between them one '_'. */
static void slug(struct ct_span text, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n && n + 2 < cap; i++) {
        char c = text.p[i];
        if (is_word_char(c))
            out[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    out[n] = '\0';
}

/* A status page says itself whose it is: the source that fetches from the page's own host, else one
 * named after the page, so that two unknown pages never share a record. False: it does not say. */
static bool source_of_page(struct import *im, const struct ct_family *family,
                           const struct ct_page *page)
{
    char name[48], id[64];
    struct ct_span host = ct_url_host(page->url);
    for (size_t i = 0; host.n > 0 && i < ct_registry_count(im->reg); i++) {
        const struct ct_source *s = ct_registry_at(im->reg, i);
        if (s->ops == family && ct_span_eq(ct_url_host(ct_span(s->url)), host)) {
            im->s = s;
            return true;
        }
    }
    slug(page->name, name, sizeof(name));
    if (name[0] == '\0')
        return false;
    snprintf(id, sizeof(id), "%s_status", name);
    make_source(im, id, family, false);
    describe_by_family(im, family);
    snprintf(im->made_provider, sizeof(im->made_provider), "%s", name);
    im->made.provider = im->made_provider;
    return true;
}

static enum ct_status choose_by_content(struct import *im, const struct ct_family *family,
                                        const char *path, struct ct_error *err)
{
    char name[64];
    bool chosen = false;
    enum ct_status st = CT_OK;
    if (family->kind == CT_SOURCE_STATUS) {
        struct ct_batch batch;
        struct ct_arena *arena = ct_arena_new(PARSE_ARENA);
        ct_batch_init(&batch, arena);
        if ((st = read_document(family, path, NULL, NULL, &batch, NULL, err)) != CT_OK)
            ct_error_prefix(err, path);
        chosen = st == CT_OK && batch.pages.n > 0 && source_of_page(im, family, batch.pages.v);
        ct_arena_free(arena);
    }
    if (st == CT_OK && !chosen) {
        snprintf(name, sizeof(name), "import_%s", family->name);
        make_source(im, name, family, false);
        describe_by_family(im, family);
    }
    return st;
}

static enum ct_status choose_source(struct import *im, const char *id,
                                    const struct ct_family *family, const struct recorded *v,
                                    size_t n, struct ct_error *err)
{
    if (id == NULL) {
        im->s = source_of_names(im->reg, family, v, n);
        return im->s != NULL ? CT_OK : choose_by_content(im, family, v[0].path, err);
    }
    if (!id_ok(id))
        return ct_fail(err, CT_ERR_USAGE, id, "a source id is made of a-z, 0-9 and _");
    if ((im->s = ct_registry_find(im->reg, id)) == NULL) {
        make_source(im, id, family, false);
        const char *seller = ct_registry_seller(im->reg, family);
        im->made.provider = seller != NULL ? seller : im->made.provider;
    } else if (im->s->ops != family)
        return ct_fail(err, CT_ERR_USAGE, id, "is a source of family %s, not %s", im->s->family,
                       family->name);
    return CT_OK;
}

/* All configured sources, so that none is taken for removed, and ours. */
static enum ct_status write_sources(struct import *im, enum ct_source_kind kind,
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

/* Takes the database: lease, then the row of our source beside those of all others. */
static enum ct_status open_database(struct import *im, const char *flag, enum ct_source_kind kind,
                                    struct ct_error *err)
{
    struct ct_buf db = CT_BUF_INIT;
    ct_database_path(flag, &db);
    unsigned flags = CT_OPEN_BULK | (im->config.unsafe_fs ? CT_OPEN_UNSAFE_FS : 0);
    enum ct_status st = ct_writer_open(db.p, flags, &im->writer, err);
    if (st == CT_OK)
        st = ct_lease_take(im->writer, "import", ct_now_ms(), &im->lease, err);
    if (st == CT_OK)
        st = write_sources(im, kind, err);
    ct_buf_free(&db);
    return st;
}

static enum ct_status commit(struct import *im, int64_t at_ms, int64_t bytes, uint64_t hash,
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

static int finish_import(struct import *im, enum ct_status st, const struct ct_error *err)
{
    int code = st == CT_OK ? EXIT_WORKED
                           : ct_complain_err(st == CT_ERR_USAGE ? EXIT_USAGE : EXIT_ERROR, err);
    if (st == CT_OK)
        printf("%s: %" PRId64 " snapshots, %" PRId64 " already stored, %" PRId64 " rows, %" PRId64
               " changed, %" PRId64 " samples, %" PRId64 " events\n",
               im->s->id, im->snapshots, im->stored, im->sum.rows, im->sum.changed_rows,
               im->sum.samples, im->sum.events);
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

/* hh, mm and perhaps ss (and .123Z) behind a date, as in "T14:30:05", "_1430", " 14-30"; none is midnight. */
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
    const struct recorded *x = a, *y = b;
    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms)
                                : strcmp(x->path, y->path);
}

/* Files V[0..N) are the pages of one snapshot: all their rows into one batch, and stored unless
 * DRY. */
static enum ct_status import_snapshot(struct import *im, const struct recorded *v, size_t n,
                                      bool dry, struct ct_error *err)
{
    struct ct_arena *arena = ct_arena_new(PARSE_ARENA);
    const struct ct_parse_hint hint = ct_source_hint(im->s);
    struct ct_batch batch;
    struct document d = {0};
    enum ct_status st = CT_OK;

    ct_batch_init(&batch, arena);
    if (n > 1 && im->s->ops->stream != NULL)
        st = ct_fail(err, CT_ERR_USAGE, v[1].path, "of the same time as %s, and this format has "
                     "no pages", v[0].path);
    for (size_t i = 0; i < n && st == CT_OK; i++) {
        batch.next_page = CT_SPAN_NONE;
        st = read_document(im->s->ops, v[i].path, &hint, im->s, &batch, &d, err);
        if (st != CT_OK)
            ct_error_prefix(err, v[i].path);
    }
    if (st == CT_OK && !dry)
        st = commit(im, v[0].at_ms, d.bytes, d.hash, &batch, err);
    ct_arena_free(arena);
    return st;
}

static enum ct_status import_files(struct import *im, const struct recorded *v, size_t n, bool dry,
                                   struct ct_error *err)
{
    enum ct_status st = CT_OK;
    for (size_t i = 0, k; i < n && st == CT_OK; i = k) {
        for (k = i + 1; k < n && v[k].at_ms == v[i].at_ms;)
            k++;
        st = import_snapshot(im, v + i, k - i, dry, err);
    }
    return st;
}

static enum ct_status read_times(struct recorded *v, char **paths, size_t n, const char *at,
                                 struct ct_error *err)
{
    int64_t now = ct_now_ms(), fixed = 0;
    bool by_name = strcmp(at, "name") == 0;
    enum ct_status st = by_name ? CT_OK : ct_time_parse_user(ct_span(at), now, &fixed, err);
    if (st != CT_OK)
        err->status = st = CT_ERR_USAGE;
    for (size_t i = 0; i < n && st == CT_OK; i++) {
        v[i] = (struct recorded){paths[i], fixed};
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
    struct import im = {.now_ms = ct_mono_ms()};
    struct ct_error err = {0};
    struct recorded *v = ct_xcalloc(n, sizeof(*v));
    enum ct_status st = read_times(v, paths, n, at, &err);
    qsort(v, n, sizeof(*v), by_time_and_name);
    if (st == CT_OK)
        st = ct_registry_load(&im.reg, &err);
    if (st == CT_OK)
        st = ct_fetch_config_load(config, false, im.reg, &im.config, &err);
    if (st == CT_OK)
        st = choose_source(&im, source, family, v, n, &err);
    if (st == CT_OK)
        st = import_files(&im, v, n, true, &err);
    if (st == CT_OK)
        st = open_database(&im, db, family->kind, &err);
    if (st == CT_OK)
        st = import_files(&im, v, n, false, &err);
    free(v);
    return finish_import(&im, st, &err);
}

/* ---- import rows FILE ---- */

struct record {
    int64_t at_ms;
    size_t off, n, number; /* its bytes in the text, and which record it is, from 1 */
};

struct rows_file {
    const char *path;
    struct ct_buf text;
    bool csv;
    struct ct_arena *arena; /* of the header */
    struct ct_list header;
    struct record *v;
    size_t n, cap;
    int64_t default_at_ms; /* CT_NONE: every row needs its own */
    int kind;              /* enum ct_source_kind of the first row; -1 */
};

/* End of the record at OFF: a line, or for CSV up to a line end outside quotes. */
static size_t record_end(const struct rows_file *f, size_t off)
{
    bool quoted = false;
    while (off < f->text.n && (quoted || f->text.p[off] != '\n')) {
        if (f->csv && f->text.p[off] == '"')
            quoted = !quoted;
        off++;
    }
    return off;
}

struct cells {
    struct ct_arena *arena;
    CT_VEC(struct ct_span) v;
    int records;
};

static void on_cell(void *p, size_t n, void *ctx)
{
    struct cells *c = ctx;
    struct ct_span *slot = CT_VEC_PUSH(c->arena, &c->v);
    if (slot != NULL)
        *slot = ct_arena_dup(c->arena, (struct ct_span){p != NULL ? p : "", n});
}

static void on_record(int end, void *ctx)
{
    (void)end;
    ((struct cells *)ctx)->records++;
}

static enum ct_status split_csv(struct ct_arena *arena, struct ct_span text, struct ct_list *out,
                                struct ct_error *err)
{
    struct cells c = {.arena = arena};
    struct csv_parser p;
    if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL) != 0)
        return ct_fail(err, CT_ERR_LIMIT, "csv", "out of memory");
    bool ok = csv_parse(&p, text.p, text.n, on_cell, on_record, &c) == text.n &&
              csv_fini(&p, on_cell, on_record, &c) == 0 && c.records == 1;
    csv_free(&p);
    if (ct_arena_full(arena))
        return ct_fail(err, CT_ERR_LIMIT, "csv", NULL);
    if (!ok)
        return ct_fail(err, CT_ERR_SYNTAX, "csv", "not a CSV record");
    *out = (struct ct_list){c.v.v, c.v.n};
    return CT_OK;
}

static int kind_of_batch(const struct ct_batch *b)
{
    if (b->pages.n + b->components.n + b->incidents.n + b->updates.n + b->measures.n > 0)
        return CT_SOURCE_STATUS;
    if (b->offers.n > 0)
        return CT_SOURCE_PRICES;
    if (b->token_prices.n + b->endpoints.n > 0)
        return CT_SOURCE_MODELS;
    return b->articles.n > 0 ? CT_SOURCE_NEWS : -1;
}

/* Record R into B; its time in *AT_MS. */
static enum ct_status add_record(const struct rows_file *f, const struct record *r,
                                 struct ct_batch *b, int64_t *at_ms, struct ct_error *err)
{
    struct ct_span text = {f->text.p + r->off, r->n};
    struct ct_list cells;
    char where[sizeof(err->where)];
    enum ct_status st;
    *at_ms = CT_NONE;
    if (!f->csv)
        st = ct_batch_add_json(b, text, at_ms, err);
    else if ((st = split_csv(b->arena, text, &cells, err)) == CT_OK)
        st = ct_batch_add_csv(b, &f->header, &cells, at_ms, err);
    if (st == CT_OK && *at_ms == CT_NONE)
        *at_ms = f->default_at_ms;
    if (st == CT_OK && *at_ms == CT_NONE)
        st = ct_fail(err, CT_ERR_SHAPE, "at",
                     "the row has no time; give it \"at\", or all of them --at TIME");
    if (st == CT_OK && *at_ms > ct_now_ms() + CT_DAY)
        st = ct_fail(err, CT_ERR_RANGE, "at", "the row's time lies in the future");
    if (st != CT_OK) {
        snprintf(where, sizeof(where), "%s: row %zu", f->path, r->number);
        ct_error_prefix(err, where);
    }
    return st;
}

static bool blank(struct ct_span s)
{
    return ct_span_trim(s).n == 0;
}

/* Finds and judges every record. */
static enum ct_status index_rows(struct rows_file *f, struct ct_error *err)
{
    struct ct_arena *scratch = ct_arena_new(PARSE_ARENA);
    enum ct_status st = CT_OK;
    size_t number = 0;
    bool header = f->csv;
    for (size_t off = 0, end; off < f->text.n && st == CT_OK; off = end + 1) {
        struct ct_batch b;
        end = record_end(f, off);
        struct record r = {.off = off, .n = end - off, .number = number + 1};
        struct ct_span text = {f->text.p + off, end - off};
        if (blank(text))
            continue;
        if (header) {
            header = false;
            if ((st = split_csv(f->arena, text, &f->header, err)) != CT_OK)
                ct_error_prefix(err, f->path);
            continue;
        }
        number++;
        ct_arena_reset(scratch);
        ct_batch_init(&b, scratch);
        if ((st = add_record(f, &r, &b, &r.at_ms, err)) != CT_OK)
            break;
        if (f->kind < 0)
            f->kind = kind_of_batch(&b);
        if (f->n == f->cap) {
            f->cap = f->cap != 0 ? 2 * f->cap : 1024;
            f->v = ct_xrealloc(f->v, f->cap * sizeof(*f->v));
        }
        f->v[f->n++] = r;
    }
    ct_arena_free(scratch);
    if (st == CT_OK && f->n == 0)
        st = ct_fail(err, CT_ERR_SHAPE, f->path, "no rows in it");
    return st;
}

static int by_time_and_place(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms)
                                : (x->off > y->off) - (x->off < y->off);
}

static enum ct_status store_rows(struct import *im, const struct rows_file *f, struct ct_error *err)
{
    enum ct_status st = CT_OK;
    for (size_t i = 0, k; i < f->n && st == CT_OK; i = k) {
        struct ct_arena *arena = ct_arena_new(PARSE_ARENA);
        struct ct_batch b;
        uint64_t hash = 0;
        int64_t bytes = 0, at;
        ct_batch_init(&b, arena);
        for (k = i; k < f->n && f->v[k].at_ms == f->v[i].at_ms && st == CT_OK; k++) {
            st = add_record(f, &f->v[k], &b, &at, err);
            hash = ct_body_hash(im->s, hash, (struct ct_span){f->text.p + f->v[k].off, f->v[k].n});
            bytes += (int64_t)f->v[k].n;
        }
        ct_rows_derive_prices(&b);
        if (st == CT_OK)
            st = commit(im, f->v[i].at_ms, bytes, hash, &b, err);
        ct_arena_free(arena);
    }
    return st;
}

static int import_rows(const char *path, const char *at, const char *db, const char *config,
                       const char *source)
{
    struct import im = {.now_ms = ct_mono_ms()};
    struct rows_file f = {
        .path = path, .default_at_ms = CT_NONE, .kind = -1, .arena = ct_arena_new(1 << 20)};
    struct ct_error err = {0};
    const char *id = source != NULL ? source : "import_rows";
    enum ct_status st =
        id_ok(id) ? CT_OK
                  : ct_fail(&err, CT_ERR_USAGE, id, "a source id is made of a-z, 0-9 and _");
    if (st == CT_OK && at != NULL &&
        (st = ct_time_parse_user(ct_span(at), ct_now_ms(), &f.default_at_ms, &err)) != CT_OK)
        st = CT_ERR_USAGE;
    if (st == CT_OK)
        st = ct_registry_load(&im.reg, &err);
    if (st == CT_OK)
        st = ct_fetch_config_load(config, false, im.reg, &im.config, &err);
    if (st == CT_OK)
        st = read_body(path, MAX_ROWS_FILE, &f.text, &err);
    if (st == CT_OK) {
        struct ct_span text = ct_span_trim(ct_buf_span(&f.text));
        f.csv = text.n > 0 && text.p[0] != '{';
        st = index_rows(&f, &err);
    }
    if (st == CT_OK) {
        qsort(f.v, f.n, sizeof(*f.v), by_time_and_place);
        /* What is given is what somebody kept, hardly ever all there was: rows that are absent are
         * not gone. */
        if ((im.s = ct_registry_find(im.reg, id)) == NULL)
            make_source(&im, id, NULL, true);
        st = open_database(&im, db, f.kind >= 0 ? (enum ct_source_kind)f.kind : CT_SOURCE_PRICES,
                           &err);
    }
    if (st == CT_OK)
        st = store_rows(&im, &f, &err);
    free(f.v);
    ct_buf_free(&f.text);
    ct_arena_free(f.arena);
    return finish_import(&im, st, &err);
}

int ct_cmd_import(int argc, char **argv)
{
    const char *at = NULL, *db = NULL, *config = NULL, *source = NULL;
    const struct ct_arg args[] = {{"at", &at, NULL},
                                  {"db", &db, NULL},
                                  {"config", &config, NULL},
                                  {"source", &source, NULL},
                                  {0}};
    if (!ct_args(&argc, argv, args))
        return EXIT_USAGE;
    if (argc < 2)
        return ct_complain(EXIT_USAGE, "import",
                           "say import FAMILY FILE... --at TIME|name, or import rows FILE");
    if (strcmp(argv[0], "rows") == 0)
        return argc == 2 ? import_rows(argv[1], at, db, config, source)
                         : ct_complain(EXIT_USAGE, "import rows", "takes one file");
    const struct ct_family *family = ct_family_arg(argv[0]);
    if (family == NULL)
        return EXIT_USAGE;
    if (at == NULL)
        return ct_complain(EXIT_USAGE, "import",
                           "say when it was: --at TIME, or --at name for the date in each name");
    return import_family(family, argv + 1, (size_t)argc - 1, at, db, config, source);
}
