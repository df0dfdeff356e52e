/* parse: one recorded answer through its parser, and how recorded documents are read. */
#include "config.h"

#include "app/fetcher_import.h"

#include "db/base/paths.h"
#include "db/table.h"
#include "fetchers/gunzip.h"
#include "fetchers/stream.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define MAX_BODY ((size_t)64 << 20)

/* PATH ("-": standard input), unpacked when it is gzip, into OUT. */
static enum ct_status read_body(const char *path, struct ct_buf *out, struct ct_error *err)
{
    struct ct_buf packed = CT_BUF_INIT;
    enum ct_status st;
    ct_buf_clear(out);
    if ((st = ct_read_file(path, MAX_BODY, out, err)) != CT_OK || !ct_is_gzip(ct_buf_span(out)))
        return st;
    packed = *out;
    *out = CT_BUF_INIT;
    st = ct_gunzip(ct_buf_span(&packed), MAX_BODY, out, err);
    if (st != CT_OK)
        ct_error_prefix(err, path);
    ct_buf_free(&packed);
    return st;
}

static enum ct_status take_piece(void *stream, struct ct_span piece, struct ct_error *err)
{
    return ct_stream_feed(stream, piece, err);
}

enum ct_status ct_import_document(const struct ct_family *family, const char *path,
                                  const struct ct_parse_hint *hint, const struct ct_source *s,
                                  struct ct_batch *b, struct ct_document *d, struct ct_error *err)
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
    st = read_body(path, &body, err);
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
    struct ct_arena *arena = ct_arena_new(CT_IMPORT_ARENA);
    struct ct_batch batch;
    int code;

    ct_batch_init(&batch, arena);
    enum ct_status st = ct_import_document(family, path, &hint, NULL, &batch, NULL, &err);
    bool of_file = st == CT_ERR_IO || st == CT_ERR_NOT_FOUND; /* names the file already */
    if (st != CT_OK && !of_file)
        ct_error_prefix(&err, family->name);
    code = st == CT_OK ? print_rows(&batch) : ct_complain_err(EXIT_ERROR, &err);
    ct_arena_free(arena);
    return code;
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
    const struct ct_recorded file = {path, CT_NONE};
    const struct ct_source *s = source != NULL ? ct_registry_find(reg, source)
                                               : ct_import_named(reg, family, &file, 1);
    int code = source != NULL && (s == NULL || s->ops != family)
                   ? ct_complain(EXIT_USAGE, source, "not a source of family %s", family->name)
                   : parse_file(family, path, ct_import_hint(reg, family, s));
    ct_registry_free(reg);
    return code;
}
