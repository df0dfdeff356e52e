/* Any bytes through the parser $CT_FAMILY names (-DFUZZING, libFuzzer), or without FUZZING: every
 * fixture of every parser once, for machines without clang. What must hold for any input: an error
 * leaves no row and says something; a success gives the same rows twice, all of it valid UTF-8. */
#include "db/base/paths.h"
#include "db/base/text.h"
#include "db/table.h"
#include "fetchers/family.h"
#include "fetchers/reference.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(what)                                                                              \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void rows_of(const struct ct_family *f, struct ct_span body, struct ct_buf *out)
{
    struct ct_arena *arena = ct_arena_new(64u << 20);
    struct ct_batch batch;
    struct ct_error err = {0};
    struct ct_parse_hint hint = {CT_LIT("acme"), CT_LIT("bid")};
    ct_batch_init(&batch, arena);
    enum ct_status s = f->parse(body, &hint, &batch, &err);
    if (s != CT_OK) {
        REQUIRE(ct_batch_rows(&batch) == 0 && batch.pages.n == 0 && batch.notes.n == 0);
        REQUIRE(err.status == s && err.what[0]);
        ct_buf_addf(out, "%s: %s\n", err.where, err.what);
    }
    ct_batch_ndjson(&batch, out);
    ct_arena_free(arena);
}

static void check_one(const struct ct_family *f, struct ct_span body)
{
    struct ct_buf first = CT_BUF_INIT, again = CT_BUF_INIT;
    rows_of(f, body, &first);
    rows_of(f, body, &again);
    REQUIRE(ct_span_eq(ct_buf_span(&first), ct_buf_span(&again)));
    REQUIRE(ct_utf8_valid(ct_buf_span(&first)));
    ct_buf_free(&first);
    ct_buf_free(&again);
}

static void load_tables(void)
{
    struct ct_error err = {0};
    if (ct_reference_load(&err) == CT_OK)
        return;
    fprintf(stderr, "%s: %s\n", err.where, err.what);
    exit(1);
}

#ifdef FUZZING

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ct_family *family;
    if (!family) {
        load_tables();
        const char *name = getenv("CT_FAMILY");
        family = ct_family_find(name ? name : "");
        REQUIRE(family != NULL);
    }
    check_one(family, (struct ct_span){(const char *)data, size});
    return 0;
}

#else

/* Each fixture of FOLDER whole and in halves; returns how many there were. */
static int replay(const struct ct_family *f, const char *folder)
{
    int n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[1024];
        struct ct_buf body = CT_BUF_INIT;
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        REQUIRE(ct_read_file(path, 16u << 20, &body, NULL) == CT_OK);
        struct ct_span whole = ct_buf_span(&body);
        check_one(f, whole);
        check_one(f, (struct ct_span){whole.p, whole.n / 2});
        check_one(f, (struct ct_span){whole.p + whole.n / 2, whole.n - whole.n / 2});
        ct_buf_free(&body);
        n++;
    }
    if (dir)
        closedir(dir);
    return n;
}

int main(void)
{
    const char *top = getenv("CT_SRCDIR");
    int number = 0, status = 0;
    load_tables();
    for (const struct ct_family *const *f = ct_families; *f; f++) {
        char folder[512];
        snprintf(folder, sizeof folder, "%s/tests/data/%s", top ? top : ".", (*f)->name);
        int n = replay(*f, folder);
        printf("%sok %d - %s_holds_for_its_%d_seeds\n", n ? "" : "not ", ++number, (*f)->name, n);
        status |= n == 0;
    }
    printf("1..%d\n", number);
    ct_reference_free();
    return status;
}

#endif
